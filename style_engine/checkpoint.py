"""Checkpoints: the state of a run in one file, whole or refused."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nst_utils import write_whole

VERSION = 1
MANIFEST = "manifest"  # name of the entry with everything that is not an array

State = Mapping[str, "np.ndarray | float | int | str | bytes"]


class CheckpointError(ValueError):
    """A checkpoint cannot be used; the text says why and what helps."""


def save_checkpoint(
    path: str | Path, state: State, settings: Mapping[str, Any] | None = None
) -> Path:
    """Save the state of a run; the checkpoint before it stays until this one is on the disk.

    Parameters
    ----------
    path : str or Path
        By custom ends in ``.npz``.
    state : mapping from str to array, float, int, bool, str or bytes
    settings : mapping, optional
        What the run was started with, as JSON can hold it: `load_checkpoint` refuses to go on
        with other settings.

    Returns
    -------
    Path

    Raises
    ------
    CheckpointError
        A value is of another kind, or an array holds objects.
    OSError
        The disk is full or the folder may not be written.
    """
    plain, arrays, kinds = _sorted_out(state)
    known = _as_json(settings or {})
    manifest = {
        "version": VERSION,
        "settings": known,
        "settings_sha256": _hash(known),
        "plain": plain,
        "kinds": kinds,
        "arrays_sha256": {name: _array_hash(array) for name, array in arrays.items()},
    }
    entries = {f"array{i}": array for i, array in enumerate(arrays.values())}
    entries[MANIFEST] = np.frombuffer(json.dumps(manifest).encode(), np.uint8)
    return write_whole(Path(path), lambda temporary: _write(temporary, entries))


def load_checkpoint(
    path: str | Path, settings: Mapping[str, Any] | None = None
) -> dict[str, np.ndarray | float | int | str | bytes]:
    """Load what `save_checkpoint` saved, checked to the last bit.

    Parameters
    ----------
    path : str or Path
    settings : mapping, optional
        What the present run was started with; not compared by default.

    Returns
    -------
    dict
        The state, each value of the kind and type it was saved with.

    Raises
    ------
    CheckpointError
        The file is missing, truncated, altered, no checkpoint, of another version, or of a run
        with other settings, which are named.
    """
    path = Path(path).expanduser()
    manifest, arrays = _read(path)
    if settings is not None:
        _check_settings(path, manifest, settings)
    state: dict[str, Any] = dict(manifest["plain"])
    for name, array in arrays.items():
        state[name] = array.tobytes() if manifest["kinds"][name] == "bytes" else array
    return {name: state[name] for name in manifest["kinds"]}


def checkpoint_settings(path: str | Path) -> dict[str, Any]:
    """Return the settings that the run of a checkpoint was started with.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    dict
        As JSON has them: tuples are lists.

    Raises
    ------
    CheckpointError
        See `load_checkpoint`.
    """
    return _read(Path(path).expanduser())[0]["settings"]


# --- what goes in ---------------------------------------------------------------------------


def _sorted_out(state: State) -> tuple[dict[str, Any], dict[str, np.ndarray], dict[str, str]]:
    """Part a state into plain values, arrays, and the kind of each."""
    plain: dict[str, Any] = {}
    arrays: dict[str, np.ndarray] = {}
    kinds: dict[str, str] = {}
    for name, value in state.items():
        item = value.item() if isinstance(value, np.generic) else value
        if isinstance(item, (bool, int, float, str)):
            plain[name], kinds[name] = item, "plain"
        elif isinstance(item, bytes):
            arrays[name], kinds[name] = np.frombuffer(item, np.uint8), "bytes"
        elif isinstance(item, np.ndarray) and item.dtype.kind not in "OV":
            arrays[name], kinds[name] = item, "array"
        else:
            kind = getattr(item, "dtype", type(item).__name__)
            raise CheckpointError(
                f"{name} is of the kind {kind}; a checkpoint holds arrays of numbers or text, "
                "and int, float, bool, str and bytes"
            )
    return plain, arrays, kinds


def _write(path: Path, entries: Mapping[str, np.ndarray]) -> None:
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **entries)
        file.flush()
        os.fsync(file.fileno())  # the old checkpoint goes only when this one is on the disk


def _as_json(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings as they come back from a file, so that they can be compared."""
    try:
        return json.loads(json.dumps(dict(settings), sort_keys=True))
    except TypeError as error:
        raise CheckpointError(f"the settings cannot be written as JSON: {error}") from error


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _array_hash(array: np.ndarray) -> str:
    digest = hashlib.sha256(f"{array.dtype.str} {array.shape} ".encode())
    digest.update(np.ascontiguousarray(array).data.cast("B") if array.size else b"")
    return digest.hexdigest()


# --- what comes out -------------------------------------------------------------------------


def _read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    if not path.is_file():
        raise CheckpointError(f"{path} is missing; start the run without resuming")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as entries:
            return _checked(path, entries)
    except CheckpointError:
        raise
    except Exception as error:  # the readers raise anything over broken bytes
        raise _broken(path, str(error)) from error


def _broken(path: Path, why: str) -> CheckpointError:
    return CheckpointError(
        f"{path} is no whole checkpoint ({why}): truncated, altered or another kind of file; "
        "delete it and start the run anew"
    )


def _checked(path: Path, entries: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    manifest = json.loads(entries[MANIFEST].tobytes())
    if manifest["version"] != VERSION:
        raise CheckpointError(
            f"{path} is a checkpoint of version {manifest['version']}; this program reads "
            f"{VERSION}: go on with the program that wrote it, or start anew"
        )
    arrays = {}
    for i, (name, expected) in enumerate(manifest["arrays_sha256"].items()):
        arrays[name] = entries[f"array{i}"]
        if _array_hash(arrays[name]) != expected:
            raise _broken(path, f"the SHA-256 of {name} differs")
    if _hash(manifest["settings"]) != manifest["settings_sha256"]:
        raise _broken(path, "the SHA-256 of the settings differs")
    return manifest, arrays


def _check_settings(path: Path, manifest: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    present = _as_json(settings)
    if _hash(present) == manifest["settings_sha256"]:
        return
    before, now = _flat(manifest["settings"]), _flat(present)
    names = [name for name in before | now if before.get(name) != now.get(name)]
    told = "; ".join(
        f"{name} was {before.get(name, 'not there')!r} and is {now.get(name, 'not there')!r}"
        for name in names
    )
    raise CheckpointError(
        f"{path} is of a run with other settings: {told}. Give the same, or start the run anew"
    )


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested settings as one level, named like ``style.weight``."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, dict) and value:
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat
