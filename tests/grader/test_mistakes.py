"""Known mistakes are named: the right one, only where there is one, and without hidden values."""

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from named_mistakes import NAMED, NAMED_EVERYWHERE, SAMPLES, STRANGE, UNNAMED
from small_course import write_lesson
from split import HASTY, PATIENT, Lab, lost, told

from grading import CourseError
from grading.answer_key import read_answers
from grading.checks import ExerciseTest
from grading.judge import judge
from grading.known import ANYTHING, KnownMistake, Like, Reader, same
from grading.known_anywhere import general_mistakes
from grading.mistakes import Catalogue, read_catalogue
from grading.recorder import MAX_NUMBERS, Recorded, Recorder
from grading.results import TestResult
from grading.zygote import Program, Zygote

LABS = {
    name: Lab(name)
    for name in ("art_generation", "face_recognition", "latent_space", "style_in_practice")
}
LAB_OF = {exercise: lab for lab in LABS.values() for exercise in lab.maker.signatures}
MUTANTS = [mutant for lab in LABS.values() for mutant in lab.mutants]
OLD = [mutant for mutant in MUTANTS if mutant.name == "tf.squared_difference"]
WRONG = [mutant for mutant in MUTANTS if mutant not in OLD]
# Numbers that nobody writes by chance.
NUMBER = re.compile(r"\d+\.\d{4,}|\d{5,}|\d{1,3}(?:,\d{3})+")


def expected(mutant):
    names = NAMED[mutant.exercise] | NAMED_EVERYWHERE
    return None if mutant.name in UNNAMED else names[mutant.name]


def named(item):
    return f"{item.exercise}: {item.name}"


@pytest.fixture(scope="module")
def zygote():
    with Zygote(trust=True) as zygote:
        yield zygote


@pytest.fixture(scope="module")
def light():
    with Zygote(trust=True, program=Program(warm=("grading.student",))) as zygote:
        yield zygote


def answered(zygote, exercise, source, times=PATIENT):
    """Judge a solution with this cell in it; return the verdict and the exercise's result."""
    lab = LAB_OF[exercise]
    source = source if source.startswith("def ") else lab.maker.write(exercise, source)
    verdict = judge(lab.cells(source, exercise), lab.lesson, zygote.fork, times)
    (result,) = [e for e in verdict.exercises if e.name == exercise]
    return verdict, result


def name_of(result):
    return result.mistake.name if result.mistake else None


# The two notebooks


@pytest.mark.parametrize("mutant", WRONG, ids=named)
def test_a_wrong_answer_loses_its_exercise_and_no_other_and_is_named(zygote, mutant):
    verdict, result = answered(zygote, mutant.exercise, mutant.source)
    assert lost(verdict) == [mutant.exercise], mutant.why
    for test in result.tests:
        assert test.passed or mutant.exercise in test.message
    assert name_of(result) == expected(mutant)
    assert all(exercise.mistake is None for exercise in verdict.exercises if exercise != result)
    if result.status == "failed":
        assert 1 <= len(result.calls) <= 5
        assert all(mutant.exercise in call.called and call.came for call in result.calls)
        assert any(call.right for call in result.calls)
    hidden = "\n".join(test.for_instructor for test in result.tests)
    visible = "\n".join(test.message for test in result.tests)
    secret = {*NUMBER.findall(hidden)} - {*NUMBER.findall(visible)}
    assert not secret & {*NUMBER.findall(told(verdict))}


@pytest.mark.parametrize(("exercise", "mistake", "body"), SAMPLES)
def test_a_further_mistake_is_named(zygote, exercise, mistake, body):
    _, result = answered(zygote, exercise, body, HASTY)
    assert result.status != "passed"
    assert name_of(result) == mistake


@pytest.mark.parametrize(("exercise", "body"), STRANGE)
def test_what_is_wrong_in_another_way_has_no_name(zygote, exercise, body):
    _, result = answered(zygote, exercise, body)
    assert result.status == "failed"
    assert result.mistake is None


def test_every_mistake_of_the_catalogues_is_made_by_some_answer():
    made = {(mutant.exercise, expected(mutant)) for mutant in MUTANTS}
    made |= {(exercise, mistake) for exercise, mistake, _ in SAMPLES}
    for lab in LABS.values():
        for known in read_answers(lab.lesson).catalogue.mistakes:
            assert (known.exercise, known.name) in made
    assert {known.name for known in general_mistakes("")} <= {mistake for _, mistake in made}


def test_a_sentence_is_one_that_a_student_can_read():
    for lab in LABS.values():
        key = read_answers(lab.lesson)
        hidden = {test.name for test in key.tests if test.hidden}
        for known in [*key.catalogue.mistakes, *general_mistakes("f")]:
            assert 30 < len(known.sentence) <= 300
            assert known.sentence[-1] in ".:"
            assert len(known.name) <= 50
            assert not any(name in known.sentence for name in hidden)


def test_the_first_that_fits_counts(zygote):
    """Without the transpose and without the quarter, or by NumPy: the numbers tell more."""
    body = "return np.sum(np.square(a_C.numpy() - a_G.numpy())) / tf.size(a_C).numpy()"
    _, result = answered(zygote, "compute_content_cost", body)
    assert name_of(result) == "the factor 1/4 is missing"


def test_a_mistake_in_another_exercise_is_not_held_against_one(zygote):
    lab = LABS["art_generation"]
    wrong = {m.exercise: m.source for m in lab.mutants if m.name in ("over pixels", "NaN")}
    given = [text for _, text in lab.cells() if "def " not in text]
    style = next(m for m in lab.mutants if m.name == "channels not squared")
    texts = [*given, wrong["gram_matrix"], style.source, wrong["compute_content_cost"]]
    cells = [(f"<cell {number}>", text) for number, text in enumerate(texts, start=1)]
    results = {e.name: e for e in judge(cells, lab.lesson, zygote.fork, PATIENT).exercises}
    assert name_of(results["gram_matrix"]) == "AᵀA in place of AAᵀ"
    assert name_of(results["compute_layer_style_cost"]) == "n_C not squared"


# What is shown of calls


def test_calls_are_shown_with_what_is_right(zygote):
    _, result = answered(
        zygote, "gram_matrix", "print(A.shape)\nreturn tf.matmul(A, A, transpose_a=True)"
    )
    by_hand = next(call for call in result.calls if "[1, 2, 3]" in call.called)
    assert by_hand.called == "gram_matrix(A=tensor of shape (2, 3): [[1, 2, 3], [4, 5, 6]])"
    assert by_hand.came == "tensor of shape (3, 3): [[17, 22, 27], [22, 29, 36], [27, 36, 45]]"
    assert by_hand.right == "array of shape (2, 2): [[14, 32], [32, 77]]"


def test_a_large_array_is_shown_by_kind_and_shape(zygote):
    _, result = answered(zygote, "compute_content_cost", "return (a_C - a_G) ** 2")
    call = result.calls[0]
    assert call.called == (
        "compute_content_cost(a_C=tensor of shape (1, 4, 4, 3), a_G=tensor of shape (1, 4, 4, 3))"
    )
    assert (call.came, call.right) == ("tensor of shape (1, 4, 4, 3)", "6.765593")


def test_an_error_is_shown_in_the_place_of_what_came(zygote):
    _, result = answered(zygote, "verify", "return database[identity] - image_path")
    call = result.calls[0]
    assert call.called.startswith('verify(image_path, "noor", database, model), where noor is at')
    assert "ufunc" in call.came
    assert call.right == "(0.6, True)"


def test_a_step_is_shown_by_its_costs_and_its_picture(zygote):
    mutant = next(m for m in MUTANTS if named(m) == "train_step: ascends")
    _, result = answered(zygote, "train_step", mutant.source)
    call = result.calls[0]
    assert "a picture of 5s, a content of 1s, a style of 5s" in call.called
    assert call.came == "J = 40, J_content = 4, J_style = 0; the picture becomes 5.4s"
    assert call.right == "J = 40, J_content = 4, J_style = 0; the picture becomes 4.6s"


SUMS = """
from grading.known import KnownMistake

RIGHT = {"double": lambda x: 2 * x, "total": lambda x: x.sum()}
READERS = {}
MISTAKES = [
    KnownMistake("double", "not doubled", "You gave x itself.", lambda x: x),
    KnownMistake("double", "broken", "This one cannot be computed.", lambda x: 1 / 0),
    KnownMistake("total", "mean", "That is the mean.", lambda x: x.mean()),
    KnownMistake("total", "a sample", "Only that.", passing=("test_total_of_a_sample",)),
]
"""
GOOD = {"double": "def double(x):\n    return 2 * x\n", "total": "def total(x): return x.sum()"}


@pytest.fixture
def sums(tmp_path):
    """The small course, with a catalogue."""
    lesson = write_lesson(tmp_path)
    lesson.mistakes.write_text(SUMS)
    return lesson


def graded(lesson, zygote, *sources):
    cells = [(f"<cell {number}>", text) for number, text in enumerate(sources, start=1)]
    return judge(cells, lesson, zygote.fork, HASTY)


def test_hidden_calls_help_to_name_a_mistake_and_are_not_shown(sums, light):
    half = "def total(x):\n    return x.sum() if x.ndim == 1 else x.mean()\n"
    verdict = graded(sums, light, GOOD["double"], half)
    result = verdict.exercises[1]
    assert name_of(result) == "a sample"
    assert [call.called for call in result.calls] == ["total(x=array of shape (3,): [1, 2, 4])"]
    wrong = "def total(x):\n    return x.mean()\n"
    assert name_of(graded(sums, light, wrong).exercises[1]) == "mean"


def test_the_calls_of_a_right_or_a_missing_exercise_are_not_shown(sums, light):
    verdict = graded(sums, light, GOOD["total"])
    assert [exercise.calls for exercise in verdict.exercises] == [(), ()]
    assert [exercise.status for exercise in verdict.exercises] == ["missing", "passed"]


def test_a_call_without_an_end_is_shown_as_such(sums, light):
    ends = "def double(x):\n    import os; os._exit(0)\n"
    result = graded(sums, light, ends, GOOD["total"]).exercises[0]
    assert result.calls[0].came == "no answer: the call did not come to an end"
    assert name_of(result) == "ends Python"


ODD = {
    "NaN": "x * float('nan')",
    "infinity": "x * float('inf')",
    "another shape": "x[:, None]",
    "nothing": "x[:0]",
    "text": "'x'",
    "None": "None",
    "a list": "[1, 'two', None, [3.0]]",
    "an object": "object()",
    "a class": "int",
    "a function": "len",
    "a dict": "{'x': x, 2: {}}",
    "a set": "{1, 2}",
    "complex": "x * 1j",
    "a huge number": "10**500",
    "bytes": "b'x' * 10_000",
    "dates": "__import__('numpy').array(['2020-01-01'], 'datetime64[D]')",
    "texts": "__import__('numpy').array(['a', 'b'])",
    "objects": "__import__('numpy').array([None, {}], object)",
    "many axes": "__import__('numpy').zeros((1,) * 30)",
    "large": "__import__('numpy').zeros(5_000_000)",
    "itself": "double",
}


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_whatever_comes_is_shown_and_breaks_nothing(sums, light, value):
    odd = f"def double(x):\n    return {value}\n"
    verdict = graded(sums, light, odd, GOOD["total"])
    assert lost(verdict) == ["double"]
    result = verdict.exercises[0]
    assert name_of(result) in (None, "a None is left", "not a number")
    assert 0 < len(result.calls[0].came) <= 400
    assert result.calls[0].right == "array of shape (3,): [2, 4, 8]"


def test_a_value_too_large_to_keep_is_not_kept():
    recorder = Recorder()
    recorder.test = ExerciseTest("test", "f", False)
    for size in (MAX_NUMBERS, 1):
        recorder.call("f", (), {}, lambda size=size: np.zeros(size, np.int8))
    assert [call.returned for call in recorder.calls] == [True, False]
    assert Catalogue().calls("f", [TestResult("test", False, False)], recorder.calls)[1].came == (
        "a value too large to be shown"
    )


def test_a_file_of_a_call_is_there_again_while_the_call_is_read(tmp_path):
    gone, here = tmp_path / "gone" / "picture.png", tmp_path / "here.png"
    here.write_text("as it is")
    seen = []
    reader = Reader(lambda path: (seen.append(Path(path).read_text()),))
    catalogue = Catalogue(right={"f": lambda _: 1}, readers={"f": reader})
    for path in (gone, here):
        files = {str(path): b"as it was"}
        call = Recorded(
            ExerciseTest("t", "f", False), "f", [str(path)], {}, False, files, 1, "", True
        )
        catalogue.mistake("f", [TestResult("t", False, False)], [call])
    assert seen == ["as it was", "as it is"]
    assert [path.name for path in tmp_path.iterdir()] == ["here.png"]


# The comparison


@pytest.mark.parametrize(
    ("came", "expected"),
    [
        (1.0, 1.0004),
        (np.float32(1), 1),
        (np.ones((1, 1)), 1),
        (True, 1),
        ([1, (2, "x")], (1, [2, "x"])),
        (np.nan, np.nan),
        ([np.inf, 1], [np.inf, 1]),
        (None, None),
        (object(), ANYTHING),
        ("x", Like(lambda said: said == "x")),
    ],
)
def test_what_is_the_same(came, expected):
    assert same(came, expected)


@pytest.mark.parametrize(
    ("came", "expected"),
    [
        (1.0, 1.01),
        (1e-9, 1e-3),
        (np.ones(3), np.ones(2)),
        (np.ones((2, 3)), np.ones((3, 2))),
        (np.ones(3), 1),
        (np.nan, 1),
        (1, np.nan),
        (np.inf, -np.inf),
        (None, 0),
        (0, None),
        ("1", 1),
        (1, "1"),
        (object(), 1),
        ({}, 1),
        ((1, 2), (1, 2, 3)),
        ((1, 2), 1),
        ("y", Like(lambda said: said == "x")),
    ],
)
def test_what_is_not_the_same(came, expected):
    assert not same(came, expected)


# The catalogue


def entry(**changes):
    given = {"exercise": "f", "name": "n", "sentence": "s", "message": "m"} | changes
    return KnownMistake(**given)


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([entry(exercise="g")], "only the exercises f"),
        ([entry(), entry()], "another of this name"),
        ([entry(message="")], "nothing says how"),
        ([entry(message="(")], "no regular expression"),
        ([entry(failing=("test_g",))], "test_g is no test of this exercise"),
        ([entry(passing=("test_none",))], "test_none is no test of this exercise"),
    ],
)
def test_a_catalogue_that_breaks_a_rule_is_refused(tmp_path, monkeypatch, entries, reason):
    path = tmp_path / "mistakes_x.py"
    path.write_text("from catalogued import MISTAKES, READERS, RIGHT\n")
    made = SimpleNamespace(MISTAKES=entries, READERS={}, RIGHT={})
    monkeypatch.setitem(sys.modules, "catalogued", made)
    with pytest.raises(CourseError, match=reason):
        read_catalogue(path, ["f"], {"test_f": "f", "test_g": "g"})


def test_a_catalogue_without_its_lists_is_refused(tmp_path):
    path = tmp_path / "mistakes_x.py"
    path.write_text("MISTAKES = []\n")
    with pytest.raises(CourseError, match="RIGHT, READERS and MISTAKES"):
        read_catalogue(path, ["f"])


def test_without_a_file_the_general_mistakes_are_known(tmp_path):
    catalogue = read_catalogue(tmp_path / "mistakes_x.py", ["f"])
    tests = [TestResult("test", False, False, "f(x) stopped with NameError: name 'y'")]
    assert catalogue.mistake("f", tests, []).name == "a name that nobody defined"


def test_the_catalogue_is_read_anew_when_it_changes(sums, light):
    assert name_of(graded(sums, light, "def double(x): return x").exercises[0]) == "not doubled"
    sums.mistakes.write_text(SUMS.replace("not doubled", "x as it was"))
    assert name_of(graded(sums, light, "def double(x): return x").exercises[0]) == "x as it was"


@pytest.mark.parametrize("lab", LABS.values(), ids=LABS)
def test_nothing_of_the_catalogue_goes_to_the_student(lab):
    public = read_answers(lab.lesson).public
    assert "KnownMistake" not in public
    assert "RIGHT" not in public
