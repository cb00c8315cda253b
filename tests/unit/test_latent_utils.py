"""Given code of the notebook on latent spaces: names and figures; see also test_latent_digits."""

import imageio.v3 as iio
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

import latent_utils
from latent_utils import (
    PictureError,
    plot_curves,
    plot_plane,
    save_plane_film,
    show_anomalies,
    show_bottleneck,
    show_gan,
    show_grid,
    show_pictures,
    show_rows,
    show_strip,
)

DATA = "digits from far away"


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def flat_decoder(codes):
    """Return pictures of one brightness each: a tenth of the first number plus a half."""
    brightness = 0.5 + 0.1 * np.asarray(codes)[:, 0]
    return np.broadcast_to(brightness[:, None, None, None], (len(brightness), 28, 28, 1))


def flat_pictures(*brightness):
    return np.stack([np.full((28, 28, 1), value) for value in brightness])


def texts_of(figure):
    """Return whatever is written on a figure."""
    figure.canvas.draw()
    return {text.get_text() for text in figure.findobj(plt.Text)}


def image_of(axis):
    return np.asarray(axis.images[0].get_array())


# --- names ----------------------------------------------------------------------------------


def test_the_public_names_are_frozen():
    assert latent_utils.__all__ == [
        "Digits",
        "DigitsError",
        "PictureError",
        "draw_odd_pictures",
        "fit",
        "load_digits",
        "plot_curves",
        "plot_plane",
        "save_plane_film",
        "show_anomalies",
        "show_bottleneck",
        "show_gan",
        "show_grid",
        "show_pictures",
        "show_rows",
        "show_strip",
    ]


def test_every_public_name_is_there_and_no_solution_is():
    assert all(hasattr(latent_utils, name) for name in latent_utils.__all__)
    exercises = {
        "encoder", "decoder", "reconstruction_loss", "kl_divergence", "reparameterize", "vae_loss",
        "interpolate",
    }  # fmt: skip
    assert not exercises & set(vars(latent_utils))


# --- pictures -------------------------------------------------------------------------------


def test_pictures_are_shown_in_rows_with_titles_and_caption():
    show_pictures(flat_pictures(0.1, 0.2, 0.3), [7, 8, 9], columns=2, caption=DATA)
    figure = plt.gcf()
    shown = [axis for axis in figure.axes if axis.images]
    assert [axis.get_title() for axis in shown] == ["7", "8", "9"]
    np.testing.assert_allclose([image_of(a)[0, 0] for a in shown], [0.1, 0.2, 0.3], rtol=1e-6)
    assert shown[0].images[0].get_clim() == (0, 1)
    assert len(figure.axes) == 4
    assert DATA in texts_of(figure)


def test_rows_stand_below_each_other_with_their_names():
    show_rows({"there": flat_pictures(0.1, 0.2), "back": flat_pictures(0.3, 0.4)}, "Both", DATA)
    figure = plt.gcf()
    assert [axis.get_ylabel() for axis in figure.axes] == ["there", "back"]
    np.testing.assert_allclose(image_of(figure.axes[1])[0, [0, 28]], [0.3, 0.4], rtol=1e-6)
    assert image_of(figure.axes[1]).shape == (28, 56)
    assert {"Both", DATA} <= texts_of(figure)


def test_a_strip_is_decoded_from_left_to_right():
    show_strip(flat_decoder, [[-2, 0], [0, 1], [3, 0.5]], "A walk", DATA)
    figure = plt.gcf()
    np.testing.assert_allclose(
        image_of(figure.axes[0])[0, [0, 28, 56]], [0.3, 0.5, 0.8], rtol=1e-6
    )
    assert {"A walk", DATA, "(-2.0, 0.0)", "(3.0, 0.5)"} <= texts_of(figure)


def test_a_grid_goes_through_the_quantiles_of_the_normal_distribution():
    """Quantiles of 5, 50 and 95 %: -1.645, 0 and 1.645."""
    asked = []

    def decoder(codes):
        asked.append(np.asarray(codes))
        return flat_decoder(codes)

    show_grid(decoder, size=3, title="All", data=DATA)
    axis = plt.gcf().axes[0]
    expected = [[x, y] for y in (1.64485, 0, -1.64485) for x in (-1.64485, 0, 1.64485)]
    np.testing.assert_allclose(np.concatenate(asked), expected, atol=1e-4)
    image = image_of(axis)
    assert image.shape == (84, 84)
    np.testing.assert_allclose(image[0, [0, 28, 56]], [0.3355, 0.5, 0.6645], atol=1e-3)
    assert [label.get_text() for label in axis.get_xticklabels()] == ["-1.6", "0", "1.6"]
    ticks = dict(
        zip((t.get_text() for t in axis.get_yticklabels()), axis.get_yticks(), strict=True)
    )
    assert ticks["1.6"] < ticks["0"] < ticks["-1.6"]  # the first row of pixels is on top
    assert {"All", DATA} <= texts_of(plt.gcf())


@pytest.mark.parametrize("quantiles", [(0, 0.9), (0.1, 1), (0.9, 0.1), (0.5, 0.5)])
def test_a_grid_needs_quantiles_in_order(quantiles):
    with pytest.raises(ValueError, match="0 < first < last < 1"):
        show_grid(flat_decoder, quantiles=quantiles)


def test_a_grid_needs_a_picture():
    with pytest.raises(ValueError, match="size is 0"):
        show_grid(flat_decoder, size=0)


def test_what_is_no_picture_is_refused():
    with pytest.raises(PictureError, match=r"shape \(2, 28, 28\)"):
        show_pictures(np.zeros((2, 28, 28)))
    with pytest.raises(PictureError, match=r"shape \(3, 784\)"):
        show_strip(lambda codes: np.zeros((3, 784)), np.zeros((3, 2)))
    with pytest.raises(ValueError, match=r"codes have shape \(2,\)"):
        show_strip(flat_decoder, [0, 1])
    with pytest.raises(ValueError, match="there is no row"):
        show_rows({})


# --- the plane ------------------------------------------------------------------------------


def test_a_plane_names_every_digit_at_the_median_of_its_points(rng):
    labels = np.repeat([0, 4, 9], 50)
    codes = rng.normal(size=(150, 2)) + np.repeat([[0, 5], [-5, 0], [5, -5]], 50, axis=0)
    plot_plane(codes, labels, title="The plane", data=DATA)
    axis = plt.gca()
    named = {t.get_text(): t.get_position() for t in axis.texts if t.get_text() in "049"}
    for digit in (0, 4, 9):
        np.testing.assert_allclose(named[str(digit)], np.median(codes[labels == digit], axis=0))
    drawn = np.concatenate([np.asarray(points.get_offsets()) for points in axis.collections])
    np.testing.assert_allclose(drawn, codes)
    assert {"The plane", DATA} <= texts_of(axis.figure)
    assert "latent dimension" in axis.get_xlabel()


def test_digits_have_colours_and_shapes_of_their_own():
    colours = np.array([to_rgb(colour) for colour in latent_utils.COLOURS])
    apart = np.linalg.norm(colours[:, np.newaxis] - colours, axis=-1)
    assert len(latent_utils.COLOURS) == len(set(latent_utils.MARKERS)) == 10
    assert apart[~np.eye(10, dtype=bool)].min() > 0.25


def test_a_plane_is_drawn_where_one_asks(rng):
    _, (left, right) = plt.subplots(1, 2)
    plot_plane(rng.normal(size=(5, 2)), np.arange(5), right, "right")
    assert (len(left.collections), len(right.collections)) == (0, 5)
    assert right.get_title() == "right"


def test_a_plane_of_no_point_is_empty():
    plot_plane(np.zeros((0, 2)), np.zeros(0, int))
    assert not plt.gca().collections


@pytest.mark.parametrize(("codes", "labels"), [((5, 3), 5), ((5,), 5), ((5, 2), 4)])
def test_a_plane_needs_two_numbers_and_a_label_for_each(codes, labels):
    with pytest.raises(ValueError, match=r"expected \(m, 2\) and \(m,\)"):
        plot_plane(np.zeros(codes), np.zeros(labels, int))


def test_the_film_shows_every_frame_at_one_scale(tmp_path, rng):
    last = rng.normal(size=(40, 2)) * 3
    path = save_plane_film(tmp_path / "new" / "film.gif", [0.1 * last, 0.5 * last, last],
                           np.arange(40) % 10, DATA)  # fmt: skip
    film = iio.imread(path)
    assert film.shape == (3, 500, 500, 3)
    coloured = [(np.ptp(frame.astype(int), axis=-1) > 60).nonzero()[1] for frame in film]
    widths = [np.quantile(x, 0.95) - np.quantile(x, 0.05) for x in coloured]
    assert widths[0] < widths[1] < widths[2]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["film.gif"]
    assert not plt.get_fignums()


def test_a_film_needs_a_frame_and_a_known_ending(tmp_path):
    with pytest.raises(ValueError, match="no picture"):
        save_plane_film(tmp_path / "film.gif", [], [])
    with pytest.raises(ValueError, match=r"'\.gif' or '\.mp4'"):
        save_plane_film(tmp_path / "film.avi", [np.zeros((3, 2))], [0, 1, 2])
    assert not list(tmp_path.iterdir())


# --- training, anomalies, drawings ----------------------------------------------------------


def test_curves_stand_beside_those_of_held_out_pictures():
    history = {"loss": [3, 2], "kl": [0, 1], "held-out loss": [4, 3], "held-out kl": [0, 2]}
    plot_curves(history, "Learning", DATA)
    figure = plt.gcf()
    assert [axis.get_title() for axis in figure.axes] == ["loss", "kl"]
    lines = [line.get_xydata().tolist() for line in figure.axes[0].lines]
    assert lines == [[[1, 3], [2, 2]], [[1, 4], [2, 3]]]
    assert {"Learning", DATA, "training", "held out", "nats a picture"} <= texts_of(figure)
    with pytest.raises(ValueError, match="no losses"):
        plot_curves({})


def test_anomalies_are_marked_by_more_than_colour():
    there, back = flat_pictures(0.1, 0.2, 0.3), flat_pictures(0.4, 0.5, 0.6)
    show_anomalies(there, back, [90, 400, 150], 200, ["a", "b", "c"], DATA)
    top, bars = plt.gcf().axes
    image = image_of(top)
    assert image.shape == (56, 84)
    np.testing.assert_allclose(image[[0, 28], [28, 28]], [0.2, 0.5], rtol=1e-6)
    assert [bar.get_height() for bar in bars.patches] == [90, 400, 150]
    assert [bool(bar.get_hatch()) for bar in bars.patches] == [False, True, False]
    assert {"a", "b", "c", DATA, "threshold 200"} <= texts_of(plt.gcf())


def test_anomalies_need_an_error_for_each_picture():
    pictures = flat_pictures(0.1, 0.2)
    with pytest.raises(ValueError, match="2 pictures, 2 reconstructions and 3 errors"):
        show_anomalies(pictures, pictures, [1, 2, 3], 2)


def test_the_bottleneck_shows_what_goes_in_and_comes_back():
    show_bottleneck(flat_pictures(0.2)[0], flat_pictures(0.7)[0], data=DATA)
    axis = plt.gca()
    assert [float(image.get_array()[0, 0]) for image in axis.images] == pytest.approx([0.2, 0.7])
    assert {"encoder", "decoder", DATA} <= texts_of(plt.gcf())
    show_bottleneck(flat_pictures(0.2)[0])
    assert [float(image.get_array()[0, 0]) for image in plt.gca().images] == pytest.approx(
        [0.2] * 2
    )


def test_the_gan_shows_both_networks_and_both_pictures():
    show_gan(flat_pictures(0.2)[0], flat_pictures(0.7)[0], data=DATA)
    assert [float(image.get_array()[0, 0]) for image in plt.gca().images] == pytest.approx(
        [0.2, 0.7]
    )
    assert {"generator", "discriminator", DATA} <= texts_of(plt.gcf())
