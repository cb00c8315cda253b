"""Stock nbgrader's autograde, feedback and export over a course folder, with progress."""

from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import CsvExportPlugin
from rich.box import SIMPLE_HEAD
from rich.table import Table
from traitlets.config import Config

from grading import CourseError, stock
from grading.progress import Report, silent


@dataclass(frozen=True)
class Result:
    """The marks of one submission.

    Attributes
    ----------
    student : str
        Whose.
    marks : dict of str to float, or None
        For each exercise its marks; None where nbgrader could not grade the submission.
    feedback : Path, or None
        The page for the student; None where there is none.
    """

    student: str
    marks: dict[str, float] | None
    feedback: Path | None

    @property
    def total(self) -> float | None:
        """The sum, or None where there are no marks."""
        return None if self.marks is None else sum(self.marks.values())


@dataclass(frozen=True)
class Marksheet:
    """The marks of one assignment: what each exercise is worth, and each student's result."""

    assignment: str
    worth: dict[str, float]
    results: list[Result]


def students(course_dir: Path, assignment: str) -> list[str]:
    """Return who submitted, in alphabetical order."""
    return sorted(p.parent.name for p in course_dir.glob(f"submitted/*/{assignment}"))


def autograde(course_dir: Path, assignment: str, report: Report = silent) -> Marksheet:
    """Grade every submission, write the feedback pages and the list of marks.

    Parameters
    ----------
    course_dir : Path
        A folder made by `release`, with submissions in `submitted/STUDENT/ASSIGNMENT/`.
    assignment : str
        Which assignment.
    report : Report, optional
        Told after each cell of each submission.

    Returns
    -------
    Marksheet
        What the gradebook says. A submission that nbgrader cannot grade has no marks, and the
        others have theirs.
    """
    names = students(course_dir, assignment)
    if not names:
        raise CourseError(f"{course_dir}/submitted holds no submission of {assignment}")
    failed, without_page = set(), set()
    for done, name in enumerate(names):

        def part(share: float, doing: str, done: int = done) -> None:
            report((done + share) / len(names), doing)

        if not _grade_one(stock.course_directory(course_dir, assignment, name), part):
            failed.add(name)
        elif not _write_feedback(stock.course_directory(course_dir, assignment, name)):
            without_page.add(name)
    directory = stock.course_directory(course_dir, assignment)
    _export(directory, course_dir / "grades.csv")
    return _marksheet(directory, names, failed, without_page)


def table(sheet: Marksheet) -> Table:
    """Lay the marks out: a student a row, an exercise a column."""
    view = Table(title=f"Marks in {sheet.assignment}", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    view.add_column("student", no_wrap=True)
    for name, points in sheet.worth.items():
        words = name.removeprefix("compute_").replace("_", " ")
        view.add_column(f"{words} /{points:g}", justify="right")
    view.add_column(f"total /{sum(sheet.worth.values()):g}", justify="right", style="bold")
    for result in sheet.results:
        marks = result.marks or {}
        cells = [f"{marks[name]:g}" if name in marks else "–" for name in sheet.worth]
        total = "not graded" if result.total is None else f"{result.total:g}"
        view.add_row(result.student, *cells, total)
    if any(result.feedback is None for result in sheet.results):
        view.caption = (
            f"Not graded, or without a page: {stock.LOG_NAME} in the course folder says why. "
            "grades.csv has for it what the gradebook held before, or 0."
        )
    return view


def _grade_one(directory: CourseDirectory, report: Report) -> bool:
    """Autograde one submission; return whether nbgrader came through."""
    student = directory.student_id
    cells = 1

    def begin(notebook: dict) -> None:
        nonlocal cells
        cells = len(notebook["cells"])

    def after(cell: dict, cell_index: int) -> None:
        report((cell_index + 1) / cells, f"{student}, cell {cell_index + 1}")

    report(0.0, student)
    hooks = Config({"Execute": {"on_notebook_start": begin, "on_cell_complete": after}})
    try:
        stock.convert(Autograde, directory, hooks)
    except CourseError:
        return False
    return True


def _write_feedback(directory: CourseDirectory) -> bool:
    """Write one submission's feedback page; return whether nbgrader came through."""
    try:
        stock.convert(GenerateFeedback, directory)
    except CourseError:
        return False
    return True


def _export(directory: CourseDirectory, target: Path) -> None:
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        CsvExportPlugin(to=str(target)).export(gradebook)


def _marksheet(
    directory: CourseDirectory, names: list[str], failed: set[str], without_page: set[str]
) -> Marksheet:
    assignment = directory.assignment_id
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        graded = {s.student_id: s for s in gradebook.assignment_submissions(assignment)}
        cells = [c for n in gradebook.find_assignment(assignment).notebooks for c in n.grade_cells]
        worth = {_exercise(cell.name): cell.max_score for cell in cells}
        results = []
        for name in names:
            page = Path(directory.format_path("feedback", name, assignment), f"{assignment}.html")
            grades = [] if name in failed else _grades(graded[name])
            marks = None if name in failed else {_exercise(g.name): g.score for g in grades}
            has_page = name not in failed | without_page
            results.append(Result(name, marks, page if has_page else None))
    return Marksheet(assignment, worth, results)


def _grades(submission: object) -> list:
    return [grade for notebook in submission.notebooks for grade in notebook.grades]  # type: ignore[attr-defined]


def _exercise(grade_id: str) -> str:
    return grade_id.removeprefix("test_")
