"""A straight line through the sessions of one person, with the interval of few points."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fitting.statistics.distributions import t_limit, two_sided_p
from fitting.units import FloatArray

FEWEST_SESSIONS = 3


@dataclass(frozen=True, slots=True)
class Trend:
    """The slope of a straight line through the values of three or more sessions."""

    sessions: int
    """Number of sessions."""
    slope: float
    """Change of the value per unit of time."""
    low: float
    """Lower end of the 95 % interval of the slope."""
    high: float
    """Upper end of the 95 % interval of the slope."""
    p: float
    """Two-sided chance of a slope this steep when there is none."""
    df: int
    """Degrees of freedom: sessions less two."""
    weighted: bool
    """Whether sessions were weighted by their total error; else they count equally."""
    sentence: str
    """Limits of this trend, for display."""


def fit_trend(times: FloatArray, values: FloatArray, variances: FloatArray | None) -> Trend | None:
    """Weighted least-squares line; None below three sessions or when all are at one time.

    Weights are 1/variance; only their ratios matter, for the scale is taken from the scatter about the line itself:
    SE² = Σ w r² / (n − 2) / Σ w (t − t̄)², slope ± t(97.5 %, n − 2) SE (Draper & Smith 1998,
    doi:10.1002/9781118625590). Straightness is assumed.

    Parameters
    ----------
    times : float array, shape (N,)
    values : float array, shape (N,)
    variances : float array, shape (N,), or None
        Total variance of each session's value; None counts all sessions equally.
    """
    count = len(times)
    if count < FEWEST_SESSIONS or float(np.ptp(times)) == 0.0:
        return None
    weights = np.ones(count) if variances is None else 1.0 / variances
    centred = times - np.average(times, weights=weights)
    leverage = float(np.sum(weights * centred**2))
    slope = float(np.sum(weights * centred * values)) / leverage
    residuals = values - np.average(values, weights=weights) - slope * centred
    df = count - 2
    error = math.sqrt(float(np.sum(weights * residuals**2)) / df / leverage)
    reach = t_limit(df) * error
    p = two_sided_p(abs(slope) / error, df) if error > 0.0 else float(slope == 0.0)
    return Trend(count, slope, slope - reach, slope + reach, p, df, variances is not None, _limits(count, df))


def _limits(count: int, df: int) -> str:
    if df == 1:
        return (
            "Three sessions leave one degree of freedom: the interval is some six times wider than its standard "
            "error suggests, and a straight line is assumed, not seen."
        )
    return f"{count} sessions leave {df} degrees of freedom; a straight line is assumed, not seen."
