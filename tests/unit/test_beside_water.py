"""Lines beside water are changed by its suppression; the rest of the spectrum decides."""

from __future__ import annotations

import numpy as np

from fitting.fid import time_axis
from fitting.model.fit import fit
from fitting.model.result import Fit
from tests.unit import model_cases as world

SD = 0.1


def fitted(kept: float) -> Fit:
    """The fit of a spectrum whose suppression of water leaves the part ``kept`` of the line of mI at 4.05 ppm."""
    line = world.LINES["mI"][-1]
    time = time_axis(world.POINTS, world.DWELL)
    decay = np.exp(-9.0 * time - 0.5 * (9.0 * time) ** 2)
    turn = np.exp(-2j * np.pi * (line[0] - 4.65) * world.FREQUENCY * 1e-6 * time)
    lost = (1.0 - kept) * world.AMPLITUDES["mI"] * line[1] * turn * decay
    fid = world.clean_fid() - lost + world.noise(np.random.default_rng(7), SD)
    return fit(world.spectrum(fid), world.components(), SD)


def test_suppression_moves_myo_inositol_by_no_more_than_its_error() -> None:
    """Half of the line at 4.05 ppm, a tenth of the signal of mI, may be lost: mI stays within 1 % and within its error,
    which does not double. With nothing for it the whole baseline is freed instead, and the error grows elevenfold.
    """
    k = list(world.LINES).index("mI")
    whole, halved = fitted(1.0), fitted(0.5)
    error = np.sqrt(halved.covariance[k, k])

    assert abs(halved.amplitudes[k] / whole.amplitudes[k] - 1.0) < 0.01
    assert abs(halved.amplitudes[k] - world.AMPLITUDES["mI"]) < 1.96 * error
    assert error < 2 * np.sqrt(whole.covariance[k, k])


def test_a_whole_line_beside_water_counts() -> None:
    """Where suppression takes nothing, the line makes mI surer than where it is lost."""
    k = list(world.LINES).index("mI")

    assert fitted(1.0).covariance[k, k] < 0.75 * fitted(0.1).covariance[k, k]
