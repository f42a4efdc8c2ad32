"""The result as JSON: the document the API serves, with absent and infinite numbers as null."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from fitting.model.result import Traces
from service.reports.analysis_document import AnalysisDocument, Rendered


def as_json_object(document: AnalysisDocument) -> dict[str, Any]:
    """Envelope and analysis on one level, as the contract of the result names them."""
    envelope = asdict(document)
    analysis = envelope.pop("analysis")
    result: dict[str, Any] = {"id": document.id, "state": "succeeded"} | envelope | analysis
    cleaned: dict[str, Any] = _without_infinities(result)
    return cleaned


def render(document: AnalysisDocument, _traces: Traces) -> Rendered:
    """The JSON report."""
    body = json.dumps(as_json_object(document), ensure_ascii=False, allow_nan=False, indent=2)
    return Rendered("application/json", f"{body}\n".encode())


def _without_infinities(value: Any) -> Any:
    """JSON has no NaN and no infinity; a number that does not exist is null."""
    match value:
        case dict():
            return {key: _without_infinities(item) for key, item in value.items()}
        case list() | tuple():
            return [_without_infinities(item) for item in value]
        case float() if not math.isfinite(value):
            return None
        case _:
            return value
