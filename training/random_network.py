"""Make a VGG-19 of a quarter of its width with seeded filters, calibrated on pictures.

    python -m training.random_network [--seed 1] [--out build/seeded.mat]

Each filter is drawn at random; then, layer by layer, it is scaled and shifted so that before
the ReLU every channel has mean 0 and the same deviation over the calibration pictures. It has
learnt nothing, yet its statistics already tell many textures apart (Ustyuzhaninov et al., "What
does it take to generate natural textures?", 2017).
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from nst_utils import COURSE_DIR, read_image, reshape_and_normalize_image
from training.matconvnet import network_widths, write_matconvnet
from vgg19 import LAYERS
from vgg19_weights import MEAN_PIXEL, VGGWeights

SIZE = (192, 256)  # of the calibration pictures, rows and columns

# The style cost grows with the fourth power of the activations, the content cost with the second.
# At 10 the course's weights, 10 for content and 40 for style, are in balance; at 1 style is lost.
DEVIATION = 10.0


def calibration_pictures() -> np.ndarray:
    """Return all pictures of ``images/`` as one batch (m, 192, 256, 3), mean-subtracted."""
    paths = sorted((COURSE_DIR / "images").glob("*.jpg"))
    if not paths:
        raise SystemExit("images/ holds no pictures; run: python training/pictures.py")
    batch = [reshape_and_normalize_image(read_image(path, SIZE)) for path in paths]
    return np.concatenate(batch)


def random_filters(rng: np.random.Generator, channels: int, n_filters: int) -> np.ndarray:
    """Return (3, 3, channels, n_filters) filters of unit length, orthogonal where possible."""
    drawn = rng.normal(size=(9 * channels, n_filters))
    if n_filters <= 9 * channels:
        drawn, _ = np.linalg.qr(drawn)
    return (drawn / np.linalg.norm(drawn, axis=0)).reshape(3, 3, channels, n_filters)


def calibrated(
    kernel: np.ndarray, activation: tf.Tensor, deviation: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return kernel and bias that give each channel mean 0 and this deviation before its ReLU."""
    response = tf.nn.conv2d(activation, kernel.astype(np.float32), 1, "SAME")
    mean, variance = (x.numpy() for x in tf.nn.moments(response, axes=(0, 1, 2)))
    scale = deviation / np.sqrt(variance + 1e-12)
    return (kernel * scale).astype(np.float32), (-mean * scale).astype(np.float32)


def make_network(
    widths: Mapping[str, int], seed: int, pictures: np.ndarray, deviation: float = DEVIATION
) -> VGGWeights:
    """Draw and calibrate all sixteen convolutions, of the given numbers of channels."""
    rng = np.random.default_rng(seed)
    kernels, biases = {}, {}
    activation = tf.constant(pictures)
    for name in LAYERS:
        if name.startswith("avgpool"):
            activation = tf.nn.avg_pool2d(activation, 2, 2, "SAME")
            continue
        drawn = random_filters(rng, activation.shape[-1], widths[name])
        kernels[name], biases[name] = calibrated(drawn, activation, deviation)
        activation = tf.nn.relu(tf.nn.conv2d(activation, kernels[name], 1, "SAME") + biases[name])
    return VGGWeights(kernels, biases, np.array(MEAN_PIXEL, np.float32), "seeded filters")


def main() -> None:
    """Write the network, to compare the trained one with."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first-width", type=int, default=16, help="channels of conv1_1")
    parser.add_argument("--out", type=Path, default=COURSE_DIR / "build" / "seeded.mat")
    arguments = parser.parse_args()
    widths = network_widths(arguments.first_width)
    network = make_network(widths, arguments.seed, calibration_pictures())
    write_matconvnet(arguments.out, network)
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
