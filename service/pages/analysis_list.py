"""``/``: the worklist: every analysis with verdict, flags, job and sign-off, to filter, order, compare and export."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from fitting.follow_up.plausibility import SessionFacts, implausibilities
from fitting.norms import regions
from service.access.route_access import Access
from service.api.analysis_list import decoded_cursor, encoded_cursor
from service.api.dependencies import Repository, SignOffs
from service.api.problems import responses
from service.pages.frame import page, page_router, room
from service.pages.list_filters import NAMES, STATES, VERDICTS, asked_filters
from service.pages.list_order import MOST_PAGES, NEWEST, OLDEST, SORTS, WINDOW, ListPosition, in_order
from service.storage.tables import UNFINISHED, AnalysisRow, SignOffState
from service.storage.worklist import SessionRow, Worklist

router = page_router(in_schema=True)


@dataclass(frozen=True, slots=True)
class ListLine:
    """One analysis of the list."""

    row: AnalysisRow
    unfinished: bool
    sign_off: str
    """State of its report in words; empty without a report."""
    flags: str
    """Number of values outside their intervals and of compared ones, in words; empty without a result."""
    outside: Sequence[tuple[str, str]]
    """Metabolite and direction of each value outside."""
    doubts: Sequence[str]
    """Why sessions of this subject cannot be of one person or volume."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's heading, which orders the list."""

    name: str
    address: str
    direction: str
    """``ascending`` or ``descending`` when the list is ordered by it, else empty."""


@router.get(
    "/",
    dependencies=[Depends(Access("read", note="list", is_page=True))],
    summary="The reading room",
    responses=responses(),
)
def start_page(request: Request, repository: Repository, sign_offs: SignOffs) -> HTMLResponse:
    """The list of analyses: the filters' fields narrow it, ``sort`` orders it by a column."""
    given = {name: request.query_params.get(name, "").strip() for name in NAMES}
    asked = asked_filters(given)
    sort = request.query_params.get("sort", NEWEST)
    sort = sort if sort in SORTS else NEWEST
    word = request.query_params.get("cursor")
    place = ListPosition(
        sort, None if word is None else decoded_cursor(word), _page(request.query_params.get("page", ""))
    )
    found = in_order(repository, sign_offs, asked.filters, place)
    states = sign_offs.states(row.id for row in found.rows)
    kept = {name: value for name, value in given.items() if value}
    sorted_by = {} if sort == NEWEST else {"sort": sort}
    following = None
    if found.next_page is not None:
        here = {} if word is None else {"cursor": word}
        following = f"/?{urlencode({**kept, **sorted_by, **here, 'page': found.next_page})}"
    elif found.next_cursor is not None:
        following = f"/?{urlencode({**kept, **sorted_by, 'cursor': encoded_cursor(found.next_cursor)})}"
    doubts = _doubts(repository.worklist(), found.rows)
    return page(
        "analysis_list.html",
        status_code=400 if asked.errors else 200,
        request=request,
        lines=[_line(row, states.get(row.id), doubts.get(row.subject or "", ())) for row in found.rows],
        given=given,
        errors=asked.errors,
        is_filtered=bool(kept),
        is_first=word is None and not place.page,
        following=following,
        is_older=found.next_page is None and sort != OLDEST,
        sort=sort,
        sorts=SORTS,
        headings={heading.name: heading for heading in _headings(sort, kept)},
        window=WINDOW if found.is_cut else 0,
        first="/?" + urlencode({**kept, **sorted_by}),
        export="/export?" + urlencode(kept),
        states=STATES,
        verdicts=VERDICTS,
        regions=regions(),
    )


def _page(word: str) -> int:
    """The page among those that are sorted together; what is no page of them is the first."""
    return int(word) if word.isascii() and word.isdecimal() and len(word) < 4 and int(word) < MOST_PAGES else 0


def _headings(sort: str, kept: Mapping[str, str]) -> Iterable[Heading]:
    """Choosing a column orders by it, choosing it again turns the order round."""

    def heading(name: str, first: str, other: str, *, falls: bool) -> Heading:
        address = "/?" + urlencode({**kept, "sort": other if sort == first else first})
        if sort not in (first, other):
            return Heading(name, address, "")
        return Heading(name, address, "descending" if (sort == first) is falls else "ascending")

    yield heading("created", NEWEST, OLDEST, falls=True)
    for name in SORTS[2::2]:
        yield heading(name, name, f"-{name}", falls=name == "flagged")


def _line(row: AnalysisRow, report: tuple[int, SignOffState] | None, doubts: Sequence[str]) -> ListLine:
    if row.state != "succeeded":
        return ListLine(row, row.state in UNFINISHED, "", "", (), doubts)
    version, state = report or (1, "draft")
    word = room(f"sign_off.{state}")
    sign_off = word if version == 1 else room("sign_off.version", state=word, version=version)
    key = "list.flags" if row.compared else "list.not_compared"
    flags = room(key, flagged=row.flagged, compared=row.compared)
    summary = row.summary or {}
    if uninformative := summary.get("uninformative"):
        flags = room("list.uninformative", flags=flags, names=", ".join(uninformative))
    return ListLine(row, False, sign_off, flags, tuple(summary.get("flags", {}).items()), doubts)


def _doubts(worklist: Worklist, rows: Iterable[AnalysisRow]) -> Mapping[str, Sequence[str]]:
    """By subject, why its sessions, on this page or not, cannot be of one person or volume."""
    subjects = dict.fromkeys(row.subject for row in rows if row.subject is not None)
    people = worklist.sessions(subjects)
    found = {name: implausibilities([_facts(row) for row in reversed(people[name])]) for name in people}
    return {name: [reason.sentence for reason in reasons] for name, reasons in found.items() if reasons}


def _facts(row: SessionRow) -> SessionFacts:
    """Of the request, and of the result where there is one."""
    asked = row.request
    facts = {name: asked.get(name) for name in ("sex", "age_years", "region", "hemisphere")}
    facts |= (row.summary or {}).get("facts", {})
    name = str(asked.get("session") or room("list.session_of", at=f"{row.created:%Y-%m-%d}"))
    return SessionFacts(name, day=asked.get("session_day"), **facts)
