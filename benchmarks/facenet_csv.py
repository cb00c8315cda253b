"""How long loading OpenFace's folder of CSVs takes, beside a loop of `np.genfromtxt`.

    python -m benchmarks.facenet_csv [--repeats 3]

The folder holds random weights in the published layout, with as many digits as the published
files. Each way ends with the weights in the network; the loop, which takes the longest, runs once.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from facenet_weights import (
    CACHE,
    Arrays,
    facenet_arrays,
    load_weights_from_FaceNet,
    set_facenet_arrays,
)
from inception_blocks_v2 import faceRecoModel


def write_csvs(folder: Path, arrays: Arrays) -> float:
    """Write a folder as OpenFace's is; return its size in MB."""
    for name, array in arrays.items():
        rows = array.reshape(array.shape[0], -1)
        np.savetxt(folder / f"{name}.csv", rows, delimiter=",", fmt="%.15g")
    return sum(path.stat().st_size for path in folder.glob("*.csv")) / 1e6


def load_by_genfromtxt(model: keras.Model, folder: Path) -> None:
    """Load as the published course does."""
    shapes = {name: array.shape for name, array in facenet_arrays(model).items()}
    arrays = {
        name: np.genfromtxt(folder / f"{name}.csv", delimiter=",", dtype=None).reshape(shape)
        for name, shape in shapes.items()
    }
    set_facenet_arrays(model, arrays)


def seconds(way: Callable[[], object]) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    way()
    return time.perf_counter() - start


def main() -> None:
    """Time the ways in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    keras.utils.set_random_seed(1)
    model = faceRecoModel()
    found: dict[str, list[float]] = {"CSV, first load": [], "CSV, from the cache": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{write_csvs(folder, facenet_arrays(model)):.0f} MB in CSVs")
        for _ in range(repeats):
            (folder / CACHE).unlink(missing_ok=True)
            for times in found.values():
                times.append(seconds(lambda: load_weights_from_FaceNet(model, folder)))
        found["CSV, loop of genfromtxt"] = [seconds(lambda: load_by_genfromtxt(model, folder))]
    for way, times in found.items():
        print(f"{way:26}{statistics.median(times):8.2f} s")


if __name__ == "__main__":
    main()
