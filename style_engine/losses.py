"""What a picture costs: content, style and total variation, as each known system writes them.

Letters: an activation F has N positions (rows times columns) and C channels; f is one position's
vector. All Gram matrices follow from the mean of f fᵀ, which does not know how many positions
there were: G = FᵀF = N · E[f fᵀ]. So a style picture may have another size than the painting.

Sources: Gatys, Ecker and Bethge, "A neural algorithm of artistic style", 2015 (content, Gram);
Risser, Wilmot and Barnes, "Stable and controllable neural texture synthesis", 2017, for the idea
of comparing whole distributions; Mahendran and Vedaldi, "Understanding deep image representations
by inverting them", 2015 (total variation to a power).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from style_engine.one_pass import squared_distance

EPSILON = 1e-4  # added to a covariance's diagonal, relative to its mean: square roots need it


class Moments(NamedTuple):
    """What is kept of a layer as its style.

    Attributes
    ----------
    mean : tensor (C,), float32
    second : tensor (C, C), float32
        The mean of f fᵀ over all positions: the Gram matrix divided by N.
    """

    mean: tf.Tensor
    second: tf.Tensor


class Sums(NamedTuple):
    """What moments are made of: sums over positions, which add up over parts of a picture.

    Attributes
    ----------
    number : tensor (), float32
    first : tensor (C,), float32
    second : tensor (C, C), float32
        Of f fᵀ: the Gram matrix.
    """

    number: tf.Tensor
    first: tf.Tensor
    second: tf.Tensor

    def moments(self) -> Moments:
        """Return the means."""
        return Moments(self.first / self.number, self.second / self.number)


class Size(NamedTuple):
    """What a term is normalised by: positions and channels of a layer, pixels of the picture."""

    positions: int
    channels: int
    pixels: int


def moments(activation: tf.Tensor, mask: tf.Tensor | None = None) -> Moments:
    """Return mean and second moment of an activation's positions, see `sums`."""
    return sums(activation, mask).moments()


def sums(activation: tf.Tensor, mask: tf.Tensor | None = None) -> Sums:
    """Return the sums over an activation's positions.

    Parameters
    ----------
    activation : tensor (1, n_H, n_W, C)
        float32 or bfloat16; the result is float32.
    mask : tensor (n_H, n_W), optional
        0-1, how much each position counts.
    """
    rows = tf.reshape(activation, (-1, activation.shape[-1]))
    exact = tf.cast(rows, tf.float32)
    if mask is None:
        number = tf.cast(tf.shape(rows)[0], tf.float32)
        return Sums(number, tf.reduce_sum(exact, axis=0), _gram_matrix(rows, None))
    weights = tf.reshape(mask, (-1, 1))
    number = tf.maximum(tf.reduce_sum(weights), 1e-6)
    return Sums(number, tf.reduce_sum(exact * weights, axis=0), _gram_matrix(rows, weights))


def _gram_matrix(rows: tf.Tensor, weights: tf.Tensor | None) -> tf.Tensor:
    """Return the weighted sum of f fᵀ.

    Its gradient is written out: one product with a symmetric matrix, where TensorFlow would
    make two and add them.
    """

    @tf.custom_gradient
    def product(rows: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        weighted = rows if weights is None else rows * tf.cast(weights, rows.dtype)

        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            both = upstream + tf.transpose(upstream)
            return tf.matmul(weighted, tf.cast(both, rows.dtype))

        return tf.cast(tf.matmul(weighted, rows, transpose_a=True), tf.float32), gradient

    return product(rows)


# ---- content

CONTENT_TERMS: dict[str, Callable[[Size], float]] = {
    "sum/4NC": lambda size: 0.25 / (size.positions * size.channels),
    "mean": lambda size: 1.0 / (size.positions * size.channels),
    "sum/2": lambda size: 0.5,
    "sum": lambda size: 1.0,
}


def content_cost(painted: tf.Tensor, wanted: tf.Tensor, term: str, size: Size) -> tf.Tensor:
    """Return one layer's content cost: a factor times the sum of squared differences.

    Parameters
    ----------
    painted, wanted : tensor (1, n_H, n_W, C)
    term : str
        A name in `CONTENT_TERMS`.
    size : Size
    """
    return CONTENT_TERMS[term](size) * squared_distance(painted, wanted)


# ---- style

# What multiplies the sum of squared differences of E[f fᵀ]; beside it, how it is usually written.
GRAM_TERMS: dict[str, Callable[[Size], float]] = {
    "sum/4N²C²": lambda size: 0.25 / size.channels**2,  # of FᵀF
    "mean": lambda size: 1.0 / size.channels**2,  # of FᵀF/N
    "mean of /NC": lambda size: 1.0 / size.channels**4,  # of FᵀF/(NC)
    "sum of /NC": lambda size: 1.0 / size.channels**2,  # of FᵀF/(NC)
    "mean/NC": lambda size: size.positions / size.channels**3,  # of FᵀF
    "sum/36P²": lambda size: (size.positions / (6.0 * size.pixels)) ** 2,  # of FᵀF
}
WASSERSTEIN = "wasserstein"
STYLE_TERMS = (*GRAM_TERMS, WASSERSTEIN)


def style_cost(painted: Moments, wanted: Moments, term: str, size: Size) -> tf.Tensor:
    """Return one layer's style cost.

    Parameters
    ----------
    painted, wanted : Moments
    term : str
        A name in `STYLE_TERMS`.
    size : Size
        Of the painted layer.
    """
    if term == WASSERSTEIN:
        return wasserstein_cost(painted, wanted) / size.channels
    return GRAM_TERMS[term](size) * squared_distance(painted.second, wanted.second)


def covariance(kept: Moments) -> tf.Tensor:
    """Return the covariance (C, C), with a little on its diagonal."""
    spread = kept.second - kept.mean[:, None] * kept.mean[None, :]
    little = EPSILON * tf.stop_gradient(tf.linalg.trace(spread)) / float(spread.shape[0]) + 1e-8
    return spread + little * tf.eye(int(spread.shape[0]))


def wasserstein_cost(painted: Moments, wanted: Moments) -> tf.Tensor:
    """Return the squared Wasserstein-2 distance of the two Gaussians with these moments.

    `|μ₁ - μ₂|² + tr(Σ₁ + Σ₂ - 2 (Σ₂^½ Σ₁ Σ₂^½)^½)`: Olkin and Pukelsheim, "The distance between
    two random vectors with given dispersion matrices", 1982. In float64: where there are fewer
    positions than channels, float32 leaves too little of the small eigenvalues' roots.
    """
    first, second = (tf.cast(covariance(kept), tf.float64) for kept in (painted, wanted))
    root = matrix_root(second)
    shared = trace_of_root(tf.matmul(root, tf.matmul(first, root)))
    means = tf.reduce_sum(tf.square(painted.mean - wanted.mean))
    spreads = tf.linalg.trace(first) + tf.linalg.trace(second) - 2 * shared
    return means + tf.cast(spreads, tf.float32)


def matrix_root(matrix: tf.Tensor) -> tf.Tensor:
    """Return the square root of a symmetric matrix without negative eigenvalues."""
    values, vectors = tf.linalg.eigh(matrix)
    return tf.matmul(vectors * tf.sqrt(tf.maximum(values, 0)), vectors, transpose_b=True)


@tf.custom_gradient
def trace_of_root(matrix: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    """Return the trace of a symmetric matrix's square root.

    Its gradient, half the inverse root, is written out: that of the eigenvectors, which
    TensorFlow would take, is infinite where two eigenvalues are equal.
    """
    values, vectors = tf.linalg.eigh((matrix + tf.transpose(matrix)) / 2)
    least = np.finfo(matrix.dtype.as_numpy_dtype).eps
    roots = tf.sqrt(tf.maximum(values, least * tf.reduce_max(tf.abs(values)) + 1e-30))

    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        return upstream * tf.matmul(vectors * (0.5 / roots), vectors, transpose_b=True)

    return tf.reduce_sum(roots), gradient


# ---- total variation


def _steps(picture: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the differences of neighbours: down the columns, along the rows."""
    return picture[:, 1:] - picture[:, :-1], picture[:, :, 1:] - picture[:, :, :-1]


def absolute_variation(picture: tf.Tensor) -> tf.Tensor:
    """Return the sum of `|dy|` and `|dx|`."""
    return tf.add_n([tf.reduce_sum(tf.abs(step)) for step in _steps(picture)])


def squared_variation(picture: tf.Tensor) -> tf.Tensor:
    """Return the sum of dy² and dx²."""
    return tf.add_n([tf.reduce_sum(tf.square(step)) for step in _steps(picture)])


def mean_squared_variation(picture: tf.Tensor) -> tf.Tensor:
    """Return the mean of dy² plus the mean of dx²."""
    return tf.add_n([tf.reduce_mean(tf.square(step)) for step in _steps(picture)])


def power_variation(picture: tf.Tensor) -> tf.Tensor:
    """Return the sum of (dx² + dy²)^1.25, where a pixel has both neighbours."""
    down, along = _steps(picture)
    # The gradient of a power is no number at zero for TensorFlow; so little is not seen.
    both = tf.square(down[:, :, :-1]) + tf.square(along[:, :-1]) + 1e-12
    return tf.reduce_sum(both**1.25)


def nine_point_variation(picture: tf.Tensor) -> tf.Tensor:
    """Return twice the mean squared differences over a nine-point stencil.

    Neighbours along rows and columns count a third, those across the corners a twelfth, the
    border is repeated.
    """
    padded = tf.pad(picture, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
    down = padded[:, 2:, 1:-1] - padded[:, 1:-1, 1:-1]
    along = padded[:, 1:-1, 2:] - padded[:, 1:-1, 1:-1]
    falling = padded[:, 1:, 1:] - padded[:, :-1, :-1]
    rising = padded[:, 1:, :-1] - padded[:, :-1, 1:]
    straight = [tf.reduce_mean(tf.square(step)) / 3 for step in (down, along)]
    across = [tf.reduce_mean(tf.square(step)) / 12 for step in (falling, rising)]
    return 2 * tf.add_n([*straight, *across])


VARIATION_TERMS: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "absolute": absolute_variation,
    "squares": squared_variation,
    "squares/2": lambda picture: squared_variation(picture) / 2,
    "mean squares": mean_squared_variation,
    "power 1.25": power_variation,
    "nine points": nine_point_variation,
}
