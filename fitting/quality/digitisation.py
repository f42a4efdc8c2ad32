"""Check that numbers are fine enough for the signal: rounding errors as large as the noise follow the signal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from fitting.fid import Fid
from fitting.quality.instrument import Evidence, Instrument
from fitting.quality.numbers import number

ROUNDING = 1e-9
"""Relative difference below which two values are one; readers may have scaled them."""


def digitisation_step(recorded: Fid) -> float | None:
    """Smallest step between two values of FIDs (transients, coils, points) over the noise's sd; None without noise.

    Of the loudest coil in the first transient. Steps below the noise are dithered by it and do no harm (Widrow & Kollár
    2008, Quantization Noise, chapter 20); where rounding is all the noise there is, the step is 3.5 times its sd.
    """
    loudest = int(np.argmax(np.sum(np.abs(recorded.samples[0]) ** 2, axis=-1)))
    fid = recorded.with_samples(recorded.samples[0, loudest])
    values = np.unique(np.concatenate([fid.samples.real, fid.samples.imag]))
    steps = np.diff(values)
    steps = steps[steps > ROUNDING * np.abs(values).max()]
    return float(steps.min()) / fid.noise if fid.noise > 0 and steps.size else None


@dataclass(frozen=True)
class Digitisation(Instrument):
    """Step of the stored numbers."""

    digitisation_step: float | None = field(
        metadata=number(
            "Smallest step between two values of the samples over their noise's standard deviation.",
            unit="1",
            definition=(
                "Smallest step between two values of the samples, in the loudest coil of the first transient, "
                "over the standard deviation of their noise."
            ),
            good="below 0.1",
            source=(
                "Widrow & Kollár 2008, Quantization Noise (Cambridge), chapter 20, on dither; the measure is "
                "ours, see `digitisation.py`"
            ),
            example=0.0001,
        )
    )

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Measure them."""
        return cls(digitisation_step=digitisation_step(evidence.preprocessed.recorded))
