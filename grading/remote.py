"""Calls from one process to the other, one within the other as they come, with gradients.

While one side waits for an answer it serves the other's calls, so a student's function may call a
function of the judge's. If a tape is recording, a call that is given tensors of floats runs under
a tape of its own, which stays where it ran: the tape of the calling side asks it for the product
of a vector and the Jacobian. So `tf.GradientTape` sees through a call as if there were one
process, and where the other side has no gradient there is none.
"""

import itertools
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from grading.channel import ALIGNMENT, DTYPES, Channel, ChannelError
from grading.codec import Codec, Packed, Proxy, error_of, opaque, tensorflow

MAX_TAPES = 64  # calls whose gradient can still be asked for
MAX_TAPE_BYTES = 300 << 20  # of what such calls were given
LARGE = 1 << 20  # bytes of an array that is made a tensor without a copy
MAX_TEXT = 2_000  # characters of an error's message, and of its trace
REVOKED = "this function can only be called while the call that was given it lasts"


class PeerLostError(BaseException):
    """The other side is gone, late or forging; no `except Exception` of a test may hide it.

    Attributes
    ----------
    kind : str
        That of the `ChannelError` behind it.
    """

    def __init__(self, error: ChannelError) -> None:
        super().__init__(str(error))
        self.kind = error.kind


@dataclass(frozen=True)
class _Tape:
    """A call that was recorded."""

    tape: Any
    sources: list[Any]
    outputs: list[Any]

    @property
    def size(self) -> int:
        return sum(_bytes(tensor) for tensor in [*self.sources, *self.outputs])


class _Token:
    """Lives as long as a gradient can be asked for."""


class _Way(NamedTuple):
    """Where to ask for a gradient: the tape over there, which output, whether for a graph."""

    tape: int
    output: int
    in_graph: bool


class Peer:
    """One side of two that call each other.

    Parameters
    ----------
    channel : Channel
        To the other side.
    codec : Codec
        What may travel.
    resolve : callable
        Finds what a reference of the other side's names; a `LookupError` where there is nothing.
    trusting : bool
        Whether the other side is believed. If not, whatever breaks a rule ends everything.
    call_seconds : float, optional
        How long a call may take, with all that is called during it.

    Attributes
    ----------
    end : float or None
        When every call ends, by `time.monotonic`.
    lost : PeerLostError or None
        Why the other side cannot be relied on any more.
    where : callable or None
        Tells the other side where an error arose.
    """

    def __init__(
        self,
        channel: Channel,
        codec: Codec,
        resolve: Callable[[tuple[Any, ...]], Any],
        *,
        trusting: bool,
        call_seconds: float | None = None,
    ) -> None:
        self.end: float | None = None
        self.lost: PeerLostError | None = None
        self.where: Callable[[BaseException], str] | None = None
        self._channel = channel
        self._codec = codec
        self._resolve = resolve
        self._trusting = trusting
        self._call_seconds = call_seconds
        self._call_end: float | None = None
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()  # TensorFlow calls a graph's functions in its own threads
        self._tapes: dict[int, _Tape] = {}
        self._unused: list[int] = []  # tapes over there that nobody here can ask any more

    # ---- calling

    def proxy(self, *reference: Any) -> Proxy:
        """Return a function that calls the one over there which this reference names."""
        return Proxy(self.call, reference)

    def call(self, reference: Sequence[Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Call a function over there.

        Raises
        ------
        Exception
            What the function raised, see `grading.codec.error_of`.
        PeerLostError
            If the other side cannot be relied on any more.
        """
        packed = self._codec.pack([list(args), kwargs], in_graph=True)
        if all(hasattr(tensor, "numpy") for tensor in packed.tensors):
            return self._call_now(reference, packed, packed.tensors)
        return self._call_in_graph(reference, packed)

    def _call_now(
        self,
        reference: Sequence[Any],
        packed: Packed,
        tensors: Sequence[Any],
        *,
        in_graph: bool = False,
    ) -> Any:
        """Call with tensors that have values."""
        message = {"target": list(reference), "value": packed.tree, "tensors": len(tensors)}
        sources = [tensor for tensor in tensors if tensor.dtype.is_floating]
        message["record"] = bool(sources) and _recording()
        answer, arrays = self._request("call", message, [*packed.arrays, *map(_values, tensors)])
        with self._blaming():
            arrays, outputs = _opened(answer, arrays)
            number = answer.get("tape")
            if message["record"] and type(number) is int:
                outputs = self._joined(number, sources, outputs, in_graph)
            return self._codec.unpack(answer.get("value"), arrays, outputs)

    def _joined(
        self, number: int, sources: list[Any], outputs: list[Any], in_graph: bool
    ) -> list[Any]:
        """Let tapes on this side find the way from what was given to what came back."""
        token = _Token()
        weakref.finalize(token, self._unused.append, number).atexit = False
        joined, place = [*outputs], 0
        for i, output in enumerate(outputs):
            if output.dtype.is_floating:
                # One by one, because zeros for an output that nobody uses would look like a way.
                joined[i] = self._join(_Way(number, place, in_graph), token, sources, output)
                place += 1
        return joined

    def _join(self, way: _Way, token: _Token, sources: list[Any], output: Any) -> Any:
        @tensorflow().custom_gradient
        def join(*_sources: Any) -> tuple[Any, Callable[..., list[Any]]]:
            def backward(upstream: Any, token: _Token = token) -> list[Any]:
                return self._pull(way, upstream, sources)

            return tensorflow().identity(output), backward

        return join(*sources)

    def _pull(self, way: _Way, upstream: Any, sources: list[Any]) -> list[Any]:
        """Ask for the product of an upstream gradient and the Jacobian of an earlier call."""
        message = {"tape": way.tape, "output": way.output}
        answer, arrays = self._request("pull", message, [_values(upstream)])
        with self._blaming():
            has = answer.get("has")
            if not isinstance(has, list) or [type(one) for one in has] != [bool] * len(sources):
                raise ChannelError("malformed", "each tensor has a gradient or has none")
            present = [source for source, one in zip(sources, has, strict=True) if one]
            _check_like(arrays, present, "a gradient")
        tf, gradients = tensorflow(), iter(arrays)
        # Of nothing, tf.py_function would make a 0 that has not the tensor's shape.
        none = tf.zeros_like if way.in_graph else lambda _source: None
        pairs = zip(has, sources, strict=True)
        return [tf.constant(next(gradients)) if one else none(source) for one, source in pairs]

    def _call_in_graph(self, reference: Sequence[Any], packed: Packed) -> Any:
        """Put the call into the graph that is being made, as a step that runs in Python."""
        tf = tensorflow()
        message = {"target": list(reference), "value": packed.tree}
        message["symbols"] = [_symbol(tensor) for tensor in packed.tensors]
        answer, arrays = self._request("trace", message, packed.arrays)
        symbols = answer["symbols"]

        def run(*tensors: Any) -> list[Any]:
            return self._codec.pack(
                self._call_now(reference, packed, tensors, in_graph=True)
            ).tensors

        outputs = tf.py_function(run, packed.tensors, [name for name, _ in symbols])
        for output, (_, shape) in zip(outputs, symbols, strict=True):
            output.set_shape(shape)
        return self._codec.unpack(answer["value"], arrays, outputs)

    def _request(
        self, what: str, message: dict[str, Any], arrays: Sequence[np.ndarray]
    ) -> tuple[dict[str, Any], list[np.ndarray]]:
        """Send a request and wait for its answer; meanwhile serve the other side's."""
        with self._lock, self._timed():
            number = next(self._numbers)
            unused, self._unused[:] = [*self._unused], []
            self._send({"do": what, "id": number, "unused": unused, **message}, arrays)
            while True:
                answer, values = self._receive()
                if answer.get("do") in ("call", "pull", "trace"):
                    self._serve(answer, values)
                elif answer.get("id") != number or answer.get("do") not in ("return", "raise"):
                    raise self._fail(ChannelError("malformed", "this answers no question"))
                elif not self._trusting and self._channel.waiting():
                    # Or a function could answer what the next one will be asked.
                    raise self._fail(ChannelError("malformed", "it said more than was asked"))
                elif answer["do"] == "raise":
                    raise _error_in(answer)
                else:
                    return answer, values

    # ---- being called

    def serve(self) -> None:
        """Answer the other side until it is gone."""
        while True:
            try:
                self._serve(*self._receive())
            except PeerLostError:
                return

    def forget(self) -> None:
        """Drop what was recorded for gradients."""
        self._tapes.clear()

    def _serve(self, message: dict[str, Any], arrays: list[np.ndarray]) -> None:
        """Do what a message asks for and send what comes of it."""
        number = message.get("id")
        tellable = BaseException if self._trusting else Exception  # a student's SystemExit too
        try:
            answer, values = self._done(message, arrays)
            self._send({"do": "return", "id": number, **answer}, values)
        except PeerLostError:
            raise
        except tellable as error:
            if isinstance(error, ChannelError) and not self._trusting:
                raise self._fail(error) from error
            self._send({"do": "raise", "id": number, **self._told(error)}, ())

    def _done(
        self, message: dict[str, Any], arrays: list[np.ndarray]
    ) -> tuple[dict[str, Any], list[np.ndarray]]:
        for number in message.get("unused") or ():
            self._tapes.pop(number, None)
        what = message.get("do")
        if what == "pull":
            return self._pulled(message, arrays)
        if what not in ("call", "trace") or type(message.get("id")) is not int:
            raise ChannelError("malformed", "a message must say what to do, and have a number")
        function = self._resolve(tuple(message["target"]))
        return (self._run if what == "call" else self._traced)(function, message, arrays)

    def _run(
        self, function: Any, message: dict[str, Any], arrays: list[np.ndarray]
    ) -> tuple[dict[str, Any], list[np.ndarray]]:
        """Call a function of this side; keep its tape if there can be a gradient."""
        arrays, tensors = _opened(message, arrays)
        args, kwargs = self._codec.unpack(message.get("value"), arrays, tensors)
        recorded = tensors if message.get("record") is True else ()
        sources = [tensor for tensor in recorded if tensor.dtype.is_floating]
        with _watching(sources) as tape:
            packed = self._packed(function(*args, **kwargs))
        answer = {"value": packed.tree, "tensors": len(packed.tensors)}
        outputs = [tensor for tensor in packed.tensors if tensor.dtype.is_floating]
        if sources and outputs:
            answer["tape"] = message["id"]
            self._keep(message["id"], _Tape(tape, sources, outputs))
        return answer, [*packed.arrays, *map(_values, packed.tensors)]

    def _packed(self, value: Any) -> Packed:
        try:
            return self._codec.pack(value)
        except Exception:  # whatever the methods of a student's own class raise
            return self._codec.pack(opaque(type(value).__name__))

    def _keep(self, number: int, tape: _Tape) -> None:
        self._tapes[number] = tape
        while len(self._tapes) > 1 and (
            len(self._tapes) > MAX_TAPES
            or sum(kept.size for kept in self._tapes.values()) > MAX_TAPE_BYTES
        ):
            del self._tapes[next(iter(self._tapes))]

    def _pulled(
        self, message: dict[str, Any], upstream: list[np.ndarray]
    ) -> tuple[dict[str, Any], list[np.ndarray]]:
        kept = self._tapes.get(message["tape"])
        if kept is None:
            raise LookupError(f"the last {MAX_TAPES} calls have a gradient; this one is older")
        output = kept.outputs[message["output"]]
        _check_like(upstream, [output], "an upstream gradient")
        tf = tensorflow()
        gradients = kept.tape.gradient(output, kept.sources, tf.constant(upstream[0]))
        has = [gradient is not None for gradient in gradients]
        values = [_values(tf.convert_to_tensor(g)) for g in gradients if g is not None]
        return {"has": has}, values

    def _traced(
        self, function: Any, message: dict[str, Any], arrays: list[np.ndarray]
    ) -> tuple[dict[str, Any], list[np.ndarray]]:
        """Call a function of this side with symbols, to learn what it returns."""
        tf = tensorflow()
        with tf.Graph().as_default():
            tensors = [
                tf.compat.v1.placeholder(*_checked_symbol(s)) for s in message.get("symbols", ())
            ]
            args, kwargs = self._codec.unpack(message.get("value"), arrays, tensors)
            packed = self._codec.pack(function(*args, **kwargs), in_graph=True)
        symbols = [_symbol(tensor) for tensor in packed.tensors]
        return {"value": packed.tree, "symbols": symbols}, packed.arrays

    def _told(self, error: BaseException) -> dict[str, Any]:
        """What the other side learns of an error."""
        name = "ValueError" if isinstance(error, ChannelError) else type(error).__name__
        try:
            message = str(error)[:MAX_TEXT]
        except Exception:  # an error class of the student's own
            message = ""
        trace = self.where(error)[:MAX_TEXT] if self.where else ""
        return {"error": name, "message": message, "trace": trace}

    # ---- both

    def _send(self, message: dict[str, Any], arrays: Sequence[np.ndarray]) -> None:
        try:
            self._check()
            self._channel.send(message, arrays, seconds=self._left())
        except ChannelError as error:
            # What is beyond a quota is refused before its first byte, and another can be sent.
            if error.kind in ("too large", "malformed"):
                raise
            raise self._fail(error) from error

    def _receive(self) -> tuple[dict[str, Any], list[np.ndarray]]:
        try:
            self._check()
            return self._channel.receive(self._left())
        except ChannelError as error:
            raise self._fail(error) from error

    def _check(self) -> None:
        if self.lost:
            raise self.lost

    def _fail(self, error: ChannelError) -> PeerLostError:
        self.lost = self.lost or PeerLostError(error)
        self._channel.close()
        return self.lost

    @contextmanager
    def _blaming(self) -> Iterator[None]:
        """Take what cannot be understood for the end of the other side."""
        try:
            yield
        except ChannelError as error:
            raise self._fail(error) from error

    @contextmanager
    def _timed(self) -> Iterator[None]:
        """Begin the time of a call, unless it is part of another."""
        outer = self._call_end
        if outer is None:
            ends = [self.end] if self.end is not None else []
            if self._call_seconds is not None:
                ends.append(time.monotonic() + self._call_seconds)
            self._call_end = min(ends, default=None)
        try:
            yield
        finally:
            self._call_end = outer

    def _left(self) -> float | None:
        return None if self._call_end is None else max(self._call_end - time.monotonic(), 0.0)


def _recording() -> bool:
    """Tell whether a tape may ask for the gradient of what is called now."""
    try:
        from tensorflow.python.eager.record import could_possibly_record
    except ImportError:  # not public; without it every call is recorded
        return True
    return bool(could_possibly_record())


def _values(tensor: Any) -> np.ndarray:
    """Return a tensor's numbers, which `tensor.numpy()` would copy."""
    return np.asarray(tensor)


@contextmanager
def _watching(sources: list[Any]) -> Iterator[Any]:
    if not sources:
        yield None
        return
    with tensorflow().GradientTape(persistent=True) as tape:
        tape.watch(sources)
        yield tape


def _opened(
    message: dict[str, Any], arrays: list[np.ndarray]
) -> tuple[list[np.ndarray], list[Any]]:
    """Separate the arrays of a message from its tensors, which come last."""
    count = message.get("tensors", 0)
    if type(count) is not int or not 0 <= count <= len(arrays):
        raise ChannelError("malformed", "a message must hold as many tensors as it says")
    if not count:
        return arrays, []
    first = len(arrays) - count
    return arrays, [_tensor(arrays.pop(first)) for _ in range(count)]


def _tensor(array: np.ndarray) -> Any:
    """Return a tensor of an array that was received and that nobody else has."""
    import tensorflow as tf

    large = array.nbytes >= LARGE and array.dtype.name in ("float32", "float64")
    if not large or array.ctypes.data % ALIGNMENT:
        return tf.constant(array)
    array.flags.writeable = True  # or NumPy would not lend its memory
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__())


def _check_like(arrays: Sequence[np.ndarray], tensors: Sequence[Any], what: str) -> None:
    """Refuse arrays whose types or shapes are not those of the tensors."""
    fits = len(arrays) == len(tensors) and all(
        array.dtype.name == tensor.dtype.name and array.shape == tuple(tensor.shape)
        for array, tensor in zip(arrays, tensors, strict=True)
    )
    if not fits:
        raise ChannelError("malformed", f"{what} has the type and the shape of its tensor")


def _symbol(tensor: Any) -> list[Any]:
    """What a tensor of a graph is known by: its type, and its axes as far as known."""
    shape = tensor.shape
    return [tensor.dtype.name, None if shape.rank is None else shape.as_list()]


def _checked_symbol(symbol: Any) -> tuple[str, list[int | None] | None]:
    name, shape = symbol
    axes = [] if shape is None else shape
    if name not in DTYPES or not all(
        x is None or (type(x) is int and 0 <= x < 2**31) for x in axes
    ):
        raise ChannelError("malformed", "a symbol must have a type and axes that are possible")
    return name, shape


def _bytes(tensor: Any) -> int:
    return int(np.prod(tensor.shape)) * tensor.dtype.size


def _error_in(answer: dict[str, Any]) -> Exception:
    parts = (str(answer.get(key, ""))[:MAX_TEXT] for key in ("error", "message", "trace"))
    return error_of(*parts)
