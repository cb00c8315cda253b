"""VGG-19 up to the deepest layer that is needed, as a function that is quick on a processor.

The mapping of `vgg19` answers for one layer at a time, eagerly or in a graph, and always rightly.
This is for thousands of steps: nothing but what the cost needs, compiled once.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import tensorflow as tf

from style_engine import winograd
from style_engine.recipe import Pooling
from vgg19 import LAYERS, layer_shapes
from vgg19_weights import VGGWeights

WINOGRAD_CHANNELS = 256  # with fewer on either side, a convolution is sooner done directly
REACH = dict(
    zip(
        LAYERS,
        (1, 2, 3, 5, 7, 9, 13, 17, 21, 25, 29, 37, 45, 53, 61, 69, 85, 101, 117, 133, 149),
        strict=True,
    )
)


def stride(name: str) -> int:
    """Return how many pixels a cell of a layer is wide."""
    block = int(name.removeprefix("avgpool").removeprefix("conv")[0])
    return 2**block if name.startswith("avgpool") else 2 ** (block - 1)


class Network:
    """The convolutions of a VGG-19, after their ReLU.

    Parameters
    ----------
    weights : VGGWeights
        Of any widths.
    pooling : {"avg", "max", "l2"}
        2 x 2, stride 2, SAME padding; l2 is the root of the mean of squares.
    dtype : tf.DType
        Of kernels and activations: float32 or bfloat16.
    convolution : {"auto", "direct", "winograd"}
        Auto takes Winograd's way in float32 where there are enough channels.
    """

    def __init__(
        self,
        weights: VGGWeights,
        pooling: Pooling = "avg",
        dtype: tf.DType = tf.float32,
        convolution: str = "auto",
    ) -> None:
        self.weights = weights
        self.dtype = dtype
        self._pool = POOLINGS[pooling]
        self._mean = tf.constant(weights.mean_pixel.reshape(3), tf.float32)
        self._convolution = convolution
        self._convolve: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {}

    def __call__(
        self, levels: tf.Tensor, layers: Sequence[str], *, centred: bool = True
    ) -> dict[str, tf.Tensor]:
        """Return activations (1, n_H, n_W, n_C) by layer.

        Parameters
        ----------
        levels : tensor (1, n_H, n_W, 3), float32
            RGB, 0-255.
        layers : sequence of str
            Which ones.
        centred : bool
            Whether to subtract the mean pixel. Without, the network gets what it is given.
        """
        wanted = {}
        x = tf.cast(levels - self._mean if centred else levels, self.dtype)
        for name in LAYERS[: 1 + max(map(LAYERS.index, layers))]:
            x = self._pool(x) if name.startswith("avgpool") else self._layer(name)(x)
            if name in layers:
                wanted[name] = x
        return wanted

    def shapes(self, size: tuple[int, int]) -> dict[str, tuple[int, int, int]]:
        """Return the shape (n_H, n_W, n_C) of each layer for a picture of (n_H, n_W) pixels."""
        return {name: shape[1:] for name, shape in layer_shapes(self.weights, size).items()}

    def _layer(self, name: str) -> Callable[[tf.Tensor], tf.Tensor]:
        if name not in self._convolve:
            kernel, bias = self.weights.kernels[name], self.weights.biases[name]
            with tf.init_scope():  # they outlive the function that is being compiled
                convolve = self._convolution_with(kernel)
                added = tf.constant(bias, self.dtype)
            self._convolve[name] = lambda x: tf.nn.relu(tf.nn.bias_add(convolve(x), added))
        return self._convolve[name]

    def _convolution_with(self, kernel: np.ndarray) -> Callable[[tf.Tensor], tf.Tensor]:
        enough = min(kernel.shape[2:]) >= WINOGRAD_CHANNELS and self.dtype == tf.float32
        if self._convolution == "winograd" or (self._convolution == "auto" and enough):
            return winograd.convolution(kernel)
        held = tf.constant(kernel, self.dtype)
        return lambda x: tf.nn.conv2d(x, held, strides=1, padding="SAME")


def _average(x: tf.Tensor) -> tf.Tensor:
    return tf.nn.avg_pool2d(x, 2, 2, "SAME")


def _maximum(x: tf.Tensor) -> tf.Tensor:
    return tf.nn.max_pool2d(x, 2, 2, "SAME")


def _l2(x: tf.Tensor) -> tf.Tensor:
    little = tf.cast(1e-6, x.dtype)  # the root has no gradient at zero
    return tf.sqrt(tf.nn.avg_pool2d(tf.square(x), 2, 2, "SAME") + little)


POOLINGS: Mapping[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "avg": _average,
    "max": _maximum,
    "l2": _l2,
}
