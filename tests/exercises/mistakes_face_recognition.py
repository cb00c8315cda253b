"""Known mistakes in the face notebook: what each gives, and how a student can see it.

`RIGHT` holds right functions in NumPy, `READERS` how calls are read that pass pictures and models,
and `MISTAKES` the mistakes; of several that fit, the first counts. Nothing in a sentence
comes from a hidden test.
"""

import numpy as np

from fr_utils import img_to_encoding
from grading.known import ANYTHING, KnownMistake, Like, Reader, same

DOOR = 0.7


# ---- triplet_loss


def squares(difference):
    return (difference**2).sum(axis=-1)


def hinges(pos_dist, neg_dist, alpha):
    return np.maximum(pos_dist - neg_dist + alpha, 0).sum()


def loss(combine=hinges, distance=squares):
    """Return a loss that combines the distances of each triplet, and alpha, in its own way."""

    def triplet_loss(y_true, y_pred, alpha):
        anchor, positive, negative = y_pred
        return combine(distance(anchor - positive), distance(anchor - negative), alpha)

    return triplet_loss


def right_loss(y_true, y_pred, alpha=0.2):
    return loss()(y_true, y_pred, alpha)


def from_the_positive(y_true, y_pred, alpha):
    anchor, positive, negative = y_pred
    return hinges(squares(anchor - positive), squares(positive - negative), alpha)


def of_length_1(y_true, y_pred, alpha):
    return right_loss(
        y_true, [x / np.linalg.norm(x, axis=-1, keepdims=True) for x in y_pred], alpha
    )


TRIPLET = [
    KnownMistake("triplet_loss", name, sentence, wrong)
    for name, sentence, wrong in [
        (
            "squares summed over the batch",
            "You summed over the batch as well: 350.026 is what axis=None gives; sum over axis=-1 "
            "first.",
            loss(distance=lambda d: (d**2).sum()),
        ),
        (
            "one distance summed over the batch",
            "One of your two distances is summed over the batch as well: 1030.028 and 350.026 "
            "come of that; sum both over axis=-1 first.",
            (
                loss(lambda pos, neg, alpha: hinges(pos, neg.sum(), alpha)),
                loss(lambda pos, neg, alpha: hinges(pos.sum(), neg, alpha)),
            ),
        ),
        (
            "summed over axis 0",
            "Axis 0 counts the triplets: sum over axis=-1, the 128 numbers of an encoding.",
            loss(distance=lambda d: (d**2).sum(axis=0)),
        ),
        (
            "hinge of the sum",
            "You added up first and cut at 0 then: 350.426 came in place of 528.143; cut each "
            "triplet at 0, then add up, or one that is well apart pays for another.",
            loss(lambda pos, neg, alpha: np.maximum((pos - neg + alpha).sum(), 0)),
        ),
        (
            "mean over the batch",
            "You took the mean over the batch, 176.048 in place of 528.143: add the triplets up.",
            loss(lambda pos, neg, alpha: np.maximum(pos - neg + alpha, 0).mean()),
        ),
        (
            "not summed over the batch",
            "One number for each triplet came in place of their sum: add them up.",
            loss(lambda pos, neg, alpha: np.maximum(pos - neg + alpha, 0)),
        ),
        (
            "cut before the encoding is summed",
            "You cut at 0 number by number: sum the 128 squares of each distance first.",
            loss(distance=lambda d: d**2),
        ),
        (
            "no hinge",
            "A triplet that is far enough apart costs 0, never less: tf.maximum(..., 0).",
            loss(lambda pos, neg, alpha: (pos - neg + alpha).sum()),
        ),
        (
            "cut from above",
            "You kept what is below 0: take tf.maximum, not tf.minimum.",
            loss(lambda pos, neg, alpha: np.minimum(pos - neg + alpha, 0).sum()),
        ),
        (
            "the largest triplet alone",
            "tf.reduce_max takes the largest triplet: tf.maximum(..., 0) cuts each one.",
            loss(lambda pos, neg, alpha: np.maximum((pos - neg + alpha).max(), 0)),
        ),
        (
            "absolute value in place of the hinge",
            "A triplet that is far enough apart costs 0: take tf.maximum(..., 0), not tf.abs.",
            loss(lambda pos, neg, alpha: np.abs(pos - neg + alpha).sum()),
        ),
        (
            "positive and negative swapped",
            "Positive and negative have changed places: y_pred is anchor, positive, negative.",
            loss(lambda pos, neg, alpha: hinges(neg, pos, alpha)),
        ),
        (
            "negative against positive",
            "Your second distance starts from the positive: both start from the anchor.",
            from_the_positive,
        ),
        (
            "0.2 written out",
            "0.2 is only the default: use the argument alpha.",
            loss(lambda pos, neg, alpha: hinges(pos, neg, 0.2)),
        ),
        (
            "no margin",
            "The margin is missing: add alpha to each triplet before you cut at 0.",
            loss(lambda pos, neg, alpha: hinges(pos, neg, 0)),
        ),
        (
            "margin subtracted",
            "You subtracted the margin: add alpha.",
            loss(lambda pos, neg, alpha: hinges(pos, neg, -alpha)),
        ),
        (
            "margin after the hinge",
            "You added alpha after the cut, so that every triplet costs something: add it before.",
            loss(lambda pos, neg, alpha: (np.maximum(pos - neg, 0) + alpha).sum()),
        ),
        (
            "margin added once",
            "You added alpha to the sum: it belongs into every triplet, before the cut.",
            loss(lambda pos, neg, alpha: hinges(pos, neg, 0) + alpha),
        ),
        (
            "cut at the margin",
            "You cut at alpha: add alpha, then cut at 0.",
            loss(lambda pos, neg, alpha: np.maximum(pos - neg, alpha).sum()),
        ),
        (
            "roots of the distances",
            "The distances are squared: take no root, and no tf.norm.",
            loss(lambda pos, neg, alpha: hinges(np.sqrt(pos), np.sqrt(neg), alpha)),
        ),
        (
            "absolute differences",
            "You took the absolute value of the differences: square them.",
            loss(distance=lambda d: np.abs(d).sum(axis=-1)),
        ),
        (
            "differences not squared",
            "You did not square the differences, so that positive and negative ones cancel.",
            loss(distance=lambda d: d.sum(axis=-1)),
        ),
        (
            "squares of the sums",
            "You summed the differences, then squared: square first, then sum.",
            loss(distance=lambda d: d.sum(axis=-1) ** 2),
        ),
        (
            "mean of the squares",
            "You took the mean of the 128 squares: sum them.",
            loss(distance=lambda d: (d**2).mean(axis=-1)),
        ),
        (
            "encodings scaled again",
            "You scaled the encodings to length 1: the loss takes them as they come.",
            of_length_1,
        ),
        (
            "the first triplet alone",
            "Only the first triplet counts: leave out the [0] and sum over the batch.",
            loss(lambda pos, neg, alpha: hinges(pos[:1], neg[:1], alpha)),
        ),
        (
            "the distances returned",
            "You return the two distances: return the loss that is made of them.",
            loss(lambda pos, neg, alpha: (pos, neg)),
        ),
        (
            "whole numbers",
            "You cut the distances to whole numbers: leave them floats.",
            (
                loss(lambda pos, neg, alpha: np.maximum(np.trunc(pos - neg), 0).sum()),
                loss(lambda pos, neg, alpha: np.trunc(hinges(pos, neg, alpha))),
            ),
        ),
        (
            "a soft hinge",
            "tf.math.softplus is a round hinge: take tf.maximum(..., 0).",
            loss(lambda pos, neg, alpha: np.logaddexp(0, pos - neg + alpha).sum()),
        ),
    ]
] + [
    KnownMistake(
        "triplet_loss",
        "another default",
        "With alpha given it is right, without it is not: the default is 0.2.",
        failing=(
            "test_triplet_loss_has_the_published_value",
            "test_triplet_loss_agrees_with_a_sum_by_hand",
        ),
        passing=("test_triplet_loss_uses_alpha",),
    ),
    KnownMistake(
        "triplet_loss",
        "three triplets written out",
        "It is right for three triplets only: let tf.reduce_sum add up however many there are.",
        message=r"slice index \d+ of dimension 0 out of bounds|out of range|not enough values",
        passing=("test_triplet_loss_has_the_published_value",),
    ),
]


# ---- verify and who_is_it, as functions of an encoding and the database


def distances(encoding, database):
    """Return the distance from everybody."""
    return {name: np.linalg.norm(encoding - known) for name, known in database.items()}


def people(encoding, database):
    """Tell how far everybody is, as a text."""
    far = sorted(distances(encoding, database).items(), key=lambda item: item[1])
    return ", ".join(f"{name} is at {d:.3g}" for name, d in far)


def verified(encoding, identity, database):
    dist = distances(encoding, database)[identity]
    return dist, bool(dist < DOOR)


def door(opens):
    """Return a function that gives the right distance, and opens the door in its own way."""

    def verify(encoding, identity, database):
        dist, _ = verified(encoding, identity, database)
        return dist, opens(dist)

    return verify


def measured(distance):
    """Return a function that computes the distance from the person named in its own way."""

    def verify(encoding, identity, database):
        return distance(encoding, database[identity]), ANYTHING

    return verify


def changed(change):
    """Return a function that makes something of the right distance and door."""
    return lambda *args: change(*verified(*args))


def of_somebody(choose):
    """Return a function that takes the distance from somebody else."""

    def verify(encoding, identity, database):
        return choose([*distances(encoding, database).values()]), ANYTHING

    return verify


def another_threshold(sights):
    """Tell whether the distances are right, and the door opens below another one."""
    opened = [s.right[0] for s in sights if same(s.came[1], True)]
    shut = [s.right[0] for s in sights if same(s.came[1], False)]
    return (
        len(opened) + len(shut) == len(sights)
        and all(same(s.came[0], s.right[0]) for s in sights)
        and not all(same(s.came[1], s.right[1]) for s in sights)
        and max(opened, default=0) <= min(shut, default=np.inf)
    )


VERIFY = [
    KnownMistake("verify", name, sentence, wrong)
    for name, sentence, wrong in [
        (
            "the door is always open",
            "The door opens to everybody: if 0.7: is always true; write if dist < 0.7:",
            door(lambda dist: True),
        ),
        (
            "the door never opens",
            "The door opens to nobody: set door_open to True where dist < 0.7; a condition such "
            "as if None: is never true.",
            door(lambda dist: False),
        ),
        (
            "None for door_open",
            "door_open is None: set it in both branches, to True or to False.",
            (door(lambda dist: None), changed(lambda dist, door_open: (None, None))),
        ),
        (
            "opens at exactly 0.7",
            "The door opens at exactly 0.7: it opens when dist < 0.7, not when dist <= 0.7.",
            door(lambda dist: dist <= DOOR),
        ),
        (
            "opens to strangers",
            "The door opens to strangers and stays shut for those it knows: the branches, or < "
            "and >, have changed places.",
            (door(lambda dist: dist > DOOR), door(lambda dist: dist >= DOOR)),
        ),
        (
            "squared distance",
            "Your distance is squared, 0.36 in place of 0.6: take the root, or np.linalg.norm.",
            changed(lambda dist, door_open: (dist**2, ANYTHING)),
        ),
        (
            "absolute differences",
            "You added up absolute differences: take the L2 distance, np.linalg.norm.",
            measured(lambda encoding, known: np.abs(encoding - known).sum()),
        ),
        (
            "another norm",
            "np.linalg.norm with another argument is another norm: give it the difference alone.",
            (
                measured(lambda encoding, known: np.linalg.norm(encoding - known, 1)),
                measured(lambda encoding, known: np.abs(encoding - known).max()),
            ),
        ),
        (
            "norm along axis 0",
            "128 distances came in place of one: leave out the axis, or take axis=-1.",
            measured(lambda encoding, known: np.linalg.norm(encoding - known, axis=0)),
        ),
        (
            "mean of the squares",
            "You took the mean of the 128 squares: sum them, as np.linalg.norm does.",
            (
                measured(lambda encoding, known: np.sqrt(np.mean((encoding - known) ** 2))),
                measured(lambda encoding, known: np.mean((encoding - known) ** 2)),
            ),
        ),
        (
            "difference of the norms",
            "You subtracted two norms, which are both 1: take the norm of the difference.",
            measured(lambda encoding, known: np.linalg.norm(encoding) - np.linalg.norm(known)),
        ),
        (
            "cosine",
            "You multiplied the encodings, which is a likeness: take the norm of the difference.",
            measured(lambda encoding, known: np.sum(encoding * known)),
        ),
        (
            "nearest of all",
            "You took the nearest of all, so that a stolen card opens: compare with "
            "database[identity].",
            of_somebody(min),
        ),
        (
            "first of the database",
            "You compared with the first of the database: compare with database[identity].",
            of_somebody(lambda far: far[0]),
        ),
        (
            "last of the database",
            "You compared with everybody, and the last one counts: compare with "
            "database[identity].",
            of_somebody(lambda far: far[-1]),
        ),
        (
            "dist alone",
            "Only dist came: return two values, dist and door_open.",
            changed(lambda dist, door_open: dist),
        ),
        (
            "door_open alone",
            "Only door_open came: return two values, dist and door_open.",
            changed(lambda dist, door_open: door_open),
        ),
        (
            "door_open first",
            "The two values have changed places: return dist, door_open.",
            changed(lambda dist, door_open: (door_open, dist)),
        ),
        (
            "three values",
            "Three values came: return two, dist and door_open.",
            changed(lambda dist, door_open: (dist, door_open, ANYTHING)),
        ),
        (
            "distance rounded",
            "You rounded the distance, and 0.69 became 0.7: leave it as it is.",
            changed(lambda dist, door_open: (round(float(dist), 1), ANYTHING)),
        ),
    ]
] + [
    KnownMistake(
        "verify",
        "another threshold",
        "The distances are right, but the door opens below another one than 0.7.",
        fits=another_threshold,
    ),
]


def stranger(database, nearest=None):
    """Stand for what may be said of a stranger: any text but the name of somebody else."""
    text = '"not in the database"' + (f", or {nearest!r}" if nearest else "")
    return Like(lambda said: isinstance(said, str) and said not in {*database} - {nearest}, text)


def nearest(encoding, database):
    far = distances(encoding, database)
    name = min(far, key=far.__getitem__)
    return far[name], name


def found(encoding, database):
    dist, name = nearest(encoding, database)
    return dist, (name if dist <= DOOR else stranger(database, name))


def known_below(is_known):
    """Return a function that finds the nearest, and draws the line to strangers in its own way."""

    def who_is_it(encoding, database):
        dist, name = nearest(encoding, database)
        return dist, (name if is_known(dist) else stranger(database))

    return who_is_it


def made_of_found(change):
    """Return a function that makes something of the right answer."""

    def who_is_it(encoding, database):
        return change(*found(encoding, database), *nearest(encoding, database))

    return who_is_it


def chosen(choose, distance=np.linalg.norm):
    """Return a function that chooses among pairs of a distance and a name."""

    def who_is_it(encoding, database):
        pairs = [(distance(encoding - known), name) for name, known in database.items()]
        return choose(pairs)

    return who_is_it


def who_of(people_of):
    """Return a function that looks at some of the people only."""

    def who_is_it(encoding, database):
        some = dict(people_of([*database.items()]) or database)
        dist, name = nearest(encoding, some)
        return dist, (name if dist <= DOOR else ANYTHING)

    return who_is_it


def smallest_cosine(encoding, database):
    return min((np.sum(encoding * known), name) for name, known in database.items())


def last_below(pairs):
    return min(pairs)[0], (pairs[-1][1] if min(pairs)[0] <= DOOR else ANYTHING)


def first_below(pairs):
    return next((pair for pair in pairs if pair[0] <= DOOR), (pairs[-1][0], ANYTHING))


def other_line(sights):
    """Tell whether the nearest is right, and the line to strangers is another than 0.7."""
    known = [s.right[0] for s in sights if same(s.came[1], nearest(*s.args)[1])]
    strange = [s.right[0] for s in sights if same(s.came[1], stranger(s.args[1]))]
    return (
        len(known) + len(strange) == len(sights)
        and all(same(s.came[0], s.right[0]) for s in sights)
        and not all(same(s.came[1], s.right[1]) for s in sights)
        and max(known, default=0) <= min(strange, default=np.inf)
    )


WHO = [
    KnownMistake("who_is_it", name, sentence, wrong)
    for name, sentence, wrong in [
        (
            "None for strangers",
            'For a stranger the identity is None: return the text "not in the database".',
            made_of_found(lambda d, said, dist, name: (d, name if dist <= DOOR else None)),
        ),
        (
            "nothing for strangers",
            "For a stranger nothing is returned: put the return behind both branches.",
            made_of_found(lambda d, said, dist, name: (d, name) if dist <= DOOR else None),
        ),
        (
            "three values for strangers",
            "For a stranger three values came: return two, min_dist and identity.",
            made_of_found(
                lambda d, said, dist, name: (d, said) if dist <= DOOR else (d, ANYTHING, ANYTHING)
            ),
        ),
        (
            "three values",
            "Three values came: return two, min_dist and identity.",
            made_of_found(lambda d, said, dist, name: (d, said, ANYTHING)),
        ),
        (
            "identity alone",
            "Only the identity came: return two values, min_dist and identity.",
            made_of_found(lambda d, said, dist, name: said),
        ),
        (
            "min_dist alone",
            "Only the distance came: return two values, min_dist and identity.",
            made_of_found(lambda d, said, dist, name: d),
        ),
        (
            "identity first",
            "The two values have changed places: return min_dist, identity.",
            made_of_found(lambda d, said, dist, name: (said, d)),
        ),
        (
            "returned inside the loop",
            "The first of the database is returned: put the return behind the loop.",
            chosen(lambda pairs: pairs[0]),
        ),
        (
            "the last name wins",
            "The name is always the last one: set identity inside the if, beside min_dist.",
            (chosen(last_below), chosen(lambda pairs: (min(pairs)[0], pairs[-1][1]))),
        ),
        (
            "smallest distance not kept",
            "The last of the database wins: set min_dist = dist inside the if as well.",
            chosen(lambda pairs: pairs[-1]),
        ),
        (
            "the farthest",
            "You found the farthest: keep a distance when it is smaller than min_dist.",
            (
                chosen(max),
                chosen(lambda pairs: (max(pairs)[0], ANYTHING)),
            ),
        ),
        (
            "min_dist starts too low",
            "No distance is smaller than the min_dist that you start with: start with a large "
            "number, such as 100.",
            (
                made_of_found(lambda d, said, dist, name: (0, ANYTHING)),
                made_of_found(lambda d, said, dist, name: (min(d, DOOR), ANYTHING)),
            ),
        ),
        (
            "the first below the threshold",
            "You took the first who is near enough: go through all, and keep the nearest.",
            chosen(first_below),
        ),
        (
            "a stranger at exactly 0.7",
            "At exactly 0.7 you see a stranger: a stranger is at a distance > 0.7, not >= 0.7.",
            known_below(lambda dist: dist < DOOR),
        ),
        (
            "the threshold the wrong way round",
            "Those you know are strangers, and strangers are known: turn < and > round.",
            (known_below(lambda dist: dist >= DOOR), known_below(lambda dist: dist > DOOR)),
        ),
        (
            "everybody is a stranger",
            "Nobody is ever found: only a stranger, at min_dist > 0.7, is not in the database.",
            known_below(lambda dist: False),
        ),
        (
            "squared distance",
            "Your distance is squared, 0.36 in place of 0.6: take the root, or np.linalg.norm.",
            made_of_found(lambda d, said, dist, name: (d**2, ANYTHING)),
        ),
        (
            "absolute differences",
            "You added up absolute differences: take the L2 distance, np.linalg.norm.",
            chosen(
                lambda pairs: (min(pairs)[0], ANYTHING),
                lambda difference: np.abs(difference).sum(),
            ),
        ),
        (
            "cosine",
            "You multiplied the encodings, which is a likeness: take the norm of the difference.",
            smallest_cosine,
        ),
        (
            "the first name of the alphabet",
            "min(database) is the first name of the alphabet: take the name of the nearest.",
            lambda encoding, database: (nearest(encoding, database)[0], min(database)),
        ),
        (
            "distance of the last one",
            "The name is that of the nearest, the distance that of the last: return min_dist.",
            lambda encoding, database: (
                [*distances(encoding, database).values()][-1],
                found(encoding, database)[1],
            ),
        ),
        (
            "the first left out",
            "The first of the database is left out: loop over all of them.",
            who_of(lambda items: items[1:]),
        ),
        (
            "the last left out",
            "The last of the database is left out: loop over all of them.",
            who_of(lambda items: items[:-1]),
        ),
    ]
] + [
    KnownMistake(
        "who_is_it",
        "another threshold",
        "The nearest is right, but strangers begin at another distance than 0.7.",
        fits=other_line,
    ),
]

SAID = [
    KnownMistake(exercise, name, sentence, message=message)
    for exercise in ("verify", "who_is_it")
    for name, sentence, message in [
        (
            "a global model in place of the argument",
            "You used the notebook's model: use the argument model, or the function sees by "
            "another network than the one it is given.",
            r"uses the global (FRmodel|model)\b",
        ),
        (
            "a global database in place of the argument",
            "You used the notebook's database: use the argument database.",
            r"uses the global (database|residents)\b",
        ),
        (
            "scipy's euclidean of (1, 128)",
            "scipy's euclidean takes encodings of shape (128,), these are (1, 128): use "
            "np.linalg.norm of the difference.",
            r"Input vector should be 1-D",
        ),
        (
            "the model is not given the picture",
            "The model takes an array of pixels: img_to_encoding(image_path, model) reads the "
            "picture and asks the model.",
            r"the model was given",
        ),
        (
            "the whole database in place of one entry",
            "You subtracted the database itself: take one encoding out of it, by its name.",
            r"unsupported operand type\(s\) for -: .*'dict'",
        ),
        (
            "a picture of its own",
            "You encode a file that is not there: the picture is at image_path, and the database "
            "holds encodings, not pictures.",
            r"PictureError|FileNotFoundError",
        ),
        (
            "names written out",
            "You ask for names that the database may not have: go through the database.",
            r"KeyError",
        ),
    ]
] + [
    KnownMistake("who_is_it", name, sentence, message=message)
    for name, sentence, message in [
        (
            "norm along axis 0",
            "128 distances came in place of one: leave out the axis, or take axis=-1.",
            r"has shape \(128,\)",
        ),
        (
            "no text for identity",
            "The identity is no text: return the name, the key of the database.",
            r"returned no text for identity",
        ),
        (
            "items() left out",
            "A loop over the database gives its names alone: for name, known in database.items().",
            r"values to unpack|ufunc 'subtract' did not contain a loop",
        ),
        (
            "the database is changed",
            "You took people out of the database: only read it.",
            r"changed the database",
        ),
    ]
]


# ---- how calls are read


def verify_asked(image_path, identity, database, model):
    return img_to_encoding(image_path, model), identity, database


def verify_called(encoding, identity, database):
    return f'verify(image_path, "{identity}", database, model), where {people(encoding, database)}'


def who_asked(image_path, database, model):
    return img_to_encoding(image_path, model), database


def who_called(encoding, database):
    return f"who_is_it(image_path, database, model), where {people(encoding, database)}"


RIGHT = {"triplet_loss": right_loss, "verify": verified, "who_is_it": found}

READERS = {
    "verify": Reader(verify_asked, called=verify_called),
    "inside_verify": Reader(lambda call, verify, *args: verify_asked(*args), called=verify_called),
    "who_is_it": Reader(who_asked, called=who_called),
    "inside_who": Reader(
        lambda call, who_is_it, *args: who_asked(*args),
        came=lambda came: came[0],
        called=who_called,
    ),
}

MISTAKES = [*TRIPLET, *VERIFY, *WHO, *SAID]
