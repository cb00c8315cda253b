"""Progress of a painting in the terminal; in a log file a line now and then."""

import math
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from style_engine.painting import Moment

LINES = 10  # in a log file
FIRST_GUESS = 5  # steps after which the time left is worth telling


def in_words(seconds: float) -> str:
    """Say a time with two units at most."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


class PaintingBar:
    """Show step, size, cost and the time left.

    Parameters
    ----------
    to : Console
    """

    def __init__(self, to: Console) -> None:
        self._to = to
        self._first: int | None = None
        self._told = -1
        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[doing]}"),
            TimeElapsedColumn(),
        )
        self._bar = Progress(*columns, console=to, transient=True)
        self._task = self._bar.add_task("preparing", total=None, doing="")

    def __call__(self, moment: "Moment") -> None:
        """Show a moment."""
        record = moment.record
        self._first = self._first or record.step
        doing = f"{record.size} px, cost {record.total:.4g}"
        # A guess from a step or two would count the time in which the steps were compiled.
        if record.step >= self._first + FIRST_GUESS and not math.isnan(moment.left):
            doing += f", {in_words(moment.left)} left"
        at, steps = record.step, moment.steps
        told = f"step {at} of {steps}"
        self._bar.update(self._task, description=told, completed=at, total=steps, doing=doing)
        if not self._to.is_terminal:
            self._log(moment, doing)

    def _log(self, moment: "Moment", doing: str) -> None:
        step = moment.record.step
        share = step * LINES // moment.steps
        if share > self._told or step == (self._first or 0) + FIRST_GUESS:
            self._told = share
            self._to.print(f"step {step} of {moment.steps}: {doing}", soft_wrap=True)

    def __enter__(self) -> "PaintingBar":
        if self._to.is_terminal:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._to.is_terminal:
            self._bar.stop()
