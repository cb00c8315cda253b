"""A web server on this machine that behaves as badly as the ones a student meets."""

import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from grading.download import CHUNK

CONTENT = bytes(range(256)) * 1000
THIRD = 12 * CHUNK
RANGE = re.compile(r"bytes=(\d+)-$")


class Handler(BaseHTTPRequestHandler):
    """One method an address: `/broken-off` is answered by `broken_off`."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("Range")))
        name = self.path.strip("/").replace("-", "_")
        getattr(self, name, self.gone)()
        self.close_connection = True

    def start(self):
        """Where the client wants to begin."""
        wanted = RANGE.match(self.headers.get("Range", ""))
        return int(wanted[1]) if wanted else 0

    def send(self, body, status=200, length=None, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if length != "":
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def part(self, body, start, length=None):
        """Answer a request for the rest."""
        said = f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"
        self.send(body, 206, length, Content_Range=said)

    def good(self):
        start = self.start()
        if start:
            self.part(CONTENT[start:], start)
        else:
            self.send(CONTENT)

    def gone(self):
        self.send(b"", 404)

    def busy(self):
        self.send(b"", 503)

    def proxy_password(self):
        self.send(b"", 407)

    def short(self):
        self.send(CONTENT[:-1])

    def corrupted(self):
        self.send(CONTENT[:-1] + b"x")

    def page(self):
        self.send(b"<html>sign in first</html>", Content_Type="text/html; charset=utf-8")

    def broken_off(self):
        """Promise all, send a third, each time from where the client wants it."""
        start = self.start()
        if start:
            self.part(CONTENT[start : start + THIRD], start, len(CONTENT) - start)
        else:
            self.send(CONTENT[:THIRD], length=len(CONTENT))

    def always_breaks(self):
        """Break off at the same byte each time, and know nothing of ranges."""
        self.send(CONTENT[:CHUNK], length=len(CONTENT))

    def stalls(self):
        self.send(CONTENT[:CHUNK], length=len(CONTENT))
        self.server.stop.wait(20)

    def ignores_ranges(self):
        self.send(CONTENT)

    def refuses_ranges(self):
        if self.start():
            self.send(b"", 416)
        else:
            self.send(CONTENT)

    def wrong_ranges(self):
        """Answer a request for the rest with the beginning."""
        if self.start():
            self.send(CONTENT[:10], 206, Content_Range=f"bytes 0-9/{len(CONTENT)}")
        else:
            self.send(CONTENT)

    def says_too_much(self):
        self.send(CONTENT, length=len(CONTENT) + 5)

    def sends_too_much(self):
        self.send(CONTENT + b"more", length="")

    def says_nothing(self):
        """Give no length: the end of the connection is the end of the file."""
        self.send(CONTENT, length="")

    def ends_early(self):
        self.send(CONTENT[:CHUNK], length="")

    def moved(self):
        self.send(b"", 302, Location="/good")

    def circle(self):
        self.send(b"", 302, Location="/circle")

    def log_message(self, *args):
        pass


@contextmanager
def serving():
    """Yield a server: `url`, `asked` (pairs of path and range) and `stop`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.asked, server.stop = [], threading.Event()
        server.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.stop.set()
        server.shutdown()
