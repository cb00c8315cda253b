"""What the readers of weight files share, whatever the network."""

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np


class WeightsError(ValueError):
    """A weights file is missing, broken or of another network; the text says what helps."""


def keras_arrays(path: Path) -> Iterator[tuple[list[str], np.ndarray]]:
    """Yield every weight of a Keras ``.h5``, of any release, with the names of its groups.

    Parameters
    ----------
    path : Path

    Yields
    ------
    tuple of (list of str, ndarray)
        The names lead from the file to the array; the last is a layer's label, which Keras 3
        writes beside groups that it names by class, else "None". What an optimiser saved is
        left out.

    Raises
    ------
    Exception
        Of any kind, if the bytes are broken.
    """
    found: list[tuple[list[str], np.ndarray]] = []

    def visit(where: str, item: object) -> None:
        if isinstance(item, h5py.Dataset) and "optimizer" not in where:
            found.append(([*where.split("/"), str(item.parent.attrs.get("name"))], item[()]))

    with h5py.File(path, "r") as file:
        file.visititems(visit)
    yield from found


def is_finite(array: np.ndarray) -> bool:
    """Say whether an array holds numbers, all of them finite."""
    return bool(np.issubdtype(array.dtype, np.number) and np.isfinite(array).all())
