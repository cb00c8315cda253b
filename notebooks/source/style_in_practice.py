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
# # Turn the knobs of style transfer
#
# In the first notebook you wrote a program that paints one picture in the style of another, and
# took its numbers as given: this layer, these weights, that optimiser. Every one of them is a
# choice. In this notebook you change them one at a time, look at what happens, and write four
# parts that a good painting program has and yours has not:
#
# - a cost that calms down noise,
# - a style mixed from several pictures,
# - a painting that keeps the colours of the photograph,
# - an optimiser that needs fewer steps than Adam.
#
# Each exercise is a function to complete: replace the line `raise NotImplementedError(...)` by
# your code and run the cell, then the check below it. **A check that stays silent has passed**;
# otherwise its last line says what to look at. When your notebook is graded, a few more checks of
# the same kind run: other sizes, larger pictures, gradients.
#
# All pictures here are small, 160 pixels wide, so that each painting takes a second or two. What
# you see carries over to large ones, with one exception: a stroke of 20 pixels is broad here and
# fine there. Section 6 is about that.

# %% tags=["setup"]
from nst_utils import *  # first: it also quiets TensorFlow's messages at start-up

import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from scipy.optimize import minimize

plt.rcParams["figure.dpi"] = 90

# %% checks=true

# %% [markdown]
# ## 1. Look at one recipe
#
# The painting program of this course is the module `neural_style`. A **recipe** holds everything
# that can be chosen, and a **preset** is a recipe with a name: the numbers of a known system. This
# is the one of the first notebook:


# %%
def engine():
    """Import the painting program: only what is shown here needs it, no exercise does."""
    import neural_style

    return neural_style


# %% tags=["demonstration"]
print(engine().preset("coursera"))

# %% [markdown]
# Three settings are changed for this notebook: the painting starts from the photograph itself, the
# pixels are kept between 0 and 255, and Adam's learning rate is 10, so that few steps will do.
# `painted(...)` paints with that; whatever you give it by name, such as `style_weight=400`,
# changes the recipe in this one point.

# %%
SIDE = 160  # pixels: the longer side of every painting
STEPS = 50

photograph = read_image("images/content_coffee.jpg", max_side=SIDE)
glass = read_image("images/style_stained_glass.jpg", max_side=2 * SIDE)
night_sky = read_image("images/style_night_sky.jpg", max_side=2 * SIDE)
waves = read_image("images/style_woodcut_waves.jpg", max_side=2 * SIDE)


def painted(styles=None, preset=None, steps=STEPS, **settings):
    """Paint the photograph in the style of these pictures; settings change the recipe."""
    recipe = engine().preset(preset or "coursera").with_(size=SIDE, steps=steps, seed=1)
    if preset is None:
        recipe = recipe.with_(start="content", bounded=True, learning_rate=10.0)
    return engine().paint(photograph, styles or [glass], recipe.with_(**settings))


def compare(paintings, curves=("total",)):
    """Show paintings in a row, and below it how some of their costs went."""
    pictures = [painting.pixels for painting in paintings.values()]
    show_images(pictures, list(paintings), columns=len(pictures), height=9 / len(pictures))
    _, axes = plt.subplots(
        1, len(curves), figsize=(4.6 * len(curves) + 2, 2.7), layout="tight", squeeze=False
    )
    for axis, curve in zip(axes[0], curves):
        for name, painting in paintings.items():
            records = painting.history[1:]  # at the start the content may cost nothing
            values = [getattr(record, curve) for record in records]
            axis.semilogy([record.step for record in records], values, label=name)
        axis.set(xlabel="step", ylabel=f"{curve} cost")
        axis.grid(alpha=0.3)
    axes[0, -1].legend(loc="upper left", bbox_to_anchor=(1.02, 1), fontsize=9)
    plt.show()


# %%
show_images([photograph, glass, night_sky, waves], ["content", "glass", "night sky", "waves"])

# %% tags=["demonstration"]
first = painted()
show_images([photograph, first.pixels], ["the photograph", f"after {STEPS} steps"])

# %% [markdown]
# ## 2. Weigh content against style
#
# The cost is $J = \alpha\, J_{content} + \beta\, J_{style}$. Only the ratio of the two weights
# matters to where the painting ends. Below, $\alpha$ stays 10 and $\beta$ grows by factors of ten.
#
# The curves show $J_{content}$ and $J_{style}$ themselves, without their weights. At the start the
# painting is the photograph and its content cost is 0. Every painting pays with content for style;
# $\beta$ says how much it may pay.

# %% tags=["demonstration"]
compare(
    {f"β = {beta:g}": painted(style_weight=beta) for beta in (0.04, 0.4, 4)} | {"β = 40": first},
    curves=("content", "style"),
)

# %% [markdown]
# There is no right ratio. There is not even the same ratio for two programs: each divides its
# sums by other numbers, so "style weight 100" in one is "style weight 0.02" in another. What can
# be carried from one program to the next is the picture you like, not the number.

# %% [markdown]
# ## 3. Choose layers
#
# Each style layer sees patterns of its own size. With `conv1_1` alone only colours and the finest
# grain come over; deeper layers bring the black lines, then whole panes, and care less and less
# for the colours. The usual choice is one layer of every block, so that nothing is left out.

# %% tags=["demonstration"]
layers = [f"conv{block}_1" for block in (1, 2, 3, 5)]
compare({f"{name} alone": painted(style_layers={name: 1.0}) for name in layers} | {"all": first})

# %% [markdown]
# The content layer says how strictly the photograph is copied. To see what a layer knows of it,
# leave the style out and let noise become the photograph again, by the content cost of this layer
# alone. `conv1_2` still knows every pixel. `conv4_2` knows where things are and roughly in which
# colour, and leaves the grain to chance; that is the room in which a style can move. `conv5_2`
# knows little more than that there is something round.

# %% tags=["demonstration"]
layers = [f"conv{block}_2" for block in (1, 2, 3, 4, 5)]
alone = {"start": "noise", "style_weight": 0.0, "steps": 2 * STEPS}
compare({name: painted(content_layers={name: 1.0}, **alone) for name in layers}, ("content",))

# %% [markdown]
# ## 4. Choose where to start, and how to pool
#
# The cost has many valleys, and the optimiser walks down into the nearest one. From the photograph
# that valley holds the whole scene. From noise it is found slowly, and parts of the photograph may
# never come back: the content cost cannot see everything. A blend of the two gives the strokes a
# seed without losing the scene.

# %% tags=["demonstration"]
compare(
    {
        "from the photograph": first,
        "from a blend": painted(start="blend", noise_ratio=0.5),
        "from noise": painted(start="noise"),
        "from noise, 4 x the steps": painted(start="noise", steps=4 * STEPS),
    }
)

# %% [markdown]
# VGG-19 was trained with max pooling: of four neighbours the strongest goes on. Gatys and his
# colleagues found that the *mean* paints more smoothly, because then all four neighbours get a
# share of the gradient. The root of the mean square lies between the two. With maxima the
# activations, and with them the costs, are larger all the way down, and the grain is coarser.

# %% tags=["demonstration"]
compare(
    {
        "mean": first,
        "root of mean square": painted(pooling="l2"),
        "maximum": painted(pooling="max"),
    }
)

# %% [markdown]
# ## 5. Calm the picture down
#
# Paintings by optimisation are often full of fine noise. The network hardly sees it, so nothing
# removes it. A third cost does: one that grows with the differences between neighbouring pixels.
# It is called **total variation**. Here is the form of it that squares the differences:
#
# $$J_{TV}(G) = \frac{1}{n_H\, n_W\, n_C} \left(
# \sum_{i=1}^{n_H - 1} \sum_{j=1}^{n_W} \sum_c \left(G_{i+1,j,c} - G_{i,j,c}\right)^2 +
# \sum_{i=1}^{n_H} \sum_{j=1}^{n_W - 1} \sum_c \left(G_{i,j+1,c} - G_{i,j,c}\right)^2 \right)$$
#
# The first sum compares each pixel with the one below it, the second with the one to its right.
# The last row has none below, the last column none to its right; the picture does not go on at
# its other side.
#
# ### Exercise 1: `total_variation_cost`
#
# `image` is a tensor of shape $(1, n_H, n_W, n_C)$; the leading 1 is the batch. Return the cost as
# a scalar tensor.
#
# Hint: `image[:, 1:]` is the picture without its first row. What do you subtract from it?
# `tf.image.total_variation` is something else: it takes absolute values and divides by nothing.


# %% exercise="total_variation_cost"
def total_variation_cost(image):
    """Measure how much neighbouring pixels differ.

    Parameters
    ----------
    image : tensor (1, n_H, n_W, n_C)

    Returns
    -------
    J_TV : scalar tensor, the sum of squared differences divided by n_H * n_W * n_C
    """
    ### BEGIN SOLUTION
    _, n_H, n_W, n_C = image.shape
    down = image[:, 1:] - image[:, :-1]
    across = image[:, :, 1:] - image[:, :, :-1]
    return (tf.reduce_sum(down**2) + tf.reduce_sum(across**2)) / (n_H * n_W * n_C)
    ### END SOLUTION


# %% tests="total_variation_cost" points=20

# %% [markdown]
# What does your function say of some pictures? Blurring lowers it, noise raises it, and moving
# everything about at random gives the most: then no pixel is like its neighbour any more.

# %%
rng = np.random.default_rng(1)
blurred = np.mean([np.roll(photograph, (i, j), (0, 1)) for i in (0, 1) for j in (0, 1)], axis=0)
noisy = np.clip(photograph + rng.normal(0, 15, photograph.shape), 0, 255)
shuffled = rng.permutation(photograph.reshape(-1, 3)).reshape(photograph.shape)
candidates = {"photograph": photograph, "blurred": blurred, "noisy": noisy, "shuffled": shuffled}
titles = []
for name, picture in candidates.items():
    J_TV = total_variation_cost(tf.constant(picture[np.newaxis], tf.float32))
    titles.append(f"{name}\n$J_{{TV}}$ = {float(J_TV):.0f}")
show_images(list(candidates.values()), titles, height=1.8)

# %% [markdown]
# Now as a part of the cost, $J = \alpha J_{content} + \beta J_{style} + \gamma J_{TV}$. A little
# of it takes the grain away, too much of it the lines.

# %% tags=["demonstration"]
calm = {"γ = 0": first}
for weight in (0.3, 1, 3):
    calm[f"γ = {weight:g}"] = painted(tv_term="mean squares", tv_weight=weight)
compare(calm, curves=("style", "total"))
for name, painting in calm.items():
    J_TV = total_variation_cost(tf.constant(painting.pixels[np.newaxis]))
    print(f"{name:10}  J_TV = {float(J_TV):6.0f}")

# %% [markdown]
# ## 6. Mix styles
#
# Nothing says that a style comes from one picture. With styles $S_1, S_2, \ldots$ and numbers
# $b_1, b_2, \ldots$ that say how much each counts, the **blended style cost** is
#
# $$J_{style} = \sum_k \frac{b_k}{b_1 + b_2 + \cdots} \sum_l \lambda^{[l]}\,
# J_{style}^{[l]}(S_k, G)$$
#
# The $b_k$ are divided by their sum, so $(3, 1)$ and $(0.75, 0.25)$ mean the same.
#
# One thing needs care: the style pictures may have other sizes than the painting. A Gram matrix is
# a sum over all places, so a picture twice as large has Gram matrices twice as large, in the same
# style. Let us therefore divide each Gram matrix by the number of places of *its own* picture:
#
# $$\bar G = \frac{1}{n_H\, n_W} A A^T, \qquad
# J_{style}^{[l]}(S, G) = \frac{1}{4\, n_C^2} \sum_{k=1}^{n_C} \sum_{k'=1}^{n_C}
# \left(\bar G^{(S)}_{kk'} - \bar G^{(G)}_{kk'}\right)^2$$
#
# where $A$ has a row for each channel and a column for each place. For pictures of one size this
# is the formula of the first notebook.
#
# ### Exercise 2: `blended_style_cost`
#
# `a_S_list` has an entry for each style picture: a dictionary from layer name to activation, of
# shape $(1, n_H, n_W, n_C)$. `a_G` is the same for the painting; all you may do with it is
# `a_G[name]`. `STYLE_LAYERS` is a list of (layer name, weight), `blend` a list of numbers.
#
# Hint: two loops, one inside the other. Write the mean Gram matrix as a function within the
# function: reshape the activation so that each row is a place, and let `tf.matmul` sum over them.


# %% exercise="blended_style_cost"
def blended_style_cost(a_S_list, a_G, STYLE_LAYERS, blend):
    """Compare a picture's style with those of several pictures.

    Parameters
    ----------
    a_S_list : list with, for each style picture, a dict from layer name to activation
        (1, n_H, n_W, n_C); the pictures may differ in size
    a_G : the same for the generated picture; read a layer by a_G[name]
    STYLE_LAYERS : list of (layer name, weight)
    blend : list of numbers, how much each style picture counts

    Returns
    -------
    J_style : scalar tensor
    """

    ### BEGIN SOLUTION
    def mean_gram(a):
        rows = tf.reshape(a, (-1, a.shape[-1]))
        return tf.matmul(rows, rows, transpose_a=True) / rows.shape[0]

    J_style = 0.0
    for name, weight in STYLE_LAYERS:
        G_G = mean_gram(a_G[name])
        for a_S, share in zip(a_S_list, blend):
            difference = mean_gram(a_S[name]) - G_G
            J_layer = tf.reduce_sum(difference**2) / (4 * G_G.shape[0] ** 2)
            J_style += share / sum(blend) * weight * J_layer
    return J_style
    ### END SOLUTION


# %% tests="blended_style_cost" points=30

# %% [markdown]
# To try it, we need a network. In the first notebook it was a dictionary that holds one picture.
# Here it is a function from a picture to activations, which suits an optimiser that thinks of its
# pictures by itself (section 8). There is not more to VGG-19 than these lines:

# %%
STYLE_LAYERS = [(f"conv{block}_1", 0.2) for block in range(1, 6)]
CONTENT_LAYER = "conv4_2"
LAYERS = [CONTENT_LAYER, *(name for name, _ in STYLE_LAYERS)]
vgg = load_vgg_model()
print("the network:", vgg.weights.source)


def activations(image):
    """Return what the network sees in a picture (1, n_H, n_W, 3), 0-255: a dict by layer."""
    a, seen = image - vgg.weights.mean_pixel.reshape(3), {}
    for name in vgg.keys()[1:]:
        if name.startswith("avgpool"):
            a = tf.nn.avg_pool2d(a, ksize=2, strides=2, padding="SAME")
        else:
            kernel, bias = vgg.weights.kernels[name], vgg.weights.biases[name]
            a = tf.nn.relu(tf.nn.conv2d(a, kernel, strides=1, padding="SAME") + bias)
        if name in LAYERS:
            seen[name] = a
    return seen


def as_input(picture):
    """Put a picture (n_H, n_W, 3) into a batch of one."""
    return tf.constant(picture[np.newaxis], tf.float32)


# %% [markdown]
# How far are three pictures from each mixture of glass and night sky? Each of the two is nearest
# where it is alone, and far from the other. No picture we have fits a mixture, but a painting can.

# %%
styles = [activations(as_input(picture)) for picture in (glass, night_sky)]
shares = np.linspace(0, 1, 11)
figure, axis = plt.subplots(figsize=(7, 3), layout="tight")
for name, picture in {"glass": glass, "night sky": night_sky, "photograph": photograph}.items():
    a_G = activations(as_input(picture))
    costs = [blended_style_cost(styles, a_G, STYLE_LAYERS, [1 - b, b]) for b in shares]
    axis.plot(shares, np.array(costs), label=name)
axis.set(xlabel="share of the night sky in the style", ylabel="$J_{style}$")
axis.legend(loc="upper left", bbox_to_anchor=(1.02, 1))
plt.show()

# %% [markdown]
# The painting program, with two styles and then with three. Where styles are mixed the cost soon
# stops falling: to each of them some distance remains.

# %% tags=["demonstration"]
two, three = [glass, night_sky], [glass, night_sky, waves]
compare(
    {
        "glass": first,
        "3 : 1": painted(two, style_blend=(3, 1)),
        "1 : 3": painted(two, style_blend=(1, 3)),
        "night sky": painted([night_sky]),
        "with waves, 1 : 1 : 1": painted(three, style_blend=(1, 1, 1)),
    }
)

# %% [markdown]
# Dividing by the number of places has made the size of the style picture harmless. It has not made
# it meaningless: the network sees patterns up to a certain number of *pixels* across. In a large
# copy of the style picture the patterns that fit are single lines, in a small copy whole panes.
# So the **scale** of the style picture says how broad the brush is.

# %% tags=["demonstration"]
compare(
    {
        f"style at {scale:g} x": first if scale == 1 else painted(style_scale=(scale,))
        for scale in (0.5, 1, 1.5, 2)
    }
)

# %% [markdown]
# ## 7. Keep the colours
#
# With the strokes of a painting come its colours. Often one wants the strokes alone: *this* cup,
# in its own red and brown. Gatys and colleagues (2016) describe two ways.
#
# The first works **after** the painting. The eye sees shapes and strokes mostly in the luminance,
# light and dark, and hardly in the colour. So take the luminance of the stylised picture, and put
# the colours of the photograph over it. The luminance of a pixel is
#
# $$Y = 0.299\, R + 0.587\, G + 0.114\, B$$
#
# and what is left when it is taken away, $(R - Y,\ G - Y,\ B - Y)$, is its **chroma**: which
# colour and how strong. The result has, in each pixel, the $Y$ of the stylised picture and the
# chroma of the content.
#
# ### Exercise 3: `transfer_colours`
#
# Both pictures are NumPy arrays of shape $(n_H, n_W, 3)$, float32, 0–255. Some colours do not
# exist at some luminance (there is no bright dark blue); cut the result to 0 ... 255 at the end,
# and nothing before it.
#
# Hint: `picture @ [0.299, 0.587, 0.114]` is the luminance of every pixel, of shape $(n_H, n_W)$;
# to add it to a picture it needs one more axis.


# %% exercise="transfer_colours"
def transfer_colours(content, stylised):
    """Give a stylised picture the colours of the content; its luminance stays.

    Parameters
    ----------
    content, stylised : array (n_H, n_W, 3), float32, 0-255

    Returns
    -------
    array (n_H, n_W, 3), 0-255
    """
    ### BEGIN SOLUTION
    weights = np.array([0.299, 0.587, 0.114])
    chroma = content - (content @ weights)[..., np.newaxis]
    return np.clip((stylised @ weights)[..., np.newaxis] + chroma, 0, 255)
    ### END SOLUTION


# %% tests="transfer_colours" points=20

# %% tags=["demonstration"]
strokes = painted(style_weight=400)
luminance = np.repeat((strokes.pixels @ [0.299, 0.587, 0.114])[..., np.newaxis], 3, axis=-1)
kept = transfer_colours(photograph, strokes.pixels)
show_images(
    [photograph, strokes.pixels, luminance, kept],
    ["content", "stylised", "its luminance", "with the colours\nof the content"],
    height=1.8,
)

# %% [markdown]
# The second way works **before** the painting: recolour the *style picture* so that its colours
# have the mean and the covariance of the photograph's, and paint with that. There are several
# linear maps that do it; the Cholesky factors of the two covariance matrices give one, their
# principal axes (PCA) another. Here the program does all of it: its `colours="luminance"` is your
# exercise, but for one thing: where a colour does not exist, it makes the chroma weaker and keeps
# the hue, where a cut may change it.

# %% tags=["demonstration"]
ways = ("luminance", "cholesky", "pca")
recoloured = {way: painted(style_weight=400, colours=way) for way in ways}
compare({"style": strokes} | recoloured)

# %% [markdown]
# ## 8. Walk downhill faster
#
# Adam takes a step of about the same length at every pixel, whatever the cost: safe, and slow.
# **L-BFGS** remembers the last few steps and how the gradient changed along them. From that it
# guesses the curvature of the cost, and walks straight to where the bottom of the valley should
# be. Gatys and colleagues used it from the beginning. Its variant L-BFGS-**B** keeps every number
# between two bounds: for us 0 and 255, so that the picture that is optimised is the picture that
# can be saved.
#
# SciPy has it: `scipy.optimize.minimize(fun, x0, jac=True, method="L-BFGS-B", bounds=...)`.
# It knows nothing of pictures and tensors. It calls `fun(x)` with a **vector** `x` of
# float64 numbers and wants two things back: the cost as a number, and its gradient as a
# **vector** of float64 numbers, as long as `x`. Your function stands between the two worlds.
#
# ### Exercise 4: `value_and_gradient`
#
# `cost` is a function: it takes a picture, a float32 tensor of the given `shape`
# $(1, n_H, n_W, 3)$, and returns a scalar tensor $J$. `x` holds the same numbers one after the
# other.
#
# Hint: make `x` a float32 tensor of that shape; it is no `tf.Variable`, so tell the tape to
# `watch` it before you call `cost`. Then back: `float(...)` for the value; `.numpy()`, `.ravel()`
# and `.astype(np.float64)` for the gradient.


# %% exercise="value_and_gradient"
def value_and_gradient(x, cost, shape):
    """Compute the cost of a picture and its gradient, as SciPy wants them.

    Parameters
    ----------
    x : array (n_H * n_W * 3,), float64, the picture row by row
    cost : function from a tensor of this shape, float32, to a scalar tensor
    shape : tuple (1, n_H, n_W, 3)

    Returns
    -------
    J : float
    gradient : array like x, float64, of J with respect to x
    """
    ### BEGIN SOLUTION
    image = tf.reshape(tf.constant(x, tf.float32), shape)
    with tf.GradientTape() as tape:
        tape.watch(image)
        J = cost(image)
    gradient = tape.gradient(J, image)
    return float(J), gradient.numpy().ravel().astype(np.float64)
    ### END SOLUTION


# %% tests="value_and_gradient" points=30

# %% [markdown]
# Everything you wrote comes together in one cost: content, a style from two pictures, and total
# variation. (The content cost is the mean of the squared differences at `conv4_2`.)

# %%
shape = (1, *photograph.shape)
a_C = activations(as_input(photograph))[CONTENT_LAYER]
medium_glass = read_image("images/style_stained_glass.jpg", max_side=3 * SIDE // 2)
small_sky = read_image("images/style_night_sky.jpg", max_side=SIDE)
a_S_list = [activations(as_input(picture)) for picture in (medium_glass, small_sky)]


@tf.function(autograph=False)
def cost_of_picture(image):
    """Return J of a picture (1, n_H, n_W, 3), 0-255."""
    a_G = activations(image)
    J_content = tf.reduce_mean((a_G[CONTENT_LAYER] - a_C) ** 2)
    J_style = blended_style_cost(a_S_list, a_G, STYLE_LAYERS, [2, 1])
    return J_content + 40 * J_style + 0.02 * total_variation_cost(image)


def fun_of(costs, unit=1.0):
    """Return fun(z) for the picture unit * z; it notes the cost of each that it is asked about."""

    def fun(z):
        J, gradient = value_and_gradient(unit * z, cost_of_picture, shape)
        costs.append(J)
        return J, unit * gradient

    return fun


# %% [markdown]
# One thing has to be put right first. L-BFGS knows nothing of the cost yet when it begins, so its
# first step has the length 1: as a *vector*. Shared out among 57,600 numbers that is 1/240 of a
# grey level each, too little to learn anything from, and many steps are lost. So let us measure
# in units in which 1 is a change of about 0.2 levels everywhere: the picture is `unit * z`, and
# by the chain rule the gradient with respect to `z` is `unit` times the other.
#
# Adam, which you know, also needs no more than a value and a gradient. All may look at the same
# number of pictures.

# %%
LOOKS = min(50, CONFIG.STEPS)
x0 = photograph.ravel().astype(np.float64)
unit = 0.2 * np.sqrt(x0.size)

costs = {"Adam, rate 2": [], "Adam, rate 10": [], "L-BFGS-B": []}
results = {}
for name, rate in {"Adam, rate 2": 2.0, "Adam, rate 10": 10.0}.items():
    fun, x = fun_of(costs[name]), tf.Variable(x0)
    adam = tf.keras.optimizers.Adam(rate)
    for _ in range(LOOKS):
        adam.apply_gradients([(fun(x.numpy())[1], x)])
        x.assign(tf.clip_by_value(x, 0, 255))
    results[name] = x.numpy().reshape(photograph.shape)

found = minimize(
    fun_of(costs["L-BFGS-B"], unit),
    x0 / unit,
    jac=True,
    method="L-BFGS-B",
    bounds=[(0, 255 / unit)] * x0.size,
    options={"maxfun": LOOKS},
)
results["L-BFGS-B"] = (unit * found.x).reshape(photograph.shape)

# %%
show_images(list(results.values()), list(results), columns=3, height=2.6)
lowest = min(map(min, costs.values()))
figure, axis = plt.subplots(figsize=(7, 3), layout="tight")
for name, values in costs.items():
    axis.semilogy(np.subtract(values, 0.999 * lowest), label=name)
axis.set(xlabel="pictures looked at", ylabel="J, above the lowest")
axis.grid(alpha=0.3)
axis.legend()
save_image(CONFIG.OUTPUT_DIR + "style_in_practice.png", results["L-BFGS-B"])
# %% [markdown]
# After about ten looks L-BFGS-B is where Adam with rate 2 is at the end, and after about twenty
# where Adam with rate 10 is. (The curves show how far each is above the lowest cost that any of
# them found; the peak at the beginning is a step that was too long and was taken back.) The price:
# it has to remember several pictures and gradients, and it trusts the gradient. Where that is
# noisy, as in the training of networks with a new batch in each step, Adam is the better one.
# Here there is one cost, and it holds still.

# %% [markdown]
# ## 9. Turn them yourself
#
# A small painting, 96 pixels wide, so that an answer comes within seconds. Each control is one of
# the knobs above; set as many as you like, then press *Paint*. (The controls need a running
# kernel: on a saved page they do nothing.)

# %%
STYLES = {"glass": glass, "night sky": night_sky, "waves": waves}
SMALL = {"size": 144, "steps": 30, "tv_term": "mean squares"}


def try_out(style, second, share, layers, **settings):
    """Paint with what the controls say, and show it."""
    result = painted(
        [STYLES[style], STYLES[second]],
        **SMALL,
        **settings,
        style_blend=(1 - share, share),
        style_layers={f"conv{block}_1": 1 / layers for block in range(1, layers + 1)},
    )
    show_images([photograph, result.pixels], ["content", "painting"], height=2.6)
    plt.show()


# %% tags=["demonstration"]
powers = [0.0, 0.4, 1.0, 4.0, 10.0, 40.0, 100.0, 400.0, 1000.0]
controls = widgets.interact_manual.options(manual_name="Paint")(
    try_out,
    style=widgets.Dropdown(options=list(STYLES)),
    second=widgets.Dropdown(options=list(STYLES), value="night sky", description="second style"),
    share=widgets.FloatSlider(0.0, min=0, max=1, step=0.1, description="its share"),
    layers=widgets.IntSlider(5, min=1, max=5, description="style layers"),
    style_weight=widgets.SelectionSlider(options=powers, value=40.0, description="β"),
    tv_weight=widgets.SelectionSlider(options=[0.0, 0.3, 1.0, 3.0], description="γ"),
    start=["content", "blend", "noise"],
    pooling=["avg", "max", "l2"],
    colours=["style", "luminance", "cholesky", "pca"],
)
# %% [markdown]
# ## 10. Meet the programs people use
#
# The same two pictures under every preset of the program: what you wrote in the first notebook,
# the programs that many people have painted with, the recipes of two books and of two courses, and
# ours, `atelier`. Each has its own layers, sums, weights, pooling and optimiser. None gets its own
# number of steps here, which is from 60 to 2500, but all get the same few. So this is no contest:
# it shows how differently one idea can be written down, and which recipes come to a picture soon.
# The curves are relative to where each began, because the costs themselves have nothing in common.
#
# Their authors chose the weights for VGG-19 itself, whose activations are about fifteen times as
# large as those of our small network; the program makes up for that where it matters (`gain` in
# the recipe). What begins with noise would need more steps to find the cup, and what moves by tiny
# steps to leave the photograph.

# %% tags=["demonstration"]
presets = {name: painted(preset=name) for name in engine().PRESETS}
titles = [f"{name}, {result.seconds:.0f} s" for name, result in presets.items()]
show_images([result.pixels for result in presets.values()], titles, columns=4, height=2)

figure, axis = plt.subplots(figsize=(8, 3.4), layout="tight")
for number, (name, result) in enumerate(presets.items()):
    totals = np.array([record.total for record in result.history])
    line = ["-", "--", ":"][number // 5]
    axis.semilogy([r.step for r in result.history], totals / totals[0], line, label=name)
axis.set(xlabel="step", ylabel="total cost, 1 at the start")
axis.grid(alpha=0.3)
axis.legend(loc="upper left", bbox_to_anchor=(1.02, 1), fontsize=9)
plt.show()

# %% [markdown]
# ## 11. Where the idea comes from
#
# **A texture is a handful of statistics.** Long before networks, people asked when two patches of
# grass look alike although no two blades are in the same place. Portilla and Simoncelli (2000)
# filtered a picture by wavelets, measured how the answers of neighbouring filters go together, and
# pushed noise about until it had the same measurements: it looked like the same texture. Efros and
# Leung (1999) took another way and copied pixel by pixel from places that fit; Hertzmann and
# colleagues (2001) used such copying to carry a painter's hand from one picture to another.
#
# **Networks can be read backwards.** Once networks for recognition had become good (Simonyan and
# Zisserman, 2014, is our VGG), Mahendran and Vedaldi (2014) asked what a layer still knows of a
# picture. They looked for a picture with the same activations, pixel by pixel, by gradient
# descent, and needed the total variation of section 5 to get pictures rather than noise.
#
# **Both together.** In 2015 Gatys, Ecker and Bethge put the network's layers in the place of the
# wavelets and Gram matrices in the place of their statistics: textures of a quality nobody had
# seen. A few months later came the paper your first notebook follows: textures of one picture and
# the deep activations of another in one cost. Within weeks there were programs for everybody, and
# their readers found the knobs of this notebook by turning them.
#
# **Faster.** An optimisation for each picture is slow. Johnson, Alahi and Fei-Fei, and Ulyanov and
# colleagues (both 2016) trained a network on the same costs to paint in one pass, one network for
# one style. Huang and Belongie (2017) needed one network for all: they only set mean and variance
# of each channel to those of the style.
#
# **Better understood, and under control.** Gatys and colleagues (2016, 2017) added colours, scale
# and regions. Li and colleagues (2017) showed what matching Gram matrices means: making the two
# sets of feature vectors alike, as far as second moments can tell them apart. Risser and
# colleagues (2017) showed where that is not enough: quite different sets can share a Gram matrix.
# Comparing whole distributions is the answer of later work (Kolkin and colleagues, 2019; Heitz and
# colleagues, 2021).
#
# Today, large models trained on pictures and texts paint in any style they have a word for. The
# optimisation of this notebook needs no training, no words, and two pictures; and you can see
# everything it does.

# %% [markdown]
# ## What to remember
#
# - $\alpha$ and $\beta$ matter by their ratio, and have no meaning outside one program.
# - Shallow style layers bring colour and grain, deep ones strokes and forms; the scale of the
#   style picture says how large those are.
# - **Total variation** is a cost of the pixels alone: it removes what no layer sees.
# - Styles mix by **shares of the cost**; Gram matrices divided by the number of places let
#   pictures of all sizes take part.
# - **Luminance** carries the strokes; the chroma can be taken from elsewhere.
# - An optimiser needs a value and a gradient. With those two you can use any, and for a cost that
#   holds still L-BFGS-B needs fewer looks than Adam.
#
# ## References
#
# - J. Portilla, E. P. Simoncelli: *A parametric texture model based on joint statistics of complex
#   wavelet coefficients*. International Journal of Computer Vision, 2000.
# - A. A. Efros, T. K. Leung: *Texture synthesis by non-parametric sampling*. ICCV 1999.
# - A. Hertzmann, C. E. Jacobs, N. Oliver, B. Curless, D. H. Salesin: *Image analogies*. SIGGRAPH
#   2001.
# - K. Simonyan, A. Zisserman: *Very deep convolutional networks for large-scale image
#   recognition*. 2014, arXiv:1409.1556.
# - A. Mahendran, A. Vedaldi: *Understanding deep image representations by inverting them*. 2014,
#   arXiv:1412.0035.
# - L. A. Gatys, A. S. Ecker, M. Bethge: *Texture synthesis using convolutional neural networks*.
#   2015, arXiv:1505.07376.
# - L. A. Gatys, A. S. Ecker, M. Bethge: *A neural algorithm of artistic style*. 2015,
#   arXiv:1508.06576.
# - D. Ulyanov, V. Lebedev, A. Vedaldi, V. Lempitsky: *Texture networks: feed-forward synthesis of
#   textures and stylized images*. 2016, arXiv:1603.03417.
# - J. Johnson, A. Alahi, L. Fei-Fei: *Perceptual losses for real-time style transfer and
#   super-resolution*. 2016, arXiv:1603.08155.
# - L. A. Gatys, M. Bethge, A. Hertzmann, E. Shechtman: *Preserving color in neural artistic style
#   transfer*. 2016, arXiv:1606.05897.
# - L. A. Gatys, A. S. Ecker, M. Bethge, A. Hertzmann, E. Shechtman: *Controlling perceptual
#   factors in neural style transfer*. CVPR 2017, arXiv:1611.07865.
# - Y. Li, N. Wang, J. Liu, X. Hou: *Demystifying neural style transfer*. 2017, arXiv:1701.01036.
# - E. Risser, P. Wilmot, C. Barnes: *Stable and controllable neural texture synthesis and style
#   transfer using histogram losses*. 2017, arXiv:1701.08893.
# - X. Huang, S. Belongie: *Arbitrary style transfer in real-time with adaptive instance
#   normalization*. 2017, arXiv:1703.06868.
# - N. Kolkin, J. Salavon, G. Shakhnarovich: *Style transfer by relaxed optimal transport and
#   self-similarity*. 2019, arXiv:1904.12785.
# - E. Heitz, K. Vanhoey, T. Chambon, L. Belcour: *A sliced Wasserstein loss for neural texture
#   synthesis*. 2021, arXiv:2006.07229.
# - R. H. Byrd, P. Lu, J. Nocedal, C. Zhu: *A limited memory algorithm for bound constrained
#   optimization*. SIAM Journal on Scientific Computing, 1995. L-BFGS-B.
# - The pictures and how they were made: `images/SOURCES.md`.
