"""Values as JSON trees and arrays: what the judge and a student's process tell each other.

Plain data travel both ways: None, numbers, text, lists, tuples, dicts, arrays, tensors. The judge
also sends what both sides know by name (functions and classes of the visible checks and of the
given modules), instances of those classes, files that a check wrote, and references to
functions of its own. A student's process is not believed: whatever is no plain data arrives from
there as an `Opaque`, an empty object whose class has the name of the student's.
"""

import builtins
import math
import re
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from grading.channel import DTYPES, ChannelError, type_name

MAX_DEPTH = 12  # of lists in lists; a channel allows 64 levels of JSON, and some nodes take three
MAX_KEYS = 5_000  # of all dicts of a message: numbers can be chosen so that their hashes collide
MAX_DIGITS = 1_000  # JSON of a longer whole number is refused
MAX_NUMBERS = 4_000_000  # of all arrays of a message: tests look at each of them many times
MAX_NAME = 60  # characters of a class or a function that the other side names


class Opaque:
    """Stands for a value of the student's that is no plain data."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class OpaqueArray(Opaque):
    """The same for a value that NumPy can read."""

    def __init__(self, numbers: np.ndarray) -> None:
        self.numbers = numbers

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.numbers, dtype=dtype, copy=copy)


class RemoteError:
    """Base of the errors that were raised on the other side; see `error_of`.

    Attributes
    ----------
    message : str
        What the error said.
    trace : str
        Where in the student's cells it arose, one line a call.
    """

    message: str
    trace: str

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Proxy:
    """A function on the other side.

    Attributes
    ----------
    call : callable
        Takes the reference, the positional and the named arguments.
    reference : tuple
        What the other side knows it by.
    """

    call: Callable[[tuple[Any, ...], tuple[Any, ...], dict[str, Any]], Any] = field(repr=False)
    reference: tuple[Any, ...]

    # AutoGraph shall call it as it is, not rewrite the machinery behind it.
    autograph_info__ = None

    @property
    def __name__(self) -> str:
        return str(self.reference[-1])

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.call(self.reference, args, kwargs)


@dataclass
class Packed:
    """A value, taken apart.

    Attributes
    ----------
    tree : JSON
        Its structure.
    arrays : list of np.ndarray
        Its arrays.
    tensors : list of tf.Tensor
        Its tensors.
    in_graph : bool
        Whether these may be symbols without values.
    """

    in_graph: bool = False
    tree: Any = None
    arrays: list[np.ndarray] = field(default_factory=list)
    tensors: list[Any] = field(default_factory=list)
    _seen: dict[int, tuple[Any, list[Any]]] = field(default_factory=dict)

    def once(self, value: Any, node: Callable[[], list[Any]]) -> list[Any]:
        """Return the node of a value; it is made once, however often the value occurs."""
        if id(value) not in self._seen:
            self._seen[id(value)] = (
                value,
                node(),
            )  # the value is kept, so that its id stays its own
        return self._seen[id(value)][1]

    def array(self, tag: str, array: np.ndarray) -> list[Any]:
        """Keep an array and return its node."""
        self.arrays.append(array)
        return [tag, len(self.arrays) - 1]

    def tensor(self, tensor: Any) -> list[Any]:
        """Keep a tensor and return its node."""
        self.tensors.append(tensor)
        return ["tensor", len(self.tensors) - 1]


class Codec:
    """Takes plain data apart and puts them together; both sides build on it."""

    def pack(self, value: Any, *, in_graph: bool = False) -> Packed:
        """Take a value apart.

        Parameters
        ----------
        value : object
            Anything; what cannot travel becomes an `Opaque` or a reference.
        in_graph : bool
            Whether tensors of a graph are taken too; the sender has to find values for them.
        """
        packed = Packed(in_graph=in_graph)
        packed.tree = self._node(value, packed, MAX_DEPTH)
        return packed

    def unpack(self, tree: Any, arrays: Sequence[np.ndarray], tensors: Sequence[Any]) -> Any:
        """Put a value together again.

        Raises
        ------
        ChannelError
            If the tree is none that `pack` makes.
        """
        try:
            return _Builder(self, arrays, tensors).build(tree)
        except (IndexError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise ChannelError("malformed", f"a value cannot be put together: {error}") from error

    def foreign(self, value: Any, packed: Packed, depth: int) -> Any:
        """Return the node of what is no plain data."""
        return ["opaque", type(value).__name__[:MAX_NAME], *_readable(value, packed)]

    def special(self, tag: str, parts: list[Any], builder: "_Builder") -> Any:
        """Put together what only one side may send."""
        raise ChannelError("malformed", f"a value cannot be of the kind {tag[:40]!r}")

    def _node(self, value: Any, packed: Packed, depth: int) -> Any:
        if value is None or type(value) in (bool, float, str):
            return value
        if type(value) is int:
            return value if abs(value) < 10**MAX_DIGITS else ["opaque", "int"]
        if depth == 0:
            return ["opaque", type(value).__name__[:MAX_NAME]]
        # Asked for is the type, as an object can lie about its class.
        kind = type(value)
        if issubclass(kind, list | tuple):
            tag = "list" if issubclass(kind, list) else "tuple"
            return [tag, [self._node(item, packed, depth - 1) for item in value]]
        if issubclass(kind, dict):
            pairs = [[key, item] for key, item in value.items()]
            return ["dict", [[self._node(x, packed, depth - 1) for x in pair] for pair in pairs]]
        return self._leaf(value, packed, depth)

    def _leaf(self, value: Any, packed: Packed, depth: int) -> Any:
        kind = type(value)
        if issubclass(kind, np.ndarray | np.generic):
            tag = "array" if issubclass(kind, np.ndarray) else "scalar"
            if type_name(value.dtype) in DTYPES:
                return packed.once(value, lambda: packed.array(tag, np.asarray(value)))
        elif issubclass(kind, complex):
            return ["complex", value.real, value.imag]
        elif issubclass(kind, bytes):
            return ["bytes", value.hex()]
        elif _is_tensor(value) and (packed.in_graph or hasattr(value, "numpy")):
            return packed.once(value, lambda: packed.tensor(_as_tensor(value)))
        for plain in (bool, int, float, str):  # a class of the student's own on top of these
            if issubclass(kind, plain):
                return self._node(plain(value), packed, depth)
        return self.foreign(value, packed, depth)


class JudgeCodec(Codec):
    """Packs for a student's process; takes nothing but plain data from it.

    Parameters
    ----------
    public : mapping of str to object
        The functions and classes of the visible checks.
    modules : collection of str
        The given modules, which a student can import.
    """

    def __init__(self, public: Mapping[str, Any], modules: Collection[str] = ()) -> None:
        self.modules = frozenset(modules)
        self.exports: dict[int, Any] = {}
        self._names = {id(value): name for name, value in public.items()}
        self._public = dict(public)  # keeps the objects, so that their ids stay their own
        self._next = 0

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Take back, at the end of the block, what the other side can call since its beginning."""
        before = self._next
        try:
            yield
        finally:
            self.exports = {n: value for n, value in self.exports.items() if n <= before}

    def foreign(self, value: Any, packed: Packed, depth: int) -> Any:
        """Return a name or a reference."""
        if isinstance(value, Proxy):
            return ["back", list(value.reference)]
        if isinstance(value, FunctionType | type) and value.__module__ in self.modules:
            return ["given", value.__module__, value.__qualname__]
        if isinstance(value, Path):
            return ["path", self._node(str(value), packed, depth)]
        self._next += 1
        self.exports[self._next] = value
        return ["remote", self._next, getattr(value, "__name__", type(value).__name__)]

    def unpack(self, tree: Any, arrays: Sequence[np.ndarray], tensors: Sequence[Any]) -> Any:
        """Put a value together again, if it is not too large to be looked at."""
        count = sum(math.prod(numbers.shape) for numbers in [*arrays, *tensors])
        if count > MAX_NUMBERS:
            raise ChannelError("too large", f"{count} numbers in a value, over {MAX_NUMBERS}")
        return super().unpack(tree, arrays, tensors)

    def special(self, tag: str, parts: list[Any], builder: "_Builder") -> Any:
        """Return an object of the judge's own that the student gives back."""
        if tag == "back" and len(parts) == 1 and type(parts[0]) is int:
            return self.exports.get(parts[0], opaque("function"))
        return super().special(tag, parts, builder)

    def _node(self, value: Any, packed: Packed, depth: int) -> Any:
        if type(value) is str and _is_own_file(value):
            content = np.frombuffer(Path(value).read_bytes(), np.uint8)
            return ["file", value, *packed.array("array", content)[1:]]
        if id(value) in self._names:
            return ["public", self._names[id(value)]]
        # Before anything asks such an object for an attribute: some are traps.
        if id(type(value)) in self._names:
            state = self._node(vars(value), packed, depth - 1)
            return ["instance", self._names[id(type(value))], state]
        return super()._node(value, packed, depth)


class StudentCodec(Codec):
    """Packs for the judge; believes what the judge sends.

    Parameters
    ----------
    resolve : callable
        Finds an object of this side by the reference that the judge knows it by.
    call : callable
        Calls a function of the judge's.
    """

    def __init__(
        self,
        resolve: Callable[[tuple[Any, ...]], Any],
        call: Callable[[tuple[Any, ...], tuple[Any, ...], dict[str, Any]], Any],
    ) -> None:
        self.public: Mapping[str, Any] = {}
        self._resolve = resolve
        self._call = call

    def foreign(self, value: Any, packed: Packed, depth: int) -> Any:
        """Return the judge's own object to it; of all else, a dict or only its type."""
        if type(value) is Proxy:
            return ["back", value.reference[0]]
        # A network that answers model[name] may stand for the dict of its activations.
        if hasattr(type(value), "keys") and hasattr(type(value), "__getitem__"):
            return self._node(dict(value), packed, depth)
        return super().foreign(value, packed, depth)

    def special(self, tag: str, parts: list[Any], builder: "_Builder") -> Any:
        """Put together what only the judge may send."""
        make = getattr(self, f"_make_{tag}", None)
        return make(builder, *parts) if make else super().special(tag, parts, builder)

    def _make_back(self, _builder: "_Builder", reference: list[Any]) -> Any:
        return self._resolve(tuple(reference))

    def _make_public(self, _builder: "_Builder", name: str) -> Any:
        return self.public[name]

    def _make_instance(self, builder: "_Builder", name: str, state: Any) -> Any:
        kind = self.public[name]
        instance = kind.__new__(kind)
        vars(instance).update(builder.build(state))
        return instance

    def _make_given(self, _builder: "_Builder", module: str, name: str) -> Any:
        return getattr(import_module(module), name)

    def _make_path(self, builder: "_Builder", text: Any) -> Path:
        return Path(builder.build(text))

    def _make_remote(self, _builder: "_Builder", number: int, name: str) -> Proxy:
        return Proxy(self._call, (number, name))

    def _make_file(self, builder: "_Builder", name: str, index: int) -> str:
        path, content = Path(name), builder.arrays[index].tobytes()
        # Without isolation both sides see the same file already.
        if not path.is_file() or path.read_bytes() != content:
            folder = Path(tempfile.gettempdir())  # the judge's may be closed to this side
            path = path if path.is_relative_to(folder) else folder.joinpath(*path.parts[1:])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return str(path)


class _Builder:
    """Builds one value from its tree."""

    def __init__(self, codec: Codec, arrays: Sequence[np.ndarray], tensors: Sequence[Any]) -> None:
        self.codec = codec
        self.arrays = arrays
        self.tensors = tensors
        self._keys = 0

    def build(self, node: Any) -> Any:
        if node is None or isinstance(node, bool | int | float | str):
            return node
        tag, *parts = node
        make = getattr(self, f"_make_{tag}", None)
        return make(*parts) if make else self.codec.special(str(tag), parts, self)

    def _make_list(self, items: list[Any]) -> list[Any]:
        return [self.build(item) for item in items]

    def _make_tuple(self, items: list[Any]) -> tuple[Any, ...]:
        return tuple(self.build(item) for item in items)

    def _make_dict(self, pairs: list[Any]) -> dict[Any, Any]:
        self._keys += len(pairs)
        if self._keys > MAX_KEYS:
            raise ChannelError("too many", f"more than {MAX_KEYS} keys in dicts")
        return {self.build(key): self.build(value) for key, value in pairs}

    def _make_array(self, index: int) -> np.ndarray:
        return self._at(self.arrays, index)

    def _make_scalar(self, index: int) -> Any:
        return self._at(self.arrays, index).reshape(())[()]

    def _make_tensor(self, index: int) -> Any:
        return self._at(self.tensors, index)

    def _make_complex(self, real: float, imaginary: float) -> complex:
        return complex(float(real), float(imaginary))

    def _make_bytes(self, text: str) -> bytes:
        return bytes.fromhex(text)

    def _make_opaque(self, name: str, index: int | None = None) -> Opaque:
        return opaque(name, None if index is None else self._at(self.arrays, index))

    @staticmethod
    def _at(values: Sequence[Any], index: int) -> Any:
        if type(index) is not int or index < 0:
            raise IndexError(f"no place {index!r}")
        return values[index]


def opaque(name: str, numbers: np.ndarray | None = None) -> Opaque:
    """Return an object that tells nothing but the name of its class and, perhaps, numbers."""
    kind = _opaque_class(_plain_name(name), numbers is not None)
    return kind() if numbers is None else kind(numbers)


@lru_cache(maxsize=256)
def _opaque_class(name: str, readable: bool) -> Any:
    return type(name, (OpaqueArray if readable else Opaque,), {})


def error_of(name: str, message: str, trace: str = "") -> Exception:
    """Return an error like the one that was raised on the other side.

    Parameters
    ----------
    name : str
        Its class. A built-in one is a base of the class of what is returned; any other, and what
        would end a process, becomes an `Exception` of that name.
    message : str
        What it says.
    trace : str
        Where it arose.
    """
    kind = _error_class(_plain_name(name))
    error: Any = kind.__new__(kind)  # some classes cannot be called with one text
    error.message, error.trace = message, trace
    return error


@lru_cache(maxsize=256)
def _error_class(name: str) -> type[Exception]:
    base: Any = getattr(builtins, name, None)
    if not isinstance(base, type) or not issubclass(base, Exception):
        base = Exception
    if issubclass(base, BaseExceptionGroup):  # which needs members to be made
        base = Exception
    return type(name, (RemoteError, base), {})


def _plain_name(name: Any) -> str:
    return re.sub(r"\W", "_", str(name), flags=re.ASCII)[:MAX_NAME] or "object"


def _readable(value: Any, packed: Packed) -> list[Any]:
    """Return the place of the numbers in an object that NumPy can read, if it has some."""
    if not hasattr(type(value), "__array__"):
        return []
    try:
        numbers = np.asarray(value)
    except Exception:  # whatever a student's class raises
        return []
    return packed.array("array", numbers)[1:] if numbers.dtype.name in DTYPES else []


def _is_own_file(text: str) -> bool:
    """Tell whether a text is the path of a file that a check has just written."""
    if not text.startswith(tempfile.gettempdir()) or len(text) > 4096 or "\0" in text:
        return False
    return Path(text).is_file()


def tensorflow() -> Any:
    """Return TensorFlow where it is loaded; without it no value can be a tensor."""
    return sys.modules.get("tensorflow")


def _is_tensor(value: Any) -> bool:
    """Tell whether a value is a tensor or a variable of numbers, and neither sparse nor ragged."""
    tf = tensorflow()
    if tf is None or not tf.is_tensor(value):
        return False
    if isinstance(value, tf.SparseTensor | tf.RaggedTensor):
        return False
    return getattr(value.dtype, "name", value.dtype) in DTYPES  # Keras names its types by text


def _as_tensor(value: Any) -> Any:
    return (
        value if isinstance(value, tensorflow().Tensor) else tensorflow().convert_to_tensor(value)
    )
