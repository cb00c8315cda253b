"""Wrong answers to the art notebook's exercises: each must lose its own exercise and no other."""

from textwrap import dedent

from answers import Maker, Mutant

SIGNATURES = {
    "compute_content_cost": "compute_content_cost(a_C, a_G)",
    "gram_matrix": "gram_matrix(A)",
    "compute_layer_style_cost": "compute_layer_style_cost(a_S, a_G)",
    "compute_style_cost": "compute_style_cost(a_S, a_G, STYLE_LAYERS)",
    "total_cost": "total_cost(J_content, J_style, alpha=10, beta=40)",
    "train_step": "train_step(model, optimizer, a_C, a_S)",
}

MAKER = Maker(SIGNATURES)
write, mutant = MAKER.write, MAKER.mutant
UNTOUCHED, RETURNS_NONE, SYNTAX_ERRORS = MAKER.starters()

SIZES = "_, n_H, n_W, n_C = a_G.shape\n"

CONTENT = [
    mutant("compute_content_cost", name, why, SIZES + dedent(body))
    for name, why, body in [
        (
            "no quarter",
            "the factor 1/4 is missing",
            "return tf.reduce_sum(tf.square(a_C - a_G)) / (n_H * n_W * n_C)",
        ),
        (
            "a half",
            "the convention of Gatys et al.",
            "return tf.reduce_sum(tf.square(a_C - a_G)) / 2",
        ),
        (
            "unnormalised",
            "only a quarter of the sum",
            "return tf.reduce_sum(tf.square(a_C - a_G)) / 4",
        ),
        ("plain sum", "not divided at all", "return tf.reduce_sum(tf.square(a_C - a_G))"),
        (
            "channels forgotten",
            "the divisor lacks n_C",
            "return tf.reduce_sum(tf.square(a_C - a_G)) / (4 * n_H * n_W)",
        ),
        (
            "mean, then divided again",
            "divided twice",
            "return tf.reduce_mean(tf.square(a_C - a_G)) / (4 * n_H * n_W * n_C)",
        ),
        (
            "multiplied",
            "1 / 4 * n_H * n_W * n_C without brackets",
            "return 1 / 4 * n_H * n_W * n_C * tf.reduce_sum(tf.square(a_C - a_G))",
        ),
        (
            "not squared",
            "differences cancel",
            "return tf.reduce_sum(a_C - a_G) / (4 * n_H * n_W * n_C)",
        ),
        (
            "absolute difference",
            "|a_C - a_G| in place of the square",
            "return tf.reduce_sum(tf.abs(a_C - a_G)) / (4 * n_H * n_W * n_C)",
        ),
        (
            "squares of each",
            "a_C² - a_G²",
            "return tf.reduce_sum(tf.square(a_C) - tf.square(a_G)) / (4 * n_H * n_W * n_C)",
        ),
        (
            "no sum",
            "returns an array",
            "return tf.square(a_C - a_G) / (4 * n_H * n_W * n_C)",
        ),
        (
            "sum over one axis",
            "returns a matrix for each pixel",
            "return tf.reduce_sum(tf.square(a_C - a_G), axis=-1) / (4 * n_H * n_W * n_C)",
        ),
        (
            "tf.squared_difference",
            "gone from TensorFlow 2",
            "return tf.reduce_sum(tf.squared_difference(a_C, a_G)) / (4 * n_H * n_W * n_C)",
        ),
        (
            "NumPy",
            "a NumPy number has no gradient",
            "return np.sum(np.square(a_C.numpy() - a_G.numpy())) / (4 * n_H * n_W * n_C)",
        ),
        (
            "NumPy, wrapped up again",
            "a new constant has no gradient",
            """
            difference = a_C.numpy() - a_G.numpy()
            return tf.constant(np.sum(difference**2) / (4 * n_H * n_W * n_C), tf.float32)
            """,
        ),
        (
            "hard-coded sizes",
            "those of the published check",
            "return tf.reduce_sum(tf.square(a_C - a_G)) / (4 * 4 * 4 * 3)",
        ),
        (
            "forgets to return",
            "the result is printed and dropped",
            "J = tf.reduce_sum(tf.square(a_C - a_G)) / (4 * n_H * n_W * n_C)",
        ),
        (
            "undefined name",
            "a slip of the pen",
            "return tf.reduce_sum(tf.square(a_C - a_g)) / (4 * n_H * n_W * n_C)",
        ),
        ("returns text", "formatted for printing", 'return f"{tf.reduce_sum(a_C - a_G)}"'),
        (
            "NaN",
            "the root of a negative number",
            "return tf.sqrt(-tf.reduce_sum(tf.square(a_C - a_G)) - 1)",
        ),
    ]
]

GRAM = [
    mutant("gram_matrix", "over pixels", "AᵀA", "return tf.matmul(A, A, transpose_a=True)"),
    mutant("gram_matrix", "elementwise", "A * A", "return A * A"),
    mutant(
        "gram_matrix",
        "normalised",
        "divided by the number of pixels",
        "return tf.matmul(A, A, transpose_b=True) / A.shape[1]",
    ),
    mutant(
        "gram_matrix",
        "normalised by all",
        "divided by the number of entries",
        "return tf.matmul(A, tf.transpose(A)) / tf.cast(tf.size(A), tf.float32)",
    ),
    mutant(
        "gram_matrix",
        "covariance",
        "the mean is subtracted",
        """
        A = A - tf.reduce_mean(A, axis=1, keepdims=True)
        return tf.matmul(A, A, transpose_b=True)
        """,
    ),
    mutant(
        "gram_matrix",
        "diagonal only",
        "a channel with itself",
        "return tf.linalg.diag(tf.reduce_sum(A * A, axis=1))",
    ),
    mutant(
        "gram_matrix",
        "reshaped, not transposed",
        "scrambled, yet of the right shape",
        "return tf.matmul(A, tf.reshape(A, (A.shape[1], A.shape[0])))",
    ),
    mutant("gram_matrix", "NumPy", "no gradient", "return np.dot(A, np.transpose(A))"),
    mutant(
        "gram_matrix",
        "NumPy, wrapped up again",
        "no gradient",
        "return tf.constant(np.asarray(A) @ np.asarray(A).T)",
    ),
    Mutant(
        "gram_matrix",
        "own convention, used consistently",
        "AᵀA of a matrix with a row for each pixel: only gram_matrix itself is wrong",
        write("gram_matrix", "return tf.matmul(A, A, transpose_a=True)")
        + "\n\n"
        + write(
            "compute_layer_style_cost",
            """
            _, n_H, n_W, n_C = a_G.shape
            G_S = gram_matrix(tf.reshape(a_S, (-1, n_C)))
            G_G = gram_matrix(tf.reshape(a_G, (-1, n_C)))
            return tf.reduce_sum((G_S - G_G) ** 2) / (2.0 * n_C * n_H * n_W) ** 2
            """,
        ),
    ),
]

UNROLLED = """
_, n_H, n_W, n_C = a_G.shape
A_S = tf.transpose(tf.reshape(a_S, (n_H * n_W, n_C)))
A_G = tf.transpose(tf.reshape(a_G, (n_H * n_W, n_C)))
"""
GRAMS = UNROLLED + "G_S, G_G = gram_matrix(A_S), gram_matrix(A_G)\n"

LAYER_STYLE = [
    mutant("compute_layer_style_cost", name, why, before + dedent(body))
    for name, why, before, body in [
        (
            "reshaped, not transposed",
            "channels are scrambled: 11.3452 in place of 9.190278",
            SIZES,
            """
            G_S = gram_matrix(tf.reshape(a_S, (n_C, n_H * n_W)))
            G_G = gram_matrix(tf.reshape(a_G, (n_C, n_H * n_W)))
            return tf.reduce_sum(tf.square(G_S - G_G)) / (4.0 * (n_C * n_H * n_W) ** 2)
            """,
        ),
        (
            "transposed, not to channels first",
            "perm [0, 2, 1, 3] swaps only height and width",
            SIZES,
            """
            a_S, a_G = (tf.transpose(a, perm=[0, 2, 1, 3]) for a in (a_S, a_G))
            G_S = gram_matrix(tf.reshape(a_S, (n_C, n_H * n_W)))
            G_G = gram_matrix(tf.reshape(a_G, (n_C, n_H * n_W)))
            return tf.reduce_sum(tf.square(G_S - G_G)) / (4.0 * (n_C * n_H * n_W) ** 2)
            """,
        ),
        (
            "int32",
            "the square of 400,000 overflows: wrong for large layers only",
            GRAMS,
            """
            divisor = 4 * tf.square(n_C * n_H * n_W)
            return tf.reduce_sum(tf.square(G_S - G_G)) / tf.cast(divisor, tf.float32)
            """,
        ),
        (
            "int32, factor by factor",
            "the square of n_H * n_W = 50,000 overflows too",
            GRAMS,
            """
            divisor = 4 * tf.square(n_C) * tf.square(n_H * n_W)
            return tf.reduce_sum(tf.square(G_S - G_G)) / tf.cast(divisor, tf.float32)
            """,
        ),
        (
            "over pixels",
            "the Gram matrix is (n_H * n_W, n_H * n_W)",
            UNROLLED,
            """
            G_S = gram_matrix(tf.transpose(A_S))
            G_G = gram_matrix(tf.transpose(A_G))
            return tf.reduce_sum(tf.square(G_S - G_G)) / (4.0 * (n_C * n_H * n_W) ** 2)
            """,
        ),
        (
            "no quarter",
            "the factor 1/4 is missing",
            GRAMS,
            "return tf.reduce_sum(tf.square(G_S - G_G)) / float(n_C * n_H * n_W) ** 2",
        ),
        (
            "divisor not squared",
            "4 n_C n_H n_W",
            GRAMS,
            "return tf.reduce_sum(tf.square(G_S - G_G)) / (4 * n_C * n_H * n_W)",
        ),
        (
            "channels not squared",
            "4 n_C (n_H n_W)²",
            GRAMS,
            "return tf.reduce_sum(tf.square(G_S - G_G)) / (4.0 * n_C * (n_H * n_W) ** 2)",
        ),
        (
            "unnormalised",
            "not divided at all",
            GRAMS,
            "return tf.reduce_sum(tf.square(G_S - G_G))",
        ),
        (
            "mean of the Gram matrix",
            "divided by n_C² twice",
            GRAMS,
            "return tf.reduce_mean(tf.square(G_S - G_G)) / (4.0 * (n_C * n_H * n_W) ** 2)",
        ),
        (
            "Gram matrix of the difference",
            "compares pixel with pixel",
            UNROLLED,
            """
            G = gram_matrix(A_S - A_G)
            return tf.reduce_sum(tf.square(G)) / (4.0 * (n_C * n_H * n_W) ** 2)
            """,
        ),
        (
            "content in place of style",
            "no Gram matrix at all",
            UNROLLED,
            "return tf.reduce_sum(tf.square(A_S - A_G)) / (4.0 * (n_C * n_H * n_W) ** 2)",
        ),
        (
            "style twice",
            "a_S in both places: always 0",
            UNROLLED,
            """
            difference = gram_matrix(A_S) - gram_matrix(A_S)
            return tf.reduce_sum(tf.square(difference)) / (4.0 * (n_C * n_H * n_W) ** 2)
            """,
        ),
        (
            "not squared",
            "differences cancel",
            GRAMS,
            "return tf.reduce_sum(G_S - G_G) / (4.0 * (n_C * n_H * n_W) ** 2)",
        ),
        (
            "tf.squared_difference",
            "gone from TensorFlow 2",
            GRAMS,
            """
            total = tf.reduce_sum(tf.squared_difference(G_S, G_G))
            return total / (4.0 * (n_C * n_H * n_W) ** 2)
            """,
        ),
        (
            "NumPy",
            "no gradient",
            GRAMS,
            """
            total = np.sum(np.square(np.asarray(G_S) - np.asarray(G_G)))
            return total / (4.0 * (n_C * n_H * n_W) ** 2)
            """,
        ),
        (
            "NumPy on the way",
            "no gradient, although the result is a tensor",
            SIZES,
            """
            G_S = gram_matrix(tf.constant(a_S.numpy().reshape(-1, n_C).T))
            G_G = gram_matrix(tf.constant(a_G.numpy().reshape(-1, n_C).T))
            return tf.reduce_sum(tf.square(G_S - G_G)) / (4.0 * (n_C * n_H * n_W) ** 2)
            """,
        ),
        (
            "hard-coded sizes",
            "those of the published check",
            "",
            """
            A_S = tf.transpose(tf.reshape(a_S, (16, 3)))
            A_G = tf.transpose(tf.reshape(a_G, (16, 3)))
            difference = gram_matrix(A_S) - gram_matrix(A_G)
            return tf.reduce_sum(tf.square(difference)) / (4.0 * 48**2)
            """,
        ),
        (
            "shape read in another order",
            "channels first, which TensorFlow's are not",
            "_, n_C, n_H, n_W = a_G.shape\n",
            """
            G_S = gram_matrix(tf.transpose(tf.reshape(a_S, (n_H * n_W, n_C))))
            G_G = gram_matrix(tf.transpose(tf.reshape(a_G, (n_H * n_W, n_C))))
            return tf.reduce_sum(tf.square(G_S - G_G)) / (4.0 * (n_C * n_H * n_W) ** 2)
            """,
        ),
    ]
]

STYLE = [
    mutant("compute_style_cost", name, why, body)
    for name, why, body in [
        (
            "weights ignored",
            "every layer counts 1",
            """
            return sum(compute_layer_style_cost(a_S[n], a_G[n]) for n, _ in STYLE_LAYERS)
            """,
        ),
        (
            "mean in place of weights",
            "right as long as all weights are 1/k",
            """
            costs = [compute_layer_style_cost(a_S[n], a_G[n]) for n, _ in STYLE_LAYERS]
            return sum(costs) / len(STYLE_LAYERS)
            """,
        ),
        (
            "always 0.2",
            "right for the notebook's own list only",
            """
            return sum(0.2 * compute_layer_style_cost(a_S[n], a_G[n]) for n, _ in STYLE_LAYERS)
            """,
        ),
        (
            "mean of weighted costs",
            "divided by the number of layers",
            """
            costs = [w * compute_layer_style_cost(a_S[n], a_G[n]) for n, w in STYLE_LAYERS]
            return sum(costs) / len(costs)
            """,
        ),
        (
            "weights made to add up to 1",
            "right as long as they do already",
            """
            costs = [w * compute_layer_style_cost(a_S[n], a_G[n]) for n, w in STYLE_LAYERS]
            return sum(costs) / sum(w for _, w in STYLE_LAYERS)
            """,
        ),
        (
            "last layer alone",
            "= in place of +=",
            """
            for name, weight in STYLE_LAYERS:
                J_style = weight * compute_layer_style_cost(a_S[name], a_G[name])
            return J_style
            """,
        ),
        (
            "returns inside the loop",
            "the first layer alone",
            """
            J_style = 0
            for name, weight in STYLE_LAYERS:
                J_style += weight * compute_layer_style_cost(a_S[name], a_G[name])
                return J_style
            """,
        ),
        (
            "last layer missing",
            "off by one",
            """
            J_style = 0
            for name, weight in STYLE_LAYERS[:-1]:
                J_style += weight * compute_layer_style_cost(a_S[name], a_G[name])
            return J_style
            """,
        ),
        (
            "squared weights",
            "the weight comes in twice",
            """
            J_style = 0
            for name, weight in STYLE_LAYERS:
                J_style += weight**2 * compute_layer_style_cost(a_S[name], a_G[name])
            return J_style
            """,
        ),
        (
            "goes through a_G.items()",
            "the model is no dict, and holds more layers",
            """
            weights = dict(STYLE_LAYERS)
            J_style = 0
            for name, activation in a_G.items():
                J_style += weights[name] * compute_layer_style_cost(a_S[name], activation)
            return J_style
            """,
        ),
        (
            "zipped by position",
            "layers in the order of the dict, not of the list",
            """
            J_style = 0
            for (name, weight), a in zip(STYLE_LAYERS, a_S.values()):
                J_style += weight * compute_layer_style_cost(a, a_G[name])
            return J_style
            """,
        ),
        (
            "one layer for all",
            "a_G of the first layer",
            """
            first = STYLE_LAYERS[0][0]
            J_style = 0
            for name, weight in STYLE_LAYERS:
                J_style += weight * compute_layer_style_cost(a_S[first], a_G[first])
            return J_style
            """,
        ),
        (
            "style with itself",
            "a_S in both places: always 0",
            """
            J_style = 0
            for name, weight in STYLE_LAYERS:
                J_style += weight * compute_layer_style_cost(a_S[name], a_S[name])
            return J_style
            """,
        ),
        (
            "content cost of each layer",
            "the wrong function",
            """
            return sum(w * compute_content_cost(a_S[n], a_G[n]) for n, w in STYLE_LAYERS)
            """,
        ),
        (
            "floats",
            "no gradient",
            """
            J_style = 0.0
            for name, weight in STYLE_LAYERS:
                J_style += weight * float(compute_layer_style_cost(a_S[name], a_G[name]))
            return J_style
            """,
        ),
        (
            "NumPy, wrapped up again",
            "no gradient",
            """
            costs = [w * compute_layer_style_cost(a_S[n], a_G[n]).numpy() for n, w in STYLE_LAYERS]
            return tf.constant(np.sum(costs), tf.float32)
            """,
        ),
        (
            "a list of costs",
            "not added up",
            """
            return [w * compute_layer_style_cost(a_S[n], a_G[n]) for n, w in STYLE_LAYERS]
            """,
        ),
    ]
]

TOTAL = [
    mutant("total_cost", name, why, body)
    for name, why, body in [
        (
            "alpha and beta swapped",
            "beta with the content",
            "return beta * J_content + alpha * J_style",
        ),
        ("hard-coded", "10 and 40", "return 10 * J_content + 40 * J_style"),
        ("alpha hard-coded", "only beta is used", "return 10 * J_content + beta * J_style"),
        ("not weighted", "a plain sum", "return J_content + J_style"),
        ("product", "* in place of +", "return alpha * J_content * beta * J_style"),
        ("difference", "a sign", "return alpha * J_content - beta * J_style"),
        ("alpha for all", "brackets", "return alpha * (J_content + J_style)"),
        (
            "weighted mean",
            "divided by alpha + beta",
            "return (alpha * J_content + beta * J_style) / (alpha + beta)",
        ),
        ("float", "no gradient", "return float(alpha * J_content + beta * J_style)"),
        (
            "whole number",
            "rounded",
            "return tf.cast(alpha * J_content + beta * J_style, tf.int32)",
        ),
        (
            "new constant",
            "no gradient",
            "return tf.constant(float(alpha * J_content + beta * J_style))",
        ),
    ]
] + [
    Mutant(
        "total_cost",
        "other defaults",
        "alpha = 1, beta = 1e5",
        "def total_cost(J_content, J_style, alpha=1, beta=1e5):\n"
        "    return alpha * J_content + beta * J_style\n",
    ),
    Mutant(
        "total_cost",
        "no defaults",
        "a call with two arguments stops",
        "def total_cost(J_content, J_style, alpha, beta):\n"
        "    return alpha * J_content + beta * J_style\n",
    ),
]

COSTS = """
with tf.GradientTape() as tape:
    J_content = compute_content_cost(a_C, model[CONTENT_LAYER])
    J_style = compute_style_cost(a_S, model, STYLE_LAYERS)
    J = total_cost(J_content, J_style)
"""
GRADIENT = COSTS + 'gradient = tape.gradient(J, model["input"])\n'
APPLY = 'optimizer.apply_gradients([(gradient, model["input"])])\n'
RETURN = "return J, J_content, J_style\n"
STEP = GRADIENT + APPLY + RETURN

TRAIN = [
    mutant("train_step", name, why, body)
    for name, why, body in [
        ("never applies", "the picture does not change", GRADIENT + RETURN),
        ("computes only", "no gradient, no step", COSTS + RETURN),
        (
            "applies before computing",
            "the costs are those of the next picture",
            GRADIENT
            + APPLY
            + dedent(COSTS.replace("with tf.GradientTape() as tape:", "if True:"))
            + RETURN,
        ),
        (
            "ascends",
            "the gradient with a minus",
            GRADIENT + APPLY.replace("(gradient,", "(-gradient,") + RETURN,
        ),
        ("applies twice", "two updates a call", GRADIENT + APPLY + APPLY + RETURN),
        ("returns J alone", "one value in place of three", GRADIENT + APPLY + "return J\n"),
        (
            "returns in another order",
            "content, style, total",
            GRADIENT + APPLY + "return J_content, J_style, J\n",
        ),
        (
            "returns the gradient too",
            "four values",
            GRADIENT + APPLY + "return J, J_content, J_style, gradient\n",
        ),
        ("forgets to return", "None", GRADIENT + APPLY),
        (
            "global model",
            "the notebook's, in place of the argument",
            STEP.replace("model", 'globals()["model"]'),
        ),
        (
            "global optimizer",
            "not the one that is given",
            STEP.replace("optimizer", 'globals()["optimizer"]'),
        ),
        (
            "own optimizer",
            "a new Adam in every call",
            "optimizer = tf.keras.optimizers.Adam(2.0)\n" + STEP,
        ),
        (
            "outside the tape",
            "the activation is computed before the tape watches",
            "a_G = model[CONTENT_LAYER]\n" + STEP.replace("model[CONTENT_LAYER]", "a_G"),
        ),
        (
            "all outside the tape",
            "no gradient at all",
            """
            J_content = compute_content_cost(a_C, model[CONTENT_LAYER])
            J_style = compute_style_cost(a_S, model, STYLE_LAYERS)
            with tf.GradientTape() as tape:
                J = total_cost(J_content, J_style)
            gradient = tape.gradient(J, model["input"])
            optimizer.apply_gradients([(gradient, model["input"])])
            return J, J_content, J_style
            """,
        ),
        ("gradient of the content", "not of J", STEP.replace("(J, m", "(J_content, m")),
        ("gradient of the style", "not of J", STEP.replace("(J, m", "(J_style, m")),
        (
            "gradient with respect to a_C",
            "the content picture's activation, not the pixels",
            STEP.replace('(J, model["input"])', "(J, a_C)"),
        ),
        (
            "gradient with respect to the activation",
            "not the pixels",
            STEP.replace('(J, model["input"])', "(J, model[CONTENT_LAYER])"),
        ),
        (
            "wrong alpha and beta",
            "1 and 1",
            STEP.replace("J_style)\ng", "J_style, alpha=1, beta=1)\ng"),
        ),
        (
            "alpha and beta swapped",
            "40 and 10",
            STEP.replace("J_style)\ng", "J_style, 40, 10)\ng"),
        ),
        (
            "costs swapped",
            "total_cost(J_style, J_content)",
            STEP.replace("total_cost(J_content, J_style)", "total_cost(J_style, J_content)"),
        ),
        (
            "own sum",
            "J = J_content + J_style",
            STEP.replace("total_cost(J_content, J_style)", "J_content + J_style"),
        ),
        (
            "content layer for the style",
            "the wrong activations",
            STEP.replace(
                "compute_style_cost(a_S, model, STYLE_LAYERS)",
                "compute_style_cost(a_S, {n: model[CONTENT_LAYER] for n in a_S}, STYLE_LAYERS)",
            ),
        ),
        (
            "style with itself",
            "a_S in both places",
            STEP.replace("(a_S, model, STYLE_LAYERS)", "(a_S, a_S, STYLE_LAYERS)"),
        ),
        (
            "another content layer",
            "conv1_1, written out",
            STEP.replace("model[CONTENT_LAYER]", 'model["conv1_1"]'),
        ),
        (
            "a copy of the picture",
            "the variable in the model does not change",
            'picture = tf.Variable(model["input"])'
            + GRADIENT
            + "optimizer.build([picture])\n"
            + "optimizer.apply_gradients([(gradient, picture)])\n"
            + RETURN,
        ),
        (
            "stale activations",
            "asked for in the first call and kept",
            'if "kept" not in vars(model):\n'
            "    model.kept = {n: model[n] for n, _ in STYLE_LAYERS}"
            + STEP.replace("(a_S, model, S", "(a_S, model.kept, S"),
        ),
        (
            "optimises the style target",
            "a_S is overwritten",
            STEP.replace(
                "return J,", "a_S.update({n: model[n] for n, _ in STYLE_LAYERS})\nreturn J,"
            ),
        ),
        (
            "clips the picture",
            "to 0 ... 1, the range of another course",
            GRADIENT
            + APPLY
            + 'model["input"].assign(tf.clip_by_value(model["input"], 0.0, 1.0))\n'
            + RETURN,
        ),
        (
            "sign of the gradient",
            "steps of equal size everywhere",
            STEP.replace("[(gradient,", "[(tf.sign(gradient),"),
        ),
        (
            "old course",
            "a session, which TensorFlow 2 has not",
            "return tf.Session().run([model, optimizer, a_C])",
        ),
        (
            "NumPy activations",
            "no gradient",
            STEP.replace("model[CONTENT_LAYER]", "model[CONTENT_LAYER].numpy()").replace(
                "(a_S, model, S", "(a_S, {n: model[n].numpy() for n in a_S}, S"
            ),
        ),
    ]
]

MUTANTS = [
    *UNTOUCHED,
    *RETURNS_NONE,
    *SYNTAX_ERRORS,
    *CONTENT,
    *GRAM,
    *LAYER_STYLE,
    *STYLE,
    *TOTAL,
    *TRAIN,
]
