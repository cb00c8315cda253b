"""Imports without what TensorFlow writes about itself, and without what Keras could do without."""

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def import_quietly(*modules: str) -> None:
    """Import modules; what is written to file descriptor 2 meanwhile goes nowhere.

    Unlike `quiet_tensorflow` it asks TensorFlow for nothing: the process may still fork.
    """
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        with as_if_missing("sklearn"):
            for module in modules:
                importlib.import_module(module)
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextmanager
def as_if_missing(module: str) -> Iterator[None]:
    """Let other modules believe for the time of a block that one is not installed.

    Keras imports scikit-learn, for 0.6 s, to wrap its own models for it.
    """
    there = module in sys.modules
    if not there:
        sys.modules[module] = None  # type: ignore[assignment]  # what Python takes for missing
    try:
        yield
    finally:
        if not there:
            del sys.modules[module]
