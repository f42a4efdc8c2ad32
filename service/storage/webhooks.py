"""Calls that tell clients how their analyses ended: kept in the database, so that a restart forgets none."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service.storage.database import Database
from service.storage.tables import AnalysisRow, State, WebhookDeliveryRow

_ENDED: tuple[State, ...] = ("succeeded", "failed", "cancelled")


class Call(NamedTuple):
    """One call to make now."""

    id: str
    """The same at every attempt, so that the receiver can tell a repetition."""
    url: str
    attempt: int
    analysis_id: str
    state: State
    finished: datetime


def register(session: Session, analysis_id: str, url: str) -> None:
    """Have ``url`` told when the analysis ends, or now when it has; once, however often it is asked for."""
    row = session.execute(
        select(AnalysisRow.state).where(AnalysisRow.id == analysis_id).with_for_update()  # it might just be ending
    ).one()
    same = select(WebhookDeliveryRow.id).where(
        WebhookDeliveryRow.analysis_id == analysis_id, WebhookDeliveryRow.url == url
    )
    if session.scalar(same) is None:
        due = datetime.now(UTC) if row.state in _ENDED else None
        session.add(WebhookDeliveryRow(id=str(uuid.uuid4()), analysis_id=analysis_id, url=url, due=due, attempts=0))


def make_due(session: Session, analysis_ids: Collection[str]) -> None:
    """The analyses have ended: their calls are to be made, in the caller's transaction."""
    waiting = (WebhookDeliveryRow.due.is_(None), WebhookDeliveryRow.attempts == 0)
    session.execute(
        update(WebhookDeliveryRow)
        .where(WebhookDeliveryRow.analysis_id.in_(analysis_ids), *waiting)
        .values(due=datetime.now(UTC))
    )


class WebhookRepository:
    """The calls of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, limit: int, lease: timedelta) -> list[Call]:
        """Up to ``limit`` calls that are due; whoever took them and falls silent loses them after ``lease``."""
        now = datetime.now(UTC)
        due = select(WebhookDeliveryRow).where(WebhookDeliveryRow.due <= now).order_by(WebhookDeliveryRow.due)
        with self._database.writing() as session:
            deliveries = session.scalars(due.limit(limit).with_for_update(skip_locked=True)).all()
            rows = select(AnalysisRow).where(AnalysisRow.id.in_({delivery.analysis_id for delivery in deliveries}))
            analyses = {row.id: row for row in session.scalars(rows)} if deliveries else {}
            calls = []
            for delivery in deliveries:
                row = analyses[delivery.analysis_id]
                delivery.due = now + lease
                delivery.attempts += 1
                finished = row.finished or row.created
                calls.append(Call(delivery.id, delivery.url, delivery.attempts, row.id, row.state, finished))
            return calls

    def answered(self, call: Call) -> None:
        """The receiver has it."""
        self._settle(call, {"due": None, "delivered": datetime.now(UTC), "failure": None})

    def failed(self, call: Call, failure: str, again: timedelta | None) -> None:
        """It has not; call ``again`` after this long, or never when None."""
        due = None if again is None else datetime.now(UTC) + again
        self._settle(call, {"due": due, "failure": failure})

    def _settle(self, call: Call, values: dict[str, object]) -> None:
        with self._database.writing() as session:
            session.execute(update(WebhookDeliveryRow).where(WebhookDeliveryRow.id == call.id).values(values))
