"""Adam as it is written; L-BFGS-B down to the known minimum; both go on where they were left."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.optimize import lsq_linear

from style_engine import optimisers
from style_engine.optimisers import LBFGS, Adam
from style_engine.painting import StoppedError
from style_engine.recipe import Recipe

SHAPE = (1, 4, 5, 3)
LOW, HIGH = np.float32([-1.0, -2.0, -0.5]), np.float32([1.0, 0.5, 2.0])


def start(seed=0):
    return tf.constant(np.random.default_rng(seed).uniform(-0.4, 0.4, SHAPE), tf.float32)


class Bowl:
    """A convex quadratic |A x - b|² / 2 of a picture x, with a log of what was asked."""

    def __init__(self, seed=1, spread=2.0):
        rng = np.random.default_rng(seed)
        size = int(np.prod(SHAPE))
        self.A = rng.normal(0, 1, (2 * size, size)) / np.sqrt(2 * size)
        self.b = self.A @ rng.normal(0, spread, size)
        self.asked = []

    def __call__(self, x):
        vector = x.numpy().ravel().astype(np.float64)
        rest = self.A @ vector - self.b
        self.asked.append(x.numpy())
        slope = (self.A.T @ rest).reshape(SHAPE)
        return float(rest @ rest / 2), tf.constant(slope, tf.float32)

    def minimum(self, bounded):
        low, high = (np.broadcast_to(b, SHAPE).ravel() for b in (LOW, HIGH))
        bounds = (low, high) if bounded else (-np.inf, np.inf)
        return lsq_linear(self.A, self.b, bounds, tol=1e-12).x.reshape(SHAPE)


def made(kind, **settings):
    optimiser = "lbfgs" if kind is LBFGS else "adam"
    recipe = Recipe(pixels="unit", optimiser=optimiser, **settings)
    return kind(recipe, tf.constant(LOW), tf.constant(HIGH))


def advanced(optimiser, bowl, x, steps):
    """Go on until so many evaluations are used; return the picture and how many they were."""
    used = 0
    while used < steps:
        x, new = optimiser.advance(bowl, x, steps - used)
        used += new
    return x, used


# ---- Adam


def adam_in_numpy(bowl, x, steps, recipe):
    """Kingma and Ba, 2015, with the order of operations at the end of section 2."""
    x = x.numpy().astype(np.float64)
    m, v, pictures = np.zeros(SHAPE), np.zeros(SHAPE), []
    for t in range(1, steps + 1):
        gradient = bowl(tf.constant(x, tf.float32))[1].numpy().astype(np.float64)
        later = recipe.learning_rate_later
        rate = later[1] if later and t > later[0] else recipe.learning_rate
        m = recipe.beta_1 * m + (1 - recipe.beta_1) * gradient
        v = recipe.beta_2 * v + (1 - recipe.beta_2) * gradient**2
        rate *= np.sqrt(1 - recipe.beta_2**t) / (1 - recipe.beta_1**t)
        x = x - rate * m / (np.sqrt(v) + recipe.epsilon)
        x = np.clip(x, LOW, HIGH) if recipe.bounded else x
        pictures.append(x)
    return pictures


@pytest.mark.parametrize(
    "settings",
    [
        {"learning_rate": 0.1},
        {"learning_rate": 0.1, "bounded": True},
        {"learning_rate": 0.02, "beta_1": 0.99, "epsilon": 0.1},
        {"learning_rate": 0.3, "beta_2": 0.9, "learning_rate_later": (4, 0.01)},
    ],
)
def test_adam_is_adam(settings):
    recipe = Recipe(**settings)
    adam, bowl = made(Adam, **settings), Bowl()
    x = start()
    for expected in adam_in_numpy(Bowl(), x, 12, recipe):
        x, used = adam.advance(bowl, x, 99)
        assert used == 1
        np.testing.assert_allclose(x, expected, atol=2e-5)


def test_adam_stays_within_its_bounds_only_when_told():
    far = {"learning_rate": 1.0}
    free, _ = advanced(made(Adam, **far), Bowl(), start(), 20)
    bound, _ = advanced(made(Adam, bounded=True, **far), Bowl(), start(), 20)
    assert np.any((free < LOW) | (free > HIGH))
    assert np.all((bound >= LOW) & (bound <= HIGH))


def test_adam_gets_down():
    bowl = Bowl()
    x, _ = advanced(made(Adam, learning_rate=0.1), bowl, start(), 500)
    np.testing.assert_allclose(x, bowl.minimum(bounded=False), atol=0.02)


def test_the_mean_of_the_pictures_is_the_exponential_one_without_its_bias():
    settings = {"learning_rate": 0.1, "average": 0.8}
    adam = made(Adam, **settings)
    pictures = adam_in_numpy(Bowl(), start(), 6, Recipe(**settings))
    advanced(adam, Bowl(), start(), 6)
    weights = 0.8 ** np.arange(5, -1, -1)
    expected = np.average(pictures, axis=0, weights=weights)
    np.testing.assert_allclose(adam.result(tf.zeros(SHAPE)), expected, atol=2e-5)


def test_without_a_mean_the_result_is_the_best_picture():
    adam = made(Adam)
    advanced(adam, Bowl(), start(), 2)
    assert adam.result(start(7)) is not None
    np.testing.assert_array_equal(adam.result(start(7)), start(7))


def test_another_size_keeps_the_moments_and_begins_the_rest_anew():
    adam = made(Adam, average=0.9, learning_rate_later=(3, 0.5))
    advanced(adam, Bowl(), start(), 5)
    before = adam.state()
    adam.resized(lambda tensor: tensor[:, ::2] - 0.01)
    after = adam.state()
    np.testing.assert_array_equal(after["first"], before["first"][:, ::2] - np.float32(0.01))
    assert np.all(after["second"] >= 0)
    assert after["steps"] == 5
    assert after["here"] == 0
    assert "mean" not in after
    assert adam._rate() == Recipe().learning_rate


def test_another_size_before_the_first_step():
    adam = made(Adam)
    adam.resized(lambda tensor: tensor[:, ::2])
    assert adam.state() == {"steps": 0, "here": 0, "weight": 0.0}


# ---- L-BFGS


@pytest.mark.parametrize("bounded", [False, True])
def test_lbfgs_reaches_the_minimum(bounded):
    bowl = Bowl()
    expected = bowl.minimum(bounded)
    if bounded:
        assert np.mean((expected < LOW + 1e-3) | (expected > HIGH - 1e-3)) > 0.2
    x, _ = advanced(made(LBFGS, bounded=bounded), bowl, start(), 200)
    np.testing.assert_allclose(x, expected, atol=2e-3)
    if bounded:
        asked = np.stack(bowl.asked)
        assert np.all((asked >= LOW) & (asked <= HIGH))


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_lbfgs_does_not_mind_how_large_the_cost_is(scale):
    bowl = Bowl()

    def scaled(x):
        cost, slope = bowl(x)
        return cost * scale, slope * scale

    x, _ = advanced(made(LBFGS), scaled, start(), 200)
    np.testing.assert_allclose(x, bowl.minimum(bounded=False), atol=5e-3)


def test_a_start_out_of_bounds_is_brought_in():
    bowl = Bowl()
    advanced(made(LBFGS, bounded=True), bowl, start() + 30, 5)
    np.testing.assert_array_equal(bowl.asked[0], np.broadcast_to(HIGH, SHAPE))


@pytest.mark.parametrize("most", [1, 2, 3, 7])
def test_a_round_takes_no_more_evaluations_than_it_may(most):
    bowl = Bowl()
    x, used = made(LBFGS).advance(bowl, start(), most)
    assert used == most == len(bowl.asked)
    costs = [Bowl()(tf.constant(each))[0] for each in bowl.asked]
    np.testing.assert_array_equal(x, bowl.asked[int(np.argmin(costs))])


def test_a_round_is_over_after_its_number_of_evaluations(monkeypatch):
    monkeypatch.setattr(optimisers, "ROUND", 4)
    bowl = Bowl()
    _, used = made(LBFGS).advance(bowl, start(), 100)
    assert used == len(bowl.asked) == 4


def test_rounds_are_the_same_however_they_are_cut(monkeypatch):
    """A new optimiser takes up after a round as if it were the old one."""
    monkeypatch.setattr(optimisers, "ROUND", 4)
    whole, _ = advanced(made(LBFGS, bounded=True), Bowl(), start(), 12)
    x = start()
    for _ in range(3):
        x, _ = made(LBFGS, bounded=True).advance(Bowl(), x, 12)
    np.testing.assert_array_equal(whole, x)


def test_at_the_minimum_it_ends():
    bowl = Bowl(spread=0.1)
    there = tf.constant(bowl.minimum(bounded=False), tf.float32)
    x, used = made(LBFGS).advance(bowl, there, 1000)
    np.testing.assert_allclose(x, there, atol=1e-4)
    _, used = advanced(made(LBFGS), bowl, x, 1000)
    assert used >= 1000
    assert len(bowl.asked) < 300


def test_a_flat_cost_ends_it():
    flat = lambda x: (5.0, tf.zeros_like(x))  # noqa: E731
    x, used = made(LBFGS).advance(flat, start(), 70)
    np.testing.assert_array_equal(x, start())
    assert used == 70


def test_whatever_evaluating_raises_comes_through():
    def broken(x):
        raise StoppedError(None)

    for kind in (Adam, LBFGS):
        with pytest.raises(StoppedError):
            made(kind).advance(broken, start(), 5)


def test_another_size_means_nothing_to_lbfgs():
    lbfgs = made(LBFGS)
    lbfgs.resized(lambda tensor: 1 / 0)
    assert lbfgs.state() == {}
    assert lbfgs.result(start(3)) is not None


# ---- state


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (Adam, {"learning_rate": 0.1}),
        (Adam, {"learning_rate": 0.1, "average": 0.9, "bounded": True}),
        (Adam, {"learning_rate": 0.1, "learning_rate_later": (5, 0.01)}),
        (LBFGS, {"bounded": True}),
    ],
)
def test_a_restored_optimiser_goes_on_to_the_last_bit(kind, settings, monkeypatch):
    monkeypatch.setattr(optimisers, "ROUND", 3)
    one, bowl = made(kind, **settings), Bowl()
    x, _ = advanced(one, bowl, start(), 6)
    state = {n: np.asarray(v) if tf.is_tensor(v) else v for n, v in one.state().items()}
    other = made(kind, **settings)
    other.restore(state)
    end, _ = advanced(one, bowl, x, 6)
    again, _ = advanced(other, bowl, x, 6)
    np.testing.assert_array_equal(end, again)
    np.testing.assert_array_equal(one.result(end), other.result(again))


def test_a_new_optimiser_can_be_saved():
    new = made(Adam)
    new.restore(made(Adam).state())
    x, _ = new.advance(Bowl(), start(), 1)
    np.testing.assert_array_equal(x, made(Adam).advance(Bowl(), start(), 1)[0])
