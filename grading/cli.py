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
    lang: Annotated[
        str | None, typer.Option(help="Only in this language, such as zh; in all without.")
    ] = None,
) -> None:
    """Make the students' notebooks from notebooks/source, in every language."""
    with _clear_errors():
        from grading.build import build, build_documents, is_stale

        do = is_stale if check else build
        pairs = [(lesson, each) for lesson in lessons() for each in _languages(lesson, lang)]
        paths = [lesson.student_in(each) for lesson, each in pairs if do(lesson, each)]
        root = lessons()[0].root
        for language in sorted({language for _, language in pairs}):
            paths += build_documents(root, language, write=not check)
        if check and paths:
            names = ", ".join(str(path.relative_to(root)) for path in paths)
            raise CourseError(f"stale: {names}; run: course build")
        for path in paths:
            console.print(f"wrote {path}")


@app.command("translate")
def translate_command(
    check: Annotated[bool, typer.Option(help="Only tell what is left to translate.")] = False,
    notebook: Annotated[
        str | None, typer.Argument(help="With --check, only this notebook's catalogue.")
    ] = None,
) -> None:
    """Bring notebooks/translations up to date with the English text; translations are kept."""
    with _clear_errors():
        from grading.catalogues import LANGUAGES
        from grading.translations import extract, states

        if not check:
            for path in [path for language in LANGUAGES for path in extract(language)]:
                console.print(f"wrote {path}")
        found = [state for language in LANGUAGES for state in states(language)]
        asked = [state for state in found if notebook in (None, state.path.stem)]
        for state in asked:
            console.print(Text(str(state)), soft_wrap=True)
        if check and not all(state.is_done for state in asked):
            raise CourseError("not everything is translated; see notebooks/translations/README.md")


def _languages(lesson: Lesson, only: str | None) -> list[str]:
    """Return the languages of a notebook that are asked for."""
    from grading.catalogues import languages

    there = languages(lesson)
    if only and only not in there:
        raise CourseError(f"{lesson.name} is not in {only}; it is in: {', '.join(there)}")
    return [only] if only else there


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
def release_command(
    notebook: Annotated[
        str | None, typer.Argument(help="The notebook's name; all of them without it.")
    ] = None,
    course_dir: CourseDir = COURSE_DIR,
    lang: Annotated[str, typer.Option(help="In which language, such as zh.")] = "en",
    repository: Annotated[
        str | None,
        typer.Option(help="OWNER/NAME on GitHub where you publish the zips: adds badges for it."),
    ] = None,
) -> None:
    """Make nbgrader's course folder with a notebook, and the zip that students get."""
    with _clear_errors():
        from grading.bundle import write_bundle
        from grading.release import release

        for lesson in [_lesson(notebook)] if notebook else lessons():
            _languages(lesson, lang)
            console.print(f"released: {release(lesson, course_dir, lang)}", soft_wrap=True)
            zipped = write_bundle(lesson, course_dir / "bundles", lang, repository)
            size = zipped.stat().st_size / 1e6
            console.print(f"for students: {zipped}, {size:.1f} MB", soft_wrap=True)


@app.command("site")
def site_command(
    fresh: Annotated[
        bool, typer.Option("--run", help="First run the notebooks whose outputs are not there.")
    ] = False,
) -> None:
    """Make the course's site in build/site: chapters, guides and modules, to read offline."""
    with _clear_errors():
        from grading.demo import run
        from grading.site import make_site, never_run, refuse_missing_packages

        refuse_missing_packages()
        for lesson in never_run() if fresh else []:
            run(lesson)
        with step("make the site") as report:
            page, incomplete = make_site(report=report)
        if incomplete:
            names = ", ".join(incomplete)
            console.print(f"without outputs: {names}; run: course site --run")
        console.print(f"open in a browser: {page}", soft_wrap=True)


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


@app.command("check")
def check_command() -> None:
    """Look whether this machine is ready for the notebooks; say what to do if not."""
    with _clear_errors():
        from grading.doctor import examine, table

        with step("look at this machine") as report:
            findings = examine(report)
        console.print(table(findings))
        wrong = [finding.name for finding in findings if finding.state == "failed"]
        if wrong:
            raise CourseError(f"the notebooks will not run like this; see {', '.join(wrong)}")
        console.print("The notebooks can run here.")


@app.command("fetch")
def fetch_command(
    weights: Annotated[str, typer.Argument(help="Which: vgg19, facenet, mnist, or all of them.")],
    source: Annotated[
        Path | None,
        typer.Option(
            "--from", help="What you have, in any published format, to be taken instead."
        ),
    ] = None,
) -> None:
    """Bring the real VGG-19, OpenFace's network, or the digits of MNIST, and check them."""
    with _clear_errors():
        from grading.fetch import fetch

        for path in fetch(weights, source=source, tell=_tell):
            _tell(f"in place: {path}")
        _tell("The notebooks use it from now on; their first cells say so.")


def _tell(sentence: str) -> None:
    console.print(sentence, soft_wrap=True)


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
