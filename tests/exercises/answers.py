"""What the tests of the checks share: right and wrong answers, a bench that judges any of them."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from textwrap import dedent, indent
from types import ModuleType

import jupytext

from grading import ROOT
from grading.submission import load_functions


@dataclass(frozen=True)
class Variant:
    """A right cell.

    Attributes
    ----------
    exercise : str
        The exercise that it answers.
    name : str
        What tells it from the others of its exercise.
    source : str
        The text of the cell.
    """

    exercise: str
    name: str
    source: str


def variant(exercise: str, name: str, source: str) -> Variant:
    """Return a right cell from indented text."""
    return Variant(exercise, name, dedent(source).lstrip())


@dataclass(frozen=True)
class Mutant:
    """A wrong cell.

    Attributes
    ----------
    exercise : str
        The exercise that it must lose.
    name : str
        What tells it from the others of its exercise.
    why : str
        The mistake, and how it shows.
    source : str
        The text of the cell, which takes the place of the cells of every function it defines.
    """

    exercise: str
    name: str
    why: str
    source: str


@dataclass(frozen=True)
class Maker:
    """Makes wrong cells of the bodies of functions.

    Attributes
    ----------
    signatures : mapping of str to str
        For each exercise its first line, without ``def`` and the colon.
    """

    signatures: Mapping[str, str]

    def write(self, exercise: str, body: str) -> str:
        """Return the text of a cell that defines the exercise function with this body."""
        return f"def {self.signatures[exercise]}:\n{indent(dedent(body).strip(), '    ')}\n"

    def mutant(self, exercise: str, name: str, why: str, body: str) -> Mutant:
        """Return a wrong cell."""
        return Mutant(exercise, name, why, self.write(exercise, body))

    def of_each(self, name: str, why: str, body: str) -> list[Mutant]:
        """Return a wrong cell for each exercise; EXERCISE stands for its name in the body."""
        return [
            self.mutant(exercise, name, why, body.replace("EXERCISE", exercise))
            for exercise in self.signatures
        ]

    def starters(self) -> tuple[list[Mutant], list[Mutant], list[Mutant]]:
        """Return what can be left of a starter: untouched, giving None, and no Python."""
        return (
            self.of_each(
                "untouched starter",
                "as released: it raises",
                'raise NotImplementedError("EXERCISE: write the body")',
            ),
            self.of_each(
                "returns None", "an old starter's placeholder is left", "J = None\nreturn J"
            ),
            self.of_each("syntax error", "the cell defines nothing", "J = = 0\nreturn J"),
        )


def ident(item) -> str:
    """Name a right or a wrong cell in pytest's list."""
    return f"{item.exercise}: {item.name}"


@dataclass
class Bench:
    """A notebook's solution and its checks.

    Attributes
    ----------
    notebook : str
        The notebook's name.
    checks : module
        Its exercise tests.
    """

    notebook: str
    checks: ModuleType

    @cached_property
    def solution_cells(self) -> list[tuple[str | None, str]]:
        """The code cells of the solution: exercise or None, and text."""
        source = ROOT / "notebooks" / "source" / f"{self.notebook}.py"
        cells = [c for c in jupytext.read(source).cells if c.cell_type == "code"]
        return [(c.metadata.get("exercise"), c.source) for c in cells]

    def functions_with(self, source: str, exercise: str, folder: Path) -> dict[str, Callable]:
        """Load the solution, with one cell in place of the exercises that it defines."""
        replaced = {exercise, *re.findall(r"^def (\w+)", source, re.MULTILINE)}
        above, below = ["import numpy as np"], []
        part = above
        for name, text in self.solution_cells:
            if name == exercise:
                part = below
            elif name not in replaced:
                part.append(text)
        return _loaded(["\n\n".join(above), source, "\n\n".join(below)], folder)

    def functions_of(self, exercise: str, folder: Path) -> dict[str, Callable]:
        """Load the solution of one exercise and of no other."""
        texts = [text for name, text in self.solution_cells if name in {exercise, None}]
        return _loaded(["\n\n".join(texts)], folder)

    def checks_of(self, exercise: str) -> list[Callable]:
        """Return the tests of an exercise, the hidden ones too."""
        tests = [t for name, t in vars(self.checks).items() if name.startswith("test_")]
        return [t for t in tests if list(inspect.signature(t).parameters) == [exercise]]

    def failures(self, functions: dict[str, Callable], exercise: str) -> list[str]:
        """Return the message of every test of the exercise that fails."""
        if exercise not in functions:
            return [f"{exercise} is not defined"]
        messages = []
        for test in self.checks_of(exercise):
            try:
                test(functions[exercise])
            except (AssertionError, NotImplementedError) as error:
                messages.append(str(error).split("\nassert")[0])  # pytest adds the values
        return messages


def _loaded(texts: list[str], folder: Path) -> dict[str, Callable]:
    path = folder / "submission.py"
    path.write_text("".join(f"# %%\n{text}\n\n" for text in texts), encoding="utf-8")
    return load_functions(path)
