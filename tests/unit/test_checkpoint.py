"""Checkpoints: everything comes back, and nothing broken or foreign is taken."""

import json
import math

import numpy as np
import pytest

from style_engine import checkpoint
from style_engine.checkpoint import (
    CheckpointError,
    checkpoint_settings,
    load_checkpoint,
    save_checkpoint,
)

STATE = {
    "pixels": np.random.default_rng(0).uniform(0, 255, (6, 8, 3)).astype(np.float32),
    "history": np.random.default_rng(1).normal(size=(3, 5)),
    "nothing": np.zeros((0, 3)),
    "number": np.array(7, np.int64),
    "mask": np.array([True, False]),
    "names": np.array(["a", "é"]),
    "step": 120,
    "seed": 2**80,
    "cost": 0.1 + 0.2,
    "worst": math.inf,
    "ended": False,
    "preset": "atelier – 東京",
    "generator": b"\x00\xff\x00",
    "empty": b"",
    "a/b .c": 1,
    "manifest": "a name of the program's own",
}
SETTINGS = {
    "steps": 200,
    "layers": ("conv1_1", "conv2_1"),
    "style": {"weight": 40.0, "files": ["a.jpg"]},
    "seed": None,
}


@pytest.fixture
def path(tmp_path):
    return save_checkpoint(tmp_path / "run.npz", STATE, SETTINGS)


def same(a, b):
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return type(a) is type(b) and a == b


def test_everything_comes_back_with_its_type(path):
    loaded = load_checkpoint(path)
    assert list(loaded) == list(STATE)
    for name, value in STATE.items():
        assert same(value, loaded[name]), name
    loaded["pixels"] += 1  # can be written to


def test_not_a_number_and_numpy_scalars_come_back(tmp_path):
    state = {"a": math.nan, "b": np.float32(0.5), "c": np.int8(3), "d": np.array(math.nan)}
    loaded = load_checkpoint(save_checkpoint(tmp_path / "a.npz", state))
    assert math.isnan(loaded["a"])
    assert (loaded["b"], loaded["c"]) == (0.5, 3)
    assert np.isnan(loaded["d"])


def test_order_in_memory_does_not_matter(tmp_path):
    turned = np.asfortranarray(STATE["history"])[::-1]
    loaded = load_checkpoint(save_checkpoint(tmp_path / "a.npz", {"turned": turned}))
    np.testing.assert_array_equal(loaded["turned"], turned)


def test_the_same_settings_are_accepted(path):
    assert load_checkpoint(path, SETTINGS)["step"] == 120
    assert load_checkpoint(path, json.loads(json.dumps(SETTINGS)))["step"] == 120


def test_the_settings_can_be_asked_for(path):
    assert checkpoint_settings(path) == json.loads(json.dumps(SETTINGS))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 300}, r"other settings: steps was 200 and is 300\. Give the same"),
        ({"style": {"weight": 50.0, "files": ["a.jpg"]}}, r"style\.weight was 40\.0 and is 50\.0"),
        ({"layers": ["conv1_1"]}, r"layers was \['conv1_1', 'conv2_1'\] and is \['conv1_1'\]"),
        ({"new": 1}, "new was 'not there' and is 1"),
        ({"seed": 1, "steps": 3}, "seed was None and is 1; steps was 200 and is 3"),
    ],
)
def test_other_settings_are_refused_by_name(path, change, message):
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(path, SETTINGS | change)


def test_a_checkpoint_without_settings_is_refused_with_some(tmp_path):
    path = save_checkpoint(tmp_path / "a.npz", {"step": 1})
    with pytest.raises(CheckpointError, match="seed was 'not there' and is 3"):
        load_checkpoint(path, {"seed": 3})


def test_another_version_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "VERSION", 2)
    path = save_checkpoint(tmp_path / "a.npz", STATE)
    monkeypatch.setattr(checkpoint, "VERSION", 1)
    with pytest.raises(CheckpointError, match="of version 2; this program reads 1"):
        load_checkpoint(path)


def test_every_truncation_is_refused(path):
    whole = path.read_bytes()
    for length in [0, 1, *range(2, len(whole), 97), len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match="no whole checkpoint"):
            load_checkpoint(path)


def test_an_altered_byte_is_refused_or_harmless(path):
    """Alter each place of the file: in the worst case the state is the one that was saved."""
    whole = path.read_bytes()
    refused = 0
    places = range(0, len(whole), 5)
    for place in places:
        altered = bytearray(whole)
        altered[place] ^= 0x41
        path.write_bytes(altered)
        try:
            loaded = load_checkpoint(path, SETTINGS)
        except CheckpointError:
            refused += 1
        else:
            assert all(same(value, loaded[name]) for name, value in STATE.items()), place
    assert refused > 0.6 * len(places)


def test_an_exchanged_array_is_refused(path):
    with np.load(path) as file:
        entries = dict(file)
    entries["array0"] = entries["array0"] + 1
    np.savez(path, **entries)
    with pytest.raises(CheckpointError, match="the SHA-256 of pixels differs"):
        load_checkpoint(path)


@pytest.mark.parametrize("content", [b"", b"text", b"\x80\x04]\x94."])
def test_another_file_is_refused(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"no whole checkpoint.*start the run anew"):
        load_checkpoint(tmp_path / "a.npz")


def test_another_npz_and_an_npy_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.ones(3))
    np.save(tmp_path / "b.npy", np.ones(3))
    for name in ("a.npz", "b.npy"):
        with pytest.raises(CheckpointError, match="no whole checkpoint"):
            load_checkpoint(tmp_path / name)


def test_a_pickle_inside_is_not_run(tmp_path):
    np.savez(tmp_path / "a.npz", manifest=np.array([{"version": 1}], object), allow_pickle=True)
    with pytest.raises(CheckpointError, match="no whole checkpoint"):
        load_checkpoint(tmp_path / "a.npz")


def test_a_missing_file_is_explained(tmp_path):
    with pytest.raises(CheckpointError, match="missing; start the run without resuming"):
        load_checkpoint(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("value", "kind"),
    [([1, 2], "list"), (None, "NoneType"), (np.array([None]), "object"), ({"a": 1}, "dict")],
)
def test_a_value_of_another_kind_is_refused_by_name(tmp_path, value, kind):
    with pytest.raises(CheckpointError, match=f"moments is of the kind {kind}"):
        save_checkpoint(tmp_path / "a.npz", {"moments": value})
    assert list(tmp_path.iterdir()) == []


def test_settings_that_json_cannot_hold_are_refused(tmp_path):
    with pytest.raises(CheckpointError, match="cannot be written as JSON"):
        save_checkpoint(tmp_path / "a.npz", {}, {"pixels": np.ones(3)})


def test_a_failed_save_leaves_the_checkpoint_before(path, monkeypatch):
    before = path.read_bytes()

    def fail(file, **entries):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint.np, "savez", fail)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(path, {"step": 121})
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
