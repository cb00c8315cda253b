"""One page for one student: the marks, what was called, what came and what is right.

The page is one file that loads nothing, runs nothing and shows whatever a student wrote as text.
Of hidden tests it says how many failed, and nothing else.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from grading import ROOT
from grading.catalogues import PAGES, texts_of
from grading.exports import number
from grading.files import replace_text
from grading.lesson import Lesson
from grading.results import ExerciseResult, Person, Result, hidden_remark, plain, shortened, spoken
from grading.retell import retelling

MOST_BYTES = 300_000  # of a page
MOST_EXERCISES = 60  # on a page
# How many characters of a text, and how many items of a list, are shown: the first pair with which
# the page is small enough. The last one always is.
STEPS = ((20_000, 100), (4_000, 60), (1_000, 40), (400, 20), (150, 8), (60, 3), (40, 1))

TAGS = {"zh": "zh-CN"}  # of a page's language, where its code is not enough

WORDS = {
    "passed": "✓ right",
    "failed": "✗ not right yet",
    "missing": "○ not written",
    "stopped": "■ stopped",
}


@cache
def pages(language: str = "en") -> Environment:
    """Return the templates of all pages in a language. Every value in them is escaped."""
    folder = Path(__file__).with_name("templates")
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.filters["shortened"] = shortened
    environment.globals["language"] = TAGS.get(language, language)
    texts = {} if language == "en" else texts_of(ROOT, language, PAGES)
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: texts.get(text, text), lambda one, many, count: many, newstyle=True
    )
    return environment


def feedback_page(
    result: Result,
    person: Person | None = None,
    title: str | None = None,
    submitted: datetime | None = None,
) -> str:
    """Return the page, of at most `MOST_BYTES` whatever the student wrote.

    Parameters
    ----------
    result : Result
        What to show.
    person : Person, optional
        The student's name.
    title : str, optional
        The assignment's, if it is not made of the notebook's name.
    submitted : datetime, optional
        When it was handed in.
    """
    tell = retelling(Lesson(result.lesson), result.language)
    template = pages(result.language).get_template("feedback.html")
    known: dict[str, Any] = {
        "person": person or Person(result.student),
        "title": plain(title or tell(title_of(result.lesson)), 200),
        "submitted": f"{submitted:%Y-%m-%d %H:%M %Z}".strip() if submitted else "",
        "left_out": max(0, len(result.exercises) - MOST_EXERCISES),
        "words": {status: tell(word) for status, word in WORDS.items()},
        "number": number,
        "percent": _percent,
        "spoken": lambda test: tell(spoken(test)),
        "hidden": lambda exercise: tell(_hidden(exercise)),
        "remarks": lambda exercise: [*map(tell, exercise.remarks())],
    }
    page, result = "", tell.result(result)
    for characters, items in STEPS:
        page = template.render(known, result=_small(result, characters, items))
        if len(page.encode()) <= MOST_BYTES:
            break
    return page


def write_feedback(path: Path, result: Result, **more: Any) -> None:
    """Write the page to a file; it appears whole or not at all.

    Parameters
    ----------
    path : Path
        The file.
    result : Result
        What to show.
    **more
        See `feedback_page`.
    """
    replace_text(path, feedback_page(result, **more))


def title_of(lesson: str) -> str:
    """Return a notebook's name as a title."""
    words = lesson.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _percent(exercise: ExerciseResult) -> int:
    share = exercise.points / exercise.max_points if exercise.max_points else 1.0
    return round(100 * share)


def _hidden(exercise: ExerciseResult) -> str:
    """Return the sentence on hidden tests; empty if there are none."""
    among = sum(test.hidden for test in exercise.tests)
    if exercise.failed_hidden or not among:
        return hidden_remark(exercise)
    if among == 1:
        return "1 further check with other values and shapes"
    return f"{among} further checks with other values and shapes"


def _small(result: Result, characters: int, items: int) -> Result:
    """Return a result with shorter texts and lists."""

    def short(text: str) -> str:
        return shortened(text, characters)

    return replace(
        result,
        reason=short(result.reason),
        exercises=tuple(
            _small_exercise(exercise, short, items)
            for exercise in result.exercises[:MOST_EXERCISES]
        ),
        problems=tuple(
            replace(problem, cell=short(problem.cell), sentence=short(problem.sentence))
            for problem in result.problems[:items]
        ),
        notes=tuple(map(short, result.notes[:items])),
    )


def _small_exercise(
    exercise: ExerciseResult, short: Callable[[str], str], items: int
) -> ExerciseResult:
    """Return an exercise with shorter texts, with the failed ones of its visible tests first."""
    tests = sorted(
        (test for test in exercise.tests if not test.hidden), key=lambda test: test.passed
    )
    kept = {id(test) for test in tests[:items]}
    mistake = exercise.mistake
    return replace(
        exercise,
        tests=tuple(
            t
            if t.hidden
            else replace(t, name=short(t.name), message=short(t.message), where=short(t.where))
            for t in exercise.tests
            if t.hidden or id(t) in kept
        ),
        mistake=mistake
        and replace(mistake, name=short(mistake.name), sentence=short(mistake.sentence)),
        calls=tuple(
            replace(c, called=short(c.called), came=short(c.came), right=short(c.right))
            for c in exercise.calls[:items]
        ),
        printed=short(exercise.printed),
    )
