"""The machinery around the notebooks: build, run, release, autograde, fetch."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class CourseError(Exception):
    """Something that the reader can mend; the command line shows it without a traceback."""
