"""A table in the terminal that grows while submissions are graded."""

from collections.abc import Iterator, Sequence
from statistics import mean, median
from typing import Self

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from grading import CourseError
from grading.exports import number
from grading.grade import Graded, Plan
from grading.gradebook import readable
from grading.intake import Submission
from grading.progress import console
from grading.results import Result, plain

MOST_ROWS = 40  # of a finished table; the report has all of them
LONGEST = 60  # characters of what is said about a submission


class LiveTable:
    """Shows results as they come, with how many there are and the time left.

    Parameters
    ----------
    to : Console, optional
        Where to show it. In a log file a line stands for each tenth of the work.
    """

    def __init__(self, to: Console = console) -> None:
        self._to = to
        self._rows: list[tuple[str, ...]] = []
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left:", style="dim"),
            TimeRemainingColumn(compact=True),
            console=to,
        )
        self._task = self._progress.add_task("looking for submissions", total=None)
        self._live = Live(
            get_renderable=self._shown, console=to, refresh_per_second=4, transient=True
        )
        self._total = self._done = self._told = 0

    def __enter__(self) -> Self:
        """Begin to show."""
        if self._to.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take it away; the finished table is the caller's to print."""
        self._live.stop()

    def found(self, submissions: Sequence[Submission]) -> None:
        """Take the number of submissions."""
        self._total = len(submissions)
        self._progress.update(self._task, total=self._total, description="graded")
        for submission in submissions:
            if not submission.student or submission.lesson is None:
                said = " ".join(submission.problems) or "nobody knows whose it is"
                self._add(submission, "not graded", said)

    def graded(self, submission: Submission, result: Result) -> None:
        """Add a row with marks."""
        if result.points is None:
            self._add(submission, "not graded", result.reason)
            return
        wrong = [exercise.name for exercise in result.exercises if exercise.status != "passed"]
        marks = f"{number(result.points)} / {number(result.max_points)}"
        self._add(submission, marks, ", ".join(wrong), result.seconds)

    def failed(self, submission: Submission, error: CourseError) -> None:
        """Add a row without marks."""
        self._add(submission, "failed", str(error))

    def table(self, rows: int = MOST_ROWS) -> Table:
        """Return the last rows as a table."""
        shown = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
        shown.add_column("student", no_wrap=True, max_width=30)
        shown.add_column("notebook", no_wrap=True, max_width=20)
        shown.add_column("marks", justify="right", no_wrap=True)
        shown.add_column("not right, or why not graded", max_width=LONGEST)
        shown.add_column("s", justify="right")
        for row in self._rows[-rows:]:
            shown.add_row(*row)
        return shown

    def _add(self, submission: Submission, marks: str, said: str, seconds: float = 0.0) -> None:
        texts = (submission.student or submission.origin, submission.lesson or "?", marks, said)
        row = [escape(" ".join(plain(text, 4 * LONGEST).split())) for text in texts]
        self._rows.append((*row, f"{seconds:.1f}" if seconds else ""))
        self._done += 1
        self._progress.update(self._task, completed=self._done)
        if not self._to.is_terminal and 10 * self._done // max(self._total, 1) > self._told:
            self._told = 10 * self._done // self._total
            self._to.print(f"graded {self._done} of {self._total}")

    def _shown(self) -> Group:
        room = max(self._to.size.height - 6, 5)
        return Group(self.table(room), self._progress)


def summary(graded: Graded) -> Table:
    """Return a table with a row for each notebook: how many, how well."""
    shown = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    shown.add_column("notebook", no_wrap=True)
    for title in ("submissions", "not graded", "mean", "median", "all points"):
        shown.add_column(title, justify="right")
    for lesson in sorted({result.lesson for result in graded.results}):
        mine = [result for result in graded.results if result.lesson == lesson]
        marks = [result.points for result in mine if result.points is not None]
        full = sum(result.share == 1 for result in mine)
        means = [f"{f(marks):.1f}" if marks else "–" for f in (mean, median)]
        counts = [f"{len(mine)}", f"{len(mine) - len(marks)}"]
        shown.add_row(lesson, *counts, *means, f"{full}")
    return shown


def places(graded: Graded, plan: Plan) -> Iterator[str]:
    """Say what to look at, a line each."""
    for submission in graded.homeless:
        said = " ".join(submission.problems) or "nobody knows whose it is, or what it answers"
        yield plain(f"not graded: {submission.origin}: {said}", 1_000)
    yield f"report: {graded.report}"
    yield f"feedback: {plan.out / 'feedback'}"
    yield f"marks: {', '.join(map(str, graded.lists))}"
    yield f"gradebook: {readable(plan.gradebook)}"
