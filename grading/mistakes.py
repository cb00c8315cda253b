"""Known mistakes: which one explains what a student's function gave.

The catalogue of a notebook stands beside its tests, in `tests/exercises/mistakes_NAME.py`, as
three lists of data: `RIGHT`, `READERS` and `MISTAKES`. It is only asked when an exercise has
failed, and runs in the judge's process, where nothing of the student's runs: a mistake is known by
what it gives for the arguments of the calls that were recorded.
"""

import contextlib
import inspect
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from grading import CourseError, results
from grading.known import KnownMistake, Like, Reader, Sight, plain, same
from grading.known_anywhere import general_mistakes
from grading.recorder import Recorded
from grading.results import Call, TestResult
from grading.shown import shown, shown_call

MOST_CALLS = 5  # that a student sees of an exercise
FEW_CALLS = 3  # that are filled up with right ones
NO_END = "no answer: the call did not come to an end"
TOO_LARGE = "a value too large to be shown"


@dataclass(frozen=True)
class _Story:
    """What is known of an exercise that failed: its tests, and its calls in two views."""

    failed: Sequence[TestResult]
    passed: frozenset[str]
    views: Sequence[Sequence[Sight]]

    def says(self, pattern: str) -> bool:
        texts = (f"{test.message}\n{test.for_instructor}" for test in self.failed)
        return any(re.search(pattern, text) for text in texts)

    def agrees(self, known: KnownMistake) -> bool:
        """Tell whether a mistake explains it."""
        names = {test.name for test in self.failed}
        if not (names.issuperset(known.failing) and self.passed.issuperset(known.passing)):
            return False
        if known.message and not self.says(known.message):
            return False
        if known.doers and not any(_reproduced(w, v) for w in known.doers for v in self.views):
            return False
        return known.fits is None or any(_shown_by(known.fits, v) for v in self.views)


@dataclass(frozen=True)
class Catalogue:
    """The known mistakes of a notebook.

    Attributes
    ----------
    mistakes : sequence of KnownMistake
        In order: of those that fit, the first counts.
    right : mapping of str to callable
        For each exercise a right function, in NumPy.
    readers : mapping of str to Reader
        By the name of what was called.
    """

    mistakes: Sequence[KnownMistake] = ()
    right: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    readers: Mapping[str, Reader] = field(default_factory=dict)

    def mistake(
        self, exercise: str, tests: Sequence[TestResult], calls: Sequence[Recorded]
    ) -> results.Mistake | None:
        """Return the mistake that explains why an exercise failed.

        Parameters
        ----------
        exercise : str
            Which one.
        tests : sequence of TestResult
            All of its tests.
        calls : sequence of Recorded
            What they called, hidden tests too.
        """
        with _in_silence():
            views = [self._sights(exercise, view) for view in _views(calls)]
            failed = [test for test in tests if not test.passed]
            passed = frozenset(test.name for test in tests if test.passed)
            story = _Story(failed, passed, views)
            for known in (*self.mistakes, *general_mistakes(exercise)):
                if known.exercise == exercise and story.agrees(known):
                    return results.Mistake(known.name, known.sentence)
        return None

    def calls(
        self, exercise: str, tests: Sequence[TestResult], calls: Sequence[Recorded]
    ) -> tuple[Call, ...]:
        """Return what a student may see of the calls, those of tests that failed first.

        The parameters are those of `mistake`.
        """
        wrong = {test.name for test in tests if not test.passed}
        visible = [call for call in _views(calls)[0] if not call.test.hidden]
        first = [call for call in visible if call.test.name in wrong]
        with _in_silence():
            told = [self._told(exercise, call) for call in first]
            told = sorted(told, key=lambda item: item[1])[:MOST_CALLS]
            rest = [call for call in visible if call.test.name not in wrong]
            told += [self._told(exercise, c) for c in rest[: max(FEW_CALLS - len(told), 0)]]
        return tuple(dict.fromkeys(call for call, _ in told))

    def _sights(self, exercise: str, calls: Sequence[Recorded]) -> list[Sight]:
        """Read the calls that returned, the smallest first: most mistakes are ruled out there."""
        sights = []
        for call in calls:
            if call.returned:
                with contextlib.suppress(Exception):  # it was called as nobody had thought of
                    sights.append(self._sight(exercise, call))
        return sorted(sights, key=lambda sight: sight.size)

    def _sight(self, exercise: str, call: Recorded) -> Sight:
        """Read a call; raise whatever comes if it cannot be read."""
        reader = self._reader(exercise, call)
        with _files_back(call.files):
            args = reader.asked(*call.args, **call.kwargs)
        came = reader.came(plain(call.came)) if call.returned else None
        return Sight(args, came, self.right[exercise])

    def _reader(self, exercise: str, call: Recorded) -> Reader:
        if call.name in self.readers:
            return self.readers[call.name]
        if call.name != exercise:
            raise LookupError(f"the catalogue has no reader of {call.name}")
        return Reader(lambda *args, **kwargs: (*self._bound(exercise, args, kwargs).values(),))

    def _bound(
        self, exercise: str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the arguments by the names that they have in the right function."""
        bound = inspect.signature(self.right[exercise]).bind(*args, **kwargs)
        bound.apply_defaults()
        return {name: plain(value) for name, value in bound.arguments.items()}

    def _told(self, exercise: str, call: Recorded) -> tuple[Call, bool]:
        """Return a call as a student sees it, and whether it is right."""
        called, came, right, fine = self._called(exercise, call), "", "", False
        with contextlib.suppress(Exception):  # nothing is known to be right
            sight = self._sight(exercise, call)
            right = _shown_right(sight.right)
            fine = call.returned and same(sight.came, sight.right)
            reader = self._reader(exercise, call)
            called = reader.called(*sight.args) if reader.called else called
            if reader.told:
                right = reader.told(sight.right)
                came = reader.told(sight.came) if call.returned else ""
        if not call.returned:
            came = _error_in(call) or (TOO_LARGE if call.ended else NO_END)
        return Call(called, came or shown(call.came), right), fine

    def _called(self, exercise: str, call: Recorded) -> str:
        """Return a call with the arguments that were given, by name if possible."""
        names: list[str] = []
        if exercise in self.right and call.name == exercise:
            names = [*inspect.signature(self.right[exercise]).parameters]
        numbered = [*names, *map(str, range(len(names), len(call.args)))]
        given = dict(zip(numbered, call.args, strict=False))
        return shown_call(call.name, given | call.kwargs)


def read_catalogue(
    path: Path, exercises: Sequence[str], tests: Mapping[str, str] | None = None
) -> Catalogue:
    """Read the catalogue of a notebook; where there is no file, nothing special is known.

    Parameters
    ----------
    path : Path
        The file.
    exercises : sequence of str
        The notebook's.
    tests : mapping of str to str, optional
        For each test its exercise.

    Raises
    ------
    CourseError
        If one of the lists is missing, or an entry names an exercise or a test that the notebook
        has not, is there twice, or cannot be known by anything.
    """
    if not path.is_file():
        return Catalogue()
    module = ModuleType(path.stem)
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), vars(module))
    try:
        found = Catalogue(tuple(module.MISTAKES), module.RIGHT, module.READERS)
    except AttributeError as error:
        raise CourseError(f"{path.name} needs RIGHT, READERS and MISTAKES: {error}") from error
    names = [(known.exercise, known.name) for known in found.mistakes]
    for known in found.mistakes:
        fault = _fault(known, exercises, tests or {})
        if names.count((known.exercise, known.name)) > 1:
            fault = "there is another of this name"
        if fault:
            raise CourseError(f"{path.name}: {known.exercise}, {known.name!r}: {fault}")
    return found


def _fault(known: KnownMistake, exercises: Sequence[str], tests: Mapping[str, str]) -> str:
    """Return what is wrong with an entry."""
    if known.exercise not in exercises:
        return f"the notebook has only the exercises {', '.join(exercises)}"
    named = [*known.failing, *known.passing]
    foreign = [name for name in named if tests.get(name) != known.exercise]
    if foreign:
        return f"{foreign[0]} is no test of this exercise"
    if not (known.doers or known.fits or known.message or named):
        return "nothing says how it is known"
    try:
        re.compile(known.message)
    except re.error as error:
        return f"its message is no regular expression: {error}"
    return ""


def _reproduced(wrong: Callable[..., Any], sights: Sequence[Sight]) -> bool:
    """Tell whether a mistake gives what came in all calls, and not what is right in some."""
    differs = False
    try:
        for sight in sights:
            expected = wrong(*sight.args)
            if not same(sight.came, expected):
                return False
            differs = differs or not same(sight.right, expected)
    except Exception:  # such arguments are not for this mistake
        return False
    return differs


def _shown_by(fits: Callable[[Sequence[Sight]], bool], sights: Sequence[Sight]) -> bool:
    """Tell whether calls that returned show a mistake."""
    try:
        return bool(sights) and bool(fits(sights))
    except Exception:  # what came is not of the kind that this mistake gives
        return False


def _views(calls: Sequence[Recorded]) -> list[list[Recorded]]:
    """Return the calls in two ways.

    A test may call a function twice: with the student's other functions, and with stand-ins for
    them. Both tell, but not together. The first view prefers stand-ins.
    """
    views = []
    for preferred in (True, False):
        have = {call.test.name for call in calls if call.stand_ins == preferred}
        views.append([c for c in calls if c.stand_ins == preferred or c.test.name not in have])
    return views if len(views[0]) < len(calls) else views[:1]


def _error_in(call: Recorded) -> str:
    """Return the error of the student's function, as a text, even if a helper called it."""
    return call.error.rpartition(" stopped with ")[2]


def _shown_right(value: Any) -> str:
    """Return what is right as a text; it may say what it is like."""
    if isinstance(value, Like):
        return value.text
    if isinstance(value, tuple):
        return f"({', '.join(map(_shown_right, value))})"
    return shown(value)


@contextlib.contextmanager
def _files_back(files: Mapping[str, bytes]) -> Iterator[None]:
    """Put the files of a call back for the length of a `with` block."""
    with contextlib.ExitStack() as stack:
        for path in map(Path, files):
            if not path.parent.is_dir():
                path.parent.mkdir()
                stack.callback(path.parent.rmdir)
            if not path.exists():
                path.write_bytes(files[str(path)])
                stack.callback(path.unlink, missing_ok=True)
        yield


@contextlib.contextmanager
def _in_silence() -> Iterator[None]:
    with warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"):
        yield
