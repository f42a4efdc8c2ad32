"""Normal, t and binomial distributions at the 95 % level, and the uncertainty of a variance from a finite sample."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import special

from fitting.units import FloatArray

LEVEL = 0.95
"""Confidence level of every interval; tests are two-sided at 5 %."""
UPPER = 0.5 + LEVEL / 2.0
"""Cumulative probability of the upper limit of a two-sided interval."""
NORMAL_LIMIT = float(special.ndtri(UPPER))
"""|z| beyond which 5 % of a normal population lie: 1.96."""


@dataclass(frozen=True, slots=True)
class Predictive:
    """Spread of the value of one new person: standard deviation and degrees of freedom."""

    sd: float
    df: float


def t_limit(df: float) -> float:
    """|t| beyond which 5 % of Student's distribution with ``df`` degrees of freedom lie."""
    return float(special.stdtrit(df, UPPER))


def two_sided_p(t: float, df: float) -> float:
    """Probability of a larger |t| with ``df`` degrees of freedom."""
    return 2.0 * float(special.stdtr(df, -abs(t)))


def noncentral_t(df: float, noncentrality: float, t: float) -> float:
    """Cumulative probability of the noncentral t distribution, also far out, where it is 0 or 1 to all digits."""
    probability = float(special.nctdtr(df, noncentrality, t))
    return probability if math.isfinite(probability) else float(t > noncentrality)


@lru_cache(maxsize=256)
def chi_squared_points(df: float, points: int) -> FloatArray:
    """``points`` equally probable values of χ² with ``df`` degrees of freedom, shape (points,)."""
    probabilities = (np.arange(points) + 0.5) / points
    return np.asarray(2.0 * special.gammaincinv(df / 2.0, probabilities), dtype=np.float64)


@lru_cache(maxsize=256)
def sd_ratios(df: float, points: int) -> FloatArray:
    """Equally probable values of √(χ²_df / df), the observed over the true standard deviation."""
    ratios: FloatArray = np.sqrt(chi_squared_points(df, points) / df)
    return ratios


def binomial_interval(hits: int, n: int) -> tuple[float, float]:
    """Exact 95 % interval of a share (Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404)."""
    tail = (1.0 - LEVEL) / 2.0
    low = float(special.betaincinv(hits, n - hits + 1, tail)) if hits else 0.0
    high = float(special.betaincinv(hits + 1, n - hits, 1.0 - tail)) if hits < n else 1.0
    return low, high
