"""How long a solved notebook takes from start to end, the start of its kernel included.

python -m benchmarks.notebook_time [--repeats 3] [art_generation]
"""

import argparse
import statistics
import tempfile
import time

import nbformat
from nbclient import NotebookClient

from grading.build import solved_notebook
from grading.lesson import Lesson


def seconds_of(notebook: nbformat.NotebookNode) -> float:
    """Execute a copy of the notebook in a kernel and a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        client = NotebookClient(notebook, resources={"metadata": {"path": folder}}, timeout=None)
        client.execute()
        return time.perf_counter() - start


def main() -> None:
    """Print a line of a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", default="art_generation")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    lesson = Lesson(arguments.name)
    runs = [seconds_of(solved_notebook(lesson)) for _ in range(arguments.repeats)]
    print("| notebook | median s | runs |\n| --- | --- | --- |")
    seconds = ", ".join(f"{run:.1f}" for run in runs)
    print(f"| {arguments.name} | {statistics.median(runs):.1f} | {seconds} |")


if __name__ == "__main__":
    main()
