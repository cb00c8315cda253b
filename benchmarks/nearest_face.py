"""What finding the nearest face costs: a loop over a dict against `FaceDatabase.nearest`.

    python -m benchmarks.nearest_face [--people 1000 100000 1000000] [--queries 21]

Both are asked for the same people, in turn, one query at a time, and have to agree to the bit.
Half of the queries resemble somebody in the database, half do not. The loop is the published
course's: ``np.linalg.norm`` of one difference after another. Where it is slow it is run less
often.
"""

import argparse
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np

from face_database import FaceDatabase

PATIENCE = 20.0  # seconds for the loop's queries, at each size


def loop(encoding: np.ndarray, database: dict[str, np.ndarray]) -> tuple[str, float]:
    """Search as the published course does."""
    nearest, least = "", np.inf
    for name, known in database.items():
        distance = np.linalg.norm(encoding - known)
        if distance < least:
            nearest, least = name, distance
    return nearest, float(least)


def of_length_1(rows: np.ndarray) -> np.ndarray:
    """Return rows (n, 128) divided by their lengths."""
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def draw_queries(encodings: np.ndarray, count: int) -> np.ndarray:
    """Return new pictures, by turns of somebody known, some 0.5 away, and of nobody known."""
    rng = np.random.default_rng(1)
    draws = rng.standard_normal((count, 128), np.float32)
    known = encodings[rng.integers(0, len(encodings), count)]
    resembling = known + 0.5 * of_length_1(draws)
    return of_length_1(np.where(np.arange(count)[:, np.newaxis] % 2 == 0, resembling, draws))


def timed(way: Callable[[], object]) -> tuple[object, float]:
    """Return what the way returns, and the seconds it took."""
    start = time.perf_counter()
    found = way()
    return found, time.perf_counter() - start


def measure(people: int, count: int) -> str:
    """Return a row of the table."""
    rng = np.random.default_rng(0)
    encodings = of_length_1(rng.standard_normal((people, 128), np.float32))
    names = [f"person {number}" for number in range(people)]
    database = FaceDatabase.from_arrays(names, encodings)
    plain = {name: encodings[row : row + 1] for row, name in enumerate(names)}
    fast, slow = [], []
    for query in draw_queries(encodings, count)[:, np.newaxis]:
        found, seconds = timed(lambda query=query: database.nearest(query)[0])
        fast.append(seconds)
        if not slow or sum(slow) + slow[-1] < PATIENCE:
            right, seconds = timed(lambda query=query: loop(query, plain))
            slow.append(seconds)
            if found != right:
                raise AssertionError(f"nearest() found {found}, the loop {right}")
    seconds = statistics.median(timed(lambda: _add(database, encodings))[1] for _ in range(9))
    ways = [statistics.median(slow) * 1e3, statistics.median(fast) * 1e3, seconds * 1e3]
    return (
        f"| {people:,} | {ways[0]:,.1f} ({len(slow)}) | {ways[1]:,.2f} ({len(fast)}) | "
        f"{ways[0] / ways[1]:,.0f} | {ways[2]:.3f} |"
    )


def _add(database: FaceDatabase, encodings: np.ndarray) -> None:
    database[f"new {len(database)}"] = encodings[0]


def main() -> None:
    """Print a table in Markdown, and the peak of the memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, nargs="+", default=[1000, 100_000, 1_000_000])
    parser.add_argument("--queries", type=int, default=21)
    arguments = parser.parse_args()
    print("| people | loop over a dict, ms (runs) | FaceDatabase.nearest, ms (runs) | ratio |"
          " a person added, ms |\n| --- | --- | --- | --- | --- |")  # fmt: skip
    for people in arguments.people:
        print(measure(people, arguments.queries), flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"\npeak memory {peak:.1f} GiB, with the encodings held twice: by the dict as well")


if __name__ == "__main__":
    main()
