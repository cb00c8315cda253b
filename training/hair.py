"""Draw hair and beards: a cut is an outer curve, an inner curve (the hair line) and strands."""

from dataclasses import dataclass

import numpy as np

from training.anatomy import lips, mouth_place, outline
from training.pen import Pen, mirror, moved, resample, ring, shade, skia, smooth
from training.people import Colour, Hair, mix

SIDES = (-1, 1)


@dataclass(frozen=True)
class Cut:
    """How a cut differs from the others; lengths in half heads."""

    top: float  # height above the skull
    side: float  # width beside the skull
    front: str = "line"  # line, sweep, fringe, curtain, up
    end: float = 0.12  # how far down the front hair reaches at the sides
    back: str = "none"  # none, straight, wavy, curly, ball, tail, bun
    texture: str = "straight"  # straight, wavy, curly, coil, stubble
    flow: str = "across"  # strands run along the head (across) or away from the brow (up)


CUTS = {
    "bald": Cut(0, 0, front="none"),
    "ring": Cut(0.0, 0.035, front="ring", end=0.18, flow="across"),
    "buzz": Cut(0.012, 0.008, texture="stubble", end=0.05),
    "crop": Cut(0.085, 0.03, front="fringe_short", flow="up"),
    "side_part": Cut(0.12, 0.035, front="sweep"),
    "quiff": Cut(0.24, 0.02, front="up", flow="up"),
    "slick": Cut(0.06, 0.02, front="line", flow="up"),
    "curls": Cut(0.17, 0.08, front="fringe_short", texture="curly"),
    "afro": Cut(0.30, 0.22, front="line", back="ball", texture="coil"),
    "locs": Cut(0.10, 0.07, front="line", end=0.25, back="locs", texture="locs", flow="up"),
    "pixie": Cut(0.11, 0.045, front="sweep", end=0.3),
    "bob": Cut(0.10, 0.11, front="curtain", end=0.78, back="straight"),
    "fringe_bob": Cut(0.10, 0.12, front="fringe", end=0.72, back="straight"),
    "long": Cut(0.09, 0.08, front="curtain", end=1.7, back="straight"),
    "long_fringe": Cut(0.09, 0.09, front="fringe", end=1.6, back="straight"),
    "wavy": Cut(0.14, 0.15, front="curtain", end=1.4, back="wavy", texture="wavy"),
    "ponytail": Cut(0.06, 0.02, front="line", back="tail", flow="up"),
    "bun": Cut(0.06, 0.02, front="line", back="bun", flow="up"),
    "braids": Cut(0.06, 0.03, front="part", end=0.2, back="braids"),
    "scarf": Cut(0.10, 0.08, front="scarf"),
}


def style(pen: Pen) -> Cut:
    """Return the person's cut."""
    return CUTS[pen.identity.hair.cut]


def end_of(pen: Pen) -> float:
    """Return how far down the hair reaches: long cuts vary by the person's length."""
    cut, length = style(pen), pen.identity.hair.length
    return cut.end + (0.5 * (length - 0.5) * cut.end if cut.end > 0.5 else 0)


def outer(pen: Pen, end: float | None = None) -> np.ndarray:
    """Return the hair's outer curve from the left end over the crown to the right end."""
    cut, h, head = style(pen), pen.identity.hair, pen.identity.head
    end = end_of(pen) if end is None else end
    top, side, w, k = cut.top * h.volume, cut.side * h.volume, pen.width, head.skull
    right = [
        (w * 0.50 + side * 0.4 + top * 0.12, -(k * 0.915 + top * 0.92)),
        (w * 0.85 * head.temple + side * 0.8 + top * 0.12, -(k * 0.63 + top * 0.5)),
        (w * head.temple * 0.98 + side + 0.015, -0.27),
        (w + side * (0.6 if end < 0.2 else 1) + 0.005, min(0.05, end)),
    ]
    if end > 0.2:
        flare = side * (1.2 if cut.back == "wavy" else 0.9)
        right += [(w + flare, y) for y in np.linspace(0.3, end, 3)]
    lean = 0.05 * np.sign(h.parting) * top / 0.1 if cut.front in ("sweep", "curtain", "up") else 0
    curve = np.concatenate(
        [mirror(right, -1)[::-1], [(-lean * 0.5, -(k + top))], mirror(right, 1)]
    )
    rng = np.random.default_rng(pen.shot.seed)
    rough = 0.022 * pen.shot.muss * h.volume * rng.normal(size=(len(curve), 1)) * (top > 0.03)
    return curve * (1 + rough)


def inner(pen: Pen) -> np.ndarray:
    """Return the hair line from the left end over the brow to the right end."""
    h, cut, w = pen.identity.hair, style(pen), pen.width
    y, p = -h.line, h.parting * 0.5
    middle = np.array(HAIR_LINES[cut.front](y, p, h)) * (0.97 * w / 0.72, 1)
    side = [(w * 0.86, -0.22), (w * 0.93, 0.0)]
    end = end_of(pen)
    side += [(w * 0.94, h.sideburn), (w * 1.0, h.sideburn + 0.02)] if end < 0.2 else []
    if end >= 0.2:
        side = [(w * 0.80, -0.25), (w * 0.90, 0.1)]
        side += [(w * (0.97 - 0.1 * (y_ > 0.7)), y_) for y_ in np.linspace(0.32, end, 3)]
    return np.concatenate([mirror(side, -1)[::-1], middle, mirror(side, 1)])


def straight_line(y: float, p: float, h: Hair) -> list[tuple[float, float]]:
    """Hair combed back from the hair line."""
    r = 0.28 * h.recession
    right = [
        (0.14, y - 0.02 - r * 0.2),
        (0.30, y - r),
        (0.46, y + 0.10 - r * 0.5),
        (0.56, y + 0.24),
    ]
    return [*mirror(right, -1)[::-1].tolist(), (0, y + h.peak), *right]


def short_fringe(y: float, p: float, h: Hair) -> list[tuple[float, float]]:
    """A short fringe over a part of the forehead."""
    low = y + 0.10 + 0.16 * h.fringe
    xs = np.linspace(-0.5, 0.5, 9)
    ys = low + 0.05 * np.cos(9 * xs + 6 * p) * 0.6 + 0.35 * xs**2 * 0.4 + 0.06 * p * xs
    return np.stack([xs, ys], 1).tolist()


def full_fringe(y: float, p: float, h: Hair) -> list[tuple[float, float]]:
    """A fringe down to the brows."""
    low = -0.33 + 0.16 * (h.fringe - 0.3)
    xs = np.linspace(-0.52, 0.52, 11)
    ys = low + 0.02 * np.cos(17 * xs + 5 * p) - 0.25 * xs**2 * (1 - h.fringe)
    return np.stack([xs, ys], 1).tolist()


def sweep(y: float, p: float, h: Hair) -> list[tuple[float, float]]:
    """Hair swept from a parting over the forehead to the other side."""
    s = 1 if p >= 0 else -1
    low = 0.10 + 0.2 * h.fringe
    p = max(abs(p), 0.1)
    curve = [
        (0.56, y + 0.22), (0.42, y + 0.04), (p + 0.05, y - 0.03), (p - 0.10, y - 0.01),
        (-0.08, y + 0.4 * low), (-0.30, y + 0.8 * low), (-0.50, y + 0.14 + 0.8 * low),
    ]  # fmt: skip
    points = np.array(curve) * (s, 1)
    return (points[::-1] if s > 0 else points).tolist()


def curtain(y: float, p: float, h: Hair) -> list[tuple[float, float]]:
    """Hair parted and falling to both sides."""
    f = 0.10 * h.fringe
    right = [
        (p + 0.05, y - 0.05),
        (p + 0.14, y + 0.02),
        (max(p + 0.22, 0.38), y + 0.12 + f),
        (0.53, y + 0.3),
    ]
    left = [
        (p - 0.05, y - 0.05),
        (p - 0.14, y + 0.02),
        (min(p - 0.22, -0.38), y + 0.12 + f),
        (-0.53, y + 0.3),
    ]
    return [*left[::-1], (p, y - 0.09), *right]


def bald_top(y: float, p: float, h: Hair) -> list[tuple[float, float]]:
    """A hair line that has gone up over the crown."""
    return [(-0.60, -0.30), (-0.60, -0.5), (0.0, -0.55), (0.60, -0.5), (0.60, -0.30)]


HAIR_LINES = {
    "line": straight_line, "up": straight_line, "part": straight_line, "fringe": full_fringe,
    "fringe_short": short_fringe, "sweep": sweep, "curtain": curtain, "ring": bald_top,
}  # fmt: skip


# --- behind the head ----------------------------------------------------------------------------


def draw_back(pen: Pen) -> None:
    """Draw the hair behind head and shoulders."""
    cut, dark = style(pen), shade(pen.identity.hair.colour, -0.38)
    if cut.front not in ("none", "scarf", "ring") and cut.texture != "stubble":
        under = smooth(pen.rim(outer(pen, 0.0) * (0.99, 1), 0.0), closed=False)
        pen.fill(under, shade(dark, -0.2))
    if cut.back in ("straight", "wavy"):
        edge = pen.rim(outer(pen, end_of(pen)), -0.15)
        pen.fill(edge, dark)
    elif cut.back == "ball":
        draw_curls(pen, pen.rim(outer(pen, 0.25), -0.2), dark, 0.10)
    elif cut.back == "tail":
        draw_tail(pen, dark)
    elif cut.back == "bun":
        draw_bun(pen)
    elif cut.back == "locs":
        draw_locs(pen, dark)


def draw_tail(pen: Pen, dark: Colour) -> None:
    """Draw a ponytail that comes out on one side."""
    h = pen.identity.hair
    s = 1 if h.parting > 0 else -1
    k, low = pen.identity.head.skull, 0.7 + 0.9 * h.length
    right = [
        (0.0, -k * 0.9), (0.28, -k - 0.12), (0.66, -k * 0.86), (0.92, -0.35),
        (0.97, low * 0.5), (0.80, low), (0.72, low * 0.5), (0.62, -0.3),
    ]  # fmt: skip
    path = smooth(pen.rim(mirror(right, s), -0.5))
    pen.fill(path, shade(h.colour, -0.2))
    for f in (0.25, 0.5, 0.75):
        strand = [
            (0.5, -k * 0.95),
            (0.75 + 0.1 * f, -0.5),
            (0.74 + 0.22 * f, 0.0),
            (0.76 + 0.2 * f, low * 0.6),
        ]
        pen.line(pen.rim(mirror(strand, s), -0.5), shade(h.colour, 0.12), 0.025, 0.5, 0.008)


def draw_bun(pen: Pen) -> None:
    """Draw a knot of hair on the crown."""
    h, k = pen.identity.hair, pen.identity.head.skull
    r = 0.2 + 0.12 * h.length
    y = -k - 0.45 * r - 0.02
    pen.fill(pen.rim(ring((h.parting * 0.15, y), (r * 1.15, r)), -0.25), shade(h.colour, -0.15))
    for f in (0.35, 0.65, 0.9):
        a = np.linspace(np.pi * 1.05, np.pi * 1.95, 6)
        arc = np.stack(
            [h.parting * 0.15 + f * r * 1.1 * np.cos(a), y + f * r * 0.9 * np.sin(a)], 1
        )
        pen.line(pen.rim(arc, -0.25), shade(h.colour, 0.18 - 0.4 * (f == 0.65)), 0.02, 0.6, 0.006)


def draw_locs(pen: Pen, dark: Colour) -> None:
    """Draw thick strands hanging at both sides."""
    h, w = pen.identity.hair, pen.width
    rng = np.random.default_rng(h.seed)
    low = 0.45 + 0.9 * h.length
    for x in np.linspace(-w - 0.16, w + 0.16, 15):
        bend, end = rng.normal(0, 0.03), low + rng.normal(0, 0.07)
        strand = [(x * 0.85, -0.5), (x * 1.02, 0.0), (x + bend, end * 0.6), (x * 1.02 - bend, end)]
        tint = shade(h.colour, rng.uniform(-0.4, 0.08))
        pen.line(pen.rim(strand, -0.15), tint, 0.095)
        pen.line(pen.rim(strand, -0.15), shade(tint, 0.18), 0.02, 0.4)


def draw_braids(pen: Pen) -> None:
    """Draw two braids in front of the shoulders."""
    if style(pen).back != "braids":
        return
    h, w = pen.identity.hair, pen.width
    for side in SIDES:
        for k, y in enumerate(np.linspace(0.15, 1.0 + 0.6 * h.length, 17)):
            x = side * (w + 0.06 + 0.05 * y) + 0.03 * (-1) ** k
            knot = pen.rim(ring((x, y), (0.105, 0.065), 0.7 * (-1) ** k * side, 8), -0.1)
            pen.fill(knot, shade(h.colour, -0.22 + 0.16 * (k % 2)))
            pen.line(knot[0:4], shade(h.colour, -0.5), 0.012, 0.5)


# --- over the brow ------------------------------------------------------------------------------


def draw_front(pen: Pen) -> None:
    """Draw the hair around the face."""
    cut = style(pen)
    if cut.front == "none":
        return
    if cut.front == "scarf":
        draw_scarf(pen)
        return
    out, line = pen.rim(outer(pen), 0.0), pen.face(inner(pen), 0.03)
    if cut.texture == "stubble":
        draw_buzz(pen, out, line)
        return
    if cut.front == "ring":
        draw_ring(pen)
        return
    draw_cap(pen, out, line)


def draw_cap(pen: Pen, out: np.ndarray, line: np.ndarray) -> None:
    """Fill the hair between its curves, with strands, shine and a shadow on the forehead."""
    cut, h = style(pen), pen.identity.hair
    path = smooth_between(out, line)
    skin = pen.identity.skin.colour
    pen.canvas.save()
    pen.canvas.clipPath(smooth(out_of_face(pen)), doAntiAlias=True)
    pen.line(
        smooth(moved(line, -0.02 * pen.shot.light[0], 0.03), closed=False),
        shade(skin, -0.5),
        0.07,
        0.45,
        0.03,
    )
    pen.canvas.restore()
    if cut.texture in ("curly", "coil"):
        draw_curly_cap(pen, path, out, line)
        return
    lit, deep = shade(h.colour, 0.10), shade(h.colour, -0.32)
    pen.gradient(
        path,
        (0.6 * pen.shot.light[0], -1.2),
        (-0.3 * pen.shot.light[0], 0.4),
        (lit, h.colour, deep),
    )
    pen.canvas.save()
    pen.canvas.clipPath(path, doAntiAlias=True)
    draw_strands(pen, out, line)
    pen.canvas.restore()


def out_of_face(pen: Pen) -> np.ndarray:
    """Return the head's outline in the picture."""
    return pen.rim(outline(pen))


def smooth_between(out: np.ndarray, line: np.ndarray) -> skia.Path:
    """Return the closed path out along one curve and back along the other."""
    path = smooth(out, closed=False)
    back = smooth(line[::-1], closed=False)
    path.addPath(back, skia.Path.kExtend_AddPathMode)
    path.close()
    return path


def draw_strands(pen: Pen, out: np.ndarray, line: np.ndarray) -> None:
    """Draw strands between the curves, and a band of shine."""
    cut, h = style(pen), pen.identity.hair
    rng = np.random.default_rng(h.seed)
    n = 15
    out, line = split_at_parting(pen, out, line, n)
    wave = 0.035 * (cut.texture == "wavy") + 0.012 * h.curl
    width = 0.05 if cut.texture == "locs" else 0.014
    if cut.flow == "up":
        for k in (np.arange(44) + rng.uniform(0, 1, 44)) * (2 * n - 2) / 44:
            a, b = at(line, k), at(out, np.clip((k - n + 1) * 0.9 + n - 1, 0, 2 * n - 2))
            bow = np.array([0.08 * np.sign(h.parting) * (b[1] - a[1]), 0])
            tint = shade(h.colour, rng.choice([-0.34, -0.2, 0.1, 0.2]))
            pen.line(np.array([a, (a + b) / 2 + bow, b]), tint, width * rng.uniform(0.6, 1.6), 0.5)
    else:
        for half in (slice(n - 1, None), slice(n - 1, None, -1)):
            for f in rng.uniform(0.03, 0.97, 15):
                path = out[half] * (1 - f) + line[half] * f
                sway = wave * np.sin(np.linspace(0, 14, n) + 6 * f)[:, None] * (1, 0.3)
                tint = shade(h.colour, rng.choice([-0.34, -0.2, 0.1, 0.2]))
                first = n // 2 - 1 if cut.front == "fringe" and f > 0.2 else 0
                pen.line((path + sway)[first::2], tint, width * rng.uniform(0.6, 1.7), 0.5)
    if cut.front in ("sweep", "curtain"):
        scalp = np.stack([line[n - 1], line[n - 1] * 0.35 + out[n - 1] * 0.65])
        pen.line(scalp, mix(h.colour, pen.identity.skin.colour, 0.5), 0.016, 0.8, 0.004)
    if cut.front == "fringe":
        draw_fringe_strands(pen, out, line, rng)
    draw_shine(pen, out, line, n)


def draw_fringe_strands(
    pen: Pen, out: np.ndarray, line: np.ndarray, rng: np.random.Generator
) -> None:
    """Draw strands from the crown down to the brows."""
    h, n = pen.identity.hair, len(line)
    crown = out[n // 2] * 0.9 + line[n // 2] * 0.1
    for k in rng.uniform(0.33, 0.67, 26) * (n - 1):
        low = at(line, k)
        bow = np.array([0.5 * (low[0] - crown[0]), 0.12])
        tint = shade(h.colour, rng.choice([-0.34, -0.2, 0.1, 0.2]))
        path = np.array([crown, crown + bow, low * 0.8 + (crown + bow) * 0.2, low])
        pen.line(path, tint, 0.014 * rng.uniform(0.7, 2.0), 0.5)


def split_at_parting(
    pen: Pen, out: np.ndarray, line: np.ndarray, n: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return both curves as n points to each side of the parting, which is shared."""
    parting = pen.identity.hair.parting
    curves = []
    for curve, share in ((out, 0.5 + 0.10 * parting), (line, None)):
        fine = resample(curve, 101)
        target = pen.face([(0.5 * parting, -pen.identity.hair.line)])[0, 0]
        inside = slice(25, 76)
        near = 25 + int(np.argmin(np.abs(fine[inside, 0] - target)))
        k = near if share is None else round(100 * share)
        halves = resample(fine[: k + 1], n), resample(fine[k:], n)
        curves.append(np.concatenate([halves[0], halves[1][1:]]))
    return curves[0], curves[1]


def at(curve: np.ndarray, k: float) -> np.ndarray:
    """Return the point of a curve at a fractional index."""
    i = int(min(k, len(curve) - 2))
    return curve[i] + (curve[i + 1] - curve[i]) * (k - i)


def draw_shine(pen: Pen, out: np.ndarray, line: np.ndarray, n: int) -> None:
    """Draw the light on the hair, on the side it comes from."""
    h, left = pen.identity.hair, pen.shot.light[0] < 0
    middle = out * 0.6 + line * 0.4
    part = middle[n // 2 : n - 2] if left else middle[n + 1 : n + n // 2]
    if len(part) > 2:
        strength = 0.18 + 0.3 * pen.shot.light_strength
        pen.line(part, shade(h.colour, 0.5), 0.07, strength, 0.04)


def draw_curly_cap(pen: Pen, path: skia.Path, out: np.ndarray, line: np.ndarray) -> None:
    """Draw hair of curls: round bumps at the edge, arcs inside."""
    h, coil = pen.identity.hair, style(pen).texture == "coil"
    rng = np.random.default_rng(h.seed)
    pen.fill(path, shade(h.colour, -0.2))
    size = 0.05 if coil else 0.075
    for p in np.concatenate([resample(out, 26), resample(line, 16)[2:-2]]):
        r = size * rng.uniform(0.7, 1.3)
        pen.canvas.drawCircle(*p.tolist(), r, pen.paint(shade(h.colour, rng.uniform(-0.3, 0.02))))
    pick_out, pick_line = split_at_parting(pen, out, line, 30)
    for i, k in enumerate(rng.integers(2, 57, 100)):
        x, y = (pick_out[k] + (pick_line[k] - pick_out[k]) * rng.uniform(-0.02, 0.98)).tolist()
        if i < 30:
            spot = shade(h.colour, rng.uniform(-0.3, 0.08))
            pen.canvas.drawCircle(x, y, size * rng.uniform(0.7, 1.2), pen.paint(spot, 0.6))
            continue
        lit = 0.16 * (1 if (x < 0) == (pen.shot.light[0] < 0) else 0.3)
        tint = shade(h.colour, rng.choice([-0.45, -0.2, lit, lit]))
        r, a = size * rng.uniform(0.6, 1.1), rng.uniform(0, 6.3)
        arc = skia.Path()
        arc.addArc(skia.Rect.MakeLTRB(x - r, y - r, x + r, y + r), float(np.degrees(a)), 150)
        pen.line(arc, tint, 0.022, 0.55)


def draw_curls(pen: Pen, edge: np.ndarray, colour: Colour, size: float) -> None:
    """Fill a shape whose edge is made of curls."""
    rng = np.random.default_rng(pen.identity.hair.seed + 1)
    pen.fill(edge, colour)
    for p in resample(edge, 30):
        pen.canvas.drawCircle(*p.tolist(), float(size * rng.uniform(0.7, 1.2)), pen.paint(colour))


def draw_buzz(pen: Pen, out: np.ndarray, line: np.ndarray) -> None:
    """Draw hair cut to a few millimetres."""
    h, skin = pen.identity.hair, pen.identity.skin.colour
    path = smooth_between(out, line)
    tint = mix(skin, h.colour, 0.55 + 0.4 * h.length)
    pen.fill(path, tint, 0.95, 0.006)
    pen.canvas.save()
    pen.canvas.clipPath(path, doAntiAlias=True)
    rng = np.random.default_rng(h.seed)
    low, high = out.min(0), np.maximum(out.max(0), line.max(0))
    spots = skia.Path()
    for x, y in rng.uniform(low, high, (130, 2)).tolist():
        spots.addCircle(x, y, 0.008)
    pen.fill(spots, shade(h.colour, -0.3), 0.5)
    draw_shine(pen, resample(out, 29), resample(line, 29), 15)
    pen.canvas.restore()


def draw_ring(pen: Pen) -> None:
    """Draw hair on the sides of a bald head."""
    h, w, k = pen.identity.hair, pen.width, pen.identity.head.skull
    v = 0.05 * h.volume
    for side in SIDES:
        edge = [(w * 0.86, -k * 0.6 - 0.1 * h.line), (w + v, -0.32), (w + v, 0.08)]
        face = [(w * 0.95, h.sideburn), (w * 0.90, -0.05), (w * 0.82, -0.28), (w * 0.76, -k * 0.5)]
        patch = np.concatenate([pen.rim(mirror(edge, side), 0.0), pen.face(mirror(face, side))])
        pen.fill(patch, h.colour, 0.95, 0.012)
        for f in (0.2, 0.45, 0.7):
            strand = [
                (w * 0.86 + f * v, -0.5 + 0.2 * f),
                (w * 0.92 + f * v, -0.2),
                (w * 0.95, 0.08),
            ]
            pen.line(pen.rim(mirror(strand, side), 0.05), shade(h.colour, -0.4), 0.014, 0.5)


def scarf_shape(pen: Pen) -> tuple[np.ndarray, np.ndarray]:
    """Return a scarf's outer edge and its opening for the face, before the head turns."""
    head, w = pen.identity.head, pen.width
    k = head.skull + 0.10
    right = [
        (w * 0.6, -k * 0.95), (w + 0.06, -0.55), (w + 0.14, 0.1),
        (w + 0.10, 0.7), (w + 0.12, 1.3), (0.5, 1.75),
    ]  # fmt: skip
    edge = (((0, -k),), mirror(right, 1), ((0, 1.85),), mirror(right, -1)[::-1])
    opening = [
        (0.3, -0.57), (0.55, -0.35), (w * 0.92, 0.1), (w * 0.86, 0.5), (0.42, head.chin - 0.12),
    ]  # fmt: skip
    hole = (((0, -0.63),), mirror(opening, 1), ((0, head.chin),), mirror(opening, -1)[::-1])
    return np.concatenate(edge), np.concatenate(hole)


def scarf_colour(seed: int) -> Colour:
    """Return the colour of a person's scarf."""
    rng = np.random.default_rng(seed)
    cloth = np.clip(rng.uniform(0.2, 0.75) + rng.normal(0, 0.13, 3), 0.05, 0.95)
    return tuple(cloth.tolist())


def draw_scarf(pen: Pen) -> None:
    """Draw a scarf around the head and under the chin."""
    cloth, light = scarf_colour(pen.identity.hair.seed), 0.6 * pen.shot.light[0]
    edge, hole = scarf_shape(pen)
    path = smooth(pen.rim(edge))
    path.addPath(smooth(pen.face(hole)))
    path.setFillType(skia.PathFillType.kEvenOdd)
    tints = (shade(cloth, 0.12), cloth, shade(cloth, -0.35))
    pen.gradient(path, (light, -1), (-light, 1.4), tints)
    pen.canvas.save()
    pen.canvas.clipPath(path, doAntiAlias=True)
    for f in np.linspace(0.12, 0.9, 6):
        fold = resample(edge[:8], 9) * (1 - 0.22 * f)
        for side in SIDES:
            pen.line(pen.rim(mirror(fold, side)), shade(cloth, -0.4), 0.016, 0.35, 0.01)
    pen.canvas.restore()


# --- beards -------------------------------------------------------------------------------------


def draw_beard(pen: Pen, under: bool) -> None:
    """Draw what lies under the mouth (jaw) or over it (moustache)."""
    kind = pen.identity.beard.kind
    if kind == "none":
        return
    if under and kind != "moustache":
        draw_jaw_beard(pen, kind)
    if not under and kind in ("moustache", "goatee", "short", "full"):
        draw_moustache(pen, kind)


def jaw_shape(pen: Pen, kind: str) -> np.ndarray:
    """Return the outline of a beard on the turned head."""
    b, head, w = pen.identity.beard, pen.identity.head, pen.width
    m = mouth_place(pen)
    drop = 0.07 * pen.shot.mouth_open + {
        "full": 0.06 + b.length,
        "goatee": 0.03 + b.length * 0.6,
    }.get(kind, 0.005)
    if kind == "goatee":
        right = [(0.26, m + 0.02), (0.25, head.chin - 0.12), (0.16, head.chin + drop * 0.9)]
        edge = [(0, m + 0.15), *right, (0, head.chin + drop)]
        return pen.face(np.concatenate([edge, mirror(right, -1)[::-1]]), 0.02)
    cheek = m - 0.12 - 0.22 * b.edge
    low = [
        (w * 1.0, 0.1), (w * (0.98 + head.cheek), 0.36),
        (w * head.jaw + 0.3 * drop, head.jaw_height + drop * 0.4),
        (head.chin_width + 0.13, head.chin - 0.06 + drop),
        (head.chin_width * 0.7, head.chin + drop),
    ]  # fmt: skip
    bottom = pen.rim(
        np.concatenate([mirror(low, 1), [(0, head.chin + drop)], mirror(low, -1)[::-1]])
    )
    high = [(w * 0.93, 0.12), (w * 0.86, cheek - 0.05), (w * 0.62, cheek + 0.1), (0.30, m - 0.10)]
    upper = [*mirror(high, -1).tolist(), (0, m - 0.08), *mirror(high, 1)[::-1].tolist()]
    return np.concatenate([bottom, pen.face(upper)])


def draw_jaw_beard(pen: Pen, kind: str) -> None:
    """Draw the beard on jaw and chin, with hairs at its edge."""
    b, skin = pen.identity.beard, pen.identity.skin.colour
    shape = jaw_shape(pen, kind)
    if kind == "stubble":
        pen.fill(shape, mix(skin, b.colour, 0.7), 0.30 + 0.2 * b.edge, 0.04)
        return
    pen.fill(shape, shade(b.colour, -0.08), 0.88 if kind == "short" else 0.96, 0.018)
    rng = np.random.default_rng(pen.identity.hair.seed + 3)
    path = smooth(shape)
    pen.canvas.save()
    pen.canvas.clipPath(path, doAntiAlias=True)
    low, high = shape.min(0), shape.max(0)
    for x, y in rng.uniform(low, high, (80, 2)):
        tip = np.array([x * 1.06, y + 0.09])
        tint = shade(b.colour, rng.choice([-0.4, 0.1, 0.18]))
        pen.line(np.array([(x, y), tip]), tint, 0.014, 0.5)
    pen.canvas.restore()


def draw_moustache(pen: Pen, kind: str) -> None:
    """Draw a moustache between nose and mouth."""
    b, mouth, nose = pen.identity.beard, pen.identity.mouth, pen.identity.nose
    top = lips(pen)["top"]
    y = min(top[4, 1], top[3, 1]) - 0.012
    high = max(nose.length + 0.05, y - 0.05 - b.moustache)
    wide = mouth.width * 1.12
    droop = 0.1 if kind in ("goatee", "full") else 0.02 + 0.06 * b.edge
    end = top[-1, 1] + droop
    right = [
        (0.06, high), (0.7 * wide, (high + y) / 2), (wide, end),
        (wide * 0.9, end - droop * 0.1 + 0.01), (0.5 * wide, y + 0.018), (0.08, y + 0.005),
    ]  # fmt: skip
    shape = [(0, high + 0.02), *right, (0, y), *mirror(right, -1)[::-1].tolist()]
    pen.fill(pen.face(shape, 0.1), shade(b.colour, -0.12), 0.94, 0.008)
    rng = np.random.default_rng(pen.identity.hair.seed + 5)
    for x in rng.uniform(0.05, wide * 0.85, 9):
        for side in SIDES:
            hair = [(x, high + 0.02 + 0.04 * x), (x + 0.06, y + 0.01 + 0.08 * x)]
            pen.line(
                pen.face(mirror(hair, side), 0.1),
                shade(b.colour, rng.choice([-0.4, 0.13])),
                0.012,
                0.5,
            )
