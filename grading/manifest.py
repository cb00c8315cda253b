"""`pretrained-model/MANIFEST.toml`: the files of weights and data, and whether one is whole."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pooch

from grading import ROOT, CourseError

FOLDER = ROOT / "pretrained-model"
CHECKSUMS = ("sha256", "md5")  # the first that the manifest has is checked


@dataclass(frozen=True)
class Weights:
    """An entry of the manifest.

    Attributes
    ----------
    name : str
        What `course fetch` calls it.
    file : str
        Its name in `pretrained-model/`.
    urls : tuple of str
        Where it can be had, the best place first; none for what comes with the course.
    bytes : int
        Its length.
    algorithm, checksum : str
        "sha256" or "md5", and the digits.
    title : str
        What it is, in words.
    instead_of : str
        The entry whose place it takes; empty for an entry in its own right.
    """

    name: str
    file: str
    urls: tuple[str, ...]
    bytes: int
    algorithm: str
    checksum: str
    title: str
    instead_of: str

    @property
    def group(self) -> str:
        """The name of what a notebook needs: "vgg19" for each form of the VGG-19."""
        return self.instead_of or self.name


def read_manifest(folder: Path = FOLDER) -> dict[str, Weights]:
    """Return all entries by their short names.

    Raises
    ------
    CourseError
        The manifest is missing, or an entry has no length or no checksum.
    """
    path = folder / "MANIFEST.toml"
    if not path.is_file():
        raise CourseError(f"{path} is missing; it is part of the course: take it from there anew")
    entries = tomllib.loads(path.read_text(encoding="utf-8"))
    return {name: _entry(path, name, entry) for name, entry in entries.items()}


def fetchable(folder: Path = FOLDER) -> dict[str, Weights]:
    """Return the entries that have an address."""
    return {name: entry for name, entry in read_manifest(folder).items() if entry.urls}


def fault(path: Path, weights: Weights) -> str:
    """Say what is wrong with a file, or nothing."""
    length = path.stat().st_size
    if length != weights.bytes:
        return f"it has {length} bytes, not {weights.bytes}"
    digest = pooch.file_hash(str(path), alg=weights.algorithm)
    if digest != weights.checksum:
        kind = {"sha256": "SHA-256", "md5": "MD5"}[weights.algorithm]
        return f"its {kind} is {digest}, not {weights.checksum}"
    return ""


def megabytes(count: int) -> str:
    """Write a length as people do: 80.1 MB."""
    return f"{count / 1e6:.1f} MB"


def _entry(path: Path, name: str, entry: dict[str, Any]) -> Weights:
    algorithm = next((key for key in CHECKSUMS if key in entry), None)
    if algorithm is None or "bytes" not in entry or "file" not in entry:
        raise CourseError(f"{path}: [{name}] needs file, bytes and one of {', '.join(CHECKSUMS)}")
    return Weights(
        name=name,
        file=entry["file"],
        urls=tuple(entry.get("urls", ())),
        bytes=entry["bytes"],
        algorithm=algorithm,
        checksum=entry[algorithm],
        title=entry.get("title", entry["file"]),
        instead_of=entry.get("instead-of", ""),
    )
