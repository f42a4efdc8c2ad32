"""``/v1/cohorts/{id}/report``, ``/norm`` and ``/site``: the answer for people, and what its controls become."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import ValidationError

from fitting.cohort.control_norm import norm_body
from fitting.cohort.individual import individual
from fitting.errors import ImplausibleParameter, UnusableCohort, UnusableControls, UnusableSite, UnusableTable
from service.access.route_access import Access
from service.api.calibration_schemas import CalibrationOut
from service.api.cohort_schemas import CohortNormRequest, CohortSiteRequest
from service.api.dependencies import Caller, Cohorts, SiteNorms
from service.api.norm_schemas import SiteNormOut, site_norm_out
from service.api.problems import responses
from service.api.reports import RETRY_SECONDS
from service.api.site_schemas import SiteOut, SiteRequest, site_out
from service.api.sites import Start, accepted
from service.errors import NoResult, NotAcceptable, NotFinished, QueueFull, UnknownAnalysis, UnknownCohort
from service.problem_documents import refused_body
from service.reports.analysis_document import FormatUnavailable
from service.reports.cohort import archive, html, pdf, statements
from service.reports.html import policy_of
from service.schemas.cohort_source import UPLOADED, CohortSource
from service.schemas.site_norms import NormRequest
from service.storage.cohorts import CohortRepository
from service.storage.tables import UNFINISHED, CalibrationRow, CohortRow
from service.web.negotiation import preferred

CohortReportFormat = Literal["html", "pdf", "json", "csv", "zip"]
_MEDIA_TYPES: dict[CohortReportFormat, str] = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "zip": "application/zip",
}
router = APIRouter(prefix="/v1/cohorts", tags=["cohorts"])


@router.get(
    "/{cohort_id}/report",
    dependencies=[Depends(Access("read", note="list", is_page=True))],
    summary="Report of a cohort",
    response_class=Response,
    responses={
        200: {
            "description": "The report. Values of single people, under pseudonyms, are in the `zip` only.",
            "content": {
                "text/html": {"schema": {"type": "string"}},
                "application/json": {"schema": {"type": "object"}},
                "text/csv": {"schema": {"type": "string"}},
                "application/pdf": {"schema": {"type": "string", "contentMediaType": "application/pdf"}},
                "application/zip": {"schema": {"type": "string", "contentMediaType": "application/zip"}},
            },
        },
        **responses(UnknownCohort, NotFinished, NoResult, NotAcceptable),
    },
)
def get_cohort_report(
    *,
    cohort_id: uuid.UUID,
    cohorts: Cohorts,
    caller: Caller,
    format: Annotated[CohortReportFormat | None, Query(description="Wins over `Accept`.")] = None,
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """The answer as a page, a file, one row for each statement, or everything in one archive."""
    wanted = format or _accepted(accept)
    row = answered_cohort(cohorts, str(cohort_id), caller.project)
    content = rendered(wanted, row)
    headers = {
        "Content-Disposition": f'inline; filename="mrsquant-cohort-{row.id}.{wanted}"',
        "Content-Type": _MEDIA_TYPES[wanted],
        "Vary": "Accept",
    }
    if wanted == "html":
        headers["Content-Security-Policy"] = f"{policy_of(content.decode())}; frame-ancestors 'none'"
    return Response(content, headers=headers)


@router.post(
    "/{cohort_id}/norm",
    dependencies=[Depends(Access("admin", note="change"))],
    status_code=201,
    summary="Make a norm of a cohort's healthy people",
    response_description="A new version; `Location` is where to read it.",
    responses={
        200: {"model": SiteNormOut, "description": "The newest version holds the same controls already."},
        **responses(
            *(UnknownCohort, NotFinished, NoResult),
            *(UnusableCohort, UnusableTable, UnusableControls, ImplausibleParameter),
        ),
    },
)
def make_norm(
    *,
    cohort_id: uuid.UUID,
    request: CohortNormRequest,
    response: Response,
    cohorts: Cohorts,
    site_norms: SiteNorms,
    caller: Caller,
) -> SiteNormOut:
    """The people of the reference group as a norm of one region; nothing is computed anew."""
    row = answered_cohort(cohorts, str(cohort_id), caller.project)
    made, is_new = site_norms.add(request.name, norm_request(row, request).norm_of_controls(), caller.project)
    answer = site_norm_out(made)
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = f"/v1/norms/{answer.id}"
    return answer


@router.post(
    "/{cohort_id}/site",
    name="make_cohort_site",
    dependencies=[Depends(Access("admin", note="change"))],
    status_code=201,
    summary="Calibrate a scanner with a cohort's healthy people",
    response_description="A new calibration; `Location` is where to read it.",
    response_model=SiteOut,
    responses={
        200: {"model": SiteOut, "description": "The newest calibration of this name is the same."},
        202: {"model": CalibrationOut, "description": "The workers learn macromolecules; `Location` is where to look."},
        **responses(
            *(UnknownCohort, NotFinished, NoResult, UnknownAnalysis, QueueFull),
            *(UnusableControls, UnusableSite, UnusableCohort),
        ),
    },
)
def make_site(
    *, cohort_id: uuid.UUID, request: CohortSiteRequest, response: Response, cohorts: Cohorts, start: Start
) -> SiteOut | Response:
    """The analyses of the reference group calibrate their scanner; a cohort of tables has none.

    Where their spectra are stored, the workers learn the scanner's macromolecules from them too: the answer is then
    202, and `Location` is where to follow it.
    """
    row = answered_cohort(cohorts, str(cohort_id), start.project)
    found = start.begin(
        SiteRequest(name=request.name, analyses=[UUID(item) for item in controls_of(row, request.group)])
    )
    if isinstance(found, CalibrationRow):
        return accepted(found)
    answer = site_out(found[0])
    response.status_code = 201 if found[1] else 200
    response.headers["Location"] = f"/v1/sites/{answer.id}"
    return answer


def answered_cohort(cohorts: CohortRepository, cohort_id: str, project: str) -> CohortRow:
    """The row of a cohort with an answer.

    Raises
    ------
    UnknownCohort, NotFinished, NoResult
        When there is none, or not yet.
    """
    row = cohorts.get(cohort_id, project, whole=True)
    if row.state in UNFINISHED:
        raise NotFinished(
            f"The cohort is {row.state}; ask again in {RETRY_SECONDS} seconds.",
            headers={"Retry-After": RETRY_SECONDS},
            state=row.state,
        )
    if row.state != "succeeded":
        raise NoResult(f"The cohort is {row.state}; GET /v1/cohorts/{row.id} says why.", state=row.state)
    return row


def rendered(format: CohortReportFormat, row: CohortRow) -> bytes:
    """The report in a format.

    Raises
    ------
    NotAcceptable
        When this installation cannot make it.
    """
    answer: dict[str, Any] = row.result or {}
    match format:
        case "html":
            return html.render(answer, drawn_of(row))
        case "json":
            return (json.dumps(answer, ensure_ascii=False, indent=1) + "\n").encode()
        case "csv":
            return statements.write(answer).encode()
        case "zip":
            source = CohortSource.of(row.source)
            tables = archive.StudyTables(
                source.participants, source.measured, None, source.named_tables, source.wide_unit
            )
            return archive.bundle(answer, tables, drawn_of(row), computed=row.finished)
        case "pdf":
            return _pdf(answer, drawn_of(row), row.finished)


def drawn_of(row: CohortRow) -> dict[str, Any]:
    """What figures of people show."""
    return individual(CohortSource.of(row.source).inputs())


def _pdf(answer: dict[str, Any], drawn: dict[str, Any], computed: datetime | None) -> bytes:
    try:
        return pdf.render(answer, drawn, computed)
    except FormatUnavailable as error:
        raise NotAcceptable(error.detail) from error


def norm_request(row: CohortRow, asked: CohortNormRequest) -> NormRequest:
    """Body of ``POST /v1/norms`` from the healthy people of a cohort.

    Raises
    ------
    UnusableCohort, UnusableTable, InvalidRequest
        When its spectra make no norm.
    """
    inputs = CohortSource.of(row.source).inputs()
    group = asked.group or _reference(row)
    body = norm_body(inputs.table, group, asked.name, region=asked.region, hemisphere=asked.hemisphere, unit=asked.unit)
    try:
        return NormRequest.model_validate(body)
    except ValidationError as error:
        raise refused_body(error, "norm") from error


def controls_of(row: CohortRow, group: str | None) -> list[str]:
    """Analyses of the healthy people.

    Raises
    ------
    UnusableControls
        When the cohort was made of tables, or no person is in the group.
    """
    source = CohortSource.of(row.source)
    if not source.people or UPLOADED in source.people:
        raise UnusableControls("The cohort was made of tables; a scanner is calibrated with stored analyses.")
    wanted = group or _reference(row)
    members = {person.id for person in source.inputs().table.people if person.group == wanted}
    chosen = [analysis for analysis, person in source.people.items() if person in members]
    if not chosen:
        raise UnusableControls(f"No person is in the group '{wanted}'.", parameter="group")
    return chosen


def _reference(row: CohortRow) -> str:
    return str((row.result or {}).get("cohort", {}).get("reference") or "control")


def _accepted(accept: str | None) -> CohortReportFormat:
    offered = {media_type.partition(";")[0]: name for name, media_type in _MEDIA_TYPES.items()}
    media_type = preferred(accept, offered)
    if media_type is None:
        raise NotAcceptable(f"Reports are offered as {', '.join(offered)}.")
    return offered[media_type]
