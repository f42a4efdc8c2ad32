"""``/``: the worklist: every analysis with verdict, flags, job and sign-off, to filter, order, compare and export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args
from urllib.parse import urlencode

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from fitting.follow_up.plausibility import SessionFacts, implausibilities
from fitting.norms import regions
from service.access.route_access import Access
from service.api.analysis_list import decoded_cursor, encoded_cursor
from service.api.dependencies import Repository, SignOffs
from service.api.problems import responses
from service.errors import InvalidCursor
from service.pages.frame import page, page_router, room
from service.pages.list_filters import NAMES, STATES, VERDICTS, asked_filters
from service.storage.lists import Cursor, Order
from service.storage.tables import UNFINISHED, AnalysisRow, SignOffState

PAGE_LENGTH = 50
ORDERS: tuple[Order, ...] = get_args(Order)

router = page_router(in_schema=True)


@dataclass(frozen=True, slots=True)
class ListLine:
    """One analysis of the list."""

    row: AnalysisRow
    unfinished: bool
    sign_off: str
    """State of its report in words; empty without a report."""
    flags: str
    """Values outside their intervals and compared ones, in words; empty without a result."""
    doubts: Sequence[str]
    """Why the sessions of this subject on the page cannot be of one person."""


@router.get(
    "/",
    dependencies=[Depends(Access("read", note="list", is_page=True))],
    summary="The reading room",
    responses=responses(),
)
def start_page(request: Request, repository: Repository, sign_offs: SignOffs) -> HTMLResponse:
    """The list of analyses: the filters' fields narrow it, ``sort`` is ``newest``, ``oldest`` or ``flagged``."""
    given = {name: request.query_params.get(name, "").strip() for name in NAMES}
    asked = asked_filters(given)
    sort = request.query_params.get("sort", ORDERS[0])
    order = sort if sort in ORDERS else ORDERS[0]
    word = request.query_params.get("cursor")
    found = repository.page(asked.filters, None if word is None else _cursor(word), PAGE_LENGTH, order=order)
    states = sign_offs.states(row.id for row in found.rows)
    kept = {name: value for name, value in given.items() if value}
    sorted_by = {"sort": order} if order != ORDERS[0] else {}
    following = None
    if found.next_cursor is not None:
        following = f"/?{urlencode({**kept, **sorted_by, 'cursor': _word(found.next_cursor)})}"
    doubts = _doubts(found.rows)
    return page(
        "analysis_list.html",
        status_code=400 if asked.errors else 200,
        request=request,
        lines=[_line(row, states.get(row.id), doubts.get(row.subject or "", ())) for row in found.rows],
        given=given,
        errors=asked.errors,
        is_filtered=bool(kept),
        is_first=word is None,
        following=following,
        order=order,
        orders={name: "/?" + urlencode({**kept, "sort": name}) for name in ORDERS},
        first="/?" + urlencode({**kept, **sorted_by}),
        export="/export?" + urlencode(kept),
        states=STATES,
        verdicts=VERDICTS,
        regions=regions(),
    )


def _word(cursor: Cursor) -> str:
    """The cursor of any order: that of the interface for programs, behind the number of flags."""
    return f"{cursor.flagged}.{encoded_cursor(cursor)}"


def _cursor(word: str) -> Cursor:
    flagged, _, rest = word.rpartition(".")
    if flagged and not (flagged.isdecimal() and len(flagged) < 6):
        raise InvalidCursor("The cursor was not given out by this service; begin again with the first page.")
    return decoded_cursor(rest)._replace(flagged=int(flagged or 0))


def _line(row: AnalysisRow, report: tuple[int, SignOffState] | None, doubts: Sequence[str]) -> ListLine:
    if row.state != "succeeded":
        return ListLine(row, row.state in UNFINISHED, "", "", doubts)
    version, state = report or (1, "draft")
    word = room(f"sign_off.{state}")
    sign_off = word if version == 1 else room("sign_off.version", state=word, version=version)
    key = "list.flags" if row.compared else "list.not_compared"
    return ListLine(row, False, sign_off, room(key, flagged=row.flagged, compared=row.compared), doubts)


def _doubts(rows: Sequence[AnalysisRow]) -> Mapping[str, Sequence[str]]:
    """By subject, contradictions between the requests of the page; the subject's own page has those of results too."""
    people: dict[str, list[SessionFacts]] = {}
    for row in rows:
        if row.subject is not None:
            asked = row.request
            name = str(asked.get("session") or room("list.session_of", at=f"{row.created:%Y-%m-%d}"))
            facts = SessionFacts(name, asked.get("sex"), asked.get("age_years"), asked.get("session_day"))
            people.setdefault(row.subject, []).append(facts)
    found = {name: implausibilities(sessions) for name, sessions in people.items() if len(sessions) > 1}
    return {name: [reason.sentence for reason in reasons] for name, reasons in found.items() if reasons}
