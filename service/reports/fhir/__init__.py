"""The result as a FHIR R4 Bundle (HL7 FHIR 4.0.1), made of plain dictionaries."""

from __future__ import annotations

import json

from fitting.model.result import Traces
from service.reports.analysis_document import AnalysisDocument, Rendered
from service.reports.fhir.bundle import Caller, bundle

MEDIA_TYPE = "application/fhir+json"

__all__ = ["MEDIA_TYPE", "Caller", "bundle", "render"]


def render(document: AnalysisDocument, _traces: Traces) -> Rendered:
    """The Bundle as JSON."""
    body = json.dumps(bundle(document, Caller()), ensure_ascii=False, allow_nan=False, indent=2)
    return Rendered(MEDIA_TYPE, f"{body}\n".encode())
