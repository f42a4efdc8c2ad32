"""The noise of one sample is measured right whatever signal, bandwidth or zero filling there is."""

from __future__ import annotations

import numpy as np
import pytest

from fitting.fid import Fid
from tests.data.simulated_brain import Scan

SCANS = [
    (1024, 5e-4, 123.2e6),
    (1024, 1 / 1200, 123.2e6),
    (2048, 4e-4, 63.9e6),
    (512, 1e-3, 63.9e6),
    (4096, 1 / 12000, 297.2e6),
]


@pytest.mark.parametrize(("points", "dwell_time", "frequency"), SCANS)
@pytest.mark.parametrize("signal", [0.0, 3.0, 300.0])
def test_noise_is_unbiased(points: int, dwell_time: float, frequency: float, signal: float) -> None:
    """Over many draws the estimate is within 2 % of the truth and each within a few percent, beside strong lines."""
    scan = Scan(points, dwell_time, frequency)
    fid = signal * (scan.brain() + scan.residual_water(10.0))
    estimates = [scan.fid(fid + scan.noise()).noise for _ in range(60)]
    assert np.mean(estimates) == pytest.approx(1.0, abs=0.02)
    assert np.std(estimates) < 0.06


def test_unsuppressed_water_does_not_count_as_noise() -> None:
    """A water line ten thousand times the noise leaves the estimate alone."""
    scan = Scan()
    estimates = [scan.fid(scan.line(4.65, 1e4, 8.0) + scan.noise()).noise for _ in range(40)]
    assert np.mean(estimates) == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("measured", [300, 512, 1000])
def test_zero_filling_does_not_lower_noise(measured: int) -> None:
    """A zeroed tail holds no noise and is left out."""
    scan = Scan()
    estimates = []
    for _ in range(40):
        fid = 3.0 * scan.brain() + scan.noise()
        fid[measured:] = 0
        estimates.append(scan.fid(fid).noise)
    assert np.mean(estimates) == pytest.approx(1.0, abs=0.04)


def test_noise_of_nothing_is_zero() -> None:
    """The noise of noiseless samples is zero."""
    assert Fid(np.zeros(1024, dtype=np.complex128), 5e-4, 123.2e6).noise == 0.0
