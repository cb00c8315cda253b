"""The shell around students' processes: what the machine offers, what can be seen from inside.

bubblewrap makes it: it runs without root where the kernel allows user namespaces, is packaged
everywhere, and starts in milliseconds. It shows an explicit list of files, read-only: Python
and its packages, the given modules, pictures, weights, and those modules of the grader that work
on the student's side. No tests, no solutions, no gradebook, no home. There is no network.

As root, bubblewrap makes the shell without a user namespace, and each child becomes the real
nobody: root of a namespace would still be root for files such as those under /proc/sys.
"""

import functools
import os
import shutil
import site
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grading import ROOT, CourseError
from grading.confinement import NOBODY

COURSE = Path("/course")  # where the course's files are seen from inside

# Who adds a module here shows it to every student: no tests, no solutions, no marks.
STUDENT_SIDE = (
    *("__init__.py", "channel.py", "codec.py", "confinement.py", "forkserver.py"),
    *("quiet_import.py", "remote.py", "student.py", "warm_tensorflow.py"),
)
GIVEN = (
    *("face_database.py", "face_verification.py", "facenet_weights.py", "fr_utils.py"),
    *("inception_blocks_v2.py", "latent_digits.py", "latent_training.py", "latent_utils.py"),
    *("nst_utils.py", "quiet_tensorflow.py", "torch7.py", "vgg19.py", "vgg19_weights.py"),
    *("weight_files.py", "images", "pretrained-model"),
)
SYSTEM = (
    *("/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib", "/usr/share/fonts"),
    *("/usr/share/zoneinfo", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d"),
    *("/etc/alternatives", "/etc/localtime", "/lib", "/lib32", "/lib64", "/nix/store"),
)
DEVICES = ("/dev/null", "/dev/random", "/dev/urandom")  # not zero: it gives shared memory

ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/tmp",
    "LOGNAME": "student",
    "LANG": "C.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",  # the same submission, the same order of sets
    "PYTHONUNBUFFERED": "1",  # what was printed before a crash is kept
    "OPENBLAS_NUM_THREADS": "1",  # with more, a fork hangs
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",  # one judge a core is what keeps all of them busy
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",  # it takes 3 ms more for each new kind of operation
    "TENSORFLOW_USE_CUSTOM_CONTRACTION_KERNEL": "false",  # 30 ms for the first matrix product
    "CUDA_VISIBLE_DEVICES": "-1",
    "MALLOC_ARENA_MAX": "2",  # each reserves 64 MB of addresses
    "MALLOC_MMAP_THRESHOLD_": "33554432",  # what a large array leaves is used again,
    "MALLOC_TRIM_THRESHOLD_": "1073741824",  # not fetched from the system page by page
    "MPLBACKEND": "agg",
    "MPLCONFIGDIR": "/tmp/matplotlib",
}
PASSED_ON = ("TF_ENABLE_ONEDNN_OPTS", "TZ")  # judge and student must round alike

CAPABILITIES: tuple[str, ...] = (
    "CAP_SYS_ADMIN",
    "CAP_SETUID",
    "CAP_SETGID",
    "CAP_KILL",
)  # all but the first for root only


@dataclass(frozen=True)
class Isolation:
    """What this machine offers.

    Attributes
    ----------
    linux, bubblewrap, namespaces, call_filter : bool
        Each needs the ones before it.
    remedy : str
        What to do about the first that is missing; empty if none is.
    """

    linux: bool = False
    bubblewrap: bool = False
    namespaces: bool = False
    call_filter: bool = False
    remedy: str = ""

    @property
    def complete(self) -> bool:
        """Whether submissions of strangers may be run here."""
        return self.linux and self.bubblewrap and self.namespaces and self.call_filter


@dataclass(frozen=True)
class View:
    """What is seen from inside, beyond the system and Python.

    Attributes
    ----------
    root : Path
        The course.
    extra : tuple of Path
        More files and folders, shown beside the given modules under their own names.
    hide : tuple of Path
        Folders that must not be seen, even where they lie inside one that is shown.
    """

    root: Path = ROOT
    extra: tuple[Path, ...] = ()
    hide: tuple[Path, ...] = ()


@functools.cache
def available() -> Isolation:
    """Find out, by trying it, whether this machine can isolate a student's process."""
    if not sys.platform.startswith("linux"):
        return Isolation(
            remedy="isolation needs Linux; on Windows use WSL 2, on macOS a Linux container"
        )
    if shutil.which("bwrap") is None:
        return Isolation(
            linux=True,
            remedy="bubblewrap is missing; on Debian or Ubuntu: apt install bubblewrap",
        )
    tried = subprocess.run(
        shell(["-m", "grading.confinement"], View()),
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return _verdict(tried.returncode, tried.stderr.strip()[-500:])


def require() -> None:
    """Refuse to run the work of strangers on a machine that cannot isolate it.

    Raises
    ------
    CourseError
        With what is missing and what to do about it.
    """
    offered = available()
    if not offered.complete:
        raise CourseError(
            f"submissions cannot be isolated on this machine: {offered.remedy}. Whoever trusts "
            "every one of these submissions with this account and its files: --trust"
        )


def environment() -> dict[str, str]:
    """Return the environment of the shell; nothing else of ours is passed on."""
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return ENVIRONMENT | {"PYTHONPATH": str(COURSE)} | passed


def shell(arguments: Sequence[str], view: View, *, information: int | None = None) -> list[str]:
    """Return the command that runs our Python with these arguments inside the shell.

    Parameters
    ----------
    arguments : sequence of str
        For the interpreter.
    view : View
        What is seen inside.
    information : int, optional
        File descriptor to which bubblewrap writes the number of the process to kill.
    """
    # As process 1 our Python takes all of its children with it when it ends; bubblewrap's own
    # process 1 would wait for them.
    command = [
        "bwrap",
        "--unshare-pid",
        "--as-pid-1",
        "--unshare-net",
        "--unshare-ipc",
        "--unshare-uts",
    ]
    command += ["--hostname", "student", *_user(), *_sights(view)]
    if information is not None:
        command += ["--info-fd", str(information)]
    return [*command, "--chdir", str(COURSE), "--", sys.executable, "-P", *arguments]


def given_modules(view: View) -> list[str]:
    """Return the names of the given modules, the one that silences TensorFlow first."""
    names = [name[:-3] for name in GIVEN if name.endswith(".py") and (view.root / name).exists()]
    return sorted(names, key=lambda name: name != "quiet_tensorflow")


def kept_in_tmp(view: View) -> list[str]:
    """Return what of the view lies in /tmp, where each child gets an empty folder instead."""
    return [str(target) for target, _ in _shown(view) if target.is_relative_to("/tmp")]


def _verdict(code: int, said: str) -> Isolation:
    if code == 0:
        return Isolation(linux=True, bubblewrap=True, namespaces=True, call_filter=True)
    if code == 3:
        remedy = f"libseccomp is missing ({said}); on Debian or Ubuntu: apt install libseccomp2"
        return Isolation(linux=True, bubblewrap=True, namespaces=True, remedy=remedy)
    remedy = (
        f"bubblewrap cannot make namespaces here ({said}); allow them: "
        "sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000, on Ubuntu "
        "also kernel.apparmor_restrict_unprivileged_userns=0, and in a container "
        "--security-opt seccomp=unconfined --cap-add SYS_ADMIN"
    )
    return Isolation(linux=True, bubblewrap=True, remedy=remedy)


def _user() -> list[str]:
    """Who is inside. A child needs these capabilities to shut itself in, and drops them then."""
    if os.geteuid() == 0:
        own, capabilities = [], CAPABILITIES
    else:
        own = ["--unshare-user", "--uid", str(NOBODY), "--gid", str(NOBODY)]
        capabilities = CAPABILITIES[:1]
    granted = [option for name in capabilities for option in ("--cap-add", name)]
    return [*own, "--cap-drop", "ALL", *granted]


def _sights(view: View) -> list[str]:
    """The file system: folders before what lies in them, so that a later one covers."""
    shown = dict(_shown(view))
    hidden = [path.resolve() for path in (*view.hide, view.root, Path.home(), Path("/root"))]
    covered = {
        path for path in hidden if path.is_dir() and any(path.is_relative_to(top) for top in shown)
    }
    steps: list[tuple[int, list[str]]] = [
        (len(target.parts), _bind(source, target)) for target, source in shown.items()
    ]
    steps += [(len(path.parts), ["--tmpfs", str(path)]) for path in covered]
    # Made implicitly they would be root's alone, and a child is nobody.
    parents = {parent for target in shown for parent in target.parents}
    steps += [(len(path.parts), ["--dir", str(path)]) for path in parents if len(path.parts) > 1]
    steps += [(2, ["--tmpfs", "/tmp"]), (2, ["--proc", "/proc"]), (2, ["--dir", "/dev"])]
    options = [option for _, step in sorted(steps, key=lambda step: step[0]) for option in step]
    for device in DEVICES:
        options += ["--dev-bind", device, device]
    for path in sorted(covered):
        options += ["--remount-ro", str(path)]
    return [*options, "--remount-ro", "/"]


def _bind(source: Path, target: Path) -> list[str]:
    if source.is_symlink() and str(source) in SYSTEM:  # /lib on systems that merged it into /usr
        return ["--symlink", str(source.readlink()), str(target)]
    return ["--ro-bind", str(source), str(target)]


def _shown(view: View) -> Iterator[tuple[Path, Path]]:
    """Pairs of a path inside and its source outside, for all that is there."""
    grading = Path(__file__).resolve().parent
    sources = {path: path for path in (*map(Path, SYSTEM), *_python_folders())}
    sources |= {COURSE / name: view.root / name for name in GIVEN}
    sources |= {COURSE / "grading" / name: grading / name for name in STUDENT_SIDE}
    sources |= {COURSE / path.name: path.resolve() for path in view.extra}
    return ((target, source) for target, source in sources.items() if _readable(source))


def _readable(path: Path) -> bool:
    """Whether it is there for us; `Path.exists` raises an error in folders that are closed."""
    return os.access(path, os.R_OK)


def _python_folders() -> Iterator[Path]:
    """Where this interpreter and its packages live; of a prefix only what it needs."""
    executable = Path(sys.executable)
    prefixes = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.base_prefix).resolve()}
    prefixes |= {executable.parent.parent, executable.resolve().parent.parent}
    for prefix in prefixes:
        for name in ("bin", "lib", "lib64", "pyvenv.cfg"):
            yield prefix / name
    if site.ENABLE_USER_SITE:
        yield Path(site.getusersitepackages())
