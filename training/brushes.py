"""Paint: colours, smooth noise, shapes, and brush strokes whose relief catches the light.

Coordinates are in units of the picture's height: y runs from 0 (top) to 1 (bottom), x from 0 to
width/height. Colours are RGB, 0-1, float32.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

Array = np.ndarray
Points = Sequence[tuple[float, float]]
Field = Callable[[Array, Array], Array]

ANGLES = 36  # orientations a brush mark is prepared in
BENDS = 5  # curvatures, odd so that the middle one is straight
VARIANTS = 3  # bristle patterns
MAX_BEND = 0.22  # sag of the most bent mark, in units of its length
NOISE_PERIOD = 32  # features after which noise repeats


def rgb(code: str) -> Array:
    """Return the colour written "f2c14e" as three numbers in 0-1."""
    return np.array([int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)], np.float32)


def palette(codes: str) -> Array:
    """Return the colours of "f2c14e 27476e" as rows."""
    return np.stack([rgb(code) for code in codes.split()])


def ramp(t: Array, codes: str) -> Array:
    """Colour t in 0-1 along evenly spaced colours."""
    colours = palette(codes)
    stops = np.linspace(0, 1, len(colours))
    return np.stack([np.interp(t, stops, c) for c in colours.T], axis=-1).astype(np.float32)


def smoothstep(low: float, high: float, t: Array) -> Array:
    """Rise smoothly from 0 at low to 1 at high (or fall, if low > high)."""
    s = np.clip((t - low) / (high - low), 0, 1)
    return s * s * (3 - 2 * s)


def mix(under: Array, over: Array, alpha: Array | float) -> Array:
    """Lay `over` on `under` with opacity alpha (H, W)."""
    a = np.asarray(alpha, np.float32)
    return under + (over - under) * (a[..., None] if a.ndim else a)


def grid(width: int, height: int) -> tuple[Array, Array]:
    """Return the coordinates x, y (height, width) of the pixel centres."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return (x + 0.5) / height, (y + 0.5) / height


def make_noise(rng: np.random.Generator, scale: float, octaves: int = 4) -> Field:
    """Return a smooth random function of x, y, about -1 to 1, with features of size `scale`."""
    weights = _spline_weights()
    finer = len(weights) // NOISE_PERIOD
    coarse = rng.uniform(-1, 1, (octaves, NOISE_PERIOD, NOISE_PERIOD))
    # einsum, not @: threads of BLAS only slow so small a product
    rows = np.einsum("ik,okl->oil", weights, coarse)
    tables = np.einsum("oil,jl->oij", rows, weights).astype(np.float32)

    def noise(x: Array, y: Array) -> Array:
        at = np.stack(np.broadcast_arrays(y, x)) * np.float32(finer / scale)
        total = np.zeros(at.shape[1:], np.float32)
        for octave, table in enumerate(tables):
            total += ndimage.map_coordinates(
                table, at * np.float32(2**octave), order=1, mode="grid-wrap"
            ) / np.float32(1.8**octave)
        return total

    return noise


@lru_cache(maxsize=1)
def _spline_weights() -> Array:
    """Return the matrix that interpolates a period of noise eight times finer by cubic splines."""
    finer = np.arange(NOISE_PERIOD * 8) / 8
    basis = np.eye(NOISE_PERIOD)
    columns = [ndimage.map_coordinates(row, [finer], mode="grid-wrap") for row in basis]
    return np.stack(columns, axis=1)


def mask_of(shape: tuple[int, int], polygons: Sequence[Points], soft: float = 0.0) -> Array:
    """Return the antialiased coverage (height, width), 0-1, of polygons; `soft` blurs it."""
    fine = 3
    height, width = shape
    image = Image.new("L", (width * fine, height * fine))
    draw = ImageDraw.Draw(image)
    for points in polygons:
        draw.polygon([(x * height * fine, y * height * fine) for x, y in points], fill=255)
    image = image.resize((width, height), Image.Resampling.BOX)
    mask = np.asarray(image, np.float32) / 255
    return ndimage.gaussian_filter(mask, soft * height) if soft else mask


def bezier(*controls: tuple[float, float], n: int = 40) -> Array:
    """Return n points (n, 2) on the Bezier curve through the control points' hull."""
    points = np.array(controls, float)[:, None, :]
    t = np.linspace(0, 1, n)[None, :, None]
    while len(points) > 1:
        points = points[:-1] * (1 - t) + points[1:] * t
    return points[0]


def ribbon(path: Array, widths: Array | float) -> Array:
    """Return the outline (2n, 2) of a path with the given full widths."""
    tangent = np.gradient(path, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-9
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    half = np.broadcast_to(np.asarray(widths, float) / 2, len(path))[:, None]
    return np.concatenate([path + normal * half, (path - normal * half)[::-1]])


def ellipse(cx: float, cy: float, rx: float, ry: float, turn: float = 0.0) -> Array:
    """Return the outline (72, 2) of an ellipse turned by `turn` radians."""
    t = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    u, v = rx * np.cos(t), ry * np.sin(t)
    c, s = np.cos(turn), np.sin(turn)
    return np.stack([cx + c * u - s * v, cy + s * u + c * v], axis=1)


@dataclass(frozen=True)
class Scene:
    """An underpainting: what colour lies where, and how a brush would follow it.

    Attributes
    ----------
    colour : Array
        (H, W, 3), 0-1.
    angle : Array
        (H, W), direction of the strokes in radians, 0 = to the right, pi/2 = down.
    detail : Array
        (H, W), 0-1, where fine strokes are needed.
    """

    colour: Array
    angle: Array
    detail: Array


@dataclass(frozen=True)
class Layer:
    """One pass over the canvas with one brush; lengths in units of the picture's height."""

    length: float
    width: float
    spacing: float
    min_detail: float = 0.0
    opacity: float = 0.95
    jitter: float = 0.05
    turn: float = 0.15


@lru_cache(maxsize=8)
def _bristles(variant: int) -> Array:
    """Return streaks (32 across, 64 along) of a brush, 0-1."""
    rng = np.random.default_rng([variant, 7])
    streaks = ndimage.gaussian_filter(rng.normal(size=(32, 64)), (0.8, 9), mode="nearest")
    streaks = (streaks - streaks.min()) / np.ptp(streaks)
    return streaks.astype(np.float32)


@lru_cache(maxsize=8192)
def _mark(length: int, width: int, angle: int, bend: int, variant: int) -> tuple[Array, Array]:
    """Return opacity and height (n, n) of one brush mark, lengths in pixels."""
    theta = angle * 2 * np.pi / ANGLES
    sag = (bend - BENDS // 2) / (BENDS // 2) * MAX_BEND * length
    along, across = length / 2, width / 2 + 0.6 * abs(sag)
    c, s = np.cos(theta), np.sin(theta)
    down = int(along * abs(s) + across * abs(c)) + 2
    right = int(along * abs(c) + across * abs(s)) + 2
    v, u = np.mgrid[-down : down + 1, -right : right + 1].astype(np.float32)
    u, v = u * c + v * s, v * c - u * s
    u = u / (length / 2)
    v = (v - sag * (u * u - 0.4)) / (width / 2)
    at = [np.clip(v * 0.5 + 0.5, 0, 1) * 31, np.clip(u * 0.5 + 0.5, 0, 1) * 63]
    streak = ndimage.map_coordinates(_bristles(variant), at, order=1, mode="nearest")
    ragged = 1 - 0.45 * streak
    sides = smoothstep(1.0, 0.72, np.abs(v) + 0.12 * streak)
    ends = smoothstep(1.02, 0.9, u * (1.55 - 0.55 * ragged)) * smoothstep(-1.0, -0.86, u)
    opacity = sides * ends * (0.72 + 0.28 * smoothstep(0.15, 0.5, streak))
    ridge = 0.55 + 0.75 * streak + 0.35 * smoothstep(0.35, 0.85, np.abs(v))
    load = 1.05 - 0.3 * (u * 0.5 + 0.5)
    return opacity.astype(np.float32), (ridge * load).astype(np.float32)


class Canvas:
    """Wet paint: colour (H, W, 3) and thickness (H, W), marked stroke by stroke."""

    def __init__(self, ground: Array) -> None:
        self.colour = np.array(ground, np.float32)
        self.thickness = np.zeros(ground.shape[:2], np.float32)

    def stroke(self, centre: tuple[int, int], mark: tuple[Array, Array], paint: Array) -> None:
        """Press a mark on the canvas at (row, column); paint (2, 3) is a doubly loaded brush."""
        opacity, ridge = mark
        high, wide = opacity.shape
        top, left = centre[0] - high // 2, centre[1] - wide // 2
        rows = slice(max(top, 0), max(min(top + high, self.thickness.shape[0]), 0))
        cols = slice(max(left, 0), max(min(left + wide, self.thickness.shape[1]), 0))
        part = (
            slice(rows.start - top, rows.stop - top),
            slice(cols.start - left, cols.stop - left),
        )
        alpha, relief = opacity[part], ridge[part]
        tint = paint[0] + (relief[..., None] - 0.9) * (paint[1] - paint[0])
        under = self.colour[rows, cols]
        under += alpha[..., None] * (tint - under)
        thick = self.thickness[rows, cols]
        thick += alpha * (relief + 0.25 * thick - thick)

    def lit(self, strength: float = 0.5, gloss: float = 0.1) -> Array:
        """Return the colours under light from the upper left that rakes over the relief."""
        fine = ndimage.gaussian_filter(self.thickness, 0.8)
        down, right = np.gradient(fine)
        slope = -(down + right)
        shade = 1 + strength * np.clip(-slope, -0.5, 0.5)
        shine = gloss * np.clip(-slope - 0.12, 0, 0.4)
        return np.clip(self.colour * shade[..., None] + shine[..., None], 0, 1)


def _bend_of(scene_angle: Array, rows: Array, cols: Array, reach: float) -> Array:
    """Return how strongly the flow turns over one stroke, as an index into the bends."""
    height, width = scene_angle.shape
    here = scene_angle[rows, cols]
    ahead = scene_angle[
        np.clip((rows + np.sin(here) * reach).astype(int), 0, height - 1),
        np.clip((cols + np.cos(here) * reach).astype(int), 0, width - 1),
    ]
    turn = np.angle(np.exp(1j * (ahead - here)))
    turn = np.where(np.abs(turn) > np.pi / 2, 0, turn)
    half = BENDS // 2
    return np.clip(np.round(turn / 4 / MAX_BEND * half), -half, half).astype(int) + half


def _loads(colours: Array, rng: np.random.Generator, jitter: float) -> Array:
    """Return doubly loaded paint (n, 2, 3) around the given colours (n, 3)."""
    n = len(colours)
    value = rng.normal(0, jitter, (n, 2, 1)) + rng.normal(0, jitter * 0.5, (n, 2, 3))
    warm = rng.normal(0, jitter * 0.5, (n, 1, 1)) * np.array([1.0, 0.1, -1.0])
    return np.clip(colours[:, None] + value + warm, 0, 1).astype(np.float32)


def paint_layer(canvas: Canvas, scene: Scene, layer: Layer, rng: np.random.Generator) -> None:
    """Cover the canvas with one brush that follows the scene."""
    height, width = canvas.thickness.shape
    scale = scene.colour.shape[0] / height
    count = int(width / height / layer.spacing**2) + 1
    rows, cols = rng.uniform(0, height, count), rng.uniform(0, width, count)
    at = ((rows * scale).astype(int), (cols * scale).astype(int))
    keep = scene.detail[at] >= layer.min_detail * rng.uniform(0.6, 1.1, count)
    rows, cols, at = rows[keep], cols[keep], (at[0][keep], at[1][keep])
    blur = layer.width * 0.3 * scene.colour.shape[0]
    colours = ndimage.gaussian_filter(scene.colour, (blur, blur, 0))[at]
    paints = _loads(colours, rng, layer.jitter)
    bends = _bend_of(scene.angle, *at, layer.length * 0.5 * scene.colour.shape[0])
    turn = scene.angle[at] + rng.normal(0, layer.turn, len(rows))
    angles = np.round(turn / (2 * np.pi) * ANGLES).astype(int) % ANGLES
    variants = rng.integers(0, VARIANTS, len(rows))
    lengths = rng.choice([0.8, 1.15], len(rows))
    for i in range(len(rows)):
        size = max(3, int(layer.length * height * lengths[i])), max(2, int(layer.width * height))
        opacity, ridge = _mark(*size, int(angles[i]), int(bends[i]), int(variants[i]))
        mark = (opacity * np.float32(layer.opacity), ridge)
        canvas.stroke((int(rows[i]), int(cols[i])), mark, paints[i])


def shrink(picture: Array, width: int, height: int) -> Array:
    """Reduce a supersampled picture, 0-1, to uint8 (height, width, 3)."""
    image = Image.fromarray((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))
    return np.asarray(image.resize((width, height), Image.Resampling.LANCZOS))


class Block:
    """A sheet on which flat colours are laid; lengths in units of its height."""

    def __init__(self, picture: Array) -> None:
        self.image = Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))
        self.draw = ImageDraw.Draw(self.image)
        self.scale = picture.shape[0]

    @property
    def picture(self) -> Array:
        """Return the sheet, 0-1, float32."""
        return np.asarray(self.image, np.float32) / 255

    def fill(self, points: Points, colour: Array) -> None:
        """Lay a polygon."""
        ink = tuple((np.clip(colour, 0, 1) * 255).astype(int).tolist())
        self.draw.polygon([(x * self.scale, y * self.scale) for x, y in points], fill=ink)

    def line(self, path: Array, widths: Array | float, colour: Array) -> None:
        """Lay a line whose full width varies along it."""
        self.fill(ribbon(np.asarray(path, float), widths), colour)

    def spot(self, x: float, y: float, radius: float, colour: Array) -> None:
        """Lay a disc."""
        self.fill(ellipse(x, y, radius, radius), colour)
