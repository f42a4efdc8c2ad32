"""Lists of analyses: filters, order and pagination."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Select, false, func, select, tuple_
from sqlalchemy.orm import load_only, undefer

from service.storage.tables import AnalysisRow, AnalysisTagRow, State

_SHOWN = load_only(
    *(AnalysisRow.id, AnalysisRow.state, AnalysisRow.created, AnalysisRow.finished, AnalysisRow.request),
    *(AnalysisRow.subject, AnalysisRow.region, AnalysisRow.verdict, AnalysisRow.problem),
    *(AnalysisRow.study_group, AnalysisRow.compared, AnalysisRow.flagged, AnalysisRow.summary),
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
    group: str | None = None
    tag: str | None = None
    ids: tuple[str, ...] = ()
    """Only these; empty does not filter."""


Order = Literal["newest", "oldest"]


class Cursor(NamedTuple):
    """The last analysis of a page; the next page begins after it."""

    created: datetime
    id: str


class Page(NamedTuple):
    """One page of a list."""

    rows: Sequence[AnalysisRow]
    next_cursor: Cursor | None


def of_project(project: str | None, *, chosen: bool = False) -> list[ColumnElement[bool]]:
    """Analyses of one project, or of all; among ``chosen`` ids no index of all its analyses may be taken."""
    if project is None:
        return []
    return [(func.coalesce(AnalysisRow.project, "") if chosen else AnalysisRow.project) == project]


def listed(
    filters: Filters, cursor: Cursor | None, limit: int, *, with_result: bool, order: Order = "newest"
) -> Select[Any]:
    """The first rows after ``cursor``, with their results or only with what a list shows."""
    query = _ordered(select(AnalysisRow), filters, cursor, order)
    return query.limit(limit).options(undefer(AnalysisRow.result) if with_result else _SHOWN)


def listed_keys(columns: Sequence[Any], filters: Filters, cursor: Cursor | None, limit: int) -> Select[Any]:
    """Some columns of the rows of ``listed``, newest first."""
    return _ordered(select(*columns), filters, cursor, "newest").limit(limit)


def shown_rows() -> Select[Any]:
    """Rows with what a list shows."""
    return select(AnalysisRow).options(_SHOWN)


def _ordered(query: Select[Any], filters: Filters, cursor: Cursor | None, order: Order) -> Select[Any]:
    """Narrow and order a query of analyses.

    Within one project each combination of filters has an index of ``tables.LISTS``, or that of the tags, that gives
    the rows in this order.
    """
    keys = [AnalysisRow.created, AnalysisRow.id]
    if filters.tag is not None:
        query = query.join(AnalysisTagRow, AnalysisTagRow.analysis_id == AnalysisRow.id)
        query = query.where(AnalysisTagRow.tag == filters.tag, AnalysisTagRow.project == AnalysisRow.project)
        keys = [AnalysisTagRow.created, AnalysisTagRow.analysis_id]
    if filters.ids:
        query = query.where(AnalysisRow.id.in_(filters.ids))
    query = query.where(*_equal(filters), *_between(filters, cursor, keys, order))
    return query.order_by(*(key.asc() if order == "oldest" else key.desc() for key in keys))


def _equal(filters: Filters) -> list[ColumnElement[bool]]:
    """Only a succeeded analysis has a verdict, so a verdict needs no state beside it.

    Beside a subject, a tag or a group the others are compared as expressions, which no index holds: a planner without
    statistics would take an index of many rows instead of that of one person, tag or group.
    """
    state = filters.state
    if filters.verdict is not None:
        if state not in (None, "succeeded"):
            return [false()]
        state = None
    of_many = {"region": filters.region, "state": state, "verdict": filters.verdict}
    by_one = {"study_group": filters.group, "subject": filters.subject}
    chosen = "subject" if filters.subject is not None else "study_group" if filters.group is not None else None
    if filters.tag is not None:
        chosen = None
    others = {name: value for name, value in {**of_many, **by_one}.items() if value is not None and name != chosen}
    if chosen is None and filters.tag is None:
        return [getattr(AnalysisRow, name) == value for name, value in others.items()]
    compared = [func.coalesce(getattr(AnalysisRow, name), "") == value for name, value in others.items()]
    return compared if chosen is None else [getattr(AnalysisRow, chosen) == by_one[chosen], *compared]


def _between(filters: Filters, cursor: Cursor | None, keys: Sequence[Any], order: Order) -> list[ColumnElement[bool]]:
    """A scan of an index has one bound at each end, so only the stricter of a time and the cursor is stated."""
    created = keys[0]
    since, before = filters.created_from, filters.created_before
    conditions: list[ColumnElement[bool]] = []
    if cursor is not None:
        at = (cursor.created, cursor.id)
        match order:
            case "oldest" if since is None or cursor.created >= since:
                conditions.append(tuple_(*keys) > at)
                since = None
            case "newest" if before is None or cursor.created < before:
                conditions.append(tuple_(*keys) < at)
                before = None
            case _:
                pass
    if since is not None:
        conditions.append(created >= since)
    if before is not None:
        conditions.append(created < before)
    return conditions
