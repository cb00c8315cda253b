"""The unit of work: the bytes of one submission and the state of the tests, to one result.

It runs in any process that has the course installed, on this machine or another. The same bytes
and the same state give the same marks, so that a result may be kept, and work that was lost is
done again.
"""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING

from grading import ROOT, CourseError
from grading.cells import read_cells
from grading.confinement import Limits
from grading.isolation import ENVIRONMENT, GIVEN, require
from grading.judge import Times, judge
from grading.lesson import Lesson
from grading.quiet_import import import_quietly
from grading.results import (
    CellProblem,
    Result,
    assignment_version,
    content_hash,
    ungradable,
)

if TYPE_CHECKING:
    from grading.zygote import Zygote

DECIDING = ("tensorflow", "keras", "numpy", "scipy")  # packages whose numbers are compared

_one_at_a_time = threading.Lock()  # a test looks at process-wide things, such as TensorFlow's seed


@dataclass(frozen=True)
class Rules:
    """What holds for every submission of a run.

    Attributes
    ----------
    trust : bool
        Run submissions without isolation.
    limits : Limits
        Of each student's process.
    times : Times
        How long a student's code may take.
    root : Path or None
        The folder of another course on this machine; None for the one that is installed.
    """

    trust: bool = False
    limits: Limits = field(default_factory=Limits)
    times: Times = field(default_factory=Times)
    root: Path | None = None

    def lesson(self, name: str) -> Lesson:
        """Return the files of a notebook."""
        return Lesson(name, self.root or ROOT)


@dataclass(frozen=True)
class Job:
    """One submission to judge.

    Attributes
    ----------
    data : bytes
        The notebook or module.
    name : str
        The file's name, as tracebacks show it.
    lesson : str
        Which notebook it answers.
    version : str
        The state of everything that decides on the marks, see `lesson_version`.
    rules : Rules
        What holds for every submission of the run.
    """

    data: bytes
    name: str
    lesson: str
    version: str
    rules: Rules = Rules()

    @property
    def key(self) -> str:
        """A name for the work: equal work has equal names."""
        return f"{self.lesson}-{content_hash(self.data)}-{self.version}"


@cache
def lesson_version(name: str, rules: Rules) -> str:
    """Return the name of the state of everything that decides on the marks of a lesson.

    Parameters
    ----------
    name : str
        The notebook's.
    rules : Rules
        Limits, times and trust belong to it.
    """
    lesson = rules.lesson(name)
    given = (ROOT / module for module in GIVEN if module.endswith(".py"))
    files = [lesson.source, lesson.tests, lesson.mistakes, *sorted(given)]
    files += sorted((ROOT / "grading").glob("*.py"))
    extra = {
        "packages": {package: installed(package) for package in DECIDING},
        "rules": {
            "trust": rules.trust,
            "limits": asdict(rules.limits),
            "times": asdict(rules.times),
        },
    }
    there = [path for path in files if path.is_file()]
    return assignment_version(there, json.dumps(extra, sort_keys=True))


def worker_environment() -> dict[str, str]:
    """Return what a process that judges needs in its environment: one core, no GPU, no chatter."""
    shared = ("THREADS", "CUDA", "LOG_LEVEL", "MALLOC", "ONEDNN")
    return {n: v for n, v in ENVIRONMENT.items() if any(word in n for word in shared)}


def judged(job: Job) -> Result:
    """Judge a submission.

    Parameters
    ----------
    job : Job
        What to judge.

    Returns
    -------
    Result
        Of nobody yet: its `student` is empty. What cannot be read at all is ungradable.

    Raises
    ------
    CourseError
        If the fault is the grader's: this process has other tests, or no isolation.
        Such an outcome must not be kept.
    """
    content = content_hash(job.data)
    _check_version(job)
    try:
        cells = read_cells(job.data, job.name)
    except CourseError as error:
        return ungradable("", job.lesson, content, job.version, str(error))
    lesson = job.rules.lesson(job.lesson)
    with _one_at_a_time:
        fork = _zygote(job.rules.trust, job.rules.limits).fork
        verdict = judge(cells.to_run(lesson.exercises), lesson, fork, job.rules.times)
    return Result(
        student="",
        lesson=job.lesson,
        content=content,
        version=job.version,
        status="graded",
        exercises=verdict.exercises,
        problems=(*_read_problems(cells.problems), *verdict.problems),
        notes=verdict.notes,
        seconds=verdict.seconds,
        language=cells.language or "en",
    )


def warm(rules: Rules) -> None:
    """Import TensorFlow here and in the process that forks for students, at the same time.

    Raises
    ------
    CourseError
        If submissions cannot be isolated here.
    """
    with ThreadPoolExecutor(1) as beside:
        zygote = beside.submit(_zygote, rules.trust, rules.limits)
        import_quietly("tensorflow", "keras")
        zygote.result()


def _check_version(job: Job) -> None:
    mine = lesson_version(job.lesson, job.rules)
    if mine != job.version:
        raise CourseError(
            f"this worker has another state of the course ({mine[:12]}) than the grader "
            f"({job.version[:12]}) for {job.lesson}: install the same course and the same "
            f"versions of {', '.join(DECIDING)} on both, and start the worker again"
        )


@cache
def _zygote(trust: bool, limits: Limits) -> "Zygote":
    """Return the process that forks for students; it ends with this one."""
    from grading.zygote import Zygote

    if not trust:
        require()
    return Zygote(limits, trust=trust).__enter__()


def _read_problems(problems: tuple[str, ...]) -> tuple[CellProblem, ...]:
    return tuple(CellProblem("", problem) for problem in problems)
