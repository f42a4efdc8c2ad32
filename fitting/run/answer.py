"""Putting the stages' nouns together into the answer's parts."""

from __future__ import annotations

import numpy as np

from fitting.analysis import AcquisitionFacts, MetaboliteResult, Multiplicity, Quality
from fitting.errors import MissingParameter
from fitting.model.departure import phase_departure_deg
from fitting.model.diagnostics import (
    baseline_share,
    creatine_linewidth_ppm,
    naa_linewidth_ppm,
    peak_over_noise,
    residual_by_region,
    spurious_echo,
    unexplained_line,
)
from fitting.model.result import Fit, Traces
from fitting.norms.assessment import Assessment, ProfileDistance, ZScore
from fitting.preprocessing import PreprocessingFacts
from fitting.quantification.concentrations import Quantity
from fitting.reason import Absence
from fitting.request import Subject
from fitting.run.intake import Intake
from fitting.verdict import Judgement

SNR_DEFINITION = "highest point of the fit above its baseline, over twice the RMS of the residual, 0.2 to 4.2 ppm"
"""LCModel's and TARQUIN's definition; the consensus definition (peak over noise sd) gives about twice this."""

SNR_CONSENSUS_DEFINITION = "highest point of the data above the fitted baseline, over the noise's standard deviation"
"""The consensus' definition in the frequency domain (Kreis et al. 2021, doi:10.1002/nbm.4347; Lin et al. 2021,
doi:10.1002/nbm.4484); noise from where the spectrum holds no signal."""


def signal_to_noise(traces: Traces) -> float:
    """Signal-to-noise ratio by ``SNR_DEFINITION``."""
    rms = float(np.sqrt(np.mean(traces.residual**2)))
    return float(np.max(traces.fit - traces.baseline)) / (2 * rms)


def noise_of(fit: Fit) -> float:
    """Standard deviation of the noise of one point of the fit's traces; zero where neither noise nor residual is."""
    rms = float(np.sqrt(np.mean(fit.traces.residual**2)))
    return rms / fit.residual_rms_over_noise if fit.residual_rms_over_noise > 0 else 0.0


def quality_of(fit: Fit, facts: PreprocessingFacts, spectrometer_frequency: float) -> Quality:
    """Numbers behind the verdict."""
    traces, to_hz = fit.traces, spectrometer_frequency * 1e-6
    noise = noise_of(fit)
    naa, creatine = naa_linewidth_ppm(traces), creatine_linewidth_ppm(traces)
    water = facts.water_linewidth_hz
    return Quality(
        snr=signal_to_noise(fit.traces),
        snr_definition=SNR_DEFINITION,
        snr_consensus=peak_over_noise(traces, noise),
        snr_consensus_definition=SNR_CONSENSUS_DEFINITION,
        linewidth_hz=fit.linewidth_hz,
        linewidth_ppm=fit.linewidth_hz / to_hz,
        tnaa_linewidth_hz=None if naa is None else naa * to_hz,
        tnaa_linewidth_ppm=naa,
        tcr_linewidth_hz=None if creatine is None else creatine * to_hz,
        tcr_linewidth_ppm=creatine,
        water_linewidth_hz=water,
        water_linewidth_ppm=None if water is None else water / to_hz,
        frequency_drift_hz=facts.frequency_drift_hz,
        phase_spread_deg=facts.phase_spread_deg,
        eddy_current_deg=facts.eddy_current_deg,
        residual_water=facts.residual_water,
        lipid=facts.lipid,
        spurious_echo=spurious_echo(traces, noise, spectrometer_frequency),
        clipped_samples=facts.clipped_samples,
        water_clipped_samples=facts.water_clipped_samples,
        noise_correlation=facts.noise_correlation,
        noise_tail=facts.noise_tail,
        spikes=facts.spikes,
        axis_error=facts.axis_error,
        residual_rms_over_noise=fit.residual_rms_over_noise,
        residual_by_region=residual_by_region(traces, noise),
        baseline_share=baseline_share(traces),
        baseline_effective_dimension=fit.baseline_effective_dimension,
        shift_ppm=facts.shift_ppm,
        digitisation_step=facts.digitisation_step,
        quadrature_image=facts.quadrature_image,
        water_ripple=facts.water_ripple,
        water_offset=facts.water_offset,
        amplitude_spread=facts.amplitude_spread,
        opposed_coils=facts.opposed_coils,
        unexplained_line=unexplained_line(traces, noise, fit.linewidth_hz / to_hz),
        phase_departure_deg=phase_departure_deg(traces, noise, spectrometer_frequency),
    )


def acquisition_facts(intake: Intake, subject: Subject, facts: PreprocessingFacts) -> AcquisitionFacts:
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
