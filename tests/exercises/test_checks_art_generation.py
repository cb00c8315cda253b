"""The checks are sharp (each wrong answer loses its own exercise only) and fair."""

import ast
import re

import mutants_art_generation as mutants
import numpy as np
import pytest
import test_art_generation as checks
import variants_art_generation as variants
from answers import Bench, ident

BENCH = Bench("art_generation", checks)
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
    functions = BENCH.functions_with(mutant.source, mutant.exercise, tmp_path)
    messages = BENCH.failures(functions, mutant.exercise)
    assert messages, f"{mutant.name} passes, although: {mutant.why}"
    for message in messages:
        assert re.search(rf"\b{mutant.exercise}\b", message)
        assert " " in message
    for other in FOLLOWERS[mutant.exercise]:
        assert BENCH.failures(functions, other) == []


@pytest.mark.parametrize("variant", variants.VARIANTS, ids=ident)
def test_variant_loses_nothing(variant, tmp_path):
    functions = BENCH.functions_with(variant.source, variant.exercise, tmp_path)
    for exercise in [variant.exercise, *FOLLOWERS[variant.exercise]]:
        assert BENCH.failures(functions, exercise) == []


def test_the_known_wrong_value_gets_its_sentence(tmp_path):
    scrambled = next(m for m in mutants.LAYER_STYLE if m.name == "reshaped, not transposed")
    functions = BENCH.functions_with(scrambled.source, scrambled.exercise, tmp_path)
    message = BENCH.failures(functions, scrambled.exercise)[0]
    assert "11.345" in message
    assert "right is 9.190278" in message
    assert "transpose" in message


def test_an_unwritten_body_is_not_reworded(tmp_path):
    for mutant in mutants.UNTOUCHED:
        functions = BENCH.functions_with(mutant.source, mutant.exercise, tmp_path)
        for test in BENCH.checks_of(mutant.exercise):
            with pytest.raises(NotImplementedError, match=f"^{mutant.exercise}: write the body$"):
                test(functions[mutant.exercise])


def test_a_later_exercise_does_without_the_earlier_ones(tmp_path):
    for exercise in EXERCISES:
        functions = BENCH.functions_of(exercise, tmp_path)
        assert [name for name in functions if name in EXERCISES] == [exercise]
        assert BENCH.failures(functions, exercise) == []


def test_checks_are_silent_and_leave_no_trace(tmp_path, capfd, recwarn):
    functions = BENCH.functions_with("", "", tmp_path)
    namespace = functions["train_step"].__globals__
    before = dict(namespace)
    for exercise in EXERCISES:
        assert BENCH.failures(functions, exercise) == []
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
    hidden = [bool(getattr(t, "pytestmark", [])) for t in BENCH.checks_of(exercise)]
    assert hidden.count(False) >= 3
    assert hidden.count(True) >= 2
