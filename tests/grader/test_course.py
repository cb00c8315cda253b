"""Every notebook through the stock flow, with the samples that `make course` grades."""

import ast
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from grading import ROOT
from grading.autograde import autograde
from grading.checks import read_checks
from grading.demo import check_samples
from grading.lesson import Lesson, lessons
from grading.release import release
from grading.samples import BLANK, MISTAKES, SOLUTION, exercise_sources, write_samples


class Course:
    """A course folder with one release and the samples.

    Attributes
    ----------
    folder : Path
        Of the course.
    lesson : Lesson
        What is released.
    wrong : dict of str to (str or None)
        For each sample the exercise that it gets wrong.
    """

    def __init__(self, folder: Path, lesson: Lesson) -> None:
        self.folder, self.lesson = folder, lesson
        self.released = release(lesson, folder)
        self.source = folder / "source" / lesson.name / self.released.name
        self.wrong = write_samples(lesson, folder)

    def submission(self, student: str) -> Path:
        return self.folder / "submitted" / student / self.lesson.name / self.released.name


@pytest.fixture(scope="module", params=lessons(), ids=lambda lesson: lesson.name)
def course(request, tmp_path_factory):
    return Course(tmp_path_factory.mktemp(request.param.name) / "course", request.param)


def test_the_release_is_the_committed_notebook(course):
    assert course.released.read_bytes() == course.lesson.student.read_bytes()


def test_no_solution_and_no_hidden_test_is_released(course):
    text = "\n".join(cell.source for cell in nbformat.read(course.released, 4).cells)
    solved = exercise_sources(course.source)
    stubs = exercise_sources(course.released)
    assert list(solved) == course.lesson.exercises
    for exercise, source in solved.items():
        body = source.partition("### BEGIN SOLUTION\n")[2].partition("    ### END SOLUTION")[0]
        assert body.strip()
        assert body not in text
        function = ast.parse(stubs[exercise]).body[0]
        _, stub = map(ast.unparse, function.body)
        assert stub == f"raise NotImplementedError('{exercise}: write the body')"
    for exercise, cell in read_checks(course.lesson.tests, list(solved)).grade_cells.items():
        hidden = cell.partition("### BEGIN HIDDEN TESTS")[2]
        names = [line.split("(")[0] for line in hidden.splitlines() if line.startswith("def ")]
        assert names
        assert not [name for name in names if f"{name}(" in text], exercise
    assert "SOLUTION" not in text
    assert "HIDDEN" not in text


@pytest.mark.parametrize("student", [SOLUTION, BLANK])
def test_stock_validate_tells_the_solution_from_a_blank_notebook(course, student):
    command = [sys.executable, "-m", "nbgrader", "validate", str(course.submission(student))]
    done = subprocess.run(
        command, cwd=course.folder, capture_output=True, text=True, check=True
    ).stdout
    if student == SOLUTION:
        assert "Success! Your notebook passes all the tests." in done
    else:
        assert f"VALIDATION FAILED ON {len(course.lesson.exercises)} CELL(S)" in done


def test_stock_autograde_gives_each_sample_its_marks(course):
    sheet = autograde(course.folder, course.lesson.name)
    assert list(sheet.worth) == course.lesson.exercises
    assert sum(sheet.worth.values()) == 100
    students = {SOLUTION, BLANK, *(m.student for m in MISTAKES[course.lesson.name])}
    assert {result.student for result in sheet.results} == students
    assert len(students) >= 5
    check_samples(sheet, course.wrong)
    assert (course.folder / "grades.csv").is_file()
    for result in sheet.results:
        assert result.feedback.is_file()


@pytest.mark.parametrize(("student", "code"), [(SOLUTION, 0), (BLANK, 1)])
def test_pytest_judges_a_submission(course, student, code):
    command = [sys.executable, "-m", "pytest", "-q", f"--submission={course.submission(student)}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout
    if code:
        assert f"{course.lesson.exercises[-1]}: write the body" in done.stdout
        assert "passed" not in done.stdout
