"""How stiff the baseline is: restricted maximum likelihood of each block's precision."""

from __future__ import annotations

import numpy as np
import scipy.linalg

from fitting.model.baseline import Baseline
from fitting.model.forward import State, cholesky, penalty_root
from fitting.units import FloatArray

LIMITS = (1e-9, 1e6)
"""Range of a precision relative to the columns' own scale in units of the noise."""


def posterior(state: State, baseline: Baseline, precisions: FloatArray) -> FloatArray:
    """Posterior covariance (n, n) of the baseline coefficients with the free amplitudes marginalised."""
    active = np.flatnonzero(state.free)
    columns = np.hstack([state.design[:, active], baseline.columns])
    gram = columns.T @ columns
    root = penalty_root(baseline, precisions)
    gram[active.size :, active.size :] += root.T @ root
    scale = np.sqrt(np.diag(gram))
    inverse = scipy.linalg.cho_solve((cholesky(gram / np.outer(scale, scale)), True), np.eye(scale.size))
    return np.asarray((inverse / np.outer(scale, scale))[active.size :, active.size :])


def effective_dimensions(baseline: Baseline, precisions: FloatArray, covariance: FloatArray) -> FloatArray:
    """Directions of each block that the data determine (MacKay's gamma), shape (blocks,)."""
    spent = [
        precision
        * float(np.sum((block.root @ covariance[block.start : block.stop, block.start : block.stop]) * block.root))
        for block, precision in zip(baseline.blocks, precisions, strict=True)
    ]
    ranks = np.array([block.rank for block in baseline.blocks], dtype=np.float64)
    return np.asarray(np.clip(ranks - np.array(spent), 1e-3, ranks), dtype=np.float64)


def updated(state: State, baseline: Baseline, precisions: FloatArray) -> FloatArray:
    """One MacKay fixed-point step of the blocks' precisions under their Gamma priors, shape (blocks,)."""
    covariance = posterior(state, baseline, precisions)
    gammas = effective_dimensions(baseline, precisions, covariance)
    energies = np.array(
        [float(np.sum((block.root @ state.coefficients[block.start : block.stop]) ** 2)) for block in baseline.blocks]
    )
    shapes = np.array([block.shape for block in baseline.blocks])
    rates = shapes / np.array([block.precision for block in baseline.blocks])
    return np.asarray(np.clip((gammas + 2 * shapes) / (energies + 2 * rates), *LIMITS), dtype=np.float64)
