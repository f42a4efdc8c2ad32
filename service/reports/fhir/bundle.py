"""The Bundle: Device, Observations, DiagnosticReport and Provenance of one analysis."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from service.reports.analysis_document import AnalysisDocument
from service.reports.codes import code_of
from service.reports.fhir.elements import Element, concept, engine_of, reference_of, without_absent
from service.reports.fhir.observations import observations, quality
from service.reports.signature import standing
from service.reports.texts import text

PSEUDONYM = "urn:mrsquant:pseudonym"
PATIENT = r"Patient/[A-Za-z0-9\-.]{1,64}"
STUDY = r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+"


@dataclass(frozen=True, slots=True)
class Caller:
    """What the caller knows and this program does not: it is checked by its form and never kept."""

    subject: str | None = None
    """Reference to a Patient."""
    study: str | None = None
    """UID of the imaging study as a URN."""
    pdf: bytes | None = None
    """The printed report, which the DiagnosticReport shall hold."""

    def __post_init__(self) -> None:
        for value, pattern in ((self.subject, PATIENT), (self.study, STUDY)):
            if value is not None and re.fullmatch(pattern, value) is None:
                raise ValueError(f"a value is not of the form {pattern}")


def bundle(document: AnalysisDocument, caller: Caller) -> dict[str, Any]:
    """The Bundle of type ``collection``.

    Parameters
    ----------
    document : AnalysisDocument
    caller : Caller
    """
    device = reference_of(document, "device")
    shared: Element = without_absent(
        {
            "status": _status(document),
            "subject": _subject(document, caller),
            "effectiveDateTime": document.finished,
            "device": {"reference": device},
        }
    )
    found = [] if document.analysis.verdict.usable == "no" else list(observations(document, shared))
    found.append(quality(document, shared))
    resources = [
        _device(document, device),
        *found,
        _report(document, shared, found, caller),
        *_provenance(document, device, found),
    ]
    whole: Element = {
        "resourceType": "Bundle",
        "id": reference_of(document, "bundle").rpartition(":")[2],
        "type": "collection",
        "timestamp": document.finished,
        "entry": [{"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource} for resource in resources],
    }
    return without_absent(whole)


def _status(document: AnalysisDocument) -> str:
    if document.status != "signed":
        return "preliminary"
    return "final" if document.version == 1 else "amended"


def _subject(document: AnalysisDocument, caller: Caller) -> Element | None:
    """The person: by the caller's reference, else by the pseudonym; never a reference to a Patient we do not know."""
    if caller.subject is not None:
        return {"reference": caller.subject}
    return None if document.subject is None else {"identifier": {"system": PSEUDONYM, "value": document.subject}}


def _device(document: AnalysisDocument, device: str) -> Element:
    made = document.analysis.provenance
    return {
        "resourceType": "Device",
        "id": device.rpartition(":")[2],
        "deviceName": [{"name": made.software, "type": "manufacturer-name"}],
        "version": [{"value": made.version}],
        "property": [
            {
                "type": concept(code_of("concept", "engine")),
                "valueCode": [{"text": engine_of(document.analysis)}],
            }
        ],
    }


def _report(document: AnalysisDocument, shared: Element, found: Iterable[Element], caller: Caller) -> Element:
    verdict = document.analysis.verdict
    outcome = document.analysis.outcome
    said = [text(f"verdict.{verdict.usable}"), *(reason.sentence for reason in verdict.reasons)]
    if outcome.code != "converged":
        said.insert(1, f"{text(f'verdict.fit_{outcome.code}')} {outcome.sentence}")
    left_out = [item.name for item in document.analysis.metabolites if item.verdict.usable == "no"]
    if left_out:
        said.append(f"Left out because they may not be interpreted: {', '.join(left_out)}.")
    written = standing(document).impression
    if written is not None:
        said.insert(0, f"{written.heading}: {written.text}")
    reviewers = [step.reviewer for step in document.sign_off if step.version == document.version]
    same = {name: value for name, value in shared.items() if name != "device"}
    return without_absent(
        {
            "resourceType": "DiagnosticReport",
            "id": reference_of(document, "report").rpartition(":")[2],
            **same,
            "code": {
                "coding": [{"system": "http://loinc.org", "code": "18748-4", "display": "Diagnostic imaging study"}],
                "text": "MR spectroscopy, quantification (research use only)",
            },
            "resultsInterpreter": [{"display": reviewers[-1]}] if document.status != "draft" and reviewers else [],
            "result": [{"reference": f"urn:uuid:{item['id']}"} for item in found],
            "imagingStudy": [] if caller.study is None else [{"identifier": {"value": caller.study}}],
            "presentedForm": [] if caller.pdf is None else [_attached(caller.pdf)],
            "conclusion": " ".join([*said, document.analysis.notice]),
        }
    )


def _attached(pdf: bytes) -> Element:
    return {"contentType": "application/pdf", "data": b64encode(pdf).decode(), "title": "MR spectroscopy report"}


def _provenance(document: AnalysisDocument, device: str, found: Iterable[Element]) -> Iterable[Element]:
    """Which inputs the values come from; without a time of the analysis there is no ``recorded``, so no Provenance."""
    if document.finished is None:
        return
    made = document.analysis.provenance
    inputs = {"spectrum": made.input_sha256, "water reference": made.water_sha256}
    yield {
        "resourceType": "Provenance",
        "id": reference_of(document, "provenance").rpartition(":")[2],
        "target": [{"reference": f"urn:uuid:{item['id']}"} for item in found],
        "recorded": document.finished,
        "agent": [{"who": {"reference": device}}],
        "entity": [
            {
                "role": "source",
                "what": {"identifier": {"system": "urn:mrsquant:sha256", "value": digest}, "display": name},
            }
            for name, digest in inputs.items()
            if digest
        ],
    }
