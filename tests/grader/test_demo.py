"""`course demo` with one notebook and with two, on the small course."""

import pytest
from small_course import write_area_lesson
from typer.testing import CliRunner

from grading import cli, samples
from grading.lesson import lessons
from grading.samples import Mistake

MUTANTS = """
from types import SimpleNamespace

MUTANTS = [
    SimpleNamespace(
        exercise="total", name="the first only", source="def total(x):\\n    return x[0]"
    )
]
"""


@pytest.fixture
def course(make_lesson, tmp_path, monkeypatch):
    """Run `course` on two notebooks, one of which has a sample with a mistake."""
    lesson = make_lesson()
    write_area_lesson(tmp_path)
    lesson.tests.with_name("mutants_sums.py").write_text(MUTANTS)
    slip = Mistake("first-only", "total", "the first only")
    monkeypatch.setattr(samples, "MISTAKES", {"sums": [slip]})
    monkeypatch.setattr(cli, "lessons", lambda: lessons(tmp_path))

    def run(*arguments):
        result = CliRunner().invoke(cli.app, [*arguments, "--course-dir", str(tmp_path / "demo")])
        return result.exit_code, result.output

    return run


def test_the_demo_covers_every_notebook(course, tmp_path):
    code, output = course("demo")
    assert code == 0, output
    for name in ("areas", "sums"):
        for step in (f"run {name}, solved", f"release {name}", "grade the samples"):
            assert step in output
        assert f"Marks in {name}" in output
        assert (tmp_path / "build" / "executed" / f"{name}.html").is_file()
        assert f"{tmp_path}/demo/release/{name}/{name}.ipynb" in output
    assert f"picture: {tmp_path}/build/executed/output/area.png" in output
    students = {"areas": ["blank", "solution"], "sums": ["blank", "first-only", "solution"]}
    for name, graded in students.items():
        pages = sorted((tmp_path / "demo" / "grades" / "feedback" / name).glob("*.html"))
        assert [page.stem for page in pages] == graded
        assert all(f"{page.stem}: {page}" in output for page in pages)
    assert f"report on the class: {tmp_path}/demo/grades/report.html" in output


def test_the_demo_of_one_takes_the_place_of_earlier_samples_of_another(course, tmp_path):
    earlier = tmp_path / "demo" / "submitted" / "first-only" / "sums"
    earlier.mkdir(parents=True)
    (tmp_path / "demo" / "nbgrader_config.py").write_text("# of an earlier demo")
    code, output = course("demo", "areas")
    assert code == 0, output
    assert "Marks in areas" in output
    assert "Marks in sums" not in output
    assert not earlier.exists()
