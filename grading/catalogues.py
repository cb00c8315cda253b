"""The gettext catalogues of the course: where they lie, how they are read and written."""

import io
import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po, write_po

from grading import CourseError
from grading.lesson import Lesson

# Header lines that change with every writing, or say nothing.
_IDLE = re.compile(
    r'^"(?:Project-Id|Report|POT|PO-Rev|Last-Tr|Language-Team|Generated)[^\n]*\n', re.MULTILINE
)
LANGUAGES = {"zh": "Simplified Chinese"}
TEMPLATE = "python-brace-format"  # marks an f-string in a catalogue
PAGES = "pages"  # the catalogue of the feedback pages
HEADER = """\
# {what}, in {language}.
# How to translate: notebooks/translations/README.md"""


def languages(lesson: Lesson) -> list[str]:
    """Return the languages of a notebook: English, and those that it has a catalogue for."""
    there = [code for code in LANGUAGES if path_of(lesson.root, code, lesson.name).is_file()]
    return ["en", *there]


def path_of(root: Path, language: str, name: str) -> Path:
    """Return where the catalogue of a notebook, a page or the feedback lies."""
    return root / "notebooks" / "translations" / language / f"{name}.po"


def read(path: Path, language: str) -> Catalog:
    """Read a catalogue; where there is none, it is empty."""
    if not path.is_file():
        return Catalog(locale=language, project="style-and-faces", fuzzy=False)
    try:
        return read_po(io.BytesIO(path.read_bytes()), locale=language, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError) as error:
        raise CourseError(f"{path} is no gettext catalogue in UTF-8: {error}") from error


def written(catalog: Catalog) -> str:
    """Return a catalogue as text, which is the same whenever its messages are."""
    stream = io.BytesIO()
    write_po(stream, catalog, width=0, include_lineno=False)
    return _IDLE.sub("", stream.getvalue().decode())


def texts_of(root: Path, language: str, name: str) -> dict[str, str]:
    """Return the texts of a catalogue that are translated and not fuzzy."""
    return texts_in(read(path_of(root, language, name), language))


def templates_of(root: Path, language: str, name: str) -> set[str]:
    """Return those texts of a catalogue into which values are filled."""
    catalog = read(path_of(root, language, name), language)
    return {str(m.id) for m in catalog if TEMPLATE in m.flags}


def texts_in(catalog: Catalog) -> dict[str, str]:
    """Return the texts of a catalogue that is read."""
    return {str(m.id): str(m.string) for m in catalog if m.id and m.string and not m.fuzzy}
