"""A process that has imported TensorFlow and the given modules, and forks Jupyter kernels.

`grading.kernel_launcher` starts it and hands it a socket to listen on. Each connection is served
by a fork, the keeper, which forks once more: that child becomes the kernel, and the keeper passes
signals on to it and says how it ended. So nothing that is sent or executed ever reaches the
server itself, and a kernel outlives it. If the launcher is gone, the keeper ends the kernel;
if the keeper is gone, Linux does.

As in `grading.forkserver` a fork is safe because this process has no thread, ran no operation of
TensorFlow, and BLAS has one thread. asyncio's loop, tornado's and ZeroMQ's context are made in
the child. Here the likeness ends: these kernels are NOT isolated. They run submissions with all
rights of the user, as nbgrader does; `course grade` isolates them.
"""

import atexit
import contextlib
import ctypes
import fcntl
import gc
import importlib
import json
import os
import select
import signal
import socket
import socketserver
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from grading.isolation import ENVIRONMENT, View, given_modules

# What must be set before TensorFlow is imported, and stay so in the kernels.
FIXED = (
    *("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MALLOC_ARENA_MAX", "CUDA_VISIBLE_DEVICES"),
    *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "TF_CPP_MIN_LOG_LEVEL"),
)
SETTINGS = {name: ENVIRONMENT[name] for name in FIXED}
BACKEND = "module://matplotlib_inline.backend_inline"  # as in every notebook

# What a kernel imports while it starts, and for its first cells.
KERNEL_MODULES = (
    *("ipykernel.kernelapp", "ipykernel.debugger", "tornado.platform.asyncio", "sqlite3"),
    *("IPython.core.completerlib", "IPython.core.debugger", "IPython.extensions.storemagic"),
)

LOOK_SECONDS = 1.0
PATIENCE = 10.0  # seconds that a launcher may take to say what it wants
PR_SET_PDEATHSIG = 1


class KernelServer(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    """Forks a keeper for every connection until nobody has come for a while.

    Parameters
    ----------
    listening : socket
        Bound by the launcher that started this process.
    path : Path
        Its name.
    idle_seconds : float
        How long to stay without any kernel.
    """

    max_children = 1000

    def __init__(self, listening: socket.socket, path: Path, idle_seconds: float) -> None:
        super().__init__(str(path), Keeper, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.timeout = min(idle_seconds, LOOK_SECONDS)
        self._idle_seconds = idle_seconds
        self._busy = time.monotonic()  # when there was a kernel last
        self._resting = False

    def serve(self) -> None:
        """Serve until it is time to rest."""
        while not self._resting:
            self.handle_request()

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Note that somebody has come."""
        self._busy = time.monotonic()
        return True

    def handle_timeout(self) -> None:
        """Forget kernels that have ended; rest if there was none for long."""
        super().handle_timeout()
        if self.active_children:
            self._busy = time.monotonic()
        elif time.monotonic() - self._busy >= self._idle_seconds:
            self._resting = True
            self._close()

    def _close(self) -> None:
        """Stop to listen; who is connecting at this moment starts another server."""
        path = Path(str(self.server_address))
        with path.with_name(f"{path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.socket.close()
            path.unlink(missing_ok=True)


class Keeper(socketserver.BaseRequestHandler):
    """The parent of one kernel, in a process of its own."""

    server: KernelServer

    def handle(self) -> None:
        """Have a kernel and say how it ended."""
        self.server.socket.close()  # or it would seem to listen after its end
        order, descriptors = _received(self.request)
        kernel = os.fork()
        if kernel == 0:
            _live(order, descriptors, self.request)
        for descriptor in descriptors:
            os.close(descriptor)
        code = self._ended(kernel)
        with contextlib.suppress(OSError):
            self.request.sendall(f"{code}\n".encode())

    def _ended(self, kernel: int) -> int:
        """Pass signals on until the kernel has ended, or end it with the launcher."""
        ending = os.pidfd_open(kernel)
        while ending not in select.select([self.request, ending], [], [])[0]:
            for number in _signals(self.request):
                _send(kernel, number)
        _send(kernel, signal.SIGKILL)  # what it has started goes with it
        return os.waitstatus_to_exitcode(os.waitpid(kernel, 0)[1])


def _received(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Return what a launcher wants, and its input, output and errors."""
    connection.settimeout(PATIENCE)
    _, descriptors, _, _ = socket.recv_fds(connection, 1, 3)
    with connection.makefile() as file:
        order = json.loads(file.readline())
    connection.settimeout(None)
    return order, descriptors


def _signals(connection: socket.socket) -> bytes:
    """Return the numbers of signals that are to be passed on: SIGKILL from a launcher's death."""
    with contextlib.suppress(ConnectionResetError):
        if received := connection.recv(64):
            return received
    return bytes([signal.SIGKILL])


def _send(kernel: int, number: int) -> None:
    """Send a signal to a kernel and all that it has started."""
    for send in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError):
            send(kernel, number)
            return


def _live(order: dict[str, Any], descriptors: Sequence[int], keeper: socket.socket) -> NoReturn:
    """Be the kernel, from the first moment to the last."""
    code = 1
    try:
        os.setsid()
        _die_with_parent()
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
            os.close(descriptor)
        _take_over(order)
        keeper.sendall(b"started\n")
        keeper.close()
        _run_kernel(order["arguments"])
        code = 0
    except SystemExit as wish:
        code = wish.code if isinstance(wish.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code & 0xFF)


def _die_with_parent() -> None:
    """Have Linux end this process with its parent."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _take_over(order: dict[str, Any]) -> None:
    """Take what a process that is started has from its parent, and a seed of its own."""
    os.environ.clear()
    os.environ.update(order["environment"] | SETTINGS)
    os.chdir(order["folder"])
    os.umask(order["umask"])
    with contextlib.suppress(PermissionError):  # only down
        os.setpriority(os.PRIO_PROCESS, 0, order["niceness"])
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()


def _run_kernel(arguments: list[str]) -> None:
    from ipykernel.kernelapp import IPKernelApp

    # Whose child it is tells it that it was not started from a terminal.
    sys.argv = ["ipykernel_launcher", *arguments, f"--IPKernelApp.parent_handle={os.getppid()}"]
    IPKernelApp.launch_instance()


def main(descriptor: int, path: Path, idle_seconds: float) -> None:
    """Get warm, then serve."""
    os.environ.update(SETTINGS | {"MPLBACKEND": BACKEND, "PYDEVD_DISABLE_FILE_VALIDATION": "1"})
    from grading.forkserver import check_threads  # imports NumPy, which starts threads without

    os.close(os.pidfd_open(os.getpid()))  # so that it fails here where Linux is too old
    modules = [*given_modules(View()), *KERNEL_MODULES]
    for name in modules:
        importlib.import_module(name)
    check_threads(modules)
    gc.collect()
    gc.freeze()  # or the first collection of each kernel would copy every page
    KernelServer(socket.socket(fileno=descriptor), path, idle_seconds).serve()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
