"""Combining receive coils with the weights that give the highest signal-to-noise ratio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from fitting.preprocessing.noise import recorded, silent_bins
from fitting.units import ComplexArray

EARLY_SECONDS = 0.05
"""Part of the FID whose coil-by-coil products estimate the sensitivities."""

SHRINKAGE = 1e-3
"""Share of the mean variance added to the noise covariance, which keeps it regular with a dead coil."""


@dataclass(frozen=True, slots=True)
class CoilWeights:
    """Weights (coils,) of the combination sum_c weight_c * sample_c."""

    weights: ComplexArray

    def combine(self, samples: ComplexArray) -> ComplexArray:
        """Samples (transients, coils, points) combined to (transients, points)."""
        return np.asarray(np.einsum("c,tcn->tn", self.weights, samples))


def noise_covariance(samples: ComplexArray, dwell_time: float, spectrometer_frequency: float) -> ComplexArray:
    """Covariance (coils, coils) of the noise between coils, from silent bins of (transients, coils, points)."""
    points = recorded(samples)
    spectra = np.fft.fft(samples[..., :points], axis=-1)
    bins = silent_bins(points, dwell_time, spectrometer_frequency)
    neighbours = bins[:-1][np.diff(bins) == 1]
    steps = spectra[..., neighbours + 1] - spectra[..., neighbours]
    flat = steps.transpose(1, 0, 2).reshape(samples.shape[1], -1)
    covariance = flat @ flat.conj().T / flat.shape[1]
    return np.asarray(covariance + SHRINKAGE * np.trace(covariance).real / len(covariance) * np.eye(len(covariance)))


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
        s, Hz.

    Notes
    -----
    Whitened SVD combination: Rodgers & Robson 2010, doi:10.1002/mrm.22230. Products over transients and early points
    do not see a drift of frequency or phase. Weights have the size that leaves the signal of equally sensitive coils
    unchanged, and the phase that makes the largest weight real.
    """
    lower = scipy.linalg.cholesky(noise_covariance(noise, dwell_time, spectrometer_frequency), lower=True)
    early = signal[..., : max(1, round(EARLY_SECONDS / dwell_time))]
    flat = early.transpose(1, 0, 2).reshape(signal.shape[1], -1)
    whitened = scipy.linalg.solve_triangular(lower, flat, lower=True)
    _, vectors = scipy.linalg.eigh(whitened @ whitened.conj().T)
    direction = vectors[:, -1]
    weights = scipy.linalg.solve_triangular(lower, direction, lower=True, trans="C").conj()
    largest = weights[np.argmax(np.abs(weights))]
    return CoilWeights(weights * (np.conj(largest) / np.abs(largest)) / np.abs(weights).sum())
