"""What somebody hands in who means no good: its files as data, and what must come of it."""

import json
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import dedent, indent

from classroom import FULL, solutions

from grading.confinement import Limits
from grading.judge import Times
from grading.lesson import Lesson
from grading.results import Result
from grading.worker import Rules

FACES, ART = "face_recognition", "art_generation"
FULL_ART = {
    "compute_content_cost": 15.0,
    "gram_matrix": 15.0,
    "compute_layer_style_cost": 20.0,
    "compute_style_cost": 15.0,
    "total_cost": 10.0,
    "train_step": 25.0,
}
MOST = {FACES: FULL, ART: FULL_ART}

# What lies around on an instructor's machine, and must not come out of the grader again.
IN_A_NEIGHBOUR = "sesame of a neighbour"
IN_THE_ENVIRONMENT = "sesame of the environment"
IN_THE_GRADEBOOK = "sesame of the gradebook"
IN_THE_FOLDER = "sesame of the folder for marks"
IN_THE_TESTS = "so near to each other that many triplets are near the margin"  # in a hidden one
SECRETS = (IN_A_NEIGHBOUR, IN_THE_ENVIRONMENT, IN_THE_GRADEBOOK, IN_THE_FOLDER, IN_THE_TESTS)

NEVER_SHOWN = ("<script", "\x1b", "\u202e", "\0", "onerror=alert(1)>")  # on no page, in no list

# Short, because many samples do nothing but reach a limit; yet several times what is needed.
TIMES = Times(call=5.0, cells=10.0, exercise=12.0, submission=60.0)
LIMITS = Limits(cpu_seconds=40, wall_seconds=100, memory_bytes=1 << 30, printed_bytes=50_000_000)
RULES = Rules(limits=LIMITS, times=TIMES)
SLACK = 15.0  # seconds beyond these, for starts and the tests' own work

# A file's bytes, or a function that makes the file at a path.
Content = bytes | Callable[[Path], object]


@dataclass(frozen=True)
class Hostile:
    """A submission that no grader likes.

    Attributes
    ----------
    name : str
        What it does.
    files : callable
        Returns what the student hands in, by the file's name.
    marks : mapping of str to float, or None
        For each exercise; None if nothing can be graded.
    says : str
        What the student or the instructor is told, among other things.
    unseen : tuple of str
        What no student may learn by it: what hidden tests gave to it.
    undecided : tuple of str
        Exercises that may get their marks or lose them: it is a matter of milliseconds.
    lesson : str
        Which notebook it answers.
    folder : str
        The student's name, where that is the hostile thing.
    """

    name: str
    files: Callable[[], Mapping[str, Content]]
    marks: Mapping[str, float] | None
    says: str = ""
    unseen: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    lesson: str = FACES
    folder: str = ""

    @property
    def student(self) -> str:
        """A plain name for the one who hands it in."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")

    def write(self, folder: Path) -> None:
        """Hand it in: write its files to a folder."""
        for name, content in self.files().items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if callable(content):
                content(path)
            else:
                path.write_bytes(content)

    def hand_in(self, submitted: Path, archive: zipfile.ZipFile) -> None:
        """Write it to nbgrader's tree, or into a zip where its name is the hostile thing."""
        if not self.folder:
            self.write(submitted / self.student / self.lesson)
            return
        for name, data in self.files().items():
            archive.writestr(f"{self.folder}/{name}", data)  # type: ignore[arg-type]

    def fits(self, marks: Mapping[str, float]) -> bool:
        """Tell whether these are the marks that it must get."""
        wanted = self.marks or {}
        return marks.keys() == wanted.keys() and all(
            points == wanted[name] or name in self.undecided for name, points in marks.items()
        )


def marks_of(result: Result) -> dict[str, float]:
    """Return the marks of each exercise; none of what could not be graded."""
    return {exercise.name: exercise.points for exercise in result.exercises}


# ---- notebooks


@cache
def right_answers(lesson: str) -> dict[str, str]:
    """Return the right text of each exercise."""
    return solutions(Lesson(lesson))


def released(lesson: str) -> dict:
    """Return what a student opens, as plain data."""
    return json.loads(Lesson(lesson).student.read_text(encoding="utf-8"))


def solved(
    salt: str,
    answers: Mapping[str, str] | None = None,
    edit: Callable[[dict], object] | None = None,
    cells: tuple[str, ...] = (),
    lesson: str = FACES,
) -> bytes:
    """Return a notebook with right answers, but for these, and with these cells before them.

    Parameters
    ----------
    salt : str
        Makes the bytes differ from those of other submissions.
    answers : mapping of str to str, optional
        Texts of exercises in place of the right ones.
    edit : callable, optional
        Changes the notebook in the end.
    cells : tuple of str
        Texts of code cells, to be run before the exercises.
    lesson : str
        Which notebook.
    """
    data, texts = released(lesson), right_answers(lesson) | (answers or {})
    for cell in data["cells"]:
        if grade_id(cell) in texts:
            cell["source"] = texts[grade_id(cell)]
    data["cells"][2:2] = [code(text) for text in cells]
    data["metadata"]["salt"] = salt
    if edit:
        edit(data)
    return json.dumps(data).encode()


def code(text: str) -> dict:
    """Return a plain code cell."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": dedent(text).strip(),
    }


def grade_id(cell: dict) -> str:
    """Return nbgrader's name of a cell; empty where it has none."""
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")


def cell_of(notebook: dict, name: str) -> dict:
    """Return the cell of this name."""
    return next(cell for cell in notebook["cells"] if grade_id(cell) == name)


def without(lesson: str, *exercises: str) -> dict[str, float]:
    """Return all marks but those of some exercises."""
    return MOST[lesson] | dict.fromkeys(exercises, 0.0)


# ---- one hostile function among right ones

# How each exercise ends: right, or as somebody would who has not done it.
HEADS = {
    "triplet_loss": "def triplet_loss(y_true, y_pred, alpha=0.2):",
    "verify": "def verify(image_path, identity, database, model):",
    "who_is_it": "def who_is_it(image_path, database, model):",
}
RIGHT = {
    "triplet_loss": """
        a, p, n = y_pred
        d = tf.reduce_sum(tf.square(a - p), -1) - tf.reduce_sum(tf.square(a - n), -1)
        return tf.reduce_sum(tf.maximum(d + alpha, 0.0))
        """,
    "verify": """
        dist = np.linalg.norm(img_to_encoding(image_path, model) - database[identity])
        return dist, bool(dist < 0.7)
        """,
    "who_is_it": """
        encoding = img_to_encoding(image_path, model)
        dists = {name: np.linalg.norm(encoding - e) for name, e in database.items()}
        name = min(dists, key=dists.get)
        return dists[name], name if dists[name] <= 0.7 else "not in the database"
        """,
}
WRONG = {
    "triplet_loss": "return tf.constant(0.0)",
    "verify": "return 0.0, True",
    "who_is_it": "return 0.0, 'mila'",
}


def function(exercise: str, body: str, ending: str | None = None, above: str = "") -> str:
    """Return the text of a cell that defines the exercise's function."""
    last = WRONG[exercise] if ending is None else ending
    lines = "\n".join(dedent(part).strip() for part in (body, last))
    return f"{dedent(above).strip()}\n\n{HEADS[exercise]}\n{indent(lines, '    ')}\n"
