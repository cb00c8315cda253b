"""All settings of a painting in one frozen value, which prints, saves and loads as TOML."""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import tomli_w

from nst_utils import write_whole
from style_engine.losses import CONTENT_TERMS, STYLE_TERMS, VARIATION_TERMS
from vgg19 import LAYERS, MIN_SIDE

PRESETS_FILE = Path(__file__).with_name("presets.toml")
MOST_SIDE = 32_768
MARGIN_STEP = 16  # pixels: the margin ends between two cells of conv5_1

Pixels = Literal["centred", "unit", "normalised", "unit, as they are"]
Start = Literal["content", "noise", "blend", "added", "picture"]
Noise = Literal["uniform", "normal"]
Optimiser = Literal["adam", "lbfgs"]
Pooling = Literal["avg", "max", "l2"]
Colours = Literal["style", "luminance", "cholesky", "pca"]
Precision = Literal["auto", "float32", "bfloat16"]


class RecipeError(ValueError):
    """A setting that is unknown or out of range."""


class Scale(NamedTuple):
    """How the variable that is optimised stands to a picture of levels 0-255.

    Attributes
    ----------
    unit : array (3,)
        Levels in one unit of the variable.
    zero : array (3,)
        The levels where the variable is zero.
    """

    unit: np.ndarray
    zero: np.ndarray


_MEAN = (123.68, 116.779, 103.939)
_TORCH_MEAN, _TORCH_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SCALES: dict[str, Scale] = {
    "centred": Scale(np.ones(3), np.array(_MEAN)),
    "unit": Scale(np.full(3, 255.0), np.zeros(3)),
    "normalised": Scale(255 * np.array(_TORCH_STD), 255 * np.array(_TORCH_MEAN)),
    # The network gets 0-1 where it was trained with 0-255 minus the mean.
    "unit, as they are": Scale(np.full(3, 255.0), np.zeros(3)),
}


@dataclass(frozen=True)
class Recipe:
    """How to paint.

    The cost is content_weight · Σ w C + style_weight · Σ w S + tv_weight · V, where C and S are
    the terms of the layers by name, and V is the total variation of the picture in the units of
    `pixels`.

    Attributes
    ----------
    name, about : str
    pixels : {"centred", "unit", "normalised", "unit, as they are"}
        What is optimised: RGB 0-255 minus the mean, 0-1, or that normalised by ImageNet's mean
        and deviation. Learning rate, noise and total variation are in its units.
    content_layers, style_layers : dict of str to float
        Weights of the layers.
    content_term, style_term, tv_term : str
        See `losses.CONTENT_TERMS`, `losses.STYLE_TERMS`, `losses.VARIATION_TERMS`.
    content_weight, style_weight, tv_weight : float
    style_blend : tuple of float
        Weights of several style pictures; equal if empty. They are normalised.
    style_scale : tuple of float
        Size of each style picture beside the painting's; one for all, or one each.
    gain : float
        What the activations of the embedded network are multiplied by; those of others are taken
        as they are. The real VGG-19's are about 15 times as large for levels of 0-255.
    pooling : {"avg", "max", "l2"}
    margin : int
        Pixels of its mirror image that are put around a picture for the network, a multiple of
        16. Without, it sees grey beyond the border, and paints what it makes of that.
    start : {"content", "noise", "blend", "added", "picture"}
        Blend: noise_ratio · noise + (1 - noise_ratio) · content. Added: content + noise.
    noise : {"uniform", "normal"}
        Uniform within ± noise_scale, or normal with that deviation.
    noise_scale, noise_ratio : float
    optimiser : {"adam", "lbfgs"}
        Adam by Kingma and Ba, 2015; L-BFGS-B by SciPy.
    learning_rate, beta_1, beta_2, epsilon : float
        Adam's.
    learning_rate_later : tuple of (int, float)
        After how many steps there is another learning rate, and which; empty for none.
    average : float
        Decay of an exponential mean of Adam's pictures, which is then the result; 0 for none.
    bounded : bool
        Keep every value within the 256 levels.
    steps : int
        At the last size: steps of Adam, or evaluations by L-BFGS-B.
    first_steps : int
        At each smaller size before; 0 for as many as at the last one.
    begin_steps : int
        At the smallest of several sizes; 0 for as many as at the next ones.
    size : int or None
        Longest side in pixels; None, "none" in TOML, for the content picture's own.
    min_size : int or None
        Longest side to begin with, for coarse to fine; None, "none" in TOML, for one size only.
    size_step : float
        Each size is that many times the one before.
    colours : {"style", "luminance", "cholesky", "pca"}
        Whose colours: the style's; the content's, by a swap of luminance after; or by a linear
        match of the style pictures before.
    precision : {"auto", "float32", "bfloat16"}
        Of the convolutions. Auto takes bfloat16 where the processor is faster with it, and
        float32 for the last steps.
    seed : int
    """

    name: str = "own"
    about: str = ""
    pixels: Pixels = "centred"
    content_layers: Mapping[str, float] = field(default_factory=lambda: {"conv4_2": 1.0})
    content_term: str = "sum/4NC"
    content_weight: float = 10.0
    style_layers: Mapping[str, float] = field(
        default_factory=lambda: {f"conv{block}_1": 0.2 for block in range(1, 6)}
    )
    style_term: str = "sum/4N²C²"
    style_weight: float = 40.0
    style_blend: tuple[float, ...] = ()
    style_scale: tuple[float, ...] = (1.0,)
    tv_term: str = "squares"
    tv_weight: float = 0.0
    gain: float = 1.0
    pooling: Pooling = "avg"
    margin: int = 0
    start: Start = "content"
    noise: Noise = "uniform"
    noise_scale: float = 20.0
    noise_ratio: float = 0.6
    optimiser: Optimiser = "adam"
    learning_rate: float = 2.0
    learning_rate_later: tuple[float, ...] = ()
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    average: float = 0.0
    bounded: bool = False
    steps: int = 200
    first_steps: int = 0
    begin_steps: int = 0
    size: int | None = 400
    min_size: int | None = None
    size_step: float = 2**0.5
    colours: Colours = "style"
    precision: Precision = "float32"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("name", "about"):
            if not isinstance(getattr(self, name), str):
                raise RecipeError(f"{name} is {getattr(self, name)!r}; it takes text")
        if not isinstance(self.bounded, bool):
            raise RecipeError(f"bounded is {self.bounded!r}; it can be true or false")
        for name in _OPTIONAL:
            if getattr(self, name) == NONE:
                object.__setattr__(self, name, None)
        for name in ("style_blend", "style_scale", "learning_rate_later"):
            object.__setattr__(self, name, tuple(_numbers(name, getattr(self, name))))
        for name in ("content_layers", "style_layers"):
            object.__setattr__(self, name, _layers(name, getattr(self, name)))
        for name, kinds in _CHOICES.items():
            _check_choice(name, getattr(self, name), kinds)
        for name, (least, most) in _RANGES.items():
            number = _checked_number(name, getattr(self, name), least, most)
            object.__setattr__(self, name, number)
        self._check_together()

    def _check_together(self) -> None:
        if not self.content_weight * sum(self.content_layers.values()) and not self.style_weight:
            raise RecipeError("content_weight and style_weight are both 0: nothing to paint")
        if self.style_weight and not sum(self.style_layers.values()):
            raise RecipeError(
                "style_layers has no weight above 0; name at least one, such as conv3_1 = 1.0"
            )
        if self.margin % MARGIN_STEP or (self.margin and "avgpool5" in self.layers):
            raise RecipeError(
                f"margin is {self.margin}; it can be a multiple of {MARGIN_STEP} (0 with avgpool5)"
            )
        if any(scale <= 0 for scale in self.style_scale):
            raise RecipeError(f"style_scale is {self.style_scale}; each must be above 0")
        if self.style_blend and (min(self.style_blend) < 0 or not sum(self.style_blend)):
            raise RecipeError(f"style_blend is {self.style_blend}; it needs weights of 0 or more")
        if len(self.learning_rate_later) not in (0, 2):
            raise RecipeError(
                f"learning_rate_later is {self.learning_rate_later}; give a step and a rate"
            )
        if any(number <= 0 for number in self.learning_rate_later):
            raise RecipeError(
                f"learning_rate_later is {self.learning_rate_later}; both must be above 0"
            )
        if self.average and self.optimiser == "lbfgs":
            raise RecipeError("average works with the optimiser adam only; set it to 0")

    def with_(self, **changes: Any) -> "Recipe":
        """Return a recipe with other settings.

        Raises
        ------
        RecipeError
            A setting is unknown or out of range.
        """
        known = {each.name for each in fields(self)}
        for name in changes.keys() - known:
            raise RecipeError(
                f"there is no setting {name!r}; there are {', '.join(sorted(known))}"
            )
        return replace(self, **changes)

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that are needed, in order of computation."""
        used = {*self.used_content_layers, *self.used_style_layers}
        return tuple(name for name in LAYERS if name in used)

    @property
    def used_content_layers(self) -> list[str]:
        """The layers whose content counts."""
        return _with_weight(self.content_weight, self.content_layers)

    @property
    def used_style_layers(self) -> list[str]:
        """The layers whose style counts."""
        return _with_weight(self.style_weight, self.style_layers)

    def style_scales(self, styles: int) -> tuple[float, ...]:
        """Return the scale of each of so many style pictures.

        Raises
        ------
        RecipeError
            There are more, or fewer.
        """
        if len(self.style_scale) not in (1, styles):
            raise RecipeError(
                f"style_scale has {len(self.style_scale)} values for {styles} style pictures; "
                "give one, or one for each"
            )
        return self.style_scale if len(self.style_scale) == styles else self.style_scale * styles

    def sizes(self, longest: int) -> list[int]:
        """Return the longest sides to paint at, one after another, for a content of that size."""
        last = self.size or longest
        sizes = [last]
        while self.min_size and sizes[0] / self.size_step >= max(self.min_size, MIN_SIDE) - 0.5:
            sizes.insert(0, round(sizes[0] / self.size_step))
        return sizes

    def to_dict(self) -> dict[str, Any]:
        """Return all settings as plain values, as TOML has them."""
        return {name: _plain(value) for name, value in asdict(self).items()}

    def to_toml(self) -> str:
        """Return the settings as TOML."""
        return tomli_w.dumps(self.to_dict())

    def save(self, path: str | Path) -> Path:
        """Write the settings to a TOML file."""
        text = self.to_toml()
        return write_whole(Path(path), lambda part: part.write_text(text, encoding="utf-8"))

    @property
    def digest(self) -> str:
        """A name for these settings: equal settings have equal names."""
        told = json.dumps(self.to_dict(), sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()

    __str__ = to_toml


def _with_weight(weight: float, layers: Mapping[str, float]) -> list[str]:
    return [name for name, share in layers.items() if weight and share]


_CHOICES: dict[str, tuple[str, ...]] = {
    "pixels": get_args(Pixels),
    "content_term": tuple(CONTENT_TERMS),
    "style_term": STYLE_TERMS,
    "tv_term": tuple(VARIATION_TERMS),
    "pooling": get_args(Pooling),
    "start": get_args(Start),
    "noise": get_args(Noise),
    "optimiser": get_args(Optimiser),
    "colours": get_args(Colours),
    "precision": get_args(Precision),
}
_RANGES: dict[str, tuple[float, float]] = {
    "content_weight": (0, 1e12),
    "style_weight": (0, 1e12),
    "tv_weight": (0, 1e12),
    "gain": (1e-6, 1e6),
    "margin": (0, 256),
    "noise_scale": (0, 1e4),
    "noise_ratio": (0, 1),
    "learning_rate": (1e-9, 1e4),
    "beta_1": (0, 1 - 1e-9),
    "beta_2": (0, 1 - 1e-9),
    "epsilon": (0, 1e3),
    "average": (0, 1 - 1e-9),
    "steps": (1, 1_000_000),
    "first_steps": (0, 1_000_000),
    "begin_steps": (0, 1_000_000),
    "size": (MIN_SIDE, MOST_SIDE),
    "min_size": (MIN_SIDE, MOST_SIDE),
    "size_step": (1.1, 8),
    "seed": (0, 2**32 - 1),
}
_WHOLE = {"margin", "steps", "first_steps", "begin_steps", "size", "min_size", "seed"}
_OPTIONAL = ("size", "min_size")
NONE = "none"  # TOML has no null


def load_recipe(path: str | Path) -> Recipe:
    """Read settings from a TOML file; what it leaves out is as in its `preset`, or by default.

    Raises
    ------
    RecipeError
        The file is missing or no TOML, or a setting is unknown or out of range.
    """
    path = Path(path)
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"{path} cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path} is no TOML: {error}") from error
    base = preset(settings.pop("preset")) if "preset" in settings else Recipe()
    try:
        return base.with_(**settings)
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}") from error


def preset(name: str) -> Recipe:
    """Return the settings of a known system.

    Raises
    ------
    RecipeError
        There is no preset of that name.
    """
    known = _presets()
    if not isinstance(name, str) or name not in known:
        raise RecipeError(f"there is no preset {name!r}; there are {', '.join(known)}")
    return known[name]


@cache
def _presets() -> dict[str, Recipe]:
    tables = tomllib.loads(PRESETS_FILE.read_text(encoding="utf-8"))
    return {name: Recipe(name=name, **settings) for name, settings in tables.items()}


PRESETS = tuple(tomllib.loads(PRESETS_FILE.read_text(encoding="utf-8")))


def layer_name(name: str) -> str:
    """Return a layer's name as VGG-19 has it here, from that of another system.

    relu4_2 and block4_conv2 are conv4_2, of which always the activation after its ReLU is meant.

    Raises
    ------
    RecipeError
        There is no such layer.
    """
    plain = str(name).strip().lower().replace("relu", "conv")
    if plain.startswith("block") and "_conv" in plain:
        plain = "conv" + plain.removeprefix("block").replace("_conv", "_")
    if plain not in LAYERS:
        raise RecipeError(f"{name!r} is not a layer of VGG-19; there are {', '.join(LAYERS)}")
    return plain


def geometric_weights(layers: list[str], exponent: float) -> dict[str, float]:
    """Return weights that grow by a factor from layer to layer and add up to 1.

    Parameters
    ----------
    layers : list of str
        In order.
    exponent : float
        The factor, above 0: below 1 favours fine, above 1 coarse structure.
    """
    if not 0 < exponent < np.inf:
        raise RecipeError(f"the factor between layers is {exponent}; it must be above 0")
    weights = exponent ** np.arange(len(layers), dtype=np.float64)
    return dict(zip(layers, (weights / weights.sum()).tolist(), strict=True))


def _layers(setting: str, layers: Any) -> dict[str, float]:
    if not isinstance(layers, Mapping):
        raise RecipeError(f"{setting} is {layers!r}; give weights by layer, such as conv4_2 = 1.0")
    weights = _numbers(setting, layers.values())
    if any(weight < 0 for weight in weights):
        raise RecipeError(f"{setting} has a weight of {min(weights)}; it takes 0 or more")
    named = dict(zip(map(layer_name, layers), weights, strict=True))
    if len(named) < len(layers):
        raise RecipeError(f"{setting} names a layer twice: {', '.join(layers)}")
    return named


def _numbers(setting: str, values: Any) -> list[float]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        values = [values]
    given = list(values)
    for value in given:
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):
            raise RecipeError(f"{setting} has {value!r}; it takes numbers")
        if not np.isfinite(value):
            raise RecipeError(f"{setting} has {value}; it takes finite numbers")
    return [float(value) for value in given]


def _check_choice(setting: str, value: Any, kinds: tuple[str, ...]) -> None:
    if value not in kinds:
        raise RecipeError(f"{setting} is {value!r}; it can be {', '.join(map(repr, kinds))}")


def _checked_number(setting: str, value: Any, least: float, most: float) -> Any:
    """Return a number as Python's own int or float, which TOML and JSON can hold."""
    if value is None and setting in _OPTIONAL:
        return None
    kinds = int | np.integer if setting in _WHOLE else int | float | np.number
    if isinstance(value, bool) or not isinstance(value, kinds):
        kind = "a whole number" if setting in _WHOLE else "a number"
        raise RecipeError(f"{setting} is {value!r}; it takes {kind}")
    if not least <= value <= most:
        raise RecipeError(f"{setting} is {value}; it can be from {least:g} to {most:g}")
    return int(value) if setting in _WHOLE else float(value)


def _plain(value: Any) -> Any:
    if value is None:
        return NONE
    return list(value) if isinstance(value, tuple) else value
