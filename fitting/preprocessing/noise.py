"""The noise of one sample, from the part of the spectrum that holds no signal."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fitting.units import ComplexArray, ppm_axis_of_fft

BRAIN_PPM = (-0.3, 5.5)
"""Signal of brain between the lipids and the foot of the water line; outside are only weak amide protons."""

EDGE_FRACTION = 0.05
"""Share of the bandwidth at each edge that receiver filters may attenuate."""

FEWEST_SHARE = 0.15
"""With less of the spectrum than this outside ``BRAIN_PPM`` the whole spectrum is searched for silence."""

ORDER = 2
"""Differences between neighbouring bins: first ones (a - b) leave the tail of an unsuppressed water line, second
ones (a - 2 b + c) do not."""

BLOCK = 16
"""Neighbouring bins judged together: silent or not."""

BLOCK_SPREAD = 0.35
"""Relative standard deviation of a block's mean square, sqrt(1.94 / 16): neighbouring second differences are
correlated."""

LOUD = 3.5
"""Standard deviations above the silent blocks' mean at which a block holds signal."""

SHORTEST_ZERO_TAIL = 16
"""Samples; a shorter run of exact zeros at the end may be coarse digitisation."""


def recorded(samples: ComplexArray) -> int:
    """Number of points before a tail of exact zeros (zero filling, cut-off), for samples of shape (..., points)."""
    points = int(samples.shape[-1])
    if np.any(samples[..., -SHORTEST_ZERO_TAIL:]):
        return points
    filled = np.flatnonzero(np.any(samples.reshape(-1, points) != 0, axis=0))
    return int(filled[-1]) + 1 if filled.size else 0


def bin_differences(samples: ComplexArray) -> ComplexArray:
    """What neighbouring FFT bins do not share, shape (..., points - ORDER): smooth tails of signal cancel.

    Scaled so that white noise of variance v in the real part of a sample gives a mean squared magnitude of 2 v.
    """
    scale = np.sqrt(math.comb(2 * ORDER, ORDER) * samples.shape[-1])
    return np.asarray(np.diff(np.fft.fft(samples, axis=-1), n=ORDER, axis=-1) / scale)


def silent_differences(
    power: npt.NDArray[np.float64], dwell_time: float, spectrometer_frequency: float
) -> npt.NDArray[np.intp]:
    """Indices of neighbour differences without signal.

    Parameters
    ----------
    power : float array, shape (points - ORDER,)
        Squared magnitude of ``bin_differences``, pooled over whatever is measured together.
    dwell_time, spectrometer_frequency : float
        s, Hz.

    Notes
    -----
    Blocks of neighbours outside the brain's range are compared: the silent ones agree within what chance allows with
    the quietest quarter, and louder ones are dropped. So a lipid alias, a spike or a narrow bandwidth does no harm.
    """
    candidates = _searched(power.size + ORDER, dwell_time, spectrometer_frequency)
    starts = np.arange(0, max(1, candidates.size - BLOCK + 1), BLOCK)
    lengths = np.diff(starts, append=candidates.size)
    loudness = np.add.reduceat(power[candidates], starts) / lengths
    ceiling = float(np.quantile(loudness, 0.25)) * (1 + LOUD * BLOCK_SPREAD)
    for _ in range(10):
        silent = loudness <= ceiling
        raised = float(np.mean(loudness[silent])) * (1 + LOUD * BLOCK_SPREAD)
        if raised == ceiling:
            break
        ceiling = raised
    return candidates[np.repeat(loudness <= ceiling, lengths)]


@lru_cache(maxsize=16)
def _searched(points: int, dwell_time: float, spectrometer_frequency: float) -> npt.NDArray[np.intp]:
    """Indices of the neighbour differences among which silence is searched."""
    offset = np.abs(np.fft.fftfreq(points)[:-ORDER])
    ppm = ppm_axis_of_fft(points, dwell_time, spectrometer_frequency)[:-ORDER]
    inside = offset <= 0.5 - EDGE_FRACTION
    outside_brain = inside & ((ppm < BRAIN_PPM[0]) | (ppm > BRAIN_PPM[1]))
    if np.count_nonzero(outside_brain) >= FEWEST_SHARE * points:
        inside = outside_brain
    found = np.flatnonzero(inside)
    found.setflags(write=False)
    return found


def noise_sd(fid: ComplexArray, dwell_time: float, spectrometer_frequency: float) -> float:
    """Standard deviation of the real part of one sample of a FID (points,), or pooled over several (fids, points).

    From differences between neighbouring silent bins. A tail of exact zeros is cut first: it holds no noise and
    would correlate the bins. Zero when the FID holds no noise.
    """
    points = recorded(fid)
    if points <= ORDER:
        return 0.0
    differences = bin_differences(fid[..., :points].reshape(-1, points))
    power = np.mean(np.abs(differences) ** 2, axis=0)
    silent = silent_differences(power, dwell_time, spectrometer_frequency)
    return float(np.sqrt(np.mean(power[silent]) / 2))
