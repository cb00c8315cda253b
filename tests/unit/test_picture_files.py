"""Pictures in and out: what a file says is kept, and bad files and places are explained."""

import json
import struct
import zlib
from io import BytesIO

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, features

from nst_utils import PictureError
from style_engine import picture_files
from style_engine.picture_files import check_output, read_picture, resize, save_picture

N_H, N_W = 30, 44


@pytest.fixture
def pixels():
    """Return a smooth colourful picture whose values carry fractions."""
    y, x = np.mgrid[0:N_H, 0:N_W]
    planes = [x * 255 / (N_W - 1), y * 255 / (N_H - 1), 255 * (x + y) / (N_W + N_H - 2)]
    return np.stack(planes, axis=-1).astype(np.float32)


@pytest.fixture(scope="module")
def profile():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def eight(pixels):
    return np.rint(pixels).astype(np.uint8)


def sixteen(pixels):
    return np.rint(pixels * 257).astype(np.uint16)


def written(path, pixels, **options):
    Image.fromarray(pixels).save(path, **options)
    return read_picture(path)


# --- in -------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["png", "tif", "bmp"])
def test_eight_bits_come_as_they_are(tmp_path, pixels, ending):
    picture = written(tmp_path / f"a.{ending}", eight(pixels))
    np.testing.assert_array_equal(picture.pixels, eight(pixels))
    assert picture.pixels.dtype == np.float32
    assert (picture.bits, picture.icc, picture.grey, picture.alpha) == (8, None, False, None)
    assert picture.source == tmp_path / f"a.{ending}"


@pytest.mark.parametrize("ending", ["jpg", "webp", "gif"])
def test_lossy_formats_come_nearly_as_they_are(tmp_path, pixels, ending):
    picture = written(tmp_path / f"a.{ending}", eight(pixels))
    assert np.abs(picture.pixels - pixels).mean() < 6


def test_of_an_animation_the_first_frame_is_read(tmp_path, pixels):
    other = Image.fromarray(255 - eight(pixels))
    picture = written(tmp_path / "a.gif", eight(pixels), save_all=True, append_images=[other])
    assert np.abs(picture.pixels - pixels).mean() < 6


@pytest.mark.parametrize("ending", ["png", "tif"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_sixteen_bits_keep_their_precision(tmp_path, pixels, ending, channels):
    samples = sixteen(pixels[..., [0, 1, 2, 1]])[..., :channels]
    samples = samples[..., 0] if channels == 1 else samples
    samples = np.ascontiguousarray(samples)
    path = tmp_path / f"a.{ending}"
    if ending == "png":
        path.write_bytes(imagecodecs.png_encode(samples))
    else:
        kind = "rgb" if channels >= 3 else "minisblack"
        extra = ["unassalpha"] if channels in (2, 4) else None
        tifffile.imwrite(
            path, samples, photometric=kind, planarconfig="contig", extrasamples=extra
        )
    picture = read_picture(path)
    colour = samples[..., :3] if channels >= 3 else np.dstack([np.atleast_3d(samples)[..., 0]] * 3)
    opacity = samples[..., -1:] / 65535 if channels in (2, 4) else 1.0
    expected = colour / 257 * opacity + 255 * (1 - opacity)
    np.testing.assert_allclose(picture.pixels, expected, atol=1e-4)
    assert (picture.bits, picture.grey) == (16, channels <= 2)
    assert (picture.alpha is None) == (channels in (1, 3))


@pytest.mark.parametrize("compression", ["lzw", "zlib", None])
@pytest.mark.parametrize("planes", ["contig", "separate"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_sixteen_bit_tiff_of_each_layout_is_read(tmp_path, pixels, compression, planes, order):
    samples = sixteen(pixels)
    data = np.moveaxis(samples, -1, 0) if planes == "separate" else samples
    options = {"photometric": "rgb", "planarconfig": planes, "compression": compression}
    tifffile.imwrite(tmp_path / "a.tif", data, byteorder=order, **options)
    np.testing.assert_allclose(read_picture(tmp_path / "a.tif").pixels, pixels, atol=0.002)


def test_a_tiff_whose_zero_is_white_is_turned_round(tmp_path, pixels):
    samples = sixteen(pixels[..., 0])
    tifffile.imwrite(tmp_path / "a.tif", samples, photometric="miniswhite")
    read = read_picture(tmp_path / "a.tif").pixels[..., 0]
    np.testing.assert_allclose(read, 255 - pixels[..., 0], atol=0.002)


def test_a_transparent_colour_of_a_sixteen_bit_png_is_transparent(tmp_path):
    samples = np.full((20, 20, 3), 1000, np.uint16)
    samples[:10] = 7
    encoded = imagecodecs.png_encode(samples)
    chunk = b"tRNS" + struct.pack(">HHH", 7, 7, 7)
    chunk = struct.pack(">I", 6) + chunk + struct.pack(">I", zlib.crc32(chunk))
    (tmp_path / "a.png").write_bytes(encoded[:33] + chunk + encoded[33:])
    picture = read_picture(tmp_path / "a.png")
    assert (picture.alpha[:10] == 0).all()
    assert (picture.alpha[10:] == 1).all()
    assert (picture.pixels[:10] == 255).all()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGBA", "CMYK"])
def test_every_mode_becomes_rgb(tmp_path, pixels, mode):
    image = Image.fromarray(eight(pixels)).convert("P" if mode == "PA" else mode).convert(mode)
    path = tmp_path / ("a.tif" if mode in ("CMYK", "PA") else "a.png")
    image.save(path)
    picture = read_picture(path)
    expected = np.asarray(image.convert("RGBA").convert("RGB"), np.float32)
    np.testing.assert_array_equal(picture.pixels, expected)
    assert picture.grey == (mode in ("1", "L", "LA"))


def test_alpha_is_laid_on_white_and_remembered(tmp_path, pixels):
    opacity = np.linspace(0, 255, N_W).round().astype(np.uint8) * np.ones((N_H, 1), np.uint8)
    picture = written(tmp_path / "a.png", np.dstack([eight(pixels), opacity]))
    share = opacity[..., None] / 255
    np.testing.assert_allclose(picture.pixels, eight(pixels) * share + 255 * (1 - share), atol=1)
    np.testing.assert_allclose(picture.alpha, opacity / 255, atol=1e-6)


def test_alpha_that_is_opaque_everywhere_is_none(tmp_path, pixels):
    opaque = np.full((N_H, N_W, 1), 255, np.uint8)
    assert written(tmp_path / "a.png", np.dstack([eight(pixels), opaque])).alpha is None


TURNS = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a.swapaxes(0, 1)[::-1, ::-1],
    8: np.rot90,
}  # what a viewer does with the stored picture


@pytest.mark.parametrize("ending", ["png", "tif", "webp"])
@pytest.mark.parametrize("orientation", TURNS)
def test_eight_bit_pictures_are_turned_upright(tmp_path, pixels, ending, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    options = {"lossless": True} if ending == "webp" else {}
    picture = written(tmp_path / f"a.{ending}", eight(pixels), exif=exif, **options)
    np.testing.assert_array_equal(picture.pixels, TURNS[orientation](eight(pixels)))


@pytest.mark.parametrize("ending", ["png", "tif"])
@pytest.mark.parametrize("orientation", TURNS)
def test_sixteen_bit_pictures_are_turned_upright(tmp_path, pixels, ending, orientation):
    path = tmp_path / f"a.{ending}"
    if ending == "tif":
        tag = (274, "H", 1, orientation, True)
        tifffile.imwrite(path, sixteen(pixels), photometric="rgb", extratags=[tag])
    else:
        exif = Image.Exif()
        exif[274] = orientation
        chunk = b"eXIf" + exif.tobytes().removeprefix(b"Exif\0\0")
        chunk = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        encoded = imagecodecs.png_encode(sixteen(pixels))
        path.write_bytes(encoded[:33] + chunk + encoded[33:])
    picture = read_picture(path)
    assert picture.bits == 16
    np.testing.assert_allclose(picture.pixels, TURNS[orientation](pixels), atol=0.002)


def test_cmyk_is_converted_by_its_profile_or_plainly(tmp_path, pixels):
    image = Image.fromarray(eight(pixels)).convert("CMYK")
    broken = b"\0" * 16 + b"CMYK" + b"\0" * 200
    for name, icc in (("plain", None), ("broken", broken)):
        image.save(tmp_path / f"{name}.jpg", quality=100, icc_profile=icc)
        picture = read_picture(tmp_path / f"{name}.jpg")
        assert np.abs(picture.pixels - pixels).mean() < 3
        assert picture.icc is None, "a profile of inks does not describe RGB"


def profile_of_ink(seen):
    """Return an ICC profile under which only the ink number ``seen`` of C, M, Y, K is dark."""
    levels = np.arange(256, dtype=np.uint8).tobytes()
    corners = [(0 if (corner >> (3 - seen)) & 1 else 255, 128, 128) for corner in range(16)]
    identity = struct.pack(">9i", *(65536 * np.eye(3, dtype=int)).ravel().tolist())
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + identity
    table += levels * 4 + bytes(np.ravel(corners).tolist()) + levels * 3
    white = struct.pack(">3i", 63190, 65536, 54061)  # D50, in 1/65536
    tags = {b"A2B0": table, b"wtpt": b"XYZ \0\0\0\0" + white}
    body, entries, start = b"", b"", 132 + 12 * len(tags)
    for name, data in tags.items():
        entries += name + struct.pack(">II", start + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    header = struct.pack(">I4sI", start + len(body), b"\0" * 4, 0x02100000) + b"prtrCMYKLab "
    header += b"\0" * 12 + b"acsp" + b"\0" * 28 + white
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + entries + body


@pytest.mark.parametrize(("ink", "level"), [(0, 0), (1, 255), (3, 255)])
def test_cmyk_is_converted_by_its_own_profile(tmp_path, ink, level):
    cyan = np.zeros((20, 20, 4), np.uint8)
    cyan[..., 0] = 255
    image = Image.fromarray(cyan, "CMYK")
    image.save(tmp_path / "a.tif", icc_profile=profile_of_ink(ink))
    picture = read_picture(tmp_path / "a.tif")
    np.testing.assert_allclose(picture.pixels, level, atol=2)
    assert picture.icc is None


def test_a_profile_of_grey_is_not_given_to_rgb(tmp_path, pixels):
    icc = b"\0" * 16 + b"GRAY" + b"\0" * 108
    assert written(tmp_path / "a.png", eight(pixels[..., 0]), icc_profile=icc).icc is None


@pytest.mark.parametrize(("size", "expected"), [(24, (16, 24)), (88, (60, 88)), (44, (30, 44))])
def test_size_is_that_of_the_longer_side(tmp_path, pixels, size, expected):
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(sixteen(pixels)))
    picture = read_picture(tmp_path / "a.png", size)
    assert picture.pixels.shape == (*expected, 3)
    assert picture.pixels.dtype == np.float32
    np.testing.assert_allclose(picture.pixels.mean(), pixels.mean(), atol=1)
    assert picture.bits == 16
    assert size == 44 or (picture.pixels % 1).any(), "scaling must not round"


def test_scaling_takes_alpha_along(tmp_path, pixels):
    opacity = np.zeros((N_H, N_W, 1), np.uint8)
    opacity[:, N_W // 2 :] = 255
    Image.fromarray(np.dstack([eight(pixels), opacity])).save(tmp_path / "a.png")
    alpha = read_picture(tmp_path / "a.png", 88).alpha
    assert alpha.shape == (60, 88)
    assert alpha.min() == 0
    assert alpha.max() == 1


def test_resize_keeps_a_constant_and_does_not_alias():
    constant = resize(np.full((50, 40, 3), 200.5, np.float32), (21, 17))
    np.testing.assert_allclose(constant, 200.5, rtol=1e-6)
    stripes = np.zeros((64, 64, 3), np.float32)
    stripes[:, ::2] = 255
    inner = resize(stripes, (20, 20))[:, 3:-3]
    assert np.abs(inner - 127.5).max() < 3


def test_resize_stays_within_the_range():
    edge = np.zeros((32, 32, 3), np.float32)
    edge[:, 16:] = 255
    larger = resize(edge, (64, 64))
    assert larger.min() >= 0
    assert larger.max() <= 255


def png_that_declares(width, height):
    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 100)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.png", b"", r"a\.png is empty \(0 bytes\)"),
        (
            "a.jpg",
            b"hello, this is text",
            "not a picture.*begins with b'hello, this is t'.*use PNG",
        ),
        ("a.png", png_that_declares(10, 400), "10 x 400 pixels; the network needs at least 16"),
        ("a.png", png_that_declares(16_000, 12_000), "too large.*192000000 pixels.*178956970"),
        ("a.png", png_that_declares(60_000, 60_000), "too large.*scale it down"),
        ("a.png", png_that_declares(300, 400), "broken or truncated.*anew"),
    ],
)
def test_a_bad_file_is_explained(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(PictureError, match=message):
        read_picture(tmp_path / name)


def test_a_compressed_bomb_of_text_is_refused(tmp_path):
    data = b"zTXt" + b"bomb\0\0" + zlib.compress(b"x" * 80_000_000, 9)
    chunk = struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    encoded = imagecodecs.png_encode(np.zeros((20, 20, 3), np.uint8))
    (tmp_path / "a.png").write_bytes(encoded[:33] + chunk + encoded[33:])
    with pytest.raises(PictureError, match=r"a\.png"):
        read_picture(tmp_path / "a.png")


def test_a_missing_file_and_a_folder_are_explained(tmp_path):
    with pytest.raises(PictureError, match="missing"):
        read_picture(tmp_path / "none.png")
    with pytest.raises(PictureError, match="is a folder"):
        read_picture(tmp_path)


def test_a_file_that_may_not_be_read_is_explained(tmp_path, pixels, monkeypatch):
    Image.fromarray(eight(pixels)).save(tmp_path / "a.png")

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(picture_files.Image, "open", refuse)
    with pytest.raises(PictureError, match="permissions"):
        read_picture(tmp_path / "a.png")


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "webp", "gif", "bmp"])
@pytest.mark.parametrize("share", [0.3, 0.8])
def test_a_truncated_file_is_explained(tmp_path, pixels, ending, share):
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = tmp_path / f"a.{ending}"
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(PictureError, match=r"broken or truncated|not a picture"):
        read_picture(path)


@pytest.mark.parametrize("ending", ["png", "tif"])
@pytest.mark.parametrize("share", [0.3, 0.8])
def test_a_truncated_file_of_sixteen_bits_is_explained(tmp_path, pixels, ending, share):
    path = save_picture(tmp_path / f"a.{ending}", pixels, bits=16)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(PictureError, match="broken or truncated"):
        read_picture(path)


def test_a_picture_too_flat_for_the_wanted_size_is_explained(tmp_path):
    Image.new("RGB", (400, 41)).save(tmp_path / "a.png")
    with pytest.raises(PictureError, match=r"100 x 10; the network needs.*ask for 157 or more"):
        read_picture(tmp_path / "a.png", 100)
    assert read_picture(tmp_path / "a.png", 157).pixels.shape == (16, 157, 3)


def test_a_size_beyond_the_limit_is_explained(tmp_path, pixels):
    Image.fromarray(eight(pixels)).save(tmp_path / "a.png")
    with pytest.raises(PictureError, match="too large"):
        read_picture(tmp_path / "a.png", 20_000)


def test_a_sixteen_bit_picture_is_measured_before_it_is_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr(picture_files, "MAX_PIXELS", 1000)
    samples = np.zeros((40, 30, 3), np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", samples, photometric="rgb")
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(samples))
    for name in ("a.tif", "a.png"):
        with pytest.raises(PictureError, match=r"30 x 40 pixels is too large; the limit is 1,000"):
            read_picture(tmp_path / name)


# --- out ------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["png", "tif", "tiff", "PNG"])
@pytest.mark.parametrize("bits", [8, 16])
def test_a_lossless_file_comes_back_as_rounded(tmp_path, pixels, profile, ending, bits):
    like = read_picture(save_picture(tmp_path / "like.png", pixels), 32)
    like = picture_files.Picture(like.pixels, profile, 8, False, None, like.source)
    path = save_picture(tmp_path / f"a.{ending}", pixels, like=like, bits=bits)
    again = read_picture(path)
    step = 1 if bits == 8 else 257
    np.testing.assert_allclose(again.pixels, np.rint(pixels * step) / step, atol=1e-5)
    assert (again.bits, again.icc) == (bits, profile)
    second = read_picture(save_picture(tmp_path / "b.tif", again.pixels, bits=bits))
    np.testing.assert_array_equal(second.pixels, again.pixels)


@pytest.mark.parametrize("ending", ["jpg", "jpeg", "webp"])
def test_a_lossy_file_is_near_and_keeps_the_profile(tmp_path, pixels, profile, ending):
    like = picture_files.Picture(pixels, profile, 8, False, None, tmp_path)
    again = read_picture(save_picture(tmp_path / f"a.{ending}", pixels, like=like))
    assert np.abs(again.pixels - pixels).mean() < 2
    assert again.icc == profile


def test_values_outside_are_clipped_and_the_nearest_sample_is_taken(tmp_path, pixels):
    pixels[0, :4, 0] = (-30, 300, 99.4, 99.6)
    again = read_picture(save_picture(tmp_path / "a.png", pixels))
    np.testing.assert_array_equal(again.pixels[0, :4, 0], (0, 255, 99, 100))


@pytest.mark.parametrize("bits", [8, 16])
def test_png_keeps_text(tmp_path, pixels, bits):
    text = {"style weight": "40", "artist": "Café – 東京"}
    path = save_picture(tmp_path / "a.png", pixels, bits=bits, text=text)
    with Image.open(path) as image:
        assert image.text == text


@pytest.mark.parametrize("ending", ["jpg", "webp", "tif"])
def test_other_formats_keep_text_as_a_description(tmp_path, pixels, ending):
    text = {"style weight": "40", "artist": "Café – 東京"}
    path = save_picture(tmp_path / f"a.{ending}", pixels, text=text)
    with Image.open(path) as image:
        assert json.loads(image.getexif()[270]) == text


def test_quality_and_subsampling_follow_the_argument(tmp_path):
    noise = np.random.default_rng(0).uniform(0, 255, (64, 64, 3))
    sizes = [save_picture(tmp_path / "a.jpg", noise, quality=q).stat().st_size for q in (30, 95)]
    assert sizes[0] < sizes[1] / 2
    with Image.open(save_picture(tmp_path / "b.jpg", noise, quality=100)) as image:
        assert image.layer[1][1:3] == (1, 1), "colours at full resolution"


@pytest.mark.parametrize(
    ("name", "bits", "message"),
    [
        ("a.xyz", 8, r"ends in '\.xyz'; a picture ends in \.png, \.tif"),
        ("a", 8, "ends in ''"),
        ("a.jpg", 16, r"cannot hold 16 bits a sample; end its name in \.png or \.tif"),
        ("a.webp", 16, "cannot hold 16 bits"),
        ("a.png", 12, "bits is 12; a sample has 8 or 16"),
        ("none/a.png", 8, "there is no folder .*none; make it"),
    ],
)
def test_a_bad_output_is_explained_before_and_after(tmp_path, pixels, name, bits, message):
    with pytest.raises(PictureError, match=message):
        check_output(tmp_path / name, bits)
    with pytest.raises(PictureError, match=message):
        save_picture(tmp_path / name, pixels, bits=bits)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_as_output_is_explained(tmp_path):
    (tmp_path / "a.png").mkdir()
    with pytest.raises(PictureError, match="it is a folder"):
        check_output(tmp_path / "a.png")


def test_a_folder_that_may_not_be_written_is_explained(tmp_path, monkeypatch):
    monkeypatch.setattr(picture_files.os, "access", lambda path, mode: False)
    with pytest.raises(PictureError, match="you may not write into"):
        check_output(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.full((4, 4, 3), np.nan), "48 of 48 values.*smaller learning rate"),
        (np.zeros((4, 4)), r"shape \(4, 4\); expected \(n_H, n_W, 3\)"),
        (np.zeros((0, 4, 3)), r"shape \(0, 4, 3\)"),
        (np.broadcast_to(np.float32(0), (20_000, 20_000, 3)), "too large"),
    ],
)
def test_a_bad_array_is_explained_and_nothing_is_left(tmp_path, value, message):
    with pytest.raises(PictureError, match=message):
        save_picture(tmp_path / "a.png", value)
    assert list(tmp_path.iterdir()) == []


def test_a_side_beyond_the_format_is_explained(tmp_path):
    with pytest.raises(PictureError, match=r"16383 a side; end its name in \.png"):
        save_picture(tmp_path / "a.webp", np.zeros((1, 16_384, 3)))


def test_text_beyond_a_jpeg_is_explained(tmp_path, pixels):
    with pytest.raises(PictureError, match=r"text; a JPEG holds 60000: end its name in \.png"):
        save_picture(tmp_path / "a.jpg", pixels, text={"long": "x" * 70_000})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "bits"),
    [("a.png", 8), ("a.png", 16), ("a.tif", 8), ("a.tif", 16), ("a.jpg", 8), ("a.webp", 8)],
)
def test_a_view_of_an_array_is_saved_as_it_looks(tmp_path, pixels, name, bits):
    view = pixels.swapaxes(0, 1)[:, ::-1]
    again = read_picture(save_picture(tmp_path / name, view, bits=bits))
    assert np.abs(again.pixels - view).mean() < 2


def test_quality_out_of_range_is_explained(tmp_path, pixels):
    with pytest.raises(PictureError, match="quality is 101"):
        save_picture(tmp_path / "a.jpg", pixels, quality=101)


def test_a_full_disk_leaves_the_old_file(tmp_path, pixels, monkeypatch):
    path = save_picture(tmp_path / "a.png", pixels)
    before = path.read_bytes()

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(picture_files._WRITERS, ".png", fail)
    with pytest.raises(PictureError, match=r"No space left.*free space"):
        save_picture(path, 255 - pixels)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_noise_at_full_quality_fits_jpeg(tmp_path):
    noise = np.random.default_rng(0).uniform(0, 255, (400, 400, 3))
    save_picture(tmp_path / "a.jpg", noise, quality=100)


def test_pillow_can_read_what_is_written(tmp_path, pixels):
    """Keep to what every viewer reads."""
    assert features.check("webp")
    for name, bits in (("a.png", 16), ("b.tif", 16), ("c.tif", 8)):
        path = save_picture(tmp_path / name, pixels, bits=bits, text={"a": "b"})
        with Image.open(BytesIO(path.read_bytes())) as image:
            assert np.abs(np.asarray(image.convert("RGB")) - pixels).max() <= 1
