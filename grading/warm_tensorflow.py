"""TensorFlow, made ready for processes that live for half a second each.

Whoever imports this has run no operation of TensorFlow's, made no tensor and started no thread,
so that it can still be forked. But what each fork would do first, and again, is done or spared:

- The registry of kernels is read (5 ms), that of XLA's is filled, which the first graph would do
  (3 ms), and the list of all operations is made, which the first look-up of a name that is none
  of theirs would do (7 ms).
- A single operation is executed as it is. TensorFlow's Python side has each kind wrapped into a
  function, which is optimised and compiled when it is met for the first time (0.5 ms a kind, and
  15 ms for the first); for what an operation computes that makes no difference.
- Abstract classes are asked about the types that occur everywhere. They remember it (8 ms).
- Graphs are executed as they were recorded. Optimising them pays for those that are run often.

Kernels, operations and how they are executed have no public name in TensorFlow. Where a later
version has no such thing, all works as before, only later.
"""

import contextlib
from abc import ABCMeta
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

PLAIN = (type(None), bool, int, float, str, list, tuple, dict, np.ndarray, np.float32, np.float64)
FAMILIES = (tf.Tensor, tf.Variable, tf.keras.Variable, tf.keras.optimizers.Optimizer)


def _read_kernels() -> None:
    from tensorflow.python.framework.kernels import get_registered_kernels_for_op

    get_registered_kernels_for_op("NoOp")


def _fill_xlas_registry() -> None:
    from tensorflow.python.util import pywrap_xla_ops

    pywrap_xla_ops.get_cpu_kernel_names()


def _list_operations() -> None:
    from tensorflow.python.framework import op_def_registry

    op_def_registry.get("NoSuchOperation")


def _execute_operations_as_they_are() -> None:
    from tensorflow.python import pywrap_tfe

    name = "TFE_ContextOptionsSetRunEagerOpAsFunction"
    if hasattr(pywrap_tfe, name):
        setattr(pywrap_tfe, name, lambda _options, _wrapped: None)


def _ask_abstract_classes() -> None:
    abstract = {kind for kind in _below(object) if isinstance(kind, ABCMeta)}
    common = {*PLAIN, *FAMILIES, *(kind for family in FAMILIES for kind in _below(family))}
    for kind in common:
        for above in abstract:
            with contextlib.suppress(Exception):  # a class may answer as it likes
                issubclass(kind, above)


def _below(kind: type) -> Iterator[type]:
    """Yield the classes that were derived from one, at any distance."""
    derived: type
    for derived in type.__subclasses__(kind):
        yield derived
        yield from _below(derived)


for prepare in (
    _read_kernels,
    _fill_xlas_registry,
    _list_operations,
    _execute_operations_as_they_are,
):
    with contextlib.suppress(ImportError, AttributeError):
        prepare()
_ask_abstract_classes()
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
