"""Combining receive coils with the weights that give the highest signal-to-noise ratio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from fitting.preprocessing.noise import bin_differences, recorded, silent_differences
from fitting.units import ComplexArray, FloatArray

EARLY_SECONDS = 0.05
"""Part of the FID whose coil-by-coil products estimate the sensitivities."""

NOISE_TRANSIENTS = 8
"""Transients, spread over the scan, that estimate the noise covariance: thousands of silent bins, in little time."""

SHRINKAGE = 1e-3
"""Added to the diagonal of the noise correlation, which keeps it regular when coils duplicate each other."""

NOISE_FREE = 1e-12
"""Noise below this share of a coil's largest sample is rounding: a simulation without noise."""


@dataclass(frozen=True, slots=True)
class CoilWeights:
    """Weights (coils,) of the combination sum_c weight_c * sample_c, and the noise correlation they undo."""

    weights: ComplexArray
    largest_noise_correlation: float
    dead: int
    """Coils without any signal, which got no weight."""

    def combine(self, samples: ComplexArray) -> ComplexArray:
        """Samples (transients, coils, points) combined to (transients, points)."""
        return np.asarray(np.einsum("c,tcn->tn", self.weights, samples, optimize=True))


SINGLE_COIL = CoilWeights(np.ones(1, dtype=np.complex128), 0.0, 0)
"""What the scanner combined already passes through."""


def noise_covariance(samples: ComplexArray, dwell_time: float, spectrometer_frequency: float) -> ComplexArray:
    """Covariance (coils, coils) of the real noise between coils, from silent bins of (transients, coils, points)."""
    points = recorded(samples)
    chosen = np.unique(np.linspace(0, len(samples) - 1, NOISE_TRANSIENTS).round().astype(int))
    differences = bin_differences(samples[chosen, :, :points])
    power = np.abs(differences) ** 2
    loudness = power.mean(axis=(0, 2), keepdims=True)
    pooled = np.mean(power / np.where(loudness > 0, loudness, 1.0), axis=(0, 1))
    silent = silent_differences(pooled, dwell_time, spectrometer_frequency)
    flat = differences[:, :, silent].transpose(1, 0, 2).reshape(samples.shape[1], -1)
    return np.asarray(flat @ flat.conj().T / (2 * flat.shape[1]))


def coil_weights(
    signal: ComplexArray, noise: ComplexArray, dwell_time: float, spectrometer_frequency: float
) -> CoilWeights:
    """Noise-whitened combination: the first eigenvector of the whitened signal's coil-by-coil products.

    Parameters
    ----------
    signal : complex array, shape (transients, coils, points)
        Strongest available signal, best the water reference.
    noise : complex array, shape (transients, coils, points)
        Recording whose noise is to be whitened.
    dwell_time, spectrometer_frequency : float
        s, Hz of ``noise``; of ``signal`` only the first ``EARLY_SECONDS`` at the same dwell time are used.

    Notes
    -----
    Whitened singular value decomposition: Rodgers & Robson 2010, doi:10.1002/mrm.22230. Summing the products over
    transients and early points keeps them blind to drifts of frequency and phase. Coils are first scaled by their
    own noise, so a coil's gain does not matter. The weights leave the signal of equally sensitive coils unchanged,
    and their phase makes the largest weight real.
    """
    covariance = noise_covariance(noise, dwell_time, spectrometer_frequency)
    early = slice(0, max(1, round(EARLY_SECONDS / dwell_time)))
    sd, alive = _noise_scale(covariance, noise[..., early], signal[..., early])
    correlation = covariance[np.ix_(alive, alive)] / np.outer(sd, sd) + SHRINKAGE * np.eye(sd.size)
    lower = scipy.linalg.cholesky(correlation, lower=True)
    scaled = signal[:, alive, early] / sd[:, None]
    flat = scaled.transpose(1, 0, 2).reshape(sd.size, -1)
    whitened = scipy.linalg.solve_triangular(lower, flat / np.abs(flat).max(), lower=True)
    _, vectors = scipy.linalg.eigh(whitened @ whitened.conj().T)
    found = scipy.linalg.solve_triangular(lower, vectors[:, -1], lower=True, trans="C").conj() / sd
    largest = found[np.argmax(np.abs(found))]
    weights = np.zeros(signal.shape[1], dtype=np.complex128)
    weights[alive] = found * (np.conj(largest) / np.abs(largest)) / np.abs(found).sum()
    off_diagonal = np.abs(correlation - np.diag(np.diag(correlation)))
    return CoilWeights(weights, float(off_diagonal.max()), int(signal.shape[1] - sd.size))


def _noise_scale(
    covariance: ComplexArray, noise: ComplexArray, signal: ComplexArray
) -> tuple[FloatArray, np.ndarray[tuple[int], np.dtype[np.intp]]]:
    """Noise sd of the living coils and their indices; equal scales when there is no noise to measure."""
    peak = np.abs(noise).max(axis=(0, 2))
    alive = np.flatnonzero((peak > 0) & np.any(signal != 0, axis=(0, 2)))
    sd = np.sqrt(np.diag(covariance).real[alive])
    if np.any(sd <= NOISE_FREE * peak[alive]):
        sd = np.full(alive.size, peak[alive].max())
    return sd, alive
