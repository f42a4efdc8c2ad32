"""Removing residual water: Hankel singular value decomposition of the FID, water components subtracted.

HSVD: Barkhuijsen, de Beer & van Ormondt 1987, doi:10.1016/0022-2364(87)90023-0. The signal subspace comes from the
small matrix H H* by subspace iteration (Halko, Martinsson & Tropp 2011, doi:10.1137/090771806): the strong components
of a full decomposition at a fraction of its cost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from scipy.linalg import blas

from fitting.fid import Axes, Fid, exponentials
from fitting.units import ComplexArray, FloatArray, hz_to_ppm

WATER_BAND_PPM = (4.35, 5.3)
"""Range in which components count as water: 0.65 ppm above it, where there is no other signal, and 0.3 ppm below, which
leaves the fitted range up to 4.2 ppm alone."""

ROWS = 256
SAMPLES = 512
COMPONENTS = 25
"""Size of the Hankel matrix and of its signal subspace: enough for brain at short echo time."""

OVERSAMPLING = 25
ITERATIONS = 2
"""Vectors beyond ``COMPONENTS``, and double products with H H*: with these, water and metabolites come out as by a full
decomposition; with 15 vectors the metabolites changed by twice as much."""

AMPLITUDE_SAMPLES = 1024
"""First samples (after thinning) that the amplitudes are fitted to; later ones of brain hold noise."""

NARROWEST_HZ = 800.0
BANDWIDTH_PPM = 13.0
"""Faster sampled FIDs are first thinned to the larger of these bandwidths, so that the Hankel matrix spans enough
time and still holds all of brain on either side of water."""


@dataclass(frozen=True, slots=True)
class DampedExponentials:
    """Decaying exponentials that make up a FID: frequency (Hz), damping (1/s), amplitude; each (components,)."""

    frequency: FloatArray
    damping: FloatArray
    amplitude: ComplexArray

    def water(self, spectrometer_frequency: float, shift_ppm: float = 0.0) -> DampedExponentials:
        """The components in the water band once the spectrum is moved by ``shift_ppm`` toward higher ppm."""
        ppm = hz_to_ppm(self.frequency, spectrometer_frequency) + shift_ppm
        inside = (ppm >= WATER_BAND_PPM[0]) & (ppm <= WATER_BAND_PPM[1])
        return DampedExponentials(self.frequency[inside], self.damping[inside], self.amplitude[inside])

    @property
    def none(self) -> DampedExponentials:
        """None of them."""
        return DampedExponentials(self.frequency[:0], self.damping[:0], self.amplitude[:0])

    def fid(self, axes: Axes) -> Fid:
        """Their sum, shape (points,)."""
        rates = self.damping - 2j * np.pi * self.frequency
        samples = self.amplitude @ exponentials(rates, axes.dwell_time, 0, axes.points)
        return Fid(np.asarray(samples), axes.dwell_time, axes.frequency)

    def __len__(self) -> int:
        return int(self.frequency.size)


def decompose(fid: Fid) -> DampedExponentials:
    """The exponentials that make up a FID (points,).

    All amplitudes are fitted together, so that metabolites do not leak into the water. Growing components are noise
    and are left out.
    """
    short, step = _thinned(fid, max(NARROWEST_HZ, BANDWIDTH_PPM * fid.frequency * 1e-6))
    poles = _poles(short)
    poles = poles[(np.abs(poles) > 0.0) & (np.abs(poles) < 1.0)]
    frequency = np.angle(poles) / (2 * np.pi * step)
    damping = -np.log(np.abs(poles)) / step
    fitted = short[:AMPLITUDE_SAMPLES]
    model = np.vander(poles, fitted.size, increasing=True).T
    amplitude, *_ = scipy.linalg.lstsq(model, fitted, lapack_driver="gelsy", check_finite=False)
    times = np.arange(round(step / fid.dwell_time))[:, None] * fid.dwell_time
    averaged = np.exp(times * (2j * np.pi * frequency - damping))
    return DampedExponentials(frequency, damping, np.asarray(amplitude / averaged.mean(axis=0)))


def _thinned(fid: Fid, bandwidth: float) -> tuple[ComplexArray, float]:
    """Means of runs of samples, and their dwell time (s): a sum of exponentials keeps its poles exactly.

    Frequencies that would alias onto the water at zero are the very ones that such averaging removes.
    """
    run = max(1, int(1.0 / (fid.dwell_time * bandwidth)))
    runs = fid.samples[: fid.points // run * run].reshape(-1, run)
    return np.asarray(runs.mean(axis=1)), fid.dwell_time * run


def _poles(fid: ComplexArray) -> ComplexArray:
    """Ratios of successive samples, one per component, from the shift invariance of the signal subspace."""
    early = fid[: min(SAMPLES, fid.size)]
    rows = min(ROWS, early.size // 2)
    vectors = _strongest(_hankel_products(early, rows), min(COMPONENTS, rows - 1))
    # The least-squares rotation of the upper rows onto the lower ones; with orthonormal columns its normal matrix is
    # the identity less the product of the last row.
    last = vectors[-1].conj()
    projected = vectors[:-1].conj().T @ vectors[1:]
    rotation = projected + np.outer(last, last.conj() @ projected) / (1.0 - np.vdot(last, last).real)
    return np.asarray(np.linalg.eigvals(rotation), dtype=np.complex128)


def _hankel_products(samples: ComplexArray, rows: int) -> ComplexArray:
    """H H* (rows, rows) of the Hankel matrix H of samples: BLAS makes one half, the other is its conjugate."""
    hankel = np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(samples, samples.size - rows + 1))
    half = blas.zherk(1.0, hankel.T, trans=2)
    return np.asarray(half.T + np.triu(half, 1).conj())


def _strongest(products: ComplexArray, count: int) -> ComplexArray:
    """The ``count`` strongest eigenvectors of a positive matrix (n, n), shape (n, count)."""
    size = products.shape[0]
    width = min(size, count + OVERSAMPLING)
    if width == size:
        return np.asarray(scipy.linalg.eigh(products, check_finite=False)[1][:, size - count :])
    # Columns of the matrix itself start the iteration: no random numbers, so equal answers for equal input.
    basis = products[:, np.linspace(0, size - 1, width).round().astype(int)]
    for _ in range(ITERATIONS):
        basis = np.linalg.qr(products @ (products @ basis))[0]
    _, vectors = scipy.linalg.eigh(basis.conj().T @ products @ basis, check_finite=False)
    return np.asarray(basis @ vectors[:, width - count :])
