import nbformat
import pytest

from grading import CourseError
from grading.build import solved_notebook
from grading.execute import execute, write_page


def notebook_of(*sources):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])


def test_a_solved_notebook_runs_and_becomes_a_page(make_lesson, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_STEPS", "3")
    reports = []
    executed = execute(
        solved_notebook(make_lesson()), tmp_path / "work", lambda *told: reports.append(told)
    )
    assert executed.cells[-1].outputs[0].data["text/plain"].endswith("3.0)")
    assert reports[0] == (0.0, "cell 1: # Two sums")
    assert [share for share, _ in reports] == sorted(share for share, _ in reports)
    page = write_page(executed, tmp_path / "pages" / "sums.ipynb")
    assert "Two sums" in page.read_text(encoding="utf-8")
    assert nbformat.read(tmp_path / "pages" / "sums.ipynb", 4).cells == executed.cells


def test_a_failing_cell_is_named_with_its_line_and_error(tmp_path):
    notebook = notebook_of("x = 1", "y = 2\nz = x / (y - 2)")
    # The tag lets a student's run go on; ours stops.
    notebook.cells[1].metadata.tags = ["raises-exception"]
    with pytest.raises(CourseError) as failure:
        execute(notebook, tmp_path)
    assert str(failure.value) == (
        "cell 2 failed, line 2: z = x / (y - 2)\nZeroDivisionError: division by zero"
    )


def test_a_cell_with_a_syntax_error_is_named(tmp_path):
    with pytest.raises(CourseError, match=r"cell 1 failed.*\nSyntaxError"):
        execute(notebook_of("def f(:"), tmp_path)


def test_an_endless_cell_is_named(tmp_path):
    with pytest.raises(CourseError, match="cell 1 took longer than 1 s"):
        execute(notebook_of("while True:\n    pass"), tmp_path, timeout=1)


def test_a_dead_kernel_is_named(tmp_path):
    with pytest.raises(CourseError, match="cell 1 killed its kernel"):
        execute(notebook_of("import os\nos._exit(1)"), tmp_path)
