"""`course fetch` against a server on this machine."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from grading import CourseError
from grading.fetch import fetch, read_manifest

CONTENT = bytes(range(256)) * 1000
ANSWERS = {
    "/good": (200, CONTENT, len(CONTENT)),
    "/short": (200, CONTENT[:-1], len(CONTENT) - 1),
    "/broken-off": (200, CONTENT[:1000], len(CONTENT)),
    "/corrupted": (200, CONTENT[:-1] + b"x", len(CONTENT)),
    "/page": (200, b"<html>sign in first</html>", 26),
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        status, body, promised = ANSWERS.get(self.path, (404, b"", 0))
        self.send_response(status)
        self.send_header("Content-Length", str(promised))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()


@pytest.fixture
def folder(tmp_path):
    def make(url):
        sha256 = hashlib.sha256(CONTENT).hexdigest()
        (tmp_path / "MANIFEST.toml").write_text(
            f'[net]\nfile = "net.mat"\nurl = "{url}"\n'
            f'bytes = {len(CONTENT)}\nsha256 = "{sha256}"\n'
            '[embedded]\nfile = "small.npz"\n'
        )
        return tmp_path

    return make


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_good_file_comes_to_its_place(server, folder):
    target = fetch("net", folder(f"{server}/good"))
    assert target.read_bytes() == CONTENT
    assert files(target.parent) == ["MANIFEST.toml", "net.mat"]


def test_a_whole_file_is_not_fetched_again(folder):
    place = folder("http://127.0.0.1:1/nobody-listens")
    (place / "net.mat").write_bytes(CONTENT)
    assert fetch("net", place) == place / "net.mat"


def test_a_spoilt_file_is_fetched_again(server, folder):
    place = folder(f"{server}/good")
    (place / "net.mat").write_bytes(b"half")
    assert fetch("net", place).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("/short", "it has 255999 bytes, not 256000"),
        ("/broken-off", "broke off"),
        ("/corrupted", "its SHA-256 is"),
        ("/page", "it has 26 bytes"),
        ("/gone", "404"),
    ],
)
def test_a_wrong_answer_leaves_nothing_behind(server, folder, address, message):
    place = folder(server + address)
    with pytest.raises(CourseError, match=message):
        fetch("net", place)
    assert files(place) == ["MANIFEST.toml"]


def test_a_failed_download_leaves_the_old_file(server, folder):
    place = folder(f"{server}/corrupted")
    (place / "net.mat").write_bytes(b"old")
    with pytest.raises(CourseError):
        fetch("net", place)
    assert (place / "net.mat").read_bytes() == b"old"


def test_a_machine_without_network_gets_a_remedy(folder):
    with pytest.raises(CourseError, match=r"is this machine online\?.*--from"):
        fetch("net", folder("http://127.0.0.1:1/nobody-listens"))


def test_a_copy_is_taken_and_checked(folder, tmp_path):
    place = folder("http://127.0.0.1:1/nobody-listens")
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_bytes(CONTENT)
    bad.write_bytes(CONTENT[::-1])
    with pytest.raises(CourseError, match=r"bad is not net\.mat: its SHA-256"):
        fetch("net", place, source=bad)
    with pytest.raises(CourseError, match="absent is missing"):
        fetch("net", place, source=tmp_path / "absent")
    assert fetch("net", place, source=good).read_bytes() == CONTENT


def test_only_what_has_an_address_can_be_fetched(folder):
    place = folder("http://127.0.0.1:1/")
    assert set(read_manifest(place)) == {"net"}
    with pytest.raises(CourseError, match="nothing to fetch is called embedded; there are: net"):
        fetch("embedded", place)


def test_the_manifest_names_the_published_vgg19():
    vgg19 = read_manifest()["vgg19"]
    assert vgg19.file == "imagenet-vgg-verydeep-19.mat"
    assert vgg19.url == f"https://www.vlfeat.org/matconvnet/models/{vgg19.file}"
    assert vgg19.bytes == 534_904_783
    assert vgg19.sha256 == "abdb57167f82a2a1fbab1e1c16ad9373411883f262a1a37ee5db2e6fb0044695"


def test_the_manifest_names_mnist_as_keras_does():
    """File, address and SHA-256 stand in keras/src/datasets/mnist.py."""
    mnist = read_manifest()["mnist"]
    assert mnist.file == "mnist.npz"
    assert mnist.url == "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
    assert mnist.bytes == 11_490_434
    assert mnist.sha256 == "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
