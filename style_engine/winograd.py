"""3 x 3 convolutions by Winograd's minimal filtering, F(4 x 4, 3 x 3).

Each tile of 6 x 6 inputs gives 4 x 4 outputs with 36 multiplications a pair of channels, where the
direct way takes 144. The transforms are products with small matrices of whole numbers and simple
fractions; what is left are 36 matrix products, one for each place in a tile. In float32 the
result differs from the direct one by about 1e-5 of its largest value.

Source: Lavin and Gray, "Fast algorithms for convolutional neural networks", 2015, section 4.3.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

TILE, OUTPUT = 6, 4

_INPUT = np.array(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ],
    np.float64,
)
_KERNEL = np.array(
    [
        [1 / 4, 0, 0],
        [-1 / 6, -1 / 6, -1 / 6],
        [-1 / 6, 1 / 6, -1 / 6],
        [1 / 24, 1 / 12, 1 / 6],
        [1 / 24, -1 / 12, 1 / 6],
        [0, 0, 1],
    ]
)
_OUTPUT = np.array(
    [
        [1, 1, 1, 1, 1, 0],
        [0, 1, -1, 2, -2, 0],
        [0, 1, 1, 4, 4, 0],
        [0, 1, -1, 8, -8, 1],
    ],
    np.float64,
)
# Both sides of a tile at once: the Kronecker product of a transform with itself.
_IN = np.kron(_INPUT, _INPUT).astype(np.float32)
_OUT = np.kron(_OUTPUT, _OUTPUT).astype(np.float32)


def convolution(kernel: np.ndarray) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return a convolution with a fixed kernel, stride 1, SAME padding.

    Parameters
    ----------
    kernel : array (3, 3, in, out)
        Constant: no gradient is computed for it.

    Returns
    -------
    function from a tensor (1, n_H, n_W, in) to one of (1, n_H, n_W, out), float32
    """
    forward = tf.constant(_transformed(kernel))
    # The gradient is the convolution with the kernel turned by half a turn, channels exchanged.
    backward = tf.constant(_transformed(kernel[::-1, ::-1].transpose(0, 1, 3, 2)))

    @tf.custom_gradient
    def convolve(x: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        return _convolved(x, forward), lambda upstream: _convolved(upstream, backward)

    return convolve


def _transformed(kernel: np.ndarray) -> np.ndarray:
    """Return a kernel (3, 3, in, out) as (36, in, out)."""
    transformed = np.einsum("ia,abck,jb->ijck", _KERNEL, kernel.astype(np.float64), _KERNEL)
    return transformed.reshape(TILE**2, *kernel.shape[2:]).astype(np.float32)


def _convolved(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    shape = tf.shape(x)
    n_H, n_W, n_in = x.shape[1] or shape[1], x.shape[2] or shape[2], kernel.shape[1]
    rows, columns = -(-n_H // OUTPUT), -(-n_W // OUTPUT)
    places = _places(x, rows, columns, n_H, n_W)
    tiles = tf.matmul(_IN, tf.reshape(places, (TILE**2, rows * columns * n_in)))
    products = tf.matmul(tf.reshape(tiles, (TILE**2, rows * columns, n_in)), kernel)
    n_out = kernel.shape[2]
    outputs = tf.matmul(_OUT, tf.reshape(products, (TILE**2, rows * columns * n_out)))
    outputs = tf.reshape(outputs, (OUTPUT, OUTPUT, rows, columns, n_out))
    whole = tf.transpose(outputs, (2, 0, 3, 1, 4))
    whole = tf.reshape(whole, (1, OUTPUT * rows, OUTPUT * columns, n_out))
    return whole[:, :n_H, :n_W]


def _places(x: tf.Tensor, rows: int, columns: int, n_H: int, n_W: int) -> tf.Tensor:
    """Return, for each of the 6 x 6 places in a tile, what stands there in all tiles."""
    below, right = OUTPUT * (rows + 1) - 1 - n_H, OUTPUT * (columns + 1) - 1 - n_W
    padded = tf.pad(x, [[0, 0], [1, below], [1, right], [0, 0]])
    blocks = tf.reshape(padded, (rows + 1, OUTPUT, columns + 1, OUTPUT, x.shape[-1]))
    blocks = tf.transpose(blocks, (1, 3, 0, 2, 4))
    # A tile is a block of 4 x 4 and two rows and columns of the next ones.
    more = TILE - OUTPUT
    blocks = tf.concat([blocks[:, :, :rows], blocks[:more, :, 1:]], axis=0)
    return tf.concat([blocks[:, :, :, :columns], blocks[:, :more, :, 1:]], axis=1)
