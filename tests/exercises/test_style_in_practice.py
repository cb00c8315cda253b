"""What is right in the practice notebook: one definition for pytest, grade cells and the grader.

Every test takes one argument, the student's function, and every assertion speaks to the student.
Helpers named ``check_*`` go into the notebook with the visible tests, so none of them may be
useful as an answer. ``reference_*`` hold the answers; only hidden tests use them.
"""

import contextlib
import re
from functools import cache

import numpy as np
import pytest
import tensorflow as tf
from scipy.optimize import minimize

# ---- helpers of every test

# A GPU may cut the factors of a matrix product to TF32, which has 10 bits after the point.
CHECK_TF32 = 5e-3


def check_call(call, function, *args, **kwargs):
    """Return what the call gives; any error but an unwritten body becomes a sentence."""
    try:
        # Behind tf.function the checks' many shapes would each be traced, with warnings.
        return getattr(function, "python_function", function)(*args, **kwargs)
    except Exception as error:
        if isinstance(error, NotImplementedError) and "write the body" in str(error):
            raise
        raise AssertionError(f"{call} stopped with {check_reason(error)}") from error


def check_reason(error):
    """Return an error as a sentence, with what to do about it where that is known."""
    lines = re.sub(r"\{\{.*?\}\} *| *\[Op:.*", "", str(error)).strip().splitlines()
    reason = (lines or ["no message"])[0][:300].rstrip(".")
    advice = {
        "no attribute 'squared_difference'": "TensorFlow 2 calls it tf.math.squared_difference.",
        "no attribute 'to_float'": "In TensorFlow 2 that is tf.cast(x, tf.float32).",
        "no attribute 'Session'": "TensorFlow 2 needs no session: a tensor has its value at once.",
        "'CheckLayers' object has no attribute": "Of a_G only a_G[name] is promised.",
        "'NoneType' object has no attribute 'numpy'": "The tape found no way from J back to the "
        "picture, so the gradient is None: inside the with block first tape.watch(image), then "
        "cost(image).",
        "Input to reshape is a tensor with": "Take the sizes from what you reshape: two pictures "
        "may differ in theirs.",
        "Incompatible shapes": "Two pictures may differ in size: compare what does not depend on "
        "it.",
        "Cannot convert the argument `type_value`": "J has to stay a tensor until the tape has "
        "given the gradient; float(J) comes after.",
    }
    known = [sentence for sign, sentence in advice.items() if sign in str(error)]
    return ". ".join([f"{type(error).__name__}: {reason}", *known])


def check_array(call, got):
    """Return `got` as a float64 array, or say why it cannot be one."""
    assert got is not None, (
        f"{call} returned None: the function has no return, or a None placeholder is left in it."
    )
    kind = type(got).__name__
    assert not isinstance(got, str | bytes), f"{call} returned text, {got!r}, not a number."
    assert kind != "KerasTensor", (
        f"{call} returned a KerasTensor, a symbol without a value: use tf. functions on the "
        "tensors that are given, not a Keras layer or Input."
    )
    try:
        return np.asarray(got, dtype=np.float64)
    except Exception as error:
        raise AssertionError(
            f"{call} returned a {kind}, which is neither a number nor an array of numbers."
        ) from error


def check_hint(got, hint, mistakes):
    """Return the sentence of the known wrong value that `got` has, or else the general hint."""
    with contextlib.suppress(AssertionError):
        array = check_array("", got)
        for wrong, sentence in mistakes.items():
            if array.size and np.allclose(array, wrong, rtol=1e-3):
                return sentence
    return hint


def check_close(call, got, right, hint, rtol=1e-4):
    """Compare `got` with `right`, relative to the largest right value."""
    array, right = check_array(call, got), np.asarray(right, dtype=np.float64)
    assert array.shape == right.shape, (
        f"{call} has shape {array.shape}; the right shape is {right.shape}. {hint}"
    )
    assert np.isfinite(array).all(), (
        f"{call} contains NaN or infinity: look for a division by zero or a number that grew "
        f"too large. {hint}"
    )
    errors = np.abs(array - right)
    worst = np.unravel_index(errors.argmax(), right.shape)
    place = f" at position {tuple(map(int, worst))}" if right.ndim else ""
    limit = rtol * (np.abs(right).max() or 1.0)
    assert errors.max() <= limit, (
        f"{call} is {array[worst]:.8g}{place}; right is {right[worst]:.8g}. {hint}"
    )


def check_hint_like(got, right, hint, mistakes):
    """Return the same where the wrong values are arrays: of another shape than theirs, a hint."""
    return check_hint(got, hint, mistakes if np.shape(got) == np.shape(right) else {})


@cache
def check_draw(op_seed, shape):
    """Draw the published inputs: normal numbers of mean 1 and standard deviation 4."""
    tf.random.set_seed(1)
    return tf.random.normal(shape, mean=1, stddev=4, seed=op_seed)


# ---- helpers of hidden tests


@cache
def reference_draw(seed, *shape):
    """Draw positive activations, as after a ReLU; each seed has its own scale."""
    numbers = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
    return tf.constant(np.abs(numbers) * np.float32(1 + seed % 3))


def reference_gradient(call, source, cost, right, name="a_G"):
    """Compare TensorFlow's gradient of `cost()` with the right one."""
    reference_gradients(call, [source], cost, {name: right})


def reference_gradients(call, sources, cost, rights):
    """Compare TensorFlow's gradients of `cost()` with the right ones; these have names."""
    names = " and ".join(rights)
    hint = f"Compute with tf. functions all the way from {names} to the result."
    with tf.GradientTape() as tape:
        tape.watch(sources)
        J = cost()
    check_array(call, J)
    assert tf.is_tensor(J), (
        f"{call} returned a {type(J).__name__}, not a tensor, so that TensorFlow cannot follow "
        f"it back to {names}: no NumPy, no float() and no .numpy() inside. {hint}"
    )
    for gradient, (name, right) in zip(tape.gradient(J, sources), rights.items(), strict=True):
        assert gradient is not None, (
            f"{call} has no gradient with respect to {name}: something on the way (NumPy, "
            f".numpy(), tf.constant, an integer) cuts it off. {hint}"
        )
        got = tf.convert_to_tensor(gradient)
        check_close(f"the gradient of {call}", got, right, hint, CHECK_TF32)


def reference_pixels(seed, *shape):
    """Draw a picture, RGB 0-255, with bright and dark places."""
    numbers = np.random.default_rng(seed).uniform(0, 255, shape)
    return numbers.astype(np.float32)


# ---- total_variation_cost


def check_two_channels():
    """Return a picture of two rows, three columns and two channels, the second all 5s."""
    first = np.array([[1.0, 2.0, 4.0], [3.0, 2.0, 9.0]])
    return tf.constant(np.stack([first, np.full((2, 3), 5.0)], axis=-1)[np.newaxis], tf.float32)


def test_total_variation_agrees_with_a_sum_by_hand(total_variation_cost):
    call = "total_variation_cost of channels [[1, 2, 4], [3, 2, 9]] and [[5, 5, 5], [5, 5, 5]]"
    down, across = 2**2 + 0**2 + 5**2, 1**2 + 2**2 + 1**2 + 7**2
    right = (down + across) / (2 * 3 * 2)
    mistakes = {
        down / 12: "The neighbours to the right are missing: only those below are compared.",
        across / 12: "The neighbours below are missing: only those to the right are compared.",
        down + across: "The sum is not yet divided by n_H * n_W * n_C.",
        (down + across) / 6: "The divisor lacks n_C, the number of channels.",
        down / 6 + across / 8: "Divide both sums by n_H * n_W * n_C, not each by its own number "
        "of pairs.",
        18: "Those are absolute differences, as in tf.image.total_variation: square them.",
        18 / 12: "Those are absolute differences: square them.",
        16 / 12: "The differences are not squared.",
        158 / 12: "The last row is compared with the first, or the last column with the first: "
        "neighbours end at the border.",
        (4 + 5) / 12: "Pairs in the last row or column are missing.",
        right / 2: "There is no factor 1/2 here.",
    }
    got = check_call(call, total_variation_cost, check_two_channels())
    hint = "By hand: down (2² + 0² + 5²), across (1² + 2² + 1² + 7²), divided by 2 · 3 · 2."
    check_close(call, got, right, check_hint(got, hint, mistakes))


def test_total_variation_of_one_colour_is_zero(total_variation_cost):
    image = tf.constant(np.broadcast_to([10.0, -40.0, 90.0], (1, 4, 5, 3)), tf.float32)
    call = "total_variation_cost of a picture in one colour"
    hint = "Neighbours are alike there; a pixel's red, green and blue are no neighbours."
    check_close(call, check_call(call, total_variation_cost, image), 0, hint)


def test_total_variation_does_not_change_when_rows_become_columns(total_variation_cost):
    image = check_draw(4, (1, 3, 5, 2))
    call = "total_variation_cost of a picture turned on its side"
    upright = check_call("total_variation_cost(image)", total_variation_cost, image)
    upright = check_array("total_variation_cost(image)", upright)
    got = check_call(call, total_variation_cost, tf.transpose(image, [0, 2, 1, 3]))
    hint = "Neighbours below count as much as neighbours to the right."
    check_close(call, got, upright, hint)


def test_total_variation_of_twice_the_contrast_is_four_times_as_large(total_variation_cost):
    image = check_draw(5, (1, 4, 2, 3))
    call = "total_variation_cost(2 * image)"
    once = check_call("total_variation_cost(image)", total_variation_cost, image)
    once = check_array("total_variation_cost(image)", once)
    got = check_call(call, total_variation_cost, 2 * image)
    check_close(call, got, 4 * once, "The differences are squared, and no root is taken.")


def reference_variation(image):
    """Return the total variation cost in float64, and its gradient."""
    x = np.asarray(image, np.float64)
    down, across = np.diff(x, axis=1), np.diff(x, axis=2)
    gradient = np.zeros_like(x)
    gradient[:, 1:] += 2 * down
    gradient[:, :-1] -= 2 * down
    gradient[:, :, 1:] += 2 * across
    gradient[:, :, :-1] -= 2 * across
    return (np.sum(down**2) + np.sum(across**2)) / x.size, gradient / x.size


@pytest.mark.hidden
def test_total_variation_agrees_on_many_shapes(total_variation_cost):
    for seed, shape in enumerate([(1, 4, 6, 3), (1, 7, 2, 3), (1, 2, 9, 1), (1, 3, 5, 8)]):
        image = reference_pixels(seed, *shape) - 100
        call = f"total_variation_cost of a picture of shape {shape}"
        got = check_call(call, total_variation_cost, tf.constant(image))
        hint = "n_H, n_W and n_C come from the shape of the picture, whatever it is."
        check_close(call, got, reference_variation(image)[0], hint, rtol=1e-3)


@pytest.mark.hidden
def test_total_variation_agrees_on_a_large_picture(total_variation_cost):
    image = reference_pixels(5, 1, 250, 200, 3)
    call = "total_variation_cost of a picture of shape (1, 250, 200, 3)"
    got = check_call(call, total_variation_cost, tf.constant(image))
    hint = "It is right for small pictures only: is a number too large for its type?"
    check_close(call, got, reference_variation(image)[0], hint, rtol=1e-3)


@pytest.mark.hidden
def test_total_variation_has_the_right_gradient(total_variation_cost):
    image = tf.constant(reference_pixels(6, 1, 4, 6, 3))
    call = "total_variation_cost(image)"
    _, right = reference_variation(image)
    reference_gradient(
        call, image, lambda: check_call(call, total_variation_cost, image), right, name="image"
    )


# ---- blended_style_cost


class CheckLayers:
    """Activations that answer [name] and nothing else, as the notebook's model may be asked."""

    def __init__(self, activations):
        self.activations = activations

    def __getitem__(self, name):
        return self.activations[name]


def check_pixels(*rows):
    """Return an activation: rows of pixels, each a list of channels."""
    return tf.constant([[[*rows]]], tf.float32)


def check_two_styles():
    """Return a_S_list and a_G of two layers.

    The styles cost 1.5 and 5/16 at conv1_1, 16 and 9/16 at conv2_1.
    """
    first = {"conv1_1": check_pixels([1, 2]), "conv2_1": check_pixels([3])}
    second = {"conv1_1": check_pixels([2, 0], [0, 2]), "conv2_1": check_pixels([1], [2])}
    a_G = {"conv1_1": check_pixels([1, 0]), "conv2_1": check_pixels([1])}
    return [first, second], a_G


CHECK_LAYERS = [("conv1_1", 0.8), ("conv2_1", 0.25)]


def check_blend(blended_style_cost, call, a_S_list, a_G, layers=None, blend=(1.0,)):
    """Call the function with lists of the test's own."""
    styles = [dict(a_S) for a_S in a_S_list]
    layers = list(CHECK_LAYERS if layers is None else layers)
    return check_call(call, blended_style_cost, styles, a_G, layers, list(blend))


def test_blended_style_weighs_styles_and_layers(blended_style_cost):
    a_S_list, a_G = check_two_styles()
    call = "blended_style_cost of two styles with STYLE_LAYERS 0.8, 0.25 and blend [3, 2]"
    first, second = 0.8 * 1.5 + 0.25 * 16, 0.8 * 5 / 16 + 0.25 * 9 / 16
    right = (3 * first + 2 * second) / (3 + 2)
    mistakes = {
        5 * right: "Divide by the sum of blend, 3 + 2: [3, 2] means shares of 3/5 and 2/5.",
        2.5 * right: "Divide by the sum of blend, 3 + 2, not by the number of styles.",
        (first + second) / 2: "blend is not used.",
        first + second: "blend is not used.",
        (2 * first + 3 * second) / 5: "The first number of blend belongs to the first style.",
        first: "Only the first style counts: is the return inside the loop?",
        second: "Only the last style counts: add to the cost inside the loop.",
        2 / 5 * second: "Only the last style counts: add to the cost inside the loop.",
        4 * right: "The factor 1/4 is missing.",
        (3 * (1.5 + 16) + 2 * (5 + 9) / 16) / 5: "The weights of STYLE_LAYERS are not used.",
        (3 * first + 2 * 2.25) / 5: "A Gram matrix is to be divided by the number of places of "
        "its own picture; the second style has two.",
        0.8 * 0.83 + 0.25 * 7.29: "Blend the costs, not the Gram matrices: the gradient is the "
        "same, the cost is not.",
    }
    got = check_blend(blended_style_cost, call, a_S_list, a_G, blend=[3, 2])
    hint = (
        "By hand: the styles cost 0.8 · 1.5 + 0.25 · 16 and 0.8 · 5/16 + 0.25 · 9/16; "
        "their shares are 3/5 and 2/5."
    )
    check_close(call, got, right, check_hint(got, hint, mistakes), rtol=CHECK_TF32)


def test_blended_style_of_one_style_has_the_published_value(blended_style_cost):
    a_S, a_G = check_draw(3, (1, 4, 4, 3)), check_draw(9, (1, 4, 4, 3))
    call, right = "blended_style_cost of one style, one layer", 9.190278
    layers = [("conv1_1", 1.0)]
    got = check_blend(blended_style_cost, call, [{"conv1_1": a_S}], {"conv1_1": a_G}, layers)
    mistakes = {
        11.3452: "The channels are scrambled: they are the last axis, so transpose as well as "
        "reshape; reshape alone moves no axis.",
        33.6962: "These Gram matrices compare pixels; they should compare channels, (n_C, n_C).",
        16**2 * right: "The Gram matrices are not divided by the number of places, n_H * n_W.",
        16 * right: "Divide each Gram matrix by n_H * n_W, not by the root of that.",
        3 * right: "The divisor 4 * n_C² holds the square of n_C.",
        36 * right: "The sum is not yet divided by 4 * n_C².",
        4 * right: "The factor 1/4 is missing.",
        right / 16**2: "The number of places stands in the divisor twice.",
    }
    hint = (
        "One style alone costs what the layer style cost of the first notebook says: the sum of "
        "(G_S - G_G)² / (4 n_C²), each Gram matrix divided by its n_H * n_W."
    )
    check_close(call, got, right, check_hint(got, hint, mistakes), rtol=CHECK_TF32)


def test_blended_style_does_not_know_how_large_a_style_picture_is(blended_style_cost):
    a_G = check_draw(5, (1, 3, 2, 4))
    double = tf.concat([a_G, a_G], axis=2)
    call = "blended_style_cost of a style that is the picture itself, twice side by side"
    layers = [("conv1_1", 1.0)]
    got = check_blend(blended_style_cost, call, [{"conv1_1": double}], {"conv1_1": a_G}, layers)
    hint = "Divide each Gram matrix by the number of places of its own picture."
    check_close(call, got, 0, hint)


def test_blended_style_takes_blend_for_shares(blended_style_cost):
    a_S_list, a_G = check_two_styles()
    call = "blended_style_cost with blend [0.6, 0.2], and with [30, 10]"
    few = check_blend(blended_style_cost, call, a_S_list, a_G, blend=[0.6, 0.2])
    got = check_blend(blended_style_cost, call, a_S_list, a_G, blend=[30, 10])
    hint = "Both mean three quarters of the first style: divide by the sum of blend."
    check_close(f"the second of {call}", got, check_array(call, few), hint, rtol=1e-3)
    call = "blended_style_cost with blend [1, 0]"
    got = check_blend(blended_style_cost, call, a_S_list, a_G, blend=[1, 0])
    hint = "The first style alone counts: 0.8 · 1.5 + 0.25 · 16."
    check_close(call, got, 0.8 * 1.5 + 0.25 * 16, hint, rtol=CHECK_TF32)


def test_blended_style_asks_for_the_layers_by_name(blended_style_cost):
    a_S_list, a_G = check_two_styles()
    for activations in (*a_S_list, a_G):
        activations["conv5_1"] = check_pixels([7])
    call = "blended_style_cost(a_S_list, model, STYLE_LAYERS, blend)"
    got = check_blend(blended_style_cost, call, a_S_list, CheckLayers(a_G), blend=[3, 2])
    hint = "a_G may be the model itself: loop over STYLE_LAYERS and ask for a_G[name]."
    right = (3 * (0.8 * 1.5 + 0.25 * 16) + 2 * (0.8 * 5 / 16 + 0.25 * 9 / 16)) / 5
    check_close(call, got, right, hint, rtol=CHECK_TF32)


def reference_mean_gram(a):
    """Return a matrix with a row for each place, and the Gram matrix a place, in float64."""
    rows = np.asarray(a, np.float64).reshape(-1, a.shape[-1])
    return rows, rows.T @ rows / len(rows)


def reference_blend(a_S_list, a_G, style_layers, blend):
    """Return the blended style cost in float64, and its gradient for each layer's a_G."""
    cost, gradients = 0.0, {}
    for name, weight in style_layers:
        rows, G = reference_mean_gram(a_G[name])
        slope = np.zeros_like(G)
        for a_S, share in zip(a_S_list, np.divide(blend, np.sum(blend)), strict=True):
            difference = G - reference_mean_gram(a_S[name])[1]
            cost += weight * share * np.sum(difference**2) / (4 * len(G) ** 2)
            slope += weight * share * difference / (2 * len(G) ** 2)
        gradients[name] = (2 * rows @ slope / len(rows)).reshape(a_G[name].shape)
    return cost, gradients


@cache
def reference_styles():
    """Return a_S_list and a_G of three styles and four layers, all of other sizes."""
    channels = {"conv1_1": 2, "conv2_1": 5, "conv3_1": 4, "conv4_1": 8}

    def activations(seed, n_H, n_W):
        sizes = enumerate(channels.items())
        return {
            name: reference_draw(seed + i, 1, n_H + i, n_W - i, n_C) for i, (name, n_C) in sizes
        }

    sizes = [(3, 7), (2, 5), (6, 4)]
    styles = [activations(10 * k, *size) for k, size in enumerate(sizes, start=1)]
    return styles, activations(0, 4, 6)


@pytest.mark.hidden
def test_blended_style_agrees_on_many_lists(blended_style_cost):
    styles, a_G = reference_styles()
    lists = [
        (styles, [(name, 0.2) for name in a_G], [1, 2, 5]),
        (styles[:1], [("conv3_1", 1.5)], [0.3]),
        (styles[1:], [("conv4_1", 0.1), ("conv1_1", 0.7)], [0.25, 0.15]),
    ]
    for a_S_list, layers, blend in lists:
        call = f"blended_style_cost of {len(a_S_list)} styles, {layers}, blend {blend}"
        got = check_blend(blended_style_cost, call, a_S_list, CheckLayers(a_G), layers, blend)
        hint = "Any number of styles, of any sizes, with any layers and weights."
        right, _ = reference_blend(a_S_list, a_G, layers, blend)
        check_close(call, got, right, hint, rtol=CHECK_TF32)


@pytest.mark.hidden
def test_blended_style_agrees_on_large_layers(blended_style_cost):
    small = {"conv1_1": reference_draw(0, 1, 3, 5, 2)}, {"conv1_1": reference_draw(1, 1, 4, 3, 2)}
    large = (
        {"conv1_1": reference_draw(0, 1, 250, 200, 8)},
        {"conv1_1": reference_draw(1, 1, 120, 90, 8)},
    )
    # A Gram matrix over 50,000 pixels would take 10 GB: that mistake must fail before.
    for a_G, a_S in (small, large):
        layers = [("conv1_1", 2.0)]
        call = f"blended_style_cost of activations of shape {tuple(a_G['conv1_1'].shape)}"
        got = check_blend(blended_style_cost, call, [a_S], a_G, layers, [0.5])
        hint = "It is right for small layers only: is a number too large for its type?"
        right, _ = reference_blend([a_S], a_G, layers, [0.5])
        check_close(call, got, right, hint, rtol=CHECK_TF32)


@pytest.mark.hidden
def test_blended_style_has_the_right_gradient(blended_style_cost):
    styles, a_G = reference_styles()
    layers, blend = [("conv2_1", 0.3), ("conv4_1", 0.9)], [2, 1, 1]
    _, right = reference_blend(styles, a_G, layers, blend)
    call = "blended_style_cost(a_S_list, a_G, STYLE_LAYERS, blend)"

    def cost():
        return check_blend(blended_style_cost, call, styles, CheckLayers(a_G), layers, blend)

    sources = [a_G[name] for name in right]
    reference_gradients(call, sources, cost, {f'a_G["{n}"]': g for n, g in right.items()})


# ---- transfer_colours


CHECK_LUMA = [0.299, 0.587, 0.114]
CHECK_LEVEL = 5e-3  # one level of a bright picture: a result in whole numbers is right too


def check_colours(rows):
    """Return a picture of these rows of colours."""
    return np.array(rows, np.float32)


def test_transfer_colours_agrees_with_sums_by_hand(transfer_colours):
    content = check_colours([[[200, 100, 50], [90, 90, 120]]])
    stylised = check_colours([[[60, 80, 100], [130, 110, 30]]])
    call = "transfer_colours of content (200, 100, 50) and stylised (60, 80, 100)"
    # The luminances are 124.2 and 76.3, then 93.42 and 106.86.
    right = [[[152.1, 52.1, 2.1], [103.44, 103.44, 133.44]]]
    mistakes = {
        ((107.9, 127.9, 147.9), (116.56, 96.56, 16.56)): "Content and stylised have changed "
        "places: the chroma is the content's, the luminance the stylised picture's.",
        ((76.3,) * 3, (106.86,) * 3): "The chroma is missing: that is the luminance alone.",
    }
    hint = (
        "By hand, for the first pixel: the luminances are 124.2 and 76.3, so all three channels "
        "of the content fall by 47.9. Y = 0.299 R + 0.587 G + 0.114 B."
    )
    got = check_call(call, transfer_colours, content, stylised)
    check_close(call, got, right, check_hint_like(got, right, hint, mistakes), CHECK_LEVEL)


def test_transfer_colours_keeps_the_luminance_of_the_stylised_picture(transfer_colours):
    content = check_colours([[[120, 90, 100]] * 3, [[100, 130, 110]] * 3])
    stylised = check_colours([[[100, 120, 90], [80, 150, 200], [150, 60, 90]]] * 2)
    call = "the luminance of transfer_colours(content, stylised)"
    got = check_array(call, check_call(call, transfer_colours, content, stylised))
    assert got.shape == (2, 3, 3), (
        f"transfer_colours has shape {got.shape}; the right shape is that of the pictures, "
        "here (2, 3, 3)."
    )
    hint = "Y = 0.299 R + 0.587 G + 0.114 B is to be that of the stylised picture."
    check_close(call, got @ CHECK_LUMA, stylised @ CHECK_LUMA, hint, 2 * CHECK_LEVEL)


def test_transfer_colours_of_a_grey_content_is_grey(transfer_colours):
    content = check_colours([[[40] * 3, [90] * 3], [[200] * 3, [120] * 3], [[10] * 3, [60] * 3]])
    stylised = check_colours([[[60, 80, 100], [250, 250, 240]]] * 3)
    call = "transfer_colours of a grey content"
    got = check_array(call, check_call(call, transfer_colours, content, stylised))
    right = np.repeat((stylised @ CHECK_LUMA)[..., np.newaxis], 3, axis=-1)
    hint = "A grey content has no colour to give: R, G and B are all the stylised luminance."
    check_close(call, got, right, hint, CHECK_LEVEL)


def test_transfer_colours_stays_between_0_and_255(transfer_colours):
    content = check_colours([[[255, 0, 0], [255, 0, 0], [0, 0, 255]]])
    stylised = check_colours([[[255, 255, 255], [0, 0, 0], [128, 128, 128]]])
    call = "transfer_colours of pure red and blue with white, black and grey"
    right = [[[255, 178.755, 178.755], [178.755, 0, 0], [98.93, 98.93, 255]]]
    got = check_call(call, transfer_colours, content, stylised)
    mistakes = {
        ((433.755, 178.755, 178.755), (178.755, -76.245, -76.245), (98.93, 98.93, 353.93)): "Cut "
        "the result to 0 ... 255 at the end.",
    }
    hint = "Cut the result, and nothing before it, to 0 ... 255."
    check_close(call, got, right, check_hint_like(got, right, hint, mistakes), CHECK_LEVEL)


def reference_transfer(content, stylised):
    """Return the stylised luminance with the content's chroma, by YIQ's own rows, in float64."""
    # I and Q of the NTSC standard, rows as in FCC 73.682; their inverse is computed.
    rows = np.array([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])
    rows[1:] -= rows[1:].mean(axis=1, keepdims=True)  # grey has neither I nor Q
    yiq = np.asarray(content, np.float64) @ rows.T
    yiq[..., 0] = np.asarray(stylised, np.float64) @ rows[0]
    return np.clip(yiq @ np.linalg.inv(rows).T, 0, 255)


@pytest.mark.hidden
def test_transfer_colours_agrees_on_many_pictures(transfer_colours):
    for seed, size in enumerate([(5, 4), (2, 9), (40, 30)]):
        content = reference_pixels(seed, *size, 3)
        stylised = reference_pixels(seed + 10, *size, 3)
        call = f"transfer_colours of pictures of shape {content.shape}"
        got = check_call(call, transfer_colours, content, stylised)
        hint = "Every pixel: the stylised luminance, the content's chroma, cut to 0 ... 255."
        check_close(call, got, reference_transfer(content, stylised), hint, CHECK_LEVEL)


@pytest.mark.hidden
def test_transfer_colours_of_a_picture_with_itself_is_the_picture(transfer_colours):
    picture = reference_pixels(3, 6, 7, 3)
    call = "transfer_colours(picture, picture)"
    got = check_call(call, transfer_colours, picture, picture)
    check_close(call, got, picture, "Its luminance and its chroma are its own.", CHECK_LEVEL)


# ---- value_and_gradient


class CheckCost:
    """A cost of a picture: the squared distance from a target, some pixels counting more."""

    def __init__(self, target, weights):
        self.target = np.asarray(target, np.float32)
        self.weights = np.asarray(weights, np.float32)

    def __call__(self, image):
        assert tf.is_tensor(image), (
            f"cost was given a {type(image).__name__}; it takes a tensor, so that the tape can "
            "follow"
        )
        assert image.shape.is_compatible_with(self.target.shape), (
            f"cost was given a picture of shape {image.shape}; it takes {self.target.shape}, "
            "which is what the argument shape says"
        )
        assert image.dtype == tf.float32, (
            f"cost was given a picture of {image.dtype.name}; the network takes float32"
        )
        return tf.reduce_sum(self.weights * (image - self.target) ** 2)


def check_cost():
    """Return a cost over two rows, three columns and three channels; the second row is double."""
    weights = np.ones((1, 2, 3, 3))
    weights[:, 1] = 2
    return CheckCost(np.zeros((1, 2, 3, 3)), weights)


def check_value_and_gradient(value_and_gradient, call, x, cost, shape):
    """Return J and the gradient as they came."""
    got = check_call(call, value_and_gradient, x, cost, shape)
    assert got is not None, f"{call} returned None; return J and the gradient."
    try:
        J, gradient = got
    except (TypeError, ValueError) as error:
        raise AssertionError(
            f"{call} returned one {type(got).__name__} that does not come apart into two values; "
            "return J and the gradient."
        ) from error
    return J, gradient


CHECK_CALL = "value_and_gradient(x, cost, shape)"


def test_value_and_gradient_agree_with_sums_by_hand(value_and_gradient):
    x = np.arange(1.0, 19.0)
    right = sum(n**2 for n in range(1, 10)) + 2 * sum(n**2 for n in range(10, 19))
    call = "value_and_gradient of x = 1, 2, ..., 18 and shape (1, 2, 3, 3)"
    J, gradient = check_value_and_gradient(value_and_gradient, call, x, check_cost(), (1, 2, 3, 3))
    hint = "By hand: 1² + ... + 9² + 2 (10² + ... + 18²). The order is J, gradient."
    check_close(f"J of {call}", J, right, hint)
    slope = np.array([2 * n if n < 10 else 4 * n for n in range(1, 19)])
    mistakes = {
        tuple(-slope): "The gradient has the wrong sign: SciPy itself goes downhill.",
    }
    hint = "By hand: 2 n for n = 1 ... 9 and 4 n for n = 10 ... 18, a vector in the order of x."
    hint = check_hint_like(gradient, slope, hint, mistakes)
    check_close(f"the gradient of {call}", gradient, slope, hint)


def test_value_and_gradient_are_what_scipy_takes(value_and_gradient):
    x = np.linspace(20.0, 200.0, 18)
    J, gradient = check_value_and_gradient(
        value_and_gradient, CHECK_CALL, x, check_cost(), (1, 2, 3, 3)
    )
    assert not tf.is_tensor(J), f"J of {CHECK_CALL} is a tensor; SciPy wants a number: float(J)."
    assert np.shape(J) == (), (
        f"J of {CHECK_CALL} has shape {np.shape(J)}; it is one number, not an array."
    )
    assert not tf.is_tensor(gradient), (
        f"the gradient of {CHECK_CALL} is a tensor; SciPy wants a NumPy array: gradient.numpy()."
    )
    numbers = check_array(f"the gradient of {CHECK_CALL}", gradient)
    assert numbers.shape == (18,), (
        f"the gradient of {CHECK_CALL} has shape {numbers.shape}; the right shape is that of x, "
        "(18,): one number after the other."
    )
    kind = np.asarray(gradient).dtype
    assert kind == np.float64, (
        f"the gradient of {CHECK_CALL} is {kind}; SciPy's L-BFGS-B computes in float64."
    )


def test_value_and_gradient_are_zero_at_the_target(value_and_gradient):
    target = np.arange(30.0).reshape(1, 5, 2, 3)
    cost = CheckCost(target, np.full(target.shape, 0.5))
    call = "value_and_gradient at the target, shape (1, 5, 2, 3)"
    J, gradient = check_value_and_gradient(
        value_and_gradient, call, target.ravel().copy(), cost, (1, 5, 2, 3)
    )
    hint = "x holds the picture row by row; the picture is x in the given shape."
    check_close(f"J of {call}", J, 0, hint)
    check_close(f"the gradient of {call}", gradient, np.zeros(30), hint)


def test_value_and_gradient_let_scipy_find_the_best_picture(value_and_gradient):
    target = np.linspace(-60.0, 300.0, 36).reshape(1, 3, 4, 3)
    cost, start = CheckCost(target, np.ones(target.shape)), np.full(36, 128.0)

    def fun(x):
        return check_value_and_gradient(value_and_gradient, CHECK_CALL, x, cost, (1, 3, 4, 3))

    try:
        found = minimize(fun, start, jac=True, method="L-BFGS-B", bounds=[(0.0, 255.0)] * 36)
    except (TypeError, ValueError) as error:
        raise AssertionError(
            f"SciPy cannot work with what {CHECK_CALL} returns: {check_reason(error)}"
        ) from error
    hint = "With bounds 0 and 255, SciPy finds the target, cut to 0 ... 255."
    call = f"the picture that SciPy finds by {CHECK_CALL}"
    check_close(call, found.x, np.clip(target.ravel(), 0, 255), hint, rtol=1e-3)


class ReferenceCost:
    """A cost by a 1 x 1 convolution, with value and gradient in float64."""

    def __init__(self, seed, shape):
        draws = np.random.default_rng(seed)
        self.filters = draws.normal(size=(3, 4)) / 100
        self.target = draws.normal(size=(*shape[:-1], 4))

    def __call__(self, image):
        assert image.shape.is_compatible_with((*self.target.shape[:-1], 3)), (
            f"cost was given a picture of shape {image.shape}, which is not the argument shape"
        )
        filters, target = (tf.constant(a, tf.float32) for a in (self.filters, self.target))
        # No matrix product: on a GPU it might be rounded to TF32.
        seen = tf.tanh(tf.reduce_sum(image[..., tf.newaxis] * filters, axis=3))
        return tf.reduce_mean((seen - target) ** 2)

    def right(self, x):
        """Return the value and the gradient."""
        seen = np.tanh(x.reshape(*self.target.shape[:-1], 3) @ self.filters)
        pull = 2 * (seen - self.target) * (1 - seen**2) / seen.size
        return np.mean((seen - self.target) ** 2), (pull @ self.filters.T).ravel()


@pytest.mark.hidden
def test_value_and_gradient_agree_with_another_cost(value_and_gradient):
    for seed, shape in enumerate([(1, 4, 6, 3), (1, 7, 2, 3), (1, 1, 5, 3)]):
        cost = ReferenceCost(seed, shape)
        x = reference_pixels(seed, int(np.prod(shape))).astype(np.float64)
        call = f"value_and_gradient of a picture of shape {shape}"
        J, gradient = check_value_and_gradient(value_and_gradient, call, x, cost, shape)
        right, slope = cost.right(x)
        hint = "Use the arguments x, cost and shape, whatever they are."
        check_close(f"J of {call}", J, right, hint, rtol=1e-3)
        check_close(f"the gradient of {call}", gradient, slope, hint, rtol=1e-3)


@pytest.mark.hidden
def test_value_and_gradient_agree_on_a_large_picture(value_and_gradient):
    shape = (1, 120, 90, 3)
    target = reference_pixels(2, *shape)
    cost, x = CheckCost(target, np.full(shape, 0.01)), np.full(target.size, 100.0)
    call = f"value_and_gradient of a picture of shape {shape}"
    J, gradient = check_value_and_gradient(value_and_gradient, call, x, cost, shape)
    far = x - target.ravel()
    hint = "Use the arguments x, cost and shape, whatever they are."
    check_close(f"J of {call}", J, 0.01 * np.sum(far**2), hint, rtol=1e-3)
    check_close(f"the gradient of {call}", gradient, 0.02 * far, hint, rtol=1e-3)
