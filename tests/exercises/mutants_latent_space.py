"""Wrong answers to the latent-space notebook: each must lose its own exercise and no other."""

from textwrap import dedent, indent

from answers import Maker, Mutant

SIGNATURES = {
    "encoder": "encoder(latent_dim=2)",
    "decoder": "decoder(latent_dim=2)",
    "reconstruction_loss": "reconstruction_loss(x, x_hat)",
    "interpolate": "interpolate(z_start, z_end, n)",
    "kl_divergence": "kl_divergence(z_mean, z_log_var)",
    "reparameterize": "reparameterize(z_mean, z_log_var)",
    "vae_loss": "vae_loss(x, x_hat, z_mean, z_log_var, beta=1.0)",
}

MAKER = Maker(SIGNATURES)
write, mutant = MAKER.write, MAKER.mutant
UNTOUCHED, RETURNS_NONE, SYNTAX_ERRORS = MAKER.starters()

# ---- encoder and decoder: the right body, with something in it replaced

ENCODER = """
layers = tf.keras.layers
inputs = tf.keras.Input(shape=(28, 28, 1))
x = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(inputs)
x = layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")(x)
x = layers.Flatten()(x)
x = layers.Dense(128, activation="relu")(x)
z_mean = layers.Dense(latent_dim, name="z_mean")(x)
z_log_var = layers.Dense(latent_dim, name="z_log_var")(x)
return tf.keras.Model(inputs, [z_mean, z_log_var])
"""
FIRST = 'x = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(inputs)'
SECOND = 'x = layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")(x)'
DENSE = 'x = layers.Dense(128, activation="relu")(x)'
MEAN = 'z_mean = layers.Dense(latent_dim, name="z_mean")(x)'
LOG_VAR = 'z_log_var = layers.Dense(latent_dim, name="z_log_var")(x)'
MODEL = "return tf.keras.Model(inputs, [z_mean, z_log_var])"

DECODER = """
layers = tf.keras.layers
inputs = tf.keras.Input(shape=(latent_dim,))
x = layers.Dense(128, activation="relu")(inputs)
x = layers.Dense(256, activation="relu")(x)
x = layers.Dense(7 * 7 * 32, activation="relu")(x)
x = layers.Reshape((7, 7, 32))(x)
x = layers.Conv2DTranspose(16, 3, strides=2, padding="same", activation="relu")(x)
x = layers.Conv2DTranspose(1, 3, strides=2, padding="same", activation="sigmoid")(x)
return tf.keras.Model(inputs, x)
"""


def changed(exercise: str, name: str, why: str, *changes: tuple[str, str]) -> Mutant:
    """Return the right network with pieces of its text replaced, each wherever it stands."""
    text = ENCODER if exercise == "encoder" else DECODER
    for old, new in changes:
        if old not in text:
            raise ValueError(f"{name}: {old!r} does not stand in the {exercise}")
        text = text.replace(old, new)
    return mutant(exercise, name, why, text)


ENCODERS = [
    changed("encoder", name, why, *changes)
    for name, why, *changes in [
        ("no strides", "the picture stays large", ("strides=2, ", "")),
        ("one stride", "14 x 14 is left", (SECOND, SECOND.replace("strides=2, ", ""))),
        ("border cut off", "padding is valid", ("same", "valid")),
        ("no dense layer", "the codes see 1568 numbers", (DENSE + "\n", "")),
        ("linear dense layer", "no relu", (DENSE, DENSE.replace(', activation="relu"', ""))),
        (
            "linear convolutions",
            "no relu",
            ('padding="same", activation="relu"', 'padding="same"'),
        ),
        ("tanh throughout", "not relu", ("relu", "tanh")),
        ("one layer for both", "the log-variance is the mean", (LOG_VAR, "z_log_var = z_mean")),
        ("z_mean alone", "one output", ("[z_mean, z_log_var]", "z_mean")),
        (
            "one output after the other",
            "z_log_var on top of z_mean",
            (LOG_VAR, LOG_VAR.replace(")(x)", ")(z_mean)")),
        ),
        (
            "relu at the mean",
            "no negative codes",
            (MEAN, MEAN.replace(", name", ', "relu", name')),
        ),
        (
            "sigmoid at the mean",
            "codes between 0 and 1",
            (MEAN, MEAN.replace(", name", ', "sigmoid", name')),
        ),
        (
            "softplus at the log-variance",
            "a positive number is a variance, not its logarithm",
            (LOG_VAR, LOG_VAR.replace(", name", ', "softplus", name')),
        ),
        (
            "a third output, drawn",
            "the sample does not belong here",
            ("z_log_var]", "z_log_var, x]"),
        ),
        ("hard-coded dimensions", "latent_dim is ignored", ("Dense(latent_dim", "Dense(2")),
        ("another default", "latent_dim is 16", ("layers = ", "latent_dim = 16\nlayers = ")),
        ("filters swapped", "32, then 16", ("16, 3", "17, 3"), ("32, 3", "16, 3"), ("17", "32")),
        ("5 x 5 filters", "larger than asked for", ("16, 3", "16, 5"), ("32, 3", "32, 5")),
        (
            "global pooling",
            "forgets where something is",
            ("layers.Flatten()", "layers.GlobalAveragePooling2D()"),
        ),
        (
            "batch normalisation",
            "layers of its own",
            (DENSE, f"{DENSE}\nx = layers.BatchNormalization()(x)"),
        ),
        ("dropout", "rates aside, a layer that scales", (DENSE, f"{DENSE}\nx = 2 * x")),
        (
            "without the channel",
            "pictures are (28, 28, 1)",
            ("(28, 28, 1)", "(28, 28)"),
            ("layers.Conv2D(16", "layers.Conv1D(16"),
            ("layers.Conv2D(32", "layers.Conv1D(32"),
        ),
        (
            "flat pictures",
            "784 numbers",
            ("shape=(28, 28, 1)", "shape=(784,)"),
            (FIRST, f"x = layers.Reshape((28, 28, 1))(inputs)\n{FIRST.replace('inputs', 'x')}"),
        ),
        ("returns the outputs", "symbols, no model", (MODEL, "return z_mean, z_log_var")),
        ("forgets to return", "the model is dropped", (MODEL, MODEL[7:])),
        ("undefined name", "a slip of the pen", (MODEL, MODEL.replace("inputs", "input_img"))),
        (
            "layer not called",
            "a layer in place of its output",
            ("layers.Flatten()(x)", "layers.Flatten()"),
        ),
    ]
]

TWICES = [
    mutant(
        name,
        "one model for all calls",
        "two autoencoders would be one",
        f"""
        def build():
            {indent(text, 12 * " ").strip()}

        made = {name}.__dict__.setdefault("made", {{}})
        if latent_dim not in made:
            made[latent_dim] = build()
        return made[latent_dim]
        """,
    )
    for name, text in (("encoder", ENCODER), ("decoder", DECODER))
]

ENDING = 'padding="same", activation="sigmoid"'
DECODERS = [
    changed("decoder", name, why, *changes)
    for name, why, *changes in [
        ("no sigmoid", "pixels of any size", (ENDING, 'padding="same"')),
        ("relu at the end", "pixels above 1", ("sigmoid", "relu")),
        ("tanh at the end", "pixels below 0", ("sigmoid", "tanh")),
        ("softmax at the end", "of one channel: all pixels are 1", ("sigmoid", "softmax")),
        ("hard sigmoid", "straight lines", ("sigmoid", "hard_sigmoid")),
        (
            "no first dense layer",
            "too little room",
            ('x = layers.Dense(128, activation="relu")(inputs)\n', ""),
            (
                'x = layers.Dense(256, activation="relu")(x)',
                'x = layers.Dense(256, activation="relu")(inputs)',
            ),
        ),
        (
            "no second dense layer",
            "too little room",
            ('x = layers.Dense(256, activation="relu")(x)\n', ""),
        ),
        ("5 x 5 filters", "larger than asked for", ("16, 3,", "16, 5,"), ("(1, 3,", "(1, 5,")),
        ("one stride left out", "14 x 14 pixels", ("16, 3, strides=2, ", "16, 3, ")),
        ("no strides", "7 x 7 pixels", ("strides=2, ", "")),
        ("border cut off", "padding is valid", ("same", "valid")),
        ("plain convolutions", "they make pictures smaller", ("Conv2DTranspose", "Conv2D")),
        (
            "upsampled, then convolved",
            "other layers",
            (
                "x = layers.Conv2DTranspose(16, 3, strides=2, ",
                "x = layers.UpSampling2D()(x)\nx = layers.Conv2D(16, 3, ",
            ),
        ),
        (
            "layer not called",
            "a layer in place of its output",
            ("layers.Reshape((7, 7, 32))(x)", "layers.Reshape((7, 7, 32))"),
        ),
        ("three channels", "colours", ("layers.Conv2DTranspose(1,", "layers.Conv2DTranspose(3,")),
        ("linear layers", "no relu", (', activation="relu"', "")),
        ("tanh inside", "not relu", ("relu", "tanh")),
        ("sigmoid inside", "at every layer", ("relu", "sigmoid")),
        ("hard-coded dimensions", "latent_dim is ignored", ("(latent_dim,)", "(2,)")),
        ("another default", "latent_dim is 16", ("layers = ", "latent_dim = 16\nlayers = ")),
        (
            "channels first",
            "scrambled",
            (
                "layers.Reshape((7, 7, 32))(x)",
                "layers.Permute((2, 3, 1))(layers.Reshape((32, 7, 7))(x))",
            ),
        ),
        (
            "flat pictures",
            "784 numbers",
            (
                "return tf.keras.Model(inputs, x)",
                "return tf.keras.Model(inputs, layers.Flatten()(x))",
            ),
        ),
        (
            "pixels to 255",
            "not 0 to 1",
            ("tf.keras.Model(inputs, x)", "tf.keras.Model(inputs, 255 * x)"),
        ),
        (
            "rounded",
            "no grey",
            ("tf.keras.Model(inputs, x)", "tf.keras.Model(inputs, tf.keras.ops.round(x))"),
        ),
        (
            "two inputs",
            "the mean and the variance",
            (
                "tf.keras.Model(inputs, x)",
                "tf.keras.Model([inputs, tf.keras.Input(shape=(latent_dim,))], x)",
            ),
        ),
        (
            "picture for a code",
            "the encoder's input",
            ("(latent_dim,)", "(28, 28, 1)"),
            ('activation="relu")(inputs)', 'activation="relu")(layers.Flatten()(inputs))'),
        ),
        (
            "returns the picture",
            "a symbol, no model",
            ("return tf.keras.Model(inputs, x)", "return x"),
        ),
        ("forgets to return", "the model is dropped", ("return ", "")),
        (
            "not built",
            "no input",
            (
                "return tf.keras.Model(inputs, x)",
                "return tf.keras.Sequential([layers.Dense(128), layers.Dense(784)])",
            ),
        ),
    ]
]

# ---- reconstruction_loss

CLIPPED = "x_hat = tf.clip_by_value(x_hat, 1e-7, 1 - 1e-7)\n"
COSTS = CLIPPED + "costs = -(x * tf.math.log(x_hat) + (1 - x) * tf.math.log(1 - x_hat))\n"
RECONSTRUCTION = [
    mutant("reconstruction_loss", name, why, dedent(before) + dedent(body))
    for name, why, before, body in [
        ("mean over the pixels", "784 times too small", COSTS, "return tf.reduce_mean(costs)"),
        ("sum over the batch", "grows with the batch", COSTS, "return tf.reduce_sum(costs)"),
        (
            "Keras's mean over the last axis, then the mean",
            "a mean over the pixels",
            "",
            "return tf.reduce_mean(tf.keras.losses.binary_crossentropy(x, x_hat))",
        ),
        (
            "mean over the rows",
            "28 times too small",
            COSTS,
            "return tf.reduce_mean(tf.reduce_sum(costs, axis=2))",
        ),
        (
            "one number a picture",
            "no mean over the batch",
            COSTS,
            "return tf.reduce_sum(costs, axis=(1, 2, 3))",
        ),
        ("one number a pixel", "no sum", COSTS, "return costs"),
        ("no minus", "the sign", COSTS, "return -tf.reduce_mean(tf.reduce_sum(costs, [1, 2, 3]))"),
        (
            "white pixels alone",
            "the black ones cost nothing",
            CLIPPED,
            "return tf.reduce_mean(-tf.reduce_sum(x * tf.math.log(x_hat), axis=(1, 2, 3)))",
        ),
        (
            "black pixels alone",
            "the white ones cost nothing",
            CLIPPED,
            """
            costs = -(1 - x) * tf.math.log(1 - x_hat)
            return tf.reduce_mean(tf.reduce_sum(costs, axis=(1, 2, 3)))
            """,
        ),
        (
            "white and black swapped",
            "x belongs to log(x_hat)",
            CLIPPED,
            """
            costs = -(x * tf.math.log(1 - x_hat) + (1 - x) * tf.math.log(x_hat))
            return tf.reduce_mean(tf.reduce_sum(costs, axis=(1, 2, 3)))
            """,
        ),
        (
            "x and x_hat swapped",
            "the logarithm of the picture",
            "x = tf.clip_by_value(x, 1e-7, 1 - 1e-7)\n",
            """
            costs = -(x_hat * tf.math.log(x) + (1 - x_hat) * tf.math.log(1 - x))
            return tf.reduce_mean(tf.reduce_sum(costs, axis=(1, 2, 3)))
            """,
        ),
        (
            "squared error",
            "not a cross-entropy",
            "",
            "return tf.reduce_mean(tf.reduce_sum((x - x_hat) ** 2, axis=(1, 2, 3)))",
        ),
        (
            "absolute error",
            "not a cross-entropy",
            "",
            "return tf.reduce_mean(tf.reduce_sum(tf.abs(x - x_hat), axis=(1, 2, 3)))",
        ),
        (
            "taken for logits",
            "a sigmoid on top of the decoder's",
            "",
            """
            costs = tf.nn.sigmoid_cross_entropy_with_logits(x, x_hat)
            return tf.reduce_mean(tf.reduce_sum(costs, axis=(1, 2, 3)))
            """,
        ),
        (
            "in bits",
            "the logarithm to base 2",
            COSTS,
            "return tf.reduce_mean(tf.reduce_sum(costs, [1, 2, 3])) / tf.math.log(2.0)",
        ),
        (
            "not cut",
            "0 * log(0) is NaN",
            "",
            """
            costs = -(x * tf.math.log(x_hat) + (1 - x) * tf.math.log(1 - x_hat))
            return tf.reduce_mean(tf.reduce_sum(costs, axis=(1, 2, 3)))
            """,
        ),
        (
            "cut at 0.01",
            "far from 0 and 1",
            "x_hat = tf.clip_by_value(x_hat, 0.01, 0.99)\n",
            """
            costs = -(x * tf.math.log(x_hat) + (1 - x) * tf.math.log(1 - x_hat))
            return tf.reduce_mean(tf.reduce_sum(costs, axis=(1, 2, 3)))
            """,
        ),
        (
            "rounded pictures",
            "grey becomes black or white",
            COSTS.replace("x * ", "tf.round(x) * ").replace("1 - x)", "1 - tf.round(x))"),
            "return tf.reduce_mean(tf.reduce_sum(costs, axis=(1, 2, 3)))",
        ),
        (
            "batches of 128",
            "the sum over the batch, divided by training's",
            COSTS,
            "return tf.reduce_sum(costs) / 128",
        ),
        (
            "NumPy",
            "a NumPy number has no gradient",
            "p = np.clip(x_hat.numpy(), 1e-7, 1 - 1e-7)\n",
            """
            costs = -(x.numpy() * np.log(p) + (1 - x.numpy()) * np.log(1 - p))
            return np.mean(np.sum(costs, axis=(1, 2, 3)))
            """,
        ),
        (
            "NumPy, wrapped up again",
            "a new constant has no gradient",
            "p = np.clip(x_hat, 1e-7, 1 - 1e-7)\n",
            """
            costs = -(x * np.log(p) + (1 - x) * np.log(1 - p))
            return tf.constant(np.mean(np.sum(costs, axis=(1, 2, 3))))
            """,
        ),
        (
            "half of it stopped",
            "no gradient for the black pixels",
            CLIPPED,
            """
            white = x * tf.math.log(x_hat)
            black = tf.stop_gradient((1 - x) * tf.math.log(1 - x_hat))
            return tf.reduce_mean(-tf.reduce_sum(white + black, axis=(1, 2, 3)))
            """,
        ),
        (
            "forgets to return",
            "the result is dropped",
            COSTS,
            "loss = tf.reduce_mean(tf.reduce_sum(costs, axis=(1, 2, 3)))",
        ),
        (
            "tf.log",
            "gone from TensorFlow 2",
            "",
            "return tf.reduce_mean(-tf.reduce_sum(x * tf.log(x_hat), axis=(1, 2, 3)))",
        ),
        ("undefined name", "a slip of the pen", COSTS, "return tf.reduce_mean(cost)"),
    ]
]

# ---- kl_divergence

TERMS = "costs = 1 + z_log_var - tf.square(z_mean) - tf.exp(z_log_var)\n"
KL = [
    mutant("kl_divergence", name, why, dedent(before) + dedent(body))
    for name, why, before, body in [
        ("sign", "negative", TERMS, "return tf.reduce_mean(0.5 * tf.reduce_sum(costs, axis=-1))"),
        (
            "no half",
            "twice as large",
            TERMS,
            "return tf.reduce_mean(-tf.reduce_sum(costs, axis=-1))",
        ),
        (
            "mean over the dimensions",
            "as Keras examples once had it",
            TERMS,
            "return -0.5 * tf.reduce_mean(costs)",
        ),
        (
            "sum over the batch",
            "grows with the batch",
            TERMS,
            "return -0.5 * tf.reduce_sum(costs)",
        ),
        (
            "one number a picture",
            "no mean over the batch",
            TERMS,
            "return -0.5 * tf.reduce_sum(costs, axis=-1)",
        ),
        (
            "sum over axis 0",
            "the axes swapped",
            TERMS,
            "return tf.reduce_mean(-0.5 * tf.reduce_sum(costs, axis=0))",
        ),
        (
            "log-variance taken for a deviation",
            "its square for the variance",
            "costs = 1 + tf.math.log(tf.square(z_log_var)) - z_mean**2 - z_log_var**2\n",
            "return tf.reduce_mean(-0.5 * tf.reduce_sum(costs, axis=-1))",
        ),
        (
            "log-variance taken for a log-deviation",
            "the variance is squared",
            "costs = 1 + 2 * z_log_var - z_mean**2 - tf.exp(2 * z_log_var)\n",
            "return tf.reduce_mean(-0.5 * tf.reduce_sum(costs, axis=-1))",
        ),
        (
            "log-variance taken for a variance",
            "its logarithm is taken once more",
            "costs = 1 + tf.math.log(tf.abs(z_log_var)) - z_mean**2 - z_log_var\n",
            "return tf.reduce_mean(-0.5 * tf.reduce_sum(costs, axis=-1))",
        ),
        (
            "deviation for the variance",
            "exp of half",
            "costs = 1 + z_log_var - tf.square(z_mean) - tf.exp(z_log_var / 2)\n",
            "return tf.reduce_mean(-0.5 * tf.reduce_sum(costs, axis=-1))",
        ),
        (
            "variance squared",
            "exp, then the square",
            "costs = 1 + z_log_var - tf.square(z_mean) - tf.square(tf.exp(z_log_var))\n",
            "return tf.reduce_mean(-0.5 * tf.reduce_sum(costs, axis=-1))",
        ),
        (
            "no exponential",
            "z_log_var cancels",
            "costs = 1 - tf.square(z_mean)\n",
            "return tf.reduce_mean(-0.5 * tf.reduce_sum(costs, axis=-1))",
        ),
        (
            "no logarithm",
            "a term is missing",
            "costs = 1 - tf.square(z_mean) - tf.exp(z_log_var)\n",
            "return tf.reduce_mean(-0.5 * tf.reduce_sum(costs, axis=-1))",
        ),
        (
            "no one",
            "not 0 for the prior",
            "costs = z_log_var - tf.square(z_mean) - tf.exp(z_log_var)\n",
            "return tf.reduce_mean(-0.5 * tf.reduce_sum(costs, axis=-1))",
        ),
        (
            "mean not squared",
            "negative means earn",
            "costs = 1 + z_log_var - z_mean - tf.exp(z_log_var)\n",
            "return tf.reduce_mean(-0.5 * tf.reduce_sum(costs, axis=-1))",
        ),
        (
            "absolute mean",
            "not squared",
            "costs = 1 + z_log_var - tf.abs(z_mean) - tf.exp(z_log_var)\n",
            "return tf.reduce_mean(-0.5 * tf.reduce_sum(costs, axis=-1))",
        ),
        (
            "no mean",
            "codes may lie anywhere",
            "costs = 1 + z_log_var - tf.exp(z_log_var)\n",
            "return tf.reduce_mean(-0.5 * tf.reduce_sum(costs, axis=-1))",
        ),
        (
            "signs inside",
            "plus the square",
            "costs = 1 + z_log_var + tf.square(z_mean) - tf.exp(z_log_var)\n",
            "return tf.reduce_mean(-0.5 * tf.reduce_sum(costs, axis=-1))",
        ),
        (
            "the other way round",
            "KL of the prior from the code",
            "costs = 1 - z_log_var - (1 + tf.square(z_mean)) * tf.exp(-z_log_var)\n",
            "return tf.reduce_mean(-0.5 * tf.reduce_sum(costs, axis=-1))",
        ),
        (
            "arguments swapped",
            "the mean is exponentiated",
            "costs = 1 + z_mean - tf.square(z_log_var) - tf.exp(z_mean)\n",
            "return tf.reduce_mean(-0.5 * tf.reduce_sum(costs, axis=-1))",
        ),
        (
            "Keras's divergence",
            "of two lists of probabilities",
            "",
            "return tf.reduce_mean(tf.keras.losses.kl_divergence(z_mean, z_log_var))",
        ),
        (
            "two dimensions always",
            "the others are free",
            "costs = 1 + z_log_var - z_mean**2 - tf.exp(z_log_var)\n",
            "return tf.reduce_mean(-0.5 * (costs[:, 0] + costs[:, 1]))",
        ),
        (
            "NumPy",
            "a NumPy number has no gradient",
            "costs = 1 + z_log_var.numpy() - z_mean.numpy() ** 2 - np.exp(z_log_var)\n",
            "return np.mean(-0.5 * np.sum(costs, axis=-1))",
        ),
        (
            "NumPy, wrapped up again",
            "a new constant has no gradient",
            "costs = 1 + z_log_var.numpy() - z_mean.numpy() ** 2 - np.exp(z_log_var)\n",
            "return tf.constant(np.mean(-0.5 * np.sum(costs, axis=-1)))",
        ),
        (
            "the variance stopped",
            "no gradient for one of the two",
            "costs = 1 + tf.stop_gradient(z_log_var - tf.exp(z_log_var)) - tf.square(z_mean)\n",
            "return tf.reduce_mean(-0.5 * tf.reduce_sum(costs, axis=-1))",
        ),
        (
            "forgets to return",
            "the result is dropped",
            TERMS,
            "loss = -0.5 * tf.reduce_sum(costs)",
        ),
        ("undefined name", "a slip of the pen", TERMS, "return -0.5 * tf.reduce_mean(cost)"),
    ]
]

# ---- reparameterize

EPSILON = "epsilon = tf.random.normal(tf.shape(z_mean))\n"
SAMPLES = [
    mutant("reparameterize", name, why, dedent(before) + dedent(body))
    for name, why, before, body in [
        (
            "variance for the deviation",
            "the half is missing",
            EPSILON,
            "return z_mean + tf.exp(z_log_var) * epsilon",
        ),
        (
            "log-variance taken for a deviation",
            "no exponential",
            EPSILON,
            "return z_mean + z_log_var * epsilon",
        ),
        (
            "half of the log-variance",
            "no exponential",
            EPSILON,
            "return z_mean + z_log_var / 2 * epsilon",
        ),
        (
            "root of the deviation",
            "halved twice",
            EPSILON,
            "return z_mean + tf.sqrt(tf.exp(z_log_var / 2)) * epsilon",
        ),
        (
            "root of the log-variance",
            "NaN below 0",
            EPSILON,
            "return z_mean + tf.sqrt(z_log_var) * epsilon",
        ),
        (
            "minus in the exponent",
            "upside down",
            EPSILON,
            "return z_mean + tf.exp(-z_log_var / 2) * epsilon",
        ),
        ("unit noise", "the variance is ignored", EPSILON, "return z_mean + epsilon"),
        ("mean ignored", "all clouds at 0", EPSILON, "return tf.exp(z_log_var / 2) * epsilon"),
        ("no noise", "an autoencoder again", "", "return z_mean + tf.exp(z_log_var / 2)"),
        ("the mean alone", "an autoencoder again", "", "return z_mean"),
        (
            "noise shared by the batch",
            "one draw for all pictures",
            "epsilon = tf.random.normal((1, z_mean.shape[1]))\n",
            "return z_mean + tf.exp(z_log_var / 2) * epsilon",
        ),
        (
            "noise shared by the dimensions",
            "one draw a picture",
            "epsilon = tf.random.normal((z_mean.shape[0], 1))\n",
            "return z_mean + tf.exp(z_log_var / 2) * epsilon",
        ),
        (
            "one number for all",
            "a scalar",
            "epsilon = tf.random.normal(())\n",
            "return z_mean + tf.exp(z_log_var / 2) * epsilon",
        ),
        (
            "uniform noise",
            "never negative",
            "epsilon = tf.random.uniform(tf.shape(z_mean))\n",
            "return z_mean + tf.exp(z_log_var / 2) * epsilon",
        ),
        (
            "uniform noise of deviation 1",
            "no tails",
            "epsilon = tf.random.uniform(tf.shape(z_mean), -(3**0.5), 3**0.5)\n",
            "return z_mean + tf.exp(z_log_var / 2) * epsilon",
        ),
        (
            "truncated noise",
            "too narrow",
            "epsilon = tf.random.truncated_normal(tf.shape(z_mean))\n",
            "return z_mean + tf.exp(z_log_var / 2) * epsilon",
        ),
        (
            "a fixed seed",
            "the same noise in every call",
            "epsilon = tf.random.stateless_normal(tf.shape(z_mean), [1, 2])\n",
            "return z_mean + tf.exp(z_log_var / 2) * epsilon",
        ),
        (
            "Keras with a seed",
            "the same noise in every call",
            "epsilon = tf.keras.random.normal(tf.shape(z_mean), seed=1)\n",
            "return z_mean + tf.exp(z_log_var / 2) * epsilon",
        ),
        (
            "NumPy's noise",
            "a compiled step has the same noise for ever",
            "epsilon = np.random.normal(size=z_mean.shape).astype(np.float32)\n",
            "return z_mean + tf.exp(z_log_var / 2) * epsilon",
        ),
        (
            "NumPy throughout",
            "no gradient at all",
            "epsilon = np.random.normal(size=z_mean.shape)\n",
            "return z_mean.numpy() + np.exp(z_log_var.numpy() / 2) * epsilon",
        ),
        (
            "a constant deviation, drawn by NumPy",
            "no gradient for the variance",
            "z = np.random.normal(z_mean, np.exp(np.asarray(z_log_var) / 2))\n",
            "return z_mean + tf.constant(z - np.asarray(z_mean), tf.float32)",
        ),
        (
            "sample detached",
            "stop_gradient around all of it",
            EPSILON,
            "return tf.stop_gradient(z_mean + tf.exp(z_log_var / 2) * epsilon)",
        ),
        (
            "deviation detached",
            "no gradient for the variance",
            EPSILON,
            "return z_mean + tf.stop_gradient(tf.exp(z_log_var / 2)) * epsilon",
        ),
        (
            "mean detached",
            "no gradient for the mean",
            EPSILON,
            "return tf.stop_gradient(z_mean) + tf.exp(z_log_var / 2) * epsilon",
        ),
        (
            "twice the variance",
            "too wide",
            EPSILON,
            "return z_mean + tf.exp(z_log_var / 2) * 2**0.5 * epsilon",
        ),
        (
            "mean of the batch",
            "every picture at one place",
            EPSILON,
            "return tf.reduce_mean(z_mean, 0) + tf.exp(z_log_var / 2) * epsilon",
        ),
        (
            "noise of wrong shape",
            "one number a picture, as a row",
            "epsilon = tf.random.normal((z_mean.shape[0],))\n",
            "return z_mean + tf.exp(z_log_var / 2) * epsilon",
        ),
        (
            "returns the noise too",
            "two values",
            EPSILON,
            "return z_mean + tf.exp(z_log_var / 2) * epsilon, epsilon",
        ),
        (
            "forgets to return",
            "the result is dropped",
            EPSILON,
            "z = z_mean + tf.exp(z_log_var / 2) * epsilon",
        ),
        (
            "math.exp",
            "a tensor is no number",
            "import math\n" + EPSILON,
            "return z_mean + math.exp(z_log_var / 2) * epsilon",
        ),
        (
            "undefined name",
            "a slip of the pen",
            EPSILON,
            "return z_mean + tf.exp(log_var / 2) * epsilon",
        ),
    ]
]

# ---- vae_loss

BOTH = """
reconstruction = reconstruction_loss(x, x_hat)
divergence = kl_divergence(z_mean, z_log_var)
"""
SUMS = [
    mutant("vae_loss", name, why, dedent(before) + dedent(body))
    for name, why, before, body in [
        ("beta ignored", "always 1", BOTH, "return reconstruction + divergence"),
        (
            "beta at the reconstruction",
            "the wrong one",
            BOTH,
            "return beta * reconstruction + divergence",
        ),
        ("beta at both", "scales all of it", BOTH, "return beta * (reconstruction + divergence)"),
        (
            "divided by beta",
            "upside down",
            BOTH,
            "return reconstruction + divergence / (beta + 1e-9)",
        ),
        ("beta added", "a constant", BOTH, "return reconstruction + divergence + beta - 1"),
        (
            "one minus beta",
            "weights that add up to 1",
            BOTH,
            "return (1 - beta) * reconstruction + beta * divergence",
        ),
        (
            "difference",
            "the divergence would grow",
            BOTH,
            "return reconstruction - beta * divergence",
        ),
        ("product", "not a sum", BOTH, "return reconstruction * beta * divergence"),
        ("mean of both", "halved", BOTH, "return (reconstruction + beta * divergence) / 2"),
        ("reconstruction alone", "an autoencoder", BOTH, "return reconstruction"),
        ("divergence alone", "posterior collapse", BOTH, "return beta * divergence"),
        ("two values", "not added up", BOTH, "return reconstruction, beta * divergence"),
        (
            "one number each",
            "in a list",
            BOTH,
            "return tf.stack([reconstruction, beta * divergence])",
        ),
        (
            "mean over the pixels again",
            "784 times too small",
            BOTH,
            "return reconstruction / 784 + beta * divergence",
        ),
        (
            "sum over the pixels again",
            "784 times too large",
            BOTH,
            "return reconstruction * 28 * 28 + beta * divergence",
        ),
        ("squared", "the sum of squares", BOTH, "return reconstruction**2 + beta * divergence**2"),
        (
            "pictures swapped",
            "x_hat before x",
            BOTH.replace("x, x_hat", "x_hat, x"),
            "return reconstruction + beta * divergence",
        ),
        (
            "codes swapped",
            "z_log_var before z_mean",
            BOTH.replace("z_mean, z_log_var", "z_log_var, z_mean"),
            "return reconstruction + beta * divergence",
        ),
        (
            "float",
            "no way for the gradient",
            BOTH,
            "return float(reconstruction) + beta * float(divergence)",
        ),
        (
            "NumPy, wrapped up again",
            "no way for the gradient",
            BOTH,
            "return tf.constant(reconstruction.numpy() + beta * divergence.numpy())",
        ),
        (
            "divergence stopped",
            "the codes learn nothing of it",
            BOTH,
            "return reconstruction + beta * tf.stop_gradient(divergence)",
        ),
        (
            "whole number",
            "cut",
            BOTH,
            "return tf.cast(reconstruction + beta * divergence, tf.int32)",
        ),
        (
            "another default",
            "beta is 0.5",
            "beta = 0.5 if beta == 1.0 else beta\n" + BOTH,
            "return reconstruction + beta * divergence",
        ),
        (
            "forgets to return",
            "the result is dropped",
            BOTH,
            "loss = reconstruction + beta * divergence",
        ),
        ("undefined name", "a slip of the pen", BOTH, "return reconstruction + beta * kl"),
    ]
]

# ---- interpolate

WAYS = [
    mutant("interpolate", name, why, dedent(body))
    for name, why, body in [
        (
            "end left out",
            "steps of 1 / n",
            """
         way = np.linspace(0, 1, n, endpoint=False)[:, np.newaxis]
         return (1 - way) * z_start + way * z_end
         """,
        ),
        (
            "start left out",
            "steps of 1 / n",
            """
         way = np.arange(1, n + 1)[:, np.newaxis] / n
         return (1 - way) * z_start + way * z_end
         """,
        ),
        (
            "both ends left out",
            "inner codes only",
            """
         way = np.linspace(0, 1, n + 2)[1:-1, np.newaxis]
         return (1 - way) * z_start + way * z_end
         """,
        ),
        (
            "n steps",
            "one code too many",
            """
         way = np.linspace(0, 1, n + 1)[:, np.newaxis]
         return (1 - way) * z_start + way * z_end
         """,
        ),
        (
            "n - 1 codes",
            "one code too few",
            """
         way = np.linspace(0, 1, n)[:-1, np.newaxis]
         return (1 - way) * z_start + way * z_end
         """,
        ),
        (
            "n codes between",
            "both ends on top",
            """
         way = np.linspace(0, 1, n + 2)[:, np.newaxis]
         return (1 - way) * z_start + way * z_end
         """,
        ),
        (
            "backwards",
            "from the end to the start",
            """
         way = np.linspace(0, 1, n)[:, np.newaxis]
         return way * z_start + (1 - way) * z_end
         """,
        ),
        (
            "transposed",
            "a code is a column",
            """
         way = np.linspace(0, 1, n)
         return np.stack([(1 - way) * a + way * b for a, b in zip(z_start, z_end)])
         """,
        ),
        (
            "first dimension alone",
            "the second one stays",
            """
         codes = np.tile(np.asarray(z_start, np.float32), (n, 1))
         codes[:, 0] = np.linspace(z_start[0], z_end[0], n)
         return codes
         """,
        ),
        (
            "two dimensions always",
            "the others are lost",
            """
         return np.stack([np.linspace(z_start[k], z_end[k], n) for k in (0, 1)], axis=1)
         """,
        ),
        (
            "eased",
            "slow at both ends",
            """
         way = np.linspace(0, 1, n)[:, np.newaxis]
         way = way * way * (3 - 2 * way)
         return (1 - way) * z_start + way * z_end
         """,
        ),
        (
            "on a sphere",
            "slerp",
            """
         cosine = np.dot(z_start, z_end) / np.linalg.norm(z_start) / np.linalg.norm(z_end)
         angle = np.arccos(np.clip(cosine, -1, 1)) + 1e-9
         way = np.linspace(0, 1, n)[:, np.newaxis]
         first, last = np.sin((1 - way) * angle), np.sin(way * angle)
         return (first * z_start + last * z_end) / np.sin(angle)
         """,
        ),
        (
            "difference not added to the start",
            "starts at 0",
            """
         way = np.linspace(0, 1, n)[:, np.newaxis]
         return way * (np.asarray(z_end) - z_start)
         """,
        ),
        (
            "the way twice",
            "beyond the end",
            """
         way = np.linspace(0, 1, n)[:, np.newaxis]
         return z_start + way * z_end
         """,
        ),
        (
            "five always",
            "n is ignored",
            """
         way = np.linspace(0, 1, 5)[:, np.newaxis]
         return (1 - way) * z_start + way * z_end
         """,
        ),
        (
            "whole numbers",
            "codes cut",
            """
         way = np.linspace(0, 1, n)[:, np.newaxis]
         return ((1 - way) * z_start + way * z_end).astype(int)
         """,
        ),
        (
            "a grid",
            "all pairs of coordinates",
            """
         axes = [np.linspace(a, b, n) for a, b in zip(z_start, z_end)]
         return np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, len(z_start))
         """,
        ),
        (
            "way not a column",
            "broadcast along the wrong axis",
            """
         way = np.linspace(0, 1, n)
         return (1 - way) * z_start + way * z_end
         """,
        ),
        ("the middle alone", "one code", "return (np.asarray(z_start) + z_end) / 2"),
        (
            "forgets to return",
            "the result is dropped",
            """
         way = np.linspace(0, 1, n)[:, np.newaxis]
         codes = (1 - way) * z_start + way * z_end
         """,
        ),
        (
            "undefined name",
            "a slip of the pen",
            """
         way = np.linspace(0, 1, n)[:, np.newaxis]
         return (1 - way) * z_start + ways * z_end
         """,
        ),
    ]
]

MUTANTS = [
    *ENCODERS, *DECODERS, *TWICES, *RECONSTRUCTION, *KL, *SAMPLES, *SUMS, *WAYS,
    *UNTOUCHED, *RETURNS_NONE, *SYNTAX_ERRORS,
]  # fmt: skip
