"""The whole chain: what is refused, what is recorded, and what stays the same."""

from __future__ import annotations

import time
from dataclasses import fields, replace

import numpy as np
import pytest

from fitting.acquisition import Recording
from fitting.errors import UnusableSignal
from fitting.fid import Fid
from fitting.preprocessing import preprocess
from fitting.units import ComplexArray
from tests.data.simulated_brain import Scan, noise_for


def uncombined(scan: Scan, coils: int = 8, transients: int = 16) -> Recording:
    """A drifting uncombined scan with its water reference."""
    fid = scan.brain() + scan.residual_water(1.0)
    sensitivities = scan.rng.lognormal(0, 0.5, coils) * np.exp(2j * np.pi * scan.rng.random(coils))
    drift = np.exp(-2j * np.pi * np.linspace(-3, 3, transients)[:, None] * scan.time)
    signal = (fid * drift)[:, None] * sensitivities[:, None]
    samples = signal + noise_for(4.0, fid, scan) * scan.noise(transients, coils)
    water = scan.line(4.65, 2e4, 8.0) * sensitivities[:, None] + scan.noise(2, coils)
    return scan.recording(samples, scan.recording(water))


def spoilt(kind: str) -> ComplexArray:
    scan = Scan()
    fid = (scan.brain() + 0.05 * scan.noise())[None, None]
    match kind:
        case "nan":
            fid[0, 0, 7] = np.nan
        case "infinite":
            fid[0, 0, 7] = complex(0, np.inf)
        case "zero":
            fid[:] = 0
        case "constant":
            fid[:] = 3 + 1j
        case "short":
            fid = fid[..., :63]
        case "zero filled from almost nothing":
            fid[..., 40:] = 0
    return fid


KINDS = ["nan", "infinite", "zero", "constant", "short", "zero filled from almost nothing"]


@pytest.mark.parametrize("kind", KINDS)
def test_unusable_samples_are_refused_in_a_sentence(kind: str) -> None:
    """Non-finite, empty, constant and too short signals are refused, also as a water reference when not empty."""
    scan = Scan()
    with pytest.raises(UnusableSignal, match=r"\w+ \w+ \w+"):
        preprocess(Recording(spoilt(kind), scan.acquisition))
    if kind != "zero":
        good = scan.brain() + 0.05 * scan.noise()
        with pytest.raises(UnusableSignal, match="Water reference"):
            preprocess(scan.recording(good, Recording(spoilt(kind), scan.acquisition)))


def test_zero_filling_is_cut_and_recorded() -> None:
    """A zeroed tail leaves the spectrum, so that its noise is what it was."""
    scan = Scan()
    fid = scan.brain() + 0.3 * scan.noise()
    fid[600:] = 0
    spectrum, facts = preprocess(scan.recording(fid))
    assert spectrum.fid.points == 600
    assert any("424 zeros" in step.details for step in facts.steps)
    assert spectrum.fid.noise == pytest.approx(0.3, rel=0.1)


def test_average_is_a_mean_on_one_scale_with_water() -> None:
    """Water over metabolites does not depend on how many transients each has."""
    scan = Scan()
    fid, water = scan.brain(), scan.line(4.65, 2e4, 8.0)
    ratios = []
    for transients, references in ((1, 1), (32, 1), (8, 4)):
        samples = np.tile(fid, (transients, 1)) + 0.02 * scan.noise(transients)
        reference = np.tile(water, (references, 1)) + 0.02 * scan.noise(references)
        spectrum, _ = preprocess(scan.recording(samples, scan.recording(reference)))
        assert spectrum.water is not None
        ratios.append(np.abs(spectrum.water.samples[0]) / np.abs(spectrum.fid.samples[0]))
    np.testing.assert_allclose(ratios, 2e4 / np.abs(fid[0]), rtol=5e-3)


def test_combination_keeps_the_scale_of_water_to_metabolites() -> None:
    """Coil weights are the same for both, so their ratio is that of the signals."""
    scan = Scan()
    spectrum, _ = preprocess(uncombined(scan))
    assert spectrum.water is not None
    expected = 2e4 / np.abs(scan.brain()[3])
    assert np.abs(spectrum.water.samples[0]) / np.abs(spectrum.fid.samples[3]) == pytest.approx(expected, rel=0.05)


def test_every_step_is_recorded_in_order() -> None:
    """The record names the standard's methods in the order of the consensus."""
    _, facts = preprocess(uncombined(Scan()))
    assert [step.method for step in facts.steps] == [
        "RF coil combination",
        "Frequency and phase correction",
        "Signal averaging",
        "Eddy current correction",
        "Nuisance peak removal",
        "Frequency and phase correction",
    ]
    assert facts.transients_rejected == 0
    assert facts.steps[2].details.startswith("Mean of 16 transients")
    assert facts.frequency_drift_hz == pytest.approx(6.0, abs=0.5)


def test_same_input_same_bytes() -> None:
    """The chain is deterministic and does not change its input."""
    recording = uncombined(Scan())
    before = recording.samples.copy()
    first, facts = preprocess(recording)
    second, again = preprocess(recording)
    assert first.fid.samples.tobytes() == second.fid.samples.tobytes()
    for item in fields(facts):
        one, other = getattr(facts, item.name), getattr(again, item.name)
        assert one.samples.tobytes() == other.samples.tobytes() if isinstance(one, Fid) else one == other, item.name
    assert np.array_equal(recording.samples, before)


def test_incomplete_acquisition_is_a_caller_error() -> None:
    """Without a dwell time nothing is guessed."""
    scan = Scan()
    recording = scan.recording(scan.brain() + scan.noise())
    with pytest.raises(ValueError, match="dwell time"):
        preprocess(replace(recording, acquisition=replace(scan.acquisition, dwell_time=None)))


def test_large_scan_is_quick() -> None:
    """Sixteen coils by 64 transients by 2048 points cost less than twenty decompositions of their noise matrix."""
    recording = uncombined(Scan(2048), coils=16, transients=64)
    matrix = Scan(2048).noise(256)[:, :512]
    preprocess(recording)
    began = time.process_time()
    preprocess(recording)
    chain = time.process_time() - began
    began = time.process_time()
    for _ in range(20):
        np.linalg.eigh(matrix[:, :256] @ matrix[:, :256].conj().T)
    assert chain < time.process_time() - began
