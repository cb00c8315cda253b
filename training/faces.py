"""Draw people who do not exist, to train and to try out face recognition.

    python -m training.faces                # makes images/faces again
    python -m training.faces --sheet a.png  # a row for each person, a column for each shot

A seed is a person (`random_identity`), a `Shot` the circumstances of one picture; `render` draws
both. The same arguments give the same picture.
"""

import argparse
import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, cpu_count, delayed
from PIL import Image
from tqdm import tqdm

from grading.files import written_whole
from training.people import (
    Identity,
    Shot,
    neutral_shot,
    random_identity,
    random_shot,
    sibling,
)

try:
    from training.portrait import render
except ImportError as error:  # skia needs libraries of the system
    if __name__ == "__main__":
        raise SystemExit(f"error: {error}") from None
    raise

__all__ = [
    "Identity",
    "Shot",
    "neutral_shot",
    "random_identity",
    "random_shot",
    "render",
    "render_many",
    "sibling",
]

FOLDER = Path(__file__).resolve().parents[1] / "images" / "faces"
SIZE, LARGE = 96, 384
QUALITY = 90  # of the JPEG files
PRACTICE_SEED, PRACTICE_PEOPLE, PRACTICE_SHOTS = 201_000, 40, 12
BATCH = 8  # people a worker draws at a time

# --- many pictures ------------------------------------------------------------------------------


def shots_of(person: int, count: int, seed: int, difficulty: float = 1.0) -> list[Shot]:
    """Return a person's shots, which depend on nothing but the arguments."""
    rng = np.random.default_rng([seed, person, 0x5407])
    return [random_shot(rng, difficulty) for _ in range(count)]


def pictures_of(
    people: Sequence[int], count: int, size: int, seed: int, difficulty: float
) -> np.ndarray:
    """Draw some people, uint8 (people, count, size, size, 3)."""
    pictures = np.empty((len(people), count, size, size, 3), np.uint8)
    for row, person in zip(pictures, people, strict=True):
        identity = random_identity(person)
        for k, shot in enumerate(shots_of(person, count, seed, difficulty)):
            row[k] = render(identity, shot, size)
    return pictures


def render_many(  # noqa: PLR0913 - the arguments of one picture, and how many
    seeds: Sequence[int] | np.ndarray,
    shots_per_identity: int,
    size: int = 96,
    seed: int = 0,
    processes: int | None = None,
    *,
    difficulty: float = 1.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw several pictures of each of many people, in parallel.

    Parameters
    ----------
    seeds : sequence of int
        The people (see `random_identity`).
    shots_per_identity : int
        Pictures of each, with circumstances drawn by `random_shot`.
    size : int
        The side in pixels.
    seed : int
        Another seed gives other circumstances of the same people.
    processes : int, optional
        By default one for each core. The pictures do not depend on it.
    difficulty : float
        Of the shots, see `random_shot`.

    Returns
    -------
    pictures : np.ndarray
        uint8, shape (n, shots_per_identity, size, size, 3), RGB.
    seeds : np.ndarray
        int64, shape (n,): who is who.

    Raises
    ------
    ValueError
        If there is no person, no shot or no process, or the size is outside its limits.
    """
    people = np.asarray(seeds, np.int64)
    limits = {"len(seeds)": len(people), "shots_per_identity": shots_per_identity}
    for name, count in {**limits, "processes": processes or cpu_count()}.items():
        if count < 1:
            raise ValueError(f"{name} = {count}; give at least 1")
    parts = [people[i : i + BATCH] for i in range(0, len(people), BATCH)]
    work = (delayed(pictures_of)(p, shots_per_identity, size, seed, difficulty) for p in parts)
    pool = Parallel(n_jobs=min(processes or cpu_count(), len(parts)), return_as="generator")
    pictures = np.empty((len(people), shots_per_identity, size, size, 3), np.uint8)
    with tqdm(total=len(people), desc="people", unit="person", disable=len(parts) < 4) as bar:
        for i, part in enumerate(pool(work)):
            pictures[i * BATCH : i * BATCH + len(part)] = part
            bar.update(len(part))
    return pictures, people


def contact_sheet(people: Sequence[int], columns: int, size: int = SIZE) -> np.ndarray:
    """Return a picture with a row for each person; the first column is a passport picture."""
    rows = []
    for person in people:
        identity = random_identity(person)
        shots = [neutral_shot(), *shots_of(person, columns - 1, 0)]
        rows.append(np.concatenate([render(identity, shot, size) for shot in shots], 1))
    return np.concatenate(rows)


# --- the course's people ------------------------------------------------------------------------


def person(seed: int, **groups: Any) -> Identity:
    """Return a seed's person with some parameters set by hand: numbers, or a group's fields."""
    identity = random_identity(seed)
    changes = {
        name: replace(getattr(identity, name), **value) if isinstance(value, dict) else value
        for name, value in groups.items()
    }
    return replace(identity, **changes)


BLACK, ESPRESSO, BROWN = (0.08, 0.07, 0.08), (0.17, 0.11, 0.09), (0.33, 0.21, 0.14)
GINGER, BLOND, WHITE_HAIR = (0.74, 0.37, 0.16), (0.83, 0.68, 0.43), (0.88, 0.87, 0.85)
FRAME = (0.09, 0.09, 0.11)


def hair(cut: str, colour: tuple[float, float, float], **more: float) -> dict[str, Any]:
    """Return a head of undyed hair."""
    return {"cut": cut, "colour": colour, "root": colour, **more}


def residents() -> dict[str, Identity]:
    """Return the twelve people whom the door of the course knows."""
    no_beard, bare, clear = {"kind": "none"}, {"worn": False}, {"moles": (), "freckles": 0.0}
    she, he = {"feminine": 0.85, "beard": no_beard}, {"feminine": 0.15, "earrings": 0.0}
    return {
        "ada": person(
            200_000, **she, age=34, hair=hair("bob", BROWN, length=0.4, volume=1.2),
            skin={**clear, "colour": (0.95, 0.80, 0.70), "lines": 0.05},
            glasses={"worn": True, "shape": "round", "colour": (0.55, 0.12, 0.16), "frame": 0.03},
        ),
        "amir": person(
            200_001, **he, age=37, hair=hair("side_part", BLACK, volume=1.3, recession=0.1),
            skin={**clear, "colour": (0.80, 0.60, 0.45), "lines": 0.1}, glasses=bare,
            beard={"kind": "full", "length": 0.08, "colour": BLACK, "edge": 0.5},
        ),
        "bea": person(
            200_002, **she, age=26, hair=hair("wavy", GINGER, volume=1.2, length=0.6),
            eyes={"colour": (0.36, 0.52, 0.30)}, glasses=bare,
            skin={"colour": (0.98, 0.85, 0.77), "freckles": 0.8, "moles": (), "lines": 0.0},
        ),
        "chen": person(
            200_003, **he, age=44, hair=hair("crop", BLACK, volume=1.1, fringe=0.3),
            eyes={"colour": (0.22, 0.14, 0.10), "fold": 0.0, "opening": 0.062, "tilt": 0.2},
            skin={**clear, "colour": (0.91, 0.75, 0.59), "lines": 0.2}, beard=no_beard,
            glasses={"worn": True, "shape": "square", "colour": FRAME, "frame": 0.034},
        ),
        "dana": person(
            200_004, **she, age=61, hair=hair("pixie", (0.72, 0.72, 0.72), volume=1.3),
            eyes={"colour": (0.33, 0.47, 0.62)}, earrings=0.045, glasses=bare,
            skin={**clear, "colour": (0.93, 0.76, 0.65), "lines": 0.6},
        ),
        "emil": person(
            200_005, **he, age=69, hair=hair("ring", WHITE_HAIR, volume=1.4),
            skin={**clear, "colour": (0.94, 0.76, 0.66), "lines": 0.75},
            beard={"kind": "moustache", "moustache": 0.07, "colour": WHITE_HAIR},
            glasses={"worn": True, "shape": "wide", "colour": (0.59, 0.47, 0.24), "frame": 0.018},
        ),
        "femi": person(
            200_006, **he, age=29, hair=hair("afro", BLACK, volume=1.0, curl=1.0, length=0.3),
            skin={**clear, "colour": (0.42, 0.27, 0.19), "lines": 0.0}, glasses=bare,
            eyes={"colour": BROWN}, beard=no_beard,
        ),
        "ines": person(
            200_007, **she, age=31, hair=hair("bun", ESPRESSO, length=0.7, recession=0.05),
            skin={"colour": (0.80, 0.59, 0.43), "moles": ((0.2, 0.5, 0.024),), "lines": 0.0},
            earrings=0.055, glasses=bare,
        ),
        "kofi": person(
            200_008, **he, age=41, hair=hair("bald", BLACK), eyes={"colour": ESPRESSO},
            skin={**clear, "colour": (0.31, 0.20, 0.15), "lines": 0.15}, glasses=bare,
            beard={"kind": "goatee", "length": 0.08, "colour": BLACK, "moustache": 0.04},
        ),
        "lena": person(
            200_129, **she, age=23, hair=hair("long", BLOND, length=0.5, volume=1.0),
            eyes={"colour": (0.32, 0.49, 0.66)}, glasses=bare,
            skin={**clear, "colour": (0.97, 0.83, 0.73), "lines": 0.0},
        ),
        "ravi": person(
            200_010, **he, age=28, hair=hair("quiff", BLACK, volume=1.0, recession=0.05),
            eyes={"colour": (0.30, 0.18, 0.10)},
            skin={**clear, "colour": (0.62, 0.42, 0.28), "lines": 0.0}, glasses=bare,
            beard={"kind": "moustache", "moustache": 0.045, "colour": BLACK},
        ),
        "yuki": person(
            200_011, **she, age=22, hair=hair("fringe_bob", BLACK, length=0.3, fringe=0.5),
            eyes={"colour": (0.22, 0.14, 0.10), "fold": 0.0, "opening": 0.075, "tilt": 0.15},
            skin={**clear, "colour": (0.97, 0.83, 0.69), "lines": 0.0}, glasses=bare,
        ),
    }  # fmt: skip


def camera(people: dict[str, Identity]) -> list[tuple[str, Identity, Shot]]:
    """Return what the camera at the door saw: name, person and circumstances, in order."""

    def at_door(seed: int, **changes: Any) -> Shot:
        shot = random_shot(np.random.default_rng([seed, 0xD002]), 0.8)
        return replace(shot, swap_glasses=False, **changes)

    dim = {"exposure": 0.62, "light": (0.9, -0.2), "light_strength": 0.9, "noise": 7.0}
    glad = {"smile": 0.9, "mouth_open": 0.35, "yaw": -10.0}
    return [
        ("bea", people["bea"], at_door(0, yaw=14.0, warmth=0.5, background="street")),
        ("kofi", people["kofi"], at_door(1, yaw=-12.0, smile=0.7)),
        ("stranger_1", random_identity(200_102), at_door(2)),
        ("sibling_of_lena", sibling(people["lena"], 200_312, 0.6), at_door(3)),
        ("yuki", people["yuki"], replace(at_door(4, **glad), swap_glasses=True)),
        ("stranger_2", random_identity(200_105), at_door(5)),
        ("ravi", people["ravi"], at_door(6, **dim)),
        ("emil", people["emil"], at_door(7, pitch=6.0)),
    ]


def practice_pictures(numbers: Sequence[int] = range(PRACTICE_PEOPLE)) -> dict[str, np.ndarray]:
    """Draw strips of the notebook's small training set: the path in images/faces, the pixels."""
    seeds = [PRACTICE_SEED + number for number in numbers]
    pictures, _ = render_many(seeds, PRACTICE_SHOTS, SIZE)
    strips = pictures.transpose(0, 2, 1, 3, 4).reshape(-1, SIZE, PRACTICE_SHOTS * SIZE, 3)
    names = [f"practice/person_{number:02d}.jpg" for number in numbers]
    return dict(zip(names, strips, strict=True))


def door_pictures() -> dict[str, np.ndarray]:
    """Draw the residents and what the camera saw: the path in images/faces, the pixels."""
    people, passport = residents(), replace(neutral_shot(), smile=0.7)
    pictures = {}
    for name, identity in people.items():
        pictures[f"residents/{name}.jpg"] = render(identity, passport, SIZE)
        pictures[f"residents_large/{name}.jpg"] = render(identity, passport, LARGE)
    for k, (_, identity, shot) in enumerate(camera(people)):
        pictures[f"camera/camera_{k}.jpg"] = render(identity, shot, SIZE)
    return pictures


# --- files --------------------------------------------------------------------------------------


def write(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all."""
    with written_whole(path) as part:
        part.write_bytes(content)


def encoded(pixels: np.ndarray, kind: str = "JPEG") -> bytes:
    """Return the bytes of a picture's file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, quality=QUALITY)
    return file.getvalue()


def camera_table() -> str:
    """Return who is in which picture of the camera, as CSV."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("picture", "person"))
    rows.writerows((f"camera_{k}.jpg", seen[0]) for k, seen in enumerate(camera(residents())))
    return text.getvalue()


def write_course_pictures(folder: Path = FOLDER) -> None:
    """Make every file of images/faces again."""
    for name, pixels in (door_pictures() | practice_pictures()).items():
        write(folder / name, encoded(pixels))
    write(folder / "camera" / "people.csv", camera_table().encode())


def main() -> None:
    """Write the course's pictures, or a contact sheet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sheet", type=Path, help="write a contact sheet (PNG) and stop")
    parser.add_argument("--first", type=int, default=0, help="the sheet's first seed")
    parser.add_argument("--people", type=int, default=10, help="the sheet's rows")
    parser.add_argument("--shots", type=int, default=10, help="the sheet's columns")
    parser.add_argument("--size", type=int, default=SIZE, help="of its pictures, pixels")
    parser.add_argument("--out", type=Path, default=FOLDER, help="another folder for images/faces")
    arguments = parser.parse_args()
    if arguments.sheet is None:
        write_course_pictures(arguments.out)
        return
    seeds = range(arguments.first, arguments.first + arguments.people)
    sheet = contact_sheet(seeds, arguments.shots, arguments.size)
    write(arguments.sheet, encoded(sheet, "PNG"))


if __name__ == "__main__":
    main()
