"""The whole course once, end to end, on this machine: what `make course` does."""

import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from grading import DEMO_DIR, ROOT, CourseError, stock
from grading.autograde import Marksheet, autograde, table
from grading.autograde import Result as StockResult
from grading.build import build, solved_notebook
from grading.chapters import executed_path
from grading.execute import execute, write_page
from grading.grade import Graded, Plan, Silent, book_of, grade
from grading.intake import Submission
from grading.isolation import available
from grading.lesson import Lesson, lessons
from grading.progress import Report, console, step
from grading.release import release
from grading.results import Result
from grading.samples import BLANK, sample_names, write_samples
from grading.worker import Rules

PICTURES = {".png", ".jpg", ".gif", ".mp4"}


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
    graded = grade_all(course_dir, todo[0].root)
    sheets = [sheet_of(graded, lesson, course_dir) for lesson in todo]
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
    target = executed_path(lesson)
    with step(f"run {lesson.name}, solved") as report:
        executed = execute(solved_notebook(lesson), target.parent, report)
        return write_page(executed, target)


def grade_all(course_dir: Path, root: Path) -> Graded:
    """Grade whatever is submitted in a course folder, with progress.

    Where submissions cannot be isolated they are trusted: the samples are the course's own.
    """
    rules = Rules(trust=not available().complete, root=None if root == ROOT else root)
    out = course_dir / "grades"
    plan = Plan((course_dir,), out, book_of([course_dir], out), rules)
    with step("grade the samples") as report:
        graded = grade(plan, _Told(report))
    if graded.failed:
        raise graded.failed[0][1]
    return graded


class _Told(Silent):
    """Reports how many are graded."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._total = self._done = 0

    def found(self, submissions: Sequence[Submission]) -> None:
        self._total = len(submissions)

    def graded(self, submission: Submission, result: Result) -> None:
        self._done += 1
        self._report(self._done / self._total, f"{result.student}, {result.lesson}")


def sheet_of(graded: Graded, lesson: Lesson, course_dir: Path) -> Marksheet:
    """Return the marks in one notebook."""
    mine = [result for result in graded.results if result.lesson == lesson.name]
    worth = {e.name: e.max_points for result in mine for e in result.exercises}
    pages = course_dir / "grades" / "feedback" / lesson.name
    lines = [
        StockResult(
            result.student,
            {e.name: e.points for e in result.exercises} if result.points is not None else None,
            pages / f"{result.student}.html",
        )
        for result in sorted(mine, key=lambda result: result.student)
    ]
    return Marksheet(lesson.name, worth, lines)


def autograded(course_dir: Path, assignment: str) -> Marksheet:
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
    yield f"report on the class: {_shown(course_dir / 'grades' / 'report.html')}"
    for page, sheet in zip(pages, sheets, strict=True):
        released = course_dir / "release" / sheet.assignment / f"{sheet.assignment}.ipynb"
        yield f"{sheet.assignment}, executed: {_shown(page)}"
        yield f"{sheet.assignment}, as students get it: {_shown(released)}"
        for result in sheet.results:
            if result.feedback:
                yield f"feedback for {result.student}: {_shown(result.feedback)}"


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
