"""Averaging transients by their likelihood: corrupted ones are left out, doubtful ones count less."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fitting.fid import Fid
from fitting.preprocessing.band_signal import BandSignal
from fitting.preprocessing.step import AVERAGING, Step, step
from fitting.units import ComplexArray, FloatArray

FEWEST = 4
"""With fewer transients nothing can be called an outlier."""

REJECTION = 5.0
"""Robust standard deviations beyond the median at which a transient counts as corrupted."""

SMALLEST_CHANGE = 0.15
"""Relative change of amplitude (its square: of energy) below which a transient is never rejected: it would cost more
noise than it could bias."""

DOUBT = 4.0
"""Robust standard deviations of its departure from which a transient counts less; below it good transients would differ
by chance alone, and unequal weights would only cost signal-to-noise ratio."""

LISTED = 12
"""Largest number of transients that a step lists individually."""


def weights(signal: BandSignal, filled: npt.NDArray[np.bool_]) -> FloatArray:
    """Weights (transients,) of the average: 1 for a good transient, 0 for a corrupted one, between for a doubtful one.

    Parameters
    ----------
    signal : BandSignal
        Aligned signal that decides.
    filled : bool array, shape (transients,)
        Whether a transient holds samples at all.

    Notes
    -----
    Transient i is the signal that all share plus a departure of variance s_i, as motion, a phantom echo or a worse
    noise make it; the likelihood of the shared signal is then largest for the mean weighted by 1 / s_i (Bevington &
    Robinson 2003, section 4.1). Departures weigh alike in either direction, so that the weights do not bias the
    amplitude.
    """
    found = filled.astype(np.float64)
    if np.count_nonzero(filled) < FEWEST:
        return found
    samples = signal.samples[filled]
    typical = _typical(samples)
    energy = float(np.sum(np.abs(typical) ** 2))
    if not energy > 0:
        return found
    amplitude = (samples @ typical.conj()).real / energy
    rest = np.sum(np.abs(samples - amplitude[:, None] * typical) ** 2, axis=1) / energy
    noise = float(np.median(rest))
    count = samples.shape[1]
    strange = _score(amplitude, np.sqrt(noise / (2 * count))) > REJECTION
    strange &= np.abs(amplitude - np.median(amplitude)) > SMALLEST_CHANGE
    unlike = (_score(rest, noise / np.sqrt(count)) > REJECTION) & (rest - noise > SMALLEST_CHANGE**2)
    departure = rest + (amplitude - np.median(amplitude)) ** 2
    usual = float(np.median(departure))
    doubtful = (departure > usual) & (_score(departure, noise / np.sqrt(count)) > DOUBT)
    graded = np.where(doubtful, usual / np.where(doubtful, departure, 1.0), 1.0)
    found[filled] = np.where(strange | unlike, 0.0, graded)
    return found


def amplitude_spread(signal: BandSignal, weights: FloatArray) -> float | None:
    """Standard deviation of the amplitude of the aligned transients over its mean, beyond what noise makes.

    Transients of no weight do not count; None with fewer than ``FEWEST`` others, or without signal. Motion, a loose
    coil or a gain that changed during the scan make a mean that is not the amplitude of the volume.
    """
    samples = signal.samples[weights > 0]
    typical = _typical(samples) if len(samples) >= FEWEST else np.zeros(1)
    energy = float(np.sum(np.abs(typical) ** 2))
    if not energy > 0:
        return None
    amplitude = (samples @ typical.conj()).real / energy
    excess = float(np.var(amplitude, ddof=1)) - signal.noise_sd**2 / energy
    mean = float(np.mean(amplitude))
    return float(np.sqrt(max(0.0, excess))) / mean if mean > 0 else None


def _typical(samples: ComplexArray) -> ComplexArray:
    """Robust mean of samples (transients, n): the median along and across the mean, whatever the phase."""
    mean = samples.mean(axis=0)
    direction = np.exp(1j * np.angle(mean))
    turned = samples * direction.conj()
    return np.asarray(direction * (np.median(turned.real, axis=0) + 1j * np.median(turned.imag, axis=0)))


def _score(values: FloatArray, expected: float) -> FloatArray:
    """Distance from the median in robust standard deviations, but at least in the ``expected`` ones."""
    distance = np.abs(values - np.median(values))
    spread = max(1.4826 * float(np.median(distance)), expected)
    return np.asarray(distance / spread if spread > 0 else np.zeros_like(values))


def average(transients: Fid, weights: FloatArray) -> tuple[Fid, Step]:
    """Weighted mean (points,) of transients (transients, points): not their sum, so the scale is that of one."""
    total = float(weights.sum())
    samples = transients.samples
    mean = weights @ samples / total if total > 0 else samples.mean(axis=0)
    used, rejected = np.flatnonzero(weights > 0), np.flatnonzero(weights == 0)
    details = f"Mean of {used.size} transients; {rejected.size} rejected as unlike the others{_numbers(rejected)}"
    doubtful = np.flatnonzero((weights > 0) & (weights < 1))
    if doubtful.size:
        details += f"; {doubtful.size} at less than full weight{_numbers(doubtful)}"
    return transients.with_samples(np.asarray(mean)), step(AVERAGING, details + ".")


def _numbers(indices: npt.NDArray[np.intp]) -> str:
    """The transients' numbers in words; the first is number 1."""
    if not indices.size:
        return ""
    named = ", ".join(str(index + 1) for index in indices[:LISTED])
    return f" (number {named}{', ...' if indices.size > LISTED else ''})"
