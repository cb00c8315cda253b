"""What a catalogue of known mistakes is made of."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

RELATIVE = 1e-3  # how near numbers are that are said to be the same, to the largest of them
ABSOLUTE = 1e-6


@dataclass(frozen=True)
class KnownMistake:
    """A mistake, and how it is known. All conditions that are given must hold.

    Attributes
    ----------
    exercise : str
        The exercise in which it is made.
    name : str
        A few words, for the class report.
    sentence : str
        How to see it, to the student. It is the same for everybody.
    wrong : callable or sequence of them
        What makes this mistake, in NumPy, with the arguments of the right function. It must give
        what the student's function gave in every call that returned, and something else
        than what is right in one of them. With several, one of them must.
    fits : callable, optional
        Takes all calls that returned, see `Sight`, and tells whether they show the mistake.
    message : str
        A regular expression, to be found in what a test that failed said.
    failing, passing : tuple of str
        Tests that must have failed, or passed.
    """

    exercise: str
    name: str
    sentence: str
    wrong: Callable[..., Any] | Sequence[Callable[..., Any]] = ()
    fits: Callable[[Sequence["Sight"]], bool] | None = None
    message: str = ""
    failing: tuple[str, ...] = ()
    passing: tuple[str, ...] = ()

    @property
    def doers(self) -> Sequence[Callable[..., Any]]:
        """The functions that make the mistake."""
        return (self.wrong,) if callable(self.wrong) else self.wrong


@dataclass(frozen=True)
class Like:
    """Stands, in what a function gives, for every value that passes a test.

    Attributes
    ----------
    fits : callable
        Takes a value.
    text : str
        How it is shown to students.
    """

    fits: Callable[[Any], bool]
    text: str = "anything"


ANYTHING = Like(lambda _value: True)


@dataclass(frozen=True)
class Reader:
    """How a recorded call is read, if not as a call of the exercise with plain arguments.

    Attributes
    ----------
    asked : callable
        Takes the arguments of the call; returns those of the right function and its wrong ones.
    came : callable
        Takes what came back; returns what is compared with what they give.
    called : callable
        Takes the same as they do; returns the call as a text.
    told : callable
        Takes what they give; returns it as a text.
    """

    asked: Callable[..., tuple[Any, ...]]
    came: Callable[[Any], Any] = lambda came: came
    called: Callable[..., str] | None = None
    told: Callable[[Any], str] | None = None


class Sight:
    """A recorded call, as the functions of the catalogue see it.

    Attributes
    ----------
    args : tuple
        Numbers as float64 arrays, as a rule; see `Reader`.
    came : object
        What came back.
    """

    def __init__(self, args: tuple[Any, ...], came: Any, right: Callable[..., Any]) -> None:
        self.args = args
        self.came = came
        self._right = right

    @cached_property
    def right(self) -> Any:
        """What is right."""
        return self._right(*self.args)

    @property
    def size(self) -> int:
        """How many bytes of numbers it was given."""
        return sum(a.nbytes for a in _arrays(self.args))


def same(came: Any, expected: Any) -> bool:
    """Tell whether two values are the same, as far as float32 can tell.

    Parameters
    ----------
    came : object
        Anything.
    expected : object
        Numbers, arrays, texts, None, or tuples and lists of them; `Like` may stand in it.
    """
    if isinstance(expected, Like):
        return isinstance(came, Like) or bool(expected.fits(came))
    if isinstance(came, Like):
        return bool(came.fits(expected))
    if expected is None or came is None or isinstance(expected, str) or isinstance(came, str):
        return type(came) is type(expected) and bool(came == expected)
    if isinstance(expected, list | tuple) and isinstance(came, list | tuple):
        pairs = zip(came, expected, strict=False)
        return len(came) == len(expected) and all(same(c, e) for c, e in pairs)
    return _near(came, expected)


def plain(value: Any) -> Any:
    """Return a value with float64 arrays in the place of tensors and of other arrays of numbers.

    What is neither, nor a list, a tuple or a dict, stays as it is.
    """
    if isinstance(value, list | tuple):
        return type(value)(map(plain, value)) if type(value) in (list, tuple) else value
    if type(value) is dict:
        return {key: plain(item) for key, item in value.items()}
    if hasattr(value, "numpy") and hasattr(value, "dtype"):
        value = value.numpy()
    if isinstance(value, np.ndarray | np.number) and value.dtype.kind in "fiu":
        return np.asarray(value, np.float64)
    return value


def _near(came: Any, expected: Any) -> bool:
    """Compare numbers and arrays."""
    try:
        came, expected = np.asarray(came, np.float64), np.asarray(expected, np.float64)
    except Exception:  # it is neither
        return False
    if came.size == expected.size == 1:
        came, expected = came.reshape(()), expected.reshape(())
    if came.shape != expected.shape:
        return False
    finite = np.abs(expected[np.isfinite(expected)])
    limit = ABSOLUTE + RELATIVE * float(finite.max(initial=0.0))
    return bool(np.isclose(came, expected, rtol=0.0, atol=limit, equal_nan=True).all())


def _arrays(value: Any) -> Iterator[np.ndarray]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, list | tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _arrays(item)
