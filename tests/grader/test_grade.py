"""`course grade`, from paths to marks, with a class of its own."""

import csv
import html
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import nbformat
import psutil
import pytest
from classroom import FACES, FULL, marks_in, notebook, solutions, write_class, wrong
from distributed import LocalCluster
from filelock import FileLock
from students import needs_isolation
from typer.testing import CliRunner

from grading import ROOT, CourseError, cli, grade, quick, worker
from grading.catalogues import texts_of
from grading.feedback import feedback_page
from grading.grade import Plan
from grading.gradebook import Book
from grading.intake import collect
from grading.samples import answered
from grading.worker import Job, Rules, lesson_version

pytestmark = needs_isolation


def plan(folder, *paths, **more):
    out = folder / "grades"
    paths = paths or (folder / "class", folder / "moodle.zip")
    return Plan(paths, out, f"sqlite:///{out / 'gradebook.db'}", **{"workers": 2} | more)


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def snapshot(folder):
    """Return every file that says something about marks, as text, without times and places."""
    varying = re.compile(r'"seconds": [\d.e-]+|"content": "\w+"')
    return {
        str(path.relative_to(folder)): varying.sub("", path.read_text("utf-8"))
        for pattern in ("results/**/*.json", "**/*.csv")
        for path in folder.glob(pattern)
    }


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Grade the class once; return the folder, what came of it and what must have come."""
    folder = tmp_path_factory.mktemp("graded")
    expected = write_class(folder)
    return folder, grade.grade(plan(folder)), expected


def test_everybody_has_the_right_marks(graded):
    folder, outcome, expected = graded
    assert marks_in(folder / "grades" / "results" / FACES.name) == expected
    assert not outcome.failed
    assert not outcome.homeless


def test_the_gradebook_has_the_same_marks_and_no_0_for_what_was_not_graded(graded):
    folder, _, expected = graded
    with Book(plan(folder).gradebook) as book:
        lines = {line.person.id: line for line in book.lines(FACES.name)}
    totals = {name: marks and sum(marks.values()) for name, marks in expected.items()}
    assert {name: line.points for name, line in lines.items()} == totals
    assert "eve" in lines
    assert "no notebook" in lines["eve"].reason or "JSON" in lines["eve"].reason
    assert lines["4711"].person.name == "Gus Ó Néill"


def test_lists_for_nbgrader_moodle_and_canvas(graded):
    folder, outcome, _ = graded
    scores = {row["student_id"]: row["score"] for row in rows(folder / "grades" / "grades.csv")}
    assert scores["ana"] == "100"
    assert scores["bo"] == "0"
    assert scores["eve"] == ""
    names = {path.name for path in outcome.lists}
    assert {"grades.csv", f"{FACES.name}-moodle.csv", f"{FACES.name}-canvas.csv"} <= names
    assert all(path.is_file() for path in outcome.lists)


def test_pages_teach(graded):
    folder, outcome, _ = graded
    pages = folder / "grades" / "feedback" / FACES.name
    assert {page.stem for page in pages.glob("*.html")} == {r.student for r in outcome.results}
    said = (pages / "cy.html").read_text(encoding="utf-8")
    assert "350.026" in said
    assert "axis=-1" in said
    report = outcome.report.read_text(encoding="utf-8")
    assert "feedback/face_recognition/eve.html" in report
    assert "Gus Ó Néill" in report


def test_the_same_command_again_judges_nothing_and_changes_nothing(graded, monkeypatch):
    folder, _, _ = graded
    before = snapshot(folder / "grades")
    monkeypatch.setattr(grade, "pool", None)  # nobody may be asked
    again = grade.grade(plan(folder))
    assert len(again.results) == 7
    assert snapshot(folder / "grades") == before


def test_a_better_submission_replaces_the_marks_of_the_worse(graded, tmp_path):
    folder, _, expected = graded
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    better = tmp_path / "class" / "bo" / "face_recognition.ipynb"
    better.write_text(notebook(**solutions()), encoding="utf-8")  # ana's bytes: judged before
    (tmp_path / "class" / "ana" / "face_recognition.ipynb").write_text("no notebook any more")
    grade.grade(plan(tmp_path))
    found = marks_in(tmp_path / "grades" / "results" / FACES.name)
    assert found == expected | {"bo": FULL, "ana": None}
    scores = {r["student_id"]: r["score"] for r in rows(tmp_path / "grades" / "grades.csv")}
    assert scores["ana"] == ""  # neither 0 nor the marks from before


def test_a_grader_that_is_killed_goes_on_where_it_was(graded, tmp_path):
    folder, _, _ = graded
    for name in ("class", "moodle.zip"):
        (shutil.copytree if (folder / name).is_dir() else shutil.copy)(
            folder / name, tmp_path / name
        )
    command = [sys.executable, "-m", "grading.cli", "grade", "class", "moodle.zip"]
    said = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    first = subprocess.Popen([*command, "--workers", "1"], cwd=tmp_path, **said)
    kept = tmp_path / "grades" / "judged"
    end = time.monotonic() + 300
    while not list(kept.rglob("*.json")) and time.monotonic() < end:
        assert first.poll() is None, first.stdout.read().decode()
        time.sleep(0.05)
    children = psutil.Process(first.pid).children(recursive=True)
    first.kill()
    first.wait()
    stale = tmp_path / "grades" / "results" / "somebody.json.1.part"
    stale.parent.mkdir(parents=True, exist_ok=True)
    stale.write_text("half")
    _, alive = psutil.wait_procs(children, timeout=60)
    assert not alive
    second = subprocess.run(
        [*command, "--workers", "1"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert second.returncode == 0, second.stdout + second.stderr
    mine, whole = snapshot(tmp_path / "grades"), snapshot(folder / "grades")
    assert mine == whole
    assert not list(tmp_path.rglob("*.part"))


def test_workers_of_a_cluster_without_a_shared_folder(graded, tmp_path):
    folder, _, expected = graded
    away = {"local_directory": str(tmp_path / "away"), "dashboard_address": None}
    with LocalCluster(
        2, threads_per_worker=1, host="127.0.0.1", memory_limit=0, **away
    ) as cluster:
        moved = tmp_path / "moved"
        shutil.copytree(folder / "class", moved / "class")
        shutil.copy(folder / "moodle.zip", moved)
        killer = Killer(lambda: [w["pid"] for w in workers_of(cluster)])
        outcome = grade.grade(plan(moved, scheduler=cluster.scheduler_address), killer)
    assert not outcome.failed
    assert killer.killed
    assert marks_in(moved / "grades" / "results" / FACES.name) == expected


def workers_of(cluster):
    nannies = cluster.workers.values()
    return [{"pid": nanny.pid} for nanny in nannies if nanny.pid]


class Killer(grade.Silent):
    """Kills a worker as soon as the first result is there."""

    def __init__(self, pids):
        self.killed = False
        self._pids = pids

    def graded(self, submission, result):
        if result.status == "graded" and not self.killed:
            os.kill(self._pids()[0], signal.SIGKILL)
            self.killed = True


def test_a_scheduler_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr("grading.pool.PATIENCE", 1.0)
    write_class(tmp_path)
    with pytest.raises(CourseError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        grade.grade(plan(tmp_path, scheduler="tcp://127.0.0.1:9"))


def test_a_second_grader_waits_its_turn(tmp_path):
    write_class(tmp_path)
    out = tmp_path / "grades"
    out.mkdir()
    with (
        FileLock(out / ".lock"),
        pytest.raises(CourseError, match="another `course grade` is at work in"),
    ):
        grade.grade(plan(tmp_path))


def test_nothing_to_grade(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CourseError, match="no notebook, module or archive"):
        grade.grade(plan(tmp_path, tmp_path / "empty"))
    with pytest.raises(CourseError, match="nowhere"):
        grade.grade(plan(tmp_path, tmp_path / "nowhere"))


def test_the_course_folders_own_gradebook_is_taken(tmp_path):
    course, out = tmp_path / "course", tmp_path / "grades"
    (course / "source").mkdir(parents=True)
    (course / "nbgrader_config.py").touch()
    mine = f"sqlite:///{course / 'gradebook.db'}"
    assert grade.book_of([course], out) == mine
    assert grade.book_of([course / "submitted" / "ana"], out) == mine
    assert grade.book_of([tmp_path], out) == f"sqlite:///{out / 'gradebook.db'}"


def test_a_fault_of_the_grader_is_no_mark_and_is_not_kept(tmp_path, monkeypatch):
    write_class(tmp_path)
    wrong = "0" * 64
    monkeypatch.setattr(grade, "lesson_version", lambda name, rules: wrong)
    outcome = grade.grade(plan(tmp_path, workers=1))
    assert {s.student for s, _ in outcome.failed} == {"ana", "bo", "cy", "dee", "fay", "4711"}
    assert "another state of the course" in str(outcome.failed[0][1])
    assert not list((tmp_path / "grades" / "judged").rglob("*.json"))
    assert [r.student for r in outcome.results] == ["eve"]


def test_the_version_changes_with_whatever_decides_on_marks():
    version = lesson_version(FACES.name, Rules())
    assert version == lesson_version(FACES.name, Rules())
    assert version != lesson_version(FACES.name, Rules(trust=True))
    assert version != lesson_version("art_generation", Rules())


def test_one_notebook_as_json(graded, tmp_path, monkeypatch):
    folder, _, _ = graded
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    path = folder / "class" / "cy" / "face_recognition.ipynb"
    for _ in range(2):  # cold, then warm
        told = CliRunner().invoke(cli.app, ["grade", str(path), "--json"])
        assert told.exit_code == 0, told.output
        (line,) = told.stdout.splitlines()
        result = json.loads(line)
        assert {e["name"]: e["points"] for e in result["exercises"]} == FULL | {"triplet_loss": 0}
    residents = [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(tmp_path) in " ".join(process.info["cmdline"] or ())
    ]
    assert len(residents) == 1
    residents[0].kill()
    psutil.wait_procs(residents, 10)
    told = CliRunner().invoke(cli.app, ["grade", str(tmp_path / "no.ipynb"), "--json"])
    assert told.exit_code == 1
    assert "no.ipynb" in " ".join(told.output.split())
    for process in psutil.process_iter(["cmdline"]):
        if str(tmp_path) in " ".join(process.info["cmdline"] or ()):
            process.kill()


def test_json_of_what_cannot_be_read(tmp_path):
    broken = tmp_path / "ana.ipynb"
    broken.write_text("{")
    (result,) = quick.results_of([broken], Rules())
    assert result.status == "ungradable"
    assert result.student
    assert result.points is None


def test_a_job_of_another_state_is_refused():
    job = Job(b"x", "x.py", FACES.name, "0" * 64)
    with pytest.raises(CourseError, match="another state of the course"):
        worker.judged(job)


def test_feedback_is_in_the_language_of_the_notebook(tmp_path):
    path = tmp_path / "class" / "li" / "face_recognition.ipynb"
    path.parent.mkdir(parents=True)
    released = nbformat.read(FACES.student_in("zh"), 4)
    answers = solutions() | wrong("all-summed-up")
    path.write_text(nbformat.writes(answered(released, answers)), encoding="utf-8")
    (submission,) = collect([path.parents[1]], tmp_path / "unpacked")
    assert submission.problems == ()
    (result,) = quick.results_of([path], Rules())
    assert (result.language, result.points) == ("zh", 60)
    page, mistake = feedback_page(result), result.exercises[0].mistake
    chinese = texts_of(ROOT, "zh", FACES.name)
    assert '<html lang="zh-CN">' in page
    assert chinese[mistake.name] in page
    assert html.escape(chinese[mistake.sentence]) in page
    assert mistake.sentence not in page
