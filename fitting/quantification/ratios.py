"""Ratios to total creatine with their standard deviations."""

from __future__ import annotations

import math

import numpy as np

from fitting.quantification.concentrations import Ratio
from fitting.quantification.deviations import Deviations
from fitting.units import FloatArray


def ratios_to(
    reference: int, amplitudes: FloatArray, covariance: FloatArray, shared: FloatArray | None = None
) -> tuple[Ratio, ...]:
    """Ratio of every amplitude to one of them, standard deviations by the delta method.

    With r = a/c the first-order variance is (var a + r² var c − 2 r cov(a, c)) / c²; covariance between
    numerator and denominator, which in a spectrum is far from zero, is kept. The reference itself has
    ratio 1 and standard deviation 0.

    Parameters
    ----------
    reference : int
        Index of the denominator.
    amplitudes : float array, shape (M,)
        Signal of one proton; a ratio of these is a ratio of concentrations in which relaxation has not
        been corrected, as in the LCModel-type ratios that published norms report.
    covariance : float array, shape (M, M)
    shared : float array, shape (M, M), optional
        Part of it that all scans of one scanner share; without it only ``sd`` is given.

    Returns
    -------
    tuple of Ratio
        M entries.
    """
    denominator = amplitudes[reference]
    values = amplitudes / denominator

    def variances(errors: FloatArray) -> FloatArray:
        propagated = np.diagonal(errors) + values**2 * errors[reference, reference] - 2.0 * values * errors[reference]
        return np.asarray(np.maximum(propagated / denominator**2, 0.0), dtype=np.float64)

    whole = variances(covariance)
    if shared is None:
        return tuple(Ratio(float(value), math.sqrt(variance)) for value, variance in zip(values, whole, strict=True))
    split = (Deviations.of(variance, common) for variance, common in zip(whole, variances(shared), strict=True))
    return tuple(
        Ratio(float(value), each.whole, each.scan, each.shared) for value, each in zip(values, split, strict=True)
    )
