"""Where nothing is foreign to the model, stated errors and bounds must be what happens."""

from __future__ import annotations

import numpy as np
import pytest

from fitting.model.fit import fit
from fitting.quantification import DETECTION_LIMIT
from tests.measure.benchmarks.own_model import drawn_fits
from tests.unit import model_cases as world

pytestmark = pytest.mark.truth

DRAWS = 150
SD = 0.3


def test_errors_are_the_stated_ones() -> None:
    """Over 150 spectra drawn from the model's own priors the six sums err by what is stated, within 10 % on average
    (within chance for each), are unbiased, and 95 % intervals hold the truth in 90 to 98 % of all cases.
    """
    truth, found = drawn_fits(DRAWS)
    errors = np.array([each.values for each in found]) - truth
    sds = np.array([each.sds for each in found])
    ratio = np.sqrt(np.mean(errors**2, axis=0)) / sds.mean(axis=0)
    covered = np.mean(np.abs(errors) <= 1.96 * sds)

    assert 0.9 < np.exp(np.mean(np.log(ratio))) < 1.1, ratio
    assert (ratio < 1.3).all(), ratio
    assert (np.abs(errors.mean(axis=0)) < 0.3 * sds.mean(axis=0)).all()
    assert 0.90 < covered < 0.98


@pytest.mark.parametrize("amount", [0.0, 1.0, 2.0])
def test_upper_bounds_hold(amount: float) -> None:
    """max(amplitude, 0) + 1.645 sd is at least the true amplitude in 95 % of repeats, less what chance allows 60 of
    them, whether the metabolite is absent or there in ``amount`` standard deviations. What is absent is called detected
    in 5 % of repeats at most, plus chance, and its bound is below 3.3 sd.
    """
    generator = np.random.default_rng(31)
    repeats, name = 60, "Gln"
    k = list(world.LINES).index(name)
    unit = float(np.sqrt(fit(world.spectrum(world.clean_fid()), world.components(), SD).covariance[k, k]))
    clean = world.clean_fid(amplitudes={**world.AMPLITUDES, name: amount * unit})
    above = detected = 0
    bounds = []
    for _ in range(repeats):
        result = fit(world.spectrum(clean + world.noise(generator, SD)), world.components(), SD)
        sd = float(np.sqrt(result.covariance[k, k]))
        bound = max(float(result.amplitudes[k]), 0.0) + DETECTION_LIMIT * sd
        above += bound >= amount * unit
        detected += result.amplitudes[k] > DETECTION_LIMIT * sd
        bounds.append(bound / sd)

    assert above >= repeats * 0.95 - 2 * np.sqrt(repeats * 0.95 * 0.05)
    if amount == 0.0:
        assert detected <= repeats * 0.05 + 2 * np.sqrt(repeats * 0.95 * 0.05)
        assert np.median(bounds) < 2 * DETECTION_LIMIT
