import inspect

import nbformat
import numpy as np
import pytest

from grading import CourseError
from grading.build import solved_notebook
from grading.submission import load_functions, read_submission


def notebook_of(tmp_path, *sources):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    path = tmp_path / "mine.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_functions_of_a_percent_source(make_lesson):
    functions = load_functions(make_lesson().source)
    assert set(functions) == {"double", "total"}
    assert functions["double"](np.ones(3)).sum() == functions["total"](np.ones(6))


def test_functions_of_a_notebook(make_lesson, tmp_path):
    path = tmp_path / "solved.ipynb"
    nbformat.write(solved_notebook(make_lesson()), path)
    assert {"double", "total"} <= set(load_functions(path))


def test_functions_of_a_plain_module(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("import math\n\nTWO = 2\n\ndef double(x):\n    return TWO * math.floor(x)\n")
    assert load_functions(path)["double"](3.5) == 6


def test_a_syntax_error_costs_its_cell_only(tmp_path):
    path = notebook_of(tmp_path, "def broken(:", "def whole():\n    return 1")
    submission = read_submission(path)
    assert set(submission.functions) == {"whole"}
    assert len(submission.problems) == 1
    assert submission.problems[0].startswith("<mine.ipynb, cell 1>: SyntaxError")


def test_a_failing_import_costs_itself_only(tmp_path):
    path = notebook_of(
        tmp_path, "import no_such_module\nimport math\ndef f():\n    return math.pi"
    )
    submission = read_submission(path)
    assert submission.functions["f"]() > 3
    assert "cell 1>, line 1: ModuleNotFoundError" in submission.problems[0]


def test_nothing_but_definitions_and_literals_is_executed(tmp_path):
    touched = tmp_path / "touched"
    path = notebook_of(
        tmp_path,
        "%matplotlib inline\n!touch touched\nfrom pathlib import Path",
        f"done = Path({str(touched)!r}).touch()\nwhile True:\n    pass",
        "LAYERS = [('conv1_1', 0.2)]\nLIMIT: int = -3\nlater = LAYERS[0]",
        "def f():\n    return LAYERS, LIMIT, 'later' in globals()",
    )
    assert load_functions(path)["f"]() == ([("conv1_1", 0.2)], -3, False)
    assert not touched.exists()


def test_functions_see_each_other_and_have_a_source(tmp_path):
    path = notebook_of(tmp_path, "def f():\n    return g()", "def g():\n    return 'g'")
    functions = load_functions(path)
    assert functions["f"]() == "g"
    assert inspect.getsource(functions["g"]) == "def g():\n    return 'g'\n"


def test_imported_functions_are_not_the_submissions_own(tmp_path):
    path = notebook_of(
        tmp_path, "from math import floor\nfrom os.path import join\ndef f():\n    pass"
    )
    assert set(load_functions(path)) == {"f"}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("mine.ipynb", "<html>", "is no notebook"),
        ("mine.ipynb", "", "is no notebook"),
        ("mine.txt", "x", "must be a notebook"),
        ("mine.py", None, "is missing"),
    ],
)
def test_what_is_no_submission_is_refused(tmp_path, name, text, message):
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    with pytest.raises(CourseError, match=message):
        load_functions(path)
