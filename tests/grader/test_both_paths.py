"""Stock nbgrader with warm kernels and the judge give the same marks."""

import re

import nbformat
import pytest
from split import Lab

from grading.autograde import autograde
from grading.cells import read_cells
from grading.files import replace_text
from grading.judge import Times, judge
from grading.release import release
from grading.samples import SOLUTION, answered, exercise_sources, write_samples
from grading.zygote import Zygote

NAMES = ("art_generation", "face_recognition", "latent_space", "style_in_practice")
PATIENT = Times(call=60.0, cells=120.0, exercise=240.0, submission=900.0)
MUTANTS = 4  # of each notebook, beside the samples
NEEDED = re.compile(r"^(import|from|def|[A-Z_]+ =) ?", re.MULTILINE)


@pytest.fixture(scope="module")
def zygote():
    """Without isolation: what is tested here are the marks, not the walls."""
    with Zygote(trust=True) as zygote:
        yield zygote


def submit_mutants(lab, course_dir):
    """Submit some of the wrong answers, spread over the exercises."""
    name = lab.lesson.name
    solutions = exercise_sources(course_dir / "source" / name / f"{name}.ipynb")
    released = course_dir / "release" / name / f"{name}.ipynb"
    for mutant in lab.mutants[:: len(lab.mutants) // MUTANTS][:MUTANTS]:
        answers = {**solutions, mutant.exercise: mutant.source}
        submission = answered(nbformat.read(released, 4), answers)
        student = f"{mutant.exercise}-{mutant.name}".replace(" ", "-").replace("/", "-")
        target = course_dir / "submitted" / student / name / released.name
        replace_text(target, nbformat.writes(submission) + "\n")


def skip_shows(path):
    """Skip what only shows something: it takes most of the time, and test_course runs it."""
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        if "nbgrader" not in cell.metadata and not NEEDED.search(cell.source):
            cell.metadata["tags"] = sorted({*cell.metadata.get("tags", []), "demonstration"})
    replace_text(path, nbformat.writes(notebook) + "\n")


@pytest.mark.parametrize("name", NAMES)
def test_both_paths_give_the_same_marks(name, zygote, tmp_path):
    lab = Lab(name)
    release(lab.lesson, tmp_path)
    write_samples(lab.lesson, tmp_path)
    submit_mutants(lab, tmp_path)
    submitted = sorted(tmp_path.glob(f"submitted/*/{name}/{name}.ipynb"))
    for path in submitted:
        skip_shows(path)
    stock = {result.student: result.marks for result in autograde(tmp_path, name).results}
    assert "no warm kernel" not in (tmp_path / "nbgrader.log").read_text()
    judged = {}
    for path in submitted:
        cells = read_cells(path.read_bytes(), path.name).to_run(lab.lesson.exercises)
        verdict = judge(cells, lab.lesson, zygote.fork, PATIENT)
        judged[path.parts[-3]] = {item.name: item.points for item in verdict.exercises}
    assert len(judged) >= 5 + MUTANTS
    assert sum(judged[SOLUTION].values()) == 100
    assert stock == judged
