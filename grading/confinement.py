"""What a freshly forked process does to itself before it runs a student's code.

bubblewrap has already put the parent into a file system of its own, without network and without
sight of other processes (`grading.isolation`). But one such shell serves many students, so each
fork goes one room further in: its own process tree, mounts, network, IPC and users, an empty
/tmp of limited size, no capability, no way to gain one, limits, and a filter of system calls.

Starting bubblewrap once more for each student would do the same, but needs `exec`, and with
it the import of TensorFlow that the fork has just saved. The system calls are few; ctypes makes
those that Python lacks. The filter is libseccomp's: a stable library that every distribution
has. Its Python bindings are either unmaintained or have to be compiled.

Because no student's process can make another one, share memory or keep memory in files without
a name, the limits of one process and the size of /tmp are the limits of the student; no control
group is needed, for which an instructor would have to be root.
"""

import contextlib
import ctypes
import functools
import os
import resource
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from errno import ENOSYS, EPERM
from pathlib import Path

NOBODY = 65534
MEMORY_SLACK = 2 << 30  # bytes of addresses, not of memory: libraries, reserved heaps

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
CLONE_THREAD = 0x00010000

MS_NOSUID, MS_NODEV, MS_NOEXEC = 0x2, 0x4, 0x8
MS_RECURSIVE_PRIVATE = 0x4000 | 0x40000
MS_RECURSIVE_BIND = 0x4000 | 0x1000

PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 4, 24, 38, 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
CAPABILITY_VERSION = 0x20080522

MAP_SHARED_ANONYMOUS, MAP_GROWSDOWN = 0x21, 0x100

# Harmless for whom has no capability, but each has been a way out of somewhere: refused.
REFUSED_CALLS = (
    # other programs, other processes
    *("execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev"),
    *("pidfd_getfd", "pidfd_open", "kcmp", "process_madvise", "process_mrelease"),
    # the world outside
    *("socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "vhangup"),
    # memory that no limit of a process counts
    *("memfd_create", "memfd_secret", "shmget", "shmat", "msgget", "semget", "mq_open"),
    *("mlock", "mlock2", "mlockall", "remap_file_pages", "userfaultfd", "vmsplice"),
    *("io_setup", "io_uring_setup", "io_uring_enter", "io_uring_register"),
    # rooms, mounts, devices
    *("unshare", "setns", "mount", "umount", "umount2", "pivot_root", "chroot", "mknod"),
    *("mknodat", "fsopen", "fsmount", "fsconfig", "fspick", "open_tree", "move_mount"),
    *("mount_setattr", "statmount", "listmount", "name_to_handle_at", "open_by_handle_at"),
    *("fanotify_init", "quotactl", "quotactl_fd", "swapon", "swapoff", "lookup_dcookie"),
    # the machine
    *("bpf", "perf_event_open", "add_key", "request_key", "keyctl", "personality", "syslog"),
    *("kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module"),
    *("reboot", "acct", "iopl", "ioperm", "modify_ldt", "sethostname", "setdomainname"),
    *("settimeofday", "clock_settime", "adjtimex", "clock_adjtime", "migrate_pages"),
    *("move_pages", "nfsservctl", "uselib", "ustat", "sysfs", "_sysctl", "vm86", "vm86old"),
)

SCMP_ALLOW, SCMP_ERRNO = 0x7FFF0000, 0x00050000
SCMP_MASKED_EQUAL = 7


@dataclass(frozen=True)
class Limits:
    """What one student's process may use.

    Attributes
    ----------
    cpu_seconds, wall_seconds : int
        Of the whole process, over all its threads and all its calls.
    memory_bytes : int
        Beyond what the parent has when it forks.
    disk_bytes, files : int
        In all of /tmp, the only place that can be written.
    threads, open_files : int
        At any time.
    output_bytes : int
        How much of what is printed is kept; what follows is counted and dropped.
    printed_bytes : int
        How much may be printed before the process is ended.
    """

    cpu_seconds: int = 60
    wall_seconds: int = 120
    memory_bytes: int = 2 << 30
    disk_bytes: int = 256 << 20
    files: int = 2000
    threads: int = 512
    open_files: int = 128
    output_bytes: int = 64 << 10
    printed_bytes: int = 1 << 30


class _Comparison(ctypes.Structure):
    """libseccomp's ``scmp_arg_cmp``: a condition on one argument of a call."""

    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("mask", ctypes.c_uint64),
        ("value", ctypes.c_uint64),
    )


class CallFilter:
    """The filter of system calls, built once and loaded by each child.

    Raises
    ------
    OSError
        If libseccomp is missing or refuses a rule.
    """

    def __init__(self) -> None:
        library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
        library.seccomp_init.restype = ctypes.c_void_p
        self._library = library
        self._context = ctypes.c_void_p(library.seccomp_init(SCMP_ALLOW))
        for name in REFUSED_CALLS:
            self._refuse(name)
        # A thread is a clone as well, and clone3 hides its flags in memory: with ENOSYS the
        # C library falls back to clone.
        self._refuse("clone3", error=ENOSYS)
        self._refuse("clone", when=[_Comparison(0, SCMP_MASKED_EQUAL, CLONE_THREAD, 0)])
        # Neither shared memory nor a stack that grows is counted as data of the process.
        for flags in (MAP_SHARED_ANONYMOUS, MAP_GROWSDOWN):
            for name in ("mmap", "mmap2"):
                self._refuse(name, when=[_Comparison(3, SCMP_MASKED_EQUAL, flags, flags)])

    def load(self) -> None:
        """Filter this process from now on, for ever."""
        self._check(self._library.seccomp_load(self._context), "loading the filter of calls")

    def _refuse(self, name: str, *, error: int = EPERM, when: Sequence[_Comparison] = ()) -> None:
        number = self._library.seccomp_syscall_resolve_name(name.encode())
        if number == -1:  # newer than the library, or of another architecture
            return
        conditions = (_Comparison * len(when))(*when)
        action = ctypes.c_uint32(SCMP_ERRNO | error)
        rule = self._library.seccomp_rule_add_array
        self._check(rule(self._context, action, number, len(when), conditions), f"rule for {name}")

    @staticmethod
    def _check(result: int, what: str) -> None:
        if result < 0:
            raise OSError(-result, f"{what}: {os.strerror(-result)}")


class Rooms:
    """Gives each child that is forked within it a process tree of its own."""

    def __init__(self) -> None:
        self._own = os.open("/proc/self/ns/pid", os.O_RDONLY)
        _c_library()  # not in each child

    def fork(self) -> int:
        """Fork a child that is process 1 and can neither see nor signal any process of ours.

        When it ends, or is killed, the kernel ends all that it has started.
        """
        _call("unshare", CLONE_NEWPID)
        try:
            pid = os.fork()
        except BaseException:
            _call("setns", self._own, CLONE_NEWPID)
            raise
        if pid:
            _call("setns", self._own, CLONE_NEWPID)
        return pid


def confine(limits: Limits, calls: CallFilter, course: Path, kept: Sequence[Path] = ()) -> None:
    """Shut this process in. There is no way back.

    Parameters
    ----------
    limits : Limits
        What it may use.
    calls : CallFilter
        Made before the fork.
    course : Path
        The folder with pictures and weights, to be seen from the new working folder.
    kept : sequence of Path
        Folders and files in /tmp that must stay visible in the new one: a Python that lives
        there.

    Raises
    ------
    OSError
        If a step fails; no student's code may run then.
    """
    os.setsid()  # or a signal to "my process group" would reach the parent
    _call("unshare", CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWCGROUP)
    _make_folders(limits, kept)
    Path("/proc/self/oom_score_adj").write_text("1000")
    _become_nobody()
    _drop_capabilities()
    _call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    make_workplace(Path("/tmp/work"), course)
    set_limits(limits)
    calls.load()


def make_workplace(folder: Path, course: Path) -> None:
    """Go to a new, writable folder from which the course's pictures and weights are seen."""
    folder.mkdir()
    for name in ("images", "pretrained-model"):
        (folder / name).symlink_to(course / name)
    os.chdir(folder)


def set_limits(limits: Limits, *, alone: bool = True) -> None:
    """Lower the limits of this process, for good.

    Parameters
    ----------
    limits : Limits
        What it may use beyond what it has now.
    alone : bool
        Whether it is the only process of its user; only then its threads can be limited.
    """
    addresses, data = _memory_in_use()
    values = {
        "RLIMIT_CPU": limits.cpu_seconds,
        "RLIMIT_DATA": data + limits.memory_bytes,
        "RLIMIT_AS": addresses + limits.memory_bytes + MEMORY_SLACK,
        "RLIMIT_FSIZE": limits.disk_bytes,
        "RLIMIT_NOFILE": limits.open_files,
        "RLIMIT_CORE": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
    }
    if alone:
        values["RLIMIT_NPROC"] = limits.threads
    for name, value in values.items():
        if hasattr(resource, name):  # macOS lacks some
            _lower(getattr(resource, name), value)


def _lower(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))


def _memory_in_use() -> tuple[int, int]:
    """Bytes of addresses and of data (heap, stacks) that this process has now."""
    try:
        pages = Path("/proc/self/statm").read_text().split()
    except OSError:  # no Linux; then the limits count from nothing
        return 0, 0
    return int(pages[0]) * resource.getpagesize(), int(pages[5]) * resource.getpagesize()


def _make_folders(limits: Limits, kept: Sequence[Path]) -> None:
    _mount(b"none", b"/", None, MS_RECURSIVE_PRIVATE, None)
    handles = {path: os.open(path, os.O_PATH) for path in kept}
    size = f"size={limits.disk_bytes},nr_inodes={limits.files},mode=1777"
    _mount(b"tmpfs", b"/tmp", b"tmpfs", MS_NOSUID | MS_NODEV, size.encode())
    for path, handle in handles.items():
        _make_mount_point(path, is_folder=stat.S_ISDIR(os.fstat(handle).st_mode))
        source = f"/proc/self/fd/{handle}"
        _mount(source.encode(), bytes(path), None, MS_RECURSIVE_BIND, None)
        os.close(handle)
    # Whole, not subset=pid: XLA reads /proc/cpuinfo.
    _mount(b"proc", b"/proc", b"proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, None)


def _make_mount_point(path: Path, is_folder: bool) -> None:
    if is_folder:
        path.mkdir(parents=True, exist_ok=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def _become_nobody() -> None:
    """Become user nobody of a user namespace in which nothing belongs to anybody."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        _call("prctl", PR_SET_DUMPABLE, 1, 0, 0, 0)  # or root would own our own /proc/self
    uid, gid = os.geteuid(), os.getegid()
    _call("unshare", CLONE_NEWUSER)
    own = Path("/proc/self")
    (own / "setgroups").write_text("deny")
    (own / "uid_map").write_text(f"{uid} {uid} 1")
    (own / "gid_map").write_text(f"{gid} {gid} 1")


def _drop_capabilities() -> None:
    _call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    with contextlib.suppress(OSError):  # ends behind the last one that this kernel knows
        for capability in range(64):
            _call("prctl", PR_CAPBSET_DROP, capability, 0, 0, 0)
    head = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    _call("capset", head, (ctypes.c_uint32 * 6)())


def _mount(
    source: bytes, target: bytes, kind: bytes | None, flags: int, data: bytes | None
) -> None:
    _call("mount", source, target, kind, ctypes.c_ulong(flags), data)


def _call(name: str, *arguments: object) -> None:
    """Call a function of the C library that answers -1 when it fails."""
    if getattr(_c_library(), name)(*arguments) < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}{arguments}: {os.strerror(code)}")


@functools.cache
def _c_library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _try() -> int:
    """Confine a child that does nothing; 0 if that works, 3 if only the filter is missing."""
    try:
        calls = CallFilter()
    except OSError as error:
        print(error, file=sys.stderr)
        return 3
    if pid := Rooms().fork():
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    try:
        confine(Limits(), calls, Path())
    except OSError as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(_try())
