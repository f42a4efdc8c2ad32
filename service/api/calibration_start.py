"""Begin a calibration with stored analyses: at once from their values, or by the workers from their spectra."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from fitting.errors import UnusableControls
from fitting.run.learning import FEWEST, not_learned, too_few
from service.api.site_schemas import SiteRequest
from service.storage.calibrations import CalibrationRepository
from service.storage.repositories import AnalysisRepository
from service.storage.site_analyses import site_of_analyses
from service.storage.sites import SiteRepository, StoredSite
from service.storage.tables import CalibrationRow


@dataclass(frozen=True, slots=True)
class CalibrationStart:
    """What a calibration is begun with, of one project."""

    sites: SiteRepository
    repository: AnalysisRepository
    calibrations: CalibrationRepository
    wake: Callable[[], None]
    """Tells the runner that something was queued."""
    project: str
    request_id: str

    def begin(self, asked: SiteRequest) -> tuple[StoredSite, bool] | CalibrationRow:
        """A site of the analyses' values and whether it is new, or the calibration that the workers make of spectra.

        The workers make it when the spectra of all controls are kept and there are enough of them to learn from,
        unless the request says otherwise. A site of values says why nothing was learned.

        Raises
        ------
        UnusableControls
            When the analyses make no site, or macromolecules are asked for and spectra are not kept.
        UnknownAnalysis
            When there is no such analysis.
        QueueFull
            When too many calibrations wait.
        """
        analyses = [str(item) for item in dict.fromkeys(asked.analyses)]
        rows = [self.repository.get(item, with_result=True) for item in analyses]
        site, sources = site_of_analyses(asked.name, rows)
        if asked.learn_macromolecules is False:
            return self.sites.add(site, sources, self.project)
        members = {control.input_sha256 for region in site.regions for control in region.controls}
        controls = [analysis for analysis, sha256 in sources.items() if sha256 in members]
        lost = len(controls) - len(self.repository.kept_spectra(controls))
        if not lost and len(controls) >= FEWEST:
            row = self.calibrations.submit(asked.name, analyses, self.request_id, self.project)
            self.wake()
            return row
        why = too_few(len(controls))
        if lost:
            why = not_learned(
                f"The scanner's macromolecules cannot be learned: the files of {lost} of {len(controls)} controls are "
                "not stored any more. Submit the spectra again with keep_files, or calibrate with mrsquant calibrate."
            )
        if asked.learn_macromolecules:
            raise UnusableControls(why.sentence, parameter="analyses")
        return self.sites.add(replace(site, warnings=(*site.warnings, why)), sources, self.project)
