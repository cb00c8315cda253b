import json
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from some_results import SECRET, SECRET_TEXT, broken, full, graded, gram, summed_over_all, triplet

from grading import CourseError
from grading.results import (
    ExerciseResult,
    Person,
    Result,
    Store,
    TestResult,
    assignment_version,
    content_hash,
    dumps,
    loads,
    plain,
    write_result,
)


@pytest.mark.parametrize("result", [full(), graded(), broken()])
def test_a_result_comes_back_from_json_the_same(result):
    assert loads(dumps(result)) == result
    assert dumps(loads(dumps(result))) == dumps(result)


def test_a_result_holds_what_was_judged():
    data = json.loads(dumps(full()))
    exercise = data["exercises"][1]
    assert data["student"] == "ana"
    assert (exercise["points"], exercise["max_points"], exercise["status"]) == (
        0.0,
        10.0,
        "failed",
    )
    assert exercise["mistake"]["name"] == "squares summed over every axis"
    assert exercise["calls"][0]["came"] == "350.026"
    assert data["problems"] == [
        {"cell": "cell 7", "sentence": "SyntaxError in line 2: invalid syntax"}
    ]


def changed(data, path, value):
    *way, last = path
    inner = data
    for step in way:
        inner = inner[step]
    if value is KeyError:
        del inner[last]
    else:
        inner[last] = value
    return data


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["student"], 7),
        (["student"], KeyError),
        (["marks"], 100),
        (["format"], 2),
        (["format"], KeyError),
        (["content"], "abc"),
        (["content"], "G" * 64),
        (["status"], "fine"),
        (["status"], ["graded"]),
        (["status"], "ungradable"),
        (["reason"], "no"),
        (["exercises"], []),
        (["exercises"], {}),
        (["exercises", 0, "points"], True),
        (["exercises", 0, "points"], "15"),
        (["exercises", 0, "points"], 16),
        (["exercises", 0, "points"], -1),
        (["exercises", 0, "points"], 10**400),
        (["exercises", 0, "max_points"], None),
        (["exercises", 0, "status"], "passed"),
        (["exercises", 0, "name"], "triplet_loss"),
        (["exercises", 0, "printed_more"], 1.5),
        (["exercises", 0, "tests", 0, "passed"], 1),
        (["exercises", 0, "tests", 0, "hidden"], None),
        (["exercises", 1, "mistake"], "a mistake"),
        (["exercises", 1, "mistake", "sentence"], None),
        (["exercises", 1, "calls", 0, "extra"], ""),
        (["notes"], "a note"),
        (["notes"], [None]),
        (["problems"], [["cell 7", "no"]]),
        (["seconds"], "1"),
    ],
)
def test_json_that_does_not_fit_is_refused(path, value):
    with pytest.raises(CourseError):
        Result.from_json(changed(full().to_json() | json.loads(dumps(full())), path, value))


def test_the_refusal_says_where():
    data = json.loads(dumps(full()))
    data["exercises"][1]["calls"][0]["came"] = 350.026
    with pytest.raises(CourseError, match=r"result.exercises\[1\].calls\[0\].came is '350.026'"):
        Result.from_json(data)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        dumps(graded()).replace("15.0", "NaN").encode(),
        dumps(graded()).replace("15.0", "Infinity").encode(),
        dumps(graded()).replace("15.0", "1e999").encode(),
        dumps(graded()).replace("15.0", "1" * 5000).encode(),
    ],
)
def test_broken_json_is_refused_with_a_sentence(text):
    with pytest.raises(CourseError, match=r"no JSON|no result|which is no float"):
        loads(text)


def test_marks_are_summed():
    result = graded("ana", gram(), triplet("failed"))
    assert (result.points, result.max_points, result.share) == (15.0, 25.0, 0.6)


def test_an_ungradable_submission_has_no_marks_and_no_zero():
    result = broken()
    assert result.points is None
    assert result.max_points is None
    assert result.share is None
    assert "0.0" not in dumps(replace(result, seconds=1.0))


@pytest.mark.parametrize(
    ("points", "most", "status"),
    [(16, 15, "passed"), (-1, 15, "failed"), (14, 15, "passed"), (15, 15, "failed")],
)
def test_impossible_marks_are_refused(points, most, status):
    with pytest.raises(CourseError, match="points"):
        ExerciseResult("gram_matrix", points, most, status)


def test_an_infinite_mark_is_refused():
    with pytest.raises(CourseError, match="points"):
        ExerciseResult("gram_matrix", float("inf"), float("inf"), "passed")
    with pytest.raises(CourseError, match="points"):
        ExerciseResult("gram_matrix", float("nan"), 10, "failed")


@pytest.mark.parametrize(
    ("text", "fit"),
    [
        ("a\x00b", "a\ufffdb"),
        ("a\ud800b", "a\ufffdb"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("1\r\n2\r3", "1\n2\n3"),
        ("exe\u202etxt.py", "exe\ufffdtxt.py"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("Zoë 李雷 😀", "Zoë 李雷 😀"),
    ],
)
def test_text_of_a_student_is_made_fit(text, fit):
    assert plain(text) == fit
    assert plain(fit) == fit


@pytest.mark.parametrize("text", ["x" * 10_000_000, "\x1b]" * 5_000_000, "\x00" * 50_000])
def test_a_long_text_is_bounded_and_says_so(text):
    short = plain(text, 2_000)
    assert len(short) <= 2_000
    assert short.endswith("more characters)")
    assert plain(short, 2_000) == short


def test_texts_in_a_result_are_bounded_once_and_for_all():
    exercise = gram("failed", printed="\x00" * 10**6)
    result = graded("a" * 500, exercise, notes=("n" * 9_999,))
    assert len(result.student) <= 200
    assert len(result.notes[0]) <= 2_000
    assert len(result.exercises[0].printed) <= 20_000
    assert "\x00" not in result.exercises[0].printed
    assert loads(dumps(result)) == result


def test_remarks_begin_with_the_mistake_and_hold_nothing_hidden():
    assert summed_over_all().remarks() == [
        "You summed over the batch as well: 350.026 is what axis=None gives; "
        "sum over axis=-1 first.",
        "triplet_loss(y) must be 528.143; got 350.026",
    ]
    said = " ".join(gram("failed").remarks())
    assert "must be symmetric" in said
    assert "the further check" in said
    assert SECRET not in said
    assert SECRET_TEXT not in said


def test_remarks_count_hidden_tests():
    tests = (
        TestResult("a", False, True),
        *(TestResult(f"h{i}", True, i > 1) for i in range(5)),
    )
    said = ExerciseResult("gram_matrix", 0, 15, "failed", tests).remarks()
    assert len(said) == 1
    assert said[0].startswith("It fails 2 of 5 further checks although it passes those")


@pytest.mark.parametrize("status", ["failed", "missing", "stopped"])
def test_there_is_always_a_remark_on_lost_marks(status):
    (said,) = ExerciseResult("gram_matrix", 0, 15, status).remarks()
    assert said.endswith(".")


def test_a_right_exercise_needs_no_remark():
    assert gram().remarks() == []


@pytest.mark.parametrize(
    ("given", "first", "last"),
    [
        ("Ana Maria Li", "Ana Maria", "Li"),
        ("Li, Ana Maria", "Ana Maria", "Li"),
        ("  Ana\n Li ", "Ana", "Li"),
        ("liana", "", "liana"),
        (None, "", ""),
    ],
)
def test_a_person_by_a_platforms_name(given, first, last):
    person = Person.named("42", given)
    assert (person.first_name, person.last_name) == (first, last)
    assert person.name == (f"{first} {last}".strip() or "42")


# --- the store ----------------------------------------------------------------------------------


def loaded(store, result, student=None):
    return store.load(student or result.student, result.lesson, result.content, result.version)


@pytest.mark.parametrize("result", [full(), broken()])
def test_the_store_gives_back_what_it_got(tmp_path, result):
    store = Store(tmp_path / "results")
    assert loaded(store, result) is None
    store.save(result)
    assert loaded(store, result) == result


def test_the_same_bytes_of_another_student_share_the_judgement(tmp_path):
    store = Store(tmp_path)
    store.save(full())
    assert loaded(store, full(), "bo") == replace(full(), student="bo")
    (file,) = tmp_path.rglob("*.json")
    assert '"ana"' not in file.read_text(encoding="utf-8")


def test_other_bytes_another_version_or_lesson_are_not_found(tmp_path):
    store = Store(tmp_path)
    result = full()
    store.save(result)
    other = content_hash(b"other bytes")
    assert store.load("ana", result.lesson, other, result.version) is None
    assert store.load("ana", result.lesson, result.content, "version 3") is None
    assert store.load("ana", "art", result.content, result.version) is None


@pytest.mark.parametrize("damage", [b"", b"{}", b"\x00" * 100, b'{"format": 1}', b"[[[["])
def test_a_broken_file_is_ignored_and_done_again(tmp_path, damage):
    store = Store(tmp_path)
    result = full()
    store.save(result)
    path = store.path(result.lesson, result.content, result.version)
    path.write_bytes(damage)
    assert loaded(store, result) is None
    store.save(result)
    assert loaded(store, result) == result


def test_half_a_file_is_ignored(tmp_path):
    store = Store(tmp_path)
    result = full()
    store.save(result)
    path = store.path(result.lesson, result.content, result.version)
    path.write_bytes(path.read_bytes()[:-20])
    assert loaded(store, result) is None


def test_a_file_under_a_wrong_name_is_ignored(tmp_path):
    store = Store(tmp_path)
    mine, other = full(), graded(data=b"full marks")
    store.save(other)
    path = store.path(mine.lesson, mine.content, mine.version)
    path.parent.mkdir(parents=True, exist_ok=True)
    store.path(other.lesson, other.content, other.version).rename(path)
    assert loaded(store, mine) is None


KILLED = """
import os, signal, sys
from pathlib import Path
from grading.results import Store, loads
Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
Store(Path(sys.argv[1])).save(loads(sys.stdin.read()))
"""


def test_a_kill_while_saving_leaves_no_half_result(tmp_path):
    store = Store(tmp_path)
    text = dumps(full())
    run = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path], input=text, text=True, check=False
    )
    assert run.returncode == -signal.SIGKILL
    assert loaded(store, full()) is None
    assert [*tmp_path.rglob("*.json")] == []
    store.save(full())
    assert loaded(store, full()) == full()


def test_a_students_result_is_written_whole(tmp_path):
    path = tmp_path / "results" / "ana.json"
    write_result(full(), path)
    assert loads(path.read_bytes()) == full()
    assert [*path.parent.iterdir()] == [path]


def test_the_version_changes_with_every_file_and_with_their_order(tmp_path):
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_text("1", encoding="utf-8")
    b.write_text("2", encoding="utf-8")
    versions = {
        assignment_version([a, b]),
        assignment_version([b, a]),
        assignment_version([a]),
        assignment_version([a, b], "other limits"),
    }
    before = assignment_version([a, b])
    b.write_text("3", encoding="utf-8")
    assert len(versions) == 4
    assert assignment_version([a, b]) not in versions
    assert before in versions
