"""The linear parameters: the baseline is eliminated, amplitudes are solved for with their signs.

Everything is done on products of columns, which are few, instead of on the points of the spectrum, which are many.
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import scipy.linalg
from scipy.linalg import lapack
from scipy.optimize import nnls

from fitting.model.baseline import Baseline
from fitting.units import FloatArray

JITTER = (1e-10, 1e-8, 1e-6)
"""Added to the diagonal of a matrix to be factored, relative to it; the first that suffices."""

EXCHANGES = 12
"""Exchanges of components between free and held at zero before the slower active-set method takes over."""


def penalty_root(baseline: Baseline, precisions: FloatArray) -> FloatArray:
    """Rows R with R'R = prior precision of the baseline coefficients, shape (ranks, n), one precision per block."""
    root = np.zeros((sum(block.rank for block in baseline.blocks), baseline.columns.shape[1]))
    row = 0
    for block, precision in zip(baseline.blocks, precisions, strict=True):
        root[row : row + block.rank, block.start : block.stop] = np.sqrt(precision) * block.root
        row += block.rank
    return root


def cholesky(matrix: FloatArray) -> FloatArray:
    """Lower Cholesky factor after a relative jitter that lets collinear components (Cr, PCr) pass.

    Components that are broader than the baseline is stiff vanish in its projection but for rounding errors; then the
    next larger jitter that suffices is taken.

    Raises
    ------
    scipy.linalg.LinAlgError
        When the matrix is not even nearly positive semidefinite.
    """
    for jitter in JITTER[:-1]:
        with suppress(scipy.linalg.LinAlgError):
            return _factor(_jittered(matrix, jitter))
    return _factor(_jittered(matrix, JITTER[-1]))


def _jittered(matrix: FloatArray, jitter: float) -> FloatArray:
    diagonal = np.diagonal(matrix)
    result = matrix.copy()
    result.flat[:: matrix.shape[0] + 1] += jitter * np.where(diagonal > 0, diagonal, 1.0)
    return result


def _factor(matrix: FloatArray) -> FloatArray:
    return np.asarray(scipy.linalg.cholesky(matrix, lower=True, overwrite_a=True, check_finite=False))


def solve_lower(factor: FloatArray, right: FloatArray, *, transposed: bool = False) -> FloatArray:
    """L⁻¹ right, or L⁻ᵀ right, for a lower triangular L (n, n) and ``right`` (n, ...)."""
    return np.asarray(
        scipy.linalg.solve_triangular(factor, right, lower=True, trans="T" if transposed else "N", check_finite=False)
    )


class Projection:
    """The baseline for fixed precisions, eliminated once for all evaluations of one optimisation.

    With Z'Z + Λ = L L' the baseline of a target y is Z L⁻ᵀ L⁻¹ Z' y, so that S = I - Z (Z'Z + Λ)⁻¹ Z' of two targets
    is y'Sx = y'x - (L⁻¹Z'y)'(L⁻¹Z'x).
    """

    def __init__(self, baseline: Baseline, precisions: FloatArray, gram: FloatArray | None = None) -> None:
        self.baseline = baseline
        self.precisions = precisions
        self.root = penalty_root(baseline, precisions)
        self._gram = baseline.columns.T @ baseline.columns if gram is None else gram
        self._factor = cholesky(self._gram + self.root.T @ self.root)

    def with_precisions(self, precisions: FloatArray) -> Projection:
        """The same baseline with other precisions, one per block."""
        return Projection(self.baseline, precisions, self._gram)

    def cross(self, target: FloatArray) -> FloatArray:
        """Z' target, shape (n, ...), of ``target`` (W, ...): all that the other methods need of a target."""
        return np.asarray(self.baseline.columns.T @ target)

    def inner(self, cross: FloatArray) -> FloatArray:
        """L⁻¹ Z' target, shape (n, ...), of a target with that ``cross``."""
        return solve_lower(self._factor, cross)

    def coefficients(self, inner: FloatArray) -> FloatArray:
        """Baseline coefficients (n, ...) of a target with that ``inner``."""
        return solve_lower(self._factor, inner, transposed=True)

    def remainder(self, target: FloatArray, coefficients: FloatArray) -> FloatArray:
        """``target`` (W, ...) less its baseline: S target."""
        return np.asarray(target - self.baseline.columns @ coefficients)

    def unspent(self, inner: FloatArray, factor: FloatArray) -> FloatArray:
        """Directions of each block that the data determine (MacKay's gamma), shape (blocks,).

        Rank less the trace of the block's prior precision times the posterior covariance of its coefficients, with
        amplitudes marginalised: ``inner`` (n, K) is that of their columns D and ``factor`` (K, K) the lower Cholesky
        factor of D'SD.
        """
        rows = self.inner(self.root.T)
        shared = solve_lower(factor, inner.T @ rows)
        variances = np.sum(rows**2, axis=0) + np.sum(shared**2, axis=0)
        ranks = np.array([block.rank for block in self.baseline.blocks])
        spent = np.add.reduceat(variances, np.cumsum(ranks) - ranks)
        return np.asarray(np.clip(ranks - spent, 1e-3, ranks), dtype=np.float64)


def solve_amplitudes(
    gram: FloatArray, moment: FloatArray, nonnegative: FloatArray, guess: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Minimise ½ a'Ga - a'm with a ≥ 0 where asked; return amplitudes (K,) and the mask of free ones.

    Components are exchanged between free and held at zero until none is on the wrong side (block principal pivoting:
    Portugal, Júdice & Vicente 1994, doi:10.1090/S0025-5718-1994-1250776-4), from the mask ``guess`` (K,), which near
    the optimum is right at once. Should they go round in circles, the active-set method of Lawson and Hanson decides.
    """
    matrix = _solvable(gram)
    signed = nonnegative == 0
    free = np.ones(moment.size, dtype=bool) if guess is None else (guess > 0) | signed
    threshold = 1e-12 * np.abs(moment).max(initial=0.0)
    amplitudes = np.zeros(moment.size)
    for _ in range(EXCHANGES):
        amplitudes[:] = 0.0
        chosen = np.flatnonzero(free)
        if chosen.size:
            _, amplitudes[chosen], info = lapack.dposv(matrix[np.ix_(chosen, chosen)], moment[chosen], lower=1)
            if info:
                break
        slope = matrix @ amplitudes - moment
        wrong = np.where(free, (amplitudes <= 0) & ~signed, slope < -threshold)
        if not wrong.any():
            return amplitudes, free.astype(np.float64)
        free ^= wrong
    return _active_set(matrix, moment, signed)


def _solvable(gram: FloatArray) -> FloatArray:
    """The matrix with the least jitter that makes it positive definite."""
    for jitter in JITTER[:-1]:
        matrix = _jittered(gram, jitter)
        if lapack.dpotrf(matrix, lower=1)[1] == 0:
            return matrix
    return _jittered(gram, JITTER[-1])


def _active_set(matrix: FloatArray, moment: FloatArray, signed: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The same by Lawson and Hanson; components without sign constraint enter as a pair of opposite columns."""
    scale = np.sqrt(np.maximum(np.diagonal(matrix), np.finfo(float).tiny))
    pairs = np.flatnonzero(signed)
    expand = np.hstack([np.eye(scale.size), -np.eye(scale.size)[:, pairs]]) / scale[:, None]
    factor = _factor(matrix / np.outer(scale, scale))
    whitened = solve_lower(factor, moment / scale)
    positive, _ = nnls(factor.T @ (expand * scale[:, None]), whitened)
    amplitudes = expand @ positive
    return np.asarray(amplitudes), np.asarray((amplitudes != 0) | signed, dtype=np.float64)
