"""The page of a run: live, local, and never in the painter's way."""

import json
import socket
import time
import urllib.error
import urllib.request
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from style_engine import preview as module
from style_engine.preview import MAX_SIDE, Preview, PreviewError, encode

COSTS = {"J": 9.0, "J_content": 4.0}


def frame(level, size=(48, 64)):
    return np.full((*size, 3), level, np.float32)


def get(preview, where="", host=None):
    request = urllib.request.Request(preview.url + where, headers={"Host": host} if host else {})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        return answer.read(), answer.headers


def state(preview, since=0):
    return json.loads(get(preview, f"state?since={since}")[0])


def level(preview):
    return np.asarray(Image.open(BytesIO(get(preview, "picture.jpg")[0]))).mean()


@pytest.fixture
def preview(monkeypatch):
    monkeypatch.setattr(module, "LAST_LOOK_SECONDS", 0)  # nobody looks to the end here
    with Preview() as preview:
        yield preview


def test_the_page_comes_whole_and_asks_nobody_else(preview):
    page, headers = get(preview)
    text = page.decode()
    assert headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    outside = text.replace("http://www.w3.org/2000/svg", "")
    assert "http:" not in outside
    assert "https:" not in outside
    assert "//" not in outside.split("<script>")[0]


def test_before_the_first_step_there_is_nothing_to_see(preview):
    assert state(preview) | {"seconds": 0} == {
        "step": 0,
        "total": 0,
        "version": 0,
        "first": 0,
        "seconds": 0,
        "known": 0,
        "points": [],
        "ended": False,
    }
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(preview, "picture.jpg")


def test_the_page_learns_of_steps_once(preview):
    preview.show(1, 10, COSTS, frame(50))
    preview.show(2, 10, {"J": 8.0}, frame(90))
    seen = state(preview)
    assert seen["points"] == [[1, COSTS], [2, {"J": 8.0}]]
    assert (seen["step"], seen["total"], seen["known"], seen["version"]) == (2, 10, 2, 2)
    assert state(preview, since=2)["points"] == []
    preview.show(3, 10, {"J": 7.0})
    assert state(preview, since=2)["points"] == [[3, {"J": 7.0}]]


def test_the_latest_picture_is_shown(preview):
    preview.show(1, 10, COSTS, frame(50))
    preview.show(2, 10, COSTS, frame(180))
    np.testing.assert_allclose(level(preview), 180, atol=2)


def test_a_step_without_a_picture_keeps_the_one_before(preview):
    preview.show(1, 10, COSTS, frame(50))
    preview.show(2, 10, COSTS)
    np.testing.assert_allclose(level(preview), 50, atol=2)
    assert state(preview)["version"] == 1


def test_costs_that_are_no_numbers_are_null(preview):
    preview.show(1, 2, {"J": float("nan"), "K": float("inf"), "L": np.float32(2)}, frame(0))
    assert state(preview)["points"] == [[1, {"J": None, "K": None, "L": 2.0}]]


def test_a_resumed_run_tells_where_it_began(preview):
    preview.show(300, 1000, COSTS)
    preview.show(301, 1000, COSTS)
    seen = state(preview)
    assert seen["first"] == 300
    assert 0 <= seen["seconds"] < 60


def test_a_long_run_is_thinned_to_its_last_step(preview):
    for step in range(1, 12_346):
        preview.show(step, 20_000, COSTS)
    points = state(preview)["points"]
    assert 500 < len(points) <= module.MAX_POINTS + 1
    assert (points[0][0], points[-1][0]) == (1, 12_345)


def test_nothing_is_encoded_until_somebody_looks(preview, monkeypatch):
    encoded = []
    monkeypatch.setattr(module, "encode", lambda pixels: encoded.append(1) or b"jpeg")
    pixels = frame(1, (512, 512))
    start = time.perf_counter()
    for step in range(10_000):
        preview.show(step, 10_000, COSTS, pixels)
    assert time.perf_counter() - start < 1, "0.1 ms a step, on a slow machine"
    assert encoded == []
    get(preview, "picture.jpg")
    get(preview, "picture.jpg")
    assert encoded == [1], "a picture is encoded once, others are dropped"


def test_watched_says_whether_a_page_is_open(preview, monkeypatch):
    assert not preview.watched
    state(preview)
    assert preview.watched
    monkeypatch.setattr(module, "WATCHED_SECONDS", 0)
    assert not preview.watched


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.168.1.2"])
def test_only_this_machines_names_are_answered(preview, host):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(preview, "state", host=host)
    assert get(preview, "state", host="localhost:1234")


def test_only_this_machine_is_served(preview):
    assert preview.url.startswith("http://127.0.0.1:")
    assert preview._socket.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("where", "code"), [("state?since=x", "400"), ("favicon.ico", "404"), ("../preview.py", "404")]
)
def test_a_bad_request_is_refused_without_a_word_in_the_terminal(preview, where, code, caplog):
    with pytest.raises(urllib.error.HTTPError, match=code):
        get(preview, where)
    assert not caplog.records


def test_a_negative_place_gives_all(preview):
    preview.show(1, 2, COSTS)
    assert len(state(preview, since=-5)["points"]) == 1


def test_a_port_can_be_asked_for_and_is_free_again_afterwards():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for _ in range(2):
        with Preview(port) as preview:
            assert preview.url == f"http://127.0.0.1:{port}/"
            with pytest.raises(PreviewError, match=f"port {port} cannot be had.*another, or 0"):
                Preview(port)
    with pytest.raises(urllib.error.URLError):
        get(preview)


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_number_that_is_no_port_is_refused(port):
    with pytest.raises(PreviewError, match=f"port {port} cannot be had"):
        Preview(port)


def test_the_end_waits_for_an_open_page_but_not_for_ever(monkeypatch):
    monkeypatch.setattr(module, "LAST_LOOK_SECONDS", 0.3)
    with Preview() as preview:
        preview.show(1, 1, COSTS, frame(3))
        state(preview)
        start = time.monotonic()
    assert 0.25 < time.monotonic() - start < 5


def test_the_end_does_not_wait_for_nobody(monkeypatch):
    monkeypatch.setattr(module, "LAST_LOOK_SECONDS", 60)
    start = time.monotonic()
    with Preview() as preview:
        preview.show(1, 1, COSTS, frame(3))
    assert time.monotonic() - start < 30
    preview.close()  # a second time does nothing
    assert not preview._thread.is_alive()


def test_an_error_in_the_run_closes_the_page():
    def broken():
        with Preview() as preview:
            seen.append(preview)
            raise RuntimeError("the run broke")

    seen = []
    with pytest.raises(RuntimeError, match="the run broke"):
        broken()
    assert not seen[0]._thread.is_alive()


def test_a_preview_that_never_began_can_be_closed():
    preview = Preview()
    preview.close()
    Preview(int(preview.url.rsplit(":", 1)[1].strip("/"))).close()


def test_a_large_picture_is_shown_smaller():
    image = Image.open(BytesIO(encode(frame(77, (40, 2500)))))
    assert image.width == 834
    assert max(image.size) <= MAX_SIDE
    np.testing.assert_allclose(np.asarray(image).mean(), 77, atol=1)


def test_values_out_of_range_can_be_shown():
    pixels = frame(0)
    pixels[:, :16], pixels[:, 16:32], pixels[:, 32:48] = 400, -50, np.nan
    image = np.asarray(Image.open(BytesIO(encode(pixels)))).astype(int)
    np.testing.assert_allclose(image[:, [4, 24, 40]].mean(axis=(0, 2)), (255, 0, 0), atol=3)
