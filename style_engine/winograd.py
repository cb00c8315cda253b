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

TILE, OUTPUT, TAPS = 6, 4, 3
# Where the polynomials behind it are evaluated, beside infinity. With each point its inverse is
# there: so the kernel turned by half a turn has the same values at the points, in another order.
POINTS = (0.0, 1.0, -1.0, 2.0, 0.5)
_INVERSE = (5, 1, 2, 4, 3, 0)  # of each point, infinity being the last


def _transforms() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the transforms of inputs (6, 6), of kernels (6, 3) and back to outputs (4, 6)."""
    points = np.array(POINTS)
    inputs, kernels = np.zeros((TILE, TILE)), np.zeros((TILE, TAPS))
    outputs = np.zeros((OUTPUT, TILE))
    for k, point in enumerate(points):
        others = np.delete(points, k)
        inputs[k, :-1] = np.poly(others)[::-1]
        kernels[k] = point ** np.arange(TAPS) / np.prod(point - others)
        outputs[:, k] = point ** np.arange(OUTPUT)
    inputs[-1] = np.poly(points)[::-1]
    kernels[-1, -1] = outputs[-1, -1] = 1.0
    return inputs, kernels, outputs


def _turned(kernels: np.ndarray) -> np.ndarray:
    """Return the matrix (6, 6) from a transformed kernel to that of the reversed kernel."""
    turned = np.zeros((TILE, TILE))
    for k, inverse in enumerate(_INVERSE):
        reversed_row, row = kernels[k, ::-1], kernels[inverse]
        turned[k, inverse] = reversed_row @ row / (row @ row)
    return turned


def _both_sides(transform: np.ndarray) -> np.ndarray:
    """Return a transform of the rows and columns of a tile at once."""
    return np.kron(transform, transform).astype(np.float32)


_INPUT, _KERNEL, _OUTPUT = _transforms()
_TURNED = _turned(_KERNEL)
_ORDER = (_TURNED != 0).astype(np.float64)
_FORWARD = _both_sides(_INPUT), _both_sides(_OUTPUT)
_BACKWARD = _both_sides(_ORDER.T @ _INPUT), _both_sides(_OUTPUT @ _TURNED)


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
    held = tf.constant(_transformed(kernel))

    @tf.custom_gradient
    def convolve(x: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        # The gradient convolves with the kernel turned by half a turn, channels exchanged.
        return _convolved(x, held), lambda upstream: _convolved(upstream, held, turned=True)

    return convolve


def _transformed(kernel: np.ndarray) -> np.ndarray:
    """Return a kernel (3, 3, in, out) as (36, in, out)."""
    transformed = np.einsum("ia,abck,jb->ijck", _KERNEL, kernel.astype(np.float64), _KERNEL)
    return transformed.reshape(TILE**2, *kernel.shape[2:]).astype(np.float32)


def _convolved(x: tf.Tensor, kernel: tf.Tensor, *, turned: bool = False) -> tf.Tensor:
    into, out_of = _BACKWARD if turned else _FORWARD
    shape = tf.shape(x)
    n_H, n_W = x.shape[1] or shape[1], x.shape[2] or shape[2]
    n_in, n_out = kernel.shape[:0:-1] if turned else kernel.shape[1:]
    rows, columns = -(-n_H // OUTPUT), -(-n_W // OUTPUT)
    places = _places(x, rows, columns, n_H, n_W)
    tiles = tf.matmul(into, tf.reshape(places, (TILE**2, rows * columns * n_in)))
    tiles = tf.reshape(tiles, (TILE**2, rows * columns, n_in))
    products = tf.matmul(tiles, kernel, transpose_b=turned)
    outputs = tf.matmul(out_of, tf.reshape(products, (TILE**2, rows * columns * n_out)))
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
