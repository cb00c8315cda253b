import random
from dataclasses import replace

import pytest
from page import Page, check_page
from some_results import SECRET, SECRET_TEXT, broken, graded, gram, summed_over_all, triplet

from grading.report import class_report, write_report
from grading.results import ExerciseResult, Mistake, Person, Result, content_hash, ungradable

MISTAKES = [Mistake(f"mistake {i}", f"You made mistake {i}. " * 20) for i in range(9)]


def some_class(count, seed=0):
    """Return results of every kind, each with a file of its own."""
    chance = random.Random(seed)
    return [one(chance, f"student-{i:04d}") for i in range(count)]


def one(chance, student):
    content = content_hash(student.encode())
    if chance.random() < 0.05:
        return ungradable(student, "faces", content, "1", "It is no notebook. " * 20)
    exercises = []
    for number in range(8):
        status = chance.choice(["passed"] * 5 + ["failed"] * 3 + ["missing", "stopped"])
        points = 10 if status == "passed" else 0
        mistake = chance.choice([None, *MISTAKES]) if status == "failed" else None
        exercises.append(
            ExerciseResult(
                f"compute_exercise_number_{number}", points, 10, status, mistake=mistake,
                seconds=chance.random(),
            )
        )  # fmt: skip
    return Result(
        student,
        "faces",
        content,
        "1",
        "graded",
        exercises=tuple(exercises),
        seconds=chance.random() * 5,
        notes=("It was judged under tensorflow.compat.v1.",) * (chance.random() < 0.1),
    )


def small_class():
    wrong = graded("cy", gram("failed"), summed_over_all(), data=b"3", seconds=9.5)
    wrong = replace(wrong, notes=("Two copies of a cell.",))
    return [
        graded("ana", data=b"1", seconds=0.1),
        graded("bo", gram(), summed_over_all(), data=b"2", seconds=0.2),
        wrong,
        graded("dee", gram(), ExerciseResult("triplet_loss", 0, 10, "missing"), data=b"4"),
        broken("eve"),
    ]


def test_the_report_counts():
    page = check_page(class_report(small_class(), "Faces, spring"))
    for text in (
        "Faces, spring",
        "submissions 5 graded 4 could not be graded 1 mean 13.8 of 25 median 15.0",
        "with all points 1",
        "eve It is no notebook.",
        "gram_matrix 3 1 0 0 75 %",
        "triplet_loss 1 2 1 0 25 %",
        "triplet_loss : 3 without the points How many Mistake 2 × squares summed over every axis",
        "gram_matrix : 1 without the points How many Mistake 1 × no known mistake fits",
        "1 × Two copies of a cell.",
        "ana 15 10 25 bo 15 0 15 cy 0 0 0 dee 15 0 15 eve – – –",
    ):
        assert text in page.text, text


def test_slow_ones_come_first():
    text = check_page(class_report(small_class())).text
    slow = text[text.index("Slowest submissions") :]
    assert slow.index("cy") < slow.index("9.5") < slow.index("bo")
    assert "cy triplet_loss 9.5" in slow


def test_commonest_mistakes_come_first_and_five_are_enough():
    counts = {0: 1, 1: 5, 2: 3, 3: 1, 4: 1, 5: 4, 6: 2}
    results = [
        graded(f"s{kind}{i}", triplet("failed", mistake=MISTAKES[kind]), data=bytes([kind, i]))
        for kind, count in counts.items()
        for i in range(count)
    ]
    text = check_page(class_report(results)).text
    shown = text[text.index("Commonest") :]
    places = [shown.index(f"{n} × mistake {k}") for k, n in ((1, 5), (5, 4), (2, 3), (6, 2))]
    assert places == sorted(places)
    assert sum(f"× mistake {kind}" in shown for kind in counts) == 5


def test_who_handed_in_the_same_file_is_pointed_out():
    results = [graded(f"s{i}", data=b"the same" if i % 2 else bytes([i])) for i in range(6)]
    text = check_page(class_report(results)).text
    assert "3 students handed in the same file, byte for byte: s1 , s3 , s5" in text


def test_figures_can_be_read_without_being_seen():
    page = check_page(class_report(small_class()))
    spread, rates = page.all("svg")
    assert "Graded submissions: 4. Mean 55.0 %, median 60.0 %" in spread["aria-label"]
    assert "gram_matrix 75 %, triplet_loss 25 %" in rates["aria-label"]


def test_the_bars_are_as_high_as_the_marks_are_many():
    results = [
        graded(f"s{i}", ExerciseResult("gram_matrix", points, 100, status), data=bytes([i]))
        for i, (points, status) in enumerate(
            [(0, "failed"), (9.9, "failed"), (10, "failed"), (89, "failed"), (90, "failed")]
            + [(100, "passed")] * 3
        )
    ]
    page = check_page(class_report(results))
    assert "Less than 10 %: 2. 90 % or more: 4." in page.text
    assert page.text.count("with all points 3") == 1


def test_hidden_tests_are_not_quoted():
    page = class_report(small_class())
    assert SECRET not in page
    assert SECRET_TEXT not in page


def test_nobody_graded_and_nobody_at_all():
    assert "could not be graded 2" in check_page(class_report([broken("a"), broken("b")])).text
    check_page(class_report([]))


def test_everybody_with_nothing():
    check_page(class_report([graded("a", gram("failed"))]))


def test_an_ungradable_submission_is_not_a_zero():
    alone = class_report([graded("ana")])
    both = class_report([graded("ana"), broken("bo")])
    for text in (alone, both):
        assert "mean 25.0 of 25 median 25.0" in Page(text).text


def test_two_lessons_share_a_page():
    other = [graded("ana", gram(), lesson="art"), broken("bo", lesson="art")]
    page = check_page(class_report([*small_class(), *other]))
    assert page.text.index("Art") < page.text.index("Faces")
    assert len(page.all("svg")) == 4


def test_names_and_links():
    people = {"ana": Person("ana", "Ana", "<b>Lí</b>")}
    text = class_report(small_class(), people=people, link=lambda r: f"feedback/{r.student}.html")
    page = check_page(text)
    assert "Ana <b>Lí</b>" in page.text
    assert {"href": "feedback/ana.html"} in page.all("a")


@pytest.mark.parametrize(
    "attack",
    ["<script>alert(1)</script>", '"><img src=x>', "</svg></style>", "{{ 7*7 }}", "$x^2$"],
)
def test_what_a_student_wrote_stays_text(attack):
    def report(text):
        failed = triplet("failed", mistake=Mistake(text, text))
        results = [
            graded(text, ExerciseResult(text, 0, 1, "missing"), failed, notes=(text,), seconds=1),
            graded("same", gram(), notes=("note",)),
            ungradable(text, "faces", "0" * 64, "1", text),
        ]
        return check_page(class_report(results, text))

    harmless = [tag for tag, _ in report("harmless").tags if tag not in {"use", "path"}]
    assert [tag for tag, _ in report(attack).tags if tag not in {"use", "path"}] == harmless


def test_a_thousand_submissions_fit_into_a_megabyte():
    people = {
        r.student: Person(r.student, "Wolfeschlegelstein" * 5, "&<>" * 50) for r in some_class(9)
    }
    text = class_report(
        some_class(1000), people=people, link=lambda r: f"feedback/{r.student}.html"
    )
    assert len(text.encode()) <= 1_000_000
    page = check_page(text)
    assert "student-0999" in page.text


def test_a_thousand_hopeless_submissions_fit_too():
    results = [
        ungradable("&" * 30 + f"{i:04d}", "faces", content_hash(b"same"), "1", "&" * 2000)
        for i in range(1000)
    ]
    assert len(class_report(results).encode()) <= 1_000_000


def test_a_report_is_the_same_each_time():
    assert class_report(some_class(30)) == class_report(some_class(30))


def test_a_report_is_written_whole(tmp_path):
    path = tmp_path / "report.html"
    write_report(path, small_class(), title="Faces")
    assert [*tmp_path.iterdir()] == [path]
    assert "<title>Faces</title>" in path.read_text(encoding="utf-8")
