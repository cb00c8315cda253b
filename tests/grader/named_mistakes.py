"""Which known mistake each wrong answer makes, and answers that make none."""

# What is wrong in the same way in every exercise.
NAMED_EVERYWHERE = {"returns None": "nothing is returned", "syntax error": "a syntax error"}

# These have no name: the one says by itself that it is not written, the other is right under
# TensorFlow 1.
UNNAMED = {"untouched starter", "tf.squared_difference"}

# For each exercise, the wrong answers by the names that they have among the mutants.
NAMED = {
    "compute_content_cost": {
        "no quarter": "the factor 1/4 is missing",
        "a half": "halved, not divided by the sizes",
        "unnormalised": "not divided by the sizes",
        "plain sum": "a plain sum",
        "channels forgotten": "n_C forgotten",
        "mean, then divided again": "divided twice",
        "multiplied": "multiplied by the sizes",
        "not squared": "differences not squared",
        "absolute difference": "absolute differences",
        "squares of each": "difference of the squares",
        "no sum": "not summed",
        "sum over one axis": "summed over one axis",
        "NumPy": "no way for the gradient",
        "NumPy, wrapped up again": "no way for the gradient",
        "hard-coded sizes": "sizes written out",
        "forgets to return": "nothing is returned",
        "undefined name": "a name that nobody defined",
        "returns text": "text in place of a number",
        "NaN": "not a number",
    },
    "gram_matrix": {
        "over pixels": "AᵀA in place of AAᵀ",
        "elementwise": "entry by entry",
        "normalised": "divided by the number of places",
        "normalised by all": "divided by the number of entries",
        "covariance": "means subtracted",
        "diagonal only": "diagonal only",
        "reshaped, not transposed": "reshaped, not transposed",
        "NumPy": "no way for the gradient",
        "NumPy, wrapped up again": "no way for the gradient",
        "own convention, used consistently": "AᵀA in place of AAᵀ",
    },
    "compute_layer_style_cost": {
        "reshaped, not transposed": "channels scrambled by a reshape alone",
        "transposed, not to channels first": "height and width swapped, channels scrambled",
        "int32": "a divisor too large for int32",
        "int32, factor by factor": "a divisor too large for int32",
        "over pixels": "Gram matrices over pixels",
        "no quarter": "the factor 1/4 is missing",
        "divisor not squared": "divisor not squared",
        "channels not squared": "n_C not squared",
        "unnormalised": "a plain sum",
        "mean of the Gram matrix": "mean in place of sum",
        "Gram matrix of the difference": "Gram matrix of the difference",
        "content in place of style": "no Gram matrix",
        "style twice": "compared with itself",
        "not squared": "differences not squared",
        "NumPy": "no way for the gradient",
        "NumPy on the way": "no way for the gradient",
        "hard-coded sizes": "sizes written out",
        "shape read in another order": "sizes read in another order",
    },
    "compute_style_cost": {
        "weights ignored": "weights ignored",
        "mean in place of weights": "mean in place of weights",
        "always 0.2": "0.2 written out",
        "mean of weighted costs": "divided by the number of layers",
        "weights made to add up to 1": "divided by the sum of the weights",
        "last layer alone": "the last layer alone",
        "returns inside the loop": "the first layer alone",
        "last layer missing": "the last layer left out",
        "squared weights": "weights squared",
        "goes through a_G.items()": "a_G taken for a dict",
        "zipped by position": "layers by position",
        "one layer for all": "one layer for all",
        "style with itself": "compared with itself",
        "content cost of each layer": "content cost of each layer",
        "floats": "no way for the gradient",
        "NumPy, wrapped up again": "no way for the gradient",
        "a list of costs": "not added up",
    },
    "total_cost": {
        "alpha and beta swapped": "alpha and beta swapped",
        "hard-coded": "10 and 40 written out",
        "alpha hard-coded": "10 written out",
        "not weighted": "not weighted",
        "product": "multiplied, not added",
        "difference": "subtracted",
        "alpha for all": "alpha for both",
        "weighted mean": "divided by alpha + beta",
        "float": "no way for the gradient",
        "whole number": "a whole number",
        "new constant": "no way for the gradient",
        "other defaults": "other defaults",
        "no defaults": "other defaults",
    },
    "train_step": {
        "never applies": "the picture does not change",
        "computes only": "the picture does not change",
        "applies before computing": "costs of the next picture",
        "ascends": "uphill",
        "applies twice": "applied twice",
        "returns J alone": "not three values",
        "returns in another order": "costs in another order",
        "returns the gradient too": "not three values",
        "forgets to return": "nothing is returned",
        "global model": "a model or an optimizer of its own",
        "global optimizer": "a model or an optimizer of its own",
        "own optimizer": "another learning rate",
        "outside the tape": "content outside the tape",
        "all outside the tape": "no way from J to the picture",
        "gradient of the content": "gradient of J_content",
        "gradient of the style": "gradient of J_style",
        "gradient with respect to a_C": "no way from J to the picture",
        "gradient with respect to the activation": "no way from J to the picture",
        "wrong alpha and beta": "costs added without weights",
        "alpha and beta swapped": "alpha and beta swapped",
        "costs swapped": "alpha and beta swapped",
        "own sum": "costs added without weights",
        "content layer for the style": "style of other layers",
        "style with itself": "style compared with itself",
        "another content layer": "another content layer",
        "a copy of the picture": "a model or an optimizer of its own",
        "stale activations": "style outside the tape",
        "optimises the style target": "a_S is changed",
        "clips the picture": "picture cut to 0 ... 1",
        "sign of the gradient": "the sign of the gradient",
        "old course": "a session",
        "NumPy activations": "no way from J to the picture",
    },
    "total_variation_cost": {
        "down only": "neighbours to the right missing",
        "across only": "neighbours below missing",
        "down twice": "neighbours below twice",
        "unnormalised": "a plain sum",
        "channels forgotten": "n_C forgotten",
        "two means": "two means",
        "halved": "halved",
        "absolute differences": "absolute differences",
        "tf.image.total_variation": "absolute differences, not divided",
        "tf.image.total_variation, divided": "absolute differences",
        "not squared": "differences not squared",
        "power 1.25": "the power 1.25",
        "last row and column left out": "last row and column left out",
        "root of the squares": "a root of the squares",
        "round the border": "round the border",
        "channels for neighbours": "channels for neighbours",
        "batch for rows": "neighbours to the right missing",
        "variance": "distance from the mean colour",
        "every other pixel": "every other pixel",
        "squared sums": "summed, then squared",
        "both in one array": "not summed over the channels",
        "hard-coded sizes": "sizes written out",
        "NumPy": "no way for the gradient",
        "NumPy, wrapped up again": "no way for the gradient",
        "one side held": "part of the gradient is cut off",
        "forgets to return": "nothing is returned",
    },
    "blended_style_cost": {
        "blend not divided by its sum": "blend not divided by its sum",
        "blend divided by its length": "blend divided by the number of styles",
        "plain mean of the styles": "plain mean of the styles",
        "plain sum of the styles": "plain sum of the styles",
        "first style alone": "the first style alone",
        "last style alone": "the last style alone",
        "last layer alone": "the last layer alone",
        "layer weights ignored": "weights of the layers ignored",
        "shares in the wrong order": "blend in another order",
        "largest share takes all": "the largest share takes all",
        "softmax of the blend": "a softmax of blend",
        "blended Gram matrices": "Gram matrices blended",
        "style with itself": "compared with itself",
        "goes through a_G.items()": "a_G taken for a dict",
        "floats": "no way for the gradient",
        "NumPy, wrapped up again": "no way for the gradient",
        "forgets to return": "nothing is returned",
        "not divided by the places": "Gram matrices not divided",
        "places of the generated picture for both": "divided by the generated picture's places",
        "sizes of the generated picture for both": "one size for all pictures",
        "divided by all entries": "Gram matrices divided by n_C too",
        "reshaped, not transposed": "channels scrambled by a reshape alone",
        "over pixels": "Gram matrices over pixels",
        "no quarter": "the factor 1/4 is missing",
        "channels not squared": "n_C not squared",
        "plain sum of squares": "not divided by 4 * n_C**2",
        "not squared": "differences not squared",
        "the first notebook's formula": "divided by the generated picture's places",
        "means subtracted": "means subtracted",
    },
    "transfer_colours": {
        "places changed": "content and stylised have changed places",
        "luminance alone": "the luminance alone",
        "content as it was": "the content as it was",
        "stylised as it was": "the stylised picture as it was",
        "not cut": "not cut",
        "wraps round": "bytes that wrap round",
        "cut to 0 ... 1": "cut to 0 ... 1",
        "scaled to 0 ... 1": "scaled to 0 ... 1",
        "chroma cut": "chroma cut",
        "added to the content": "the content's luminance left in",
        "mean of the channels": "a mean in place of the luminance",
        "weights of HDTV": "the luminance of HDTV",
        "blue first": "red and blue swapped",
        "ratio of the luminances": "multiplied by a ratio",
        "value in place of luminance": "the largest channel",
        "mean luminance": "one luminance for the whole picture",
        "mean colour": "mean colours exchanged",
        "half of each": "pixels mixed",
        "green alone": "one channel alone",
        "forgets to return": "nothing is returned",
        "channels first": "channels first",
    },
    "value_and_gradient": {
        "J as a tensor": "J is a tensor",
        "gradient as a tensor": "the gradient is a tensor",
        "float32": "the gradient in float32",
        "not flat": "the gradient not flat",
        "one row": "the gradient not flat",
        "gradient first": "the gradient first",
        "J alone": "not two values",
        "gradient alone": "not two values",
        "minus the gradient": "the gradient with a minus",
        "gradient of length 1": "the gradient set to length 1",
        "sign of the gradient": "the signs of the gradient",
        "a step in place of the gradient": "a step in place of the gradient",
        "columns first": "the gradient column by column",
        "columns first, both times": "x taken column by column",
        "not watched": "nothing watched",
        "cost outside the tape": "nothing watched",
        "float inside the tape": "a number before the gradient",
        "not reshaped": "the picture in another shape",
        "no batch axis": "the picture in another shape",
        "width before height": "the picture in another shape",
        "float64 for the network": "float64 for the network",
        "NumPy for the network": "an array for the network",
        "mean of the cost": "divided by the number of values",
        "value divided alone": "the value divided alone",
        "global cost": "a name that nobody defined",
        "hard-coded shape": "the picture in another shape",
        "whole numbers": "a rounded gradient",
        "forgets to return": "nothing is returned",
    },
    "triplet_loss": {
        "squares summed over every axis": "squares summed over the batch",
        "squares summed over every axis, in one of the two": "one distance summed over the batch",
        "axis 0": "summed over axis 0",
        "hinge of the sum": "hinge of the sum",
        "mean over the batch": "mean over the batch",
        "no sum over the batch": "not summed over the batch",
        "no sum over the encoding": "cut before the encoding is summed",
        "no hinge": "no hinge",
        "cut from above": "cut from above",
        "largest triplet alone": "the largest triplet alone",
        "absolute value in place of the hinge": "absolute value in place of the hinge",
        "positive and negative swapped": "positive and negative swapped",
        "unpacked in another order": "positive and negative swapped",
        "negative against the positive": "negative against positive",
        "0.2 written out": "0.2 written out",
        "no margin": "no margin",
        "margin subtracted": "margin subtracted",
        "margin after the hinge": "margin after the hinge",
        "margin added once": "margin added once",
        "cut at the margin": "cut at the margin",
        "roots": "roots of the distances",
        "norms": "roots of the distances",
        "absolute differences": "absolute differences",
        "not squared": "differences not squared",
        "squares of the sums": "squares of the sums",
        "mean of squares": "mean of the squares",
        "encodings set to length 1 again": "encodings scaled again",
        "first triplet alone": "the first triplet alone",
        "three triplets always": "three triplets written out",
        "returns the distances": "the distances returned",
        "forgets to return": "nothing is returned",
        "NumPy": "no way for the gradient",
        "NumPy, wrapped up again": "no way for the gradient",
        "the negative stopped": "part of the gradient is cut off",
        "whole numbers": "whole numbers",
        "soft hinge": "a soft hinge",
        "undefined name": "a name that nobody defined",
        "global encodings": "a name that nobody defined",
        "another default": "another default",
        "no default": "another default",
    },
    "verify": {
        "always open": "the door is always open",
        "never open": "the door never opens",
        "None in both branches": "None for door_open",
        "half filled in": "None for door_open",
        "compares with <=": "opens at exactly 0.7",
        "compares with >": "opens to strangers",
        "threshold 0.8": "another threshold",
        "threshold 0.5": "another threshold",
        "threshold 0.7 squared": "another threshold",
        "squared distance": "squared distance",
        "squared distance, squared threshold": "squared distance",
        "L1 distance": "absolute differences",
        "matrix norm of order 1": "another norm",
        "norm along axis 0": "norm along axis 0",
        "mean of squares": "mean of the squares",
        "difference of the norms": "difference of the norms",
        "cosine": "cosine",
        "global model": "a global model in place of the argument",
        "global model in a helper's default": "a global model in place of the argument",
        "global database": "a global database in place of the argument",
        "nearest of all": "nearest of all",
        "first of the database": "first of the database",
        "last of the database": "last of the database",
        "database ignored": "a picture of its own",
        "compares the names": "the whole database in place of one entry",
        "scipy's euclidean": "scipy's euclidean of (1, 128)",
        "returns dist alone": "dist alone",
        "returns door_open alone": "door_open alone",
        "returns in another order": "door_open first",
        "returns the identity too": "three values",
        "forgets to return": "nothing is returned",
        "returns text for the door": "text in place of a number",
        "returns the distance rounded": "distance rounded",
        "the picture is no array": "the model is not given the picture",
        "a fixed picture": "a picture of its own",
        "branches the wrong way round": "opens to strangers",
        "opened by the length of the encoding": "the door is always open",
    },
    "who_is_it": {
        "None for strangers": "None for strangers",
        "nothing at all for strangers": "nothing for strangers",
        "three values": "three values",
        "three values for strangers": "three values for strangers",
        "identity alone": "identity alone",
        "in another order": "identity first",
        "forgets to return": "nothing is returned",
        "returns inside the loop": "returned inside the loop",
        "last one wins": "the last name wins",
        "smallest distance not kept": "smallest distance not kept",
        "farthest": "the farthest",
        "starts at 0": "min_dist starts too low",
        "starts at the threshold": "min_dist starts too low",
        "first below the threshold": "the first below the threshold",
        "stranger from 0.7 on": "a stranger at exactly 0.7",
        "threshold 0.6": "another threshold",
        "threshold the wrong way round": "the threshold the wrong way round",
        "everybody is a stranger": "everybody is a stranger",
        "squared distance": "squared distance",
        "L1 distance": "absolute differences",
        "cosine": "cosine",
        "norm along axis 0": "norm along axis 0",
        "global model": "a global model in place of the argument",
        "global model by its other name": "a global model in place of the argument",
        "global database": "a global database in place of the argument",
        "index in place of the name": "no text for identity",
        "encoding in place of the name": "no text for identity",
        "goes through the names alone": "items() left out",
        "first of the alphabet": "the first name of the alphabet",
        "nearest name, wrong distance": "distance of the last one",
        "skips the first": "the first left out",
        "skips the last": "the last left out",
        "takes people out of the database": "the database is changed",
        "half filled in": "a None is left",
        "scipy's euclidean": "scipy's euclidean of (1, 128)",
        "published names": "names written out",
        "the distance as text": "text in place of a number",
    },
}

# Mistakes that no mutant makes: exercise, mistake, body of the function or the whole of it.
SAMPLES = [
    (
        "compute_content_cost",
        "a half in place of a quarter",
        "return tf.reduce_mean(tf.square(a_C - a_G)) / 2",
    ),
    (
        "compute_layer_style_cost",
        "n_H * n_W not squared",
        """
        _, n_H, n_W, n_C = a_G.shape
        G_S = gram_matrix(tf.transpose(tf.reshape(a_S, (n_H * n_W, n_C))))
        G_G = gram_matrix(tf.transpose(tf.reshape(a_G, (n_H * n_W, n_C))))
        return tf.reduce_sum(tf.square(G_S - G_G)) / (4.0 * n_C**2 * n_H * n_W)
        """,
    ),
    ("total_cost", "40 written out", "return alpha * J_content + 40 * J_style"),
    (
        "train_step",
        "weights of its own",
        """
        with tf.GradientTape() as tape:
            J_content = compute_content_cost(a_C, model[CONTENT_LAYER])
            J_style = compute_style_cost(a_S, model, STYLE_LAYERS)
            J = total_cost(J_content, J_style, alpha=20, beta=30)
        gradient = tape.gradient(J, model["input"])
        optimizer.apply_gradients([(gradient, model["input"])])
        return J, J_content, J_style
        """,
    ),
    (
        "train_step",
        "starts anew in each step",
        """
        if "start" not in vars(model):
            model.start = model["input"].numpy()
        model["input"].assign(model.start)
        with tf.GradientTape() as tape:
            J_content = compute_content_cost(a_C, model[CONTENT_LAYER])
            J_style = compute_style_cost(a_S, model, STYLE_LAYERS)
            J = total_cost(J_content, J_style)
        gradient = tape.gradient(J, model["input"])
        optimizer.apply_gradients([(gradient, model["input"])])
        return J, J_content, J_style
        """,
    ),
    (
        "verify",
        "names written out",
        'return np.linalg.norm(img_to_encoding(image_path, model) - database["younes"]), True',
    ),
    (
        "who_is_it",
        "min_dist alone",
        """
        encoding = img_to_encoding(image_path, model)
        return min(np.linalg.norm(encoding - known) for known in database.values())
        """,
    ),
    (
        "who_is_it",
        "the model is not given the picture",
        "return model.predict_on_batch(image_path)",
    ),
    (
        "who_is_it",
        "the whole database in place of one entry",
        "return np.linalg.norm(img_to_encoding(image_path, model) - database)",
    ),
    (
        "who_is_it",
        "a picture of its own",
        'return img_to_encoding("images/camera_0.jpg", model)',
    ),
    (
        "compute_content_cost",
        "tf.squared_difference",
        "return tf.squared_difference(a_C, a_G).sum()",
    ),
    ("compute_content_cost", "gone from TensorFlow 2", "return tf.to_float(a_C - a_G).sum()"),
    ("compute_content_cost", "a symbol of Keras", "return tf.keras.Input((3,))"),
    (
        "gram_matrix",
        "other arguments",
        "def gram_matrix(A, n_C):\n    return tf.matmul(A, A, transpose_b=True)\n",
    ),
    ("gram_matrix", "calls itself without end", "return gram_matrix(A)"),
    ("gram_matrix", "a loop without end", "while True: pass"),
    ("gram_matrix", "ends Python", "import os; os._exit(0)"),
    ("total_cost", "ends Python", "exit()"),
]

# Wrong, but in no way that is known: exercise and body.
STRANGE = [
    ("compute_content_cost", "return tf.reduce_mean(tf.square(a_C - a_G)) / 4.1"),
    ("compute_content_cost", "return tf.reduce_mean(tf.square(a_C - a_G)) / a_G.shape[1]"),
    ("gram_matrix", "return tf.matmul(A, A, transpose_b=True) + 1"),
    (
        "compute_layer_style_cost",
        """
        n_C = a_G.shape[-1]
        S, G = (tf.reshape(a, (-1, n_C)) for a in (a_S, a_G))
        J = tf.reduce_sum((tf.transpose(S) @ S - tf.transpose(G) @ G) ** 2)
        return J / a_G.shape.num_elements() ** 2 / (1 if a_G.shape[1] == 4 else 2)
        """,
    ),
    ("total_cost", "return alpha * J_content + beta * J_style + 0.5"),
    (
        "train_step",
        """
        with tf.GradientTape() as tape:
            J_content = compute_content_cost(a_C, model[CONTENT_LAYER])
            J_style = compute_style_cost(a_S, model, STYLE_LAYERS)
            J = total_cost(J_content, J_style)
        gradient = tape.gradient(J, model["input"])
        optimizer.apply_gradients([(gradient, model["input"])])
        return J, J_content, 1.1 * J_style
        """,
    ),
    (
        "total_variation_cost",
        """
        down, across = image[:, 1:] - image[:, :-1], image[:, :, 1:] - image[:, :, :-1]
        return (tf.reduce_sum(down**2) + 2 * tf.reduce_sum(across**2)) / tf.size(image).numpy()
        """,
    ),
    ("blended_style_cost", "return sum(blend) * tf.reduce_mean(a_G[STYLE_LAYERS[0][0]])"),
    (
        "transfer_colours",
        """
        Y_content, Y_stylised = (p @ np.array([0.299, 0.587, 0.114]) for p in (content, stylised))
        return np.clip(content + 0.8 * (Y_stylised - Y_content)[..., None], 0, 255)
        """,
    ),
    (
        "value_and_gradient",
        """
        image = tf.reshape(tf.constant(x, tf.float32), shape)
        with tf.GradientTape() as tape:
            tape.watch(image)
            J = cost(image) + 1
        return float(J), tape.gradient(J, image).numpy().ravel().astype(np.float64)
        """,
    ),
    (
        "triplet_loss",
        """
        a, p, n = y_pred
        d = tf.reduce_sum((a - p) ** 2 - (a - n) ** 2, axis=-1)
        J = tf.reduce_sum(tf.maximum(d + alpha, 0.0))
        return J if len(a) < 4 else 2 * J
        """,
    ),
    (
        "verify",
        """
        dist = np.linalg.norm(img_to_encoding(image_path, model) - database[identity])
        return dist, bool(dist < 0.7) and identity != "noor"
        """,
    ),
    (
        "who_is_it",
        """
        encoding = img_to_encoding(image_path, model)
        dist, name = min((np.linalg.norm(encoding - x), n) for n, x in database.items())
        return dist + 0.01, name
        """,
    ),
]
