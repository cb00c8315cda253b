"""How long `course grade` takes for a class, and whether its memory stays where it is.

python -m benchmarks.grading_batch [--submissions 1000] [--workers N] [--keep FOLDER]
python -m benchmarks.grading_batch --asleep 16

With --asleep, that many submissions sleep in each call of `verify`, and as many do not: what does
their sleep cost? Of the processors' time all is counted that the machine is busy.

Otherwise one submission in twenty is broken or hostile, the others are right, blank or wrong in
one exercise. No two have the same bytes, so nothing is judged once for two students.
"""

import argparse
import itertools
import json
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import psutil

from grading import ROOT

sys.path += [str(ROOT / "tests" / "grader"), str(ROOT / "tests" / "exercises")]

import handed_in
import hostile

SHARES = (0.1, 0.5, 1.0)  # of the class, when memory is looked at
HOSTILE_EVERY = 20
PAUSE = 2.0  # seconds between two looks
LESSONS = (handed_in.FACES, handed_in.ART)
ASLEEP = """
def verify(image_path, identity, database, model):
    import time

    time.sleep(9)
    return 1.0, False
"""
BLANK = 'def {}(*arguments, **named):\n    raise NotImplementedError("{}: write the body")\n'


@dataclass
class Look:
    """What the grader's processes take at a moment, in bytes.

    Attributes
    ----------
    done : int
        How many submissions have a result.
    main : int
        Resident memory of the process that the user started.
    total : int
        Memory of all processes; what several share counts once.
    private : dict of str to list of int
        Memory that a process shares with no other, by what the process is.
    """

    done: int = 0
    main: int = 0
    total: int = 0
    private: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))


def write_class(folder: Path, count: int) -> None:
    """Write the submissions of a class as nbgrader's `submitted` tree."""
    samples = iter(_spread([each for each in hostile.ALL if not each.folder], count))
    answers = {lesson: itertools.cycle(_answers(lesson)) for lesson in LESSONS}
    for number in range(count):
        lesson = LESSONS[number % len(LESSONS)]
        student = f"student-{number:05}"
        if number % HOSTILE_EVERY == HOSTILE_EVERY - 1:
            sample = next(samples)
            sample.write(folder / student / sample.lesson)
            continue
        path = folder / student / lesson / f"{lesson}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(handed_in.solved(student, next(answers[lesson]), lesson=lesson))


def _spread(samples: list[handed_in.Hostile], count: int) -> list[handed_in.Hostile]:
    """Return as many hostile samples as a class of this size has, of all kinds."""
    number = count // HOSTILE_EVERY
    return [samples[place * len(samples) // number] for place in range(number)]


def _answers(lesson: str) -> list[dict[str, str]]:
    """Return what stands in place of right answers: nothing, wrong ones, no answers."""
    mutants = import_module(f"mutants_{lesson}").MUTANTS
    blank = {name: BLANK.format(name, name) for name in handed_in.MOST[lesson]}
    wrong = [{mutant.exercise: mutant.source} for mutant in mutants]
    return [each for answer in wrong for each in ({}, answer, blank)]


def look(main: psutil.Process, out: Path) -> Look:
    """Look at the processes of a grader."""
    found = Look(done=sum(1 for _ in out.glob("results/*/*.json")))
    with suppress(psutil.Error):
        found.main = main.memory_info().rss
        for process in (main, *main.children(recursive=True)):
            with suppress(psutil.Error):
                memory = process.memory_full_info()
                found.total += memory.pss
                found.private[_role(process, main)].append(memory.uss)
    return found


def _role(process: psutil.Process, main: psutil.Process) -> str:
    """Tell what a process of the grader is."""
    if process == main:
        return "main process"
    if not _forks(process):
        is_worker = any(_forks(child) or child.name() == "bwrap" for child in process.children())
        return "worker" if is_worker and process.name() != "bwrap" else "helper"
    parent = process.parent()
    return "student's process" if parent and _forks(parent) else "zygote"


def _forks(process: psutil.Process) -> bool:
    return process.name() != "bwrap" and "grading.forkserver" in process.cmdline()


def watched(command: list[str], folder: Path, out: Path) -> Iterator[Look]:
    """Run the grader; yield a look at it now and then."""
    with (folder / "said.txt").open("w") as said:
        process = psutil.Popen(command, cwd=folder, stdout=said, stderr=said)
        while process.poll() is None:
            yield look(process, out)
            time.sleep(PAUSE)
    if process.returncode:
        sys.exit((folder / "said.txt").read_text(encoding="utf-8")[-3000:])


def table(looks: list[Look], seconds: float, count: int) -> Iterator[str]:
    """Yield the lines of what was measured."""
    yield f"{count} submissions in {seconds:.0f} s: {60 * count / seconds:.0f} a minute"
    yield ""
    yield "| graded | main process, resident MB | all processes, shared once, MB |"
    yield "| --- | --- | --- |"
    most = max(each.done for each in looks)
    for share in SHARES:
        # The last look before the end may be at a grader that has sent its workers home.
        busy = [each for each in looks if len(each.private["worker"])] or looks
        near = min(busy, key=lambda each: abs(each.done - share * most))
        yield f"| {share:.0%} | {_mega(near.main)} | {_mega(near.total)} |"
    yield ""
    yield "| process | how many at most | private MB, median | private MB, most |"
    yield "| --- | --- | --- | --- |"
    for role in sorted({role for each in looks for role in each.private}):
        sizes = [size for each in looks for size in each.private[role]]
        number = max(len(each.private[role]) for each in looks)
        if sizes:
            middle = _mega(statistics.median(sizes))
            yield f"| {role} | {number} | {middle} | {_mega(max(sizes))} |"


def sleep_table(folder: Path, count: int, workers: list[str]) -> Iterator[str]:
    """Grade a class that sleeps, and the same class awake; yield the lines of what it took."""
    yield "| class | students' seconds | s | processors' s |"
    yield "| --- | --- | --- | --- |"
    for name, answers in (("asleep", {"verify": ASLEEP}), ("awake", {})):
        place = folder / name
        for number in range(count):
            student = f"student-{number:05}"
            path = place / "submitted" / student / handed_in.FACES / f"{handed_in.FACES}.ipynb"
            path.parent.mkdir(parents=True)
            path.write_bytes(handed_in.solved(student, answers, lesson=handed_in.FACES))
        busy, start = _busy(), time.perf_counter()
        for _ in watched(_command(place / "grades", workers), place, place / "grades"):
            pass
        seconds, busy = time.perf_counter() - start, _busy() - busy
        results = [json.loads(p.read_text()) for p in place.glob("grades/results/*/*.json")]
        asleep = sum(result["seconds"] for result in results)
        yield f"| {name} | {asleep:.0f} | {seconds:.0f} | {busy:.0f} |"


def _busy() -> float:
    """Return for how many seconds the processors have worked since the machine was started."""
    times = psutil.cpu_times()
    return times.user + times.nice + times.system


def _command(out: Path, workers: list[str]) -> list[str]:
    return [
        *(sys.executable, "-m", "grading.cli", "grade", "submitted", "--out", str(out)),
        *workers,
    ]


def _mega(count: float) -> str:
    return f"{count / 1e6:.0f}"


def main() -> None:
    """Print tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=1000)
    parser.add_argument("--workers", type=int, help="by default what `course grade` takes")
    parser.add_argument("--asleep", type=int, metavar="N", help="how many sleep, and how many not")
    parser.add_argument("--keep", type=Path, help="an empty folder for the class and its marks")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (arguments.keep or Path(temporary)).resolve()
        workers = ["--workers", str(arguments.workers)] if arguments.workers else []
        if arguments.asleep:
            print(*sleep_table(folder, arguments.asleep, workers), sep="\n")
            return
        write_class(folder / "submitted", arguments.submissions)
        out = folder / "grades"
        command = _command(out, workers)
        start = time.perf_counter()
        looks = list(watched(command, folder, out))
        seconds = time.perf_counter() - start
    print(*table(looks, seconds, arguments.submissions), sep="\n")


if __name__ == "__main__":
    main()
