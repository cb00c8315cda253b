"""Sample submissions: a solution, a blank one and typical mistakes."""

import runpy
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from unittest.mock import patch

import nbformat
from nbformat import NotebookNode

from grading import CourseError
from grading.files import replace_text
from grading.lesson import Lesson

SOLUTION = "solution"
BLANK = "blank"


@dataclass(frozen=True)
class Mistake:
    """A mistake that real submissions make.

    Attributes
    ----------
    student : str
        The name of the sample submission that makes it.
    exercise : str
        The exercise it is in, the only one that shall lose its marks.
    mutant : str
        The name of the wrong answer in `tests/exercises/mutants_NOTEBOOK.py`.
    """

    student: str
    exercise: str
    mutant: str


MISTAKES = {
    "art_generation": [
        Mistake("channels-mixed-up", "compute_layer_style_cost", "reshaped, not transposed"),
        Mistake("weights-swapped", "total_cost", "alpha and beta swapped"),
        Mistake("picture-stays", "train_step", "never applies"),
    ],
    "face_recognition": [
        Mistake("all-summed-up", "triplet_loss", "squares summed over every axis"),
        Mistake("door-always-open", "verify", "always open"),
        Mistake("strangers-nameless", "who_is_it", "None for strangers"),
    ],
    "latent_space": [
        Mistake("pixels-averaged", "reconstruction_loss", "mean over the pixels"),
        Mistake("noise-shared", "reparameterize", "noise shared by the batch"),
        Mistake("half-forgotten", "kl_divergence", "no half"),
    ],
    "style_in_practice": [
        Mistake("round-the-border", "total_variation_cost", "round the border"),
        Mistake("shares-too-large", "blended_style_cost", "blend not divided by its sum"),
        Mistake("colours-uncut", "transfer_colours", "not cut"),
    ],
}


def write_samples(lesson: Lesson, course_dir: Path) -> dict[str, str | None]:
    """Submit the samples of a notebook to a course folder that holds its release.

    Parameters
    ----------
    lesson : Lesson
        Which notebook.
    course_dir : Path
        A folder made by `release`.

    Returns
    -------
    dict of str to (str or None)
        For each sample the exercise that it gets wrong; None for the solution and the blank one.
    """
    solutions = exercise_sources(course_dir / "source" / lesson.name / f"{lesson.name}.ipynb")
    answers = {SOLUTION: solutions, BLANK: {}}
    mistakes = MISTAKES.get(lesson.name, [])
    for mistake in mistakes:
        wrong = wrong_answer(lesson, mistake)
        answers[mistake.student] = {**solutions, mistake.exercise: wrong}
    released = course_dir / "release" / lesson.name / f"{lesson.name}.ipynb"
    for student, given in answers.items():
        submission = answered(nbformat.read(released, 4), given)
        target = course_dir / "submitted" / student / lesson.name / released.name
        replace_text(target, nbformat.writes(submission) + "\n")
    return {SOLUTION: None, BLANK: None, **{m.student: m.exercise for m in mistakes}}


def sample_names() -> set[str]:
    """Return the names under which samples of all notebooks are submitted."""
    mistakes = chain.from_iterable(MISTAKES.values())
    return {SOLUTION, BLANK, *(mistake.student for mistake in mistakes)}


def exercise_sources(notebook: Path) -> dict[str, str]:
    """Return the text of each exercise cell of a notebook."""
    cells = nbformat.read(notebook, 4).cells
    return {_exercise(cell): cell.source for cell in cells if _exercise(cell)}


def answered(notebook: NotebookNode, answers: Mapping[str, str]) -> NotebookNode:
    """Put answers into the exercise cells of a released notebook."""
    for cell in notebook.cells:
        if _exercise(cell) in answers:
            cell.source = answers[_exercise(cell)]
    return notebook


def wrong_answer(lesson: Lesson, mistake: Mistake) -> str:
    """Return the text of the wrong answer, which the exercise's tests are tested with too."""
    path = lesson.tests.with_name(f"mutants_{lesson.name}.py")
    with patch.object(sys, "path", [str(path.parent), *sys.path]):  # it imports its neighbours
        mutants = runpy.run_path(str(path), run_name=path.stem)["MUTANTS"]
    for mutant in mutants:
        if (mutant.exercise, mutant.name) == (mistake.exercise, mistake.mutant):
            return str(mutant.source)
    raise CourseError(f"{path.name} has no mutant '{mistake.mutant}' of {mistake.exercise}")


def _exercise(cell: NotebookNode) -> str:
    marks = cell.metadata.get("nbgrader", {})
    return marks["grade_id"] if marks.get("solution") else ""
