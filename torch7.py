"""Read the tables and tensors of a Torch 7 file (``.t7``), the format OpenFace published in.

A file is one object. An object is a number for its kind, then what it holds; tables, tensors and
whatever can be shared have a running number, and are written out only where they come first.
Nothing in a file is executed: a serialised function is refused.
"""

import re
import struct
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

NIL, NUMBER, STRING, TABLE, TORCH, BOOLEAN = range(6)
LONGEST_STRING = 1 << 16  # bytes; the names in a network have less than a hundred
MOST_AXES = 8
ELEMENTS: dict[str, np.dtype] = {
    "Byte": np.dtype("u1"),
    "Char": np.dtype("i1"),
    "Short": np.dtype("<i2"),
    "Int": np.dtype("<i4"),
    "Long": np.dtype("<i8"),
    "Float": np.dtype("<f4"),
    "Double": np.dtype("<f8"),
    "Cuda": np.dtype("<f4"),
}
ARRAY_CLASS = re.compile(rf"torch\.({'|'.join(ELEMENTS)})(Storage|Tensor)")


def read_t7(path: str | Path) -> Any:
    """Read a binary Torch 7 file.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Any
        A table is a dict (its keys 1, 2, ... are ints), a tensor an array, a module the dict of
        its fields with its class under "torch class".

    Raises
    ------
    ValueError
        The file is truncated, or no such file.
    """
    with Path(path).open("rb") as file:
        return _Reader(file).read()


class _Reader:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._known: dict[int, Any] = {}  # what was read, by its running number

    def read(self) -> Any:
        kind = self._int()
        if kind == NIL:
            return None
        if kind == NUMBER:
            return self._number()
        if kind == STRING:
            return self._string()
        if kind == BOOLEAN:
            return bool(self._int())
        if kind not in (TABLE, TORCH):
            raise ValueError(f"it holds an object of kind {kind}, which a network has not")
        index = self._int()
        if index not in self._known:
            (self._table if kind == TABLE else self._torch)(index)
        return self._known[index]

    def _table(self, index: int) -> None:
        table = self._known[index] = {}
        for _ in range(self._int()):
            key = self.read()
            table[_plain_key(key)] = self.read()

    def _torch(self, index: int) -> None:
        name = self._string()
        if name.startswith("V "):  # a version comes first, but in the oldest files
            name = self._string()
        array = ARRAY_CLASS.fullmatch(name)
        if array and array[2] == "Storage":
            self._known[index] = self._storage(ELEMENTS[array[1]])
        elif array:
            self._known[index] = self._tensor()
        else:
            fields = self._known[index] = {"torch class": name}
            fields.update(self.read() or {})

    def _storage(self, dtype: np.dtype) -> np.ndarray:
        return np.frombuffer(self._bytes(self._long() * dtype.itemsize), dtype)

    def _tensor(self) -> np.ndarray:
        axes = self._int()
        if not 0 <= axes <= MOST_AXES:
            raise ValueError(f"it holds a tensor of {axes} axes")
        shape = [self._long() for _ in range(axes)]
        strides = [self._long() for _ in range(axes)]
        offset = self._long() - 1
        storage = self.read()
        if storage is None or not axes or 0 in shape:
            return np.empty(0, np.float32)
        last = offset + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
        if min(shape) < 0 or min(strides) < 0 or offset < 0 or last >= len(storage):
            raise ValueError(f"a tensor of shape {shape} leaves its {len(storage)} numbers")
        steps = [s * storage.itemsize for s in strides]
        return np.lib.stride_tricks.as_strided(storage[offset:], shape, steps, writeable=False)

    def _bytes(self, count: int) -> bytes:
        if count < 0:
            raise ValueError(f"it holds a length of {count}")
        found = self._file.read(count)
        if len(found) != count:
            raise ValueError(f"it ends {count - len(found)} bytes early")
        return found

    def _int(self) -> int:
        return int(struct.unpack("<i", self._bytes(4))[0])

    def _long(self) -> int:
        return int(struct.unpack("<q", self._bytes(8))[0])

    def _number(self) -> float:
        return float(struct.unpack("<d", self._bytes(8))[0])

    def _string(self) -> str:
        length = self._int()
        if length > LONGEST_STRING:
            raise ValueError(f"it holds a name of {length} bytes")
        return self._bytes(length).decode("latin-1")


def _plain_key(key: Any) -> Any:
    """Lua counts in floating-point numbers; a table cannot be a key here."""
    if isinstance(key, float) and key.is_integer():
        return int(key)
    return key if isinstance(key, str | float | bool) else id(key)
