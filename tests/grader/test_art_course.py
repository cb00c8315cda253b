"""The art notebook through the stock flow, with the samples that `make course` grades."""

import ast
import subprocess
import sys

import nbformat
import pytest

from grading import ROOT
from grading.autograde import autograde
from grading.build import Lesson
from grading.checks import read_checks
from grading.demo import check_samples
from grading.release import release
from grading.samples import BLANK, SOLUTION, exercise_sources, write_samples

ART = Lesson("art_generation")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course folder with the release; it knows which exercise each sample gets wrong."""
    folder = tmp_path_factory.mktemp("art") / "course"
    release(ART, folder)
    return folder, write_samples(ART, folder)


def validate(folder, student):
    path = folder / "submitted" / student / ART.name / f"{ART.name}.ipynb"
    command = [sys.executable, "-m", "nbgrader", "validate", str(path)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def test_the_release_is_the_committed_notebook(course):
    folder, _ = course
    released = folder / "release" / ART.name / ART.student.name
    assert released.read_bytes() == ART.student.read_bytes()


def test_no_solution_and_no_hidden_test_is_released(course):
    folder, _ = course
    released = folder / "release" / ART.name / ART.student.name
    text = "\n".join(cell.source for cell in nbformat.read(released, 4).cells)
    solved = exercise_sources(folder / "source" / ART.name / ART.student.name)
    stubs = exercise_sources(released)
    for exercise, source in solved.items():
        body = source.partition("### BEGIN SOLUTION\n")[2].partition("    ### END SOLUTION")[0]
        assert body.strip()
        assert body not in text
        function = ast.parse(stubs[exercise]).body[0]
        _, stub = map(ast.unparse, function.body)
        assert stub == f"raise NotImplementedError('{exercise}: write the body')"
    for exercise, cell in read_checks(ART.tests, list(solved)).grade_cells.items():
        hidden = cell.partition("### BEGIN HIDDEN TESTS")[2]
        names = [line.split("(")[0] for line in hidden.splitlines() if line.startswith("def ")]
        assert names
        assert not [name for name in names if f"{name}(" in text], exercise
    assert "SOLUTION" not in text
    assert "HIDDEN" not in text


def test_stock_validate_passes_the_solution(course):
    assert "Success! Your notebook passes all the tests." in validate(course[0], SOLUTION)


def test_stock_validate_fails_a_blank_notebook(course):
    assert "VALIDATION FAILED ON 6 CELL(S)" in validate(course[0], BLANK)


def test_stock_autograde_gives_each_sample_its_marks(course):
    folder, wrong = course
    sheet = autograde(folder, ART.name)
    assert sum(sheet.worth.values()) == 100
    assert len(wrong) == len(sheet.results) == 5
    check_samples(sheet, wrong)
    assert (folder / "grades.csv").is_file()
    for result in sheet.results:
        assert result.feedback.is_file()


@pytest.mark.parametrize(("student", "code"), [(SOLUTION, 0), (BLANK, 1)])
def test_pytest_judges_a_submission(course, student, code):
    path = course[0] / "submitted" / student / ART.name / f"{ART.name}.ipynb"
    command = [sys.executable, "-m", "pytest", "-q", str(ART.tests), "--submission", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout
    if code:
        assert "gram_matrix: write the body" in done.stdout
        assert "passed" not in done.stdout
