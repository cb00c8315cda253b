"""The command line `course`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import nbformat
import typer
from rich.console import Console
from rich.text import Text

from grading import CourseError
from grading.autograde import table
from grading.build import Lesson, build, is_stale, lessons
from grading.demo import DEMO_DIR, demo, grade, run
from grading.execute import execute, write_page
from grading.fetch import fetch
from grading.progress import beside, console, step
from grading.release import COURSE_DIR, release

app = typer.Typer(
    help="Build, run, release and grade the notebooks of the course.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
evaluate = typer.Typer(help="Measure what an embedded network can do.", no_args_is_help=True)
app.add_typer(evaluate, name="evaluate")

Notebook = Annotated[str, typer.Argument(help="The notebook's name, such as art_generation.")]
CourseDir = Annotated[Path, typer.Option(help="nbgrader's course folder.")]


@contextmanager
def _clear_errors() -> Iterator[None]:
    try:
        yield
    except CourseError as error:
        Console(stderr=True).print(Text("Error:", "bold red"), Text(str(error)), soft_wrap=True)
        raise typer.Exit(1) from error


def _lesson(name: str) -> Lesson:
    known = {lesson.name: lesson for lesson in lessons()}
    if name not in known:
        raise CourseError(f"no notebook is called {name}; there are: {', '.join(known)}")
    return known[name]


@app.command("build")
def build_command(
    check: Annotated[bool, typer.Option(help="Only tell which notebook is stale.")] = False,
) -> None:
    """Make the students' notebooks from notebooks/source."""
    with _clear_errors():
        stale = [lesson for lesson in lessons() if (is_stale if check else build)(lesson)]
        if check and stale:
            names = ", ".join(lesson.student.name for lesson in stale)
            raise CourseError(f"stale: {names}; run: course build")
        for lesson in stale:
            console.print(f"wrote {lesson.student}")


@app.command("run")
def run_command(
    notebook: Annotated[str, typer.Argument(help="A notebook's name, or a path to one.")],
) -> None:
    """Run a notebook from top to bottom: the solved one by its name, or any by its path."""
    with _clear_errors():
        path = Path(notebook)
        if path.suffix != ".ipynb":
            console.print(f"executed: {run(_lesson(notebook))}")
            return
        if not path.is_file():
            raise CourseError(f"{path} is missing")
        target = DEMO_DIR.parent / "executed" / path.name
        with step(f"run {path.name}") as report:
            executed = execute(nbformat.read(path, 4), target.parent, report)
        console.print(f"executed: {write_page(executed, target)}")


@app.command("release")
def release_command(notebook: Notebook, course_dir: CourseDir = COURSE_DIR) -> None:
    """Make nbgrader's course folder with a notebook, released to students."""
    with _clear_errors():
        console.print(f"released: {release(_lesson(notebook), course_dir)}")


@app.command("autograde")
def autograde_command(notebook: Notebook, course_dir: CourseDir = COURSE_DIR) -> None:
    """Grade the submissions in a course folder with stock nbgrader, and write the feedback."""
    with _clear_errors():
        sheet = grade(course_dir, notebook)
        console.print(table(sheet))
        console.print(f"marks: {course_dir / 'grades.csv'}")


@app.command("demo")
def demo_command(
    notebook: Annotated[
        str | None, typer.Argument(help="The notebook's name; all of them without it.")
    ] = None,
    course_dir: CourseDir = DEMO_DIR,
) -> None:
    """Go once through everything: build, run, release, grade samples, show the marks."""
    with _clear_errors():
        demo([_lesson(notebook)] if notebook else lessons(), course_dir)


@app.command("fetch")
def fetch_command(
    weights: Annotated[str, typer.Argument(help="Which, such as vgg19.")],
    source: Annotated[
        Path | None, typer.Option("--from", help="A copy to take instead of the download.")
    ] = None,
) -> None:
    """Bring real weights in place of the embedded networks, and check them."""
    with _clear_errors():
        console.print(f"in place: {fetch(weights, source=source)}")


@evaluate.command("faces")
def evaluate_faces_command(  # noqa: PLR0913, PLR0917 - options of a command
    people: Annotated[int, typer.Option(min=2, max=10_000, help="Never trained on.")] = 1000,
    pictures: Annotated[int, typer.Option(min=2, help="Of each person.")] = 6,
    weights: Annotated[
        Path | None, typer.Option(help="A file or folder of weights; the shipped ones without.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Chooses the pairs of pictures.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    figure: Annotated[bool, typer.Option("--figure", help="Write docs/faces_roc.png.")] = False,
) -> None:
    """Measure how well the face network tells drawn people apart whom it never saw."""
    with _clear_errors():
        from training import evaluate_faces as faces

        place = beside if as_json else console
        model = faces.load_network(weights)
        drawn = faces.draw_people(people, pictures)
        with step("encode the pictures", place) as report:
            encodings = faces.encode(model, drawn, report)
        pairs = faces.choose_pairs(encodings, seed)
        found = faces.figures(pairs, people, pictures)
        if as_json:
            print(json.dumps(faces.as_dict(found), indent=2))
        else:
            console.print(faces.table(found))
        if figure:
            faces.draw_figure(pairs, faces.FIGURE)
            place.print(f"wrote {faces.FIGURE}")


if __name__ == "__main__":
    app()
