"""The command line paints, says what is wrong before it begins, and goes on where it was."""

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image, ImageCms
from rich.console import Console
from typer.testing import CliRunner

import grading.cli
from nst_utils import COURSE_DIR, PictureError
from style_engine import bar, choices, cli, commission, optimisers, painting, tiles
from style_engine import recipe as recipes
from style_engine.commission import Commission
from style_engine.picture_files import read_picture, save_picture
from style_engine.recipe import PRESETS, RecipeError, load_recipe, preset
from tests.unit.small_network import small_weights

SIDES = {"content": (48, 64), "first": (40, 56), "second": (52, 36)}

# Runs the command in a process that ends, or is ended, at a step.
ENDING = """
import os, sys
from style_engine import bar, optimisers, painting
from style_engine.cli import app
signal, last, optimisers.ROUND = map(int, sys.argv[1:4])
painting.CHECKPOINT_SECONDS = 0
show = bar.PaintingBar.__call__
def watch(self, moment):
    show(self, moment)
    if moment.record.step == last:
        os.kill(os.getpid(), signal)
bar.PaintingBar.__call__ = watch
app(sys.argv[4:])
"""

COARSE_TO_FINE = """
content_term = "mean"
style_term = "mean"
content_weight = 1.0
style_weight = 10.0
optimiser = "lbfgs"
bounded = true
min_size = 32
size = 64
size_step = 2.0
steps = 14
first_steps = 10
start = "blend"
"""


@pytest.fixture(scope="session")
def given(tmp_path_factory):
    """Return a folder with pictures, masks and a network."""
    folder = tmp_path_factory.mktemp("given")
    for seed, (name, (n_H, n_W)) in enumerate(SIDES.items()):
        coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
        Image.fromarray(coarse).resize((n_W, n_H), 3).save(folder / f"{name}.png")
    left = np.zeros((48, 64), np.uint8)
    left[:, :32] = 255
    Image.fromarray(left).save(folder / "left.png")
    Image.fromarray(255 - left).save(folder / "right.png")
    Image.fromarray(left[:, :50]).save(folder / "narrow.png")
    weights = small_weights()
    arrays = {f"{n}/kernel": k for n, k in weights.kernels.items()}
    arrays |= {f"{n}/bias": b for n, b in weights.biases.items()}
    np.savez(folder / "small.npz", **arrays)
    (folder / "text.png").write_text("no picture")
    (folder / "wrong.toml").write_text("steps = 0")
    (folder / "coarse.toml").write_text(COARSE_TO_FINE)
    return folder


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return an empty folder, which is where the command runs."""
    folder = tmp_path / "place"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def arguments(given, place):
    """Return the arguments of a short run of Adam, with others after them."""

    def those(*others, styles=("first",), out="out.png"):
        pictures = [given / "content.png", *(given / f"{style}.png" for style in styles)]
        words = [*pictures, "-o", out, "--weights", given / "small.npz"]
        if not {"--recipe", "--preset"} & set(others):
            words += ["--preset", "coursera"]
        short = {"--size": "48", "--steps": "4"} if "--recipe" not in others else {}
        words += [w for option, v in short.items() if option not in others for w in (option, v)]
        return [*map(str, words), *map(str, others)]

    return those


@pytest.fixture
def run(arguments):
    """Run `course paint`."""

    def paint(*others, **known):
        return CliRunner().invoke(grading.cli.app, ["paint", *arguments(*others, **known)])

    return paint


def words(result):
    return " ".join(result.output.split())


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def pixels(path):
    return np.asarray(Image.open(path))


def run_that_ends(arguments, signal_, step, round_=50):
    numbers = map(str, (int(signal_), step, round_))
    return subprocess.run(
        [sys.executable, "-c", ENDING, *numbers, *arguments],
        capture_output=True, text=True, check=False, timeout=300,
        env=os.environ | {"PYTHONPATH": str(COURSE_DIR)},
    )  # fmt: skip


@pytest.fixture
def interrupt(monkeypatch):
    """Let Ctrl-C come at a step, once."""

    show = bar.PaintingBar.__call__

    def at(step):
        def watch(self, moment):
            if moment.record.step == step:
                monkeypatch.setattr(bar.PaintingBar, "__call__", show)
                raise KeyboardInterrupt

        monkeypatch.setattr(bar.PaintingBar, "__call__", watch)

    return at


# --- what is painted ------------------------------------------------------------------------


def test_a_painting_and_nothing_else_is_written(run, place):
    result = run()
    assert result.exit_code == 0, result.output
    assert names(place) == ["out.png"]
    assert pixels("out.png").shape == (36, 48, 3)
    assert re.search(r"out\.png: 48 x 36 pixels, \d+ s, cost [\d.e+]+", words(result))
    assert "network: small.npz, 4 to 19 channels" in words(result)


def test_the_embedded_network_is_named():
    embedded = replace(small_weights(), source="vgg19-compact.mat")
    assert "embedded" in commission.network_in_words(embedded)


def test_the_real_network_is_named():
    real = small_weights()
    real.biases["conv1_1"][:3] = (0.7301776, 0.06493629, 0.03428847)
    assert "the real VGG-19" in commission.network_in_words(real)


def test_equal_seeds_paint_equal_pictures(run):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert run("--seed", seed, out=f"{name}.png").exit_code == 0
    a, b, c = (pixels(f"{name}.png") for name in "abc")
    assert (a == b).all()
    assert (a != c).any()


def test_it_paints_what_the_interface_paints(run, given):
    assert run("--start", "content").exit_code == 0
    recipe = preset("coursera").with_(size=48, steps=4, start="content")
    content = read_picture(given / "content.png", 48).pixels
    style = read_picture(given / "first.png", 48).pixels
    result = painting.paint(content, [style], recipe, weights=given / "small.npz")
    np.testing.assert_array_equal(pixels("out.png"), np.rint(result.pixels))


def test_all_options_together(run, given, place):
    result = run(
        "--preset", "crowsonkb", "--style-blend", "0.3,0.7", "--style-scale", "1,0.75",
        "--content-layers", "relu4_2=1,block5_conv2=0.5", "--style-layers", "conv1_1,conv2_1",
        "--style-layer-factor", 0.5, "--content-weight", 2, "--style-weight", 3,
        "--tv-weight", 0.1, "--pooling", "l2", "--start", given / "content.png",
        "--optimiser", "lbfgs", "--learning-rate", 0.5, "--colours", "luminance",
        "--mask", given / "left.png", "--mask-softness", 2, "--precision", "bfloat16",
        "--tile", 128, "--seed", 3, "--quality", 90, "--film", "run.gif", "--film-every", 2,
        "--preview", "--checkpoint", "kept", "--json", "told.json", "--save-recipe", "all.toml",
        styles=("first", "second"), out="out.jpg",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert names(place) == ["all.toml", "out.jpg", "run.gif", "told.json"]
    asked = load_recipe("all.toml")
    assert asked == preset("crowsonkb").with_(
        size=48, steps=4, style_blend=(0.3, 0.7), style_scale=(1, 0.75),
        content_layers={"conv4_2": 1, "conv5_2": 0.5},
        style_layers={"conv1_1": 2 / 3, "conv2_1": 1 / 3},
        content_weight=2, style_weight=3, tv_weight=0.1, pooling="l2", start="picture",
        optimiser="lbfgs", average=0, learning_rate=0.5, colours="luminance",
        precision="bfloat16", seed=3,
    )  # fmt: skip
    assert run("--recipe", "all.toml", "--start", given / "content.png",
               styles=("first", "second"), out="again.png").exit_code == 0  # fmt: skip


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_paints(run, name):
    result = run("--preset", name, "--steps", 2, "--size", 32)
    assert result.exit_code == 0, result.output
    assert pixels("out.png").std() > 1


def test_the_content_s_own_size(run):
    assert run("--size", "content").exit_code == 0
    assert pixels("out.png").shape == (48, 64, 3)


def test_a_mask_keeps_the_style_out(run, given):
    masked = ("--start", "content", "--content-weight", 0, "--style-layers", "conv1_1")
    assert run(*masked, "--size", 64, "--mask", given / "left.png").exit_code == 0
    change = pixels("out.png") != pixels(given / "content.png")
    assert change[:, :32].mean() > 0.9
    assert not change[:, 36:].any()


def test_two_masks_for_two_styles(run, given):
    masks = ("--mask", given / "left.png", "--mask", given / "right.png")
    assert run(*masks, styles=("first", "second")).exit_code == 0


def test_tiles_paint_the_same_picture(run):
    assert run("--size", 160, "--steps", 2, out="whole.png").exit_code == 0
    assert run("--size", 160, "--steps", 2, "--tile", 128, out="tiled.png").exit_code == 0
    whole, tiled = (pixels(name).astype(float) for name in ("whole.png", "tiled.png"))
    # Where a gradient is almost 0, Adam makes a whole step of the rounding.
    assert (whole != tiled).mean() < 0.01


# --- files ----------------------------------------------------------------------------------


@pytest.fixture
def photograph(tmp_path):
    """Return a JPEG that lies on its side, with a colour profile."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "photograph.jpg"
    noise = np.random.default_rng(0).integers(0, 256, (64, 48, 3), np.uint8)
    Image.fromarray(noise).save(path, exif=exif, icc_profile=profile)
    return path, profile


@pytest.mark.parametrize(
    ("name", "bits"),
    [("a.png", 8), ("a.png", 16), ("a.tif", 16), ("a.jpg", 8), ("a.webp", 8)],
)
def test_orientation_profile_and_bits(photograph, given, place, name, bits):
    path, profile = photograph
    result = CliRunner().invoke(cli.app, [
        str(path), str(given / "first.png"), "-o", name, "--weights", str(given / "small.npz"),
        "--size", "64", "--steps", "2", "--bits", str(bits), "--preset", "coursera",
    ])  # fmt: skip
    assert result.exit_code == 0, result.output
    saved = read_picture(place / name)
    assert saved.pixels.shape == (48, 64, 3)
    assert saved.icc == profile
    assert saved.bits == bits


def test_the_recipe_is_in_the_picture(run, tmp_path):
    assert run().exit_code == 0
    text = Image.open("out.png").text
    assert text["Content"], text["Styles"] == ("content.png", "first.png")
    (tmp_path / "found.toml").write_text(text["Recipe"], encoding="utf-8")
    assert load_recipe(tmp_path / "found.toml") == preset("coursera").with_(size=48, steps=4)


def test_the_json_tells_everything(run, given):
    assert run("--json", "told.json", "--seed", 5).exit_code == 0
    told = json.loads(Path("told.json").read_text(encoding="utf-8"))
    assert told["recipe"] == preset("coursera").with_(size=48, steps=4, seed=5).to_dict()
    assert [step["step"] for step in told["steps"]] == [1, 2, 3, 4]
    assert {"size", "seconds", "total", "content", "style", "variation"} < told["steps"][0].keys()
    assert told["cost"] == min(step["total"] for step in told["steps"])
    assert {"python", "tensorflow", "numpy"} < told["versions"].keys()
    assert [each["part"] for each in told["inputs"]] == ["content", "style", "network"]
    for each in [*told["inputs"], told["output"]]:
        assert each["sha256"] == sha256(Path(each["file"]).read_bytes()).hexdigest()
    assert told["inputs"][0]["file"] == str(given / "content.png")


@pytest.mark.parametrize("name", ["run.gif", "run.mp4"])
def test_the_film_has_the_size_of_the_painting(run, given, name):
    result = run("--recipe", given / "coarse.toml", "--film", name, "--film-every", 4)
    assert result.exit_code == 0, result.output
    if name.endswith("gif"):
        film = Image.open(name)
        assert film.size == (64, 48)
        # The last one shows the result; if that is the picture of step 24, they are one.
        assert film.n_frames in (24 // 4, 24 // 4 + 1)
    assert Path(name).stat().st_size > 1000


def test_the_page_is_told_of_each_step(run, monkeypatch):
    shown = []
    monkeypatch.setattr(
        commission.Preview, "show", lambda self, step, total, costs, pixels: shown.append(
            (step, total, sorted(costs), pixels is not None)
        ),
    )  # fmt: skip
    result = run("--preview")
    assert "live at http://127.0.0.1:" in words(result)
    costs = ["content", "style", "total", "variation"]
    steps = [(step, 4, costs, False) for step in (1, 2, 3, 4)]
    assert shown == [*steps, (4, 4, costs, True)]


# --- stops ----------------------------------------------------------------------------------

RUNS = {
    "adam": ("--steps", "12"),
    "adam, a mean of pictures": ("--preset", "crowsonkb", "--steps", "12"),
    "lbfgs, coarse to fine": ("--recipe", "coarse.toml"),
}


@pytest.mark.parametrize("kind", RUNS)
def test_after_a_kill_the_same_command_ends_in_the_same_picture(
    run, arguments, given, place, monkeypatch, kind
):
    options = [given / word if word.endswith(".toml") else word for word in RUNS[kind]]
    monkeypatch.setattr(optimisers, "ROUND", 4)
    assert run(*options, out="whole.png").exit_code == 0
    step, again = (18, 15) if kind.startswith("lbfgs") else (8, 8)
    killed = run_that_ends(arguments(*options), signal.SIGKILL, step, round_=4)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert names(place) == ["out.png.checkpoint", "out.png.checkpoint.lock", "whole.png"]
    result = run(*options, "--json", "told.json")
    assert result.exit_code == 0, result.output
    assert re.search(rf"going on at step {again} of", words(result))
    assert (pixels("out.png") == pixels("whole.png")).all()
    assert names(place) == ["out.png", "told.json", "whole.png"]
    steps = json.loads(Path("told.json").read_text())["steps"]
    assert [each["step"] for each in steps] == list(range(1, len(steps) + 1))


def test_ctrl_c_leaves_a_picture_and_the_same_command_goes_on(run, place, interrupt):
    assert run("--steps", 9, out="whole.png").exit_code == 0
    Path("out.png").write_bytes(b"a painting from before")
    interrupt(6)
    stopped = run("--steps", 9)
    assert stopped.exit_code == 130
    assert (
        "Stopped at step 6 of 9. The best picture so far, 48 x 36 pixels: out-stopped.png. The \
same command goes on at step 6, from out.png.checkpoint; with --fresh it begins anew."
        in words(stopped)
    )
    assert Path("out.png").read_bytes() == b"a painting from before"
    assert names(place) == ["out-stopped.png", "out.png", "out.png.checkpoint", "whole.png"]
    assert pixels("out-stopped.png").shape == (36, 48, 3)
    result = run("--steps", 9)
    assert "going on at step 6 of 9, from out.png.checkpoint" in words(result)
    assert (pixels("out.png") == pixels("whole.png")).all()
    assert names(place) == ["out-stopped.png", "out.png", "whole.png"]


def test_stopped_twice_it_still_ends_in_the_same_picture(run, given, interrupt, monkeypatch):
    options = ("--preset", "crowsonkb", "--steps", 9, "--colours", "luminance")
    assert run(*options, out="whole.png").exit_code == 0
    for step in (3, 4, 8):
        interrupt(step)
        assert run(*options).exit_code == 130
    assert run(*options).exit_code == 0
    assert (pixels("out.png") == pixels("whole.png")).all()


def test_stopped_between_two_sizes_it_ends_in_the_same_picture(run, given, interrupt, monkeypatch):
    monkeypatch.setattr(optimisers, "ROUND", 4)
    options = ("--recipe", given / "coarse.toml")
    assert run(*options, out="whole.png").exit_code == 0
    interrupt(12)  # in the first round of the second size
    assert "goes on at step 11" in words(run(*options))
    assert run(*options).exit_code == 0
    assert (pixels("out.png") == pixels("whole.png")).all()


def test_ctrl_c_within_the_first_round_says_that_nothing_is_kept(run, given, place, interrupt):
    interrupt(5)
    stopped = run("--recipe", given / "coarse.toml")
    assert stopped.exit_code == 130
    assert "There is no checkpoint yet, so the same command begins anew" in words(stopped)
    assert names(place) == ["out-stopped.png"]


def test_ctrl_c_before_the_first_step(run, place, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(painting, "_first_picture", stop)
    stopped = run()
    assert stopped.exit_code == 130
    assert "Stopped before the first step." in words(stopped)
    assert names(place) == []


def test_a_film_of_a_stopped_run_is_not_left_half(run, place, interrupt):
    interrupt(3)
    assert run("--film", "run.mp4", "--film-every", 1).exit_code == 130
    assert names(place) == ["out-stopped.png", "out.png.checkpoint"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM that can be caught")
def test_a_plain_kill_keeps_the_last_step(arguments, place):
    ended = run_that_ends(arguments("--steps", 9), signal.SIGTERM, 5)
    assert ended.returncode == 128 + signal.SIGTERM, ended.stderr
    assert "goes on at step 5" in " ".join(ended.stdout.split())
    assert names(place) == ["out-stopped.png", "out.png.checkpoint"]


def test_the_interface_gives_the_best_picture_with_the_stop(given):
    content = read_picture(given / "content.png").pixels

    def watch(moment):
        if moment.record.step == 3:
            raise KeyboardInterrupt

    with pytest.raises(painting.StoppedError) as stopped:
        painting.paint(
            content, [content], preset("coursera").with_(size=48, steps=5), watch=watch,
            weights=small_weights(),
        )  # fmt: skip
    assert stopped.value.result.pixels.shape == (36, 48, 3)
    assert len(stopped.value.result.history) == 3


def test_a_picture_that_cannot_be_saved_is_not_lost(run, place, monkeypatch):
    def refuse(*_, **__):
        raise PictureError("out.png cannot be saved (No space left on device)")

    assert run(out="whole.png").exit_code == 0
    monkeypatch.setattr(commission, "save_picture", refuse)
    failed = run()
    assert failed.exit_code == 1
    assert "No space left on device" in words(failed)
    assert names(place) == ["out.png.checkpoint", "whole.png"]
    monkeypatch.setattr(commission, "save_picture", save_picture)
    monkeypatch.setattr(bar.PaintingBar, "__call__", None)  # there is no step left to do
    assert run().exit_code == 0
    assert (pixels("out.png") == pixels("whole.png")).all()


def test_a_checkpoint_of_other_settings_is_refused_until_fresh(run, place, interrupt):
    interrupt(3)
    run()
    kept = Path("out.png.checkpoint").read_bytes()
    refused = run("--style-weight", 7)
    assert refused.exit_code == 1
    assert "recipe.style_weight was 40.0 and is 7.0" in words(refused)
    assert "--fresh" in words(refused)
    assert Path("out.png.checkpoint").read_bytes() == kept
    result = run("--style-weight", 7, "--fresh")
    assert result.exit_code == 0
    assert "going on" not in words(result)


def test_a_checkpoint_of_another_network_is_refused(run, given, interrupt):
    interrupt(3)
    run()
    other = small_weights(seed=1)
    arrays = {f"{n}/kernel": k for n, k in other.kernels.items()}
    arrays |= {f"{n}/bias": b for n, b in other.biases.items()}
    Path("other").mkdir()
    np.savez("other/small.npz", **arrays)
    refused = run("--weights", "other/small.npz")
    assert refused.exit_code == 1
    assert "pictures was" in words(refused)


def test_a_broken_checkpoint_is_refused_until_fresh(run):
    Path("out.png.checkpoint").write_bytes(b"half a checkpoi")
    refused = run()
    assert refused.exit_code == 1
    assert "out.png.checkpoint is no whole checkpoint" in words(refused)
    assert run("--fresh").exit_code == 0


def test_one_run_at_a_time_uses_a_checkpoint(run, place):
    with FileLock("out.png.checkpoint.lock"):
        refused = run()
        assert run("--checkpoint", "other", out="other.png").exit_code == 0
    assert refused.exit_code == 1
    assert "another run is painting with out.png.checkpoint; wait for it" in words(refused)
    assert "other.png" in names(place)
    assert "out.png" not in names(place)
    assert run().exit_code == 0
    assert names(place) == ["other.png", "out.png"]


# --- bad input ------------------------------------------------------------------------------

BAD = [
    (("--preset", "monet"), "there is no preset 'monet'; there are coursera"),
    (("--preset", "coursera", "--recipe", "{wrong.toml}"), "--preset and --recipe were both"),
    (("--recipe", "{wrong.toml}"), "wrong.toml: steps is 0; it can be from 1"),
    (("--recipe", "missing.toml"), "missing.toml cannot be read"),
    (("--recipe", "{text.png}"), "text.png is no TOML"),
    (("--size", "8"), "size is 8; it can be from 16 to"),
    (("--size", "17"), "needs at least 16 x 16: ask for 22 or more"),
    (("--size", "large"), "--size is 'large'; it takes pixels such as 512"),
    (("--steps", "0"), "steps is 0"),
    (("--style-weight", "-1"), "style_weight is -1"),
    (("--style-weight", "nan"), "style_weight"),
    (("--style-blend", "a,b"), "--style-blend is 'a,b'; it takes numbers with commas"),
    (("--style-blend", "1,2"), "style_blend has 2 weights for 1 style pictures"),
    (("--style-scale", "1,2"), "style_scale has 2 values for 1 style pictures"),
    (("--style-scale", "0"), "style_scale is (0.0,); each must be above 0"),
    (("--content-layers", "conv9_1"), "'conv9_1' is not a layer of VGG-19"),
    (("--style-layers", "conv1_1=1,conv2_1"), "takes each layer once, all with weights or none"),
    (("--style-layers", "conv1_1,relu1_1"), "takes each layer once"),
    (("--style-layers", "conv1_1=x"), "--style-layers is 'x'; it takes numbers"),
    (("--style-layers", "conv1_1=1", "--style-layer-factor", "2"), "give weights, or a factor"),
    (("--style-layer-factor", "0"), "the factor between layers is 0"),
    (("--pooling", "min"), "pooling is 'min'; it can be 'avg', 'max', 'l2'"),
    (("--start", "nowhere.png"), "'nowhere.png', which is no picture file; it can also be conten"),
    (("--start", "picture"), "'picture', which is no picture file"),
    (("--start", "{second.png}"), "cut it to the same shape"),
    (("--optimiser", "sgd"), "optimiser is 'sgd'"),
    (("--learning-rate", "0"), "learning_rate is 0"),
    (("--colours", "red"), "colours is 'red'"),
    (("--precision", "float16"), "precision is 'float16'"),
    (("--seed", "-1"), "seed is -1"),
    (("--mask", "{missing.png}"), "missing.png is missing"),
    (("--mask", "{narrow.png}"), "draw the mask on a copy of the content"),
    (("--mask", "{left.png}", "--mask", "{right.png}"), "there are 2 masks for 1 styles"),
    (("--weights", "{missing.npz}"), "missing.npz is missing"),
    (("--weights", "{text.png}"), "weights are read from files that end in"),
    (("--bits", "12"), "bits is 12; a sample has 8 or 16"),
    (("--bits", "16", "-o", "out.jpg"), "cannot hold 16 bits a sample"),
    (("-o", "out.xyz"), "a picture ends in .png"),
    (("-o", "no/out.png"), "there is no folder no; make it"),
    (("-o", "{content.png}"), "would overwrite what content names"),
    (("-o", "{first.png}"), "would overwrite what style names"),
    (("-o", "{small.npz}"), "ends in '.npz'; a picture ends in"),
    (("--film", "run.avi"), "a film ends in .gif or .mp4"),
    (("--film", "no/run.gif"), "--film no/run.gif: there is no folder no; make it"),
    (("--json", "."), "--json . is a folder"),
    (("--json", "out.png"), "--json out.png would overwrite what --out names"),
    (("--save-recipe", "no/a.toml"), "--save-recipe no/a.toml: there is no folder no"),
    (("--checkpoint", "{text.png}"), "text.png is no whole checkpoint"),
    (("--checkpoint", "{text.png}", "--fresh"), "is no checkpoint, so --fresh does not remove"),
    (("--checkpoint", "{content.png}"), "would overwrite what content names"),
]


@pytest.mark.parametrize(("options", "message"), BAD, ids=[" ".join(o) for o, _ in BAD])
def test_bad_input_is_a_sentence_and_leaves_nothing(run, given, place, options, message):
    before = {path: path.read_bytes() for path in given.iterdir()}
    filled = [str(given / word.strip("{}")) if word.startswith("{") else word for word in options]
    result = run(*filled)
    assert result.exit_code == 1
    told = words(result)
    assert told.startswith("Error: ")
    assert message in told
    assert "Traceback" not in told
    assert names(place) == []
    assert {path: path.read_bytes() for path in given.iterdir()} == before


@pytest.mark.parametrize("name", ["missing.png", "text.png"])
def test_a_picture_that_cannot_be_read(run, given, place, name):
    for styles in ((Path(name).stem,), ("first", Path(name).stem)):
        result = run(styles=styles)
        assert result.exit_code == 1
        assert name in words(result)
    assert names(place) == []


def test_a_painting_too_large_for_its_format(run, given, monkeypatch):
    monkeypatch.setitem(commission.check_output.__globals__["LONGEST_SIDE"], ".webp", 40)
    result = run(out="out.webp")
    assert result.exit_code == 1
    assert "too large for its format" in words(result)


def test_a_cost_that_runs_away_is_a_sentence(run, place):
    result = run("--learning-rate", "10000", "--style-weight", "1e12", "--steps", 30)
    assert result.exit_code in (0, 1)
    assert "Traceback" not in words(result)


@pytest.mark.parametrize("option", [{}, {"report": Path("no") / "told.json"}])
def test_a_folder_that_may_not_be_written(given, place, monkeypatch, option):
    Path("no").mkdir()
    monkeypatch.setattr(os, "access", lambda path, _: path.name != ("no" if option else ""))
    asked = Commission(
        given / "content.png", [given / "first.png"], Path("out.png"), preset("coursera"), **option
    )
    with pytest.raises(PictureError, match="you may not write into"):
        commission.check_places(asked)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(28, "No space left on device", "a/b"), "a/b: No space left on device; free"),
        (OSError("odd"), "a file: odd"),
        (MemoryError(), "there is not enough memory; give a smaller --size, or a --tile"),
    ],
)
def test_what_the_machine_refuses_is_a_sentence(run, monkeypatch, error, message):
    def refuse(*_, **__):
        raise error

    monkeypatch.setattr(commission, "paint", refuse)
    result = run()
    assert result.exit_code == 1
    assert message in words(result)


def test_a_fault_of_the_program_is_not_hidden(run, monkeypatch):
    monkeypatch.setattr(commission, "paint", lambda *_, **__: 1 / 0)
    assert isinstance(run().exception, ZeroDivisionError)


# --- the command itself ---------------------------------------------------------------------


def test_the_presets_are_listed():
    result = CliRunner().invoke(
        grading.cli.app, ["paint", "--list-presets"], env={"COLUMNS": "200"}
    )
    assert result.exit_code == 0
    for name in PRESETS:
        assert name in result.output
        assert preset(name).about.split(",")[0][:40] in result.output
    assert "atelier (default)" in result.output


def test_the_help_names_every_choice():
    result = CliRunner().invoke(grading.cli.app, ["paint", "--help"], env={"COLUMNS": "200"})
    told = words(result)
    for kinds in ("Optimiser", "Pooling", "Precision", "Colours"):
        for choice in get_args(getattr(recipes, kinds)):
            assert choice in told
    for choice in choices.STARTS:
        assert choice in told


def test_the_page_on_painting_names_options_that_are_there_and_a_recipe_that_loads(tmp_path):
    page = (COURSE_DIR / "docs" / "painting.md").read_text(encoding="utf-8")
    told = CliRunner().invoke(grading.cli.app, ["paint", "--help"], env={"COLUMNS": "200"}).output
    named = set(re.findall(r"(?<!\w)--[a-z][a-z-]+", page))
    assert len(named) > 30
    assert not {option for option in named if f"{option} " not in told}
    (tmp_path / "a.toml").write_text(re.findall(r"```toml\n(.*?)```", page, re.DOTALL)[0])
    assert load_recipe(tmp_path / "a.toml").size == 800


def test_the_help_does_not_wait_for_tensorflow():
    code = "import sys, grading.cli; assert 'tensorflow' not in sys.modules"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=COURSE_DIR, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_it_is_a_module_too(arguments, place):
    done = subprocess.run(
        [sys.executable, "-m", "neural_style", *arguments("--steps", 2)],
        capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(COURSE_DIR)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert names(place) == ["out.png"]


def test_only_what_is_given_takes_the_place_of_the_preset():
    nothing = dict.fromkeys(("size", "steps", "style_layers", "style_layer_factor", "start"))
    assert choices.recipe_of(None, None, nothing) == preset("atelier")
    assert choices.recipe_of("keras-book", None, nothing) == preset("keras-book")
    one = choices.recipe_of("keras-book", None, nothing | {"steps": 7})
    assert one == preset("keras-book").with_(steps=7)


def test_a_factor_weights_the_layers_of_the_preset():
    found = choices.recipe_of("coursera", None, {"style_layer_factor": 2.0}).style_layers
    assert list(found) == ["conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1"]
    np.testing.assert_allclose(list(found.values()), np.array([1, 2, 4, 8, 16]) / 31)


def test_layers_without_weights_share_one():
    assert choices.layer_weights("style_layers", "relu1_1, block3_conv1") == {
        "conv1_1": 0.5,
        "conv3_1": 0.5,
    }
    with pytest.raises(RecipeError, match="not a layer"):
        choices.layer_weights("style_layers", "")


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.4, "0 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (7260, "2 h 1 min")],
)
def test_times_are_told_in_words(seconds, told):
    assert bar.in_words(seconds) == told


def moment(step, left):
    record = painting.Record(step, 64, float(step), 1234.5, 1.0, 2.0, 0.0)
    return painting.Moment(record, 40, left, lambda: np.zeros((2, 2, 3)))


def test_the_bar_shows_step_size_cost_and_time_left():
    screen = StringIO()
    console = Console(file=screen, force_terminal=True, width=120, color_system=None)
    with bar.PaintingBar(console) as shown:
        shown(moment(1, float("nan")))
        shown(moment(20, 75.0))
    assert "step 20 of 40" in screen.getvalue()
    assert "64 px, cost 1234, 1 min 15 s left" in screen.getvalue()


def test_a_log_file_gets_a_line_now_and_then():
    screen = StringIO()
    with bar.PaintingBar(Console(file=screen, width=120)) as shown:
        for step in range(1, 41):
            shown(moment(step, 40.0 - step))
    lines = screen.getvalue().splitlines()
    assert 10 <= len(lines) <= 13
    assert lines[-1] == "step 40 of 40: 64 px, cost 1234, 0 s left"


def test_a_large_painting_is_announced_as_tiles(given, place, monkeypatch):
    monkeypatch.setattr(tiles, "MOST_MEMORY", 1e5)
    told = []
    asked = Commission(
        given / "content.png", [given / "first.png"], place / "out.png",
        preset("coursera").with_(size=48, steps=1), weights=given / "small.npz",
    )  # fmt: skip
    commission.carry_out(asked, told.append, lambda moment: None)
    assert told == ["48 x 36 pixels: painted in tiles of 128, for want of memory"]
