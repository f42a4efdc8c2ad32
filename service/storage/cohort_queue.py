"""The queue of cohorts for runners."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from service.documents import PackedCohort
from service.storage.database import Database
from service.storage.side_queue import SideQueue
from service.storage.tables import COHORTS

_C = COHORTS.c


class ClaimedCohort(NamedTuple):
    """A cohort that a runner has claimed."""

    id: str
    attempts: int
    request_id: str
    source: dict[str, Any]


class CohortQueue(SideQueue):
    """The queue of one database."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, COHORTS, (_C.id, _C.attempts, _C.request_id, _C.source))

    def claim(self, owner: str) -> ClaimedCohort | None:
        """Take the oldest queued cohort."""
        row = self.claim_next(owner)
        return None if row is None else ClaimedCohort._make(row)

    def succeed(self, cohort_id: str, owner: str, answer: PackedCohort) -> bool:
        """Keep an answer; False when the cohort is no longer the owner's (cancelled, removed, taken over)."""
        values = {"state": "succeeded", "seconds": answer.seconds, "result": json.loads(answer.answer)}
        with self._database.changing() as connection:
            return self.finish(connection, cohort_id, owner, values)
