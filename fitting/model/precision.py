"""How stiff the baseline is: restricted maximum likelihood of each block's precision."""

from __future__ import annotations

import numpy as np

from fitting.model.forward import State
from fitting.model.linear import Projection, cholesky
from fitting.units import FloatArray

LIMITS = (1e-9, 1e6)
"""Range of a precision relative to the columns' own scale in units of the noise."""


def effective_dimensions(state: State, projection: Projection) -> FloatArray:
    """Directions of each block that the data determine (MacKay's gamma), shape (blocks,).

    The posterior covariance of the baseline coefficients is taken with the free amplitudes marginalised.
    """
    active = np.flatnonzero(state.free)
    return projection.unspent(state.inner[:, active], cholesky(state.gram[np.ix_(active, active)]))


def updated(state: State, projection: Projection) -> FloatArray:
    """One MacKay fixed-point step of the blocks' precisions under their Gamma priors, shape (blocks,)."""
    blocks = projection.baseline.blocks
    gammas = effective_dimensions(state, projection)
    energies = np.array([block.energy(state.coefficients) for block in blocks])
    shapes = np.array([block.shape for block in blocks])
    rates = shapes / np.array([block.precision for block in blocks])
    return np.asarray(np.clip((gammas + 2 * shapes) / (energies + 2 * rates), *LIMITS), dtype=np.float64)
