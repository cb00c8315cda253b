"""How fast this machine is, by a short piece of the work that the notebooks do.

Run as `python -m grading.yardstick`, it prints what it found as JSON: a machine on which
TensorFlow kills its process then costs that process only.
"""

import importlib
import json
import statistics
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grading.isolation import View, given_modules

SECONDS = 3.0
REFERENCE = Path(__file__).with_name("notebook_times.toml")
PICTURE = (1, 75, 100, 64)  # what a third of VGG-19 sees of a picture of 300 x 400
WIDTH = 64


def measure(seconds: float = SECONDS) -> float:
    """Return the milliseconds that a pass through two convolutions, and back, takes here.

    Parameters
    ----------
    seconds : float
        How long to measure; the median counts.
    """
    run = _work()
    run()  # the first is compiled
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def expected_seconds(milliseconds: float) -> dict[str, float]:
    """Return how long each notebook will take on a machine, by name.

    Parameters
    ----------
    milliseconds : float
        What `measure` found there.
    """
    reference = tomllib.loads(REFERENCE.read_text(encoding="utf-8"))
    factor = milliseconds / reference["yardstick_ms"]
    return {name: factor * seconds for name, seconds in reference["seconds"].items()}


def in_words(seconds: float) -> str:
    """Write a time as people do: 40 s, 3 min."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _work() -> Callable[[], Any]:
    import tensorflow as tf

    generator = tf.random.Generator.from_seed(1)
    picture = generator.normal(PICTURE)
    kernels = [generator.normal((3, 3, WIDTH, WIDTH), stddev=0.06) for _ in range(2)]

    @tf.function(autograph=False)
    def step(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            a = x
            for kernel in kernels:
                a = tf.nn.relu(tf.nn.conv2d(a, kernel, 1, "SAME"))
            J = tf.reduce_sum(tf.square(a))
        return tape.gradient(J, x)

    return lambda: step(picture).numpy()


def _report() -> dict[str, Any]:
    import quiet_tensorflow  # noqa: F401, I001 - before TensorFlow
    import tensorflow as tf

    return {
        "version": tf.__version__,
        "gpus": len(tf.config.list_physical_devices("GPU")),
        "milliseconds": measure(),
        "broken": _broken_modules(),
    }


def _broken_modules() -> dict[str, str]:
    """Import what the notebooks import; return what is wrong, by module."""
    broken = {}
    for name in given_modules(View()):
        try:
            importlib.import_module(name)
        except Exception as error:  # whatever a module raises, it is broken
            broken[name] = f"{type(error).__name__}: {error}"
    return broken


if __name__ == "__main__":
    print(json.dumps(_report()))
