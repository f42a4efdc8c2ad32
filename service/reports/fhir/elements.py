"""Data types of FHIR R4: codings, quantities, identifiers."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from fitting.analysis import Analysis
from service.reports import numbers
from service.reports.analysis_document import AnalysisDocument
from service.reports.codes import OWN_SCHEME, Code

Element = dict[str, Any]
OWN_SYSTEM = "urn:mrsquant:codes"
SYSTEMS = {
    "DCM": "http://dicom.nema.org/resources/ontology/DCM",
    "SCT": "http://snomed.info/sct",
    "LN": "http://loinc.org",
    "UCUM": "http://unitsofmeasure.org",
    OWN_SCHEME: OWN_SYSTEM,
}
"""Code systems by the designators of DICOM."""
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_NAMESPACE = UUID("6f1ad0d2-9c0a-5d6b-8a0e-2b7c5f9d4e11")
"""Of the UUIDs below; any constant would do."""


def reference_of(document: AnalysisDocument, *parts: str) -> str:
    """``urn:uuid`` of a resource of an analysis: the same each time."""
    made = document.analysis.provenance
    whole = document.id or f"{made.input_sha256} {made.water_sha256} {engine_of(document.analysis)}"
    return f"urn:uuid:{uuid5(_NAMESPACE, ' '.join((whole, str(document.version), *parts)))}"


def engine_of(analysis: Analysis) -> str:
    """Digest of the program's code; the version for analyses made before it was kept."""
    return analysis.provenance.engine or analysis.provenance.version


def coding(code: Code) -> Element:
    """A Coding."""
    return {"system": SYSTEMS[code.scheme], "code": code.value, "display": code.meaning}


def concept(code: Code, text: str | None = None) -> Element:
    """A CodeableConcept; ``text`` is what it stands for in words."""
    return {"coding": [coding(code)], "text": text or code.meaning}


def quantity(value: float | None, unit: Code, comparator: str | None = None) -> Element | None:
    """A Quantity; None for a number that does not exist."""
    known = numbers.finite(value)
    if known is None:
        return None
    below = {} if comparator is None else {"comparator": comparator}
    return {"value": known, **below, "unit": unit.meaning, "system": SYSTEMS["UCUM"], "code": unit.value}


def without_absent(element: Element) -> Element:
    """The element without what is None or empty: FHIR has no null."""
    return {name: value for name, value in element.items() if value not in (None, [], {}, "")}
