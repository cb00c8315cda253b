"""A judge that stays for some minutes, so that the next `course grade --json` finds it warm.

It listens on a socket in a folder that only its user can open, does one submission after the other
and ends by itself when nobody has asked for a while. Its name holds the state of the course's
files: after a change another one is started.
"""

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path

from filelock import FileLock

from grading import ROOT, CourseError
from grading.results import Result

IDLE_SECONDS = 600.0
START_SECONDS = 120.0  # TensorFlow from a cold disk
DECIDING = ("grading/*.py", "tests/exercises/*.py", "notebooks/source/*.py", "*.py")


def ask(paths: Sequence[Path], trust: bool = False) -> Iterator[Result]:
    """Have submissions judged by the resident judge; start it if there is none.

    Parameters
    ----------
    paths : sequence of Path
        See `grading.quick.results_of`.
    trust : bool
        Run submissions without isolation.

    Yields
    ------
    Result
        In order of student and notebook.

    Raises
    ------
    CourseError
        Whatever `results_of` raises, or if the judge does not start.
    """
    request = {"paths": [str(path.resolve()) for path in paths], "trust": trust}
    with _connected() as connection:
        connection.send_bytes(json.dumps(request).encode())
        while True:
            try:
                answer = json.loads(connection.recv_bytes())
            except (EOFError, OSError) as error:
                raise CourseError(
                    "the resident judge died; give the same command again"
                ) from error
            if "error" in answer:
                raise CourseError(answer["error"])
            if "result" not in answer:
                return
            yield Result.from_json(answer["result"])


def serve(address: str) -> None:
    """Be the resident judge at a socket; return when nobody has asked for `IDLE_SECONDS`."""
    from grading.worker import Rules, warm

    last = time.monotonic()
    busy = threading.Lock()

    def leave() -> None:
        while True:
            time.sleep(1.0)
            if time.monotonic() - last > IDLE_SECONDS and busy.acquire(blocking=False):
                Path(address).unlink(missing_ok=True)
                os._exit(0)  # accept() cannot be woken; the students' processes end with this one

    with Listener(address, "AF_UNIX") as listener:
        threading.Thread(target=leave, daemon=True).start()
        with contextlib.suppress(CourseError):  # whoever asks is told
            warm(Rules())
        while True:
            connection = listener.accept()
            with busy, contextlib.closing(connection), contextlib.suppress(OSError, EOFError):
                _answer(connection)
            last = time.monotonic()


def _answer(connection: Connection) -> None:
    """Do what one client asks for."""
    from grading.quick import results_of
    from grading.worker import Rules

    request = json.loads(connection.recv_bytes())
    try:
        for result in results_of(map(Path, request["paths"]), Rules(request["trust"])):
            connection.send_bytes(json.dumps({"result": result.to_json()}).encode())
        connection.send_bytes(b"{}")
    except CourseError as error:
        connection.send_bytes(json.dumps({"error": str(error)}).encode())


@contextlib.contextmanager
def _connected() -> Iterator[Connection]:
    """Connect to the resident judge of this course and this user."""
    folder = _folder()
    address = folder / f"{_state()}.socket"
    with FileLock(folder / "starting.lock"):
        connection = _client(address)
        if connection is None:
            address.unlink(missing_ok=True)  # of one that was killed
            _start(address)
            connection = _client(address)
    if connection is None:
        raise CourseError(f"the resident judge did not start; {_log(address)} may say why")
    with contextlib.closing(connection):
        yield connection


def _client(address: Path) -> Connection | None:
    try:
        return Client(str(address), "AF_UNIX")
    except OSError:
        return None


def _start(address: Path) -> None:
    """Start a judge and wait until it listens."""
    from grading.worker import worker_environment

    with _log(address).open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "grading.resident", str(address)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=os.environ | worker_environment() | {"PYTHONPATH": str(ROOT)},
            start_new_session=True,
        )
    end = time.monotonic() + START_SECONDS
    while not address.exists() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)


def _log(address: Path) -> Path:
    return address.with_suffix(".log")


def _folder() -> Path:
    """Return a folder that only this user can open.

    Raises
    ------
    CourseError
        If somebody else has made it.
    """
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    folder = Path(base) / f"course-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o077 or folder.is_symlink():
        raise CourseError(
            f"{folder} belongs to somebody else or is open to others; remove it, or set "
            "XDG_RUNTIME_DIR to a folder of your own"
        )
    return folder


def _state() -> str:
    """Return a name for the state of the files that the judge has read."""
    facts = [sys.executable]
    for pattern in DECIDING:
        for path in sorted(ROOT.glob(pattern)):
            facts.append(f"{path} {path.stat().st_mtime_ns} {path.stat().st_size}")
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]


if __name__ == "__main__":
    serve(sys.argv[1])
