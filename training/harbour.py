"""A harbour town on a summer morning: a content picture drawn from nothing."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import ndimage

from training.brushes import (
    Array,
    Block,
    bezier,
    ellipse,
    grid,
    make_noise,
    mix,
    palette,
    ramp,
    rgb,
    ribbon,
    shrink,
    smoothstep,
)

Rng = np.random.Generator
QUAY, WATER = 0.585, 0.632  # heights of the quay's edge and of the water line
FACADES = palette("b5432f e5b44a 44718f efe4cb 86a06c d9824c 93413c f2d79b 6a98ae c9615a dcc7a0")
ROOFS = palette("8a3f2e 6b4a44 a3512f 544a52 7a3b32")

TRIM = rgb("efe6d2")


def _box(left: float, top: float, right: float, bottom: float) -> Array:
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])


def _sky(rng: Rng, x: Array, y: Array) -> Array:
    """Return a morning sky with clouds lit from the upper left."""
    heap, wisp = make_noise(rng, 0.27, 6), make_noise(rng, 0.5, 4)
    sky = ramp(np.clip(y / 0.55, 0, 1), "2f6fae 5a97c9 94c0dc cfe0e0 f3e6cf")
    sky = mix(sky, rgb("f4f3ee"), 0.35 * smoothstep(0.2, 1.0, wisp(x * 0.5 + y * 0.3, y * 2.6)))

    def cover(x: Array, y: Array) -> Array:
        return (
            heap(x * 0.8, y * 1.5)
            - 0.34
            + 0.5 * np.exp(-(((y - 0.24) / 0.13) ** 2))
            - 0.25 * smoothstep(0.35, 0.55, y)
        )

    dense = cover(x, y)
    lit = np.clip(0.62 + 1.1 * (dense - cover(x - 0.035, y - 0.05)), 0, 1)
    cloud = ramp(lit, "8b9bb4 b9bfca ece4da fffaf0")
    return mix(sky, cloud, smoothstep(0.05, 0.42, dense) * 0.95)


def _hill(rng: Rng, x: Array, y: Array, picture: Array) -> Array:
    """Lay a far blue hill and a nearer wooded one behind the town."""
    shape, tree, leaf = make_noise(rng, 0.5, 3), make_noise(rng, 0.05, 3), make_noise(rng, 0.02, 3)
    far = 0.37 + 0.04 * shape(x, x * 0) - 0.05 * np.sin(x * 2.4)
    picture = mix(
        picture, ramp((y - far) / 0.2, "7f9dbb b5c6cc"), smoothstep(0, 0.003, y - far) * 0.9
    )
    near = (
        0.355
        + 0.10 * np.abs(x - 0.45) ** 1.2
        + 0.02 * shape(x * 2, x * 0 + 5)
        - 0.018 * np.abs(tree(x, x * 0))
    )
    tone = np.clip(0.5 + 0.45 * tree(x, y) + 0.3 * leaf(x, y) - 1.5 * (y - 0.46), 0, 1)
    return mix(
        picture, ramp(tone, "2c4a3a 4b6f45 7d9a57 b2bd72"), smoothstep(-0.002, 0.004, y - near)
    )


@dataclass(frozen=True)
class House:
    """The front of a house: its left edge, width and eave, the colours of its wall and roof."""

    left: float
    wide: float
    eave: float
    wall: Array
    roof: Array

    @property
    def right(self) -> float:
        return self.left + self.wide

    @property
    def middle(self) -> float:
        return self.left + self.wide / 2


def _window(block: Block, place: tuple[float, float, float, float], frame: Array) -> None:
    """Draw a window at (left, top, width, height): panes with a reflection, frame and sill."""
    x, y, w, h = place
    e = 0.0034  # width of the frame
    block.fill(_box(x - e, y - e, x + w + e, y + h + e), frame)
    block.fill(_box(x, y, x + w, y + h), rgb("2b3c50"))
    block.fill(_box(x, y, x + w, y + h * 0.22), rgb("1a2635"))
    gleam = [(0.1, 1.0), (0.55, 0.2), (0.85, 0.2), (0.4, 1.0)]
    block.fill(np.array(gleam) * [w, h] + np.array([x, y]), rgb("7d9db5"))
    block.fill(_box(x + w * 0.47, y, x + w * 0.53, y + h), frame)
    block.fill(_box(x, y + h * 0.42, x + w, y + h * 0.48), frame)
    low = y + h + e
    block.fill(_box(x - e * 1.8, low, x + w + e * 1.8, low + e * 1.4), frame * 0.92)
    block.fill(_box(x - e, low + e * 1.4, x + w + e * 2.2, low + e * 2.6), rgb("3a332f"))


def _stepped(block: Block, house: House, ridge: float) -> None:
    """Draw a gable that rises in steps."""
    steps = 5
    for k in range(steps):
        inset = house.wide / 2 * k / steps
        top = house.eave - (house.eave - ridge) * (k + 1) / steps
        left, right = house.left + inset, house.right - inset
        block.fill(_box(left, top, right, house.eave), house.wall)
        block.fill(_box(left, top - 0.004, right, top), TRIM)


def _pointed(block: Block, house: House, ridge: float) -> None:
    """Draw a plain gable under the edges of its roof."""
    left, right, middle, eave = house.left, house.right, house.middle, house.eave + 0.006
    roof = [(left - 0.006, eave), (middle, ridge - 0.012), (right + 0.006, eave)]
    wall = [(left + 0.004, eave), (middle, ridge + 0.004), (right - 0.004, eave)]
    shade = [(middle, ridge - 0.012), (right + 0.006, eave), (right - 0.003, eave)]
    block.fill(roof, house.roof)
    block.fill(wall, house.wall)
    block.fill([*shade, (middle, ridge + 0.003)], house.roof * 0.7)


def _gable(block: Block, rng: Rng, house: House) -> None:
    """Draw the front of a house under its gable, stepped or plain."""
    ridge = house.eave - house.wide * rng.uniform(0.55, 0.8)
    (_stepped if rng.random() < 0.4 else _pointed)(block, house, ridge)
    size = house.wide * 0.09
    top = house.eave - (house.eave - ridge) * 0.42
    _window(block, (house.middle - size, top, 2 * size, size * 2.1), TRIM)


def _chimney(block: Block, x: float, y: float) -> None:
    """Draw a chimney whose top is at x, y."""
    block.fill(_box(x, y, x + 0.020, y + 0.045), rgb("9a5a44"))
    block.fill(_box(x + 0.012, y, x + 0.020, y + 0.045), rgb("6f3d30"))
    block.fill(_box(x - 0.003, y - 0.005, x + 0.023, y + 0.001), rgb("4f3a34"))


def _dormer(block: Block, house: House, cx: float, high: float) -> None:
    """Draw a dormer at cx on a roof `high` tall."""
    eave = house.eave
    block.fill(_box(cx - 0.017, eave - high * 0.62, cx + 0.017, eave - 0.014), house.wall)
    low, peak = eave - high * 0.60, eave - high * 0.9
    block.fill([(cx - 0.022, low), (cx, peak), (cx + 0.022, low)], house.roof * 0.65)
    _window(block, (cx - 0.009, eave - high * 0.52, 0.018, high * 0.30), TRIM)


def _pitched(block: Block, rng: Rng, house: House) -> None:
    """Draw a tiled roof that slopes to the street, with dormers and a chimney."""
    left, right, eave = house.left - 0.004, house.right + 0.004, house.eave
    high = house.wide * rng.uniform(0.42, 0.55)
    _chimney(block, house.left + house.wide * rng.uniform(0.25, 0.7), eave - high - 0.035)
    ridge = [(right - 0.022, eave - high), (left + 0.022, eave - high)]
    block.fill([(left, eave), (right, eave), *ridge], house.roof)
    for k in range(1, 9):
        y, inset = eave - high * k / 9, 0.022 * k / 9
        tone = house.roof * (0.72 if k % 2 else 0.82)
        block.fill(_box(left + inset, y, right - inset, y + 0.0022), tone)
    count = int(house.wide / 0.065)
    for k in range(count):
        _dormer(block, house, house.left + house.wide * (k + 0.5) / count, high)
    block.fill(_box(left, eave - 0.004, right, eave + 0.005), TRIM)


def _awning(block: Block, left: float, wide: float, tint: Array) -> None:
    """Draw a striped awning over a shop window."""
    edges = np.linspace(left, left + wide, 9)
    top, low = QUAY - 0.076, QUAY - 0.054
    for k, (a, b) in enumerate(pairwise(edges)):
        stripe = tint if k % 2 else rgb("f4ecd8")
        block.fill([(a + 0.004, top), (b - 0.001, top), (b, low), (a, low)], stripe)
        block.fill(_box(a, low, b, low + 0.006), stripe * 0.8)


def _ground_floor(block: Block, rng: Rng, house: House) -> None:
    """Draw a door and either a shop under a striped awning or a window."""
    left, wide = house.left, house.wide
    door = rng.choice(palette("2f4a3f 5a2f28 27405e 6b4a2b"))
    first = rng.random() < 0.5
    x = left + wide * (0.12 if first else 0.62)
    block.fill(_box(x - 0.004, QUAY - 0.066, x + 0.030, QUAY), TRIM)
    block.fill(_box(x, QUAY - 0.062, x + 0.026, QUAY), door)
    block.fill(_box(x + 0.004, QUAY - 0.058, x + 0.022, QUAY - 0.044), rgb("7d9db5"))
    block.fill(_box(x + 0.005, QUAY - 0.036, x + 0.021, QUAY - 0.008), door * 0.75)
    shop, span = (left + wide * 0.42, wide * 0.48) if first else (left + wide * 0.1, wide * 0.46)
    _window(block, (shop, QUAY - 0.058, span, 0.040), house.wall * 0.6)
    if rng.random() < 0.6:
        tint = rng.choice(palette("b8352c 2f6a58 2a5688 c98a2b"))
        _awning(block, shop - 0.008, span + 0.016, tint)


def _upper_floors(block: Block, rng: Rng, house: House) -> None:
    """Draw the rows of windows above the ground floor, some with shutters."""
    room = QUAY - 0.085 - house.eave
    floors, columns, w = max(1, round(room / 0.068)), 2 if house.wide < 0.11 else 3, 0.020
    frame = rgb("f6efe0") if house.wall.mean() < 0.8 else rgb("5a6f7f")
    shutters, tint = rng.random() < 0.4, rng.choice(palette("2f5f58 7a3a30 37587a"))
    for floor, column in np.ndindex(floors, columns):
        y = house.eave + 0.016 + floor * room / floors
        x = house.left + house.wide * (column + 0.5) / columns - w / 2
        if shutters:
            block.fill(_box(x - 0.014, y - 0.002, x - 0.004, y + 0.040), tint)
            block.fill(_box(x + w + 0.004, y - 0.002, x + w + 0.014, y + 0.040), tint * 0.85)
        _window(block, (x, y, w, 0.037), frame)


def _house(block: Block, rng: Rng, house: House, shadow: float) -> None:
    """Draw one house of the row; `shadow` is the width of its taller neighbour's shadow."""
    left, right, eave, wall = house.left, house.right, house.eave, house.wall
    block.fill(_box(left, eave, right, QUAY), wall)
    (_gable if house.wide < 0.125 else _pitched)(block, rng, house)
    for y in np.arange(eave, QUAY - 0.0085, 0.0085):
        block.fill(_box(left, y, right, y + 0.0013), wall * rng.uniform(0.86, 0.95))
    if shadow > 0:
        edge = [(left, eave + 0.01), (left + shadow, eave + 0.05)]
        block.fill([*edge, (left + shadow, QUAY), (left, QUAY)], wall * 0.74)
    block.fill(_box(left, QUAY - 0.012, right, QUAY), wall * 0.55 + 0.08)
    _upper_floors(block, rng, house)
    _ground_floor(block, rng, house)
    block.fill(_box(right - 0.0028, eave, right, QUAY), wall * 0.6)


def _church(block: Block, cx: float) -> None:
    """Draw the church tower behind the row."""
    block.fill(_box(cx - 0.034, 0.24, cx + 0.034, 0.5), rgb("e6d8bd"))
    block.fill(_box(cx + 0.008, 0.24, cx + 0.034, 0.5), rgb("c2ad90"))
    block.fill(_box(cx - 0.039, 0.236, cx + 0.039, 0.247), rgb("f3e9d4"))
    spire = np.array(
        [
            (cx - 0.037, 0.237),
            (cx - 0.012, 0.16),
            (cx, 0.055),
            (cx + 0.012, 0.16),
            (cx + 0.037, 0.237),
        ]
    )
    block.fill(spire, rgb("5f9184"))
    block.fill(
        np.array([(cx + 0.004, 0.237), (cx, 0.055), (cx + 0.012, 0.16), (cx + 0.037, 0.237)]),
        rgb("3f6f68"),
    )
    block.fill(ribbon(np.array([(cx, 0.06), (cx, 0.03)]), 0.003), rgb("c9982f"))
    block.spot(cx, 0.03, 0.006, rgb("e0b23f"))
    block.spot(cx, 0.283, 0.0185, rgb("3a3f4f"))
    block.spot(cx, 0.283, 0.016, rgb("f7f1e0"))
    block.line(np.array([(cx, 0.283), (cx + 0.009, 0.277)]), 0.0026, rgb("2a2f3a"))
    block.line(np.array([(cx, 0.283), (cx - 0.002, 0.271)]), 0.0022, rgb("2a2f3a"))
    for dx in (-0.014, 0.014):
        arc = np.linspace(np.pi, 2 * np.pi, 16)
        arch = np.stack([cx + dx + 0.0075 * np.cos(arc), 0.335 + 0.010 * np.sin(arc)], axis=1)
        block.fill(
            np.concatenate([arch, [(cx + dx + 0.0075, 0.365), (cx + dx - 0.0075, 0.365)]]),
            rgb("3f4856"),
        )


def _town(block: Block, rng: Rng) -> None:
    """Draw the row of houses along the quay."""
    _church(block, 0.845)
    left, before = -0.03, 1.0
    colours = rng.permutation(FACADES)
    for k in range(20):
        wide = rng.uniform(0.095, 0.165)
        eave = rng.uniform(0.355, 0.445) + (0.03 if 0.72 < left + wide / 2 < 0.95 else 0.0)
        wall = np.clip(colours[k % len(colours)] * rng.uniform(0.94, 1.02), 0, 1)
        shadow = float(np.clip((eave - before) * 0.45, 0, 0.03))
        _house(block, rng, House(left, wide, eave, wall, rng.choice(ROOFS)), shadow)
        left, before = left + wide, eave
        if left > 4 / 3:
            break


def _quay(block: Block, rng: Rng) -> None:
    """Draw the quay's paving, its wall of stones, lamps and bollards."""
    block.fill(_box(0, QUAY, 1.34, QUAY + 0.012), rgb("cdbfa6"))
    for row in range(4):
        x, y = -0.02 * (row % 2), QUAY + 0.012 + row * 0.010
        while x < 1.34:
            wide = rng.uniform(0.022, 0.045)
            stone = rgb("8c8273") * rng.uniform(0.72, 1.08) * (1 - 0.12 * row)
            block.fill(_box(x, y, x + wide - 0.0015, y + 0.0088), stone)
            x += wide
    for x in np.arange(0.09, 1.33, 0.215):
        block.fill(_box(x - 0.0018, QUAY - 0.115, x + 0.0018, QUAY + 0.006), rgb("23302f"))
        block.fill(
            np.array(
                [
                    (x - 0.008, QUAY - 0.138),
                    (x + 0.008, QUAY - 0.138),
                    (x + 0.005, QUAY - 0.115),
                    (x - 0.005, QUAY - 0.115),
                ]
            ),
            rgb("f2e3b0"),
        )
        block.fill(
            np.array([(x - 0.010, QUAY - 0.137), (x, QUAY - 0.149), (x + 0.010, QUAY - 0.137)]),
            rgb("23302f"),
        )
    for x in np.arange(0.19, 1.33, 0.143):
        block.fill(_box(x - 0.005, QUAY - 0.008, x + 0.005, QUAY + 0.010), rgb("2c2a2c"))
        block.fill(ellipse(x, QUAY - 0.009, 0.0075, 0.0035), rgb("4a474a"))


def _trawler(cx: float, cy: float, size: float, hull: str, trim: str) -> list[tuple[Array, Array]]:
    """Return (outline, colour) of the parts of a fishing boat, in drawing order."""

    def at(points: list[tuple[float, float]]) -> Array:
        return np.array(points) * size + [cx, cy]

    sheer = np.concatenate(
        [
            bezier((-0.50, -0.15), (-0.1, -0.06), (0.25, -0.10), (0.58, -0.26), n=24),
            np.array([(0.47, 0.02), (-0.42, 0.02)]),
        ]
    )
    rail = ribbon(bezier((-0.50, -0.15), (-0.1, -0.06), (0.25, -0.10), (0.58, -0.26), n=24), 0.03)
    parts = [
        (at([(-0.02, -0.12), (0.0, -1.05), (0.018, -1.05), (0.025, -0.12)]), rgb("6b4a2f")),
        (ribbon(at([(0.008, -1.02), (0.56, -0.27)]), 0.0022), rgb("3a332f")),
        (ribbon(at([(0.008, -1.02), (-0.48, -0.17)]), 0.0022), rgb("3a332f")),
        (ribbon(at([(0.01, -0.42), (-0.46, -0.62)]), 0.006), rgb("6b4a2f")),
        (at([(-0.34, -0.10), (-0.34, -0.40), (-0.05, -0.40), (-0.05, -0.10)]), rgb("f1e8d6")),
        (at([(-0.12, -0.10), (-0.12, -0.40), (-0.05, -0.40), (-0.05, -0.10)]), rgb("c9bda6")),
        (at([(-0.37, -0.40), (-0.02, -0.40), (-0.04, -0.45), (-0.35, -0.45)]), rgb(trim)),
    ]
    parts += [
        (
            at([(left, -0.35), (left + 0.07, -0.35), (left + 0.07, -0.25), (left, -0.25)]),
            rgb("2f4456"),
        )
        for left in (-0.31, -0.22)
    ]
    parts += [
        (at([tuple(p) for p in sheer]), rgb(hull)),
        (at([(-0.46, -0.035), (0.49, -0.035), (0.47, 0.02), (-0.42, 0.02)]), rgb("5e211d")),
        (at([tuple(p) for p in rail]), rgb(trim)),
    ]
    parts += [(at([(0.30, -0.135), (0.36, -0.15), (0.36, -0.11), (0.30, -0.095)]), rgb("f1e8d6"))]
    parts += [
        (ellipse(cx + left * size, cy - 0.055 * size, 0.028 * size, 0.035 * size), rgb("e8a33a"))
        for left in (-0.28, -0.02)
    ]
    return parts


def _rowing_boat(cx: float, cy: float, size: float, hull: str) -> list[tuple[Array, Array]]:
    """Return (outline, colour) of the parts of a rowing boat."""
    rim = bezier((-0.5, -0.14), (-0.2, -0.05), (0.2, -0.05), (0.55, -0.18), n=24)
    inner = np.concatenate(
        [rim, bezier((0.55, -0.18), (0.2, -0.15), (-0.2, -0.15), (-0.5, -0.14), n=24)]
    )
    body = np.concatenate(
        [rim, bezier((0.55, -0.18), (0.4, 0.07), (-0.35, 0.07), (-0.5, -0.14), n=24)]
    )
    place = np.array([cx, cy])
    return [
        (body * size + place, rgb(hull)),
        (inner * size + place, rgb("4a3326")),
        (ribbon(rim * size + place, 0.005), rgb("f1e3c4")),
        (ribbon(np.array([(-0.35, -0.20), (0.25, -0.03)]) * size + place, 0.004), rgb("c9a36b")),
        (
            np.array([(-0.1, -0.125), (0.0, -0.125), (0.02, -0.085), (-0.1, -0.085)]) * size
            + place,
            rgb("b98a55"),
        ),
    ]


def _mirrored(part: Array, line: float) -> Array:
    return np.stack([part[:, 0], 2 * line - part[:, 1]], axis=1)


def _reflected(rng: Rng, above: Array, boats: list) -> Array:
    """Return the water: what lies above it mirrored, broken by ripples, and its own colour."""
    height, width = above.shape[:2]
    x, y = grid(width, height)
    rows = np.clip((2 * WATER * height - np.arange(height)).astype(int), 0, height - 1)
    block = Block(above[rows])
    for line, parts in boats:
        for outline, colour in parts:
            block.fill(_mirrored(outline, line), colour * 0.86)
    mirror = ndimage.gaussian_filter(block.picture, (height / 170, height / 700, 0))
    depth = np.clip((y - WATER) / (1 - WATER), 0, 1)
    ripple, swell = make_noise(rng, 0.045, 3), make_noise(rng, 0.16, 3)
    pace = 1 / (0.16 + 0.55 * depth)
    wave = ripple(x * 0.55 * pace * 0.45, y * 3.6 * pace * 0.55) + 0.6 * swell(x * 0.5, y * 3.0)
    at = (
        np.stack([y + wave * 0.011 * (0.3 + depth), x + wave * 0.010 * (0.25 + 1.3 * depth)])
        * height
    )
    water = np.stack(
        [ndimage.map_coordinates(mirror[..., c], at, order=1, mode="nearest") for c in range(3)],
        axis=-1,
    )
    tint = ramp(depth, "6f9aa5 3f7688 215064")
    water = mix(water * 0.93, tint, 0.16 + 0.42 * depth)
    facing = np.gradient(wave, axis=0) * height / 100
    water = water * (1 + 0.22 * np.clip(facing, -1, 1))[..., None]
    glint = smoothstep(0.75, 1.35, wave) * (0.2 + 0.4 * depth)
    return mix(water, rgb("d9ebee"), glint * 0.55)


def _foreground(block: Block, rng: Rng) -> None:
    """Draw mooring posts with a rope at the lower left, and gulls in the sky."""
    for cx, top, wide in ((0.075, 0.80, 0.034), (0.175, 0.845, 0.028)):
        for k in range(8):
            u0, u1 = cx - wide / 2 + wide * k / 8, cx - wide / 2 + wide * (k + 1) / 8
            tone = rgb("6d5138") * (1.35 - 0.13 * k) * rng.uniform(0.9, 1.08)
            block.fill(_box(u0, top, u1, 1.01), np.clip(tone, 0, 1))
        block.fill(ellipse(cx, top, wide / 2, wide * 0.20), rgb("a58764"))
        block.fill(ellipse(cx, top, wide / 3.2, wide * 0.12), rgb("8a6c4c"))
        block.fill(_box(cx - wide / 2, top + 0.12, cx + wide / 2, 1.01), rgb("3a3a2c"))
    rope = bezier((0.085, 0.855), (0.12, 0.93), (0.15, 0.92), (0.17, 0.885))
    block.line(rope, 0.0075, rgb("6e5a3c"))
    block.line(rope - [0, 0.001], 0.0045, rgb("d6bf8c"))
    for cx, cy, s in (
        (0.30, 0.20, 0.030),
        (0.39, 0.15, 0.020),
        (1.12, 0.13, 0.026),
        (0.60, 0.26, 0.016),
    ):
        for sense in (-1, 1):
            wing = bezier(
                (cx, cy),
                (cx + sense * s * 0.5, cy - s * 0.75),
                (cx + sense * s, cy - s * 0.25),
                n=16,
            )
            block.line(wing, s * 0.15 * np.linspace(1, 0.15, 16), rgb("f7f4ec"))
            block.line(wing[9:], s * 0.10 * np.linspace(0.8, 0.2, 7), rgb("4a4f58"))
        block.fill(ellipse(cx, cy + s * 0.02, s * 0.16, s * 0.08), rgb("ffffff"))


def _worn(rng: Rng, picture: Array) -> Array:
    """Add the unevenness of plaster and light that flat paint lacks."""
    height, width = picture.shape[:2]
    x, y = grid(width, height)
    stain, grain = (
        make_noise(rng, 0.06, 4),
        ndimage.gaussian_filter(rng.normal(size=(height, width)), 0.9),
    )
    town = smoothstep(0.33, 0.37, y) * smoothstep(WATER + 0.002, WATER, y)
    light = 1 + town * (0.07 * stain(x, y * 0.6) + 0.12 * grain)
    warm = 1 + 0.06 * (0.67 - x)[..., None] * np.array([1.0, 0.3, -0.8])
    return np.clip(picture * light[..., None] * warm + 0.012 * grain[..., None], 0, 1)


def harbour(rng: Rng, width: int, height: int) -> Array:
    """Draw the harbour town, uint8 (height, width, 3)."""
    fine = 2
    x, y = grid(width * fine, height * fine)
    block = Block(_hill(rng, x, y, _sky(rng, x, y)))
    _town(block, rng)
    _quay(block, rng)
    above = _worn(rng, block.picture)
    boats = [
        (0.690, _rowing_boat(0.66, 0.690, 0.14, "3f7f8f")),
        (0.715, _trawler(0.98, 0.715, 0.30, "2f5f86", "f0e2c0")),
        (0.775, _rowing_boat(0.73, 0.775, 0.19, "c9573a")),
        (0.80, _trawler(0.40, 0.80, 0.36, "b23a2e", "f3e6c8")),
        (0.865, _rowing_boat(1.10, 0.865, 0.25, "e0b04a")),
    ]
    water = _reflected(rng, above, boats)
    block = Block(np.where((y > WATER)[..., None], water, above))
    block.fill(_box(0, WATER - 0.003, 1.34, WATER + 0.003), rgb("3b3a34"))
    for _, parts in boats:
        for outline, colour in parts:
            block.fill(outline, colour)
    _foreground(block, rng)
    return shrink(block.picture, width, height)
