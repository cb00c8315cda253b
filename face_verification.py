"""From distances of encodings to a decision: pairs, error rates, and where to put the threshold.

A door opens when the distance of two encodings is below a threshold. It errs in two ways: it lets
a stranger in (false accept), or it keeps a resident out (false reject).
"""

from dataclasses import dataclass

import numpy as np

__all__ = [
    "ROC",
    "Calibration",
    "balanced_pairs",
    "calibrate",
    "pair_distances",
    "roc",
    "ten_fold",
]

LOW_FAR = 0.001  # at most one stranger in a thousand gets in


@dataclass(frozen=True)
class ROC:
    """The two error rates at every threshold that makes a difference.

    Attributes
    ----------
    thresholds : np.ndarray (k,)
        Distances, rising. The door opens below.
    far : np.ndarray (k,)
        False accept rate: the share of pairs of two people below the threshold, rising, 0-1.
    frr : np.ndarray (k,)
        False reject rate: the share of pairs of one person not below it, falling, 0-1.
    """

    thresholds: np.ndarray
    far: np.ndarray
    frr: np.ndarray


@dataclass(frozen=True)
class Calibration:
    """Thresholds chosen from pairs, and the error rates there; distances, and shares in 0-1.

    Attributes
    ----------
    threshold, accuracy : float
        Where most decisions are right, when pairs of both kinds are equally frequent.
    threshold_at_eer, equal_error_rate : float
        Where both errors are equally frequent.
    threshold_at_far, frr_at_far : float
        Where at most 0.1 % of strangers get in, and the share of residents kept out there.
    """

    threshold: float
    accuracy: float
    threshold_at_eer: float
    equal_error_rate: float
    threshold_at_far: float
    frr_at_far: float

    def __str__(self) -> str:
        return (
            f"most decisions right  {self.accuracy:7.2%}  at distance {self.threshold:.3f}\n"
            f"both errors equal     {self.equal_error_rate:7.2%}  at distance "
            f"{self.threshold_at_eer:.3f}\n"
            f"residents kept out    {self.frr_at_far:7.2%}  at distance "
            f"{self.threshold_at_far:.3f}, where at most {LOW_FAR:.1%} of strangers get in"
        )


def pair_distances(
    encodings: np.ndarray, people: np.ndarray | list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Measure all pairs of pictures.

    Parameters
    ----------
    encodings : array (n, d)
        One row a picture.
    people : sequence of n names or numbers
        Whom each picture shows.

    Returns
    -------
    same, different : np.ndarray
        The L2 distances of pairs of one person, and of two.

    Raises
    ------
    ValueError
        For another shape, or a number that is not finite.
    """
    encodings, people = _checked(encodings, people)
    first, second = np.triu_indices(len(people), k=1)
    distances = np.concatenate(
        [np.linalg.norm(encodings[i + 1 :] - encodings[i], axis=1) for i in range(len(people))]
    )
    is_same = people[first] == people[second]
    return distances[is_same], distances[~is_same]


def balanced_pairs(
    people: np.ndarray | list[str], n_pairs: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Choose pairs of pictures, half of them of one person; none twice.

    Parameters
    ----------
    people : sequence of n names or numbers
        Whom each picture shows.
    n_pairs : int
        Even.
    seed : int
        Same seed, same pairs.

    Returns
    -------
    i, j : np.ndarray of int (n_pairs,)
        The pictures of each pair, in random order.
    is_same : np.ndarray of bool (n_pairs,)

    Raises
    ------
    ValueError
        If there are not so many pairs of both kinds.
    """
    people = np.asarray(people)
    half, odd = divmod(n_pairs, 2)
    if odd or half < 1:
        raise ValueError(f"n_pairs is {n_pairs}; half of them are of one person: give 2, 4, ...")
    rng = np.random.default_rng(seed)
    same = _some_of(rng, _pairs_of_one(people), half, "one person")
    different = _some_of_two(rng, people, half)
    pairs = np.concatenate([same, different])
    order = rng.permutation(n_pairs)
    return pairs[order, 0], pairs[order, 1], order < half


def roc(same: np.ndarray, different: np.ndarray) -> ROC:
    """Count both errors at every threshold.

    Parameters
    ----------
    same, different : array
        The distances of pairs of one person, and of two.

    Raises
    ------
    ValueError
        If either is empty or holds a number that is not finite.
    """
    same, different = _sorted(same, "one person"), _sorted(different, "two people")
    seen = np.unique(np.concatenate([same, different]))
    middles = (seen[1:] + seen[:-1]) / 2
    thresholds = np.concatenate([[seen[0] / 2], middles, [seen[-1] * 1.01 + 1e-9]])
    far = np.searchsorted(different, thresholds) / len(different)
    frr = 1 - np.searchsorted(same, thresholds) / len(same)
    return ROC(thresholds, far, frr)


def calibrate(same: np.ndarray, different: np.ndarray) -> Calibration:
    """Choose thresholds from the distances of pairs of one person and of two.

    Where several are equally good, the middle one is taken.

    Raises
    ------
    ValueError
        As `roc`.
    """
    curve = roc(same, different)
    best = _middle_of_least(curve.far + curve.frr)
    equal = _middle_of_least(np.abs(curve.far - curve.frr))
    low = int(np.flatnonzero(curve.far <= LOW_FAR)[-1])
    return Calibration(
        threshold=float(curve.thresholds[best]),
        accuracy=float(1 - (curve.far[best] + curve.frr[best]) / 2),
        threshold_at_eer=float(curve.thresholds[equal]),
        equal_error_rate=float((curve.far[equal] + curve.frr[equal]) / 2),
        threshold_at_far=float(curve.thresholds[low]),
        frr_at_far=float(curve.frr[low]),
    )


def ten_fold(
    distances: np.ndarray, is_same: np.ndarray, folds: int = 10
) -> tuple[float, float, float]:
    """Judge by the protocol of "Labeled Faces in the Wild" (Huang et al. 2007).

    The threshold is chosen on all folds but one and judged on that one, in turn.

    Parameters
    ----------
    distances : array (n,)
    is_same : array of bool (n,)
        In random order, as `balanced_pairs` gives them; consecutive pairs make a fold.
    folds : int

    Returns
    -------
    accuracy, deviation, threshold : float
        Mean and standard deviation of the accuracy over the folds, and the mean threshold.

    Raises
    ------
    ValueError
        If there are fewer pairs than folds, or a fold's rest holds one kind of pair only.
    """
    distances, is_same = np.asarray(distances, np.float64), np.asarray(is_same, bool)
    if distances.shape != is_same.shape or distances.ndim != 1 or len(distances) < folds:
        raise ValueError(
            f"distances have shape {distances.shape} and is_same {is_same.shape}; expected one "
            f"number a pair, and at least {folds} pairs for {folds} folds"
        )
    fold = np.arange(len(distances)) * folds // len(distances)
    accuracies, thresholds = [], []
    for number in range(folds):
        rest = fold != number
        threshold = calibrate(distances[rest & is_same], distances[rest & ~is_same]).threshold
        right = (distances[~rest] < threshold) == is_same[~rest]
        accuracies.append(right.mean())
        thresholds.append(threshold)
    return float(np.mean(accuracies)), float(np.std(accuracies)), float(np.mean(thresholds))


# --- pairs ----------------------------------------------------------------------------------


def _checked(encodings: np.ndarray, people: np.ndarray | list[str]) -> tuple[np.ndarray, ...]:
    encodings, people = np.asarray(encodings, np.float64), np.asarray(people)
    if encodings.ndim != 2 or people.shape != encodings.shape[:1]:
        raise ValueError(
            f"encodings have shape {encodings.shape} and people {people.shape}; expected (n, d) "
            "and (n,): one row and one name a picture"
        )
    if not np.isfinite(encodings).all():
        row = int(np.flatnonzero(~np.isfinite(encodings).all(axis=1))[0])
        raise ValueError(f"encoding {row} holds numbers that are not finite")
    return encodings, people


def _pairs_of_one(people: np.ndarray) -> np.ndarray:
    """Return all pairs of pictures of one person (k, 2)."""
    pairs = [np.empty((0, 2), int)]
    for person in np.unique(people):
        mine = np.flatnonzero(people == person)
        first, second = np.triu_indices(len(mine), k=1)
        pairs.append(np.stack([mine[first], mine[second]], axis=1))
    return np.concatenate(pairs)


def _some_of(rng: np.random.Generator, pairs: np.ndarray, count: int, of: str) -> np.ndarray:
    if len(pairs) < count:
        raise ValueError(f"there are {len(pairs)} pairs of {of}; {count} were asked for")
    return pairs[rng.choice(len(pairs), count, replace=False)]


def _some_of_two(rng: np.random.Generator, people: np.ndarray, count: int) -> np.ndarray:
    """Choose pairs of pictures of two people (count, 2) without listing all of them."""
    n = len(people)
    n_same = sum(k * (k - 1) // 2 for k in np.unique(people, return_counts=True)[1])
    there = n * (n - 1) // 2 - n_same
    if there < 2 * count:  # few: list them
        first, second = np.triu_indices(n, k=1)
        pairs = np.stack([first, second], axis=1)
        return _some_of(rng, pairs[people[first] != people[second]], count, "two people")
    found = np.empty((0, 2), int)
    while len(found) < count:
        drawn = np.sort(rng.integers(0, n, (2 * count, 2)), axis=1)
        drawn = drawn[people[drawn[:, 0]] != people[drawn[:, 1]]]
        found = np.unique(np.concatenate([found, drawn]), axis=0)
    return found[rng.choice(len(found), count, replace=False)]


# --- thresholds -----------------------------------------------------------------------------


def _sorted(distances: np.ndarray, of: str) -> np.ndarray:
    distances = np.sort(np.asarray(distances, np.float64).ravel())
    if not distances.size or not np.isfinite(distances).all():
        raise ValueError(
            f"the distances of pairs of {of} are {distances.size} numbers, "
            f"{np.count_nonzero(np.isfinite(distances))} of them finite; give at least one pair, "
            "and finite distances"
        )
    return distances


def _middle_of_least(values: np.ndarray) -> int:
    """Return the middle of the first run of smallest values."""
    least = np.flatnonzero(values <= values.min() + 1e-12)
    run = least[: int(np.argmax(np.diff(least, append=least[-1] + 2) > 1)) + 1]
    return int(run[len(run) // 2])
