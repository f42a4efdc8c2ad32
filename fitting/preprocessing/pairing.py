"""Check that a water reference belongs to its spectrum: it must hold more water than suppression left over."""

from __future__ import annotations

import numpy as np
import scipy.fft

from fitting.errors import UnusableSignal
from fitting.fid import Fid
from fitting.preprocessing.residual_water import WATER_BAND_PPM

MOST_RESIDUAL_WATER = 0.5
"""Largest share of the reference's water that a spectrum may hold. Suppression leaves a hundredth or less; more than
half means swapped files, a reference that is suppressed too, or two receiver scales, and concentrations would be wrong
by that factor."""

CHOSEN = 8
"""Number of transients, spread over the scan, that estimate a typical one."""


def check_pair(left: float, whole: float) -> None:
    """Refuse a reference that holds too little water for its spectrum.

    Parameters
    ----------
    left, whole : float
        ``water_height`` of the spectrum and of its reference, whose coils were combined alike.

    Raises
    ------
    UnusableSignal
    """
    if left > MOST_RESIDUAL_WATER * whole:
        ratio = left / whole if whole > 0 else float("inf")
        raise UnusableSignal(
            f"The spectrum holds {ratio:.3g} times the water of its water reference (at most "
            f"{MOST_RESIDUAL_WATER:g}): the two files are swapped, the reference is water-suppressed too, or they are "
            "not on one receiver scale. Send the reference without water suppression that belongs to this spectrum, "
            "or none.",
            role="water_reference",
            ratio=round(ratio, 6),
        )


def water_height(transients: Fid) -> float:
    """Height of the water line of a typical one of the transients (transients, points), sample times second.

    The spectrum times the dwell time does not depend on how finely the FID was sampled.
    """
    ppm, samples = transients.axes.fft_ppm, transients.samples
    inside = (ppm >= WATER_BAND_PPM[0]) & (ppm <= WATER_BAND_PPM[1])
    chosen = samples[:: 1 + len(samples) // CHOSEN]
    gain = float(np.abs(chosen).max()) or 1.0
    power = np.abs(scipy.fft.fft(chosen / gain, axis=-1)[..., inside]) ** 2
    return float(np.sqrt(power.mean(axis=0).max())) * transients.dwell_time * gain
