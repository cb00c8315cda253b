"""Weights of nn4.small2: three formats, broken files, nothing half-loaded."""

import os
import shutil
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

import facenet_weights
from facenet_weights import (
    CACHE,
    facenet_arrays,
    facenet_shapes,
    load_weights_from_FaceNet,
    read_facenet_weights,
    write_facenet_npz,
)
from inception_blocks_v2 import faceRecoModel
from tests.unit.torch7_writer import openface_network, write_t7
from weight_files import WeightsError


@pytest.fixture(scope="module")
def arrays():
    """Return the arrays of a network with random weights."""
    keras.utils.set_random_seed(8)
    model = faceRecoModel()
    rng = np.random.default_rng(9)
    return {
        name: rng.uniform(0.5, 1.5, array.shape).astype(np.float32) if name[-1] in "mvb" else array
        for name, array in facenet_arrays(model).items()
    }


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(10)
    return faceRecoModel()


def write_csvs(folder: Path, arrays) -> Path:
    folder.mkdir(exist_ok=True)
    for name, array in arrays.items():
        rows = array.reshape(array.shape[0], -1)
        np.savetxt(folder / f"{name}.csv", rows, delimiter=",", fmt="%.9g")
    return folder


@pytest.fixture(scope="module")
def csv_original(arrays, tmp_path_factory):
    return write_csvs(tmp_path_factory.mktemp("openface"), arrays)


@pytest.fixture
def csvs(csv_original, tmp_path):
    """Return a folder of CSVs to break: the files are links until they are replaced."""
    folder = tmp_path / "weights"
    shutil.copytree(
        csv_original, folder, copy_function=os.link, ignore=shutil.ignore_patterns(CACHE)
    )
    return folder


def replace(path: Path, content: bytes) -> Path:
    path.unlink()
    path.write_bytes(content)
    return path


def assert_holds(model, arrays):
    found = facenet_arrays(model)
    assert found.keys() == arrays.keys()
    assert all(np.array_equal(found[name], arrays[name]) for name in arrays)


def assert_refused(model, path, *texts):
    """Loading fails with all the texts in its message, and the network stays as it was."""
    before = facenet_arrays(model)
    with pytest.raises(WeightsError) as error:
        load_weights_from_FaceNet(model, path)
    assert_holds(model, before)
    for text in texts:
        assert text in str(error.value)


# --- right files ----------------------------------------------------------------------------


def test_csvs_come_back_to_the_last_digit(model, arrays, csvs):
    assert load_weights_from_FaceNet(model, csvs) == csvs
    assert_holds(model, arrays)


def test_csvs_in_one_row_or_one_column_or_with_windows_lines_are_the_same(arrays, csvs):
    bias = csvs / "conv1_b.csv"
    replace(bias, bias.read_bytes().replace(b"\n", b","))
    kernel = csvs / "conv2_w.csv"
    replace(kernel, kernel.read_bytes().replace(b",", b"\r\n"))
    found = read_facenet_weights(csvs, {n: arrays[n].shape for n in arrays})
    assert np.array_equal(found["conv1_b"], arrays["conv1_b"])
    assert np.array_equal(found["conv2_w"], arrays["conv2_w"])


def test_the_second_time_only_the_cache_is_read(model, arrays, csvs, monkeypatch):
    load_weights_from_FaceNet(model, csvs)
    monkeypatch.setattr(facenet_weights, "_read_csv", lambda *_: pytest.fail("a CSV was read"))
    keras.utils.set_random_seed(11)
    other = faceRecoModel()
    load_weights_from_FaceNet(other, csvs)
    assert_holds(other, arrays)


def test_a_changed_csv_makes_the_cache_stale(model, arrays, csvs):
    load_weights_from_FaceNet(model, csvs)
    replace(csvs / "conv1_b.csv", b",".join([b"0.25"] * 64))
    load_weights_from_FaceNet(model, csvs)
    assert np.array_equal(facenet_arrays(model)["conv1_b"], np.full(64, 0.25, np.float32))


def test_a_broken_cache_is_made_anew(model, arrays, csvs):
    (csvs / CACHE).write_bytes(b"PK half a file")
    load_weights_from_FaceNet(model, csvs)
    assert_holds(model, arrays)
    with np.load(csvs / CACHE) as data:
        assert "dense_w" in data.files


def test_a_folder_without_room_for_the_cache_still_loads(model, arrays, csvs, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(facenet_weights, "write_whole", full)
    load_weights_from_FaceNet(model, csvs)
    assert_holds(model, arrays)


def test_npz_of_float32_comes_back_exactly(model, arrays, tmp_path):
    path = write_facenet_npz(tmp_path / "faces.npz", arrays, np.float32)
    load_weights_from_FaceNet(model, path)
    assert_holds(model, arrays)


def test_npz_of_float16_halves_the_file_and_keeps_three_digits(model, arrays, tmp_path):
    path = write_facenet_npz(tmp_path / "faces.npz", arrays, np.float16)
    assert path.stat().st_size < 8e6
    load_weights_from_FaceNet(model, path)
    for name, array in facenet_arrays(model).items():
        np.testing.assert_allclose(array, arrays[name], rtol=1e-3, atol=1e-6)


def test_keras_3_weights_come_back_exactly(model, tmp_path):
    keras.utils.set_random_seed(12)
    source = faceRecoModel()
    source.save_weights(tmp_path / "faces.weights.h5")
    load_weights_from_FaceNet(model, tmp_path / "faces.weights.h5")
    assert_holds(model, facenet_arrays(source))


def test_keras_2_weights_come_back_exactly(model, arrays, tmp_path):
    """Keras 2 wrote a group a layer, in it a group of the same name, with `kernel:0` in it."""
    keys = {"w": "gamma", "b": "beta", "m": "moving_mean", "v": "moving_variance"}
    with h5py.File(tmp_path / "faces.h5", "w") as file:
        for name, array in arrays.items():
            layer, _, key = name.rpartition("_")
            key = keys[key] if f"{layer}_v" in arrays else {"w": "kernel", "b": "bias"}[key]
            layer = "dense_layer" if layer == "dense" else layer
            values = array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T
            file[f"{layer}/{layer}/{key}:0"] = values
    load_weights_from_FaceNet(model, tmp_path / "faces.h5")
    assert_holds(model, arrays)


@pytest.mark.parametrize("old_norms", [False, True])
def test_the_network_of_torch_7_is_read(model, arrays, tmp_path, old_norms):
    path = write_t7(tmp_path / "nn4.small2.v1.t7", openface_network(arrays, old_norms=old_norms))
    found = read_facenet_weights(path, facenet_shapes(model))
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_allclose(found[name], array, rtol=1e-5, atol=1e-6, err_msg=name)


def test_another_network_of_torch_7_is_refused(model, arrays, tmp_path):
    network = openface_network(arrays)
    del network["modules"][4]
    path = write_t7(tmp_path / "other.t7", network)
    assert_refused(model, path, "cannot be read as t7", "argument")
    replace(path, path.read_bytes()[:-9])
    assert_refused(model, path, "cannot be read as t7", "bytes early", "truncated")


def test_what_was_fetched_is_taken_by_default(model, arrays, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pretrained-model").mkdir()
    path = write_facenet_npz("pretrained-model/openface.npz", arrays, np.float32)
    assert load_weights_from_FaceNet(model) == path
    path = write_t7(tmp_path / "pretrained-model/nn4.small2.v1.t7", openface_network(arrays))
    assert load_weights_from_FaceNet(model).name == path.name


def test_by_default_the_real_weights_come_before_the_embedded(
    model, arrays, csvs, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(facenet_weights, "EMBEDDED_WEIGHTS", str(tmp_path / "embedded.npz"))
    write_facenet_npz(tmp_path / "embedded.npz", facenet_arrays(model), np.float32)
    assert load_weights_from_FaceNet(model) == tmp_path / "embedded.npz"
    (tmp_path / "pretrained-model").mkdir()
    csvs.rename(tmp_path / "pretrained-model" / "openface")
    load_weights_from_FaceNet(model)
    assert_holds(model, arrays)


# --- wrong files ----------------------------------------------------------------------------


def test_a_missing_csv_is_named(model, csvs):
    (csvs / "inception_4a_pool_bn_m.csv").unlink()
    assert_refused(model, csvs, "lacks 1 of 224 files", "inception_4a_pool_bn_m.csv")


def test_a_truncated_csv_is_named_with_both_shapes(model, csvs):
    path = csvs / "conv3_w.csv"
    replace(path, b"\n".join(path.read_bytes().splitlines()[:100]))
    counts = "57,600 numbers; expected 110,592, for 192 x 64 x 3 x 3"
    assert_refused(model, csvs, str(path), counts, "truncated")


def test_a_csv_of_another_layer_is_named(model, csvs):
    path = replace(csvs / "conv1_b.csv", (csvs / "conv3_b.csv").read_bytes())
    assert_refused(model, csvs, str(path), "192 numbers; expected 64, for 64", "another network")


def test_a_value_that_is_no_number_is_shown_with_its_place(model, csvs):
    path = csvs / "conv1_w.csv"
    rows = path.read_bytes().splitlines()
    values = rows[2].split(b",")
    values[4] = b"0.1.2"
    rows[2] = b",".join(values)
    replace(path, b"\n".join(rows))
    assert_refused(model, csvs, str(path), "row 3, value 5: '0.1.2' is not a number")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"<!DOCTYPE html>\n<html><head>", "a web page"),
        (b"\n  <html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "a pointer of Git LFS"),
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"\x00\xff\x00", "not a number"),
        (b",".join([b"nan"] * 64), "not finite"),
        (b",".join([b"1e60"] * 64), "not finite"),
    ],
)
def test_a_csv_that_is_something_else_is_named(model, csvs, content, what):
    path = replace(csvs / "conv1_b.csv", content)
    assert_refused(model, csvs, str(path), what)


def test_a_negative_variance_is_refused(model, csvs):
    replace(csvs / "bn1_v.csv", b",".join([b"-0.5"] * 64))
    assert_refused(model, csvs, "bn1_v.csv", "a variance is never below 0")


def test_an_npz_without_an_array_or_with_another_shape_is_refused(model, arrays, tmp_path):
    some = {name: array for name, array in arrays.items() if name != "dense_b"}
    np.savez(tmp_path / "some.npz", **some)
    assert_refused(model, tmp_path / "some.npz", "lacks 1 of 224 arrays: dense_b")
    np.savez(tmp_path / "turned.npz", **{**arrays, "dense_w": arrays["dense_w"].T})
    assert_refused(model, tmp_path / "turned.npz", "dense_w", "(736, 128); expected (128, 736)")


@pytest.mark.parametrize("ending", ["npz", "h5"])
def test_a_broken_file_is_named(model, tmp_path, ending):
    path = tmp_path / f"faces.{ending}"
    path.write_bytes(b"\x89HDF nothing of it")
    assert_refused(model, path, str(path), f"cannot be read as {ending}", "get it anew")


def test_a_keras_file_of_another_network_is_refused(model, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["block1_conv1/kernel:0"] = np.zeros((3, 3, 3, 64))
    assert_refused(model, tmp_path / "other.h5", "lacks 224 of 224 arrays")


def test_a_missing_file_or_another_ending_is_named(model, tmp_path):
    assert_refused(model, tmp_path / "none.npz", "none.npz is missing")
    assert_refused(model, tmp_path / "faces.pb", "'.pb'", "a folder of CSVs, a .t7, an .h5 or")


def test_a_number_too_large_for_float16_is_refused_and_nothing_is_written(arrays, tmp_path):
    large = {**arrays, "dense_b": np.full(128, 1e5, np.float32)}
    with pytest.raises(WeightsError, match=r"dense_b holds 1e\+05; float16 ends at 6.55e\+04"):
        write_facenet_npz(tmp_path / "faces.npz", large, np.float16)
    assert not list(tmp_path.iterdir())


def test_shapes_are_those_of_the_arrays(model, arrays):
    assert facenet_shapes(model) == {name: array.shape for name, array in arrays.items()}
