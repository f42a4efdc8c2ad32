"""Prior knowledge of sums of amplitudes, applied to a finished fit so that its effect can be reported."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fitting.model.forward import State
from fitting.model.least_squares import Problem
from fitting.model.linear import cholesky, solve_amplitudes, solve_factored
from fitting.model.uncertainty import Covariance
from fitting.units import FloatArray


@dataclass(frozen=True, slots=True)
class LinearPrior:
    """Normal priors of ``rows`` (p, K) times the amplitudes: means ``values`` (p,), standard deviations ``sds`` (p,).

    The prior must not be derived from the spectrum it is applied to: a scale that is itself estimated draws everything
    towards zero.
    """

    rows: FloatArray
    values: FloatArray
    sds: FloatArray

    def in_units_of(self, unit: float) -> LinearPrior:
        """The same for amplitudes divided by ``unit``."""
        return replace(self, rows=self.rows * unit)


def with_prior(problem: Problem, state: State, fitted: Covariance, prior: LinearPrior) -> tuple[State, Covariance]:
    """The state with the most probable amplitudes under the prior, and their covariance.

    With the covariance C of the fit, which has phases, shifts, widths and baseline in it, the data weigh amplitudes by
    a'C⁻¹a - 2a'(C⁻¹â - g), where g is the slope of what is held at zero; the prior adds its own quadratic (Laplace's
    approximation, exact for a normal likelihood). Non-linear parameters stay where the data put them; the baseline
    follows the amplitudes. What errors of the fit and of a scanner are left in the amplitudes shrinks with them; the
    prior's own error is one of this person.
    """
    covariance = fitted.total
    scale = np.sqrt(np.diagonal(covariance))
    of_data = information = _inverse(covariance / np.outer(scale, scale)) / np.outer(scale, scale)
    inflation = max(1.0, float(np.mean(state.residual**2)))
    slope = np.where(state.free > 0, 0.0, state.gram[:-1, :-1] @ state.amplitudes - state.gram[:-1, -1]) / inflation
    weighted = prior.rows / prior.sds[:, None]
    information = information + weighted.T @ weighted
    moment = (
        information @ state.amplitudes
        - slope
        + weighted.T @ ((prior.values - prior.rows @ state.amplitudes) / prior.sds)
    )
    unit = np.outer(scale, scale)
    amplitudes, free = solve_amplitudes(information * unit, moment * scale, problem.model.nonnegative, state.free)
    amplitudes = amplitudes * scale
    combination = np.append(-amplitudes, 1.0)
    coefficients = problem.projection.coefficients(state.inner @ combination)
    residual = problem.projection.remainder(state.target @ combination, coefficients)
    moved = replace(state, amplitudes=amplitudes, free=free, coefficients=coefficients, residual=residual)
    total = _inverse(information * unit) * unit
    kept = total @ of_data
    return moved, Covariance(total, kept @ fitted.shared @ kept.T)


def _inverse(matrix: FloatArray) -> FloatArray:
    return solve_factored(cholesky(matrix), np.eye(matrix.shape[0]))
