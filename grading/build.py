"""From percent text with solutions to the notebooks.

`notebooks/source/NAME.py` and `tests/exercises/test_NAME.py` make two notebooks: the solved one,
which is nbgrader's source, and the student's, which is the solved one put through nbgrader's own
steps. Both are the same bytes whenever they are made from the same text.
"""

import copy
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import SaveCells
from traitlets.config import Config

from grading import CourseError, stock
from grading.catalogues import path_of
from grading.checks import Checks, read_checks
from grading.files import replace_text
from grading.lesson import Lesson
from grading.source import Source
from grading.translations import documents, translated, translated_document


def solved_notebook(lesson: Lesson, language: str = "en") -> NotebookNode:
    """Make nbgrader's source notebook.

    Parameters
    ----------
    lesson : Lesson
        Whose source and tests to read.
    language : str
        In which to write its text and the sentences of its checks; the code is the same.

    Returns
    -------
    NotebookNode
        With solutions, tests and nbgrader's metadata; no outputs, no random cell ids.

    Raises
    ------
    CourseError
        If the source or the tests break a rule; the message names the place and the rule.
    """
    for path in (lesson.source, lesson.tests):
        if not path.is_file():
            raise CourseError(f"{path} is missing; the notebook {lesson.name} needs it")
    source = Source(lesson.source)
    checks = read_checks(lesson.tests, source.exercises)
    source.check_helpers(checks)
    if language != "en":
        translation = translated(lesson, language)
        checks = translation.checks(checks)
        for cell in source.cells:
            if cell.cell_type == "markdown":
                cell.source = translation.cell(cell.source)
    cells = [_cell(source, index, checks) for index in range(len(source.cells))]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=_metadata(lesson, source, language))
    nbformat.validate(notebook)
    return notebook


def student_text(solved: NotebookNode, name: str) -> str:
    """Put a solved notebook through nbgrader's own steps and return the student's, as JSON text.

    They are the steps of `nbgrader generate_assignment` with the course's settings,
    but for the one that writes to the gradebook.
    """
    config = stock.load_config()
    directory = CourseDirectory(config=config)
    steps = GenerateAssignment(coursedir=directory, config=config).preprocessors
    config.merge(Config({"Exporter": {"default_preprocessors": []}}))
    exporter = NotebookExporter(config=config)
    for step in steps:
        if step is not SaveCells:
            exporter.register_preprocessor(step, enabled=True)
    text, _ = exporter.from_notebook_node(copy.deepcopy(solved), {"unique_key": name})
    return text.rstrip("\n") + "\n"


def build(lesson: Lesson, language: str = "en") -> bool:
    """Write the student's notebook in a language; return whether it changed.

    The solved one is written too, in English.
    """
    solved = solved_notebook(lesson, language)
    text = student_text(solved, lesson.name)
    if language == "en":
        replace_text(lesson.solved, nbformat.writes(solved) + "\n")
    if _is_current(lesson.student_in(language), text):
        return False
    replace_text(lesson.student_in(language), text)
    return True


def is_stale(lesson: Lesson, language: str = "en") -> bool:
    """Tell whether the student's notebook differs from what its source makes now."""
    text = student_text(solved_notebook(lesson, language), lesson.name)
    return not _is_current(lesson.student_in(language), text)


def build_documents(root: Path, language: str, *, write: bool = True) -> list[Path]:
    """Write the students' pages in a language; return those that changed.

    Parameters
    ----------
    root : Path
        Of the course.
    language : str
        Any; in English they are written by hand.
    write : bool
        Whether to write them, or only to tell.
    """
    changed = []
    for page in documents(root):
        if path_of(root, language, page.stem).is_file():
            path = page.with_name(f"{page.stem}.{language}.md")
            text = translated_document(page, language)
            if not _is_current(path, text):
                changed.append(path)
                if write:
                    replace_text(path, text)
    return changed


def _is_current(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


def _cell(source: Source, index: int, checks: Checks) -> NotebookNode:
    """Expand one cell of the source into one of the notebook."""
    cell = source.cells[index]
    marks = cell.metadata
    metadata = {"tags": [*marks["tags"]]} if "tags" in marks else {}
    if "exercise" in marks:
        name = marks["exercise"]
        return _code_cell(cell.source, name, metadata | _nbgrader(name, solution=True))
    if "tests" in marks:
        name = f"test_{marks['tests']}"
        flags = _nbgrader(name, grade=True, locked=True, points=marks["points"])
        text = checks.grade_cells[marks["tests"]]
        return _code_cell(text, name, _lets_go_on(metadata) | flags)
    if "checks" in marks:
        hidden = {"jupyter": {"source_hidden": True}, "tags": ["checks"]}
        flags = _nbgrader("checks", locked=True)
        return _code_cell(checks.shared, "checks", metadata | hidden | flags)
    name = f"cell-{index + 1:03d}"
    if cell.cell_type == "markdown":
        return nbformat.v4.new_markdown_cell(cell.source, id=name, metadata=metadata)
    if any("exercise" in above.metadata for above in source.cells[:index]):
        metadata = _lets_go_on(metadata)
    return _code_cell(cell.source, name, metadata)


def _metadata(lesson: Lesson, source: Source, language: str) -> dict[str, Any]:
    origin = lesson.source.relative_to(lesson.root).as_posix()
    course = {
        **source.course,
        "generated": f"by `course build` from {origin}; edit that file, not this one",
    }
    if language != "en":
        course["language"] = language
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"course": course, "kernelspec": kernel, "language_info": {"name": "python"}}


def _nbgrader(grade_id: str, **flags: Any) -> dict[str, Any]:
    base = {"grade": False, "locked": False, "solution": False, "task": False}
    return {"nbgrader": {**base, "grade_id": grade_id, "schema_version": 3, **flags}}


def _code_cell(source: str, name: str, metadata: dict[str, Any]) -> NotebookNode:
    return nbformat.v4.new_code_cell(source, id=name.replace("_", "-"), metadata=metadata)


def _lets_go_on(metadata: dict[str, Any]) -> dict[str, Any]:
    """Tag a cell that fails while an exercise is unsolved, so that "Run All" goes on after it."""
    tags = [*metadata.get("tags", []), "raises-exception"]
    return metadata | {"tags": sorted(set(tags))}
