"""The tests of a lesson, ready to run in a process that never runs a student's code."""

import contextlib
import linecache
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from grading.checks import INSIDE, ExerciseTest, read_key
from grading.codec import Proxy
from grading.mistakes import Catalogue, read_catalogue
from grading.seat import Seat

PLANTING = "check_globals"  # the helper that gives a function other globals
POINTS = re.compile(r'^# %%.*\btests="(\w+)".*\bpoints=(\d+)', re.MULTILINE)


class LessonFiles(Protocol):
    """What is read of a lesson; `grading.build.Lesson` has it."""

    @property
    def name(self) -> str:
        """The notebook's name."""

    @property
    def source(self) -> Path:
        """Where its exercises' points stand."""

    @property
    def tests(self) -> Path:
        """What is right."""

    @property
    def mistakes(self) -> Path:
        """What is known to go wrong; the file may be missing."""


@dataclass
class AnswerKey:
    """The tests of a lesson, ready to run.

    Attributes
    ----------
    points : dict of str to int
        What each exercise is worth, in order.
    tests : tuple of ExerciseTest
        In the order of the file.
    public : str
        The text that the student's process gets.
    names : dict of str to object
        What is defined by that text.
    functions : dict of str to callable
        The tests, by name.
    catalogue : Catalogue
        The known mistakes.
    seat : Seat or None
        Where the `inside_` helpers run now.
    """

    points: dict[str, int]
    tests: tuple[ExerciseTest, ...]
    public: str
    names: dict[str, Any] = field(default_factory=dict)
    functions: dict[str, Callable[..., None]] = field(default_factory=dict)
    catalogue: Catalogue = field(default_factory=Catalogue)
    seat: Seat | None = None

    def inside(self, name: str) -> Callable[..., Any]:
        """Return a function that runs a helper in the student's process."""

        def helper(*args: Any, **kwargs: Any) -> Any:
            return self._current().helper(name, args, kwargs)

        return helper

    @contextlib.contextmanager
    def planting(self, function: Proxy, **names: Any) -> Iterator[None]:
        """Give the student's function these global names, functions of this process among them."""
        seat = self._current()
        with seat.codec.lent(), seat.recorder.standing_in():
            seat.ask("plant", function, names)
            try:
                yield
            finally:
                seat.peer.forget()
                seat.ask("unplant")

    def _current(self) -> Seat:
        if self.seat is None:
            raise RuntimeError("a test ran without a student's process")
        return self.seat


def read_answers(lesson: LessonFiles) -> AnswerKey:
    """Make the tests of a lesson ready; as long as its files do not change, only once.

    Raises
    ------
    CourseError
        If a test, or an entry in the catalogue of mistakes, breaks a rule.
    """
    files = lesson.source, lesson.tests, lesson.mistakes
    changes = tuple(path.stat().st_mtime_ns if path.is_file() else 0 for path in files)
    return _read_answers(lesson.name, *files, changes)


@lru_cache(maxsize=16)
def _read_answers(
    name: str, source: Path, tests: Path, mistakes: Path, _changes: tuple[int, ...]
) -> AnswerKey:
    points = {n: int(p) for n, p in POINTS.findall(source.read_text(encoding="utf-8"))}
    texts = read_key(tests, list(points))
    key = AnswerKey(points, texts.tests, texts.public)
    key.catalogue = read_catalogue(
        mistakes, list(points), {t.name: t.exercise for t in texts.tests}
    )
    module = ModuleType(f"answers_{name}")
    sys.modules[module.__name__] = module  # dataclasses look there for the module of a class
    file = f"<tests of {name}>"
    lines = texts.whole.splitlines(keepends=True)
    linecache.cache[file] = (len(texts.whole), None, lines, file)
    exec(compile(texts.whole, file, "exec"), vars(module))
    key.functions = {test.name: vars(module)[test.name] for test in texts.tests}
    key.names = {n: vars(module)[n] for n in texts.public_names}
    for helper in [n for n in vars(module) if n.startswith(INSIDE)]:
        setattr(module, helper, key.inside(helper))
    if PLANTING in vars(module):
        setattr(module, PLANTING, key.planting)
    return key
