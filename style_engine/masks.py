"""Masks: where in the picture each style is painted, from 0 (nowhere) to 1 (fully)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy import ndimage

from nst_utils import PictureError

from .picture_files import read_picture

OTHER_SHAPE = 0.02  # relative difference of the sides' ratios that is more than rounding


def read_mask(path: str | Path, size: tuple[int, int]) -> np.ndarray:
    """Read a mask from a picture: white is 1, black 0, grey between, transparent 0.

    Parameters
    ----------
    path : str or Path
        Any picture that `picture_files.read_picture` reads.
    size : (n_H, n_W)
        Of the painting; a mask drawn at another scale is averaged to it.

    Returns
    -------
    array (n_H, n_W), float32, 0-1

    Raises
    ------
    PictureError
        The file cannot be read, its sides have another ratio, or it is black everywhere.
    """
    picture = read_picture(path)
    _check_ratio(picture.source, picture.pixels.shape[:2], size)
    mask = picture.pixels.mean(axis=-1) / 255
    if picture.alpha is not None:
        mask = mask * picture.alpha
    if not mask.any():
        raise PictureError(f"{path} is black everywhere; paint white where the style is to be")
    return mask_at(mask, size)


def _check_ratio(path: Path, size: tuple[int, ...], wanted: tuple[int, int]) -> None:
    ratio = (size[1] / size[0]) / (wanted[1] / wanted[0])
    if abs(np.log(ratio)) > OTHER_SHAPE and not _within_a_pixel(size, wanted):
        raise PictureError(
            f"the mask {path} has {size[1]} x {size[0]} pixels, the painting {wanted[1]} x "
            f"{wanted[0]}: draw the mask on a copy of the content, at any scale"
        )


def _within_a_pixel(size: tuple[int, ...], wanted: tuple[int, int]) -> bool:
    """Say whether rounding the sides to whole pixels explains that the ratios differ."""
    scale = np.sqrt(wanted[0] * wanted[1] / (size[0] * size[1]))
    return all(abs(a * scale - b) <= 1 for a, b in zip(size, wanted, strict=True))


def soften(mask: np.ndarray, radius: float) -> np.ndarray:
    """Let a mask's edges fade.

    Parameters
    ----------
    mask : array (n_H, n_W), 0-1
    radius : float
        Pixels on each side of an edge over which it fades: two standard deviations of the
        Gaussian filter. 0 leaves the mask as it is.

    Returns
    -------
    array (n_H, n_W), float32, 0-1

    Raises
    ------
    ValueError
        The radius is negative or no number.
    """
    if not 0 <= radius < np.inf:
        raise ValueError(f"the radius of a mask's soft edge is {radius}; it is 0 pixels or more")
    blurred = ndimage.gaussian_filter(np.asarray(mask, np.float32), radius / 2, mode="nearest")
    return np.clip(blurred, 0, 1)


def masks_of(masks: Sequence[np.ndarray], n: int) -> list[np.ndarray]:
    """Make one mask for each of n styles that share the picture.

    Parameters
    ----------
    masks : sequence of arrays (n_H, n_W), 0-1
        One a style; or one fewer: then the last style gets what the others leave. None at all
        gives none: every style is painted everywhere.
    n : int
        Number of styles.

    Returns
    -------
    list of n arrays (n_H, n_W), float32, 0-1
        In each pixel they add up to at most 1; where they added up to more, they are scaled.

    Raises
    ------
    ValueError
        Another number of masks; different sizes; values outside 0-1; a mask that is 0 everywhere.
    """
    if not len(masks):
        return []
    if len(masks) not in (n, n - 1):
        raise ValueError(
            f"there are {len(masks)} masks for {n} styles; give one a style, or one fewer and "
            "the last style is painted in the rest"
        )
    _check_masks(masks)
    stack = np.stack([np.asarray(mask, np.float32) for mask in masks])
    stack /= np.maximum(stack.sum(axis=0), 1)
    if len(masks) < n:
        stack = np.concatenate([stack, np.clip(1 - stack.sum(axis=0), 0, 1)[None]])
    for number, mask in enumerate(stack, start=1):
        if not mask.any():
            raise ValueError(f"the mask of style {number} is 0 everywhere; leave that style out")
    return list(stack)


def _check_masks(masks: Sequence[np.ndarray]) -> None:
    shapes = {np.shape(mask) for mask in masks}
    if len(shapes) > 1 or len(next(iter(shapes))) != 2:
        raise ValueError(f"the masks have shapes {sorted(shapes)}; all must be (n_H, n_W)")
    for mask in masks:
        lowest, highest = np.min(mask), np.max(mask)
        if not (lowest >= 0 and highest <= 1):
            raise ValueError(f"a mask has values from {lowest} to {highest}; they must be 0 to 1")


def mask_at(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Average a mask to the size of a layer: each value is the mean over the area it stands for.

    Parameters
    ----------
    mask : array (n_H, n_W), 0-1
    size : (n_H, n_W)
        Of the layer; need not divide the mask's.

    Returns
    -------
    array of that size, float32, 0-1
        With the mean of the mask.
    """
    mask = np.asarray(mask, np.float32)
    if mask.shape == tuple(size):
        return mask
    rows, columns = (_overlaps(n, m) for n, m in zip(mask.shape, size, strict=True))
    return np.clip(rows @ mask @ columns.T, 0, 1)


def _overlaps(n: int, m: int) -> np.ndarray:
    """Return (m, n): the share of each of n cells in each of m equal parts of the same length."""
    start = np.arange(m)[:, None] * (n / m)
    cell = np.arange(n)
    shared = np.minimum(start + n / m, cell + 1) - np.maximum(start, cell)
    return (np.clip(shared, 0, None) * (m / n)).astype(np.float32)
