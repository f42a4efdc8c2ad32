"""Band-limited interpolation of decays that start abruptly at t = 0."""

from __future__ import annotations

import numpy as np
import scipy  # loads scipy.signal at its first use: it takes a second, and few analyses bring a basis set

from fitting.units import ComplexArray

ORDER = 64
"""Coefficients of linear prediction: more than the distinguishable lines of any metabolite."""
MARGIN = 64
"""Points by which signals are continued, and faded, beyond either end."""
SINGULAR = 1e-7
"""Relative singular values below which prediction follows rounding of the file rather than signal."""


def predict_before(signal: ComplexArray, count: int) -> ComplexArray:
    """Continue a signal to ``count`` points before its first, by linear prediction; earliest first.

    Sums of decaying exponentials obey a linear recurrence (Barkhuijsen et al. 1985, J Magn Reson 61:465).
    """
    order = min(ORDER, signal.size // 3)
    rows = min(signal.size - order, 8 * order)
    history = np.lib.stride_tricks.sliding_window_view(signal, order)[1 : rows + 1]
    wanted = signal[: history.shape[0]]
    coefficients = np.linalg.lstsq(history, wanted, rcond=SINGULAR)[0]
    known = np.concatenate([np.zeros(count, dtype=np.complex128), signal[:order]])
    ceiling = 2 * np.abs(signal).max()
    for index in range(count - 1, -1, -1):
        value = known[index + 1 : index + 1 + order] @ coefficients
        known[index] = value if abs(value) <= ceiling else value * (ceiling / abs(value))
    before: ComplexArray = known[:count]
    return before


def resample(signal: ComplexArray, step: float, points: int) -> ComplexArray:
    """Values at times 0, ``step``, 2 ``step`` ... in units of the signal's own spacing.

    Parameters
    ----------
    signal : complex array, shape (n,)
    step : float
        New spacing over old. Frequencies beyond the new band are filtered out.
    points : int
        The last time, (points - 1) step, must not exceed n - 1.

    Returns
    -------
    complex array, shape (points,)
    """
    fade = np.sin(0.5 * np.pi * (np.arange(MARGIN) + 0.5) / MARGIN) ** 2
    before = predict_before(signal, MARGIN) * fade
    after = predict_before(signal[::-1], MARGIN)[::-1] * fade[::-1]
    extended = np.concatenate([before, signal, after])
    length = extended.size
    spectrum = np.fft.fftshift(np.fft.fft(extended))
    if step > 1:
        frequency = np.abs(np.fft.fftshift(np.fft.fftfreq(length))) * step
        spectrum = spectrum * np.clip((0.5 - frequency) / 0.02, 0.0, 1.0)
    # Chirp z-transform: the inverse DFT evaluated at any evenly spaced times, not only at the samples'.
    turn, start = np.exp(2j * np.pi * step / length), np.exp(-2j * np.pi * MARGIN / length)
    sums = scipy.signal.czt(spectrum, m=points, w=turn, a=start)
    times = MARGIN + step * np.arange(points)
    values: ComplexArray = sums * np.exp(-2j * np.pi * (length // 2) * times / length) / length
    return values
