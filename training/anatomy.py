"""The curves of a face, before the head turns: outline, lips, lids, lenses.

Lengths are half heads as in `training.people`.
"""

import numpy as np

from training.pen import Pen, mirror


def outline(pen: Pen) -> np.ndarray:
    """Return the head's outline, clockwise from the crown, before it is turned."""
    h = pen.identity.head
    w, open_ = h.width, 0.07 * pen.shot.mouth_open
    chin, jaw = h.chin + open_, h.jaw_height + open_ * 0.5
    right = [
        (w * 0.50, -h.skull * 0.915),
        (w * 0.85 * h.temple, -h.skull * 0.63),
        (w * h.temple * 0.98, -0.27),
        (w, 0.08),
        (w * (0.96 + h.cheek), 0.36),
        (w * h.jaw, jaw),
        (w * h.jaw * 0.58 + h.chin_width * 0.36, 0.58 * chin + 0.42 * jaw + 0.02),
        (h.chin_width * 0.75, chin * 0.955),
    ]
    ends = [(0, -h.skull)], [(0, chin)]
    return np.concatenate([ends[0], mirror(right, 1), ends[1], mirror(right, -1)[::-1]])


def mouth_place(pen: Pen) -> float:
    """Return the height of the line between the lips."""
    nose, chin = pen.identity.nose.length, pen.identity.head.chin
    return nose + (chin - nose) * pen.identity.mouth.place


def lips(pen: Pen) -> dict[str, np.ndarray]:
    """Return the curves of the lips, left to right, on the face."""
    m, shot, y = pen.identity.mouth, pen.shot, mouth_place(pen)
    smile = shot.smile
    w = m.width * (1 + 0.16 * smile - 0.10 * shot.mouth_open)
    lift = m.corner - 0.075 * smile
    gap = 0.17 * shot.mouth_open + 0.035 * max(0, smile - 0.45)
    thin = 1 - 0.22 * max(smile, 0)
    up, low = m.upper * thin, m.lower * thin
    x = np.array([-1, -0.72, -0.36, -0.14, 0, 0.14, 0.36, 0.72, 1]) * w
    bend = lift * (np.abs(x / w) ** 1.6) - lift * 0.35
    swell = np.array([0, 0.45, 0.8, 1.0, 1 - 0.45 * m.bow, 1.0, 0.8, 0.45, 0])
    arch = np.array([0, 0.5, 0.88, 0.98, 1, 0.98, 0.88, 0.5, 0])
    middle = np.array([0, 0, 0, 0.1, 0.3, 0.1, 0, 0, 0]) * 0.03
    rise = 0.25 * gap
    curves = {
        "top": y + bend - up * swell - rise * arch,
        "upper": y + bend + middle - rise * arch,
        "lower": y + bend + middle + (gap - rise) * arch,
        "bottom": y + bend + (gap - rise) * arch + low * arch,
    }
    return {name: np.stack([x, curve], 1) for name, curve in curves.items()}


def lids(pen: Pen, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the upper and the lower lid's edge, from the inner to the outer corner."""
    e, shot = pen.identity.eyes, pen.shot
    shut = shot.squint
    up = e.opening * (1 - 0.98 * shut) * (1 + 0.12 * shot.brow_raise)
    low = e.opening * e.lower * (1 - 0.55 * shut) * (1 - 0.15 * max(shot.smile, 0))
    t = np.linspace(-1, 1, 9)
    hill = (1 - np.abs(t) ** 2.2) * (1 + e.peak * t * 0.6)
    dip = (1 - np.abs(t) ** 2.4) * (1 + 0.25 * t)
    slope = -e.tilt * t * e.width * 0.6
    x = e.spacing + t * e.width
    upper = np.stack([x, slope - up * hill + low * 0.25 * shut], 1)
    lower = np.stack([x, slope + low * dip], 1)
    return mirror(upper, side), mirror(lower, side)


def lens(shape: str, size: float) -> np.ndarray:
    """Return the outline of a right lens about its centre."""
    a = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    u, v = np.cos(a), np.sin(a)
    power = {"round": 1.0, "square": 0.5, "wide": 0.55, "cat": 0.7, "aviator": 0.85}[shape]
    rx, ry = {"round": (0.205, 0.2), "square": (0.22, 0.175), "wide": (0.235, 0.125),
              "cat": (0.225, 0.155), "aviator": (0.225, 0.2)}[shape]  # fmt: skip
    x = rx * np.sign(u) * np.abs(u) ** power
    y = ry * np.sign(v) * np.abs(v) ** power
    y = y - (0.3 * np.clip(x, 0, 1) * (v < 0.3) if shape == "cat" else 0)
    x = x - (0.16 * np.clip(y, -0.05, 1) if shape == "aviator" else 0)
    return np.stack([x, y], 1) * size
