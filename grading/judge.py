"""Marks for one submission: the tests run here, the student's functions in a process of their own.

The tests of a lesson are executed in this process, which must never run a student's code. They
call the student's functions through proxies. Of the tests' file only what students may see goes
into their process, and the `inside_` helpers, which run there what cannot be called from
afar. A process that hangs, dies or forges costs the exercise at hand: the next exercise
gets a new one, without the cells that were guilty.

A student's code can remember what a hidden test gave it, and say so later. Therefore the visible
tests of all exercises come first, and of what a process says afterwards nothing is shown.
"""

import contextlib
import re
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from grading import CourseError
from grading.answer_key import AnswerKey, LessonFiles, read_answers
from grading.checks import ExerciseTest
from grading.old_tensorflow import old_idioms, present_name
from grading.remote import PeerLostError
from grading.results import CellProblem, ExerciseResult, TestResult
from grading.seat import Process, Seat
from grading.sheet import MAX_MESSAGE, Sheet, outcome
from grading.verdicts import Verdict

MAX_PRINTED = 8_000  # characters that are shown of what an exercise prints
MAX_PROBLEMS = 50  # of a cell
SECOND_WAIT = 0.25  # of the time of a call, for a function that has hung before
MAX_STARTS = 8  # processes for one submission, and three more for each exercise


@dataclass(frozen=True)
class Times:
    """How long a student's code may take, in seconds of the clock.

    Attributes
    ----------
    call : float
        One call of a function, or one cell.
    cells : float
        All cells, whenever a process is started.
    exercise : float
        All tests of an exercise.
    submission : float
        Everything.
    """

    call: float = 10.0
    cells: float = 20.0
    exercise: float = 30.0
    submission: float = 120.0


def judge(
    cells: Sequence[tuple[str, str]],
    lesson: LessonFiles,
    connect: Callable[[], Process],
    times: Times = Times(),
) -> Verdict:
    """Run all tests of a lesson against a submission.

    Parameters
    ----------
    cells : sequence of (str, str)
        Name and text of each code cell, in order. The names appear in traces and must differ.
    lesson : Lesson
        Whose tests to run. They are kept for the next submission.
    connect : callable
        Gives a fresh process of the student's, see `Process`.
    times : Times
        How long the student's code may take.

    Raises
    ------
    CourseError
        If a process ends before it began, or the tests break a rule: the fault is the grader's.
    """
    start = time.perf_counter()
    key = read_answers(lesson)
    with contextlib.closing(_Judgement(cells, key, connect, times)) as judgement:
        exercises = judgement.judged()
    seconds = time.perf_counter() - start
    problems = (*judgement.cell_problems(),)
    notes = (*judgement.notes,)
    return Verdict(lesson.name, exercises, problems, notes, judgement.starts, seconds)


class _Judgement:
    """Judges one submission."""

    def __init__(
        self,
        cells: Sequence[tuple[str, str]],
        key: AnswerKey,
        connect: Callable[[], Process],
        times: Times,
    ) -> None:
        self.starts = 0
        self.notes: list[str] = []
        self._problems: dict[str, list[str]] = {}  # of each cell
        self._cells = list(cells)
        self._key = key
        self._connect = connect
        self._times = times
        self._end = time.monotonic() + times.submission
        self._seat: Seat | None = None  # where all cells have been run
        self._guilty_cells: set[str] = set()  # not run again
        self._guilty_functions: set[str] = set()  # not to be called by others
        self._exercises = {name: _exercises_in(text, key.points) for name, text in cells}
        if len(self._exercises) < len(self._cells):
            raise ValueError("two cells have the same name")

    def judged(self) -> tuple[ExerciseResult, ...]:
        """Return what comes of each exercise."""
        sheets = [Sheet(exercise) for exercise in self._key.points]
        for hidden in (False, True):
            for sheet in sheets:
                self._test_with_others(sheet, hidden=hidden)
        self.close()
        sheets = [self._better_alone(sheet) for sheet in self._better_in_version_1(sheets)]
        self._take_notes(sheets)
        points, catalogue = self._key.points, self._key.catalogue
        return tuple(sheet.result(points[sheet.exercise], catalogue) for sheet in sheets)

    def cell_problems(self) -> list[CellProblem]:
        """Return what went wrong with the cells."""
        return [
            CellProblem(name, problem.removeprefix(name).lstrip(":, "))
            for name, problems in self._problems.items()
            for problem in problems
        ]

    def close(self) -> None:
        """End the student's process."""
        if self._seat:
            self._seat.close()
        self._seat = None

    # ---- exercises

    def _test_with_others(self, sheet: Sheet, *, hidden: bool) -> None:
        """Run tests of an exercise where all cells have been run."""
        if sheet.lost:
            self._fail(sheet, hidden, f"This test was not run: {sheet.exercise} ended one before.")
            return
        self._seat = self._seat or self._started(None)
        self._test(sheet, self._seat, hidden=hidden)
        if sheet.lost:
            self._guilty_functions.add(sheet.exercise)
            self.close()

    def _better_in_version_1(self, sheets: list[Sheet]) -> list[Sheet]:
        """If the submission speaks TensorFlow 1, see whether it is better under that."""
        wrong = {s.exercise: s for s in sheets if not s.passed and not s.lost and not s.undefined}
        # Hidden tests have no say here: what a function complains about is told to the student.
        said = {
            name: [c.error for c in sheet.recorder.calls if not c.test.hidden]
            for name, sheet in wrong.items()
        }
        idioms = {name: old_idioms(errors) for name, errors in said.items()}
        if not any(idioms.values()):
            return sheets
        every = dict.fromkeys(idiom for own in idioms.values() for idiom in own)
        again = {name: Sheet(name, idioms=(*(idioms[name] or every),)) for name in wrong}
        seat = self._started(None, version_1=True)
        for hidden in (False, True):
            for sheet in again.values():
                self._test(sheet, seat, hidden=hidden)
        if seat:
            seat.close()
        return [max(s, again.get(s.exercise, s), key=lambda sheet: sheet.right) for s in sheets]

    def _better_alone(self, sheet: Sheet) -> Sheet:
        """If an exercise has failed, see whether it is right without the others' cells."""
        if sheet.passed or not self._may_be_hurt_by_others(sheet):
            return sheet
        alone = Sheet(sheet.exercise, alone=True)
        seat = self._started(sheet.exercise, self._patience(sheet))
        try:
            for hidden in (False, True):
                if alone.passed:
                    self._test(alone, seat, hidden=hidden)
        finally:
            if seat:
                seat.close()
        return alone if alone.passed else sheet

    def _may_be_hurt_by_others(self, sheet: Sheet) -> bool:
        own = [name for name, exercises in self._exercises.items() if sheet.exercise in exercises]
        others = {e for exercises in self._exercises.values() for e in exercises}
        others.discard(sheet.exercise)
        return bool(own and others and not sheet.unwritten)

    def _patience(self, sheet: Sheet) -> float:
        """Return how long to wait for a call of an exercise that is judged again."""
        if sheet.lost != "late":
            return self._times.call
        # Most likely it hangs, but another exercise may have been in its way.
        return self._times.call * SECOND_WAIT

    def _take_notes(self, sheets: Sequence[Sheet]) -> None:
        """Note what was judged in another way than usual."""
        for sheet in sheets:
            if sheet.alone:
                self.notes.append(
                    f"{sheet.exercise} was judged without the cells of other exercises, which "
                    "disturb it."
                )
            if sheet.idioms:
                now = "; ".join(map(present_name, sheet.idioms))
                self.notes.append(
                    f"{sheet.exercise} was judged under tensorflow.compat.v1: {now}."
                )

    def _problems_of(self, exercise: str) -> list[str]:
        mine = [name for name, own in self._exercises.items() if exercise in own]
        return [problem for name in mine for problem in self._problems.get(name, ())]

    # ---- processes

    def _started(
        self, only: str | None, call: float | None = None, *, version_1: bool = False
    ) -> Seat | None:
        """Start a process and run the cells in it, without those that have ended one before.

        With `only`, those of other exercises are left out.
        """
        most = MAX_STARTS + 3 * len(self._key.points)
        while self.starts < most and time.monotonic() < self._end:
            self.starts += 1
            seat = Seat(self._connect(), self._key.names, call or self._times.call)
            try:
                seat.ask("learn", self._key.public, version_1)
            except PeerLostError as lost:
                raise CourseError(f"a student's process {seat.end()} before it began") from lost
            if self._ran_all(seat, only):
                return seat
            seat.close()
        return None

    def _ran_all(self, seat: Seat, only: str | None) -> bool:
        """Run the cells; tell whether the process is still there."""
        seat.peer.end = min(time.monotonic() + self._times.cells, self._end)
        for name, text in self._cells:
            if self._wanted(name, only) and not self._ran(seat, name, text):
                return False
        known = list(self._key.points)
        without = [n for n in known if n != only and (only or n in self._guilty_functions)]
        try:
            found = seat.ask("defined", known, without)
        except (PeerLostError, Exception):  # a thread may have ended it meanwhile
            return False
        seat.defined = [name for name in _texts(found) if name in known]
        return True

    def _wanted(self, name: str, only: str | None) -> bool:
        exercises = self._exercises[name]
        others = only is not None and exercises and only not in exercises
        return name not in self._guilty_cells and not others

    def _ran(self, seat: Seat, name: str, text: str) -> bool:
        """Run a cell; tell whether the process is still there."""
        try:
            problems = _texts(seat.ask("run", name, text))
        except PeerLostError:
            self._guilty_cells.add(name)
            problems = [f"{name} {seat.end()}"]
        except Exception as error:  # a student's KeyboardInterrupt
            problems = [f"{name}: {type(error).__name__}"]
        if problems:
            self._problems[name] = problems
        return seat.peer.lost is None

    # ---- tests

    def _test(self, sheet: Sheet, seat: Seat | None, *, hidden: bool) -> None:
        """Run the visible or the hidden tests of an exercise."""
        exercise = sheet.exercise
        if seat is None:
            sheet.unreached = True
            why = (
                f"the cells of this notebook ended {self.starts} processes, or took all its time."
            )
            self._fail(sheet, hidden, f"{exercise} was not called: {why}")
        elif exercise not in seat.defined:
            sheet.undefined = True
            problems = "; ".join(self._problems_of(exercise)) or "no cell defines it"
            self._fail(sheet, hidden, f"{exercise} is not defined: {problems}"[:MAX_MESSAGE])
        else:
            seat.peer.end = min(time.monotonic() + self._times.exercise, self._end)
            seat.recorder = sheet.recorder
            self._key.seat = seat
            self._run(sheet, seat, self._tests(exercise, hidden))
            self._key.seat = None
            if not hidden:
                sheet.printed, sheet.printed_more = _printed(seat)
            if seat.peer.lost:
                sheet.lost = seat.peer.lost.kind

    def _tests(self, exercise: str, hidden: bool) -> list[ExerciseTest]:
        return [t for t in self._key.tests if t.exercise == exercise and t.hidden == hidden]

    def _fail(self, sheet: Sheet, hidden: bool, why: str) -> None:
        for test in self._tests(sheet.exercise, hidden):
            sheet.fail(test, why)

    def _run(self, sheet: Sheet, seat: Seat, tests: list[ExerciseTest]) -> None:
        """Run tests; once the process is lost, the rest fails."""
        for test in tests:
            if seat.peer.lost:
                sheet.fail(test, f"This test was not run: {sheet.exercise} ended one before.")
            else:
                sheet.recorder.test = test
                sheet.tests[test.name] = self._outcome(test, seat)

    def _outcome(self, test: ExerciseTest, seat: Seat) -> TestResult:
        start = time.perf_counter()
        raised: Exception | None = None
        try:
            with seat.codec.lent(), warnings.catch_warnings(action="ignore"):
                self._key.functions[test.name](seat.function(test.exercise))
        except PeerLostError:
            pass
        except Exception as error:  # whatever a test makes of what a student's function gave
            raised = error
        seconds = time.perf_counter() - start
        if seat.peer.lost is None:
            return outcome(test, raised, seconds)
        general = self._ended(test.exercise, seat)
        lost = str(seat.peer.lost)
        return TestResult(test.name, test.hidden, False, general, "", lost, seconds)

    def _ended(self, exercise: str, seat: Seat) -> str:
        """Say how an exercise lost its process."""
        if seat.peer.lost is None or seat.peer.lost.kind != "late":
            return f"{exercise} {seat.end()}."
        call, every = self._times.call, self._times.exercise
        return f"{exercise} {seat.end()} ({call:g} seconds for a call, {every:g} for all)."


def _printed(seat: Seat) -> tuple[str, int]:
    """Return what was printed since the process began, or since this was asked before.

    With it comes how many bytes more there were.
    """
    try:
        taken = seat.ask("printed")
    except (PeerLostError, Exception):  # whatever is forged costs what comes next
        return "", 0
    if not isinstance(taken, tuple) or len(taken) != 2 or type(taken[1]) is not int:
        return "", 0
    text = str(taken[0])
    beyond = len(text[MAX_PRINTED:].encode(errors="replace"))
    return text[:MAX_PRINTED], min(max(taken[1], 0), 2**62) + beyond


def _exercises_in(text: str, exercises: dict[str, int]) -> set[str]:
    """Return the exercises that a cell defines, be it Python or not."""
    found = re.findall(r"^[ \t]*def[ \t]+(\w+)", text, re.MULTILINE)
    return set(found) & set(exercises)


def _texts(problems: Any) -> list[str]:
    """Return a list of texts, whatever a process told."""
    found = problems if isinstance(problems, list) else []
    return [str(problem)[:MAX_MESSAGE] for problem in found[:MAX_PROBLEMS]]
