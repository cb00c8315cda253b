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
# # Recognise who stands at the door
#
# A house with twelve flats gets a new front door. It has a camera, no keyhole, and a list with
# one picture of each resident. In this notebook you write what the door needs: a function that
# learns which faces belong together, one that checks a claim ("I am bea"), and one that finds a
# name for a face. The ideas are those of DeepFace (Taigman et al. 2014) and FaceNet (Schroff et
# al. 2015).
#
# All people here are drawn. Each is a list of random numbers that a program turned into a
# portrait, so nobody's face was needed for this course.
#
# You will
#
# - see why comparing pixels tells little about who is in a picture,
# - let a network describe a face by 128 numbers, and look at these numbers as a map,
# - write the triplet loss and train a network with it, here, for about a minute,
# - write the two functions of the door, and try them on residents, strangers and a sister,
# - choose how strict the door should be, and see what it cannot do.
#
# There are three exercises. Each is a function to complete: replace the line
# `raise NotImplementedError(...)` by your code and run the cell, then the check below it. **A
# check that stays silent has passed**; otherwise its last line says what to look at. When your
# notebook is graded, a few more checks of the same kind run: other batches, other distances,
# gradients.

# %% tags=["setup"]
from fr_utils import *  # first: it also quiets TensorFlow's messages at start-up

import os

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from tqdm.auto import tqdm

plt.rcParams["figure.dpi"] = 90
STEPS = int(os.environ.get("COURSE_STEPS", "80"))  # of training; grading lowers it

# %% checks=true

# %% [markdown]
# ## 1. Meet the residents
#
# These are the pictures on file, taken like passport pictures: straight on, in even light. The
# network will see them at 96 × 96 pixels.

# %%
folder = course_path("images/faces")
RESIDENTS = {path.stem: path for path in sorted(folder.glob("residents/*.jpg"))}
LARGE = {name: folder / "residents_large" / f"{name}.jpg" for name in RESIDENTS}
show_faces(list(LARGE.values()), list(LARGE))

# %% [markdown]
# And this is what the camera at the door saw one evening: other light, other angles, other
# moods. Some of the eight live in the house, some do not. `people.csv` knows who they were; have
# a guess first.

# %%
CAMERA = [f"images/faces/camera/camera_{k}.jpg" for k in range(8)]
show_faces(CAMERA, [f"camera_{k}" for k in range(8)], columns=4)

# %% [markdown]
# The door can be asked two questions.
#
# - **Verification**: "I am bea." Is that so? One picture is compared with one on file.
# - **Recognition**: "Who is this?" One picture is compared with everybody on file.
#
# Recognition is the harder one. Suppose that two strangers look alike to the machine once in a
# hundred comparisons. For verification, one impostor in a hundred gets in. For recognition every
# stranger is compared with all $K$ people on file, and each comparison is another chance to go
# wrong:

# %%
K = np.arange(1, 501)
figure, axis = plt.subplots(figsize=(6.4, 2.6), layout="constrained")
axis.plot(K, 100 * (1 - 0.99**K))
axis.plot([1, 12], 100 * (1 - 0.99 ** np.array([1, 12])), "o", color="black")
axis.annotate("verification: 1 %", (1, 1), (30, 2))
axis.annotate("our house: 11 %", (12, 11.4), (42, 14))
axis.set(xlabel="people on file, K", ylabel="strangers taken\nfor somebody (%)", ylim=(0, 100))
plt.show()

# %% [markdown]
# ## 2. See why pixels fail
#
# The plainest way to compare two pictures is pixel by pixel: the mean difference of all colour
# values, in grey levels from 0 to 255. Here is bea on file, bea at the door, and somebody who
# does not live here.


# %%
def pixel_difference(picture, other):
    """Mean difference of two pictures with values in 0-1, in grey levels."""
    return 255 * np.mean(np.abs(picture - other))


bea_on_file, bea_at_door, stranger = (
    read_face(path) for path in [RESIDENTS["bea"], CAMERA[0], CAMERA[2]]
)
show_faces(
    [bea_on_file, bea_at_door, stranger],
    [
        "bea on file",
        f"bea at the door\nfrom bea on file: {pixel_difference(bea_on_file, bea_at_door):.0f}",
        f"a stranger\nfrom bea on file: {pixel_difference(bea_on_file, stranger):.0f}",
    ],
)

# %% [markdown]
# The stranger's pixels are nearer to bea's than bea's own. What moved the pixels most is the
# background and the light, not the face. A door that lets bea in at this distance lets the
# stranger in as well.
#
# Was that bad luck? `practice_faces()` has pictures of forty other people, twelve of each. We
# compare four of each with all others. If pixels were any good, the two heaps below would
# stand apart.

# %%
faces = practice_faces()
pictures = faces.reshape(-1, 96, 96, 3)
people = np.repeat(np.arange(40), 12)  # whom each of the pictures shows
show_faces(faces[:3, :8].reshape(-1, 96, 96, 3), columns=8)

# %%
some = faces[:, :4].reshape(160, -1).astype(np.float32)  # four pictures of each
differences = np.stack([np.abs(some - one).mean(axis=1) for one in some])
one_person = np.equal.outer(np.arange(160) // 4, np.arange(160) // 4)
each_pair_once = np.triu(np.ones_like(one_person), k=1)
show_distances(differences[one_person & each_pair_once], differences[~one_person & each_pair_once])
plt.xlabel("mean difference of the pixels, in grey levels")
plt.title("Pixels: the two kinds of pairs can hardly be told apart")
plt.show()

# %% [markdown]
# ## 3. Describe a face by 128 numbers
#
# What we need is a description of the *face* that does not care for the rest: a function $f$ that
# turns a picture $x$ into an **encoding** $f(x)$, a vector of 128 numbers, such that
#
# - two pictures of one person have encodings that lie **near** to each other,
# - pictures of two people have encodings that lie **far** from each other.
#
# A convolutional network can be such a function. `faceRecoModel` builds the one that the project
# OpenFace made small enough for everyday computers (nn4.small2), with 3.7 million parameters. It
# is a chain of seven **inception blocks**. Each looks at the same place at several sizes at once,
# through filters of 1 × 1, 3 × 3 and 5 × 5 and a pooling, and puts what they found side by side.
# Step by step the picture becomes smaller and its description richer:

# %%
FRmodel = faceRecoModel(input_shape=(3, 96, 96))
print("picture        ", FRmodel.input_shape[1:])
for layer in FRmodel.layers:
    if layer.name.startswith("inception") and layer.name.count("_") == 1:
        print(f"{layer.name:15}", layer.output.shape[1:])
print("encoding       ", FRmodel.output_shape[1:])
print(f"parameters      {FRmodel.count_params():,}")

# %% [markdown]
# `load_weights_from_FaceNet` fills in weights that are already trained. Those that come with the
# course were trained on drawn people, thousands of them, none of whom appears in this notebook.
# The command `course fetch facenet` brings OpenFace's real weights; they are taken in their place
# and every cell runs on. Those know photographs, not drawings. The line printed here says which
# weights are at work.

# %%
weights = load_weights_from_FaceNet(FRmodel)
print("weights from", weights.name)

# %% [markdown]
# `img_to_encoding(image_path, model)` does it all: it reads a picture, scales its values to 0...1,
# hands it to the network, and returns the encoding as an array of shape (1, 128). The vector
# always has **length 1**, so that all encodings lie on a sphere and the largest distance that two
# of them can have is 2.

# %%
encoding = img_to_encoding(CAMERA[0], FRmodel)
print(encoding.shape, "length", np.sqrt(np.sum(encoding**2)).round(6))
print(encoding[0, :8].round(3), "...")

# %% [markdown]
# Nobody can say what a single one of the 128 numbers means. Seen together they are like a
# fingerprint: compare the stripes of bea's two pictures, then those of kofi's two.

# %%
pairs = {
    "bea on file": RESIDENTS["bea"],
    "bea at the door": CAMERA[0],
    "kofi on file": RESIDENTS["kofi"],
    "kofi at the door": CAMERA[1],
}
figure, axis = plt.subplots(figsize=(9, 2.2), layout="constrained")
stripes = imgs_to_encodings(pairs.values(), FRmodel)
colours = axis.imshow(stripes, cmap="PuOr", vmin=-0.25, vmax=0.25, aspect="auto")
axis.set(xlabel="number 0 to 127 of the encoding", yticks=range(4), yticklabels=list(pairs))
figure.colorbar(colours, label="value")
plt.show()

# %% [markdown]
# A map helps to see many encodings at once. It lays the 128-dimensional sphere flat, in the two
# directions in which the encodings differ most (their principal components). A line joins the
# pictures of one person. A map in two dimensions cannot show all that 128 dimensions hold: people
# who seem close on it may be far apart.

# %%
names = list(RESIDENTS)
seen = {
    "bea": CAMERA[0],
    "kofi": CAMERA[1],
    "yuki": CAMERA[4],
    "ravi": CAMERA[6],
    "emil": CAMERA[7],
}
paths = [*RESIDENTS.values(), *seen.values()]
show_encoding_map(imgs_to_encodings(paths, FRmodel), names + list(seen), paths)
plt.show()

# %% [markdown]
# ## 4. Say what to learn
#
# How does a network come to such encodings? Nobody tells it what the numbers should be. It is
# only shown **triplets** of pictures:
#
# - an **anchor** $A$, somebody's picture,
# - a **positive** $P$, another picture of the same person,
# - a **negative** $N$, a picture of somebody else,
#
# and asked to put the anchor nearer to the positive than to the negative. Not just a little
# nearer, but by a **margin** $\alpha$:
#
# $$\| f(A) - f(P) \|^2 + \alpha \;\le\; \| f(A) - f(N) \|^2$$
#
# Without the margin a network could meet this for all triplets by giving every picture the same
# encoding: then both distances are 0.
#
# Three kinds of triplets have names. In an **easy** one the inequality holds already. In a
# **semi-hard** one the negative is farther than the positive, but not by the margin. In a
# **hard** one the negative is nearer than the positive. Here is one of each, with the same anchor
# and the same positive, in the eyes of `FRmodel`. Of all pictures that have a triplet of each
# kind we took the anchor that is hardest for it, where the farthest picture of the same person
# and the nearest of another are most in disorder.

# %%
encodings = FRmodel.predict_on_batch(face_batch(pictures))
squared = 2 - 2 * encodings @ encodings.T  # squared distances, as every encoding has length 1
same_person = np.equal.outer(people, people)

to_own = np.where(same_person, squared, 0)
to_strangers = np.where(same_person, np.inf, squared)
farthest = to_own.max(axis=1, keepdims=True)
is_semi_hard = (to_strangers > farthest) & (to_strangers < farthest + 0.2)
disorder = farthest[:, 0] - to_strangers.min(axis=1)
anchor = np.where(is_semi_hard.any(axis=1), disorder, -np.inf).argmax()
positive = to_own[anchor].argmax()
strangers = to_strangers[anchor].argsort()[: 39 * 12]
farther = strangers[squared[anchor, strangers] > squared[anchor, positive]]
negatives = {"hard": strangers[0], "semi-hard": farther[0], "easy": strangers[-1]}

chosen = {"anchor": anchor, "positive": positive}
chosen |= {f"negative, {kind}": i for kind, i in negatives.items()}
distances = [f"distance {np.sqrt(max(squared[anchor, i], 0)):.2f}" for i in chosen.values()]
show_faces(
    [pictures[i] for i in chosen.values()],
    [f"{role}\n{distance}" for role, distance in zip(chosen, distances)],
)

# %% [markdown]
# A triplet that is met costs nothing. One that is not costs as much as is missing. The
# **triplet loss** adds this up over all $m$ triplets of a batch:
#
# $$J = \sum_{i=1}^{m} \max\!\left( \| f(A^{(i)}) - f(P^{(i)}) \|^2
# - \| f(A^{(i)}) - f(N^{(i)}) \|^2 + \alpha,\; 0 \right)$$
#
# Each triplet has its own two distances and its own $\max$. If we added up first and cut at 0
# afterwards, one easy triplet could pay for a hard one, and nothing would be learnt from it.
#
# ### Exercise 1: `triplet_loss`
#
# `y_pred` is a list of three tensors, the encodings of the anchors, the positives and the
# negatives, each of shape $(m, 128)$. `y_true` is not used: Keras hands it to every loss, but
# nobody knows the true encodings. Return a scalar tensor.
#
# 1. The squared distance of anchor and positive, summed over the 128 numbers: shape $(m,)$.
# 2. The squared distance of anchor and negative: shape $(m,)$.
# 3. Their difference plus `alpha`.
# 4. Cut at 0, then add up the batch.
#
# Hint: `tf.reduce_sum(..., axis=-1)` sums over the last axis alone. Without `axis` it sums over
# the batch as well.


# %% exercise="triplet_loss"
def triplet_loss(y_true, y_pred, alpha=0.2):
    """Add up what each triplet lacks.

    Parameters
    ----------
    y_true : not used
    y_pred : list of three tensors (m, 128), encodings of anchors, positives and negatives
    alpha : float, the margin

    Returns
    -------
    loss : scalar tensor
    """
    ### BEGIN SOLUTION
    anchor, positive, negative = y_pred
    pos_dist = tf.reduce_sum(tf.square(anchor - positive), axis=-1)
    neg_dist = tf.reduce_sum(tf.square(anchor - negative), axis=-1)
    return tf.reduce_sum(tf.maximum(pos_dist - neg_dist + alpha, 0.0))
    ### END SOLUTION


# %% tests="triplet_loss" points=40

# %% [markdown]
# The check's first batch, three triplets of random numbers, has a loss of **528.143**.
#
# Here is your loss at work on the three triplets from above. The hard one costs more than the
# margin of 0.2, the semi-hard one less, the easy one nothing.

# %%
for kind, negative in negatives.items():
    y_pred = [tf.constant(encodings[[i]]) for i in (anchor, positive, negative)]
    loss = triplet_loss((None, None, None), y_pred)
    print(f"{kind:10} {float(loss):.3f}")

# %% [markdown]
# ## 5. Train for a minute
#
# Now train a network of the same form from the very beginning, with random weights. FaceNet saw
# 200 million photographs of 8 million people. We have a minute: thirty of the practice people, 24
# pictures a step. The ten others are kept aside. They are never trained on; they show whether the
# network learns *faces*, or only these thirty people.
#
# Before training, the network maps every face to nearly the same place. It cannot tell anybody
# from anybody.

# %%
tf.keras.utils.set_random_seed(1)
learner = faceRecoModel()
training_faces, watched_faces = faces[:30], faces[30:]
watched = face_batch(watched_faces.reshape(-1, 96, 96, 3))
watched_people = people[: len(watched)]

before = pair_distances(learner.predict_on_batch(watched), watched_people)
show_distances(*before, title="Ten people never trained on, before training")
plt.show()

# %% [markdown]
# ### Choose the triplets
#
# From 24 pictures hundreds of triplets can be made. Most of them are soon easy and teach nothing.
# The hardest teach too much: a network without experience meets them by moving all faces to one
# point. So for each pair of anchor and positive we take a semi-hard negative: the nearest of
# those that are farther away than the positive. Where there is none, it is the farthest of all.


# %%
def choose_triplets(encodings, people):
    """Pair every two pictures of one person with a semi-hard negative.

    Returns the positions of the anchors, the positives and the negatives in the batch.
    """
    squared = 2 - 2 * encodings @ encodings.T  # distances, as every encoding has length 1
    same = people[:, np.newaxis] == people
    anchors, positives = np.nonzero(same & ~np.eye(len(people), dtype=bool))
    is_farther = squared[anchors] > squared[anchors, positives][:, np.newaxis]
    rank = np.where(is_farther, squared[anchors], 8 - squared[anchors])  # 4 is the largest
    rank[same[anchors]] = np.inf
    return anchors, positives, rank.argmin(axis=1)


def practice_batch(draws, people=6, pictures=4):
    """Draw some people and some pictures of each, half of them mirrored."""
    who = np.repeat(draws.choice(len(training_faces), people, replace=False), pictures)
    which = np.concatenate([draws.choice(12, pictures, replace=False) for _ in range(people)])
    batch = face_batch(training_faces[who, which])
    mirrored = draws.random(len(batch)) < 0.5
    batch[mirrored] = batch[mirrored, :, :, ::-1]
    return batch, who


# %% [markdown]
# ### Let it learn
#
# Each step draws 24 pictures, encodes them, chooses triplets, asks **your** `triplet_loss` what
# they cost, and moves the weights a little against the gradient. `tf.function` records the two
# heavy parts, the network and the optimizer, as graphs, which is faster.

# %%
optimizer = tf.keras.optimizers.Adam(learning_rate=1e-3)
optimizer.build(learner.trainable_variables)
encode = tf.function(lambda pictures: learner(pictures, training=True), autograph=False)
update = tf.function(optimizer.apply, autograph=False)

draws = np.random.default_rng(1)
losses = []
bar = tqdm(range(STEPS), desc="training", unit="step")
for _ in bar:
    batch, who = practice_batch(draws)
    with tf.GradientTape() as tape:
        batch_encodings = encode(batch)
        triplets = choose_triplets(batch_encodings.numpy(), who)
        y_pred = [tf.gather(batch_encodings, positions) for positions in triplets]
        loss = triplet_loss((None, None, None), y_pred)
    update(tape.gradient(loss, learner.trainable_variables))
    losses.append(float(loss) / len(triplets[0]))
    bar.set_postfix(loss=f"{losses[-1]:.3f}")

# %% [markdown]
# The loss falls slowly and jumps about, which is no fault: as the network improves, it is given
# harder triplets.

# %%
figure, axis = plt.subplots(figsize=(6.4, 2.4), layout="constrained")
axis.plot(np.arange(1, len(losses) + 1), losses)
axis.axhline(0.2, color="black", linestyle=":", label="all encodings in one point")
axis.set(xlabel="step", ylabel="loss of a triplet", ylim=(0, None))
axis.legend(loc="lower left")
plt.show()

# %% [markdown]
# What counts are the distances. Below are those of the ten people whom it has never seen, before
# and after.

# %%
after = pair_distances(learner.predict_on_batch(watched), watched_people)
show_distances(*before, title="Ten people never trained on, before training")
show_distances(*after, title=f"The same ten people after {len(losses)} steps")
plt.show()
for when, distances in {"before": before, "after ": after}.items():
    same, different = (values.mean() for values in distances)
    right = calibrate(*distances).accuracy
    print(f"{when}  average distance: one person {same:.2f}, two people {different:.2f}")
    print(f"        decisions that are right with the best threshold: {right:.0%}")

# %% [markdown]
# Two heaps come apart. A minute is not enough for a door, but it shows the way: the weights of
# `FRmodel` were trained by semi-hard triplets too, for longer and on thousands of people. This is
# what the ten look like to the two networks. Lines join the pictures of one person.

# %%
ten = [f"person {i}" for i in range(30, 40) for _ in range(12)]
show_encoding_map(learner.predict_on_batch(watched), ten, title="After a minute")
show_encoding_map(encodings[people >= 30], ten, title="FRmodel")
plt.show()

# %% [markdown]
# ## 6. Verify a claim
#
# Back to the door, and from here on to `FRmodel`. `load_residents` encodes the twelve pictures on
# file. The result is a mapping: `database["bea"]` is bea's encoding, of shape (1, 128). The
# pictures themselves are no longer needed.

# %%
database = load_residents(FRmodel)
print(database)
print(database["bea"].shape)

# %% [markdown]
# Somebody comes to the door and holds up a card: "bea". The door takes a picture and compares it
# with bea's entry. It opens if the two encodings are near enough.
#
# ### Exercise 2: `verify`
#
# 1. Encode the picture at `image_path` by the `model`.
# 2. Compute the **L2 distance** from the encoding of the person who is claimed,
#    $\| f(x) - f(\text{identity}) \|$: the root of the sum of the squared differences, not squared
#    as in the loss.
# 3. The door opens if the distance is **less than 0.7**.
#
# Return the distance and whether the door opens, `True` or `False`. You may print a greeting.
#
# Hint: `np.linalg.norm` of the difference. Use the arguments `database` and `model`, not the
# notebook's global ones; `database` may be a plain `dict`.


# %% exercise="verify"
def verify(image_path, identity, database, model):
    """Check whether the picture shows the person who is claimed.

    Parameters
    ----------
    image_path : str, path of a picture
    identity : str, a name in the database
    database : mapping from name to encoding (1, 128)
    model : the network, as img_to_encoding takes it

    Returns
    -------
    dist : float, distance of the picture from the encoding of `identity`
    door_open : bool, whether dist is less than 0.7
    """
    ### BEGIN SOLUTION
    encoding = img_to_encoding(image_path, model)
    dist = np.linalg.norm(encoding - database[identity])
    door_open = bool(dist < 0.7)
    return dist, door_open
    ### END SOLUTION


# %% tests="verify" points=30

# %% [markdown]
# bea is at the door, in other light than on file, and says so. It should open.


# %%
def knock(image_path, identity):
    """Show what verify makes of a claim."""
    dist, door_open = verify(image_path, identity, database, FRmodel)
    print("door_open:", bool(door_open))
    show_verification(image_path, RESIDENTS[identity], dist, title=f'"I am {identity}."')
    plt.show()


knock(CAMERA[0], "bea")

# %% [markdown]
# yuki has got glasses since her picture was taken. It should open for her too.

# %%
knock(CAMERA[4], "yuki")

# %% [markdown]
# ### The stolen card
#
# ada's card is gone from her bag. In the evening somebody with glasses holds it up to the camera.
# A card reader alone would open. What does your function say?

# %%
knock(CAMERA[2], "ada")

# %% [markdown]
# ## 7. Recognise a face
#
# Cards get lost. Better to do without: the door should know by itself who is there.
#
# ### Exercise 3: `who_is_it`
#
# 1. Encode the picture at `image_path` by the `model`.
# 2. Go through the `database` and find the entry at the smallest distance.
# 3. If even that is **greater than 0.7**, the person is not in the database.
#
# Return the smallest distance and the name. For somebody who is not in the database return the
# text `"not in the database"` in place of the name. (A version of this exercise that is widely
# used prints that and returns the nearest name; the check takes both. It does not take `None`.)
#
# Hint: keep the smallest distance so far *and* the name that belongs to it while you loop over
# `database.items()`.


# %% exercise="who_is_it"
def who_is_it(image_path, database, model):
    """Find out whom a picture shows.

    Parameters
    ----------
    image_path : str, path of a picture
    database : mapping from name to encoding (1, 128)
    model : the network, as img_to_encoding takes it

    Returns
    -------
    min_dist : float, distance from the nearest entry
    identity : str, its name, or "not in the database" if min_dist is greater than 0.7
    """
    ### BEGIN SOLUTION
    encoding = img_to_encoding(image_path, model)
    min_dist, identity = 100.0, ""
    for name, known in database.items():
        dist = np.linalg.norm(encoding - known)
        if dist < min_dist:
            min_dist, identity = dist, name
    if min_dist > 0.7:
        identity = "not in the database"
    return min_dist, identity
    ### END SOLUTION


# %% tests="who_is_it" points=30

# %% [markdown]
# ravi comes home late and the lamp is broken. The bars show how far the picture is from everybody
# on file; his should be the shortest.


# %%
def look(image_path):
    """Show what who_is_it makes of a picture."""
    min_dist, identity = who_is_it(image_path, database, FRmodel)
    names, distances = zip(*database.nearest(img_to_encoding(image_path, FRmodel), k=12))
    title = f"who_is_it: {identity}, at a distance of {float(np.squeeze(min_dist)):.2f}"
    show_ranking(image_path, names, distances, title=title)
    plt.show()


look(CAMERA[6])

# %% [markdown]
# ### Strangers
#
# Somebody is always the nearest, even if nobody is near. That is why recognition needs the
# threshold too: without it this visitor would be given a name.

# %%
look(CAMERA[5])

# %% [markdown]
# ### The sister
#
# lena's sister visits. She does not live here, so the door should stay shut for her as well.

# %%
look(CAMERA[3])

# %% [markdown]
# With the network that comes with the course the door stays shut, but only just, and the nearest
# name is not even her sister's. Who looks like somebody on file (and in poor light long straight
# hair and a pale face go far) is the hardest kind of stranger for every system of this sort: on
# another day she gets in. Section 8 shows what a stricter threshold would cost.
#
# All eight, with the truth beside the answer:

# %%
people_csv = (folder / "camera" / "people.csv").read_text(encoding="utf-8")
truth = dict(line.split(",") for line in people_csv.splitlines()[1:])
for path in CAMERA:
    min_dist, identity = who_is_it(path, database, FRmodel)
    who = truth[path.split("/")[-1]]
    print(f"{path[-12:]}  {who:16} {float(np.squeeze(min_dist)):.2f}  {identity}")

# %% [markdown]
# ## 8. Choose the threshold
#
# Why 0.7? A threshold is a choice between two errors:
#
# - **FAR**, the false accept rate: how many strangers get in,
# - **FRR**, the false reject rate: how many residents are kept out.
#
# A higher threshold lets more of both in, a lower one fewer of both. To see how many, we need
# people whom the network was not trained on. The forty practice people are such for `FRmodel`:
# 480 pictures make 2,640 pairs of one person and 112,320 pairs of two.

# %%
same, different = pair_distances(encodings, people)
show_distances(same, different, threshold=0.7, title="Forty people whom FRmodel has never seen")
plt.show()

# %% [markdown]
# Compare this with the heaps of the pixels in section 2.
#
# On the left below stand both errors over the threshold. On the right they are drawn against each
# other, which is called an **ROC curve**: every point is a threshold, and a perfect door would be
# in the lower left corner. The table names three thresholds that people choose.

# %%
show_roc(same, different, threshold=0.7)
plt.show()
print(calibrate(same, different))

# %% [markdown]
# ### Say what an error costs
#
# There is no best threshold without a price. Say a resident who is kept out rings the caretaker,
# for 5 euros. A stranger who gets in costs 10,000 euros, but only one visitor in a thousand is a
# stranger who tries. The expected cost of a visitor is the sum of both. Change the numbers: for a
# bank, for the cupboard with the biscuits.

# %%
cost_of_stranger_in = 10_000
cost_of_resident_out = 5
strangers_among_visitors = 0.001

curve = roc(same, different)
cost = (
    strangers_among_visitors * curve.far * cost_of_stranger_in
    + (1 - strangers_among_visitors) * curve.frr * cost_of_resident_out
)
cheapest = curve.thresholds[np.argmin(cost)]
figure, axis = plt.subplots(figsize=(6.4, 2.8), layout="constrained")
axis.plot(curve.thresholds, cost)
axis.axvline(cheapest, color="black", linestyle="--", label=f"cheapest: {cheapest:.2f}")
axis.set(xlabel="threshold (distance)", ylabel="euros a visitor", ylim=(0, None))
axis.legend()
plt.show()

# %% [markdown]
# ## 9. Know the limits
#
# **A picture of ada is not ada.** The camera sees a picture either way. Hold ada's picture from
# the files in front of it:

# %%
knock(str(LARGE["ada"]), "ada")

# %% [markdown]
# This is called **spoofing**, and a photograph from the internet is enough for it. Real systems
# therefore ask for signs of life: depth, infrared light, a blink on demand. None of them is
# perfect, so a face should not be the only key to anything that matters.
#
# **An error rate is an average.** A network recognises best those whom it has seen most of in
# training. When commercial systems that name a person's gender from a photograph were tested by
# group (Buolamwini and Gebru 2018), the error for darker-skinned women was up to 34.7 %, for
# lighter-skinned men at most 0.8 %. Measure FAR and FRR for every group that will stand at the
# door, not only for all of them together. Our network knows one painter's drawings of grown-ups;
# of photographs it knows nothing.
#
# **A face cannot be changed.** A stolen password is replaced in a minute, a face never. In the
# European Union biometric data that identify somebody may as a rule not be processed at all, with
# listed exceptions such as explicit consent (GDPR, article 9). Consent means that one can say no,
# so the house needs a second way in. And the database should hold encodings, not pictures, and
# forget people who move out: `del database["emil"]`.
#
# **Verification asks, recognition watches.** At the door bea says who she is and wants to be
# checked. `who_is_it` needs nobody's permission and works on any picture from any camera. That
# is the reason why the second function deserves more caution than the first, though it is only a
# loop around it.

# %% [markdown]
# ## 10. Try more
#
# - Give the door a second picture of somebody: `database.add("yuki",
#   img_to_encoding(CAMERA[4], FRmodel))`, then run `look(CAMERA[4])` again. The entry is then the
#   mean of both.
# - Train with another margin, `triplet_loss(..., alpha=0.5)`, or with the hardest negatives, `rank
#   = squared[anchors]` in `choose_triplets`, and watch the distances.
# - How good is the door with the network that you trained? Use `learner` in place of `FRmodel` in
#   sections 6 to 8.
# - Move in: `database["me"] = img_to_encoding("me.jpg", FRmodel)`. What does a network of drawn
#   people make of a photograph?

# %% [markdown]
# ## What to remember
#
# - **Verification** compares one picture with one, **recognition** one with all.
# - A network turns a face into an **encoding**; distances between encodings, unlike those between
#   pixels, say who is who.
# - The **triplet loss** teaches it: the anchor nearer to the positive than to the negative, by a
#   margin. A new person needs no new training, only a new entry.
# - Which triplets are chosen matters as much as the loss.
# - A **threshold** trades strangers who get in against residents who stay out; what it should be
#   depends on what each costs.
#
# ## References
#
# - F. Schroff, D. Kalenichenko, J. Philbin: *FaceNet: a unified embedding for face recognition and
#   clustering*. 2015, arXiv:1503.03832. Encodings, the triplet loss, semi-hard negatives.
# - Y. Taigman, M. Yang, M. Ranzato, L. Wolf: *DeepFace: closing the gap to human-level performance
#   in face verification*. CVPR 2014.
# - B. Amos, B. Ludwiczuk, M. Satyanarayanan: *OpenFace: a general-purpose face recognition library
#   with mobile applications*. 2016, CMU-CS-16-118. The network used here.
# - G. B. Huang, M. Ramesh, T. Berg, E. Learned-Miller: *Labeled faces in the wild*. 2007,
#   University of Massachusetts, Amherst, 07-49. The pairs on which such networks are compared;
#   OpenFace reports 92.9 % on them.
# - J. Buolamwini, T. Gebru: *Gender shades: intersectional accuracy disparities in commercial
#   gender classification*. 2018, PMLR 81.
# - The pictures and how they were made: `images/SOURCES.md`.
