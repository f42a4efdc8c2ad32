"""Water scaling against the worked example, Monte Carlo, and the rules on what cannot be corrected."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fitting.acquisition import Acquisition
from fitting.errors import ImplausibleParameter, UnusableSignal, UnusableTable
from fitting.fid import Fid
from fitting.model.result import Fit, Outcome, Traces
from fitting.quantification import DETECTION_LIMIT, quantify, relaxation_table
from fitting.quantification.concentrations import Quantity
from fitting.quantification.ratios import ratios_to
from fitting.quantification.tissue import volume_fractions, water_fractions
from fitting.quantification.water_reference import water_signal
from fitting.request import TissueFractions

EMPTY = np.zeros(0)
ACQUISITION = Acquisition(
    format="test",
    spectrometer_frequency=123.25e6,
    dwell_time=5e-4,
    echo_time=0.030,
    repetition_time=2.0,
    sequence="PRESS",
    sequence_name=None,
)
TISSUE = TissueFractions(0.60, 0.30, 0.10)
EXAMPLE = (
    b"species,tissue,field_t,t1,t2\nwater,GM,3,1.331,0.110\nwater,WM,3,0.832,0.0792\n"
    b"water,CSF,3,3.817,0.503\nmetabolite,*,3,1.47,0.27\n"
)
SHARED = 0.36
"""Part of every covariance that scans of one scanner share."""
TIMES = np.arange(1024) * 5e-4


def fit_of(names: tuple[str, ...], amplitudes: np.ndarray, covariance: np.ndarray) -> Fit:
    return Fit(
        outcome=Outcome("converged", "made"),
        names=names,
        amplitudes=amplitudes,
        covariance=covariance,
        shared_covariance=SHARED * covariance,
        crlb_covariance=0.25 * covariance,
        phase0=0.0,
        phase1=0.0,
        shift_hz=0.0,
        linewidth_hz=5.0,
        noise_sd=1.0,
        residual_rms_over_noise=1.0,
        evaluations=1,
        baseline_effective_dimension=0.0,
        traces=Traces(EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, (), np.zeros((0, 0))),
    )


def fid(samples: np.ndarray) -> Fid:
    return Fid(samples, 5e-4, 127.8e6)


def water_of(amplitude: float) -> Fid:
    return fid(amplitude * np.exp(-np.pi * 6.0 * TIMES).astype(np.complex128))


def by_name(quantities: tuple[Quantity, ...]) -> dict[str, Quantity]:
    return {item.name: item for item in quantities}


NAMES = ("MM09", "Glu", "NAA", "Cr", "PCr", "Gln", "NAAG")
AMPLITUDES = np.array([3.0, 1.0, 1.1, 0.6, 0.4, 0.3, 0.1])
ROOT = np.random.default_rng(2).normal(size=(7, 7)) * 0.02
COVARIANCE = ROOT @ ROOT.T + np.diag(np.full(7, 1e-4))
FIT = fit_of(NAMES, AMPLITUDES, COVARIANCE)


def test_worked_example_of_the_molal_concentration() -> None:
    """TE 30 ms, TR 2 s, GM/WM/CSF .60/.30/.10, one-proton ratio 2e-4: 10.967 mmol/kg and its intermediate values."""
    fit = fit_of(("NAA",), np.array([2e-4]), np.array([[1e-12]]))
    answer = quantify(fit, water_of(2.0), ACQUISITION, TISSUE, relaxation_table(EXAMPLE))
    shares = water_fractions(volume_fractions(TISSUE))
    rows = {place: relaxation_table(EXAMPLE).find("water", place, 3.0) for place in ("GM", "WM", "CSF")}

    assert list(shares.values()) == pytest.approx([0.6157895, 0.2565789, 0.1276316], rel=1e-6)
    assert [rows[p].attenuation(0.03, 2.0) for p in rows] == pytest.approx([0.5918774, 0.6228155, 0.3842230], rel=1e-6)
    concentration = by_name(answer)["NAA"].concentration
    assert concentration.value == pytest.approx(10.9667716, rel=1e-5)
    assert concentration.unit == "mmol/kg"
    assert concentration.sd == pytest.approx(10.9667716 * 1e-6 / 2e-4, rel=1e-3)


def test_worked_example_of_the_sd_of_a_ratio() -> None:
    """NAA 9.372±0.729 over tCr 8.506±0.728: the printed SD for four correlations."""
    for rho, sd in ((0.0, 0.1274274), (0.5, 0.0903096), (0.6, 0.0808668), (0.8, 0.0575036)):
        cross = rho * 0.729 * 0.728
        covariance = np.array([[0.729**2, cross], [cross, 0.728**2]])
        ratio, reference = ratios_to(1, np.array([9.372, 8.506]), covariance)
        assert ratio.sd == pytest.approx(sd, rel=1e-4)
        assert (reference.value, reference.sd) == (1.0, 0.0)


def test_both_parts_of_every_standard_deviation() -> None:
    """With 0.36 of the covariance shared, 0.6 of each deviation is; the water signal's error differs by scan."""
    noisy = fid(water_of(2.0).samples + 2e-2 * np.random.default_rng(5).normal(size=1024))
    found = quantify(FIT, noisy, ACQUISITION, TISSUE, relaxation_table(EXAMPLE))

    for item in found:
        ratio, concentration = item.ratio_tcr, item.concentration
        assert (item.amplitude_sd_shared, item.amplitude_sd_scan) == pytest.approx(
            (0.6 * item.amplitude_sd, 0.8 * item.amplitude_sd)
        )
        assert (ratio.sd_shared, ratio.sd_scan) == pytest.approx((0.6 * ratio.sd, 0.8 * ratio.sd))
        if concentration is not None:
            assert concentration.sd_shared == pytest.approx(
                0.6 * item.amplitude_sd / item.amplitude * concentration.value
            )
            assert concentration.sd_scan > 0.8 * concentration.sd
            assert np.hypot(concentration.sd_scan, concentration.sd_shared) == pytest.approx(concentration.sd)


def test_order_and_sums() -> None:
    """The contract's order with sums after their members, macromolecules last; tCho does not appear without members."""
    answers = quantify(FIT, None, ACQUISITION, None, relaxation_table())

    assert [item.name for item in answers] == ["NAA", "NAAG", "tNAA", "Glu", "Gln", "Glx", "Cr", "PCr", "tCr", "MM09"]
    found = by_name(answers)
    assert found["Glx"].amplitude == pytest.approx(1.3)
    assert found["Glx"].amplitude_sd == pytest.approx(
        np.sqrt(COVARIANCE[1, 1] + COVARIANCE[5, 5] + 2.0 * COVARIANCE[1, 5])
    )
    assert all(item.concentration is None for item in answers)


def test_a_fitted_total_is_not_summed_again() -> None:
    """A basis whose component is itself called tCr keeps it, and ratios use it."""
    fit = fit_of(("tCr", "GPC"), np.array([1.0, 0.2]), np.diag([1e-4, 1e-4]))
    found = by_name(quantify(fit, None, ACQUISITION, None, relaxation_table()))

    assert list(found) == ["GPC", "tCho", "tCr"]
    assert found["tCho"].ratio_tcr.value == pytest.approx(0.2)


def test_errors_agree_with_monte_carlo() -> None:
    """SDs of ratios and of concentrations, sums included, match 20 000 draws to 5 %."""
    water = water_of(2.0e3)
    noise = np.random.default_rng(4)
    answers = by_name(quantify(FIT, water, ACQUISITION, TISSUE, relaxation_table()))
    draws = noise.multivariate_normal(AMPLITUDES, COVARIANCE, size=20_000)
    scale = {name: answers[name].concentration.value / answers[name].amplitude for name in ("NAA", "NAAG", "Cr", "PCr")}
    column = {name: draws[:, NAMES.index(name)] for name in NAMES}
    creatine = column["Cr"] + column["PCr"]
    total = column["NAA"] * scale["NAA"] + column["NAAG"] * scale["NAAG"]

    assert answers["Glu"].ratio_tcr.sd == pytest.approx(np.std(column["Glu"] / creatine), rel=0.05)
    assert answers["tNAA"].ratio_tcr.sd == pytest.approx(np.std((column["NAA"] + column["NAAG"]) / creatine), rel=0.05)
    assert answers["tNAA"].concentration.value == pytest.approx(total.mean(), rel=0.01)
    assert answers["tNAA"].concentration.sd == pytest.approx(total.std(), rel=0.05)


def test_noise_of_the_water_reference_enters() -> None:
    """A noisy water reference widens every concentration and no ratio."""
    noise = np.random.default_rng(7)
    noisy = fid(water_of(2.0).samples + 0.05 * (noise.normal(size=1024) + 1j * noise.normal(size=1024)))
    clean, dirty = (
        by_name(quantify(FIT, water, ACQUISITION, TISSUE, relaxation_table()))["tNAA"]
        for water in (water_of(2.0), noisy)
    )
    relative = water_signal(noisy).relative_sd

    assert dirty.ratio_tcr == clean.ratio_tcr
    assert dirty.concentration.sd / dirty.concentration.value == pytest.approx(
        np.hypot(clean.concentration.sd / clean.concentration.value, relative), rel=1e-6
    )


@pytest.mark.parametrize(
    ("change", "tissue", "says"),
    [
        ({}, None, "tissue fractions were not given"),
        ({"repetition_time": None}, TISSUE, "without echo and repetition time"),
        ({"echo_time": None}, TISSUE, "without echo and repetition time"),
        ({"spectrometer_frequency": None}, TISSUE, "without the field strength"),
        ({"spectrometer_frequency": 400e6}, TISSUE, "no complete rows for 9.4 T"),
    ],
)
def test_missing_correction_facts_give_institutional_units(
    change: dict[str, float | None], tissue: TissueFractions | None, says: str
) -> None:
    """Each missing fact alone gives iu, the value LCModel's defaults define, and the reason in words."""
    acquisition = replace(ACQUISITION, **change)
    found = by_name(quantify(FIT, water_of(2.0e3), acquisition, tissue, relaxation_table()))["NAA"].concentration

    assert found.unit == "iu"
    assert found.value == pytest.approx(1.1 / 1.0e3 * 35880 * 0.7, rel=1e-6)
    assert says in found.corrections[0]
    assert any("not corrected" in sentence for sentence in found.corrections)


def test_corrections_name_times_and_omissions_of_the_error() -> None:
    """A molal value lists fractions, water and metabolite relaxation of each member, and the limits of its sd."""
    found = by_name(quantify(FIT, water_of(2.0e3), ACQUISITION, TISSUE, relaxation_table()))
    text = " | ".join(found["tNAA"].concentration.corrections)

    assert "GM 0.60 WM 0.30 CSF 0.10" in text
    assert "NAA relaxation GM T1 1470 T2 255.5 ms" in text
    assert "NAAG relaxation" in text
    assert "sd carries the fit and the water signal, not relaxation times" in text
    assert found["MM09"].concentration is None


def test_water_with_its_own_timing() -> None:
    """A reference recorded at another repetition time is corrected with that time."""
    short = replace(ACQUISITION, repetition_time=1.5)
    table = relaxation_table(EXAMPLE)
    same, other = (
        by_name(quantify(FIT, water_of(2.0), ACQUISITION, TISSUE, table, water_acquisition=item))["NAA"]
        for item in (None, short)
    )
    shares = water_fractions(volume_fractions(TISSUE))
    visible = [
        sum(share * table.find("water", place, 3.0).attenuation(0.03, tr) for place, share in shares.items())
        for tr in (2.0, 1.5)
    ]

    assert other.concentration.value / same.concentration.value == pytest.approx(visible[1] / visible[0])


@pytest.mark.parametrize(
    "fractions", [(-0.1, 0.6, 0.5), (60.0, 30.0, 10.0), (0.5, 0.3, 0.1), (0.0, 0.0, 1.0), (float("nan"), 0.5, 0.5)]
)
def test_impossible_tissue_is_refused(fractions: tuple[float, float, float]) -> None:
    """Negative, percent, incomplete, all-CSF and undefined fractions are refused by name."""
    with pytest.raises(ImplausibleParameter):
        quantify(FIT, water_of(2.0), ACQUISITION, TissueFractions(*fractions), relaxation_table())


def test_undetected_metabolites_have_a_bound_and_undetected_creatine_no_ratios() -> None:
    """1.645 sd decide; a negative amplitude has a positive bound; without tCr nothing has a ratio."""
    covariance = np.diag([0.01, 0.01, 0.01]) ** 1.0
    found = by_name(
        quantify(
            fit_of(("Cr", "GABA", "Lac"), np.array([0.1, 0.17, -0.2]), covariance),
            None,
            ACQUISITION,
            None,
            relaxation_table(),
        )
    )

    assert found["GABA"].detected
    assert found["GABA"].upper_bound is None
    assert not found["Lac"].detected
    assert found["Lac"].upper_bound == pytest.approx(DETECTION_LIMIT * 0.1)
    assert found["Lac"].crlb_percent is None
    assert not found["tCr"].detected
    assert found["Cr"].upper_bound == pytest.approx(0.1 + DETECTION_LIMIT * 0.1)
    assert all(item.ratio_tcr is None for item in found.values())


def test_classical_bounds_include_sums() -> None:
    """The classical bound of a sum follows from the bound's covariance, in percent of the amplitude."""
    found = by_name(quantify(FIT, None, ACQUISITION, None, relaxation_table()))

    for name in ("NAA", "tNAA", "tCr"):
        assert found[name].crlb_percent == pytest.approx(50.0 * found[name].amplitude_sd / found[name].amplitude)


@pytest.mark.parametrize("phase", [0.0, 2.0])
def test_water_signal_ignores_phase_frequency_eddy_currents_and_upset_points(phase: float) -> None:
    """A Gaussian-Lorentzian water line with all of these is extrapolated to 0.1 %."""
    envelope = np.exp(-np.pi * 5.0 * TIMES - (14.0 * TIMES) ** 2)
    turns = np.exp(1j * (phase + 2.0 * np.pi * 12.0 * TIMES + 0.8 * np.exp(-TIMES / 0.02)))
    water = 7.0e4 * envelope * turns
    water[0] *= 0.5
    water[3] *= 1.1
    signal = water_signal(fid(water))

    assert signal.amplitude == pytest.approx(7.0e4, rel=1e-3)
    assert signal.per_proton == pytest.approx(3.5e4, rel=1e-3)


def test_stated_error_of_the_water_signal_is_honest() -> None:
    """Over 300 noisy references the scatter of the amplitude is 0.5 to 1.1 of the stated relative sd."""
    noise = np.random.default_rng(9)
    signals = [
        water_signal(fid(water_of(1.0).samples + 0.01 * (noise.normal(size=1024) + 1j * noise.normal(size=1024))))
        for _ in range(300)
    ]
    scatter = np.std([item.amplitude for item in signals])

    assert 0.5 <= scatter / np.mean([item.relative_sd for item in signals]) <= 1.1
    assert np.mean([item.amplitude for item in signals]) == pytest.approx(1.0, abs=0.002)


@pytest.mark.parametrize(
    "water",
    [
        np.zeros(1024, dtype=np.complex128),
        np.full(1024, np.nan, dtype=np.complex128),
        np.ones(4, dtype=np.complex128),
        np.random.default_rng(1).normal(size=1024) + 0j,
    ],
)
def test_no_water_signal_is_refused(water: np.ndarray) -> None:
    """Nothing, non-finite, too short and pure noise are no reference."""
    with pytest.raises(UnusableSignal):
        water_signal(fid(water))


def test_users_rows_win_whole() -> None:
    """A row for all metabolites beats shipped rows of single ones; fields without rows stay as shipped."""
    table = relaxation_table(EXAMPLE)

    assert table.find("NAA", "WM", 3.0).t1 == 1.47
    assert table.find("NAA", "WM", 7.0) == relaxation_table().find("NAA", "WM", 7.0)
    assert table.description.startswith("supplied sha256:")


def test_the_most_specific_row_is_found() -> None:
    """Own name before sum before all; tissue before any; the nearest field within 10 %."""
    table = relaxation_table(
        b"species,tissue,field_t,t1,t2\nmetabolite,GM,3,1,0.1\nmetabolite,*,3,1.1,0.1\ntCr,*,3,1.2,0.1\n"
        b"Cr,*,3,1.3,0.1\nCr,WM,3,1.4,0.1\nCr,WM,2.9,1.5,0.1\n"
    )
    picked = [("Ala", "GM", 3.0), ("Ala", "WM", 3.0), ("PCr", "GM", 3.0), ("Cr", "GM", 3.0), ("Cr", "WM", 3.0)]

    assert [table.find(*key).t1 for key in picked] == [1.0, 1.1, 1.2, 1.3, 1.4]
    assert table.find("Cr", "WM", 2.92).t1 == 1.5
    assert table.find("Cr", "WM", 4.7) is None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xfe\x00", "UTF-8"),
        (b"species,tissue\nwater,GM\n", "lacks the columns field_t"),
        (b"species,tissue,field_t,t1,t2\n", "no rows"),
        (b"species,tissue,field_t,t1,t2\nwater,GM,3,1331,110\n", "seconds"),
        (b"species,tissue,field_t,t1,t2\nwater,grey,3,1.3,0.1\n", "Line 2"),
        (b"species,tissue,field_t,t1,t2\nwater,GM,3,long,0.1\n", "no number"),
        (b"species,tissue,field_t,t1,t2\nwater,GM,3,nan,0.1\n", "outside"),
        (b"species,tissue,field_t,t1,t2\nwater,GM,3\n", "no number"),
        (b"species,tissue,field_t,t1,t2\nwater,GM,3,1,0.1\nwater,GM,3,1,0.1\n", "repeats"),
    ],
)
def test_unusable_relaxation_tables_are_refused(content: bytes, says: str) -> None:
    """Each defect is named with its line."""
    with pytest.raises(UnusableTable, match=says):
        relaxation_table(content)
