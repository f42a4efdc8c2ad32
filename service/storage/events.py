"""What happens to analyses, in order: written with each change of a row, read by whoever follows one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import String, func, insert, literal, select
from sqlalchemy.orm import Session

from service.storage.database import Database
from service.storage.tables import AnalysisRow, EventRow, UtcDateTime


def record(session: Session, analysis_ids: Collection[str], step: str | None = None) -> None:
    """Write down the state the analyses have now, or the ``step`` they began, in the caller's transaction.

    The caller has changed or locked the rows in that transaction, so that no two events take one number.
    """
    last = select(func.max(EventRow.number)).where(EventRow.analysis_id == AnalysisRow.id).scalar_subquery()
    happened = select(
        AnalysisRow.id,
        func.coalesce(last, 0) + 1,
        literal(datetime.now(UTC), UtcDateTime),
        AnalysisRow.state,
        literal(step, String(32)),
        AnalysisRow.attempts,
    ).where(AnalysisRow.id.in_(analysis_ids))
    columns = [EventRow.analysis_id, EventRow.number, EventRow.at, EventRow.state, EventRow.step, EventRow.attempt]
    session.execute(insert(EventRow).from_select(columns, happened))


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

    def times_begun(self, analysis_id: str) -> int:
        """How often the analysis was taken from the queue."""
        begun = (EventRow.analysis_id == analysis_id, EventRow.state == "running", EventRow.step.is_(None))
        with self._database.reading() as session:
            return session.scalar(select(func.count()).where(*begun)) or 0

    def note_steps(self, claimant: str, steps: Iterable[tuple[str, str]]) -> None:
        """Write down which (analysis, step) began, for the running analyses of the claimant; others are left out."""
        noted = list(steps)
        running = (
            select(AnalysisRow.id, AnalysisRow.attempts)
            .order_by(AnalysisRow.id)
            .where(
                AnalysisRow.id.in_({analysis_id for analysis_id, _ in noted}),
                AnalysisRow.state == "running",
                AnalysisRow.claimed_by == claimant,
            )
        )
        now = datetime.now(UTC)
        with self._database.writing() as session:
            attempts = {row.id: row.attempts for row in session.execute(running.with_for_update())}
            last = select(EventRow.analysis_id, func.max(EventRow.number)).where(EventRow.analysis_id.in_(attempts))
            numbers = {found[0]: found[1] for found in session.execute(last.group_by(EventRow.analysis_id))}
            happened = []
            for analysis_id, step in noted:
                if analysis_id in attempts:
                    number = numbers[analysis_id] = numbers.get(analysis_id, 0) + 1
                    of = {"analysis_id": analysis_id, "number": number, "attempt": attempts[analysis_id]}
                    happened.append({**of, "at": now, "state": "running", "step": step})
            if happened:  # one statement for all of them
                session.execute(insert(EventRow), happened)
