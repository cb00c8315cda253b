"""Reading a students' zip."""

import ast
import zipfile

import nbformat


def unzipped(path):
    """Return the files of a zip by their names in its one folder, which has the zip's name."""
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        assert {name.partition("/")[0] for name in file.namelist()} == {path.stem}
        return {name.partition("/")[2]: file.read(name) for name in file.namelist()}


def trees(name, data):
    """Parse the Python in a file: that of a module, or of a notebook's cells."""
    if name.endswith(".py"):
        yield ast.parse(data)
    elif name.endswith(".ipynb"):
        for cell in nbformat.reads(data.decode(), 4).cells:
            if cell.cell_type == "code":
                yield ast.parse(cell.source)
