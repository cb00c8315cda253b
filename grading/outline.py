"""What a cell of Python defines, found without parsing it.

A student's text may be broken, and Python's own parser needs hundreds of megabytes for a megabyte
of hostile text. So one regular expression walks over strings, comments and the
beginnings of lines; it takes time and memory in proportion to the text, whatever the text is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# The repeats are possessive (`++`, `*+`), and a string that is never closed ends with the text:
# so nothing is read twice.
_SCAN = re.compile(
    r'''
    (?P<string>
        """(?:[^"\\]++|\\.|"(?!""))*+(?:"""|\Z) | \'\'\'(?:[^\'\\]++|\\.|\'(?!\'\'))*+(?:\'\'\'|\Z)
      | "(?:[^"\\\n]++|\\.)*+"? | \'(?:[^\'\\\n]++|\\.)*+\'?
    )
  | \#[^\n]*+
  | ^(?P<indent>[ \t]*+)(?=[^\s\#"'])
    (?:
        (?P<block>(?:async[ \t]++)?+def|class)[ \t]++(?P<name>\w++)
      | (?P<leave>return|yield)\b
      | (?:from[ \t]++[\w.]++[ \t]++)?+import[ \t]++(?P<imported>[^\n\#]*+)
      | (?P<decorator>@)
      | (?P<bound>\w++)[ \t]*+(?::[^=\n]*+)?+=(?!=)
      | (?P<other>.)
    )
    ''',
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_IMPORTED_NAME = re.compile(r"(?:\bas[ \t]+)?(\w+)[ \t)]*(?:,|$)")


@dataclass(frozen=True)
class Outline:
    """The names that a piece of Python gives to its module, and how it begins and ends.

    Attributes
    ----------
    defines : tuple of str
        Functions and classes of the module's own level, in order.
    binds : tuple of str
        Names assigned or imported there.
    breaks : tuple of int
        Where in the text a definition, or its first decorator, begins at the left margin.
    returns : bool
        Whether a `return` stands outside every function.
    begins_indented, ends_open : bool
        Whether the first line is indented; whether the last one is, or ends in a colon.
    """

    defines: tuple[str, ...]
    binds: tuple[str, ...]
    breaks: tuple[int, ...]
    returns: bool
    begins_indented: bool
    ends_open: bool


def outline(source: str) -> Outline:
    """Return what a text defines, be it right Python or not.

    Parameters
    ----------
    source : str
        A cell or a module.
    """
    defines: list[str] = []
    binds: list[str] = []
    breaks: list[int] = []
    inside: list[int] = []  # the indents of the definitions around the line
    returns, decorated, base = False, False, None
    for line in _lines(source):
        indent = len(line["indent"].expandtabs())
        base = indent if base is None else base
        while inside and inside[-1] >= indent:
            inside.pop()
        if not inside:
            defines += [line["name"]] if line["name"] else []
            binds += _bound(line)
            returns = returns or bool(line["leave"])
            if indent == 0:
                if (line["name"] or line["decorator"]) and not decorated:
                    breaks.append(line.start())
                decorated = bool(line["decorator"])
        if line["name"]:
            inside.append(indent)
    return Outline(
        _once(defines), _once(binds), tuple(breaks), returns, bool(base), _ends_open(source)
    )


def _lines(source: str) -> Iterator[re.Match[str]]:
    return (match for match in _SCAN.finditer(source) if match["indent"] is not None)


def _bound(line: re.Match[str]) -> list[str]:
    if line["bound"]:
        return [line["bound"]]
    return _IMPORTED_NAME.findall(line["imported"]) if line["imported"] else []


def _once(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _ends_open(source: str) -> bool:
    last = source.rstrip().rpartition("\n")[2]
    return last.startswith((" ", "\t")) or last.endswith(":")
