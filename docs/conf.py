"""How the documentation site is built from these pages: ``make site``."""

from __future__ import annotations

import inspect
from typing import Any

from sphinx.application import Sphinx

from fitting import __version__

project = "mrsquant"
copyright = "2026, the mrsquant authors; MIT licence"
version = release = __version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["generate.py"]
nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]  # types of other libraries are named, not linked to: the site needs no network
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_preprocess_types = True
napoleon_type_aliases = {"sequence": "~collections.abc.Sequence"}
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True

html_theme = "pydata_sphinx_theme"
html_title = f"mrsquant {__version__}"
html_favicon = "images/favicon.svg"
html_static_path: list[str] = []
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": html_title},
    "navbar_end": ["theme-switcher"],
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_toc_level": 2,
    "navigation_with_keys": False,
}
html_context = {"default_mode": "auto"}
html_sidebars = {"index": []}


def setup(app: Sphinx) -> None:
    """Keep sentences of attributes whole and signatures of classes short.

    Napoleon takes all before a first colon for a type, which only a shape is; types of fields stand at the fields.
    """

    def mark_sentence(*arguments: Any) -> None:
        what, lines = arguments[1], arguments[-1]
        if what in ("attribute", "property") and lines and not lines[0].startswith("("):
            lines[0] = f": {lines[0]}"

    def name_parameters(*arguments: Any) -> tuple[str, None] | None:
        what, found = arguments[1], arguments[3]
        if what != "class":
            return None
        parameters = inspect.signature(found).parameters.values()
        names = [item.name if item.default is item.empty else f"{item.name}=…" for item in parameters]
        return f"({', '.join(names)})", None

    app.connect("autodoc-process-docstring", mark_sentence, priority=400)
    app.connect("autodoc-process-signature", name_parameters)
