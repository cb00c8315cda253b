"""A woodcut of a breaking wave: flat inks, carved lines, the grain of the block."""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage
from scipy.interpolate import CubicSpline

from training.brushes import (
    Array,
    Block,
    bezier,
    grid,
    make_noise,
    mix,
    ramp,
    rgb,
    shrink,
    smoothstep,
)

Rng = np.random.Generator

INDIGO, BLUE, PALE = rgb("122a4a"), rgb("2a6492"), rgb("8cbccb")
CREAM, RED, PEACH = rgb("f3e6cb"), rgb("d2452b"), rgb("f0b184")
FINE = 3  # supersampling


def _sky(rng: Rng, width: int, height: int) -> Array:
    """Return the sky: a hand-wiped gradient over the grain of the block."""
    x, y = grid(width, height)
    sky = ramp(np.clip(y / 0.62, 0, 1), "2a5a86 5f96b0 b9cdbf f3e0bd f3c79a eda877")
    grain, knots = make_noise(rng, 0.22, 2), make_noise(rng, 0.9, 2)
    rings = np.sin((y * 60 + 7 * grain(x * 0.25, y) + 10 * knots(x * 0.5, y)) * 2.2)
    return np.clip(sky * (1 + 0.028 * rings[..., None]), 0, 1)


def _sun(block: Block, cx: float, cy: float) -> None:
    """Print the sun, cut across by lines that widen towards the sea."""
    block.spot(cx, cy, 0.135, RED)
    for k in range(7):
        y = cy + 0.01 + 0.018 * k
        half = np.sqrt(0.135**2 - (y - cy) ** 2) - 0.001
        thick = 0.0015 + 0.0011 * k
        path = np.stack(
            [np.linspace(cx - half, cx + half, 30), y + 0.002 * np.sin(np.linspace(0, 9, 30) + k)],
            axis=1,
        )
        block.line(path, thick, PEACH)


def _clouds(block: Block, rng: Rng) -> None:
    """Print long clouds of lens-shaped strips."""
    for middle, cy, size in (
        (1.13, 0.12, 0.20),
        (0.20, 0.10, 0.22),
        (0.90, 0.475, 0.22),
        (0.33, 0.36, 0.16),
    ):
        cx = middle + rng.uniform(-0.05, 0.05)
        for k in range(5):
            y = cy + (k - 2) * size * 0.085
            half = size * (1 - 0.28 * abs(k - 2.3)) * rng.uniform(0.7, 1.0)
            shift = rng.uniform(-0.25, 0.25) * size
            path = np.stack(
                [np.linspace(cx - half + shift, cx + half + shift, 40), np.full(40, y)], axis=1
            )
            taper = np.sin(np.linspace(0, np.pi, 40)) ** 0.5
            block.line(path, size * 0.088 * taper + 0.0005, CREAM)


def _islands(block: Block, rng: Rng) -> None:
    """Print two wooded islands on the horizon, and a sail before them."""
    for low, high, top, tone in ((0.93, 1.50, 0.515, 0.75), (0.76, 1.16, 0.565, 0.45)):
        t = np.linspace(0, 1, 60)
        hump = np.sin(np.pi * t) ** 1.4 * (1 + 0.22 * np.sin(t * 13 + rng.uniform(0, 6)))
        shore = np.stack([low + (high - low) * t, 0.635 - (0.635 - top) * hump], axis=1)
        block.fill(
            np.concatenate([shore, [[high, 0.7], [low, 0.7]]]), PALE * tone + BLUE * (1 - tone)
        )
        for k in range(1, 7):
            path = shore + np.array([0, 0.012 * k])
            block.line(path, 0.0034 * np.clip(np.sin(t * 9 + k * 2.1), 0.03, 1), BLUE * 0.8)
        block.line(shore, 0.004, INDIGO)
    x, y = 0.73, 0.635
    block.fill([(x, y - 0.075), (x + 0.038, y - 0.012), (x, y - 0.008)], CREAM)
    block.fill([(x - 0.004, y - 0.066), (x - 0.03, y - 0.012), (x - 0.004, y - 0.009)], RED)
    block.fill(
        [
            (x - 0.036, y - 0.006),
            (x + 0.044, y - 0.006),
            (x + 0.03, y + 0.012),
            (x - 0.024, y + 0.012),
        ],
        INDIGO,
    )


def _crest(rng: Rng, level: float, height: float, count: float, lean: float) -> Array:
    """Return the line (n, 2) of a swell with sharp, leaning crests."""
    t = np.linspace(-0.4, 1.8, 400)
    k = 2 * np.pi * count / 1.33
    phase = rng.uniform(0, 2 * np.pi)
    size = height * (1 + 0.3 * np.sin(t * 3.1 + phase))
    peak = np.cos(k * t + phase)
    x = t - 0.9 * size * np.sin(k * t + phase) + lean * size * peak
    return np.stack([x, level - size * peak], axis=1)


def _swell(block: Block, rng: Rng, crest: Array, tones: tuple[Array, ...], gap: float) -> None:
    """Print one swell: its colour, then the carved lines that follow its crest downwards."""
    below = np.array([[crest[-1, 0], 1.3], [crest[0, 0], 1.3]])
    block.fill(np.concatenate([crest, below]), tones[0])
    rough = make_noise(rng, 0.14, 3)
    lines = 10
    for k in range(lines):
        drop = gap * (k + 0.55) * (1 + 0.05 * k)
        path = crest.copy()
        mean = crest[:, 1].mean()
        path[:, 1] = mean + (crest[:, 1] - mean) * np.exp(-0.09 * k) + drop
        value = rough(path[:, 0] * 0.8, path[:, 1] * 2.0 + k)
        widths = gap * np.clip(0.42 + 0.55 * value, 0.0, 0.72) * (1 - 0.25 * k / lines)
        block.line(path, np.maximum(widths, 0.0004), tones[1 + k % (len(tones) - 1)])
    block.line(crest, 0.0055, INDIGO)


def _finger(rng: Rng, root: Array, s: float) -> tuple[Array, list[tuple[float, float, float]]]:
    """Return the path (14, 2) of one hooked foam finger of size s, and discs (x, y, radius)."""
    at, reach = root[:2], root[2:]
    turn = rng.normal(0, 0.35)
    c, w = np.cos(turn), np.sin(turn)
    ahead = np.array([reach[0] * c - reach[1] * w, reach[0] * w + reach[1] * c]) * s
    aside = np.array([-ahead[1], ahead[0]])
    hook = ((-0.3, 0.0), (0.7, -0.1), (1.1, 0.2), (1.0, 0.45))
    path = bezier(*(tuple(at + u * ahead + v * aside) for u, v in hook), n=14)
    near = at + rng.normal(0, 0.2, 2) * s
    return path, [(*path[8], s * 0.20), (*near, s * 0.36)]


def _foam(block: Block, rng: Rng, roots: Array, size: float) -> None:
    """Print foam fingers from roots (n, 4): x, y and the direction they reach to."""
    hooks, spots = [], []
    for root in np.repeat(roots, 3, axis=0):
        s = size * rng.uniform(0.6, 1.25)
        path, discs = _finger(rng, root, s)
        hooks.append((path, np.linspace(s * 0.62, s * 0.10, 14)))
        spots += discs
    for rim, colour in ((0.0062, INDIGO), (0.0, CREAM)):
        for path, widths in hooks:
            block.line(path, widths + rim, colour)
        for x, y, r in spots:
            block.spot(x, y, r + rim / 2, colour)
    for path, widths in hooks:
        inner = path + rng.normal(0, size * 0.03, 2)
        block.line(inner[2:11], widths[2:11] * 0.20, PALE)


def _roots(path: Array, low: float, high: float, count: int, sense: int) -> Array:
    """Return foam roots along part of a path, reaching to one side and forwards."""
    at = np.linspace(low, high, count) * (len(path) - 1)
    ids = at.astype(int)
    tangent = np.gradient(path, axis=0)[ids]
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-9
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1) * sense
    reach = 0.6 * normal + 0.8 * tangent
    return np.concatenate([path[ids], reach], axis=1)


def _spline(points: Sequence[tuple[float, float]], n: int = 160) -> Array:
    """Return n points (n, 2) on a smooth curve through the given ones."""
    points = np.asarray(points, float)
    t = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T) ** 0.5)])
    return CubicSpline(t, points)(np.linspace(0, t[-1], n))


def _breaker(block, rng):
    """Print the great wave that rises on the left and curls over to the right."""
    tip = np.array([0.735, 0.315]) + rng.uniform(-0.02, 0.02, 2)
    back = _spline(
        [
            (-0.32, 1.10),
            (-0.04, 0.72),
            (0.14, 0.44),
            (0.28, 0.22),
            (0.46, 0.115),
            (0.62, 0.145),
            (0.71, 0.22),
            tuple(tip),
        ]
    )
    face = _spline(
        [
            (1.55, 0.92),
            (1.20, 0.925),
            (0.90, 0.88),
            (0.66, 0.775),
            (0.52, 0.60),
            (0.475, 0.42),
            (0.53, 0.285),
            (0.63, 0.245),
            tuple(tip),
        ]
    )
    floor = np.array([[1.55, 1.3], [-0.25, 1.3]])
    block.fill(np.concatenate([back, face[::-1], floor]), INDIGO)
    _lanes(block, rng, back, face)
    block.line(back, 0.007, INDIGO)
    block.line(face[40:], 0.007, INDIGO)
    _foam(block, rng, _roots(back, 0.50, 0.985, 18, 1), 0.036)
    _foam(block, rng, _roots(face, 0.80, 0.99, 12, -1), 0.030)
    _foam(block, rng, _roots(back, 0.80, 1.0, 9, 1), 0.046)
    _spray(block, rng, back)


def _lanes(block: Block, rng: Rng, back: Array, face: Array) -> None:
    """Print the stripes of water that sweep up between the face and the back of the wave."""
    count = 30
    tones = [BLUE, PALE, INDIGO, PALE, BLUE, CREAM, INDIGO, CREAM]
    lanes = np.linspace(0, 1, count + 1)[:, None, None] ** 0.9
    curves = (1 - lanes) * face + lanes * back
    wobble = make_noise(rng, 0.2, 2)
    t = np.linspace(0, 1, len(back))[:, None]
    for k in range(count):
        sway = 0.5 + 0.30 * wobble(t * 1.3, t * 0 + k * 0.37)
        split = curves[k] * (1 - sway) + curves[k + 1] * sway
        block.fill(np.concatenate([curves[k], split[::-1]]), tones[k % len(tones)])
    for k in range(0, count, 2):
        block.line(curves[k], np.linspace(0.0042, 0.0012, len(back)), INDIGO)


def _spray(block: Block, rng: Rng, back: Array) -> None:
    """Print the drops that fly above the crest."""
    for _ in range(90):
        near = back[int(rng.beta(3, 1.6) * (len(back) - 1))]
        x, y = near + rng.normal(0, 0.045, 2) + np.array([0.035, -0.030])
        if y < np.interp(x, back[:140, 0], back[:140, 1]) - 0.012 or x > 0.74:
            r = 0.0016 + 0.0036 * rng.random() ** 2
            block.spot(x, y, r + 0.0016, INDIGO)
            block.spot(x, y, r, CREAM)


def _gulls(block: Block) -> None:
    """Print three gulls."""
    for cx, cy, s in ((0.93, 0.12, 0.034), (1.02, 0.17, 0.024), (0.84, 0.075, 0.020)):
        wing = np.concatenate(
            [
                bezier((cx - s, cy - s * 0.15), (cx - s * 0.5, cy - s * 0.7), (cx, cy), n=16),
                bezier((cx, cy), (cx + s * 0.5, cy - s * 0.75), (cx + s, cy - s * 0.3), n=16)[1:],
            ]
        )
        block.line(wing, s * 0.02 + s * 0.16 * np.sin(np.linspace(0, np.pi, len(wing))), INDIGO)


def _caps(block: Block, rng: Rng, crest: Array) -> None:
    """Print foam on the peaks of a swell."""
    y = crest[:, 1]
    for i in range(14, len(crest) - 10):
        if y[i] == y[i - 2 : i + 3].min():
            at = crest[i - 14 : i + 10 : 4]
            _foam(block, rng, np.concatenate([at, np.tile([[0.8, -0.35]], (6, 1))], axis=1), 0.030)


def woodcut_waves(rng: Rng, width: int, height: int) -> Array:
    """Print a breaking wave before a red sun, uint8 (height, width, 3)."""
    block = Block(_sky(rng, width * FINE, height * FINE))
    _clouds(block, rng)
    _sun(block, 1.02, 0.33)
    _gulls(block)
    _islands(block, rng)
    crest = _crest(rng, 0.645, 0.018, 5, 0.8)
    _swell(block, rng, crest, (PALE, BLUE, CREAM), 0.013)
    crest = _crest(rng, 0.735, 0.034, 3, 1.0)
    _swell(block, rng, crest, (BLUE, PALE, INDIGO, CREAM), 0.016)
    _breaker(block, rng)
    crest = _crest(rng, 0.895, 0.038, 2.0, 1.0)
    _swell(block, rng, crest, (INDIGO, PALE, BLUE, CREAM), 0.017)
    _caps(block, rng, crest)
    return shrink(_printed(block.picture, rng), width, height)


def _printed(picture: Array, rng: Rng) -> Array:
    """Add what wood, paper and hand do to flat ink, and the paper's margin."""
    height, width = picture.shape[:2]
    x, y = grid(width, height)
    grain, blot = make_noise(rng, 0.010, 2), make_noise(rng, 0.09, 3)
    dark = 1 - picture.mean(axis=-1)
    mottle = 0.05 * grain(x * 0.12, y) + 0.045 * blot(x, y)
    picture = picture + (mottle * (0.35 + dark))[..., None]
    fibre = ndimage.gaussian_filter(rng.normal(size=dark.shape), (1.0, 3.0))
    picture = picture + 0.06 * fibre[..., None]
    edge = np.minimum(np.minimum(x, width / height - x), np.minimum(y, 1 - y))
    edge = edge + 0.0004 * grain(x, y)
    line = smoothstep(0.021, 0.022, edge) * smoothstep(0.026, 0.025, edge)
    sheet = rgb("efe2c8") * (1 + 0.04 * fibre[..., None] + 0.02 * blot(x, y)[..., None])
    picture = mix(sheet, picture, smoothstep(0.0215, 0.0225, edge))
    return mix(picture, INDIGO, line)
