"""The paragraphs of a text, as a translator sees them, and what a translation must keep."""

import re
from collections import Counter
from collections.abc import Callable, Iterator

from markdown_it import MarkdownIt

_LINE_START = re.compile(r"\s*([-*+]|\d+\.|#{1,6}|>)\s+|\s*(\|)")
_CODE = re.compile(r"`[^`\n]+`")
_FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$]+\$", re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)|(https?://[^\s)>\]]+)|\b(arXiv:[\d.]*\d)")
_MARKS = ("strong_open", "em_open", "code_inline", "link_open", "image")


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text, as they stand there; a block of code is one."""
    found: list[str] = []
    for part in re.split(r"\n{2,}", text):
        if found and found[-1].count("```") % 2:
            found[-1] += f"\n\n{part}"
        else:
            found.append(part)
    return found


def unwrapped(paragraph: str) -> str:
    """Return a paragraph with a line for each heading, item and row of a table, and no others.

    So a paragraph that is only wrapped anew keeps its translation.
    """
    lines: list[str] = []
    for line in paragraph.split("\n"):
        heads = bool(lines) and lines[-1].lstrip().startswith("#")
        if not lines or heads or _LINE_START.match(line):
            lines.append(line.rstrip())
        else:
            lines[-1] += f" {line.strip()}"
    return "\n".join(lines)


def has_words(paragraph: str) -> bool:
    """Tell whether there is anything to translate: more than formulas and code."""
    if paragraph.startswith("```"):
        return False
    return bool(re.search(r"[A-Za-z]{2,}", _without_formulas(_CODE.sub("", paragraph))))


def lost(original: str, translated: str) -> Iterator[str]:
    """Yield what a translation has changed that it must keep, a sentence each.

    Parameters
    ----------
    original, translated : str
        A paragraph in both languages.
    """
    kinds: dict[str, Callable[[str], list[str]]] = {
        "code": _CODE.findall,
        "formulas": _FORMULA.findall,
        "links": _links,
    }
    for what, found in kinds.items():
        before, after = Counter(found(original)), Counter(found(translated))
        if before != after:
            missing, added = sorted(before - after), sorted(after - before)
            yield f"{what}: missing {missing}, added {added}"
    if _starts(original) != _starts(translated):
        yield f"lines begin with {_starts(translated)}, in the original with {_starts(original)}"
    before, after = _marks(original), _marks(translated)
    if before != after:
        yield f"it is shown with {dict(after)}, the original with {dict(before)}"


def _links(text: str) -> list[str]:
    return ["".join(groups) for groups in _LINK.findall(text)]


def _starts(text: str) -> list[str]:
    """Return how the lines begin, such as `-`, `2.`, `##`."""
    found = map(_LINE_START.match, text.split("\n"))
    return [match[1] or match[2] if match else "" for match in found]


def _marks(text: str) -> Counter[str]:
    """Count what a reader sees set off: bold, italics, code, links."""
    tokens = MarkdownIt().parse(_without_formulas(text))
    inner = (child.type for token in tokens for child in token.children or ())
    return Counter(kind for kind in inner if kind in _MARKS)


def _without_formulas(text: str) -> str:
    return _FORMULA.sub("1", text)
