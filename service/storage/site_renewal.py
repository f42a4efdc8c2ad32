"""Analyse the controls of calibrations anew after an update of the program, and calibrate again with them."""

from __future__ import annotations

from contextlib import suppress

import structlog
from sqlalchemy import select

from fitting.errors import FittingError
from fitting.run.pins import values_digest
from service.errors import QueueFull, UnknownAnalysis
from service.storage.audit import Actor
from service.storage.blobs import BlobStore
from service.storage.calibrations import CalibrationRepository
from service.storage.database import Database
from service.storage.files import INPUTS
from service.storage.repositories import AnalysisRepository, Submission
from service.storage.site_analyses import site_of_analyses
from service.storage.sites import SiteRepository, StoredSite
from service.storage.tables import SITES, UNFINISHED, AnalysisRow

RENEWAL = Actor("site-renewal", "", None)
"""Signs the submissions in the audit log."""
MOST_LOOKED_AT = 20
"""Newest calibrations in the making among which a failed renewal is looked for."""
_PROJECTS = select(SITES.c.project).where(SITES.c.content.is_not(None)).distinct()

log = structlog.get_logger()


class SiteRenewal:
    """Renews calibrations of one database whose controls were kept with their files; several processes may do it."""

    def __init__(self, database: Database, blobs: BlobStore, queue_limit: int) -> None:
        self._database = database
        self._analyses = AnalysisRepository(database, blobs, keep_inputs=True)
        self._sites = SiteRepository(database)
        self._calibrations = CalibrationRepository(database)
        self._queue_limit = queue_limit
        self.is_waiting = False
        """Whether controls are being analysed anew."""

    def run(self) -> int:
        """Submit what has to be analysed anew, and calibrate where all of it has ended. Returns how many were renewed.

        A calibration is renewed when the files of all its controls were kept; otherwise it stays as it is and is not
        applied, which every answer near it says. One with learned macromolecules is made again by the workers.
        """
        renewed, self.is_waiting = 0, False
        with self._database.asking() as connection:
            projects = connection.scalars(_PROJECTS).all()
        for project in projects:
            for stored in self._sites.newest(project):
                if stored.site.processing.engine != values_digest():
                    renewed += self._renew(stored, project)
        return renewed

    def _renew(self, stored: StoredSite, project: str) -> bool:
        site, sources = stored.site, self._sites.sources(stored.site.id, project)
        controls = {item.input_sha256 for region in site.regions for item in region.controls}
        if controls - set(sources.values()):
            return False  # made of a file, or an analysis has expired
        if site.background is not None:
            self._learn_again(site.name, [item for item, sha256 in sources.items() if sha256 in controls], project)
            return False
        try:
            rows = self._anew([analysis for analysis, sha256 in sources.items() if sha256 in controls], project)
        except QueueFull:
            self.is_waiting = True
            return False
        self.is_waiting |= any(row.state in UNFINISHED for row in rows or ())
        if rows is None or any(row.state in UNFINISHED for row in rows):
            return False
        try:
            made, links = site_of_analyses(site.name, rows)
        except FittingError as error:
            log.error("site cannot be renewed", site=site.id, code=error.code)
            return False
        if made.processing.engine == values_digest():
            self._sites.add(made, links, project)
            log.info("site renewed", site=site.id, by=made.id)
        return made.processing.engine == values_digest()

    def _learn_again(self, name: str, analyses: list[str], project: str) -> None:
        """Have the workers make a calibration again, unless they failed at it or spectra were not kept."""
        if len(self._analyses.kept_spectra(analyses)) < len(analyses):
            return
        made = self._calibrations.newest(MOST_LOOKED_AT, project)
        if any((row.name, row.analyses, row.state) == (name, analyses, "failed") for row in made):
            return
        with suppress(QueueFull):
            self._calibrations.submit(name, analyses, RENEWAL.name, project)
        self.is_waiting = True

    def _anew(self, analyses: list[str], project: str) -> list[AnalysisRow] | None:
        """The analyses of these spectra by the present program; None when a spectrum was not kept."""
        repository = self._analyses.of(project, RENEWAL)
        submissions = []
        for analysis in analyses:
            try:
                request = repository.get(analysis).request
            except UnknownAnalysis:
                return None
            files = tuple(repository.content(analysis, *INPUTS))
            if not any(file.role == "metabolite" for file in files):
                return None
            submissions.append(Submission(files, request, RENEWAL.name))
        ids = [repository.submit(item, self._queue_limit)[0].id for item in submissions]
        return [repository.get(item, with_result=True) for item in ids]
