"""Neural style transfer: paint a photograph in the manner of other pictures.

>>> from neural_style import paint, preset
>>> painting = paint(content, [style], preset("atelier"))

On the command line: ``course paint photo.jpg style.jpg -o painting.png``, or the same with
``python -m neural_style``. The parts are in `style_engine`.
"""

import quiet_tensorflow  # noqa: F401 - before TensorFlow is imported
from style_engine.painting import Moment, Record, Result, StoppedError, paint
from style_engine.picture_files import Picture, read_picture, save_picture
from style_engine.recipe import PRESETS, Recipe, RecipeError, load_recipe, preset

__all__ = [
    "PRESETS",
    "Moment",
    "Picture",
    "Recipe",
    "RecipeError",
    "Record",
    "Result",
    "StoppedError",
    "load_recipe",
    "paint",
    "preset",
    "read_picture",
    "save_picture",
]

if __name__ == "__main__":
    from style_engine.cli import app

    app()
