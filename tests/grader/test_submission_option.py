"""`pytest --submission=PATH` judges a submission by the tests of its own notebook."""

import shutil

import numpy.testing  # noqa: F401 - once loaded it stays, run after run
import pytest
from small_course import write_area_lesson, write_lesson

import grading.lesson
from grading import ROOT

pytest_plugins = ["pytester"]

DOUBLE = "def double(x):\n    return 2 * x\n"
TOTAL = "def total(x):\n    return x.sum()\n"
AREA = "def area(width, height):\n    return width * height\n"


@pytest.fixture
def judge(pytester, monkeypatch):
    """Judge the text of a submission in a course of two notebooks and a test of its own."""
    write_lesson(pytester.path)
    write_area_lesson(pytester.path)
    for name in ("tests/conftest.py", "tests/exercises/conftest.py"):
        shutil.copy(ROOT / name, pytester.path / name)
    own = pytester.path / "tests" / "unit" / "test_own.py"
    own.parent.mkdir()
    own.write_text("raise RuntimeError('nobody asked for this one')")
    pytester.makeini("[pytest]\nmarkers = hidden: not seen by students")
    two = grading.lesson.lessons(pytester.path)
    monkeypatch.setattr(grading.lesson, "lessons", lambda: two)

    def run(text, name="mine.py", *arguments):
        if text is not None:
            (pytester.path / name).write_text(text)
        return pytester.runpytest_inprocess("-rA", f"--submission={name}", *arguments)

    return run


def test_only_the_tests_of_its_notebook_are_kept(judge):
    judge(DOUBLE + TOTAL).assert_outcomes(passed=4)
    judge(AREA).assert_outcomes(passed=1)


def test_those_of_another_notebook_are_dropped_even_when_asked_for(judge):
    result = judge(AREA, "mine.py", "tests/exercises/test_sums.py")
    result.assert_outcomes(deselected=4)
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_an_exercise_that_is_lacking_fails(judge):
    result = judge(DOUBLE)
    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(["*total is missing in mine.py: no cell defines it*"])


def test_a_cell_that_is_no_python_costs_its_exercise(judge):
    result = judge(f"# %%\n{DOUBLE}\n# %%\ndef total(x:\n    return 0\n")
    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(["*total is missing in mine.py: <mine.py, cell 2>: SyntaxError*"])


def test_exercises_of_two_notebooks_are_judged_by_both(judge):
    result = judge(DOUBLE + TOTAL + AREA.replace("width *", "0 *"))
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(["*area(2, 3) must be 6*"])


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "mine.py",
            "def hello():\n    pass\n",
            "mine.py defines no exercise of a notebook (areas: area; sums: double, total)",
        ),
        ("mine.py", "def double(x:\n    return 2 * x\n", "<mine.py, cell 1>: SyntaxError"),
        ("mine.ipynb", "<html>", "the submission mine.ipynb is no notebook"),
        ("mine.py", None, "the submission mine.py is missing"),
    ],
)
def test_what_cannot_be_judged_gets_a_sentence(judge, name, text, message):
    result = judge(text, name)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in result.stderr.str()
    assert "Traceback" not in result.stderr.str()
    assert "passed" not in result.stdout.str()
