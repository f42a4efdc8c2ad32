"""Samples that cannot be analysed are refused before anything is computed from them."""

from __future__ import annotations

import numpy as np

from fitting.errors import UnusableSignal
from fitting.preprocessing.noise import recorded
from fitting.signal import Recording

FEWEST_POINTS = 64
"""Shorter FIDs cannot resolve the metabolites at any bandwidth in use."""


def check(recording: Recording) -> None:
    """Refuse non-finite, all-zero, constant or too short samples; zero filling does not count as length.

    Raises
    ------
    UnusableSignal
    """
    samples = recording.samples
    if not np.isfinite(samples).all():
        count = int(np.count_nonzero(~np.isfinite(samples)))
        raise UnusableSignal(f"{count} samples are not finite (NaN or infinite); send the file as exported.")
    if not np.any(samples):
        raise UnusableSignal("All samples are zero; the file holds no signal.")
    points = recorded(samples)
    if points < FEWEST_POINTS:
        raise UnusableSignal(
            f"The FID holds {points} points; at least {FEWEST_POINTS} are needed. "
            "Send the time-domain signal as the scanner stored it.",
            points=points,
        )
    if np.all(samples == samples[0, 0, 0]):
        raise UnusableSignal("All samples have the same value; the file holds no signal.")
