"""Results of every kind, for tests of what is made of them."""

from dataclasses import replace

from grading.results import (
    Call,
    CellProblem,
    ExerciseResult,
    Mistake,
    Result,
    TestResult,
    content_hash,
    ungradable,
)

SECRET = "test_gram_at_a_secret_size"
SECRET_TEXT = "gram_matrix must be [[30, 70], [70, 174]] for the secret matrix"


def seen(name="test_gram_of_a_sample", passed=True, message=""):
    return TestResult(name, False, passed, message)


def unseen(passed=True):
    general = "" if passed else "A check that is not shown failed."
    return TestResult(SECRET, True, passed, general, for_instructor="" if passed else SECRET_TEXT)


def gram(status="passed", **more):
    points = 15 if status == "passed" else 0
    right = status == "passed"
    tests = (seen(passed=right, message="" if right else "gram_matrix(A) must be symmetric"),)
    return ExerciseResult("gram_matrix", points, 15, status, (*tests, unseen(right)), **more)


def triplet(status="passed", **more):
    right = status == "passed"
    message = "" if right else "triplet_loss(y) must be 528.143; got 350.026"
    tests = (seen("test_triplet_loss", right, message),)
    return ExerciseResult("triplet_loss", 10 if right else 0, 10, status, tests, **more)


def summed_over_all():
    """Return an exercise with a known mistake, calls and printed text."""
    sentence = (
        "You summed over the batch as well: 350.026 is what axis=None gives; "
        "sum over axis=-1 first."
    )
    return triplet(
        "failed",
        mistake=Mistake("squares summed over every axis", sentence),
        calls=(Call("triplet_loss(y_true, y_pred, 0.2)", "350.026", "528.143"),),
        printed="loss = 350.026\n",
        seconds=0.25,
    )


def graded(student="ana", *exercises, data=b"a notebook", lesson="faces", **more):
    return Result(
        student,
        lesson,
        content_hash(data),
        "version 1",
        "graded",
        exercises=exercises or (gram(), triplet()),
        **more,
    )


def broken(student="bo", data=b"no notebook", lesson="faces"):
    return ungradable(student, lesson, content_hash(data), "version 1", "It is no notebook.")


def full():
    """Return a result that has something in every field."""
    result = graded(
        "ana",
        gram("failed", seconds=1.5, printed_more=7),
        summed_over_all(),
        problems=(CellProblem("cell 7", "SyntaxError in line 2: invalid syntax"),),
        notes=("It was judged under tensorflow.compat.v1.",),
        seconds=2.25,
    )
    return replace(result, version="version 2")
