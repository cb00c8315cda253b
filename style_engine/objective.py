"""The cost of a picture and its gradient, compiled once for a size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from style_engine.losses import (
    VARIATION_TERMS,
    Moments,
    Size,
    content_cost,
    moments,
    style_cost,
)
from style_engine.masks import mask_at
from style_engine.network import Network
from style_engine.recipe import SCALES, Recipe, RecipeError
from vgg19_weights import EMBEDDED


def paddings(margin: int) -> list[list[int]]:
    """Return how much a margin adds on each side of a tensor (1, n_H, n_W, 3)."""
    return [[0, 0], [margin, margin], [margin, margin], [0, 0]]


COSTS = ("total", "content", "style", "variation")


@dataclass(frozen=True)
class Targets:
    """What a painting is compared with.

    Attributes
    ----------
    content : dict of str to tensor (1, n_H, n_W, C)
        Activations of the content picture, by layer.
    styles : list of dict of str to Moments
        Of each style picture, by layer.
    blend : tuple of float
        Weights of the style pictures; they add up to 1, with masks to the number of styles.
    masks : list of dict of str to tensor
        Where each style counts, by layer, (n_H, n_W), 0-1; empty if all count everywhere.
    """

    content: Mapping[str, tf.Tensor]
    styles: Sequence[Mapping[str, Moments]]
    blend: Sequence[float]
    masks: Sequence[Mapping[str, tf.Tensor]] = ()


class Objective:
    """The cost of a painting at one size, with its gradient.

    Parameters
    ----------
    network : Network
    recipe : Recipe
    content : array (n_H, n_W, 3)
        RGB, 0-255.
    styles : sequence of array (n_H, n_W, 3)
        RGB, 0-255, of any sizes.
    masks : sequence of array (n_H, n_W), optional
        One for each style, 0-1.
    """

    def __init__(
        self,
        network: Network,
        recipe: Recipe,
        content: np.ndarray,
        styles: Sequence[np.ndarray],
        masks: Sequence[np.ndarray] | None = None,
    ) -> None:
        self.network, self.recipe = network, recipe
        self.shape = (1, *content.shape[:2], 3)
        self.pixels = content.shape[0] * content.shape[1]
        self.gain = recipe.gain if network.weights.source == EMBEDDED else 1.0
        as_they_are = recipe.pixels == "unit, as they are"
        self._offset = np.zeros(3, np.float32) if as_they_are else network.mean
        self._divisor = 255.0 if as_they_are else 1.0
        self._evaluate = tf.function(
            self._value_and_gradient,
            input_signature=[tf.TensorSpec(self.shape, tf.float32)],
            autograph=False,
        )
        self.targets = self._targets(content, styles, masks or ())

    def __call__(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return costs and gradient.

        Parameters
        ----------
        x : tensor (1, n_H, n_W, 3), float32
            A picture in the units of the recipe's `pixels`.

        Returns
        -------
        costs : tensor (4,), float32
            As in `COSTS`: the weighted total, then the three terms without their weights.
        gradient : tensor (1, n_H, n_W, 3)
            Of the total.
        """
        return self._evaluate(x)

    # ---- targets

    def _targets(
        self,
        content: np.ndarray,
        styles: Sequence[np.ndarray],
        masks: Sequence[np.ndarray],
    ) -> Targets:
        wanted = self.content_activations(content)
        kept = [self.style_moments(style) for style in styles]
        blend = self.recipe.style_blend or (1.0,) * len(styles)
        shares = len(styles) if masks else 1  # with masks, each style has a place of its own
        weights = tuple(weight * shares / sum(blend) for weight in blend)
        return Targets(wanted, kept, weights, [self._masks(mask) for mask in masks])

    def content_activations(self, content: np.ndarray) -> dict[str, tf.Tensor]:
        """Return the content layers' activations of a picture."""
        names = self.recipe.used_content_layers
        return self._activations(self._seen(content), names) if names else {}

    def style_moments(self, style: np.ndarray) -> dict[str, Moments]:
        """Return the style layers' moments of a picture."""
        names = self.recipe.used_style_layers
        activations = self._activations(self._seen(style), names) if names else {}
        return {name: self.gained(moments(a)) for name, a in activations.items()}

    def _masks(self, mask: np.ndarray) -> dict[str, tf.Tensor]:
        shapes = self.network.shapes(self.shape[1:3])
        return {
            n: tf.constant(mask_at(mask, shapes[n][:2])) for n in self.recipe.used_style_layers
        }

    def _activations(self, seen: tf.Tensor, names: Sequence[str]) -> dict[str, tf.Tensor]:
        """Return the activations of a picture, which sees its mirror image around itself."""
        return self._computed(self._widened(seen), names, self.recipe.margin)

    def _computed(
        self, seen: tf.Tensor, names: Sequence[str], margin: int = 0
    ) -> dict[str, tf.Tensor]:
        return self.network(seen, names, centred=False, margin=margin)

    def _seen(self, picture: np.ndarray) -> tf.Tensor:
        """Return what the network is given for a picture (n_H, n_W, 3) of levels, 0-255."""
        return (tf.constant(picture[None], tf.float32) - self._offset) / self._divisor

    def _seen_of(self, x: tf.Tensor) -> tf.Tensor:
        """Return what the network is given for a picture in the recipe's units."""
        scale = SCALES[self.recipe.pixels]
        factor = np.float32(scale.unit / self._divisor)
        added = np.float32((scale.zero - self._offset) / self._divisor)
        # What changes nothing would still be a pass over the picture and one over its gradient.
        x = x if (factor == 1).all() else x * factor
        return x if (added == 0).all() else x + added

    def _widened(self, picture: tf.Tensor) -> tf.Tensor:
        """Add the margin to a picture (1, n_H, n_W, 3)."""
        margin, (n_H, n_W) = self.recipe.margin, picture.shape[1:3]
        if margin > min(n_H, n_W):
            raise RecipeError(
                f"margin is {margin}, and a picture has {n_H} x {n_W} pixels; it can be as wide "
                "as the picture at most"
            )
        return tf.pad(picture, paddings(margin), "SYMMETRIC") if margin else picture

    # ---- costs

    def _value_and_gradient(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            activations = self._activations(self._seen_of(x), self.recipe.layers)
            content = self.content(activations, self.targets.content)
            style = self.style(self.painted_moments(activations))
            variation = self.variation(x)
            total = self.total(content, style, variation)
        gradient = tape.gradient(total, x)
        return tf.stack([total, content, style, variation]), gradient

    def total(self, content: tf.Tensor, style: tf.Tensor, variation: tf.Tensor) -> tf.Tensor:
        """Return the weighted sum of the terms."""
        recipe = self.recipe
        return (
            recipe.content_weight * content
            + recipe.style_weight * style
            + recipe.tv_weight * variation
        )

    def content(
        self, activations: Mapping[str, tf.Tensor], targets: Mapping[str, tf.Tensor]
    ) -> tf.Tensor:
        """Return the content term of a painting's activations, or of a part of them."""
        shapes = self.network.shapes(self.shape[1:3])
        term = self.recipe.content_term
        costs = [
            self.gain**2
            * self.recipe.content_layers[name]
            * content_cost(activations[name], wanted, term, self.size(shapes[name]))
            for name, wanted in targets.items()
        ]
        return tf.add_n(costs) if costs else tf.constant(0.0)

    def painted_moments(self, activations: Mapping[str, tf.Tensor]) -> list[dict[str, Moments]]:
        """Return, for each style, the moments of a painting where that style counts."""
        names, masks = self.recipe.used_style_layers, self.targets.masks
        if not masks:
            same = {name: self.gained(moments(activations[name])) for name in names}
            return [same] * len(self.targets.styles)
        return [
            {name: self.gained(moments(activations[name], mask[name])) for name in names}
            for mask in masks
        ]

    def gained(self, kept: Moments) -> Moments:
        """Return the moments as if all activations were larger by the gain."""
        if self.gain == 1:
            return kept
        return Moments(kept.mean * self.gain, kept.second * self.gain**2)

    def style(self, painted: Sequence[Mapping[str, Moments]]) -> tf.Tensor:
        """Return the style term of a painting's moments."""
        shapes = self.network.shapes(self.shape[1:3])
        costs = [
            weight
            * self.recipe.style_layers[name]
            * style_cost(mine[name], kept, self.recipe.style_term, self.size(shapes[name]))
            for weight, wanted, mine in zip(
                self.targets.blend, self.targets.styles, painted, strict=True
            )
            for name, kept in wanted.items()
        ]
        return tf.add_n(costs) if costs else tf.constant(0.0)

    def variation(self, x: tf.Tensor) -> tf.Tensor:
        """Return the total variation of a picture."""
        if not self.recipe.tv_weight:
            return tf.constant(0.0)
        return VARIATION_TERMS[self.recipe.tv_term](x)

    def size(self, shape: Sequence[int]) -> Size:
        """Return what a layer's terms are normalised by, from its shape (n_H, n_W, C)."""
        n_H, n_W, n_C = shape
        return Size(n_H * n_W, n_C, self.pixels)
