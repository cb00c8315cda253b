"""Given code of the notebook on latent spaces: digits, training, pictures of the latent plane.

Students write ``from latent_utils import *``; ``__all__`` is therefore a promise. No exercise's
solution is in here.
"""

import quiet_tensorflow  # isort: skip - before anything that imports TensorFlow

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Polygon
from matplotlib.patheffects import withStroke
from scipy.stats import norm

from latent_digits import (
    SIDE, Digits, DigitsError, as_pictures, draw_odd_pictures, load_digits,
)  # fmt: skip
from latent_training import fit
from nst_utils import PictureError, save_animation

__all__ = [
    "Digits",
    "DigitsError",
    "PictureError",
    "draw_odd_pictures",
    "fit",
    "load_digits",
    "plot_curves",
    "plot_plane",
    "save_plane_film",
    "show_anomalies",
    "show_bottleneck",
    "show_gan",
    "show_grid",
    "show_pictures",
    "show_rows",
    "show_strip",
]

# Okabe and Ito's colours, which colour-blind people can tell apart, and two more: ten are too
# many for colours alone, so every digit's name stands in the middle of its points, too.
COLOURS = (
    *("#000000", "#e69f00", "#56b4e9", "#009e73", "#b8de29"),
    *("#0072b2", "#d55e00", "#cc79a7", "#8c8c8c", "#5c2d91"),
)
MARKERS = "osD^vPX*<>"
BLUE, ORANGE = COLOURS[5], COLOURS[1]

# --- display: pictures ----------------------------------------------------------------------


def show_pictures(
    pictures: Any, titles: Sequence[Any] | None = None, columns: int = 10, caption: str = ""
) -> None:
    """Show digits in rows, in a new Matplotlib figure.

    Parameters
    ----------
    pictures : array (m, 28, 28, 1)
        0-1.
    titles : sequence of m str or numbers, optional
    columns : int
        Pictures a row.
    caption : str
        Written below: which data these are.
    """
    shown = as_pictures(pictures)
    n_columns = max(1, min(columns, len(shown)))
    n_rows = -(-len(shown) // n_columns)
    size = (0.9 * n_columns, (1.15 if titles is not None else 0.92) * n_rows + 0.3)
    figure, axes = plt.subplots(n_rows, n_columns, figsize=size, squeeze=False,
                                layout="constrained")  # fmt: skip
    for axis in axes.flat:
        axis.axis("off")
    for axis, picture in zip(axes.flat, shown, strict=False):
        _draw_picture(axis, picture)
    for axis, title in zip(axes.flat, titles if titles is not None else (), strict=False):
        axis.set_title(str(title), fontsize=10)
    _sign(figure, caption)


def show_rows(rows: Mapping[str, Any], title: str = "", data: str = "") -> None:
    """Show rows of pictures with their names on the left, such as originals and decoded ones.

    Parameters
    ----------
    rows : dict of str to array (m, 28, 28, 1)
        0-1.
    title : str
    data : str
        Which data these are; written below.
    """
    strips = {name: as_pictures(pictures) for name, pictures in rows.items()}
    if not strips:
        raise ValueError("there is no row; give a dict from names to pictures (m, 28, 28, 1)")
    n_columns = max(len(strip) for strip in strips.values())
    side = min(0.9, 10 / n_columns)
    size = (side * n_columns + 1.3, side * len(strips) + 0.7)
    figure, axes = plt.subplots(len(strips), 1, figsize=size, squeeze=False, layout="constrained")
    for axis, (name, strip) in zip(axes.flat, strips.items(), strict=True):
        _draw_picture(axis, np.concatenate(list(strip), axis=1))
        axis.set_anchor("W")
        axis.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=11)
    figure.suptitle(title, fontsize=13)
    _sign(figure, data)


def show_strip(decoder: Any, codes: Any, title: str = "", data: str = "") -> None:
    """Decode a walk through the latent plane and show it as a row of pictures.

    Parameters
    ----------
    decoder : callable
        From codes (n, 2) to pictures (n, 28, 28, 1).
    codes : array (n, 2)
    title : str
    data : str
        Which data it has learnt from; written below.
    """
    codes = np.asarray(codes, np.float32)
    strip = np.concatenate(list(decoded(decoder, codes)), axis=1)
    size = (min(0.9 * len(codes), 12), min(0.9, 12 / len(codes)) + 0.85)
    figure, axis = plt.subplots(figsize=size, layout="constrained")
    _draw_picture(axis, strip)
    middles = SIDE * np.arange(len(codes)) + (SIDE - 1) / 2
    ends = [0, len(codes) - 1]
    axis.set_xticks(middles[ends], [f"({codes[i][0]:.1f}, {codes[i][1]:.1f})" for i in ends])
    axis.tick_params(length=0, labelsize=9)
    figure.suptitle(title, fontsize=13)
    _sign(figure, data)


def decoded(decoder: Any, codes: np.ndarray) -> np.ndarray:
    """Return the pictures (n, 28, 28, 1) that a decoder makes of codes (n, 2)."""
    if codes.ndim != 2 or not len(codes):
        raise ValueError(f"the codes have shape {codes.shape}; expected (n, 2) with n at least 1")
    return as_pictures(decoder(tf.constant(codes, tf.float32)))


def show_grid(
    decoder: Any,
    size: int = 15,
    quantiles: tuple[float, float] = (0.05, 0.95),
    title: str = "",
    data: str = "",
) -> None:
    """Decode a grid of codes over the latent plane and show the pictures as one.

    Each coordinate goes through the quantiles of the standard normal distribution in equal
    steps, so that the same share of codes drawn from it lies between two lines.

    Parameters
    ----------
    decoder : callable
        From codes (n, 2) to pictures (n, 28, 28, 1).
    size : int
        Pictures a side.
    quantiles : (float, float)
        The first and the last, above 0 and below 1.
    title : str
    data : str
        Which data it has learnt from; written below.

    Raises
    ------
    ValueError
        The quantiles are not in order between 0 and 1, or there is no picture.
    """
    ticks = _normal_ticks(size, quantiles)
    codes = np.stack(np.meshgrid(ticks, ticks[::-1]), axis=-1).reshape(-1, 2)
    pictures = decoded(decoder, codes).reshape(size, size, SIDE, SIDE)
    figure, axis = plt.subplots(figsize=(7.5, 8), layout="constrained")
    _draw_picture(axis, pictures.swapaxes(1, 2).reshape(size * SIDE, size * SIDE))
    middles = SIDE * np.arange(size) + (SIDE - 1) / 2
    some = np.unique(np.linspace(0, size - 1, min(size, 7)).round().astype(int))
    labels = [f"{ticks[i]:.1f}" if abs(ticks[i]) > 0.05 else "0" for i in some]
    axis.set_xticks(middles[some], labels)
    axis.set_yticks(middles[size - 1 - some], labels)
    axis.set(xlabel="first latent dimension", ylabel="second latent dimension")
    figure.suptitle(title, fontsize=13)
    _sign(figure, data)


def _normal_ticks(size: int, quantiles: tuple[float, float]) -> np.ndarray:
    low, high = quantiles
    if not 0 < low < high < 1:
        raise ValueError(f"quantiles is {quantiles}; two shares are needed, 0 < first < last < 1")
    if size < 1:
        raise ValueError(f"size is {size}; a grid has at least 1 picture a side")
    return norm.ppf(np.linspace(low, high, size))


# --- display: the latent plane --------------------------------------------------------------


def plot_plane(
    codes: Any, labels: Any, ax: Axes | None = None, title: str = "", data: str = ""
) -> None:
    """Draw codes as points of the latent plane, coloured by digit.

    Parameters
    ----------
    codes : array (m, 2)
    labels : array (m,)
        0-9; each digit's name stands at the median of its points.
    ax : matplotlib Axes, optional
        Where to draw, for planes side by side; by default a new figure.
    title : str
    data : str
        Which data these are; written below.

    Raises
    ------
    ValueError
        The codes have not two columns, or a label for each.
    """
    points, numbers = np.asarray(codes), np.asarray(labels)
    if points.ndim != 2 or points.shape[1] != 2 or numbers.shape != points.shape[:1]:
        raise ValueError(
            f"codes have shape {points.shape} and labels {numbers.shape}; expected (m, 2) and (m,)"
        )
    axis = ax or plt.subplots(figsize=(6.5, 6.5), layout="constrained")[1]
    for digit in np.unique(numbers):
        _draw_class(axis, int(digit), points[numbers == digit])
    axis.set(xlabel="first latent dimension", ylabel="second latent dimension", title=title)
    axis.set_aspect("equal", adjustable="datalim")
    axis.grid(alpha=0.25)
    box = {"fc": "white", "ec": "none", "alpha": 0.7, "pad": 1}
    axis.text(0.99, 0.01, data, transform=axis.transAxes, ha="right", va="bottom", fontsize=8,
              color="0.35", bbox=box)  # fmt: skip


def _draw_class(axis: Axes, digit: int, points: np.ndarray) -> None:
    """Draw the points of a digit and its name at their median."""
    colour = COLOURS[digit % len(COLOURS)]
    marker = MARKERS[digit % len(MARKERS)]
    x, y = np.median(points, axis=0)
    size = float(np.clip(4000 / max(len(points), 1), 6, 30))
    axis.scatter(points[:, 0], points[:, 1], s=size, c=colour, marker=marker, alpha=0.55, lw=0)
    axis.text(x, y, str(digit), color=colour, fontsize=17, weight="bold",
              ha="center", va="center", zorder=5,
              path_effects=[withStroke(linewidth=5, foreground="white"),
                            withStroke(linewidth=2, foreground="black")])  # fmt: skip


def save_plane_film(
    path: str | Path,
    frames: Sequence[Any],
    labels: Any,
    data: str = "",
    fps: float = 4,
) -> Path:
    """Save how the latent plane formed during training, as a film.

    Parameters
    ----------
    path : str or Path
        Ends in ``.gif`` or ``.mp4``.
    frames : sequence of array (m, 2)
        The codes of the same pictures before training and after each epoch.
    labels : array (m,)
        0-9.
    data : str
        Which data these are.
    fps : float
        Frames a second; the last one stands for two seconds.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        There is no frame, or the ending is another.
    """
    reach = 1.05 * max((float(np.abs(codes).max()) for codes in frames[-1:]), default=1.0) or 1.0
    pixels = [
        _plane_pixels(codes, labels, f"The latent plane after epoch {number}", data, reach)
        for number, codes in enumerate(frames)
    ]
    return save_animation(path, pixels, fps=fps)


def _plane_pixels(codes: Any, labels: Any, title: str, data: str, reach: float) -> np.ndarray:
    """Draw a plane between minus and plus reach; return its pixels, (n_H, n_W, 3), uint8."""
    figure = Figure(figsize=(5, 5), layout="constrained", dpi=100)
    axis = figure.add_subplot()
    plot_plane(codes, labels, axis, title, data)
    axis.set(xlim=(-reach, reach), ylim=(-reach, reach), adjustable="box")
    memory = io.BytesIO()
    figure.savefig(memory, format="png")
    return iio.imread(memory.getvalue())[..., :3]


# --- display: training, anomalies, drawings -------------------------------------------------


def plot_curves(history: Mapping[str, Sequence[float]], title: str = "", data: str = "") -> None:
    """Draw the losses of a training over its epochs, each in a drawing of its own.

    Parameters
    ----------
    history : dict of str to sequence of float
        As `fit` returns it; what begins with ``"held-out "`` is drawn beside its namesake.
    title : str
    data : str
        Which data these are; written below.
    """
    names = [name for name in history if not name.startswith("held-out ")]
    if not names:
        raise ValueError("the history holds no losses; give what fit() returned")
    figure, axes = plt.subplots(
        1, len(names), figsize=(4 * len(names) + 0.5, 3.4), squeeze=False, layout="constrained"
    )
    for axis, name in zip(axes.flat, names, strict=True):
        for key, colour, style, label in (
            (name, BLUE, "o-", "training"), (f"held-out {name}", ORANGE, "s--", "held out"),
        ):  # fmt: skip
            values = history.get(key, ())
            if len(values):
                axis.plot(
                    range(1, len(values) + 1), values, style, ms=4, color=colour, label=label
                )
        axis.set(xlabel="epoch", ylabel="nats a picture", title=name)
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
    axes.flat[0].legend(frameon=False)
    figure.suptitle(title, fontsize=13)
    _sign(figure, data)


def show_anomalies(  # noqa: PLR0913, PLR0917 - each is drawn, none depends on another
    pictures: Any,
    reconstructions: Any,
    errors: Any,
    threshold: float,
    names: Sequence[str] | None = None,
    data: str = "",
) -> None:
    """Show pictures, what came back of them, and how large the error of each is.

    Parameters
    ----------
    pictures, reconstructions : array (m, 28, 28, 1)
        0-1.
    errors : array (m,)
        Reconstruction losses, nats.
    threshold : float
        A picture with a larger error counts as an anomaly.
    names : sequence of m str, optional
        What each is.
    data : str
        Which data the network has learnt from; written below.
    """
    there, back = as_pictures(pictures), as_pictures(reconstructions)
    heights = np.asarray(errors, np.float64).ravel()
    if not len(there) == len(back) == len(heights):
        raise ValueError(
            f"there are {len(there)} pictures, {len(back)} reconstructions and {len(heights)} "
            "errors; each picture has one of both"
        )
    columns = np.arange(len(there))
    figure, (top, bars) = plt.subplots(
        2, 1, figsize=(0.85 * len(there) + 1.4, 4.6), height_ratios=(2, 2.2), sharex=True,
        layout="constrained",
    )  # fmt: skip
    both = np.concatenate([np.concatenate(list(x), axis=1) for x in (there, back)])
    top.imshow(both[..., 0], cmap="gray", vmin=0, vmax=1, aspect="auto",
               extent=(-0.5, len(there) - 0.5, 0, 2))  # fmt: skip
    top.set_yticks([1.5, 0.5], ["picture", "decoded"])
    top.tick_params(length=0, labelbottom=False)
    is_odd = heights > threshold
    bars.bar(columns, heights, width=0.7, color=np.where(is_odd, ORANGE, BLUE), ec="black", lw=0.5,
             hatch=["//" if odd else "" for odd in is_odd])  # fmt: skip
    bars.axhline(threshold, color="black", ls="--", lw=1.5, label=f"threshold {threshold:.0f}")
    bars.set_xticks(columns, names if names is not None else columns, fontsize=9, rotation=30,
                    ha="right", rotation_mode="anchor")  # fmt: skip
    bars.set(yscale="log", ylabel="reconstruction error, nats\n(logarithmic)")
    bars.spines[["top", "right"]].set_visible(False)
    bars.legend(frameon=False)
    figure.suptitle("How well the network gives back what it sees", fontsize=13)
    _sign(figure, data)


def show_bottleneck(picture: Any, reconstruction: Any = None, data: str = "") -> None:
    """Draw an autoencoder: a picture, the encoder, two numbers, the decoder, a picture.

    Parameters
    ----------
    picture : array (28, 28, 1)
        0-1.
    reconstruction : array (28, 28, 1), optional
        What the decoder makes of it; by default the picture again.
    data : str
        Which data the picture is of; written below.
    """
    figure, axis = _canvas(10, 2.8)
    _place_picture(axis, picture, 1.1)
    _funnel(axis, 3.4, "encoder", narrows=True)
    axis.text(5, 1.4, "$z_1$\n$z_2$", ha="center", va="center", fontsize=17)
    axis.text(5, 0.2, "$z$: 2 numbers", ha="center", fontsize=10)
    _funnel(axis, 6.6, "decoder", narrows=False)
    _place_picture(axis, picture if reconstruction is None else reconstruction, 8.9)
    for x, name in ((1.1, "$x$: 28 × 28 = 784 numbers"), (8.9, r"$\hat x$: 784 numbers")):
        axis.text(x, 0.2, name, ha="center", fontsize=10)
    for start, end in ((2.15, 2.6), (4.2, 4.65), (5.35, 5.8), (7.4, 7.85)):
        _arrow(axis, (start, 1.4), (end, 1.4))
    figure.suptitle("An autoencoder has to send a picture through two numbers", fontsize=13)
    _sign(figure, data)


def show_gan(real: Any, made: Any, data: str = "") -> None:
    """Draw a generative adversarial network: who makes pictures, who judges them.

    Parameters
    ----------
    real : array (28, 28, 1)
        A picture from the data, 0-1.
    made : array (28, 28, 1)
        One that stands for the generator's.
    data : str
        Which data the pictures are of; written below.
    """
    figure, axis = _canvas(10, 4.3)
    axis.text(0.8, 1.5, "noise\n$z$", ha="center", va="center", fontsize=14)
    _funnel(axis, 2.5, "generator", narrows=False, y=1.5)
    axis.text(7.0, 0.12, "learns to mislead the discriminator", ha="center", fontsize=10)
    for y, picture, name in ((3.4, real, "from the data"), (1.5, made, "made")):
        _place_picture(axis, picture, 4.6, y, half=0.65)
        axis.text(4.6, y - 0.9, name, ha="center", fontsize=10)
    _funnel(axis, 7.0, "discriminator", narrows=True, y=2.45)
    axis.text(9.1, 2.45, "real\nor made?", ha="center", va="center", fontsize=13)
    for start, end in (
        ((1.25, 1.5), (1.65, 1.5)), ((3.35, 1.5), (3.85, 1.5)), ((5.35, 1.5), (6.15, 2.05)),
        ((5.35, 3.4), (6.15, 2.85)), ((7.85, 2.45), (8.35, 2.45)),
    ):  # fmt: skip
        _arrow(axis, start, end)
    axis.plot([9.1, 9.1, 2.5], [2.05, 0.4, 0.4], color=ORANGE, lw=1.6, ls="--")
    _arrow(axis, (2.5, 0.4), (2.5, 1.0), color=ORANGE)
    figure.suptitle("A GAN: one network makes pictures, another tells them from real ones",
                    fontsize=13)  # fmt: skip
    _sign(figure, data)


# --- how figures are drawn ------------------------------------------------------------------


def _draw_picture(axis: Axes, picture: np.ndarray) -> None:
    axis.imshow(np.squeeze(picture), cmap="gray", vmin=0, vmax=1)
    axis.set(xticks=[], yticks=[])


def _sign(figure: Figure, data: str) -> None:
    """Write at the foot which data a figure shows."""
    if data:
        figure.supxlabel(data, x=0.99, ha="right", fontsize=8, color="0.35")


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Return an empty drawing whose coordinates are inches."""
    figure, axis = plt.subplots(figsize=(width, height + 0.7), layout="constrained")
    axis.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    axis.axis("off")
    return figure, axis


def _place_picture(axis: Axes, picture: Any, x: float, y: float = 1.4, half: float = 0.9) -> None:
    extent = (x - half, x + half, y - half, y + half)
    axis.imshow(as_pictures(picture)[0, ..., 0], cmap="gray", vmin=0, vmax=1, extent=extent)
    axis.autoscale(False)


def _funnel(axis: Axes, x: float, name: str, *, narrows: bool, y: float = 1.4) -> None:
    """Draw a network as a shape that becomes narrower or wider."""
    left, right = (0.85, 0.35) if narrows else (0.35, 0.85)
    corners = [
        (x - 0.75, y - left),
        (x - 0.75, y + left),
        (x + 0.75, y + right),
        (x + 0.75, y - right),
    ]
    axis.add_patch(Polygon(corners, fc="#d9e8f3", ec=BLUE, lw=1.5))
    axis.text(x, y, name, ha="center", va="center", fontsize=11)


def _arrow(axis: Axes, start: tuple[float, float], end: tuple[float, float], **style: Any) -> None:
    settings = {"arrowstyle": "-|>", "mutation_scale": 16, "color": "black", "lw": 1.4, **style}
    axis.add_patch(FancyArrowPatch(start, end, **settings))
