"""Given code of the face notebook: pictures of faces, encodings, the residents, display.

Students write ``from fr_utils import *``; ``__all__`` is therefore a promise. No exercise's
solution is in here.
"""

import quiet_tensorflow  # isort: skip - before anything that imports TensorFlow

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.offsetbox import AnnotationBbox, OffsetImage, TextArea, VPacker

from face_database import DatabaseError, FaceDatabase
from face_verification import ROC, Calibration, balanced_pairs, calibrate, pair_distances, roc
from facenet_weights import load_weights_from_FaceNet
from inception_blocks_v2 import FACE_SHAPE, faceRecoModel
from nst_utils import PICTURE_ENDINGS, PictureError, course_path, read_image
from weight_files import WeightsError

__all__ = [
    "DatabaseError",
    "FaceDatabase",
    "PictureError",
    "WeightsError",
    "balanced_pairs",
    "calibrate",
    "course_path",
    "faceRecoModel",
    "face_batch",
    "img_to_encoding",
    "imgs_to_encodings",
    "load_residents",
    "load_weights_from_FaceNet",
    "pair_distances",
    "practice_faces",
    "read_face",
    "roc",
    "show_distances",
    "show_encoding_map",
    "show_faces",
    "show_ranking",
    "show_roc",
    "show_verification",
]

RESIDENTS = "images/faces/residents"  # a picture each, named as the person
PRACTICE = "images/faces/practice"  # a strip of pictures side by side for each person

SIDE = FACE_SHAPE[1]  # pixels
DECIMALS = 12  # to which pixels are rounded, as published
DOOR = 0.7  # the course's door opens below this distance

# Okabe and Ito's colours, which colour-blind people can tell apart.
BLUE, ORANGE, GREY = "#0072b2", "#e69f00", "#8c8c8c"
COLOURS = (BLUE, "#d55e00", "#009e73", "#cc79a7", ORANGE, "#56b4e9", "#f0e442", "#000000")
MARKERS = "osD^vPX*"
MAP_INCHES = (8.0, 6.5)


# --- pictures in ----------------------------------------------------------------------------


def read_face(path: str | Path) -> np.ndarray:
    """Read a picture of any common format as the network wants to see it.

    See `nst_utils.read_image` for the formats; a photograph is turned upright as its EXIF says.
    A picture that is not 96 x 96 is scaled, and cropped around its centre.

    Parameters
    ----------
    path : str or Path
        Relative paths are searched in the present folder, then in the course's.

    Returns
    -------
    array (96, 96, 3), float32
        RGB, 0-1, rounded to 12 decimals before it becomes float32.

    Raises
    ------
    PictureError
        The file is missing, no picture, broken, too small or too large.
    """
    if not isinstance(path, str | Path):
        raise PictureError(
            f"the path of a picture is needed, not an object of type {type(path).__name__}; "
            "face_batch takes pictures that are read already"
        )
    pixels = read_image(path, size=(SIDE, SIDE)).astype(np.float64)
    return np.around(pixels / 255, DECIMALS).astype(np.float32)


def face_batch(pictures: Any) -> np.ndarray:
    """Turn pictures into the network's input.

    Parameters
    ----------
    pictures : array (m, 96, 96, 3) or (96, 96, 3)
        RGB: integers 0-255 or floats 0-1.

    Returns
    -------
    array (m, 3, 96, 96), float32
        Channels first, 0-1, rounded to 12 decimals before they become float32.

    Raises
    ------
    PictureError
        The shape is another, or floats are outside 0-1.
    """
    pixels = np.asarray(pictures)
    if pixels.ndim not in (3, 4) or pixels.shape[-3:] != (SIDE, SIDE, 3):
        raise PictureError(
            f"the pictures have shape {pixels.shape}; expected (m, {SIDE}, {SIDE}, 3): read_face "
            "reads a picture in this size"
        )
    scale = 255.0 if np.issubdtype(pixels.dtype, np.integer) else 1.0
    if pixels.size and not (pixels.min() >= 0 and pixels.max() <= scale):
        raise PictureError(
            f"the pixels lie between {pixels.min():.4g} and {pixels.max():.4g}; expected 0 to "
            f"{scale:.0f}: floats are divided by 255, integers are not"
        )
    batch = np.around(pixels.reshape(-1, SIDE, SIDE, 3) / np.float64(scale), DECIMALS)
    return np.ascontiguousarray(np.moveaxis(batch, -1, 1), np.float32)


# --- encodings ------------------------------------------------------------------------------


def img_to_encoding(image_path: str | Path, model: Any) -> np.ndarray:
    """Encode the face in a picture.

    Parameters
    ----------
    image_path : str or Path
        A picture of any common format and size, see `read_face`.
    model : keras.Model
        As `faceRecoModel` makes it.

    Returns
    -------
    array (1, 128), float32
        Of length 1.

    Raises
    ------
    PictureError
        The picture cannot be read.
    """
    return imgs_to_encodings([image_path], model)


def imgs_to_encodings(paths: Iterable[str | Path], model: Any, batch_size: int = 64) -> np.ndarray:
    """Encode the faces in many pictures, some at a time.

    Parameters
    ----------
    paths : iterable of n str or Path
    model : keras.Model
    batch_size : int
        Pictures that go through the network together; 64 take some 200 MB.

    Returns
    -------
    array (n, 128), float32
        In the order of the paths.

    Raises
    ------
    PictureError
        A picture cannot be read; the message names it.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}; at least 1 picture is encoded at a time")
    paths = [paths] if isinstance(paths, str | Path) else list(paths)
    batches = [paths[start : start + batch_size] for start in range(0, len(paths), batch_size)]
    rows = [
        np.asarray(model.predict_on_batch(face_batch([read_face(path) for path in batch])))
        for batch in batches
    ]
    return np.concatenate(rows) if rows else np.empty((0, 128), np.float32)


# --- the people of the course ---------------------------------------------------------------


def load_residents(model: Any) -> FaceDatabase:
    """Encode the pictures of the residents.

    Parameters
    ----------
    model : keras.Model

    Returns
    -------
    FaceDatabase
        From the names of the files in ``images/faces/residents``, without ending, to encodings.

    Raises
    ------
    PictureError
        There is no picture, or one cannot be read.
    """
    paths = _pictures_in(RESIDENTS)
    return FaceDatabase.from_arrays([path.stem for path in paths], imgs_to_encodings(paths, model))


def practice_faces() -> np.ndarray:
    """Read the small training set: twelve pictures each of forty people.

    Returns
    -------
    array (40, 12, 96, 96, 3), uint8
        RGB; row i holds the pictures of person i.

    Raises
    ------
    PictureError
        There is no strip of pictures, one cannot be read, or they differ in size.
    """
    strips = {path.name: read_image(path).astype(np.uint8) for path in _pictures_in(PRACTICE)}
    expected = next(iter(strips.values())).shape
    for name, strip in strips.items():
        n_H, n_W, _ = strip.shape
        if strip.shape != expected or n_H != SIDE or n_W % SIDE:
            raise PictureError(
                f"{PRACTICE}/{name} has {n_W} x {n_H} pixels; a strip is {SIDE} high, a multiple "
                f"of {SIDE} wide, and like the others: get the file anew"
            )
    people = np.stack(list(strips.values())).reshape(len(strips), SIDE, -1, SIDE, 3)
    return np.ascontiguousarray(people.swapaxes(1, 2))


def _pictures_in(folder: str) -> list[Path]:
    there = course_path(folder)
    names = sorted(there.iterdir()) if there.is_dir() else []
    paths = [path for path in names if path.suffix.lower() in PICTURE_ENDINGS]
    if not paths:
        raise PictureError(f"{there} holds no picture; get the course's folder images anew")
    return paths


# --- display --------------------------------------------------------------------------------


def show_faces(
    pictures: Sequence[Any], titles: Sequence[str] | None = None, columns: int | None = None
) -> None:
    """Show faces side by side, in a new Matplotlib figure.

    Parameters
    ----------
    pictures : sequence
        Paths, or arrays (n_H, n_W, 3) or (3, n_H, n_W): integers 0-255 or floats 0-1.
    titles : sequence of str, optional
    columns : int, optional
        Faces a row; by default up to six, in rows of like length.
    """
    n_columns = columns or -(-len(pictures) // -(-len(pictures) // 6))
    n_rows = -(-len(pictures) // n_columns)
    size = (1.7 * n_columns, (2.0 if titles is not None else 1.75) * n_rows)
    _, axes = plt.subplots(n_rows, n_columns, figsize=size, squeeze=False, layout="constrained")
    for axis in axes.flat:
        axis.axis("off")
    for axis, picture in zip(axes.flat, pictures, strict=False):
        axis.imshow(_pixels(picture))
    for axis, title in zip(axes.flat, titles or (), strict=False):
        axis.set_title(title, fontsize=10)


def show_verification(
    picture: Any, reference: Any, distance: float, threshold: float = DOOR, title: str = ""
) -> None:
    """Show who stands at the door, who they claim to be, and the distance of the two.

    Parameters
    ----------
    picture, reference : path or array, see `show_faces`
    distance : float
        L2 distance of the two encodings, 0-2.
    threshold : float
        The door opens below.
    title : str
    """
    distance = _number(distance)
    figure = plt.figure(figsize=(6, 4.4), layout="constrained")
    grid = figure.add_gridspec(2, 2, height_ratios=(4, 1))
    for column, (face, name) in enumerate([(picture, "at the door"), (reference, "on file")]):
        axis = figure.add_subplot(grid[0, column])
        axis.imshow(_pixels(face))
        axis.set_title(name, fontsize=11)
        axis.axis("off")
    _draw_gauge(figure.add_subplot(grid[1, :]), distance, threshold)
    figure.suptitle(title, fontsize=13)


def _draw_gauge(axis: Axes, distance: float, threshold: float) -> None:
    """Draw a scale of distances with the threshold and a mark on it."""
    end = max(1.4, 1.15 * distance, 1.15 * threshold)
    axis.axvspan(0, threshold, color=BLUE, alpha=0.25, lw=0)
    axis.axvspan(threshold, end, color=ORANGE, alpha=0.3, lw=0)
    axis.axvline(threshold, color="black", ls="--", lw=1.5)
    axis.text(0.02, 0.5, "opens", va="center", color="0.35")
    axis.text(end - 0.02, 0.5, "stays shut", ha="right", va="center", color="0.35")
    opens = distance < threshold
    axis.plot(distance, 0.5, "D", ms=13, color=BLUE if opens else ORANGE, mec="black", mew=1.5)
    verdict = "the door opens" if opens else "the door stays shut"
    sign = "<" if opens else "≥"
    axis.set_title(f"distance {distance:.3f} {sign} {threshold:g}: {verdict}", fontsize=11)
    axis.set(xlim=(0, end), ylim=(0, 1), yticks=[], xlabel="L2 distance of the encodings")


def show_ranking(
    picture: Any, names: Sequence[str], distances: Any, threshold: float = DOOR, title: str = ""
) -> None:
    """Show a picture and how far it is from everybody, nearest first.

    Parameters
    ----------
    picture : path or array, see `show_faces`
    names : sequence of n str
        Of the people it was compared with; the nearest fifteen are shown.
    distances : sequence of n floats
        L2 distances of the encodings, 0-2.
    threshold : float
        Who is farther is somebody else.
    title : str
    """
    values = np.array([_number(distance) for distance in distances])
    order = np.argsort(values, kind="stable")[:15]
    values, labels = values[order], [names[i] for i in order]
    height = max(3.0, 0.32 * len(order) + 1.1)
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(8.5, height), width_ratios=(1, 1.7), layout="constrained"
    )
    left.imshow(_pixels(picture))
    left.set_title("at the door", fontsize=11)
    left.axis("off")
    colours = [BLUE if value < threshold else GREY for value in values]
    bars = right.barh(range(len(order)), values, color=colours)
    right.bar_label(bars, fmt=" %.2f", fontsize=9)
    right.axvline(threshold, color="black", ls="--", lw=1.5, label=f"threshold {threshold:g}")
    right.set(xlabel="L2 distance of the encodings", xlim=(0, max(1.2, 1.15 * values.max())))
    right.set_yticks(range(len(order)), labels)
    right.invert_yaxis()
    right.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower right", frameon=False, fontsize=10)
    figure.suptitle(title, fontsize=13)


def show_encoding_map(
    encodings: Any, people: Sequence[str], pictures: Sequence[Any] | None = None, title: str = ""
) -> None:
    """Show encodings as points of a plane, as far apart as a plane allows (PCA).

    Parameters
    ----------
    encodings : array (n, 128), n at least 2
    people : sequence of n names
        Whom each shows; the points of one person are joined by lines.
    pictures : sequence of n paths or arrays, optional
        Drawn with the names at the points, or beside them where they would hide each other; see
        `show_faces`.
    title : str
    """
    places, shares = _principal_plane(encodings)
    owners = np.asarray(people)
    _, axis = plt.subplots(figsize=MAP_INCHES, layout="constrained")
    ends = np.array([-1, 1])
    centre, half = (places.max(axis=0) + places.min(axis=0)) / 2, _half_of_map(places)
    axis.set(xlim=centre[0] + half[0] * ends, ylim=centre[1] + half[1] * ends)
    for number, person in enumerate(dict.fromkeys(owners.tolist())):
        _draw_person(
            axis, number, places[owners == person], "" if pictures is not None else str(person)
        )
    if pictures is not None:
        _draw_thumbnails(axis, places, pictures, owners)
    axis.set(
        xlabel=f"first principal direction ({shares[0]:.0%} of the variance)",
        ylabel=f"second principal direction ({shares[1]:.0%})",
        title=title,
    )
    axis.grid(alpha=0.25)


def _principal_plane(encodings: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return coordinates (n, 2) and the shares of the variance that the two directions hold."""
    rows = np.asarray(encodings, np.float64)
    if rows.ndim != 2 or len(rows) < 2:
        raise ValueError(
            f"the encodings have shape {rows.shape}; a map needs (n, 128) with n at least 2"
        )
    left, sizes, right = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    # A direction's sign is arbitrary; this choice is the same everywhere.
    signs = np.sign(right[np.arange(2), np.abs(right[:2]).argmax(axis=1)])
    return left[:, :2] * sizes[:2] * signs, sizes[:2] ** 2 / max((sizes**2).sum(), 1e-12)


def _half_of_map(places: np.ndarray) -> np.ndarray:
    """Return half the width and height of a map that has one scale on both axes."""
    spans = np.maximum(np.ptp(places, axis=0), 1e-6)
    return np.array(MAP_INCHES) * 0.65 * (spans / MAP_INCHES).max()


def _draw_person(axis: Axes, number: int, places: np.ndarray, name: str) -> None:
    """Draw a person's points, joined to their middle, with the name below the lowest."""
    colour = COLOURS[number % len(COLOURS)]
    marker = MARKERS[number // len(COLOURS) % len(MARKERS)]
    for place in places:
        line = np.stack([places.mean(axis=0), place])
        axis.plot(*line.T, color=colour, lw=1.5, alpha=0.6, zorder=1)
    axis.plot(*places.T, marker, color=colour, mec="black", ms=8)
    axis.annotate(
        name, places[places[:, 1].argmin()], (0, -8), textcoords="offset points", ha="center",
        va="top", zorder=5,
        bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.75},
    )  # fmt: skip


def _draw_thumbnails(
    axis: Axes, places: np.ndarray, pictures: Sequence[Any], names: np.ndarray
) -> None:
    """Draw pictures at their places, moved aside where they would overlap."""
    side = 46 * min(1.0, (20 / len(places)) ** 0.5)  # typographic points
    box = np.array([side + 6, side + 20])
    points_a_unit = 72 * 0.88 * np.array(MAP_INCHES) / (2 * _half_of_map(places))
    moved = _spread(places * points_a_unit, box) / points_a_unit
    for place, corner, picture, name in zip(places, moved, pictures, names, strict=True):
        pixels = _pixels(picture)
        image = OffsetImage(pixels, zoom=side / len(pixels), interpolation="lanczos")
        text = TextArea(str(name), textprops={"fontsize": 8})
        card = VPacker(children=[image, text], align="center", pad=0, sep=1)
        frame = {"lw": 0.5, "ec": "0.5", "boxstyle": "round,pad=0.1"}
        line = {"arrowstyle": "-", "color": "0.3", "lw": 0.8}
        axis.add_artist(
            AnnotationBbox(card, tuple(place), tuple(corner), bboxprops=frame, arrowprops=line,
                           pad=0.1, zorder=3)
        )  # fmt: skip


def _spread(places: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Push boxes (width, height) around places (n, 2) apart until hardly any overlap."""
    moved = places / box
    order = np.arange(len(places))
    for _ in range(300):
        apart = moved[:, np.newaxis] - moved
        apart += 1e-6 * (order[:, np.newaxis] - order)[..., np.newaxis]  # if two coincide
        is_wider = np.abs(apart) == np.abs(apart).max(axis=-1, keepdims=True)
        overlap = np.maximum(1 - np.abs(apart), 0) * is_wider
        push = overlap * np.sign(apart)
        if np.abs(push).max() < 0.02:
            break
        moved = moved + 0.25 * push.sum(axis=1)
    return moved * box


def show_distances(
    same: Any, different: Any, threshold: float | None = None, title: str = ""
) -> None:
    """Show how far apart pairs of pictures are: pairs of one person, and of two.

    Parameters
    ----------
    same, different : array
        L2 distances, as `pair_distances` returns them.
    threshold : float, optional
        Marked by a line.
    title : str
    """
    same, different = np.asarray(same).ravel(), np.asarray(different).ravel()
    _, axis = plt.subplots(figsize=(7.5, 3.8), layout="constrained")
    bins = np.linspace(0, max(1.4, *(x.max(initial=0) for x in (same, different))), 57).tolist()
    for values, colour, style, name in (
        (same, BLUE, "-", "of one person"),
        (different, ORANGE, "--", "of two people"),
    ):
        weights = np.full(len(values), 100 / max(len(values), 1))
        label = f"{len(values):,} pairs {name}"
        axis.hist(values, bins, weights=weights, color=colour, alpha=0.55, label=label)
        axis.hist(values, bins, weights=weights, color="black", histtype="step", ls=style, lw=1)
    if threshold is not None:
        axis.axvline(threshold, color="black", ls=":", lw=2, label=f"threshold {threshold:g}")
    axis.set(xlabel="L2 distance of the encodings", ylabel="% of these pairs", title=title)
    axis.set_xlim(0, bins[-1])
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False)


def show_roc(same: Any, different: Any, threshold: float = DOOR, title: str = "") -> None:
    """Show both errors of a door: at every threshold, and against each other.

    Parameters
    ----------
    same, different : array
        L2 distances, as `pair_distances` returns them.
    threshold : float
        Marked in both drawings.
    title : str
    """
    curve, choice = roc(same, different), calibrate(same, different)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.8), layout="constrained")
    left.plot(curve.thresholds, 100 * curve.far, color=ORANGE, lw=2.5, ls="--",
              label="strangers let in (false accepts)")  # fmt: skip
    left.plot(curve.thresholds, 100 * curve.frr, color=BLUE, lw=2.5,
              label="residents kept out (false rejects)")  # fmt: skip
    left.axvline(threshold, color="black", ls=":", lw=2, label=f"threshold {threshold:g}")
    left.set(xlabel="threshold (L2 distance of the encodings)", ylabel="% of such pairs")
    left.set(ylim=(0, 100), xlim=(0, max(1.4, float(curve.thresholds[-1]))))
    _draw_errors(right, curve, choice, (np.asarray(same), np.asarray(different), threshold))
    for axis in (left, right):
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), frameon=False, fontsize=10)
    figure.suptitle(title, fontsize=13)


def _draw_errors(axis: Axes, curve: ROC, choice: Calibration, door: Any) -> None:
    """Draw false rejects against false accepts, with the present threshold and the equal rate."""
    same, different, threshold = door
    least = 50 / different.size  # %; half a pair stands for none: a logarithmic axis has no zero
    axis.plot(np.maximum(100 * curve.far, least), 100 * curve.frr, color=BLUE, lw=2.5,
              drawstyle="steps-post")  # fmt: skip
    far, frr = 100 * np.mean(different < threshold), 100 * np.mean(same >= threshold)
    equal = 100 * choice.equal_error_rate
    axis.plot(
        max(far, least), frr, "D", ms=11, color=ORANGE, mec="black", clip_on=False, zorder=5,
        label=f"threshold {threshold:g}: {far:.2g} % let in, {frr:.2g} % kept out",
    )  # fmt: skip
    axis.plot(
        max(equal, least), equal, "o", ms=9, color="white", mec="black", clip_on=False, zorder=4,
        label=f"both equal, {equal:.2g} %, at distance {choice.threshold_at_eer:.2f}",
    )  # fmt: skip
    axis.set(xscale="log", xlim=(least, 100), ylim=(0, max(5, 1.3 * frr, 2 * equal)))
    axis.set(xlabel="% of strangers let in", ylabel="% of residents kept out")


def _number(distance: Any) -> float:
    """Return a distance that may be a tensor or an array with one number in it."""
    return float(np.asarray(distance).reshape(()))


def _pixels(picture: Any) -> np.ndarray:
    """Return a picture, given as a path or an array, as (n_H, n_W, 3), uint8 or floats 0-1."""
    if isinstance(picture, str | Path):
        return read_image(picture).astype(np.uint8)
    pixels = np.asarray(picture)
    pixels = pixels[0] if pixels.ndim == 4 and len(pixels) == 1 else pixels
    if pixels.ndim == 3 and pixels.shape[0] == 3 != pixels.shape[2]:
        pixels = np.moveaxis(pixels, 0, 2)
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        raise PictureError(
            f"a picture has shape {pixels.shape}; expected (n_H, n_W, 3) or (3, n_H, n_W)"
        )
    is_float = np.issubdtype(pixels.dtype, np.floating)
    return np.clip(pixels, 0, 1) if is_float else pixels.astype(np.uint8)
