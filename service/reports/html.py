"""The HTML report: one self-contained page that is complete without a script and asks nothing of a network."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from fitting.model.result import Traces
from service.reports import content, spectrum_figure, stack_figure, strips_figure
from service.reports.document import AnalysisDocument, Rendered
from service.reports.icons import icon
from service.reports.texts import text


def render(document: AnalysisDocument, traces: Traces) -> Rendered:
    """The report as one HTML file with its own style, script and figures."""
    report = content.build(document)
    style, script = _static("report.css"), _static("spectrum.js")
    zero, full = spectrum_figure.ends_of_scale(traces)
    page = _template().render(
        report=report,
        t=text,
        icon=lambda name: _own(icon(name)),
        style=_own(style),
        style_hash=_csp_hash(style),
        script=_own(script),
        script_hash=_csp_hash(script),
        spectrum=_own(spectrum_figure.spectrum_svg(traces, report.residual)),
        stack=_own(stack_figure.stack_svg(traces)),
        strips=_own(strips_figure.strips_svg(report.strips)),
        components=traces.names,
        zero=zero,
        full=full,
    )
    return Rendered("text/html; charset=utf-8", page.encode())


def _own(markup: str) -> Markup:
    """Markup that this package made; foreign texts in it were escaped where it was made."""
    return Markup(markup)  # noqa: S704


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("service.reports"), autoescape=True, undefined=StrictUndefined, trim_blocks=False
    )
    return environment.get_template("report.html")


@cache
def _static(name: str) -> str:
    return files(__package__).joinpath("static", name).read_text(encoding="utf-8")


def _csp_hash(source: str) -> str:
    """Names the one script or style that a browser may use, so that injected ones do nothing."""
    return f"sha256-{b64encode(sha256(source.encode()).digest()).decode()}"
