"""Procedural pictures to learn from: noise, dead leaves, strokes, gratings, fractals, text.

Every function takes a seeded generator and a side in pixels and returns an array
(side, side, 3), float32, RGB 0-255.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

Generator = np.random.Generator


def palette(rng: Generator, n_colours: int) -> np.ndarray:
    """Return colours (n_colours, 3), 0-255, scattered around one or two common hues."""
    anchors = rng.uniform(0, 255, (2, 3))
    nearest = anchors[rng.integers(0, 2, n_colours)]
    return np.clip(nearest + rng.normal(0, rng.uniform(15, 90), (n_colours, 3)), 0, 255)


def field(rng: Generator, side: int, slope: float) -> np.ndarray:
    """Return noise (side, side) in 0-1 whose amplitude falls with frequency to the ``slope``."""
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side)))
    frequency[0, 0] = 1
    spectrum = np.fft.fft2(rng.normal(size=(side, side))) / frequency**slope
    values = np.fft.ifft2(spectrum).real
    return np.argsort(np.argsort(values, axis=None)).reshape(side, side) / (side * side - 1)


def coloured(values: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Map values in 0-1 to a gradient through the colours."""
    stops = np.linspace(0, 1, len(colours))
    return np.stack([np.interp(values, stops, colours[:, c]) for c in range(3)], axis=-1)


def cloud(rng: Generator, side: int) -> np.ndarray:
    """Noise of many octaves under a gradient of a few colours."""
    return coloured(field(rng, side, rng.uniform(0.3, 2.2)), palette(rng, rng.integers(2, 7)))


def mixed_noise(rng: Generator, side: int) -> np.ndarray:
    """Three noises, one a colour channel, more or less alike."""
    base = field(rng, side, rng.uniform(0.5, 2))
    share = rng.uniform(0, 1)
    slope = rng.uniform(0, 2)
    return 255 * np.stack(
        [share * base + (1 - share) * field(rng, side, slope) for _ in range(3)], axis=-1
    )


def grating(rng: Generator, side: int) -> np.ndarray:
    """Two waves of random direction, bent by noise, through a palette."""
    y, x = np.mgrid[0:side, 0:side].astype(float)
    bend = field(rng, side, 2) * rng.uniform(0, 60)
    total = np.zeros((side, side))
    for _ in range(rng.integers(1, 3)):
        angle, period = rng.uniform(0, np.pi), np.exp(rng.uniform(np.log(3), np.log(60)))
        wave = np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle) + bend) / period)
        total += wave if rng.random() < 0.6 else np.sign(wave)
    total -= total.min()
    return coloured(total / total.max(), palette(rng, rng.integers(2, 5)))


def dead_leaves(rng: Generator, side: int) -> np.ndarray:
    """Discs, boxes and triangles that cover each other, of every size (Mandelbrot's model)."""
    colours = palette(rng, 12).astype(int)
    image = Image.new("RGB", (side, side), tuple(colours[0].tolist()))
    draw = ImageDraw.Draw(image)
    count = int(rng.integers(300, 1500))
    radii = 2.5 / np.sqrt(rng.uniform(0.0006, 1, count))
    for radius in np.sort(radii)[::-1]:
        x, y = rng.uniform(-10, side + 10, 2)
        colour = tuple(int(c) for c in colours[rng.integers(12)])
        sides = int(rng.integers(3, 9))
        if sides > 6:
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
        else:
            turn = int(rng.integers(0, 360))
            draw.regular_polygon((x, y, radius), sides, rotation=turn, fill=colour)
    return np.asarray(image, np.float32)


def strokes(rng: Generator, side: int) -> np.ndarray:
    """Brush strokes along a smooth field of directions, coloured by a cloud beneath."""
    under = cloud(rng, side)
    angles = field(rng, side, 2) * rng.uniform(2, 12)
    image = Image.fromarray(under.astype(np.uint8))
    draw = ImageDraw.Draw(image)
    length, width = rng.uniform(6, 36), int(rng.integers(1, 7))
    jitter = rng.uniform(5, 60)
    for x, y in rng.integers(0, side, (int(rng.integers(500, 2500)), 2)):
        angle = angles[y, x]
        dx, dy = length * np.cos(angle) / 2, length * np.sin(angle) / 2
        colour = np.clip(under[y, x] + rng.normal(0, jitter, 3), 0, 255).astype(int)
        draw.line((x - dx, y - dy, x + dx, y + dy), fill=tuple(colour.tolist()), width=width)
    return np.asarray(image, np.float32)


def cells(rng: Generator, side: int) -> np.ndarray:
    """Cells around random points, with or without dark seams: mosaic, glass, scales."""
    points = np.zeros((side, side), bool)
    count = int(rng.integers(40, 900))
    points[rng.integers(0, side, count), rng.integers(0, side, count)] = True
    distance, (rows, columns) = ndimage.distance_transform_edt(~points, return_indices=True)
    image = cloud(rng, side)[rows, columns] + rng.normal(0, 25, (side, side, 3))[rows, columns]
    if rng.random() < 0.6:
        label = rows * side + columns
        seam = ndimage.maximum_filter(label, 3) != ndimage.minimum_filter(label, 3)
        image[seam] = rng.uniform(0, 80) if rng.random() < 0.8 else 230
    else:
        image *= np.clip(1.2 - distance / distance.max() * 1.4, 0.3, 1)[..., None]
    return image


def julia(rng: Generator, side: int) -> np.ndarray:
    """Escape times of z² + c through a palette."""
    angle = rng.uniform(0, 2 * np.pi)
    c = 0.7885 * np.exp(1j * angle)
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j] * rng.uniform(0.3, 1.4)
    z, times = x + 1j * y, np.zeros((side, side))
    for _ in range(40):
        inside = np.abs(z) < 4
        z[inside] = z[inside] ** 2 + c
        times += inside
    return coloured((times / 40) ** 0.6, palette(rng, 6))


def text(rng: Generator, side: int) -> np.ndarray:
    """Lines of random letters in several sizes over a cloud."""
    image = Image.fromarray(np.clip(cloud(rng, side) * 0.4 + 130, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    y = 0
    while y < side:
        size = int(rng.integers(9, 34))
        letters = "".join(chr(c) for c in rng.choice([*range(65, 91), *range(97, 123), 32], 60))
        colour = tuple(palette(rng, 1)[0].astype(int).tolist())
        draw.text((-5, y), letters, fill=colour, font=ImageFont.load_default(size))
        y += int(size * rng.uniform(1, 1.6))
    return np.asarray(image, np.float32)


KINDS: tuple[Callable[[Generator, int], np.ndarray], ...] = (
    cloud, mixed_noise, grating, dead_leaves, strokes, cells, julia, text,
)  # fmt: skip


def texture(rng: Generator, side: int) -> np.ndarray:
    """Draw one picture of any kind, sometimes with soft edges, sometimes two of them mixed."""
    image = KINDS[rng.integers(len(KINDS))](rng, side)
    if rng.random() < 0.3:
        other = KINDS[rng.integers(len(KINDS))](rng, side)
        mask = np.clip((field(rng, side, 2) - 0.5) * rng.uniform(2, 60) + 0.5, 0, 1)[..., None]
        image = mask * image + (1 - mask) * other
    if rng.random() < 0.4:
        image = ndimage.gaussian_filter(image, (*[rng.uniform(0.4, 1.5)] * 2, 0))
    return np.clip(image, 0, 255).astype(np.float32)
