"""Keep the content's colours: by its chroma after the painting, or by matching before it.

Both ways are of Gatys, Bethge, Hertzmann and Shechtman, "Preserving Color in Neural Artistic
Style Transfer", 2016. Pictures are RGB, 0-255, float32, as their files have them (sRGB).
"""

from typing import Literal

import numpy as np

LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # Y of YIQ and YUV (ITU-R BT.601)
SAME_COLOUR = 1.0  # squared levels; a style varying less along an axis of colour has none there

Way = Literal["cholesky", "pca"]


def keep_luminance(stylised: np.ndarray, content: np.ndarray) -> np.ndarray:
    """Take the luminance of one picture and the chroma of another.

    In YIQ, as section 2.2 of the paper has it. YUV gives the same picture, as its Y is the same
    and its chroma another basis of the same plane; Lab would need the picture's profile.

    Parameters
    ----------
    stylised, content : array (n_H, n_W, 3)
        RGB, 0-255.

    Returns
    -------
    array (n_H, n_W, 3), float32, 0-255
        Its luminance is that of ``stylised`` (clipped to 0-255) everywhere. Where the chroma does
        not fit that luminance, it is weakened until it does, with the hue kept; the paper clips
        there, which changes both.

    Raises
    ------
    ValueError
        The pictures differ in size.
    """
    _check_pictures(stylised=stylised, content=content)
    if np.shape(stylised) != np.shape(content):
        raise ValueError(
            f"stylised has shape {np.shape(stylised)}, content {np.shape(content)}; scale one "
            "to the size of the other"
        )
    Y = (np.clip(stylised, 0, 255) @ LUMINANCE)[..., None].astype(np.float32)
    content = np.clip(content, 0, 255).astype(np.float32)
    chroma = content - (content @ LUMINANCE)[..., None]
    return np.clip(Y + _share_that_fits(Y, chroma) * chroma, 0, 255)


def _share_that_fits(Y: np.ndarray, chroma: np.ndarray) -> np.ndarray:
    """Return the largest share of the chroma, at most 1, that keeps Y + chroma in 0-255."""
    room = np.where(chroma > 0, 255 - Y, Y)
    size = np.abs(chroma)
    share = np.divide(room, size, out=np.ones_like(room), where=size > room)
    return share.min(axis=-1, keepdims=True)


def match_colours(
    style: np.ndarray, content: np.ndarray, way: Way = "pca", mask: np.ndarray | None = None
) -> np.ndarray:
    """Give a style picture the mean and covariance of the content's colours.

    The linear match of section 2.1 of the paper: each colour x becomes A (x - mean_S) + mean_C
    with A covariance_S Aᵀ = covariance_C.

    Parameters
    ----------
    style : array (n_H, n_W, 3)
        RGB, 0-255, of any size.
    content : array (n_H, n_W, 3)
        RGB, 0-255, of any size.
    way : {"pca", "cholesky"}
        Which root of the covariances A is made of: the symmetric one, which moves the colours
        least, or the triangular one.
    mask : array (n_H, n_W), 0-1, optional
        How much each of the content's pixels counts; all the same by default.

    Returns
    -------
    array like style, float32, 0-255
        Values outside are clipped. Along axes of colour on which the style does not vary (all
        but one for a grey picture) nothing is there to be stretched: rounding errors and the
        noise of compression are left out, not amplified.

    Raises
    ------
    ValueError
        A picture has another shape or values that are not finite; the mask has another size or
        is 0 everywhere; the way is another.
    """
    if way not in _ROOTS:
        raise ValueError(f"way is {way!r}; a match is made by {' or '.join(_ROOTS)}")
    _check_pictures(style=style, content=content)
    weights = None if mask is None else _checked_mask(mask, np.shape(content)[:2])
    root = _ROOTS[way]
    mean_S, covariance_S = _statistics(style)
    mean_C, covariance_C = _statistics(content, weights)
    A = root(covariance_C, 0.0) @ np.linalg.pinv(root(covariance_S, SAME_COLOUR), rcond=1e-6)
    matched = (np.asarray(style, np.float64) - mean_S) @ A.T + mean_C
    return np.clip(matched, 0, 255).astype(np.float32)


def _statistics(
    pixels: np.ndarray, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean (3,) and the covariance (3, 3) of a picture's colours, in float64."""
    colours = np.asarray(pixels, np.float64).reshape(-1, 3)
    mean = np.average(colours, axis=0, weights=weights)
    return mean, np.cov(colours, rowvar=False, aweights=weights, ddof=0)


def _symmetric_root(covariance: np.ndarray, floor: float) -> np.ndarray:
    variances, axes = _axes(covariance, floor)
    return (axes * np.sqrt(variances)) @ axes.T


def _triangular_root(covariance: np.ndarray, floor: float) -> np.ndarray:
    """Return Cholesky's factor, also of a matrix without full rank, which LAPACK refuses."""
    variances, axes = _axes(covariance, floor)
    upper = np.linalg.qr((axes * np.sqrt(variances)).T, mode="r")
    signs = np.where(np.diag(upper) < 0, -1.0, 1.0)
    return (signs[:, None] * upper).T


def _axes(covariance: np.ndarray, floor: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the variances along the axes of colour, 0 where below the floor, and the axes."""
    variances, axes = np.linalg.eigh(covariance)
    return np.where(variances > floor, variances, 0.0), axes


_ROOTS = {"pca": _symmetric_root, "cholesky": _triangular_root}


def _check_pictures(**pictures: np.ndarray) -> None:
    for name, pixels in pictures.items():
        shape = np.shape(pixels)
        if len(shape) != 3 or shape[-1] != 3 or 0 in shape:
            raise ValueError(f"{name} has shape {shape}; expected (n_H, n_W, 3)")
        if not np.isfinite(pixels).all():
            raise ValueError(f"{name} has values that are not finite numbers")


def _checked_mask(mask: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    if np.shape(mask) != size:
        raise ValueError(f"the mask has shape {np.shape(mask)}; the content has {size}")
    if not np.isfinite(mask).all() or np.min(mask) < 0 or not np.any(mask):
        raise ValueError("the mask must have values from 0 to 1, and not 0 everywhere")
    return np.asarray(mask, np.float64).ravel()
