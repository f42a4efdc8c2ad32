"""The steps of one analysis, in order, over one ``Run`` value: each adds its results for later steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from threadpoolctl import ThreadpoolController

from fitting.analysis import Analysis
from fitting.model.result import Traces
from fitting.norms import assess
from fitting.preprocessing import preprocess
from fitting.quality import Evidence, Quality
from fitting.quality.verdict import judge
from fitting.quantification import quantify, relaxation_table
from fitting.quantification.concentration_prior import concentration_priors, linear_prior
from fitting.run.answer import answer_of
from fitting.run.basis_choice import basis_for
from fitting.run.check import check_request
from fitting.run.completion import require_complete
from fitting.run.doubts import doubts_of_the_data, fitted
from fitting.run.intake import take_in
from fitting.run.job import Job
from fitting.run.learned_background import holds_for, in_files, mismatch, with_learned
from fitting.run.placement import place
from fitting.run.progress import Stage, begin
from fitting.run.site_choice import others_of, site_for, software_of
from fitting.run.state import Run
from fitting.sites import Site


def take(run: Run) -> None:
    """Check the request, read the files and complete the header."""
    job = run.job
    check_request(job.subject, job.options)
    run.relaxation = relaxation_table(job.relaxation)
    run.intake = take_in(job.metabolite, job.water_reference, job.options.overrides)
    require_complete(run.acquisition, run.intake.recording.free_text, for_simulated_basis=not job.basis)


def find_in_images(run: Run) -> None:
    """Place the measured volume in the images, and take the tissue fractions of the maps."""
    run.placement, run.subject = place(run.job.images, run.acquisition.voi_geometry, run.job.subject)


def prepare(run: Run) -> None:
    """From transients and coils to one referenced spectrum."""
    run.spectrum, run.preprocessed = preprocess(run.intake.recording)


def choose_basis(run: Run) -> None:
    """Supplied or simulated, with its macromolecules."""
    run.basis = basis_for(run.job, run.acquisition, run.spectrum.fid.axes, run.cache_dir)


def find_site(run: Run) -> None:
    """The calibration of the scanner that holds for this scan and this way of processing."""
    run.site = site_for(run.job, run.acquisition, run.basis.source)


def learn_macromolecules(run: Run) -> None:
    """Take the macromolecules learned from the scanner's people, where the basis has the published ones."""
    job, calibrated = run.job, run.site.site
    found = job.background or in_files(job.macromolecules) or (None if calibrated is None else calibrated.learned)
    run.background = found if found is not None and holds_for(run.basis, found) else None
    if run.background is not None:
        run.basis = with_learned(run.basis, run.background)


def expect_concentrations(run: Run) -> None:
    """Prior of the amplitudes, when requested."""
    name = run.job.options.concentration_prior
    run.prior = (
        None
        if name is None
        else linear_prior(
            concentration_priors()[name],
            run.basis.names,
            run.spectrum.water,
            run.acquisition,
            run.subject.tissue,
            run.relaxation,
            water_acquisition=run.water_acquisition,
        )
    )


def fit_model(run: Run) -> None:
    """Fit the linear combination model."""
    run.fit = fitted(run.spectrum, run.basis, run.job.options, run.prior)


def scale(run: Run) -> None:
    """From amplitudes to ratios and concentrations."""
    run.quantities = quantify(
        run.fit,
        run.spectrum.water,
        run.acquisition,
        run.subject.tissue,
        run.relaxation,
        water_acquisition=run.water_acquisition,
    )


def measure_quality(run: Run) -> None:
    """The numbers of the quality registry."""
    run.quality = Quality.of(Evidence(run.preprocessed, run.fit))


def give_verdict(run: Run) -> None:
    """Judge the spectrum and each value; check a usable spectrum against its stated protocol."""
    pattern, doubts = run.preprocessed.pattern, run.intake.doubts + mismatch(run.fit.background_probability)
    judged = partial(
        judge,
        run.fit,
        run.quality,
        run.quantities,
        pattern=pattern,
        remarks=run.intake.remarks,
        off_scale=run.basis.off_scale,
        echo_time=run.acquisition.echo_time,
    )
    run.judgement = judged(doubts=doubts)
    if pattern == "found" and run.judgement.spectrum.usable != "no":
        found = doubts_of_the_data(
            run.spectrum, run.basis, run.job, run.cache_dir, run.acquisition, run.fit, run.quality, run.background
        )
        if found:
            run.judgement = judged(doubts=doubts + found)


def compare_with_controls(run: Run) -> None:
    """Compare each usable value with matched controls."""
    calibrated = () if run.site.site is None else run.site.site.controls
    software = software_of(run.job, run.basis.source, run.background)
    if run.background is not None:  # the site's people were fitted with it, and no other controls were
        calibrated = tuple(replace(item, method=replace(item.method, software=software)) for item in calibrated)
    run.assessment = assess(
        run.quantities,
        run.subject,
        run.acquisition,
        {name: verdict.usable for name, verdict in run.judgement.metabolites.items()},
        site_norms=(*calibrated, *run.job.site_norms),
        laboratories=others_of(run.job, run.site),
        software=software,
    )


Step = Callable[[Run], None]
STEPS: tuple[tuple[Stage | None, Step], ...] = (
    ("reading", take),
    (None, find_in_images),
    ("preprocessing", prepare),
    ("basis", choose_basis),
    (None, find_site),
    (None, learn_macromolecules),
    ("fitting", expect_concentrations),
    (None, fit_model),
    ("quantification", scale),
    (None, measure_quality),
    (None, give_verdict),
    ("comparison", compare_with_controls),
)
"""Every step, and the stage of progress that begins with it."""


def analyse(job: Job, cache_dir: Path | None = None, *, site: Site | None = None) -> tuple[Analysis, Traces]:
    """Read, preprocess, fit, quantify and compare one spectrum with matched norms.

    Parameters
    ----------
    job : Job
        Input bytes, facts about the person, and options.
    cache_dir : Path, optional
        Folder of simulated basis sets; None keeps them in memory only.
    site : Site, optional
        Calibration of the scanner, in place of the job's.

    Returns
    -------
    analysis : Analysis
    traces : Traces

    Raises
    ------
    FittingError
        When the input cannot be used; the class gives the kind of fault.
    """
    run = Run(job if site is None else replace(job, site=site), cache_dir)
    with _threads().limit(limits=1):
        for stage, step in STEPS:
            if stage is not None:
                begin(stage)
            step(run)
        return answer_of(run)


@cache
def _threads() -> ThreadpoolController:
    """Linear algebra runs on one thread: small matrices gain nothing from more, and sums keep their order."""
    return ThreadpoolController()
