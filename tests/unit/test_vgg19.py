"""The VGG dict: 22 keys, never stale, one forward pass, eager, tf.function and graph mode."""

import numpy as np
import pytest
import tensorflow as tf

from tests.unit.small_network import COURSE_LAYERS, small_weights
from vgg19 import KEYS, LAYERS, VGG19, VGG19Graph, _Network
from vgg19_weights import CONVOLUTIONS

SIZE = (21, 30)


@pytest.fixture
def model():
    return VGG19(small_weights(), SIZE)


@pytest.fixture
def layer_count(monkeypatch):
    """Count how many layers are computed."""
    computed = []
    layer = _Network.layer

    def counting(self, name, previous):
        computed.append(name)
        return layer(self, name, previous)

    monkeypatch.setattr(_Network, "layer", counting)
    return computed


def picture(seed, size=SIZE):
    return np.random.default_rng(seed).uniform(-120, 130, (1, *size, 3)).astype(np.float32)


def fresh(image, name, **options):
    """The activation that a network gives that has never seen another picture."""
    model = VGG19(small_weights(), image.shape[1:3], **options)
    model["input"].assign(image)
    return model[name].numpy()


def test_there_are_22_keys_in_the_order_of_computation(model):
    assert len(model) == 22
    assert tuple(model) == model.keys() == KEYS
    assert list(dict(model)) == list(KEYS)
    assert "conv4_2" in model
    assert "fc6" not in model
    assert model.get("fc6", 7) == 7
    assert [name for name, _ in model.items()] == list(KEYS)
    assert len(model.values()) == 22


def test_an_unknown_layer_is_named_with_those_there_are(model):
    with pytest.raises(KeyError, match=r"'conv6_1' is not a layer.*conv5_4"):
        model["conv6_1"]


def test_input_is_a_variable_and_layers_have_the_shapes_told(model):
    assert isinstance(model["input"], tf.Variable)
    for name in KEYS:
        assert tuple(model[name].shape) == model.shape(name), name


def test_shapes_of_the_full_network_at_300_by_400():
    from training.matconvnet import network_widths

    weights = small_weights(network_widths(64))
    model = VGG19(weights, (300, 400))
    assert model.shape("conv1_1") == (1, 300, 400, 64)
    assert model.shape("avgpool2") == (1, 75, 100, 128)
    assert model.shape("avgpool3") == (1, 38, 50, 256)
    assert model.shape("avgpool4") == (1, 19, 25, 512)
    assert model.shape("avgpool5") == (1, 10, 13, 512)


def test_printing_shows_a_line_a_layer(model):
    lines = str(model).splitlines()
    assert len(lines) == 23
    assert "conv3_2" in lines[9]
    assert "float32" in lines[9]
    assert str(model.shape("conv3_2")) in lines[9]


def test_every_read_is_for_the_present_picture(model):
    for seed in range(3):
        model["input"].assign(picture(seed))
        np.testing.assert_allclose(model["conv4_2"], fresh(picture(seed), "conv4_2"), rtol=1e-5)
        np.testing.assert_allclose(model["conv2_1"], fresh(picture(seed), "conv2_1"), rtol=1e-5)


def test_never_stale_after_assign_add_and_sparse_change(model):
    model["input"].assign(picture(0))
    before = model["conv1_2"].numpy()
    model["input"].assign_add(tf.ones((1, *SIZE, 3)))
    np.testing.assert_allclose(model["conv1_2"], fresh(picture(0) + 1, "conv1_2"), rtol=1e-4)
    model["input"][0, 3, 4, 1].assign(99.0)
    assert not np.allclose(model["conv1_2"], before)


def test_never_stale_inside_a_tape(model):
    model["input"].assign(picture(0))
    with tf.GradientTape() as tape:
        first = model["conv2_1"]
        model["input"].assign(picture(1))
        second = model["conv2_1"]
        cost = tf.reduce_sum(second)
    np.testing.assert_allclose(first, fresh(picture(0), "conv2_1"), rtol=1e-5)
    np.testing.assert_allclose(second, fresh(picture(1), "conv2_1"), rtol=1e-5)
    assert tape.gradient(cost, model["input"]) is not None


@pytest.mark.parametrize("compiled", [False, True])
def test_never_stale_after_the_optimizer(model, compiled):
    model["input"].assign(picture(0))
    optimizer = tf.keras.optimizers.Adam(2.0)

    def step():
        with tf.GradientTape() as tape:
            cost = tf.reduce_mean(model["conv3_1"] ** 2)
        gradient = tape.gradient(cost, model["input"])
        optimizer.apply_gradients([(gradient, model["input"])])
        return model["conv3_1"]

    after = (tf.function(step) if compiled else step)()
    now = model["input"].numpy()
    assert np.abs(now - picture(0)).max() > 1
    np.testing.assert_allclose(after, fresh(now, "conv3_1"), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(model["conv3_1"], fresh(now, "conv3_1"), rtol=1e-4, atol=1e-4)


def test_read_before_the_tape_still_has_a_gradient_within_it(model):
    model["input"].assign(picture(0))
    model["conv5_1"]
    with tf.GradientTape() as tape:
        cost = tf.reduce_sum(model["conv2_2"])
    assert tape.gradient(cost, model["input"]) is not None


@pytest.mark.parametrize("outer_persistent", [False, True])
def test_nested_tapes_each_get_their_gradient(model, outer_persistent):
    model["input"].assign(picture(0))
    with tf.GradientTape(persistent=outer_persistent) as outer:
        far = tf.reduce_sum(model["conv1_2"])
        with tf.GradientTape() as inner:
            near = tf.reduce_sum(model["conv1_2"] ** 2)
            near_too = tf.reduce_sum(model["conv1_1"] ** 2)
        gradient = inner.gradient([near, near_too], model["input"])
        slope = tf.reduce_sum(gradient**2) + far
    assert outer.gradient(slope, model["input"]) is not None
    alone = VGG19(small_weights(), SIZE)
    alone["input"].assign(picture(0))
    with tf.GradientTape() as tape:
        both = tf.reduce_sum(alone["conv1_2"] ** 2) + tf.reduce_sum(alone["conv1_1"] ** 2)
    np.testing.assert_allclose(gradient, tape.gradient(both, alone["input"]), rtol=1e-4)


def test_reading_while_the_tape_is_stopped_does_not_cut_the_next_read(model):
    model["input"].assign(picture(0))
    with tf.GradientTape() as tape:
        with tape.stop_recording():
            model["conv2_1"]
        cost = tf.reduce_sum(model["conv2_1"])
    assert tape.gradient(cost, model["input"]) is not None


def test_gradient_agrees_with_finite_differences(model):
    image = picture(3)

    def cost(x):
        model["input"].assign(x)
        return sum(tf.reduce_mean(model[name]) for name in COURSE_LAYERS)

    with tf.GradientTape() as tape:
        value = cost(image)
    gradient = tape.gradient(value, model["input"]).numpy()
    direction = gradient / np.linalg.norm(gradient)
    slope = (float(cost(image + 2 * direction)) - float(cost(image - 2 * direction))) / 4
    assert slope == pytest.approx(np.linalg.norm(gradient), rel=2e-2)


def test_six_layers_cost_one_forward_pass(model, layer_count):
    model["input"].assign(picture(0))
    for name in COURSE_LAYERS:
        model[name]
    assert layer_count == list(LAYERS[: LAYERS.index("conv5_1") + 1])


def test_six_layers_in_a_tape_cost_one_forward_pass(model, layer_count):
    with tf.GradientTape():
        for name in reversed(COURSE_LAYERS):
            model[name]
    assert len(layer_count) == LAYERS.index("conv5_1") + 1


def test_six_layers_in_a_function_cost_one_forward_pass(model, layer_count):
    @tf.function
    def cost(network):
        with tf.GradientTape() as tape:
            J = sum(tf.reduce_mean(network[name]) for name in COURSE_LAYERS)
        return J, tape.gradient(J, network["input"])

    assert cost(model)[1] is not None
    assert len(layer_count) == LAYERS.index("conv5_1") + 1
    cost(model)  # the graph is traced once
    assert len(layer_count) == LAYERS.index("conv5_1") + 1


def test_a_shallow_layer_does_not_compute_the_deep_ones(model, layer_count):
    model["conv1_2"]
    assert layer_count == ["conv1_1", "conv1_2"]


def test_assign_and_read_within_one_function(model):
    @tf.function
    def two(x, y):
        model["input"].assign(x)
        first = model["conv2_1"]
        model["input"].assign(y)
        return first, model["conv2_1"]

    first, second = two(picture(0), picture(1))
    np.testing.assert_allclose(first, fresh(picture(0), "conv2_1"), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(second, fresh(picture(1), "conv2_1"), rtol=1e-4, atol=1e-4)


def test_a_loop_within_a_function_reads_each_picture(model):
    @tf.function
    def shrink(n):
        total = tf.constant(0.0)
        for _ in tf.range(n):
            model["input"].assign(model["input"] * 0.5)
            total += tf.reduce_sum(model["conv1_1"])
        return total, tf.reduce_sum(model["conv1_1"])

    image = picture(2)
    model["input"].assign(image)
    total, last = shrink(tf.constant(3))
    sums = [fresh(image * 0.5**k, "conv1_1").sum() for k in (1, 2, 3)]
    assert float(total) == pytest.approx(sum(sums), rel=1e-4)
    assert float(last) == pytest.approx(sums[-1], rel=1e-4)


def test_average_and_maximum_pooling_differ():
    image = picture(0)
    average, largest = (fresh(image, "avgpool1", pooling=p) for p in ("avg", "max"))
    assert (largest >= average - 1e-4).all()
    assert not np.allclose(average, largest)


def test_a_mean_of_the_callers_own_gives_the_same_activation():
    weights = small_weights()
    mean = weights.mean_pixel + np.array([10, -5, 3], np.float32)
    ours = VGG19(weights, SIZE, input_mean=mean)
    ours["input"].assign(picture(0) + weights.mean_pixel - mean)
    np.testing.assert_allclose(ours["conv1_1"], fresh(picture(0), "conv1_1"), rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("size", [(16, 16), (16, 203), (97, 33)])
def test_any_size_from_16_pixels(size):
    model = VGG19(small_weights(), size)
    assert tuple(model["avgpool5"].shape) == model.shape("avgpool5")


@pytest.mark.parametrize("size", [(15, 400), (300, 0), (1, 1)])
def test_smaller_sizes_are_refused_with_the_limit(size):
    with pytest.raises(ValueError, match=rf"{size[0]} x {size[1]} .* at least 16 x 16"):
        VGG19(small_weights(), size)


def test_unknown_pooling_is_refused():
    with pytest.raises(ValueError, match=r"'sum'.*'avg' or 'max'"):
        VGG19(small_weights(), SIZE, pooling="sum")


# --- graph mode -----------------------------------------------------------------------------


def test_graph_mode_reads_layers_with_a_session():
    image = picture(0)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        model = VGG19Graph(small_weights(), SIZE)
        assert tuple(model) == KEYS
        assert "conv3_2" in str(model)
        session.run(tf.compat.v1.global_variables_initializer())
        session.run(model["input"].assign(image))
        activation = session.run(model["conv4_2"])
    np.testing.assert_allclose(activation, fresh(image, "conv4_2"), rtol=1e-4, atol=1e-4)


def test_graph_mode_trains_the_picture_and_nothing_else():
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        model = VGG19Graph(small_weights(), SIZE)
        session.run(tf.compat.v1.global_variables_initializer())
        session.run(model["input"].assign(picture(0)))
        cost = tf.reduce_mean(model["conv4_2"] ** 2)
        step = tf.compat.v1.train.AdamOptimizer(2.0).minimize(cost)
        assert tf.compat.v1.trainable_variables() == [model["input"]]
        session.run(tf.compat.v1.global_variables_initializer())
        session.run(model["input"].assign(picture(0)))
        costs = [session.run([cost, step])[0] for _ in range(10)]
    assert costs[-1] < costs[0]


def test_a_full_size_network_says_how_long_painting_takes(monkeypatch):
    widths = dict.fromkeys(CONVOLUTIONS, 4) | {"conv5_4": 512}
    model = VGG19(small_weights(widths), (24, 32))
    assert 0 < model.seconds_a_step() < 60
    monkeypatch.setattr(VGG19, "seconds_a_step", lambda self: 1.234)
    lines = str(model).splitlines()
    assert lines[0] == "VGG-19 from small, avg pooling, picture 24 x 32"
    expected = "a step of painting takes about 1.2 s here, 200 steps about 4 minutes"
    assert lines[1] == f"  at its full size: {expected}"
    assert lines[2].split()[0] == "input"
    assert "full size" not in str(VGG19(small_weights(), (24, 32)))
