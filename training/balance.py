"""Scale a network's channels and layers, so that the course's own recipe paints well with it.

A ReLU passes any positive factor through: a channel can be made larger if the next layer's
kernel takes it smaller. The network computes the same; only the Gram matrices, and with them the
weight that a channel or a layer has in the costs, change. Two things are set here:

- each channel counts as much as it carries of what was taught, so that differences of Gram
  matrices are like those of the teacher;
- each layer has, on average over pairs of the course's pictures, the share of the costs that
  paints best, so that the weights 10 and 40 and the five equal layer weights of the course need
  no change. The three lower layers count most: they carry colours and strokes. The two deep ones
  and the content layer of a thin network see little else than those, and the more they weigh,
  the longer the painting stays between two aims: with equal shares both the style and the content
  of the finished pictures were further off.
"""

import itertools
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from nst_utils import COURSE_DIR, read_image, reshape_and_normalize_image
from vgg19 import VGG19
from vgg19_weights import CONVOLUTIONS, VGGWeights

SIZE = (150, 200)
CONTENT_LAYER = "conv4_2"
AVERAGE_COST = 1e3  # activations are then of order ten
SHARES = {  # of the average cost, for the five style layers and the content layer
    "conv1_1": 1.5,
    "conv2_1": 1.5,
    "conv3_1": 1.5,
    "conv4_1": 0.4,
    "conv4_2": 0.1,
    "conv5_1": 0.1,
}
RIDGE = 0.1  # of a channel's mean square; how much a map may live on small differences
LIMIT = 30  # no channel is scaled by more than this, relative to the layer's median

Maps = Mapping[str, np.ndarray]
Activations = list[dict[str, np.ndarray]]


def balanced(weights: VGGWeights, maps: Maps) -> VGGWeights:
    """Return the same network with other scales.

    Parameters
    ----------
    weights : VGGWeights
    maps : mapping from layer name to array (n_C, m)
        For each layer the best linear map from its channels to what it was taught.
    """
    contents, styles = (course_activations(weights, kind) for kind in ("content", "style"))
    gains = {
        name: channel_gains(places(contents + styles, name), maps[name]) for name in CONVOLUTIONS
    }
    weights = rescaled(weights, gains)
    contents, styles = (course_activations(weights, kind) for kind in ("content", "style"))
    pairs = list(itertools.product(contents, styles))
    gains = {name: np.full_like(gains[name], layer_gain(name, pairs)) for name in CONVOLUTIONS}
    return rescaled(weights, gains)


def rescaled(weights: VGGWeights, gains: Mapping[str, np.ndarray]) -> VGGWeights:
    """Multiply each channel of each layer by its gain; what the network computes stays."""
    kernels, biases = {}, {}
    before = np.ones(3, np.float32)
    for name in CONVOLUTIONS:
        gain = gains[name].astype(np.float32)
        kernels[name] = weights.kernels[name] / before[:, None] * gain
        biases[name] = weights.biases[name] * gain
        before = gain
    return VGGWeights(kernels, biases, weights.mean_pixel, weights.source)


def course_activations(weights: VGGWeights, kind: str) -> Activations:
    """Return all layers (places, n_C) for each picture of a kind, "content" or "style"."""
    model = VGG19(weights, SIZE)
    found = []
    for path in sorted(Path(COURSE_DIR / "images").glob(f"{kind}_*.jpg")):
        model["input"].assign(reshape_and_normalize_image(read_image(path, SIZE)))
        layers = {name: np.asarray(model[name]) for name in CONVOLUTIONS}
        found.append({name: a.reshape(-1, a.shape[-1]) for name, a in layers.items()})
    return found


def places(activations: Activations, name: str) -> np.ndarray:
    """Return one layer for all pictures, (places, n_C)."""
    return np.concatenate([layers[name] for layers in activations])


def channel_gains(found: np.ndarray, linear_map: np.ndarray) -> np.ndarray:
    """Return for each channel the length of its row in a well-conditioned linear map."""
    own = found.T @ found / len(found)
    size = np.sqrt(np.diag(own)) + 1e-3
    likeness = own / np.outer(size, size)
    shared = own @ linear_map / size[:, None]
    stable = np.linalg.solve(likeness + RIDGE * np.eye(len(own)), shared)
    gains = np.linalg.norm(stable, axis=1) / size
    middle = np.median(gains)
    return np.clip(gains, middle / LIMIT, middle * LIMIT)


def layer_gain(name: str, pairs: list[tuple[dict, dict]]) -> float:
    """Return the factor that brings a layer's average cost over pairs to its share."""
    aim = AVERAGE_COST * SHARES.get(name, 1.0)
    if name == CONTENT_LAYER:
        costs = [np.mean((c[name] - s[name]) ** 2) / 4 for c, s in pairs]
        return float((aim / np.mean(costs)) ** (1 / 2))
    costs = [np.mean((gram(c[name]) - gram(s[name])) ** 2) / 4 for c, s in pairs]
    return float((aim / np.mean(costs)) ** (1 / 4))


def gram(found: np.ndarray) -> np.ndarray:
    """Return the Gram matrix divided by the number of places."""
    return found.T @ found / len(found)
