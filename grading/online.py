"""Where a student can open a bundle without installing anything: Google Colab and Binder."""

import re
from dataclasses import dataclass

import nbformat
from nbformat import NotebookNode

from grading import CourseError

COLAB_CELL = """\
# Google Colab opens a notebook alone: bring the files beside it. Elsewhere, nothing happens here.
import sys

if "google.colab" in sys.modules:
    import os
    import subprocess

    if not os.path.exists("requirements.txt"):
        if not os.path.exists("{branch}"):
            clone = ["git", "clone", "--quiet", "--depth=1", "--branch={branch}"]
            subprocess.run([*clone, "{url}", "{branch}"], check=True)
        os.chdir("{branch}")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "-r", "requirements.txt"]
    subprocess.run(install, check=True)"""


@dataclass(frozen=True)
class Repository:
    """A repository on GitHub that holds each bundle, unpacked, as a branch of the bundle's name.

    Attributes
    ----------
    name : str
        OWNER/NAME.
    branch : str
        The bundle's name.
    notebook : str
        The file to open.
    """

    name: str
    branch: str
    notebook: str

    def __post_init__(self) -> None:
        """Refuse a name that makes no address."""
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", self.name, re.ASCII):
            raise CourseError(
                f"--repository is {self.name}; give it as OWNER/NAME, as GitHub's addresses do"
            )

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://github.com/{self.name}"

    @property
    def colab(self) -> str:
        """The address that opens the notebook on Google Colab."""
        path = f"{self.name}/blob/{self.branch}/{self.notebook}"
        return f"https://colab.research.google.com/github/{path}"

    @property
    def binder(self) -> str:
        """The address that opens the notebook on Binder."""
        return f"https://mybinder.org/v2/gh/{self.name}/{self.branch}?labpath={self.notebook}"


def with_colab_cell(notebook: NotebookNode, repository: Repository) -> NotebookNode:
    """Put a cell below the title that brings the other files when Colab runs the notebook.

    Stock nbgrader skips a cell with its tag; where another grader runs it, it does nothing.
    """
    source = COLAB_CELL.format(branch=repository.branch, url=repository.url)
    tags = {"tags": ["demonstration"]}
    notebook.cells.insert(1, nbformat.v4.new_code_cell(source, id="colab", metadata=tags))
    return notebook
