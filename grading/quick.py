"""Results without a database or a folder: for one notebook, or for a program that asks."""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from grading import CourseError
from grading.intake import Submission, collect
from grading.results import Result, content_hash, ungradable
from grading.worker import Job, Rules, judged, lesson_version


def results_of(paths: Iterable[Path], rules: Rules) -> Iterator[Result]:
    """Judge submissions one after the other; nothing is kept.

    Parameters
    ----------
    paths : iterable of Path
        Notebooks, modules, folders, archives.
    rules : Rules
        What holds for every submission.

    Yields
    ------
    Result
        In order of student and notebook.

    Raises
    ------
    CourseError
        If there is nothing to grade, or the grader itself fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        submissions = collect(paths, Path(folder))
        if not submissions:
            raise CourseError(f"no notebook or module was found in {', '.join(map(str, paths))}")
        for submission in submissions:
            yield _result(submission, rules)


def _result(submission: Submission, rules: Rules) -> Result:
    if submission.lesson is None or submission.path is None:
        reason = " ".join(submission.problems) or "it could not be read"
        origin = content_hash(submission.origin.encode("utf-8", "replace"))
        lesson = submission.lesson or "?"
        return ungradable(submission.student or "?", lesson, origin, "?", reason)
    version = lesson_version(submission.lesson, rules)
    name = submission.path.name
    job = Job(submission.path.read_bytes(), name, submission.lesson, version, rules)
    return replace(judged(job), student=submission.student or submission.path.stem)
