"""Paint with the notebook's own recipe and its own solutions, outside the notebook."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from grading.submission import load_functions
from nst_utils import (
    COURSE_DIR,
    generate_noise_image,
    load_vgg_model,
    read_image,
    reshape_and_normalize_image,
    to_picture,
)

NOTEBOOK = COURSE_DIR / "notebooks" / "source" / "art_generation.py"
LEARNING_RATE = 2.0  # of Adam, as in the notebook


class Painter:
    """The notebook's training step over one network and one size of picture.

    Parameters
    ----------
    weights : Path or None
        A weights file; None for the one that the notebook would take.
    size : (n_H, n_W)
    **names
        Globals of the notebook to replace, such as ``STYLE_LAYERS``.
    """

    def __init__(self, weights: Path | None, size: tuple[int, int], **names) -> None:
        self.size = size
        self.model = load_vgg_model(weights, size)
        self.notebook = load_functions(NOTEBOOK)
        self.notebook["train_step"].__globals__.update(names)
        self._globals = self.notebook["train_step"].__globals__

    def paint(self, content: Path, style: Path, steps: int = 200, seed: int = 1) -> np.ndarray:
        """Return the painting (n_H, n_W, 3), uint8."""
        picture = self.model["input"]
        content_image = self._read(content)
        picture.assign(self._read(style))
        a_S = {name: self.model[name] for name, _ in self._globals["STYLE_LAYERS"]}
        picture.assign(content_image)
        a_C = self.model[self._globals["CONTENT_LAYER"]]
        picture.assign(generate_noise_image(content_image, self._globals["NOISE_RATIO"], seed))
        optimizer = tf.keras.optimizers.Adam(LEARNING_RATE)
        step = tf.function(self.notebook["train_step"])
        for _ in range(steps):
            step(self.model, optimizer, a_C, a_S)
        return to_picture(picture)

    def _read(self, path: Path) -> np.ndarray:
        return reshape_and_normalize_image(read_image(path, self.size))
