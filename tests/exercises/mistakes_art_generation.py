"""Known mistakes in the art notebook: what each gives, and how a student can see it.

`RIGHT` holds right functions in NumPy, `READERS` how calls in the student's process are read, and
`MISTAKES` the mistakes; of several that fit, the first counts. Nothing in a sentence
comes from a hidden test.
"""

import numpy as np

from grading.known import KnownMistake, Reader, same

# ---- what is right, and what nearly is


def content(a_C, a_G):
    return np.sum((a_C - a_G) ** 2) / (4 * a_G.size)


def rows(a):
    """Unroll an activation: a row for each channel."""
    return a.reshape(-1, a.shape[-1]).T


def scrambled(a):
    """Reshape alone: rows of the right length, of numbers from all channels."""
    return a.reshape(a.shape[-1], -1)


def gram(A):
    return A @ A.T


def style_distance(S, G):
    """Return the sum of the squared differences of two Gram matrices."""
    return np.sum((gram(S) - gram(G)) ** 2)


def over_pixels(S, G):
    """Return the same of the Gram matrices of the transposes, which may be very large."""
    return np.sum(gram(S) ** 2) + np.sum(gram(G) ** 2) - 2 * np.sum((S @ G.T) ** 2)


def layer(a_S, a_G, unroll=rows, distance=style_distance):
    """Return a layer's style cost; it may unroll, and compare, in a way of its own."""
    return distance(unroll(a_S), unroll(a_G)) / (2.0 * a_G.size) ** 2


def layer_style(a_S, a_G):
    return layer(a_S, a_G)


def with_int32(divisor):
    """Return a cost whose divisor is computed of n_C and n_H * n_W in int32, as tf.square does."""

    def cost(a_S, a_G):
        n_C = a_G.shape[-1]
        sizes = np.int32(n_C), np.int32(a_G.size // n_C)
        return style_distance(rows(a_S), rows(a_G)) / np.float64(divisor(*sizes))

    return cost


def combined(combine, cost=layer):
    """Return a style cost that combines the weights and the costs of the layers in its own way."""

    def style(a_S, a_G, STYLE_LAYERS):
        costs = [cost(np.asarray(a_S[n]), np.asarray(a_G[n])) for n, _ in STYLE_LAYERS]
        return combine(np.array([float(w) for _, w in STYLE_LAYERS]), np.array(costs))

    return style


def total(J_content, J_style, alpha=10, beta=40):
    return alpha * J_content + beta * J_style


# ---- the train step, as `inside_grey_steps` calls it: all pixels of a picture are alike

PIXELS = 2 * 5 * 3


def grey_costs(picture, content, style):
    """Return J_content and J_style, and the gradient of each with respect to a pixel."""
    distance, rise = picture - content, picture**2 - style**2
    costs = np.array([distance**2 / 4, rise**2 / 4])
    return costs, np.array([distance / 2, rise * picture]) / PIXELS


def grey_step(rate, greys, weights=(10, 40), pull=None, move=None, told=None):
    """Return what the first step gives: ((J, J_content, J_style), picture).

    `pull` are the weights of the costs in the gradient, if not those in J; `move` turns the
    gradient into a step; `told` orders the costs.
    """
    costs, gradients = grey_costs(*greys)
    gradient = np.dot(weights if pull is None else pull, gradients)
    picture = greys[0] - (rate * gradient if move is None else move(rate, gradient))
    J = (np.dot(weights, costs), *costs)
    return (told(*J) if told else J), picture


def other_step(**how):
    return lambda rate, greys: grey_step(rate, greys, **how)


def after_update(along):
    """Return a step that tells the costs of the picture that it makes."""

    def step(rate, greys):
        _, picture = grey_step(rate, greys)
        costs = along(greys, picture)
        return (np.dot((10, 40), costs), *costs), picture

    return step


def true_costs(greys, picture):
    return grey_costs(picture, *greys[1:])[0]


def line_costs(greys, picture):
    costs, slopes = grey_costs(*greys)
    ends = np.array(greys[1:])
    farther = np.abs(picture - ends) - np.abs(greys[0] - ends)
    return np.maximum(costs + PIXELS * np.abs(slopes) * farther, 0)


def style_of_itself(rate, greys):
    (_, J_content, _), picture = grey_step(rate, greys, pull=(10, 0))
    return (10 * J_content, J_content, 0), picture


def first_step(came):
    """Return costs and grey of the first of the steps that came."""
    costs, picture = came[0]
    grey = (
        picture.mean() if isinstance(picture, np.ndarray) and np.ptp(picture) < 1e-3 else picture
    )
    return tuple(costs), grey


def grey_call(rate, greys):
    picture, content, style = greys
    return (
        f"train_step(model, optimizer, a_C, a_S): a picture of {picture}s, a content of "
        f"{content}s, a style of {style}s, learning rate {rate:g}"
    )


def grey_answer(step):
    (J, J_content, J_style), picture = step
    costs = f"J = {J:.6g}, J_content = {J_content:.6g}, J_style = {J_style:.6g}"
    return f"{costs}; the picture becomes {picture:.6g}s"


def another_size(steps):
    """Tell whether the costs are right and the picture moves the right way, but not as far."""
    costs = all(same(step.came[0], step.right[0]) for step in steps)
    moves = [(s.came[1] - s.args[1][0], s.right[1] - s.args[1][0]) for s in steps]
    ways = all(np.sign(came) == np.sign(right) for came, right in moves)
    return costs and ways and not all(same(came, right) for came, right in moves)


RIGHT = {
    "compute_content_cost": content,
    "gram_matrix": gram,
    "compute_layer_style_cost": layer_style,
    "compute_style_cost": combined(lambda w, c: np.sum(w * c)),
    "total_cost": total,
    "train_step": grey_step,
}

READERS = {
    "inside_grey_steps": Reader(
        asked=lambda train_step, rate, greys, count: (rate, greys),
        came=first_step,
        called=grey_call,
        told=grey_answer,
    )
}


# ---- the mistakes

CONTENT = [
    KnownMistake("compute_content_cost", name, sentence, wrong)
    for name, sentence, wrong in [
        (
            "the factor 1/4 is missing",
            "Your cost is four times too large, 27.0624 in place of 6.76559: divide by 4 too.",
            lambda a_C, a_G: 4 * content(a_C, a_G),
        ),
        (
            "a half in place of a quarter",
            "Your cost is twice too large, 13.5312 in place of 6.76559: divide by 4, not by 2.",
            lambda a_C, a_G: 2 * content(a_C, a_G),
        ),
        (
            "halved, not divided by the sizes",
            "You halved the sum: here it is divided by 4 * n_H * n_W * n_C.",
            lambda a_C, a_G: np.sum((a_C - a_G) ** 2) / 2,
        ),
        (
            "not divided by the sizes",
            "You divided the sum by 4 only: divide by n_H * n_W * n_C as well.",
            lambda a_C, a_G: np.sum((a_C - a_G) ** 2) / 4,
        ),
        (
            "a plain sum",
            "You did not divide the sum: divide it by 4 * n_H * n_W * n_C.",
            lambda a_C, a_G: np.sum((a_C - a_G) ** 2),
        ),
        (
            "n_C forgotten",
            "Your cost is n_C times too large, 20.2968 in place of 6.76559: divide by n_C too.",
            lambda a_C, a_G: a_G.shape[-1] * content(a_C, a_G),
        ),
        (
            "divided twice",
            "You divided by the number of entries twice: tf.reduce_mean has done it already.",
            lambda a_C, a_G: content(a_C, a_G) / a_G.size,
        ),
        (
            "multiplied by the sizes",
            "You multiplied by the sizes: 1 / 4 * n_H * n_W * n_C needs brackets below the line.",
            lambda a_C, a_G: np.sum((a_C - a_G) ** 2) / 4 * a_G.size,
        ),
        (
            "differences not squared",
            "You did not square the differences, so that positive and negative ones cancel.",
            lambda a_C, a_G: np.sum(a_C - a_G) / (4 * a_G.size),
        ),
        (
            "absolute differences",
            "You took the absolute value of the differences: square them.",
            lambda a_C, a_G: np.sum(np.abs(a_C - a_G)) / (4 * a_G.size),
        ),
        (
            "difference of the squares",
            "You squared each activation, then subtracted: subtract first, then square.",
            lambda a_C, a_G: np.sum(a_C**2 - a_G**2) / (4 * a_G.size),
        ),
        (
            "not summed",
            "An array came in place of one number: sum the squares with tf.reduce_sum.",
            lambda a_C, a_G: (a_C - a_G) ** 2 / (4 * a_G.size),
        ),
        (
            "summed over one axis",
            "An array came in place of one number: sum over all axes, without axis=.",
            lambda a_C, a_G: np.sum((a_C - a_G) ** 2, axis=-1) / (4 * a_G.size),
        ),
        (
            "sizes written out",
            "You divide by the sizes of the first check: take n_H, n_W and n_C from a_G.shape.",
            lambda a_C, a_G: np.sum((a_C - a_G) ** 2) / (4 * 4 * 4 * 3),
        ),
    ]
]


def over_places(A):
    if A.shape[1] > 5000:
        raise MemoryError("nobody has computed that")
    return A.T @ A


GRAM = [
    KnownMistake("gram_matrix", name, sentence, wrong)
    for name, sentence, wrong in [
        (
            "AᵀA in place of AAᵀ",
            "You multiplied AᵀA, which compares places: A Aᵀ is (n_C, n_C) and compares channels.",
            over_places,
        ),
        (
            "entry by entry",
            "A * A multiplies entry by entry: the Gram matrix is a matrix product, tf.matmul.",
            lambda A: A * A,
        ),
        (
            "divided by the number of places",
            "You divided by the number of columns: the Gram matrix is A Aᵀ, not divided.",
            lambda A: gram(A) / A.shape[1],
        ),
        (
            "divided by the number of entries",
            "You divided by the number of entries: the Gram matrix is A Aᵀ, not divided.",
            lambda A: gram(A) / A.size,
        ),
        (
            "means subtracted",
            "You subtracted the means, which makes a covariance: take A as it is.",
            lambda A: gram(A - A.mean(axis=1, keepdims=True)),
        ),
        (
            "diagonal only",
            "You multiplied each channel with itself only: A Aᵀ has every pair of channels.",
            lambda A: np.diag(np.sum(A * A, axis=1)),
        ),
        (
            "reshaped, not transposed",
            "You reshaped A where it has to be transposed: reshape moves no row to a column.",
            lambda A: A @ A.reshape(A.shape[1], A.shape[0]),
        ),
    ]
]

LAYER_STYLE = [
    KnownMistake("compute_layer_style_cost", name, sentence, wrong)
    for name, sentence, wrong in [
        (
            "channels scrambled by a reshape alone",
            "You reshaped to (n_C, n_H * n_W) without a transpose, and reshape moves no axis: "
            "11.3452 came in place of 9.190278; reshape to (n_H * n_W, n_C), then transpose.",
            lambda a_S, a_G: layer(a_S, a_G, scrambled),
        ),
        (
            "height and width swapped, channels scrambled",
            "You transposed height and width only: 11.2132 came in place of 9.190278; make the "
            "channels, the last axis, the first one before you reshape.",
            lambda a_S, a_G: layer(a_S, a_G, lambda a: scrambled(np.swapaxes(a, 1, 2))),
        ),
        (
            "sizes read in another order",
            "a_G.shape is (m, n_H, n_W, n_C): the channels are the last axis, not the second.",
            lambda a_S, a_G: layer(a_S, a_G, lambda a: a.reshape(-1, a.shape[1]).T),
        ),
        (
            "a divisor too large for int32",
            "It is right for small layers only: tf.square of a whole number is an int32, and the "
            "square of n_C * n_H * n_W does not fit into it for a real picture, so that costs "
            "like -1e13 come out; make the sizes floats before you square them.",
            (
                with_int32(lambda n_C, places: np.int32(4) * np.square(n_C * places)),
                with_int32(lambda n_C, places: 4.0 * np.square(n_C * places)),
                with_int32(lambda n_C, places: 4.0 * np.square(n_C) * np.square(places)),
                with_int32(lambda n_C, places: 4.0 * float(n_C) ** 2 * np.square(places)),
            ),
        ),
        (
            "Gram matrices over pixels",
            "Your Gram matrices compare pixels, (n_H * n_W, n_H * n_W), and 33.6962 came in place "
            "of 9.190278: give gram_matrix one row for each channel.",
            lambda a_S, a_G: layer(a_S, a_G, distance=over_pixels),
        ),
        (
            "the factor 1/4 is missing",
            "Your cost is four times too large, 36.7611 in place of 9.190278: divide by 4 too.",
            lambda a_S, a_G: 4 * layer(a_S, a_G),
        ),
        (
            "divisor not squared",
            "Both n_C and n_H * n_W stand squared below the line: 4 * n_C**2 * (n_H * n_W)**2.",
            lambda a_S, a_G: a_G.size * layer(a_S, a_G),
        ),
        (
            "n_C not squared",
            "Your cost is n_C times too large, 27.5708 in place of 9.190278: n_C is squared too.",
            lambda a_S, a_G: a_G.shape[-1] * layer(a_S, a_G),
        ),
        (
            "n_H * n_W not squared",
            "Your cost is n_H * n_W times too large: that product stands squared below the line.",
            lambda a_S, a_G: a_G.size / a_G.shape[-1] * layer(a_S, a_G),
        ),
        (
            "a plain sum",
            "You did not divide the sum: divide it by 4 * n_C**2 * (n_H * n_W)**2.",
            lambda a_S, a_G: style_distance(rows(a_S), rows(a_G)),
        ),
        (
            "mean in place of sum",
            "You divided by n_C**2 twice, for tf.reduce_mean does it too: use tf.reduce_sum.",
            lambda a_S, a_G: layer(a_S, a_G) / a_G.shape[-1] ** 2,
        ),
        (
            "Gram matrix of the difference",
            "You took the Gram matrix of a_S - a_G: take that of each, then their difference.",
            lambda a_S, a_G: np.sum(gram(rows(a_S - a_G)) ** 2) / (2.0 * a_G.size) ** 2,
        ),
        (
            "no Gram matrix",
            "You compared the activations themselves, which is content: compare Gram matrices.",
            lambda a_S, a_G: np.sum((a_S - a_G) ** 2) / (2.0 * a_G.size) ** 2,
        ),
        (
            "compared with itself",
            "The cost is always 0: one of the two Gram matrices has to be that of the other "
            "activation.",
            lambda a_S, a_G: 0.0,
        ),
        (
            "differences not squared",
            "You did not square the differences, so that positive and negative ones cancel.",
            lambda a_S, a_G: np.sum(gram(rows(a_S)) - gram(rows(a_G))) / (2.0 * a_G.size) ** 2,
        ),
    ]
] + [
    KnownMistake(
        "compute_layer_style_cost",
        "sizes written out",
        "It is right for the sizes of the first check only: take n_H, n_W, n_C from a_G.shape.",
        message=r"Input to reshape is a tensor with",
        passing=("test_layer_style_cost_has_the_published_value",),
    ),
]

STYLE = [
    KnownMistake("compute_style_cost", name, sentence, combined(combine))
    for name, sentence, combine in [
        (
            "weights ignored",
            "You added up the costs as they are: multiply each by its weight in STYLE_LAYERS.",
            lambda w, c: np.sum(c),
        ),
        (
            "mean in place of weights",
            "You took the mean of the costs: multiply each by its own weight in STYLE_LAYERS.",
            lambda w, c: np.mean(c),
        ),
        (
            "0.2 written out",
            "0.2 is the weight in the notebook's list only: use the weight that stands beside the "
            "name in STYLE_LAYERS.",
            lambda w, c: 0.2 * np.sum(c),
        ),
        (
            "divided by the number of layers",
            "You took the mean of the weighted costs: add them up.",
            lambda w, c: np.mean(w * c),
        ),
        (
            "divided by the sum of the weights",
            "You divided by the sum of the weights: they count as they are.",
            lambda w, c: np.sum(w * c) / np.sum(w),
        ),
        (
            "the last layer alone",
            "Only the last layer counts: += inside the loop, not =.",
            lambda w, c: w[-1] * c[-1],
        ),
        (
            "the first layer alone",
            "Only the first layer counts: the return stands inside the loop.",
            lambda w, c: w[0] * c[0],
        ),
        (
            "the last layer left out",
            "The last layer is left out: loop over all of STYLE_LAYERS.",
            lambda w, c: np.sum((w * c)[:-1]),
        ),
        (
            "weights squared",
            "Each weight comes in twice: multiply once.",
            lambda w, c: np.sum(w**2 * c),
        ),
        (
            "one layer for all",
            "Every round of the loop takes the same layer: use the name that the loop gives.",
            lambda w, c: np.sum(w) * c[0],
        ),
        (
            "compared with itself",
            "The cost is always 0: compare a_S[name] with a_G[name].",
            lambda w, c: 0.0,
        ),
        (
            "not added up",
            "A list of costs came in place of their sum.",
            lambda w, c: w * c,
        ),
    ]
] + [
    KnownMistake(
        "compute_style_cost",
        "content cost of each layer",
        "You called compute_content_cost: style is compared by compute_layer_style_cost.",
        combined(lambda w, c: np.sum(w * c), content),
    ),
    KnownMistake(
        "compute_style_cost",
        "a_G taken for a dict",
        "a_G may be the model itself, which only answers a_G[name]: loop over STYLE_LAYERS.",
        message=r"has no attribute '(items|keys|values|get)'|object is not iterable",
    ),
    KnownMistake(
        "compute_style_cost",
        "layers by position",
        "You compared a_S of one layer with a_G of another: take both by the name that stands in "
        "STYLE_LAYERS, not by their place.",
        message=r"two activations of one shape|of\s+one and the same layer",
    ),
]

TOTAL = [
    KnownMistake("total_cost", name, sentence, wrong)
    for name, sentence, wrong in [
        (
            "alpha and beta swapped",
            "You weighed the style by alpha and the content by beta: it is the other way round.",
            lambda J_content, J_style, alpha, beta: beta * J_content + alpha * J_style,
        ),
        (
            "10 and 40 written out",
            "10 and 40 are only the defaults: use the arguments alpha and beta.",
            lambda J_content, J_style, alpha, beta: 10 * J_content + 40 * J_style,
        ),
        (
            "10 written out",
            "10 is only the default of alpha: use the argument.",
            lambda J_content, J_style, alpha, beta: 10 * J_content + beta * J_style,
        ),
        (
            "40 written out",
            "40 is only the default of beta: use the argument.",
            lambda J_content, J_style, alpha, beta: alpha * J_content + 40 * J_style,
        ),
        (
            "not weighted",
            "You added the costs as they are: multiply them by alpha and beta.",
            lambda J_content, J_style, alpha, beta: J_content + J_style,
        ),
        (
            "multiplied, not added",
            "You multiplied the two parts: add them.",
            lambda J_content, J_style, alpha, beta: alpha * J_content * beta * J_style,
        ),
        (
            "subtracted",
            "You subtracted one part from the other: add them.",
            lambda J_content, J_style, alpha, beta: alpha * J_content - beta * J_style,
        ),
        (
            "alpha for both",
            "You multiplied both costs by alpha: the style has beta.",
            lambda J_content, J_style, alpha, beta: alpha * (J_content + J_style),
        ),
        (
            "divided by alpha + beta",
            "You took a weighted mean: it is a weighted sum, not divided.",
            lambda J_content, J_style, alpha, beta: (
                (alpha * J_content + beta * J_style) / (alpha + beta)
            ),
        ),
        (
            "a whole number",
            "You cut the cost to a whole number: leave it a float.",
            lambda J_content, J_style, alpha, beta: np.trunc(alpha * J_content + beta * J_style),
        ),
    ]
] + [
    KnownMistake(
        "total_cost",
        "other defaults",
        "With alpha and beta given it is right, without them it is not: the defaults are 10 and "
        "40.",
        failing=(
            "test_total_cost_has_the_published_value",
            "test_total_cost_agrees_with_sums_by_hand",
        ),
        passing=("test_total_cost_uses_alpha_and_beta",),
    ),
]

STEPS = [
    KnownMistake("train_step", name, sentence, wrong)
    for name, sentence, wrong in [
        (
            "costs in another order",
            "The costs are right, their order is not: return J, J_content, J_style.",
            (
                other_step(told=lambda J, J_content, J_style: (J_content, J_style, J)),
                other_step(told=lambda J, J_content, J_style: (J, J_style, J_content)),
                other_step(told=lambda J, J_content, J_style: (J_style, J_content, J)),
            ),
        ),
        (
            "the picture does not change",
            "The picture in the model stays as it was, so that the cost is the same in every "
            "iteration: give optimizer.apply_gradients the gradient and model['input'].",
            other_step(move=lambda rate, gradient: 0),
        ),
        (
            "uphill",
            "The picture moves uphill: the optimizer subtracts the gradient itself, so leave "
            "out the minus.",
            other_step(move=lambda rate, gradient: -rate * gradient),
        ),
        (
            "applied twice",
            "The picture moves twice as far as it should: apply the gradient once a step.",
            other_step(move=lambda rate, gradient: 2 * rate * gradient),
        ),
        (
            "gradient of J_content",
            "You follow the gradient of J_content: it has to be that of J.",
            other_step(pull=(1, 0)),
        ),
        (
            "gradient of J_style",
            "You follow the gradient of J_style: it has to be that of J.",
            other_step(pull=(0, 1)),
        ),
        (
            "content outside the tape",
            "The content has no part in the gradient: ask the model for CONTENT_LAYER inside "
            "the with block, where the tape watches.",
            other_step(pull=(0, 40)),
        ),
        (
            "style outside the tape",
            "The style has no part in the gradient: ask the model for its layers inside the "
            "with block, where the tape watches.",
            other_step(pull=(10, 0)),
        ),
        (
            "alpha and beta swapped",
            "10 weighs the style and 40 the content: it is the other way round.",
            other_step(weights=(40, 10)),
        ),
        (
            "costs added without weights",
            "J is the plain sum of both costs: call total_cost, and leave its weights alone.",
            other_step(weights=(1, 1)),
        ),
        (
            "style compared with itself",
            "J_style is always 0: give compute_style_cost a_S and the model.",
            style_of_itself,
        ),
        (
            "costs of the next picture",
            "You return the costs after the update: compute them, apply the gradient, return "
            "what you computed.",
            (after_update(true_costs), after_update(line_costs)),
        ),
        (
            "picture cut to 0 ... 1",
            "You cut the picture to 0 ... 1, but here pixels go to 255: leave it alone.",
            lambda rate, greys: (
                grey_step(rate, greys)[0],
                np.clip(grey_step(rate, greys)[1], 0, 1),
            ),
        ),
        (
            "the sign of the gradient",
            "You give the optimizer the sign of the gradient: give it the gradient as it is.",
            other_step(move=lambda rate, gradient: rate * np.sign(gradient)),
        ),
    ]
]

STEP_SIZES = [
    KnownMistake(
        "train_step",
        "another learning rate",
        "The picture moves the right way, but not by the step of the optimizer that is given: "
        "make no optimizer of your own, and apply the gradient as it is.",
        fits=another_size,
    ),
]

STEP_MESSAGES = [
    KnownMistake("train_step", name, sentence, message=message)
    for name, sentence, message in [
        (
            "weights of its own",
            "train_step leaves the weights alone: call total_cost with the two costs only.",
            r"leaves alpha at 10 and beta at 40",
        ),
        (
            "no way from J to the picture",
            "The tape finds no way from J back to model['input']: compute the costs inside the "
            "with block, without NumPy, and take the gradient with respect to model['input'].",
            r"No gradients provided",
        ),
        (
            "a model or an optimizer of its own",
            "The optimizer has to change model['input'] of the model that is given: use the "
            "arguments model and optimizer, no copy, and no variables of the notebook.",
            r"Unknown variable|uses the global (model|optimizer)\b|that it was not given",
        ),
        (
            "not three values",
            "Return three values: J, J_content, J_style.",
            r"does not come apart into three",
        ),
        (
            "another content layer",
            "a_C is the activation of CONTENT_LAYER: ask the model for it by this name.",
            r"compute_content_cost takes two activations of one shape",
        ),
        (
            "style of other layers",
            "compute_style_cost asks for its layers by name: give it a_S and the model.",
            r"compute_(layer_)?style_cost takes two activations of one shape",
        ),
        (
            "a_S is changed",
            "train_step changes a_S, which holds the style for all steps: only read it.",
            r"train_step changed a_S",
        ),
        (
            "starts anew in each step",
            "J does not fall from step to step: each has to start from the picture that the last "
            "one left, so assign no picture in the step, and keep no activations for the next.",
            r"and at the next step",
        ),
    ]
]

MISTAKES = [*CONTENT, *GRAM, *LAYER_STYLE, *STYLE, *TOTAL, *STEPS, *STEP_SIZES, *STEP_MESSAGES]
