"""Spread of a new person's value whose measurement error differs from that of the controls."""

from __future__ import annotations

import math

import numpy as np
from scipy import optimize, special

from fitting.statistics.distributions import LEVEL, Predictive, sd_ratios, t_limit

LARGEST_NOISE_SHARE = 0.5
"""At most this share of the controls' variance is taken for measurement noise, whatever errors they state."""
POINTS = 200
"""Equally probable true variances of the controls."""
FEWEST_DF = 0.5
"""Lower bound of the search; half of the spread of eight controls leaves more."""


def with_excess(variance: float, df: float, excess: float) -> Predictive:
    """Spread of a new person's value: that of the controls with more or less measurement error.

    The variance v has ``df`` degrees of freedom, the excess e is known. For e > 0 those of v + e are Satterthwaite's
    (1946, doi:10.2307/3002019), df (1 + e/v)². For e < 0 what remains is less certain than v was: over the true
    variances v df / χ² that the controls leave possible, 5 % of healthy people are beyond r where
    E 2 Φ(−r / √(v df / χ² + e)) = 5 %, and the degrees of freedom are those of the t distribution with this r.

    Parameters
    ----------
    variance, excess : float
        In one unit.
    df : float
    """
    ratio = excess / variance
    if ratio >= 0.0:
        return Predictive(math.sqrt(variance + excess), df * (1.0 + ratio) ** 2)
    kept = max(ratio, -LARGEST_NOISE_SHARE)
    return Predictive(math.sqrt(variance * (1.0 + kept)), _remaining_df(df, kept))


def _remaining_df(df: float, ratio: float) -> float:
    possible = sd_ratios(df, POINTS) ** -2.0
    roots = np.sqrt(np.maximum(possible + ratio, (1.0 - LARGEST_NOISE_SHARE) * possible))

    def beyond(reach: float) -> float:
        return 2.0 * float(np.mean(special.ndtr(-reach / roots))) - (1.0 - LEVEL)

    def too_near(candidate: float) -> float:
        return t_limit(candidate) - wanted

    wanted = float(optimize.brentq(beyond, 0.0, 10.0 * float(roots.max()))) / math.sqrt(1.0 + ratio)
    return df if too_near(df) >= 0.0 else float(optimize.brentq(too_near, FEWEST_DF, df))
