"""Masks: read at any scale, averaged exactly, softened, shared among the styles."""

import numpy as np
import pytest
from PIL import Image

from nst_utils import PictureError
from style_engine.masks import mask_at, masks_of, read_mask, soften


@pytest.fixture
def mask():
    return np.random.default_rng(0).uniform(0, 1, (36, 50)).astype(np.float32)


def saved(path, mask):
    Image.fromarray(np.rint(np.asarray(mask) * 255).astype(np.uint8)).save(path)
    return path


def half(n_H=36, n_W=50):
    mask = np.zeros((n_H, n_W), np.float32)
    mask[:, n_W // 2 :] = 1
    return mask


# --- read_mask ------------------------------------------------------------------------------


def test_a_mask_is_read_as_painted(tmp_path, mask):
    read = read_mask(saved(tmp_path / "m.png", mask), (36, 50))
    assert read.dtype == np.float32
    np.testing.assert_allclose(read, np.rint(mask * 255) / 255, atol=1e-6)


@pytest.mark.parametrize("size", [(18, 25), (72, 100), (25, 35)])
def test_a_mask_of_another_scale_is_averaged(tmp_path, mask, size):
    read = read_mask(saved(tmp_path / "m.png", mask), size)
    assert read.shape == size
    np.testing.assert_allclose(read.mean(), mask.mean(), atol=1e-3)


def test_transparent_is_nowhere(tmp_path):
    pixels = np.full((20, 20, 4), 255, np.uint8)
    pixels[:, :10, 3] = 0
    Image.fromarray(pixels).save(tmp_path / "m.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png", (20, 20)), half(20, 20))


def test_a_mask_of_another_shape_is_refused(tmp_path, mask):
    with pytest.raises(PictureError, match="50 x 36 pixels, the painting 36 x 50"):
        read_mask(saved(tmp_path / "m.png", mask), (50, 36))


def test_rounded_sides_are_the_same_shape(tmp_path):
    assert read_mask(saved(tmp_path / "m.png", np.ones((21, 300))), (17, 240)).shape == (17, 240)


def test_a_black_mask_is_refused(tmp_path):
    with pytest.raises(PictureError, match="black everywhere; paint white"):
        read_mask(saved(tmp_path / "m.png", np.zeros((20, 20))), (20, 20))


def test_a_missing_mask_is_refused(tmp_path):
    with pytest.raises(PictureError, match="missing"):
        read_mask(tmp_path / "m.png", (20, 20))


# --- soften ---------------------------------------------------------------------------------


def test_an_edge_fades_over_the_radius():
    row = soften(half(), 8)[18]
    assert (np.diff(row) >= 0).all()
    assert row[24 - 8] < 0.03
    assert row[25 + 8] > 0.97
    np.testing.assert_allclose(row[24] + row[25], 1, atol=1e-4)


def test_softening_keeps_the_mean_and_the_range(mask):
    soft = soften(half(), 5)
    np.testing.assert_allclose(soft.mean(), 0.5, atol=1e-4)
    assert soft.dtype == np.float32
    assert soften(mask, 3).min() >= 0
    np.testing.assert_allclose(soften(np.ones((20, 30)), 7), 1, rtol=1e-6)


def test_radius_zero_changes_nothing(mask):
    np.testing.assert_array_equal(soften(mask, 0), mask)


@pytest.mark.parametrize("radius", [-1, np.nan, np.inf])
def test_a_bad_radius_is_refused(mask, radius):
    with pytest.raises(ValueError, match=f"is {radius}; it is 0 pixels or more"):
        soften(mask, radius)


# --- masks_of -------------------------------------------------------------------------------


def test_masks_that_fit_are_left_alone(mask):
    shared = masks_of([0.3 * mask, 0.6 * mask], 2)
    np.testing.assert_allclose(shared[0], 0.3 * mask, rtol=1e-6)
    np.testing.assert_allclose(shared[1], 0.6 * mask, rtol=1e-6)


def test_masks_that_overlap_share_the_pixel():
    shared = masks_of([np.ones((4, 6)), half(4, 6), half(4, 6) / 2], 3)
    np.testing.assert_allclose(sum(shared), 1, rtol=1e-6)
    assert [float(one[0, 0]) for one in shared] == [1, 0, 0]
    np.testing.assert_allclose([one[0, 5] for one in shared], [0.4, 0.4, 0.2], rtol=1e-6)


def test_the_last_style_without_a_mask_gets_the_rest(mask):
    shared = masks_of([mask], 2)
    np.testing.assert_allclose(shared[1], 1 - mask, atol=1e-6)
    assert all(one.dtype == np.float32 for one in shared)


def test_without_masks_there_are_none():
    assert masks_of([], 3) == []


@pytest.mark.parametrize(
    ("masks", "n", "message"),
    [
        ([np.ones((4, 4))], 3, "1 masks for 3 styles"),
        ([np.ones((4, 4))] * 3, 2, "3 masks for 2 styles"),
        ([np.ones((4, 4)), np.ones((4, 5))], 2, r"shapes \[\(4, 4\), \(4, 5\)\]"),
        ([np.ones((4, 4, 1))], 1, r"all must be \(n_H, n_W\)"),
        ([np.full((4, 4), 1.5)], 1, "from 1.5 to 1.5"),
        ([np.full((4, 4), np.nan)], 1, "from nan to nan"),
        ([np.ones((4, 4)), np.zeros((4, 4))], 2, "mask of style 2 is 0 everywhere"),
        ([np.ones((4, 4))], 2, "mask of style 2 is 0 everywhere"),
    ],
)
def test_bad_masks_are_explained(masks, n, message):
    with pytest.raises(ValueError, match=message):
        masks_of(masks, n)


# --- mask_at --------------------------------------------------------------------------------


def test_whole_blocks_are_averaged(mask):
    expected = mask.reshape(9, 4, 10, 5).mean(axis=(1, 3))
    np.testing.assert_allclose(mask_at(mask, (9, 10)), expected, rtol=1e-5)


def test_parts_of_pixels_count_by_their_area():
    mask = np.array([[0, 1, 0.5]], np.float32)
    np.testing.assert_allclose(mask_at(mask, (1, 2)), [[1 / 3, 2 / 3]], rtol=1e-6)


@pytest.mark.parametrize("size", [(19, 25), (5, 7), (1, 1), (36, 50), (40, 51)])
def test_the_mean_is_kept_and_a_constant_too(mask, size):
    small = mask_at(mask, size)
    assert small.shape == size
    assert small.dtype == np.float32
    np.testing.assert_allclose(small.mean(), mask.mean(), rtol=1e-5)
    np.testing.assert_allclose(mask_at(np.ones((36, 50)), size), 1, rtol=1e-5)
    assert small.min() >= 0
    assert small.max() <= 1


def test_masks_that_add_up_to_one_do_so_at_each_layer(mask):
    shared = masks_of([mask], 2)
    total = sum(mask_at(one, (7, 9)) for one in shared)
    np.testing.assert_allclose(total, 1, rtol=1e-5)
