"""The stock flow on the small course, from generate_assignment to export."""

import copy
import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.converters import GenerateFeedback
from small_course import write_lesson

import grading.autograde
from grading import CourseError
from grading.autograde import autograde, table
from grading.build import build
from grading.lesson import Lesson
from grading.release import release
from grading.samples import answered, exercise_sources

RIGHT = {"double": 3.0, "total": 4.0}
SWALLOWS_INTERRUPTS = """
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""


@pytest.fixture(scope="module")
def first_release(tmp_path_factory):
    lesson = write_lesson(tmp_path_factory.mktemp("course"))
    release(lesson, lesson.root / "course")
    return lesson


@pytest.fixture
def course(first_release, tmp_path):
    root = shutil.copytree(first_release.root, tmp_path / "copy")
    return Course(Lesson(first_release.name, root))


class Course:
    """A course folder with the small notebook's release, and submissions to it."""

    def __init__(self, lesson):
        self.lesson = lesson
        self.folder = lesson.root / "course"
        self.released = self.folder / "release" / "sums" / "sums.ipynb"
        self.solutions = exercise_sources(self.folder / "source" / "sums" / "sums.ipynb")

    def submit(self, student, edit=lambda notebook: None, **answers):
        """Submit the release with the solutions, but for these answers and this edit."""
        notebook = answered(nbformat.read(self.released, 4), {**self.solutions, **answers})
        edit(notebook)
        target = self.folder / "submitted" / student / "sums" / "sums.ipynb"
        target.parent.mkdir(parents=True)
        nbformat.write(notebook, target)
        return target

    def submit_again(self, student, *edits, **answers):
        shutil.rmtree(self.folder / "submitted" / student)
        return self.submit(student, *edits, **answers)

    def settings(self, **values):
        """Set options of `Execute` in the folder's own settings."""
        lines = [f"c.Execute.{name} = {value!r}\n" for name, value in values.items()]
        with (self.folder / "nbgrader_config.py").open("a") as file:
            file.writelines(["\n", *lines])

    def marks(self):
        return {result.student: result.marks for result in autograde(self.folder, "sums").results}

    def exported(self):
        """Return score and reason of each student in grades.csv."""
        with (self.folder / "grades.csv").open() as table:
            rows = [*csv.DictReader(table)]
        return {row["student_id"]: (row["score"], row["reason"]) for row in rows}

    def nbgrader(self, *arguments, code=0):
        """Run a stock command in the course folder; return its output."""
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *arguments],
            cwd=self.folder,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr


def without(*ids):
    def edit(notebook):
        notebook.cells = [cell for cell in notebook.cells if cell.id not in ids]

    return edit


def no_metadata(notebook):
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)


def copy_cell(cell):
    return nbformat.from_dict({**copy.deepcopy(cell), "id": f"{cell.id}-copy"})


def test_the_released_notebook_is_the_committed_one(course):
    build(course.lesson)
    assert course.released.read_bytes() == course.lesson.student.read_bytes()


def test_a_second_release_keeps_settings_and_submissions(course):
    settings = course.folder / "nbgrader_config.py"
    settings.write_text(settings.read_text() + "\nc.Execute.timeout = 5\n")
    mine = course.submit("ada")
    release(course.lesson, course.folder)
    assert "timeout = 5" in settings.read_text()
    assert mine.is_file()


def test_right_blank_and_wrong_submissions_get_their_marks(course):
    blank = exercise_sources(course.released)
    course.submit("right")
    course.submit("blank", **blank)
    course.submit("wrong", total="def total(x):\n    return x[0] + x[1] + x[2]")
    course.submit("syntax", double="def double(x:\n    return 2 * x")
    sheet = autograde(course.folder, "sums")
    assert sheet.worth == RIGHT
    marks = {result.student: result.marks for result in sheet.results}
    assert marks == {
        "right": RIGHT,
        "blank": {"double": 0.0, "total": 0.0},
        "wrong": {"double": 3.0, "total": 0.0},
        "syntax": {"double": 0.0, "total": 0.0},
    }
    for result in sheet.results:
        page = result.feedback.read_text(encoding="utf-8")
        assert "test_total_of_a_sample" in page
        assert "HIDDEN" not in page
        assert "test_total_of_a_matrix" not in page  # not in the wrong one's traceback either
    scores = {"right": "7", "blank": "0", "wrong": "3", "syntax": "0"}
    assert course.exported() == {student: (score, "") for student, score in scores.items()}


def test_a_right_answer_that_makes_a_noise_stays_right(course):
    noisy = (
        "def double(x):\n    import sys, warnings\n    print('hm', file=sys.stderr)\n"
        "    warnings.warn('old')\n    return 2 * x"
    )
    course.submit("noisy", double=noisy)
    compiled = (
        "def double(x):\n    import tensorflow as tf\n"
        "    return tf.function(lambda x: 2 * x, jit_compile=True)(x).numpy()"
    )
    course.submit("xla", double=compiled)
    course.submit("fd2", double="def double(x):\n    os.write(2, b'hm')\n    return 2 * x")
    long = "def double(x):\n    print('x' * 20_000_000)\n    return 2 * x"
    course.submit("long", double=long)
    assert course.marks() == dict.fromkeys(["noisy", "xla", "fd2", "long"], RIGHT)
    for made in course.folder.glob("*/long/sums/sums.*"):
        assert made.stat().st_size < 1_500_000


def test_deleted_and_edited_cells_come_back(course):
    def easier(notebook):
        cell = next(cell for cell in notebook.cells if cell.id == "test-total")
        cell.source = "pass"
        cell.metadata.nbgrader.points = 100

    def skipped(notebook):
        for cell in notebook.cells:
            cell.metadata.setdefault("tags", []).extend(["skip-execution", "demonstration"])

    course.submit("no-test", without("test-double"))
    course.submit("no-helpers", without("checks"))
    course.submit("no-exercise", without("total", "test-total"))
    course.submit("easier", easier, total="def total(x):\n    return 0")
    course.submit("skipped", skipped, total="def total(x):\n    return 0")
    course.submit("no-metadata", no_metadata)
    course.submit("no-metadata-wrong", no_metadata, total="def total(x):\n    return 0")
    half = {"double": 3.0, "total": 0.0}
    assert course.marks() == {
        "no-test": RIGHT,
        "no-helpers": RIGHT,
        "no-exercise": half,
        "easier": half,
        "skipped": half,
        "no-metadata": RIGHT,
        "no-metadata-wrong": half,
    }


def test_a_demonstration_is_not_run(course):
    def shows_something(notebook):
        cell = nbformat.v4.new_code_cell("total = None", metadata={"tags": ["demonstration"]})
        (place,) = [n for n, cell in enumerate(notebook.cells) if cell.id == "test-total"]
        notebook.cells.insert(place, cell)

    course.submit("demonstrates", shows_something)
    assert course.marks() == {"demonstrates": RIGHT}


def test_a_copied_cell_hurts_nobody(course):
    def doubled(notebook):
        for name in ("double", "test-double", "checks"):
            (place,) = [n for n, cell in enumerate(notebook.cells) if cell.id == name]
            notebook.cells.insert(place, copy_cell(notebook.cells[place]))

    def twice(notebook):
        doubled(notebook)
        (first,) = [cell for cell in notebook.cells if cell.id == "double-copy"]
        first.source = "def double(x):\n    return 0"

    def old_metadata(notebook):
        for cell in notebook.cells:
            cell.metadata.get("nbgrader", {}).pop("schema_version", None)

    course.submit("copy", doubled)
    course.submit("old", old_metadata)
    course.submit("right")
    course.submit("twice", twice)
    course.nbgrader("autograde", "sums")
    course.nbgrader("export")
    right = dict.fromkeys(["copy", "old", "right", "twice"], ("7", ""))
    assert course.exported() == right


def test_what_nbgrader_handles_well_stays_so(course):
    def other_kernel(notebook):
        notebook.metadata.kernelspec = {"name": "julia-1.9", "display_name": "J"}

    course.submit("julia", other_kernel)
    course.submit("leaves", double="import sys\nsys.exit()\ndef double(x): return 2 * x")
    course.submit("asks", double="def double(x):\n    input()\n    return 2 * x")
    assert course.marks() == {
        "julia": RIGHT,
        "leaves": {"double": 0.0, "total": 0.0},
        "asks": {"double": 0.0, "total": 0.0},
    }
    log = (course.folder / "nbgrader.log").read_text()
    assert "does not isolate submissions" in log
    assert "no warm kernel" not in log


def test_grading_takes_few_steps_and_stops_an_endless_cell(course):
    course.settings(timeout=3)
    course.submit("endless", total="def total(x):\n    while True:\n        pass")

    def count(notebook):
        notebook.cells.append(nbformat.v4.new_code_cell("print('steps:', STEPS)"))

    course.submit("steps", count)
    assert course.marks() == {"endless": {"double": 3.0, "total": 0.0}, "steps": RIGHT}
    graded = (course.folder / "autograded" / "steps" / "sums" / "sums.ipynb").read_text()
    assert "steps: 2" in graded
    assert "COURSE_STEPS" not in os.environ


def test_a_submission_that_cannot_be_graded_costs_itself_only(course):
    greedy = "def double(x):\n    return np.ones((1 << 17, 1 << 17))"
    course.submit("broken").write_text("<html>")
    course.submit("dead", total="import os\nos._exit(1)")
    course.submit("exit", total="exit()")
    course.submit("greedy", double=greedy, total="def total(x):\n    return x.sum()")
    course.submit("kills", total="import os\nos.kill(os.getppid(), 9)")
    course.submit("renamed").rename(course.folder / "submitted" / "renamed" / "sums" / "my.ipynb")
    course.submit("right")
    sheet = autograde(course.folder, "sums")
    lost = ["broken", "dead", "exit", "kills", "renamed"]
    assert {result.student: result.marks for result in sheet.results} == {
        **dict.fromkeys(lost),
        "greedy": {"double": 0.0, "total": 4.0},
        "right": RIGHT,
    }
    exported = course.exported()
    assert {student: score for student, (score, _) in exported.items()} == {
        **dict.fromkeys(lost, ""),
        "greedy": "4",
        "right": "7",
    }
    reasons = {result.student: result.reason for result in sheet.results}
    assert reasons == {student: reason for student, (_, reason) in exported.items()}
    for student in ("dead", "exit", "kills"):
        assert reasons[student] == "a cell ended the process that ran it, or took all memory"
    assert reasons["broken"].startswith("NotJSONError: Notebook does not appear to be JSON")
    assert reasons["renamed"].endswith("holds no sums.ipynb")
    caption = str(table(sheet).caption)
    assert all(f"{student}: {reasons[student]}" in caption for student in lost)
    assert "grades.csv" not in caption
    greedy_page = course.folder / "feedback" / "greedy" / "sums" / "sums.html"
    assert "Unable to allocate 128. GiB" in greedy_page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "cell",
    [SWALLOWS_INTERRUPTS, "sum(range(10**13))"],
    ids=["swallows interrupts", "a long call in C"],
)
def test_a_cell_that_cannot_be_stopped_costs_its_submission_only(course, cell):
    course.settings(timeout=2, iopub_timeout=2)
    course.submit("endless", total=cell)
    course.submit("right")
    assert course.marks() == {"endless": None, "right": RIGHT}
    reason = "a cell took too long and could not be interrupted"
    assert course.exported() == {"endless": ("", reason), "right": ("7", "")}


def test_no_mark_survives_a_worse_submission(course):
    course.submit("crash")
    course.submit("wrong")
    assert course.marks() == {"crash": RIGHT, "wrong": RIGHT}
    page = course.folder / "feedback" / "crash" / "sums" / "sums.html"
    assert page.is_file()
    course.submit_again("crash", total="import os\nos._exit(1)")
    course.submit_again("wrong", without("test-total"), total="def total(x):\n    return 0")
    assert course.marks() == {"crash": None, "wrong": {"double": 3.0, "total": 0.0}}
    assert {student: score for student, (score, _) in course.exported().items()} == {
        "crash": "",
        "wrong": "3",
    }
    assert not page.exists()
    assert [*course.folder.glob("autograded/crash/sums/*")] == []


def test_stock_commands_alone_leave_no_old_mark_either(course):
    right = course.submit("renames")
    course.submit("crash")
    course.submit("stays")
    course.nbgrader("autograde", "sums")
    course.submit_again("crash", total="import os\nos._exit(1)")
    right.rename(right.with_name("mine.ipynb"))
    course.nbgrader("autograde", "sums", "--force", code=1)
    course.nbgrader("export")
    waits = ("", "it is not graded yet")
    assert course.exported() == {"crash": waits, "renames": waits, "stays": ("7", "")}
    course.nbgrader("export", "--student", "['stays']", "--to", "grades.csv")
    assert course.exported() == {"stays": ("7", "")}


def test_a_course_without_submissions_is_refused(course):
    with pytest.raises(CourseError, match="holds no submission of sums"):
        autograde(course.folder, "sums")


def test_stock_commands_work_in_the_course_folder(course):
    right = course.submit("right")
    wrong = course.submit("wrong", total="def total(x):\n    return 0")
    assert "Success" in course.nbgrader("validate", str(right))
    assert "VALIDATION FAILED ON 1 CELL" in course.nbgrader("validate", str(wrong))
    course.nbgrader("generate_assignment", "sums", "--force")
    build(course.lesson)
    assert course.released.read_bytes() == course.lesson.student.read_bytes()
    shutil.rmtree(course.folder / "kernels")
    assert "no warm kernels here" in course.nbgrader("autograde", "sums")
    course.nbgrader("generate_feedback", "sums")
    course.nbgrader("export")
    assert course.exported() == {"right": ("7", ""), "wrong": ("3", "")}
    page = course.folder / "feedback" / "wrong" / "sums" / "sums.html"
    assert "must be 7" in page.read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written_costs_no_marks(course, monkeypatch):
    course.submit("right")
    convert = grading.autograde.stock.convert

    def failing(step, directory, extra=None):
        if step is GenerateFeedback:
            raise CourseError("no page today")
        convert(step, directory, extra)

    monkeypatch.setattr(grading.autograde.stock, "convert", failing)
    sheet = autograde(course.folder, "sums")
    assert [(result.marks, result.feedback) for result in sheet.results] == [(RIGHT, None)]
    assert "without a page" in str(table(sheet).caption)
    assert (course.folder / "grades.csv").is_file()
