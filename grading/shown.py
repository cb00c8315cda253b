"""Calls and values as short texts for students."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from grading.codec import Opaque, Proxy

MAX_VALUES = 16  # numbers of an array that are written out
MAX_ITEMS = 8  # of a list
MAX_TEXT = 300  # characters of a text


def shown(value: Any, depth: int = 3) -> str:
    """Return a value as a text: a number, a few values, or kind and shape.

    Parameters
    ----------
    value : object
        Plain data, arrays, tensors; of all else only the kind is told.
    depth : int
        How many levels of lists in lists are written out.
    """
    if isinstance(value, list | tuple | dict):
        return _several(value, depth - 1) if depth else "…"
    if isinstance(value, Proxy):
        return str(value.__name__)
    if value is None or isinstance(value, bool | np.bool_ | str | bytes | int | float | np.number):
        return _one(value)
    if isinstance(value, Opaque) or not hasattr(value, "shape"):
        return f"<{type(value).__name__}>"
    return _array(value)


def shown_call(name: str, arguments: Mapping[str, Any]) -> str:
    """Return a call as Python writes it; arguments without a name have a number for one."""
    parts = [
        shown(value) if key.isdecimal() else f"{key}={shown(value)}"
        for key, value in arguments.items()
    ]
    return f"{name}({', '.join(parts)})"


def _one(value: Any) -> str:
    if isinstance(value, str | bytes):
        return repr(value[:MAX_TEXT])
    if value is None or isinstance(value, bool | np.bool_):
        return str(value)
    if isinstance(value, int | np.integer):
        # Of more than 4,300 digits Python would not write it at all.
        return f"{value:d}" if abs(int(value)) < 10**20 else f"about 2**{int(value).bit_length()}"
    return str(value) if isinstance(value, np.complexfloating) else f"{value:.7g}"


def _several(value: Any, depth: int) -> str:
    more = ["…"] if len(value) > MAX_ITEMS else []
    if isinstance(value, dict):
        pairs = list(value.items())[:MAX_ITEMS]
        texts = [f"{shown(key, depth)}: {shown(item, depth)}" for key, item in pairs]
        return "{" + ", ".join(texts + more) + "}"
    text = ", ".join([shown(item, depth) for item in value[:MAX_ITEMS]] + more)
    if isinstance(value, list):
        return f"[{text}]"
    return f"({text},)" if len(value) == 1 else f"({text})"


def _array(value: Any) -> str:
    """Return the values of a small array; of another one its kind and shape."""
    kind = "array" if isinstance(value, np.ndarray) else "tensor"
    try:
        array = np.asarray(value)
    except Exception:  # a symbol of a graph, which has no values
        return f"{kind} without values"
    if array.ndim == 0:
        return shown(array.item()) if array.dtype.kind in "biufc" else str(array)
    about = f"{kind} of shape {array.shape}"
    if not 0 < array.size <= MAX_VALUES:
        return about
    written = np.array2string(array, separator=", ", formatter={"float_kind": "{:.7g}".format})
    return f"{about}: {' '.join(written.split())}"
