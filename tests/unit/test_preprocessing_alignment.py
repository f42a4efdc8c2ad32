"""Transients are aligned at the information limit, and corrupted ones are left out."""

from __future__ import annotations

import numpy as np
import pytest

from fitting.preprocessing.alignment import align_metabolites, align_water, undo
from fitting.preprocessing.averaging import weights
from fitting.units import ComplexArray, FloatArray
from tests.data.simulated_brain import Scan, height, noise_for

PHASE_SPREAD = 0.2


def bounds(fid: ComplexArray, noise: float, time: FloatArray) -> tuple[float, float]:
    """Cramér-Rao bounds of shift (Hz) and phase (rad) of a known FID in white noise."""
    power = np.abs(fid) ** 2
    energy = power.sum()
    mean = (time * power).sum() / energy
    variance = (time**2 * power).sum() / energy - mean**2
    return noise / np.sqrt(energy * variance) / (2 * np.pi), noise / np.sqrt(energy) * np.sqrt(1 + mean**2 / variance)


def moved(fid: ComplexArray, shift: FloatArray, phase: FloatArray, scan: Scan) -> ComplexArray:
    """Copies of a FID shifted toward higher ppm by ``shift`` (Hz) and turned by ``phase``."""
    return np.asarray(fid * np.exp(-2j * np.pi * shift[:, None] * scan.time + 1j * phase[:, None]))


@pytest.mark.parametrize(
    ("scan", "transients", "snr", "water", "drift_hz"),
    [
        (Scan(), 32, 10.0, 0.0, 2.0),
        (Scan(), 32, 10.0, 2.0, 20.0),
        (Scan(2048), 64, 3.0, 0.5, 20.0),
        (Scan(2048), 128, 1.5, 0.3, 10.0),
        (Scan(2048), 128, 0.7, 5.0, 10.0),
        (Scan(4096, 1 / 12000, 297.2e6), 16, 5.0, 1.0, 10.0),
    ],
)
def test_registration_is_near_the_information_limit(
    scan: Scan, transients: int, snr: float, water: float, drift_hz: float
) -> None:
    """Errors stay below 1.9 times the Cramér-Rao bound of the whole signal, and are predicted."""
    fid = scan.brain() + scan.residual_water(water)
    noise = noise_for(snr, fid, scan)
    shift = np.linspace(-drift_hz / 2, drift_hz / 2, transients)
    phase = PHASE_SPREAD * scan.rng.normal(size=transients)
    samples = moved(fid, shift, phase, scan) + noise * scan.noise(transients)
    found = align_metabolites(scan.fid(samples)).shifts
    limit_shift, limit_phase = bounds(fid, noise, scan.time)
    turn = np.angle(np.exp(1j * (found.phase - phase)))
    shift_error, phase_error = np.std(found.shift_hz - shift), np.std(turn)
    assert shift_error <= 1.9 * limit_shift
    assert phase_error <= 1.9 * limit_phase
    assert 0.5 < shift_error / found.shift_sd_hz < 2.0


def test_unstable_residual_water_is_not_followed() -> None:
    """Residual water that turns and moves on its own does not misalign the metabolites."""
    scan = Scan()
    fid = scan.brain()
    noise = noise_for(15.0, fid, scan)
    zero = np.zeros(32)
    water = moved(scan.residual_water(3.0), 2.0 * scan.rng.normal(size=32), scan.rng.normal(size=32), scan)
    samples = moved(fid, zero, zero, scan) + water + noise * scan.noise(32)
    found = align_metabolites(scan.fid(samples)).shifts
    limit_shift, _ = bounds(fid, noise, scan.time)
    assert np.std(found.shift_hz) <= 3.0 * limit_shift
    assert found.band.high_ppm < 4.5


def test_noise_is_not_aligned() -> None:
    """Where a transient holds no visible signal the transients come back as they are."""
    scan = Scan()
    transients = scan.fid(scan.noise(64) + 1e-3 * scan.brain())
    aligned = align_metabolites(transients)
    assert not aligned.shifts.trustworthy
    assert undo(aligned.shifts, transients) is transients


def test_water_transients_are_aligned() -> None:
    """A water reference that drifts comes out as one line."""
    scan = Scan()
    water = scan.line(4.65, 1e4, 8.0)
    samples = moved(water, np.linspace(-6, 6, 8), np.linspace(0, 1, 8), scan) + scan.noise(8)
    aligned = align_water(scan.fid(samples))
    undone = undo(aligned.shifts, scan.fid(samples)).samples
    assert height(undone.mean(axis=0), scan, 4.5, 4.8) == pytest.approx(height(water, scan, 4.5, 4.8), rel=0.005)


def test_corrupted_transients_are_left_out_and_good_ones_kept() -> None:
    """Weak, broadened, spoilt and empty transients are found; none of the others is."""
    scan = Scan()
    fid = scan.brain() + scan.residual_water(1.0)
    shift, phase = np.linspace(-2, 2, 32), np.zeros(32)
    samples = moved(fid, shift, phase, scan)
    samples[3] *= 0.5
    samples[11] *= np.exp(-np.pi * 15 * scan.time)
    samples[20] = 0
    samples += noise_for(10.0, fid, scan) * scan.noise(32)
    samples[27] += scan.line(2.9, 60.0, 60.0)
    samples[20] = 0
    aligned = align_metabolites(scan.fid(samples))
    found = weights(aligned.signal, np.any(samples != 0, axis=1))
    assert set(np.flatnonzero(found == 0)) == {3, 11, 20, 27}


@pytest.mark.parametrize("seed", range(5))
def test_clean_scans_lose_nothing(seed: int) -> None:
    """Without corruption every transient is used."""
    scan = Scan(seed=seed)
    fid = scan.brain()
    samples = fid + noise_for(5.0, fid, scan) * scan.noise(64)
    aligned = align_metabolites(scan.fid(samples))
    found = weights(aligned.signal, np.ones(64, dtype=bool))
    assert found.min() > 0
    assert found.sum() ** 2 / np.sum(found**2) > 63
