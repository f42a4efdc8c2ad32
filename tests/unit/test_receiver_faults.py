"""What receiver and scan do to all lines alike is found, by as much as there is of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fitting.acquisition import Recording
from fitting.preprocessing import Preprocessed, preprocess
from fitting.quality.digitisation import digitisation_step
from fitting.quality.quadrature import quadrature_image
from fitting.quality.water_offset import water_offset
from fitting.quality.water_ripple import water_ripple
from fitting.units import ComplexArray
from tests.data.simulated_brain import Scan, noise_for
from tests.data.uncombined import uncombined


@pytest.mark.parametrize("size", [0.1, 0.2j, -0.3])
@pytest.mark.parametrize("water", [0.0, 20.0])
def test_quadrature_image_is_measured(size: complex, water: float) -> None:
    """Its height over the lines, whatever its phase and however much water is left."""
    scan = Scan(2048)
    fid = scan.brain() + scan.residual_water(water)
    noise = noise_for(60, fid, scan) * scan.noise()
    made = scan.fid(fid + size * fid.conj() + noise)

    assert quadrature_image(made, made.noise) == pytest.approx(abs(size), abs=0.04)


def test_no_image_where_there_is_none() -> None:
    """Noise and strong water make none."""
    for seed in range(10):
        scan = Scan(2048, seed=seed)
        fid = scan.brain() + scan.residual_water(10.0)
        made = scan.fid(fid + noise_for(8, fid, scan) * scan.noise())
        found = quadrature_image(made, made.noise)
        assert found is not None
        assert found < 0.03


@pytest.mark.parametrize("hz", [50.0, 100.0, 200.0])
def test_ripple_of_water_is_measured(hz: float) -> None:
    """The wave's amplitude; eddy currents, a noisy tail and two compartments are none."""
    scan = Scan(2048)
    phase = np.exp(2j * np.exp(-scan.time / 0.05))
    smooth = (scan.line(4.65, 800.0, 5.0) + scan.line(4.65, 200.0, 12.0)) * phase + 0.1 * scan.noise()
    none, found = (
        water_ripple(scan.fid(water)) for water in (smooth, smooth * (1 + 0.1 * np.sin(2 * np.pi * hz * scan.time)))
    )

    assert none is not None
    assert none < 0.003
    assert found == pytest.approx(0.1, rel=0.3)


def test_ripple_of_noise_is_unknown() -> None:
    """Where water does not stand out, there is no number."""
    scan = Scan(2048)
    assert water_ripple(scan.fid(scan.line(4.65, 1.0, 5.0) + scan.noise())) is None


@pytest.mark.parametrize(("step", "found"), [(0.5, 0.5), (2.0, 1.7), (20.0, 3.5)])
def test_coarse_numbers_are_measured(step: float, found: float) -> None:
    """The step over the noise; where rounding makes the noise, its root of twelve. Plain numbers have next to none."""
    scan = Scan(2048)
    fid = (30 * scan.brain() + scan.noise())[None, None]
    coarse = step * (np.round(fid.real / step) + 1j * np.round(fid.imag / step))

    assert digitisation_step(scan.fid(coarse)) == pytest.approx(found, rel=0.15)
    assert digitisation_step(scan.fid(fid)) == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("width_hz", [0.7, 6.0])
def test_offset_of_water_is_measured(width_hz: float) -> None:
    """A constant below the water is found; narrow lines that have not decayed, and noise, are none."""
    scan = Scan(2048)
    water = scan.line(4.66, 1000.0, width_hz) + 0.1 * scan.noise()

    assert water_offset(scan.fid(water)) < 0.001
    if width_hz > 1:
        assert water_offset(scan.fid(water + 40j)) == pytest.approx(0.04, rel=0.1)


def facts(recording: Recording) -> Preprocessed:
    return preprocess(recording)[1]


def changed(recording: Recording, samples: ComplexArray) -> Recording:
    return replace(recording, samples=samples)


def test_unequal_amplitudes_are_measured() -> None:
    """Half of the transients at 60 %: a spread of a quarter; equal ones have none beyond their noise."""
    recording = uncombined(Scan(), coils=4, transients=16).recording
    weak = recording.samples.copy()
    weak[8:] *= 0.6

    assert facts(recording).amplitude_spread == pytest.approx(0.0, abs=0.03)
    assert facts(changed(recording, weak)).amplitude_spread == pytest.approx(0.26, abs=0.05)


@pytest.mark.parametrize("turned", [(), (1,), (0, 3)])
def test_opposed_coils_are_counted(turned: tuple[int, ...]) -> None:
    """Coils whose polarity is not that of the reference; none where both agree, whatever noise they share."""
    recording = uncombined(Scan(), coils=8, transients=8, snr=40.0).recording
    samples = recording.samples.copy()
    samples[:, list(turned)] *= -1

    assert facts(changed(recording, samples)).opposed_coils == len(turned)
