"""Warm kernels of a course of their own, which is so small that its server starts at once."""

import os
import shutil
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

import grading.kernel
from grading import ROOT

SOON = 120.0  # seconds, far more than anything needs


def until(condition, seconds=SOON):
    """Wait until something is so; tell whether it came to be."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return bool(condition())


def servers(runtime):
    """Return the servers whose sockets are in a folder."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess):
            command = process.cmdline()
            if "grading.kernel_server" in command and any(str(runtime) in c for c in command):
                found.append(process)
    pids = {process.pid for process in found}
    return [process for process in found if process.ppid() not in pids and is_alive(process.pid)]


def is_alive(pid):
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def kill(processes):
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


class Course:
    """A copy of the grader, without given modules unless they are written.

    Attributes
    ----------
    root : Path
        Its folder.
    runtime : Path
        Where its sockets are.
    """

    def __init__(self, folder, idle=300):
        self.root = folder / "root"
        self.runtime = folder / "runtime"
        self.runtime.mkdir()
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "grading", self.root / "grading", ignore=ignored)
        self.environment = {
            "XDG_RUNTIME_DIR": str(self.runtime),
            "PYTHONPATH": str(self.root),
            "COURSE_KERNEL_IDLE": str(idle),
        }

    @property
    def servers(self):
        return servers(self.runtime)

    def spec(self, monkeypatch):
        """Write the kernelspec that names this copy."""
        launcher = self.root / "grading" / grading.kernel.LAUNCHER.name
        monkeypatch.setattr(grading.kernel, "LAUNCHER", launcher)
        grading.kernel.write_kernelspec(self.root)

    @contextmanager
    def kernel(self, **options):
        with Kernel(self.root / "kernels", self.environment, **options) as kernel:
            yield kernel


class Kernel:
    """A kernel, its launcher and a client.

    Attributes
    ----------
    manager, client
        Jupyter's.
    pid : int
        The kernel's own process, not the launcher's.
    """

    def __init__(self, folder, environment=None, **options):
        specs = KernelSpecManager(kernel_dirs=[str(folder)])
        self.manager = KernelManager(kernel_name=grading.kernel.NAME, kernel_spec_manager=specs)
        quiet = ["--HistoryManager.hist_file=:memory:", "--IPKernelApp.log_level=ERROR"]
        self.manager.start_kernel(
            env={**os.environ, **(environment or {})}, extra_arguments=quiet, **options
        )
        self.client = self.manager.client()

    def __enter__(self):
        try:
            self.client.start_channels()
            self.client.wait_for_ready(timeout=SOON)
            self.pid = int(self.run("import os; print(os.getpid())"))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()

    @property
    def launcher(self):
        return self.manager.provisioner.process

    @property
    def is_forked(self):
        return self.pid != self.launcher.pid

    def run(self, source, timeout=SOON):
        """Run a cell; return what it printed, or the name of its error."""
        texts = []

        def take(message):
            content = message["content"]
            if message["msg_type"] == "stream":
                texts.append(content["text"])
            elif message["msg_type"] == "error":
                texts.append(content["ename"])
            elif message["msg_type"] in ("display_data", "execute_result"):
                texts.extend(content["data"])

        self.client.execute_interactive(source, timeout=timeout, output_hook=take)
        return "".join(texts)

    def begin(self, source):
        """Run a cell without waiting for it, until it says that it has begun."""
        begun = Path(self.run("import tempfile; print(tempfile.mktemp())").strip())
        # An error in it must not call off the cell that is sent next.
        noted = f"open({str(begun)!r}, 'w').close()\n{source}"
        self.client.execute(noted, stop_on_error=False)
        assert until(begun.exists)
        begun.unlink()

    def exit_code(self):
        """Wait until the launcher has ended."""
        return self.launcher.wait(timeout=SOON)
