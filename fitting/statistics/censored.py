"""Values of which some are only known to lie below a bound: censored regression and ranks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from fitting.statistics.distributions import NORMAL_LIMIT, two_sided_p
from fitting.statistics.least_squares import Design, fit
from fitting.units import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class Censored:
    """Difference from a normal model with values censored from below."""

    difference: float
    se: float
    low: float
    high: float
    p: float
    residual_sd: float


def tobit(design: Design, values: FloatArray, detected: BoolArray) -> Censored | None:
    """Normal model, left-censored at each bound, by maximum likelihood; None where it has no maximum.

    Tobin 1958 (doi:10.2307/1907382). The standard error is from the observed information of β and ln σ, p is normal.

    Parameters
    ----------
    design : Design
    values : float array, shape (n,)
        The value, or the bound where ``detected`` is false.
    detected : bool array, shape (n,)
    """
    matrix = design.matrix
    start = fit(design, values)
    scale = max(start.residual_sd, 1e-6 * (abs(float(values.mean())) + 1e-12))

    def terms(theta: FloatArray) -> tuple[FloatArray, float, FloatArray]:
        sigma = math.exp(theta[-1])
        z = (values - matrix @ theta[:-1]) / sigma
        hazard = np.exp(-0.5 * z**2 - 0.5 * math.log(2.0 * math.pi) - special.log_ndtr(z))
        return z, sigma, hazard

    def loss(theta: FloatArray) -> float:
        z, _, _ = terms(theta)
        each = np.where(detected, 0.5 * z**2 + 0.5 * math.log(2.0 * math.pi) + theta[-1], -special.log_ndtr(z))
        return float(each.sum())

    def gradient(theta: FloatArray) -> FloatArray:
        z, sigma, hazard = terms(theta)
        slope = np.where(detected, -z, hazard) / sigma
        last = float(np.sum(np.where(detected, 1.0 - z**2, hazard * z)))
        return np.append(matrix.T @ slope, last)

    def hessian(theta: FloatArray) -> FloatArray:
        z, sigma, hazard = terms(theta)
        curve = hazard * (hazard + z)
        inner = np.where(detected, 1.0, curve) / sigma**2
        cross = np.where(detected, 2.0 * z, hazard * (z * (hazard + z) - 1.0)) / sigma
        corner = float(np.sum(np.where(detected, 2.0 * z**2, hazard * z * (z * (hazard + z) - 1.0))))
        full = np.empty((theta.size, theta.size))
        full[:-1, :-1] = matrix.T @ (inner[:, np.newaxis] * matrix)
        full[:-1, -1] = full[-1, :-1] = matrix.T @ cross
        full[-1, -1] = corner
        return full

    first = np.append(start.coefficients, math.log(scale))
    found = optimize.minimize(loss, first, jac=gradient, method="BFGS", options={"gtol": 1e-9})
    theta = np.asarray(found.x)
    try:
        for _ in range(20):
            theta = theta - np.linalg.solve(hessian(theta), gradient(theta))
        covariance = np.linalg.inv(hessian(theta))
    except np.linalg.LinAlgError:
        return None
    variance = float(covariance[design.tested, design.tested])
    if not (math.isfinite(variance) and variance > 0.0 and float(np.max(np.abs(gradient(theta)))) < 1e-5 * values.size):
        return None
    difference, se = float(theta[design.tested]), math.sqrt(variance)
    reach = NORMAL_LIMIT * se
    p = 2.0 * float(special.ndtr(-abs(difference) / se))
    return Censored(difference, se, difference - reach, difference + reach, p, math.exp(theta[-1]))


def brunner_munzel(
    first: FloatArray, second: FloatArray, first_detected: BoolArray, second_detected: BoolArray
) -> float | None:
    """Two-sided p of the rank test of Brunner & Munzel 2000; two bounds tie, and a bound ties with a value below it.

    doi:10.1002/(SICI)1521-4036(200001)42:1<17::AID-BIMJ17>3.0.CO;2-U, from pairwise comparisons, which for detected
    values are those of ranks. None where every value of one group lies on one side of the other.

    Parameters
    ----------
    first, second : float array, shape (n₁,), (n₂,)
        Values, or the bound where not detected.
    first_detected, second_detected : bool array, shape (n₁,), (n₂,)
    """
    score = 0.5 * (1.0 + np.sign(second[np.newaxis, :] - first[:, np.newaxis]))
    seen, other = first_detected[:, np.newaxis], second_detected[np.newaxis, :]
    above = second[np.newaxis, :] >= first[:, np.newaxis]
    below = first[:, np.newaxis] >= second[np.newaxis, :]
    score = np.where(~seen & ~other, 0.5, score)
    score = np.where(~seen & other, np.where(above, 1.0, 0.5), score)
    score = np.where(seen & ~other, np.where(below, 0.0, 0.5), score)
    n, m = first.size, second.size
    places_first, places_second = score.mean(axis=1), score.mean(axis=0)
    spread_first = float(np.var(places_first, ddof=1)) / n
    spread_second = float(np.var(places_second, ddof=1)) / m
    total = spread_first + spread_second
    if total <= 0.0:
        return None
    df = total**2 / (spread_first**2 / (n - 1) + spread_second**2 / (m - 1))
    return two_sided_p((float(score.mean()) - 0.5) / math.sqrt(total), df)
