"""Broken and hostile submissions: nobody gains a mark, reads a secret or hurts a neighbour."""

import os
import resource
import tempfile
import zipfile

import pytest
from classroom import FULL
from handed_in import (
    FACES,
    IN_THE_ENVIRONMENT,
    IN_THE_TESTS,
    NEVER_SHOWN,
    RULES,
    SECRETS,
    SLACK,
    TIMES,
    marks_of,
    released,
    solved,
)
from hostile import ALL
from students import needs_isolation

from grading import worker
from grading.exports import remarks
from grading.feedback import MOST_BYTES, feedback_page
from grading.intake import collect
from grading.lesson import Lesson
from grading.results import dumps
from grading.worker import Job, judged, lesson_version

pytestmark = needs_isolation

MOST_MEMORY = 600_000_000  # bytes that the judge may need for a submission, whatever it does


@pytest.fixture(scope="module", autouse=True)
def environment():
    """Have a secret in the grader's environment."""
    os.environ["COURSE_HOSTILE"] = IN_THE_ENVIRONMENT
    yield
    del os.environ["COURSE_HOSTILE"]


@pytest.fixture(scope="module")
def zygote(environment):
    """Keep one zygote, the worker's own, for all samples of this module."""
    worker.warm(RULES)
    yield worker._zygote(RULES.trust, RULES.limits)
    worker._zygote(RULES.trust, RULES.limits).close()
    worker._zygote.cache_clear()


def most_memory():
    """Return the most bytes that this process has had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_the_secret_of_the_tests_is_in_a_hidden_one():
    assert IN_THE_TESTS in Lesson(FACES).tests.read_text(encoding="utf-8")
    assert IN_THE_TESTS not in str(released(FACES))


def test_no_two_samples_have_the_same_name():
    assert len({sample.student for sample in ALL}) == len(ALL) >= 60


@pytest.mark.parametrize("sample", ALL, ids=lambda sample: sample.student)
def test_it_gets_what_it_deserves(sample, tmp_path, zygote):
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        sample.hand_in(tmp_path / "submitted", archive)
    root = tmp_path / ("class.zip" if sample.folder else "submitted")
    (submission,) = collect([root], tmp_path / "unpacked")
    said = " ".join(submission.problems)
    if submission.path is None:
        assert sample.marks is None
        assert sample.says in said
        return
    version = lesson_version(submission.lesson, RULES)
    data, name = submission.path.read_bytes(), submission.path.name
    before = most_memory()
    result = judged(Job(data, name, submission.lesson, version, RULES))
    assert most_memory() - before < MOST_MEMORY
    text, page = dumps(result), feedback_page(result)
    assert sample.fits(marks_of(result)), text
    assert sample.says in said + text
    assert not [secret for secret in SECRETS if secret in text]
    assert not [word for word in sample.unseen if word in page + remarks(result)]
    assert not [sign for sign in NEVER_SHOWN if sign in page]
    assert len(page.encode()) <= MOST_BYTES
    assert result.seconds < TIMES.submission + SLACK
    assert max(exercise.seconds for exercise in result.exercises) < TIMES.exercise + SLACK


def test_pictures_reach_the_student_where_temporary_files_lie_elsewhere(zygote, monkeypatch):
    """An instructor's TMPDIR may be anywhere; a student can write to /tmp alone."""
    version = lesson_version(FACES, RULES)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as elsewhere:
        monkeypatch.setattr(tempfile, "tempdir", elsewhere)
        result = judged(Job(solved("elsewhere"), "faces.ipynb", FACES, version, RULES))
        assert os.listdir(elsewhere) == []  # noqa: PTH208 - their names are enough
    assert marks_of(result) == FULL
