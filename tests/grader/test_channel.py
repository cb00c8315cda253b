"""What a channel carries, and what it refuses from a side that is not to be trusted."""

import errno
import json
import math
import os
import socket
import struct
import threading
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from grading.channel import ALIGNMENT, DTYPES, HEAD, MARK, Channel, ChannelError, Quota

SMALL = Quota(
    frame_bytes=2000,
    array_bytes=1000,
    total_bytes=20_000,
    messages=50,
    depth=20,
    arrays=10,
    send_seconds=0.2,
)
SOON = 20.0  # far more than any of these needs


@pytest.fixture
def ends():
    """A channel with small limits, and the bare socket of whoever is at the other end."""
    ours, theirs = socket.socketpair()
    channel = Channel(ours, SMALL)
    yield channel, theirs
    channel.close()
    theirs.close()


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    channels = Channel(ours, Quota()), Channel(theirs, Quota())
    yield channels
    for channel in channels:
        channel.close()


def frame(tree, payload=b"", mark=MARK, size=None):
    text = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    return HEAD.pack(mark, len(text) if size is None else size) + text + payload


def announcing(*layout, payload=b""):
    return frame({"message": {}, "arrays": list(layout)}, payload)


def refused(channel, seconds=SOON):
    with pytest.raises(ChannelError) as refusal:
        channel.receive(seconds)
    return refusal.value.kind


# What it carries


def test_a_message_arrives_as_it_was_sent(pair):
    message = {"a": [1, 2.5, None, True, "ä", {"": []}], "big": 2**100}
    pair[0].send(message)
    assert pair[1].receive(SOON) == (message, [])


def test_numbers_that_json_lacks_and_broken_text_survive(pair):
    pair[0].send({"x": [math.nan, math.inf, -math.inf], "text": "\ud800 \x00 \U0001f600"})
    message, _ = pair[1].receive(SOON)
    assert math.isnan(message["x"][0])
    assert message["x"][1:] == [math.inf, -math.inf]
    assert message["text"] == "\ud800 \x00 \U0001f600"


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3, 5), (4, 0, 2), (1,) * 20])
def test_every_type_and_shape_arrives(pair, name, shape):
    sent = (np.arange(math.prod(shape)).reshape(shape) % 2).astype(DTYPES[name])
    pair[0].send({}, [sent, sent])
    _, (first, second) = pair[1].receive(SOON)
    assert first.dtype == second.dtype == sent.dtype
    assert first.shape == shape
    np.testing.assert_array_equal(first, sent)
    np.testing.assert_array_equal(second, sent)


def test_odd_layouts_arrive_in_order(pair):
    base = np.arange(24, dtype=">i4").reshape(2, 3, 4)
    pair[0].send(
        {}, [base.T, base[:, ::-2], np.asfortranarray(base), np.broadcast_to(1.5, (2, 2))]
    )
    _, arrays = pair[1].receive(SOON)
    np.testing.assert_array_equal(arrays[0], base.T)
    np.testing.assert_array_equal(arrays[1], base[:, ::-2])
    np.testing.assert_array_equal(arrays[2], base)
    np.testing.assert_array_equal(arrays[3], np.full((2, 2), 1.5))


def test_nan_and_infinity_arrive_in_arrays(pair):
    sent = np.array([np.nan, np.inf, -np.inf, -0.0])
    pair[0].send({}, [sent])
    _, (array,) = pair[1].receive(SOON)
    assert array.tobytes() == sent.tobytes()


def test_arrays_are_read_only(pair):
    pair[0].send({}, [np.zeros(3)])
    _, (array,) = pair[1].receive(SOON)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1


def test_a_large_array_arrives_whole_between_two_messages(pair):
    sent = np.random.default_rng(1).random((300, 400, 64), np.float32)
    sender = threading.Thread(
        target=lambda: [pair[0].send({"n": n}, [sent] * (n % 2)) for n in range(3)]
    )
    sender.start()
    received = [pair[1].receive(SOON) for _ in range(3)]
    sender.join()
    assert [message["n"] for message, _ in received] == [0, 1, 2]
    np.testing.assert_array_equal(received[1][1][0], sent)


def test_large_arrays_lie_where_tensorflow_can_work_on_them(pair):
    sent = [np.arange(100_000, dtype=np.float32), np.ones(3, bool), np.arange(9.0)]
    sender = threading.Thread(target=pair[0].send, args=({}, sent))
    sender.start()
    _, arrays = pair[1].receive(SOON)
    sender.join()
    for array, right in zip(arrays, sent, strict=True):
        assert array.ctypes.data % ALIGNMENT == 0
        np.testing.assert_array_equal(array, right)


def test_small_arrays_of_odd_sizes_do_not_disturb_each_other(pair):
    sent = [np.ones(3, bool), np.arange(5.0), np.zeros((0, 2)), np.arange(7, dtype=np.uint8)]
    pair[0].send({}, [*sent, *sent])
    _, arrays = pair[1].receive(SOON)
    assert all(array.flags.aligned for array in arrays)
    for array, right in zip(arrays, sent * 2, strict=True):
        np.testing.assert_array_equal(array, right)


@pytest.mark.parametrize(
    "array",
    [
        np.array(["text"]),
        np.array([None]),
        np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
        np.array(["2020-01-01"], dtype="datetime64[D]"),
        np.array([1], dtype=ml_dtypes.float8_e4m3fn),
    ],
)
def test_an_array_of_anything_but_numbers_is_refused_by_the_sender(pair, array):
    with pytest.raises(TypeError, match="cannot be sent; known: bool, int8"):
        pair[0].send({}, [array])
    pair[0].send({"still": "alive"})
    assert pair[1].receive(SOON)[0] == {"still": "alive"}


# What it refuses


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"nonsense",
        b"[]",
        b"5",
        b'"text"',
        b"null",
        b"{}",
        b'{"message": {}}',
        b'{"message": {}, "arrays": [], "more": 1}',
        b'{"message": [], "arrays": []}',
        b'{"message": null, "arrays": []}',
        b'{"message": {}, "arrays": {}}',
        b'{"message": {}, "arrays": null}',
        b'{"message": {"a": "\xff"}, "arrays": []}',
        '{"message": {"ä": 1}, "arrays": []}'.encode(),
        '{"message": {}, "arrays": []}'.encode("utf-16"),
        b'\xef\xbb\xbf{"message": {}, "arrays": []}',
        b'{"message": {}, "arrays": []} and more',
        b"\x80\x04\x95\x00\x00\x00\x00.",
        b"[" * 1900,
        b'{"a":' * 300 + b"1" + b"}" * 300,
    ],
)
def test_text_that_is_no_message_is_malformed(ends, text):
    channel, theirs = ends
    theirs.sendall(frame(text))
    assert refused(channel) == "malformed"


@pytest.mark.parametrize("depth", [100, 100_000, 1_000_000])
def test_deep_nesting_is_malformed(depth):
    ours, theirs = socket.socketpair()
    channel = Channel(ours, Quota())
    text = b'{"arrays": [], "message": {"a": ' + b"[" * depth + b"]" * depth + b"}}"
    sender = threading.Thread(target=theirs.sendall, args=(frame(text),))
    sender.start()
    assert refused(channel) == "malformed"
    sender.join()
    theirs.close()


def test_an_integer_of_a_million_digits_is_malformed():
    ours, theirs = socket.socketpair()
    channel = Channel(ours, Quota())
    text = b'{"arrays": [], "message": {"a": ' + b"9" * 1_000_000 + b"}}"
    sender = threading.Thread(target=theirs.sendall, args=(frame(text),))
    sender.start()
    assert refused(channel) == "malformed"
    sender.join()
    theirs.close()


@pytest.mark.parametrize(
    "entry",
    [
        None,
        "float32",
        [],
        ["float32"],
        ["float32", [1], 1],
        ["object", [1]],
        ["O", [1]],
        ["<f4", [1]],
        ["str", [1]],
        ["void", [1]],
        ["U5", [1]],
        ["datetime64[s]", [1]],
        [["float32"], [1]],
        [None, [1]],
        [{"names": ["a"], "formats": ["O"]}, [1]],
        ["x" * 1000, [1]],
        ["float32", 1],
        ["float32", None],
        ["float32", "11"],
        ["float32", {"0": 1}],
        ["float32", [-1]],
        ["float32", [-1, -1]],
        ["float32", [1.0]],
        ["float32", [math.nan]],
        ["float32", [True]],
        ["float32", ["1"]],
        ["float32", [[1]]],
        ["float32", [None]],
        ["float32", [1] * 33],
    ],
)
def test_an_array_that_cannot_be_is_malformed(ends, entry):
    channel, theirs = ends
    theirs.sendall(announcing(entry, payload=b"\x00" * 8))
    assert refused(channel) == "malformed"


@pytest.mark.parametrize(
    "layout",
    [
        [["float32", [251]]],
        [["float32", [2**62]]],
        [["float32", [2**64]]],
        [["float32", [10**400]]],
        [["float32", [2**31, 2**31, 4]]],
        [["float32", [0, 2**62]]],
        [["uint8", [2**40, 0]]],
        [["complex128", [63]]],
        [["float32", [200]], ["float32", [51]]],
        [["int8", [1000]], ["int8", []]],
    ],
)
def test_arrays_beyond_the_quota_are_refused_before_memory_is_given(ends, layout):
    channel, theirs = ends
    theirs.sendall(announcing(*layout))
    assert refused(channel) == "too large"


def test_as_many_bytes_of_arrays_as_the_quota_says_are_taken(ends):
    channel, theirs = ends
    theirs.sendall(announcing(["float32", [200]], ["float32", [50]], payload=b"\x00" * 1000))
    assert [array.shape for array in channel.receive(SOON)[1]] == [(200,), (50,)]


def test_too_many_arrays_are_refused(ends):
    channel, theirs = ends
    theirs.sendall(announcing(*[["bool", [0]]] * 11))
    assert refused(channel) == "too many"


def test_booleans_of_other_bytes_are_malformed(ends):
    channel, theirs = ends
    theirs.sendall(announcing(["bool", [3]], payload=b"\x00\x01\x02"))
    assert refused(channel) == "malformed"


@pytest.mark.parametrize("size", [2001, 2**31, 2**32 - 1])
def test_a_huge_message_is_refused_by_its_announcement(ends, size):
    channel, theirs = ends
    theirs.sendall(HEAD.pack(MARK, size))
    assert refused(channel) == "too large"


@pytest.mark.parametrize("start", [b"GET / HTTP/1.1\r\n\r\n", b"\x80\x04\x95abcdef", b"\x00" * 99])
def test_bytes_that_are_no_frame_are_malformed(ends, start):
    channel, theirs = ends
    theirs.sendall(start)
    assert refused(channel) == "malformed"


def test_bytes_after_a_frame_are_no_frame(ends):
    channel, theirs = ends
    theirs.sendall(announcing(["uint8", [4]], payload=b"12345678"))
    assert channel.receive(SOON)[1][0].tobytes() == b"1234"
    theirs.sendall(b"and so on, out of step")
    assert refused(channel) == "malformed"


@pytest.mark.parametrize("part", [1, 7, 8, 12, -1])
def test_a_message_cut_off_is_closed(ends, part):
    channel, theirs = ends
    theirs.sendall(announcing(["uint8", [4]], payload=b"1234")[:part])
    theirs.close()
    assert refused(channel) == "closed"


@pytest.mark.parametrize("part", [1, 7, 8, 12, -1])
def test_a_message_that_stops_midway_is_late_and_ends_the_channel(ends, part):
    channel, theirs = ends
    theirs.sendall(announcing(["uint8", [4]], payload=b"1234")[:part])
    assert refused(channel, 0.05) == "late"
    assert refused(channel) == "closed"


def test_a_message_byte_by_byte_is_late_although_each_byte_is_in_time(ends):
    channel, theirs = ends
    stop = threading.Event()

    def trickle():
        for byte in frame(b" " * 1990):
            if stop.wait(0.01):
                return
            theirs.sendall(bytes([byte]))

    sender = threading.Thread(target=trickle)
    sender.start()
    assert refused(channel, 0.3) == "late"
    stop.set()
    sender.join()


def test_silence_is_late_and_harms_nothing(ends):
    channel, theirs = ends
    assert refused(channel, 0.02) == "late"
    theirs.sendall(frame({"message": {"a": 1}, "arrays": []}))
    assert channel.receive(SOON) == ({"a": 1}, [])


def test_an_end_that_is_gone_is_closed(ends):
    channel, theirs = ends
    theirs.close()
    assert refused(channel) == "closed"
    with pytest.raises(ChannelError) as refusal:
        channel.send({})
    assert refusal.value.kind == "closed"


@pytest.mark.parametrize("tail", [b"nonsense", b""])
def test_nothing_is_read_after_a_violation(ends, tail):
    channel, theirs = ends
    theirs.sendall(frame(tail) + frame({"message": {"forged": True}, "arrays": []}))
    assert refused(channel) == "malformed"
    assert refused(channel) == "closed"


def test_thousands_of_messages_are_too_many(ends):
    channel, theirs = ends
    theirs.sendall(frame({"message": {}, "arrays": []}) * 1000)
    for _ in range(SMALL.messages):
        channel.receive(SOON)
    assert refused(channel) == "too many"


def test_all_bytes_together_have_a_limit(ends):
    channel, theirs = ends
    flood = announcing(["uint8", [900]], payload=b"\x00" * 900) * 30
    threading.Thread(target=theirs.sendall, args=(flood,)).start()
    for _ in range(21):
        channel.receive(SOON)
    with pytest.raises(ChannelError, match="bytes in all; the limit is 20000") as refusal:
        channel.receive(SOON)
    assert refusal.value.kind == "too large"


def test_file_descriptors_by_the_hundred_are_not_taken(ends):
    channel, theirs = ends
    reading, writing = os.pipe()
    before = sorted(Path("/dev/fd").iterdir())
    message = frame({"message": {"with": "files"}, "arrays": []})
    for _ in range(10):
        socket.send_fds(theirs, [message], [writing] * 100)
    for _ in range(10):
        assert channel.receive(SOON)[0] == {"with": "files"}
    assert sorted(Path("/dev/fd").iterdir()) == before
    os.close(writing)
    # Were a copy of the writing end alive anywhere, this would block; so it must not.
    os.set_blocking(reading, False)
    assert os.read(reading, 1) == b""
    os.close(reading)


def test_urgent_data_does_not_break_it(ends):
    channel, theirs = ends
    try:
        theirs.send(b"!", socket.MSG_OOB)
    except OSError as error:
        assert error.errno == errno.EOPNOTSUPP  # noqa: PT017 - older kernels have none here
    theirs.sendall(frame({"message": {"a": 1}, "arrays": []}))
    assert channel.receive(SOON) == ({"a": 1}, [])


def test_one_who_does_not_read_is_late(ends):
    channel, _ = ends
    endless = ([np.zeros(1000, np.uint8)] for _ in range(100_000))
    with pytest.raises(ChannelError) as refusal:
        any(channel.send({}, arrays) for arrays in endless)
    assert refusal.value.kind == "late"
    assert refused(channel) == "closed"


@pytest.mark.parametrize(
    ("message", "arrays", "kind"),
    [
        ({"a": "x" * 3000}, [], "too large"),
        ({}, [np.zeros(1001, np.uint8)], "too large"),
        ({}, [np.zeros(0)] * 11, "too large"),
    ],
)
def test_the_sender_hears_of_its_own_excess_before_anything_is_sent(ends, message, arrays, kind):
    channel, theirs = ends
    with pytest.raises(ChannelError) as refusal:
        channel.send(message, arrays)
    assert refusal.value.kind == kind
    channel.send({"a": 1})
    (size,) = struct.unpack("<4xI", theirs.recv(8))
    assert json.loads(theirs.recv(size))["message"] == {"a": 1}


def test_a_message_that_holds_itself_is_malformed(ends):
    channel, _ = ends
    message = {}
    message["self"] = message
    with pytest.raises(ChannelError) as refusal:
        channel.send(message)
    assert refusal.value.kind == "malformed"
