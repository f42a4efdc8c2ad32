"""The PDF report: A4 or Letter, selectable text, tagged for assistive technology (PDF/UA-1), made by typst offline."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from fitting.model.result import Traces
from service.reports import content, values
from service.reports.analysis_document import AnalysisDocument, FormatUnavailable, Rendered
from service.reports.contrast_lines import contrast_box
from service.reports.figures import spectrum_figure, stack_figure, strips_figure, voxel_figure
from service.reports.icons import ICONS, icon
from service.reports.printable import printable, printable_words
from service.reports.texts import catalogue

Paper = Literal["a4", "letter"]
_PAPERS: dict[Paper, str] = {"a4": "a4", "letter": "us-letter"}
"""Names in typst."""


def render(document: AnalysisDocument, traces: Traces, paper: Paper = "a4") -> Rendered:
    """The report as PDF.

    Raises
    ------
    FormatUnavailable
        When typst is not installed.
    """
    pdf = _compiled(document, traces, paper, format="pdf", pdf_standards=["ua-1"])
    return Rendered("application/pdf", pdf)


def pictures(document: AnalysisDocument, traces: Traces, pixels_per_inch: int) -> list[bytes]:
    """The pages of the A4 report as PNG.

    Raises
    ------
    FormatUnavailable
        When typst is not installed.
    """
    pages = _compiled(document, traces, "a4", format="png", ppi=pixels_per_inch)
    return pages if isinstance(pages, list) else [pages]


def _compiled(document: AnalysisDocument, traces: Traces, paper: Paper, **output: Any) -> Any:
    """What typst makes of the report: bytes, or a list of them for several pages of pictures."""
    try:
        import typst  # noqa: PLC0415 (an optional extra)
    except ImportError as absent:
        raise FormatUnavailable("PDF reports need the extra 'pdf': pip install 'mrsquant[pdf]'.") from absent
    report, contrasts = content.build(document), contrast_box(document.session_contrasts)
    with TemporaryDirectory(prefix="mrsquant-") as folder, as_file(files(__package__) / "templates") as templates:
        root = Path(folder)
        root.joinpath("report.typ").write_bytes(templates.joinpath("report.typ").read_bytes())
        spectrum = spectrum_figure.spectrum_svg(traces, report.residual, paper=True)
        stack = stack_figure.stack_svg(traces, [k for k, _ in values.parts_in_order(traces.names)], paper=True)
        anatomy = document.analysis.anatomy
        voxel = "" if anatomy is None else voxel_figure.voxel_svg(traces, anatomy.voi, paper=True)
        words = {
            "report": asdict(report),
            "paper": _PAPERS[paper],
            "voxel_alt": voxel_figure.description(anatomy.voi) if voxel and anatomy and anatomy.voi else "",
            "texts": catalogue(),
            "contrasts": None if contrasts is None else asdict(contrasts),
            "spectrum_alt": spectrum_figure.description(report.residual) if spectrum else "",
            "stack_alt": catalogue()["spectrum"]["stack_description"] if stack else "",
            "strips_alt": strips_figure.description(report.strips),
        }
        said = json.loads(json.dumps(words))
        shown = printable_words(said)
        shown["replaced"] = shown != said
        root.joinpath("report.json").write_text(json.dumps(shown, ensure_ascii=False), encoding="utf-8")
        root.joinpath("spectrum.svg").write_text(spectrum, encoding="utf-8")
        root.joinpath("stack.svg").write_text(printable(stack), encoding="utf-8")
        root.joinpath("voxel.svg").write_text(voxel, encoding="utf-8")
        root.joinpath("strips.svg").write_text(printable(strips_figure.strips_svg(report.strips)), encoding="utf-8")
        for name in ICONS:
            root.joinpath(f"{name}.svg").write_text(icon(name), encoding="utf-8")
        return typst.compile(root / "report.typ", root=root, ignore_system_fonts=True, **output)
