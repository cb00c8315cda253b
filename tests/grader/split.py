"""Submissions for the judge, made of a solution with another cell in it."""

import re
import sys
from importlib import import_module

from grading import ROOT
from grading.lesson import Lesson

# Where the wrong and the right answers are.
sys.path.append(str(ROOT / "tests" / "exercises"))

from answers import Bench

from grading.judge import Times

# Far more than right answers need, on a machine that has other work to do.
PATIENT = Times(call=60.0, cells=120.0, exercise=240.0, submission=900.0)
HASTY = Times(call=4.0, cells=60.0, exercise=60.0, submission=900.0)


def told(verdict):
    """Return all that a student may read."""
    parts = [*verdict.notes, *(problem.sentence for problem in verdict.problems)]
    for exercise in verdict.exercises:
        parts += [exercise.printed, *(test.message + test.where for test in exercise.tests)]
        parts += [text for call in exercise.calls for text in (call.called, call.came, call.right)]
        parts += [exercise.mistake.name, exercise.mistake.sentence] if exercise.mistake else []
    return "\n".join(parts)


def lost(verdict):
    """Return the exercises that got no points."""
    return [exercise.name for exercise in verdict.exercises if exercise.status != "passed"]


class Lab:
    """A notebook, its wrong and its unusual right answers.

    Attributes
    ----------
    lesson : Lesson
    mutants, variants : list
        Each with the exercise it answers, a name and its source.
    maker : Maker
        Makes more of them.
    """

    def __init__(self, name):
        self.lesson = Lesson(name)
        self.mutants = import_module(f"mutants_{name}").MUTANTS
        self.maker = import_module(f"mutants_{name}").MAKER
        self.variants = import_module(f"variants_{name}").VARIANTS
        self._bench = Bench(name, None)

    def cells(self, source=None, exercise=None):
        """Return the cells of the solution, one with a cell in place of what it defines."""
        replaced = {exercise, *re.findall(r"^def (\w+)", source or "", re.MULTILINE)}
        texts = ["import numpy as np"]
        for name, text in self._bench.solution_cells:
            if source is not None and name == exercise:
                texts.append(source)
            elif name is None or name not in replaced:
                texts.append(text)
        return [(f"<cell {number}>", text) for number, text in enumerate(texts, start=1)]
