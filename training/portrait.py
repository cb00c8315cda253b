"""Draw a person's face: skin, features, clothes, background and the camera's faults."""

import io

import numpy as np
from PIL import Image

from training import hair as hair_of
from training.anatomy import lens, lids, lips, mouth_place, outline
from training.pen import Pen, colour4, luminance, mirror, moved, polygon, ring, shade, skia, smooth
from training.people import Colour, Identity, Shot, mix

OVERSAMPLING = 2
HEAD_HEIGHT = 0.365  # of the picture's side: half a head
MIDDLE = (0.5, 0.51)  # where the eyes lie
SIDES = (-1, 1)
DARK: Colour = (0.10, 0.05, 0.06)
WHITE: Colour = (1.0, 1.0, 1.0)


# --- the picture ----------------------------------------------------------------------------


def render(identity: Identity, shot: Shot, size: int = 96) -> np.ndarray:
    """Draw a picture of a person.

    Parameters
    ----------
    identity : Identity
    shot : Shot
        The noise's seed is part of it: the same arguments give the same picture.
    size : int
        The side in pixels, 32 to 2048.

    Returns
    -------
    np.ndarray
        uint8, shape (size, size, 3), RGB.

    Raises
    ------
    ValueError
        If the size is outside its limits.
    """
    if not 32 <= size <= 2048:
        raise ValueError(f"size = {size}; give a side of 32 to 2048 pixels")
    side = size * OVERSAMPLING
    surface = skia.Surface(side, side)
    with surface as canvas:
        draw_background(canvas, shot, side)
        place_head(canvas, shot, side)
        draw_person(Pen(canvas, identity, shot))
    pixels = surface.toarray(colorType=skia.kRGBA_8888_ColorType)[..., :3]
    return through_camera(pixels, shot, size)


def place_head(canvas: skia.Canvas, shot: Shot, side: int) -> None:
    """Make half heads the canvas's unit."""
    canvas.translate(side * (MIDDLE[0] + shot.shift[0]), side * (MIDDLE[1] + shot.shift[1]))
    canvas.scale(side * HEAD_HEIGHT * shot.scale, side * HEAD_HEIGHT * shot.scale)


def draw_person(pen: Pen) -> None:
    """Draw the person from back to front, then light everything from one side."""
    canvas = pen.canvas
    canvas.saveLayer()
    canvas.save()
    canvas.rotate(pen.shot.roll, 0, 0.6)
    hair_of.draw_back(pen)
    canvas.restore()
    draw_body(pen)
    canvas.rotate(pen.shot.roll, 0, 0.6)
    hair_of.draw_braids(pen)
    draw_head(pen)
    draw_light(pen)
    canvas.restore()


def draw_head(pen: Pen) -> None:
    """Draw the head from its ears to the hair over the brow."""
    draw_ears(pen)
    draw_skin(pen)
    draw_lines(pen)
    draw_marks(pen)
    hair_of.draw_beard(pen, under=True)
    draw_nose(pen)
    draw_mouth(pen)
    for side in SIDES:
        draw_eye(pen, side)
    hair_of.draw_beard(pen, under=False)
    for side in SIDES:
        draw_brow(pen, side)
    hair_of.draw_front(pen)
    draw_glasses(pen)


# --- background and clothes -------------------------------------------------------------------


def draw_background(canvas: skia.Canvas, shot: Shot, side: int) -> None:
    """Fill the picture with a wall, a room or the outdoors, out of focus."""
    rng = np.random.default_rng(shot.seed)
    a, b, c = shot.background_colours
    ends = [skia.Point(0, 0), skia.Point(side * rng.uniform(-0.6, 0.6), side)]
    flat = shot.background == "plain"
    stops = [colour4(a).toColor(), colour4(mix(a, b, 0.25) if flat else b).toColor()]
    canvas.drawPaint(skia.Paint(Shader=skia.GradientShader.MakeLinear(ends, stops)))
    soft = skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, side * rng.uniform(0.008, 0.035))
    for rect, colour, is_round in background_shapes(shot.background, rng, (a, b, c)):
        paint = skia.Paint(AntiAlias=True, MaskFilter=soft)
        paint.setColor4f(colour4(colour, rng.uniform(0.55, 1)))
        place = skia.Rect.MakeXYWH(*(v * side for v in rect))
        canvas.drawOval(place, paint) if is_round else canvas.drawRect(place, paint)


def background_shapes(kind: str, rng: np.random.Generator, colours: tuple) -> list[tuple]:
    """Return (x, y, width, height), colour and roundness of what stands behind."""
    a, b, c = colours
    if kind == "room":  # a door or window, a cupboard, a picture
        tall = (rng.uniform(-0.1, 0.9), rng.uniform(-0.1, 0.2), rng.uniform(0.15, 0.35), 1.2)
        low = (rng.uniform(-0.2, 0.6), rng.uniform(0.45, 0.7), rng.uniform(0.4, 0.8), 0.7)
        frame = (rng.uniform(0, 0.8), rng.uniform(0, 0.2), 0.2, 0.16)
        return [(tall, c, False), (low, shade(b, -0.2), False), (frame, shade(c, 0.4), False)]
    if kind == "wall":
        rows = np.arange(-0.05, 1, rng.uniform(0.1, 0.2))
        return [((-0.1, y, 1.2, 0.02), shade(a, -0.25), False) for y in rows]
    if kind == "street":
        xs = np.cumsum(rng.uniform(0.12, 0.35, 6)) - 0.3
        tints = [mix(b, c, t) for t in rng.uniform(0, 1, 6)]
        return [
            ((x, rng.uniform(0, 0.5), 0.22, 1.2), t, False) for x, t in zip(xs, tints, strict=True)
        ]
    n = {"trees": 12, "bokeh": 9}.get(kind, 0)
    green = (0.25, 0.42, 0.2) if kind == "trees" else c
    sizes = rng.uniform(0.12, 0.4 if kind == "trees" else 0.22, n)
    tints = [shade(mix(green, c, rng.uniform(0, 0.5)), rng.uniform(-0.5, 0.3)) for _ in range(n)]
    spots = rng.uniform(-0.15, 0.95, (n, 2))
    return [((*p.tolist(), s, s), t, True) for p, s, t in zip(spots, sizes, tints, strict=True)]


def draw_body(pen: Pen) -> None:
    """Draw neck, shoulders and collar."""
    head, skin, shot = pen.identity.head, pen.identity.skin.colour, pen.shot
    neck, drop = head.neck, 1.10 + 0.5 * (head.chin - 1)
    lean = 0.10 * pen.sin_yaw
    shoulders = [
        (neck * 0.9, drop),
        (neck + 0.22, drop + 0.09),
        (1.05, drop + 0.22),
        (1.42, drop + 0.6),
        (1.5, drop + 1.2),
    ]
    body = np.concatenate([mirror(shoulders, 1), mirror(shoulders, -1)[::-1]])
    column = [
        (neck * 0.94, 0.5),
        (neck * 0.95, 1.1),
        (neck * 1.08, drop + 0.1),
        (neck * 0.7, drop + 0.3),
    ]
    throat = np.concatenate([mirror(column, 1), mirror(column, -1)[::-1]])
    throat[[0, 1, -2, -1], 0] += lean
    cloth = shot.clothes
    pen.gradient(body, (0, drop), (0, drop + 0.7), (shade(cloth, 0.08), shade(cloth, -0.25)))
    pen.fill(throat, shade(skin, -0.12))
    pen.canvas.save()
    pen.canvas.clipPath(smooth(throat), doAntiAlias=True)
    shadow = moved(pen.rim(outline(pen)), 0.05 * -shot.light[0], 0.13)
    pen.fill(shadow, shade(skin, -0.45), 0.75, 0.05)
    pen.canvas.restore()
    draw_collar(pen, neck, drop)


def draw_collar(pen: Pen, neck: float, drop: float) -> None:
    """Draw the clothes' upper edge."""
    cloth, kind = pen.shot.clothes, pen.shot.collar
    light, deep = shade(cloth, 0.12), shade(cloth, -0.35)
    if kind == "turtle":
        edge = [(neck * 1.06, drop - 0.16), (neck * 1.16, drop + 0.2), (neck * 1.5, drop + 0.6)]
        box = np.concatenate([mirror(edge, 1), [(0, drop + 0.7)], mirror(edge, -1)[::-1]])
        box = np.concatenate([box, [(0, drop - 0.1)]])
        pen.fill(box, light)
        return
    bottom = drop + {"crew": 0.17, "v": 0.42, "shirt": 0.36}[kind]
    for side in SIDES:
        inner = [
            (neck * 1.02, drop - 0.02),
            (neck * 0.75, 0.45 * drop + 0.55 * bottom),
            (0, bottom),
        ]
        wide = [(0, bottom + 0.5), (0.9, drop + 0.5), (neck + 0.2, drop + 0.06)]
        pen.fill(polygon(mirror(inner + wide, side)), shade(cloth, -0.06))
        pen.line(mirror(inner, side), light if luminance(cloth) < 0.5 else deep, 0.03)
        if kind == "shirt":
            flap = [inner[0], inner[2], (neck * 0.72, bottom + 0.06), (neck * 1.25, drop + 0.12)]
            pen.fill(polygon(mirror(flap, side)), light)
            pen.line(polygon(mirror(flap, side)), deep, 0.012, 0.7)


# --- skin -------------------------------------------------------------------------------------


def draw_ears(pen: Pen) -> None:
    """Draw the ears behind the head's outline."""
    head, skin = pen.identity.head, pen.identity.skin.colour
    for side in SIDES:
        turned = 0.10 * pen.sin_yaw * -side  # the near ear comes out
        out = max(head.ear_out + turned, -0.1)
        y, w = head.ear_height + 0.08, pen.width
        s = head.ear
        points = [
            (w - 0.06, y - 0.16 * s), (w + out * 0.75, y - 0.24 * s),
            (w + out * 1.15, y - 0.12 * s), (w + out, y + 0.06 * s),
            (w + out * 0.5, y + 0.24 * s), (w - 0.04, y + 0.22 * s),
        ]  # fmt: skip
        ear = pen.rim(mirror(points, side), -0.03)
        pen.fill(ear, shade(skin, -0.10))
        inner = mirror(
            [(w, y - 0.12 * s), (w + out * 0.75, y - 0.14 * s), (w + out * 0.55, y + 0.1 * s)],
            side,
        )
        pen.line(pen.rim(inner, -0.03), shade(skin, -0.42), 0.022, 0.8, 0.008)
        if pen.identity.earrings > 0.02 and out > 0.02:
            drop = pen.rim(mirror([(w + out * 0.45, y + 0.28 * s)], side), 0.0)[0]
            gold = (0.90, 0.76, 0.42) if pen.identity.hair.seed % 2 else (0.86, 0.87, 0.90)
            pen.canvas.drawCircle(*drop.tolist(), pen.identity.earrings, pen.paint(gold))


def draw_skin(pen: Pen) -> None:
    """Fill the face, with planes of light and shadow."""
    skin, shot, path = pen.identity.skin.colour, pen.shot, smooth(pen.rim(outline(pen)))
    lx, ly = shot.light
    k = shot.light_strength
    lit, dim = shade(skin, 0.10 + 0.12 * k), shade(skin, -0.10 - 0.14 * k)
    pen.gradient(path, (0.75 * lx, 0.9 * ly - 0.1), (-0.75 * lx, 0.9 - 0.3 * ly), (lit, skin, dim))
    pen.canvas.save()
    pen.canvas.clipPath(path, doAntiAlias=True)
    pen.line(path, shade(skin, -0.34), 0.16, 0.5, 0.07)  # the head turns away at its rim
    side = -1 if lx > 0 else 1
    far = pen.face(
        mirror([(0.52, 0.1), (0.5, 0.42), (0.34, 0.78), (0.5, 0.9), (0.9, 0.5), (0.9, 0)], side)
    )
    pen.fill(far, shade(skin, -0.4), 0.18 + 0.4 * k * abs(lx), 0.07)
    draw_planes(pen, skin)
    pen.canvas.restore()


def draw_planes(pen: Pen, skin: Colour) -> None:
    """Add blush, the sockets, the forehead's and the chin's light."""
    flush = mix(skin, (0.88, 0.28, 0.26), 0.55)
    cheek = 0.18 + 0.4 * pen.identity.skin.blush
    for side in SIDES:
        at = pen.face(mirror([(0.42, 0.36 - 0.03 * pen.shot.smile)], side))[0].tolist()
        pen.glow(at, 0.27, flush, 0.62 * cheek)
        eye = pen.identity.eyes
        socket = pen.face(
            mirror(ring((eye.spacing - 0.02, -0.05), (eye.width * 1.35, 0.14)), side)
        )
        pen.fill(socket, shade(skin, -0.35), 0.34, 0.05)
        bone = pen.face(mirror([(0.36, 0.23), (0.47, 0.17), (0.54, 0.08)], side))
        pen.line(bone, shade(skin, 0.55), 0.07, 0.20, 0.045)
    pen.glow(pen.face([(0.12 * pen.shot.light[0], -0.42)])[0].tolist(), 0.4, shade(skin, 0.5), 0.3)
    pen.glow(
        pen.face([(0, pen.identity.head.chin - 0.13)], 0.05)[0].tolist(),
        0.15,
        shade(skin, 0.4),
        0.3,
    )


def draw_lines(pen: Pen) -> None:
    """Draw the lines that age and a smile make."""
    ink, age = shade(pen.identity.skin.colour, -0.48), pen.identity.skin.lines
    for side in SIDES:
        draw_cheek_lines(pen, side, ink, age)
    furrows = max(0, age - 0.2) * 0.8 + 0.35 * max(0, pen.shot.brow_raise)
    for k in range(3 if furrows > 0.02 else 0):
        y = -0.42 - 0.085 * k
        wave = np.array([(-0.34, 0.02), (-0.15, 0), (0.02, 0.014), (0.18, -0.004), (0.35, 0.02)])
        pen.line(pen.face(moved(wave, 0, y)), ink, 0.014, furrows * 0.6, 0.008)


def draw_cheek_lines(pen: Pen, side: int, ink: Colour, age: float) -> None:
    """Draw the fold beside nose and mouth, and the lines around an eye."""
    nose, mouth, e = pen.identity.nose, pen.identity.mouth, pen.identity.eyes
    corner, smile = mouth_place(pen), max(pen.shot.smile, 0)
    fold = float(np.clip(0.02 + 0.55 * age + 0.32 * smile, 0, 0.85))
    path = [
        (nose.width + 0.04, nose.length - 0.03), (nose.width + 0.12, nose.length + 0.1),
        (mouth.width + 0.09, corner - 0.01), (mouth.width + 0.07, corner + 0.08),
    ]  # fmt: skip
    pen.line(pen.face(mirror(path, side), 0.02), ink, 0.02, fold * 0.75, 0.012)
    end = e.spacing + e.width
    for k in (-1, 0, 1):
        crow = [(end + 0.04, 0.05 * k), (end + 0.13, 0.085 * k + 0.01)]
        pen.line(pen.face(mirror(crow, side)), ink, 0.012, max(0, age - 0.25) * 0.8, 0.006)
    bag = [(e.spacing - e.width, 0.08), (e.spacing, 0.145), (end, 0.085)]
    strength = 0.12 + 0.42 * age * e.bag + 0.15 * e.bag
    pen.line(pen.face(mirror(bag, side)), ink, 0.018, strength, 0.014)


def draw_marks(pen: Pen) -> None:
    """Draw freckles and moles."""
    skin = pen.identity.skin
    rng = np.random.default_rng(skin.seed)
    if skin.freckles > 0:
        n = int(30 + 70 * skin.freckles)
        spots = rng.uniform(-1, 1, (n, 2)) * (0.5, 0.3) + (0, 0.24)
        spots[:, 0] *= np.abs(rng.uniform(-1, 1, n)) ** 0.5
        for (x, y), r in zip(
            pen.face(spots, 0.03).tolist(), rng.uniform(0.007, 0.016, n), strict=True
        ):
            pen.canvas.drawCircle(
                x, y, float(r), pen.paint(mix(skin.colour, (0.5, 0.22, 0.1), 0.6), 0.6)
            )
    for x, y, r in skin.moles:
        pen.fill(
            pen.face(ring((x, y), (r, r), n=8)),
            mix(shade(skin.colour, -0.55), (0.25, 0.13, 0.1), 0.4),
            0.85,
            0.003,
        )


# --- features -----------------------------------------------------------------------------------


def draw_nose(pen: Pen) -> None:
    """Draw the nose by its shadow, its light and its wings."""
    n, skin = pen.identity.nose, pen.identity.skin.colour
    ink, lx = shade(skin, -0.5), pen.shot.light[0]
    base, tip = n.length, n.length - 0.04 + n.droop
    side = -1 if lx > 0 else 1  # where the shadow falls
    ridge = np.array([(0, -0.06), (n.hump * side, 0.14), (0, tip)])
    lift = np.array([0.06, 0.13, n.depth])
    plane = [
        (n.bridge, -0.14), (n.bridge, 0.0), (n.bridge * 1.05, 0.2),
        (n.width * 0.8, base - 0.09), (n.width * 0.95, base), (n.tip * 0.6, base + 0.01),
        (n.tip * 0.5, tip - 0.05), (0.015, 0.1),
    ]  # fmt: skip
    rise = np.array([0.03, 0.03, 0.06, 0.06, 0.05, n.depth * 0.6, n.depth, 0.1])
    pen.fill(
        pen.face(mirror(plane, side), rise), ink, 0.16 + 0.20 * pen.shot.light_strength, 0.025
    )
    under = [
        (-n.width * 0.9, base + 0.01), (0, base + 0.0), (n.width * 0.9, base + 0.01),
        (n.width * 0.5, base + 0.09), (0, base + 0.10), (-n.width * 0.5, base + 0.09),
    ]  # fmt: skip
    pen.fill(pen.face(under, 0.03), ink, 0.26, 0.03)
    pen.line(
        moved(pen.face(ridge, lift), 0.02 * lx, 0), shade(skin, 0.6), n.bridge * 0.75, 0.26, 0.026
    )
    at = pen.face([(0.35 * n.tip * lx, tip - 0.035)], n.depth)[0].tolist()
    pen.glow(at, n.tip * 1.25, shade(skin, 0.75), 0.55)
    draw_nostrils(pen, base, tip, ink)


def draw_nostrils(pen: Pen, base: float, tip: float, ink: Colour) -> None:
    """Draw the wings, the holes and the curve of the tip."""
    n = pen.identity.nose
    flare = 1 + 0.07 * max(pen.shot.smile, 0)
    for side in SIDES:
        w = n.width * flare
        wing = [
            (w * 0.86, base - 0.13),
            (w * 1.03, base - 0.06),
            (w * 0.98, base + 0.0),
            (w * 0.72, base + 0.015),
        ]
        pen.line(pen.face(mirror(wing, side), 0.05), ink, 0.02, 0.75, 0.006)
        hole = ring((w * 0.52, base + 0.004), (w * 0.27 * n.nostril, 0.022 * n.nostril), 0.22)
        pen.fill(pen.face(mirror(hole, side), n.depth * 0.4), shade(ink, -0.5), 0.85, 0.006)
        bridge = [(n.bridge + 0.02, -0.16), (n.bridge, -0.03), (n.bridge + 0.01, 0.1)]
        pen.line(pen.face(mirror(bridge, side), 0.03), ink, 0.025, 0.13, 0.018)
    curve = [
        (-n.tip, base - 0.01),
        (-n.tip * 0.5, tip + 0.045),
        (0, tip + 0.06),
        (n.tip * 0.5, tip + 0.045),
        (n.tip, base - 0.01),
    ]
    pen.line(pen.face(curve, n.depth * 0.7), ink, 0.018, 0.55, 0.008)


def draw_mouth(pen: Pen) -> None:
    """Draw lips, teeth and the shadow under the mouth."""
    skin, m = pen.identity.skin.colour, pen.identity.mouth
    curves = lips(pen)
    at = {name: pen.face(points, 0.08) for name, points in curves.items()}
    rosy = (0.72, 0.20, 0.24) if pen.identity.feminine > 0.5 else (0.66, 0.30, 0.26)
    red = mix(shade(skin, -0.14), rosy, 0.22 + 0.45 * m.red * (0.5 + 0.5 * pen.identity.feminine))
    shadow = pen.face(moved(curves["bottom"][2:-2], 0, 0.035), 0.06)
    pen.line(shadow, shade(skin, -0.45), 0.05, 0.4, 0.025)
    if curves["lower"][4, 1] - curves["upper"][4, 1] > 0.012:
        draw_teeth(pen, at)
    pen.fill(np.concatenate([at["top"], at["upper"][-2:0:-1]]), shade(red, -0.16))
    pen.fill(np.concatenate([at["lower"], at["bottom"][-2:0:-1]]), red)
    shine = pen.face((curves["lower"][3:6] + curves["bottom"][3:6]) / 2 - (0, 0.008), 0.08)
    pen.line(shine, shade(red, 0.65), 0.024, 0.4, 0.012)
    pen.line(at["upper"], shade(red, -0.62), 0.018, 0.85)
    for end in (at["upper"][0], at["upper"][-1]):
        pen.glow(end.tolist(), 0.05, shade(skin, -0.55), 0.6)


def draw_teeth(pen: Pen, at: dict[str, np.ndarray]) -> None:
    """Draw the inside of an open mouth."""
    inside = smooth(np.concatenate([at["upper"], at["lower"][-2:0:-1]]))
    pen.canvas.save()
    pen.canvas.clipPath(inside, doAntiAlias=True)
    pen.fill(inside, (0.26, 0.07, 0.08))
    pen.fill(moved(at["lower"], 0, 0.02), (0.72, 0.32, 0.32), 0.8, 0.02)
    teeth = np.concatenate([moved(at["upper"], 0, -0.02), moved(at["upper"][::-1], 0, 0.062)])
    pen.fill(teeth, (0.95, 0.93, 0.88))
    pen.line(at["upper"], (0.3, 0.1, 0.1), 0.03, 0.5, 0.012)
    pen.canvas.restore()


def draw_eye(pen: Pen, side: int) -> None:
    """Draw an eye: ball, iris, lids and lashes."""
    e, skin = pen.identity.eyes, pen.identity.skin.colour
    upper, lower = lids(pen, side)
    edge = np.concatenate([pen.face(upper), pen.face(lower)[-2:0:-1]])
    lash = shade(mix(skin, DARK, 0.9), -0.1)
    if pen.shot.squint < 0.95:
        pen.canvas.save()
        pen.canvas.clipPath(smooth(edge), doAntiAlias=True)
        pen.fill(edge, mix((0.95, 0.94, 0.93), skin, 0.08))
        draw_iris(pen, side)
        pen.line(pen.face(upper), shade(skin, -0.7), 0.05, 0.5, 0.02)
        pen.canvas.restore()
    pen.line(pen.face(lower), mix(shade(skin, -0.5), lash, 0.35), 0.012, 0.8)
    thick = e.lash * (0.7 + 0.35 * pen.identity.feminine)
    pen.line(pen.face(upper), lash, thick)
    pen.line(pen.face(upper[5:]), lash, thick * 1.2)
    if pen.identity.feminine > 0.5:
        wing = upper[-1] + np.array([(0, 0), (0.026 * side, -0.016 - 0.3 * e.lash)])
        pen.line(pen.face(wing), lash, e.lash * 0.7)
    if e.fold > 0.015:
        crease = upper[1:] - np.array([(0.0, e.fold + 0.012)]) * np.linspace(0.75, 1, 8)[:, None]
        pen.line(pen.face(crease), shade(skin, -0.48), 0.016, 0.75, 0.005)


def draw_iris(pen: Pen, side: int) -> None:
    """Draw iris, pupil and the light in it."""
    e, shot = pen.identity.eyes, pen.shot
    x = e.spacing * side + 0.045 * shot.gaze[0]
    y = -0.012 + 0.02 * shot.gaze[1]
    rim_, iris, pupil = (
        pen.face(ring((x, y), (r, r))) for r in (e.iris, e.iris * 0.86, e.iris * 0.42)
    )
    pen.fill(rim_, shade(e.colour, -0.62))
    pen.fill(iris, e.colour)
    low = pen.face(ring((x, y + e.iris * 0.35), (e.iris * 0.55, e.iris * 0.35)))
    pen.fill(low, shade(e.colour, 0.45), 0.55, 0.01)
    pen.fill(pupil, (0.03, 0.02, 0.03))
    spark = e.iris * 0.38
    lit = pen.face(
        ring(
            (x + spark * np.sign(shot.light[0] + 1e-9), y - spark),
            (e.iris * 0.24, e.iris * 0.24),
            n=8,
        )
    )
    pen.fill(lit, WHITE, 0.95)


def draw_brow(pen: Pen, side: int) -> None:
    """Draw a brow and some of its hairs."""
    b, shot, identity = pen.identity.brows, pen.shot, pen.identity
    y = -b.height - 0.05 * shot.brow_raise
    t = np.linspace(0, 1, 7)
    x = b.inner + (b.outer - b.inner) * t
    middle = (
        y
        - b.tilt * (t - 0.5)
        - b.arch * np.sin(np.pi * np.clip(t * 0.85 + 0.08, 0, 1))
        + b.arch * 0.4
    )
    middle = middle + 0.035 * max(0, -shot.brow_raise) * (1 - 2 * t)
    half = (
        b.thick
        * 0.5
        * np.interp(t, [0, 0.15, 0.6, 1], [0.55, 1, 1 - 0.4 * b.taper, 0.12 + 0.3 * (1 - b.taper)])
    )
    hair = mix(identity.hair.root, (0.16, 0.11, 0.09), 0.45)
    ink = mix(identity.skin.colour, shade(hair, -0.15), b.dark)
    band = np.concatenate([np.stack([x, middle - half], 1), np.stack([x, middle + half], 1)[::-1]])
    pen.fill(pen.face(mirror(band, side), 0.03), ink, 0.92, 0.008)
    rng = np.random.default_rng(identity.skin.seed + 7)
    for k in rng.uniform(0, 0.9, 9):
        i = np.interp(k, t, middle)
        start = b.inner + (b.outer - b.inner) * k
        hairs = [(start, i + b.thick * 0.3), (start + 0.03, i - b.thick * 0.35)]
        pen.line(pen.face(mirror(hairs, side), 0.03), shade(ink, -0.3), 0.008, 0.6)


# --- glasses ------------------------------------------------------------------------------------


def wears_glasses(pen: Pen) -> bool:
    """Return whether glasses are on in this picture."""
    return pen.identity.glasses.worn != pen.shot.swap_glasses


def draw_glasses(pen: Pen) -> None:
    """Draw frame, bridge, arms and the lenses' reflections."""
    if not wears_glasses(pen):
        return
    g, e = pen.identity.glasses, pen.identity.eyes
    shape = lens(g.shape, g.size)
    centre = max(e.spacing + 0.01, shape[:, 0].max() + 0.04)
    for side in SIDES:
        edge = pen.face(mirror(moved(shape, centre, 0.03), side), 0.10)
        path = smooth(edge)
        pen.fill(path, (0.85, 0.92, 1.0), 0.13)
        pen.canvas.save()
        pen.canvas.clipPath(path, doAntiAlias=True)
        gleam = pen.face(mirror([(centre - 0.1, 0.2), (centre + 0.09, -0.2)], 1) * (side, 1), 0.1)
        pen.line(gleam, WHITE, 0.05, 0.20, 0.01)
        pen.canvas.restore()
        pen.line(
            pen.face(mirror(moved(shape, centre, 0.05), side), 0.02)[[8, 10, 12, 14, 0]],
            DARK,
            0.03,
            0.2,
            0.02,
        )
        outline_ = skia.Path(path)
        pen.line(outline_, g.colour, g.frame)
        reach = [(centre + shape[:, 0].max(), -0.02), (pen.width * 1.0, -0.03)]
        arm = np.concatenate(
            [pen.face(mirror(reach[:1], side), 0.1), pen.rim(mirror(reach[1:], side), 0.0)]
        )
        pen.line(arm, g.colour, g.frame)
    inner = centre - shape[:, 0].max()
    bridge = pen.face([(-inner, 0.0), (0, -0.035), (inner, 0.0)], np.array([0.1, 0.16, 0.1]))
    pen.line(bridge, g.colour, g.frame)


# --- light and camera ---------------------------------------------------------------------------


def draw_light(pen: Pen) -> None:
    """Shade one side of the person and brighten the other."""
    lx, ly = pen.shot.light
    k = pen.shot.light_strength
    shadow = [
        colour4((0.08, 0.05, 0.14), a).toColor()
        for a in (0.0, 0.12 * k, 0.62 * k * abs(lx) + 0.12 * k)
    ]
    ends = [skia.Point(0.8 * lx, ly), skia.Point(-0.85 * lx, 0.7 - 0.6 * ly)]
    paint = skia.Paint(Shader=skia.GradientShader.MakeLinear(ends, shadow))
    paint.setBlendMode(skia.BlendMode.kSrcATop)
    pen.canvas.drawPaint(paint)
    pen.glow((0.75 * lx, -0.2 + 0.5 * ly), 1.0, (1.0, 0.95, 0.86), 0.17 * k, inside=True)


def through_camera(pixels: np.ndarray, shot: Shot, size: int) -> np.ndarray:
    """Return what a camera makes of a drawing: tint, blur, noise and JPEG."""
    picture = np.ascontiguousarray(pixels).astype(np.float32)
    quarters = [picture[i::OVERSAMPLING, j::OVERSAMPLING] for i in (0, 1) for j in (0, 1)]
    picture = np.add.reduce(quarters) / 4
    if shot.blur > 0.05:
        picture = soften(picture, shot.blur * size / 96)
    tint = np.array([1 + 0.16 * shot.warmth, 1.0, 1 - 0.2 * shot.warmth], np.float32)
    picture = picture * tint * shot.exposure
    grey = picture @ np.array([0.3, 0.59, 0.11], np.float32)
    picture = grey[..., None] + (picture - grey[..., None]) * shot.saturation
    picture = (picture - 118) * shot.contrast + 118
    rng = np.random.default_rng(shot.seed)
    if shot.noise > 0:
        picture = picture + shot.noise * rng.standard_normal(picture.shape, dtype=np.float32)
    picture = np.clip(picture + 0.5, 0, 255).astype(np.uint8)
    return jpeg(picture, shot.quality) if shot.quality < 95 else picture


def soften(picture: np.ndarray, sigma: float) -> np.ndarray:
    """Blur a picture by a Gaussian of standard deviation sigma in pixels."""
    reach = int(np.ceil(2.5 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights = (weights / weights.sum()).astype(np.float32)
    for axis in (0, 1):
        picture = np.moveaxis(picture, axis, 0)
        n, pad = len(picture), [(reach, reach), (0, 0), (0, 0)]
        wide = np.pad(picture, pad, mode="edge")
        picture = sum(w * wide[k : k + n] for k, w in enumerate(weights))
        picture = np.moveaxis(picture, 0, axis)
    return picture


def jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    """Save a picture as JPEG and read it again."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))
