"""Every term equals its formula in float64, and the published numbers."""

import numpy as np
import pytest
import tensorflow as tf

from style_engine.losses import (
    CONTENT_TERMS,
    STYLE_TERMS,
    VARIATION_TERMS,
    Moments,
    Size,
    content_cost,
    matrix_root,
    moments,
    style_cost,
    trace_of_root,
)
from style_engine.recipe import PRESETS, preset
from tests.unit import preset_formulas as formulas
from tests.unit.preset_formulas import SYSTEM_NAMES, system

N_H, N_W, C = 7, 11, 5
PIXELS = 4 * 13 * 21  # of a picture, whose layer has other sides
SIZE = Size(N_H * N_W, C, PIXELS)


def features(seed, shape=(N_H, N_W, C)):
    """Activations as after a ReLU, whose channels hang together and differ in size."""
    rng = np.random.default_rng(seed)
    mixed = rng.normal(1, 2, shape) @ rng.normal(0, 1, (shape[-1], shape[-1]))
    return np.maximum(mixed * np.arange(1, shape[-1] + 1), 0)[None].astype(np.float32)


def rows(activation):
    return activation.astype(np.float64).reshape(-1, activation.shape[-1])


def picture(seed, size=(9, 14)):
    return np.random.default_rng(seed).uniform(-1, 1, (*size, 3))


def style_of(painted, style, term, size=SIZE):
    return style_cost(moments(tf.constant(painted)), moments(tf.constant(style)), term, size)


# ---- the eleven presets


@pytest.mark.parametrize("name", SYSTEM_NAMES)
def test_the_content_term_of_each_preset(name):
    painted, wanted = features(1), features(2)
    cost = content_cost(painted, wanted, preset(name).content_term, SIZE)
    expected = system(name).content(rows(painted), rows(wanted))
    assert expected > 0
    np.testing.assert_allclose(cost, expected, rtol=1e-5)


@pytest.mark.parametrize("name", SYSTEM_NAMES)
@pytest.mark.parametrize("style_size", [(N_H, N_W), (6, 9)])
def test_the_style_term_of_each_preset(name, style_size):
    painted, style = features(3), features(4, (*style_size, C))
    cost = style_of(painted, style, preset(name).style_term)
    expected = system(name).style(rows(painted), rows(style), PIXELS)
    assert expected > 0
    np.testing.assert_allclose(cost, expected, rtol=1e-4)


@pytest.mark.parametrize("name", SYSTEM_NAMES)
def test_the_variation_of_each_preset(name):
    x = picture(5)
    known, recipe = system(name), preset(name)
    assert recipe.tv_weight == known.weights[2]
    if recipe.tv_weight:
        cost = VARIATION_TERMS[recipe.tv_term](tf.constant(x[None], tf.float32))
        np.testing.assert_allclose(cost, known.variation(x), rtol=1e-5)


@pytest.mark.parametrize("name", PRESETS)
def test_weights_and_layers_of_each_preset(name):
    known, recipe = system(name), preset(name)
    assert (recipe.content_weight, recipe.style_weight, recipe.tv_weight) == known.weights
    assert recipe.content_layers == known.content_layers
    assert list(recipe.style_layers) == list(known.style_layers)
    for layer, weight in known.style_layers.items():
        assert recipe.style_layers[layer] == pytest.approx(weight, rel=2e-4), layer


# ---- every term, also those of no preset


def test_there_is_a_formula_for_each_term():
    assert set(CONTENT_TERMS) == set(formulas.CONTENT)
    assert set(STYLE_TERMS) == set(formulas.STYLE)
    assert set(VARIATION_TERMS) == set(formulas.VARIATION)


@pytest.mark.parametrize("term", CONTENT_TERMS)
def test_each_content_term(term):
    painted, wanted = features(6), features(7)
    expected = formulas.CONTENT[term](rows(painted), rows(wanted))
    np.testing.assert_allclose(content_cost(painted, wanted, term, SIZE), expected, rtol=1e-5)


@pytest.mark.parametrize("term", STYLE_TERMS)
def test_each_style_term(term):
    painted, style = features(8), features(9, (5, 8, C))
    expected = formulas.STYLE[term](rows(painted), rows(style), PIXELS)
    np.testing.assert_allclose(style_of(painted, style, term), expected, rtol=1e-4)


@pytest.mark.parametrize("term", VARIATION_TERMS)
@pytest.mark.parametrize("size", [(9, 14), (14, 9), (2, 3)])
def test_each_variation(term, size):
    x = picture(10, size)
    cost = VARIATION_TERMS[term](tf.constant(x[None], tf.float32))
    np.testing.assert_allclose(cost, formulas.VARIATION[term](x), rtol=1e-5)


@pytest.mark.parametrize("term", VARIATION_TERMS)
def test_a_flat_picture_does_not_vary_and_has_a_gradient(term):
    x = tf.fill((1, 6, 8, 3), 0.7)
    with tf.GradientTape() as tape:
        tape.watch(x)
        cost = VARIATION_TERMS[term](x)
    assert float(cost) < 1e-10
    assert np.isfinite(tape.gradient(cost, x)).all()


# ---- published values and conversions


def drawn(op_seed, shape=(1, 4, 4, 3)):
    tf.random.set_seed(1)
    return tf.random.normal(shape, mean=1, stddev=4, seed=op_seed)


def test_the_published_content_cost():
    cost = content_cost(drawn(3), drawn(9), "sum/4NC", Size(16, 3, 16))
    np.testing.assert_allclose(cost, 6.7655926, rtol=1e-6)


def test_the_published_style_cost():
    cost = style_cost(moments(drawn(3)), moments(drawn(9)), "sum/4N²C²", Size(16, 3, 16))
    np.testing.assert_allclose(cost, 9.190278, rtol=1e-6)


def test_the_course_has_a_quarter_of_the_content_cost_of_neural_style():
    painted, wanted = features(11), features(12)
    course, other = (
        content_cost(painted, wanted, preset(name).content_term, SIZE)
        for name in ("coursera", "neural-style")
    )
    np.testing.assert_allclose(course, other / 4, rtol=1e-6)


def test_the_course_has_a_quarter_of_the_squared_channels_of_the_style_cost_of_neural_style():
    painted, style = features(13), features(14)
    course, other = (
        style_of(painted, style, preset(name).style_term)
        for name in ("coursera", "neural-style-tf")
    )
    np.testing.assert_allclose(course, C**2 / 4 * other, rtol=1e-6)


# ---- moments


def test_moments_are_the_mean_and_the_gram_matrix_by_positions():
    F = features(15)
    kept = moments(tf.constant(F))
    np.testing.assert_allclose(kept.mean, rows(F).mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(kept.second, rows(F).T @ rows(F) / (N_H * N_W), rtol=1e-5)


def test_a_mask_weighs_positions():
    F, mask = features(16), np.random.default_rng(0).uniform(0, 1, (N_H, N_W)).astype(np.float32)
    kept = moments(tf.constant(F), tf.constant(mask))
    m, f = mask.astype(float).ravel(), rows(F)
    np.testing.assert_allclose(kept.mean, m @ f / m.sum(), rtol=1e-5)
    np.testing.assert_allclose(kept.second, (f.T * m) @ f / m.sum(), rtol=1e-5)


def test_a_mask_of_a_part_looks_at_that_part_only():
    F, mask = features(17), np.zeros((N_H, N_W), np.float32)
    mask[2:6, 3:10] = 1
    inside = moments(tf.constant(F[:, 2:6, 3:10]))
    for one, other in zip(moments(tf.constant(F), tf.constant(mask)), inside, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_a_mask_of_nothing_gives_no_infinity():
    kept = moments(tf.constant(features(18)), tf.zeros((N_H, N_W)))
    assert np.all(kept.mean == 0)
    assert np.all(kept.second == 0)


@pytest.mark.parametrize("masked", [False, True])
def test_the_gradient_of_the_second_moment(masked):
    F, upstream = tf.constant(features(19)), np.random.default_rng(1).normal(size=(C, C))
    mask = np.random.default_rng(2).uniform(0, 1, (N_H, N_W)) if masked else np.ones((N_H, N_W))
    with tf.GradientTape() as tape:
        tape.watch(F)
        kept = moments(F, tf.constant(mask, tf.float32) if masked else None)
        cost = tf.reduce_sum(kept.second * upstream)
    m = mask.reshape(-1, 1)
    expected = m * rows(F.numpy()) @ (upstream + upstream.T) / m.sum()
    np.testing.assert_allclose(
        rows(tape.gradient(cost, F).numpy()), expected, rtol=1e-4, atol=1e-4
    )


def test_moments_of_bfloat16_come_in_float32():
    F = features(20)
    kept = moments(tf.cast(F, tf.bfloat16))
    assert {kept.mean.dtype, kept.second.dtype} == {tf.float32}
    np.testing.assert_allclose(kept.second, moments(tf.constant(F)).second, rtol=0.03, atol=0.5)


# ---- Wasserstein


def wasserstein(painted, style):
    return style_of(painted, style, "wasserstein")


def test_gaussians_that_differ_in_the_mean_are_as_far_apart_as_their_means():
    F = features(21)
    shift = np.array([1, -2, 3, 0, 5], np.float32)
    np.testing.assert_allclose(wasserstein(F, F + shift), 39 / C, rtol=1e-3)


def test_gaussians_of_independent_channels():
    """There the distance is that of the means and of the deviations, channel by channel."""
    F = np.indices((2, 2, 2)).reshape(3, -1).T * 2.0 - 1  # means 0, deviations 1, independent
    painted, style = F * [1, 2, 3] + 1, F * [4, 2, 1] - 1
    size = Size(8, 3, PIXELS)
    cost = style_of(*(f.reshape(1, 2, 4, 3).astype(np.float32) for f in (painted, style)),
                    "wasserstein", size)  # fmt: skip
    np.testing.assert_allclose(cost, (3 * 2**2 + 3**2 + 0 + 2**2) / 3, rtol=1e-3)


def test_the_little_that_is_added_to_the_covariances_hardly_counts():
    painted, style = features(22), features(23)
    exact = formulas.wasserstein(rows(painted), rows(style), PIXELS, epsilon=0.0)
    np.testing.assert_allclose(wasserstein(painted, style), exact, rtol=2e-3)


def test_fewer_positions_than_channels():
    """Then the covariances have no full rank, and the roots of their product none either."""
    painted, style = features(24, (3, 4, 40)), features(25, (4, 5, 40))
    cost = style_of(painted, style, "wasserstein", Size(12, 40, PIXELS))
    expected = formulas.wasserstein(rows(painted), rows(style), PIXELS)
    np.testing.assert_allclose(cost, expected, rtol=5e-3)


def test_equal_styles_cost_nothing_and_have_a_finite_gradient():
    for shape in ((N_H, N_W, C), (2, 3, 30)):
        F = tf.constant(features(26, shape))
        with tf.GradientTape() as tape:
            tape.watch(F)
            size = Size(shape[0] * shape[1], shape[2], PIXELS)
            cost = style_cost(moments(F), moments(F.numpy()), "wasserstein", size)
        spread = np.var(rows(F.numpy()), axis=0).mean()
        assert abs(float(cost)) < 3e-3 * spread
        assert np.isfinite(tape.gradient(cost, F)).all()


def test_constant_activations_have_a_finite_gradient():
    F = tf.fill((1, 4, 5, 6), 2.0)
    style = moments(tf.constant(features(27, (4, 5, 6))))
    with tf.GradientTape() as tape:
        tape.watch(F)
        cost = style_cost(moments(F), style, "wasserstein", Size(20, 6, PIXELS))
    assert np.isfinite(float(cost))
    assert np.isfinite(tape.gradient(cost, F)).all()


def test_the_root_of_a_matrix():
    A = np.random.default_rng(3).normal(size=(6, 9)).astype(np.float32)
    matrix = A @ A.T
    root = matrix_root(tf.constant(matrix)).numpy()
    np.testing.assert_allclose(root, root.T, atol=1e-5)
    np.testing.assert_allclose(root @ root, matrix, rtol=1e-4, atol=1e-4)


def test_the_gradient_of_the_trace_of_a_root_also_where_eigenvalues_are_equal():
    for values in ([4.0, 9.0, 16.0], [4.0, 4.0, 4.0]):
        Q = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))[0]
        matrix = tf.constant((Q * values) @ Q.T, tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(matrix)
            trace = trace_of_root(matrix)
        np.testing.assert_allclose(trace, np.sum(np.sqrt(values)), rtol=1e-5)
        expected = (Q * (0.5 / np.sqrt(values))) @ Q.T
        np.testing.assert_allclose(tape.gradient(trace, matrix), expected, rtol=1e-4, atol=1e-5)


def test_moments_are_told_apart_by_their_names():
    kept = moments(tf.constant(features(28)))
    assert isinstance(kept, Moments)
    assert kept._fields == ("mean", "second")
