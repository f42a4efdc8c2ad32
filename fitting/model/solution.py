"""Solve for the parameters and the baseline's stiffness in turn, until both converge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fitting.model.forward import LinearCombinationModel, State
from fitting.model.least_squares import Problem
from fitting.model.linear import Projection, expected_projection
from fitting.model.optimisers import OPTIMISERS, Optimum, gauss_newton
from fitting.model.parameters import GLOBAL
from fitting.model.precision import updated
from fitting.model.result import OutcomeCode
from fitting.model.start import start_vector
from fitting.units import FloatArray

ROUNDS = 2
"""Most alternations of solving and adapting the baseline. More change neither errors nor coverage of simulated spectra
of any quality (docs/benchmark.md)."""

UPDATES_PER_ROUND = 6
"""Most fixed-point steps of the precisions between two solutions. Each is a fifth of the price of a solution; those
of damaged data, which are far from the expected ones, take that many to come most of the way."""

SETTLED = 0.05
"""Relative change of every precision below which the baseline counts as settled."""

TOLERANCE = 0.01
"""Decrease of chi square at which an optimiser stops. A remainder of d displaces an amplitude by at most √d of its
standard deviation."""

COARSE_TOLERANCE = 3.0
"""The same for solutions on the way, which only locate the spectrum and estimate the stiffness of its baseline."""


@dataclass(frozen=True, slots=True)
class Solution:
    """The converged problem, its state, and the record of the solver."""

    problem: Problem
    state: State
    precisions: FloatArray
    evaluations: int
    code: OutcomeCode


def first_solution(model: LinearCombinationModel, spectrometer_frequency: float, deadline: float | None) -> Optimum:
    """Common parameters for the baseline's prior stiffness: accurate enough to locate the spectrum."""
    problem = expected_problem(model)
    start = start_vector(model, problem.projection, spectrometer_frequency)
    return gauss_newton(problem, start, COARSE_TOLERANCE, deadline, len(GLOBAL))


def settled_solution(
    model: LinearCombinationModel, start: FloatArray, optimiser: str, deadline: float | None
) -> Solution:
    """Adapt the baseline along rough solutions until its stiffness is settled, then let ``optimiser`` finish."""
    problem = Problem(model, model.baseline.expected)
    vector, evaluations = start, 0
    for _ in range(ROUNDS):
        rough = gauss_newton(problem, vector, COARSE_TOLERANCE, deadline)
        vector, evaluations = rough.vector, evaluations + rough.evaluations
        before, problem = problem.projection, _adapted(problem, vector)
        if _settled(before, problem.projection) or rough.code != "converged":
            break
    final = OPTIMISERS[optimiser](problem, vector, TOLERANCE, deadline)
    evaluations += final.evaluations
    return Solution(problem, problem.state(final.vector), problem.projection.precisions, evaluations, final.code)


def expected_problem(model: LinearCombinationModel) -> Problem:
    """The problem at the baseline's expected precisions, for a baseline that the spectra of a batch share."""
    projection = expected_projection(model.baseline)
    return Problem(model, projection.precisions, projection)


def _adapted(problem: Problem, vector: FloatArray) -> Problem:
    """The problem after a few fixed-point steps of the precisions at fixed non-linear parameters."""
    for _ in range(UPDATES_PER_ROUND):
        before = problem.projection
        problem = problem.with_precisions(updated(problem.state(vector), before))
        if _settled(before, problem.projection):
            break
    return problem


def _settled(before: Projection, after: Projection) -> bool:
    return bool(np.abs(after.precisions / before.precisions - 1.0).max() < SETTLED)
