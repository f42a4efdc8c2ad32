"""The AnalysisDocument: an Analysis with the envelope of the storage or the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fitting.analysis import Analysis
from fitting.sites import SessionContrasts


@dataclass(frozen=True, slots=True)
class SignOffStep:
    """One step of the report's sign-off: person, action and time."""

    action: Literal["review", "return", "sign", "amend"]
    version: int
    """Version of the report that the step left; an amendment begins the next one."""
    reviewer: str
    """Person responsible for the step."""
    at: str
    """RFC 3339, UTC."""
    comment: str | None = None
    impression: str | None = None
    """What the reviewer concludes."""
    amendment: str | None = None
    """Text that the version adds to the one before."""
    content_sha256: str | None = None
    """Digest of the result and its spectra that was signed."""


@dataclass(frozen=True, slots=True)
class AnalysisDocument:
    """One finished analysis as it is reported; without a server there is no id and no clock time."""

    analysis: Analysis
    id: str | None = None
    created: str | None = None
    """RFC 3339, UTC."""
    finished: str | None = None
    """RFC 3339, UTC."""
    seconds: float | None = None
    """Wall time of the analysis."""
    subject: str | None = None
    """Pseudonym, never a name."""
    session: str | None = None
    """Pseudonym of the visit."""
    group: str | None = None
    """Group of a study that the person belongs to."""
    status: Literal["draft", "reviewed", "signed"] = "draft"
    """Whether it has been reviewed or signed."""
    version: int = 1
    """Version of the report; every amendment after a signature begins another."""
    sign_off: tuple[SignOffStep, ...] = ()
    """Every step so far, in order."""
    session_contrasts: SessionContrasts | None = None
    """Differences between the spectra of the session; None where it holds one."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A report ready to be sent or written."""

    media_type: str
    content: bytes


class FormatUnavailable(Exception):
    """A report format that this installation cannot produce; the message names the package to install."""

    code = "format-unavailable"
    title = "This report format is not available here"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail
