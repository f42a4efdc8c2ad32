"""Sizes of a difference between two groups: standardised, as a percentage, and the evidence for it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import integrate, optimize, special

from fitting.statistics.distributions import LEVEL, noncentral_t, t_limit
from fitting.statistics.least_squares import Fitted

PRIOR_SCALE = math.sqrt(2.0) / 2.0
"""Scale of the Cauchy prior of the Bayes factor (Rouder et al. 2009, doi:10.3758/PBR.16.2.225)."""
FARTHEST = 9.0
"""A noncentrality limit of t lies within this of t, widened with t itself."""


@dataclass(frozen=True, slots=True)
class Standardised:
    """Hedges' g with its 95 % interval."""

    g: float
    low: float
    high: float

    @property
    def overlap(self) -> float:
        """Overlap of two normal distributions of equal spread, 2Φ(−|g|/2), 0 to 1."""
        return overlap(self.g)


def overlap(g: float) -> float:
    """Share of two normal distributions of equal spread that lies under both, 2Φ(−|g|/2)."""
    return 2.0 * float(special.ndtr(-abs(g) / 2.0))


def small_sample_factor(df: float) -> float:
    """J(ν) = Γ(ν/2) / (√(ν/2) Γ((ν−1)/2)) (Hedges 1981, doi:10.3102/10769986006002107)."""
    return math.exp(math.lgamma(df / 2.0) - math.lgamma((df - 1.0) / 2.0)) / math.sqrt(df / 2.0)


def noncentrality_limits(t: float, df: float) -> tuple[float, float]:
    """95 % limits of the noncentrality of an observed t."""
    tail = (1.0 - LEVEL) / 2.0
    reach = FARTHEST + abs(t)

    def solved(wanted: float) -> float:
        return float(
            optimize.brentq(lambda delta: noncentral_t(df, delta, t) - wanted, t - reach, t + reach, xtol=1e-10)
        )

    return solved(1.0 - tail), solved(tail)


def standardised(fitted: Fitted) -> Standardised:
    """Hedges' g of the difference of a model, g = J β/s, with limits √c J times those of the noncentrality of β/(s√c).

    c is the variance of β when the residual variance is 1; ν = n − p.
    """
    df = float(fitted.design.residual_df)
    factor = small_sample_factor(df)
    root = math.sqrt(fitted.design.unit_variance)
    low, high = noncentrality_limits(fitted.classical_t, df)
    return Standardised(factor * fitted.difference / fitted.residual_sd, low * root * factor, high * root * factor)


def percent_difference(fitted: Fitted) -> tuple[float, float, float] | None:
    """Difference in per cent of the reference's adjusted mean with its 95 % interval; None without positive means.

    100 (exp(l) − 1) with l = ln((m₀+β)/m₀); the standard deviation of l is by the delta method with the HC2 covariance
    (log response ratio, Hedges, Gurevitch & Curtis 1999, doi:10.1890/0012-9658(1999)080[1150:TMAORR]2.0.CO;2).
    """
    reference, tested = float(fitted.coefficients[0]), fitted.design.tested
    other = reference + fitted.difference
    if reference <= 0.0 or other <= 0.0:
        return None
    gradient = np.array([1.0 / other - 1.0 / reference, 1.0 / other])
    covariance = fitted.covariance[np.ix_([0, tested], [0, tested])]
    reach = t_limit(fitted.design.df) * math.sqrt(float(gradient @ covariance @ gradient))
    ratio = math.log(other / reference)
    return 100.0 * math.expm1(ratio), 100.0 * math.expm1(ratio - reach), 100.0 * math.expm1(ratio + reach)


def bayes_factor(t: float, n_reference: int, n_other: int) -> float:
    """JZS Bayes factor of a difference against none, from the t of equal variances.

    Rouder et al. 2009 (doi:10.3758/PBR.16.2.225): a Cauchy prior of scale √2/2 on the standardised difference, as an
    inverse-χ² mixture over its variance g, integrated in ln g.
    """
    size = n_reference * n_other / (n_reference + n_other)
    df = n_reference + n_other - 2.0

    def log_density(log_g: float) -> float:
        g = math.exp(log_g)
        spread = 1.0 + size * g
        return (
            -0.5 * math.log(spread)
            - (df + 1.0) / 2.0 * math.log1p(t**2 / (spread * df))
            + math.log(PRIOR_SCALE / math.sqrt(2.0 * math.pi))
            - 0.5 * log_g
            - PRIOR_SCALE**2 / (2.0 * g)
        )

    grid = np.linspace(-12.0, 14.0, 400)
    peak = max(log_density(float(point)) for point in grid)
    area = float(integrate.quad(lambda x: math.exp(log_density(x) - peak), -16.0, 30.0, limit=400, points=[0.0])[0])
    null = -(df + 1.0) / 2.0 * math.log1p(t**2 / df)
    return area * math.exp(peak - null)
