import pytest
from typer.testing import CliRunner

from grading import CourseError, cli
from grading.autograde import Marksheet, Result
from grading.demo import check_samples
from grading.lesson import lessons
from grading.samples import BLANK, MISTAKES, SOLUTION, wrong_answer


@pytest.fixture
def course(make_lesson, monkeypatch):
    """Run `course` on the small course."""
    lesson = make_lesson()
    monkeypatch.setattr(cli, "lessons", lambda: [lesson])

    def run(*arguments):
        return CliRunner().invoke(cli.app, arguments)

    return run


def words(result):
    return " ".join(result.output.split())


def test_build_check_names_the_stale_notebook(course):
    stale = course("build", "--check")
    assert stale.exit_code == 1
    assert "Error: stale: notebooks/sums.ipynb; run: course build" in words(stale)
    assert course("build").exit_code == 0
    assert course("build", "--check").exit_code == 0


def test_an_unknown_notebook_is_an_error_with_the_known_ones(course):
    for command in ("run", "release", "demo"):
        result = course(command, "no_such")
        assert result.exit_code == 1
        assert "no notebook is called no_such; there are: sums" in words(result)


def test_release_and_autograde(course, tmp_path):
    folder = tmp_path / "course"
    assert course("release", "sums", "--course-dir", str(folder)).exit_code == 0
    assert (folder / "release" / "sums" / "sums.ipynb").is_file()
    graded = course("autograde", "sums", "--course-dir", str(folder))
    assert graded.exit_code == 1
    assert "holds no submission of sums" in words(graded)


def test_run_takes_a_path_too(course, tmp_path, monkeypatch):
    monkeypatch.setattr(cli, "DEMO_DIR", tmp_path / "build" / "course")
    course("build")
    result = course("run", str(tmp_path / "notebooks" / "sums.ipynb"))
    assert result.exit_code == 1
    assert "cell 5 failed" in words(result)
    assert "NotImplementedError: double: write the body" in words(result)
    result = course("run", str(tmp_path / "build" / "solved" / "sums.ipynb"))
    assert result.exit_code == 0
    assert (tmp_path / "build" / "executed" / "sums.html").is_file()


def test_a_sample_with_other_marks_than_it_must_have_is_an_error(tmp_path):
    def sheet(**marks):
        results = [Result(name, found, tmp_path) for name, found in marks.items()]
        return Marksheet("sums", {"double": 3.0, "total": 4.0}, results)

    wrong = {SOLUTION: None, BLANK: None, "slip": "total"}
    full, none = {"double": 3.0, "total": 4.0}, {"double": 0.0, "total": 0.0}
    check_samples(sheet(solution=full, blank=none, slip={"double": 3.0, "total": 0.0}), wrong)
    for bad in ({"solution": none}, {"blank": full}, {"slip": full}, {"slip": none}):
        with pytest.raises(CourseError, match=rf"the sample {next(iter(bad))} must get"):
            check_samples(sheet(**bad), wrong)
    with pytest.raises(CourseError, match="got None"):
        check_samples(sheet(solution=None), wrong)


def test_the_demo_spares_what_is_not_its_own(course, tmp_path):
    folder = tmp_path / "course"
    submission = folder / "submitted" / "ada" / "sums" / "sums.ipynb"
    course("release", "sums", "--course-dir", str(folder))
    submission.parent.mkdir(parents=True)
    submission.write_text("hers")
    result = course("demo", "sums", "--course-dir", str(folder))
    assert result.exit_code == 1
    assert "holds submissions of ada" in words(result)
    assert submission.read_text() == "hers"
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "chapter.txt").write_text("mine")
    assert "holds other files" in words(course("demo", "sums", "--course-dir", str(other)))
    assert (other / "chapter.txt").read_text() == "mine"


def test_release_says_when_the_folder_has_other_settings(course, tmp_path):
    folder = tmp_path / "course"
    course("release", "sums", "--course-dir", str(folder))
    settings = folder / "nbgrader_config.py"
    settings.write_text(settings.read_text() + "\nc.Execute.timeout = 30\n")
    assert "is kept" in words(course("release", "sums", "--course-dir", str(folder)))
    assert "c.Execute.timeout = 30" in settings.read_text()


@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.name)
def test_every_notebook_has_samples_of_known_mistakes(lesson):
    mistakes = MISTAKES[lesson.name]
    assert len(mistakes) >= 3
    assert len({mistake.student for mistake in mistakes} - {SOLUTION, BLANK}) == len(mistakes)
    for mistake in mistakes:
        assert mistake.exercise in lesson.exercises
        assert f"def {mistake.exercise}(" in wrong_answer(lesson, mistake)
