"""What a student's process can see, reach and change, and what is said without isolation."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from students import needs_isolation, run, small_zygote

from grading import ROOT, CourseError, confinement, isolation
from grading.isolation import Isolation, View

SECRET = "the-key-of-the-judge"

# Every way in C to do what Python's own functions are refused.
C_LIBRARY = "import ctypes, os; c = ctypes.CDLL(None, use_errno=True)\n"


@pytest.fixture(scope="module")
def secret_files(tmp_path_factory):
    """What lies around on an instructor's machine."""
    folder = tmp_path_factory.mktemp("course")
    for name in ("gradebook.db", "submitted/ann/a1/a1.ipynb", "grades.csv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(SECRET)
        (folder / name).chmod(0o666)
    return folder


@pytest.fixture(scope="module")
def zygote(secret_files):
    os.environ["GRADER_SECRET"] = SECRET
    try:
        with small_zygote() as zygote:
            yield zygote
    finally:
        del os.environ["GRADER_SECRET"]


@pytest.fixture
def student(zygote):
    with zygote.fork() as student:
        yield student


# What can be seen


@needs_isolation
@pytest.mark.parametrize(
    "path",
    [
        *("tests/exercises/test_art_generation.py", "tests/exercises", "tests"),
        *("notebooks/source", "notebooks", "docs", ".git/config", "README.md", "pyproject.toml"),
        *("grading/checks.py", "grading/zygote.py", "grading/isolation.py", "training"),
        *("/course/tests", "/course/notebooks", "/course/grading/judge.py", "/course/../tests"),
        *("/etc/shadow", "/etc/passwd", "/etc/hostname", "/home", "/root/.bashrc", "/root/.ssh"),
        *("/sys", "/run", "/var", "/mnt", "/boot", "/dev/mem", "/dev/sda", "/dev/vda", "/dev/tty"),
        *("/dev/ptmx", "/dev/shm", "/dev/mqueue", "/dev/zero", "/dev/kmsg", "/proc/kcore"),
        *(f"/proc/1/root{ROOT}/tests", "/proc/self/cwd/../../course/tests"),
    ],
)
def test_what_is_not_listed_cannot_be_opened(student, path):
    path = str(ROOT / path) if not path.startswith("/") else path
    source = f"import os\nanswer = os.open({path!r}, os.O_RDONLY)"
    assert run(student, source).split(":")[0] in {"FileNotFoundError", "PermissionError"}


@needs_isolation
def test_the_root_holds_what_is_listed_and_nothing_else(student):
    seen = set(run(student, "import os\nanswer = os.listdir('/')"))
    above = {path.parts[1] for path in map(Path, (sys.prefix, sys.base_prefix))}
    system = {"usr", "lib", "lib32", "lib64", "etc", "bin", "nix"}
    assert seen <= {"course", "tmp", "proc", "dev"} | system | above
    assert {"course", "tmp", "proc", "dev"} <= seen


@needs_isolation
def test_the_course_s_folder_holds_the_given_files_and_nothing_else(student):
    seen = run(
        student, "import os\nanswer = [os.listdir('/course'), os.listdir('/course/grading')]"
    )
    assert set(seen[0]) <= {*isolation.GIVEN, "grading", "stand_in.py"}
    assert {"nst_utils.py", "images", "pretrained-model"} <= set(seen[0])
    assert set(seen[1]) <= {*isolation.STUDENT_SIDE}


@needs_isolation
def test_pictures_and_weights_can_be_read_from_the_working_folder(student):
    names = sorted(path.name for path in (ROOT / "images").iterdir())
    assert run(student, "import os\nanswer = sorted(os.listdir('images'))") == names
    source = "answer = len(open('pretrained-model/MANIFEST.toml', 'rb').read())"
    assert run(student, source) == (ROOT / "pretrained-model/MANIFEST.toml").stat().st_size


@needs_isolation
def test_files_of_the_instructor_cannot_be_seen(student, secret_files):
    for path in secret_files.rglob("*"):
        assert run(student, f"import os\nanswer = os.path.lexists({str(path)!r})") is False


@needs_isolation
def test_a_hidden_folder_inside_one_that_is_shown_is_empty(tmp_path, monkeypatch):
    # As if the course lay under /usr/local/lib.
    shown = Path("/var/tmp") / tmp_path.name
    (shown / "hidden").mkdir(parents=True)
    (shown / "hidden" / "key").write_text(SECRET)
    (shown / "open").write_text("for all")
    monkeypatch.setattr(isolation, "SYSTEM", (*isolation.SYSTEM, str(shown)))
    try:
        with small_zygote(hide=[shown / "hidden"]) as zygote, zygote.fork() as student:
            assert run(student, f"answer = open('{shown}/open').read()") == "for all"
            assert run(student, f"import os\nanswer = os.listdir('{shown}/hidden')") == []
            error = run(student, f"open('{shown}/hidden/new', 'w')")
            assert error.split(":")[0] in {"OSError", "PermissionError"}
    finally:
        for path in sorted(shown.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        shown.rmdir()


@needs_isolation
def test_the_environment_is_ours_to_choose(student):
    seen = run(student, "import os\nanswer = dict(os.environ)")
    chosen = {*isolation.ENVIRONMENT, *isolation.PASSED_ON, "PYTHONPATH", "PWD", "LC_CTYPE"}
    assert set(seen) <= chosen
    everything = "".join(
        run(student, f"answer = open('/proc/{who}/environ', 'rb').read().decode('latin1')")
        for who in ("self", "1", "thread-self")
    )
    assert SECRET not in everything


@needs_isolation
def test_no_other_process_can_be_seen(student):
    source = "import os\nanswer = [n for n in os.listdir('/proc') if n.isdigit()]"
    assert run(student, source) == ["1"]
    assert run(student, "import os\nanswer = [os.getpid(), os.getppid()]") == [1, 0]
    source = "import os\nanswer = [n for n in range(2, 70000) if os.path.exists(f'/proc/{n}')]"
    assert run(student, source) == []


@needs_isolation
def test_no_file_of_the_parent_s_is_open(student):
    source = """
import os
answer = {}
for n in range(1024):
    try:
        answer[str(n)] = os.readlink(f"/proc/self/fd/{n}").split(":")[0]
    except OSError:
        pass
"""
    assert run(student, source) == {
        **{"0": "/dev/null", "1": "pipe", "2": "pipe", "3": "socket"},
    }


@needs_isolation
def test_nothing_of_one_student_reaches_the_next(zygote):
    with zygote.fork() as first:
        assert run(first, "open('/tmp/work/left', 'w').write('here'); answer = 1") == 1
        assert (
            run(first, "import json, numpy; json.loads = numpy.allclose = None; answer = 1") == 1
        )
        with zygote.fork() as second:
            kept = {Path(path).parts[2] for path in isolation.kept_in_tmp(View())}
            found = run(second, "import os; answer = os.listdir('/tmp')")
            assert set(found) == {"work", *kept}
            assert run(second, "import os; answer = os.path.exists('left')") is False
            assert run(second, "import numpy; answer = numpy.allclose is None") is False


# Finds two words next to each other in the memory of the process, where the words alone are.
SEARCH = """
import re
def found(one, other):
    with open("/proc/self/mem", "rb", 0) as memory:
        for line in open("/proc/self/maps"):
            start, end, rights = re.match("(.*?)-(.*?) (....)", line).groups()
            if rights[:2] != "rw":
                continue
            start, end = int(start, 16), int(end, 16)
            memory.seek(start)
            part = memory.read(end - start) or b""
            for match in re.finditer(one, part):
                if part[match.end() : match.end() + len(other)] == other:
                    return True
    return False
"""
WORDS = "one, other = b'quetzal' * 3, b'axolotl' * 3\n"


@needs_isolation
def test_what_one_student_prints_is_not_in_the_memory_of_the_next(zygote):
    with zygote.fork() as first:
        assert run(first, SEARCH + WORDS + "answer = found(one, other)") is False
        assert run(first, WORDS + "x = one + other; print(x); answer = 1") == 1
        assert run(first, SEARCH + WORDS + "x = one + other; answer = found(one, other)") is True
        with zygote.fork() as second:
            assert run(second, SEARCH + WORDS + "answer = found(one, other)") is False
    with zygote.fork() as third:
        assert run(third, SEARCH + WORDS + "answer = found(one, other)") is False


# What can be changed


@needs_isolation
def test_only_tmp_can_be_written(student):
    source = """
import os
answer = []
for folder, folders, _ in os.walk("/"):
    if folder.count("/") > 3 or folder in ("/proc", "/tmp"):
        folders.clear()
    if os.access(folder, os.W_OK):
        answer.append(folder)
"""
    assert run(student, source) == ["/tmp"]


@needs_isolation
@pytest.mark.parametrize(
    "source",
    [
        "open('/course/grading/channel.py', 'a')",
        "open('/course/nst_utils.py', 'w')",
        "import os; os.remove('/course/grading/channel.py')",
        "import os; os.rename('/course/nst_utils.py', '/course/x.py')",
        "import os; os.chmod('/course/nst_utils.py', 0o777)",
        "import os; os.utime('/course/nst_utils.py')",
        "import os; os.symlink('/tmp/work', '/course/json')",
        "import os; os.link('/course/nst_utils.py', '/tmp/nst_utils.py')",
        "import os; os.mkdir('/new')",
        "import os; os.mkdir('/course/__pycache__')",
        "import numpy; open(numpy.__file__, 'r+')",
        "import json; open(json.__file__, 'a')",
        "open('/dev/new', 'w')",
        "open('/etc/ld.so.preload', 'w')",
        "open('/proc/sys/kernel/hostname', 'wb', 0).write(b'x')",
        "open('/proc/sys/kernel/core_pattern', 'wb', 0).write(b'|/bin/sh')",
        "open('/proc/sysrq-trigger', 'wb', 0).write(b'b')",
        "open('/proc/self/oom_score_adj', 'wb', 0).write(b'-1000')",
        "open('/proc/self/uid_map', 'wb', 0).write(b'0 0 1')",
        "import os; os.setuid(0)",
        "import os; os.setresuid(0, 0, 0)",
        "import os; os.setgroups([0])",
        "import os; os.nice(-5)",
        "import os; os.chroot('/tmp')",
        "import os; os.mknod('/tmp/disk', 0o60666, os.makedev(8, 0))",
        "import os; os.mkfifo('/tmp/fifo')",
        "import resource as r; r.setrlimit(r.RLIMIT_DATA, (-1, -1))",
        "import resource as r; r.setrlimit(r.RLIMIT_CPU, (1000, 1000))",
        "import resource as r; r.prlimit(1, r.RLIMIT_NPROC, (10**6, 10**6))",
    ],
)
def test_what_is_not_its_own_cannot_be_changed(student, source):
    kind = run(student, source).split(":")[0]
    assert kind in {"OSError", "PermissionError", "FileNotFoundError", "ValueError"}


@needs_isolation
def test_links_lead_nowhere(student):
    source = """
import os
os.symlink("/etc/shadow", "/tmp/a"); os.symlink("../../../../../../work", "/tmp/b")
os.symlink("/proc/1/root", "/tmp/c")
answer = [os.path.exists("/tmp/a"), os.path.exists("/tmp/b/main/tests"),
          os.path.exists("/tmp/c/etc/shadow")]
"""
    assert run(student, source) == [False, False, False]


# Whom it can reach


@needs_isolation
@pytest.mark.parametrize(
    "source",
    [
        "import socket; socket.socket()",
        "import socket; socket.socket(socket.AF_UNIX)",
        "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "import socket; socket.socketpair()",
        "import socket; socket.create_connection(('1.1.1.1', 53), 2)",
        "import urllib.request; urllib.request.urlopen('http://1.1.1.1', timeout=2)",
        "import os; os.fork()",
        "import os; os.forkpty()",
        "import os; os.execv('/usr/lib', ['x'])",
        "import os, sys; os.execv(sys.executable, ['python', '-c', 'pass'])",
        "import os, sys; os.posix_spawn(sys.executable, ['python'], {})",
        "import subprocess, sys; subprocess.run([sys.executable, '-c', 'pass'])",
        "import subprocess; subprocess.run('true', shell=True)",
        "import multiprocessing as m; m.get_context('fork').Process(target=print).start()",
        "import multiprocessing as m; m.get_context('spawn').Process(target=print).start()",
        "import concurrent.futures as f; f.ProcessPoolExecutor().submit(print).result()",
        "import os; os.memfd_create('memory')",
        "import mmap; mmap.mmap(-1, 4096)",
        "import os; os.pidfd_open(1)",
        "import multiprocessing.shared_memory as s; s.SharedMemory(create=True, size=4096)",
    ],
)
def test_other_processes_programs_and_machines_are_out_of_reach(student, source):
    kind = run(student, source).split(":")[0]
    assert kind in {"PermissionError", "URLError", "OSError", "FileNotFoundError"}, kind


@needs_isolation
def test_a_command_of_the_shell_does_nothing(student):
    assert run(student, "import os; answer = os.system('echo x > /tmp/x')") != 0
    assert run(student, "import os; answer = os.path.exists('/tmp/x')") is False


@needs_isolation
@pytest.mark.parametrize(
    "call",
    [
        "c.fork()",
        "c.vfork()",
        "c.syscall(56, 17, 0, 0, 0, 0)",  # clone
        "c.syscall(435, ctypes.create_string_buffer(88), 88)",  # clone3
        "c.unshare(0x10000000)",  # a new user namespace, where one would be root
        "c.unshare(0x00020000)",
        "c.setns(0, 0)",
        "c.mount(b'none', b'/tmp', b'tmpfs', 0, None)",
        "c.umount2(b'/tmp', 2)",
        "c.umount2(b'/proc', 2)",
        "c.ptrace(16, 1, 0, 0)",
        "c.ptrace(0, 0, 0, 0)",
        "c.syscall(310, 1, 0, 0, 0, 0, 0)",  # process_vm_readv
        "c.syscall(317, 1, 0, 0)",  # a filter of its own, without privileges it has not got
        "c.syscall(321, 0, 0, 0)",  # bpf
        "c.syscall(298, 0, 0, 0, 0, 0)",  # perf_event_open
        "c.syscall(323, 0)",  # userfaultfd
        "c.syscall(425, 8, ctypes.create_string_buffer(120))",  # io_uring_setup
        "c.syscall(319, b'x', 0)",  # memfd_create
        "c.syscall(248, b'user', b'a', b'b', 1, -3)",  # add_key
        "c.shmget(0, 4096, 0o1600)",
        "c.semget(0, 1, 0o1600)",
        "c.msgget(0, 0o1600)",
        "c.personality(0x0040000)",
        "c.sethostname(b'x', 1)",
        "c.reboot(0)",
        "c.mlockall(3)",
    ],
)
def test_the_calls_themselves_are_refused(student, call):
    if "syscall" in call and platform.machine() != "x86_64":
        pytest.skip("the numbers are those of x86-64")
    assert run(student, f"{C_LIBRARY}answer = {call}") == -1


@needs_isolation
@pytest.mark.parametrize("flags", [0x21, 0x23, 0x122])
def test_memory_that_no_limit_counts_is_refused(student, flags):
    source = f"""{C_LIBRARY}
c.mmap.restype = ctypes.c_ssize_t
answer = c.mmap(None, ctypes.c_size_t(4096), 3, {flags}, -1, ctypes.c_long(0))"""
    assert run(student, source) == -1


@needs_isolation
def test_it_has_no_rights_at_all(student):
    status = run(student, "answer = open('/proc/self/status').read()")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(fields[name], 16) == 0
    assert fields["NoNewPrivs"] == "1"
    assert fields["Seccomp"] == "2"
    assert fields["Uid"].split() == ["65534"] * 4
    assert fields["Gid"].split() == ["65534"] * 4


@needs_isolation
def test_its_network_has_no_way_out(student):
    devices = run(student, "answer = open('/proc/net/dev').read()")
    assert [line.split(":")[0].strip() for line in devices.splitlines()[2:]] in ([], ["lo"])


@needs_isolation
def test_the_name_of_the_machine_is_not_told(student):
    assert run(student, "import os; answer = os.uname().nodename") == "student"


@needs_isolation
def test_two_students_at_once_are_in_rooms_of_their_own(zygote):
    spaces = """
import os
answer = {name: os.readlink(f"/proc/self/ns/{name}") for name in os.listdir("/proc/self/ns")}
"""
    with zygote.fork() as first, zygote.fork() as second:
        one, two = run(first, spaces), run(second, spaces)
    ours = {path.name: str(path.readlink()) for path in Path("/proc/self/ns").iterdir()}
    for name in ("user", "mnt", "pid", "net", "ipc", "uts"):
        assert len({one[name], two[name], ours[name]}) == 3, name


# Where isolation is missing


def test_a_machine_without_it_is_told_what_to_do(monkeypatch):
    monkeypatch.setattr(isolation, "available", lambda: Isolation(linux=True, remedy="get bwrap"))
    with pytest.raises(
        CourseError, match=r"cannot be isolated on this machine: get bwrap.*--trust"
    ):
        isolation.require()


def test_a_machine_with_it_is_not_troubled(monkeypatch):
    monkeypatch.setattr(isolation, "available", lambda: isolation._verdict(0, ""))
    isolation.require()


def test_another_system_is_named(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    offered = isolation.available.__wrapped__()
    assert not offered.complete
    assert "WSL 2" in offered.remedy


def test_missing_bubblewrap_is_named(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(isolation.shutil, "which", lambda name: None)
    offered = isolation.available.__wrapped__()
    assert offered.linux
    assert not offered.complete
    assert "apt install bubblewrap" in offered.remedy


@pytest.mark.parametrize(
    ("code", "namespaces", "advice"),
    [
        (3, True, "apt install libseccomp2"),
        (1, False, "kernel.apparmor_restrict_unprivileged_userns=0"),
        (-9, False, "in a container"),
    ],
)
def test_what_failed_is_named(monkeypatch, code, namespaces, advice):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(isolation.shutil, "which", lambda name: "/usr/bin/bwrap")
    done = subprocess.CompletedProcess([], code, "", "the reason")
    monkeypatch.setattr(isolation.subprocess, "run", lambda *_, **__: done)
    offered = isolation.available.__wrapped__()
    assert (offered.bubblewrap, offered.namespaces, offered.complete) == (True, namespaces, False)
    assert advice in offered.remedy
    assert "the reason" in offered.remedy


def test_a_python_in_tmp_is_kept_for_children(tmp_path, monkeypatch):
    home, usr = Path("/tmp/venv-somewhere/lib"), Path("/usr")
    monkeypatch.setattr(isolation, "_shown", lambda view: iter([(home, home), (usr, usr)]))
    assert isolation.kept_in_tmp(View()) == [str(home)]


@pytest.mark.parametrize("is_folder", [True, False])
def test_a_mount_point_is_what_is_mounted_on_it(tmp_path, is_folder):
    """A virtual environment in /tmp is seen by its folders and by its file pyvenv.cfg."""
    for _ in range(2):  # its parent may be there already, or itself
        confinement._make_mount_point(tmp_path / "a" / "b", is_folder)
        assert (tmp_path / "a" / "b").is_dir() is is_folder
        assert (tmp_path / "a" / "b").is_file() is not is_folder
