"""Calls to the other side and back, their gradients, and what the judge does not take."""

import socket
import threading
import time

import numpy as np
import pytest
import tensorflow as tf

import grading.remote
from grading.channel import Channel, Quota
from grading.codec import JudgeCodec, StudentCodec
from grading.remote import Peer, PeerLostError

SECONDS = 60.0  # far more than a call takes


class Student:
    """The student's side, in a thread: functions by name."""

    def __init__(self, sock, functions):
        self.functions = functions
        codec = StudentCodec(self.find, self.call)
        self.peer = Peer(Channel(sock, Quota()), codec, self.find, trusting=True)
        self.thread = threading.Thread(target=self.peer.serve, daemon=True)
        self.thread.start()

    def find(self, reference):
        return self.functions[reference[0]]

    def call(self, *call):
        return self.peer.call(*call)


@pytest.fixture
def connected():
    """Give a function that connects a judge to a student's functions."""
    judges = []

    def connect(call_seconds=SECONDS, quota=None, **functions):
        ours, theirs = socket.socketpair()
        codec = JudgeCodec({})
        judge = Peer(
            Channel(ours, quota or Quota()),
            codec,
            lambda ref: codec.exports[ref[0]],
            trusting=False,
            call_seconds=call_seconds,
        )
        student = Student(theirs, functions)
        judge.codec, judge.student = codec, student
        judges.append((ours, student))
        return judge

    yield connect
    for ours, student in judges:
        if ours.fileno() >= 0:
            ours.shutdown(socket.SHUT_RDWR)
        student.thread.join(SECONDS)
        assert not student.thread.is_alive()


def gradient(call, *sources, upstream=None):
    with tf.GradientTape() as tape:
        tape.watch(sources)
        result = call(*sources)
    return result, tape.gradient(result, sources, upstream)


A = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
B = tf.constant([[0.5, -1.0, 2.0], [1.5, 0.0, 1.0]])


def gram(x):
    return tf.matmul(x, x, transpose_b=True)


# Calls


def test_a_call_with_plain_arguments(connected):
    judge = connected(f=lambda *args, **kwargs: [args, kwargs])
    got = judge.proxy("f")(1, "a", [None], alpha=2.5)
    assert got == [(1, "a", [None]), {"alpha": 2.5}]


def test_a_call_within_a_call_within_a_call(connected):
    log = []

    def play(ask, depth):
        log.append(depth)
        return ask(depth) + 1

    judge = connected(play=play)

    def ask(depth):
        return judge.proxy("play")(ask, depth - 1) if depth else 100

    with judge.codec.lent():
        assert judge.proxy("play")(ask, 3) == 104
    assert log == [3, 2, 1, 0]


def test_an_error_comes_over_with_name_and_message(connected):
    def broken():
        return {}["conv1_1"]

    def stops():
        raise SystemExit(3)

    class OddError(Exception):
        def __str__(self):
            raise RuntimeError

    def odd():
        raise OddError

    judge = connected(broken=broken, stops=stops, odd=odd)
    with pytest.raises(KeyError, match=r"^'conv1_1'$"):
        judge.proxy("broken")()
    with pytest.raises(Exception, match=r"^3$") as stopped:
        judge.proxy("stops")()
    assert type(stopped.value).__name__ == "SystemExit"
    with pytest.raises(Exception, match=r"^$") as odd_one:
        judge.proxy("odd")()
    assert type(odd_one.value).__name__ == "OddError"
    assert judge.proxy("odd").__name__ == "odd"
    assert judge.lost is None


def test_an_error_of_the_judges_reaches_the_student_without_a_trace(connected):
    def curious(f):
        try:
            f()
        except ValueError as error:
            return [str(error), type(error).__name__, error.trace]

    judge = connected(curious=curious)

    def secret():
        raise ValueError("the picture is too small")

    with judge.codec.lent():
        got = judge.proxy("curious")(secret)
    assert got == ["the picture is too small", "ValueError", ""]


def test_a_function_that_was_taken_back_cannot_be_called(connected):
    kept = []

    def keep(f):
        kept.append(f)
        return f()

    def use():
        return kept[0]()

    judge = connected(keep=keep, use=use)
    with judge.codec.lent():
        assert judge.proxy("keep")(lambda: 42) == 42
    with pytest.raises(LookupError):
        judge.proxy("use")()
    assert judge.lost is None


def test_a_result_beyond_the_quota_is_an_error_of_the_call(connected):
    judge = connected(f=lambda n: ["x" * n])
    with pytest.raises(ValueError, match="bytes of JSON"):
        judge.proxy("f")(5 << 20)
    assert judge.proxy("f")(3) == ["xxx"]


def test_a_result_that_cannot_be_packed_arrives_as_its_class(connected):
    class Mined(dict):
        def items(self):
            raise RuntimeError("no")

    judge = connected(f=lambda: Mined(a=1))
    assert type(judge.proxy("f")()).__name__ == "Mined"


# Gradients


def test_a_tape_sees_through_a_call(connected):
    judge = connected(gram=gram)
    weights = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    got, (there,) = gradient(judge.proxy("gram"), A, upstream=weights)
    right, (here,) = gradient(gram, A, upstream=weights)
    np.testing.assert_allclose(got, right)
    np.testing.assert_allclose(there, here)


def test_a_gradient_that_is_missing_is_missing(connected):
    judge = connected(
        cut=lambda x: tf.constant(x.numpy()),
        whole=lambda x: tf.cast(x, tf.int32),
        number=lambda x: float(tf.reduce_sum(x)),
        half=lambda x, y: tf.reduce_sum(x) + float(tf.reduce_sum(y)),
        stopped=tf.stop_gradient,
    )
    for name in ("cut", "stopped"):
        assert gradient(judge.proxy(name), A)[1] == (None,)
    got, _ = gradient(lambda x: tf.cast(judge.proxy("whole")(x), tf.float32), A)
    assert got.dtype == tf.float32
    assert judge.proxy("whole")(A).dtype == tf.int32
    assert type(judge.proxy("number")(A)) is float
    _, gradients = gradient(judge.proxy("half"), A, B)
    assert gradients[0].numpy().tolist() == [[1.0] * 3] * 2
    assert gradients[1] is None


def test_gradients_of_several_results_and_nested_arguments(connected):
    def f(pair, scale):
        return {"sum": tf.reduce_sum(pair["x"] * pair["y"]) * scale, "n": 3, "same": pair["x"]}

    judge = connected(f=f)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([A, B])
        got = judge.proxy("f")({"x": A, "y": B}, scale=2.0)
        doubled = 2 * got["same"]
    assert got["n"] == 3
    np.testing.assert_allclose(tape.gradient(got["sum"], A), 2 * B)
    np.testing.assert_allclose(tape.gradient(got["sum"], B), 2 * A)
    np.testing.assert_allclose(tape.gradient(doubled, A), np.full((2, 3), 2.0))
    assert tape.gradient(doubled, B) is None


def test_one_tensor_in_two_places(connected):
    judge = connected(f=lambda x, y: tf.reduce_sum(x * y))
    _, (got,) = gradient(lambda x: judge.proxy("f")(x, x), A)
    np.testing.assert_allclose(got, 2 * A)


def test_two_calls_in_a_chain(connected):
    judge = connected(gram=gram, total=lambda G: tf.reduce_sum(G * G))
    _, (got,) = gradient(lambda x: judge.proxy("total")(judge.proxy("gram")(x)), A)
    _, (right,) = gradient(lambda x: tf.reduce_sum(gram(x) * gram(x)), A)
    np.testing.assert_allclose(got, right)


def test_a_variable_is_read_under_the_tape(connected):
    judge = connected(total=lambda x: tf.reduce_sum(x * x))
    variable = tf.Variable(A)
    with tf.GradientTape() as tape:
        got = judge.proxy("total")(variable)
    np.testing.assert_allclose(tape.gradient(got, variable), 2 * A)


def test_the_students_tape_sees_through_a_function_of_the_judges(connected):
    def step(cost, x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            J = tf.square(cost(x))
        return J, tape.gradient(J, x)

    judge = connected(step=step)
    with judge.codec.lent():
        J, got = judge.proxy("step")(lambda x: tf.reduce_sum(x * x), A)
    assert float(J) == 91.0**2
    np.testing.assert_allclose(got, 2 * 91 * 2 * A)


def test_the_judges_tape_sees_through_the_student_into_the_judge(connected):
    judge = connected(chain=lambda inner, x: tf.reduce_sum(inner(x)) ** 2)
    with judge.codec.lent():
        _, (got,) = gradient(lambda x: judge.proxy("chain")(gram, x), A)
        _, (none,) = gradient(
            lambda x: judge.proxy("chain")(lambda y: tf.constant(y.numpy()), x), A
        )
    _, (right,) = gradient(lambda x: tf.reduce_sum(gram(x)) ** 2, A)
    np.testing.assert_allclose(got, right)
    assert none is None


@pytest.mark.parametrize("autograph", [True, False])
def test_a_graph_of_the_students_calls_the_judge(connected, autograph):
    calls = []

    def cost(a, weights):
        calls.append(type(a).__name__)
        G = gram(a["conv"])
        return {"G": G, "J": tf.reduce_sum(G * weights), "n": int(weights.shape[0])}

    def step(cost, x):
        variable = tf.Variable(x)

        @tf.function(autograph=autograph)
        def inner():
            with tf.GradientTape() as tape:
                got = cost(
                    {"conv": variable, "unused": tf.tanh(variable)},
                    tf.constant([[1.0, 2.0], [3.0, 4.0]]),
                )
                J = got["J"] * got["n"]
            assert got["G"].shape == (2, 2)
            return J, tape.gradient(J, variable)

        return [inner(), inner()]

    judge = connected(step=step)
    with judge.codec.lent():
        for J, got in judge.proxy("step")(cost, A):
            assert float(J) == 2 * (14 + 32 * 5 + 77 * 4)
            right = gradient(gram, A, upstream=2 * tf.constant([[1.0, 2.0], [3.0, 4.0]]))[1][0]
            np.testing.assert_allclose(got, right)
    assert calls == ["dict"] * 3  # once to learn what it returns


def test_a_network_may_stand_for_its_activations(connected):
    class Network:
        def __init__(self, picture):
            self.picture = tf.Variable(picture)

        def keys(self):
            return ["conv"]

        def __getitem__(self, name):
            return 2 * self.picture

    def step(cost, x):
        model = Network(x)
        with tf.GradientTape() as tape:
            J = cost(model)
        return tape.gradient(J, model.picture)

    judge = connected(step=step)
    with judge.codec.lent():
        got = judge.proxy("step")(lambda a_G: tf.reduce_sum(a_G["conv"] ** 2), A)
    np.testing.assert_allclose(got, 8 * A)


def test_without_a_tape_nothing_is_recorded(connected):
    judge = connected(total=lambda x: tf.reduce_sum(x * x))
    assert float(judge.proxy("total")(A)) == 91
    assert not judge.student.peer._tapes
    _, (got,) = gradient(judge.proxy("total"), A)
    np.testing.assert_allclose(got, 2 * A)
    assert len(judge.student.peer._tapes) == 1


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64, tf.int32])
def test_large_tensors_arrive_and_stay(connected, dtype):
    kept = []

    def doubled(x):
        kept.append(x)
        return 2 * x

    judge = connected(doubled=doubled)
    large = tf.reshape(tf.range(600_000, dtype=dtype), (300, 2000))
    answers = [judge.proxy("doubled")(large + n) for n in range(4)]
    for n in range(4):
        assert kept[n].dtype == answers[n].dtype == dtype
        np.testing.assert_array_equal(kept[n], large + n)
        np.testing.assert_array_equal(answers[n], 2 * (large + n))


def test_a_large_tensor_has_a_gradient(connected):
    judge = connected(total=lambda x: tf.reduce_sum(x * x))
    large = tf.random.stateless_normal((700, 600), seed=(1, 2))
    _, (got,) = gradient(judge.proxy("total"), large)
    np.testing.assert_allclose(got, 2 * large)


def test_tapes_that_nobody_can_ask_are_dropped(connected):
    judge = connected(gram=gram)
    for _ in range(5):
        gradient(judge.proxy("gram"), A)
        judge.proxy("gram")(A)
    judge.proxy("gram")(1 * np.ones((2, 2), np.float32))
    assert len(judge.student.peer._tapes) <= 1


def test_tapes_are_bounded_in_number_and_bytes(connected, monkeypatch):
    judge = connected(f=lambda x: 2 * x)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(A)
        results = [judge.proxy("f")(A) for _ in range(grading.remote.MAX_TAPES + 1)]
    assert tape.gradient(results[-1], A) is not None
    with pytest.raises(LookupError, match="older"):
        tape.gradient(results[0], A)
    monkeypatch.setattr(grading.remote, "MAX_TAPE_BYTES", 150)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(A)
        results = [judge.proxy("f")(A) for _ in range(5)]
    assert len(judge.student.peer._tapes) == 3  # of 48 bytes each


# A student that cannot be relied on


class Forger:
    """A student's side that answers what it likes."""

    def __init__(self, *answers, endless=False):
        self.ours, theirs = socket.socketpair()
        self.channel = Channel(theirs, Quota())
        self.answers = answers
        self.endless = endless
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            while True:
                message, _ = self.channel.receive()
                if message["do"] in ("return", "raise"):  # the judge's answer to a question
                    continue
                while True:
                    for answer in self.answers:
                        made, arrays = answer if isinstance(answer, tuple) else (answer, ())
                        self.channel.send({"id": message["id"], **made}, arrays)
                    if not self.endless:
                        break
        except BaseException:  # the judge has hung up
            self.channel.close()


@pytest.fixture
def forged():
    sockets = []

    def connect(*answers, call_seconds=SECONDS, quota=None, endless=False):
        forger = Forger(*answers, endless=endless)
        sockets.append(forger.ours)
        codec = JudgeCodec({})
        return Peer(
            Channel(forger.ours, quota or Quota()),
            codec,
            lambda ref: codec.exports[ref[0]],
            trusting=False,
            call_seconds=call_seconds,
        )

    yield connect
    for ours in sockets:
        ours.close()


def returned(**parts):
    return {"do": "return", **parts}


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"do": None},
        {"do": "shout"},
        {"do": ["call"]},
        {"do": "return", "id": 99},
        {"do": "return", "id": "1"},
        {"do": "return", "id": None},
        {"do": "raise", "id": 0},
        returned(value={"a": 1}),
        returned(value=["back"]),
        returned(value=["remote", 1, "f"]),
        returned(value=["array", 0]),
        returned(value=["tensor", 0]),
        returned(value=1, tensors=1),
        returned(value=1, tensors=-1),
        returned(value=1, tensors="1"),
        returned(value=1, tensors=None),
        {"do": "call", "target": [1], "value": ["list", 5], "id": 1},
        {"do": "call", "target": [1], "value": ["given", "os", "system"], "id": 1},
        {"do": "call", "target": [1], "value": ["list", [["list", []], ["dict", []]]], "id": "x"},
        {"do": "call", "target": [1], "value": ["list", []], "tensors": 3},
    ],
    ids=str,
)
def test_a_forged_answer_is_the_end(forged, answer):
    peer = forged(answer, returned(value=5))
    with peer._codec.lent(), pytest.raises(PeerLostError) as lost:
        peer.proxy("f")(lambda: 1)
    assert lost.value.kind == "malformed"
    assert peer.lost is lost.value
    with pytest.raises(PeerLostError):
        peer.proxy("g")()


@pytest.mark.parametrize(
    "message",
    [
        {"do": "call"},
        {"do": "call", "target": None},
        {"do": "call", "target": []},
        {"do": "call", "target": [99], "value": ["list", [["list", []], ["dict", []]]]},
        {"do": "call", "target": [[1]], "value": 1},
        {"do": "call", "target": ["desk", "run"], "value": 1},
        {"do": "call", "target": [1], "value": 1},
        {"do": "call", "target": [1], "value": ["list", [1, 2]]},
        {"do": "call", "target": [1], "value": ["list", [["list", []], ["dict", [[1, 2]]]]]},
        {"do": "call", "target": [1], "value": ["list", [["list", [1, 2, 3]], ["dict", []]]]},
        {"do": "pull"},
        {"do": "pull", "tape": 1},
        {"do": "pull", "tape": [1]},
        {"do": "trace", "target": [1]},
        {"do": "trace", "target": [1], "symbols": 3},
        {"do": "trace", "target": [1], "symbols": [["float32"]]},
        {"do": "call", "target": [1], "unused": [1, "a", None, 2.5]},
        {"do": "pull", "tape": 1, "unused": 5},
        {"do": "call", "target": [1], "unused": [[1]]},
    ],
    ids=str,
)
def test_a_request_that_makes_no_sense_is_answered_by_an_error(forged, message):
    called = []
    peer = forged(message, returned(value=5))
    with peer._codec.lent():
        assert peer.proxy("f")(lambda: called.append(1)) == 5
    assert called == []


@pytest.mark.parametrize(
    "symbols",
    [[["object", [1]]], [["float32", [-1]]], [["float32", ["a"]]], [["float32", [2**40]]]],
)
def test_a_symbol_that_cannot_be_is_the_end(forged, symbols):
    peer = forged({"do": "trace", "target": [1], "value": 1, "symbols": symbols})
    with peer._codec.lent(), pytest.raises(PeerLostError) as lost:
        peer.proxy("f")(lambda: 1)
    assert lost.value.kind == "malformed"


def test_an_answer_to_a_question_that_is_not_asked_yet_is_the_end():
    ours, theirs = socket.socketpair()
    forger, codec = Channel(theirs, Quota()), JudgeCodec({})
    for number in (1, 2):
        forger.send(returned(id=number, value=5))
    channel = Channel(ours, Quota())
    peer = Peer(channel, codec, codec.exports.get, trusting=False, call_seconds=SECONDS)
    with pytest.raises(PeerLostError, match="more than was asked") as lost:
        peer.proxy("f")()
    assert lost.value.kind == "malformed"
    forger.close()


def forged_gradient(forged, *answer):
    """Ask for a gradient of a call whose first answer is right."""
    first = returned(value=["tensor", 0], tensors=1, tape=1), [np.float32(3)]
    ours, theirs = socket.socketpair()
    forger = Channel(theirs, Quota())

    def run():
        for made in (first, answer):
            message, _ = forger.receive(SECONDS)
            forger.send({**made[0], "id": message["id"]}, made[1])

    threading.Thread(target=run, daemon=True).start()
    peer = Peer(Channel(ours, Quota()), JudgeCodec({}), None, trusting=False, call_seconds=SECONDS)
    return gradient(peer.proxy("f"), A)[1][0]


def test_a_gradient_must_look_like_its_tensor(forged):
    right = np.ones((2, 3), np.float32)
    got = forged_gradient(forged, returned(has=[True]), [right])
    np.testing.assert_array_equal(got, right)
    assert forged_gradient(forged, returned(has=[False]), []) is None
    for has, arrays in [
        ([True], []),
        ([True], [np.ones((3, 2), np.float32)]),
        ([True], [np.ones((2, 3))]),
        ([True], [np.float32(1)]),
        ([True], [right, right]),
        ([False], [right]),
        ([True, True], [right, right]),
        ([], []),
        ([1], [right]),
        ("t", [right]),
        (None, []),
    ]:
        with pytest.raises(PeerLostError) as lost:
            forged_gradient(forged, returned(has=has), arrays)
        assert lost.value.kind == "malformed"


def test_a_side_that_never_answers_is_late(connected):
    never = threading.Event()
    judge = connected(call_seconds=0.3, f=never.wait)
    with pytest.raises(PeerLostError) as lost:
        judge.proxy("f")()
    never.set()
    assert lost.value.kind == "late"


def test_calls_back_do_not_lengthen_the_time(forged):
    chatter = {"do": "call", "target": [99], "value": ["list", [["list", []], ["dict", []]]]}
    peer = forged(chatter, call_seconds=0.5, endless=True)
    start = time.monotonic()
    with pytest.raises(PeerLostError) as lost:
        peer.proxy("f")()
    assert lost.value.kind in ("late", "closed")
    assert time.monotonic() - start < SECONDS


def test_an_end_set_from_outside_holds_for_every_call(connected):
    never = threading.Event()
    judge = connected(f=never.wait, g=lambda: 1)
    judge.end = time.monotonic() + 0.3
    assert judge.proxy("g")() == 1
    with pytest.raises(PeerLostError):
        judge.proxy("f")()
    never.set()


def test_thousands_of_messages_end_at_the_quota(forged):
    chatter = {"do": "pull", "tape": 1}
    peer = forged(chatter, quota=Quota(messages=2000), endless=True)
    with pytest.raises(PeerLostError) as lost:
        peer.proxy("f")()
    assert lost.value.kind in ("too many", "closed", "late")


def test_except_exception_does_not_hide_the_loss(connected):
    never = threading.Event()
    judge = connected(call_seconds=0.2, f=never.wait)

    def careless():
        try:
            judge.proxy("f")()
        except Exception:
            return "a test that passes"

    with pytest.raises(PeerLostError):
        careless()
    never.set()
