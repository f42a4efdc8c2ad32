"""Where one value lies in a reference distribution, and how sure that is: one calculation for every kind of norm."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import optimize, special

from fitting.norms.assessment import ErrorShares, Flag, ZScore
from fitting.units import FloatArray

LEVEL = 0.95
QUADRATURE_POINTS = 1000
COARSE_POINTS = 50
"""In each of two directions."""
POWER = 0.80
"""Chance with which the smallest detectable difference would be flagged."""
SMALLEST = 1e-12
"""Confidence that is told from none."""
REFERENCE_LIMIT = float(special.ndtri(0.5 + LEVEL / 2.0))
"""|z| beyond which 5 % of the controls lie: 1.96."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What one person's value is held against; all in the unit of the value.

    ``sd`` divides the deviation to give z; ``sd_predictive`` divides it to give t. They differ for own controls,
    whose z (Crawford, Garthwaite & Porter 2010) is an effect size that is not corrected for their number.
    """

    norm_id: str
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
    between_lab: float
    """Variance between laboratories as estimated; zero for own controls."""
    df_between: float | None = None
    """Degrees of freedom of ``sampling + between_lab`` together, where few laboratories tell them; None for own
    controls, whose ``sampling`` follows from ``sd``."""
    least_between_lab: float = 0.0
    """Variance between laboratories that there is at least, whatever few of them suggest."""
    supports_p: bool = True
    least_value: float = -math.inf
    """What no value can be below; no reference interval begins there."""

    @property
    def laboratories(self) -> float:
        """Variance between laboratories that the interval reckons with."""
        return max(self.between_lab, self.least_between_lab)


def position(value: float, reference: Reference) -> ZScore:
    """Compare one value with its reference.

    * z = (x − mean) / sd; t = (x − mean) / sd_predictive with Student's distribution on ``df_predictive`` gives
      p (two-sided) and percentile: the share of the controls' population below x (Crawford & Howell 1998,
      doi:10.1076/clin.12.4.482.7241).
    * The 95 % interval is for ζ, the position of the person's own, noise-free value among the controls of the
      laboratory that measured it; ``p_outside`` is the confidence that |ζ| > 1.96; see :func:`confidence_below`.

    Parameters
    ----------
    value : float
        In the unit of the reference.
    reference : Reference
    """
    z = (value - reference.mean) / reference.sd
    t, p = t_test(value, reference)
    low, high = interval(z, reference)
    percentile = 100.0 * float(special.stdtr(reference.df_predictive, t))
    reach = float(special.stdtrit(reference.df_predictive, 0.5 + LEVEL / 2.0)) * reference.sd_predictive
    reference_low, reference_high = max(reference.mean - reach, reference.least_value), reference.mean + reach
    flag: Flag = "below" if value < reference_low else "above" if value > reference_high else "within"
    return ZScore(
        value=z,
        low=low,
        high=high,
        percentile=percentile,
        # far out, the share expected of all populations that could be is more than that of nearly all of them
        percentile_low=min(100.0 * float(special.ndtr(low)), percentile),
        percentile_high=max(100.0 * float(special.ndtr(high)), percentile),
        t=t,
        df=reference.df_predictive,
        p=p if reference.supports_p else None,
        q=None,
        p_outside=confidence_below(z, reference, -REFERENCE_LIMIT)
        + 1.0
        - confidence_below(z, reference, REFERENCE_LIMIT),
        sd_predictive=reference.sd_predictive,
        norm_id=reference.norm_id,
        flag=flag,
        reference_low=reference_low,
        reference_high=reference_high,
        smallest_detectable_difference=smallest_detectable_difference(reference.sd_predictive, reference.df_predictive),
        error_shares=error_shares(reference),
        shrunken=None,
        improvements=(),
    )


def t_test(value: float, reference: Reference) -> tuple[float, float]:
    """The statistic of one value against a reference and its two-sided p."""
    t = (value - reference.mean) / reference.sd_predictive
    return t, 2.0 * float(special.stdtr(reference.df_predictive, -abs(t)))


def error_shares(reference: Reference) -> ErrorShares:
    """What the interval of z is wide by."""
    total = reference.measurement + reference.sampling + reference.laboratories
    return ErrorShares(reference.measurement / total, reference.sampling / total, reference.laboratories / total)


@lru_cache(maxsize=256)
def interval(z: float, reference: Reference) -> tuple[float, float]:
    """95 % interval of the true position: where :func:`confidence_below` is 2.5 and 97.5 %.

    Kept, because what would make it sharper is held against it.
    """
    tail = (1.0 - LEVEL) / 2.0
    return _quantile(z, reference, tail), _quantile(z, reference, 1.0 - tail)


def _quantile(z: float, reference: Reference, confidence: float) -> float:
    """Where the confidence is ``confidence``; as a normal deviate it is nearly straight in the limit."""
    below, wanted = _confidence(z, reference), float(special.ndtri(confidence))
    total = reference.measurement + reference.sampling + reference.laboratories
    spread = math.sqrt(total / reference.sd**2 + z**2 / (2.0 * reference.df))

    def lacking(limit: float) -> float:
        return float(special.ndtri(min(max(below(limit), SMALLEST), 1.0 - SMALLEST))) - wanted

    return _root(lacking, z + wanted * spread, spread / 4.0)


def _root(lacking: Callable[[float], float], guess: float, step: float) -> float:
    """Zero of an increasing function near ``guess``, between two points that are doubled ``step`` away."""
    low = high = guess
    if lacking(guess) > 0.0:
        while lacking(low := low - step) > 0.0:
            high, step = low, 2.0 * step
    else:
        while lacking(high := high + step) < 0.0:
            low, step = high, 2.0 * step
    return float(optimize.brentq(lacking, low, high, xtol=1e-7))


def confidence_below(z: float, reference: Reference, limit: float) -> float:
    """Confidence that the true position ζ of the person is below ``limit``, given the observed z.

    Without measurement error z / √v follows the noncentral t distribution with noncentrality ζ / √v, where v is
    the variance of sampling and between laboratories over sd²; with v = 1/n this is the interval of Crawford &
    Garthwaite 2002 (doi:10.1016/S0028-3932(01)00224-X). The confidence is then 1 − F(z / √v; ζ / √v) =
    E Φ((ζ − z U) / √v), with U² = χ²_df / df for the observed over the true standard deviation. Measurement error
    is known in the unit of the value, not of sd, so it enters as (sd_x / sd)² U² beside v inside the expectation.
    With published norms v is itself estimated from k laboratories and enters as v (k − 1) / χ²_(k−1), but never below
    what laboratories differ by at least.
    """
    return _confidence(z, reference)(limit)


def _confidence(z: float, reference: Reference) -> Callable[[float], float]:
    """:func:`confidence_below` of any limit, with all that does not depend on it made once."""
    own = (reference.sampling + reference.between_lab) / reference.sd**2
    measurement = reference.measurement / reference.sd**2
    if reference.df_between is None and measurement == 0.0:
        root = math.sqrt(own)
        return lambda limit: 1.0 - cumulative(reference.df, limit / root, z / root)
    if reference.df_between is None:
        scale = scales(round(reference.df, 3), QUADRATURE_POINTS)
        spread = own + measurement * scale**2
    else:
        scale = scales(round(reference.df, 3), COARSE_POINTS)[:, np.newaxis]
        least = (reference.sampling + reference.least_between_lab) / reference.sd**2
        laboratories = np.maximum(own / scales(reference.df_between, COARSE_POINTS) ** 2, least)
        spread = laboratories + measurement * scale**2
    steepness = np.sqrt(spread) ** -1.0
    offset = z * scale * steepness
    return lambda limit: float(special.ndtr(limit * steepness - offset).mean())


@lru_cache(maxsize=256)
def scales(df: float, points: int) -> FloatArray:
    """Equally probable values of U = √(χ²_df / df), the observed over the true standard deviation."""
    probabilities = (np.arange(points) + 0.5) / points
    equally_probable: FloatArray = np.sqrt(special.gammaincinv(df / 2.0, probabilities) * 2.0 / df)
    return equally_probable


def cumulative(df: float, noncentrality: float, t: float) -> float:
    """Cumulative probability of the noncentral t distribution, also far out, where it is 0 or 1 to all digits."""
    probability = float(special.nctdtr(df, noncentrality, t))
    return probability if math.isfinite(probability) else float(t > noncentrality)


def power(difference: float, sd_predictive: float, df: float) -> float:
    """Chance that a person whose expected value differs by ``difference`` is flagged at 5 %, two-sided."""
    bound = float(special.stdtrit(df, 0.5 + LEVEL / 2.0))
    shift = abs(difference) / sd_predictive
    return 1.0 - cumulative(df, shift, bound) + cumulative(df, shift, -bound)


def smallest_detectable_difference(sd_predictive: float, df: float) -> float:
    """Difference from the controls that would be flagged in four of five people who have it."""
    return sd_predictive * _detectable_shift(df)


@lru_cache(maxsize=256)
def _detectable_shift(df: float) -> float:
    """The same in units of the predictive standard deviation."""

    def lacking(shift: float) -> float:
        return power(shift, 1.0, df) - POWER

    flagged = float(special.stdtrit(df, 0.5 + LEVEL / 2.0))
    return _root(lacking, flagged + float(special.ndtri(POWER)), 0.25)
