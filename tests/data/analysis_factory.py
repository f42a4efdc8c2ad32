"""Plausible analyses and traces made by code, for tests of everything that shows a result."""

from __future__ import annotations

from dataclasses import replace
from math import exp

import numpy as np

from fitting.analysis import SCHEMA, AcquisitionFacts, Analysis, MetaboliteResult, Multiplicity, Provenance
from fitting.model.result import Outcome, Traces
from fitting.norms.assessment import ErrorShares, Finding, Improvement, NormMatch, NormUsed, ZScore
from fitting.preprocessing.preprocessed import Transients
from fitting.preprocessing.step import step
from fitting.quality.fit_residual import RegionResidual
from fitting.quality.verdict.usable import Verdict
from fitting.quantification.concentrations import Concentration, ModelMove, Ratio
from fitting.reason import Absence, Reason
from tests.data.quality_values import quality_with

FREQUENCY = 123.25e6
TCR_AMPLITUDE = 3.1e-4
MMOL_PER_RATIO = 8.2

# name: (ratio to tCr, its sd, CRLB in per cent, lines as (ppm, protons))
CONTENT: dict[str, tuple[float, float, float, tuple[tuple[float, float], ...]]] = {
    "NAA": (1.07, 0.041, 3.1, ((2.008, 3), (2.49, 1), (2.67, 1))),
    "NAAG": (0.14, 0.035, 18.0, ((2.042, 3),)),
    "tNAA": (1.21, 0.031, 2.2, ()),
    "Glu": (1.12, 0.072, 5.6, ((2.34, 2), (2.08, 1), (2.12, 1), (3.745, 1))),
    "Gln": (0.31, 0.068, 19.0, ((2.44, 2), (2.13, 2), (3.757, 1))),
    "Glx": (1.43, 0.079, 4.9, ()),
    "mI": (0.79, 0.044, 4.4, ((3.56, 4), (3.62, 1), (3.27, 0.7), (4.05, 1))),
    "GPC": (0.19, 0.018, 7.0, ((3.21, 9), (3.67, 1))),
    "PCh": (0.071, 0.019, 24.0, ((3.20, 9), (3.64, 1))),
    "tCho": (0.261, 0.0092, 2.9, ()),
    "Cr": (0.58, 0.041, 6.0, ((3.027, 3), (3.913, 2))),
    "PCr": (0.42, 0.041, 8.4, ((3.029, 3), (3.93, 2))),
    "tCr": (1.0, 0.0, 1.8, ()),
    "GABA": (0.22, 0.071, 27.0, ((2.28, 2), (1.89, 2), (3.01, 2))),
    "GSH": (0.19, 0.042, 17.0, ((2.95, 1), (2.15, 2), (2.55, 2), (3.77, 1))),
    "Asp": (0.24, 0.11, 38.0, ((2.65, 1), (2.80, 1), (3.89, 1))),
    "Asc": (0.12, 0.06, 41.0, ((3.73, 2), (4.01, 1))),
    "Tau": (0.18, 0.06, 28.0, ((3.25, 2), (3.42, 2))),
    "Scyllo": (0.041, 0.011, 21.0, ((3.34, 6),)),
    "Lac": (0.06, 0.05, 66.0, ((1.31, 3), (4.1, 1))),
    "Ala": (0.02, 0.04, 160.0, ((1.47, 3), (3.77, 1))),
    "PE": (0.21, 0.08, 33.0, ((3.22, 2), (3.98, 2))),
    "Glc": (0.11, 0.09, 70.0, ((3.4, 2), (3.7, 2), (3.85, 1))),
    "MM09": (1.9, 0.12, 5.0, ((0.91, 3),)),
    "MM12": (1.2, 0.14, 9.0, ((1.21, 2),)),
    "MM14": (1.6, 0.15, 8.0, ((1.38, 2),)),
    "MM17": (1.3, 0.16, 11.0, ((1.67, 2),)),
    "MM20": (2.4, 0.2, 7.0, ((2.04, 3),)),
}
UNDETECTED = ("Lac", "Ala", "Glc")
COMPARED = {
    "tNAA": (1.45, 0.095, 0.041),
    "tCho": (0.241, 0.03, 0.0236),
    "Glx": (1.55, 0.17, 0.11),
    "Glu": (1.21, 0.12, 0.07),
    "mI": (0.68, 0.085, 0.06),
}
"""Name: mean, sd within, sd between of the control group."""


def make_traces(points: int = 2048, noise: float = 0.012, seed: int = 7) -> Traces:
    """Traces of a 3 T short-echo spectrum with Lorentzian lines, a smooth baseline and noise."""
    ppm = np.linspace(4.65 + 8.1, 4.65 - 8.1, points)
    names = tuple(name for name, (*_, lines) in CONTENT.items() if lines)
    components = np.zeros((len(names), points))
    for k, name in enumerate(names):
        ratio, _, _, lines = CONTENT[name]
        half = 0.09 if name.startswith("MM") else 0.022
        for shift, protons in lines:
            scale = 0.11 if name.startswith("MM") else 1.0
            components[k] += ratio * scale * protons / (1.0 + ((ppm - shift) / half) ** 2) / 3.0
    baseline = 0.08 * np.exp(-(((ppm - 2.9) / 1.6) ** 2)) + 0.05 * np.exp(-(((ppm - 0.9) / 0.8) ** 2))
    fit = components.sum(axis=0) + baseline
    rng = np.random.default_rng(seed)
    residual = noise * rng.standard_normal(points) + 0.012 * np.exp(-(((ppm - 3.9) / 0.05) ** 2))
    return Traces(ppm, fit + residual, fit, baseline, residual, names, components)


def make_analysis(*, norm: bool = True, water: bool = True, undetected: tuple[str, ...] = UNDETECTED) -> Analysis:
    """A usable spectrum of the anterior cingulate cortex, with one value below its reference interval."""
    absent = (
        Absence("no-norm", "There is no control norm for this metabolite in this region.")
        if norm
        else Absence("no-region", "The request names no region, so no control group can be chosen.")
    )
    metabolites = tuple(_result(name, norm, water, name in undetected, absent) for name in CONTENT)
    flagged = sum(m.z is not None and m.z.flag != "within" for m in metabolites)
    tests = sum(m.z is not None for m in metabolites)
    return Analysis(
        outcome=Outcome("converged", "The fit converged after 11 evaluations."),
        verdict=Verdict("yes", ()),
        acquisition=_acquisition(norm, water),
        quality=quality_with(
            snr=27.4,
            snr_definition="height of tNAA over twice the root mean square of the residual",
            snr_consensus=53.1,
            snr_consensus_definition="height of tNAA over the standard deviation of the noise",
            linewidth_hz=5.3,
            linewidth_ppm=0.043,
            tnaa_linewidth_hz=5.5,
            tnaa_linewidth_ppm=0.0446,
            tcr_linewidth_hz=5.4,
            tcr_linewidth_ppm=0.0438,
            water_linewidth_hz=6.9 if water else None,
            water_linewidth_ppm=0.056 if water else None,
            frequency_drift_hz=2.1,
            phase_spread_deg=4.7,
            eddy_current_deg=12.0 if water else None,
            residual_water=0.62,
            lipid=0.21,
            spurious_echo=0.0,
            clipped_samples=0,
            water_clipped_samples=0 if water else None,
            noise_correlation=0.97,
            noise_tail=1.01,
            spikes=0,
            axis_error=0.001,
            residual_rms_over_noise=1.12,
            residual_by_region=(RegionResidual(0.2, 1.8, 1.05), RegionResidual(1.8, 2.2, 1.31)),
            baseline_share=0.14,
            baseline_effective_dimension=9.8,
            shift_ppm=-0.021,
            digitisation_step=0.0001,
            quadrature_image=0.0,
            water_ripple=0.0003 if water else None,
            water_offset=0.0 if water else None,
            amplitude_spread=0.02,
            opposed_coils=0,
            unexplained_line=2.1,
            phase_departure_deg=1.4,
        ),
        transients=Transients(
            shift_hz=(-1.1, 0.0, 1.0),
            phase_deg=(-4.0, 6.5, -2.5),
            shift_sd_hz=0.12,
            phase_sd_deg=1.1,
            weight=(1.0, 0.62, 0.0),
        ),
        metabolites=metabolites,
        norms=tuple(_norm(name) for name in COMPARED) if norm else (),
        norms_not_used=(),
        multiplicity=_multiplicity(tests, flagged),
        evidence=_evidence(),
        provenance=_provenance(water),
    )


def limited(analysis: Analysis) -> Analysis:
    """The same with quality limits and only the comparisons they allow."""
    hidden = Absence("quality-limited", "The linewidth does not allow this value to be compared.")
    metabolites = tuple(
        replace(m, z=None, z_absent=hidden) if m.z is not None and m.name != "tNAA" else m for m in analysis.metabolites
    )
    return replace(
        analysis,
        verdict=Verdict(
            "limited",
            (
                Reason("broad-lines", "The linewidth of 9.8 Hz (0.080 ppm) is above 0.075 ppm: overlap is severe."),
                Reason("drift", "The frequency drifted by 11 Hz over the scan; lines are broadened."),
            ),
        ),
        metabolites=metabolites,
        multiplicity=_multiplicity(1, 1),
    )


def unusable(analysis: Analysis) -> Analysis:
    """The same with a verdict that forbids interpretation."""
    hidden = Absence("not-interpretable", "The spectrum is not interpretable, so nothing is compared.")
    return replace(
        analysis,
        verdict=Verdict("no", (Reason("low-snr", "The signal-to-noise ratio of 2.1 is below 4."),)),
        metabolites=tuple(replace(m, z=None, z_absent=hidden) for m in analysis.metabolites),
        norms=(),
        multiplicity=_multiplicity(0, 0),
    )


def failed(analysis: Analysis) -> Analysis:
    """The same after a fit that did not end."""
    return replace(unusable(analysis), outcome=Outcome("failed", "The fit left the plausible range of widths."))


def hostile(analysis: Analysis) -> Analysis:
    """The same with strings that attack a page, a spreadsheet or a layout."""
    attack = '<script>alert("x")</script><img src=x onerror=alert(1)>&"\'#set text(red)'
    return replace(
        analysis,
        acquisition=replace(analysis.acquisition, region=attack, sequence_name=attack, scanner_model=attack),
        evidence=(replace(analysis.evidence[0], note=attack), *analysis.evidence[1:]),
        verdict=Verdict("limited", (Reason("odd", attack),)),
    )


def many(analysis: Analysis, total: int = 40) -> Analysis:
    """The same with so many metabolites as a large supplied basis set gives."""
    template = next(m for m in analysis.metabolites if m.name == "GSH")
    extra = tuple(replace(template, name=f"Extra{k:02d}") for k in range(total - len(analysis.metabolites)))
    return replace(analysis, metabolites=analysis.metabolites + extra)


def _result(name: str, norm: bool, water: bool, undetected: bool, absent: Absence) -> MetaboliteResult:
    ratio, sd, crlb, _ = CONTENT[name]
    amplitude, amplitude_sd = ratio * TCR_AMPLITUDE, max(sd, 0.018) * TCR_AMPLITUDE
    score = _score(name, ratio, sd) if norm and name in COMPARED else None
    concentration = Concentration(
        ratio * MMOL_PER_RATIO,
        max(sd, 0.02) * MMOL_PER_RATIO * 1.1,
        "mmol/kg",
        ("tissue water content", "water relaxation", "metabolite relaxation"),
        max(sd, 0.02) * MMOL_PER_RATIO * 0.88,
        max(sd, 0.02) * MMOL_PER_RATIO * 0.66,
    )
    return MetaboliteResult(
        name=name,
        verdict=Verdict("yes", ()),
        amplitude=amplitude,
        amplitude_sd=amplitude_sd,
        amplitude_sd_scan=0.8 * amplitude_sd,
        amplitude_sd_shared=0.6 * amplitude_sd,
        crlb_percent=crlb,
        detected=not undetected,
        upper_bound=amplitude + 1.645 * amplitude_sd if undetected else None,
        model_move=ModelMove("a ten times freer baseline", 1.4 if name == "Glu" else -0.3),
        prior_move=None,
        ratio_tcr=Ratio(ratio, sd, 0.8 * sd, 0.6 * sd),
        concentration=concentration if water else None,
        z=score,
        z_absent=absent if score is None else None,
    )


def _score(name: str, value: float, sd: float) -> ZScore:
    mean, within, between = COMPARED[name]
    predictive = float(np.sqrt(within**2 + between**2 + 0.01**2))
    z = (value - mean) / predictive
    half = 0.35 + 1.96 * sd / predictive
    low, high = mean - 2.06 * predictive, mean + 2.06 * predictive
    flag = "below" if value < low else "above" if value > high else "within"
    return ZScore(
        value=z,
        low=z - half,
        high=z + half,
        percentile=_percent(z),
        percentile_low=_percent(z - half),
        percentile_high=_percent(z + half),
        t=z * 0.98,
        df=31.4,
        p=0.028 if name != "mI" else None,
        q=0.112 if name != "mI" else None,
        p_outside=0.42,
        sd_predictive=predictive,
        norm_id=f"acc-{name.lower()}-tcr-3t",
        flag=flag,
        reference_low=low,
        reference_high=high,
        smallest_detectable_difference=2.9 * predictive,
        error_shares=ErrorShares(0.2, 0.1, 0.7),
        shrunken=None,
        improvements=(
            Improvement("own-controls", "20 own controls: the interval of z would be narrower.", 1.6, 2.5 * within),
        ),
    )


def _multiplicity(tests: int, flagged: int) -> Multiplicity:
    return Multiplicity(
        tests=tests,
        expected_by_chance=0.05 * tests,
        flagged=flagged,
        flagged_q=0,
        profile=None,
        profile_absent=Absence("profile-not-available", "A profile needs own controls."),
    )


def _percent(z: float) -> float:
    return 100.0 / (1.0 + exp(-1.702 * z))


def _norm(name: str) -> NormUsed:
    mean, within, between = COMPARED[name]
    return NormUsed(
        id=f"acc-{name.lower()}-tcr-3t",
        kind="literature",
        region="ACC",
        metabolite=name,
        unit="tCr",
        grade="B",
        source="pooled from 5 studies, doi:10.1002/mrm.29370",
        studies=1 if name == "mI" else 5,
        n=20 if name == "mI" else 162,
        mean=mean,
        sd_within=within,
        sd_between=between,
        age_mean=34.2,
        covariates=(),
        matched=NormMatch("yes", "yes", "yes", "yes", "yes", "unknown" if name != "mI" else "no"),
    )


def _acquisition(norm: bool, water: bool) -> AcquisitionFacts:
    return AcquisitionFacts(
        vendor="Siemens",
        format="siemens_rda",
        scanner_model="Skyra",
        software="syngo MR E11",
        field_t=FREQUENCY / 42.577478461e6,
        spectrometer_frequency=FREQUENCY,
        sequence="PRESS",
        sequence_name="svs_se_30",
        echo_time=0.030,
        repetition_time=2.0,
        mixing_time=None,
        dwell_time=1 / 2000,
        points=2048,
        coils=1,
        transients=96,
        averages=96,
        transients_rejected=3,
        voi_volume_ml=8.0,
        region="ACC" if norm else None,
        hemisphere="midline" if norm else None,
        age_years=44.0,
        sex="female",
        gm=0.61 if water else None,
        wm=0.27 if water else None,
        csf=0.12 if water else None,
        water_reference=water,
        supplied=("echo_time",),
    )


def _provenance(water: bool) -> Provenance:
    return Provenance(
        software="mrsquant",
        version="0.1.0",
        schema=SCHEMA,
        engine="5b0d4f0f3c1a7e1d",
        data="c2a1b0f9e8d7c6b5",
        libraries={"numpy": "2.4.6"},
        basis_id="b3:4f1c9a0d77e2b5c8",
        basis_description="PRESS, TE 30 ms, 123.250 MHz, ideal pulses, 23 metabolites",
        basis_source="simulated-ideal",
        macromolecules="default (5 Gaussian groups)",
        norm_version="2026.1",
        relaxation="shipped, 3 T",
        options={"optimiser": "lmfit-leastsq", "baseline": "p-spline", "macromolecules": "default", "deadline": None},
        input_sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        water_sha256="60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752" if water else None,
        processing=(
            step("Frequency and phase correction", "spectral registration of 96 transients in the time domain"),
            step("Signal averaging", "93 of 96 transients, weighted equally"),
            step("Eddy current correction", "phase of the water reference"),
            step("Nuisance peak removal", "HSVD, 12 components between 4.3 and 5.1 ppm"),
        ),
        values_code="c0de" * 16,
        basis_sha256=None,
        site=None,
    )


def _evidence() -> tuple[Finding, ...]:
    return (
        Finding("ACC", "Glu", "decrease", "Zhao 2017 (review)", "10.1016/j.nicl.2016.11.006", "accepted", "9 studies"),
        Finding("ACC", "NAA", "decrease", "Grachev 2000", "10.1016/S0304-3959(00)00340-7", "accepted", "group size 9"),
        Finding("ACC", "mI", "decrease", "conference abstract", "", "unverified", "abstract not opened"),
    )
