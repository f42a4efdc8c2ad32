"""Averaging transients without those that motion or a lost lock corrupted."""

from __future__ import annotations

import numpy as np

from fitting.preprocessing.alignment import in_band
from fitting.units import ComplexArray, FloatArray

FEWEST = 4
"""With fewer transients nothing can be called an outlier."""

REJECTION = 5.0
"""Robust standard deviations beyond the median at which a transient counts as corrupted."""

SMALLEST_CHANGE = 0.15
"""Relative change of amplitude below which a transient is never rejected."""


def good_transients(
    transients: ComplexArray, dwell_time: float, spectrometer_frequency: float, band: tuple[float, float]
) -> FloatArray:
    """Mask (transients,), 1 for those to average: like the median in amplitude and in shape.

    Parameters
    ----------
    transients : complex array, shape (transients, points)
        Aligned.
    dwell_time, spectrometer_frequency : float
        s, Hz.
    band : (float, float)
        ppm of the signal that decides.
    """
    count = transients.shape[0]
    if count < FEWEST:
        return np.ones(count)
    filtered = in_band(transients, dwell_time, spectrometer_frequency, band)
    typical = np.median(filtered.real, axis=0) + 1j * np.median(filtered.imag, axis=0)
    amplitude = (filtered @ typical.conj()).real / np.sum(np.abs(typical) ** 2)
    unlike = np.sum(np.abs(filtered - amplitude[:, None] * typical) ** 2, axis=1)
    weak = (np.abs(_robust_score(amplitude)) > REJECTION) & (np.abs(amplitude - np.median(amplitude)) > SMALLEST_CHANGE)
    odd = _robust_score(unlike) > REJECTION
    return np.where(weak | odd, 0.0, 1.0)


def _robust_score(values: FloatArray) -> FloatArray:
    """Distance from the median in units of 1.4826 median absolute deviations."""
    centre = np.median(values)
    spread = 1.4826 * np.median(np.abs(values - centre))
    return np.asarray((values - centre) / spread if spread > 0 else np.zeros_like(values))


def average(transients: ComplexArray, weights: FloatArray) -> ComplexArray:
    """Weighted mean (points,) of transients (transients, points): the scale of one transient."""
    return np.asarray(weights @ transients / weights.sum())
