"""The signal of a ppm band that registers transients, sampled as slowly as the band allows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft

from fitting.fid import Axes, Fid
from fitting.units import ComplexArray, FloatArray

TAPER_PPM = 0.3
"""Width of the cosine edges of a band."""

DURATION = 0.15
"""s of signal used; later samples hold mostly noise."""

NOISE_TRANSIENTS = 8
"""Transients, spread over the scan, whose median noise the standard errors are predicted from."""


@dataclass(frozen=True, slots=True)
class Band:
    """Signal that registers transients: a ppm range, and the time (s) before which it is not trusted."""

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
    """Spectra (transients, points) in the order of the FFT, with the axes of their FIDs and their noise."""

    spectra: ComplexArray
    axes: Axes
    noise_sd: float

    def in_band(self, band: Band) -> BandSignal:
        """The first ``DURATION`` of the transients, filtered to a ppm band with cosine edges.

        Only the band's bins are transformed back, so the sampling is as slow as the band allows; the constant offset
        of its centre is the same for all transients.
        """
        points, ppm = self.axes.points, self.axes.ppm
        beyond = np.clip(np.maximum(band.low_ppm - ppm, ppm - band.high_ppm) / TAPER_PPM, 0.0, 1.0)
        inside = np.flatnonzero(beyond < 1.0)
        window = np.cos(0.5 * np.pi * beyond[inside]) ** 2
        spectra = self.spectra[:, (inside - points // 2) % points] * window
        size = scipy.fft.next_fast_len(inside.size)
        samples = np.asarray(scipy.fft.ifft(spectra, size, axis=-1) * (size / points), dtype=np.complex128)
        time = np.arange(size, dtype=np.float64) * (self.axes.dwell_time * points / size)
        first = int(np.searchsorted(time, band.start))
        used = slice(first, max(first + 8, int(np.searchsorted(time, DURATION))))
        noise = self.noise_sd * float(np.sqrt(np.sum(window**2) / points))
        return BandSignal(samples[:, used], time[used], noise)


def spectra_of(transients: Fid) -> Spectra:
    """Spectra and noise of transients (transients, points)."""
    samples = transients.samples
    chosen = transients.with_samples(samples[:: 1 + len(samples) // NOISE_TRANSIENTS])
    return Spectra(scipy.fft.fft(samples, axis=-1), transients.axes, chosen.noise)


def rotation(shift: FloatArray, phase: FloatArray, step: float, points: int) -> ComplexArray:
    """Factors (transients, points) that undo shifts (Hz) and phases at samples every ``step`` s.

    Powers of one rotation: products of few exponentials instead of one exponential for each sample.
    """
    block = int(np.ceil(np.sqrt(points)))
    turn = 2j * np.pi * shift[:, None] * step
    starts, within = np.exp(turn * np.arange(0, points, block)), np.exp(turn * np.arange(block) - 1j * phase[:, None])
    return np.asarray((starts[:, :, None] * within[:, None, :]).reshape(shift.size, -1)[:, :points])
