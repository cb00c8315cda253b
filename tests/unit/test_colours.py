"""The content's colours kept: luminance exactly, mean and covariance exactly, greys stable."""

import numpy as np
import pytest

from style_engine.colours import keep_luminance, match_colours

WAYS = pytest.mark.parametrize("way", ["pca", "cholesky"])


def picture(seed, mixing, mean, size=(40, 56)):
    """Return colours around a mean, mixed so that the channels depend on each other."""
    noise = np.random.default_rng(seed).uniform(-1, 1, (*size, 3))
    return (noise @ np.asarray(mixing, float).T + mean).astype(np.float32)


@pytest.fixture
def style():
    return picture(1, [[9, 0, 0], [4, 7, 0], [-3, 2, 5]], (140, 120, 100))


@pytest.fixture
def content():
    return picture(2, [[20, 5, 0], [3, 12, 4], [1, -6, 15]], (120, 128, 135), (32, 24))


def grey(seed, size=(40, 56), low=40, high=200):
    values = np.random.default_rng(seed).uniform(low, high, (*size, 1))
    return np.repeat(values, 3, axis=-1).astype(np.float32)


def statistics(pixels, weights=None):
    """Return mean and covariance by their definitions, in float64."""
    colours = np.asarray(pixels, np.float64).reshape(-1, 3)
    weights = np.ones(len(colours)) if weights is None else weights.ravel()
    share = weights / weights.sum()
    mean = share @ colours
    return mean, (colours - mean).T @ ((colours - mean) * share[:, None])


# --- match_colours --------------------------------------------------------------------------


@WAYS
def test_mean_and_covariance_become_the_contents(style, content, way):
    matched = match_colours(style, content, way)
    assert matched.shape == style.shape
    assert matched.dtype == np.float32
    for ours, theirs in zip(statistics(matched), statistics(content), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-4)


@WAYS
def test_a_picture_matched_to_itself_stays(content, way):
    np.testing.assert_allclose(match_colours(content, content, way), content, atol=1e-3)


def test_the_ways_differ(style, content):
    difference = match_colours(style, content, "pca") - match_colours(style, content, "cholesky")
    assert np.abs(difference).max() > 1


def test_cholesky_is_the_papers_formula(style, content):
    mean_S, covariance_S = statistics(style)
    mean_C, covariance_C = statistics(content)
    A = np.linalg.cholesky(covariance_C) @ np.linalg.inv(np.linalg.cholesky(covariance_S))
    expected = (style - mean_S) @ A.T + mean_C
    np.testing.assert_allclose(match_colours(style, content, "cholesky"), expected, atol=1e-3)


def test_pca_moves_colours_along_uncorrelated_channels_by_their_spread():
    style = picture(3, np.diag([5, 10, 20]), 128)
    content = picture(4, np.diag([10, 10, 10]), 100)
    for channel in range(3):
        style[..., channel] -= style[..., channel].mean() - 128
    matched = match_colours(style, content, "pca")
    spread = matched.reshape(-1, 3).std(axis=0) / content.reshape(-1, 3).std(axis=0)
    np.testing.assert_allclose(spread, 1, rtol=1e-4)
    correlation = np.corrcoef(matched[..., 0].ravel(), style[..., 0].ravel())[0, 1]
    assert correlation > 0.99


@WAYS
def test_a_grey_content_makes_a_grey_style(style, way):
    content = grey(5, low=80, high=150)
    matched = match_colours(style, content, way)
    np.testing.assert_allclose(matched, matched[..., :1] * np.ones(3), atol=1e-3)
    for ours, theirs in zip(statistics(matched), statistics(content), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-3)


@WAYS
def test_a_grey_style_gets_the_mean_and_a_single_axis_of_colour(content, way):
    matched = match_colours(grey(6), content, way)
    assert np.isfinite(matched).all()
    mean, covariance = statistics(matched)
    np.testing.assert_allclose(mean, statistics(content)[0], atol=0.05)
    variances = np.linalg.eigvalsh(covariance)
    assert variances[1] < 1e-6 * variances[2]
    assert variances[2] < 2 * np.trace(statistics(content)[1]), "stretched beyond the content"


@WAYS
def test_two_grey_pictures_stay_grey(way):
    content = grey(7, low=90, high=130)
    matched = match_colours(grey(8), content, way)
    np.testing.assert_allclose(matched, matched[..., :1] * np.ones(3), atol=1e-3)
    np.testing.assert_allclose(matched.std(), content.std(), rtol=1e-4)


@WAYS
def test_rounding_errors_of_a_grey_style_are_not_amplified(content, way):
    clean = grey(9)
    rounded = np.rint(clean + np.random.default_rng(10).uniform(-0.5, 0.5, clean.shape))
    difference = match_colours(rounded, content, way) - match_colours(clean, content, way)
    assert np.abs(difference).max() < 3


@WAYS
def test_a_constant_style_becomes_the_contents_mean(content, way):
    matched = match_colours(np.full((10, 12, 3), 77, np.float32), content, way)
    expected = np.broadcast_to(statistics(content)[0], matched.shape)
    np.testing.assert_allclose(matched, expected, atol=1e-3)


@WAYS
def test_a_constant_content_makes_a_constant_style(style, way):
    matched = match_colours(style, np.full((10, 12, 3), (5, 77, 250), np.float32), way)
    np.testing.assert_allclose(matched, np.broadcast_to((5, 77, 250), matched.shape), atol=1e-3)


@WAYS
def test_values_are_clipped(way):
    matched = match_colours(
        picture(11, np.eye(3) * 5, 128), picture(12, np.eye(3) * 300, 128), way
    )
    assert matched.min() == 0
    assert matched.max() == 255


@WAYS
def test_a_mask_says_which_pixels_of_the_content_count(style, content, way):
    mask = np.random.default_rng(13).uniform(0, 1, content.shape[:2])
    mask[:, :12] = 0
    content[:, :12] = 255
    matched = match_colours(style, content, way, mask)
    for ours, theirs in zip(statistics(matched), statistics(content, mask), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-4)


@WAYS
def test_a_mask_of_one_pixel_gives_its_colour(style, content, way):
    mask = np.zeros(content.shape[:2])
    mask[3, 4] = 1
    matched = match_colours(style, content, way, mask)
    np.testing.assert_allclose(matched, np.broadcast_to(content[3, 4], matched.shape), atol=1e-3)


def test_the_arguments_are_left_as_they_were(style, content):
    copies = style.copy(), content.copy()
    match_colours(style, content)
    np.testing.assert_array_equal(style, copies[0])
    np.testing.assert_array_equal(content, copies[1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"way": "lab"}, "way is 'lab'; a match is made by pca or cholesky"),
        ({"style": np.zeros((4, 4))}, r"style has shape \(4, 4\)"),
        ({"content": np.full((4, 4, 3), np.nan)}, "content has values that are not finite"),
        ({"mask": np.ones((3, 3))}, r"mask has shape \(3, 3\); the content has \(32, 24\)"),
        ({"mask": np.zeros((32, 24))}, "not 0 everywhere"),
        ({"mask": np.full((32, 24), -1)}, "from 0 to 1"),
    ],
)
def test_bad_arguments_are_explained(style, content, change, message):
    arguments = {"style": style, "content": content, **change}
    with pytest.raises(ValueError, match=message):
        match_colours(**arguments)


# --- keep_luminance -------------------------------------------------------------------------


def luminance(pixels):
    return np.asarray(pixels, np.float64) @ (0.299, 0.587, 0.114)


def test_luminance_is_the_stylised_and_chroma_the_contents(content):
    stylised = picture(14, np.eye(3) * 30, 128, content.shape[:2])
    kept = keep_luminance(stylised, content)
    assert kept.dtype == np.float32
    np.testing.assert_allclose(luminance(kept), luminance(stylised), atol=1e-3)
    chroma = kept - luminance(kept)[..., None]
    np.testing.assert_allclose(chroma, content - luminance(content)[..., None], atol=1e-3)


def test_it_is_the_swap_in_yiq(content):
    to_yiq = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
    stylised = picture(15, np.eye(3) * 30, 128, content.shape[:2])
    yiq = content @ to_yiq.T
    yiq[..., 0] = luminance(stylised)
    expected = yiq @ np.linalg.inv(to_yiq).T
    np.testing.assert_allclose(keep_luminance(stylised, content), expected, atol=0.2)


def test_strong_chroma_is_weakened_so_that_luminance_and_hue_stay():
    rng = np.random.default_rng(16)
    stylised, content = rng.uniform(0, 255, (2, 60, 50, 3))
    kept = keep_luminance(stylised, content)
    assert kept.min() >= 0
    assert kept.max() <= 255
    np.testing.assert_allclose(luminance(kept), luminance(stylised), atol=2e-3)
    chroma = kept - luminance(kept)[..., None]
    original = content - luminance(content)[..., None]
    share = (chroma * original).sum(axis=-1) / (original**2).sum(axis=-1)
    np.testing.assert_allclose(chroma, share[..., None] * original, atol=5e-3)
    assert share.max() <= 1 + 1e-4


def test_a_picture_with_its_own_luminance_stays(content):
    np.testing.assert_allclose(keep_luminance(content, content), content, atol=1e-3)


def test_a_grey_content_gives_a_grey_picture():
    stylised = np.random.default_rng(17).uniform(0, 255, (20, 30, 3)).astype(np.float32)
    kept = keep_luminance(stylised, grey(18, (20, 30)))
    np.testing.assert_allclose(kept, luminance(stylised)[..., None] * np.ones(3), atol=1e-3)


def test_black_and_white_stay_black_and_white(content):
    stylised = np.zeros_like(content)
    stylised[:16] = 255
    np.testing.assert_allclose(keep_luminance(stylised, content), stylised, atol=1e-3)


def test_values_outside_the_range_are_clipped_first(content):
    stylised = picture(19, np.eye(3) * 400, 128, content.shape[:2])
    kept = keep_luminance(stylised, content)
    np.testing.assert_allclose(luminance(kept), luminance(stylised.clip(0, 255)), atol=1e-3)


def test_pictures_of_two_sizes_are_refused(style, content):
    with pytest.raises(
        ValueError, match=r"stylised has shape \(40, 56, 3\), content \(32, 24, 3\)"
    ):
        keep_luminance(style, content)
