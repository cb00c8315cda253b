"""Who sent a file, by the name that a learning platform gave it.

Each platform puts the student into the names in the zip that it makes of all submissions:
Moodle and Brightspace into folders (older Moodle into file names), Canvas and Blackboard into file
names, nbgrader's exchange into folders.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Sender:
    """What a name says about who sent it.

    Attributes
    ----------
    platform : str
        Which platform writes names so.
    student : str
        The student's id there.
    name : str, or None
        The student's name for people to read.
    submitted : datetime, or None
        When, with its time zone.
    """

    platform: str
    student: str
    name: str | None = None
    submitted: datetime | None = None


# Ana Li_123456_assignsubmission_file_ (a folder, or the beginning of a file's name). The number
# is the one in Moodle's grading worksheet: "Participant 123456".
_MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)(?:_.*)?", re.DOTALL
)
# liana_LATE_123_45678_art.ipynb; with anonymous marking anon_LATE_x7Yz2_45678_art.ipynb.
# What looks like a date (ana_2024_01_31_art.ipynb) is none of Canvas's names.
_CANVAS = re.compile(
    r"(?P<name>[^_/]*[^\W\d_][^_/]*)_(?:LATE_)?(?!(?:19|20)\d\d_\d{1,2}(?:_|\b))"
    r"(?P<id>\d+|(?<=anon_)\w{5}|(?<=anon_LATE_)\w{5})_(?:\d+_[^/]+|text\.html)"
)
# Style transfer_ana07_attempt_2024-01-31-13-45-10_art.ipynb, and a .txt about the attempt.
_BLACKBOARD = re.compile(
    r"(?:.+_)?(?P<id>[^_/]+)_attempt_(?P<time>\d{4}(?:-\d\d){5})(?:_.+|\.txt)", re.DOTALL
)
# 12345-67890 - Ana Li - Jan 31, 2024 145 PM (a folder; the colon of the time is left out).
_BRIGHTSPACE = re.compile(
    r"(?P<id>\d{3,})-\d{3,} ?- ?(?P<name>.+?)(?: ?- ?(?P<time>[^-]*\d{4}[^-]*))?"
)
# ana+art_generation+2024-01-31 13:45:10.123456 UTC+c2VjcmV0 (the exchange's inbound folder).
_EXCHANGE = re.compile(
    r"(?P<id>[^+/]+)\+[^+/]+\+(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^+]*)(?:\+.*)?"
)
_LONGEST = 500  # no platform writes longer names; a zip made to hurt may hold some of 65535
_FIRST_LINE = re.compile(r"Name:\s*(?P<name>.+?)\s*\((?P<id>[^()]+)\)\s*$", re.MULTILINE)


def sender(part: str) -> Sender | None:
    """Read one name of a folder, an archive or a file.

    Parameters
    ----------
    part : str
        The name, as the platform wrote it.

    Returns
    -------
    Sender or None
        None if no platform writes names like this.
    """
    if len(part) > _LONGEST:
        return None
    for read in (_moodle, _blackboard, _exchange, _brightspace, _canvas):
        found = read(part)
        if found is not None:
            return found
    return None


def blackboard_name(text: str) -> tuple[str, str] | None:
    """Return the user name and the name in Blackboard's text about an attempt, if it has them."""
    found = _FIRST_LINE.search(text[:2000])
    return (found["id"].strip(), found["name"]) if found else None


def timestamp(text: str) -> datetime | None:
    """Read the time in nbgrader's `timestamp.txt`: `2024-01-31 13:45:10.123456 UTC`.

    Parameters
    ----------
    text : str
        Its text; a time without a zone is taken as UTC, which nbgrader writes.
    """
    day, _, rest = text.strip()[:100].partition(" ")
    hour, _, zone = rest.partition(" ")
    try:
        when = datetime.fromisoformat(f"{day}T{hour}" if hour else day)
        if when.tzinfo is None:
            when = when.replace(tzinfo=ZoneInfo(zone.strip() or "UTC"))
        return when.astimezone(UTC)
    except (ValueError, LookupError, OSError, OverflowError):  # no time, or no such zone
        return None


def _moodle(part: str) -> Sender | None:
    found = _MOODLE.fullmatch(part)
    return found and Sender("Moodle", found["id"], found["name"])


def _canvas(part: str) -> Sender | None:
    found = _CANVAS.fullmatch(part)
    return found and Sender("Canvas", found["id"], found["name"])


def _blackboard(part: str) -> Sender | None:
    found = _BLACKBOARD.fullmatch(part)
    return found and Sender(
        "Blackboard", found["id"], submitted=_time(found["time"], "%Y-%m-%d-%H-%M-%S")
    )


def _exchange(part: str) -> Sender | None:
    found = _EXCHANGE.fullmatch(part)
    return found and Sender("nbgrader", found["id"], submitted=timestamp(found["time"]))


def _brightspace(part: str) -> Sender | None:
    found = _BRIGHTSPACE.fullmatch(part)
    if found is None:
        return None
    formats = ("%b %d, %Y %I%M %p", "%B %d, %Y %I%M %p", "%d %B, %Y %H%M", "%d %B %Y %H%M")
    times = [_time(found["time"] or "", form) for form in formats]
    when = next((time for time in times if time), None)
    return Sender("Brightspace", found["id"], found["name"], when)


def _time(text: str, form: str) -> datetime | None:
    """Read a platform's time; it names no zone, so the zone of this machine is taken."""
    try:
        return datetime.strptime(" ".join(text.split()), form).astimezone()
    except (ValueError, OverflowError, OSError):
        return None
