"""Given code of the art notebooks: names, pictures in and out, a run watched live."""

import struct
import zlib

import imageio.v3 as iio
import matplotlib.pyplot as plt
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import nst_utils
from nst_utils import (
    CONFIG,
    LivePainting,
    PictureError,
    course_path,
    generate_noise_image,
    load_vgg_model,
    read_image,
    reshape_and_normalize_image,
    save_animation,
    save_image,
    show_images,
    to_picture,
)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def gradient_picture(n_H=40, n_W=60):
    """Red grows downwards, green to the right, blue is 50."""
    rows, columns = np.mgrid[0:n_H, 0:n_W]
    red, green = rows * 255 / (n_H - 1), columns * 255 / (n_W - 1)
    return np.stack([red, green, np.full_like(red, 50)], axis=-1).astype(np.uint8)


# --- names ----------------------------------------------------------------------------------


def test_the_public_names_are_frozen():
    assert nst_utils.__all__ == [
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


def test_the_settings_that_old_notebooks_use_are_there():
    assert (CONFIG.IMAGE_WIDTH, CONFIG.IMAGE_HEIGHT, CONFIG.COLOR_CHANNELS) == (400, 300, 3)
    assert CONFIG.NOISE_RATIO == 0.6
    assert CONFIG.MEANS.shape == (1, 1, 1, 3)
    np.testing.assert_allclose(CONFIG.MEANS.ravel(), [123.68, 116.779, 103.939])
    assert CONFIG.VGG_MODEL == "pretrained-model/imagenet-vgg-verydeep-19.mat"
    assert course_path(CONFIG.STYLE_IMAGE).is_file()
    assert course_path(CONFIG.CONTENT_IMAGE).is_file()


def test_no_exercise_is_solved_in_the_given_code():
    for module in ("nst_utils.py", "vgg19.py", "vgg19_weights.py", "weight_files.py"):
        text = course_path(module).read_text().lower()
        for word in ("gram_matrix", "content_cost", "style_cost", "total_cost", "gradienttape("):
            assert word not in text, f"{module} mentions {word}"


# --- pictures in ----------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".png", ".tiff", ".webp", ".gif", ".jpg"])
def test_common_formats_are_read_as_rgb(tmp_path, suffix):
    path = tmp_path / f"picture{suffix}"
    options = {"lossless": True} if suffix == ".webp" else {"quality": 95}
    Image.fromarray(gradient_picture()).save(path, **options)
    found = read_image(path)
    assert found.dtype == np.float32
    assert found.shape == (40, 60, 3)
    tolerance = {".jpg": 12, ".gif": 40}.get(suffix, 0)
    assert np.abs(found - gradient_picture()).max() <= tolerance


def test_grey_and_bilevel_become_three_equal_channels(tmp_path):
    grey = gradient_picture()[..., 0]
    Image.fromarray(grey).save(tmp_path / "grey.png")
    np.testing.assert_array_equal(read_image(tmp_path / "grey.png"), np.stack([grey] * 3, -1))
    Image.fromarray(grey).convert("1").save(tmp_path / "bilevel.png")
    assert set(np.unique(read_image(tmp_path / "bilevel.png"))) == {0, 255}


def test_palette_with_transparency_and_alpha_lie_on_white(tmp_path):
    clear = np.dstack([gradient_picture(), np.zeros((40, 60), np.uint8)])
    half = np.dstack([gradient_picture(), np.full((40, 60), 128, np.uint8)])
    Image.fromarray(clear).save(tmp_path / "clear.png")
    Image.fromarray(half).save(tmp_path / "half.png")
    assert (read_image(tmp_path / "clear.png") == 255).all()
    blended = 255 - (255 - gradient_picture().astype(float)) * 128 / 255
    assert np.abs(read_image(tmp_path / "half.png") - blended).max() <= 1
    palette = Image.new("P", (20, 20), 0)
    palette.putpalette([10, 20, 30, 200, 100, 50])
    palette.paste(1, (0, 0, 10, 20))
    palette.save(tmp_path / "palette.png", transparency=0)
    found = read_image(tmp_path / "palette.png")
    np.testing.assert_array_equal(found[5, 5], [200, 100, 50])
    np.testing.assert_array_equal(found[5, 15], [255, 255, 255])


def test_cmyk_is_converted(tmp_path):
    Image.new("CMYK", (20, 20), (255, 0, 0, 0)).save(tmp_path / "cmyk.jpg")
    red, green, blue = read_image(tmp_path / "cmyk.jpg")[10, 10]
    assert red < 60
    assert min(green, blue) > 130


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_16_bit_grey_is_scaled(tmp_path, suffix):
    values = np.linspace(0, 65535, 20 * 30).reshape(20, 30).astype(np.uint16)
    iio.imwrite(tmp_path / f"deep{suffix}", values)
    found = read_image(tmp_path / f"deep{suffix}")
    np.testing.assert_allclose(found[..., 1], values / 257, atol=0.51)


def test_16_bit_colour_is_scaled(tmp_path):
    values = np.repeat(np.linspace(0, 65535, 20 * 30).reshape(20, 30, 1), 3, axis=2)
    write_png_16(tmp_path / "deep.png", values.astype(np.uint16))
    np.testing.assert_allclose(read_image(tmp_path / "deep.png"), values / 257, atol=1.01)


def write_png_16(path, values):
    """A colour PNG with 16 bits a channel, which Pillow reads and cannot write."""

    def chunk(kind, data):
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    n_H, n_W, _ = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", n_W, n_H, 16, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + parts)


@pytest.mark.parametrize("highest", [1.0, 255.0])
def test_float_tiff_is_scaled_by_its_range(tmp_path, highest):
    values = np.linspace(0, highest, 20 * 30, dtype=np.float32).reshape(20, 30)
    Image.fromarray(values).save(tmp_path / "float.tiff")
    right = values * 255 / highest
    np.testing.assert_allclose(read_image(tmp_path / "float.tiff")[..., 0], right, atol=0.51)


def test_a_photograph_is_turned_upright_by_its_exif(tmp_path):
    upright = gradient_picture()
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to see it upright
    stored = Image.fromarray(np.ascontiguousarray(np.rot90(upright)))
    stored.save(tmp_path / "turned.png", exif=exif)
    np.testing.assert_array_equal(read_image(tmp_path / "turned.png"), upright)


def test_the_first_frame_of_a_film_is_read(tmp_path):
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "film.gif", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(read_image(tmp_path / "film.gif")[0, 0], [255, 0, 0])


def test_size_crops_around_the_centre_and_max_side_keeps_the_form(tmp_path):
    Image.fromarray(gradient_picture(80, 120)).save(tmp_path / "p.png")
    square = read_image(tmp_path / "p.png", size=(40, 40))
    assert square.shape == (40, 40, 3)
    assert 30 < square[20, 0, 1] < 60  # a sixth of the width is gone on either side
    assert read_image(tmp_path / "p.png", max_side=60).shape == (40, 60, 3)
    assert read_image(tmp_path / "p.png", max_side=500).shape == (80, 120, 3)


def test_pictures_are_found_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_image(CONFIG.CONTENT_IMAGE).ndim == 3
    (tmp_path / "images").mkdir()
    Image.new("RGB", (20, 30), "red").save(tmp_path / CONFIG.CONTENT_IMAGE)
    assert read_image(CONFIG.CONTENT_IMAGE).shape == (30, 20, 3)  # the nearer one is taken


# --- pictures that cannot be read -----------------------------------------------------------


def picture_error(path, **options):
    with pytest.raises(PictureError) as caught:
        read_image(path, **options)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".gif", ".tiff", ".webp"])
@pytest.mark.parametrize("share", [0.3, 0.8])
def test_a_truncated_picture_is_told(tmp_path, suffix, share):
    path = tmp_path / f"p{suffix}"
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    text = picture_error(path)
    assert "truncated" in text or "not a picture" in text


def test_an_empty_file_is_told(tmp_path):
    (tmp_path / "p.jpg").touch()
    assert "0 bytes" in picture_error(tmp_path / "p.jpg")


def test_what_is_no_picture_is_told_with_its_first_bytes(tmp_path):
    (tmp_path / "p.jpg").write_text("<!DOCTYPE html>")
    assert "<!DOCTYPE" in picture_error(tmp_path / "p.jpg")


def test_a_missing_picture_is_told_with_those_that_are_there():
    text = picture_error("images/starry.jpg")
    assert "is missing" in text
    assert "content_temple.jpg" in text


def test_a_folder_is_told(tmp_path):
    assert "is a folder" in picture_error(tmp_path)


@pytest.mark.parametrize("size", [(1, 1), (15, 300), (300, 15)])
def test_a_tiny_picture_is_told_with_the_limit(tmp_path, size):
    Image.new("RGB", size).save(tmp_path / "p.png")
    text = picture_error(tmp_path / "p.png")
    assert f"{size[0]} x {size[1]} pixels" in text
    assert "16 x 16" in text


@pytest.mark.parametrize("side", [11_000, 20_000])
def test_a_huge_picture_is_refused_before_it_is_decoded(tmp_path, side, monkeypatch):
    def never(*_):
        raise AssertionError("the picture was decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", never)
    path = huge_png(tmp_path / "huge.png", side)
    text = picture_error(path)
    assert f"{side} x {side} pixels" in text
    assert "120,000,000" in text
    monkeypatch.setattr(CONFIG, "MAX_PIXELS", side * side)
    with pytest.raises(AssertionError, match="was decoded"):  # the limit is ours alone
        read_image(path)


def huge_png(path, side):
    """The beginning of a picture that says it is huge."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    ihdr = b"IHDR" + header
    chunk = struct.pack(">I", len(header)) + ihdr + struct.pack(">I", zlib.crc32(ihdr))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IDAT")
    return path


@pytest.mark.parametrize("options", [{"size": (10, 300)}, {"max_side": 8}])
def test_a_size_below_the_limit_cannot_be_asked_for(options):
    with pytest.raises(PictureError, match="at least 16"):
        read_image(CONFIG.CONTENT_IMAGE, **options)


# --- the network's input and back -----------------------------------------------------------


def test_normalising_subtracts_the_mean_and_comes_back():
    image = reshape_and_normalize_image(gradient_picture())
    assert image.shape == (1, 40, 60, 3)
    assert image.dtype == np.float32
    np.testing.assert_allclose(image[0, 0, 0], [-123.68, -116.779, 50 - 103.939], rtol=1e-5)
    np.testing.assert_array_equal(to_picture(image), gradient_picture())
    assert reshape_and_normalize_image(gradient_picture()[None]).shape == (1, 40, 60, 3)


@pytest.mark.parametrize("shape", [(40, 60), (40, 60, 4), (2, 40, 60, 3), (3, 40, 60)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(PictureError, match="expected"):
        reshape_and_normalize_image(np.zeros(shape))


def test_noise_is_uniform_mixed_by_its_ratio_and_seeded():
    content = np.full((1, 80, 90, 3), 100, np.float32)
    mixed = generate_noise_image(content, seed=1)
    assert mixed.dtype == np.float32
    assert mixed.shape == content.shape
    noise = (mixed - 40) / 0.6
    assert -20.001 < noise.min() < -19
    assert 19 < noise.max() < 20.001
    assert abs(noise.std() - 40 / np.sqrt(12)) < 0.2
    np.testing.assert_array_equal(mixed, generate_noise_image(content, seed=1))
    assert not np.array_equal(mixed, generate_noise_image(content, seed=2))
    np.testing.assert_array_equal(generate_noise_image(content, 0), content)
    with pytest.raises(ValueError, match=r"noise_ratio is 60"):
        generate_noise_image(content, 60)


# --- pictures out ---------------------------------------------------------------------------


def test_a_saved_picture_is_read_back_the_same(tmp_path):
    image = reshape_and_normalize_image(gradient_picture())
    path = save_image(tmp_path / "new" / "p.png", tf.constant(image))
    np.testing.assert_array_equal(read_image(path), gradient_picture())
    assert [p.name for p in path.parent.iterdir()] == ["p.png"]


def test_values_outside_the_range_are_clipped(tmp_path):
    path = save_image(tmp_path / "p.png", np.array([[[[-500.0, 0.0, 500.0]] * 20] * 20]))
    np.testing.assert_array_equal(read_image(path)[0, 0], [0, 117, 255])


def test_a_picture_that_ran_away_is_told_and_nothing_is_written(tmp_path):
    with pytest.raises(PictureError, match="smaller learning rate"):
        save_image(tmp_path / "p.png", np.full((1, 20, 20, 3), np.nan))
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_old_picture(tmp_path, monkeypatch):
    path = save_image(tmp_path / "p.png", gradient_picture())
    before = path.read_bytes()

    def half(where, _):
        where.write_bytes(b"half a pic")
        raise OSError("No space left on device")

    monkeypatch.setattr("imageio.v3.imwrite", half)
    with pytest.raises(OSError, match="No space"):
        save_image(path, gradient_picture())
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["p.png"]


def test_an_unknown_ending_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(ValueError, match=r"'\.pgn'.*\.png, \.jpg"):
        save_image(tmp_path / "p.pgn", gradient_picture())


@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
def test_a_film_has_all_frames(tmp_path, suffix):
    rng = np.random.default_rng(0)
    frames = [np.full((33, 45, 3), rng.integers(0, 255), np.uint8) for _ in range(5)]
    path = save_animation(tmp_path / f"film{suffix}", frames)
    film = iio.imread(path)
    assert len(film) >= 5
    assert film.shape[1:3] == ((33, 45) if suffix == ".gif" else (32, 44))
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_film_needs_frames_and_a_known_ending(tmp_path):
    with pytest.raises(ValueError, match="no picture"):
        save_animation(tmp_path / "film.gif", [])
    with pytest.raises(ValueError, match=r"'\.gif' or '\.mp4'"):
        save_animation(tmp_path / "film.avi", [gradient_picture()])
    assert not list(tmp_path.iterdir())


def test_pictures_and_feature_maps_are_shown_side_by_side():
    image = reshape_and_normalize_image(gradient_picture())
    show_images([image, gradient_picture(), np.eye(9)], ["a", "b"], columns=2)
    figure = plt.gcf()
    assert [len(axis.images) for axis in figure.axes] == [1, 1, 1, 0]
    assert [axis.get_title() for axis in figure.axes] == ["a", "b", "", ""]


# --- a run ----------------------------------------------------------------------------------


def test_a_run_records_costs_and_frames(capsys):
    picture = tf.Variable(reshape_and_normalize_image(gradient_picture()))
    run = LivePainting(picture, steps=7, every=3)
    for step in run:
        picture.assign_add(tf.ones_like(picture))
        run.record(J=tf.constant(10.0 - step), content=1.0)
    assert run.costs == {"J": [10.0 - step for step in range(7)], "content": [1.0] * 7}
    assert len(run.frames) == 4  # the start, after 3, 6 and 7 steps
    np.testing.assert_array_equal(run.frames[0], gradient_picture())
    assert (run.frames[-1][..., 2] == 57).all()
    assert len(run.figure().axes[1].lines) == 2
    assert "painting: 100%" in capsys.readouterr().err


def test_costs_are_recorded_within_the_loop():
    run = LivePainting(np.zeros((1, 20, 20, 3)), steps=1)
    with pytest.raises(RuntimeError, match="for step in watch"):
        run.record(J=1.0)


def test_a_run_has_at_least_one_step():
    with pytest.raises(ValueError, match="steps is 0"):
        LivePainting(np.zeros((1, 20, 20, 3)), steps=0)


def test_the_picture_may_have_any_size(tmp_path):
    model = load_vgg_model(CONFIG.COMPACT_MODEL, image_size=(37, 90))
    assert tuple(model["input"].shape) == (1, 37, 90, 3)
