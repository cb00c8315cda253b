"""What runs in a student's process: the cells, and the functions when the judge calls them.

Only imports, definitions of functions and classes, and assignments of literals are executed, so a
long run in a notebook costs nothing. A statement that fails costs itself only.
"""

import ast
import inspect
import io
import linecache
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from types import ModuleType
from typing import Any
from unittest.mock import patch

from IPython.core.inputtransformer2 import TransformerManager

from grading.channel import Channel
from grading.codec import StudentCodec, tensorflow
from grading.remote import Peer

DEFINITIONS = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef
MAX_PRINTED = 8_000  # characters of what is printed between two looks at it
MAX_FRAMES = 4  # places of a trace


def serve(channel: Channel) -> None:
    """Do what the judge asks for until it closes the channel.

    Parameters
    ----------
    channel : Channel
        To the judge.
    """
    Desk(channel).serve()


def plain_python(source: str) -> str:
    """Turn IPython's own syntax (`%magic`, `!command`, `name?`) into Python."""
    return TransformerManager().transform_cell(source)


def run_cell(name: str, source: str, namespace: dict[str, Any]) -> list[str]:
    """Execute the definitions of a cell.

    Parameters
    ----------
    name : str
        What tracebacks call it.
    source : str
        Its text; IPython's own syntax is understood.
    namespace : dict
        Where the definitions go.

    Returns
    -------
    list of str
        What went wrong, one sentence each.
    """
    try:
        python, statements = _parsed(source, name)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return [f"{name}: {type(error).__name__}: {error}"]
    _remember(name, python)
    problems = []
    for statement in filter(_is_definition, statements):
        try:
            exec(compile(ast.Module([statement], []), name, "exec"), namespace)
        except (Exception, SystemExit) as error:  # whatever an import or a decorator raises
            problems.append(
                f"{name}, line {statement.lineno}: {type(error).__name__}: {_text(error)}"
            )
    return problems


def _parsed(source: str, name: str) -> tuple[str, list[ast.stmt]]:
    """Return a cell as Python, and its statements."""
    if "In [" not in source:  # a copied prompt is Python too, but means something else
        with suppress(SyntaxError, ValueError):
            return f"{source}\n", ast.parse(source, name).body
    python = plain_python(source)
    return python, ast.parse(python, name).body


def own_functions(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return the functions that were defined in a namespace, not those imported into it."""
    return {
        name: value
        for name, value in namespace.items()
        if getattr(value, "__module__", None) == namespace["__name__"] and callable(value)
    }


class Desk:
    """Holds what a student defined and does with it what the judge asks for.

    Parameters
    ----------
    channel : Channel
        To the judge.
    """

    def __init__(self, channel: Channel) -> None:
        # Registered, because dataclasses and pickle look a class's module up.
        self._cells = _module("submission")
        self._helpers = _module("checks")
        self._names: set[str] = set()
        self._planted: list[ExitStack] = []
        self._version_1 = False
        self._printed = _Printed()
        self._codec = StudentCodec(self._object, self._call)
        self._peer = Peer(channel, self._codec, self._callable, trusting=True)
        self._peer.where = self._where

    def serve(self) -> None:
        """Answer the judge until it is gone."""
        sys.stdout = sys.stderr = self._printed
        self._peer.serve()

    # What the judge can ask for

    def learn(self, text: str, version_1: bool = False) -> None:
        """Take the helpers of the checks, as a module.

        With `version_1`, TensorFlow is to be its first version in the cells, eager as ever.
        """
        self._version_1 = version_1
        _remember("<checks>", text)
        exec(compile(text, "<checks>", "exec"), vars(self._helpers))
        self._codec.public = vars(self._helpers)

    def run(self, name: str, source: str) -> list[str]:
        """Execute the definitions of a cell and return what went wrong."""
        self._names.add(name)
        problems = run_cell(name, source, vars(self._cells))
        if self._version_1:
            _put_version_1(vars(self._cells))
        return problems

    def defined(self, names: list[str], without: list[str]) -> list[str]:
        """Forget some names; return those of the others that the cells define as functions."""
        for name in without:
            vars(self._cells).pop(name, None)
        functions = own_functions(vars(self._cells))
        return [name for name in names if name in functions]

    def plant(self, function: Any, names: dict[str, Any]) -> None:
        """Give a function these global names until `unplant`."""
        inner = inspect.unwrap(getattr(function, "python_function", function))
        stack = ExitStack()
        stack.enter_context(patch.dict(getattr(inner, "__globals__", {}), names))
        self._planted.append(stack)

    def unplant(self) -> None:
        """Undo the last `plant`."""
        self._planted.pop().close()
        self._peer.forget()

    def printed(self) -> tuple[str, int]:
        """Return what was printed since the last time, and how many bytes more there were."""
        return self._printed.take()

    # How things are found

    def _call(self, reference: Any, args: Any, kwargs: Any) -> Any:
        return self._peer.call(reference, args, kwargs)

    def _object(self, reference: tuple[Any, ...]) -> Any:
        """Find what the judge names: (kind, name)."""
        kind, name = reference
        if kind == "desk":
            return getattr(self, name)
        return vars(self._helpers if kind == "helper" else self._cells)[name]

    def _callable(self, reference: tuple[Any, ...]) -> Any:
        function = self._object(reference)
        # Behind tf.function the checks' many shapes would each be traced, with warnings.
        return getattr(function, "python_function", function)

    def _where(self, error: BaseException) -> str:
        """Return the lines of the student's cells through which an error came."""
        current: BaseException | None = error
        while current is not None:
            frames = traceback.extract_tb(current.__traceback__)
            own = [frame for frame in frames if frame.filename in self._names]
            if own:
                return "\n".join(f"{f.filename}, line {f.lineno}: {f.line}" for f in _ends(own))
            current = current.__cause__
        return ""


class _Printed(io.TextIOBase):
    """Takes what is printed; keeps the beginning, counts the rest."""

    def __init__(self) -> None:
        self._kept = ""
        self._dropped = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        room = MAX_PRINTED - len(self._kept)
        self._kept += text[:room]
        self._dropped += len(text[room:].encode(errors="replace"))
        return len(text)

    def take(self) -> tuple[str, int]:
        taken = self._kept, self._dropped
        self._kept, self._dropped = "", 0
        return taken


def _put_version_1(namespace: dict[str, Any]) -> None:
    """Put the first version of TensorFlow in the place of the second, under whatever name."""
    tf = tensorflow()
    if tf is None:
        return
    tf.get_logger().setLevel("ERROR")  # it warns of every name that is out of date
    for name, value in list(namespace.items()):
        if value is tf:
            namespace[name] = tf.compat.v1


def _is_definition(statement: ast.stmt) -> bool:
    if isinstance(statement, DEFINITIONS):
        return True
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
        return False
    try:
        ast.literal_eval(statement.value)
    except (ValueError, TypeError, RecursionError, MemoryError):
        return False
    return True


def _remember(name: str, python: str) -> None:
    """Let AutoGraph and tracebacks read the source of what is defined in this text."""
    linecache.cache[name] = (len(python), None, python.splitlines(keepends=True), name)


def _module(name: str) -> ModuleType:
    module = ModuleType(name)
    sys.modules[name] = module
    return module


def _ends(frames: list[Any]) -> Iterator[Any]:
    """Yield the first and the last of many frames: a recursion has a thousand."""
    if len(frames) <= MAX_FRAMES:
        yield from frames
    else:
        yield from frames[: MAX_FRAMES // 2]
        yield from frames[-MAX_FRAMES // 2 :]


def _text(error: BaseException) -> str:
    try:
        return str(error)[:300]
    except Exception:  # an error class of the student's own
        return "no message"
