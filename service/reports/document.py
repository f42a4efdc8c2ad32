"""The AnalysisDocument noun: an Analysis with the envelope a store or a command line puts around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fitting.analysis import Analysis


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
    status: Literal["draft"] = "draft"
    """Nobody has signed it."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A report ready to be sent or written."""

    media_type: str
    content: bytes


class FormatUnavailable(Exception):
    """A report format that this installation cannot produce; the sentence says what to install."""

    code = "format-unavailable"
    title = "This report format is not available here"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail
