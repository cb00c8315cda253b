"""Kernels that are forked warm: they live, are interrupted and die as ordinary ones do."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from kernels import SOON, Course, Kernel, is_alive, kill, servers, until

import grading.kernel
from grading.kernel import NAME, write_kernelspec

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")

ENDLESS_C = "sum(range(10**13))"  # no signal and no other thread gets through


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A small course whose server stays for all tests that do it no harm."""
    course = Course(tmp_path_factory.mktemp("k"))
    with pytest.MonkeyPatch.context() as patch:
        course.spec(patch)
    yield course
    kill(course.servers)


@pytest.fixture
def own_course(tmp_path, monkeypatch):
    """Make a small course for one test."""
    made = []

    def make(**options):
        made.append(Course(tmp_path, **options))
        made[0].spec(monkeypatch)
        return made[0]

    yield make
    kill(made[0].servers)


# Life


def test_tensorflow_is_warm_and_works(tmp_path, runtime_folder):
    write_kernelspec(tmp_path)
    with Kernel(tmp_path / "kernels") as kernel:
        assert kernel.is_forked
        assert kernel.run("import sys; print('tensorflow' in sys.modules)") == "True\n"
        given = kernel.run("from nst_utils import *; print(CONFIG.IMAGE_WIDTH)")
        assert given.strip().isdigit()
        cell = """
            import tensorflow as tf
            @tf.function
            def square(x):
                return tf.matmul(x, x)
            with tf.GradientTape() as tape:
                x = tf.Variable(tf.ones((64, 64)))
                kernel = tf.ones((3, 3, 1, 2))
                y = tf.nn.conv2d(square(x)[None, ..., None], kernel, 1, "VALID")
                total = tf.reduce_sum(y)
            slope = tape.gradient(total, x)
            print(float(total), float(tf.reduce_mean(slope)))
        """
        total = 62 * 62 * 9 * 2 * 64.0
        printed = kernel.run("if True:\n" + cell)
        assert [float(number) for number in printed.split()] == pytest.approx(
            [total, 2 * total / 64**2], rel=1e-5
        )
        assert kernel.run("print(tf.config.list_physical_devices('GPU'))") == "[]\n"
    assert len(servers(runtime_folder)) == 1


@pytest.mark.parametrize("magic", ["%matplotlib inline", ""])
def test_pictures_are_shown(tmp_path, magic):
    write_kernelspec(tmp_path)
    with Kernel(tmp_path / "kernels") as kernel:
        if magic:
            kernel.run(magic)
        assert "image/png" in kernel.run("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")


def test_it_has_what_a_started_process_has(course, tmp_path):
    mask = os.umask(0o027)
    try:
        course.environment["MINE"] = "a b\udcff"
        with course.kernel(cwd=str(tmp_path)) as kernel:
            assert kernel.is_forked
            assert kernel.run("print(os.environb[b'MINE'])") == "b'a b\\xff'\n"
            assert kernel.run("print(os.getcwd())") == f"{tmp_path}\n"
            assert kernel.run("print(oct(os.umask(0)))") == "0o27\n"
            assert kernel.run("print(os.getpgid(0) == os.getsid(0) == os.getpid())") == "True\n"
            assert kernel.run("import sys; print(sys.argv[0], __name__)").endswith("__main__\n")
    finally:
        os.umask(mask)
        del course.environment["MINE"]


def test_two_at_once_share_a_server_and_nothing_else(course):
    with course.kernel() as one, course.kernel() as other:
        assert one.run("mine = 1") == ""
        assert other.run("mine") == "NameError"
        draw = "import numpy as np; print(np.random.rand())"
        assert one.run(draw) != other.run(draw)
        assert len(course.servers) == 1


def test_an_interrupt_stops_a_cell_and_nothing_more(course):
    with course.kernel() as kernel:
        kernel.run("kept = 5")
        kernel.begin("while True:\n    pass")
        kernel.manager.interrupt_kernel()
        reply = kernel.client.get_shell_msg(timeout=SOON)
        assert reply["content"].get("ename") == "KeyboardInterrupt"
        assert kernel.run("print(kept)").endswith("5\n")


def test_it_starts_again_and_ends_by_request(course):
    with course.kernel() as kernel:
        kernel.manager.restart_kernel()
        kernel.client.wait_for_ready(timeout=SOON)
        again = int(kernel.run("import os; print(os.getpid())"))
        assert again != kernel.pid
        assert not is_alive(kernel.pid)
        process = kernel.launcher
        kernel.manager.shutdown_kernel(now=False)
        assert process.returncode == 0
        assert until(lambda: not is_alive(again))


# Death


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("os._exit(3)", 3),
        ("os.kill(os.getpid(), 9)", -9),
        ("os.kill(os.getpid(), 15)", -15),
        ("import ctypes; ctypes.string_at(0)", -11),
        ("os.kill(os.getppid(), 9)", -9),
    ],
)
def test_the_launcher_ends_as_the_kernel_does(course, cell, code):
    with course.kernel() as kernel:
        kernel.client.execute(cell)
        assert kernel.exit_code() == code
        assert until(lambda: not is_alive(kernel.pid))
    with course.kernel() as kernel:
        assert kernel.is_forked
    assert len(course.servers) == 1


@pytest.mark.parametrize("cell", ["import time; time.sleep(1000)", ENDLESS_C])
def test_the_kernel_dies_with_its_launcher(course, cell):
    with course.kernel() as kernel:
        kernel.begin(cell)
        kernel.launcher.kill()
        assert until(lambda: not is_alive(kernel.pid))


def test_what_a_kernel_has_started_dies_with_it(course):
    with course.kernel() as kernel:
        started = "import subprocess; print(subprocess.Popen(['sleep', '1000']).pid)"
        left = int(kernel.run(started))
        assert is_alive(left)
    assert until(lambda: not is_alive(left))


def test_the_kernel_dies_with_the_program_that_has_it(course, tmp_path):
    program = (
        "import sys; from kernels import *\n"
        f"kernel = Kernel({str(course.root / 'kernels')!r}, {course.environment!r}).__enter__()\n"
        "print(kernel.pid, flush=True); time.sleep(1000)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=os.path.dirname(__file__),  # noqa: PTH120
        stdout=subprocess.PIPE,
    ) as nbgrader:
        kernel = int(nbgrader.stdout.readline())
        assert is_alive(kernel)
        nbgrader.kill()
    assert until(lambda: not is_alive(kernel))


# The server


def test_a_kernel_outlives_its_server_and_the_next_has_another(own_course):
    course = own_course()
    with course.kernel() as kernel:
        (old,) = course.servers
        old.kill()
        assert until(lambda: not is_alive(old.pid))
        assert kernel.run("print(2)") == "2\n"
        with course.kernel() as another:
            assert another.is_forked
            assert [server.pid for server in course.servers] != [old.pid]


def test_many_starters_start_one_server(own_course):
    course = own_course()

    def look(_):
        with course.kernel() as kernel:
            return kernel.is_forked

    with ThreadPoolExecutor(3) as pool:
        assert [*pool.map(look, range(3))] == [True] * 3
    assert len(course.servers) == 1


def test_it_rests_when_nobody_comes_but_not_before(own_course):
    course = own_course(idle=1)
    with course.kernel() as kernel:
        (server,) = course.servers
        kernel.run("import time; time.sleep(3)")
        assert is_alive(server.pid)
    assert until(lambda: not is_alive(server.pid))
    assert {path.suffix for path in course.runtime.glob("*/*")} == {".lock", ".log"}
    with course.kernel() as kernel:
        assert kernel.is_forked


def test_a_changed_module_is_seen_at_once(own_course):
    course = own_course()
    given = course.root / "nst_utils.py"
    look = "import nst_utils; print(nst_utils.WIDTH)"
    for width in ("300", "4000"):
        given.write_text(f"WIDTH = {width}")
        with course.kernel() as kernel:
            assert kernel.is_forked
            assert kernel.run(look) == f"{width}\n"
    assert len(course.servers) == 2


def test_a_setting_is_there_before_the_modules_are_imported(own_course):
    course = own_course()
    (course.root / "nst_utils.py").write_text("import os; STEPS = os.environ['COURSE_STEPS']")
    for steps in ("2", "200"):
        course.environment["COURSE_STEPS"] = steps
        with course.kernel() as kernel:
            assert kernel.is_forked
            assert kernel.run("import nst_utils; print(nst_utils.STEPS)") == f"{steps}\n"


@pytest.mark.parametrize("trouble", ["import fails", "threads", "open folder"])
def test_without_a_server_the_kernel_is_an_ordinary_one(own_course, tmp_path, trouble):
    course = own_course()
    if trouble == "open folder":
        folder = course.runtime / f"course-{os.getuid()}"
        folder.mkdir()
        folder.chmod(0o755)
    else:
        threads = (
            "import threading, time\n"
            "threading.Thread(target=time.sleep, args=[99], daemon=True).start()"
        )
        given = "1 / 0" if trouble == "import fails" else threads
        (course.root / "nst_utils.py").write_text(given)
    said = tmp_path / "stderr"
    with said.open("w") as stderr, course.kernel(stderr=stderr) as kernel:
        assert not kernel.is_forked
        assert kernel.run("print(1 + 1)") == "2\n"
    (line,) = [line for line in said.read_text().splitlines() if "no warm kernel" in line]
    assert "an ordinary one is started" in line
    assert ("open to others" if trouble == "open folder" else ".log may say why") in line


def test_elsewhere_the_kernelspec_is_the_ordinary_one(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(grading.kernel.sys, "platform", "win32")
    text = write_kernelspec(tmp_path).read_text()
    assert "ipykernel_launcher" in text
    assert "kernel_launcher.py" not in text
    assert "warm kernels need Linux" in " ".join(capsys.readouterr().out.split())
    write_kernelspec(tmp_path)
    assert capsys.readouterr().out == ""
    assert (tmp_path / "kernels" / NAME / "kernel.json").is_file()
