"""Spearman's rank correlation with its interval."""

from __future__ import annotations

import math

from scipy import stats

from fitting.statistics.distributions import NORMAL_LIMIT
from fitting.units import FloatArray

STEEPEST = 0.999
"""Fisher's z of a perfect rank correlation is infinite, which no finite sample can show."""


def spearman(first: FloatArray, second: FloatArray) -> tuple[float, float, float]:
    """Spearman's ρ and its 95 % interval.

    The interval is Fisher's z with the variance (1 + ρ²/2) / (n − 3) of Bonett & Wright 2000
    (doi:10.1007/BF02294183).

    Parameters
    ----------
    first, second : float array, shape (n,)
        Paired values, n > 3, neither of them constant.
    """
    rho = float(stats.spearmanr(first, second).statistic)
    reach = NORMAL_LIMIT * math.sqrt((1.0 + rho**2 / 2.0) / (len(first) - 3))
    centre = math.atanh(min(max(rho, -STEEPEST), STEEPEST))
    return rho, math.tanh(centre - reach), math.tanh(centre + reach)
