"""A notebook's source in percent text, and the rules that it keeps."""

import ast
import symtable
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jupytext
from nbformat import NotebookNode

from grading import CourseError
from grading.checks import Checks
from grading.submission import plain_python

BEGIN_SOLUTION = "### BEGIN SOLUTION"
END_SOLUTION = "### END SOLUTION"
MARKS = ("BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN TESTS", "END HIDDEN TESTS")
KINDS = ("exercise", "tests", "checks")


class Source:
    """The cells of a percent text, checked.

    Parameters
    ----------
    path : Path
        The text. Its cells may be marked `exercise="NAME"`, `tests="NAME" points=N` or
        `checks=true`; its header carries `course.points`.

    Attributes
    ----------
    cells : list of NotebookNode
        As jupytext reads them.
    course : dict
        What the header says under `course`.
    exercises : list of str
        The names of the exercise functions, in order.

    Raises
    ------
    CourseError
        If the text breaks a rule; the message names the cell and the rule.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        text = jupytext.read(path, fmt="py:percent")
        self.cells: list[NotebookNode] = text.cells
        self.course: dict[str, Any] = dict(text.metadata.get("course", {}))
        self.exercises = [name for _, name in self._marked("exercise")]
        self._check_names()
        for index, cell in enumerate(self.cells):
            self._check_cell(index, cell)
        self._check_points()

    def check_helpers(self, checks: Checks) -> None:
        """Refuse a notebook that lacks the cell for the tests' helpers or reuses their names."""
        places = [index for index, _ in self._marked("checks")]
        tests = [index for index, _ in self._marked("tests")]
        if len(places) > 1:
            raise self._fail("a second checks cell; one is enough", places[1])
        if checks.shared and tests and (not places or places[0] > tests[0]):
            raise self._fail("the tests need helpers: put a cell `# %% checks=true` above them")
        for index, cell in enumerate(self.cells):
            taken = _assigned_names(cell) & checks.names
            if taken:
                message = f"{min(taken)} is also a name in the tests; rename one of them"
                raise self._fail(message, index)

    def _fail(self, message: str, index: int | None = None) -> CourseError:
        where = self.path.name + ("" if index is None else f", cell {index + 1}")
        return CourseError(f"{where}: {message}")

    def _marked(self, kind: str) -> Iterator[tuple[int, Any]]:
        for index, cell in enumerate(self.cells):
            if kind in cell.metadata:
                yield index, cell.metadata[kind]

    def _check_cell(self, index: int, cell: NotebookNode) -> None:
        kinds = [kind for kind in KINDS if kind in cell.metadata]
        if len(kinds) > 1:
            raise self._fail(f"is marked {' and '.join(kinds)}; choose one", index)
        if kinds == ["exercise"]:
            self._check_exercise(index, cell.source, cell.metadata["exercise"])
            return
        for mark in MARKS:
            if mark in cell.source:
                raise self._fail(f"'{mark}' outside an exercise", index)
        if kinds and cell.source.strip():
            raise self._fail("the builder writes the body of this cell; leave it empty", index)

    def _check_exercise(self, index: int, text: str, name: str) -> None:
        marks = [line.strip() for line in text.split("\n") if any(m in line for m in MARKS)]
        if marks != [BEGIN_SOLUTION, END_SOLUTION]:
            raise self._fail(
                f"exercise {name} needs one line '{BEGIN_SOLUTION}' and below it one line "
                f"'{END_SOLUTION}', not {marks}",
                index,
            )
        body = ast.parse(text).body
        if len(body) != 1 or not isinstance(body[0], ast.FunctionDef):
            raise self._fail(f"exercise {name} must be one function and nothing else", index)
        if body[0].name != name:
            raise self._fail(f"exercise {name} defines a function named {body[0].name}", index)
        if not ast.get_docstring(body[0]):
            raise self._fail(f"exercise {name} has no docstring for the student", index)

    def _check_names(self) -> None:
        places = dict(reversed([(name, index) for index, name in self._marked("exercise")]))
        tested = [name for _, name in self._marked("tests")]
        for name, count in Counter([*self.exercises, *(f"test_{t}" for t in tested)]).items():
            if count > 1:
                raise self._fail(f"grade id {name} is repeated; each needs its own name")
        for index, name in self._marked("tests"):
            if places.get(name, index) >= index:
                raise self._fail(f"tests of {name} without an exercise {name} above", index)
        for name in self.exercises:
            if name not in tested:
                raise self._fail(f'exercise {name} has no cell with tests="{name}"', places[name])

    def _check_points(self) -> None:
        given = [self.cells[index].metadata.get("points", 0) for index, _ in self._marked("tests")]
        if any(not isinstance(points, int) or points <= 0 for points in given):
            raise self._fail(f"each tests cell needs whole points above 0; they are {given}")
        if self.course.get("points") != sum(given):
            raise self._fail(
                f"the points of the tests cells add up to {sum(given)}, "
                f"but course.points in the header is {self.course.get('points')}"
            )


def _assigned_names(cell: NotebookNode) -> set[str]:
    if cell.cell_type != "code":
        return set()
    symbols = symtable.symtable(plain_python(cell.source), "cell", "exec").get_symbols()
    return {s.get_name() for s in symbols if s.is_assigned() and not s.is_imported()}
