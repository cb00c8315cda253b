"""The files in a folder or a zip, and in zips within it, whatever their makers meant to do.

Nothing is ever written under a name that came from outside: what is worth reading is copied into
one folder under the hash of its bytes. So paths that climb out, absolute paths, links, names
that differ only in case and names too long for a disk do no harm. Sizes in an archive's
directory are not believed; bytes are counted while they are read.
"""

import hashlib
import os
import re
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Literal

from grading import CourseError
from grading.cells import MOST_BYTES, shown

Kind = Literal["answer", "note", "archive", "other"]

_JUNK = {"__MACOSX", "__pycache__", "node_modules", "site-packages", "Thumbs.db", "desktop.ini"}
# Browsers and mail programs add an ending of their own: art.ipynb.txt, art.ipynb.json.
_ANSWER = re.compile(r"\.(ipynb|py)(\.txt|\.json)?$", re.IGNORECASE)
_CLOSED = re.compile(r"\.(rar|7z|tar|tgz|gz|bz2|xz|zst)$", re.IGNORECASE)
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_DIRECTORY_BYTES = 8_000_000  # of a zip's list of files: some 80,000 names
_NOTE_BYTES = 10_000
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Limits:
    """How much is read; what goes beyond costs the file or the archive that does.

    Attributes
    ----------
    file_bytes : int
        Of one notebook or module.
    archive_bytes : int
        Of an archive within another, and of everything copied from it.
    archive_files : int
        Names in an archive within another.
    files, total_bytes : int
        Names in one given path, and bytes copied from it; an archive in a given folder may hold a
        tenth of each.
    depth : int
        How many archives may lie in one another.
    """

    file_bytes: int = MOST_BYTES
    archive_bytes: int = 200_000_000
    archive_files: int = 20_000
    files: int = 100_000
    total_bytes: int = 20_000_000_000
    depth: int = 4


@dataclass(frozen=True)
class Found:
    """A file that came in.

    Attributes
    ----------
    trail : tuple of str
        The names from the given path down to the file, through folders and archives.
    kind : {"answer", "note", "archive", "other"}
        A notebook or module; a small text about a submission; an archive that could not be
        opened; anything else.
    path : Path, or None
        Where its bytes are; None if they were not wanted or could not be had.
    modified : datetime, or None
        When it was last changed, as far as its folder or archive says.
    problem : str
        Why it could not be had, in one sentence; else empty.
    """

    trail: tuple[str, ...]
    kind: Kind
    path: Path | None = None
    modified: datetime | None = None
    problem: str = ""

    @property
    def origin(self) -> str:
        """Its trail, fit to be shown."""
        return " / ".join(shown(part) for part in self.trail)


class _SpentError(CourseError):
    """An archive or a folder holds more than is read."""


class _Budget:
    """What may still be read; what lies inside another is charged to both."""

    def __init__(self, files: int, total: int, outer: "_Budget | None" = None) -> None:
        self.files, self.bytes, self.outer = files, total, outer
        self._all = files, total

    def spend(self, files: int = 0, count: int = 0) -> None:
        self.files -= files
        self.bytes -= count
        if self.files < 0 or self.bytes < 0:
            most = f"{self._all[0]} files" if self.files < 0 else f"{self._all[1] / 1e6:g} MB"
            raise _SpentError(
                f"it holds more than {most}; the rest was not read. If it is in order, unpack it "
                "and give its parts one by one"
            )
        if self.outer is not None:
            self.outer.spend(files, count)


@dataclass(frozen=True)
class _Walk:
    """One search: where it copies to, its limits and what is left of them."""

    into: Path
    limits: Limits
    budget: _Budget
    depth: int = 0

    def within(self, files: int, total: int) -> "_Walk":
        """Return a walk that has its own share of what may be read."""
        return replace(self, budget=_Budget(files, total, self.budget))

    def deeper(self) -> "_Walk":
        """Return the walk for an archive in an archive; those inside it share its budget."""
        inner = replace(self, depth=self.depth + 1)
        if self.depth:
            return inner
        return inner.within(self.limits.archive_files, self.limits.archive_bytes)


def find(root: Path, into: Path, limits: Limits | None = None) -> Iterator[Found]:
    """Find every file of a folder, an archive, or the one file given.

    Parameters
    ----------
    root : Path
        What to look through.
    into : Path
        The folder for copies of what lies in archives.
    limits : Limits, optional
        How much to read.

    Yields
    ------
    Found
        Each file but the litter of operating systems and editors. An archive that cannot be
        read, or a file that is not to be had, says so and stops nothing.

    Raises
    ------
    CourseError
        If `root` does not exist.
    """
    if not root.exists():
        raise CourseError(
            f"{shown(str(root), 300)} does not exist; give a file, a folder or a zip"
        )
    limits = limits or Limits()
    into = into.resolve()
    into.mkdir(parents=True, exist_ok=True)
    walk = _Walk(into, limits, _Budget(limits.files, limits.total_bytes))
    # The path that the instructor gives may be a link; below it links are not followed.
    root = root.resolve()
    if root.is_dir():
        yield from _folder(root, walk)
    else:
        yield from _file(root, (root.name,), walk)


def _folder(root: Path, walk: _Walk) -> Iterator[Found]:
    closed: list[OSError] = []
    # One student's archive must not use up what the class may send.
    for place, folders, files in os.walk(root, onerror=closed.append):
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        folders[:] = sorted(n for n in folders if not _is_junk(n) and n not in links)
        folders[:] = [name for name in folders if Path(place, name) != walk.into]
        trail = (root.name, *Path(place).relative_to(root).parts)
        names = sorted(name for name in [*files, *links] if not _is_junk(name))
        for name in names:
            try:
                walk.budget.spend(files=1)
            except _SpentError as error:
                yield _unread(Found((root.name,), "archive"), str(error))
                return
            # One student's archive must not use up what the class may send.
            share = walk.within(walk.limits.files // 10, walk.limits.total_bytes // 10)
            yield from _file(Path(place) / name, (*trail, name), share)
        if not names and not folders:
            yield Found((*trail, ""), "other")
    for failure in closed:
        parts = Path(failure.filename).relative_to(root).parts
        problem = f"it cannot be opened ({failure.strerror})"
        yield _unread(Found((root.name, *parts), "archive"), problem)


def _file(path: Path, trail: tuple[str, ...], walk: _Walk) -> Iterator[Found]:
    kind = _kind(trail)
    found = Found(trail, kind)
    try:
        info = path.lstat()
        problem = _disk_problem(info, kind, walk.limits)
        if not problem and kind != "other":
            os.close(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)))
    except OSError as error:
        problem = f"it cannot be opened ({error.strerror})"
    if problem:
        yield _unread(found, problem)
        return
    found = replace(found, modified=datetime.fromtimestamp(info.st_mtime, UTC))
    if kind == "archive":
        yield from _archive(path, found, walk)
    else:
        yield replace(found, path=None if kind == "other" else path)


def _disk_problem(info: os.stat_result, kind: Kind, limits: Limits) -> str:
    if kind == "other":
        return ""
    if stat.S_ISLNK(info.st_mode):
        return "it is a link, and links are not followed; put the file itself there"
    if not stat.S_ISREG(info.st_mode):
        return "it is no ordinary file"
    return _too_large(info.st_size, limits.file_bytes) if kind == "answer" else ""


def _archive(path: Path, found: Found, walk: _Walk) -> Iterator[Found]:
    """Go through a zip; what was found before it breaks is kept."""
    if _CLOSED.search(found.trail[-1]):
        yield _unread(found, "only zip archives are opened; pack it as zip")
        return
    if walk.depth >= walk.limits.depth:
        yield _unread(found, f"more than {walk.limits.depth} archives lie in one another")
        return
    try:
        with path.open("rb") as file, zipfile.ZipFile(_Guarded(file)) as archive:
            for member in archive.infolist():
                yield from _member(archive, member, found.trail, walk)
    except CourseError as error:
        yield _unread(found, str(error))
    except Exception as error:  # zipfile, zlib and codecs raise nearly anything on hostile bytes
        yield _unread(found, f"it is no readable zip archive ({shown(str(error), 200)})")


def _member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, above: tuple[str, ...], walk: _Walk
) -> Iterator[Found]:
    walk.budget.spend(files=1)
    trail = (*above, *_parts(_member_name(member)))
    if trail == above or any(_is_junk(part) for part in trail[len(above) :]):
        return
    if member.is_dir():
        return
    found = Found(trail, _kind(trail), modified=_member_time(member))
    if found.kind == "other":
        yield found
        return
    try:
        copy = _copied(archive, member, found, walk)
    except _SpentError:
        raise
    except CourseError as error:
        yield _unread(found, str(error))
    except Exception as error:  # as above: this member is broken, the next may be whole
        yield _unread(found, f"it cannot be unpacked ({shown(str(error), 200)})")
    else:
        yield from _unpacked(copy, found, walk)


def _unpacked(copy: Path, found: Found, walk: _Walk) -> Iterator[Found]:
    if found.kind != "archive":
        yield replace(found, path=copy)
        return
    try:
        yield from _archive(copy, found, walk.deeper())
    finally:
        copy.unlink(missing_ok=True)


def _copied(archive: zipfile.ZipFile, member: zipfile.ZipInfo, found: Found, walk: _Walk) -> Path:
    """Copy a member into the folder of copies, under the hash of its bytes."""
    _check_member(member)
    most = {"answer": walk.limits.file_bytes, "note": _NOTE_BYTES}.get(
        found.kind, walk.limits.archive_bytes
    )
    if problem := _too_large(member.file_size, most):
        raise CourseError(problem)
    digest = hashlib.sha256()
    handle, part = tempfile.mkstemp(suffix=".part", dir=walk.into)
    try:
        with os.fdopen(handle, "wb") as target, archive.open(member) as source:
            count = 0
            while chunk := source.read(_CHUNK):
                count += len(chunk)
                walk.budget.spend(count=len(chunk))
                if problem := _too_large(count, most):
                    raise CourseError(problem)
                digest.update(chunk)
                target.write(chunk)
        return Path(part).replace(walk.into / f"{digest.hexdigest()[:40]}{_suffix(found)}")
    finally:
        Path(part).unlink(missing_ok=True)


def _check_member(member: zipfile.ZipInfo) -> None:
    if stat.S_ISLNK(member.external_attr >> 16):
        raise CourseError("it is a link, and links are not followed; put the file itself there")
    if member.flag_bits & 0x1:
        raise CourseError("it is locked with a password; pack it without one")
    if member.compress_type not in _METHODS:
        raise CourseError(
            f"it is packed in an unusual way (method {member.compress_type}); pack it as plain zip"
        )


def _suffix(found: Found) -> str:
    ending = _ANSWER.search(found.trail[-1])
    return f".{ending[1].lower()}" if ending else f".{found.kind}"


def _unread(found: Found, problem: str) -> Found:
    return replace(found, path=None, problem=f"{shown(found.trail[-1])}: {problem}.")


def _too_large(count: int, most: int) -> str:
    return f"it has more than {most / 1e6:g} MB, which is the limit" if count > most else ""


def _kind(trail: tuple[str, ...]) -> Kind:
    name = trail[-1]
    if _ANSWER.search(name):
        return "answer"
    if name.lower().endswith(".zip") or _CLOSED.search(name):
        return "archive"
    is_note = name == "timestamp.txt" or re.search(r"_attempt_[\d-]+\.txt$", name)
    return "note" if is_note else "other"


def _is_junk(name: str) -> bool:
    return name.startswith(".") or name in _JUNK


def _member_name(member: zipfile.ZipInfo) -> str:
    """Return a member's name; some programs write UTF-8 without saying so."""
    if not member.flag_bits & 0x800:
        try:
            return member.filename.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return member.filename


def _parts(name: str) -> tuple[str, ...]:
    """Cut a path from outside into names, without what would lead elsewhere."""
    parts = name.replace("\\", "/").split("/")
    return tuple(
        part for part in parts if part.strip(" .") and not re.fullmatch("[A-Za-z]:", part)
    )


def _member_time(member: zipfile.ZipInfo) -> datetime | None:
    try:
        return datetime(*member.date_time).astimezone()
    except (ValueError, OverflowError, OSError):
        return None


class _Guarded:
    """A file that refuses a huge read: zipfile reads a zip's whole list of files at once."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, count: int = -1) -> bytes:
        most = _DIRECTORY_BYTES + 1
        data = self._file.read(most if count < 0 else min(count, most))
        if len(data) == most:
            raise CourseError(f"its list of files has more than {_DIRECTORY_BYTES / 1e6:g} MB")
        return data
