"""Water corrects the lineshape and leaves, without touching the metabolites."""

from __future__ import annotations

import numpy as np
import pytest

from fitting.acquisition import Recording
from fitting.preprocessing import preprocess
from fitting.preprocessing.eddy_current import correct_eddy_currents, on_axes
from fitting.preprocessing.residual_water import decompose
from fitting.quality.linewidths import water_linewidth_hz
from fitting.quality.water_and_lipid import residual_water
from fitting.units import ComplexArray
from tests.data.simulated_brain import Scan, noise_for

SCANS = [
    Scan(),
    Scan(2048, 2e-4, 123.2e6),
    Scan(2048, 4e-4, 63.9e6),
    Scan(4096, 1 / 12000, 297.2e6),
]


def eddy_phase(scan: Scan) -> np.ndarray:
    """A planted phase course: a shift, a constant and two decaying parts, in rad."""
    return 2 * np.pi * 3.0 * scan.time + 0.4 + 1.5 * np.exp(-scan.time / 0.02) - 0.6 * np.exp(-scan.time / 0.1)


@pytest.mark.parametrize("scan", SCANS)
def test_planted_eddy_phase_is_undone(scan: Scan) -> None:
    """After the correction the spectrum is the undistorted one to within its noise."""
    distortion = np.exp(1j * eddy_phase(scan))
    fid, noise = scan.brain(), 0.02
    water = scan.line(4.65, 2e4, 8.0) * distortion + scan.noise()
    corrected, straight, _, _ = correct_eddy_currents(
        scan.fid(fid * distortion + noise * scan.noise()), scan.fid(water)
    )
    early = scan.time < 0.2
    assert np.std((corrected.samples - fid)[early]) <= 1.6 * noise
    assert np.abs(np.angle(straight.samples[early])).max() < 0.05


def test_correction_is_not_applied_twice() -> None:
    """A spectrum that the scanner corrected already is not blurred by the raw reference."""
    scan = Scan()
    distortion = np.exp(1j * (eddy_phase(scan) + 4 * np.sin(2 * np.pi * 25 * scan.time)))
    fid = scan.brain() + 0.02 * scan.noise()
    water = scan.line(4.65, 2e4, 8.0) * distortion + scan.noise()
    corrected, _, _, step = correct_eddy_currents(scan.fid(fid), scan.fid(water))
    assert "already" in step.details
    turn = np.diff(np.unwrap(np.angle(corrected.samples / fid)))
    np.testing.assert_allclose(turn, turn[0], atol=1e-9)


@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize("constant", [-2.5, -0.8, 0.8, np.pi])
@pytest.mark.parametrize("water_over_naa", [0.0, 10.0])
def test_scanners_correction_is_known_by_the_phase(scan: Scan, constant: float, water_over_naa: float) -> None:
    """Eddy currents too weak to blur a line: metabolites in phase beside a reference out of phase were corrected.

    The same spectrum stored uncorrected is corrected, also beside strong residual water.
    """
    phase = constant + 0.15 * np.exp(-scan.time / 0.02)
    fid = scan.brain() + scan.residual_water(water_over_naa) + 0.02 * scan.noise()
    water = scan.line(4.65, 2e4, 8.0) * np.exp(1j * phase) + scan.noise()
    kept, straight, _, step = correct_eddy_currents(scan.fid(fid), scan.fid(water))
    assert "already" in step.details
    np.testing.assert_array_equal(kept.samples, fid)
    assert abs(np.angle(straight.samples[:50].sum())) < 0.05
    stored = fid * np.exp(1j * phase)
    corrected, _, _, step = correct_eddy_currents(scan.fid(stored), scan.fid(water))
    assert step.details.startswith("Klose")
    assert np.std((corrected.samples - fid)[:200]) < 0.05


def test_reference_without_water_is_not_used() -> None:
    """A reference of many lines (a phantom of oil, another nucleus' coil) is named, and scales nothing."""
    scan = Scan()
    fid = scan.brain() + 0.02 * scan.noise()
    spectrum, facts = preprocess(scan.recording(fid, scan.recording(10 * scan.brain() + 0.02 * scan.noise())))
    assert spectrum.water is None
    assert any(step.method == "Water reference" for step in facts.steps)


@pytest.mark.parametrize("first", [(0.57, 1.05), (0.72, 1.08, 0.94), (0.0,), (1.0,)], ids=str)
def test_upset_first_samples_of_the_reference_do_not_scale_the_line_shape(first: tuple[float, ...]) -> None:
    """The reference's height at its start is that of its decay, whatever a filter makes of the first samples."""
    scan = Scan()
    water = scan.line(4.67, 1000.0, 8.0) + 0.1 * scan.noise()
    upset = water.copy()
    upset[: len(first)] *= first
    fid = scan.brain() + noise_for(50, scan.brain(), scan) * scan.noise()
    spectrum, facts = preprocess(scan.recording(fid, scan.recording(upset)))

    assert spectrum.water is not None
    assert np.abs(spectrum.water.samples[:4]) == pytest.approx(np.abs(water[:4]), rel=0.06)
    assert np.abs(spectrum.water.samples[0]) == pytest.approx(1000.0, rel=0.01)
    assert any("mended" in step.details for step in facts.steps) is (min(first) < 0.95)


def test_empty_reference_counts_as_absent() -> None:
    """The step of a reference of zeros states that it holds no signal."""
    scan = Scan()
    empty = scan.recording(np.zeros(scan.points, dtype=np.complex128))
    spectrum, facts = preprocess(scan.recording(scan.brain() + 0.02 * scan.noise(), empty))
    assert spectrum.water is None
    assert facts.water is None
    assert any("no signal" in step.details for step in facts.steps)


@pytest.mark.parametrize(("points", "dwell_time"), [(512, 5e-4), (4096, 5e-4), (1024, 2.5e-4), (700, 1e-3)])
def test_reference_on_another_grid(points: int, dwell_time: float) -> None:
    """A shorter, longer or otherwise sampled reference has the same value at the same time."""
    scan, other = Scan(), Scan(points, dwell_time)
    expected = scan.line(4.7, 1e4, 8.0)
    found = on_axes(other.fid(other.line(4.7, 1e4, 8.0)), scan.fid(expected).axes).samples
    covered = scan.time <= other.time[-1]
    assert found.shape == expected.shape
    np.testing.assert_allclose(found[covered], expected[covered], atol=1e-3 * 1e4)
    assert not found[~covered].any()


@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize("water", [0.0, 0.3, 3.0, 20.0])
def test_residual_water_goes_and_metabolites_stay(scan: Scan, water: float) -> None:
    """Where water was only noise is left (1.15 times), and 0.2 to 4.2 ppm changes by far less than the noise."""
    ppm = scan.fid(scan.brain()).axes.fft_ppm
    fitted, wet = (ppm > 0.2) & (ppm < 4.2), (ppm > 4.4) & (ppm < 4.9)
    left, changed = [], []
    for _ in range(8):
        fid = scan.brain(width_hz=6.0 if scan.spectrometer_frequency > 1e8 else 4.0)
        sd = noise_for(15.0, fid, scan)
        noise = sd * scan.noise()
        dirty = fid + scan.residual_water(water) + noise
        found = decompose(scan.fid(dirty)).water(scan.spectrometer_frequency)
        clean = dirty - found.fid(scan.fid(dirty).axes).samples
        unit = sd * np.sqrt(2 * scan.points)
        left.append(rms(np.fft.fft(clean - fid)[wet]) / unit)
        changed.append(rms(np.fft.fft(clean - fid - noise)[fitted]) / unit)
    assert np.mean(left) <= 1.15
    assert max(changed) <= 0.25


def rms(values: ComplexArray) -> float:
    return float(np.sqrt(np.mean(np.abs(values) ** 2)))


def test_residual_water_is_reported_over_naa() -> None:
    """The height of the residual water is that of its line over that of tNAA."""
    scan = Scan()
    fid = scan.brain() + scan.line(4.65, 40.0, 6.0) + 0.02 * scan.noise()
    _, facts = preprocess(scan.recording(fid))
    assert residual_water(facts.residual_water, facts.clean) == pytest.approx(40.0 / 10.0, rel=0.15)


def test_water_linewidth() -> None:
    """The water line's width is its FWHM, whatever eddy currents did to it."""
    scan = Scan()
    water = scan.line(4.65, 2e4, 7.3) * np.exp(1j * eddy_phase(scan)) + scan.noise()
    recording = Recording((scan.brain() + 0.02 * scan.noise())[None, None], scan.acquisition, scan.recording(water))
    corrected = preprocess(recording)[1].water
    assert corrected is not None
    assert water_linewidth_hz(corrected) == pytest.approx(7.3, rel=0.01)
