"""Pictures of handwritten digits: the small ones enlarged and varied, MNIST, odd pictures."""

import time

import numpy as np
import pytest

import latent_digits
from latent_digits import Digits, DigitsError, as_pictures, draw_odd_pictures, load_digits, vary
from nst_utils import PictureError


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """Return the small digits, wherever MNIST is."""
    return load_digits(copies=2, folder=tmp_path_factory.mktemp("no MNIST"))


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def middle_of(pictures):
    """Return the centres of gravity (m, 2), in pixels, row and column."""
    weights = pictures[..., 0] / pictures.sum(axis=(1, 2, 3))[:, np.newaxis, np.newaxis]
    row, column = np.mgrid[:28, :28]
    return np.stack([(weights * row).sum((1, 2)), (weights * column).sum((1, 2))], axis=-1)


def save_mnist(path, **changed):
    """Write a small file in the format of keras.datasets."""
    rng = np.random.default_rng(0)
    arrays = {
        "x_train": rng.integers(0, 256, (6, 28, 28)).astype(np.uint8),
        "y_train": np.array([5, 0, 4, 1, 9, 2], np.uint8),
        "x_test": rng.integers(0, 256, (3, 28, 28)).astype(np.uint8),
        "y_test": np.array([7, 2, 1], np.uint8),
    }
    arrays.update(changed)
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return arrays


# --- small digits ---------------------------------------------------------------------------


def test_the_small_digits_become_pictures_like_those_of_mnist(digits):
    assert isinstance(digits, Digits)
    for pictures, labels, m in (
        (digits.train, digits.train_labels, 3000),
        (digits.test, digits.test_labels, 594),
    ):
        assert pictures.shape == (m, 28, 28, 1)
        assert pictures.dtype == np.float32
        assert (pictures.min(), pictures.max()) == (0, 1)
        assert labels.shape == (m,)
        assert labels.dtype == np.int64
        assert np.bincount(labels).min() / m > 0.08
        assert np.bincount(labels).max() / m < 0.12
    assert "8 × 8" in digits.name


def test_they_have_mnists_black_paper_and_white_ink(digits):
    """In MNIST 13 % of the paper is covered by ink, and few pixels are grey."""
    assert 0.11 < digits.train.mean() < 0.17
    assert 0.7 < np.mean(digits.train < 0.05) < 0.85
    assert np.mean((digits.train > 0.25) & (digits.train < 0.75)) < 0.08
    edge = np.concatenate([digits.train[:, [0, -1]].ravel(), digits.train[:, :, [0, -1]].ravel()])
    assert edge.mean() < 0.002


def test_a_picture_shows_the_digit_of_its_label(digits):
    """Scaled down by fours and enlarged again, most are nearest to another of the same label."""
    rows = digits.train.reshape(-1, 14, 2, 14, 2).mean((2, 4)).reshape(-1, 196)
    known, asked = rows[0::2], rows[1::2][::7]
    apart = ((asked[:, np.newaxis] - known) ** 2).sum(axis=-1)
    own = np.arange(len(known))[::7]
    apart[np.arange(len(own)), own] = np.inf  # not another copy of itself
    right = digits.train_labels[0::2][apart.argmin(axis=1)] == digits.train_labels[1::2][::7]
    assert right.mean() > 0.9


def test_no_copy_of_a_held_out_digit_is_trained_with(monkeypatch, tmp_path):
    parts = []
    monkeypatch.setattr(latent_digits, "vary", lambda ink, *_: parts.append(ink) or ink)
    load_digits(copies=3, folder=tmp_path)
    train, test = ({picture.tobytes() for picture in part} for part in parts)
    assert sum(map(len, parts)) == 1797
    assert (len(parts[0]), len(parts[1])) == (1500, 297)
    assert not train & test


def test_the_same_seed_makes_the_same_pictures(digits, tmp_path):
    again = load_digits(copies=2, folder=tmp_path)
    np.testing.assert_array_equal(again.train[:50], digits.train[:50])
    np.testing.assert_array_equal(again.test, digits.test)
    other = load_digits(copies=1, seed=1, folder=tmp_path)
    assert np.abs(other.test[:50] - digits.test[:100:2]).mean() > 0.01


def test_copies_of_a_digit_follow_each_other_and_differ_a_little(digits):
    first, second = digits.train[0::2], digits.train[1::2]
    np.testing.assert_array_equal(digits.train_labels[0::2], digits.train_labels[1::2])
    change = np.abs(first - second).mean(axis=(1, 2, 3))
    assert change.min() > 0.005
    to_others = np.abs(first[:-1] - second[1:]).mean(axis=(1, 2, 3))
    assert 1.5 * np.median(change) < np.median(to_others)


def test_a_dot_is_enlarged_where_it_is(rng):
    """8 pixels become 20: what is 1.5 rows above the middle comes 3.75 rows above it."""
    ink = np.zeros((1, 8, 8))
    ink[0, 2, 4] = 1
    middles = middle_of(vary(ink, 200, rng))
    np.testing.assert_allclose(middles.mean(axis=0), [13.5 - 3.75, 13.5 + 1.25], atol=0.35)
    assert (middles.std(axis=0) > 0.3).all()
    assert (np.abs(middles - middles.mean(axis=0)) < 4).all()


def test_pens_differ_in_breadth(rng):
    ink = np.zeros((1, 8, 8))
    ink[0, 1:7, 3:5] = 1
    covered = vary(ink, 200, rng).sum(axis=(1, 2, 3))
    assert np.quantile(covered, 0.95) > 1.15 * np.quantile(covered, 0.05)


def test_many_pictures_are_made_quickly_enough(tmp_path):
    start = time.process_time()
    digits = load_digits(copies=10, folder=tmp_path)
    assert (len(digits.train), len(digits.test)) == (15_000, 2_970)
    assert time.process_time() - start < 20


def test_no_copies_are_refused(tmp_path):
    with pytest.raises(ValueError, match="copies is 0; at least 1"):
        load_digits(copies=0, folder=tmp_path)


# --- MNIST ----------------------------------------------------------------------------------


def test_mnist_is_taken_when_it_is_there(tmp_path):
    arrays = save_mnist(tmp_path / "mnist.npz")
    digits = load_digits(folder=tmp_path)
    assert digits.name == "MNIST"
    assert digits.train.shape == (6, 28, 28, 1)
    assert digits.train.dtype == np.float32
    np.testing.assert_allclose(digits.train[..., 0], arrays["x_train"] / 255, rtol=1e-6)
    np.testing.assert_allclose(digits.test[..., 0], arrays["x_test"] / 255, rtol=1e-6)
    np.testing.assert_array_equal(digits.train_labels, [5, 0, 4, 1, 9, 2])
    np.testing.assert_array_equal(digits.test_labels, [7, 2, 1])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"y_test": None}, "y_test"),
        ({"x_train": np.zeros((6, 32, 32), np.uint8)}, r"\(6, 32, 32\) and \(6,\)"),
        ({"y_train": np.zeros(5, np.uint8)}, r"\(6, 28, 28\) and \(5,\)"),
        ({"x_test": np.zeros((3, 28, 28))}, "float64"),
        ({"y_test": np.array([7, 2, 10])}, "labels up to 10"),
        ({"y_test": np.array([7, 2, None])}, "no file of MNIST, or broken"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_a_remedy(tmp_path, changed, message):
    save_mnist(tmp_path / "mnist.npz", **changed)
    with pytest.raises(DigitsError, match=message) as refused:
        load_digits(folder=tmp_path)
    assert "delete it, then run: course fetch mnist" in str(refused.value)


def test_a_broken_file_is_refused_with_a_remedy(tmp_path):
    path = tmp_path / "mnist.npz"
    save_mnist(path)
    whole = path.read_bytes()
    for broken in (b"", whole[: len(whole) // 2], b"<html>sign in first</html>", whole[500:]):
        path.write_bytes(broken)
        with pytest.raises(DigitsError, match=r"broken.*course fetch mnist"):
            load_digits(folder=tmp_path)
    path.unlink()
    path.mkdir()
    with pytest.raises(DigitsError, match="course fetch mnist"):
        load_digits(folder=tmp_path)


def test_a_flipped_byte_is_noticed(tmp_path):
    path = tmp_path / "mnist.npz"
    save_mnist(path)
    bytes_ = bytearray(path.read_bytes())
    bytes_[1000] ^= 1
    path.write_bytes(bytes_)
    with pytest.raises(DigitsError, match="broken"):
        load_digits(folder=tmp_path)


# --- pictures -------------------------------------------------------------------------------


def test_odd_pictures_are_of_five_kinds(digits):
    odd = draw_odd_pictures(digits.test)
    assert list(odd) == ["letters", "shapes", "upside down", "negative", "noise"]
    for pictures in odd.values():
        assert pictures.shape == (8, 28, 28, 1)
        assert pictures.dtype == np.float32
        assert 0 <= pictures.min() < 0.05
        assert 0.95 < pictures.max() <= 1
    for kind in ("letters", "shapes"):
        apart = np.abs(odd[kind][:, np.newaxis] - odd[kind]).mean(axis=(2, 3, 4))
        assert apart[~np.eye(8, dtype=bool)].min() > 0.02
        np.testing.assert_allclose(middle_of(odd[kind]), 13.5, atol=2.5)


def test_odd_digits_are_digits_turned_or_inverted(digits):
    odd = draw_odd_pictures(digits.test, seed=3)
    upright = odd["upside down"][:, ::-1, ::-1]
    np.testing.assert_allclose(odd["negative"], 1 - upright, atol=1e-6)
    known = {picture.tobytes() for picture in digits.test}
    assert all(np.ascontiguousarray(picture).tobytes() in known for picture in upright)


def test_one_picture_becomes_a_batch():
    assert as_pictures(np.zeros((28, 28, 1))).shape == (1, 28, 28, 1)
    assert as_pictures(np.zeros((3, 28, 28, 1), np.float64)).dtype == np.float32


@pytest.mark.parametrize(
    "shape", [(28, 28), (3, 28, 28), (3, 8, 8, 1), (0, 28, 28, 1), (3, 28, 28, 3)]
)
def test_another_shape_is_refused(shape):
    with pytest.raises(PictureError, match=r"expected \(m, 28, 28, 1\)"):
        as_pictures(np.zeros(shape))
