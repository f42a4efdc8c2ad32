"""Signal of the water reference at the start of the acquisition, and what one of its protons gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fitting.errors import UnusableSignal
from fitting.signal import time_axis
from fitting.units import ComplexArray, FloatArray

PROTONS_OF_WATER = 2.0

WINDOW = 0.025
"""Longest part of the FID that is used, s: short against T2* of water in tissue, so a parabola fits its logarithm."""
DECAY = 0.4
"""The window ends where the signal has fallen to this share of its highest early point."""
FEWEST_POINTS = 8
REWEIGHTINGS = 20
SETTLED = 0.01
"""Change of the intercept, relative to the scatter of the points, at which reweighting ends."""
TUKEY = 4.685
"""Tuning constant of the biweight: 95 % efficient for Gaussian residuals (Beaton & Tukey 1974)."""


@dataclass(frozen=True, slots=True)
class WaterSignal:
    """Magnitude of the water FID at t = 0 and its relative standard deviation."""

    amplitude: float
    relative_sd: float

    @property
    def per_proton(self) -> float:
        """Signal of one water proton, in the units of the FID."""
        return self.amplitude / PROTONS_OF_WATER


def water_signal(water: ComplexArray, dwell_time: float) -> WaterSignal:
    """Extrapolate the magnitude of the water FID to t = 0.

    A Voigt line decays as ln|s(t)| = a − πΔ_L t − b t². A parabola is fitted to the logarithm of the
    magnitude of the first milliseconds, with Tukey's biweight so that points upset by a digital filter do
    not count: scanners write first points of 57 % and 105 % of the true decay, or ring for longer. The
    magnitude knows neither phase, nor frequency, nor eddy currents. The standard deviation adds the
    scatter about the parabola and the change when only the first half of the window is used.

    Parameters
    ----------
    water : complex128 array, shape (points,)
        Water reference, first point whole, on the receiver scale of the metabolite FID.
    dwell_time : float
        s.

    Raises
    ------
    UnusableSignal
        When the FID is not finite, too short, or holds no decaying water signal.
    """
    points = min(water.size, round(WINDOW / dwell_time) + 1)
    if points < FEWEST_POINTS or not np.all(np.isfinite(water)):
        raise UnusableSignal("The water reference is too short or holds values that are not finite.")
    magnitude = np.abs(water)
    early = magnitude[:points]
    peak = float(np.max(early))
    noise = float(np.median(magnitude[-max(FEWEST_POINTS, water.size // 8) :]))
    if peak <= 0.0 or float(np.median(early[:FEWEST_POINTS])) <= 3.0 * noise:
        raise UnusableSignal("The water reference holds no water signal above its noise; check which file it is.")
    # one low point is an upset point; three in a row are the decay
    low = early < DECAY * peak
    lasting = np.flatnonzero(low[:-2] & low[1:-1] & low[2:])
    used = max(int(lasting[0]), FEWEST_POINTS) if lasting.size else points
    times = time_axis(used, dwell_time)
    logarithm = np.log(np.maximum(early[:used], 1e-6 * peak))
    intercept, scatter = _robust_intercept(times, logarithm)
    half = max(FEWEST_POINTS, used // 2)
    shorter, _ = _robust_intercept(times[:half], logarithm[:half])
    return WaterSignal(float(np.exp(intercept)), float(np.hypot(scatter, shorter - intercept)))


def _robust_intercept(times: FloatArray, values: FloatArray) -> tuple[float, float]:
    """Value at time zero of a parabola through ``values`` and its standard deviation, by iterated reweighting."""
    scaled = times / times[-1]
    design = np.stack([np.ones_like(scaled), scaled, scaled**2], axis=1)
    weights = np.ones_like(values)
    intercept = np.inf
    for _ in range(REWEIGHTINGS):
        normal = design.T @ (weights[:, None] * design)
        coefficients = np.linalg.solve(normal, design.T @ (weights * values))
        residuals = values - design @ coefficients
        scale = max(1.4826 * float(np.median(np.abs(residuals))), 1e-12)
        weights = np.clip(1.0 - (residuals / (TUKEY * scale)) ** 2, 1e-9, None) ** 2
        settled = abs(coefficients[0] - intercept) < SETTLED * scale
        intercept = float(coefficients[0])
        if settled:
            break
    variance = float(weights @ residuals**2) / max(float(weights.sum()) - design.shape[1], 1.0)
    return intercept, float(np.sqrt(variance * np.linalg.inv(normal)[0, 0]))
