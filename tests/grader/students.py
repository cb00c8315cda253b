"""Zygotes with the stand-in for `grading.student`, and the talk with their students."""

from pathlib import Path

import pytest

from grading.confinement import Limits
from grading.isolation import View, available
from grading.zygote import Program, Zygote

STAND_IN = Path(__file__).with_name("stand_in.py")
SOON = 60.0  # seconds, far more than any answer needs

needs_isolation = pytest.mark.skipif(not available().complete, reason=available().remedy)

SMALL = Limits(
    cpu_seconds=20,
    wall_seconds=60,
    memory_bytes=256 << 20,
    disk_bytes=4 << 20,
    files=50,
    threads=32,
    open_files=40,
    output_bytes=1000,
    printed_bytes=20_000_000,
)


def small_zygote(limits=SMALL, extra=(), hide=(), **options):
    """A zygote with little to import, whose students obey `run`."""
    program = options.pop("program", Program("stand_in:serve", ("numpy",)))
    view = View(extra=(STAND_IN, *extra), hide=tuple(hide))
    return Zygote(limits, program=program, view=view, **options)


def run(student, source, arrays=(), seconds=SOON):
    """Run a cell in a student's process; return its `answer`, or the error as a text."""
    student.channel.send({"run": source}, arrays)
    message, _ = student.channel.receive(seconds)
    return message["answer"] if "answer" in message else f"{message['error']}: {message['text']}"
