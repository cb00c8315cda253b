"""Paint: from a content picture, style pictures and a recipe to a picture, size by size."""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from nst_utils import CONFIG, course_path, real_vgg
from style_engine.checkpoint import load_checkpoint, save_checkpoint
from style_engine.colours import keep_luminance, match_colours
from style_engine.network import Network
from style_engine.objective import Objective
from style_engine.optimisers import LBFGS, Adam, Optimiser
from style_engine.picture_files import resize
from style_engine.precision import bfloat16_pays
from style_engine.recipe import SCALES, Recipe, RecipeError
from style_engine.tiles import TiledObjective, tile_side
from vgg19 import MIN_SIDE
from vgg19_weights import VGGWeights, read_vgg_weights

EXACT_SHARE = 0.2  # of the steps at the last size, in float32 after bfloat16
MANY_STEPS = 300  # so many are worth the seconds until built-in kernels are compiled
CHECKPOINT_SECONDS = 20.0
DIGITS_OF_HASH = 16


class Record(NamedTuple):
    """What a step cost.

    Attributes
    ----------
    step : int
        From 1, over all sizes.
    size : int
        Longest side of the picture in pixels.
    seconds : float
        Of painting, with those before it was taken up again.
    total, content, style, variation : float
        The weighted sum, and the terms without their weights.
    """

    step: int
    size: int
    seconds: float
    total: float
    content: float
    style: float
    variation: float


@dataclass(frozen=True)
class Moment:
    """A step, as whoever watches sees it.

    Attributes
    ----------
    record : Record
    steps : int
        How many steps there are in all.
    left : float
        Seconds that the rest will take if it goes on like this.
    picture : function
        Gives the picture (n_H, n_W, 3), float32, 0-255. Asking for it takes time.
    """

    record: Record
    steps: int
    left: float
    picture: Callable[[], np.ndarray]


@dataclass(frozen=True)
class Result:
    """A painting.

    Attributes
    ----------
    pixels : array (n_H, n_W, 3), float32
        RGB, 0-255.
    history : list of Record
    recipe : Recipe
    seconds : float
    """

    pixels: np.ndarray
    history: list[Record]
    recipe: Recipe
    seconds: float


class StoppedError(KeyboardInterrupt):
    """The painting was interrupted, after its checkpoint was written.

    Attributes
    ----------
    result : Result or None
        The best picture so far, at the size that it was painted at; None before the first.
    """

    def __init__(self, result: Result | None) -> None:
        super().__init__("the painting was stopped")
        self.result = result


@dataclass(frozen=True)
class Material:
    """What is painted with.

    Attributes
    ----------
    content : array (n_H, n_W, 3)
        RGB, 0-255.
    styles : sequence of array (n_H, n_W, 3)
        RGB, 0-255.
    masks : sequence of array (n_H, n_W), optional
        Where each style counts, 0-1, in the content's shape.
    start : array (n_H, n_W, 3), optional
        For the recipe's start "picture".
    weights : VGGWeights
    """

    content: np.ndarray
    styles: Sequence[np.ndarray]
    masks: Sequence[np.ndarray] | None
    start: np.ndarray | None
    weights: VGGWeights

    @cached_property
    def digest(self) -> str:
        """A name for all of it: equal material has equal names."""
        hashed = hashlib.sha256(self.weights.source.encode())
        first = next(iter(self.weights.kernels.values()))
        for array in (self.content, *self.styles, *(self.masks or ()), self.start, first):
            if array is not None:
                hashed.update(str(array.shape).encode())
                hashed.update(np.ascontiguousarray(array, np.float32).tobytes())
        return hashed.hexdigest()[:DIGITS_OF_HASH]


class Stage(NamedTuple):
    """Some steps at one size in one precision."""

    longest: int
    size: tuple[int, int]
    dtype: tf.DType
    steps: int


def paint(  # noqa: PLR0913 - options with defaults
    content: np.ndarray,
    styles: Sequence[np.ndarray],
    recipe: Recipe,
    *,
    watch: Callable[[Moment], None] | None = None,
    weights: VGGWeights | str | Path | None = None,
    masks: Sequence[np.ndarray] | None = None,
    start: np.ndarray | None = None,
    checkpoint: Path | None = None,
    keep_checkpoint: bool = False,
    tile: int | None = None,
) -> Result:
    """Paint a picture.

    Parameters
    ----------
    content : array (n_H, n_W, 3)
        RGB, 0-255.
    styles : sequence of array (n_H, n_W, 3)
        RGB, 0-255; of any sizes.
    recipe : Recipe
        How.
    watch : function, optional
        Is called after each step. What it raises ends the painting.
    weights : VGGWeights or path, optional
        By default the real VGG-19 if there is one, else the embedded network.
    masks : sequence of array (n_H, n_W), optional
        Where each style counts, 0-1, as large as the content picture.
    start : array (n_H, n_W, 3), optional
        Where to begin, for a recipe whose start is "picture".
    checkpoint : Path, optional
        A file to go on from if it is there, which is written now and then, and when the painting
        is interrupted. It is removed when the painting is done.
    keep_checkpoint : bool
        Write it once more then, and leave it: whoever saves the picture removes it after that.
    tile : int, optional
        Side of a tile in pixels; by default large pictures are done in tiles, others as a whole.

    Returns
    -------
    Result

    Raises
    ------
    RecipeError
        Pictures, masks and settings do not fit together.
    CheckpointError
        The checkpoint is broken or of another painting.
    StoppedError
        A KeyboardInterrupt came. The best picture so far is with it.
    """
    if tile is not None and tile < 1:
        raise RecipeError(f"the tile's side is {tile} pixels; it must be above 0")
    material = _material(content, styles, recipe, weights, masks, start)
    painter = _Painter(material, recipe, watch, checkpoint, tile)
    result = painter.paint()
    if checkpoint and keep_checkpoint:
        painter.save()
    elif checkpoint:
        checkpoint.unlink(missing_ok=True)
    return result


def stages(recipe: Recipe, size: tuple[int, int], weights: VGGWeights) -> list[Stage]:
    """Return what a painting goes through.

    Parameters
    ----------
    recipe : Recipe
    size : (n_H, n_W)
        Of the content picture.
    weights : VGGWeights
        Narrow networks gain nothing from bfloat16.
    """
    longest = recipe.sizes(max(size))
    before = [recipe.first_steps or recipe.steps] * (len(longest) - 1)
    if before:
        before[0] = recipe.begin_steps or before[0]
    found = []
    for side, steps in zip(longest, [*before, recipe.steps], strict=True):
        exact = round(steps * _exact_share(recipe, weights, last=side == longest[-1]))
        for dtype, number in ((tf.bfloat16, steps - exact), (tf.float32, exact)):
            if number:
                found.append(Stage(side, scaled(size, side), dtype, number))
    return found


def _exact_share(recipe: Recipe, weights: VGGWeights, *, last: bool) -> float:
    """Return the share of a size's steps that are done in float32."""
    if recipe.precision == "bfloat16":
        return 0.0
    if recipe.precision == "float32" or not bfloat16_pays(weights):
        return 1.0
    return EXACT_SHARE if last else 0.0


def scaled(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """Return (n_H, n_W) of the same shape with the longer side as given."""
    n_H, n_W = size
    factor = longest / max(size)
    return max(MIN_SIDE, round(n_H * factor)), max(MIN_SIDE, round(n_W * factor))


class _Painter:
    """A painting under way."""

    def __init__(
        self,
        material: Material,
        recipe: Recipe,
        watch: Callable[[Moment], None] | None,
        checkpoint: Path | None,
        tile: int | None,
    ) -> None:
        self._material, self._recipe, self._watch = material, recipe, watch
        self._checkpoint, self._tile = checkpoint, tile
        self._stages = stages(recipe, material.content.shape[:2], material.weights)
        self._steps = sum(stage.steps for stage in self._stages)
        self._history: list[Record] = []
        self._began = time.perf_counter()
        self._saved = self._began
        scale = SCALES[recipe.pixels]
        self._unit, self._zero = (np.asarray(v, np.float32) for v in scale)
        self._low, self._high = (tf.constant((v - self._zero) / self._unit) for v in (0.0, 255.0))
        self._networks: dict[tuple[tf.DType, bool], Network] = {}
        self._optimiser: Optimiser = _optimiser(recipe)(recipe, self._low, self._high)
        self._least, self._best = np.inf, tf.constant(0.0)
        self._stage, self._done = 0, 0  # where it is: stage, and steps of it
        self._kept: dict[str, Any] = {}  # all that after the last round, for a checkpoint

    def paint(self) -> Result:
        try:
            x = self._begin()
            while self._stage < len(self._stages):
                x = self._painted(self._fitted(x))
                self._stage, self._done = self._stage + 1, 0
        except KeyboardInterrupt as error:
            raise StoppedError(self._stopped()) from error
        return self._result()

    def _result(self) -> Result:
        pixels = self._levels(self._optimiser.result(self._best))
        if self._recipe.colours == "luminance":
            content = resize(self._material.content, pixels.shape[:2])
            pixels = keep_luminance(pixels, content)
        seconds = time.perf_counter() - self._began
        return Result(pixels, self._history, self._recipe, seconds)

    def _stopped(self) -> Result | None:
        """Save the checkpoint; return the picture that is the best so far."""
        self.save()
        if not self._history:
            return None
        if self._kept:  # a step that is half done may have left the optimiser in between
            self._optimiser.restore(_own(self._kept))
        return self._result()

    # ---- stages

    def _begin(self) -> tf.Tensor:
        """Return the first picture, or the one to go on from."""
        if self._checkpoint and self._checkpoint.exists():
            return self._restored(load_checkpoint(self._checkpoint, self._settings()))
        return tf.constant(_first_picture(self._recipe, self._material, self._stages[0].size))

    def _fitted(self, x: tf.Tensor) -> tf.Tensor:
        """Bring picture and optimiser to the size of the stage."""
        size = self._stages[self._stage].size
        if tuple(x.shape[1:3]) == size:
            return x
        # Not clipped: neither the variable nor the moments are levels of 0-255.
        fit = lambda tensor: tf.image.resize(tensor, size, "lanczos3", antialias=True)  # noqa: E731
        x = fit(self._optimiser.result(x))
        self._optimiser.resized(fit)
        return tf.clip_by_value(x, self._low, self._high) if self._recipe.bounded else x

    def _painted(self, x: tf.Tensor) -> tf.Tensor:
        """Go through the steps of a stage; return the picture to go on with."""
        stage = self._stages[self._stage]
        objective = self._objective(stage)
        if not self._done:
            self._least, self._best = np.inf, x
        evaluate = self._evaluation(objective, stage)
        while self._done < stage.steps:
            # Whoever looks at where it is between two rounds finds all of it in step.
            x, used = self._optimiser.advance(evaluate, x, stage.steps - self._done)
            self._done += used
            self._keep(x)
            self._save_now_and_then()
        if isinstance(self._optimiser, Adam) and self._stage == len(self._stages) - 1:
            self._consider(x, float(objective(x)[0][0]))  # the last step's picture was not judged
        return self._best if isinstance(self._optimiser, LBFGS) else x

    def _evaluation(
        self, objective: Objective, stage: Stage
    ) -> Callable[[tf.Tensor], tuple[float, tf.Tensor]]:
        def evaluate(x: tf.Tensor) -> tuple[float, tf.Tensor]:
            costs, gradient = objective(x)
            told = [float(cost) for cost in costs.numpy()]
            if not np.isfinite(told[0]):
                raise RecipeError(
                    f"the cost is {told[0]} at step {len(self._history) + 1}; lower the "
                    f"learning rate ({self._recipe.learning_rate:g}) or the weights"
                )
            self._consider(x, told[0])
            self._tell(x, stage, told)
            return told[0], gradient

        return evaluate

    def _consider(self, x: tf.Tensor, cost: float) -> None:
        if cost < self._least:
            self._least, self._best = cost, x

    def _tell(self, x: tf.Tensor, stage: Stage, costs: list[float]) -> None:
        seconds = time.perf_counter() - self._began
        step = len(self._history) + 1
        record = Record(step, stage.longest, seconds, *costs)
        self._history.append(record)
        if self._watch:
            picture = lambda: self._levels(x)  # noqa: E731
            self._watch(Moment(record, self._steps, self._seconds_left(), picture))

    def _seconds_left(self) -> float:
        """Guess from the last steps of this size, and the pixels of the others."""
        now = self._history[-1]
        recent = [each for each in self._history[-20:] if each.size == now.size]
        if len(recent) < 2:
            return float("nan")
        a_step = (recent[-1].seconds - recent[0].seconds) / (len(recent) - 1)
        after = sum(
            stage.steps * (stage.longest / now.size) ** 2
            for stage in self._stages[self._stage + 1 :]
        )
        before = sum(stage.steps for stage in self._stages[: self._stage])
        here = self._stages[self._stage].steps - (now.step - before)
        return a_step * (max(here, 0) + after)

    def _objective(self, stage: Stage) -> Objective:
        recipe, material = self._recipe, self._material
        content = resize(material.content, stage.size)
        scales = recipe.style_scales(len(material.styles))
        styles = [
            resize(style, scaled(style.shape[:2], max(MIN_SIDE, round(stage.longest * scale))))
            for style, scale in zip(material.styles, scales, strict=True)
        ]
        tile = self._tile or tile_side(stage.size, material.weights, stage.dtype, recipe)
        if tile and tile < stage.longest:
            network = self._network(stage.dtype, built_in=False)
            return TiledObjective(network, recipe, content, styles, material.masks, tile)
        network = self._network(stage.dtype, built_in=stage.steps >= MANY_STEPS)
        return Objective(network, recipe, content, styles, material.masks)

    def _network(self, dtype: tf.DType, *, built_in: bool) -> Network:
        if (dtype, built_in) not in self._networks:
            weights, pooling = self._material.weights, self._recipe.pooling
            network = Network(weights, pooling, dtype, built_in=built_in)
            self._networks[dtype, built_in] = network
        return self._networks[dtype, built_in]

    def _levels(self, x: tf.Tensor) -> np.ndarray:
        levels = x.numpy()[0] * self._unit + self._zero
        return np.clip(levels, 0, 255).astype(np.float32)

    # ---- checkpoints

    def _settings(self) -> dict[str, Any]:
        return {"recipe": self._recipe.to_dict(), "pictures": self._material.digest}

    def _keep(self, x: tf.Tensor) -> None:
        """Remember where it is. Tensors do not change, so nothing is copied."""
        kept = {f"optimiser.{name}": value for name, value in self._optimiser.state().items()}
        kept |= {"stage": self._stage, "done": self._done, "x": x}
        kept |= {"least": float(self._least), "best": self._best}
        self._kept = kept | {"steps": len(self._history)}

    def _save_now_and_then(self) -> None:
        if self._checkpoint and time.perf_counter() - self._saved > CHECKPOINT_SECONDS:
            self.save()
            self._saved = time.perf_counter()

    def save(self) -> None:
        """Write the checkpoint, if there is one, as it was after the last round."""
        if not self._checkpoint or not self._kept:
            return
        state = {n: v.numpy() if tf.is_tensor(v) else v for n, v in self._kept.items()}
        state["history"] = np.array(self._history[: state.pop("steps")], np.float64)
        save_checkpoint(self._checkpoint, state, self._settings())

    def _restored(self, state: dict[str, Any]) -> tf.Tensor:
        self._stage, self._done = int(state["stage"]), int(state["done"])
        self._least, self._best = float(state["least"]), tf.constant(state["best"])
        self._history = [
            Record(int(step), int(size), *rest) for step, size, *rest in state["history"].tolist()
        ]
        self._began -= self._history[-1].seconds if self._history else 0.0
        self._optimiser.restore(_own(state))
        return tf.constant(state["x"])


def _own(state: dict[str, Any]) -> dict[str, Any]:
    """Return what is the optimiser's in a state."""
    return {n.removeprefix("optimiser."): v for n, v in state.items() if "." in n}


def _optimiser(recipe: Recipe) -> Callable[[Recipe, tf.Tensor, tf.Tensor], Optimiser]:
    return LBFGS if recipe.optimiser == "lbfgs" else Adam


def _first_picture(recipe: Recipe, material: Material, size: tuple[int, int]) -> np.ndarray:
    """Return the picture to begin with, (1, n_H, n_W, 3), in the recipe's units."""
    scale = SCALES[recipe.pixels]
    random = np.random.default_rng(recipe.seed)
    if recipe.noise == "uniform":
        noise = random.uniform(-recipe.noise_scale, recipe.noise_scale, (*size, 3))
    else:
        noise = random.normal(0, recipe.noise_scale, (*size, 3))
    begin = material.start if recipe.start == "picture" else material.content
    assert begin is not None
    picture = (resize(begin, size) - scale.zero) / scale.unit
    ratio = {"noise": 1.0, "blend": recipe.noise_ratio}.get(recipe.start, 0.0)
    x = ratio * noise + (1 - ratio) * picture
    x = x + noise if recipe.start == "added" else x
    if recipe.bounded:
        x = np.clip(x, -scale.zero / scale.unit, (255 - scale.zero) / scale.unit)
    return x[None].astype(np.float32)


def _material(  # noqa: PLR0913, PLR0917 - those of paint
    content: np.ndarray,
    styles: Sequence[np.ndarray],
    recipe: Recipe,
    weights: VGGWeights | str | Path | None,
    masks: Sequence[np.ndarray] | None,
    start: np.ndarray | None,
) -> Material:
    """Check that everything fits together; match the colours."""
    styles, masks = list(styles), list(() if masks is None else masks)
    if not styles:
        raise RecipeError("there is no style picture; give at least one")
    for name, picture in [("content", content), *(("style", style) for style in styles)]:
        _check_picture(name, picture)
    _check_numbers(recipe, len(styles))
    _check_start(recipe, start)
    for mask in masks:
        _check_mask(mask, content.shape[:2])
    if masks and len(masks) != len(styles):
        raise RecipeError(f"there are {len(masks)} masks for {len(styles)} styles; give one each")
    if recipe.colours in ("cholesky", "pca"):
        styles = [match_colours(style, content, recipe.colours) for style in styles]
    return Material(content, styles, masks, start, _weights(weights))


def _weights(weights: VGGWeights | str | Path | None) -> VGGWeights:
    if isinstance(weights, VGGWeights):
        return weights
    return read_vgg_weights(weights or weights_file())


def weights_file() -> Path:
    """Return the file of the real VGG-19 if it is there, else that of the embedded network."""
    return real_vgg() or course_path(CONFIG.COMPACT_MODEL)


def _check_numbers(recipe: Recipe, styles: int) -> None:
    if recipe.style_blend and len(recipe.style_blend) != styles:
        raise RecipeError(
            f"style_blend has {len(recipe.style_blend)} weights for {styles} style pictures; "
            "give one for each"
        )
    recipe.style_scales(styles)


def _check_start(recipe: Recipe, start: np.ndarray | None) -> None:
    if recipe.start == "picture":
        if start is None:
            raise RecipeError('the start is "picture", but no picture to start with was given')
        _check_picture("start", start)
    elif start is not None:
        raise RecipeError(
            f"a picture to start with was given, but the start is {recipe.start!r}; make it "
            "'picture'"
        )


def _check_mask(mask: np.ndarray, size: tuple[int, ...]) -> None:
    if mask.shape != size:
        raise RecipeError(
            f"a mask has {mask.shape} pixels and the content picture {size}; make them alike"
        )
    if not (mask.min() >= 0 and mask.max() <= 1):
        raise RecipeError(
            f"a mask has values from {mask.min():g} to {mask.max():g}; they must be 0 to 1"
        )
    if not mask.any():
        raise RecipeError("a mask is 0 everywhere; leave its style out")


def _check_picture(name: str, picture: np.ndarray) -> None:
    if picture.ndim != 3 or picture.shape[-1] != 3:
        raise RecipeError(
            f"the {name} picture has shape {picture.shape}; it must be (n_H, n_W, 3)"
        )
    if min(picture.shape[:2]) < MIN_SIDE:
        raise RecipeError(
            f"the {name} picture has {picture.shape[0]} x {picture.shape[1]} pixels; each side "
            f"needs at least {MIN_SIDE}"
        )
    if not np.isfinite(picture).all():
        raise RecipeError(f"the {name} picture has values that are no numbers")
    if picture.min() < -0.5 or picture.max() > 255.5:
        raise RecipeError(
            f"the {name} picture has values from {picture.min():g} to {picture.max():g}; they "
            "must be 0 to 255"
        )
