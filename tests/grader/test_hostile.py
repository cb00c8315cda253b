"""Broken and hostile submissions: nobody gains a mark, reads a secret or hurts a neighbour."""

import csv
import os
import resource
import sqlite3
import tempfile
import zipfile
from types import SimpleNamespace

import psutil
import pytest
from classroom import FULL, wrong
from handed_in import (
    ART,
    FACES,
    FULL_ART,
    IN_A_NEIGHBOUR,
    IN_THE_ENVIRONMENT,
    IN_THE_FOLDER,
    IN_THE_GRADEBOOK,
    IN_THE_TESTS,
    SECRETS,
    released,
    solved,
    without,
)
from hostile import ALL
from students import needs_isolation

from grading import grade, worker
from grading.confinement import Limits
from grading.exports import number, remarks
from grading.feedback import MOST_BYTES, feedback_page
from grading.grade import Plan
from grading.gradebook import Book
from grading.intake import collect
from grading.judge import Times
from grading.lesson import Lesson
from grading.results import content_hash, dumps, loads
from grading.worker import Job, Rules, judged, lesson_version

pytestmark = needs_isolation

# Short, because many samples do nothing but reach a limit; yet several times what is needed.
TIMES = Times(call=6.0, cells=12.0, exercise=15.0, submission=60.0)
LIMITS = Limits(cpu_seconds=40, wall_seconds=100, memory_bytes=1 << 30, printed_bytes=50_000_000)
RULES = Rules(limits=LIMITS, times=TIMES)
SLACK = 15.0  # seconds beyond the time of a submission, for starts and the tests' own work
MOST_MEMORY = 600_000_000  # bytes that the judge may need for a submission, whatever it does
NEVER_SHOWN = ("<script", "\x1b", "\u202e", "\0", "onerror=alert(1)>")


@pytest.fixture(scope="module", autouse=True)
def environment():
    """Have a secret in the grader's environment."""
    os.environ["COURSE_HOSTILE"] = IN_THE_ENVIRONMENT
    yield
    del os.environ["COURSE_HOSTILE"]


@pytest.fixture(scope="module")
def zygote(environment):
    """Keep one zygote, the worker's own, for all samples of this module."""
    worker.warm(RULES)
    yield worker._zygote(RULES.trust, RULES.limits)
    worker._zygote(RULES.trust, RULES.limits).close()
    worker._zygote.cache_clear()


def hand_in(sample, folder, archive=None):
    """Write a sample to `folder`, or into an open zip where its name is the hostile thing."""
    place = folder / sample.student / sample.lesson
    if not sample.folder:
        sample.write(place)
        return
    for name, data in sample.files().items():
        archive.writestr(f"{sample.folder}/{name}", data)


def most_memory():
    """Return the most bytes that this process has had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def marks_of(result):
    return {exercise.name: exercise.points for exercise in result.exercises}


def fits(sample, marks):
    """Tell whether these are the marks that a sample must get."""
    return marks.keys() == sample.marks.keys() and all(
        points == sample.marks[name] or name in sample.undecided for name, points in marks.items()
    )


# ---- one by one


def test_the_secret_of_the_tests_is_in_a_hidden_one():
    assert IN_THE_TESTS in Lesson(FACES).tests.read_text(encoding="utf-8")
    assert IN_THE_TESTS not in str(released(FACES))


def test_no_two_samples_have_the_same_name():
    assert len({sample.student for sample in ALL}) == len(ALL) >= 60


@pytest.mark.parametrize("sample", ALL, ids=lambda sample: sample.student)
def test_it_gets_what_it_deserves(sample, tmp_path, zygote):
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        hand_in(sample, tmp_path / "submitted", archive)
    root = tmp_path / ("class.zip" if sample.folder else "submitted")
    (submission,) = collect([root], tmp_path / "unpacked")
    said = " ".join(submission.problems)
    if submission.path is None:
        assert sample.marks is None
        assert sample.says in said
        return
    version = lesson_version(submission.lesson, RULES)
    data, name = submission.path.read_bytes(), submission.path.name
    before = most_memory()
    result = judged(Job(data, name, submission.lesson, version, RULES))
    assert most_memory() - before < MOST_MEMORY
    text, page = dumps(result), feedback_page(result)
    assert fits(sample, marks_of(result)), text
    assert sample.says in said + text
    assert not [secret for secret in SECRETS if secret in text]
    assert not [word for word in sample.unseen if word in page + remarks(result)]
    assert not [sign for sign in NEVER_SHOWN if sign in page]
    assert len(page.encode()) <= MOST_BYTES
    assert result.seconds < TIMES.submission + SLACK
    assert max(exercise.seconds for exercise in result.exercises) < TIMES.exercise + SLACK


def test_pictures_reach_the_student_where_temporary_files_lie_elsewhere(
    tmp_path, zygote, monkeypatch
):
    """An instructor's TMPDIR may be anywhere; a student can write to /tmp alone."""
    elsewhere = tempfile.mkdtemp(dir="/var/tmp")
    monkeypatch.setattr(tempfile, "tempdir", elsewhere)
    version = lesson_version(FACES, RULES)
    result = judged(Job(solved("elsewhere"), "faces.ipynb", FACES, version, RULES))
    assert marks_of(result) == FULL
    os.rmdir(elsewhere)  # noqa: PTH106 - it must be empty


# ---- all of them in one batch


def honest():
    """Return what twenty others hand in, and their marks."""
    right = {f"right-{n:02}": (FACES, solved(f"right {n}"), FULL) for n in range(12)}
    secret = f"# {IN_A_NEIGHBOUR}"
    right["neighbour"] = FACES, solved("neighbour", cells=(secret,)), FULL
    for n in range(2):
        right[f"art-{n}"] = ART, solved(f"art {n}", lesson=ART), FULL_ART
    for mistake in ("all-summed-up", "door-always-open", "strangers-nameless"):
        answer = wrong(mistake)
        right[mistake] = FACES, solved(mistake, answer), without(FACES, *answer)
    blank = 'def {}(*arguments):\n    raise NotImplementedError("{}: write the body")\n'
    for n in range(2):
        none = {name: blank.format(name, name) + f"# {n}\n" for name in FULL}
        right[f"blank-{n}"] = FACES, solved(f"blank {n}", none), without(FACES, *FULL)
    return right


# Who had all marks before, and hands in something worse.
AGAIN = ("ends-by-os-exit", "wrong-and-its-test-cells-were-deleted")


class Watcher(grade.Silent):
    """Notes every process that the grader starts."""

    def __init__(self):
        self.processes = {}

    def graded(self, submission, result):
        for process in psutil.Process().children(recursive=True):
            self.processes[process.pid, process.create_time()] = process


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    """Grade them all, twice the two who hand in again; return what there is to look at."""
    folder = tmp_path_factory.mktemp("batch")
    for name in ("tmp", "grades", "book"):
        (folder / name).mkdir()
    (folder / "grades" / "own notes.txt").write_text(IN_THE_FOLDER, encoding="utf-8")
    url = f"sqlite:///{folder / 'book' / 'gradebook.db'}"
    others = honest()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TMPDIR", str(folder / "tmp"))
        patched.setattr(tempfile, "tempdir", None)
        for student in AGAIN:
            write(folder / "before" / "submitted", student, FACES, solved(f"{student} before"))
        out = folder / "grades"
        before = grade.grade(Plan((folder / "before",), out, url, RULES, workers=2))
        base = sqlite3.connect(folder / "book" / "gradebook.db")
        base.execute("CREATE TABLE aside (words TEXT)")
        base.execute("INSERT INTO aside VALUES (?)", [IN_THE_GRADEBOOK])
        base.commit()
        base.close()
        with zipfile.ZipFile(folder / "class.zip", "w") as archive:
            for sample in ALL:
                hand_in(sample, folder / "inbox" / "submitted", archive)
        for student, (lesson, data, _) in others.items():
            write(folder / "inbox" / "submitted", student, lesson, data)
        handed_in = listed(folder / "inbox")
        watcher = Watcher()
        plan = Plan((folder / "inbox", folder / "class.zip"), out, url, RULES, workers=2)
        after = grade.grade(plan, watcher)
    return SimpleNamespace(
        folder=folder,
        out=out,
        url=url,
        others=others,
        before=before,
        graded=after,
        handed_in=handed_in,
        processes=list(watcher.processes.values()),
    )


def write(folder, student, lesson, data):
    path = folder / student / lesson / f"{lesson}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(data)


def listed(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def of_student(batch, sample):
    """Return the result of a sample, or None."""
    if sample.folder:
        content = content_hash(sample.files()[f"{FACES}.ipynb"])
        return next(r for r in batch.graded.results if r.content == content)
    mine = [r for r in batch.graded.results if r.student == sample.student]
    assert len(mine) <= 1
    return mine[0] if mine else None


def test_in_a_batch_everybody_gets_what_they_deserve(batch):
    assert [(s.student, str(error)) for s, error in batch.graded.failed] == []
    homeless = {s.student: " ".join(s.problems) for s in batch.graded.homeless}
    results = {sample.name: of_student(batch, sample) for sample in ALL}
    reasons = {
        sample.name: homeless.pop(sample.student, "") if result is None else result.reason
        for sample in ALL
        if (result := results[sample.name]) is None or result.status == "ungradable"
    }
    assert not homeless
    assert reasons.keys() == {sample.name for sample in ALL if sample.marks is None}
    assert not {s.name for s in ALL if s.marks is None and s.says not in reasons[s.name]}
    graded = {sample.name: marks_of(results[sample.name]) for sample in ALL if sample.marks}
    assert {s.name: graded[s.name] for s in ALL if s.marks and not fits(s, graded[s.name])} == {}
    marks = {r.student: marks_of(r) for r in batch.graded.results}
    expected = {student: points for student, (_, _, points) in batch.others.items()}
    assert {student: marks[student] for student in expected} == expected


def test_results_gradebook_and_list_say_the_same(batch):
    totals = {(r.student, r.lesson): r.points for r in batch.graded.results}
    stored = {
        (result.student, result.lesson): result.points
        for path in (batch.out / "results").glob("*/*.json")
        for result in [loads(path.read_text(encoding="utf-8"))]
    }
    assert stored == totals
    with Book(batch.url) as book:
        lines = [line for lesson in sorted((FACES, ART)) for line in book.lines(lesson)]
    known = {(line.person.id, line.assignment): line for line in lines}
    assert {key: known[key].points for key in totals} == totals
    with (batch.out / "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["score"] for row in rows] == [number(line.score) for line in lines]


def test_who_hands_in_something_worse_loses_the_marks_from_before(batch):
    assert {r.student: r.points for r in batch.before.results} == dict.fromkeys(AGAIN, 100.0)
    now = {r.student: r.points for r in batch.graded.results if r.student in AGAIN}
    assert now == {AGAIN[0]: 60.0, AGAIN[1]: 70.0}


def test_no_secret_is_in_any_file(batch):
    for path in batch.out.rglob("*"):
        if path.is_file() and path.name != "own notes.txt":
            data = path.read_bytes()
            assert not [secret for secret in SECRETS if secret.encode() in data], path


def test_no_student_learns_what_hidden_tests_give(batch):
    base = sqlite3.connect(batch.folder / "book" / "gradebook.db")
    comments = str(base.execute("SELECT auto_comment FROM comment").fetchall())
    base.close()
    lists = [path.read_text(encoding="utf-8") for path in batch.graded.lists]
    pages = [p.read_text(encoding="utf-8") for p in (batch.out / "feedback").rglob("*.html")]
    for sample in ALL:
        for word in sample.unseen:
            assert not [text for text in (comments, *lists, *pages) if word in text], word


def test_pages_are_small_and_run_nothing(batch):
    pages = list((batch.out / "feedback").rglob("*.html"))
    assert len(pages) == len(batch.graded.results)
    for path in (*pages, batch.graded.report):
        text = path.read_text(encoding="utf-8")
        assert not [sign for sign in NEVER_SHOWN if sign in text], path
    assert max(path.stat().st_size for path in pages) <= MOST_BYTES


def test_nothing_is_left_outside_the_folder_for_marks(batch):
    assert listed(batch.folder / "inbox") == batch.handed_in
    # Dask's locks, and where the processes of this test talk to each other until it ends.
    own = {"dask-scratch-space", "global.lock", "purge.lock"}
    left = {path.name for path in (batch.folder / "tmp").rglob("*")} - own
    assert not [name for name in left if not name.startswith(("pymp-", "listener-"))]
    assert listed(batch.folder / "book") == ["gradebook.db"]
    here = {path.name for path in batch.folder.iterdir()}
    assert here == {"tmp", "grades", "book", "before", "inbox", "class.zip"}
    assert not list(batch.out.rglob("*.part"))
    assert not (batch.out / ".unpacked").exists()


def test_no_process_is_left(batch):
    assert batch.processes
    # What Python started for this test's own process goes on until that ends.
    ours = {process.pid for process in psutil.Process().children()}
    others = [process for process in batch.processes if process.pid not in ours]
    _, alive = psutil.wait_procs(others, timeout=30)
    assert len(others) > len(ours)
    assert not [(process.ppid(), process.cmdline()) for process in alive]


def test_nobody_takes_more_time_than_there_is_for_one(batch):
    assert max(result.seconds for result in batch.graded.results) < TIMES.submission + SLACK
