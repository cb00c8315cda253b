"""Gradients in one pass over memory.

A convolution's output is rectified, and then several read it: the next layer or the pooling, the
style term, the content term. TensorFlow adds their gradients up in one pass, spreads the
pooling's in another and sets to zero what the ReLU stopped in a third. Where convolutions are
quick, waiting for memory between them is a third of the time. Here XLA makes one loop of it.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf

LARGE = 1_000_000  # numbers in a tensor


class Cut(NamedTuple):
    """The cells that a reader gets: `rows` x `columns` from row and column `first` on."""

    first: int
    rows: int
    columns: int


def pays(x: tf.Tensor) -> bool:
    """Tell whether one pass saves more time than it takes to compile: for large tensors.

    A graphics processor's memory is quick enough.
    """
    numbers = x.shape.num_elements()
    return (numbers is None or numbers >= LARGE) and not tf.config.list_physical_devices("GPU")


def in_one_pass(function: Callable[..., tf.Tensor], *arguments: tf.Tensor) -> tf.Tensor:
    """Call a function of tensors, compiled by XLA into as few loops as can be."""
    return tf.function(function, autograph=False, jit_compile=True)(*arguments)


def rectified(
    x: tf.Tensor, bias: tf.Tensor, cuts: Sequence[Cut | None], *, pooled: bool = False
) -> list[tf.Tensor]:
    """Return the ReLU of a convolution's output, once for each that reads it.

    Parameters
    ----------
    x : tensor (1, n_H, n_W, C)
    bias : tensor (C,)
        Constant: no gradient is computed for it.
    cuts : sequence of Cut or None
        What each reader gets of it, beside the next layer. None stands for all.
    pooled : bool
        Whether the next layer gets the averages over squares of 2 x 2 cells.

    Returns
    -------
    list of tensor (1, rows, columns, C)
        One for each cut, then what the next layer gets: all, or with `pooled` the averages
        (1, ceil(n_H / 2), ceil(n_W / 2), C).
    """

    def outputs(active: tf.Tensor) -> list[tf.Tensor]:
        onward = tf.nn.avg_pool2d(active, 2, 2, "SAME") if pooled else tf.identity(active)
        return [*(tf.identity(part(active, cut)) for cut in cuts), onward]

    def through(active: tf.Tensor, *slopes: tf.Tensor) -> tf.Tensor:
        whole = _spread(slopes[-1], active) if pooled else slopes[-1]
        for cut, slope in zip(cuts, slopes[:-1], strict=True):
            whole += _put_back(slope, cut, active)
        return tf.where(active > 0, whole, tf.zeros_like(active))

    @tf.custom_gradient
    def rectify(x: tf.Tensor) -> tuple[list[tf.Tensor], Callable]:
        active = tf.nn.relu(tf.nn.bias_add(x, bias))
        return outputs(active), lambda *slopes: in_one_pass(through, active, *slopes)

    return rectify(x) if pays(x) else outputs(tf.nn.relu(tf.nn.bias_add(x, bias)))


def part(active: tf.Tensor, cut: Cut | None) -> tf.Tensor:
    """Return the cells of a layer (1, n_H, n_W, C) that are in a cut; None stands for all."""
    if cut is None:
        return active
    first, rows, columns = cut
    return active[:, first : first + rows, first : first + columns]


def _put_back(slope: tf.Tensor, cut: Cut | None, active: tf.Tensor) -> tf.Tensor:
    """Return the gradient of `part`: zero around what was cut out."""
    if cut is None:
        return slope
    first, rows, columns = cut
    below, right = active.shape[1] - first - rows, active.shape[2] - first - columns
    return tf.pad(slope, [[0, 0], [first, below], [first, right], [0, 0]])


def _spread(slope: tf.Tensor, active: tf.Tensor) -> tf.Tensor:
    """Return the gradient of averages over squares of 2 x 2 cells; at odd ends there are fewer."""
    n_H, n_W = tf.shape(active)[1], tf.shape(active)[2]
    rows, columns, channels = tf.shape(slope)[1], tf.shape(slope)[2], slope.shape[-1]
    each = slope * _share(n_H, rows, slope.dtype)[:, None, None]
    each *= _share(n_W, columns, slope.dtype)[:, None]
    squares = tf.broadcast_to(each[:, :, None, :, None], (1, rows, 2, columns, 2, channels))
    return tf.reshape(squares, (1, 2 * rows, 2 * columns, channels))[:, :n_H, :n_W]


def _share(cells: tf.Tensor, averages: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    """Return what a cell of an axis counts in its average: a half, or all if it is alone."""
    alone = 2 * tf.range(averages) + 1 == cells
    return tf.where(alone, tf.cast(1.0, dtype), tf.cast(0.5, dtype))


def squared_distance(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Return the sum of squared differences of two tensors, float32."""
    a, b = tf.convert_to_tensor(a), tf.convert_to_tensor(b)
    return _squared_distance_in_one_pass(a, b) if pays(a) else _squared_distance(a, b)


def _squared_distance(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.square(tf.cast(a, tf.float32) - tf.cast(b, tf.float32)))


@tf.custom_gradient
def _squared_distance_in_one_pass(a: tf.Tensor, b: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return in_one_pass(_slope, a, b, upstream), in_one_pass(_slope, b, a, upstream)

    return _squared_distance(a, b), gradient


def _slope(a: tf.Tensor, b: tf.Tensor, upstream: tf.Tensor) -> tf.Tensor:
    difference = tf.cast(a, tf.float32) - tf.cast(b, tf.float32)
    return tf.cast(2 * upstream * difference, a.dtype)
