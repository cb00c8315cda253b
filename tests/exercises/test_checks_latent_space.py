"""The latent-space checks are sharp (each wrong answer loses its own exercise only) and fair."""

import ast
import inspect
import re

import mutants_latent_space as mutants
import numpy as np
import pytest
import tensorflow as tf
import test_art_generation
import test_latent_space as checks
import variants_latent_space as variants
from answers import Bench, ident

BENCH = Bench("latent_space", checks)
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
def test_mutant_loses_its_own_exercise_and_no_other(mutant, tmp_path):
    functions = BENCH.functions_with(mutant.source, mutant.exercise, tmp_path)
    messages = BENCH.failures(functions, mutant.exercise)
    assert messages, f"{mutant.name} passes, although: {mutant.why}"
    for message in messages:
        assert re.search(rf"\b{mutant.exercise}\b", message)
        assert " " in message
    if mutant.exercise in {"reconstruction_loss", "kl_divergence"}:
        assert BENCH.failures(functions, "vae_loss") == []


@pytest.mark.parametrize("variant", variants.VARIANTS, ids=ident)
def test_variant_loses_nothing(variant, tmp_path):
    functions = BENCH.functions_with(variant.source, variant.exercise, tmp_path)
    assert BENCH.failures(functions, variant.exercise) == []


@pytest.mark.parametrize(
    ("exercise", "name", "parts"),
    [
        ("encoder", "no strides", ["3,216,708", "206,148", "strides=2", "(28, 28, 16)"]),
        ("encoder", "no dense layer", ["11,076", "Dense layer of 128 units is missing"]),
        ("encoder", "one layer for both", ["205,890", "each needs a Dense layer of its own"]),
        ("encoder", "relu at the mean", ["z_mean", "-2", "have no activation"]),
        ("encoder", "returns the outputs", ["not a Keras model", "tf.keras.Model(inputs"]),
        ("decoder", "no sigmoid", ["lie between 0 and 1", 'activation="sigmoid"']),
        ("decoder", "no first dense layer", ["408,513", "first Dense layer"]),
        ("reconstruction_loss", "mean over the pixels", ["0.693", "543.42", "mean over the pix"]),
        ("reconstruction_loss", "sum over the batch", ["1630.2", "sum over the batch"]),
        ("reconstruction_loss", "not cut", ["number near 0", "tf.clip_by_value"]),
        ("kl_divergence", "sign", ["-2.5", "never negative"]),
        ("kl_divergence", "no half", ["factor 1/2"]),
        ("kl_divergence", "mean over the dimensions", ["1.25", "mean over the dimensions"]),
        ("kl_divergence", "log-variance taken for a deviation", ["taken for a deviation"]),
        ("reparameterize", "variance for the deviation", ["the deviation is its root"]),
        ("reparameterize", "log-variance taken for a deviation", ["not the deviation"]),
        ("reparameterize", "noise shared by the batch", ["every picture the same noise"]),
        ("reparameterize", "NumPy's noise", ["drawn once, when the step"]),
        ("reparameterize", "sample detached", ["no gradient with respect to z_mean"]),
        ("reparameterize", "deviation detached", ["no gradient with respect to z_log_var"]),
        ("vae_loss", "beta ignored", ["beta is not used"]),
        ("vae_loss", "difference", ["added, not subtracted"]),
        ("interpolate", "transposed", ["a code is a row: transpose"]),
        ("interpolate", "backwards", ["not back"]),
    ],
)
def test_a_known_mistake_gets_its_sentence(exercise, name, parts, tmp_path):
    messages = failures_of(name, exercise, tmp_path)
    found = [m for m in messages if all(part.lower() in m.lower() for part in parts)]
    assert found, messages


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
    namespace = functions["vae_loss"].__globals__
    before = dict(namespace)
    for exercise in EXERCISES:
        assert BENCH.failures(functions, exercise) == []
    assert namespace == before
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


def test_checks_of_what_is_drawn_pass_with_any_seed(tmp_path):
    functions = BENCH.functions_of("reparameterize", tmp_path)
    for seed in range(20):
        tf.keras.utils.set_random_seed(seed)
        assert BENCH.failures(functions, "reparameterize") == []


def slope(function, numbers, place, step=1e-5):
    """Return the slope of a function of an array at one of its numbers."""
    moved = [np.array(numbers, np.float64) for _ in range(2)]
    moved[0][place] += step
    moved[1][place] -= step
    return (function(moved[0]) - function(moved[1])) / (2 * step)


def test_reference_gradients_agree_with_finite_differences():
    x, x_hat = checks.check_pictures(5, 3), 0.05 + 0.9 * checks.check_pictures(6, 3)
    _, gradient = checks.reference_reconstruction(x, x_hat)
    for place in [(0, 0, 0, 0), (2, 27, 13, 0)]:
        right = slope(lambda p: checks.reference_reconstruction(x, p)[0], x_hat, place)
        assert gradient[place] == pytest.approx(right, rel=1e-4)
    mean, log_var = checks.reference_codes(9, 6, 4)
    _, of_mean, of_log_var = checks.reference_kl(mean, log_var)
    for place in [(0, 0), (5, 3)]:
        right = slope(lambda m: checks.reference_kl(m, log_var)[0], mean, place)
        assert of_mean[place] == pytest.approx(right, rel=1e-4)
        right = slope(lambda v: checks.reference_kl(mean, v)[0], log_var, place)
        assert of_log_var[place] == pytest.approx(right, rel=1e-4)


def test_reference_convolutions_agree_with_tensorflow():
    rng = np.random.default_rng(1)
    x, kernel, bias = (rng.normal(size=s) for s in [(2, 6, 6, 3), (3, 3, 3, 4), (4,)])
    right = tf.nn.conv2d(x, kernel, 2, "SAME") + bias
    np.testing.assert_allclose(checks.reference_convolved(x, kernel, bias), right, atol=1e-12)
    filters = kernel.transpose(0, 1, 3, 2)  # transposed ones hold the channels that come out first
    right = tf.nn.conv2d_transpose(x, filters, (2, 12, 12, 4), 2, "SAME") + bias
    np.testing.assert_allclose(checks.reference_spread(x, filters, bias), right, atol=1e-12)


def test_stand_ins_agree_with_the_references():
    x, x_hat, *codes = checks.reference_vae_arguments(3, 4, 5)
    for stand_in, reference, given in [
        (checks.reference_reconstruction_loss, checks.reference_reconstruction, (x, x_hat)),
        (checks.reference_kl_divergence, checks.reference_kl, codes),
    ]:
        assert float(stand_in(*given)) == pytest.approx(reference(*given)[0], rel=1e-5)
    given = checks.check_vae_arguments()
    right = checks.reference_reconstruction(*given[:2])[0]
    assert float(checks.check_reconstruction_loss(*given[:2])) == pytest.approx(right)
    right = checks.reference_kl(*given[2:])[0]
    assert float(checks.check_kl_divergence(*given[2:])) == pytest.approx(right)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_every_exercise_has_visible_and_hidden_tests(exercise):
    hidden = [bool(getattr(t, "pytestmark", [])) for t in BENCH.checks_of(exercise)]
    assert hidden.count(False) >= 3
    assert hidden.count(True) >= 2


def test_helpers_that_notebooks_share_are_the_same():
    """A notebook holds its helpers itself, so each tests file has its own copy."""
    for name in (
        *("check_call", "check_array", "check_hint", "check_close", "check_globals"),
        *("check_either_way", "reference_gradients"),
    ):
        own, other = (getattr(module, name) for module in (checks, test_art_generation))
        assert inspect.getsource(own) == inspect.getsource(other)
