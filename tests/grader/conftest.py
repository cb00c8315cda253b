import pytest
from kernels import kill, servers
from small_course import write_lesson


@pytest.fixture
def make_lesson(tmp_path):
    """Write the small course, with one text replaced by another, to a new folder."""

    def make(old="", new="", in_tests=("", "")):
        return write_lesson(tmp_path, old, new, in_tests)

    return make


@pytest.fixture(scope="session", autouse=True)
def runtime_folder(tmp_path_factory):
    """Keep the sockets of warm kernels' servers out of the user's, and end the servers."""
    folder = tmp_path_factory.mktemp("runtime")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        yield folder
    kill(servers(folder))
