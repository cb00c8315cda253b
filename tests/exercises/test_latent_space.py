"""What is right in the latent-space notebook: one definition for pytest, grade cells, the grader.

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
import warnings
from functools import cache
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
    lines = re.sub(r"\{\{.*?\}\} *| *\[Op:.*", "", str(error)).strip().splitlines()
    reason = (lines or ["no message"])[0][:300].rstrip(".")
    advice = {
        "no attribute 'random_normal'": "TensorFlow 2 calls it tf.random.normal.",
        "no attribute 'log'": "TensorFlow 2 calls it tf.math.log.",
        "can be converted to Python scalars": "A tensor stands where a number is expected: take "
        "tf.exp and tf.math.log, not those of the module math.",
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


# ---- helpers for encoder and decoder


def check_network(call, function, *latent_dim):
    """Return the Keras model that the function builds, if it is one that can be used."""
    model = check_call(call, function, *latent_dim)
    assert model is not None, (
        f"{call} returned None: the function has no return, or a None placeholder is left in it."
    )
    kind = type(model).__name__
    assert isinstance(model, tf.keras.Model), (
        f"{call} returned a {kind}, not a Keras model: end with "
        "return tf.keras.Model(inputs, outputs)."
    )
    assert getattr(model, "inputs", None), (
        f"{call} returned a model that does not know its input: begin with "
        "inputs = tf.keras.Input(shape=...) and end with tf.keras.Model(inputs, outputs)."
    )
    return model


def check_weights(call, model, weights):
    """Give a model these weights, which are not those of a right one where the shapes differ."""
    shapes = [tuple(weight.shape) for weight in model.weights]
    assert shapes == [weight.shape for weight in weights], (
        f"{call} has weights of the shapes {shapes}; right are "
        f"{[weight.shape for weight in weights]}: the layers, their sizes or their order differ."
    )
    model.set_weights(weights)


def inside_network(call, function, latent_dim, weights=(), inputs=None):
    """Build a network beside the student's function; tell of what it is made and what it gives.

    Returns
    -------
    dict
        Under "inputs" and "outputs" lists of shapes, "layers" a list of (class, shape, number of
        parameters), "parameters" their sum, "gives" the list of outputs for the inputs.
    """
    model = check_network(call, function, *latent_dim)
    layers = [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]
    about = {
        "inputs": [tuple(tensor.shape) for tensor in model.inputs],
        "outputs": [tuple(tensor.shape) for tensor in model.outputs],
        "layers": [
            (type(la).__name__, tuple(la.output.shape), la.count_params()) for la in layers
        ],
        "parameters": model.count_params(),
    }
    if inputs is not None:
        check_weights(call, model, list(weights))
        with warnings.catch_warnings(action="ignore"):  # a list of one input is given a tensor
            given = check_call(f"the model of {call}, called with {inputs.shape},", model, inputs)
        about["gives"] = list(given) if isinstance(given, list | tuple) else [given]
    return about


def inside_two(call, function):
    """Tell whether two networks that the function builds have weights of their own."""
    first, second = (check_network(call, function) for _ in range(2))
    return {id(weight) for weight in first.weights}.isdisjoint(map(id, second.weights))


def check_shapes(call, about, inputs, outputs, hint):
    """Compare the shapes of a network's inputs and outputs with the right ones."""
    for which, right in (("takes", inputs), ("gives", outputs)):
        got = [tuple(shape) for shape in about["inputs" if which == "takes" else "outputs"]]
        assert got == right, f"the model of {call} {which} {got}; right is {right}. {hint}"


def check_parameters(call, about, right, mistakes):
    """Compare a network's number of parameters with the right one."""
    layers = "; ".join(f"{kind} {shape[1:]} {n:,}" for kind, shape, n in about["layers"])
    hint = mistakes.get(about["parameters"], "Compare the layers with the list in the text.")
    assert about["parameters"] == right, (
        f"the model of {call} has {about['parameters']:,} parameters; right are {right:,}. {hint} "
        f"Its layers, with the shapes that they give and their parameters: {layers}."
    )


@cache
def check_numbers(seed, *shapes):
    """Draw weights of these shapes, large enough to be seen in what a network gives."""
    draws = np.random.default_rng(seed)
    scales = [np.sqrt(2 / np.prod(shape[:-1])) if shape[1:] else 0.5 for shape in shapes]
    return [
        (scale * draws.normal(size=shape)).astype(np.float32)
        for scale, shape in zip(scales, shapes, strict=True)
    ]


@cache
def check_pictures(seed, m):
    """Draw m pictures (m, 28, 28, 1) of grey pixels."""
    return np.random.default_rng(seed).uniform(size=(m, 28, 28, 1)).astype(np.float32)


def check_encoder_weights(seed, latent_dim):
    """Draw weights for the encoder that the text asks for, layer by layer."""
    heads = 2 * [(128, latent_dim), (latent_dim,)]
    convolutions = [(3, 3, 1, 16), (16,), (3, 3, 16, 32), (32,)]
    return check_numbers(seed, *convolutions, (1568, 128), (128,), *heads)


# ---- encoder


def check_two(call, given):
    """Return the two outputs as arrays."""
    assert len(given) == 2, (
        f"the model of {call} has {len(given)} outputs; right are 2, z_mean and z_log_var."
    )
    return [check_array(f"an output of the model of {call}", z) for z in given]


def test_encoder_takes_pictures_and_gives_two_codes(encoder):
    hint = "Two outputs, z_mean and z_log_var, each with latent_dim numbers for a picture."
    for latent_dim in ((), (2,), (5,)):
        call = f"encoder({', '.join(map(str, latent_dim))})"
        about = inside_network(call, encoder, latent_dim)
        width = (*latent_dim, 2)[0]
        check_shapes(call, about, [(None, 28, 28, 1)], 2 * [(None, width)], hint)


def test_encoder_has_the_layers_of_the_text(encoder):
    mistakes = {
        3_216_708: "The convolutions have no strides: with strides=2 each halves the picture.",
        808_260: "One convolution has no strides: with strides=2 each halves the picture.",
        152_900: 'The convolutions cut the border off: padding="same" keeps it.',
        11_076: "The Dense layer of 128 units is missing.",
        205_890: "z_mean and z_log_var are one layer: each needs a Dense layer of its own.",
        9_540: "Flatten keeps all 7 x 7 places; a global pooling forgets where something is.",
        214_596: "The filters of the convolutions are 3 x 3.",
    }
    about = inside_network("encoder()", encoder, ())
    check_parameters("encoder()", about, 206_148, mistakes)


def test_encoder_gives_two_different_numbers_of_any_size(encoder):
    call, pictures, weights = "encoder()", check_pictures(4, 6), check_encoder_weights(4, 2)
    twice = [*weights[:-4], *(-2 * weight for weight in weights[-4:])]
    first, second = (
        check_two(call, inside_network(call, encoder, (2,), numbers, pictures)["gives"])
        for numbers in (weights, twice)
    )
    for name, before, after in zip(("z_mean", "z_log_var"), first, second, strict=True):
        assert before.shape == (6, 2), (
            f"{name} of 6 pictures has shape {before.shape}; right is (6, 2), for {call}."
        )
        limit = CHECK_TF32 * np.abs(before).max()
        assert np.allclose(after, -2 * before, rtol=0, atol=limit), (
            f"{name} of the model of {call} was {before[0]} for a picture, and {after[0]} when "
            "the weights of the two layers at the end were multiplied by -2; that is to multiply "
            "it by -2, too: the two layers have no activation."
        )
    assert not np.allclose(*first), (
        f"z_mean and z_log_var of the model of {call} are the same numbers: each has a Dense "
        "layer of its own."
    )


def reference_convolved(x, kernel, bias):
    """Convolve x (m, n, n, c), n even, at every other place: the border gets one row of zeros."""
    n = x.shape[1]
    padded = np.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0)))
    places = itertools.product(range(3), repeat=2)
    return bias + sum(padded[:, i : i + n : 2, j : j + n : 2] @ kernel[i, j] for i, j in places)


def reference_relu(x):
    """Cut at 0."""
    return np.maximum(x, 0)


def reference_encoded(x, weights):
    """Return what the two heads give, in float64."""
    first, b1, second, b2, dense, b3, *heads = (w.astype(np.float64) for w in weights)
    x = reference_relu(reference_convolved(x.astype(np.float64), first, b1))
    x = reference_relu(reference_convolved(x, second, b2))
    x = reference_relu(x.reshape(len(x), -1) @ dense + b3)
    return [x @ heads[0] + heads[1], x @ heads[2] + heads[3]]


@pytest.mark.hidden
def test_encoder_computes_what_the_text_says(encoder):
    hint = (
        "Two convolutions with relu, then Flatten, then Dense with relu, then the two outputs "
        "straight from it."
    )
    for latent_dim, m in ((2, 1), (3, 5)):
        call, weights = f"encoder({latent_dim})", check_encoder_weights(m, latent_dim)
        pictures = check_pictures(m, m)
        about = inside_network(call, encoder, (latent_dim,), weights, pictures)
        given = check_two(call, about["gives"])
        rights = reference_encoded(pictures, weights)
        same = given[0].shape == rights[1].shape
        if same and np.allclose(given[0], rights[1], rtol=0.01, atol=0.01):
            rights.reverse()  # the two layers may be made in any order
        for name, got, right in zip(("z_mean", "z_log_var"), given, rights, strict=True):
            check_close(f"{name} of the model of {call}", got, right, hint, CHECK_TF32)


@pytest.mark.hidden
def test_encoder_is_new_in_every_call(encoder):
    assert inside_two("encoder()", encoder), (
        "encoder() returned a model twice, or two with common layers: make all layers inside "
        "the function."
    )


# ---- decoder


def check_decoder_weights(seed, latent_dim):
    """Draw weights for the decoder that the text asks for, layer by layer."""
    dense = [(latent_dim, 128), (128,), (128, 256), (256,), (256, 1568), (1568,)]
    return check_numbers(seed, *dense, (3, 3, 16, 32), (16,), (3, 3, 1, 16), (1,))


def check_codes(seed, m, latent_dim):
    """Draw codes (m, latent_dim)."""
    return np.random.default_rng(seed).normal(size=(m, latent_dim)).astype(np.float32)


def test_decoder_takes_codes_and_gives_pictures(decoder):
    hint = "latent_dim numbers go in, a picture of 28 x 28 x 1 comes out."
    for latent_dim in ((), (2,), (5,)):
        call = f"decoder({', '.join(map(str, latent_dim))})"
        about = inside_network(call, decoder, latent_dim)
        width = (*latent_dim, 2)[0]
        check_shapes(call, about, [(None, width)], [(None, 28, 28, 1)], hint)


def test_decoder_has_the_layers_of_the_text(decoder):
    mistakes = {
        408_513: "The first Dense layer, of 128 units, is missing.",
        207_425: "The second Dense layer, of 256 units, is missing.",
        9_473: "The Dense layers of 128 and of 256 units are missing.",
        449_601: "The filters of the convolutions are 3 x 3.",
    }
    about = inside_network("decoder()", decoder, ())
    check_parameters("decoder()", about, 441_153, mistakes)


def test_decoder_gives_pixels_from_0_to_1(decoder):
    call, codes, weights = "decoder()", check_codes(4, 6, 2), check_decoder_weights(4, 2)
    turned = [*weights[:-2], *(-weight for weight in weights[-2:])]
    white, black = (
        check_array(f"what the model of {call} gives", about["gives"][0])
        for about in (
            inside_network(call, decoder, (2,), numbers, codes) for numbers in (weights, turned)
        )
    )
    sigmoid = 'the last layer has activation="sigmoid", and nothing comes after it'
    assert 0 <= white.min() <= white.max() <= 1, (
        f"the model of {call} gives pixels from {white.min():.3g} to {white.max():.3g}; they lie "
        f"between 0 and 1: {sigmoid}."
    )
    assert np.allclose(white + black, 1, atol=CHECK_TF32), (
        f"the model of {call} gives pixels that do not change from p to 1 - p when the last "
        f"layer's weights change their sign, as a sigmoid does: {sigmoid}."
    )


def reference_spread(x, kernel, bias):
    """Convolve x (m, n, n, c) transposed: each place adds a filter to 3 x 3 places of 2n x 2n."""
    m, n = x.shape[:2]
    wide = np.zeros((m, 2 * n + 1, 2 * n + 1, kernel.shape[2]))
    for i, j in itertools.product(range(3), repeat=2):
        wide[:, i : i + 2 * n : 2, j : j + 2 * n : 2] += x @ kernel[i, j].T
    return wide[:, : 2 * n, : 2 * n] + bias


def reference_decoded(z, weights):
    """Return the pictures, in float64."""
    *dense, spread, b4, last, b5 = (w.astype(np.float64) for w in weights)
    x = z
    for kernel, bias in zip(dense[::2], dense[1::2], strict=True):
        x = reference_relu(x @ kernel + bias)
    x = reference_relu(reference_spread(x.reshape(-1, 7, 7, 32), spread, b4))
    return 1 / (1 + np.exp(-reference_spread(x, last, b5)))


@pytest.mark.hidden
def test_decoder_computes_what_the_text_says(decoder):
    hint = (
        "Three Dense layers with relu, Reshape, one transposed convolution with relu, one with "
        "sigmoid, one after the other."
    )
    for latent_dim, m in ((2, 1), (3, 5)):
        call, weights = f"decoder({latent_dim})", check_decoder_weights(m, latent_dim)
        codes = check_codes(m, m, latent_dim)
        given = inside_network(call, decoder, (latent_dim,), weights, codes)["gives"]
        right = reference_decoded(codes, weights)
        check_close(f"what the model of {call} gives", given[0], right, hint, CHECK_TF32)


@pytest.mark.hidden
def test_decoder_is_new_in_every_call(decoder):
    assert inside_two("decoder()", decoder), (
        "decoder() returned a model twice, or two with common layers: make all layers inside "
        "the function."
    )


# ---- helpers for the losses


def check_page(m, white, guess_white, guess_black):
    """Return x with so many white pixels in each picture, and x_hat that guesses the same."""
    x = np.zeros((m, 28 * 28), np.float32)
    for picture, count in zip(x, white, strict=True):
        picture[5 : 5 + count] = 1
    x_hat = np.where(x == 1, guess_white, guess_black).astype(np.float32)
    return [tf.constant(pixels.reshape(m, 28, 28, 1)) for pixels in (x, x_hat)]


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


# ---- reconstruction_loss

CHECK_COIN = 28 * 28 * np.log(2)  # nats: what a picture costs of which nothing is known


def test_reconstruction_loss_of_a_guess_of_one_half(reconstruction_loss):
    x, x_hat = check_page(3, (40, 200, 500), 0.5, 0.5)
    call = "reconstruction_loss of 3 pictures with x_hat = 0.5 everywhere"
    got = check_call(call, reconstruction_loss, x, x_hat)
    pixels = "Sum over the 28 · 28 pixels of a picture, then take the mean over the batch."
    mistakes = {
        np.log(2): f"That is a mean over the pixels. {pixels}",
        3 * CHECK_COIN: f"That is a sum over the batch. {pixels}",
        -CHECK_COIN: "The sign: the logarithms are negative, so the loss has a minus.",
        784: "That is in bits: tf.math.log is the natural logarithm, as it is.",
        196: "That is a squared error; the text asks for the cross-entropy.",
        392: "That is an absolute error; the text asks for the cross-entropy.",
    }
    hint = "By hand: every pixel costs -ln(0.5), so a picture costs 784 · ln 2."
    check_close(call, got, CHECK_COIN, check_hint(got, hint, mistakes), rtol=1e-3)


def test_reconstruction_loss_agrees_with_sums_by_hand(reconstruction_loss):
    x, x_hat = check_page(2, (100, 300), 0.8, 0.1)
    call = "reconstruction_loss of pictures with 100 and 300 white pixels, guessed 0.8 and 0.1,"
    white, black = -200 * np.log(0.8), -584 * np.log(0.9)
    right = white + black
    swapped = -16.118 * (200 * 0.2 + 584 * 0.1)
    pixels = "Sum over the 28 · 28 pixels of a picture, then take the mean over the batch."
    mistakes = {
        white: "The black pixels are missing: (1 - x) * log(1 - x_hat) counts as well.",
        black: "The white pixels are missing: x * log(x_hat) counts as well.",
        right / 784: f"That is a mean over the pixels. {pixels}",
        2 * right: f"That is a sum over the batch. {pixels}",
        -right: "The sign: the logarithms are negative, so the loss has a minus.",
        -200 * np.log(0.2) - 584 * np.log(0.1): "White and black have changed places.",
        200 * 0.2**2 + 584 * 0.1**2: "That is a squared error, not a cross-entropy.",
        -swapped: "x and x_hat have changed places: the logarithms are of x_hat.",
        right / np.log(2): "That is in bits: tf.math.log is the natural logarithm, as it is.",
    }
    got = check_call(call, reconstruction_loss, x, x_hat)
    hint = "By hand: the mean of 100 and 300 times -ln(0.8), and of 684 and 484 times -ln(0.9)."
    check_close(call, got, right, check_hint(got, hint, mistakes), rtol=1e-3)


def test_reconstruction_loss_knows_grey(reconstruction_loss):
    x, x_hat = tf.fill((2, 28, 28, 1), 0.25), tf.fill((2, 28, 28, 1), 0.9)
    call = "reconstruction_loss of pictures that are 0.25 everywhere, guessed 0.9,"
    right = -784 * (0.25 * np.log(0.9) + 0.75 * np.log(0.1))
    hint = "By hand: 784 · -(0.25 · ln 0.9 + 0.75 · ln 0.1). A pixel of x may have any grey."
    check_close(call, check_call(call, reconstruction_loss, x, x_hat), right, hint, rtol=1e-3)


def test_reconstruction_loss_stands_certain_guesses(reconstruction_loss):
    clip = "Cut x_hat to 1e-7 ... 1 - 1e-7 before the logarithm, as tf.clip_by_value does."
    x, x_hat = check_page(2, (100, 300), 1, 0)
    call = "reconstruction_loss(x, x) of black and white pictures"
    got = check_array(call, check_call(call, reconstruction_loss, x, x_hat))
    assert np.isfinite(got).all(), f"{call} is {got}: it is a number near 0. {clip}"
    assert np.abs(got).max() < 0.1, f"{call} is {got.max():.4g}; right is nearly 0. {clip}"
    call = "reconstruction_loss of pictures in which every pixel is guessed wrong"
    got = check_array(call, check_call(call, reconstruction_loss, x, 1 - x_hat))
    assert np.isfinite(got).all(), f"{call} is {got}: it is large, but a number. {clip}"
    assert (got > 9 * 784).all(), (
        f"{call} is {got.max():.4g}; right is 784 · -ln(1e-7), about 12637. {clip}"
    )


def reference_reconstruction(x, x_hat):
    """Return the loss in float64, and its gradient with respect to x_hat."""
    x, p = (np.asarray(a, np.float64) for a in (x, x_hat))
    costs = -(x * np.log(p) + (1 - x) * np.log(1 - p))
    return costs.sum() / len(x), (p - x) / (p * (1 - p)) / len(x)


@pytest.mark.hidden
def test_reconstruction_loss_agrees_on_many_batches(reconstruction_loss):
    for seed, m in enumerate((1, 2, 7, 33)):
        x = check_pictures(seed, m)
        x_hat = 0.01 + 0.98 * check_pictures(seed + 50, m)
        call = f"reconstruction_loss of a batch of {m}"
        got = check_call(call, reconstruction_loss, tf.constant(x), tf.constant(x_hat))
        hint = "Sum over the pixels, mean over the batch, whatever its size."
        check_close(call, got, reference_reconstruction(x, x_hat)[0], hint, rtol=1e-3)


@pytest.mark.hidden
def test_reconstruction_loss_has_the_right_gradient(reconstruction_loss):
    x = tf.constant(check_pictures(5, 3))
    x_hat = tf.constant(0.05 + 0.9 * check_pictures(6, 3))
    call = "reconstruction_loss(x, x_hat)"
    right = reference_reconstruction(x, x_hat)[1]

    def cost():
        return check_call(call, reconstruction_loss, x, x_hat)

    reference_gradients(call, [x_hat], cost, {"x_hat": right})


# ---- kl_divergence


def test_kl_divergence_of_the_prior_is_zero(kl_divergence):
    zeros = tf.zeros((3, 2))
    call = "kl_divergence of z_mean = 0 and z_log_var = 0"
    hint = "Mean 0 and variance 1 are the prior itself: 1 + 0 - 0² - exp(0) = 0."
    check_close(call, check_call(call, kl_divergence, zeros, zeros), 0, hint)


def test_kl_divergence_agrees_with_means_by_hand(kl_divergence):
    z_mean = tf.constant([[1.0, 2.0], [0.0, 0.0], [3.0, 1.0]])
    call = "kl_divergence of the means [1, 2], [0, 0], [3, 1] with z_log_var = 0"
    right = (2.5 + 0 + 5) / 3
    sums = "Sum over the dimensions of a code, then take the mean over the batch."
    mistakes = {
        7.5: f"That is a sum over the batch. {sums}",
        1.25: f"That is a mean over the dimensions. {sums}",
        5.0: "The factor 1/2 is missing.",
        -2.5: "The sign: a divergence is never negative.",
        -5.0: "The factor 1/2 is missing, and the sign is wrong.",
        7 / 6: "The means are squared.",
    }
    got = check_call(call, kl_divergence, z_mean, tf.zeros((3, 2)))
    hint = "By hand: the codes cost (1 + 4) / 2, 0 and (9 + 1) / 2; the mean is 2.5."
    check_close(call, got, right, check_hint(got, hint, mistakes))


def test_kl_divergence_agrees_with_variances_by_hand(kl_divergence):
    z_log_var = tf.constant([[np.log(4), np.log(4)]], tf.float32)
    call = "kl_divergence of z_mean = 0 and the variances 4 and 4"
    log = np.log(4)
    right = 4 - 1 - log
    twice = "z_log_var is the logarithm of the variance: its exponential is the variance itself."
    mistakes = {
        log**2 - 1 - np.log(log**2): f"z_log_var was taken for a deviation. {twice}",
        log - 1 - np.log(log): f"z_log_var was taken for a variance. {twice}",
        2 - 1 - log: f"That is the deviation in place of the variance. {twice}",
        16 - 1 - log: f"That squares the variance. {twice}",
        16 - 1 - 2 * log: f"That squares the variance. {twice}",
        0.25 - 1 + log: "The two distributions have changed places: the variance counts, "
        "not its inverse.",
        3: "The term z_log_var is missing.",
        -1 - log: "The variance, exp(z_log_var), is missing.",
        2 * right: "The factor 1/2 is missing.",
        -right: "The sign: a divergence is never negative.",
    }
    got = check_call(call, kl_divergence, tf.zeros((1, 2)), z_log_var)
    hint = "By hand: ½ · (4 - 1 - ln 4) for each of the two dimensions."
    check_close(call, got, right, check_hint(got, hint, mistakes))


def check_log_density(z, mean, deviation):
    """Return the logarithm of a normal density at z, summed over the dimensions."""
    logs = -0.5 * ((z - mean) / deviation) ** 2 - np.log(deviation * np.sqrt(2 * np.pi))
    return logs.sum(axis=-1)


def test_kl_divergence_agrees_with_random_draws(kl_divergence):
    draws = np.random.default_rng(2)
    mean, deviation = draws.normal(size=(4, 3)), draws.uniform(0.4, 1.8, size=(4, 3))
    z = mean + deviation * draws.normal(size=(50_000, 4, 3))
    right = np.mean(check_log_density(z, mean, deviation) - check_log_density(z, 0, 1))
    call = "kl_divergence of 4 codes of 3 dimensions"
    arguments = [tf.constant(a, tf.float32) for a in (mean, 2 * np.log(deviation))]
    got = check_call(call, kl_divergence, *arguments)
    hint = (
        "The right value comes from 50,000 draws of each code: the mean of ln q(z) - ln p(z). "
        "Is each sign right, and is z_log_var the logarithm of the variance?"
    )
    check_close(call, got, right, hint, rtol=0.02)


def reference_kl(z_mean, z_log_var):
    """Return the divergence in float64, and its gradients."""
    mean, log_var = (np.asarray(a, np.float64) for a in (z_mean, z_log_var))
    value = 0.5 * np.sum(mean**2 + np.exp(log_var) - 1 - log_var) / len(mean)
    return value, mean / len(mean), (np.exp(log_var) - 1) / 2 / len(mean)


@cache
def reference_codes(seed, m, latent_dim):
    """Draw z_mean and z_log_var."""
    draws = np.random.default_rng(seed).normal(size=(2, m, latent_dim))
    return [tf.constant(numbers, tf.float32) for numbers in (2 * draws[0], draws[1] - 1)]


@pytest.mark.hidden
def test_kl_divergence_agrees_on_many_batches(kl_divergence):
    for seed, (m, latent_dim) in enumerate([(1, 2), (5, 2), (4, 7), (64, 3), (2, 1)]):
        codes = reference_codes(seed, m, latent_dim)
        call = f"kl_divergence of {m} codes of {latent_dim} dimensions"
        hint = "Sum over the dimensions, mean over the batch, whatever their sizes."
        got = check_call(call, kl_divergence, *codes)
        check_close(call, got, reference_kl(*codes)[0], hint, rtol=1e-3)


@pytest.mark.hidden
def test_kl_divergence_has_the_right_gradient(kl_divergence):
    codes, call = reference_codes(9, 6, 4), "kl_divergence(z_mean, z_log_var)"
    _, of_mean, of_log_var = reference_kl(*codes)

    def cost():
        return check_call(call, kl_divergence, *codes)

    reference_gradients(call, codes, cost, {"z_mean": of_mean, "z_log_var": of_log_var})


# ---- reparameterize


def check_sampled(reparameterize, call, z_mean, z_log_var):
    """Return the codes that were drawn, as an array of the right shape."""
    z = check_array(call, check_call(call, reparameterize, z_mean, z_log_var))
    assert z.shape == tuple(z_mean.shape), (
        f"{call} has shape {z.shape}; right is that of z_mean, {tuple(z_mean.shape)}."
    )
    assert np.isfinite(z).all(), (
        f"{call} contains NaN or infinity: no root and no logarithm is taken of z_log_var."
    )
    return z


def check_many(m, means, variances):
    """Return z_mean and z_log_var of m pictures that all have these means and variances."""
    rows = [np.tile(numbers, (m, 1)) for numbers in (means, np.log(variances))]
    return [tf.constant(numbers, tf.float32) for numbers in rows]


def inside_compiled(call, reparameterize, z_mean, z_log_var):
    """Return two draws of one compiled step, as training makes them."""
    step = tf.function(getattr(reparameterize, "python_function", reparameterize))
    return [check_call(call, lambda: step(z_mean, z_log_var)) for _ in range(2)]


def test_reparameterize_without_variance_gives_the_mean(reparameterize):
    z_mean = tf.constant([[1.0, -2.0, 0.5], [4.0, 0.0, 3.0]])
    call = "reparameterize(z_mean, z_log_var) with z_log_var = -60, which is a variance of 0,"
    z = check_sampled(reparameterize, call, z_mean, tf.fill((2, 3), -60.0))
    hint = "The noise is multiplied by exp(z_log_var / 2), here nearly 0, and added to z_mean."
    check_close(call, z, z_mean, hint)


def test_reparameterize_has_the_mean_and_the_deviation(reparameterize):
    means, variances = np.array([1.0, -2.0, 5.0]), np.array([4.0, 0.25, 1.0])
    call = "reparameterize of 20,000 pictures with the means 1, -2, 5 and the variances 4, ¼, 1"
    z = check_sampled(reparameterize, call, *check_many(20_000, means, variances))
    moved = np.abs(z.mean(axis=0) - means) / np.sqrt(variances)
    assert moved.max() < 0.05, (
        f"{call} has the means {z.mean(axis=0).round(2)}: add the noise to z_mean, and draw it "
        "from a normal distribution of mean 0."
    )
    deviations, right = z.std(axis=0), np.sqrt(variances)
    mistakes = {
        tuple(variances): "exp(z_log_var) is the variance; the deviation is its root, "
        "exp(z_log_var / 2).",
        tuple(np.abs(np.log(variances))): "z_log_var is the logarithm of the variance, not the "
        "deviation: take exp(z_log_var / 2).",
        tuple(np.exp(np.log(variances) / 4)): "The half is in the exponent already: no root on "
        "top of it.",
        tuple(1 / right): "The sign of the exponent is wrong.",
        (1, 1, 1): "z_log_var is not used.",
    }
    hint = "The deviation is exp(z_log_var / 2), times noise of deviation 1."
    for wrong, sentence in mistakes.items():
        hint = sentence if np.allclose(deviations, wrong, rtol=0.05, atol=0.05) else hint
    assert np.allclose(deviations, right, rtol=0.05), (
        f"{call} has the deviations {deviations.round(2)}; right are {right}. {hint}"
    )


def test_reparameterize_draws_for_each_picture_and_dimension(reparameterize):
    call = "reparameterize of 50 pictures, 6 dimensions, with z_mean = 0 and z_log_var = ½,"
    z = check_sampled(reparameterize, call, tf.zeros((50, 6)), tf.fill((50, 6), 0.5))
    shape = "Draw noise of the shape of z_mean: epsilon = tf.random.normal(tf.shape(z_mean))."
    assert np.ptp(z) > 1e-3, f"{call} gives the same number everywhere. {shape}"
    assert np.ptp(z, axis=0).min() > 1e-3, (
        f"{call} gives every picture the same noise: the rows are alike. {shape}"
    )
    assert np.ptp(z, axis=1).min() > 1e-3, (
        f"{call} gives every dimension the same noise: the columns are alike. {shape}"
    )


def test_reparameterize_draws_anew_in_every_call(reparameterize):
    codes = tf.zeros((4, 3)), tf.fill((4, 3), 0.5)
    call = "reparameterize(z_mean, z_log_var), called twice,"
    first, second = (check_sampled(reparameterize, call, *codes) for _ in range(2))
    assert not np.allclose(first, second), (
        f"{call} gave the same codes: draw the noise inside the function, without a seed."
    )
    call = "reparameterize in a compiled training step"
    first, second = inside_compiled(call, reparameterize, *codes)
    assert not np.allclose(check_array(call, first), check_array(call, second)), (
        f"{call} gave the same codes in two steps: NumPy's noise is drawn once, when the step "
        "is compiled; tf.random.normal draws in every step."
    )


def check_way_back(call, reparameterize, codes, upstream=None):
    """Return z and its gradients with respect to z_mean and z_log_var; say so where one misses."""
    with tf.GradientTape() as tape:
        tape.watch(codes)
        z = check_call(call, reparameterize, *codes)
    check_array(call, z)
    assert tf.is_tensor(z), (
        f"{call} returned a {type(z).__name__}, not a tensor, so that TensorFlow cannot follow "
        "it back to z_mean and z_log_var: no NumPy inside."
    )
    gradients = tape.gradient(z, codes, output_gradients=upstream)
    for name, gradient in zip(("z_mean", "z_log_var"), gradients, strict=True):
        assert gradient is not None, (
            f"{call} has no gradient with respect to {name}: the way from it to the result is cut "
            "(NumPy, .numpy(), tf.stop_gradient, tf.constant). Multiply noise by "
            "tf.exp(z_log_var / 2), and add it to z_mean."
        )
    return z, gradients


def test_reparameterize_lets_the_gradient_through(reparameterize):
    codes = check_many(5, [0.5, -1.0], [0.3, 2.0])
    check_way_back("reparameterize(z_mean, z_log_var)", reparameterize, codes)


@pytest.mark.hidden
def test_reparameterize_has_the_right_gradient(reparameterize):
    codes, call = reference_codes(11, 5, 4), "reparameterize(z_mean, z_log_var)"
    upstream = tf.constant(np.random.default_rng(1).normal(size=(5, 4)), tf.float32)
    z, gradients = check_way_back(call, reparameterize, codes, upstream)
    noise = check_array(call, z) - np.asarray(codes[0], np.float64)
    rights = [upstream, np.asarray(upstream) * noise / 2]
    hint = "z = z_mean + exp(z_log_var / 2) * epsilon, by TensorFlow all the way."
    for got, right in zip(gradients, rights, strict=True):
        check_close(f"the gradient of {call}", tf.convert_to_tensor(got), right, hint, 1e-3)


@pytest.mark.hidden
def test_reparameterize_noise_is_normal_and_independent(reparameterize):
    call = "reparameterize of 40,000 pictures"
    z = check_sampled(reparameterize, call, *check_many(40_000, [2.0, -1.0], [9.0, 0.04]))
    noise = (z - [2.0, -1.0]) / [3.0, 0.2]
    near = np.mean(np.abs(noise) < 1)
    assert abs(near - 0.6827) < 0.02, (
        f"{call}: {near:.1%} of the codes are within one deviation of z_mean; of a normal "
        "distribution 68.3 % are. Draw by tf.random.normal."
    )
    together = [np.corrcoef(noise.T)[0, 1], np.corrcoef(noise[1:, 0], noise[:-1, 0])[0, 1]]
    assert np.abs(together).max() < 0.05, (
        f"{call}: the noise of one dimension or picture depends on that of another. Draw as many "
        "numbers as z_mean has."
    )


# ---- vae_loss

CHECK_MEANS = [[3.0, 4.0], [0.0, 2.0]]  # with variances of 1, codes that cost 12.5 and 2


def check_vae_arguments():
    """Return x, x_hat, z_mean, z_log_var whose two losses are known by hand."""
    x, x_hat = check_page(2, (40, 200), 0.5, 0.5)
    return x, x_hat, tf.constant(CHECK_MEANS), tf.zeros((2, 2))


def check_reconstruction_loss(x, x_hat):
    """Stand in for reconstruction_loss; it knows these pictures alone."""
    assert np.all(np.asarray(x_hat) == 0.5), "reconstruction_loss takes x, then x_hat."
    return tf.constant(CHECK_COIN, tf.float32)


def check_kl_divergence(z_mean, z_log_var):
    """Stand in for kl_divergence; it knows these codes alone."""
    assert np.all(np.asarray(z_mean) == CHECK_MEANS), "kl_divergence takes z_mean first."
    return tf.constant(7.25)


CHECK_LOSSES = {
    "reconstruction_loss": check_reconstruction_loss,
    "kl_divergence": check_kl_divergence,
}


def test_vae_loss_adds_the_two_losses(vae_loss):
    call = "vae_loss of a reconstruction that costs 784 · ln 2 and codes that cost 7.25"
    right = CHECK_COIN + 7.25
    mistakes = {
        CHECK_COIN: "The divergence is missing.",
        7.25: "The reconstruction is missing.",
        CHECK_COIN - 7.25: "The divergence is added, not subtracted: the sum is minimised.",
        right / 2: "Add the two; do not take their mean.",
        CHECK_COIN * 7.25: "Add the two; do not multiply them.",
    }

    def check(function):
        got = check_call(call, function, *check_vae_arguments())
        hint = "By hand: 543.427 + 1.0 · 7.25."
        check_close(call, got, right, check_hint(got, hint, mistakes), rtol=1e-3 / 5)

    check_either_way(vae_loss, check, **CHECK_LOSSES)


def test_vae_loss_weighs_the_divergence_by_beta(vae_loss):
    mistakes = {
        CHECK_COIN + 7.25: "beta is not used.",
        4 * CHECK_COIN + 7.25: "beta weighs the divergence, not the reconstruction.",
        4 * (CHECK_COIN + 7.25): "beta weighs the divergence alone.",
        CHECK_COIN + 7.25 / 4: "Multiply by beta; do not divide.",
        CHECK_COIN + 11.25: "Multiply by beta; do not add it.",
    }

    def check(function):
        for beta, right in ((4.0, CHECK_COIN + 29), (0.0, CHECK_COIN), (10.0, CHECK_COIN + 72.5)):
            call = f"vae_loss(x, x_hat, z_mean, z_log_var, beta={beta})"
            got = check_call(call, function, *check_vae_arguments(), beta=beta)
            hint = f"By hand: 543.427 + {beta} · 7.25."
            hint = check_hint(got, hint, mistakes if beta == 4 else {})
            check_close(call, got, right, hint, rtol=1e-3 / 5)

    check_either_way(vae_loss, check, **CHECK_LOSSES)


def test_vae_loss_is_one_number(vae_loss):
    call = "vae_loss(x, x_hat, z_mean, z_log_var, 2.0)"

    def check(function):
        got = check_array(call, check_call(call, function, *check_vae_arguments(), 2.0))
        assert got.shape == (), (
            f"{call} has shape {got.shape}; it is one number: the sum of both losses."
        )

    check_either_way(vae_loss, check, **CHECK_LOSSES)


def reference_small(*tensors):
    """Refuse what a test would not ask: these functions run in the grader."""
    sizes = [np.prod(tensor.shape) for tensor in tensors]
    assert max(sizes) < 1e6, "reconstruction_loss and kl_divergence take the arguments as given."


def reference_reconstruction_loss(x, x_hat):
    """Stand in for reconstruction_loss."""
    reference_small(x, x_hat)
    p = tf.clip_by_value(x_hat, 1e-7, 1 - 1e-7)
    costs = x * tf.math.log(p) + (1 - x) * tf.math.log(1 - p)
    return -tf.reduce_sum(costs) / len(x)


def reference_kl_divergence(z_mean, z_log_var):
    """Stand in for kl_divergence."""
    reference_small(z_mean, z_log_var)
    costs = z_mean**2 + tf.exp(z_log_var) - 1 - z_log_var
    return tf.reduce_sum(costs) / 2 / len(z_mean)


REFERENCE_LOSSES = {
    "reconstruction_loss": reference_reconstruction_loss,
    "kl_divergence": reference_kl_divergence,
}


def reference_vae_arguments(seed, m, latent_dim):
    """Draw x, x_hat, z_mean, z_log_var."""
    x, x_hat = check_pictures(seed, m), 0.05 + 0.9 * check_pictures(seed + 9, m)
    return tf.constant(x), tf.constant(x_hat), *reference_codes(seed, m, latent_dim)


@pytest.mark.hidden
def test_vae_loss_agrees_on_many_batches(vae_loss):
    def check(function):
        for seed, (m, latent_dim, beta) in enumerate([(1, 2, 1.0), (3, 2, 0.25), (5, 4, 50.0)]):
            given = reference_vae_arguments(seed, m, latent_dim)
            call = f"vae_loss of a batch of {m} with beta = {beta}"
            right = reference_reconstruction(*given[:2])[0] + beta * reference_kl(*given[2:])[0]
            hint = "reconstruction_loss(x, x_hat) + beta * kl_divergence(z_mean, z_log_var)"
            by_name = {} if beta == 1 else {"beta": beta}
            got = check_call(call, function, *given, **by_name)
            check_close(call, got, right, hint, rtol=1e-3)

    check_either_way(vae_loss, check, **REFERENCE_LOSSES)


@pytest.mark.hidden
def test_vae_loss_has_the_right_gradient(vae_loss):
    given, call = reference_vae_arguments(5, 3, 2), "vae_loss(x, x_hat, z_mean, z_log_var, 3.0)"
    _, of_mean, of_log_var = reference_kl(*given[2:])
    rights = {
        "x_hat": reference_reconstruction(*given[:2])[1],
        "z_mean": 3 * of_mean,
        "z_log_var": 3 * of_log_var,
    }

    def check(function):
        def cost():
            return check_call(call, function, *given, 3.0)

        reference_gradients(call, list(given[1:]), cost, rights)

    check_either_way(vae_loss, check, **REFERENCE_LOSSES)


# ---- interpolate


def check_line(interpolate, z_start, z_end, n):
    """Return call and codes of `interpolate` between two codes that are given as arrays."""
    call = f"interpolate({list(z_start)}, {list(z_end)}, {n})"
    ends = [np.array(z, np.float32) for z in (z_start, z_end)]
    return call, check_call(call, interpolate, *ends, n)


def test_interpolate_agrees_with_steps_by_hand(interpolate):
    call, got = check_line(interpolate, (0.0, 8.0), (4.0, 0.0), 5)
    right = np.array([[0.0, 8.0], [1.0, 6.0], [2.0, 4.0], [3.0, 2.0], [4.0, 0.0]])
    shape = np.shape(check_array(call, got))
    hints = {
        (2, 5): "A code is a row: transpose the result.",
        (3, 2): "Both ends belong to the n codes.",
        (4, 2): "Both ends belong to the n codes.",
        (6, 2): "The n codes make n - 1 steps, not n.",
        (7, 2): "Both ends are among the n codes, not added to them.",
    }
    hint = hints.get(shape, "By hand: the steps are of (1, -2), from the start to the end.")
    if shape == (5, 2) and np.allclose(got, right[::-1]):
        hint = "The walk goes from z_start to z_end, not back."
    check_close(call, got, right, hint)


def test_interpolate_begins_and_ends_where_it_should(interpolate):
    for n in (2, 3, 9):
        call, got = check_line(interpolate, (-1.5, 2.0), (0.25, -3.0), n)
        rows = check_array(call, got)
        assert rows.shape == (n, 2), f"{call} has shape {rows.shape}; right is ({n}, 2)."
        check_close(f"the first row of {call}", rows[0], [-1.5, 2.0], "It is z_start.")
        check_close(f"the last row of {call}", rows[-1], [0.25, -3.0], "It is z_end.")


def test_interpolate_makes_equal_steps(interpolate):
    call, got = check_line(interpolate, (1.0, 0.5, -2.0), (3.0, 0.5, 5.0), 8)
    rows = check_array(call, got)
    assert rows.shape == (8, 3), f"{call} has shape {rows.shape}; right is (8, 3)."
    steps = np.diff(rows, axis=0)
    assert np.allclose(steps, steps[0], atol=1e-4), (
        f"{call} makes the steps {np.linalg.norm(steps, axis=1).round(3)}, which are not equal: "
        "of n codes, number i lies at i / (n - 1) of the way, on a straight line."
    )


@pytest.mark.hidden
def test_interpolate_agrees_on_many_lines(interpolate):
    draws = np.random.default_rng(4)
    for n, latent_dim in [(2, 2), (6, 2), (11, 5), (30, 1), (4, 16)]:
        z_start, z_end = draws.normal(size=(2, latent_dim)).round(3).tolist()
        call, got = check_line(interpolate, z_start, z_end, n)
        way = np.arange(n)[:, np.newaxis] / (n - 1)
        right = np.array(z_start) + way * (np.array(z_end) - np.array(z_start))
        check_close(call, got, right, "Row i is z_start + i / (n - 1) * (z_end - z_start).", 1e-4)


@pytest.mark.hidden
def test_interpolate_between_equal_codes_stays(interpolate):
    call, got = check_line(interpolate, (2.0, -1.0), (2.0, -1.0), 4)
    check_close(call, got, np.tile([2.0, -1.0], (4, 1)), "There is no way to go.")
