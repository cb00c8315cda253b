"""Films: the right frames at the right time, whole or not at all."""

import imageio.v3 as iio
import numpy as np
import pytest
from PIL import Image

from nst_utils import PictureError
from style_engine import film
from style_engine.film import Film

ENDINGS = pytest.mark.parametrize("ending", ["gif", "mp4"])
N_H, N_W = 48, 64


def frame(level, size=(N_H, N_W)):
    """Return a picture of one grey level."""
    return np.full((*size, 3), level, np.float32)


def levels(path):
    """Return the mean grey level of each frame of a film."""
    return [float(np.mean(one)) for one in iio.imread(path)]


def test_a_gif_has_every_kth_picture_and_the_last(tmp_path):
    with Film(tmp_path / "a.gif", every=3, fps=10) as gif:
        for step in range(8):
            gif.add(step, frame(30 * step))
    np.testing.assert_allclose(levels(tmp_path / "a.gif"), [0, 90, 180, 210], atol=2)
    with Image.open(tmp_path / "a.gif") as image:
        assert image.size == (N_W, N_H)
        assert image.info["loop"] == 0
        durations = []
        for number in range(image.n_frames):
            image.seek(number)
            durations.append(image.info["duration"])
    assert durations == [100, 100, 100, 2000]


def test_an_mp4_has_every_kth_picture_and_stands_at_the_last(tmp_path):
    with Film(tmp_path / "a.mp4", every=2, fps=5) as mp4:
        for step in range(4):
            mp4.add(step, frame(60 * step))
    assert len(levels(tmp_path / "a.mp4")) == 3 + 2 * 5
    np.testing.assert_allclose(levels(tmp_path / "a.mp4")[:4], [0, 120, 180, 180], atol=6)


def test_a_last_step_that_is_due_is_not_doubled(tmp_path):
    with Film(tmp_path / "a.gif", every=2) as gif:
        for step in range(3):
            gif.add(step, frame(100 * step))
    assert len(levels(tmp_path / "a.gif")) == 2


@ENDINGS
def test_colours_come_through(tmp_path, ending):
    y, x = np.mgrid[0:N_H, 0:N_W] / N_H
    pixels = np.stack([200 * x / x.max(), 200 * y, 120 + 0 * x], axis=-1)
    with Film(tmp_path / f"a.{ending}", every=1) as moving:
        moving.add(0, pixels)
        moving.add(1, 255 - pixels)
    first = iio.imread(tmp_path / f"a.{ending}")[0, ..., :3]
    assert np.abs(first - pixels).mean() < 12


@ENDINGS
def test_pictures_of_all_scales_have_the_size_of_the_film(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    with Film(path, every=1, size=(N_H, N_W)) as moving:
        for step, scale in enumerate((0.5, 0.75, 1)):
            moving.add(step, frame(80, (round(N_H * scale), round(N_W * scale))))
    assert iio.imread(path).shape[1:3] == (N_H, N_W)


def test_without_a_size_the_first_picture_gives_it(tmp_path):
    with Film(tmp_path / "a.gif", every=1) as gif:
        gif.add(0, frame(10, (20, 31)))
        gif.add(1, frame(200, (40, 62)))
    assert iio.imread(tmp_path / "a.gif").shape[1:3] == (20, 31)


def test_an_mp4_of_odd_sides_loses_a_row_and_a_column(tmp_path):
    with Film(tmp_path / "a.mp4", every=1) as mp4:
        mp4.add(0, frame(100, (47, 63)))
    assert iio.imread(tmp_path / "a.mp4")[0].shape == (46, 62, 3)


@ENDINGS
def test_until_it_is_whole_there_is_no_film(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    moving = Film(path, every=1)
    for step in range(3):
        moving.add(step, frame(step))
    assert not path.exists()
    assert moving.close() == path
    assert list(tmp_path.iterdir()) == [path]
    assert moving.close() is None, "a second time there is nothing to do"


@ENDINGS
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_run_that_breaks_leaves_the_old_film(tmp_path, ending, error):
    path = tmp_path / f"a.{ending}"
    path.write_bytes(b"the old film")

    def broken():
        with Film(path, every=1) as moving:
            moving.add(0, frame(5))
            raise error

    with pytest.raises(error):
        broken()
    assert path.read_bytes() == b"the old film"
    assert list(tmp_path.iterdir()) == [path]


@ENDINGS
def test_a_film_without_pictures_is_no_file(tmp_path, ending):
    with Film(tmp_path / f"a.{ending}", every=1):
        pass
    assert list(tmp_path.iterdir()) == []


def test_an_mp4_does_not_hold_its_frames(tmp_path):
    with Film(tmp_path / "a.mp4", every=1) as mp4:
        for step in range(30):
            mp4.add(step, frame(step))
        held = [value for value in vars(mp4._writer).values() if isinstance(value, list)]
        assert held == []


def test_an_encoder_that_fails_is_explained(tmp_path, monkeypatch):
    with Film(tmp_path / "a.mp4", every=1) as mp4:
        mp4.add(0, frame(1))

        def fail(frame):
            raise OSError("No space left on device")

        monkeypatch.setattr(mp4._writer.encoder, "append_data", fail)
        with pytest.raises(PictureError, match=r"a\.mp4 cannot be written: No space left"):
            mp4.add(1, frame(2))
        mp4.abandon()
    assert list(tmp_path.iterdir()) == []


def test_a_gif_that_cannot_be_written_is_explained(tmp_path, monkeypatch):
    def fail(path, write):
        raise OSError("No space left on device")

    gif = Film(tmp_path / "a.gif", every=1)
    gif.add(0, frame(1))
    monkeypatch.setattr(film, "write_whole", fail)
    with pytest.raises(PictureError, match=r"a\.gif cannot be written"):
        gif.close()


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("a.avi", {"every": 1}, r"ends in '\.avi'; a film ends in \.gif or \.mp4"),
        ("none/a.gif", {"every": 1}, "there is no folder .*none for the film; make it"),
        ("a.gif", {"every": 0}, "every is 0"),
        ("a.gif", {"every": 1, "fps": 0}, "fps 0"),
        ("a.gif", {"every": 1, "fps": float("nan")}, "fps nan"),
    ],
)
def test_bad_arguments_are_explained(tmp_path, name, arguments, message):
    with pytest.raises(PictureError, match=message):
        Film(tmp_path / name, **arguments)


def test_values_that_are_no_numbers_are_refused(tmp_path):
    gif = Film(tmp_path / "a.gif", every=1)
    with pytest.raises(PictureError, match="not finite"):
        gif.add(0, frame(np.nan))
