"""``/v1/analyses/{id}/sign-off``: draft, reviewed, signed; a signed version is kept, an amendment begins the next."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from service.access.route_access import Access
from service.api.dependencies import Caller, Repository, SignOffs
from service.api.problems import responses
from service.api.reports import ReportFormat, document_of, rendered, stored_traces, succeeded
from service.api.session import Session, SessionReader
from service.documents import Traces, load_traces
from service.errors import NoResult, NotAcceptable, NotFinished, SignOffConflict, UnknownAnalysis
from service.reports import AnalysisDocument
from service.storage.sign_offs import (
    SIGNED_FORMATS,
    RequestedStep,
    SignedReport,
    SignOff,
    SignOffRepository,
    next_state,
)
from service.storage.tables import AnalysisRow, SignOffAction, SignOffRow, SignOffState

router = APIRouter(prefix="/v1/analyses", tags=["sign-off"])

Reviewer = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]{2,128}$")]
Words = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=4000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")
]


class StepIn(BaseModel):
    """One step of the sign-off."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, strict=True)

    action: Literal["review", "return", "sign", "amend"] = Field(examples=["review"])
    """``review`` says that it was looked at, ``return`` takes that back, ``sign`` makes the version final, ``amend``
    begins the next version of a signed one."""
    position: int = Field(ge=0, le=100_000, examples=[0])
    """``position`` of the sign-off that was read; the step is refused when another was taken meanwhile."""
    reviewer: Reviewer = Field(examples=["Dr A. Example"])
    """Person responsible for the step, as the report will name them: 2 to 128 characters."""
    comment: Words | None = Field(default=None, examples=["Lines checked by eye."])
    """Shown with the step; required to return."""
    impression: Words | None = Field(default=None, examples=["Ordinary spectrum; no value outside its interval."])
    """What the reviewer concludes, shown at the top of the report; allowed to review and to sign. One given at the
    signature takes the place of the review's."""
    amendment: Words | None = Field(default=None, examples=["The voxel lay in the dorsal part."])
    """Text that the next version adds to the signed one; required to amend, refused otherwise."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.action == "amend") != bool(self.amendment):
            raise ValueError("amendment is required to amend, and only then")
        if self.impression and self.action not in ("review", "sign"):
            raise ValueError("impression belongs to a review or a signature")
        if self.action == "return" and not self.comment:
            raise ValueError("comment is required to return: it says why")
        return self


class StepOut(BaseModel):
    """One step that was taken."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True, from_attributes=True)

    action: SignOffAction
    """What was done."""
    version: int
    """Version of the report it left."""
    state: SignOffState
    """State of that version afterwards."""
    reviewer: str
    """Person responsible for it."""
    account: str
    """The key or account that was used."""
    at: datetime
    """When, UTC."""
    comment: str | None
    """Comment on it."""
    impression: str | None
    """What the reviewer concluded; null in a step without."""
    amendment: str | None
    """Text that the version adds to the one before."""
    content_sha256: str | None
    """SHA-256 of the signed result with its spectra, subject and amendments; for a signature."""
    report_sha256: str | None
    """SHA-256 of the HTML report as it was signed and is kept; for a signature."""


class SignOffOut(BaseModel):
    """Sign-off state of the report of an analysis."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    version: int = Field(examples=[1])
    """Present version of the report."""
    state: SignOffState = Field(examples=["draft"])
    """Its state."""
    position: int = Field(examples=[0])
    """Number of steps so far; the next step must name it."""
    allowed: tuple[SignOffAction, ...] = Field(examples=[["review"]])
    """Actions allowed now."""
    signed_versions: tuple[int, ...]
    """Versions that were signed: ``GET …/report?version=`` answers them as they were."""
    impression: str | None = Field(examples=["Ordinary spectrum; no value outside its interval."])
    """The impression of the present version that holds: the newest one that was not taken back."""
    steps: tuple[StepOut, ...]
    """Everything that was done, in order."""


@router.get(
    "/{analysis_id}/sign-off",
    dependencies=[Depends(Access("read", note="one"))],
    summary="Read the sign-off",
    responses=responses(UnknownAnalysis, NotFinished, NoResult),
)
def get_sign_off(analysis_id: uuid.UUID, repository: Repository, sign_offs: SignOffs) -> SignOffOut:
    """State, present version and every step so far."""
    row = succeeded(repository, analysis_id)
    return sign_off_out(sign_offs.get(row.id))


@router.post(
    "/{analysis_id}/sign-off",
    name="change_sign_off",
    dependencies=[Depends(Access("sign", note="change"))],
    summary="Review, sign or amend a report",
    responses=responses(UnknownAnalysis, NotFinished, NoResult, SignOffConflict),
)
def take_step(
    analysis_id: uuid.UUID, step: StepIn, session: Session, sign_offs: SignOffs, caller: Caller
) -> SignOffOut:
    """Take one step: draft → reviewed → signed; a signed version is final, an amendment begins the next one."""
    return sign_off_out(advance(session, sign_offs, analysis_id, step, account=caller.name))


def advance(
    session: SessionReader, sign_offs: SignOffRepository, analysis_id: uuid.UUID, asked: StepIn, account: str
) -> SignOff:
    """Take one step for ``account``; a signature keeps the report as it is rendered now, with its session.

    Raises
    ------
    UnknownAnalysis, NotFinished, NoResult
        When there is no result to sign.
    SignOffConflict
        When the step is not possible now.
    """
    repository = session.analyses
    row = succeeded(repository, analysis_id)
    current = sign_offs.get(row.id)
    step = RequestedStep(
        action=asked.action,
        position=asked.position,
        reviewer=asked.reviewer,
        account=account,
        at=datetime.now(UTC).replace(microsecond=0),
        comment=asked.comment or None,
        impression=asked.impression or None,
        amendment=asked.amendment,
    )
    state = next_state(current, step)
    if state != "signed":
        return sign_offs.add(row.id, step)
    traces = stored_traces(repository, row.id)
    entry = SignOffRow(
        action=step.action,
        version=current.version,
        reviewer=step.reviewer,
        at=step.at,
        comment=step.comment,
        impression=step.impression,
    )
    following = replace(current, state=state, entries=(*current.entries, entry))
    entry.content_sha256 = digest = _content_digest(row, following, traces)
    signed = document_of(row, following, session.of(row))
    return sign_offs.add(row.id, step, SignedReport(digest, _files(signed, load_traces(traces))))


def _files(document: AnalysisDocument, traces: Traces) -> dict[str, bytes]:
    """The report in every format this installation makes."""
    files: dict[str, bytes] = {}
    formats: tuple[ReportFormat, ...] = SIGNED_FORMATS
    for format in formats:
        try:
            files[format] = rendered(format, document, traces)
        except NotAcceptable:
            continue  # made without the extra 'pdf': the answer then lists no PDF
    return files


def _content_digest(row: AnalysisRow, current: SignOff, traces: bytes) -> str:
    """SHA-256 over what is signed, as it is stored.

    These are result, spectra, whom they belong to, version, amendments and the impression where there is one.
    """
    held = current.impression
    envelope = {
        "id": row.id,
        "subject": row.subject,
        "session": row.request.get("session"),
        "version": current.version,
        "amendments": [entry.amendment for entry in current.amendments],
        "result": row.result,
        "traces_sha256": hashlib.sha256(traces).hexdigest(),
        **({} if held is None else {"impression": held.impression}),
    }
    return hashlib.sha256(json.dumps(envelope, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def sign_off_out(sign_off: SignOff) -> SignOffOut:
    """The representation of a sign-off."""
    return SignOffOut(
        version=sign_off.version,
        state=sign_off.state,
        position=sign_off.position,
        allowed=sign_off.allowed,
        impression=None if sign_off.impression is None else sign_off.impression.impression,
        signed_versions=tuple(entry.version for entry in sign_off.signatures),
        steps=tuple(StepOut.model_validate(entry) for entry in sign_off.entries),
    )
