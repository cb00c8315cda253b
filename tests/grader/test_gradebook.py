import getpass
import os
import pwd
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
import uuid
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy
from nbconvert.filters import markdown2html
from nbgrader.api import Gradebook
from nbgrader.plugins import CsvExportPlugin
from small_course import write_lesson
from some_results import (
    SECRET,
    SECRET_TEXT,
    broken,
    full,
    graded,
    gram,
    seen,
    summed_over_all,
    triplet,
)
from sqlalchemy.engine import Engine

from grading import CourseError
from grading.gradebook import OUTDATED, Book, register
from grading.results import ExerciseResult, Person

# What nbgrader itself does when it adds a submission.
of_nbgrader = pytest.mark.filterwarnings("ignore:Object of type:sqlalchemy.exc.SAWarning")

POINTS = {"gram_matrix": 15, "triplet_loss": 10}


def add_assignment(url):
    """Do what `nbgrader generate_assignment` does to the gradebook, in milliseconds."""
    Book(url).close()
    with Gradebook(url) as book:
        book.add_assignment("faces")
        book.add_notebook("faces", "faces")
        for exercise, most in POINTS.items():
            book.add_solution_cell(exercise, "faces", "faces")
            grade = {"max_score": most, "cell_type": "code"}
            book.add_grade_cell(f"test_{exercise}", "faces", "faces", **grade)


def forked(work):
    """Do something in a process of its own; return the process id."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        finally:  # an error must not go on with the tests, twice
            os._exit(1)
    return child


def ending(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


# --- two databases ------------------------------------------------------------------------------

SERVERS = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True)


def as_somebody(folder):
    """Return what makes a program run as somebody but root, whom PostgreSQL refuses."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = "postgres" if "postgres" in names else "nobody"
    shutil.chown(folder, user)
    return {"user": user, "extra_groups": []}


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """Start a PostgreSQL server of this machine, on a Unix socket only; return its URL."""
    pytest.importorskip(
        "psycopg", reason='no driver for PostgreSQL; run: pip install "psycopg[binary]"'
    )
    if not SERVERS:
        pytest.skip("no PostgreSQL server in /usr/lib/postgresql; run: apt install postgresql")
    programs = SERVERS[0].parent
    # A socket's path has at most 107 characters, and its user must be able to get there.
    folder = Path(subprocess.check_output(["mktemp", "-d", "/tmp/pg-XXXXXX"], text=True).strip())
    somebody = as_somebody(folder)
    user = somebody.get("user") or getpass.getuser()
    data = folder / "data"
    start = dict(cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, **somebody)
    try:
        subprocess.run(
            [programs / "initdb", "-D", data, "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
            check=True,
            **start,
        )
        options = ["-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"]
        process = subprocess.Popen([programs / "postgres", "-D", data, *options], **start)
        try:
            url = f"postgresql+psycopg://{user}@/{{}}?host={folder}"
            wait_for(url.format("postgres"), process)
            with administration(url) as execute:
                execute("CREATE DATABASE known")
            add_assignment(url.format("known"))
            yield url
        finally:
            process.send_signal(signal.SIGQUIT)  # at once; the data are not needed
            process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(url, process):
    engine = sqlalchemy.create_engine(url)
    for _ in range(300):
        try:
            engine.connect().close()
            return engine.dispose()
        except sqlalchemy.exc.OperationalError:
            assert process.poll() is None, "the PostgreSQL server did not start"
            time.sleep(0.1)
    raise AssertionError("the PostgreSQL server does not answer")


@contextmanager
def administration(server):
    url = server.format("postgres")
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield lambda statement: connection.execute(sqlalchemy.text(statement))
    engine.dispose()


@pytest.fixture
def postgres(server):
    """Return the URL of a new database on the server that knows the assignment."""
    name = f"book_{uuid.uuid4().hex}"
    with administration(server) as execute:
        execute(f"CREATE DATABASE {name} TEMPLATE known")
    return server.format(name)


@pytest.fixture(scope="session")
def known_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("known") / "gradebook.db"
    add_assignment(f"sqlite:///{path}")
    return path


@pytest.fixture
def file(known_file, tmp_path):
    """Return the URL of a file that knows the assignment."""
    return f"sqlite:///{shutil.copy(known_file, tmp_path)}"


@pytest.fixture(params=["file", "postgres"])
def url(request):
    """Return the URL of a gradebook of either kind."""
    return request.getfixturevalue(request.param)


def record(url, *results, **more):
    with Book(url, patience=20) as book:
        return [book.record(result, **more) for result in results][-1]


def everything(url):
    """Return every row of every table."""
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    tables = sqlalchemy.MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        return {
            table.name: sorted(map(str, connection.execute(table.select())))
            for table in tables.sorted_tables
        }


def grades(url, student="ana", lesson="faces"):
    with Gradebook(url) as book:
        notebook = book.find_submission_notebook(lesson, lesson, student)
        return {
            g.name.removeprefix("test_"): (
                g.auto_score,
                g.manual_score,
                g.score,
                g.needs_manual_grade,
            )
            for g in notebook.grades
        }


def comments(url, student="ana"):
    with Gradebook(url) as book:
        notebook = book.find_submission_notebook("faces", "faces", student)
        return {c.name: c.comment for c in notebook.comments}


def mark_by_hand(url, exercise, score, extra=None, student="ana"):
    """Do what formgrader does when an instructor types a score."""
    with Gradebook(url) as book:
        grade = book.find_grade(f"test_{exercise}", "faces", "faces", student)
        grade.manual_score = score
        grade.extra_credit = extra
        grade.needs_manual_grade = False
        book.db.commit()


# --- what stands in it --------------------------------------------------------------------------


def test_marks_stand_where_nbgrader_looks_for_them(url):
    record(url, graded("ana", gram(), summed_over_all()))
    assert grades(url) == {
        "gram_matrix": (15.0, None, 15.0, False),
        "triplet_loss": (0.0, None, 0.0, False),
    }
    with Gradebook(url) as book:
        (shown,) = book.submission_dicts("faces")
        (notebook,) = book.notebook_submission_dicts("faces", "faces")
        (student,) = book.student_dicts()
    assert (shown["score"], shown["max_score"], shown["code_score"]) == (15.0, 25.0, 15.0)
    assert not shown["needs_manual_grade"]
    assert notebook["failed_tests"]
    assert (student["id"], student["score"]) == ("ana", 15.0)


def test_stock_export_and_our_lines_agree(url, tmp_path):
    due = datetime(2024, 1, 31, 12, tzinfo=UTC)
    with Gradebook(url) as book:
        book.update_or_create_assignment("faces", duedate=due.isoformat())
    person = Person("ana", "Ana", "Li", "ana@example.org")
    record(url, graded("ana", gram(), triplet("failed")), person=person, submitted=due)
    with Gradebook(url) as book:
        CsvExportPlugin(to=str(tmp_path / "stock.csv")).export(book)
    titles, values = (tmp_path / "stock.csv").read_text(encoding="utf-8").splitlines()
    stock = dict(zip(titles.split(","), values.split(","), strict=True))
    with Book(url) as book:
        (line,) = book.lines("faces")
    assert line.person == person
    assert (float(stock["score"]), float(stock["max_score"])) == (line.score, line.max_points)
    assert stock["timestamp"] == str(line.submitted) == "2024-01-31 12:00:00"
    assert stock["duedate"] == str(line.due)
    assert (line.score, line.reason) == (15.0, "")


def test_comments_say_what_is_wrong_and_nothing_hidden(url):
    record(url, graded("ana", gram("failed"), summed_over_all()))
    said = {name: " ".join(text.split()) for name, text in comments(url).items()}
    assert "gram_matrix(A) must be symmetric" in said["gram_matrix"]
    assert "the further check" in said["gram_matrix"]
    assert "350.026 is what axis=None gives" in said["triplet_loss"]
    assert SECRET not in str(said)
    assert SECRET_TEXT not in str(said)


def test_a_comment_cannot_bring_a_script_into_nbgraders_pages(file):
    attack = (
        "got <script>alert(1)</script> [x](javascript:alert(2))\n</code></pre>\n```\n<img src=x>"
    )
    tests = (seen(passed=False, message=attack),)
    record(file, graded("ana", ExerciseResult("gram_matrix", 0, 15, "failed", tests), triplet()))
    page = markdown2html(comments(file)["gram_matrix"])
    assert "alert(1)" in page
    assert "<script" not in page
    assert "<img" not in page
    assert "<a" not in page


def test_what_no_database_holds_is_no_problem(url):
    text = "got \x00 and \ud800 and 😀 " + "x" * 10**6
    tests = (seen(passed=False, message=text),)
    record(url, graded("ana", ExerciseResult("gram_matrix", 0, 15, "failed", tests), triplet()))
    assert "😀" in comments(url)["gram_matrix"]
    assert len(comments(url)["gram_matrix"]) < 6_000


def test_the_same_result_twice_changes_nothing(url):
    first = record(url, full(), person=Person("ana", "Ana", "Li"))
    before = everything(url)
    again = record(url, full(), person=Person("ana", "Ana", "Li"))
    assert first.changed
    assert not again.changed
    assert everything(url) == before


def test_old_marks_do_not_survive(url):
    record(url, graded("ana", gram(), triplet("failed")))
    record(url, graded("ana", gram("failed"), triplet(), data=b"the next try"))
    assert grades(url) == {
        "gram_matrix": (0.0, None, 0.0, False),
        "triplet_loss": (10.0, None, 10.0, False),
    }
    assert comments(url)["triplet_loss"] is None


def test_marks_that_somebody_else_wrote_are_put_right(url):
    record(url, graded("ana", gram("failed"), triplet("failed")))
    with Gradebook(url) as book:
        book.find_grade("test_gram_matrix", "faces", "faces", "ana").auto_score = 15.0
        book.db.commit()
    assert record(url, graded("ana", gram("failed"), triplet("failed"))).changed
    assert grades(url)["gram_matrix"][0] == 0.0


def test_students_do_not_get_into_each_others_way(url):
    record(url, graded("ana"), graded("bo", gram("failed"), triplet()), broken("cy"))
    before = grades(url, "bo"), grades(url, "cy")
    record(url, graded("ana", gram("failed"), triplet("failed"), data=b"new"))
    assert (grades(url, "bo"), grades(url, "cy")) == before


def test_names_in_the_gradebook_are_not_overwritten(url):
    with Gradebook(url) as book:
        book.add_student("ana", first_name="Ana Maria")
    record(url, graded("ana"), person=Person("ana", "ana", "Li", "ana@example.org"))
    with Gradebook(url) as book:
        student = book.find_student("ana")
        assert (student.first_name, student.last_name) == ("Ana Maria", "Li")
        assert student.email == "ana@example.org"


def test_time_is_kept_as_nbgrader_keeps_it(url):
    at = datetime(2024, 1, 31, 13, 45, tzinfo=timezone(timedelta(hours=2)))
    record(url, graded("ana"), submitted=at)
    record(url, graded("ana"))
    with Gradebook(url) as book:
        assert book.find_submission("faces", "ana").timestamp == datetime(2024, 1, 31, 11, 45)


# --- no marks -----------------------------------------------------------------------------------


def test_an_ungradable_submission_has_no_marks(url):
    record(url, broken("bo"))
    assert grades(url, "bo") == {
        "gram_matrix": (None, None, 0.0, True),
        "triplet_loss": (None, None, 0.0, True),
    }
    assert "Could not be graded: It is no notebook." in comments(url, "bo")["gram_matrix"]
    with Book(url) as book:
        (line,) = book.lines("faces")
    assert (line.points, line.score) == (None, None)
    assert line.reason == "It is no notebook."
    assert line.max_points == 25.0


def test_an_ungradable_submission_loses_its_old_marks(url):
    record(url, graded("ana"))
    record(url, broken("ana"))
    assert grades(url)["gram_matrix"] == (None, None, 0.0, True)
    record(url, graded("ana", data=b"third try"))
    assert grades(url)["gram_matrix"] == (15.0, None, 15.0, False)
    assert comments(url)["gram_matrix"] is None


@of_nbgrader
def test_who_did_not_submit_has_no_zero_in_our_lines(url):
    with Gradebook(url) as book:
        book.add_student("cy", last_name="Z")
        book.add_student("dee", last_name="A")
        book.add_submission("faces", "dee")
    with Book(url) as book:
        lines = {line.person.id: line for line in book.lines("faces")}
    assert (lines["cy"].score, lines["cy"].reason) == (None, "nothing was submitted")
    assert (lines["dee"].score, lines["dee"].reason) == (None, "it is not graded yet")


def test_an_instructor_can_mark_an_ungradable_submission_by_hand(url):
    record(url, broken("ana"))
    mark_by_hand(url, "gram_matrix", 7.0)
    with Book(url) as book:
        assert book.lines("faces")[0].score is None
    mark_by_hand(url, "triplet_loss", 5.0)
    assert record(url, broken("ana")).outdated == ()
    assert grades(url)["gram_matrix"] == (None, 7.0, 7.0, False)
    with Book(url) as book:
        assert book.lines("faces")[0].score == 12.0


# --- marks by hand ------------------------------------------------------------------------------


def test_marks_by_hand_stay_for_the_same_bytes(url):
    record(url, graded("ana", gram("failed"), triplet()))
    mark_by_hand(url, "gram_matrix", 12.0, extra=1.0)
    # The same bytes, judged by new tests.
    regraded = replace(graded("ana", gram(), triplet("failed")), version="version 2")
    assert record(url, regraded).outdated == ()
    assert grades(url) == {
        "gram_matrix": (15.0, 12.0, 13.0, False),
        "triplet_loss": (0.0, None, 0.0, False),
    }


def test_marks_by_hand_for_other_bytes_wait_for_a_person(url):
    record(url, graded("ana", gram("failed"), triplet()))
    mark_by_hand(url, "gram_matrix", 12.0)
    new = graded("ana", gram("failed"), triplet(), data=b"the next try")
    assert record(url, new).outdated == ("gram_matrix",)
    assert grades(url)["gram_matrix"] == (0.0, 12.0, 12.0, True)
    assert grades(url)["triplet_loss"] == (10.0, None, 10.0, False)
    assert OUTDATED.split()[0] in comments(url)["gram_matrix"]
    assert record(url, new).outdated == ("gram_matrix",), "nobody has looked yet"
    mark_by_hand(url, "gram_matrix", 14.0)
    assert record(url, new).outdated == ()
    assert grades(url)["gram_matrix"] == (0.0, 14.0, 14.0, False)


def test_extra_credit_alone_is_a_mark_by_hand(url):
    record(url, graded("ana"))
    mark_by_hand(url, "gram_matrix", None, extra=2.0)
    assert record(url, graded("ana", data=b"new")).outdated == ("gram_matrix",)
    assert grades(url)["gram_matrix"] == (15.0, None, 17.0, True)


@of_nbgrader
def test_a_mark_by_hand_after_stock_autograding_waits_too(url):
    with Gradebook(url) as book:
        book.add_student("ana")
        book.add_submission("faces", "ana")
    mark_by_hand(url, "gram_matrix", 9.0)
    assert record(url, graded("ana")).outdated == ("gram_matrix",)


def test_a_comment_by_hand_stays(url):
    record(url, graded("ana", gram("failed"), triplet()))
    with Gradebook(url) as book:
        book.find_comment("gram_matrix", "faces", "faces", "ana").manual_comment = "Well tried."
        book.db.commit()
    record(url, graded("ana", data=b"new"))
    assert comments(url)["gram_matrix"] == "Well tried."


def test_written_answers_stay_with_the_instructor(url):
    with Gradebook(url) as book:
        book.add_grade_cell("essay", "faces", "faces", max_score=5, cell_type="markdown")
        book.add_solution_cell("essay", "faces", "faces")
    record(url, graded("ana"))
    assert grades(url)["essay"] == (None, None, 0.0, True)
    with Gradebook(url) as book:
        grade = book.find_grade("essay", "faces", "faces", "ana")
        grade.manual_score, grade.needs_manual_grade = 4.0, False
        book.db.commit()
    record(url, graded("ana"))
    assert grades(url)["essay"] == (None, 4.0, 4.0, False)


# --- what must not happen -----------------------------------------------------------------------


def test_an_unknown_assignment_is_refused(url):
    with pytest.raises(CourseError, match="no assignment art; run: course release art"):
        record(url, graded("ana", lesson="art"))
    assert everything(url)["student"] == []


@pytest.mark.parametrize(
    "exercises",
    [[gram()], [gram(), replace(triplet(), points=20, max_points=20)], [gram(), triplet(), seen]],
)
def test_results_for_another_version_of_the_notebook_are_refused(file, exercises):
    if exercises[-1] is seen:
        exercises[-1] = ExerciseResult("verify", 1, 1, "passed")
    with pytest.raises(CourseError, match="other exercises or points"):
        record(file, graded("ana", *exercises))
    assert everything(file)["student"] == []


@pytest.mark.parametrize("student", ["", "a" * 129])
def test_an_id_that_no_gradebook_holds_is_refused(file, student):
    with pytest.raises(CourseError, match="1 to 128"):
        record(file, graded(student))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("gradebook.db", "sqlite:///PATH"),
        ("sqlite:////nowhere/at/all/gradebook.db", "unable to open"),
        ("nosuchbase://host/name", "nosuchbase"),
        ("postgresql+psycopg2://ana:secret@host/name", "psycopg2"),
    ],
)
def test_a_gradebook_that_cannot_be_opened_is_named(address, said):
    with pytest.raises(CourseError, match=said) as error:
        Book(address, patience=0)
    assert "secret" not in str(error.value)


def test_a_file_that_is_no_gradebook_is_named(tmp_path):
    (tmp_path / "gradebook.db").write_text("no database, but some text\n" * 100, encoding="utf-8")
    with pytest.raises(CourseError, match="not a database"):
        Book(f"sqlite:///{tmp_path}/gradebook.db", patience=0)


def record_and_die(url, result, at):
    """Write marks in a process that is killed at this statement."""

    def kill(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    def kill_at(connection, cursor, statement, *_):
        if statement.startswith(at):
            kill()

    def work():
        with Book(url) as book:
            if at == "COMMIT":
                sqlalchemy.event.listen(Engine, "commit", kill)
            sqlalchemy.event.listen(Engine, "after_cursor_execute", kill_at)
            book.record(result)

    assert ending(forked(work)) == -signal.SIGKILL


@pytest.mark.parametrize("at", ["UPDATE grade", "UPDATE course_recorded", "COMMIT"])
def test_a_kill_leaves_the_old_marks(url, at):
    record(url, graded("ana"))
    before = everything(url)
    new = graded("ana", gram("failed"), triplet("failed"), data=b"new")
    record_and_die(url, new, at)
    assert everything(url) == before
    record(url, new)
    assert grades(url)["gram_matrix"][0] == 0.0


def test_a_kill_in_a_first_submission_leaves_nothing(url):
    with Book(url):
        before = everything(url)
    record_and_die(url, graded("ana"), "INSERT INTO comment")
    assert everything(url) == before
    record(url, graded("ana"))
    assert grades(url)["gram_matrix"][0] == 15.0


def test_a_locked_gradebook_is_waited_for(file):
    holder = sqlite3.connect(file.removeprefix("sqlite:///"), check_same_thread=False)
    with Book(file, patience=30) as book:
        holder.execute("BEGIN EXCLUSIVE")
        threading.Timer(1.5, holder.rollback).start()
        assert book.record(graded("ana")).changed
    holder.close()
    assert grades(file)["gram_matrix"][0] == 15.0


def test_a_gradebook_locked_for_long_is_an_error_and_loses_nothing(file):
    record(file, graded("ana"))
    before = everything(file)
    new = graded("ana", gram("failed"), triplet(), data=b"new")
    holder = sqlite3.connect(file.removeprefix("sqlite:///"))
    with Book(file, patience=0.5) as book:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(CourseError, match=r"held by another program for 0.5 s.* of ana were"):
            book.record(new)
        holder.rollback()
        assert everything(file) == before
        assert book.record(new).changed
    holder.close()


def test_a_gradebook_locked_from_the_start_is_an_error(file):
    holder = sqlite3.connect(file.removeprefix("sqlite:///"))
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(CourseError, match="held by another program"):
        Book(file, patience=0.1)
    holder.close()


def test_a_row_that_somebody_holds_in_postgresql_is_waited_for(postgres):
    record(postgres, graded("ana"))
    engine = sqlalchemy.create_engine(postgres)
    new = graded("ana", gram("failed"), triplet(), data=b"new")
    with Book(postgres, patience=0.5) as book, engine.connect() as holder:
        holder.execute(sqlalchemy.text("SELECT * FROM submitted_assignment FOR UPDATE"))
        with pytest.raises(CourseError, match="held by another program"):
            book.record(new)
        holder.rollback()
        assert book.record(new).changed
    engine.dispose()


def test_a_server_that_drops_the_connection_costs_nothing(postgres):
    engine = sqlalchemy.create_engine(postgres)
    with Book(postgres) as book, engine.connect() as other:
        book.record(graded("ana"))
        other.execute(
            sqlalchemy.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        other.commit()
        assert book.record(graded("ana", gram("failed"), triplet(), data=b"new")).changed
    engine.dispose()
    assert grades(postgres)["gram_matrix"][0] == 0.0


def test_several_graders_write_to_one_gradebook(url):
    def work():
        with Book(url, patience=60) as book:
            for number in range(5):
                book.record(graded(f"student{number}"))

    graders = [forked(work) for _ in range(3)]
    assert [ending(grader) for grader in graders] == [0, 0, 0]
    with Book(url) as book:
        assert [line.score for line in book.lines("faces")] == [25.0] * 5


# --- the stock way in ---------------------------------------------------------------------------


def small(status="passed"):
    half = 0 if status == "failed" else 4
    return graded(
        "ana",
        ExerciseResult("double", 3, 3, "passed"),
        ExerciseResult("total", half, 4, status),
        lesson="sums",
    )


def test_a_lesson_is_registered_as_nbgrader_does(tmp_path):
    lesson = write_lesson(tmp_path / "root")
    address = f"sqlite:///{tmp_path}/gradebook.db"
    register(lesson, address)
    record(address, small())
    assert grades(address, lesson="sums") == {
        "double": (3.0, None, 3.0, False),
        "total": (4.0, None, 4.0, False),
    }
    with Gradebook(address) as book:
        assert book.find_notebook("sums", "sums").source_cells
    register(lesson, address)
    assert grades(address, lesson="sums")["total"][0] == 4.0
    changed = write_lesson(
        tmp_path / "other", 'tests="double" points=3', 'tests="double" points=2'
    )
    changed_source = changed.source.read_text(encoding="utf-8").replace("points: 7", "points: 6")
    changed.source.write_text(changed_source, encoding="utf-8")
    register(changed, address)
    with pytest.raises(CourseError, match="double 2, total 4"):
        record(address, small())
