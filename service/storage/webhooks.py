"""Webhook calls about the end of analyses: kept in the database, so that a restart forgets none."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update

from service.storage import clock
from service.storage.database import Database
from service.storage.tables import ANALYSES, WEBHOOK_DELIVERIES, AnalysisRow, State, WebhookDeliveryRow

_ENDED: tuple[State, ...] = ("succeeded", "failed", "cancelled")


class WebhookCall(NamedTuple):
    """One call to make now."""

    id: str
    """The same at every attempt, so that the receiver can tell a repetition."""
    url: str
    attempt: int
    analysis_id: str
    state: State
    finished: datetime


_D = WEBHOOK_DELIVERIES.c
_NOW = clock.now()
_STATE = select(ANALYSES.c.state).where(ANALYSES.c.id == bindparam("of")).with_for_update()  # it might just be ending
_SAME = select(_D.id).where(_D.analysis_id == bindparam("of"), _D.url == bindparam("address"))
_ADD = insert(WEBHOOK_DELIVERIES)
_MAKE_DUE = (
    update(WEBHOOK_DELIVERIES)
    .where(_D.analysis_id.in_(bindparam("ids", expanding=True)), _D.due.is_(None), _D.attempts == 0)
    .values(due=_NOW)
)


def register(connection: Connection, analysis_id: str, url: str) -> None:
    """Call ``url`` when the analysis ends, or now when it has; once, however often it is asked for."""
    state = connection.execute(_STATE, {"of": analysis_id}).scalar_one()
    if connection.scalar(_SAME, {"of": analysis_id, "address": url}) is None:
        row = {"id": str(uuid.uuid4()), "analysis_id": analysis_id, "url": url, "attempts": 0}
        connection.execute(_ADD.values(due=_NOW) if state in _ENDED else _ADD, row)


def make_due(connection: Connection, analysis_ids: Collection[str]) -> None:
    """The analyses have ended: their calls are to be made, in the caller's transaction."""
    connection.execute(_MAKE_DUE, {"ids": list(analysis_ids)})


class WebhookRepository:
    """The calls of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, limit: int, lease: timedelta) -> list[WebhookCall]:
        """Up to ``limit`` calls that are due; a sender that does not finish them loses them after ``lease``."""
        due = select(WebhookDeliveryRow).where(WebhookDeliveryRow.due <= _NOW).order_by(WebhookDeliveryRow.due)
        with self._database.writing() as session:
            deliveries = session.scalars(due.limit(limit).with_for_update(skip_locked=True)).all()
            rows = select(AnalysisRow).where(AnalysisRow.id.in_({delivery.analysis_id for delivery in deliveries}))
            analyses = {row.id: row for row in session.scalars(rows)} if deliveries else {}
            calls = []
            for delivery in deliveries:
                row = analyses[delivery.analysis_id]
                delivery.due = clock.now(lease)
                delivery.attempts += 1
                finished = row.finished or row.created
                calls.append(WebhookCall(delivery.id, delivery.url, delivery.attempts, row.id, row.state, finished))
            return calls

    def answered(self, call: WebhookCall) -> None:
        """Record that the receiver has it."""
        self._settle(call, {"due": None, "delivered": _NOW, "failure": None})

    def failed(self, call: WebhookCall, failure: str, again: timedelta | None) -> None:
        """It has not; call ``again`` after this long, or never when None."""
        due = None if again is None else clock.now(again)
        self._settle(call, {"due": due, "failure": failure})

    def _settle(self, call: WebhookCall, values: dict[str, object]) -> None:
        with self._database.writing() as session:
            session.execute(update(WebhookDeliveryRow).where(WebhookDeliveryRow.id == call.id).values(values))
