"""UIDs made of what a result is made of: the same delivery twice is the same object."""

from __future__ import annotations

import hashlib

from fitting.analysis import Analysis
from service.reports.analysis_document import AnalysisDocument
from service.reports.dicom.referenced_instance import Source

IMPLEMENTATION = "2.25.223190640215735110337013265803180046441"
"""Implementation Class UID of this program."""


def uid(*parts: str) -> str:
    """A UID of 128 bits of SHA-256 over the parts, below the root for UUIDs (DICOM PS3.5, B.2)."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def engine_of(analysis: Analysis) -> str:
    """Digest of the program's code; the version for analyses made before it was kept."""
    return analysis.provenance.engine or analysis.provenance.version


def series_uid(kind: str, document: AnalysisDocument, source: Source) -> str:
    """The series of a kind of result of one measurement: every state and version of it is in one series."""
    return uid("series", kind, *_of(document, source))


def instance_uid(kind: str, document: AnalysisDocument, source: Source, page: int = 1, *, former: bool = False) -> str:
    """The instance; ``former`` is the signed version before that of the document."""
    state, version = ("signed", document.version - 1) if former else (document.status, document.version)
    if state == "reviewed":  # a review may be taken back and another one say something else
        state = f"reviewed {len(document.sign_off)}"
    return uid("instance", kind, *_of(document, source), state, str(version), str(page))


def tracking_uid(document: AnalysisDocument, source: Source) -> str:
    """The volume of one person: equal in every session."""
    facts, header = document.analysis.acquisition, source.header
    person = str(header.get("PatientID") or "") and f"{header.get('IssuerOfPatientID') or ''}|{header.PatientID}"
    who = document.subject or person or str(header.StudyInstanceUID)
    return uid("tracking", who, facts.region or "", facts.hemisphere or "")


def _of(document: AnalysisDocument, source: Source) -> tuple[str, ...]:
    made = document.analysis.provenance
    water = made.water_sha256 or ""
    return (str(source.header.SOPInstanceUID), made.input_sha256, water, engine_of(document.analysis))
