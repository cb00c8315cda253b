"""Given code of the face notebook: names, pictures in, encodings, the residents, display."""

import csv
import time

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

import fr_utils
from fr_utils import (
    DatabaseError,
    FaceDatabase,
    PictureError,
    course_path,
    face_batch,
    faceRecoModel,
    img_to_encoding,
    imgs_to_encodings,
    load_residents,
    practice_faces,
    read_face,
    show_distances,
    show_encoding_map,
    show_faces,
    show_ranking,
    show_roc,
    show_verification,
)

RESIDENTS = [
    "ada", "amir", "bea", "chen", "dana", "emil",
    "femi", "ines", "kofi", "lena", "ravi", "yuki",
]  # fmt: skip


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def model():
    """Return the network with random weights, always the same."""
    keras.utils.set_random_seed(0)
    return faceRecoModel()


@pytest.fixture
def rng():
    return np.random.default_rng(0)


class Recorder:
    """A network that notes what it is given; its encodings are float64."""

    def __init__(self):
        self.batches = []

    def predict_on_batch(self, pictures):
        self.batches.append(pictures)
        return np.repeat(pictures.mean(axis=(1, 2, 3))[:, np.newaxis], 128, axis=1).astype(float)


def gradient_picture(n_H=96, n_W=96):
    """Red grows downwards, green to the right, blue is 50."""
    rows, columns = np.mgrid[0:n_H, 0:n_W]
    red, green = rows * 255 / (n_H - 1), columns * 255 / (n_W - 1)
    return np.stack([red, green, np.full_like(red, 50)], axis=-1).astype(np.uint8)


def save(path, pixels, **settings):
    Image.fromarray(pixels).save(path, **settings)
    return path


# --- names ----------------------------------------------------------------------------------


def test_the_public_names_are_frozen():
    assert fr_utils.__all__ == [
        "DatabaseError",
        "FaceDatabase",
        "PictureError",
        "WeightsError",
        "balanced_pairs",
        "calibrate",
        "course_path",
        "faceRecoModel",
        "face_batch",
        "img_to_encoding",
        "imgs_to_encodings",
        "load_residents",
        "load_weights_from_FaceNet",
        "pair_distances",
        "practice_faces",
        "read_face",
        "roc",
        "show_distances",
        "show_encoding_map",
        "show_faces",
        "show_ranking",
        "show_roc",
        "show_verification",
    ]


def test_every_public_name_is_there_and_no_solution_is():
    assert all(hasattr(fr_utils, name) for name in fr_utils.__all__)
    assert not {"triplet_loss", "verify", "who_is_it"} & set(vars(fr_utils))


# --- pictures in ----------------------------------------------------------------------------


def test_a_picture_of_the_right_size_keeps_every_pixel(tmp_path):
    pixels = gradient_picture()
    face = read_face(save(tmp_path / "face.png", pixels))
    assert (face.shape, face.dtype) == ((96, 96, 3), np.float32)
    right = np.around(pixels / 255.0, decimals=12).astype(np.float32)
    np.testing.assert_array_equal(face, right)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tiff", "a.gif"])
def test_formats(tmp_path, name):
    face = read_face(save(tmp_path / name, gradient_picture(120, 120)))
    np.testing.assert_allclose(face, gradient_picture() / 255, atol=0.1)  # a GIF has 256 colours


@pytest.mark.parametrize("size", [(96, 200), (200, 96), (20, 40), (301, 207)])
def test_another_size_is_scaled_and_cropped_around_the_centre(tmp_path, size):
    face = read_face(save(tmp_path / "face.png", gradient_picture(*size)))
    assert face.shape == (96, 96, 3)
    np.testing.assert_allclose(face.mean(axis=(0, 1))[:2], 0.5, atol=0.01)
    n_H, n_W = size
    down, right = np.ptp(face[:, 48, 0]), np.ptp(face[48, :, 1])
    np.testing.assert_allclose([down, right], [min(1, n_W / n_H), min(1, n_H / n_W)], atol=0.05)


def test_a_photograph_is_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the file's left edge is the picture's top
    lying = np.rot90(gradient_picture())
    face = read_face(save(tmp_path / "face.png", lying, exif=exif))
    np.testing.assert_allclose(face, gradient_picture() / 255, atol=1e-6)


def test_grey_and_alpha_become_rgb(tmp_path):
    grey = np.full((96, 96), 77, np.uint8)
    see_through = np.dstack([gradient_picture(), np.zeros((96, 96), np.uint8)])
    np.testing.assert_allclose(read_face(save(tmp_path / "g.png", grey)), 77 / 255)
    np.testing.assert_allclose(read_face(save(tmp_path / "a.png", see_through)), 1)


def test_a_picture_that_cannot_be_read_is_named(tmp_path):
    torn, text = tmp_path / "torn.png", tmp_path / "text.jpg"
    torn.write_bytes(save(tmp_path / "whole.png", gradient_picture()).read_bytes()[:120])
    text.write_text("hello")
    for path in (tmp_path / "none.png", torn, text, tmp_path):
        with pytest.raises(PictureError, match=path.name):
            read_face(path)
    with pytest.raises(PictureError, match=r"path .* is needed, not an object of type ndarray"):
        read_face(gradient_picture())


def test_a_batch_has_its_channels_first(rng):
    pixels = rng.integers(0, 256, (5, 96, 96, 3), np.uint8)
    batch = face_batch(pixels)
    assert (batch.shape, batch.dtype) == ((5, 3, 96, 96), np.float32)
    right = np.around(np.transpose(pixels, (0, 3, 1, 2)) / 255.0, decimals=12).astype(np.float32)
    np.testing.assert_array_equal(batch, right)
    np.testing.assert_array_equal(face_batch(pixels[2]), batch[2:3])
    np.testing.assert_array_equal(face_batch((pixels / 255).astype(np.float32)), batch)
    assert face_batch(pixels[:0]).shape == (0, 3, 96, 96)


@pytest.mark.parametrize(
    ("pictures", "words"),
    [
        (np.zeros((2, 3, 96, 96)), r"\(2, 3, 96, 96\); expected \(m, 96, 96, 3\)"),
        (np.zeros((96, 96)), "read_face"),
        (np.full((1, 96, 96, 3), 128.0), "expected 0 to 1: floats are divided by 255"),
        (np.full((1, 96, 96, 3), np.nan), "between nan"),
        (np.full((1, 96, 96, 3), 300), "expected 0 to 255"),
    ],
)
def test_a_batch_of_something_else_is_refused(pictures, words):
    with pytest.raises(PictureError, match=words):
        face_batch(pictures)


# --- encodings ------------------------------------------------------------------------------


def test_an_encoding_has_length_1(model, tmp_path):
    encoding = img_to_encoding(str(save(tmp_path / "face.png", gradient_picture())), model)
    assert isinstance(encoding, np.ndarray)
    assert (encoding.shape, encoding.dtype) == ((1, 128), np.float32)
    assert np.linalg.norm(encoding) == pytest.approx(1, abs=1e-5)


def test_the_model_sees_the_picture_as_published(tmp_path):
    recorder, pixels = Recorder(), gradient_picture()
    img_to_encoding(save(tmp_path / "face.png", pixels), recorder)
    (batch,) = recorder.batches
    right = np.around(np.transpose(pixels, (2, 0, 1)) / 255.0, decimals=12)[np.newaxis]
    np.testing.assert_array_equal(batch, right.astype(np.float32))


def test_the_model_that_is_given_is_the_one_that_encodes(model, tmp_path):
    path = save(tmp_path / "face.png", gradient_picture())
    assert not np.allclose(img_to_encoding(path, model), img_to_encoding(path, Recorder()))


def test_many_pictures_are_encoded_as_one_by_one(model, tmp_path, rng):
    pixels = rng.integers(0, 256, (7, 96, 96, 3), np.uint8)
    paths = [save(tmp_path / f"{9 - i}.png", picture) for i, picture in enumerate(pixels)]
    right = np.concatenate([img_to_encoding(path, model) for path in paths])
    for batch_size in (3, 64):
        got = imgs_to_encodings(iter(paths), model, batch_size=batch_size)
        np.testing.assert_allclose(got, right, atol=1e-5)
    np.testing.assert_allclose(model.predict_on_batch(face_batch(pixels)), right, atol=1e-5)


def test_batches_have_the_size_asked_for(tmp_path):
    recorder, path = Recorder(), save(tmp_path / "face.png", gradient_picture())
    imgs_to_encodings([path] * 7, recorder, batch_size=3)
    assert [len(batch) for batch in recorder.batches] == [3, 3, 1]
    assert imgs_to_encodings([], recorder).shape == (0, 128)
    assert imgs_to_encodings(str(path), recorder).shape == (1, 128)
    with pytest.raises(ValueError, match="batch_size is 0"):
        imgs_to_encodings([path], recorder, batch_size=0)


def test_the_one_bad_picture_of_many_is_named(model, tmp_path):
    good, bad = save(tmp_path / "good.png", gradient_picture()), tmp_path / "bad.png"
    bad.write_bytes(b"")
    with pytest.raises(PictureError, match=r"bad\.png is empty"):
        imgs_to_encodings([good, bad, good], model)


def test_encoding_follows_new_weights_and_says_nothing(model, tmp_path, capfd):
    path = save(tmp_path / "face.png", gradient_picture())
    before, weights = img_to_encoding(path, model), model.get_weights()
    layer = model.get_layer("dense_layer")
    layer.set_weights([-x for x in layer.get_weights()])
    np.testing.assert_allclose(img_to_encoding(path, model), -before, atol=1e-5)
    model.set_weights(weights)
    assert "".join(capfd.readouterr()) == ""


def test_a_picture_is_encoded_quickly(model, tmp_path):
    path = save(tmp_path / "face.png", gradient_picture())
    seconds = []
    for _ in range(9):
        start = time.perf_counter()
        img_to_encoding(path, model)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.5  # some 0.02 where nothing else runs; a new trace takes 2


# --- the people of the course ---------------------------------------------------------------


def test_the_residents_are_a_database_of_their_pictures(model, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    database = load_residents(model)
    assert isinstance(database, FaceDatabase)
    assert list(database) == RESIDENTS
    right = img_to_encoding("images/faces/residents/kofi.jpg", model)
    np.testing.assert_allclose(database["kofi"], right, atol=1e-5)
    name, distance = database.nearest(right)[0]
    assert (name, distance) == ("kofi", pytest.approx(0, abs=1e-5))


def test_practice_faces_are_cut_from_their_strips():
    pictures = practice_faces()
    assert (pictures.shape, pictures.dtype) == ((40, 12, 96, 96, 3), np.uint8)
    with Image.open(course_path("images/faces/practice/person_07.jpg")) as image:
        strip = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(pictures[7, 3], strip[:, 3 * 96 : 4 * 96])


def test_practice_pictures_of_one_person_are_the_more_alike():
    small = practice_faces()[:, :, 20:76:4, 20:76:4].astype(float)
    mean = small.mean(axis=1)
    own = np.abs(small - mean[:, np.newaxis]).mean()
    others = np.abs(small - np.roll(mean, 1, axis=0)[:, np.newaxis]).mean()
    assert own < 0.9 * others


def test_the_people_at_the_camera_are_listed():
    with course_path("images/faces/camera/people.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 6
    for row in rows:
        assert read_face(f"images/faces/camera/{row['picture']}").shape == (96, 96, 3)
    assert sum(row["person"] in RESIDENTS for row in rows) >= 3


def test_missing_pictures_are_said_to_be_missing(model, monkeypatch, tmp_path):
    for constant in ("RESIDENTS", "PRACTICE"):
        monkeypatch.setattr(fr_utils, constant, str(tmp_path / constant.lower()))
    with pytest.raises(PictureError, match="residents holds no picture"):
        load_residents(model)
    with pytest.raises(PictureError, match="practice holds no picture"):
        practice_faces()


def test_a_strip_of_another_size_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(fr_utils, "PRACTICE", str(tmp_path))
    save(tmp_path / "person_00.png", gradient_picture(96, 192))
    save(tmp_path / "person_01.png", gradient_picture(96, 190))
    with pytest.raises(PictureError, match=r"person_01\.png has 190 x 96 pixels"):
        practice_faces()


def test_a_wrong_encoding_in_the_database_is_a_public_error():
    with pytest.raises(DatabaseError):
        FaceDatabase()["ada"] = np.zeros(3)


# --- display --------------------------------------------------------------------------------


def texts():
    """Draw the present figure; return all that is written in it."""
    figure = plt.gcf()
    figure.canvas.draw()
    found = figure.findobj(lambda artist: hasattr(artist, "get_text") and artist.get_visible())
    return [artist.get_text() for artist in found if artist.get_text()]


def test_show_faces_takes_every_kind_of_picture(tmp_path):
    pixels = gradient_picture()
    path = save(tmp_path / "face.png", pixels)
    kinds = [path, str(path), pixels, pixels / 255, face_batch(pixels), face_batch(pixels)[0]]
    show_faces(kinds, titles=[f"face {i}" for i in range(6)], columns=4)
    axes = plt.gcf().axes
    assert len(axes) == 8
    for axis in axes[:6]:
        shown = np.asarray(axis.images[0].get_array(), float)
        np.testing.assert_allclose(shown / max(1, shown.max()), pixels / 255, atol=1e-6)
    assert {f"face {i}" for i in range(6)} <= set(texts())


@pytest.mark.parametrize(("count", "shape"), [(3, (1, 3)), (7, (2, 4)), (12, (2, 6))])
def test_faces_stand_in_rows_of_like_length(count, shape):
    show_faces([gradient_picture()] * count)
    assert plt.gcf().axes[0].get_subplotspec().get_gridspec().get_geometry() == shape


def test_what_is_no_picture_is_not_shown():
    with pytest.raises(PictureError, match=r"\(96, 96\); expected"):
        show_faces([np.zeros((96, 96))])


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (0.42, "distance 0.420 < 0.7: the door opens"),
        (0.7, "distance 0.700 ≥ 0.7: the door stays shut"),
        (np.array([[1.9]]), "distance 1.900 ≥ 0.7: the door stays shut"),
    ],
)
def test_show_verification_tells_what_the_door_does(distance, words):
    show_verification(gradient_picture(), gradient_picture(), distance, title="Is it Bea?")
    assert {words, "Is it Bea?", "L2 distance of the encodings"} <= set(texts())


def test_show_ranking_puts_the_nearest_on_top():
    names, distances = [f"person {i}" for i in range(20)], [1.2 - 0.05 * i for i in range(20)]
    show_ranking(gradient_picture(), names, distances, title="Who is it?")
    axis = plt.gcf().axes[1]
    labels = [label.get_text() for label in axis.get_yticklabels()]
    assert labels == [f"person {i}" for i in range(19, 4, -1)]
    assert axis.yaxis_inverted()
    widths = [bar.get_width() for bar in axis.patches]
    np.testing.assert_allclose(widths, sorted(distances)[:15])
    assert len({bar.get_facecolor() for bar in axis.patches}) == 2


def test_show_encoding_map_has_one_scale(rng):
    encodings = rng.normal(size=(12, 128)) * np.linspace(3, 0.1, 128)
    show_encoding_map(encodings, ["ada", "bea", "chen"] * 4, title="A map")
    assert {"ada", "bea", "chen", "A map"} <= set(texts())
    axis = plt.gcf().axes[0]
    box = axis.get_window_extent()
    scales = box.width / np.ptp(axis.get_xlim()), box.height / np.ptp(axis.get_ylim())
    assert scales[0] == pytest.approx(scales[1], rel=0.08)


def test_the_map_shows_what_lies_in_a_plane_as_it_is(rng):
    plane = np.linalg.qr(rng.normal(size=(128, 2)))[0]
    flat = rng.normal(size=(9, 2))
    places, shares = fr_utils._principal_plane(flat @ plane.T)
    apart = [np.linalg.norm(x[:, np.newaxis] - x, axis=-1) for x in (flat, places)]
    np.testing.assert_allclose(*apart, atol=1e-9)
    assert shares.sum() == pytest.approx(1)


@pytest.mark.parametrize("spread", [1.0, 0.0])
def test_pictures_on_the_map_do_not_hide_each_other(rng, spread):
    places, box = spread * rng.normal(size=(12, 2)) * 60, np.array([52, 66])
    apart = fr_utils._spread(places, box)[:, np.newaxis] - fr_utils._spread(places, box)
    gaps = np.abs(apart / box).max(axis=-1) + np.eye(12)
    assert gaps.min() > 0.9


def test_show_encoding_map_with_pictures_and_of_one_point(rng):
    faces = [gradient_picture()] * 3
    show_encoding_map(rng.normal(size=(3, 128)), ["ada", "bea", "bea"], faces)
    assert {"ada", "bea"} <= set(texts())
    show_encoding_map(np.ones((2, 128)), ["ada", "ada"], faces[:2])
    texts()
    with pytest.raises(ValueError, match=r"\(1, 128\); a map needs"):
        show_encoding_map(np.ones((1, 128)), ["ada"])


def test_show_distances_counts_both_kinds_alike(rng):
    same, different = rng.normal(0.5, 0.1, 50), rng.normal(1.1, 0.1, 3000)
    show_distances(same, different, threshold=0.7)
    axis = plt.gcf().axes[0]
    heights = [sum(bar.get_height() for bar in bars) for bars in axis.containers if len(bars) > 1]
    np.testing.assert_allclose(heights, 100)
    assert {"50 pairs of one person", "3,000 pairs of two people", "threshold 0.7"} <= set(texts())
    show_distances(same, [])


def test_show_roc_states_the_errors_at_the_door():
    same = np.array([0.3, 0.5, 0.6, 0.8])
    different = np.array([0.65, 0.9, 1.0, 1.1, 1.2])
    show_roc(same, different, threshold=0.7, title="Where?")
    assert {"threshold 0.7: 20 % let in, 25 % kept out", "threshold 0.7", "Where?"} <= set(texts())
