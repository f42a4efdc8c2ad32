"""``/v1/analyses/{id}/report`` and ``/traces``: the result for people and programs, and the spectra behind it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Query, Response

from fitting.sites import SessionContrasts
from service.access.route_access import Access
from service.api.analysis_result import TracesOut, traces_out
from service.api.dependencies import Repository, SignOffs
from service.api.problems import responses
from service.api.session import Session
from service.documents import Traces, load_analysis, load_traces
from service.errors import (
    DamagedSignedReport,
    DamagedStorage,
    NoResult,
    NotAcceptable,
    NotFinished,
    UnknownAnalysis,
    UnknownReportVersion,
)
from service.reports import AnalysisDocument, FormatUnavailable, Paper, render
from service.reports.analysis_document import SignOffStep
from service.reports.html import policy_of
from service.storage.repositories import AnalysisRepository
from service.storage.sign_offs import SignOff
from service.storage.tables import UNFINISHED, AnalysisRow, SignOffRow
from service.web.negotiation import preferred

RETRY_SECONDS = "2"
ReportFormat = Literal["html", "json", "csv", "pdf"]

_MEDIA_TYPES: dict[ReportFormat, str] = {
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "pdf": "application/pdf",
}
router = APIRouter(prefix="/v1/analyses", tags=["analyses"])


@router.get(
    "/{analysis_id}/report",
    dependencies=[Depends(Access("read", note="one", is_page=True))],
    summary="Report for people and programs",
    response_class=Response,
    responses={
        200: {
            "description": "The report.",
            "content": {
                "text/html": {"schema": {"type": "string"}},
                "application/json": {"schema": {"type": "object"}},
                "text/csv": {"schema": {"type": "string"}},
                "application/pdf": {
                    "schema": {"type": "string", "format": "binary", "contentMediaType": "application/pdf"}
                },
            },
        },
        **responses(
            *(UnknownAnalysis, UnknownReportVersion, NotFinished, NoResult, NotAcceptable),
            *(DamagedStorage, DamagedSignedReport),
        ),
    },
)
def get_report(
    *,
    analysis_id: uuid.UUID,
    repository: Repository,
    sign_offs: SignOffs,
    session: Session,
    format: Annotated[ReportFormat | None, Query(description="Wins over `Accept`.")] = None,
    version: Annotated[
        int | None,
        Query(ge=1, le=10_000, description="A signed version, as it was signed; without it the present one."),
    ] = None,
    paper: Annotated[Paper, Query(description="Size of the pages of a PDF.")] = "a4",
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """The result as a page, a table or a file; a signed version is answered as it was when it was signed."""
    wanted = format or _accepted(accept)
    row = succeeded(repository, analysis_id)
    current = sign_offs.get(row.id)
    shown = current.version if version is None else version
    # a signed version is kept as A4; on other paper it says the same, made anew
    is_kept = bool(current.signatures) and (wanted != "pdf" or paper == "a4")
    kept = sign_offs.signed_report(row.id, shown, wanted) if is_kept else None
    if kept is None and version is not None and version != (current.version if current.state == "signed" else None):
        raise UnknownReportVersion(f"There is no signed version {version} of this report as {wanted}.")
    if kept is None:
        kept = rendered(wanted, document_of(row, current, session.of(row)), traces_of(repository, row.id), paper)
    headers = {
        "Content-Disposition": f'inline; filename="mrsquant-{row.id}-v{shown}.{wanted}"',
        "Vary": "Accept",
    }
    if wanted == "html":
        headers["Content-Security-Policy"] = f"{policy_of(kept.decode())}; frame-ancestors 'none'"
    return Response(kept, headers={**headers, "Content-Type": _MEDIA_TYPES[wanted]})


@router.get(
    "/{analysis_id}/traces",
    dependencies=[Depends(Access("read", note="one"))],
    summary="Spectra behind the result",
    responses=responses(UnknownAnalysis, NotFinished, NoResult, DamagedStorage),
)
def get_traces(analysis_id: uuid.UUID, repository: Repository) -> TracesOut:
    """The measured and fitted spectrum, baseline, residual and each basis signal on one ppm axis."""
    row = succeeded(repository, analysis_id)
    return traces_out(traces_of(repository, row.id))


def succeeded(repository: AnalysisRepository, analysis_id: uuid.UUID) -> AnalysisRow:
    """The row of an analysis with a result.

    Raises
    ------
    UnknownAnalysis, NotFinished, NoResult
        When there is none, or not yet.
    """
    row = repository.get(str(analysis_id), with_result=True)
    if row.state in UNFINISHED:
        raise NotFinished(
            f"The analysis is {row.state}; ask again in {RETRY_SECONDS} seconds.",
            headers={"Retry-After": RETRY_SECONDS},
            state=row.state,
        )
    if row.state != "succeeded":
        raise NoResult(f"The analysis is {row.state}; GET /v1/analyses/{row.id} says why.", state=row.state)
    return row


def traces_of(repository: AnalysisRepository, analysis_id: str) -> Traces:
    """The spectra of an analysis with a result.

    Raises
    ------
    UnknownAnalysis
        When it was removed meanwhile.
    DamagedStorage
        When they are missing or were changed.
    """
    return load_traces(stored_traces(repository, analysis_id))


def stored_traces(repository: AnalysisRepository, analysis_id: str) -> bytes:
    """The same as they are kept, for digests.

    Raises
    ------
    UnknownAnalysis
        When it was removed meanwhile.
    DamagedStorage
        When they are missing or were changed.
    """
    stored = repository.content(analysis_id, "traces")
    if not stored:
        raise UnknownAnalysis("The analysis was deleted meanwhile.")
    return stored[0].content


def document_of(row: AnalysisRow, sign_off: SignOff, session: SessionContrasts | None = None) -> AnalysisDocument:
    """Input of reports; ``session`` are the contrasts of its session."""
    return AnalysisDocument(
        analysis=load_analysis(row.result or {}),
        id=row.id,
        created=rfc3339(row.created),
        finished=None if row.finished is None else rfc3339(row.finished),
        seconds=row.seconds,
        subject=row.subject,
        session=row.request.get("session"),
        group=row.request.get("group"),
        status=sign_off.state,
        version=sign_off.version,
        sign_off=tuple(_step(entry) for entry in sign_off.entries),
        session_contrasts=session,
    )


def rendered(format: ReportFormat, document: AnalysisDocument, traces: Traces, paper: Paper = "a4") -> bytes:
    """The report in a format.

    Raises
    ------
    NotAcceptable
        When this installation cannot make it.
    """
    try:
        return render(format, document, traces, paper).content
    except FormatUnavailable as error:
        raise NotAcceptable(error.detail) from error


def rfc3339(time: datetime) -> str:
    """A time in UTC as RFC 3339, to the second."""
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")


def _step(entry: SignOffRow) -> SignOffStep:
    return SignOffStep(
        action=entry.action,
        version=entry.version,
        reviewer=entry.reviewer,
        at=rfc3339(entry.at),
        comment=entry.comment,
        impression=entry.impression,
        amendment=entry.amendment,
        content_sha256=entry.content_sha256,
    )


def _accepted(accept: str | None) -> ReportFormat:
    offered = {media_type.partition(";")[0]: name for name, media_type in _MEDIA_TYPES.items()}
    media_type = preferred(accept, offered)
    if media_type is None:
        raise NotAcceptable(f"Reports are offered as {', '.join(offered)}.")
    return offered[media_type]
