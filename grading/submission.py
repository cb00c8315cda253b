"""The functions of a submission, without running the submission."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jupytext
import nbformat

from grading import CourseError
from grading.student import own_functions, plain_python, run_cell

__all__ = ["Submission", "load_functions", "plain_python", "read_submission"]


@dataclass
class Submission:
    """What was read from a notebook or a module.

    Attributes
    ----------
    functions : dict of str to callable
        The functions that it defines, by name.
    problems : list of str
        What could not be read, one sentence each, with the cell's number.
    """

    functions: dict[str, Callable[..., Any]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def load_functions(path: Path | str) -> dict[str, Callable[..., Any]]:
    """Return the functions that a notebook or a module defines, by name."""
    return read_submission(path).functions


def read_submission(path: Path | str) -> Submission:
    """Read a notebook, a percent text or a plain module.

    Only imports, definitions of functions and classes, and assignments of literals are executed,
    so a long run in the submission costs nothing. A cell that is no Python, or a statement
    that fails, costs itself only.

    Parameters
    ----------
    path : Path or str
        A `.ipynb` or `.py` file.

    Raises
    ------
    CourseError
        If the file is missing or is neither of the two.
    """
    path = Path(path)
    submission = Submission()
    namespace: dict[str, Any] = {"__name__": f"submission_{path.stem}"}
    for number, source in _cells(path):
        submission.problems += run_cell(f"<{path.name}, cell {number}>", source, namespace)
    submission.functions = own_functions(namespace)
    return submission


def _cells(path: Path) -> Iterator[tuple[int, str]]:
    if not path.is_file():
        raise CourseError(f"the submission {path} is missing")
    if path.suffix not in {".ipynb", ".py"}:
        raise CourseError(f"the submission {path} must be a notebook (.ipynb) or a module (.py)")
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py" and not any(line.startswith("# %%") for line in text.splitlines()):
        yield 1, text
        return
    try:
        notebook = jupytext.reads(text, fmt=path.suffix.lstrip("."))
    except nbformat.reader.NotJSONError as error:
        raise CourseError(f"the submission {path} is no notebook: {error}") from error
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "code":
            yield number, cell.source
