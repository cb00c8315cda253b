"""The command line `course`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from grading import COURSE_DIR, DEMO_DIR, CourseError
from grading.lesson import Lesson, lessons
from grading.progress import beside, console, step
from style_engine.cli import paint_command

app = typer.Typer(
    help="Build, run, release and grade the notebooks of the course; paint.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
evaluate = typer.Typer(help="Measure what an embedded network can do.", no_args_is_help=True)
app.add_typer(evaluate, name="evaluate")
app.command("paint")(paint_command)

Notebook = Annotated[str, typer.Argument(help="The notebook's name, such as art_generation.")]
GRADES = Path("grades")
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
        from grading.build import build, is_stale

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
        import nbformat

        from grading.demo import run
        from grading.execute import execute, write_page

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
        from grading.release import release

        console.print(f"released: {release(_lesson(notebook), course_dir)}")


@app.command("autograde")
def autograde_command(notebook: Notebook, course_dir: CourseDir = COURSE_DIR) -> None:
    """Grade the submissions in a course folder with stock nbgrader, and write the feedback."""
    with _clear_errors():
        from grading.autograde import table
        from grading.demo import autograded

        sheet = autograded(course_dir, notebook)
        console.print(table(sheet))
        console.print(f"marks: {course_dir / 'grades.csv'}")


@app.command("grade")
def grade_command(  # noqa: PLR0913, PLR0917 - options of a command
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Notebooks, modules, folders, nbgrader's submitted/, platforms' zips."
        ),
    ],
    out: Annotated[
        Path, typer.Option(help="The folder for marks, pages and the report.")
    ] = GRADES,
    gradebook: Annotated[
        str | None,
        typer.Option(
            help="nbgrader's, an SQLAlchemy URL; without, a course folder's own or one in --out."
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="How many processes judge; two a core without.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="A Dask scheduler's address: judge on its workers.")
    ] = None,
    trust: Annotated[
        bool,
        typer.Option("--trust", help="Without isolation: for work that you would run yourself."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print results, a line each; write nothing.")
    ] = False,
) -> None:
    """Grade what students handed in, each shut in by itself; write marks, pages and a report."""
    with _clear_errors():
        if as_json:
            from grading.resident import ask

            for result in ask(paths, trust):
                print(
                    json.dumps(result.to_json(), ensure_ascii=False, allow_nan=False), flush=True
                )
            return
        from grading.grade import Plan, book_of, grade
        from grading.live import LiveTable, places, summary
        from grading.worker import Rules

        book = gradebook or book_of(paths, out)
        plan = Plan(tuple(paths), out, book, Rules(trust), workers, scheduler)
        with LiveTable() as live:
            graded = grade(plan, live)
        console.print(live.table())
        console.print(summary(graded))
        for line in places(graded, plan):
            console.print(line, soft_wrap=True)
        if graded.failed:
            raise CourseError(
                f"{len(graded.failed)} submissions were not judged, by no fault of theirs "
                f"({graded.failed[0][1]}); the same command does them again"
            )


@app.command("demo")
def demo_command(
    notebook: Annotated[
        str | None, typer.Argument(help="The notebook's name; all of them without it.")
    ] = None,
    course_dir: CourseDir = DEMO_DIR,
) -> None:
    """Go once through everything: build, run, release, grade samples, show the marks."""
    with _clear_errors():
        from grading.demo import demo

        demo([_lesson(notebook)] if notebook else lessons(), course_dir)


@app.command("fetch")
def fetch_command(
    weights: Annotated[str, typer.Argument(help="Which: vgg19 or mnist.")],
    source: Annotated[
        Path | None, typer.Option("--from", help="A copy to take instead of the download.")
    ] = None,
) -> None:
    """Bring the real VGG-19, or the digits of MNIST, and check them."""
    with _clear_errors():
        from grading.fetch import fetch

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
