"""The line shape read from the water reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fitting.model.fit import fit
from fitting.model.lineshape import water_envelope
from tests.unit import model_cases as world

TIME = np.arange(world.POINTS) * world.DWELL


def _shape(lorentz: float = 10.0, gauss: float = 12.0, beat: float = 0.0) -> np.ndarray:
    return np.exp(-lorentz * TIME - 0.5 * (gauss * TIME) ** 2) * (1 + beat * np.cos(2 * np.pi * 6 * TIME)) / (1 + beat)


@pytest.mark.parametrize("beat", [0.0, 0.15])
def test_envelope_follows_the_decay_of_water(beat: float) -> None:
    """A noisy water FID gives its own decay back within 1 % of its start, also where shimming makes it beat."""
    noise = world.noise(np.random.default_rng(1), 0.5)
    envelope = water_envelope(world.fid(1000.0 * _shape(beat=beat) + noise), TIME)

    assert envelope is not None
    assert np.abs(envelope - _shape(beat=beat)).max() < 0.01
    assert envelope[0] == pytest.approx(1.0)
    assert (envelope > 0).all()


def test_no_envelope_without_usable_water() -> None:
    """No reference, or one that sinks into noise at once, says nothing about the line shape."""
    noise = world.noise(np.random.default_rng(2), 1.0)

    assert water_envelope(None, TIME) is None
    assert water_envelope(world.fid(5.0 * _shape() + noise), TIME) is None


def test_known_line_shape_narrows_the_amplitudes() -> None:
    """With the water's line shape the amplitudes of a noisy spectrum scatter less than without, and are unbiased."""
    generator = np.random.default_rng(3)
    basis = world.components()
    clean = world.clean_fid(lorentz=10.0, gauss=12.0)
    water = (1000.0 * np.exp(-4.0 * TIME) * _shape()).astype(np.complex128)
    with_water, without = [], []
    for _ in range(12):
        spectrum = world.spectrum(clean + world.noise(generator, 1.5))
        without.append(fit(spectrum, basis, 1.5).amplitudes[0])
        with_water.append(fit(replace(spectrum, water=world.fid(water)), basis, 1.5).amplitudes[0])

    assert np.std(with_water) < np.std(without)
    assert np.mean(with_water) == pytest.approx(world.AMPLITUDES["NAA"], rel=0.05)


def test_linewidth_is_known_without_a_visible_singlet() -> None:
    """A spectrum without any singlet still has the line width that its water and the fit give, not a runaway one."""
    amplitudes = dict.fromkeys(world.AMPLITUDES, 0.0) | {"Glu": 9.0}
    clean = world.clean_fid(amplitudes=amplitudes, lorentz=10.0, gauss=12.0)
    water = (1000.0 * np.exp(-4.0 * TIME) * _shape()).astype(np.complex128)
    spectrum = replace(world.spectrum(clean + world.noise(np.random.default_rng(4), 0.2)), water=world.fid(water))

    assert fit(spectrum, world.components(), 0.2).linewidth_hz == pytest.approx(6.4, abs=1.0)
