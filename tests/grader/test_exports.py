import csv
import io
from dataclasses import replace
from datetime import datetime

import pytest
from nbgrader.api import Gradebook
from nbgrader.plugins import CsvExportPlugin
from some_results import SECRET, SECRET_TEXT, broken, graded, gram, summed_over_all, triplet

from grading.exports import (
    Line,
    canvas_csv,
    cell,
    lines_of,
    moodle_csv,
    moodle_worksheet,
    nbgrader_csv,
    number,
    remarked,
    write_csv,
)
from grading.gradebook import Book
from grading.results import Person

ANA = Person("12345", "Ana María", "Lí", "ana@example.org")
BO = Person("67890", "Bo", 'O\'Neill, "Jr."', "bo@example.org")
LINES = [
    Line(ANA, "faces", 15.0, 25.0, penalty=2.5, remarks="Well done.\nSecond line."),
    Line(BO, "faces", None, 25.0, "It is no notebook."),
]
HOSTILE = [
    "=cmd|'/c calc'!A1",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    " =1+1",
    "'=1+1",
    '"=1+1"',
    "\t=1+1",
    "\n=1+1",
    "\r=1+1",
    "\x00=1+1",
    "\u200b=1+1",
    "\uff1d1+1",
    "Bo;=1+1",
    'Bo";" =1+1',
]


def rows(text):
    return [*csv.reader(io.StringIO(text))]


def named(text):
    titles, *values = rows(text)
    return [dict(zip(titles, row, strict=True)) for row in values]


def formulas(text):
    """Return the cells that a spreadsheet would take for formulas, with either separator."""
    found = []
    for separator in ",;\t":
        for row in csv.reader(io.StringIO(text), delimiter=separator):
            found += [c for c in row if c.strip(' "\u200b\x00').startswith(tuple("=+@\uff1d"))]
            found += [c for c in row if c.startswith("-") and len(c) > 1]
    return found


# --- nbgrader -----------------------------------------------------------------------------------


def test_nbgraders_columns_and_one_more(tmp_path):
    address = f"sqlite:///{tmp_path}/gradebook.db"
    Book(address).close()
    with Gradebook(address) as book:
        CsvExportPlugin(to=str(tmp_path / "stock.csv")).export(book)
    stock = (tmp_path / "stock.csv").read_text(encoding="utf-8").strip().split(",")
    assert rows(nbgrader_csv(LINES))[0] == [*stock, "reason"]


def test_marks_penalty_and_reason():
    due = datetime(2024, 1, 31, 12)
    ana, bo = named(nbgrader_csv([replace(LINES[0], due=due, submitted=due), LINES[1]]))
    assert ana["raw_score"] == "15"
    assert ana["late_submission_penalty"] == "2.5"
    assert ana["score"] == "12.5"
    assert ana["max_score"] == "25"
    assert ana["timestamp"] == ana["duedate"] == "2024-01-31 12:00:00"
    assert (ana["student_id"], ana["last_name"], ana["first_name"]) == ("12345", "Lí", "Ana María")
    assert bo["raw_score"] == bo["late_submission_penalty"] == bo["score"] == ""
    assert bo["reason"] == "It is no notebook."
    assert bo["last_name"] == BO.last_name


def test_a_penalty_takes_no_more_than_there_is():
    assert replace(LINES[0], penalty=99.0).score == 0.0


def test_results_without_a_gradebook():
    results = [broken("bo"), graded("ana", gram(), summed_over_all())]
    ana, bo = lines_of(results, 25.0, {"ana": ANA})
    assert (ana.person, ana.points, ana.reason) == (ANA, 15.0, "")
    assert (bo.person, bo.points, bo.reason) == (Person("bo"), None, "It is no notebook.")
    assert bo.max_points == 25.0


# --- Moodle -------------------------------------------------------------------------------------


def test_moodles_gradebook():
    ana, bo = named(moodle_csv(LINES, "Assignment: Faces"))
    assert ana["Assignment: Faces (Real)"] == "12.5"
    assert ana["Assignment: Faces (Feedback)"] == "Well done.<br>Second line."
    assert (ana["ID number"], ana["Email address"]) == ("12345", "ana@example.org")
    assert bo["Assignment: Faces (Real)"] == ""
    assert bo["Assignment: Faces (Feedback)"] == "No marks: It is no notebook."


@pytest.mark.parametrize("empty", ["", " "])
def test_a_column_that_is_empty_for_somebody_cannot_identify_anybody(empty):
    lines = [LINES[0], replace(LINES[1], person=replace(BO, email=empty))]
    assert rows(moodle_csv(lines))[0] == [
        "ID number",
        "First name",
        "Last name",
        "faces (Real)",
        "faces (Feedback)",
    ]


def test_moodles_worksheet():
    text = moodle_worksheet([*LINES, Line(Person("ana"), "faces", 1.0, 25.0)])
    ana, bo = named(text)
    assert ana["Identifier"] == "Participant 12345"
    assert ana["Full name"] == "Ana María Lí"
    assert (ana["Grade"], ana["Maximum Grade"]) == ("12.5", "25")
    assert (bo["Grade"], bo["Last modified (grade)"]) == ("", "-")


def test_feedback_for_moodle_is_html_without_tags_of_a_student():
    line = replace(LINES[0], remarks="got <script>alert(1)</script> & more")
    (row,) = named(moodle_csv([line]))
    assert "<script" not in row["faces (Feedback)"]
    assert "&lt;script&gt;" in row["faces (Feedback)"]


def test_remarks_join_the_lines_of_a_gradebook():
    results = [replace(graded("12345", gram("failed"), summed_over_all()), lesson="faces")]
    ana, bo = remarked(LINES, results)
    assert ana.remarks.startswith("gram_matrix 0/15. gram_matrix(A) must be symmetric")
    assert "350.026 is what axis=None gives" in ana.remarks
    assert SECRET not in ana.remarks
    assert SECRET_TEXT not in ana.remarks
    assert bo == LINES[1]


# --- Canvas -------------------------------------------------------------------------------------


def test_canvas_gradebook():
    titles, points, ana, bo = rows(canvas_csv(LINES, "Faces (4711)"))
    assert titles == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Faces (4711)"]
    assert points == ["    Points Possible", "", "", "", "", "25"]
    assert ana == ["Lí, Ana María", "12345", "", "", "", "12.5"]
    assert bo == ['O\'Neill, "Jr.", Bo', "67890", "", "", "", ""]


def test_an_id_that_is_no_number_is_a_login():
    (_, _, row) = rows(canvas_csv([Line(Person("ana07", "Ana", "Li"), "faces", 1.0, 25.0)]))
    assert row[:4] == ["Li, Ana", "", "", "ana07"]


def test_no_student_can_change_the_points_in_canvas():
    line = Line(Person("1", "Points Possible", ""), "faces", 1.0, 25.0)
    (_, _, row) = rows(canvas_csv([line]))
    assert "Points Possible" not in row[0]


def test_nobody_makes_a_list_without_rows():
    assert len(rows(canvas_csv([]))) == 2
    assert len(rows(moodle_csv([]))) == len(rows(moodle_worksheet([]))) == 1
    assert len(rows(nbgrader_csv([]))) == 1


# --- hostile names ------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [nbgrader_csv, moodle_csv, moodle_worksheet, canvas_csv])
@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_is_a_formula(write, text):
    hostile = Person(text, text, text, text)
    numbered = replace(hostile, id="123")
    lines = [Line(person, text, None, 25.0, text, remarks=text) for person in (hostile, numbered)]
    assert formulas(write(lines)) == []
    assert formulas(write([replace(line, points=1.0, reason="") for line in lines])) == []


@pytest.mark.parametrize(
    "name",
    [
        "Li, Ana",
        'Ana "Annie" Li',
        "李雷",
        "Zoë",
        "O'Neill",
        "😀",
        "a;b",
        "Müller-Lüdenscheidt",
        "x" * 90,
    ],
)
def test_ordinary_names_stay_as_they_are(name):
    line = Line(Person("1", name, "", "a@b.c"), "faces", 1.0, 25.0)
    assert named(nbgrader_csv([line]))[0]["first_name"] == name
    assert named(moodle_worksheet([line]))[0]["Full name"] == name


@pytest.mark.parametrize("text", ["two\nlines", "two\r\nlines", "two\u2028lines", " two  lines "])
def test_a_cell_is_one_line(text):
    assert cell(text) == "two lines"


def test_long_text_is_bounded():
    line = Line(Person("1"), "faces", None, 25.0, "x" * 10**6, remarks="y" * 10**6)
    assert len(nbgrader_csv([line])) < 3_000
    assert len(moodle_csv([line])) < 10_000


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0.0, "0"),
        (12.5, "12.5"),
        (1 / 3, "0.333333"),
        (1234567.0, "1234567"),
        (100, "100"),
    ],
)
def test_numbers(value, text):
    assert number(value) == text


def test_a_list_is_written_whole(tmp_path):
    path = tmp_path / "grades.csv"
    write_csv(nbgrader_csv(LINES), path)
    assert [*tmp_path.iterdir()] == [path]
    assert path.read_text(encoding="utf-8") == nbgrader_csv(LINES)


def test_a_remark_on_a_right_answer_is_its_marks_alone():
    (line,) = lines_of([graded("ana", gram(), triplet())], 25.0)
    assert line.remarks == "gram_matrix 15/15.\ntriplet_loss 10/10."
