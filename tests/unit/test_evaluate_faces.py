"""The evaluation of the face network: its figures by hand, its pairs, its command."""

import json
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from grading import CourseError
from grading.cli import app
from training import evaluate_faces as faces


class Doorman:
    """Encodes a picture by the brightness of its four quarters, with length 1."""

    def __init__(self):
        self.sizes = []

    def predict_on_batch(self, batch):
        assert batch.shape[1:] == (3, 96, 96)
        assert batch.dtype == np.float32
        assert 0 <= batch.min() < batch.max() <= 1
        self.sizes.append(len(batch))
        quarters = batch.reshape(-1, 3, 2, 48, 2, 48).mean((3, 5)).reshape(len(batch), -1) - 0.5
        return quarters / np.linalg.norm(quarters, axis=1, keepdims=True)


def coloured_people(people, pictures, spread):
    """Return pictures (people, pictures, 96, 96, 3) with a person's colour in each quarter."""
    rng = np.random.default_rng(2)
    colours = rng.uniform(60, 196, (people, 1, 2, 1, 2, 1, 3))
    noise = spread * rng.normal(size=(people, pictures, 2, 1, 2, 1, 3))
    drawn = np.broadcast_to(colours + noise, (people, pictures, 2, 48, 2, 48, 3))
    return drawn.clip(0, 255).astype(np.uint8).reshape(people, pictures, 96, 96, 3)


def some_pairs(same, different):
    """Interleave distances of pairs of one person and of two."""
    distances = np.stack([same, different], 1).ravel()
    return faces.Pairs(distances, np.arange(len(distances)) % 2 == 0)


def test_figures_of_distances_that_are_apart():
    same, different = np.repeat([0.1, 0.3, 0.5], 40), np.repeat([0.9, 1.2, 1.4], 40)
    order = np.random.default_rng(1).permutation(120)
    pairs = some_pairs(same[order], different[order])
    found = faces.figures(pairs, people=10, pictures=5)
    assert (found.people, found.pictures, found.pairs) == (10, 5, 240)
    assert (found.accuracy, found.accuracy_std, found.equal_error_rate) == (1, 0, 0)
    assert 0.5 < found.best_threshold <= 0.9
    assert (found.far_at_door, found.frr_at_door, found.frr_at_low_far) == (0, 0, 0)


def test_figures_of_distances_that_overlap():
    # Of 100 residents 20 stand at 0.7 or above; of 100 strangers 5 stand below, one of them low.
    same = np.array([0.3] * 80 + [0.7] * 10 + [0.95] * 10)
    different = np.array([0.2] + [0.6] * 4 + [1.2] * 95)
    order = np.random.default_rng(1).permutation(100)
    found = faces.figures(some_pairs(same[order], different[order]), 10, 5)
    assert found.far_at_door == pytest.approx(0.05)
    assert found.frr_at_door == pytest.approx(0.20)
    assert found.frr_at_low_far == 1  # the nearest stranger is nearer than every resident
    assert found.equal_error_rate == pytest.approx(0.05, abs=0.05)
    assert found.accuracy == pytest.approx(0.975, abs=0.02)
    assert 0.95 < found.best_threshold <= 1.2
    assert found.accuracy_std > 0


def test_pairs_are_balanced_seeded_and_measured():
    rng = np.random.default_rng(3)
    encodings = rng.normal(size=(30, 4, 128)).astype(np.float32)
    encodings[:] = encodings[:, :1] + 1e-3 * encodings  # pictures of one person are close
    pairs = faces.choose_pairs(encodings, seed=1)
    assert len(pairs.distances) == 360  # 30 people with 6 pairs of pictures, and as many others
    assert pairs.is_same.sum() == 180
    assert 50 * pairs.same.max() < pairs.different.min()
    for fold in np.split(pairs.is_same, 10):
        assert fold.sum() == 18
    np.testing.assert_array_equal(pairs.distances, faces.choose_pairs(encodings, 1).distances)
    assert not np.array_equal(pairs.distances, faces.choose_pairs(encodings, 2).distances)


def test_there_are_never_more_than_6000_pairs():
    encodings = np.random.default_rng(4).normal(size=(500, 5, 8))
    pairs = faces.choose_pairs(encodings)
    assert (len(pairs.distances), pairs.is_same.sum()) == (6000, 3000)


def test_too_few_pictures_are_told():
    with pytest.raises(CourseError, match="give 2 pairs of one person and 4 of two"):
        faces.choose_pairs(np.ones((2, 2, 8)))


def test_pictures_are_encoded_in_batches_channels_first():
    pictures = coloured_people(25, 6, spread=1)
    doorman, told = Doorman(), []
    found = faces.encode(doorman, pictures, lambda *what: told.append(what))
    assert doorman.sizes == [64, 64, 22]
    assert found.shape == (25, 6, 12)
    one = np.moveaxis(pictures[24, 5], -1, 0)[None].astype(np.float32) / 255
    np.testing.assert_allclose(found[24, 5], doorman.predict_on_batch(one)[0], rtol=1e-5)
    assert told[0] == (0.0, "picture 1 of 150")


def test_evaluation_tells_a_good_network_from_a_bad_one():
    good, bad = (
        faces.evaluate(Doorman(), coloured_people(40, 5, spread), seed=1) for spread in (2, 60)
    )
    assert good.accuracy > 0.98
    assert 0.5 < bad.accuracy < 0.9
    assert good.equal_error_rate < 0.02 < bad.equal_error_rate
    assert good.pairs == 800


def test_people_without_their_library_get_a_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "training.faces", ModuleType("training.faces"))
    with pytest.raises(CourseError, match="the people cannot be drawn: cannot import name"):
        faces.draw_people(2, 2)
    monkeypatch.setitem(sys.modules, "training.faces", None)
    with pytest.raises(CourseError, match=r"is missing; run: pip install -e .\.\[training\]"):
        faces.draw_people(2, 2)


def test_people_are_drawn_from_the_test_seeds(monkeypatch):
    def render_many(seeds, pictures):
        return np.stack([np.full((pictures, 96, 96, 3), seed % 250) for seed in seeds]), seeds

    drawer = SimpleNamespace(render_many=render_many)
    monkeypatch.setitem(sys.modules, "training.faces", drawer)
    drawn = faces.draw_people(130, 2)
    assert drawn.shape == (130, 2, 96, 96, 3)
    assert drawn[:, 1, 0, 0, 0].tolist() == [seed % 250 for seed in range(100_000, 100_130)]


@pytest.fixture
def command(monkeypatch, tmp_path):
    """Run `course evaluate faces` on coloured people, without a network."""
    monkeypatch.setattr(faces, "load_network", lambda weights: Doorman())
    monkeypatch.setattr(
        faces, "draw_people", lambda people, pictures: coloured_people(people, pictures, 9)
    )
    monkeypatch.setattr(faces, "FIGURE", tmp_path / "docs" / "faces_roc.png")

    def run(*arguments):
        few = ["--people", "20", "--pictures", "4"]
        result = CliRunner().invoke(app, ["evaluate", "faces", *few, *arguments])
        assert result.exit_code == 0, result.output
        return result

    return run


def test_the_command_prints_a_table(command, tmp_path):
    output = command().stdout
    assert "240 pairs of pictures of 20 people never trained on" in output
    for line in ("accuracy", "equal error rate", "strangers let in", "residents sent away"):
        assert line in output
    assert not (tmp_path / "docs").exists()


def test_the_command_prints_json_and_nothing_else(command):
    printed = json.loads(command("--json", "--seed", "5").stdout)
    right = faces.evaluate(Doorman(), coloured_people(20, 4, 9), seed=5)
    assert printed == pytest.approx(faces.as_dict(right))


def test_the_command_draws_a_figure_when_asked(command, tmp_path):
    assert "wrote" in command("--figure").stdout
    with Image.open(tmp_path / "docs" / "faces_roc.png") as figure:
        assert figure.width > 1000


def test_wrong_weights_are_an_error_with_a_sentence(tmp_path):
    (tmp_path / "mine.npz").write_text("<html>")
    for name in ("mine.npz", "absent.npz"):
        weights = str(tmp_path / name)
        result = CliRunner().invoke(app, ["evaluate", "faces", "--weights", weights])
        assert result.exit_code == 1
        assert name in " ".join(result.output.split())
        assert result.output.startswith("Error:")
