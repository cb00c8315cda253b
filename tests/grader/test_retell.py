"""What the grader says, in the language of the notebook."""

from dataclasses import replace

import pytest
from page import Page, check_page
from some_results import full, graded, gram, seen

from grading.exports import remarks
from grading.feedback import feedback_page
from grading.lesson import Lesson
from grading.results import Mistake
from grading.retell import Retelling, retelling

TEXTS = {
    "{call} is {x:.8g}{place}; right is {y}. {hint}": "{call} 是 {x:.8g}{place}；应为 {y}。{hint}",
    " at position {place}": "（位于 {place}）",
    "Divide by 4.": "要除以 4。",
    " Twice.": "两次。",
    "the transpose of {call}": "{call} 的转置",
    "It is {{a}} {b}": "{b} 是 {{a}}",
    "{name} {end}.": "{name} {end}。",
    "made Python crash": "使 Python 崩溃",
    "J {x}": "J{x}",
    "where it is fine,": "（正好）",
}
TEMPLATES = {text for text in TEXTS if "{" in text}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Divide by 4.", "要除以 4。"),
        ("f(x) is 3; right is 4. Divide by 4.", "f(x) 是 3；应为 4。要除以 4。"),
        ("f(x) is 3 at position (0, 1); right is 4. ", "f(x) 是 3（位于 (0, 1)）；应为 4。"),
        ("the transpose of f(x) is 3; right is 4. h", "f(x) 的转置 是 3；应为 4。h"),
        ("It is {a} 7", "7 是 {a}"),
        ("Divide by 4. Twice.", "要除以 4。两次。"),
        ("ValueError: x. Divide by 4.", "ValueError: x. 要除以 4。"),
        ("gram made Python crash.", "gram 使 Python 崩溃。"),
        ("J where it is fine, is 3; right is 4. h", "J（正好） 是 3；应为 4。h"),
        ("f is nan; right is 1e-05. h", "f 是 nan；应为 1e-05。h"),
        ("Nobody has translated this.", "Nobody has translated this."),
        ("", ""),
    ],
)
def test_a_sentence_is_known_again(said, told):
    assert Retelling(TEXTS, TEMPLATES)(said) == told


def test_a_long_hostile_text_takes_no_time():
    tell = Retelling(TEXTS, TEMPLATES)
    text = " is ; right is . " * 2000
    assert tell(text)


def test_english_stays_as_it_is():
    result = full()
    assert retelling(Lesson("art_generation"), "en").result(result) == result


def wrong_in_chinese():
    message = (
        "gram_matrix(A) is 3.5 at position (0, 1); right is 4. Entry (i, j) is the dot product of "
        "row i and row j."
    )
    exercise = replace(
        gram("failed", mistake=Mistake("entry by entry", "A * A multiplies entry by entry: the "
                                       "Gram matrix is a matrix product, tf.matmul.")),
        tests=(seen("test_gram_matrix_is_symmetric", False, message),),
    )  # fmt: skip
    return replace(graded("ana", exercise, lesson="art_generation"), language="zh")


def test_a_page_is_in_the_language_of_the_notebook():
    text = feedback_page(wrong_in_chinese())
    assert '<html lang="zh-CN">' in text
    page = Page(text).text
    for said in (
        "这看起来是一个常见的错误",
        "逐元素相乘",
        "格拉姆矩阵是对称的",
        "gram_matrix(A) 等于 3.5（位于 (0, 1)）；正确的是 4。元素 (i, j) 是第 i 行与第 j 行的点积。",  # noqa: E501
        "✗ 还不对",
    ):
        assert said in page
    for english in ("Exercise", "Points", "known mistake", "right is", "Checks"):
        assert english not in page


def test_an_english_page_stays_english():
    text = feedback_page(replace(wrong_in_chinese(), language="en"))
    assert '<html lang="en">' in text
    assert "This looks like a known mistake" in check_page(text).text


def test_remarks_on_platforms_are_in_the_language_of_the_notebook():
    assert "要除以 4" not in remarks(wrong_in_chinese())
    assert "格拉姆矩阵是矩阵乘法" in remarks(wrong_in_chinese())
