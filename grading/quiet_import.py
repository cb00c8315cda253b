"""Imports without the lines that TensorFlow's C++ side writes about itself."""

import importlib
import os


def import_quietly(*modules: str) -> None:
    """Import modules; what is written to file descriptor 2 meanwhile goes nowhere.

    Unlike `quiet_tensorflow` it asks TensorFlow for nothing: the process may still fork.
    """
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        for module in modules:
            importlib.import_module(module)
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
