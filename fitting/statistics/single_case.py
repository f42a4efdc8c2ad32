"""One person's value against a reference distribution: test, interval of the true position, power."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import special

from fitting.statistics.distributions import LEVEL, noncentral_t, sd_ratios, t_limit, two_sided_p
from fitting.statistics.roots import increasing_root

QUADRATURE_POINTS = 1000
COARSE_POINTS = 50
"""In each of two directions."""
POWER = 0.80
"""Probability with which the smallest detectable difference is flagged."""
SMALLEST = 1e-12
"""Confidences below this are not resolved."""


@dataclass(frozen=True, slots=True)
class ReferenceDistribution:
    """Reference distribution of one person's value; all in the unit of the value.

    ``sd`` divides the deviation to give z; ``sd_predictive`` divides it to give t. They differ for the controls of
    one laboratory, whose z (Crawford, Garthwaite & Porter 2010, doi:10.1080/02643294.2010.513967) is an effect size
    that is not corrected for their number.
    """

    mean: float
    sd: float
    df: float
    """Degrees of freedom of ``sd``."""
    sd_predictive: float
    df_predictive: float
    measurement: float
    """Variance of the measurement of the value."""
    sampling: float
    """Variance of ``mean`` from the finite number of controls."""
    between_lab: float = 0.0
    """Variance between laboratories as estimated; zero for controls of the same laboratory."""
    df_between: float | None = None
    """Degrees of freedom of ``sampling + between_lab`` together, where they are estimated from few laboratories; None
    for controls of the same laboratory, whose ``sampling`` follows from ``sd``."""
    least_between_lab: float = 0.0
    """Lower bound of the variance between laboratories, whatever few of them suggest."""
    supports_p: bool = True
    """Whether the spread is known well enough for a p value."""
    least_value: float = -math.inf
    """Lower bound of the quantity itself; no reference interval begins below it."""

    @property
    def laboratories(self) -> float:
        """Variance between laboratories that the interval uses."""
        return max(self.between_lab, self.least_between_lab)

    @property
    def interval_variance(self) -> float:
        """Variance behind the interval of the true position: measurement, sampling and laboratories."""
        return self.measurement + self.sampling + self.laboratories

    def z(self, value: float) -> float:
        """Deviation of a value from the mean, in ``sd``."""
        return (value - self.mean) / self.sd

    def reference_interval(self) -> tuple[float, float]:
        """95 % interval of a new person's value."""
        reach = t_limit(self.df_predictive) * self.sd_predictive
        return max(self.mean - reach, self.least_value), self.mean + reach


def t_test(value: float, reference: ReferenceDistribution) -> tuple[float, float]:
    """The t statistic of one value and its two-sided p (Crawford & Howell 1998, doi:10.1076/clin.12.4.482.7241)."""
    t = (value - reference.mean) / reference.sd_predictive
    return t, two_sided_p(t, reference.df_predictive)


@lru_cache(maxsize=256)
def true_position_interval(z: float, reference: ReferenceDistribution) -> tuple[float, float]:
    """95 % interval of the true position: where :func:`confidence_below` is 2.5 and 97.5 %.

    Cached, because improvements of the reference are compared with it.
    """
    tail = (1.0 - LEVEL) / 2.0
    return _quantile(z, reference, tail), _quantile(z, reference, 1.0 - tail)


def _quantile(z: float, reference: ReferenceDistribution, confidence: float) -> float:
    """Limit at which the confidence is ``confidence``; as a normal deviate it is nearly straight in the limit."""
    below, wanted = _confidence(z, reference), float(special.ndtri(confidence))
    spread = math.sqrt(reference.interval_variance / reference.sd**2 + z**2 / (2.0 * reference.df))

    def lacking(limit: float) -> float:
        return float(special.ndtri(min(max(below(limit), SMALLEST), 1.0 - SMALLEST))) - wanted

    return increasing_root(lacking, z + wanted * spread, spread / 4.0)


def confidence_below(z: float, reference: ReferenceDistribution, limit: float) -> float:
    """Confidence that the true position ζ of the person is below ``limit``, given the observed z.

    ζ is the position of the person's own, noise-free value among the controls of the laboratory that measured it.
    Without measurement error z / √v follows the noncentral t distribution with noncentrality ζ / √v, where v is
    the variance of sampling and between laboratories over sd²; with v = 1/n this is the interval of Crawford &
    Garthwaite 2002 (doi:10.1016/S0028-3932(01)00224-X). The confidence is then 1 − F(z / √v; ζ / √v) =
    E Φ((ζ − z U) / √v), with U² = χ²_df / df for the observed over the true standard deviation. Measurement error
    is known in the unit of the value, not of sd, so it enters as (sd_x / sd)² U² beside v inside the expectation.
    With published norms v is itself estimated from k laboratories and enters as v (k − 1) / χ²_(k−1), but never below
    the least variance between laboratories.
    """
    return _confidence(z, reference)(limit)


def _confidence(z: float, reference: ReferenceDistribution) -> Callable[[float], float]:
    """:func:`confidence_below` of any limit; everything that does not depend on the limit is computed once."""
    own = (reference.sampling + reference.between_lab) / reference.sd**2
    measurement = reference.measurement / reference.sd**2
    if reference.df_between is None and measurement == 0.0:
        root = math.sqrt(own)
        return lambda limit: 1.0 - noncentral_t(reference.df, limit / root, z / root)
    if reference.df_between is None:
        scale = sd_ratios(round(reference.df, 3), QUADRATURE_POINTS)
        spread = own + measurement * scale**2
    else:
        scale = sd_ratios(round(reference.df, 3), COARSE_POINTS)[:, np.newaxis]
        least = (reference.sampling + reference.least_between_lab) / reference.sd**2
        laboratories = np.maximum(own / sd_ratios(reference.df_between, COARSE_POINTS) ** 2, least)
        spread = laboratories + measurement * scale**2
    steepness = np.sqrt(spread) ** -1.0
    offset = z * scale * steepness
    return lambda limit: float(special.ndtr(limit * steepness - offset).mean())


def power(difference: float, sd_predictive: float, df: float) -> float:
    """Probability that a person whose expected value differs by ``difference`` is flagged at 5 %, two-sided."""
    bound = t_limit(df)
    shift = abs(difference) / sd_predictive
    return 1.0 - noncentral_t(df, shift, bound) + noncentral_t(df, shift, -bound)


def smallest_detectable_difference(reference: ReferenceDistribution) -> float:
    """Difference from the mean that is flagged in four of five people who have it."""
    return reference.sd_predictive * _detectable_shift(reference.df_predictive)


@lru_cache(maxsize=256)
def _detectable_shift(df: float) -> float:
    """The same in units of the predictive standard deviation."""

    def lacking(shift: float) -> float:
        return power(shift, 1.0, df) - POWER

    return increasing_root(lacking, t_limit(df) + float(special.ndtri(POWER)), 0.25)
