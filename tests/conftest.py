"""What every test needs: quiet TensorFlow, one more option, the data of the real network."""

import os
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


def pytest_collection_modifyitems(config, items):
    """With --submission keep the exercise tests alone: nothing else is about the submission."""
    if config.getoption("--submission"):
        kept = [item for item in items if item.path.parent.name == "exercises"
                and not item.path.name.startswith("test_checks_")]  # fmt: skip
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept
