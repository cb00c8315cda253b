"""Weight files of nn4.small2: OpenFace's `.t7` or folder of CSVs, Keras `.h5`, and our `.npz`.

Whatever the format, an array has the name and the layout of OpenFace's CSV: `conv1_w`
(channels out, channels in, height, width), `conv1_b`, `bn1_w`, `bn1_b`, `bn1_m` (moving mean),
`bn1_v` (moving variance), ..., `dense_w` (128, 736), `dense_b`. Everything is read and checked
before the first weight of a network is set.
"""

import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from keras import Model, layers

from inception_blocks_v2 import BLOCKS
from nst_utils import course_path, write_whole
from torch7 import read_t7
from weight_files import WeightsError, is_finite, keras_arrays

__all__ = [
    "facenet_arrays",
    "facenet_shapes",
    "load_weights_from_FaceNet",
    "read_facenet_weights",
    "set_facenet_arrays",
    "write_facenet_npz",
]

# The real network: a folder of CSVs, what `course fetch facenet` brings, or what it made of
# another format. The first that is there is taken.
REAL_WEIGHTS = (
    "pretrained-model/openface",
    "pretrained-model/nn4.small2.v1.t7",
    "pretrained-model/openface.npz",
)
EMBEDDED_WEIGHTS = "pretrained-model/facenet-synthetic.npz"
CACHE = "facenet-cache.npz"  # what the CSVs of a folder held when they were last read

Arrays = dict[str, np.ndarray]
Shapes = Mapping[str, tuple[int, ...]]

# In the order of Keras's `layer.get_weights()`.
KERNEL_AND_BIAS = {"kernel": "w", "bias": "b"}
NORMALISATION = {"gamma": "w", "beta": "b", "moving_mean": "m", "moving_variance": "v"}

SUSPECTS = {  # what was saved in place of numbers -> how its first bytes look
    "a web page": re.compile(rb"\s*<"),
    "a pointer of Git LFS": re.compile(rb"version https://git-lfs"),
}


def load_weights_from_FaceNet(  # noqa: N802 - the published name
    model: Model, path: str | Path | None = None
) -> Path:
    """Load weights into a network made by `faceRecoModel`.

    Parameters
    ----------
    model : keras.Model
        It stays as it was when anything is wrong with the weights.
    path : str or Path, optional
        OpenFace's ``.t7`` or folder of CSVs (the first time takes some seconds; a cache beside
        them is read from then on), a Keras ``.h5`` or an ``.npz``. By default the real network
        if ``course fetch facenet`` has brought it, or its CSVs are in
        ``pretrained-model/openface``, else the embedded network, which has learnt to tell drawn
        people apart.

    Returns
    -------
    Path
        The file or folder that the weights came from.

    Raises
    ------
    WeightsError
        The weights are missing, broken or not those of nn4.small2; the message names the file,
        what was expected and what was found.
    """
    if path is None:
        path = real_facenet() or EMBEDDED_WEIGHTS
    path = course_path(path)
    set_facenet_arrays(model, read_facenet_weights(path, facenet_shapes(model)))
    return path


def real_facenet() -> Path | None:
    """Return the file or folder of the real network, or None where it was not fetched."""
    found = (course_path(path) for path in REAL_WEIGHTS)
    return next((path for path in found if path.exists()), None)


def read_facenet_weights(path: str | Path, shapes: Shapes) -> Arrays:
    """Read and check all arrays of a weight file or folder.

    Parameters
    ----------
    path : str or Path
        A ``.t7``, a folder of CSVs, an ``.h5`` or an ``.npz``.
    shapes : mapping of str to tuple of int
        The arrays to read and their shapes, see `facenet_shapes`.

    Returns
    -------
    dict of str to np.ndarray
        float32.

    Raises
    ------
    WeightsError
        As `load_weights_from_FaceNet`.
    """
    path = Path(path)
    if path.is_dir():
        return _read_folder(path, shapes)
    readers = {".t7": _read_t7, ".h5": _read_h5, ".hdf5": _read_h5, ".npz": _read_npz}
    if path.suffix.lower() not in readers:
        raise WeightsError(
            f"{path} ends in '{path.suffix}'; weights are a folder of CSVs, a .t7, an .h5 or an "
            f".npz"
        )
    if not path.is_file():
        raise WeightsError(f"{path} is missing; without a path the embedded network is loaded")
    arrays = readers[path.suffix.lower()](path, shapes)
    _check(path, arrays, shapes)
    return arrays


def write_facenet_npz(path: str | Path, arrays: Mapping[str, np.ndarray], dtype: Any) -> Path:
    """Write arrays as an ``.npz``, whole or not at all.

    Parameters
    ----------
    path : str or Path
        Ends in ``.npz``.
    arrays : mapping of str to np.ndarray
        As `facenet_arrays` returns them.
    dtype : data type
        ``np.float16`` halves the file; ``np.float32`` keeps every digit.

    Raises
    ------
    WeightsError
        If a number is too large for the type.
    """
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
        small: dict[str, Any] = {name: np.asarray(array, dtype) for name, array in arrays.items()}
    for name, array in small.items():
        if not np.isfinite(array).all():
            raise WeightsError(
                f"{name} holds {np.abs(arrays[name]).max():.3g}; {np.dtype(dtype)} ends at "
                f"{np.finfo(dtype).max:.3g}. Write np.float32"
            )
    return write_whole(Path(path), lambda temporary: np.savez(temporary, **small))


# --- the network ----------------------------------------------------------------------------


def facenet_shapes(model: Model) -> dict[str, tuple[int, ...]]:
    """Return name and shape of every array that a network of `faceRecoModel` needs."""
    return {name: array.shape for name, array in facenet_arrays(model).items()}


def facenet_arrays(model: Model) -> Arrays:
    """Return a network's weights under OpenFace's names, in its layout, float32."""
    arrays = {}
    for layer in filter(_has_weights, model.layers):
        for (key, _), array in zip(_keys(layer).items(), layer.get_weights(), strict=True):
            arrays[_array_name(layer, key)] = _from_keras(array)
    return arrays


def set_facenet_arrays(model: Model, arrays: Mapping[str, np.ndarray]) -> None:
    """Put arrays, as `read_facenet_weights` returns them, into a network of `faceRecoModel`."""
    for layer in filter(_has_weights, model.layers):
        layer.set_weights([_to_keras(arrays[_array_name(layer, key)]) for key in _keys(layer)])


def _has_weights(layer: Any) -> bool:
    return bool(layer.weights)


def _keys(layer: Any) -> dict[str, str]:
    return NORMALISATION if isinstance(layer, layers.BatchNormalization) else KERNEL_AND_BIAS


def _array_name(layer: Any, key: str) -> str:
    return f"{layer.name.removesuffix('_layer')}_{_keys(layer)[key]}"


def _from_keras(array: np.ndarray) -> np.ndarray:
    """Turn (height, width, in, out) into (out, in, height, width), (in, out) into (out, in)."""
    return array.transpose(3, 2, 0, 1) if array.ndim == 4 else array.T


def _to_keras(array: np.ndarray) -> np.ndarray:
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T


# --- checks ---------------------------------------------------------------------------------


def _check(path: Path, arrays: Mapping[str, np.ndarray], shapes: Shapes) -> None:
    missing = [name for name in shapes if name not in arrays]
    if missing:
        raise WeightsError(
            f"{path} lacks {len(missing)} of {len(shapes)} arrays: {_some(missing)}. "
            f"It does not hold the whole of nn4.small2"
        )
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise WeightsError(
                f"{path}: {name} has shape {arrays[name].shape}; expected {shape}. "
                f"It is not nn4.small2"
            )
        _check_numbers(f"{path}: {name}", arrays[name], name)


def _check_numbers(where: str, array: np.ndarray, name: str) -> None:
    if not is_finite(array):
        raise WeightsError(f"{where} holds values that are not finite numbers; get it anew")
    if name.endswith("_v") and array.min() < 0:
        raise WeightsError(f"{where} holds {array.min():.3g}; a variance is never below 0")


def _some(names: list[str]) -> str:
    return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")


def _broken(path: Path, error: Exception) -> WeightsError:
    return WeightsError(
        f"{path} cannot be read as {path.suffix[1:]} ({type(error).__name__}: {error}; "
        f"{path.stat().st_size / 1e6:.1f} MB). It may be truncated: delete it and get it anew"
    )


# --- CSV ------------------------------------------------------------------------------------


def _read_folder(folder: Path, shapes: Shapes) -> Arrays:
    """Read the cache if it is that of these very files, else the CSVs; then write the cache."""
    missing = [f"{name}.csv" for name in shapes if not (folder / f"{name}.csv").is_file()]
    if missing:
        raise WeightsError(
            f"the folder {folder} lacks {len(missing)} of {len(shapes)} files: {_some(missing)}"
        )
    stamp = _stamp(folder, shapes)
    cached = _read_cache(folder / CACHE, stamp, shapes)
    if cached is not None:
        return cached
    arrays = {name: _read_csv(folder / f"{name}.csv", shape) for name, shape in shapes.items()}
    try:
        content: dict[str, Any] = {**arrays, "stamp": np.array(stamp)}
        write_whole(folder / CACHE, lambda temporary: np.savez(temporary, **content))
    except OSError:
        pass  # a folder that cannot be written to is read slowly each time
    return arrays


def _stamp(folder: Path, shapes: Shapes) -> str:
    """Return a checksum of the files' names, sizes and times of change."""
    facts = [(name, (folder / f"{name}.csv").stat()) for name in sorted(shapes)]
    text = repr([(name, fact.st_size, fact.st_mtime_ns) for name, fact in facts])
    return hashlib.sha256(text.encode()).hexdigest()


def _read_cache(path: Path, stamp: str, shapes: Shapes) -> Arrays | None:
    try:
        with np.load(path, allow_pickle=False) as data:
            if str(data["stamp"]) != stamp:
                return None
            arrays = {name: data[name] for name in shapes}
        _check(path, arrays, shapes)
    except Exception:  # no cache, or a broken one: the CSVs are what counts
        return None
    return arrays


def _read_csv(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """Read numbers, whatever their arrangement in rows, into a shape."""
    content = path.read_bytes()
    if not content.strip():
        raise WeightsError(f"{path} is empty; get it anew")
    for what, pattern in SUSPECTS.items():
        if pattern.match(content):
            raise WeightsError(f"{path} is {what}, not numbers; get the raw file")
    try:
        column = io.BytesIO(content.replace(b",", b"\n"))
        numbers = np.loadtxt(column, np.float32, comments=None, ndmin=1)
    except ValueError as error:
        raise _not_numeric(path, content) from error
    if numbers.size != np.prod(shape):
        state = "it is truncated" if numbers.size < np.prod(shape) else "it is of another network"
        raise WeightsError(
            f"{path} holds {numbers.size:,} numbers; expected {int(np.prod(shape)):,}, "
            f"for {' x '.join(map(str, shape))}: {state}. Get it anew"
        )
    array = numbers.reshape(shape)
    _check_numbers(str(path), array, path.stem)
    return array


def _not_numeric(path: Path, content: bytes) -> WeightsError:
    """Find the first value that is no number, for the message."""
    for row, line in enumerate(content.decode(errors="replace").splitlines(), start=1):
        for column, text in enumerate(line.split(","), start=1):
            try:
                float(text)
            except ValueError:
                return WeightsError(
                    f"{path}, row {row}, value {column}: {text[:40]!r} is not a number. "
                    f"Get the file anew"
                )
    return WeightsError(f"{path} holds more than numbers. Get the file anew")


# --- Keras ----------------------------------------------------------------------------------


def _read_h5(path: Path, shapes: Shapes) -> Arrays:
    try:
        return _h5_arrays(path, shapes)
    except Exception as error:  # given broken bytes, the parser may raise anything
        raise _broken(path, error) from error


def _h5_arrays(path: Path, shapes: Shapes) -> Arrays:
    """Return the arrays; Keras 2 names groups by layer, Keras 3 by class, with a label."""
    arrays: Arrays = {}
    layer_names = {name.rpartition("_")[0] for name in shapes}
    for parts, array in keras_arrays(path):
        layer = next((p for p in map(_plain_layer, parts) if p in layer_names), None)
        key = _h5_key(parts[-2], is_norm=f"{layer}_v" in shapes) if layer else None
        if key:
            arrays[f"{layer}_{key}"] = _from_keras(array.astype(np.float32))
    return arrays


def _plain_layer(part: str) -> str:
    return part.removesuffix("_layer")


def _h5_key(name: str, is_norm: bool) -> str | None:
    """Turn `kernel:0`, `kernel` or (in Keras 3's own files) a number into w, b, m or v."""
    keys = NORMALISATION if is_norm else KERNEL_AND_BIAS
    if name.isdigit():
        return list(keys.values())[int(name)] if int(name) < len(keys) else None
    found = re.match(r"(?:.*_)?(kernel|bias|gamma|beta|moving_mean|moving_variance)(:0)?$", name)
    return keys.get(found[1]) if found else None


# --- Torch 7 --------------------------------------------------------------------------------


def _read_t7(path: Path, shapes: Shapes) -> Arrays:
    try:
        return _t7_arrays(read_t7(path), shapes)
    except Exception as error:  # given broken bytes, the parser may raise anything
        raise _broken(path, error) from error


def _t7_arrays(network: Any, shapes: Shapes) -> Arrays:
    """Give the layers of a Torch network, in their order, the names that CSVs have."""
    found: dict[str, list[Arrays]] = {"norms": [], "others": []}
    for fields in _modules(network):
        if "running_mean" in fields:
            found["norms"].append(_t7_norm(fields))
        elif "weight" in fields:
            found["others"].append({"w": fields["weight"], "b": fields["bias"]})
    convolutions = _in_order()
    norms = [name.replace("conv", "bn") for name in convolutions]
    names = {"norms": norms, "others": [*convolutions, "dense"]}
    arrays: Arrays = {}
    for kind, layers_found in found.items():
        for layer, values in zip(names[kind], layers_found, strict=True):
            arrays |= {f"{layer}_{key}": array for key, array in values.items()}
    return {
        name: np.array(array, np.float32).reshape(shapes[name]) for name, array in arrays.items()
    }


def _modules(module: dict[Any, Any]) -> Iterator[dict[Any, Any]]:
    """Yield the modules of a network that hold no others, in the order of the definition."""
    inner = module.get("modules")
    if not inner:
        yield module
        return
    for number in range(1, len(inner) + 1):
        yield from _modules(inner[number])


def _t7_norm(fields: dict[Any, Any]) -> Arrays:
    """Old releases of Torch kept 1 / sqrt(variance + eps) in place of the variance."""
    variance = fields.get("running_var")
    if variance is None:
        inverse = np.asarray(fields["running_std"], np.float64)
        variance = np.maximum(inverse**-2 - fields["eps"], 0)
    mean = fields["running_mean"]
    return {"w": fields["weight"], "b": fields["bias"], "m": mean, "v": variance}


def _in_order() -> list[str]:
    """Return the names of the convolutions in the order in which Torch's definition makes them."""
    names = ["conv1", "conv2", "conv3"]
    for block in BLOCKS:
        for side in ("3x3", "5x5") if block.side_5 else ("3x3",):
            names += [f"{block.name}_{side}_conv1", f"{block.name}_{side}_conv2"]
        names += [f"{block.name}_pool_conv"] if block.pool.channels else []
        names += [f"{block.name}_1x1_conv"] if block.side_1 else []
    return names


# --- npz ------------------------------------------------------------------------------------


def _read_npz(path: Path, shapes: Shapes) -> Arrays:
    try:
        with np.load(path, allow_pickle=False) as data:
            return {name: data[name].astype(np.float32) for name in data.files if name in shapes}
    except Exception as error:  # given broken bytes, the parser may raise anything
        raise _broken(path, error) from error
