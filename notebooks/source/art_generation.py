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
# # Paint a photograph in the style of a picture
#
# You have two pictures: a photograph, whose **content** you want to keep, and a painting, whose
# **style** you like. In this notebook you write a program that paints a third picture with the
# content of the first and the style of the second. The idea is from Gatys, Ecker and Bethge
# (2015), and it turns the usual roles around: the network is never trained. What changes step by
# step, until it looks right, is the *picture*.
#
# You will
#
# - look at a photograph through the eyes of a convolutional network,
# - put "same content" and "same style" into two numbers, the content cost and the style cost,
# - write the step that changes the pixels so that both become small,
# - paint a picture, first with ours, then with a photograph of your own.
#
# There are six exercises. Each is a function to complete: replace the line
# `raise NotImplementedError(...)` by your code and run the cell, then the check below it. **A
# check that stays silent has passed**; otherwise its last line says what to look at. When your
# notebook is graded, a few more checks of the same kind run: other sizes, large pictures,
# gradients.

# %% tags=["setup"]
from nst_utils import *  # first: it also quiets TensorFlow's messages at start-up

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

plt.rcParams["figure.dpi"] = 90

# %% checks=true

# %% [markdown]
# ## 1. See the problem
#
# Here are the two pictures. Each is an array of shape $(n_H, n_W, 3)$: height, width, and red,
# green, blue between 0 and 255. You may come back later and set `CONFIG.CONTENT_IMAGE` or
# `CONFIG.STYLE_IMAGE` to other files.

# %%
size = (CONFIG.IMAGE_HEIGHT, CONFIG.IMAGE_WIDTH)
content_photograph = read_image(CONFIG.CONTENT_IMAGE, size)
style_painting = read_image(CONFIG.STYLE_IMAGE, size)
show_images([content_photograph, style_painting], ["content", "style"])
# %% [markdown]
# A first thought might be to mix the pixels. Half of each gives a double exposure, and nothing
# that anybody would call a painting:

# %%
show_images([0.5 * content_photograph + 0.5 * style_painting], ["half the pixels of each"])
# %% [markdown]
# Pixels are the wrong place to mix. "A tower in front of trees" and "swirling strokes in blue and
# yellow" are statements about patterns of many pixels at once. We need a description of the
# picture in such patterns, and there is one ready: the inside of a network that has learnt to
# tell pictures apart.

# %% [markdown]
# ## 2. Borrow a network
#
# **Transfer learning** means to take a network that was trained for one task and use what it has
# learnt for another. VGG-19 is the classic choice for style transfer: sixteen convolutions of
# $3 \times 3$, in five blocks with a pooling layer after each. Its task was to name what is in a
# photograph. On the way to a name it computes, layer by layer, thousands of patterns: edges and
# colours first, then textures, then parts of things.
#
# `load_vgg_model()` gives you the network as a dictionary. With it comes a compact network of the
# same layout that lies in `pretrained-model/`, so that nothing has to be downloaded. The real
# VGG-19 was its teacher: its first three blocks learnt to answer with the same patterns, the two
# deeper ones with those of the third block at a larger scale. The command `course fetch vgg19`
# brings the real one in its place; every cell below then runs on that. The first line printed
# here says which network is at work.

# %%
model = load_vgg_model()
print(model)

# %% [markdown]
# How to use it:
#
# - `model["input"]` holds the picture, as a `tf.Variable` of shape $(1, n_H, n_W, 3)$. The leading
#   1 is the batch: we always look at one picture.
# - `model["input"].assign(image)` puts another picture in.
# - `model["conv4_2"]` is the **activation** of that layer for the picture that is in there now, a
#   tensor of shape $(1, n_H, n_W, n_C)$ with $n_C$ channels.
#
# The network expects pictures from which the mean colour has been subtracted.
# `reshape_and_normalize_image` does that and adds the batch axis.

# %%
content_image = reshape_and_normalize_image(content_photograph)
style_image = reshape_and_normalize_image(style_painting)
print("content_image", content_image.shape, content_image.dtype)

model["input"].assign(content_image)
print("conv4_2      ", model["conv4_2"].shape)

# %% [markdown]
# ### Look inside
#
# Each channel of a layer answers "where in the picture is my pattern?" with a map of its own.
# Below are four channels of each of four layers; bright means "here". Going down, the maps
# become coarser and respond to larger patterns: from edges to whole parts of the picture.


# %%
def telling_channels(activation, count=4):
    """The liveliest channel of a layer, then each time the one least like those before it."""
    channels = np.moveaxis(activation[0].numpy(), -1, 0)
    channels = channels[channels.std(axis=(1, 2)) > 0]
    likeness = np.abs(np.corrcoef(channels.reshape(len(channels), -1)))
    chosen = [int(channels.std(axis=(1, 2)).argmax())]
    while len(chosen) < count:
        chosen.append(int(likeness[chosen].max(axis=0).argmin()))
    return channels[chosen]


for layer in ["conv1_1", "conv2_1", "conv3_1", "conv4_2"]:
    maps = telling_channels(model[layer])
    show_images(list(maps), [f"{layer}, {maps.shape[1]} x {maps.shape[2]}"], height=2)

# %% [markdown]
# ## 3. Measure content
#
# Two pictures have the same content if a deep enough layer sees the same patterns in the same
# places. Let $a^{(C)}$ be the activation of one layer for the content picture and $a^{(G)}$ the
# same layer's activation for the generated picture $G$. The **content cost** compares them number
# by number:
#
# $$J_{content}(C, G) = \frac{1}{4\, n_H\, n_W\, n_C} \sum_{\text{all entries}}
# \left(a^{(C)} - a^{(G)}\right)^2$$
#
# We use `conv4_2`: deep enough to forget single pixels, not so deep as to forget where things are.
#
# ### Exercise 1: `compute_content_cost`
#
# `a_C` and `a_G` are tensors of shape $(1, n_H, n_W, n_C)$. Return the cost as a scalar tensor.
#
# Hint: use TensorFlow's functions from beginning to end; the gradient has to find its way back
# through them.


# %% exercise="compute_content_cost"
def compute_content_cost(a_C, a_G):
    """Compare two activations of one layer, place by place.

    Parameters
    ----------
    a_C : tensor (1, n_H, n_W, n_C), activation for the content picture
    a_G : tensor (1, n_H, n_W, n_C), activation for the generated picture

    Returns
    -------
    J_content : scalar tensor
    """
    ### BEGIN SOLUTION
    _, n_H, n_W, n_C = a_G.shape
    return tf.reduce_sum(tf.square(a_C - a_G)) / (4 * n_H * n_W * n_C)
    ### END SOLUTION


# %% tests="compute_content_cost" points=15

# %% [markdown]
# With the check passed, let us see what your function finds alike. Four candidates are compared
# with the photograph: by the mean squared difference of their pixels, and by your content cost.
# Which of the two agrees better with your eye on what is *in* the picture?

# %%
candidates = {
    "the photograph itself": content_image,
    "40 brighter": content_image + 40,
    "4 pixels to the right": np.roll(content_image, 4, axis=2),
    "the style picture": style_image,
}
model["input"].assign(content_image)
a_C = model["conv4_2"]
titles = []
for name, image in candidates.items():
    model["input"].assign(image)
    J_content = compute_content_cost(a_C, model["conv4_2"])
    pixels = np.mean((image - content_image) ** 2)
    titles.append(f"{name}\npixels {pixels:.0f}, content cost {float(J_content):.3g}")
show_images(list(candidates.values()), titles, columns=2)

# %% [markdown]
# ## 4. Measure style
#
# The style of a painting is not *where* its patterns are, but *which* patterns come, and which
# come **together**: where a stroke is curved it is also blue; where there is yellow there is a
# bright edge. To measure that, forget the places and ask for each pair of channels how strongly
# they are active at the same places.
#
# Unroll a layer's activation into a matrix $A$ with one row for each channel and one column for
# each place: shape $(n_C,\ n_H n_W)$. The products of all pairs of rows are the **Gram matrix**
#
# $$G = A A^T, \qquad G_{kk'} = \sum_{\text{places } p} A_{kp}\, A_{k'p}$$
#
# of shape $(n_C, n_C)$. On its diagonal stands how active each channel is overall, beside it how
# much two channels go together.
#
# ### Exercise 2: `gram_matrix`
#
# Hint: a matrix product with one factor turned round.


# %% exercise="gram_matrix"
def gram_matrix(A):
    """Sum the products of all pairs of rows.

    Parameters
    ----------
    A : tensor (n_C, n_H * n_W), one row for each channel

    Returns
    -------
    G : tensor (n_C, n_C)
    """
    ### BEGIN SOLUTION
    return tf.matmul(A, A, transpose_b=True)
    ### END SOLUTION


# %% tests="gram_matrix" points=15

# %% [markdown]
# Here is the Gram matrix of the two pictures at `conv2_1`, with the channels in the same order.
# The two tables differ as the two pictures do. The third is that of the style picture upside
# down: all its patterns are in other places, and the table has hardly changed.


# %%
def channels_as_rows(image, layer):
    """One row for each channel of a layer, as NumPy array (n_C, n_H * n_W)."""
    model["input"].assign(image)
    a = np.asarray(model[layer])[0]
    return np.moveaxis(a, -1, 0).reshape(a.shape[-1], -1)


def show_grams(images, layer):
    """The Gram matrix of each picture as a heat map; G divided by the number of places."""
    rows = [channels_as_rows(image, layer) for image in images.values()]
    grams = [np.asarray(gram_matrix(tf.constant(A))) / A.shape[1] for A in rows]
    brightest = np.percentile(grams[-1], 98)
    figure, axes = plt.subplots(1, len(grams), figsize=(4.4 * len(grams), 4), layout="tight")
    for axis, name, G in zip(axes, images, grams):
        heat = axis.imshow(G, cmap="magma", vmin=0, vmax=brightest)
        axis.set(title=name, xlabel="channel", ylabel="channel")
        figure.colorbar(heat, ax=axis, shrink=0.8)


upside_down = np.ascontiguousarray(style_image[:, ::-1, ::-1])
show_grams(
    {"content": content_image, "style": style_image, "style upside down": upside_down}, "conv2_1"
)

# %% [markdown]
# ### Exercise 3: `compute_layer_style_cost`
#
# The style cost of one layer compares the Gram matrices of the style picture and the generated
# picture:
#
# $$J_{style}^{[l]}(S, G) = \frac{1}{4\, n_C^2\, (n_H n_W)^2}
# \sum_{k=1}^{n_C} \sum_{k'=1}^{n_C} \left(G^{(S)}_{kk'} - G^{(G)}_{kk'}\right)^2$$
#
# `a_S` and `a_G` have shape $(1, n_H, n_W, n_C)$; `gram_matrix` wants $(n_C, n_H n_W)$. The
# channels are the *last* axis of the activation and have to become the *first* of the matrix.
# Reshaping straight to $(n_C, n_H n_W)$ gives the right shape with scrambled contents: rows that
# are no channels.
#
# Hint: reshape so that each row is a place, then transpose. And at the size of a photograph
# $4\, n_C^2 (n_H n_W)^2$ is larger than TensorFlow's 32-bit integers can be: let it be a float.


# %% exercise="compute_layer_style_cost"
def compute_layer_style_cost(a_S, a_G):
    """Compare which patterns go together in two activations of one layer.

    Parameters
    ----------
    a_S : tensor (1, n_H, n_W, n_C), activation for the style picture
    a_G : tensor (1, n_H, n_W, n_C), activation for the generated picture

    Returns
    -------
    J_style_layer : scalar tensor
    """
    ### BEGIN SOLUTION
    _, n_H, n_W, n_C = a_G.shape
    A_S = tf.transpose(tf.reshape(a_S, [n_H * n_W, n_C]))
    A_G = tf.transpose(tf.reshape(a_G, [n_H * n_W, n_C]))
    difference = gram_matrix(A_S) - gram_matrix(A_G)
    return tf.reduce_sum(tf.square(difference)) / (4.0 * n_C**2 * (n_H * n_W) ** 2)
    ### END SOLUTION


# %% tests="compute_layer_style_cost" points=20

# %% [markdown]
# ### Exercise 4: `compute_style_cost`
#
# One layer sees one scale of patterns: `conv1_1` colours and fine grain, `conv5_1` whole swirls.
# A style lives on all of them, so we add up several layers, each with a weight
# $\lambda^{[l]}$:
#
# $$J_{style}(S, G) = \sum_l \lambda^{[l]}\, J_{style}^{[l]}(S, G)$$

# %%
CONTENT_LAYER = "conv4_2"
STYLE_LAYERS = [
    ("conv1_1", 0.2),
    ("conv2_1", 0.2),
    ("conv3_1", 0.2),
    ("conv4_1", 0.2),
    ("conv5_1", 0.2),
]

# %% [markdown]
# `a_S` and `a_G` are now dictionaries: `a_S["conv2_1"]` is that layer's activation for the style
# picture. For `a_G` we shall hand in the `model` itself, which is such a dictionary for the
# picture that is being painted.
#
# Hint: a loop over the pairs in `STYLE_LAYERS`; each round calls your `compute_layer_style_cost`.


# %% exercise="compute_style_cost"
def compute_style_cost(a_S, a_G, STYLE_LAYERS):
    """Add up the style costs of several layers.

    Parameters
    ----------
    a_S : mapping from layer name to activation (1, n_H, n_W, n_C), for the style picture
    a_G : the same for the generated picture; read a layer by a_G[name]
    STYLE_LAYERS : list of (layer name, weight)

    Returns
    -------
    J_style : scalar tensor
    """
    ### BEGIN SOLUTION
    J_style = 0.0
    for name, weight in STYLE_LAYERS:
        J_style += weight * compute_layer_style_cost(a_S[name], a_G[name])
    return J_style
    ### END SOLUTION


# %% tests="compute_style_cost" points=15

# %% [markdown]
# How far are some pictures from the style picture, layer by layer? The style picture upside down
# should be near in every layer, a photograph far.

# %%
model["input"].assign(style_image)
a_S = {name: model[name] for name, _ in STYLE_LAYERS}

figure, axis = plt.subplots(figsize=(9, 3.2), layout="tight")
for k, (name, image) in enumerate({"content": content_image, "upside down": upside_down}.items()):
    model["input"].assign(image)
    costs = [float(compute_layer_style_cost(a_S[layer], model[layer])) for layer in a_S]
    J_style = float(compute_style_cost(a_S, model, STYLE_LAYERS))
    axis.bar(np.arange(len(costs)) + 0.4 * k, costs, 0.4, label=f"{name}: J_style = {J_style:.3g}")
axis.set(
    yscale="log",
    ylabel="style cost",
    xticks=np.arange(len(a_S)) + 0.2,
    xticklabels=list(a_S),
    title="distance from the style picture",
)
axis.legend(loc="upper left", bbox_to_anchor=(1, 1))
plt.show()

# %% [markdown]
# ## 5. Put both into one number
#
# What we want is a picture with a small content cost *and* a small style cost. Two weights say
# how much each counts:
#
# $$J(G) = \alpha\, J_{content}(C, G) + \beta\, J_{style}(S, G)$$
#
# ### Exercise 5: `total_cost`


# %% exercise="total_cost"
def total_cost(J_content, J_style, alpha=10, beta=40):
    """Weigh content against style.

    Parameters
    ----------
    J_content, J_style : scalars
    alpha, beta : weights of the two

    Returns
    -------
    J : scalar
    """
    ### BEGIN SOLUTION
    return alpha * J_content + beta * J_style
    ### END SOLUTION


# %% tests="total_cost" points=10

# %% [markdown]
# ## 6. Change the picture
#
# Now the turn that makes it all work. Training a network means: compute a cost, ask for its
# gradient with respect to the *weights*, change the weights a little. Here the weights stay as
# they are, and we ask for the gradient with respect to the **pixels**, $\partial J / \partial G$.
# It says for each pixel and colour whether more or less of it would lower the cost.
#
# One training step is four lines of thought:
#
# 1. inside `with tf.GradientTape() as tape:` compute $J_{content}$ from
#    `model[CONTENT_LAYER]`, $J_{style}$ from the `model`, and $J$;
# 2. ask the tape for the gradient of $J$ with respect to `model["input"]`;
# 3. let the optimizer apply it: `optimizer.apply_gradients([(gradient, variable)])`;
# 4. return the three costs as tensors, without `float()` or `.numpy()`: section 7 compiles the
#    step, and then there are no numbers yet while it is read.
#
# ### Exercise 6: `train_step`
#
# Hint: everything between the picture and $J$ must be computed *inside* the tape, else it knows
# no way from the one to the other and the gradient is `None`.


# %% exercise="train_step"
def train_step(model, optimizer, a_C, a_S):
    """Change the picture in model["input"] by one step of the optimizer.

    Parameters
    ----------
    model : the network; model["input"] is the picture, model[name] a layer's activation for it
    optimizer : Keras optimizer
    a_C : activation of CONTENT_LAYER for the content picture
    a_S : dict from layer name to activation for the style picture

    Returns
    -------
    J, J_content, J_style : scalar tensors, the costs before the change
    """
    ### BEGIN SOLUTION
    with tf.GradientTape() as tape:
        J_content = compute_content_cost(a_C, model[CONTENT_LAYER])
        J_style = compute_style_cost(a_S, model, STYLE_LAYERS)
        J = total_cost(J_content, J_style)
    gradient = tape.gradient(J, model["input"])
    optimizer.apply_gradients([(gradient, model["input"])])
    return J, J_content, J_style
    ### END SOLUTION


# %% tests="train_step" points=25

# %% [markdown]
# ## 7. Paint
#
# Everything is there. We note how the network sees the content picture and the style picture,
# once, since these two never change. The painting starts from the photograph under a veil of
# noise: the noise gives every pattern a seed to grow from, the photograph a hint where things
# belong. The published recipe mixes 60 per cent of noise in; 30 leave more of the photograph, and
# with the network of this course the patterns come out no worse.

# %%
NOISE_RATIO = 0.3

model["input"].assign(content_image)
a_C = model[CONTENT_LAYER]
model["input"].assign(style_image)
a_S = {name: model[name] for name, _ in STYLE_LAYERS}

generated_image = generate_noise_image(content_image, NOISE_RATIO, seed=1)
model["input"].assign(generated_image)
show_images([generated_image], ["where we start"])
# %% [markdown]
# `tf.function` records your training step as a graph the first time and only repeats the graph
# from then on, which is a good deal faster; `autograph=False` keeps its error messages short.
# Adam with learning rate 2 moves each pixel by about two grey levels a step.
#
# Watch the cost: it is drawn on a logarithmic scale and falls quickly at first, while colours
# find their place, then ever more slowly, while strokes take shape.

# %%
optimizer = tf.keras.optimizers.Adam(learning_rate=2.0)
step = tf.function(train_step, autograph=False)

painting = LivePainting(model["input"], steps=CONFIG.STEPS)
for _ in painting:
    J, J_content, J_style = step(model, optimizer, a_C, a_S)
    painting.record(J=J, J_content=J_content, J_style=J_style)

# %%
show_images([content_photograph, style_painting, model["input"]], ["content", "style", "painting"])
save_image(CONFIG.OUTPUT_DIR + "art_generation.png", model["input"])
save_animation(CONFIG.OUTPUT_DIR + "art_generation.gif", painting.frames)
# %% [markdown]
# The picture and a short film of how it came about now lie in the folder `output`. These are the
# film's frames:

# %%
every = max(1, len(painting.frames) // 4)
show_images(painting.frames[::every][:4] + painting.frames[-1:], columns=5, height=2)
# %% [markdown]
# With the real VGG-19 (300 × 400 pixels, the same weights 10 and 40, the same 200 steps of Adam,
# kernels as stored) people report these totals for a photograph of the Louvre and a painting by
# Monet. They are of another order than yours, since the activations of that network are larger;
# the curve has the same form, and after 200 steps it is still far from its end.
#
# | step | 0 | 20 | 40 | 60 | 80 | 100 | 140 | 180 |
# |---|---|---|---|---|---|---|---|---|
# | total cost $J$ | 5.05e9 | 9.43e8 | 4.85e8 | 3.13e8 | 2.28e8 | 1.81e8 | 1.28e8 | 9.74e7 |

# %% [markdown]
# ## 8. Try your own picture
#
# Put a photograph beside this notebook, write its name below and run the three cells. Pictures of
# any size and any common format will do; the painting has its longer side scaled down to
# `max_side`. The time grows with the number of pixels. A few things to try:
#
# - another style: `style_brush_strokes`, `style_cubist`, `style_ink_wash`, `style_pointillism`,
#   `style_stained_glass` and `style_woodcut_waves` lie beside the mosaic in `images/`;
# - in your `train_step`, `total_cost(J_content, J_style, alpha, beta)` with other weights: more
#   content, or more style (put 10 and 40 back before you hand it in);
# - start from the photograph alone (`noise_ratio=0`) or from noise alone (`noise_ratio=1`);
# - fewer layers, or unequal weights, in `STYLE_LAYERS`;
# - `load_vgg_model(pooling="max")`.

# %%
my_photograph = CONFIG.CONTENT_IMAGE
my_style = "images/style_mosaic.jpg"
max_side = 256

# %%
my_content = read_image(my_photograph, max_side=max_side)
my_size = my_content.shape[:2]
my_model = load_vgg_model(image_size=my_size)

my_model["input"].assign(reshape_and_normalize_image(read_image(my_style, my_size)))
a_S = {name: my_model[name] for name, _ in STYLE_LAYERS}
my_model["input"].assign(reshape_and_normalize_image(my_content))
a_C = my_model[CONTENT_LAYER]
my_model["input"].assign(generate_noise_image(my_model["input"], NOISE_RATIO, seed=1))
print("a painting of", my_size[0], "x", my_size[1], "pixels")

# %%
optimizer = tf.keras.optimizers.Adam(learning_rate=2.0)
step = tf.function(train_step, autograph=False)

painting = LivePainting(my_model["input"], steps=CONFIG.STEPS)
for _ in painting:
    J, J_content, J_style = step(my_model, optimizer, a_C, a_S)
    painting.record(J=J, J_content=J_content, J_style=J_style)
save_image(CONFIG.OUTPUT_DIR + "my_painting.png", my_model["input"])

# %% [markdown]
# ## What to remember
#
# - Neural style transfer optimises the **pixels**; the network only judges.
# - The **content cost** compares one deep layer place by place.
# - The **style cost** compares Gram matrices: which channels go together, wherever that may be;
#   over several layers, from fine grain to large forms.
# - The **total cost** weighs the two. There is no right answer in it, only a choice.
# - A gradient reaches whatever the cost was computed from: weights, or pixels.
#
# ## References
#
# - L. A. Gatys, A. S. Ecker, M. Bethge: *A neural algorithm of artistic style*. 2015,
#   arXiv:1508.06576.
# - K. Simonyan, A. Zisserman: *Very deep convolutional networks for large-scale image
#   recognition*. 2014, arXiv:1409.1556. The VGG networks.
# - Y. Li, N. Wang, J. Liu, X. Hou: *Demystifying neural style transfer*. 2017, arXiv:1701.01036.
#   Why Gram matrices: they match the distribution of features.
# - I. Ustyuzhaninov, W. Brendel, L. Gatys, M. Bethge: *What does it take to generate natural
#   textures?* 2016, arXiv:1606.00021. How far networks come that have learnt nothing.
# - D. P. Kingma, J. Ba: *Adam: a method for stochastic optimization*. 2014, arXiv:1412.6980.
# - The pictures and how they were made: `images/SOURCES.md`.
