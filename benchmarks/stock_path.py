"""How long stock nbgrader takes for a submission: as it is, and with warm kernels.

python -m benchmarks.stock_path [--repeats 3] [small art_generation face_recognition]

Three ways take turns: an ordinary kernel with nbgrader's own settings, the same with the
course's, a warm kernel with the course's. Measured is the autograding of one right submission,
called from Python, so without the start of the nbgrader command. `small` is four exercises of a
line on TensorFlow. CPU seconds are those of nbgrader, the kernel and what starts it, all
threads. The server of the warm kernels is warm before; what that took stands below the table.
"""

import argparse
import os
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from nbgrader.converters import Autograde
from traitlets.config import Config

from grading import stock
from grading.kernel import NAME
from grading.lesson import Lesson
from grading.release import release
from grading.samples import SOLUTION, write_samples

SMALL = {
    "gram": ("tf.matmul(x, x, transpose_b=True)", "gram(tf.ones((2, 3))).shape == (2, 2)"),
    "cost": ("tf.reduce_mean(tf.square(x))", "float(cost(tf.ones((2, 3)))) == 1"),
    "blur": ("tf.nn.avg_pool2d(x, 2, 2, 'VALID')", "blur(tf.ones((1, 4, 4, 2))).shape[1] == 2"),
    "graph": ("tf.function(tf.sqrt)(x)", "float(graph(tf.constant(4.0))) == 2"),
}
STOCK, ORDINARY, WARM = "nbgrader as it is", "course's settings", "and a warm kernel"
SETTLED = 2.5  # seconds after which a kernel's end has been noted by all who wait for it


@dataclass
class Runs:
    """Seconds of the clock and of processors, for each run."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def write_small(root: Path) -> Lesson:
    """Write a notebook with four small exercises on TensorFlow."""
    lesson = Lesson("small", root)
    source = [f"# ---\n# jupyter:\n#   course:\n#     points: {len(SMALL)}\n# ---\n"]
    source.append("# %%\nimport tensorflow as tf\n\n# %% checks=true\n")
    tests = ["import tensorflow as tf\n"]
    for name, (answer, check) in SMALL.items():
        source.append(
            f'# %% exercise="{name}"\ndef {name}(x):\n    """Return the {name} of x."""\n'
            f"    ### BEGIN SOLUTION\n    return {answer}\n    ### END SOLUTION\n\n"
            f'# %% tests="{name}" points=1\n'
        )
        tests.append(f"\ndef test_{name}({name}):\n    assert {check}, 'wrong'\n")
    for path, texts in ((lesson.source, source), (lesson.tests, tests)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(texts), encoding="utf-8")
    return lesson


def prepared(lesson: Lesson, root: Path, way: str) -> Path:
    """Make a course folder with a right submission for one of the ways."""
    folder = root / way.replace(" ", "-") / lesson.name
    release(lesson, folder)
    write_samples(lesson, folder)
    if way != WARM:
        shutil.rmtree(folder / "kernels")
    if way == STOCK:
        (folder / stock.CONFIG_NAME).write_text("c = get_config()\n", encoding="utf-8")
    return folder


def grade(lesson: Lesson, folder: Path) -> None:
    """Autograde the right submission."""
    patient = Config({"Execute": {"timeout": 3600, "startup_timeout": 600}})
    directory = stock.course_directory(folder, lesson.name, SOLUTION)
    stock.convert(Autograde, directory, patient)


@contextmanager
def measured(runs: Runs) -> Iterator[None]:
    """Add what a block takes."""
    cpu, start = cpu_seconds(), time.perf_counter()
    yield
    runs.wall.append(time.perf_counter() - start)
    time.sleep(SETTLED)
    runs.cpu.append(cpu_seconds() - cpu)


def cpu_seconds() -> float:
    """Return the processor time of this process and all that has been started by it."""
    own = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    kernels = (server.cpu_times() for server in servers())
    return sum(usage.ru_utime + usage.ru_stime for usage in own) + sum(
        times.children_user + times.children_system for times in kernels
    )


def servers() -> list[psutil.Process]:
    """Return the servers of this program's warm kernels, without their forks."""
    found = {}
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess):
            if any(part.startswith(os.environ["XDG_RUNTIME_DIR"]) for part in process.cmdline()):
                found[process.pid] = process
    return [process for process in found.values() if process.ppid() not in found]


def compare(lesson: Lesson, root: Path, repeats: int) -> dict[str, Runs]:
    """Grade one submission in each way, by turns."""
    folders = {way: prepared(lesson, root, way) for way in (STOCK, ORDINARY, WARM)}
    grade(lesson, folders[WARM])
    found = {way: Runs() for way in folders}
    for _ in range(repeats):
        for way, folder in folders.items():
            with measured(found[way]):
                grade(lesson, folder)
    return found


def row(name: str, way: str, runs: Runs) -> str:
    """Return a line of a Markdown table."""
    walls = ", ".join(f"{wall:.2f}" for wall in runs.wall)
    wall, cpu = statistics.median(runs.wall), statistics.median(runs.cpu)
    return f"| {name} | {way} | {wall:.2f} | {cpu:.2f} | {walls} |"


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=["small"])
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    os.environ["COURSE_STEPS"] = "2"  # as the course's settings have it
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder
        print("| notebook | way | median s | CPU s | runs |\n| --- | --- | --- | --- | --- |")
        for name in arguments.names:
            lesson = write_small(Path(folder) / "small") if name == "small" else Lesson(name)
            for way, runs in compare(lesson, Path(folder), arguments.repeats).items():
                print(row(name, way, runs), flush=True)
        for server in servers():
            times = server.cpu_times()
            print(f"\n{NAME} server: {times.user + times.system:.1f} CPU s to get warm")
            server.kill()


if __name__ == "__main__":
    main()
