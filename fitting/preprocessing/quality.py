"""Quality: numbers a reader needs to trust a spectrum, each with its definition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft

from fitting.preprocessing.referencing import Pattern
from fitting.units import ComplexArray, FloatArray, ppm_axis_of_fft

ZERO_FILLING = 16
"""Interpolation of a spectrum whose width is measured."""


@dataclass(frozen=True, slots=True)
class Step:
    """One preprocessing step that was applied, in NIfTI-MRS ``ProcessingApplied`` terms."""

    method: str
    """Standard's name, such as ``RF coil combination`` or ``Frequency and phase correction``."""
    details: str
    """What it did, with numbers."""


@dataclass(frozen=True, slots=True)
class PreprocessingFacts:
    """What preprocessing measured on the way; None where it does not apply."""

    steps: tuple[Step, ...]
    transients_rejected: int
    frequency_drift_hz: float | None
    """Span of the transients' frequency over the scan."""
    phase_spread_deg: float | None
    """Standard deviation of the transients' phase."""
    residual_water: float | None
    """Height of the residual water that was removed over the height of tNAA (magnitude spectra)."""
    shift_ppm: float
    """How far the spectrum was moved to put its peaks where they belong, toward higher ppm; with a water reference,
    after that had put water at 4.65 ppm."""
    pattern: Pattern
    """Were brain peaks found where the dwell time and spectrometer frequency put them?"""
    water_linewidth_hz: float | None
    """FWHM of the water reference."""


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


def line_width_hz(fid: ComplexArray, dwell_time: float) -> float:
    """FWHM (Hz) of the highest absorption line of a FID (points,) that starts in phase."""
    size = ZERO_FILLING * int(scipy.fft.next_fast_len(fid.size))
    halved = np.concatenate([fid[:1] / 2, fid[1:]])
    spectrum = np.fft.fftshift(np.fft.fft(halved, size).real)
    return full_width_at_half_maximum(spectrum, 1.0 / (size * dwell_time))


def peak_height(
    fid: ComplexArray, dwell_time: float, spectrometer_frequency: float, band: tuple[float, float]
) -> float:
    """Highest magnitude of the spectrum of a FID (points,) within a ppm band."""
    ppm = ppm_axis_of_fft(fid.size, dwell_time, spectrometer_frequency)
    inside = (ppm >= band[0]) & (ppm <= band[1])
    return float(np.abs(np.fft.fft(fid))[inside].max(initial=0.0))
