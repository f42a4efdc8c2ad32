"""Eddy-current correction from the water reference (Klose 1990, doi:10.1002/mrm.1910140104)."""

from __future__ import annotations

import numpy as np

from fitting.preprocessing.noise import noise_sd
from fitting.units import ComplexArray, FloatArray

USABLE_SIGNAL = 20.0
"""Times the noise that the water must exceed for its phase to be trusted."""

FIT_SHARE = 0.2
"""Last share of the trusted phase that its straight continuation is fitted to."""


def water_phase(water: ComplexArray, dwell_time: float, spectrometer_frequency: float) -> FloatArray | None:
    """Phase (points,) of the water FID in rad, continued as a straight line where water sinks into the noise.

    None when there is too little water signal to trust.
    """
    noise = noise_sd(water, dwell_time, spectrometer_frequency)
    magnitude = np.abs(water)
    lost = np.flatnonzero(magnitude < USABLE_SIGNAL * noise)
    trusted = int(lost[0]) if lost.size else water.size
    if trusted < min(32, water.size):
        return None
    phase = np.unwrap(np.angle(water[:trusted]))
    time = np.arange(water.size, dtype=np.float64) * dwell_time
    tail = slice(trusted - max(8, round(FIT_SHARE * trusted)), trusted)
    slope, offset = np.polyfit(time[tail], phase[tail], 1)
    continued = slope * time[trusted:] + offset
    return np.concatenate([phase, continued])
