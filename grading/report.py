"""One page on a whole class: how the marks are spread, what went wrong where, what needs a person.

Like a feedback page it is one file that loads nothing and runs nothing. Its figures are drawn by
Matplotlib as SVG, in the page's own colours, and each has its numbers beside it as text.
"""

import io
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from grading.exports import number
from grading.feedback import pages, title_of
from grading.files import replace_text
from grading.results import Person, Result, plain, shortened

MOST_BYTES = 1_000_000  # of a page
# How many rows of a table, and how many characters of a reason, are shown: the first pair with
# which the page is small enough.
STEPS = ((1_000, 300), (1_000, 100), (500, 100), (200, 100), (50, 50))
MOST_MISTAKES = 5  # of an exercise
MOST_SLOW = 10
MOST_GROUPS = 20  # of students with the same file, and of notes
MOST_NAMES = 20
NAME, SENTENCE, NAME_OF_PAGE = 40, 400, 200  # characters

BINS = 10  # of the histogram
KINDS = ("passed", "failed", "missing", "stopped")
LABELS = {"passed": "right", "failed": "not right", "missing": "not written", "stopped": "stopped"}

# Matplotlib draws in these colours; in the page they become the page's, light or dark.
_PAGE_COLOURS = {
    "#010101": "var(--ink)",
    "#020202": "var(--soft)",
    "#030303": "var(--line)",
    "#040404": "var(--bar-right)",
    "#050505": "var(--bar-wrong)",
    "#060606": "var(--bar-none)",
    "#070707": "var(--bar-odd)",
    "#080808": "var(--hint)",
}
INK, SOFT, LINE, RIGHT, WRONG, NONE, ODD, HINT = _PAGE_COLOURS
COLOURS = {"passed": RIGHT, "failed": WRONG, "missing": NONE, "stopped": ODD}
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": SOFT,
    "axes.edgecolor": LINE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
}


def class_report(
    results: Iterable[Result],
    title: str = "Class report",
    people: Mapping[str, Person] | None = None,
    link: Callable[[Result], str] | None = None,
    made: str = "",
) -> str:
    """Return the page, of at most `MOST_BYTES` for a thousand submissions.

    Parameters
    ----------
    results : iterable of Result
        Of one lesson or several; at most one of a student and lesson.
    title : str, optional
        The page's.
    people : mapping of str to Person, optional
        Names, by the student's id.
    link : callable, optional
        Gives the address of a student's feedback page, relative to this one and quoted.
    made : str, optional
        A line under the title, such as the date.
    """
    known = people or {}

    def student(result: Result) -> Markup:
        person = known.get(result.student) or Person(result.student)
        name = Markup("<bdi>{}</bdi>").format(shortened(person.name, NAME))
        return Markup('<a href="{}">{}</a>').format(link(result), name) if link else name

    lessons = defaultdict(list)
    for result in results:
        lessons[result.lesson].append(result)
    facts = [_lesson(name, lessons[name], f"f{i}") for i, name in enumerate(sorted(lessons))]
    template = pages().get_template("report.html")
    page = ""
    for most_rows, most_characters in STEPS:
        page = template.render(
            title=plain(title, NAME_OF_PAGE),
            made=plain(made, NAME_OF_PAGE),
            lessons=facts,
            student=student,
            number=number,
            most_rows=most_rows,
            most_characters=most_characters,
        )
        if len(page.encode()) <= MOST_BYTES:
            break
    return page


def write_report(path: Path, results: Iterable[Result], **more: Any) -> None:
    """Write the page to a file; it appears whole or not at all.

    Parameters
    ----------
    path : Path
        The file.
    results : iterable of Result
        What to show.
    **more
        See `class_report`.
    """
    replace_text(path, class_report(results, **more))


# --- the numbers --------------------------------------------------------------------------------


def _lesson(name: str, results: Sequence[Result], prefix: str) -> dict[str, Any]:
    """Return everything that the page shows of one lesson."""
    graded = [result for result in results if result.status == "graded"]
    by_name = sorted(results, key=lambda result: result.student)
    facts: dict[str, Any] = {
        "title": title_of(name),
        "count": len(results),
        "graded": len(graded),
        "ungradable": [result for result in by_name if result.status == "ungradable"],
        "slowest": _slowest(results),
        "notes": _notes(results),
        "alike": _alike(by_name),
    }
    if graded:
        exercises = _exercises(graded)
        facts |= _spread(graded, prefix) | {
            "exercises": exercises,
            "rates": _rates_figure(exercises, len(graded), f"{prefix}r"),
            "rows": [_row(result, exercises) for result in by_name],
        }
    return facts


def _spread(graded: Sequence[Result], prefix: str) -> dict[str, Any]:
    """Return the middle of the marks, and their figure."""
    points = [result.points or 0.0 for result in graded]
    shares = [100 * (result.share or 0.0) for result in graded]
    counts = Counter(min(int(share // (100 / BINS)), BINS - 1) for share in shares)
    heights = [counts[i] for i in range(BINS)]
    mean, median = statistics.fmean(shares), statistics.median(shares)
    caption = (
        f"Graded submissions: {len(graded)}. Mean {mean:.1f} %, median {median:.1f} %. "
        f"Less than 10 %: {heights[0]}. 90 % or more: {heights[-1]}."
    )
    return {
        "max_points": max(result.max_points or 0.0 for result in graded),
        "mean": f"{statistics.fmean(points):.1f}",
        "median": f"{statistics.median(points):.1f}",
        "full": sum(result.points == result.max_points for result in graded),
        "spread": _spread_figure(heights, median, caption, f"{prefix}s"),
        "spread_caption": caption,
    }


def _exercises(graded: Sequence[Result]) -> list[dict[str, Any]]:
    """Return for each exercise how many got it right, and what the others did."""
    found = defaultdict(list)
    for result in graded:
        for exercise in result.exercises:
            found[exercise.name].append(exercise)
    rows = []
    for name, exercises in found.items():
        kinds: Counter[str] = Counter(exercise.status for exercise in exercises)
        rows.append(
            {
                "name": name,
                "short": Markup("<wbr>").join(
                    part + "_" for part in name.removeprefix("compute_").split("_")
                )[:-1],
                **{kind: kinds[kind] for kind in KINDS},
                "lost": len(exercises) - kinds["passed"],
                "share": round(100 * kinds["passed"] / len(exercises)),
                "mistakes": _mistakes(exercises),
            }
        )
    return rows


def _mistakes(exercises: Iterable[Any]) -> list[dict[str, Any]]:
    """Return the commonest mistakes; the last has no name, and stands for all unknown ones."""
    tried = [e for e in exercises if e.status in {"failed", "stopped"}]
    counts = Counter(e.mistake.name for e in tried if e.mistake)
    sentences = {e.mistake.name: e.mistake.sentence for e in tried if e.mistake}
    common = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_MISTAKES]
    rows = [
        {"count": count, "name": name, "sentence": shortened(sentences[name], SENTENCE)}
        for name, count in common
    ]
    unknown = sum(e.mistake is None for e in tried)
    return [*rows, {"count": unknown, "name": "", "sentence": ""}] if unknown else rows


def _slowest(results: Sequence[Result]) -> list[dict[str, Any]]:
    slow = sorted(results, key=lambda result: (-result.seconds, result.student))[:MOST_SLOW]
    return [
        {
            "result": result,
            "seconds": f"{result.seconds:.1f}",
            "where": max(result.exercises, key=lambda e: e.seconds).name
            if any(e.seconds for e in result.exercises)
            else "",
        }
        for result in slow
        if result.seconds
    ]


def _notes(results: Iterable[Result]) -> list[dict[str, Any]]:
    counts = Counter(note for result in results for note in result.notes)
    common = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_GROUPS]
    return [{"count": count, "text": shortened(note, SENTENCE)} for note, count in common]


def _alike(results: Iterable[Result]) -> list[dict[str, Any]]:
    """Return groups of students who handed in the same bytes."""
    groups = defaultdict(list)
    for result in results:
        groups[result.content].append(result)
    several = sorted((g for g in groups.values() if len(g) > 1), key=len, reverse=True)
    return [
        {"count": len(g), "shown": g[:MOST_NAMES], "more": max(0, len(g) - MOST_NAMES)}
        for g in several[:MOST_GROUPS]
    ]


def _row(result: Result, exercises: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return one student's marks in the order of the columns; "–" where there are none."""
    mine = {exercise.name: exercise for exercise in result.exercises}
    marks = []
    for column in exercises:
        exercise = mine.get(column["name"])
        kind = " none" if exercise is None else "" if exercise.points else " zero"
        marks.append({"kind": kind, "text": number(exercise.points) if exercise else "–"})
    total = "–" if result.points is None else number(result.points)
    return {"result": result, "marks": marks, "total": total}


# --- the figures --------------------------------------------------------------------------------


def _spread_figure(heights: Sequence[int], median: float, text: str, prefix: str) -> Markup:
    with mpl.rc_context(STYLE | {"svg.hashsalt": prefix}):
        figure, axes = _figure(7.5, 2.9)
        width = 100 / BINS
        lefts = [width * i for i in range(BINS)]
        bars = axes.bar(lefts, heights, width * 0.92, align="edge", color=RIGHT)
        axes.bar_label(bars, [str(h) if h else "" for h in heights], color=INK, padding=2)
        axes.axvline(median, color=HINT, linestyle=(0, (4, 3)))
        side = "right" if median > 50 else "left"
        axes.annotate(
            f" median {median:.1f} % ",
            (median, 1),
            xycoords=("data", "axes fraction"),
            ha=side,
            va="bottom",
            color=HINT,
        )
        axes.set(xlim=(0, 100), ylim=(0, 1.12 * max(heights)), xlabel="marks in percent")
        axes.set_xticks(range(0, 101, 10))
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        return _svg(figure, text, prefix)


def _rates_figure(exercises: Sequence[Mapping[str, Any]], count: int, prefix: str) -> Markup:
    """Draw a bar for each exercise: right, not right, not written, stopped."""
    with mpl.rc_context(STYLE | {"svg.hashsalt": prefix}):
        figure, axes = _figure(7.5, 0.9 + 0.36 * len(exercises))
        places = range(len(exercises))
        before = [0.0] * len(exercises)
        for kind in KINDS:
            widths = [100 * e[kind] / max(1, sum(e[k] for k in KINDS)) for e in exercises]
            axes.barh(places, widths, 0.66, before, color=COLOURS[kind], label=LABELS[kind])
            before = [a + b for a, b in zip(before, widths, strict=True)]
        names = [shortened(str(exercise["name"]), NAME) for exercise in exercises]
        axes.set_yticks(places, names, color=INK)
        axes.set(xlim=(0, 100), xlabel=f"percent of {count} graded submissions")
        axes.invert_yaxis()
        axes.tick_params(left=False)
        axes.legend(
            ncols=4, frameon=False, loc="lower left", bbox_to_anchor=(0, 1), handlelength=1
        )
        shares = ", ".join(f"{e['name']} {e['share']} %" for e in exercises)
        return _svg(figure, f"Share of right answers: {shares}.", prefix)


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasSVG(figure)
    return figure, figure.add_subplot()


def _svg(figure: Figure, text: str, prefix: str) -> Markup:
    """Return a figure as a part of the page, with its text for those who do not see it."""
    file = io.StringIO()
    nothing = dict.fromkeys(["Date", "Creator", "Format", "Type"])
    figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    drawing = file.getvalue()
    drawing = drawing[drawing.index("<svg") :]
    drawing = re.sub(r"<metadata>.*?</metadata>", "", drawing, flags=re.DOTALL)
    # Two figures of a page must not have the same ids.
    drawing = re.sub(r'((?: id=|href=)"#?|url\(#)', rf"\g<1>{prefix}-", drawing)
    drawing = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", drawing)
    for colour, name in _PAGE_COLOURS.items():
        drawing = drawing.replace(colour, name)
    return Markup(drawing.replace("<svg ", f'<svg role="img" aria-label="{escape(text)}" ', 1))
