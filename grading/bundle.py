"""What students get: one zip a chapter, which runs wherever its packages are installed.

It holds the notebook, the given modules that it needs, pictures, embedded weights, and files that
make an environment with conda, pip, Google Colab or Binder. The same course makes the same bytes.
"""

import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat

from grading import ROOT, CourseError
from grading.build import solved_notebook, student_text
from grading.bundle_texts import Chapter, environment_files, readme
from grading.checks import BEGIN_HIDDEN, read_key
from grading.files import written_whole
from grading.given import check_given, needed_files
from grading.lesson import Lesson, lessons
from grading.manifest import Weights, megabytes, read_manifest
from grading.online import Repository, with_colab_cell

LIMIT = 25_000_000  # bytes; what learning platforms and mail take
BEGIN_SOLUTION = "### BEGIN SOLUTION"
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first time that a zip can hold, for every file


def write_bundle(
    lesson: Lesson, folder: Path, language: str = "en", repository: str | None = None
) -> Path:
    """Write the students' zip of a chapter.

    Parameters
    ----------
    lesson : Lesson
        Which chapter.
    folder : Path
        Where the zip goes; it is made.
    language : str
        Of the notebook and the README.
    repository : str, optional
        OWNER/NAME on GitHub, where the unpacked zip will be published as a branch of its name;
        with it the README has badges, and the notebook a cell for Colab.

    Returns
    -------
    Path
        The zip. Everything in it lies in a folder of its name.

    Raises
    ------
    CourseError
        It would hold an answer or be too large, or something that belongs into it is missing.
    """
    name = bundle_name(lesson, language)
    published = Repository(repository, name, lesson.student.name) if repository else None
    files = contents(lesson, language, published)
    _refuse_answers(files, lesson.root)
    target = folder / f"{name}.zip"
    with written_whole(target) as part:
        _write_zip(part, {f"{name}/{path}": data for path, data in files.items()})
        _refuse_large(part, target, files)
    return target


def bundle_name(lesson: Lesson, language: str = "en") -> str:
    """Return the name of a chapter's zip, of the folder in it, and of its branch."""
    return lesson.name if language == "en" else f"{lesson.name}-{language}"


def contents(
    lesson: Lesson, language: str = "en", repository: Repository | None = None
) -> dict[str, bytes]:
    """Return all files of a bundle by their paths in it; parameters as for `write_bundle`."""
    entry = _entry(lesson)
    text = student_text(solved_notebook(lesson, language), lesson.name)
    notebook = nbformat.reads(text, 4)
    paths = [*needed_files(notebook, lesson.root), *_listed(entry["files"], lesson)]
    files = {path.relative_to(lesson.root).as_posix(): path.read_bytes() for path in paths}
    chapter = Chapter(
        title=notebook.cells[0].source.partition("\n")[0].lstrip("# "),
        notebook=lesson.student.name,
        bundle=bundle_name(lesson, language),
        real=_real(lesson, entry["real"]),
        has_sources=any(name.startswith("images/") for name in files),
    )
    if repository:
        text = nbformat.writes(with_colab_cell(notebook, repository)) + "\n"
    texts = environment_files() | {"README.md": readme(chapter, language, repository)}
    files |= {name: content.encode() for name, content in texts.items()}
    return files | {lesson.student.name: text.encode(), "LICENSE": _license()}


# --- what belongs into it -------------------------------------------------------------------


def _entry(lesson: Lesson) -> dict[str, Any]:
    path = lesson.root / "notebooks" / "bundles.toml"
    entries = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if lesson.name not in entries:
        raise CourseError(
            f"{path} has no entry [{lesson.name}]; add one that lists, as files, the pictures and "
            "weights which the notebook reads"
        )
    return {"files": [], "real": None, **entries[lesson.name]}


def _listed(patterns: list[str], lesson: Lesson) -> Iterator[Path]:
    """Return the files that these patterns name."""
    for pattern in patterns:
        found = sorted(path for path in lesson.root.glob(pattern) if path.is_file())
        if not found:
            raise CourseError(
                f"notebooks/bundles.toml, [{lesson.name}]: there is no file {pattern}; take it "
                "from the course anew, or change the entry"
            )
        for path in found:
            check_given(path, lesson.root, f"notebooks/bundles.toml, [{lesson.name}]: it names")
        yield from found


def _real(lesson: Lesson, name: str | None) -> Weights | None:
    """Return the manifest's entry that a student may bring, if there is one."""
    if name is None:
        return None
    entry = read_manifest(lesson.root / "pretrained-model").get(name)
    if entry is None or not entry.urls:
        raise CourseError(
            f"notebooks/bundles.toml, [{lesson.name}]: real is {name}, but the manifest of "
            "pretrained-model has no address for it"
        )
    return entry


def _license() -> bytes:
    return (ROOT / "LICENSE").read_bytes()


# --- the zip --------------------------------------------------------------------------------


def _refuse_answers(files: Mapping[str, bytes], root: Path) -> None:
    """Raise an error if a file holds a solution or a hidden test of any chapter."""
    marks = {BEGIN_SOLUTION, BEGIN_HIDDEN}
    for lesson in lessons(root):
        key = read_key(lesson.tests, lesson.exercises)
        marks |= {f"def {test.name}(" for test in key.tests if test.hidden}
    for path, data in files.items():
        found = sorted(mark for mark in marks if mark.encode() in data)
        if found:
            raise CourseError(f"{path} holds {found[0]!r}, an answer that no student may get")


def _write_zip(path: Path, files: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as bundle:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, LONG_AGO)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # Unix, whatever this is
            info.external_attr = 0o100644 << 16
            bundle.writestr(info, files[name], compresslevel=9)


def _refuse_large(part: Path, target: Path, files: Mapping[str, bytes]) -> None:
    size = part.stat().st_size
    if size > LIMIT:
        largest = sorted(files, key=lambda path: len(files[path]), reverse=True)[:3]
        named = ", ".join(f"{path} ({megabytes(len(files[path]))})" for path in largest)
        raise CourseError(
            f"{target.name} would have {megabytes(size)}; at most {megabytes(LIMIT)} are allowed. "
            f"The largest files are {named}: shorten the list in notebooks/bundles.toml"
        )
