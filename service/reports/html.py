"""The HTML report: one self-contained page that is complete without a script and makes no network requests."""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from fitting.model.result import Traces
from fitting.sites import SessionContrasts
from service.reports import content, values
from service.reports.analysis_document import AnalysisDocument, Rendered
from service.reports.contrast_lines import contrast_box
from service.reports.figures import spectrum_figure, stack_figure, strips_figure, voxel_figure
from service.reports.icons import icon
from service.reports.part_styles import part_style
from service.reports.printable import isolated
from service.reports.texts import text

STYLES = ("tokens.css", "base.css", "report.css")
"""Style sheets of the report, in order; pages bring the first two as well."""
SCRIPTS = ("spectrum.js", "printing.js")

_POLICY_START = '<meta http-equiv="Content-Security-Policy" content="'

_PERCENT = re.compile(r"(\d) %")
_ARTICLE_START, _ARTICLE_END = '<article class="report"', "</article>"


def render(document: AnalysisDocument, traces: Traces) -> Rendered:
    """The report as one HTML file with its own style, script and figures."""
    report = content.build(document)
    style, script = "".join(static_text(name) for name in STYLES), "".join(static_text(name) for name in SCRIPTS)
    page = _template("report.html").render(
        **_words(document, report, traces),
        style=_own(style),
        style_hash=csp_hash(style),
        script=_own(script),
        script_hash=csp_hash(script),
    )
    return Rendered("text/html; charset=utf-8", page.encode())


def article(document: AnalysisDocument, traces: Traces) -> str:
    """The report's ``article`` element by itself, for a page that brings ``STYLES`` and ``SCRIPTS``."""
    return _template("report_body.html").render(**_words(document, content.build(document), traces)).strip()


def contrasts(session: SessionContrasts, name: str, number: int) -> str:
    """The section of one session's contrasts by itself, called by the session; ``number`` tells sections apart."""
    return _template("contrasts.html").render(
        contrasts=contrast_box(session),
        contrasts_id=f"contrasts-{number}",
        title=text("contrasts.of_session", session=isolated(name)),
        t=text,
        icon=lambda name: _own(icon(name)),
    )


def article_of(page: str) -> str:
    """The ``article`` element of a page that ``render`` made."""
    start, end = page.index(_ARTICLE_START), page.index(_ARTICLE_END)
    return page[start : end + len(_ARTICLE_END)]


def policy_of(page: str) -> str:
    """The content security policy of a page that ``render`` made; it precedes all foreign content.

    Without one no script may run: the page has another origin.
    """
    head = page.partition("<title>")[0]
    return head.partition(_POLICY_START)[2].partition('"')[0] or "default-src 'none'"


def _words(document: AnalysisDocument, report: content.Report, traces: Traces) -> dict[str, Any]:
    components = values.parts_in_order(traces.names)
    zero, full = spectrum_figure.ends_of_scale(traces)
    return {
        "report": report,
        "standing": document.status,
        "t": text,
        "icon": lambda name: _own(icon(name)),
        "spectrum": _own(spectrum_figure.spectrum_svg(traces, report.residual)),
        "stack": _own(stack_figure.stack_svg(traces, [k for k, _ in components])),
        "voxel": _own(_voxel(document, traces)),
        "strips": _own(strips_figure.strips_svg(report.strips)),
        "components": [(k, name, part_style(name)) for k, name in components],
        "background": [k for k, name in enumerate(traces.names) if name.startswith(values.BACKGROUND_PREFIXES)],
        "contrasts": contrast_box(document.session_contrasts),
        "zero": zero,
        "full": full,
    }


def _voxel(document: AnalysisDocument, traces: Traces) -> str:
    anatomy = document.analysis.anatomy
    return "" if anatomy is None else voxel_figure.voxel_svg(traces, anatomy.voi)


def _own(markup: str) -> Markup:
    """Markup that this package made; foreign texts in it were escaped where it was made."""
    return Markup(markup)  # noqa: S704


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("service.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=False,
        finalize=_kept_together,
    )
    return environment.get_template(name)


def _kept_together(said: object) -> object:
    """What a template shows, with per cent signs on the line of their numbers."""
    return _PERCENT.sub("\\1\N{NO-BREAK SPACE}%", said) if type(said) is str else said


@cache
def static_text(name: str) -> str:
    """A style sheet or script of this package."""
    return files(__package__).joinpath("static", name).read_text(encoding="utf-8")


def csp_hash(source: str) -> str:
    """Hash of the only script or style that a browser may use, so that injected ones are blocked."""
    return f"sha256-{b64encode(sha256(source.encode()).digest()).decode()}"
