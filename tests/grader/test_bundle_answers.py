"""No solution, hidden test or answer is in a students' zip: everything in it is opened."""

import ast
import importlib
import inspect
import io
import runpy
import sys
from functools import cache
from textwrap import dedent
from types import FunctionType

import nbformat
import numpy as np
import pytest
import scipy.io
from PIL import Image
from zipped import trees, unzipped

from grading.build import solved_notebook
from grading.bundle import write_bundle
from grading.lesson import lessons
from grading.submission import read_submission

TEXTS = (".csv", ".html", ".ipynb", ".md", ".py", ".toml", ".txt", ".yml", "LICENSE")
MARKS = ("BEGIN SOLUTION", "HIDDEN TESTS", "pytest.mark", "reference_", "REFERENCE_", "MUTANT")
PICTURE_FACTS = {
    *("jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"),
    *("progressive", "progression"),
}
CELL_FACTS = {"deletable", "editable", "jupyter", "nbgrader", "tags"}
LEAST_BODY = 150  # signs of a function's syntax tree; smaller ones are alike by chance
HINTED = {"epsilon = tf.random.normal(tf.shape(z_mean))"}  # by a visible check
LEAST_LINE = 40  # the same for a line of a solution


@pytest.fixture(scope="module", params=lessons(), ids=lambda lesson: lesson.name)
def chapter(request, tmp_path_factory):
    """Return a chapter and the files of its zip."""
    folder = tmp_path_factory.mktemp("bundles")
    return request.param, unzipped(write_bundle(request.param, folder, repository="a/b"))


# --- texts ----------------------------------------------------------------------------------


def bodies(tree):
    """Map what each function in a tree does, whatever its name, comments and spaces, to it."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            code = node.body[1:] if ast.get_docstring(node) else node.body
            dumped = ast.dump(ast.Module(code, []))
            found |= {dumped: node.name} if len(dumped) >= LEAST_BODY else {}
    return found


def in_strings(tree):
    """Parse the strings in a tree that are code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "def " in node.value:
            try:
                yield ast.parse(dedent(node.value))
            except SyntaxError:
                continue


def is_secret(node):
    """Tell whether a statement of a tests file is a hidden test or a helper with answers."""
    if not isinstance(node, ast.FunctionDef):
        return False
    hidden = node.name.startswith("test_") and bool(node.decorator_list)
    return hidden or node.name.startswith("reference_")


@cache
def answers():
    """Map what every right answer and every hidden test of all chapters does to its name."""
    found = {}
    for lesson in lessons():
        solved = ast.parse(lesson.source.read_text(encoding="utf-8"))
        tests = ast.parse(lesson.tests.read_text(encoding="utf-8"))
        places = [node for node in solved.body if getattr(node, "name", "") in lesson.exercises]
        places += [node for node in tests.body if is_secret(node)]
        places.append(ast.parse(lesson.mistakes.read_text(encoding="utf-8")))
        variants = lesson.tests.with_name(f"variants_{lesson.name}.py")
        places += in_strings(ast.parse(variants.read_text(encoding="utf-8")))
        for place in places:
            found |= bodies(place)
    return found


@cache
def solution_lines():
    """Return the longer lines of all solutions."""
    texts = [lesson.source.read_text(encoding="utf-8") for lesson in lessons()]
    solved = [
        part.partition("### END")[0] for t in texts for part in t.split("BEGIN SOLUTION")[1:]
    ]
    lines = {line.strip() for part in solved for line in part.splitlines()}
    return {line for line in lines if len(line) >= LEAST_LINE} - HINTED


def test_the_answers_are_found_where_they_are():
    assert len(answers()) > 200
    for lesson in lessons():
        solved = nbformat.writes(solved_notebook(lesson))
        found = {
            name: body
            for tree in trees(".ipynb", solved.encode())
            for body, name in bodies(tree).items()
        }
        assert {*lesson.exercises} <= {name for name, body in found.items() if body in answers()}
        assert any(line in solved for line in solution_lines())


def test_every_file_is_of_a_kind_that_is_looked_into(chapter):
    _, files = chapter
    assert not [name for name in files if not name.endswith((*TEXTS, ".jpg", ".npz", ".mat"))]


def test_no_function_does_what_a_solution_or_a_hidden_test_does(chapter):
    _, files = chapter
    for name, data in files.items():
        for tree in trees(name, data):
            mine = bodies(tree)
            for inner in in_strings(tree):
                mine |= bodies(inner)
            assert not {mine[body]: answers()[body] for body in mine.keys() & answers()}, name


def test_no_text_has_a_line_of_a_solution_or_a_mark_of_one(chapter):
    _, files = chapter
    for name, data in files.items():
        if name.endswith(TEXTS):
            text = data.decode("utf-8")
            assert not [mark for mark in MARKS if mark in text], name
            plain = text.replace('\\"', '"') if name.endswith(".ipynb") else text
            assert not [line for line in solution_lines() if line in plain], name


def test_the_notebook_has_no_outputs_and_nothing_attached(chapter):
    lesson, files = chapter
    notebook = nbformat.reads(files[f"{lesson.name}.ipynb"].decode(), 4)
    assert {*notebook.metadata} == {"course", "kernelspec", "language_info"}
    for cell in notebook.cells:
        assert not cell.get("attachments")
        assert not cell.get("outputs")
        assert {*cell.metadata} <= CELL_FACTS


# --- what is not text -----------------------------------------------------------------------


def test_arrays_are_numbers_and_no_pickles(chapter):
    _, files = chapter
    for name, data in files.items():
        if name.endswith(".npz"):
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                kinds = {arrays[key].dtype.kind for key in arrays.files}
            assert kinds <= {*"fiu"}, name
        elif name.endswith(".mat"):
            entries = scipy.io.loadmat(io.BytesIO(data)).values()
            words = [word for entry in entries for word in leaves(entry)]
            assert max(map(len, words)) < 120
            assert not [word for word in words if "def " in word or "=" in word], name


def leaves(entry):
    """Return every text in what a .mat file holds; refuse what is neither text nor numbers."""
    if isinstance(entry, bytes | str):
        return [entry if isinstance(entry, str) else entry.decode()]
    array = np.asarray(entry)
    if array.dtype.names:
        return [text for name in array.dtype.names for text in leaves(array[name])]
    if array.dtype.kind == "O":
        return [text for each in array.ravel() for text in leaves(each)]
    assert array.dtype.kind in "fiuUb", array.dtype
    return [str(text) for text in array.ravel()] if array.dtype.kind == "U" else []


def test_pictures_are_nothing_but_pictures(chapter):
    _, files = chapter
    for name, data in files.items():
        if name.endswith(".jpg"):
            with Image.open(io.BytesIO(data)) as picture:
                picture.load()
                assert {*picture.info} <= PICTURE_FACTS, name
            assert data.endswith(b"\xff\xd9"), f"{name} goes on after its picture"


# --- tried out ------------------------------------------------------------------------------


def functions_of(names):
    """Return every function of these modules by its full name, those in dictionaries too."""
    found = {}
    for name in names:
        module = importlib.import_module(name.removesuffix(".py").replace("/", "."))
        for label, value in vars(module).items():
            named = value if isinstance(value, dict) else {label: value}
            for key, each in named.items():
                if isinstance(each, FunctionType) and each.__module__ == module.__name__:
                    found[f"{name}: {label}, {key}"] = each
    return found


def takes(function, number):
    """Tell whether a function can be called with so many arguments."""
    try:
        inspect.signature(function).bind(*[None] * number)
    except TypeError:
        return False
    return True


def passes(function, tests):
    """Tell whether a function passes all tests of an exercise."""
    try:
        for test in tests:
            test(function)
    except BaseException as error:  # whatever it makes of arguments that are not its own
        return isinstance(error, KeyboardInterrupt)
    return True


def exercise_tests(lesson):
    """Return the tests of each exercise of a chapter, the hidden ones too."""
    here = str(lesson.tests.parent)
    sys.path.insert(0, here)
    try:
        namespace = runpy.run_path(str(lesson.tests))
    finally:
        sys.path.remove(here)
    found = {name: [] for name in lesson.exercises}
    for name, value in namespace.items():
        if name.startswith("test_"):
            (exercise,) = inspect.signature(value).parameters
            found[exercise].append(value)
    return found


@pytest.mark.filterwarnings("ignore")
def test_no_given_function_answers_an_exercise(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    zips = [write_bundle(lesson, tmp_path) for lesson in lessons()]
    names = {name for path in zips for name in unzipped(path) if name.endswith(".py")}
    given = functions_of(sorted(names - {"style_engine/__init__.py"}))
    assert len(given) > 200
    tried = []
    for lesson in lessons():
        solutions = read_submission(lesson.source).functions
        tests_of = exercise_tests(lesson)
        for exercise, tests in tests_of.items():
            number = len(inspect.signature(solutions[exercise]).parameters)
            fitting = {name: each for name, each in given.items() if takes(each, number)}
            tried += fitting
            assert not [name for name, each in fitting.items() if passes(each, tests)], exercise
        first = lesson.exercises[0]
        assert passes(solutions[first], tests_of[first]), "or else nothing would ever pass"
    assert len(tried) > 500
