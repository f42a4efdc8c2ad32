"""Whether numbers were too coarse for the signal: rounding errors of a whole noise's size follow the signal."""

from __future__ import annotations

import numpy as np

from fitting.preprocessing.noise import noise_sd
from fitting.units import ComplexArray

ROUNDING = 1e-9
"""Relative difference below which two values are one; readers may have scaled them."""


def digitisation_step(samples: ComplexArray, dwell_time: float, spectrometer_frequency: float) -> float | None:
    """Smallest step between two values of samples (transients, coils, points) over the noise's sd; None without it.

    Of the loudest coil in the first transient. Steps below the noise are dithered by it and do no harm (Widrow & Kollár
    2008, Quantization Noise, chapter 20); where rounding is all the noise there is, the step is 3.5 times its sd.
    """
    loudest = int(np.argmax(np.sum(np.abs(samples[0]) ** 2, axis=-1)))
    fid = samples[0, loudest]
    noise = noise_sd(fid, dwell_time, spectrometer_frequency)
    values = np.unique(np.concatenate([fid.real, fid.imag]))
    steps = np.diff(values)
    steps = steps[steps > ROUNDING * np.abs(values).max()]
    return float(steps.min()) / noise if noise > 0 and steps.size else None
