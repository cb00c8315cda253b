"""Messages between the judge and a student's process: JSON and raw arrays over one socket.

A frame is a head (a mark and the length of what follows), a JSON text in ASCII that holds the
message and the layout of the arrays, then the arrays' bytes. Nothing is ever unpickled.

The other side may be hostile, so whatever arrives is checked before memory is given to it:
lengths, nesting, names of types, shapes against bytes, how many messages and how many bytes in
all. File descriptors are never taken: the socket is read without room for ancillary data, so
the kernel closes what was sent along. Large arrays go through the socket as well: 30 MB take
7 to 12 ms, a sealed memfd that has to be filled first 47 ms.
"""

import itertools
import json
import math
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import ml_dtypes
import numpy as np

Kind = Literal["closed", "late", "malformed", "too large", "too many"]

MARK = b"SFC1"
HEAD = struct.Struct("<4sI")
DTYPES = {
    name: np.dtype(name).newbyteorder("<")
    for name in (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
} | {"bfloat16": np.dtype(ml_dtypes.bfloat16)}
MAX_AXES = 32  # NumPy 2 allows 64, TensorFlow far fewer
ALIGNMENT = 64  # bytes, for the widest registers
SMALL = 1 << 16  # arrays up to here travel in one write with their message


class ChannelError(Exception):
    """The other side is gone, too slow, or sent what it must not.

    Attributes
    ----------
    kind : str
        ``"closed"``, ``"late"``, ``"malformed"``, ``"too large"`` or ``"too many"``.
    """

    def __init__(self, kind: Kind, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


@dataclass(frozen=True)
class Quota:
    """What one side takes from the other.

    Attributes
    ----------
    frame_bytes : int
        JSON text of one message.
    array_bytes : int
        All arrays of one message.
    total_bytes : int
        Everything over the life of the channel.
    messages : int
        Messages over the life of the channel.
    depth : int
        Nesting of the JSON text.
    arrays : int
        Arrays of one message.
    send_seconds : float
        How long the other side may take to accept one message.
    """

    frame_bytes: int = 4 << 20
    array_bytes: int = 512 << 20
    total_bytes: int = 8 << 30
    messages: int = 100_000
    depth: int = 64
    arrays: int = 4096
    send_seconds: float = 30.0


class Channel:
    """One end of a connected stream socket; for one thread at a time.

    After any `ChannelError` but two the channel is closed, because nothing that follows
    could be trusted. The two: `send` refused a message before its first byte, and
    `receive` was late before the first byte of a message came.

    Parameters
    ----------
    sock : socket.socket
        Stream socket; the channel owns it from now on.
    quota : Quota
        Limits for what arrives. What is sent must keep to the same limits of one message,
        so that a sender learns at once what the other end would refuse.
    """

    def __init__(self, sock: socket.socket, quota: Quota) -> None:
        self._sock = sock
        self._quota = quota
        self._bytes = 0
        self._messages = 0

    def send(
        self,
        message: dict[str, Any],
        arrays: Sequence[np.ndarray] = (),
        *,
        seconds: float | None = None,
    ) -> None:
        """Send a message.

        Parameters
        ----------
        message : dict
            Anything that JSON can hold; NaN, infinity and lone surrogates arrive as they are.
        arrays : sequence of ndarray
            Numbers or booleans of any shape.
        seconds : float, optional
            Until when the other side must have taken it; without it, the quota's seconds.

        Raises
        ------
        TypeError
            If an array holds anything but numbers or booleans.
        ChannelError
            If the message is beyond the quota (nothing is sent then), or the other side is
            gone or does not read.
        """
        parts = self._frame(message, [_plain(array) for array in arrays])
        end = time.monotonic() + (self._quota.send_seconds if seconds is None else seconds)
        try:
            for part in parts:
                self._arm(end)
                self._sock.sendall(part)
        except TimeoutError as error:
            self.close()
            raise ChannelError("late", "the other side did not read its message") from error
        except OSError as error:
            self.close()
            raise ChannelError("closed", "the other side is gone") from error

    def receive(self, seconds: float | None = None) -> tuple[dict[str, Any], list[np.ndarray]]:
        """Wait for the next message.

        Parameters
        ----------
        seconds : float, optional
            How long the whole message may take; without it, for ever.

        Returns
        -------
        tuple of dict and list of ndarray
            The message and its arrays, which are read-only.

        Raises
        ------
        ChannelError
            If nothing (or nothing whole) came in time, or the message breaks a rule.
        """
        end = None if seconds is None else time.monotonic() + seconds
        head = bytearray(HEAD.size)
        self._fill(memoryview(head)[:1], end, idle=True)
        try:
            self._fill(memoryview(head)[1:], end)
            return self._body(head, end)
        except ChannelError:
            self.close()
            raise

    def waiting(self) -> bool:
        """Tell whether something has come that nobody has read yet."""
        try:
            self._sock.settimeout(0)
            return bool(self._sock.recv(1, socket.MSG_PEEK))
        except OSError:  # nothing; that the other side is gone is for the next message to find
            return False

    def close(self) -> None:
        """Close the socket; what waits in it is lost."""
        self._sock.close()

    def _frame(self, message: dict[str, Any], arrays: list[np.ndarray]) -> list[Any]:
        """The bytes of a message, in as few parts as is cheap."""
        layout = [[type_name(array.dtype), list(array.shape)] for array in arrays]
        try:
            text = json.dumps({"message": message, "arrays": layout}, separators=(",", ":"))
        except (RecursionError, ValueError) as error:
            raise ChannelError("malformed", f"the message cannot be JSON: {error}") from error
        size = sum(array.nbytes for array in arrays)
        self._check_limit(len(text), self._quota.frame_bytes, "bytes of JSON in a message")
        self._check_limit(size, self._quota.array_bytes, "bytes of arrays in a message")
        self._check_limit(len(arrays), self._quota.arrays, "arrays in a message")
        start = HEAD.pack(MARK, len(text)) + text.encode("ascii")
        if size <= SMALL:
            return [start + b"".join(array.tobytes() for array in arrays)]
        return [start, *(_raw(array) for array in arrays)]

    def _body(self, head: bytearray, end: float | None) -> tuple[dict[str, Any], list[np.ndarray]]:
        mark, size = HEAD.unpack(head)
        if mark != MARK:
            raise ChannelError("malformed", f"a message must begin with {MARK!r}, not {mark!r}")
        self._messages += 1
        if self._messages > self._quota.messages:
            raise ChannelError("too many", f"more than {self._quota.messages} messages")
        self._check_limit(size, self._quota.frame_bytes, "bytes of JSON in a message")
        self._account(size)
        text = bytearray(size)
        self._fill(memoryview(text), end)
        message, layout = _parse(bytes(text), self._quota)
        self._account(sum(math.prod(shape) * dtype.itemsize for dtype, shape in layout))
        return message, self._arrays(layout, end)

    def _arrays(
        self, layout: list[tuple[np.dtype, tuple[int, ...]]], end: float | None
    ) -> list[np.ndarray]:
        sizes = [math.prod(shape) * dtype.itemsize for dtype, shape in layout]
        if sum(sizes) > SMALL:
            arrays = [_aligned(dtype, shape) for dtype, shape in layout]
            for array in arrays:
                self._fill(_raw(array).data, end)
        else:
            block = bytearray(sum(sizes))
            self._fill(memoryview(block), end)
            starts = itertools.accumulate(sizes, initial=0)
            arrays = [
                np.frombuffer(block, dtype, math.prod(shape), start).reshape(shape).copy()
                for (dtype, shape), start in zip(layout, starts, strict=False)
            ]
        return [self._checked(array) for array in arrays]

    @staticmethod
    def _checked(array: np.ndarray) -> np.ndarray:
        # A boolean that is neither 0 nor 1 is undefined behaviour in NumPy's loops.
        if array.dtype == np.bool_ and array.size and _raw(array).max() > 1:
            raise ChannelError("malformed", "an array of booleans holds other bytes than 0 and 1")
        array.flags.writeable = False
        return array

    def _fill(self, view: memoryview, end: float | None, *, idle: bool = False) -> None:
        """Read until `view` is full; `idle` says that being late harms nothing."""
        try:
            while len(view):
                self._arm(end)
                count = self._sock.recv_into(view)
                if not count:
                    raise ChannelError("closed", "the other side is gone")
                view = view[count:]
        except TimeoutError as error:
            sentence = "no answer in time" if idle else "the message did not end in time"
            raise ChannelError("late", sentence) from error
        except OSError as error:
            raise ChannelError("closed", f"the other side is gone: {error}") from error

    def _arm(self, end: float | None) -> None:
        """Give the next read or write what is left of the time, however little came before."""
        left = None if end is None else end - time.monotonic()
        if left is not None and left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)

    def _account(self, count: int) -> None:
        self._bytes += count
        self._check_limit(self._bytes, self._quota.total_bytes, "bytes in all")

    @staticmethod
    def _check_limit(value: int, limit: int, what: str) -> None:
        if value > limit:
            raise ChannelError("too large", f"{value} {what}; the limit is {limit}")


@lru_cache(maxsize=256)
def type_name(dtype: np.dtype) -> str:
    """Return the name of a type, which NumPy puts together anew each time."""
    return dtype.name


def _plain(array: np.ndarray) -> np.ndarray:
    """The array in a layout that travels: C order, little-endian, a type both sides know."""
    array = np.asarray(array)
    dtype = DTYPES.get(type_name(array.dtype))
    if dtype is None:
        raise TypeError(f"an array of {array.dtype} cannot be sent; known: {', '.join(DTYPES)}")
    return np.asarray(array, dtype=dtype, order="C")


def _aligned(dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    """An array in memory that TensorFlow can work on without a copy."""
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + size].view(dtype).reshape(shape)


def _raw(array: np.ndarray) -> np.ndarray:
    """The array's bytes, without a copy; `memoryview.cast` refuses empty arrays."""
    return array.reshape(-1).view(np.uint8)


def _parse(text: bytes, quota: Quota) -> tuple[dict[str, Any], list[Any]]:
    """Check the JSON of a message, and the layout of its arrays."""
    try:
        tree = json.loads(text.decode("ascii"))
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise ChannelError("malformed", f"a message is no JSON in ASCII: {error}") from error
    if text.count(b"[") + text.count(b"{") > quota.depth:  # else it cannot be nested deeper
        _check_depth(tree, quota.depth)
    if not isinstance(tree, dict) or tree.keys() != {"message", "arrays"}:
        raise ChannelError("malformed", 'a message must have the keys "message" and "arrays"')
    message, arrays = tree["message"], tree["arrays"]
    if not isinstance(message, dict) or not isinstance(arrays, list):
        raise ChannelError("malformed", "a message must be an object and its arrays a list")
    if len(arrays) > quota.arrays:
        raise ChannelError("too many", f"{len(arrays)} arrays in a message, over {quota.arrays}")
    return message, _layout(arrays, quota)


def _layout(arrays: list[Any], quota: Quota) -> list[tuple[np.dtype, tuple[int, ...]]]:
    """Types and shapes that are known to fit into the quota."""
    layout = []
    left = quota.array_bytes
    for entry in arrays:
        if not isinstance(entry, list) or len(entry) != 2:
            raise ChannelError("malformed", "an array is announced by its type and its shape")
        name, shape = entry
        if not isinstance(name, str) or name not in DTYPES:
            raise ChannelError("malformed", f"no array can have the type {str(name)[:40]!r}")
        _check_shape(shape)
        # A zero among the axes must not hide axes that no machine could index.
        size = math.prod(max(axis, 1) for axis in shape) * DTYPES[name].itemsize
        if size > left:
            raise ChannelError(
                "too large", f"over {quota.array_bytes} bytes of arrays in a message"
            )
        left -= size
        layout.append((DTYPES[name], tuple(shape)))
    return layout


def _check_shape(shape: Any) -> None:
    whole = isinstance(shape, list) and len(shape) <= MAX_AXES
    # type() and not isinstance(): True would pass as an axis of 1
    if not whole or not all(type(axis) is int and axis >= 0 for axis in shape):
        raise ChannelError(
            "malformed", f"a shape is a list of at most {MAX_AXES} whole numbers, none negative"
        )


def _check_depth(tree: Any, limit: int) -> None:
    """Refuse nesting that would make later, recursive code fail."""
    level = [tree]
    for _ in range(limit + 1):
        containers = (node for node in level if isinstance(node, dict | list))
        level = [
            child
            for node in containers
            for child in (node.values() if isinstance(node, dict) else node)
        ]
        if not level:
            return
    raise ChannelError("malformed", f"a message is nested more than {limit} deep")
