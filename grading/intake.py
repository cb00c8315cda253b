"""Who handed in what: from folders and archives of any shape to one file a student and lesson.

A learning platform's names say who sent a file. Elsewhere the folder says it, or the file's name.
A file that cannot be read costs its sender's submission only, and is named.
"""

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import Literal

from grading import CourseError
from grading.archives import Found, Limits, find
from grading.cells import MOST_BYTES, Cells, Template, read_cells, shown, templates
from grading.platforms import Sender, blackboard_name, sender, timestamp

MOST_FILES = 50  # notebooks and modules of one student that are looked at
MOST_ID = 100  # characters of a student's id: it names files and folders
MOST_ID_BYTES = 200  # of the same: a file's name may have 255, its ending included
_COPY = re.compile(r"(\s*\(\d+\)|[\s_-]+(copy|copie|kopie)([\s_-]?\d+)?)+$", re.IGNORECASE)
_ENDINGS = re.compile(r"\.(ipynb|py|zip|txt|json|rar|7z|tar|tgz|gz|bz2|xz|zst)$", re.IGNORECASE)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one lesson.

    Attributes
    ----------
    student : str
        The student's id, fit to name a folder; empty for a file that is nobody's.
    name : str, or None
        The student's name, where the platform gave it.
    lesson : str, or None
        The notebook that it answers; None if not even its place tells.
    path : Path, or None
        The file to grade; None if there is none.
    kind : {"notebook", "module", "unreadable"}
        What it is; `unreadable` cannot be graded, and `problems` says why.
    origin : str
        Where it came from: the given path, folders and archives, the file.
    submitted : datetime, or None
        When, where the platform gave it; with its time zone.
    problems : tuple of str
        What the instructor should know, one sentence each.
    others : tuple of str
        The student's other files for this lesson, which are not graded.
    """

    student: str
    name: str | None
    lesson: str | None
    path: Path | None
    kind: Literal["notebook", "module", "unreadable"]
    origin: str
    submitted: datetime | None = None
    problems: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def gradable(self) -> bool:
        """Whether there is a student, a lesson and a file to grade."""
        return bool(self.student) and self.lesson is not None and self.path is not None


@dataclass(frozen=True)
class _Item:
    """A file that came in, and whose it is."""

    found: Found
    root: int
    sender: Sender
    certain: bool = True  # its place, and not only its name, says that a student sent it


@dataclass(frozen=True)
class _Answer:
    """A file that was read."""

    item: _Item
    cells: Cells
    lesson: str
    answered: int
    notes: tuple[str, ...]

    @property
    def rank(self) -> tuple:
        """What makes one file of a student the better one to grade, in order of weight."""
        return (
            self.item.sender.submitted or _LONG_AGO,
            self.answered,
            self.cells.kind == "notebook",
            self.item.found.modified or _LONG_AGO,
            -len(self.item.found.origin),
        )


@dataclass(frozen=True)
class _Places:
    """What the names in one given path mean.

    Attributes
    ----------
    root : Path
        The given path.
    wrappers : int
        How many folders lie around all students.
    outer : int
        Names in a trail from here on inwards were, as far as is known, given by the student.
    crowds : dict of tuple to int
        For each folder or archive, of how many students a platform's names in it tell.
    """

    root: Path
    wrappers: int
    outer: int
    crowds: dict[tuple[str, ...], int]


@dataclass
class _Sent:
    """Everything of one student."""

    items: list[_Item] = field(default_factory=list)
    answers: list[_Answer] = field(default_factory=list)
    problems: list[tuple[_Item, str]] = field(default_factory=list)


def collect(
    paths: Iterable[Path],
    into: Path,
    lessons: Sequence[Template] | None = None,
    limits: Limits | None = None,
) -> list[Submission]:
    """Find out who handed in what.

    Parameters
    ----------
    paths : iterable of Path
        Notebooks, modules, folders, nbgrader's `submitted` tree, archives of learning platforms.
    into : Path
        The folder for copies of what lies in archives; nothing is written anywhere else.
    lessons : sequence of Template, optional
        The notebooks that were released; by default the course's.
    limits : Limits, optional
        How much to read.

    Returns
    -------
    list of Submission
        By student and lesson. Every student who is known to have sent anything is there, also
        if none of it can be graded; so is every archive that cannot be opened.

    Raises
    ------
    CourseError
        If one of `paths` does not exist.
    """
    lessons = templates() if lessons is None else lessons
    items = _items(paths, into, lessons, limits)
    students: dict[str, _Sent] = defaultdict(_Sent)
    for item in _told_apart(items):
        students[item.sender.student].items.append(item)
    submissions: list[Submission] = []
    for sent in students.values():
        _read(sent, lessons)
        submissions += _chosen(sent, lessons)
    return sorted(submissions, key=lambda s: (s.student.casefold(), s.student, s.lesson or ""))


def lesson_of(cells: Cells, lessons: Sequence[Template], name: str) -> str | None:
    """Tell which lesson a submission answers.

    Parameters
    ----------
    cells : Cells
        What was read from it.
    lessons : sequence of Template
        The notebooks that were released.
    name : str
        The name that the student gave to the file.

    Returns
    -------
    str or None
        The lesson with the most exercises in it, by grade ids and functions; between equals, or
        without any, what the metadata say, then what the file's name says.
    """
    ids = {cell.grade_id for cell in cells.code}
    counts = {t.name: sum(e in ids or e in cells.defined for e in t.exercises) for t in lessons}
    best = max(counts.values(), default=0)
    likely = [lesson for lesson, count in counts.items() if count == best]
    if best and len(likely) == 1:
        return likely[0]
    if cells.lesson in likely:
        return cells.lesson
    return _named([name], [lesson for lesson in lessons if lesson.name in likely])


def _items(
    paths: Iterable[Path], into: Path, lessons: Sequence[Template], limits: Limits | None
) -> list[_Item]:
    """Find all files, each once, and who sent them."""
    items: list[_Item] = []
    seen: set[Path] = set()
    roots = [Path(path) for path in paths]
    # Of a course folder only what was submitted: not the solutions, and not what was graded.
    roots = [root / "submitted" if (root / "submitted").is_dir() else root for root in roots]
    for number, root in enumerate(dict.fromkeys(roots)):
        found = [f for f in find(root, into, limits) if f.path is None or f.path not in seen]
        seen |= {f.path for f in found if f.path and into.resolve() not in f.path.parents}
        items += _with_senders(found, root.resolve(), number, lessons)
    return items


def _with_senders(
    found: list[Found], root: Path, number: int, lessons: Sequence[Template]
) -> list[_Item]:
    times, names = _notes(found)
    wrappers, shared = _wrappers(found, lessons), _shared(found)
    places = _Places(root, wrappers, max(1 + wrappers, shared), _crowds(found))
    items = []
    for file in found:
        who, certain = _who(file, places, lessons)
        if who.submitted is None:
            who = replace(who, submitted=times.get(file.trail[:-1]))
        if who.platform == "Blackboard":
            who = replace(who, name=names.get(who.student))
        if file.kind != "note":
            items.append(_Item(file, number, who, certain))
    return items


def _notes(found: list[Found]) -> tuple[dict[tuple[str, ...], datetime], dict[str, str]]:
    """Read the small texts beside submissions: nbgrader's times, Blackboard's names."""
    times: dict[tuple[str, ...], datetime] = {}
    names: dict[str, str] = {}
    for file in found:
        if file.kind != "note" or file.path is None:
            continue
        with file.path.open("rb") as stream:
            text = stream.read(10_000).decode("utf-8", "replace")
        if file.trail[-1] != "timestamp.txt":
            names |= dict([name] if (name := blackboard_name(text)) else [])
        elif when := timestamp(text):
            times[file.trail[:-1]] = when
    return times, names


def _who(file: Found, places: _Places, lessons: Sequence[Template]) -> tuple[Sender, bool]:
    """Tell who sent a file: by a platform's name, by nbgrader's folders, else by its place."""
    by_folders = _by_nbgrader(file, places, lessons)
    for index, part in enumerate(file.trail):
        # The outermost name counts: what is inside was named by the student.
        if by_folders and index > by_folders[0]:
            break
        if index > places.outer and places.crowds.get(file.trail[:index], 0) < 2:
            continue
        if found := sender(part):
            return found, True
    if by_folders:
        return Sender("nbgrader", by_folders[1]), True
    folders = file.trail[1 + places.wrappers : -1]
    certain = file.kind == "answer" or (file.kind == "archive" and len(file.trail) > 1)
    if folders:
        return Sender("", _stem(folders[0])), certain
    return Sender("", _by_name(file, places.wrappers, lessons)), certain


def _by_nbgrader(
    file: Found, places: _Places, lessons: Sequence[Template]
) -> tuple[int, str] | None:
    """Return the place in the trail, and the name, of the folder below `submitted`."""
    above = places.root.parent.parts
    parts = (*above, *file.trail)
    if "submitted" not in parts[:-2]:
        return None
    index = parts.index("submitted") + 1
    if index <= len(above) and parts[index + 1] not in {lesson.name for lesson in lessons}:
        # Above the given path, any folder may be called so; nbgrader's has students and lessons.
        return None
    if index - len(above) > places.outer + 1:
        return None
    return None if _ENDINGS.search(parts[index]) else (index - len(above), parts[index])


def _shared(found: list[Found]) -> int:
    """Count the names from the given path inwards that are the same for all files."""
    trails = [f.trail[:-1] for f in found if f.kind == "answer"]
    levels = zip(*trails, strict=False)
    return len(list(takewhile(lambda names: len(set(names)) == 1, levels)))


def _crowds(found: list[Found]) -> dict[tuple[str, ...], int]:
    """Count the students that a platform's names tell of, in each folder or archive."""
    students: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for place in {f.trail[: index + 1] for f in found for index in range(1, len(f.trail))}:
        if who := sender(place[-1]):
            students[place[:-1]].add(who.student)
    return {place: len(names) for place, names in students.items()}


def _by_name(file: Found, wrappers: int, lessons: Sequence[Template]) -> str:
    """Take the student from a file's name; one named like the lesson says nothing."""
    above = file.trail[wrappers] if len(file.trail) > 1 else file.trail[-1]
    return _own_words(file.trail[-1], lessons) or _stem(above)


def _own_words(name: str, lessons: Sequence[Template]) -> str:
    """Take the lesson's name and the marks of copies off a file's name."""
    rest = _COPY.sub("", _stem(name))
    for lesson in lessons:
        words = r"[\W_]*".join(map(re.escape, lesson.name.split("_")))
        rest = re.sub(rf"[\W_]*{words}[\W_]*", " ", rest, flags=re.IGNORECASE)
    return _COPY.sub("", rest).strip(" _-.")


def _stem(name: str) -> str:
    while _ENDINGS.search(name):
        name = _ENDINGS.sub("", name)
    return name


def _wrappers(found: list[Found], lessons: Sequence[Template]) -> int:
    """Count the folders that lie around all students: a zip often begins with one."""
    trails = [f.trail[1:] for f in found if f.kind == "answer"]
    count = 0
    while trails and all(len(trail) > count + 1 for trail in trails):
        inside = {trail[count + 1] for trail in trails}
        inside = {name for name in inside if not name.lower().endswith(".py")} or inside
        students = {_own_words(name, lessons) for name in inside}
        # One student's folder holds a file or a folder named like the lesson; a class's does not.
        if len({t[count] for t in trails}) > 1 or len(students) < 2 or "" in students:
            break
        count += 1
    return count


def _told_apart(items: list[_Item]) -> list[_Item]:
    """Give each student one id, and different students different ones."""
    raw: dict[str, str] = {}
    told = []
    for item in _by_roots(items):
        given = item.sender.student
        student = _fit(given)
        # Some disks do not tell Ana from ana; a platform's own ids stay as they are.
        key = student if item.sender.platform else student.casefold()
        if raw.setdefault(key, given) != given:
            student = _hashed(student, given)
        name = shown(item.sender.name) if item.sender.name else None
        told.append(replace(item, sender=replace(item.sender, student=student, name=name)))
    return told


def _by_roots(items: list[_Item]) -> list[_Item]:
    """Take the given paths' names where each holds one student, all under the same name.

    So do `ana.zip` and `ben.zip`, if each holds a folder `homework`.
    """
    inside: dict[int, set[str]] = defaultdict(set)
    for item in items:
        if item.found.kind in {"answer", "archive"}:
            inside[item.root].add("" if item.sender.platform else item.sender.student)
    alone = {root: min(names) for root, names in inside.items() if len(names) == 1}
    counts = Counter(alone.values())
    return [
        replace(item, sender=replace(item.sender, student=_stem(item.found.trail[0])))
        if counts[name := alone.get(item.root, "")] > 1 and name
        else item
        for item in items
    ]


def _fit(name: str) -> str:
    """Make a student's id fit for the names of files and folders on every system."""
    name = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode())
    name = "".join("_" if _is_odd(sign) else sign for sign in name)
    name = " ".join(name.split()).strip(" .") or "unnamed"
    if len(name) <= MOST_ID and len(name.encode()) <= MOST_ID_BYTES:
        return name
    start = name[: MOST_ID - 10].encode()[: MOST_ID_BYTES - 10].decode(errors="ignore")
    return _hashed(start.strip(" ."), name)


def _is_odd(sign: str) -> bool:
    return sign in '<>:"/\\|?*' or (not sign.isprintable() and not sign.isspace())


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")


def _hashed(start: str, name: str) -> str:
    return f"{start}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _read(sent: _Sent, lessons: Sequence[Template]) -> None:
    """Read the notebooks and modules of one student."""
    files = [item for item in sent.items if item.found.path and item.found.kind == "answer"]
    files.sort(key=lambda item: "ipynb" not in item.found.trail[-1].lower())
    for item in files[:MOST_FILES]:
        name = item.found.trail[-1]
        try:
            cells = _cells(item.found)
        except CourseError as error:
            sent.problems.append((item, str(error)))
            continue
        lesson = lesson_of(cells, lessons, name)
        if lesson is None:
            known = ", ".join(template.name for template in lessons)
            problem = f"{shown(name)} answers none of the lessons ({known})."
            sent.problems.append((item, problem))
            continue
        template = next(t for t in lessons if t.name == lesson)
        answered = len(cells.answered(template))
        notes = (*cells.problems, *cells.notes(template))
        sent.answers.append(
            # Only what is needed is kept: a class's cells would fill the memory.
            _Answer(item, replace(cells, code=()), lesson, answered, notes)
        )
    if len(files) > MOST_FILES:
        problem = f"There are {len(files)} files; the first {MOST_FILES} were looked at."
        sent.problems.append((files[0], problem))
    sent.problems += [(item, item.found.problem) for item in sent.items if item.found.problem]


def _cells(found: Found) -> Cells:
    assert found.path is not None
    name = shown(found.trail[-1])
    try:
        with found.path.open("rb") as file:
            # One byte more than is allowed is enough to know; the rest stays on the disk.
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise CourseError(f"{name} cannot be opened ({error.strerror})") from error
    return read_cells(data, name)


def _chosen(sent: _Sent, lessons: Sequence[Template]) -> list[Submission]:
    """Choose the file to grade for each lesson; a lesson that was left untouched is not one."""
    by_lesson: dict[str, list[_Answer]] = defaultdict(list)
    for answer in sent.answers:
        by_lesson[answer.lesson].append(answer)
    touched = {lesson for lesson, found in by_lesson.items() if any(a.answered for a in found)}
    graded = {lesson: by_lesson[lesson] for lesson in (touched or by_lesson)}
    lost = _lost(sent, lessons, set(by_lesson))
    if not graded:
        return lost or _ungradable(sent, lessons)
    told = {text for submission in lost for text in submission.problems}
    texts = [text for _, text in _worth_saying(sent) if text not in told]
    texts += [
        f"The untouched notebook {name} was left out."
        for name in sorted(by_lesson.keys() - graded)
    ]
    problems = tuple(dict.fromkeys(texts))
    return [*(_submission(answers, problems) for answers in graded.values()), *lost]


def _lost(sent: _Sent, lessons: Sequence[Template], others: set[str]) -> list[Submission]:
    """Report the lessons for which there is nothing but files that cannot be read.

    What such a file was for, only its place can tell.
    """
    by_lesson: dict[str, list[tuple[_Item, str]]] = defaultdict(list)
    for item, text in sent.problems:
        lesson = _named(item.found.trail, lessons)
        if item.certain and lesson and lesson not in others:
            by_lesson[lesson].append((item, text))
    return [
        replace(_unreadable(found[0][0], dict.fromkeys(t for _, t in found)), lesson=lesson)
        for lesson, found in by_lesson.items()
    ]


def _named(trail: Sequence[str], lessons: Sequence[Template]) -> str | None:
    """Return the lesson that a file or the folders around it are named after."""
    for part in reversed(trail):
        named = [lesson.name for lesson in lessons if _plain(lesson.name) in _plain(part)]
        if named:
            return named[0] if len(named) == 1 else None
    return None


def _unreadable(item: _Item, problems: Iterable[str]) -> Submission:
    """Report what cannot be graded."""
    return Submission(
        item.sender.student if item.certain else "",
        item.sender.name,
        None,
        None,
        "unreadable",
        item.found.origin,
        item.sender.submitted,
        tuple(problems),
    )


def _worth_saying(sent: _Sent) -> list[tuple[_Item, str]]:
    """Leave out modules that answer nothing, if the student sent something that does."""
    return [
        (item, text)
        for item, text in sent.problems
        if item.found.problem or not item.found.trail[-1].lower().endswith(".py")
    ]


def _submission(answers: list[_Answer], problems: tuple[str, ...]) -> Submission:
    best, *rest = sorted(answers, key=lambda answer: answer.rank, reverse=True)
    item = best.item
    names = {a.item.found.origin for a in rest} - {item.found.origin}
    return Submission(
        item.sender.student,
        item.sender.name,
        best.lesson,
        item.found.path,
        best.cells.kind,
        item.found.origin,
        item.sender.submitted,
        (*best.notes, *problems),
        tuple(sorted(names)),
    )


def _ungradable(sent: _Sent, lessons: Sequence[Template]) -> list[Submission]:
    """Report a student without anything to grade, or an archive that is nobody's."""
    certain = [item for item in sent.items if item.certain]
    if not certain and not sent.problems:
        return []  # pictures and the like in a folder that is no student's
    problems = tuple(dict.fromkeys(text for _, text in sent.problems))
    names = sorted({shown(i.found.trail[-1]) for i in sent.items if i.found.trail[-1]})
    if not problems:
        there = f"there is {', '.join(names[:5])}" if names else "the folder is empty"
        problems = (f"No notebook and no module was handed in; {there}.",)
    first = (certain or sent.items)[0]
    lesson = _named(first.found.trail, lessons) if certain else None
    return [replace(_unreadable(first, problems), lesson=lesson)]
