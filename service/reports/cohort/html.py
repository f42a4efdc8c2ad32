"""The report of a cohort as one self-contained page that needs no script."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from service.reports.cohort.content import content
from service.reports.html import csp_hash, static_text

STYLES = ("tokens.css", "base.css", "report.css", "cohort.css")


def render(answer: Mapping[str, Any], drawn: Mapping[str, Any] | None = None) -> bytes:
    """The page as UTF-8; with ``drawn`` also figures of people without names."""
    style = "".join(static_text(name) for name in STYLES)
    page = _template("cohort.html").render(report=_report(answer, drawn), style=_own(style), style_hash=csp_hash(style))
    return page.encode()


def article(answer: Mapping[str, Any], name: str, drawn: Mapping[str, Any] | None = None) -> Markup:
    """The report's ``article`` element by itself, for a page that brings ``STYLES``; ``name`` stands in for a title."""
    titled = {**answer, "title": answer["title"] or name}
    return _own(_template("cohort_body.html").render(report=_report(titled, drawn)).strip())


def _report(answer: Mapping[str, Any], drawn: Mapping[str, Any] | None) -> dict[str, Any]:
    report = content(answer, drawn)
    for figure in report["figures"]:
        figure["svg"] = _own(figure["svg"])
    return report


def _own(markup: str) -> Markup:
    """Markup that this package made; foreign texts in it were escaped where it was made."""
    return Markup(markup)  # noqa: S704


@cache
def _template(name: str) -> Template:
    environment = Environment(loader=PackageLoader("service.reports"), autoescape=True, undefined=StrictUndefined)
    return environment.get_template(name)
