"""Known mistakes in the practice notebook: what each gives, and how a student can see it.

`RIGHT` holds right functions in NumPy, `READERS` how calls in the student's process are read, and
`MISTAKES` the mistakes; of several that fit, the first counts. Nothing in a sentence
comes from a hidden test.
"""

import numpy as np

from grading.known import KnownMistake, same

# ---- what is right, and what nearly is


def squares(image, axis, step=1):
    """Return the sum of the squared differences of neighbours along an axis."""
    count = image.shape[axis]
    near = np.take(image, range(count - step), axis)
    return np.sum((np.take(image, range(step, count), axis) - near) ** 2)


def both(image):
    return squares(image, 1) + squares(image, 2)


def variation(image):
    return both(image) / image.size


def sides(image):
    """Return the differences down and across, both without the last row and column."""
    corner = image[:, :-1, :-1]
    return image[:, 1:, :-1] - corner, image[:, :-1, 1:] - corner


def round_border(image):
    rolled = (np.roll(image, 1, axis) for axis in (1, 2))
    return sum(np.sum((image - other) ** 2) for other in rolled) / image.size


def absolute(image):
    return sum(np.sum(np.abs(np.diff(image, axis=axis))) for axis in (1, 2))


def by_channel(image):
    down, across = np.diff(image, axis=1) ** 2, np.diff(image, axis=2) ** 2
    return (down.sum(axis=(0, 1, 2)) + across.sum(axis=(0, 1, 2))) / image.size


def rows(a):
    """Unroll an activation: a row for each place."""
    return a.reshape(-1, a.shape[-1])


def mean_gram(a):
    A = rows(a)
    return A.T @ A / len(A)


def scrambled_gram(a):
    """Reshape alone: rows of the right length, of numbers from all channels."""
    A = a.reshape(a.shape[-1], -1)
    return A @ A.T / A.shape[1]


def layer(a_S, a_G, gram=mean_gram):
    """Return a layer's style cost, by Gram matrices of any kind."""
    return np.sum((gram(a_S) - gram(a_G)) ** 2) / (4 * a_G.shape[-1] ** 2)


def of_one_size(a_S, a_G):
    """Divide both Gram matrices by the places of the generated picture."""
    n_C = a_G.shape[-1]
    S, G = (rows(a).T @ rows(a) for a in (a_S, a_G))
    return np.sum((S - G) ** 2) / (2 * n_C * (a_G.size // n_C)) ** 2


def gram_over_places(a):
    if a.size > 100_000:
        raise MemoryError("nobody has computed that")
    A = rows(a)
    return A @ A.T / len(A)


def shares(blend):
    return np.asarray(blend, np.float64) / np.sum(blend)


def weighted(cost=layer, weigh=lambda costs, weights, blend: shares(blend) @ (costs @ weights)):
    """Return a blended cost of layer costs of any kind, weighed in any way.

    `weigh` is given a row of costs for each style, the layers' weights, the blend.
    """

    def blended(a_S_list, a_G, STYLE_LAYERS, blend):
        a_G = getattr(a_G, "activations", a_G)  # what may stand for the model
        costs = [
            [cost(np.asarray(a_S[n], float), np.asarray(a_G[n], float)) for n, _ in STYLE_LAYERS]
            for a_S in a_S_list
        ]
        weights = np.array([float(w) for _, w in STYLE_LAYERS])
        return weigh(np.array(costs), weights, np.asarray(blend, np.float64))

    return blended


def blended_grams(a_S_list, a_G, STYLE_LAYERS, blend):
    """Compare with the mean of the Gram matrices."""
    a_G = getattr(a_G, "activations", a_G)
    J = 0.0
    for name, weight in STYLE_LAYERS:
        grams = [mean_gram(np.asarray(a_S[name], float)) for a_S in a_S_list]
        mean = sum(b * G for b, G in zip(shares(blend), grams, strict=True))
        a = np.asarray(a_G[name], float)
        J += weight * np.sum((mean - mean_gram(a)) ** 2) / (4 * a.shape[-1] ** 2)
    return J


def softmax(blend):
    powers = np.exp(blend - np.max(blend))
    return powers / powers.sum()


def luminance(picture, weights=(0.299, 0.587, 0.114)):
    return picture @ np.asarray(weights)


def shifted(content, stylised, light=luminance):
    """Return the content with the luminance of the stylised picture, not cut."""
    return content + (light(stylised) - light(content))[..., np.newaxis]


def cut(picture):
    return np.clip(picture, 0, 255)


def by_light(light):
    return lambda content, stylised: cut(shifted(content, stylised, light))


def by_weights(*weights):
    return by_light(lambda picture: luminance(picture, weights))


def chroma_cut(content, stylised):
    chroma = cut(content - luminance(content)[..., np.newaxis])
    return cut(chroma + luminance(stylised)[..., np.newaxis])


def in_green(content, stylised):
    result = content.copy()
    result[..., 1] += luminance(stylised) - luminance(content)
    return cut(result)


def ratio(content, stylised):
    return cut(content * (luminance(stylised) / (luminance(content) + 1e-6))[..., np.newaxis])


def value(x, cost, shape):
    """Return the right value and gradient, by the formulas of the tests' costs."""
    if hasattr(cost, "right"):
        return cost.right(x)
    target, weights = (np.asarray(a, np.float64).ravel() for a in (cost.target, cost.weights))
    return np.sum(weights * (x - target) ** 2), 2 * weights * (x - target)


def other_gradient(change):
    """Return what gives the right value and another gradient."""

    def wrong(x, cost, shape):
        J, gradient = value(x, cost, shape)
        return J, change(gradient, x, shape)

    return wrong


def scrambled(x, cost, shape):
    """Take x for a picture column by column, in the order of Fortran."""
    order = np.arange(x.size).reshape(shape, order="F").ravel()
    J, gradient = value(x[order], cost, shape)
    back = np.empty_like(gradient)
    back[order] = gradient
    return J, back


def scaled(value_too):
    def wrong(x, cost, shape):
        J, gradient = value(x, cost, shape)
        return J / x.size, gradient / x.size if value_too else gradient

    return wrong


RIGHT = {
    "total_variation_cost": variation,
    "blended_style_cost": weighted(),
    "transfer_colours": lambda content, stylised: cut(shifted(content, stylised)),
    "value_and_gradient": value,
}

READERS = {}


# ---- the mistakes

VARIATION = [
    KnownMistake("total_variation_cost", name, sentence, wrong)
    for name, sentence, wrong in [
        (
            "neighbours to the right missing",
            "You compare each pixel with the one below it only: the one to its right counts too.",
            lambda image: squares(image, 1) / image.size,
        ),
        (
            "neighbours below missing",
            "You compare each pixel with the one to its right only: the one below it counts too.",
            lambda image: squares(image, 2) / image.size,
        ),
        (
            "neighbours below twice",
            "Both of your sums compare with the pixel below: rows are axis 1, columns axis 2.",
            lambda image: 2 * squares(image, 1) / image.size,
        ),
        (
            "a plain sum",
            "You did not divide the sum: divide it by n_H * n_W * n_C.",
            both,
        ),
        (
            "n_C forgotten",
            "Your cost is n_C times too large: divide by n_H * n_W * n_C.",
            lambda image: image.shape[-1] * variation(image),
        ),
        (
            "two means",
            "tf.reduce_mean divides each sum by its own number of pairs, 11.7083 in place of 7: "
            "divide both by n_H * n_W * n_C.",
            lambda image: (
                squares(image, 1) / np.diff(image, axis=1).size
                + squares(image, 2) / np.diff(image, axis=2).size
            ),
        ),
        (
            "halved",
            "Your cost is half as large as it should be: there is no factor 1/2 here.",
            lambda image: variation(image) / 2,
        ),
        (
            "absolute differences, not divided",
            "tf.image.total_variation adds up absolute differences and divides by nothing: square "
            "the differences, and divide by n_H * n_W * n_C.",
            absolute,
        ),
        (
            "absolute differences",
            "You took the absolute value of the differences: square them.",
            lambda image: absolute(image) / image.size,
        ),
        (
            "differences not squared",
            "You did not square the differences, so that up and down cancel.",
            lambda image: sum(np.sum(np.diff(image, axis=axis)) for axis in (1, 2)) / image.size,
        ),
        (
            "summed, then squared",
            "You summed the differences, then squared: square each of them first.",
            lambda image: (
                sum(np.sum(np.diff(image, axis=axis)) ** 2 for axis in (1, 2)) / image.size
            ),
        ),
        (
            "the power 1.25",
            "You raised the squares to a power, as some programs do: here they stay squares.",
            lambda image: (
                np.sum((sides(image)[0] ** 2 + sides(image)[1] ** 2) ** 1.25) / image.size
            ),
        ),
        (
            "a root of the squares",
            "You took the root of the squares: here they stay squares.",
            lambda image: (
                np.sum(np.sqrt(sides(image)[0] ** 2 + sides(image)[1] ** 2)) / image.size
            ),
        ),
        (
            "last row and column left out",
            "Pairs within the last row, or within the last column, are missing: the two "
            "differences have different shapes, so sum each by itself.",
            lambda image: sum(np.sum(side**2) for side in sides(image)) / image.size,
        ),
        (
            "round the border",
            "tf.roll compares the last row with the first, and the last column with the first: "
            "13.1667 in place of 7; neighbours end at the border.",
            round_border,
        ),
        (
            "channels for neighbours",
            "You compare a pixel's own channels with each other: rows are axis 1, columns axis 2.",
            lambda image: (squares(image, 2) + squares(image, 3)) / image.size,
        ),
        (
            "every other pixel",
            "You compare pixels that are two apart: neighbours are image[:, 1:], image[:, :-1].",
            lambda image: (squares(image, 1, 2) + squares(image, 2, 2)) / image.size,
        ),
        (
            "distance from the mean colour",
            "You compare each pixel with the mean: compare it with its neighbours.",
            lambda image: np.mean((image - image.mean(axis=(1, 2))) ** 2),
        ),
        (
            "not summed over the channels",
            "A vector came in place of one number: sum over all axes, without axis=.",
            by_channel,
        ),
        (
            "sizes written out",
            "You divide by the sizes of the first check: take n_H, n_W, n_C from image.shape.",
            lambda image: both(image) / 12,
        ),
    ]
]

STYLES = [
    KnownMistake("blended_style_cost", name, sentence, wrong)
    for name, sentence, wrong in [
        (
            "blend not divided by its sum",
            "You multiply by the numbers of blend as they are: divide them by sum(blend), so that "
            "[3, 2] means 3/5 and 2/5.",
            weighted(weigh=lambda costs, weights, blend: blend @ (costs @ weights)),
        ),
        (
            "blend divided by the number of styles",
            "You divide by the number of styles: divide by sum(blend).",
            weighted(weigh=lambda costs, weights, blend: (blend @ (costs @ weights)) / len(blend)),
        ),
        (
            "plain mean of the styles",
            "All styles count the same: blend says how much each counts.",
            weighted(weigh=lambda costs, weights, blend: np.mean(costs @ weights)),
        ),
        (
            "plain sum of the styles",
            "You add the styles up without blend: multiply each by its share of sum(blend).",
            weighted(weigh=lambda costs, weights, blend: np.sum(costs @ weights)),
        ),
        (
            "the first style alone",
            "Only the first style counts: see that the return stands below the loops, not in one.",
            weighted(weigh=lambda costs, weights, blend: (costs @ weights)[0]),
        ),
        (
            "the last style alone",
            "Only the last style counts: set J_style to 0 once, above both loops.",
            weighted(weigh=lambda costs, weights, blend: shares(blend)[-1] * costs[-1] @ weights),
        ),
        (
            "the last layer alone",
            "Only the last layer of each style counts: add inside the inner loop.",
            weighted(
                weigh=lambda costs, weights, blend: shares(blend) @ costs[:, -1] * weights[-1]
            ),
        ),
        (
            "weights of the layers ignored",
            "The weights in STYLE_LAYERS are not used: multiply each layer's cost by its own.",
            weighted(weigh=lambda costs, weights, blend: shares(blend) @ costs.sum(axis=1)),
        ),
        (
            "blend in another order",
            "The first number of blend belongs to the first style, and so on.",
            weighted(weigh=lambda costs, weights, blend: shares(blend[::-1]) @ (costs @ weights)),
        ),
        (
            "the largest share takes all",
            "Only the style with the largest number counts: each has its share of sum(blend).",
            weighted(weigh=lambda costs, weights, blend: (costs @ weights)[np.argmax(blend)]),
        ),
        (
            "a softmax of blend",
            "You take the softmax of blend: divide by sum(blend).",
            weighted(weigh=lambda costs, weights, blend: softmax(blend) @ (costs @ weights)),
        ),
        (
            "Gram matrices blended",
            "You blend the Gram matrices, then compare: that has the same gradient, but another "
            "value; blend the costs.",
            blended_grams,
        ),
        (
            "compared with itself",
            "The cost is always 0: compare a_S[name] with a_G[name].",
            weighted(lambda a_S, a_G: 0.0),
        ),
        (
            "Gram matrices not divided",
            "You did not divide the Gram matrices: divide each by the number of places of its "
            "own picture, n_H * n_W.",
            weighted(lambda a_S, a_G: layer(a_S, a_G, lambda a: rows(a).T @ rows(a))),
        ),
        (
            "divided by the generated picture's places",
            "You divide both Gram matrices by the places of the generated picture: the style "
            "picture may have another size, so divide each by its own n_H * n_W.",
            weighted(of_one_size),
        ),
        (
            "Gram matrices divided by n_C too",
            "You divided the Gram matrices by n_C as well: divide them by n_H * n_W alone.",
            weighted(
                lambda a_S, a_G: layer(a_S, a_G, lambda a: mean_gram(a) / a.shape[-1]),
            ),
        ),
        (
            "channels scrambled by a reshape alone",
            "You reshaped to (n_C, n_H * n_W) without a transpose, and reshape moves no axis: "
            "reshape to (n_H * n_W, n_C), so that each row is a place.",
            weighted(lambda a_S, a_G: layer(a_S, a_G, scrambled_gram)),
        ),
        (
            "Gram matrices over pixels",
            "Your Gram matrices compare pixels, (n_H * n_W, n_H * n_W): compare channels.",
            weighted(lambda a_S, a_G: layer(a_S, a_G, gram_over_places)),
        ),
        (
            "the factor 1/4 is missing",
            "Your cost is four times too large: divide by 4 * n_C**2.",
            weighted(lambda a_S, a_G: 4 * layer(a_S, a_G)),
        ),
        (
            "n_C not squared",
            "Your cost is n_C times too large: divide by 4 * n_C**2.",
            weighted(lambda a_S, a_G: a_G.shape[-1] * layer(a_S, a_G)),
        ),
        (
            "not divided by 4 * n_C**2",
            "You did not divide the sum of the squares: divide it by 4 * n_C**2.",
            weighted(lambda a_S, a_G: 4 * a_G.shape[-1] ** 2 * layer(a_S, a_G)),
        ),
        (
            "differences not squared",
            "You did not square the differences, so that positive and negative ones cancel.",
            weighted(
                lambda a_S, a_G: np.sum(mean_gram(a_S) - mean_gram(a_G)) / (4 * a_G.shape[-1] ** 2)
            ),
        ),
        (
            "means subtracted",
            "You subtracted the mean of each channel: take the activations as they are.",
            weighted(
                lambda a_S, a_G: layer(a_S, a_G, lambda a: mean_gram(a - a.mean(axis=(0, 1, 2))))
            ),
        ),
    ]
] + [
    KnownMistake(
        "blended_style_cost",
        "a_G taken for a dict",
        "Of a_G only a_G[name] is promised, since it may be the model: loop over STYLE_LAYERS.",
        message=r"'CheckLayers' object (has no attribute|is not)",
    ),
    KnownMistake(
        "blended_style_cost",
        "one size for all pictures",
        "The style picture may have another size than the painting: take the sizes of each "
        "activation from its own shape.",
        message=r"Input to reshape is a tensor with|Incompatible shapes|Dimensions must be equal",
    ),
]

COLOURS = [
    KnownMistake("transfer_colours", name, sentence, wrong)
    for name, sentence, wrong in [
        (
            "content and stylised have changed places",
            "The luminance is to be that of the stylised picture and the chroma that of the "
            "content: yours are the other way round.",
            lambda content, stylised: cut(shifted(stylised, content)),
        ),
        (
            "the luminance alone",
            "A grey picture came: add the chroma of the content, content - Y, to the luminance.",
            lambda content, stylised: np.repeat(luminance(stylised)[..., np.newaxis], 3, axis=-1),
        ),
        (
            "the content as it was",
            "You return the content: its luminance has to become that of the stylised picture.",
            lambda content, stylised: content,
        ),
        (
            "the stylised picture as it was",
            "You return the stylised picture: its chroma has to become that of the content.",
            lambda content, stylised: stylised,
        ),
        (
            "not cut",
            "Some values lie below 0 or above 255: cut the result with np.clip.",
            shifted,
        ),
        (
            "bytes that wrap round",
            "Values below 0 or above 255 came out on the other side: cut with np.clip before you "
            "make whole numbers of them.",
            lambda content, stylised: shifted(content, stylised).astype(int).astype(np.uint8),
        ),
        (
            "cut to 0 ... 1",
            "You cut the result to 0 ... 1, but pixels go to 255 here.",
            lambda content, stylised: np.clip(shifted(content, stylised), 0, 1),
        ),
        (
            "scaled to 0 ... 1",
            "You divided by 255, but pixels go to 255 here.",
            lambda content, stylised: cut(shifted(content, stylised)) / 255,
        ),
        (
            "chroma cut",
            "You cut the chroma, which may be negative: cut the result only.",
            chroma_cut,
        ),
        (
            "the content's luminance left in",
            "You added the new luminance to the content: take the content's own away first.",
            lambda content, stylised: cut(content + luminance(stylised)[..., np.newaxis]),
        ),
        (
            "a mean in place of the luminance",
            "You took the mean of the channels: the eye sees green as brighter than blue, hence "
            "0.299 R + 0.587 G + 0.114 B.",
            by_light(lambda picture: picture.mean(axis=-1)),
        ),
        (
            "the luminance of HDTV",
            "Your luminance has the weights 0.2126, 0.7152, 0.0722: here they are 0.299, 0.587, "
            "0.114.",
            by_weights(0.2126, 0.7152, 0.0722),
        ),
        (
            "red and blue swapped",
            "Red weighs 0.299 and blue 0.114, and red is the first channel here.",
            by_weights(0.114, 0.587, 0.299),
        ),
        (
            "multiplied by a ratio",
            "You multiplied the content until its luminance fits: add the difference, so that the "
            "chroma stays.",
            ratio,
        ),
        (
            "the largest channel",
            "You took the largest channel, the V of HSV: the luminance is 0.299 R + 0.587 G + "
            "0.114 B.",
            by_light(lambda picture: picture.max(axis=-1)),
        ),
        (
            "one luminance for the whole picture",
            "You moved the whole picture by one number: each pixel has a luminance of its own.",
            lambda content, stylised: cut(
                content + (luminance(stylised) - luminance(content)).mean()
            ),
        ),
        (
            "mean colours exchanged",
            "You exchanged the mean colours of the pictures: each pixel has a chroma of its own.",
            lambda content, stylised: cut(
                stylised + content.mean(axis=(0, 1)) - stylised.mean(axis=(0, 1))
            ),
        ),
        (
            "pixels mixed",
            "You took the mean of both pictures: take luminance from one, chroma from the other.",
            lambda content, stylised: (content + stylised) / 2,
        ),
        (
            "one channel alone",
            "You changed the green channel only: the difference of the luminances is added to "
            "red, green and blue.",
            in_green,
        ),
        (
            "channels first",
            "The result has its axes in another order: (n_H, n_W, 3) goes in and comes out.",
            lambda content, stylised: np.moveaxis(cut(shifted(content, stylised)), -1, 0),
        ),
    ]
]

OBJECTIVE = [
    KnownMistake("value_and_gradient", name, sentence, message=message)
    for name, sentence, message in [
        (
            "J is a tensor",
            "SciPy wants a number: return float(J).",
            r"J of value_and_gradient.* is a tensor",
        ),
        (
            "the gradient is a tensor",
            "SciPy wants a NumPy array: return gradient.numpy(), flat and in float64.",
            r"the gradient of value_and_gradient.* is a tensor",
        ),
        (
            "the gradient in float32",
            "TensorFlow computes in float32, SciPy's L-BFGS-B in float64: convert the gradient "
            "by .astype(np.float64).",
            r"the gradient of value_and_gradient.* is float32",
        ),
        (
            "the gradient not flat",
            "The gradient has to be a vector like x: flatten it by .ravel().",
            r"the gradient of value_and_gradient.* has shape \(1, ",
        ),
        (
            "nothing watched",
            "The gradient is None: a constant is not followed by itself, so call "
            "tape.watch(image) inside the with block, and cost(image) after it.",
            r"NoneType|None values not supported",
        ),
        (
            "a number before the gradient",
            "J has to stay a tensor until the tape has given the gradient: float(J) comes last.",
            r"Cannot convert the argument `type_value`|'float' object has no attribute '_id'",
        ),
        (
            "an array for the network",
            "cost takes a tensor: convert x by tf.constant(x, tf.float32) before the tape.",
            r"cost was given a (ndarray|list)",
        ),
        (
            "float64 for the network",
            "The network takes float32: tf.constant(x, tf.float32).",
            r"cost was given a picture of float64",
        ),
        (
            "the picture in another shape",
            "cost takes a picture of the given shape, (1, n_H, n_W, 3): tf.reshape(..., shape).",
            r"cost was given a picture of shape|Input to reshape is a tensor with",
        ),
        (
            "not two values",
            "Return two values: J and the gradient.",
            r"that does not come apart into two values",
        ),
    ]
] + [
    KnownMistake("value_and_gradient", name, sentence, wrong)
    for name, sentence, wrong in [
        (
            "the gradient first",
            "Value and gradient have changed places: return J, gradient.",
            lambda x, cost, shape: value(x, cost, shape)[::-1],
        ),
        (
            "the gradient with a minus",
            "SciPy itself goes downhill: return the gradient without a minus.",
            other_gradient(lambda gradient, x, shape: -gradient),
        ),
        (
            "the gradient set to length 1",
            "You divided the gradient by its length: L-BFGS-B needs the length too.",
            other_gradient(
                lambda gradient, x, shape: gradient / max(np.linalg.norm(gradient), 1e-12)
            ),
        ),
        (
            "a step in place of the gradient",
            "You return the next picture, x - gradient: the steps are SciPy's, return the "
            "gradient.",
            other_gradient(lambda gradient, x, shape: x - gradient),
        ),
        (
            "the gradient column by column",
            "The gradient is flattened in another order than x: use .ravel() as it is.",
            other_gradient(
                lambda gradient, x, shape: gradient.reshape(shape).ravel(order="F"),
            ),
        ),
        (
            "x taken column by column",
            "The picture is scrambled: x holds it row by row, as tf.reshape takes it.",
            scrambled,
        ),
        (
            "divided by the number of values",
            "You divided by the number of values: J and the gradient are those of cost, as they "
            "are.",
            scaled(value_too=True),
        ),
        (
            "the value divided alone",
            "You divided J, but not the gradient: the two have to belong together.",
            scaled(value_too=False),
        ),
        (
            "a rounded gradient",
            "You rounded the gradient: return it as it is.",
            other_gradient(lambda gradient, x, shape: np.round(gradient, -1)),
        ),
    ]
]


def only_signs(sights):
    """Tell whether all values are right, and of all gradients nothing but signs came."""
    values = all(same(sight.came[0], sight.right[0]) for sight in sights)
    return values and all(np.isin(sight.came[1], (-1, 0, 1)).all() for sight in sights)


SIGNS = [
    KnownMistake(
        "value_and_gradient",
        "the signs of the gradient",
        "You return the signs of the gradient: return the gradient itself.",
        fits=only_signs,
    ),
]

MISTAKES = [*VARIATION, *STYLES, *COLOURS, *OBJECTIVE, *SIGNS]
