"""The result of one submission, and the folder in which results are kept.

A result is plain data: it goes to JSON and comes back the same, or is refused. What a student
wrote or printed is bounded and made printable here once, so that every page, table and
database can hold it. A submission that could not be graded has a reason and no marks, which is not
the same as 0.
"""

import hashlib
import json
import math
import re
import types
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from grading import CourseError
from grading.files import replace_text

FORMAT = 1  # of the JSON; a file of another format is not read


@dataclass(frozen=True)
class Most:
    """How many characters a text may have."""

    characters: int


Name = Annotated[str, Most(200)]
Sentence = Annotated[str, Most(2_000)]
Value = Annotated[str, Most(4_000)]
Printed = Annotated[str, Most(20_000)]

# Escape sequences of a terminal; then what no page or database holds: control characters (NUL is
# refused by PostgreSQL), halves of surrogate pairs, and marks that turn other text around.
_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_UNFIT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]"
)


def plain(text: str, most: int = 2_000) -> str:
    """Return a text that any page or database can hold.

    Parameters
    ----------
    text : str
        Anything that a student's code may have made.
    most : int
        So many characters are kept, the note on what was left out among them.
    """
    left_out = max(0, len(text) - 8 * most)  # the patterns need not walk over that
    text = text[: 8 * most].replace("\r\n", "\n").replace("\r", "\n")
    return shortened(_UNFIT.sub("\ufffd", _TERMINAL.sub("", text)), most, left_out)


def shortened(text: str, most: int, left_out: int = 0) -> str:
    """Return at most so many characters, with a note on how many were left out.

    Parameters
    ----------
    text : str
        The text.
    most : int
        How many characters to return at most.
    left_out : int
        How many were left out before.
    """
    if len(text) <= most and not left_out:
        return text
    room = max(most - 40, 0)
    note = f"… ({len(text) - min(room, len(text)) + left_out:,} more characters)"
    return (text[:room] + note)[:most]


@dataclass(frozen=True)
class _Plain:
    """Data whose texts are made fit when it is made."""

    def __post_init__(self) -> None:
        own: type = type(self)
        for name, kind in _hints(own).items():
            object.__setattr__(self, name, _fit(kind, getattr(self, name)))


def _fit(kind: Any, value: Any) -> Any:
    """Bound the texts in a value, and make floats of whole numbers where floats belong."""
    if get_origin(kind) is tuple and isinstance(value, tuple):
        return tuple(_fit(get_args(kind)[0], item) for item in value)
    if get_origin(kind) is Annotated and isinstance(value, str):
        return plain(value, get_args(kind)[1].characters)
    return float(value) if kind is float and isinstance(value, int) else value


@dataclass(frozen=True)
class Person(_Plain):
    """Who handed something in, as far as it is known.

    Attributes
    ----------
    id : str
        The student's id in the gradebook; a platform's number where the files came from one.
    first_name, last_name, email : str
        Empty where unknown.
    """

    id: Name
    first_name: Name = ""
    last_name: Name = ""
    email: Name = ""

    @classmethod
    def named(cls, student: str, name: str | None = None) -> "Person":
        """Return a person by the name that a platform gave, such as "Ana Li" or "Li, Ana"."""
        words = " ".join((name or "").split())
        if "," in words:
            last, _, first = words.partition(",")
        else:
            first, _, last = words.rpartition(" ")
        return cls(student, first.strip(), last.strip())

    @property
    def name(self) -> str:
        """The full name, or the id where there is none."""
        return f"{self.first_name} {self.last_name}".strip() or self.id


@dataclass(frozen=True)
class TestResult(_Plain):
    """What came of a test.

    Attributes
    ----------
    name : str
        Of the test's function.
    hidden : bool
        Whether students do not see it.
    passed : bool
        Whether the student's function is right, as far as this test looks.
    message : str
        A sentence to the student; of a hidden test a general one.
    where : str
        The lines of the student's cells where an error arose; empty for a hidden test.
    for_instructor : str
        What a hidden test said; it never goes to a student.
    seconds : float
        How long it took.
    """

    __test__ = False  # no test for pytest

    name: Name
    hidden: bool
    passed: bool
    message: Sentence = ""
    where: Sentence = ""
    for_instructor: Sentence = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Mistake(_Plain):
    """A known mistake that explains a wrong answer: its name, and a sentence on how to see it."""

    name: Name
    sentence: Sentence


@dataclass(frozen=True)
class Call(_Plain):
    """A call that a visible test made.

    Attributes
    ----------
    called, came, right : str
        What was called, what came back, and what is right; the last may be empty.
    """

    called: Value
    came: Value
    right: Value = ""


@dataclass(frozen=True)
class CellProblem(_Plain):
    """What went wrong with a cell when it was read or run: its name, and a sentence."""

    cell: Name
    sentence: Sentence


@dataclass(frozen=True)
class ExerciseResult(_Plain):
    """What came of an exercise.

    Attributes
    ----------
    name : str
        Of its function.
    points, max_points : float
        Its marks, and the most that there are.
    status : {"passed", "failed", "missing", "stopped"}
        Missing: the function was not written. Stopped: it hung, died or took too much.
    tests : tuple of TestResult
        In order.
    mistake : Mistake or None
        The known mistake that explains what came.
    calls : tuple of Call
        Of visible tests only.
    printed : str
        What the student's code printed meanwhile, or the beginning of it.
    printed_more : int
        How many bytes of that were not kept.
    seconds : float
        How long it took.
    """

    name: Name
    points: float
    max_points: float
    status: Literal["passed", "failed", "missing", "stopped"]
    tests: tuple[TestResult, ...] = ()
    mistake: Mistake | None = None
    calls: tuple[Call, ...] = ()
    printed: Printed = ""
    printed_more: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.points <= self.max_points < math.inf:
            raise CourseError(
                f"{self.name} has {self.points:g} of {self.max_points:g} points; "
                "marks lie between 0 and the most that there are"
            )
        if (self.status == "passed") != (self.points == self.max_points) and self.max_points:
            raise CourseError(
                f"{self.name} is {self.status} with {self.points:g} of {self.max_points:g} "
                "points; an exercise has all its points if and only if it is passed"
            )

    @property
    def failed_hidden(self) -> int:
        """How many hidden tests failed."""
        return sum(test.hidden and not test.passed for test in self.tests)

    def remarks(self) -> list[str]:
        """Return what a student is told about it, a sentence each, the mistake first.

        Nothing in it comes from a hidden test.
        """
        if self.status == "passed":
            return []
        said = [self.mistake.sentence] if self.mistake else []
        said += [t.message for t in self.tests if not t.hidden and not t.passed and t.message]
        if self.status == "failed" and hidden_remark(self):
            said.append(hidden_remark(self))
        return list(dict.fromkeys(said)) or [_FALLBACK[self.status]]


def spoken(test: str) -> str:
    """Return the name of a test as a few words."""
    return test.removeprefix("test_").replace("_", " ")


_FALLBACK = {
    "failed": "It does not pass all checks.",
    "missing": "The function is not written yet.",
    "stopped": "It was stopped while it ran.",
}


def hidden_remark(exercise: ExerciseResult) -> str:
    """Return the one sentence that a student reads about failed hidden tests, or nothing."""
    failed = exercise.failed_hidden
    if not failed:
        return ""
    among = sum(test.hidden for test in exercise.tests)
    seen = [test for test in exercise.tests if not test.hidden]
    which = "the further check" if among == 1 else f"{failed} of {among} further checks"
    if all(test.passed for test in seen):
        return (
            f"It fails {which} although it passes those that you see; these call your function "
            "with other values and shapes, and are not shown."
        )
    return (
        f"It fails {which} as well; these call your function with other values and shapes, and "
        "are not shown."
    )


@dataclass(frozen=True)
class Result(_Plain):
    """The result of one submission.

    Attributes
    ----------
    student : str
        The student's id.
    lesson : str
        The notebook's name.
    content : str
        SHA-256 of the submission's bytes, in hexadecimal digits.
    version : str
        Of the assignment: its tests and what else decides on the marks.
    status : {"graded", "ungradable"}
        An ungradable submission has no marks: not 0, none.
    reason : str
        Why it is ungradable, in a sentence; empty otherwise.
    exercises : tuple of ExerciseResult
        In order; none if it is ungradable.
    problems : tuple of CellProblem
        What went wrong with its cells.
    notes : tuple of str
        What student and instructor should know, such as under which TensorFlow it was judged.
    seconds : float
        How long it took.
    language : str
        In which the student's notebook is written, and the feedback: "en", "zh".
    """

    student: Name
    lesson: Name
    content: str
    version: Name
    status: Literal["graded", "ungradable"]
    reason: Sentence = ""
    exercises: tuple[ExerciseResult, ...] = ()
    problems: tuple[CellProblem, ...] = ()
    notes: tuple[Sentence, ...] = ()
    seconds: float = 0.0
    language: Name = "en"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not re.fullmatch(r"[0-9a-f]{64}", self.content):
            raise CourseError(f"{self.content[:80]!r} is no SHA-256; it has 64 hexadecimal digits")
        names = [exercise.name for exercise in self.exercises]
        if len(set(names)) != len(names):
            raise CourseError(f"an exercise of {self.lesson} has two results: {names}")
        if self.status == "graded" and (self.reason or not names):
            raise CourseError("a graded submission has exercises, and no reason against it")
        if self.status == "ungradable" and (names or not self.reason):
            raise CourseError("an ungradable submission has a reason, and no marks")

    @property
    def points(self) -> float | None:
        """The sum of its marks; None if it could not be graded."""
        if self.status == "ungradable":
            return None
        return math.fsum(exercise.points for exercise in self.exercises)

    @property
    def max_points(self) -> float | None:
        """The most that there are; None if it could not be graded."""
        if self.status == "ungradable":
            return None
        return math.fsum(exercise.max_points for exercise in self.exercises)

    @property
    def share(self) -> float | None:
        """The marks as a part of the most that there are, from 0 to 1."""
        if self.points is None or not self.max_points:
            return None
        return self.points / self.max_points

    def to_json(self) -> dict[str, Any]:
        """Return the same as plain data."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_json(cls, data: Any) -> "Result":
        """Make a result of plain data.

        Raises
        ------
        CourseError
            If anything is missing, too much or of another type; the sentence says where.
        """
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise CourseError(f"this is no result of format {FORMAT}; grade the submission again")
        return _read(cls, {k: v for k, v in data.items() if k != "format"}, "result")


def ungradable(student: str, lesson: str, content: str, version: str, reason: str) -> Result:
    """Return the result of a submission that could not be graded."""
    return Result(student, lesson, content, version, "ungradable", reason)


def dumps(result: Result) -> str:
    """Return a result as the text of a JSON file."""
    return json.dumps(result.to_json(), indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def loads(text: str | bytes) -> Result:
    """Read the text of a JSON file.

    Raises
    ------
    CourseError
        If it is no JSON, or no result.
    """
    try:
        return Result.from_json(json.loads(text, parse_constant=_no_number))
    except (ValueError, RecursionError) as error:
        raise CourseError(f"this is no JSON: {error}") from error


def content_hash(data: bytes) -> str:
    """Return the name of a submission's bytes."""
    return hashlib.sha256(data).hexdigest()


def assignment_version(files: Iterable[Path], extra: str = "") -> str:
    """Return the name of a state of the files that decide on the marks.

    Parameters
    ----------
    files : iterable of Path
        The tests, the catalogue of mistakes, and whatever else the marks depend on.
    extra : str
        What does not stand in a file, such as limits or the version of TensorFlow.
    """
    digests = [content_hash(path.read_bytes()) for path in files]
    return content_hash(json.dumps([FORMAT, extra, *digests]).encode())


class Store:
    """A folder of results, by what was judged: the same bytes are never judged twice.

    The name of a file is the hash of the lesson, its version and the submission's bytes. Whose
    they are does not count: two students with the same bytes share the judgement.

    Parameters
    ----------
    folder : Path
        Where the files are; it is made with the first.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, lesson: str, content: str, version: str) -> Path:
        """Return where a result stands, or would stand."""
        key = content_hash(json.dumps([lesson, content, version]).encode())
        return self.folder / key[:2] / f"{key}.json"

    def load(self, student: str, lesson: str, content: str, version: str) -> Result | None:
        """Return what these bytes got, as the result of this student.

        Returns
        -------
        Result or None
            None if they were not judged yet, or if the file is broken: it is to be done again.
        """
        try:
            found = loads(self.path(lesson, content, version).read_bytes())
        except (OSError, CourseError):
            return None
        if (found.lesson, found.content, found.version) != (lesson, content, version):
            return None
        return replace(found, student=student)

    def save(self, result: Result) -> None:
        """Keep a result; it appears whole or not at all."""
        path = self.path(result.lesson, result.content, result.version)
        replace_text(path, dumps(replace(result, student="")))


def write_result(result: Result, path: Path) -> None:
    """Write one student's result to a JSON file."""
    replace_text(path, dumps(result))


# --- plain data, read strictly ------------------------------------------------------------------


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _read(kind: Any, data: Any, where: str) -> Any:
    """Make a value of this type of plain data, or say where it does not fit."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple and isinstance(data, list):
        return tuple(_read(inner[0], item, f"{where}[{i}]") for i, item in enumerate(data))
    if origin in (Union, types.UnionType):  # X | None
        return None if data is None else _read(inner[0], data, where)
    if is_dataclass(kind) and isinstance(data, dict):
        return _read_fields(kind, data, where)
    if not _is_plain(kind, data):
        raise CourseError(f"{where} is {str(data)[:60]!r}, which is no {_called(kind)}")
    return float(data) if kind is float else data


def _is_plain(kind: Any, data: Any) -> bool:
    """Tell whether a text, a number or a truth value is of this type."""
    if get_origin(kind) is Literal:
        return isinstance(data, str) and data in get_args(kind)
    if kind is float:
        return type(data) in (int, float) and -1e300 < data < 1e300
    return type(data) is (get_args(kind)[0] if get_origin(kind) is Annotated else kind)


def _read_fields(kind: Any, data: dict[str, Any], where: str) -> Any:
    names = [item.name for item in fields(kind)]
    wrong = [*_missing(names, data), *_missing(data, names)]
    if wrong:
        raise CourseError(f"{where} lacks, or has beyond need: {', '.join(map(str, wrong[:5]))}")
    hints = _hints(kind)
    return kind(**{name: _read(hints[name], data[name], f"{where}.{name}") for name in names})


def _missing(wanted: Iterable[str], there: Iterable[str]) -> Iterator[str]:
    known = set(there)
    return (name for name in wanted if name not in known)


def _called(kind: Any) -> str:
    return getattr(kind, "__name__", str(kind))


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")
