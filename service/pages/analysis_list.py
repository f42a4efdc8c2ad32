"""``/``: the analyses, newest first, with filters, what waits and runs, and two of them to compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, cast
from urllib.parse import urlencode

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from pydantic import TypeAdapter, ValidationError

from fitting.norms import regions
from service.access.route_access import Access
from service.api.analysis_list import decoded_cursor, encoded_cursor
from service.api.dependencies import Repository, SignOffs
from service.api.problems import responses
from service.pages.frame import page, page_router, room
from service.schemas.analysis_request import Pseudonym, Region
from service.storage.lists import Filters
from service.storage.tables import UNFINISHED, AnalysisRow, SignOffState, State

PAGE_LENGTH = 50
STATES: tuple[State, ...] = ("queued", "running", "succeeded", "failed", "cancelled")
VERDICTS = ("yes", "limited", "no")
NAMES = ("subject", "region", "state", "verdict", "from", "to")

router = page_router(in_schema=True)


@dataclass(frozen=True, slots=True)
class ListLine:
    """One analysis of the list."""

    row: AnalysisRow
    unfinished: bool
    sign_off: str
    """State of its report in words; empty without a report."""


@dataclass(frozen=True, slots=True)
class _Asked:
    filters: Filters
    errors: Mapping[str, str]


@router.get(
    "/",
    dependencies=[Depends(Access("read", note="list", is_page=True))],
    summary="The reading room",
    responses=responses(),
)
def start_page(request: Request, repository: Repository, sign_offs: SignOffs) -> HTMLResponse:
    """The list of analyses; ``subject``, ``region``, ``state``, ``verdict``, ``from`` and ``to`` narrow it."""
    given = {name: request.query_params.get(name, "").strip() for name in NAMES}
    asked = _asked(given)
    cursor = request.query_params.get("cursor")
    found = repository.page(asked.filters, None if cursor is None else decoded_cursor(cursor), PAGE_LENGTH)
    states = sign_offs.states(row.id for row in found.rows)
    older = None
    if found.next_cursor is not None:
        kept = {name: value for name, value in given.items() if value}
        older = f"/?{urlencode({**kept, 'cursor': encoded_cursor(found.next_cursor)})}"
    return page(
        "analysis_list.html",
        status_code=400 if asked.errors else 200,
        request=request,
        lines=[_line(row, states.get(row.id)) for row in found.rows],
        given=given,
        errors=asked.errors,
        is_filtered=any(given.values()),
        is_first=cursor is None,
        older=older,
        states=STATES,
        verdicts=VERDICTS,
        regions=regions(),
    )


def _line(row: AnalysisRow, report: tuple[int, SignOffState] | None) -> ListLine:
    if row.state != "succeeded":
        return ListLine(row, row.state in UNFINISHED, "")
    version, state = report or (1, "draft")
    word = room(f"sign_off.{state}")
    return ListLine(row, False, word if version == 1 else room("sign_off.version", state=word, version=version))


def _asked(given: Mapping[str, str]) -> _Asked:
    """What the form asks for; a field that cannot be understood is named and does not narrow."""
    errors: dict[str, str] = {}

    def valid(name: str, kind: Any) -> str | None:
        try:
            return cast("str", TypeAdapter(kind).validate_python(given[name])) if given[name] else None
        except ValidationError:
            errors[name] = room(f"list.wrong_{name}")
            return None

    def day(name: str) -> datetime | None:
        try:
            return datetime.combine(date.fromisoformat(given[name]), time(), UTC) if given[name] else None
        except ValueError:
            errors[name] = room("list.wrong_date")
            return None

    until = day("to")
    if until is not None:  # to the end of that day, which the last day of the calendar has not
        until = None if until.date() == date.max else until + timedelta(days=1)
    filters = Filters(
        subject=valid("subject", Pseudonym),
        region=valid("region", Region),
        state=cast("State | None", valid("state", Literal[STATES])),
        verdict=valid("verdict", Literal[VERDICTS]),
        created_from=day("from"),
        created_before=until,
    )
    return _Asked(filters, errors)
