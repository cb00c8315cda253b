"""`course check`: each fault staged, and what it says to do."""

import shutil
import sys
from importlib import metadata
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from grading import cli, doctor, yardstick
from grading.isolation import GIVEN, Isolation
from grading.lesson import lessons

GOOD_PROBE = {"version": "2.21.0", "gpus": 0, "milliseconds": 16.0, "broken": {}}


def test_this_machine_passes():
    """Where the tests run, nothing may have failed; the look itself takes seconds, not minutes."""
    findings = {finding.name: finding for finding in doctor.examine()}
    failed = {name: f for name, f in findings.items() if f.state == "failed"}
    assert not failed
    assert len(findings) == 13
    assert all(f.remedy for f in findings.values() if f.state == "warning")


# --- Python and packages --------------------------------------------------------------------


@pytest.mark.parametrize("version", [(3, 8, 10), (3, 10, 12), (3, 14, 0)])
def test_another_python_fails(version):
    finding = doctor.check_python(version)
    assert finding.state == "failed"
    assert "install Python 3.11 to 3.13" in finding.remedy


def test_a_32_bit_python_fails(monkeypatch):
    monkeypatch.setattr(doctor.sys, "maxsize", (1 << 31) - 1)
    assert "64-bit" in doctor.check_python((3, 12, 1)).remedy


LOCK = """\
# written by make lock
numpy==2.1.0 \\
    --hash=sha256:00
scipy==1.15.0 ; sys_platform != 'nowhere' \\
    --hash=sha256:00
appnope==1.0.0 ; sys_platform == 'nowhere' \\
    --hash=sha256:00
"""


@pytest.fixture
def packages(tmp_path):
    """Check packages of which these versions are installed."""
    (tmp_path / "requirements.lock").write_text(LOCK)

    def check(installed, lock="requirements.lock"):
        def version(name):
            if name not in installed:
                raise metadata.PackageNotFoundError(name)
            return installed[name]

        return doctor.check_packages(tmp_path / lock, version, ["numpy>=2.0", "scipy"])

    return check


def test_packages_as_locked_are_right(packages):
    finding = packages({"numpy": "2.1.0", "scipy": "1.15.0"})
    assert (finding.state, finding.found) == ("OK", "2 as locked")


def test_another_version_than_the_locked_is_a_warning(packages):
    finding = packages({"numpy": "2.2.0", "scipy": "1.15.0"})
    assert finding.state == "warning"
    assert "numpy 2.2.0 (lock: 2.1.0)" in finding.found


def test_a_version_that_is_too_old_fails(packages):
    finding = packages({"numpy": "1.26.4", "scipy": "1.15.0"})
    assert finding.state == "failed"
    assert "numpy 1.26.4 (needs >=2.0)" in finding.found


def test_a_package_that_is_missing_fails(packages):
    finding = packages({"numpy": "2.1.0"})
    assert (finding.state, finding.found) == ("failed", "scipy not installed")
    assert "pip install" in finding.remedy


def test_without_the_lock_there_is_a_warning(packages):
    assert packages({"numpy": "2.1.0", "scipy": "1.15.0"}, lock="none").state == "warning"


# --- processor, TensorFlow, speed -----------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "state"),
    [
        ("sse avx avx2 fma avx512f", "OK"),
        ("sse avx", "warning"),
        ("sse", "failed"),
        (None, "failed"),
    ],
)
def test_the_processor_needs_its_instructions(tmp_path, flags, state):
    line = f"flags\t\t: {flags}\n" if flags else ""
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\n{line}")
    assert doctor.check_processor(tmp_path / "cpuinfo", "x86_64").state == state
    assert doctor.check_processor(tmp_path / "cpuinfo", "aarch64").state == "OK"
    assert doctor.check_processor(tmp_path / "none", "x86_64").state == "OK"


@pytest.mark.parametrize(
    ("code", "found", "remedy"),
    [
        ("raise ImportError('no TensorFlow')", "ImportError: no TensorFlow", "install it anew"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGILL)", "SIGILL", "Colab"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL", "memory was short"),
        ("raise SystemExit(2)", "ended without a word", "install it anew"),
        ("import time; time.sleep(60)", "nothing came for 0.5 s", "install it anew"),
    ],
)
def test_a_tensorflow_that_does_not_start_fails(monkeypatch, code, found, remedy):
    if "sleep" in code:
        monkeypatch.setattr(doctor, "PROBE_SECONDS", 0.5)
    probe = doctor.run_probe([sys.executable, "-c", code])
    finding = doctor.check_tensorflow(probe)
    assert finding.state == "failed"
    assert found in finding.found
    assert remedy in finding.remedy
    assert doctor.check_speed(probe).state == "failed"
    assert doctor.check_graphics_card(probe).state == "OK"


def test_a_graphics_card_is_counted():
    assert "1 that TensorFlow uses" in doctor.check_graphics_card(GOOD_PROBE | {"gpus": 1}).found


def test_the_time_of_each_notebook_is_said():
    finding = doctor.check_speed(GOOD_PROBE)
    assert finding.state == "OK"
    for lesson in lessons():
        assert f"{lesson.name} " in finding.found


def test_a_slow_machine_is_told_so():
    finding = doctor.check_speed(GOOD_PROBE | {"milliseconds": 1600.0})
    assert finding.state == "warning"
    assert "CONFIG.STEPS" in finding.remedy


def test_the_times_grow_with_the_yardstick():
    once, twice = yardstick.expected_seconds(10.0), yardstick.expected_seconds(20.0)
    assert twice == {name: pytest.approx(2 * seconds) for name, seconds in once.items()}
    assert [yardstick.in_words(s) for s in (41.4, 89.4, 200)] == ["41 s", "89 s", "3 min"]


# --- the machine ----------------------------------------------------------------------------


def test_memory_may_be_short():
    assert doctor.check_memory(16.0).state == "OK"
    assert doctor.check_memory(3.0).state == "warning"
    finding = doctor.check_memory(1.0)
    assert finding.state == "failed"
    assert "close other programs" in finding.remedy


def test_what_a_container_may_have_counts(tmp_path):
    (tmp_path / "memory.max").write_text("3000000000\n")
    (tmp_path / "memory.current").write_text("2500000000\n")
    assert doctor._free_memory(tmp_path) == pytest.approx(0.5)
    (tmp_path / "memory.max").write_text("max\n")
    assert doctor._free_memory(tmp_path) > 0.6


def test_the_disk_may_be_full(tmp_path):
    assert doctor.check_disk(tmp_path, 50.0).state == "OK"
    assert doctor.check_disk(tmp_path, 0.5).state == "warning"
    assert doctor.check_disk(tmp_path, 0.1).state == "failed"


def test_the_folder_may_belong_to_somebody_else(tmp_path, monkeypatch):
    def refuse(**arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", refuse)
    finding = doctor.check_disk(tmp_path)
    assert finding.state == "failed"
    assert "cannot be written: Permission denied" in finding.found
    assert "a folder of your own" in finding.remedy


def test_fonts(tmp_path):
    assert doctor.check_fonts(tmp_path, ["DejaVu Sans"]).state == "OK"
    assert doctor.check_fonts(tmp_path, ["Arial"]).state == "failed"
    (tmp_path / "notebooks" / "zh").mkdir(parents=True)
    assert "fonts-noto-cjk" in doctor.check_fonts(tmp_path, ["DejaVu Sans"]).remedy
    finding = doctor.check_fonts(tmp_path, ["DejaVu Sans", "Noto Sans CJK SC"])
    assert (finding.state, "Noto Sans CJK SC" in finding.found) == ("OK", True)


# --- the course -----------------------------------------------------------------------------


@pytest.fixture
def course(tmp_path):
    """Return a folder with empty files of the names that a course has."""
    for name in (*GIVEN, "notebooks/art.ipynb"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch() if path.suffix else path.mkdir()
    return tmp_path


def within(folder):
    return lambda name: SimpleNamespace(origin=str(folder / f"{name}.py"))


def test_course_files_may_be_missing(course):
    check = doctor.check_course_files
    assert check(GOOD_PROBE, course, within(course)).state == "OK"
    (course / "notebooks/art.ipynb").unlink()
    (course / "nst_utils.py").unlink()
    shutil.rmtree(course / "images")
    finding = check(GOOD_PROBE, course, within(course))
    assert finding.state == "failed"
    assert "nst_utils.py, images, notebooks/*.ipynb" in finding.found


def test_course_files_may_not_be_found_by_python(course, tmp_path):
    finding = doctor.check_course_files(GOOD_PROBE, course, lambda name: None)
    assert "not found by Python" in finding.found
    assert "make lab" in finding.remedy
    finding = doctor.check_course_files(GOOD_PROBE, course, within(tmp_path / "older"))
    assert finding.state == "failed"
    assert "older/face_database.py" in finding.found


def test_course_files_may_be_broken(course):
    probe = GOOD_PROBE | {"broken": {"fr_utils": "SyntaxError: '(' was never closed"}}
    finding = doctor.check_course_files(probe, course, within(course))
    assert finding.state == "failed"
    assert "fr_utils.py: SyntaxError" in finding.found


MANIFEST = """
[embedded]
file = "small.npz"
bytes = 3
sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
[real]
file = "real.h5"
urls = ["https://example.invalid/real.h5"]
bytes = 3
md5 = "900150983cd24fb0d6963f7d28e17f72"
"""


def test_weights_are_compared_with_their_checksums(tmp_path):
    (tmp_path / "MANIFEST.toml").write_text(MANIFEST)
    (tmp_path / "small.npz").write_text("abc")
    finding = doctor.check_weights(tmp_path)
    assert finding.state == "OK"
    assert "not fetched, and not needed: real" in finding.found
    (tmp_path / "real.h5").write_text("abc")
    assert "real (0.0 MB)" in doctor.check_weights(tmp_path).found
    (tmp_path / "real.h5").write_text("abd")
    finding = doctor.check_weights(tmp_path)
    assert (finding.state, finding.remedy) == ("failed", "run: course fetch real")
    assert "real.h5: its MD5 is" in finding.found
    (tmp_path / "small.npz").unlink()
    finding = doctor.check_weights(tmp_path)
    assert "small.npz: it is missing" in finding.found
    assert "git checkout pretrained-model" in finding.remedy


def test_the_kernel_may_be_another_environments(monkeypatch):
    assert doctor.check_kernel(SimpleNamespace(argv=["python", "-m", "x"])).state == "OK"
    assert doctor.check_kernel(SimpleNamespace(argv=[sys.executable, "-m", "x"])).state == "OK"
    finding = doctor.check_kernel(SimpleNamespace(argv=["/opt/conda/bin/python", "-m", "x"]))
    assert finding.state == "failed"
    assert "/opt/conda/bin/python, another environment" in finding.found
    assert "ipykernel install --sys-prefix --name python3" in finding.remedy


def test_the_kernel_may_be_missing(monkeypatch):
    from jupyter_client import kernelspec

    def nothing(self, name):
        raise kernelspec.NoSuchKernel(name)

    monkeypatch.setattr(kernelspec.KernelSpecManager, "get_kernel_spec", nothing)
    assert "no kernel called python3" in doctor.check_kernel().found


def test_isolation_may_be_missing():
    finding = doctor.check_isolation(Isolation(linux=True, remedy="apt install bubblewrap"))
    assert finding.state == "warning"
    assert finding.remedy == "only to grade: apt install bubblewrap"


# --- the command ----------------------------------------------------------------------------


def run_check(monkeypatch, *findings):
    monkeypatch.setattr(doctor, "examine", lambda report: list(findings))
    return CliRunner().invoke(cli.app, ["check"])


def test_the_command_shows_each_finding_and_its_remedy(monkeypatch):
    fine = doctor.Finding("Python", "OK", "3.12.1")
    slow = doctor.Finding("memory", "warning", "3.0 GB free", "close other programs")
    result = run_check(monkeypatch, fine, slow)
    assert result.exit_code == 0
    for word in ("Python", "3.12.1", "warning", "close other programs", "can run here"):
        assert word in result.output


def test_the_command_fails_if_a_notebook_cannot_run(monkeypatch):
    bad = doctor.Finding("disk", "failed", "/x[0] cannot be written", "make room")
    result = run_check(monkeypatch, bad)
    assert result.exit_code == 1
    assert "/x[0] cannot be written" in result.output
    assert "the notebooks will not run like this; see disk" in " ".join(result.output.split())
