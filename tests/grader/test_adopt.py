"""`course fetch NAME --from FILE`: published formats under any name, and what is refused."""

import gzip
import hashlib
import shutil
import struct
import zipfile

import keras
import numpy as np
import pytest

from facenet_weights import facenet_arrays, facenet_shapes, read_facenet_weights
from grading import CourseError
from grading.adopt import IDX, adopt
from grading.manifest import Weights
from inception_blocks_v2 import faceRecoModel
from latent_digits import load_digits
from tests.unit.torch7_writer import openface_network, write_t7
from vgg19_weights import CONVOLUTIONS, GENUINE_BIAS, read_vgg_weights


def entry(name, content=b"published", **changes):
    sha256 = hashlib.sha256(content).hexdigest()
    fields = {"file": f"{name}.bin", "urls": ("http://x/",), "bytes": len(content)}
    fields |= {"algorithm": "sha256", "checksum": sha256, "title": name, "instead_of": ""}
    return Weights(name=name, **(fields | changes))


def take(name, source, folder):
    weights = entry(name)
    return adopt(weights, source, folder, {name: weights})


@pytest.fixture
def place(tmp_path):
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


# --- the very file --------------------------------------------------------------------------


def test_a_published_file_is_copied_whatever_its_name(tmp_path, place):
    net, other = entry("net"), entry("net-csv", b"as csv", instead_of="net")
    known = {"net": net, "net-csv": other}
    (tmp_path / "download(1)").write_bytes(b"as csv")
    assert adopt(net, tmp_path / "download(1)", place, known) == place / "net-csv.bin"
    assert (place / "net-csv.bin").read_bytes() == b"as csv"
    assert adopt(net, place / "net-csv.bin", place, known) == place / "net-csv.bin"


def test_another_file_is_refused(tmp_path, place):
    (tmp_path / "a").write_bytes(b"publishes")
    with pytest.raises(CourseError, match=r"is not net\.bin: its SHA-256 is"):
        take("net", tmp_path / "a", place)
    with pytest.raises(CourseError, match="absent is missing"):
        take("net", tmp_path / "absent", place)
    with pytest.raises(CourseError, match="it is a folder"):
        take("net", tmp_path, place)
    assert list(place.iterdir()) == []


# --- VGG-19 ---------------------------------------------------------------------------------


@pytest.fixture
def vgg(tmp_path):
    """Write a network with the first biases and the last width of the real one."""
    rng = np.random.default_rng(3)
    arrays, channels = {}, 3
    for name in CONVOLUTIONS:
        width = 512 if name == "conv5_4" else 4
        arrays[f"{name}/kernel"] = rng.normal(size=(3, 3, channels, width)).astype(np.float32)
        arrays[f"{name}/bias"] = rng.normal(size=width).astype(np.float32)
        channels = width
    arrays["conv1_1/bias"][:3] = GENUINE_BIAS
    np.savez(tmp_path / "mine.npz", **arrays)
    return tmp_path / "mine.npz", arrays


def test_a_vgg19_in_another_format_is_written_anew(vgg, place, tmp_path):
    source, arrays = vgg
    shutil.copy(source, tmp_path / "download")
    target = take("vgg19", tmp_path / "download", place)
    assert target == place / "vgg19.npz"
    kernels = read_vgg_weights(target, "as-stored").kernels
    for name in CONVOLUTIONS:
        np.testing.assert_array_equal(kernels[name], arrays[f"{name}/kernel"])


def test_a_vgg19_that_learnt_something_else_is_refused(vgg, place, tmp_path):
    source, arrays = vgg
    np.savez(source, **arrays | {"conv1_1/bias": np.ones(4, np.float32)})
    with pytest.raises(CourseError, match=r"not the one trained on ImageNet.*load_vgg_model\("):
        take("vgg19", source, place)
    source.write_bytes(source.read_bytes()[:-100])
    with pytest.raises(CourseError, match=r"is not vgg19\.bin \(it has .* bytes"):
        take("vgg19", source, place)
    assert list(place.iterdir()) == []


# --- OpenFace -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def faces():
    keras.utils.set_random_seed(4)
    model = faceRecoModel()
    return facenet_shapes(model), facenet_arrays(model)


def write_csvs(folder, arrays):
    folder.mkdir(parents=True)
    for name, array in arrays.items():
        np.savetxt(folder / f"{name}.csv", array.reshape(len(array), -1), delimiter=",")
    return folder


def written_npz(path, arrays):
    np.savez(path, **arrays)
    return path


def archive(path, folder):
    with zipfile.ZipFile(path, "w") as file:
        for csv in folder.iterdir():
            file.write(csv, f"Keras-OpenFace-master/weights/{csv.name}")
    return path


@pytest.mark.parametrize("form", ["folder", "zip", "torch", "npz"])
def test_openface_comes_in_many_forms(faces, place, tmp_path, form):
    shapes, arrays = faces
    sources = {
        "folder": lambda: write_csvs(tmp_path / "repository" / "weights", arrays).parent,
        "zip": lambda: archive(tmp_path / "a", write_csvs(tmp_path / "b", arrays)),
        "torch": lambda: write_t7(tmp_path / "a", openface_network(arrays)),
        "npz": lambda: written_npz(tmp_path / "a.npz", arrays),
    }
    target = take("facenet", sources[form](), place)
    assert target == place / "openface.npz"
    found = read_facenet_weights(target, shapes)
    for name, array in arrays.items():
        np.testing.assert_allclose(found[name], array, rtol=1e-5, atol=1e-6)


def test_what_is_no_openface_is_refused(place, tmp_path):
    with pytest.raises(CourseError, match=r"there is no conv1_w\.csv in it"):
        take("facenet", tmp_path, place)
    (tmp_path / "a.h5").write_bytes(b"<html>")
    with pytest.raises(CourseError, match="cannot be read as another form of it"):
        take("facenet", tmp_path / "a.h5", place)


# --- MNIST ----------------------------------------------------------------------------------


def write_idx(folder, *, count=60_000, packed=True):
    folder.mkdir()
    for name, beginning in IDX.items():
        is_picture = name.startswith("x")
        shape = (count if "train" in name else 10_000, *((28, 28) if is_picture else ()))
        content = struct.pack(f">4B{len(shape)}I", 0, 0, 8, len(shape), *shape)
        content += bytes([7]) * int(np.prod(shape))
        ending = f"{'idx3' if is_picture else 'idx1'}-ubyte"
        path = folder / (f"{beginning}-{ending}.gz" if packed else f"{beginning}.{ending}")
        path.write_bytes(gzip.compress(content, 1) if packed else content)
    return folder


@pytest.mark.parametrize("packed", [True, False])
def test_mnist_as_lecun_published_it_is_written_anew(place, tmp_path, packed):
    target = take("mnist", write_idx(tmp_path / "idx", packed=packed), place)
    assert target == place / "mnist.npz"
    digits = load_digits(folder=place)
    assert (digits.name, digits.train.shape) == ("MNIST", (60_000, 28, 28, 1))
    assert set(digits.test_labels) == {7}


def test_what_is_no_mnist_is_refused(place, tmp_path):
    with pytest.raises(CourseError, match="it holds 100 and 10000 digits"):
        take("mnist", write_idx(tmp_path / "few", count=100), place)
    with pytest.raises(CourseError, match="there is no train-images"):
        take("mnist", place, place)
    (tmp_path / "few" / "train-images-idx3-ubyte.gz").write_bytes(b"something else")
    with pytest.raises(CourseError, match="does not begin as MNIST's files do"):
        take("mnist", tmp_path / "few", place)
    written_npz(tmp_path / "other.npz", {"x": np.zeros(3)})
    with pytest.raises(CourseError, match=r"other\.npz is not mnist\.bin"):
        take("mnist", tmp_path / "other.npz", place)
    assert list(place.iterdir()) == []
