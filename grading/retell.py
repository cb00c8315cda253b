"""What the grader says of a submission, in the student's language.

Tests and known mistakes speak English while they judge, so that a result does not depend on a
language. Here its sentences are recognised again by the texts that made them, with values for
their placeholders, and put together from the translation of these texts. A sentence that
nobody has translated, and what the student wrote, stays as it is.
"""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

from grading.catalogues import PAGES, templates_of, texts_of
from grading.lesson import Lesson
from grading.results import CellProblem, ExerciseResult, Result
from grading.sentences import cut

_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?|inf|nan)")
DEPTH = 5  # sentences in sentences: a call in an error in a hint


@dataclass(frozen=True)
class _Pattern:
    """A text with placeholders, and its translation.

    Attributes
    ----------
    fixed : tuple of str
        What stands before, between and behind the placeholders.
    placeholders : tuple of str
        In their order.
    said : str
        The translation.
    opens : bool
        Whether it goes on where another sentence ends.
    """

    fixed: tuple[str, ...]
    placeholders: tuple[str, ...]
    said: str
    opens: bool

    @property
    def weight(self) -> int:
        """How much of it is fixed."""
        return sum(map(len, self.fixed))

    def values(self, text: str) -> list[str] | None:
        """Return what stands for the placeholders in a text, or None; in linear time."""
        first, last = self.fixed[0], self.fixed[-1]
        if not (text.startswith(first) and text.endswith(last)):
            return None
        begin, end = len(first), len(text) - len(last)
        found = []
        for index, fixed in enumerate(self.fixed[1:-1]):
            place = self._place(index, fixed, text[:end], begin)
            if place < 0:
                return None
            found.append(text[begin:place])
            begin = place + len(fixed)
        return [*found, text[begin:end]] if begin <= end else None

    def _place(self, index: int, fixed: str, text: str, begin: int) -> int:
        """Return where the piece behind a placeholder stands; where one is due, a number comes."""
        if _is_number(self.placeholders[index]):
            number = _NUMBER.match(text, begin)
            return number.end() if number and text.startswith(fixed, number.end()) else -1
        place = text.find(fixed, begin)
        while place >= 0 and _is_number(self.placeholders[index + 1]):
            if _NUMBER.match(text, place + len(fixed)):
                break
            place = text.find(fixed, place + 1)
        return place


def _is_number(placeholder: str) -> bool:
    return bool(re.search(r":[.\d]*[defg]\}$", placeholder))


class Retelling:
    """Puts sentences into another language.

    Parameters
    ----------
    texts : mapping of str to str
        From sentences to their translations.
    templates : set of str
        Those of the sentences into which values were filled.
    """

    def __init__(
        self, texts: Mapping[str, str] = MappingProxyType({}), templates: Set[str] = frozenset()
    ) -> None:
        self._exact = {text: said for text, said in texts.items() if text not in templates}
        patterns = [_pattern(text, texts[text]) for text in templates & texts.keys()]
        endings = [_ending(text, said) for text, said in self._exact.items()]
        # A whole sentence comes before the end of one, and what is longer before what is shorter.
        self._patterns = sorted([*patterns, *endings], key=lambda p: (p.opens, -p.weight, p.fixed))

    def __call__(self, text: str, depth: int = DEPTH) -> str:
        """Return a text in the other language, as far as it is known."""
        if text in self._exact or not depth or not text:
            return self._exact.get(text, text)
        for pattern in self._patterns:
            values = pattern.values(text)
            if values is not None:
                values_told = [self(value, depth - 1) for value in values]
                if values_told != values or re.search(r"\w", "".join(pattern.fixed)):
                    return _filled(pattern, values_told)
        return text

    def result(self, result: Result) -> Result:
        """Return a result with its sentences in the other language."""
        return replace(
            result,
            reason=self(result.reason),
            exercises=tuple(map(self._exercise, result.exercises)),
            problems=tuple(CellProblem(p.cell, self(p.sentence)) for p in result.problems),
            notes=tuple(map(self, result.notes)),
        )

    def _exercise(self, exercise: ExerciseResult) -> ExerciseResult:
        mistake = exercise.mistake
        return replace(
            exercise,
            tests=tuple(replace(t, message=self(t.message)) for t in exercise.tests),
            mistake=mistake
            and replace(mistake, name=self(mistake.name), sentence=self(mistake.sentence)),
            calls=tuple(
                replace(c, called=self(c.called), came=self(c.came), right=self(c.right))
                for c in exercise.calls
            ),
        )


@lru_cache(maxsize=64)
def retelling(lesson: Lesson, language: str) -> Retelling:
    """Return what tells results of a notebook in a language; in English nothing changes.

    Parameters
    ----------
    lesson : Lesson
        The notebook; it may be missing, as with results from elsewhere.
    language : str
        Its code, such as zh.
    """
    if language == "en":
        return Retelling()
    catalogues = [(lesson.root, language, name) for name in (PAGES, lesson.name)]
    texts = {text: s for c in catalogues for text, s in texts_of(*c).items()}
    return Retelling(texts, set().union(*(templates_of(*c) for c in catalogues)))


def told(result: Result, exercise: ExerciseResult) -> list[str]:
    """Return what a student is told about an exercise, in the language of the notebook."""
    tell = retelling(Lesson(result.lesson), result.language)
    return [tell(remark) for remark in exercise.remarks()]


def _pattern(template: str, said: str) -> _Pattern:
    fixed, placeholders = cut(template)
    if fixed[0][:1] in (" ", ","):
        return _Pattern(("", *fixed), ("", *placeholders), said, True)
    return _Pattern(fixed, placeholders, said, False)


def _ending(text: str, said: str) -> _Pattern:
    """Return the pattern of a whole sentence at the end of another one."""
    end = text if text.startswith(" ") else f". {text}"
    return _Pattern(("", end), ("",), said if text.startswith(" ") else f". {said}", True)


def _filled(pattern: _Pattern, values: list[str]) -> str:
    """Put values into the translation of a pattern, those of equal placeholders in order."""
    start, names = "", pattern.placeholders
    if pattern.opens:
        start, values, names = values[0], values[1:], names[1:]
        if not names:
            return start + pattern.said
    waiting: dict[str, list[str]] = {}
    for name, value in zip(names, values, strict=True):
        waiting.setdefault(name, []).append(value)
    fixed, placeholders = cut(pattern.said)
    told = [waiting[placeholder].pop(0) for placeholder in placeholders]
    return start + "".join(a + b for a, b in zip(fixed, [*told, ""], strict=True))
