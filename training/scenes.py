"""Underpaintings: smooth scenes from formulas and seeded noise, for the painters to render."""

import numpy as np
from scipy import ndimage

from training.brushes import (
    Array,
    Field,
    Scene,
    bezier,
    ellipse,
    grid,
    make_noise,
    mask_of,
    mix,
    palette,
    ramp,
    rgb,
    ribbon,
    smoothstep,
)

Rng = np.random.Generator

SHORE, SUN_Y = 0.47, 0.235  # heights of the water line and of the sun in the autumn lake


def _lake_sky(rng: Rng, sun: float) -> Field:
    clouds = make_noise(rng, 0.30, 4)

    def colour(x: Array, y: Array) -> Array:
        sky = ramp(np.clip(y / SHORE, 0, 1), "3f79b0 7fb0cf c9d8cf f8dfa0 fbc46a")
        cover = smoothstep(-0.05, 0.75, clouds(x * 0.6 + y * 0.4, y * 1.9))
        sky = mix(sky, rgb("c39bb0"), cover * 0.55 * smoothstep(0.46, 0.1, y))
        lit = smoothstep(0.25, 0.85, clouds(x * 0.6 + y * 0.4 - 0.03, y * 1.9 + 0.05))
        sky = mix(sky, rgb("fff0d0"), lit * 0.8)
        glow = np.exp(-(((x - sun) / 0.28) ** 2) - ((y - SUN_Y) / 0.17) ** 2)
        sky = mix(sky, rgb("ffd873"), glow * 0.75)
        disc = smoothstep(0.046, 0.036, np.hypot(x - sun, y - SUN_Y))
        return mix(sky, rgb("fffbe0"), disc)

    return colour


def _lake_land(rng: Rng, sun: float) -> Field:
    sky = _lake_sky(rng, sun)
    ridge, crowns, leaf, tone = (make_noise(rng, s, 4) for s in (0.45, 0.085, 0.030, 0.16))
    autumn = palette("7b2a23 c4452b e07b27 f0b13a d9c353 7f8c3a 3f6640 2f5049")

    def land(x: Array, y: Array) -> Array:
        colour = sky(x, y)
        zero = np.zeros_like(x)
        far = 0.335 + 0.045 * ridge(x, zero) + 0.05 * np.abs(x - 0.75)
        colour = mix(
            colour,
            ramp((y - far) / 0.14, "8d86b5 b3a0b8 e0b9a0"),
            smoothstep(-0.004, 0.004, y - far) * 0.92,
        )
        near = 0.375 + 0.03 * ridge(x * 1.7, zero + 3) - 0.05 * smoothstep(0.5, 1.4, x)
        colour = mix(
            colour,
            ramp((y - near) / 0.1, "5a6f8e 7d8799 b7a28c"),
            smoothstep(-0.004, 0.004, y - near) * 0.95,
        )
        valley = np.exp(-(((x - 0.72) / 0.22) ** 2))
        top = 0.36 + 0.075 * valley - 0.035 * np.abs(crowns(x, zero)) - 0.02 * leaf(x, y)
        hue = np.clip(0.46 + 0.5 * tone(x * 1.2, zero + y * 0.3) + 0.12 * leaf(x, y), 0, 1)
        wood = np.stack([np.interp(hue, np.linspace(0, 1, 8), c) for c in autumn.T], axis=-1)
        shade = 0.72 + 0.35 * leaf(x + 0.01, y + 0.01) + 0.5 * (0.44 - y) / 0.1
        wood = np.clip(wood * np.clip(shade, 0.35, 1.25)[..., None], 0, 1)
        colour = mix(colour, wood, smoothstep(-0.004, 0.006, y - top))
        bank = smoothstep(SHORE - 0.012, SHORE - 0.004, y)
        return mix(colour, rgb("4a3d33"), bank * 0.8)

    return land


def _lake_water(rng: Rng, land: Field, sun: float, x: Array, y: Array) -> Array:
    ripple, streak = make_noise(rng, 0.05, 3), make_noise(rng, 0.12, 3)
    depth = np.clip(y - SHORE, 0, 1)
    wave = ripple(x * 0.35, y * 2.2 / (0.35 + 1.4 * depth))
    mirrored = land(x + wave * 0.035 * (0.2 + depth * 2), np.maximum(SHORE - depth * 0.92, 0.0))
    water = mirrored * 0.84 + rgb("1c3f66") * 0.10
    deep = smoothstep(0.1, 0.55, depth)
    water = mix(water, rgb("1f4a6b"), deep * 0.45)
    bright = smoothstep(0.45, 0.95, streak(x * 0.4, y * 4)) * (0.25 + 0.4 * deep)
    water = mix(water, rgb("bcd6dc"), bright * 0.6)
    path = np.exp(-(((x - sun) / (0.025 + 0.13 * depth)) ** 2)) * smoothstep(0.5, 0.05, depth)
    glitter = smoothstep(-0.25, 0.5, streak(x * 0.5 + 3, y * 4.5))
    return mix(water, rgb("ffdf8a"), path * glitter * 0.85)


def _lilies(rng: Rng, shape: tuple[int, int]) -> list[tuple[Array, Array]]:
    """Return (mask, colour) of the water lilies at the lower right."""
    parts = []
    for _ in range(26):
        cx, cy = rng.uniform(0.62, 1.36), rng.uniform(0.80, 0.985)
        size = 0.022 + 0.05 * (cy - 0.76) / 0.22
        green = rng.choice(palette("5f8a4c 7fa65a 3f6f50 93b56a"))
        parts.append((mask_of(shape, [ellipse(cx, cy, size, size * 0.36)]), green))
        if rng.random() < 0.45:
            bloom = [ellipse(cx, cy - size * 0.3, size * 0.36, size * 0.26)]
            parts.append((mask_of(shape, bloom), rng.choice(palette("f7d7dd fff2e6 eda0b4"))))
    return parts


def _leaning_tree(rng: Rng, x: Array, y: Array) -> tuple[Array, Array, Array]:
    """Return foliage mask, foliage colour and trunk mask of the tree that frames the left."""
    trunk = [
        ribbon(
            bezier((0.07, 1.02), (0.14, 0.7), (0.03, 0.45), (0.16, 0.1)),
            np.linspace(0.062, 0.016, 40),
        )
    ]
    for reach, top in ((0.36, 0.16), (0.30, 0.30), (-0.06, 0.22)):
        path = bezier((0.085, 0.56), (0.10, 0.4), (reach * 0.6, top + 0.10), (reach, top))
        trunk.append(ribbon(path, np.linspace(0.024, 0.004, 40)))
    clump, leaf = make_noise(rng, 0.13, 4), make_noise(rng, 0.03, 3)
    spread = 1.15 - np.hypot((x - 0.12) / 0.36, (y - 0.16) / 0.24)
    leaves = smoothstep(-0.02, 0.12, spread * 0.9 + 0.42 * clump(x, y) - 0.12)
    light = np.clip(0.5 + 0.45 * clump(x + 0.02, y + 0.03) + 0.35 * leaf(x, y), 0, 1)
    colour = ramp(light, "4b1f1e 8e2f22 c8502a e88c2c f7c14f")
    return leaves, colour, mask_of(x.shape, trunk)


def _boat(shape: tuple[int, int], cx: float, cy: float) -> list[tuple[Array, Array]]:
    """Return (mask, colour) of a small sailing boat and its reflection."""
    hull = [
        (cx - 0.06, cy - 0.012),
        (cx + 0.065, cy - 0.014),
        (cx + 0.045, cy + 0.010),
        (cx - 0.045, cy + 0.010),
    ]
    sail = [(cx + 0.002, cy - 0.155), (cx + 0.055, cy - 0.025), (cx + 0.002, cy - 0.022)]
    jib = [(cx - 0.004, cy - 0.135), (cx - 0.045, cy - 0.028), (cx - 0.004, cy - 0.024)]
    flip = [
        [(px, 2 * cy + 0.02 - (py - cy) * 0.85 - cy) for px, py in part]
        for part in (hull, sail, jib)
    ]
    return [
        (mask_of(shape, [flip[1], flip[2]], 0.004) * 0.75, rgb("d9a99a")),
        (mask_of(shape, [flip[0]], 0.004) * 0.9, rgb("33232b")),
        (mask_of(shape, [hull]), rgb("5b2430")),
        (mask_of(shape, [sail]), rgb("fdeed2")),
        (mask_of(shape, [jib]), rgb("e8b79b")),
    ]


def autumn_lake(rng: Rng, width: int, height: int) -> Scene:
    """Paint a wooded lake at golden hour, with its reflections, a boat and water lilies."""
    x, y = grid(width, height)
    shape = (height, width)
    sun = 0.76 + rng.uniform(-0.10, 0.10)
    land = _lake_land(rng, sun)
    colour = np.where((y < SHORE)[..., None], land(x, y), _lake_water(rng, land, sun, x, y))
    flow, boat = make_noise(rng, 0.35, 2), sun + rng.uniform(0.14, 0.24)
    angle = np.where(y < SHORE, -0.25 + 0.5 * flow(x, y), 0.04 * flow(x, y))
    woods = smoothstep(0.30, 0.36, y) * smoothstep(SHORE + 0.02, SHORE, y)
    angle = np.where(woods > 0.5, -np.pi / 2 + 0.9 * flow(x * 6, y * 6), angle)
    round_sun = np.hypot(x - sun, y - SUN_Y)
    angle = np.where(round_sun < 0.10, np.arctan2(y - SUN_Y, x - sun) + np.pi / 2, angle)
    detail = np.maximum(woods, 0.3 * (y > SHORE))
    detail = np.maximum(detail, 0.9 * smoothstep(0.062, 0.052, round_sun))
    angle = np.where(np.hypot((x - boat) / 0.07, (y - 0.52) / 0.09) < 1, -1.2, angle)
    for mask, tint in _boat(shape, boat, 0.60) + _lilies(rng, shape):
        colour, detail = mix(colour, tint, mask), np.maximum(detail, mask)
    leaves, leaf_colour, trunk = _leaning_tree(rng, x, y)
    colour = mix(colour, ramp(x / 0.2, "2b1a1c 6b4433 a8744a"), trunk)
    colour = mix(colour, leaf_colour, leaves * 0.96)
    angle = np.where(trunk > 0.5, np.pi / 2, angle)
    angle = np.where(leaves > 0.4, 3 * flow(x * 5, y * 5), angle)
    return Scene(np.clip(colour, 0, 1), angle, np.maximum(detail, np.maximum(leaves, trunk)))


COAST = 0.74  # height of the sea's horizon in the night coast


def _vortices(rng: Rng) -> Array:
    """Return rows (x, y, radius, turning sense) of the eddies in the night sky."""
    fixed = np.array(
        [
            [0.62, 0.31, 0.17, 1.0],
            [0.90, 0.42, 0.11, -1.0],
            [0.16, 0.50, 0.12, -1.0],
            [0.40, 0.13, 0.10, 1.0],
        ]
    )
    shift = rng.uniform(-0.05, 0.05, (4, 2)), rng.uniform(0.85, 1.15, 4)
    fixed[:, :2] += shift[0]
    fixed[:, 2] *= shift[1]
    return fixed


def _sky_flow(rng: Rng, eddies: Array, x: Array, y: Array) -> Array:
    """Return the direction of the wind that the strokes of the night sky follow."""
    drift = make_noise(rng, 0.5, 2)
    right, down = np.ones_like(x), 0.35 * np.cos(x * 5.0 + 1.0) + 0.35 * drift(x, y)
    for cx, cy, radius, sense in eddies:
        dx, dy = x - cx, y - cy
        r = np.hypot(dx, dy) + 1e-6
        pull = 3.5 * sense * np.exp(-((r / radius) ** 2))
        right = right * (1 - np.exp(-((r / radius) ** 2))) - pull * (dy + 0.22 * dx * sense) / r
        down = down * (1 - np.exp(-((r / radius) ** 2))) + pull * (dx - 0.22 * dy * sense) / r
    return np.arctan2(down, right)


def streaks(rng: Rng, angle: Array, reach: float, grain: float = 1.2) -> Array:
    """Return noise smeared along a flow over `reach` heights, stretched to 0-1."""
    height, width = angle.shape
    noise = ndimage.gaussian_filter(rng.normal(size=angle.shape), grain * height / 300)
    total = np.zeros_like(noise)
    steps, pace = 10, reach * height / 10
    for sense in (1, -1):
        at = np.mgrid[0:height, 0:width].astype(np.float32)
        for _ in range(steps):
            cell = np.clip(at, 0, [[[height - 1]], [[width - 1]]]).astype(int)
            theta = angle[cell[0], cell[1]]
            at += sense * pace * np.stack([np.sin(theta), np.cos(theta)])
            total += ndimage.map_coordinates(noise, at, order=1, mode="mirror")
    low, high = np.percentile(total, [2, 98])
    return np.clip((total - low) / (high - low + 1e-9), 0, 1).astype(np.float32)


def _stars(rng: Rng, eddies: Array) -> Array:
    """Return rows (x, y, size) of lights apart from each other and the eddies; the moon first."""
    lights = [(0.24, 0.20, 0.034)]
    for _ in range(300):
        x, y = rng.uniform(0.05, 1.28), rng.uniform(0.06, 0.55)
        apart = all(np.hypot(x - sx, y - sy) > 0.19 for sx, sy, _ in lights)
        clear = np.all(np.hypot(x - eddies[:, 0], y - eddies[:, 1]) > eddies[:, 2] * 0.8)
        if apart and clear and np.hypot(x - 1.09, y - 0.42) > 0.19:
            lights.append((x, y, rng.uniform(0.013, 0.021)))
    return np.array(lights)


def _light_up(colour: Array, x: Array, y: Array, light: Array) -> Array:
    """Lay one star or the moon with its rings of light over the sky."""
    cx, cy, size = light
    r = np.hypot(x - cx, y - cy) / size
    rings = 0.82 + 0.18 * np.cos(r * 3.4)
    halo = ramp(np.clip(r / 4.2, 0, 1), "ffe27a f7c843 d9a93c 8fae8e 4f93b8")
    colour = mix(colour, halo, smoothstep(4.2, 1.4, r) * rings)
    return mix(colour, rgb("fffbe6"), smoothstep(1.0, 0.6, r) * (size < 0.03))


def _moon(colour: Array, x: Array, y: Array, moon: Array) -> Array:
    cx, cy, _ = moon
    disc = smoothstep(0.070, 0.064, np.hypot(x - cx, y - cy))
    bite = smoothstep(0.052, 0.058, np.hypot(x - cx - 0.030, y - cy + 0.012))
    colour = mix(colour, rgb("e0a02e"), disc * 0.9)
    return mix(colour, rgb("fff6c0"), disc * bite)


def _night_sky(rng: Rng, angle: Array, lights: Array, x: Array, y: Array) -> Array:
    band = streaks(rng, angle, 0.16)
    tone = np.clip(0.62 * band + 0.45 * (y / COAST) ** 1.5 - 0.05, 0, 1)
    colour = ramp(tone, "0d1b4c 17337a 2457a6 3f86c0 7db9c9 cfe3c4")
    colour = mix(colour, rgb("5b4a9c"), 0.4 * smoothstep(0.5, 0.0, np.abs(band - 0.35) * 4))
    for light in lights:
        colour = _light_up(colour, x, y, light)
    return _moon(colour, x, y, lights[0])


def _night_sea(rng: Rng, x: Array, y: Array) -> Array:
    wave, glint = make_noise(rng, 0.10, 3), make_noise(rng, 0.05, 3)
    depth = np.clip((y - COAST) / (1 - COAST), 0, 1)
    tone = np.clip(0.5 + 0.4 * wave(x * 0.5, y * 4) - 0.35 * depth, 0, 1)
    colour = ramp(tone, "0a1a3f 12336a 1f5a92 3d8ba8 7cc0b8")
    path = np.exp(-(((x - 0.24) / (0.05 + 0.12 * depth)) ** 2))
    lamp = np.exp(-(((x - 1.02) / (0.04 + 0.10 * depth)) ** 2))
    spark = smoothstep(-0.15, 0.55, glint(x * 0.5, y * 3.5))
    return mix(colour, rgb("f8d568"), np.clip(path * 0.9 + lamp * 0.5, 0, 1) * spark)


def _cliff(x: Array, rng: Rng) -> Array:
    """Return the height of the cliff's edge above which the lighthouse stands, for each x."""
    rough = make_noise(rng, 0.12, 3)
    slope = 0.66 + 0.42 * smoothstep(0.98, 0.66, x) - 0.05 * smoothstep(1.0, 1.33, x)
    return slope + 0.018 * rough(x, np.zeros_like(x))


def _lighthouse(shape: tuple[int, int], base: float) -> list[tuple[Array, Array]]:
    """Return (mask, colour) of the parts of the lighthouse and the keeper's house."""
    cx, top = 1.04, base - 0.34

    def at(t: float) -> float:
        return 0.042 - 0.016 * t

    def band(low: float, high: float) -> list[tuple[float, float]]:
        y0, y1 = base + 0.03 - 0.31 * low, base + 0.03 - 0.31 * high
        return [(cx - at(low), y0), (cx + at(low), y0), (cx + at(high), y1), (cx - at(high), y1)]

    parts = [(mask_of(shape, [band(0, 1)]), rgb("f3ead2"))]
    parts += [(mask_of(shape, [band(t, t + 0.18)]), rgb("c8412f")) for t in (0.1, 0.46, 0.82)]
    shade = [
        (cx + 0.008, base + 0.03),
        (cx + 0.044, base + 0.03),
        (cx + 0.028, top + 0.06),
        (cx + 0.008, top + 0.06),
    ]
    lamp = [
        (cx - 0.018, top + 0.055),
        (cx + 0.018, top + 0.055),
        (cx + 0.018, top + 0.015),
        (cx - 0.018, top + 0.015),
    ]
    roof = [(cx - 0.026, top + 0.016), (cx, top - 0.02), (cx + 0.026, top + 0.016)]
    deck = [
        (cx - 0.034, top + 0.064),
        (cx + 0.034, top + 0.064),
        (cx + 0.034, top + 0.053),
        (cx - 0.034, top + 0.053),
    ]
    wall = [(1.10, base + 0.03), (1.10, base - 0.045), (1.23, base - 0.045), (1.23, base + 0.03)]
    gable = [
        (1.085, base - 0.04),
        (1.12, base - 0.095),
        (1.21, base - 0.095),
        (1.245, base - 0.04),
    ]
    panes = [
        [(wx, base - 0.025), (wx + 0.018, base - 0.025), (wx + 0.018, base), (wx, base)]
        for wx in (1.125, 1.185)
    ]
    return [
        *parts,
        (mask_of(shape, [shade], 0.004) * 0.45, rgb("27335f")),
        (mask_of(shape, [deck]), rgb("1d2450")),
        (mask_of(shape, [lamp]), rgb("ffe98a")),
        (mask_of(shape, [roof]), rgb("8f2a2a")),
        (mask_of(shape, [wall]), rgb("8792ab")),
        (mask_of(shape, [gable]), rgb("7a2d33")),
        (mask_of(shape, panes), rgb("ffd65a")),
    ]


def night_coast(rng: Rng, width: int, height: int) -> Scene:
    """Paint eddies of wind, moon and stars over a bay with a lighthouse on its cliff."""
    x, y = grid(width, height)
    eddies = _vortices(rng)
    lights = _stars(rng, eddies)
    angle = _sky_flow(rng, eddies, x, y)
    detail = np.full_like(x, 0.3)
    for cx, cy, size in lights:
        r = np.hypot(x - cx, y - cy) / size
        ring = np.where(r < 1.1, 0.4, np.arctan2(y - cy, x - cx) + np.pi / 2)
        angle = np.where(r < 4.0, ring, angle)
        detail = np.where(r < 4.0, np.where(r < 1.2, 1.0, 0.85), detail)
    colour = _night_sky(rng, angle, lights, x, y)
    beam = smoothstep(
        0.055, 0.0, np.abs((y - 0.34) - 0.11 * (1.04 - x)) / (0.25 + np.abs(x - 1.04))
    )
    colour = mix(colour, rgb("ffeeb0"), 0.55 * beam * smoothstep(0.75, 0.0, 1.04 - x) * (x < 1.04))
    hills = 0.70 - 0.05 * np.sin(x * 4 + 0.6) * smoothstep(0.75, 0.2, x)
    colour = mix(colour, rgb("1c2f66"), smoothstep(-0.004, 0.004, y - hills))
    sea = y > COAST
    colour = np.where(sea[..., None], _night_sea(rng, x, y), colour)
    angle = np.where(sea, 0.15 * np.sin(x * 9 + y * 40), angle)
    cliff = smoothstep(-0.004, 0.004, y - _cliff(x, rng))
    rock = make_noise(rng, 0.07, 4)
    light = np.clip(0.45 + 0.4 * rock(x, y * 0.6) - 1.2 * (y - 0.72), 0, 1)
    colour = mix(colour, ramp(light, "0b1026 1a2440 34405a 4f6a55 8ea25c"), cliff)
    angle = np.where(cliff > 0.5, 1.0 + 0.9 * rock(x * 0.4, y * 0.4), angle)
    for mask, tint in _lighthouse((height, width), 0.645):
        colour, detail = mix(colour, tint, mask), np.maximum(detail, mask)
        angle = np.where(mask > 0.5, np.pi / 2, angle)
    return Scene(np.clip(colour, 0, 1), angle, detail)


def _river_edge(x: Array) -> tuple[Array, Array]:
    """Return the heights of the far and the near bank of the river, for each x."""
    far = 0.455 + 0.012 * np.sin(x * 5)
    near = 0.60 + 0.30 * smoothstep(0.35, 1.25, x) + 0.012 * np.sin(x * 9)
    return far, near


def _bank_trees(rng: Rng, shape: tuple[int, int]) -> list[tuple[Array, Array, Array]]:
    """Return (mask, sunlit colour, shaded colour) of poplars and round trees on the far bank."""
    parts = []
    xs = np.concatenate([rng.uniform(0.02, 0.36, 6), rng.uniform(0.80, 1.33, 8)])
    for cx in np.sort(xs):
        if rng.random() < 0.45:
            tall = rng.uniform(0.12, 0.20)
            crown = ellipse(cx, 0.465 - tall / 2, 0.018, tall / 2)
        else:
            wide = rng.uniform(0.035, 0.065)
            crown = ellipse(cx, 0.455 - wide * 0.6, wide, wide * 0.8)
        sunny = rng.choice(palette("8fbf4d 6fae55 a9c95a"))
        parts.append((mask_of(shape, [crown], 0.003), sunny, rgb("2d5a6b")))
    return parts


def _sail(cx: float, cy: float, size: float, tint: str) -> list[tuple[list, Array]]:
    """Return polygons with colours of a sailing boat and its reflection."""
    sail = [(cx, cy - size), (cx + size * 0.42, cy - size * 0.12), (cx, cy - size * 0.10)]
    jib = [
        (cx - 0.02 * size, cy - size * 0.85),
        (cx - size * 0.3, cy - size * 0.12),
        (cx - 0.02 * size, cy - size * 0.10),
    ]
    hull = [
        (cx - size * 0.4, cy - size * 0.08),
        (cx + size * 0.5, cy - size * 0.08),
        (cx + size * 0.36, cy + size * 0.05),
        (cx - size * 0.3, cy + size * 0.05),
    ]
    down = [[(px, 2 * cy + size * 0.1 - py) for px, py in part] for part in (sail, jib)]
    return [
        (down, rgb(tint) * 0.85 + 0.05),
        ([sail], rgb(tint)),
        ([jib], rgb("f6dfc0")),
        ([hull], rgb("6b2f4a")),
    ]


def _walkers(
    cx: float, cy: float, size: float, dress: str, shade: str
) -> list[tuple[list, Array]]:
    """Return polygons with colours of a stroller under a parasol, seen from afar."""
    skirt = [
        (cx - size * 0.05, cy - size * 0.5),
        (cx + size * 0.06, cy - size * 0.5),
        (cx + size * 0.17, cy),
        (cx - size * 0.15, cy),
    ]
    body = ellipse(cx + 0.005 * size, cy - size * 0.58, size * 0.075, size * 0.15)
    head = ellipse(cx + 0.01 * size, cy - size * 0.78, size * 0.05, size * 0.06)
    arc = np.linspace(np.pi, 2 * np.pi, 20)
    parasol = np.stack(
        [
            cx + 0.08 * size + 0.30 * size * np.cos(arc),
            cy - 0.84 * size + 0.22 * size * np.sin(arc),
        ],
        axis=1,
    )
    stick = ribbon(
        np.array([[cx + 0.07 * size, cy - 1.0 * size], [cx + 0.05 * size, cy - 0.5 * size]]),
        0.02 * size,
    )
    shadow = ellipse(cx + size * 0.45, cy + size * 0.01, size * 0.5, size * 0.06)
    return [
        ([shadow], rgb("2f5f63")),
        ([skirt, body], rgb(dress)),
        ([head], rgb("6a3c33")),
        ([stick], rgb("5a3a2a")),
        ([parasol], rgb(shade)),
    ]


def _meadow(rng: Rng, x: Array, y: Array) -> Array:
    grass, dapple = make_noise(rng, 0.10, 4), make_noise(rng, 0.09, 3)
    tone = np.clip(0.55 + 0.3 * grass(x * 0.5, y * 1.6) - 0.4 * (y - 0.75), 0, 1)
    colour = ramp(tone, "4f8a4a 86b24a b9cf58 e6dc78")
    shade = smoothstep(0.86, 0.96, y + 0.10 * np.sin(x * 3 + 0.4) + 0.05 * dapple(x, y))
    return mix(
        colour, ramp(np.clip(0.5 + 0.5 * dapple(x, y), 0, 1), "1f4d5c 2d6a5a 3f8552"), shade
    )


def river_bank(rng: Rng, width: int, height: int) -> Scene:
    """Paint a summer river with sails, poplars, and strollers on a sunlit meadow."""
    x, y = grid(width, height)
    shape = (height, width)
    cloud, wave = make_noise(rng, 0.28, 4), make_noise(rng, 0.08, 3)
    colour = ramp(np.clip(y / 0.46, 0, 1), "4f97cf 8cc3df c9e2e0 f8ecc4")
    colour = mix(colour, rgb("fff8ec"), 0.9 * smoothstep(0.1, 0.7, cloud(x * 0.7, y * 1.6)))
    far, near = _river_edge(x)
    hill = 0.40 - 0.05 * np.exp(-(((x - 0.65) / 0.3) ** 2)) + 0.01 * cloud(x, y * 0)
    colour = mix(
        colour, ramp((y - hill) / 0.1, "8fa9d0 a8bfc0 c9cf9a"), smoothstep(-0.003, 0.003, y - hill)
    )
    tone = np.clip(0.5 + 0.35 * wave(x * 0.4, y * 3) - 1.1 * (y - 0.55), 0, 1)
    water = ramp(tone, "2f6fb0 4f97c4 86c0d4 d6e8da")
    colour = np.where((y > far)[..., None], water, colour)
    for mask, sunny, dark in _bank_trees(rng, shape):
        side = np.clip(0.5 + 0.8 * wave(x * 0.8, y * 0.8) - 0.2, 0, 1)
        colour = mix(colour, mix(np.broadcast_to(sunny, colour.shape), dark, side), mask)
        mirror = np.zeros_like(mask)
        rows = np.clip(int(0.93 * height) - np.arange(height), 0, height - 1)
        mirror[:] = mask[rows]
        mirror *= (y > far) * smoothstep(0.62, 0.5, y)
        colour = mix(colour, dark * 0.5 + sunny * 0.4, mirror * (0.5 + 0.3 * np.sin(y * 260)))
    bank = smoothstep(0.0, 0.012, y - far) * smoothstep(0.03, 0.012, y - far)
    colour = mix(colour, rgb("b7bd6a"), bank)
    things = [
        *_sail(0.56, 0.535, 0.17, "fffaf0"),
        *_sail(0.95, 0.50, 0.09, "f3c9a0"),
        *_sail(0.70, 0.475, 0.05, "fff3dc"),
    ]
    for polygons, tint in things:
        colour = mix(colour, tint, mask_of(shape, polygons, 0.0015))
    colour = mix(colour, _meadow(rng, x, y), smoothstep(-0.004, 0.004, y - near))
    people = [
        *_walkers(0.27, 0.83, 0.21, "7a3a86", "e8523f"),
        *_walkers(0.40, 0.81, 0.18, "f4ede0", "f2b134"),
        *_walkers(0.80, 0.90, 0.13, "2f5fa8", "f7f0e0"),
    ]
    for polygons, tint in people:
        colour = mix(colour, tint, mask_of(shape, polygons, 0.001))
    return Scene(np.clip(colour, 0, 1), np.zeros_like(x), np.ones_like(x))
