"""The cells of a submitted notebook or module, read and never executed.

What a student sends may be broken, huge or made to hurt, so everything is bounded before it is
read: bytes, values, nesting, cells, text. What can be mended is mended and said; the rest
is refused with one sentence.
"""

import codecs
import json
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from grading import ROOT, CourseError
from grading.outline import Outline, outline

MOST_BYTES = 50_000_000  # a long notebook full of pictures has 20 MB
MOST_VALUES = 3_000_000  # a value takes up to 60 bytes of memory; a notebook has some thousands
MOST_CELLS = 2_000
MOST_TEXT = 2_000_000  # characters in all code cells
MOST_NAME = 80  # characters of a file's name or a grade id that are shown

Role = Literal["answer", "test", "given", "plain"]

# Text in which students write; other codecs that Python knows can be slow or no text at all.
_CODECS = {"utf-8", "utf-8-sig", "ascii", "iso8859-1", "iso8859-2", "iso8859-15", "cp1250"}
_CODECS |= {"cp1251", "cp1252", "koi8-r", "mac-roman", "gbk", "gb2312", "gb18030", "big5"}
_CODECS |= {"shift_jis", "cp932", "euc_jp", "euc_kr", "cp949"}
_JSON_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\Z)', re.DOTALL)
_PERCENT = re.compile(r"^#[ \t]?%%(?!%)[^\n]*\n?|^# In\[[ \d]*\]:[ \t]*\n?", re.MULTILINE)
_MARKED = re.compile(r'exercise="(\w+)"|"grade_id": "([^"\n]+)"')
_CELL_MAGIC = re.compile(r"\s*%%(\w+)")
_PYTHON_MAGICS = frozenset(["time", "timeit", "capture", "prun", "memit", "mprun", "python3"])
_LESSON = re.compile(r"notebooks/source/(\w+)\.py")
_FORMATS = {
    b"PK\x03\x04": "a zip archive",
    b"PK\x05\x06": "an empty zip archive",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\xd0\xcf\x11\xe0": "an old Word or Excel document",
    b"\x7fELF": "a program",
    b"MZ": "a program",
    b"version https://git-lfs": "a pointer of Git LFS",
}


@dataclass(frozen=True)
class Cell:
    """One code cell of a notebook, or one piece of a module.

    Attributes
    ----------
    number : int
        Its place among all the cells of the notebook, from 1; in a plain module its first line.
    source : str
        Its text; of a cell that was cut in two, both halves.
    grade_id : str
        nbgrader's name for it; empty where there is none.
    role : {"answer", "test", "given", "plain"}
        What nbgrader's metadata make of it: an exercise's cell, a grade cell, another locked
        cell, or none of these.
    """

    number: int
    source: str
    grade_id: str = ""
    role: Role = "plain"

    @cached_property
    def outline(self) -> Outline:
        """The names that it defines."""
        return outline(self.source)

    @property
    def is_python(self) -> bool:
        """Whether it is Python, and neither `%%bash` nor `%%html` nor empty."""
        return bool(self.source.strip()) and not _CELL_MAGIC.match(self.source)


@dataclass(frozen=True)
class Template:
    """What a released notebook says about the answers to it.

    Attributes
    ----------
    name : str
        The lesson.
    stubs : dict of str to str
        For each exercise, in order, the text that the student found.
    locked : dict of str to str
        For each cell that students must not change, its text.
    translated : dict of str to (dict of str to str)
        For each other language in which it was released, the same.
    """

    name: str
    stubs: Mapping[str, str]
    locked: Mapping[str, str]
    translated: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def exercises(self) -> tuple[str, ...]:
        """The names of its exercises, in order."""
        return tuple(self.stubs)


@dataclass(frozen=True)
class Cells:
    """What was read from a submission.

    Attributes
    ----------
    name : str
        The file's name, fit to be shown.
    kind : {"notebook", "module"}
        Which of the two it is.
    code : tuple of Cell
        The code cells in order, the tests' too.
    language : str, or None
        The language of its prose, "en" or "zh", where the metadata say it.
    lesson : str, or None
        The notebook that it was made from, where the metadata say it.
    problems : tuple of str
        What was mended while reading, one sentence each.
    """

    name: str
    kind: Literal["notebook", "module"]
    code: tuple[Cell, ...]
    language: str | None = None
    lesson: str | None = None
    problems: tuple[str, ...] = ()

    def answers(self, exercises: Iterable[str]) -> dict[str, tuple[Cell, ...]]:
        """Find the cells that answer each exercise.

        Parameters
        ----------
        exercises : iterable of str
            The exercises' names, which are their functions' names and grade ids.

        Returns
        -------
        dict of str to tuple of Cell
            For each exercise all cells with its grade id, and all that define a function of its
            name, in order. Where there is none, the cells that assign or import the name; then
            the tests' cells, for an answer written into one. Empty where it is nowhere.
        """
        return {name: self._answers(name) for name in exercises}

    def to_run(self, exercises: Iterable[str]) -> list[tuple[str, str]]:
        """List what the student's process has to run, in order: a name for tracebacks, and text.

        Parameters
        ----------
        exercises : iterable of str
            The exercises' names.

        Returns
        -------
        list of (str, str)
            The Python cells but those of the tests, which the grader has itself.
        """
        needed = {cell for cells in self.answers(exercises).values() for cell in cells}
        wanted = [c for c in self.code if c.role in {"answer", "plain"} or c in needed]
        return [(self.place(cell), cell.source) for cell in wanted if cell.is_python]

    def place(self, cell: Cell) -> str:
        """Name a cell as tracebacks do: `<mine.ipynb, cell 3>`, `<mine.py, line 12>`."""
        return f"<{self.name}, {'cell' if self.kind == 'notebook' else 'line'} {cell.number}>"

    def answered(self, template: Template) -> tuple[str, ...]:
        """Name the exercises whose cells differ from what the student found."""
        found = self.answers(template.exercises)
        return tuple(
            name
            for name, stub in template.stubs.items()
            if any(not _same(cell.source, stub) for cell in found[name] if cell.source.strip())
        )

    def notes(self, template: Template) -> tuple[str, ...]:
        """Say what became of the cells that students must not change, one sentence each.

        Parameters
        ----------
        template : Template
            The notebook that was released.

        Returns
        -------
        tuple of str
            A missing or an edited cell costs nothing, as the grader takes its own.
            Empty for a module, which has none.
        """
        if self.kind == "module":
            return ()
        mine = {cell.grade_id: cell.source for cell in self.code if cell.grade_id}
        locked = template.translated.get(self.language or "en", template.locked)
        missing = [n for n, text in locked.items() if n not in mine and not self._has(text)]
        edited = [n for n, text in locked.items() if n in mine and not _same(mine[n], text)]
        if len(missing) == len(locked) > 0:
            return ("None of the released tests is in this notebook; the grader uses its own.",)
        return tuple(
            f"The cell {name} was {what}; the grader uses its own."
            for what, names in (("deleted", missing), ("edited", edited))
            for name in names
        )

    @cached_property
    def defined(self) -> frozenset[str]:
        """The names of all functions and classes that it defines."""
        return frozenset(name for cell in self.code for name in cell.outline.defines)

    def _answers(self, name: str) -> tuple[Cell, ...]:
        mine = [c for c in self.code if c.role in {"answer", "plain"}]
        named = {c.number for c in mine if c.grade_id == name or name in _defines(c)}
        if not any(name in _defines(c) for c in mine):
            bound = {c.number for c in mine if c.is_python and name in c.outline.binds}
            locked = {c.number for c in self.code if name in _defines(c)}
            named |= bound or locked
        return tuple(c for c in self.code if c.number in named)

    def _has(self, text: str) -> bool:
        return any(_same(cell.source, text) for cell in self.code)


def read_cells(data: bytes, name: str) -> Cells:
    """Read a submission; nothing in it is executed.

    Parameters
    ----------
    data : bytes
        A notebook (nbformat 3 or 4) or a module, plain or percent text.
    name : str
        The file's name; it is shown, and `.py` means a module.

    Returns
    -------
    Cells
        With everything that was mended named in `problems`.

    Raises
    ------
    CourseError
        If it is neither, or too large; the message says what it is and what to do.
    """
    name = shown(name)
    if len(data) > MOST_BYTES:
        raise CourseError(
            f"{name} has {len(data) / 1e6:.0f} MB; at most {MOST_BYTES / 1e6:.0f} MB are read: "
            "clear the outputs of its cells and submit it again"
        )
    if not data.strip(b"\0\t\n\r "):
        raise CourseError(f"{name} is empty; submit the notebook again")
    _check_format(data, name)
    problems: list[str] = []
    if _is_json(data) or not _is_module(name):
        return _notebook(_text(data, json.detect_encoding(data), problems), name, problems)
    return _module(_text(data, _python_encoding(data), problems), name, problems)


def read_template(path: Path) -> Template:
    """Read a released notebook: which exercises it has, and which cells are locked."""
    if not path.is_file():
        raise CourseError(f"{path} is missing; make it with: course build")
    code = read_cells(path.read_bytes(), path.name).code
    others = sorted(path.parent.glob(f"*/{path.name}"))
    return Template(
        path.stem,
        {cell.grade_id: cell.source for cell in code if cell.role == "answer"},
        _locked(code),
        {p.parent.name: _locked(read_cells(p.read_bytes(), p.name).code) for p in others},
    )


def _locked(code: Iterable[Cell]) -> dict[str, str]:
    return {cell.grade_id: cell.source for cell in code if cell.role in {"test", "given"}}


def templates(root: Path = ROOT) -> list[Template]:
    """Read every notebook that students get, in alphabetical order."""
    return [read_template(path) for path in sorted((root / "notebooks").glob("*.ipynb"))]


def shown(text: str, most: int = MOST_NAME) -> str:
    """Make a name from outside fit to be shown: one line, no control signs, not too long."""
    text = " ".join(text[: 20 * most].split())
    text = "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
    return text if len(text) <= most else f"{text[: most // 2]}…{text[-most // 2 :]}"


def _check_format(data: bytes, name: str) -> None:
    """Refuse what is plainly something else, by its first bytes."""
    what = next((w for start, w in _FORMATS.items() if data.startswith(start)), None)
    if what is None and data[:1000].lstrip(b"\xef\xbb\xbf\t\n\r ").startswith(b"<"):
        what = "a web page"
        if data.lstrip(b"\xef\xbb\xbf\t\n\r ").startswith(b"<<<<<<<"):
            raise CourseError(
                f"{name} holds the marks of an unfinished git merge (<<<<<<<); settle it, then "
                "submit again"
            )
    if what is not None:
        raise CourseError(
            f"{name} is {what}, not a notebook; submit the .ipynb or .py file itself"
        )


def _is_json(data: bytes) -> bool:
    start = (
        data[:1000].removeprefix(codecs.BOM_UTF8).replace(b"\0", b"").lstrip(b"\xff\xfe\t\n\r ")
    )
    return start.startswith(b"{") and (b"cells" in data or b"c\0e\0l\0l\0s" in data)


def _is_module(name: str) -> bool:
    return name.lower().endswith((".py", ".py.txt", ".pyw"))


def _python_encoding(data: bytes) -> str:
    """Return the encoding that a module declares, if it is one for text."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    lines = iter(data[:2000].splitlines(keepends=True)[:2])
    try:
        name = codecs.lookup(tokenize.detect_encoding(lambda: next(lines, b""))[0]).name
    except (SyntaxError, LookupError):
        return "utf-8"
    return name if name in _CODECS else "utf-8"


def _text(data: bytes, encoding: str, problems: list[str]) -> str:
    data = data.removeprefix(codecs.BOM_UTF8)
    encoding = "utf-8" if encoding == "utf-8-sig" else encoding
    try:
        text = data.decode(encoding)
    except UnicodeError as error:
        where = getattr(error, "start", 0)
        problems.append(f"It is not {encoding.upper()} text (byte {where}); read as far as it is.")
        text = data.decode(encoding, "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _notebook(text: str, name: str, problems: list[str]) -> Cells:
    notebook = _parsed(text, name)
    metadata = _dict(notebook.get("metadata"))
    raw = _raw_cells(notebook, name, problems)
    if len(raw) > MOST_CELLS:
        raise CourseError(
            f"{name} has {len(raw)} cells; at most {MOST_CELLS} are read: delete those that are "
            "no part of the answer"
        )
    code = [cell for cell in map(_cell, range(1, len(raw) + 1), raw, _each(problems)) if cell]
    if sum(len(cell.source) for cell in code) > MOST_TEXT:
        raise CourseError(
            f"{name} has {sum(len(cell.source) for cell in code)} characters of code; at most "
            f"{MOST_TEXT} are read"
        )
    if not code:
        raise CourseError(f"{name} has no code cell, so there is nothing to grade")
    course = _dict(metadata.get("course"))
    made_from = _LESSON.search(str(course.get("generated", ""))[:500])
    return Cells(
        name,
        "notebook",
        tuple(_joined(code, problems)),
        _language(course.get("language", metadata.get("language"))),
        made_from[1] if made_from else None,
        _few(problems),
    )


def _parsed(text: str, name: str) -> dict[str, Any]:
    """Read JSON after its number of values has been bounded."""
    skeleton = _JSON_STRING.sub("", text)
    values = sum(skeleton.count(sign) for sign in "[{,")
    if values > MOST_VALUES:
        raise CourseError(
            f"{name} holds {values} values; at most {MOST_VALUES} are read: clear the outputs of "
            "its cells and submit it again"
        )
    del skeleton
    try:
        notebook = json.loads(text)
    except RecursionError:
        raise CourseError(f"{name} is no notebook: its JSON is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise CourseError(
            f"{name} is no notebook: its JSON breaks in line {error.lineno} ({error.msg}); open "
            "it in Jupyter, save it and submit it again"
        ) from None
    except ValueError as error:  # a whole number of more than 4300 digits
        raise CourseError(f"{name} is no notebook: {shown(str(error))}") from None
    if not isinstance(notebook, dict):
        raise CourseError(f"{name} is no notebook: it is JSON, but has no cells")
    return notebook


def _raw_cells(notebook: dict[str, Any], name: str, problems: list[str]) -> list[Any]:
    """Return the list of cells, by what is there more than by what nbformat claims."""
    claimed = notebook.get("nbformat")
    cells = notebook.get("cells")
    sheets = notebook.get("worksheets")
    if cells is None and isinstance(sheets, list):
        found = [_dict(sheet).get("cells") for sheet in sheets]
        cells = [cell for part in found if isinstance(part, list) for cell in part]
        expected: tuple[int, ...] = (2, 3)
    else:
        expected = (4,)
    if not isinstance(cells, list):
        raise CourseError(
            f"{name} is no notebook: it has no list of cells (nbformat {shown(repr(claimed))}); "
            "open it in Jupyter, save it as a notebook and submit it again"
        )
    if isinstance(claimed, bool) or claimed not in expected:
        problems.append(
            f"Its nbformat is {shown(repr(claimed))}; it was read as nbformat {expected[-1]}."
        )
    return cells


def _each(problems: list[str]) -> Iterator[list[str]]:
    while True:
        yield problems


def _cell(number: int, raw: Any, problems: list[str]) -> Cell | None:
    """Return a code cell, or None for text and for what is no cell."""
    if not isinstance(raw, dict):
        problems.append(f"Cell {number} is no cell but {type(raw).__name__}; it was left out.")
        return None
    marks = _dict(_dict(raw.get("metadata")).get("nbgrader"))
    is_code = raw.get("cell_type") == "code"
    if not is_code and marks.get("cell_type") == "code" and (_role(marks) != "plain"):
        problems.append(f"Cell {number} was turned into text; it was read as code.")
        is_code = True
    if not is_code:
        return None
    grade_id = marks.get("grade_id")
    source = _source(raw.get("source", raw.get("input")), number, problems)
    return Cell(
        number,
        _without_magic(source),
        shown(grade_id) if isinstance(grade_id, str) else "",
        _role(marks) if isinstance(grade_id, str) and grade_id else "plain",
    )


def _role(marks: dict[str, Any]) -> Role:
    if marks.get("solution") is True:
        return "answer"
    if marks.get("grade") is True:
        return "test"
    return "given" if marks.get("locked") is True else "plain"


def _source(source: Any, number: int, problems: list[str]) -> str:
    """Return a cell's text; JSON may hold halves of signs, which no file can."""
    lines = source if isinstance(source, list) else [source]
    text = "".join(line for line in lines if isinstance(line, str))
    if any(not isinstance(line, str) for line in lines):
        problems.append(f"Cell {number} has a source that is not text; it was read as empty.")
    text = text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _without_magic(source: str) -> str:
    """Turn a first line such as `%%time` into a comment: what follows it is Python."""
    magic = _CELL_MAGIC.match(source)
    if not magic or magic[1] not in _PYTHON_MAGICS:
        return source
    place = magic.start(1) - 2
    return f"{source[:place]}# {source[place:]}"


def _joined(code: list[Cell], problems: list[str]) -> Iterator[Cell]:
    """Put a function together again that was cut into two cells."""
    last: Cell | None = None
    for cell in code:
        if last is not None and _continues(last, cell):
            problems.append(f"Cell {cell.number} goes on with the function of cell {last.number}.")
            last = replace(last, source=f"{last.source.rstrip()}\n{cell.source}")
            continue
        if last is not None:
            yield last
        last = cell
    if last is not None:
        yield last


def _continues(above: Cell, cell: Cell) -> bool:
    """Tell whether a cell is the second half of the one above.

    Alone it would be an error: it returns outside a function, or the half above has no body.
    """
    if (
        not cell.is_python
        or not above.is_python
        or not {cell.role, above.role} <= {"answer", "plain"}
    ):
        return False
    below, before = cell.outline, above.outline
    if not below.begins_indented or not before.ends_open or not before.defines:
        return False
    return below.returns or above.source.rstrip().endswith(":")


def _module(text: str, name: str, problems: list[str]) -> Cells:
    if len(text) > MOST_TEXT:
        raise CourseError(
            f"{name} has {len(text)} characters of code; at most {MOST_TEXT} are read"
        )
    text = text.replace("\0", "\ufffd")
    marks = list(_PERCENT.finditer(text))
    code = list(_percent_cells(text, marks) if marks else _pieces(text))
    if len(code) > MOST_CELLS:
        raise CourseError(f"{name} has {len(code)} parts; at most {MOST_CELLS} are read")
    if not code:
        raise CourseError(f"{name} has no code cell, so there is nothing to grade")
    return Cells(name, "module", tuple(code), problems=_few(problems))


def _percent_cells(text: str, marks: list[re.Match[str]]) -> Iterator[Cell]:
    """Cut percent text, as jupytext, Spyder, VS Code and nbconvert write it."""
    starts = [0, *(mark.end() for mark in marks)]
    ends = [*(mark.start() for mark in marks), len(text)]
    heads = ["", *(mark[0] for mark in marks)]
    line = 1
    for start, end, head in zip(starts, ends, heads, strict=True):
        line += head.count("\n")
        source = text[start:end]
        if "[markdown]" not in head and "[raw]" not in head and source.strip():
            marked = _MARKED.search(head)
            grade_id = shown((marked[1] or marked[2]) if marked else "")
            yield Cell(
                line, _without_magic(source.rstrip()), grade_id, _percent_role(head, marked)
            )
        line += source.count("\n")


def _percent_role(head: str, marked: re.Match[str] | None) -> Role:
    if not marked:
        return "plain"
    if marked[1] or '"solution": true' in head:
        return "answer"
    if '"grade": true' in head:
        return "test"
    return "given" if '"locked": true' in head else "plain"


def _pieces(text: str) -> Iterator[Cell]:
    """Cut a plain module before each definition, so that a broken one costs itself only."""
    places = sorted({0, *outline(text).breaks})
    line = 1
    for start, end in zip(places, [*places[1:], len(text)], strict=True):
        source = text[start:end]
        if source.strip():
            yield Cell(line, source)
        line += source.count("\n")


def _defines(cell: Cell) -> tuple[str, ...]:
    return cell.outline.defines if cell.is_python else ()


def _same(text: str, other: str) -> bool:
    return _bare(text) == _bare(other)


def _bare(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().split("\n")]


def _language(value: Any) -> str | None:
    start = value[:2].lower() if isinstance(value, str) else ""
    return start if start in {"en", "zh"} else None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _few(problems: list[str], most: int = 20) -> tuple[str, ...]:
    """Keep the first problems; a hostile notebook has one a cell."""
    rest = len(problems) - most
    return (*problems[:most], *([f"And {rest} more of this kind."] if rest > 0 else []))
