"""A warm process of the judge's, and the students' processes that are forked from it.

The judge keeps a `Zygote` for as long as it lives. `Zygote.fork` gives a `Student`: a process
that has TensorFlow imported, sees nothing but what `grading.isolation` shows, and may use no more
than its `Limits`. Whatever a student does, the zygote lives on; should it die all the same,
the next fork starts another.
"""

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import IO, Any, Literal

from grading import CourseError, isolation
from grading.channel import Channel, Quota
from grading.confinement import Limits
from grading.forkserver import AT_HOME, Settings
from grading.isolation import View

Why = Literal["exit", "signal", "cpu", "memory", "wall", "output", "killed", "lost"]

WARMTH = "grading.warm_tensorflow"
START_SECONDS = 300.0  # TensorFlow from a cold disk
BORN_SECONDS = 30.0
TAIL_BYTES = 2048
CROWD_BYTES, CROWD_SECONDS = 4096, 0.002
MEMORY_SIGNS = (b"bad_alloc", b"MemoryError", b"out of memory", b"OOM when allocating")


@dataclass(frozen=True)
class Ending:
    """How a student's process ended.

    Attributes
    ----------
    why : str
        ``"exit"`` by itself, ``"signal"`` by a crash, ``"cpu"``, ``"memory"``, ``"wall"`` or
        ``"output"`` at that limit, ``"killed"`` by the judge, ``"lost"`` with its parent.
        What tells memory from another crash is the student's last output, so that much
        can be pretended; it decides no mark.
    code : int or None
        Exit code; minus the number of a signal.
    cpu_seconds : float
        Processor time of all threads.
    peak_bytes : int
        The most memory it had, with what it shares with its parent.
    printed : bytes
        The beginning of what it printed.
    dropped : int
        How many bytes more it printed.
    """

    why: Why
    code: int | None
    cpu_seconds: float
    peak_bytes: int
    printed: bytes
    dropped: int


@dataclass(frozen=True)
class Program:
    """What runs in a student's process.

    Attributes
    ----------
    entry : str
        ``"module:function"``; the function's argument is the student's end of the channel.
    warm : tuple of str, optional
        Modules to import before the first fork; without it, TensorFlow and the given modules.
    """

    entry: str = "grading.student:serve"
    warm: tuple[str, ...] | None = None


class Student:
    """A student's process, seen from the judge.

    Attributes
    ----------
    channel : Channel
        To the function that runs in it.
    """

    def __init__(self, number: int, zygote: "Zygote", channel: Channel, output: "_Output") -> None:
        self.channel = channel
        self._number = number
        self._zygote = zygote
        self._output = output
        self._why: Why | None = None
        self._ending: Ending | None = None

    def __enter__(self) -> "Student":
        """Take it for the time of a block."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it and everything it has started."""
        self.kill()
        self.wait()
        self.channel.close()

    def kill(self, why: Why = "killed") -> None:
        """End it and everything it has started; harmless when it has ended already."""
        if self._ending is None:
            self._why = self._why or why
            self._zygote.kill(self._number)

    def printed(self) -> tuple[bytes, int]:
        """Return the beginning of what it has printed so far, and how many bytes followed."""
        return bytes(self._output.kept), self._output.dropped

    def wait(self) -> Ending:
        """Wait until it has ended, at the latest when its wall time is over."""
        if self._ending is None:
            told = self._zygote.wait(self._number)
            self._output.finish()
            self._ending = self._judge_ending(told)
        return self._ending

    def _judge_ending(self, told: dict[str, Any] | None) -> Ending:
        printed, dropped = self.printed()
        if told is None:
            return Ending(self._why or "lost", None, 0.0, 0, printed, dropped)
        why = self._why or self._reason(told)
        if self._why == "killed" and told["code"] != -signal.SIGKILL:
            why = self._reason(told)  # it had ended before
        numbers = told["code"], told["cpu_seconds"], told["peak_bytes"]
        return Ending(why, *numbers, printed, dropped)

    def _reason(self, told: dict[str, Any]) -> Why:
        if told["overdue"]:
            return "wall"
        if told["code"] == -signal.SIGKILL or told["code"] == -signal.SIGXCPU:
            # The limit is checked in coarse ticks; the exact sum may lie well below it.
            late = told["cpu_seconds"] >= 0.5 * self._zygote.limits.cpu_seconds
            return "cpu" if late else "memory"
        if told["code"] and any(sign in self._output.tail for sign in MEMORY_SIGNS):
            return "memory"
        return "signal" if told["code"] < 0 else "exit"


class Zygote:
    """A process that has imported what students need, and forks.

    Parameters
    ----------
    limits : Limits
        Of each student's process.
    trust : bool
        Run without isolation: only by explicit wish, and only for submissions of people who
        may read and write whatever this account can.
    program : Program
        What runs in the student's process.
    view : View
        What students see.
    quota : Quota
        What the judge takes from a student over a channel.

    Raises
    ------
    CourseError
        From the context's start, if there is no isolation here or an import fails.
    """

    def __init__(
        self,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        *,
        trust: bool = False,
        program: Program = Program(),
        view: View = View(),  # noqa: B008 - frozen
        quota: Quota = Quota(),  # noqa: B008 - frozen
    ) -> None:
        self.limits = limits
        self._trust = trust
        self._program = program
        self._view = view
        self._quota = quota
        self._numbers = itertools.count(1)
        self._server: _Server | None = None
        self._lock = threading.RLock()

    def __enter__(self) -> "Zygote":
        """Start it and wait until it is warm."""
        self._running()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it, and all of its students."""
        self.close()

    def fork(self) -> Student:
        """Make a student's process; start another zygote first if this one has died.

        Raises
        ------
        CourseError
            If no process can be made, or it could not shut itself in.
        """
        try:
            return self._fork(self._running())
        except _LostError:
            self.close()
        try:
            return self._fork(self._running())
        except _LostError as error:
            raise CourseError("the process that forks for students died twice in a row") from error

    def close(self) -> None:
        """End the zygote and all of its students."""
        with self._lock:
            if self._server:
                self._server.close()
            self._server = None

    def kill(self, number: int) -> None:
        """End a student's process; `Student.kill` is for callers."""
        if self._server:
            self._server.tell({"do": "kill", "id": number})

    def wait(self, number: int) -> dict[str, Any] | None:
        """Tell how a student's process ended, None if the zygote is lost; see `Student.wait`."""
        with suppress(_LostError):
            if self._server:
                told = self._server.ask({"do": "wait", "id": number})
                return None if "error" in told else told
        return None

    def _running(self) -> "_Server":
        with self._lock:
            if self._server is None:
                self._server = _Server(self._command, self._trust, self._view)
            return self._server

    def _command(self, control: int, information: int) -> list[str]:
        view, warm = self._view, self._program.warm
        secrets = (*view.hide, view.root / "tests", view.root / "notebooks")
        settings = Settings(
            control=control,
            entry=self._program.entry,
            warm=[*isolation.given_modules(view), WARMTH] if warm is None else [*warm],
            limits=asdict(self.limits),
            isolated=not self._trust,
            course=str(view.root if self._trust else isolation.COURSE),
            kept=[] if self._trust else isolation.kept_in_tmp(view),
            secrets=[] if self._trust else [str(path) for path in secrets],
        )
        arguments = ["-m", "grading.forkserver", json.dumps(asdict(settings))]
        if self._trust:
            return [sys.executable, "-P", *arguments]
        return isolation.shell(arguments, view, information=information)

    def _fork(self, server: "_Server") -> Student:
        number = next(self._numbers)
        ours, theirs = socket.socketpair()
        reading, writing = os.pipe()
        try:
            told = server.ask({"do": "fork", "id": number}, [theirs.fileno(), writing])
        except BaseException:
            ours.close()
            os.close(reading)
            raise
        finally:
            theirs.close()
            os.close(writing)
        output = _Output(reading, self.limits)
        student = Student(number, self, Channel(ours, self._quota), output)
        output.start(student)
        if "error" in told:
            raise CourseError(told["error"])
        if not _is_at_home(ours):
            student.kill()
            said = student.wait().printed.decode(errors="replace")
            ours.close()
            raise CourseError(f"a student's process could not be isolated: {said[-1000:]}")
        return student


class _LostError(Exception):
    """The zygote has died."""


class _Server:
    """The zygote's process: how it is started, asked and ended."""

    def __init__(self, command: Any, trust: bool, view: View) -> None:
        if not hasattr(os, "fork"):
            raise CourseError("grading in processes needs fork: on Windows use WSL 2")
        self._control, theirs = socket.socketpair()
        self._answers = self._control.makefile("rb")
        self._asking = threading.Lock()
        self._telling = threading.Lock()
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as we
        reading, writing = os.pipe()
        try:
            self._process = subprocess.Popen(
                command(theirs.fileno(), writing),
                env=_trusting_environment(view) if trust else isolation.environment(),
                stdin=subprocess.DEVNULL,
                stdout=self._errors,
                stderr=self._errors,
                pass_fds=(theirs.fileno(), writing),
                start_new_session=True,  # Ctrl-C is for the judge to answer
            )
        except FileNotFoundError as error:
            os.close(reading)
            raise CourseError(f"{error.filename} is missing: {_remedy()}") from error
        finally:
            theirs.close()
            os.close(writing)
        self._information = reading
        self._wait_until_warm()

    def ask(self, request: dict[str, Any], descriptors: Sequence[int] = ()) -> dict[str, Any]:
        """Send a request and wait for its answer."""
        with self._asking:
            try:
                self._send(request, descriptors)
                line = self._answers.readline()
            except (OSError, ValueError) as error:  # ValueError: closed by another thread
                raise _LostError from error
        if not line:
            raise _LostError
        return json.loads(line)

    def tell(self, request: dict[str, Any]) -> None:
        """Send a request that has no answer."""
        with suppress(OSError):
            self._send(request, ())

    def close(self) -> None:
        """End it; without the judge's end of the socket it goes by itself."""
        # Not only close(): a thread that waits for an answer holds the socket open.
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        self._answers.close()
        self._control.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._kill()
        os.close(self._information)
        self._errors.close()

    def _send(self, request: dict[str, Any], descriptors: Sequence[int]) -> None:
        line = json.dumps(request).encode() + b"\n"
        with self._telling:
            socket.send_fds(self._control, [line], descriptors)

    def _wait_until_warm(self) -> None:
        self._control.settimeout(START_SECONDS)
        try:
            line = self._answers.readline()
        except TimeoutError:
            line = b""
        if not line:
            self._kill()
            said = self._said()
            self.close()
            raise CourseError(f"the process that forks for students did not start: {said}")
        self._control.settimeout(None)

    def _kill(self) -> None:
        """Kill the zygote: bubblewrap alone would leave it alive."""
        os.set_blocking(self._information, False)
        with suppress(OSError, ValueError, KeyError):
            os.kill(json.loads(os.read(self._information, 4096))["child-pid"], signal.SIGKILL)
        self._process.kill()
        self._process.wait()

    def _said(self) -> str:
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip()
        return (said[-2000:] or f"exit code {self._process.returncode}") + _hint(said)


class _Output:
    """Reads what a student prints, so that printing never blocks; keeps the beginning of it."""

    def __init__(self, descriptor: int, limits: Limits) -> None:
        self.kept = bytearray()
        self.dropped = 0
        self.tail = b""
        self._descriptor = descriptor
        self._limits = limits
        self._thread: threading.Thread | None = None

    def start(self, student: Student) -> None:
        """Read in a thread; it sleeps in the kernel, without Python's lock."""
        self._thread = threading.Thread(target=self._read, args=(student,), daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Wait for the last bytes; without isolation somebody may still hold the pipe open."""
        if self._thread:
            self._thread.join(timeout=2)

    def _read(self, student: Student) -> None:
        while block := os.read(self._descriptor, 1 << 16):
            room = self._limits.output_bytes - len(self.kept)
            self.kept += block[:room]
            self.dropped += max(len(block) - room, 0)
            self.tail = (self.tail + block[-TAIL_BYTES:])[-TAIL_BYTES:]
            if len(self.kept) + self.dropped > self._limits.printed_bytes:
                student.kill("output")
            if len(block) < CROWD_BYTES:
                time.sleep(CROWD_SECONDS)  # or each letter of a flood would wake the judge
        os.close(self._descriptor)


def _is_at_home(sock: socket.socket) -> bool:
    """Whether the process at the other end has shut itself in."""
    sock.settimeout(BORN_SECONDS)
    try:
        return sock.recv(1) == AT_HOME
    except OSError:
        return False


def _trusting_environment(view: View) -> dict[str, str]:
    """Our own environment, but for what keeps forks and roundings as they are in the shell."""
    theirs = isolation.environment()
    for name in ("PATH", "HOME", "LOGNAME", "LANG", "MPLCONFIGDIR"):
        theirs.pop(name)
    folders = [view.root, *dict.fromkeys(path.parent for path in view.extra)]
    return os.environ | theirs | {"PYTHONPATH": os.pathsep.join(map(str, folders))}


def _hint(said: str) -> str:
    """What to do, when it is bubblewrap that has failed."""
    return f"\n{_remedy()}" if said.startswith("bwrap:") else ""


def _remedy() -> str:
    return isolation.available().remedy or "see `course grade --help`"
