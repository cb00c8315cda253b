"""How values travel: what arrives as it was, what arrives as a name, what does not arrive."""

import collections
import math
import pathlib
import tempfile
import types

import numpy as np
import pytest
import tensorflow as tf

from grading.channel import ChannelError
from grading.codec import JudgeCodec, Opaque, Proxy, StudentCodec, error_of, opaque


class CheckThing:
    def __init__(self, weights):
        self.weights = weights


class CheckTrap:
    def __init__(self, name):
        vars(self)["name"] = name

    def __getattr__(self, name):
        raise AssertionError(f"asked for {name}")


def check_double(x):
    return 2 * x


PUBLIC = {"CheckThing": CheckThing, "CheckTrap": CheckTrap, "check_double": check_double}


@pytest.fixture
def judge():
    return JudgeCodec(PUBLIC, modules=["grading.codec"])


@pytest.fixture
def student():
    codec = StudentCodec(lambda reference: {"f": check_double}[reference[1]], lambda *_: None)
    codec.public = PUBLIC
    return codec


def carry(sender, receiver, value):
    packed = sender.pack(value)
    tensors = [tf.constant(tensor.numpy()) for tensor in packed.tensors]
    return receiver.unpack(packed.tree, packed.arrays, tensors)


PLAIN = [
    None,
    True,
    -3,
    2**200,
    0.1,
    math.inf,
    "text \ud800 \x00",
    b"\x00\xff",
    1 - 2j,
    [],
    [1, [2, (3,)]],
    (),
    {"a": 1, 2: [3], None: None, (1, "b"): 0.5, True: {}},
]


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_plain_data_arrive_as_they_were(judge, student, value):
    for sender, receiver in [(judge, student), (student, judge)]:
        got = carry(sender, receiver, value)
        assert got == value
        assert type(got) is type(value)


def test_nan_arrives(judge, student):
    assert math.isnan(carry(student, judge, [math.nan])[0])


@pytest.mark.parametrize(
    "value", [np.float32(1.5), np.float64(-2), np.int8(3), np.bool_(True), np.complex64(1j)]
)
def test_a_numpy_number_keeps_its_type(judge, student, value):
    for sender, receiver in [(judge, student), (student, judge)]:
        got = carry(sender, receiver, value)
        assert got == value
        assert got.dtype == value.dtype
        assert isinstance(got, np.generic)


def test_arrays_and_tensors_stay_what_they_are(judge, student):
    value = {"a": np.arange(6).reshape(2, 3), "t": tf.constant([1.5]), "0": np.array(3.0)}
    for sender, receiver in [(judge, student), (student, judge)]:
        got = carry(sender, receiver, value)
        assert isinstance(got["a"], np.ndarray)
        assert got["0"].shape == ()
        assert tf.is_tensor(got["t"])
        np.testing.assert_array_equal(got["a"], value["a"])


def test_what_occurs_twice_travels_once_and_stays_one(judge, student):
    a, t = np.ones(3), tf.constant(1.0)
    packed = judge.pack([a, t, {"x": (a, t)}])
    assert (len(packed.arrays), len(packed.tensors)) == (1, 1)
    got = carry(judge, student, [t, t])
    assert got[0] is got[1]


@pytest.mark.parametrize("make", [lambda: tf.Variable([2.0]), lambda: tf.keras.Variable([2.0])])
def test_a_variable_is_read(judge, student, make):
    got = carry(student, judge, make())
    assert tf.is_tensor(got)
    assert got.numpy().tolist() == [2.0]


def test_a_subclass_of_plain_data_becomes_plain(judge, student):
    point = collections.namedtuple("Point", "x y")(1, 2)
    text = type("Text", (str,), {"__eq__": lambda *_: True, "__hash__": None})("a")
    value = [collections.OrderedDict(a=1), point, text, np.ma.array([1, 2])]
    got = carry(student, judge, value)
    assert [type(x) for x in got] == [dict, tuple, str, np.ndarray]
    assert got[2] == "a"
    assert got[2] != "b"


# From the judge to a student


def test_public_functions_and_classes_go_by_name(judge, student):
    packed = judge.pack([check_double, CheckThing])
    assert packed.tree == ["list", [["public", "check_double"], ["public", "CheckThing"]]]
    assert carry(judge, student, [check_double, CheckThing]) == [check_double, CheckThing]


def test_an_instance_of_a_public_class_goes_by_its_state(judge, student):
    thing = CheckThing({1: np.ones(2), "f": check_double})
    got = carry(judge, student, thing)
    assert type(got) is CheckThing
    assert got is not thing
    assert got.weights["f"] is check_double
    assert got.weights[1].tolist() == [1, 1]


def test_a_trap_is_not_sprung_on_the_way(judge, student):
    got = carry(judge, student, {"model": CheckTrap("model")})
    assert vars(got["model"]) == {"name": "model"}


def test_a_function_of_a_given_module_goes_by_name(judge, student):
    assert carry(judge, student, error_of) is error_of


def test_any_other_function_is_lent_for_the_length_of_a_block(judge, student):
    def answer():
        return 42

    with judge.lent():
        proxy = carry(judge, student, answer)
        assert isinstance(proxy, Proxy)
        assert proxy.__name__ == "answer"
        assert "42" not in repr(proxy)
        back = carry(student, judge, [proxy])
        assert back == [answer]
    assert judge.exports == {}
    assert type(carry(student, judge, proxy)).__name__ == "function"


def test_blocks_of_lending_are_nested(judge, student):
    with judge.lent():
        outer = carry(judge, student, lambda: 1)
        with judge.lent():
            inner = carry(judge, student, lambda: 2)
        assert carry(student, judge, outer)() == 1
        assert isinstance(carry(student, judge, inner), Opaque)


def test_the_students_own_function_is_itself_over_there(judge, student):
    assert carry(judge, student, Proxy(lambda *_: None, ("function", "f"))) is check_double


def test_a_file_that_a_check_wrote_is_sent_along(judge, student):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "sub", "camera.png")
        path.parent.mkdir()
        path.write_bytes(b"\x89PNG")
        packed = judge.pack([str(path), path])
        path.unlink()
        path.parent.rmdir()
        got = student.unpack(packed.tree, packed.arrays, [])
        assert path.read_bytes() == b"\x89PNG"
    assert got == [str(path), path]
    assert isinstance(got[1], pathlib.Path)


def test_a_file_from_a_folder_that_is_closed_to_the_student_lands_in_its_own(
    judge, student, tmp_path, monkeypatch
):
    for name in ("judges", "students"):
        (tmp_path / name).mkdir()
    path = tmp_path / "judges" / "camera.png"
    path.write_bytes(b"\x89PNG")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "judges"))
    packed = judge.pack([str(path), path])
    path.unlink()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "students"))
    text, own = student.unpack(packed.tree, packed.arrays, [])
    assert own == pathlib.Path(text)
    assert own.is_relative_to(tmp_path / "students")
    assert own.read_bytes() == b"\x89PNG"


@pytest.mark.parametrize("path", ["/etc/passwd", tempfile.gettempdir(), "/tmp/\0", "/tmp/none"])
def test_other_paths_are_text(judge, path):
    assert judge.pack(path).tree == path


def test_a_student_cannot_have_files_sent(student):
    with tempfile.NamedTemporaryFile() as file:
        assert student.pack(file.name).tree == file.name


# From a student to the judge


class Liar:
    shape = (1,)
    dtype = np.dtype("float64")
    __class__ = np.ndarray

    def __eq__(self, _other):
        return True

    def __hash__(self):
        return 0

    def __float__(self):
        return 1.0


class Readable:
    def __array__(self, dtype=None, copy=None):
        return np.array([1.0, 2.0], dtype)


class Network:
    def keys(self):
        return ["a", "b"]

    def __getitem__(self, name):
        return tf.constant(1.0 if name == "a" else 2.0)


@pytest.mark.parametrize(
    "value",
    [
        object(),
        len,
        lambda x: x,
        {1, 2},
        iter([1]),
        (x for x in [1]),
        types.SimpleNamespace(a=1),
        np.array(["text"]),
        np.array([object()]),
        pathlib.Path("/"),
        tf.constant("text"),
        tf.sparse.from_dense([1.0, 0.0]),
        tf.ragged.constant([[1.0], []]),
        tf.keras.Input((3,)),
        10**1001,
        range(3),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_plain_data_arrives_as_the_name_of_its_class(judge, student, value):
    got = carry(student, judge, value)
    assert isinstance(got, Opaque)
    assert type(got).__name__ == type(value).__name__
    with pytest.raises(TypeError):
        np.asarray(got, np.float64)


def test_a_symbol_of_a_graph_has_no_value(judge, student):
    packed = []
    tf.function(lambda x: packed.append(student.pack(x).tree) or x)(tf.constant(1.0))
    assert packed[0][0] == "opaque"


def test_an_object_that_numpy_can_read_arrives_with_its_numbers(judge, student):
    got = carry(student, judge, Readable())
    assert type(got).__name__ == "Readable"
    assert np.asarray(got, np.float64).tolist() == [1, 2]
    assert not tf.is_tensor(got)


def test_an_object_that_answers_by_keys_arrives_as_a_dict(judge, student):
    got = carry(student, judge, Network())
    assert {name: float(value) for name, value in got.items()} == {"a": 1, "b": 2}


def test_an_object_that_lies_about_itself_is_no_array(judge, student):
    got = carry(student, judge, Liar())
    assert not isinstance(got, np.ndarray)
    assert got != 1
    with pytest.raises((TypeError, ValueError)):
        np.asarray(got, np.float64)


def test_lists_in_lists_end_somewhere(judge, student):
    endless = [1]
    endless.append(endless)
    got = carry(student, judge, endless)
    for _ in range(12):
        got = got[1]
    assert type(got).__name__ == "list"
    assert isinstance(got, Opaque)


@pytest.mark.parametrize(
    "tree",
    [
        [],
        {},
        ["list"],
        ["list", 5],
        ["list", [], []],
        ["tuple", None],
        ["dict", [[1]]],
        ["dict", [[["list", []], 1]]],
        ["dict", {"a": 1}],
        ["array", 1],
        ["array", -1],
        ["array", True],
        ["array", "0"],
        ["array", None],
        ["array", 10**30],
        ["scalar", 0],
        ["tensor", 0],
        ["complex", "a", 1],
        ["bytes", "xyz"],
        ["bytes", 5],
        ["opaque"],
        ["opaque", "a", 7],
        ["no such kind", 1],
        ["_keys", 1],
        [["list"], 1],
        [None],
        [5, 5],
        # what only the judge may send
        ["public", "check_double"],
        ["instance", "CheckThing", ["dict", []]],
        ["given", "os", "system"],
        ["path", "/etc/passwd"],
        ["remote", 1, "f"],
        ["file", "/tmp/x", 0],
        ["back"],
        ["back", "1"],
        ["back", ["function", "f"]],
        ["back", True],
    ],
    ids=str,
)
def test_a_tree_that_nobody_makes_is_malformed(judge, tree):
    with pytest.raises(ChannelError) as refusal:
        judge.unpack(["list", [tree]], [np.ones((2, 2))], [])
    assert refusal.value.kind == "malformed"


def test_too_many_keys_are_refused(judge):
    # The hashes of these collide: building a larger dict of them would take hours.
    pairs = [[n * (2**61 - 1), 0] for n in range(2000)]
    assert len(judge.unpack(["dict", pairs], [], [])) == 2000
    with pytest.raises(ChannelError) as refusal:
        judge.unpack(["list", [["dict", pairs]] * 3], [], [])
    assert refusal.value.kind == "too many"


def test_too_many_numbers_are_refused(judge):
    flags = np.broadcast_to(np.True_, (5000, 5000))  # 8 bytes each, once they are float64
    with pytest.raises(ChannelError) as refusal:
        judge.unpack(["array", 0], [flags], [])
    assert refusal.value.kind == "too large"


@pytest.mark.parametrize("name", ["", "a b", "x" * 1000, "__class__", "ndarray", "é", None, 5])
def test_the_name_of_a_class_is_made_harmless(name):
    made = opaque(name)
    assert isinstance(made, Opaque)
    assert type(made).__name__.isidentifier() or type(made).__name__.isalnum()
    assert len(type(made).__name__) <= 60


# Errors


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("ValueError", ValueError),
        ("KeyError", KeyError),
        ("AssertionError", AssertionError),
        ("NotImplementedError", NotImplementedError),
        ("UnicodeDecodeError", UnicodeDecodeError),
        ("OSError", OSError),
        ("StopIteration", StopIteration),
        ("InvalidArgumentError", Exception),
        ("SystemExit", Exception),
        ("KeyboardInterrupt", Exception),
        ("BaseException", Exception),
        ("ExceptionGroup", Exception),
        ("print", Exception),
        ("__import__", Exception),
        ("not a name", Exception),
    ],
)
def test_an_error_has_the_name_and_the_base_of_the_original(name, base):
    error = error_of(name, "it's broken", "<cell 1>, line 2: x")
    assert isinstance(error, base)
    assert isinstance(error, Exception)
    assert type(error).__name__ == name.replace(" ", "_")
    assert str(error) == "it's broken"
    assert error.trace == "<cell 1>, line 2: x"
    with pytest.raises(base):
        raise error
