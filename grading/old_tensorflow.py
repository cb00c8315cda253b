"""Names and arguments of TensorFlow 1 that TensorFlow 2 has no more, and what they are called now.

Old notebooks and old answers on the web are full of them. The renames are TensorFlow's own list,
of its upgrade script.
"""

import re
from collections.abc import Iterable

NAME = re.compile(r"module 'tensorflow(?:\._api\.v2)?((?:\.\w+)*)' has no attribute '(\w+)'")
ARGUMENT = re.compile(r"[Uu]nexpected keyword argument '(\w+)'")
ARGUMENTS = {
    "keep_dims": "keepdims",
    "reduction_indices": "axis",
    "dimension": "axis",
    "dim": "axis",
    "squeeze_dims": "axis",
    "concat_dim": "axis",
}
CASTS = re.compile(r"tf\.to_(\w+)")
TYPES = {"float": "float32", "double": "float64"}


def old_idioms(errors: Iterable[str]) -> list[str]:
    """Return what of TensorFlow 1 some errors complain about, which its second version still has.

    Parameters
    ----------
    errors : iterable of str
        What was raised.

    Returns
    -------
    list of str
        Such as ``"tf.squared_difference"`` and ``"keep_dims"``, each once.
    """
    found: dict[str, None] = {}
    for error in errors:
        name, argument = NAME.search(error), ARGUMENT.search(error)
        if name and _is_in_version_1(name[1], name[2]):
            found[f"tf{name[1]}.{name[2]}"] = None
        if argument and argument[1] in ARGUMENTS:
            found[argument[1]] = None
    return list(found)


def present_name(idiom: str) -> str:
    """Return a clause on what an idiom is called now."""
    from tensorflow.tools.compatibility.all_renames_v2 import symbol_renames

    if idiom in ARGUMENTS:
        return f"the argument {idiom} is called {ARGUMENTS[idiom]} in TensorFlow 2"
    cast, now = CASTS.fullmatch(idiom), symbol_renames.get(idiom, "")
    if cast:
        now = f"tf.cast(x, tf.{TYPES.get(cast[1], cast[1])})"
    if not now or now.startswith("tf.compat.v1."):
        return f"TensorFlow 2 has no {idiom} any more"
    return f"{idiom} is called {now} in TensorFlow 2"


def _is_in_version_1(path: str, name: str) -> bool:
    """Tell whether tensorflow.compat.v1 has a name, without making anything of it."""
    import tensorflow as tf

    module = tf.compat.v1
    for part in path.split(".")[1:]:
        module = getattr(module, part, None)
    return name in dir(module)
