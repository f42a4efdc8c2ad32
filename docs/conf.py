"""How the documentation site is built from these pages: ``make site``."""

from __future__ import annotations

from fitting import __version__

project = "mrsquant"
copyright = "2026, the mrsquant authors; MIT licence"
version = release = __version__
extensions = ["myst_nb"]
exclude_patterns = ["generate.py"]
nitpicky = True
suppress_warnings = ["toc.not_included"]  # a page that is in no list is still linked to, and found by the search
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True

html_theme = "pydata_sphinx_theme"
html_title = "mrsquant"
html_static_path: list[str] = []
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "mrsquant"},
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
