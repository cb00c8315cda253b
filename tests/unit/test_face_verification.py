"""Distances, error rates and thresholds against counting by hand and by brute force."""

import numpy as np
import pytest

from face_verification import balanced_pairs, calibrate, pair_distances, roc, ten_fold


@pytest.fixture
def distances():
    """Return distances of 300 pairs of one person and 2,000 of two, which overlap."""
    rng = np.random.default_rng(0)
    return rng.normal(0.5, 0.12, 300).clip(0), rng.normal(1.0, 0.15, 2000).clip(0)


def errors(same, different, threshold):
    """Count both errors as they are defined: the door opens below the threshold."""
    return np.mean(different < threshold), np.mean(same >= threshold)


def test_pair_distances_of_three_pictures_by_hand():
    same, different = pair_distances(np.array([[0, 0], [3, 4], [0, 8]]), ["ada", "bea", "ada"])
    np.testing.assert_allclose(same, [8])
    np.testing.assert_allclose(sorted(different), [5, 5])


def test_pair_distances_takes_every_pair_once():
    rng = np.random.default_rng(1)
    encodings, people = rng.normal(size=(13, 128)).astype(np.float32), rng.integers(0, 4, 13)
    same, different = pair_distances(encodings, people)
    pairs = [(i, j) for i in range(13) for j in range(i)]
    for found, wanted in ((same, True), (different, False)):
        right = [
            np.linalg.norm(encodings[i] - encodings[j])
            for i, j in pairs
            if (people[i] == people[j]) == wanted
        ]
        np.testing.assert_allclose(sorted(found), sorted(right), rtol=1e-5)


@pytest.mark.parametrize(
    ("encodings", "people", "words"),
    [
        (np.zeros((3, 128)), ["a", "b"], r"\(3, 128\) and people \(2,\)"),
        (np.zeros(128), ["a"], "expected"),
        ([[0.0, 1], [np.nan, 1]], ["a", "b"], "encoding 1 .* not finite"),
    ],
)
def test_pair_distances_refuses(encodings, people, words):
    with pytest.raises(ValueError, match=words):
        pair_distances(encodings, people)


def test_roc_counts_both_errors_at_every_threshold(distances):
    curve = roc(*distances)
    right = [errors(*distances, threshold) for threshold in curve.thresholds]
    np.testing.assert_allclose(np.stack([curve.far, curve.frr], axis=1), right, atol=1e-12)


def test_roc_goes_from_nobody_in_to_everybody_in(distances):
    curve = roc(*distances)
    assert (np.diff(curve.thresholds) > 0).all()
    assert (np.diff(curve.far) >= 0).all()
    assert (np.diff(curve.frr) <= 0).all()
    assert (curve.far[0], curve.frr[0]) == (0, 1)
    assert (curve.far[-1], curve.frr[-1]) == (1, 0)


def test_roc_with_equal_distances_on_both_sides():
    curve = roc([0.5, 0.5], [0.5])
    np.testing.assert_array_equal(curve.far, [0, 1])
    np.testing.assert_array_equal(curve.frr, [1, 0])


@pytest.mark.parametrize(("same", "different"), [([], [1.0]), ([1.0], []), ([np.nan], [1.0])])
def test_roc_refuses(same, different):
    with pytest.raises(ValueError, match="at least one pair, and finite"):
        roc(same, different)


def test_calibrate_puts_the_threshold_into_the_middle_of_a_gap():
    found = calibrate([0.2, 0.4], [0.8, 1.0])
    assert found.threshold == pytest.approx(0.6)
    assert (found.accuracy, found.equal_error_rate, found.frr_at_far) == (1, 0, 0)
    assert found.threshold_at_eer == pytest.approx(0.6)
    assert found.threshold_at_far == pytest.approx(0.6)


def test_calibrate_by_brute_force(distances):
    found = calibrate(*distances)
    grid = np.linspace(0, 1.6, 8001)
    far, frr = np.array([errors(*distances, threshold) for threshold in grid]).T
    equal = ((far + frr) / 2)[np.abs(far - frr).argmin()]
    assert found.accuracy == pytest.approx((1 - (far + frr) / 2).max())
    assert found.equal_error_rate == pytest.approx(equal, abs=1 / 2000)
    assert found.frr_at_far == pytest.approx(frr[far <= 0.001].min())
    for threshold, wanted in (
        (found.threshold, 1 - found.accuracy),
        (found.threshold_at_eer, found.equal_error_rate),
    ):
        assert np.mean(errors(*distances, threshold)) == pytest.approx(wanted)
    assert errors(*distances, found.threshold_at_far)[0] <= 0.001


def test_calibration_prints_as_three_lines(distances):
    lines = str(calibrate(*distances)).splitlines()
    assert len(lines) == 3
    assert all("%" in line and "distance" in line for line in lines)


def test_ten_fold_of_distances_that_part_is_perfect():
    is_same = np.arange(60) % 2 == 0
    accuracy, deviation, threshold = ten_fold(np.where(is_same, 0.3, 0.9), is_same)
    assert (accuracy, deviation) == (1, 0)
    assert threshold == pytest.approx(0.6)


def test_ten_fold_chooses_each_threshold_on_the_other_folds():
    is_same = np.array([True, False, True, False])
    distances = np.array([0.1, 0.3, 0.7, 0.9])
    # The second fold says 0.8, which opens to 0.3; the first says 0.2, which stays shut to 0.7.
    accuracy, deviation, threshold = ten_fold(distances, is_same, folds=2)
    assert (accuracy, deviation) == (0.5, 0)
    assert threshold == pytest.approx(0.5)


def test_ten_fold_refuses_fewer_pairs_than_folds():
    with pytest.raises(ValueError, match="at least 10 pairs"):
        ten_fold(np.ones(6), np.ones(6, bool))


@pytest.mark.parametrize("n_pairs", [2, 60, 150])
def test_balanced_pairs(n_pairs):
    people = np.repeat(np.arange(15), 5)  # 150 pairs of one person
    i, j, is_same = balanced_pairs(people, n_pairs, seed=3)
    assert is_same.sum() == n_pairs / 2
    np.testing.assert_array_equal(people[i] == people[j], is_same)
    assert len({frozenset(pair) for pair in zip(i.tolist(), j.tolist(), strict=True)}) == n_pairs


def test_balanced_pairs_can_take_all_there_are():
    i, j, is_same = balanced_pairs(["ada", "ada", "bea"], 2)
    assert is_same.sum() == 1
    assert set(zip(i[is_same].tolist(), j[is_same].tolist(), strict=True)) == {(0, 1)}


def test_balanced_pairs_depend_on_the_seed_alone():
    people = np.repeat(np.arange(40), 6)
    first, again, other = (balanced_pairs(people, 300, seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("people", "n_pairs", "words"),
    [
        (["a", "a", "b"], 3, "n_pairs is 3"),
        (["a", "b", "c"], 2, "0 pairs of one person"),
        (["a", "a", "a"], 2, "0 pairs of two people"),
    ],
)
def test_balanced_pairs_refuses(people, n_pairs, words):
    with pytest.raises(ValueError, match=words):
        balanced_pairs(people, n_pairs)
