"""Aligning transients in frequency and phase: spectral registration, all transients at once.

Spectral registration: Near et al. 2015, doi:10.1002/mrm.25094. Here a coarse search by one transform per transient
takes drifts of 20 Hz and more, then Gauss-Newton steps refine all transients against their robust mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fitting.units import ComplexArray, FloatArray, ppm_axis_of_fft

BAND_PPM = (1.6, 4.2)
"""Metabolite signal that is registered: without the residual water, which may be unstable, and the lipids, which
come from elsewhere."""

WATER_BAND_PPM = (3.9, 5.4)
"""Signal of a water reference that is registered."""

DURATION = 0.2
"""s of signal used; later samples hold mostly noise."""

LARGEST_DRIFT_HZ = 40.0
REFINEMENTS = 8


@dataclass(frozen=True, slots=True)
class Alignment:
    """Aligned transients (transients, points) with what was undone: ``shift_hz`` toward higher ppm and ``phase``."""

    transients: ComplexArray
    shift_hz: FloatArray
    phase: FloatArray


def in_band(
    transients: ComplexArray, dwell_time: float, spectrometer_frequency: float, band: tuple[float, float] = BAND_PPM
) -> ComplexArray:
    """Transients (..., points) with everything outside a ppm band tapered away over 0.3 ppm."""
    ppm = ppm_axis_of_fft(transients.shape[-1], dwell_time, spectrometer_frequency)
    beyond = np.clip(np.maximum(band[0] - ppm, ppm - band[1]) / 0.3, 0.0, 1.0)
    return np.asarray(np.fft.ifft(np.fft.fft(transients, axis=-1) * np.cos(0.5 * np.pi * beyond) ** 2, axis=-1))


def _corrected(transients: ComplexArray, time: FloatArray, shift: FloatArray, phase: FloatArray) -> ComplexArray:
    return np.asarray(transients * np.exp(2j * np.pi * shift[:, None] * time - 1j * phase[:, None]))


def _coarse(filtered: ComplexArray, reference: ComplexArray, dwell_time: float) -> tuple[FloatArray, FloatArray]:
    """Shift and phase of each transient against a reference from the peak of their product's spectrum."""
    size = 8 * filtered.shape[-1]
    spectrum = np.fft.fft(filtered * reference.conj(), size, axis=-1)
    frequency = np.fft.fftfreq(size, dwell_time)
    allowed = np.flatnonzero(np.abs(frequency) <= LARGEST_DRIFT_HZ)
    best = allowed[np.argmax(np.abs(spectrum[:, allowed]), axis=1)]
    return -frequency[best], np.angle(spectrum[np.arange(len(best)), best])


def _step(corrected: ComplexArray, reference: ComplexArray, time: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Gauss-Newton change of shift (Hz) and phase (rad) that brings each transient closer to the reference."""
    difference = corrected - reference
    by_phase = 1j * reference
    by_shift = -2j * np.pi * time * reference
    a = np.sum(np.abs(by_phase) ** 2)
    b = np.sum((by_phase.conj() * by_shift).real)
    c = np.sum(np.abs(by_shift) ** 2)
    p = (difference @ by_phase.conj()).real
    q = (difference @ by_shift.conj()).real
    determinant = a * c - b * b
    return (a * q - b * p) / determinant, (c * p - b * q) / determinant


def align(
    transients: ComplexArray,
    dwell_time: float,
    spectrometer_frequency: float,
    band: tuple[float, float] = BAND_PPM,
) -> Alignment:
    """Undo the frequency and phase differences between transients of shape (transients, points).

    Only the signal within ``band`` (ppm) is compared. Shifts and phases are against the transients' own median, so
    the mean position does not move.
    """
    count, points = transients.shape
    time = np.arange(points, dtype=np.float64) * dwell_time
    used = min(points, max(16, round(DURATION / dwell_time)))
    filtered = in_band(transients, dwell_time, spectrometer_frequency, band)[:, :used]
    energies = np.sum(np.abs(filtered) ** 2, axis=1)
    reference = filtered[np.argsort(energies)[count // 2]]
    shift, phase = _coarse(filtered, reference, dwell_time)
    for _ in range(REFINEMENTS):
        corrected = _corrected(filtered, time[:used], shift, phase)
        reference = np.median(corrected.real, axis=0) + 1j * np.median(corrected.imag, axis=0)
        change_shift, change_phase = _step(corrected, reference, time[:used])
        shift, phase = shift + change_shift, phase + change_phase
    shift = shift - np.median(shift)
    phase = np.angle(np.exp(1j * (phase - np.angle(np.sum(np.exp(1j * phase))))))
    return Alignment(_corrected(transients, time, shift, phase), shift, phase)
