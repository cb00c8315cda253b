"""A local page with the live picture and the cost curves, while the painting goes on."""

import asyncio
import json
import math
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import TracebackType

import numpy as np
from PIL import Image
from tornado.httpserver import HTTPServer
from tornado.web import Application, HTTPError, RequestHandler

PAGE = Path(__file__).with_name("preview.html")
ADDRESS = "127.0.0.1"
WATCHED_SECONDS = 5.0  # the page asks each second; one that has not for so long is closed
LAST_LOOK_SECONDS = 2.0  # how long the end waits for an open page to fetch the last picture
MAX_SIDE = 1024  # pixels of the picture on the page
MAX_POINTS = 1000  # of a curve in one answer
CONTENT_SECURITY = (
    "default-src 'none'; img-src 'self' data:; connect-src 'self'; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'"
)


class PreviewError(RuntimeError):
    """The page cannot be served; the text says what helps."""


@dataclass(frozen=True, eq=False)
class _Shown:
    """What the page shows at one time."""

    version: int = 0
    step: int = 0
    total: int = 0
    pixels: np.ndarray | None = None


class Preview:
    """Serve a page that shows the run live, to this machine's user only.

    The painting is never slowed: `show` stores references, and a picture is encoded, in a thread
    of the page's own, only when an open page asks for it. What nobody asked for in time is
    dropped.

    Parameters
    ----------
    port : int
        0 takes any that is free.

    Attributes
    ----------
    url : str
        Of the page.

    Raises
    ------
    PreviewError
        The port is taken or not allowed.

    Examples
    --------
    ::

        with Preview() as preview:
            print(preview.url)
            for step in range(1, total + 1):
                costs = train_step()
                preview.show(step, total, costs, picture() if preview.watched else None)
    """

    def __init__(self, port: int = 0) -> None:
        self._socket = _listening(port)
        self.url = f"http://{ADDRESS}:{self._socket.getsockname()[1]}/"
        self._began: tuple[float, int] | None = None  # when, and at which step: a run may resume
        self._last_asked = -math.inf
        self._sent_version = 0
        self._end_sent = False
        self._shown = _Shown()
        self._costs: list[tuple[int, Mapping[str, float]]] = []
        self._jpeg: tuple[int, bytes] = (0, b"")
        self._ended = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="preview", daemon=True)

    # What the painter calls.

    @property
    def watched(self) -> bool:
        """Whether a page is open: if not, there is no need to fetch the picture from a device."""
        return time.monotonic() - self._last_asked < WATCHED_SECONDS

    def show(
        self,
        step: int,
        total: int,
        costs: Mapping[str, float],
        pixels: np.ndarray | None = None,
    ) -> None:
        """Tell the page of a step.

        Parameters
        ----------
        step, total : int
            Steps done, and of the whole run.
        costs : mapping from name to float
        pixels : array (n_H, n_W, 3), optional
            RGB, 0-255. Not copied: the caller makes a new array each step. None keeps the
            picture that was shown before.
        """
        before = self._shown
        self._began = self._began or (time.monotonic(), step)
        self._costs.append((step, costs))
        if pixels is None:
            self._shown = _Shown(before.version, step, total, before.pixels)
        else:
            self._shown = _Shown(before.version + 1, step, total, pixels)

    def close(self) -> None:
        """Let an open page fetch the end, then stop serving."""
        self._ended = True
        if self._loop is None:
            self._socket.close()
            return
        end = time.monotonic() + LAST_LOOK_SECONDS
        while self.watched and not self._all_sent() and time.monotonic() < end:
            time.sleep(0.02)
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=5)
        self._loop = None

    def __enter__(self) -> "Preview":
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # What the page's thread does.

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        server = HTTPServer(_application(self))
        server.add_socket(self._socket)
        self._loop = asyncio.get_running_loop()
        self._ready.set()
        await self._stop.wait()
        server.stop()
        await server.close_all_connections()

    def state(self, since: int) -> dict[str, object]:
        """Return what the page does not know yet, as JSON can hold it.

        Parameters
        ----------
        since : int
            Number of steps that the page has had.

        Returns
        -------
        dict
        """
        self._last_asked = time.monotonic()
        ended, shown, known = self._ended, self._shown, len(self._costs)
        when, first = self._began or (time.monotonic(), 0)
        new = self._costs[max(0, since) : known]
        points = new[:: max(1, -(-len(new) // MAX_POINTS))]
        if new and points[-1] is not new[-1]:
            points.append(new[-1])
        self._end_sent = ended
        return {
            "step": shown.step,
            "total": shown.total,
            "version": shown.version,
            "first": first,
            "seconds": time.monotonic() - when,
            "known": known,
            "points": [[step, _finite(costs)] for step, costs in points],
            "ended": ended,
        }

    def jpeg(self) -> bytes | None:
        """Return the latest picture as a JPEG of at most `MAX_SIDE` pixels a side, or None."""
        shown = self._shown
        if shown.pixels is None:
            return None
        if self._jpeg[0] != shown.version:
            self._jpeg = shown.version, encode(shown.pixels)
        self._sent_version = shown.version
        return self._jpeg[1]

    def _all_sent(self) -> bool:
        return self._end_sent and self._sent_version == self._shown.version


def _listening(port: int) -> socket.socket:
    if not 0 <= port <= 65_535:
        raise PreviewError(f"port {port} cannot be had for the preview; give 0 to 65535")
    try:
        listening = socket.create_server((ADDRESS, port))
    except OSError as error:
        raise PreviewError(
            f"port {port} cannot be had for the preview ({error}); choose another, or 0 for any "
            "that is free"
        ) from error
    listening.setblocking(False)
    return listening


def encode(pixels: np.ndarray) -> bytes:
    """Encode a picture for the page.

    Parameters
    ----------
    pixels : array (n_H, n_W, 3)
        RGB, 0-255; values that are not finite numbers become black.

    Returns
    -------
    bytes
        A JPEG; a large picture is averaged down by a whole number.
    """
    rounded = np.clip(np.rint(np.nan_to_num(pixels, posinf=0, neginf=0)), 0, 255)
    image = Image.fromarray(rounded.astype(np.uint8))
    image = image.reduce(max(1, -(-max(image.size) // MAX_SIDE)))
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _finite(costs: Mapping[str, float]) -> dict[str, float | None]:
    values = {name: float(value) for name, value in costs.items()}
    return {name: value if math.isfinite(value) else None for name, value in values.items()}


def _application(preview: Preview) -> Application:
    given = {"preview": preview}
    application = Application(
        log_function=lambda handler: None,
        default_handler_class=_Elsewhere,
        default_handler_args=given,
    )
    handlers = [("/", _Page), ("/state", _State), ("/picture.jpg", _Picture)]
    # By these names only: a page from elsewhere cannot read this one under its own name.
    application.add_handlers(
        r"(127\.0\.0\.1|localhost)", [(where, handler, given) for where, handler in handlers]
    )
    return application


class _Handler(RequestHandler):
    def initialize(self, preview: Preview) -> None:
        self.preview = preview

    def set_default_headers(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Security-Policy", CONTENT_SECURITY)
        self.set_header("X-Content-Type-Options", "nosniff")

    def log_exception(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Say nothing of a wrong address: the terminal is the painting's."""
        if not isinstance(value, HTTPError):
            super().log_exception(kind, value, trace)


class _Elsewhere(_Handler):
    def prepare(self) -> None:
        raise HTTPError(404, "there is no such page")


class _Page(_Handler):
    def get(self) -> None:
        self.write(PAGE.read_bytes())


class _State(_Handler):
    def get(self) -> None:
        try:
            since = int(self.get_query_argument("since", "0"))
        except ValueError as error:
            raise HTTPError(400, "since is no whole number") from error
        self.set_header("Content-Type", "application/json")
        self.write(json.dumps(self.preview.state(since)))


class _Picture(_Handler):
    def get(self) -> None:
        jpeg = self.preview.jpeg()
        if jpeg is None:
            raise HTTPError(404, "no picture yet")
        self.set_header("Content-Type", "image/jpeg")
        self.write(jpeg)
