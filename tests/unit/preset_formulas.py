"""The terms of the known systems in NumPy and float64, each as its authors write it.

F and P are the activations of the painting and of the content picture, S those of the style
picture: (positions, channels). N and C count these. The formulas say nothing of how
`style_engine.losses` computes them.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import scipy.linalg
import tensorflow as tf

from style_engine.masks import mask_at
from style_engine.recipe import PRESETS, preset
from vgg19 import LAYERS

# ---- content


def half_the_squares(F, P):
    return np.sum((F - P) ** 2) / 2


def squares(F, P):
    return np.sum((F - P) ** 2)


def quarter_of_the_mean(F, P):
    N, C = F.shape
    return np.sum((F - P) ** 2) / (4 * N * C)


def mean_of_squares(F, P):
    return np.mean((F - P) ** 2)


# ---- style: Gram matrices of the painting and, for as many positions, of the style picture


def grams(F, S, m=None):
    """Return FᵀF and SᵀS; with a mask m, as if all of the painting were like what it shows."""
    N = len(F)
    m = np.ones(N) if m is None else np.ravel(m)
    return F.T @ (m[:, None] * F) * N / m.sum(), S.T @ S * N / len(S)


def gatys(F, S, pixels, m=None):
    N, C = F.shape
    G, A = grams(F, S, m)
    return np.sum((G - A) ** 2) / (4 * C**2 * N**2)


def tf_neural_style(F, S, pixels, m=None):
    N, C = F.shape
    G, A = grams(F, S, m)
    return np.sum((G / (N * C) - A / (N * C)) ** 2) / C**2


def lua_neural_style(F, S, pixels, m=None):
    G, A = grams(F, S, m)
    return np.mean((G / F.size - A / F.size) ** 2)


def pytorch_book(F, S, pixels, m=None):
    N, C = F.shape
    G, A = grams(F, S, m)
    return np.mean((G - A) ** 2) / (C * N)


def keras_book(F, S, pixels, m=None):
    G, A = grams(F, S, m)
    return np.sum((G - A) ** 2) / (4 * 3**2 * pixels**2)


def tensorflow_tutorial(F, S, pixels, m=None):
    G, A = grams(F, S, m)
    return np.mean((G / len(F) - A / len(F)) ** 2)


def cs231n(F, S, pixels, m=None):
    G, A = grams(F, S, m)
    return np.sum((G / F.size - A / F.size) ** 2)


def wasserstein(F, S, pixels, m=None, epsilon=1e-4):
    """The squared distance of two Gaussians, a channel; a little is added to both covariances."""
    (mean_F, cov_F), (mean_S, cov_S) = gaussian(F, epsilon, m), gaussian(S, epsilon)
    root_S = scipy.linalg.sqrtm(cov_S).real
    shared = scipy.linalg.sqrtm(root_S @ cov_F @ root_S).real
    distance = np.sum((mean_F - mean_S) ** 2) + np.trace(cov_F + cov_S - 2 * shared)
    return distance / F.shape[1]


def gaussian(F, epsilon, m=None):
    m = None if m is None else np.ravel(m)
    spread = np.cov(F, rowvar=False, ddof=0, aweights=m)
    little = epsilon * np.trace(spread) / len(spread)
    return np.average(F, axis=0, weights=m), spread + little * np.eye(len(spread))


# ---- total variation of a picture x (n_H, n_W, 3)


def no_variation(x):
    return 0.0


def absolute(x):
    return np.sum(np.abs(np.diff(x, axis=0))) + np.sum(np.abs(np.diff(x, axis=1)))


def sum_of_squares(x):
    return np.sum(np.diff(x, axis=0) ** 2) + np.sum(np.diff(x, axis=1) ** 2)


def half_the_sum_of_squares(x):
    return sum_of_squares(x) / 2


def mean_dy2_and_dx2(x):
    return np.mean(np.diff(x, axis=0) ** 2) + np.mean(np.diff(x, axis=1) ** 2)


def to_the_power(x):
    n_H, n_W, _ = x.shape
    total = 0.0
    for i in range(n_H - 1):
        for j in range(n_W - 1):
            dy2, dx2 = (x[i + 1, j] - x[i, j]) ** 2, (x[i, j + 1] - x[i, j]) ** 2
            total += np.sum((dx2 + dy2) ** 1.25)
    return total


def nine_points(x):
    """Straight neighbours count a third, diagonal ones a twelfth; the border is repeated."""
    x = np.pad(x, ((1, 1), (1, 1), (0, 0)), mode="edge")
    down, along = np.diff(x[1:, 1:-1], axis=0), np.diff(x[1:-1, 1:], axis=1)
    diagonals = (x[1:, 1:] - x[:-1, :-1], x[1:, :-1] - x[:-1, 1:])
    straight = np.mean(down**2) / 3 + np.mean(along**2) / 3
    return 2 * (straight + sum(np.mean(step**2) / 12 for step in diagonals))


# ---- the systems


class System(NamedTuple):
    """Terms, layers with their weights, and the weights of content, style and variation."""

    content: Callable
    content_layers: Mapping[str, float]
    style: Callable
    style_layers: Mapping[str, float]
    variation: Callable
    weights: tuple[float, float, float]


FIFTHS = {f"conv{block}_1": 0.2 for block in range(1, 6)}
ONES = {f"conv{block}_1": 1.0 for block in range(1, 6)}
FALLING = dict(zip(ONES, (1, 0.8, 0.6, 0.4, 0.2), strict=True))
QUARTERED = dict(zip(ONES, (256 / 341, 64 / 341, 16 / 341, 4 / 341, 1 / 341), strict=True))
FIRE = {"conv1_1": 20000, "conv2_1": 500, "conv3_1": 12, "conv4_1": 1}

CONV4_2, CONV5_2 = {"conv4_2": 1.0}, {"conv5_2": 1.0}
CONV5_4, CONV3_1 = {"conv5_4": 1.0}, {"conv3_1": 1.0}

SYSTEMS = {
    "coursera": System(quarter_of_the_mean, CONV4_2, gatys, FIFTHS, no_variation, (10, 40, 0)),
    "coursera-2021": System(
        quarter_of_the_mean, CONV5_4, gatys, FIFTHS, no_variation, (10, 40, 0)
    ),
    "neural-style-tf": System(
        mean_of_squares, CONV4_2, tf_neural_style, FIFTHS, mean_dy2_and_dx2, (5, 500, 100)
    ),
    "gatys-2015": System(half_the_squares, CONV4_2, gatys, FIFTHS, no_variation, (1e-3, 1, 0)),
    "pytorch-book": System(
        mean_of_squares, CONV4_2, pytorch_book, FALLING, no_variation, (1, 1e5, 0)
    ),
    "keras-book": System(squares, CONV5_2, keras_book, FIFTHS, to_the_power, (0.025, 1, 1e-4)),
    "neural-style": System(
        mean_of_squares, CONV4_2, lua_neural_style, ONES, half_the_sum_of_squares, (5, 100, 1e-3)
    ),
    "tensorflow-tutorial": System(
        mean_of_squares, CONV5_2, tensorflow_tutorial, FIFTHS, absolute, (1e4, 1e-2, 30)
    ),
    "crowsonkb": System(
        mean_of_squares, CONV4_2, wasserstein, QUARTERED, nine_points, (0.015, 1, 2)
    ),
    "cs231n": System(squares, CONV3_1, cs231n, FIRE, sum_of_squares, (0.05, 1, 0.05)),
}

# Our own preset is made of the terms of others, and its choice of them may change.
CONTENT = {
    "sum/4NC": quarter_of_the_mean,
    "mean": mean_of_squares,
    "sum/2": half_the_squares,
    "sum": squares,
}
STYLE = {
    "sum/4N²C²": gatys,
    "mean": tensorflow_tutorial,
    "mean of /NC": lua_neural_style,
    "sum of /NC": cs231n,
    "mean/NC": pytorch_book,
    "sum/36P²": keras_book,
    "wasserstein": wasserstein,
}
VARIATION = {
    "absolute": absolute,
    "squares": sum_of_squares,
    "squares/2": half_the_sum_of_squares,
    "mean squares": mean_dy2_and_dx2,
    "power 1.25": to_the_power,
    "nine points": nine_points,
}


def system(name):
    """Return a system's terms; those of ours by the names in its preset."""
    if name in SYSTEMS:
        return SYSTEMS[name]
    ours = preset(name)
    return System(
        CONTENT[ours.content_term],
        ours.content_layers,
        STYLE[ours.style_term],
        ours.style_layers,
        VARIATION[ours.tv_term],
        (ours.content_weight, ours.style_weight, ours.tv_weight),
    )


SYSTEM_NAMES = tuple(PRESETS)

# ---- the whole cost, with a network in float64

MEAN = np.array([123.68, 116.779, 103.939])
UNITS = {
    "centred": (1.0, MEAN),
    "unit": (255.0, 0.0),
    "normalised": (255 * np.array([0.229, 0.224, 0.225]), 255 * np.array([0.485, 0.456, 0.406])),
    "unit, as they are": (1.0, MEAN),  # what is a unit of the variable is a level for the network
}


def activations(weights, levels, layers, pooling, margin=0):
    """Return a network's activations (N, C) of a picture, in float64, with their (n_H, n_W).

    The picture is continued by its mirror image; what the network makes of that is cut off.
    """
    wide = np.pad(levels - MEAN, ((margin, margin), (margin, margin), (0, 0)), "symmetric")
    x, stride, found = tf.constant(wide[None], tf.float64), 1, {}
    n_H, n_W, _ = levels.shape
    for name in LAYERS[: max([1 + LAYERS.index(name) for name in layers], default=0)]:
        if "pool" in name:
            x, stride = POOLINGS[pooling](x), 2 * stride
        else:
            x = convolved(weights, name, x)
        if name in layers:
            first, size = margin // stride, (-(-n_H // stride), -(-n_W // stride))
            inner = x.numpy()[0, first : first + size[0], first : first + size[1]]
            found[name] = inner.reshape(-1, x.shape[-1]), size
    return found


def convolved(weights, name, x):
    kernel = weights.kernels[name].astype(np.float64)
    return tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "SAME") + weights.biases[name].astype(float))


POOLINGS = {
    "avg": lambda x: tf.nn.avg_pool2d(x, 2, 2, "SAME"),
    "max": lambda x: tf.nn.max_pool2d(x, 2, 2, "SAME"),
    "l2": lambda x: tf.sqrt(tf.nn.avg_pool2d(x * x, 2, 2, "SAME") + 1e-6),
}


class Reference:
    """The cost of a picture x, in the units of a preset, with one style or several."""

    def __init__(self, recipe, known, weights, content, styles, masks=None, gain=1.0):
        self._recipe, self._known, self._weights = recipe, known, weights
        self._masks, self._gain = masks, gain
        self._content = self._activations(content, known.content_layers)
        self._styles = [self._activations(style, known.style_layers) for style in styles]

    def _activations(self, levels, layers):
        if self._recipe.pixels == "unit, as they are":
            levels = levels / 255 + MEAN
        return self._found(levels, layers)

    def _found(self, levels, layers):
        recipe = self._recipe
        found = activations(self._weights, levels, layers, recipe.pooling, recipe.margin)
        return {name: (self._gain * F, size) for name, (F, size) in found.items()}

    def __call__(self, x):
        """Return the total, content, style and variation."""
        unit, zero = UNITS[self._recipe.pixels]
        known, levels = self._known, x * unit + zero
        painted = self._found(levels, {**known.content_layers, **known.style_layers})
        content = sum(
            weight * known.content(painted[name][0], self._content[name][0])
            for name, weight in known.content_layers.items()
        )
        style = self._style(painted, levels.shape[0] * levels.shape[1])
        variation = known.variation(x) if known.weights[2] else 0.0
        terms = np.array([content, style, variation])
        return np.array([terms @ known.weights, *terms])

    def _style(self, painted, pixels):
        blend = np.array(self._recipe.style_blend or [1.0] * len(self._styles))
        blend = blend / (blend.mean() if self._masks else blend.sum())
        total = 0.0
        for k, kept in enumerate(self._styles):
            for name, weight in self._known.style_layers.items():
                F, size = painted[name]
                m = mask_at(self._masks[k], size).astype(float) if self._masks else None
                total += blend[k] * weight * self._known.style(F, kept[name][0], pixels, m)
        return total
