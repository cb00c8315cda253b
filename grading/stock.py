"""Stock nbgrader, called from Python with the course folder's own settings."""

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config, PyFileConfigLoader

from grading import CourseError

CONFIG_FILE = Path(__file__).with_name("nbgrader_config.py")
CONFIG_NAME = CONFIG_FILE.name
LOG_NAME = "nbgrader.log"


class ConvertError(CourseError):
    """nbgrader could not convert something.

    Attributes
    ----------
    reason : str
        The error that its log shows, in one line.
    """

    def __init__(self, step: str, reason: str, log_file: Path) -> None:
        super().__init__(f"nbgrader {step} failed: {reason}; its log is {log_file}")
        self.reason = reason


class _Errors(logging.Handler):
    """Finds in nbgrader's log the error that explains a failure."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.reason = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Take the last error that is logged where it is caught."""
        if error := sys.exc_info()[1]:
            first_line = str(error).strip().partition("\n")[0]
            self.reason = f"{type(error).__name__}: {first_line}"


def load_config(path: Path = CONFIG_FILE) -> Config:
    """Read nbgrader settings the way nbgrader itself reads them."""
    if not path.is_file():
        raise CourseError(f"{path} is missing; make the course folder with: course release")
    return PyFileConfigLoader(path.name, path=str(path.parent)).load_config()


def course_directory(course_dir: Path, assignment: str, student: str = "*") -> CourseDirectory:
    """Name one assignment (and one student, or all) of a course folder.

    Parameters
    ----------
    course_dir : Path
        The folder with `nbgrader_config.py`.
    assignment, student : str
        Their names; `student` may be a glob pattern.
    """
    return CourseDirectory(
        config=load_config(course_dir / CONFIG_NAME),
        root=str(course_dir.resolve()),
        assignment_id=assignment,
        student_id=student,
    )


def convert(
    step: type[BaseConverter], directory: CourseDirectory, extra: Config | None = None
) -> None:
    """Run one of nbgrader's converters; its log goes to `nbgrader.log` in the course folder.

    Parameters
    ----------
    step : type[BaseConverter]
        `GenerateAssignment`, `Autograde` or `GenerateFeedback`.
    directory : CourseDirectory
        What to convert.
    extra : Config, optional
        Settings on top of the folder's own.

    Raises
    ------
    CourseError
        If nbgrader could not convert something, with the reason that its log gives; what it could
        convert stands.
    """
    config = directory.config.copy()
    config.merge(extra or Config())
    log_file = Path(directory.root) / LOG_NAME
    _add_to_path(Path(sys.executable).parent)
    with (
        log_file.open("a", encoding="utf-8") as stream,
        _stderr_into(stream),
        warnings.catch_warnings(record=True) as caught,
    ):
        errors = _Errors()
        log = _logger(step.__name__, stream)
        log.addHandler(errors)
        try:
            step(coursedir=directory, config=config, log=log, force=True).start()
        except NbGraderException as error:
            raise ConvertError(step.__name__, errors.reason or str(error), log_file) from error
        finally:
            for warning in caught:
                log.warning("%s", warning.message)


def _add_to_path(programs: Path) -> None:
    """Let nbgrader find `alembic`, which it calls by its bare name, without `activate`."""
    path = os.environ.get("PATH", "").split(os.pathsep)
    if str(programs) not in path:
        os.environ["PATH"] = os.pathsep.join([str(programs), *path])


def _logger(name: str, stream: TextIO) -> logging.Logger:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log = logging.Logger(name, logging.INFO)
    log.addHandler(handler)
    return log


@contextmanager
def _stderr_into(file: TextIO) -> Iterator[None]:
    """Send what kernels write to the terminal's stderr (TensorFlow's log lines) to a file."""
    sys.stderr.flush()
    terminal = os.dup(2)
    os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
