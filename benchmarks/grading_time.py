"""How long the grader takes for one right submission, part by part; with stock nbgrader beside it.

python -m benchmarks.grading_time [--repeats 10] [--stock 3] [art_generation]

The judge and the process that forks for students are warm, as in a batch; what each submission
gets anew is its own isolated process. Seconds of the clock say little where other work is going
on: then look at the CPU seconds, and at the ratio to stock nbgrader, which takes turns with
the judge. Its CPU seconds are those of nbgrader and of the kernel it starts.
"""

import argparse
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import psutil

from benchmarks.stock_path import STOCK, grade, prepared
from grading.build import solved_notebook
from grading.cells import read_cells
from grading.judge import judge
from grading.lesson import Lesson
from grading.quiet_import import import_quietly
from grading.verdicts import Verdict
from grading.worker import worker_environment
from grading.zygote import Student, Zygote


@dataclass
class Watched:
    """A student's process that says, at its end, how much memory it had for itself.

    Attributes
    ----------
    student : Student
    fork : float
        Seconds until it was there, shut in.
    looks : bool
        Whether it looks at its memory, which takes time.
    private : int
        Bytes that it shared with no other process.
    """

    student: Student
    fork: float
    looks: bool = False
    private: int = 0

    @property
    def channel(self) -> Any:
        """See `Student`."""
        return self.student.channel

    def kill(self) -> None:
        """End it, after a look."""
        if self.looks and not self.private:
            everybody = psutil.Process().children(recursive=True)
            youngest = max(everybody, key=lambda process: process.create_time())
            self.private = youngest.memory_full_info().uss
        self.student.kill()

    def wait(self) -> Any:
        """See `Student`."""
        return self.student.wait()


@dataclass
class Run:
    """What one submission took, in seconds."""

    wall: float
    judge: float
    student: float
    fork: float
    verdict: Verdict

    @property
    def cpu(self) -> float:
        """Of both processes."""
        return self.judge + self.student


@dataclass
class Bench:
    """A right submission, and what judges it.

    Attributes
    ----------
    lesson : Lesson
    zygote : Zygote
        Started.
    cells : list of (str, str)
        The submission's.
    """

    lesson: Lesson
    zygote: Zygote
    cells: list[tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        notebook = nbformat.writes(solved_notebook(self.lesson)).encode()
        read = read_cells(notebook, f"{self.lesson.name}.ipynb")
        self.cells = read.to_run(self.lesson.exercises)

    def run(self) -> Run:
        """Judge it once."""
        (watched, *_), verdict, wall, cpu = self._judged(looks=False)
        return Run(wall, cpu, watched.wait().cpu_seconds, watched.fork, verdict)

    def private(self) -> int:
        """Judge it once, for the bytes that the student's process has for itself at the end."""
        return max(watched.private for watched in self._judged(looks=True)[0])

    def _judged(self, *, looks: bool) -> tuple[list[Watched], Verdict, float, float]:
        forks: list[Watched] = []

        def connect() -> Watched:
            start = time.perf_counter()
            student = self.zygote.fork()
            forks.append(Watched(student, time.perf_counter() - start, looks))
            return forks[-1]

        cpu, start = time.process_time(), time.perf_counter()
        verdict = judge(self.cells, self.lesson, connect)
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu
        most = sum(exercise.max_points for exercise in verdict.exercises)
        if verdict.points < most:
            raise SystemExit(f"the solution got {verdict.points:g} of {most:g} points: {verdict}")
        return forks, verdict, wall, cpu


def stock_run(lesson: Lesson, folder: Path) -> tuple[float, float]:
    """Return the seconds of the clock and of processors of stock nbgrader."""
    cpu, start = _cpu(), time.perf_counter()
    grade(lesson, folder)
    return time.perf_counter() - start, _cpu() - cpu


def _cpu() -> float:
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def totals(runs: list[Run], stock: list[tuple[float, float]]) -> Iterator[str]:
    """Yield the lines of a table: judge, stock nbgrader, ratio."""
    yield "| one right submission | s | CPU s | of them the student's |"
    yield "| --- | --- | --- | --- |"
    wall, cpu = _median(runs, lambda run: run.wall), _median(runs, lambda run: run.cpu)
    student = _median(runs, lambda run: run.student)
    yield f"| judged, isolated | {wall:.3f} | {cpu:.3f} | {student:.3f} |"
    if stock:
        walls, cpus = (statistics.median(column) for column in zip(*stock, strict=True))
        yield f"| stock nbgrader | {walls:.2f} | {cpus:.2f} | |"
        yield f"| ratio | {walls / wall:.1f} | {cpus / cpu:.1f} | |"


def parts(runs: list[Run]) -> Iterator[str]:
    """Yield the lines of a table: each exercise and its tests."""
    yield "| exercise, test | ms | share |"
    yield "| --- | --- | --- |"
    wall = _median(runs, lambda run: run.wall)
    named = {
        test.name: (exercise.name, [])
        for exercise in runs[0].verdict.exercises
        for test in exercise.tests
    }
    for run in runs:
        for exercise in run.verdict.exercises:
            for test in exercise.tests:
                named[test.name][1].append(test.seconds)
    seconds = {name: statistics.median(each) for name, (_, each) in named.items()}
    for exercise in runs[0].verdict.exercises:
        mine = [name for name, (owner, _) in named.items() if owner == exercise.name]
        yield _share(f"**{exercise.name}**", sum(seconds[name] for name in mine), wall)
        for name in mine:
            yield _share(name.removeprefix("test_").replace("_", " "), seconds[name], wall)
    yield _share("**process and cells**", wall - sum(seconds.values()), wall)
    yield _share("of them the fork", _median(runs, lambda run: run.fork), wall)


def _share(name: str, seconds: float, wall: float) -> str:
    return f"| {name} | {1e3 * seconds:.1f} | {seconds / wall:.0%} |"


def _median(runs: list[Run], value: Callable[[Run], float]) -> float:
    return statistics.median(map(value, runs))


def main() -> None:
    """Print tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", default="art_generation")
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--stock", type=int, default=0, help="submissions through stock nbgrader")
    arguments = parser.parse_args()
    os.environ.update(worker_environment() | {"COURSE_STEPS": "2"})
    import_quietly("tensorflow", "keras")
    lesson, runs, stock = Lesson(arguments.name), [], []
    with Zygote() as zygote, tempfile.TemporaryDirectory() as folder:
        bench = Bench(lesson, zygote)
        bench.run()  # the judge gets warm
        course = prepared(lesson, Path(folder), STOCK) if arguments.stock else Path()
        for number in range(max(arguments.repeats, arguments.stock)):
            if number < arguments.repeats:
                runs.append(bench.run())
            if number < arguments.stock:
                stock.append(stock_run(lesson, course))
        private = bench.private()
    print(*totals(runs, stock), "", *parts(runs), sep="\n")
    print(f"\nmemory of the student's process that no other shares: {private / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
