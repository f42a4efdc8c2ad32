"""Detect samples at the end of the receiver's range: a clipped signal is not linear in concentration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from fitting.quality.instrument import Evidence, Instrument
from fitting.quality.numbers import number
from fitting.units import ComplexArray

EARLY_SHARE = 1 / 32
FEWEST_SEARCHED = 32
"""First part of the FID that is searched, and its least number of points; an FID is largest at its start."""

RUN = 3
"""Neighbouring samples that must have one and the same value: coarse digitisation makes two alike by chance."""

SAME = 1e-6
"""Relative difference below which two values are one; readers may have scaled them."""


def clipped_samples(samples: ComplexArray) -> int:
    """Real and imaginary parts of samples (transients, coils, points) that stand in runs at their coil's largest value.

    A receiver whose range ends at some value returns that value for everything beyond it. Filtering after the
    converter smooths such runs, so zero does not prove that nothing was cut off.
    """
    early = samples[..., : max(FEWEST_SEARCHED, round(EARLY_SHARE * samples.shape[-1]))]
    parts = np.stack([early.real, early.imag])
    largest = np.abs(parts).max(axis=(0, 1, 3))
    loud = np.flatnonzero(largest > 0)
    at_end = np.abs(parts[:, :, loud]) >= (1 - SAME) * largest[loud][:, None]
    if np.count_nonzero(at_end) < RUN:
        return 0
    runs = at_end[..., : -(RUN - 1)].copy()
    for offset in range(1, RUN):
        runs &= at_end[..., offset : runs.shape[-1] + offset]
    covered = np.zeros_like(at_end)
    for offset in range(RUN):
        covered[..., offset : runs.shape[-1] + offset] |= runs
    return int(np.count_nonzero(covered))


@dataclass(frozen=True)
class Clipping(Instrument):
    """Counts of samples at the end of the range."""

    clipped_samples: int | None = field(
        metadata=number(
            "Samples of the spectrum in runs at the end of the receiver's range; null in analyses made before"
            " they were counted.",
            unit="samples",
            definition=(
                "Real and imaginary parts in the first 1/32 of the FIDs (at least 32 points) in runs of three or "
                "more at the largest value of their coil. Filters after the converter smooth such runs: zero is "
                "no proof."
            ),
            good="0",
            source="Kreis 2004, doi:10.1002/nbm.891, on receiver overflow; the measure is ours",
            example=0,
        )
    )
    water_clipped_samples: int | None = field(
        metadata=number(
            "The same of the water reference.",
            unit="samples",
            definition="`clipped_samples` of the water reference, which is the strongest signal of the scan.",
            good="0",
            source="Kreis 2004, doi:10.1002/nbm.891; the measure is ours",
            example=0,
        )
    )

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Measure them."""
        found = evidence.preprocessed
        water = found.recorded_water
        return cls(
            clipped_samples=clipped_samples(found.recorded.samples),
            water_clipped_samples=None if water is None else clipped_samples(water.samples),
        )
