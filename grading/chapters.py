"""Chapters of the site: what a student opens, with the outputs of the solved notebook.

No solution is in them: texts and code are the student's, and of the solved notebook come only the
outputs of cells that are no exercise and no check.
"""

import copy
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from grading import CourseError
from grading.build import solved_notebook, student_text
from grading.lesson import Lesson

WIDGET = "application/vnd.jupyter.widget-view+json"
SHOW_CHECK = {"code_prompt_show": "Show the check", "code_prompt_hide": "Hide the check"}
NO_OUTPUTS = (
    "```{note}\nThis page was made without the notebook's outputs. "
    "`make site` runs the notebook and shows them.\n```"
)


@dataclass(frozen=True)
class Chapter:
    """A notebook as the site shows it.

    Attributes
    ----------
    name : str
        The notebook's.
    notebook : NotebookNode
        Without solutions.
    complete : bool
        Whether it has outputs; they are left out where the notebook has changed since it was run.
    """

    name: str
    notebook: NotebookNode
    complete: bool


def executed_path(lesson: Lesson) -> Path:
    """Return where `course run` leaves a solved notebook with its outputs."""
    return lesson.root / "build" / "executed" / f"{lesson.name}.ipynb"


def chapter(lesson: Lesson, descriptions: Mapping[str, str]) -> Chapter:
    """Make a chapter.

    Parameters
    ----------
    lesson : Lesson
        Which notebook. Its outputs are taken from `build/executed/` if its code is still the same.
    descriptions : mapping of str to str
        What each figure shows, by a line of the cell that draws it.

    Returns
    -------
    Chapter
        What the site shows.

    Raises
    ------
    CourseError
        If a figure is not described, or a description fits no cell, or two.
    """
    solved = solved_notebook(lesson)
    page = nbformat.reads(student_text(solved, lesson.name), 4)
    alts = _described(lesson, page, descriptions)
    outputs = outputs_of(lesson, solved)
    for cell in page.cells:
        _dress(cell, outputs or {}, alts.get(cell.id))
        _refuse_undescribed(lesson, cell, alts)
    if outputs is None:
        page.cells.insert(1, nbformat.v4.new_markdown_cell(NO_OUTPUTS, id="no-outputs"))
    return Chapter(lesson.name, page, outputs is not None)


def outputs_of(lesson: Lesson, solved: NotebookNode) -> dict[str, list[NotebookNode]] | None:
    """Return the outputs of each cell by its id; None if the notebook as it is was never run."""
    path = executed_path(lesson)
    if not path.is_file():
        return None
    executed = nbformat.read(path, 4)
    if _code(executed) != _code(solved):
        return None
    return {cell.id: cell.outputs for cell in executed.cells if cell.cell_type == "code"}


def read_descriptions(path: Path) -> dict[str, dict[str, str]]:
    """Read what each figure of each notebook shows.

    Parameters
    ----------
    path : Path
        A TOML file with a table for each notebook, and in it for each cell with figures a line of
        its code and the text.

    Returns
    -------
    dict of str to dict
        The tables.

    Raises
    ------
    CourseError
        If the file is missing or no TOML.
    """
    if not path.is_file():
        raise CourseError(f"{path} is missing; it says what each figure of the chapters shows")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"{path} cannot be read: {error}") from error


def _code(notebook: NotebookNode) -> list[tuple[str, str]]:
    return [(cell.id, cell.source) for cell in notebook.cells if cell.cell_type == "code"]


def _described(
    lesson: Lesson, page: NotebookNode, descriptions: Mapping[str, str]
) -> dict[str, str]:
    """Return the description of a cell's figures by the cell's id."""
    alts = {}
    for line, text in descriptions.items():
        cells = [c for c in page.cells if c.cell_type == "code" and line in _lines(c)]
        if len(cells) != 1:
            raise CourseError(
                f"docs/figures.toml: the line {line!r} must be in one cell of {lesson.name}, "
                f"but is in {len(cells)}; give a line of the cell as it is now"
            )
        alts[cells[0].id] = text
    return alts


def _lines(cell: NotebookNode) -> list[str]:
    return [line.strip() for line in cell.source.splitlines()]


def _dress(cell: NotebookNode, outputs: Mapping[str, list[NotebookNode]], alt: str | None) -> None:
    """Give one cell what the site shows of it."""
    if cell.cell_type != "code":
        return
    marks = cell.metadata.pop("nbgrader", {})
    tags = {"hide-input"} if marks.get("locked") else set()
    cell.metadata = nbformat.from_dict({"tags": sorted(tags)})
    if tags:
        cell.metadata["mystnb"] = dict(SHOW_CHECK)
    if not marks:
        cell.outputs = list(_shown(outputs.get(cell.id, [])))
    if alt:
        cell.metadata["mystnb"] = {"image": {"alt": alt}}


def _refuse_undescribed(lesson: Lesson, cell: NotebookNode, alts: Mapping[str, str]) -> None:
    if cell.cell_type == "code" and _has_figure(cell.outputs) and cell.id not in alts:
        raise CourseError(
            f"a figure of {lesson.name} has no description: add a line of its cell to "
            f"docs/figures.toml, such as {_lines(cell)[-1]!r}, with what one sees"
        )


def _has_figure(outputs: Iterable[Mapping[str, Any]]) -> bool:
    return any(kind.startswith("image/") for output in outputs for kind in output.get("data", {}))


def _shown(outputs: Iterable[NotebookNode]) -> Iterable[NotebookNode]:
    """Leave out progress bars, and controls, which need a kernel."""
    for output in outputs:
        if output.get("name") == "stderr" or WIDGET in output.get("data", {}):
            continue
        kept = copy.deepcopy(output)
        if "execution_count" in kept:
            kept["execution_count"] = None
        yield kept
