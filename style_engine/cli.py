"""The command line `course paint`, which is also `python -m neural_style`."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

WHAT, STYLE, WAY, LARGE, OUTPUT = (
    "What to paint",
    "Content and style",
    "The way there",
    "Network, size of tiles, chance",
    "Output",
)
SPACE = "free space or choose another folder"
STOPPED = 130  # as shells have it after Ctrl-C


@contextmanager
def _clear_errors(console: Console) -> Iterator[None]:
    """Turn what goes wrong into a sentence and an exit code."""
    with _stop_signals() as received:
        try:
            yield
        except KeyboardInterrupt as stopped:
            console.print(str(stopped) or "Stopped.", soft_wrap=True)
            code = 128 + received[0] if received else STOPPED
            raise typer.Exit(code) from stopped
        except Exception as error:
            told = _sentence(error)
            if not told:
                raise
            errors = Console(stderr=True)
            errors.print(Text("Error:", "bold red"), Text(told), soft_wrap=True)
            raise typer.Exit(1) from error


@contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """Let a plain kill and a closed terminal stop the painting as Ctrl-C does."""
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield received
        return

    def stop(number: int, frame: FrameType | None) -> None:
        received.append(number)
        raise KeyboardInterrupt

    numbers = [getattr(signal, n) for n in ("SIGTERM", "SIGHUP") if hasattr(signal, n)]
    before = {n: signal.signal(n, stop) for n in numbers if signal.getsignal(n) is signal.SIG_DFL}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _sentence(error: Exception) -> str | None:
    """Say what an error means to a user; None if it is a fault of the program."""
    import tensorflow as tf

    from nst_utils import PictureError
    from style_engine.checkpoint import CheckpointError
    from style_engine.commission import BusyError
    from style_engine.preview import PreviewError
    from style_engine.recipe import RecipeError
    from weight_files import WeightsError

    if isinstance(error, CheckpointError):
        return f"{error} (--fresh does)"
    if isinstance(error, (BusyError, PictureError, PreviewError, RecipeError, WeightsError)):
        return str(error)
    if isinstance(error, (MemoryError, tf.errors.ResourceExhaustedError)):
        return "there is not enough memory; give a smaller --size, or a --tile such as 512"
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'}: {error.strerror or error}; {SPACE}"
    return None


def _list_presets(asked: bool) -> None:
    if not asked:
        return
    import quiet_tensorflow  # noqa: F401 - before TensorFlow is imported
    from style_engine.choices import DEFAULT_PRESET
    from style_engine.recipe import PRESETS, preset

    table = Table("preset", Column("what it is", overflow="fold"), "optimiser", "pixels")
    for name in PRESETS:
        recipe = preset(name)
        size = str(recipe.size or "as is")
        told = f"{name} (default)" if name == DEFAULT_PRESET else name
        sides = size if recipe.min_size is None else f"{recipe.min_size} to {size}"
        table.add_row(told, recipe.about, f"{recipe.optimiser}, {recipe.steps} steps", sides)
    Console().print(table)
    raise typer.Exit


@app.command("paint")
def paint_command(  # noqa: PLR0913, PLR0917 - options of a command
    content: Annotated[Path, typer.Argument(metavar="CONTENT", help="The picture to paint.")],
    styles: Annotated[
        list[Path],
        typer.Argument(
            metavar="STYLE", help="Pictures in whose manner to paint."
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", metavar="FILE", help="The painting: .png, .tif, .jpg or .webp."
        ),
    ],
    preset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="A known system; atelier without.", rich_help_panel=WHAT
        ),
    ] = None,
    list_presets: Annotated[
        bool,
        typer.Option(
            "--list-presets",
            callback=_list_presets,
            is_eager=True,
            help="Show all presets, and end.",
            rich_help_panel=WHAT,
        ),
    ] = False,
    recipe: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.toml", help="Settings, as --save-recipe writes them.",
            rich_help_panel=WHAT,
        ),
    ] = None,
    save_recipe: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.toml", help="Write all settings before painting.", rich_help_panel=WHAT
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            metavar="PIXELS", help="Longest side; content for the content's own.",
            rich_help_panel=WHAT,
        ),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="At the last size.", rich_help_panel=WHAT)
    ] = None,
    content_weight: Annotated[
        float | None, typer.Option(help="Alpha: stay like the content.", rich_help_panel=STYLE)
    ] = None,
    style_weight: Annotated[
        float | None, typer.Option(help="Beta: become like the style.", rich_help_panel=STYLE)
    ] = None,
    tv_weight: Annotated[
        float | None,
        typer.Option(help="Total variation: be smooth.", rich_help_panel=STYLE),
    ] = None,
    style_blend: Annotated[
        str | None,
        typer.Option(
            metavar="0.3,0.7", help="Weights of the styles; equal without.", rich_help_panel=STYLE
        ),
    ] = None,
    style_scale: Annotated[
        str | None,
        typer.Option(
            metavar="1,0.5", help="Size of the strokes: one for all styles, or one each.",
            rich_help_panel=STYLE,
        ),
    ] = None,
    content_layers: Annotated[
        str | None,
        typer.Option(
            metavar="conv4_2=1,conv5_2=0.5", help="With weights, or without: equal ones.",
            rich_help_panel=STYLE,
        ),
    ] = None,
    style_layers: Annotated[
        str | None,
        typer.Option(
            metavar="conv1_1=1,...", help="With weights, or without: equal ones.",
            rich_help_panel=STYLE,
        ),
    ] = None,
    style_layer_factor: Annotated[
        float | None,
        typer.Option(
            help="Each style layer's weight is that many times the one before; below 1 is for "
            "fine strokes.",
            rich_help_panel=STYLE,
        ),
    ] = None,
    colours: Annotated[
        str | None,
        typer.Option(
            metavar="WHOSE",
            help="style; or the content's: luminance (swapped after), cholesky or pca (matched "
            "before).",
            rich_help_panel=STYLE,
        ),
    ] = None,
    mask: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="White where a style is painted: give it once a style, or once less and the "
            "last style has the rest.",
            rich_help_panel=STYLE,
        ),
    ] = None,
    mask_softness: Annotated[
        float,
        typer.Option(min=0, help="Pixels over which its edges fade.", rich_help_panel=STYLE),
    ] = 0.0,
    start: Annotated[
        str | None,
        typer.Option(
            metavar="WHERE", help="content, noise, blend, added, or a picture file.",
            rich_help_panel=WAY,
        ),
    ] = None,
    optimiser: Annotated[
        str | None, typer.Option(metavar="NAME", help="adam or lbfgs.", rich_help_panel=WAY)
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="Adam's.", rich_help_panel=WAY)
    ] = None,
    pooling: Annotated[
        str | None, typer.Option(metavar="NAME", help="avg, max or l2.", rich_help_panel=WAY)
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of the noise.", rich_help_panel=LARGE)
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A VGG-19: .mat, .h5 or .npz; the real one without, if it is "
            "there, else the embedded one.",
            rich_help_panel=LARGE,
        ),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="auto, float32 or bfloat16.", rich_help_panel=LARGE),
    ] = None,
    tile: Annotated[
        int | None,
        typer.Option(
            min=128, help="Side in pixels; smaller ones take less memory and more time.",
            rich_help_panel=LARGE,
        ),
    ] = None,
    bits: Annotated[int, typer.Option(help="8 or 16 a sample.", rich_help_panel=OUTPUT)] = 8,
    quality: Annotated[
        int, typer.Option(min=1, max=100, help="Of JPEG and WebP.", rich_help_panel=OUTPUT)
    ] = 95,
    film: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The run as .gif or .mp4.", rich_help_panel=OUTPUT),
    ] = None,
    film_every: Annotated[
        int | None,
        typer.Option(min=1, help="Steps between two pictures.", rich_help_panel=OUTPUT),
    ] = None,
    preview: Annotated[
        bool,
        typer.Option(
            "--preview", help="Serve a page with the live picture and the costs.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Where to go on from after a stop; beside the painting without.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    fresh: Annotated[
        bool,
        typer.Option("--fresh", help="Begin anew all the same.", rich_help_panel=OUTPUT),
    ] = False,
    json_file: Annotated[
        Path | None,
        typer.Option(
            "--json", metavar="FILE", help="Write settings, versions, hashes and all costs.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
) -> None:  # fmt: skip
    """Paint a picture in the manner of others.

    What you give takes the place of the preset's settings. After Ctrl-C the same command goes on.
    """
    settings = {
        "size": size,
        "steps": steps,
        "content_weight": content_weight,
        "style_weight": style_weight,
        "tv_weight": tv_weight,
        "style_blend": style_blend,
        "style_scale": style_scale,
        "content_layers": content_layers,
        "style_layers": style_layers,
        "style_layer_factor": style_layer_factor,
        "colours": colours,
        "optimiser": optimiser,
        "learning_rate": learning_rate,
        "pooling": pooling,
        "seed": seed,
        "precision": precision,
    }
    files = {
        "content": content,
        "styles": styles,
        "out": out.expanduser(),
        "masks": mask or (),
        "mask_softness": mask_softness,
        "weights": weights,
        "tile": tile,
        "bits": bits,
        "quality": quality,
        "film": film,
        "film_every": film_every,
        "preview": preview,
        "checkpoint": checkpoint,
        "fresh": fresh,
        "report": json_file,
        "saved_recipe": save_recipe,
    }
    _paint(preset, recipe, start, settings, files)


def _paint(
    preset: str | None,
    recipe_file: Path | None,
    start: str | None,
    settings: dict[str, Any],
    files: dict[str, Any],
) -> None:
    console = Console(markup=False, highlight=False)
    with _clear_errors(console):
        import quiet_tensorflow  # noqa: F401 - before TensorFlow is imported
        from style_engine.bar import PaintingBar, in_words
        from style_engine.choices import recipe_of, start_of
        from style_engine.commission import Commission, carry_out

        word, picture = start_of(start)
        recipe = recipe_of(preset, recipe_file, settings | {"start": word})
        commission = Commission(recipe=recipe, start=picture, **files)
        with PaintingBar(console) as bar:
            painted = carry_out(commission, lambda line: console.print(line, soft_wrap=True), bar)
        n_H, n_W = painted.size
        lines = (
            f"{painted.path}: {n_W} x {n_H} pixels, {in_words(painted.seconds)}, "
            f"cost {painted.cost:.4g}",
            f"network: {painted.network}",
        )
        for line in lines:
            console.print(line, soft_wrap=True)


if __name__ == "__main__":
    app()
