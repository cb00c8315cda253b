"""A pen that draws on a turned head: points of the face go to the picture through its depth.

Lengths are half heads as in `training.people`; the picture's middle is the head's.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

try:
    import skia
except ImportError as error:
    raise ImportError(
        f"skia-python cannot be loaded ({error}); install it by: pip install -e .[training]; "
        "where libEGL or libGL is missing: apt install libegl1 libgl1"
    ) from error

from training.people import Colour, Identity, Shot

DEPTH = 0.72  # of the face in front of the ears
CHIN_DEPTH = 0.42
PERSPECTIVE = 0.10  # how much nearer parts grow
PIVOT = 0.1  # the height about which the head turns
Place = tuple[float, float]
Points = Sequence[tuple[float, float]] | np.ndarray


def colour4(colour: Colour, alpha: float = 1.0) -> skia.Color4f:
    """Return skia's colour of RGB in 0 to 1."""
    r, g, b = (min(max(c, 0.0), 1.0) for c in colour)
    return skia.Color4f(r, g, b, min(max(alpha, 0.0), 1.0))


def shade(colour: Colour, amount: float) -> Colour:
    """Return a darker (amount < 0, cooler) or lighter (amount > 0, warmer) colour."""
    r, g, b = colour
    if amount < 0:
        k = 1 + amount
        return (r * k, g * k * (1 + 0.10 * amount), b * k * (1 + 0.02 * amount))
    return (r + (1 - r) * amount, g + (0.97 - g) * amount, b + (0.92 - b) * amount)


def luminance(colour: Colour) -> float:
    """Return how bright a colour looks, 0 to 1."""
    return 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]


def smooth(points: np.ndarray, closed: bool = True) -> skia.Path:
    """Return the smooth curve through points, (n, 2), as a Catmull-Rom spline."""
    path, knots = skia.Path(), points.tolist()
    before, after = (knots[-1], knots[:2]) if closed else (knots[0], [knots[-1]])
    knots = [before, *knots, *after]
    path.moveTo(*knots[1])
    for a, b, c, d in zip(knots, knots[1:], knots[2:], knots[3:], strict=False):
        path.cubicTo(
            b[0] + (c[0] - a[0]) / 6, b[1] + (c[1] - a[1]) / 6,
            c[0] - (d[0] - b[0]) / 6, c[1] - (d[1] - b[1]) / 6, c[0], c[1],
        )  # fmt: skip
    if closed:
        path.close()
    return path


def polygon(points: np.ndarray) -> skia.Path:
    """Return the closed path of straight lines through points, (n, 2)."""
    return skia.Path().addPoly([skia.Point(*p) for p in points.tolist()], True)


def resample(points: np.ndarray, n: int) -> np.ndarray:
    """Return n points evenly spaced along a line through points, (n, 2)."""
    points = np.asarray(points, float)
    steps = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0], np.cumsum(steps)])
    at = np.linspace(0, along[-1], n)
    return np.stack([np.interp(at, along, points[:, 0]), np.interp(at, along, points[:, 1])], 1)


def moved(points: np.ndarray, right: float, down: float) -> np.ndarray:
    """Return points moved to the right and down."""
    return points + np.array([right, down])


def ring(at: Place, radii: Place, turn: float = 0.0, n: int = 12) -> np.ndarray:
    """Return n points of an ellipse about a place, (n, 2)."""
    (x, y), (rx, ry) = at, radii
    a = np.linspace(0, 2 * np.pi, n, endpoint=False)
    u, v = rx * np.cos(a), ry * np.sin(a)
    return np.stack(
        [x + u * np.cos(turn) - v * np.sin(turn), y + u * np.sin(turn) + v * np.cos(turn)], 1
    )


def mirror(points: Points, side: int) -> np.ndarray:
    """Return points of the right half (side 1) or their mirror image (side -1)."""
    return np.asarray(points, float) * (side, 1)


class Pen:
    """Draws paths, and maps points of the head to the picture."""

    def __init__(self, canvas: skia.Canvas, identity: Identity, shot: Shot) -> None:
        self.canvas, self.identity, self.shot = canvas, identity, shot
        self.sin_yaw, self.cos_yaw = np.sin(np.radians(shot.yaw)), np.cos(np.radians(shot.yaw))
        self.sin_pitch, self.cos_pitch = (
            np.sin(np.radians(shot.pitch)),
            np.cos(np.radians(shot.pitch)),
        )
        self.width = identity.head.width

    def turn(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return where points of space lie in the picture, (n, 2)."""
        x, z = x * self.cos_yaw + z * self.sin_yaw, z * self.cos_yaw - x * self.sin_yaw
        y = y - PIVOT
        y, z = y * self.cos_pitch + z * self.sin_pitch, z * self.cos_pitch - y * self.sin_pitch
        near = 1 + PERSPECTIVE * (z - 0.4)
        places = np.empty((len(x), 2))
        places[:, 0], places[:, 1] = x * near, y * near + PIVOT
        return places

    def face(self, points: Points, lift: float | np.ndarray = 0.0) -> np.ndarray:
        """Map points on the face's curved surface, `lift` in front of it."""
        x, y = np.asarray(points, float).T
        radius = (x / (1.06 * self.width)) ** 2 + (y / 1.3) ** 2
        return self.turn(x, y, DEPTH * np.sqrt(np.clip(1 - radius, 0.03, 1)) + lift)

    def rim(self, points: Points, depth: float | None = None) -> np.ndarray:
        """Map points of the head's outline, which stays as wide when the head turns."""
        x, y = np.asarray(points, float).T
        t = np.clip((y - 0.15) / 0.85, 0, 1)
        z = CHIN_DEPTH * t * t * (3 - 2 * t) if depth is None else np.full_like(x, depth)
        return self.turn(x / self.cos_yaw, y / self.cos_pitch, z)

    def paint(self, colour: Colour, alpha: float = 1.0, blur: float = 0.0) -> skia.Paint:
        """Return the paint of a colour with soft edges."""
        paint = skia.Paint(AntiAlias=True)
        paint.setColor4f(colour4(colour, alpha))
        if blur > 0:
            paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur))
        return paint

    def fill(self, path: Any, colour: Colour, alpha: float = 1.0, blur: float = 0.0) -> None:
        """Fill a path, or the smooth curve through points."""
        path = smooth(path) if isinstance(path, np.ndarray) else path
        self.canvas.drawPath(path, self.paint(colour, alpha, blur))

    def line(
        self, path: Any, colour: Colour, width: float, alpha: float = 1.0, blur: float = 0.0
    ) -> None:
        """Stroke a path, or the smooth open curve through points, with round ends."""
        path = smooth(path, closed=False) if isinstance(path, np.ndarray) else path
        paint = self.paint(colour, alpha, blur)
        paint.setStyle(skia.Paint.kStroke_Style)
        paint.setStrokeWidth(width)
        paint.setStrokeCap(skia.Paint.kRound_Cap)
        self.canvas.drawPath(path, paint)

    def gradient(self, path: Any, a: Place, b: Place, colours: Sequence[Colour]) -> None:
        """Fill a path with colours from a point to another."""
        path = smooth(path) if isinstance(path, np.ndarray) else path
        paint = skia.Paint(AntiAlias=True)
        stops = [colour4(c).toColor() for c in colours]
        paint.setShader(skia.GradientShader.MakeLinear([skia.Point(*a), skia.Point(*b)], stops))
        self.canvas.drawPath(path, paint)

    def glow(
        self, at: Place, radius: float, colour: Colour, alpha: float, inside: bool = False
    ) -> None:
        """Lay a soft disc over what is there; `inside` keeps to what is drawn in the layer."""
        stops = [colour4(colour, alpha).toColor(), colour4(colour, alpha * 0.45).toColor()]
        stops.append(colour4(colour, 0).toColor())
        shader = skia.GradientShader.MakeRadial(skia.Point(*at), radius, stops)
        paint = skia.Paint(AntiAlias=True, Shader=shader)
        if inside:
            paint.setBlendMode(skia.BlendMode.kSrcATop)
        self.canvas.drawCircle(*at, radius, paint)
