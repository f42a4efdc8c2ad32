"""Changes that would make a comparison more precise, with their effect."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from fitting.norms.assessment import Improvement
from fitting.norms.laboratory_model import Laboratory
from fitting.norms.z_score import detectable_decrease
from fitting.quantification.concentrations import Ratio
from fitting.statistics.laboratory import GRID, Noise, People, Prior
from fitting.statistics.single_case import (
    ReferenceDistribution,
    smallest_detectable_difference,
    true_position_interval,
)

MANY_CONTROLS = 50
"""Beyond these, a norm's own error hardly matters for one person."""
STEPS = (3, 8, 20)
"""Numbers of own controls that are offered."""
WORTH = 0.05
"""A change that narrows the detectable difference by less than 5 % is not named."""
CHANGES = {
    "more-transients": "Four times the transients, which halve the measurement error as far as it is noise",
    "more-controls": f"{MANY_CONTROLS} own controls",
}


def less_noise(measured: Ratio) -> Ratio:
    """The value after four times the transients."""
    return Ratio(measured.value, measured.sd / 2.0)


def with_controls(prior: Prior, n: int) -> People:
    """The people of a laboratory as they would be known, on average, after ``n`` own controls.

    The mean of the laboratory is known to 1 / (1/v + n/s²), log s to 1 / (1/v_s + 2 (n − 1)).
    """
    variance = float(np.mean(prior.region + prior.laboratory) + np.var(prior.mean))
    precision = prior.log_spread_sd**-2.0 + 2.0 * max(n - 1.0, 0.0)
    spread = np.exp(prior.log_spread + GRID / math.sqrt(precision))
    weights = np.exp(-0.5 * GRID**2)
    mean = np.full_like(spread, float(prior.mean.mean()))
    return People(weights / weights.sum(), mean, 1.0 / (1.0 / variance + n / spread**2), spread)


def detectable_percent(people: People, noise: Noise) -> float:
    """Decrease that four of five people who have it are flagged for, per cent."""
    return 100.0 * detectable_decrease(people.predictive(noise))


def model_improvements(laboratory: Laboratory, noise: Noise, median: float, now: float) -> tuple[Improvement, ...]:
    """More own controls and fewer errors of measurement, as far as they are worth it.

    Parameters
    ----------
    laboratory : Laboratory
    noise : Noise
        Of the comparison.
    median : float
        Expected value, in its unit.
    now : float
        Detectable per cent now.
    """
    found = []
    for number in (step for step in STEPS if step > laboratory.own.n):
        percent = detectable_percent(with_controls(laboratory.prior, number), noise)
        if percent < (1.0 - WORTH) * now:
            code = "more-controls" if laboratory.own.n else "own-controls"
            change = f"{number} volunteers on this scanner"
            found.append(replace(_improvement(code, change, percent, now, median), controls=number))
    if noise.person is not None:
        quieter = Noise(noise.people, noise.person / 4.0)
        percent = detectable_percent(laboratory.people, quieter)
        if percent < (1.0 - WORTH) * now:
            found.append(_improvement("more-transients", CHANGES["more-transients"], percent, now, median))
    return tuple(found)


def _improvement(code: str, change: str, percent: float, now: float, median: float) -> Improvement:
    sentence = f"{change} would make a {percent:.0f} % difference visible, now {now:.0f} %."
    return Improvement(code, sentence, None, median * percent / 100.0, percent)


def improvements(
    value: float, now: ReferenceDistribution, better: Mapping[str, ReferenceDistribution]
) -> tuple[Improvement, ...]:
    """Those of the changes in ``better``, by code, that are worth it where a sample alone answers.

    Parameters
    ----------
    value : float
    now : ReferenceDistribution
        The reference of the value.
    better : mapping of code to ReferenceDistribution
        The reference after each change of ``CHANGES``.
    """
    width, difference = _sharpness(value, now)
    found = []
    for code, reference in better.items():
        new_width, new_difference = _sharpness(value, reference)
        if new_width < (1.0 - WORTH) * width or new_difference < (1.0 - WORTH) * difference:
            sentence = (
                f"{CHANGES[code]}: the interval of z would be {new_width:.2f} wide (now {width:.2f}), the smallest "
                f"detectable difference {new_difference:.3g} (now {difference:.3g})."
            )
            percent = 100.0 * new_difference / reference.mean if reference.mean > 0.0 else None
            controls = MANY_CONTROLS if code == "more-controls" else None
            found.append(Improvement(code, sentence, new_width, new_difference, percent, controls))
    return tuple(found)


def _sharpness(value: float, reference: ReferenceDistribution) -> tuple[float, float]:
    low, high = true_position_interval(reference.z(value), reference)
    return high - low, smallest_detectable_difference(reference)
