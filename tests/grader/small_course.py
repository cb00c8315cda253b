"""Two small NumPy notebooks, so that the machinery is tested in seconds."""

from pathlib import Path

from grading.lesson import Lesson

SOURCE = '''
# ---
# jupyter:
#   course:
#     points: 7
# ---

# %% [markdown]
# # Two sums

# %% tags=["setup"]
import os

# %matplotlib inline
import numpy as np

STEPS = int(os.environ.get("COURSE_STEPS", "200"))

# %% checks=true

# %% exercise="double"
def double(x):
    """Return twice x."""
    ### BEGIN SOLUTION
    secret = 2 * x
    return secret
    ### END SOLUTION

# %% tests="double" points=3

# %% exercise="total"
def total(x):
    """Return the sum of all entries of x."""
    ### BEGIN SOLUTION
    return double(x).sum() / 2
    ### END SOLUTION

# %% tests="total" points=4

# %%
for _ in range(STEPS):
    result = total(np.ones(3))
result
'''

TESTS = '''
"""What is right in this notebook."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

# Three entries, all different.
SAMPLE = [1.0, 2.0, 4.0]
SECRET_SAMPLE = [5.0, 7.0]


def sample():
    return np.array(SAMPLE)


def secret_sample():
    return np.array(SECRET_SAMPLE)


# Twice, for each entry.
def test_double_of_a_sample(double):
    got = double(sample())
    assert_allclose(got, [2, 4, 8], err_msg=f"double({SAMPLE}) must be [2, 4, 8]; got {got}")


@pytest.mark.hidden
def test_double_of_a_secret_sample(double):
    assert math.isclose(double(secret_sample())[1], 14)


def test_total_of_a_sample(total):
    assert total(sample()) == 7, f"total({SAMPLE}) must be 7"


@pytest.mark.hidden
def test_total_of_a_matrix(total):
    assert_array_equal(total(np.ones((2, 3))), 6)
'''

AREA_SOURCE = '''
# ---
# jupyter:
#   course:
#     points: 5
# ---

# %% [markdown]
# # Areas

# %% exercise="area"
def area(width, height):
    """Return the area of a rectangle."""
    ### BEGIN SOLUTION
    return width * height
    ### END SOLUTION

# %% tests="area" points=5

# %%
from pathlib import Path

Path("output").mkdir(exist_ok=True)
Path("output/area.png").write_text(str(area(2, 3)))
'''

BUNDLES = """
[sums]
files = []

[areas]
files = []
"""

AREA_TESTS = """
def test_area_of_a_rectangle(area):
    assert area(2, 3) == 6, "area(2, 3) must be 6"
"""


def write_area_lesson(root: Path) -> Lesson:
    """Write the second, smaller notebook to the folder of the course."""
    lesson = Lesson("areas", root)
    write(lesson.source, AREA_SOURCE)
    write(lesson.tests, AREA_TESTS)
    return lesson


def write_lesson(
    root: Path, old: str = "", new: str = "", in_tests: tuple[str, str] = ("", "")
) -> Lesson:
    """Write the small course to a folder, with one text replaced in its source or its tests."""
    lesson = Lesson("sums", root)
    write(lesson.source, SOURCE, old, new)
    write(lesson.tests, TESTS, *in_tests)
    write(root / "notebooks" / "bundles.toml", BUNDLES)
    return lesson


def write(path: Path, text: str, old: str = "", new: str = "") -> None:
    assert old in text, f"the small course has no {old!r}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text((text.replace(old, new) if old else text).lstrip(), encoding="utf-8")
