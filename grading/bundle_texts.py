"""The texts of a bundle: its README, and the files of which an environment is made."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from grading import ROOT, CourseError
from grading.manifest import Weights, megabytes
from grading.online import Repository

JUPYTER = ("jupyterlab", "notebook", "ipywidgets")  # Colab has its own, which must stay
TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class Chapter:
    """What the README says of a chapter.

    Attributes
    ----------
    title : str
        The notebook's.
    notebook : str
        Its file.
    bundle : str
        The name of the folder.
    real : Weights or None
        What a student may bring in place of the embedded network or data.
    has_sources : bool
        Whether pictures and networks come with a list of their origins.
    """

    title: str
    notebook: str
    bundle: str
    real: Weights | None
    has_sources: bool


def readme(chapter: Chapter, language: str, repository: Repository | None) -> str:
    """Write the README in a language."""
    return _template(f"bundle.{language}.md").render(
        vars(chapter),
        repository=repository,
        environment=_project()["name"],
        pythons=_pythons(),
        jupyter=JUPYTER,
        megabytes=megabytes,
    )


def environment_files() -> dict[str, str]:
    """Return what conda, pip, Colab and Binder make an environment of, by name."""
    wanted: list[str] = _project()["dependencies"]
    jupyter = [line for line in wanted if Requirement(line).name in JUPYTER]
    lines = ["-r requirements.txt", "-c constraints.txt", *jupyter]
    conda = _template("environment.yml").render(lines=lines, name=_project()["name"])
    return {
        "requirements.txt": "\n".join(line for line in wanted if line not in jupyter) + "\n",
        "constraints.txt": "\n".join(_locked()) + "\n",
        "environment.yml": conda,
    }


def _locked() -> list[str]:
    """Return the lock's versions without their checksums, as pip takes them for constraints."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return [line.rstrip(" \\") for line in lock.splitlines() if re.match(r"\w[^ ]*==", line)]


@cache
def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _pythons() -> list[str]:
    allowed = SpecifierSet(_project()["requires-python"])
    return [f"3.{minor}" for minor in range(100) if allowed.contains(f"3.{minor}.0")]


def _template(name: str) -> jinja2.Template:
    loader = jinja2.FileSystemLoader(TEMPLATES)
    environment = jinja2.Environment(
        loader=loader,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    if not (TEMPLATES / name).is_file():
        raise CourseError(f"{TEMPLATES / name} is missing; write it, after that for English")
    return environment.get_template(name)
