"""Paint from files to a file: everything is checked before, and nothing is lost on the way."""

import hashlib
import json
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from nst_utils import PictureError, course_path, write_whole
from style_engine.checkpoint import CheckpointError, checkpoint_settings, load_checkpoint
from style_engine.film import Film
from style_engine.masks import masks_of, read_mask, soften
from style_engine.painting import (
    Moment,
    Result,
    Stage,
    StoppedError,
    paint,
    scaled,
    stages,
    weights_file,
)
from style_engine.picture_files import (
    Picture,
    check_output,
    read_picture,
    refusal,
    resize,
    save_picture,
)
from style_engine.preview import Preview
from style_engine.recipe import Recipe, RecipeError
from style_engine.tiles import tile_side
from vgg19 import MIN_SIDE
from vgg19_weights import EMBEDDED, GENUINE_BIAS, VGGWeights, read_vgg_weights

FILM_PICTURES = 60  # in a film, if it is not said how many
FILM_SIDE = 1280  # pixels; a larger painting is shown smaller
OTHER_SHAPE = 0.02  # relative difference of the sides' ratios that is more than rounding
LIBRARIES = ("tensorflow", "numpy", "scipy", "pillow")

Say = Callable[[str], None]
Watch = Callable[[Moment], None]


@dataclass(frozen=True)
class Commission:
    """What is to be painted, from which files, to which.

    Attributes
    ----------
    content : Path
    styles : sequence of Path
    out : Path
    recipe : Recipe
    start : Path, optional
        For the recipe's start "picture".
    masks : sequence of Path
        One a style, or one fewer: the last style is then painted in the rest.
    mask_softness : float
        Pixels of the painting over which a mask's edges fade.
    weights : Path, optional
        By default the real VGG-19 if it is there, else the embedded network.
    tile : int, optional
        Side in pixels; by default large pictures are done in tiles.
    bits, quality : int
        See `picture_files.save_picture`.
    film : Path, optional
    film_every : int, optional
        Steps; by default the film has about `FILM_PICTURES`.
    preview : bool
        Whether to serve the live page.
    checkpoint : Path, optional
        By default beside `out`, named after it.
    fresh : bool
        Do not go on from a checkpoint.
    report : Path, optional
        A JSON file for settings, versions, hashes and costs.
    saved_recipe : Path, optional
        A TOML file for the recipe.
    """

    content: Path
    styles: Sequence[Path]
    out: Path
    recipe: Recipe
    start: Path | None = None
    masks: Sequence[Path] = ()
    mask_softness: float = 0.0
    weights: Path | None = None
    tile: int | None = None
    bits: int = 8
    quality: int = 95
    film: Path | None = None
    film_every: int | None = None
    preview: bool = False
    checkpoint: Path | None = None
    fresh: bool = False
    report: Path | None = None
    saved_recipe: Path | None = None

    @property
    def checkpoint_place(self) -> Path:
        """Where the state of the run is kept."""
        beside = self.out.with_name(self.out.name + ".checkpoint")
        return (self.checkpoint or beside).expanduser()

    @property
    def stopped_place(self) -> Path:
        """Where the best picture of a run goes that was stopped: the output is for a whole run."""
        return self.out.with_stem(self.out.stem + "-stopped")

    def inputs(self) -> list[tuple[str, Path]]:
        """Return all files that are read, each with its part."""
        several = [("style", path) for path in self.styles] + [("mask", p) for p in self.masks]
        others = [("start", self.start)] if self.start else []
        network = ("network", self.weights or weights_file())
        return [("content", self.content), *several, *others, network]

    def outputs(self) -> list[tuple[str, Path]]:
        """Return all files that are written, each with its option."""
        named = {
            "--out": self.out,
            "--out, if stopped,": self.stopped_place,
            "--film": self.film,
            "--checkpoint": self.checkpoint_place,
            "--json": self.report,
            "--save-recipe": self.saved_recipe,
        }
        return [(option, path.expanduser()) for option, path in named.items() if path]


@dataclass(frozen=True, eq=False)
class Material:
    """What has been read."""

    content: Picture
    styles: Sequence[np.ndarray]
    masks: Sequence[np.ndarray]
    start: np.ndarray | None
    weights: VGGWeights
    stages: Sequence[Stage]

    @property
    def steps(self) -> int:
        """Steps of all sizes."""
        return sum(stage.steps for stage in self.stages)

    @property
    def size(self) -> tuple[int, int]:
        """(n_H, n_W) of the painting."""
        return self.stages[-1].size


@dataclass(frozen=True)
class Painted:
    """What has come of it.

    Attributes
    ----------
    path : Path
    size : (n_H, n_W)
    seconds, cost : float
        Painting time, over all sittings; the lowest cost at the last size.
    network : str
        Which one, in words.
    """

    path: Path
    size: tuple[int, int]
    seconds: float
    cost: float
    network: str


class BusyError(RuntimeError):
    """Another run works on the same painting."""


class StoppedRunError(KeyboardInterrupt):
    """The run was stopped; the text says what is there and how to go on."""


def carry_out(commission: Commission, say: Say, watch: Watch) -> Painted:
    """Check everything, paint, and write all that was asked for.

    Parameters
    ----------
    commission : Commission
    say : function
        Is told what a user should know, in sentences.
    watch : function
        Is called after each step.

    Raises
    ------
    RecipeError, PictureError, WeightsError, CheckpointError, PreviewError, OSError
        Something does not fit, cannot be read or cannot be written.
    BusyError
        Another run works on the same painting.
    StoppedRunError
        A KeyboardInterrupt came while painting.
    """
    check_places(commission)
    material = read_material(commission)
    with _alone(commission.checkpoint_place), ExitStack() as open_:
        if commission.saved_recipe:
            commission.recipe.save(commission.saved_recipe.expanduser())
        if commission.fresh:
            _forget(commission)
        watching = _Watching(commission, material, say, watch, open_)
        try:
            result = _painted(commission, material, watching)
        except StoppedError as stopped:
            told = _stopped(commission, material, stopped.result)
            raise StoppedRunError(told) from stopped
        return _delivered(commission, material, result, watching)


# --- before ---------------------------------------------------------------------------------


def check_places(commission: Commission) -> None:
    """Say what cannot be written, before anything is read.

    Raises
    ------
    PictureError
        A folder is missing or not writable, or two files are the same.
    """
    check_output(commission.out, commission.bits)
    taken = {course_path(path).resolve(): part for part, path in commission.inputs()}
    for option, path in commission.outputs():
        if path.is_dir():
            raise PictureError(f"{option} {path} is a folder; name a file in it")
        if refused := refusal(path.parent):
            raise PictureError(f"{option} {path}: {refused}")
        other = taken.setdefault(path.resolve(), option)
        if other != option:
            raise PictureError(
                f"{option} {path} would overwrite what {other} names; give it another name"
            )


def read_material(commission: Commission) -> Material:
    """Read all pictures and the network, at the sizes that the recipe needs.

    Raises
    ------
    PictureError, WeightsError, RecipeError
        A file is missing or broken, or they do not fit together.
    """
    recipe = commission.recipe
    content = read_picture(commission.content, recipe.size)
    size = content.pixels.shape[0], content.pixels.shape[1]
    check_output(commission.out, commission.bits, size)
    masks = _masks(commission, size)
    start = _start(commission, size)
    weights = read_vgg_weights(course_path(commission.weights or weights_file()))
    planned = stages(recipe, size, weights)
    return Material(content, _styles(commission, max(size)), masks, start, weights, planned)


def _styles(commission: Commission, longest: int) -> list[np.ndarray]:
    """Read the styles, no larger than they are needed."""
    scales = commission.recipe.style_scales(len(commission.styles))
    found = []
    for path, scale in zip(commission.styles, scales, strict=True):
        pixels = read_picture(path).pixels
        needed = max(MIN_SIDE, round(longest * scale))
        larger = max(pixels.shape[:2]) > needed
        found.append(resize(pixels, scaled(pixels.shape[:2], needed)) if larger else pixels)
    return found


def _masks(commission: Commission, size: tuple[int, int]) -> list[np.ndarray]:
    masks = [read_mask(path, size) for path in commission.masks]
    try:
        masks = [soften(mask, commission.mask_softness) for mask in masks]
        return masks_of(masks, len(commission.styles))
    except ValueError as error:
        raise RecipeError(str(error)) from error


def _start(commission: Commission, size: tuple[int, int]) -> np.ndarray | None:
    if commission.start is None:
        return None
    pixels = read_picture(commission.start).pixels
    ratio = (pixels.shape[1] / pixels.shape[0]) / (size[1] / size[0])
    if abs(np.log(ratio)) > OTHER_SHAPE + 1 / min(size):
        raise PictureError(
            f"the start {commission.start} has {pixels.shape[1]} x {pixels.shape[0]} pixels and "
            f"the painting {size[1]} x {size[0]}; cut it to the same shape"
        )
    return pixels


@contextmanager
def _alone(checkpoint: Path) -> Iterator[None]:
    """Let one run at a time use a checkpoint; the lock falls when its process ends, however."""
    file = checkpoint.with_name(checkpoint.name + ".lock")
    lock = FileLock(file, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise BusyError(
            f"another run is painting with {checkpoint}; wait for it, or give another --out or "
            "--checkpoint"
        ) from error
    try:
        yield
    finally:
        with suppress(OSError):  # Windows does not remove an open file
            file.unlink(missing_ok=True)
        lock.release()


def _forget(commission: Commission) -> None:
    """Remove the checkpoint; another kind of file that a user named by mistake stays."""
    place = commission.checkpoint_place
    if commission.checkpoint and place.exists():
        try:
            checkpoint_settings(place)
        except CheckpointError as error:
            raise RecipeError(
                f"--checkpoint {place} is no checkpoint, so --fresh does not remove it; give "
                "another name"
            ) from error
    place.unlink(missing_ok=True)


# --- meanwhile ------------------------------------------------------------------------------


class _Watching:
    """Show each step to all that look: the bar, the film, the page."""

    def __init__(
        self,
        commission: Commission,
        material: Material,
        say: Say,
        watch: Watch,
        open_: ExitStack,
    ) -> None:
        self._watch, self._say = watch, say
        self._resumes = commission.checkpoint_place.exists()
        self._checkpoint = commission.checkpoint_place
        self.film = _film(commission, material)
        self._preview: Preview | None = None
        if self.film:
            open_.enter_context(self.film)
        if commission.preview:
            self._preview = open_.enter_context(Preview())
            say(f"live at {self._preview.url}")
        last = material.stages[-1]
        tile = tile_side(last.size, material.weights, last.dtype, commission.recipe)
        if tile and not commission.tile:
            n_H, n_W = last.size
            say(f"{n_W} x {n_H} pixels: painted in tiles of {tile}, for want of memory")

    def __call__(self, moment: Moment) -> None:
        step = moment.record.step
        if self._resumes:
            self._resumes = False
            self._say(f"going on at step {step} of {moment.steps}, from {self._checkpoint}")
        self._watch(moment)
        if self.film and step % self.film.every == 0:
            self.film.add(step, moment.picture())
        if self._preview:
            self.show(moment, moment.picture() if self._preview.watched else None)

    def show(self, moment: Moment, pixels: np.ndarray | None) -> None:
        """Tell the page of a step."""
        costs = moment.record._asdict()
        told = {name: costs[name] for name in ("total", "content", "style", "variation")}
        if self._preview:
            self._preview.show(moment.record.step, moment.steps, told, pixels)

    def finish(self, result: Result, steps: int) -> None:
        """Show the painting itself."""
        if self.film:
            self.film.add(self.film.every, result.pixels)
        if self._preview and result.history:
            last = Moment(result.history[-1], steps, 0.0, lambda: result.pixels)
            self.show(last, result.pixels)


def _film(commission: Commission, material: Material) -> Film | None:
    if not commission.film:
        return None
    every = commission.film_every or max(1, material.steps // FILM_PICTURES)
    n_H, n_W = material.size
    scale = min(1.0, FILM_SIDE / max(n_H, n_W))
    return Film(commission.film, every, size=(round(n_H * scale), round(n_W * scale)))


def _painted(commission: Commission, material: Material, watch: Watch) -> Result:
    return paint(
        material.content.pixels,
        material.styles,
        commission.recipe,
        watch=watch,
        weights=material.weights,
        masks=material.masks or None,
        start=material.start,
        checkpoint=commission.checkpoint_place,
        keep_checkpoint=True,
        tile=commission.tile,
    )


# --- after ----------------------------------------------------------------------------------


def _delivered(
    commission: Commission, material: Material, result: Result, watching: _Watching
) -> Painted:
    """Write everything; the checkpoint goes when the picture is safe."""
    path = _save(commission, material, commission.out, result)
    watching.finish(result, material.steps)
    last = material.stages[-1].longest
    least = min(record.total for record in result.history if record.size == last)
    network = network_in_words(material.weights)
    n_H, n_W = result.pixels.shape[:2]
    painted = Painted(path, (n_H, n_W), result.seconds, least, network)
    if commission.report:
        told = report(commission, result, painted)
        write_json(commission.report.expanduser(), told)
    commission.checkpoint_place.unlink(missing_ok=True)
    return painted


def _save(commission: Commission, material: Material, path: Path, result: Result) -> Path:
    text = {
        "Software": "course paint",
        "Content": commission.content.name,
        "Styles": ", ".join(style.name for style in commission.styles),
        "Network": material.weights.source,
        "Recipe": commission.recipe.to_toml(),
    }
    return save_picture(
        path,
        result.pixels,
        like=material.content,
        bits=commission.bits,
        quality=commission.quality,
        text=text,
    )


def _stopped(commission: Commission, material: Material, result: Result | None) -> str:
    """Save the best picture so far; say where it is and how to go on."""
    if result is None:
        return "Stopped before the first step."
    path = _save(commission, material, commission.stopped_place, result)
    n_H, n_W = result.pixels.shape[:2]
    told = (
        f"Stopped at step {len(result.history)} of {material.steps}. "
        f"The best picture so far, {n_W} x {n_H} pixels: {path}. "
    )
    checkpoint = commission.checkpoint_place
    if not checkpoint.exists():
        return told + "There is no checkpoint yet, so the same command begins anew."
    step = len(load_checkpoint(checkpoint)["history"]) + 1  # type: ignore[arg-type]
    return told + (
        f"The same command goes on at step {step}, from {checkpoint}; with --fresh it begins anew."
    )


def network_in_words(weights: VGGWeights) -> str:
    """Say which network it is."""
    if weights.source == EMBEDDED:
        return f"the embedded one, {EMBEDDED} (course fetch vgg19 brings the real VGG-19)"
    first = weights.biases["conv1_1"]
    if np.allclose(first[:3], GENUINE_BIAS, rtol=1e-4):
        return f"the real VGG-19, {weights.source}"
    return f"{weights.source}, {first.size} to {weights.channels('conv5_4')} channels"


def report(commission: Commission, result: Result, painted: Painted) -> dict[str, Any]:
    """Return settings, versions, hashes and costs, as JSON can hold them.

    Parameters
    ----------
    commission : Commission
    result : Result
    painted : Painted

    Returns
    -------
    dict
        "steps" is a list with an entry for each `Record`.
    """
    n_H, n_W = painted.size
    versions = {"python": platform.python_version()} | {n: version(n) for n in LIBRARIES}
    settings = {name: getattr(commission, name) for name in ("bits", "quality", "mask_softness")}
    return {
        "output": {"file": str(painted.path), "sha256": sha256(painted.path)},
        "width": n_W,
        "height": n_H,
        "seconds": result.seconds,
        "cost": painted.cost,
        "recipe": commission.recipe.to_dict(),
        "settings": settings | {"tile": commission.tile},
        "inputs": [_told(part, course_path(path)) for part, path in commission.inputs()],
        "versions": versions,
        "steps": [record._asdict() for record in result.history],
    }


def _told(part: str, path: Path) -> dict[str, str]:
    return {"part": part, "file": str(path), "sha256": sha256(path)}


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(path: Path, told: Mapping[str, Any]) -> Path:
    """Write a JSON file, whole or not at all."""
    text = json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    return write_whole(path, lambda part: part.write_text(text, encoding="utf-8"))
