"""The page of a study as one self-contained file that needs no script and makes no network requests."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from fitting import __version__
from fitting.analysis import NOTICE
from service.reports.html import csp_hash, static_text
from service.reports.icons import icon
from service.reports.study.content import content
from service.reports.study.spectrum import HEIGHT, QUALITY, RESIDUAL_MIDDLE, WIDTH, StudySpectrum
from service.reports.texts import text

STYLES = ("tokens.css", "base.css", "study.css")


def render(title: str, spectra: Sequence[StudySpectrum]) -> bytes:
    """The page as UTF-8.

    Parameters
    ----------
    title : str
        Name of the study, such as that of its manifest.
    spectra : sequence of StudySpectrum
        In any order; the page sorts them.
    """
    style = "".join(static_text(name) for name in STYLES)
    page = _template().render(
        study=content(title, spectra),
        columns=[text(f"study.{name}") for name in QUALITY],
        notice=NOTICE,
        version=__version__,
        style=_own(style),
        style_hash=csp_hash(style),
        size=(WIDTH, HEIGHT, RESIDUAL_MIDDLE),
    )
    return page.encode()


def _own(markup: str) -> Markup:
    """Markup that this package made; foreign texts in it were escaped where it was made."""
    return Markup(markup)  # noqa: S704


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("service.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(t=text, icon=lambda name: _own(icon(name)), own=_own)
    return environment.get_template("study.html")
