"""The author's guide is followed to the letter, in a copy of the course."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest

from grading import ROOT
from grading.chapters import chapter
from grading.lesson import Lesson

GUIDE = (ROOT / "docs" / "author.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
# What the copy needs to build and grade, without the other notebooks, which would take minutes;
# the large folders are only read.
COPIED = ("grading", "style_engine", "docs", "tests/exercises")
LINKED = ("images", "pretrained-model")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.jpg", "*.png", ".ipynb_checkpoints", "output")


def steps():
    """Yield what the guide tells to do: ("write" or "append", path, text) or ("run", command)."""
    for block in BLOCK.finditer(GUIDE):
        kind, text = block.groups()
        if kind == "sh":
            yield from (("run", line) for line in text.splitlines())
            continue
        before = " ".join(GUIDE[: block.start()].rstrip().rpartition("\n\n")[2].split())
        path = re.findall(r"`((?:\w+/)*\w+\.\w+)`", before)[-1]
        yield ("append" if kind == "toml" else "write"), path, text


def copy_course(root):
    for folder in COPIED:
        shutil.copytree(ROOT / folder, root / folder, ignore=LEFT_OUT)
    (root / "notebooks" / "source").mkdir(parents=True)
    shutil.copy2(ROOT / "tests" / "conftest.py", root / "tests")
    for folder in LINKED:
        (root / folder).symlink_to(ROOT / folder)
    for path in [*ROOT.glob("*.py"), ROOT / "pyproject.toml", ROOT / "requirements.lock"]:
        shutil.copy2(path, root)


def follow(root, step):
    if step[0] == "run":
        return run(root, step[1])
    _, path, text = step
    old = (root / path).read_text(encoding="utf-8") + "\n" if step[0] == "append" else ""
    assert step[0] == "append" or not (root / path).exists(), f"{path} exists"
    (root / path).write_text(old + text, encoding="utf-8")
    return path


def run(root, command):
    """Run a command of the guide with this Python, on the copy."""
    program, *arguments = command.split()
    module = {"course": "grading.cli", "pytest": "pytest"}[program]
    env = os.environ | {"PYTHONPATH": str(root), "COLUMNS": "200"}
    ran = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=root,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """Follow all steps but that of the site; return the copy and what each step said."""
    root = tmp_path_factory.mktemp("author")
    copy_course(root)
    todo = [step for step in steps() if step != ("run", "course site")]
    return root, {step[1]: follow(root, step) for step in todo}


def test_the_guide_writes_and_runs_what_it_names():
    done = [step[:2] for step in steps()]
    assert ("write", "notebooks/source/luminance.py") in done
    assert ("append", "docs/figures.toml") in done
    assert [command for kind, command in done if kind == "run"] == [
        "course build",
        "course run luminance",
        "pytest -q tests/exercises/test_luminance.py tests/exercises/test_checks_luminance.py",
        "course grade attempt.py --trust --out build/attempt",
        "course site",
    ]


def test_the_student_gets_the_notebook_without_the_solution(followed):
    root, _ = followed
    text = (root / "notebooks" / "luminance.ipynb").read_text(encoding="utf-8")
    assert "luminance: write the body" in text
    assert "np.array([0.299" not in text
    assert "test_luminance_weighs_the_colours" in text
    assert "test_luminance_of_a_tall_picture" not in text


def test_all_tests_of_the_guide_ran(followed):
    _, said = followed
    (told,) = [text for command, text in said.items() if command.startswith("pytest")]
    assert re.search(r"\b7 passed", told)


def test_the_mistake_is_named_to_the_student(followed):
    root, _ = followed
    (page,) = (root / "build" / "attempt" / "feedback" / "luminance").glob("*.html")
    assert "You took the mean of the three colours" in page.read_text(encoding="utf-8")


def test_the_chapter_has_its_figure_described(followed):
    root, _ = followed
    figures = tomllib.loads((root / "docs" / "figures.toml").read_text(encoding="utf-8"))
    made = chapter(Lesson("luminance", root), figures["luminance"])
    assert made.complete
    assert "A temple among trees" in json.dumps(made.notebook)
