"""Optimisers of the non-linear parameters; ``OPTIMISERS`` is the whole list.

Each is ``solve(problem, start, tolerance, deadline) -> Optimum`` and must reach the same optimum.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fitting.model.least_squares import GAUSS, Problem
from fitting.model.result import OutcomeCode
from fitting.units import FloatArray


@dataclass(frozen=True, slots=True)
class Optimum:
    """Result of an optimiser: parameter vector (n,), number of evaluations, and termination status."""

    vector: FloatArray
    evaluations: int
    code: OutcomeCode
    message: str


EVALUATIONS = 400
SMALLEST_DAMPING = 1e-12
FIRST_DAMPING = 1e-2
LARGEST_DAMPING = 1e6
LARGEST_STEP = 100.0
"""Typical changes of a parameter that one step may span; further away the linear model is not valid, and the
exponential of a very negative damping overflows."""

Solver = Callable[[Problem, FloatArray, float, float | None], Optimum]


def _minimise(
    problem: Problem, start: FloatArray, deadline: float | None, method: str, options: Mapping[str, Any]
) -> Optimum:
    """Find the departures from ``start`` with lmfit, which takes a second to import."""
    from fitting.model.plain_minimizer import minimised  # noqa: PLC0415 - who only reads or compares does not pay it

    def late() -> bool:
        return deadline is not None and time.monotonic() > deadline

    result, moved = minimised(
        problem.names,
        lambda departures: problem.residuals(start + departures),
        lambda departures: problem.jacobian(start + departures),
        late,
        method=method,
        options=options,
    )
    code: OutcomeCode = "converged" if result.success else ("stopped_early" if late() else "failed")
    return Optimum(start + moved, int(result.nfev), code, str(result.message))


def lmfit_leastsq(problem: Problem, start: FloatArray, tolerance: float, deadline: float | None) -> Optimum:
    """Levenberg-Marquardt of lmfit (MINPACK lmder) with the analytic Jacobian.

    ``tolerance`` is the decrease of the sum of squares at which to stop, in units of the noise variance;
    ``deadline`` is a ``time.monotonic()`` moment or None.
    """
    relative = tolerance / max(problem.cost(start), 1.0)
    return _minimise(problem, start, deadline, "leastsq", {"ftol": relative, "xtol": 1e-6, "max_nfev": EVALUATIONS})


def lmfit_least_squares(problem: Problem, start: FloatArray, tolerance: float, deadline: float | None) -> Optimum:
    """Trust-region reflective algorithm of lmfit (scipy ``least_squares``) with the analytic Jacobian."""
    relative = max(tolerance / max(problem.cost(start), 1.0), 1e-12)
    options = {"ftol": relative, "xtol": 1e-6, "gtol": None, "max_nfev": EVALUATIONS}
    return _minimise(problem, start, deadline, "least_squares", options)


def gauss_newton(
    problem: Problem, start: FloatArray, tolerance: float, deadline: float | None, count: int | None = None
) -> Optimum:
    """Damped Gauss-Newton steps on the normal equations (Levenberg 1944, doi:10.1090/qam/10666).

    A fraction of lmfit's cost per solution, because nothing is set up; used for solutions on the way. It ends when the
    straight model promises less than ``tolerance`` from a full step: a small gain of a damped step does not show that
    the optimum is near. With ``count`` only the first so many parameters are moved.
    """
    vector, cost = start, problem.cost(start)
    damping, evaluations = 0.0, 1
    while evaluations < EVALUATIONS:
        gradient, hessian = problem.normal_equations(vector, count)
        candidate, promised = _stepped(vector, gradient, hessian, 0.0)
        while True:
            if deadline is not None and time.monotonic() > deadline:
                return Optimum(vector, evaluations, "stopped_early", "deadline")
            if damping:
                candidate, _ = _stepped(vector, gradient, hessian, damping)
            evaluations += 1
            within = float(np.abs(candidate - vector).max()) <= LARGEST_STEP
            gained = cost - problem.cost(candidate) if within else -np.inf
            if gained >= 0:
                vector, cost, damping = candidate, cost - gained, _relaxed(damping)
                break
            if damping > LARGEST_DAMPING or promised < tolerance:
                return Optimum(vector, evaluations, "converged", "no step decreases the sum of squares")
            damping = max(10 * damping, FIRST_DAMPING)
        if promised < tolerance:
            return Optimum(vector, evaluations, "converged", "the decrease is below the tolerance")
    return Optimum(vector, evaluations, "failed", "too many evaluations")


def _relaxed(damping: float) -> float:
    """A tenth of the damping, and zero when that is negligible."""
    return damping / 10 if damping > FIRST_DAMPING else 0.0


def _stepped(vector: FloatArray, gradient: FloatArray, hessian: FloatArray, damping: float) -> tuple[FloatArray, float]:
    """The vector after one step, and the decrease of the sum of squares that the straight model promises.

    The step is one of the square of ``gauss``, down to zero at most; near zero steps of ``gauss`` itself stall or jump.
    """
    scale = np.diagonal(hessian)
    damped = hessian + np.diag(damping * scale + SMALLEST_DAMPING * scale.max())
    square = vector[GAUSS] ** 2
    step = -np.linalg.solve(damped, gradient)
    if step[GAUSS] < -square:
        others = np.arange(gradient.size) != GAUSS
        step[GAUSS] = -square
        right = gradient[others] - square * damped[others, GAUSS]
        step[others] = -np.linalg.solve(damped[np.ix_(others, others)], right)
    moved = vector.copy()
    moved[: step.size] += step
    moved[GAUSS] = np.sqrt(square + step[GAUSS])
    return moved, -float(2.0 * gradient @ step + step @ hessian @ step)


OPTIMISERS: Mapping[str, Solver] = {
    "lmfit-leastsq": lmfit_leastsq,
    "lmfit-least_squares": lmfit_least_squares,
    "gauss-newton": gauss_newton,
}
