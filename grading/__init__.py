"""The machinery around the notebooks: build, run, release, autograde, fetch."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COURSE_DIR = ROOT / "course"  # nbgrader's course folder, if no other is named
DEMO_DIR = ROOT / "build" / "course"  # made anew each time; nothing of an instructor's is in it


class CourseError(Exception):
    """Something that the reader can mend; the command line shows it without a traceback."""
