"""A VGG-19 with a few seeded channels a layer, for tests."""

from collections.abc import Mapping

import numpy as np

from vgg19_weights import CONVOLUTIONS, MEAN_PIXEL, VGGWeights

COURSE_LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv4_2", "conv5_1")

# All widths differ from their neighbours', so that no mixed-up axis goes unseen.
SMALL_WIDTHS = dict(
    zip(CONVOLUTIONS, (4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19), strict=True)
)


def small_weights(widths: Mapping[str, int] = SMALL_WIDTHS, seed: int = 0) -> VGGWeights:
    """Return seeded weights that keep activations of about one size through all layers."""
    rng = np.random.default_rng(seed)
    kernels, biases = {}, {}
    channels = 3
    for name, width in widths.items():
        deviation = np.sqrt(2 / (9 * channels))
        kernel = rng.standard_normal((3, 3, channels, width), np.float32)
        kernels[name] = kernel * np.float32(deviation)
        biases[name] = rng.standard_normal(width, np.float32)
        channels = width
    return VGGWeights(kernels, biases, np.array(MEAN_PIXEL, np.float32), "small")
