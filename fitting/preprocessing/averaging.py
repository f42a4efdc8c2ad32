"""Averaging transients without those that motion or a lost lock corrupted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fitting.preprocessing.alignment import in_band
from fitting.units import ComplexArray, FloatArray

FEWEST = 4
"""With fewer transients nothing can be called an outlier."""

REJECTION = 5.0
"""Robust standard deviations beyond the median at which a transient counts as corrupted."""

SMALLEST_CHANGE = 0.15
"""Relative change of amplitude (its square: of energy) below which a transient is never rejected: it would cost more
noise than it could bias."""


def good_transients(
    transients: ComplexArray, dwell_time: float, spectrometer_frequency: float, band: tuple[float, float]
) -> npt.NDArray[np.bool_]:
    """Mask (transients,) of those to average: like the others in amplitude and in shape.

    Parameters
    ----------
    transients : complex array, shape (transients, points)
        Aligned.
    dwell_time, spectrometer_frequency : float
        s, Hz.
    band : (float, float)
        ppm of the signal that decides.
    """
    filled: npt.NDArray[np.bool_] = np.any(transients != 0, axis=1)
    if np.count_nonzero(filled) < FEWEST:
        return filled
    signal = in_band(transients[filled], dwell_time, spectrometer_frequency, band).samples
    typical = np.median(signal.real, axis=0) + 1j * np.median(signal.imag, axis=0)
    energy = float(np.sum(np.abs(typical) ** 2))
    amplitude = (signal @ typical.conj()).real / energy
    rest = np.sum(np.abs(signal - amplitude[:, None] * typical) ** 2, axis=1) / energy
    noise = float(np.median(rest))
    samples = signal.shape[1]
    strange = _score(amplitude, np.sqrt(noise / (2 * samples))) > REJECTION
    strange &= np.abs(amplitude - np.median(amplitude)) > SMALLEST_CHANGE
    unlike = (_score(rest, noise / np.sqrt(samples)) > REJECTION) & (rest - noise > SMALLEST_CHANGE**2)
    good = filled.copy()
    good[filled] = ~(strange | unlike)
    return good


def _score(values: FloatArray, expected: float) -> FloatArray:
    """Distance from the median in robust standard deviations, but at least in the ``expected`` ones."""
    distance = np.abs(values - np.median(values))
    spread = max(1.4826 * float(np.median(distance)), expected)
    return np.asarray(distance / spread if spread > 0 else np.zeros_like(values))


def average(transients: ComplexArray) -> ComplexArray:
    """Mean (points,) of transients (transients, points): not their sum, so that the scale is that of one transient."""
    return np.asarray(transients.mean(axis=0))
