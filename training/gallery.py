"""Paint every content picture in every style: docs/gallery.md and the README's picture.

    python -m training.gallery [--steps 200] [--weights FILE]

Single paintings go to build/gallery; the contact sheet (a row for each content, a column for
each style) and the README's picture go to docs.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from grading.files import written_whole
from nst_utils import COURSE_DIR, read_image, save_image
from training.paint import Painter

SIZE = (300, 400)
TILE = (150, 200)  # of the contact sheet, rows and columns
GAP = 6
README_PAIR = ("content_temple", "style_night_sky")
IMAGES, DOCS = COURSE_DIR / "images", COURSE_DIR / "docs"
PAINTINGS = COURSE_DIR / "build" / "gallery"

PAGE = """# Gallery

Every content picture in every style, painted by the art notebook's own recipe with the
network that lies in `pretrained-model/`: {steps} steps of Adam at 300 x 400 pixels. A row for each
content, a column for each style; the sources stand at the margins.

![{n_rows} contents, each painted in {n_columns} styles](gallery.jpg)

Rows: {rows}. Columns: {columns}. Their origins are in [images/SOURCES.md](../images/SOURCES.md).

This page is made by `python -m training.gallery`.
"""


def tile(path: Path) -> np.ndarray:
    """Return a picture at the size of a tile, with a white gap to its right and below."""
    pixels = read_image(path, TILE).astype(np.uint8)
    return np.pad(pixels, ((0, GAP), (0, GAP), (0, 0)), constant_values=255)


def contact_sheet(contents: list[Path], styles: list[Path]) -> np.ndarray:
    """Put sources and paintings into one picture."""
    corner = np.full_like(tile(contents[0]), 255)
    rows = [[corner, *map(tile, styles)]]
    for content in contents:
        painted = [tile(painting_path(content, style)) for style in styles]
        rows.append([tile(content), *painted])
    return np.concatenate([np.concatenate(row, axis=1) for row in rows])


def painting_path(content: Path, style: Path) -> Path:
    """Return where the painting of a pair lies."""
    return PAINTINGS / f"{content.stem}-{style.stem}.png"


def readme_picture() -> np.ndarray:
    """Return photograph, style and painting of one pair side by side."""
    content, style = (IMAGES / f"{name}.jpg" for name in README_PAIR)
    parts = [read_image(path, SIZE) for path in (content, style, painting_path(content, style))]
    white = np.full((SIZE[0], 2 * GAP, 3), 255, np.float32)
    return np.concatenate([parts[0], white, parts[1], white, parts[2]], axis=1)


def save_jpeg(path: Path, pixels: np.ndarray) -> None:
    """Save at a quality that keeps brush strokes."""
    with written_whole(path) as part:
        Image.fromarray(pixels.astype(np.uint8)).save(part, "JPEG", quality=90)


def names(paths: list[Path]) -> str:
    """Return the pictures' names as words."""
    return ", ".join(path.stem.partition("_")[2].replace("_", " ") for path in paths)


def main() -> None:
    """Paint all pairs and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--weights", type=Path, help="another network")
    arguments = parser.parse_args()
    contents, styles = (sorted(IMAGES.glob(f"{kind}_*.jpg")) for kind in ("content", "style"))
    painter = Painter(arguments.weights, SIZE)
    for content, style in tqdm([(c, s) for c in contents for s in styles], desc="paintings"):
        save_image(painting_path(content, style), painter.paint(content, style, arguments.steps))
    save_jpeg(DOCS / "gallery.jpg", contact_sheet(contents, styles))
    save_jpeg(DOCS / "painting.jpg", readme_picture())
    sizes = {"n_rows": len(contents), "n_columns": len(styles)}
    rows, columns = names(contents), names(styles)
    text = PAGE.format(steps=arguments.steps, rows=rows, columns=columns, **sizes)
    (DOCS / "gallery.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
