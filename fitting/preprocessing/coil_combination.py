"""Combining receive coils with the weights that give the highest signal-to-noise ratio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.linalg

from fitting.fid import Fid, bin_differences, recorded, silent_differences
from fitting.units import ComplexArray, FloatArray

EARLY_SECONDS = 0.05
"""Part of the FID whose coil-by-coil products estimate the sensitivities."""

BINS_PER_COIL = 200
"""Bins of noise that estimate the covariance, for each coil, from transients spread over the scan: that many cost the
combination about 1 / 200 of its signal-to-noise ratio (Reed, Mallett & Brennan 1974, doi:10.1109/TAES.1974.307893)."""

FEWEST_TRANSIENTS = 4
"""Noise of fewer could all be that of one disturbance."""

LEAST_LOADING = 1e-4
LOADING = 0.01
"""Shares of a coil's own noise: one keeps the noise correlation regular when coils duplicate each other, the other when
there are hardly more noise values than coils."""

OPPOSED = 0.25
"""Correlation of a coil with the combination, against the expected sign, from which it counts as opposed."""

NOISE_FREE = 1e-12
"""Noise below this share of a coil's largest sample is rounding: a simulation without noise."""


@dataclass(frozen=True, slots=True)
class NoiseCovariance:
    """Covariance (coils, coils) of the real noise between coils, and what it comes from."""

    matrix: ComplexArray
    values: int
    """Noise values of each coil."""
    peak: FloatArray
    """Largest real or imaginary part of each coil in the transients it comes from, shape (coils,)."""


@dataclass(frozen=True, slots=True)
class CoilWeights:
    """Weights (coils,) of the combination sum_c weight_c * sample_c, and the noise correlation they undo."""

    weights: ComplexArray
    largest_noise_correlation: float
    dead: int
    """Coils without any signal, which got no weight."""

    def combine(self, uncombined: Fid) -> Fid:
        """Transients of all coils, (transients, coils, points), combined to (transients, points)."""
        return uncombined.with_samples(self._together(uncombined.samples))

    def opposed(self, samples: ComplexArray, signal: ComplexArray, early: int) -> int:
        """Coils whose signal has the other sign in ``samples`` than in ``signal`` (transients, coils, points).

        Where a coil's polarity or phase differs between the recording that is combined and the one that the weights
        come from, its signal cancels that of the others. Each coil is held against the combination over its ``early``
        first points: noise correlates with it as signal does, so that it never looks opposed.
        """
        found, expected = (self._along(part[..., :early]) for part in (samples, signal))
        return int(np.count_nonzero((found * expected.conj()).real < -OPPOSED * np.abs(expected)))

    def _along(self, samples: ComplexArray) -> ComplexArray:
        """Correlation (coils,) of each coil with the combination."""
        together = self._together(samples)[:, None]
        products = np.sum(samples * together.conj(), axis=(0, 2))
        size = np.sqrt(np.sum(np.abs(samples) ** 2, axis=(0, 2)) * np.sum(np.abs(together) ** 2))
        return np.asarray(products / np.where(size > 0, size, 1.0))

    def _together(self, samples: ComplexArray) -> ComplexArray:
        return np.asarray(np.matmul(self.weights, samples))


SINGLE_COIL = CoilWeights(np.ones(1, dtype=np.complex128), 0.0, 0)
"""Data that the scanner has combined pass through unchanged."""


def noise_covariance(fid: Fid) -> NoiseCovariance:
    """The noise of FIDs (transients, coils, points), from the silent bins of some transients."""
    samples = fid.samples
    points = recorded(samples)
    transients, coils = samples.shape[:2]
    wanted = max(FEWEST_TRANSIENTS, int(np.ceil(2 * BINS_PER_COIL * coils / points)))
    chosen = np.unique(np.linspace(0, transients - 1, min(wanted, transients)).round().astype(int))
    used = samples[chosen, :, :points]
    differences = bin_differences(used)
    power = differences.real**2 + differences.imag**2
    loudness = power.mean(axis=(0, 2), keepdims=True)
    pooled = np.mean(power / np.where(loudness > 0, loudness, 1.0), axis=(0, 1))
    silent = silent_differences(pooled, fid.axes.with_points(points))
    heard = differences[:, :, silent]
    values = chosen.size * silent.size
    return NoiseCovariance(_products(heard) / (2 * values), values, np.abs(used.view(np.float64)).max(axis=(0, 2)))


def coil_weights(signal: ComplexArray, noise: Fid) -> CoilWeights:
    """Noise-whitened combination: the first eigenvector of the whitened signal's coil-by-coil products.

    Parameters
    ----------
    signal : complex array, shape (transients, coils, points)
        Strongest available signal, best the water reference; of it as many first samples are used as ``noise`` has in
        ``EARLY_SECONDS``.
    noise : Fid, shape (transients, coils, points)
        FIDs whose noise is to be whitened.

    Notes
    -----
    Whitened singular value decomposition: Rodgers & Robson 2010, doi:10.1002/mrm.22230. Summing the products over
    transients and early points keeps them blind to drifts of frequency and phase. Coils are first scaled by their
    own noise, so a coil's gain does not matter. The weights leave the signal of equally sensitive coils unchanged,
    and their phase makes the largest weight real.
    """
    covariance = noise_covariance(noise)
    early = slice(0, max(1, round(EARLY_SECONDS / noise.dwell_time)))
    sd, alive = _noise_scale(covariance, signal[..., early])
    measured = covariance.matrix[np.ix_(alive, alive)] / np.outer(sd, sd)
    lower = scipy.linalg.cholesky(_loaded(measured, covariance.values), lower=True)
    found = _first_vector(signal[:, alive, early] / sd[:, None], lower) / sd
    largest = found[np.argmax(np.abs(found))]
    weights = np.zeros(signal.shape[1], dtype=np.complex128)
    weights[alive] = found * (np.conj(largest) / np.abs(largest)) / np.abs(found).sum()
    off_diagonal = np.abs(measured - np.diag(np.diag(measured)))
    return CoilWeights(weights, float(off_diagonal.max()), int(signal.shape[1] - sd.size))


def _first_vector(signal: ComplexArray, lower: ComplexArray) -> ComplexArray:
    """Weights (coils,) of the strongest whitened signal; ``lower`` is the Cholesky factor of the noise."""
    products = _products(signal / np.abs(signal).max())
    half = scipy.linalg.solve_triangular(lower, products, lower=True)
    whitened = scipy.linalg.solve_triangular(lower, half.conj().T, lower=True)
    _, vectors = scipy.linalg.eigh(whitened, subset_by_index=(lower.shape[0] - 1, lower.shape[0] - 1))
    return np.asarray(scipy.linalg.solve_triangular(lower, vectors[:, 0], lower=True, trans="C").conj())


def _products(samples: ComplexArray) -> ComplexArray:
    """Coil-by-coil products (coils, coils) of samples (transients, coils, points), summed over the rest."""
    return np.asarray(np.matmul(samples, samples.conj().transpose(0, 2, 1)).sum(axis=0))


def _loaded(correlation: ComplexArray, values: int) -> ComplexArray:
    """The correlation (coils, coils) with a little added to its diagonal, more where it is estimated from few noise
    values.

    Diagonal loading (Cox, Zeskind & Owen 1987, doi:10.1109/TASSP.1987.1165054) keeps directions without measured noise
    from being taken for free of noise. Shrinkage that is best for the covariance itself costs a combination far more.
    """
    coils = correlation.shape[0]
    return np.asarray(correlation + max(LEAST_LOADING, LOADING * (coils / values) ** 2) * np.eye(coils))


def _noise_scale(covariance: NoiseCovariance, signal: ComplexArray) -> tuple[FloatArray, npt.NDArray[np.intp]]:
    """Noise sd of the living coils and their indices; equal scales when there is no noise to measure."""
    alive = np.flatnonzero((covariance.peak > 0) & np.any(signal != 0, axis=(0, 2)))
    sd, peak = np.sqrt(np.diag(covariance.matrix).real[alive]), covariance.peak[alive]
    return (np.full(alive.size, peak.max()) if np.any(sd <= NOISE_FREE * peak) else sd), alive
