"""What the judge finds of a submission, as plain data."""

from dataclasses import asdict, dataclass
from typing import Any

from grading.results import TestResult


@dataclass(frozen=True)
class ExerciseVerdict:
    """What came of an exercise.

    Attributes
    ----------
    name : str
        Of its function.
    points, possible : int
        All points if every test passes, else none, as nbgrader counts.
    tests : tuple of TestResult
        In order.
    printed : str
        What the function printed in the visible tests.
    problems : tuple of str
        What went wrong with its cells.
    alone : bool
        Whether it was judged without the cells of other exercises, having failed with them.
    """

    name: str
    points: int
    possible: int
    tests: tuple[TestResult, ...]
    printed: str = ""
    problems: tuple[str, ...] = ()
    alone: bool = False

    @property
    def passed(self) -> bool:
        """Whether every test passed."""
        return bool(self.tests) and all(test.passed for test in self.tests)


@dataclass(frozen=True)
class Verdict:
    """What came of a submission; `to_json` makes plain data of it.

    Attributes
    ----------
    lesson : str
        The notebook's name.
    exercises : tuple of ExerciseVerdict
        In order.
    problems : dict of str to list of str
        For each cell that has any, what went wrong when it was read.
    starts : int
        How many processes it took.
    seconds : float
        How long it took.
    """

    lesson: str
    exercises: tuple[ExerciseVerdict, ...]
    problems: dict[str, list[str]]
    starts: int
    seconds: float

    @property
    def points(self) -> int:
        """The sum."""
        return sum(exercise.points for exercise in self.exercises)

    @property
    def possible(self) -> int:
        """The most that there is."""
        return sum(exercise.possible for exercise in self.exercises)

    def to_json(self) -> dict[str, Any]:
        """Return the same as plain data."""
        return {**asdict(self), "points": self.points, "possible": self.possible}
