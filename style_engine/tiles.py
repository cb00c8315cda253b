"""The objective for pictures that are larger than memory: tile by tile, with the same result.

Style is a matter of the whole picture. So each evaluation goes over the tiles twice: once for the
moments of all layers, and once for the gradient, when it is known how the style term depends on
the moments. A tile is computed with as much around it as its layers look at, so that
each activation is what it would be in the whole picture; only those of the tile itself count.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import psutil
import tensorflow as tf

from style_engine.losses import Moments, Sums, sums
from style_engine.network import REACH, Network, stride
from style_engine.objective import Objective, paddings
from style_engine.recipe import Recipe
from vgg19 import LAYERS
from vgg19_weights import VGGWeights

GRID = 32  # pixels in a cell after five poolings: where tiles begin, so that poolings fall alike
MEMORY_SHARE, MOST_MEMORY = 0.3, 5.5e9  # of the machine's; bytes
COPIES = 2.0  # of each activation, with what is computed from it and its gradient; measured
SMALLEST = 128  # a smaller tile is mostly what lies around it


class Span(NamedTuple):
    """A tile along one axis, in pixels.

    Attributes
    ----------
    low, high : int
        What is computed.
    first, last : int
        What of it counts.
    margin : int
        Where the picture begins, after its margin; all others count from the margin's begin.
    """

    low: int
    high: int
    first: int
    last: int
    margin: int = 0

    def within(self, stride: int) -> slice:
        """Return the cells of a layer that count, within those that are computed."""
        counts, shift = self.of_whole(stride), (self.margin - self.low) // stride
        return slice(counts.start + shift, counts.stop + shift)

    def of_whole(self, stride: int) -> slice:
        """Return the cells of a layer that count, within those of the picture."""
        first, last = self.first - self.margin, self.last - self.margin
        return slice(first // stride, -(-last // stride))


class Tile(NamedTuple):
    """A tile of a picture."""

    rows: Span
    columns: Span

    def of(self, picture: tf.Tensor) -> tf.Tensor:
        """Return what is computed of a picture (1, n_H, n_W, 3)."""
        rows, columns = self
        return picture[:, rows.low : rows.high, columns.low : columns.high]

    def cut(self, name: str) -> tf.Tensor:
        """Return first and last row and column of a layer's cells that count: int32 (4,)."""
        rows, columns = (span.within(stride(name)) for span in self)
        return tf.constant([rows.start, rows.stop, columns.start, columns.stop], tf.int32)

    def part(self, name: str) -> tuple[slice, slice]:
        """Return which cells of the whole layer count."""
        return self.rows.of_whole(stride(name)), self.columns.of_whole(stride(name))


def tiles_of(
    size: Sequence[int], side: int, layers: Sequence[str], margin: int = 0
) -> Iterator[Tile]:
    """Cut a picture into tiles.

    Parameters
    ----------
    size : (n_H, n_W)
    side : int
        Longest side of what counts of a tile, in pixels.
    layers : sequence of str
        What will be computed of it; the deepest one says how much lies around a tile.
    margin : int
        What was added to the picture on each side.
    """
    around = -(-max(REACH[name] for name in layers) // GRID) * GRID
    for rows in _spans(int(size[0]), side, around, margin):
        for columns in _spans(int(size[1]), side, around, margin):
            yield Tile(rows, columns)


def _spans(length: int, side: int, around: int, margin: int) -> Iterator[Span]:
    step = max(side // GRID, 1) * GRID
    for first in range(margin, margin + length, step):
        last = min(margin + length, first + step)
        low, high = max(0, first - around), min(length + 2 * margin, last + around)
        yield Span(low, high, first, last, margin)


def tile_side(
    size: tuple[int, int], weights: VGGWeights, dtype: tf.DType, recipe: Recipe
) -> int | None:
    """Return the side of tiles that fit into memory, None where the whole picture does.

    It depends on how much memory the machine has, not on how much is free: the same command
    paints the same picture.

    Parameters
    ----------
    size : (n_H, n_W)
    weights : VGGWeights
    dtype : tf.DType
    recipe : Recipe
        Its deepest layer counts.
    """
    each = bytes_a_pixel(weights, dtype, recipe.layers)
    most = min(MEMORY_SHARE * psutil.virtual_memory().total, MOST_MEMORY)
    if each * size[0] * size[1] <= most:
        return None
    around = 2 * max(REACH[name] for name in recipe.layers) + GRID
    return max(SMALLEST, (int((most / each) ** 0.5) - around) // GRID * GRID)


def bytes_a_pixel(weights: VGGWeights, dtype: tf.DType, layers: Sequence[str]) -> float:
    """Return the memory that cost and gradient take for each pixel of a picture."""
    deepest = LAYERS[: 1 + max(map(LAYERS.index, layers))]
    numbers, channels = 0.0, 3
    for name in deepest:
        channels = channels if name.startswith("avgpool") else weights.channels(name)
        numbers += channels / stride(name) ** 2
    return COPIES * dtype.size * numbers


def _added(left: Sums | None, right: Sums) -> Sums:
    return right if left is None else Sums(*(a + b for a, b in zip(left, right, strict=True)))


class TiledObjective(Objective):
    """The cost of a large painting, and its gradient, in little memory.

    Parameters
    ----------
    side : int
        Of a tile, in pixels.
    others
        See `Objective`.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - those of Objective, and the tile
        self,
        network: Network,
        recipe: Recipe,
        content: np.ndarray,
        styles: Sequence[np.ndarray],
        masks: Sequence[np.ndarray] | None = None,
        side: int = 1024,
    ) -> None:
        self._side = max(side, SMALLEST)
        self._layers = tf.function(self._computed, reduce_retracing=True, autograph=False)
        self._tile_sums = tf.function(self._summed, reduce_retracing=True, autograph=False)
        self._tile_gradient = tf.function(
            self._differentiated, reduce_retracing=True, autograph=False
        )
        self._whole_style = tf.function(self._style_and_slopes, autograph=False)
        self._whole_variation = tf.function(self._variation_and_gradient, autograph=False)
        super().__init__(network, recipe, content, styles, masks)
        self._pieces = [
            (tile, {name: tile.cut(name) for name in recipe.layers}, self._masks_in(tile))
            for tile in tiles_of(self.shape[1:3], self._side, recipe.layers, recipe.margin)
        ]

    def __call__(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return costs and gradient, see `Objective`."""
        wide = self._widened(x)
        style, slopes = self._whole_style(self._painted_sums(wide))
        variation, gradient = self._whole_variation(x)
        slope, content = np.zeros(wide.shape, np.float32), 0.0
        for tile, cuts, masks in self._pieces:
            wanted = {n: self._part(a[0], tile, n) for n, a in self.targets.content.items()}
            cost, part = self._tile_gradient(tile.of(wide), cuts, masks, wanted, slopes)
            rows, columns = tile
            slope[:, rows.low : rows.high, columns.low : columns.high] += part.numpy()
            content += float(cost)
        by_pixels = tf.raw_ops.MirrorPadGrad(
            input=slope, paddings=paddings(self.recipe.margin), mode="SYMMETRIC"
        )
        told = tf.constant(content, tf.float32)
        costs = tf.stack([self.total(told, style, variation), told, style, variation])
        return costs, gradient + by_pixels

    # ---- targets

    def content_activations(self, content: np.ndarray) -> dict[str, tf.Tensor]:
        """Return the content layers' activations of a picture, put together from tiles."""
        names = self.recipe.used_content_layers
        if not names:
            return {}
        shapes = self.network.shapes(content.shape[:2])
        whole = {n: np.empty((1, *shapes[n]), self.network.dtype.as_numpy_dtype) for n in names}
        wide = self._widened(self._seen(content))
        for tile in tiles_of(content.shape[:2], self._side, names, self.recipe.margin):
            found = self._layers(tile.of(wide), names)
            for name, activation in found.items():
                rows, columns = (span.within(stride(name)) for span in tile)
                whole[name][0][tile.part(name)] = activation[0, rows, columns].numpy()
        return {name: tf.constant(activation) for name, activation in whole.items()}

    def style_moments(self, style: np.ndarray) -> dict[str, Moments]:
        """Return the style layers' moments of a picture, added up over tiles."""
        names = self.recipe.used_style_layers
        added: dict[str, Sums] = {}
        wide, margin = self._widened(self._seen(style)), self.recipe.margin
        for tile in tiles_of(style.shape[:2], self._side, names, margin) if names else ():
            found = self._layers(tile.of(wide), names)
            for name, activation in found.items():
                mine = activation[:, *(span.within(stride(name)) for span in tile)]
                added[name] = _added(added.get(name), sums(mine, None))
        return {name: self.gained(total.moments()) for name, total in added.items()}

    # ---- the whole picture

    def _painted_sums(self, wide: tf.Tensor) -> list[dict[str, Sums]]:
        """Return the sums of each style's layers, where it counts."""
        added: list[dict[str, Sums]] = []
        for tile, cuts, masks in self._pieces:
            found = self._tile_sums(tile.of(wide), cuts, masks)
            added = added or [{} for _ in found]
            for mine, new in zip(added, found, strict=True):
                mine.update({n: _added(mine.get(n), total) for n, total in new.items()})
        return added

    def _style_and_slopes(
        self, painted: Sequence[Mapping[str, Sums]]
    ) -> tuple[tf.Tensor, list[dict[str, tuple[tf.Tensor, tf.Tensor]]]]:
        """Return the style term, and its gradient by the sums of f and of f fᵀ."""
        watched = [
            {name: (total.first, total.second) for name, total in mine.items()} for mine in painted
        ]
        with tf.GradientTape() as tape:
            tape.watch(watched)
            means = [
                {
                    name: self.gained(Sums(painted[k][name].number, *pair).moments())
                    for name, pair in mine.items()
                }
                for k, mine in enumerate(watched)
            ]
            # Without masks all styles look at the same sums.
            style = self.style(means if self.targets.masks else means * len(self.targets.styles))
        zero = tf.UnconnectedGradients.ZERO
        return style, tape.gradient(style, watched, unconnected_gradients=zero)

    def _variation_and_gradient(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            variation = self.variation(x)
        zero = tf.UnconnectedGradients.ZERO
        return variation, self.recipe.tv_weight * tape.gradient(
            variation, x, unconnected_gradients=zero
        )

    # ---- a tile

    def _summed(
        self,
        x: tf.Tensor,
        cuts: Mapping[str, tf.Tensor],
        masks: Sequence[Mapping[str, tf.Tensor]],
    ) -> list[dict[str, Sums]]:
        """Return the sums over what counts of a tile, for each mask, or once without masks."""
        names = self.recipe.used_style_layers
        if not names:
            return [{} for _ in masks or [{}]]
        activations = self._computed(self._seen_of(x), names)
        mine = {name: _cut(activations[name], cuts[name]) for name in names}
        return [
            {name: sums(mine[name], mask.get(name)) for name in names} for mask in masks or [{}]
        ]

    def _differentiated(
        self,
        x: tf.Tensor,
        cuts: Mapping[str, tf.Tensor],
        masks: Sequence[Mapping[str, tf.Tensor]],
        wanted: Mapping[str, tf.Tensor],
        slopes: Sequence[Mapping[str, tuple[tf.Tensor, tf.Tensor]]],
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return a tile's content term, and its part of the gradient of content and style."""
        with tf.GradientTape() as tape:
            tape.watch(x)
            activations = self._computed(self._seen_of(x), self.recipe.layers)
            mine = {name: _cut(a, cuts[name]) for name, a in activations.items()}
            content = self.content(mine, wanted)
            style = tf.constant(0.0)
            for mask, slope in zip(masks or [{}], slopes, strict=True):
                for name, (by_first, by_second) in slope.items():
                    _, first, second = sums(mine[name], mask.get(name))
                    style += tf.reduce_sum(by_first * first) + tf.reduce_sum(by_second * second)
            cost = self.recipe.content_weight * content + self.recipe.style_weight * style
        return content, tape.gradient(cost, x)

    def _masks_in(self, tile: Tile) -> list[dict[str, tf.Tensor]]:
        return [
            {name: self._part(mask, tile, name) for name, mask in masks.items()}
            for masks in self.targets.masks
        ]

    @staticmethod
    def _part(whole: tf.Tensor, tile: Tile, name: str) -> tf.Tensor:
        rows, columns = tile.part(name)
        return whole[rows, columns]


def _cut(activation: tf.Tensor, cut: tf.Tensor) -> tf.Tensor:
    """Return the cells of a tile's layer that count."""
    channels = activation.shape[-1]
    mine = activation[:, cut[0] : cut[1], cut[2] : cut[3]]
    return tf.ensure_shape(mine, (1, None, None, channels))
