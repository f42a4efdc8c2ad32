"""Cohorts as their owners see them: submitted, found, listed, cancelled and removed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, select, tuple_, update
from sqlalchemy.orm import undefer

from service.documents import cohort_fingerprint
from service.errors import QueueFull, UnknownCohort
from service.schemas.cohort_source import CohortSource
from service.storage.database import Database
from service.storage.identifiers import uuid7
from service.storage.tables import COHORT_SOURCES, COHORTS, DEFAULT_PROJECT, UNFINISHED, CohortRow, State

MOST_WAITING = 100
"""Cohorts of all projects that may wait; each takes a worker for seconds to minutes."""
_C, _S = COHORTS.c, COHORT_SOURCES.c
_ADD, _LINK = insert(COHORTS), insert(COHORT_SOURCES)
_SAME = select(_C.id).where(_C.fingerprint == bindparam("asked"))
_WAITING = select(func.count()).where(_C.state.in_(UNFINISHED))
_REMOVE = delete(COHORTS).where(_C.id == bindparam("of"))
_OF_ANALYSIS = (
    select(_C.id, _C.source).join(COHORT_SOURCES, _S.cohort_id == _C.id).where(_S.analysis_id == bindparam("of"))
)
_UNLINK = delete(COHORT_SOURCES).where(_S.analysis_id == bindparam("of"))
_REPLACE = update(COHORTS).where(_C.id == bindparam("of"))
_ANEW = {
    **dict.fromkeys(("result", "problem", "step", "started", "finished", "seconds", "claimed_by", "heartbeat_at")),
    "state": "queued",
    "attempts": 0,
    "fingerprint": None,
}


class CohortCursor(NamedTuple):
    """The last cohort of a page; the next page begins after it."""

    created: datetime
    id: str


class CohortPage(NamedTuple):
    """One page of the list."""

    rows: Sequence[CohortRow]
    next_cursor: CohortCursor | None


class CohortRepository:
    """The cohorts of one database; every call names the project, others do not exist for it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def submit(
        self, source: CohortSource, people: int, request_id: str, project: str = DEFAULT_PROJECT
    ) -> tuple[CohortRow, bool]:
        """The cohort that answers for these tables and this plan, and whether it is new.

        Raises
        ------
        QueueFull
            When too many cohorts wait.
        """
        document = source.document()
        asked = cohort_fingerprint(document, project)
        with self._database.changing_files() as connection:  # one at a time
            same = connection.scalar(_SAME, {"asked": asked})
            if same is None:
                waiting = connection.scalar(_WAITING) or 0
                if waiting >= MOST_WAITING:
                    raise QueueFull(
                        f"{waiting} cohorts wait already; submit again later.", headers={"Retry-After": "60"}
                    )
                made = {
                    "id": uuid7(),
                    "project": project,
                    "name": source.name,
                    "people": people,
                    "state": "queued",
                    "created": datetime.now(UTC),
                    "attempts": 0,
                    "request_id": request_id,
                    "fingerprint": asked,
                    "source": document,
                }
                connection.execute(_ADD, made)
                links = [{"cohort_id": made["id"], "analysis_id": item} for item in source.people]
                if links:
                    connection.execute(_LINK, links)
        return self.get(same or str(made["id"]), project, whole=True), same is None

    def get(self, cohort_id: str, project: str = DEFAULT_PROJECT, *, whole: bool = False) -> CohortRow:
        """One cohort; ``whole`` with its source and result.

        Raises
        ------
        UnknownCohort
            When there is none with this id.
        """
        query = select(CohortRow).where(CohortRow.id == cohort_id, CohortRow.project == project)
        if whole:
            query = query.options(undefer(CohortRow.source), undefer(CohortRow.result))
        with self._database.reading() as session:
            row = session.scalar(query)
        if row is None:
            raise UnknownCohort("There is no cohort with this id; GET /v1/cohorts lists them.")
        return row

    def page(self, cursor: CohortCursor | None, limit: int, project: str = DEFAULT_PROJECT) -> CohortPage:
        """Cohorts older than ``cursor``, newest first, without tables and results."""
        query = select(CohortRow).where(CohortRow.project == project)
        if cursor is not None:
            query = query.where(tuple_(CohortRow.created, CohortRow.id) < cursor)
        query = query.order_by(CohortRow.created.desc(), CohortRow.id.desc()).limit(limit + 1)
        with self._database.reading() as session:
            rows = session.scalars(query).all()
        last = rows[limit - 1] if len(rows) > limit else None
        return CohortPage(rows[:limit], None if last is None else CohortCursor(last.created, last.id))

    def delete(self, cohort_id: str, project: str = DEFAULT_PROJECT) -> State | None:
        """Cancel an unfinished cohort (answers ``cancelled``) or remove a finished one with its tables (None).

        Raises
        ------
        UnknownCohort
            When there is none with this id.
        """
        with self._database.writing() as session:
            row = session.get(CohortRow, cohort_id, with_for_update=True)
            if row is None or row.project != project:
                raise UnknownCohort("There is no cohort with this id; GET /v1/cohorts lists them.")
            if row.state in UNFINISHED:
                row.state, row.finished, row.fingerprint = "cancelled", datetime.now(UTC), None
                return "cancelled"
            session.connection().execute(_REMOVE, {"of": cohort_id})
        self._database.erase()
        return None

    def expire(self, before: datetime) -> int:
        """Remove cohorts that ended earlier than this. Returns how many."""
        ended = delete(COHORTS).where(_C.finished < before, _C.state.not_in(UNFINISHED))
        with self._database.changing() as connection:
            return connection.execute(ended).rowcount


def forget_values(connection: Connection, analysis_id: str, *, keeps_values: bool) -> None:
    """An analysis is removed: take its values out of every cohort, or only the link when the values are kept.

    A cohort that lost values is analysed again; one that has no other values is removed.
    """
    if not keeps_values:
        for cohort_id, document in connection.execute(_OF_ANALYSIS, {"of": analysis_id}).all():
            smaller = CohortSource.of(document).without(analysis_id)
            if smaller.people:
                values: dict[str, Any] = {
                    **_ANEW,
                    "source": smaller.document(),
                    "people": len(set(smaller.people.values())),
                }
                connection.execute(_REPLACE, {"of": cohort_id, **values})
            else:
                connection.execute(_REMOVE, {"of": cohort_id})
    connection.execute(_UNLINK, {"of": analysis_id})
