"""Submissions for the judge, made of a solution with another cell in it."""

import re
import sys
from importlib import import_module

from grading import ROOT
from grading.build import Lesson

# Where the wrong and the right answers are.
sys.path.append(str(ROOT / "tests" / "exercises"))

from answers import Bench


class Lab:
    """A notebook, its wrong and its unusual right answers.

    Attributes
    ----------
    lesson : Lesson
    mutants, variants : list
        Each with the exercise it answers, a name and its source.
    """

    def __init__(self, name):
        self.lesson = Lesson(name)
        self.mutants = import_module(f"mutants_{name}").MUTANTS
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
