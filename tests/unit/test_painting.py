"""Painting: the same picture each time, taken up where it was left, and clear about bad input."""

import shutil
from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf

from style_engine import optimisers, painting, tiles
from style_engine.checkpoint import CheckpointError, load_checkpoint
from style_engine.colours import match_colours
from style_engine.painting import StoppedError, paint, scaled, stages
from style_engine.picture_files import resize
from style_engine.recipe import Recipe, RecipeError, preset
from tests.unit.small_network import small_weights

SIZE = (36, 48)
WEIGHTS = small_weights()
LAYERS = {"content_layers": {"conv2_2": 1.0}, "style_layers": {"conv1_1": 1.0, "conv2_1": 0.5}}
QUICK = Recipe(size=48, steps=4, learning_rate=4.0, **LAYERS)


def levels(seed, size=SIZE):
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(0, 255, (size[0] // 8 + 1, size[1] // 8 + 1, 3))
    return np.float32(np.kron(coarse, np.ones((8, 8, 1)))[: size[0], : size[1]])


CONTENT, STYLE, OTHER_STYLE = levels(0), levels(1, (40, 33)), levels(2, (33, 50))


def painted(recipe=QUICK, styles=(STYLE,), **options):
    return paint(CONTENT, styles, recipe, weights=WEIGHTS, **options)


_UNINTERRUPTED = {}


def uninterrupted(recipe):
    """A painting without checkpoints, once for each recipe."""
    known = _UNINTERRUPTED.get(recipe.digest)
    return _UNINTERRUPTED.setdefault(recipe.digest, known or painted(recipe))


def costs(result):
    return [record[1:2] + record[3:] for record in result.history]


def check_same(one, other):
    np.testing.assert_array_equal(one.pixels, other.pixels)
    assert costs(one) == costs(other)
    assert [each.step for each in one.history] == list(range(1, len(one.history) + 1))


# ---- what comes out


def test_a_painting_has_the_size_of_the_recipe_and_levels():
    result = painted()
    assert result.pixels.shape == (36, 48, 3)
    assert result.pixels.dtype == np.float32
    assert result.pixels.min() >= 0
    assert result.pixels.max() <= 255
    assert result.recipe == QUICK
    assert result.seconds > 0


@pytest.mark.parametrize(("size", "expected"), [(64, (48, 64)), (None, SIZE), (33, (25, 33))])
def test_sizes(size, expected):
    assert painted(QUICK.with_(size=size, steps=1)).pixels.shape == (*expected, 3)


def test_the_cost_falls():
    for optimiser in ("adam", "lbfgs"):
        history = painted(QUICK.with_(optimiser=optimiser, steps=25)).history
        assert history[-1].total < 0.5 * history[0].total


def test_history_has_each_step_with_its_terms():
    recipe = QUICK.with_(tv_term="squares", tv_weight=0.1)
    history = painted(recipe).history
    assert [record.step for record in history] == [1, 2, 3, 4]
    assert {record.size for record in history} == {48}
    assert all(a.seconds < b.seconds for a, b in pairwise(history))
    for record in history:
        total = 10 * record.content + 40 * record.style + 0.1 * record.variation
        np.testing.assert_allclose(record.total, total, rtol=1e-5)


def judged(pixels, recipe=QUICK):
    """The first cost of a painting that begins with these pixels."""
    start = recipe.with_(start="picture", steps=1, learning_rate=1e-9, optimiser="adam")
    return painted(start, start=pixels).history[0].total


@pytest.mark.parametrize("optimiser", ["adam", "lbfgs"])
def test_the_best_picture_is_kept(optimiser):
    """Adam overshoots with such a rate; what it ends with is not what comes out."""
    recipe = QUICK.with_(optimiser=optimiser, learning_rate=60.0, steps=9, bounded=True)
    result = painted(recipe)
    least = min(record.total for record in result.history)
    np.testing.assert_allclose(judged(result.pixels, recipe), least, rtol=1e-4)
    if optimiser == "adam":
        assert result.history[-1].total > 1.05 * least


def test_the_picture_after_the_last_step_is_judged_too():
    result = painted(QUICK.with_(learning_rate=1.0, steps=3, bounded=True))
    assert judged(result.pixels) < min(record.total for record in result.history)


def test_the_mean_of_the_pictures_is_the_result_where_it_is_wanted():
    seen = []
    recipe = QUICK.with_(average=0.5, steps=4, bounded=True)
    result = painted(recipe, watch=lambda moment: seen.append(moment.picture()))
    last = painted(recipe.with_(average=0, steps=5), watch=lambda m: seen.append(m.picture()))
    steps = seen[4:][1:]  # of the longer painting, after its first to fourth step
    expected = np.average(steps, axis=0, weights=[1, 2, 4, 8])
    np.testing.assert_allclose(result.pixels, expected, atol=0.02)
    assert not np.allclose(last.pixels, result.pixels, atol=0.5)


# ---- always the same


@pytest.mark.parametrize(
    "change",
    [
        {"start": "noise", "noise": "normal", "noise_scale": 30.0},
        {"start": "blend"},
        {"optimiser": "lbfgs", "start": "added", "steps": 6},
    ],
)
def test_the_same_seed_gives_the_same_picture_to_the_last_bit(change):
    recipe = QUICK.with_(**change, seed=3)
    one = painted(recipe)
    check_same(one, painted(recipe))
    assert not np.array_equal(one.pixels, painted(recipe.with_(seed=4)).pixels)


def test_the_arguments_are_left_as_they_were():
    content, style = CONTENT.copy(), STYLE.copy()
    paint(content, [style], QUICK, weights=WEIGHTS)
    np.testing.assert_array_equal(content, CONTENT)
    np.testing.assert_array_equal(style, STYLE)


def test_pictures_of_whole_numbers_and_lists_of_any_kind_will_do():
    content, style = CONTENT.astype(np.uint8), STYLE.astype(np.uint8)
    one = paint(content, (style,), QUICK, weights=WEIGHTS)
    other = paint(content.astype(np.float32), np.stack([style]), QUICK, weights=WEIGHTS)
    np.testing.assert_array_equal(one.pixels, other.pixels)


# ---- where it begins


def first(recipe, **options):
    """The picture of the first step, in levels."""
    seen = []
    painted(recipe.with_(steps=1), watch=lambda m: seen.append(m.picture()), **options)
    return seen[0]


def test_start_from_the_content():
    np.testing.assert_allclose(first(QUICK), CONTENT, atol=1e-3)


def test_start_from_a_picture_of_another_size():
    begin = levels(5, (50, 60))
    found = first(QUICK.with_(start="picture"), start=begin)
    np.testing.assert_allclose(found, resize(begin, SIZE), atol=1e-3)


def test_start_from_noise():
    grey = np.array([123.68, 116.779, 103.939])
    noise = first(QUICK.with_(start="noise", noise_scale=20)) - grey
    assert np.abs(noise).max() <= 20.001
    np.testing.assert_allclose(noise.std(), 20 / np.sqrt(3), rtol=0.05)
    noise = first(QUICK.with_(start="noise", noise="normal", noise_scale=10)) - grey
    np.testing.assert_allclose(noise.std(), 10, rtol=0.05)
    assert np.abs(noise).max() > 25


def test_start_from_a_blend_of_noise_and_content():
    grey = np.array([123.68, 116.779, 103.939])
    content = CONTENT * 0.2 + 100  # so that nothing is clipped
    seen = []
    recipe = QUICK.with_(start="blend", noise_ratio=0.6, noise_scale=20, steps=1)
    paint(content, [STYLE], recipe, weights=WEIGHTS, watch=lambda m: seen.append(m.picture()))
    noise = (seen[0] - grey - 0.4 * (content - grey)) / 0.6
    assert np.abs(noise).max() <= 20.001
    np.testing.assert_allclose(noise.std(), 20 / np.sqrt(3), rtol=0.05)


def test_start_from_the_content_with_noise_added():
    recipe = QUICK.with_(pixels="unit", start="added", noise_scale=0.25, bounded=True)
    noise = (first(recipe) - CONTENT) / 255
    inside = (CONTENT > 70) & (CONTENT < 180)
    assert np.abs(noise).max() <= 0.2501
    np.testing.assert_allclose(noise[inside].std(), 0.25 / np.sqrt(3), rtol=0.05)


def test_noise_is_in_the_units_of_the_variable():
    found = first(QUICK.with_(pixels="normalised", start="noise", noise_scale=1))
    noise = (found / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    assert 0.95 < np.abs(noise).max() <= 1.001


@pytest.mark.parametrize("pixels", ["centred", "unit", "normalised", "unit, as they are"])
@pytest.mark.parametrize("optimiser", ["adam", "lbfgs"])
def test_bounds_hold_for_all_units(pixels, optimiser, monkeypatch):
    seen = []
    monkeypatch.setattr(painting.np, "clip", lambda x, *_, **__: x)  # nothing is clipped after
    recipe = QUICK.with_(pixels=pixels, optimiser=optimiser, bounded=True, learning_rate=5.0)
    painted(recipe, watch=lambda moment: seen.append(moment.picture()))
    assert np.min(seen) >= -1e-3
    assert np.max(seen) <= 255.001


# ---- from coarse to fine

TWO_SIZES = QUICK.with_(size=64, min_size=32, size_step=2, steps=3, first_steps=2)


def test_sizes_one_after_another():
    result = painted(TWO_SIZES)
    assert [record.size for record in result.history] == [32, 32, 64, 64, 64]
    assert result.pixels.shape == (48, 64, 3)


def test_steps_of_each_size():
    recipe = Recipe(size=512, min_size=128, size_step=2, steps=3, first_steps=2, begin_steps=7)
    plan = [(stage.size, stage.steps) for stage in stages(recipe, (300, 400), WEIGHTS)]
    assert plan == [((96, 128), 7), ((192, 256), 2), ((384, 512), 3)]
    plan = [stage.steps for stage in stages(recipe.with_(first_steps=0), (30, 40), WEIGHTS)]
    assert plan == [7, 3, 3]
    assert [stage.steps for stage in stages(recipe.with_(size=128), (30, 40), WEIGHTS)] == [3]
    known = stages(preset("crowsonkb"), (400, 300), WEIGHTS)
    assert [stage.steps for stage in known] == [1000, 500, 500, 500, 500]


@pytest.mark.parametrize("pixels", ["centred", "normalised", "unit"])
def test_the_next_size_begins_with_the_picture_of_the_one_before(pixels):
    """Also where its values are below zero in the units of the variable."""
    seen = []
    rate = 1e-6
    recipe = TWO_SIZES.with_(pixels=pixels, learning_rate=rate)
    painted(recipe, watch=lambda moment: seen.append(moment.picture()))
    small = resize(CONTENT, (24, 32))
    np.testing.assert_allclose(seen[1], small, atol=0.1)
    np.testing.assert_allclose(seen[2], resize(small, (48, 64)), atol=6)
    assert np.abs(seen[2] - resize(small, (48, 64))).mean() < 0.5


def test_the_next_size_begins_with_the_mean_where_there_is_one():
    seen = []
    recipe = TWO_SIZES.with_(average=0.9, learning_rate=30, first_steps=6, bounded=True)
    painted(recipe, watch=lambda moment: seen.append(moment.picture()))
    small = painted(recipe.with_(size=32, min_size=None, steps=6)).pixels
    assert np.abs(seen[6] - resize(small, (48, 64))).mean() < 1
    assert np.abs(seen[5] - small).mean() > 5


def test_adam_takes_its_moments_along(monkeypatch):
    kept = []
    resized = optimisers.Adam.resized

    def spying(self, resize):
        before = self.state()
        resized(self, resize)
        kept.append((before, self.state()))

    monkeypatch.setattr(optimisers.Adam, "resized", spying)
    painted(TWO_SIZES.with_(steps=1))
    ((before, after),) = kept
    assert after["steps"] == 2
    for name in ("first", "second"):
        small, large = (np.asarray(state[name]) for state in (before, after))
        assert large.shape == (1, 48, 64, 3)
        coarse = large.reshape(24, 2, 32, 2, 3).mean(axis=(1, 3))
        assert np.corrcoef(coarse.ravel(), small.ravel())[0, 1] > 0.98
    assert np.asarray(after["first"]).min() < 0
    assert np.asarray(after["second"]).min() >= 0


def test_lbfgs_gets_further_at_the_second_size_than_from_the_content():
    fine = QUICK.with_(size=64, optimiser="lbfgs", steps=4, bounded=True)
    both = fine.with_(min_size=32, size_step=2, first_steps=30)
    assert painted(both).history[-4].total < painted(fine).history[0].total


@pytest.mark.parametrize(
    ("size", "longest", "expected"),
    [((300, 400), 200, (150, 200)), ((1000, 100), 100, (100, 16)), ((33, 47), 64, (45, 64))],
)
def test_scaled(size, longest, expected):
    assert scaled(size, longest) == expected


# ---- checkpoints


@pytest.fixture
def every_checkpoint(monkeypatch, tmp_path):
    """Write a checkpoint after each round, and keep a copy of each."""
    monkeypatch.setattr(painting, "CHECKPOINT_SECONDS", -1.0)
    copies, save = [], painting.save_checkpoint

    def keeping(path, *rest):
        saved = save(path, *rest)
        copies.append(shutil.copy(saved, tmp_path / f"copy{len(copies)}.npz"))
        return saved

    monkeypatch.setattr(painting, "save_checkpoint", keeping)
    return copies


@pytest.mark.parametrize(
    ("recipe", "number"),
    [
        (TWO_SIZES.with_(start="blend"), 5),
        (TWO_SIZES.with_(average=0.9, bounded=True), 5),
        (TWO_SIZES.with_(optimiser="lbfgs", steps=5, first_steps=3, bounded=True), 5),
        (QUICK.with_(learning_rate_later=(2, 0.5)), 4),
    ],
)
def test_each_checkpoint_leads_to_the_same_picture(
    recipe, number, every_checkpoint, monkeypatch, tmp_path
):
    monkeypatch.setattr(optimisers, "ROUND", 2)
    path = tmp_path / "run.npz"
    whole = painted(recipe, checkpoint=path)
    check_same(whole, painted(recipe))
    assert not path.exists()
    assert len(every_checkpoint) == number
    monkeypatch.setattr(painting, "CHECKPOINT_SECONDS", 1e9)
    for copy in every_checkpoint[:]:
        again = painted(recipe, checkpoint=copy)
        check_same(whole, again)
        assert not copy.exists()


def test_bfloat16_and_then_float32_is_taken_up_too(every_checkpoint, monkeypatch, tmp_path):
    monkeypatch.setattr(painting, "bfloat16_pays", lambda weights: True)
    monkeypatch.setattr(painting, "EXACT_SHARE", 0.5)
    recipe = QUICK.with_(precision="auto")
    whole = painted(recipe, checkpoint=tmp_path / "run.npz")
    for copy in every_checkpoint[:]:
        check_same(whole, painted(recipe, checkpoint=copy))


class FellOverError(Exception):
    """What a watch may raise."""


@pytest.mark.parametrize("at", [1, 3, 4])
@pytest.mark.parametrize("change", [{}, {"optimiser": "lbfgs", "bounded": True}])
def test_a_watch_that_raises_ends_it_and_it_can_be_taken_up(
    at, change, every_checkpoint, monkeypatch, tmp_path
):
    monkeypatch.setattr(optimisers, "ROUND", 2)  # for all with L-BFGS that are remembered
    path, recipe = tmp_path / "run.npz", TWO_SIZES.with_(**change)

    def stopping(moment):
        if moment.record.step == at:
            raise FellOverError

    with pytest.raises(FellOverError):
        painted(recipe, checkpoint=path, watch=stopping)
    assert path.exists() == bool(every_checkpoint)
    check_same(uninterrupted(recipe), painted(recipe, checkpoint=path))


@pytest.mark.parametrize("at", [1, 3, 5])
@pytest.mark.parametrize("average", [0.0, 0.9])
def test_an_interrupt_leaves_a_checkpoint_and_the_best_picture(at, average, tmp_path):
    path, recipe = tmp_path / "run.npz", TWO_SIZES.with_(average=average)

    def interrupting(moment):
        if moment.record.step == at:
            raise KeyboardInterrupt

    with pytest.raises(StoppedError) as stopped:
        painted(recipe, checkpoint=path, watch=interrupting)
    result = stopped.value.result
    assert len(result.history) == at
    assert result.pixels.shape in {(24, 32, 3), (48, 64, 3)}
    assert np.isfinite(result.pixels).all()
    assert path.exists() == (at > 1)
    check_same(uninterrupted(recipe), painted(recipe, checkpoint=path))


def test_a_checkpoint_that_is_kept_gives_the_picture_at_once(tmp_path):
    path = tmp_path / "run.npz"
    whole = painted(checkpoint=path, keep_checkpoint=True)
    assert int(load_checkpoint(path)["done"]) == 4
    check_same(whole, painted(checkpoint=path))
    assert not path.exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"recipe": QUICK.with_(seed=1)}, "recipe.seed was 0 and is 1"),
        ({"styles": (OTHER_STYLE,)}, "pictures was "),
        ({"masks": [np.ones(SIZE, np.float32)]}, "pictures was "),
    ],
)
def test_a_checkpoint_of_another_painting_is_refused(change, message, every_checkpoint, tmp_path):
    painted(checkpoint=tmp_path / "run.npz")
    copy = every_checkpoint[0]
    with pytest.raises(CheckpointError, match=message):
        painted(**change, checkpoint=copy)
    assert copy.exists()


def test_a_checkpoint_of_another_network_is_refused(every_checkpoint, tmp_path):
    painted(checkpoint=tmp_path / "run.npz")
    with pytest.raises(CheckpointError, match="pictures was "):
        paint(CONTENT, [STYLE], QUICK, weights=small_weights(seed=5),
              checkpoint=every_checkpoint[0])  # fmt: skip


def test_a_broken_checkpoint_is_told(tmp_path):
    path = tmp_path / "run.npz"
    path.write_bytes(b"PK\x03\x04 half of it")
    with pytest.raises(CheckpointError, match="is no whole checkpoint"):
        painted(checkpoint=path)
    assert path.exists()


# ---- colours, masks, several styles, tiles


def test_the_contents_chroma_is_kept_with_the_styles_luminance():
    plain = painted(QUICK.with_(steps=12)).pixels
    kept = painted(QUICK.with_(steps=12, colours="luminance")).pixels
    weights = np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(kept @ weights, plain @ weights, atol=0.05)
    assert np.abs(kept - CONTENT)[..., 0].mean() > 0
    chroma = [p - (p @ weights)[..., None] for p in (kept, plain, CONTENT)]
    assert np.abs(chroma[0] - chroma[2]).mean() < 0.5 * np.abs(chroma[1] - chroma[2]).mean()


@pytest.mark.parametrize("way", ["cholesky", "pca"])
def test_the_styles_colours_are_matched_before(way):
    matched = painted(QUICK.with_(colours=way))
    by_hand = painted(styles=[match_colours(STYLE, CONTENT, way)])
    assert costs(matched) == costs(by_hand)
    assert costs(matched) != costs(uninterrupted(QUICK))


def test_masks_paint_each_style_where_it_counts():
    """In each half the painting has its own style's colours."""
    left = np.zeros(SIZE, np.float32)
    left[:, :24] = 1
    dark, bright = np.full((40, 40, 3), 40.0), np.full((40, 40, 3), 220.0)
    recipe = QUICK.with_(content_weight=0, steps=40, learning_rate=10, bounded=True)
    result = painted(recipe, (dark, bright), masks=[left, 1 - left]).pixels
    turned = painted(recipe, (dark, bright), masks=[1 - left, left]).pixels
    brighter = [picture[:, 28:].mean() - picture[:, :20].mean() for picture in (result, turned)]
    assert brighter[0] > 20
    assert brighter[0] - brighter[1] > 60


def test_masks_count_at_every_size():
    left = np.zeros(SIZE, np.float32)
    left[:, :24] = 1
    result = painted(TWO_SIZES, (STYLE, OTHER_STYLE), masks=[left, 1 - left])
    assert result.pixels.shape == (48, 64, 3)
    without = painted(TWO_SIZES, (STYLE, OTHER_STYLE))
    assert costs(result) != costs(without)


def test_the_blend_weighs_several_styles():
    only = painted(styles=(STYLE,))
    blended = painted(QUICK.with_(style_blend=(1, 0)), (STYLE, OTHER_STYLE))
    for one, other in zip(costs(only), costs(blended), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4)
    equal = painted(styles=(STYLE, OTHER_STYLE))
    assert costs(equal) == costs(painted(QUICK.with_(style_blend=(2, 2)), (STYLE, OTHER_STYLE)))


def test_each_style_may_have_its_own_scale():
    recipe = QUICK.with_(style_scale=(0.5, 1.0))
    found = painted(recipe, (STYLE, OTHER_STYLE))
    by_hand = painted(
        QUICK, (resize(STYLE, scaled(STYLE.shape[:2], 24)), OTHER_STYLE)
    )  # is scaled to 48 again, with what the small one has lost
    assert costs(found) != costs(painted(styles=(STYLE, OTHER_STYLE)))
    assert costs(found) != costs(by_hand)


def test_tiles_give_the_same_picture(monkeypatch):
    monkeypatch.setattr(tiles, "SMALLEST", 1)
    one, other = painted(), painted(tile=32)
    np.testing.assert_allclose(one.pixels, other.pixels, atol=0.5)
    assert costs(one) != costs(other)


def test_a_large_picture_is_done_in_tiles(monkeypatch):
    made = []
    monkeypatch.setattr(tiles, "MOST_MEMORY", 1e4)
    monkeypatch.setattr(tiles, "SMALLEST", 32)
    monkeypatch.setattr(painting, "TiledObjective", lambda *a: made.append(a) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        painted()
    assert made[0][-1] == 32


# ---- precision


def test_bfloat16_paints_nearly_the_same():
    exact, quick = painted(), painted(QUICK.with_(precision="bfloat16"))
    assert costs(exact) != costs(quick)
    np.testing.assert_allclose(quick.history[-1].total, exact.history[-1].total, rtol=0.1)


@pytest.mark.parametrize(
    ("precision", "pays", "expected"),
    [
        ("auto", True, [("bfloat16", 8), ("float32", 2)]),
        ("auto", False, [("float32", 10)]),
        ("bfloat16", False, [("bfloat16", 10)]),
        ("float32", True, [("float32", 10)]),
    ],
)
def test_precision(precision, pays, expected, monkeypatch):
    monkeypatch.setattr(painting, "bfloat16_pays", lambda weights: pays)
    plan = stages(Recipe(precision=precision, steps=10), (30, 40), WEIGHTS)
    assert [(stage.dtype.name, stage.steps) for stage in plan] == expected


def test_only_the_last_size_ends_in_float32(monkeypatch):
    monkeypatch.setattr(painting, "bfloat16_pays", lambda weights: True)
    recipe = Recipe(precision="auto", size=64, min_size=32, size_step=2, steps=5, first_steps=3)
    plan = [(s.longest, s.dtype, s.steps) for s in stages(recipe, (64, 48), WEIGHTS)]
    assert plan == [(32, tf.bfloat16, 3), (64, tf.bfloat16, 4), (64, tf.float32, 1)]


def test_a_narrow_network_is_not_painted_in_bfloat16():
    recipe = QUICK.with_(precision="auto")
    assert [stage.dtype for stage in stages(recipe, SIZE, WEIGHTS)] == [tf.float32]
    assert costs(painted(recipe)) == costs(uninterrupted(QUICK))


# ---- whoever watches


def test_a_watch_sees_every_step():
    seen = []
    result = painted(watch=seen.append)
    assert [moment.record for moment in seen] == result.history
    assert {moment.steps for moment in seen} == {4}
    assert np.isnan(seen[0].left)
    assert seen[2].left > seen[3].left == pytest.approx(0, abs=1e-6)
    assert seen[-1].picture().shape == (36, 48, 3)


# ---- bad input


def changed(picture, value):
    picture = picture.copy()
    picture[3, 4, 1] = value
    return picture


ONES = np.ones(SIZE, np.float32)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"styles": []}, "there is no style picture; give at least one"),
        ({"styles": STYLE}, r"the style picture has shape \(33, 3\); it must be \(n_H, n_W, 3\)"),
        ({"styles": [STYLE[..., :2]]}, r"the style picture has shape \(40, 33, 2\)"),
        ({"styles": [STYLE[:15]]}, "the style picture has 15 x 33 pixels; .* at least 16"),
        ({"styles": [changed(STYLE, np.nan)]}, "the style picture has values that are no numbers"),
        ({"styles": [changed(STYLE, np.inf)]}, "the style picture has values that are no numbers"),
        ({"styles": [changed(STYLE, 300)]}, "the style picture has values from .* to 300; they"),
        ({"content": CONTENT[0]}, r"the content picture has shape \(48, 3\)"),
        ({"content": CONTENT[None]}, r"the content picture has shape \(1, 36, 48, 3\)"),
        ({"content": CONTENT[:, :15]}, "the content picture has 36 x 15 pixels"),
        ({"content": changed(CONTENT, -9)}, "the content picture has values from -9 to"),
        ({"start": CONTENT}, "a picture to start with was given, but the start is 'content'"),
        ({"recipe": QUICK.with_(start="picture")}, "no picture to start with was given"),
        (
            {"recipe": QUICK.with_(start="picture"), "start": CONTENT[:3]},
            "the start picture has 3 x 48 pixels",
        ),
        ({"masks": [ONES, ONES]}, "there are 2 masks for 1 styles; give one each"),
        ({"masks": [ONES[:-1]]}, r"a mask has \(35, 48\) pixels and the content .* \(36, 48\)"),
        ({"masks": [ONES * 255]}, "a mask has values from 255 to 255; they must be 0 to 1"),
        ({"masks": [ONES * np.nan]}, "a mask has values from nan to nan"),
        ({"masks": [ONES * 0]}, "a mask is 0 everywhere; leave its style out"),
        ({"tile": 0}, "the tile's side is 0 pixels; it must be above 0"),
        ({"tile": -5}, "the tile's side is -5 pixels"),
        ({"recipe": QUICK.with_(style_blend=(1, 2))}, "style_blend has 2 weights for 1 style"),
        ({"recipe": QUICK.with_(style_scale=(1, 2))}, "style_scale has 2 values for 1 style"),
        ({"recipe": QUICK.with_(style_scale=())}, "style_scale has 0 values for 1 style"),
    ],
)
def test_bad_input_is_explained(change, message):
    arguments = {"content": CONTENT, "styles": [STYLE], "recipe": QUICK, **change}
    with pytest.raises(RecipeError, match=message):
        paint(**arguments, weights=WEIGHTS)


def test_a_cost_that_is_no_number_is_told_with_what_to_change():
    recipe = QUICK.with_(content_layers={"conv2_2": 1e38}, content_weight=1e12, steps=3)
    message = r"the cost is (inf|nan) at step [12]; lower the learning rate \(4\) or the weights"
    with pytest.raises(RecipeError, match=message):
        painted(recipe)


def test_weights_may_be_a_file_and_the_embedded_network_is_there():
    from nst_utils import CONFIG, course_path

    path = course_path(CONFIG.COMPACT_MODEL)
    recipe = QUICK.with_(steps=1)
    assert costs(paint(CONTENT, [STYLE], recipe, weights=path)) == costs(
        paint(CONTENT, [STYLE], recipe, weights=str(path))
    )
