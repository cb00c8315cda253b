"""Mistakes that can be made in any exercise, known by what the tests say of them."""

from collections.abc import Iterator

from grading.known import KnownMistake, same

# Name, sentence, and a regular expression. In the last two, EXERCISE stands for the exercise.
ANYWHERE = (
    (
        "a syntax error",
        "Python cannot read the cell: look at the line that the error names, and at the one "
        "above it, for a bracket, a colon or an indent.",
        r"is not defined: .*(SyntaxError|IndentationError|TabError)",
    ),
    (
        "nothing is returned",
        "The function gave None: end it with return and the result, and see that no = None "
        "of the starter is left.",
        r"returned None[:;.]",
    ),
    (
        "a None is left",
        "A None of the starter is still in use: replace each of them by an expression.",
        r"NoneType",
    ),
    (
        "tf.squared_difference",
        "tf.squared_difference is gone: TensorFlow 2 calls it tf.math.squared_difference.",
        r"has no attribute 'squared_difference'",
    ),
    (
        "a session",
        "Sessions and placeholders belong to TensorFlow 1: now a tensor has its value at once, "
        "and a function is simply called.",
        r"has no attribute '(Session|InteractiveSession|placeholder|ConfigProto"
        r"|get_default_session|global_variables_initializer)'|Session graph is empty",
    ),
    (
        "gone from TensorFlow 2",
        "This name or argument belongs to TensorFlow 1; the error says which one: most are "
        "found in tf.math, tf.linalg or tf.random now, and keep_dims is keepdims.",
        r"module 'tensorflow[^']*' has no attribute|nexpected keyword argument "
        r"'(keep_dims|reduction_indices|dim|dimension|squeeze_dims)'",
    ),
    (
        "a name that nobody defined",
        "A name is used that has no value there: look for a slip of the pen, for a value that is "
        "set in one branch only, and for a variable of the notebook that is no argument.",
        r"NameError|UnboundLocalError",
    ),
    (
        "other arguments",
        "The first line of EXERCISE has changed: leave the names of its arguments and "
        "their default values as the notebook gives them.",
        r"\bEXERCISE\(\) (missing|takes|got (an unexpected|multiple|some positional))",
    ),
    (
        "no way for the gradient",
        "TensorFlow cannot follow the result back to the arguments: stay with tf. functions all "
        "the way, without NumPy, float(), int() or tf.constant.",
        r"has no gradient with respect to|not a tensor, so that TensorFlow cannot follow",
    ),
    (
        "a symbol of Keras",
        "A Keras layer or Input gives a symbol without a value: use tf. functions on the "
        "tensors that are given.",
        r"a KerasTensor",
    ),
    (
        "text in place of a number",
        "Return the number itself; a text such as f'...' or str(...) is for print.",
        r"returned (the )?text",
    ),
    (
        "not a number",
        "The result is NaN or infinite: look for a division by zero, the root of a negative "
        "number, or a number that grew too large.",
        r"contains NaN or infinity",
    ),
    (
        "calls itself without end",
        "The function calls itself over and over: a name in it is its own in place of "
        "another function's.",
        r"RecursionError",
    ),
    (
        "a loop without end",
        "It did not come to an end: look for a loop whose condition never becomes false.",
        r"did not come to an end in time",
    ),
    (
        "ends Python",
        "The function ends the whole program: use return, not exit() or quit().",
        r"ended its process, as exit\(\) does|stopped with SystemExit",
    ),
)


def general_mistakes(exercise: str) -> Iterator[KnownMistake]:
    """Yield these mistakes for one exercise."""
    for name, sentence, message in ANYWHERE:
        said, sign = (text.replace("EXERCISE", exercise) for text in (sentence, message))
        yield KnownMistake(exercise, name, said, message=sign)
    yield KnownMistake(
        exercise,
        "part of the gradient is cut off",
        "The numbers are right, their gradient is not: look for what TensorFlow cannot follow on "
        "a part of the way, such as tf.stop_gradient, tf.cast to whole numbers or .numpy().",
        fits=lambda sights: all(same(sight.came, sight.right) for sight in sights),
        message=r"the gradient of .* right is",
    )
