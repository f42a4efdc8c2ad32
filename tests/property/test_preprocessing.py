"""What must hold for any receiver scale and phase of any recording."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fitting.acquisition import Recording
from fitting.preprocessing import preprocess
from fitting.units import ComplexArray
from tests.data.simulated_brain import Scan, noise_for


def recording(seed: int, coils: int, transients: int) -> Recording:
    """A scan whose coils, transients and noise come from ``seed``."""
    scan = Scan(points=512, seed=seed)
    fid = scan.brain(0.02) + scan.residual_water(0.7)
    sensitivities = scan.rng.lognormal(0, 0.5, coils) * np.exp(2j * np.pi * scan.rng.random(coils))
    samples = np.multiply.outer(sensitivities, fid) + noise_for(6.0, fid, scan) * scan.noise(transients, coils)
    water = np.multiply.outer(sensitivities, scan.line(4.65, 2e4, 8.0)) + scan.noise(2, coils)
    return scan.recording(samples, scan.recording(water))


def scaled(given: Recording, factor: complex) -> Recording:
    water = None if given.water is None else scaled(given.water, factor)
    return Recording(given.samples * factor, given.acquisition, water)


def alike(found: ComplexArray, expected: ComplexArray, relative: float) -> None:
    """Equal to within a share of the largest sample."""
    np.testing.assert_allclose(found, expected, rtol=0, atol=relative * np.abs(expected).max())


@settings(max_examples=20, deadline=None)
@given(
    exponent=st.floats(-30, 12),
    seed=st.integers(0, 1000),
    coils=st.sampled_from([1, 4]),
    transients=st.sampled_from([1, 6]),
)
def test_receiver_gain_scales_the_answer_and_nothing_else(
    exponent: float, seed: int, coils: int, transients: int
) -> None:
    """From 1e-30 to 1e12 the same spectrum comes out times the gain, with the same facts to rounding."""
    gain = 10.0**exponent
    plain = recording(seed, coils, transients)
    expected, facts = preprocess(plain)
    found, found_facts = preprocess(scaled(plain, gain))
    assert expected.water is not None
    assert found.water is not None
    alike(found.fid.samples / gain, expected.fid.samples, 1e-7)
    np.testing.assert_allclose(
        found.water.samples / gain, expected.water.samples, rtol=0, atol=1e-7 * np.abs(expected.water.samples).max()
    )
    assert found_facts.transients_rejected == facts.transients_rejected
    assert abs(found_facts.shift_ppm - facts.shift_ppm) < 1e-6
    np.testing.assert_allclose(found.fid.noise / gain, expected.fid.noise, rtol=1e-6)


@settings(max_examples=20, deadline=None)
@given(phase=st.floats(-np.pi, np.pi), seed=st.integers(0, 1000))
def test_receiver_phase_turns_the_answer_and_nothing_else(phase: float, seed: int) -> None:
    """Without a reference the spectrum keeps the phase it came with, and its place does not depend on it."""
    plain = Recording(recording(seed, 1, 1).samples, Scan().acquisition)
    turn = complex(np.exp(1j * phase))
    expected, facts = preprocess(plain)
    found, found_facts = preprocess(scaled(plain, turn))
    assert abs(found_facts.shift_ppm - facts.shift_ppm) < 1e-6
    np.testing.assert_allclose(
        found.fid.samples / turn, expected.fid.samples, rtol=0, atol=1e-6 * np.abs(expected.fid.samples).max()
    )


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), order=st.permutations(range(5)))
def test_order_of_transients_does_not_matter(seed: int, order: list[int]) -> None:
    """Permuting the transients changes nothing beyond where the registration stops."""
    plain = recording(seed, 1, 5)
    mixed = Recording(plain.samples[order], plain.acquisition, plain.water)
    expected, _ = preprocess(plain)
    found, _ = preprocess(mixed)
    np.testing.assert_allclose(
        found.fid.samples, expected.fid.samples, rtol=0, atol=2e-3 * np.abs(expected.fid.samples).max()
    )
