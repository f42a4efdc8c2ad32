"""One analysis in which no two numbers are alike, with where each of them must stand on each surface.

A value in the cell of another, the ends of an interval in the wrong order or one standard deviation in place of
another are then seen in the text of a surface. The truths are written out here and are not computed by the code that
renders them.
"""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from itertools import count
from math import sqrt
from typing import Any

import numpy as np

from fitting.analysis import AcquisitionFacts, Analysis, MetaboliteResult, Multiplicity, Quality
from fitting.model.result import Traces
from fitting.norms.assessment import ErrorShares, Improvement, NormMatch, NormUsed, Shares, Shrunken, ZScore
from fitting.quantification.concentrations import Concentration, ModelMove, Ratio
from fitting.reason import Absence, Reason
from tests.data import analysis_factory as factory

PEAKS = {"data": 2.61, "fit": 1.93, "baseline": 0.83, "residual": 3.57}
"""Where the only peak of each trace stands, ppm."""
PARTS = {"NAA": 2.23, "Cr": 3.11, "MM09": 1.37}
"""The same of each component."""


_PLAIN = factory.make_analysis()
_REGION = _PLAIN.quality.residual_by_region[0]


def distinct_analysis() -> Analysis:
    """Two values outside their reference intervals, one within, one not detected and one without a norm."""
    return replace(
        _PLAIN,
        verdict=replace(
            _PLAIN.verdict, usable="limited", reasons=(Reason("linewidth-broad", "Lines are 0.0771 ppm wide."),)
        ),
        acquisition=_acquisition(),
        quality=_quality(),
        transients=replace(
            _PLAIN.transients,
            shift_hz=(-1.21, 0.13, 1.08),
            phase_deg=(-4.31, 6.47, -2.16),
            shift_sd_hz=0.171,
            phase_sd_deg=1.19,
            weight=(0.991, 0.623, 0.003),
        ),
        metabolites=(_tnaa(), _tcr(), _glx(), _mi(), _lactate(), _gaba()),
        norms=_norms(),
        multiplicity=Multiplicity(
            tests=3,
            expected_by_chance=0.15,
            flagged=2,
            flagged_q=1,
            profile=None,
            profile_absent=Absence("profile-not-available", "A profile needs own controls."),
        ),
    )


def distinct_traces(points: int = 1200) -> Traces:
    """Each curve has one peak at a place of its own; they do not add up, so that none can be taken for a sum."""
    ppm = np.linspace(4.6, 0.0, points)

    def peak(at: float) -> np.ndarray:
        return np.asarray(np.exp(-(((ppm - at) / 0.04) ** 2)))

    curves = {name: height * peak(PEAKS[name]) for name, height in zip(PEAKS, (1.0, 0.9, 0.5, 0.1), strict=True)}
    return Traces(**curves, ppm=ppm, names=tuple(PARTS), components=np.stack([0.4 * peak(at) for at in PARTS.values()]))


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Every single value of nested records and lists by its path, such as ``metabolites.0.z.low``."""
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list | tuple):
        items = dict(enumerate(value)).items()
    else:
        return {path.removeprefix("."): value}
    return {key: leaf for name, item in items for key, leaf in leaves(item, f"{path}.{name}").items()}


def numbers_of(analysis: Analysis) -> dict[str, float]:
    """Every number that is no count of a few; those of processing steps and versions aside."""
    return {
        path: value
        for path, value in leaves(asdict(analysis)).items()
        if isinstance(value, float) and not path.startswith("provenance")
    }


def _acquisition() -> AcquisitionFacts:
    return replace(
        _PLAIN.acquisition,
        vendor="Siemens",
        scanner_model="Skyra",
        software="syngo MR E11",
        field_t=2.893,
        spectrometer_frequency=123.187e6,
        sequence="sLASER",
        sequence_name="svs_slaser_own",
        echo_time=0.0287,
        repetition_time=1.94,
        mixing_time=0.0113,
        dwell_time=1.0 / 2450.0,
        points=1984,
        coils=19,
        transients=83,
        averages=166,
        transients_rejected=6,
        voi_volume_ml=9.72,
        region="PCC",
        hemisphere="left",
        age_years=52.4,
        sex="male",
        gm=0.583,
        wm=0.292,
        csf=0.125,
        supplied=("echo_time", "sequence"),
    )


_SHOWN_QUALITY: dict[str, Any] = {
    "snr": 31.7,
    "snr_definition": "definition of the first signal-to-noise ratio",
    "snr_consensus": 64.9,
    "snr_consensus_definition": "definition of the consensus' signal-to-noise ratio",
    "linewidth_hz": 5.73,
    "linewidth_ppm": 0.0465,
    "water_linewidth_hz": 7.19,
    "water_linewidth_ppm": 0.05837,
    "frequency_drift_hz": 2.37,
    "phase_spread_deg": 4.83,
    "residual_water": 0.676,
    "lipid": 0.2132,
    "spurious_echo": 0.0331,
    "clipped_samples": 41,
    "water_clipped_samples": 73,
    "residual_rms_over_noise": 1.137,
    "residual_by_region": (
        replace(_REGION, low_ppm=0.21, high_ppm=1.79, rms_over_noise=1.058),
        replace(_REGION, low_ppm=1.81, high_ppm=2.22, rms_over_noise=1.642),
    ),
    "baseline_effective_dimension": 9.41,
    "shift_ppm": -0.0236,
}


def _quality() -> Quality:
    """What reports show is chosen; every further number gets one of its own."""
    further = count(1)
    given = _PLAIN.quality
    rest = {
        item.name: 7.0 + 0.0137 * next(further)
        for item in fields(Quality)
        if item.name not in _SHOWN_QUALITY and isinstance(getattr(given, item.name), float)
    }
    return replace(given, **rest, **_SHOWN_QUALITY)


def _result(name: str, **more: Any) -> MetaboliteResult:
    template = next(result for result in _PLAIN.metabolites if result.name == name)
    return replace(template, **{"upper_bound": None, "detected": True, **more})


def _mmol(value: float, sd: float) -> Concentration:
    scan = round(0.83 * sd, 5)
    shared = round(sqrt(sd**2 - scan**2), 5)
    return Concentration(value, sd, "mmol/kg", ("water relaxation", "metabolite relaxation"), scan, shared)


def _tnaa() -> MetaboliteResult:
    return _result(
        "tNAA",
        amplitude=3.7131e-4,
        amplitude_sd=1.3157e-5,
        amplitude_sd_scan=8.157e-06,
        amplitude_sd_shared=1.032e-05,
        crlb_percent=2.34,
        model_move=ModelMove("a ten times freer baseline", -1.63),
        ratio_tcr=Ratio(1.2342, 0.0373, 0.02486, 0.02781),
        concentration=_mmol(10.574, 0.412),
        z=ZScore(
            value=-2.614,
            low=-3.523,
            high=-1.731,
            percentile=0.713,
            percentile_low=0.214,
            percentile_high=4.261,
            t=-2.443,
            df=17.31,
            p=0.02634,
            q=0.07902,
            p_outside=0.9153,
            sd_predictive=0.08617,
            norm_id="norm-of-tnaa",
            flag="below",
            reference_low=1.3124,
            reference_high=1.6886,
            smallest_detectable_difference=0.2471,
            shares=Shares(measurement=0.133, people=0.269, laboratory=0.517, region=0.081),
            error_shares=ErrorShares(0.183, 0.274, 0.543),
            shrunken=Shrunken(1.4872, 0.3419, "norm-of-literature", -2.331, -3.134, -1.552, 0.03121),
            improvements=(
                Improvement("own-controls", "20 own controls: the interval would be narrower.", 1.571, 0.196),
            ),
        ),
        z_absent=None,
    )


def _tcr() -> MetaboliteResult:
    return _result(
        "tCr",
        amplitude=3.0086e-4,
        amplitude_sd=1.1023e-5,
        amplitude_sd_scan=7.176e-06,
        amplitude_sd_shared=8.367e-06,
        crlb_percent=1.76,
        model_move=ModelMove("a ten times freer baseline", 0.271),
        ratio_tcr=Ratio(1.0, 0.0, 0.0, 0.0),
        concentration=_mmol(8.632, 0.294),
        z=None,
        z_absent=Absence("reference", "Ratios are to tCr itself."),
    )


def _glx() -> MetaboliteResult:
    return _result(
        "Glx",
        amplitude=4.4137e-4,
        amplitude_sd=2.4961e-5,
        amplitude_sd_scan=1.702e-05,
        amplitude_sd_shared=1.826e-05,
        crlb_percent=5.12,
        model_move=ModelMove("a ten times freer baseline", 0.382),
        ratio_tcr=Ratio(1.4671, 0.0832, 0.06061, 0.057),
        concentration=_mmol(12.613, 0.744),
        z=ZScore(
            value=0.542,
            low=-0.127,
            high=1.036,
            percentile=68.7,
            percentile_low=44.9,
            percentile_high=84.6,
            t=0.494,
            df=12.63,
            p=None,
            q=None,
            p_outside=0.0213,
            sd_predictive=0.1538,
            norm_id="norm-of-glx",
            flag="within",
            reference_low=1.0412,
            reference_high=1.7263,
            smallest_detectable_difference=0.4412,
            error_shares=ErrorShares(0.312, 0.237, 0.451),
            shrunken=None,
            improvements=(),
        ),
        z_absent=None,
    )


def _mi() -> MetaboliteResult:
    return _result(
        "mI",
        amplitude=2.7469e-4,
        amplitude_sd=1.5645e-5,
        amplitude_sd_scan=1.115e-05,
        amplitude_sd_shared=1.097e-05,
        crlb_percent=6.71,
        model_move=ModelMove("a ten times freer baseline", 0.493),
        ratio_tcr=Ratio(0.9133, 0.0524, 0.0398, 0.03408),
        concentration=_mmol(7.824, 0.463),
        z=ZScore(
            value=2.872,
            low=1.941,
            high=3.763,
            percentile=98.62,
            percentile_low=96.93,
            percentile_high=99.41,
            t=2.713,
            df=23.84,
            p=0.01173,
            q=0.03519,
            p_outside=0.9442,
            sd_predictive=0.6321,
            norm_id="norm-of-mi",
            flag="above",
            reference_low=5.172,
            reference_high=7.453,
            smallest_detectable_difference=1.812,
            error_shares=ErrorShares(0.416, 0.358, 0.226),
            shrunken=None,
            improvements=(),
        ),
        z_absent=None,
    )


def _lactate() -> MetaboliteResult:
    """Its bound over its amplitude is 3."""
    return _result(
        "Lac",
        amplitude=2.1064e-5,
        amplitude_sd=1.7218e-5,
        amplitude_sd_scan=1.281e-05,
        amplitude_sd_shared=1.15e-05,
        crlb_percent=66.3,
        detected=False,
        upper_bound=6.3192e-5,
        model_move=ModelMove("a ten times freer baseline", 0.604),
        ratio_tcr=Ratio(0.0713, 0.0571, 0.04514, 0.03497),
        concentration=_mmol(0.597, 0.481),
        z=None,
        z_absent=Absence("not-detected", "The value is an upper bound."),
    )


def _gaba() -> MetaboliteResult:
    return _result(
        "GABA",
        verdict=replace(
            _PLAIN.verdict,
            usable="limited",
            reasons=(Reason("uncertain", "The standard deviation of GABA is 29 % of its value."),),
        ),
        amplitude=6.6192e-5,
        amplitude_sd=1.9344e-5,
        amplitude_sd_scan=1.499e-05,
        amplitude_sd_shared=1.223e-05,
        crlb_percent=23.7,
        model_move=ModelMove("a stiffer baseline", 0.715),
        ratio_tcr=Ratio(0.2214, 0.0642, 0.05274, 0.03661),
        concentration=_mmol(1.886, 0.553),
        z=None,
        z_absent=Absence("no-norm", "There is no control norm for this metabolite in this region."),
    )


def _norms() -> tuple[NormUsed, ...]:
    matched = NormMatch(field="yes", sequence="no", echo_time="unknown", age="yes", unit="yes", software="unknown")
    shared = {"kind": "literature", "region": "PCC", "covariates": ()}
    return (
        NormUsed(
            **shared, id="norm-of-tnaa", metabolite="tNAA", unit="tCr", grade="A", source="source of tNAA", studies=7,
            n=143, mean=1.5053, sd_within=0.0724, sd_between=0.0467, age_mean=38.6, matched=matched,
        ),
        NormUsed(
            **shared, id="norm-of-glx", metabolite="Glx", unit="tCr", grade="C", source="source of Glx", studies=3,
            n=24, mean=1.3841, sd_within=0.1212, sd_between=0.0949, age_mean=29.3,
            matched=replace(matched, sequence="yes", age="no"),
        ),
        NormUsed(
            **shared, id="norm-of-mi", metabolite="mI", unit="mmol/kg", grade="B", source="source of mI", studies=1,
            n=57, mean=6.313, sd_within=0.534, sd_between=0.336, age_mean=45.2,
            matched=replace(matched, echo_time="no", software="yes"),
        ),
    )  # fmt: skip


METABOLITE_CELLS: dict[str, tuple[str, ...]] = {
    "tNAA": (
        "1.234 ± 0.037", "10.57 ± 0.41 mmol/kg", "2.3", "1.505 ± 0.072 n = 143, 7 studies", "1.312 to 1.689",
        "−2.61 −3.52 to −1.73", "0.7 0.2 to 4.3", "Below",
    ),
    "tCr": ("1 by definition", "8.63 ± 0.29 mmol/kg", "1.8", "Not compared: reason a"),
    "Glx": (
        "1.467 ± 0.083", "12.61 ± 0.74 mmol/kg", "5.1", "1.38 ± 0.12 n = 24, 3 studies", "1.04 to 1.73",
        "0.54 −0.13 to 1.04", "69 45 to 85", "Within",
    ),
    "mI": (
        "0.913 ± 0.052", "7.82 ± 0.46 mmol/kg", "6.7", "6.31 ± 0.53 mmol/kg n = 57, 1 study", "5.17 to 7.45",
        "2.87 1.94 to 3.76", "98.6 96.9 to 99.4", "Above",
    ),
    "Lac": ("< 0.21 Not detected", "< 1.8 mmol/kg", "66", "Not compared: reason b"),
    "GABA": ("0.221 ± 0.064", "1.89 ± 0.55 mmol/kg", "24", "Not compared: reason c"),
}  # fmt: skip
"""Cells of the report's table in the order of ``METABOLITE_COLUMNS``."""

METABOLITE_COLUMNS = (
    "Ratio to tCr ± SD", "Concentration ± SD", "CRLB (%)", "Controls: mean ± SD", "95 % reference interval",
    "z [95 % CI]", "Percentile [95 % CI]", "Position",
)  # fmt: skip

NORM_COLUMNS = (
    "Value", "Source", "Controls", "Grade", "Mean ± SD", "SD within / between studies", "Mean age",
    "t (df), p two-sided, q over all comparisons", "Laboratory / people / measurement / region, % of uncertainty",
    "Field", "Sequence", "Echo time", "Age", "Unit", "Software",
)  # fmt: skip

NORM_CELLS: tuple[tuple[str, ...], ...] = (
    (
        "tNAA, ratio to tCr, PCC", "source of tNAA", "n = 143, 7 studies", "A", "1.505 ± 0.072",
        "0.072 / 0.047", "38.6 years", "−2.44 (17.3), p = 0.026, q = 0.079", "52 / 27 / 13 / 8",
        "yes", "NO", "unknown", "yes", "yes", "unknown",
    ),
    (
        "Glx, ratio to tCr, PCC", "source of Glx", "n = 24, 3 studies", "C", "1.38 ± 0.12",
        "0.12 / 0.095", "29.3 years", "0.49 (12.6), no p: norm too thin", "",
        "yes", "yes", "unknown", "NO", "yes", "unknown",
    ),
    (
        "mI, mmol/kg, PCC", "source of mI", "n = 57, 1 study", "B", "6.31 ± 0.53 mmol/kg",
        "0.53 / 0.34", "45.2 years", "2.71 (23.8), p = 0.012, q = 0.035", "",
        "yes", "NO", "NO", "yes", "yes", "yes",
    ),
)  # fmt: skip

FACTS: dict[str, dict[str, str]] = {
    "header": {
        "Pseudonym": "sub-truth",
        "Session": "ses-truth",
        "Region": "PCC, left",
        "Age band, sex": "50 to 54 years, male",
    },
    "quality": {
        "Signal-to-noise ratio": "31.7 definition of the first signal-to-noise ratio",
        "Signal-to-noise ratio, consensus": "64.9 definition of the consensus' signal-to-noise ratio",
        "Linewidth (FWHM)": "5.7 Hz (0.046 ppm) of a metabolite singlet in the fitted model",
        "Water linewidth (FWHM)": "7.2 Hz (0.058 ppm) of the water reference",
        "Residual / noise": "1.14 root mean square of measurement minus model over the noise; 1 is a perfect model",
        "Largest residual / noise": "1.6 (1.81 to 2.22 ppm) of the parts of the spectrum",
        "Transients kept / rejected": "77 / 6 stored transients; 1 when the scanner averaged",
        "Averages by the scanner": "166 transients acquired, also when only their mean was stored",
        "Frequency drift": "2.4 Hz span over the transients before correction",
        "Phase spread": "4.8° standard deviation over the transients before correction",
        "Residual water": "0.68 its height over the height of tNAA before removal",
        "Lipid": "0.21 height from 1.15 to 1.5 ppm over the highest metabolite peak",
        "Spurious echo": "0.033 height of the strongest late wave packet over the fitted signal; 0 is none",
        "Clipped samples": "41 of the spectrum, 73 of the water reference the receiver was overdriven",
        "Baseline flexibility": "9.4 effective number of free parameters of the baseline",
        "Frequency correction": "−0.024 ppm how far the spectrum was moved to put its peaks in place",
    },
    "minimum": {
        "1a Field strength": "2.89 T (spectrometer frequency 123.187 MHz)",
        "1b Manufacturer": "Siemens",
        "1c Model, software version": "Skyra, syngo MR E11",
        "1d RF coils": "1H; 19 stored receive channel(s); coil type: missing",
        "2a Pulse sequence": "sLASER (header: svs_slaser_own)",
        "2b VOI location": "PCC, left",
        "2c Nominal VOI size": "9.72 ml; edge lengths: missing",
        "2d TR, TE": "TR 1940 ms, TE 28.7 ms, TM 11.3 ms",
        "2e Number of averages": "166 acquired; 83 stored",
        "2f Spectral width, points": "2450 Hz, 1984 points",
        "4a SNR, linewidth": "SNR 31.7; FWHM 5.7 Hz (0.046 ppm), singlet of the fitted model",
        "4c Quality of the fit": "CRLB per metabolite in the table; residual 1.14 times the noise",
    },
}
"""Labelled values of the report by its part."""

SENTENCES = (
    "2 of 3 compared values lie outside the 95 % reference interval of their control groups:",
    "tNAA (ratio to tCr) is below the reference interval of this control group: 1.234 ± 0.037; interval 1.312 to "
    "1.689; percentile 0.7.",
    "mI (mmol/kg) is above the reference interval of this control group: 7.82 ± 0.46 mmol/kg; interval 5.17 to 7.45; "
    "percentile 98.6.",
    "With 3 comparisons, 0.15 flags are expected by chance alone",
    "1 of 2 remains.",
    "The controls were measured or analysed differently in: sequence, echo time, age.",
    "Whether they match is not known for: software.",
    "Tissue fractions used: grey matter 58 %, white matter 29 %, cerebrospinal fluid 12 %.",
    "moves these by more than their standard deviation: tNAA −1.6 SD with a ten times freer baseline.",
    "Lines are 0.0771 ppm wide.",
)
"""What report and PDF say in sentences."""

RESULTS_ROWS: dict[str, dict[str, str]] = {
    "tNAA": {
        "amplitude": "0.00037131", "amplitude_sd": "1.3157e-05", "ratio_tcr": "1.2342", "ratio_tcr_sd": "0.0373",
        "concentration": "10.574", "concentration_sd": "0.412", "concentration_unit": "mmol/kg", "crlb_percent": "2.34",
        "z_score": "-2.614", "z_low": "-3.523", "z_high": "-1.731", "norm_id": "norm-of-tnaa",
        "ratio_tcr_sd_scan": "0.02486", "concentration_sd_scan": "0.34196",
        "detected": "yes", "ratio_tcr_upper": "", "concentration_upper": "", "usable": "yes",
        "percentile": "0.713", "p": "0.02634", "flag": "below",
    },
    "tCr": {
        "amplitude": "0.00030086", "amplitude_sd": "1.1023e-05", "ratio_tcr": "1", "ratio_tcr_sd": "0",
        "concentration": "8.632", "concentration_sd": "0.294", "concentration_unit": "mmol/kg", "crlb_percent": "1.76",
        "z_score": "", "z_low": "", "z_high": "", "norm_id": "",
        "ratio_tcr_sd_scan": "0", "concentration_sd_scan": "0.24402",
        "detected": "yes", "ratio_tcr_upper": "", "concentration_upper": "", "usable": "yes",
        "percentile": "", "p": "", "flag": "",
    },
    "Glx": {
        "amplitude": "0.00044137", "amplitude_sd": "2.4961e-05", "ratio_tcr": "1.4671", "ratio_tcr_sd": "0.0832",
        "concentration": "12.613", "concentration_sd": "0.744", "concentration_unit": "mmol/kg", "crlb_percent": "5.12",
        "z_score": "0.542", "z_low": "-0.127", "z_high": "1.036", "norm_id": "norm-of-glx",
        "ratio_tcr_sd_scan": "0.06061", "concentration_sd_scan": "0.61752",
        "detected": "yes", "ratio_tcr_upper": "", "concentration_upper": "", "usable": "yes",
        "percentile": "68.7", "p": "", "flag": "within",
    },
    "mI": {
        "amplitude": "0.00027469", "amplitude_sd": "1.5645e-05", "ratio_tcr": "0.9133", "ratio_tcr_sd": "0.0524",
        "concentration": "7.824", "concentration_sd": "0.463", "concentration_unit": "mmol/kg", "crlb_percent": "6.71",
        "z_score": "2.872", "z_low": "1.941", "z_high": "3.763", "norm_id": "norm-of-mi",
        "ratio_tcr_sd_scan": "0.0398", "concentration_sd_scan": "0.38429",
        "detected": "yes", "ratio_tcr_upper": "", "concentration_upper": "", "usable": "yes",
        "percentile": "98.62", "p": "0.01173", "flag": "above",
    },
    "Lac": {
        "amplitude": "2.1064e-05", "amplitude_sd": "1.7218e-05", "ratio_tcr": "0.0713", "ratio_tcr_sd": "0.0571",
        "concentration": "0.597", "concentration_sd": "0.481", "concentration_unit": "mmol/kg", "crlb_percent": "66.3",
        "z_score": "", "z_low": "", "z_high": "", "norm_id": "",
        "ratio_tcr_sd_scan": "0.04514", "concentration_sd_scan": "0.39923",
        "detected": "no", "ratio_tcr_upper": "0.1652295", "concentration_upper": "1.388245", "usable": "yes",
        "percentile": "", "p": "", "flag": "",
    },
    "GABA": {
        "amplitude": "6.6192e-05", "amplitude_sd": "1.9344e-05", "ratio_tcr": "0.2214", "ratio_tcr_sd": "0.0642",
        "concentration": "1.886", "concentration_sd": "0.553", "concentration_unit": "mmol/kg", "crlb_percent": "23.7",
        "z_score": "", "z_low": "", "z_high": "", "norm_id": "",
        "ratio_tcr_sd_scan": "0.05274", "concentration_sd_scan": "0.45899",
        "detected": "yes", "ratio_tcr_upper": "", "concentration_upper": "", "usable": "limited",
        "percentile": "", "p": "", "flag": "",
    },
}  # fmt: skip
"""Cells of ``RESULTS.csv`` by metabolite; ``RESULTS_SHARED`` stands in every row."""

RESULTS_SHARED = {
    "outcome": "converged",
    "verdict": "limited",
    "snr": "31.7",
    "linewidth_hz": "5.73",
    "subject": "sub-truth",
    "session": "ses-truth",
    "region": "PCC",
    "hemisphere": "left",
    "group": "controls-a",
}

RESULTS_MESSAGES = {
    "Lac": "not-detected: amplitude below 6.3192e-05 | not-detected: The value is an upper bound.",
    "GABA": "no-norm: There is no control norm for this metabolite in this region.",
}
"""Ends of the messages."""

STRIPS = {
    "tNAA": (-2.614, -3.523, -1.731, 2.183),
    "Glx": (0.542, -0.127, 1.036, 2.227),
    "mI": (2.872, 1.941, 3.763, 1.804),
}
"""z, ends of its interval and half width of the reference band, as they are drawn."""


def later_analysis() -> Analysis:
    """A second session of the same person on the same scanner, with numbers of its own."""
    earlier = distinct_analysis()
    later = replace(
        _tnaa(),
        ratio_tcr=Ratio(1.3413, 0.0417, 0.03555, 0.0218),
        concentration=_mmol(11.138, 0.523),
        z=replace(_tnaa().z, flag="within"),
    )
    return replace(
        earlier,
        verdict=replace(_PLAIN.verdict, usable="yes", reasons=()),
        quality=replace(earlier.quality, snr=28.3, linewidth_hz=6.31, linewidth_ppm=0.0512),
        metabolites=(later, *earlier.metabolites[1:]),
        provenance=replace(earlier.provenance, input_sha256="5" * 64),
    )


COMPARED_CELLS = {
    "tNAA": (
        "1.234 ± 0.037", "10.57 ± 0.41 mmol/kg", "Below", "1.341 ± 0.042", "11.14 ± 0.52 mmol/kg", "Within",
    ),
    "Lac": ("< 0.21", "< 1.8 mmol/kg", "", "< 0.21", "< 1.8 mmol/kg", ""),
    "mI": ("0.913 ± 0.052", "7.82 ± 0.46 mmol/kg", "Above", "0.913 ± 0.052", "7.82 ± 0.46 mmol/kg", "Above"),
}  # fmt: skip
"""Cells of the comparison: ratio, concentration and position of the earlier session, then of the later one."""

COMPARED_HEADS = (
    (
        "Earlier sub-truth · ses-truth",
        "day 3",
        "Usable with limits",
        "Signal-to-noise ratio 31.7, Linewidth (FWHM) 5.7 Hz",
    ),
    ("Later sub-truth · ses-later", "day 47", "Usable", "Signal-to-noise ratio 28.3, Linewidth (FWHM) 6.3 Hz"),
)

TIMELINE_CELLS = {
    "tNAA": ("1.234 ± 0.037 Below", "1.341 ± 0.042"),
    "mI": ("0.913 ± 0.052 Above", "0.913 ± 0.052 Above"),
    "Lac": ("< 0.21", "< 0.21"),
    "Pain (VAS, 0 to 10)": ("6.4", "3.7"),
}
"""Cells of the subject's page: the earlier session, then the later one."""

TIMELINE_POINTS = {"tNAA / tCr": ((1.2342, 0.0373), (1.3413, 0.0417))}
"""Value and standard deviation of each session in the panel of that title."""
