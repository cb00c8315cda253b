"""An environment that has this one's packages, but neither the course nor a network."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

from grading import ROOT

# Read at every start of its Python, kernels too.
GUARD = """
import os, sys

COURSE, PACKAGES = {course!r}, {packages!r}

def refuse(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        path = os.path.abspath(arguments[0])
        if path.startswith(COURSE + os.sep) and not path.startswith(PACKAGES + os.sep):
            raise PermissionError("this is in the course: " + path)
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        if arguments[1][0] not in ("127.0.0.1", "::1"):
            raise PermissionError("this is in the network: " + repr(arguments[1]))

sys.addaudithook(refuse)
"""

RUN = """
import sys
import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], 4)
try:
    NotebookClient(notebook, timeout=500, kernel_name="python3").execute()
finally:
    nbformat.write(notebook, sys.argv[1])
"""


class Bare:
    """The environment; its packages are ours, without what the course's installation adds.

    Folders named in a `.pth` file are searched for packages, but the `.pth` files in them, such
    as that of an editable installation, are not read.
    """

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir(parents=True)
        venv.create(folder / "env", with_pip=False, symlinks=True)
        self.python = folder / "env" / "bin" / "python"
        (site,) = (folder / "env").glob("lib/python*/site-packages")
        packages = sysconfig.get_paths()["purelib"]
        (site / "packages.pth").write_text(f"{packages}\n")
        guard = GUARD.format(course=str(ROOT), packages=str(Path(sys.prefix)))
        (site / "sitecustomize.py").write_text(guard)

    def run(self, code: str, *arguments: str, folder: Path, **environment: str):
        """Run Python code in a folder; return what the process said."""
        own = {"PATH": os.defpath, "HOME": str(self.home), "TF_CPP_MIN_LOG_LEVEL": "3"}
        return subprocess.run(
            [self.python, "-P", "-c", code, *arguments],
            cwd=folder,
            env=own | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def execute(self, notebook: Path, **environment: str):
        """Run a notebook in its own folder, and write its outputs into it."""
        return self.run(RUN, notebook.name, folder=notebook.parent, **environment)
