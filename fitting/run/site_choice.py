"""The calibration of the scanner that holds for a job, and the description of the processing that it must equal."""

from __future__ import annotations

from fitting.acquisition import Acquisition
from fitting.model.site_background import SiteBackground
from fitting.norms import FurtherLaboratory, own_software
from fitting.run.basis_choice import background_in_words, basis_digest
from fitting.run.job import Job
from fitting.run.learned_background import in_words
from fitting.run.pins import values_digest
from fitting.sites import SiteChoice, SiteProcessing, choose_site


def site_for(job: Job, acquisition: Acquisition, source: str) -> SiteChoice:
    """The site of a job that holds for its scan, and what the answer says about it.

    Parameters
    ----------
    job : Job
    acquisition : Acquisition
        Completed by the request.
    source : str
        Of the basis set.
    """
    processing = SiteProcessing(software_of(job, source), values_digest(), basis_digest(job))
    return choose_site(job.site, job.sites, acquisition, processing)


def software_of(job: Job, source: str, background: SiteBackground | None = None) -> str:
    """The program with the choices that shift the values of all people alike; ``background`` is the learned one."""
    options = job.options
    words = background_in_words(job) if background is None else in_words(background)
    return own_software(options.baseline, words, source, prior=options.concentration_prior)


def others_of(job: Job, choice: SiteChoice) -> tuple[FurtherLaboratory, ...]:
    """The further laboratories of a job, without the one whose own people are used: they would count twice."""
    own = None if choice.site is None else choice.site.name
    return tuple(item for item in job.laboratories if item.name != own)
