"""Standard deviations from the full penalised Hessian (reported), and the classical Cramér-Rao bound for comparison."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fitting.model.forward import State, common_derivatives
from fitting.model.least_squares import Problem
from fitting.model.linear import cholesky, solve_factored
from fitting.units import FloatArray


def _inverse_rows(information: FloatArray, size: int) -> FloatArray:
    """Leading rows (size, n) of the inverse of an information matrix (n, n)."""
    scale = np.sqrt(np.maximum(np.diagonal(information), np.finfo(float).tiny))
    factor = cholesky(information / np.outer(scale, scale))
    inverse = solve_factored(factor, np.eye(scale.size)[:, :size]).T
    return np.asarray(inverse / np.outer(scale[:size], scale))


@dataclass(frozen=True, slots=True)
class Covariance:
    """Covariance (K, K) of the amplitudes, and the part of it that all spectra of one scanner share."""

    total: FloatArray
    shared: FloatArray

    def widened(self, step: FloatArray) -> Covariance:
        """The same with one more cause of error, which changes the amplitudes by ``step`` (K,) per deviation."""
        return Covariance(self.total + np.outer(step, step), self.shared)

    def scaled(self, unit: float) -> Covariance:
        """The same for amplitudes multiplied by ``unit``."""
        return Covariance(self.total * unit**2, self.shared * unit**2)


def amplitude_covariance(problem: Problem, state: State) -> Covariance:
    """Covariance of the amplitudes, marginal over baseline, phases, shifts and widths.

    Inverse of the penalised Gauss-Newton Hessian of all parameters. Components held at zero stay in it, so that
    their standard deviation is not zero; noise variance is 1 in the model's units, and is inflated by the reduced
    chi square where the residual exceeds the noise.

    Shared is what comes from deviations that hold for every spectrum of a scanner: of macromolecules, pulses and
    timings. The estimate of the linearised problem answers to a deviation c with prior precision p by -p M c, where M
    are the rows of the inverse Hessian that belong to amplitudes, in the columns that belong to c; the share Q of the
    prior covariance 1/p therefore adds p M Q M'. The noise and the prior covariances of all parameters, each carried
    through in this way, add up to the whole covariance.
    """
    size = state.amplitudes.size
    information, answers = problem.information(state)
    rows = _inverse_rows(information, size)
    shared = np.zeros((size, size))
    for block, precision in zip(problem.model.baseline.blocks, problem.projection.precisions, strict=True):
        if block.common is not None:
            cross = rows @ answers[block.start : block.stop].T
            shared += precision * cross @ block.common @ cross.T
    inflation = max(1.0, float(np.mean(state.residual**2)))
    return Covariance(rows[:, :size] * inflation, shared * inflation)


def classical_bound(problem: Problem, state: State) -> FloatArray:
    """Cramér-Rao bound of the amplitudes' covariance (K, K) for a known baseline and own shifts and widths.

    Fisher information of all amplitudes with the common phases, shift and widths (Cavassila et al. 2001,
    doi:10.1002/nbm.701); free of priors, at the noise level.
    """
    columns = np.hstack([state.design, common_derivatives(problem.model, state)])
    size = state.amplitudes.size
    return _inverse_rows(columns.T @ columns, size)[:, :size]


def correlation(covariance: FloatArray) -> FloatArray:
    """Correlation matrix (K, K) of a covariance (K, K) with a positive diagonal."""
    deviations = np.sqrt(np.diagonal(covariance))
    matrix = np.clip(covariance / np.outer(deviations, deviations), -1.0, 1.0)
    np.fill_diagonal(matrix, 1.0)
    return np.asarray(matrix, dtype=np.float64)
