"""State of one analysis while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from fitting.acquisition import Acquisition
from fitting.basis.basis_set import BasisSet
from fitting.fid import Spectrum
from fitting.model.linear_prior import LinearPrior
from fitting.model.result import Fit
from fitting.model.site_background import SiteBackground
from fitting.norms.assessment import Assessment
from fitting.preprocessing import Preprocessed
from fitting.quality import Quality
from fitting.quality.verdict import Judgement
from fitting.quantification.concentrations import Quantity
from fitting.quantification.relaxation import RelaxationTable
from fitting.request import Subject
from fitting.run.intake import Intake
from fitting.run.job import Job
from fitting.run.placement import Placement
from fitting.sites import SiteChoice


@dataclass(slots=True)
class Run:
    """State of one analysis; a step may read the values set by earlier steps."""

    job: Job
    cache_dir: Path | None
    intake: Intake = field(init=False)
    """The complete recording, and the source of its parts."""
    placement: Placement | None = field(init=False)
    """Position of the measured volume in the images."""
    subject: Subject = field(init=False)
    """With the tissue fractions of the maps, if there are any."""
    relaxation: RelaxationTable = field(init=False)
    spectrum: Spectrum = field(init=False)
    """The fitted spectrum and its water."""
    preprocessed: Preprocessed = field(init=False)
    """The intermediate FIDs and findings of preprocessing."""
    basis: BasisSet = field(init=False)
    site: SiteChoice = field(init=False)
    """The calibration of the scanner that holds."""
    background: SiteBackground | None = field(init=False)
    """Learned macromolecules of the scanner, when the basis has them."""
    prior: LinearPrior | None = field(init=False)
    """Expected concentrations, when requested."""
    fit: Fit = field(init=False)
    quantities: tuple[Quantity, ...] = field(init=False)
    quality: Quality = field(init=False)
    judgement: Judgement = field(init=False)
    assessment: Assessment = field(init=False)

    @property
    def acquisition(self) -> Acquisition:
        """Acquisition of the spectrum, completed by the request."""
        return self.intake.recording.acquisition

    @property
    def water_acquisition(self) -> Acquisition | None:
        """The same of its water reference."""
        water = self.intake.recording.water
        return None if water is None else water.acquisition
