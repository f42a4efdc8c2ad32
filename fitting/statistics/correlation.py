"""Correlations over people: partial ones, intervals, and differences of two of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special, stats

from fitting.statistics.distributions import NORMAL_LIMIT, two_sided_p
from fitting.units import FloatArray, IndexArray

Method = Literal["pearson", "spearman"]
STEEPEST = 0.999999
"""Fisher's z of a perfect correlation is infinite, which no finite sample can show."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """A correlation with its 95 % interval and two-sided p."""

    r: float
    low: float
    high: float
    p: float
    n: int
    given: int
    """Number of columns held constant, k."""


def fisher(r: float) -> float:
    """Fisher's z, atanh r, finite also at ±1."""
    return math.atanh(min(max(r, -STEEPEST), STEEPEST))


def residuals(values: FloatArray, columns: FloatArray) -> FloatArray:
    """What is left of values, shape (n,) or (n, m), after a constant and ``columns`` (n, k) are taken out."""
    design = np.column_stack([np.ones(len(values)), columns]) if columns.size else np.ones((len(values), 1))
    basis, _ = np.linalg.qr(design)
    return np.asarray(values - basis @ (basis.T @ values))


def correlate(first: FloatArray, second: FloatArray, given: FloatArray, method: Method) -> Correlation:
    """Correlation of two values of each person with ``given`` held constant.

    Partial correlations by residuals, for Spearman of ranks. p by t on n − 2 − k; interval by Fisher's z with variance
    1/(n−3−k), for Spearman (1 + r²/2)/(n−3−k) (Bonett & Wright 2000, doi:10.1007/BF02294183).

    Parameters
    ----------
    first, second : float array, shape (n,)
        Neither of them constant; n > k + 3.
    given : float array, shape (n, k)
    method : {"pearson", "spearman"}
    """
    n, k = len(first), given.shape[1] if given.ndim == 2 else 0
    if method == "spearman":
        first, second = stats.rankdata(first), stats.rankdata(second)
        given = np.column_stack([stats.rankdata(column) for column in given.T]) if k else given
    left, right = residuals(first, given), residuals(second, given)
    r = float(left @ right / math.sqrt(float(left @ left) * float(right @ right)))
    r = min(max(r, -1.0), 1.0)
    df = n - 2 - k
    p = two_sided_p(r * math.sqrt(df / max(1.0 - r**2, 1e-300)), df)
    low, high = fisher_interval(r, n - 3 - k, method)
    return Correlation(r, low, high, p, n, k)


def fisher_interval(r: float, freedom: float, method: Method = "pearson") -> tuple[float, float]:
    """95 % interval of a correlation; ``freedom`` is n − 3 − k."""
    widening = 1.0 + r**2 / 2.0 if method == "spearman" else 1.0
    reach = NORMAL_LIMIT * math.sqrt(widening / freedom)
    return math.tanh(fisher(r) - reach), math.tanh(fisher(r) + reach)


def permuted_p(first: FloatArray, second: FloatArray, orders: IndexArray) -> float:
    """Two-sided p of a correlation by permuting people, from residuals (n,) and permutations (B, n)."""
    left, right = first - first.mean(), second - second.mean()
    observed = abs(float(left @ right))
    permuted = np.abs(left[orders] @ right)
    return (1.0 + float(np.sum(permuted >= observed * (1.0 - 1e-9)))) / (len(orders) + 1.0)


@dataclass(frozen=True, slots=True)
class CorrelationDifference:
    """Difference of two correlations with the interval of Zou 2007 (doi:10.1037/1082-989X.12.4.399)."""

    difference: float
    low: float
    high: float
    statistic: float
    """Fisher's z of independent correlations; |t| of Williams for overlapping ones."""
    p: float


def independent_difference(reference: Correlation, other: Correlation) -> CorrelationDifference:
    """Other − reference, of two groups of people: Fisher's z."""
    spread = math.sqrt(1.0 / (reference.n - 3 - reference.given) + 1.0 / (other.n - 3 - other.given))
    z = (fisher(other.r) - fisher(reference.r)) / spread
    low, high = _zou(other, reference, 0.0)
    return CorrelationDifference(other.r - reference.r, low, high, z, 2.0 * float(special.ndtr(-abs(z))))


def overlapping_difference(first: Correlation, second: Correlation, between: float) -> CorrelationDifference:
    """First − second, of two measures with one value in the same people.

    Williams' T₂ with n − 3 degrees of freedom (Williams 1959; Steiger 1980, doi:10.1037/0033-2909.87.2.245); the
    interval takes the correlation of the two correlations into account.

    Parameters
    ----------
    first, second : Correlation
        Of each measure with the value.
    between : float
        Correlation of the two measures.
    """
    n = first.n
    r12, r13, r23 = first.r, second.r, between
    determinant = 1.0 - r12**2 - r13**2 - r23**2 + 2.0 * r12 * r13 * r23
    mean = (r12 + r13) / 2.0
    scale = 2.0 * (n - 1) / (n - 3) * determinant + mean**2 * (1.0 - r23) ** 3
    t = abs(r12 - r13) * math.sqrt((n - 1) * (1.0 + r23) / scale)
    together = ((r23 - r12 * r13 / 2.0) * (1.0 - r12**2 - r13**2 - r23**2) + r23**3) / ((1.0 - r12**2) * (1.0 - r13**2))
    low, high = _zou(first, second, together)
    return CorrelationDifference(r12 - r13, low, high, t, two_sided_p(t, n - 3))


def _zou(first: Correlation, second: Correlation, together: float) -> tuple[float, float]:
    down_first, up_first = first.r - first.low, first.high - first.r
    down_second, up_second = second.r - second.low, second.high - second.r
    difference = first.r - second.r
    below = down_first**2 + up_second**2 - 2.0 * together * down_first * up_second
    above = up_first**2 + down_second**2 - 2.0 * together * up_first * down_second
    return difference - math.sqrt(max(below, 0.0)), difference + math.sqrt(max(above, 0.0))
