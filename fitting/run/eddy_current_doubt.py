"""Evidence in the data for uncorrected eddy currents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fitting.quality import Quality
from fitting.reason import Reason

SUSPICIOUS = 1.2
"""Residual over noise, in any part of the spectrum, from which corrected data are looked into; noise alone is 1."""

DECAYS = (0.02, 0.06, 0.15)
"""s; slower ones are a shift of frequency, faster ones over before the metabolites are alone."""

FIRST_TRIED = (1.0, -1.0)
"""rad at the start; smaller ones move no value by its standard deviation."""

FURTHER = (2.0, 4.0)
"""Further factors, tried where the first ones explain the data better."""

PROMISING = 1.02
BETTER = 1.25
"""Ratio of squared residuals of rough fits from which more is tried, and from which the phase is believed: on published
scans of brains the best was 1.13 (docs/real-files.md), with 2 rad in a good simulated scan it is 1.5."""


@dataclass(frozen=True, slots=True)
class DecayingPhase:
    """A phase of all signal, and the effect of its removal on a rough fit."""

    size: float
    """rad at the start."""
    decay: float
    """s."""
    gain: float
    """Factor by which the squared residual decreases."""


def eddy_current_doubt(
    quality: Quality, *, corrected: bool, rough: Callable[[float, float], float]
) -> tuple[Reason, ...]:
    """A reason when a decaying phase of all signal explains the data much better than none.

    Without a water reference the common phase of all lines due to eddy currents stays uncorrected, and a flexible
    baseline takes up what the lines cannot: the fit leaves noise, and Glu comes out 20 % too low.

    Parameters
    ----------
    quality : Quality
    corrected : bool
        Whether the spectrum was corrected by its water reference; then only a suspicious residual is examined.
    rough : callable
        Residual over noise that a rough fit leaves once a phase of so many rad at the start that decays in so many
        seconds is taken off.
    """
    worst = max((region.rms_over_noise for region in quality.residual_by_region), default=0.0)
    if corrected and worst < SUSPICIOUS:
        return ()
    best = best_phase(rough)
    if best.gain < BETTER:
        return ()
    sentence = (
        f"A phase of {np.rad2deg(abs(best.size)):.0f} degrees that decays within {1e3 * best.decay:.0f} ms explains "
        "the spectrum better than none: eddy currents that nothing has corrected, or a moving frequency. Send the "
        "water reference of the same volume."
    )
    return (Reason("eddy-currents-uncorrected", sentence),)


def best_phase(rough: Callable[[float, float], float]) -> DecayingPhase:
    """The decaying phase that explains the data best, roughly; larger ones are tried only where that is promising."""
    without = rough(0.0, DECAYS[0])

    def best(sizes: tuple[float, ...], decays: tuple[float, ...]) -> DecayingPhase:
        tried = [DecayingPhase(size, decay, (without / rough(size, decay)) ** 2) for decay in decays for size in sizes]
        return max(tried, key=lambda phase: phase.gain)

    first = best(FIRST_TRIED, DECAYS)
    if first.gain < PROMISING:
        return first
    return max(first, best(tuple(factor * first.size for factor in FURTHER), DECAYS), key=lambda phase: phase.gain)
