"""A linear model of people whose values have known errors of their own: random effects between people."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from fitting.statistics.distributions import t_limit, two_sided_p
from fitting.statistics.least_squares import Design, fit
from fitting.units import FloatArray


@dataclass(frozen=True, slots=True)
class Weighted:
    """Difference from values weighted by their errors."""

    difference: float
    se: float
    low: float
    high: float
    p: float
    between_sd: float
    """Standard deviation between people beyond the errors, τ."""


def weighted(design: Design, values: FloatArray, errors: FloatArray) -> Weighted:
    """Random effects y_i ~ N(Xβ, τ² + sd_i²): REML for τ², standard error of Knapp & Hartung.

    Knapp & Hartung 2003 (doi:10.1002/sim.1482), q = Σ w r² / (n − p), not floored at 1, with t(n − p).

    Parameters
    ----------
    design : Design
    values, errors : float array, shape (n,)
        Values with their standard deviations, all positive.
    """
    matrix, variances = design.matrix, errors**2
    scale = fit(design, values).residual_sd ** 2

    def solved(tau2: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        weights = 1.0 / (tau2 + variances)
        information = matrix.T @ (weights[:, np.newaxis] * matrix)
        coefficients = np.linalg.solve(information, matrix.T @ (weights * values))
        return weights, information, np.asarray(coefficients, dtype=np.float64)

    def deviance(tau2: float) -> float:
        weights, information, coefficients = solved(tau2)
        residuals = values - matrix @ coefficients
        return float(-np.sum(np.log(weights)) + np.linalg.slogdet(information)[1] + np.sum(weights * residuals**2))

    tau2 = _minimum(deviance, scale)
    weights, information, coefficients = solved(tau2)
    residuals = values - matrix @ coefficients
    spread = float(np.sum(weights * residuals**2)) / design.residual_df
    tested = design.tested
    se = math.sqrt(spread * float(np.linalg.inv(information)[tested, tested]))
    difference = float(coefficients[tested])
    reach = t_limit(design.residual_df) * se
    p = two_sided_p(difference / se, design.residual_df)
    return Weighted(difference, se, difference - reach, difference + reach, p, math.sqrt(tau2))


def _minimum(deviance: Callable[[float], float], scale: float) -> float:
    """τ² ≥ 0 with the least deviance, sought as its root in units of the residual variance."""
    found = optimize.minimize_scalar(
        lambda root: deviance(scale * root**2), bounds=(0.0, 3.0), method="bounded", options={"xatol": 1e-10}
    )
    tau2 = scale * float(found.x) ** 2
    return tau2 if deviance(tau2) < deviance(0.0) else 0.0
