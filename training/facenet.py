"""Train the face network that comes with the course, on drawn people.

    python -m training.facenet [--steps 5000]

nn4.small2 learns from random weights with the triplet loss of Schroff et al. (2015) and
semi-hard triplets chosen in each batch. Two more terms help: `crowd_loss` in the beginning, when
all encodings are alike, and `door_loss`, which fixes the distance at which a door should open.
`training.faces` draws the people; those of the validation, and those of `course evaluate faces`,
are never trained on.

The run is seeded, writes a checkpoint every 100 steps and goes on from it when called again;
asked for another number of steps, it lets the rate fall along the new plan from there on. It
takes about two hours on two cores, after a quarter of an hour of drawing (once; the pictures are
kept); a graphics card is used when there is one, and any backend of Keras will do. The network
goes to pretrained-model/facenet-synthetic.npz; the log of the run as planned here goes to
training/facenet.csv, its figure to docs/facenet.png.
"""

import argparse
import csv
import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import ops
from tqdm import tqdm

from facenet_weights import EMBEDDED_WEIGHTS, facenet_arrays, write_facenet_npz
from grading.files import written_whole
from inception_blocks_v2 import faceRecoModel
from nst_utils import COURSE_DIR
from training.door import move_door
from training.evaluate_faces import DOOR, evaluate
from training.faces import render_many

BUILD = COURSE_DIR / "build" / "facenet"
LOG = COURSE_DIR / "training" / "facenet.csv"
FIGURE = COURSE_DIR / "docs" / "facenet.png"

FIRST_VALIDATION_SEED = 20_000  # people are seeds; those of training start at 0
FIRST_DOOR_SEED = 30_000  # of those on whom the door's distance is set


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a run does."""

    steps: int = 5000
    people: int = 10_000  # drawn for training
    pictures: int = 8  # of each
    people_a_batch: int = 40
    pictures_a_batch: int = 3  # of each person
    margin: float = 0.2  # between squared distances, as published
    gap: float = 0.1  # squared distances stay this far from the door's, on either side
    crowd: float = 0.3  # weight of the comparison with the whole batch
    temperature: float = 0.1  # of that comparison
    rate: float = 1e-3  # falls along a cosine, after
    warm_up: int = 100  # steps
    validation_people: int = 200
    door_people: int = 600
    save_every: int = 100  # steps
    seed: int = 1


# --- pictures -------------------------------------------------------------------------------


def drawn_people(first: int, people: int, pictures: int) -> np.ndarray:
    """Return (people, pictures, 96, 96, 3), 0-255, uint8; drawn once, then read from a file."""
    path = BUILD / f"people-{first}-{people}-{pictures}.npy"
    if not path.exists():
        drawn, _ = render_many(range(first, first + people), pictures)
        with written_whole(path) as part, part.open("wb") as file:
            np.save(file, drawn)
    return np.load(path, mmap_mode="r")


def batches(plan: Plan, drawn: np.ndarray, start: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pictures (m, 3, 96, 96), 0-1, and whom each shows (m,)."""
    for step in range(start, plan.steps):
        rng = np.random.default_rng((plan.seed, step))
        people = rng.choice(len(drawn), plan.people_a_batch, replace=False)
        chosen = [drawn[p, rng.choice(drawn.shape[1], plan.pictures_a_batch, replace=False)]
                  for p in people]  # fmt: skip
        pictures = np.concatenate(chosen).astype(np.float32) / 255
        varied = np.stack([augmented(rng, picture) for picture in pictures])
        yield varied.transpose(0, 3, 1, 2), np.repeat(people, plan.pictures_a_batch)


def ahead(items: Iterator[Any]) -> Iterator[Any]:
    """Yield the same items; the next one is made while the present one is used."""
    with ThreadPoolExecutor(1) as worker:
        coming = worker.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = worker.submit(next, items, None)
            yield item


def augmented(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """Shift a picture (96, 96, 3), 0-1, change its colours and contrast, cover a part of it."""
    reach = 4  # pixels
    padded = np.pad(picture, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    y, x = rng.integers(0, 2 * reach + 1, 2)
    picture = padded[y : y + 96, x : x + 96]
    picture = picture ** rng.uniform(0.8, 1.25) * rng.uniform(0.88, 1.12, 3).astype(np.float32)
    picture = 0.5 + (picture - 0.5) * rng.uniform(0.85, 1.15)
    if rng.random() < 0.3:
        height, width = rng.integers(8, 28, 2)
        y, x = rng.integers(0, 96 - height), rng.integers(0, 96 - width)
        picture[y : y + height, x : x + width] = rng.random(3)
    noise = rng.standard_normal(picture.shape, np.float32) * rng.uniform(0, 0.03)
    return np.clip(picture + noise, 0, 1)


# --- loss -----------------------------------------------------------------------------------


def squared_distances(encodings: Any) -> Any:
    """Return the squared distances (m, m) between encodings (m, 128) of length 1."""
    return ops.maximum(2 - 2 * ops.matmul(encodings, ops.transpose(encodings)), 0)


def semi_hard_loss(people: Any, encodings: Any, margin: float = 0.2) -> Any:
    """Return the triplet loss over every pair of one person with its semi-hard negative.

    A negative is semi-hard if it is farther from the anchor than the positive; the nearest such
    one is taken, and when there is none the farthest of all (Schroff et al. 2015, section 3.2).

    Parameters
    ----------
    people : tensor (m,)
        Whom each picture shows.
    encodings : tensor (m, 128)
        Of length 1.
    margin : float
        Between squared distances.

    Returns
    -------
    tensor ()
        The mean over the triplets whose loss is above zero.
    """
    distances = squared_distances(encodings)
    same, different = _pairs(people)
    far = 9.0  # beyond the largest squared distance, 4
    to_negative = ops.where(different, distances, far)[:, None, :]  # anchor, -, negative
    to_positive = distances[:, :, None]  # anchor, positive, -
    semi_hard = ops.min(ops.where(to_negative > to_positive, to_negative, far), axis=-1)
    farthest = ops.max(ops.where(different, distances, 0.0), axis=-1, keepdims=True)
    negative = ops.where(semi_hard < far, semi_hard, farthest)
    return _mean_above_zero(ops.where(same, distances - negative + margin, 0.0))


def crowd_loss(people: Any, encodings: Any, temperature: float = 0.1) -> Any:
    """Return how hard it is to pick out a person's other pictures among all of the batch.

    A triplet compares with one negative; at the start, when every encoding is much like every
    other, that teaches little. This term (supervised contrastive loss, Khosla et al. 2020,
    equation 2) compares each pair of one person with the whole batch, and fades as it succeeds.

    Parameters
    ----------
    people : tensor (m,)
        Whom each picture shows.
    encodings : tensor (m, 128)
        Of length 1.
    temperature : float
        Of the softmax over similarities.

    Returns
    -------
    tensor ()
        The mean of minus the logarithm of the softmax, over the pairs of one person.
    """
    similarity = 1 - squared_distances(encodings) / 2
    same, different = _pairs(people)
    logits = ops.where(ops.logical_or(same, different), similarity / temperature, -1e9)
    cost = ops.logsumexp(logits, axis=-1, keepdims=True) - logits
    n_pairs = ops.sum(ops.cast(same, cost.dtype))
    return ops.sum(ops.where(same, cost, 0.0)) / n_pairs


def door_loss(people: Any, encodings: Any, door: float = DOOR, gap: float = 0.1) -> Any:
    """Return how far pairs are on the wrong side of the door's distance, or too near it.

    The triplet loss compares distances with each other, so it leaves open at which distance a
    door should open. This term (a contrastive loss, Hadsell et al. 2006, with two margins) says
    it: a pair of one person shall lie `gap` below the square of `door`, any other above it.

    Parameters
    ----------
    people : tensor (m,)
        Whom each picture shows.
    encodings : tensor (m, 128)
        Of length 1.
    door : float
        A distance, not squared.
    gap : float
        Between squared distances.

    Returns
    -------
    tensor ()
        The means over the pairs of one person, and of two, that are above zero; their sum.
    """
    distances = squared_distances(encodings)
    same, different = _pairs(people)
    too_far = ops.where(same, distances - (door**2 - gap), 0.0)
    too_near = ops.where(different, (door**2 + gap) - distances, 0.0)
    return _mean_above_zero(too_far) + _mean_above_zero(too_near)


def _pairs(people: Any) -> tuple[Any, Any]:
    """Return two masks (m, m): pairs of two pictures of one person, pairs of two people."""
    people = ops.reshape(people, (-1,))
    equal = people[:, None] == people[None, :]
    itself = ops.eye(ops.shape(people)[0], dtype="bool")
    return ops.logical_and(equal, ops.logical_not(itself)), ops.logical_not(equal)


def _mean_above_zero(values: Any) -> Any:
    positive = ops.relu(values)
    return ops.sum(positive) / (ops.sum(ops.cast(positive > 0, positive.dtype)) + 1e-6)


# --- training -------------------------------------------------------------------------------


def run_folder(plan: Plan) -> Path:
    """Return where a run's checkpoints lie; another number of steps is not another run."""
    return BUILD / f"seed-{plan.seed}-people-{plan.people}"


def train(plan: Plan) -> keras.Model:
    """Train from the last checkpoint, or from random weights, to the end of the plan."""
    folder = run_folder(plan)
    drawn = drawn_people(0, plan.people, plan.pictures)
    unseen = drawn_people(FIRST_VALIDATION_SEED, plan.validation_people, plan.pictures)
    model, log = _resumed(folder, plan)
    start = log[-1]["step"] if log else 0
    coming = ahead(batches(plan, drawn, start))
    bar = tqdm(coming, total=plan.steps, initial=start, desc="training")
    for step, (pictures, people) in enumerate(bar, start=start + 1):
        loss = float(model.train_on_batch(pictures, people))  # the mean since the last reset
        if step % plan.save_every == 0 or step == plan.steps:
            log.append(_row(step, loss, evaluate(model, np.asarray(unseen), seed=plan.seed)))
            bar.set_postfix({key: f"{value:.4f}" for key, value in log[-1].items()})
            _save(folder, model, log)
            model.reset_metrics()
    return model


def compiled(plan: Plan, model: keras.Model) -> keras.Model:
    """Give a network the plan's loss and optimiser."""
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=plan.rate / 100,
        warmup_target=plan.rate,
        warmup_steps=plan.warm_up,
        decay_steps=max(plan.steps - plan.warm_up, 1),
        alpha=0.002,
    )

    def loss(people: Any, encodings: Any) -> Any:
        crowd = crowd_loss(people, encodings, plan.temperature)
        door = door_loss(people, encodings, gap=plan.gap)
        return semi_hard_loss(people, encodings, plan.margin) + door + plan.crowd * crowd

    model.compile(keras.optimizers.Adam(rate), loss)
    return model


def _resumed(folder: Path, plan: Plan) -> tuple[keras.Model, list[dict[str, float]]]:
    if not (folder / "log.csv").exists():
        keras.utils.set_random_seed(plan.seed)
        return compiled(plan, faceRecoModel()), []
    log = _read_log(folder / "log.csv")
    model = compiled(plan, faceRecoModel())
    model.optimizer.build(model.trainable_variables)
    model.load_weights(folder / f"step-{int(log[-1]['step'])}.weights.h5")
    return model, log


def _row(step: int, loss: float, figures: Any) -> dict[str, float]:
    return {
        "step": step,
        "loss": loss,
        "accuracy": figures.accuracy,
        "equal_error_rate": figures.equal_error_rate,
        "best_threshold": figures.best_threshold,
    }


def _save(folder: Path, model: keras.Model, log: list[dict[str, float]]) -> None:
    """Write weights and the optimiser's state, then the log that names them; drop older ones."""
    folder.mkdir(parents=True, exist_ok=True)
    newest = folder / f"step-{int(log[-1]['step'])}.weights.h5"
    model.save_weights(newest)
    _write_log(folder / "log.csv", log)
    for old in set(folder.glob("*.weights.h5")) - {newest}:
        old.unlink()


def _write_log(path: Path, log: list[dict[str, float]]) -> None:
    with written_whole(path) as part, part.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(log[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: f"{value:.6g}" for key, value in row.items()} for row in log)


def _read_log(path: Path) -> list[dict[str, float]]:
    with path.open(newline="") as file:
        rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
    return [{**row, "step": int(row["step"])} for row in rows]


def plot_log(log: list[dict[str, float]], path: Path = FIGURE) -> None:
    """Draw loss, error and best threshold over the steps."""
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.2), layout="constrained")
    steps = [row["step"] for row in log]
    errors = [100 * row["equal_error_rate"] for row in log]
    axes[0].plot(steps, [row["loss"] for row in log])
    axes[0].set(xlabel="step", ylabel="loss", title="Loss over training")
    axes[1].semilogy(steps, errors)
    axes[1].set(xlabel="step", ylabel="equal error rate (%)", title="People never trained on")
    axes[2].plot(steps, [row["best_threshold"] for row in log])
    axes[2].axhline(DOOR, linestyle="--", color="grey")
    axes[2].set(xlabel="step", ylabel="distance", title="Best threshold; the door's is 0.7")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    """Train, then write the network, the log and the figure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=Plan.steps)
    parser.add_argument("--people", type=int, default=Plan.people)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--out", type=Path, default=COURSE_DIR / EMBEDDED_WEIGHTS)
    options = parser.parse_args()
    plan = Plan(steps=options.steps, people=options.people, seed=options.seed)
    model = train(plan)
    at_the_door = drawn_people(FIRST_DOOR_SEED, plan.door_people, plan.pictures)
    move_door(model, np.asarray(at_the_door), DOOR)
    write_facenet_npz(options.out, facenet_arrays(model), np.float16)
    log = _read_log(run_folder(plan) / "log.csv")
    if plan == Plan():  # what is shipped
        _write_log(LOG, log)
        plot_log(log)
    print(f"{options.out}: {options.out.stat().st_size:,} bytes; last figures {log[-1]}")


if __name__ == "__main__":
    main()
