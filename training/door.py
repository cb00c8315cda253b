"""Move the distance at which a face network's door should open, after its training.

The last layer computes z = W x + b, and an encoding is z / |z|. What all faces have in common, the
mean of z, makes every two encodings alike. To take some of it away from b, or to add some, spreads
the encodings or draws them together: all distances grow or shrink, and the best threshold with
them, while who is nearer to whom hardly changes.
"""

import keras
import numpy as np

from training.evaluate_faces import choose_pairs, encode, figures

LAST = "dense_layer"
SHARES = np.linspace(-1.0, 0.95, 40)  # of the mean of z that is taken away; below 0, added


def move_door(model: keras.Model, pictures: np.ndarray, door: float) -> float:
    """Shift the last layer's bias until the best threshold is nearest to a distance.

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
        The share of the mean that was taken away.
    """
    last = model.get_layer(LAST)
    z = encode(keras.Model(model.input, last.output), pictures).astype(np.float64)
    mean = z.mean(axis=(0, 1))
    errors = [abs(_best_threshold(z - share * mean) - door) for share in SHARES]
    share = float(SHARES[int(np.argmin(errors))])
    kernel, bias = last.get_weights()
    last.set_weights([kernel, (bias - share * mean).astype(np.float32)])
    return share


def _best_threshold(z: np.ndarray) -> float:
    encodings = z / np.linalg.norm(z, axis=-1, keepdims=True)
    return figures(choose_pairs(encodings), *z.shape[:2]).best_threshold
