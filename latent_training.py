"""Training for the notebook on latent spaces: a compiled step, a bar, the losses of each epoch."""

import quiet_tensorflow  # isort: skip - before anything that imports TensorFlow

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tqdm.auto import tqdm

from latent_digits import as_pictures

Losses = Callable[[Any], Mapping[str, Any]]


def fit(  # noqa: PLR0913 - options with defaults
    loss_function: Losses,
    variables: Sequence[Any],
    pictures: np.ndarray,
    *,
    epochs: int,
    batch_size: int = 128,
    learning_rate: float = 1e-3,
    seed: int = 0,
    held_out: np.ndarray | None = None,
    every_epoch: Callable[[int, dict[str, list[float]]], object] | None = None,
) -> dict[str, list[float]]:
    """Train variables with Adam until the pictures were seen several times.

    The step is compiled once. The few pictures that would make an incomplete last batch, others
    in each epoch, are left out.

    Parameters
    ----------
    loss_function : callable
        From a batch (batch_size, 28, 28, 1) to a dict of scalars; ``"loss"`` is minimised, the
        others are only noted.
    variables : sequence of Keras variables
        What is trained, such as ``encoder.trainable_variables``.
    pictures : array (m, 28, 28, 1)
        0-1.
    epochs : int
        How often each picture is seen.
    batch_size : int
    learning_rate : float
    seed : int
        Of the order of the pictures.
    held_out : array (n, 28, 28, 1), optional
        Pictures that are not trained with; their losses are noted after each epoch.
    every_epoch : callable, optional
        Called with the number of epochs done and the history: before the first, and after each.

    Returns
    -------
    dict of str to list of float
        The mean over each epoch, by name, and those of the held-out pictures as ``"held-out "``
        and the name.

    Raises
    ------
    ValueError
        A number is out of range, the losses have no ``"loss"``, or it depends on no variable.
    FloatingPointError
        The loss became infinite or is no number.
    """
    pictures = as_pictures(pictures)
    _check_numbers(epochs, batch_size, learning_rate)
    batch_size = min(batch_size, len(pictures))
    steps = len(pictures) // batch_size
    rng = np.random.default_rng(seed)
    step = _compiled_step(loss_function, list(variables), pictures, learning_rate)
    look = tf.function(loss_function)
    history: dict[str, list[float]] = {}
    if every_epoch is not None:
        every_epoch(0, history)
    with tqdm(total=epochs * steps, desc="training", unit="batch") as bar:
        for epoch in range(1, epochs + 1):
            order = rng.permutation(len(pictures))[: steps * batch_size].reshape(steps, -1)
            _note(history, "", _epoch(step, order, epoch, bar))
            if held_out is not None:
                _note(history, "held-out ", _mean_losses(look, as_pictures(held_out), batch_size))
            bar.set_postfix({name: f"{values[-1]:.4g}" for name, values in history.items()})
            if every_epoch is not None:
                every_epoch(epoch, history)
    return history


def _check_numbers(epochs: int, batch_size: int, learning_rate: float) -> None:
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if value < 1:
            raise ValueError(f"{name} is {value}; it has to be at least 1")
    if not learning_rate > 0:
        raise ValueError(f"learning_rate is {learning_rate}; it has to be above 0, such as 0.001")


def _compiled_step(
    loss_function: Losses, variables: list[Any], pictures: np.ndarray, learning_rate: float
) -> Callable[[Any], Any]:
    """Return a function that takes a step of Adam with the pictures of these numbers."""
    optimizer = keras.optimizers.Adam(learning_rate)
    optimizer.build(variables)
    data = tf.constant(pictures)

    @tf.function
    def step(numbers: Any) -> Any:
        with tf.GradientTape() as tape:
            losses = _losses(loss_function, tf.gather(data, numbers))
        gradients = tape.gradient(losses["loss"], variables)
        pairs = [pair for pair in zip(gradients, variables, strict=True) if pair[0] is not None]
        if not pairs:
            raise ValueError(
                "the loss depends on none of the variables, so there is nothing to learn; compute "
                "it with TensorFlow from the batch and the models"
            )
        optimizer.apply_gradients(pairs)
        return losses

    return step


def _losses(loss_function: Losses, batch: Any) -> dict[str, Any]:
    """Return what the function gives, if it is losses."""
    losses = loss_function(batch)
    if not isinstance(losses, Mapping) or "loss" not in losses:
        raise ValueError(
            f"the loss function returned {type(losses).__name__}; a dict is needed in which "
            '"loss" is what is to become small'
        )
    for name, value in losses.items():
        if tf.convert_to_tensor(value).shape.rank != 0:
            raise ValueError(
                f'the loss function\'s "{name}" has shape {value.shape}; it has to be one number: '
                "the mean over the batch"
            )
    return dict(losses)


def _epoch(step: Any, order: np.ndarray, epoch: int, bar: Any) -> dict[str, float]:
    """Go once through the pictures; return the means of the losses."""
    sums: dict[str, float] = {}
    for number, batch in enumerate(order):
        losses = {name: float(value) for name, value in step(tf.constant(batch)).items()}
        if not math.isfinite(losses["loss"]):
            raise FloatingPointError(
                f"the loss is {losses['loss']} in batch {number + 1} of epoch {epoch}: a "
                "logarithm of 0, an exponential of a large number, or too large a learning rate"
            )
        for name, value in losses.items():
            sums[name] = sums.get(name, 0.0) + value
        bar.update()
        if number % 10 == 0:
            bar.set_postfix({name: f"{value:.4g}" for name, value in losses.items()})
    return {name: value / len(order) for name, value in sums.items()}


def _mean_losses(look: Any, pictures: np.ndarray, batch_size: int) -> dict[str, float]:
    """Return the mean losses of pictures that nothing is learnt from."""
    sums: dict[str, float] = {}
    for start in range(0, len(pictures), batch_size):
        batch = pictures[start : start + batch_size]
        for name, value in look(tf.constant(batch)).items():
            sums[name] = sums.get(name, 0.0) + float(value) * len(batch)
    return {name: value / len(pictures) for name, value in sums.items()}


def _note(history: dict[str, list[float]], prefix: str, losses: Mapping[str, float]) -> None:
    for name, value in losses.items():
        history.setdefault(prefix + name, []).append(value)
