"""What is right in the face notebook: one definition for pytest, grade cells and the grader.

Every test takes one argument, the student's function, and every assertion speaks to the student.
Helpers named ``check_*`` go into the notebook with the visible tests, so none of them may be
useful as an answer. So may ``inside_*``, which run where the student's function does: a grader
that keeps the answers in another process calls them there. ``reference_*`` hold the
answers; only hidden tests use them.
"""

import contextlib
import inspect
import re
import tempfile
from functools import cache
from pathlib import Path
from unittest.mock import patch

import imageio.v3 as iio
import numpy as np
import pytest
import tensorflow as tf

from fr_utils import img_to_encoding

# ---- helpers of every test


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
        "Input vector should be 1-D": "The encodings have shape (1, 128), and SciPy's euclidean "
        "takes (128,) alone: use np.linalg.norm of the difference.",
        "'dict' object has no attribute": "The database may be a plain dict: ask it for "
        "database[name], or go through database.items().",
        "only integer scalar arrays": "A tensor or an array stands where a number is expected.",
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


# ---- helpers for triplet_loss


@cache
def check_draw(mean, stddev):
    """Draw three encodings of the published example; it gives each draw the op seed 1."""
    tf.random.set_seed(1)
    return tf.random.normal((3, 128), mean=mean, stddev=stddev, seed=1)


def check_rows(*rows):
    """Return encodings that begin with these numbers and go on with zeros."""
    return tf.constant([[*row, *[0.0] * (128 - len(row))] for row in rows])


def check_triplet_loss(call, triplet_loss, y_pred, *alpha, **alpha_by_name):
    """Call the function; y_true is empty, as always with this loss."""
    return check_call(call, triplet_loss, (None, None, None), y_pred, *alpha, **alpha_by_name)


def check_two_triplets():
    """Return two triplets; squared distances 9 and 4 in the first, 1 and 25 in the second."""
    anchor = check_rows([1.0, 2.0, 0.0], [0.0, 5.0, 0.0])
    positive = check_rows([2.0, 4.0, 2.0], [1.0, 5.0, 0.0])
    negative = check_rows([3.0, 2.0, 0.0], [3.0, 1.0, 0.0])
    return [anchor, positive, negative]


# ---- triplet_loss


def test_triplet_loss_has_the_published_value(triplet_loss):
    y_pred = [check_draw(6, 0.1), check_draw(1, 1), check_draw(3, 4)]
    call, right = "triplet_loss(y_true, y_pred)", 528.1427
    got = check_triplet_loss(call, triplet_loss, y_pred)
    rows = "Sum the squares over axis=-1 alone: each triplet has its own two distances."
    mistakes = {
        350.02618: rows,
        1030.028: rows,
        350.42645: "Cut each triplet at 0 first, then add up the batch: without that a triplet "
        "that is well apart pays for one that is not.",
        right / 3: "Add up the batch; do not take its mean.",
        2202.9663: "Axis 0 counts the triplets. Sum over axis=-1, the 128 numbers of an encoding.",
        178.11626: "Positive and negative have changed places.",
        5.1363735: "The distances are squared: take no root.",
        4.5229897: "Sum the 128 squares; do not take their mean.",
        352.94055: "Square the differences; do not take their absolute value.",
        751.97046: "The differences are not squared.",
        3638.8486: "Sum the squares over axis=-1 first, then cut at 0.",
        4930.9683: "Both distances start from the anchor.",
        441.77472: "Add up the batch; do not take its largest triplet.",
    }
    hint = (
        "Sum over the batch of max(‖A - P‖² - ‖A - N‖² + alpha, 0), the squares summed over "
        "axis=-1."
    )
    check_close(call, got, right, check_hint(got, hint, mistakes))


def test_triplet_loss_agrees_with_a_sum_by_hand(triplet_loss):
    call = (
        "triplet_loss with alpha = 0.2 of two triplets with squared distances 9 and 4, and 1 "
        "and 25,"
    )
    got = check_triplet_loss(call, triplet_loss, check_two_triplets())
    mistakes = {
        0: "Cut each triplet at 0 before you add: 9 - 4 + 0.2 = 5.2 stays, 1 - 25 + 0.2 is 0.",
        5: "The margin alpha is missing.",
        4.8: "The margin is added, not subtracted.",
        5.4: "The margin belongs into every triplet, once.",
        5.2 / 2: "Add up the batch; do not take its mean.",
        5.2 - 23.8: "A triplet that is far enough apart costs 0, never less than 0.",
        23.8: "Positive and negative have changed places.",
        1.2: "The distances are squared: take no root.",
        3.2: "Square the differences; do not take their absolute value.",
        0.2: "Both distances start from the anchor.",
    }
    hint = "By hand: max(9 - 4 + 0.2, 0) + max(1 - 25 + 0.2, 0) = 5.2 + 0."
    check_close(call, got, 5.2, check_hint(got, hint, mistakes))


def test_triplet_loss_uses_alpha(triplet_loss):
    y_pred = check_two_triplets()
    hint = "By hand: max(9 - 4 + alpha, 0) + max(1 - 25 + alpha, 0)."
    mistakes = {
        5.2: "0.2 is only the default: use the argument alpha.",
        5.0: "The argument alpha is not used.",
    }
    for alpha, right in [(1.5, 6.5), (25.0, 31.0)]:
        call = f"triplet_loss(y_true, y_pred, alpha={alpha})"
        got = check_triplet_loss(call, triplet_loss, y_pred, alpha=alpha)
        check_close(call, got, right, check_hint(got, hint, mistakes))


def test_triplet_loss_of_three_equal_encodings_is_the_margin(triplet_loss):
    same = check_draw(0, 1)
    call = "triplet_loss of 3 triplets whose three encodings are all the same"
    hint = "Both distances are 0, so each of the 3 triplets costs alpha = 0.2."
    got = check_triplet_loss(call, triplet_loss, [same, same, same])
    check_close(call, got, 0.6, hint)


def test_triplet_loss_of_a_negative_far_away_is_zero(triplet_loss):
    anchor = check_draw(0, 1)
    call = "triplet_loss of triplets with the positive at the anchor and the negative far away"
    hint = "Then every term in the brackets is below 0, and max(..., 0) makes it 0."
    got = check_triplet_loss(call, triplet_loss, [anchor, anchor, anchor + 1])
    check_close(call, got, 0, hint)


@cache
def reference_triplets(seed, m):
    """Draw anchors, positives and negatives (m, 128) of length 1."""
    draws = np.random.default_rng(seed).normal(size=(3, m, 128))
    draws[1:] += 0.9 * draws[0]  # so near to each other that many triplets are near the margin
    draws /= np.linalg.norm(draws, axis=-1, keepdims=True)
    return [tf.constant(encodings, tf.float32) for encodings in draws]


def reference_triplet_loss(y_pred, alpha):
    """Return the loss in float64, and its gradient with respect to each of the three."""
    a, p, n = (np.asarray(encodings, np.float64) for encodings in y_pred)
    terms = ((a - p) ** 2).sum(axis=1) - ((a - n) ** 2).sum(axis=1) + alpha
    active = (terms > 0)[:, np.newaxis]
    gradients = [2 * (n - p), 2 * (p - a), 2 * (a - n)]
    return np.maximum(terms, 0).sum(), [active * gradient for gradient in gradients]


def reference_gradients(call, y_pred, loss, rights):
    """Compare TensorFlow's gradients of `loss()` with the right ones."""
    hint = "Compute with tf. functions all the way from y_pred to the result."
    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        got = loss()
    check_array(call, got)
    assert tf.is_tensor(got), (
        f"{call} returned a {type(got).__name__}, not a tensor, so that TensorFlow cannot follow "
        f"it back to y_pred: no NumPy, no float() and no .numpy() inside. {hint}"
    )
    names = ("anchor", "positive", "negative")
    for name, gradient, right in zip(names, tape.gradient(got, y_pred), rights, strict=True):
        assert gradient is not None, (
            f"{call} has no gradient with respect to the {name}: something on the way (NumPy, "
            f".numpy(), tf.constant, an integer) cuts it off. {hint}"
        )
        what = f"the gradient of {call} with respect to the {name}"
        check_close(what, tf.convert_to_tensor(gradient), right, hint, rtol=1e-3)


@pytest.mark.hidden
def test_triplet_loss_agrees_on_many_batches(triplet_loss):
    for seed, (m, alpha) in enumerate([(1, 0.5), (2, 0.2), (7, 0.05), (40, 0.3), (128, 0.9)]):
        y_pred = reference_triplets(seed, m)
        call = f"triplet_loss of a batch of {m} with alpha = {alpha}"
        right, _ = reference_triplet_loss(y_pred, alpha)
        hint = "Sum over the batch of max(‖A - P‖² - ‖A - N‖² + alpha, 0), whatever its size."
        got = check_triplet_loss(call, triplet_loss, y_pred, alpha)
        check_close(call, got, right, hint, rtol=1e-3)


@pytest.mark.hidden
def test_triplet_loss_has_a_margin_of_two_tenths_by_default(triplet_loss):
    y_pred = reference_triplets(9, 20)
    call = "triplet_loss(y_true, y_pred)"
    right, _ = reference_triplet_loss(y_pred, 0.2)
    hint = "Without a third argument alpha is 0.2."
    check_close(call, check_triplet_loss(call, triplet_loss, y_pred), right, hint, rtol=1e-3)


@pytest.mark.hidden
def test_triplet_loss_has_the_right_gradient(triplet_loss):
    y_pred, alpha = reference_triplets(3, 12), 0.05
    call = f"triplet_loss(y_true, y_pred, alpha={alpha})"
    _, rights = reference_triplet_loss(y_pred, alpha)

    def loss():
        return check_triplet_loss(call, triplet_loss, y_pred, alpha=alpha)

    reference_gradients(call, y_pred, loss, rights)


# ---- helpers for verify and who_is_it


class CheckFaceModel:
    """A face network that knows grey pictures only: each grey level has its encoding."""

    def __init__(self, encodings):
        self.encodings = encodings

    def predict_on_batch(self, pictures):
        pictures = np.asarray(pictures)
        assert pictures.shape[1:] == (3, 96, 96), (
            f"the model was given an array of shape {pictures.shape}; it takes pictures of shape "
            "(m, 3, 96, 96). img_to_encoding(image_path, model) does that"
        )
        greys = np.rint(255 * pictures.mean(axis=(1, 2, 3))).astype(int).tolist()
        known = set(greys) <= set(self.encodings) and np.ptp(pictures, axis=(1, 2, 3)).max() < 0.01
        assert known, (
            "the model was given a picture that is not the one at image_path, or not scaled to "
            "0...1. img_to_encoding(image_path, model) does that"
        )
        return np.stack([self.encodings[grey] for grey in greys])

    def predict(self, pictures, *_args, **_settings):
        return self.predict_on_batch(pictures)

    def __call__(self, pictures, *_args, **_settings):
        return tf.constant(self.predict_on_batch(pictures))


class CheckDecoy:
    """Lies in wait, under the name of a global, for a function that ignores its arguments."""

    def __init__(self, name):
        vars(self)["_name"] = name

    def _refuse(self, *_args, **_kwargs):
        name = vars(self)["_name"]
        raise AssertionError(f"it uses the global {name}, not the argument that it is given")

    __getattr__ = __getitem__ = __call__ = __iter__ = __len__ = __contains__ = _refuse


def check_face(rng):
    """Return an encoding of length 1."""
    encoding = rng.normal(size=128)
    return encoding / np.linalg.norm(encoding)


def check_at(rng, encoding, distance):
    """Return another encoding of length 1, (1, 128), at this distance."""
    aside = rng.normal(size=128)
    aside -= (aside @ encoding) * encoding
    angle = 2 * np.arcsin(distance / 2)
    moved = np.cos(angle) * encoding + np.sin(angle) * aside / np.linalg.norm(aside)
    return moved[np.newaxis].astype(np.float32)


def check_at_07(encoding):
    """Change the first number of an encoding (1, 128), so that the distance is 0.7 to the bit."""
    moved = encoding.copy()
    moved[0, 0] = encoding[0, 0] - np.asarray(0.7, encoding.dtype)
    return moved


@cache
def check_png(grey):
    """Return a picture of one grey level, as the bytes of a file."""
    return iio.imwrite("<bytes>", np.full((96, 96, 3), grey, np.uint8), extension=".png")


@contextlib.contextmanager
def check_picture(grey):
    """Give the path of a picture of one grey level, for the length of a `with` block."""
    with tempfile.NamedTemporaryFile(prefix="camera-", suffix=".png", delete=False) as file:
        file.write(check_png(grey))
    try:
        yield file.name
    finally:
        Path(file.name).unlink(missing_ok=True)


def check_decoys(function):
    """Lay decoys for a function that ignores its arguments, for the length of a `with` block."""
    names = ("FRmodel", "model", "database", "residents")
    return check_globals(function, **{name: CheckDecoy(name) for name in names})


@cache
def check_visitor(at_07):
    """Return the encoding of somebody in front of the door, and as img_to_encoding gives it."""
    encoding = check_face(np.random.default_rng(7))
    if at_07:
        encoding[1:] *= np.sqrt((1 - 0.35**2) / (1 - encoding[0] ** 2))
        encoding[0] = 0.35
    # In float64 a distance of 0.7 is the number 0.7; float32 has no such number.
    model = CheckFaceModel({90: encoding.astype(np.float64 if at_07 else np.float32)})
    with check_picture(90) as path:
        return encoding, img_to_encoding(path, model)


@contextlib.contextmanager
def check_door(distances, at_07=()):
    """Give the arguments image_path, database, model: somebody in front of the door.

    `distances` maps names to distances from the picture; those in `at_07` are at exactly 0.7.
    """
    rng = np.random.default_rng(8)
    encoding, seen = check_visitor(bool(at_07))
    database = {n: check_at(rng, encoding, d).astype(seen.dtype) for n, d in distances.items()}
    database |= {name: check_at_07(seen) for name in at_07}
    with check_picture(90) as path:
        yield path, database, CheckFaceModel({90: seen[0]})


def check_pair(call, got, names):
    """Return the two values that a function returned."""
    assert got is not None, f"{call} returned None; return {names}."
    if isinstance(got, tuple | list) and len(got) == 2:
        return got
    several = isinstance(got, tuple | list)
    what = f"{len(got)} values" if several else f"one value, a {type(got).__name__}"
    raise AssertionError(f"{call} returned {what}; return two: {names}.")


def check_distance(call, got, right, mistakes):
    """Compare a distance, a number or an array with one number in it, with the right one."""
    distance = check_array(call, got)
    assert distance.size == 1, (
        f"{call} has shape {distance.shape}; it is one number: the square root of the sum over "
        "all 128 squared differences, as np.linalg.norm computes it without an axis."
    )
    hint = "It is the L2 distance: np.linalg.norm(encoding - database[...]) of the two encodings."
    distance = distance.reshape(())
    check_close(call, distance, right, check_hint(distance, hint, mistakes), rtol=1e-3)


# ---- verify


def check_open(call, door_open):
    """Return whether the door is open, as True or False."""
    assert door_open is not None, (
        f"{call} returned None for door_open: set it in both branches, to True or to False."
    )
    assert not isinstance(door_open, str | bytes), (
        f"{call} returned the text {door_open!r} for door_open; return True or False."
    )
    value = check_array(f"door_open of {call}", door_open)
    assert value.size == 1, f"{call} returned {value.size} values for door_open; return one."
    value = float(value.reshape(()))
    assert value in {0, 1}, (
        f"{call} returned {value:.6g} for door_open; return (dist, door_open), door_open True "
        "or False."
    )
    return value == 1


def inside_verify(call, verify, image_path, identity, database, model):
    """Return what the function gives, if it keeps to its arguments."""
    with check_decoys(verify):
        return check_call(call, verify, image_path, identity, database, model)


def check_verify(verify, claimed, distances):
    """Return call, dist and door_open of `verify` when somebody claims to be `claimed`."""
    call = f'verify(image_path, "{claimed}", database, model)'
    with check_door(distances) as (path, database, model):
        got = inside_verify(call, verify, path, claimed, database, model)
    dist, door_open = check_pair(call, got, "dist, door_open")
    kind = getattr(getattr(dist, "dtype", None), "name", type(dist).__name__)
    assert kind != "bool", f"{call} returned {dist} first; return dist first, then door_open."
    return call, dist, check_open(call, door_open)


def test_verify_returns_the_distance(verify):
    distances = {"noor": 0.6, "mila": 1.2, "theo": 0.9}
    for claimed, right in distances.items():
        call, dist, _ = check_verify(verify, claimed, distances)
        others = {d: "That is the distance from somebody else: compare with database[identity]."
                  for d in distances.values() if d != right}  # fmt: skip
        squared = {right**2: "The distance is not squared: take the root, or np.linalg.norm."}
        check_distance(f"dist of {call}", dist, right, squared | others)


def test_verify_opens_to_the_person_it_knows(verify):
    for right in (0.6, 0.69):
        call, _, door_open = check_verify(verify, "noor", {"mila": 1.2, "noor": right})
        assert door_open, (
            f"{call} keeps the door shut although dist is {right}; it opens when dist < 0.7."
        )


def test_verify_keeps_others_out(verify):
    for right in (0.71, 0.83, 0.9, 1.3):
        call, _, door_open = check_verify(verify, "noor", {"mila": 1.2, "noor": right})
        assert not door_open, (
            f"{call} opens the door although dist is {right}; it opens only when dist < 0.7."
        )


def test_verify_compares_with_the_person_named(verify):
    distances = {"mila": 0.5, "noor": 0.95, "theo": 1.3}
    call, _, door_open = check_verify(verify, "noor", distances)
    assert not door_open, (
        f"{call} opens the door to mila, who holds noor's card: the distance from noor is 0.95. "
        "Compare with database[identity], not with the nearest."
    )
    call, _, door_open = check_verify(verify, "mila", distances)
    assert door_open, (
        f"{call} keeps mila out, at a distance of 0.5 from her own entry. Compare with "
        "database[identity], not with anybody else's."
    )


def test_verify_is_shut_at_exactly_the_threshold(verify):
    call = 'verify(image_path, "noor", database, model)'
    with check_door({"mila": 1.2}, at_07=("noor",)) as (path, database, model):
        got = inside_verify(call, verify, path, "noor", database, model)
    dist, door_open = check_pair(call, got, "dist, door_open")
    check_distance(f"dist of {call}", dist, 0.7, {0.49: "The distance is not squared."})
    value = float(check_array(call, dist).reshape(()))
    # Who computes in float32 and compares in float64 sees a little less than 0.7, and may open.
    may_open = bool(np.all(np.asarray(dist) < 0.7)) or bool(np.float32(value) < np.float32(0.7))
    assert may_open or not check_open(call, door_open), (
        f"{call} opens the door at a distance of exactly 0.7; it opens only when dist < 0.7, "
        "not when dist <= 0.7."
    )


@pytest.mark.hidden
def test_verify_agrees_at_many_distances(verify):
    for right in (0.1, 0.35, 0.55, 0.65, 0.695, 0.705, 0.75, 0.86, 1.0, 1.4, 1.9):
        distances = {"ana": 0.3, "ben": 1.1, "cleo": right, "dario": 0.69}
        call, dist, door_open = check_verify(verify, "cleo", distances)
        check_distance(f"dist of {call}", dist, right, {right**2: "The distance is not squared."})
        assert door_open == (right < 0.7), (
            f"{call} returned door_open = {door_open} at a distance of {right}; it is True when "
            "dist < 0.7, else False."
        )


@pytest.mark.hidden
def test_verify_sees_the_picture_by_the_model_it_is_given(verify):
    rng = np.random.default_rng(3)
    encodings = {grey: check_face(rng).astype(np.float32) for grey in (40, 160)}
    database = {"ana": encodings[40][np.newaxis], "ben": encodings[160][np.newaxis]}
    swapped = {40: encodings[160], 160: encodings[40]}
    call = "verify(image_path, identity, database, model)"
    for table, grey, claimed, right in [
        (encodings, 40, "ana", True),
        (encodings, 160, "ana", False),
        (swapped, 40, "ben", True),
        (swapped, 160, "ben", False),
    ]:
        with check_picture(grey) as path:
            got = check_call(call, verify, path, claimed, database, CheckFaceModel(table))
        _, door_open = check_pair(call, got, "dist, door_open")
        assert check_open(call, door_open) == right, (
            f"{call} is wrong for a second picture or a second model: encode the picture at "
            "image_path by the argument model, anew in every call."
        )


# ---- who_is_it


def check_identity(call, identity):
    """Return the identity as text."""
    assert identity is not None, (
        f"{call} returned None for identity; return the nearest name, or for a stranger the text "
        '"not in the database".'
    )
    assert isinstance(identity, str), (
        f"{call} returned no text for identity, but one {type(identity).__name__}; return "
        "(min_dist, identity), identity a name from the database."
    )
    return str(identity)


def inside_who(call, who_is_it, image_path, database, model):
    """Return what the function gives, and the names that it leaves in the database."""
    with check_decoys(who_is_it):
        return check_call(call, who_is_it, image_path, database, model), list(database)


def check_who(who_is_it, distances, at_07=()):
    """Return call, min_dist and identity of `who_is_it` for somebody at these distances."""
    names = [*distances, *at_07]
    people = ", ".join(names) if len(names) < 4 else f"{len(names)} people"
    call = f"who_is_it(image_path, database, model) with a database of {people}"
    with check_door(distances, at_07) as (path, database, model):
        got, left = inside_who(call, who_is_it, path, database, model)
    assert set(left) == set(names), f"{call} changed the database: it may only read it."
    min_dist, identity = check_pair(call, got, "min_dist, identity")
    assert not isinstance(min_dist, str), (
        f"{call} returned the text {min_dist!r} first; return min_dist first, then identity."
    )
    return call, min_dist, check_identity(call, identity)


def check_nearest(who_is_it, distances):
    """Judge who_is_it on somebody who is in the database."""
    call, min_dist, identity = check_who(who_is_it, distances)
    nearest = min(distances, key=distances.get)
    right = distances[nearest]
    others = {d: f"That is the distance from {name}, who is not the nearest."
              for name, d in distances.items() if name != nearest}  # fmt: skip
    squared = {right**2: "The distance is not squared: take the root, or np.linalg.norm."}
    check_distance(f"min_dist of {call}", min_dist, right, squared | others)
    known = identity in distances
    assert identity == nearest or not known, (
        f"{call} returned identity {identity!r}, who is at {distances.get(identity)}; {nearest} "
        f"is nearest, at {right}. Keep the name together with the smallest distance so far."
    )
    assert known, (
        f"{call} returned identity {identity!r}, although {nearest} is at {right}: a stranger is "
        "farther than 0.7 from everybody."
    )


def test_who_is_it_finds_the_nearest(who_is_it):
    check_nearest(who_is_it, {"mila": 1.2, "noor": 0.6, "theo": 0.9})
    check_nearest(who_is_it, {"theo": 0.4, "mila": 1.2, "noor": 0.6})
    check_nearest(who_is_it, {"noor": 1.3, "theo": 0.65, "mila": 0.5})


def test_who_is_it_knows_people_up_to_the_threshold(who_is_it):
    check_nearest(who_is_it, {"mila": 0.69, "noor": 0.83})
    check_nearest(who_is_it, {"noor": 0.9, "mila": 0.05})


def check_stranger(who_is_it, distances):
    """Judge who_is_it on somebody who is not in the database."""
    call, min_dist, identity = check_who(who_is_it, distances)
    nearest = min(distances, key=distances.get)
    right = distances[nearest]
    squared = {right**2: "The distance is not squared."}
    check_distance(f"min_dist of {call}", min_dist, right, squared)
    assert identity not in distances or identity == nearest, (
        f"{call} returned {identity!r} for a stranger; return the text "
        f'"not in the database", or the nearest name, {nearest}.'
    )


def test_who_is_it_answers_for_strangers_too(who_is_it):
    check_stranger(who_is_it, {"mila": 1.2, "noor": 0.71, "theo": 0.9})
    check_stranger(who_is_it, {"mila": 0.83, "noor": 1.1, "theo": 0.9})
    check_stranger(who_is_it, {"noor": 1.4, "mila": 1.3, "theo": 1.25})


def test_who_is_it_still_knows_people_at_exactly_the_threshold(who_is_it):
    call, min_dist, identity = check_who(who_is_it, {"mila": 1.2, "theo": 0.9}, at_07=("noor",))
    check_distance(f"min_dist of {call}", min_dist, 0.7, {0.49: "The distance is not squared."})
    # Who computes by another formula may see a little more than 0.7, and a stranger.
    strange = bool(np.all(np.asarray(min_dist) > 0.7)) and identity not in {"mila", "theo"}
    assert strange or identity == "noor", (
        f"{call} returned {identity!r} at a distance of exactly 0.7 from noor; a stranger is at "
        "a distance > 0.7, not >= 0.7."
    )


@pytest.mark.hidden
def test_who_is_it_finds_the_nearest_of_many(who_is_it):
    draws = np.random.default_rng(5)
    for count in (1, 2, 5, 12):
        for _ in range(3):
            others = 0.75 + draws.permutation(count) / 12
            distances = {f"person_{i:02d}": d for i, d in enumerate(others.tolist())}
            distances[draws.choice(sorted(distances))] = 0.62
            check_nearest(who_is_it, distances)
            check_stranger(who_is_it, {name: d + 0.1 for name, d in distances.items()})


@pytest.mark.hidden
def test_who_is_it_sees_the_picture_by_the_model_it_is_given(who_is_it):
    rng = np.random.default_rng(3)
    encodings = {grey: check_face(rng).astype(np.float32) for grey in (40, 100, 160)}
    names = dict(zip(encodings, ("ana", "ben", "cleo"), strict=True))
    database = {names[grey]: x[np.newaxis] for grey, x in encodings.items()}
    shifted = dict(zip(encodings, (encodings[160], encodings[40], encodings[100]), strict=True))
    call = "who_is_it(image_path, database, model)"
    for table, order in [(encodings, (40, 100, 160)), (shifted, (160, 40, 100))]:
        for grey, right in zip(encodings, order, strict=True):
            with check_picture(grey) as path:
                got = check_call(call, who_is_it, path, database, CheckFaceModel(table))
            _, identity = check_pair(call, got, "min_dist, identity")
            assert check_identity(call, identity) == names[right], (
                f"{call} is wrong for a second picture or a second model: encode the picture at "
                "image_path by the argument model, anew in every call."
            )
