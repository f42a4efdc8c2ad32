"""The signal of a ppm band that tells transients apart, sampled as slowly as the band allows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft

from fitting.preprocessing.noise import noise_sd
from fitting.units import ComplexArray, FloatArray, ppm_axis_of_fft

TAPER_PPM = 0.3
"""Width of the cosine edges of a band."""

DURATION = 0.15
"""s of signal used; later samples hold mostly noise."""

NOISE_TRANSIENTS = 8
"""Transients, spread over the scan, whose median noise the standard errors are predicted from."""


@dataclass(frozen=True, slots=True)
class Band:
    """Signal that tells transients apart: a ppm range, and the time (s) before which it is not trusted."""

    low_ppm: float
    high_ppm: float
    start: float = 0.0


@dataclass(frozen=True, slots=True)
class BandSignal:
    """Transients (transients, samples) reduced to a ppm band and its bandwidth, with their sample times (s)."""

    samples: ComplexArray
    time: FloatArray
    noise_sd: float
    """Noise sd of the real part of a sample."""

    def undone(self, shift: FloatArray, phase: FloatArray) -> ComplexArray:
        """The samples with shifts (Hz) and phases of the transients undone."""
        at_start = phase - 2 * np.pi * shift * self.time[0]
        step = float(self.time[1] - self.time[0])
        return np.asarray(self.samples * rotation(shift, at_start, step, self.time.size))


@dataclass(frozen=True, slots=True)
class Spectra:
    """Spectra (transients, points) in the order of the FFT, with what they were sampled at and their noise."""

    spectra: ComplexArray
    dwell_time: float
    spectrometer_frequency: float
    noise_sd: float

    def in_band(self, band: Band) -> BandSignal:
        """The first ``DURATION`` of the transients, filtered to a ppm band with cosine edges.

        Only the band's bins are transformed back, so the sampling is as slow as the band allows; the constant offset
        of its centre is the same for all transients.
        """
        points = self.spectra.shape[-1]
        ppm = np.fft.fftshift(ppm_axis_of_fft(points, self.dwell_time, self.spectrometer_frequency))
        beyond = np.clip(np.maximum(band.low_ppm - ppm, ppm - band.high_ppm) / TAPER_PPM, 0.0, 1.0)
        inside = np.flatnonzero(beyond < 1.0)
        window = np.cos(0.5 * np.pi * beyond[inside]) ** 2
        spectra = self.spectra[:, (inside - points // 2) % points] * window
        size = scipy.fft.next_fast_len(inside.size)
        samples = scipy.fft.ifft(spectra, size, axis=-1) * (size / points)
        time = np.arange(size) * (self.dwell_time * points / size)
        first = int(np.searchsorted(time, band.start))
        used = slice(first, max(first + 8, int(np.searchsorted(time, DURATION))))
        noise = self.noise_sd * float(np.sqrt(np.sum(window**2) / points))
        return BandSignal(samples[:, used], time[used], noise)


def spectra_of(transients: ComplexArray, dwell_time: float, spectrometer_frequency: float) -> Spectra:
    """Spectra and noise of transients (transients, points)."""
    chosen = transients[:: 1 + len(transients) // NOISE_TRANSIENTS]
    noise = noise_sd(chosen, dwell_time, spectrometer_frequency)
    return Spectra(scipy.fft.fft(transients, axis=-1), dwell_time, spectrometer_frequency, noise)


def rotation(shift: FloatArray, phase: FloatArray, step: float, points: int) -> ComplexArray:
    """Factors (transients, points) that undo shifts (Hz) and phases at samples every ``step`` s.

    Powers of one rotation: products of few exponentials instead of one exponential for each sample.
    """
    block = int(np.ceil(np.sqrt(points)))
    turn = 2j * np.pi * shift[:, None] * step
    starts, within = np.exp(turn * np.arange(0, points, block)), np.exp(turn * np.arange(block) - 1j * phase[:, None])
    return np.asarray((starts[:, :, None] * within[:, None, :]).reshape(shift.size, -1)[:, :points])
