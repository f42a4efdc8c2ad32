"""Height and width of peaks."""

from __future__ import annotations

import numpy as np
import scipy.fft

from fitting.fid import Fid
from fitting.units import ComplexArray, FloatArray

ZERO_FILLING = 16
"""Interpolation of a spectrum whose width is measured."""


def full_width_at_half_maximum(spectrum: FloatArray, spacing: float) -> float:
    """Full width at half maximum, in ``spacing``, around the highest point of ``spectrum`` (n,)."""
    peak = int(np.argmax(spectrum))
    half = spectrum[peak] / 2
    right = np.flatnonzero(spectrum[peak:] < half)
    left = np.flatnonzero(spectrum[peak::-1] < half)
    if right.size == 0 or left.size == 0:
        return float(spectrum.size * spacing)

    def crossing(step: int, offset: int) -> float:
        inside, outside = spectrum[peak + step * (offset - 1)], spectrum[peak + step * offset]
        return offset - 1 + float((inside - half) / (inside - outside))

    return (crossing(1, int(right[0])) + crossing(-1, int(left[0]))) * spacing


def line_width_hz(samples: ComplexArray, dwell_time: float) -> float:
    """FWHM (Hz) of the highest absorption line of the samples (points,) of an FID that starts in phase."""
    size = ZERO_FILLING * int(scipy.fft.next_fast_len(samples.size))
    halved = np.concatenate([samples[:1] / 2, samples[1:]])
    spectrum = np.fft.fftshift(np.fft.fft(halved, size).real)
    return full_width_at_half_maximum(spectrum, 1.0 / (size * dwell_time))


def peak_height(fid: Fid, band: tuple[float, float]) -> float:
    """Highest magnitude of the spectrum of a FID (points,) within a ppm band."""
    ppm = fid.axes.fft_ppm
    inside = (ppm >= band[0]) & (ppm <= band[1])
    return float(np.abs(np.fft.fft(fid.samples))[inside].max(initial=0.0))
