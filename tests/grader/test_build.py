import json
import re

import nbformat
import pytest

from grading import CourseError
from grading.build import build, is_stale, solved_notebook, student_text
from grading.catalogues import languages
from grading.lesson import lessons


def cells_by_id(notebook):
    return {cell.id: cell for cell in notebook.cells}


def student_notebook(lesson):
    return nbformat.reads(student_text(solved_notebook(lesson), lesson.name), 4)


def test_an_exercise_loses_its_body_and_keeps_its_docstring(make_lesson):
    student = cells_by_id(student_notebook(make_lesson()))
    assert student["double"].source == (
        'def double(x):\n    """Return twice x."""\n'
        '    raise NotImplementedError("double: write the body")'
    )
    assert 'NotImplementedError("total: write the body")' in student["total"].source


def test_metadata_is_what_nbgrader_wants(make_lesson):
    solved = cells_by_id(solved_notebook(make_lesson()))
    assert solved["double"].metadata.nbgrader == {
        "grade_id": "double",
        "solution": True,
        "grade": False,
        "locked": False,
        "task": False,
        "schema_version": 3,
    }
    assert solved["test-double"].metadata.nbgrader == {
        "grade_id": "test_double",
        "solution": False,
        "grade": True,
        "locked": True,
        "points": 3,
        "task": False,
        "schema_version": 3,
    }
    assert solved["checks"].metadata.nbgrader.locked
    assert solved["checks"].metadata.jupyter.source_hidden
    assert solved["cell-002"].metadata == {"tags": ["setup"]}


def test_a_notebook_says_what_makes_it(make_lesson):
    metadata = solved_notebook(make_lesson()).metadata
    assert metadata.course.points == 7
    assert "`course build` from notebooks/source/sums.py" in metadata.course.generated


def test_helpers_of_visible_tests_stand_once_in_the_checks_cell(make_lesson):
    assert cells_by_id(solved_notebook(make_lesson()))["checks"].source == (
        "import numpy as np\nfrom numpy.testing import assert_allclose\n\n"
        "# Three entries, all different.\nSAMPLE = [1.0, 2.0, 4.0]\n\n\n"
        "def sample():\n    return np.array(SAMPLE)"
    )


def test_hidden_tests_stand_between_marks_with_what_only_they_need(make_lesson):
    cell = cells_by_id(solved_notebook(make_lesson()))["test-double"].source
    visible, _, hidden = cell.partition("### BEGIN HIDDEN TESTS\n")
    assert visible.startswith("# Twice, for each entry.\ndef test_double_of_a_sample(double):")
    assert visible.endswith("\ntest_double_of_a_sample(double)\n")
    assert hidden.startswith("import math\n\nSECRET_SAMPLE = [5.0, 7.0]\n\n\ndef secret_sample")
    assert hidden.endswith("\ntest_double_of_a_secret_sample(double)\n### END HIDDEN TESTS")
    assert "assert_array_equal" not in hidden
    assert "pytest" not in cell


def test_no_solution_and_no_hidden_test_is_released(make_lesson):
    text = student_text(solved_notebook(make_lesson()), "sums")
    for word in ("secret", "SECRET", "math", "SOLUTION", "HIDDEN", "test_total_of_a_matrix"):
        assert word not in text


def test_cell_ids_are_the_same_every_time(make_lesson):
    lesson = make_lesson()
    assert build(lesson)
    first = lesson.student.read_bytes()
    assert not build(lesson)
    lesson.student.unlink()
    build(lesson)
    assert lesson.student.read_bytes() == first
    assert first.endswith(b"}\n")
    assert json.loads(first)["nbformat_minor"] == 5
    ids = " ".join(cell.id for cell in nbformat.reads(first.decode(), 4).cells)
    assert ids == "cell-001 cell-002 checks double test-double total test-total cell-008"


def test_a_change_of_source_or_tests_makes_a_notebook_stale(make_lesson):
    lesson = make_lesson()
    assert is_stale(lesson)
    build(lesson)
    assert not is_stale(lesson)
    lesson.tests.write_text(lesson.tests.read_text().replace("== 7, f", "== 7.0, f"))
    assert is_stale(lesson)


def test_a_run_goes_on_after_a_failing_check(make_lesson):
    tags = {
        cell.id: cell.metadata.get("tags", []) for cell in student_notebook(make_lesson()).cells
    }
    tagged = {name for name, found in tags.items() if "raises-exception" in found}
    assert tagged == {"test-double", "test-total", "cell-008"}


def test_every_grade_cell_is_silent_and_ends_in_a_call(make_lesson):
    for notebook in (solved_notebook(make_lesson()), student_notebook(make_lesson())):
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("grade"):
                last = cell.source.replace("### END HIDDEN TESTS", "").rstrip().split("\n")[-1]
                assert re.fullmatch(r"test_\w+\(\w+\)", last)


def test_every_committed_notebook_is_what_its_source_makes():
    stale = [
        lesson.student_in(language).relative_to(lesson.root).as_posix()
        for lesson in lessons()
        for language in languages(lesson)
        if is_stale(lesson, language)
    ]
    assert not stale, f"run: course build ({', '.join(stale)})"


SOURCE_MISTAKES = {
    "repeated exercise": ('exercise="total"', 'exercise="double"', "double is repeated"),
    "repeated tests": ('tests="total"', 'tests="double"', "test_double is repeated"),
    "exercise without tests": ('# %% tests="total" points=4', "", "total has no cell with tests"),
    "tests without exercise": ('tests="total"', 'tests="mean"', "mean without an exercise mean"),
    "points that do not add up": ("points=4", "points=5", "add up to 8, but .* is 7"),
    "no points": (' points=4', "", "whole points above 0"),
    "a mark outside an exercise": ("# # Two sums", "# ### BEGIN SOLUTION", "outside an exercise"),
    "a missing mark": ("sum() / 2\n    ### END SOLUTION", "sum() / 2", "END SOLUTION"),
    "an unmarked solution": ('exercise="double"', 'tags=["x"]', "double without an exercise"),
    "another function": ("def total(", "def sum_up(", "defines a function named sum_up"),
    "two statements": ("def total(", "import os\n\ndef total(", "one function and nothing else"),
    "no docstring": ('    """Return twice x."""\n', "", "no docstring"),
    "a body for the builder": ("points=4\n", "points=4\nx = 1\n", "leave it empty"),
    "no checks cell": ("# %% checks=true", "", "put a cell"),
    "two checks cells": ("# %% checks=true", "# %% checks=true\n\n# %% checks=true", "a second"),
    "two marks": ('="double" points=3', '="double" points=3 checks=true', "choose one"),
    "a name of the tests": ("STEPS = int", "SAMPLE = int", "SAMPLE is also a name in the tests"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), SOURCE_MISTAKES.values(), ids=SOURCE_MISTAKES)
def test_the_builder_refuses_a_source_with(make_lesson, old, new, message):
    with pytest.raises(CourseError, match=rf"sums\.py.*{message}"):
        solved_notebook(make_lesson(old, new))


def test_the_builder_refuses_tests_above_their_exercise(make_lesson):
    lesson = make_lesson()
    marked = '# %% exercise="double"', '# %% tests="double" points=3\n'
    text = lesson.source.read_text().replace(marked[1], "")
    lesson.source.write_text(text.replace(marked[0], f"{marked[1]}\n{marked[0]}"))
    with pytest.raises(CourseError, match="cell 4: tests of double without an exercise"):
        solved_notebook(lesson)


TESTS_MISTAKES = {
    "two arguments": ("a_sample(total)", "a_sample(total, double)", "has 2 arguments"),
    "no argument": ("a_sample(total)", "a_sample()", "has 0 arguments"),
    "a foreign argument": ("a_sample(total)", "a_sample(sum_up)", "sum_up, which is no exercise"),
    "an undefined name": ("== 7, f", "== seven, f", "uses seven, which nobody defines"),
    "an undefined name in a helper": ("np.array(SAMPLE)", "np.array(SAMPEL)", "uses SAMPEL"),
    "another exercise's name": ("total(sample())", "double(sample())", "uses double"),
    "pytest in a test": ("assert total(sample())", "assert pytest and total(sample())", "pytest"),
    "another decorator": ("@pytest.mark.hidden", "@pytest.mark.slow", "only @pytest.mark.hidden"),
    "a value returned": ("    got = double", "    return 1\n    got = double", "partial credit"),
    "a statement of another kind": ("SECRET_SAMPLE =", "if 1:\n    SECRET_SAMPLE =",
                                    "only imports"),
    "an import of everything": ("import math", "from math import *", "named things"),
    "no visible test": ("def test_total_of_a_s", "@pytest.mark.hidden\ndef test_total_of_a_s",
                        "total has no visible test"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), TESTS_MISTAKES.values(), ids=TESTS_MISTAKES)
def test_the_builder_refuses_tests_with(make_lesson, old, new, message):
    with pytest.raises(CourseError, match=rf"test_sums\.py.*{message}"):
        solved_notebook(make_lesson(in_tests=(old, new)))


def test_a_missing_file_is_named(make_lesson):
    lesson = make_lesson()
    lesson.tests.unlink()
    with pytest.raises(CourseError, match=r"test_sums\.py is missing"):
        solved_notebook(lesson)
