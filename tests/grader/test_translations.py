"""The other languages: extraction, what a translation must keep, and that nothing is missing."""

import ast
import io
import re

import pytest
from babel.messages.pofile import read_po
from typer.testing import CliRunner

from grading import ROOT, CourseError, cli, paragraphs, sentences
from grading.build import build, build_documents, is_stale, solved_notebook
from grading.catalogues import LANGUAGES, languages, path_of
from grading.cells import read_cells, read_template
from grading.checks import read_key
from grading.lesson import Lesson, lessons
from grading.mistakes import read_catalogue
from grading.release import release
from grading.translations import extract, known_texts, messages, states

TITLE = "# 两个和"


def catalogue(lesson, language="zh"):
    data = path_of(lesson.root, language, lesson.name).read_bytes()
    return read_po(io.BytesIO(data), locale=language)


def translate(lesson, **texts):
    """Extract, and translate some messages by the beginnings of their texts."""
    extract("zh", lesson.root)
    path = path_of(lesson.root, "zh", lesson.name)
    lines = path.read_text(encoding="utf-8").split("\n")
    for start, said in texts.items():
        place = next(i for i, line in enumerate(lines) if line.startswith(f'msgid "{start}'))
        lines[place + 1] = f'msgstr "{said}"'
    path.write_text("\n".join(lines), encoding="utf-8")


@pytest.fixture
def lesson(make_lesson):
    """Return the small course with a part of it translated."""
    lesson = make_lesson()
    translate(lesson, **{"# Two sums": TITLE, "total({SAMPLE})": "total({SAMPLE}) 必须是 7"})
    return lesson


# ---- everything is translated


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_translated(language):
    """Tells what is left to do; nothing else fails while translators are at work."""
    left = [state for state in states(language) if not state.is_done]
    assert not left, "\n".join(map(str, left))


@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.name)
def test_the_code_of_every_language_is_the_same(lesson):
    english = solved_notebook(lesson)
    for language in languages(lesson)[1:]:
        other = solved_notebook(lesson, language)
        assert other.metadata.course.pop("language") == language
        assert other.metadata == english.metadata
        for cell, mine in zip(english.cells, other.cells, strict=True):
            assert {**cell, "source": ""} == {**mine, "source": ""}
            if cell.cell_type == "code":
                assert_same_code(cell.source, mine.source)


def assert_same_code(english, other):
    """Compare all but sentences, of which only the expressions in them must be the same."""
    if english == other:
        return
    said = {sentence.text for sentence in sentences.sentences(english)}
    pairs = zip(ast.walk(plain_strings(english)), ast.walk(plain_strings(other)), strict=True)
    for node, mine in pairs:
        assert type(node) is type(mine)
        if isinstance(node, ast.Constant) and node.value != mine.value:
            assert not mine.value.isascii()
            assert node.value in said or isinstance(node.value, str)
        elif isinstance(node, ast.Name):
            assert node.id == mine.id


def plain_strings(code):
    """Parse, with f-strings as lists of their expressions, in alphabetical order."""

    class Plain(ast.NodeTransformer):
        def visit_JoinedStr(self, node):
            values = [v.value for v in node.values if isinstance(v, ast.FormattedValue)]
            return ast.List(sorted(values, key=ast.unparse), ast.Load())

    return Plain().visit(ast.parse(code))


@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.name)
def test_every_known_mistake_is_found_without_running_the_catalogue(lesson):
    tests = {test.name: test.exercise for test in read_key(lesson.tests, lesson.exercises).tests}
    known = read_catalogue(lesson.mistakes, lesson.exercises, tests).mistakes
    found = set(known_texts(lesson.mistakes.read_text(encoding="utf-8")))
    assert {text for m in known for text in (m.name, m.sentence)} == found


# ---- building


def test_a_notebook_is_built_in_every_language_that_has_a_catalogue(make_lesson):
    lesson = make_lesson()
    assert languages(lesson) == ["en"]
    translate(lesson)
    assert languages(lesson) == ["en", "zh"]


def test_text_and_checks_are_translated_and_the_rest_stays_english(lesson):
    cells = {cell.id: cell for cell in solved_notebook(lesson, "zh").cells}
    assert cells["cell-001"].source == TITLE
    assert 'assert total(sample()) == 7, f"total({SAMPLE}) 必须是 7"' in cells["test-total"].source
    assert "must be [2, 4, 8]; got {got}" in cells["test-double"].source
    assert "=== " not in cells["checks"].source


def test_a_new_translation_makes_its_notebook_stale_and_no_other(lesson):
    for language in ("en", "zh"):
        assert build(lesson, language)
        assert not is_stale(lesson, language)
    translate(lesson, **{"# Two sums": "# 两个总和"})
    assert not is_stale(lesson)
    assert is_stale(lesson, "zh")


def test_a_fuzzy_translation_is_not_used(lesson):
    path = path_of(lesson.root, "zh", lesson.name)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('msgid "# Two', '#, fuzzy\nmsgid "# Two'), encoding="utf-8")
    assert solved_notebook(lesson, "zh").cells[0].source == "# Two sums"


def test_a_translation_that_lost_something_is_refused(lesson):
    translate(lesson, **{"total({SAMPLE})": "total 必须是 7"})
    with pytest.raises(CourseError, match=r"sums\.po.*\{SAMPLE\} must come 1 times, not 0"):
        solved_notebook(lesson, "zh")


def test_a_broken_catalogue_is_named(lesson):
    path_of(lesson.root, "zh", lesson.name).write_text('msgid "x\n', encoding="utf-8")
    with pytest.raises(CourseError, match=r"sums\.po is no gettext catalogue"):
        solved_notebook(lesson, "zh")


def test_a_submission_in_another_language_is_compared_with_its_own_release(lesson):
    for language in languages(lesson):
        build(lesson, language)
    template = read_template(lesson.student)
    for language in languages(lesson):
        path = lesson.student_in(language)
        cells = read_cells(path.read_bytes(), path.name)
        assert (cells.language or "en") == language
        assert cells.notes(template) == ()
        assert cells.answered(template) == ()


def test_a_release_is_in_one_language(lesson, tmp_path):
    build(lesson, "zh")
    released = release(lesson, tmp_path / "course", "zh")
    assert released.read_bytes() == lesson.student_in("zh").read_bytes()


def test_a_students_page_is_built_beside_the_english_one(lesson):
    page = lesson.root / "docs" / "student.md"
    page.parent.mkdir()
    page.write_text("# Begin\n\n```sh\nmake lab\n```\n", encoding="utf-8")
    assert build_documents(lesson.root, "zh") == []
    translate(Lesson("student", lesson.root), **{"# Begin": "# 开始"})
    told = page.with_name("student.zh.md")
    assert build_documents(lesson.root, "zh", write=False) == [told]
    assert not told.exists()
    assert build_documents(lesson.root, "zh") == [told]
    assert told.read_text(encoding="utf-8").endswith("\n\n# 开始\n\n```sh\nmake lab\n```\n")
    assert build_documents(lesson.root, "zh") == []
    assert build_documents(lesson.root, "en") == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_committed_page_is_what_its_source_makes(language):
    assert build_documents(ROOT, language, write=False) == [], "run: course build"


# ---- extraction


def test_extraction_keeps_translations_and_gives_the_same_bytes_again(lesson):
    before = path_of(lesson.root, "zh", lesson.name).read_bytes()
    assert extract("zh", lesson.root) == []
    assert path_of(lesson.root, "zh", lesson.name).read_bytes() == before
    assert catalogue(lesson)["# Two sums"].string == TITLE


def test_a_changed_sentence_becomes_fuzzy(make_lesson, lesson):
    make_lesson("# # Two sums", "# # Two small sums")
    (state, _) = states("zh", lesson.root)
    assert "# Two sums" in state.stale
    assert "# Two small sums" in state.untranslated
    extract("zh", lesson.root)
    (state, _) = states("zh", lesson.root)
    assert state.stale == ()
    assert state.fuzzy == ("# Two small sums",)
    assert catalogue(lesson)["# Two small sums"].string == TITLE


def test_what_is_to_be_translated_has_nothing_of_hidden_tests(make_lesson):
    found = [message.text for message in messages(make_lesson())]
    assert found == [
        "# Two sums",
        "double({SAMPLE}) must be [2, 4, 8]; got {got}",
        "total({SAMPLE}) must be 7",
        "double of a sample",
        "total of a sample",
    ]


def test_the_command_tells_what_is_left(lesson, monkeypatch):
    monkeypatch.setattr(cli, "lessons", lambda: [lesson])
    monkeypatch.setattr("grading.translations.states", lambda _language: states("zh", lesson.root))
    done = CliRunner().invoke(cli.app, ["translate", "--check", "sums"])
    assert done.exit_code == 1
    assert "untranslated (3):" in done.output
    assert "double of a sample" in done.output
    assert "pages.po" not in done.output


def test_an_unknown_language_is_an_error_with_the_known_ones(lesson, monkeypatch):
    monkeypatch.setattr(cli, "lessons", lambda: [lesson])
    done = CliRunner().invoke(cli.app, ["build", "--lang", "xx"])
    assert done.exit_code == 1
    assert "sums is not in xx; it is in: en, zh" in " ".join(done.output.split())


# ---- paragraphs


def test_a_paragraph_is_the_same_however_it_is_wrapped():
    text = "# A title\nOne line\nand another.\n- an item\n  of two lines\n- a second"
    assert paragraphs.unwrapped(text) == (
        "# A title\nOne line and another.\n- an item of two lines\n- a second"
    )


def test_a_block_of_code_is_one_paragraph_and_is_not_translated():
    text = "Run\n\n```sh\none\n\ntwo\n```\n\nthen"
    assert paragraphs.paragraphs(text) == ["Run", "```sh\none\n\ntwo\n```", "then"]
    assert not paragraphs.has_words("```sh\nsource it\n```")


def test_formulas_and_code_alone_have_no_words():
    assert not paragraphs.has_words("$$J_{content}(C, G) = \\frac{1}{4}$$")
    assert not paragraphs.has_words("`gram_matrix`")
    assert paragraphs.has_words("### Exercise 2: `gram_matrix`")


LOST = {
    "code": ("run `a_C` now", "运行 `a_S`", "missing .*`a_C`.*added .*`a_S`"),
    "a formula": ("of shape $(n_C, n_C)$", "形状", "formulas: missing"),
    "a link": ("see [this](docs/x.md)", "见[此](docs/y.md)", "links"),
    "a paper": ("2015, arXiv:1508.06576", "2015, arXiv:1508.06577", "links"),
    "an item": ("- one\n- two", "- 一 二", "lines begin"),
    "a heading's level": ("## Two", "# 二", "lines begin"),
    "bold": ("a **cost** is", "代价是", "shown with"),
    "bold that does not show": ("**Note:** look", "看**（注意）**看", "shown with"),
}


@pytest.mark.parametrize(("original", "translated", "fault"), LOST.values(), ids=LOST)
def test_a_paragraph_keeps(original, translated, fault):
    (found,) = paragraphs.lost(original, translated)
    assert re.search(fault, found)


def test_a_good_paragraph_has_no_fault():
    original = "The **cost** of $G$ in `conv4_2`: *small*, see [x](https://a.org/b)."
    translated = "`conv4_2` 中 $G$ 的**代价**：*小*，见 [x](https://a.org/b)。"
    assert [*paragraphs.lost(original, translated)] == []


# ---- sentences

CODE = '''
def check(call, got, name="not me"):
    """Not this docstring of several words."""
    known = {"not this key": "TensorFlow 2 calls it x.", "no": 1}
    assert "not this one" in call and got == "nor this one", (
        f"{call} returned {got!r:>5}, "
        "not {'a'} number."
    )
    re.sub("not a pattern", "of words", call)
    return f"é {{so}} {call} has {got + 1:.3g} parts", known["no such thing"]
'''


def test_sentences_are_found_and_nothing_else():
    found = {sentence.text for sentence in sentences.sentences(CODE)}
    assert found == {
        "not me",
        "TensorFlow 2 calls it x.",
        "{call} returned {got!r:>5}, not {{'a'}} number.",
        "é {{so}} {call} has {got + 1:.3g} parts",
    }


def test_only_sentences_are_replaced():
    said = {
        "TensorFlow 2 calls it x.": 'x 叫做 "x"，\\。',
        "é {{so}} {call} has {got + 1:.3g} parts": "{{如此}}：{got + 1:.3g} 份 {call}",
    }
    told = sentences.retold(CODE, said.get)
    values = {"call": "c", "got": 2.5}
    assert '"x 叫做 \\"x\\"，\\\\。"' in told
    (shown,) = [line for line in told.split("\n") if "份" in line]
    assert eval(shown.strip().removeprefix("return ").split(", known")[0], values) == (
        "{如此}：3.5 份 c"
    )
    for line in CODE.split("\n"):
        assert "calls it" in line or "{so}" in line or line in told


def test_a_template_is_cut_at_its_placeholders():
    fixed, placeholders = sentences.cut("{call} is {a[{'x'}]:.8g}{place}; {{right}} is {b!r}.")
    assert placeholders == ("{call}", "{a[{'x'}]:.8g}", "{place}", "{b!r}")
    assert fixed == ("", " is ", "", "; {right} is ", ".")


SENTENCES = {
    "a placeholder": ("{call} is {x}", ("{call}", "{x}"), "{call} 是", "{x} must come 1"),
    "another placeholder": ("{call} is", ("{call}",), "{call} 是 {y}", "has not"),
    "a name": ("divide by n_C", (), "除以", "n_C"),
    "a function": ("use tf.reduce_sum", (), "请用求和", "tf.reduce_sum"),
    "a number": ("9.190278 is right", (), "正确", "9.190278"),
    "a quoted text": ('return "not in it"', (), "返回 “不在”", "not in it"),
}


@pytest.mark.parametrize(
    ("original", "placeholders", "translated", "fault"), SENTENCES.values(), ids=SENTENCES
)
def test_a_sentence_keeps(original, placeholders, translated, fault):
    (found,) = sentences.lost(original, placeholders, translated)
    assert fault in found


def test_a_lesson_without_a_catalogue_is_in_english_only(tmp_path):
    assert languages(Lesson("none", tmp_path)) == ["en"]
