"""How the list of analyses is ordered by a column: the newest that match are sorted, so that no list reads them all."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.storage.lists import Cursor, Filters, Order
from service.storage.repositories import AnalysisRepository
from service.storage.sign_offs import SignOffRepository
from service.storage.tables import AnalysisRow
from service.storage.worklist import ListKeys

WINDOW = 500
"""Analyses that are sorted together: the newest of those that match, then the next ones."""
PAGE_LENGTH = 50
MOST_PAGES = WINDOW // PAGE_LENGTH
NEWEST, OLDEST = "newest", "oldest"

Key = Callable[[ListKeys], Any]


def _natural(word: str) -> list[tuple[int, str]]:
    """Numbers within a word count as numbers: ``sub-2`` stands before ``sub-10``."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"([0-9]{1,18})", word.casefold())]


_VERDICTS = {"no": 0, "limited": 1, "yes": 2}
_JOBS = {"failed": 0, "running": 1, "queued": 2, "cancelled": 3, "succeeded": 4}
_SIGN_OFFS = {"draft": 0, "reviewed": 1, "signed": 2}

COLUMNS: Mapping[str, Key] = {
    "subject": lambda row: row.subject and _natural(row.subject),
    "region": lambda row: row.region and _natural(row.region),
    "verdict": lambda row: row.verdict and _VERDICTS[row.verdict],
    "flagged": lambda row: None if row.compared is None else -row.flagged,
    "state": lambda row: _JOBS[row.state],
}
"""Columns and what they are ordered by, what needs attention first; an analysis without a value comes last. The column
``sign_off`` has its values in the journal of sign-offs."""
SIGN_OFF = "sign_off"
SORTS = (NEWEST, OLDEST, *(sign + name for name in (*COLUMNS, SIGN_OFF) for sign in ("", "-")))
"""Values of ``sort``; a hyphen turns the order of a column round."""


@dataclass(frozen=True, slots=True)
class ListPosition:
    """Where in the list a page is."""

    sort: str
    """One of ``SORTS``."""
    cursor: Cursor | None
    """Only analyses after it are sorted."""
    page: int
    """Page among those that are sorted together, from 0."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One page of the list."""

    rows: Sequence[AnalysisRow]
    next_page: int | None
    """The page after it among those that are sorted together."""
    next_cursor: Cursor | None
    """Where the next ones begin; None on all but the last page of those that are sorted together."""
    is_cut: bool
    """More analyses match than are sorted together."""


def in_order(
    repository: AnalysisRepository, sign_offs: SignOffRepository, filters: Filters, place: ListPosition
) -> Shown:
    """The ``PAGE_LENGTH`` analyses at a place of the list."""
    if place.sort in (NEWEST, OLDEST):
        order: Order = "oldest" if place.sort == OLDEST else "newest"
        found = repository.page(filters, place.cursor, PAGE_LENGTH, order=order)
        return Shown(found.rows, None, found.next_cursor, False)
    worklist = repository.worklist()
    newest = worklist.newest(filters, place.cursor, WINDOW + 1)
    rows, is_cut = newest[:WINDOW], len(newest) > WINDOW
    key = _key(place.sort.removeprefix("-"), rows, sign_offs)
    ids = [row.id for row in _sorted(rows, key, is_turned=place.sort[0] == "-")]
    end = (place.page + 1) * PAGE_LENGTH
    is_last = end >= len(ids)
    return Shown(
        worklist.rows(ids[end - PAGE_LENGTH : end]),
        None if is_last else place.page + 1,
        Cursor(rows[-1].created, rows[-1].id) if is_cut and is_last else None,
        is_cut,
    )


def _key(column: str, rows: Sequence[ListKeys], sign_offs: SignOffRepository) -> Key:
    if column != SIGN_OFF:
        return COLUMNS[column]
    states = sign_offs.states(row.id for row in rows)
    return lambda row: _SIGN_OFFS[states.get(row.id, (1, "draft"))[1]] if row.state == "succeeded" else None


def _sorted(rows: Sequence[ListKeys], key: Key, *, is_turned: bool) -> list[ListKeys]:
    """Equal ones stay in the order of ``rows``."""
    keyed = [(row, key(row)) for row in rows]
    with_value = sorted((item for item in keyed if item[1] is not None), key=lambda item: item[1], reverse=is_turned)
    return [row for row, _ in with_value] + [row for row, value in keyed if value is None]
