"""Answers in TensorFlow 1 count if they are right, and are told what is called how today."""

import pytest
import tensorflow as tf
from small_course import write_lesson
from split import HASTY, PATIENT, Lab, lost, told

from grading.judge import judge
from grading.old_tensorflow import old_idioms, present_name
from grading.zygote import Program, Zygote

LAB = {name: Lab(name) for name in ("art_generation", "face_recognition")}
LAB_OF = {exercise: lab for lab in LAB.values() for exercise in lab.maker.signatures}


@pytest.fixture(scope="module")
def zygote():
    with Zygote(trust=True) as zygote:
        yield zygote


def answered(zygote, **bodies):
    """Judge a solution in which these functions have other bodies; return verdict and results."""
    lab = LAB_OF[next(iter(bodies))]
    texts = [text for _, text in lab.cells()]
    for exercise, body in bodies.items():
        texts = [text for text in texts if f"def {exercise}(" not in text]
        texts.append(lab.maker.write(exercise, body))
    cells = [(f"<cell {number}>", text) for number, text in enumerate(texts, start=1)]
    verdict = judge(cells, lab.lesson, zygote.fork, PATIENT)
    return verdict, {result.name: result for result in verdict.exercises}


OLD = {
    "tf.squared_difference": (
        "compute_content_cost",
        """
        m, n_H, n_W, n_C = a_G.get_shape().as_list()
        return tf.reduce_sum(tf.squared_difference(a_C, a_G)) / (4 * n_H * n_W * n_C)
        """,
        "tf.squared_difference is called tf.math.squared_difference in TensorFlow 2",
    ),
    "tf.to_float": (
        "compute_content_cost",
        "return tf.reduce_sum(tf.square(a_C - a_G)) / tf.to_float(4 * tf.size(a_G))",
        "tf.to_float is called tf.cast(x, tf.float32) in TensorFlow 2",
    ),
    "tf.div": (
        "compute_layer_style_cost",
        """
        m, n_H, n_W, n_C = a_G.get_shape().as_list()
        a_S, a_G = (tf.transpose(tf.reshape(a, [n_H * n_W, n_C])) for a in (a_S, a_G))
        J = tf.reduce_sum(tf.square(tf.subtract(gram_matrix(a_S), gram_matrix(a_G))))
        return tf.div(J, 4.0 * n_C**2 * (n_H * n_W) ** 2)
        """,
        "TensorFlow 2 has no tf.div any more",
    ),
    "tf.log": (
        "gram_matrix",
        "return tf.matmul(A, A, transpose_b=True) * tf.exp(tf.log(1.0))",
        "tf.log is called tf.math.log in TensorFlow 2",
    ),
    "keep_dims": (
        "triplet_loss",
        """
        anchor, positive, negative = y_pred
        pos = tf.reduce_sum(tf.square(anchor - positive), axis=-1, keep_dims=True)
        neg = tf.reduce_sum(tf.square(anchor - negative), axis=-1, keep_dims=True)
        return tf.reduce_sum(tf.maximum(pos - neg + alpha, 0.0))
        """,
        "the argument keep_dims is called keepdims in TensorFlow 2",
    ),
    "reduction_indices": (
        "triplet_loss",
        """
        anchor, positive, negative = y_pred
        pos = tf.reduce_sum(tf.square(anchor - positive), reduction_indices=[1])
        neg = tf.reduce_sum(tf.square(anchor - negative), reduction_indices=[1])
        return tf.reduce_sum(tf.maximum(pos - neg + alpha, 0.0))
        """,
        "the argument reduction_indices is called axis in TensorFlow 2",
    ),
    "a submodule's": (
        "total_cost",
        """
        x = tf.stack([[J_content, J_style]])
        return tf.nn.xw_plus_b(x, tf.constant([[alpha], [beta]], x.dtype), [0.0])[0, 0]
        """,
        "TensorFlow 2 has no tf.nn.xw_plus_b any more",
    ),
}


@pytest.mark.parametrize(("exercise", "body", "advice"), OLD.values(), ids=OLD)
def test_a_right_answer_in_tensorflow_1_counts_and_is_told_the_present_name(
    zygote, exercise, body, advice
):
    verdict, results = answered(zygote, **{exercise: body})
    assert lost(verdict) == []
    assert verdict.notes == (f"{exercise} was judged under tensorflow.compat.v1: {advice}.",)
    assert verdict.starts == 2
    assert (results[exercise].mistake, results[exercise].calls) == (None, ())
    assert "deprecated" not in told(verdict)


def test_a_wrong_answer_in_tensorflow_1_is_told_its_mistake(zygote):
    verdict, results = answered(
        zygote, compute_content_cost="return tf.reduce_mean(tf.squared_difference(a_C, a_G))"
    )
    assert lost(verdict) == ["compute_content_cost"]
    result = results["compute_content_cost"]
    assert result.mistake.name == "the factor 1/4 is missing"
    assert "27.06" in result.calls[0].came
    assert len(verdict.notes) == 1


def test_what_is_no_better_under_tensorflow_1_is_left_as_it_was(zygote):
    verdict, results = answered(
        zygote,
        train_step="return tf.Session().run([model, optimizer, a_C])",
        compute_content_cost="return tf.no_such_function(a_C)",
    )
    assert lost(verdict) == ["compute_content_cost", "train_step"]
    assert verdict.notes == ()
    assert results["train_step"].mistake.name == "a session"
    assert results["compute_content_cost"].mistake.name == "gone from TensorFlow 2"


def test_two_old_answers_beside_a_wrong_one(zygote):
    verdict, results = answered(
        zygote,
        compute_content_cost="return tf.reduce_mean(tf.squared_difference(a_C, a_G)) / 4",
        total_cost="return alpha * J_content - beta * J_style",
        gram_matrix="A = tf.to_float(A)\nreturn tf.matmul(A, A, transpose_b=True)",
    )
    assert lost(verdict) == ["total_cost"]
    assert results["total_cost"].mistake.name == "subtracted"
    assert [note.split()[0] for note in verdict.notes] == ["compute_content_cost", "gram_matrix"]


def test_an_old_idiom_that_only_a_hidden_test_meets_changes_nothing(zygote):
    """Which name is missing then is up to a function that has seen hidden values."""
    body = """
    J = tf.reduce_mean(tf.square(a_C - a_G)) / 4
    return J if a_G.shape[1] < 5 else tf.to_float(J)
    """
    verdict, _ = answered(zygote, compute_content_cost=body)
    assert verdict.starts == 2  # the second one is for the exercise alone
    assert verdict.notes == ()
    assert "to_float" not in told(verdict)


def test_without_tensorflow_nothing_is_tried(tmp_path):
    lesson = write_lesson(tmp_path)
    odd = (
        "def double(x):\n    raise AttributeError(\"module 'tensorflow' has no attribute 'log'\")"
    )
    with Zygote(trust=True, program=Program(warm=("grading.student",))) as light:
        verdict = judge([("<cell>", odd)], lesson, light.fork, HASTY)
    assert verdict.points == 0
    assert verdict.notes == ()


def raised(call):
    try:
        call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    raise AssertionError("nothing was raised")


def test_what_tensorflow_says_is_understood():
    x = tf.ones((1, 2))
    errors = [
        raised(lambda: tf.squared_difference(x, x)),
        raised(lambda: tf.log(x)),
        raised(lambda: tf.log(x)),
        raised(lambda: tf.nn.xw_plus_b(x, x, x)),
        raised(lambda: tf.reduce_sum(x, keep_dims=True)),
        raised(lambda: tf.no_such_name),
        raised(lambda: tf.nn.no_such_name),
        raised(lambda: tf.no_such_module.name),
        raised(lambda: tf.reduce_sum(x, no_such_argument=True)),
        raised(lambda: x.no_such_name),
        "AttributeError: module 'tensorflow._api.v2.__class__' has no attribute '__mro__'",
    ]
    names = ["tf.squared_difference", "tf.log", "tf.nn.xw_plus_b", "keep_dims"]
    assert old_idioms(errors) == names


def test_present_names_exist():
    for idiom in ["tf.squared_difference", "tf.log", "tf.random_normal", "tf.matrix_inverse"]:
        now = present_name(idiom).split()[3]
        found = tf
        for part in now.split(".")[1:]:
            found = getattr(found, part)
        assert callable(found)
