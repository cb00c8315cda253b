"""The quick network gives what the VGG dict gives; Winograd's way is a convolution."""

import numpy as np
import pytest
import tensorflow as tf

from nst_utils import CONFIG, course_path
from style_engine import winograd
from style_engine.network import POOLINGS, REACH, Network
from tests.unit.small_network import small_weights
from vgg19 import LAYERS, VGG19
from vgg19_weights import CONVOLUTIONS, MEAN_PIXEL, VGGWeights, read_vgg_weights

SIZE = (37, 50)


def levels(seed=0, size=SIZE):
    return np.random.default_rng(seed).uniform(0, 255, (1, *size, 3)).astype(np.float32)


def dict_of(weights, picture, pooling="avg"):
    """The VGG dict's activations of a picture that is already centred."""
    model = VGG19(weights, picture.shape[1:3], pooling)
    model["input"].assign(picture)
    return {name: model[name].numpy() for name in LAYERS}


def check_layers(network, weights, pooling, rtol=1e-5):
    picture = levels()
    expected = dict_of(weights, picture - weights.mean_pixel.reshape(3), pooling)
    found = network(tf.constant(picture), LAYERS)
    assert list(found) == list(LAYERS)
    for name in LAYERS:
        atol = rtol * np.abs(expected[name]).max()
        np.testing.assert_allclose(found[name], expected[name], atol=atol, err_msg=name)


# ---- the network


@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_the_embedded_network_is_the_dict(pooling):
    weights = read_vgg_weights(course_path(CONFIG.COMPACT_MODEL))
    check_layers(Network(weights, pooling), weights, pooling)


@pytest.mark.parametrize("pooling", ["avg", "max"])
@pytest.mark.parametrize("convolution", ["auto", "direct", "winograd"])
def test_each_way_of_convolution_gives_the_dict(pooling, convolution):
    weights = small_weights()
    network = Network(weights, pooling, convolution=convolution)
    check_layers(network, weights, pooling, rtol=1e-4)


def test_l2_pooling_is_the_root_of_the_mean_of_squares():
    x = np.random.default_rng(0).uniform(0, 3, (1, 5, 6, 2)).astype(np.float32)
    pooled = POOLINGS["l2"](tf.constant(x)).numpy()
    assert pooled.shape == (1, 3, 3, 2)
    for i, j in np.ndindex(3, 3):
        block = x[0, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].reshape(-1, 2)
        expected = np.sqrt(np.mean(block.astype(float) ** 2, axis=0))
        np.testing.assert_allclose(pooled[0, i, j], expected, rtol=1e-5)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_poolings_have_a_gradient_where_all_is_zero(pooling):
    x = tf.zeros((1, 4, 4, 2))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = POOLINGS[pooling](x)
    assert np.isfinite(tape.gradient(y, x)).all()


def test_without_centring_the_network_gets_what_it_is_given():
    weights, picture = small_weights(), levels() / 255
    found = Network(weights)(tf.constant(picture), ["conv3_1"], centred=False)
    np.testing.assert_allclose(found["conv3_1"], dict_of(weights, picture)["conv3_1"], rtol=1e-4)


def test_only_the_layers_that_are_wanted_are_given_and_no_deeper_one_is_computed():
    network = Network(small_weights())
    assert set(network(tf.constant(levels()), ["conv3_1", "conv1_1"])) == {"conv1_1", "conv3_1"}
    assert set(network._layers) == {"conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1"}


def test_shapes_are_those_of_the_activations():
    network = Network(small_weights())
    found, shapes = network(tf.constant(levels()), LAYERS), network.shapes(SIZE)
    assert {name: tuple(a.shape[1:]) for name, a in found.items()} == {
        n: shapes[n] for n in LAYERS
    }


def test_a_network_first_used_in_a_compiled_function_serves_others_too():
    network = Network(small_weights())
    compiled = tf.function(lambda x: network(x, ["conv2_1"])["conv2_1"])
    first = compiled(tf.constant(levels()))
    again = network(tf.constant(levels()), ["conv2_1"])["conv2_1"]
    np.testing.assert_allclose(first, again, rtol=1e-5, atol=1e-3)


def test_sizes_may_be_unknown_when_it_is_compiled():
    network = Network(small_weights(), convolution="winograd")
    signature = [tf.TensorSpec((1, None, None, 3), tf.float32)]
    compiled = tf.function(lambda x: network(x, ["conv3_2"])["conv3_2"], input_signature=signature)
    for size in ((16, 33), (41, 22)):
        picture = tf.constant(levels(1, size))
        expected = network(picture, ["conv3_2"])["conv3_2"].numpy()
        np.testing.assert_allclose(compiled(picture), expected, atol=1e-4 * expected.max())


def test_bfloat16_is_near_float32():
    weights, picture = small_weights(), tf.constant(levels())
    exact = Network(weights)(picture, ["conv3_1"])["conv3_1"].numpy()
    quick = Network(weights, dtype=tf.bfloat16)(picture, ["conv3_1"])["conv3_1"]
    assert quick.dtype == tf.bfloat16
    error = np.linalg.norm(tf.cast(quick, tf.float32) - exact) / np.linalg.norm(exact)
    assert 1e-5 < error < 0.03


# ---- how far it looks


def ones():
    """A network of one channel that carries on whatever is not zero."""
    kernels, channels = {}, 3
    for name in CONVOLUTIONS:
        kernels[name] = np.full((3, 3, channels, 1), 0.3, np.float32)
        channels = 1
    biases = {name: np.zeros(1, np.float32) for name in CONVOLUTIONS}
    return VGGWeights(kernels, biases, np.array(MEAN_PIXEL, np.float32), "ones")


@pytest.fixture(scope="module")
def touched():
    """For each layer the cells that one pixel reaches, for 32 pixels side by side."""
    length, first = 416, 192
    pictures = np.zeros((32, 1, length, 3), np.float32)
    pictures[np.arange(32), 0, first + np.arange(32)] = 1
    found = Network(ones())(tf.constant(pictures), LAYERS, centred=False)
    return first, {name: activation.numpy()[:, 0, :, 0] > 0 for name, activation in found.items()}


@pytest.mark.parametrize("layer", LAYERS)
def test_reach_is_how_far_a_cell_looks(touched, layer):
    """In pixels, from a cell's first one to the farthest that counts."""
    first, cells = touched
    stride = 2 ** sum("pool" in name for name in LAYERS[: LAYERS.index(layer) + 1])
    pixel, cell = np.nonzero(cells[layer])
    assert REACH[layer] == np.abs(first + pixel - stride * cell).max()


# ---- Winograd


def kernel_of(n_in, n_out, seed=0):
    return np.random.default_rng(seed).normal(0, 0.3, (3, 3, n_in, n_out)).astype(np.float32)


def of_size(n_H, n_W, n_in):
    return tf.random.stateless_normal((1, n_H, n_W, n_in), (n_H, n_W))


def value_and_gradient(convolve, x, upstream):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = convolve(x)
        cost = tf.reduce_sum(y * upstream)
    return y.numpy(), tape.gradient(cost, x).numpy()


@pytest.mark.parametrize(
    ("n_H", "n_W"), [(1, 1), (1, 9), (2, 3), (3, 2), (4, 4), (5, 7), (8, 6), (13, 17), (16, 19)]
)
@pytest.mark.parametrize(("n_in", "n_out"), [(1, 1), (3, 5), (6, 2)])
def test_winograd_is_a_convolution(n_H, n_W, n_in, n_out):
    kernel, x = kernel_of(n_in, n_out), of_size(n_H, n_W, n_in)
    upstream = of_size(n_H, n_W, n_out)
    direct = lambda x: tf.nn.conv2d(x, kernel, 1, "SAME")  # noqa: E731
    y, slope = value_and_gradient(winograd.convolution(kernel), x, upstream)
    expected_y, expected_slope = value_and_gradient(direct, x, upstream)
    np.testing.assert_allclose(y, expected_y, atol=2e-5 * max(np.abs(expected_y).max(), 1))
    np.testing.assert_allclose(slope, expected_slope, atol=2e-5 * max(np.abs(slope).max(), 1))


def test_winograd_of_sizes_that_are_unknown_when_it_is_compiled():
    kernel = kernel_of(3, 4)
    convolve = winograd.convolution(kernel)
    compiled = tf.function(
        lambda x, upstream: value_and_slope(convolve, x, upstream),
        input_signature=[tf.TensorSpec((1, None, None, c), tf.float32) for c in (3, 4)],
    )
    direct = lambda x: tf.nn.conv2d(x, kernel, 1, "SAME")  # noqa: E731
    for size in ((7, 10), (12, 5), (4, 8)):
        x, upstream = of_size(*size, 3), of_size(*size, 4)
        found = compiled(x, upstream)
        expected = value_and_gradient(direct, x, upstream)
        for one, other in zip(found, expected, strict=True):
            assert one.shape == other.shape
            np.testing.assert_allclose(one, other, atol=1e-4)


def value_and_slope(convolve, x, upstream):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = convolve(x)
        cost = tf.reduce_sum(y * upstream)
    return y, tape.gradient(cost, x)


def test_winograd_of_many_channels_loses_few_digits():
    kernel, x = kernel_of(192, 128, 3), of_size(11, 14, 192)
    exact = tf.nn.conv2d(tf.cast(x, tf.float64), kernel.astype(np.float64), 1, "SAME").numpy()
    found = winograd.convolution(kernel)(x)
    np.testing.assert_allclose(found, exact, atol=3e-5 * np.abs(exact).max())


@pytest.mark.parametrize("convolution", ["direct", "winograd"])
def test_the_gradient_through_the_network(convolution):
    picture = tf.constant(levels(2, (21, 30)))

    def slope(network):
        with tf.GradientTape() as tape:
            tape.watch(picture)
            cost = tf.reduce_mean(tf.square(network(picture, ["conv3_4"])["conv3_4"]))
        return tape.gradient(cost, picture).numpy()

    weights = small_weights()
    model = VGG19(weights, (21, 30))
    model["input"].assign(picture - weights.mean_pixel.reshape(3))
    with tf.GradientTape() as tape:
        cost = tf.reduce_mean(tf.square(model["conv3_4"]))
    expected = tape.gradient(cost, model["input"]).numpy()
    found = slope(Network(weights, convolution=convolution))
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())
