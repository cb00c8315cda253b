"""Move the distance at which a face network's door should open, after its training.

The last layer computes z = W x + b, and an encoding is z / |z|. Some directions of z tell people
apart, others mostly say how a picture was taken. The within-class covariance S of z, of pictures
around their person's mean, knows which. Its inverse root makes all directions vary alike within a
person (within-class covariance normalisation: Hatch, Kajarekar, Stolcke 2006); a power of it
between 0 and 1 goes a part of the way. The further, the larger all distances grow, and the best
threshold with them. It is a linear map, so it becomes part of the last layer.
"""

import keras
import numpy as np

from face_verification import balanced_pairs, ten_fold
from training.evaluate_faces import encode

LAST = "dense_layer"
POWERS = np.linspace(0, 1, 21)  # of the inverse root of S


def move_door(model: keras.Model, pictures: np.ndarray, door: float) -> float:
    """Change the last layer so that the best threshold is nearest to a distance.

    Parameters
    ----------
    model : keras.Model
        Made by `faceRecoModel`; changed in place.
    pictures : ndarray (n, k, 96, 96, 3), uint8, RGB
        k pictures of each of n people never trained on.
    door : float
        The distance at which the door should open.

    Returns
    -------
    float
        The power that was taken, 0-1.
    """
    last = model.get_layer(LAST)
    z = encode(keras.Model(model.input, last.output), pictures).astype(np.float64)
    n, k, _ = z.shape
    centre = z.mean(axis=(0, 1))
    values, directions = np.linalg.eigh(within_class_covariance(z))
    maps = [directions * values ** (-power / 2) @ directions.T for power in POWERS]
    pairs = balanced_pairs(np.repeat(np.arange(n), k), n * k * (k - 1))  # all of one person
    errors = [abs(_best_threshold((z - centre) @ change, *pairs) - door) for change in maps]
    nearest = int(np.argmin(errors))
    kernel, bias = last.get_weights()
    length = np.linalg.norm(z, axis=-1).mean() / np.linalg.norm(z @ maps[nearest], axis=-1).mean()
    change = length * maps[nearest]
    last.set_weights([kernel @ change, (bias - centre) @ change])
    return float(POWERS[nearest])


def within_class_covariance(z: np.ndarray) -> np.ndarray:
    """Return the covariance (d, d) of k pictures of each of n people, z (n, k, d).

    A thousandth of its mean variance is added to each direction, so that it has an inverse.
    """
    n, k, d = z.shape
    apart = (z - z.mean(axis=1, keepdims=True)).reshape(n * k, d)
    covariance = apart.T @ apart / (n * (k - 1))
    return covariance + 1e-3 * np.trace(covariance) / d * np.eye(d)


def _best_threshold(z: np.ndarray, i: np.ndarray, j: np.ndarray, is_same: np.ndarray) -> float:
    flat = z.reshape(-1, z.shape[-1])
    encodings = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    return ten_fold(np.linalg.norm(encodings[i] - encodings[j], axis=1), is_same)[2]
