"""One signal from many transients: aligned, weighed and averaged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fitting.fid import Fid
from fitting.preprocessing.alignment import Alignment, Shifts, undo
from fitting.preprocessing.averaging import amplitude_spread, average, weights
from fitting.preprocessing.preprocessed import Transients
from fitting.preprocessing.step import REGISTRATION, Step, step


@dataclass(frozen=True, slots=True)
class Averaged:
    """One FID (points,) from many transients, with the findings of alignment and averaging."""

    fid: Fid
    aligned: Fid
    """The transients (transients, points) that were averaged, shifts and phases undone."""
    steps: tuple[Step, ...]
    transients: Transients | None
    drift_hz: float | None
    phase_spread_deg: float | None
    amplitude_spread: float | None


def averaged(transients: Fid, align: Callable[[Fid], Alignment]) -> Averaged:
    """Align, weigh and average transients (transients, points)."""
    count = len(transients.samples)
    if count == 1:
        return Averaged(transients.with_samples(transients.samples[0]), transients, (), None, None, None, None)
    aligned = align(transients)
    shifts = aligned.shifts
    weight = weights(aligned.signal, np.any(transients.samples != 0, axis=1))
    undone = undo(shifts, transients)
    mean, averaging = average(undone, weight)
    found = _transients(shifts, tuple(weight.tolist()))
    if not shifts.trustworthy:
        details = "Not applied: a single transient holds too little signal to be aligned."
        return Averaged(mean, undone, (step(REGISTRATION, details), averaging), found, None, None, None)
    used = weight > 0 if np.any(weight > 0) else np.ones_like(weight, dtype=bool)
    drift, spread = float(np.ptp(shifts.shift_hz[used])), float(np.rad2deg(np.std(shifts.phase[used])))
    details = (
        f"Spectral registration of {count} transients by {shifts.band.low_ppm:g} to "
        f"{shifts.band.high_ppm:g} ppm: frequency span {drift:.2f} Hz, phase spread {spread:.1f} deg of those averaged "
        f"(standard errors {shifts.shift_sd_hz:.2f} Hz, {np.rad2deg(shifts.phase_sd):.1f} deg)."
    )
    steps = (step(REGISTRATION, details), averaging)
    return Averaged(mean, undone, steps, found, drift, spread, amplitude_spread(aligned.signal, weight))


def _transients(shifts: Shifts, weight: tuple[float, ...]) -> Transients:
    """Shifts and weights as they are reported."""
    known = bool(np.isfinite(shifts.shift_sd_hz) and np.isfinite(shifts.phase_sd))
    return Transients(
        shift_hz=tuple(shifts.shift_hz.tolist()) if shifts.trustworthy else None,
        phase_deg=tuple(np.rad2deg(shifts.phase).tolist()) if shifts.trustworthy else None,
        shift_sd_hz=shifts.shift_sd_hz if known else None,
        phase_sd_deg=float(np.rad2deg(shifts.phase_sd)) if known else None,
        weight=weight,
    )
