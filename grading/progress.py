"""Progress in the terminal: for each step a bar, the time it took and the time left."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

console = Console(markup=False, highlight=False)
beside = Console(stderr=True, markup=False, highlight=False)  # where stdout is for a program

# Called with the share of a step that is done, 0 to 1, and a word on what is at work.
Report = Callable[[float, str], None]


def silent(share: float, doing: str) -> None:
    """Report to nobody."""


@contextmanager
def step(title: str, to: Console = console) -> Iterator[Report]:
    """Show a step of the work while it runs.

    Parameters
    ----------
    title : str
        What the step does.
    to : Console, optional
        Where to show it.

    Yields
    ------
    Report
        To be told how far the step is. The line stays when the block ends, with the time it took.
    """
    columns = (
        TextColumn("{task.description:<32}"),
        BarColumn(bar_width=20),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[doing]}", style="dim", markup=False),
    )
    with Progress(*columns, console=to) as bar:
        task = bar.add_task(title, total=1.0, doing="")
        told = 0

        def report(share: float, doing: str) -> None:
            nonlocal told
            bar.update(task, completed=share, doing=doing[:40])
            if not to.is_terminal and int(share * 10) > told:  # a log file: every 10 %
                told = int(share * 10)
                to.print(f"{title}: {share:.0%}, {doing}")

        yield report
        bar.update(task, completed=1.0, doing="")
