"""An ink wash: mountains in mist, a pine, a boat and a red sun on paper."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from training.brushes import (
    Array,
    Field,
    bezier,
    grid,
    make_noise,
    mix,
    ramp,
    rgb,
    ribbon,
    shrink,
    smoothstep,
)

Rng = np.random.Generator


@dataclass(frozen=True)
class Range:
    """A range of mountains: the height of its foot, its peaks, how dark its ink is."""

    base: float
    peaks: Array
    dark: float


def _paper(rng: Rng, x: Array, y: Array) -> Array:
    """Return warm paper with clouds, fibres and browned edges."""
    cloud = make_noise(rng, 0.5, 3)
    fibre = ndimage.gaussian_filter(
        rng.normal(size=x.shape), (0.6, 2.2)
    ) + ndimage.gaussian_filter(rng.normal(size=x.shape), (2.2, 0.6))
    paper = ramp(np.clip(0.5 + 0.45 * cloud(x, y), 0, 1), "e6d6b4 efe3c8 f6eedb")
    edge = np.minimum(np.minimum(x, x.shape[1] / x.shape[0] - x), np.minimum(y, 1 - y))
    paper *= (0.90 + 0.10 * smoothstep(0.0, 0.12, edge + 0.02 * cloud(x * 4, y * 4)))[..., None]
    return np.clip(paper * (1 + 0.05 * fibre[..., None]), 0, 1)


def _peaks(rng: Rng, low: float, high: float, count: int, tall: float) -> Array:
    """Return rows (x, half width, height) of steep peaks between x = low and high."""
    xs = np.linspace(low, high, count) + rng.normal(0, 0.03, count)
    return np.stack(
        [xs, rng.uniform(0.055, 0.12, count), tall * rng.uniform(0.55, 1.1, count)], axis=1
    )


def _ridge(x: Array, base: float, peaks: Array, rough: Field) -> Array:
    """Return the height of the mountains' outline for each x."""
    top = np.zeros_like(x)
    for cx, half, tall in peaks:
        bump = tall * np.exp(-(np.abs((x - cx) / half) ** 2.6))
        top = np.maximum(top, bump) + 0.25 * np.minimum(top, bump)
    crag = 0.018 * rough(x * 1.5, x * 0) + 0.010 * rough(x * 6, x * 0 + 7)
    return base - top - crag * (0.4 + top / 0.2)


def _mountains(ink: Array, rng: Rng, x: Array, y: Array, these: Range) -> Array:
    """Lay one range: dark at its outline, dry strokes on its flanks, dissolving into mist."""
    base = these.base
    rough, bleed, stroke, mist = (make_noise(rng, s, 4) for s in (0.09, 0.012, 0.05, 0.3))
    line = _ridge(x + 0.004 * bleed(x, y), base, these.peaks, rough)
    depth = y - line + 0.003 * bleed(x * 1.3, y * 1.3)
    tall = np.maximum(base - line, 0.02)
    fade = np.clip(1 - depth / np.maximum(tall * 0.95 + 0.03 * mist(x, y), 0.02), 0, 1) ** 1.2
    fade *= smoothstep(base + 0.012, base - 0.02, y)
    body = smoothstep(-0.0015, 0.0035, depth) * fade
    rim = np.exp(-np.clip(depth, 0, 1) / 0.012) * smoothstep(-0.001, 0.001, depth)
    rim *= smoothstep(0.0, 0.05, base - line) * 0.85 + 0.15
    slope = np.gradient(line[0])[None, :] * line.shape[0] / 1.0
    lean = np.clip(slope * 0.25, -1.0, 1.0)
    dry = stroke((x - lean * depth * 0.6) * 2.6, y * 0.55 + depth * 0.4)
    marks = (
        smoothstep(0.22, 0.55, dry + 0.25 * np.sign(slope) * np.minimum(np.abs(slope), 1)) * body
    )
    wash = 0.34 * body * (0.85 + 0.25 * mist(x * 2, y * 2))
    laid = np.clip(wash + 0.42 * marks + 0.40 * rim * (0.55 + 0.45 * fade), 0, 1)
    cover = smoothstep(-0.001, 0.003, depth) * np.clip(fade * 1.3, 0, 1)
    return ink * (1 - cover * 0.85) + laid * these.dark


def _lines(shape: tuple[int, int], fine: int = 2) -> tuple[Image.Image, ImageDraw.ImageDraw, int]:
    """Return an empty sheet for lines, supersampled, its pen and its height."""
    image = Image.new("L", (shape[1] * fine, shape[0] * fine))
    return image, ImageDraw.Draw(image), shape[0] * fine


def _done(image: Image.Image, shape: tuple[int, int]) -> Array:
    """Return the coverage (H, W), 0-1, of what was drawn."""
    return np.asarray(image.resize((shape[1], shape[0]), Image.Resampling.BOX), np.float32) / 255


def _needles(draw: ImageDraw.ImageDraw, scale: int, rng: Rng, cloud: tuple) -> None:
    """Draw a cloud of pine needles: fans of thin strokes from a flat row of nodes."""
    cx, cy, size = cloud
    thick = max(1, scale // 600)
    for _ in range(26):
        x, y = cx + rng.normal(0, 0.55) * size, cy + rng.normal(0, 0.16) * size
        lean = rng.normal(0, 0.15)
        for turn in np.linspace(-1.25, 1.25, 15) + rng.normal(0, 0.06, 15) + lean:
            reach = size * rng.uniform(0.28, 0.40)
            end = (x + reach * np.sin(turn), y - reach * np.cos(turn) * 0.85)
            draw.line(
                [(x * scale, y * scale), (end[0] * scale, end[1] * scale)],
                fill=int(rng.uniform(150, 255)),
                width=thick,
            )


def _pine(rng: Rng, x: Array, y: Array) -> Array:
    """Return the ink of a leaning pine on a rock at the right."""
    shape = x.shape
    image, draw, scale = _lines(shape)

    def limb(path: Array, widths: Array) -> None:
        draw.polygon([(px * scale, py * scale) for px, py in ribbon(path, widths)], fill=255)

    trunk = np.concatenate(
        [
            bezier((1.20, 0.90), (1.21, 0.72), (1.08, 0.66), (1.10, 0.52), n=40),
            bezier((1.10, 0.52), (1.12, 0.40), (1.22, 0.36), (1.17, 0.22), n=40)[1:],
        ]
    )
    limb(trunk, np.linspace(0.052, 0.010, len(trunk)))
    boughs = [
        ((1.11, 0.60), (1.00, 0.56), (0.92, 0.60), (0.80, 0.55)),
        ((1.105, 0.48), (1.00, 0.44), (0.96, 0.42), (0.88, 0.43)),
        ((1.15, 0.42), (1.22, 0.40), (1.26, 0.43), (1.31, 0.40)),
        ((1.19, 0.32), (1.10, 0.30), (1.06, 0.29), (1.00, 0.30)),
        ((1.12, 0.68), (1.2, 0.62), (1.24, 0.62), (1.30, 0.60)),
    ]
    clouds = [(1.17, 0.22, 0.075)]
    for controls in boughs:
        path = bezier(*controls)
        limb(path, np.linspace(0.020, 0.004, 40))
        for t in (0.5, 0.75, 1.0):
            px, py = path[int(t * 39)]
            clouds.append((px, py - 0.012, 0.062 * rng.uniform(0.8, 1.15)))
    wood = _done(image, shape)
    bark = make_noise(rng, 0.018, 3)
    wood *= 0.62 + 0.38 * smoothstep(-0.1, 0.3, bark(x * 0.8 + y * 0.4, y * 0.6))
    image, draw, scale = _lines(shape)
    for cloud in clouds:
        _needles(draw, scale, rng, cloud)
    needles = _done(image, shape)
    shade = ndimage.gaussian_filter(needles, 0.012 * shape[0])
    return np.clip(np.maximum(wood, needles * 0.95) + 0.35 * shade, 0, 1)


def _rock(rng: Rng, x: Array, y: Array) -> tuple[Array, Array]:
    """Return the ink and the coverage of the rock at the lower right."""
    rough, crack = make_noise(rng, 0.12, 4), make_noise(rng, 0.045, 4)
    top = (
        0.80
        + 0.9 * np.clip(1.10 - x, 0, 1) ** 1.4
        + 0.035 * rough(x * 1.5, y * 0.3)
        - 0.05 * smoothstep(1.18, 1.33, x)
    )
    depth = y - top + 0.006 * crack(x, y)
    body = smoothstep(-0.002, 0.004, depth)
    marks = smoothstep(0.12, 0.5, crack(x * 1.6 + y * 0.5, y * 0.8))
    rim = np.exp(-np.clip(depth, 0, 1) / 0.010)
    return body * np.clip(0.40 + 0.5 * marks + 0.5 * rim, 0, 0.97), body


def _boat(shape: tuple[int, int]) -> Array:
    """Return the ink of a boat with a boatman under a wide hat."""
    image, draw, scale = _lines(shape, 3)

    def fill(points: Array | list, tone: int) -> None:
        draw.polygon([(px * scale, py * scale) for px, py in points], fill=tone)

    cx, cy = 0.52, 0.845
    hull = np.concatenate(
        [
            bezier(
                (cx - 0.105, cy - 0.012),
                (cx - 0.04, cy + 0.012),
                (cx + 0.05, cy + 0.012),
                (cx + 0.12, cy - 0.020),
                n=30,
            ),
            bezier(
                (cx + 0.12, cy - 0.020),
                (cx + 0.06, cy + 0.036),
                (cx - 0.06, cy + 0.032),
                (cx - 0.105, cy - 0.012),
                n=30,
            ),
        ]
    )
    fill(hull, 245)
    arc = np.linspace(np.pi, 2 * np.pi, 24)
    fill(
        np.stack([cx + 0.022 + 0.038 * np.cos(arc), cy + 0.006 + 0.034 * np.sin(arc)], axis=1), 190
    )
    fill(
        [
            (cx - 0.062, cy + 0.004),
            (cx - 0.045, cy - 0.052),
            (cx - 0.030, cy - 0.052),
            (cx - 0.022, cy + 0.004),
        ],
        225,
    )
    fill([(cx - 0.072, cy - 0.052), (cx - 0.038, cy - 0.074), (cx - 0.004, cy - 0.052)], 250)
    fill(ribbon(np.array([(cx - 0.10, cy - 0.075), (cx - 0.01, cy + 0.055)]), 0.0032), 235)
    return _done(image, shape)


def _water(rng: Rng, x: Array, y: Array) -> Array:
    """Return the ink of flat waves and of the boat's shadow."""
    wave, gap = make_noise(rng, 0.06, 3), make_noise(rng, 0.25, 2)
    lines = smoothstep(0.75, 1.0, wave(x * 0.22, y * 3.0) + 0.25)
    area = smoothstep(0.76, 0.86, y) * smoothstep(-0.2, 0.6, gap(x, y))
    under = np.exp(-(((x - 0.52) / 0.10) ** 2) - ((y - 0.875) / 0.014) ** 2) * 0.5
    return 0.30 * lines * area + under * smoothstep(-0.4, 0.4, wave(x * 0.5, y * 6))


def _birds(shape: tuple[int, int], rng: Rng) -> Array:
    """Return the ink of a skein of birds."""
    image, draw, scale = _lines(shape, 3)
    for k in range(7):
        cx, cy, s = (
            0.56 + 0.042 * k + rng.normal(0, 0.010),
            0.215 - 0.018 * k + rng.normal(0, 0.012),
            rng.uniform(0.011, 0.018),
        )
        for sense in (-1, 1):
            wing = bezier(
                (cx, cy),
                (cx + sense * s * 0.5, cy - s * 0.8),
                (cx + sense * s, cy - s * 0.25),
                n=12,
            )
            draw.polygon(
                [
                    (px * scale, py * scale)
                    for px, py in ribbon(wing, np.linspace(0.004, 0.0008, 12))
                ],
                fill=225,
            )
    return _done(image, shape)


def _seal(shape: tuple[int, int]) -> Array:
    """Return the coverage of a small square stamp with a plain mark of a mountain and a river."""
    image, draw, scale = _lines(shape, 3)

    def bar(u0: float, v0: float, u1: float, v1: float, tone: int) -> None:
        corners = [0.075 + 0.068 * u0, 0.845 + 0.068 * v0, 0.075 + 0.068 * u1, 0.845 + 0.068 * v1]
        draw.rectangle([c * scale for c in corners], fill=tone)

    bar(0, 0, 1, 1, 255)
    for u0, v0, u1, v1 in (
        (0.12, 0.12, 0.20, 0.50),
        (0.44, 0.10, 0.54, 0.50),
        (0.80, 0.12, 0.88, 0.50),
        (0.12, 0.44, 0.88, 0.52),
        (0.14, 0.62, 0.86, 0.69),
        (0.26, 0.78, 0.86, 0.85),
        (0.14, 0.78, 0.21, 0.90),
    ):
        bar(u0, v0, u1, v1, 0)
    return _done(image, shape)


def ink_wash(rng: Rng, width: int, height: int) -> Array:
    """Paint mountains in mist with a pine, a boat and a red sun, uint8 (height, width, 3)."""
    fine = 2
    x, y = grid(width * fine, height * fine)
    shape = x.shape
    ink = np.zeros(shape, np.float32)
    for base, low, high, count, tall, dark in (
        (0.55, 0.35, 1.25, 6, 0.25, 0.38),
        (0.66, -0.02, 0.75, 5, 0.38, 0.62),
        (0.74, 0.02, 0.30, 2, 0.46, 0.95),
        (0.72, 0.82, 1.4, 4, 0.15, 0.7),
    ):
        these = Range(base, _peaks(rng, low, high, count, tall), dark)
        ink = _mountains(ink, rng, x, y, these)
    ink = np.maximum(ink, _water(rng, x, y))
    for part in (_boat(shape), _birds(shape, rng), _pine(rng, x, y)):
        ink = ink * (1 - part * 0.5) + part * (0.92 - ink * 0.42)
    rock, cover = _rock(rng, x, y)
    ink = ink * (1 - cover) + rock
    return shrink(_on_paper(rng, ink, x, y), width, height)


def _on_paper(rng: Rng, ink: Array, x: Array, y: Array) -> Array:
    """Return the ink as the paper takes it, over a red sun, with the stamp."""
    shape = ink.shape
    grain = ndimage.gaussian_filter(rng.normal(size=shape), 1.2) * 2.2
    ink = np.clip(ink * (1 + 0.13 * grain), 0, 1)
    ink = 0.8 * ink + 0.2 * ndimage.gaussian_filter(ink, 0.003 * shape[0])
    paper = _paper(rng, x, y)
    sun = np.hypot(x - 0.86, y - 0.21) + 0.002 * grain
    red = smoothstep(0.082, 0.078, sun) * (0.72 + 0.28 * smoothstep(0.05, 0.08, sun))
    paper = mix(paper, paper * rgb("d8452f"), red * 0.9)
    laid = paper * np.exp(
        -ink[..., None] * np.array([2.75, 2.6, 2.3]) * (0.7 + 0.8 * ink[..., None])
    )
    return mix(laid, rgb("b5281f"), _seal(shape) * np.clip(0.86 + 0.12 * grain, 0, 1))
