"""Signal of the water reference at the start of the acquisition, and that of one of its protons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fitting.errors import UnusableSignal
from fitting.fid import Fid
from fitting.preprocessing.early_decay import FEWEST_POINTS, early_points, robust_parabola

PROTONS_OF_WATER = 2.0


@dataclass(frozen=True, slots=True)
class WaterSignal:
    """Magnitude of the water FID at t = 0 and its relative standard deviation."""

    amplitude: float
    relative_sd: float

    @property
    def per_proton(self) -> float:
        """Signal of one water proton, in the units of the FID."""
        return self.amplitude / PROTONS_OF_WATER


def water_signal(water: Fid) -> WaterSignal:
    """Extrapolate the magnitude of the water FID to t = 0.

    A Voigt line decays as ln|s(t)| = a − πΔ_L t − b t². A parabola is fitted to the logarithm of the
    magnitude of the first milliseconds, with Tukey's biweight so that points upset by a digital filter do
    not count: scanners write first points of 57 % and 105 % of the true decay, or ring for longer. The
    magnitude knows neither phase, nor frequency, nor eddy currents. The standard deviation adds the
    scatter about the parabola and the change when only the first half of the window is used.

    Parameters
    ----------
    water : Fid, shape (points,)
        Water reference, first point whole, on the receiver scale of the metabolite FID.

    Raises
    ------
    UnusableSignal
        When the FID is not finite, too short, or holds no decaying water signal.
    """
    if water.points < FEWEST_POINTS or not np.all(np.isfinite(water.samples)):
        raise UnusableSignal("The water reference is too short or holds values that are not finite.")
    magnitude, dwell_time = np.abs(water.samples), water.dwell_time
    points = early_points(magnitude, dwell_time)
    if points < FEWEST_POINTS:
        raise UnusableSignal("The water reference is too short or holds values that are not finite.")
    early = magnitude[:points]
    noise = float(np.median(magnitude[-max(FEWEST_POINTS, water.points // 8) :]))
    if not early.max() > 0.0 or float(np.median(early[:FEWEST_POINTS])) <= 3.0 * noise:
        raise UnusableSignal("The water reference holds no water signal above its noise; check which file it is.")
    whole = robust_parabola(early, dwell_time)
    shorter = robust_parabola(early[: max(FEWEST_POINTS, points // 2)], dwell_time)
    return WaterSignal(
        float(np.exp(whole.intercept)), float(np.hypot(whole.intercept_sd, shorter.intercept - whole.intercept))
    )
