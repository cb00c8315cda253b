"""What is in the students' zips, and what `course release` refuses."""

import ast
import importlib.metadata
import os
import re
import sys
import tomllib

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from small_course import write, write_lesson
from typer.testing import CliRunner
from zipped import trees, unzipped

from grading import ROOT, CourseError, bundle, cli
from grading.build import build
from grading.bundle import LIMIT, write_bundle
from grading.bundle_texts import JUPYTER
from grading.cells import read_cells, read_template
from grading.lesson import Lesson, lessons


@pytest.fixture(scope="module", params=lessons(), ids=lambda lesson: lesson.name)
def chapter(request, tmp_path_factory):
    """Return a chapter of the course, its zip and the files in it."""
    path = write_bundle(request.param, tmp_path_factory.mktemp("bundles"))
    return request.param, path, unzipped(path)


@pytest.fixture
def small(tmp_path):
    """Make the zip of the small course, with one text of its notebook replaced."""

    def make(old="", new="", files="[]", real="", **options):
        lesson = write_lesson(tmp_path, old, new)
        entry = f"[sums]\nfiles = {files}\n{real}\n"
        (tmp_path / "notebooks" / "bundles.toml").write_text(entry)
        return write_bundle(lesson, tmp_path / "bundles", **options)

    return make


# --- what is in it --------------------------------------------------------------------------


def test_a_chapter_has_the_notebook_what_it_imports_and_what_it_reads(chapter):
    lesson, path, files = chapter
    assert files[f"{lesson.name}.ipynb"] == lesson.student.read_bytes()
    assert {"README.md", "LICENSE", "environment.yml", "requirements.txt"} <= {*files}
    assert "nst_utils.py" in files
    assert path.stat().st_size <= LIMIT
    weights = {name for name in files if name.endswith((".mat", ".npz", ".h5"))}
    needed = {
        "art_generation": {"pretrained-model/vgg19-compact.mat"},
        "face_recognition": {"pretrained-model/facenet-synthetic.npz"},
        "latent_space": set(),
        "style_in_practice": {"pretrained-model/vgg19-compact.mat"},
    }
    assert weights == needed.get(lesson.name, weights)


def test_only_the_chapter_that_shows_the_painting_program_has_it(chapter):
    lesson, _, files = chapter
    engine = {name for name in files if name.startswith(("neural_style", "style_engine/"))}
    assert bool(engine) == (lesson.name == "style_in_practice")
    assert not engine or {"style_engine/losses.py", "style_engine/presets.toml"} <= engine


def test_every_file_that_the_text_names_is_there(chapter):
    _, _, files = chapter
    notebook = next(text.decode() for name, text in files.items() if name.endswith(".ipynb"))
    named = re.findall(r"(?:images|pretrained-model)/[\w./-]+\.[a-z0-9]+", notebook)
    assert {*named} <= {*files}


def test_the_readme_names_the_real_weights_with_address_and_checksum(chapter):
    lesson, _, files = chapter
    readme = files["README.md"].decode()
    manifest = tomllib.loads((ROOT / "pretrained-model" / "MANIFEST.toml").read_text())
    name = {"art_generation": "vgg19", "face_recognition": "facenet", "latent_space": "mnist"}
    entry = manifest[name.get(lesson.name, "vgg19")]
    assert entry["urls"][0] in readme
    assert f"`{entry['file']}`" in readme
    assert (entry.get("sha256") or entry["md5"]) in readme
    assert "{{" not in readme
    assert "{%" not in readme


def test_the_environment_has_every_package_that_the_code_imports(chapter):
    _, _, files = chapter
    wanted = files["requirements.txt"].decode().split("\n")
    conda = yaml.safe_load(files["environment.yml"])
    python, pip, packages = conda["dependencies"]
    assert (python, pip) == ("python=3.12", "pip")
    assert packages["pip"][:2] == ["-r requirements.txt", "-c constraints.txt"]
    assert {Requirement(line).name for line in packages["pip"][2:]} == {*JUPYTER}
    there = installed_with([*filter(None, wanted), *packages["pip"][2:]])
    providers = importlib.metadata.packages_distributions()
    for name in imported(files):
        own = name in {path.partition("/")[0].removesuffix(".py") for path in files}
        found = {canonicalize_name(each) for each in providers.get(name, [])}
        assert own or name in sys.stdlib_module_names or found & there, name


def test_constraints_are_the_versions_of_the_lock(chapter):
    _, _, files = chapter
    versions = [Requirement(line) for line in files["constraints.txt"].decode().splitlines()]
    lock = (ROOT / "requirements.lock").read_text()
    assert len(versions) == len(re.findall(r"^[\w.-]+==", lock, re.MULTILINE)) > 100
    here = {r.name: r for r in versions if not r.marker or r.marker.evaluate()}
    assert str(here["tensorflow"].specifier) in lock.partition("\ntensorflow")[2][:20]


def imported(files):
    """Return the first names of all modules that a bundle's code imports."""
    for name, data in files.items():
        for tree in trees(name, data):
            for node in ast.walk(tree):
                if isinstance(node, ast.Import):
                    yield from (alias.name.partition(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    yield node.module.partition(".")[0]


def installed_with(requirements):
    """Return the distributions that come with these, all the way down."""
    there, todo = set(), [Requirement(line) for line in requirements]
    while todo:
        wanted = todo.pop()
        name = canonicalize_name(wanted.name)
        extras = wanted.extras or {""}
        needs = wanted.marker is None or any(wanted.marker.evaluate({"extra": e}) for e in extras)
        if needs and name not in there:
            there.add(name)
            todo += [with_extras(r, extras) for r in importlib.metadata.requires(name) or []]
    return there


def with_extras(line, extras):
    """Read a requirement; decide here whether it belongs to one of the extras."""
    requirement = Requirement(line)
    if requirement.marker and "extra" in str(requirement.marker):
        chosen = any(requirement.marker.evaluate({"extra": extra}) for extra in extras)
        requirement.marker = None if chosen else Requirement("x; python_version < '0'").marker
    return requirement


# --- how it is made -------------------------------------------------------------------------


def test_the_same_course_makes_the_same_bytes(small, tmp_path):
    first = small().read_bytes()
    os.utime(tmp_path / "notebooks" / "source" / "sums.py", (0, 0))
    (tmp_path / "bundles" / "sums.zip").chmod(0o600)
    assert small().read_bytes() == first


def test_modules_come_with_all_that_they_import(small, tmp_path):
    write(tmp_path / "nst_utils.py", "import os\nfrom vgg19 import anything\n")
    write(tmp_path / "vgg19.py", "def late():\n    import weight_files\n")
    write(tmp_path / "weight_files.py", "import numpy\n")
    write(tmp_path / "fr_utils.py", "import nst_utils\n")
    before = {*unzipped(small())}
    after = {*unzipped(small(old="import os", new="import os\nfrom nst_utils import *"))}
    assert after - before == {"nst_utils.py", "vgg19.py", "weight_files.py"}


def test_packages_come_with_their_data(small, tmp_path):
    write(tmp_path / "neural_style.py", "from style_engine.painting import paint\n")
    write(tmp_path / "style_engine" / "__init__.py", "")
    write(tmp_path / "style_engine" / "painting.py", "from . import colours\n")
    write(tmp_path / "style_engine" / "colours.py", "from .masks import mask\n")
    write(tmp_path / "style_engine" / "masks.py", "")
    write(tmp_path / "style_engine" / "unused.py", "")
    write(tmp_path / "style_engine" / "presets.toml", "")
    files = unzipped(small(old="import os", new="import os, neural_style"))
    mine = {name for name in files if "style" in name}
    names = ("__init__.py", "colours.py", "masks.py", "painting.py", "presets.toml")
    assert mine == {"neural_style.py", *(f"style_engine/{name}" for name in names)}


def test_a_notebook_that_imports_more_than_is_given_is_refused(small, tmp_path):
    write(tmp_path / "training" / "__init__.py", "")
    with pytest.raises(CourseError) as failure:
        small(old="import os", new="import os, training")
    assert "the notebook imports training/__init__.py, which students do not get" in str(
        failure.value
    )


@pytest.mark.parametrize(
    "pattern", ["notebooks/source/*", "tests/exercises/test_sums.py", "../*/tests/exercises/*"]
)
def test_files_that_hold_answers_are_refused(small, tmp_path, pattern):
    with pytest.raises(CourseError, match="which students do not get"):
        small(files=f'["{pattern}"]')
    assert not list(tmp_path.glob("bundles/*"))


@pytest.mark.parametrize(
    "answer",
    [
        "### BEGIN SOLUTION",
        "def test_double_of_a_secret_sample(double):",
        "### BEGIN HIDDEN TESTS",
    ],
)
def test_given_code_that_holds_an_answer_is_refused(small, tmp_path, answer):
    write(tmp_path / "nst_utils.py", f'"""\n{answer}\n"""\n')
    with pytest.raises(CourseError, match=r"nst_utils.py holds .*an answer that no student may"):
        small(old="import os", new="import os, nst_utils")
    assert not list(tmp_path.glob("bundles/*"))


def test_a_missing_file_a_missing_entry_and_unknown_weights_are_named(small, tmp_path):
    with pytest.raises(CourseError, match=r"\[sums\]: there is no file images/\*.jpg; take it"):
        small(files='["images/*.jpg"]')
    write(tmp_path / "pretrained-model" / "MANIFEST.toml", "")
    with pytest.raises(CourseError, match=r"real is vgg19, but the manifest .* no address"):
        small(real='real = "vgg19"')
    lesson = write_lesson(tmp_path)
    (tmp_path / "notebooks" / "bundles.toml").unlink()
    with pytest.raises(CourseError, match=r"has no entry \[sums\]; add one that lists"):
        write_bundle(lesson, tmp_path / "bundles")


def test_a_bundle_that_is_too_large_is_refused_and_names_its_largest_files(
    small, tmp_path, monkeypatch
):
    monkeypatch.setattr(bundle, "LIMIT", 50_000)
    write(tmp_path / "images" / "small.txt", "small")
    (tmp_path / "images" / "large.jpg").write_bytes(os.urandom(60_000))
    with pytest.raises(CourseError) as failure:
        small(files='["images/*"]')
    assert re.match(r"sums.zip would have 0.1 MB; at most 0.1 MB are", str(failure.value))
    assert "The largest files are images/large.jpg (0.1 MB)" in str(failure.value)
    assert not list(tmp_path.glob("bundles/*"))


# --- where it is published ------------------------------------------------------------------


def test_a_repository_gives_badges_and_a_cell_for_colab(small):
    plain, files = unzipped(small()), unzipped(small(repository="a-school/art"))
    readme = files["README.md"].decode()
    colab = "https://colab.research.google.com/github/a-school/art/blob/sums/sums.ipynb"
    assert f"]({colab})" in readme
    assert "](https://mybinder.org/v2/gh/a-school/art/sums?labpath=sums.ipynb)" in readme
    assert "badge" not in plain["README.md"].decode()
    title, cell, *rest = nbformat.reads(files["sums.ipynb"].decode(), 4).cells
    assert [title, *rest] == nbformat.reads(plain["sums.ipynb"].decode(), 4).cells
    assert "https://github.com/a-school/art" in cell.source
    exec(cell.source, {})  # nothing happens elsewhere than on Colab
    assert {*files} == {*plain}


def test_a_grader_does_not_mind_the_cell_for_colab(small, tmp_path):
    files = unzipped(small(repository="a-school/art"))
    submission = read_cells(files["sums.ipynb"], "sums.ipynb")
    (cell,) = [cell for cell in submission.code if "google.colab" in cell.source]
    assert (cell.role, cell.is_python) == ("plain", True)
    build(Lesson("sums", tmp_path))
    assert submission.notes(read_template(tmp_path / "notebooks" / "sums.ipynb")) == ()


@pytest.mark.parametrize("name", ["art", "https://github.com/a-school/art", "a/b c", "a/b/c"])
def test_a_repository_that_is_no_repository_is_refused(small, name):
    with pytest.raises(CourseError, match="give it as OWNER/NAME"):
        small(repository=name)


def test_release_makes_the_folder_and_the_zip(tmp_path, monkeypatch):
    monkeypatch.setattr(cli, "lessons", lambda: [write_lesson(tmp_path)])
    folder = tmp_path / "course"
    result = CliRunner().invoke(cli.app, ["release", "--course-dir", str(folder)])
    said = " ".join(result.output.split())
    assert f"released: {folder}/release/sums/sums.ipynb" in said
    assert f"for students: {folder}/bundles/sums.zip, 0.0 MB" in said
    files = unzipped(folder / "bundles" / "sums.zip")
    assert files["sums.ipynb"] == (folder / "release" / "sums" / "sums.ipynb").read_bytes()
    wrong = CliRunner().invoke(cli.app, ["release", "sums", "--lang", "fr"])
    assert wrong.exit_code == 1
    assert "sums is not in fr; it is in: en" in " ".join(wrong.output.split())


@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.name)
def test_a_chapter_in_chinese_has_the_chinese_notebook_and_readme(lesson, tmp_path):
    files = unzipped(write_bundle(lesson, tmp_path, "zh"))
    notebook = nbformat.reads(files[f"{lesson.name}.ipynb"].decode(), 4)
    english = nbformat.read(lesson.student, 4)
    assert notebook.metadata["course"]["language"] == "zh"
    assert [cell.id for cell in notebook.cells] == [cell.id for cell in english.cells]
    assert "怎样做练习" in files["README.md"].decode()
