"""What a warm kernel's kernelspec starts: a process that stands in for the kernel.

It asks the server (`grading.kernel_server`; started if there is none) to fork a kernel with this
process's arguments, folder, environment and terminal. Then it passes signals on and ends the way
the kernel ends; if it is killed, the kernel is. Where no kernel can be forked it becomes
an ordinary one, with one sentence on stderr.

It runs as a script, without packages, because its start is part of every submission's time.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

PASSED_ON = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
TRIES = 2  # a server may go to rest at this very moment
IDLE = "COURSE_KERNEL_IDLE"  # seconds after which a server without work ends
IDLE_SECONDS = 300
ROOT = Path(__file__).resolve().parent.parent


class NoKernelError(Exception):
    """No kernel could be forked; the text says why."""


def main(arguments: list[str]) -> NoReturn:
    """Be a kernel with these arguments for `ipykernel`, forked or ordinary."""
    parent = os.getppid() if os.environ.get("JPY_PARENT_PID") else None
    try:
        server, lines = _forked(arguments, parent)
    except (NoKernelError, OSError) as error:
        print(f"no warm kernel: {error}; an ordinary one is started", file=sys.stderr, flush=True)
        os.execv(sys.executable, [sys.executable, "-m", "ipykernel_launcher", *arguments])

    def pass_on(number: int, _: object) -> None:
        with contextlib.suppress(OSError):  # the kernel has ended
            server.send(bytes([number]))

    for name in PASSED_ON:
        signal.signal(getattr(signal, name), pass_on)
    _end_as(int(next(lines, -signal.SIGKILL)))


def _forked(arguments: list[str], parent: int | None) -> tuple[socket.socket, Iterator[str]]:
    """Have a kernel forked; return the connection to its keeper, and what that one says."""
    name = f"kernel-{_state()}"
    folder = _own_folder()
    for _ in range(TRIES):
        server = _connected(folder, name)
        lines = _lines(server, parent)
        try:
            socket.send_fds(server, [b"!"], [0, 1, 2])
            server.sendall(json.dumps(_order(arguments)).encode() + b"\n")
        except (BrokenPipeError, ConnectionResetError):
            continue
        if next(lines, None):
            return server, lines
    raise NoKernelError(f"the server died; {folder}/{name}.log may say why")


def _order(arguments: list[str]) -> dict[str, object]:
    """Return what a started process would have from this one."""
    mask = os.umask(0o77)
    os.umask(mask)
    return {
        "arguments": arguments,
        "folder": str(Path.cwd()),
        "environment": dict(os.environ),
        "umask": mask,
        "niceness": os.getpriority(os.PRIO_PROCESS, 0),
    }


def _lines(server: socket.socket, parent: int | None) -> Iterator[str]:
    """Yield the lines of a connection until it ends; end with the process that started this."""
    received = b""
    while True:
        if parent not in (None, os.getppid()):
            sys.exit(1)
        if not select.select([server], [], [], 1.0)[0]:
            continue
        try:
            block = server.recv(4096)
        except ConnectionResetError:
            return
        if not block:
            return
        *lines, received = (received + block).split(b"\n")
        yield from (line.decode() for line in lines)


def _connected(folder: Path, name: str) -> socket.socket:
    """Connect to the server of this course's state; start it first if nobody listens."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    address = f"/proc/self/fd/{opened}/{name}"  # a socket's own name may have 107 characters
    try:
        if server := _connection(address):
            return server
        with (folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if server := _connection(address):
                return server
            # From here on others connect, too; they wait until the server is warm.
            (folder / name).unlink(missing_ok=True)
            with socket.socket(socket.AF_UNIX) as listening:
                listening.bind(address)
                listening.listen(128)
                _start_server(listening, folder / name)
                if server := _connection(address):
                    return server
    finally:
        os.close(opened)
    raise NoKernelError(f"no connection to {folder}/{name}")


def _connection(address: str) -> socket.socket | None:
    server = socket.socket(socket.AF_UNIX)
    try:
        server.connect(address)
    except (FileNotFoundError, ConnectionRefusedError):
        server.close()
        return None
    return server


def _start_server(listening: socket.socket, path: Path) -> None:
    import subprocess

    seconds = os.environ.get(IDLE, str(IDLE_SECONDS))
    theirs = {k: v for k, v in os.environ.items() if not k.startswith("JPY_")}
    with path.with_name(f"{path.name}.log").open("w") as log:
        subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "grading.kernel_server"),
                *(str(listening.fileno()), str(path), seconds),
            ],
            env={**theirs, "PYTHONHASHSEED": "0"},  # the same order of sets in every kernel
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[listening.fileno()],
            start_new_session=True,  # it outlives this process, and is not interrupted with it
        )


def _own_folder() -> Path:
    """Return a folder that only this user can open."""
    base = os.environ.get("XDG_RUNTIME_DIR") or os.environ.get("TMPDIR") or "/tmp"
    folder = Path(base) / f"course-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise NoKernelError(f"{folder} belongs to somebody else or is open to others; remove it")
    return folder


def _state() -> str:
    """Return a name for what a server has imported: Python, the given modules, their settings."""
    here = Path(__file__).parent
    files = [*ROOT.glob("*.py"), *here.glob("kernel_*.py"), here / "isolation.py"]
    settings = (f"{k}={v}" for k, v in os.environ.items() if k.startswith(("PYTHON", "COURSE_")))
    facts = [sys.executable, *settings]
    facts += [f"{file} {file.stat().st_mtime_ns} {file.stat().st_size}" for file in files]
    return hashlib.sha256("\n".join(sorted(facts)).encode()).hexdigest()[:16]


def _end_as(code: int) -> NoReturn:
    """End with this exit code, or by the signal whose number it is with a minus."""
    if code < 0:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if -code not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
