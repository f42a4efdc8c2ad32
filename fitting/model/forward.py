r"""The linear combination model and its analytic Jacobian, by variable projection.

.. math::

    \mathrm{Re}\{e^{-i(\phi_0 + 2\pi(f - f_c)\tau)}\,Y(f)\} =
      \sum_k a_k\,\mathrm{Re}\,\mathcal F\{b_k(t)\,e^{-(\gamma+\gamma_k)t - g^2t^2/2 - 2\pi i(\Delta+\delta_k)t}\} + Z c

Amplitudes a ≥ 0 and baseline coefficients c are solved for inside every evaluation (variable projection: Golub &
Pereyra 2003, doi:10.1088/0266-5611/19/2/201); only phases, shifts and widths are seen by the optimiser. The Jacobian is
Kaufman's (1975, doi:10.1007/BF01932995). Everything is in units of the noise of one spectral point.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from fitting.model.baseline import Baseline
from fitting.model.domain import Domain
from fitting.model.linear import Projection, solve_amplitudes
from fitting.model.parameters import GLOBAL, ParameterLayout, Values, unpack
from fitting.units import ComplexArray, FloatArray

LARGEST_GROWTH = 20.0
"""Logarithm of the largest growth of a signal that a trial step may ask for; no fitted signal grows."""


@dataclass(frozen=True, slots=True)
class LinearCombinationModel:
    """Values that stay constant during one fit.

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
    """The model evaluated at one parameter vector, with its linear parameters for one ``Projection``.

    ``signals`` (K, M) are the broadened basis FIDs, ``design`` (W, K) their real spectra, ``rotated`` (W,) the phased
    data; ``target`` (W, K + 1) is both as real columns, ``products`` (K + 1, K + 1) and ``cross`` (n, K + 1) are their
    products with themselves and with the baseline's columns. What follows depends on the projection: ``inner``
    (n, K + 1) and ``gram`` (K + 1, K + 1) are the products with the baseline eliminated, ``amplitudes`` (K,) and
    ``coefficients`` (n,) the linear solution, ``free`` (K,) 1 where not held at zero.
    """

    vector: FloatArray
    values: Values
    signals: ComplexArray
    design: FloatArray
    rotated: ComplexArray
    target: FloatArray
    products: FloatArray
    cross: FloatArray
    inner: FloatArray
    gram: FloatArray
    amplitudes: FloatArray
    coefficients: FloatArray
    free: FloatArray

    residual: FloatArray
    """Data minus model on the window, in units of the noise."""


class _Linear(NamedTuple):
    """The fields of a ``State`` that depend on the projection."""

    inner: FloatArray
    gram: FloatArray
    amplitudes: FloatArray
    coefficients: FloatArray
    free: FloatArray
    residual: FloatArray


def broadened(model: LinearCombinationModel, values: Values) -> ComplexArray:
    """Basis FIDs (K, M) with the common and own shifts and widths applied."""
    time = model.domain.time
    growth = np.minimum(-values.lorentz * time - 0.5 * (values.gauss * time) ** 2, LARGEST_GROWTH)
    common = np.exp(growth - 2j * np.pi * values.shift * time)
    if not (values.widths.any() or values.shifts.any()):
        return np.asarray(model.basis * common, dtype=np.complex128)
    largest = LARGEST_GROWTH / np.abs(time).max()
    widths = np.clip(values.widths, -largest, largest)
    own = model.domain.decays(widths + 2j * np.pi * values.shifts)
    return np.asarray(model.basis * (common * own), dtype=np.complex128)


def columns_like(model: LinearCombinationModel, signals: ComplexArray, values: Values) -> FloatArray:
    """Real spectra (W, n) of decimated signals (n, M), with the common width that components have at ``values``."""
    none = np.zeros(signals.shape[0])
    shape = Values(0.0, 0.0, 0.0, values.lorentz, values.gauss, none, none)
    return np.asarray(model.domain.spectra(broadened(replace(model, basis=signals), shape)).real.T)


def parts_of_components(model: LinearCombinationModel, state: State) -> FloatArray:
    """Part of the baseline's columns that belongs to components, shape (W, K)."""
    parts = np.zeros_like(state.design)
    for block in model.baseline.blocks:
        for component, columns in block.parts.items():
            parts[:, component] += columns @ state.coefficients[block.start : block.stop]
    return parts


def evaluate(
    model: LinearCombinationModel, projection: Projection, vector: FloatArray, guess: FloatArray | None = None
) -> State:
    """The model at ``vector`` (n,), with its linear parameters solved for.

    ``guess`` (K,) is the mask of free amplitudes to try first.
    """
    values = unpack(vector, model.layout)
    signals = broadened(model, values)
    angle = values.phase0 + 2 * np.pi * model.domain.frequency * values.phase1
    rotated = model.data * np.exp(-1j * angle)
    rows = np.empty((signals.shape[0] + 1, rotated.size))
    rows[:-1], rows[-1] = model.domain.spectra(signals).real, rotated.real
    target = rows.T
    products, cross = target.T @ target, projection.cross(target)
    linear = _linear_solution(projection, (target, products, cross), model.nonnegative, guess)
    return State(vector, values, signals, target[:, :-1], rotated, target, products, cross, *linear)


def resolved(model: LinearCombinationModel, projection: Projection, state: State) -> State:
    """The same state with the linear parameters of another projection."""
    columns = (state.target, state.products, state.cross)
    linear = _linear_solution(projection, columns, model.nonnegative, state.free)
    return replace(state, **linear._asdict())


def _linear_solution(
    projection: Projection,
    columns: tuple[FloatArray, FloatArray, FloatArray],
    nonnegative: FloatArray,
    guess: FloatArray | None,
) -> _Linear:
    target, products, cross = columns
    inner = projection.inner(cross)
    gram = products - inner.T @ inner
    amplitudes, free = solve_amplitudes(gram[:-1, :-1], gram[:-1, -1], nonnegative, guess)
    combination = np.append(-amplitudes, 1.0)
    coefficients = projection.coefficients(inner @ combination)
    residual = projection.remainder(target @ combination, coefficients)
    return _Linear(inner, gram, amplitudes, coefficients, free, residual)


def phase_derivatives(model: LinearCombinationModel, spectrum: ComplexArray) -> FloatArray:
    """d(-phased spectrum) / d(phase0, phase1), shape (W, 2), of a complex spectrum (W,) phased already."""
    slope = -spectrum.imag * model.layout.scales[0]
    ratio = 2 * np.pi * model.layout.scales[1] / model.layout.scales[0]
    return np.stack([slope, slope * model.domain.frequency * ratio], axis=1)


def common_derivatives(model: LinearCombinationModel, state: State) -> FloatArray:
    """The first columns (W, 5) of ``derivatives``, of the common parameters."""
    time = model.domain.time
    total = state.amplitudes @ state.signals
    fitted, slope, curve = model.domain.spectra(np.stack([total, total * time, total * time**2]))
    return _common_columns(model, fitted, slope, curve)


def derivatives(model: LinearCombinationModel, state: State) -> FloatArray:
    """d(model - phased data) / d(vector), shape (W, n), for fixed amplitudes and baseline, as expected.

    For the phases the fitted spectrum stands in for the data (Fisher's scoring): noise that turns with the phase would
    count as knowledge of the phase, at low signal-to-noise ratio as much as the signal does. The gradient needs the
    data themselves, see ``Problem``. The column of ``gauss`` is for its square, which is what the model holds: that for
    itself vanishes at zero.
    """
    time = model.domain.time
    count = len(model.layout.components)
    moving = np.empty((count + 2, time.size), dtype=np.complex128)
    np.multiply(state.signals, state.amplitudes[:, None] * time, out=moving[:count])
    moving[count] = time * moving[:count].sum(axis=0)
    moving[count + 1] = state.amplitudes @ state.signals
    spectra = model.domain.spectra(moving)
    slopes = spectra[:count]
    own_scales = model.layout.scales[len(GLOBAL) :]
    rows = np.empty((model.layout.size, state.residual.size))
    rows[: len(GLOBAL)] = _common_columns(model, spectra[count + 1], slopes.sum(axis=0), spectra[count]).T
    np.multiply(slopes.imag, 2 * np.pi * own_scales[:count, None], out=rows[len(GLOBAL) : len(GLOBAL) + count])
    np.multiply(slopes.real, -own_scales[count:, None], out=rows[len(GLOBAL) + count :])
    return rows.T


def _common_columns(
    model: LinearCombinationModel, fitted: ComplexArray, slope: ComplexArray, curve: ComplexArray
) -> FloatArray:
    """Columns (W, 5) from the spectra of the whole signal, of it times t, and of it times t²."""
    shift, lorentz, gauss = model.layout.scales[2 : len(GLOBAL)]
    columns = [2 * np.pi * shift * slope.imag, -lorentz * slope.real, -0.5 * gauss**2 * curve.real]
    return np.hstack([phase_derivatives(model, fitted), np.stack(columns, axis=1)])
