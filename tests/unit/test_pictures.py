"""The pictures of the course: painters repeat themselves, every file is accounted for."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("skimage", reason="the pictures need the training extra")

from training import pictures

IMAGES = Path(__file__).resolve().parents[2] / "images"
TINY = (64, 48)  # width, height


@pytest.fixture(scope="module", params=pictures.PAINTED)
def instances(request):
    """Return seed 0 of a painter twice, and seed 1 once."""
    return [pictures.make(request.param, seed, *TINY) for seed in (0, 0, 1)]


def test_a_painter_repeats_itself_for_a_seed(instances):
    np.testing.assert_array_equal(instances[0], instances[1])


def test_a_painter_differs_for_another_seed(instances):
    difference = np.abs(instances[0].astype(int) - instances[2])
    assert difference.mean() > 1, "seeds 0 and 1 give nearly the same picture"


def test_a_painter_fills_the_canvas_with_colour(instances):
    picture = instances[0]
    assert picture.shape == (TINY[1], TINY[0], 3)
    assert picture.dtype == np.uint8
    assert np.ptp(picture.mean(axis=-1)) > 100, "the picture has hardly any contrast"


@pytest.mark.parametrize("name", pictures.PHOTOS)
def test_a_photograph_is_cropped_to_four_by_three(name):
    height, width, _ = pictures.make(name).shape
    assert width * 3 == height * 4
    assert width >= 400, "the course shows 400 x 300"


def test_a_crop_beyond_the_photograph_is_refused():
    photo = pictures.Photo("scikit-image", "chelsea", 100, 0, 400)
    with pytest.raises(ValueError, match=r"451 x 300 pixels.*500 x 300"):
        pictures.crop(photo)


def test_too_large_a_file_is_refused_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "MAX_BYTES", 100)
    with pytest.raises(ValueError, match="more than 100"):
        pictures.save(np.zeros((60, 80, 3), np.uint8), tmp_path / "black.jpg")
    assert list(tmp_path.iterdir()) == []


def test_the_command_writes_only_the_named_picture(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["pictures", "content_cat", "--out", str(tmp_path)])
    pictures.main()
    assert [path.name for path in tmp_path.iterdir()] == ["content_cat.jpg"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["style_moziac"], "no picture is named style_moziac"), (["--seed", "-1"], "give 0 or more")],
)
def test_the_command_explains_a_wrong_argument(monkeypatch, capsys, arguments, message):
    monkeypatch.setattr(sys, "argv", ["pictures", *arguments])
    with pytest.raises(SystemExit):
        pictures.main()
    assert message in capsys.readouterr().err


def test_every_picture_is_in_the_folder_and_no_other():
    assert {path.stem for path in IMAGES.glob("*.jpg")} == set(pictures.NAMES)


@pytest.mark.parametrize("name", pictures.NAMES)
def test_a_committed_picture_is_small_and_has_a_source(name):
    path = IMAGES / f"{name}.jpg"
    assert path.stat().st_size < 600_000
    assert f"`{path.name}`" in (IMAGES / "SOURCES.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", pictures.PAINTED)
def test_a_committed_painting_has_the_stated_size(name):
    with Image.open(IMAGES / f"{name}.jpg") as picture:
        assert picture.size == (pictures.WIDTH, pictures.HEIGHT)
