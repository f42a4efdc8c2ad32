"""Joint test of several coefficients of a linear model without equal variances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from fitting.statistics.least_squares import Design, fit
from fitting.units import FloatArray


@dataclass(frozen=True, slots=True)
class JointTest:
    """One F test."""

    f: float
    df1: int
    df2: float
    p: float


def joint_test(design: Design, columns: Sequence[int], values: FloatArray) -> JointTest | None:
    """Test that q coefficients are zero together: HC2 Wald statistic with Hotelling's approximation.

    Q = bᵀ V⁻¹ b of the coefficients b with their HC2 covariance V; F = (η − q + 1)/(η q) Q has q and η − q + 1
    degrees of freedom, η = q (q + 1) / (2 Σ_ij (p_i·p_j)² M_ij²), M = I − H and p_i the weights of the residual i,
    standardised so that the expected V is the identity (Pustejovsky & Tipton 2018, test "HTZ" for independent rows,
    doi:10.1080/07350015.2016.1247004). With one coefficient it is the square of t with the degrees of freedom of
    Bell & McCaffrey.

    Parameters
    ----------
    design : Design
    columns : sequence of int
        Indices of the coefficients.
    values : float array, shape (n,)

    Returns
    -------
    JointTest or None
        None where values leave no residuals or too few degrees of freedom.
    """
    chosen = list(columns)
    q = len(chosen)
    fitted = fit(design, values)
    estimates = fitted.coefficients[chosen]
    covariance = fitted.covariance[np.ix_(chosen, chosen)]
    df = _hotelling_df(design, chosen) - q + 1.0
    if df <= 1.0 or np.linalg.matrix_rank(covariance, hermitian=True) < q:
        return None
    statistic = float(estimates @ np.linalg.solve(covariance, estimates))
    f = df / (q * (df + q - 1.0)) * statistic
    return JointTest(f, q, df, float(special.fdtrc(q, df, f)))


def _hotelling_df(design: Design, columns: list[int]) -> float:
    """η, with which the standardised HC2 covariance is like a Wishart matrix."""
    expected = design.inverse[np.ix_(columns, columns)]
    root = np.linalg.cholesky(expected)
    weights = np.linalg.solve(root, design.solution[columns]) / np.sqrt(1.0 - design.leverage)
    left = np.eye(design.people) - design.matrix @ design.solution
    q = len(columns)
    return float(q * (q + 1.0) / (2.0 * np.sum((weights.T @ weights) ** 2 * left**2)))
