"""What every test needs: quiet TensorFlow, one more option, the data of the real network."""

import os
from functools import cache
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def pytest_addoption(parser):
    parser.addoption(
        "--submission",
        metavar="PATH",
        type=Path,
        help="judge the exercise functions of this notebook or module, not of the solution",
    )


@pytest.fixture(scope="session")
def test_data():
    """Return the folder with layers of the real VGG-19 that COURSE_TEST_DATA names."""
    folder = os.environ.get("COURSE_TEST_DATA")
    if not folder:
        pytest.skip("COURSE_TEST_DATA names no folder with layers of the real VGG-19")
    return Path(folder)


def pytest_configure(config):
    """Tell of a submission that cannot be judged before anything else is done."""
    path = config.getoption("--submission")
    if path:
        tests_judging(path)


def pytest_ignore_collect(collection_path, config):
    """With --submission read no other test files: they take time and are not about it."""
    path = config.getoption("--submission")
    is_other = path and collection_path.is_file() and not judges(collection_path, path)
    return True if is_other else None


def pytest_collection_modifyitems(config, items):
    """With --submission drop other tests that were asked for by name, too."""
    path = config.getoption("--submission")
    if path:
        kept = [item for item in items if judges(item.path, path)]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept


def judges(test_file, path):
    return test_file.resolve() in tests_judging(path)


@cache
def tests_judging(path):
    """Return the test files of each notebook of which a submission defines an exercise.

    They judge all exercises of that notebook, those that the submission lacks too.
    """
    from grading import CourseError
    from grading.lesson import lessons
    from grading.submission import read_submission

    try:
        submission = read_submission(path)
    except CourseError as error:
        raise pytest.UsageError(str(error)) from error
    known = lessons()
    defined = [lesson for lesson in known if {*lesson.exercises} & {*submission.functions}]
    if not defined:
        names = "; ".join(f"{lesson.name}: {', '.join(lesson.exercises)}" for lesson in known)
        reasons = "".join(f"\n{problem}" for problem in submission.problems)
        raise pytest.UsageError(f"{path} defines no exercise of a notebook ({names}){reasons}")
    return {lesson.tests.resolve() for lesson in defined}
