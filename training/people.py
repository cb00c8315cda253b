"""Invent people and the circumstances of their pictures.

An `Identity` is all that makes a person: it does not change between pictures. A `Shot` is all
that changes: pose, expression, light, background, camera. `training.faces` draws them.

Lengths are in half heads: the eyes lie at y = 0, a chin near y = 1 (downwards), a crown near
y = -1, a cheek near x = 0.72. Colours are RGB, 0 to 1. Angles are degrees.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

import numpy as np

Colour = tuple[float, float, float]


def gene(low: float, high: float) -> Any:
    """Declare a number that is spread between two limits; its default is the middle."""
    return field(default=(low + high) / 2, metadata={"limits": (low, high)})


@dataclass(frozen=True)
class Head:
    """The shape of skull, jaw, ears and neck."""

    width: float = gene(0.63, 0.80)  # half of it, at the cheekbones
    jaw: float = gene(0.69, 0.93)  # the jaw's corner against the width
    jaw_height: float = gene(0.52, 0.72)
    chin_width: float = gene(0.15, 0.36)
    chin: float = gene(0.90, 1.12)  # where it ends
    cheek: float = gene(-0.04, 0.05)
    temple: float = gene(0.88, 1.0)
    skull: float = gene(0.90, 1.06)
    ear: float = gene(0.75, 1.3)  # size
    ear_out: float = gene(0.03, 0.14)
    ear_height: float = gene(-0.06, 0.12)
    neck: float = gene(0.34, 0.50)


@dataclass(frozen=True)
class Eyes:
    """The shape, place and colour of the eyes."""

    spacing: float = gene(0.28, 0.40)  # of a centre from the middle
    width: float = gene(0.115, 0.185)  # half of it
    opening: float = gene(0.050, 0.105)
    tilt: float = gene(-0.25, 0.32)
    peak: float = gene(-0.4, 0.4)  # where the upper lid is highest
    lower: float = gene(0.45, 0.95)  # the lower lid's arch against the upper's
    fold: float = gene(0.0, 0.075)  # the crease above the lid; under 0.015 there is none
    iris: float = gene(0.062, 0.088)
    lash: float = gene(0.012, 0.034)
    bag: float = gene(0.0, 1.0)
    colour: Colour = (0.3, 0.2, 0.1)


@dataclass(frozen=True)
class Brows:
    """The shape and place of the brows."""

    height: float = gene(0.17, 0.30)  # above the eyes
    thick: float = gene(0.022, 0.075)
    arch: float = gene(0.0, 0.085)
    tilt: float = gene(-0.08, 0.09)
    inner: float = gene(0.09, 0.20)  # where they begin
    outer: float = gene(0.46, 0.60)
    taper: float = gene(0.15, 0.8)
    dark: float = gene(0.55, 1.0)


@dataclass(frozen=True)
class Nose:
    """The shape of the nose."""

    length: float = gene(0.34, 0.54)
    width: float = gene(0.105, 0.225)
    bridge: float = gene(0.035, 0.095)
    tip: float = gene(0.05, 0.115)
    droop: float = gene(-0.05, 0.06)
    depth: float = gene(0.16, 0.34)
    nostril: float = gene(0.5, 1.3)
    hump: float = gene(-0.03, 0.04)


@dataclass(frozen=True)
class Mouth:
    """The shape of the mouth."""

    place: float = gene(0.38, 0.54)  # between the nose (0) and the chin (1)
    width: float = gene(0.18, 0.33)
    upper: float = gene(0.022, 0.085)
    lower: float = gene(0.035, 0.105)
    bow: float = gene(0.0, 0.75)
    corner: float = gene(-0.03, 0.02)
    red: float = gene(0.25, 0.9)


@dataclass(frozen=True)
class Hair:
    """The cut, colour and texture of the hair."""

    cut: str = "crop"
    colour: Colour = (0.1, 0.1, 0.1)
    root: Colour = (0.1, 0.1, 0.1)  # undyed: of brows and beard
    volume: float = gene(0.5, 1.5)
    length: float = gene(0.0, 1.0)
    curl: float = gene(0.0, 1.0)
    parting: float = gene(-0.6, 0.6)
    line: float = gene(0.56, 0.76)  # the hair line above the eyes
    recession: float = gene(0.0, 0.5)
    peak: float = gene(-0.02, 0.08)
    sideburn: float = gene(-0.05, 0.32)
    fringe: float = gene(0.0, 1.0)
    seed: int = 0


@dataclass(frozen=True)
class Beard:
    """The kind of beard; "none" for most."""

    kind: str = "none"
    length: float = gene(0.0, 0.22)
    edge: float = gene(0.0, 1.0)  # how high up the cheek it grows
    moustache: float = gene(0.02, 0.075)
    colour: Colour = (0.1, 0.1, 0.1)


@dataclass(frozen=True)
class Skin:
    """The skin's colour and what is on it."""

    colour: Colour = (0.8, 0.6, 0.5)
    blush: float = gene(0.0, 1.0)
    freckles: float = 0.0
    lines: float = 0.0
    moles: tuple[tuple[float, float, float], ...] = ()  # x, y, radius
    seed: int = 0


@dataclass(frozen=True)
class Glasses:
    """The glasses a person owns, and whether they are worn."""

    worn: bool = False
    shape: str = "round"
    size: float = gene(0.8, 1.25)
    frame: float = gene(0.012, 0.042)
    colour: Colour = (0.1, 0.1, 0.1)


@dataclass(frozen=True)
class Identity:
    """A person: all that does not change between two pictures."""

    age: float  # years
    feminine: float  # 0 to 1; make-up and lashes
    earrings: float  # radius; none under 0.02
    head: Head
    eyes: Eyes
    brows: Brows
    nose: Nose
    mouth: Mouth
    hair: Hair
    beard: Beard
    skin: Skin
    glasses: Glasses


@dataclass(frozen=True)
class Shot:
    """The circumstances of a picture: all that changes between two of the same person."""

    yaw: float = 0.0  # degrees, to the picture's right
    pitch: float = 0.0  # downwards
    roll: float = 0.0  # clockwise
    smile: float = 0.3  # -0.5 to 1
    mouth_open: float = 0.0  # 0 to 1
    brow_raise: float = 0.0  # -1 to 1
    squint: float = 0.0  # 0 to 1; 1 is shut
    gaze: tuple[float, float] = (0.0, 0.0)  # -1 to 1
    light: tuple[float, float] = (-0.4, -0.6)  # where it comes from, -1 to 1
    light_strength: float = 0.35  # 0 to 1
    warmth: float = 0.0  # -1 to 1
    exposure: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0
    background: str = "plain"
    background_colours: tuple[Colour, ...] = (
        (0.80, 0.84, 0.88),
        (0.9, 0.92, 0.94),
        (0.7, 0.7, 0.7),
    )
    clothes: Colour = (0.25, 0.33, 0.45)
    collar: str = "crew"
    scale: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)  # of the picture's side
    blur: float = 0.0  # standard deviation in 96ths of the side
    noise: float = 0.0  # standard deviation, of 255
    quality: int = 95  # of the JPEG
    muss: float = 0.0  # how much the hair is disturbed
    swap_glasses: bool = False  # glasses off, or on for who wears none
    seed: int = 0


# --- inventing a person -------------------------------------------------------------------------

SKINS = np.array(
    [
        (255, 226, 208), (248, 211, 186), (238, 194, 162), (224, 174, 136),
        (202, 148, 108), (172, 117, 80), (138, 90, 62), (104, 66, 47), (76, 48, 37),
    ]
) / 255  # fmt: skip
HAIRS = {
    "black": (22, 19, 22), "espresso": (44, 30, 25), "brown": (82, 54, 36),
    "chestnut": (112, 62, 38), "auburn": (134, 56, 30), "ginger": (188, 94, 42),
    "dark_blond": (156, 120, 76), "blond": (208, 170, 106), "platinum": (230, 212, 168),
}  # fmt: skip
IRISES = {
    "dark": (52, 32, 22), "brown": (98, 60, 32), "hazel": (132, 98, 48), "green": (92, 122, 72),
    "blue": (82, 124, 164), "grey": (122, 138, 148), "amber": (160, 104, 40),
}  # fmt: skip
FRAMES = (
    (20, 20, 24),
    (92, 52, 28),
    (150, 120, 60),
    (120, 126, 134),
    (150, 32, 40),
    (30, 60, 110),
)
DYES = ((214, 92, 140), (70, 120, 190), (60, 150, 130), (150, 90, 180))
MEN = {
    "bald": 6, "ring": 5, "buzz": 10, "crop": 16, "side_part": 15, "quiff": 12, "slick": 7,
    "curls": 9, "afro": 5, "locs": 3, "bob": 3, "long": 3, "wavy": 2, "bun": 2,
}  # fmt: skip
WOMEN = {
    "buzz": 1, "pixie": 9, "side_part": 2, "curls": 5, "afro": 5, "locs": 4, "bob": 13,
    "fringe_bob": 9, "long": 14, "long_fringe": 9, "wavy": 13, "ponytail": 9, "bun": 9,
    "braids": 5, "scarf": 3,
}  # fmt: skip
CUTS = tuple(dict.fromkeys((*MEN, *WOMEN)))
BEARDS = {"none": 46, "stubble": 15, "moustache": 8, "goatee": 9, "short": 12, "full": 10}
FRAME_SHAPES = ("round", "square", "cat", "wide", "aviator")
COILED, CURLY = ("afro", "locs", "braids"), ("curls", "afro")


def draw_genes(kind: type, rng: np.random.Generator) -> Any:
    """Draw every number of a group of parameters, wide and flat between its limits."""
    ranged = {f.name: f.metadata["limits"] for f in fields(kind) if "limits" in f.metadata}
    draws = rng.beta(1.5, 1.5, len(ranged))
    return kind(
        **{
            name: float(low + (high - low) * draw)
            for draw, (name, (low, high)) in zip(draws, ranged.items(), strict=True)
        }
    )


def pick(rng: np.random.Generator, weights: Mapping[str, float]) -> str:
    """Draw a name by weight."""
    chances = np.array(list(weights.values()), float)
    return list(weights)[rng.choice(len(chances), p=chances / chances.sum())]


def mix(a: Colour, b: Colour, amount: float) -> Colour:
    """Return the colour between a (amount 0) and b (amount 1)."""
    r, g, b_ = (float(x + (y - x) * amount) for x, y in zip(a, b, strict=True))
    return r, g, b_


def jitter(rng: np.random.Generator, colour: tuple, spread: float) -> Colour:
    """Return a colour near one given in 0 to 255."""
    moved = np.array(colour) / 255 * rng.uniform(1 - 2 * spread, 1 + 2 * spread)
    return tuple(
        np.clip(moved + rng.normal(0, spread / 2, 3) * (0.12 + moved.mean()), 0, 1).tolist()
    )


def skin_colour(rng: np.random.Generator, dark: float) -> Colour:
    """Return a skin between very light (0) and very dark (1) with an undertone."""
    ramp = np.array([np.interp(dark * (len(SKINS) - 1), range(len(SKINS)), c) for c in SKINS.T])
    tone = rng.normal(0, 1) * np.array([0.004, -0.008, -0.022]) + rng.normal(0, 0.008)
    olive = rng.normal(0, 1) * np.array([-0.008, 0.006, -0.004])
    return tuple(np.clip(ramp + tone + olive, 0.05, 1).tolist())


def draw_skin(rng: np.random.Generator, dark: float, age: float) -> Skin:
    """Draw skin, freckles, moles and lines."""
    skin = draw_genes(Skin, rng)
    moles = tuple(
        (
            float(rng.uniform(-0.5, 0.5)),
            float(rng.uniform(-0.4, 0.85)),
            float(rng.uniform(0.014, 0.032)),
        )
        for _ in range(rng.choice([0, 1, 2, 3], p=[0.6, 0.26, 0.1, 0.04]))
    )
    freckled = rng.random() < (0.2 if dark < 0.4 else 0.05)
    return replace(
        skin,
        colour=skin_colour(rng, dark),
        freckles=float(rng.uniform(0.3, 1)) if freckled else 0.0,
        lines=float(np.clip((age - 34) / 42 + rng.normal(0, 0.12), 0, 1)),
        moles=moles,
        seed=int(rng.integers(2**31)),
    )


def hair_colour(rng: np.random.Generator, dark: float, age: float) -> Colour:
    """Draw a hair colour: lighter ones for lighter skin, grey with age, rarely dyed."""
    light = np.clip(1.15 - 2.2 * dark, 0.02, 1)
    weights = dict(zip(HAIRS, (4, 4, 5, 3, 2, 2, 4, 4, 1.5), strict=True))
    weights = {n: w * (light if n not in ("black", "espresso") else 1) for n, w in weights.items()}
    colour = jitter(rng, HAIRS[pick(rng, weights)], 0.09)
    grey = float(np.clip((age - 48) / 20 + rng.normal(0, 0.35), 0, 1)) if age > 36 else 0.0
    return mix(colour, jitter(rng, (196, 195, 194), 0.07), grey)


def draw_hair(rng: np.random.Generator, feminine: float, dark: float, age: float) -> Hair:
    """Draw cut, colour and texture."""
    weights: dict[str, float] = dict(WOMEN if feminine > 0.5 else MEN)
    for cut in COILED:
        weights[cut] = weights.get(cut, 0) * (0.3 + 2.2 * dark)
    for cut in ("bald", "ring"):
        weights[cut] = weights.get(cut, 0) * (0.35 + max(0, age - 30) / 14)
    hair = draw_genes(Hair, rng)
    root = hair_colour(rng, dark, age)
    dye = jitter(rng, DYES[rng.integers(len(DYES))], 0.05)
    recession = hair.recession * (0.4 if feminine > 0.5 else 0.6 + max(0, age - 30) / 50)
    return replace(
        hair,
        cut=pick(rng, weights),
        colour=dye if rng.random() < 0.03 else root,
        root=root,
        curl=float(np.clip(hair.curl * 0.7 + 0.4 * dark, 0, 1)),
        recession=float(recession),
        seed=int(rng.integers(2**31)),
    )


def draw_beard(rng: np.random.Generator, feminine: float, hair: Hair, age: float) -> Beard:
    """Draw a beard near the hair's colour, for some men."""
    beard = draw_genes(Beard, rng)
    kind = pick(rng, BEARDS)
    grey = mix(
        hair.root, (0.74, 0.74, 0.73), float(rng.uniform(0, np.clip((age - 38) / 30, 0, 0.8)))
    )
    colour = mix(grey, (0.25, 0.13, 0.07), 0.15)
    return replace(beard, kind="none" if feminine > 0.5 else kind, colour=colour)


def draw_glasses(rng: np.random.Generator, age: float) -> Glasses:
    """Draw the glasses a person owns."""
    glasses = draw_genes(Glasses, rng)
    return replace(
        glasses,
        worn=bool(rng.random() < 0.17 + 0.004 * (age - 20)),
        shape=str(rng.choice(FRAME_SHAPES)),
        colour=jitter(rng, FRAMES[rng.integers(len(FRAMES))], 0.06),
    )


def shape_by_sex(identity: Identity) -> Identity:
    """Move jaw, brows, lashes and lips a little towards what is usual."""
    f = identity.feminine - 0.5
    head, eyes, brows, mouth = identity.head, identity.eyes, identity.brows, identity.mouth
    return replace(
        identity,
        head=replace(head, jaw=head.jaw - 0.05 * f, neck=head.neck - 0.08 * f),
        eyes=replace(eyes, lash=eyes.lash * (1 + 0.6 * f), opening=eyes.opening * (1 + 0.12 * f)),
        brows=replace(brows, thick=brows.thick * (1 - 0.4 * f), height=brows.height + 0.02 * f),
        mouth=replace(mouth, red=float(np.clip(mouth.red + 0.3 * f, 0, 1))),
    )


def random_identity(seed: int) -> Identity:
    """Invent the person of a seed.

    Parameters
    ----------
    seed : int
        Not negative. The same seed is always the same person.

    Returns
    -------
    Identity

    Raises
    ------
    ValueError
        If the seed is negative.
    """
    if seed < 0:
        raise ValueError(f"seed = {seed}; give 0 or more")
    rng = np.random.default_rng([seed, 0x0FACE])
    feminine = float(rng.uniform(0.6, 1) if rng.random() < 0.5 else rng.uniform(0, 0.4))
    age, dark = float(18 + 57 * rng.beta(1.1, 1.6)), float(rng.beta(0.9, 1.1))
    hair = draw_hair(rng, feminine, dark, age)
    iris_light = np.clip(1.2 - 2.4 * dark, 0.02, 1)
    irises = dict(zip(IRISES, (3, 4, *(iris_light * np.array([3, 3, 4, 2])), 0.6), strict=True))
    return shape_by_sex(
        Identity(
            age=age,
            feminine=feminine,
            earrings=float(rng.uniform(0, 0.06) if feminine > 0.5 else 0),
            head=draw_genes(Head, rng),
            eyes=replace(
                draw_genes(Eyes, rng), colour=jitter(rng, IRISES[pick(rng, irises)], 0.08)
            ),
            brows=draw_genes(Brows, rng),
            nose=draw_genes(Nose, rng),
            mouth=draw_genes(Mouth, rng),
            hair=hair,
            beard=draw_beard(rng, feminine, hair, age),
            skin=draw_skin(rng, dark, age),
            glasses=draw_glasses(rng, age),
        )
    )


def blend(a: Any, b: Any, likeness: float, rng: np.random.Generator) -> Any:
    """Mix two values: numbers between, groups field by field, all else from either."""
    if is_dataclass(a) and not isinstance(a, type):
        mixed = {
            f.name: blend(getattr(a, f.name), getattr(b, f.name), likeness, rng) for f in fields(a)
        }
        return replace(a, **mixed)
    if isinstance(a, float):
        return b + (a - b) * likeness
    if isinstance(a, tuple) and len(a) == len(b) == 3 and isinstance(a[0], float):
        return mix(b, a, likeness)
    return a if rng.random() < likeness else b


def sibling(identity: Identity, seed: int, likeness: float = 0.7) -> Identity:
    """Invent somebody who resembles a person.

    Parameters
    ----------
    identity : Identity
    seed : int
        Another seed is another sibling.
    likeness : float
        From 0 (a stranger) to 1 (the same person).

    Returns
    -------
    Identity

    Raises
    ------
    ValueError
        If likeness is outside 0 to 1.
    """
    if not 0 <= likeness <= 1:
        raise ValueError(f"likeness = {likeness}; give 0 (a stranger) to 1 (the same person)")
    rng = np.random.default_rng([seed, 0x51B])
    return blend(identity, random_identity(seed), likeness, rng)


# --- inventing a picture ------------------------------------------------------------------------

BACKGROUNDS = ("plain", "gradient", "room", "wall", "trees", "street", "bokeh")
COLLARS = ("crew", "v", "shirt", "turtle")


def neutral_shot() -> Shot:
    """Return the circumstances of a passport picture: straight, calm, evenly lit."""
    return Shot()


def random_colour(rng: np.random.Generator) -> Colour:
    """Return any colour, seldom a shrill one."""
    grey, away = rng.uniform(0.1, 0.9), rng.normal(0, 0.09, 3)
    return tuple(np.clip(grey + away, 0.02, 0.98).tolist())


def random_shot(rng: np.random.Generator, difficulty: float = 1.0) -> Shot:
    """Draw the circumstances of a picture as a camera at a door might meet them.

    Parameters
    ----------
    rng : np.random.Generator
    difficulty : float
        0 is nearly a passport picture; 1 turns by up to 25 degrees, smiles, squints, varies
        light, blur and noise; above 1 is harder still.

    Returns
    -------
    Shot
    """
    d = difficulty

    def spread(limit: float) -> float:
        return float(np.clip(rng.normal(0, 0.5), -1, 1) * limit * d)

    side = float(rng.uniform(-1, 1))
    return Shot(
        yaw=spread(25),
        pitch=spread(12),
        roll=spread(10),
        smile=float(np.clip(0.3 + rng.normal(0, 0.4) * d, -0.5, 1)),
        mouth_open=float(max(0, rng.uniform(-1.2, 1)) * min(d, 1)),
        brow_raise=spread(1),
        squint=float(
            1 if rng.random() < 0.02 * d else max(0, rng.uniform(-0.8, 0.55)) * min(d, 1)
        ),
        gaze=(spread(1), spread(0.6)),
        light=(side, float(rng.uniform(-0.9, 0.1))),
        light_strength=float(0.3 + 0.6 * rng.random() * d),
        warmth=spread(0.9),
        exposure=float(np.exp(spread(0.28))),
        contrast=float(np.exp(spread(0.2))),
        saturation=float(1 + max(spread(0.4), -0.6)),
        background=str(rng.choice(BACKGROUNDS)),
        background_colours=tuple(random_colour(rng) for _ in range(3)),
        clothes=random_colour(rng),
        collar=str(rng.choice(COLLARS)),
        scale=1 + spread(0.08),
        shift=(spread(0.04), spread(0.04)),
        blur=float(max(0, rng.uniform(-0.6, 0.85)) * d),
        noise=float(rng.uniform(0, 6) * d),
        quality=int(np.clip(95 - rng.uniform(0, 50) * d, 20, 95)),
        muss=float(rng.uniform(0, 1) * min(d, 1)),
        swap_glasses=bool(rng.random() < 0.06 * d),
        seed=int(rng.integers(2**31)),
    )
