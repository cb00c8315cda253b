import pytest
from small_course import write_lesson


@pytest.fixture
def make_lesson(tmp_path):
    """Write the small course, with one text replaced by another, to a new folder."""

    def make(old="", new="", in_tests=("", "")):
        return write_lesson(tmp_path, old, new, in_tests)

    return make
