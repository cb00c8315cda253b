"""How long the notebook's painting takes, beside PyTorch with the same network and steps.

    python -m benchmarks.painting_time [--repeats 5] [--steps 40]

PyTorch is no dependency of the course; install it for this measurement. Each round runs both, in
turn and in processes of their own, since both want all cores; compared are medians of seconds a
step after the first, which compiles.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

import numpy as np

from nst_utils import CONFIG, COURSE_DIR, read_image, reshape_and_normalize_image

SIZE = (300, 400)
STYLE = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
CONTENT = "conv4_2"


def pictures() -> list[np.ndarray]:
    """Return content and style, mean-subtracted."""
    paths = (CONFIG.CONTENT_IMAGE, CONFIG.STYLE_IMAGE)
    return [reshape_and_normalize_image(read_image(path, SIZE)) for path in paths]


def timed(step, steps: int) -> dict[str, float]:
    """Run a step once to compile it, then many times; return cost and seconds a step."""
    step()
    start = time.perf_counter()
    for _ in range(steps):
        cost = step()
    return {"cost": float(cost), "seconds": (time.perf_counter() - start) / steps}


def tensorflow_step():
    """Return the notebook's own step, ready to run."""
    import tensorflow as tf

    from training.paint import LEARNING_RATE, Painter

    painter = Painter(COURSE_DIR / CONFIG.COMPACT_MODEL, SIZE)
    content, style = pictures()
    model = painter.model
    model["input"].assign(style)
    a_S = {name: model[name] for name in STYLE}
    model["input"].assign(content)
    a_C = model[CONTENT]
    optimizer = tf.keras.optimizers.Adam(LEARNING_RATE)
    step = tf.function(painter.notebook["train_step"])
    return lambda: step(model, optimizer, a_C, a_S)[0]


def pytorch_step(channels_last: bool):
    """Return the same step over the same weights in PyTorch."""
    import torch

    from training.paint import LEARNING_RATE
    from vgg19 import LAYERS
    from vgg19_weights import read_vgg_weights

    weights = read_vgg_weights(COURSE_DIR / CONFIG.COMPACT_MODEL)
    order = torch.channels_last if channels_last else torch.contiguous_format

    def tensor(array: np.ndarray):
        return torch.from_numpy(np.ascontiguousarray(array)).contiguous(memory_format=order)

    kernels = {n: tensor(k.transpose(3, 2, 0, 1)) for n, k in weights.kernels.items()}
    biases = {n: torch.from_numpy(b) for n, b in weights.biases.items()}
    last = LAYERS.index(STYLE[-1]) + 1

    def layers(x):
        found = {}
        for name in LAYERS[:last]:
            if name.startswith("avgpool"):
                x = torch.nn.functional.avg_pool2d(x, 2, ceil_mode=True, count_include_pad=False)
            else:
                x = torch.relu(torch.conv2d(x, kernels[name], biases[name], padding=1))
            found[name] = x
        return found

    def gram(a):
        rows = a[0].reshape(a.shape[1], -1)
        return rows @ rows.T / rows.numel()

    content, style = (tensor(picture.transpose(0, 3, 1, 2)) for picture in pictures())
    with torch.no_grad():
        a_C = layers(content)[CONTENT]
        grams = {name: gram(a) for name, a in layers(style).items() if name in STYLE}
    picture = content.clone(memory_format=order).requires_grad_()
    optimizer = torch.optim.Adam([picture], lr=LEARNING_RATE)

    def step():
        optimizer.zero_grad()
        found = layers(picture)
        J = 10 * torch.mean((found[CONTENT] - a_C) ** 2) / 4
        for name, G in grams.items():
            J = J + 40 * 0.2 * torch.sum((gram(found[name]) - G) ** 2) / 4
        J.backward()
        optimizer.step()
        return J.detach()

    return step


WAYS = {
    "TensorFlow, the notebook's step": tensorflow_step,
    "PyTorch, channels first": lambda: pytorch_step(False),
    "PyTorch, channels last": lambda: pytorch_step(True),
}


def measured(way: str, steps: int) -> dict[str, float]:
    """Run one way in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.painting_time", "--way", way, "--steps", steps]
    done = subprocess.run(map(str, command), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{way} failed: {done.stderr[-500:]}")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Print a Markdown table of seconds a step and of a painting of 200 steps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--way", help="run this one here and print its figures")
    arguments = parser.parse_args()
    if arguments.way:
        print(json.dumps(timed(WAYS[arguments.way](), arguments.steps)))
        return
    runs: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for _ in range(arguments.repeats):
        for way in WAYS:
            runs[way].append(measured(way, arguments.steps))
    medians = {
        way: statistics.median(run["seconds"] for run in found) for way, found in runs.items()
    }
    ours = next(iter(medians.values()))
    print("| 300 x 400 | ms a step | s for 200 steps | ratio | cost after the steps |")
    print("| --- | --- | --- | --- | --- |")
    for way, seconds in medians.items():
        figures = f"{1000 * seconds:.0f} | {200 * seconds:.1f} | {seconds / ours:.2f}"
        print(f"| {way} | {figures} | {runs[way][-1]['cost']:.4g} |")


if __name__ == "__main__":
    main()
