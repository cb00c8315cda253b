"""Wrong answers to the face notebook's exercises: each must lose its own exercise and no other."""

from textwrap import dedent

from answers import Maker, Mutant

SIGNATURES = {
    "triplet_loss": "triplet_loss(y_true, y_pred, alpha=0.2)",
    "verify": "verify(image_path, identity, database, model)",
    "who_is_it": "who_is_it(image_path, database, model)",
}

MAKER = Maker(SIGNATURES)
write, mutant = MAKER.write, MAKER.mutant
UNTOUCHED, RETURNS_NONE, SYNTAX_ERRORS = MAKER.starters()

THREE = "anchor, positive, negative = y_pred\n"
DISTANCES = """
anchor, positive, negative = y_pred
pos_dist = tf.reduce_sum(tf.square(anchor - positive), axis=-1)
neg_dist = tf.reduce_sum(tf.square(anchor - negative), axis=-1)
"""

TRIPLET = [
    mutant("triplet_loss", name, why, dedent(before) + dedent(body))
    for name, why, before, body in [
        (
            "squares summed over every axis",
            "350.026 in place of 528.143",
            THREE,
            """
            pos_dist = tf.reduce_sum(tf.square(anchor - positive))
            neg_dist = tf.reduce_sum(tf.square(anchor - negative))
            return tf.reduce_sum(tf.maximum(pos_dist - neg_dist + alpha, 0.0))
            """,
        ),
        (
            "squares summed over every axis, in one of the two",
            "each anchor against the negatives of the whole batch",
            DISTANCES,
            """
            neg_dist = tf.reduce_sum(tf.square(anchor - negative))
            return tf.reduce_sum(tf.maximum(pos_dist - neg_dist + alpha, 0.0))
            """,
        ),
        (
            "axis 0",
            "sums over the batch, not over the encoding",
            THREE,
            """
            pos_dist = tf.reduce_sum(tf.square(anchor - positive), axis=0)
            neg_dist = tf.reduce_sum(tf.square(anchor - negative), axis=0)
            return tf.reduce_sum(tf.maximum(pos_dist - neg_dist + alpha, 0.0))
            """,
        ),
        (
            "hinge of the sum",
            "a triplet that is well apart pays for another",
            DISTANCES,
            "return tf.maximum(tf.reduce_sum(pos_dist - neg_dist + alpha), 0.0)",
        ),
        (
            "mean over the batch",
            "a third of the sum",
            DISTANCES,
            "return tf.reduce_mean(tf.maximum(pos_dist - neg_dist + alpha, 0.0))",
        ),
        (
            "no sum over the batch",
            "one number a triplet",
            DISTANCES,
            "return tf.maximum(pos_dist - neg_dist + alpha, 0.0)",
        ),
        (
            "no sum over the encoding",
            "cut at 0 number by number",
            THREE,
            """
            basic_loss = tf.square(anchor - positive) - tf.square(anchor - negative) + alpha
            return tf.reduce_sum(tf.maximum(basic_loss, 0.0))
            """,
        ),
        (
            "no hinge",
            "triplets that are well apart cost less than nothing",
            DISTANCES,
            "return tf.reduce_sum(pos_dist - neg_dist + alpha)",
        ),
        (
            "cut from above",
            "minimum in place of maximum",
            DISTANCES,
            "return tf.reduce_sum(tf.minimum(pos_dist - neg_dist + alpha, 0.0))",
        ),
        (
            "largest triplet alone",
            "reduce_max in place of maximum",
            DISTANCES,
            "return tf.maximum(tf.reduce_max(pos_dist - neg_dist + alpha), 0.0)",
        ),
        (
            "absolute value in place of the hinge",
            "triplets that are well apart cost",
            DISTANCES,
            "return tf.reduce_sum(tf.abs(pos_dist - neg_dist + alpha))",
        ),
        (
            "positive and negative swapped",
            "pulls strangers together",
            DISTANCES,
            "return tf.reduce_sum(tf.maximum(neg_dist - pos_dist + alpha, 0.0))",
        ),
        (
            "unpacked in another order",
            "y_pred is anchor, positive, negative",
            DISTANCES.replace("anchor, positive, negative", "anchor, negative, positive"),
            "return tf.reduce_sum(tf.maximum(pos_dist - neg_dist + alpha, 0.0))",
        ),
        (
            "negative against the positive",
            "the second distance does not start from the anchor",
            DISTANCES,
            """
            neg_dist = tf.reduce_sum(tf.square(positive - negative), axis=-1)
            return tf.reduce_sum(tf.maximum(pos_dist - neg_dist + alpha, 0.0))
            """,
        ),
        (
            "0.2 written out",
            "the argument alpha is ignored",
            DISTANCES,
            "return tf.reduce_sum(tf.maximum(pos_dist - neg_dist + 0.2, 0.0))",
        ),
        (
            "no margin",
            "alpha is missing",
            DISTANCES,
            "return tf.reduce_sum(tf.maximum(pos_dist - neg_dist, 0.0))",
        ),
        (
            "margin subtracted",
            "a sign",
            DISTANCES,
            "return tf.reduce_sum(tf.maximum(pos_dist - neg_dist - alpha, 0.0))",
        ),
        (
            "margin after the hinge",
            "every triplet costs alpha",
            DISTANCES,
            "return tf.reduce_sum(tf.maximum(pos_dist - neg_dist, 0.0) + alpha)",
        ),
        (
            "margin added once",
            "after the sum",
            DISTANCES,
            "return tf.reduce_sum(tf.maximum(pos_dist - neg_dist, 0.0)) + alpha",
        ),
        (
            "cut at the margin",
            "alpha in place of 0",
            DISTANCES,
            "return tf.reduce_sum(tf.maximum(pos_dist - neg_dist, alpha))",
        ),
        (
            "roots",
            "distances, not squared",
            DISTANCES,
            """
            pos_dist, neg_dist = tf.sqrt(pos_dist), tf.sqrt(neg_dist)
            return tf.reduce_sum(tf.maximum(pos_dist - neg_dist + alpha, 0.0))
            """,
        ),
        (
            "norms",
            "tf.norm, not squared",
            THREE,
            """
            pos_dist = tf.norm(anchor - positive, axis=-1)
            neg_dist = tf.norm(anchor - negative, axis=-1)
            return tf.reduce_sum(tf.maximum(pos_dist - neg_dist + alpha, 0.0))
            """,
        ),
        (
            "absolute differences",
            "the L1 distance",
            THREE,
            """
            pos_dist = tf.reduce_sum(tf.abs(anchor - positive), axis=-1)
            neg_dist = tf.reduce_sum(tf.abs(anchor - negative), axis=-1)
            return tf.reduce_sum(tf.maximum(pos_dist - neg_dist + alpha, 0.0))
            """,
        ),
        (
            "not squared",
            "differences cancel",
            THREE,
            """
            pos_dist = tf.reduce_sum(anchor - positive, axis=-1)
            neg_dist = tf.reduce_sum(anchor - negative, axis=-1)
            return tf.reduce_sum(tf.maximum(pos_dist - neg_dist + alpha, 0.0))
            """,
        ),
        (
            "squares of the sums",
            "summed first, squared then",
            THREE,
            """
            pos_dist = tf.square(tf.reduce_sum(anchor - positive, axis=-1))
            neg_dist = tf.square(tf.reduce_sum(anchor - negative, axis=-1))
            return tf.reduce_sum(tf.maximum(pos_dist - neg_dist + alpha, 0.0))
            """,
        ),
        (
            "mean of squares",
            "divided by 128",
            THREE,
            """
            pos_dist = tf.reduce_mean(tf.square(anchor - positive), axis=-1)
            neg_dist = tf.reduce_mean(tf.square(anchor - negative), axis=-1)
            return tf.reduce_sum(tf.maximum(pos_dist - neg_dist + alpha, 0.0))
            """,
        ),
        (
            "encodings set to length 1 again",
            "right for the network's own, which are so already",
            """
            anchor, positive, negative = (tf.math.l2_normalize(x, axis=-1) for x in y_pred)
            pos_dist = tf.reduce_sum(tf.square(anchor - positive), axis=-1)
            neg_dist = tf.reduce_sum(tf.square(anchor - negative), axis=-1)
            """,
            "return tf.reduce_sum(tf.maximum(pos_dist - neg_dist + alpha, 0.0))",
        ),
        (
            "first triplet alone",
            "y_pred[i][0]",
            "anchor, positive, negative = y_pred[0][0], y_pred[1][0], y_pred[2][0]\n",
            """
            pos_dist = tf.reduce_sum(tf.square(anchor - positive), axis=-1)
            neg_dist = tf.reduce_sum(tf.square(anchor - negative), axis=-1)
            return tf.reduce_sum(tf.maximum(pos_dist - neg_dist + alpha, 0.0))
            """,
        ),
        (
            "three triplets always",
            "the batch of the published check",
            DISTANCES,
            """
            hinges = tf.maximum(pos_dist - neg_dist + alpha, 0.0)
            return hinges[0] + hinges[1] + hinges[2]
            """,
        ),
        (
            "returns the distances",
            "the loss stays inside",
            DISTANCES,
            "return pos_dist, neg_dist",
        ),
        (
            "forgets to return",
            "the result is dropped",
            DISTANCES,
            "loss = tf.reduce_sum(tf.maximum(pos_dist - neg_dist + alpha, 0.0))",
        ),
        (
            "tf.squared_difference",
            "gone from TensorFlow 2",
            THREE,
            """
            pos_dist = tf.reduce_sum(tf.squared_difference(anchor, positive), axis=-1)
            neg_dist = tf.reduce_sum(tf.squared_difference(anchor, negative), axis=-1)
            return tf.reduce_sum(tf.maximum(pos_dist - neg_dist + alpha, 0.0))
            """,
        ),
        (
            "NumPy",
            "a NumPy number has no gradient",
            THREE,
            """
            pos_dist = np.sum(np.square(anchor.numpy() - positive.numpy()), axis=-1)
            neg_dist = np.sum(np.square(anchor.numpy() - negative.numpy()), axis=-1)
            return np.sum(np.maximum(pos_dist - neg_dist + alpha, 0.0))
            """,
        ),
        (
            "NumPy, wrapped up again",
            "a new constant has no gradient",
            THREE,
            """
            pos_dist = np.sum(np.square(anchor - positive), axis=-1)
            neg_dist = np.sum(np.square(anchor - negative), axis=-1)
            return tf.constant(np.sum(np.maximum(pos_dist - neg_dist + alpha, 0)), tf.float32)
            """,
        ),
        (
            "the negative stopped",
            "no gradient for one of the three",
            DISTANCES,
            """
            neg_dist = tf.stop_gradient(neg_dist)
            return tf.reduce_sum(tf.maximum(pos_dist - neg_dist + alpha, 0.0))
            """,
        ),
        (
            "whole numbers",
            "cast to int32",
            DISTANCES,
            "return tf.reduce_sum(tf.maximum(tf.cast(pos_dist - neg_dist, tf.int32), 0))",
        ),
        (
            "soft hinge",
            "log(1 + exp(x)) in place of max(x, 0)",
            DISTANCES,
            "return tf.reduce_sum(tf.math.softplus(pos_dist - neg_dist + alpha))",
        ),
        (
            "undefined name",
            "a slip of the pen",
            DISTANCES,
            "return tf.reduce_sum(tf.maximum(pos_dist - neg_distance + alpha, 0.0))",
        ),
        (
            "global encodings",
            "not those that are given",
            "",
            """
            pos_dist = tf.reduce_sum(tf.square(y_pred_anchor - y_pred[1]), axis=-1)
            return tf.reduce_sum(tf.maximum(pos_dist + alpha, 0.0))
            """,
        ),
    ]
] + [
    Mutant(
        "triplet_loss",
        "another default",
        "alpha = 0.5",
        write(
            "triplet_loss",
            DISTANCES + "return tf.reduce_sum(tf.maximum(pos_dist - neg_dist + alpha, 0.0))",
        ).replace("0.2", "0.5"),
    ),
    Mutant(
        "triplet_loss",
        "no default",
        "a call with two arguments stops",
        write(
            "triplet_loss",
            DISTANCES + "return tf.reduce_sum(tf.maximum(pos_dist - neg_dist + alpha, 0.0))",
        ).replace("alpha=0.2", "alpha"),
    ),
]

ENCODING = "encoding = img_to_encoding(image_path, model)\n"
DIST = ENCODING + "dist = np.linalg.norm(encoding - database[identity])\n"
OPEN = "door_open = bool(dist < 0.7)\n"
ANSWER = "return dist, door_open\n"

VERIFY = [
    mutant("verify", name, why, dedent(body))
    for name, why, body in [
        ("always open", "`if 0.7:` is always true", DIST + "door_open = bool(0.7)\n" + ANSWER),
        ("never open", "a branch is missing", DIST + "door_open = False\n" + ANSWER),
        (
            "None in both branches",
            "the starter's placeholders",
            DIST + "door_open = None if dist < 0.7 else None\n" + ANSWER,
        ),
        (
            "half filled in",
            "dist and door_open are None",
            ENCODING + "dist = None\ndoor_open = None\n" + ANSWER,
        ),
        ("compares with <=", "opens at exactly 0.7", DIST + OPEN.replace("<", "<=") + ANSWER),
        ("compares with >", "opens to strangers", DIST + OPEN.replace("<", ">") + ANSWER),
        ("threshold 0.8", "opens too far", DIST + OPEN.replace("0.7", "0.8") + ANSWER),
        ("threshold 0.5", "opens too seldom", DIST + OPEN.replace("0.7", "0.5") + ANSWER),
        ("threshold 0.7 squared", "0.49", DIST + OPEN.replace("0.7", "0.49") + ANSWER),
        (
            "squared distance",
            "0.83² is 0.689: it opens to a stranger",
            DIST.replace("np.linalg.norm(", "np.sum(np.square(").replace("])", "]))")
            + OPEN
            + ANSWER,
        ),
        (
            "squared distance, squared threshold",
            "the door is right, the distance is not",
            DIST.replace("np.linalg.norm(", "np.sum(np.square(").replace("])", "]))")
            + OPEN.replace("0.7", "0.49")
            + ANSWER,
        ),
        (
            "L1 distance",
            "ord=1",
            DIST.replace(
                "np.linalg.norm(encoding - database[identity])",
                "np.abs(encoding - database[identity]).sum()",
            )
            + OPEN
            + ANSWER,
        ),
        (
            "matrix norm of order 1",
            "the largest difference",
            DIST.replace("identity])", "identity], 1)") + OPEN + ANSWER,
        ),
        (
            "norm along axis 0",
            "128 distances",
            DIST.replace("identity])", "identity], axis=0)")
            + "door_open = bool((dist < 0.7).all())\n"
            + ANSWER,
        ),
        (
            "mean of squares",
            "divided by 128",
            DIST.replace(
                "np.linalg.norm(encoding - database[identity])",
                "np.sqrt(np.mean((encoding - database[identity]) ** 2))",
            )
            + OPEN
            + ANSWER,
        ),
        (
            "difference of the norms",
            "both are 1, so it is always 0",
            ENCODING
            + "dist = np.linalg.norm(encoding) - np.linalg.norm(database[identity])\n"
            + OPEN
            + ANSWER,
        ),
        (
            "cosine",
            "a likeness, not a distance",
            ENCODING + "dist = np.sum(encoding * database[identity])\n" + OPEN + ANSWER,
        ),
        (
            "global model",
            "the notebook's FRmodel, in place of the argument",
            DIST.replace("model", "FRmodel") + OPEN + ANSWER,
        ),
        (
            "global model in a helper's default",
            "looked up by name",
            DIST.replace("model)", "globals()['model'])") + OPEN + ANSWER,
        ),
        (
            "global database",
            "not the one that is given",
            DIST.replace("database[", "globals()['database'][") + OPEN + ANSWER,
        ),
        (
            "nearest of all",
            "who_is_it in place of verify: the stolen card opens",
            ENCODING
            + "dist = min(np.linalg.norm(encoding - known) for known in database.values())\n"
            + OPEN
            + ANSWER,
        ),
        (
            "first of the database",
            "whoever the card belongs to",
            DIST.replace("database[identity]", "list(database.values())[0]") + OPEN + ANSWER,
        ),
        (
            "last of the database",
            "a loop that goes on",
            ENCODING
            + "for known in database.values():\n    dist = np.linalg.norm(encoding - known)\n"
            + OPEN
            + ANSWER,
        ),
        (
            "database ignored",
            "the name is encoded as a picture",
            "dist = np.linalg.norm(img_to_encoding(image_path, model)"
            " - img_to_encoding(identity, model))\n" + OPEN + ANSWER,
        ),
        (
            "compares the names",
            "database in place of database[identity]",
            DIST.replace("database[identity]", "database") + OPEN + ANSWER,
        ),
        (
            "scipy's euclidean",
            "an error for arrays (1, 128) in today's SciPy",
            "from scipy.spatial.distance import euclidean\n"
            + ENCODING
            + "dist = euclidean(encoding, database[identity])\n"
            + OPEN
            + ANSWER,
        ),
        ("returns dist alone", "one value in place of two", DIST + OPEN + "return dist\n"),
        ("returns door_open alone", "one value", DIST + OPEN + "return door_open\n"),
        ("returns in another order", "door first", DIST + OPEN + "return door_open, dist\n"),
        (
            "returns the identity too",
            "three values",
            DIST + OPEN + "return dist, door_open, identity\n",
        ),
        ("forgets to return", "it prints alone", DIST + OPEN + "print(dist, door_open)\n"),
        (
            "returns text for the door",
            "open or shut",
            DIST + "return dist, 'open' if dist < 0.7 else 'shut'\n",
        ),
        (
            "returns the distance rounded",
            "0.69 becomes 0.7",
            DIST + "dist = round(float(dist), 1)\n" + OPEN + ANSWER,
        ),
        (
            "the picture is no array",
            "the path given to the model",
            "encoding = model.predict_on_batch(image_path)\n"
            "dist = np.linalg.norm(encoding - database[identity])\n" + OPEN + ANSWER,
        ),
        (
            "a fixed picture",
            "not the one at image_path",
            DIST.replace("image_path", "'images/camera_0.jpg'") + OPEN + ANSWER,
        ),
        (
            "branches the wrong way round",
            "welcomes strangers, aloud",
            DIST
            + "if dist < 0.7:\n    print('welcome')\n    door_open = False\n"
            + "else:\n    print('please go away')\n    door_open = True\n"
            + ANSWER,
        ),
        (
            "opened by the length of the encoding",
            "any encoding is of length 1",
            DIST + "door_open = bool(np.linalg.norm(encoding) < 1.1)\n" + ANSWER,
        ),
    ]
]

LOOP = """
encoding = img_to_encoding(image_path, model)
min_dist = 100
for name, known in database.items():
    dist = np.linalg.norm(encoding - known)
    if dist < min_dist:
        min_dist = dist
        identity = name
"""
STRANGER = "if min_dist > 0.7:\n    identity = 'not in the database'\n"
FOUND = "return min_dist, identity\n"

WHO = [
    mutant("who_is_it", name, why, dedent(body))
    for name, why, body in [
        (
            "None for strangers",
            "the identity is dropped",
            LOOP + STRANGER.replace("'not in the database'", "None") + FOUND,
        ),
        (
            "nothing at all for strangers",
            "no return in one branch",
            LOOP + "if min_dist > 0.7:\n    print('Not in the database.')\nelse:\n    " + FOUND,
        ),
        (
            "three values",
            "the encoding too",
            LOOP + STRANGER + "return min_dist, identity, encoding\n",
        ),
        (
            "three values for strangers",
            "with the text",
            LOOP
            + "if min_dist > 0.7:\n    return min_dist, identity, 'not in the database'\n"
            + FOUND,
        ),
        ("identity alone", "one value", LOOP + STRANGER + "return identity\n"),
        (
            "in another order",
            "name first",
            LOOP + STRANGER + "return identity, min_dist\n",
        ),
        ("forgets to return", "it prints alone", LOOP + "print(min_dist, identity)\n"),
        (
            "returns inside the loop",
            "the first one",
            LOOP + "        return min_dist, identity\n",
        ),
        (
            "last one wins",
            "the name is set outside the if",
            LOOP.replace("        identity", "    identity") + STRANGER + FOUND,
        ),
        (
            "smallest distance not kept",
            "every distance below 100 wins",
            LOOP.replace("        min_dist = dist\n", "")
            + "min_dist = np.linalg.norm(encoding - database[identity])\n"
            + FOUND,
        ),
        (
            "farthest",
            "> in place of <",
            LOOP.replace("100", "0").replace("dist < min", "dist > min") + STRANGER + FOUND,
        ),
        (
            "starts at 0",
            "nothing is ever nearer",
            LOOP.replace("100", "0").replace("for", "identity = 'not in the database'\nfor")
            + FOUND,
        ),
        (
            "starts at the threshold",
            "a stranger's distance is said to be 0.7",
            LOOP.replace("100", "0.7").replace("for", "identity = 'not in the database'\nfor")
            + FOUND,
        ),
        (
            "first below the threshold",
            "not the nearest",
            """
            encoding = img_to_encoding(image_path, model)
            for identity, known in database.items():
                min_dist = np.linalg.norm(encoding - known)
                if min_dist <= 0.7:
                    return min_dist, identity
            return min_dist, 'not in the database'
            """,
        ),
        (
            "stranger from 0.7 on",
            ">= in place of >",
            LOOP + STRANGER.replace(">", ">=") + FOUND,
        ),
        ("threshold 0.6", "too strict", LOOP + STRANGER.replace("0.7", "0.6") + FOUND),
        (
            "threshold the wrong way round",
            "< in place of >",
            LOOP + STRANGER.replace(">", "<") + FOUND,
        ),
        (
            "everybody is a stranger",
            "no branch",
            LOOP + "identity = 'not in the database'\n" + FOUND,
        ),
        (
            "squared distance",
            "the nearest is right, the distance is not",
            LOOP.replace("np.linalg.norm(encoding - known)", "np.sum((encoding - known) ** 2)")
            + STRANGER.replace("0.7", "0.49")
            + FOUND,
        ),
        (
            "L1 distance",
            "sum of absolute differences",
            LOOP.replace("np.linalg.norm(encoding - known)", "np.abs(encoding - known).sum()")
            + STRANGER
            + FOUND,
        ),
        (
            "cosine",
            "a likeness: the smallest is the farthest",
            LOOP.replace("np.linalg.norm(encoding - known)", "(encoding * known).sum()") + FOUND,
        ),
        (
            "norm along axis 0",
            "128 distances",
            LOOP.replace("known)", "known, axis=0)").replace("dist < min", "dist.max() < min")
            + FOUND.replace("min_dist,", "dist,"),
        ),
        (
            "global model",
            "the notebook's FRmodel, in place of the argument",
            LOOP.replace("model)", "FRmodel)") + STRANGER + FOUND,
        ),
        (
            "global model by its other name",
            "looked up by name",
            LOOP.replace("model)", "globals()['model'])") + STRANGER + FOUND,
        ),
        (
            "global database",
            "not the one that is given",
            LOOP.replace("database.", "globals()['database'].") + STRANGER + FOUND,
        ),
        (
            "index in place of the name",
            "argmin",
            """
            encoding = img_to_encoding(image_path, model)
            dists = [np.linalg.norm(encoding - known) for known in database.values()]
            return min(dists), int(np.argmin(dists))
            """,
        ),
        (
            "encoding in place of the name",
            "goes through the values",
            LOOP.replace("name, known in database.items()", "known in database.values()").replace(
                "= name", "= known"
            )
            + FOUND,
        ),
        (
            "goes through the names alone",
            "no encoding to compare with",
            LOOP.replace("name, known in database.items()", "known in database") + FOUND,
        ),
        (
            "first of the alphabet",
            "sorted by name",
            LOOP + "identity = min(database)\n" + FOUND,
        ),
        (
            "nearest name, wrong distance",
            "that of the last one",
            LOOP + STRANGER + FOUND.replace("min_dist,", "dist,"),
        ),
        (
            "skips the first",
            "a loop from 1 on",
            LOOP.replace("database.items()", "list(database.items())[1:] or database.items()")
            + STRANGER
            + FOUND,
        ),
        (
            "skips the last",
            "off by one",
            LOOP.replace("database.items()", "list(database.items())[:-1] or database.items()")
            + STRANGER
            + FOUND,
        ),
        (
            "takes people out of the database",
            "popitem()",
            """
            encoding = img_to_encoding(image_path, model)
            min_dist = 100
            while database:
                name, known = database.popitem()
                dist = np.linalg.norm(encoding - known)
                if dist < min_dist:
                    min_dist, identity = dist, name
            return min_dist, identity
            """,
        ),
        (
            "half filled in",
            "dist is None",
            LOOP.replace("np.linalg.norm(encoding - known)", "None") + FOUND,
        ),
        (
            "scipy's euclidean",
            "an error for arrays (1, 128) in today's SciPy",
            "from scipy.spatial.distance import euclidean\n"
            + LOOP.replace("np.linalg.norm(encoding - known)", "euclidean(encoding, known)")
            + FOUND,
        ),
        (
            "published names",
            "only those are looked for",
            LOOP.replace("database.items()", "[(n, database[n]) for n in ('younes', 'kian')]")
            + FOUND,
        ),
        (
            "the distance as text",
            "formatted for printing",
            LOOP + "min_dist = f'{min_dist:.3f}'\n" + FOUND,
        ),
    ]
]

MUTANTS = [*UNTOUCHED, *RETURNS_NONE, *SYNTAX_ERRORS, *TRIPLET, *VERIFY, *WHO]
