"""How well networks paint, judged by the true VGG-19's first eight layers.

    COURSE_TEST_DATA=folder python -m benchmarks.style_quality [--pairs 3 6] [--side 400]
    COURSE_TEST_DATA=folder python -m benchmarks.style_quality --held-out [--only embedded]
    COURSE_TEST_DATA=folder python -m benchmarks.style_quality --gallery

Each picture gets two figures; 0 is perfect in both.
style: mean over conv1_1, conv2_1, conv3_1 of |G(x) - G(s)|² / |G(c) - G(s)|², where G is the Gram
matrix, x the painting, c the content and s the style; 1 means that nothing was taken over.
content: |F(x) - F(c)|² / |F(c)|² at conv3_4.

Compared are the embedded network, the same layout with seeded filters, and the true layers
themselves, each with the notebook's recipe. The true layers reach to conv3_4 only, so that one
paints with the style layers conv1_1 to conv3_1 and the content layer conv3_4. With --held-out
the pictures are three photographs of scikit-image that no training saw, and the painted styles
from another seed. With --gallery nothing is painted: the paintings that
`python -m training.gallery` left are judged.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import skimage.data
from tqdm import tqdm

from nst_utils import (
    CONFIG,
    COURSE_DIR,
    load_vgg_model,
    read_image,
    reshape_and_normalize_image,
)
from training import gallery, pictures
from training.balance import gram
from training.matconvnet import network_widths, write_matconvnet
from training.paint import Painter
from training.random_network import calibration_pictures, make_network
from training.true_layers import true_network

STYLE = ("conv1_1", "conv2_1", "conv3_1")
CONTENT = "conv3_4"
HELD_OUT_PHOTOS = ("astronaut", "camera", "stereo_motorcycle")
HELD_OUT_SEED = 7  # the course's own styles have 0


class Judge:
    """The true layers, reading pictures of one size."""

    def __init__(self, weights: Path, size: tuple[int, int]) -> None:
        self._model = load_vgg_model(weights, size)

    def features(self, picture: np.ndarray) -> dict[str, np.ndarray]:
        """Return features (places, channels), float64, of a picture, 0-255."""
        self._model["input"].assign(reshape_and_normalize_image(picture))
        found = {name: np.asarray(self._model[name], np.float64) for name in (*STYLE, CONTENT)}
        return {name: a.reshape(-1, a.shape[-1]) for name, a in found.items()}

    def score(self, painting: np.ndarray, content: np.ndarray, style: np.ndarray) -> np.ndarray:
        """Return the two figures (style, content)."""
        x, c, s = (self.features(picture) for picture in (painting, content, style))
        shares = [
            np.square(gram(x[name]) - gram(s[name])).sum()
            / np.square(gram(c[name]) - gram(s[name])).sum()
            for name in STYLE
        ]
        kept = np.square(x[CONTENT] - c[CONTENT]).sum() / np.square(c[CONTENT]).sum()
        return np.array([np.mean(shares), kept])


def networks(folder: Path, true_file: Path) -> dict[str, tuple[Path, dict]]:
    """Return name, weights file and replaced globals of what is compared."""
    seeded = folder / "seeded.mat"
    write_matconvnet(seeded, make_network(network_widths(16), 1, calibration_pictures()))
    recipe = {"STYLE_LAYERS": [(name, 0.2) for name in STYLE], "CONTENT_LAYER": CONTENT}
    return {
        "embedded": (COURSE_DIR / CONFIG.COMPACT_MODEL, {}),
        "seeded filters": (seeded, {}),
        "true layers": (true_file, recipe),
    }


def make_held_out(folder: Path) -> Path:
    """Save pictures that no training saw into a folder, named like those of the course."""
    for name in HELD_OUT_PHOTOS:
        loaded = getattr(skimage.data, name)()
        photo = loaded[0] if isinstance(loaded, tuple) else loaded  # a stereo pair
        pictures.save(middle(photo), folder / f"content_{name}.jpg")
    for name in tqdm([n for n in pictures.PAINTED if n.startswith("style_")], desc="styles"):
        pictures.save(pictures.make(name, HELD_OUT_SEED), folder / f"{name}.jpg")
    return folder


def middle(photo: np.ndarray) -> np.ndarray:
    """Return the largest 4:3 part in the middle of a photograph, grey or in colours, as RGB."""
    colours = np.stack([photo] * 3, axis=-1) if photo.ndim == 2 else photo[..., :3]
    height, width = colours.shape[:2]
    high = min(height, width * 3 // 4)
    wide = high * 4 // 3
    top, left = (height - high) // 2, (width - wide) // 2
    return colours[top : top + high, left : left + wide]


def judge_gallery() -> None:
    """Print the figures of the gallery's paintings, by content and by style."""
    contents, styles = (
        sorted(gallery.IMAGES.glob(f"{kind}_*.jpg")) for kind in ("content", "style")
    )
    size = gallery.SIZE
    with tempfile.TemporaryDirectory() as temporary:
        write_matconvnet(Path(temporary) / "true.mat", true_network())
        judge = Judge(Path(temporary) / "true.mat", size)
    scores = np.array([
        [judge.score(read_image(gallery.painting_path(content, style)),
                     read_image(content, size), read_image(style, size)) for style in styles]
        for content in tqdm(contents, desc="gallery")
    ])  # fmt: skip
    print("| pictures | style | content |\n| --- | --- | --- |")
    for paths, axis in ((contents, 1), (styles, 0)):
        for path, (style, content) in zip(paths, scores.mean(axis=axis), strict=True):
            print(f"| {path.stem} | {style:.3f} | {content:.3f} |")
    style, content = scores.mean(axis=(0, 1))
    print(f"| all | {style:.3f} | {content:.3f} |")


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, nargs=2, default=(3, 6), help="contents and styles")
    parser.add_argument("--side", type=int, default=400, help="pixels of the longer side")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--only", help="one network")
    parser.add_argument("--gallery", action="store_true", help="judge what is painted already")
    parser.add_argument("--held-out", action="store_true", help="pictures no training saw")
    parser.add_argument("--images", type=Path, default=COURSE_DIR / "images")
    arguments = parser.parse_args()
    if arguments.gallery:
        judge_gallery()
        return
    size = (arguments.side * 3 // 4, arguments.side)
    with tempfile.TemporaryDirectory() as temporary:
        images = make_held_out(Path(temporary)) if arguments.held_out else arguments.images
        contents = sorted(images.glob("content_*.jpg"))[-arguments.pairs[0] :]
        styles = sorted(images.glob("style_*.jpg"))[-arguments.pairs[1] :]
        pairs = [(content, style) for content in contents for style in styles]
        true_file = Path(temporary) / "true.mat"
        write_matconvnet(true_file, true_network())
        judge = Judge(true_file, size)
        print(f"{len(contents)} contents x {len(styles)} styles, {size[0]} x {size[1]} pixels")
        print("\n| network | style | content |\n| --- | --- | --- |", flush=True)
        for name, (weights, recipe) in networks(Path(temporary), true_file).items():
            if arguments.only in (None, name):
                painter = Painter(weights, size, **recipe)
                scores = [
                    judge.score(painter.paint(content, style, arguments.steps),
                                read_image(content, size), read_image(style, size))
                    for content, style in tqdm(pairs, desc=name)
                ]  # fmt: skip
                style_mean, content_mean = np.mean(scores, axis=0)
                print(f"| {name} | {style_mean:.3f} | {content_mean:.3f} |", flush=True)


if __name__ == "__main__":
    main()
