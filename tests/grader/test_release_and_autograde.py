"""The stock flow on the small course, from generate_assignment to export."""

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
from grading.build import Lesson, build
from grading.release import release
from grading.samples import answered, exercise_sources

RIGHT = {"double": 3.0, "total": 4.0}


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

    def marks(self):
        return {result.student: result.marks for result in autograde(self.folder, "sums").results}

    def nbgrader(self, *arguments):
        """Run a stock command in the course folder; return its output."""
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *arguments],
            cwd=self.folder,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr


def without(*ids):
    def edit(notebook):
        notebook.cells = [cell for cell in notebook.cells if cell.id not in ids]

    return edit


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
    with (course.folder / "grades.csv").open() as table:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(table)}
    assert scores == {"right": 7.0, "blank": 0.0, "wrong": 3.0, "syntax": 0.0}


def test_a_right_answer_that_warns_stays_right(course):
    noisy = (
        "def double(x):\n    import sys, warnings\n    print('hm', file=sys.stderr)\n"
        "    warnings.warn('old')\n    return 2 * x"
    )
    course.submit("noisy", double=noisy)
    assert course.marks() == {"noisy": RIGHT}


def test_deleted_and_edited_cells_come_back(course):
    def easier(notebook):
        cell = next(cell for cell in notebook.cells if cell.id == "test-total")
        cell.source = "pass"
        cell.metadata.nbgrader.points = 100

    course.submit("no-test", without("test-double"))
    course.submit("no-helpers", without("checks"))
    course.submit("no-exercise", without("total", "test-total"))
    course.submit("easier", easier, total="def total(x):\n    return 0")
    assert course.marks() == {
        "no-test": RIGHT,
        "no-helpers": RIGHT,
        "no-exercise": {"double": 3.0, "total": 0.0},
        "easier": {"double": 3.0, "total": 0.0},
    }


def test_grading_takes_few_steps_and_stops_an_endless_cell(course):
    settings = course.folder / "nbgrader_config.py"
    settings.write_text(settings.read_text() + "\nc.Execute.timeout = 3\n")
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
    course.submit("greedy", double=greedy, total="def total(x):\n    return x.sum()")
    course.submit("right")
    assert course.marks() == {
        "broken": None,
        "dead": None,
        "greedy": {"double": 0.0, "total": 4.0},
        "right": RIGHT,
    }
    greedy_page = course.folder / "feedback" / "greedy" / "sums" / "sums.html"
    assert "Unable to allocate 128. GiB" in greedy_page.read_text(encoding="utf-8")


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
    course.nbgrader("autograde", "sums")
    course.nbgrader("generate_feedback", "sums")
    course.nbgrader("export")
    with (course.folder / "grades.csv").open() as table:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(table)}
    assert scores == {"right": 7.0, "wrong": 3.0}
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
