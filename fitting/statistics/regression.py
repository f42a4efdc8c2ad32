"""Least-squares regression on covariates and its prediction for one person."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fitting.units import FloatArray

WORST_CONDITION = 1e3
"""Of the standardised design; beyond it, covariates that nearly repeat one another are not separated."""


@dataclass(frozen=True, slots=True)
class Regressed:
    """Prediction of the regression for one person."""

    expected: float
    sd: float
    """Residual standard deviation s_yx."""
    df: float
    """n − p − 1."""
    leverage: float
    """Variance of ``expected`` over the squared ``sd``: x₀ᵀ(XᵀX)⁻¹x₀ with the constant in X."""


def independent(design: Sequence[FloatArray], column: FloatArray) -> bool:
    """Whether a covariate varies and does not nearly repeat those in ``design`` (each of shape (n,))."""
    if not np.ptp(column) > 0.0:
        return False
    standardised = [(item - item.mean()) / item.std() for item in (*design, column)]
    return bool(np.linalg.cond(np.column_stack(standardised)) < WORST_CONDITION)


def regress(values: FloatArray, covariates: FloatArray, person: FloatArray) -> Regressed:
    """Ordinary least squares with a constant, and its prediction for one person.

    t = (y₀ − ŷ) / (s_yx √(1 + x₀ᵀ(XᵀX)⁻¹x₀)) with n − p − 1 degrees of freedom; for one covariate this is
    s_yx √(1 + 1/n + (x₀ − x̄)² / ((n − 1) s_x²)) (Crawford & Garthwaite 2006, doi:10.1037/0894-4105.20.3.259;
    Crawford, Garthwaite & Ryan 2011, doi:10.1016/j.cortex.2011.02.017).

    Parameters
    ----------
    values : float array, shape (n,)
        Of n > p + 1 controls.
    covariates : float array, shape (n, p)
        Of the controls.
    person : float array, shape (p,)
        Covariates of the person.
    """
    centre, scale = covariates.mean(axis=0), covariates.std(axis=0)
    design = np.column_stack([np.ones(values.size), (covariates - centre) / scale])
    case = np.concatenate([[1.0], (person - centre) / scale])
    orthogonal, triangular = np.linalg.qr(design)
    projected = orthogonal.T @ values
    direction = np.linalg.solve(triangular.T, case)
    df = float(values.size - design.shape[1])
    residual = values - orthogonal @ projected
    return Regressed(
        expected=float(direction @ projected),
        sd=math.sqrt(float(residual @ residual) / df),
        df=df,
        leverage=float(direction @ direction),
    )
