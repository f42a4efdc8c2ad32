"""Standard deviations: the full penalised Hessian we stand behind, and the classical Cramér-Rao bound beside it."""

from __future__ import annotations

import numpy as np
import scipy.linalg

from fitting.model.forward import State, cholesky, derivatives
from fitting.model.parameters import GLOBAL
from fitting.model.problem import Problem
from fitting.units import FloatArray


def _inverse_block(columns: FloatArray, prior: FloatArray, size: int) -> FloatArray:
    """Leading (size, size) block of (columns' columns + prior)⁻¹."""
    gram = columns.T @ columns + prior
    scale = np.sqrt(np.maximum(np.diag(gram), np.finfo(float).tiny))
    factor = cholesky(gram / np.outer(scale, scale))
    inverse = scipy.linalg.cho_solve((factor, True), np.eye(scale.size)[:, :size], check_finite=False)[:size]
    return np.asarray(inverse / np.outer(scale[:size], scale[:size]))


def amplitude_covariance(problem: Problem, state: State) -> FloatArray:
    """Covariance (K, K) of the amplitudes, marginal over baseline, phases, shifts and widths.

    Inverse of the penalised Gauss-Newton Hessian of all parameters. Components held at zero stay in it, so that
    their standard deviation is not zero; noise variance is 1 in the model's units, and is inflated by the reduced
    chi square where the residual exceeds the noise.
    """
    model = problem.model
    count = state.amplitudes.size
    baseline = problem.projection.root
    columns = np.hstack([state.design, model.baseline.columns, derivatives(model, state)])
    prior = np.zeros((columns.shape[1], columns.shape[1]))
    middle = slice(count, count + baseline.shape[1])
    prior[middle, middle] = baseline.T @ baseline
    tail = np.arange(count + baseline.shape[1], columns.shape[1])
    prior[tail, tail] = 1.0 / model.layout.prior_sd**2
    covariance = _inverse_block(columns, prior, count)
    return np.asarray(covariance * max(1.0, float(np.mean(state.residual**2))))


def classical_bound(problem: Problem, state: State) -> FloatArray:
    """Cramér-Rao bound of the amplitudes' covariance (K, K) for a known baseline and own shifts and widths.

    Fisher information of all amplitudes with the common phases, shift and widths (Cavassila et al. 2001,
    doi:10.1002/nbm.701); free of priors, at the noise level.
    """
    common = derivatives(problem.model, state)[:, : len(GLOBAL)]
    columns = np.hstack([state.design, common])
    prior = np.zeros((columns.shape[1], columns.shape[1]))
    return _inverse_block(columns, prior, state.amplitudes.size)
