"""The queue: analyses are claimed, worked on, and come back with an answer or a reason; each step is one transaction.

Frequent operations use plain statements, compiled once: the ORM would take most of the service's time.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, exists, func, or_, select, update

from service.documents import PackedAnalysis
from service.problem_documents import ProblemDocument
from service.storage import clock, webhooks
from service.storage.blobs import BlobStore
from service.storage.database import Database
from service.storage.events import record
from service.storage.files import FileRepository, StoredFile, digested
from service.storage.summaries import summary_of
from service.storage.tables import ANALYSES, UNFINISHED, State

_A = ANALYSES.c
_IS_QUEUED, _IS_RUNNING = _A.state == "queued", _A.state == "running"
_IS_FIRST = (_IS_QUEUED, _A.attempts == 0)
_IS_RETRY = (_IS_QUEUED, _A.attempts > 0)
_NOW = clock.now()
_IS_MINE = (_IS_RUNNING, _A.claimed_by == bindparam("owner"))

_WAITING = select(exists().where(*_IS_FIRST).label("firsts"), exists().where(*_IS_RETRY).label("retries"))
_DEPTHS = select(_A.state, func.count()).where(_A.state.in_(UNFINISHED)).group_by(_A.state)
_NEXT = {
    # on PostgreSQL two instances pass each other's rows; SQLite has one writer and ignores the lock clause
    retried: select(_A.id).where(*which).order_by(_A.id).limit(bindparam("most")).with_for_update(skip_locked=True)
    for retried, which in ((None, (_IS_QUEUED,)), (False, _IS_FIRST), (True, _IS_RETRY))
}
_CLAIMED = (_A.id, _A.project, _A.created, _A.attempts, _A.claimed_by, _A.request_id, _A.request)
_CLAIM = (
    update(ANALYSES)
    .where(_A.id.in_(bindparam("ids", expanding=True)), _IS_QUEUED)
    .values(
        state="running",
        started=_NOW,
        heartbeat_at=_NOW,
        claimed_by=bindparam("owner"),
        attempts=_A.attempts + 1,
    )
    .returning(*_CLAIMED)
)
_HEARTBEAT = update(ANALYSES).where(*_IS_MINE, _A.id.in_(bindparam("ids", expanding=True))).values(heartbeat_at=_NOW)
_FINISH = update(ANALYSES).where(*_IS_MINE, _A.id == bindparam("of")).values(finished=_NOW).returning(_A.id)
_RELEASE = (
    update(ANALYSES)
    .where(*_IS_MINE)
    .values(state="queued", claimed_by=None, heartbeat_at=None, started=None)
    .returning(_A.id)
)
_OWNERS = select(_A.claimed_by).where(_IS_RUNNING).distinct()


class Waiting(NamedTuple):
    """Content of the queue."""

    firsts: bool
    """Whether there is an analysis that was never begun."""
    retries: bool
    """Whether there is one that lost its worker."""


class Claimed(NamedTuple):
    """An analysis that an instance has claimed."""

    id: str
    project: str
    created: datetime
    attempts: int
    claimed_by: str
    request_id: str
    request: dict[str, Any]


class JobQueue:
    """The queue of one database and its blob store, for dispatchers."""

    def __init__(self, database: Database, blobs: BlobStore, *, keep_inputs: bool = False) -> None:
        self._database = database
        self.files = FileRepository(database, blobs, keep_inputs=keep_inputs)

    def depths(self) -> dict[State, int]:
        """Number of unfinished analyses by state."""
        with self._database.asking() as connection:
            found = {row[0]: row[1] for row in connection.execute(_DEPTHS)}
        return {state: found.get(state, 0) for state in UNFINISHED}

    def waiting(self) -> Waiting:
        """Analyses to claim. Does not block writers, as claiming does."""
        with self._database.asking() as connection:
            return Waiting(*connection.execute(_WAITING).one())

    def claim(self, owner: str, limit: int, *, retried: bool | None = None) -> list[Claimed]:
        """Take up to ``limit`` queued analyses, oldest first; optionally only first attempts or only retried ones."""
        with self._database.changing() as connection:
            ids = connection.scalars(_NEXT[retried], {"most": limit}).all()
            if not ids:
                return []
            taken = {"ids": ids, "owner": owner}
            rows = [Claimed(*row) for row in connection.execute(_CLAIM, taken)]
            record(connection, ids)
        return sorted(rows, key=lambda row: row.id)

    def heartbeat(self, owner: str, analysis_ids: Collection[str]) -> None:
        """Record a heartbeat of the owner for these running analyses."""
        with self._database.changing() as connection:
            connection.execute(_HEARTBEAT, {"owner": owner, "ids": list(analysis_ids)})

    def succeed(self, analysis_id: str, owner: str, answer: PackedAnalysis) -> bool:
        """Keep an answer; False when the analysis is no longer the owner's (cancelled, removed, taken over)."""
        document = json.loads(answer.analysis)
        values = {
            "state": "succeeded",
            "seconds": answer.seconds,
            "verdict": document["verdict"]["usable"],
            "compared": document["multiplicity"]["tests"],
            "flagged": document["multiplicity"]["flagged"],
            "summary": summary_of(document),
            "result": document,
        }
        traces = digested((StoredFile("traces", "traces.npz", answer.traces),))
        with self._database.changing_files() as connection:
            if not _finish(connection, analysis_id, owner, values):
                return False
            self.files.add(connection, analysis_id, traces)
            inputs = self.files.take_inputs(connection, analysis_id, unless_asked=True)
        self.files.forget(inputs)
        return True

    def fail(self, analysis_id: str, owner: str, problem: ProblemDocument, *, final: bool) -> bool:
        """Keep the reason why there is no answer; only a ``final`` one also answers the same request next time."""
        values: dict[str, Any] = {
            "state": "failed",
            "problem": problem.model_dump(mode="json"),
        }
        if not final:
            values["fingerprint"] = None
        with self._database.changing() as connection:
            if not _finish(connection, analysis_id, owner, values):
                return False
            inputs = self.files.take_inputs(connection, analysis_id)
        self.files.forget(inputs)
        return True

    def release(self, owner: str, analysis_id: str | None = None, *, count_attempt: bool) -> None:
        """Put one running analysis of the owner, or all of them, back into the queue."""
        released = _RELEASE if analysis_id is None else _RELEASE.where(_A.id == analysis_id)
        if not count_attempt:
            released = released.values(attempts=_A.attempts - 1)
        with self._database.changing() as connection:
            record(connection, connection.scalars(released, {"owner": owner}).all())

    def owners(self) -> set[str]:
        """Instances that own running analyses."""
        with self._database.asking() as connection:
            return {name for name in connection.scalars(_OWNERS) if name is not None}

    def stale(self, after: timedelta, dead: Collection[str] = ()) -> list[Claimed]:
        """Running analyses whose owner is among the ``dead`` or sent no heartbeat for ``after``."""
        is_stale = or_(_A.heartbeat_at < clock.now(-after), _A.claimed_by.in_(dead))
        with self._database.asking() as connection:
            return [Claimed(*row) for row in connection.execute(select(*_CLAIMED).where(_IS_RUNNING, is_stale))]


def _finish(connection: Connection, analysis_id: str, owner: str, values: Mapping[str, Any]) -> bool:
    mine = {"of": analysis_id, "owner": owner}
    if connection.scalar(_FINISH, {**mine, **values}) is None:
        return False
    note_end(connection, (analysis_id,))
    return True


def note_end(connection: Connection, analysis_ids: Sequence[str]) -> None:
    """Analyses have ended: record it, and make their webhooks due, in the caller's transaction."""
    record(connection, analysis_ids)
    webhooks.make_due(connection, analysis_ids)
