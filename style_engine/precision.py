"""When bfloat16 is worth it: on processors that multiply it faster, for wide networks."""

import re
from functools import cache
from pathlib import Path

import tensorflow as tf

from vgg19_weights import VGGWeights

UNITS = ("amx_bf16", "avx512_bf16")  # as Linux names them
WIDE = 128  # channels; a narrower network spends its time elsewhere


@cache
def has_bfloat16() -> bool:
    """Tell whether the processor has instructions for bfloat16; False where that is unknown."""
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    flags = set(re.split(r"\s+", told))
    return any(unit in flags for unit in UNITS)


def bfloat16_pays(weights: VGGWeights) -> bool:
    """Tell whether a network is faster in bfloat16 on this machine.

    A graphics processor takes its own shortcuts in float32.
    """
    wide = max(weights.channels(name) for name in weights.biases) >= WIDE
    return wide and has_bfloat16() and not tf.config.list_physical_devices("GPU")
