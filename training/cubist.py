"""A cubist still life: one table, cut into planes that each show it from elsewhere."""

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage
from scipy.interpolate import CubicSpline

from training.brushes import (
    Array,
    Block,
    Canvas,
    Layer,
    Points,
    Scene,
    ellipse,
    grid,
    make_noise,
    mix,
    paint_layer,
    palette,
    ramp,
    rgb,
    shrink,
    smoothstep,
)

Rng = np.random.Generator

TURNS = np.array([0.35, 1.05, 1.95, 2.75])  # directions of the cuts, radians
LAYERS = Layer(0.032, 0.012, 0.012, jitter=0.045), Layer(0.020, 0.007, 0.0085, jitter=0.035)


def _closed(points: Points, n: int = 120) -> Array:
    """Return n points (n, 2) on a smooth closed curve through the given ones."""
    knots = np.asarray([*points, points[0]], float)
    t = np.arange(len(knots))
    return CubicSpline(t, knots, bc_type="periodic")(np.linspace(0, t[-1], n))


def _turned(points: Points, cx: float, cy: float, turn: float) -> Array:
    """Return points turned by `turn` radians and moved to cx, cy."""
    p = np.asarray(points, float)
    c, s = np.cos(turn), np.sin(turn)
    return np.stack([cx + p[:, 0] * c - p[:, 1] * s, cy + p[:, 0] * s + p[:, 1] * c], axis=1)


def _guitar(block: Block, cx: float, cy: float, turn: float) -> None:
    """Draw a guitar whose neck points along `turn`."""

    def put(points: Points, code: str) -> None:
        block.fill(_turned(points, cx, cy, turn), rgb(code))

    body = [
        (0.20, 0),
        (0.17, 0.095),
        (0.08, 0.115),
        (0.01, 0.088),
        (-0.08, 0.125),
        (-0.19, 0.145),
        (-0.27, 0.08),
        (-0.285, 0),
        (-0.27, -0.08),
        (-0.19, -0.145),
        (-0.08, -0.125),
        (0.01, -0.088),
        (0.08, -0.115),
        (0.17, -0.095),
    ]
    outline = _closed(body)
    put(outline * 1.05, "4a2312")
    put(outline, "d98a35")
    put(outline * [0.93, 0.9], "f0b45e")
    put(np.array([(0.02, -0.024), (0.56, -0.019), (0.56, 0.019), (0.02, 0.024)]), "3b2016")
    put(np.array([(0.55, -0.030), (0.68, -0.036), (0.68, 0.036), (0.55, 0.030)]), "6b351a")
    put(ellipse(0.015, 0, 0.064, 0.064), "7a3a1c")
    put(ellipse(0.015, 0, 0.050, 0.050), "1c1412")
    put(np.array([(-0.18, -0.058), (-0.155, -0.058), (-0.155, 0.058), (-0.18, 0.058)]), "3b2016")
    for k in range(8):
        fret = 0.10 + 0.46 * (1 - 0.88**k) / (1 - 0.88**8)
        put(
            np.array([(fret, -0.02), (fret + 0.004, -0.02), (fret + 0.004, 0.02), (fret, 0.02)]),
            "d8c08a",
        )
    for k in range(6):
        v = -0.016 + 0.0064 * k
        put(
            np.array([(-0.17, v), (0.56, v * 0.9), (0.56, v * 0.9 + 0.0018), (-0.17, v + 0.0018)]),
            "f0e2bc",
        )


def _bottle(block: Block, cx: float, cy: float) -> None:
    """Draw a wine bottle with its label."""
    at = np.array([cx, cy])
    side = np.array(
        [
            (0.0, -0.33),
            (0.026, -0.33),
            (0.027, -0.20),
            (0.036, -0.16),
            (0.068, -0.10),
            (0.072, 0.0),
            (0.072, 0.17),
            (0.064, 0.185),
            (0, 0.185),
        ]
    )
    shape = np.concatenate([side, (side * [-1, 1])[::-1]])
    block.fill(shape + at, rgb("1d4a40"))
    block.fill(shape * [0.55, 0.96] + at - np.array([0.014, 0]), rgb("2f7a5f"))
    block.fill(
        np.array([(-0.05, -0.06), (-0.036, -0.06), (-0.036, 0.14), (-0.05, 0.14)]) + at,
        rgb("a9d3b0"),
    )
    block.fill(
        np.array([(-0.072, 0.0), (0.072, 0.0), (0.072, 0.11), (-0.072, 0.11)]) + at,
        rgb("efe0b8"),
    )
    block.fill(
        np.array([(-0.072, 0.02), (0.072, 0.02), (0.072, 0.032), (-0.072, 0.032)]) + at,
        rgb("b0332b"),
    )
    for k in range(3):
        block.fill(
            np.array(
                [
                    (-0.045, 0.05),
                    (0.045 - 0.02 * k, 0.05),
                    (0.045 - 0.02 * k, 0.056),
                    (-0.045, 0.056),
                ]
            )
            + at
            + np.array([0, 0.017 * k]),
            rgb("3a3430"),
        )
    block.fill(
        np.array([(-0.028, -0.345), (0.028, -0.345), (0.028, -0.29), (-0.028, -0.29)]) + at,
        rgb("9c2f2a"),
    )


def _fruit(block: Block, cx: float, cy: float) -> None:
    """Draw a bowl of three fruits."""
    for dx, dy, r, dark, mid, light in (
        (-0.075, -0.045, 0.058, "7a1f1f", "b8322a", "e0663f"),
        (0.075, -0.045, 0.056, "8a5a16", "d69a2a", "f3cf5f"),
        (0.0, -0.075, 0.062, "4f6a1f", "8aa336", "c9d168"),
    ):
        block.fill(ellipse(cx + dx, cy + dy, r, r * 0.96), rgb(dark))
        block.fill(ellipse(cx + dx - r * 0.12, cy + dy - r * 0.1, r * 0.82, r * 0.8), rgb(mid))
        block.fill(ellipse(cx + dx - r * 0.3, cy + dy - r * 0.3, r * 0.38, r * 0.34), rgb(light))
    arc = np.linspace(0, np.pi, 40)
    bowl = np.stack([cx + 0.165 * np.cos(arc), cy - 0.02 + 0.115 * np.sin(arc)], axis=1)
    block.fill(bowl, rgb("2f4f7f"))
    block.fill(bowl * [0.6, 0.9] + np.array([cx * 0.4 - 0.03, cy * 0.1]), rgb("5f86b5"))
    block.fill(
        np.array(
            [
                (cx - 0.17, cy - 0.028),
                (cx + 0.17, cy - 0.028),
                (cx + 0.165, cy - 0.012),
                (cx - 0.165, cy - 0.012),
            ]
        ),
        rgb("dfe3df"),
    )
    block.fill(
        np.array(
            [
                (cx - 0.06, cy + 0.09),
                (cx + 0.06, cy + 0.09),
                (cx + 0.075, cy + 0.115),
                (cx - 0.075, cy + 0.115),
            ]
        ),
        rgb("24395f"),
    )


def _news(block: Block, cx: float, cy: float, turn: float) -> None:
    """Draw a newspaper: a headline and three columns of lines."""
    block.fill(
        _turned([(-0.20, -0.13), (0.20, -0.13), (0.20, 0.13), (-0.20, 0.13)], cx, cy, turn),
        rgb("e9dcbb"),
    )
    bars = [(-0.17, -0.105, 0.34, 0.030)]
    bars += [
        (-0.17 + 0.122 * column, -0.055 + 0.0165 * k, 0.102 - 0.03 * (k % 5 == 4), 0.007)
        for column in range(3)
        for k in range(10)
    ]
    for left, top, wide, high in bars:
        block.fill(
            _turned(
                [(left, top), (left + wide, top), (left + wide, top + high), (left, top + high)],
                cx,
                cy,
                turn,
            ),
            rgb("3c3733"),
        )


def still_life(rng: Rng, width: int, height: int) -> Array:
    """Draw a guitar, a bottle, fruit and a newspaper on a round table."""
    x, y = grid(width, height)
    wall = ramp(np.clip(x / 1.33 + 0.3 * (y - 0.3), 0, 1), "3a5068 6f8a9c b3bcae cdbd94 94785a")
    block = Block(wall)
    block.fill([(1.05, 0), (1.334, 0), (1.334, 0.75), (1.15, 0.7)], rgb("7a2f2a"))
    block.fill([(1.14, 0), (1.20, 0), (1.25, 0.75), (1.19, 0.7)], rgb("a8483a"))
    block.fill([(0, 0), (0.22, 0), (0.15, 0.68), (0, 0.8)], rgb("2f4a63"))
    block.fill([(0.08, 0), (0.13, 0), (0.09, 0.7), (0.05, 0.74)], rgb("5a7f96"))
    block.fill(ellipse(0.67, 0.94, 0.72, 0.36), rgb("2f1d1a"))
    block.fill(ellipse(0.67, 0.92, 0.71, 0.345), rgb("5c3626"))
    block.fill(ellipse(0.60, 0.87, 0.50, 0.20), rgb("754a33"))
    _news(block, 0.34 + rng.uniform(-0.03, 0.03), 0.82, -0.28)
    _bottle(block, 0.36 + rng.uniform(-0.03, 0.03), 0.50)
    _guitar(block, 0.70, 0.56, -0.72 + rng.uniform(-0.1, 0.1))
    _fruit(block, 1.02 + rng.uniform(-0.03, 0.03), 0.80)
    return block.picture


def _cut(polygon: Array, point: Array, turn: float) -> list[Array]:
    """Split a convex polygon by a line through a point; return the two parts."""
    normal = np.array([-np.sin(turn), np.cos(turn)])
    side = (polygon - point) @ normal
    parts = ([], [])
    for i in range(len(polygon)):
        j = (i + 1) % len(polygon)
        parts[int(side[i] > 0)].append(polygon[i])
        if (side[i] > 0) != (side[j] > 0):
            crossing = polygon[i] + (polygon[j] - polygon[i]) * side[i] / (side[i] - side[j])
            parts[0].append(crossing)
            parts[1].append(crossing)
    return [np.array(part) for part in parts if len(part) > 2]


def _area(p: Array) -> float:
    """Return the area of a polygon (n, 2)."""
    return 0.5 * abs(np.dot(p[:, 0], np.roll(p[:, 1], 1)) - np.dot(p[:, 1], np.roll(p[:, 0], 1)))


def facets(rng: Rng, ratio: float) -> list[Array]:
    """Return convex polygons that tile the picture, smaller in its middle."""
    todo, done = [np.array([(0, 0), (ratio, 0), (ratio, 1), (0, 1)], float)], []
    while todo:
        polygon = todo.pop()
        middle = polygon.mean(axis=0)
        reach = np.hypot(*(middle - [ratio * 0.5, 0.58]))
        if _area(polygon) < (0.0075 + 0.045 * reach**1.5) * rng.uniform(0.6, 1.8):
            done.append(polygon)
            continue
        spread = polygon - middle
        long = np.arctan2(*np.linalg.svd(spread)[2][0][::-1])
        turns = TURNS + rng.normal(0, 0.12, len(TURNS))
        across = np.abs(np.sin(turns - long))
        turn = turns[rng.choice(len(TURNS), p=across**2 / (across**2).sum())]
        todo += _cut(polygon, middle + rng.normal(0, 0.12, 2) * np.abs(spread).max(axis=0), turn)
    return done


def _tilted(still: Array, polygons: list[Array], numbers: Array, rng: Rng) -> tuple[Array, Array]:
    """Return the still life as the facets show it: each shifts, turns and shades its part."""
    height, width = numbers.shape
    x, y = grid(width, height)
    n = len(polygons)
    middle = np.stack([p.mean(axis=0) for p in polygons])
    turn, zoom = rng.normal(0, 0.07, n), rng.normal(1.0, 0.05, n)
    shift = rng.normal(0, 0.013, (n, 2))
    u, v = x - middle[numbers, 0], y - middle[numbers, 1]
    c, s = (np.cos(turn) * zoom)[numbers], (np.sin(turn) * zoom)[numbers]
    px = middle[numbers, 0] + shift[numbers, 0] + u * c - v * s
    py = middle[numbers, 1] + shift[numbers, 1] + u * s + v * c
    at = np.clip(np.stack([py, px]) * height, 0, [[[height - 1]], [[width - 1]]]).astype(int)
    seen = still[at[0], at[1]]
    tints = palette("d9b070 8a6a45 5f7f98 c9c2a0 40566f b5643a e8d9b0")[rng.integers(0, 7, n)]
    seen = mix(seen, tints[numbers], rng.uniform(0.0, 0.26, n)[numbers])
    light = rng.choice([-2.4, -0.6, 2.2], n) + rng.normal(0, 0.3, n)
    size = np.array([np.abs(p - p.mean(axis=0)).max() for p in polygons])
    slope = (u * np.cos(light)[numbers] + v * np.sin(light)[numbers]) / size[numbers]
    return np.clip(seen * (1.0 + 0.46 * slope)[..., None] + 0.05 * slope[..., None], 0, 1), slope


def _patterned(colour: Array, numbers: Array, rng: Rng) -> Array:
    """Print wood grain, stipple or stripes on some facets, as if pasted on."""
    height, width = numbers.shape
    x, y = grid(width, height)
    n = int(numbers.max()) + 1
    kind = rng.choice(4, n, p=[0.72, 0.10, 0.10, 0.08])[numbers]
    turn = (TURNS[rng.integers(0, 4, n)])[numbers]
    u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    warp = make_noise(rng, 0.12, 3)
    wood = 0.5 + 0.5 * np.sin(v * 330 + 9 * warp(u * 0.5, v * 2.5))
    dots = smoothstep(0.55, 0.75, np.cos(u * 420) * np.cos(v * 420))
    bars = smoothstep(0.35, 0.55, np.sin(v * 260))
    colour = mix(colour, colour * 0.55 + rgb("8a5a2c") * 0.30, (kind == 1) * (0.25 + 0.6 * wood))
    colour = mix(colour, colour * 0.25 + rgb("fff3d0") * 0.75, (kind == 2) * dots * 0.8)
    return mix(colour, colour * 0.45 + rgb("1c2634") * 0.2, (kind == 3) * bars * 0.65)


def _echo(rng: Rng, shape: tuple[int, int]) -> Array:
    """Return thin contours of the objects, seen once more from another place."""
    height, width = shape
    block = Block(np.full((height, width, 3), 0.5))
    _bottle(block, 0.42, 0.46)
    _guitar(block, 0.76, 0.53, -0.86 + rng.uniform(-0.05, 0.05))
    _fruit(block, 0.97, 0.77)
    edge = ndimage.gaussian_gradient_magnitude(block.picture.mean(axis=-1), 1.2)
    x, y = grid(width, height)
    fade = make_noise(rng, 0.16, 3)
    return smoothstep(0.02, 0.07, edge) * smoothstep(0.0, 0.5, fade(x, y))


def _numbered(polygons: list[Array], width: int, height: int) -> Array:
    """Return which polygon (H, W) lies at each pixel."""
    image = Image.new("I", (width, height))
    draw = ImageDraw.Draw(image)
    for k, polygon in enumerate(polygons):
        draw.polygon([(x * height, y * height) for x, y in polygon], fill=k)
    return np.asarray(image)


def _seam_lines(numbers: Array, slope: Array, rng: Rng) -> tuple[Array, Array]:
    """Return the distance to the nearest seam in heights, and dark lines along the shaded ones."""
    height, width = numbers.shape
    seam = ndimage.maximum_filter(numbers, 3) != ndimage.minimum_filter(numbers, 3)
    distance = ndimage.distance_transform_edt(~seam) / height
    x, y = grid(width, height)
    fade = make_noise(rng, 0.2, 3)
    strength = smoothstep(-0.5, 0.4, fade(x, y) - 0.6 * slope)
    return distance, smoothstep(0.0026, 0.0010, distance) * strength


def cubist(rng: Rng, width: int, height: int) -> Array:
    """Paint the still life cut into planes, uint8 (height, width, 3)."""
    fine = 2
    still = still_life(rng, width * fine, height * fine)
    polygons = facets(rng, width / height)
    numbers = _numbered(polygons, width * fine, height * fine)
    colour, slope = _tilted(still, polygons, numbers, rng)
    colour = _patterned(colour, numbers, rng)
    colour = mix(colour, rgb("241c1e"), _echo(rng, numbers.shape) * 0.6)
    distance, line = _seam_lines(numbers, slope, rng)
    turn = TURNS[rng.integers(0, 4, len(polygons))] + rng.normal(0, 0.2, len(polygons))
    scene = Scene(colour, turn[numbers], smoothstep(0.02, 0.0, distance))
    canvas = Canvas(colour)
    for layer in LAYERS:
        paint_layer(canvas, scene, layer, rng)
    canvas.colour = mix(canvas.colour, colour, 0.45 + 0.4 * smoothstep(0.012, 0.003, distance))
    canvas.colour = mix(canvas.colour, rgb("1f1a1c"), line * 0.85)
    return shrink(canvas.lit(0.5, 0.06), width, height)
