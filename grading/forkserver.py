"""The process that is warm: it has imported TensorFlow, and forks a child for each student.

It runs inside the shell of `grading.isolation` and obeys the judge, who starts it by
`grading.zygote.Zygote`. A fork is safe only as long as the parent has run no operation of
TensorFlow, built no layer, made no tensor and started no thread; afterwards children hang. And
what is in its memory is in each child's: so nothing of a student, nor of a test, ever comes here.
What a child prints goes through a pipe of the judge's.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import selectors
import shutil
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from grading.channel import Channel, Quota
from grading.confinement import (
    CallFilter,
    Limits,
    Rooms,
    confine,
    make_workplace,
    set_limits,
)
from grading.quiet_import import as_if_missing

CHANNEL = 3  # the child's file descriptor, behind input, output and errors
REMEMBERED = 100  # endings that the judge has not asked for yet
MADV_COLLAPSE = 25
LARGE_PAGE = 2 << 20  # bytes
AT_HOME = b"!"  # what a child says when it has shut itself in

# The judge is trusted; these only keep a child's mistakes small.
QUOTA = Quota(frame_bytes=64 << 20, array_bytes=1 << 30, total_bytes=1 << 40, messages=10**9)


@dataclass(frozen=True)
class Settings:
    """What the judge wants, as it stands on the command line.

    Attributes
    ----------
    control : int
        File descriptor of the judge's socket.
    entry : str
        What a child runs, as ``"module:function"``; the function's argument is its channel.
    warm : list of str
        Modules to import before the first fork.
    limits : dict
        Of each child.
    isolated : bool
        False on a machine without isolation, for submissions that are trusted.
    course : str
        The folder with pictures and weights.
    kept : list of str
        Folders in /tmp that children need.
    secrets : list of str
        Folders that must not be visible from here.
    """

    control: int
    entry: str
    warm: list[str]
    limits: dict[str, int]
    isolated: bool
    course: str
    kept: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)


@dataclass
class _Child:
    pid: int
    deadline: float
    folder: str | None = None
    ending: dict[str, Any] | None = None
    overdue: bool = False  # it had to be ended at its deadline


class ForkServer:
    """Obeys the judge's requests until the judge is gone.

    Requests are lines of JSON: ``fork`` (with two file descriptors: the student's end of the
    channel, and where it prints), ``kill`` (no answer) and ``wait`` (answered when the child
    has ended). Answers are lines of JSON as well.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._limits = Limits(**settings.limits)
        self._control = socket.socket(fileno=settings.control)
        self._entry = _find(settings.entry)
        self._calls = CallFilter() if settings.isolated else None
        self._rooms = Rooms() if settings.isolated else None
        self._children: dict[int, _Child] = {}
        self._waiting: int | None = None
        self._received = bytearray()
        self._descriptors: list[int] = []
        self._wakeup = _wake_at_children()

    def serve(self) -> None:
        """Say that all is warm, then obey; return when the judge is gone."""
        self._answer({"ready": True})
        # No epoll: a child would have to close it.
        with selectors.SelectSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(self._wakeup, selectors.EVENT_READ)
            while True:
                events = selector.select(self._next_deadline())
                ready = {key.fd for key, _ in events}
                if self._wakeup in ready:
                    os.read(self._wakeup, 4096)
                if self._control.fileno() in ready and not self._obey():
                    return
                self._end_the_overdue()
                self._collect()

    def end_all(self) -> None:
        """Kill the children; inside the shell the kernel does so when this process ends."""
        for number in self._children:
            self._kill(number)

    def _obey(self) -> bool:
        received, descriptors, _, _ = socket.recv_fds(self._control, 4096, 16)
        self._received += received
        self._descriptors += descriptors
        while b"\n" in self._received:
            line, _, self._received = self._received.partition(b"\n")
            request = json.loads(line)
            if request["do"] == "fork":
                self._fork(request["id"])
            elif request["do"] == "kill":
                self._kill(request["id"])
            else:
                self._waiting = request["id"]
        return bool(received)

    def _answer(self, answer: dict[str, Any]) -> None:
        self._control.sendall(json.dumps(answer).encode() + b"\n")

    def _fork(self, number: int) -> None:
        channel, output = self._descriptors[:2]
        del self._descriptors[:2]
        folder = None if self._rooms else tempfile.mkdtemp(prefix="student-")
        try:
            pid = self._rooms.fork() if self._rooms else os.fork()
            if pid == 0:
                self._live(channel, output, folder)
        except OSError as error:
            self._answer({"error": f"no process could be made for a student: {error}"})
            return
        finally:
            os.close(channel)
            os.close(output)
        self._forget()
        deadline = time.monotonic() + self._limits.wall_seconds
        self._children[number] = _Child(pid, deadline, folder)
        self._answer({"pid": pid})

    def _forget(self) -> None:
        """Drop the endings that nobody has asked for, but for the last ones."""
        ended = [number for number, child in self._children.items() if child.ending is not None]
        for number in ended[:-REMEMBERED]:
            del self._children[number]

    def _live(self, channel: int, output: int, folder: str | None) -> NoReturn:
        """Be the student's process, from the first moment to the last."""
        code = 1
        try:
            _take_descriptors(channel, output)
            self._children.clear()
            self._shut_in(folder)
            os.write(CHANNEL, AT_HOME)
            self._entry(Channel(socket.socket(fileno=CHANNEL), QUOTA))
            code = 0
        except SystemExit as wish:
            code = wish.code if isinstance(wish.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            with contextlib.suppress(BaseException):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code & 0xFF)

    def _shut_in(self, folder: str | None) -> None:
        course = Path(self._settings.course)
        if self._calls:
            confine(self._limits, self._calls, course, [*map(Path, self._settings.kept)])
            return
        os.setsid()
        make_workplace(Path(str(folder)) / "work", course)
        set_limits(self._limits, alone=False)

    def _kill(self, number: int) -> None:
        child = self._children.get(number)
        if child is None or child.ending is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)
        if self._rooms is None:  # no process tree of its own; get at least its session
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)

    def _next_deadline(self) -> float | None:
        """Seconds until the first living child must be ended."""
        living = [child.deadline for child in self._children.values() if child.ending is None]
        return max(min(living) - time.monotonic(), 0.01) if living else None

    def _end_the_overdue(self) -> None:
        now = time.monotonic()
        for number, child in self._children.items():
            if child.ending is None and now >= child.deadline:
                child.overdue = True
                self._kill(number)

    def _collect(self) -> None:
        """Note how children ended, and tell the judge of the one that is waited for."""
        for child in self._children.values():
            if child.ending is None:
                self._reap(child)
        awaited = self._children.get(self._waiting or 0)
        if self._waiting is not None and (awaited is None or awaited.ending is not None):
            self._answer(awaited.ending if awaited and awaited.ending else {"error": "unknown"})
            self._children.pop(self._waiting, None)
            self._waiting = None

    @staticmethod
    def _reap(child: _Child) -> None:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if not pid:
            return
        if child.folder:
            shutil.rmtree(child.folder, ignore_errors=True)
        child.ending = {
            "code": os.waitstatus_to_exitcode(status),
            "cpu_seconds": usage.ru_utime + usage.ru_stime,
            "peak_bytes": usage.ru_maxrss * 1024,
            "overdue": child.overdue,
        }


def _find(entry: str) -> Callable[[Channel], Any]:
    module, _, name = entry.partition(":")
    return getattr(importlib.import_module(module), name)


def _wake_at_children() -> int:
    """Return a file descriptor that can be read when a child has ended."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    signal.signal(signal.SIGCHLD, lambda *_: None)  # without a handler nothing is written
    return reading


def _take_descriptors(channel: int, output: int) -> None:
    """Keep a channel and a place to print to; close whatever else the parent has open."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.dup2(channel, CHANNEL)
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    os.closerange(CHANNEL + 1, 1 << 20 if most == resource.RLIM_INFINITY else most)


def check_secrets(secrets: Iterable[Path]) -> None:
    """Refuse to serve where a secret can be seen."""
    for secret in secrets:
        if secret.is_file() or (secret.is_dir() and any(secret.iterdir())):
            sys.exit(f"{secret} can be seen from inside the shell; no student's code runs here")


def check_threads(modules: Iterable[str]) -> None:
    """Refuse to serve where a fork would hang."""
    tasks = Path("/proc/self/task")
    if tasks.is_dir() and len([*tasks.iterdir()]) > 1:
        sys.exit(f"importing {', '.join(modules)} started threads; a fork would hang")


def use_large_pages() -> None:
    """Have this process's memory put onto large pages, where Linux does that (since 6.1).

    Each fork copies the list of pages, and its end takes that down: both take 3 ms less.
    """
    with contextlib.suppress(OSError):  # no Linux
        for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
            place, rights, _, _, file, *name = line.split()
            if rights == "rw-p" and file == "0" and name in ([], ["[heap]"]):
                start, end = (int(address, 16) for address in place.split("-"))
                start = -(-start // LARGE_PAGE) * LARGE_PAGE
                size = max(end - start, 0) // LARGE_PAGE * LARGE_PAGE
                # What it cannot do stays as it is.
                ctypes.CDLL(None).madvise(
                    ctypes.c_void_p(start), ctypes.c_size_t(size), MADV_COLLAPSE
                )


def main() -> None:
    """Get warm, then serve."""
    settings = Settings(**json.loads(sys.argv[1]))
    with as_if_missing("sklearn"):
        for name in settings.warm:
            importlib.import_module(name)
    server = ForkServer(settings)
    check_secrets(map(Path, settings.secrets))
    check_threads(settings.warm)
    gc.collect()
    use_large_pages()
    gc.freeze()  # or the first collection of each child would copy every page
    server.serve()
    server.end_all()


if __name__ == "__main__":
    main()
