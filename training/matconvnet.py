"""Write a VGG-19 in MatConvNet's layout, in either of its two published nestings."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import scipy.io

from grading.files import written_whole
from vgg19_weights import CONVOLUTIONS, MATCONVNET_INDEX, VGGWeights

Release = Literal["older", "newer"]

N_LAYERS = 37  # convolutions, ReLUs and poolings, up to the fifth pooling


def write_matconvnet(path: Path, weights: VGGWeights, release: Release = "newer") -> None:
    """Write weights as MatConvNet's releases nest them.

    Parameters
    ----------
    path : Path
        Ends in ``.mat``; written whole or not at all.
    weights : VGGWeights
    release : {"older", "newer"}
        "newer": ``layers[0][i][0][0][2][0]`` is the pair, ``meta`` holds the mean pixel.
        "older": ``layers[0][i][0][0][0][0]`` is the pair, ``normalization`` a mean picture.
    """
    layers = np.empty((1, N_LAYERS), object)
    names = {index: name for name, index in MATCONVNET_INDEX.items()}
    previous = ""
    for i in range(N_LAYERS):
        previous = names.get(i, previous)
        layers[0, i] = _layer(weights, names.get(i), previous, i, release)
    content = {"layers": layers, **_mean(weights.mean_pixel, release)}
    with written_whole(path) as part:
        with part.open("wb") as file:
            scipy.io.savemat(file, content, do_compression=True)
        _drop_date(part)


def _drop_date(path: Path) -> None:
    """Put a text without a date into the 116 bytes of a MATLAB 5 file that describe it."""
    with path.open("r+b") as file:
        file.write(b"MATLAB 5.0 MAT-file, VGG-19 in MatConvNet's layout".ljust(116))


def _layer(
    weights: VGGWeights, name: str | None, previous: str, index: int, release: Release
) -> np.ndarray:
    if name is None:
        follows_relu = index - 1 not in MATCONVNET_INDEX.values()
        kind = "pool" if follows_relu else "relu"
        block = previous.removeprefix("conv")
        label = f"pool{block[0]}" if follows_relu else f"relu{block}"
        return _struct({"name": label, "type": kind})
    pair = np.empty((1, 2), object)
    pair[0, 0], pair[0, 1] = weights.kernels[name], weights.biases[name].reshape(1, -1)
    described = {"pad": np.ones((1, 4)), "type": "conv", "name": name, "stride": np.ones((1, 2))}
    if release == "older":
        return _struct({"weights": pair, **described})
    return _struct({"name": name, "type": "conv", "weights": pair, "pad": np.ones((1, 4))})


def _mean(mean_pixel: np.ndarray, release: Release) -> dict[str, Any]:
    mean = mean_pixel.astype(np.float64).reshape(1, 1, 3)
    if release == "older":
        picture = np.broadcast_to(mean, (224, 224, 3)).astype(np.float32)
        return {"normalization": _struct({"averageImage": picture, "keepAspect": 1.0})}
    size = np.array([[224.0, 224.0, 3.0]])
    normalization = _struct({"imageSize": size, "keepAspect": 1.0, "averageImage": mean})
    return {"meta": _struct({"normalization": normalization})}


def _struct(fields: dict[str, Any]) -> np.ndarray:
    """Return a 1 x 1 MATLAB struct with its fields in the given order."""
    record = np.empty((1, 1), [(name, object) for name in fields])
    for name, value in fields.items():
        record[name][0, 0] = value
    return record


def network_widths(first: int) -> dict[str, int]:
    """Return the channels of each convolution when the first block has ``first``.

    As in VGG-19, each block doubles the width, up to eight times the first.
    """
    return {name: first * min(2 ** (int(name[4]) - 1), 8) for name in CONVOLUTIONS}
