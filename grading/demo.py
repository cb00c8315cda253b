"""The whole course once, end to end, on this machine: what `make course` does."""

import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from grading import ROOT, CourseError, stock
from grading.autograde import Marksheet, autograde, table
from grading.build import Lesson, build, lessons, solved_notebook
from grading.execute import execute, write_page
from grading.progress import console, step
from grading.release import release
from grading.samples import BLANK, sample_names, write_samples

PICTURES = {".png", ".jpg", ".gif", ".mp4"}

DEMO_DIR = ROOT / "build" / "course"  # made anew each time; nothing of an instructor's is in it


def demo(todo: Sequence[Lesson], course_dir: Path = DEMO_DIR) -> None:
    """Build, run, release and grade samples of notebooks; show marks, pictures and pages.

    Parameters
    ----------
    todo : sequence of Lesson
        Which notebooks of one course, at least one; all are built, these go the whole way.
    course_dir : Path
        The course folder. It is made anew, so it may hold nothing but earlier samples.

    Raises
    ------
    CourseError
        If a step fails, a sample does not get the marks that it must get, or the folder holds
        submissions that are no samples.
    """
    start = time.monotonic()
    _refuse_foreign(course_dir)
    build_all(lessons(todo[0].root))
    pages = [run(lesson) for lesson in todo]
    shutil.rmtree(course_dir, ignore_errors=True)
    wrong = [_release_samples(lesson, course_dir) for lesson in todo]
    sheets = [grade(course_dir, lesson.name) for lesson in todo]
    for sheet in sheets:
        console.print(table(sheet))
    for line in _places(pages, course_dir, sheets):
        console.print(line, soft_wrap=True)
    for sheet, exercises in zip(sheets, wrong, strict=True):
        check_samples(sheet, exercises)
    console.print(f"All of it took {time.monotonic() - start:.0f} s.")


def build_all(todo: list[Lesson]) -> None:
    """Build notebooks, with progress."""
    with step("build the notebooks") as report:
        for number, lesson in enumerate(todo):
            report(number / len(todo), lesson.name)
            build(lesson)


def run(lesson: Lesson) -> Path:
    """Run a solved notebook, with progress; return its page under `build/executed/`."""
    target = lesson.root / "build" / "executed" / f"{lesson.name}.ipynb"
    with step(f"run {lesson.name}, solved") as report:
        executed = execute(solved_notebook(lesson), target.parent, report)
        return write_page(executed, target)


def grade(course_dir: Path, assignment: str) -> Marksheet:
    """Autograde a course folder with stock nbgrader, with progress."""
    with step(f"grade {assignment}") as report:
        return autograde(course_dir, assignment, report)


def check_samples(sheet: Marksheet, wrong: dict[str, str | None]) -> None:
    """Raise an error unless each sample has exactly the marks that it must have.

    Parameters
    ----------
    sheet : Marksheet
        What they got.
    wrong : dict of str to (str or None)
        For each sample the exercise that it gets wrong.
    """
    for result in sheet.results:
        lost = set(sheet.worth) if result.student == BLANK else {wrong[result.student]}
        right = {name: 0.0 if name in lost else points for name, points in sheet.worth.items()}
        if result.marks != right:
            raise CourseError(
                f"{sheet.assignment}: the sample {result.student} must get {right}, "
                f"but got {result.marks}; see {result.feedback}"
            )


def _release_samples(lesson: Lesson, course_dir: Path) -> dict[str, str | None]:
    """Release a notebook and submit its samples; return the exercise that each gets wrong."""
    with step(f"release {lesson.name}"):
        release(lesson, course_dir)
        return write_samples(lesson, course_dir)


def _refuse_foreign(course_dir: Path) -> None:
    """Raise an error if making the folder anew would delete what is not the demo's."""
    if not course_dir.exists():
        return
    foreign = {p.name for p in course_dir.glob("submitted/*")} - sample_names()
    if foreign or not (course_dir / stock.CONFIG_NAME).is_file():
        held = f"submissions of {', '.join(sorted(foreign))}" if foreign else "other files"
        raise CourseError(f"{course_dir} holds {held}, which would be lost; name a new folder")


def _places(pages: list[Path], course_dir: Path, sheets: list[Marksheet]) -> Iterator[str]:
    """Name what the run left to look at."""
    for path in sorted((pages[0].parent / "output").rglob("*")):
        if path.suffix in PICTURES:
            yield f"picture: {_shown(path)}"
    for page, sheet in zip(pages, sheets, strict=True):
        released = course_dir / "release" / sheet.assignment / f"{sheet.assignment}.ipynb"
        yield f"{sheet.assignment}, executed: {_shown(page)}"
        yield f"{sheet.assignment}, as students get it: {_shown(released)}"
        for result in sheet.results:
            if result.feedback:
                yield f"feedback for {result.student}: {_shown(result.feedback)}"


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
