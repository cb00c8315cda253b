"""Stock nbgrader's autograde, feedback and export over a course folder, with progress.

nbgrader does NOT isolate submissions: they run with all rights of this account, can read the
hidden tests and write to the gradebook. `course grade` isolates them.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbgrader
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import ExportPlugin
from rich.box import SIMPLE_HEAD
from rich.table import Table
from traitlets.config import Config

from grading import CourseError, stock
from grading.exports import nbgrader_csv, write_csv
from grading.gradebook import Book
from grading.kernel import write_kernelspec
from grading.progress import Report, silent
from grading.results import content_hash, ungradable

# By the name of the error that stops nbgrader.
KNOWN_REASONS = {
    "DeadKernelError": "a cell ended the process that ran it, or took all memory",
    "CellTimeoutError": "a cell took too long and could not be interrupted",
}


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
    reason : str
        Why nbgrader could not grade it.
    """

    student: str
    marks: dict[str, float] | None
    feedback: Path | None
    reason: str = ""

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
        What the gradebook says. A submission that nbgrader cannot grade has no marks, neither
        here nor in the gradebook nor in `grades.csv`, but a reason; the others have theirs.
    """
    names = students(course_dir, assignment)
    if not names:
        raise CourseError(f"{course_dir}/submitted holds no submission of {assignment}")
    write_kernelspec(course_dir)
    failed, without_page = {}, set()
    for done, name in enumerate(names):

        def part(share: float, doing: str, done: int = done) -> None:
            report((done + share) / len(names), doing)

        directory = stock.course_directory(course_dir, assignment, name)
        reason = _grade_one(directory, part)
        if reason:
            failed[name] = reason
            _forget(directory, reason)
        elif not _write_feedback(stock.course_directory(course_dir, assignment, name)):
            without_page.add(name)
    directory = stock.course_directory(course_dir, assignment)
    _export(directory, course_dir / "grades.csv")
    return _marksheet(directory, names, failed, without_page)


class MarksExport(ExportPlugin):
    """`nbgrader export`, with an empty score and a reason for what was not graded."""

    def export(self, gradebook: Gradebook) -> None:
        """Write the marks of all assignments and students, or of those that were asked for."""
        students, target = {str(name) for name in self.student}, Path(self.to or "grades.csv")
        wanted = [str(name) for name in self.assignment]
        wanted = wanted or [assignment.name for assignment in gradebook.assignments]
        with Book(gradebook.engine.url.render_as_string(hide_password=False)) as book:
            lines = [line for name in wanted for line in book.lines(name)]
        kept = [line for line in lines if not students or line.person.id in students]
        write_csv(nbgrader_csv(kept), target)
        self.log.info("Wrote %d marks to %s", len(kept), target)


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
    view.caption = "\n".join(_remarks(sheet)) or None
    return view


def _remarks(sheet: Marksheet) -> Iterator[str]:
    """Say what is missing, and why."""
    for result in sheet.results:
        if result.reason:
            yield f"{result.student}: {result.reason}"
        elif result.feedback is None:
            yield f"{result.student}: without a page; {stock.LOG_NAME} says why"


def _grade_one(directory: CourseDirectory, report: Report) -> str:
    """Autograde one submission; return why nbgrader did not come through, or nothing."""
    student = directory.student_id
    cells = 1

    def begin(notebook: dict) -> None:
        nonlocal cells
        cells = len(notebook["cells"])

    def after(cell: dict, cell_index: int) -> None:
        report((cell_index + 1) / cells, f"{student}, cell {cell_index + 1}")

    report(0.0, student)
    if not _notebook(directory).is_file():
        return f"the folder {_notebook(directory).parent} holds no {_notebook(directory).name}"
    hooks = Config({"Execute": {"on_notebook_start": begin, "on_cell_complete": after}})
    try:
        stock.convert(Autograde, directory, hooks)
    except stock.ConvertError as error:
        return KNOWN_REASONS.get(error.reason.partition(":")[0], error.reason)
    return ""


def _notebook(directory: CourseDirectory) -> Path:
    """Return what a student must have handed in."""
    student, assignment = directory.student_id, directory.assignment_id
    folder = directory.format_path(directory.submitted_directory, student, assignment)
    return Path(folder, f"{assignment}.ipynb")


def _forget(directory: CourseDirectory, reason: str) -> None:
    """Leave no mark and no page of what could not be graded, not of an earlier version either."""
    student, assignment = directory.student_id, directory.assignment_id
    for made in (directory.autograded_directory, directory.feedback_directory):
        shutil.rmtree(directory.format_path(made, student, assignment), ignore_errors=True)
    notebook = _notebook(directory)
    content = content_hash(notebook.read_bytes() if notebook.is_file() else b"")
    version = f"nbgrader {nbgrader.__version__}"
    with Book(directory.db_url) as book:
        book.record(ungradable(student, assignment, content, version, reason))


def _write_feedback(directory: CourseDirectory) -> bool:
    """Write one submission's feedback page; return whether nbgrader came through."""
    try:
        stock.convert(GenerateFeedback, directory)
    except CourseError:
        return False
    return True


def _export(directory: CourseDirectory, target: Path) -> None:
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        MarksExport(to=str(target)).export(gradebook)


def _marksheet(
    directory: CourseDirectory, names: list[str], failed: dict[str, str], without_page: set[str]
) -> Marksheet:
    assignment = directory.assignment_id
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        graded = {s.student_id: s for s in gradebook.assignment_submissions(assignment)}
        cells = [c for n in gradebook.find_assignment(assignment).notebooks for c in n.grade_cells]
        worth = {_exercise(cell.name): cell.max_score for cell in cells}
        results = []
        for name in names:
            if name in failed:
                results.append(Result(name, None, None, failed[name]))
                continue
            page = Path(directory.format_path("feedback", name, assignment), f"{assignment}.html")
            marks = {_exercise(grade.name): grade.score for grade in _grades(graded[name])}
            results.append(Result(name, marks, None if name in without_page else page))
    return Marksheet(assignment, worth, results)


def _grades(submission: object) -> list:
    return [grade for notebook in submission.notebooks for grade in notebook.grades]  # type: ignore[attr-defined]


def _exercise(grade_id: str) -> str:
    return grade_id.removeprefix("test_")
