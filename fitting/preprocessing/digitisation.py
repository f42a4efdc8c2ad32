"""Whether numbers were too coarse for the signal: rounding errors of a whole noise's size follow the signal."""

from __future__ import annotations

import numpy as np

from fitting.fid import Fid

ROUNDING = 1e-9
"""Relative difference below which two values are one; readers may have scaled them."""


def digitisation_step(recorded: Fid) -> float | None:
    """Smallest step between two values of FIDs (transients, coils, points) over the noise's sd; None without noise.

    Of the loudest coil in the first transient. Steps below the noise are dithered by it and do no harm (Widrow & Kollár
    2008, Quantization Noise, chapter 20); where rounding is all the noise there is, the step is 3.5 times its sd.
    """
    loudest = int(np.argmax(np.sum(np.abs(recorded.samples[0]) ** 2, axis=-1)))
    fid = recorded.with_samples(recorded.samples[0, loudest])
    values = np.unique(np.concatenate([fid.samples.real, fid.samples.imag]))
    steps = np.diff(values)
    steps = steps[steps > ROUNDING * np.abs(values).max()]
    return float(steps.min()) / fid.noise if fid.noise > 0 and steps.size else None
