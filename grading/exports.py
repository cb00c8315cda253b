"""Lists of marks as nbgrader, Moodle and Canvas read them.

Who has no marks has an empty cell, never a 0: the platforms take that for "no grade". What stands
in a cell may come from a student, so no cell can act as a formula in a spreadsheet.
"""

import csv
import html
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from grading.files import replace_text
from grading.results import Person, Result, plain
from grading.retell import told

LONGEST_CELL = 1_000  # characters
LONGEST_REMARK = 4_000

# A spreadsheet takes a cell that begins so for a formula, also after what nobody sees; where it
# separates cells by semicolons, so does what follows one.
_BLANK = r"[\s'\"\u200b-\u200f\u2060\ufeff\ufffd]*"
_FORMULA = re.compile(rf"(^{_BLANK}|;{_BLANK})([=+\-@\uff1d\uff0b\uff0d\uff20])")


@dataclass(frozen=True)
class Line:
    """One student's marks in one assignment.

    Attributes
    ----------
    person : Person
        Whose.
    assignment : str
        Its name.
    points : float or None
        The marks, before any penalty; None where there are none.
    max_points : float
        The most that there are.
    reason : str
        Why there are no marks.
    penalty : float
        What is taken off for being late.
    due, submitted : datetime or None
        When it was due, and when it came; in UTC.
    remarks : str
        What the student is told, for platforms that show it.
    """

    person: Person
    assignment: str
    points: float | None
    max_points: float
    reason: str = ""
    penalty: float = 0.0
    due: datetime | None = None
    submitted: datetime | None = None
    remarks: str = ""

    @property
    def score(self) -> float | None:
        """The marks after the penalty."""
        return None if self.points is None else max(0.0, self.points - self.penalty)


def lines_of(
    results: Iterable[Result], max_points: float, people: Mapping[str, Person] | None = None
) -> list[Line]:
    """Return the marks of results, without a gradebook, in the order of the students' ids.

    Parameters
    ----------
    results : iterable of Result
        At most one of a student and lesson.
    max_points : float
        The most that there are; an ungradable submission does not say it.
    people : mapping of str to Person, optional
        Names, by the student's id.
    """
    known = people or {}
    lines = [
        Line(
            known.get(result.student) or Person(result.student),
            result.lesson,
            result.points,
            max_points,
            result.reason,
            remarks=remarks(result),
        )
        for result in results
    ]
    return sorted(lines, key=lambda line: (line.assignment, line.person.id))


def remarked(lines: Iterable[Line], results: Iterable[Result]) -> list[Line]:
    """Return lines of a gradebook with the remarks of the results that belong to them."""
    said = {(r.student, r.lesson): remarks(r) for r in results}
    return [
        replace(line, remarks=said.get((line.person.id, line.assignment), line.remarks))
        for line in lines
    ]


def remarks(result: Result) -> str:
    """Return what a student is told about a submission, a line for each exercise."""
    if result.reason:
        return f"Could not be graded: {result.reason}"
    parts = [
        f"{exercise.name} {number(exercise.points)}/{number(exercise.max_points)}. "
        + " ".join(told(result, exercise))
        for exercise in result.exercises
    ]
    return plain("\n".join(part.strip() for part in parts), LONGEST_REMARK)


def number(value: float | None) -> str:
    """Return a number without needless digits; nothing for None."""
    return "" if value is None else f"{round(value, 6):.15g}"


def nbgrader_csv(lines: Iterable[Line]) -> str:
    """Return the columns of `nbgrader export`, and one more that says why there are no marks."""
    names = (
        "assignment,duedate,timestamp,student_id,last_name,first_name,email,"
        "raw_score,late_submission_penalty,score,max_score,reason"
    )
    rows = [
        [
            cell(line.assignment),
            *(cell(str(moment or "")) for moment in (line.due, line.submitted)),
            *_identity(line.person, "id", "last_name", "first_name", "email"),
            number(line.points),
            number(None if line.points is None else line.penalty),
            number(line.score),
            number(line.max_points),
            cell(line.reason),
        ]
        for line in lines
    ]
    return _csv([names.split(","), *rows])


def moodle_csv(lines: Sequence[Line], item: str | None = None) -> str:
    """Return a file for Moodle's "Grades, Import, CSV file".

    Moodle asks by which column to find the users. A row in which that column is empty would
    give its marks to the user of the row before, so a column is there only if nobody's cell
    in it is empty.

    Parameters
    ----------
    lines : sequence of Line
        Of one assignment.
    item : str, optional
        The name of the grade item in Moodle, if it is not the assignment's. Its maximum in Moodle
        has to be that of the marks.
    """
    item = item or _assignment(lines)
    columns = {
        "ID number": "id",
        "First name": "first_name",
        "Last name": "last_name",
        "Email address": "email",
    }
    full = [
        title
        for title, name in columns.items()
        if lines and all(getattr(line.person, name).strip() for line in lines)
    ]
    rows = [
        [
            *_identity(line.person, *(columns[title] for title in full)),
            number(line.score),
            _moodle_text(line),
        ]
        for line in lines
    ]
    return _csv([[*full, cell(f"{item} (Real)"), cell(f"{item} (Feedback)")], *rows])


def moodle_worksheet(lines: Iterable[Line]) -> str:
    """Return a file for Moodle's "Upload grading worksheet" in an assignment.

    It needs no list of students: the number in the names of Moodle's files is enough. Who has no
    such number as an id is left out.
    """
    titles = [
        "Identifier",
        "Full name",
        "Grade",
        "Maximum Grade",
        "Last modified (grade)",
        "Feedback comments",
    ]
    rows = [
        [
            f"Participant {line.person.id}",
            cell(line.person.name),
            number(line.score),
            number(line.max_points),
            "-",  # never, as Moodle writes it
            _moodle_text(line),
        ]
        for line in lines
        if _is_number(line.person.id)
    ]
    return _csv([titles, *rows])


def canvas_csv(lines: Sequence[Line], item: str | None = None) -> str:
    """Return a file for Canvas's "Gradebook, Import".

    Parameters
    ----------
    lines : sequence of Line
        Of one assignment. An id of digits is Canvas's own, any other the login.
    item : str, optional
        The name of the assignment in Canvas with its number, such as "Art (4711)", if it is
        there already; otherwise Canvas makes one.
    """
    titles = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    most = max((line.max_points for line in lines), default=0.0)
    rows = [
        [_canvas_name(line.person), *_canvas_ids(line.person), "", number(line.score)]
        for line in lines
    ]
    points = ["    Points Possible", "", "", "", "", number(most)]
    return _csv([[*titles, cell(item or _assignment(lines))], points, *rows])


def write_csv(text: str, path: Path) -> None:
    """Write one of these lists to a file, which appears whole or not at all."""
    replace_text(path, text)


def cell(text: str) -> str:
    """Return a text on one line that no spreadsheet takes for a formula."""
    line = " ".join(plain(text, LONGEST_CELL).split())
    return _FORMULA.sub(r"\1'\2", line)


def _csv(rows: Iterable[Iterable[str]]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    return file.getvalue()


def _identity(person: Person, *names: str) -> list[str]:
    return [cell(getattr(person, name)) for name in names]


def _assignment(lines: Sequence[Line]) -> str:
    return lines[0].assignment if lines else "assignment"


def _moodle_text(line: Line) -> str:
    """Return the remarks as the HTML that Moodle takes them for."""
    text = f"No marks: {line.reason}" if line.reason else line.remarks
    parts = [" ".join(part.split()) for part in plain(text, LONGEST_REMARK).splitlines()]
    return _FORMULA.sub(r"\1'\2", "<br>".join(html.escape(part) for part in parts if part))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _canvas_ids(person: Person) -> list[str]:
    """Return Canvas's number, the number of the school, the login; one of them is known."""
    return [person.id, "", ""] if _is_number(person.id) else ["", "", cell(person.id)]


def _canvas_name(person: Person) -> str:
    """Return "Last, First". Canvas takes a row for the one of the points by its first cell."""
    given = [part for part in (person.last_name, person.first_name) if part]
    name = cell(", ".join(given) or person.id)
    return re.sub(r"Points(?= Possible)", "Points\N{NO-BREAK SPACE}", name)
