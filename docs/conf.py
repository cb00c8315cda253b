"""How Sphinx makes the site. It runs on a copy of this folder that `course site` completes."""

from importlib.metadata import version as version_of
from importlib.util import find_spec
from pathlib import Path

project = "Style and faces"
author = "the contributors of this course"
version = release = version_of("style-and-faces")
language = "en"
locale_dirs = ["locale"]  # catalogues LANGUAGE/LC_MESSAGES/PAGE.po, for sphinx-build -D language=
gettext_compact = False
gettext_additional_targets = ["image"]  # alternative texts are translated too

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
]

nb_execution_mode = "off"  # the chapters come with their outputs
nb_merge_streams = True
myst_enable_extensions = ["amsmath", "colon_fence", "dollarmath"]
myst_heading_anchors = 3
# A type that a docstring names and two modules have links to the first of them.
suppress_warnings = ["ref.python"]

default_role = "code"  # docstrings put code between single backticks
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say them in words
napoleon_google_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = project
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_domain_indices = False  # the search finds modules
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}

# MathJax from a package: pages need no network. One file draws formulas as SVG, without fonts.
_mathjax = find_spec("sphinx-mathjax-offline")
if _mathjax is None or _mathjax.origin is None:
    raise RuntimeError('MathJax is missing; run: pip install -e ".[docs]"')
html_static_path.append(str(Path(_mathjax.origin).parent / "static/mathjax/tex-svg.js"))
mathjax_path = "tex-svg.js"


def _say_language(app, page, template, context, doctree):
    """Tell browsers and screen readers the language of pages such as student.zh."""
    if page.endswith(".zh"):
        context["language"] = "zh"


def setup(app):
    """Connect to Sphinx."""
    app.connect("html-page-context", _say_language)
