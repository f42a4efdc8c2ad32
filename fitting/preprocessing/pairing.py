"""Whether a water reference can be that of its spectrum: it must hold more water than suppression left over."""

from __future__ import annotations

import numpy as np

from fitting.errors import UnusableSignal
from fitting.preprocessing.residual_water import WATER_BAND_PPM
from fitting.signal import Recording
from fitting.units import ppm_axis_of_fft

MOST_RESIDUAL_WATER = 0.5
"""Of the reference's water, what a spectrum may hold. Suppression leaves a hundredth or less; more than half means
swapped files, a reference that is suppressed too, or two receiver scales, and concentrations would be wrong by that
factor."""


def check_pair(recording: Recording, reference: Recording, spectrometer_frequency: float) -> None:
    """Refuse a reference that holds too little water for its spectrum.

    Parameters
    ----------
    recording, reference : Recording
        With dwell times known, and as many coils as each other.
    spectrometer_frequency : float
        Hz.

    Raises
    ------
    UnusableSignal
    """
    left, whole = (water_height(part, spectrometer_frequency) for part in (recording, reference))
    if left > MOST_RESIDUAL_WATER * whole:
        raise UnusableSignal(
            f"The spectrum holds {left / whole:.3g} times the water of its water reference (at most "
            f"{MOST_RESIDUAL_WATER:g}): the two files are swapped, the reference is water-suppressed too, or they are "
            "not on one receiver scale. Send the reference without water suppression that belongs to this spectrum, "
            "or none.",
            role="water_reference",
            ratio=round(left / whole, 6),
        )


def water_height(recording: Recording, spectrometer_frequency: float) -> float:
    """Height of the water line of a typical transient, over all coils, in units of sample times second.

    The spectrum times the dwell time does not depend on how finely the FID was sampled.
    """
    dwell_time = recording.acquisition.dwell_time
    if dwell_time is None:
        raise ValueError("the height of a line needs a dwell time")
    ppm = ppm_axis_of_fft(recording.points, dwell_time, spectrometer_frequency)
    inside = (ppm >= WATER_BAND_PPM[0]) & (ppm <= WATER_BAND_PPM[1])
    gain = float(np.abs(recording.samples).max())
    power = np.abs(np.fft.fft(recording.samples / gain, axis=-1)[..., inside]) ** 2
    return float(np.sqrt(power.sum(axis=1).mean(axis=0).max())) * dwell_time * gain
