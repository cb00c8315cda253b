"""The training of the face network: its losses against loops, its batches, its resumption."""

import dataclasses
import itertools

import keras
import numpy as np
import pytest

facenet = pytest.importorskip(
    "training.facenet",
    reason="the portraits need skia-python and libEGL: pip install -e '.[training]'",
    exc_type=ImportError,
)

from training.door import move_door  # noqa: E402 - after the skip
from training.evaluate_faces import draw_people, evaluate, load_network  # noqa: E402


@pytest.fixture(scope="module")
def encoded():
    """Return encodings (12, 128) of length 1 and whom they show: four people, three times."""
    rng = np.random.default_rng(1)
    people = np.repeat([7, 3, 11, 5], 3)
    centres = rng.normal(size=(4, 128)).repeat(3, axis=0)
    encodings = centres + 2.5 * rng.normal(size=(12, 128)) + 2.0
    return encodings / np.linalg.norm(encodings, axis=1, keepdims=True), people


def squared(encodings, i, j):
    return float(np.sum((encodings[i] - encodings[j]) ** 2))


def loss_by_loops(encodings, people, margin):
    found = []
    for a, p in itertools.permutations(range(len(people)), 2):
        if people[a] != people[p]:
            continue
        negatives = [
            squared(encodings, a, n) for n in range(len(people)) if people[n] != people[a]
        ]
        positive = squared(encodings, a, p)
        semi_hard = [d for d in negatives if d > positive]
        chosen = min(semi_hard) if semi_hard else max(negatives)
        found.append(positive - chosen + margin)
    above = [value for value in found if value > 0]
    return sum(above) / len(above)


@pytest.mark.parametrize("margin", [0.1, 0.2, 0.6])
def test_semi_hard_loss_is_what_loops_compute(encoded, margin):
    encodings, people = encoded
    found = facenet.semi_hard_loss(people, encodings.astype(np.float32), margin)
    np.testing.assert_allclose(found, loss_by_loops(encodings, people, margin), rtol=1e-4)


def test_an_anchor_without_a_semi_hard_negative_takes_the_farthest():
    """Its positive is farther than every negative."""
    angles = np.array([0.0, 3.0, 0.5, 0.9])  # of person 0, 0, 1, 1 on a circle
    encodings = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    found = facenet.semi_hard_loss(np.array([0, 0, 1, 1]), encodings, 0.2)
    loops = loss_by_loops(encodings, np.array([0, 0, 1, 1]), 0.2)
    np.testing.assert_allclose(found, loops, rtol=1e-5)


def test_door_loss_is_what_loops_compute(encoded):
    encodings, people = encoded
    far, near = [], []
    for i, j in itertools.permutations(range(len(people)), 2):
        distance = squared(encodings, i, j)
        if people[i] == people[j]:
            far.append(distance - (1.1**2 - 0.1))
        else:
            near.append((1.1**2 + 0.1) - distance)
    right = sum(np.mean([v for v in side if v > 0]) for side in (far, near))
    found = facenet.door_loss(people, encodings.astype(np.float32), door=1.1, gap=0.1)
    np.testing.assert_allclose(found, right, rtol=1e-4)


def test_crowd_loss_is_what_loops_compute(encoded):
    encodings, people = encoded
    found = []
    for i, j in itertools.permutations(range(len(people)), 2):
        if people[i] == people[j]:
            others = [k for k in range(len(people)) if k != i]
            powers = [np.exp(encodings[i] @ encodings[k] / 0.3) for k in others]
            found.append(-np.log(np.exp(encodings[i] @ encodings[j] / 0.3) / sum(powers)))
    loss = facenet.crowd_loss(people, encodings.astype(np.float32), temperature=0.3)
    np.testing.assert_allclose(loss, np.mean(found), rtol=1e-4)


def test_people_far_apart_cost_nothing():
    encodings = np.eye(3, 128).repeat(2, axis=0)
    people = np.array([1, 1, 2, 2, 3, 3])
    assert float(facenet.semi_hard_loss(people, encodings)) == 0
    assert float(facenet.door_loss(people, encodings)) == 0


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Return a plan of four steps on people that are patches of colour, in a folder of its own."""

    def patches(seeds, pictures, size=96, **_):
        made = []
        for seed in seeds:
            rng = np.random.default_rng(seed)
            face = rng.uniform(40, 215, (6, 6, 3)).repeat(16, 0).repeat(16, 1)
            made.append([np.clip(face + rng.normal(0, 20, face.shape), 0, 255).astype(np.uint8)
                         for _ in range(pictures)])  # fmt: skip
        return np.array(made), np.array(list(seeds))

    monkeypatch.setattr(facenet, "render_many", patches)
    monkeypatch.setattr(facenet, "BUILD", tmp_path)
    return facenet.Plan(
        steps=4, people=12, pictures=3, people_a_batch=4, pictures_a_batch=2,
        validation_people=4, save_every=2,
    )  # fmt: skip


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(small, monkeypatch):
    drawn = facenet.drawn_people(0, small.people, small.pictures)
    whole = list(facenet.batches(small, drawn, 0))
    first = facenet.train(small)
    weights = facenet.facenet_arrays(first)
    folder = facenet.run_folder(small)
    log = (folder / "log.csv").read_text()
    assert log.splitlines()[0] == "step,loss,accuracy,equal_error_rate,best_threshold"
    assert [line.split(",")[0] for line in log.splitlines()[1:]] == ["2", "4"]
    for path in folder.iterdir():
        path.unlink()

    monkeypatch.setattr(facenet, "batches", lambda *_: iter(whole[:2]))
    facenet.train(small)  # stops after two steps
    monkeypatch.setattr(facenet, "batches", lambda _, __, start: iter(whole[start:]))
    second = facenet.train(small)
    again = facenet.facenet_arrays(second)
    assert max(np.abs(weights[name] - again[name]).max() for name in weights) < 1e-6
    assert (folder / "log.csv").read_text() == log


def test_a_batch_holds_several_pictures_of_each_person_and_differs_from_step_to_step(small):
    drawn = facenet.drawn_people(0, small.people, small.pictures)
    steps = list(facenet.batches(small, drawn, 0))
    assert len(steps) == 4
    for pictures, people in steps:
        assert pictures.shape == (8, 3, 96, 96)
        assert pictures.dtype == np.float32
        assert 0 <= pictures.min() <= pictures.max() <= 1
        assert (np.unique(people, return_counts=True)[1] == [2, 2, 2, 2]).all()
    assert not np.array_equal(steps[0][0], steps[1][0])
    again = next(facenet.batches(small, drawn, 3))
    assert np.array_equal(again[0], steps[3][0])


def test_the_network_learns(small):
    """Ten steps on four people bring the loss of their own pictures down."""
    plan = dataclasses.replace(small, steps=10, people=4, rate=3e-4, warm_up=1)
    keras.utils.set_random_seed(1)
    model = facenet.compiled(plan, facenet.faceRecoModel())
    pictures = facenet.drawn_people(0, 4, 3).reshape(12, 96, 96, 3).transpose(0, 3, 1, 2) / 255
    people = np.repeat(np.arange(4), 3)
    first = float(model.train_on_batch(pictures, people))
    for _ in range(9):
        model.reset_metrics()
        last = float(model.train_on_batch(pictures, people))
    assert last < 0.7 * first


def test_the_door_moves_to_the_distance_that_is_asked_for():
    """On a network that encodes the colours of four quarters, of people with such colours."""
    rng = np.random.default_rng(5)
    colours = rng.uniform(60, 196, (40, 1, 2, 1, 2, 1, 3))
    noise = 12 * rng.normal(size=(40, 5, 2, 1, 2, 1, 3))
    drawn = np.broadcast_to(colours + noise, (40, 5, 2, 48, 2, 48, 3))
    pictures = drawn.clip(0, 255).astype(np.uint8).reshape(40, 5, 96, 96, 3)
    keras.utils.set_random_seed(6)
    picture = keras.Input((3, 96, 96))
    quarters = keras.layers.AveragePooling2D(48)(keras.layers.Permute((2, 3, 1))(picture))
    z = keras.layers.Dense(16, name="dense_layer")(keras.layers.Flatten()(quarters))
    network = keras.Model(picture, keras.layers.UnitNormalization()(z))
    before = evaluate(network, pictures)
    assert before.best_threshold < 0.4
    power = move_door(network, pictures, door=0.7)
    after = evaluate(network, pictures)
    assert 0 < power <= 1
    assert abs(after.best_threshold - 0.7) < 0.05
    assert after.accuracy > before.accuracy - 0.01


def test_the_shipped_network_tells_people_apart_whom_it_never_saw():
    """A tenth of what `course evaluate faces` measures."""
    found = evaluate(load_network(), draw_people(people=100, pictures=4))
    assert found.accuracy > 0.97
    assert found.equal_error_rate < 0.03
    assert abs(found.best_threshold - facenet.DOOR) < 0.1
