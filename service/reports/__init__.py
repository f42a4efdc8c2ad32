"""Reports: one analysis as HTML, PDF, CSV, JSON, FHIR or a table for the terminal, or as the files of other programs.

``FORMATS`` names every format with the function that renders it; ``render`` is the one way in. ``EXPORTS`` names those
that are several files, with the function that gives them by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from fitting.model.result import Traces
from service.reports import fhir, html, lcmodel, nifti_mrs, pdf, result_json, results_csv, table
from service.reports.analysis_document import AnalysisDocument, FormatUnavailable, Rendered
from service.reports.pdf import Paper

__all__ = [
    "EXPORTS",
    "FORMATS",
    "AnalysisDocument",
    "Export",
    "Format",
    "FormatUnavailable",
    "Paper",
    "Rendered",
    "render",
]

Format = Literal["html", "pdf", "csv", "json", "table", "fhir"]

FORMATS: dict[Format, Callable[[AnalysisDocument, Traces], Rendered]] = {
    "html": html.render,
    "pdf": pdf.render,
    "csv": results_csv.render,
    "json": result_json.render,
    "table": table.render,
    "fhir": fhir.render,
}

Export = Literal["nifti-mrs", "lcmodel"]

EXPORTS: dict[Export, Callable[[AnalysisDocument, Traces], dict[str, Rendered]]] = {
    "nifti-mrs": nifti_mrs.render,
    "lcmodel": lcmodel.render,
}


def render(format: Format, document: AnalysisDocument, traces: Traces, paper: Paper = "a4") -> Rendered:
    """Render one analysis; ``paper`` is the size of a PDF's pages.

    Raises
    ------
    FormatUnavailable
        When this installation lacks what the format needs.
    """
    return pdf.render(document, traces, paper) if format == "pdf" else FORMATS[format](document, traces)
