"""Line shape from the water reference."""

from __future__ import annotations

import numpy as np

from fitting.fid import Fid
from fitting.units import FloatArray

TRUSTED = 30.0
"""Times the noise that the water FID must exceed for its magnitude to be followed."""

SMOOTHING_SECONDS = 0.006
"""Length of the running mean over the magnitude, which takes its noise away and keeps beats of shimming."""

SHORTEST_SECONDS = 0.02
"""A water FID that reaches the noise earlier does not determine the line shape."""


def water_envelope(water: Fid | None, time: FloatArray) -> FloatArray | None:
    """Magnitude of the eddy-current-corrected water FID at ``time`` (n,), 1 at zero; None without a usable reference.

    Followed while it stands out of the noise, then continued as the Voigt decay exp(a - bt - ct²) that fits it, which
    also continues it to the few negative times of decimated signals.
    """
    if water is None:
        return None
    magnitude = np.abs(water.samples)
    lost = np.flatnonzero(magnitude < TRUSTED * water.noise)
    trusted = int(lost[0]) if lost.size else magnitude.size
    if trusted * water.dwell_time < SHORTEST_SECONDS:
        return None
    powers = np.vander(water.time, 3)
    weight = magnitude[:trusted]
    solution, *_ = np.linalg.lstsq(powers[:trusted] * weight[:, None], np.log(magnitude[:trusted]) * weight, rcond=None)
    solution[:2] = np.minimum(solution[:2], 0.0)
    voigt = np.exp(powers[:trusted] @ solution)
    smoothed = max(1, round(SMOOTHING_SECONDS / water.dwell_time))
    detail = _running_mean(magnitude[:trusted] / voigt, smoothed)
    followed = np.interp(time, water.time[:trusted], detail) / (detail[0] * voigt[0])
    return np.asarray(np.exp(np.vander(time, 3) @ solution) * followed, dtype=np.float64)


def _running_mean(values: FloatArray, length: int) -> FloatArray:
    """Mean over ``length`` neighbours (made odd), with the ends continued by point reflection."""
    half = min(length // 2, values.size - 1)
    if half == 0:
        return values
    padded = np.pad(values, half, mode="reflect", reflect_type="odd")
    return np.asarray(np.convolve(padded, np.full(2 * half + 1, 1.0 / (2 * half + 1)), mode="valid"))
