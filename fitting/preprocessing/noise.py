"""The noise of one sample, from a part of the spectrum where brain has no signal."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fitting.units import ComplexArray, ppm_axis_of_fft

SILENT_PPM = ((-2.5, -0.3), (9.0, 11.0))
"""Ranges without brain signal; amide protons end below 9 ppm, lipids begin above 0 ppm."""

EDGE_FRACTION = 0.05
"""Share of the bandwidth at each edge that receiver filters may attenuate."""

FEWEST_BINS = 24
"""With fewer silent bins the outer quarters of the spectrum serve instead."""


def recorded(fid: ComplexArray) -> int:
    """Number of samples before a tail of exact zeros (zero filling, cut-off), of FIDs of shape (..., points)."""
    filled = np.flatnonzero(np.any(fid != 0, axis=tuple(range(fid.ndim - 1))))
    return int(filled[-1]) + 1 if filled.size else 0


def silent_bins(points: int, dwell_time: float, spectrometer_frequency: float) -> npt.NDArray[np.intp]:
    """Indices of ``numpy.fft.fft`` bins without brain signal, in runs of neighbours."""
    ppm = ppm_axis_of_fft(points, dwell_time, spectrometer_frequency)
    position = np.abs(np.fft.fftfreq(points))
    inside = np.zeros(points, dtype=bool)
    for low, high in SILENT_PPM:
        inside |= (ppm >= low) & (ppm <= high)
    inside &= position <= 0.5 - EDGE_FRACTION
    if np.count_nonzero(inside) < FEWEST_BINS:
        inside = (position >= 0.25) & (position <= 0.5 - EDGE_FRACTION)
    return np.flatnonzero(inside)


def noise_sd(fid: ComplexArray, dwell_time: float, spectrometer_frequency: float) -> float:
    """Standard deviation of the real part of one sample of a FID of shape (points,).

    First differences between neighbouring silent bins remove the tails of peaks; a tail of exact zeros is cut first,
    because it would correlate the bins. Zero when the FID holds no noise.
    """
    samples = recorded(fid)
    if samples < 2:
        return 0.0
    spectrum = np.fft.fft(fid[:samples])
    bins = silent_bins(samples, dwell_time, spectrometer_frequency)
    neighbours = bins[:-1][np.diff(bins) == 1]
    steps = spectrum[neighbours + 1] - spectrum[neighbours]
    variance = float(np.mean(np.abs(steps) ** 2)) / 4.0
    return float(np.sqrt(variance / samples))
