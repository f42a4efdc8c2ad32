"""What storage needs from time to time: expired analyses and files that belong to nothing go, for good."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from service.errors import SignedAnalysis, UnknownAnalysis
from service.storage.audit import Actor
from service.storage.blobs import BlobStore
from service.storage.database import Database
from service.storage.repositories import AnalysisRepository
from service.storage.tables import UNFINISHED, AnalysisRow, FileRow, SignOffRow

_AT_ONCE = 200
RETENTION = Actor("retention", "", None)
"""Signs removals in the audit log."""


class Upkeep:
    """The chores of one database and its blob store; several processes may do them at once."""

    def __init__(self, database: Database, blobs: BlobStore) -> None:
        self._database = database
        self._blobs = blobs
        self._analyses = AnalysisRepository(database, blobs, actor=RETENTION)

    def expire(self, before: datetime) -> int:
        """Remove analyses that ended earlier than this, with all their data; signed ones stay. Returns how many."""
        removed = 0
        expired = select(AnalysisRow.id).where(
            AnalysisRow.finished < before,
            AnalysisRow.state.not_in(UNFINISHED),
            AnalysisRow.id.not_in(select(SignOffRow.analysis_id).where(SignOffRow.action == "sign")),
        )
        while True:
            with self._database.reading() as session:
                ids = session.scalars(expired.order_by(AnalysisRow.finished).limit(_AT_ONCE)).all()
            if not ids:
                return removed
            for analysis_id in ids:
                removed += self._remove(analysis_id)

    def _remove(self, analysis_id: str) -> bool:
        try:
            return self._analyses.delete(analysis_id) is None
        except (UnknownAnalysis, SignedAnalysis):  # somebody was faster
            return False

    def sweep(self) -> int:
        """Remove files that no row refers to, such as those of a submission that was cut off. Returns how many.

        While a file is looked at nobody adds one, so none is taken for an orphan before its row is there.
        """
        removed = 0
        for shard in self._blobs.shards():
            with self._database.writing_files() as session:
                kept = self._blobs.names(shard)
                referred = set(session.scalars(select(FileRow.sha256).where(FileRow.sha256.startswith(shard))))
                for name in kept - referred:
                    self._blobs.remove_file(shard, name)
                    removed += 1
        return removed

    def erase(self) -> None:
        """Overwrite what deleted rows left behind."""
        self._database.erase()
