from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest
from page import Page, check_page
from some_results import SECRET, SECRET_TEXT, broken, full, graded, gram, seen, triplet, unseen

from grading.feedback import MOST_BYTES, feedback_page, title_of, write_feedback
from grading.results import (
    Call,
    CellProblem,
    ExerciseResult,
    Mistake,
    Person,
    Result,
    TestResult,
    ungradable,
)

ATTACKS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "</pre></style></title><h1>100 of 100",
    "{{ 7 * 7 }}{% include '/etc/passwd' %}",
    "&lt;script&gt;",
    "<!-- ",
    "javascript:alert(1)",
    "\ud800\x00\u202e",
]


def everywhere(text):
    """Return a result with this text wherever a student's words may get to."""
    exercises = [
        ExerciseResult(
            f"exercise_{status}",
            5 if status == "passed" else 0,
            5,
            status,
            (
                TestResult("test_a", False, status == "passed", text, text, text),
                TestResult("test_b", True, status == "passed", text, text, text),
            ),
            Mistake(text, text),
            (Call(text, text, text),),
            text,
            3,
        )
        for status in ("passed", "failed", "missing", "stopped")
    ]
    problems = (CellProblem(text, text),)
    return replace(graded(text, *exercises, notes=(text,)), problems=problems, version=text)


def test_a_page_shows_marks_calls_and_the_mistake():
    person = Person("ana", "Ana María", "Lí")
    when = datetime(2024, 1, 31, 13, 45, tzinfo=UTC)
    page = check_page(feedback_page(full(), person, submitted=when))
    for text in (
        "Faces",
        "Ana María Lí",
        "2024-01-31 13:45 UTC",
        "0 of 25 points",
        "gram_matrix",
        "gram_matrix(A) must be symmetric",
        "squares summed over every axis",
        "350.026 is what axis=None gives",
        "triplet_loss(y_true, y_pred, 0.2)",
        "528.143",
        "loss = 350.026",
        "cell 7",
        "SyntaxError in line 2",
        "tensorflow.compat.v1",
        full().content,
    ):
        assert text in page.text, text


def test_each_exercise_has_its_marks():
    result = graded("ana", gram(), triplet("failed"), ExerciseResult("verify", 0, 5, "missing"))
    page = check_page(feedback_page(result))
    assert "15 of 30 points" in page.text
    assert "gram_matrix ✓ right 15 of 15" in page.text
    assert "triplet_loss ✗ not right yet 0 of 10" in page.text
    assert "verify ○ not written 0 of 5 points The function is not written yet." in page.text


def test_half_points_are_shown_as_they_are():
    result = graded("ana", ExerciseResult("gram_matrix", 3.5, 15, "failed"))
    assert "3.5 of 15" in check_page(feedback_page(result)).text


def test_hidden_tests_are_a_general_sentence_and_nothing_else():
    page = feedback_page(graded("ana", gram("failed"), triplet()))
    assert SECRET not in page
    assert SECRET.removeprefix("test_").replace("_", " ") not in page
    assert SECRET_TEXT not in page
    assert "secret" not in page
    assert "It fails the further check as well" in Page(page).text
    right = feedback_page(graded("ana", gram(), triplet()))
    assert "1 further check with other values and shapes" in Page(right).text
    assert "secret" not in right


def test_a_message_of_a_hidden_test_is_never_shown():
    leak = TestResult("test_x", True, False, "the secret is 42", "the secret is 42")
    result = graded("ana", ExerciseResult("gram_matrix", 0, 15, "failed", (seen(), leak)))
    assert "42" not in Page(feedback_page(result)).text.replace(result.content, "")


def test_an_ungradable_submission_has_no_marks_on_its_page():
    page = check_page(feedback_page(broken()))
    assert "This could not be graded It is no notebook." in page.text
    assert "points" in page.text
    assert "0 of" not in page.text


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_a_student_wrote_stays_text(attack):
    harmless, page = (check_page(feedback_page(everywhere(text))) for text in ("harmless", attack))
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in harmless.tags]


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_ungradable_submission_cannot_bring_tags_either(attack):
    def page(text):
        result = ungradable("ana", text, "0" * 64, text, text)
        return check_page(feedback_page(result, Person("ana", text, text, text), text))

    assert [tag for tag, _ in page(attack).tags] == [tag for tag, _ in page("harmless").tags]


def test_what_was_written_is_all_there():
    text = "<b>bold</b> & 'quoted' \"twice\" {{ x }} 李雷 😀"
    page = check_page(feedback_page(everywhere(text)))
    assert page.text.count(text) > 20


WIDE = ["x", "<", "&", '"', "😀", "\n", "\x00", "🏳️‍🌈"]


@pytest.mark.parametrize("letter", WIDE)
def test_a_page_is_small_whatever_was_printed(letter):
    result = everywhere(letter * 10**6)
    text = feedback_page(result)
    assert len(text.encode()) <= MOST_BYTES
    check_page(text)


@pytest.mark.parametrize("letter", ["x", "&", "😀"])
def test_a_page_is_small_however_much_there_is_of_everything(letter):
    text = letter * 30_000
    tests = tuple(TestResult(text, i % 2 == 0, False, text, text) for i in range(40))
    exercises = [
        ExerciseResult(
            f"{letter * 150}{i}", 0, 5, "failed", tests, Mistake(text, text),
            (Call(text, text, text),) * 30, text,
        )
        for i in range(70)
    ]  # fmt: skip
    result = replace(
        graded(text, *exercises, notes=(text,) * 500),
        problems=(CellProblem(text, text),) * 500,
        version=text,
    )
    page = feedback_page(result, Person(text, text, text, text), letter * 100)
    assert len(page.encode()) <= MOST_BYTES
    assert "10 more exercises are not shown here." in check_page(page).text


def test_a_normal_page_is_not_shortened():
    result = graded("ana", gram(printed="row of numbers\n" * 1_000), triplet())
    page = feedback_page(result)
    assert page.count("row of numbers") == 1_000
    assert "more characters" not in page


def test_failed_checks_are_kept_when_a_page_is_shortened():
    tests = (
        *(TestResult(f"test_{i}", False, True, "fine " * 100) for i in range(500)),
        TestResult("test_the_one", False, False, "this one matters"),
        unseen(),
    )
    calls = (Call("<" * 4_000, "<" * 4_000, "<" * 4_000),) * 50
    result = graded("ana", ExerciseResult("gram_matrix", 0, 15, "failed", tests, calls=calls))
    assert "this one matters" in check_page(feedback_page(result)).text


def test_a_page_is_the_same_each_time():
    assert feedback_page(full()) == feedback_page(full())


def test_no_field_of_a_result_is_forgotten():
    """A new field must be shown, or be left out on purpose."""
    shown = {"student", "lesson", "content", "version", "status", "reason", "exercises"}
    shown |= {"problems", "notes", "language"}
    assert {item.name for item in fields(Result)} - shown == {"seconds"}


def test_a_page_is_written_whole(tmp_path):
    path = tmp_path / "feedback" / "ana.html"
    write_feedback(path, everywhere("\ud800 \x00"), title="Faces")
    assert [*path.parent.iterdir()] == [path]
    assert "<title>Faces: " in path.read_text(encoding="utf-8")


def test_a_notebooks_name_becomes_a_title():
    assert title_of("art_generation") == "Art generation"
