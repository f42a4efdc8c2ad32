"""Events of analyses, in order: written with each change of a row, read by followers of an analysis."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, String, bindparam, func, insert, select

from service.storage import clock
from service.storage.database import Database
from service.storage.tables import ANALYSES, EVENTS, AnalysisRow, EventRow

_A, _E = ANALYSES.c, EVENTS.c
_LAST = select(func.max(_E.number)).where(_E.analysis_id == _A.id).scalar_subquery()
_HAPPENED = select(
    _A.id,
    func.coalesce(_LAST, 0) + 1,
    clock.now(),
    _A.state,
    bindparam("during", type_=String(32)),
    _A.attempts,
).where(_A.id.in_(bindparam("ids", expanding=True)))
_RECORD = insert(EVENTS).from_select(
    [_E.analysis_id, _E.number, _E.at, _E.state, _E.step, _E.attempt],
    _HAPPENED,
)
_RUNNING = (
    select(_A.id, _A.attempts)
    .where(_A.id.in_(bindparam("ids", expanding=True)), _A.state == "running", _A.claimed_by == bindparam("owner"))
    .order_by(_A.id)
    .with_for_update()
)
_NUMBERS = (
    select(_E.analysis_id, func.max(_E.number))
    .where(_E.analysis_id.in_(bindparam("ids", expanding=True)))
    .group_by(_E.analysis_id)
)
_NOW = select(clock.now())
_ADD = insert(EVENTS)


class Beginnings(NamedTuple):
    """How often an analysis was begun, whatever its outcome."""

    taken: int
    """From the queue."""
    computed: int
    """By a worker."""


def record(connection: Connection, analysis_ids: Collection[str], step: str | None = None) -> None:
    """Record the state the analyses have now, or the ``step`` they began, in the caller's transaction.

    The caller has changed or locked the rows in that transaction, so that no two events take one number.
    """
    if analysis_ids:
        connection.execute(_RECORD, {"ids": list(analysis_ids), "during": step})


class EventRepository:
    """The events of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def after(self, analysis_id: str, number: int) -> Sequence[EventRow] | None:
        """Events with a higher number, in order; None when the analysis is gone.

        An analysis that ended before events were kept has one: its end.
        """
        query = select(EventRow).where(EventRow.analysis_id == analysis_id, EventRow.number > number)
        with self._database.reading() as session:
            events = session.scalars(query.order_by(EventRow.number)).all()
            if events:
                return events
            row = session.get(AnalysisRow, analysis_id)
            if row is None:
                return None
            known = session.scalar(select(func.count()).where(EventRow.analysis_id == analysis_id))
        if known or number or row.finished is None:
            return ()
        return (EventRow(analysis_id=row.id, number=1, at=row.finished, state=row.state, attempt=row.attempts),)

    def beginnings(self, analysis_id: str, first_step: str) -> Beginnings:
        """How often the analysis was begun; ``first_step`` is the first message of a worker."""
        taken = (EventRow.state == "running", EventRow.step.is_(None))
        counts = [func.count().filter(*which) for which in (taken, (EventRow.step == first_step,))]
        with self._database.reading() as session:
            found = session.execute(select(*counts).where(EventRow.analysis_id == analysis_id)).one()
        return Beginnings(taken=found[0], computed=found[1])

    def note_steps(self, owner: str, steps: Iterable[tuple[str, str]]) -> None:
        """Write down which (analysis, step) began, for the running analyses of the owner; others are left out."""
        noted = list(steps)
        asked = {"ids": list({analysis_id for analysis_id, _ in noted}), "owner": owner}
        with self._database.changing() as connection:
            now = connection.scalar(_NOW)
            attempts = {row.id: row.attempts for row in connection.execute(_RUNNING, asked)}
            numbers = {row[0]: row[1] for row in connection.execute(_NUMBERS, {"ids": list(attempts)})}
            happened = []
            for analysis_id, step in noted:
                if analysis_id in attempts:
                    number = numbers[analysis_id] = numbers.get(analysis_id, 0) + 1
                    of = {"analysis_id": analysis_id, "number": number, "attempt": attempts[analysis_id]}
                    happened.append({**of, "at": now, "state": "running", "step": step})
            if happened:
                connection.execute(_ADD, happened)
