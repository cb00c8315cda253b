"""What the feedback pages say of any notebook, in the code of the grader: to be translated."""

import ast
from pathlib import Path

from jinja2.ext import babel_extract

from grading.feedback import title_of
from grading.known_anywhere import general_mistakes
from grading.lesson import lessons
from grading.sentences import sentences
from grading.translations import Message, once, said

FOLDER = Path(__file__).parent
TEMPLATES = ("feedback.html",)
# The functions, methods and constants whose sentences a student reads.
SPEAKERS = {
    "cells.py": ("notes", "_check_format", "read_cells", "_few"),
    "feedback.py": ("WORDS", "_hidden"),
    "judge.py": ("_take_notes", "_test_with_others", "_test", "_run", "_ended"),
    "mistakes.py": ("NO_END", "TOO_LARGE"),
    "old_tensorflow.py": ("present_name",),
    "results.py": ("hidden_remark", "_FALLBACK"),
    "seat.py": ("ENDS", "end"),
    "sheet.py": ("_general", "_sentence"),
}
EXERCISE = "{exercise}"
# What is too short to be known as a sentence.
SHORT = (
    Message("deleted", "page", "grading/cells.py"),
    Message("edited", "page", "grading/cells.py"),
    Message("{exercise}: write the body", "page", "grading/sheet.py", (EXERCISE,), True),
    Message(
        "{exercise} {seat.end()}.", "page", "grading/judge.py", (EXERCISE, "{seat.end()}"), True
    ),
)


def page_messages() -> list[Message]:
    """Return everything that is to be translated, each once, in order."""
    return once([*_of_templates(), *_of_code(), *SHORT, *_titles(), *_of_mistakes()])


def _of_templates() -> list[Message]:
    found = []
    for name in TEMPLATES:
        with (FOLDER / "templates" / name).open("rb") as file:
            options = {"trimmed": "true", "trim_blocks": "true", "lstrip_blocks": "true"}
            for _, _, called, _ in babel_extract(file, ("_",), (), options):
                text = str(called[0] if isinstance(called, tuple) else called)
                found.append(Message(text, "page", f"templates/{name}", _named(text)))
    return found


def _named(text: str) -> tuple[str, ...]:
    """Return the placeholders of a text of a template, such as %(points)s."""
    return tuple(f"%({part.partition(')')[0]})s" for part in text.split("%(")[1:])


def _of_code() -> list[Message]:
    found = []
    for name, speakers in SPEAKERS.items():
        code = (FOLDER / name).read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(code)):
            if _name(node) in speakers:
                text = ast.get_source_segment(code, node) or ""
                found += [said(s, "page", FOLDER / name) for s in sentences(text)]
    return found


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.FunctionDef):
        return node.name
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return ""


def _titles() -> list[Message]:
    return [Message(title_of(lesson.name), "page", "notebooks/source") for lesson in lessons()]


def _of_mistakes() -> list[Message]:
    place = "grading/known_anywhere.py"
    found = []
    for known in general_mistakes(EXERCISE):
        found.append(Message(known.name, "page", place))
        in_it = (EXERCISE,) if EXERCISE in known.sentence else ()
        found.append(Message(known.sentence, "page", place, in_it, bool(in_it)))
    return found
