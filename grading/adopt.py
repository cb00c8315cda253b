"""`course fetch NAME --from FILE`: what a student got by other means, in any published format."""

import gzip
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from grading import CourseError
from grading.files import written_whole
from grading.manifest import Weights, fault

CHUNK = 1 << 20
BEGINNINGS = {
    b"\x89HDF": ".h5",
    b"MATLAB 5.0": ".mat",
    b"PK": ".npz",
    b"\x04\x00\x00\x00": ".t7",
}
# The four files of MNIST, as published (with hyphen or dot before idx, packed or not).
IDX = {
    "x_train": "train-images",
    "y_train": "train-labels",
    "x_test": "t10k-images",
    "y_test": "t10k-labels",
}


def adopt(weights: Weights, source: Path, folder: Path, known: Mapping[str, Weights]) -> Path:
    """Take weights or data from a file or folder, whatever its name and format.

    Parameters
    ----------
    weights : Weights
        What is wanted.
    source : Path
        A file that the manifest names is copied; another is read, checked and written anew.
    folder : Path
        Where it goes.
    known : mapping of str to Weights
        All that can be fetched.

    Returns
    -------
    Path
        The file in its place.

    Raises
    ------
    CourseError
        The source is missing, or is not what it should be.
    """
    if not source.exists():
        raise CourseError(f"{source} is missing (looked from {Path.cwd()})")
    same = [entry for entry in known.values() if entry.group == weights.group]
    exact = next((w for w in same if source.is_file() and not fault(source, w)), None)
    if exact:
        return _copied(source, folder / exact.file)
    converter = CONVERTERS.get(weights.group)
    if converter is None:
        raise CourseError(f"{source} is not {weights.file}: {_why_not(source, weights)}")
    try:
        return converter(source, folder)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        why = _why_not(source, weights)
        raise CourseError(
            f"{source} is not {weights.file} ({why}), and cannot be read as another form of it: "
            f"{error}"
        ) from error


def _why_not(source: Path, weights: Weights) -> str:
    return fault(source, weights) if source.is_file() else "it is a folder"


def _copied(source: Path, target: Path) -> Path:
    if target.exists() and target.samefile(source):
        return target
    with (
        written_whole(target) as part,
        tqdm(total=source.stat().st_size, unit="B", unit_scale=True, desc=source.name) as bar,
        source.open("rb") as read,
        part.open("wb") as write,
    ):
        while chunk := read.read(CHUNK):
            write.write(chunk)
            bar.update(len(chunk))
    return target


def _vgg19(source: Path, folder: Path) -> Path:
    from vgg19_weights import CONVOLUTIONS, GENUINE_BIAS, read_vgg_weights

    with _rightly_named(source) as path:
        weights = read_vgg_weights(path)
    first, last = weights.biases["conv1_1"], weights.biases["conv5_4"]
    if not np.allclose(first[:3], GENUINE_BIAS, rtol=1e-4) or last.size != 512:
        raise ValueError(
            "it is a VGG-19, but not the one trained on ImageNet; to paint with it all the same: "
            f"load_vgg_model({str(source)!r})"
        )
    arrays: dict[str, np.ndarray] = {"mean_pixel": weights.mean_pixel}
    for name in CONVOLUTIONS:
        arrays |= {f"{name}/kernel": weights.kernels[name], f"{name}/bias": weights.biases[name]}
    return _saved(folder / "vgg19.npz", arrays)


def _facenet(source: Path, folder: Path) -> Path:
    from facenet_weights import facenet_shapes, read_facenet_weights, write_facenet_npz
    from inception_blocks_v2 import faceRecoModel

    with _unpacked(source) as place:
        csvs = sorted(place.rglob("conv1_w.csv")) if place.is_dir() else []
        if place.is_dir() and not csvs:
            raise ValueError("there is no conv1_w.csv in it, the first of OpenFace's 224 files")
        with _rightly_named(csvs[0].parent if csvs else place) as path:
            arrays = read_facenet_weights(path, facenet_shapes(faceRecoModel()))
    return write_facenet_npz(folder / "openface.npz", arrays, np.float32)


def _mnist(source: Path, folder: Path) -> Path:
    from latent_digits import load_digits

    with _unpacked(source) as place, tempfile.TemporaryDirectory() as trial:
        arrays = _idx_files(place) if place.is_dir() else dict(np.load(place, allow_pickle=False))
        made = _saved(Path(trial) / "mnist.npz", arrays)
        digits = load_digits(folder=trial)
        if (len(digits.train), len(digits.test)) != (60_000, 10_000):
            raise ValueError(
                f"it holds {len(digits.train)} and {len(digits.test)} digits; MNIST has 60000 to "
                "train with and 10000 to test with"
            )
        return _copied(made, folder / "mnist.npz")


CONVERTERS: dict[str, Callable[[Path, Path], Path]] = {
    "vgg19": _vgg19,
    "facenet": _facenet,
    "mnist": _mnist,
}


def _saved(target: Path, arrays: Mapping[str, Any]) -> Path:
    with written_whole(target) as part, part.open("wb") as file:
        np.savez(file, **arrays)
    return target


@contextmanager
def _rightly_named(source: Path) -> Iterator[Path]:
    """Lend a file under a name whose ending says what it is, as the readers want it."""
    ending = "" if source.is_dir() else _ending(source)
    if not ending or source.suffix.lower() in (ending, {".h5": ".hdf5"}.get(ending, ending)):
        yield source
        return
    with tempfile.TemporaryDirectory() as folder:
        renamed = Path(folder) / f"{source.name}{ending}"
        try:
            renamed.symlink_to(source.resolve())
        except OSError:  # Windows lets not everybody
            shutil.copyfile(source, renamed)
        yield renamed


def _ending(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(16)
    return next((end for first, end in BEGINNINGS.items() if start.startswith(first)), "")


@contextmanager
def _unpacked(source: Path) -> Iterator[Path]:
    """Lend the folder that an archive holds; an .npz, which is one too, stays as it is."""
    if source.is_dir() or not zipfile.is_zipfile(source):
        yield source
        return
    with zipfile.ZipFile(source) as archive:
        if all(name.endswith(".npy") for name in archive.namelist()):
            yield source
            return
        with tempfile.TemporaryDirectory() as folder:
            archive.extractall(folder)
            yield Path(folder)


def _idx_files(folder: Path) -> dict[str, np.ndarray]:
    arrays = {}
    for name, beginning in IDX.items():
        found = sorted(p for p in folder.rglob(f"{beginning}*") if p.is_file())
        if not found:
            raise ValueError(f"there is no {beginning}-idx… in it, one of MNIST's four files")
        arrays[name] = _idx(found[0])
    return arrays


def _idx(path: Path) -> np.ndarray:
    """Read LeCun's format: two zeros, 8 for bytes, the number of axes, lengths, the bytes."""
    content = path.read_bytes()
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
    axes = content[3] if content.startswith(b"\0\0\x08") and len(content) > 3 else 0
    if not 1 <= axes <= 3:
        raise ValueError(f"{path.name} does not begin as MNIST's files do")
    shape = np.frombuffer(content, ">u4", axes, 4)
    return np.frombuffer(content, np.uint8, -1, 4 + 4 * axes).reshape(tuple(shape))
