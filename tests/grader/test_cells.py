"""Broken, odd and hostile notebooks and modules; each is made here."""

import codecs
import json
import subprocess
import sys

import nbformat
import pytest

from grading import CourseError
from grading.build import solved_notebook, student_text
from grading.cells import (
    MOST_BYTES,
    MOST_CELLS,
    MOST_TEXT,
    MOST_VALUES,
    Template,
    read_cells,
    read_template,
    shown,
    templates,
)
from grading.outline import outline

DOUBLE = "def double(x):\n    return 2 * x"
TOTAL = "def total(x):\n    return sum(x)"
STUB = "def double(x):\n    raise NotImplementedError"
TEMPLATE = Template(
    "sums",
    {"double": STUB, "total": "def total(x):\n    raise NotImplementedError"},
    {
        "checks": "import math",
        "test_double": "def test_double(double):\n    assert double(1) == 2",
    },
)


def code(source, **marks):
    metadata = {"nbgrader": {"schema_version": 3, **marks}} if marks else {}
    return {"cell_type": "code", "source": source, "metadata": metadata, "outputs": []}


def answer(source, grade_id):
    return code(source, grade_id=grade_id, solution=True, grade=False, locked=False)


def grade_cell(source, grade_id):
    return code(source, grade_id=grade_id, solution=False, grade=True, locked=True)


def text(source):
    return {"cell_type": "markdown", "source": source, "metadata": {}}


def notebook(*cells, **more):
    content = {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}
    return json.dumps(content).encode()


def read(*cells, **more):
    return read_cells(notebook(*cells, **more), "mine.ipynb")


def numbers(cells, *exercises):
    return {name: [c.number for c in found] for name, found in cells.answers(exercises).items()}


# What is read ------------------------------------------------------------------------------------


def test_code_cells_keep_their_places_among_all_cells():
    cells = read(text("# Sums"), code("x = 1"), text(""), code("y = 2"))
    assert [(c.number, c.source) for c in cells.code] == [(2, "x = 1"), (4, "y = 2")]
    assert cells.problems == ()
    assert cells.to_run([]) == [
        ("<mine.ipynb, cell 2>", "x = 1"),
        ("<mine.ipynb, cell 4>", "y = 2"),
    ]


def test_the_released_notebook_makes_its_own_template(make_lesson):
    lesson = make_lesson()
    lesson.student.write_text(student_text(solved_notebook(lesson), lesson.name))
    template = read_template(lesson.student)
    assert template.exercises == ("double", "total")
    assert set(template.locked) == {"checks", "test_double", "test_total"}
    assert "NotImplementedError" in template.stubs["double"]
    blank = read_cells(lesson.student.read_bytes(), "sums.ipynb")
    assert blank.answered(template) == ()
    assert blank.notes(template) == ()
    assert blank.lesson == "sums"
    solved = read_cells(nbformat.writes(solved_notebook(lesson)).encode(), "sums.ipynb")
    assert solved.answered(template) == ("double", "total")


def test_the_courses_own_notebooks_have_templates():
    assert {"art_generation", "face_recognition", "latent_space", "style_in_practice"} <= {
        t.name for t in templates()
    }


def test_a_missing_template_names_the_command(tmp_path):
    with pytest.raises(CourseError, match="course build"):
        read_template(tmp_path / "sums.ipynb")


def test_exercises_are_found_by_grade_id():
    cells = read(answer("def doubl(x): pass", "double"), answer(TOTAL, "total"))
    assert numbers(cells, "double", "total") == {"double": [1], "total": [2]}


def test_exercises_are_found_without_metadata_and_after_renaming():
    cells = read(code("import math"), code(DOUBLE), answer(TOTAL, "renamed"))
    assert numbers(cells, "double", "total") == {"double": [2], "total": [3]}


def test_every_copy_of_an_exercise_counts_in_order():
    cells = read(answer(DOUBLE, "double"), answer(STUB, "double"), code(DOUBLE))
    assert numbers(cells, "double") == {"double": [1, 2, 3]}


def test_an_answer_may_stand_beside_its_cell():
    cells = read(answer("# see below", "double"), text("Here:"), code(DOUBLE))
    assert numbers(cells, "double") == {"double": [1, 3]}


@pytest.mark.parametrize(
    "source",
    [
        "double = lambda x: 2 * x",
        "double: object = lambda x: 2 * x",
        "from mine import double",
        "from mine import (total, double)",
        "from mine import twice as double",
    ],
)
def test_a_name_may_be_assigned_or_imported(source):
    assert numbers(read(code("x = 1"), code(source)), "double") == {"double": [2]}


def test_an_assignment_does_not_outdo_a_definition():
    cells = read(code(DOUBLE), code("double = double(3)"))
    assert numbers(cells, "double") == {"double": [1]}


def test_an_answer_in_a_test_cell_counts_if_there_is_no_other():
    in_test = grade_cell(f"{DOUBLE}\nassert double(1) == 2", "test_double")
    assert numbers(read(answer("", "double"), in_test), "double") == {"double": [1, 2]}
    both = read(answer(DOUBLE, "double"), in_test)
    assert numbers(both, "double") == {"double": [1]}
    assert [place for place, _ in both.to_run(["double"])] == ["<mine.ipynb, cell 1>"]


def test_what_is_nowhere_has_no_cells():
    assert numbers(read(code("x = 1")), "double") == {"double": []}


def test_tests_and_given_cells_do_not_run():
    given = code("import math", grade_id="checks", locked=True)
    cells = read(
        given, answer(DOUBLE, "double"), grade_cell("assert double(1) == 2", "test_double")
    )
    assert [c.role for c in cells.code] == ["given", "answer", "test"]
    assert [source for _, source in cells.to_run(["double"])] == [DOUBLE]


@pytest.mark.parametrize(
    ("cells", "notes"),
    [
        ([code("import math", grade_id="checks", locked=True)], ["test_double was deleted"]),
        (
            [
                code("import math  \n", grade_id="checks", locked=True),
                grade_cell("assert True", "test_double"),
            ],
            ["test_double was edited"],
        ),
        ([code("import math"), grade_cell(TEMPLATE.locked["test_double"], "test_double")], []),
        ([code("x = 1")], ["None of the released tests"]),
    ],
)
def test_deleted_and_edited_tests_are_noted(cells, notes):
    found = read(*cells).notes(TEMPLATE)
    assert len(found) == len(notes)
    assert all(note in text for note, text in zip(notes, found, strict=True))


def test_a_solution_turned_into_text_is_code_all_the_same():
    cell = answer(DOUBLE, "double")
    cell["metadata"]["nbgrader"]["cell_type"] = "code"
    cell["cell_type"] = "markdown"
    cells = read(cell)
    assert numbers(cells, "double") == {"double": [1]}
    assert "turned into text" in cells.problems[0]


def test_a_function_cut_into_two_cells_is_put_together():
    cells = read(
        code("def double(x):\n    y = 2 * x"), text("Then"), code("    return y"), code("z = 1")
    )
    assert cells.code[0].source == "def double(x):\n    y = 2 * x\n    return y"
    assert [c.number for c in cells.code] == [1, 4]
    assert cells.problems == ("Cell 3 goes on with the function of cell 1.",)


def test_a_header_without_its_body_is_put_together():
    cells = read(code("def double(x):"), code("    y = 2\n    print(y)"))
    assert cells.code[0].source == "def double(x):\n    y = 2\n    print(y)"


def test_an_indented_cell_of_its_own_stays_one():
    assert len(read(code(DOUBLE), code("    print(double(3))")).code) == 2
    assert len(read(code("x = 1"), code("    return y")).code) == 2
    assert len(read(grade_cell("def t(x):\n    x", "t"), code("    return y")).code) == 2


def test_cell_magics_of_python_become_comments_and_others_do_not_run():
    cells = read(
        code(f"%%time\n{DOUBLE}"), code("%%bash\ndef double(): rm -rf /"), code("%time 1")
    )
    assert cells.code[0].source == f"# %%time\n{DOUBLE}"
    assert numbers(cells, "double") == {"double": [1]}
    assert len(cells.to_run(["double"])) == 2


@pytest.mark.parametrize(
    ("value", "language"), [("zh-CN", "zh"), ("en", "en"), ("xx", None), (3, None), (None, None)]
)
def test_the_language_is_in_the_metadata(value, language):
    assert read(code("1"), metadata={"course": {"language": value}}).language == language


# What is odd and mended --------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings_of_unicode_are_read(encoding):
    cells = read_cells(notebook(code(DOUBLE)).decode().encode(encoding), "mine.ipynb")
    assert numbers(cells, "double") == {"double": [1]}


def test_bytes_that_are_no_utf8_cost_no_more_than_themselves():
    data = notebook(code(DOUBLE), code("café = 1")).replace(b"\\u00e9", b"\xe9")
    cells = read_cells(data, "mine.ipynb")
    assert cells.code[1].source == "caf\ufffd = 1"
    assert "not UTF-8" in cells.problems[0]


def test_half_signs_and_nul_in_a_source_are_replaced():
    cells = read_cells(notebook(code("a = '\ud800'\nb = '\0'")), "mine.ipynb")
    assert cells.code[0].source == "a = '?'\nb = '\ufffd'"
    cells.code[0].source.encode()


def test_version_3_of_the_format_is_read():
    cell = {"cell_type": "code", "input": ["x = 1\n", "y = 2"], "language": "python"}
    content = {"worksheets": [{"cells": [cell]}, {"cells": [cell]}, None], "nbformat": 3}
    cells = read_cells(json.dumps(content).encode(), "old.ipynb")
    assert [c.source for c in cells.code] == ["x = 1\ny = 2"] * 2
    assert cells.problems == ()


@pytest.mark.parametrize("version", [99, "4", None, -1, True, 4.5, [4], 10**40])
def test_a_wrong_nbformat_is_noted(version):
    cells = read(code(DOUBLE), nbformat=version)
    assert numbers(cells, "double") == {"double": [1]}
    assert "read as nbformat 4" in cells.problems[0]


@pytest.mark.parametrize("source", [None, 3, {"a": 1}, ["x = 1\n", None], [["x"]], True])
def test_a_source_that_is_no_text_is_noted(source):
    cells = read(code(source), code(DOUBLE))
    assert numbers(cells, "double") == {"double": [2]}
    assert "Cell 1 has a source that is not text" in cells.problems[0]


@pytest.mark.parametrize("cell", [None, 7, "code", ["code"], 1.5])
def test_what_is_no_cell_is_left_out(cell):
    cells = read(cell, code(DOUBLE))
    assert numbers(cells, "double") == {"double": [2]}
    assert "Cell 1 is no cell" in cells.problems[0]


@pytest.mark.parametrize(
    "metadata",
    [
        *(None, [], "nbgrader", {"nbgrader": None}, {"nbgrader": []}),
        *({"nbgrader": {"grade_id": 3}}, {"nbgrader": {"grade_id": ""}}),
        {"nbgrader": {"grade_id": None, "solution": True}},
    ],
)
def test_odd_metadata_lose_nothing(metadata):
    cell = code(DOUBLE) | {"metadata": metadata}
    cells = read(cell, metadata=metadata)
    assert numbers(cells, "double") == {"double": [1]}
    assert cells.code[0].role == "plain"


def test_a_thousand_problems_are_cut_short():
    cells = read(code(DOUBLE), *[None] * 1000)
    assert len(cells.problems) == 21
    assert cells.problems[-1] == "And 980 more of this kind."


def test_names_from_outside_are_made_fit_to_show():
    assert shown("a\nb\x1b[31mc\u202ed\ud800") == "a b\ufffd[31mc\ufffdd\ufffd"
    assert len(shown("x" * 10**6)) < 100


def test_old_line_ends_are_read():
    data = notebook(code("x = 1\r\ny = 2\rz = 3")).replace(b", ", b",\r\n")
    assert read_cells(data, "mine.ipynb").code[0].source == "x = 1\ny = 2\nz = 3"


# What is refused, with a sentence ----------------------------------------------------------------

REFUSED = {
    "nothing": (b"", "is empty"),
    "blanks": (b" \n\t\0\0", "is empty"),
    "half a file": (notebook(code(DOUBLE))[:-20], "its JSON breaks in line 1"),
    "plain text": (b"def double(x): return 2 * x", "its JSON breaks in line 1"),
    "a list": (b'[{"cells": []}]', "is JSON, but has no cells"),
    "a string": (b'"cells"', "is JSON, but has no cells"),
    "no list of cells": (b'{"nbformat": 4}', "has no list of cells"),
    "cells that are no list": (b'{"cells": {"a": 1}, "nbformat": 4}', "has no list of cells"),
    "no cells": (notebook(), "no code cell"),
    "text alone": (notebook(text("# Sums")), "no code cell"),
    "nested lists": (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
    "nested objects": (b'{"cells":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply"),
    "nested, never closed": (b'{"cells":[' + b"[" * 1_000_000, "nested too deeply"),
    "a number of a million digits": (
        b'{"cells": [], "nbformat": ' + b"9" * 10**6 + b"}",
        "digits",
    ),
    "a web page": (b"<!DOCTYPE html><html>Log in</html>", "is a web page"),
    "a web page with a mark": (codecs.BOM_UTF8 + b"\n<html>", "is a web page"),
    "git's marks": (b"<<<<<<< HEAD\n{}", "unfinished git merge"),
    "a zip": (b"PK\x03\x04...", "is a zip archive"),
    "a pdf": (b"%PDF-1.7", "is a PDF document"),
    "a picture": (b"\x89PNG\r\n", "is a picture"),
    "git lfs": (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
    "noise": (bytes(range(128, 256)) * 100, "no notebook"),
    "half signs of UTF-16": (codecs.BOM_UTF16_LE + b"\x00\xd8" * 1000, "no notebook"),
    "control signs in a string": (b'{"cells": "\x01\x02"}', "no notebook"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_notebook_is_refused_with_a_sentence(what):
    data, message = REFUSED[what]
    with pytest.raises(CourseError, match=message) as error:
        read_cells(data, "mine.ipynb")
    assert str(error.value).startswith("mine.ipynb ")
    assert len(str(error.value)) < 300


def test_500_megabytes_are_refused_before_they_are_read():
    class Huge(bytes):
        def __len__(self):
            return 500_000_000

    with pytest.raises(CourseError, match="has 500 MB; at most 50 MB are read"):
        read_cells(Huge(b"{}"), "mine.ipynb")
    assert MOST_BYTES == 50_000_000


def test_ten_thousand_cells_are_refused():
    with pytest.raises(CourseError, match=f"has 10000 cells; at most {MOST_CELLS}"):
        read(*[code("x = 1")] * 10_000)


def test_too_much_code_is_refused():
    with pytest.raises(CourseError, match="characters of code"):
        read(code("#" * MOST_TEXT), code("x = 1"))
    with pytest.raises(CourseError, match="characters of code"):
        read_cells(b"x = 1\n" * (MOST_TEXT // 5), "mine.py")


def test_too_many_values_are_refused_before_they_take_memory():
    data = b'{"cells": [' + b"[]," * (MOST_VALUES // 2 + 1) + b"1]}"
    with pytest.raises(CourseError, match="values; at most"):
        read_cells(data, "mine.ipynb")


def test_signs_inside_strings_are_no_values():
    printed = "[1, 2], " * MOST_VALUES
    cell = code(DOUBLE) | {"outputs": [{"text": printed[: 4 * MOST_VALUES]}]}
    assert numbers(read(cell), "double") == {"double": [1]}


HEAVY = {
    "lists": "b'[],' * (MOST_VALUES // 2 - 10) + b'1]}'",
    "objects": "b'{},' * (MOST_VALUES // 2 - 10) + b'1]}'",
    "numbers": "b'0.1,' * (MOST_VALUES - 10) + b'1]}'",
    "strings": "b'\"aa\",' * (MOST_VALUES - 10) + b'1]}'",
    "backslashes": "b'\\\\' * 49_000_000",
    "one string": "b'\"' + b'a' * 49_000_000 + b'\"]}'",
    "one string of wide signs": "('\"' + chr(0x1F600) * 12_000_000 + '\"]}').encode()",
}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/status")
@pytest.mark.parametrize("what", HEAVY)
def test_no_notebook_takes_much_memory(what):
    script = f"""
import re
from grading import CourseError
from grading.cells import MOST_VALUES, read_cells
most = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
data = b'{{"cells": [' + {HEAVY[what]}
before = most()
try:
    read_cells(data, "mine.ipynb")
except CourseError as error:
    print(most() - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 600_000, f"reading took {int(done.stdout) / 1000:.0f} MB"


# Modules -----------------------------------------------------------------------------------------


def test_a_plain_module_is_cut_before_its_definitions():
    source = f"import math\n\n\n@deco\n@more(\n    1)\n{DOUBLE}\n\nX = 1\n{TOTAL}\n"
    cells = read_cells(source.encode(), "mine.py")
    assert cells.kind == "module"
    assert [c.number for c in cells.code] == [1, 4, 11]
    assert "".join(c.source for c in cells.code) == source
    assert cells.to_run(["double"])[1][0] == "<mine.py, line 4>"


def test_a_broken_function_of_a_module_costs_itself_only():
    cells = read_cells(f"def double(x:\n    return\n{TOTAL}\n".encode(), "mine.py")
    assert numbers(cells, "double", "total") == {"double": [1], "total": [3]}
    compile(cells.code[1].source, "total", "exec")


@pytest.mark.parametrize("mark", ["# %%", "#%%", "# %% [code] title", "# In[3]:"])
def test_percent_text_is_cut_into_its_cells(mark):
    source = f"{mark}\n{DOUBLE}\n\n# %% [markdown]\n# def total(x)\n\n{mark}\n{TOTAL}\n"
    cells = read_cells(source.encode(), "mine.py")
    assert numbers(cells, "double", "total") == {"double": [2], "total": [9]}


def test_percent_text_keeps_grade_ids(make_lesson):
    lesson = make_lesson()
    cells = read_cells(lesson.source.read_bytes(), "sums.py")
    assert [c.grade_id for c in cells.code if c.grade_id] == ["double", "total"]
    marked = (
        '# %% nbgrader={"grade": true, "grade_id": "test_double", "solution": false}\nassert 1'
    )
    assert read_cells(marked.encode(), "mine.py").code[0].role == "test"


@pytest.mark.parametrize(
    ("data", "right"),
    [
        ("x = 'é'".encode(), "x = 'é'"),
        (codecs.BOM_UTF8 + "x = 'é'".encode(), "x = 'é'"),
        ("x = 'é'".encode("utf-16"), "x = 'é'"),
        ("# coding: latin-1\nx = 'é'".encode("latin-1"), "# coding: latin-1\nx = 'é'"),
        ("# coding: gbk\nx = '好'".encode("gbk"), "# coding: gbk\nx = '好'"),
        ("x = 'é'".encode("latin-1"), "x = '\ufffd'"),
        (b"# coding: punycode\nx = 1-a", "# coding: punycode\nx = 1-a"),
        (b"# coding: zip\nx = 1", "# coding: zip\nx = 1"),
        (b"# coding: none-such\nx = 1", "# coding: none-such\nx = 1"),
        (b"x = 1\0", "x = 1\ufffd"),
    ],
)
def test_encodings_of_modules(data, right):
    assert read_cells(data, "mine.py").code[0].source == right


def test_a_notebook_called_py_is_read_as_a_notebook():
    cells = read_cells(notebook(code(DOUBLE)), "mine.py")
    assert (cells.kind, numbers(cells, "double")) == ("notebook", {"double": [1]})


@pytest.mark.parametrize("data", [b"# %%\n\n# %%\n", b"\xef\xbb\xbf"])
def test_a_module_without_code_is_refused(data):
    with pytest.raises(CourseError, match=r"mine\.py "):
        read_cells(data, "mine.py")


def test_a_module_of_ten_thousand_functions_is_refused():
    with pytest.raises(CourseError, match="has 10000 parts"):
        read_cells(b"def f(): 0\n" * 10_000, "mine.py")


# What a text defines -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "defines"),
    [
        (DOUBLE, ("double",)),
        ("async def double(x): 0\nclass A:\n    def total(self): 0", ("double", "A")),
        ("if True:\n    def double(x): 0\nelse:\n\tdef total(x): 0", ("double", "total")),
        ("def outer():\n    x = 1\n\n    def double(x): 0\ndef total(x): 0", ("outer", "total")),
        ("'''\ndef double(x): 0\n'''\ndef total(x): 0", ("total",)),
        ('x = """a\\"""\ndef double(x): 0\n"""', ()),
        ("# def double(x): 0\nx = '# \\' def'; y = \"'\"\ndef total(x): 0", ("total",)),
        ("    def double(x):\n        def total(x): 0", ("double",)),
        ("def double(x:\n    return (\ndef total(x): 0", ("double", "total")),
        ('def double(x):\n    """never closed\ndef total(x): 0', ("double",)),
        ("def größe(x): 0", ("größe",)),
        ("undef double(x): 0\ndefine = 3", ()),
    ],
)
def test_definitions_are_found_in_any_text(source, defines):
    assert outline(source).defines == defines


@pytest.mark.parametrize(
    "hostile",
    [
        '"""' + '\\"""' * 300_000,
        "'" * 1_000_001,
        "\\" * 1_000_000,
        '"\\' * 500_000,
        " " * 10**6,
        "a" * 10**6,
        "from " * 200_000,
        "def " * 250_000,
        "import " + "a as " * 200_000,
        "x" + " " * 10**6 + "y",
        "x:" * 500_000,
        "\n \t" * 300_000,
        "@" * 10**6,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_hostile_text_is_read_in_one_pass(hostile):
    # Anything but linear time would take hours here.
    outline(hostile)
    outline(f"{hostile}\n{DOUBLE}")
