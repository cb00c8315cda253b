"""The site: `docs/`, the chapters and the modules' docstrings, as pages that need no network."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import nbformat

from grading import ROOT, CourseError
from grading.build import solved_notebook
from grading.chapters import Chapter, chapter, outputs_of, read_descriptions
from grading.files import replace_text
from grading.lesson import Lesson, lessons
from grading.progress import Report, silent

NEEDED = ("sphinx", "myst_nb", "furo", "sphinx-mathjax-offline")
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]\n]+)\]\((?P<target>[\w./-]+)\)")
# Files beside `docs/` that become pages, by the page's name.
BESIDE = {"images/SOURCES.md": "pictures.md", "CONTRIBUTING.md": "contributing.md"}


def make_site(root: Path = ROOT, report: Report = silent) -> tuple[Path, list[str]]:
    """Build the site.

    Parameters
    ----------
    root : Path
        The course. The site comes to `build/site`, in place of an earlier one.
    report : Report, optional
        Told how far it is.

    Returns
    -------
    Path
        The first page.
    list of str
        The chapters that are shown without outputs: they were not run since their code changed.

    Raises
    ------
    CourseError
        If something does not fit together, such as a link to nowhere; the message says what.
    """
    refuse_missing_packages()
    source = root / "build" / "site-source"
    report(0.0, "pages")
    copy_pages(root, source)
    chapters = write_chapters(lessons(root), root / "docs" / "figures.toml", source, report)
    report(0.5, "Sphinx")
    run_sphinx(source, root / "build" / "site")
    return root / "build" / "site" / "index.html", [c.name for c in chapters if not c.complete]


def refuse_missing_packages() -> None:
    """Raise an error if a package is missing that the site needs."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise CourseError(f'the site needs {", ".join(missing)}; run: pip install -e ".[docs]"')


def never_run(root: Path = ROOT) -> list[Lesson]:
    """Return the notebooks whose outputs are missing or of earlier code."""
    return [one for one in lessons(root) if outputs_of(one, solved_notebook(one)) is None]


def copy_pages(root: Path, source: Path) -> None:
    """Copy `docs/` and the pages from beside it to where Sphinx reads, with links that fit."""
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(root / "docs", source)
    pages = {page: page.relative_to(root / "docs") for page in (root / "docs").rglob("*.md")}
    pages |= {root / place: Path(name) for place, name in BESIDE.items()}
    for page, name in pages.items():
        text = page.read_text(encoding="utf-8")
        replace_text(source / name, with_fitting_links(text, page.parent, root))


def with_fitting_links(text: str, folder: Path, root: Path) -> str:
    """Let links out of `docs/` lead to the site's pages; others of them become plain text.

    Parameters
    ----------
    text : str
        A page in Markdown.
    folder : Path
        Where the page lies, from which its links are meant.
    root : Path
        The course.
    """

    def fitting(link: re.Match[str]) -> str:
        place = Path(os.path.normpath(folder / link["target"]))
        if not place.is_file() or not place.is_relative_to(root):
            return link[0]
        name = BESIDE.get(place.relative_to(root).as_posix())
        if place.is_relative_to(root / "docs"):
            name = place.relative_to(root / "docs").as_posix()
        return f"[{link['text']}](/{name})" if name else link["text"]

    return LINK.sub(fitting, text)


def write_chapters(
    chosen: Sequence[Lesson], figures: Path, source: Path, report: Report = silent
) -> list[Chapter]:
    """Write the chapters to where Sphinx reads, and return them."""
    descriptions = read_descriptions(figures)
    chapters = []
    for number, lesson in enumerate(chosen):
        report(0.1 + 0.4 * number / len(chosen), lesson.name)
        made = chapter(lesson, descriptions.get(lesson.name, {}))
        text = nbformat.writes(made.notebook) + "\n"
        replace_text(source / "chapters" / f"{lesson.name}.ipynb", text)
        chapters.append(made)
    return chapters


def run_sphinx(source: Path, target: Path) -> None:
    """Make pages of a folder; the earlier site stays unless all is well.

    Raises
    ------
    CourseError
        With whatever Sphinx says against it, warnings too.
    """
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    doctrees = source.with_name(f"{source.name}-read")
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--quiet", "--builder=html"]
    command += [f"--doctree-dir={doctrees}", str(source), str(part)]
    env = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "MPLBACKEND": "agg"}
    try:
        ran = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if ran.returncode:
            raise CourseError(f"Sphinx found faults:\n{ran.stderr.strip() or ran.stdout.strip()}")
        shutil.rmtree(target, ignore_errors=True)
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
