"""How well the latent plane describes digits, and what lies between its codes.

    python -m benchmarks.latent_elbo [--starts 2] [--seen 120000] [--dims 2 --dims 16] [--folder F]

Trains the notebook's two networks with the notebook's own solutions, as an autoencoder and as a
VAE, and measures on held-out digits, MNIST's if `course fetch mnist` has brought it:

- the negative ELBO, the mean over several draws of the noise, and the importance-weighted bound of
  Burda, Grosse and Salakhutdinov (2016), which is nearer to the likelihood; nats a picture;
- how sure a small classifier is of decoded pictures: at codes, halfway between the codes of two
  different digits, the same pairs for both networks, and at codes drawn from N(0, 1); and how
  many kinds of digits it sees in them: e to the entropy of its mean answer, 10 at most. The
  classifier has learnt from the training pictures alone.
"""

import quiet_tensorflow  # isort: skip # noqa: F401 - before anything that imports TensorFlow

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import keras
import numpy as np
import tensorflow as tf
import typer

from grading.lesson import Lesson
from grading.submission import load_functions
from latent_digits import FOLDER, Digits, load_digits
from latent_training import fit

LEARNING_RATE = 2e-3  # of Adam
BATCH = 32  # pictures, as in the notebook
DRAWS = 10  # of the noise, for the ELBO
SAMPLES = 64  # codes for each picture, for the tighter bound
TOGETHER = 30  # pictures whose codes are decoded at once
PAIRS = 2000
DIMS = [2, 16]  # the plane, and a space in which there is more room between codes
Models = tuple[keras.Model, keras.Model]


# --- training -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """What is trained: numbers of latent dimensions, of pictures seen, and of starts."""

    dims: int
    seen: int
    starts: int


def train(solved: dict[str, Any], digits: Digits, plan: Plan, seed: int, *, noise: bool) -> Models:
    """Train encoder and decoder: with noise a VAE, without a plain autoencoder."""
    keras.utils.set_random_seed(seed)
    encoder, decoder = solved["encoder"](plan.dims), solved["decoder"](plan.dims)

    def loss(x: Any) -> dict[str, Any]:
        z_mean, z_log_var = encoder(x)
        if not noise:
            return {"loss": solved["reconstruction_loss"](x, decoder(z_mean))}
        x_hat = decoder(solved["reparameterize"](z_mean, z_log_var))
        return {"loss": solved["vae_loss"](x, x_hat, z_mean, z_log_var)}

    variables = encoder.trainable_variables + decoder.trainable_variables
    epochs = max(1, plan.seen // len(digits.train))
    fit(loss, variables, digits.train, epochs=epochs, batch_size=BATCH,
        learning_rate=LEARNING_RATE, seed=seed)  # fmt: skip
    return encoder, decoder


def train_classifier(digits: Digits) -> keras.Model:
    """Train a small convolutional network to name digits."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, strides=2, activation="relu"),
            layers.Conv2D(64, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.4),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    epochs = max(2, 180_000 // len(digits.train))
    model.fit(digits.train, digits.train_labels, batch_size=128, epochs=epochs, verbose=0)
    return model


# --- bounds ---------------------------------------------------------------------------------


def negative_elbo(
    solved: dict[str, Any], models: Models, pictures: np.ndarray
) -> dict[str, float]:
    """Return the negative ELBO and its two parts, nats a picture, by the notebook's functions."""
    encoder, decoder = models
    sums = np.zeros(2)
    for start in range(0, len(pictures), 500):
        x = tf.constant(pictures[start : start + 500])
        z_mean, z_log_var = encoder(x)
        drawn = [decoder(solved["reparameterize"](z_mean, z_log_var)) for _ in range(DRAWS)]
        parts = (
            np.mean([float(solved["reconstruction_loss"](x, x_hat)) for x_hat in drawn]),
            float(solved["kl_divergence"](z_mean, z_log_var)),
        )
        sums += len(x) * np.array(parts)
    reconstruction, divergence = sums / len(pictures)
    return {
        "negative ELBO": reconstruction + divergence,
        "reconstruction": reconstruction,
        "divergence": divergence,
    }


def importance_weighted(models: Models, pictures: np.ndarray) -> float:
    """Return minus the importance-weighted bound, nats a picture."""
    encoder, decoder = models

    @tf.function(reduce_retracing=True)
    def bounds(x: Any) -> Any:
        """Return the logarithm of the mean weight p(x | z) p(z) / q(z | x) of each picture."""
        z_mean, z_log_var = (half[:, tf.newaxis] for half in encoder(x))
        epsilon = tf.random.normal((tf.shape(x)[0], SAMPLES, tf.shape(z_mean)[-1]))
        z = z_mean + tf.exp(z_log_var / 2) * epsilon
        p = decoder(tf.reshape(z, (-1, z_mean.shape[-1])))
        p = tf.reshape(tf.clip_by_value(p, 1e-7, 1 - 1e-7), (-1, SAMPLES, 28 * 28))
        x = tf.reshape(x, (-1, 1, 28 * 28))
        log_x = tf.reduce_sum(x * tf.math.log(p) + (1 - x) * tf.math.log(1 - p), axis=-1)
        log_prior = tf.reduce_sum(epsilon**2 + z_log_var - z**2, axis=-1) / 2
        return tf.reduce_logsumexp(log_x + log_prior, axis=1) - np.log(SAMPLES)

    starts = range(0, len(pictures), TOGETHER)
    found = [bounds(tf.constant(pictures[start : start + TOGETHER])) for start in starts]
    return -float(np.mean(np.concatenate(found)))


# --- between codes --------------------------------------------------------------------------


def draw_pairs(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return numbers of pictures (PAIRS, 2) that show different digits."""
    pairs = rng.integers(0, len(labels), (2 * PAIRS, 2))
    return pairs[labels[pairs[:, 0]] != labels[pairs[:, 1]]][:PAIRS]


def answers(models: Models, classifier: keras.Model, digits: Digits) -> dict[str, np.ndarray]:
    """Return what the classifier says of decoded pictures (PAIRS, 10), by their places."""
    encoder, decoder = models
    rng = np.random.default_rng(0)
    codes = encoder.predict(digits.test, batch_size=500, verbose=0)[0]
    pairs = draw_pairs(digits.test_labels, rng)
    places = {
        "at the codes": codes[pairs[:, 0]],
        "halfway": codes[pairs].mean(axis=1),
        "drawn from N(0, 1)": rng.standard_normal((PAIRS, codes.shape[1])).astype(np.float32),
    }
    pictures = {name: decoder.predict(z, 500, verbose=0) for name, z in places.items()}
    return {name: classifier.predict(x, 500, verbose=0) for name, x in pictures.items()}


def figures(answer: np.ndarray) -> str:
    """Return mean sureness, the share of sure answers and the kinds of digits, as cells."""
    sure, mean = answer.max(axis=1), answer.mean(axis=0)
    kinds = np.exp(-np.sum(mean * np.log(mean)))
    return f"{sure.mean():.3f} | {(sure > 0.9).mean():.0%} | {kinds:.1f}"


# --- the measurement ------------------------------------------------------------------------


def measure(solved: dict[str, Any], digits: Digits, classifier: keras.Model, plan: Plan) -> None:
    """Train as planned and print both tables."""
    bounds: list[dict[str, float]] = []
    said: dict[str, list[dict[str, np.ndarray]]] = {"autoencoder": [], "VAE": []}
    for seed in range(1, plan.starts + 1):
        for name, runs in said.items():
            models = train(solved, digits, plan, seed, noise=name == "VAE")
            runs.append(answers(models, classifier, digits))
        bounds.append(negative_elbo(solved, models, digits.test))
        bounds[-1]["importance-weighted"] = importance_weighted(models, digits.test)
        print(f"{plan.dims} dimensions: start {seed} of {plan.starts} done", file=sys.stderr)
    print_bounds(plan.dims, bounds)
    print_answers(plan.dims, said)


def print_bounds(dims: int, rows: list[dict[str, float]]) -> None:
    """Print a Markdown table of means over the starts, and how far apart they are."""
    print(f"\n| VAE, {dims} dimensions | nats a picture | least and most |\n| --- | --- | --- |")
    for name in rows[0]:
        values = [row[name] for row in rows]
        print(f"| {name} | {np.mean(values):.1f} | {min(values):.1f}, {max(values):.1f} |")


def print_answers(dims: int, said: dict[str, list[dict[str, np.ndarray]]]) -> None:
    """Print a Markdown table of what the classifier says of decoded pictures."""
    print(f"\n| {dims} dimensions, decoded | by | sureness | above 0.9 | kinds of digits |")
    print("| --- | --- | --- | --- | --- |")
    for place in said["VAE"][0]:
        for name, runs in said.items():
            answer = np.concatenate([run[place] for run in runs])
            print(f"| {place} | {name} | {figures(answer)} |", flush=True)


def main(
    starts: Annotated[int, typer.Option(min=1, help="Trainings of each network.")] = 2,
    seen: Annotated[int, typer.Option(min=1, help="Pictures seen in a training.")] = 120_000,
    dims: Annotated[
        list[int], typer.Option(min=1, help="Latent dimensions; may be repeated.")
    ] = DIMS,
    folder: Annotated[Path, typer.Option(help="Where mnist.npz may lie.")] = FOLDER,
) -> None:
    """Measure the latent space on held-out digits."""
    solved = load_functions(Lesson("latent_space").source)
    digits = load_digits(folder=folder)
    print(f"{digits.name}: {len(digits.train):,} to learn from, {len(digits.test):,} held out")
    classifier = train_classifier(digits)
    right = classifier.evaluate(digits.test, digits.test_labels, batch_size=500, verbose=0)[1]
    answer = classifier.predict(digits.test, 500, verbose=0)
    print(f"the classifier names {right:.1%} of the held-out digits rightly")
    print(f"its sureness, share above 0.9 and kinds for them: {figures(answer)}", flush=True)
    for number in dims:
        measure(solved, digits, classifier, Plan(number, seen, starts))


if __name__ == "__main__":
    typer.run(main)
