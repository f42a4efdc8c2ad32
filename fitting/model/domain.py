"""Grid of the fit: a decimated band of the twice zero-filled spectrum.

The real part of the twice zero-filled spectrum of N complex samples holds all 2 N real numbers of the
FID, with white noise, so a real baseline can be used without losing half the information. Only the band
around the fit window is kept; its inverse transform is a short FID on which shifts and broadenings act.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import scipy.fft

from fitting.fid import Axes, exponentials
from fitting.units import ComplexArray, FloatArray, hz_to_ppm, ppm_to_hz

WINDOW_PPM = (0.2, 4.2)
"""Fit window; the range of the field's 1H brain consensus (Near 2021, doi:10.1002/nbm.4257)."""

MARGIN_PPM = 0.8
"""Width of the cos² taper outside the window, so that the band's edges ring nowhere in the window."""

MAXIMUM_DURATION = 0.6
"""s; later samples of in vivo lines (5 to 10 Hz wide) hold no signal. With 0.4 s and two thirds of the baseline's
precisions errors and coverage of simulated spectra stay as they are, and a fit takes four fifths of the time; but the
signal-to-noise ratio, which is that of this grid, would mean something else (1.2 times as much)."""

NEGATIVE_TIME = 0.015
"""s of negative time kept of the decimated FID: the taper's impulse response reaches that far."""


@dataclass(frozen=True, slots=True)
class Domain:
    """Grid of the fit: which bins of the zero-filled spectrum, which decimated times, which window.

    ``time`` (M,) holds the decimated sample times, of which the last ``negative`` are negative;
    ``window`` (P,) selects the fit window among the P band bins; ``ppm`` (W,) and ``frequency`` (W,) are the
    window's axes, ``frequency`` measured from the window's centre.
    """

    samples: int
    first_bin: int
    bins: int
    taper: FloatArray
    time: FloatArray
    negative: int
    window: npt.NDArray[np.intp]
    ppm: FloatArray
    frequency: FloatArray

    def band(self, fids: ComplexArray) -> ComplexArray:
        """Band of the twice zero-filled spectrum, shape (..., P), of FIDs of shape (..., points)."""
        spectrum = scipy.fft.fft(fids[..., : self.samples], 2 * self.samples, axis=-1)
        index = np.arange(self.first_bin, self.first_bin + self.bins) % (2 * self.samples)
        return np.asarray(spectrum[..., index], dtype=np.complex128)

    def decimate(self, fids: ComplexArray) -> ComplexArray:
        """Decimated FIDs, shape (..., M), whose ``spectra`` are the band times the taper."""
        return self.shortened(self.band(fids))

    def shortened(self, band: ComplexArray) -> ComplexArray:
        """Decimated FIDs, shape (..., M), of the ``band`` (..., P) of longer ones."""
        short = scipy.fft.ifft(band * self.taper, axis=-1)
        positive = self.time.size - self.negative
        return np.concatenate([short[..., :positive], short[..., short.shape[-1] - self.negative :]], axis=-1)

    def decays(self, rates: ComplexArray) -> ComplexArray:
        """exp(-rate t) at the decimated times, shape (K, M), of ``rates`` (K,) in 1/s."""
        made = exponentials(rates, float(self.time[1]), -self.negative, self.time.size - self.negative)
        return np.concatenate([made[:, self.negative :], made[:, : self.negative]], axis=1)

    def spectra(self, decimated: ComplexArray) -> ComplexArray:
        """Complex spectra on the fit window, shape (..., W), of decimated FIDs of shape (..., M)."""
        positive = self.time.size - self.negative
        padded = np.zeros((*decimated.shape[:-1], self.bins), dtype=np.complex128)
        padded[..., :positive] = decimated[..., :positive]
        padded[..., self.bins - self.negative :] = decimated[..., positive:]
        spectra = scipy.fft.fft(padded, axis=-1, overwrite_x=True)
        return np.asarray(spectra[..., self.window[0] : self.window[-1] + 1], dtype=np.complex128)


@lru_cache(maxsize=8)
def fit_domain(axes: Axes) -> Domain:
    """The fit's grid for FIDs with these axes."""
    dwell_time, spectrometer_frequency = axes.dwell_time, axes.frequency
    samples = min(axes.points, max(64, round(MAXIMUM_DURATION / dwell_time)))
    bin_width = 1.0 / (2 * samples * dwell_time)
    low_ppm, high_ppm = WINDOW_PPM
    edges = ppm_to_hz(np.array([high_ppm + MARGIN_PPM, low_ppm - MARGIN_PPM]), spectrometer_frequency)
    first_bin = int(np.floor(edges[0] / bin_width))
    bins = min(scipy.fft.next_fast_len(int(np.ceil(edges[1] / bin_width)) - first_bin), 2 * samples)
    frequency = np.arange(first_bin, first_bin + bins, dtype=np.float64) * bin_width
    ppm = hz_to_ppm(frequency, spectrometer_frequency)
    beyond = np.clip(np.maximum(ppm - high_ppm, low_ppm - ppm) / MARGIN_PPM, 0.0, 1.0)
    step = 2 * samples * dwell_time / bins
    positive = min(int(np.ceil((samples * dwell_time + NEGATIVE_TIME) / step)), bins)
    negative = min(int(np.ceil(NEGATIVE_TIME / step)), bins - positive)
    window = np.flatnonzero((ppm >= low_ppm) & (ppm <= high_ppm))
    centre = float(np.mean(frequency[window]))
    return Domain(
        samples=samples,
        first_bin=first_bin,
        bins=bins,
        taper=np.cos(0.5 * np.pi * beyond) ** 2,
        time=np.concatenate([np.arange(positive), np.arange(-negative, 0)]) * step,
        negative=negative,
        window=window,
        ppm=ppm[window],
        frequency=frequency[window] - centre,
    )
