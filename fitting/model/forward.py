r"""The linear combination model and its analytic Jacobian, by variable projection.

.. math::

    \mathrm{Re}\{e^{-i(\phi_0 + 2\pi(f - f_c)\tau)}\,Y(f)\} =
      \sum_k a_k\,\mathrm{Re}\,\mathcal F\{b_k(t)\,e^{-(\gamma+\gamma_k)t - g^2t^2/2 - 2\pi i(\Delta+\delta_k)t}\} + Z c

Amplitudes a ≥ 0 and baseline coefficients c are solved for inside every evaluation (variable projection: Golub &
Pereyra 2003, doi:10.1088/0266-5611/19/2/201); only phases, shifts and widths are seen by the optimiser. The Jacobian is
Kaufman's (1975, doi:10.1007/BF01932995). Everything is in units of the noise of one spectral point.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from scipy.optimize import nnls

from fitting.model.baseline import Baseline
from fitting.model.domain import Domain
from fitting.model.parameters import GLOBAL, ParameterLayout, Values, unpack
from fitting.units import ComplexArray, FloatArray

LARGEST_GROWTH = 20.0
"""Logarithm of the largest growth of a signal that a trial step may ask for; no fitted signal grows."""

JITTER = (1e-10, 1e-8, 1e-6)
"""Added to the diagonal of a matrix to be factored, relative to it; the first that suffices."""


@dataclass(frozen=True, slots=True)
class LinearCombinationModel:
    """What does not change during one fit.

    ``data`` (W,) is the complex spectrum on the window, ``data_time`` (M,) the decimated FID and ``basis`` (K, M) the
    decimated basis signals, all in units of the noise of one spectral point; ``nonnegative`` (K,) marks the components
    whose amplitude cannot be negative.
    """

    domain: Domain
    layout: ParameterLayout
    data: ComplexArray
    data_time: ComplexArray
    basis: ComplexArray
    baseline: Baseline
    nonnegative: FloatArray


@dataclass(frozen=True, slots=True)
class State:
    """The model evaluated at one parameter vector.

    ``signals`` (K, M) are the broadened basis FIDs, ``design`` (W, K) their real spectra, ``rotated`` (W,) the phased
    data, ``amplitudes`` (K,) and ``coefficients`` (n,) the linear solution, ``free`` (K,) 1 where not held at zero.
    """

    vector: FloatArray
    values: Values
    signals: ComplexArray
    design: FloatArray
    rotated: ComplexArray
    amplitudes: FloatArray
    coefficients: FloatArray
    free: FloatArray
    residual: FloatArray
    """Data minus model on the window, in units of the noise."""


def broadened(model: LinearCombinationModel, values: Values) -> ComplexArray:
    """Basis FIDs (K, M) with the common and own shifts and widths applied."""
    time = model.domain.time
    common = -values.lorentz * time - 0.5 * (values.gauss * time) ** 2 - 2j * np.pi * values.shift * time
    own = -(values.widths + 2j * np.pi * values.shifts)
    exponent = common + own[:, None] * time
    exponent.real = np.minimum(exponent.real, LARGEST_GROWTH)
    return np.asarray(model.basis * np.exp(exponent), dtype=np.complex128)


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
    scale = np.diag(matrix).copy()
    scale[scale <= 0] = 1.0
    for jitter in JITTER[:-1]:
        with suppress(scipy.linalg.LinAlgError):
            return _jittered_cholesky(matrix, jitter * scale)
    return _jittered_cholesky(matrix, JITTER[-1] * scale)


def _jittered_cholesky(matrix: FloatArray, jitter: FloatArray) -> FloatArray:
    return np.asarray(scipy.linalg.cholesky(matrix + np.diag(jitter), lower=True, check_finite=False), dtype=np.float64)


class Projection:
    """The baseline for fixed precisions, eliminated once for all evaluations of one optimisation.

    With Z'Z + Λ = L L' the baseline of a target y is Z L⁻ᵀ L⁻¹ Z' y, so two products with L⁻¹ Z' do everything.
    """

    def __init__(self, model: LinearCombinationModel, precisions: FloatArray) -> None:
        columns = model.baseline.columns
        self.root = penalty_root(model.baseline, precisions)
        gram = columns.T @ columns + self.root.T @ self.root
        self._factor = cholesky(gram)
        self._whitened = scipy.linalg.solve_triangular(self._factor, columns.T, lower=True, check_finite=False)
        self._penalty = scipy.linalg.solve_triangular(self._factor, self.root.T, lower=True, check_finite=False).T

    def inner(self, target: FloatArray) -> FloatArray:
        """L⁻¹ Z' target, shape (n, ...), of ``target`` (W, ...): all that the other methods need of the baseline."""
        return np.asarray(self._whitened @ target)

    def coefficients(self, inner: FloatArray) -> FloatArray:
        """Baseline coefficients (n,) of a target with that ``inner`` (n,)."""
        return np.asarray(scipy.linalg.solve_triangular(self._factor, inner, lower=True, trans="T", check_finite=False))

    def remainder(self, target: FloatArray, inner: FloatArray) -> FloatArray:
        """``target`` (W, ...) less its penalised baseline: S target with S = I - Z (Z'Z + Λ)⁻¹ Z'."""
        return np.asarray(target - self._whitened.T @ inner)

    def penalty(self, inner: FloatArray) -> FloatArray:
        """Rows (ranks, ...) of the penalty of the baseline of a target with that ``inner`` (n, ...)."""
        return np.asarray(self._penalty @ inner)


def solve_amplitudes(gram: FloatArray, moment: FloatArray, nonnegative: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Minimise ½ a'Ga - a'm with a ≥ 0 where asked; return amplitudes (K,) and the mask of free ones.

    Components without sign constraint enter as a pair of opposite columns.
    """
    scale = np.sqrt(np.maximum(np.diag(gram), np.finfo(float).tiny))
    signed = np.flatnonzero(nonnegative == 0)
    expand = np.hstack([np.eye(scale.size), -np.eye(scale.size)[:, signed]]) / scale[:, None]
    factor = cholesky(gram / np.outer(scale, scale))
    whitened = scipy.linalg.solve_triangular(factor, moment / scale, lower=True, check_finite=False)
    positive, _ = nnls(factor.T @ (expand * scale[:, None]), whitened)
    amplitudes = expand @ positive
    return np.asarray(amplitudes), np.asarray((amplitudes != 0) | (nonnegative == 0), dtype=np.float64)


def evaluate(model: LinearCombinationModel, projection: Projection, vector: FloatArray) -> State:
    """The model at ``vector`` (n,), with its linear parameters solved for."""
    values = unpack(vector, model.layout)
    signals = broadened(model, values)
    design = np.ascontiguousarray(model.domain.spectra(signals).real.T)
    angle = values.phase0 + 2 * np.pi * model.domain.frequency * values.phase1
    rotated = model.data * np.exp(-1j * angle)
    target = np.column_stack([design, rotated.real])
    inner = projection.inner(target)
    gram = design.T @ target - inner[:, :-1].T @ inner
    amplitudes, free = solve_amplitudes(gram[:, :-1], gram[:, -1], model.nonnegative)
    combination = np.append(-amplitudes, 1.0)
    residual = projection.remainder(target @ combination, inner @ combination)
    coefficients = projection.coefficients(inner @ combination)
    return State(vector, values, signals, design, rotated, amplitudes, coefficients, free, residual)


def derivatives(model: LinearCombinationModel, state: State) -> FloatArray:
    """d(model - phased data) / d(vector), shape (W, n), for fixed amplitudes and baseline."""
    time = model.domain.time
    scaled = state.signals * state.amplitudes[:, None]
    weighted = model.domain.spectra(scaled * time)
    shift = 2 * np.pi * weighted.imag
    width = -weighted.real
    gauss = model.domain.spectra(-state.values.gauss * time**2 * scaled.sum(axis=0)).real
    columns = np.empty((state.residual.size, model.layout.size))
    columns[:, 0] = -state.rotated.imag
    columns[:, 1] = -2 * np.pi * model.domain.frequency * state.rotated.imag
    columns[:, 2] = shift.sum(axis=0)
    columns[:, 3] = width.sum(axis=0)
    columns[:, 4] = gauss
    count = len(model.layout.components)
    columns[:, len(GLOBAL) : len(GLOBAL) + count] = shift.T
    columns[:, len(GLOBAL) + count :] = width.T
    return np.asarray(columns * model.layout.scales)
