"""VGG-19 as a mapping from layer names to activations, for the eager and the graph mode.

``model["input"]`` is the picture, a ``tf.Variable``; ``model["conv4_2"]`` is that layer's
activation for the picture as it is at this moment. Pooling is average by default, as in Gatys,
Ecker and Bethge, "A neural algorithm of artistic style", 2015; the fully connected layers are
left out.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from vgg19_weights import BLOCKS, KernelAxes, VGGWeights, read_vgg_weights

try:  # TensorFlow has no public way to ask which tapes watch a tensor
    from tensorflow.python.pywrap_tfe import TFE_Py_TapeSetPossibleGradientTypes
except ImportError:  # then no pass is shared: right, but k layers cost k passes
    TFE_Py_TapeSetPossibleGradientTypes = None

Pooling = Literal["avg", "max"]

MIN_SIDE = 16  # four of the five poolings still halve something
FULL_WIDTH = 512  # channels of the last convolution of the real VGG-19
USUAL_STEPS = 200  # of a painting
BACK = 0.7  # time of a pass back to the picture, measured against the pass forward
UNSHAREABLE = 2  # TensorFlow's answer for nested or persistent tapes

# Every layer in the order of computation: conv1_1, conv1_2, avgpool1, conv2_1, ...
LAYERS = tuple(
    name
    for block, n in enumerate(BLOCKS, start=1)
    for name in (*(f"conv{block}_{i}" for i in range(1, n + 1)), f"avgpool{block}")
)
KEYS = ("input", *LAYERS)


class VGG19:
    """A VGG-19 over one picture, read like a dict of 22 keys.

    Behaves as a mapping (``keys``, ``items``, ``values``, ``get``, ``in``, ``len``,
    ``dict(model)``). It is not registered as ``collections.abc.Mapping``: TensorFlow takes
    mappings that are handed to a ``tf.function`` apart, which would compute all layers.

    Several layers read for one picture share one forward pass; it is computed as deep as the
    deepest layer asked for. A new picture, tape or graph starts a new pass, so that no
    activation is ever stale. Under a persistent tape or nested tapes each read is a pass of
    its own, since TensorFlow does not tell which of them has seen an earlier pass.

    Parameters
    ----------
    weights : VGGWeights
    image_size : (n_H, n_W)
        Size of the picture in pixels, each side at least 16.
    pooling : {"avg", "max"}
        2 x 2, stride 2, SAME padding: 75 rows become 38.
    input_mean : array (3,), optional
        RGB mean that callers subtract from their pictures; the weights' own mean by default.

    Attributes
    ----------
    weights : VGGWeights
    image_size : (int, int)
    pooling : str
    """

    def __init__(
        self,
        weights: VGGWeights,
        image_size: tuple[int, int],
        pooling: Pooling = "avg",
        input_mean: np.ndarray | None = None,
    ) -> None:
        self.weights = weights
        self.image_size = check_image_size(image_size)
        self.pooling = check_pooling(pooling)
        self._network = _Network(weights, pooling, input_mean)
        self._input = tf.Variable(tf.zeros((1, *self.image_size, 3)), name="input")
        self._pass: _ForwardPass | None = None

    def __getitem__(self, name: str) -> Any:
        """Return the picture's variable ("input") or a layer's activation (1, n_H, n_W, n_C)."""
        if name == "input":
            return self._input
        if name not in LAYERS:
            raise KeyError(f"{name!r} is not a layer of VGG-19; there are {', '.join(KEYS)}")
        picture = self._input.read_value()
        if self._pass is None or not self._pass.serves(picture, name):
            self._pass = _ForwardPass(self._network, picture)
        return self._pass.activation(name)

    def keys(self) -> tuple[str, ...]:
        """Return the names: input, conv1_1, conv1_2, avgpool1, ... avgpool5."""
        return KEYS

    def values(self) -> list[Any]:
        """Return the picture's variable and the activations of all layers."""
        return [self[name] for name in KEYS]

    def items(self) -> list[tuple[str, Any]]:
        """Return pairs of name and value."""
        return [(name, self[name]) for name in KEYS]

    def get(self, name: str, default: Any = None) -> Any:
        """Return ``self[name]``, or the default when there is no such layer."""
        return self[name] if name in KEYS else default

    def __contains__(self, name: object) -> bool:
        return name in KEYS

    def __iter__(self) -> Iterator[str]:
        return iter(KEYS)

    def __len__(self) -> int:
        return len(KEYS)

    def shape(self, name: str) -> tuple[int, int, int, int]:
        """Return a layer's shape (1, n_H, n_W, n_C), without computing the layer."""
        return layer_shapes(self.weights, self.image_size)[name]

    def seconds_a_step(self) -> float:
        """Estimate how long a step of painting takes here: a pass forward, and one back.

        The pass forward of a quarter of the picture is measured.
        """
        n_H, n_W = (max(MIN_SIDE, side // 2) for side in self.image_size)
        quarter = VGG19(self.weights, (n_H, n_W), self.pooling)
        for value in (1.0, 2.0):  # the first pass is slower
            start = time.perf_counter()
            quarter["input"].assign(tf.fill(quarter["input"].shape, value))
            np.asarray(quarter["conv5_1"])
            seconds = time.perf_counter() - start
        share = n_H * n_W / (self.image_size[0] * self.image_size[1])
        return (1 + BACK) * seconds / share

    def __str__(self) -> str:
        text = describe(self.weights, self.image_size, self.pooling)
        is_full_size = self.weights.channels("conv5_4") == FULL_WIDTH
        if not is_full_size or not tf.executing_eagerly():
            return text
        first, _, layers = text.partition("\n")
        return f"{first}\n{_expected_time(self.seconds_a_step())}\n{layers}"

    __repr__ = __str__


class VGG19Graph(dict[str, Any]):
    """The same 22 keys as tensors of a TensorFlow 1 graph, for ``session.run``."""

    def __init__(
        self,
        weights: VGGWeights,
        image_size: tuple[int, int],
        pooling: Pooling = "avg",
        input_mean: np.ndarray | None = None,
    ) -> None:
        self.weights = weights
        self.image_size = check_image_size(image_size)
        self.pooling = check_pooling(pooling)
        zeros = np.zeros((1, *self.image_size, 3), np.float32)
        picture = tf.compat.v1.Variable(zeros, dtype=tf.float32, name="input")
        layers = _ForwardPass(_Network(weights, pooling, input_mean), picture)
        super().__init__(input=picture, **{name: layers.activation(name) for name in LAYERS})

    def __str__(self) -> str:
        return describe(self.weights, self.image_size, self.pooling)

    __repr__ = __str__


def open_vgg(
    path: str | Path,
    image_size: tuple[int, int],
    *,
    pooling: Pooling = "avg",
    kernel_axes: KernelAxes = "upright",
    input_mean: np.ndarray | None = None,
) -> VGG19 | VGG19Graph:
    """Read a weights file and build its network for the mode TensorFlow is in.

    Returns
    -------
    VGG19 in eager mode, VGG19Graph under ``tf.compat.v1`` graph mode.

    Raises
    ------
    WeightsError
        See `vgg19_weights.read_vgg_weights`.
    ValueError
        A side of the picture is below 16 pixels; an option is unknown.
    """
    kind = VGG19 if tf.executing_eagerly() else VGG19Graph
    check_pooling(pooling)
    weights = read_vgg_weights(path, kernel_axes)
    return kind(weights, image_size, pooling, input_mean)


class _Network:
    """Kernels on the device and the computation of one layer from the layer before."""

    def __init__(self, weights: VGGWeights, pooling: str, input_mean: np.ndarray | None) -> None:
        self._kernels = {name: tf.constant(k) for name, k in weights.kernels.items()}
        self._biases = {name: tf.constant(b) for name, b in weights.biases.items()}
        self._pool = tf.nn.avg_pool2d if pooling == "avg" else tf.nn.max_pool2d
        mean = weights.mean_pixel if input_mean is None else np.asarray(input_mean, np.float32)
        shift = mean.reshape(3) - weights.mean_pixel
        self._shift = tf.constant(shift) if np.abs(shift).max() > 0 else None

    def centred(self, picture: Any) -> Any:
        """Return the picture minus the mean that this network was trained with."""
        return picture if self._shift is None else picture + self._shift

    def layer(self, name: str, previous: Any) -> Any:
        """Return a pooling, or a convolution after its ReLU."""
        if name.startswith("avgpool"):
            return self._pool(previous, ksize=2, strides=2, padding="SAME")
        convolved = tf.nn.conv2d(previous, self._kernels[name], strides=1, padding="SAME")
        return tf.nn.relu(tf.nn.bias_add(convolved, self._biases[name]))


class _ForwardPass:
    """The activations of one picture, under one set of tapes and in one graph."""

    def __init__(self, network: _Network, picture: Any) -> None:
        self._network = network
        self._picture = picture
        self._activations = [network.centred(picture)]
        self._graph = _current_graph()
        self._n_operations = len(_operations())

    def activation(self, name: str) -> Any:
        """Return a layer, computing what is missing up to it."""
        index = KEYS.index(name)
        while len(self._activations) <= index:
            layer = KEYS[len(self._activations)]
            self._activations.append(self._network.layer(layer, self._activations[-1]))
        return self._activations[index]

    def serves(self, picture: Any, name: str) -> bool:
        """Tell whether this pass is still right for the picture as just read."""
        deepest = self._activations[min(KEYS.index(name), len(self._activations) - 1)]
        return (
            _current_graph() is self._graph
            and _are_watched_alike(picture, deepest)
            and self._shows(picture)
        )

    def _shows(self, picture: Any) -> bool:
        if self._graph is None:
            return np.array_equal(picture.numpy(), self._picture.numpy())
        return not any(_may_write(op) for op in _operations()[self._n_operations :])


def _current_graph() -> Any:
    """Return the graph under construction, None in eager mode."""
    return None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()


def _operations() -> list[Any]:
    graph = _current_graph()
    return [] if graph is None else graph.get_operations()


def _may_write(operation: Any) -> bool:
    """Tell whether an operation of a graph may have changed a variable."""
    reads_only = operation.type in ("ReadVariableOp", "VariableShape")
    return not reads_only and any(x.dtype == tf.resource for x in operation.inputs)


def _are_watched_alike(picture: Any, activation: Any) -> bool:
    """Tell whether the tape that watches the picture now has seen the activation computed."""
    if TFE_Py_TapeSetPossibleGradientTypes is None:
        return False
    now, then = (TFE_Py_TapeSetPossibleGradientTypes([x]) for x in (picture, activation))
    return now == then and now < UNSHAREABLE


def check_image_size(image_size: tuple[int, int]) -> tuple[int, int]:
    """Return (n_H, n_W) as integers, or raise ValueError when a side is below 16 pixels."""
    n_H, n_W = (int(side) for side in image_size)
    if min(n_H, n_W) < MIN_SIDE:
        raise ValueError(
            f"the picture has {n_H} x {n_W} pixels (height x width); the network needs at least "
            f"{MIN_SIDE} x {MIN_SIDE}: choose a larger picture"
        )
    return n_H, n_W


def check_pooling(pooling: str) -> Pooling:
    """Return the pooling, or raise ValueError when it is neither "avg" nor "max"."""
    if pooling not in ("avg", "max"):
        raise ValueError(f"pooling is {pooling!r}; it can be 'avg' or 'max'")
    return pooling  # type: ignore[return-value]


def layer_shapes(
    weights: VGGWeights, image_size: tuple[int, int]
) -> dict[str, tuple[int, int, int, int]]:
    """Return the shape (1, n_H, n_W, n_C) of each of the 22 keys."""
    n_H, n_W = image_size
    shapes = {"input": (1, n_H, n_W, 3)}
    n_C = 3
    for name in LAYERS:
        if name.startswith("avgpool"):
            n_H, n_W = (n_H + 1) // 2, (n_W + 1) // 2
        else:
            n_C = weights.channels(name)
        shapes[name] = (1, n_H, n_W, n_C)
    return shapes


def _expected_time(seconds: float) -> str:
    whole = seconds * USUAL_STEPS
    words = f"{whole / 60:.0f} minutes" if whole >= 90 else f"{whole:.0f} s"
    return (
        f"  at its full size: a step of painting takes about {seconds:.2g} s here, "
        f"{USUAL_STEPS} steps about {words}"
    )


def describe(weights: VGGWeights, image_size: tuple[int, int], pooling: str) -> str:
    """Return a line for the network and a line a layer: name, shape, dtype."""
    n_H, n_W = image_size
    lines = [f"VGG-19 from {weights.source}, {pooling} pooling, picture {n_H} x {n_W}"]
    for name, shape in layer_shapes(weights, image_size).items():
        lines.append(f"  {name:<9} {shape!s:<22} float32")
    return "\n".join(lines)
