"""Running a notebook from top to bottom, as a student's "Run All" would."""

import copy
import re
import subprocess
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert.exporters import HTMLExporter
from nbconvert.filters import strip_ansi
from nbformat import NotebookNode
from traitlets.config import Config

from grading import CourseError
from grading.files import replace_text
from grading.progress import Report, silent

TIMEOUT = 900  # seconds for one cell; the longest paints a picture in less than a minute
KERNEL_ARGUMENTS = ["--IPKernelApp.log_level=ERROR"]


def execute(
    notebook: NotebookNode,
    folder: Path,
    report: Report = silent,
    timeout: int = TIMEOUT,
) -> NotebookNode:
    """Run every cell of a notebook.

    Parameters
    ----------
    notebook : NotebookNode
        It is not changed.
    folder : Path
        The working folder of its kernel; it is made.
    report : Report, optional
        Told before each cell which one begins.
    timeout : int
        Seconds that one cell may take.

    Returns
    -------
    NotebookNode
        A copy with outputs.

    Raises
    ------
    CourseError
        At the first cell that fails: its number, the line and the error.
    """
    folder.mkdir(parents=True, exist_ok=True)
    notebook = copy.deepcopy(notebook)
    number = 0

    def begin(cell: NotebookNode, cell_index: int) -> None:
        nonlocal number
        number = cell_index + 1
        report(cell_index / len(notebook.cells), f"cell {number}: {_first_line(cell)}")

    client = NotebookClient(
        _stopping_at_errors(notebook),
        timeout=timeout,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=KERNEL_ARGUMENTS,
        shutdown_kernel="immediate",
        on_cell_start=begin,
    )
    try:
        # What the kernel says on stderr is in the cells' outputs already.
        return client.execute(stderr=subprocess.DEVNULL)
    except CellExecutionError as error:
        raise CourseError(_failure(number, error)) from error
    except CellTimeoutError as error:
        raise CourseError(f"cell {number} took longer than {timeout} s") from error
    except DeadKernelError as error:
        raise CourseError(f"cell {number} killed its kernel; was memory short?") from error


def write_page(executed: NotebookNode, notebook_path: Path) -> Path:
    """Write an executed notebook, and beside it the same as a page for a browser.

    Parameters
    ----------
    executed : NotebookNode
        With outputs.
    notebook_path : Path
        Where the notebook goes; the page has the same name with `.html`.

    Returns
    -------
    Path
        The page.
    """
    page = notebook_path.with_suffix(".html")
    folded = Config({"TagRemovePreprocessor": {"enabled": True, "remove_input_tags": ["checks"]}})
    html, _ = HTMLExporter(config=folded).from_notebook_node(
        executed, {"metadata": {"name": notebook_path.stem}}
    )
    replace_text(notebook_path, nbformat.writes(executed) + "\n")
    replace_text(page, html)
    return page


def _stopping_at_errors(notebook: NotebookNode) -> NotebookNode:
    """Drop the tag that lets a student's run go on after a failing check."""
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "raises-exception" in tags:
            cell.metadata["tags"] = [tag for tag in tags if tag != "raises-exception"]
    return notebook


def _first_line(cell: NotebookNode) -> str:
    lines = [line for line in cell.source.splitlines() if line.strip()]
    return lines[0] if lines else ""


def _failure(number: int, error: CellExecutionError) -> str:
    arrow = re.search(r"^-+> *(\d+) (.*)$", strip_ansi(error.traceback), re.MULTILINE)
    line = f", line {arrow[1]}: {arrow[2].strip()}" if arrow else ""
    return f"cell {number} failed{line}\n{error.ename}: {strip_ansi(error.evalue)}"
