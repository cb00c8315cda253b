"""What is right in the art notebook: one definition for pytest, grade cells and the grader.

Every test takes one argument, the student's function, and every assertion speaks to the student.
Helpers named ``check_*`` go into the notebook with the visible tests, so none of them may be
useful as an answer. So may ``inside_*``, which run where the student's function does: a grader
that keeps the answers in another process calls them there. ``reference_*`` hold the
answers; only hidden tests use them.
"""

import contextlib
import inspect
import itertools
import re
from functools import cache, wraps
from unittest.mock import patch

import numpy as np
import pytest
import tensorflow as tf

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
    lines = (
        re.sub(r"\{\{.*?\}\} *| *\[Op:.*|: <tf.Variable.*", "", str(error)).strip().splitlines()
    )
    reason = (lines or ["no message"])[0][:300].rstrip(".")
    advice = {
        "no attribute 'squared_difference'": "TensorFlow 2 calls it tf.math.squared_difference.",
        "no attribute 'to_float'": "In TensorFlow 2 that is tf.cast(x, tf.float32).",
        "no attribute 'Session'": "TensorFlow 2 needs no session: a tensor has its value at once.",
        "'CheckLayers' object has no attribute": "Of a_G only a_G[name] is promised.",
        "No gradients provided": "The tape found no way from J back to model['input']: ask the "
        "model and compute the costs inside the with block, by TensorFlow alone.",
        "Unknown variable": "The arguments model and optimizer belong together: the optimizer "
        "changes model['input'], no other variable, and no other optimizer does.",
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


def check_globals(function, **names):
    """Give the function these global names for the length of a `with` block."""
    inner = inspect.unwrap(getattr(function, "python_function", function))
    return patch.dict(getattr(inner, "__globals__", {}), names)


def check_either_way(function, check, **stand_ins):
    """Judge a function alone: right with its own earlier exercises, or with stand-ins for them."""
    with contextlib.suppress(Exception):
        check(function)
        return
    with check_globals(function, **stand_ins):
        check(function)


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


def reference_content(a_C, a_G):
    """Return the content cost in float64, and its gradient with respect to a_G."""
    difference = np.asarray(a_G, np.float64) - np.asarray(a_C, np.float64)
    return (difference**2).sum() / (4 * difference.size), difference / (2 * difference.size)


def reference_layer_style(a_S, a_G):
    """Return one layer's style cost in float64, and its gradient with respect to a_G."""
    n_C = a_G.shape[-1]
    S, G = (np.asarray(a, np.float64).reshape(-1, n_C) for a in (a_S, a_G))
    difference = G.T @ G - S.T @ S
    cost = (difference**2).sum() / (4.0 * G.size**2)
    return cost, (G @ difference / float(G.size) ** 2).reshape(a_G.shape)


@cache
def reference_large_layer():
    """Return activations of 50,000 pixels, and both right costs."""
    # Their number and its square overflow where the notebook's own layers would; 8 channels do.
    a_S, a_G = reference_draw(0, 1, 250, 200, 8), reference_draw(1, 1, 250, 200, 8)
    return a_S, a_G, reference_content(a_S, a_G)[0], reference_layer_style(a_S, a_G)[0]


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


def reference_gram(A):
    """Stand in for gram_matrix."""
    assert len(A.shape) == 2, f"gram_matrix takes a matrix, not shape {A.shape}."
    assert A.shape[0] <= 512, "gram_matrix takes a row for each channel, not for each pixel."
    return tf.einsum("ip,jp->ij", A, A)


def reference_content_cost(a_C, a_G):
    """Stand in for compute_content_cost."""
    assert a_C.shape == a_G.shape, "compute_content_cost takes two activations of one shape."
    return tf.reduce_mean(tf.square(a_C - a_G)) / 4


def reference_layer_style_cost(a_S, a_G):
    """Stand in for compute_layer_style_cost."""
    assert a_S.shape == a_G.shape, "compute_layer_style_cost takes two activations of one shape."
    n_C = a_G.shape[-1]
    S, G = (reference_gram(tf.transpose(tf.reshape(a, (-1, n_C)))) for a in (a_S, a_G))
    return tf.reduce_sum(tf.square((S - G) / float(np.prod(a_G.shape)))) / 4


def reference_style_cost(a_S, a_G, STYLE_LAYERS):
    """Stand in for compute_style_cost."""
    # A student's code may call it, with anything.
    assert len(STYLE_LAYERS) <= 10, "compute_style_cost takes the few layers of STYLE_LAYERS."
    costs = [w * reference_layer_style_cost(a_S[name], a_G[name]) for name, w in STYLE_LAYERS]
    return tf.add_n(costs)


def reference_is_number(value):
    """Tell whether it is one number, and no array; in a graph that may not be known yet."""
    if isinstance(value, int | float):
        return True
    return hasattr(value, "shape") and tf.TensorShape(value.shape).rank in {0, None}


def reference_total_cost(J_content, J_style, alpha=10, beta=40):
    """Stand in for total_cost."""
    given = (J_content, J_style, alpha, beta)
    assert all(map(reference_is_number, given)), "total_cost takes numbers, not arrays of them."
    return alpha * J_content + beta * J_style


def reference_before(exercise):
    """Return right earlier exercises, for a function that is judged by itself."""
    right = {
        "compute_content_cost": reference_content_cost,
        "gram_matrix": reference_gram,
        "compute_layer_style_cost": reference_layer_style_cost,
        "compute_style_cost": reference_style_cost,
        "total_cost": reference_total_cost,
        "train_step": None,
    }
    # Not the exercise itself, nor a later one: it could be called in place of an answer.
    return {name: right[name] for name in itertools.takewhile(exercise.__ne__, right)}


REFERENCE_SHAPES = [(1, 4, 6, 3), (1, 7, 2, 5), (1, 3, 5, 8)]


# ---- compute_content_cost


def test_content_cost_has_the_published_value(compute_content_cost):
    a_C, a_G = check_draw(3, (1, 4, 4, 3)), check_draw(9, (1, 4, 4, 3))
    call, right = "compute_content_cost(a_C, a_G)", 6.7655926
    got = check_call(call, compute_content_cost, a_C, a_G)
    mistakes = {
        4 * right: "The factor 1/4 is missing.",
        2 * right: "The factor is 1/4, not 1/2.",
        4 * 48 * right: "The sum is not yet divided by 4 * n_H * n_W * n_C.",
        48 * right: "The sum is not yet divided by n_H * n_W * n_C.",
        3 * right: "The divisor lacks n_C, the number of channels.",
        96 * right: "The sum is to be divided by 4 * n_H * n_W * n_C, not halved.",
    }
    hint = "Sum the squared differences, then divide by 4 * n_H * n_W * n_C."
    check_close(call, got, right, check_hint(got, hint, mistakes))


def test_content_cost_agrees_with_a_sum_by_hand(compute_content_cost):
    a_C = tf.constant([[[[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]]]])  # n_H = 2, n_W = 1, n_C = 3
    a_G = tf.constant([[[[1.0, 0.0, 3.0]], [[8.0, 5.0, 5.0]]]])
    call = "compute_content_cost of [1, 2, 3], [4, 5, 6] and [1, 0, 3], [8, 5, 5]"
    right = (2**2 + 4**2 + 1**2) / (4 * 2 * 1 * 3)
    hint = "By hand: (2² + 4² + 1²) / (4 · 2 · 1 · 3)."
    check_close(call, check_call(call, compute_content_cost, a_C, a_G), right, hint)


def test_content_cost_of_equal_activations_is_zero(compute_content_cost):
    a_C = check_draw(5, (1, 3, 2, 4))
    call = "compute_content_cost(a, a)"
    hint = "Equal activations mean equal content."
    check_close(call, check_call(call, compute_content_cost, a_C, a_C), 0, hint)


def test_content_cost_of_a_doubled_difference_is_four_times_as_large(compute_content_cost):
    a_C, far = check_draw(5, (1, 3, 2, 4)), check_draw(6, (1, 3, 2, 4))
    near = (a_C + far) / 2
    once, twice = (
        check_array(
            "compute_content_cost(a_C, a_G)",
            check_call("compute_content_cost(a_C, a_G)", compute_content_cost, a_C, a_G),
        )
        for a_G in (near, far)
    )
    hint = "Twice the difference costs four times as much, for the differences are squared."
    check_close("compute_content_cost at twice the difference", twice, 4 * once, hint)


@pytest.mark.hidden
def test_content_cost_agrees_on_many_shapes(compute_content_cost):
    for seed, shape in enumerate(REFERENCE_SHAPES):
        a_C, a_G = reference_draw(seed, *shape), reference_draw(seed + 10, *shape)
        call = f"compute_content_cost of activations of shape {shape}"
        right, _ = reference_content(a_C, a_G)
        hint = "n_H, n_W and n_C come from the shape of the activation, whatever it is."
        got = check_call(call, compute_content_cost, a_C, a_G)
        check_close(call, got, right, hint, rtol=1e-3)


@pytest.mark.hidden
def test_content_cost_agrees_on_a_large_layer(compute_content_cost):
    a_C, a_G, right, _ = reference_large_layer()
    call = "compute_content_cost of activations of shape (1, 250, 200, 8)"
    hint = "It is right for small layers only: is a number too large for its type?"
    check_close(call, check_call(call, compute_content_cost, a_C, a_G), right, hint, rtol=1e-3)


@pytest.mark.hidden
def test_content_cost_has_the_right_gradient(compute_content_cost):
    a_C, a_G = reference_draw(1, 1, 4, 6, 3), reference_draw(2, 1, 4, 6, 3)
    call = "compute_content_cost(a_C, a_G)"
    _, right = reference_content(a_C, a_G)
    reference_gradient(call, a_G, lambda: check_call(call, compute_content_cost, a_C, a_G), right)


# ---- gram_matrix


def test_gram_matrix_has_the_published_value(gram_matrix):
    A = check_draw(3, (3, 2))
    right = [
        [6.4223056, -4.429122, -2.0966818],
        [-4.429122, 19.465837, 19.563871],
        [-2.0966818, 19.563871, 20.686462],
    ]
    got = check_call("gram_matrix(A)", gram_matrix, A)
    hint = (
        "A has a row for each channel; the Gram matrix is n_C x n_C, here 3 x 3: A Aᵀ, not AᵀA, "
        "and not divided by anything."
    )
    check_close("gram_matrix(A)", got, right, hint, rtol=CHECK_TF32)


def test_gram_matrix_agrees_with_sums_by_hand(gram_matrix):
    A = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    call = "gram_matrix([[1, 2, 3], [4, 5, 6]])"
    right = [
        [1 * 1 + 2 * 2 + 3 * 3, 1 * 4 + 2 * 5 + 3 * 6],
        [4 * 1 + 5 * 2 + 6 * 3, 4 * 4 + 5 * 5 + 6 * 6],
    ]
    hint = "Entry (i, j) is the dot product of row i and row j."
    check_close(call, check_call(call, gram_matrix, A), right, hint)


def test_gram_matrix_is_symmetric(gram_matrix):
    got = check_array(
        "gram_matrix(A)", check_call("gram_matrix(A)", gram_matrix, check_draw(4, (5, 7)))
    )
    hint = "Row i times row j is row j times row i, so G must equal its transpose."
    check_close("the transpose of gram_matrix(A)", got.T, got, hint)


def test_gram_matrix_of_doubled_activations_is_four_times_as_large(gram_matrix):
    A = check_draw(5, (3, 4))
    once, twice = (
        check_array("gram_matrix(A)", check_call("gram_matrix(A)", gram_matrix, B))
        for B in (A, 2 * A)
    )
    hint = (
        "Every entry is a sum of products of two activations: nothing is divided, no root taken."
    )
    check_close("gram_matrix(2 * A)", twice, 4 * once, hint)


@cache
def reference_gram_matrix(n_C, pixels):
    """Return a matrix and its Gram matrix in float64."""
    A = reference_draw(2, n_C, pixels)
    return A, np.asarray(A, np.float64) @ np.asarray(A, np.float64).T


@pytest.mark.hidden
def test_gram_matrix_agrees_on_many_shapes(gram_matrix):
    for n_C, pixels in [(2, 9), (7, 3), (5, 24), (8, 50_000)]:
        A, right = reference_gram_matrix(n_C, pixels)
        call = f"gram_matrix of a matrix of shape ({n_C}, {pixels})"
        hint = "The Gram matrix is A Aᵀ, of shape (n_C, n_C), for any number of pixels."
        got = check_call(call, gram_matrix, A)
        check_close(call, got, right, hint, rtol=CHECK_TF32)


@pytest.mark.hidden
def test_gram_matrix_has_the_right_gradient(gram_matrix):
    A, weights = reference_draw(1, 4, 6), reference_draw(2, 4, 4)
    W = np.asarray(weights, np.float64)

    rows = np.asarray(A, np.float64)

    def weighted_sum():
        G = check_call("gram_matrix(A)", gram_matrix, A)
        check_close("gram_matrix(A)", G, rows @ rows.T, "It is A Aᵀ.", rtol=CHECK_TF32)
        return tf.reduce_sum(weights * tf.cast(G, tf.float32)) if tf.is_tensor(G) else G

    right = (W + W.T) @ rows
    reference_gradient("gram_matrix(A)", A, weighted_sum, right, name="A")


# ---- compute_layer_style_cost


def check_gram_matrix(A):
    """Stand in for gram_matrix: one outer product for each pixel, added up outside TensorFlow."""
    return tf.constant(sum(np.outer(pixel, pixel) for pixel in np.transpose(A)), tf.float32)


def test_layer_style_cost_has_the_published_value(compute_layer_style_cost):
    a_S, a_G = check_draw(3, (1, 4, 4, 3)), check_draw(9, (1, 4, 4, 3))
    call, right = "compute_layer_style_cost(a_S, a_G)", 9.190278
    mistakes = {
        11.3452: "The channels are scrambled: they are the last axis, so transpose as well as "
        "reshape; reshape alone moves no axis.",
        11.2132: "The channels are scrambled: transpose so that they become the first axis.",
        33.6962: "These Gram matrices compare pixels; they should compare channels, (n_C, n_C).",
        3 * right: "The divisor holds the square of n_C.",
        4 * right: "The factor 1/4 is missing.",
        48 * right: "The divisor holds the square of n_C * n_H * n_W, not the number itself.",
        4 * 48**2 * right: "The sum is not yet divided by 4 * n_C² * (n_H * n_W)².",
    }
    hint = (
        "Unroll to (n_C, n_H * n_W), take both Gram matrices, sum the squared differences, "
        "divide by 4 * n_C² * (n_H * n_W)²."
    )

    def check(function):
        got = check_call(call, function, a_S, a_G)
        check_close(call, got, right, check_hint(got, hint, mistakes), rtol=CHECK_TF32)

    check_either_way(compute_layer_style_cost, check, gram_matrix=check_gram_matrix)


def test_layer_style_cost_agrees_with_a_sum_by_hand(compute_layer_style_cost):
    a_S = tf.constant([[[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]])  # n_H = 1, n_W = 2, n_C = 3
    a_G = tf.constant([[[[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]]]])
    call = "compute_layer_style_cost of pixels [1, 0, 0], [0, 1, 0] and [1, 0, 2], [0, 1, 0]"
    right = (2**2 + 2**2 + 4**2) / (4 * 3**2 * (1 * 2) ** 2)
    hint = (
        "By hand: channels 1 and 3 now act together (G rises by 2 at two places), channel 3 has "
        "appeared (by 4): (2² + 2² + 4²) / (4 · 3² · (1 · 2)²)."
    )

    def check(function):
        check_close(call, check_call(call, function, a_S, a_G), right, hint)

    check_either_way(compute_layer_style_cost, check, gram_matrix=check_gram_matrix)


def test_layer_style_cost_of_equal_activations_is_zero(compute_layer_style_cost):
    a_S = check_draw(5, (1, 3, 2, 4))
    call = "compute_layer_style_cost(a, a)"

    def check(function):
        got = check_call(call, function, a_S, a_S)
        check_close(call, got, 0, "Equal activations mean equal style.")

    check_either_way(compute_layer_style_cost, check, gram_matrix=check_gram_matrix)


def test_layer_style_cost_does_not_know_where(compute_layer_style_cost):
    a_S = check_draw(5, (1, 3, 2, 4))
    call = "compute_layer_style_cost(a, the same a upside down)"
    hint = (
        "Moving pixels about changes no style: Gram matrices compare channels, (n_C, n_C), "
        "summed over pixels, not pixels with pixels."
    )

    def check(function):
        check_close(call, check_call(call, function, a_S, tf.reverse(a_S, [1])), 0, hint)

    check_either_way(compute_layer_style_cost, check, gram_matrix=check_gram_matrix)


@pytest.mark.hidden
def test_layer_style_cost_agrees_on_many_shapes(compute_layer_style_cost):
    def check(function):
        for seed, shape in enumerate(REFERENCE_SHAPES):
            a_S, a_G = reference_draw(seed, *shape), reference_draw(seed + 10, *shape)
            call = f"compute_layer_style_cost of activations of shape {shape}"
            right, _ = reference_layer_style(a_S, a_G)
            hint = "n_H, n_W and n_C come from the shape of the activation, whatever it is."
            check_close(call, check_call(call, function, a_S, a_G), right, hint, rtol=CHECK_TF32)

    check_either_way(
        compute_layer_style_cost, check, **reference_before("compute_layer_style_cost")
    )


@pytest.mark.hidden
def test_layer_style_cost_agrees_on_a_large_layer(compute_layer_style_cost):
    def check(function):
        # A Gram matrix over 50,000 pixels would take 10 GB: that mistake must fail before.
        small = reference_draw(0, 1, 3, 5, 2), reference_draw(1, 1, 3, 5, 2)
        small_call = "compute_layer_style_cost of activations of shape (1, 3, 5, 2)"
        got = check_call(small_call, function, *small)
        hint = "Compare the Gram matrices of the channels."
        check_close(small_call, got, reference_layer_style(*small)[0], hint, rtol=CHECK_TF32)
        a_S, a_G, _, right = reference_large_layer()
        call = "compute_layer_style_cost of activations of shape (1, 250, 200, 8)"
        hint = (
            "It is right for small layers only. n_C * n_H * n_W is 400,000 here; its square "
            "does not fit into int32, which is what tf.square of a whole number uses: make it "
            "a float first."
        )
        check_close(call, check_call(call, function, a_S, a_G), right, hint, rtol=CHECK_TF32)

    check_either_way(
        compute_layer_style_cost, check, **reference_before("compute_layer_style_cost")
    )


@pytest.mark.hidden
def test_layer_style_cost_has_the_right_gradient(compute_layer_style_cost):
    def check(function):
        a_S, a_G = reference_draw(1, 1, 4, 6, 3), reference_draw(2, 1, 4, 6, 3)
        call = "compute_layer_style_cost(a_S, a_G)"
        _, right = reference_layer_style(a_S, a_G)
        reference_gradient(call, a_G, lambda: check_call(call, function, a_S, a_G), right)

    check_either_way(
        compute_layer_style_cost, check, **reference_before("compute_layer_style_cost")
    )


# ---- compute_style_cost


class CheckLayers:
    """Activations that answer [name] and nothing else, as the notebook's model may be asked."""

    def __init__(self, activations):
        self.activations = activations

    def __getitem__(self, name):
        return self.activations[name]


def check_layer_style_cost(a_S, a_G):
    """Stand in for compute_layer_style_cost: knows the layers of the visible checks, no others."""
    known = {
        frozenset([(1.0, 2.0), (0.0, 0.0)]): 25 / 16,
        frozenset([(3.0,), (1.0,)]): 16.0,
    }
    layer = frozenset([tuple(np.ravel(a_S).tolist()), tuple(np.ravel(a_G).tolist())])
    assert len(layer) == 1 or layer in known, (
        "compute_style_cost does not give compute_layer_style_cost a_S[name] and a_G[name] of "
        "one and the same layer."
    )
    return tf.constant(known.get(layer, 0.0))


def check_two_layers():
    """Return a_S and a_G of two layers, whose style costs are 25/16 and 16."""
    a_S = {"conv1_1": tf.constant([[[[1.0, 2.0]]]]), "conv2_1": tf.constant([[[[3.0]]]])}
    a_G = {"conv1_1": tf.constant([[[[0.0, 0.0]]]]), "conv2_1": tf.constant([[[[1.0]]]])}
    return a_S, a_G


def check_style(compute_style_cost, check):
    """Call `check` with the function and two weighted layers."""
    check_either_way(
        compute_style_cost,
        lambda function: check(function, [("conv1_1", 0.8), ("conv2_1", 0.25)]),
        gram_matrix=check_gram_matrix,
        compute_layer_style_cost=check_layer_style_cost,
    )


def test_style_cost_weighs_its_layers(compute_style_cost):
    a_S, a_G = check_two_layers()
    first, second = 25 / 16, 16
    call = "compute_style_cost with weights 0.8 and 0.25 and layer costs 25/16 and 16"
    right = 0.8 * first + 0.25 * second
    mistakes = {
        first + second: "The weights are not used.",
        0.2 * (first + second): "Use the weights of STYLE_LAYERS, not 0.2.",
        (first + second) / 2: "Use the weights of STYLE_LAYERS, not the mean.",
        right / 2: "Add up the weighted costs; do not take their mean.",
        right / 1.05: "Use the weights as they are; they need not add up to 1.",
        0.25 * second: "Only the last layer counts: add to J_style inside the loop.",
        0.8 * first: "Only the first layer counts: is the return inside the loop, or is the last "
        "layer left out?",
    }

    def check(function, layers):
        got = check_call(call, function, a_S, a_G, layers)
        hint = "By hand: 0.8 · 25/16 + 0.25 · 16."
        check_close(call, got, right, check_hint(got, hint, mistakes))

    check_style(compute_style_cost, check)


def test_style_cost_of_the_style_picture_itself_is_zero(compute_style_cost):
    a_S, _ = check_two_layers()
    call = "compute_style_cost(a_S, a_S, STYLE_LAYERS)"

    def check(function, layers):
        got = check_call(call, function, a_S, a_S, layers)
        check_close(call, got, 0, "Equal activations mean equal style.")

    check_style(compute_style_cost, check)


def test_style_cost_asks_only_for_the_layers_by_name(compute_style_cost):
    a_S, a_G = check_two_layers()
    a_S["conv5_1"] = a_G["conv5_1"] = tf.constant([[[[7.0]]]])
    call = "compute_style_cost(a_S, model, STYLE_LAYERS)"
    hint = "a_G may be the model itself: loop over STYLE_LAYERS and ask for a_G[name]."

    def check(function, layers):
        got = check_call(call, function, a_S, CheckLayers(a_G), layers)
        check_close(call, got, 0.8 * 25 / 16 + 0.25 * 16, hint)

    check_style(compute_style_cost, check)


@cache
def reference_style_layers():
    """Return a_S, a_G of five layers of different sizes."""
    shapes = {
        "conv1_1": (1, 8, 6, 2),
        "conv2_1": (1, 4, 3, 5),
        "conv3_1": (1, 2, 7, 4),
        "conv4_1": (1, 3, 2, 8),
        "conv5_1": (1, 1, 5, 3),
    }
    a_S = {name: reference_draw(i, *shape) for i, (name, shape) in enumerate(shapes.items())}
    a_G = {name: reference_draw(i + 10, *shape) for i, (name, shape) in enumerate(shapes.items())}
    return a_S, a_G


def reference_style(a_S, a_G, style_layers):
    """Return the style cost in float64, and its gradient with respect to each layer's a_G."""
    layers = {name: reference_layer_style(a_S[name], a_G[name]) for name, _ in style_layers}
    cost = sum(weight * layers[name][0] for name, weight in style_layers)
    return cost, {name: weight * layers[name][1] for name, weight in style_layers}


@pytest.mark.hidden
def test_style_cost_agrees_on_many_lists_of_layers(compute_style_cost):
    a_S, a_G = reference_style_layers()
    lists = [
        [(name, 0.2) for name in a_S],
        [("conv3_1", 1.5)],
        [("conv4_1", 0.1), ("conv1_1", 0.7), ("conv2_1", 2.0)],
    ]

    def check(function):
        for layers in lists:
            call = f"compute_style_cost(a_S, a_G, {layers})"
            got = check_call(call, function, dict(a_S), CheckLayers(a_G), list(layers))
            hint = "The list says which layers count, in which order and with which weights."
            check_close(call, got, reference_style(a_S, a_G, layers)[0], hint, rtol=CHECK_TF32)

    check_either_way(compute_style_cost, check, **reference_before("compute_style_cost"))


@pytest.mark.hidden
def test_style_cost_has_the_right_gradient(compute_style_cost):
    a_S, a_G = reference_style_layers()
    layers = [("conv2_1", 0.3), ("conv5_1", 0.9)]
    right = reference_style(a_S, a_G, layers)[1]
    call = "compute_style_cost(a_S, a_G, STYLE_LAYERS)"

    def check(function):
        def cost():
            return check_call(call, function, dict(a_S), CheckLayers(a_G), list(layers))

        sources = [a_G[name] for name in right]
        reference_gradients(call, sources, cost, {f'a_G["{n}"]': g for n, g in right.items()})

    check_either_way(compute_style_cost, check, **reference_before("compute_style_cost"))


# ---- total_cost


def test_total_cost_has_the_published_value(total_cost):
    draws = np.random.RandomState(3)
    J_content, J_style = draws.randn(), draws.randn()
    call = "total_cost(J_content, J_style)"
    got = check_call(call, total_cost, J_content, J_style)
    mistakes = {
        40 * J_content + 10 * J_style: "alpha goes with the content, beta with the style.",
        J_content + J_style: "alpha and beta are not used.",
    }
    hint = check_hint(got, "J = alpha * J_content + beta * J_style.", mistakes)
    check_close(call, got, 35.34667875478276, hint, rtol=1e-5)


def test_total_cost_agrees_with_sums_by_hand(total_cost):
    for J_content, J_style, right in [(1.0, 0.0, 10), (0.0, 1.0, 40), (3.0, 2.0, 110)]:
        call = f"total_cost({J_content}, {J_style})"
        hint = f"By default alpha is 10 and beta is 40: 10 · {J_content} + 40 · {J_style}."
        check_close(call, check_call(call, total_cost, J_content, J_style), right, hint)


def test_total_cost_uses_alpha_and_beta(total_cost):
    call = "total_cost(5.0, 7.0, alpha=2.0, beta=3.0)"
    got = check_call(call, total_cost, 5.0, 7.0, alpha=2.0, beta=3.0)
    hint = "By hand: 2 · 5 + 3 · 7. Use the arguments alpha and beta, not the numbers 10 and 40."
    mistakes = {
        10 * 5 + 40 * 7: "10 and 40 are only the defaults: use the arguments alpha and beta.",
        3 * 5 + 2 * 7: "alpha goes with the content, beta with the style.",
    }
    check_close(call, got, 2 * 5 + 3 * 7, check_hint(got, hint, mistakes))


@pytest.mark.hidden
def test_total_cost_agrees_with_other_weights(total_cost):
    for J_content, J_style, alpha, beta in [(4.5, 0.25, 0.5, 1e3), (0.125, 7.5, 25.0, 0.75)]:
        call = f"total_cost({J_content}, {J_style}, {alpha}, {beta})"
        right = alpha * J_content + beta * J_style
        hint = "J = alpha * J_content + beta * J_style, whatever alpha and beta are."
        for number in (float, tf.constant):
            got = check_call(call, total_cost, number(J_content), number(J_style), alpha, beta)
            check_close(call, got, right, hint)
        got = check_call(call, total_cost, J_content, J_style, beta=beta)
        check_close(call, got, 10 * J_content + beta * J_style, hint)


@pytest.mark.hidden
def test_total_cost_has_the_right_gradient(total_cost):
    J = tf.constant([0.5, 3.0])

    def cost():
        return check_call("total_cost(J_content, J_style)", total_cost, J[0], J[1])

    reference_gradient("total_cost(J_content, J_style)", J, cost, [10, 40], name="its arguments")


# ---- train_step


class CheckNetwork:
    """A network of a few layers that answers model[name], like the notebook's model.

    `layers` maps a name to a function of the picture; the picture is a tf.Variable.
    """

    def __init__(self, picture, **layers):
        self.picture = tf.Variable(picture, dtype=tf.float32)
        self.layers = layers

    def __getitem__(self, name):
        if name == "input":
            return self.picture
        return self.layers[name](tf.convert_to_tensor(self.picture))

    def keys(self):
        return ["input", *self.layers]


class CheckDecoy:
    """Lies in wait, under the name of a global, for a function that ignores its arguments."""

    def __init__(self, name):
        vars(self)["_name"] = name

    def _refuse(self, *_args, **_kwargs):
        name = vars(self)["_name"]
        raise AssertionError(f"it uses the global {name}, not the argument that it is given")

    __getattr__ = __setattr__ = __getitem__ = __call__ = __iter__ = __contains__ = _refuse


def check_step_globals(train_step, content_layer, style_layers):
    """Give a step the layers that it shall use, and decoys, for the length of a `with` block."""
    decoys = {name: CheckDecoy(name) for name in ("model", "optimizer")}
    layers = {"CONTENT_LAYER": content_layer, "STYLE_LAYERS": list(style_layers)}
    return check_globals(train_step, **layers, **decoys)


def check_optimizer(model, optimizer):
    """Return the optimizer, ready for this model's picture."""
    optimizer.build([model["input"]])
    return optimizer


def check_costs(train_step, model, optimizer, a_C, a_S):
    """Run one step and return its three costs."""
    call = "train_step(model, optimizer, a_C, a_S)"
    got = check_call(call, train_step, model, optimizer, a_C, a_S)
    assert got is not None, f"{call} returned None; return J, J_content, J_style."
    try:
        J, J_content, J_style = got
    except (TypeError, ValueError) as error:
        raise AssertionError(
            f"{call} returned one {type(got).__name__} that does not come apart into three "
            "values; return J, J_content, J_style."
        ) from error
    return J, J_content, J_style


def check_grey(value):
    """Return a picture, or an activation, of two rows, five columns and three equal channels."""
    return tf.fill((1, 2, 5, 3), float(value))


def check_grey_model(picture):
    """Return a network whose conv1_1 and conv4_2 are the picture itself."""
    return CheckNetwork(check_grey(picture), conv1_1=tf.identity, conv4_2=tf.identity)


def check_grey_steps(train_step, check, rate, greys, count=1):
    """Call `check` with the costs and the picture of every step.

    `greys` are the picture, the content and the style.
    """

    def check_steps(function):
        check(inside_grey_steps(function, rate, greys, count))

    check_either_way(train_step, check_steps, **check_lines(*greys))


def inside_grey_steps(train_step, rate, greys, count):
    """Take steps on a grey picture; return the costs and the picture of each."""
    picture, content, style = greys
    model = check_grey_model(picture)
    optimizer = check_optimizer(model, tf.keras.optimizers.SGD(rate))
    a_C, a_S = check_grey(content), {"conv1_1": check_grey(style)}
    with check_step_globals(train_step, "conv4_2", [("conv1_1", 1.0)]):
        return [
            (check_costs(train_step, model, optimizer, a_C, a_S), model["input"].numpy())
            for _ in range(count)
        ]


class CheckLine:
    """A straight line that touches the right cost at one grey picture."""

    def __init__(self, distance, value, slope):
        self.distance, self.value, self.slope = distance, value, slope

    def at(self, a, a_G):
        rise = tf.reduce_mean(tf.abs(a_G - a)) - self.distance
        return tf.nn.relu(self.value + self.slope * rise)


class CheckContentLine(CheckLine):
    """Stand in for compute_content_cost."""

    def __call__(self, a_C, a_G):
        return self.at(a_C, a_G)


class CheckLayerStyleLine(CheckLine):
    """Stand in for compute_layer_style_cost."""

    def __call__(self, a_S, a_G):
        return self.at(a_S, a_G)


class CheckStyleLine(CheckLine):
    """Stand in for compute_style_cost."""

    def __call__(self, a_S, a_G, STYLE_LAYERS):
        return self.at(a_S["conv1_1"], a_G["conv1_1"])


def check_total_cost(J_content, J_style, alpha=10, beta=40):
    """Stand in for total_cost."""
    assert (alpha, beta) == (10, 40), "train_step leaves alpha at 10 and beta at 40."
    return 10 * J_content + 40 * J_style


def check_lines(picture, content, style):
    """Stand in for the costs of a grey picture."""
    distance, rise = abs(picture - content), abs(picture**2 - style**2)
    of_style = (abs(picture - style), rise**2 / 4, rise * picture)
    return {
        "compute_content_cost": CheckContentLine(distance, distance**2 / 4, distance / 2),
        "compute_layer_style_cost": CheckLayerStyleLine(*of_style),
        "compute_style_cost": CheckStyleLine(*of_style),
        "total_cost": check_total_cost,
    }


def test_train_step_returns_the_costs_before_the_update(train_step):
    def check(steps):
        [((J, J_content, J_style), _)] = steps
        picture = "of a picture of 5s, where a_C is all 1s and the style is already met,"
        hint = "The order is J, J_content, J_style, all of the picture as it was before the step."
        check_close(f"J_content of train_step {picture}", J_content, 4**2 / 4, hint)
        check_close(f"J_style of train_step {picture}", J_style, 0, hint)
        hint += " J is 10 * J_content + 40 * J_style."
        check_close(f"J of train_step {picture}", J, 10 * 4, hint)

    check_grey_steps(train_step, check, rate=0.6, greys=(5, 1, 5))


def test_train_step_moves_the_picture_towards_the_content(train_step):
    what = "the picture of 5s, after one train_step towards an a_C of 1s,"
    hint = "The step is the learning rate 0.6 times dJ/dpixel, 10 · 2 · (5 - 1) / (4 · 2 · 5 · 3)."
    mistakes = {
        5: "It did not change: give the gradient with respect to model['input'] to "
        "optimizer.apply_gradients.",
        5.4: "It moved uphill: hand the gradient to the optimizer as it is, without a minus.",
        4.2: "It moved twice as far: apply the gradient once, with the optimizer that is given.",
        4.96: "That is the gradient of J_content; it must be that of J.",
        3.4: "Content and style have changed places, or their weights have.",
    }

    def check(steps):
        [(_, picture)] = steps
        right = np.full((1, 2, 5, 3), 4.6)
        check_close(what, picture, right, check_hint(picture, hint, mistakes))

    check_grey_steps(train_step, check, rate=0.6, greys=(5, 1, 5))


def test_train_step_moves_the_picture_towards_the_style(train_step):
    what = "the picture of 2s, after one train_step towards a style of 1s,"
    hint = "The step is the learning rate 1/16 times dJ/dpixel, 40 · 2 · (2² - 1²) / 30."
    mistakes = {
        2: "It did not change: the style has no part in the gradient.",
        2.5: "It moved uphill: hand the gradient to the optimizer as it is, without a minus.",
        1.875: "Content and style have changed places, or their weights have.",
        1: "It moved twice as far: apply the gradient once, with the optimizer that is given.",
        1.9875: "That is the gradient of J_style; it must be that of J.",
    }

    def check(steps):
        [((_, _, J_style), picture)] = steps
        style = "J_style of train_step of a picture of 2s, where the style picture is all 1s,"
        check_close(style, J_style, 2.25, "By hand: (2² - 1²)² / 4.")
        right = np.full((1, 2, 5, 3), 1.5)
        check_close(what, picture, right, check_hint(picture, hint, mistakes))

    check_grey_steps(train_step, check, rate=1 / 16, greys=(2, 2, 1))


def test_train_step_lowers_the_cost_at_every_step(train_step):
    def check(steps):
        costs = [float(check_array("J of train_step", J)) for (J, _, _), _ in steps]
        rises = [i for i in range(1, len(costs)) if not costs[i] < costs[i - 1]]
        assert not rises, (
            f"train_step returned J = {costs[rises[0] - 1]:.6g} and at the next step "
            f"{costs[rises[0]]:.6g}; each step must start from the picture that the last one "
            "left, ask the model anew for its activations, and lower J."
        )

    check_grey_steps(train_step, check, rate=3e-4, greys=(5, 1, 1), count=4)


REFERENCE_CONTENT_LAYER = "conv4_2"
REFERENCE_STYLE_LAYERS = [("conv1_1", 0.7), ("conv5_1", 1.3)]


@cache
def reference_filters():
    """Return for each layer its stride and its filters, (3, n_C), in float64.

    A layer without filters shows the picture itself.
    """
    draws = np.random.default_rng(4)
    sizes = {"conv1_1": (1, 4), "conv2_1": (1, 2), "conv4_1": (2, 3), "conv4_2": (2, 6)}
    sizes |= {"conv5_1": (3, 7)}
    filters = {name: (s, draws.normal(size=(3, n_C))) for name, (s, n_C) in sizes.items()}
    return filters | {"conv1_2": (1, None), "conv2_2": (1, None)}


@cache
def reference_picture(seed):
    return np.random.default_rng(seed).normal(size=(1, 7, 10, 3)).astype(np.float32)


def reference_activation(name, picture):
    """Return tanh of a 1 x 1 convolution, in float64."""
    stride, filters = reference_filters()[name]
    seen = np.asarray(picture, np.float64)[:, ::stride, ::stride]
    return seen if filters is None else np.tanh(seen @ filters)


def reference_targets(content_layer, style_layers):
    """Return a_C and a_S: activations for other pictures."""
    a_C = reference_activation(content_layer, reference_picture(2))
    return a_C, {n: reference_activation(n, 2 * reference_picture(3)) for n, _ in style_layers}


def reference_step(picture, content_layer, style_layers):
    """Return (J, J_content, J_style) and dJ/dpicture in float64."""
    a_C, a_S = reference_targets(content_layer, style_layers)
    a_G = {n: reference_activation(n, picture) for n in [content_layer, *a_S]}
    J_content, content_gradient = reference_content(a_C, a_G[content_layer])
    J_style, style_gradients = reference_style(a_S, a_G, style_layers)
    gradient = np.zeros(picture.shape)
    pulls = [(content_layer, 10 * content_gradient)]
    pulls += [(n, 40 * g) for n, g in style_gradients.items()]
    for name, pull in pulls:
        stride, filters = reference_filters()[name]
        if filters is None:
            gradient[:, ::stride, ::stride] += pull
        else:
            gradient[:, ::stride, ::stride] += (pull * (1 - a_G[name] ** 2)) @ filters.T
    return (10 * J_content + 40 * J_style, J_content, J_style), gradient


def inside_network(picture, filters):
    """Return a network of 1 x 1 convolutions; `filters` holds strides and weights (3, n_C)."""

    def layer(stride, weights):
        if weights is None:
            return tf.identity
        weights = tf.constant(weights, tf.float32)
        # No matrix product: on a GPU it might be rounded to TF32.
        return lambda x: tf.tanh(
            tf.reduce_sum(x[:, ::stride, ::stride, :, tf.newaxis] * weights, axis=3)
        )

    return CheckNetwork(picture, **{name: layer(*f) for name, f in filters.items()})


def inside_graph(function):
    """Return the function as a graph, or as it is in steps that no graph can hold."""
    graph = tf.function(function, autograph=False)

    @wraps(function)
    def step(*arguments):
        # A right step may print its costs or turn them into floats, which no graph can do.
        try:
            graph.get_concrete_function(*arguments)
        except Exception:
            return function(*arguments)
        return graph(*arguments)

    return step


def inside_painting(train_step, filters, layers, optimizer, targets, pictures, in_graph):
    """Let the function take a step from each picture, and tell what came of it.

    Parameters
    ----------
    filters : see `inside_network`
    layers : name of the content layer, list of style layers and weights
    optimizer : name of a Keras optimizer, dict of its settings
    targets : a_C and a_S, for the network
    pictures : a list of arrays, None for where the last step ended
    in_graph : whether to call it as a graph

    Returns
    -------
    dict with the costs and the picture after each step, and what else was changed
    """
    model = inside_network(pictures[0], filters)
    name, settings = optimizer
    optimizer = check_optimizer(model, getattr(tf.keras.optimizers, name)(**settings))
    a_C, a_S = tf.constant(targets[0]), {n: tf.constant(a) for n, a in targets[1].items()}
    given, steps = dict(a_S), []
    step = inside_graph(train_step) if in_graph else train_step
    with check_step_globals(train_step, *layers):
        for picture in pictures:
            if picture is not None:
                model["input"].assign(picture)
            costs = check_costs(step, model, optimizer, a_C, a_S)
            steps.append((costs, model["input"].numpy()))
    return {
        "steps": steps,
        "updates": int(optimizer.iterations),
        "a_S is as it was": [id(a) for a in a_S.values()] == [id(a) for a in given.values()],
    }


def reference_painting(function, layers, optimizer, pictures, in_graph=False):
    """Return each step's costs and new picture, after a look at what else they changed."""
    a_C, a_S = reference_targets(*layers)
    targets = a_C.astype(np.float32), {n: a.astype(np.float32) for n, a in a_S.items()}
    network = reference_filters()
    seen = inside_painting(function, network, layers, optimizer, targets, pictures, in_graph)
    assert seen["updates"] == len(pictures), (
        f"train_step, called {len(pictures)} times, applied {seen['updates']} gradients with its "
        "optimizer; each call applies one, by optimizer.apply_gradients."
    )
    assert seen["a_S is as it was"], "train_step changed a_S: it may only read it."
    return seen["steps"]


def reference_compare(got, picture, right, change):
    """Compare costs and the change of the picture with the right ones."""
    (costs, new), names = got, ("J", "J_content", "J_style")
    for name, cost, value in zip(names, costs, right, strict=True):
        hint = (
            "Ask the model for the layers CONTENT_LAYER and STYLE_LAYERS of its present picture, "
            "and return J, J_content, J_style as they are before the update."
        )
        check_close(f"{name} of train_step", cost, value, hint, rtol=CHECK_TF32)
    hint = "The optimizer applies dJ/d model['input'] once, to the picture alone."
    moved = new.astype(np.float64) - picture
    check_close(
        "the change of the picture in train_step", moved, change, hint, rtol=2 * CHECK_TF32
    )


def reference_sgd(rate):
    return "SGD", {"learning_rate": rate}


def reference_adam(settings):
    """Return Adam's rule (Kingma and Ba, 2015, section 2) in float64: gradient to change."""
    state = {"step": 0, "mean": 0.0, "square": 0.0}

    def change(gradient):
        state["step"] += 1
        state["mean"] = 0.9 * state["mean"] + 0.1 * gradient
        state["square"] = 0.999 * state["square"] + 0.001 * gradient**2
        rate = settings["learning_rate"] * np.sqrt(1 - 0.999 ** state["step"])
        rate /= 1 - 0.9 ** state["step"]
        return -rate * state["mean"] / (np.sqrt(state["square"]) + settings["epsilon"])

    return change


REFERENCE_LAYERS = (REFERENCE_CONTENT_LAYER, REFERENCE_STYLE_LAYERS)
REFERENCE_TWO_LAYERS = ("conv2_1", [("conv4_1", 0.4)])
REFERENCE_BARE_LAYERS = ("conv1_2", [("conv2_2", 0.4)])


@pytest.mark.hidden
def test_train_step_follows_the_gradient(train_step):
    def check(function):
        picture, rate = reference_picture(1), 0.5
        for got in reference_painting(
            function, REFERENCE_LAYERS, reference_sgd(rate), [picture, None]
        ):
            costs, gradient = reference_step(picture, *REFERENCE_LAYERS)
            reference_compare(got, picture, costs, -rate * gradient)
            picture = got[1]

    check_either_way(train_step, check, **reference_before("train_step"))


@pytest.mark.hidden
def test_train_step_works_with_adam_other_layers_and_a_new_picture(train_step):
    # Adam's usual epsilon would blow up the rounding errors of the smallest gradients.
    settings = {"learning_rate": 0.02, "epsilon": 1e-3}
    layers, pictures = REFERENCE_TWO_LAYERS, [reference_picture(1), reference_picture(5)]

    def check(function):
        change = reference_adam(settings)
        painting = reference_painting(function, layers, ("Adam", settings), pictures)
        for picture, got in zip(pictures, painting, strict=True):
            costs, gradient = reference_step(picture, *layers)
            reference_compare(got, picture, costs, change(gradient))

    check_either_way(train_step, check, **reference_before("train_step"))


@pytest.mark.hidden
def test_train_step_is_right_in_a_graph(train_step):
    def check(function):
        # The fewer steps a graph has, the sooner it is recorded.
        layers, picture = REFERENCE_BARE_LAYERS, reference_picture(1)
        right, gradient = reference_step(picture, *layers)
        (got,) = reference_painting(function, layers, reference_sgd(0.5), [picture], in_graph=True)
        reference_compare(got, picture, right, -0.5 * gradient)

    check_either_way(train_step, check, **reference_before("train_step"))
