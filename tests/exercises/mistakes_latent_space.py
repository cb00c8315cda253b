"""Known mistakes in the latent-space notebook: what each gives, and how a student can see it.

`RIGHT` holds right functions in NumPy, `READERS` how calls are read that cannot be compared as
they stand, and `MISTAKES` the mistakes; of several that fit, the first counts. Nothing in a
sentence comes from a hidden test.
"""

import numpy as np

from grading.known import KnownMistake, Like, Reader, same

# ---- encoder and decoder: a network is known by its shapes and its number of parameters


def right_encoder(call, latent_dim):
    parameters = 160 + 4640 + 1569 * 128 + 2 * 129 * latent_dim
    return [(None, 28, 28, 1)], 2 * [(None, latent_dim)], parameters


def right_decoder(call, latent_dim):
    parameters = (latent_dim + 1) * 128 + 129 * 256 + 257 * 1568 + 4624 + 145
    return [(None, latent_dim)], [(None, 28, 28, 1)], parameters


def network(about):
    """Return what a network is known by."""
    return about["inputs"], about["outputs"], about["parameters"]


def network_told(seen):
    """Tell what a network is known by."""
    inputs, outputs, parameters = seen
    shapes = [", ".join(str(tuple(shape)) for shape in some) for some in (inputs, outputs)]
    return f"a model from {shapes[0]} to {shapes[1]} with {parameters:,} parameters"


NETWORKS = [
    KnownMistake(exercise, name, sentence, message=message)
    for exercise, name, sentence, message in [
        (
            "encoder",
            "latent_dim ignored",
            "The number of units of both outputs is latent_dim, not a number written out.",
            r"model of encoder\(5\) gives",
        ),
        (
            "encoder",
            "another number of dimensions",
            "The codes have not latent_dim numbers: leave the argument and its default as they "
            "are.",
            r"model of encoder\(\) gives \[\(None, (\d+)\), \(None, \1\)\];",
        ),
        (
            "encoder",
            "not two outputs",
            "The model has two outputs: tf.keras.Model(inputs, [z_mean, z_log_var]).",
            r"model of encoder\(\) gives",
        ),
        (
            "encoder",
            "pictures of another shape",
            "The input is a picture with its channel: tf.keras.Input(shape=(28, 28, 1)).",
            r"model of encoder\(\) takes",
        ),
        (
            "encoder",
            "no strides",
            "A convolution without strides keeps the picture's size: give both strides=2.",
            r"convolutions? ha(ve|s) no strides",
        ),
        (
            "encoder",
            "the border cut off",
            'Without padding="same" a convolution cuts the border off: give it to both.',
            r"cut the border off",
        ),
        (
            "encoder",
            "a dense layer missing",
            "Between Flatten and the two outputs stands a Dense layer of 128 units.",
            r"Dense layer of 128 units is missing",
        ),
        (
            "encoder",
            "one layer for both outputs",
            "z_mean and z_log_var come from one layer: each needs a Dense layer of its own.",
            r"are one layer: each|are the same numbers: each",
        ),
        (
            "encoder",
            "a global pooling",
            "A global pooling forgets where something is: take Flatten, which keeps all places.",
            r"global pooling forgets",
        ),
        (
            "encoder",
            "filters of another size",
            "The filters of both convolutions are 3 x 3: the second number of Conv2D is 3.",
            r"filters of the convolutions are 3 x 3",
        ),
        (
            "encoder",
            "an activation at the outputs",
            "The means and the logarithms of variances may be any numbers: no activation there.",
            r"the two layers have no activation",
        ),
        (
            "encoder",
            "another calculation inside",
            "All layers are there, but compute something else: both convolutions and the Dense "
            'layer of 128 units have activation="relu", one after the other.',
            r"(z_mean|z_log_var) of the model of encoder\(\d\) (is|contains)",
        ),
        (
            "decoder",
            "a dense layer missing",
            "Before the Reshape stand three Dense layers, of 128, 256 and 7 * 7 * 32 units.",
            r"Dense layer.* missing",
        ),
        (
            "decoder",
            "filters of another size",
            "The filters of both convolutions are 3 x 3: the second number is 3.",
            r"filters of the convolutions are 3 x 3",
        ),
        (
            "decoder",
            "no sigmoid at the end",
            'Pixels lie between 0 and 1: the last layer has activation="sigmoid".',
            r"gives pixels (from|that do not)",
        ),
        (
            "decoder",
            "latent_dim ignored",
            "The input has latent_dim numbers: tf.keras.Input(shape=(latent_dim,)).",
            r"model of decoder\(5\) takes",
        ),
        (
            "decoder",
            "another number of dimensions",
            "The input is one code of latent_dim numbers; leave the argument and its default as "
            "they are.",
            r"model of decoder\(\) takes",
        ),
        (
            "decoder",
            "pictures of another size",
            "The pictures are 28 x 28 x 1: from 7 x 7, two transposed convolutions with "
            'strides=2 and padding="same" double it twice, and the last has one filter.',
            r"model of decoder\(\) gives",
        ),
        (
            "decoder",
            "another calculation inside",
            'All layers are there, but compute something else: all but the last have "relu", '
            "one after the other, and the last layer's output is the result.",
            r"what the model of decoder\(\d\) gives (is|has|contains)",
        ),
    ]
] + [
    KnownMistake(exercise, name, sentence, message=message)
    for exercise in ("encoder", "decoder")
    for name, sentence, message in [
        (
            "one model for all calls",
            "Every call gives the same layers: make all of them inside the function, or two "
            "networks would learn as one.",
            r"returned a model twice",
        ),
        (
            "not a model",
            "End with return tf.keras.Model(inputs, outputs), which begins at tf.keras.Input.",
            r"not a Keras model|does not know its input",
        ),
        (
            "a layer that is not called",
            "A layer stands in the place of what it gives: call it with what the layer before it "
            "gave, as in Flatten()(x).",
            r"Only input tensors may be passed as positional arguments",
        ),
        (
            "other layers",
            "The layers are not those of the table: compare their kinds, sizes and order.",
            r"[\d,]+ parameters; right are|has weights of the shapes",
        ),
    ]
]


# ---- reconstruction_loss


def cut(x_hat):
    """Cut to 1e-7 ... 1 - 1e-7 as float32 can."""
    return np.clip(np.float32(x_hat), np.float32(1e-7), np.float32(1 - 1e-7))


def white(x, x_hat):
    return -x * np.log(cut(x_hat), dtype=np.float64)


def black(x, x_hat):
    return -(1 - x) * np.log(1 - cut(x_hat), dtype=np.float64)


def costs(x, x_hat):
    return white(x, x_hat) + black(x, x_hat)


def pictures(each):
    """Sum over the pixels, then take the mean over the batch."""
    return each.sum(axis=(1, 2, 3)).mean()


def right_reconstruction(x, x_hat):
    return pictures(costs(x, x_hat))


def uncertain(x, x_hat):
    """Return pictures as arrays; those that are certain are compared by no mistake."""
    x, x_hat = (np.asarray(pixels, np.float64) for pixels in (x, x_hat))
    if np.isin(x_hat, (0, 1)).any():
        raise ValueError("what is certain costs as much as it is cut")
    return x, x_hat


def uncertain_call(x, x_hat):
    return f"reconstruction_loss(x, x_hat) of {len(x)} pictures"


RECONSTRUCTION = [
    KnownMistake("reconstruction_loss", name, sentence, wrong)
    for name, sentence, wrong in [
        (
            "mean over the pixels",
            "You took the mean over the pixels, 0.693 in place of 543.427: sum over axis "
            "(1, 2, 3), then take the mean over the batch.",
            (
                lambda x, x_hat: costs(x, x_hat).mean(),
                lambda x, x_hat: pictures(costs(x, x_hat)) / 28,
            ),
        ),
        (
            "sum over the batch",
            "You summed over the batch as well: it is the mean of what the pictures cost.",
            lambda x, x_hat: costs(x, x_hat).sum(),
        ),
        (
            "no mean over the batch",
            "One number for each picture came: take their mean, tf.reduce_mean.",
            lambda x, x_hat: costs(x, x_hat).sum(axis=(1, 2, 3)),
        ),
        (
            "not summed",
            "One number for each pixel came: sum over the pixels, then take the mean.",
            (costs, lambda x, x_hat: costs(x, x_hat)[..., 0]),
        ),
        (
            "no minus",
            "The loss is negative: logarithms of probabilities are, so there is a minus before "
            "the sum.",
            lambda x, x_hat: -right_reconstruction(x, x_hat),
        ),
        (
            "white pixels alone",
            "Only the white pixels cost: (1 - x) * log(1 - x_hat) is missing.",
            lambda x, x_hat: pictures(white(x, x_hat)),
        ),
        (
            "black pixels alone",
            "Only the black pixels cost: x * log(x_hat) is missing.",
            lambda x, x_hat: pictures(black(x, x_hat)),
        ),
        (
            "white and black swapped",
            "x goes with log(x_hat), 1 - x with log(1 - x_hat); yours are the other way round.",
            lambda x, x_hat: pictures(costs(1 - x, x_hat)),
        ),
        (
            "x and x_hat swapped",
            "You took the logarithm of the picture: it is taken of what came back, x_hat.",
            lambda x, x_hat: pictures(costs(x_hat, x)),
        ),
        (
            "squared error",
            "You squared the differences: the loss is the binary cross-entropy.",
            (
                lambda x, x_hat: pictures((x - x_hat) ** 2),
                lambda x, x_hat: np.mean((x - x_hat) ** 2),
            ),
        ),
        (
            "absolute error",
            "You took absolute differences: the loss is the binary cross-entropy.",
            lambda x, x_hat: pictures(np.abs(x - x_hat)),
        ),
        (
            "taken for logits",
            "x_hat went through a sigmoid once more: the decoder's pixels are probabilities "
            "already, not logits.",
            lambda x, x_hat: pictures(np.logaddexp(0, x_hat) - x * x_hat),
        ),
        (
            "in bits",
            "You took the logarithm to base 2: the loss is in nats, with tf.math.log.",
            lambda x, x_hat: right_reconstruction(x, x_hat) / np.log(2),
        ),
        (
            "rounded pictures",
            "You rounded the pictures: a pixel of x may be grey, take it as it is.",
            lambda x, x_hat: right_reconstruction(np.round(x), x_hat),
        ),
        (
            "another batch size",
            "The sum is divided by a number written out: take the mean over however many there "
            "are.",
            (
                lambda x, x_hat: costs(x, x_hat).sum() / 128,
                lambda x, x_hat: costs(x, x_hat).sum() / 32,
            ),
        ),
    ]
] + [
    KnownMistake("reconstruction_loss", name, sentence, message=message)
    for name, sentence, message in [
        (
            "not cut",
            "The logarithm of 0 is infinite: cut x_hat by tf.clip_by_value(x_hat, 1e-7, 1 - "
            "1e-7) first.",
            r"(it is a number near 0|it is large, but a number)\. Cut",
        ),
        (
            "cut too far from 0 and 1",
            "You cut x_hat so far from 0 and 1 that a right guess costs: cut at 1e-7.",
            r"right is nearly 0\. Cut|right is 784 . -ln",
        ),
    ]
]


# ---- kl_divergence


def kl(term, reduce=lambda each: each.sum(axis=-1).mean()):
    """Return a divergence of another term."""
    return lambda z_mean, z_log_var: reduce(-0.5 * term(z_mean, z_log_var))


def terms(m, v):
    return 1 + v - m**2 - np.exp(v)


def right_kl(z_mean, z_log_var):
    return kl(terms)(z_mean, z_log_var)


KL = [
    KnownMistake("kl_divergence", name, sentence, wrong)
    for name, sentence, wrong in [
        (
            "the sign",
            "The divergence is negative: there is a minus before the sum, as it is written here.",
            kl(lambda m, v: -terms(m, v)),
        ),
        (
            "no half",
            "The factor 1/2 is missing: 5 came in place of 2.5.",
            (kl(lambda m, v: 2 * terms(m, v)), kl(lambda m, v: -2 * terms(m, v))),
        ),
        (
            "mean over the dimensions",
            "You took the mean over the dimensions: sum over axis=-1, then take the mean over "
            "the batch.",
            kl(terms, np.mean),
        ),
        (
            "sum over the batch",
            "You summed over the batch as well: it is the mean of what the codes cost.",
            kl(terms, np.sum),
        ),
        (
            "no mean over the batch",
            "One number for each code came: take their mean, tf.reduce_mean.",
            kl(terms, lambda each: each.sum(axis=-1)),
        ),
        (
            "axes swapped",
            "Axis 0 counts the pictures: sum over axis=-1, the dimensions, and take the mean of "
            "the rest.",
            kl(terms, lambda each: each.sum(axis=0).mean()),
        ),
        (
            "log-variance taken for a deviation",
            "You took z_log_var for the deviation: it is the logarithm of the variance, so the "
            "variance is tf.exp(z_log_var).",
            kl(lambda m, v: 1 + np.log(v**2) - m**2 - v**2),
        ),
        (
            "log-variance taken for a variance",
            "You took z_log_var for the variance: it is its logarithm already.",
            (
                kl(lambda m, v: 1 + np.log(v) - m**2 - v),
                kl(lambda m, v: 1 + np.log(np.abs(v)) - m**2 - v),
            ),
        ),
        (
            "log-deviation",
            "You took z_log_var for the logarithm of the deviation: it is that of the variance, "
            "so leave out the 2.",
            kl(lambda m, v: 1 + 2 * v - m**2 - np.exp(2 * v)),
        ),
        (
            "deviation for the variance",
            "exp(z_log_var / 2) is the deviation: here the variance counts, exp(z_log_var).",
            kl(lambda m, v: 1 + v - m**2 - np.exp(v / 2)),
        ),
        (
            "variance squared",
            "exp(z_log_var) is the variance already: leave out the square.",
            kl(lambda m, v: 1 + v - m**2 - np.exp(2 * v)),
        ),
        (
            "no variance",
            "The variance is missing: both z_log_var and exp(z_log_var) count.",
            kl(lambda m, v: 1 - m**2),
        ),
        (
            "no log-variance",
            "The term z_log_var is missing, which keeps the variance from shrinking to 0.",
            kl(lambda m, v: 1 - m**2 - np.exp(v)),
        ),
        (
            "no 1",
            "The 1 is missing: for mean 0 and variance 1 the divergence is 0.",
            kl(lambda m, v: v - m**2 - np.exp(v)),
        ),
        (
            "mean not squared",
            "The mean is squared: z_mean**2.",
            (
                kl(lambda m, v: 1 + v - m - np.exp(v)),
                kl(lambda m, v: 1 + v - np.abs(m) - np.exp(v)),
            ),
        ),
        (
            "no mean",
            "The term z_mean**2 is missing, which keeps the codes near 0.",
            kl(lambda m, v: 1 + v - np.exp(v)),
        ),
        (
            "a sign inside",
            "The square of the mean is subtracted inside the brackets.",
            kl(lambda m, v: 1 + v + m**2 - np.exp(v)),
        ),
        (
            "the other way round",
            "That is the divergence of the prior from the code: the variance counts, not its "
            "inverse.",
            kl(lambda m, v: 1 - v - (1 + m**2) * np.exp(-v)),
        ),
        (
            "arguments swapped",
            "z_mean and z_log_var have changed places: the mean is squared, the other one goes "
            "through tf.exp.",
            kl(lambda m, v: terms(v, m)),
        ),
        (
            "two dimensions written out",
            "Only the first two dimensions count: sum over axis=-1, however many there are.",
            kl(lambda m, v: terms(m, v)[:, :2]),
        ),
    ]
]


# ---- reparameterize


def right_sample(z_mean, z_log_var):
    z_mean, z_log_var = (np.asarray(a, np.float64) for a in (z_mean, z_log_var))
    reach = 8 * np.exp(z_log_var / 2) + 1e-4

    def fits(came):
        z = np.asarray(came, np.float64)
        return z.shape == z_mean.shape and bool((np.abs(z - z_mean) < reach).all())

    return Like(fits, f"a draw of shape {z_mean.shape} around z_mean")


def compiled_call(z_mean, z_log_var):
    return "reparameterize(z_mean, z_log_var), twice in a compiled step"


SAMPLES = [
    KnownMistake("reparameterize", name, sentence, message=message)
    for name, sentence, message in [
        (
            "another shape",
            "The result has another shape than z_mean: the noise has z_mean's shape, and z alone "
            "is returned.",
            r"right is that of z_mean|neither a number nor an array|Incompatible shapes"
            r"|required broadcastable shapes",
        ),
        (
            "no noise, or one number for all",
            "All numbers that come are the same: draw noise for each, tf.random.normal of the "
            "shape of z_mean, and multiply it by exp(z_log_var / 2).",
            r"gives the same number everywhere",
        ),
        (
            "noise shared by the batch",
            "All pictures get the same noise: draw as many numbers as z_mean has, "
            "tf.random.normal(tf.shape(z_mean)).",
            r"gives every picture the same noise",
        ),
        (
            "noise shared by the dimensions",
            "All dimensions of a code get the same noise: draw as many numbers as z_mean has.",
            r"gives every dimension the same noise",
        ),
        (
            "variance for the deviation",
            "The half is missing: exp(z_log_var) is the variance, the deviation is "
            "exp(z_log_var / 2).",
            r"the deviation is its root",
        ),
        (
            "log-variance taken for a deviation",
            "You multiplied by z_log_var itself: the deviation is exp(z_log_var / 2).",
            r"logarithm of the variance, not the deviation",
        ),
        (
            "halved twice",
            "You took a root and a half: the deviation is exp(z_log_var / 2).",
            r"half is in the exponent already",
        ),
        (
            "the sign of the exponent",
            "The exponent has a minus: the deviation is exp(z_log_var / 2).",
            r"sign of the exponent is wrong",
        ),
        (
            "variance ignored",
            "z_log_var is not used: the noise is multiplied by exp(z_log_var / 2).",
            r"z_log_var is not used",
        ),
        (
            "mean ignored or moved",
            "The draws lie around another place than z_mean: add the noise to z_mean, and draw "
            "it with mean 0.",
            r"has the means .*: add the noise to z_mean",
        ),
        (
            "noise that is compiled in",
            "NumPy draws once, when the training step is compiled, and never again: take "
            "tf.random.normal.",
            r"NumPy's noise is drawn once",
        ),
        (
            "the same noise in every call",
            "The noise is the same in every call: draw it inside the function, without a seed.",
            r"called twice, gave the same codes",
        ),
        (
            "the draw detached",
            "The gradient finds no way from z to z_mean or to z_log_var: no tf.stop_gradient, "
            "no NumPy and no tf.constant; multiply and add by TensorFlow.",
            r"has no gradient with respect to|not a tensor, so that TensorFlow cannot follow",
        ),
        (
            "NaN",
            "The root of a negative number is NaN: z_log_var may be negative, and no root is "
            "taken of it.",
            r"no root and no logarithm is taken",
        ),
        (
            "another deviation",
            "The deviation is another: multiply noise of deviation 1 by exp(z_log_var / 2).",
            r"has the deviations .* The deviation is exp",
        ),
        (
            "noise of another distribution",
            "The noise is not normal, with deviation 1: take tf.random.normal.",
            r"Draw by tf\.random\.normal\.",
        ),
        (
            "another place than the mean",
            "Without variance a code is its own z_mean, picture by picture: look at what you add "
            "to the noise.",
            r"which is a variance of 0, is",
        ),
        (
            "a number's exponential",
            "math.exp takes a number: for tensors take tf.exp.",
            r"tf\.exp and tf\.math\.log, not those of the module math",
        ),
    ]
]


# ---- vae_loss


def right_vae(x, x_hat, z_mean, z_log_var, beta=1.0):
    return right_reconstruction(x, x_hat) + beta * right_kl(z_mean, z_log_var)


def added(combine):
    """Return a loss that combines both losses and beta in its own way."""

    def vae_loss(x, x_hat, z_mean, z_log_var, beta):
        return combine(right_reconstruction(x, x_hat), right_kl(z_mean, z_log_var), beta)

    return vae_loss


SUMS = [
    KnownMistake("vae_loss", name, sentence, wrong)
    for name, sentence, wrong in [
        (
            "beta ignored",
            "beta is not used: the divergence is multiplied by it.",
            added(lambda a, b, beta: a + b),
        ),
        (
            "beta at the reconstruction",
            "beta weighs the divergence, not the reconstruction.",
            added(lambda a, b, beta: beta * a + b),
        ),
        (
            "beta at both",
            "beta weighs the divergence alone: close the brackets earlier.",
            added(lambda a, b, beta: beta * (a + b)),
        ),
        (
            "divided by beta",
            "You divided by beta: multiply the divergence by it.",
            added(lambda a, b, beta: a + b / (beta + 1e-9)),
        ),
        (
            "beta added",
            "beta is a factor of the divergence; you added it.",
            (
                added(lambda a, b, beta: a + b + beta),
                added(lambda a, b, beta: a + b + beta - 1),
            ),
        ),
        (
            "weights that add up to 1",
            "The reconstruction has no weight: leave out the factor 1 - beta.",
            added(lambda a, b, beta: (1 - beta) * a + beta * b),
        ),
        (
            "subtracted",
            "You subtracted the divergence: both are costs, so they are added.",
            added(lambda a, b, beta: a - beta * b),
        ),
        (
            "multiplied",
            "You multiplied the two losses: add them.",
            added(lambda a, b, beta: a * beta * b),
        ),
        (
            "the mean of both",
            "You took the mean of the two losses: add them.",
            added(lambda a, b, beta: (a + beta * b) / 2),
        ),
        (
            "reconstruction alone",
            "The divergence is missing: without it this is a plain autoencoder.",
            added(lambda a, b, beta: a),
        ),
        (
            "divergence alone",
            "The reconstruction is missing: without it nothing is learnt about pictures.",
            added(lambda a, b, beta: beta * b),
        ),
        (
            "not added up",
            "Two numbers came in place of their sum: add them.",
            added(lambda a, b, beta: (a, beta * b)),
        ),
        (
            "counted per pixel",
            "reconstruction_loss sums over the pixels already: take it as it is.",
            (
                added(lambda a, b, beta: a / 784 + beta * b),
                added(lambda a, b, beta: a * 784 + beta * b),
            ),
        ),
        (
            "squared",
            "You squared the losses: add them as they are.",
            added(lambda a, b, beta: a**2 + beta * b**2),
        ),
        (
            "pictures swapped",
            "reconstruction_loss takes x first, then x_hat; yours is the other way round.",
            lambda x, x_hat, z_mean, z_log_var, beta: right_vae(x_hat, x, z_mean, z_log_var, beta),
        ),
        (
            "codes swapped",
            "kl_divergence takes z_mean first, then z_log_var; yours is the other way round.",
            lambda x, x_hat, z_mean, z_log_var, beta: right_vae(x, x_hat, z_log_var, z_mean, beta),
        ),
        (
            "whole numbers",
            "You cut the loss to a whole number: leave it a float.",
            added(lambda a, b, beta: np.trunc(a + beta * b)),
        ),
    ]
] + [
    KnownMistake(
        "vae_loss",
        "another default",
        "With beta given it is right, without it is not: the default is 1.0.",
        failing=("test_vae_loss_adds_the_two_losses",),
        passing=("test_vae_loss_weighs_the_divergence_by_beta",),
    )
]


# ---- interpolate


def line(way):
    """Return a walk that takes other shares of the way."""

    def interpolate(z_start, z_end, n):
        shares = way(int(n))[:, np.newaxis]
        return z_start + shares * (z_end - z_start)

    return interpolate


def right_line(z_start, z_end, n):
    return line(lambda n: np.linspace(0, 1, n))(z_start, z_end, n)


def sphere(z_start, z_end, n):
    lengths = np.linalg.norm(z_start) * np.linalg.norm(z_end)
    angle = np.arccos(np.clip(np.dot(z_start, z_end) / lengths, -1, 1)) + 1e-9
    way = np.linspace(0, 1, int(n))[:, np.newaxis]
    return (np.sin((1 - way) * angle) * z_start + np.sin(way * angle) * z_end) / np.sin(angle)


def grid(z_start, z_end, n):
    axes = [np.linspace(a, b, int(n)) for a, b in zip(z_start, z_end, strict=True)]
    return np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, len(z_start))


def first_alone(z_start, z_end, n):
    codes = np.tile(z_start, (int(n), 1))
    codes[:, 0] = np.linspace(z_start[0], z_end[0], int(n))
    return codes


WAYS = [
    KnownMistake("interpolate", name, sentence, wrong)
    for name, sentence, wrong in [
        (
            "an end left out",
            "Both ends belong to the n codes, so the steps are of 1 / (n - 1) of the way.",
            (
                line(lambda n: np.arange(n) / n),
                line(lambda n: np.arange(1, n + 1) / n),
                line(lambda n: np.linspace(0, 1, n + 2)[1:-1]),
                line(lambda n: np.linspace(0, 1, n)[:-1]),
            ),
        ),
        (
            "too many codes",
            "More than n codes came: both ends are among the n.",
            (
                line(lambda n: np.linspace(0, 1, n + 1)),
                line(lambda n: np.linspace(0, 1, n + 2)),
            ),
        ),
        (
            "backwards",
            "The walk goes from z_start to z_end; yours goes back.",
            line(lambda n: np.linspace(1, 0, n)),
        ),
        (
            "transposed",
            "A code is a row of the result: transpose it.",
            lambda z_start, z_end, n: right_line(z_start, z_end, n).T,
        ),
        (
            "steps that are not equal",
            "The steps are not equal: code i lies at i / (n - 1) of the way.",
            line(lambda n: np.linspace(0, 1, n) ** 2 * (3 - 2 * np.linspace(0, 1, n))),
        ),
        (
            "on a sphere",
            "You walked round on a circle: the walk is a straight line.",
            sphere,
        ),
        (
            "the start not added",
            "The walk starts at 0: add z_start to the shares of the difference.",
            lambda z_start, z_end, n: right_line(z_start, z_end, n) - z_start,
        ),
        (
            "the end not subtracted from",
            "The walk goes beyond z_end: the shares are of the difference, z_end - z_start.",
            lambda z_start, z_end, n: right_line(z_start, z_start + z_end, n),
        ),
        (
            "n ignored",
            "The number of codes is n, the argument, not a number written out.",
            lambda z_start, z_end, n: right_line(z_start, z_end, 5),
        ),
        (
            "a grid",
            "You paired all coordinates with each other: a walk has n codes, not a grid of them.",
            grid,
        ),
        (
            "the middle alone",
            "One code came, the middle: the walk has n of them.",
            lambda z_start, z_end, n: (z_start + z_end) / 2,
        ),
        (
            "one dimension alone",
            "Only the first number of the code changes: all of them do.",
            first_alone,
        ),
        (
            "two dimensions written out",
            "Only two numbers of the code are there: a code may have any number of them.",
            lambda z_start, z_end, n: right_line(z_start[:2], z_end[:2], n),
        ),
    ]
] + [
    KnownMistake(
        "interpolate",
        "way not a column",
        "The n shares of the way have to be a column, (n, 1), to be multiplied by codes: write "
        "[:, np.newaxis] after them.",
        message=r"could not be broadcast|required broadcastable|Incompatible shapes",
    )
]


def cut_codes(sights):
    """Tell whether nothing but whole numbers came, where others are right."""
    whole = all(np.array_equal(sight.came, np.trunc(sight.came)) for sight in sights)
    return whole and not all(same(sight.came, sight.right) for sight in sights)


CUT = [
    KnownMistake(
        "interpolate",
        "whole numbers",
        "You cut the codes to whole numbers: leave them floats.",
        fits=cut_codes,
    ),
]


RIGHT = {
    "encoder": right_encoder,
    "decoder": right_decoder,
    "reconstruction_loss": right_reconstruction,
    "interpolate": right_line,
    "kl_divergence": right_kl,
    "reparameterize": right_sample,
    "vae_loss": right_vae,
}

READERS = {
    "inside_network": Reader(
        asked=lambda call, function, latent_dim, *rest: (call, (*latent_dim, 2)[0]),
        came=network,
        called=lambda call, latent_dim: call,
        told=network_told,
    ),
    "reconstruction_loss": Reader(asked=uncertain, called=uncertain_call),
    "inside_compiled": Reader(
        asked=lambda call, reparameterize, z_mean, z_log_var: (z_mean, z_log_var),
        came=lambda came: came[0],
        called=compiled_call,
    ),
}

MISTAKES = [*NETWORKS, *RECONSTRUCTION, *KL, *SAMPLES, *SUMS, *WAYS, *CUT]
