"""Painters: scenes rendered with brush strokes and with dots."""

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from training.brushes import Array, Canvas, Layer, Scene, paint_layer, palette, shrink, smoothstep
from training.scenes import autumn_lake, night_coast, river_bank

Rng = np.random.Generator


LAKE_LAYERS = (
    Layer(0.15, 0.040, 0.022, turn=0.15, jitter=0.05),
    Layer(0.080, 0.020, 0.0135, turn=0.12, jitter=0.05),
    Layer(0.042, 0.0105, 0.0095, min_detail=0.25, turn=0.14, jitter=0.05),
    Layer(0.022, 0.007, 0.0075, min_detail=0.7, turn=0.3, jitter=0.06),
)
NIGHT_LAYERS = (
    Layer(0.15, 0.030, 0.020, turn=0.10, jitter=0.05),
    Layer(0.10, 0.016, 0.0135, turn=0.08, jitter=0.06),
    Layer(0.055, 0.0105, 0.0125, turn=0.08, jitter=0.06),
    Layer(0.022, 0.008, 0.0075, min_detail=0.7, turn=0.15, jitter=0.04),
    Layer(0.013, 0.0055, 0.0042, min_detail=0.93, turn=0.10, jitter=0.03),
)
# Spacing of the dots and their radius, in heights, pass by pass.
DOTS = ((0.0135, 0.0090), (0.0115, 0.0064), (0.0098, 0.0049))


def _primed(scene: Scene, fine: int) -> Array:
    """Return the ground of a canvas: the scene, enlarged and blurred, as a thin first wash."""
    blur = scene.colour.shape[0] / 120
    wash = ndimage.gaussian_filter(scene.colour, (blur, blur, 0)) * 0.92
    image = Image.fromarray((wash * 255).astype(np.uint8))
    size = image.width * fine, image.height * fine
    return np.asarray(image.resize(size, Image.Resampling.BILINEAR), np.float32) / 255


def _painted(scene: Scene, layers: tuple[Layer, ...], rng: Rng) -> Array:
    """Return the scene painted in thick strokes, uint8, lit so that they show."""
    canvas = Canvas(_primed(scene, 2))
    for layer in layers:
        paint_layer(canvas, scene, layer, rng)
    height, width = scene.angle.shape
    return shrink(canvas.lit(0.9, 0.2), width, height)


def brush_strokes(rng: Rng, width: int, height: int) -> Array:
    """Paint an autumn lake at golden hour, uint8 (height, width, 3)."""
    return _painted(autumn_lake(rng, width, height), LAKE_LAYERS, rng)


def night_sky(rng: Rng, width: int, height: int) -> Array:
    """Paint a windy starry night over a lighthouse, uint8 (height, width, 3)."""
    return _painted(night_coast(rng, width, height), NIGHT_LAYERS, rng)


DOT_HUES = palette("e8452f f29a2e f7d64a 5fae4c 2f7fc0 4a3fa0 c0508f")


def _scatter(rng: Rng, width: int, height: int, spacing: float) -> Array:
    """Return shuffled (n, 2) positions x, y, evenly spread: a jittered hexagonal grid."""
    step_y = spacing * 0.87
    rows, cols = int(1 / step_y) + 2, int(width / height / spacing) + 2
    j, i = np.mgrid[0:rows, 0:cols]
    points = np.stack([(i + 0.5 * (j % 2)) * spacing, j * step_y], axis=-1).reshape(-1, 2)
    points = points + rng.normal(0, 0.22 * spacing, points.shape)
    return rng.permutation(points)


def _divided(colours: Array, rng: Rng) -> Array:
    """Split colours (n, 3) into purer neighbours that mix to them in the eye."""
    n = len(colours)
    grey = colours.mean(axis=1, keepdims=True)
    vivid = grey + (colours - grey) * rng.uniform(0.85, 1.45, (n, 1))
    vivid = vivid + rng.normal(0, 0.055, (n, 3))
    pure = DOT_HUES[rng.integers(0, len(DOT_HUES), n)]
    fleck = (rng.random((n, 1)) < 0.22) * rng.uniform(0.2, 0.5, (n, 1))
    light = pure * (0.35 + 0.65 * grey) / np.maximum(pure.mean(1, keepdims=True), 0.35)
    return np.clip(vivid * (1 - fleck) + light * fleck, 0, 1)


def _frame_dots(points: Array, ratio: float, colours: Array) -> Array:
    """Recolour the dots near the edge (n, 3): a painted border, dark against the light."""
    x, y = points.T
    edge = np.minimum(np.minimum(x, ratio - x), np.minimum(y, 1 - y))
    grey = colours.mean(axis=1)
    border = np.stack(
        [0.20 + 0.15 * (1 - grey), 0.14 + 0.10 * (1 - grey), 0.42 - 0.12 * grey], axis=1
    )
    inside = smoothstep(0.016, 0.024, edge)[:, None]
    return colours * inside + border * (1 - inside)


def pointillism(rng: Rng, width: int, height: int) -> Array:
    """Paint a summer river in dots of divided colour, uint8 (height, width, 3)."""
    fine = 3
    scene = river_bank(rng, width, height)
    image = Image.new("RGB", (width * fine, height * fine), (240, 228, 200))
    draw = ImageDraw.Draw(image)
    scale = height * fine
    for spacing, radius in DOTS:
        points = _scatter(rng, width, height, spacing)
        at = np.clip((points * height).astype(int), 0, [width - 1, height - 1])
        blur = radius * height * 0.3
        colours = ndimage.gaussian_filter(scene.colour, (blur, blur, 0))[at[:, 1], at[:, 0]]
        colours = _frame_dots(points, width / height, colours)
        fills = (_divided(colours, rng) * 255).astype(int)
        radii = radius * scale * rng.uniform(0.8, 1.12, len(points))
        for (x, y), r, fill in zip(points * scale, radii, fills, strict=True):
            draw.ellipse((x - r, y - r * 0.94, x + r, y + r * 0.94), fill=tuple(fill))
    return shrink(np.asarray(image) / 255, width, height)
