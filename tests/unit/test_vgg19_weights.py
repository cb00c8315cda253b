"""Weights files: three formats, both MatConvNet releases, and every way a file can be broken."""

import dataclasses

import h5py
import keras
import numpy as np
import pytest
import scipy.io

import nst_utils
from nst_utils import CONFIG, COURSE_DIR, load_vgg_model
from tests.unit.small_network import SMALL_WIDTHS, small_weights
from training.matconvnet import write_matconvnet
from vgg19_weights import (
    CONVOLUTIONS,
    GENUINE_BIAS,
    GENUINE_LEFT,
    GENUINE_UPPER,
    MATCONVNET_INDEX,
    read_vgg_weights,
)
from weight_files import WeightsError


def keras_name(name):
    return f"block{name[4]}_conv{name[6]}"


def write_keras(path, weights, layout, skip=()):
    """The layouts in which Keras's releases have written the same layers."""
    where = {
        "published": "{k}/{k}_{letter}_1:0",
        "tf.keras": "{k}/{k}/{word}:0",
        "whole model": "model_weights/{k}/{k}/{word}:0",
        "keras 3": "layers/{k}/vars/{number}",
    }[layout]
    with h5py.File(path, "w") as file:
        for name in CONVOLUTIONS:
            if name in skip:
                continue
            kernel, bias = weights.kernels[name], weights.biases[name]
            if name == "conv1_1":
                kernel = kernel[:, :, ::-1]  # Keras's pictures are BGR
            k = keras_name(name)
            file[where.format(k=k, letter="W", word="kernel", number=0)] = kernel
            file[where.format(k=k, letter="b", word="bias", number=1)] = bias
        if layout == "published" and "top" not in skip:
            file["predictions/predictions_W_1:0"] = np.zeros((5, 10))
            file["predictions/predictions_b_1:0"] = np.zeros(10)
        if layout == "whole model":
            file["optimizer_weights/block1_conv1/kernel_momentum:0"] = np.ones((3, 3, 3, 4))


def write_npz(path, weights, **extra):
    arrays = {f"{n}/kernel": weights.kernels[n] for n in CONVOLUTIONS}
    arrays |= {f"{n}/bias": weights.biases[n] for n in CONVOLUTIONS}
    np.savez(path, **arrays, **extra)


def assert_same(found, right):
    for name in CONVOLUTIONS:
        np.testing.assert_array_equal(found.kernels[name], right.kernels[name], err_msg=name)
        np.testing.assert_array_equal(found.biases[name], right.biases[name], err_msg=name)
        assert found.kernels[name].dtype == np.float32


@pytest.fixture
def right():
    return small_weights()


@pytest.fixture
def mat(tmp_path, right):
    path = tmp_path / "vgg.mat"
    write_matconvnet(path, right)
    return path


@pytest.mark.parametrize("release", ["older", "newer"])
def test_both_matconvnet_releases_are_read(tmp_path, release):
    right = dataclasses.replace(small_weights(), mean_pixel=np.array([120, 110, 100], np.float32))
    write_matconvnet(tmp_path / "vgg.mat", right, release)
    found = read_vgg_weights(tmp_path / "vgg.mat")
    assert_same(found, right)
    np.testing.assert_allclose(found.mean_pixel, right.mean_pixel)
    assert found.source == "vgg.mat"


@pytest.mark.parametrize(("release", "field"), [("older", 0), ("newer", 2)])
def test_the_writer_nests_the_pair_where_the_release_has_it(tmp_path, right, release, field):
    write_matconvnet(tmp_path / "vgg.mat", right, release)
    layers = scipy.io.loadmat(tmp_path / "vgg.mat")["layers"]
    for name, i in MATCONVNET_INDEX.items():
        kernel, bias = layers[0][i][0][0][field][0]
        np.testing.assert_array_equal(kernel, right.kernels[name])
        np.testing.assert_array_equal(bias.ravel(), right.biases[name])


def test_the_mean_pixel_is_where_each_release_has_it(tmp_path, right):
    write_matconvnet(tmp_path / "older.mat", right, "older")
    older = scipy.io.loadmat(tmp_path / "older.mat")["normalization"][0][0][0]
    np.testing.assert_allclose(older.mean(axis=(0, 1)), right.mean_pixel, rtol=1e-6)
    write_matconvnet(tmp_path / "newer.mat", right, "newer")
    newer = scipy.io.loadmat(tmp_path / "newer.mat")["meta"]["normalization"]
    np.testing.assert_allclose(newer[0][0][0][0][2][0][0], right.mean_pixel, rtol=1e-6)


def test_writing_twice_gives_the_same_bytes(tmp_path, right):
    write_matconvnet(tmp_path / "a.mat", right)
    write_matconvnet(tmp_path / "b.mat", right)
    assert (tmp_path / "a.mat").read_bytes() == (tmp_path / "b.mat").read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("layout", ["published", "tf.keras", "whole model", "keras 3"])
def test_keras_layouts_are_read_as_rgb(tmp_path, right, layout):
    write_keras(tmp_path / "vgg.h5", right, layout)
    assert_same(read_vgg_weights(tmp_path / "vgg.h5"), right)


def test_weights_that_keras_3_itself_saved_are_read(tmp_path, right):
    """It names the groups by class, and the layer in a label only."""
    network = keras.Sequential([keras.Input((None, None, 3))])
    for name in CONVOLUTIONS:
        kernel, bias = right.kernels[name], right.biases[name]
        layer = keras.layers.Conv2D(bias.size, 3, padding="same", name=keras_name(name))
        network.add(layer)
        layer.set_weights([kernel[:, :, ::-1] if name == "conv1_1" else kernel, bias])
    network.save_weights(tmp_path / "vgg.weights.h5")
    assert_same(read_vgg_weights(tmp_path / "vgg.weights.h5"), right)


def test_keras_without_top_is_read(tmp_path, right):
    write_keras(tmp_path / "vgg.h5", right, "published", skip=("top",))
    assert_same(read_vgg_weights(tmp_path / "vgg.h5"), right)


def test_npz_is_read_in_either_channel_order(tmp_path, right):
    write_npz(tmp_path / "rgb.npz", right, mean_pixel=np.array([1.0, 2.0, 3.0]))
    found = read_vgg_weights(tmp_path / "rgb.npz")
    assert_same(found, right)
    np.testing.assert_array_equal(found.mean_pixel, [1, 2, 3])
    swapped = dict(right.kernels, conv1_1=right.kernels["conv1_1"][:, :, ::-1])
    write_npz(
        tmp_path / "bgr.npz", dataclasses.replace(right, kernels=swapped), channel_order="BGR"
    )
    assert_same(read_vgg_weights(tmp_path / "bgr.npz"), right)


def test_one_channel_wide_layers_survive_matlab(tmp_path):
    right = small_weights(dict(SMALL_WIDTHS, conv1_2=1, conv5_4=1))
    write_matconvnet(tmp_path / "vgg.mat", right)
    assert_same(read_vgg_weights(tmp_path / "vgg.mat"), right)


# --- orientation ----------------------------------------------------------------------------


def genuine_looking():
    """Small weights with the first layer's fingerprint of the genuine network."""
    weights = small_weights()
    kernel, bias = weights.kernels["conv1_1"].copy(), weights.biases["conv1_1"].copy()
    kernel[0, 1] += (GENUINE_UPPER - kernel[0, 1].sum()) / kernel[0, 1].size
    kernel[1, 0] += (GENUINE_LEFT - kernel[1, 0].sum()) / kernel[1, 0].size
    bias[:3] = GENUINE_BIAS
    return dataclasses.replace(
        weights,
        kernels=dict(weights.kernels, conv1_1=kernel),
        biases=dict(weights.biases, conv1_1=bias),
    )


def swap(weights):
    return dataclasses.replace(
        weights, kernels={n: k.transpose(1, 0, 2, 3) for n, k in weights.kernels.items()}
    )


@pytest.mark.parametrize("stored", ["upright", "swapped"])
def test_the_genuine_network_is_set_upright_however_it_is_stored(tmp_path, stored):
    right = genuine_looking()
    write_matconvnet(tmp_path / "vgg.mat", right if stored == "upright" else swap(right))
    assert_same(read_vgg_weights(tmp_path / "vgg.mat"), right)


def test_as_stored_and_transposed_do_as_they_say(tmp_path):
    right = genuine_looking()
    write_matconvnet(tmp_path / "vgg.mat", swap(right))
    assert_same(read_vgg_weights(tmp_path / "vgg.mat", "as-stored"), swap(right))
    assert_same(read_vgg_weights(tmp_path / "vgg.mat", "transposed"), right)


def test_another_network_is_taken_as_it_is(mat, right):
    assert_same(read_vgg_weights(mat, "upright"), right)


def test_unknown_axes_are_refused(mat):
    with pytest.raises(ValueError, match=r"'sideways'.*'upright', 'as-stored' or 'transposed'"):
        read_vgg_weights(mat, "sideways")


# --- broken files ---------------------------------------------------------------------------


def error(path, **options):
    with pytest.raises(WeightsError) as caught:
        read_vgg_weights(path, **options)
    text = str(caught.value)
    assert path.name in text
    return text


def test_a_missing_file_says_where_it_should_lie_and_what_brings_it(tmp_path):
    text = error(tmp_path / "imagenet-vgg-verydeep-19.mat")
    assert "is missing" in text
    assert "course fetch vgg19" in text
    assert str(tmp_path) in text


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
@pytest.mark.parametrize("suffix", [".mat", ".h5", ".npz"])
def test_a_truncated_file_is_told(tmp_path, right, suffix, share):
    path = tmp_path / f"vgg{suffix}"
    {".mat": write_matconvnet, ".h5": lambda p, w: write_keras(p, w, "published"),
     ".npz": write_npz}[suffix](path, right)  # fmt: skip
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    text = error(path)
    assert "not a whole" in text
    assert "course fetch vgg19" in text


@pytest.mark.parametrize("suffix", [".mat", ".h5", ".npz"])
def test_a_web_page_saved_as_weights_is_told(tmp_path, suffix):
    path = tmp_path / f"vgg{suffix}"
    path.write_text("\n<!DOCTYPE html><html><title>404</title></html>")
    assert "web page" in error(path)


@pytest.mark.parametrize("suffix", [".mat", ".h5", ".npz"])
@pytest.mark.parametrize("content", [b"hello, weights", bytes(range(256)) * 40])
def test_any_other_bytes_are_told(tmp_path, suffix, content):
    path = tmp_path / f"vgg{suffix}"
    path.write_bytes(content)
    assert "not a whole" in error(path)


def test_an_empty_file_is_told(tmp_path):
    path = tmp_path / "vgg.mat"
    path.touch()
    assert "empty" in error(path)


def test_a_git_lfs_pointer_is_told(tmp_path):
    path = tmp_path / "vgg.h5"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    assert "git lfs pull" in error(path)


def test_another_ending_is_told_with_those_that_are_read(tmp_path):
    path = tmp_path / "vgg.pth"
    path.write_bytes(b"x")
    assert ".mat, .h5, .hdf5, .npz" in error(path)


def test_a_mat_of_another_thing_is_told(tmp_path):
    path = tmp_path / "vgg.mat"
    scipy.io.savemat(path, {"x": np.zeros(3)})
    assert "no variable 'layers'" in error(path)


def test_a_shorter_network_is_told(tmp_path, mat):
    data = scipy.io.loadmat(mat)
    short = tmp_path / "short.mat"
    scipy.io.savemat(short, {"layers": data["layers"][:, :19], "meta": data["meta"]})
    text = error(short)
    assert "conv4_1" in text
    assert "19 layers" in text


def test_a_layer_without_weights_is_told(tmp_path, mat):
    data = scipy.io.loadmat(mat)
    layers = data["layers"]
    layers[0, 5] = layers[0, 1]  # a ReLU where conv2_1 belongs
    scipy.io.savemat(tmp_path / "odd.mat", {"layers": layers, "meta": data["meta"]})
    assert "layer 5 should be conv2_1" in error(tmp_path / "odd.mat")


def test_a_mat_without_mean_is_told(tmp_path, mat):
    scipy.io.savemat(tmp_path / "odd.mat", {"layers": scipy.io.loadmat(mat)["layers"]})
    assert "mean pixel" in error(tmp_path / "odd.mat")


@pytest.mark.parametrize("writer", [write_matconvnet, write_npz], ids=["mat", "npz"])
@pytest.mark.parametrize("shape", [(5, 5, 8, 9), (3, 3, 7, 9), (3, 3, 9, 8), (3, 3, 8)])
def test_a_wrong_kernel_shape_is_told(tmp_path, right, writer, shape):
    kernels = dict(right.kernels, conv3_2=np.zeros(shape, np.float32))
    path = tmp_path / ("vgg.mat" if writer is write_matconvnet else "vgg.npz")
    writer(path, dataclasses.replace(right, kernels=kernels))
    text = error(path)
    assert "conv3_2" in text
    assert "expected (3, 3, 8, n)" in text


def test_missing_layers_are_named(tmp_path, right):
    write_keras(tmp_path / "vgg.h5", right, "tf.keras", skip=("conv2_2", "conv5_4"))
    text = error(tmp_path / "vgg.h5")
    assert "conv2_2, conv5_4" in text
    assert "block2_conv2, block5_conv4" in text
    np.savez(tmp_path / "vgg.npz", **{"conv1_1/kernel": np.zeros(1)})
    assert "conv1_1, conv1_2" in error(tmp_path / "vgg.npz")


def test_values_that_are_not_finite_are_told(tmp_path, right):
    biases = dict(right.biases, conv4_3=np.full(14, np.nan, np.float32))
    write_npz(tmp_path / "vgg.npz", dataclasses.replace(right, biases=biases))
    assert "conv4_3 holds values that are not finite" in error(tmp_path / "vgg.npz")


def test_an_unknown_channel_order_is_told(tmp_path, right):
    write_npz(tmp_path / "vgg.npz", right, channel_order="GBR")
    assert "'GBR'" in error(tmp_path / "vgg.npz")


def test_pickled_objects_are_not_loaded(tmp_path):
    np.savez(tmp_path / "vgg.npz", **{"conv1_1/kernel": np.array([{"a": 1}], object)})
    assert "not a whole" in error(tmp_path / "vgg.npz")


# --- the embedded network -------------------------------------------------------------------


def test_the_embedded_network_is_loaded_when_no_weights_are_given(monkeypatch):
    monkeypatch.setattr(CONFIG, "VGG_MODEL", "pretrained-model/not-fetched.mat")
    monkeypatch.setattr(nst_utils, "FETCHED_MODELS", ())
    model = load_vgg_model()
    assert model.weights.source == "vgg19-compact.mat"
    assert tuple(model["conv5_4"].shape) == (1, 19, 25, model.weights.channels("conv5_4"))
    np.testing.assert_allclose(model.weights.mean_pixel, CONFIG.MEANS.ravel(), rtol=1e-6)


def test_fetched_weights_take_the_place_of_the_embedded_ones(mat, monkeypatch):
    monkeypatch.setattr(CONFIG, "VGG_MODEL", str(mat))
    assert load_vgg_model(image_size=(20, 30)).weights.source == "vgg.mat"


def test_what_the_course_fetched_is_found_under_any_of_its_names(mat, monkeypatch, tmp_path):
    monkeypatch.setattr(CONFIG, "VGG_MODEL", "pretrained-model/not-fetched.mat")
    monkeypatch.setattr(nst_utils, "FETCHED_MODELS", ("pretrained-model/none.h5", str(mat)))
    assert nst_utils.real_vgg() == mat
    for path in (None, "pretrained-model/not-fetched.mat"):
        assert load_vgg_model(path, image_size=(20, 30)).weights.source == "vgg.mat"
    with pytest.raises(WeightsError, match=r"other\.mat is missing"):
        load_vgg_model("pretrained-model/other.mat")


def test_the_old_path_tells_which_command_brings_it(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(nst_utils, "FETCHED_MODELS", ())
    if (COURSE_DIR / CONFIG.VGG_MODEL).exists():
        pytest.skip("the real weights are here; remove them to see the error for missing ones")
    with pytest.raises(WeightsError, match="course fetch vgg19"):
        load_vgg_model("pretrained-model/imagenet-vgg-verydeep-19.mat")


def test_a_broken_embedded_network_is_to_be_taken_from_the_course(tmp_path):
    path = tmp_path / "vgg19-compact.mat"
    assert "git checkout pretrained-model" in error(path)
    path.write_bytes(b"x")
    assert "git checkout pretrained-model" in error(path)


def test_the_embedded_network_has_live_channels_of_one_scale():
    """On a photograph most channels answer, and no layer explodes or fades."""
    from nst_utils import read_image, reshape_and_normalize_image

    model = load_vgg_model(CONFIG.COMPACT_MODEL)
    model["input"].assign(
        reshape_and_normalize_image(read_image(CONFIG.CONTENT_IMAGE, (300, 400)))
    )
    for name in CONVOLUTIONS:
        channels = model[name].numpy().reshape(-1, model.weights.channels(name))
        assert (channels.max(axis=0) > 0).mean() > 0.7, name
        assert 0.1 < channels.mean() < 100, name
