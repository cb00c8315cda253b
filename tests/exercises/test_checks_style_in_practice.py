"""The checks are sharp (each wrong answer loses its own exercise only) and fair."""

import ast
import re

import mutants_style_in_practice as mutants
import numpy as np
import pytest
import test_style_in_practice as checks
import variants_style_in_practice as variants
from answers import Bench, ident

BENCH = Bench("style_in_practice", checks)
EXERCISES = list(mutants.SIGNATURES)


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
    for other in EXERCISES:
        assert other == mutant.exercise or BENCH.failures(functions, other) == []


@pytest.mark.parametrize("variant", variants.VARIANTS, ids=ident)
def test_variant_loses_nothing(variant, tmp_path):
    functions = BENCH.functions_with(variant.source, variant.exercise, tmp_path)
    for exercise in EXERCISES:
        assert BENCH.failures(functions, exercise) == []


def test_the_known_wrong_value_gets_its_sentence(tmp_path):
    means = next(m for m in mutants.VARIATION if m.name == "two means")
    functions = BENCH.functions_with(means.source, means.exercise, tmp_path)
    message = BENCH.failures(functions, means.exercise)[0]
    assert "11.708" in message
    assert "right is 7" in message
    assert "own number of pairs" in message


def test_an_unwritten_body_is_not_reworded(tmp_path):
    for mutant in mutants.UNTOUCHED:
        functions = BENCH.functions_with(mutant.source, mutant.exercise, tmp_path)
        for test in BENCH.checks_of(mutant.exercise):
            with pytest.raises(NotImplementedError, match=f"^{mutant.exercise}: write the body$"):
                test(functions[mutant.exercise])


def test_each_exercise_does_without_the_others(tmp_path):
    for exercise in EXERCISES:
        functions = BENCH.functions_of(exercise, tmp_path)
        assert [name for name in functions if name in EXERCISES] == [exercise]
        assert BENCH.failures(functions, exercise) == []


def test_checks_are_silent_and_leave_no_trace(tmp_path, capfd, recwarn):
    functions = BENCH.functions_with("", "", tmp_path)
    namespace = functions["value_and_gradient"].__globals__
    before = dict(namespace)
    for exercise in EXERCISES:
        assert BENCH.failures(functions, exercise) == []
    assert namespace == before
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


def assert_slopes(of, gradient, x):
    """Compare a gradient with finite differences of `of` at some places."""
    for place in range(0, x.size, max(1, x.size // 7)):
        step = np.zeros_like(x)
        step.flat[place] = 1e-5
        slope = (of(x + step) - of(x - step)) / 2e-5
        assert np.ravel(gradient)[place] == pytest.approx(slope, rel=1e-4, abs=1e-8)


def test_reference_gradients_agree_with_finite_differences():
    image = checks.reference_pixels(1, 1, 4, 5, 3).astype(np.float64)
    assert_slopes(
        lambda x: checks.reference_variation(x)[0], checks.reference_variation(image)[1], image
    )
    cost = checks.ReferenceCost(1, (1, 4, 5, 3))
    assert_slopes(lambda x: cost.right(x)[0], cost.right(image.ravel())[1], image.ravel())
    styles, a_G = checks.reference_styles()
    layers = [("conv2_1", 0.3)]

    def blend(a):
        return checks.reference_blend(styles, {"conv2_1": a}, layers, [2, 1, 1])

    a = np.asarray(a_G["conv2_1"], np.float64)
    assert_slopes(lambda x: blend(x)[0], blend(a)[1]["conv2_1"], a)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_every_exercise_has_visible_and_hidden_tests(exercise):
    hidden = [bool(getattr(t, "pytestmark", [])) for t in BENCH.checks_of(exercise)]
    assert hidden.count(False) >= 3
    assert hidden.count(True) >= 2
