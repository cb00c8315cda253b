"""The real weights in place of the embedded networks, and MNIST in place of small digits."""

import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pooch
import requests
from tqdm import tqdm

from grading import ROOT, CourseError
from grading.files import written_whole

FOLDER = ROOT / "pretrained-model"
CHUNK = 1 << 20


@dataclass(frozen=True)
class Weights:
    """An entry of `pretrained-model/MANIFEST.toml`: file name, address, length and SHA-256."""

    file: str
    url: str
    bytes: int
    sha256: str


def read_manifest(folder: Path = FOLDER) -> dict[str, Weights]:
    """Return the entries that can be fetched, by their short names."""
    entries = tomllib.loads((folder / "MANIFEST.toml").read_text(encoding="utf-8"))
    return {
        name: Weights(entry["file"], entry["url"], entry["bytes"], entry["sha256"])
        for name, entry in entries.items()
        if "url" in entry
    }


def fetch(name: str, folder: Path = FOLDER, source: Path | None = None) -> Path:
    """Bring a file of weights or data to its place, checked.

    Parameters
    ----------
    name : str
        Its name in the manifest, such as "vgg19".
    folder : Path
        Where the manifest lies and the file goes.
    source : Path, optional
        A copy to take instead of the download.

    Returns
    -------
    Path
        The file. A whole one that is already there is left alone.

    Raises
    ------
    CourseError
        If the name is unknown, the server cannot be reached, or the file is not the right one.
        Nothing is left behind then, and a file that was there before stays as it was.
    """
    manifest = read_manifest(folder)
    if name not in manifest:
        raise CourseError(f"nothing to fetch is called {name}; there are: {', '.join(manifest)}")
    weights = manifest[name]
    target = folder / weights.file
    if target.is_file() and not _fault(target, weights):
        return target
    with written_whole(target) as part:
        if source is None:
            _download(name, weights, part)
        else:
            _copy(source, part)
        fault = _fault(part, weights)
        if fault:
            origin = source or weights.url
            raise CourseError(f"{origin} is not {weights.file}: {fault}; nothing was kept")
    return target


def _fault(path: Path, weights: Weights) -> str:
    """Say what is wrong with a file, or nothing."""
    length = path.stat().st_size
    if length != weights.bytes:
        return f"it has {length} bytes, not {weights.bytes}"
    digest = pooch.file_hash(str(path), alg="sha256")
    if digest != weights.sha256:
        return f"its SHA-256 is {digest}, not {weights.sha256}"
    return ""


def _download(name: str, weights: Weights, part: Path) -> None:
    download = pooch.HTTPDownloader(progressbar=True, timeout=30)
    other_way = f"or give a copy you have: course fetch {name} --from {weights.file}"
    try:
        download(weights.url, str(part), None)
    except requests.exceptions.HTTPError as error:
        raise CourseError(
            f"{weights.url} cannot be had ({error}); try later, {other_way}"
        ) from error
    except requests.exceptions.ChunkedEncodingError as error:
        raise CourseError(f"{weights.url} broke off; run it again, {other_way}") from error
    except requests.exceptions.RequestException as error:
        raise CourseError(
            f"{weights.url} cannot be reached; is this machine online? Try again, {other_way}"
        ) from error


def _copy(source: Path, part: Path) -> None:
    if not source.is_file():
        raise CourseError(f"{source} is missing")
    with (
        tqdm(total=source.stat().st_size, unit="B", unit_scale=True, desc=source.name) as bar,
        source.open("rb") as read,
        part.open("wb") as write,
    ):
        while chunk := read.read(CHUNK):
            write.write(chunk)
            bar.update(len(chunk))
    shutil.copystat(source, part)
