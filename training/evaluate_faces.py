"""How well a face network tells people apart whom it never saw: what `course evaluate faces` does.

The protocol is that of Huang et al., "Labeled Faces in the Wild" (2007): 6,000 pairs of pictures,
half of them of one person; the threshold is chosen on nine tenths of the pairs and judged on the
last tenth, ten times. The people are drawn by `training.faces` from seeds that training never
uses.
"""

import quiet_tensorflow  # noqa: F401, I001 - before anything that imports TensorFlow

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from face_verification import balanced_pairs, calibrate, roc, ten_fold
from facenet_weights import EMBEDDED_WEIGHTS, load_weights_from_FaceNet
from grading import ROOT, CourseError
from grading.files import written_whole
from grading.progress import Report, silent
from inception_blocks_v2 import faceRecoModel
from weight_files import WeightsError

FIRST_TEST_SEED = 100_000  # the test identities are this seed and those that follow
PEOPLE = 1000
PICTURES = 6  # of each person
PAIRS = 6000
FOLDS = 10
DOOR = 0.7  # the course's door opens below this distance
LOW_FAR = 0.001  # strangers let in, as a share
SHIPPED = ROOT / EMBEDDED_WEIGHTS
FIGURE = ROOT / "docs" / "faces_roc.png"
BATCH = 64


@dataclass(frozen=True)
class Figures:
    """What is measured; shares are between 0 and 1, thresholds are L2 distances.

    Attributes
    ----------
    people, pictures, pairs : int
        How many people, how many pictures of each, how many pairs of these pictures.
    accuracy, accuracy_std : float
        Of the right decisions: mean and standard deviation over the ten folds.
    best_threshold : float
        The mean of the ten thresholds.
    equal_error_rate, threshold_at_eer : float
        Where as many strangers are let in as residents are sent away.
    far_at_door, frr_at_door : float
        Strangers let in and residents sent away at the course's threshold.
    frr_at_low_far, threshold_at_low_far : float
        Residents sent away when at most 0.1 % of strangers are let in.
    """

    people: int
    pictures: int
    pairs: int
    accuracy: float
    accuracy_std: float
    best_threshold: float
    equal_error_rate: float
    threshold_at_eer: float
    far_at_door: float
    frr_at_door: float
    frr_at_low_far: float
    threshold_at_low_far: float


@dataclass(frozen=True)
class Pairs:
    """Distances of pairs of pictures (n,), and whether both show the same person (n,)."""

    distances: np.ndarray
    is_same: np.ndarray

    @property
    def same(self) -> np.ndarray:
        """The distances of pairs of one person."""
        return self.distances[self.is_same]

    @property
    def different(self) -> np.ndarray:
        """The distances of pairs of two people."""
        return self.distances[~self.is_same]


def evaluate(model: keras.Model, pictures: np.ndarray, seed: int = 0) -> Figures:
    """Measure how well a network tells people apart.

    Parameters
    ----------
    model : keras.Model
        From pictures (m, 3, 96, 96), RGB, 0-1, to encodings (m, 128) of length 1.
    pictures : ndarray (n, k, 96, 96, 3), uint8, RGB
        k pictures of each of n people; n and k at least 2.
    seed : int
        Chooses the pairs: 6,000, or as many as there are.
    """
    return figures(choose_pairs(encode(model, pictures), seed), *pictures.shape[:2])


def draw_people(people: int = PEOPLE, pictures: int = PICTURES) -> np.ndarray:
    """Draw test identities: (people, pictures, 96, 96, 3), uint8, RGB, always the same.

    Raises
    ------
    CourseError
        If the drawing library or a system library that it needs is missing.
    """
    try:
        from training.faces import render_many
    except ModuleNotFoundError as error:
        raise CourseError(
            f"the people are drawn with {error.name}, which is missing; "
            f'run: pip install -e ".[training]"'
        ) from error
    except ImportError as error:  # it names the remedy
        raise CourseError(f"the people cannot be drawn: {error}") from error
    return render_many(range(FIRST_TEST_SEED, FIRST_TEST_SEED + people), pictures)[0]


def load_network(weights: Path | None = None) -> keras.Model:
    """Build the network with weights from a file or folder; the shipped ones without it.

    Raises
    ------
    CourseError
        If the weights are missing or are no weights of this network.
    """
    model = faceRecoModel()
    try:
        load_weights_from_FaceNet(model, weights or SHIPPED)
    except (WeightsError, OSError) as error:
        raise CourseError(str(error)) from error
    return model


def encode(model: keras.Model, pictures: np.ndarray, report: Report = silent) -> np.ndarray:
    """Return the encodings (n, k, 128) of pictures (n, k, 96, 96, 3), uint8."""
    flat = pictures.reshape(-1, *pictures.shape[2:])
    found: list[Any] = []
    for start in range(0, len(flat), BATCH):
        report(start / len(flat), f"picture {start + 1} of {len(flat)}")
        batch = np.moveaxis(flat[start : start + BATCH], -1, 1).astype(np.float32) / 255
        found.append(model.predict_on_batch(batch))
    return np.concatenate(found).reshape(*pictures.shape[:2], -1)


def choose_pairs(encodings: np.ndarray, seed: int = 0) -> Pairs:
    """Choose pairs of pictures, half of them of one person, and measure their distances.

    Parameters
    ----------
    encodings : ndarray (n, k, 128)
        Of k pictures of each of n people.
    seed : int
        Chooses the pairs: 6,000, or as many as there are, in tenths of equal size.
    """
    people, pictures, _ = encodings.shape
    of_one = people * pictures * (pictures - 1) // 2
    of_two = people * (people - 1) // 2 * pictures**2
    count = min(PAIRS // 2, of_one, of_two) // FOLDS * FOLDS * 2
    if count == 0:
        raise CourseError(
            f"{people} people with {pictures} pictures each give {of_one} pairs of one person and "
            f"{of_two} of two; at least {FOLDS} of both are needed: take more people or pictures"
        )
    i, j, is_same = balanced_pairs(np.repeat(np.arange(people), pictures), count, seed)
    # One kind after the other, so that each tenth holds as many of both.
    order = np.stack([np.flatnonzero(is_same), np.flatnonzero(~is_same)], axis=1).ravel()
    i, j, is_same = i[order], j[order], is_same[order]
    flat = encodings.reshape(people * pictures, -1).astype(np.float64)
    return Pairs(np.linalg.norm(flat[i] - flat[j], axis=1), is_same)


def figures(pairs: Pairs, people: int, pictures: int) -> Figures:
    """Compute the figures from the distances of the pairs."""
    accuracy, deviation, threshold = ten_fold(pairs.distances, pairs.is_same, FOLDS)
    calibration = calibrate(pairs.same, pairs.different)
    return Figures(
        people=people,
        pictures=pictures,
        pairs=len(pairs.distances),
        accuracy=float(accuracy),
        accuracy_std=float(deviation),
        best_threshold=float(threshold),
        equal_error_rate=float(calibration.equal_error_rate),
        threshold_at_eer=float(calibration.threshold_at_eer),
        far_at_door=float(np.mean(pairs.different < DOOR)),
        frr_at_door=float(np.mean(pairs.same >= DOOR)),
        frr_at_low_far=float(calibration.frr_at_far),
        threshold_at_low_far=float(calibration.threshold_at_far),
    )


def table(found: Figures) -> Table:
    """Lay the figures out: what, how much, at which distance."""
    view = Table(
        title=f"{found.pairs:,} pairs of pictures of {found.people:,} people never trained on",
        box=SIMPLE_HEAD,
    )
    view.add_column("figure")
    view.add_column("value", justify="right")
    view.add_column("distance", justify="right")
    for row in _rows(found):
        view.add_row(*row)
    return view


def _rows(found: Figures) -> list[tuple[str, str, str]]:
    return [
        (
            f"accuracy at the best threshold, {FOLDS} folds",
            f"{found.accuracy:.2%} ± {found.accuracy_std:.2%}",
            f"{found.best_threshold:.3f}",
        ),
        ("equal error rate", f"{found.equal_error_rate:.2%}", f"{found.threshold_at_eer:.3f}"),
        ("strangers let in (FAR)", f"{found.far_at_door:.2%}", f"{DOOR:.3f}"),
        ("residents sent away (FRR)", f"{found.frr_at_door:.2%}", f"{DOOR:.3f}"),
        (
            f"residents sent away at FAR {LOW_FAR:.1%}",
            f"{found.frr_at_low_far:.2%}",
            f"{found.threshold_at_low_far:.3f}",
        ),
    ]


def as_dict(found: Figures) -> dict[str, float]:
    """Return the figures by name, for JSON."""
    return dataclasses.asdict(found)


def draw_figure(pairs: Pairs, path: Path) -> None:
    """Write a picture of the distances and of the two kinds of error as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    _draw_distances(left, pairs)
    _draw_errors(right, pairs)
    with written_whole(path) as part:
        figure.savefig(part, format="png", dpi=150, metadata={"Software": None})


def _draw_distances(axes: Any, pairs: Pairs) -> None:
    bins = np.linspace(0, max(1.0, pairs.distances.max()), 61)
    axes.hist(pairs.same, bins, color="#0072b2", alpha=0.8, label="one person")
    axes.hist(pairs.different, bins, color="#e69f00", alpha=0.8, label="two people")
    axes.axvline(DOOR, color="black", linestyle="--", label=f"the door, {DOOR}")
    axes.set(xlabel="distance of the encodings", ylabel="pairs", title="Distances of pairs")
    axes.margins(y=0.35)  # room for the legend
    axes.legend()


def _draw_errors(axes: Any, pairs: Pairs) -> None:
    curve = roc(pairs.same, pairs.different)
    least = 0.5 / len(pairs.different)  # a logarithmic axis has no zero
    axes.plot(np.maximum(curve.far, least), curve.frr, color="#0072b2")
    axes.plot(
        max(np.mean(pairs.different < DOOR), least), np.mean(pairs.same >= DOOR),
        "o", color="#d55e00", label=f"the door, {DOOR}",
    )  # fmt: skip
    axes.set(
        xscale="log", xlabel="share of strangers let in", ylabel="share of residents sent away",
        title="Two kinds of error",
    )  # fmt: skip
    axes.set_ylim(0, max(0.05, 2 * np.mean(pairs.same >= DOOR)))
    axes.legend()
