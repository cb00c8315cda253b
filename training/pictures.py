"""Make every picture in images/: the content photographs, the drawn scene, the painted styles.

    python -m training.pictures [NAME ...] [--seed 0] [--out images]

The photographs are parts of those that scikit-learn and scikit-image ship in their wheels;
everything else is drawn by formulas from seeded random numbers. Seed 0 gives the pictures of the
course, other seeds other instances of the same styles. images/SOURCES.md names what comes whence.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
import skimage.data
from PIL import Image
from sklearn.datasets import load_sample_image
from tqdm import tqdm

from grading.files import written_whole
from training import cubist, harbour, ink, painters, stone_and_glass, woodcut

ROOT = Path(__file__).resolve().parents[1]
WIDTH, HEIGHT = 800, 600
QUALITY = 92  # of the JPEG files
MAX_BYTES = 400_000  # of one file, so that the repository stays small

Painter = Callable[[np.random.Generator, int, int], np.ndarray]


@dataclass(frozen=True)
class Photo:
    """A photograph in a dependency's wheel and the 4:3 part of it that the course shows."""

    package: str
    name: str
    left: int
    top: int
    width: int


PHOTOS = {
    "content_temple": Photo("scikit-learn", "china.jpg", 0, 0, 568),
    "content_flower": Photo("scikit-learn", "flower.jpg", 58, 0, 496),
    "content_coffee": Photo("scikit-image", "coffee", 20, 0, 532),
    "content_cat": Photo("scikit-image", "chelsea", 51, 0, 400),
    "content_rocket": Photo("scikit-image", "rocket", 36, 0, 568),
}

PAINTED: dict[str, Painter] = {
    "content_harbour": harbour.harbour,
    "style_brush_strokes": painters.brush_strokes,
    "style_night_sky": painters.night_sky,
    "style_pointillism": painters.pointillism,
    "style_mosaic": stone_and_glass.mosaic,
    "style_stained_glass": stone_and_glass.stained_glass,
    "style_woodcut_waves": woodcut.woodcut_waves,
    "style_cubist": cubist.cubist,
    "style_ink_wash": ink.ink_wash,
}

NAMES = (*PHOTOS, *PAINTED)


def load_photo(photo: Photo) -> np.ndarray:
    """Return the whole photograph as its package ships it, uint8 (H, W, 3)."""
    if photo.package == "scikit-learn":
        return load_sample_image(photo.name)
    return getattr(skimage.data, photo.name)()


def crop(photo: Photo) -> np.ndarray:
    """Return the 4:3 part of a photograph, uint8 (H, W, 3).

    Raises
    ------
    ValueError
        If the photograph is smaller than the part.
    """
    picture = load_photo(photo)
    bottom, right = photo.top + photo.width * 3 // 4, photo.left + photo.width
    if bottom > picture.shape[0] or right > picture.shape[1]:
        raise ValueError(
            f"{photo.package}'s {photo.name} is {picture.shape[1]} x {picture.shape[0]} pixels, "
            f"its part in the course ends at {right} x {bottom}; correct its entry in PHOTOS"
        )
    return picture[photo.top : bottom, photo.left : right]


def make(name: str, seed: int = 0, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """Return a picture, uint8 (H, W, 3), RGB; seed and size count for the painted ones only."""
    if name in PHOTOS:
        return crop(PHOTOS[name])
    rng = np.random.default_rng([seed, crc32(name.encode())])
    return PAINTED[name](rng, width, height)


def save(picture: np.ndarray, path: Path) -> None:
    """Write a JPEG file, whole or not at all, unless it is too large.

    Raises
    ------
    ValueError
        If the file is larger than MAX_BYTES.
    """
    with written_whole(path) as part:
        Image.fromarray(picture).save(part, "JPEG", quality=QUALITY, optimize=True)
        size = part.stat().st_size
        if size > MAX_BYTES:
            raise ValueError(
                f"{path.name} has {size} bytes, more than {MAX_BYTES}; make it smaller or smoother"
            )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Make the pictures of the course.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these of {list(NAMES)}")
    parser.add_argument("--seed", type=int, default=0, help="0 or more; other painted instances")
    parser.add_argument("--out", type=Path, default=ROOT / "images", help="folder to write to")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in NAMES]
    if unknown:
        parser.error(f"no picture is named {unknown[0]}; choose from: {', '.join(NAMES)}")
    if arguments.seed < 0:
        parser.error(f"the seed {arguments.seed} is negative; give 0 or more")
    return arguments


def main() -> None:
    """Make the pictures that the command line names, or all."""
    arguments = _arguments()
    arguments.out.mkdir(parents=True, exist_ok=True)
    progress = tqdm(arguments.names or NAMES)
    for name in progress:
        progress.set_description(name)
        save(make(name, arguments.seed), arguments.out / f"{name}.jpg")


if __name__ == "__main__":
    main()
