"""How long a step takes with the full VGG-19, beside PyTorch; how soon a cost is reached.

    python -m benchmarks.style_speed [--torch PYTHON] [--rounds 5] [--only step|cost|end|size]

Four measurements, on random weights of VGG-19's widths: how long something takes does not depend
on their values.

- step: forward, gradient of the picture and Adam, to conv5_1, at 300 x 400. Each variant runs in a
  process of its own, all in turn, round after round; compared are medians over all rounds.
  PyTorch is no dependency of the course: --torch names an interpreter that has it.
- cost: seconds until the preset atelier has brought Coursera's cost down to where
  Coursera's recipe ends.
- end: what bfloat16 changes: the gradient, and the cost at the end of a painting.
- size: seconds and memory a megapixel, from 256 x 256 on.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

SIZE = (300, 400)
WIDTHS = (64, 64, 128, 128, *[256] * 4, *[512] * 8)
OURS = ("float32", "float32, direct", "bfloat16", "bfloat16, kernels built in")
TORCH = (
    *("float32", "float32 channels-last", "float32 compiled", "float32 compiled channels-last"),
    *(
        "bfloat16",
        "bfloat16 channels-last",
        "bfloat16 compiled",
        "bfloat16 compiled channels-last",
    ),
)
SIDES = (256, 512, 1024, 2048)
TORCH_SCRIPT = Path(__file__).with_name("style_speed_torch.py")


def weights() -> Any:
    """Return random weights whose activations neither grow nor vanish."""
    from vgg19_weights import CONVOLUTIONS, VGGWeights

    random, kernels, biases, inputs = np.random.default_rng(0), {}, {}, 3
    for name, width in zip(CONVOLUTIONS, WIDTHS, strict=True):
        spread = np.sqrt(2 / (9 * inputs))
        kernel = random.standard_normal((3, 3, inputs, width), dtype=np.float32) * spread
        kernels[name], biases[name] = kernel.astype(np.float32), np.zeros(width, np.float32)
        inputs = width
    mean = np.float32([123.68, 116.779, 103.939])
    return VGGWeights(kernels, biases, mean, "random")


def picture(seed: int, size: tuple[int, int]) -> np.ndarray:
    """Return a random picture."""
    return np.random.default_rng(seed).uniform(0, 255, (*size, 3)).astype(np.float32)


# ---- a step


def our_steps(variant: str, steps: int) -> dict[str, float]:
    """Measure our steps in this process."""
    import tensorflow as tf

    from style_engine.network import Network
    from style_engine.objective import Objective
    from style_engine.optimisers import Adam
    from style_engine.recipe import preset

    recipe = preset("coursera")
    dtype = tf.bfloat16 if "bfloat16" in variant else tf.float32
    way, built_in = "direct" if "direct" in variant else "auto", "built in" in variant
    network = Network(weights(), "avg", dtype, way, built_in=built_in)
    objective = Objective(network, recipe, picture(1, SIZE), [picture(2, SIZE)])
    adam = Adam(recipe, tf.zeros(3), tf.fill([3], 255.0))

    def evaluate(x: Any) -> tuple[float, Any]:
        costs, gradient = objective(x)
        return float(costs[0]), gradient

    x = tf.constant(picture(3, SIZE)[None] - 120)
    x, _ = adam.advance(evaluate, x, 1)
    times = []
    for _ in range(steps):
        start = time.perf_counter()
        x, _ = adam.advance(evaluate, x, 1)
        x.numpy()
        times.append(time.perf_counter() - start)
    return _told(times)


def peak_multiply_add() -> float:
    """Return the GFLOP/s of a large matrix product in float32."""
    a = np.random.default_rng(0).standard_normal((2048, 2048), dtype=np.float32)
    a @ a
    start = time.perf_counter()
    for _ in range(5):
        a @ a
    return 5 * 2 * 2048**3 / (time.perf_counter() - start) / 1e9


def _told(times: list[float]) -> dict[str, float]:
    import resource

    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {"seconds": statistics.median(times), "least": min(times), "memory": memory}


def step_table(rounds: int, steps: int, torch: str | None) -> list[str]:
    """Return a table of all variants, measured in turn."""
    commands = {f"ours, {name}": _command("one-step", name, steps) for name in OURS}
    if torch:
        for name in TORCH:
            commands[f"PyTorch, {name}"] = [torch, str(TORCH_SCRIPT), name, str(steps)]
    found: dict[str, list[dict[str, float]]] = defaultdict(list)
    for _ in range(rounds):
        for name, command in commands.items():
            found[name].append(_asked(command))
    return list(_step_lines(found))


def _step_lines(found: dict[str, list[dict[str, float]]]) -> Any:
    medians = {n: statistics.median(r["seconds"] for r in runs) for n, runs in found.items()}
    best = min((s for n, s in medians.items() if n.startswith("PyTorch, float32")), default=None)
    yield "| variant | s a step, median | least | memory, GB | beside PyTorch's best float32 |"
    yield "| --- | --- | --- | --- | --- |"
    for name, runs in found.items():
        least = min(run["least"] for run in runs)
        memory = max(run["memory"] for run in runs)
        ratio = f"{medians[name] / best:.2f}" if best else ""
        yield f"| {name} | {medians[name]:.3f} | {least:.3f} | {memory:.2f} | {ratio} |"


# ---- a cost


def seconds_to_cost(recipe_name: str, side: int, goal: float | None) -> dict[str, float]:
    """Paint, and tell when Coursera's cost has reached a goal; without one, what is reached."""
    from neural_style import paint, preset

    content, style = temple_and_night_sky(side)
    coursera = preset("coursera").with_(size=side)
    recipe = coursera if recipe_name == "coursera" else _same_cost(coursera)
    wide = weights()
    judged = coursera_cost(content, style, wide)
    watched = {"seconds": float("nan"), "cost": float("nan"), "judging": 0.0}

    def watch(moment: Any) -> None:
        start = time.perf_counter()
        cost = judged(moment.picture())
        watched["cost"] = cost
        if goal and cost <= goal and np.isnan(watched["seconds"]):
            watched["seconds"] = moment.record.seconds - watched["judging"]
        watched["judging"] += time.perf_counter() - start

    result = paint(content, [style], recipe, watch=watch, weights=wide)
    watched["all"] = result.seconds - watched["judging"]
    return watched


def temple_and_night_sky(side: int) -> list[np.ndarray]:
    """Return a content and a style picture, with a longer side of so many pixels."""
    from nst_utils import read_image

    names = ("content_temple", "style_night_sky")
    return [read_image(f"images/{name}.jpg", (side * 3 // 4, side)) for name in names]


def coursera_cost(content: np.ndarray, style: np.ndarray, wide: Any) -> Any:
    """Return a function that tells Coursera's cost of a picture, in float32.

    Pictures are judged as they would be saved: in whole levels.
    """
    import tensorflow as tf

    from style_engine.network import Network
    from style_engine.objective import Objective
    from style_engine.recipe import SCALES, preset

    judge = Objective(Network(wide), preset("coursera"), content, [style])
    mean = SCALES["centred"].zero

    def cost(pixels: np.ndarray) -> float:
        return float(judge(tf.constant((np.round(pixels) - mean)[None], tf.float32))[0][0])

    return cost


def _same_cost(coursera: Any) -> Any:
    """Return the way atelier takes, for Coursera's cost."""
    from neural_style import preset

    ours = preset("atelier")
    return coursera.with_(
        start=ours.start, optimiser=ours.optimiser, bounded=ours.bounded, steps=60,
        precision=ours.precision,
    )  # fmt: skip


def cost_table(side: int) -> list[str]:
    """Return what Coursera's recipe reaches, and when ours is there."""
    theirs = _asked(_command("one-cost", "coursera", side))
    ours = _asked(_command("one-cost", "atelier", side, theirs["cost"]))
    ratio = theirs["all"] / ours["seconds"]
    return [
        f"Coursera's recipe: {theirs['all']:.1f} s to a cost of {theirs['cost']:.4g}; with "
        f"atelier's optimiser, bounds and precision that takes {ours['seconds']:.1f} s: "
        f"{ratio:.1f} times sooner. (After {ours['all']:.1f} s: {ours['cost']:.4g}.)"
    ]


# ---- the end


def one_end(optimiser: str, steps: int, side: int) -> dict[str, float]:
    """Paint in each precision; return the costs at the end, in float32 and whole levels."""
    from neural_style import paint, preset

    content, style = temple_and_night_sky(side)
    recipe = preset("coursera").with_(
        size=side, start="content", optimiser=optimiser, bounded=optimiser == "lbfgs", steps=steps
    )
    wide, found = weights(), {}
    judged = coursera_cost(content, style, wide)
    for precision in ("float32", "auto", "bfloat16"):
        painting = paint(content, [style], recipe.with_(precision=precision), weights=wide)
        found[precision] = judged(painting.pixels)
    return found


def gradients() -> dict[str, float]:
    """Return how far the gradients of other ways are from that of direct float32 convolutions."""
    import tensorflow as tf

    from style_engine.network import Network
    from style_engine.objective import Objective
    from style_engine.recipe import preset

    wide, x = weights(), tf.constant(picture(3, SIZE)[None] - 120)

    def gradient(dtype: tf.DType, convolution: str) -> np.ndarray:
        network = Network(wide, "avg", dtype, convolution)
        objective = Objective(network, preset("coursera"), picture(1, SIZE), [picture(2, SIZE)])
        return objective(x)[1].numpy().ravel()

    right = gradient(tf.float32, "direct")
    others = {
        "float32": gradient(tf.float32, "auto"),
        "bfloat16": gradient(tf.bfloat16, "direct"),
    }
    size = np.linalg.norm(right)
    away = {name: float(np.linalg.norm(g - right) / size) for name, g in others.items()}
    cosine = float(others["bfloat16"] @ right / size / np.linalg.norm(others["bfloat16"]))
    return away | {"cosine": cosine}


def end_table(side: int) -> list[str]:
    """Return what bfloat16 changes."""
    away = _asked(_command("gradients"))
    lines = [
        f"The gradient, beside that of direct convolutions in float32: ours in float32 is "
        f"{away['float32']:.1e} away, bfloat16 {away['bfloat16']:.1e} (cosine "
        f"{away['cosine']:.5f}).",
        "",
        "| cost at the end, beside float32's | auto | bfloat16 |",
        "| --- | --- | --- |",
    ]
    for optimiser, steps in (("adam", 100), ("lbfgs", 60)):
        cost = _asked(_command("one-end", optimiser, steps, side))
        auto, quick = (cost[name] / cost["float32"] for name in ("auto", "bfloat16"))
        lines.append(f"| {optimiser}, {steps} steps | {auto:.3f} | {quick:.3f} |")
    return lines


# ---- sizes


def one_size(side: int, tile: int) -> dict[str, float]:
    """Measure evaluations at a size, with tiles of a side or as a whole (0)."""
    import tensorflow as tf

    from style_engine.network import Network
    from style_engine.objective import Objective
    from style_engine.recipe import preset
    from style_engine.tiles import TiledObjective

    size = (side, side)
    network, recipe = Network(weights(), "avg", tf.bfloat16), preset("coursera")
    content, style = picture(1, size), [picture(2, (256, 256))]
    if tile:
        objective = TiledObjective(network, recipe, content, style, side=tile)
    else:
        objective = Objective(network, recipe, content, style)
    x = tf.constant(picture(3, size)[None] - 120)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        objective(x)[1].numpy()
        times.append(time.perf_counter() - start)
    return _told(times[1:])


def size_table(sides: tuple[int, ...]) -> list[str]:
    """Return seconds and memory for pictures of several sizes."""
    import tensorflow as tf

    from style_engine.recipe import preset
    from style_engine.tiles import tile_side

    wide, recipe = weights(), preset("coursera")
    lines = [
        "| pixels | tiles | s | s a megapixel | memory, GB |",
        "| --- | --- | --- | --- | --- |",
    ]
    for side in sides:
        tile = tile_side((side, side), wide, tf.bfloat16, recipe) or 0
        told = _asked(_command("one-size", side, tile))
        each = told["seconds"] / (side**2 / 1e6)
        lines.append(
            f"| {side} x {side} | {tile or 'none'} | {told['seconds']:.2f} | {each:.2f} "
            f"| {told['memory']:.2f} |"
        )
    return lines


# ---- processes


def _command(kind: str, *arguments: object) -> list[str]:
    return [sys.executable, "-m", "benchmarks.style_speed", "--child", kind, *map(str, arguments)]


def _asked(command: list[str]) -> dict[str, float]:
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    told = subprocess.run(command, stdout=subprocess.PIPE, env=environment, check=True, text=True)
    return json.loads(told.stdout.splitlines()[-1])


def _child(kind: str, *arguments: str) -> dict[str, float]:
    if kind == "one-step":
        return our_steps(arguments[0], int(arguments[1]))
    if kind == "gradients":
        return gradients()
    if kind == "one-end":
        return one_end(arguments[0], int(arguments[1]), int(arguments[2]))
    if kind == "one-size":
        return one_size(int(arguments[0]), int(arguments[1]))
    goal = float(arguments[2]) if len(arguments) > 2 else None
    return seconds_to_cost(arguments[0], int(arguments[1]), goal)


def main() -> None:
    """Print tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--torch", help="a Python interpreter that has PyTorch")
    parser.add_argument("--side", type=int, default=200, help="of the picture, for the costs")
    parser.add_argument("--sides", type=int, nargs="*", default=SIDES, help="for the sizes")
    parser.add_argument("--only", choices=("step", "cost", "end", "size"))
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(_child(*arguments.child)))
        return
    lines = []
    if arguments.only in (None, "step"):
        lines += [f"A matrix product in float32: {peak_multiply_add():.0f} GFLOP/s", ""]
        lines += [*step_table(arguments.rounds, arguments.steps, arguments.torch), ""]
    if arguments.only in (None, "cost"):
        lines += [*cost_table(arguments.side), ""]
    if arguments.only in (None, "end"):
        lines += [*end_table(arguments.side), ""]
    if arguments.only in (None, "size"):
        lines += size_table(tuple(arguments.sides))
    print(*lines, sep="\n")


if __name__ == "__main__":
    main()
