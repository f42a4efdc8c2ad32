"""Coils are combined at the highest signal-to-noise ratio, on one scale for spectrum and water."""

from __future__ import annotations

import numpy as np
import pytest

from fitting.acquisition import Recording
from fitting.preprocessing import preprocess
from fitting.preprocessing.coil_combination import coil_weights
from fitting.quality.linewidths import water_linewidth_hz
from fitting.units import ComplexArray
from tests.data.simulated_brain import Scan, noise_for

COILS = 16


def correlated_noise(scan: Scan, transients: int, sd: float, mixing: ComplexArray) -> ComplexArray:
    return np.asarray(sd * np.einsum("ij,tjn->tin", mixing, scan.noise(transients, COILS)))


@pytest.fixture
def uncombined() -> tuple[Scan, Recording, ComplexArray]:
    """Sixteen coils whose noise is correlated and unequal, and their sensitivities."""
    scan = Scan()
    rng = scan.rng
    sensitivities = rng.lognormal(0.0, 0.5, COILS) * np.exp(2j * np.pi * rng.random(COILS))
    mixing = np.eye(COILS) + 0.45 * rng.normal(size=(COILS, COILS)) + 0.4j * rng.normal(size=(COILS, COILS))
    fid = scan.brain() + scan.residual_water(1.0)
    sd = noise_for(6.0, fid, scan)
    samples = np.multiply.outer(sensitivities, fid) + correlated_noise(scan, 16, sd, mixing)
    water = np.multiply.outer(sensitivities, scan.line(4.65, 3e4, 8.0)) + correlated_noise(scan, 2, sd, mixing)
    return scan, scan.recording(samples, scan.recording(water)), sensitivities


def signal_to_noise(weights: ComplexArray, sensitivities: ComplexArray, samples: ComplexArray, scan: Scan) -> float:
    combined = np.einsum("c,tcn->tn", weights, samples).mean(axis=0)
    return float(np.abs(weights @ sensitivities) / scan.fid(combined).noise)


@pytest.mark.parametrize("with_water", [True, False])
def test_whitening_beats_first_point_weights(
    uncombined: tuple[Scan, Recording, ComplexArray], with_water: bool
) -> None:
    """With correlated noise the combination is at least 1.3 times better than weighting by the first point."""
    scan, recording, sensitivities = uncombined
    signal = recording.water.samples if with_water and recording.water is not None else recording.samples
    found = coil_weights(signal, recording.fid).weights
    first = signal[..., 0].mean(axis=0).conj()
    ours = signal_to_noise(found, sensitivities, recording.samples, scan)
    assert ours >= 1.3 * signal_to_noise(first, sensitivities, recording.samples, scan)


def test_order_and_gain_of_coils_do_not_matter(uncombined: tuple[Scan, Recording, ComplexArray]) -> None:
    """Permuting the coils and changing each coil's own gain leaves spectrum over water as it was."""
    scan, recording, _ = uncombined
    assert recording.water is not None
    order = scan.rng.permutation(COILS)
    gains = 10.0 ** scan.rng.uniform(-3, 3, COILS) * np.exp(2j * np.pi * scan.rng.random(COILS))
    changed = scan.recording(
        (gains[:, None] * recording.samples)[:, order],
        scan.recording((gains[:, None] * recording.water.samples)[:, order]),
    )
    before, _ = preprocess(recording)
    after, _ = preprocess(changed)
    assert before.water is not None
    assert after.water is not None
    scale = np.abs(after.water.samples[0] / before.water.samples[0])
    np.testing.assert_allclose(
        after.fid.samples / scale, before.fid.samples, atol=1e-6 * np.abs(before.fid.samples).max()
    )


def test_dead_and_deafening_coils_do_no_harm(uncombined: tuple[Scan, Recording, ComplexArray]) -> None:
    """A coil of zeros and a coil of pure noise cost nothing."""
    scan, recording, sensitivities = uncombined
    good = coil_weights(recording.samples, recording.fid)
    silent = np.zeros((16, 1, scan.points), dtype=np.complex128)
    loud = 100.0 * np.abs(recording.samples).max() * scan.noise(16, 1)
    samples = np.concatenate([recording.samples, silent, loud], axis=1)
    found = coil_weights(samples, scan.fid(samples))
    assert found.dead == 1
    expected = signal_to_noise(good.weights, sensitivities, recording.samples, scan)
    reached = signal_to_noise(found.weights, np.concatenate([sensitivities, [0, 0]]), samples, scan)
    assert reached == pytest.approx(expected, rel=0.02)


def test_reference_of_other_coils_scales_nothing(uncombined: tuple[Scan, Recording, ComplexArray]) -> None:
    """A combined water reference of an uncombined spectrum corrects eddy currents but is no scale."""
    scan, recording, _ = uncombined
    water = scan.recording(scan.line(4.65, 3e4, 8.0) + scan.noise())
    spectrum, facts = preprocess(Recording(recording.samples, recording.acquisition, water))
    assert spectrum.water is None
    assert facts.water is not None
    assert water_linewidth_hz(facts.water) == pytest.approx(8.0, rel=0.02)
    assert any("scales nothing" in step.details for step in facts.steps)


def test_combined_data_pass_through() -> None:
    """One coil is no combination."""
    scan = Scan()
    _, facts = preprocess(scan.recording(scan.brain() + 0.01 * scan.noise()))
    assert "RF coil combination" not in {step.method for step in facts.steps}
