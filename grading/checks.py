"""The exercise tests, cut into the text of notebook cells.

One file, `tests/exercises/test_<notebook>.py`, defines what is right. pytest runs it as it stands;
a notebook gets the same text: helpers and imports once in the cell `checks`, and each exercise's
tests, followed by their calls, in its grade cell. Hidden tests, and what only they
need, stand between nbgrader's marks, which `generate_assignment` cuts out.

A helper's name says where it may go: ``check_*`` and ``Check*`` into the notebook, ``inside_*``
also into the process that runs a student's code, whose function it calls; ``reference_*`` hold
right answers and stay with the judge.
"""

import ast
import builtins
import symtable
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grading import CourseError

BEGIN_HIDDEN = "### BEGIN HIDDEN TESTS"
END_HIDDEN = "### END HIDDEN TESTS"
INSIDE = "inside_"  # helpers that run where the student's function does
ANSWERS = ("reference_", "REFERENCE_")  # what no student may see


@dataclass(frozen=True)
class Checks:
    """The texts that a tests file gives to a notebook.

    Attributes
    ----------
    shared : str
        The imports and helpers of the visible tests.
    grade_cells : dict of str to str
        For each exercise the text of its grade cell.
    names : frozenset of str
        What those texts define: a notebook must not use these names for anything else.
    """

    shared: str
    grade_cells: dict[str, str]
    names: frozenset[str]


@dataclass(frozen=True)
class ExerciseTest:
    """A test.

    Attributes
    ----------
    name : str
        Of its function.
    exercise : str
        The exercise that it judges.
    hidden : bool
        Whether students do not see it.
    """

    name: str
    exercise: str
    hidden: bool


@dataclass(frozen=True)
class KeyTexts:
    """The same tests file for a judge that keeps the answers from the student's process.

    Attributes
    ----------
    public : str
        Imports and helpers of the visible tests, and the `inside_` helpers with what they need.
        The student's process gets this.
    public_names : frozenset of str
        The functions and classes that it defines.
    whole : str
        Everything, the tests too; for the judge. It imports no pytest.
    tests : tuple of ExerciseTest
        In order.
    """

    public: str
    public_names: frozenset[str]
    whole: str
    tests: tuple[ExerciseTest, ...]


@dataclass(frozen=True)
class _Piece:
    """A top-level statement: its text, what it defines and which global names it uses."""

    node: ast.stmt
    text: str
    defines: frozenset[str]
    uses: frozenset[str]

    @property
    def is_import(self) -> bool:
        return isinstance(self.node, ast.Import | ast.ImportFrom)

    @property
    def is_block(self) -> bool:
        return isinstance(self.node, ast.FunctionDef | ast.ClassDef)


@dataclass(frozen=True)
class _Test:
    piece: _Piece
    name: str
    exercise: str
    hidden: bool


def read_checks(path: Path, exercises: Sequence[str]) -> Checks:
    """Cut a tests file into the cells of a notebook with these exercises.

    Parameters
    ----------
    path : Path
        The tests file.
    exercises : sequence of str
        The names of the notebook's exercise functions.

    Raises
    ------
    CourseError
        If the file holds something that a notebook cannot, or tests and exercises do not match.
    """
    return _Cutter(path, exercises).cut()


def read_key(path: Path, exercises: Sequence[str]) -> KeyTexts:
    """Cut a tests file into what a judge keeps and what a student's process gets.

    Parameters and errors are those of `read_checks`.
    """
    return _Cutter(path, exercises).key()


def _global_names(text: str) -> frozenset[str]:
    """Names that the statement looks up outside itself."""
    table = symtable.symtable(text, "checks", "exec")
    used = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
    inner = list(table.get_children())
    while inner:
        scope = inner.pop()
        used |= {s.get_name() for s in scope.get_symbols() if s.is_global()}
        inner += scope.get_children()
    return frozenset(used)


def _defined_names(node: ast.stmt) -> frozenset[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return frozenset({node.name})
    if isinstance(node, ast.Import | ast.ImportFrom):
        return frozenset(a.asname or a.name.partition(".")[0] for a in node.names)
    return frozenset(
        n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    )


def _is_hidden_mark(decorator: ast.expr) -> bool:
    return ast.unparse(decorator) == "pytest.mark.hidden"


class _Cutter:
    def __init__(self, path: Path, exercises: Sequence[str]) -> None:
        self.path = path
        self.exercises = exercises
        self.lines = path.read_text(encoding="utf-8").splitlines()
        self.pieces: list[_Piece] = []
        self.tests: list[_Test] = []
        for node in ast.parse("\n".join(self.lines), str(path)).body:
            self._take(node)
        self.provider = {name: piece for piece in self.pieces for name in piece.defines}

    def cut(self) -> Checks:
        shared = self._shared()
        cells = {name: self._grade_cell(name, shared) for name in self.exercises}
        names = {n for piece in shared if not piece.is_import for n in piece.defines}
        names |= {test.name for test in self.tests}
        return Checks(self._text(shared), cells, frozenset(names))

    def key(self) -> KeyTexts:
        inside = [p for p in self.pieces if any(n.startswith(INSIDE) for n in p.defines)]
        visible = [t.piece for t in self.tests if not t.hidden]
        public = self._without_answers(self._needed([*visible, *inside], with_them=inside))
        whole = [piece for piece in self.pieces if "pytest" not in piece.defines]
        tests = tuple(ExerciseTest(t.name, t.exercise, t.hidden) for t in self.tests)
        whole_text = self._text([*whole, *(test.piece for test in self.tests)])
        names = frozenset(name for piece in public if piece.is_block for name in piece.defines)
        return KeyTexts(self._text(public), names, whole_text, tests)

    def _shared(self) -> list[_Piece]:
        """Return what the visible tests need."""
        return self._without_answers(self._needed([t.piece for t in self.tests if not t.hidden]))

    def _without_answers(self, pieces: list[_Piece]) -> list[_Piece]:
        for piece in pieces:
            answers = sorted(name for name in piece.defines if name.startswith(ANSWERS))
            if answers:
                raise self._fail(
                    piece.node,
                    f"{answers[0]} holds right answers, but a visible test or an {INSIDE} helper "
                    "needs it, so that students could read it; move the comparison to a hidden "
                    "test, or what is no answer to a helper of another name",
                )
        return pieces

    def _fail(self, node: ast.AST, message: str) -> CourseError:
        return CourseError(f"{self.path.name}:{getattr(node, 'lineno', 1)}: {message}")

    def _take(self, node: ast.stmt) -> None:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            self.tests.append(self._test(node))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self._take_import(node)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign):
            text = self._own_text(node)
            self.pieces.append(_Piece(node, text, _defined_names(node), _global_names(text)))
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            raise self._fail(
                node, "only imports, functions, classes and assignments can go into a notebook"
            )

    def _take_import(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            return
        if isinstance(node, ast.ImportFrom) and (node.level or node.names[0].name == "*"):
            raise self._fail(node, "a notebook needs absolute imports of named things")
        self.pieces.append(_Piece(node, ast.unparse(node), _defined_names(node), frozenset()))

    def _own_text(self, node: ast.stmt, with_decorators: bool = True) -> str:
        """Return the statement's lines with the comment that stands directly above it."""
        first = node.lineno
        decorators = getattr(node, "decorator_list", [])
        if with_decorators and decorators:
            first = decorators[0].lineno
        if with_decorators or not decorators:
            while first > 1 and self.lines[first - 2].startswith("#"):
                first -= 1
        return "\n".join(self.lines[first - 1 : node.end_lineno])

    def _test(self, node: ast.FunctionDef) -> _Test:
        arguments = [a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)]
        if len(arguments) != 1:
            raise self._fail(
                node,
                f"{node.name} has {len(arguments)} arguments; an exercise test has exactly "
                "one, named like the exercise function",
            )
        if arguments[0] not in self.exercises:
            raise self._fail(node, f"{node.name} tests {arguments[0]}, which is no exercise")
        foreign = [d for d in node.decorator_list if not _is_hidden_mark(d)]
        if foreign:
            raise self._fail(
                node, f"@{ast.unparse(foreign[0])}: only @pytest.mark.hidden fits a notebook"
            )
        if _returns_value(node):
            raise self._fail(
                node, f"{node.name} returns a value, which nbgrader would take for partial credit"
            )
        text = self._own_text(node, with_decorators=False)
        piece = _Piece(node, text, frozenset({node.name}), _global_names(text))
        return _Test(piece, node.name, arguments[0], hidden=bool(node.decorator_list))

    def _needed(self, users: Sequence[_Piece], with_them: Iterable[_Piece] = ()) -> list[_Piece]:
        """Return what these need, transitively, in file order; some of them may be wanted too."""
        needed = {id(piece) for piece in with_them}
        todo = [*users]
        while todo:
            piece = todo.pop()
            for name in piece.uses - set(dir(builtins)):
                found = self._provider_of(name, piece)
                if id(found) not in needed:
                    needed.add(id(found))
                    todo.append(found)
        used = {name for piece in users for name in piece.uses}
        used |= {n for p in self.pieces if id(p) in needed for n in p.uses}
        return [_trimmed(p, used) for p in self.pieces if id(p) in needed]

    def _provider_of(self, name: str, user: _Piece) -> _Piece:
        if name == "pytest":
            raise self._fail(user.node, "uses pytest, which is never imported in a notebook")
        if name not in self.provider:
            raise self._fail(user.node, f"uses {name}, which nobody defines")
        return self.provider[name]

    def _grade_cell(self, exercise: str, shared: list[_Piece]) -> str:
        mine = [t for t in self.tests if t.exercise == exercise]
        visible = [t for t in mine if not t.hidden]
        hidden = [t for t in mine if t.hidden]
        if not visible:
            raise CourseError(f"{self.path.name}: exercise {exercise} has no visible test")
        parts = [_with_calls(visible)]
        if hidden:
            known = {piece.text for piece in shared}
            extra = [
                piece
                for piece in self._needed([t.piece for t in hidden])
                if piece.text not in known
            ]
            text = "\n\n\n".join(filter(None, [self._text(extra), _with_calls(hidden)]))
            parts.append(f"{BEGIN_HIDDEN}\n{text}\n{END_HIDDEN}")
        return "\n".join(parts)

    def _text(self, pieces: Sequence[_Piece]) -> str:
        text = ""
        for before, piece in zip([None, *pieces], pieces, strict=False):
            if before is not None:
                text += "\n\n\n" if before.is_block or piece.is_block else "\n"
                if before.is_import and not piece.is_import and not piece.is_block:
                    text += "\n"
            text += piece.text
        return text


def _returns_value(function: ast.AST) -> bool:
    """Tell whether a call gives anything but None; functions inside do not count."""
    todo = [*ast.iter_child_nodes(function)]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Yield) or (
            isinstance(node, ast.Return) and node.value is not None
        ):
            return True
        if not isinstance(node, ast.FunctionDef | ast.Lambda):
            todo += ast.iter_child_nodes(node)
    return False


def _with_calls(tests: Sequence[_Test]) -> str:
    calls = "\n".join(f"{t.name}({t.exercise})" for t in tests)
    return "\n\n\n".join([*(t.piece.text for t in tests), calls])


def _trimmed(piece: _Piece, used: set[str]) -> _Piece:
    """Keep of an import only the names that are used."""
    if not isinstance(piece.node, ast.Import | ast.ImportFrom):
        return piece
    names = [a for a in piece.node.names if (a.asname or a.name.partition(".")[0]) in used]
    if isinstance(piece.node, ast.Import):
        node: ast.Import | ast.ImportFrom = ast.Import(names)
    else:
        node = ast.ImportFrom(piece.node.module, names, 0)
    return _Piece(node, ast.unparse(node), _defined_names(node), frozenset())
