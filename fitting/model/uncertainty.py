"""Standard deviations from the full penalised Hessian (reported), and the classical Cramér-Rao bound for comparison."""

from __future__ import annotations

import numpy as np

from fitting.model.forward import State, common_derivatives
from fitting.model.linear import cholesky, solve_factored
from fitting.model.problem import Problem
from fitting.units import FloatArray


def _inverse_block(information: FloatArray, size: int) -> FloatArray:
    """Leading (size, size) block of the inverse of an information matrix."""
    scale = np.sqrt(np.maximum(np.diagonal(information), np.finfo(float).tiny))
    factor = cholesky(information / np.outer(scale, scale))
    inverse = solve_factored(factor, np.eye(scale.size)[:, :size])[:size]
    return np.asarray(inverse / np.outer(scale[:size], scale[:size]))


def amplitude_covariance(problem: Problem, state: State) -> FloatArray:
    """Covariance (K, K) of the amplitudes, marginal over baseline, phases, shifts and widths.

    Inverse of the penalised Gauss-Newton Hessian of all parameters. Components held at zero stay in it, so that
    their standard deviation is not zero; noise variance is 1 in the model's units, and is inflated by the reduced
    chi square where the residual exceeds the noise.
    """
    covariance = _inverse_block(problem.information(state), state.amplitudes.size)
    return np.asarray(covariance * max(1.0, float(np.mean(state.residual**2))))


def classical_bound(problem: Problem, state: State) -> FloatArray:
    """Cramér-Rao bound of the amplitudes' covariance (K, K) for a known baseline and own shifts and widths.

    Fisher information of all amplitudes with the common phases, shift and widths (Cavassila et al. 2001,
    doi:10.1002/nbm.701); free of priors, at the noise level.
    """
    columns = np.hstack([state.design, common_derivatives(problem.model, state)])
    return _inverse_block(columns.T @ columns, state.amplitudes.size)


def correlation(covariance: FloatArray) -> FloatArray:
    """Correlation matrix (K, K) of a covariance (K, K) with a positive diagonal."""
    deviations = np.sqrt(np.diagonal(covariance))
    matrix = np.clip(covariance / np.outer(deviations, deviations), -1.0, 1.0)
    np.fill_diagonal(matrix, 1.0)
    return np.asarray(matrix, dtype=np.float64)
