"""Ratio of two estimated means with Fieller's interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fitting.statistics.distributions import t_limit


@dataclass(frozen=True, slots=True)
class FiellerRatio:
    """A ratio; without a bounded interval the denominator is not clear of zero."""

    value: float
    low: float | None
    high: float | None
    bounded: bool


def fieller(
    numerator: float, denominator: float, *, variance_n: float, variance_d: float, covariance: float, df: float
) -> FiellerRatio:
    """95 % interval of numerator / denominator (Fieller 1954, doi:10.1111/j.2517-6161.1954.tb00159.x).

    All ρ with (a − ρb)² ≤ t² (v_a − 2ρ c + ρ² v_b); bounded when b² > t² v_b.
    """
    t2 = t_limit(df) ** 2
    square = denominator**2 - t2 * variance_d
    middle = numerator * denominator - t2 * covariance
    last = numerator**2 - t2 * variance_n
    if square <= 0.0:
        return FiellerRatio(numerator / denominator, None, None, bounded=False)
    root = math.sqrt(max(middle**2 - square * last, 0.0))
    return FiellerRatio(numerator / denominator, (middle - root) / square, (middle + root) / square, bounded=True)
