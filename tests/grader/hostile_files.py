"""Notebooks, archives and names that are broken, odd or edited."""

import io
import json
import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from classroom import FULL
from handed_in import (
    FACES,
    HEADS,
    RIGHT,
    Content,
    Hostile,
    cell_of,
    code,
    function,
    grade_id,
    right_answers,
    solved,
    without,
)

# ---- notebooks that are broken, odd or edited


def notebook(
    name: str,
    edit: Callable[[dict], object] | None = None,
    marks: Mapping[str, float] | None = FULL,
    *,
    answers: Mapping[str, str] | None = None,
    cells: tuple[str, ...] = (),
    file: str = f"{FACES}.ipynb",
    **told: object,
) -> Hostile:
    """Return a face notebook that was changed."""
    return Hostile(
        name,
        lambda: {file: solved(name, answers, edit, cells)},
        marks,
        **told,  # type: ignore[arg-type]
    )


def raw(
    name: str,
    content: Content,
    says: str = "",
    marks: Mapping[str, float] | None = None,
    file: str = f"{FACES}.ipynb",
) -> Hostile:
    """Return a file of this content."""
    return Hostile(name, lambda: {file: content}, marks, says)


def large(data: bytes, count: int) -> Callable[[Path], object]:
    """Return a maker of a file that repeats some bytes."""
    return lambda path: path.write_bytes(data * count)


def sparse(size: int) -> Callable[[Path], object]:
    """Return a maker of a file that claims a size and takes no room."""

    def make(path: Path) -> None:
        with path.open("wb") as file:
            file.truncate(size)

    return make


def _as_version_3(data: dict) -> None:
    cells = [{**cell, "input": cell.pop("source")} for cell in data.pop("cells")]
    data.update(nbformat=3, nbformat_minor=0, worksheets=[{"cells": cells}])


def _without_metadata(data: dict) -> None:
    data["metadata"] = {"salt": data["metadata"]["salt"]}
    for cell in data["cells"]:
        cell["metadata"] = {}


def _without_tests(data: dict) -> None:
    data["cells"] = [c for c in data["cells"] if not grade_id(c).startswith("test_")]


def _cut(data: dict) -> None:
    cell = cell_of(data, "verify")
    head, _, tail = cell["source"].partition("    ### BEGIN SOLUTION\n")
    place = data["cells"].index(cell)
    cell["source"] = head
    data["cells"].insert(place + 1, code("x") | {"source": f"    {tail.strip()}"})


def _copied(data: dict, source: str | None = None, *, above: bool = False) -> None:
    cell = cell_of(data, "verify")
    copy = json.loads(json.dumps(cell)) | ({"source": source} if source else {})
    data["cells"].insert(data["cells"].index(cell) + (not above), copy)


def _in_r(data: dict) -> None:
    data["metadata"] = {
        "kernelspec": {"name": "ir", "display_name": "R", "language": "R"},
        "salt": "R",
    }
    data["cells"] = [code("verify <- function(path, identity) {\n  c(0.6, TRUE)\n}")]


def _kernel(data: dict) -> None:
    data["metadata"]["kernelspec"] = {"name": "julia-1.9", "language": "julia"}
    data["metadata"]["language_info"] = {"name": "julia"}


def _passing_tests(data: dict) -> None:
    for name in HEADS:
        cell_of(data, f"test_{name}")["source"] = "pass"
    cell_of(data, "checks")["source"] = "def check_call(*a): return 1\nimport os\nos._exit(0)"


def _worth_more(data: dict) -> None:
    for name in HEADS:
        cell_of(data, f"test_{name}")["metadata"]["nbgrader"]["points"] = 4000


def _grades_itself(data: dict) -> None:
    marks = {"grade": True, "solution": False, "points": 70, "locked": True}
    cell_of(data, "verify")["metadata"]["nbgrader"] |= marks


def _odd_sources(data: dict) -> None:
    for name in HEADS:
        cell = cell_of(data, name)
        cell["source"] = [None, 5, *cell["source"].splitlines(keepends=True), {"x": []}]


def _same_ids(data: dict) -> None:
    for cell in data["cells"]:
        cell["id"] = "same"


def _as_module(name: str, mark: str = "") -> bytes:
    texts = ["from fr_utils import *", "import numpy as np", "import tensorflow as tf"]
    return "\n\n".join(
        [*texts, *(mark + t for t in right_answers(FACES).values()), f"# {name}"]
    ).encode()


WRONG_VERIFY = function("verify", "")

NOTEBOOKS = [
    notebook("a cell was copied with its id", _copied),
    notebook(
        "the copy of a cell is wrong",
        lambda data: _copied(data, WRONG_VERIFY),
        without(FACES, "verify"),
    ),
    notebook(
        "the copy above a cell is wrong", lambda data: _copied(data, WRONG_VERIFY, above=True)
    ),
    notebook("its test cells were deleted", _without_tests, says="test"),
    notebook(
        "wrong and its test cells were deleted",
        _without_tests,
        without(FACES, "verify"),
        answers={"verify": WRONG_VERIFY},
    ),
    notebook(
        "its tests were edited to pass",
        _passing_tests,
        without(FACES, "verify"),
        answers={"verify": WRONG_VERIFY},
        says="edited",
    ),
    notebook(
        "its points were edited",
        _worth_more,
        without(FACES, "verify"),
        answers={"verify": WRONG_VERIFY},
    ),
    notebook(
        "its answer claims to be a test",
        _grades_itself,
        without(FACES, "verify"),
        answers={"verify": WRONG_VERIFY},
    ),
    notebook("its metadata were lost", _without_metadata),
    notebook("its kernel was changed", _kernel),
    notebook("a function was cut into two cells", _cut, says="goes on"),
    notebook("all cells have the same id", _same_ids),
    notebook("its sources are lists with other things", _odd_sources, says="not text"),
    notebook("it claims nbformat 99", lambda data: data.update(nbformat=99), says="nbformat"),
    notebook("it is of nbformat 3", _as_version_3),
    notebook("it was renamed", file="Kopie von mein Abgabe (2).ipynb.txt"),
    notebook(
        "a syntax error in one cell",
        None,
        without(FACES, "verify"),
        answers={"verify": "def verify(:\n    return"},
        says="SyntaxError",
    ),
    notebook(
        "magics and shell commands", cells=("%matplotlib inline\n!rm -rf /", "%%bash\nrm -rf .")
    ),
    notebook("endless loops between the exercises", cells=("while True:\n    pass",)),
    notebook(
        "a class that never comes to an end",
        cells=("class Trap:\n    while True:\n        pass",),
        says="in time",
    ),
    notebook(
        "twelve cells that end the process",
        cells=tuple(f"class Trap{n}:\n    import os\n    os._exit({n})" for n in range(12)),
    ),
    notebook(
        "a cell that breaks Python for all that follow",
        cells=("class Trap:\n    import builtins\n    del builtins.__import__",),
        marks=without(FACES, *HEADS),
        undecided=tuple(HEADS),
    ),
    notebook(
        "a name in wide letters",
        answers={
            "verify": "\n".join(
                [
                    "def \uff56erify(image_path, identity, database, model):",
                    *(
                        line.strip().join(["    ", ""])
                        for line in RIGHT["verify"].strip().splitlines()
                    ),
                ]
            )
        },
    ),
    notebook(
        "a text cell of 5 MB",
        lambda data: data["cells"].append(
            {"cell_type": "markdown", "metadata": {}, "source": "<b>" + "x" * 5_000_000}
        ),
    ),
    notebook(
        "outputs of 40 MB in one line",
        lambda data: data["cells"][1].update(
            outputs=[{"output_type": "stream", "name": "stdout", "text": "x" * 40_000_000}]
        ),
    ),
    notebook(
        "a code cell of 5 MB",
        lambda data: data["cells"].append(code("x = 1\n" * 830_000)),
        None,
        says="characters of code",
    ),
    notebook(
        "ten thousand cells",
        lambda data: data["cells"].extend(code(f"x = {n}") for n in range(10_000)),
        None,
        says="at most 2000",
    ),
    notebook("no cells", lambda data: data.update(cells=[]), None, says="no code cell"),
    notebook("written in R", _in_r, without(FACES, *HEADS), says="not defined"),
    notebook(
        "written in R and called otherwise",
        _in_r,
        None,
        file="homework.ipynb",
        says="answers none of the lessons",
    ),
    Hostile(
        "bytes that are no UTF-8",
        lambda: {
            f"{FACES}.ipynb": solved("bytes").replace(b"Recognise", b"R\xe9cognise\xff\xc0", 1)
        },
        FULL,
        "not UTF-8",
    ),
    raw("an empty file", b"", "is empty"),
    raw("half a notebook", solved("half")[:-2000], "JSON breaks"),
    raw("JSON without an end to its depth", large(b'{"cells":[', 100_000), "nested too deeply"),
    raw("a page of a login", b"<!DOCTYPE html><script>alert(1)</script>", "a web page"),
    raw("500 MB that are not there", sparse(500_000_000), "more than 50 MB"),
    raw("60 MB in one line", large(b" ", 60_000_000), "more than 50 MB"),
    raw("a module", _as_module("plain"), "", FULL, f"{FACES}.py"),
    raw("a module in percent text", _as_module("percent", "# %%\n"), "", FULL, f"{FACES}.py"),
    raw("a link in place of a file", lambda path: path.symlink_to("/etc/passwd"), "is a link"),
    raw("a pipe in place of a file", os.mkfifo, "no ordinary file"),
    raw("a folder in place of a file", Path.mkdir, ""),
]


# ---- zips


def zipped(members: Mapping[str, bytes], link: str = "") -> bytes:
    """Return a zip."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        if link:
            member = zipfile.ZipInfo(f"{FACES}.ipynb")
            member.external_attr = 0o120777 << 16
            archive.writestr(member, link)
    return file.getvalue()


def in_zip(
    name: str,
    members: Callable[[], Mapping[str, bytes]],
    marks: Mapping[str, float] | None = None,
    says: str = "",
    link: str = "",
) -> Hostile:
    """Return a zip that a student hands in."""
    return Hostile(name, lambda: {"mine.zip": zipped(members(), link)}, marks, says)


def _russian_doll(depth: int) -> bytes:
    data = solved("doll")
    for level in range(depth):
        data = zipped({f"{level}.zip" if level else f"{FACES}.ipynb": data})
    return data


ZIPS = [
    in_zip(
        "a zip that climbs out",
        lambda: {f"../../../../{FACES}.ipynb": solved("climbs"), "/etc/cron.d/x.py": b"x = 1"},
        FULL,
    ),
    in_zip(
        "a zip bomb", lambda: {f"{n}.ipynb": bytes(60_000_000) for n in range(3)}, says="50 MB"
    ),
    in_zip("zips in zips in zips", lambda: {"doll.zip": _russian_doll(9)}, says="in one another"),
    in_zip("a link in a zip", dict, says="is a link", link="/etc/passwd"),
    Hostile("a broken zip", lambda: {"mine.zip": zipped({"a.ipynb": b"x"})[:-20]}, None, "zip"),
]

NAMES = [
    Hostile(
        f"is called {what}", lambda what=what: {f"{FACES}.ipynb": solved(what)}, FULL, folder=name
    )
    for what, name in {
        "a script": "<script>alert(1)</script>",
        "a command": "=cmd|' /C calc'!A0",
        "in red": "\x1b[31mred\x07",
        "the wrong way round": "\u202eevil\u200f",
        "three hundred letters": "n" * 300,
        "a hundred signs of three bytes": "\u738b" * 95,
        "sixty faces": "\U0001f600" * 60,
        "like a device": "CON",
        "like an option": "-rf",
        "like another's folder": ".. ..",
        "with backslashes": "..\\..\\ana",
        "like a formula": "@SUM(1+1)",
        "with quotes": "\"'; DROP TABLE student; --",
    }.items()
]
