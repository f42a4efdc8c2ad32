"""Lists of analyses, newest first: filters and pagination."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, false, func, select, tuple_
from sqlalchemy.orm import load_only, undefer

from service.storage.tables import AnalysisRow, State

_SHOWN = load_only(
    *(AnalysisRow.id, AnalysisRow.state, AnalysisRow.created, AnalysisRow.finished, AnalysisRow.request),
    *(AnalysisRow.subject, AnalysisRow.region, AnalysisRow.verdict, AnalysisRow.problem),
    raiseload=True,
)


@dataclass(frozen=True, slots=True)
class Filters:
    """Filters of a list; None does not filter."""

    subject: str | None = None
    region: str | None = None
    state: State | None = None
    verdict: str | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None


class Cursor(NamedTuple):
    """The last analysis of a page; the next page begins after it."""

    created: datetime
    id: str


class Page(NamedTuple):
    """One page of a list."""

    rows: Sequence[AnalysisRow]
    next_cursor: Cursor | None


def listed(filters: Filters, cursor: Cursor | None, limit: int, *, with_result: bool) -> Select[Any]:
    """The first rows after ``cursor``, with their results or only with what a list shows.

    Within one project each combination of filters has an index of ``tables.LISTS`` that gives them in this order.
    """
    query = select(AnalysisRow).where(*_equal(filters), *_between(filters, cursor))
    query = query.order_by(AnalysisRow.created.desc(), AnalysisRow.id.desc()).limit(limit)
    return query.options(undefer(AnalysisRow.result) if with_result else _SHOWN)


def _equal(filters: Filters) -> list[ColumnElement[bool]]:
    """Only a succeeded analysis has a verdict, so a verdict needs no state beside it.

    Beside a subject the others are compared as expressions, which no index holds: a planner without statistics
    would take an index of many rows instead of that of one person.
    """
    state = filters.state
    if filters.verdict is not None:
        if state not in (None, "succeeded"):
            return [false()]
        state = None
    of_many = {"region": filters.region, "state": state, "verdict": filters.verdict}
    asked = [(getattr(AnalysisRow, name), value) for name, value in of_many.items() if value is not None]
    if filters.subject is None:
        return [column == value for column, value in asked]
    return [AnalysisRow.subject == filters.subject, *(func.coalesce(column, "") == value for column, value in asked)]


def _between(filters: Filters, cursor: Cursor | None) -> list[ColumnElement[bool]]:
    """A scan of an index has one upper bound, so only the stricter of ``created_before`` and ``cursor`` is stated."""
    before = filters.created_before
    conditions: list[ColumnElement[bool]] = []
    if filters.created_from is not None:
        conditions.append(AnalysisRow.created >= filters.created_from)
    if cursor is not None and (before is None or cursor.created < before):
        conditions.append(tuple_(AnalysisRow.created, AnalysisRow.id) < cursor)
    elif before is not None:
        conditions.append(AnalysisRow.created < before)
    return conditions
