"""``GET /v1/analyses``: analyses newest first, in pages of a list or as one table."""

from __future__ import annotations

import base64
import uuid
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, AwareDatetime, BeforeValidator

from fitting.analysis import NOTICE
from service.access.route_access import Access
from service.api.analysis_result import AnalysisList, analysis_summary
from service.api.dependencies import Repository
from service.api.problems import responses
from service.api.results_table import table_response
from service.errors import InvalidCursor
from service.schemas.analysis_request import Pseudonym, Region
from service.storage.lists import Cursor, Filters
from service.storage.tables import State

CURSOR: dict[str, Any] = {"pattern": "^A[A-Za-f][A-Za-z0-9_-]{30}$"}
"""A cursor begins with the 8 bytes of a time; those before the year 6536 begin so."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_FIRST, _LAST = (end.replace(tzinfo=UTC) for end in (datetime.min, datetime.max))
"""Ends of what can be compared: the calendar of RFC 3339 reaches a day beyond them in other zones."""


def _not_a_number(value: object) -> object:
    if isinstance(value, str) and "T" not in value.upper():
        raise ValueError("must be a date with time and zone (RFC 3339)")
    return value


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return _FIRST if value.year == _FIRST.year else _LAST


Timestamp = Annotated[AwareDatetime, BeforeValidator(_not_a_number), AfterValidator(_in_utc)]

router = APIRouter(prefix="/v1/analyses", tags=["analyses"])


@router.get(
    "",
    dependencies=[Depends(Access("read", note="list"))],
    summary="List analyses",
    response_model=AnalysisList,
    responses={
        200: {
            "description": "A page of the list, or with `format=csv` the rows of RESULTS.csv of all that it selects.",
            "content": {"text/csv": {"schema": {"type": "string"}}},
        },
        **responses(InvalidCursor),
    },
)
def list_analyses(
    *,
    request: Request,
    response: Response,
    repository: Repository,
    subject: Annotated[Pseudonym | None, Query(description="Pseudonym of the person.")] = None,
    region: Annotated[Region | None, Query(description="Region, as the request named it.")] = None,
    state: Annotated[State | None, Query(description="State.")] = None,
    verdict: Annotated[Literal["yes", "limited", "no"] | None, Query(description="Verdict of the result.")] = None,
    group: Annotated[Pseudonym | None, Query(description="Group of a study, as the request named it.")] = None,
    tag: Annotated[Pseudonym | None, Query(description="One of the tags of the request.")] = None,
    created_from: Annotated[Timestamp | None, Query(description="Submitted at this time or later.")] = None,
    created_before: Annotated[Timestamp | None, Query(description="Submitted before this time.")] = None,
    cursor: Annotated[
        str | None,
        Query(description="`next_cursor` of the page before.", json_schema_extra=CURSOR),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Analyses on a page.")] = 50,
    format: Annotated[
        Literal["json", "csv"],
        Query(description="`csv`: results of everything the filters select, one row per metabolite, without pages."),
    ] = "json",
) -> AnalysisList | StreamingResponse:
    """Analyses, newest first; `Link` leads to the next page (RFC 8288).

    As CSV, `cursor` and `limit` are not used: all analyses follow in one answer, also those that failed or are not
    finished, with the reason in `message`. Each of them is noted in the audit log.
    """
    filters = Filters(subject, region, state, verdict, created_from, created_before, group, tag)
    if format == "csv":
        return table_response(repository, filters)
    page = repository.page(filters, None if cursor is None else decoded_cursor(cursor), limit)
    next_cursor = None if page.next_cursor is None else encoded_cursor(page.next_cursor)
    if next_cursor is not None:
        following = request.url.include_query_params(cursor=next_cursor)
        response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    return AnalysisList(items=tuple(analysis_summary(row) for row in page.rows), next_cursor=next_cursor, notice=NOTICE)


def encoded_cursor(cursor: Cursor) -> str:
    """The cursor as a word: 8 bytes of microseconds since 1970, then the 16 bytes of the id."""
    microseconds = (cursor.created - _EPOCH) // _MICROSECOND
    content = microseconds.to_bytes(8, "big", signed=True) + uuid.UUID(cursor.id).bytes
    return base64.urlsafe_b64encode(content).decode()


def decoded_cursor(word: str) -> Cursor:
    """The cursor of a word.

    Raises
    ------
    InvalidCursor
        When it was not given out here.
    """
    try:
        content = base64.b64decode(word.encode(), altchars=b"-_", validate=True)
        created = _EPOCH + int.from_bytes(content[:8], "big", signed=True) * _MICROSECOND
        return Cursor(created, str(uuid.UUID(bytes=content[8:])))
    except (ValueError, OverflowError) as error:
        raise InvalidCursor("The cursor was not given out by this service; take it from the Link header.") from error
