"""Assemble the answer from the results of the steps: the Analysis with its provenance, and the Traces."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np

from fitting.acquisition import VoiGeometry
from fitting.analysis import SCHEMA, AcquisitionFacts, Analysis, MetaboliteResult, Multiplicity, Provenance
from fitting.errors import MissingParameter
from fitting.model.result import Traces
from fitting.norms.assessment import Assessment, ProfileDistance, ZScore
from fitting.preprocessing import Preprocessed
from fitting.quality.verdict import Judgement
from fitting.quantification.concentrations import Quantity
from fitting.reason import Absence
from fitting.request import Options, Subject
from fitting.run.basis_choice import assumption, background_in_words, basis_digest
from fitting.run.intake import Intake
from fitting.run.learned_background import in_words
from fitting.run.pins import data_digest, engine_digest, library_versions, values_digest
from fitting.run.placement import Placement
from fitting.run.state import Run
from fitting.version import __version__


def answer_of(run: Run) -> tuple[Analysis, Traces]:
    """The answer of a run after its last step."""
    analysis = Analysis(
        outcome=run.fit.outcome,
        verdict=run.judgement.spectrum,
        acquisition=acquisition_facts(run.intake, run.subject, run.preprocessed),
        quality=run.quality,
        transients=run.preprocessed.transients,
        metabolites=metabolite_results(run.quantities, run.assessment.scores, run.judgement),
        norms=run.assessment.norms,
        norms_not_used=run.assessment.norms_not_used,
        multiplicity=multiplicity_of(run.assessment),
        evidence=run.assessment.evidence,
        provenance=provenance_of(run),
        anatomy=None if run.placement is None else run.placement.anatomy,
    )
    return analysis, _with_places(run.fit.traces, run.acquisition.voi_geometry, run.placement)


def provenance_of(run: Run) -> Provenance:
    """Inputs, programs and data that determine the answer."""
    return Provenance(
        software="mrsquant",
        version=__version__,
        schema=SCHEMA,
        engine=engine_digest(),
        data=data_digest(),
        libraries=library_versions(),
        basis_id=run.basis.key,
        basis_description=run.basis.description + assumption(run.job, run.acquisition),
        basis_source=run.basis.source,
        macromolecules=background_in_words(run.job) if run.background is None else in_words(run.background),
        norm_version=run.assessment.norm_version,
        relaxation=run.relaxation.description,
        options=_flat(run.job.options),
        input_sha256=run.intake.input_sha256,
        water_sha256=run.intake.water_sha256,
        processing=run.preprocessed.steps,
        values_code=values_digest(),
        basis_sha256=basis_digest(run.job),
        site=run.site.used,
    )


def _flat(options: Options) -> dict[str, str | float | bool | None]:
    """Options as one flat record; the request's overrides are listed under ``acquisition.supplied``."""
    record = asdict(options)
    overrides = record.pop("overrides")
    return {**record, **{f"override_{name}": value for name, value in overrides.items() if value is not None}}


def _with_places(traces: Traces, geometry: VoiGeometry | None, placement: Placement | None) -> Traces:
    """The traces with the place of the measured volume and the planes of the image, if there are any."""
    if geometry is not None:
        traces = replace(traces, voxel_mm=np.array([geometry.center_mm, *geometry.edges_mm]))
    if placement is None or placement.planes is None:
        return traces
    return replace(traces, planes=placement.planes, planes_middle_mm=placement.planes_middle_mm)


def acquisition_facts(intake: Intake, subject: Subject, facts: Preprocessed) -> AcquisitionFacts:
    """Acquisition and person of the spectrum, as far as known."""
    recording = intake.recording
    acquisition = recording.acquisition
    frequency, dwell_time, field_t = (
        acquisition.spectrometer_frequency,
        acquisition.dwell_time,
        acquisition.nominal_field_t,
    )
    if frequency is None or dwell_time is None or field_t is None:
        raise MissingParameter("The acquisition is incomplete.", parameter="spectrometer_frequency")
    tissue = subject.tissue
    return AcquisitionFacts(
        vendor=acquisition.vendor,
        format=acquisition.format,
        scanner_model=acquisition.scanner_model,
        software=acquisition.software,
        field_t=field_t,
        spectrometer_frequency=frequency,
        sequence=acquisition.sequence,
        sequence_name=acquisition.sequence_name,
        echo_time=acquisition.echo_time,
        repetition_time=acquisition.repetition_time,
        mixing_time=acquisition.mixing_time,
        dwell_time=dwell_time,
        points=recording.points,
        coils=recording.coils,
        transients=recording.transients,
        averages=acquisition.averages,
        transients_rejected=facts.transients_rejected,
        voi_volume_ml=acquisition.voi_volume_ml,
        region=subject.region,
        hemisphere=subject.hemisphere,
        age_years=subject.age_years,
        sex=subject.sex,
        gm=None if tissue is None else tissue.gm,
        wm=None if tissue is None else tissue.wm,
        csf=None if tissue is None else tissue.csf,
        water_reference=recording.water is not None,
        supplied=intake.supplied,
    )


def metabolite_results(
    quantities: tuple[Quantity, ...], scores: dict[str, ZScore | Absence], judgement: Judgement
) -> tuple[MetaboliteResult, ...]:
    """Each quantity with its verdict, and its position among controls or the reason for its absence.

    Concentrations are omitted when the water reference cannot belong to the spectrum.
    """
    results = []
    for quantity in quantities:
        score = scores[quantity.name]
        results.append(
            MetaboliteResult(
                name=quantity.name,
                verdict=judgement.metabolites[quantity.name],
                amplitude=quantity.amplitude,
                amplitude_sd=quantity.amplitude_sd,
                amplitude_sd_scan=quantity.amplitude_sd_scan,
                amplitude_sd_shared=quantity.amplitude_sd_shared,
                crlb_percent=quantity.crlb_percent,
                detected=quantity.detected,
                upper_bound=quantity.upper_bound,
                model_move=quantity.model_move,
                prior_move=quantity.prior_move,
                ratio_tcr=quantity.ratio_tcr,
                concentration=quantity.concentration if judgement.water_scale is None else None,
                z=score if isinstance(score, ZScore) else None,
                z_absent=score if isinstance(score, Absence) else None,
            )
        )
    return tuple(results)


def multiplicity_of(assessment: Assessment) -> Multiplicity:
    """Number of comparisons, and number of flags expected by chance."""
    profile = assessment.profile
    return Multiplicity(
        tests=assessment.tests,
        expected_by_chance=assessment.expected_by_chance,
        flagged=assessment.flagged,
        flagged_q=assessment.flagged_q,
        profile=profile if isinstance(profile, ProfileDistance) else None,
        profile_absent=profile if isinstance(profile, Absence) else None,
    )
