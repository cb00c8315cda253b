"""What is known of an exercise while it is judged, and the record that comes of it."""

from dataclasses import dataclass, field
from typing import Literal

from grading.checks import ExerciseTest
from grading.codec import RemoteError
from grading.mistakes import Catalogue
from grading.recorder import Recorder
from grading.results import ExerciseResult, TestResult

UNWRITTEN = "write the body"
MAX_MESSAGE = 2_000  # characters

Status = Literal["passed", "failed", "missing", "stopped"]


@dataclass
class Sheet:
    """What is known of an exercise so far.

    Attributes
    ----------
    exercise : str
        Its name.
    tests : dict of str to TestResult
        What came of its tests, by their names.
    recorder : Recorder
        The calls that they made.
    printed, printed_more : str, int
        What was printed in the visible tests, and how many bytes of that were not kept.
    lost : str
        How its process was lost, if it was; see `ChannelError.kind`.
    undefined, unreached : bool
        Whether no cell defines it; whether there was no process in which it could be called.
    alone : bool
        Whether it was judged without the cells of other exercises.
    idioms : tuple of str
        The idioms of TensorFlow 1 for whose sake it was judged under its first version.
    """

    exercise: str
    tests: dict[str, TestResult] = field(default_factory=dict)
    recorder: Recorder = field(default_factory=Recorder)
    printed: str = ""
    printed_more: int = 0
    lost: str = ""
    undefined: bool = False
    unreached: bool = False
    alone: bool = False
    idioms: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether no test has failed so far."""
        return all(test.passed for test in self.tests.values())

    @property
    def right(self) -> int:
        """How many tests have passed."""
        return sum(test.passed for test in self.tests.values())

    @property
    def unwritten(self) -> bool:
        """Whether it is as it was released."""
        return all(UNWRITTEN in test.message for test in self.tests.values())

    @property
    def status(self) -> Status:
        """What is said of it in one word."""
        if self.tests and self.passed:
            return "passed"
        if self.undefined or self.unwritten:
            return "missing"
        return "stopped" if self.lost or self.unreached else "failed"

    def fail(self, test: ExerciseTest, why: str) -> None:
        """Note that a test could not be run."""
        self.tests[test.name] = TestResult(test.name, test.hidden, False, why)

    def result(self, max_points: float, catalogue: Catalogue) -> ExerciseResult:
        """Return the record, with what explains a failure.

        Parameters
        ----------
        max_points : float
            What it is worth: all points if every test passes, else none, as nbgrader counts.
        catalogue : Catalogue
            The known mistakes.
        """
        known = self.exercise, (*self.tests.values(),), self.recorder.calls
        tried = self.status in ("failed", "stopped")
        return ExerciseResult(
            name=self.exercise,
            points=max_points if self.status == "passed" else 0,
            max_points=max_points,
            status=self.status,
            tests=(*self.tests.values(),),
            mistake=None if self.status == "passed" else catalogue.mistake(*known),
            calls=catalogue.calls(*known) if tried else (),
            printed=self.printed,
            printed_more=self.printed_more,
            seconds=sum(test.seconds for test in self.tests.values()),
        )


def outcome(test: ExerciseTest, error: Exception | None, seconds: float) -> TestResult:
    """Return what came of a test that ran to its end, with what a student may know of it.

    Parameters
    ----------
    test : ExerciseTest
        Which one.
    error : Exception or None
        What it raised.
    seconds : float
        How long it took.
    """
    if error is None:
        return TestResult(test.name, test.hidden, True, seconds=seconds)
    message = _sentence(error, test.exercise)
    if test.hidden:
        general = _general(test.exercise, message)
        return TestResult(test.name, True, False, general, "", message, seconds)
    return TestResult(test.name, False, False, message, _where(error), "", seconds)


def _general(exercise: str, message: str) -> str:
    """Return what a student learns of a hidden test that fails."""
    if message == f"{exercise}: {UNWRITTEN}":  # which tells nothing of the test
        return message
    return (
        f"{exercise} is not right yet in a test that is not shown: try other sizes, numbers and "
        "arguments than those of the tests above."
    )


def _sentence(error: Exception, exercise: str) -> str:
    text = str(error)[:MAX_MESSAGE]
    if isinstance(error, AssertionError | NotImplementedError) and text:
        return text
    reason = f"{type(error).__name__}: {text or 'no message'}"
    if isinstance(error, RemoteError):
        return f"{exercise} stopped with {reason}"
    return f"{exercise} returned what this test cannot work with ({reason})"


def _where(error: BaseException) -> str:
    """Return the trace of the student's own error that lies behind an error."""
    current: BaseException | None = error
    while current is not None:
        if isinstance(current, RemoteError):
            return current.trace
        current = current.__cause__
    return ""
