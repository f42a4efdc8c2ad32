"""Each quality number has its known value on a simulation, and the damage it stands for raises it."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from fitting.acquisition import Recording
from fitting.fid import Axes
from fitting.model.result import Traces
from fitting.preprocessing import Preprocessed, preprocess
from fitting.quality import INSTRUMENTS, Evidence, Quality, quality_numbers
from fitting.quality.baseline_use import baseline_dip, baseline_share, baseline_swing, fit_cancellation
from fitting.quality.clipping import clipped_samples
from fitting.quality.fit_residual import residual_by_region
from fitting.quality.linewidths import creatine_linewidth_ppm, naa_linewidth_ppm
from fitting.quality.signal_to_noise import peak_over_noise, signal_to_noise
from fitting.quality.spurious_echo import spurious_echo
from fitting.quality.water_and_lipid import lipid
from fitting.quality.whiteness import noise_correlation, noise_tail
from fitting.units import ComplexArray
from tests.data.simulated_brain import Scan, noise_for
from tests.unit.test_verdict import CONVERGED

WIDTH_HZ = 6.0
NOISE = 0.05


def facts_of(fid: ComplexArray, scan: Scan, water: ComplexArray | None = None) -> Preprocessed:
    reference = None if water is None else scan.recording(water)
    return preprocess(scan.recording(fid, reference))[1]


def tail_of(fid: ComplexArray, scan: Scan) -> float | None:
    facts = facts_of(fid, scan)
    return noise_tail(facts.corrected, facts.rest)


def traces(scan: Scan, signal: ComplexArray, added: ComplexArray, noise: float, baseline: float = 0.0) -> Traces:
    """What a perfect fit of ``signal`` leaves of it with ``added`` signal and noise (sd of a point of the spectrum)."""
    size = 2 * scan.points
    ppm = Axes(size, scan.dwell_time, scan.spectrometer_frequency).fft_ppm
    window = np.flatnonzero((ppm > 0.2) & (ppm < 4.2))
    window = window[np.argsort(-ppm[window])]

    def real(fid: ComplexArray) -> np.ndarray:
        return np.asarray(np.fft.fft(np.concatenate([fid[:1] / 2, fid[1:]]), size).real[window])

    creatine, naa = scan.line(3.027, 7.5, WIDTH_HZ), scan.line(2.008, 9.0, WIDTH_HZ)
    parts = np.array([real(creatine), real(naa), real(signal - creatine - naa)])
    flat = np.full(window.size, baseline)
    residual = real(added + noise / np.sqrt(scan.points) * scan.noise())
    fitted = parts.sum(axis=0) + flat
    return Traces(ppm[window], fitted + residual, fitted, flat, residual, ("Cr", "NAA", "rest"), parts)


def echo(scan: Scan, amplitude: float, at: float, ppm: float = 3.4) -> ComplexArray:
    """A packet of ripples that refocuses at ``at`` seconds."""
    envelope = np.exp(-0.5 * ((scan.time - at) / 0.01) ** 2)
    return np.asarray(scan.line(ppm, amplitude, 0.0) * envelope)


def test_every_number_is_defined() -> None:
    """Each has a unit, words, a source and an example; each instrument measures the numbers that it declares."""
    numbers = quality_numbers()
    assert all(number.unit and len(number.definition.split()) >= 4 and number.source for number in numbers)
    assert all(number.example is not None for number in numbers)
    declared = [field.name for instrument in INSTRUMENTS for field in fields(instrument)]
    assert declared == [number.name for number in numbers] == [field.name for field in fields(Quality)]


def test_spurious_echo() -> None:
    """Nothing in noise and in what a slightly wrong line leaves; about its share of the signal for an echo."""
    scan = Scan()
    signal, none = scan.brain(), np.zeros(scan.points, dtype=np.complex128)
    noise = 0.02 * np.abs(signal[0]) * np.sqrt(scan.points) / 8
    clean = [spurious_echo(traces(Scan(seed=seed), signal, none, noise), noise, 123.2e6) for seed in range(20)]
    assert np.max(np.array(clean, dtype=float)) < 0.05
    assert np.count_nonzero(clean) <= 4
    strengths = []
    for amplitude in (2.0, 8.0):
        found = spurious_echo(traces(scan, signal, echo(scan, amplitude, 0.1), noise), noise, 123.2e6)
        assert found is not None
        strengths.append(found)
    assert strengths[0] > 0.1
    assert strengths[1] / strengths[0] == pytest.approx(4.0, rel=0.3)


def test_residual_is_found_at_its_position() -> None:
    """A missing line raises the residual of its own region, and no other."""
    scan = Scan()
    noise = 3.0 * np.sqrt(scan.points)
    none = np.zeros(scan.points, dtype=np.complex128)
    clean = [region.rms_over_noise for region in residual_by_region(traces(scan, scan.brain(), none, noise), noise)]
    assert clean == pytest.approx([1.0] * 5, abs=0.25)
    missing = scan.line(2.45, 9.0, WIDTH_HZ)
    spoilt = [region.rms_over_noise for region in residual_by_region(traces(scan, scan.brain(), missing, noise), noise)]
    assert spoilt[2] > 1.5
    assert [*spoilt[:1], *spoilt[4:]] == pytest.approx([1.0] * 2, abs=0.3)


def test_widths_of_single_peaks() -> None:
    """tNAA and tCr have the width they were made with, whatever stands under them; invisible ones have none."""
    scan = Scan(points=2048)
    none = np.zeros(scan.points, dtype=np.complex128)
    found = traces(scan, scan.brain(), none, NOISE)
    for width in (naa_linewidth_ppm(found), creatine_linewidth_ppm(found)):
        assert width is not None
        assert width * 123.2 == pytest.approx(WIDTH_HZ, rel=0.05)
    drowned = traces(scan, scan.brain(), none, 1e4)
    assert naa_linewidth_ppm(drowned) is None
    assert naa_linewidth_ppm(replace(found, names=("Cr", "Glu", "rest"))) is None


def test_signal_over_noise_and_baseline_share() -> None:
    """Height over noise sd is that of the lines; the baseline's share is that of its area."""
    scan = Scan(points=2048)
    none = np.zeros(scan.points, dtype=np.complex128)
    found = traces(scan, scan.brain(), none, 1.0)
    height = peak_over_noise(found, 1.0)
    assert height == pytest.approx(float(np.max(found.fit)), rel=0.01)
    assert peak_over_noise(found, 0.0) is None
    assert baseline_share(found) == 0.0
    area = float(np.mean(np.abs(found.fit)))
    assert baseline_share(traces(scan, scan.brain(), none, 1.0, baseline=area)) == pytest.approx(0.5)


def test_an_offset_of_the_baseline_is_neither_swing_nor_dip() -> None:
    """Swing and dip are measured against the highest metabolite, and only signal below the rest is a dip."""
    scan = Scan(points=2048)
    found = traces(scan, scan.brain(), np.zeros(scan.points, dtype=np.complex128), 1.0)
    highest = float(np.max(found.components.sum(axis=0)))
    bell = np.exp(-(((found.ppm - 1.1) / 0.2) ** 2))

    def both(baseline: np.ndarray) -> tuple[float | None, float | None]:
        seen = replace(found, baseline=baseline)
        return baseline_swing(seen), baseline_dip(seen)

    assert both(np.full_like(found.ppm, -0.4 * highest)) == pytest.approx((0.0, 0.0))
    assert both(-0.5 * highest * bell - highest) == pytest.approx((0.5, 0.5), abs=0.02)
    assert both(0.5 * highest * bell) == pytest.approx((0.5, 0.0), abs=0.02)
    nothing = replace(found, components=np.zeros_like(found.components))
    assert (baseline_swing(nothing), baseline_dip(nothing)) == (None, None)


def test_metabolites_that_the_baseline_cancels_are_larger_than_the_fit() -> None:
    """1 where the metabolites are all of the fit; their factor where a baseline takes the rest off again."""
    scan = Scan(points=2048)
    found = traces(scan, scan.brain(), np.zeros(scan.points, dtype=np.complex128), 1.0)
    whole = found.components.sum(axis=0)
    grown = replace(found, components=5.0 * found.components, baseline=-4.0 * whole)

    assert fit_cancellation(replace(found, fit=whole)) == pytest.approx(1.0)
    assert fit_cancellation(replace(grown, fit=whole)) == pytest.approx(5.0)
    assert fit_cancellation(replace(found, fit=np.zeros_like(whole))) is None


def test_lipid() -> None:
    """The ratio of the heights of a lipid line and NAA; brain without lipid stays low."""
    scan = Scan()
    clean = lipid(facts_of(scan.brain() + NOISE * scan.noise(), scan).clean)
    assert clean is not None
    assert clean < 0.25
    spoilt = lipid(facts_of(scan.brain() + scan.line(1.3, 27.0, 12.0) + NOISE * scan.noise(), scan).clean)
    assert spoilt == pytest.approx(27.0 / 12.0 / (9.0 / 6.0), rel=0.15)


def test_eddy_current_size() -> None:
    """A planted phase course is measured to a degree beyond its straight part; none is none."""
    scan = Scan()
    fid, water = scan.brain() + NOISE * scan.noise(), scan.line(4.65, 2e4, 8.0)
    still = facts_of(fid, scan, water + scan.noise()).eddy_current_deg
    assert still is not None
    assert still < 1.0
    for largest in (0.5, 1.5):
        phase = largest * np.exp(-scan.time / 0.02)
        straight = np.polyval(np.polyfit(scan.time, phase, 1, w=np.abs(water)), scan.time)
        expected = np.rad2deg(np.abs(phase - straight)[scan.time < 0.05].max())
        course = np.exp(1j * phase)
        found = facts_of(fid * course, scan, water * course + scan.noise()).eddy_current_deg
        assert found == pytest.approx(expected, abs=1.0)
        assert expected > 0.2 * np.rad2deg(largest)


@pytest.mark.parametrize("scan", [Scan(), Scan(2048, 2.5e-4), Scan(4096, 1 / 12000, 297.2e6)])
def test_white_noise_is_white(scan: Scan) -> None:
    """Both numbers are about 1 for white noise, at any bandwidth."""
    for _ in range(5):
        facts = facts_of(scan.brain() + 0.3 * scan.noise(), scan)
        correlation = noise_correlation(facts.rest)
        assert correlation is not None
        assert correlation < 1.6
        assert noise_tail(facts.corrected, facts.rest) == pytest.approx(1.0, abs=0.15)


def test_filtered_noise_is_not_white() -> None:
    """A receiver filter correlates the noise; apodisation takes it from the end, a late disturbance adds it."""
    scan = Scan()
    fid, noise = scan.brain(), 0.3 * scan.noise()
    smooth = np.convolve(noise, [0.25, 0.5, 0.25], mode="same")
    correlation = noise_correlation(facts_of(fid + smooth, scan).rest)
    assert correlation is not None
    assert correlation > 4.0
    apodised = tail_of((fid + noise) * np.exp(-5 * scan.time), scan)
    assert apodised is not None
    assert apodised < 0.6
    late = tail_of(fid + noise * np.where(scan.time > 0.4, 2.0, 1.0), scan)
    assert late is not None
    assert late > 1.3


@pytest.mark.parametrize("transients", [1, 16])
@pytest.mark.parametrize("gain", [1.0, 3.7e-9])
def test_clipping(transients: int, gain: float) -> None:
    """Samples beyond the receiver's range are counted, at any scale; an unclipped FID has none, however digitised."""
    scan = Scan()
    fid = scan.line(4.7, 1000.0, 7.0) + scan.noise(transients, 2)
    cut = 600.0
    clipped = np.clip(fid.real, -cut, cut) + 1j * np.clip(fid.imag, -cut, cut)
    expected = sum(int(np.count_nonzero(np.abs(part[..., :32]) >= cut)) for part in (fid.real, fid.imag))
    assert clipped_samples(gain * fid) == 0
    assert clipped_samples(gain * np.round(fid)) == 0
    assert 0.9 * expected <= clipped_samples(gain * clipped) <= expected


def test_clipping_of_spectrum_and_reference_is_counted_separately() -> None:
    """The counts of spectrum and reference do not mix."""
    scan = Scan()
    water = scan.line(4.7, 2e4, 7.0) + scan.noise()
    clipped = np.clip(water.real, -1e4, 1e4) + 1j * np.clip(water.imag, -1e4, 1e4)
    spectrum = scan.brain() + noise_for(20.0, scan.brain(), scan) * scan.noise()
    facts = preprocess(Recording(spectrum[None, None], scan.acquisition, scan.recording(clipped)))[1]
    assert facts.recorded_water is not None
    assert clipped_samples(facts.recorded.samples) == 0
    assert clipped_samples(facts.recorded_water.samples) > 10


def test_drift_and_phase_spread() -> None:
    """Span of frequency and spread of phase are those of the transients."""
    scan = Scan()
    drift, phase = np.linspace(-5, 5, 32), 0.3 * scan.rng.normal(size=32)
    moved = scan.brain() * np.exp(-2j * np.pi * drift[:, None] * scan.time + 1j * phase[:, None])
    facts = facts_of(moved + NOISE * scan.noise(32), scan)
    assert facts.frequency_drift_hz == pytest.approx(10.0, abs=0.2)
    assert facts.phase_spread_deg == pytest.approx(float(np.rad2deg(np.std(phase))), rel=0.05)


def test_each_number_lands_in_its_own_field() -> None:
    """What preprocessing found, what the fit says and what is measured of either stand under their names."""
    scan = Scan(2048)
    water = scan.line(4.7, 2e4, 7.0) + scan.noise()
    clipped = np.clip(water.real, -1e4, 1e4) + 1j * np.clip(water.imag, -1e4, 1e4)
    found = replace(
        facts_of(scan.brain() + NOISE * scan.noise(), scan, clipped),
        frequency_drift_hz=1.0,
        phase_spread_deg=2.0,
        eddy_current_deg=3.0,
        amplitude_spread=4.0,
        opposed_coils=5,
        shift_ppm=6.0,
    )
    seen = traces(scan, scan.brain(), scan.line(2.6, 1.0, 5.0), 1.0)
    fit = replace(
        CONVERGED, linewidth_hz=7.0, baseline_effective_dimension=8.0, residual_rms_over_noise=2.0, traces=seen
    )
    evidence = Evidence(found, fit)
    quality = Quality.of(evidence)

    passed_on = (quality.frequency_drift_hz, quality.phase_spread_deg, quality.eddy_current_deg)
    assert passed_on == (1.0, 2.0, 3.0)
    assert (quality.amplitude_spread, quality.opposed_coils, quality.shift_ppm) == (4.0, 5, 6.0)
    assert (quality.linewidth_hz, quality.linewidth_ppm) == pytest.approx((7.0, 7.0 / 123.2))
    assert (quality.baseline_effective_dimension, quality.residual_rms_over_noise) == (8.0, 2.0)
    assert quality.tnaa_linewidth_ppm == naa_linewidth_ppm(seen) != creatine_linewidth_ppm(seen)
    assert quality.tcr_linewidth_ppm == creatine_linewidth_ppm(seen)
    assert quality.tcr_linewidth_hz == pytest.approx(WIDTH_HZ, rel=0.05)
    assert quality.water_linewidth_hz == pytest.approx(123.2 * (quality.water_linewidth_ppm or 0.0))
    assert evidence.noise == pytest.approx(float(np.sqrt(np.mean(seen.residual**2))) / 2.0)
    assert quality.snr_consensus == peak_over_noise(seen, evidence.noise)
    assert quality.noise_correlation == noise_correlation(found.rest)
    assert quality.noise_tail == noise_tail(found.corrected, found.rest)
    assert quality.lipid == lipid(found.clean) != quality.residual_water
    assert quality.clipped_samples == 0
    assert quality.water_clipped_samples == clipped_samples(clipped[None, None])
    assert quality.spurious_echo == spurious_echo(seen, evidence.noise, 123.2e6)


def test_both_definitions_of_signal_over_noise() -> None:
    """The first is the fit's height over twice the RMS of the residual, the second the data's over the noise."""
    ppm, residual = np.linspace(4.0, 0.2, 400), np.tile([0.4, -0.4], 200)
    line = 8.0 * np.exp(-(((ppm - 2.0) / 0.1) ** 2))
    peak = float(line.max())
    fitted = line + 2.0
    found = Traces(ppm, fitted + residual, fitted, np.full(400, 2.0), residual, ("NAA",), line[None])

    assert signal_to_noise(found) == pytest.approx(peak / 0.8)
    assert peak_over_noise(found, 0.5) == pytest.approx(float(np.max(line + residual)) / 0.5)
