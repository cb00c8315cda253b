"""Write Torch 7 files, as Torch does, for the tests of the reader."""

import struct
from pathlib import Path

import numpy as np

from facenet_weights import _in_order


class Module(dict):
    """Fields of a module, with its class."""

    def __init__(self, kind, **fields):
        super().__init__(fields)
        self.kind = kind


class Writer:
    """Objects that come again are written as their running number alone."""

    def __init__(self):
        self.parts = []
        self.numbers = {}
        self.kept = []  # or an identity could come again

    def _pack(self, form, *values):
        self.parts.append(struct.pack("<" + form, *values))

    def _string(self, text):
        self._pack("i", len(text))
        self.parts.append(text.encode())

    def _begins(self, kind, thing, part="itself"):
        """Write kind and number; say whether its content has to follow."""
        is_new = (id(thing), part) not in self.numbers
        number = self.numbers.setdefault((id(thing), part), len(self.numbers) + 1)
        self.kept.append(thing)
        self._pack("ii", kind, number)
        return is_new

    def write(self, thing):
        if thing is None:
            self._pack("i", 0)
        elif isinstance(thing, bool):
            self._pack("ii", 5, thing)
        elif isinstance(thing, int | float):
            self._pack("id", 1, thing)
        elif isinstance(thing, str):
            self._pack("i", 2)
            self._string(thing)
        elif isinstance(thing, np.ndarray):
            self._tensor(thing)
        elif isinstance(thing, Module):
            if self._begins(4, thing):
                self._string("V 1")
                self._string(thing.kind)
                self._table(dict(thing))
        else:
            self._table(thing)

    def _table(self, table):
        if isinstance(table, list):
            table = dict(enumerate(table, start=1))
        if self._begins(3, table):
            self._pack("i", len(table))
            for key, value in table.items():
                self.write(key)
                self.write(value)

    def _tensor(self, array):
        """Write a view into the storage of its base, with strides and an offset from 1."""
        kind = {"float32": "Float", "float64": "Double"}[array.dtype.name]
        base = array
        while base.base is not None:
            base = base.base
        offset = array.__array_interface__["data"][0] - base.__array_interface__["data"][0]
        if self._begins(4, array):
            self._string("V 1")
            self._string(f"torch.{kind}Tensor")
            self._pack("i", array.ndim)
            self._pack(f"{array.ndim}q", *array.shape)
            self._pack(f"{array.ndim}q", *(step // array.itemsize for step in array.strides))
            self._pack("q", offset // array.itemsize + 1)
            if self._begins(4, base, "storage"):
                self._string("V 1")
                self._string(f"torch.{kind}Storage")
                self._pack("q", base.size)
                self.parts.append(base.tobytes())


def write_t7(path: Path, thing) -> Path:
    writer = Writer()
    writer.write(thing)
    path.write_bytes(b"".join(writer.parts))
    return path


def openface_network(arrays, *, old_norms=False):
    """Return nn4.small2 as OpenFace's definition nests it, its parameters in one storage."""
    arrays = dict(zip(arrays, _in_one_storage(list(arrays.values())), strict=True))

    def layer(name):
        w = arrays[f"{name}_w"]
        norm = name.replace("conv", "bn")
        fields = {"running_mean": arrays[f"{norm}_m"], "eps": 1e-5}
        if old_norms:
            fields["running_std"] = (arrays[f"{norm}_v"] + 1e-5) ** -0.5
        else:
            fields["running_var"] = arrays[f"{norm}_v"]
        return [
            Module(
                "nn.SpatialConvolutionMM",
                weight=w.reshape(len(w), -1),
                bias=arrays[f"{name}_b"],
                gradWeight=np.zeros(0),
            ),
            Module(
                "nn.SpatialBatchNormalization",
                weight=arrays[f"{norm}_w"],
                bias=arrays[f"{norm}_b"],
                **fields,
            ),
            Module("nn.ReLU", inplace=False),
        ]

    modules = [*layer("conv1"), *layer("conv2"), *layer("conv3")]
    blocks = dict.fromkeys("_".join(name.split("_")[:2]) for name in _in_order()[3:])
    for block in blocks:
        columns = {}
        for name in _in_order():
            if name.startswith(block):
                column = name.removeprefix(f"{block}_").split("_")[0]
                columns.setdefault(column, []).extend(layer(name))
        concat = Module(
            "nn.DepthConcat",
            modules=[Module("nn.Sequential", modules=column) for column in columns.values()],
        )
        modules.append(Module("nn.Inception", modules=[concat], padding=True))
    modules += [
        Module("nn.View", size=[736]),
        Module("nn.Linear", weight=arrays["dense_w"], bias=arrays["dense_b"]),
        Module("nn.Normalize", p=2),
    ]
    return Module("nn.Sequential", modules=modules)


def _in_one_storage(arrays):
    storage = np.concatenate([np.asarray(array, np.float64).ravel() for array in arrays])
    starts = np.cumsum([0, *(array.size for array in arrays)])
    return [
        storage[start : start + array.size].reshape(array.shape)
        for start, array in zip(starts, arrays, strict=False)
    ]
