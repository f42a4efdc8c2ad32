"""``/v1/cohorts``: groups of people compared under a plan, queued like analyses."""

from __future__ import annotations

import uuid
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Query, Request, Response

from fitting.cohort import plan_of, preset_plan
from fitting.cohort.analyses.registry import ANALYSES
from fitting.errors import UnusableCohort, UnusableTable
from service.access.route_access import Access
from service.api.analysis_list import CURSOR, decoded_cursor, encoded_cursor
from service.api.cohort_answer_schemas import (
    CohortRun,
    CohortRunList,
    CohortRunSummary,
    Overview,
    cohort_run,
    summary_of,
)
from service.api.cohort_intake import Upload, overview_of, source_of
from service.api.dependencies import Caller, Cohorts, Repository, RequestId, ServicesDep
from service.api.problems import responses
from service.api.reports import RETRY_SECONDS
from service.errors import (
    InvalidCursor,
    MalformedRequest,
    NotFinished,
    QueueFull,
    TooLarge,
    UnknownAnalysis,
    UnknownCohort,
    UnsupportedMediaType,
)
from service.schemas.cohort_source import CohortSource
from service.storage.cohorts import CohortCursor
from service.storage.lists import Cursor
from service.storage.tables import UNFINISHED, CohortRow

router = APIRouter(prefix="/v1/cohorts", tags=["cohorts"])

_FILE = {"type": "string", "contentMediaType": "text/csv"}
_BODIES = {
    "required": True,
    "content": {
        "application/json": {"schema": {"$ref": "#/components/schemas/CohortRequest"}},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["name"],
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string", "description": "Name in lists; no identity belongs in it."},
                    "measurements": {**_FILE, "description": "One row for each value."},
                    "participants": {**_FILE, "description": "One row for each person, as in BIDS."},
                    "plan": {"type": "string", "description": "The plan as TOML."},
                    "preset": {"type": "string", "description": "Name of a shipped plan in its place."},
                    "wide_unit": {"type": "string", "description": "Unit of a wide table of measurements."},
                    "table": {
                        "type": "array",
                        "items": _FILE,
                        "description": "Further tables that the plan names, each under its file name.",
                    },
                },
            }
        },
    },
}
_PROBLEMS = (
    *(MalformedRequest, TooLarge, UnsupportedMediaType, UnknownAnalysis, NotFinished),
    *(UnusableCohort, UnusableTable),
)


@router.post(
    "",
    dependencies=[Depends(Access("submit", note="change"))],
    status_code=202,
    summary="Submit a cohort",
    response_description="Accepted; `Location` is where to follow it and `Retry-After` when to look.",
    responses={
        200: {"model": CohortRun, "description": "The cohort of equal tables under an equal plan."},
        **responses(*_PROBLEMS, QueueFull),
    },
    openapi_extra={"requestBody": _BODIES},
)
async def submit_cohort(
    *,
    upload: Upload,
    response: Response,
    services: ServicesDep,
    cohorts: Cohorts,
    repository: Repository,
    caller: Caller,
    request_id: RequestId,
) -> CohortRun:
    """Queue the analysis of a cohort of stored analyses or of tables; the same content gets the cohort there is.

    Tables and plans that cannot be used are refused at once with row and column. An analysis that good tables cannot
    carry is refused inside the answer.
    """
    source = await run_sync(source_of, upload, repository)
    found = await run_sync(overview_of, source)
    people = found["groups"][-1]["enrolled"] if found["groups"] else found["people"]
    row, is_new = await run_sync(cohorts.submit, source, people, request_id, caller.project)
    if is_new:
        services.cohort_runner.wake()
    else:
        response.status_code = 200
    response.headers["Location"] = f"/v1/cohorts/{row.id}"
    if row.state in UNFINISHED:
        response.headers["Retry-After"] = RETRY_SECONDS
    return cohort_run(row, steps_of(row), row.result)


@router.post(
    "/validate",
    dependencies=[Depends(Access("submit", note="change"))],
    summary="Say what can be asked of a cohort",
    responses=responses(*_PROBLEMS),
    openapi_extra={"requestBody": _BODIES},
)
async def validate_cohort(upload: Upload, repository: Repository) -> Overview:
    """What was read, what the plan asks, and what each preset lacks. Stores nothing."""
    source = await run_sync(source_of, upload, repository)
    return Overview.model_validate(await run_sync(overview_of, source))


@router.get(
    "",
    dependencies=[Depends(Access("read", note="list"))],
    summary="List cohorts",
    responses=responses(InvalidCursor),
)
def list_cohorts(
    *,
    request: Request,
    response: Response,
    cohorts: Cohorts,
    caller: Caller,
    cursor: Annotated[
        str | None, Query(description="`next_cursor` of the page before.", json_schema_extra=CURSOR)
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Cohorts on a page.")] = 50,
) -> CohortRunList:
    """Cohorts, newest first; `Link` leads to the next page (RFC 8288)."""
    page = cohorts.page(None if cursor is None else CohortCursor(*decoded_cursor(cursor)[:2]), limit, caller.project)
    following = None if page.next_cursor is None else encoded_cursor(Cursor(*page.next_cursor))
    if following is not None:
        address = request.url.include_query_params(cursor=following)
        response.headers["Link"] = f'<{address.path}?{address.query}>; rel="next"'
    items = tuple(CohortRunSummary.model_validate(summary_of(row)) for row in page.rows)
    return CohortRunList(items=items, next_cursor=following)


@router.get(
    "/{cohort_id}",
    dependencies=[Depends(Access("read", note="list"))],
    summary="Read a cohort",
    responses=responses(UnknownCohort),
)
def get_cohort(cohort_id: uuid.UUID, response: Response, cohorts: Cohorts, caller: Caller) -> CohortRun:
    """State, progress and, when it succeeded, the answer."""
    row = cohorts.get(str(cohort_id), caller.project, whole=True)
    if row.state in UNFINISHED:
        response.headers["Retry-After"] = RETRY_SECONDS
    return cohort_run(row, steps_of(row), row.result)


@router.delete(
    "/{cohort_id}",
    dependencies=[Depends(Access("admin", note="change"))],
    summary="Cancel or remove a cohort",
    response_description="It was unfinished and is cancelled now.",
    responses={
        204: {"description": "It was finished and is removed with its tables."},
        **responses(UnknownCohort),
    },
    response_model=CohortRun,
)
def delete_cohort(cohort_id: uuid.UUID, cohorts: Cohorts, caller: Caller) -> CohortRun | Response:
    """Cancel an unfinished cohort; remove a finished or cancelled one with its tables."""
    if cohorts.delete(str(cohort_id), caller.project) is None:
        return Response(status_code=204)
    row = cohorts.get(str(cohort_id), caller.project, whole=True)
    return cohort_run(row, steps_of(row), row.result)


def steps_of(row: CohortRow) -> tuple[str, ...]:
    """Sections that are computed, in their order."""
    source = CohortSource.of(row.source)
    plan = plan_of(source.plan) if source.plan is not None else None
    if plan is None and source.preset is not None:
        plan = preset_plan(source.preset)
    asked = {"levels"} if plan is None else set(plan.sections)
    return tuple(analysis.section.key for analysis in ANALYSES if analysis.section.key in asked)
