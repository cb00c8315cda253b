"""The first eight convolutions of the true VGG-19: a teacher, a judge, never part of the course.

They are read from `vgg19_conv1_1-conv3_4.npz` in the folder that COURSE_TEST_DATA names (arrays
NAME/kernel and NAME/bias as Keras stores them, for BGR pictures), or else from the whole network
that `course fetch vgg19` brings.
"""

import os
from pathlib import Path

import numpy as np

from nst_utils import real_vgg
from vgg19_weights import CONVOLUTIONS, MEAN_PIXEL, VGGWeights, read_vgg_weights

FILE = "vgg19_conv1_1-conv3_4.npz"
TRUE_LAYERS = CONVOLUTIONS[:8]

Arrays = dict[str, np.ndarray]


def read_true_layers(folder: Path | None = None) -> tuple[Arrays, Arrays]:
    """Return kernels (3, 3, in, out) for RGB pictures and biases (out,) by layer name.

    Parameters
    ----------
    folder : Path, optional
        In place of the one that COURSE_TEST_DATA names.

    Raises
    ------
    SystemExit
        Neither the file nor the fetched network is there; the text says what to do.
    """
    path = (folder or Path(os.environ.get("COURSE_TEST_DATA", ""))) / FILE
    fetched = real_vgg()
    if path.is_file():
        with np.load(path) as data:
            kernels = {name: data[f"{name}/kernel"] for name in TRUE_LAYERS}
            biases = {name: data[f"{name}/bias"] for name in TRUE_LAYERS}
        kernels["conv1_1"] = np.ascontiguousarray(kernels["conv1_1"][:, :, ::-1])
        return kernels, biases
    if fetched and folder is None:
        weights = read_vgg_weights(fetched)
        return dict(weights.kernels), dict(weights.biases)
    raise SystemExit(
        f"{path} is missing; set COURSE_TEST_DATA to the folder that holds {FILE}, "
        "or run: course fetch vgg19"
    )


def true_network() -> VGGWeights:
    """Return a whole network: the true layers, and empty ones of one channel behind them."""
    kernels, biases = read_true_layers()
    kernels = {name: kernels[name] for name in TRUE_LAYERS}
    biases = {name: biases[name] for name in TRUE_LAYERS}
    for name in CONVOLUTIONS[len(TRUE_LAYERS) :]:
        channels = 256 if name == "conv4_1" else 1
        kernels[name] = np.zeros((3, 3, channels, 1), np.float32)
        biases[name] = np.zeros(1, np.float32)
    return VGGWeights(kernels, biases, np.array(MEAN_PIXEL, np.float32), "true layers")
