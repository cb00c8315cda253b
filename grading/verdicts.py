"""What the judge finds of a submission, as plain data."""

import math
from dataclasses import dataclass

from grading.results import CellProblem, ExerciseResult


@dataclass(frozen=True)
class Verdict:
    """What came of a submission.

    Attributes
    ----------
    lesson : str
        The notebook's name.
    exercises : tuple of ExerciseResult
        In order.
    problems : tuple of CellProblem
        What went wrong when its cells were run.
    notes : tuple of str
        What student and instructor should know of how it was judged.
    starts : int
        How many processes it took.
    seconds : float
        How long it took.
    """

    lesson: str
    exercises: tuple[ExerciseResult, ...]
    problems: tuple[CellProblem, ...]
    notes: tuple[str, ...]
    starts: int
    seconds: float

    @property
    def points(self) -> float:
        """The sum."""
        return math.fsum(exercise.points for exercise in self.exercises)

    @property
    def max_points(self) -> float:
        """The most that there is."""
        return math.fsum(exercise.max_points for exercise in self.exercises)
