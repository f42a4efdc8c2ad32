"""The overview of a dataset as one self-contained page that needs no script."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from service.reports.cohort.html import STYLES
from service.reports.html import csp_hash, static_text


def render(report: Mapping[str, Any]) -> bytes:
    """The page of ``content`` as UTF-8."""
    style = "".join(static_text(name) for name in STYLES)
    return _template().render(report=report, style=_own(style), style_hash=csp_hash(style), own=_own).encode()


def _own(markup: str) -> Markup:
    """Markup that this package made; foreign texts in it were escaped where it was made."""
    return Markup(markup)  # noqa: S704


@cache
def _template() -> Template:
    environment = Environment(loader=PackageLoader("service.reports"), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("dataset.html")
