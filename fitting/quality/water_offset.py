"""Offset of the receiver under the water reference: it does not decay and adds to the water."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from fitting.fid import Fid
from fitting.quality.instrument import Evidence, Instrument
from fitting.quality.numbers import number

TAIL = 8
"""The last two of so many parts of the FID are compared."""

STEADY = 0.1
"""Relative difference of their means below which their signal does not decay: between them water of even 0.5 Hz in
an FID of 1 s loses more."""


def water_offset(water: Fid) -> float:
    """Height of a constant that a FID (points,), as the receiver delivered it, ends on, over its largest sample."""
    samples, part = water.samples, max(1, water.points // TAIL)
    last, before = samples[-part:].mean(), samples[-2 * part : -part].mean()
    largest = float(np.abs(samples).max())
    steady = abs(last - before) < STEADY * abs(last)
    return float(abs(last)) / largest if steady and largest > 0 else 0.0


@dataclass(frozen=True)
class WaterOffset(Instrument):
    """Constant under the reference."""

    water_offset: float | None = field(
        metadata=number(
            "Height of a constant that the water reference ends on over its largest sample.",
            unit="1",
            definition=(
                "Mean of the last eighth of the water reference's FID over its largest sample, where the eighth "
                "before has the same mean within a tenth; else 0."
            ),
            good="0",
            source=(
                "Hoult & Richards 1975, doi:10.1098/rspa.1975.0104, on offsets of the channels; the measure is "
                "ours, see `water_offset.py`"
            ),
            example=0.0,
        )
    )

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Measure them."""
        water = evidence.preprocessed.water_mean
        return cls(water_offset=None if water is None else water_offset(water))
