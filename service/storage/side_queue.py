"""A queue beside that of analyses, in a table of its own: rows are claimed, and end with an answer or a reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Column, Connection, Row, Table, bindparam, select, update

from service.problem_documents import ProblemDocument
from service.storage import clock
from service.storage.database import Database


class SideQueue:
    """The queue in one table, whose rows have id, state, attempts, owner, heartbeat and step as those of cohorts."""

    def __init__(self, database: Database, table: Table, claimed: tuple[Column[Any], ...]) -> None:
        """A queue whose claims answer the columns ``claimed``."""
        self._database = database
        of, now = table.c, clock.now()
        self._waiting = select(of.id).where(of.state == "queued")
        is_mine = (of.id == bindparam("of"), of.state == "running", of.claimed_by == bindparam("owner"))
        self._claim = (
            update(table)
            .where(of.id == bindparam("of"), of.state == "queued")
            .values(
                state="running",
                started=now,
                heartbeat_at=now,
                claimed_by=bindparam("owner"),
                attempts=of.attempts + 1,
                step=None,
            )
            .returning(*claimed)
        )
        self._heartbeat = update(table).where(*is_mine).values(heartbeat_at=now).returning(of.id)
        self._finish = update(table).where(*is_mine).values(finished=now, step=None).returning(of.id)
        back = {"state": "queued", "claimed_by": None, "heartbeat_at": None, "started": None, "step": None}
        self._release = update(table).where(*is_mine).values(**back, attempts=of.attempts - 1)
        self._lose = update(table).where(*is_mine).values(**back)
        self._table, self._back = table, back

    def claim_next(self, owner: str) -> Row[Any] | None:
        """Take the oldest queued row."""
        oldest = self._waiting.order_by(self._table.c.id).limit(1)
        with self._database.asking() as connection:  # does not block writers, as claiming does
            if connection.scalar(self._waiting.limit(1)) is None:
                return None
        with self._database.changing() as connection:
            waiting = connection.scalar(oldest.with_for_update(skip_locked=True))
            return None if waiting is None else connection.execute(self._claim, {"of": waiting, "owner": owner}).first()

    def heartbeat(self, owner: str, row_id: str, progress: Mapping[str, Any]) -> bool:
        """Record a heartbeat and columns of progress; False when the row is no longer the owner's."""
        with self._database.changing() as connection:
            return connection.scalar(self._heartbeat, {"of": row_id, "owner": owner, **progress}) is not None

    def fail(self, row_id: str, owner: str, problem: ProblemDocument) -> bool:
        """Keep the reason why there is no answer; the same request is tried anew."""
        values = {"state": "failed", "problem": problem.model_dump(mode="json"), "fingerprint": None}
        with self._database.changing() as connection:
            return self.finish(connection, row_id, owner, values)

    def finish(self, connection: Connection, row_id: str, owner: str, values: Mapping[str, Any]) -> bool:
        """End a row in the caller's transaction; False when it is no longer the owner's (cancelled, taken over)."""
        return connection.scalar(self._finish, {"of": row_id, "owner": owner, **values}) is not None

    def release(self, owner: str, row_id: str, *, count_attempt: bool) -> None:
        """Put a running row of the owner back into the queue; an attempt counts when a worker was lost."""
        with self._database.changing() as connection:
            connection.execute(self._lose if count_attempt else self._release, {"of": row_id, "owner": owner})

    def release_stale(self, after: timedelta) -> int:
        """Put running rows whose owner sent no heartbeat for ``after`` back into the queue."""
        of = self._table.c
        stale = update(self._table).where(of.state == "running", of.heartbeat_at < clock.now(-after))
        with self._database.changing() as connection:
            return connection.execute(stale.values(**self._back)).rowcount
