"""Mosaic and stained glass: flat designs rendered in stone and in glass."""

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage
from skimage.measure import find_contours

from training.brushes import Array, grid, make_noise, mix, rgb, shrink, smoothstep
from training.emblems import Design, peacock_garden, sunrise_window

Rng = np.random.Generator

TILE = 0.0108  # side of a tile, in heights
DIRECTIONS = 16  # orientations of a tile within a quarter turn
LEAD = 0.0042  # half the width of a lead line, in heights


def _rows(areas: Array, step: float) -> list[Array]:
    """Return lines of places (n, 3), row, column, angle, that follow the outlines outwards."""
    edge = ndimage.maximum_filter(areas, 3) != ndimage.minimum_filter(areas, 3)
    distance = ndimage.distance_transform_edt(~edge) + 0.5
    distance = ndimage.gaussian_filter(distance, 0.8)
    places = []
    for k in range(int(distance.max() / step) + 1):
        for line in find_contours(distance, (k + 0.5) * step + (0.6 if k == 0 else 0.0)):
            places.append(_along(line, step))
    return places


def _along(line: Array, step: float) -> Array:
    """Return row, column, angle (n, 3) at every step along a line of (row, column)."""
    lengths = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    if lengths[-1] < 0.6 * step:
        return np.empty((0, 3))
    count = max(1, round(lengths[-1] / (step * 1.03)))
    at = (np.arange(count) + 0.5) * lengths[-1] / count
    row, col = (np.interp(at, lengths, line[:, i]) for i in (0, 1))
    ahead = [np.interp(at + step * 0.4, lengths, line[:, i]) for i in (0, 1)]
    behind = [np.interp(at - step * 0.4, lengths, line[:, i]) for i in (0, 1)]
    angle = np.arctan2(ahead[0] - behind[0], ahead[1] - behind[1])
    return np.stack([row, col, angle], axis=1)


class Bed:
    """The wet mortar: which spots are taken already."""

    def __init__(self, shape: tuple[int, int], step: float) -> None:
        self.taken = np.zeros(shape, bool)
        reach = int(step * 0.75) + 1
        v, u = np.mgrid[-reach : reach + 1, -reach : reach + 1]
        self.reach, self.stamps = reach, []
        for k in range(DIRECTIONS):
            c, s = np.cos(k * np.pi / 2 / DIRECTIONS), np.sin(k * np.pi / 2 / DIRECTIONS)
            a, b = np.abs(u * c + v * s), np.abs(v * c - u * s)
            self.stamps.append(np.maximum(a, b) <= step * 0.47)

    def claim(self, row: float, col: float, angle: float, limit: float = 0.16) -> bool:
        """Take the spot of one tile, unless others cover more than `limit` of it."""
        r, c, reach = int(row), int(col), self.reach
        inside = np.array([r, c]) - reach >= 0
        if not inside.all() or np.any(np.array([r, c]) + reach >= self.taken.shape):
            return False
        stamp = self.stamps[round(angle / (np.pi / 2) * DIRECTIONS) % DIRECTIONS]
        spot = self.taken[r - reach : r + reach + 1, c - reach : c + reach + 1]
        if (spot & stamp).sum() > limit * stamp.sum():
            return False
        spot |= stamp
        return True


def lay_tiles(areas: Array, rng: Rng, step: float) -> Array:
    """Return tiles (n, 4): row, column, angle, size; rows along outlines first, then fillings."""
    pad = int(step) + 2
    bed = Bed(tuple(np.add(areas.shape, 2 * pad)), step)
    tiles = []
    for row, col, angle in np.concatenate(_rows(areas, step)):
        if bed.claim(row + pad, col + pad, angle):
            tiles.append((row, col, angle, step))
    small = Bed(bed.taken.shape, step * 0.62)
    small.taken = bed.taken
    gaps = np.argwhere(~ndimage.binary_dilation(bed.taken, iterations=2)[pad:-pad, pad:-pad])
    for row, col in rng.permutation(gaps):
        angle = rng.uniform(0, np.pi / 2)
        if not bed.taken[row + pad, col + pad] and small.claim(row + pad, col + pad, angle, 0.12):
            tiles.append((row, col, angle, step * 0.66))
    return np.array(tiles)


def _corners(tile: Array, rng: Rng) -> Array:
    """Return the corners (4, 2), x, y in pixels, of one tile as a hand would cut it."""
    row, col, angle, size = tile
    half = size * 0.455
    u = np.array([-1, 1, 1, -1]) * half * rng.uniform(0.9, 1.06) + rng.normal(0, size * 0.035, 4)
    v = np.array([-1, -1, 1, 1]) * half * rng.uniform(0.88, 1.04) + rng.normal(0, size * 0.035, 4)
    angle = angle + rng.normal(0, 0.06)
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([col + u * c - v * s, row + u * s + v * c], axis=1)


def _tile_colours(design: Design, tiles: Array, rng: Rng) -> Array:
    """Return the colours (n, 3): each stone its own, gold leaf bright or dull as it tilts."""
    at = np.clip(tiles[:, :2].astype(int), 0, np.array(design.areas.shape) - 1)
    area = design.areas[at[:, 0], at[:, 1]]
    n, gold = len(tiles), area == 0
    value = 1 + np.where(gold, 0.13, 0.10) * rng.normal(0, 1, n)
    colours = design.table[area] * value[:, None] + rng.normal(0, 0.022, (n, 3))
    glint, dull = gold & (rng.random(n) < 0.10), gold & (rng.random(n) < 0.10)
    colours[glint] = colours[glint] * 0.45 + rgb("fff1b8") * 0.55
    colours[dull] *= rgb("b98a5a") * 1.15
    return np.clip(colours, 0, 1)


def mosaic(rng: Rng, width: int, height: int) -> Array:
    """Lay peacocks in a garden in stone and gold, uint8 (height, width, 3)."""
    fine = 2
    design = peacock_garden(rng, width * fine, height * fine)
    tiles = lay_tiles(design.areas, rng, TILE * height * fine)
    image = Image.new("I", (width * fine, height * fine))
    draw = ImageDraw.Draw(image)
    for number, tile in enumerate(tiles, 1):
        draw.polygon([tuple(p) for p in _corners(tile, rng)], fill=number)
    numbers = np.asarray(image)
    table = np.concatenate([[rgb("3a3029")], _tile_colours(design, tiles, rng)])
    return shrink(_bevel(table[numbers], numbers, rng), width, height)


def _bevel(picture: Array, numbers: Array, rng: Rng) -> Array:
    """Light the tiles' edges from the upper left and roughen stone and mortar."""
    solid = numbers > 0
    seam = ndimage.maximum_filter(numbers, 3) != ndimage.minimum_filter(numbers, 3)
    inside = ndimage.distance_transform_edt(solid & ~seam)
    relief = np.sqrt(np.minimum(inside, 4.0) / 4.0) * 1.6
    relief = ndimage.gaussian_filter(relief + 0.10 * rng.normal(size=relief.shape), 0.7)
    down, right = np.gradient(relief)
    light = 1 + 0.55 * np.clip((down + right), -0.6, 0.6)
    grain = ndimage.gaussian_filter(rng.normal(size=relief.shape), 1.0) * 0.10
    picture = picture * (light + grain)[..., None]
    x, y = grid(numbers.shape[1], numbers.shape[0])
    glow = 1.24 - 0.34 * (((x - 0.55) / 0.9) ** 2 + ((y - 0.38) / 0.75) ** 2)
    return picture * glow[..., None]


def _seams(areas: Array) -> tuple[Array, Array]:
    """Return the distances, in heights, to the nearest seam and to the nearest joint of three."""
    seam = ndimage.maximum_filter(areas, 3) != ndimage.minimum_filter(areas, 3)
    seam[[0, -1]] = seam[:, [0, -1]] = True
    near = [np.roll(areas, (i, j), (0, 1)) for i in (0, 1) for j in (0, 1)]
    near = np.sort(np.stack(near), axis=0)
    joints = (np.diff(near, axis=0) != 0).sum(axis=0) >= 2
    height = areas.shape[0]
    return (
        ndimage.distance_transform_edt(~seam) / height,
        ndimage.distance_transform_edt(~joints) / height,
    )


def _pane_light(design: Design, rng: Rng, seam: Array) -> Array:
    """Return the glass lit from behind: streaks, waves and dirt along the lead."""
    height, width = design.areas.shape
    x, y = grid(width, height)
    n = len(design.colours)
    turn, offset = rng.uniform(0, np.pi, n), rng.uniform(0, 9, (n, 2))
    c, s = np.cos(turn)[design.areas], np.sin(turn)[design.areas]
    u = x * c + y * s + offset[:, 0][design.areas]
    v = y * c - x * s + offset[:, 1][design.areas]
    streak, wave = make_noise(rng, 0.05, 2), make_noise(rng, 0.02, 2)
    streaks = streak(u * 0.35, v * 2.2)
    light = 1.0 + 0.20 * streaks + 0.07 * wave(u, v)
    light *= 0.72 + 0.34 * smoothstep(0.0, 0.022, seam)
    tone = design.table[design.areas]
    swirl = smoothstep(0.1, 0.9, streak(u * 0.6 + 4, v * 1.6))[..., None]
    tone = tone + swirl * 0.16 * (np.roll(tone, 1, axis=-1) * 0.3 + 0.7 - tone)
    return np.clip(tone, 0, 1) ** 1.15 * light[..., None]


def _lead(distance: Array, joints: Array, rng: Rng) -> tuple[Array, Array]:
    """Return coverage and brightness of the lead came."""
    height, width = distance.shape
    x, y = grid(width, height)
    wobble = make_noise(rng, 0.03, 2)
    half = LEAD * (1 + 0.16 * wobble(x, y))
    half = np.maximum(half, (0.0088 - joints * 0.55) * (joints < 0.0105))
    cover = smoothstep(half + 0.0007, half - 0.0007, distance)
    bulge = np.sqrt(np.clip(1 - (distance / half) ** 2, 0, 1)) * half * height
    bulge = ndimage.gaussian_filter(bulge, height / 900)
    down, right = np.gradient(bulge)
    shade = 0.115 + 0.16 * np.clip(down + right, -0.4, 1.2) + 0.02 * wobble(x * 3, y * 3)
    return cover, np.clip(shade, 0.02, 0.5)


def stained_glass(rng: Rng, width: int, height: int) -> Array:
    """Lead a sunrise between mountains into a window, uint8 (height, width, 3)."""
    fine = 2
    design = sunrise_window(rng, width * fine, height * fine)
    seam, joints = _seams(design.areas)
    glass = _pane_light(design, rng, seam)
    x, y = grid(width * fine, height * fine)
    sun = 1.24 - 0.40 * np.clip(np.hypot(x - 0.667, (y - 0.47) * 1.2) / 0.85, 0, 1)
    glass = np.clip(glass * sun[..., None], 0, 1.2)
    cover, shade = _lead(seam, joints, rng)
    picture = mix(glass, shade[..., None] * rgb("e8ecf6"), cover)
    radius = 0.010 * height * fine
    halo = ndimage.gaussian_filter(np.clip(picture - 0.35, 0, 1), (radius, radius, 0))
    return shrink(1 - (1 - np.clip(picture, 0, 1)) * (1 - 0.30 * halo), width, height)
