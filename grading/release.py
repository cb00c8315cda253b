"""A course folder for nbgrader, with the released notebooks in it."""

import shutil
from pathlib import Path

import nbformat
from nbgrader.converters import GenerateAssignment

from grading import COURSE_DIR, stock
from grading.build import solved_notebook
from grading.files import replace_text
from grading.kernel import write_kernelspec
from grading.lesson import Lesson
from grading.progress import console


def release(lesson: Lesson, course_dir: Path = COURSE_DIR, language: str = "en") -> Path:
    """Put a notebook into a course folder and release it with stock nbgrader.

    The folder can be used on its own from then on: nbgrader's commands and formgrader find their
    settings in its `nbgrader_config.py`.

    Parameters
    ----------
    lesson : Lesson
        Which notebook; the assignment has its name.
    course_dir : Path
        The course folder; it is made, or the release in it is replaced. Submissions in it stay.
    language : str
        In which the notebook is; a course folder has one release of a notebook.

    Returns
    -------
    Path
        The released notebook.
    """
    course_dir.mkdir(parents=True, exist_ok=True)
    _bring_settings(course_dir / stock.CONFIG_NAME)
    write_kernelspec(course_dir)
    source = course_dir / "source" / lesson.name / f"{lesson.name}.ipynb"
    replace_text(source, nbformat.writes(solved_notebook(lesson, language)) + "\n")
    stock.convert(GenerateAssignment, stock.course_directory(course_dir, lesson.name))
    return course_dir / "release" / lesson.name / source.name


def _bring_settings(settings: Path) -> None:
    """Put the course's nbgrader settings into a folder; say so when it has others."""
    if not settings.exists():
        shutil.copyfile(stock.CONFIG_FILE, settings)
    elif settings.read_bytes() != stock.CONFIG_FILE.read_bytes():
        console.print(
            f"{settings} differs from {stock.CONFIG_FILE} and is kept; delete it and release "
            "again to take the course's present settings"
        )
