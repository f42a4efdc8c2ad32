"""Refuse samples that cannot be analysed before anything is computed from them."""

from __future__ import annotations

import numpy as np

from fitting.acquisition import Recording
from fitting.errors import UnusableSignal
from fitting.fid import recorded
from fitting.preprocessing.damage import check_samples
from fitting.units import ComplexArray

FEWEST_POINTS = 64
"""Shorter FIDs cannot resolve the metabolites at any bandwidth in use."""


def check(recording: Recording) -> None:
    """Refuse non-finite, all-zero, constant, damaged or too short samples; zero filling does not count as length.

    Raises
    ------
    UnusableSignal
    """
    samples = recording.samples
    if not _all_finite(samples):
        count = int(np.count_nonzero(~np.isfinite(samples)))
        raise UnusableSignal(f"{count} samples are not finite (NaN or infinite); send the file as exported.")
    if not np.any(samples[..., 0]) and not np.any(samples):
        raise UnusableSignal("All samples are zero; the file holds no signal.")
    points = recorded(samples)
    if points < FEWEST_POINTS:
        raise UnusableSignal(
            f"The FID holds {points} points; at least {FEWEST_POINTS} are needed. "
            "Send the time-domain signal as the scanner stored it.",
            points=points,
        )
    if not np.any(samples[0, 0] != samples[0, 0, 0]) and np.all(samples == samples[0, 0, 0]):
        raise UnusableSignal("All samples have the same value; the file holds no signal.")
    check_samples(samples)


def _all_finite(samples: ComplexArray) -> bool:
    """Whether every sample is finite: their sum shows it in one step unless it overflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(samples.sum())) or bool(np.isfinite(samples).all())
