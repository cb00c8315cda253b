"""Read the convolutions of VGG-19 from the files in which they are published.

Three formats hold the same network: MatConvNet's ``.mat`` (two releases, nested differently),
Keras's ``.h5`` and this course's ``.npz``. Whatever the file, the result is the same: kernels
of shape (3, 3, in, out) with rows first and RGB input, biases of shape (out,), a mean pixel.

Source of the network: Simonyan and Zisserman, "Very deep convolutional networks for large-scale
image recognition", 2014, configuration E.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import scipy.io

from weight_files import WeightsError, is_finite, keras_arrays

KernelAxes = Literal["upright", "as-stored", "transposed"]

MEAN_PIXEL = (123.68, 116.779, 103.939)  # RGB, 0-255: the mean of ImageNet's training pictures

BLOCKS = (2, 2, 4, 4, 4)  # convolutions before each of the five pooling layers
CONVOLUTIONS = tuple(
    f"conv{block}_{i}" for block, n in enumerate(BLOCKS, start=1) for i in range(1, n + 1)
)

# Place of each convolution in MatConvNet's list, which also counts every ReLU and pooling layer.
MATCONVNET_INDEX = dict(
    zip(CONVOLUTIONS, (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34), strict=True)
)

# The genuine network is told by its first biases and by the sums of two kernel positions that
# change places when rows and columns are swapped.
GENUINE_BIAS = (0.7301776, 0.06493629, 0.03428847)
GENUINE_UPPER, GENUINE_LEFT = -0.778150, 0.117541  # sums of kernel[0, 1] and of kernel[1, 0]

EMBEDDED = "vgg19-compact.mat"  # the network that comes with the course
FULL_MAT_BYTES = 534_904_783


@dataclass(frozen=True)
class VGGWeights:
    """The sixteen convolutions of VGG-19, of any widths.

    Attributes
    ----------
    kernels : mapping from layer name to array (3, 3, in, out), float32, rows first, RGB input
    biases : mapping from layer name to array (out,), float32
    mean_pixel : array (3,), float32
        RGB, 0-255; what the network expects to be subtracted from a picture.
    source : str
        Name of the file they came from.
    """

    kernels: Mapping[str, np.ndarray]
    biases: Mapping[str, np.ndarray]
    mean_pixel: np.ndarray
    source: str

    def channels(self, name: str) -> int:
        """Return the number of channels of a convolution."""
        return int(self.biases[name].size)


def read_vgg_weights(path: str | Path, kernel_axes: KernelAxes = "upright") -> VGGWeights:
    """Read a VGG-19 from a MatConvNet ``.mat``, a Keras ``.h5`` or an ``.npz`` file.

    Parameters
    ----------
    path : str or Path
    kernel_axes : {"upright", "as-stored", "transposed"}
        Order of the two spatial axes of each kernel. "upright" recognises the genuine network
        by its first layer and sets it upright when the file has rows and columns swapped;
        other networks are taken as they are. "as-stored" never swaps (published totals of the
        well-known course rest on it), "transposed" always does.

    Raises
    ------
    WeightsError
        The file is missing, empty, truncated, a web page, lacks a layer, or a layer has a
        wrong shape or values that are not finite.
    """
    path = Path(path)
    if kernel_axes not in ("upright", "as-stored", "transposed"):
        raise ValueError(
            f"kernel_axes is {kernel_axes!r}; it can be 'upright', 'as-stored' or 'transposed'"
        )
    readers = {".mat": _read_mat, ".h5": _read_h5, ".hdf5": _read_h5, ".npz": _read_npz}
    _check_file(path, readers)
    layers, mean_pixel = readers[path.suffix.lower()](path)
    _check_layers(path, layers, mean_pixel)
    if _must_swap(layers["conv1_1"], kernel_axes):
        layers = {name: (kernel.transpose(1, 0, 2, 3), b) for name, (kernel, b) in layers.items()}
    return VGGWeights(
        kernels={name: np.ascontiguousarray(k, np.float32) for name, (k, _) in layers.items()},
        biases={name: np.ascontiguousarray(b, np.float32) for name, (_, b) in layers.items()},
        mean_pixel=np.asarray(mean_pixel, np.float32),
        source=path.name,
    )


Layers = dict[str, tuple[np.ndarray, np.ndarray]]


def _check_file(path: Path, readers: Mapping[str, Any]) -> None:
    if not path.is_file():
        raise WeightsError(f"{path} is missing; {_remedy(path)}")
    if path.suffix.lower() not in readers:
        raise WeightsError(
            f"{path} ends in {path.suffix!r}; weights are read from files that end in "
            + ", ".join(readers)
        )
    size = path.stat().st_size
    if size == 0:
        raise WeightsError(f"{path} is empty (0 bytes); delete it. Then {_remedy(path)}")
    with path.open("rb") as file:
        start = file.read(512).lstrip()
    if start[:1] == b"<":
        raise WeightsError(
            f"{path} is a web page (it begins with {start[:15]!r}), not weights: the download "
            f"was answered by a page. Delete it. Then {_remedy(path)}"
        )
    if start.startswith(b"version https://git-lfs"):
        raise WeightsError(
            f"{path} is a Git LFS pointer of {size} bytes, not the weights themselves; "
            f"run: git lfs pull. Or {_remedy(path)}"
        )


def _remedy(path: Path) -> str:
    if path.name == EMBEDDED:
        return "it is part of the course: take it from there anew (git checkout pretrained-model)"
    folder = path.absolute().parent
    return f"run: course fetch vgg19 (or put the file into {folder} yourself)"


def _broken(path: Path, error: Exception) -> WeightsError:
    size = path.stat().st_size
    kind = {".mat": "MATLAB 5", ".npz": "NumPy .npz"}.get(path.suffix.lower(), "HDF5")
    detail = str(error).splitlines()[0] if str(error) else type(error).__name__
    return WeightsError(
        f"{path} ({size / 1e6:.1f} MB) is not a whole {kind} file: {detail}. A download that "
        f"broke off looks like this (imagenet-vgg-verydeep-19.mat has {FULL_MAT_BYTES / 1e6:.0f} "
        f"MB). Delete it. Then {_remedy(path)}"
    )


# --- MatConvNet -----------------------------------------------------------------------------


def _read_mat(path: Path) -> tuple[Layers, np.ndarray]:
    try:
        data = scipy.io.loadmat(path, variable_names=["layers", "meta", "normalization"])
    except Exception as error:  # given broken bytes, the parser may raise anything
        raise _broken(path, error) from error
    if "layers" not in data:
        raise WeightsError(
            f"{path} holds no variable 'layers'; a MatConvNet network has one. {_remedy(path)}"
        )
    records = data["layers"].ravel()
    return {name: _mat_layer(path, records, name) for name in CONVOLUTIONS}, _mat_mean(path, data)


def _mat_layer(path: Path, records: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    index = MATCONVNET_INDEX[name]
    if index >= records.size:
        raise WeightsError(
            f"{path} has {records.size} layers; {name} should be number {index}. It is not a "
            f"whole VGG-19. {_remedy(path)}"
        )
    try:
        kernel, bias = _kernel_and_bias(_record(records[index]))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise WeightsError(
            f"{path}: layer {index} should be {name} with a kernel and a bias, but holds none. "
            f"It is not a VGG-19. {_remedy(path)}"
        ) from error
    # MATLAB drops trailing axes of length one.
    return kernel.reshape(kernel.shape + (1,) * (4 - kernel.ndim)), bias.ravel()


def _record(cell: Any) -> Any:
    """Unwrap arrays of one element down to a struct's record."""
    while isinstance(cell, np.ndarray) and cell.size == 1:
        cell = cell.ravel()[0]
    return cell


def _kernel_and_bias(record: Any) -> tuple[np.ndarray, np.ndarray]:
    """Find the pair in a layer's struct: first field in the older release, third in the newer."""
    names = record.dtype.names or ()
    if "filters" in names:  # before the first release: two fields in place of a pair
        return np.asarray(record["filters"]), np.asarray(record["biases"])
    if "weights" in names:
        pair = record["weights"]
    else:  # field names lost on the way through another program
        pair = next(p for p in (record[0], record[2]) if p.dtype == object and p.size >= 2)
    kernel, bias = pair.ravel()[:2]
    return np.asarray(kernel), np.asarray(bias)


def _mat_mean(path: Path, data: Mapping[str, Any]) -> np.ndarray:
    """Return the mean pixel (3,), RGB: of the mean picture (older) or as stored (newer)."""
    try:
        if "meta" in data:
            record = _record(_record(data["meta"])["normalization"])
            image = record["averageImage"] if "averageImage" in record.dtype.names else record[2]
        elif "normalization" in data:
            record = _record(data["normalization"])
            image = record["averageImage"] if "averageImage" in record.dtype.names else record[0]
        else:
            raise LookupError("no variable 'meta' or 'normalization'")
        image = np.asarray(image, np.float64)
        return image.mean(axis=(0, 1)) if image.ndim == 3 else image.ravel()
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise WeightsError(
            f"{path} holds no mean pixel ({error}); without it pictures cannot be centred. "
            f"{_remedy(path)}"
        ) from error


# --- Keras ----------------------------------------------------------------------------------


def _read_h5(path: Path) -> tuple[Layers, np.ndarray]:
    try:
        found = _h5_convolutions(path)
    except Exception as error:  # given broken bytes, the parser may raise anything
        raise _broken(path, error) from error
    missing = [name for name in CONVOLUTIONS if name not in found]
    if missing:
        raise WeightsError(
            f"{path} holds no kernel and bias for {', '.join(missing)} (Keras calls them "
            f"{', '.join(_keras_name(name) for name in missing)}). {_remedy(path)}"
        )
    kernel, bias = found["conv1_1"]
    found["conv1_1"] = kernel[:, :, ::-1], bias  # Keras's VGG takes BGR pictures, ours RGB
    return {name: found[name] for name in CONVOLUTIONS}, np.array(MEAN_PIXEL)


def _keras_name(name: str) -> str:
    block, number = name.removeprefix("conv").split("_")
    return f"block{block}_conv{number}"


def _h5_convolutions(path: Path) -> Layers:
    """Return kernel and bias of each convolution, wherever Keras's releases put the groups."""
    arrays: dict[str, dict[int, np.ndarray]] = {name: {} for name in CONVOLUTIONS}
    names = {_keras_name(name): name for name in CONVOLUTIONS}
    for parts, array in keras_arrays(path):
        layer = next((names[part] for part in parts if part in names), None)
        if layer:
            arrays[layer][array.ndim] = array
    return {name: (a[4], a[1]) for name, a in arrays.items() if {4, 1} <= a.keys()}


# --- npz ------------------------------------------------------------------------------------


def _read_npz(path: Path) -> tuple[Layers, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as data:
            arrays = {name: data[name] for name in data.files}
    except Exception as error:  # given broken bytes, the parser may raise anything
        raise _broken(path, error) from error
    missing = [n for n in CONVOLUTIONS if not {f"{n}/kernel", f"{n}/bias"} <= arrays.keys()]
    if missing:
        raise WeightsError(
            f"{path} holds no NAME/kernel and NAME/bias for {', '.join(missing)}. {_remedy(path)}"
        )
    layers = {name: (arrays[f"{name}/kernel"], arrays[f"{name}/bias"]) for name in CONVOLUTIONS}
    order = str(arrays.get("channel_order", "RGB"))
    if order not in ("RGB", "BGR"):
        raise WeightsError(f"{path}: channel_order is {order!r}; it can be 'RGB' or 'BGR'")
    if order == "BGR":
        kernel, bias = layers["conv1_1"]
        layers["conv1_1"] = kernel[:, :, ::-1], bias
    return layers, arrays.get("mean_pixel", np.array(MEAN_PIXEL))


# --- checks ---------------------------------------------------------------------------------


def _check_layers(path: Path, layers: Layers, mean_pixel: np.ndarray) -> None:
    channels = 3
    for name, (kernel, bias) in layers.items():
        expected = (3, 3, channels, bias.size)
        if kernel.shape != expected or bias.ndim != 1:
            raise WeightsError(
                f"{path}: the kernel of {name} has shape {kernel.shape} and its bias "
                f"{bias.shape}; expected (3, 3, {channels}, n) and (n,). It is not a VGG-19. "
                f"{_remedy(path)}"
            )
        if not (is_finite(kernel) and is_finite(bias)):
            raise WeightsError(
                f"{path}: {name} holds values that are not finite numbers. {_remedy(path)}"
            )
        channels = bias.size
    mean = np.asarray(mean_pixel)
    if mean.shape != (3,) or not is_finite(mean) or mean.min() < 0 or mean.max() > 255:
        raise WeightsError(f"{path}: the mean pixel is {mean}; expected three numbers in 0-255")


def _must_swap(first: tuple[np.ndarray, np.ndarray], kernel_axes: KernelAxes) -> bool:
    if kernel_axes != "upright":
        return kernel_axes == "transposed"
    kernel, bias = first
    if not np.allclose(bias[:3], GENUINE_BIAS, rtol=1e-4):
        return False
    found = kernel[0, 1].sum(), kernel[1, 0].sum()
    return bool(np.allclose(found, (GENUINE_LEFT, GENUINE_UPPER), atol=1e-3))
