"""The linear parameters: the baseline is eliminated, amplitudes are solved for with their signs.

Everything is done on products of columns, which are few, instead of on the points of the spectrum, which are many.
"""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache

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


def cholesky(matrix: FloatArray) -> FloatArray:
    """Lower Cholesky factor of a symmetric matrix after a jitter that lets collinear components (Cr, PCr) pass.

    Components that are broader than the baseline is stiff vanish in its projection but for rounding errors; then the
    next larger jitter that suffices is taken.

    Raises
    ------
    scipy.linalg.LinAlgError
        When the matrix is not even nearly positive semidefinite.
    """
    for jitter in JITTER:
        factor, info = lapack.dpotrf(_jittered(matrix, jitter).T, lower=1, overwrite_a=1)
        if info == 0:
            return np.asarray(factor, dtype=np.float64)
    raise scipy.linalg.LinAlgError("The matrix is not positive semidefinite.")


def _jittered(matrix: FloatArray, jitter: float) -> FloatArray:
    diagonal = np.diagonal(matrix)
    result = matrix.copy()
    result.flat[:: matrix.shape[0] + 1] += jitter * np.where(diagonal > 0, diagonal, 1.0)
    return result


def solve_lower(factor: FloatArray, right: FloatArray, *, transposed: bool = False) -> FloatArray:
    """L⁻¹ right, or L⁻ᵀ right, for a lower triangular L (n, n) and ``right`` (n, ...)."""
    solution, _ = lapack.dtrtrs(factor, right, lower=1, trans=int(transposed))
    return np.asarray(solution, dtype=np.float64)


def solve_factored(factor: FloatArray, right: FloatArray) -> FloatArray:
    """(L L')⁻¹ right for a lower triangular L (n, n) and ``right`` (n, ...)."""
    solution, _ = lapack.dpotrs(factor, right, lower=1)
    return np.asarray(solution, dtype=np.float64)


class Projection:
    """The baseline for fixed precisions, eliminated once for all evaluations of one optimisation.

    With Z'Z + Λ = L L' the baseline of a target y is Z L⁻ᵀ L⁻¹ Z' y, so that S = I - Z (Z'Z + Λ)⁻¹ Z' of two targets
    is y'Sx = y'x - (L⁻¹Z'y)'(L⁻¹Z'x).
    """

    def __init__(self, baseline: Baseline, precisions: FloatArray) -> None:
        self.baseline = baseline
        self.precisions = precisions
        stiff = baseline.gram.copy()
        for block, precision in zip(baseline.blocks, precisions, strict=True):
            inside = slice(block.start, block.stop)
            stiff[inside, inside] += precision * block.penalty
        self._factor = cholesky(stiff)

    def with_precisions(self, precisions: FloatArray) -> Projection:
        """The same baseline with other precisions, one per block."""
        return Projection(self.baseline, precisions)

    def penalty(self, coefficients: FloatArray) -> float:
        """Penalty c'Λc of coefficients (n,)."""
        blocks = zip(self.baseline.blocks, self.precisions, strict=True)
        return float(sum(precision * block.energy(coefficients) for block, precision in blocks))

    def cross(self, target: FloatArray) -> FloatArray:
        """Z' target, shape (n, ...), of ``target`` (W, ...): all that the other methods need of a target.

        Targets are rows in memory, so that the transposed product is the faster one, and LAPACK takes it as it is.
        """
        return np.asarray((target.T @ self.baseline.columns).T)

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
        root, _ = lapack.dtrtri(self._factor, lower=1)
        half = np.concatenate([root, solve_lower(factor, self.coefficients(inner).T)])
        squares = np.einsum("ij,ij->j", half, half)
        spent = [
            float(squares[block.start : block.stop].sum()) if block.plain else block.energy(half)
            for block in self.baseline.blocks
        ]
        ranks = np.array([block.rank for block in self.baseline.blocks])
        return np.asarray(np.clip(ranks - self.precisions * spent, 1e-3, ranks), dtype=np.float64)


@lru_cache(maxsize=8)
def expected_projection(baseline: Baseline) -> Projection:
    """The projection at the expected precisions, made once for a baseline that the spectra of a batch share."""
    return Projection(baseline, baseline.expected)


def solve_amplitudes(
    gram: FloatArray, moment: FloatArray, nonnegative: FloatArray, guess: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Minimise ½ a'Ga - a'm with a ≥ 0 where asked; return amplitudes (K,) and the mask of free ones.

    Components are exchanged between free and held at zero until none is on the wrong side (block principal pivoting:
    Portugal, Júdice & Vicente 1994, doi:10.1090/S0025-5718-1994-1250776-4), from the mask ``guess`` (K,), which near
    the optimum is right at once. Should they go round in circles, the active-set method of Lawson and Hanson decides.
    """
    signed = nonnegative == 0
    free = np.ones(moment.size, dtype=bool) if guess is None else (guess > 0) | signed
    threshold = 1e-12 * np.abs(moment).max(initial=0.0)
    matrix = _solvable(gram)
    for _ in range(EXCHANGES):
        amplitudes = np.zeros(moment.size)
        chosen = np.flatnonzero(free)
        if chosen.size:
            _, amplitudes[chosen], info = lapack.dposv(matrix[chosen[:, None], chosen], moment[chosen], lower=1)
            if info:
                break
        slope = matrix @ amplitudes - moment
        wrong = np.where(free, (amplitudes <= 0) & ~signed, slope < -threshold)
        if not wrong.any():
            return amplitudes, free.astype(np.float64)
        free ^= wrong
    return _active_set(matrix, moment, signed)


def solve_alike(grams: FloatArray, moments: FloatArray, nonnegative: FloatArray, guess: FloatArray) -> FloatArray:
    """Amplitudes (m, K) of m problems like that of ``solve_amplitudes``: ``grams`` (m, K, K), ``moments`` (m, K).

    All are solved together for the mask ``guess`` (K,), and only those for which it is wrong one by one.
    """
    signed = nonnegative == 0
    free = (guess > 0) | signed
    chosen, amplitudes = np.flatnonzero(free), np.zeros(moments.shape)
    matrices = grams[:, chosen[:, None], chosen]
    diagonal = np.einsum("ikk->ik", matrices)
    diagonal[:] += JITTER[0] * np.where(diagonal > 0, diagonal, 1.0)
    with suppress(np.linalg.LinAlgError):  # left at zero all are wrong
        amplitudes[:, chosen] = np.linalg.solve(matrices, moments[:, chosen, None])[..., 0]
    slopes = np.einsum("ikl,il->ik", grams, amplitudes) - moments
    threshold = 1e-12 * np.abs(moments).max(axis=1, keepdims=True)
    wrong = np.where(free, (amplitudes <= 0) & ~signed, slopes < -threshold).any(axis=1)
    for index in np.flatnonzero(wrong):
        amplitudes[index], _ = solve_amplitudes(grams[index], moments[index], nonnegative, guess)
    return amplitudes


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
    factor = scipy.linalg.cholesky(matrix / np.outer(scale, scale), lower=True, check_finite=False)
    whitened = solve_lower(factor, moment / scale)
    positive, _ = nnls(factor.T @ (expand * scale[:, None]), whitened)
    amplitudes = expand @ positive
    return np.asarray(amplitudes), np.asarray((amplitudes != 0) | signed, dtype=np.float64)
