"""Which of the course's modules a notebook needs, found by following its imports.

Only given code goes to students: what `grading.isolation` shows to their processes, and the
painting program, which a notebook may show but no exercise imports.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from grading import CourseError
from grading.isolation import GIVEN

ENGINE = ("neural_style.py", "style_engine")


def needed_files(notebook: NotebookNode, root: Path) -> list[Path]:
    """Return the modules that a notebook imports, those that they import, and so on.

    Parameters
    ----------
    notebook : NotebookNode
    root : Path
        The course's folder, where its modules lie.

    Returns
    -------
    list of Path
        Sorted. With a package come the files in it that are no modules.

    Raises
    ------
    CourseError
        The notebook, or a module that it needs, imports what students must not have.
    """
    found: set[Path] = set()
    todo = [(path, "the notebook") for path in _imported(_code(notebook), "", root)]
    while todo:
        path, user = todo.pop()
        if path in found:
            continue
        check_given(path, root, f"{user} imports")
        found.add(path)
        package = path.parent.name if path.parent != root else ""
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        todo += [(other, path.name) for other in _imported(tree, package, root)]
    packages = {path.parent for path in found} - {root}
    data = {
        p for folder in packages for p in folder.iterdir() if p.is_file() and p.suffix != ".py"
    }
    return sorted(found | data)


def check_given(path: Path, root: Path, wanted: str) -> None:
    """Raise an error, which begins with `wanted`, if a file is not one that students may have."""
    if path.relative_to(root).parts[0] not in (*GIVEN, *ENGINE):
        raise CourseError(
            f"{wanted} {path.relative_to(root).as_posix()}, which students do not get; what they "
            "may have is listed as GIVEN in grading/isolation.py"
        )


def _code(notebook: NotebookNode) -> ast.Module:
    """Return all of a notebook's code, as Python without magics."""
    plain = TransformerManager().transform_cell
    cells = [plain(cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    return ast.parse("\n".join(cells))


def _imported(tree: ast.Module, package: str, root: Path) -> Iterator[Path]:
    for node in ast.walk(tree):
        for name in _names(node, package):
            yield from _files(name, root)


def _names(node: ast.AST, package: str) -> list[str]:
    """Return the full names of all that an import statement may bring."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        parts = [package] if node.level else []
        module = ".".join([*parts, *([node.module] if node.module else [])])
        return [module, *(f"{module}.{alias.name}" for alias in node.names)]
    return []


def _files(name: str, root: Path) -> Iterator[Path]:
    """Return the module with this name and the packages around it, as far as they are ours."""
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        place = root.joinpath(*parts[:length])
        yield from (p for p in (place.with_suffix(".py"), place / "__init__.py") if p.is_file())
