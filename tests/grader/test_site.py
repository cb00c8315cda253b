"""The site: whole, without solutions, readable offline and by everybody.

The pages are built from this course as it is. Chapters have the outputs that `course run` left in
`build/executed/`; without them they are built without, and say so.
"""

import re
from itertools import pairwise

import nbformat
import pytest
from bs4 import BeautifulSoup

from grading import ROOT, CourseError, cli
from grading.build import solved_notebook
from grading.chapters import chapter, executed_path, outputs_of, read_descriptions
from grading.execute import execute
from grading.lesson import lessons
from grading.site import copy_pages, run_sphinx, with_fitting_links, write_chapters

DOCS = ROOT / "docs"
DRAWN = 'print("figure")'


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the site into a folder of its own."""
    source = tmp_path_factory.mktemp("site") / "source"
    copy_pages(ROOT, source)
    write_chapters(lessons(), DOCS / "figures.toml", source)
    run_sphinx(source, source.with_name("site"))
    return source.with_name("site")


@pytest.fixture(scope="module")
def pages(site):
    """Return every page by its path."""
    found = {}
    for path in sorted(site.rglob("*.html")):
        found[path] = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    return found


def main_part(page):
    return page.find("article") or page


# The whole site


def test_every_link_inside_leads_somewhere(site, pages):
    ids = {path: {tag["id"] for tag in page.find_all(id=True)} for path, page in pages.items()}
    for path, page in pages.items():
        for tag in page.find_all(["a", "img", "link", "script"]):
            target = tag.get("href") or tag.get("src") or ""
            if re.match(r"\w+:|//", target) or not target:
                continue
            place, _, anchor = target.partition("#")
            file = (path.parent / place.partition("?")[0]).resolve() if place else path
            assert file.is_file(), f"{path.relative_to(site)} links to {target}"
            if anchor and file in ids:
                assert anchor in ids[file], f"{path.relative_to(site)} links to {target}"


def test_no_page_needs_the_network(pages):
    for path, page in pages.items():
        for tag in page.find_all(["img", "script", "link", "iframe", "video", "source"]):
            target = tag.get("href") or tag.get("src") or ""
            assert not re.match(r"(https?:)?//", target), f"{path}: {target}"


def test_formulas_are_drawn_by_what_lies_in_the_site(site, pages):
    page = pages[site / "chapters" / "art_generation.html"]
    assert (site / "_static" / "tex-svg.js").is_file()
    assert any("tex-svg.js" in script.get("src", "") for script in page.find_all("script"))
    assert "J_{content}(C, G)" in page.text


def test_pages_can_be_read_by_those_who_cannot_see_them(pages):
    for path, page in pages.items():
        assert page.html["lang"] == ("zh" if path.stem.endswith(".zh") else "en")
        assert page.find("meta", attrs={"name": "viewport"}), path
        for image in main_part(page).find_all("img"):
            alt = image.get("alt", "")
            assert len(alt) > 15, f"{path.name}: {image}"
            assert "/" not in alt
            assert ".png" not in alt
        levels = [int(tag.name[1]) for tag in main_part(page).find_all(re.compile("^h[1-6]$"))]
        assert levels.count(1) <= 1, path
        jumps = [b - a for a, b in pairwise(levels)]
        assert all(jump <= 1 for jump in jumps), f"{path.name}: {levels}"
        for head in main_part(page).find_all("th"):
            assert head.text.strip(), f"{path.name}: a column without a name"


def test_every_module_of_a_student_is_described(site):
    text = (site / "api" / "given.html").read_text(encoding="utf-8")
    for name in ("nst_utils.load_vgg_model", "fr_utils.img_to_encoding", "latent_utils"):
        assert f'id="{name}"' in text or f"module-{name}" in text


# Chapters


@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.name)
def test_a_chapter_has_no_solution_and_no_hidden_test(site, pages, lesson):
    page = pages[site / "chapters" / f"{lesson.name}.html"]
    shown = " ".join(page.text.split())
    given = " ".join(lesson.student.read_text(encoding="utf-8").split())
    assert "BEGIN SOLUTION" not in shown
    for cell in solved_notebook(lesson).cells:
        _, _, solution = cell.source.partition("### BEGIN SOLUTION\n")
        for line in solution.partition("### END SOLUTION")[0].splitlines():
            words = " ".join(line.split())
            if len(words) > 25 and words.replace('"', '\\"') not in given:
                assert words not in shown
        _, _, hidden = cell.source.partition("### BEGIN HIDDEN TESTS\n")
        for name in re.findall(r"^def (test_\w+)", hidden, re.MULTILINE):
            assert name not in shown
    for exercise in lesson.exercises:
        assert f"{exercise}: write the body" in shown


@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.name)
def test_a_chapter_shows_outputs_or_says_that_it_does_not(site, pages, lesson):
    page = pages[site / "chapters" / f"{lesson.name}.html"]
    images = page.select(".cell_output img")
    if outputs_of(lesson, solved_notebook(lesson)) is None:
        assert not images
        assert "made without the notebook’s outputs" in page.text
        pytest.skip(f"{executed_path(lesson)} is missing or stale; run: course run {lesson.name}")
    assert len(images) > 5
    assert not page.find_all(string=re.compile("Error|Traceback", re.ASCII), class_="output")


@pytest.fixture
def ran(make_lesson):
    """Write the small course with a cell that draws, and run it solved."""
    picture = 'display({"image/png": "iVBORw0KGgo="}, raw=True)'
    cell = f'# %%\nimport sys\nsys.stderr.write("noise")\n{DRAWN}\n{picture}\n'
    lesson = make_lesson("# %%\nfor _ in", f"{cell}\n# %%\nfor _ in")

    def run():
        notebook = execute(solved_notebook(lesson), lesson.root)
        path = executed_path(lesson)
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
        return lesson

    return run


def test_outputs_come_only_from_cells_that_are_no_exercise(ran):
    made = chapter(ran(), {DRAWN: "A dot."})
    assert made.complete
    assert "secret" not in str(made.notebook)
    assert "noise" not in str([cell.get("outputs") for cell in made.notebook.cells])
    (drawing,) = [cell for cell in made.notebook.cells if DRAWN in cell.source]
    assert [o.output_type for o in drawing.outputs] == ["stream", "display_data"]
    assert drawing.metadata["mystnb"]["image"]["alt"] == "A dot."


def test_a_figure_without_a_description_is_refused(ran):
    with pytest.raises(CourseError, match=r"a figure of sums has no description.*figures\.toml"):
        chapter(ran(), {})


def test_a_description_of_no_cell_is_refused(make_lesson):
    with pytest.raises(CourseError, match="must be in one cell of sums, but is in 0"):
        chapter(make_lesson(), {"no_such_line()": "Nothing."})


def test_outputs_of_other_code_are_left_out(ran):
    lesson = ran()
    lesson.source.write_text(lesson.source.read_text().replace("range(STEPS)", "range(3)"))
    made = chapter(lesson, {DRAWN: "A dot."})
    assert not made.complete
    assert "without the notebook's outputs" in made.notebook.cells[1].source


def test_descriptions_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(CourseError, match=r"figures\.toml is missing"):
        read_descriptions(tmp_path / "figures.toml")
    (tmp_path / "figures.toml").write_text("[a\n")
    with pytest.raises(CourseError, match=r"figures\.toml cannot be read: "):
        read_descriptions(tmp_path / "figures.toml")


# Pages


def test_a_fault_is_an_error_and_the_earlier_site_stays(tmp_path):
    source, site = tmp_path / "source", tmp_path / "site"
    source.mkdir()
    (source / "conf.py").write_text("")
    (source / "index.rst").write_text("One\n===\n")
    run_sphinx(source, site)
    (source / "index.rst").write_text("Two\n===\n\n:doc:`nowhere`\n")
    with pytest.raises(CourseError, match=r"(?s)Sphinx found faults:.*nowhere"):
        run_sphinx(source, site)
    assert "One" in (site / "index.html").read_text(encoding="utf-8")
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    ("link", "fitting"),
    [
        ("[a](../images/SOURCES.md)", "[a](/pictures.md)"),
        ("[a](grading.md)", "[a](/grading.md)"),
        ("[a](../pyproject.toml)", "a"),
        ("[a](https://example.org/x.md)", "[a](https://example.org/x.md)"),
        ("[a](chapters/art_generation.ipynb)", "[a](chapters/art_generation.ipynb)"),
        ("![a](gallery.jpg)", "![a](gallery.jpg)"),
    ],
)
def test_links_fit_the_site(link, fitting):
    assert with_fitting_links(link, DOCS, ROOT) == fitting


# What the guides say


def commands_in(page):
    text = (DOCS / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    inline = re.findall(r"`(course [^`]+)`", text)
    return re.findall(r"\bcourse ([a-z]+)\b", "\n".join([*blocks, *inline]))


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md")))
def test_guides_name_only_commands_that_exist(page):
    known = {command.name for command in cli.app.registered_commands} | {"evaluate"}
    assert {*commands_in(page)} <= known


def test_the_instructors_table_counts_the_exercises():
    text = (DOCS / "instructor.md").read_text(encoding="utf-8")
    for lesson in lessons():
        assert re.search(rf"`{lesson.name}` \| {len(lesson.exercises)} \|", text), lesson.name


def test_every_make_target_of_the_guides_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for page in DOCS.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"(?:^|`)make ([a-z]+)\b", text, re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{page.name}: {target}"
