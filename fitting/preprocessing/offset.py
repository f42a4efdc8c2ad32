"""Whether the water reference stands on an offset of the receiver, which never decays and adds to the water."""

from __future__ import annotations

import numpy as np

from fitting.fid import Fid

TAIL = 8
"""The last two of so many parts of the FID are compared."""

STEADY = 0.1
"""Relative difference of their means below which what they hold does not decay: between them water of even 0.5 Hz in
an FID of 1 s loses more."""


def water_offset(water: Fid) -> float:
    """Height of a constant that a FID (points,), as the receiver delivered it, ends on, over its largest sample."""
    samples, part = water.samples, max(1, water.points // TAIL)
    last, before = samples[-part:].mean(), samples[-2 * part : -part].mean()
    largest = float(np.abs(samples).max())
    steady = abs(last - before) < STEADY * abs(last)
    return float(abs(last)) / largest if steady and largest > 0 else 0.0
