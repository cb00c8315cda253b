"""`fit`: what is minimised, what is noted, what is compiled, and what goes wrong."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from latent_training import fit
from nst_utils import PictureError


@pytest.fixture
def pictures():
    return np.random.default_rng(0).uniform(0, 1, (50, 28, 28, 1)).astype(np.float32)


@pytest.fixture
def variable():
    return keras.Variable(0.0)


def squared_error(variable):
    """Return a loss that is least where the variable is the mean brightness of the pictures."""
    return lambda x: {"loss": tf.reduce_mean((x - variable) ** 2), "guess": variable + 0.0}


def test_what_is_called_loss_becomes_small(pictures, variable):
    history = fit(squared_error(variable), [variable], pictures, epochs=40, batch_size=10,
                  learning_rate=0.02)  # fmt: skip
    assert list(history) == ["loss", "guess"]
    assert [len(values) for values in history.values()] == [40, 40]
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    np.testing.assert_allclose(float(variable), pictures.mean(), atol=0.02)


def test_the_history_holds_the_means_over_each_epoch(pictures, variable):
    """The variable takes no part, so that each epoch's mean is that of all pictures."""
    history = fit(
        lambda x: {"loss": 0 * variable, "mean": tf.reduce_mean(x)},
        [variable], pictures, epochs=2, batch_size=10,
    )  # fmt: skip
    np.testing.assert_allclose(history["mean"], pictures.mean(), rtol=1e-5)


def test_every_picture_is_seen_once_an_epoch_in_another_order(pictures, variable):
    seen = []

    def loss(x):
        tf.py_function(lambda batch: seen.append(np.array(batch)), [x], [])
        return {"loss": variable * 1.0}

    fit(loss, [variable], pictures, epochs=2, batch_size=10)
    batches = [batch for batch in seen if len(batch)]
    assert [len(batch) for batch in batches] == [10] * 10
    epochs = [np.concatenate(batches[:5]), np.concatenate(batches[5:])]
    for epoch in epochs:
        assert {p.tobytes() for p in epoch} == {p.tobytes() for p in pictures}
    assert not np.array_equal(*epochs)
    assert not np.array_equal(epochs[0], pictures)


def test_the_same_seed_gives_the_same_training(pictures):
    def trained(seed):
        variable = keras.Variable(0.0)
        return fit(squared_error(variable), [variable], pictures, epochs=2, batch_size=8,
                   learning_rate=0.05, seed=seed)["loss"]  # fmt: skip

    assert trained(1) == trained(1)
    assert trained(1) != trained(2)


def test_the_step_is_compiled_once_for_full_batches_alone(pictures, variable):
    sizes = []

    def loss(x):
        sizes.append(x.shape[0])  # Python's side effects happen while tracing
        return {"loss": tf.reduce_mean((x - variable) ** 2)}

    fit(loss, [variable], pictures, epochs=5, batch_size=16)
    assert sizes == [16]


def test_few_pictures_make_one_batch(pictures, variable):
    sizes = []

    def loss(x):
        sizes.append(x.shape[0])
        return {"loss": tf.reduce_mean((x - variable) ** 2)}

    fit(loss, [variable], pictures, epochs=2, batch_size=128)
    assert sizes == [50]


def test_held_out_pictures_are_looked_at_but_not_learnt_from(pictures, variable):
    others = np.ones((21, 28, 28, 1), np.float32)
    history = fit(squared_error(variable), [variable], pictures, epochs=60, batch_size=10,
                  learning_rate=0.02, held_out=others)  # fmt: skip
    assert list(history) == ["loss", "guess", "held-out loss", "held-out guess"]
    assert len(history["held-out loss"]) == 60
    np.testing.assert_allclose(float(variable), pictures.mean(), atol=0.02)
    expected = (1 - float(variable)) ** 2
    np.testing.assert_allclose(history["held-out loss"][-1], expected, rtol=1e-4)


def test_a_mean_of_held_out_pictures_counts_each_once(pictures, variable):
    """With batches of 16, 16 and 18 - 16 = 2 of 34 pictures."""
    history = fit(
        lambda x: {"loss": 0 * variable, "mean": tf.reduce_mean(x)},
        [variable], pictures, epochs=1, batch_size=16, held_out=pictures[:34],
    )  # fmt: skip
    np.testing.assert_allclose(history["held-out mean"], pictures[:34].mean(), rtol=1e-5)


def test_a_callback_sees_the_beginning_and_every_epoch(pictures, variable):
    calls = []
    fit(squared_error(variable), [variable], pictures, epochs=3,
        every_epoch=lambda epoch, history: calls.append((epoch, len(history.get("loss", []))))
    )  # fmt: skip
    assert calls == [(0, 0), (1, 1), (2, 2), (3, 3)]


def test_variables_that_the_loss_ignores_stay_as_they_are(pictures, variable):
    other = keras.Variable(3.0)
    fit(squared_error(variable), [other, variable], pictures, epochs=2)
    assert float(other) == 3
    assert float(variable) != 0


def test_models_are_trained(pictures):
    """A network with the shape of a decoder learns to draw the mean picture."""
    inputs = keras.Input((2,))
    outputs = keras.layers.Reshape((28, 28, 1))(keras.layers.Dense(784)(inputs))
    model = keras.Model(inputs, outputs)

    def loss(x):
        back = model(tf.ones((tf.shape(x)[0], 2)))
        return {"loss": tf.reduce_mean((x - back) ** 2)}

    history = fit(loss, model.trainable_variables, pictures, epochs=40, batch_size=25,
                  learning_rate=0.05)  # fmt: skip
    assert history["loss"][-1] < 0.4 * history["loss"][0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, "epochs is 0; it has to be at least 1"),
        ({"epochs": 1, "batch_size": 0}, "batch_size is 0"),
        ({"epochs": 1, "learning_rate": 0}, "learning_rate is 0; it has to be above 0"),
    ],
)
def test_a_number_out_of_range_is_refused(pictures, variable, settings, message):
    with pytest.raises(ValueError, match=message):
        fit(squared_error(variable), [variable], pictures, **settings)


def test_other_pictures_are_refused(pictures, variable):
    with pytest.raises(PictureError, match=r"shape \(50, 28, 28\)"):
        fit(squared_error(variable), [variable], pictures[..., 0], epochs=1)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (tf.reduce_mean, "a dict is needed"),
        (lambda x: {"cost": tf.reduce_mean(x)}, "a dict is needed"),
        (lambda x: {"loss": tf.reduce_mean(x, axis=(1, 2, 3))}, r'"loss" has shape \(50,\)'),
        (lambda x: {"loss": tf.reduce_mean(x)}, "depends on none of the variables"),
    ],
)
def test_what_is_no_loss_is_refused(pictures, variable, loss, message):
    with pytest.raises(ValueError, match=message):
        fit(loss, [variable], pictures, epochs=1)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_loss_that_is_no_number_ends_the_training(pictures, variable, bad):
    calls = []

    def loss(x):
        return {"loss": variable * 0 + bad}

    with pytest.raises(FloatingPointError, match=r"batch 1 of epoch 1.*learning rate"):
        fit(loss, [variable], pictures, epochs=5, every_epoch=lambda *_: calls.append(1))
    assert calls == [1]
