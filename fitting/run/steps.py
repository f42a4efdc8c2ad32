"""The steps of one analysis in their order: from named bytes to an Analysis with its Traces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
from threadpoolctl import ThreadpoolController

from fitting import __version__
from fitting.acquisition import Acquisition
from fitting.analysis import SCHEMA, Analysis, Provenance
from fitting.basis.basis_set import BasisSet, Grid
from fitting.basis.cache import cached_basis
from fitting.basis.sequences import Protocol
from fitting.fid import Spectrum
from fitting.model.fit import Components, fit
from fitting.model.linear_prior import LinearPrior
from fitting.model.result import Fit, Traces
from fitting.model.screening import rough_fits
from fitting.norms import assess, own_software
from fitting.preprocessing import preprocess
from fitting.quality import Evidence, Quality
from fitting.quality.verdict import judge
from fitting.quantification import quantify, relaxation_table
from fitting.quantification.concentration_prior import concentration_priors, linear_prior
from fitting.reason import Reason
from fitting.request import Options
from fitting.run.answer import acquisition_facts, metabolite_results, multiplicity_of
from fitting.run.basis_choice import assumption, background_in_words, basis_for, protocol_of, with_job_background
from fitting.run.check import check_request
from fitting.run.completion import require_complete
from fitting.run.eddy_current_doubt import eddy_current_doubt
from fitting.run.intake import take_in
from fitting.run.job import Job
from fitting.run.pins import data_digest, engine_digest, library_versions
from fitting.run.placement import Placement, place
from fitting.run.progress import begin
from fitting.run.protocol_doubt import protocol_doubt


def analyse(job: Job, cache_dir: Path | None = None) -> tuple[Analysis, Traces]:
    """Read, preprocess, fit, quantify and compare one spectrum with matched norms.

    Parameters
    ----------
    job : Job
        Input bytes, what is known of the person, and options.
    cache_dir : Path, optional
        Folder of simulated basis sets; None keeps them in memory only.

    Returns
    -------
    analysis : Analysis
    traces : Traces

    Raises
    ------
    FittingError
        When the input cannot be used; the class says why.
    """
    with _threads().limit(limits=1):
        return _analyse(job, cache_dir)


@cache
def _threads() -> ThreadpoolController:
    """Linear algebra runs on one thread: small matrices gain nothing from more, and sums keep their order."""
    return ThreadpoolController()


def _analyse(job: Job, cache_dir: Path | None) -> tuple[Analysis, Traces]:
    begin("reading")
    check_request(job.subject, job.options)
    relaxation = relaxation_table(job.relaxation)
    intake = take_in(job.metabolite, job.water_reference, job.options.overrides)
    acquisition = intake.recording.acquisition
    require_complete(acquisition, intake.recording.free_text, for_simulated_basis=not job.basis)
    placement, subject = place(job.images, acquisition.voi_geometry, job.subject)
    begin("preprocessing")
    spectrum, facts = preprocess(intake.recording)
    begin("basis")
    basis = basis_for(job, acquisition, spectrum.fid.axes, cache_dir)
    begin("fitting")
    water = intake.recording.water
    prior = None
    if job.options.concentration_prior is not None:
        prior = linear_prior(
            concentration_priors()[job.options.concentration_prior],
            basis.names,
            spectrum.water,
            acquisition,
            subject.tissue,
            relaxation,
            water_acquisition=None if water is None else water.acquisition,
        )
    result = _fitted(spectrum, basis, job.options, prior)
    begin("quantification")
    quantities = quantify(
        result,
        spectrum.water,
        acquisition,
        subject.tissue,
        relaxation,
        water_acquisition=None if water is None else water.acquisition,
    )
    quality = Quality.of(Evidence(facts, result))
    doubts = tuple(Reason("contradicts-header", sentence) for sentence in intake.contradictions)
    doubts += tuple(Reason(note.code, note.sentence) for note in intake.notes if note.limits)
    doubts += tuple(Reason("file-may-be-cut", sentence) for sentence in intake.may_be_cut)
    remarks = tuple(Reason(note.code, note.sentence) for note in intake.notes if not note.limits)
    judged = partial(judge, result, quality, quantities, pattern=facts.pattern, remarks=remarks)
    judgement = judged(doubts=doubts)
    if facts.pattern == "found" and judgement.spectrum.usable != "no":
        doubts += _doubts_of_the_data(spectrum, basis, job, cache_dir, acquisition, result, quality)
        judgement = judged(doubts=doubts)
    begin("comparison")
    assessment = assess(
        quantities,
        subject,
        acquisition,
        {name: verdict.usable for name, verdict in judgement.metabolites.items()},
        site_norms=job.site_norms,
        software=own_software(
            job.options.baseline, background_in_words(job), basis.source, prior=job.options.concentration_prior
        ),
    )
    analysis = Analysis(
        outcome=result.outcome,
        verdict=judgement.spectrum,
        acquisition=acquisition_facts(intake, subject, facts),
        quality=quality,
        transients=facts.transients,
        metabolites=metabolite_results(quantities, assessment.scores, judgement),
        norms=assessment.norms,
        norms_not_used=assessment.norms_not_used,
        multiplicity=multiplicity_of(assessment),
        evidence=assessment.evidence,
        provenance=Provenance(
            software="mrsquant",
            version=__version__,
            schema=SCHEMA,
            engine=engine_digest(),
            data=data_digest(),
            libraries=library_versions(),
            basis_id=basis.key,
            basis_description=basis.description + assumption(job, acquisition),
            basis_source=basis.source,
            macromolecules=background_in_words(job),
            norm_version=assessment.norm_version,
            relaxation=relaxation.description,
            options=_flat(job.options),
            input_sha256=intake.input_sha256,
            water_sha256=intake.water_sha256,
            processing=facts.steps,
        ),
        anatomy=None if placement is None else placement.anatomy,
    )
    return analysis, _with_planes(result.traces, placement)


def _with_planes(traces: Traces, placement: Placement | None) -> Traces:
    """The traces with the planes of the image, if there are any."""
    if placement is None or placement.planes is None:
        return traces
    return replace(traces, planes=placement.planes, planes_middle_mm=placement.planes_middle_mm)


def _fitted(spectrum: Spectrum, basis: BasisSet, options: Options, prior: LinearPrior | None = None) -> Fit:
    return fit(
        *_fit_inputs(spectrum, basis),
        baseline=options.baseline,
        optimiser=options.optimiser,
        deadline_seconds=options.deadline_seconds,
        prior=prior,
    )


def _fit_inputs(spectrum: Spectrum, basis: BasisSet) -> tuple[Spectrum, Components, float]:
    return spectrum.truncated(basis.points), _components(basis), spectrum.fid.noise


def _components(basis: BasisSet) -> Components:
    return Components(basis.names, basis.signals, basis.deviations, basis.differences)


def _doubts_of_the_data(  # noqa: PLR0917 - the parts of one analysis, each of its own type
    spectrum: Spectrum,
    basis: BasisSet,
    job: Job,
    cache_dir: Path | None,
    acquisition: Acquisition,
    result: Fit,
    quality: Quality,
) -> tuple[Reason, ...]:
    """What the data say against the stated protocol, and for eddy currents."""
    inputs = _fit_inputs(spectrum, basis)
    *_, noise = inputs
    turned = partial(_turned, inputs, job.options.baseline)
    found = eddy_current_doubt(quality, corrected=spectrum.water is not None, rough=turned)
    if job.basis:
        return found
    rough, refit = _other_fits(spectrum, job, cache_dir, noise=noise)
    return protocol_doubt(protocol_of(acquisition), result, rough=rough, refit=refit) + found


def _other_fits(
    spectrum: Spectrum, job: Job, cache_dir: Path | None, *, noise: float
) -> tuple[Callable[[Protocol], float], Callable[[Protocol], Fit]]:
    """Residual over noise of a rough fit with the simulated basis of another protocol, and the whole fit with it."""
    roughly = rough_fits(spectrum, noise, baseline=job.options.baseline)

    def other_basis(protocol: Protocol) -> BasisSet:
        basis = cached_basis(protocol, Grid(spectrum.fid.points, spectrum.fid.dwell_time), cache_dir)
        return with_job_background(basis, job)

    def rough(protocol: Protocol) -> float:
        return roughly(_components(other_basis(protocol)))

    def refit(protocol: Protocol) -> Fit:
        return _fitted(spectrum, other_basis(protocol), job.options)

    return rough, refit


def _turned(inputs: tuple[Spectrum, Components, float], baseline: str, size: float, decay: float) -> float:
    """The residual of a rough fit once a phase of ``size`` rad at the start, decaying in ``decay`` s, is taken off."""
    spectrum, components, noise = inputs
    turned = replace(spectrum, fid=spectrum.fid.phased(-size * np.exp(-spectrum.fid.time / decay)))
    return rough_fits(turned, noise, baseline=baseline)(components)


def _flat(options: Options) -> dict[str, str | float | bool | None]:
    """Options as one flat record; the request's overrides are listed under ``acquisition.supplied``."""
    record = asdict(options)
    overrides = record.pop("overrides")
    return {**record, **{f"override_{name}": value for name, value in overrides.items() if value is not None}}
