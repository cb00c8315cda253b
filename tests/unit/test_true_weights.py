"""The true first eight layers of VGG-19 through each file format, against float64."""

import os
from pathlib import Path

import numpy as np
import pytest

from nst_utils import load_vgg_model, read_image, reshape_and_normalize_image
from tests.unit.test_vgg19_weights import write_keras, write_npz
from training.matconvnet import write_matconvnet
from training.true_layers import FILE, TRUE_LAYERS, read_true_layers
from vgg19_weights import CONVOLUTIONS, MEAN_PIXEL, VGGWeights, read_vgg_weights

folder = os.environ.get("COURSE_TEST_DATA", "")
pytestmark = pytest.mark.skipif(
    not (Path(folder) / FILE).is_file(),
    reason=f"needs the true weights: set COURSE_TEST_DATA to the folder that holds {FILE}",
)


@pytest.fixture(scope="module")
def true_weights():
    """True layers up to conv3_4, RGB input; thin seeded ones behind them."""
    rng = np.random.default_rng(0)
    kernels, biases = read_true_layers(Path(folder))
    channels = 256
    for name in CONVOLUTIONS[8:]:
        kernels[name] = rng.normal(size=(3, 3, channels, 4)).astype(np.float32)
        biases[name] = np.zeros(4, np.float32)
        channels = 4
    return VGGWeights(kernels, biases, np.array(MEAN_PIXEL, np.float32), "true")


@pytest.fixture(scope="module")
def image():
    return reshape_and_normalize_image(read_image("images/content_temple.jpg", (48, 64)))


@pytest.fixture(scope="module")
def right(true_weights, image):
    """The activations by float64 sums over the nine positions of a kernel."""
    x = image[0].astype(np.float64)
    activations = {}
    for name in TRUE_LAYERS:
        if name in ("conv2_1", "conv3_1"):
            x = x.reshape(x.shape[0] // 2, 2, x.shape[1] // 2, 2, -1).mean(axis=(1, 3))
        n_H, n_W, _ = x.shape
        padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
        kernel = true_weights.kernels[name].astype(np.float64)
        total = sum(
            padded[i : i + n_H, j : j + n_W] @ kernel[i, j] for i in range(3) for j in range(3)
        )
        x = np.maximum(total + true_weights.biases[name], 0)
        activations[name] = x
    return activations


def write_mat_older(path, weights):
    write_matconvnet(path, weights, "older")


def write_mat_swapped(path, weights):
    kernels = {name: kernel.transpose(1, 0, 2, 3) for name, kernel in weights.kernels.items()}
    write_matconvnet(path, VGGWeights(kernels, weights.biases, weights.mean_pixel, "swapped"))


def write_published_keras(path, weights):
    write_keras(path, weights, "published")


@pytest.mark.parametrize(
    ("writer", "suffix"),
    [
        (write_matconvnet, ".mat"),
        (write_mat_older, ".mat"),
        (write_mat_swapped, ".mat"),
        (write_published_keras, ".h5"),
        (write_npz, ".npz"),
    ],
    ids=["mat-newer", "mat-older", "mat-rows-and-columns-swapped", "h5", "npz"],
)
def test_activations_agree_with_float64(tmp_path, true_weights, image, right, writer, suffix):
    path = tmp_path / f"vgg{suffix}"
    writer(path, true_weights)
    model = load_vgg_model(path, image.shape[1:3])
    model["input"].assign(image)
    for name in TRUE_LAYERS:
        scale = np.abs(right[name]).max()
        error = np.abs(model[name].numpy()[0] - right[name]).max() / scale
        assert error < 1e-4, f"{name}: {error:.1e}"


def test_the_kernels_are_told_apart_from_their_transposes(tmp_path, true_weights):
    """The fingerprint decides: one orientation is left alone, the other is turned."""
    write_mat_swapped(tmp_path / "swapped.mat", true_weights)
    upright = read_vgg_weights(tmp_path / "swapped.mat")
    np.testing.assert_array_equal(upright.kernels["conv3_4"], true_weights.kernels["conv3_4"])
    stored = read_vgg_weights(tmp_path / "swapped.mat", "as-stored")
    assert not np.allclose(stored.kernels["conv3_4"], true_weights.kernels["conv3_4"])
