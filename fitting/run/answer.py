"""Putting the stages' nouns together into the answer's parts."""

from __future__ import annotations

from fitting.analysis import AcquisitionFacts, MetaboliteResult, Multiplicity
from fitting.errors import MissingParameter
from fitting.norms.assessment import Assessment, ProfileDistance, ZScore
from fitting.preprocessing import Preprocessed
from fitting.quality.verdict import Judgement
from fitting.quantification.concentrations import Quantity
from fitting.reason import Absence
from fitting.request import Subject
from fitting.run.intake import Intake


def acquisition_facts(intake: Intake, subject: Subject, facts: Preprocessed) -> AcquisitionFacts:
    """How the spectrum was acquired and of whom, as far as known."""
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

    Concentrations are left out when the water they were scaled by cannot be theirs.
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
    """How many comparisons were made and what chance alone would flag."""
    profile = assessment.profile
    return Multiplicity(
        tests=assessment.tests,
        expected_by_chance=assessment.expected_by_chance,
        flagged=assessment.flagged,
        flagged_q=assessment.flagged_q,
        profile=profile if isinstance(profile, ProfileDistance) else None,
        profile_absent=profile if isinstance(profile, Absence) else None,
    )
