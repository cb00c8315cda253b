"""Pictures of handwritten digits, 28 x 28: MNIST when it was fetched, else ones made from small.

The small ones are the 1,797 digits of 8 x 8 pixels that come with scikit-learn. They are enlarged
by splines, which describe a smooth surface of ink, and varied: the splines are sampled at places
that are turned, slanted, scaled, shifted and bent, and the surface is cut at a height that says
how broad the pen is.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage
from scipy.interpolate import make_interp_spline

from nst_utils import COURSE_DIR, PictureError

FOLDER = COURSE_DIR / "pretrained-model"
MNIST = "mnist.npz"
SIDE = 28  # pixels
ARRAYS = ("x_train", "y_train", "x_test", "y_test")

TRAIN = 1500  # of the 1,797 small digits, in their order; the rest is held out
MARGIN = 3  # empty pixels around a small digit, for what looks beyond its edge
INK_SIDE = 20  # pixels that the 8 of a small digit become, as in MNIST
CHUNK = 1000  # pictures that are varied together; they take some 40 MB
KNOTS = 4  # a side: how finely paper is bent

# How much a digit is varied, each time drawn evenly between minus this and this, or between two.
TURN = 8.0  # degrees
SLANT = 0.1  # columns a row
ZOOM = (0.92, 1.08)
SHIFT = 0.7  # pixels
BEND = 0.5  # pixels, standard deviation of the shift at a knot
LEVEL = (0.45, 0.63)  # share of the ink's height at which it is cut: a low one makes a broad pen
EDGE = 0.3  # share of that height over which white becomes black


class DigitsError(ValueError):
    """A file of digits is broken or of another kind; the text says what helps."""


@dataclass(frozen=True)
class Digits:
    """Pictures of handwritten digits with what they show.

    Attributes
    ----------
    train, test : array (m, 28, 28, 1), float32
        0-1, white ink on black. The test pictures are held out: no picture made from one of
        them is in train.
    train_labels, test_labels : array (m,), int64
        0-9.
    name : str
        Which data these are, to be written on figures.
    """

    train: np.ndarray
    train_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray
    name: str


def load_digits(copies: int = 10, seed: int = 0, folder: str | Path = FOLDER) -> Digits:
    """Load pictures of handwritten digits.

    Parameters
    ----------
    copies : int
        Varied pictures to make of each small digit; MNIST is taken as it is.
    seed : int
        Same seed, same pictures.
    folder : str or Path
        Where ``course fetch mnist`` puts MNIST; without it, scikit-learn's digits are taken.

    Returns
    -------
    Digits
        15,000 pictures to train with and 2,970 held out, of 1,500 and 297 digits; or MNIST's
        60,000 and 10,000.

    Raises
    ------
    DigitsError
        MNIST's file is there but broken.
    ValueError
        There is to be less than one copy.
    """
    path = Path(folder).expanduser() / MNIST
    if path.exists():
        return _read_mnist(path)
    if copies < 1:
        raise ValueError(f"copies is {copies}; at least 1 picture is made of each digit")
    from sklearn import datasets

    small = datasets.load_digits()
    ink, labels = small.images / 16, np.repeat(small.target.astype(np.int64), copies)
    parts = np.random.default_rng(seed).spawn(2)
    return Digits(
        train=vary(ink[:TRAIN], copies, parts[0]),
        train_labels=labels[: TRAIN * copies],
        test=vary(ink[TRAIN:], copies, parts[1]),
        test_labels=labels[TRAIN * copies :],
        name="scikit-learn's digits, enlarged from 8 × 8 and varied",
    )


def as_pictures(pictures: Any) -> np.ndarray:
    """Check the shape of pictures; one alone becomes a batch.

    Parameters
    ----------
    pictures : array or tensor (m, 28, 28, 1) or (28, 28, 1)

    Returns
    -------
    array (m, 28, 28, 1), float32

    Raises
    ------
    PictureError
        The shape is another, or there is no picture.
    """
    pixels = np.asarray(pictures, np.float32)
    pixels = pixels[np.newaxis] if pixels.shape == (SIDE, SIDE, 1) else pixels
    if pixels.ndim != 4 or pixels.shape[1:] != (SIDE, SIDE, 1) or not len(pixels):
        raise PictureError(
            f"the pictures have shape {pixels.shape}; expected (m, {SIDE}, {SIDE}, 1) with m at "
            "least 1"
        )
    return pixels


# --- MNIST ----------------------------------------------------------------------------------


def _read_mnist(path: Path) -> Digits:
    remedy = "delete it, then run: course fetch mnist"
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = [file[name] for name in ARRAYS]
    except (OSError, EOFError, ValueError, KeyError, AttributeError, zipfile.BadZipFile) as error:
        raise DigitsError(f"{path} is no file of MNIST, or broken ({error}); {remedy}") from error
    for pictures, labels in (arrays[:2], arrays[2:]):
        shapes = pictures.shape, labels.shape
        if pictures.shape[1:] != (SIDE, SIDE) or labels.shape != pictures.shape[:1]:
            raise DigitsError(
                f"{path} holds pictures and labels of shapes {shapes[0]} and {shapes[1]}; MNIST "
                f"has (m, {SIDE}, {SIDE}) and (m,): {remedy}"
            )
        if pictures.dtype != np.uint8 or not np.isin(labels, range(10)).all():
            raise DigitsError(
                f"{path} holds {pictures.dtype} and labels up to {labels.max(initial=0)}; MNIST "
                f"has uint8 and labels 0-9: {remedy}"
            )
    x_train, y_train, x_test, y_test = arrays
    return Digits(_floats(x_train), y_train.astype(np.int64),
                  _floats(x_test), y_test.astype(np.int64), "MNIST")  # fmt: skip


def _floats(pixels: np.ndarray) -> np.ndarray:
    return (pixels.astype(np.float32) / 255)[..., np.newaxis]


# --- small digits, enlarged and varied ------------------------------------------------------


def vary(ink: np.ndarray, copies: int, rng: np.random.Generator) -> np.ndarray:
    """Enlarge small digits, each several times, each time a little otherwise.

    Parameters
    ----------
    ink : array (m, 8, 8)
        0-1, 1 where the ink is.
    copies : int
    rng : numpy.random.Generator

    Returns
    -------
    array (m * copies, 28, 28, 1), float32
        0-1; the copies of a digit follow each other.
    """
    edges = ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN))
    splines = np.pad(ink, edges)
    for axis in (1, 2):
        splines = ndimage.spline_filter1d(splines, order=3, axis=axis)
    numbers = np.repeat(np.arange(len(ink)), copies)
    chunks = [numbers[start : start + CHUNK] for start in range(0, len(numbers), CHUNK)]
    pictures = [_pen(_sampled(splines, chunk, rng), rng) for chunk in chunks]
    return np.concatenate(pictures)[..., np.newaxis]


def _sampled(splines: np.ndarray, numbers: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the height of the ink (m, 28, 28) where pixels of varied digits look."""
    centre = (splines.shape[1] - 1) / 2
    places = _places(len(numbers), rng) * (8 / INK_SIDE) + centre
    return np.stack(
        [
            ndimage.map_coordinates(splines[number], place, np.float32, order=3, prefilter=False)
            for number, place in zip(numbers, places, strict=True)
        ]
    )


def _places(m: int, rng: np.random.Generator) -> np.ndarray:
    """Return where the pixels of m pictures look, (m, 2, 28, 28), in pixels from the middle."""
    pixels = np.indices((SIDE, SIDE)).reshape(2, -1) - (SIDE - 1) / 2
    shift = rng.uniform(-SHIFT, SHIFT, (m, 2, 1, 1))
    return (_linear_maps(m, rng) @ pixels).reshape(m, 2, SIDE, SIDE) + shift + _bends(m, rng)


def _linear_maps(m: int, rng: np.random.Generator) -> np.ndarray:
    """Return matrices (m, 2, 2) that turn, slant and scale, for rows and columns."""
    angle = np.radians(rng.uniform(-TURN, TURN, m))
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.stack([cos, -sin, sin, cos], axis=-1).reshape(m, 2, 2)
    slant = np.tile(np.eye(2), (m, 1, 1))
    slant[:, 1, 0] = rng.uniform(-SLANT, SLANT, m)
    return turn @ slant / rng.uniform(*ZOOM, (m, 1, 2))


def _bends(m: int, rng: np.random.Generator) -> np.ndarray:
    """Return smooth random shifts (m, 2, 28, 28), in pixels: splines through few knots."""
    knots, pixels = np.linspace(0, 1, KNOTS), np.linspace(0, 1, SIDE)
    between = make_interp_spline(knots, np.eye(KNOTS), k=3)(pixels)
    return between @ (BEND * rng.standard_normal((m, 2, KNOTS, KNOTS))) @ between.T


def _pen(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw the outline of the ink's surface with pens of different breadth."""
    around = ndimage.maximum_filter(ink, (1, 7, 7))
    height = np.maximum(ndimage.gaussian_filter(around, (0, 2, 2)), 0.6)  # thin ink is ink, too
    level = rng.uniform(*LEVEL, (len(ink), 1, 1))
    return np.clip((ink / height - level) / EDGE + 0.5, 0, 1).astype(np.float32)


# --- pictures that are no digits ------------------------------------------------------------


def draw_odd_pictures(digits: Any, seed: int = 0) -> dict[str, np.ndarray]:
    """Draw pictures that a network which knows digits alone has never seen.

    Parameters
    ----------
    digits : array (m, 28, 28, 1)
        0-1; some of them are turned upside down or become black ink on white.
    seed : int
        Same seed, same pictures.

    Returns
    -------
    dict of str to array (8, 28, 28, 1), float32
        0-1. "letters", "shapes", "upside down", "negative" and "noise".
    """
    rng = np.random.default_rng(seed)
    known = as_pictures(digits)
    some = known[rng.integers(0, len(known), 8)]
    return {
        "letters": np.stack([_letter(letter) for letter in "AEHKMRTW"]),
        "shapes": np.stack([_shape(number) for number in range(8)]),
        "upside down": some[:, ::-1, ::-1],
        "negative": 1 - some,
        "noise": rng.uniform(0, 1, some.shape).astype(np.float32),
    }


def _letter(letter: str) -> np.ndarray:
    drawing = Image.new("L", (4 * SIDE, 4 * SIDE))
    font = ImageFont.load_default(3.4 * SIDE)
    middle = (2 * SIDE, 2 * SIDE)
    ImageDraw.Draw(drawing).text(middle, letter, 255, font, anchor="mm", stroke_width=2)
    return _shrunk(drawing)


def _shape(number: int) -> np.ndarray:
    """Draw a polygon, a star or crossed lines, four times too large at first."""
    drawing = Image.new("L", (4 * SIDE, 4 * SIDE))
    corners = 3 + number // 2
    angles = 2 * np.pi * np.arange(corners) / corners - np.pi / 2
    points = 2 * SIDE + 1.4 * SIDE * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    pen = ImageDraw.Draw(drawing)
    if number % 2:  # a star: from the middle to each corner
        for point in points:
            pen.line([2 * SIDE, 2 * SIDE, *point], 255, width=12)
    else:
        pen.line([*points.ravel(), *points[:2].ravel()], 255, width=10, joint="curve")
    return _shrunk(drawing)


def _shrunk(drawing: Image.Image) -> np.ndarray:
    return _floats(np.asarray(drawing.resize((SIDE, SIDE), Image.Resampling.BOX)))
