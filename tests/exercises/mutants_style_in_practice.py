"""Wrong answers to the practice notebook's exercises: each must lose its own and no other."""

from textwrap import dedent

from answers import Maker

SIGNATURES = {
    "total_variation_cost": "total_variation_cost(image)",
    "blended_style_cost": "blended_style_cost(a_S_list, a_G, STYLE_LAYERS, blend)",
    "transfer_colours": "transfer_colours(content, stylised)",
    "value_and_gradient": "value_and_gradient(x, cost, shape)",
}

MAKER = Maker(SIGNATURES)
write, mutant = MAKER.write, MAKER.mutant
UNTOUCHED, RETURNS_NONE, SYNTAX_ERRORS = MAKER.starters()

SIZES = "_, n_H, n_W, n_C = image.shape\n"
NEIGHBOURS = SIZES + dedent(
    """
    down = image[:, 1:] - image[:, :-1]
    across = image[:, :, 1:] - image[:, :, :-1]
    """
)

VARIATION = [
    mutant("total_variation_cost", name, why, before + dedent(body))
    for name, why, before, body in [
        (
            "down only",
            "neighbours to the right are missing",
            NEIGHBOURS,
            "return tf.reduce_sum(down**2) / (n_H * n_W * n_C)",
        ),
        (
            "across only",
            "neighbours below are missing",
            NEIGHBOURS,
            "return tf.reduce_sum(across**2) / (n_H * n_W * n_C)",
        ),
        (
            "down twice",
            "axis 1 in both places",
            NEIGHBOURS,
            "return 2 * tf.reduce_sum(down**2) / (n_H * n_W * n_C)",
        ),
        (
            "unnormalised",
            "not divided at all",
            NEIGHBOURS,
            "return tf.reduce_sum(down**2) + tf.reduce_sum(across**2)",
        ),
        (
            "channels forgotten",
            "the divisor lacks n_C",
            NEIGHBOURS,
            "return (tf.reduce_sum(down**2) + tf.reduce_sum(across**2)) / (n_H * n_W)",
        ),
        (
            "two means",
            "each divided by its own number of pairs",
            NEIGHBOURS,
            "return tf.reduce_mean(down**2) + tf.reduce_mean(across**2)",
        ),
        (
            "halved",
            "a factor 1/2, as in the Lua program",
            NEIGHBOURS,
            """
            total = tf.reduce_sum(down**2) + tf.reduce_sum(across**2)
            return total / (2 * n_H * n_W * n_C)
            """,
        ),
        (
            "absolute differences",
            "the L1 norm",
            NEIGHBOURS,
            """
            total = tf.reduce_sum(tf.abs(down)) + tf.reduce_sum(tf.abs(across))
            return total / (n_H * n_W * n_C)
            """,
        ),
        (
            "tf.image.total_variation",
            "the L1 norm, not divided",
            "",
            "return tf.image.total_variation(image)[0]",
        ),
        (
            "tf.image.total_variation, divided",
            "the L1 norm",
            SIZES,
            "return tf.reduce_sum(tf.image.total_variation(image)) / (n_H * n_W * n_C)",
        ),
        (
            "not squared",
            "differences cancel",
            NEIGHBOURS,
            "return (tf.reduce_sum(down) + tf.reduce_sum(across)) / (n_H * n_W * n_C)",
        ),
        (
            "power 1.25",
            "as in the book by Chollet",
            SIZES,
            """
            down = tf.square(image[:, 1:, :-1] - image[:, :-1, :-1])
            across = tf.square(image[:, :-1, 1:] - image[:, :-1, :-1])
            return tf.reduce_sum((down + across) ** 1.25) / (n_H * n_W * n_C)
            """,
        ),
        (
            "last row and column left out",
            "both differences cut to one size",
            SIZES,
            """
            down = image[:, 1:, :-1] - image[:, :-1, :-1]
            across = image[:, :-1, 1:] - image[:, :-1, :-1]
            return tf.reduce_sum(down**2 + across**2) / (n_H * n_W * n_C)
            """,
        ),
        (
            "root of the squares",
            "the length of the gradient at each pixel",
            SIZES,
            """
            down = image[:, 1:, :-1] - image[:, :-1, :-1]
            across = image[:, :-1, 1:] - image[:, :-1, :-1]
            return tf.reduce_sum(tf.sqrt(down**2 + across**2 + 1e-12)) / (n_H * n_W * n_C)
            """,
        ),
        (
            "round the border",
            "tf.roll compares the last row with the first",
            SIZES,
            """
            down = image - tf.roll(image, 1, axis=1)
            across = image - tf.roll(image, 1, axis=2)
            return tf.reduce_sum(down**2 + across**2) / (n_H * n_W * n_C)
            """,
        ),
        (
            "channels for neighbours",
            "axis 3 in place of axis 1",
            SIZES,
            """
            across = image[:, :, 1:] - image[:, :, :-1]
            colour = image[..., 1:] - image[..., :-1]
            return (tf.reduce_sum(across**2) + tf.reduce_sum(colour**2)) / (n_H * n_W * n_C)
            """,
        ),
        (
            "batch for rows",
            "axes 0 and 1 in place of 1 and 2",
            SIZES,
            """
            across = image[1:] - image[:-1]
            down = image[:, 1:] - image[:, :-1]
            return (tf.reduce_sum(across**2) + tf.reduce_sum(down**2)) / (n_H * n_W * n_C)
            """,
        ),
        (
            "variance",
            "distance from the mean colour in place of that from the neighbours",
            "",
            "return tf.reduce_mean((image - tf.reduce_mean(image, axis=[1, 2])) ** 2)",
        ),
        (
            "every other pixel",
            "neighbours at a distance of two",
            SIZES,
            """
            down = image[:, 2:] - image[:, :-2]
            across = image[:, :, 2:] - image[:, :, :-2]
            return (tf.reduce_sum(down**2) + tf.reduce_sum(across**2)) / (n_H * n_W * n_C)
            """,
        ),
        (
            "squared sums",
            "summed, then squared",
            NEIGHBOURS,
            "return (tf.reduce_sum(down) ** 2 + tf.reduce_sum(across) ** 2) / (n_H * n_W * n_C)",
        ),
        (
            "both in one array",
            "the sum is missing: one number for each channel",
            SIZES,
            """
            down = tf.reduce_sum((image[:, 1:] - image[:, :-1]) ** 2, axis=[0, 1, 2])
            across = tf.reduce_sum((image[:, :, 1:] - image[:, :, :-1]) ** 2, axis=[0, 1, 2])
            return (down + across) / (n_H * n_W * n_C)
            """,
        ),
        (
            "hard-coded sizes",
            "those of the first check",
            NEIGHBOURS,
            "return (tf.reduce_sum(down**2) + tf.reduce_sum(across**2)) / (2 * 3 * 2)",
        ),
        (
            "NumPy",
            "no gradient",
            "",
            """
            x = image.numpy()
            return (np.sum(np.diff(x, axis=1) ** 2) + np.sum(np.diff(x, axis=2) ** 2)) / x.size
            """,
        ),
        (
            "NumPy, wrapped up again",
            "no gradient",
            "",
            """
            x = np.asarray(image)
            total = np.sum(np.diff(x, axis=1) ** 2) + np.sum(np.diff(x, axis=2) ** 2)
            return tf.constant(total / x.size, tf.float32)
            """,
        ),
        (
            "one side held",
            "stop_gradient on the neighbour: half of the gradient",
            SIZES,
            """
            still = tf.stop_gradient(image)
            down = image[:, 1:] - still[:, :-1]
            across = image[:, :, 1:] - still[:, :, :-1]
            return (tf.reduce_sum(down**2) + tf.reduce_sum(across**2)) / (n_H * n_W * n_C)
            """,
        ),
        (
            "forgets to return",
            "the result is dropped",
            NEIGHBOURS,
            "J = (tf.reduce_sum(down**2) + tf.reduce_sum(across**2)) / (n_H * n_W * n_C)",
        ),
    ]
]

STYLES = [
    mutant("blended_style_cost", name, why, body)
    for name, why, body in [
        (
            "blend not divided by its sum",
            "right as long as the blend adds up to 1",
            """
            J = 0.0
            for a_S, share in zip(a_S_list, blend):
                for name, weight in STYLE_LAYERS:
                    J += share * weight * layer_cost(a_S[name], a_G[name])
            return J
            """,
        ),
        (
            "blend divided by its length",
            "the number of styles in place of the sum",
            """
            J = 0.0
            for a_S, share in zip(a_S_list, blend):
                for name, weight in STYLE_LAYERS:
                    J += share / len(blend) * weight * layer_cost(a_S[name], a_G[name])
            return J
            """,
        ),
        (
            "plain mean of the styles",
            "blend is not used",
            """
            costs = [
                sum(w * layer_cost(a_S[n], a_G[n]) for n, w in STYLE_LAYERS) for a_S in a_S_list
            ]
            return sum(costs) / len(costs)
            """,
        ),
        (
            "plain sum of the styles",
            "blend is not used",
            """
            return sum(
                w * layer_cost(a_S[n], a_G[n]) for a_S in a_S_list for n, w in STYLE_LAYERS
            )
            """,
        ),
        (
            "first style alone",
            "returns inside the loop",
            """
            for a_S, share in zip(a_S_list, blend):
                J = 0.0
                for name, weight in STYLE_LAYERS:
                    J += weight * layer_cost(a_S[name], a_G[name])
                return J
            """,
        ),
        (
            "last style alone",
            "the sum begins anew for each style",
            """
            for a_S, share in zip(a_S_list, blend):
                J = 0.0
                for name, weight in STYLE_LAYERS:
                    J += share / sum(blend) * weight * layer_cost(a_S[name], a_G[name])
            return J
            """,
        ),
        (
            "last layer alone",
            "= in place of +=",
            """
            J = 0.0
            for a_S, share in zip(a_S_list, blend):
                for name, weight in STYLE_LAYERS:
                    J_style = weight * layer_cost(a_S[name], a_G[name])
                J += share / sum(blend) * J_style
            return J
            """,
        ),
        (
            "layer weights ignored",
            "every layer counts 1",
            """
            J = 0.0
            for a_S, share in zip(a_S_list, blend):
                for name, _ in STYLE_LAYERS:
                    J += share / sum(blend) * layer_cost(a_S[name], a_G[name])
            return J
            """,
        ),
        (
            "shares in the wrong order",
            "the blend read from its end",
            """
            J = 0.0
            for a_S, share in zip(a_S_list, blend[::-1]):
                for name, weight in STYLE_LAYERS:
                    J += share / sum(blend) * weight * layer_cost(a_S[name], a_G[name])
            return J
            """,
        ),
        (
            "largest share takes all",
            "only one style counts",
            """
            a_S = a_S_list[int(np.argmax(blend))]
            return sum(w * layer_cost(a_S[n], a_G[n]) for n, w in STYLE_LAYERS)
            """,
        ),
        (
            "softmax of the blend",
            "other shares",
            """
            shares = tf.unstack(tf.nn.softmax(tf.constant(blend, tf.float32)))
            J = 0.0
            for a_S, share in zip(a_S_list, shares):
                for name, weight in STYLE_LAYERS:
                    J += share * weight * layer_cost(a_S[name], a_G[name])
            return J
            """,
        ),
        (
            "blended Gram matrices",
            "the same gradient, another cost",
            """
            J = 0.0
            for name, weight in STYLE_LAYERS:
                G_S = sum(b * mean_gram(a_S[name]) for b, a_S in zip(blend, a_S_list))
                difference = G_S / sum(blend) - mean_gram(a_G[name])
                J += weight * tf.reduce_sum(difference**2) / (4 * a_G[name].shape[-1] ** 2)
            return J
            """,
        ),
        (
            "style with itself",
            "a_S in both places: always 0",
            """
            J = 0.0
            for a_S, share in zip(a_S_list, blend):
                for name, weight in STYLE_LAYERS:
                    J += share / sum(blend) * weight * layer_cost(a_S[name], a_S[name])
            return J
            """,
        ),
        (
            "goes through a_G.items()",
            "a_G is taken for a dict",
            """
            J = 0.0
            weights = dict(STYLE_LAYERS)
            for a_S, share in zip(a_S_list, blend):
                for name, a in a_G.items():
                    J += share / sum(blend) * weights.get(name, 0) * layer_cost(a_S[name], a)
            return J
            """,
        ),
        (
            "floats",
            "no gradient",
            """
            J = 0.0
            for a_S, share in zip(a_S_list, blend):
                for name, weight in STYLE_LAYERS:
                    J += share / sum(blend) * weight * float(layer_cost(a_S[name], a_G[name]))
            return J
            """,
        ),
        (
            "NumPy, wrapped up again",
            "no gradient",
            """
            J = 0.0
            for a_S, share in zip(a_S_list, blend):
                for name, weight in STYLE_LAYERS:
                    J += share / sum(blend) * weight * layer_cost(a_S[name], a_G[name]).numpy()
            return tf.constant(J, tf.float32)
            """,
        ),
        (
            "forgets to return",
            "the result is dropped",
            """
            J = 0.0
            for a_S, share in zip(a_S_list, blend):
                for name, weight in STYLE_LAYERS:
                    J += share / sum(blend) * weight * layer_cost(a_S[name], a_G[name])
            """,
        ),
    ]
]

# The helpers that those bodies call, right ones.
MEAN_GRAM = '''
def mean_gram(a):
    """Return the Gram matrix of a layer, divided by the number of places."""
    rows = tf.reshape(a, (-1, a.shape[-1]))
    return tf.matmul(rows, rows, transpose_a=True) / rows.shape[0]
'''
LAYER_COST = '''
def layer_cost(a_S, a_G):
    """Return the style cost of a layer."""
    difference = mean_gram(a_S) - mean_gram(a_G)
    return tf.reduce_sum(difference**2) / (4 * a_G.shape[-1] ** 2)
'''


def with_helpers(item, mean_gram=MEAN_GRAM, layer_cost=LAYER_COST):
    """Return a wrong cell with these helpers above its function."""
    parts = [part.strip() for part in (mean_gram, layer_cost, item.source) if part]
    return type(item)(item.exercise, item.name, item.why, "\n\n\n".join(parts) + "\n")


STYLES = [with_helpers(item) for item in STYLES]

BLEND = """
J = 0.0
for a_S, share in zip(a_S_list, blend):
    for name, weight in STYLE_LAYERS:
        J += share / sum(blend) * weight * layer_cost(a_S[name], a_G[name])
return J
"""

LAYERS = [
    with_helpers(mutant("blended_style_cost", name, why, BLEND), dedent(mean_gram), dedent(cost))
    for name, why, mean_gram, cost in [
        (
            "not divided by the places",
            "right for pictures of one size, up to a factor",
            """
            def mean_gram(a):
                rows = tf.reshape(a, (-1, a.shape[-1]))
                return tf.matmul(rows, rows, transpose_a=True)
            """,
            LAYER_COST,
        ),
        (
            "places of the generated picture for both",
            "right as long as all pictures have one size",
            "",
            """
            def layer_cost(a_S, a_G):
                n_C = a_G.shape[-1]
                S, G = (tf.reshape(a, (-1, n_C)) for a in (a_S, a_G))
                difference = tf.matmul(S, S, transpose_a=True) - tf.matmul(G, G, transpose_a=True)
                return tf.reduce_sum((difference / G.shape[0]) ** 2) / (4 * n_C**2)
            """,
        ),
        (
            "sizes of the generated picture for both",
            "a style of another size cannot be reshaped",
            "",
            """
            def layer_cost(a_S, a_G):
                _, n_H, n_W, n_C = a_G.shape
                S, G = (tf.reshape(a, (n_H * n_W, n_C)) for a in (a_S, a_G))
                difference = tf.matmul(S, S, transpose_a=True) - tf.matmul(G, G, transpose_a=True)
                return tf.reduce_sum((difference / (n_H * n_W)) ** 2) / (4 * n_C**2)
            """,
        ),
        (
            "divided by all entries",
            "n_C stands in the divisor of the Gram matrix too",
            """
            def mean_gram(a):
                rows = tf.reshape(a, (-1, a.shape[-1]))
                return tf.matmul(rows, rows, transpose_a=True) / (rows.shape[0] * rows.shape[1])
            """,
            LAYER_COST,
        ),
        (
            "reshaped, not transposed",
            "channels are scrambled: 11.3452 in place of 9.190278",
            """
            def mean_gram(a):
                rows = tf.reshape(a, (a.shape[-1], -1))
                return tf.matmul(rows, rows, transpose_b=True) / rows.shape[1]
            """,
            LAYER_COST,
        ),
        (
            "over pixels",
            "the Gram matrix is (n_H * n_W, n_H * n_W)",
            """
            def mean_gram(a):
                rows = tf.reshape(a, (-1, a.shape[-1]))
                return tf.matmul(rows, rows, transpose_b=True) / rows.shape[0]
            """,
            LAYER_COST,
        ),
        (
            "no quarter",
            "the factor 1/4 is missing",
            MEAN_GRAM,
            """
            def layer_cost(a_S, a_G):
                difference = mean_gram(a_S) - mean_gram(a_G)
                return tf.reduce_sum(difference**2) / a_G.shape[-1] ** 2
            """,
        ),
        (
            "channels not squared",
            "4 n_C",
            MEAN_GRAM,
            """
            def layer_cost(a_S, a_G):
                difference = mean_gram(a_S) - mean_gram(a_G)
                return tf.reduce_sum(difference**2) / (4 * a_G.shape[-1])
            """,
        ),
        (
            "plain sum of squares",
            "not divided by 4 n_C²",
            MEAN_GRAM,
            """
            def layer_cost(a_S, a_G):
                return tf.reduce_sum((mean_gram(a_S) - mean_gram(a_G)) ** 2)
            """,
        ),
        (
            "not squared",
            "differences cancel",
            MEAN_GRAM,
            """
            def layer_cost(a_S, a_G):
                difference = mean_gram(a_S) - mean_gram(a_G)
                return tf.reduce_sum(difference) / (4 * a_G.shape[-1] ** 2)
            """,
        ),
        (
            "the first notebook's formula",
            "divided by the places of the generated picture, squared",
            """
            def gram(a):
                rows = tf.reshape(a, (-1, a.shape[-1]))
                return tf.matmul(rows, rows, transpose_a=True)
            """,
            """
            def layer_cost(a_S, a_G):
                _, n_H, n_W, n_C = a_G.shape
                total = tf.reduce_sum((gram(a_S) - gram(a_G)) ** 2)
                return total / (4.0 * n_C**2 * (n_H * n_W) ** 2)
            """,
        ),
        (
            "means subtracted",
            "covariances in place of Gram matrices",
            """
            def mean_gram(a):
                rows = tf.reshape(a, (-1, a.shape[-1]))
                rows -= tf.reduce_mean(rows, axis=0)
                return tf.matmul(rows, rows, transpose_a=True) / rows.shape[0]
            """,
            LAYER_COST,
        ),
    ]
]

LUMINANCE = """
weights = np.array([0.299, 0.587, 0.114])
Y_content, Y_stylised = content @ weights, stylised @ weights
"""

COLOURS = [
    mutant("transfer_colours", name, why, before + dedent(body))
    for name, why, before, body in [
        (
            "places changed",
            "the content's luminance with the stylised chroma",
            LUMINANCE,
            "return np.clip(stylised + (Y_content - Y_stylised)[..., None], 0, 255)",
        ),
        (
            "luminance alone",
            "a grey picture",
            LUMINANCE,
            "return np.stack([Y_stylised] * 3, axis=-1)",
        ),
        (
            "content as it was",
            "nothing is taken from the stylised picture",
            "",
            "return content",
        ),
        (
            "stylised as it was",
            "nothing is taken from the content",
            "",
            "return stylised",
        ),
        (
            "not cut",
            "values below 0 and above 255",
            LUMINANCE,
            "return content + (Y_stylised - Y_content)[..., None]",
        ),
        (
            "wraps round",
            "a cast to bytes without a cut",
            LUMINANCE,
            """
            result = content + (Y_stylised - Y_content)[..., None]
            return result.astype(np.int32).astype(np.uint8)
            """,
        ),
        (
            "cut to 0 ... 1",
            "pixels go to 255",
            LUMINANCE,
            "return np.clip(content + (Y_stylised - Y_content)[..., None], 0, 1)",
        ),
        (
            "scaled to 0 ... 1",
            "pixels go to 255",
            LUMINANCE,
            "return np.clip(content + (Y_stylised - Y_content)[..., None], 0, 255) / 255",
        ),
        (
            "chroma cut",
            "negative chroma is lost",
            LUMINANCE,
            """
            chroma = np.clip(content - Y_content[..., None], 0, 255)
            return np.clip(chroma + Y_stylised[..., None], 0, 255)
            """,
        ),
        (
            "added to the content",
            "the content's own luminance is not taken away",
            LUMINANCE,
            "return np.clip(content + Y_stylised[..., None], 0, 255)",
        ),
        (
            "mean of the channels",
            "all colours weigh the same",
            "",
            """
            Y_content, Y_stylised = content.mean(axis=-1), stylised.mean(axis=-1)
            return np.clip(content + (Y_stylised - Y_content)[..., None], 0, 255)
            """,
        ),
        (
            "weights of HDTV",
            "0.2126, 0.7152, 0.0722",
            LUMINANCE.replace("0.299, 0.587, 0.114", "0.2126, 0.7152, 0.0722"),
            "return np.clip(content + (Y_stylised - Y_content)[..., None], 0, 255)",
        ),
        (
            "blue first",
            "the weights in the order of BGR",
            LUMINANCE.replace("0.299, 0.587, 0.114", "0.114, 0.587, 0.299"),
            "return np.clip(content + (Y_stylised - Y_content)[..., None], 0, 255)",
        ),
        (
            "ratio of the luminances",
            "multiplied in place of added",
            LUMINANCE,
            "return np.clip(content * (Y_stylised / (Y_content + 1e-6))[..., None], 0, 255)",
        ),
        (
            "value in place of luminance",
            "the largest channel, as in HSV",
            "",
            """
            Y_content, Y_stylised = content.max(axis=-1), stylised.max(axis=-1)
            return np.clip(content + (Y_stylised - Y_content)[..., None], 0, 255)
            """,
        ),
        (
            "mean luminance",
            "one shift for the whole picture",
            LUMINANCE,
            "return np.clip(content + (Y_stylised - Y_content).mean(), 0, 255)",
        ),
        (
            "mean colour",
            "only the mean colours are exchanged",
            "",
            """
            shift = content.mean(axis=(0, 1)) - stylised.mean(axis=(0, 1))
            return np.clip(stylised + shift, 0, 255)
            """,
        ),
        (
            "half of each",
            "mixed pixels",
            "",
            "return (content + stylised) / 2",
        ),
        (
            "green alone",
            "the luminance goes into one channel",
            LUMINANCE,
            """
            result = content.copy()
            result[..., 1] += Y_stylised - Y_content
            return np.clip(result, 0, 255)
            """,
        ),
        (
            "forgets to return",
            "the result is dropped",
            LUMINANCE,
            "result = np.clip(content + (Y_stylised - Y_content)[..., None], 0, 255)",
        ),
        (
            "channels first",
            "the result has its axes turned round",
            LUMINANCE,
            """
            result = np.clip(content + (Y_stylised - Y_content)[..., None], 0, 255)
            return np.moveaxis(result, -1, 0)
            """,
        ),
    ]
]

TAPE = """
image = tf.reshape(tf.constant(x, tf.float32), shape)
with tf.GradientTape() as tape:
    tape.watch(image)
    J = cost(image)
gradient = tape.gradient(J, image)
"""

OBJECTIVE = [
    mutant("value_and_gradient", name, why, before + dedent(body))
    for name, why, before, body in [
        (
            "J as a tensor",
            "not turned into a number",
            TAPE,
            "return J, gradient.numpy().ravel().astype(np.float64)",
        ),
        (
            "gradient as a tensor",
            "not turned into an array",
            TAPE,
            "return float(J), tf.cast(tf.reshape(gradient, [-1]), tf.float64)",
        ),
        (
            "float32",
            "the gradient as it comes from TensorFlow",
            TAPE,
            "return float(J), gradient.numpy().ravel()",
        ),
        (
            "not flat",
            "the gradient has the picture's shape",
            TAPE,
            "return float(J), gradient.numpy().astype(np.float64)",
        ),
        (
            "one row",
            "a matrix with one row",
            TAPE,
            "return float(J), gradient.numpy().reshape(1, -1).astype(np.float64)",
        ),
        (
            "gradient first",
            "in the wrong order",
            TAPE,
            "return gradient.numpy().ravel().astype(np.float64), float(J)",
        ),
        ("J alone", "the gradient is missing", TAPE, "return float(J)"),
        (
            "gradient alone",
            "the value is missing",
            TAPE,
            "return gradient.numpy().ravel().astype(np.float64)",
        ),
        (
            "minus the gradient",
            "SciPy goes downhill by itself",
            TAPE,
            "return float(J), -gradient.numpy().ravel().astype(np.float64)",
        ),
        (
            "gradient of length 1",
            "only its direction is left",
            TAPE,
            """
            g = gradient.numpy().ravel().astype(np.float64)
            return float(J), g / max(np.linalg.norm(g), 1e-12)
            """,
        ),
        (
            "sign of the gradient",
            "only its signs are left",
            TAPE,
            "return float(J), np.sign(gradient.numpy().ravel().astype(np.float64))",
        ),
        (
            "a step in place of the gradient",
            "the picture after one step of gradient descent",
            TAPE,
            "return float(J), x - gradient.numpy().ravel().astype(np.float64)",
        ),
        (
            "columns first",
            "flattened in the order of Fortran",
            TAPE,
            'return float(J), gradient.numpy().ravel(order="F").astype(np.float64)',
        ),
        (
            "columns first, both times",
            "the picture is scrambled, and its gradient put back",
            "",
            """
            image = tf.constant(np.reshape(x, shape, order="F"), tf.float32)
            with tf.GradientTape() as tape:
                tape.watch(image)
                J = cost(image)
            gradient = tape.gradient(J, image).numpy()
            return float(J), gradient.ravel(order="F").astype(np.float64)
            """,
        ),
        (
            "not watched",
            "a constant is not followed by itself",
            "",
            """
            image = tf.reshape(tf.constant(x, tf.float32), shape)
            with tf.GradientTape() as tape:
                J = cost(image)
            gradient = tape.gradient(J, image)
            return float(J), gradient.numpy().ravel().astype(np.float64)
            """,
        ),
        (
            "cost outside the tape",
            "nothing is recorded",
            "",
            """
            image = tf.reshape(tf.constant(x, tf.float32), shape)
            J = cost(image)
            with tf.GradientTape() as tape:
                tape.watch(image)
            gradient = tape.gradient(J, image)
            return float(J), gradient.numpy().ravel().astype(np.float64)
            """,
        ),
        (
            "float inside the tape",
            "a Python number has no gradient",
            "",
            """
            image = tf.reshape(tf.constant(x, tf.float32), shape)
            with tf.GradientTape() as tape:
                tape.watch(image)
                J = float(cost(image))
            gradient = tape.gradient(J, image)
            return J, gradient.numpy().ravel().astype(np.float64)
            """,
        ),
        (
            "not reshaped",
            "cost is given the vector",
            "",
            """
            image = tf.constant(x, tf.float32)
            with tf.GradientTape() as tape:
                tape.watch(image)
                J = cost(image)
            return float(J), tape.gradient(J, image).numpy().astype(np.float64)
            """,
        ),
        (
            "no batch axis",
            "the leading 1 of the shape is left out",
            "",
            """
            image = tf.reshape(tf.constant(x, tf.float32), shape[1:])
            with tf.GradientTape() as tape:
                tape.watch(image)
                J = cost(image)
            gradient = tape.gradient(J, image)
            return float(J), gradient.numpy().ravel().astype(np.float64)
            """,
        ),
        (
            "width before height",
            "the sizes in another order",
            "",
            """
            m, n_H, n_W, n_C = shape
            image = tf.reshape(tf.constant(x, tf.float32), (m, n_W, n_H, n_C))
            with tf.GradientTape() as tape:
                tape.watch(image)
                J = cost(image)
            gradient = tape.gradient(J, image)
            return float(J), gradient.numpy().ravel().astype(np.float64)
            """,
        ),
        (
            "float64 for the network",
            "x is not made float32",
            "",
            """
            image = tf.reshape(tf.constant(x), shape)
            with tf.GradientTape() as tape:
                tape.watch(image)
                J = cost(image)
            gradient = tape.gradient(J, image)
            return float(J), gradient.numpy().ravel()
            """,
        ),
        (
            "NumPy for the network",
            "cost is given an array",
            "",
            """
            image = x.reshape(shape).astype(np.float32)
            with tf.GradientTape() as tape:
                J = cost(image)
            gradient = tape.gradient(J, image)
            return float(J), gradient.numpy().ravel().astype(np.float64)
            """,
        ),
        (
            "mean of the cost",
            "divided by the number of values",
            TAPE,
            "return float(J) / x.size, gradient.numpy().ravel().astype(np.float64) / x.size",
        ),
        (
            "value divided alone",
            "value and gradient no longer belong together",
            TAPE,
            "return float(J) / x.size, gradient.numpy().ravel().astype(np.float64)",
        ),
        (
            "global cost",
            "the arguments are not used",
            TAPE.replace("cost(image)", "cost_of_picture(image)"),
            "return float(J), gradient.numpy().ravel().astype(np.float64)",
        ),
        (
            "hard-coded shape",
            "that of the first check",
            TAPE.replace("shape)", "(1, 2, 3, 3))"),
            "return float(J), gradient.numpy().ravel().astype(np.float64)",
        ),
        (
            "whole numbers",
            "the gradient is rounded",
            TAPE,
            "return float(J), np.round(gradient.numpy().ravel().astype(np.float64), -1)",
        ),
        (
            "forgets to return",
            "the result is dropped",
            TAPE,
            "result = float(J), gradient.numpy().ravel().astype(np.float64)",
        ),
    ]
]

MUTANTS = [
    *UNTOUCHED,
    *RETURNS_NONE,
    *SYNTAX_ERRORS,
    *VARIATION,
    *STYLES,
    *LAYERS,
    *COLOURS,
    *OBJECTIVE,
]
