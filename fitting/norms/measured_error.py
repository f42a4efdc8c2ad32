"""Measurement error of one person beside that of the controls: what it adds to their spread, or takes from it."""

from __future__ import annotations

import math

import numpy as np
from scipy import optimize, special

from fitting.norms.pooling import Predictive
from fitting.norms.position import LEVEL, scales

COHORT_NOISE_SHARE = 0.25
"""Share of the variance between controls that is their own measurement noise, where the controls do not say:
repeated scans vary by 3 to 6 % (14 people, 3 T, TE 35 ms; PMC9244865, Table 3), half of the 8 to 15 % between
people of these norms."""
LARGEST_NOISE_SHARE = 0.5
"""More of the controls' spread is not taken for noise, whatever errors they state."""
POINTS = 200
"""Equally probable true variances of the controls."""
FEWEST_DF = 0.5
"""Below any that half of the spread leaves of seven, those of the fewest controls."""


def excess_variance(sd: float | None, sd_controls: float, noise: float | None) -> float:
    """Variance of a measurement beyond what the spread of the controls holds already.

    sd² − noise², where ``noise`` is the root mean square error that the controls state: a noisy spectrum is not
    flagged for its noise, and one better than theirs is not judged by their noise. When they state none it is taken
    to be half their spread, and nothing is subtracted for what nobody stated; nor is it when the person's own error
    is not known (None), which then is taken to be like theirs.
    """
    if sd is None:
        return 0.0
    return max(0.0, sd**2 - COHORT_NOISE_SHARE * sd_controls**2) if noise is None else sd**2 - noise**2


def with_excess(variance: float, df: float, excess: float) -> Predictive:
    """Spread of a new person's value: that of the controls with more or less measurement error.

    The variance v has ``df`` degrees of freedom, the excess e is known. For e > 0 those of v + e are Satterthwaite's,
    df (1 + e/v)². For e < 0 what remains is less certain than v was: over the true variances v df / χ² that the
    controls leave possible, 5 % of healthy people are beyond r where E 2 Φ(−r / √(v df / χ² + e)) = 5 %, and the
    degrees of freedom are those of the t distribution that has this r.

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
    possible = scales(df, POINTS) ** -2.0
    roots = np.sqrt(np.maximum(possible + ratio, (1.0 - LARGEST_NOISE_SHARE) * possible))

    def beyond(reach: float) -> float:
        return 2.0 * float(np.mean(special.ndtr(-reach / roots))) - (1.0 - LEVEL)

    def too_near(candidate: float) -> float:
        return float(special.stdtrit(candidate, 0.5 + LEVEL / 2.0)) - wanted

    wanted = float(optimize.brentq(beyond, 0.0, 10.0 * float(roots.max()))) / math.sqrt(1.0 + ratio)
    return df if too_near(df) >= 0.0 else float(optimize.brentq(too_near, FEWEST_DF, df))
