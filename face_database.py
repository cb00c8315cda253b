"""The people a door knows: a mapping from names to encodings with an exact, fast search.

It behaves as the dict of the published course does (name -> encoding of shape (1, 128)), keeps
several pictures of a person, is saved without pickle, and finds the nearest of a million people
by one product of a matrix and a vector in place of a loop.
"""

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["DatabaseError", "FaceDatabase", "UnknownPersonError"]

ENCODING_SIZE = 128
FORMAT = 1  # of the files
SPELLING_LIMIT = 20_000  # among more names than this a similar one takes seconds to find
SCORES_AT_ONCE = 1 << 24  # 64 MB of float32 while several queries are answered together
ROWS_AT_ONCE = 1 << 16
ROUNDING = 4 * 130 * 2.0**-24  # bounds what float32 sums of 128 products can be wrong by

Match = tuple[str, float]
People = Mapping[str, Any] | Iterable[tuple[str, Any]]


class DatabaseError(ValueError):
    """An encoding, a name or a file cannot be used; the text says which and what helps."""


class UnknownPersonError(KeyError):
    """A name is not in the database; the text proposes similar ones."""

    def __init__(self, name: object, known: Mapping[str, int]) -> None:
        super().__init__(name)
        self.name, self._known = name, known

    def __str__(self) -> str:
        # Only when it is read: `in` and `get` raise and catch this error silently.
        if not self._known:
            return f"{self.name!r} is not in the database, which is empty; add people first"
        few = self._known if len(self._known) <= SPELLING_LIMIT else ()
        similar = difflib.get_close_matches(str(self.name), few)
        hint = f"did you mean {' or '.join(similar)}?" if similar else self._some_names()
        return f"{self.name!r} is not in the database of {len(self._known):,} people; {hint}"

    def _some_names(self) -> str:
        names = [name for name, _ in zip(self._known, range(12), strict=False)]
        return "it knows " + ", ".join(names) + (", ..." if len(self._known) > 12 else "")


class FaceDatabase(MutableMapping[str, np.ndarray]):
    """Names and encodings of people, in the order in which they came.

    ``database[name]`` is (1, 128), float32: the encoding of the person's picture or, of several
    pictures, their mean, set to length 1 again. ``database[name] = encoding`` replaces all
    pictures of a person, `add` adds some.

    A person takes 516 bytes and the name; there is room for up to twice as many people as
    there are, so that adding one rarely copies.

    Examples
    --------
    ::

        database = FaceDatabase()
        database["ada"] = img_to_encoding("images/faces/residents/ada.jpg", model)
        name, distance = database.nearest(encoding)[0]
    """

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}
        self._names: list[str | None] = []  # of each row; None: removed
        self._encodings: np.ndarray = np.empty((0, ENCODING_SIZE), np.float32)
        self._half_squares: np.ndarray = np.empty(0, np.float32)  # of each row; infinite: removed
        self._several: dict[str, np.ndarray] = {}  # (k, 128) of those with k > 1 pictures
        self._longest = 0.0  # no row is longer than this

    # --- as a dict --------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def __repr__(self) -> str:
        more = sum(len(pictures) - 1 for pictures in self._several.values())
        return f"FaceDatabase({len(self):,} people, {len(self) + more:,} pictures)"

    def __getitem__(self, name: str) -> np.ndarray:
        row = self._row(name)
        return self._encodings[row : row + 1].copy()

    def __setitem__(self, name: str, encoding: Any) -> None:
        self._put(_name(name), _pictures(name, encoding))

    def __delitem__(self, name: str) -> None:
        row = self._row(name)
        del self._rows[name]
        self._several.pop(name, None)
        self._names[row] = None
        self._half_squares[row] = np.inf
        if len(self._names) > 2 * len(self._rows):
            self._close_gaps()

    def clear(self) -> None:
        """Remove everybody."""
        vars(self).update(vars(FaceDatabase()))

    def add(self, name: str, encoding: Any) -> None:
        """Add one or more pictures of a person, known or new.

        Parameters
        ----------
        name : str
        encoding : array (1, 128), (128,) or (k, 128)

        Raises
        ------
        DatabaseError
            The shape is another, a number is not finite, or the pictures' mean is zero.
        """
        new = _pictures(name, encoding)
        known = self.pictures(name) if name in self else new[:0]
        self._put(_name(name), np.concatenate([known, new]))

    def pictures(self, name: str) -> np.ndarray:
        """Return the encodings of all pictures of a person, (k, 128).

        Raises
        ------
        UnknownPersonError
            Also a KeyError.
        """
        several = self._several.get(name)
        return self[name] if several is None else several.copy()

    # --- many at once -----------------------------------------------------------------------

    @classmethod
    def from_mapping(cls, people: People) -> "FaceDatabase":
        """Make a database from a mapping, or from pairs, of names and encodings.

        Parameters
        ----------
        people : mapping or iterable of pairs
            From names to arrays (1, 128), (128,) or, several pictures, (k, 128).

        Raises
        ------
        DatabaseError
            A name comes twice, or as `add`.
        """
        pairs = people.items() if isinstance(people, Mapping) else people
        names, shots = [], []
        for name, encoding in pairs:
            names.append(_name(name))
            shots.append(_shaped(name, encoding))
        counts = np.array([len(pictures) for pictures in shots], np.int64)
        empty = np.empty((0, ENCODING_SIZE), np.float32)
        return cls._filled(names, np.concatenate(shots) if shots else empty, counts)

    @classmethod
    def from_arrays(cls, names: Sequence[str], encodings: np.ndarray) -> "FaceDatabase":
        """Make a database of n people with one picture each.

        Parameters
        ----------
        names : sequence of n str
        encodings : array (n, 128)

        Raises
        ------
        DatabaseError
            As `from_mapping`.
        """
        names, pictures = (
            [_name(name) for name in names],
            np.array(encodings, np.float32, order="C"),
        )
        if pictures.shape != (len(names), ENCODING_SIZE):
            raise DatabaseError(
                f"the encodings have shape {pictures.shape}; for {len(names)} names expected "
                f"({len(names)}, {ENCODING_SIZE})"
            )
        return cls._filled(names, pictures, np.ones(len(names), np.int64))

    def save(self, path: str | Path) -> Path:
        """Write the database to an ``.npz`` file, whole or not at all.

        Raises
        ------
        DatabaseError
            The path has another ending.
        """
        from nst_utils import write_whole  # late: it brings TensorFlow

        path = Path(path)
        if path.suffix.lower() != ".npz":
            raise DatabaseError(f"{path} ends in {path.suffix!r}; a database ends in '.npz'")
        self._close_gaps()
        text = json.dumps(list(self)).encode()
        pictures, counts = self._all_pictures()

        def write(temporary: Path) -> None:
            with temporary.open("wb") as file:
                np.savez(
                    file, format=FORMAT, names=np.frombuffer(text, np.uint8), counts=counts,
                    encodings=pictures,
                )  # fmt: skip

        return write_whole(path, write)

    @classmethod
    def load(cls, path: str | Path) -> "FaceDatabase":
        """Read a database that `save` wrote.

        Raises
        ------
        DatabaseError
            The file is missing, broken or no database.
        """
        path = Path(path).expanduser()
        if not path.is_file():
            raise DatabaseError(f"{path} is missing; save a database there first")
        try:
            with np.load(path, allow_pickle=False) as data:
                version = int(data["format"])
                names = json.loads(data["names"].tobytes())
                pictures, counts = data["encodings"], data["counts"]
        except Exception as error:  # given broken bytes, the parser may raise anything
            raise DatabaseError(
                f"{path} is no database, or broken ({error}); save it anew"
            ) from error
        _check_file(path, version, pictures, counts, names)
        try:
            return cls._filled([_name(name) for name in names], pictures, counts)
        except DatabaseError as error:
            raise DatabaseError(f"{path}: {error}") from error

    # --- search -----------------------------------------------------------------------------

    def nearest(self, encoding: Any, k: int = 1) -> list[Match]:
        """Find the people whose encodings are nearest to one.

        The answer is the one that a loop with ``np.linalg.norm`` over all people gives, in
        float32 and to the bit; of people equally near, who came first is first.

        Parameters
        ----------
        encoding : array (1, 128) or (128,)
        k : int
            How many; fewer are returned when there are fewer.

        Returns
        -------
        list of (name, L2 distance), nearest first

        Raises
        ------
        DatabaseError
            The database is empty, the encoding has another shape or is not finite, or k < 1.
        """
        query = _pictures("the encoding", encoding)
        if len(query) != 1:
            raise DatabaseError(f"{len(query)} encodings were given; nearest_many takes several")
        return self.nearest_many(query, k)[0]

    def nearest_many(self, encodings: Any, k: int = 1) -> list[list[Match]]:
        """Find the nearest people of each of m encodings (m, 128), see `nearest`."""
        if not len(self):
            raise DatabaseError("the database is empty; add people before you search it")
        if k < 1:
            raise DatabaseError(f"k is {k}; at least 1 person is searched for")
        if not len(encodings):
            return []
        queries = _pictures("the encodings", encodings)
        step = max(1, SCORES_AT_ONCE // len(self._names))
        found = []
        for start in range(0, len(queries), step):
            some = queries[start : start + step]
            pairs = zip(some, self._scores(some), strict=True)
            found += [self._best(query, scores, min(k, len(self))) for query, scores in pairs]
        return found

    def _scores(self, queries: np.ndarray) -> np.ndarray:
        """Return, for each query and row, half the squared distance but for a constant.

        |x - q|² / 2 = |x|² / 2 - x·q + |q|² / 2, and the last term is the same for all rows.
        """
        n = len(self._names)
        rows = self._encodings[:n]
        one = len(queries) == 1  # BLAS reads the matrix once, by both of its ways
        products = (rows @ queries[0])[np.newaxis] if one else queries @ rows.T
        return np.subtract(self._half_squares[:n], products, out=products)

    def _best(self, query: np.ndarray, scores: np.ndarray, k: int) -> list[Match]:
        """Choose all rows that rounding may have put behind the best k; measure them exactly."""
        kth = float(scores.min() if k == 1 else np.partition(scores, k - 1)[k - 1])
        reach = self._longest + float(np.linalg.norm(query))
        rows = np.flatnonzero(scores <= kth + ROUNDING * reach**2)
        distances = self._distances(rows, query)
        best = np.argsort(distances, kind="stable")[:k]
        return [(str(self._names[rows[i]]), float(distances[i])) for i in best]

    def _distances(self, rows: np.ndarray, query: np.ndarray) -> np.ndarray:
        distances = np.empty(len(rows), np.float32)
        for start in range(0, len(rows), ROWS_AT_ONCE):
            some = slice(start, start + ROWS_AT_ONCE)
            apart = query - self._encodings[rows[some]]
            distances[some] = np.sqrt(np.vecdot(apart, apart))  # as np.linalg.norm, to the bit
        return distances

    # --- rows -------------------------------------------------------------------------------

    def _row(self, name: str) -> int:
        try:
            return self._rows[name]
        except KeyError:
            raise UnknownPersonError(name, self._rows) from None

    def _put(self, name: str, pictures: np.ndarray) -> None:
        encoding = _mean(name, pictures)
        row = self._rows.get(name, len(self._names))
        if row == len(self._names):
            self._make_room()
            self._names.append(name)
            self._rows[name] = row
        self._encodings[row] = encoding
        self._half_squares[row] = np.dot(encoding, encoding) / 2
        self._longest = max(self._longest, _length(self._half_squares[row]))
        self._several.pop(name, None)
        if len(pictures) > 1:
            self._several[name] = pictures

    def _make_room(self) -> None:
        """Double the arrays when they are full."""
        n = len(self._names)
        if n < len(self._encodings):
            return
        encodings = np.empty((max(16, 2 * n), ENCODING_SIZE), np.float32)
        half_squares = np.empty(len(encodings), np.float32)
        encodings[:n], half_squares[:n] = self._encodings, self._half_squares
        self._encodings, self._half_squares = encodings, half_squares

    def _close_gaps(self) -> None:
        """Forget the rows of people who were removed."""
        rows = np.fromiter(self._rows.values(), np.int64, len(self._rows))
        if len(rows) == len(self._names):
            return
        self._encodings, self._half_squares = self._encodings[rows], self._half_squares[rows]
        self._names = list(self._rows)
        self._rows = {name: row for row, name in enumerate(self._rows)}
        self._longest = _length(self._half_squares.max(initial=0))

    def _all_pictures(self) -> tuple[np.ndarray, np.ndarray]:
        """Return all pictures (t, 128), person after person, and how many each has (n,)."""
        rows = self._encodings[: len(self)]
        counts = np.ones(len(self), np.int64)
        if not self._several:
            return rows, counts
        for name, pictures in self._several.items():
            counts[self._rows[name]] = len(pictures)
        all_pictures = np.repeat(rows, counts, axis=0)
        starts = np.cumsum(counts) - counts
        for name, pictures in self._several.items():
            start = starts[self._rows[name]]
            all_pictures[start : start + len(pictures)] = pictures
        return all_pictures, counts

    @classmethod
    def _filled(cls, names: list[str], pictures: np.ndarray, counts: np.ndarray) -> "FaceDatabase":
        """Make a database of names, all their pictures (t, 128), and how many each has (n,)."""
        starts = np.cumsum(counts) - counts
        _check_finite(pictures, np.repeat(np.arange(len(names)), counts), names)
        pictures, database = np.ascontiguousarray(pictures), cls()
        database._rows = {name: row for row, name in enumerate(names)}
        if len(database._rows) != len(names):
            twice = next(n for row, n in enumerate(names) if database._rows[n] != row)
            raise DatabaseError(
                f"the name {twice!r} comes twice; give several pictures of a person together, as "
                f"(k, {ENCODING_SIZE})"
            )
        database._names = list(names)
        database._encodings = pictures if len(pictures) == len(names) else pictures[starts]
        for row in np.flatnonzero(counts > 1):
            mine = pictures[starts[row] : starts[row] + counts[row]].copy()
            database._several[names[row]] = mine
            database._encodings[row] = _mean(names[row], mine)
        database._half_squares = _squares(database._encodings) / 2
        database._longest = _length(database._half_squares.max(initial=0))
        return database


# --- checks ---------------------------------------------------------------------------------


def _name(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise DatabaseError(f"the name {name!r} is not text; people are known by their names")
    return name


def _shaped(name: str, encoding: Any) -> np.ndarray:
    """Return pictures (k, 128) in float32."""
    try:
        with np.errstate(over="ignore"):  # what overflows is refused as not finite
            array: np.ndarray = np.asarray(encoding, np.float32)
    except (TypeError, ValueError) as error:
        raise DatabaseError(f"{name}: {type(encoding).__name__} is no array of numbers") from error
    if array.ndim == 1:
        array = array[np.newaxis]
    if array.ndim != 2 or array.shape[1] != ENCODING_SIZE or not len(array):
        raise DatabaseError(
            f"{name}: the shape is {np.shape(encoding)}; an encoding is (1, {ENCODING_SIZE}), as "
            "img_to_encoding returns it"
        )
    return array


def _pictures(name: str, encoding: Any) -> np.ndarray:
    """Return pictures (k, 128) in float32, all finite; never the caller's own array."""
    pictures = _shaped(name, encoding)
    _check_finite(pictures, np.zeros(len(pictures), int), [name])
    return pictures.copy()


def _check_finite(pictures: np.ndarray, owners: np.ndarray, names: Sequence[str]) -> None:
    bad = np.flatnonzero(~np.isfinite(_squares(pictures)))
    if bad.size:
        raise DatabaseError(
            f"{names[owners[bad[0]]]}: the encoding holds numbers that are not finite, or too "
            "large; encode the picture anew, with weights that are sound"
        )


def _check_file(path: Path, version: int, pictures: np.ndarray, counts: np.ndarray,
                names: Any) -> None:  # fmt: skip
    if version != FORMAT:
        raise DatabaseError(f"{path} has format {version}; this version reads {FORMAT}")
    fits = (
        isinstance(names, list)
        and pictures.dtype == np.float32
        and pictures.shape[1:] == (ENCODING_SIZE,)
        and counts.dtype == np.int64
        and counts.shape == (len(names),)
        and (counts > 0).all()
        and counts.sum() == len(pictures)
    )
    if not fits:
        raise DatabaseError(
            f"{path} does not hold together: {pictures.dtype} encodings of shape "
            f"{pictures.shape}, counts of shape {counts.shape}; save it anew"
        )


def _squares(rows: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):
        squares: np.ndarray = np.vecdot(rows, rows)
    return squares


def _length(half_square: Any) -> float:
    return float(np.sqrt(2 * np.float64(half_square)))


def _mean(name: str, pictures: np.ndarray) -> np.ndarray:
    """Return the one picture, or the mean of several at length 1."""
    if len(pictures) == 1:
        return pictures[0]
    mean = pictures.mean(axis=0, dtype=np.float64)
    length = np.linalg.norm(mean)
    if length < 1e-6:
        raise DatabaseError(
            f"{name}: the mean of the {len(pictures)} encodings is zero, so it points nowhere; "
            "they are not of one person"
        )
    return (mean / length).astype(np.float32)
