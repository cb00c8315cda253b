"""The drawn people: same arguments, same picture; one person's pictures belong together."""

import csv
import sys
from dataclasses import astuple, replace
from pathlib import Path
from subprocess import run

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
FACES = ROOT / "images" / "faces"
RESIDENTS = [
    "ada", "amir", "bea", "chen", "dana", "emil",
    "femi", "ines", "kofi", "lena", "ravi", "yuki",
]  # fmt: skip

try:
    import skia  # noqa: F401
except ImportError as error:
    pytest.skip(
        f"skia-python cannot be loaded ({error}): pip install -e .[training]; "
        "apt install libegl1 libgl1",
        allow_module_level=True,
    )

from training import faces, people  # noqa: E402 - after the skip


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """Return the mean absolute difference of two pictures, of 255."""
    return float(np.abs(a.astype(float) - b).mean())


def numbers(value: tuple) -> list[float]:
    """Return the numbers of nested parameters, but not the seeds."""
    if isinstance(value, tuple):
        return [number for part in value for number in numbers(part)]
    return [value] if isinstance(value, float) else []


def distance(a: people.Identity, b: people.Identity) -> float:
    """Return how far two people's shapes lie apart, each number by its limits' width."""
    return sum(
        abs(getattr(getattr(a, group), f.name) - getattr(getattr(b, group), f.name))
        / (f.metadata["limits"][1] - f.metadata["limits"][0])
        for group in ("head", "eyes", "brows", "nose", "mouth")
        for f in people.fields(getattr(a, group))
        if "limits" in f.metadata
    )


@pytest.fixture(scope="module")
def shot() -> people.Shot:
    return faces.random_shot(np.random.default_rng(3))


def test_same_arguments_give_the_same_picture(shot):
    identity = faces.random_identity(17)
    assert identity == faces.random_identity(17)
    assert shot == faces.random_shot(np.random.default_rng(3))
    assert np.array_equal(faces.render(identity, shot), faces.render(identity, shot))


def test_another_seed_is_another_person_and_another_noise(shot):
    a, b = faces.random_identity(17), faces.random_identity(18)
    assert a != b
    assert difference(faces.render(a, shot), faces.render(b, shot)) > 3
    again = replace(shot, noise=5.0, seed=shot.seed + 1)
    assert not np.array_equal(faces.render(a, replace(shot, noise=5.0)), faces.render(a, again))


@pytest.mark.parametrize("size", [32, 96, 250, 384])
def test_sizes(size, shot):
    picture = faces.render(faces.random_identity(1), shot, size)
    assert picture.shape == (size, size, 3)
    assert picture.dtype == np.uint8
    assert picture.std() > 10


def test_large_and_small_picture_show_the_same():
    identity, shot = faces.random_identity(5), faces.neutral_shot()
    large = Image.fromarray(faces.render(identity, shot, 384)).resize(
        (96, 96), Image.Resampling.BOX
    )
    assert difference(np.asarray(large), faces.render(identity, shot, 96)) < 2


@pytest.mark.parametrize("size", [0, 31, 4096])
def test_bad_size(size):
    with pytest.raises(ValueError, match=f"size = {size}; give a side of 32 to 2048"):
        faces.render(faces.random_identity(0), faces.neutral_shot(), size)


def test_bad_arguments():
    identity = faces.random_identity(0)
    with pytest.raises(ValueError, match="seed = -1"):
        faces.random_identity(-1)
    with pytest.raises(ValueError, match=r"likeness = 1\.5"):
        faces.sibling(identity, 1, 1.5)
    for arguments in (([], 1), ([1], 0)):
        with pytest.raises(ValueError, match="= 0; give at least 1"):
            faces.render_many(*arguments)
    with pytest.raises(ValueError, match="processes = -1"):
        faces.render_many([1], 1, processes=-1)


def test_people_differ_in_many_ways_and_stay_within_their_limits():
    crowd = [faces.random_identity(seed) for seed in range(300)]
    for group in ("head", "eyes", "nose", "mouth", "hair"):
        table = np.array([numbers(astuple(getattr(i, group))) for i in crowd])
        assert np.isfinite(table).all()
        assert (table.std(0) > 0).all()
    assert len({i.hair.cut for i in crowd}) >= 15
    assert {i.beard.kind for i in crowd} == set(people.BEARDS)
    light = np.array([i.skin.colour for i in crowd]).mean(1)
    assert light.min() < 0.3
    assert light.max() > 0.85


def test_a_sibling_is_nearer_than_a_stranger():
    near, far = [], []
    for seed in range(40):
        identity = faces.random_identity(seed)
        near.append(distance(identity, faces.sibling(identity, seed + 1000)))
        far.append(distance(identity, faces.random_identity(seed + 1000)))
    assert np.mean(near) < 0.4 * np.mean(far)
    assert distance(faces.sibling(identity, 7, 1.0), identity) < 1e-9
    assert distance(faces.sibling(identity, 7, 0.0), faces.random_identity(7)) < 1e-9


def test_glasses_hair_and_beard_belong_to_the_person():
    identity = faces.residents()["ada"]
    worn = faces.render(identity, faces.neutral_shot())
    off = faces.render(identity, replace(faces.neutral_shot(), swap_glasses=True))
    assert identity.glasses.worn
    assert difference(worn, off) > 0.5


def test_harder_shots_turn_further():
    rng = np.random.default_rng(0)
    easy = [faces.random_shot(rng, 0.2) for _ in range(200)]
    hard = [faces.random_shot(rng, 1.0) for _ in range(200)]
    for name, limit in (("yaw", 25), ("pitch", 12), ("roll", 10)):
        turns = np.abs([[getattr(s, name) for s in shots] for shots in (easy, hard)])
        assert turns[0].max() <= 0.2 * limit
        assert 0.8 * limit < turns[1].max() <= limit


def test_many_pictures_do_not_depend_on_the_number_of_processes():
    seeds = [3, 100_000, 7, *range(20, 27)]
    one, who = faces.render_many(seeds, 2, 64, seed=5, processes=1)
    two, _ = faces.render_many(seeds, 2, 64, seed=5, processes=2)
    assert one.shape == (10, 2, 64, 64, 3)
    assert who.tolist() == seeds
    assert np.array_equal(one, two)
    alone, _ = faces.render_many([7], 2, 64, seed=5, processes=1)
    assert np.array_equal(alone[0], one[2])


def committed(name: str) -> np.ndarray:
    """Return the pixels of a picture in images/faces."""
    return np.asarray(Image.open(FACES / name).convert("RGB"))


def test_committed_pictures_are_what_the_script_makes():
    made = faces.door_pictures() | faces.practice_pictures([0, 39])
    for name, pixels in made.items():
        picture = committed(name)
        assert picture.shape == pixels.shape, name
        assert difference(picture, pixels) <= 3, f"{name}: run python -m training.faces"


def test_the_folder_is_complete_and_small():
    assert sorted(p.stem for p in (FACES / "residents").iterdir()) == RESIDENTS
    assert committed("residents/ada.jpg").shape == (96, 96, 3)
    assert committed("residents_large/ada.jpg").shape == (384, 384, 3)
    assert len(list((FACES / "residents_large").iterdir())) == 12
    strips = sorted(p.name for p in (FACES / "practice").iterdir())
    assert strips == [f"person_{k:02d}.jpg" for k in range(40)]
    assert {committed(f"practice/{name}").shape for name in strips} == {(96, 1152, 3)}
    assert sum(p.stat().st_size for p in FACES.rglob("*") if p.is_file()) <= 4_000_000
    with (FACES / "camera" / "people.csv").open(encoding="utf-8") as file:
        seen = {row["picture"]: row["person"] for row in csv.DictReader(file)}
    assert list(seen) == [f"camera_{k}.jpg" for k in range(8)]
    assert [seen[f"camera_{k}.jpg"] for k in (0, 1, 4, 6, 7)] == [
        "bea",
        "kofi",
        "yuki",
        "ravi",
        "emil",
    ]
    assert not {seen[f"camera_{k}.jpg"] for k in (2, 3, 5)} & set(RESIDENTS)


def test_contact_sheet_from_the_command_line(tmp_path):
    sheet = tmp_path / "sheet.png"
    command = [sys.executable, "-m", "training.faces", "--sheet", str(sheet)]
    run([*command, "--people", "2", "--shots", "3"], cwd=ROOT, check=True)
    assert Image.open(sheet).size == (3 * 96, 2 * 96)


def test_a_missing_library_is_an_error_with_its_remedy(tmp_path):
    (tmp_path / "skia.py").write_text("raise ImportError('libEGL.so.1: cannot open')")
    code = "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); "
    code += "runpy.run_module('training.faces', run_name='__main__')"
    done = run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("error: skia-python cannot be loaded (libEGL.so.1")
    assert "apt install libegl1 libgl1" in done.stderr
    assert "Traceback" not in done.stderr
