"""A finished analysis of a running service as reports take it, to be rendered outside the service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from fitting.model.result import Traces
from service.client import Client
from service.documents import load_analysis
from service.reports.analysis_document import AnalysisDocument, SignOffStep

_ENVELOPE = ("id", "created", "finished", "seconds", "subject", "session", "group", "status", "version")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A finished analysis with its spectra and, once it is signed, the PDF that was signed."""

    document: AnalysisDocument
    traces: Traces
    signed_pdf: bytes | None


def fetch(client: Client, analysis: str) -> Fetched:
    """The present version of a finished analysis.

    Raises
    ------
    ClientError
        When the service has no result of this name, or does not answer.
    """
    document = report_document(json.loads(client.report(analysis, "json")))
    signed = client.report(analysis, "pdf") if document.status == "signed" else None
    return Fetched(document, _traces(client.traces(analysis)), signed)


def report_document(report: Mapping[str, Any]) -> AnalysisDocument:
    """The JSON report of any version as it was before it was written."""
    steps = tuple(SignOffStep(**step) for step in report.get("sign_off") or ())
    envelope = {name: report[name] for name in _ENVELOPE if report.get(name) is not None}
    return AnalysisDocument(load_analysis(report), sign_off=steps, **envelope)


def _traces(stated: Mapping[str, Any]) -> Traces:
    given: dict[str, Any] = {
        item.name: np.asarray(stated[item.name]) for item in fields(Traces) if stated.get(item.name) is not None
    }
    components = stated["components"]
    given["components"] = np.asarray([component["values"] for component in components])
    given["names"] = tuple(component["name"] for component in components)
    return Traces(**given)
