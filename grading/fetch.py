"""The real weights in place of the embedded networks, and MNIST in place of small digits."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from grading import CourseError
from grading.adopt import adopt
from grading.download import DownloadError, download
from grading.manifest import FOLDER, Weights, fault, fetchable, megabytes

ALL = "all"
Tell = Callable[[str], None]


def fetch(
    name: str, folder: Path = FOLDER, source: Path | None = None, tell: Tell = print
) -> list[Path]:
    """Bring weights or data to their place, checked.

    Parameters
    ----------
    name : str
        Its name in the manifest, such as "vgg19"; "all" for what the notebooks can use.
    folder : Path
        Where the manifest lies and the files go.
    source : Path, optional
        What you have, to be taken instead of the download: the file itself, or the same network
        or data in another published format.
    tell : callable
        Gets what is done, in sentences; the size before a download begins.

    Returns
    -------
    list of Path
        The files. A whole one that is already there is left alone.

    Raises
    ------
    CourseError
        If the name is unknown, no address gives the file, or it is not the right one. A file
        that was there before stays as it was. Of a download that broke off the beginning stays,
        under a name of its own, and the next one goes on from there.
    """
    known = fetchable(folder)
    if name not in (ALL, *known):
        there = ", ".join((*known, ALL))
        raise CourseError(f"nothing to fetch is called {name}; there are: {there}")
    if source is not None:
        if name == ALL:
            raise CourseError(f"{source} cannot be all of them; name one: {', '.join(known)}")
        return [adopt(known[name], source, folder, known)]
    wanted = [w for w in known.values() if name == w.name or (name == ALL and not w.instead_of)]
    missing = [weights for weights in wanted if _is_missing(weights, folder, tell)]
    if len(missing) > 1:
        tell(f"to download: {megabytes(sum(weights.bytes for weights in missing))} in all")
    failures = []
    for weights in missing:
        try:
            _bring(weights, folder, known, tell)
        except CourseError as error:  # the others may be had all the same
            failures.append(str(error))
    if failures:
        raise CourseError("\n".join(failures))
    return [folder / weights.file for weights in wanted]


def _is_missing(weights: Weights, folder: Path, tell: Tell) -> bool:
    target = folder / weights.file
    if not target.is_file():
        return True
    wrong = fault(target, weights)
    tell(f"{target}: {wrong}; it is fetched anew" if wrong else f"already there: {target}")
    return bool(wrong)


def _bring(weights: Weights, folder: Path, known: dict[str, Weights], tell: Tell) -> None:
    target = folder / weights.file
    part = target.with_name(f"{target.name}.part")
    with _alone(weights, folder):
        here = part.stat().st_size if part.exists() else 0
        tell(_announcement(weights, here))
        _check_space(folder, weights.bytes - here)
        try:
            download(weights.urls, part, weights.bytes, partial(fault, weights=weights))
        except DownloadError as error:
            raise CourseError(_failure(weights, part, known, error)) from error
        except OSError as error:
            raise CourseError(f"{part} cannot be written: {error.strerror or error}") from error
        part.replace(target)


@contextmanager
def _alone(weights: Weights, folder: Path) -> Iterator[None]:
    lock = FileLock(folder / f"{weights.file}.lock", timeout=0)
    try:
        with lock:
            try:
                yield
            finally:
                with suppress(OSError):  # Windows deletes no open file
                    Path(lock.lock_file).unlink()
    except Timeout as error:
        raise CourseError(
            f"another course fetch is bringing {weights.name}; wait for it"
        ) from error
    except PermissionError as error:
        raise CourseError(f"{folder} cannot be written to; is it yours?") from error


def _announcement(weights: Weights, here: int) -> str:
    size = megabytes(weights.bytes)
    rest = f" ({megabytes(here)} of it are here already)" if here else ""
    return f"{weights.title}: {size}{rest} from {urlsplit(weights.urls[0]).netloc}"


def _check_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise CourseError(
            f"{folder} has {megabytes(free)} left and {megabytes(needed)} are to come; "
            "make room first"
        )


def _failure(weights: Weights, part: Path, known: dict[str, Weights], error: DownloadError) -> str:
    kept = (
        f"What came is kept, and the same command goes on at {megabytes(part.stat().st_size)}. "
        if part.exists()
        else ""
    )
    others = [other.name for other in known.values() if other.instead_of == weights.name]
    instead = "".join(f"course fetch {other}, or " for other in others)
    return (
        f"{weights.file} cannot be had: {error}. {kept}Try again later, or {instead}"
        f"get it by other means and run: course fetch {weights.name} --from FILE"
    )
