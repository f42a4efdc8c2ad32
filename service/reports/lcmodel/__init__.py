"""The result in the files of LCModel, for scripts that read them: ``table``, ``coord`` and ``csv``."""

from __future__ import annotations

from fitting.model.result import Traces
from service.reports.analysis_document import AnalysisDocument, Rendered
from service.reports.lcmodel.rows import table_of
from service.reports.lcmodel.texts import coord, spreadsheet, table

PARTS = ("table", "coord", "csv")
_TEXT = "text/plain; charset=utf-8"


def render(document: AnalysisDocument, traces: Traces) -> dict[str, Rendered]:
    """The files by LCModel's names."""
    values = table_of(document)
    return {
        "table": Rendered(_TEXT, table(document, traces, values).encode()),
        "coord": Rendered(_TEXT, coord(document, traces, values).encode()),
        "csv": Rendered("text/csv; charset=utf-8", spreadsheet(values).encode()),
    }
