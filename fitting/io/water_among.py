"""Find transients without water suppression among those of one scan, where no header field tells them apart.

Scanners store them before, after or at every n-th place between the suppressed ones: product sequences with interleaved
water, sequences with integrated references, dynamics of Philips objects, two signals in one jMRUI file.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fitting.acquisition import Recording
from fitting.units import ComplexArray

Mask = npt.NDArray[np.bool_]

LOUDER = 10.0
"""Unsuppressed water has this many times the amplitude of the other transients at least; typical are 20 to 1000."""
ALIKE = 1.25
"""Largest ratio between the amplitudes of unsuppressed transients: they differ by noise and motion only. A transient
whose suppression failed is no reference."""
_EARLY = 16
"""Amplitudes are compared over this fraction of the FID, where noise weighs least."""
_LINE_HZ, _LINE_SHARE = 100.0, 0.85
"""Within this distance of its peak a line holds this share of its power at least; fat beside water takes it away."""


def water_among(samples: ComplexArray, dwell_time: float | None) -> Mask | None:
    """Which transients are unsuppressed water, or None when none are, or it is not certain.

    Parameters
    ----------
    samples : complex array, shape (transients, coils, points)
    dwell_time : float or None
        s; without it nothing is certain.

    Returns
    -------
    bool array, shape (transients,), or None
        Some but not all are True: fewer than the others, of two transients one. All of them are louder than all others,
        equally loud, one line, and at the begin or end or at regular places.
    """
    count = len(samples)
    if dwell_time is None or count < 2:
        return None
    samples = of_unit_size(samples)
    early = samples[..., : max(16, samples.shape[-1] // _EARLY)]
    loudness = np.sqrt(np.mean(np.abs(early) ** 2, axis=(1, 2)))
    loud: Mask = loudness > LOUDER * np.min(loudness)
    quiet = loudness[~loud]
    if not 0 < np.count_nonzero(loud) <= count // 2 or np.median(quiet) <= 0:
        return None
    is_apart = loudness[loud].min() > LOUDER * quiet.max()
    is_alike = loudness[loud].max() <= ALIKE * loudness[loud].min()
    if not (is_apart and is_alike and _is_regular(np.flatnonzero(loud), count)):
        return None
    return loud if all(_is_one_line(transient, dwell_time) for transient in samples[loud]) else None


def of_unit_size(samples: ComplexArray) -> ComplexArray:
    """The samples over the largest part of one of them, so that no square of them overflows; zeros stay."""
    largest = float(np.abs(samples.view(np.float64)).max())
    return samples / largest if largest > 0 else samples


def with_water_apart(recording: Recording) -> Recording:
    """The recording with its unsuppressed transients, if there are any, as its water reference."""
    if recording.water is not None:
        return recording
    loud = water_among(recording.samples, recording.acquisition.dwell_time)
    return recording if loud is None else split(recording, loud)


def split(recording: Recording, water: Mask) -> Recording:
    """The recording with the transients of a mask as its water reference; each counts as one average."""
    acquisition = recording.acquisition
    of_water = replace(acquisition, averages=int(np.count_nonzero(water)), water_suppressed=False)
    of_scan = replace(acquisition, averages=int(np.count_nonzero(~water)), water_suppressed=True)
    reference = Recording(recording.samples[water], of_water)
    return replace(recording, samples=recording.samples[~water], acquisition=of_scan, water=reference)


def _is_regular(places: npt.NDArray[np.intp], count: int) -> bool:
    """Whether places are a block at the begin, the end or both, or follow each other at one distance."""
    inner = np.setdiff1d(np.arange(count), places)
    at_ends = inner.size == inner[-1] - inner[0] + 1
    return bool(at_ends or (places.size > 1 and np.ptp(np.diff(places)) == 0))


def _is_one_line(transient: ComplexArray, dwell_time: float) -> bool:
    """Whether a transient (coils, points) is one line: nearly all its power is close to its peak."""
    power = np.sum(np.abs(np.fft.fft(transient, axis=-1)) ** 2, axis=0)
    distance = np.fft.fftfreq(power.size, dwell_time) - np.fft.fftfreq(power.size, dwell_time)[np.argmax(power)]
    width = 1.0 / dwell_time
    near = np.abs((distance + width / 2) % width - width / 2) <= _LINE_HZ
    return bool(power[near].sum() >= _LINE_SHARE * power.sum())
