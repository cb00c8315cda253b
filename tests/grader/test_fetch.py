"""`course fetch` against a server on this machine."""

import hashlib
import socket
import threading

import pytest
from filelock import FileLock
from typer.testing import CliRunner

from grading import CourseError, cli, download
from grading import fetch as fetching
from grading.fetch import fetch
from grading.manifest import fetchable, read_manifest
from tests.grader.file_server import CHUNK, CONTENT, THIRD, serving

NOBODY = "http://127.0.0.1:1"


@pytest.fixture
def server(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with serving() as running:
        yield running


@pytest.fixture
def folder(tmp_path):
    def make(*urls, checksum=None):
        sum_ = checksum or f'sha256 = "{hashlib.sha256(CONTENT).hexdigest()}"'
        (tmp_path / "MANIFEST.toml").write_text(
            f'[net]\ntitle = "the network"\nfile = "net.mat"\nurls = {list(urls)}\n'
            f"bytes = {len(CONTENT)}\n{sum_}\n"
            f'[embedded]\nfile = "small.npz"\nbytes = 1\nsha256 = ""\n'
        )
        return tmp_path

    return make


def quiet(text):
    pass


def files(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    "address",
    ["/good", "/moved", "/says-nothing", "/broken-off", "/ignores-ranges", "/refuses-ranges"],
)
def test_the_file_comes_to_its_place(server, folder, address):
    place = folder(server.url + address)
    assert fetch("net", place, tell=quiet) == [place / "net.mat"]
    assert (place / "net.mat").read_bytes() == CONTENT
    assert files(place) == ["MANIFEST.toml", "net.mat"]


def test_what_broke_off_goes_on_where_it_was(server, folder):
    fetch("net", folder(f"{server.url}/broken-off"), tell=quiet)
    assert [said for _, said in server.asked] == [None, f"bytes={THIRD}-", f"bytes={2 * THIRD}-"]


@pytest.mark.parametrize(
    "address", ["/good", "/ignores-ranges", "/refuses-ranges", "/wrong-ranges"]
)
def test_a_later_run_goes_on_too(server, folder, address):
    place = folder(server.url + address)
    (place / "net.mat.part").write_bytes(CONTENT[:77])
    said = []
    fetch("net", place, tell=said.append)
    assert server.asked[0] == (address, "bytes=77-")
    assert (place / "net.mat").read_bytes() == CONTENT
    assert "the network: 0.3 MB (0.0 MB of it are here already) from 127.0.0.1" in said[0]


@pytest.mark.parametrize("beginning", [b"wrong", bytes(len(CONTENT)), bytes(len(CONTENT) + 1)])
def test_a_beginning_of_something_else_does_no_harm(server, folder, beginning):
    place = folder(f"{server.url}/good")
    (place / "net.mat.part").write_bytes(beginning)
    fetch("net", place, tell=quiet)
    assert (place / "net.mat").read_bytes() == CONTENT
    assert files(place) == ["MANIFEST.toml", "net.mat"]


def test_the_next_address_goes_on_where_the_first_left_off(server, folder):
    place = folder(f"{NOBODY}/", f"{server.url}/always-breaks", f"{server.url}/good")
    fetch("net", place, tell=quiet)
    assert (place / "net.mat").read_bytes() == CONTENT
    assert server.asked[-1] == ("/good", f"bytes={CHUNK}-")


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("/gone", r"does not have the file \(404\)"),
        ("/busy", r"a fault of its own \(503\)"),
        ("/proxy-password", "the proxy wants a name and a password"),
        ("/short", "announces 255999 bytes; the file has 256000"),
        ("/says-too-much", "announces 256005 bytes"),
        ("/sends-too-much", "sends more than the 256000 bytes"),
        ("/corrupted", "sends another file: its SHA-256 is"),
        ("/page", "answers with a web page; does this network want you to sign in"),
        ("/circle", "redirects in a circle"),
    ],
)
def test_a_wrong_answer_leaves_nothing_behind(server, folder, address, message):
    place = folder(server.url + address)
    with pytest.raises(CourseError, match=message):
        fetch("net", place, tell=quiet)
    assert files(place) == ["MANIFEST.toml"]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("/always-breaks", "broke off at 8192 of 256000 bytes"),
        ("/ends-early", "broke off at 8192 of 256000 bytes"),
        ("/stalls", r"sent nothing for 0\.5 s at 8192"),
    ],
)
def test_what_came_is_kept_when_all_fails(server, folder, monkeypatch, address, message):
    monkeypatch.setattr(download.download, "__defaults__", (0.5,))
    place = folder(server.url + address)
    with pytest.raises(CourseError, match=rf"{message}.*goes on at 0\.0 MB"):
        fetch("net", place, tell=quiet)
    assert (place / "net.mat.part").read_bytes() == CONTENT[:CHUNK]
    assert files(place) == ["MANIFEST.toml", "net.mat.part"]


def test_a_failed_download_leaves_the_old_file(server, folder):
    place = folder(f"{server.url}/corrupted")
    (place / "net.mat").write_bytes(b"old")
    with pytest.raises(CourseError):
        fetch("net", place, tell=quiet)
    assert (place / "net.mat").read_bytes() == b"old"


def test_a_whole_file_is_not_fetched_again_and_a_spoilt_one_is(server, folder):
    place = folder(f"{server.url}/good")
    (place / "net.mat").write_bytes(CONTENT)
    said = []
    fetch("net", place, tell=said.append)
    assert server.asked == []
    assert said == [f"already there: {place / 'net.mat'}"]
    (place / "net.mat").write_bytes(b"half")
    fetch("net", place, tell=said.append)
    assert "it has 4 bytes, not 256000; it is fetched anew" in said[1]
    assert (place / "net.mat").read_bytes() == CONTENT


def test_an_md5_serves_where_no_sha256_is_published(server, folder):
    md5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    place = folder(f"{server.url}/good", checksum=f'md5 = "{md5}"')
    fetch("net", place, tell=quiet)
    with pytest.raises(CourseError, match="its MD5 is"):
        fetch(
            "net", folder(f"{server.url}/corrupted", checksum=f'md5 = "{md5[::-1]}"'), tell=quiet
        )


def test_an_entry_without_a_checksum_is_refused(folder):
    with pytest.raises(CourseError, match=r"\[net\] needs file, bytes and one of sha256, md5"):
        fetch("net", folder(NOBODY, checksum="#"), tell=quiet)


def test_a_machine_without_network_gets_a_remedy(server, folder):
    remedy = r"cannot be reached \(is this machine online\?\)\. Try again later, or .* --from FILE"
    with pytest.raises(CourseError, match=remedy):
        fetch("net", folder(f"{NOBODY}/"), tell=quiet)


def test_a_name_that_nobody_knows_gets_a_remedy(server, folder):
    with pytest.raises(CourseError, match="is this machine online"):
        fetch("net", folder("http://no-such-place.invalid/"), tell=quiet)


def test_a_proxy_is_named_without_its_password(server, folder, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://me:secret@127.0.0.1:1")
    with pytest.raises(CourseError, match=r"HTTP_PROXY names 127\.0\.0\.1:1") as error:
        fetch("net", folder("http://example.invalid/net"), tell=quiet)
    assert "secret" not in str(error.value)


def test_a_certificate_that_nobody_signed_is_explained(server, folder):
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer():
            connection, _ = listening.accept()
            connection.recv(100)
            connection.sendall(b"no TLS here")
            connection.close()

        threading.Thread(target=answer, daemon=True).start()
        port = listening.getsockname()[1]
        with pytest.raises(CourseError, match=r"a certificate that is not trusted.*REQUESTS_CA"):
            fetch("net", folder(f"https://127.0.0.1:{port}/"), tell=quiet)


def test_a_full_disk_is_told_before_the_download(server, folder, monkeypatch):
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(CourseError, match=r"has 0\.0 MB left and 0\.3 MB are to come; make room"):
        fetch("net", folder(f"{server.url}/good"), tell=quiet)
    assert server.asked == []


def test_two_do_not_fetch_the_same_at_once(server, folder):
    place = folder(f"{server.url}/good")
    with (
        FileLock(place / "net.mat.lock"),
        pytest.raises(CourseError, match="another course fetch"),
    ):
        fetch("net", place, tell=quiet)


def test_all_are_announced_with_their_sum(server, folder):
    place = folder(f"{server.url}/good")
    manifest = place / "MANIFEST.toml"
    entry = manifest.read_text().partition("[embedded]")[0]
    other = entry.replace("[net]", "[other]").replace("net.mat", "other.mat")
    form = entry.replace("[net]", '[net-csv]\ninstead-of = "net"').replace("net.mat", "net.csv")
    manifest.write_text(entry + other + form)
    said = []
    assert fetch("all", place, tell=said.append) == [place / "net.mat", place / "other.mat"]
    assert said[0] == "to download: 0.5 MB in all"
    with pytest.raises(CourseError, match="cannot be all of them; name one: net, other, net-csv"):
        fetch("all", place, source=manifest, tell=quiet)


def test_of_all_one_may_fail(server, folder):
    place = folder(f"{server.url}/gone")
    manifest = place / "MANIFEST.toml"
    entry = manifest.read_text().partition("[embedded]")[0]
    other = entry.replace("[net]", "[other]").replace("net.mat", "other.mat")
    manifest.write_text(entry + other.replace("/gone", "/good"))
    with pytest.raises(CourseError, match=r"net\.mat cannot be had"):
        fetch("all", place, tell=quiet)
    assert (place / "other.mat").read_bytes() == CONTENT


def test_another_form_of_the_file_is_offered_when_it_cannot_be_had(server, folder):
    place = folder(f"{server.url}/gone")
    manifest = place / "MANIFEST.toml"
    entry = manifest.read_text().partition("[embedded]")[0]
    form = entry.replace("[net]", '[net-csv]\ninstead-of = "net"').replace("net.mat", "net.csv")
    manifest.write_text(entry + form)
    with pytest.raises(
        CourseError, match="Try again later, or course fetch net-csv, or get it by"
    ):
        fetch("net", place, tell=quiet)


def test_only_what_has_an_address_can_be_fetched(folder):
    place = folder(f"{NOBODY}/")
    assert set(fetchable(place)) == {"net"}
    expected = "nothing to fetch is called embedded; there are: net, all"
    with pytest.raises(CourseError, match=expected):
        fetch("embedded", place, tell=quiet)


def test_the_command_says_what_it_does(server, folder, monkeypatch):
    place = folder(f"{server.url}/good")
    monkeypatch.setattr(fetching.fetch, "__defaults__", (place, None, quiet))
    result = CliRunner().invoke(cli.app, ["fetch", "net"])
    assert result.exit_code == 0
    assert "the network: 0.3 MB from 127.0.0.1" in result.output
    assert f"in place: {place / 'net.mat'}" in result.output
    result = CliRunner().invoke(cli.app, ["fetch", "nothing"])
    assert result.exit_code == 1
    assert "nothing to fetch is called nothing" in result.output


def test_the_manifest_names_the_published_files():
    """Length and checksums are those that the publishers, or who ships the files, give."""
    manifest = read_manifest()
    vgg19, mat = manifest["vgg19"], manifest["vgg19-mat"]
    assert vgg19.file == "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
    assert (vgg19.bytes, vgg19.algorithm) == (80_134_624, "md5")
    assert mat.file == "imagenet-vgg-verydeep-19.mat"
    assert mat.urls == (f"https://www.vlfeat.org/matconvnet/models/{mat.file}",)
    assert mat.bytes == 534_904_783
    assert mat.checksum == "abdb57167f82a2a1fbab1e1c16ad9373411883f262a1a37ee5db2e6fb0044695"
    facenet = manifest["facenet"]
    assert facenet.file == "nn4.small2.v1.t7"
    assert facenet.bytes == 31_510_785
    assert facenet.checksum == "9b72d54aeb24a64a8135dca8e792f7cc675c99a884a6940350a6cedcf7b7ba08"


def test_the_manifest_names_the_vgg19_as_keras_does():
    from keras.src.applications import vgg19 as keras_vgg19

    weights = read_manifest()["vgg19"]
    assert weights.urls[0] == keras_vgg19.WEIGHTS_PATH_NO_TOP
    assert weights.checksum == "253f8cb515780f3b799900260a226db6"


def test_the_manifest_names_mnist_as_keras_does():
    """File, address and SHA-256 stand in keras/src/datasets/mnist.py."""
    mnist = read_manifest()["mnist"]
    assert mnist.file == "mnist.npz"
    assert mnist.urls == ("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",)
    assert mnist.bytes == 11_490_434
    assert mnist.checksum == "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
