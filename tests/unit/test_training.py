"""The scripts that make the embedded network: seeded, resumable, and true to what is shipped."""

import hashlib
import tomllib

import numpy as np
import pytest
import tensorflow as tf

from facenet_weights import EMBEDDED_WEIGHTS
from nst_utils import CONFIG, COURSE_DIR
from tests.unit.small_network import SMALL_WIDTHS, small_weights
from training import backbone, balance
from training.matconvnet import network_widths, write_matconvnet
from training.random_network import make_network
from training.textures import KINDS, texture
from training.true_layers import FILE, TRUE_LAYERS
from vgg19 import VGG19
from vgg19_weights import CONVOLUTIONS, read_vgg_weights

TINY = backbone.Plan(steps=4, batch=2, crop=32, n_textures=3, warm_up=1, save_every=2)


@pytest.fixture(autouse=True)
def not_compiled():
    """A few steps are done sooner than the step is compiled."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    """A teacher of the true widths that knows nothing."""
    folder = tmp_path_factory.mktemp("teacher")
    rng = np.random.default_rng(5)
    arrays, channels = {}, 3
    for name, width in list(network_widths(64).items())[: len(TRUE_LAYERS)]:
        kernel = rng.standard_normal((3, 3, channels, width), np.float32)
        arrays[f"{name}/kernel"] = kernel / np.float32(3 * np.sqrt(channels))
        arrays[f"{name}/bias"] = rng.standard_normal(width, np.float32)
        channels = width
    np.savez(folder / FILE, **arrays)
    return backbone.Teacher(folder)


def assert_same_student(found, right):
    for name in CONVOLUTIONS:
        np.testing.assert_allclose(found.kernels[name], right.kernels[name], atol=1e-4)
        np.testing.assert_allclose(found.biases[name], right.biases[name], atol=1e-4)


@pytest.mark.parametrize(
    ("name", "file", "most"),
    [("vgg19-compact", CONFIG.COMPACT_MODEL, 12e6), ("facenet-synthetic", EMBEDDED_WEIGHTS, 8e6)],
)
def test_the_manifest_describes_the_embedded_networks(name, file, most):
    path = COURSE_DIR / file
    manifest = tomllib.loads((path.parent / "MANIFEST.toml").read_text(encoding="utf-8"))
    entry = manifest[name]
    assert entry["file"] == path.name
    assert entry["bytes"] == path.stat().st_size <= most
    assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_embedded_network_has_the_widths_of_its_plan():
    path = COURSE_DIR / CONFIG.COMPACT_MODEL
    widths = {name: read_vgg_weights(path).channels(name) for name in CONVOLUTIONS}
    assert widths == backbone.WIDTHS


@pytest.mark.parametrize("stop", [1, 3])  # before and after the first checkpoint
def test_an_interrupted_run_goes_on_to_the_same_network(tmp_path, teacher, monkeypatch, stop):
    right = backbone.train(TINY, teacher, tmp_path_of(tmp_path, "whole"))
    folder = tmp_path_of(tmp_path, "broken")
    batches = backbone.batches

    def broken(plan, start):
        for step, pictures in enumerate(batches(plan, start), start=start):
            if step == stop:
                raise KeyboardInterrupt
            yield pictures

    monkeypatch.setattr(backbone, "batches", broken)
    with pytest.raises(KeyboardInterrupt):
        backbone.train(TINY, teacher, folder)
    monkeypatch.setattr(backbone, "batches", batches)
    assert_same_student(backbone.train(TINY, teacher, folder), right)
    steps = [line.split(",")[0] for line in (folder / "log.csv").read_text().splitlines()]
    assert steps == ["step", "2", "4"]


def tmp_path_of(folder, name):
    (folder / name).mkdir()
    return folder / name


def test_training_lowers_the_error(tmp_path, teacher):
    plan = backbone.Plan(steps=12, batch=2, crop=32, n_textures=3, warm_up=1, save_every=4)
    backbone.train(plan, teacher, tmp_path)
    steps, conv1_1 = np.loadtxt(tmp_path / "log.csv", delimiter=",", skiprows=1)[:, :2].T
    assert steps.tolist() == [4, 8, 12]
    assert conv1_1[-1] < conv1_1[0]


def test_a_missing_teacher_is_told(tmp_path):
    with pytest.raises(SystemExit, match="COURSE_TEST_DATA"):
        backbone.Teacher(tmp_path)


def test_rescaling_keeps_what_the_network_computes():
    weights = small_weights()
    rng = np.random.default_rng(1)
    gains = {name: rng.uniform(0.2, 5, width) for name, width in SMALL_WIDTHS.items()}
    image = rng.uniform(-100, 100, (1, 24, 40, 3)).astype(np.float32)
    models = [VGG19(w, (24, 40)) for w in (weights, balance.rescaled(weights, gains))]
    for model in models:
        model["input"].assign(image)
    for name in CONVOLUTIONS:
        before, after = (model[name].numpy() for model in models)
        np.testing.assert_allclose(after, before * gains[name], rtol=2e-3, atol=1e-2)


def test_balancing_gives_each_layer_its_share_of_the_average_cost(monkeypatch):
    monkeypatch.setattr(balance, "SIZE", (36, 48))
    weights = small_weights()
    rng = np.random.default_rng(2)
    maps = {name: rng.normal(size=(width, 5)) for name, width in SMALL_WIDTHS.items()}
    found = balance.balanced(weights, maps)
    kinds = [balance.course_activations(found, kind) for kind in ("content", "style")]
    content = [np.mean((c["conv4_2"] - s["conv4_2"]) ** 2) / 4 for c in kinds[0] for s in kinds[1]]
    aims = {name: share * balance.AVERAGE_COST for name, share in balance.SHARES.items()}
    assert np.mean(content) == pytest.approx(aims["conv4_2"], rel=1e-2)
    for name in ("conv1_1", "conv3_1", "conv5_1"):
        costs = [
            np.mean((balance.gram(c[name]) - balance.gram(s[name])) ** 2) / 4
            for c in kinds[0] for s in kinds[1]
        ]  # fmt: skip
        assert np.mean(costs) == pytest.approx(aims[name], rel=1e-2)


@pytest.mark.parametrize("kind", [*KINDS, texture])
def test_textures_are_seeded_pictures(kind):
    first, again, other = (kind(np.random.default_rng(seed), 64) for seed in (1, 1, 2))
    assert first.shape == (64, 64, 3)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).mean() > 1
    assert first.std() > 1


def test_seeded_filters_are_calibrated(tmp_path):
    rng = np.random.default_rng(0)
    pictures = rng.normal(0, 60, (4, 64, 64, 3)).astype(np.float32)
    network = make_network(SMALL_WIDTHS, 1, pictures, deviation=10.0)
    write_matconvnet(tmp_path / "a.mat", network)
    model = VGG19(read_vgg_weights(tmp_path / "a.mat"), (64, 64))
    model["input"].assign(pictures[:1])
    rectified = model["conv2_1"].numpy()  # of a normal value of mean 0 and deviation 10
    assert rectified.mean() == pytest.approx(10 / np.sqrt(2 * np.pi), rel=0.15)
