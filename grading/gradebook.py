"""Marks into nbgrader's gradebook, one submission in one transaction.

formgrader and `nbgrader export` read what is written here as if nbgrader had graded. nbgrader's
own methods commit after every cell; here a submission has either its old marks or its new ones,
also when the grader is killed. A table of ours beside nbgrader's says which bytes the marks
are for, so that marks given by hand are kept for these bytes and pointed out for others.
"""

import os
import shutil
import sys
import tempfile
import textwrap
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, repeat
from pathlib import Path
from typing import Any, Self, TypeVar

import nbformat
import nbgrader.api as nb
from nbgrader.converters import GenerateAssignment
from sqlalchemy import Column, MetaData, String, Table, Text, event, insert, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from grading import CourseError, stock
from grading.build import solved_notebook
from grading.exports import Line
from grading.files import replace_text
from grading.lesson import Lesson
from grading.results import Person, Result
from grading.retell import told

PATIENCE = 30.0  # seconds in which somebody else may hold the database
PAUSES = (0.05, 0.1, 0.2)  # seconds between two tries, then half a second
MOST_COLLISIONS = 5  # tries after somebody else wrote the same row
LONGEST_NAME = 128  # characters of an id or a name; nbgrader's columns
LONGEST_COMMENT = 4_000

OUTDATED = (
    "The mark given by hand was for an earlier version of this submission; "
    "it waits for a second look."
)

_ours = MetaData()
# No foreign key: nbgrader deletes its rows without knowing of this table.
_recorded = Table(
    "course_recorded",
    _ours,
    Column("notebook_id", String(32), primary_key=True),  # of nbgrader's submitted notebook
    Column("content", String(64), nullable=False),
    Column("version", Text, nullable=False),
    Column("reason", Text, nullable=False),  # why it is ungradable, or empty
)

# PostgreSQL: a lock, a deadlock, a conflict; the server is going down or coming up, or is full.
_HELD = {"55P03", "40P01", "40001", "57P01", "57P02", "57P03", "53300"}

Value = TypeVar("Value")


@dataclass(frozen=True)
class Recorded:
    """What writing a result did.

    Attributes
    ----------
    changed : bool
        Whether anything in the gradebook differs now.
    outdated : tuple of str
        Exercises with marks given by hand for other bytes than these; formgrader shows
        them as waiting for a person.
    """

    changed: bool
    outdated: tuple[str, ...] = ()


class Book:
    """nbgrader's gradebook, open for writing marks.

    Parameters
    ----------
    url : str
        SQLAlchemy's URL, such as `sqlite:///course/gradebook.db` or
        `postgresql+psycopg://user@host/gradebook`.
    patience : float, optional
        How many seconds to wait for others who hold the database.

    Raises
    ------
    CourseError
        If it cannot be opened, now or within that time.
    """

    def __init__(self, url: str, patience: float = PATIENCE) -> None:
        self.patience = patience
        self.url = readable(url)
        self._gradebook = self._insistently(lambda: _open(url), "it was not opened")
        self._engine = self._gradebook.engine
        _take_turns(self._engine)
        self._gradebook.close()
        self._insistently(lambda: _ours.create_all(self._engine), "it was not opened")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._gradebook.close()

    def record(
        self,
        result: Result,
        assignment: str | None = None,
        person: Person | None = None,
        submitted: datetime | None = None,
    ) -> Recorded:
        """Write the marks and remarks of one submission in place of its former ones.

        The same result twice changes nothing. A mark given by hand stays; where it was
        given for other bytes, it waits for a person's eyes. An ungradable submission has no marks
        afterwards, waits for a person, and its comments say why.

        Parameters
        ----------
        result : Result
            What to write.
        assignment : str, optional
            The assignment's name, if it is not the notebook's.
        person : Person, optional
            Names and e-mail address, for a student of whom the gradebook has none.
        submitted : datetime, optional
            When it was handed in; what the gradebook has stays without it.

        Raises
        ------
        CourseError
            If the gradebook does not know the assignment or knows it with other exercises, or if
            it stays locked. Nothing of this submission is written then.
        """
        if not 0 < len(result.student) <= LONGEST_NAME:
            raise CourseError(
                f"the student's id {result.student[:40]!r} has {len(result.student)} characters; "
                f"a gradebook holds 1 to {LONGEST_NAME}"
            )
        who = person or Person(result.student)
        name = assignment or result.lesson
        return self._in_transaction(
            lambda session: _Writing(session, self.url, result, name).write(who, submitted),
            f"the marks of {result.student} were not written",
        )

    def has(self, assignment: str) -> bool:
        """Tell whether the gradebook knows an assignment."""
        asked = select(nb.Assignment.id).filter_by(name=assignment)
        found = self._in_transaction(
            lambda session: session.scalars(asked).one_or_none(), "it was not read"
        )
        return found is not None

    def lines(self, assignment: str) -> list[Line]:
        """Return the marks of everybody in the gradebook, manual ones and penalties included.

        Parameters
        ----------
        assignment : str
            Its name.
        """
        return self._in_transaction(
            lambda session: _lines(session, self.url, assignment), "its marks were not read"
        )

    def _in_transaction(self, work: Callable[[Session], Value], so: str) -> Value:
        def once() -> Value:
            with Session(self._engine) as session, session.begin():
                return work(session)

        return self._insistently(once, so)

    def _insistently(self, work: Callable[[], Value], so: str) -> Value:
        """Try until it works, the patience is at its end or trying is of no use."""
        end = time.monotonic() + self.patience
        collisions = 0
        for pause in chain(PAUSES, repeat(0.5)):
            try:
                return work()
            except SQLAlchemyError as error:
                collisions += isinstance(error, IntegrityError)
                if not _is_held(error) and not 0 < collisions < MOST_COLLISIONS:
                    raise CourseError(f"the gradebook {self.url}: {so}: {_said(error)}") from error
                if time.monotonic() + pause > end:
                    raise CourseError(
                        f"the gradebook {self.url} was held by another program for "
                        f"{self.patience:g} s, so {so}; close that program and give the same "
                        "command again: it goes on where it was"
                    ) from error
            time.sleep(pause)
        raise AssertionError("repeat() never ends")


def register(lesson: Lesson, url: str) -> None:
    """Make a lesson known to a gradebook, the way `nbgrader generate_assignment` does.

    A course folder's own gradebook knows what was released; this is for any other.

    Parameters
    ----------
    lesson : Lesson
        Which notebook; the assignment has its name.
    url : str
        The gradebook's.

    Raises
    ------
    CourseError
        If nbgrader refuses: it has submissions already, and the notebook has other cells now.
    """
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        shutil.copyfile(stock.CONFIG_FILE, course / stock.CONFIG_NAME)
        source = course / "source" / lesson.name / f"{lesson.name}.ipynb"
        replace_text(source, nbformat.writes(solved_notebook(lesson)) + "\n")
        directory = stock.course_directory(course, lesson.name)
        directory.db_url = url
        try:
            stock.convert(GenerateAssignment, directory)
        except CourseError as error:
            said = (course / stock.LOG_NAME).read_text(encoding="utf-8").splitlines()
            why = next((line for line in reversed(said) if "Error: " in line), said[-1])
            raise CourseError(
                f"nbgrader did not take {lesson.name} into the gradebook {readable(url)}: {why}"
            ) from error


# --- one submission -----------------------------------------------------------------------------


class _Writing:
    """The rows of one submission: first all of them are there, then they are changed."""

    def __init__(self, session: Session, url: str, result: Result, assignment: str) -> None:
        self.session = session
        self.result = result
        self.changed = False
        self.assignment = _assignment(session, url, assignment)
        notebooks = {notebook.name: notebook for notebook in self.assignment.notebooks}
        if result.lesson not in notebooks:
            raise CourseError(
                f"in the gradebook {url} the assignment {assignment} has no notebook "
                f"{result.lesson}; it has {', '.join(notebooks) or 'none'}"
            )
        self.notebook = notebooks[result.lesson]
        self.exercises = {exercise.name: exercise for exercise in result.exercises}
        if result.status == "graded":
            self._check(url)

    def write(self, person: Person, submitted: datetime | None) -> Recorded:
        """Write everything; the caller commits."""
        submission = self._submission(self._student(person))
        if submitted is not None:  # nbgrader keeps UTC without saying so
            self._set(submission, timestamp=submitted.astimezone(UTC).replace(tzinfo=None))
        ids = {n.name: self._rows(submission.id, n) for n in self.assignment.notebooks}
        mine = ids[self.result.lesson]
        outdated = self._write_marks(mine, same_bytes=self._remember(mine))
        self._write_comments(mine, outdated)
        return Recorded(self.changed, outdated)

    def _check(self, url: str) -> None:
        """Refuse marks for other exercises, or out of other points, than the gradebook has."""
        cells = [cell for cell in self.notebook.grade_cells if cell.cell_type == "code"]
        book = {_exercise(cell.name): cell.max_score for cell in cells}
        mine = {name: exercise.max_points for name, exercise in self.exercises.items()}
        if book != mine:
            raise CourseError(
                f"in the gradebook {url}, {self.result.lesson} has other exercises or points "
                f"({_listed(book)}) than in these results ({_listed(mine)}); release the "
                f"notebook again: course release {self.result.lesson}"
            )

    def _student(self, person: Person) -> str:
        """Return the student's id; fill in what the gradebook does not know."""
        student = self.session.get(nb.Student, self.result.student)
        if student is None:
            student = self._add(nb.Student(id=self.result.student))
        for name in ("first_name", "last_name", "email"):
            if not getattr(student, name) and getattr(person, name):
                self._set(student, **{name: getattr(person, name)[:LONGEST_NAME]})
        return self.result.student

    def _submission(self, student: str) -> Any:
        """Return the student's submission; nobody else changes it until the commit."""
        mine = {"assignment_id": self.assignment.id, "student_id": student}
        asked = select(nb.SubmittedAssignment).filter_by(**mine).with_for_update()
        found = self.session.scalars(asked).one_or_none()
        return found or self._add(nb.SubmittedAssignment(id=nb.new_uuid(), **mine))

    def _rows(self, submission: str, notebook: Any) -> str:
        """Return a submitted notebook's id; it has a row for each mark and comment."""
        mine = {"assignment_id": submission, "notebook_id": notebook.id}
        asked = select(nb.SubmittedNotebook.id).filter_by(**mine)
        row = self.session.scalars(asked).one_or_none()
        if row is None:
            row = self._add(nb.SubmittedNotebook(id=nb.new_uuid(), **mine)).id
        for kind, cells in (
            (nb.Grade, [*notebook.grade_cells, *notebook.task_cells]),
            (nb.Comment, [*notebook.solution_cells, *notebook.task_cells]),
        ):
            known = set(self.session.scalars(select(kind.cell_id).filter_by(notebook_id=row)))
            for cell in cells:
                if cell.id not in known:
                    self._add(kind(cell_id=cell.id, notebook_id=row))
        return row

    def _remember(self, notebook: str) -> bool:
        """Note for which bytes the marks are; tell whether they were for the same before."""
        mine = _recorded.c.notebook_id == notebook
        now = {name: getattr(self.result, name) for name in ("content", "version", "reason")}
        before = self.session.execute(select(_recorded).where(mine)).mappings().one_or_none()
        if before is None:
            self.session.execute(insert(_recorded).values(notebook_id=notebook, **now))
        elif any(before[name] != value for name, value in now.items()):
            self.session.execute(update(_recorded).where(mine).values(**now))
        else:
            return True
        self.changed = True
        return before is not None and before["content"] == self.result.content

    def _write_marks(self, notebook: str, same_bytes: bool) -> tuple[str, ...]:
        """Replace every mark of a grader; return where a mark by hand is for other bytes."""
        outdated = []
        for grade, name in self._named(nb.Grade, notebook):
            exercise = self.exercises.get(_exercise(name))
            by_hand = grade.manual_score is not None or bool(grade.extra_credit)
            open_still = exercise is None and grade.manual_score is None
            unseen = by_hand and (grade.needs_manual_grade or not same_bytes)
            waits = open_still or unseen  # until somebody saves it in formgrader
            points = None if exercise is None else exercise.points
            self._set(grade, auto_score=points, needs_manual_grade=waits)
            if unseen:
                outdated.append(_exercise(name))
        return tuple(sorted(outdated))

    def _write_comments(self, notebook: str, outdated: tuple[str, ...]) -> None:
        for comment, name in self._named(nb.Comment, notebook):
            said = [f"Could not be graded: {self.result.reason}"] if self.result.reason else []
            if name in self.exercises:
                said += told(self.result, self.exercises[name])
            if name in outdated:
                said.append(OUTDATED)
            self._set(comment, auto_comment=_as_comment(said))

    def _named(self, kind: Any, notebook: str) -> list[tuple[Any, str]]:
        """Return the marks or comments with the names of their cells."""
        asked = select(kind, nb.BaseCell.name).join(nb.BaseCell, nb.BaseCell.id == kind.cell_id)
        found = self.session.execute(asked.where(kind.notebook_id == notebook))
        return [(row, name) for row, name in found]

    def _add(self, row: Any) -> Any:
        self.changed = True
        self.session.add(row)
        return row

    def _set(self, row: Any, **values: Any) -> None:
        for name, value in values.items():
            if getattr(row, name) != value:
                self.changed = True
                setattr(row, name, value)


def _assignment(session: Session, url: str, name: str) -> Any:
    found = session.scalars(select(nb.Assignment).filter_by(name=name)).one_or_none()
    if found is None:
        raise CourseError(
            f"the gradebook {url} has no assignment {name}; run: course release {name}"
        )
    return found


def _exercise(grade_id: str) -> str:
    return grade_id.removeprefix("test_")


def _listed(points: dict[str, float]) -> str:
    return ", ".join(f"{name} {most:g}" for name, most in points.items())


def _as_comment(sentences: list[str]) -> str | None:
    """Return sentences as a comment of nbgrader, which takes it for Markdown with HTML in it.

    A student's values stand in some of them. Lines that begin with four blanks are code in
    Markdown: they are shown as they are, whatever they hold.
    """
    text = "\n".join(sentences)[:LONGEST_COMMENT]
    lines = [line for given in text.splitlines() for line in textwrap.wrap(given, 90)]
    return "\n".join(f"    {line}" for line in lines) or None


# --- everybody's marks --------------------------------------------------------------------------


def _lines(session: Session, url: str, name: str) -> list[Line]:
    assignment = _assignment(session, url, name)
    submissions = {s.student_id: s for s in assignment.submissions}
    marks = _marks(session, assignment.id)
    order = (nb.Student.last_name, nb.Student.first_name, nb.Student.id)
    lines = []
    for student in session.scalars(select(nb.Student).order_by(*order)):
        names = [student.first_name or "", student.last_name or "", student.email or ""]
        line = Line(Person(student.id, *names), name, None, assignment.max_score)
        submission = submissions.get(student.id)
        if submission is None:
            lines.append(replace(line, reason="nothing was submitted", due=assignment.duedate))
            continue
        points, reason = _total(marks[submission.id])
        lines.append(
            replace(
                line,
                points=points,
                reason=reason,
                penalty=submission.late_submission_penalty,
                due=submission.duedate,
                submitted=submission.timestamp,
            )
        )
    return lines


def _marks(session: Session, assignment: str) -> dict[str, list[Any]]:
    """Return all marks of an assignment by submission, each with why it may be missing."""
    notebook, submission = nb.SubmittedNotebook, nb.SubmittedAssignment
    grade = nb.Grade
    asked = (
        select(
            notebook.assignment_id,
            grade.auto_score,
            grade.manual_score,
            grade.score,
            _recorded.c.reason,
        )
        .select_from(grade)
        .join(notebook, notebook.id == grade.notebook_id)
        .join(submission, submission.id == notebook.assignment_id)
        .outerjoin(_recorded, _recorded.c.notebook_id == notebook.id)
        .where(submission.assignment_id == assignment)
    )
    marks = defaultdict(list)
    for mark in session.execute(asked):
        marks[mark.assignment_id].append(mark)
    return marks


def _total(marks: list[Any]) -> tuple[float | None, str]:
    """Return the sum, or why there is none."""
    open_ones = [m for m in marks if m.auto_score is None and m.manual_score is None]
    reasons = [mark.reason for mark in open_ones if mark.reason]
    if reasons:
        return None, reasons[0]
    if len(open_ones) == len(marks):
        return None, "it is not graded yet"
    return sum(mark.score for mark in marks), ""


# --- the database -------------------------------------------------------------------------------


def _open(url: str) -> nb.Gradebook:
    programs = str(Path(sys.executable).parent)
    if programs not in os.environ.get("PATH", "").split(os.pathsep):
        # For a new database nbgrader calls `alembic` by its bare name.
        os.environ["PATH"] = os.pathsep.join([programs, os.environ.get("PATH", "")])
    try:
        return nb.Gradebook(url)
    except ModuleNotFoundError as error:
        raise CourseError(
            f"the gradebook {readable(url)} needs the package {error.name}; for PostgreSQL "
            'install it with pip install "psycopg[binary]" and begin the URL with '
            "postgresql+psycopg://"
        ) from error
    except nb.InvalidEntry as error:  # so nbgrader calls any error of the database
        if isinstance(error.__context__, SQLAlchemyError):
            raise error.__context__ from error
        raise


def readable(url: str) -> str:
    """Return the URL without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError as error:
        raise CourseError(
            "the gradebook's URL cannot be read; write sqlite:///PATH/gradebook.db "
            "or postgresql+psycopg://USER@HOST/NAME"
        ) from error


def _take_turns(engine: Any) -> None:
    """Let one writer work at a time, from its first look on, and never wait long in one go."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _begin_by_hand)
        event.listen(engine, "begin", lambda c: c.exec_driver_sql("BEGIN IMMEDIATE"))
    elif engine.dialect.name == "postgresql":
        wait = "SET LOCAL lock_timeout = '2s'"
        event.listen(engine, "begin", lambda c: c.exec_driver_sql(wait))


def _begin_by_hand(connection: Any, _: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA busy_timeout = 500")  # milliseconds


def _is_held(error: SQLAlchemyError) -> bool:
    """Tell whether it may work a little later."""
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
    return error.connection_invalidated or state in _HELD or "is locked" in str(error.orig)


def _said(error: SQLAlchemyError) -> str:
    """Return the database's own words, without the statement and its values."""
    return " ".join(str(getattr(error, "orig", None) or error).split())[:500]
