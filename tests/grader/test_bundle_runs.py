"""Every chapter's zip runs where there is neither the course nor a network, only its packages."""

import os
import shutil
import subprocess
import sys
import zipfile

import nbformat
import pytest
from bare import Bare

from grading import ROOT
from grading.build import solved_notebook
from grading.bundle import write_bundle
from grading.lesson import Lesson, lessons
from grading.samples import answered

ART, STYLE = Lesson("art_generation"), Lesson("style_in_practice")
KEPT = {STYLE.name: 2}  # demonstrations that are run: the painting program is imported and paints

PAINT = """
import runpy, sys
sys.path.insert(0, "")
runpy.run_path("neural_style.py", run_name="__main__")
"""

ON_COLAB = """
import sys, types
sys.modules["google.colab"] = types.ModuleType("google.colab")
exec(sys.argv[1])
from pathlib import Path
print(Path.cwd().name, Path("nst_utils.py").is_file())
"""


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    return Bare(tmp_path_factory.mktemp("bare"))


@pytest.fixture
def unpacked(tmp_path):
    """Unpack the zip of a chapter into an empty folder; return the folder that is in it."""

    def unpack(lesson, **options):
        path = write_bundle(lesson, tmp_path / "zips", **options)
        with zipfile.ZipFile(path) as file:
            file.extractall(tmp_path / "anywhere")
        return tmp_path / "anywhere" / path.stem

    return unpack


def solve(path, lesson):
    """Put the solutions into a notebook; keep few demonstrations; stop at any error."""
    solved = [cell for cell in solved_notebook(lesson).cells if "nbgrader" in cell.metadata]
    solutions = {
        c.metadata.nbgrader.grade_id: c.source for c in solved if c.metadata.nbgrader.solution
    }
    notebook = answered(nbformat.read(path, 4), solutions)
    shown = [c for c in notebook.cells if "demonstration" in c.metadata.get("tags", [])]
    left_out = [cell.id for cell in shown[KEPT.get(lesson.name, 0) :]]
    notebook.cells = [cell for cell in notebook.cells if cell.id not in left_out]
    for cell in notebook.cells:
        cell.metadata.pop("tags", None)
    nbformat.write(notebook, path)


def test_the_bare_environment_has_the_packages_but_not_the_course(bare, tmp_path):
    find = "from importlib.util import find_spec; print(find_spec({!r}) is not None)"
    found = {
        name: bare.run(find.format(name), folder=tmp_path).stdout.strip()
        for name in ("grading", "nst_utils", "neural_style", "tests", "tensorflow", "ipykernel")
    }
    assert [*found.values()] == ["False"] * 4 + ["True"] * 2
    reads = bare.run(f"open({str(ROOT / 'nst_utils.py')!r})", folder=tmp_path)
    assert "this is in the course" in reads.stderr
    calls = "import socket; socket.create_connection(('192.0.2.1', 80), 1)"
    assert "this is in the network" in bare.run(calls, folder=tmp_path).stderr


@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.name)
def test_a_chapter_runs_solved_from_an_empty_folder(lesson, bare, unpacked):
    folder = unpacked(lesson)
    notebook = folder / f"{lesson.name}.ipynb"
    solve(notebook, lesson)
    ran = bare.execute(notebook, COURSE_STEPS="2")
    assert ran.returncode == 0, ran.stderr[-3000:]
    cells = nbformat.read(notebook, 4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    assert any("image/png" in output.get("data", {}) for output in outputs)


def test_the_painting_program_runs_from_the_bundle(bare, unpacked):
    folder = unpacked(STYLE)
    pictures = ("images/content_cat.jpg", "images/style_mosaic.jpg")
    options = ("-o", "mine.png", "--steps", "1", "--size", "64")
    painted = bare.run(PAINT, *pictures, *options, folder=folder)
    assert painted.returncode == 0, painted.stderr[-3000:]
    assert (folder / "mine.png").is_file()


def test_on_colab_the_notebook_brings_its_files(unpacked, tmp_path):
    """The repository is a folder here; git is told to take it for that on GitHub."""
    folder = unpacked(ART, repository="a-school/art")
    cell = nbformat.read(folder / "art_generation.ipynb", 4).cells[1].source
    publish(folder, tmp_path / "github" / "a-school" / "art")
    shutil.rmtree(folder)
    content = tmp_path / "content"
    content.mkdir()
    settings = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{tmp_path}/github/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
        "PIP_NO_INDEX": "1",  # everything that it asks for is there
    }
    for _ in range(2):  # after a restart of the kernel the files are still there
        ran = subprocess.run(
            [sys.executable, "-c", ON_COLAB, cell],
            cwd=content,
            env=os.environ | settings,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.stdout == "art_generation True\n", ran.stderr[-2000:]


def publish(folder, place):
    """Do what the instructor's guide says: the unpacked zip becomes a branch of its name."""
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "--quiet", "--bare", place], check=True)
    for step in (
        ["init", "--quiet", f"--initial-branch={folder.name}"],
        ["add", "."],
        ["commit", "--quiet", "--message=A chapter"],
        ["push", "--quiet", str(place), folder.name],
    ):
        subprocess.run([*git, *step], cwd=folder, check=True)
