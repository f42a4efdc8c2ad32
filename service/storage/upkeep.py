"""Periodic maintenance of storage: remove expired analyses and erase the remains of deleted rows."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import exists, select, tuple_

from service.errors import SignedAnalysis, UnknownAnalysis
from service.storage.audit import Actor
from service.storage.blobs import BlobStore
from service.storage.calibrations import CalibrationRepository
from service.storage.cohorts import CohortRepository
from service.storage.database import Database
from service.storage.repositories import AnalysisRepository
from service.storage.tables import ANALYSES, UNFINISHED, SignOffRow

_A = ANALYSES.c
_AT_ONCE = 200
RETENTION = Actor("retention", "", None)
"""Signs removals in the audit log."""


class _Ended(NamedTuple):
    finished: datetime
    id: str
    signed: bool


class Upkeep:
    """The chores of one database and its blob store; several processes may do them at once."""

    def __init__(self, database: Database, blobs: BlobStore) -> None:
        self._database = database
        self._analyses = AnalysisRepository(database, blobs, actor=RETENTION)
        self._cohorts = CohortRepository(database)
        self._calibrations = CalibrationRepository(database)
        self._passed: _Ended | None = None

    def expire(self, before: datetime) -> int:
        """Remove analyses, cohorts and calibrations in the making that ended earlier than this. Returns how many.

        Signed analyses stay.

        Each step reads the next ones in the order of their end, and a process passes each signed one once: it stays
        signed.
        """
        removed = self._cohorts.expire(before) + self._calibrations.expire(before)
        while ended := self._ended(before):
            removed += sum(self._remove(analysis.id) for analysis in ended if not analysis.signed)
            self._passed = ended[-1]
        return removed

    def _ended(self, before: datetime) -> list[_Ended]:
        order = (_A.finished, _A.id)
        signed = exists().where(SignOffRow.analysis_id == _A.id, SignOffRow.action == "sign")
        ended = select(*order, signed).where(_A.finished < before, _A.state.not_in(UNFINISHED))
        if self._passed is not None:
            ended = ended.where(tuple_(*order) > (self._passed.finished, self._passed.id))
        with self._database.asking() as connection:
            return [_Ended(*row) for row in connection.execute(ended.order_by(*order).limit(_AT_ONCE))]

    def _remove(self, analysis_id: str) -> bool:
        try:
            return self._analyses.delete(analysis_id, has_expired=True) is None  # all at once, at the end
        except (UnknownAnalysis, SignedAnalysis):  # another process was faster
            return False

    def erase(self) -> None:
        """Overwrite what deleted rows left behind."""
        self._database.erase()

    @property
    def has_remains(self) -> bool:
        """Whether a reader prevented the overwriting of deleted rows."""
        return self._database.has_remains
