"""Each exercise function is a fixture: the solution's, or with --submission a student's."""

from functools import cache
from pathlib import Path

import pytest

from grading.lesson import lessons
from grading.submission import Submission, read_submission


@cache
def read(path: Path) -> Submission:
    return read_submission(path)


def exercise_fixture(name: str, solution: Path):
    @pytest.fixture(name=name, scope="session")
    def fixture(request):
        path = request.config.getoption("--submission") or solution
        submission = read(path)
        if name not in submission.functions:
            reasons = "; ".join(submission.problems) or "no cell defines it"
            pytest.fail(f"{name} is missing in {path.name}: {reasons}", pytrace=False)
        return submission.functions[name]

    return fixture


for lesson in lessons():
    for exercise in lesson.exercises:
        globals()[f"{exercise}_fixture"] = exercise_fixture(exercise, lesson.source)
