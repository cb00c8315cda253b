"""Pictures in and out of files with nothing lost: 16 bit, colour profile, upright, settings."""

import json
import os
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from PIL import Image, ImageCms, ImageOps, PngImagePlugin, UnidentifiedImageError

from nst_utils import PictureError, check_picture_file, course_path, to_rgb, write_whole
from vgg19 import MIN_SIDE

MAX_PIXELS = 178_956_970  # where Pillow suspects a decompression bomb
WHITE = 255.0
LONGEST_SIDE = {".jpg": 65_500, ".jpeg": 65_500, ".webp": 16_383}  # of the format, in pixels
MAX_JPEG_TEXT = 60_000  # bytes; a JPEG's EXIF block holds 64 KB

# Tags of EXIF and TIFF.
DESCRIPTION, ORIENTATION, PROFILE = 270, 274, 34675
TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB = 0, 1, 2  # values of TIFF's PhotometricInterpretation


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture as its file has it.

    Attributes
    ----------
    pixels : array (n_H, n_W, 3), float32
        RGB, 0-255, in the file's own colour space, laid on white, upright. A 16-bit file gives
        fractions.
    icc : bytes or None
        The colour profile of these pixels; None means sRGB.
    bits : {8, 16}
        A sample of the file.
    grey : bool
        Whether red, green and blue are the same everywhere.
    alpha : array (n_H, n_W), float32, 0-1, or None
        How opaque the file's pixels are; None if all are.
    source : Path
    """

    pixels: np.ndarray
    icc: bytes | None
    bits: int
    grey: bool
    alpha: np.ndarray | None
    source: Path


# --- in -------------------------------------------------------------------------------------


def read_picture(path: str | Path, size: int | None = None) -> Picture:
    """Read a picture of any common format and keep what its file says about it.

    PNG, JPEG, TIFF, WebP, BMP, GIF (first frame) and whatever else Pillow decodes. PNG and TIFF
    keep 16 bits a sample. A profile of RGB is kept with the pixels, not applied; CMYK is
    converted to sRGB, by its profile if it has one; the profile of a grey file is dropped.

    Parameters
    ----------
    path : str or Path
        Relative paths are searched in the present folder, then in the course's.
    size : int, optional
        Scale the picture, up or down, until its longer side has this many pixels.

    Returns
    -------
    Picture

    Raises
    ------
    PictureError
        The file is missing, empty, truncated or no picture; it has fewer than 16 pixels a side,
        or would after scaling; it has more than `MAX_PIXELS`.
    """
    path = course_path(path)
    check_picture_file(path)
    with _explained(path):
        decoded = _decoded(path)
    pixels, alpha = decoded.pixels, decoded.alpha
    if size is not None:
        to = _scaled_size(path, pixels.shape[:2], size)
        pixels = resize(pixels, to)
        alpha = None if alpha is None else np.clip(_resample(alpha, to), 0, 1)
    grey = bool((pixels[..., :2] == pixels[..., 1:]).all())
    return Picture(pixels, decoded.icc, decoded.bits, grey, alpha, path)


def resize(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Scale a picture without rounding its values.

    Parameters
    ----------
    pixels : array (n_H, n_W, 3)
        RGB, 0-255.
    size : (n_H, n_W)

    Returns
    -------
    array (n_H, n_W, 3), float32, 0-255
        Lanczos, widened when scaling down so that nothing is aliased; its overshoot is clipped.
    """
    if pixels.shape[:2] == tuple(size):
        return np.asarray(pixels, np.float32)
    channels = [_resample(pixels[..., channel], size) for channel in range(3)]
    return np.clip(np.stack(channels, axis=-1), 0, 255)


def _resample(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    plane = Image.fromarray(np.ascontiguousarray(values, np.float32))
    return np.asarray(plane.resize((size[1], size[0]), Image.Resampling.LANCZOS))


def _scaled_size(path: Path, size: tuple[int, ...], longest: int) -> tuple[int, int]:
    n_H, n_W = (round(side * longest / max(size)) for side in size)
    if min(n_H, n_W) < MIN_SIDE:
        enough = -(-MIN_SIDE * max(size) // min(size))
        raise PictureError(
            f"{path} scaled to {longest} pixels would be {n_W} x {n_H}; the network needs at "
            f"least {MIN_SIDE} x {MIN_SIDE}: ask for {enough} or more"
        )
    _check_number_of_pixels(path, n_W, n_H)
    return n_H, n_W


@dataclass(frozen=True, eq=False)
class _Decoded:
    pixels: np.ndarray
    alpha: np.ndarray | None
    icc: bytes | None
    bits: int


def _decoded(path: Path) -> _Decoded:
    wide = _wide_tiff(path)
    if wide is not None:
        return wide
    with warnings.catch_warnings():
        # Pillow warns at half of the limit; up to the limit is fine here.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with Image.open(path) as image:
            _check_sides(path, *image.size)
            return _wide_png(path, image) or _from_pillow(image)


def _check_sides(path: Path, width: int, height: int) -> None:
    if min(width, height) < MIN_SIDE:
        raise PictureError(
            f"{path} has {width} x {height} pixels; the network needs at least "
            f"{MIN_SIDE} x {MIN_SIDE}: choose a larger picture"
        )
    _check_number_of_pixels(path, width, height)


def _check_number_of_pixels(path: Path, width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise PictureError(
            f"{path} with {width} x {height} pixels is too large; the limit is {MAX_PIXELS:,} "
            "in all: scale it down"
        )


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Say what is wrong with a file that a decoder refuses, in whatever way it does."""
    try:
        yield
    except PictureError:
        raise
    except PermissionError as error:
        raise PictureError(f"{path} may not be read by you; change its permissions") from error
    except Image.DecompressionBombError as error:
        raise PictureError(f"{path} is too large ({error}); scale it down") from error
    except UnidentifiedImageError as error:
        with path.open("rb") as file:
            start = file.read(16)
        raise PictureError(
            f"{path} is not a picture that can be read (it begins with {start!r}); "
            "use PNG, JPEG, TIFF, WebP, BMP or GIF"
        ) from error
    except Exception as error:  # decoders raise anything over broken bytes
        raise PictureError(
            f"{path} is broken or truncated ({error}); save or download it anew"
        ) from error


def _from_pillow(image: Image.Image) -> _Decoded:
    upright = ImageOps.exif_transpose(image)
    alpha = None
    if upright.has_transparency_data:
        opacity = upright.convert("RGBA").getchannel("A")
        alpha = _unless_opaque(np.asarray(opacity, np.float32) / 255)
    rgb, icc = _with_profile(upright, upright.info.get("icc_profile"))
    return _Decoded(np.asarray(to_rgb(rgb), np.float32), alpha, icc, 8)


def _with_profile(image: Image.Image, icc: bytes | None) -> tuple[Image.Image, bytes | None]:
    """Return the picture and the profile that its values have as RGB."""
    if image.mode != "CMYK" or not icc:
        return image, _rgb_profile(icc)
    try:
        inks = ImageCms.getOpenProfile(BytesIO(icc))
        srgb = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, inks, srgb, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return image, None  # a broken profile: Pillow's plain conversion
    return converted or image, None


def _rgb_profile(icc: bytes | None) -> bytes | None:
    return icc if icc and icc[16:20] == b"RGB " else None  # the header's field "colour space"


# Pillow cuts pictures of several 16-bit channels to 8 bits, so others decode these.


def _wide_png(path: Path, image: Image.Image) -> _Decoded | None:
    if image.format != "PNG":
        return None
    with path.open("rb") as file:
        bits = file.read(25)[24]  # of IHDR, which is always first
    if bits != 16:
        return None
    samples = np.atleast_3d(imagecodecs.png_decode(path.read_bytes()))
    transparent = image.info.get("transparency")
    if transparent is not None and samples.shape[-1] in (1, 3):
        opaque = (samples != np.array(transparent)).any(axis=-1, keepdims=True)
        samples = np.concatenate([samples, opaque * np.uint16(65535)], axis=-1)
    orientation = image.getexif().get(ORIENTATION, 1)
    return _from_samples(samples, orientation, image.info.get("icc_profile"))


def _wide_tiff(path: Path) -> _Decoded | None:
    with path.open("rb") as file:
        if file.read(4) not in TIFF_STARTS:
            return None
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages[0].aspage()
        photometric = page.photometric
        if page.dtype != np.uint16 or photometric not in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB):
            return None
        _check_sides(path, page.imagewidth, page.imagelength)
        samples = page.asarray()
        in_planes = page.axes.startswith("S")
        orientation, icc = (page.tags.valueof(tag) for tag in (ORIENTATION, PROFILE))
    samples = np.atleast_3d(np.moveaxis(samples, 0, -1) if in_planes else samples)
    if photometric == WHITE_IS_ZERO:
        samples[..., 0] = 65535 - samples[..., 0]
    return _from_samples(samples, orientation or 1, icc)


def _from_samples(samples: np.ndarray, orientation: int, icc: bytes | None) -> _Decoded:
    """Make pixels of (n_H, n_W, 1 to 4) samples of 16 bits."""
    upright = _upright(samples, orientation)
    colours = 3 if upright.shape[-1] >= 3 else 1
    pixels = upright[..., :colours] / np.float32(257)
    pixels = np.broadcast_to(pixels, (*pixels.shape[:2], 3)).copy()
    alpha = None
    if upright.shape[-1] > colours:
        alpha = _unless_opaque(upright[..., colours] / np.float32(65535))
    if alpha is not None:
        pixels = WHITE + (pixels - WHITE) * alpha[..., None]
    return _Decoded(pixels.astype(np.float32), alpha, _rgb_profile(icc), 16)


def _unless_opaque(alpha: np.ndarray) -> np.ndarray | None:
    return None if (alpha == 1).all() else alpha


def _upright(samples: np.ndarray, orientation: int) -> np.ndarray:
    """Undo EXIF's orientation, 1 to 8."""
    if orientation in (5, 6, 7, 8):
        samples = samples.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    if orientation in (2, 3, 6, 7):
        samples = samples[:, ::-1]
    return samples


# --- out ------------------------------------------------------------------------------------


def check_output(path: str | Path, bits: int = 8, size: tuple[int, int] | None = None) -> Path:
    """Say before the painting whether its picture can be saved after it.

    Parameters
    ----------
    path : str or Path
        Ends in ``.png``, ``.tif``, ``.tiff``, ``.jpg``, ``.jpeg`` or ``.webp``.
    bits : {8, 16}
        16 for PNG and TIFF only.
    size : (n_H, n_W), optional
        Of the picture, as soon as it is known.

    Returns
    -------
    Path

    Raises
    ------
    PictureError
        The ending or the number of bits is another, the folder is missing or not writable, or
        there are too many pixels for the format.
    """
    path = Path(path).expanduser()
    _check_form(path, bits)
    if size:
        _check_output_size(path, *size)
    if path.is_dir():
        raise PictureError(f"{path} cannot be saved: it is a folder; name a file in it")
    if refused := refusal(path.parent):
        raise PictureError(f"{path} cannot be saved: {refused}")
    return path


def refusal(folder: Path) -> str:
    """Say why no file can be written into a folder; nothing if one can."""
    if not folder.is_dir():
        return f"there is no folder {folder}; make it"
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"you may not write into {folder}; choose another folder"
    return ""


def _check_form(path: Path, bits: int) -> None:
    ending = path.suffix.lower()
    if ending not in _WRITERS:
        raise PictureError(f"{path} ends in {ending!r}; a picture ends in {', '.join(_WRITERS)}")
    if bits not in (8, 16):
        raise PictureError(f"bits is {bits}; a sample has 8 or 16")
    if bits == 16 and ending not in (".png", ".tif", ".tiff"):
        raise PictureError(
            f"{path} cannot hold 16 bits a sample; end its name in .png or .tif, or ask for 8"
        )


@dataclass(frozen=True)
class _Form:
    """How to write samples down."""

    icc: bytes | None = None
    quality: int = 95
    text: Mapping[str, str] = field(default_factory=dict)

    @property
    def description(self) -> str:
        return json.dumps(dict(self.text)) if self.text else ""


def save_picture(  # noqa: PLR0913 - what a file can be told is independent of one another
    path: str | Path,
    pixels: np.ndarray,
    *,
    like: Picture | None = None,
    bits: int = 8,
    quality: int = 95,
    text: Mapping[str, str] | None = None,
) -> Path:
    """Save a picture, whole or not at all; the ending says the format.

    Parameters
    ----------
    path : str or Path
        See `check_output`.
    pixels : array (n_H, n_W, 3)
        RGB, 0-255; clipped, then rounded to the nearest sample.
    like : Picture, optional
        Its colour profile goes into the file.
    bits : {8, 16}
    quality : int
        1-100, of JPEG and WebP; JPEG keeps colours at full resolution from 90.
    text : mapping from str to str, optional
        Kept in the file: as PNG's text entries, or as JSON in the EXIF or TIFF description.

    Returns
    -------
    Path

    Raises
    ------
    PictureError
        See `check_output`; or the picture has another shape, values that are not finite, or too
        many pixels for the format; or the disk refuses.
    """
    path = check_output(path, bits)
    if not 1 <= quality <= 100:
        raise PictureError(f"quality is {quality}; it is between 1 and 100")
    samples = _samples(path, pixels, bits)
    form = _Form(like.icc if like else None, quality, text or {})
    write = _WRITERS[path.suffix.lower()]
    try:
        return write_whole(path, lambda temporary: write(temporary, samples, form))
    except OSError as error:
        raise PictureError(
            f"{path} cannot be saved ({error}); free space or choose another folder"
        ) from error


def _samples(path: Path, pixels: np.ndarray, bits: int) -> np.ndarray:
    pixels = np.asarray(pixels)
    if pixels.ndim != 3 or pixels.shape[-1] != 3 or 0 in pixels.shape:
        raise PictureError(f"the picture has shape {pixels.shape}; expected (n_H, n_W, 3)")
    _check_output_size(path, *pixels.shape[:2])
    wrong = np.count_nonzero(~np.isfinite(pixels))
    if wrong:
        raise PictureError(
            f"{wrong} of {pixels.size} values of the picture are not finite numbers: the "
            "optimisation ran away; try a smaller learning rate"
        )
    scale, kind = (1, np.uint8) if bits == 8 else (257, np.uint16)
    return np.rint(np.clip(pixels, 0, 255) * np.float32(scale)).astype(kind, order="C")


def _check_output_size(path: Path, n_H: int, n_W: int) -> None:
    _check_number_of_pixels(path, n_W, n_H)
    longest = LONGEST_SIDE.get(path.suffix.lower(), MAX_PIXELS)
    if max(n_H, n_W) > longest:
        raise PictureError(
            f"{path} with {n_W} x {n_H} pixels is too large for its format, which ends at "
            f"{longest} a side; end its name in .png or .tif"
        )


def _write_png(path: Path, samples: np.ndarray, form: _Form) -> None:
    entries = PngImagePlugin.PngInfo()
    for key, value in form.text.items():
        entries.add_text(key, value)
    if samples.dtype == np.uint8:
        Image.fromarray(samples).save(path, "PNG", icc_profile=form.icc, pnginfo=entries)
        return
    if form.icc:
        entries.add(b"iCCP", b"ICC Profile\0\0" + zlib.compress(form.icc))
    encoded = imagecodecs.png_encode(samples)
    after_header = 33  # bytes of the signature and IHDR; profile and text stand behind them
    with path.open("wb") as file:
        file.write(encoded[:after_header])
        for name, data, _ in entries.chunks:
            PngImagePlugin.putchunk(file, name, data)
        file.write(encoded[after_header:])


def _write_tiff(path: Path, samples: np.ndarray, form: _Form) -> None:
    tifffile.imwrite(
        path,
        samples,
        photometric="rgb",
        compression="zlib",
        predictor=True,
        iccprofile=form.icc,
        description=form.description or None,
        metadata=None,
        software=False,
    )


def _write_jpeg(path: Path, samples: np.ndarray, form: _Form) -> None:
    _check_jpeg_text(path, form.description)
    subsampling = 0 if form.quality >= 90 else 2  # 4:4:4, else 4:2:0
    Image.fromarray(samples).save(
        path,
        "JPEG",
        quality=form.quality,
        subsampling=subsampling,
        icc_profile=form.icc,
        exif=_exif(form),
    )


def _check_jpeg_text(path: Path, description: str) -> None:
    if len(description) > MAX_JPEG_TEXT:
        raise PictureError(
            f"{path.name} cannot hold {len(description)} bytes of text; a JPEG holds "
            f"{MAX_JPEG_TEXT}: end its name in .png"
        )


def _write_webp(path: Path, samples: np.ndarray, form: _Form) -> None:
    Image.fromarray(samples).save(
        path, "WEBP", quality=form.quality, icc_profile=form.icc, exif=_exif(form)
    )


def _exif(form: _Form) -> Image.Exif:
    exif = Image.Exif()
    if form.text:
        exif[DESCRIPTION] = form.description
    return exif


_WRITERS: dict[str, Callable[[Path, np.ndarray, _Form], None]] = {
    ".png": _write_png,
    ".tif": _write_tiff,
    ".tiff": _write_tiff,
    ".jpg": _write_jpeg,
    ".jpeg": _write_jpeg,
    ".webp": _write_webp,
}
