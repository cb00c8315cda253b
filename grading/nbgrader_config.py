"""Settings of nbgrader for this course; `course release` copies this file into the course folder.

It needs nothing but nbgrader itself, so every stock command (`nbgrader generate_assignment`,
`validate`, `autograde`, `generate_feedback`, `export`) and formgrader work in that folder.
"""

import sys
from pathlib import Path

import nbformat
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.preprocessors import (
    ClearHiddenTests,
    ClearSolutions,
    NbGraderPreprocessor,
    OverwriteCells,
)

STEPS_WHILE_GRADING = 2
MEMORY_WHILE_GRADING = 8 << 30  # bytes of data for one kernel
MINOR_WITH_CELL_IDS = 5


def grade_id(cell):  # type: ignore[no-untyped-def]
    """Return nbgrader's name of a cell, or an empty text."""
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


class NamedStubs(ClearSolutions):
    """Put the exercise's name into the stub, so that its error says what is to be written."""

    def preprocess_cell(self, cell, resources, cell_index):  # type: ignore[no-untyped-def]
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        cell.source = cell.source.replace("{grade_id}", grade_id(cell))
        return cell, resources


class WholeNotebooks(OverwriteCells):
    """Put back every cell of the release that a student deleted.

    nbgrader's own add_missing_cells brings back test cells alone, and gives up
    where the cell above them is missing too.
    """

    def preprocess(self, nb, resources):  # type: ignore[no-untyped-def]
        names = resources["nbgrader"]
        # nbgrader works in the course folder.
        released = Path("release", names["assignment"], f"{names['notebook']}.ipynb")
        place = 0
        for cell in nbformat.read(released, 4).cells if released.is_file() else []:
            name, known = grade_id(cell), [grade_id(other) for other in nb.cells]
            if name in known:
                place = known.index(name) + 1 if name else place
            elif name:
                self.log.warning("Cell %s is missing; it is put back", name)
                if nb.nbformat_minor < MINOR_WITH_CELL_IDS:
                    del cell["id"]
                nb.cells.insert(place, cell)
                place += 1
        return super().preprocess(nb, resources)


class PlainErrors(NbGraderPreprocessor):
    """Leave of a failed check's error its last line: the sentence, without hidden tests' code."""

    def preprocess_cell(self, cell, resources, cell_index):  # type: ignore[no-untyped-def]
        if cell.metadata.get("nbgrader", {}).get("grade"):
            for output in cell.get("outputs", []):
                if output.output_type == "error":
                    output.traceback = [f"{output.ename}: {output.evalue}"]
        return cell, resources


c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.CourseDirectory.course_id = "style-and-faces"

c.GenerateAssignment.preprocessors = [
    NamedStubs if step is ClearSolutions else step for step in GenerateAssignment().preprocessors
]
c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("{grade_id}: write the body")'}

c.Autograde.sanitize_preprocessors = [
    WholeNotebooks if step is OverwriteCells else step
    for step in Autograde().sanitize_preprocessors
]
c.OverwriteCells.add_missing_cells = True

# A feedback page shows no hidden test, neither in a cell nor in an error's traceback.
c.GenerateFeedback.preprocessors = [
    ClearHiddenTests,
    PlainErrors,
    *GenerateFeedback().preprocessors,
]

# Nothing in the notebooks takes more than a few seconds while grading, on a busy machine a
# minute; a cell that takes two hangs. It is interrupted, which waits for compiled
# code to return, and costs its own marks.
c.Execute.timeout = 120
c.Execute.iopub_timeout = 60
c.Execute.startup_timeout = 120
c.Execute.interrupt_on_timeout = True
# The polite shutdown waits more than a second for each submission.
c.Execute.shutdown_kernel = "immediate"

# Only the kernels that grade get these, not the process (or the Jupyter server) that starts them:
# few optimisation steps, no log lines of TensorFlow and XLA among a cell's output, and
# a cell that wants too much memory gets an error in place of the whole machine.
_ENVIRONMENT = {"COURSE_STEPS": str(STEPS_WHILE_GRADING), "TF_CPP_MIN_LOG_LEVEL": "3"}
_FIRST_LINES = [f"import os; os.environ.update({_ENVIRONMENT!r})"]
if sys.platform == "linux":
    _LIMITS = (MEMORY_WHILE_GRADING, MEMORY_WHILE_GRADING)
    _FIRST_LINES.append(f"import resource; resource.setrlimit(resource.RLIMIT_DATA, {_LIMITS})")
c.Execute.extra_arguments = [
    "--HistoryManager.hist_file=:memory:",
    "--IPKernelApp.log_level=ERROR",
    *(f"--IPKernelApp.exec_lines={line}" for line in _FIRST_LINES),
]

# nbgrader takes any line on stderr for a failed test. A right answer that warns stays right.
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = r"(?s)."
