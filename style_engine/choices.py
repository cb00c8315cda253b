"""What is asked for on the command line, as a recipe."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

from style_engine.recipe import (
    Recipe,
    RecipeError,
    Start,
    geometric_weights,
    layer_name,
    load_recipe,
    preset,
)

DEFAULT_PRESET = "atelier"
STARTS = tuple(start for start in get_args(Start) if start != "picture")


def recipe_of(
    preset_name: str | None, recipe_file: Path | None, given: Mapping[str, Any]
) -> Recipe:
    """Return a preset, or the recipe of a file, with what was asked for in its place.

    Parameters
    ----------
    preset_name : str, optional
        By default `DEFAULT_PRESET`.
    recipe_file : Path, optional
        TOML.
    given : mapping from setting to value
        As typed; None for what was not asked for. Beside the recipe's settings,
        `style_layer_factor`.

    Raises
    ------
    RecipeError
        See `Recipe`; or a text cannot be understood.
    """
    if preset_name and recipe_file:
        raise RecipeError(
            "--preset and --recipe were both given; give one, and in the file: preset = "
            f'"{preset_name}"'
        )
    base = load_recipe(recipe_file) if recipe_file else preset(preset_name or DEFAULT_PRESET)
    asked = {name: value for name, value in given.items() if value is not None}
    factor = asked.pop("style_layer_factor", None)
    changes: dict[str, Any] = {
        name: _READERS[name](name, value) if name in _READERS else value
        for name, value in asked.items()
    }
    if factor is not None:
        layers = changes.get("style_layers", base.style_layers)
        changes["style_layers"] = _geometric(layers, asked.get("style_layers"), factor)
    if changes.get("optimiser") == "lbfgs":
        changes["average"] = 0.0  # a mean of pictures is Adam's
    return base.with_(**changes)


def start_of(text: str | None) -> tuple[str | None, Path | None]:
    """Return what to start from: the recipe's word for it, and the file if it is one.

    Raises
    ------
    RecipeError
        It is neither a word nor a file.
    """
    if text is None or text in STARTS:
        return text, None
    path = Path(text).expanduser()
    if not path.is_file():
        raise RecipeError(
            f"--start is {text!r}, which is no picture file; it can also be {', '.join(STARTS)}"
        )
    return "picture", path


def numbers(option: str, text: str) -> tuple[float, ...]:
    """Read numbers with commas between them.

    Raises
    ------
    RecipeError
        The text holds something else.
    """
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise RecipeError(
            f"{_named(option)} is {text!r}; it takes numbers with commas between them, such as "
            "0.3,0.7"
        ) from error


def layer_weights(option: str, text: str) -> dict[str, float]:
    """Read layers with their weights, or without: then they share 1 equally.

    Raises
    ------
    RecipeError
        A layer is unknown, named twice, or only some have weights.
    """
    pairs = [part.partition("=") for part in text.split(",")]
    names = [layer_name(name) for name, _, _ in pairs]
    signs = {sign for _, sign, _ in pairs}
    if len(set(names)) < len(names) or len(signs) > 1:
        raise RecipeError(
            f"{_named(option)} is {text!r}; it takes each layer once, all with weights or none, "
            "such as conv4_2=1,conv5_2=0.5"
        )
    if signs == {""}:
        return dict.fromkeys(names, 1 / len(names))
    weights = numbers(option, ",".join(weight for _, _, weight in pairs))
    return dict(zip(names, weights, strict=True))


def _geometric(layers: Mapping[str, float], text: str | None, factor: float) -> dict[str, float]:
    if text and "=" in text:
        raise RecipeError(
            f"--style-layers is {text!r} and --style-layer-factor {factor:g}; give weights, or "
            "a factor and layers without weights"
        )
    return geometric_weights(list(layers), factor)


def _size(option: str, text: str) -> int | None:
    if text == "content":
        return None
    try:
        return int(text)
    except ValueError as error:
        raise RecipeError(
            f"{_named(option)} is {text!r}; it takes pixels such as 512, or the word content"
        ) from error


def _named(option: str) -> str:
    return "--" + option.replace("_", "-")


_READERS: dict[str, Callable[[str, str], Any]] = {
    "size": _size,
    "style_blend": numbers,
    "style_scale": numbers,
    "content_layers": layer_weights,
    "style_layers": layer_weights,
}
