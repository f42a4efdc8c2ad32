"""Contrasts of the session that an analysis belongs to: the other spectra of the same person and visit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from fitting.sites import SessionContrasts, session_contrasts
from service.api.dependencies import Caller, Repository, SiteNorms, Sites
from service.documents import load_analysis
from service.storage.lists import Filters
from service.storage.repositories import AnalysisRepository
from service.storage.site_norms import SiteNormRepository
from service.storage.sites import SiteRepository
from service.storage.tables import AnalysisRow

MOST_OF_PERSON = 200
"""Analyses of one person among which those of the session are looked for, the newest ones."""
MOST_SPECTRA = 20
"""Spectra of one session that are read, the newest ones."""


@dataclass(frozen=True, slots=True)
class SessionReader:
    """Reads sessions of the caller's project, and has the audit log name every analysis that was read."""

    request: Request
    analyses: AnalysisRepository
    sites: SiteRepository
    site_norms: SiteNormRepository
    project: str

    def of(self, row: AnalysisRow) -> SessionContrasts | None:
        """Contrasts of the session of an analysis; None without subject, session or a second analysis of it."""
        session = row.request.get("session")
        if row.state != "succeeded" or row.subject is None or session is None:
            return None
        person = self.analyses.page(Filters(subject=row.subject, state="succeeded"), None, MOST_OF_PERSON)
        same = [item.id for item in person.rows if item.request.get("session") == session][:MOST_SPECTRA]
        if len(same) < 2:
            return None
        self.request.state.shown = tuple(dict.fromkeys((row.id, *same)))
        return self.among([self.analyses.get(name, with_result=True) for name in reversed(same)])

    def among(self, rows: Sequence[AnalysisRow]) -> SessionContrasts:
        """Contrasts of the spectra of one session that were read with their results, in the order of submission.

        Own controls are those that there were when the last of them was submitted.
        """
        at = max(row.created for row in rows)
        sites = self.sites.newest_at(self.project, at)
        own = (*(item for site in sites for item in site.controls), *self.site_norms.newest_at(self.project, at))
        return session_contrasts([load_analysis(row.result or {}) for row in rows], own)


async def _session_reader(
    request: Request, repository: Repository, sites: Sites, site_norms: SiteNorms, caller: Caller
) -> SessionReader:
    return SessionReader(request, repository, sites, site_norms, caller.project)


Session = Annotated[SessionReader, Depends(_session_reader)]
