"""The free induction decay (FID): samples with their axes, and the noise of one sample.

Samples follow the NIfTI-MRS convention everywhere: complex128, higher ppm = lower FFT frequency, the
first point whole (as a scanner writes it, not halved), zero frequency = ``WATER_PPM``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fitting.units import ComplexArray, FloatArray, hz_to_ppm

BRAIN_PPM = (-0.3, 5.5)
"""Signal of brain between the lipids and the foot of the water line; outside are only weak amide protons."""

EDGE_FRACTION = 0.05
"""Share of the bandwidth at each edge that receiver filters may attenuate."""

FEWEST_SHARE = 0.15
"""With less of the spectrum than this outside ``BRAIN_PPM`` the whole spectrum is searched for noise."""

ORDER = 2
"""Differences between neighbouring bins: first ones (a - b) leave the tail of an unsuppressed water line, second
ones (a - 2 b + c) do not."""

BLOCK = 16
"""Number of neighbouring bins that are classified together as silent or not."""

BLOCK_SPREAD = 0.35
"""Relative standard deviation of a block's mean square, sqrt(1.94 / 16): neighbouring second differences are
correlated."""

LOUD = 3.5
"""Standard deviations above the silent blocks' mean at which a block holds signal."""

SERIES = 16
"""Samples of one block of the product that makes exponential decays."""

SHORTEST_ZERO_TAIL = 16
"""Samples; a shorter run of exact zeros at the end may be coarse digitisation."""


@dataclass(frozen=True, slots=True)
class Axes:
    """Sample times and chemical shifts of an FID; values without samples, so equal axes are equal keys."""

    points: int
    """Number of complex samples."""
    dwell_time: float
    """Time between samples, s."""
    frequency: float
    """Spectrometer frequency, Hz."""

    @property
    def time(self) -> FloatArray:
        """Sample times (s), shape (points,), starting at zero."""
        return time_axis(self.points, self.dwell_time)

    @property
    def fft_ppm(self) -> FloatArray:
        """Chemical shifts (ppm), shape (points,), of the bins of ``numpy.fft.fft(samples)`` in their native order."""
        frequency = np.asarray(np.fft.fftfreq(self.points, self.dwell_time), dtype=np.float64)
        return hz_to_ppm(frequency, self.frequency)

    @property
    def ppm(self) -> FloatArray:
        """The same in the order of ``numpy.fft.fftshift``: descending, as spectra are drawn."""
        return np.fft.fftshift(self.fft_ppm)

    def with_points(self, points: int) -> Axes:
        """The axes of so many samples, as after zero filling or truncation."""
        return replace(self, points=points)


@dataclass(frozen=True, slots=True, eq=False)
class Fid:
    """One FID, shape (points,), or several of the same acquisition, shape (..., points).

    Immutable: methods return new FIDs and leave this one and its samples unchanged.
    """

    samples: ComplexArray
    """Complex samples, in the units of the receiver."""
    dwell_time: float
    """Time between samples, s."""
    frequency: float
    """Spectrometer frequency, Hz."""
    _noise: float | None = field(default=None, init=False, repr=False)

    @property
    def points(self) -> int:
        """Number of complex samples of each FID."""
        return int(self.samples.shape[-1])

    @property
    def axes(self) -> Axes:
        """Sample times and chemical shifts."""
        return Axes(self.points, self.dwell_time, self.frequency)

    @property
    def time(self) -> FloatArray:
        """Sample times (s), shape (points,), starting at zero."""
        return self.axes.time

    @property
    def ppm(self) -> FloatArray:
        """Chemical shifts (ppm), shape (points,), of ``spectrum``: descending."""
        return self.axes.ppm

    @property
    def spectrum(self) -> ComplexArray:
        """Spectrum, shape (..., points), on the axis ``ppm``."""
        return np.asarray(np.fft.fftshift(np.fft.fft(self.samples, axis=-1), axes=-1))

    @property
    def noise(self) -> float:
        """Standard deviation of the real part of one sample, pooled over several FIDs; computed once.

        From differences between neighbouring silent bins. A tail of exact zeros is cut first: it holds no noise and
        would correlate the bins. Zero when there is no noise.
        """
        if self._noise is None:
            object.__setattr__(self, "_noise", self._estimated_noise())
        return self._noise or 0.0

    def with_samples(self, samples: ComplexArray) -> Fid:
        """Other samples of the same dwell time and spectrometer frequency."""
        return Fid(samples, self.dwell_time, self.frequency)

    def shifted(self, hz: float) -> Fid:
        """Moved by ``hz`` toward higher ppm."""
        return self.with_samples(np.asarray(self.samples * np.exp(-2j * np.pi * hz * self.time)))

    def phased(self, rad: float | FloatArray) -> Fid:
        """Turned by a phase (rad): one for all samples, or one for each, shape (points,)."""
        return self.with_samples(np.asarray(self.samples * np.exp(1j * rad)))

    def truncated(self, points: int) -> Fid:
        """The first ``points`` samples."""
        return self if points >= self.points else self.with_samples(self.samples[..., :points])

    def with_same_noise(self, samples: ComplexArray) -> Fid:
        """Other samples with the noise of these, which is not estimated again: lines taken off, or phases turned."""
        return self._with_noise(samples, self.noise)

    def scaled(self, power_of_two: float) -> Fid:
        """Times a power of two, which rounds neither the samples nor their noise."""
        return self._with_noise(self.samples * power_of_two, self.noise * power_of_two)

    def _with_noise(self, samples: ComplexArray, noise: float) -> Fid:
        other = self.with_samples(samples)
        object.__setattr__(other, "_noise", noise)
        return other

    def _estimated_noise(self) -> float:
        points = recorded(self.samples)
        if points <= ORDER:
            return 0.0
        differences = bin_differences(self.samples[..., :points].reshape(-1, points))
        power = np.mean(np.abs(differences) ** 2, axis=0)
        silent = silent_differences(power, self.axes.with_points(points))
        return float(np.sqrt(np.mean(power[silent]) / 2))


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """One combined, averaged, referenced FID ready for the fit, with its water FID.

    Both have shape (points,) and the same axes; ``water`` is None without a reference and shares the FID's receiver
    scale. Frequencies are referenced: tNAA CH3 stands at 2.01 ppm within a few hertz.
    """

    fid: Fid
    water: Fid | None = None

    def truncated(self, points: int) -> Spectrum:
        """The first ``points`` samples of both."""
        return Spectrum(self.fid.truncated(points), None if self.water is None else self.water.truncated(points))


def time_axis(points: int, dwell_time: float) -> FloatArray:
    """Sample times (s), shape (points,), starting at zero."""
    return np.arange(points, dtype=np.float64) * dwell_time


def exponentials(rates: ComplexArray, spacing: float, first: int, stop: int) -> ComplexArray:
    """exp(-rate t) at t = first, ... (stop - 1) times ``spacing`` (s), shape (K, stop - first), of ``rates`` (K,), 1/s.

    Products of two short series of exponentials, which is ten times faster than the exponential of each.
    """
    before = -(first // SERIES)
    coarse = np.arange(-before, -(-stop // SERIES)) * (SERIES * spacing)
    fine = np.arange(SERIES) * spacing
    blocks = np.exp(-rates[:, None] * coarse)[:, :, None] * np.exp(-rates[:, None] * fine)[:, None, :]
    zero = before * SERIES
    return blocks.reshape(rates.size, coarse.size * SERIES)[:, zero + first : zero + stop]


def recorded(samples: ComplexArray) -> int:
    """Number of points before a tail of exact zeros (zero filling, cut-off), for samples of shape (..., points)."""
    points = int(samples.shape[-1])
    if np.any(samples[..., -SHORTEST_ZERO_TAIL:]):
        return points
    filled = np.flatnonzero(np.any(samples.reshape(-1, points) != 0, axis=0))
    return int(filled[-1]) + 1 if filled.size else 0


def bin_differences(samples: ComplexArray) -> ComplexArray:
    """Differences of neighbouring FFT bins, shape (..., points - ORDER): smooth tails of signal cancel.

    Scaled so that white noise of variance v in the real part of a sample gives a mean squared magnitude of 2 v.
    """
    scale = np.sqrt(math.comb(2 * ORDER, ORDER) * samples.shape[-1])
    return np.asarray(np.diff(np.fft.fft(samples, axis=-1), n=ORDER, axis=-1) / scale)


def silent_differences(power: npt.NDArray[np.float64], axes: Axes) -> npt.NDArray[np.intp]:
    """Indices of neighbour differences without signal.

    Parameters
    ----------
    power : float array, shape (points - ORDER,)
        Squared magnitude of ``bin_differences``, pooled over whatever is measured together.
    axes : Axes
        Of the samples that the differences come from.

    Notes
    -----
    Blocks of neighbours outside the brain's range are compared: the silent ones agree within what chance allows with
    the quietest quarter, and louder ones are dropped. So a lipid alias, a spike or a narrow bandwidth does no harm.
    """
    candidates = _searched(axes)
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
def _searched(axes: Axes) -> npt.NDArray[np.intp]:
    """Indices of the neighbour differences that are searched for signal-free blocks."""
    offset = np.abs(np.fft.fftfreq(axes.points)[:-ORDER])
    ppm = axes.fft_ppm[:-ORDER]
    inside = offset <= 0.5 - EDGE_FRACTION
    outside_brain = inside & ((ppm < BRAIN_PPM[0]) | (ppm > BRAIN_PPM[1]))
    if np.count_nonzero(outside_brain) >= FEWEST_SHARE * axes.points:
        inside = outside_brain
    searched = np.flatnonzero(inside)
    searched.setflags(write=False)
    return searched
