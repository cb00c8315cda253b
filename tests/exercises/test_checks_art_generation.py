"""The checks are sharp (each wrong answer loses its own exercise only) and fair."""

import ast
import inspect
import re
from functools import cache
from pathlib import Path

import jupytext
import mutants_art_generation as mutants
import numpy as np
import pytest
import test_art_generation as checks
import variants_art_generation as variants

from grading import ROOT
from grading.submission import load_functions

SOURCE = ROOT / "notebooks" / "source" / "art_generation.py"
EXERCISES = list(mutants.SIGNATURES)
# Which exercises call which: a cell can only harm its own and those that follow from it.
FOLLOWERS = {
    "compute_content_cost": ["compute_style_cost", "train_step"],
    "gram_matrix": ["compute_layer_style_cost", "compute_style_cost", "train_step"],
    "compute_layer_style_cost": ["compute_style_cost", "train_step"],
    "compute_style_cost": ["train_step"],
    "total_cost": ["train_step"],
    "train_step": [],
}


@cache
def solution_cells():
    """Return the code cells of the solution: exercise or None, and text."""
    cells = [c for c in jupytext.read(SOURCE).cells if c.cell_type == "code"]
    return [(c.metadata.get("exercise"), c.source) for c in cells]


def functions_with(source: str, exercise: str, folder: Path) -> dict:
    """Load the solution, with one cell in place of the exercises that it defines."""
    replaced = {exercise, *re.findall(r"^def (\w+)", source, re.MULTILINE)}
    texts = ["import numpy as np"]
    for name, text in solution_cells():
        if name == exercise:
            texts.append(source)
        elif name not in replaced:
            texts.append(text)
    path = folder / "submission.py"
    path.write_text("".join(f"# %%\n{text}\n\n" for text in texts), encoding="utf-8")
    return load_functions(path)


@cache
def checks_of(exercise: str) -> list:
    tests = [t for name, t in vars(checks).items() if name.startswith("test_")]
    return [t for t in tests if list(inspect.signature(t).parameters) == [exercise]]


def failures(functions: dict, exercise: str) -> list[str]:
    """Return the message of every test of the exercise that fails."""
    if exercise not in functions:
        return [f"{exercise} is not defined"]
    messages = []
    for test in checks_of(exercise):
        try:
            test(functions[exercise])
        except (AssertionError, NotImplementedError) as error:
            messages.append(str(error).split("\nassert")[0])  # pytest adds the values
    return messages


def ident(item) -> str:
    return f"{item.exercise}: {item.name}"


def test_only_the_syntax_errors_are_no_python():
    broken = []
    for item in [*mutants.MUTANTS, *variants.VARIANTS]:
        try:
            ast.parse(item.source)
        except SyntaxError:
            broken.append(item)
    assert broken == mutants.SYNTAX_ERRORS


def test_names_are_unique():
    names = [ident(item) for item in [*mutants.MUTANTS, *variants.VARIANTS]]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("mutant", mutants.MUTANTS, ids=ident)
def test_mutant_loses_its_own_exercise_only(mutant, tmp_path):
    functions = functions_with(mutant.source, mutant.exercise, tmp_path)
    messages = failures(functions, mutant.exercise)
    assert messages, f"{mutant.name} passes, although: {mutant.why}"
    for message in messages:
        assert re.search(rf"\b{mutant.exercise}\b", message)
        assert " " in message
    for other in FOLLOWERS[mutant.exercise]:
        assert failures(functions, other) == []


@pytest.mark.parametrize("variant", variants.VARIANTS, ids=ident)
def test_variant_loses_nothing(variant, tmp_path):
    functions = functions_with(variant.source, variant.exercise, tmp_path)
    for exercise in [variant.exercise, *FOLLOWERS[variant.exercise]]:
        assert failures(functions, exercise) == []


def test_the_known_wrong_value_gets_its_sentence(tmp_path):
    scrambled = next(m for m in mutants.LAYER_STYLE if m.name == "reshaped, not transposed")
    functions = functions_with(scrambled.source, scrambled.exercise, tmp_path)
    message = failures(functions, scrambled.exercise)[0]
    assert "11.345" in message
    assert "right is 9.190278" in message
    assert "transpose" in message


def test_an_unwritten_body_is_not_reworded(tmp_path):
    for mutant in mutants.UNTOUCHED:
        functions = functions_with(mutant.source, mutant.exercise, tmp_path)
        for test in checks_of(mutant.exercise):
            with pytest.raises(NotImplementedError, match=f"^{mutant.exercise}: write the body$"):
                test(functions[mutant.exercise])


def test_a_later_exercise_does_without_the_earlier_ones(tmp_path):
    for exercise in EXERCISES:
        cells = [text for name, text in solution_cells() if name in {exercise, None}]
        path = tmp_path / f"{exercise}.py"
        path.write_text("".join(f"# %%\n{text}\n\n" for text in cells), encoding="utf-8")
        functions = load_functions(path)
        assert [name for name in functions if name in EXERCISES] == [exercise]
        assert failures(functions, exercise) == []


def test_checks_are_silent_and_leave_no_trace(tmp_path, capfd, recwarn):
    functions = functions_with("", "", tmp_path)
    namespace = functions["train_step"].__globals__
    before = dict(namespace)
    for exercise in EXERCISES:
        assert failures(functions, exercise) == []
    assert namespace == before
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


@pytest.mark.parametrize("layers", [checks.REFERENCE_LAYERS, ("conv2_1", [("conv4_1", 0.4)])])
def test_reference_gradient_agrees_with_finite_differences(layers):
    picture = checks.reference_picture(1).astype(np.float64)
    _, gradient = checks.reference_step(picture, *layers)
    for place in [(0, 0, 0, 0), (0, 6, 9, 2), (0, 3, 3, 1), (0, 2, 4, 0)]:
        step = np.zeros_like(picture)
        step[place] = 1e-5
        above, below = (
            checks.reference_step(picture + sign * step, *layers)[0][0] for sign in (1, -1)
        )
        assert gradient[place] == pytest.approx((above - below) / 2e-5, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_every_exercise_has_visible_and_hidden_tests(exercise):
    hidden = [bool(getattr(t, "pytestmark", [])) for t in checks_of(exercise)]
    assert hidden.count(False) >= 3
    assert hidden.count(True) >= 2
