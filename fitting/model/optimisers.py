"""Optimisers of the non-linear parameters; ``OPTIMISERS`` is the whole list.

Each is ``solve(problem, start, tolerance, deadline) -> Optimum`` and must reach the same optimum.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import lmfit
import numpy as np

from fitting.model.problem import Problem
from fitting.model.result import OutcomeCode
from fitting.units import FloatArray


@dataclass(frozen=True, slots=True)
class Optimum:
    """Where an optimiser stopped: parameter vector (n,), number of evaluations, and how it ended."""

    vector: FloatArray
    evaluations: int
    code: OutcomeCode
    message: str


EVALUATIONS = 400
SMALLEST_DAMPING = 1e-12
LARGEST_DAMPING = 1e6
LARGEST_STEP = 100.0
"""Typical changes of a parameter that one step may span; further away the straight model says nothing, and a damping
so negative overflows."""

Options = Callable[[Callable[[lmfit.Parameters], FloatArray]], dict[str, Any]]
Solver = Callable[[Problem, FloatArray, float, float | None], Optimum]


def _minimise(problem: Problem, start: FloatArray, deadline: float | None, method: str, options: Options) -> Optimum:
    parameters = lmfit.Parameters()
    for name, value in zip(problem.names, start, strict=True):
        parameters.add(name, value=float(value))

    def vector(current: lmfit.Parameters) -> FloatArray:
        return np.fromiter((item.value for item in current.values()), dtype=np.float64, count=start.size)

    def late(*_: object) -> bool:
        return deadline is not None and time.monotonic() > deadline

    minimiser = lmfit.Minimizer(
        lambda current: problem.residuals(vector(current)), parameters, iter_cb=late, calc_covar=False
    )
    result = minimiser.minimize(method=method, **options(lambda current: problem.jacobian(vector(current))))
    code: OutcomeCode = "converged" if result.success else ("stopped_early" if late() else "failed")
    return Optimum(vector(result.params), int(result.nfev), code, str(result.message))


def lmfit_leastsq(problem: Problem, start: FloatArray, tolerance: float, deadline: float | None) -> Optimum:
    """Levenberg-Marquardt of lmfit (MINPACK lmder) with the analytic Jacobian.

    ``tolerance`` is the decrease of the sum of squares at which to stop, in units of the noise variance;
    ``deadline`` is a ``time.monotonic()`` moment or None.
    """
    relative = tolerance / max(float(np.sum(problem.residuals(start) ** 2)), 1.0)
    return _minimise(
        problem,
        start,
        deadline,
        "leastsq",
        lambda jac: {"Dfun": jac, "ftol": relative, "xtol": 1e-6, "max_nfev": EVALUATIONS},
    )


def lmfit_least_squares(problem: Problem, start: FloatArray, tolerance: float, deadline: float | None) -> Optimum:
    """Trust-region reflective algorithm of lmfit (scipy ``least_squares``) with the analytic Jacobian."""
    relative = tolerance / max(float(np.sum(problem.residuals(start) ** 2)), 1.0)
    return _minimise(
        problem,
        start,
        deadline,
        "least_squares",
        lambda jac: {
            "jac": jac,
            "ftol": max(relative, 1e-12),
            "xtol": 1e-6,
            "gtol": None,
            "max_nfev": EVALUATIONS,
        },
    )


def gauss_newton(problem: Problem, start: FloatArray, tolerance: float, deadline: float | None) -> Optimum:
    """Damped Gauss-Newton steps on the normal equations (Levenberg 1944, doi:10.1090/qam/10666).

    A fraction of lmfit's cost per solution, because nothing is set up; used for solutions on the way.
    """
    vector = start
    residuals = problem.residuals(vector)
    cost = float(residuals @ residuals)
    damping, evaluations = 0.0, 1
    while evaluations < EVALUATIONS:
        if deadline is not None and time.monotonic() > deadline:
            return Optimum(vector, evaluations, "stopped_early", "deadline")
        jacobian = problem.jacobian(vector)
        gradient, hessian = jacobian.T @ residuals, jacobian.T @ jacobian
        scale = np.diag(hessian)
        step = np.linalg.solve(hessian + np.diag(damping * scale + SMALLEST_DAMPING * scale.max()), -gradient)
        evaluations += 1
        gained = -np.inf
        if np.abs(step).max() <= LARGEST_STEP:
            candidate = problem.residuals(vector + step)
            gained = cost - float(candidate @ candidate)
        if gained >= 0:
            vector, residuals, cost, damping = vector + step, candidate, cost - gained, damping / 10
            if gained < tolerance:
                return Optimum(vector, evaluations, "converged", "the decrease is below the tolerance")
        elif damping > LARGEST_DAMPING:
            return Optimum(vector, evaluations, "converged", "no step decreases the sum of squares")
        else:
            damping = max(10 * damping, 1e-2)
    return Optimum(vector, evaluations, "failed", "too many evaluations")


OPTIMISERS: Mapping[str, Solver] = {
    "lmfit-leastsq": lmfit_leastsq,
    "lmfit-least_squares": lmfit_least_squares,
    "gauss-newton": gauss_newton,
}
