"""VGG-19 up to the deepest layer that is needed, as a function that is quick on a processor.

The mapping of `vgg19` answers for one layer at a time, eagerly or in a graph, and always rightly.
This is for thousands of steps: nothing but what the cost needs, compiled once.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import tensorflow as tf

from style_engine import winograd
from style_engine.one_pass import Cut, part, rectified
from style_engine.recipe import Pooling
from vgg19 import LAYERS, layer_shapes
from vgg19_weights import VGGWeights

Convolve = Callable[[tf.Tensor], tf.Tensor]

WINOGRAD_CHANNELS = 256  # with fewer on either side, a convolution is sooner done directly
FEW = 16  # channels
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
    built_in : bool
        Whether kernels are constants of each function that is compiled with the network. oneDNN
        keeps constants in the order it likes and puts all others into that order at each call.
        But each such function takes longer to compile and holds many copies of them.
    """

    def __init__(
        self,
        weights: VGGWeights,
        pooling: Pooling = "avg",
        dtype: tf.DType = tf.float32,
        convolution: str = "auto",
        *,
        built_in: bool = False,
    ) -> None:
        self.weights = weights
        self.dtype = dtype
        self.mean = weights.mean_pixel.reshape(3).astype(np.float32)
        self._built_in = built_in
        self._pool = POOLINGS[pooling]
        self._convolution = convolution
        self._layers: dict[str, tuple[Convolve, tf.Tensor]] = {}

    def __call__(
        self, levels: tf.Tensor, layers: Sequence[str], *, centred: bool = True, margin: int = 0
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
        margin : int
            Pixels on each side whose cells are left out of what is returned, a multiple of 16.
        """
        wanted: dict[str, tf.Tensor] = {}
        names = LAYERS[: 1 + max(map(LAYERS.index, layers))]
        cuts = {name: cut_of(levels.shape, name, margin) for name in layers}
        x = tf.cast(levels - self.mean if centred else levels, self.dtype)
        for name, follower in zip(names, (*names[1:], ""), strict=True):
            if name.startswith("avgpool"):
                x = x if self._pool is _average else self._pool(x)  # averages are there already
                wanted |= {name: part(x, cuts[name])} if name in cuts else {}
                continue
            convolve, bias = self._layer(name)
            pooled = self._pool is _average and follower.startswith("avgpool")
            mine = [name] if name in cuts else []
            *found, x = rectified(convolve(x), bias, [cuts[n] for n in mine], pooled=pooled)
            wanted.update(zip(mine, found, strict=True))
        return wanted

    def shapes(self, size: tuple[int, int]) -> dict[str, tuple[int, int, int]]:
        """Return the shape (n_H, n_W, n_C) of each layer for a picture of (n_H, n_W) pixels."""
        return {name: shape[1:] for name, shape in layer_shapes(self.weights, size).items()}

    def _layer(self, name: str) -> tuple[Convolve, tf.Tensor]:
        if name not in self._layers:
            kernel, bias = self.weights.kernels[name], self.weights.biases[name]
            with tf.init_scope():  # they outlive the function that is being compiled
                self._layers[name] = self._convolution_with(kernel), tf.constant(bias, self.dtype)
        return self._layers[name]

    def _convolution_with(self, kernel: np.ndarray) -> Convolve:
        enough = min(kernel.shape[2:]) >= WINOGRAD_CHANNELS and self.dtype == tf.float32
        if self._convolution == "winograd" or (self._convolution == "auto" and enough):
            return winograd.convolution(kernel)
        held = tf.constant(kernel, self.dtype)
        if not self._built_in:
            return lambda x: tf.nn.conv2d(x, held, strides=1, padding="SAME")
        return _with_constants(held.numpy())


def _with_constants(kernel: np.ndarray) -> Convolve:
    """Return the convolution with a kernel that is a constant of the graph, its gradient too."""
    # The gradient is the convolution with the kernel turned by half a turn, channels exchanged.
    turned = np.ascontiguousarray(kernel[::-1, ::-1].transpose(0, 1, 3, 2))

    def convolve(x: tf.Tensor) -> tf.Tensor:
        return tf.nn.conv2d(x, tf.constant(kernel), strides=1, padding="SAME")

    @tf.custom_gradient
    def convolve_both_ways(x: tf.Tensor) -> tuple[tf.Tensor, Convolve]:
        return convolve(x), lambda upstream: tf.nn.conv2d(
            upstream, tf.constant(turned), strides=1, padding="SAME"
        )

    few = kernel.shape[2] < FEW  # oneDNN has a way of its own to few channels
    return convolve if few else convolve_both_ways


def cut_of(shape: Sequence[int], name: str, margin: int) -> Cut | None:
    """Return the cells of a layer without a margin around the picture; None stands for all."""
    if not margin:
        return None
    rows, columns = (-(-(side - 2 * margin) // stride(name)) for side in shape[1:3])
    return Cut(margin // stride(name), rows, columns)


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
