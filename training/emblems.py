"""Designs in flat colour areas, for stone and glass: each area has its own number and colour."""

from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from training.brushes import Array, bezier, ellipse, grid, palette, rgb, ribbon

Rng = np.random.Generator


class Design:
    """A map (H, W) of area numbers, and the colour (3,) of every area."""

    def __init__(self, width: int, height: int, ground: Array) -> None:
        self.areas = np.zeros((height, width), np.int32)
        self.colours = [np.asarray(ground, float)]

    @property
    def table(self) -> Array:
        """Return the colours (areas, 3)."""
        return np.stack(self.colours)

    def add(self, colour: Array) -> int:
        """Return the number of a new area of this colour."""
        self.colours.append(np.asarray(colour, float))
        return len(self.colours) - 1

    def paint(self, mask: Array, colour: Array) -> None:
        """Make a new area where the mask is true."""
        self.areas[mask] = self.add(colour)

    def polygon(self, points: Array, colour: Array) -> None:
        """Make a new area of a polygon, in units of the height."""
        height = self.areas.shape[0]
        image = Image.fromarray(self.areas)
        outline = [(x * height, y * height) for x, y in points]
        ImageDraw.Draw(image).polygon(outline, fill=self.add(colour))
        self.areas = np.array(image)


def _mirrored(design: Design, points: Array, colour: Array) -> None:
    """Draw a polygon on the left and its mirror image on the right."""
    ratio = design.areas.shape[1] / design.areas.shape[0]
    points = np.asarray(points, float)
    design.polygon(points, colour)
    design.polygon(np.stack([ratio - points[:, 0], points[:, 1]], axis=1), colour)


def _border(design: Design) -> None:
    """Frame the design with a red band of gold and blue lozenges between white lines."""
    height, width = design.areas.shape
    x, y = grid(width, height)
    edge = np.minimum(np.minimum(x, width / height - x), np.minimum(y, 1 - y))
    for depth, code in ((0.098, "f1e6cd"), (0.083, "8c1d22"), (0.015, "f1e6cd")):
        design.paint(edge < depth, rgb(code))
    along = np.where(np.minimum(y, 1 - y) < np.minimum(x, width / height - x), x, y + 0.5 / 12)
    phase = np.abs((along * 12) % 1 - 0.5)
    across = np.abs(edge - 0.049) / 0.031
    lozenge = (phase * 2 + across < 0.98) & (edge < 0.083)
    design.paint(lozenge, rgb("d8a73a"))
    design.paint((phase * 2 + across < 0.52) & (edge < 0.083), rgb("1f4f8f"))


def _tail(design: Design, rng: Rng) -> None:
    """Draw the peacocks' tails: a train of feathers, each row with its eyes."""
    spine = bezier((0.44, 0.60), (0.34, 0.66), (0.20, 0.70), (0.15, 0.86))
    _mirrored(
        design,
        ribbon(spine, np.interp(np.linspace(0, 1, 40), [0, 0.5, 1], [0.07, 0.15, 0.17])),
        rgb("1d6a5b"),
    )
    for shift, code in ((-0.045, "2f8f6a"), (0.0, "176f86"), (0.045, "3aa07a")):
        path = spine + np.array([shift, shift * 0.4]) * np.linspace(0.3, 1, 40)[:, None]
        _mirrored(design, ribbon(path, np.linspace(0.012, 0.030, 40)), rgb(code))
    for t in (0.42, 0.62, 0.82, 0.97):
        for side in (-1, 0, 1):
            px, py = spine[int(t * 39)] + np.array([0.052, 0.022]) * side
            size = 0.020 + 0.007 * t
            for grow, code in ((1.0, "d9a437"), (0.68, "b5531f"), (0.42, "16326f")):
                _mirrored(design, ellipse(px, py, size * grow * 0.9, size * grow, 0.3), rgb(code))


def _peacocks(design: Design, rng: Rng) -> None:
    """Draw two peacocks that face each other across the vase."""
    _tail(design, rng)
    for foot in (0.435, 0.465):
        _mirrored(
            design, ribbon(np.array([[foot, 0.68], [foot + 0.005, 0.80]]), 0.013), rgb("8a5a2b")
        )
        _mirrored(
            design,
            ribbon(np.array([[foot - 0.012, 0.80], [foot + 0.035, 0.803]]), 0.012),
            rgb("8a5a2b"),
        )
    neck = bezier((0.45, 0.62), (0.53, 0.55), (0.44, 0.45), (0.485, 0.36))
    _mirrored(design, ellipse(0.435, 0.605, 0.095, 0.066, -0.35), rgb("1b4f9c"))
    _mirrored(
        design,
        ribbon(neck, np.interp(np.linspace(0, 1, 40), [0, 0.45, 1], [0.10, 0.058, 0.042])),
        rgb("1f66b5"),
    )
    _mirrored(design, ellipse(0.488, 0.352, 0.031, 0.025, 0.1), rgb("1f66b5"))
    breast = bezier((0.50, 0.62), (0.535, 0.55), (0.462, 0.46), (0.495, 0.39))
    _mirrored(design, ribbon(breast, np.linspace(0.022, 0.014, 40)), rgb("57b4d0"))
    wing = bezier((0.475, 0.585), (0.43, 0.54), (0.37, 0.59), (0.325, 0.665))
    _mirrored(
        design,
        ribbon(wing, np.interp(np.linspace(0, 1, 40), [0, 0.4, 1], [0.02, 0.066, 0.01])),
        rgb("c9842f"),
    )
    _mirrored(
        design,
        ribbon(
            wing + np.array([0.004, 0.012]),
            np.interp(np.linspace(0, 1, 40), [0, 0.4, 1], [0.008, 0.026, 0.006]),
        ),
        rgb("7a2f22"),
    )
    _mirrored(design, np.array([[0.512, 0.343], [0.550, 0.362], [0.512, 0.368]]), rgb("a8431d"))
    _mirrored(design, ellipse(0.494, 0.347, 0.0165, 0.0150), rgb("f6efdc"))
    _mirrored(design, ellipse(0.496, 0.347, 0.0075, 0.0075), rgb("101828"))
    for lean in (-0.035, -0.010, 0.015):
        tip = np.array([0.478 + lean, 0.285])
        _mirrored(design, ribbon(np.array([[0.484, 0.335], tip]), 0.008), rgb("176f86"))
        _mirrored(design, ellipse(*tip, 0.0125, 0.0125), rgb("d94f2b"))


def _vase(design: Design) -> None:
    """Draw the two-handled vase in the middle."""
    outline = np.concatenate(
        [
            bezier((0.585, 0.60), (0.57, 0.72), (0.635, 0.74), (0.645, 0.78), n=20),
            bezier((0.645, 0.79), (0.64, 0.80), (0.60, 0.81), (0.60, 0.825), n=10),
        ]
    )
    middle = 2 / 3
    right = np.stack([2 * middle - outline[:, 0], outline[:, 1]], axis=1)[::-1]
    body = np.concatenate([outline, right])
    handle = bezier((0.592, 0.64), (0.535, 0.60), (0.545, 0.70), (0.61, 0.715))
    _mirrored(design, ribbon(handle, 0.016), rgb("7a3a1c"))
    design.polygon(body, rgb("a83a2c"))
    for shrink, code in ((0.62, "c85a3a"), (0.26, "e79a5f")):
        lit = body.copy()
        lit[:, 0] = middle - 0.010 + (body[:, 0] - middle) * shrink
        lit[:, 1] = 0.71 + (body[:, 1] - 0.71) * 0.86
        design.polygon(lit, rgb(code))
    for cy, half, code in (
        (0.60, 0.088, "e9cf8a"),
        (0.66, 0.074, "24508f"),
        (0.825, 0.07, "e9cf8a"),
    ):
        bar = [
            (middle - half, cy - 0.011),
            (middle + half, cy - 0.011),
            (middle + half, cy + 0.011),
            (middle - half, cy + 0.011),
        ]
        design.polygon(np.array(bar), rgb(code))


def _vine(design: Design, rng: Rng) -> None:
    """Draw the vine that rises from the vase, with scrolls, leaves and grapes."""
    green, dark = rgb("3f7a3a"), rgb("255238")
    stem = bezier((0.655, 0.59), (0.64, 0.45), (0.67, 0.32), (0.664, 0.19))
    _mirrored(design, ribbon(stem, 0.013), dark)
    t = np.linspace(0, 1, 60)
    for cx, cy, radius, sense in (
        (0.525, 0.185, 0.056, 1),
        (0.365, 0.180, 0.062, -1),
        (0.205, 0.192, 0.058, 1),
    ):
        theta = np.pi / 2 + sense * 5.4 * t
        r = radius * (1 - 0.62 * t)
        scroll = np.stack([cx + r * np.cos(theta), cy + r * np.sin(theta)], axis=1)
        _mirrored(design, ribbon(scroll, np.linspace(0.012, 0.008, 60)), dark)
        for turn in rng.uniform(0, 2 * np.pi) + np.array([0.0, 2.1, 4.2]):
            lx, ly = cx + 1.22 * radius * np.cos(turn), cy + 1.22 * radius * np.sin(turn)
            _mirrored(design, ellipse(lx, ly, 0.027, 0.014, turn + 0.6), green)
        for row, count in enumerate((3, 2, 1)):
            for k in range(count):
                gx = cx + (k - (count - 1) / 2) * 0.0215
                gy = cy - 0.014 + row * 0.0195
                _mirrored(
                    design,
                    ellipse(gx, gy, 0.0115, 0.0115),
                    rgb("6b2a5f" if (k + row) % 2 else "8f4577"),
                )
    trunk = bezier((0.655, 0.42), (0.62, 0.32), (0.60, 0.27), (0.52, 0.245))
    _mirrored(design, ribbon(trunk, 0.011), dark)
    branch = bezier((0.52, 0.245), (0.46, 0.225), (0.38, 0.265), (0.20, 0.252))
    _mirrored(design, ribbon(branch, 0.010), dark)
    for px, py, turn in (
        (0.60, 0.36, 0.8),
        (0.625, 0.47, -0.7),
        (0.63, 0.265, 0.5),
        (0.445, 0.262, 0.2),
    ):
        _mirrored(design, ellipse(px, py, 0.032, 0.016, turn), rgb("6fa24a"))


def peacock_garden(rng: Rng, width: int, height: int) -> Design:
    """Draw two peacocks at a vase with a vine, on gold, above a flowering meadow, framed."""
    design = Design(width, height, rgb("d9a93c"))
    x, y = grid(width, height)
    for level, code in ((0.775, "3d7350"), (0.80, "2c5a44"), (0.855, "1f4638")):
        design.paint(y > level + 0.008 * np.sin(x * 14 + level * 40), rgb(code))
    for _ in range(26):
        fx, fy = rng.uniform(0.12, 0.64), rng.uniform(0.82, 0.895)
        code = rng.choice(["d94f2b", "f1e6cd", "e3b34a"])
        _mirrored(design, ellipse(fx, fy, 0.0105, 0.0105), rgb(code))
    _vine(design, rng)
    _vase(design)
    _peacocks(design, rng)
    _border(design)
    return design


def _sunrise(design: Design, rng: Rng, x: Array, y: Array, sun: tuple[float, float]) -> None:
    """Divide the sky into rays and rings round the sun."""
    rays = 26
    turn = np.arctan2(y - sun[1], x - sun[0]) / (2 * np.pi) * rays + rng.uniform()
    ray = np.floor(turn).astype(int) % rays
    radius = np.hypot(x - sun[0], y - sun[1])
    hues = palette("ffe07a fdb94b f58a4a dd5c62 a84a8c 6a4aa0 3a52b0 243f8c")
    shift = rng.uniform(-0.035, 0.035, (rays, 6))
    for k in range(rays):
        reach = np.array([0.115, 0.215, 0.335, 0.47, 0.63, 0.82]) + shift[k]
        reach[0] = 0.115
        ring = np.searchsorted(reach, radius[ray == k])
        cells = np.zeros_like(ring)
        for j in np.unique(ring):
            tone = np.clip(j + rng.uniform(-0.45, 0.45) + 0.35 * (k % 2), 0, 6.99)
            colour = hues[int(tone)] * (1 - tone % 1) + hues[int(tone) + 1] * (tone % 1)
            cells[ring == j] = design.add(colour)
        design.areas[ray == k] = cells
    design.paint(radius < 0.115, rgb("ffd24a"))
    for k in range(12):
        wedge = (np.floor(turn / rays * 12 + 100) % 12 == k) & (radius < 0.115)
        design.paint(wedge, rgb("ffe27a") if k % 2 else rgb("ffc83d"))
    design.paint(radius < 0.062, rgb("fff6cf"))


def _range(design: Design, rng: Rng, peaks: Array, codes: str) -> None:
    """Draw mountains (x, y of the peaks, half width), each cut into lit and shaded facets."""
    lit, dark, deep = palette(codes)
    for peak in peaks:
        edges = [-1.0, *(np.array([-0.5, 0.0, 0.5]) + rng.uniform(-0.15, 0.15, 3)), 1.0]
        for span in pairwise(edges):
            middle = sum(span) / 2
            tone = lit if middle < -0.05 else dark if middle < 0.5 else deep
            tone = np.clip(tone + rng.normal(0, 0.03, 3), 0, 1)
            cut = rng.uniform(0.28, 0.5)
            top = rgb("ffe3ec") if peak[1] < 0.36 else tone
            _facet(design, peak, span, (0.0, cut), top * (1.0 if middle < -0.05 else 0.80))
            _facet(design, peak, span, (cut, 1.0), tone)


def _facet(design: Design, peak: Array, span: tuple, drop: tuple, colour: Array) -> None:
    """Draw the part of a mountain between two slopes (-1 to 1) and two drops (0 top to 1 foot)."""
    px, py, half = peak
    sides = ((span[0], drop[0]), (span[1], drop[0]), (span[1], drop[1]), (span[0], drop[1]))
    design.polygon(np.array([(px + half * s * d, py + (0.72 - py) * d) for s, d in sides]), colour)


def _hills(design: Design, rng: Rng, x: Array, y: Array) -> None:
    """Draw meadows on both banks, in curved strips."""
    left = 0.60 + 0.08 * np.sin(x * 3.2 + 0.3)
    right = 0.60 + 0.075 * np.sin((4 / 3 - x) * 3.4 + 0.4)
    greens = palette("9cc24a 6fae4c 3f9156 2f7a5c 1f6450 18503f")
    for side, crest in ((x < 0.667, left), (x >= 0.667, right)):
        lean = 0.35 * np.abs(x - 0.667)
        for k in range(6):
            level = crest + 0.075 * k - lean * k * 0.12
            design.paint(side & (y > level), np.clip(greens[k] + rng.normal(0, 0.02, 3), 0, 1))
    for cut in (0.20, 0.40, 0.95, 1.16):
        slant = (x - cut) - 0.35 * (y - 0.6) * np.sign(cut - 0.667)
        band = (slant > 0) & (slant < 0.10) & (y > np.where(x < 0.667, left, right))
        for number in np.unique(design.areas[band]):
            design.paint(band & (design.areas == number), design.colours[number] * 0.88 + 0.05)


def _river(design: Design, rng: Rng, x: Array, y: Array) -> None:
    """Draw the river that winds from the sun to the foreground, cut across by ripples."""
    t = np.clip((y - 0.635) / 0.365, 0, 1)
    middle = 0.667 + 0.085 * np.sin(t * 5.6) * (0.3 + t)
    half = 0.030 + 0.25 * t**1.5
    water = (y > 0.635) & (np.abs(x - middle) < half)
    waves = t**0.7 * 9 + 0.22 * np.sin((x - middle) / half * 3.0)
    hues = palette("ffe9a0 ffc45a f0905a 8f9fd0 4f9fd0 2f7fc0 2f9fb8 1f5fa0 1a4a8c 173f78")
    for k in range(10):
        band = water & (np.floor(waves) == k)
        for part in (band & (x < middle), band & (x >= middle)):
            design.paint(part, np.clip(hues[k] + rng.normal(0, 0.03, 3), 0, 1))


def _tulip(design: Design, foot: float, top: tuple[float, float], size: float, codes: str) -> None:
    """Draw a flower of five petals on its stem, with two long leaves."""
    cx, cy = top
    outer, inner, heart = palette(codes)
    lean = foot - cx
    for sense, code in ((1, "2f8a4a"), (-1, "57a84a")):
        leaf = bezier(
            (foot, 1.0),
            (foot + sense * size * 0.5, cy + size * 2.2),
            (foot + sense * size * 1.3, cy + size * 1.7),
            (foot + sense * size * 1.1, cy + size * 1.1),
        )
        design.polygon(
            ribbon(leaf, np.interp(np.linspace(0, 1, 40), [0, 0.5, 1], [0.028, 0.042, 0.004])),
            rgb(code),
        )
    stem = bezier((foot, 1.0), (foot - lean * 0.2, cy + size * 1.6), (cx, cy + size))
    design.polygon(ribbon(stem, 0.017), rgb("3f9a4a"))
    petals = (
        (-0.52, 0.05, 0.30, 0.62, -0.42, outer),
        (0.52, 0.05, 0.30, 0.62, 0.42, outer),
        (-0.25, -0.05, 0.27, 0.70, -0.12, inner),
        (0.25, -0.05, 0.27, 0.70, 0.12, inner * 0.88),
        (0.0, 0.12, 0.27, 0.60, 0.0, heart),
    )
    for dx, dy, rx, ry, turn, colour in petals:
        design.polygon(ellipse(cx + dx * size, cy + dy * size, rx * size, ry * size, turn), colour)


def _glass_frame(design: Design, rng: Rng, x: Array, y: Array) -> None:
    """Frame the window with panes of ruby, cobalt and amber, and a rosette in each corner."""
    height, width = design.areas.shape
    ratio, wide = width / height, 0.062
    right, low = ratio - x, 1 - y
    edge = np.minimum(np.minimum(x, right), np.minimum(y, low))
    upright = np.minimum(x, right) < np.minimum(y, low)
    span = np.where(upright, y - wide, x - wide) / np.where(
        upright, 1 - 2 * wide, ratio - 2 * wide
    )
    cells = np.floor(span * np.where(upright, 9, 13)).astype(int)
    hues = palette("9c1f2e 1f3f9c c9882a 1f3f9c")
    for side in (x == np.minimum(x, right), x != np.minimum(x, right)):
        for flat in (upright, ~upright):
            for part in (side,) if flat is upright else (y < 0.5, y >= 0.5):
                for k in range(13):
                    cell = part & flat & (edge < wide) & (cells == k)
                    if cell.any():
                        design.paint(cell, np.clip(hues[k % 4] + rng.normal(0, 0.03, 3), 0, 1))
    near_x, near_y = np.minimum(x, right), np.minimum(y, low)
    for east in (False, True):
        for south in (False, True):
            here = ((x > ratio / 2) == east) & ((y > 0.5) == south)
            corner = here & (near_x < wide) & (near_y < wide)
            design.paint(corner, rgb("2a7a5a"))
            r = np.hypot(near_x - wide / 2, near_y - wide / 2)
            design.paint(here & (r < 0.023), rgb("e8b84a"))


def sunrise_window(rng: Rng, width: int, height: int) -> Design:
    """Draw a window: a sunrise between mountains, a river, and tulips in front, framed."""
    design = Design(width, height, rgb("243f8c"))
    x, y = grid(width, height)
    sun = (0.667 + rng.uniform(-0.03, 0.03), 0.47)
    _sunrise(design, rng, x, y, sun)
    _range(
        design,
        rng,
        np.array([[0.12, 0.36, 0.30], [0.40, 0.40, 0.26], [1.22, 0.34, 0.33], [0.95, 0.41, 0.26]]),
        "b58ac0 7f62b0 5a4a9c",
    )
    _range(design, rng, np.array([[0.26, 0.49, 0.26], [1.08, 0.50, 0.28]]), "6f8fd0 4a6ab8 35509c")
    _hills(design, rng, x, y)
    _river(design, rng, x, y)
    flowers = (
        (0.17, (0.15, 0.60), 0.085, "b01f3c e23a4a ff7a5a"),
        (0.33, (0.35, 0.70), 0.075, "e06a1f f79a2f ffd05a"),
        (1.17, (1.19, 0.58), 0.088, "8f1f6a c9388f f27ab5"),
        (1.00, (0.99, 0.71), 0.072, "b01f3c e23a4a ff7a5a"),
    )
    for foot, top, size, codes in flowers:
        _tulip(
            design,
            foot,
            (top[0] + rng.uniform(-0.02, 0.02), top[1] + rng.uniform(-0.03, 0.03)),
            size,
            codes,
        )
    _glass_frame(design, rng, x, y)
    return design
