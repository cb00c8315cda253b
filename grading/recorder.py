"""The calls that tests make of a student's function, kept so that a failure can be explained.

Nothing is copied and nothing is put into words here: most submissions are right, and then nobody
asks.
"""

import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grading.checks import ExerciseTest

MAX_CALLS = 500  # of one exercise
MAX_NUMBERS = 4_000_000  # that the calls of one exercise may return and have kept


class NotKept:
    """Stands for a value that was too large to be kept."""


@dataclass
class Recorded:
    """A call of a student's function, or of a helper that calls it in the student's process.

    Attributes
    ----------
    test : ExerciseTest
        Which test made it.
    name : str
        What was called: the exercise, or the helper.
    args, kwargs : sequence, dict
        What it was given.
    stand_ins : bool
        Whether right functions, or traps, stood in the place of the student's other ones.
    files : dict of str to bytes
        The files that the test had written for this call, and has removed since.
    came : object
        What came back.
    error : str
        What was raised in its place, as ``"TypeError: ..."``.
    ended : bool
        Whether there was an end of any kind.
    """

    test: ExerciseTest
    name: str
    args: Sequence[Any]
    kwargs: dict[str, Any]
    stand_ins: bool = False
    files: dict[str, bytes] = field(default_factory=dict)
    came: Any = None
    error: str = ""
    ended: bool = False

    @property
    def returned(self) -> bool:
        """Whether something came back that was kept."""
        return self.ended and not self.error and not isinstance(self.came, NotKept)


class Recorder:
    """Keeps the calls of one exercise.

    Attributes
    ----------
    calls : list of Recorded
        In order.
    test : ExerciseTest or None
        The test that runs now; without one nothing is kept.
    """

    def __init__(self) -> None:
        self.calls: list[Recorded] = []
        self.test: ExerciseTest | None = None
        self._depth = 0
        self._room = MAX_NUMBERS

    def call(
        self, name: str, args: Sequence[Any], kwargs: dict[str, Any], do: Callable[[], Any]
    ) -> Any:
        """Do a call and keep what comes of it."""
        if self.test is None or len(self.calls) >= MAX_CALLS:
            return do()
        call = Recorded(self.test, name, args, kwargs, self._depth > 0, _files(args, kwargs))
        self.calls.append(call)
        try:
            came = do()
        except Exception as error:  # the test's to judge
            call.error, call.ended = f"{type(error).__name__}: {error}", True
            raise
        call.came, call.ended = self._kept(came), True
        return came

    @contextmanager
    def standing_in(self) -> Iterator[None]:
        """Mark what is called in a `with` block as called among stand-ins."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    def _kept(self, came: Any) -> Any:
        self._room -= _numbers(came)
        return came if self._room >= 0 else NotKept()


def _files(args: Sequence[Any], kwargs: dict[str, Any]) -> dict[str, bytes]:
    """Read the files that were written for a call: a test removes them when it is over."""
    texts = [value for value in (*args, *kwargs.values()) if type(value) is str]
    paths = [text for text in texts if text.startswith(tempfile.gettempdir())]
    return {path: Path(path).read_bytes() for path in paths if Path(path).is_file()}


def _numbers(value: Any) -> int:
    """Return how many numbers there are in a value, roughly."""
    if isinstance(value, dict):
        return sum(map(_numbers, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(_numbers, value))
    if isinstance(value, str | bytes):
        return len(value)
    try:
        return math.prod(getattr(value, "numbers", value).shape)
    except (AttributeError, TypeError, ValueError):  # a number, or axes that are unknown
        return 1
