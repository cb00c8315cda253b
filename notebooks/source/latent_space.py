# ---
# jupyter:
#   course:
#     points: 100
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Walk from one digit to another
#
# A picture of a handwritten digit has 784 pixels. How many numbers does it take to say what is in
# it? In this notebook you let a network find out: it has to squeeze every picture into **two**
# numbers and draw it again from these two alone. Two numbers are a point in a plane, so you can
# look at the whole of what the network knows, as on a map. And you can walk on that map, from a 3
# to an 8, and watch one become the other.
#
# You will
#
# - build an encoder and a decoder, and train the two as an **autoencoder**,
# - look for the places of its plane where it has nothing sensible to say,
# - write the three parts that make a **variational autoencoder** (VAE) of it, by Kingma and
#   Welling (2014), which fills these gaps,
# - see what happens if one asks for too much order, or for too little,
# - find pictures that are no digits at all by how badly they come back.
#
# There are seven exercises, most of them two or three lines. Replace the line
# `raise NotImplementedError(...)` by your code and run the cell, then the check below it. **A
# check that stays silent has passed**; otherwise its last line says what to look at. When your
# notebook is graded, a few more checks of the same kind run: other sizes, other batches,
# gradients.

# %% tags=["setup"]
from latent_utils import *  # first: it also quiets TensorFlow's messages at start-up

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from IPython.display import Image, display

plt.rcParams["figure.dpi"] = 90

# %% checks=true

# %% [markdown]
# ## 1. Look at the digits
#
# The pictures come from scikit-learn: 1,797 digits that people wrote, 8 × 8 pixels each, enlarged
# here to 28 × 28 and turned, slanted and bent a little, ten times each. If you have run `course
# fetch mnist`, you see the real MNIST in their place, and every cell works the same. Which of the
# two it is stands at the foot of each figure.
#
# A pixel lies between 0 (black paper) and 1 (white ink). The pictures in `digits.test` are held
# out: no network learns from them, or from other copies of them.

# %%
digits = load_digits()
print(digits.name)
print("to learn from", digits.train.shape, " held out", digits.test.shape)
show_pictures(digits.test[::99][:20], digits.test_labels[::99][:20], caption=digits.name)

# %% [markdown]
# An **autoencoder** is two networks, one behind the other. The **encoder** turns a picture $x$
# into a **code** $z$, here of two numbers. The **decoder** turns the code back into a picture
# $\hat x$. The code is the bottleneck: whatever of the picture is to be on the right has to pass
# through it.
#
# Nobody tells the two what the numbers should mean. They are only asked that $\hat x$ be like $x$.
# The plane of all codes is called the **latent space**: latent means hidden, and it is what the
# data does not show and the network has to make up.

# %%
show_bottleneck(digits.test[0], data=digits.name)

# %% [markdown]
# ## 2. Build the two networks
#
# The encoder is a small convolutional network. Two convolutions halve the picture twice while
# their channels grow; a dense layer reads what is left. At its end stand **two** layers, side by
# side on top of the same dense layer. The plain autoencoder uses the first one alone, `z_mean`,
# as its code. What the second, `z_log_var`, is for comes in section 5.
#
# | layer | settings | gives |
# | --- | --- | --- |
# | `Conv2D` | 16 filters of 3 × 3, strides 2, padding `"same"`, `relu` | 14 × 14 × 16 |
# | `Conv2D` | 32 filters of 3 × 3, strides 2, padding `"same"`, `relu` | 7 × 7 × 32 |
# | `Flatten` | | 1568 |
# | `Dense` | 128 units, `relu` | 128 |
# | `Dense`, the output `z_mean` | `latent_dim` units, no activation | `latent_dim` |
# | `Dense`, the output `z_log_var` | `latent_dim` units, no activation | `latent_dim` |
#
# ### Exercise 1: `encoder`
#
# Build this network and return it as a `tf.keras.Model` that gives a list of two outputs, `z_mean`
# and `z_log_var`. Both have shape (m, `latent_dim`) for pictures (m, 28, 28, 1).
#
# Hint: in Keras's functional style every layer is called with what the layer before it gave:
# `x = tf.keras.layers.Flatten()(x)`.


# %% exercise="encoder"
def encoder(latent_dim=2):
    """Build the network from a picture to the two halves of its code.

    Parameters
    ----------
    latent_dim : int, how many numbers a code has

    Returns
    -------
    model : tf.keras.Model from (m, 28, 28, 1) to [z_mean, z_log_var], each (m, latent_dim)
    """
    ### BEGIN SOLUTION
    layers = tf.keras.layers
    inputs = tf.keras.Input(shape=(28, 28, 1))
    x = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(inputs)
    x = layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(128, activation="relu")(x)
    z_mean = layers.Dense(latent_dim, name="z_mean")(x)
    z_log_var = layers.Dense(latent_dim, name="z_log_var")(x)
    return tf.keras.Model(inputs, [z_mean, z_log_var])
    ### END SOLUTION


# %% tests="encoder" points=15

# %% [markdown]
# The decoder goes the same way back. A **transposed** convolution with strides 2 doubles a
# picture's size: where a convolution sums over a place's surroundings, it spreads every place over
# them. The sigmoid at the end keeps all pixels between 0 and 1.
#
# | layer | settings | gives |
# | --- | --- | --- |
# | `Dense` | 128 units, `relu` | 128 |
# | `Dense` | 256 units, `relu` | 256 |
# | `Dense` | 7 · 7 · 32 units, `relu` | 1568 |
# | `Reshape` | | 7 × 7 × 32 |
# | `Conv2DTranspose` | 16 filters of 3 × 3, strides 2, padding `"same"`, `relu` | 14 × 14 × 16 |
# | `Conv2DTranspose` | 1 filter of 3 × 3, strides 2, padding `"same"`, `sigmoid` | 28 × 28 × 1 |
#
# ### Exercise 2: `decoder`
#
# Build this network and return it. It takes codes of shape (m, `latent_dim`) and gives pictures
# (m, 28, 28, 1).
#
# Hint: the input's shape is written without the batch, `(latent_dim,)`.


# %% exercise="decoder"
def decoder(latent_dim=2):
    """Build the network from a code to a picture.

    Parameters
    ----------
    latent_dim : int, how many numbers a code has

    Returns
    -------
    model : tf.keras.Model from (m, latent_dim) to (m, 28, 28, 1), with pixels from 0 to 1
    """
    ### BEGIN SOLUTION
    layers = tf.keras.layers
    inputs = tf.keras.Input(shape=(latent_dim,))
    x = layers.Dense(128, activation="relu")(inputs)
    x = layers.Dense(256, activation="relu")(x)
    x = layers.Dense(7 * 7 * 32, activation="relu")(x)
    x = layers.Reshape((7, 7, 32))(x)
    x = layers.Conv2DTranspose(16, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.Conv2DTranspose(1, 3, strides=2, padding="same", activation="sigmoid")(x)
    return tf.keras.Model(inputs, x)
    ### END SOLUTION


# %% tests="decoder" points=15

# %% [markdown]
# The encoder has 206,148 parameters, the decoder 441,153: drawing is harder than seeing. With
# random weights the decoder knows nothing of digits yet:
# whatever the code, it gives something grey.

# %%
show_strip(decoder(), np.array([[-2, 0], [-1, 0], [0, 0], [1, 0], [2, 0]]),
           title="What an untrained decoder makes of five codes")  # fmt: skip

# %% [markdown]
# ## 3. Say how well a picture came back
#
# Take $\hat x$ for what it says about each pixel: the probability that there is ink. If a pixel
# is white, $x_i = 1$, the network was right to the degree $\hat x_i$, and it pays $-\ln \hat
# x_i$: nothing if it was certain of the ink, much if it had excluded it. If the pixel is black,
# it pays $-\ln(1 - \hat x_i)$. A grey pixel is a mixture of both. This is the **binary
# cross-entropy**. Over all pixels of a picture, and as a mean over a batch of $m$ pictures, it
# gives the **reconstruction loss**
#
# $$J_{rec} = -\frac{1}{m} \sum_{j=1}^{m} \sum_{i=1}^{784} \left( x_i^{(j)} \ln \hat x_i^{(j)} +
# (1 - x_i^{(j)}) \ln (1 - \hat x_i^{(j)}) \right)$$
#
# in **nats** (bits, if the logarithm were to base 2). Mind the two sums: over the pixels a *sum*,
# over the batch a *mean*. Soon this loss will be weighed against another one, of the code. What
# counts is how much a whole picture costs and how much its code does, so neither may be divided by
# its number of pixels or dimensions.
#
# ### Exercise 3: `reconstruction_loss`
#
# 1. Cut `x_hat` to $10^{-7} \ldots 1 - 10^{-7}$, as $\ln 0$ is infinite.
# 2. Compute the cost of every pixel.
# 3. Sum over the pixels of each picture, then take the mean over the batch.
#
# Hint: `tf.clip_by_value` cuts, `tf.math.log` is the natural logarithm, and `tf.reduce_sum(...,
# axis=(1, 2, 3))` sums over everything but the batch.


# %% exercise="reconstruction_loss"
def reconstruction_loss(x, x_hat):
    """Measure how far pictures are from what came back of them.

    Parameters
    ----------
    x : tensor (m, 28, 28, 1), pictures, 0 to 1
    x_hat : tensor (m, 28, 28, 1), what the decoder made of their codes, 0 to 1

    Returns
    -------
    loss : scalar tensor, nats a picture
    """
    ### BEGIN SOLUTION
    x_hat = tf.clip_by_value(x_hat, 1e-7, 1 - 1e-7)
    costs = -(x * tf.math.log(x_hat) + (1 - x) * tf.math.log(1 - x_hat))
    return tf.reduce_mean(tf.reduce_sum(costs, axis=(1, 2, 3)))
    ### END SOLUTION


# %% tests="reconstruction_loss" points=15

# %% [markdown]
# Who knows nothing guesses ½ for every pixel and pays 784 · ln 2 = **543.4** nats. Who knows the
# mean of all digits, but not which one it is, already pays a good deal less. Even a picture that
# came back exactly costs something, because of its grey pixels: no probability makes grey certain.

# %%
x = tf.constant(digits.test[:500])
guesses = {
    "one half": tf.fill(x.shape, 0.5),
    "the mean of all digits": tf.zeros_like(x) + digits.train.mean(axis=0),
    "the picture itself": x,
}
for name, x_hat in guesses.items():
    print(f"{name:24}{float(reconstruction_loss(x, x_hat)):6.1f} nats")

# %% [markdown]
# ## 4. Train the autoencoder
#
# The given function `fit` takes a function from a batch of pictures to its losses, compiles it,
# and lets Adam change the variables so that the one called `"loss"` becomes small. For the
# autoencoder: encode, decode, compare. `z_log_var` is not used here.

# %% tags=["demonstration"]
SEEN = 120_000  # pictures that a network sees in training, each several times
EPOCHS = max(1, SEEN // len(digits.train))


def train(loss_function, *models, **settings):
    """Train models together; return the losses of each epoch."""
    settings = {"epochs": EPOCHS, "batch_size": 32, "learning_rate": 2e-3} | settings
    variables = [variable for model in models for variable in model.trainable_variables]
    return fit(loss_function, variables, digits.train, held_out=digits.test, **settings)


tf.keras.utils.set_random_seed(1)
ae_encoder, ae_decoder = encoder(), decoder()


def autoencoder_loss(x):
    """Send pictures through the bottleneck; return what that cost."""
    z_mean, _ = ae_encoder(x)
    return {"loss": reconstruction_loss(x, ae_decoder(z_mean))}


ae_history = train(autoencoder_loss, ae_encoder, ae_decoder)
plot_curves(ae_history, title="The autoencoder learns", data=digits.name)

# %% [markdown]
# Above are pictures that it has never seen, below what it made of two numbers for each. It often
# gets the digit right and its slant too. What it could not put into two numbers it draws as it
# usually is.

# %% tags=["demonstration"]
some = np.array([np.flatnonzero(digits.test_labels == digit)[7] for digit in range(10)])


def codes_of(encoder_model, pictures):
    """Return z_mean of pictures, as an array (m, 2)."""
    return np.asarray(encoder_model(pictures)[0])


ae_codes = codes_of(ae_encoder, digits.test)
show_rows(
    {"held out": digits.test[some], "decoded": ae_decoder(ae_codes[some])},
    title="Through two numbers and back",
    data=digits.name,
)

# %% [markdown]
# And this is the plane: every held-out picture stands at its code. The network was told no labels;
# the colours were added by us. Like came to lie near like all the same, because a small error in
# the code must not make a large one in the picture.

# %% tags=["demonstration"]
plot_plane(ae_codes, digits.test_labels, title="The autoencoder's plane", data=digits.name)
plt.show()

# %% [markdown]
# Look at its scale, and at its shape. Nothing asked for codes near 0, and nothing asked for a
# plane without holes. What does the decoder say in the empty regions? Walk through one and see.
#
# ### Exercise 4: `interpolate`
#
# Return `n` codes on the straight line from `z_start` to `z_end`, one a row, in equal steps. The
# first row is `z_start`, the last is `z_end`. Both are arrays of shape (`latent_dim`,).
#
# Hint: row $i$ is $z_{start} + \frac{i}{n - 1}\,(z_{end} - z_{start})$, for $i = 0 \ldots n - 1$.


# %% exercise="interpolate"
def interpolate(z_start, z_end, n):
    """Walk from one code to another in equal steps.

    Parameters
    ----------
    z_start : array (latent_dim,)
    z_end : array (latent_dim,)
    n : int, how many codes, at least 2

    Returns
    -------
    codes : array or tensor (n, latent_dim), both ends included
    """
    ### BEGIN SOLUTION
    way = np.linspace(0, 1, n)[:, np.newaxis]
    return (1 - way) * z_start + way * z_end
    ### END SOLUTION


# %% tests="interpolate" points=10

# %% [markdown]
# We look for wide gaps: pairs of different digits with no code anywhere near the point halfway
# between theirs. Only pictures that come back well are taken, so that both ends of a walk are
# places that the network knows. In between there may be a smear, or a piece of each.


# %% tags=["demonstration"]
def known_well(codes, decoder_model):
    """Find the tenth of each digit's held-out pictures that come back best, pixel by pixel."""
    off = np.abs(decoder_model(codes) - digits.test).mean(axis=(1, 2, 3))
    groups = (np.flatnonzero(digits.test_labels == digit) for digit in range(10))
    return np.concatenate([group[np.argsort(off[group])][: len(group) // 10] for group in groups])


def widest_gaps(codes, chosen, count=5):
    """Find pairs of different digits, none twice, that have nothing near the point between."""
    pairs = np.random.default_rng(3).choice(chosen, (4000, 2))
    pairs = pairs[digits.test_labels[pairs[:, 0]] != digits.test_labels[pairs[:, 1]]]
    gaps = [np.linalg.norm(codes - codes[pair].mean(axis=0), axis=1).min() for pair in pairs]
    found, used = [], set()
    for pair in pairs[np.argsort(gaps)[::-1]]:
        if used.isdisjoint(digits.test_labels[pair]) and len(found) < count:
            found.append(pair)
            used |= set(digits.test_labels[pair])
    return found


gaps = widest_gaps(ae_codes, known_well(ae_codes, ae_decoder))
figure, axis = plt.subplots(figsize=(6.5, 6.5), layout="constrained")
plot_plane(ae_codes, digits.test_labels, axis, "Walks through empty regions", digits.name)
for start, end in gaps:
    axis.plot(*ae_codes[[start, end]].T, "o-", color="black")
plt.show()


# %% tags=["demonstration"]
def walks(encoder_model, decoder_model, pairs, n=11):
    """Decode the walks between the pictures of each pair."""
    rows = {}
    for pair in pairs:
        start, end = codes_of(encoder_model, digits.test[pair])
        first, last = digits.test_labels[pair]
        walk = np.asarray(interpolate(start, end, n), np.float32)
        rows[f"{first} to {last}"] = decoder_model(walk)
    return rows


show_rows(walks(ae_encoder, ae_decoder, gaps), "The autoencoder between its codes", digits.name)

# %% [markdown]
# ## 5. Ask for a plane without gaps
#
# The autoencoder has no reason to make sense between its codes: in training its decoder never
# was there. The **variational autoencoder** changes two things.
#
# **A picture is a cloud, not a point.** The encoder gives a mean $\mu$ and a variance $\sigma^2$
# for each dimension, and the code is *drawn* from this normal distribution, anew each time the
# picture is seen. So the decoder has to make sense of the whole neighbourhood. As a variance is
# positive and a dense layer gives any number, the layer gives its logarithm, `z_log_var`
# $= \ln \sigma^2$.
#
# **All clouds together are to look like one.** Left alone, the network would shrink the clouds
# to points and move them far apart, and would be an autoencoder again. So every cloud pays for
# how far it is from the standard normal distribution $\mathcal N(0, 1)$, the **prior**. The
# price is the **Kullback-Leibler divergence**: how many nats it costs on average to take draws
# of the one distribution for draws of the other. For two normal distributions it has a closed
# form. For a code of $d$ dimensions:
#
# $$D_{KL}\left( \mathcal N(\mu, \sigma^2) \,\|\, \mathcal N(0, 1) \right) =
# -\frac{1}{2} \sum_{k=1}^{d} \left( 1 + \ln \sigma_k^2 - \mu_k^2 - \sigma_k^2 \right)$$
#
# It is 0 for $\mu = 0, \sigma = 1$ and larger everywhere else.
#
# ### Exercise 5: `kl_divergence`
#
# Compute the divergence of every code in the batch, summed over its dimensions, and return the
# mean over the batch.
#
# Hint: $\sigma^2$ is `tf.exp(z_log_var)`; you need no logarithm.


# %% exercise="kl_divergence"
def kl_divergence(z_mean, z_log_var):
    """Measure how far codes are from the standard normal distribution.

    Parameters
    ----------
    z_mean : tensor (m, latent_dim), the means
    z_log_var : tensor (m, latent_dim), the logarithms of the variances

    Returns
    -------
    divergence : scalar tensor, nats a picture
    """
    ### BEGIN SOLUTION
    costs = 1 + z_log_var - tf.square(z_mean) - tf.exp(z_log_var)
    return tf.reduce_mean(-0.5 * tf.reduce_sum(costs, axis=-1))
    ### END SOLUTION


# %% tests="kl_divergence" points=20

# %% [markdown]
# What your function says of codes of one dimension: it costs little to be a bit off, and much to
# be far off or very sure.

# %%
mu, log_var = np.meshgrid(np.linspace(-3, 3, 25), np.linspace(-4, 2, 25))
codes = tf.constant(np.stack([mu, log_var]).reshape(2, -1, 1, 1), tf.float32)
price = np.reshape([kl_divergence(m, v) for m, v in zip(*codes)], mu.shape)
figure, axis = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
lines = axis.contour(mu, log_var, price, [0.1, 0.5, 1, 2, 3, 4, 5], cmap="viridis")
axis.clabel(lines, fmt="%g")
axis.plot(0, 0, "o", color="black")
axis.annotate("the prior", (0, 0), (-0.05, -0.45), ha="right")
axis.set(xlabel="$\\mu$", ylabel="$\\ln \\sigma^2$", title="What a code pays, in nats")
plt.show()

# %% [markdown]
# ### Draw, and keep the gradient
#
# The code is drawn at random. But what is the gradient of a throw of the dice? The encoder has to
# learn how a *different mean* would have changed the picture, and a draw by itself does not say
# that. The way out is called the **reparameterisation trick**. Draw the noise from a distribution
# that has nothing to do with the network, and let the network only move and stretch it:
#
# $$z = \mu + \sigma \cdot \varepsilon, \qquad \varepsilon \sim \mathcal N(0, 1), \qquad
# \sigma = e^{\frac{1}{2} \ln \sigma^2}$$
#
# Now $\partial z / \partial \mu = 1$ and $\partial z / \partial \sigma = \varepsilon$, and the
# gradient passes through as through any sum and product.
#
# ### Exercise 6: `reparameterize`
#
# Draw $\varepsilon$ of the same shape as `z_mean`, so that every picture and every dimension gets
# noise of its own, anew in every call, and return $z$.
#
# Hint: `tf.random.normal(tf.shape(z_mean))`. NumPy's noise would be drawn once, when the training
# step is compiled, and then stay the same for ever.


# %% exercise="reparameterize"
def reparameterize(z_mean, z_log_var):
    """Draw codes so that the gradient finds its way to their mean and variance.

    Parameters
    ----------
    z_mean : tensor (m, latent_dim), the means
    z_log_var : tensor (m, latent_dim), the logarithms of the variances

    Returns
    -------
    z : tensor (m, latent_dim)
    """
    ### BEGIN SOLUTION
    epsilon = tf.random.normal(tf.shape(z_mean))
    return z_mean + tf.exp(z_log_var / 2) * epsilon
    ### END SOLUTION


# %% tests="reparameterize" points=15

# %% [markdown]
# Two clouds, 1,000 draws of each. They should lie around the crosses, the one wide and flat, the
# other small and round.

# %%
figure, axis = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
for mean, deviation in (((-2, 0), (1.0, 0.4)), ((2, 0.5), (0.3, 0.3))):
    z_mean = tf.constant(np.tile(mean, (1000, 1)), tf.float32)
    z_log_var = tf.constant(np.tile(2 * np.log(deviation), (1000, 1)), tf.float32)
    z = np.asarray(reparameterize(z_mean, z_log_var))
    label = f"$\\mu$ = {mean}, $\\sigma$ = {deviation}"
    axis.scatter(*z.T, s=6, alpha=0.5, label=label)
    axis.plot(*mean, "x", color="black", ms=10, mew=2)
axis.set(xlabel="first latent dimension", ylabel="second latent dimension", aspect="equal")
axis.legend(loc="upper center", bbox_to_anchor=(0.5, 1.25), ncols=2, frameon=False)
plt.show()

# %% [markdown]
# ### Exercise 7: `vae_loss`
#
# The loss of the VAE is the sum of both prices,
#
# $$J = J_{rec} + \beta \, D_{KL}$$
#
# With $\beta = 1$ this is the negative **evidence lower bound** (ELBO): the network cannot
# describe a picture in fewer nats than that, code included. That is why the two may not be divided
# by anything. Other values of $\beta$ weigh order in the plane against sharp pictures; section 7
# tries some.
#
# Hint: call your two functions.


# %% exercise="vae_loss"
def vae_loss(x, x_hat, z_mean, z_log_var, beta=1.0):
    """Add up what pictures and their codes cost.

    Parameters
    ----------
    x : tensor (m, 28, 28, 1), pictures
    x_hat : tensor (m, 28, 28, 1), what came back of them
    z_mean, z_log_var : tensors (m, latent_dim), what the encoder gave
    beta : float, the weight of the divergence

    Returns
    -------
    loss : scalar tensor, nats a picture
    """
    ### BEGIN SOLUTION
    return reconstruction_loss(x, x_hat) + beta * kl_divergence(z_mean, z_log_var)
    ### END SOLUTION


# %% tests="vae_loss" points=10

# %% [markdown]
# ## 6. Train the variational autoencoder
#
# The same two networks, the same pictures, the same number of steps. Only the loss and the noise
# are new. After each epoch we keep the codes of some held-out pictures, for a film.


# %% tags=["demonstration"]
def train_vae(models, beta=1.0, **settings):
    """Train an encoder and a decoder as a VAE; return the losses of each epoch."""
    to_code, to_picture = models

    def loss(x):
        z_mean, z_log_var = to_code(x)
        x_hat = to_picture(reparameterize(z_mean, z_log_var))
        return {
            "loss": vae_loss(x, x_hat, z_mean, z_log_var, beta),
            "reconstruction": reconstruction_loss(x, x_hat),
            "divergence": kl_divergence(z_mean, z_log_var),
        }

    return train(loss, *models, **settings)


tf.keras.utils.set_random_seed(1)
vae_encoder, vae_decoder = encoder(), decoder()
frames = []
vae_history = train_vae(
    (vae_encoder, vae_decoder),
    every_epoch=lambda *_: frames.append(codes_of(vae_encoder, digits.test[::3])),
)
plot_curves(vae_history, title="The variational autoencoder learns", data=digits.name)
elbo = vae_history["held-out loss"][-1]
print(f"A held-out picture costs {elbo:.1f} nats, code included: the negative ELBO.")

# %% [markdown]
# The divergence grows while the loss falls: it pays for the network to say more about each
# picture. It stops where another nat in the code would save less than a nat in the picture.
#
# This is how the plane formed:

# %% tags=["demonstration"]
film = save_plane_film(
    "output/latent_plane.gif", frames, digits.test_labels[::3], data=digits.name, fps=2
)
display(Image(filename=film, alt="The plane of codes, epoch by epoch"))

# %% [markdown]
# Here are both planes side by side. The autoencoder's has its own scale, far arms and holes. The
# VAE's lies around 0, about as wide as the prior asks for, and its digits touch each other. They
# have to: an empty region would be a waste of room that somebody's cloud could use.

# %% tags=["demonstration"]
vae_codes = codes_of(vae_encoder, digits.test)
figure, axes = plt.subplots(1, 2, figsize=(12, 6), layout="constrained")
plot_plane(ae_codes, digits.test_labels, axes[0], "Autoencoder", digits.name)
plot_plane(vae_codes, digits.test_labels, axes[1], "Variational autoencoder", digits.name)
plt.show()

# %% [markdown]
# Now the same walks, between the same pictures, first in the one, then in the other plane.

# %% tags=["demonstration"]
show_rows(walks(ae_encoder, ae_decoder, gaps), "Autoencoder", digits.name)
show_rows(walks(vae_encoder, vae_decoder, gaps), "Variational autoencoder", digits.name)

# %% [markdown]
# On its way from one digit to another the VAE passes through other digits, or through forms that
# somebody might have written. What it draws in the middle is blurred at times, but it has strokes.
#
# The prior has another gift. We know where the codes are, so we can **make** new pictures without
# any picture to begin with: draw a code from $\mathcal N(0, 1)$ and decode it. Below, the same
# codes in both decoders. The autoencoder may draw digits as well where such a code happens to fall
# among its own. But nothing says how those are spread: a digit whose codes lie far out is never
# drawn.

# %% tags=["demonstration"]
z = np.random.default_rng(5).normal(size=(14, 2)).astype(np.float32)
show_rows(
    {"autoencoder": ae_decoder(z), "VAE": vae_decoder(z)},
    title="New pictures, from codes drawn at random",
    data=digits.name,
)

# %% [markdown]
# And this is everything that the decoder knows: a grid over the whole plane. Its lines stand at
# the quantiles of the normal distribution, so every picture here stands for the same share of
# codes.

# %% tags=["demonstration"]
show_grid(vae_decoder, title="What the VAE draws, over its whole plane", data=digits.name)

# %% [markdown]
# ## 7. Weigh order against sharpness
#
# $\beta$ is the exchange rate between the two prices. With a small one the code is cheap: the
# pictures come back a little sharper, and the plane spreads out. With a large one the network says
# less and less about each picture, and at last nothing: all clouds become the prior itself, every
# picture is decoded to the same one, and the encoder has given up. This is called **posterior
# collapse**.
#
# The networks here start as copies of your VAE, which is β = 1, and are trained a little further
# with another β.

# %% tags=["demonstration"]
BETAS = (0.1, 1, 10, 100)
figure, axes = plt.subplots(1, len(BETAS), figsize=(13, 3.9), layout="constrained")
rows = {"held out": digits.test[some]}
for beta, axis in zip(BETAS, axes):
    models = encoder(), decoder()
    for model, trained in zip(models, (vae_encoder, vae_decoder)):
        model.set_weights(trained.get_weights())
    history = vae_history
    if beta != 1:
        history = train_vae(models, beta, epochs=max(1, EPOCHS // 6))
    codes = codes_of(models[0], digits.test)
    plot_plane(codes[::3], digits.test_labels[::3], axis, f"β = {beta:g}")
    rows[f"β = {beta:g}"] = models[1](codes[some])
    cost, price = (history[f"held-out {name}"][-1] for name in ("reconstruction", "divergence"))
    print(f"β = {beta:<5g} reconstruction {cost:6.1f}   divergence {price:5.2f} nats")
plt.show()
show_rows(rows, "What comes back", digits.name)

# %% [markdown]
# ## 8. Find what does not belong
#
# A network that has seen nothing but digits can draw nothing but digits. Give it something else
# and it draws the digit that it takes it for. The difference is large, and it says: *this I have
# not learnt*. For that nobody has to collect examples of everything that could go wrong.
# Factories look for faulty parts this way, banks for strange payments.
#
# The threshold below is passed by 95 of 100 held-out digits.


# %% tags=["demonstration"]
def errors_of(pictures):
    """Return what comes back of pictures, and what each costs, in nats."""
    back = np.asarray(vae_decoder(codes_of(vae_encoder, pictures)))
    pairs = zip(tf.constant(pictures), tf.constant(back))
    return back, np.array([float(reconstruction_loss(a[None], b[None])) for a, b in pairs])


_, usual = errors_of(digits.test[::7])
threshold = np.quantile(usual, 0.95)
odd = {"digit": digits.test[some[[2, 3, 8]]], **draw_odd_pictures(digits.test)}
shown = {name: pictures[:3] for name, pictures in odd.items()}
pictures = np.concatenate(list(shown.values()))
back, errors = errors_of(pictures)
names = [name for name, group in shown.items() for _ in group]
show_anomalies(pictures, back, errors, threshold, names, digits.name)
for name, group in odd.items():
    if name != "digit":
        print(f"{name:14}{np.mean(errors_of(group)[1] > threshold):4.0%} found")

# %% [markdown]
# Not all is found. Some digits upside down are digits, or nearly: a 0 is a 0, a 6 is a 9. And a
# large error says that a picture is unusual, not that it is bad: some of the held-out digits are
# above the threshold too. As with the door of the face notebook, a threshold trades misses against
# false alarms.

# %% [markdown]
# ## 9. See what the other notebooks have to do with it
#
# **Faces.** `FRmodel` was an encoder too: a picture went in, 128 numbers came out, and who is who
# could be read from distances. Its space was shaped by triplets, that is by somebody who knew
# which pictures belong together. Here nobody said which digit is which. And there was no decoder:
# the face network could forget the background, the light and the pose, which an autoencoder has to
# keep, as they have to be drawn again. What is forgotten makes a code useful for telling apart;
# what is kept makes it useful for drawing.
#
# **Style.** The Gram matrices of a picture are a code as well: they keep which patterns occur
# together and forget where. No network could be asked to decode them; the painting was found by
# hundreds of steps down the gradient, from the code back to a picture. A decoder is a network that
# has learnt to make that walk in one step.
#
# **Painting with networks.** Today's image generators put the pieces together. Many of them encode
# a picture by a VAE into a much smaller one, and do the actual work, step by step from noise to
# picture, in this latent space.
#
# ### Another way to make pictures
#
# The VAE's pictures are soft, because in doubt the mean of all possibilities costs least. A
# **generative adversarial network** (GAN, Goodfellow et al. 2014) has no reconstruction to
# compare with. It trains two networks against each other: the **generator** makes pictures from
# noise, the **discriminator** learns to tell them from real ones. The generator's only teacher is
# the discriminator: it changes its weights so that the other is misled. A mean of all digits would
# be seen through at once, so its pictures are sharp. But there is no encoder, nothing says that
# every kind of digit will be drawn, and the two may chase each other in circles for ever.

# %% tags=["demonstration"]
show_gan(digits.test[some[4]], vae_decoder(z[:1])[0], data=digits.name)

# %% [markdown]
# ## 10. Try more
#
# - Walk between two digits of your choice: `show_rows(walks(vae_encoder, vae_decoder, [[3, 40]]),
#   "", digits.name)`; the numbers are places in `digits.test`.
# - How much does a third number help? Train with `encoder(3)` and `decoder(3)`, and compare the
#   negative ELBO.
# - Train the VAE without the noise, with `z = z_mean`, but with the divergence. What do the
#   variances become, and why?
# - Write your name in capital letters on `draw_odd_pictures`' model and see which digits the
#   network takes it for.
# - `course fetch mnist`, then restart and run everything again. On MNIST VAEs with two latent
#   dimensions end at a negative ELBO between about 150 and 165 nats.

# %% [markdown]
# ## What to remember
#
# - An **autoencoder** squeezes data through a bottleneck; its codes are a **latent space** in
#   which like lies near like.
# - A plain one owes nothing to the places between its codes. A **VAE** encodes to clouds and
#   pays for their distance from a prior, so that the plane fills up and can be drawn from.
# - **Sum** over pixels and over dimensions, **mean** over the batch: only then do the two prices
#   belong to the same currency.
# - The **reparameterisation trick** moves the dice out of the network, so that gradients pass.
# - $\beta$ trades order against sharpness; too much of it and the code says nothing.
# - What a network cannot give back it has not learnt: the error finds **anomalies**.
#
# ## References
#
# - D. P. Kingma, M. Welling: *Auto-encoding variational Bayes*. ICLR 2014, arXiv:1312.6114. The
#   VAE, the trick, and the plane of digits.
# - D. J. Rezende, S. Mohamed, D. Wierstra: *Stochastic backpropagation and approximate inference
#   in deep generative models*. ICML 2014, arXiv:1401.4082. The same, found at the same time.
# - I. Higgins et al.: *beta-VAE: learning basic visual concepts with a constrained variational
#   framework*. ICLR 2017.
# - G. E. Hinton, R. R. Salakhutdinov: *Reducing the dimensionality of data with neural networks*.
#   Science 313, 2006. Deep autoencoders, and digits in a plane.
# - F. Chollet: *Deep learning with Python*. 2nd edition, Manning 2021, chapter 12. A VAE in Keras.
# - I. Goodfellow et al.: *Generative adversarial networks*. 2014, arXiv:1406.2661.
# - The digits: E. Alpaydin, C. Kaynak, *Optical recognition of handwritten digits*, UCI Machine
#   Learning Repository 1998; Y. LeCun, C. Cortes, C. J. C. Burges, *The MNIST database*.
