"""Given code of the art notebooks: settings, the VGG dict, pictures in and out, display.

Students write ``from nst_utils import *``; ``__all__`` is therefore a promise. No exercise's
solution is in here.
"""

import quiet_tensorflow  # isort: skip - before anything that imports TensorFlow

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageOps, UnidentifiedImageError
from tqdm.auto import tqdm

from vgg19 import MIN_SIDE, VGG19, KernelAxes, Pooling, VGG19Graph, open_vgg
from vgg19_weights import MEAN_PIXEL
from weight_files import WeightsError

__all__ = [
    "CONFIG",
    "LivePainting",
    "PictureError",
    "WeightsError",
    "course_path",
    "generate_noise_image",
    "load_vgg_model",
    "read_image",
    "reshape_and_normalize_image",
    "save_animation",
    "save_image",
    "show_images",
    "to_picture",
]

COURSE_DIR = Path(__file__).resolve().parent

# The real VGG-19 as `course fetch vgg19` brings it, or makes it of a file in another format.
FETCHED_MODELS = (
    "pretrained-model/vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
    "pretrained-model/vgg19.npz",
)

PICTURE_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".gif")


class CONFIG:
    """Settings of the art notebooks; change them before the cells that use them."""

    IMAGE_WIDTH = 400  # pixels
    IMAGE_HEIGHT = 300
    COLOR_CHANNELS = 3
    NOISE_RATIO = 0.6  # share of noise in the picture that painting starts from
    MEANS = np.array(MEAN_PIXEL).reshape((1, 1, 1, 3))  # RGB, subtracted from every picture
    VGG_MODEL = "pretrained-model/imagenet-vgg-verydeep-19.mat"  # real weights: course fetch vgg19
    COMPACT_MODEL = "pretrained-model/vgg19-compact.mat"  # embedded network, always there
    CONTENT_IMAGE = "images/content_temple.jpg"
    STYLE_IMAGE = "images/style_night_sky.jpg"
    OUTPUT_DIR = "output/"
    STEPS = int(os.environ.get("COURSE_STEPS", "200"))  # grading lowers it
    MAX_PIXELS = 120_000_000  # a larger picture is refused before it is decoded


class PictureError(ValueError):
    """A picture cannot be read, or has a size the network cannot use; the text says what helps."""


# --- files ----------------------------------------------------------------------------------


def course_path(path: str | Path) -> Path:
    """Find a file named relative to the present folder or to the course's own folder.

    Parameters
    ----------
    path : str or Path
        Absolute, or relative like ``images/content_temple.jpg``.

    Returns
    -------
    Path
        The first that exists; when none does, the path as it was given.
    """
    path = Path(path).expanduser()
    beside_the_code = COURSE_DIR / path
    return beside_the_code if not path.exists() and beside_the_code.exists() else path


def write_whole(path: Path, write: Any) -> Path:
    """Let ``write(temporary_path)`` make a file, then give it its name: never a half file."""
    path = Path(path).expanduser()
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as folder:
        temporary = Path(folder) / path.name
        write(temporary)
        temporary.replace(path)
    return path


# --- the network ----------------------------------------------------------------------------


def load_vgg_model(
    path: str | Path | None = None,
    image_size: tuple[int, int] | None = None,
    *,
    pooling: Pooling = "avg",
    kernel_axes: KernelAxes = "upright",
) -> VGG19 | VGG19Graph:
    """Load a VGG-19 as a mapping from 22 layer names to activations.

    ``model["input"]`` is a ``tf.Variable`` of shape (1, n_H, n_W, 3), RGB minus
    ``CONFIG.MEANS``. After ``model["input"].assign(image)``, ``model["conv4_2"]`` is that
    layer's activation after its ReLU, shape (1, n_H, n_W, n_C), differentiable under
    ``tf.GradientTape`` and always that of the present picture. Under ``tf.compat.v1`` graph
    mode the values are graph tensors for ``session.run``.

    Parameters
    ----------
    path : str or Path, optional
        ``.mat`` (MatConvNet), ``.h5`` (Keras) or ``.npz``. By default the real VGG-19 if
        ``course fetch vgg19`` has brought it (see `real_vgg`), else the embedded compact network.
        Where the published ``.mat`` is named but not there, the fetched file serves.
    image_size : (n_H, n_W), optional
        Any size from 16 x 16; by default ``CONFIG.IMAGE_HEIGHT`` x ``CONFIG.IMAGE_WIDTH``.
    pooling : {"avg", "max"}
    kernel_axes : {"upright", "as-stored", "transposed"}
        See `vgg19_weights.read_vgg_weights`.

    Raises
    ------
    WeightsError
        The file is missing, broken or not a VGG-19.
    """
    if path is None:
        path = real_vgg() or CONFIG.COMPACT_MODEL
    elif Path(path).name == Path(CONFIG.VGG_MODEL).name and not course_path(path).exists():
        path = real_vgg() or path  # old notebooks name the .mat; the same network in another file
    return open_vgg(
        course_path(path),
        image_size or (CONFIG.IMAGE_HEIGHT, CONFIG.IMAGE_WIDTH),
        pooling=pooling,
        kernel_axes=kernel_axes,
        input_mean=CONFIG.MEANS,
    )


def real_vgg() -> Path | None:
    """Return the file of the real VGG-19: CONFIG.VGG_MODEL, else what `course fetch vgg19` brings.

    Returns
    -------
    Path or None
        None where neither is there.
    """
    found = (course_path(path) for path in (CONFIG.VGG_MODEL, *FETCHED_MODELS))
    return next((path for path in found if path.exists()), None)


# --- pictures in ----------------------------------------------------------------------------


def read_image(
    path: str | Path, size: tuple[int, int] | None = None, max_side: int | None = None
) -> np.ndarray:
    """Read a picture of any common format as RGB.

    JPEG, PNG, WebP, TIFF, GIF (first frame) and whatever else Pillow decodes; grey, palette,
    alpha (laid on white), CMYK and 16 bit are converted; a photograph is turned upright as its
    EXIF says.

    Parameters
    ----------
    path : str or Path
        Relative paths are searched in the present folder, then in the course's.
    size : (n_H, n_W), optional
        Scale and crop around the centre to exactly this size.
    max_side : int, optional
        Scale down until the longer side has at most this many pixels.

    Returns
    -------
    array (n_H, n_W, 3), float32, 0-255

    Raises
    ------
    PictureError
        The file is missing, empty, truncated or no picture; it has fewer than 16 pixels a side
        or more than ``CONFIG.MAX_PIXELS`` in all.
    """
    path = course_path(path)
    check_picture_file(path)
    try:
        rgb = _decoded(path)
    except UnidentifiedImageError as error:
        with path.open("rb") as file:
            start = file.read(16)
        raise PictureError(
            f"{path} is not a picture that can be read (it begins with {start!r}); "
            "use JPEG, PNG, WebP, TIFF or GIF"
        ) from error
    except (OSError, SyntaxError, EOFError, ValueError) as error:
        if isinstance(error, PictureError):
            raise
        raise PictureError(
            f"{path} is broken or truncated ({error}); save or download it anew"
        ) from error
    return np.asarray(_resized(rgb, size, max_side), np.float32)


def _decoded(path: Path) -> Image.Image:
    pillows_limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None  # ours is checked below, before anything is decoded
    try:
        with Image.open(path) as image:
            _check_picture_size(path, *image.size)
            return to_rgb(ImageOps.exif_transpose(image))
    finally:
        Image.MAX_IMAGE_PIXELS = pillows_limit


def check_picture_file(path: Path) -> None:
    if path.is_dir():
        raise PictureError(f"{path} is a folder; give the path of a picture in it")
    if not path.exists():
        folder = path.parent if path.parent.is_dir() else COURSE_DIR / "images"
        names = (p.name for p in folder.iterdir() if p.suffix.lower() in PICTURE_ENDINGS)
        there = sorted(names)[:12]
        raise PictureError(
            f"{path} is missing (looked in {Path.cwd()} and {COURSE_DIR}); "
            f"pictures in {folder}: {', '.join(there) or 'none'}"
        )
    if path.stat().st_size == 0:
        raise PictureError(f"{path} is empty (0 bytes); save or download it anew")


def _check_picture_size(path: Path, width: int, height: int) -> None:
    if min(width, height) < MIN_SIDE:
        raise PictureError(
            f"{path} has {width} x {height} pixels; the network needs at least "
            f"{MIN_SIDE} x {MIN_SIDE}: choose a larger picture"
        )
    if width * height > CONFIG.MAX_PIXELS:
        raise PictureError(
            f"{path} is too large to decode ({width} x {height} pixels; the limit is "
            f"{CONFIG.MAX_PIXELS:,} in all): scale it down first, or raise CONFIG.MAX_PIXELS if "
            "you have the memory"
        )


def to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        image = Image.fromarray(_to_8_bit(np.asarray(image), image.mode))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def _to_8_bit(values: np.ndarray, mode: str) -> np.ndarray:
    """Scale 16-bit integers, or floats in 0-1, to 0-255."""
    highest = 1.0 if mode == "F" and values.max() <= 1 else 65535.0 if mode != "F" else 255.0
    return np.clip(np.rint(values * (255.0 / highest)), 0, 255).astype(np.uint8)


def _resized(
    image: Image.Image, size: tuple[int, int] | None, max_side: int | None
) -> Image.Image:
    for value in (*(size or ()), *([max_side] if max_side is not None else [])):
        if value < MIN_SIDE:
            raise PictureError(
                f"a side of {value} pixels was asked for; the network needs at least {MIN_SIDE}"
            )
    if size is not None:
        n_H, n_W = size
        return ImageOps.fit(image, (n_W, n_H), Image.Resampling.LANCZOS)
    if max_side is not None and max(image.size) > max_side:
        scale = max_side / max(image.size)
        width, height = (max(MIN_SIDE, round(side * scale)) for side in image.size)
        return image.resize((width, height), Image.Resampling.LANCZOS)
    return image


def reshape_and_normalize_image(image: np.ndarray) -> np.ndarray:
    """Turn a picture into the network's input.

    Parameters
    ----------
    image : array (n_H, n_W, 3) or (1, n_H, n_W, 3)
        RGB, 0-255.

    Returns
    -------
    array (1, n_H, n_W, 3), float32
        RGB minus ``CONFIG.MEANS``.

    Raises
    ------
    PictureError
        The array has another shape.
    """
    image = np.asarray(image, np.float32)
    colour = CONFIG.COLOR_CHANNELS
    if (
        image.ndim not in (3, 4)
        or image.shape[-1] != colour
        or image.shape[0:-3] not in ((), (1,))
    ):
        raise PictureError(
            f"the picture has shape {image.shape}; expected (n_H, n_W, {colour}): read it with "
            "read_image, which converts grey, alpha and palettes"
        )
    return (image.reshape((1, *image.shape[-3:])) - CONFIG.MEANS).astype(np.float32)


def generate_noise_image(
    content_image: np.ndarray, noise_ratio: float | None = None, seed: int | None = None
) -> np.ndarray:
    """Mix the content picture with noise: what painting starts from.

    Parameters
    ----------
    content_image : array (1, n_H, n_W, 3)
        RGB minus ``CONFIG.MEANS``.
    noise_ratio : float, optional
        Share of noise, 0-1; ``CONFIG.NOISE_RATIO`` (0.6) by default. The noise is uniform in
        [-20, 20].
    seed : int, optional
        Same seed, same noise.

    Returns
    -------
    array like content_image, float32
    """
    ratio = CONFIG.NOISE_RATIO if noise_ratio is None else noise_ratio
    if not 0 <= ratio <= 1:
        raise ValueError(f"noise_ratio is {ratio}; it is a share, between 0 and 1")
    content = np.asarray(content_image, np.float32)
    noise = np.asarray(np.random.default_rng(seed).uniform(-20, 20, content.shape), np.float32)
    return np.float32(ratio) * noise + np.float32(1 - ratio) * content


# --- pictures out ---------------------------------------------------------------------------


def to_picture(image: Any) -> np.ndarray:
    """Turn the network's input back into a picture that can be shown or saved.

    Parameters
    ----------
    image : array or tensor (1, n_H, n_W, 3), RGB minus ``CONFIG.MEANS``; or (n_H, n_W, 3), 0-255

    Returns
    -------
    array (n_H, n_W, 3), uint8
        RGB; values outside 0-255 are clipped.
    """
    pixels = np.asarray(image)
    if pixels.ndim == 4:
        pixels = (pixels + CONFIG.MEANS)[0]
    if not np.isfinite(pixels).all():
        raise PictureError(
            f"{np.count_nonzero(~np.isfinite(pixels))} of {pixels.size} values of the picture are "
            "not finite numbers: the optimisation ran away; try a smaller learning rate"
        )
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def save_image(path: str | Path, image: Any) -> Path:
    """Save a picture, given as the network's input or as RGB; the ending says the format.

    Parameters
    ----------
    path : str or Path
        For example ``output/painting.png``; folders are made.
    image : array or tensor
        See `to_picture`.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        The ending is no picture format that is written here.
    """
    path = Path(path)
    if path.suffix.lower() not in PICTURE_ENDINGS:
        raise ValueError(
            f"{path} ends in {path.suffix!r}; a picture ends in " + ", ".join(PICTURE_ENDINGS)
        )
    pixels = to_picture(image)
    return write_whole(path, lambda temporary: iio.imwrite(temporary, pixels))


def save_animation(path: str | Path, frames: Sequence[Any], fps: float = 8) -> Path:
    """Save pictures of a run as a film; the last one stands for two seconds.

    Parameters
    ----------
    path : str or Path
        Ends in ``.gif`` or ``.mp4``.
    frames : sequence of pictures of one size
        See `to_picture`.
    fps : float
        Pictures a second.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        There is no picture, or the ending is another.
    """
    path = Path(path)
    if not len(frames):
        raise ValueError(f"there is no picture to put into {path}; the run recorded none")
    pixels = [to_picture(frame) for frame in frames]
    if path.suffix.lower() == ".gif":
        last = 2000
        duration = [1000 / fps] * (len(pixels) - 1) + [last]
        return write_whole(path, lambda p: iio.imwrite(p, pixels, duration=duration, loop=0))
    if path.suffix.lower() == ".mp4":
        film = np.stack([even_sides(p) for p in pixels + [pixels[-1]] * round(2 * fps)])
        return write_whole(
            path, lambda p: iio.imwrite(p, film, fps=fps, codec="libx264", macro_block_size=2)
        )
    raise ValueError(f"{path} ends in {path.suffix!r}; a film ends in '.gif' or '.mp4'")


def even_sides(pixels: np.ndarray) -> np.ndarray:
    """Crop an odd last row or column: the MP4 encoder wants even sides."""
    n_H, n_W = pixels.shape[:2]
    return pixels[: n_H // 2 * 2, : n_W // 2 * 2]


def show_images(
    images: Sequence[Any], titles: Sequence[str] = (), *, columns: int = 4, height: float = 3.0
) -> None:
    """Show pictures or single feature maps side by side, in a new Matplotlib figure.

    Parameters
    ----------
    images : sequence
        Pictures as in `to_picture`, or 2-D arrays (n_H, n_W), which get a colour map.
    titles : sequence of str
    columns : int
        Pictures a row.
    height : float
        Height of a row in inches.
    """
    n_columns = min(columns, len(images))
    n_rows = -(-len(images) // n_columns)
    first = np.asarray(images[0])
    ratio = (
        first.shape[-2] / first.shape[-3] if first.ndim > 2 else first.shape[1] / first.shape[0]
    )
    size = (n_columns * height * ratio, n_rows * (height + (0.35 if len(titles) else 0)))
    _, axes = plt.subplots(n_rows, n_columns, figsize=size, squeeze=False, layout="tight")
    for axis in axes.flat:
        axis.axis("off")
    for axis, image in zip(axes.flat, images, strict=False):
        values = np.asarray(image)
        axis.imshow(values if values.ndim == 2 else to_picture(values), cmap="magma")
    for axis, title in zip(axes.flat, titles, strict=False):
        axis.set_title(title, fontsize=11)


# --- a run, live ----------------------------------------------------------------------------


class LivePainting:
    """Iterate over the steps of a painting and watch it: a bar, the picture, the costs.

    In a notebook the present picture and the cost curves are drawn anew every few steps; in a
    terminal there is the bar alone.

    Parameters
    ----------
    picture : tf.Variable or array (1, n_H, n_W, 3)
        What is being painted, RGB minus ``CONFIG.MEANS``.
    steps : int
    every : int, optional
        Steps between two looks; by default a tenth of the run.

    Attributes
    ----------
    costs : dict from name to list of float, one a step
    frames : list of arrays (n_H, n_W, 3), uint8
        The first picture, one at each look, and the last.

    Examples
    --------
    ::

        watch = LivePainting(model["input"], steps=200)
        for step in watch:
            J, J_content, J_style = train_step(model, optimizer, a_C, a_S)
            watch.record(J=J, J_content=J_content, J_style=J_style)
    """

    def __init__(self, picture: Any, steps: int, every: int | None = None) -> None:
        if steps < 1:
            raise ValueError(f"steps is {steps}; a painting takes at least 1")
        self.picture = picture
        self.steps = steps
        self.every = max(1, every or -(-steps // 10))
        self.costs: dict[str, list[float]] = {}
        self.frames = [to_picture(picture)]
        self._bar: Any = None
        self._display: Any = None

    def __iter__(self) -> Iterator[int]:
        with tqdm(total=self.steps, desc="painting", unit="step") as self._bar:
            for step in range(self.steps):
                yield step
                self._bar.update()
                if (step + 1) % self.every == 0 or step + 1 == self.steps:
                    self._look(step + 1)

    def record(self, **costs: Any) -> None:
        """Note the costs of a step, by name."""
        for name, value in costs.items():
            self.costs.setdefault(name, []).append(float(value))
        if self._bar is None:
            raise RuntimeError("record() belongs into the loop: for step in watch: ...")
        self._bar.set_postfix({name: f"{values[-1]:.3g}" for name, values in self.costs.items()})

    def figure(self) -> Figure:
        """Draw the latest picture beside the costs so far, on a logarithmic scale."""
        n_H, n_W = self.frames[-1].shape[:2]
        width = 4 * n_W / n_H
        figure, (left, right) = plt.subplots(
            1, 2, figsize=(width + 5, 4), width_ratios=(width, 5), layout="tight"
        )
        left.imshow(self.frames[-1])
        left.axis("off")
        for name, values in self.costs.items():
            right.semilogy(range(len(values)), values, label=name)
        right.set(xlabel="step", ylabel="cost", xlim=(0, self.steps))
        right.grid(alpha=0.3)
        if self.costs:
            right.legend()
            left.set_title(f"step {len(next(iter(self.costs.values())))} of {self.steps}")
        return figure

    def _look(self, step: int) -> None:
        self.frames.append(to_picture(self.picture))
        if not _in_notebook():
            return
        from IPython.display import display

        figure = self.figure()
        if self._display is None:
            self._display = display(figure, display_id=True)
        else:
            self._display.update(figure)
        plt.close(figure)


def _in_notebook() -> bool:
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    return shell is not None and hasattr(shell, "kernel")
