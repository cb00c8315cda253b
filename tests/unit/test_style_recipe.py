"""Recipes: every setting is checked, saved and read back; the presets are those that are known."""

import tomllib
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from style_engine.recipe import (
    PRESETS,
    PRESETS_FILE,
    SCALES,
    Recipe,
    RecipeError,
    geometric_weights,
    layer_name,
    load_recipe,
    preset,
)

EACH_A_FIFTH = {f"conv{block}_1": 0.2 for block in range(1, 6)}
EACH_ONE = dict.fromkeys(EACH_A_FIFTH, 1.0)
ADAM = {"optimiser": "adam", "beta_1": 0.9, "beta_2": 0.999}

# What is published of each system.
KNOWN = {
    "coursera": {
        "pixels": "centred", "content_layers": {"conv4_2": 1.0}, "content_term": "sum/4NC",
        "style_layers": EACH_A_FIFTH, "style_term": "sum/4N²C²", "content_weight": 10,
        "style_weight": 40, "tv_weight": 0, **ADAM, "learning_rate": 2.0, "epsilon": 1e-8,
        "bounded": False, "steps": 200, "size": 400, "start": "blend", "noise": "uniform",
        "noise_scale": 20, "noise_ratio": 0.6, "pooling": "avg",
    },
    "coursera-2021": {
        "pixels": "unit, as they are", "content_layers": {"conv5_4": 1.0},
        "content_term": "sum/4NC", "style_layers": EACH_A_FIFTH, "style_term": "sum/4N²C²",
        "content_weight": 10, "style_weight": 40, "tv_weight": 0, **ADAM, "learning_rate": 0.01,
        "epsilon": 1e-7, "bounded": True, "steps": 2501, "size": 400, "start": "added",
        "noise": "uniform", "noise_scale": 0.25, "pooling": "max",
    },
    "neural-style-tf": {
        "pixels": "centred", "content_layers": {"conv4_2": 1.0}, "content_term": "mean",
        "style_layers": EACH_A_FIFTH, "style_term": "mean of /NC", "content_weight": 5,
        "style_weight": 500, "tv_term": "mean squares", "tv_weight": 100, **ADAM,
        "learning_rate": 10, "epsilon": 1e-8, "bounded": False, "steps": 1000, "size": None,
        "start": "noise", "noise": "normal", "noise_scale": 0.256, "pooling": "max",
    },
    "gatys-2015": {
        "pixels": "centred", "content_layers": {"conv4_2": 1.0}, "content_term": "sum/2",
        "style_layers": EACH_A_FIFTH, "style_term": "sum/4N²C²", "content_weight": 1e-3,
        "style_weight": 1, "tv_weight": 0, "optimiser": "lbfgs", "bounded": False, "size": 512,
        "start": "noise", "pooling": "avg",
    },
    "pytorch-book": {
        "pixels": "normalised", "content_layers": {"conv4_2": 1.0}, "content_term": "mean",
        "style_layers": dict(zip(EACH_ONE, (1, 0.8, 0.6, 0.4, 0.2), strict=True)),
        "style_term": "mean/NC", "content_weight": 1, "style_weight": 1e5, "tv_weight": 0, **ADAM,
        "learning_rate": 1e-3, "epsilon": 1e-8, "bounded": False, "steps": 2000, "size": 224,
        "start": "content", "pooling": "max",
    },
    "keras-book": {
        "pixels": "centred", "content_layers": {"conv5_2": 1.0}, "content_term": "sum",
        "style_layers": EACH_A_FIFTH, "style_term": "sum/36P²", "content_weight": 0.025,
        "style_weight": 1, "tv_term": "power 1.25", "tv_weight": 1e-4, "optimiser": "lbfgs",
        "steps": 20 * 20, "size": 400, "start": "content", "pooling": "max",
    },
    "neural-style": {
        "pixels": "centred", "content_layers": {"conv4_2": 1.0}, "content_term": "mean",
        "style_layers": EACH_ONE, "style_term": "mean of /NC", "content_weight": 5,
        "style_weight": 100, "tv_term": "squares/2", "tv_weight": 1e-3, "optimiser": "lbfgs",
        "bounded": False, "steps": 1000, "size": 512, "start": "noise", "noise": "normal",
        "noise_scale": 0.001, "pooling": "max",
    },
    "tensorflow-tutorial": {
        "pixels": "unit", "content_layers": {"conv5_2": 1.0}, "content_term": "mean",
        "style_layers": EACH_A_FIFTH, "style_term": "mean", "content_weight": 1e4,
        "style_weight": 1e-2, "tv_term": "absolute", "tv_weight": 30, "optimiser": "adam",
        "learning_rate": 0.02, "beta_1": 0.99, "beta_2": 0.999, "epsilon": 0.1, "bounded": True,
        "steps": 1000, "size": 512, "start": "content", "pooling": "max",
    },
    "crowsonkb": {
        "pixels": "unit", "content_layers": {"conv4_2": 1.0}, "content_term": "mean",
        "style_layers": dict(zip(EACH_ONE, np.array([256, 64, 16, 4, 1]) / 341, strict=True)),
        "style_term": "wasserstein", "content_weight": 0.015, "style_weight": 1,
        "tv_term": "nine points", "tv_weight": 2, "optimiser": "adam", "learning_rate": 0.02,
        "beta_1": 0.9, "beta_2": 0.99, "epsilon": 1e-8, "average": 0.99, "bounded": True,
        "begin_steps": 1000, "first_steps": 0, "steps": 500, "min_size": 128, "size": 512,
        "size_step": 2**0.5, "start": "content", "pooling": "max",
    },
    "cs231n": {
        "pixels": "normalised", "content_layers": {"conv3_1": 1.0}, "content_term": "sum",
        "style_layers": {"conv1_1": 20000, "conv2_1": 500, "conv3_1": 12, "conv4_1": 1},
        "style_term": "sum of /NC", "content_weight": 5e-2, "style_weight": 1,
        "tv_term": "squares", "tv_weight": 5e-2, **ADAM, "learning_rate": 3.0, "epsilon": 1e-8,
        "learning_rate_later": (180, 0.1), "steps": 200, "size": 192, "start": "content",
    },
}  # fmt: skip
ONE_SIZE = set(KNOWN) - {"crowsonkb"}

# A value for each setting that is not the default.
OTHER = {
    "name": "mine",
    "about": 'a "quoted" – line\nand another, with 漢字',
    "pixels": "unit",
    "content_layers": {"conv4_2": 0.7, "conv5_2": 0.3},
    "content_term": "mean",
    "content_weight": 0.1,
    "style_layers": {"conv1_2": 1e-9, "conv3_4": 123456.789},
    "style_term": "wasserstein",
    "style_weight": 1 / 3,
    "style_blend": (0.3, 0.7),
    "style_scale": (0.5, 2.0),
    "tv_term": "nine points",
    "tv_weight": 1e-4,
    "pooling": "l2",
    "start": "added",
    "noise": "normal",
    "noise_scale": 0.256,
    "noise_ratio": 0.1,
    "optimiser": "lbfgs",
    "learning_rate": 0.02,
    "learning_rate_later": (180, 0.1),
    "beta_1": 0.95,
    "beta_2": 0.99,
    "epsilon": 1e-8,
    "average": 0.99,
    "bounded": True,
    "steps": 7,
    "first_steps": 5,
    "begin_steps": 9,
    "size": None,
    "min_size": 64,
    "margin": 16,
    "gain": 15.0,
    "size_step": 1.5,
    "colours": "pca",
    "precision": "auto",
    "seed": 2**32 - 1,
}


# ---- presets


def test_there_are_eleven_presets():
    assert set(PRESETS) == {*KNOWN, "atelier"}
    assert len(PRESETS) == 11


@pytest.mark.parametrize("name", KNOWN)
def test_a_preset_is_the_system_that_it_is_called_after(name):
    recipe = preset(name)
    assert recipe.name == name
    for setting, known in KNOWN[name].items():
        value = getattr(recipe, setting)
        if isinstance(known, dict):
            assert list(value) == list(known), setting
            assert list(value.values()) == pytest.approx(list(known.values()), rel=2e-4), setting
        else:
            assert value == known, setting


@pytest.mark.parametrize("name", sorted(ONE_SIZE))
def test_these_know_one_size_and_no_more(name):
    recipe = preset(name)
    assert (recipe.min_size, recipe.average, recipe.margin) == (None, 0, 0)
    assert recipe.colours == "style"
    assert recipe.learning_rate_later == KNOWN[name].get("learning_rate_later", ())
    assert recipe.precision == "float32"


def test_crowsonkb_grows_by_the_root_of_two():
    assert preset("crowsonkb").sizes(3000) == [128, 181, 256, 362, 512]


@pytest.mark.parametrize("name", PRESETS)
def test_the_presets_file_names_no_unknown_setting_and_says_what_it_is(name):
    table = tomllib.loads(PRESETS_FILE.read_text(encoding="utf-8"))[name]
    assert set(table) <= {each.name for each in fields(Recipe)} - {"name"}
    assert table["about"]


def test_an_unknown_preset_is_answered_with_the_known():
    with pytest.raises(RecipeError, match="no preset 'van-gogh'; there are coursera, "):
        preset("van-gogh")


@pytest.mark.parametrize("pixels", SCALES)
def test_the_variable_spans_the_levels(pixels):
    unit, zero = SCALES[pixels]
    grey = {
        "centred": (0, (123.68, 116.779, 103.939)),
        "unit": (0.5, 127.5),
        "normalised": (0, 255 * np.array([0.485, 0.456, 0.406])),
        "unit, as they are": (0.5, 127.5),
    }
    x, levels = grey[pixels]
    np.testing.assert_allclose(x * unit + zero, levels)


# ---- saved and read again


def test_the_other_values_are_of_all_settings_and_other():
    assert set(OTHER) == {each.name for each in fields(Recipe)}
    for name, value in OTHER.items():
        assert value != getattr(Recipe(), name), name


@pytest.mark.parametrize("name", sorted(OTHER))
def test_each_setting_comes_back(name, tmp_path):
    recipe = Recipe(**{name: OTHER[name]}) if name != "average" else Recipe(average=0.99)
    again = load_recipe(recipe.save(tmp_path / "recipe.toml"))
    assert again == recipe
    assert getattr(again, name) == OTHER[name]
    assert type(getattr(again, name)) is type(getattr(recipe, name))


@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_comes_back(name, tmp_path):
    recipe = preset(name)
    again = load_recipe(recipe.save(tmp_path / "recipe.toml"))
    assert again == recipe
    assert again.digest == recipe.digest


def test_all_settings_are_in_the_file():
    assert set(tomllib.loads(Recipe().to_toml())) == {each.name for each in fields(Recipe)}


def test_numbers_of_numpy_are_written_too(tmp_path):
    recipe = Recipe(steps=np.int64(3), style_weight=np.float32(0.5), style_scale=np.array([1, 2]))
    assert recipe == Recipe(steps=3, style_weight=0.5, style_scale=(1, 2))
    assert load_recipe(recipe.save(tmp_path / "recipe.toml")) == recipe


def test_a_file_may_begin_with_a_preset(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('preset = "crowsonkb"\nsteps = 7\nmin_size = "none"\n', encoding="utf-8")
    assert load_recipe(path) == preset("crowsonkb").with_(steps=7, min_size=None)


def test_what_a_file_leaves_out_is_as_by_default(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("steps = 7", encoding="utf-8")
    assert load_recipe(path) == Recipe(steps=7)


def test_a_recipe_prints_as_toml():
    recipe = Recipe(about="for the wall")
    assert tomllib.loads(str(recipe))["about"] == "for the wall"


def test_equal_settings_have_equal_digests_and_others_have_not():
    digests = {Recipe().digest}
    assert Recipe(seed=0).digest in digests
    digests |= {Recipe(**{n: v}).digest for n, v in OTHER.items() if n != "average"}
    assert len(digests) == len(OTHER)


def test_a_recipe_cannot_be_changed_but_copied():
    recipe = Recipe()
    with pytest.raises(AttributeError):
        recipe.steps = 5
    assert recipe.with_(steps=5).steps == 5
    assert recipe.steps == 200


# ---- files that cannot be read


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("steps = ", "mine.toml is no TOML"),
        ("stpes = 5", "mine.toml: there is no setting 'stpes'; there are about, "),
        ("steps = 0", "mine.toml: steps is 0; it can be from 1 to 1e"),
        ("[steps]\na = 1", r"mine.toml: steps is \{'a': 1\}; it takes a whole number"),
        ('preset = "none"', "there is no preset 'none'"),
        ("preset = 5", "there is no preset 5"),
        ('preset = ["coursera"]', r"there is no preset \['coursera'\]"),
        (b"\xff\xfe\x00", "mine.toml is no TOML"),
    ],
)
def test_a_bad_file_is_explained(tmp_path, content, message):
    path = tmp_path / "mine.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(RecipeError, match=message):
        load_recipe(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RecipeError, match=r"missing\.toml cannot be read"):
        load_recipe(tmp_path / "missing.toml")


# ---- settings out of range


NUMBERS = {
    "content_weight": (-1, 1e13),
    "style_weight": (-1e-9, 1e13),
    "tv_weight": (-1, 1e13),
    "noise_scale": (-1, 1e5),
    "noise_ratio": (-0.1, 1.1),
    "learning_rate": (0, 1e5),
    "beta_1": (-0.1, 1),
    "beta_2": (-0.1, 1),
    "epsilon": (-1, 1e4),
    "average": (-0.1, 1),
    "steps": (0, 10_000_000),
    "first_steps": (-1, 10_000_000),
    "begin_steps": (-1, 10_000_000),
    "size": (15, 40_000),
    "min_size": (15, 40_000),
    "size_step": (1, 9),
    "margin": (-1, 300),
    "gain": (0, 1e7),
    "seed": (-1, 2**32),
}
WHOLE = ("steps", "first_steps", "begin_steps", "size", "min_size", "seed", "margin")
CHOICES = (
    "pixels", "content_term", "style_term", "tv_term", "pooling", "start", "noise", "optimiser",
    "colours", "precision",
)  # fmt: skip


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_are_within_limits(name):
    for value in NUMBERS[name]:
        with pytest.raises(RecipeError, match=rf"{name} is {value}; it can be from .* to "):
            Recipe(**{name: value})


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [True, "5", [5], {"a": 1}, 1j])
def test_a_number_is_a_number(name, value):
    with pytest.raises(RecipeError, match=f"{name} is .*; it takes a"):
        Recipe(**{name: value})


@pytest.mark.parametrize("name", sorted(set(NUMBERS) - set(WHOLE)))
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_is_finite(name, value):
    with pytest.raises(RecipeError, match=f"{name} is {value}"):
        Recipe(**{name: value})


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_number_has_no_fraction(name):
    with pytest.raises(RecipeError, match=f"{name} is 20.5; it takes a whole number"):
        Recipe(**{name: 20.5})


@pytest.mark.parametrize("name", sorted(set(NUMBERS) - {"size", "min_size"}))
def test_a_number_cannot_be_missing(name):
    with pytest.raises(RecipeError, match=f"{name} is None"):
        Recipe(**{name: None})


@pytest.mark.parametrize("name", CHOICES)
@pytest.mark.parametrize("value", ["else", "", None, 1, ["adam"], {}])
def test_a_choice_is_one_of_those_there_are(name, value):
    with pytest.raises(RecipeError, match=f"{name} is .*; it can be '"):
        Recipe(**{name: value})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bounded": "yes"}, "bounded is 'yes'; it can be true or false"),
        ({"bounded": 1}, "bounded is 1; it can be true or false"),
        ({"name": 5}, "name is 5; it takes text"),
        ({"about": ["a"]}, r"about is \['a'\]; it takes text"),
        ({"size": "own"}, "size is 'own'; it takes a whole number"),
        ({"content_layers": "conv4_2"}, "content_layers is 'conv4_2'; give weights by layer"),
        ({"style_layers": ["conv1_1"]}, "style_layers is .*; give weights by layer"),
        ({"style_layers": {"conv6_1": 1.0}}, "'conv6_1' is not a layer of VGG-19; there are conv"),
        ({"style_layers": {7: 1.0}}, "'?7'? is not a layer of VGG-19"),
        ({"style_layers": {"input": 1.0}}, "'input' is not a layer"),
        ({"style_layers": {"conv1_1": "much"}}, "style_layers has 'much'; it takes numbers"),
        ({"style_layers": {"conv1_1": True}}, "style_layers has True; it takes numbers"),
        ({"style_layers": {"conv1_1": -1.0}}, "style_layers has a weight of -1.0; it takes 0 or"),
        ({"content_layers": {"conv1_1": -0.5}}, "content_layers has a weight of -0.5"),
        ({"content_layers": {"conv1_1": float("nan")}}, "content_layers has nan; .* finite"),
        ({"style_layers": {"relu1_1": 1, "conv1_1": 2}}, "style_layers names a layer twice"),
        ({"style_layers": {}}, "style_layers has no weight above 0; name at least one"),
        ({"style_layers": {"conv1_1": 0}}, "style_layers has no weight above 0"),
        ({"content_weight": 0, "style_weight": 0}, "are both 0: nothing to paint"),
        ({"content_layers": {}, "style_weight": 0}, "are both 0: nothing to paint"),
        ({"content_layers": {"conv1_1": 0}, "style_weight": 0}, "are both 0: nothing to paint"),
        ({"style_scale": (1, 0)}, r"style_scale is \(1.0, 0.0\); each must be above 0"),
        ({"style_scale": "2"}, "style_scale has '2'; it takes numbers"),
        ({"style_blend": (1, -1)}, "style_blend is .*; it needs weights of 0 or more"),
        ({"style_blend": (0, 0)}, "style_blend is .*; it needs weights of 0 or more"),
        ({"style_blend": None}, "style_blend has None; it takes numbers"),
        ({"style_blend": (1, float("inf"))}, "style_blend has inf; it takes finite numbers"),
        ({"learning_rate_later": (180,)}, "learning_rate_later is .*; give a step and a rate"),
        ({"learning_rate_later": (180, -1)}, "learning_rate_later is .*; both must be above 0"),
        ({"average": 0.9, "optimiser": "lbfgs"}, "average works with the optimiser adam only"),
    ],
)
def test_a_setting_out_of_range_is_explained(change, message):
    with pytest.raises(RecipeError, match=message):
        Recipe(**change)


def test_an_unknown_setting_is_answered_with_the_known():
    with pytest.raises(RecipeError, match="no setting 'alpha'; there are about, average, "):
        Recipe().with_(alpha=10)


def test_a_change_is_checked_like_a_first_value():
    with pytest.raises(RecipeError, match="steps is 0"):
        Recipe().with_(steps=0)


def test_one_scale_needs_no_tuple():
    assert Recipe(style_scale=2).style_scale == (2.0,)


# ---- layers


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("conv4_2", "conv4_2"),
        ("relu4_2", "conv4_2"),
        ("block4_conv2", "conv4_2"),
        (" ReLU1_1 ", "conv1_1"),
        ("block5_conv4", "conv5_4"),
        ("avgpool3", "avgpool3"),
    ],
)
def test_layers_have_the_names_of_other_systems_too(name, ours):
    assert layer_name(name) == ours
    assert Recipe(style_layers={name: 0.5}).style_layers == {ours: 0.5}


@pytest.mark.parametrize("name", ["", "conv", "block4", "block_conv", "conv2_3", "pool1", "42"])
def test_what_is_no_layer_is_refused(name):
    with pytest.raises(RecipeError, match="is not a layer of VGG-19"):
        layer_name(name)


def test_layers_are_told_in_order_of_computation_without_those_of_no_weight():
    recipe = Recipe(
        content_layers={"conv5_2": 1, "conv1_2": 0}, style_layers={"conv4_1": 1, "conv1_1": 1}
    )
    assert recipe.layers == ("conv1_1", "conv4_1", "conv5_2")
    assert recipe.with_(content_weight=0).layers == ("conv1_1", "conv4_1")
    assert recipe.with_(style_weight=0).layers == ("conv5_2",)


def test_geometric_weights():
    layers = ["conv1_1", "conv2_1", "conv3_1"]
    assert geometric_weights(layers, 2) == pytest.approx(
        {"conv1_1": 1 / 7, "conv2_1": 2 / 7, "conv3_1": 4 / 7}
    )
    assert geometric_weights(layers, 1) == pytest.approx(dict.fromkeys(layers, 1 / 3))
    quarters = geometric_weights(list(EACH_ONE), 0.25)
    assert quarters == pytest.approx(preset("crowsonkb").style_layers, rel=2e-4)


@pytest.mark.parametrize("factor", [0, -1, float("nan"), float("inf")])
def test_a_factor_that_gives_no_weights_is_refused(factor):
    with pytest.raises(RecipeError, match="it must be above 0"):
        geometric_weights(["conv1_1", "conv2_1"], factor)


# ---- sizes


@pytest.mark.parametrize(
    ("settings", "sizes"),
    [
        ({"size": 400}, [400]),
        ({"size": None}, [777]),
        ({"size": 400, "min_size": 100, "size_step": 2}, [100, 200, 400]),
        ({"size": 400, "min_size": 101, "size_step": 2}, [200, 400]),
        ({"size": None, "min_size": 256, "size_step": 3}, [259, 777]),
        ({"size": 20, "min_size": 16, "size_step": 2}, [20]),
        ({"size": 64, "min_size": 128}, [64]),
    ],
)
def test_sizes_grow_from_the_smallest_to_the_last(settings, sizes):
    assert Recipe(**settings).sizes(777) == sizes


def test_the_presets_file_is_part_of_the_package():
    assert PRESETS_FILE.parent == Path(__import__("style_engine").__file__).parent
