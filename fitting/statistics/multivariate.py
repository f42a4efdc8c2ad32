"""Distance of several values of one person from a sample of people."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from fitting.units import FloatArray

WORST_CONDITION = 1e8
"""Of the correlation matrix; beyond it, one value follows from the others."""


@dataclass(frozen=True, slots=True)
class Hotelling:
    """Hotelling's T² of one person against a sample."""

    distance: float
    """Mahalanobis distance from the mean of the sample."""
    f: float
    p: float
    df_numerator: int
    df_denominator: int


def hotelling(deviation: FloatArray, covariance: FloatArray, n: int) -> Hotelling | None:
    """How far a person lies from the mean of n people; None where the covariance is singular.

    D² = (x − m)ᵀ S⁻¹ (x − m). For a new person F = D² n (n − p) / (p (n² − 1)) has an F distribution with p and
    n − p degrees of freedom (Hotelling 1931, doi:10.1214/aoms/1177732979; one observation against a sample: Anderson
    2003, An Introduction to Multivariate Statistical Analysis, section 5.2).

    Parameters
    ----------
    deviation : float array, shape (p,)
        x − m.
    covariance : float array, shape (p, p)
        S.
    n : int
        People in the sample, n > p.
    """
    scale = np.sqrt(np.diag(covariance))
    if not np.all(scale > 0.0) or np.linalg.cond(covariance / np.outer(scale, scale)) > WORST_CONDITION:
        return None
    squared = float(deviation @ np.linalg.solve(covariance, deviation))
    p = deviation.size
    f = squared * n * (n - p) / (p * (n**2 - 1))
    return Hotelling(math.sqrt(squared), f, float(special.fdtrc(p, n - p, f)), p, n - p)
