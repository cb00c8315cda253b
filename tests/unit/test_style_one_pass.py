"""Gradients in one pass are those that TensorFlow finds in several."""

import numpy as np
import pytest
import tensorflow as tf

from style_engine import one_pass
from style_engine.network import Network
from style_engine.one_pass import Cut, rectified, squared_distance
from tests.unit.small_network import small_weights

SIZES = [(8, 6), (7, 6), (8, 5), (7, 5), (1, 1), (1, 4)]


def activation(size, channels=3, seed=0, dtype=tf.float32):
    values = np.random.default_rng(seed).standard_normal((1, *size, channels))
    return tf.constant(values, dtype)


def slope(x, bias, cuts, *, pooled):
    """The gradient of a cost in which each output counts differently."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = rectified(x, bias, cuts, pooled=pooled)
        cost = tf.add_n(
            [
                tf.reduce_sum(tf.cast(y, tf.float32) * activation(y.shape[1:3], y.shape[3], k))
                for k, y in enumerate(outputs)
            ]
        )
    return outputs, tape.gradient(cost, x)


def both_ways(monkeypatch, function):
    """What a function returns in one pass, and what it returns in TensorFlow's several."""
    found = []
    for least in (0, 10**12):
        monkeypatch.setattr(one_pass, "LARGE", least)
        found.append(function())
    return found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("pooled", [False, True])
def test_the_gradient_of_relu_readers_and_pooling(monkeypatch, size, pooled):
    x, bias = activation(size), tf.constant([0.3, -0.2, 0.0])
    cuts = [None, Cut(0, 1, 1)]
    quick, usual = both_ways(monkeypatch, lambda: slope(x, bias, cuts, pooled=pooled))
    for mine, theirs in zip(quick[0], usual[0], strict=True):
        np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_allclose(quick[1], usual[1], rtol=1e-5, atol=1e-6)
    assert np.abs(usual[1]).max() > 0


def test_what_lies_outside_of_a_cut_gets_no_gradient(monkeypatch):
    monkeypatch.setattr(one_pass, "LARGE", 0)
    x = tf.abs(activation((6, 8))) + 1.0
    with tf.GradientTape() as tape:
        tape.watch(x)
        inner, _ = rectified(x, tf.zeros(3), [Cut(2, 3, 4)])
        cost = tf.reduce_sum(inner)
    expected = np.zeros((1, 6, 8, 3))
    expected[:, 2:5, 2:6] = 1
    np.testing.assert_array_equal(tape.gradient(cost, x), expected)


@pytest.mark.parametrize("pooled", [False, True])
def test_a_size_that_is_unknown_when_it_is_compiled(monkeypatch, pooled):
    bias = tf.zeros(3)
    unknown = tf.function(
        lambda x: slope_of_sums(x, bias, pooled=pooled),
        input_signature=[tf.TensorSpec((1, None, None, 3))],
    )
    for size in SIZES[:4]:
        x = activation(size)
        monkeypatch.setattr(one_pass, "LARGE", 10**12)
        np.testing.assert_allclose(unknown(x), slope_of_sums(x, bias, pooled=pooled), rtol=1e-5)


def slope_of_sums(x, bias, *, pooled):
    with tf.GradientTape() as tape:
        tape.watch(x)
        whole, onward = rectified(x, bias, [None], pooled=pooled)
        cost = tf.reduce_sum(tf.square(whole)) + 3 * tf.reduce_sum(tf.square(onward))
    return tape.gradient(cost, x)


@pytest.mark.parametrize("dtype", [tf.float32, tf.bfloat16])
def test_the_squared_distance(monkeypatch, dtype):
    a, b = activation((4, 5), dtype=dtype), activation((4, 5), seed=1, dtype=dtype)

    def value_and_slopes():
        with tf.GradientTape() as tape:
            tape.watch([a, b])
            cost = 0.5 * squared_distance(a, b)
        return [cost, *tape.gradient(cost, [a, b])]

    quick, usual = both_ways(monkeypatch, value_and_slopes)
    for mine, theirs in zip(quick, usual, strict=True):
        assert mine.dtype == theirs.dtype
        near = 1e-2 if dtype == tf.bfloat16 else 1e-6
        np.testing.assert_allclose(np.float32(mine), np.float32(theirs), rtol=near)
    right = np.float32(a) - np.float32(b)
    np.testing.assert_allclose(usual[0], 0.5 * np.sum(right**2), rtol=1e-5)


@pytest.mark.parametrize("pooling", ["avg", "max", "l2"])
@pytest.mark.parametrize("built_in", [False, True])
def test_the_gradient_through_the_network_by_a_picture(monkeypatch, pooling, built_in):
    picture = tf.constant(np.random.default_rng(0).uniform(0, 255, (1, 27, 34, 3)), tf.float32)
    names = ["conv1_2", "avgpool1", "conv2_1", "conv3_1"]

    def compiled():
        network = Network(small_weights(), pooling, built_in=built_in)

        @tf.function
        def evaluate(x):
            with tf.GradientTape() as tape:
                tape.watch(x)
                found = network(x, names)
                cost = tf.add_n([tf.reduce_mean(tf.square(a)) for a in found.values()])
            return cost, tape.gradient(cost, x)

        return evaluate(picture)

    quick, usual = both_ways(monkeypatch, compiled)
    np.testing.assert_allclose(quick[0], usual[0], rtol=1e-5)
    np.testing.assert_allclose(quick[1], usual[1], rtol=1e-3, atol=1e-6 * np.abs(usual[1]).max())


@pytest.mark.parametrize("size", [(48, 64), (41, 50)])
def test_a_margin_is_cut_off_the_layers(size):
    margin, network = 16, Network(small_weights())
    wide = tf.constant(
        np.random.default_rng(0).uniform(0, 255, (1, *(s + 2 * margin for s in size), 3)),
        tf.float32,
    )
    whole, cut = (network(wide, ["conv2_2", "avgpool2"], margin=m) for m in (0, margin))
    for name, first in (("conv2_2", 8), ("avgpool2", 4)):
        rows, columns, _ = network.shapes(size)[name]
        assert cut[name].shape[1:3] == (rows, columns)
        inner = whole[name][:, first : first + rows, first : first + columns]
        np.testing.assert_array_equal(cut[name], inner)
