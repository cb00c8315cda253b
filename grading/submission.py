"""The functions of a submission, without running the submission."""

import ast
import linecache
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from IPython.core.inputtransformer2 import TransformerManager

from grading import CourseError

DEFINITIONS = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef


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
        _read_cell(f"<{path.name}, cell {number}>", source, namespace, submission)
    submission.functions = {
        name: value
        for name, value in namespace.items()
        if getattr(value, "__module__", None) == namespace["__name__"] and callable(value)
    }
    return submission


def plain_python(source: str) -> str:
    """Turn IPython's own syntax (`%magic`, `!command`, `name?`) into Python."""
    return TransformerManager().transform_cell(source)


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


def _read_cell(name: str, source: str, namespace: dict[str, Any], submission: Submission) -> None:
    try:
        python = plain_python(source)
        statements = ast.parse(python, name).body
    except (SyntaxError, ValueError) as error:
        submission.problems.append(f"{name}: {type(error).__name__}: {error}")
        return
    # AutoGraph and tracebacks read the source of a function from here.
    linecache.cache[name] = (len(python), None, python.splitlines(keepends=True), name)
    for statement in filter(_is_definition, statements):
        try:
            exec(compile(ast.Module([statement], []), name, "exec"), namespace)
        except Exception as error:  # whatever a student's import or decorator raises
            submission.problems.append(
                f"{name}, line {statement.lineno}: {type(error).__name__}: {error}"
            )


def _is_definition(statement: ast.stmt) -> bool:
    if isinstance(statement, DEFINITIONS):
        return True
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
        return False
    try:
        ast.literal_eval(statement.value)
    except ValueError:
        return False
    return True
