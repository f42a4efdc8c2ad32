"""The queue of cohorts for runners: claimed, worked on, and come back with an answer or a reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select, update

from service.documents import PackedCohort
from service.problem_documents import ProblemDocument
from service.storage import clock
from service.storage.database import Database
from service.storage.tables import COHORTS

_C = COHORTS.c
_NOW = clock.now()
_NEXT = select(_C.id).where(_C.state == "queued").order_by(_C.id).limit(1).with_for_update(skip_locked=True)
_CLAIM = (
    update(COHORTS)
    .where(_C.id == bindparam("of"), _C.state == "queued")
    .values(
        state="running",
        started=_NOW,
        heartbeat_at=_NOW,
        claimed_by=bindparam("owner"),
        attempts=_C.attempts + 1,
        step=None,
    )
    .returning(_C.id, _C.attempts, _C.request_id, _C.source)
)
_IS_MINE = (_C.id == bindparam("of"), _C.state == "running", _C.claimed_by == bindparam("owner"))
_HEARTBEAT = update(COHORTS).where(*_IS_MINE).values(heartbeat_at=_NOW, step=bindparam("at")).returning(_C.id)
_FINISH = update(COHORTS).where(*_IS_MINE).values(finished=_NOW, step=None).returning(_C.id)
_BACK = {"state": "queued", "claimed_by": None, "heartbeat_at": None, "started": None, "step": None}
_RELEASE = update(COHORTS).where(*_IS_MINE).values(**_BACK)


class ClaimedCohort(NamedTuple):
    """A cohort that a runner has claimed."""

    id: str
    attempts: int
    request_id: str
    source: dict[str, Any]


class CohortQueue:
    """The queue of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, owner: str) -> ClaimedCohort | None:
        """Take the oldest queued cohort."""
        with self._database.asking() as connection:  # does not block writers, as claiming does
            if connection.scalar(select(_C.id).where(_C.state == "queued").limit(1)) is None:
                return None
        with self._database.changing() as connection:
            waiting = connection.scalar(_NEXT)
            row = None if waiting is None else connection.execute(_CLAIM, {"of": waiting, "owner": owner}).first()
        return None if row is None else ClaimedCohort(*row)

    def heartbeat(self, owner: str, cohort_id: str, step: str | None) -> bool:
        """Record a heartbeat and the step; False when the cohort is no longer the owner's."""
        with self._database.changing() as connection:
            return connection.scalar(_HEARTBEAT, {"of": cohort_id, "owner": owner, "at": step}) is not None

    def succeed(self, cohort_id: str, owner: str, answer: PackedCohort) -> bool:
        """Keep an answer; False when the cohort is no longer the owner's (cancelled, removed, taken over)."""
        values = {"state": "succeeded", "seconds": answer.seconds, "result": json.loads(answer.answer)}
        return self._finish(cohort_id, owner, values)

    def fail(self, cohort_id: str, owner: str, problem: ProblemDocument) -> bool:
        """Keep the reason why there is no answer; the same request is tried anew."""
        values = {"state": "failed", "problem": problem.model_dump(mode="json"), "fingerprint": None}
        return self._finish(cohort_id, owner, values)

    def release(self, owner: str, cohort_id: str) -> None:
        """Put a running cohort of the owner back into the queue."""
        with self._database.changing() as connection:
            connection.execute(_RELEASE, {"of": cohort_id, "owner": owner})

    def release_stale(self, after: timedelta) -> int:
        """Put running cohorts whose owner sent no heartbeat for ``after`` back into the queue."""
        stale = update(COHORTS).where(_C.state == "running", _C.heartbeat_at < clock.now(-after)).values(**_BACK)
        with self._database.changing() as connection:
            return connection.execute(stale).rowcount

    def _finish(self, cohort_id: str, owner: str, values: Mapping[str, Any]) -> bool:
        with self._database.changing() as connection:
            return connection.scalar(_FINISH, {"of": cohort_id, "owner": owner, **values}) is not None
