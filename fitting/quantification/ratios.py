"""Ratios to total creatine with their standard deviations."""

from __future__ import annotations

import numpy as np

from fitting.quantification.concentrations import Ratio
from fitting.units import FloatArray


def ratios_to(reference: int, amplitudes: FloatArray, covariance: FloatArray) -> tuple[Ratio, ...]:
    """Ratio of every amplitude to one of them, standard deviation by the delta method.

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

    Returns
    -------
    tuple of Ratio
        M entries.
    """
    denominator = amplitudes[reference]
    values = amplitudes / denominator
    variances = (
        np.diagonal(covariance) + values**2 * covariance[reference, reference] - 2.0 * values * covariance[reference]
    ) / denominator**2
    return tuple(
        Ratio(value=float(value), sd=float(np.sqrt(max(variance, 0.0))))
        for value, variance in zip(values, variances, strict=True)
    )
