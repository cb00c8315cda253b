"""The face checks are sharp (each wrong answer loses its own exercise only) and fair."""

import ast
import inspect
import re

import mutants_face_recognition as mutants
import numpy as np
import pytest
import test_art_generation
import test_face_recognition as checks
import test_style_in_practice
import variants_face_recognition as variants
from answers import Bench, ident

BENCH = Bench("face_recognition", checks)
EXERCISES = list(mutants.SIGNATURES)


def failures_of(name: str, exercise: str, tmp_path) -> list[str]:
    """Return the messages that a wrong answer gets."""
    answer = next(m for m in mutants.MUTANTS if (m.exercise, m.name) == (exercise, name))
    return BENCH.failures(BENCH.functions_with(answer.source, exercise, tmp_path), exercise)


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
def test_mutant_loses_its_own_exercise(mutant, tmp_path):
    functions = BENCH.functions_with(mutant.source, mutant.exercise, tmp_path)
    messages = BENCH.failures(functions, mutant.exercise)
    assert messages, f"{mutant.name} passes, although: {mutant.why}"
    for message in messages:
        assert re.search(rf"\b{mutant.exercise}\b", message)
        assert " " in message


@pytest.mark.parametrize("variant", variants.VARIANTS, ids=ident)
def test_variant_loses_nothing(variant, tmp_path):
    functions = BENCH.functions_with(variant.source, variant.exercise, tmp_path)
    assert BENCH.failures(functions, variant.exercise) == []


@pytest.mark.parametrize(
    ("exercise", "name", "parts"),
    [
        ("triplet_loss", "squares summed over every axis", ["350.02", "528.1427", "axis=-1"]),
        ("triplet_loss", "mean over the batch", ["176.04", "528.1427", "mean"]),
        ("triplet_loss", "hinge of the sum", ["350.42", "528.1427", "first, then add up"]),
        ("triplet_loss", "tf.squared_difference", ["tf.math.squared_difference"]),
        ("verify", "squared distance", ["0.36", "right is 0.6", "not squared"]),
        ("verify", "compares with <=", ["exactly 0.7", "dist < 0.7"]),
        ("verify", "always open", ["0.71", "opens only when dist < 0.7"]),
        ("verify", "nearest of all", ["holds noor's card", "database[identity]"]),
        ("verify", "global model", ["the global FRmodel, not the argument"]),
        ("verify", "scipy's euclidean", ["np.linalg.norm"]),
        ("who_is_it", "None for strangers", ["None for identity", "not in the database"]),
        ("who_is_it", "three values", ["3 values", "min_dist, identity"]),
    ],
)
def test_a_known_mistake_gets_its_sentence(exercise, name, parts, tmp_path):
    messages = failures_of(name, exercise, tmp_path)
    assert any(all(part in message for part in parts) for message in messages), messages


def test_an_unwritten_body_is_not_reworded(tmp_path):
    for mutant in mutants.UNTOUCHED:
        functions = BENCH.functions_with(mutant.source, mutant.exercise, tmp_path)
        for test in BENCH.checks_of(mutant.exercise):
            with pytest.raises(NotImplementedError, match=f"^{mutant.exercise}: write the body$"):
                test(functions[mutant.exercise])


@pytest.mark.parametrize("exercise", EXERCISES)
def test_an_exercise_does_without_the_others(exercise, tmp_path):
    functions = BENCH.functions_of(exercise, tmp_path)
    assert [name for name in functions if name in EXERCISES] == [exercise]
    assert BENCH.failures(functions, exercise) == []


def test_checks_are_silent_and_leave_no_trace(tmp_path, capfd, recwarn):
    functions = BENCH.functions_with("", "", tmp_path)
    namespace = functions["verify"].__globals__
    before = dict(namespace)
    for exercise in EXERCISES:
        assert BENCH.failures(functions, exercise) == []
    assert namespace == before
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


def test_reference_gradient_agrees_with_finite_differences():
    y_pred = [np.asarray(x, np.float64) for x in checks.reference_triplets(3, 12)]
    _, gradients = checks.reference_triplet_loss(y_pred, 0.05)
    for which, row, column in [(0, 0, 0), (1, 5, 17), (2, 11, 127), (0, 7, 64)]:
        step = np.zeros((12, 128))
        step[row, column] = 1e-6
        losses = [
            checks.reference_triplet_loss(
                [x + sign * step * (i == which) for i, x in enumerate(y_pred)], 0.05
            )[0]
            for sign in (1, -1)
        ]
        slope = (losses[0] - losses[1]) / 2e-6
        assert gradients[which][row, column] == pytest.approx(slope, rel=1e-4, abs=1e-7)


def test_reference_triplets_lie_on_both_sides_of_the_margin():
    a, p, n = (np.asarray(x, np.float64) for x in checks.reference_triplets(3, 12))
    terms = ((a - p) ** 2).sum(axis=1) - ((a - n) ** 2).sum(axis=1) + 0.05
    assert 3 <= (terms > 0).sum() <= 9
    assert np.abs(terms).min() > 1e-3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_threshold_case_is_at_exactly_07(dtype):
    encoding = np.full((1, 128), np.sqrt((1 - 0.35**2) / 127), dtype)
    encoding[0, 0] = 0.35
    known = checks.check_at_07(encoding)
    for distance in (np.linalg.norm, lambda x: np.sqrt(np.sum(np.square(x)))):
        assert distance(encoding - known) == dtype(0.7)
    assert np.linalg.norm(known) == pytest.approx(1, abs=1e-6)


def test_distances_of_the_checks_are_what_they_say():
    rng = np.random.default_rng(1)
    encoding = checks.check_face(rng)
    for distance in (0.05, 0.6, 0.69, 0.71, 1.9):
        other = checks.check_at(rng, encoding, distance)
        assert other.shape == (1, 128)
        assert np.linalg.norm(other) == pytest.approx(1, abs=1e-6)
        assert np.linalg.norm(other - encoding) == pytest.approx(distance, abs=1e-6)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_every_exercise_has_visible_and_hidden_tests(exercise):
    hidden = [bool(getattr(t, "pytestmark", [])) for t in BENCH.checks_of(exercise)]
    assert hidden.count(False) >= 3
    assert hidden.count(True) >= 2


def test_helpers_that_notebooks_share_are_the_same():
    """A notebook holds its helpers itself, so each tests file has its own copy."""
    shared = ["check_call", "check_array", "check_hint", "check_close", "check_globals"]
    modules = (test_art_generation, test_style_in_practice, checks)
    for name in shared:
        having = [module for module in modules if hasattr(module, name)]
        copies = {inspect.getsource(getattr(module, name)) for module in having}
        assert len(having) >= 2
        assert len(copies) == 1
