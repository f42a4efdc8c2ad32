"""What a comparison of two groups can find, and how far a significant result exaggerates."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from fitting.statistics.distributions import noncentral_t, t_limit
from fitting.statistics.roots import increasing_root
from fitting.units import FloatArray

POWER = 0.80
"""Power that a study is planned for."""
MOST_PEOPLE = 1_000_000


def power_of(noncentrality: float, df: float) -> float:
    """Probability that |t| is beyond its 5 % limit."""
    limit = t_limit(df)
    shift = abs(noncentrality)
    return 1.0 - noncentral_t(df, shift, limit) + noncentral_t(df, shift, -limit)


def detectable(se: float, df: float) -> float:
    """Difference that is found with 80 % power, given its standard error and degrees of freedom."""
    return se * _detectable_noncentrality(df)


def _detectable_noncentrality(df: float) -> float:
    start = t_limit(df) + float(special.ndtri(POWER))
    return increasing_root(lambda shift: power_of(shift, df) - POWER, start, 0.25)


def _density(x: FloatArray) -> FloatArray:
    """Standard normal density."""
    return np.asarray(np.exp(-0.5 * x**2) / math.sqrt(2.0 * math.pi))


def people_per_group(effect: float) -> int | None:
    """People in each of two equal groups for 80 % power; None where more than a million were needed.

    Parameters
    ----------
    effect : float
        Difference over the standard deviation within groups.
    """

    def enough(n: int) -> bool:
        return power_of(effect * math.sqrt(n / 2.0), 2.0 * n - 2.0) >= POWER

    low, high = 1, 2
    while not enough(high):
        low, high = high, 2 * high
        if high > MOST_PEOPLE:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


@dataclass(frozen=True, slots=True)
class Exaggeration:
    """What significant results of a study say (Gelman & Carlin 2014, doi:10.1177/1745691614551642)."""

    ratio: float
    """Mean |estimate| of the significant ones over the truth."""
    wrong_sign: float
    """Share of the significant ones with the wrong sign, 0 to 1."""


def exaggeration(noncentrality: float, df: float) -> Exaggeration:
    """Of a two-sided t test at 5 %, over the normal estimate and the χ² of its standard error.

    Parameters
    ----------
    noncentrality : float
        True difference over its standard error.
    df : float
    """
    limit, shift = t_limit(df), abs(noncentrality)
    nodes, weights = np.polynomial.legendre.leggauss(400)
    quantiles = 0.5 * (nodes + 1.0)
    bounds = limit * np.sqrt(2.0 * special.gammaincinv(df / 2.0, quantiles) / df)
    share = 0.5 * weights
    above, below = special.ndtr(shift - bounds), special.ndtr(-shift - bounds)
    size = shift * above + _density(bounds - shift) - shift * below + _density(bounds + shift)
    found = float(share @ (above + below))
    return Exaggeration(float(share @ size) / found / shift, float(share @ below) / found)
