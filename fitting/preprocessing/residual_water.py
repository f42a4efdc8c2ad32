"""Removing residual water: Hankel singular value decomposition of the FID, water components subtracted.

HSVD: Barkhuijsen, de Beer & van Ormondt 1987, doi:10.1016/0022-2364(87)90023-0. The signal subspace comes from the
eigenvectors of the small matrix H H*: the components of a full decomposition at a fraction of its cost.
"""

from __future__ import annotations

import numpy as np
import scipy.linalg

from fitting.units import ComplexArray, FloatArray, hz_to_ppm

WATER_BAND_PPM = (4.35, 5.3)
"""Where components count as water; its lower edge protects everything up to 4.2 ppm."""

ROWS = 256
SAMPLES = 512
COMPONENTS = 25
"""Size of the Hankel matrix and of its signal subspace: enough for brain at short echo time."""

BANDWIDTH_HZ = 2000.0
"""Faster sampled FIDs are first thinned to about this bandwidth, so that the Hankel matrix spans enough time."""


def _thinned(fid: ComplexArray, dwell_time: float) -> tuple[ComplexArray, float]:
    """The FID low-pass filtered and sampled every ``step``-th point."""
    step = max(1, int(1.0 / (dwell_time * BANDWIDTH_HZ)))
    if step == 1:
        return fid, dwell_time
    points = fid.size // step * step
    spectrum = np.fft.fft(fid[:points])
    keep = points // step
    index = np.fft.fftfreq(points, 1.0 / points)
    inside = np.abs(index) < keep / 2
    return np.asarray(np.fft.ifft(np.where(inside, spectrum, 0.0))[::step]), dwell_time * step


def poles(fid: ComplexArray, dwell_time: float) -> tuple[FloatArray, FloatArray]:
    """Frequencies (Hz) and dampings (1/s), both (components,), of the exponentials that make up a FID (points,)."""
    short, step = _thinned(fid, dwell_time)
    short = short[: min(SAMPLES, short.size)]
    rows = min(ROWS, short.size // 2)
    hankel = np.lib.stride_tricks.sliding_window_view(short, short.size - rows + 1)
    count = min(COMPONENTS, rows - 1)
    _, vectors = scipy.linalg.eigh(hankel @ hankel.conj().T, subset_by_index=(rows - count, rows - 1))
    rotation, *_ = np.linalg.lstsq(vectors[:-1], vectors[1:], rcond=None)
    values = np.linalg.eigvals(rotation)
    return np.angle(values) / (2 * np.pi * step), -np.log(np.abs(values)) / step


def remove_water(fid: ComplexArray, dwell_time: float, spectrometer_frequency: float) -> tuple[ComplexArray, int]:
    """The FID (points,) without its components in the water band, and how many those were.

    All components are fitted together, so that metabolites do not leak into the water that is subtracted. Growing
    components are noise and are left out.
    """
    frequency, damping = poles(fid, dwell_time)
    decaying = damping > 0
    frequency, damping = frequency[decaying], damping[decaying]
    ppm = hz_to_ppm(frequency, spectrometer_frequency)
    water = (ppm >= WATER_BAND_PPM[0]) & (ppm <= WATER_BAND_PPM[1])
    if not water.any():
        return fid, 0
    time = np.arange(fid.size) * dwell_time
    model = np.exp(time[:, None] * (2j * np.pi * frequency - damping))
    amplitudes, *_ = np.linalg.lstsq(model, fid, rcond=None)
    return fid - model[:, water] @ amplitudes[water], int(np.count_nonzero(water))
