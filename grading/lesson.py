"""The files of a notebook, and the exercises in it."""

import re
from dataclasses import dataclass
from pathlib import Path

from grading import ROOT

EXERCISE = re.compile(r'^# %%.*\bexercise="(\w+)"', re.MULTILINE)


@dataclass(frozen=True)
class Lesson:
    """The files of one notebook under the course's root folder."""

    name: str
    root: Path = ROOT

    @property
    def source(self) -> Path:
        """What an author edits."""
        return self.root / "notebooks" / "source" / f"{self.name}.py"

    @property
    def tests(self) -> Path:
        """What is right."""
        return self.root / "tests" / "exercises" / f"test_{self.name}.py"

    @property
    def mistakes(self) -> Path:
        """What is known to go wrong."""
        return self.root / "tests" / "exercises" / f"mistakes_{self.name}.py"

    @property
    def student(self) -> Path:
        """What a student opens: generated and committed."""
        return self.root / "notebooks" / f"{self.name}.ipynb"

    def student_in(self, language: str) -> Path:
        """What a student opens in a language: generated and committed."""
        if language == "en":
            return self.student
        return self.root / "notebooks" / language / f"{self.name}.ipynb"

    @property
    def solved(self) -> Path:
        """nbgrader's source: generated, not committed."""
        return self.root / "build" / "solved" / f"{self.name}.ipynb"

    @property
    def exercises(self) -> list[str]:
        """The names of its exercise functions, in order."""
        return EXERCISE.findall(self.source.read_text(encoding="utf-8"))


def lessons(root: Path = ROOT) -> list[Lesson]:
    """Return every notebook that has a source, in alphabetical order."""
    return [Lesson(p.stem, root) for p in sorted((root / "notebooks" / "source").glob("*.py"))]
