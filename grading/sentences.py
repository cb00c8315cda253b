"""The sentences that Python code says to a student: found, checked and put into another language.

A sentence is a string, or an f-string, of several words. A translator sees an f-string
with its expressions as placeholders, `{call} returned None.`, and may put them in another
order. Only sentences are replaced: everything else of the code stays as it is, byte by byte.
"""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

_CALL = re.compile(r"[\w.]+\([^()]*\)|[\w.]+\[[^\[\]]*\]")
_WORD = re.compile(r"(?:^|(?<=[\s(]))[A-Za-z][a-z']+(?=[\s,.;:!?)]|$)")
_KEPT = re.compile(r'"[^"]+"|\btf(?:\.\w+)+|\b[A-Za-z]+_\w+\b|\d+\.\d+', re.ASCII)
_BEFORE = re.compile(r"(?:[^{]|\{\{)*+(?=\{)")
_NO_SPEECH = {"compile", "findall", "fullmatch", "match", "search", "split", "sub"}
_NO_SPEECH |= {"getattr", "hasattr", "setattr", "startswith", "endswith", "removeprefix"}


@dataclass(frozen=True)
class Sentence:
    """A sentence in a piece of code.

    Attributes
    ----------
    text : str
        As a translator sees it.
    placeholders : tuple of str
        The expressions in it, with their braces.
    is_template : bool
        Whether it is an f-string, in whose text braces are doubled.
    span : (int, int)
        Where it begins and ends in the code's UTF-8 bytes.
    """

    text: str
    placeholders: tuple[str, ...]
    is_template: bool
    span: tuple[int, int]


def sentences(code: str) -> list[Sentence]:
    """Return the sentences of a piece of Python, in order; docstrings are none.

    Parameters
    ----------
    code : str
        The text of a module or a cell.
    """
    starts = [0]
    for line in code.encode().split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    found = []
    for node in _strings(ast.parse(code)):
        text, placeholders = _read(node)
        if _is_sentence(text, placeholders):
            assert node.end_lineno
            assert node.end_col_offset is not None
            begin = starts[node.lineno - 1] + node.col_offset
            end = starts[node.end_lineno - 1] + node.end_col_offset
            template = isinstance(node, ast.JoinedStr)
            found.append(Sentence(text, placeholders, template, (begin, end)))
    return sorted(found, key=lambda sentence: sentence.span)


def retold(code: str, translate: Callable[[str], str | None]) -> str:
    """Return the same code with its sentences in another language.

    Parameters
    ----------
    code : str
        The text of a module or a cell.
    translate : callable
        Takes a sentence, gives its translation, or None where there is none.
    """
    data = code.encode()
    for sentence in reversed(sentences(code)):
        said = translate(sentence.text)
        if said is not None and said != sentence.text:
            begin, end = sentence.span
            data = data[:begin] + _literal(said, sentence).encode() + data[end:]
    return data.decode()


def cut(template: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what stands around the placeholders of a template, and the placeholders.

    Parameters
    ----------
    template : str
        The text of an f-string; braces of its own are doubled, and single in what is returned.
    """
    fixed, placeholders, text = [], [], template
    while match := _BEFORE.match(text):
        end = match.end() + _length(text[match.end() :])
        fixed.append(match[0])
        placeholders.append(text[match.end() : end])
        text = text[end:]
    return (*map(plain, [*fixed, text]),), (*placeholders,)


def plain(text: str) -> str:
    """Return a piece of a template with single braces."""
    return text.replace("{{", "{").replace("}}", "}")


def _length(text: str) -> int:
    """Return how long the placeholder is with which a text begins."""
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign in "{[(") - (sign in "}])")
        if not depth:
            return place + 1
    return len(text)


def lost(sentence: str, placeholders: Sequence[str], translated: str) -> Iterator[str]:
    """Yield what a translation has changed that it must keep: placeholders, names, numbers."""
    rest, was = translated, sentence
    for placeholder, count in Counter(placeholders).items():
        if translated.count(placeholder) != count:
            yield f"{placeholder} must come {count} times, not {translated.count(placeholder)}"
        rest, was = rest.replace(placeholder, ""), was.replace(placeholder, "")
    if placeholders and re.search(r"[{}]", rest.replace("{{", "").replace("}}", "")):
        yield "a placeholder that the original has not"
    missing = sorted(Counter(_KEPT.findall(was)) - Counter(_KEPT.findall(rest)))
    if missing:
        yield f"names or numbers are missing: {', '.join(missing)}"


def _strings(tree: ast.AST) -> Iterator[ast.Constant | ast.JoinedStr]:
    """Yield the strings that may be said to somebody."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Constant) and isinstance(node.value, str)
        ):
            yield node
            continue
        todo += _said_by(node)


def _said_by(node: ast.AST) -> list[ast.AST]:
    """Return the parts of a node in which sentences may stand."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return []  # a docstring
    if isinstance(node, ast.Dict):
        return [*node.values]
    if isinstance(node, ast.Compare):
        parts = [node.left, *node.comparators]
        return [part for part in parts if not isinstance(part, ast.Constant)]
    if isinstance(node, ast.Subscript):
        return [node.value]
    if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in _NO_SPEECH:
        return [node.func]
    return [*ast.iter_child_nodes(node)]


def _read(node: ast.Constant | ast.JoinedStr) -> tuple[str, tuple[str, ...]]:
    """Return the text of a string with its placeholders, and these alone."""
    if isinstance(node, ast.Constant):
        return str(node.value), ()
    parts = [
        _placeholder(value)
        if isinstance(value, ast.FormattedValue)
        else _text(value).replace("{", "{{").replace("}", "}}")
        for value in node.values
    ]
    found = [p for p, v in zip(parts, node.values, strict=True) if not _is_text(v)]
    return "".join(parts), tuple(found)


def _placeholder(value: ast.FormattedValue) -> str:
    conversion = "" if value.conversion == -1 else f"!{chr(value.conversion)}"
    spec = "" if value.format_spec is None else ":" + _read(value.format_spec)[0]  # type: ignore[arg-type]
    return f"{{{ast.unparse(value.value)}{conversion}{spec}}}"


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)


def _text(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _is_sentence(text: str, placeholders: Sequence[str]) -> bool:
    for placeholder in placeholders:
        text = text.replace(placeholder, "x", 1)
    words = _WORD.findall(_CALL.sub("x", text))
    return " " in text.strip() and bool(words)


def _literal(text: str, sentence: Sentence) -> str:
    """Write a string that says it, on one line."""
    parts = [text]
    if sentence.placeholders:
        pattern = "|".join(map(re.escape, sorted(set(sentence.placeholders), key=len)[::-1]))
        parts = re.split(f"({pattern})", text)
    written = [part if index % 2 else _escaped(part) for index, part in enumerate(parts)]
    return ("f" if sentence.is_template else "") + '"' + "".join(written) + '"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
