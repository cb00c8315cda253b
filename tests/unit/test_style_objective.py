"""The cost of a whole painting and its gradient, at once and tile by tile."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from style_engine import tiles
from style_engine.network import Network
from style_engine.objective import Objective
from style_engine.recipe import SCALES, Recipe, RecipeError, preset
from style_engine.tiles import TiledObjective, tiles_of
from tests.unit import preset_formulas as formulas
from tests.unit.preset_formulas import SYSTEM_NAMES, Reference, System, system
from tests.unit.small_network import small_weights
from vgg19 import LAYERS
from vgg19_weights import EMBEDDED

SIZE = (37, 50)
STYLE_SIZES = ((41, 34), (32, 55))
# Three blocks are enough to see whether tiles fit together, and are compiled sooner.
SHALLOW = {"content_layers": {"conv3_2": 1.0}, "style_layers": {"conv1_1": 1.0, "conv3_1": 0.5}}


def levels(seed, size=SIZE):
    """A picture with smooth parts and noise, away from the borders of 0 and 255."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(20, 235, (size[0] // 8 + 1, size[1] // 8 + 1, 3))
    smooth = np.kron(coarse, np.ones((8, 8, 1)))[: size[0], : size[1]]
    return (smooth + rng.uniform(-15, 15, smooth.shape)).astype(np.float32)


def masks_for(number, size=SIZE):
    """Masks with soft edges that overlap."""
    column = np.linspace(0, 1, size[1])[None, :] * np.ones((size[0], 1))
    row = np.linspace(0, 1, size[0])[:, None] * np.ones((1, size[1]))
    return [np.float32(mask) for mask in (column, np.clip(1.4 * row - 0.2, 0, 1))][:number]


def variable(recipe, seed=0, size=SIZE):
    """A picture in the recipe's units, (n_H, n_W, 3)."""
    unit, zero = SCALES[recipe.pixels]
    return ((levels(seed, size) - zero) / unit).astype(np.float32)


def settings(name, **changes):
    return preset(name).with_(precision="float32", **changes)


def whole(recipe, weights=None, styles=1, masks=None, size=SIZE, **options):
    network = Network(weights or small_weights(), recipe.pooling)
    kind = TiledObjective if "side" in options else Objective
    pictures = [levels(2 + k, STYLE_SIZES[k]) for k in range(styles)]
    return kind(network, recipe, levels(1, size), pictures, masks, **options)


def costs_and_gradient(objective, x):
    costs, gradient = objective(tf.constant(x[None]))
    return costs.numpy(), gradient.numpy()[0]


def reference(recipe, known, styles=1, masks=None):
    pictures = [levels(2 + k, STYLE_SIZES[k]) for k in range(styles)]
    return Reference(recipe, known, small_weights(), levels(1), pictures, masks)


def check_against(recipe, known, styles=1, masks=None, rtol=1e-3):
    """Costs are those of the formulas; the gradient is their slope in several directions."""
    x = variable(recipe)
    costs, gradient = costs_and_gradient(whole(recipe, None, styles, masks), x)
    exact = reference(recipe, known, styles, masks)
    np.testing.assert_allclose(costs, exact(x.astype(np.float64)), rtol=rtol)
    rng = np.random.default_rng(5)
    size = np.linalg.norm(gradient)
    for _ in range(2):
        # Partly along the gradient: across it there is little slope and much rounding.
        along = rng.uniform(0, 2, gradient.shape) * gradient / size
        across = rng.normal(size=gradient.shape)
        direction = along + across / np.linalg.norm(across)
        slope = slope_along(
            exact, x.astype(np.float64), direction, 1e-3 / SCALES[recipe.pixels].unit.mean()
        )
        np.testing.assert_allclose(np.sum(gradient * direction), slope, rtol=5 * rtol)


def slope_along(cost, x, direction, step):
    return (cost(x + step * direction)[0] - cost(x - step * direction)[0]) / (2 * step)


# ---- the cost and its gradient


@pytest.mark.parametrize("name", SYSTEM_NAMES)
def test_each_preset_costs_what_its_formulas_say(name):
    check_against(settings(name), system(name))


@pytest.mark.parametrize("pooling", ["avg", "max", "l2"])
def test_each_pooling(pooling):
    check_against(settings("coursera", pooling=pooling), system("coursera"))


@pytest.mark.parametrize("name", ["coursera", "crowsonkb", "keras-book"])
def test_masks_and_several_styles(name):
    recipe = settings(name, style_blend=(1, 3))
    check_against(recipe, system(name), styles=2, masks=masks_for(2))


def test_several_styles_without_masks():
    check_against(settings("coursera", style_blend=(1, 3)), system("coursera"), styles=2)
    check_against(settings("coursera"), system("coursera"), styles=2)


def test_one_style_with_a_mask():
    check_against(settings("coursera"), system("coursera"), masks=masks_for(1))


@pytest.mark.parametrize("name", ["coursera", "crowsonkb", "coursera-2021"])
def test_a_margin(name):
    check_against(settings(name, margin=16), system(name))


def test_a_margin_with_masks():
    recipe = settings("coursera", margin=16, tv_term="squares", tv_weight=3.0)
    known = system("coursera")._replace(variation=formulas.sum_of_squares, weights=(10, 40, 3))
    check_against(recipe, known, styles=2, masks=masks_for(2))


@pytest.mark.parametrize("term", formulas.CONTENT)
def test_each_content_term_alone_with_two_layers(term):
    layers = {"conv4_2": 0.7, "conv5_2": 0.3}
    recipe = Recipe(content_layers=layers, content_term=term, style_weight=0)
    known = System(formulas.CONTENT[term], layers, None, {}, None, (10, 0, 0))
    check_against(recipe, known)


@pytest.mark.parametrize("term", formulas.STYLE)
def test_each_style_term_alone(term):
    layers = {"conv1_2": 0.6, "conv3_2": 1.5}
    recipe = Recipe(style_layers=layers, style_term=term, content_weight=0, style_weight=3)
    known = System(None, {}, formulas.STYLE[term], layers, None, (0, 3, 0))
    check_against(recipe, known)


@pytest.mark.parametrize("term", formulas.VARIATION)
def test_each_variation_beside_a_little_content(term):
    layers = {"conv1_1": 1.0}
    recipe = Recipe(
        content_layers=layers, content_weight=1e-9, style_weight=0, tv_term=term, tv_weight=2,
        pixels="unit",
    )  # fmt: skip
    known = System(
        formulas.quarter_of_the_mean, layers, None, {}, formulas.VARIATION[term], (1e-9, 0, 2)
    )
    check_against(recipe, known)


def test_the_content_picture_has_no_content_cost():
    recipe = settings("coursera")
    (_, content, style, _), _ = costs_and_gradient(whole(recipe), variable(recipe, seed=1))
    assert content < 1e-9 * style


def test_the_style_picture_has_no_style_cost():
    recipe = settings("coursera")
    network = Network(small_weights(), recipe.pooling)
    objective = Objective(network, recipe, levels(1), [levels(2)])
    (_, content, style, _), _ = costs_and_gradient(objective, variable(recipe, seed=2))
    assert style < 1e-9 * content


def test_layers_without_weight_do_not_count():
    recipe = settings("coursera")
    more = recipe.with_(style_layers={**recipe.style_layers, "conv5_4": 0.0})
    x = variable(recipe)
    one, other = (costs_and_gradient(whole(each), x) for each in (recipe, more))
    np.testing.assert_array_equal(one[0], other[0])


def test_the_same_picture_costs_the_same_to_the_last_bit():
    recipe = settings("coursera")
    x, objective = variable(recipe), whole(recipe)
    first, again = costs_and_gradient(objective, x), costs_and_gradient(objective, x)
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])


# ---- tiles


@pytest.fixture
def small_tiles(monkeypatch):
    monkeypatch.setattr(tiles, "SMALLEST", 1)


def test_the_gain_multiplies_the_activations_of_the_embedded_network_only():
    weights = small_weights()
    embedded = replace(weights, source=EMBEDDED)
    for name in ("coursera", "crowsonkb"):
        recipe = settings(name, gain=7.0)
        x, pictures = variable(recipe), (levels(1), [levels(2, STYLE_SIZES[0])])
        for network, gain in ((weights, 1.0), (embedded, 7.0)):
            exact = Reference(recipe, system(name), weights, *pictures, gain=gain)
            costs, gradient = costs_and_gradient(whole(recipe, network), x)
            np.testing.assert_allclose(costs, exact(x.astype(np.float64)), rtol=1e-3)
            direction = gradient / np.linalg.norm(gradient)
            slope = slope_along(exact, x.astype(np.float64), direction, 1e-4)
            np.testing.assert_allclose(np.linalg.norm(gradient), slope, rtol=5e-3)


def check_tiles(recipe, size, side, styles=1, masks=None, weights=None):
    x = variable(recipe, size=size)
    expected = costs_and_gradient(whole(recipe, weights, styles, masks, size), x)
    tiled = whole(recipe, weights, styles, masks, size, side=side)
    costs, gradient = costs_and_gradient(tiled, x)
    np.testing.assert_allclose(costs, expected[0], rtol=2e-5)
    np.testing.assert_allclose(gradient, expected[1], atol=2e-4 * np.abs(expected[1]).max())


@pytest.mark.parametrize("name", SYSTEM_NAMES)
def test_tiles_cost_what_the_whole_costs(name, small_tiles):
    check_tiles(settings(name, **SHALLOW), (35, 31), 32)


def test_tiles_of_a_deep_network(small_tiles):
    check_tiles(settings("coursera"), (35, 41), 32)


@pytest.mark.parametrize(("size", "side"), [((33, 129), 64), ((97, 31), 32), ((64, 96), 32)])
def test_tiles_of_odd_pictures(size, side, small_tiles):
    check_tiles(settings("coursera", **SHALLOW), size, side)


def test_tiles_of_a_picture_that_is_larger_than_what_its_layers_look_at(small_tiles):
    """Only then is any of the picture left out of a tile: conv5_2 looks 101 pixels far."""
    check_tiles(settings("coursera", **SHALLOW), (161, 135), 32)
    check_tiles(settings("tensorflow-tutorial"), (16, 333), 64)


@pytest.mark.parametrize("name", ["coursera", "crowsonkb"])
def test_tiles_with_masks_and_several_styles(name, small_tiles):
    recipe = settings(name, style_blend=(1, 3), **SHALLOW)
    check_tiles(recipe, (45, 37), 32, styles=2, masks=masks_for(2, (45, 37)))


def test_tiles_with_several_styles_without_masks(small_tiles):
    check_tiles(settings("coursera", style_blend=(1, 3), **SHALLOW), (45, 37), 32, styles=2)


def test_tiles_with_a_mask_that_leaves_out_whole_tiles(small_tiles):
    mask = np.zeros((75, 27), np.float32)
    mask[3:20, 5:25] = 1
    check_tiles(settings("coursera", **SHALLOW), (75, 27), 32, masks=[mask])


@pytest.mark.parametrize("pooling", ["max", "l2"])
def test_tiles_with_other_poolings(pooling, small_tiles):
    check_tiles(settings("coursera", pooling=pooling, **SHALLOW), (45, 37), 32)


def test_tiles_with_a_gain(small_tiles):
    embedded = replace(small_weights(), source=EMBEDDED)
    check_tiles(settings("crowsonkb", gain=7.0, **SHALLOW), (45, 37), 32, weights=embedded)


@pytest.mark.parametrize("margin", [17, 8, -16, 272])
def test_a_margin_ends_between_cells(margin):
    with pytest.raises(RecipeError, match=f"margin is {margin}; it can be "):
        settings("coursera", margin=margin)


@pytest.mark.parametrize("kind", [{}, {"side": 32}])
def test_a_margin_is_no_wider_than_the_picture(kind):
    with pytest.raises(RecipeError, match="margin is 48, and a picture has 37 x 50 pixels"):
        whole(settings("coursera", margin=48), **kind)


def test_tiles_with_a_margin(small_tiles):
    recipe = settings("neural-style-tf", margin=16, **SHALLOW)
    check_tiles(recipe, (45, 37), 32, masks=masks_for(1, (45, 37)))


@pytest.mark.parametrize("only", [{"style_weight": 0}, {"content_weight": 0}])
@pytest.mark.parametrize("masks", [None, masks_for(1, (45, 37))])
def test_tiles_of_content_or_style_only(only, masks, small_tiles):
    check_tiles(settings("coursera", **only, **SHALLOW), (45, 37), 32, masks=masks)


def test_tiles_are_never_smaller_than_is_sensible():
    recipe = settings("coursera", **SHALLOW)
    objective = whole(recipe, size=(40, 140), side=1)
    assert len(list(tiles_of((40, 140), objective._side, recipe.layers))) == 2


@pytest.mark.parametrize("length", [1, 31, 32, 33, 95, 96, 1000])
@pytest.mark.parametrize("side", [32, 40, 64, 500])
def test_tiles_cover_each_pixel_and_each_cell_once(length, side):
    cut = list(tiles_of((length, 47), side, ["conv5_1"]))
    for strides in (1, 2, 4, 8, 16):
        counted = np.zeros((-(-length // strides), -(-47 // strides)), int)
        for tile in cut:
            counted[tile.rows.of_whole(strides), tile.columns.of_whole(strides)] += 1
        assert np.all(counted == 1)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_tile_holds_what_its_cells_look_at(layer):
    for tile in tiles_of((1000, 611), 96, [layer]):
        for span, length in zip(tile, (1000, 611), strict=True):
            assert span.low == max(0, span.low)
            assert span.low <= max(0, span.first - tiles.REACH[layer])
            assert span.high >= min(length, span.last + tiles.REACH[layer])
            assert span.low % tiles.GRID == 0
            inside, of_all = (way(tiles.stride(layer)) for way in (span.within, span.of_whole))
            assert inside.stop - inside.start == of_all.stop - of_all.start


def test_strides():
    known = {
        "conv1_2": 1,
        "avgpool1": 2,
        "conv2_1": 2,
        "conv4_4": 8,
        "conv5_1": 16,
        "avgpool5": 32,
    }
    assert {name: tiles.stride(name) for name in known} == known
