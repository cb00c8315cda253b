"""Settings of nbgrader for this course; `course release` copies this file into the course folder.

Every stock command (`nbgrader generate_assignment`, `validate`, `autograde`, `generate_feedback`,
`export`) and formgrader work in that folder. All but `export` need nothing but nbgrader itself.

`nbgrader autograde` runs submissions in kernels that are forked warm (`grading.kernel`), if the
folder has their kernelspec; whatever kernel a notebook names is for students. It does NOT isolate
submissions: they run with all rights of this account, read hidden tests and can write to the
gradebook. `course grade` isolates them.
"""

import json
import os
import re
import sys
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    ClearHiddenTests,
    ClearSolutions,
    DeduplicateIds,
    Execute,
    LimitOutput,
    NbGraderPreprocessor,
    OverwriteCells,
)
from traitlets.config import Application

HERE = Path(__file__).resolve().parent
WARM = HERE / "kernels" / "warm-python" / "kernel.json"
# Only the kernels that grade get these, not the process (or the Jupyter server) that starts them:
# few optimisation steps, and no log lines of TensorFlow and XLA among a cell's output.
WHILE_GRADING = {"COURSE_STEPS": "2", "TF_CPP_MIN_LOG_LEVEL": "3"}
MEMORY_WHILE_GRADING = 8 << 30  # bytes of data for one kernel
MINOR_WITH_CELL_IDS = 5
LONGEST_OUTPUT = 100_000  # characters of one printed text that are kept


def grade_id(cell):  # type: ignore[no-untyped-def]
    """Return nbgrader's name of a cell, or an empty text."""
    marks = cell.metadata.get("nbgrader")
    return marks.get("grade_id", "") if isinstance(marks, dict) else ""


def released_cells(resources):  # type: ignore[no-untyped-def]
    """Return the cells that a submission was made from, in order."""
    names = resources["nbgrader"]
    # nbgrader works in the course folder.
    released = Path("release", names["assignment"], f"{names['notebook']}.ipynb")
    return nbformat.read(released, 4).cells if released.is_file() else []


class NamedStubs(ClearSolutions):
    """Put the exercise's name into the stub, so that its error says what is to be written."""

    def preprocess_cell(self, cell, resources, cell_index):  # type: ignore[no-untyped-def]
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        cell.source = cell.source.replace("{grade_id}", grade_id(cell))
        return cell, resources


class OneOfEach(DeduplicateIds):
    """Give each cell of the release its own metadata back, to one copy: the last.

    With a tag "demonstration" of a student's own a test cell would get all its points. Other
    copies would keep metadata that nbgrader takes for those of an old version, and give up on
    the whole class. Where a program dropped the metadata, an exercise is known by its function.
    """

    def preprocess(self, nb, resources):  # type: ignore[no-untyped-def]
        own = {grade_id(cell): cell.metadata for cell in released_cells(resources)}
        own.pop("", None)
        known = {grade_id(cell) for cell in nb.cells}
        lost = [name for name in own if own[name].nbgrader.solution and name not in known]
        for cell in reversed(nb.cells) if own else []:
            name = grade_id(cell) or function_in(cell, lost)
            if name in own:
                cell.metadata = own.pop(name)
            else:
                cell.metadata.pop("nbgrader", None)
        return super().preprocess(nb, resources)


def function_in(cell, names):  # type: ignore[no-untyped-def]
    """Return which of these functions a cell defines, or an empty text."""
    found = re.findall(r"^def (\w+)", cell.source, re.MULTILINE)
    return next((name for name in names if name in found), "")


class WholeNotebooks(OverwriteCells):
    """Put back every cell of the release that a student deleted.

    nbgrader's own add_missing_cells brings back test cells alone, and gives up
    where the cell above them is missing too.
    """

    def preprocess(self, nb, resources):  # type: ignore[no-untyped-def]
        place = 0
        for cell in released_cells(resources):
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


class WarmExecute(Execute):
    """Run a submission in a kernel that is forked warm, whatever kernel its metadata name."""

    def setup_kernel(self, **options):  # type: ignore[no-untyped-def]
        return super().setup_kernel(env={**os.environ, **WHILE_GRADING}, **options)

    def create_kernel_manager(self):  # type: ignore[no-untyped-def]
        self.log.warning(
            "nbgrader does not isolate submissions: this one runs with all rights of this "
            "account; `course grade` isolates them"
        )
        if not has_warm_kernels():
            self.log.warning("no warm kernels here (see %s); ordinary ones take longer", WARM)
            return super().create_kernel_manager()
        self.kernel_name = WARM.parent.name
        manager = super().create_kernel_manager()
        manager.kernel_spec_manager = KernelSpecManager(kernel_dirs=[str(WARM.parent.parent)])
        return manager


def has_warm_kernels():  # type: ignore[no-untyped-def]
    """Tell whether the kernelspec is there, and the programs that it names."""
    if not WARM.is_file():
        return False
    command = json.loads(WARM.read_text(encoding="utf-8"))["argv"]
    return all(Path(part).exists() for part in command if Path(part).is_absolute())


class ShortOutput(LimitOutput):
    """Cut long lines, too; nbgrader only counts lines."""

    def preprocess_cell(self, cell, resources, cell_index):  # type: ignore[no-untyped-def]
        for output in cell.get("outputs", []):
            if len(output.get("text", "")) > LONGEST_OUTPUT:
                output.text = output.text[:LONGEST_OUTPUT] + "\n... Output truncated ..."
        return super().preprocess_cell(cell, resources, cell_index)


def forget_marks(assignment, student, notebooks):  # type: ignore[no-untyped-def]
    """Clear the marks of a submission that is about to be graded.

    nbgrader would leave them as they are if it fails. Marks given by hand stay.
    """
    student = Path(notebooks[0]).parts[-3]  # the argument may be "*"
    app = Application.instance() if Application.initialized() else None
    directory = getattr(app, "coursedir", None) or CourseDirectory(config=c, root=str(HERE))
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        try:
            submission = gradebook.find_submission(assignment, student)
        except MissingEntry:
            return
        for grade in [grade for notebook in submission.notebooks for grade in notebook.grades]:
            grade.auto_score = None
            grade.needs_manual_grade = True
        gradebook.db.commit()


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

_OURS = {
    DeduplicateIds: OneOfEach,
    OverwriteCells: WholeNotebooks,
    Execute: WarmExecute,
    LimitOutput: ShortOutput,
}
for _steps in ("sanitize_preprocessors", "autograde_preprocessors"):
    c.Autograde[_steps] = [_OURS.get(step, step) for step in getattr(Autograde(), _steps)]
c.OverwriteCells.add_missing_cells = True
c.Autograde.pre_convert_hook = forget_marks

# What was not graded has an empty score and a reason in grades.csv, never a 0.
c.ExportApp.plugin_class = "grading.autograde.MarksExport"

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
# What only shows something, and takes minutes, is left out.
c.Execute.skip_cells_with_tag = "demonstration"
c.Execute.iopub_timeout = 60
c.Execute.startup_timeout = 120
c.Execute.interrupt_on_timeout = True
# The polite shutdown waits more than a second for each submission.
c.Execute.shutdown_kernel = "immediate"

# A cell that wants too much memory gets an error in place of the whole machine.
_FIRST_LINES = []
if sys.platform == "linux":
    _LIMITS = (MEMORY_WHILE_GRADING, MEMORY_WHILE_GRADING)
    _FIRST_LINES = [f"import resource; resource.setrlimit(resource.RLIMIT_DATA, {_LIMITS})"]
c.Execute.extra_arguments = [
    "--HistoryManager.hist_file=:memory:",
    "--IPKernelApp.log_level=ERROR",
    *(f"--IPKernelApp.exec_lines={line}" for line in _FIRST_LINES),
]

# nbgrader takes any line on stderr for a failed test. A right answer that warns stays right.
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = r"(?s)."
