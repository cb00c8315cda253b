"""What the VGG dict costs: six layers against the deepest one alone, and against six passes.

    python -m benchmarks.vgg_dict [--repeats 15]

The ways are run in turn in one process and compared by their medians, since other work on the
machine slows all of them alike.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from nst_utils import CONFIG, load_vgg_model, read_image, reshape_and_normalize_image

LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv4_2", "conv5_1")
DEEPEST = "conv5_1"


def medians(ways: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Return the median seconds of each way; they are run interleaved."""
    for way in ways.values():
        way()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def forward_ways(model) -> dict[str, Callable[[], object]]:
    """Read layers for a new picture each time, eager."""
    image = reshape_and_normalize_image(read_image(CONFIG.CONTENT_IMAGE, model.image_size))
    numbers = iter(range(1, 10**9))

    def read(names, forget):
        model["input"].assign(image + np.float32(0.001 * next(numbers)))
        for name in names:
            if forget:
                model["input"].assign_add(tf.fill((1, *model.image_size, 3), 0.001))
            model[name]

    return {
        "the deepest layer": lambda: read([DEEPEST], False),
        "six layers": lambda: read(LAYERS, False),
        "six layers, a pass each": lambda: read(LAYERS, True),
    }


def step_ways(model) -> dict[str, Callable[[], object]]:
    """Gradient of the picture, compiled. Each layer costs one sum, whichever way."""

    def gradient(names):
        with tf.GradientTape() as tape:
            J = tf.add_n([tf.reduce_sum(model[name]) for name in names])
        return tape.gradient(J, model["input"])

    one, six = (tf.function(lambda names=names: gradient(names)) for names in ([DEEPEST], LAYERS))
    return {"the deepest layer": one, "six layers": six}


def main() -> None:
    """Print two small tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    model = load_vgg_model(CONFIG.COMPACT_MODEL)
    for title, ways in (("forward, eager", forward_ways(model)),
                        ("forward and gradient, compiled", step_ways(model))):  # fmt: skip
        found = medians(ways, repeats)
        one = found["the deepest layer"]
        print(f"\n| {title} | ms | ratio |\n| --- | --- | --- |")
        for name, seconds in found.items():
            print(f"| {name} | {1000 * seconds:.1f} | {seconds / one:.2f} |")


if __name__ == "__main__":
    main()
