"""The queue of calibrations for runners, and the stored spectra that they are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from fitting.io import Files
from fitting.sites import Site
from service.storage.blobs import BlobStore
from service.storage.database import Database
from service.storage.files import INPUTS, FileRepository, by_role
from service.storage.side_queue import SideQueue
from service.storage.sites import add_site
from service.storage.tables import ANALYSES, CALIBRATIONS

_A, _C = ANALYSES.c, CALIBRATIONS.c
_CONTROLS = select(_A.id, _A.subject, _A.request).where(
    _A.project == bindparam("project"), _A.id.in_(bindparam("ids", expanding=True))
)
_PRESENT = select(_A.id).where(_A.id.in_(bindparam("ids", expanding=True)))


class ClaimedCalibration(NamedTuple):
    """A calibration that a runner has claimed."""

    id: str
    attempts: int
    request_id: str
    project: str
    name: str
    analyses: list[str]


class StoredControl(NamedTuple):
    """One analysis whose spectrum may be a control's."""

    analysis_id: str
    person: str
    """Pseudonym, or the analysis where there is none."""
    request: dict[str, Any] | None
    """None when the analysis was removed."""


class CalibrationQueue(SideQueue):
    """The queue of one database, with its blob store."""

    def __init__(self, database: Database, blobs: BlobStore) -> None:
        super().__init__(database, CALIBRATIONS, (_C.id, _C.attempts, _C.request_id, _C.project, _C.name, _C.analyses))
        self._files = FileRepository(database, blobs)

    def claim(self, owner: str) -> ClaimedCalibration | None:
        """Take the oldest queued calibration."""
        row = self.claim_next(owner)
        return None if row is None else ClaimedCalibration._make(row)

    def controls(self, row: ClaimedCalibration) -> list[StoredControl]:
        """Its analyses, in their order."""
        with self._database.asking() as connection:
            rows = connection.execute(_CONTROLS, {"project": row.project, "ids": row.analyses}).all()
        known = {item.id: item for item in rows}
        return [
            StoredControl(name, known[name].subject or name, known[name].request)
            if name in known
            else StoredControl(name, name, None)
            for name in row.analyses
        ]

    def files(self, control: StoredControl) -> dict[str, Files]:
        """The files of its spectrum by role; none when they were not kept.

        Raises
        ------
        DamagedStorage
            When one of them is missing or is not what was stored.
        """
        return by_role(self._files.content(control.analysis_id, *INPUTS))

    def succeed(
        self, row: ClaimedCalibration, owner: str, site: Site, sources: Mapping[str, str], seconds: float
    ) -> bool:
        """Keep the site that a calibration became; ``sources`` are the digests of its spectra by analysis.

        Returns False when it is no longer the owner's (cancelled, removed, taken over), and when an analysis was
        removed meanwhile: its person must not be in the site.
        """
        with self._database.changing_files() as connection:
            if len(connection.scalars(_PRESENT, {"ids": list(sources)}).all()) < len(sources):
                return False
            values = {"state": "succeeded", "seconds": seconds, "site_id": site.id, "fingerprint": None}
            if not self.finish(connection, row.id, owner, values):
                return False
            add_site(connection, site, sources, row.project)
            return True
