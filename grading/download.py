"""A file from one of several addresses, resumed where it broke off, checked before it counts."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import requests
import urllib3
from tqdm import tqdm

CHUNK = 1 << 13  # bytes; what of one has come when a connection breaks off is lost
PATIENCE = 30.0  # seconds without a byte
TRIES = 4  # at one address, as long as each brings something

STATUS = {
    401: "wants a password",
    403: "refuses (403)",
    404: "does not have the file (404)",
    407: "cannot be asked: the proxy wants a name and a password (HTTPS_PROXY=http://NAME:"
    "PASSWORD@HOST:PORT)",
    410: "does not have the file any more (410)",
    429: "is asked too often (429)",
}

REASONS = {  # the narrower kind first
    requests.exceptions.SSLError: "has a certificate that is not trusted here; if a proxy reads "
    "along, name its own certificate in REQUESTS_CA_BUNDLE",
    requests.exceptions.TooManyRedirects: "redirects in a circle",
    requests.exceptions.ChunkedEncodingError: "broke off",
    requests.exceptions.ConnectionError: "cannot be reached (is this machine online?)",
}


class DownloadError(Exception):
    """No address gave the file; the text says for each of them why."""


class _AddressError(Exception):
    """One address did not give the file."""


def download(
    urls: Sequence[str],
    part: Path,
    size: int,
    fault: Callable[[Path], str],
    patience: float = PATIENCE,
) -> None:
    """Bring a file from the first address that gives it.

    Parameters
    ----------
    urls : sequence of str
        The best first. All of them hold the same bytes.
    part : Path
        Where it goes. What is there already is taken for the beginning of it.
    size : int
        Its length in bytes.
    fault : callable
        Says what is wrong with the whole file, or nothing.
    patience : float
        Seconds to wait for the next byte.

    Raises
    ------
    DownloadError
        No address gave it. What came stays in `part`, if it can be the beginning of the file.
    OSError
        It cannot be written.
    """
    reasons = []
    for url in urls:
        try:
            _from_one(url, part, size, fault, patience)
            return
        except _AddressError as error:
            reasons.append(f"{urlsplit(url).netloc} {error}")
            if part.exists() and not _length(part):
                part.unlink()
    raise DownloadError("; ".join(reasons))


def _from_one(
    url: str, part: Path, size: int, fault: Callable[[Path], str], patience: float
) -> None:
    """Go on with what is there; if that gives a wrong file, try once more from the beginning."""
    for _ in range(2):
        is_resumed = _length(part) > 0
        _complete(url, part, size, patience)
        wrong = fault(part)
        if not wrong:
            return
        part.unlink()
        if not is_resumed:
            break
    raise _AddressError(f"sends another file: {wrong}")


def _complete(url: str, part: Path, size: int, patience: float) -> None:
    """Ask for what is missing until nothing is, or an attempt brings nothing."""
    if _length(part) > size:
        part.unlink()
    for attempt in range(1, TRIES + 1):
        before = _length(part)
        if before == size:
            return
        try:
            _ask(url, part, size, patience)
            broken: Exception | None = None
        except requests.exceptions.RequestException as error:
            broken = error
        after = _length(part)
        if after < size and (after <= before or attempt == TRIES):
            reason = _reason(broken, patience) if broken else "broke off"
            raise _AddressError(f"{reason} at {after} of {size} bytes" if after else reason)


def _ask(url: str, part: Path, size: int, patience: float) -> None:
    """Ask once, for the rest of the file if there is a beginning, and keep what comes."""
    have = _length(part)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with requests.get(url, headers=headers, stream=True, timeout=(patience, patience)) as answer:
        if have and not _is_the_rest(answer, have, size) and answer.status_code in (206, 416):
            part.unlink()  # it does not know how to send the rest, so ask for all of it
            _ask(url, part, size, patience)
            return
        _check(answer, size)
        start = have if answer.status_code == 206 else 0
        _keep(answer, part, start, size)


def _is_the_rest(answer: requests.Response, have: int, size: int) -> bool:
    said = answer.headers.get("Content-Range", "")
    return answer.status_code == 206 and said.startswith(f"bytes {have}-{size - 1}/")


def _check(answer: requests.Response, size: int) -> None:
    """Refuse an answer that cannot be the file, before its bytes come."""
    status = answer.status_code
    if status not in (200, 206):
        raise _AddressError(STATUS.get(status, f"has a fault of its own ({status})"))
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        raise _AddressError(
            "answers with a web page; does this network want you to sign in first?"
        )
    said = answer.headers.get("Content-Length", "")
    is_plain = "Content-Encoding" not in answer.headers
    if status == 200 and is_plain and said.isdigit() and int(said) != size:
        raise _AddressError(f"announces {said} bytes; the file has {size}")


def _keep(answer: requests.Response, part: Path, start: int, size: int) -> None:
    bar = tqdm(
        total=size,
        initial=start,
        unit="B",
        unit_scale=True,
        desc=part.name.removesuffix(".part"),
        mininterval=0.5,
    )
    with bar, part.open("r+b" if start else "wb") as file:
        file.seek(start)
        for chunk in answer.iter_content(CHUNK):
            if file.tell() + len(chunk) > size:
                file.truncate(0)
                raise _AddressError(f"sends more than the {size} bytes of the file")
            file.write(chunk)
            bar.update(len(chunk))


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _reason(error: Exception, patience: float) -> str:
    """Say in plain words what kept an address from being read."""
    cause = error.args[0] if error.args else None
    is_stalled = isinstance(cause, urllib3.exceptions.ReadTimeoutError)
    if is_stalled or isinstance(error, requests.exceptions.ReadTimeout):
        return f"sent nothing for {patience:g} s"
    if isinstance(error, requests.exceptions.ProxyError):
        return f"is behind a proxy that does not answer or refuses ({_proxy()})"
    known = (reason for kind, reason in REASONS.items() if isinstance(error, kind))
    return next(known, f"cannot be asked ({type(error).__name__})")


def _proxy() -> str:
    """Name the proxy that the environment sets, without the password that may stand in it."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        if os.environ.get(name):
            place = urlsplit(os.environ[name])
            return f"{name} names {place.hostname}:{place.port}"
    return "the system's settings name it"
