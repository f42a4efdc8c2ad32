"""Displacement of the spectrum found by referencing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from fitting.quality.instrument import Evidence, Instrument
from fitting.quality.numbers import number


@dataclass(frozen=True)
class Displacement(Instrument):
    """The shift that was applied."""

    shift_ppm: float = field(
        metadata=number(
            "How far the spectrum was moved to its reference, ppm, toward higher ppm.",
            unit="ppm",
            definition="How far the spectrum was moved toward higher ppm to put its peaks where they belong.",
            good="within 0.1",
            source="Near et al. 2021, doi:10.1002/nbm.4257, on referencing; several peaks, see `referencing.py`",
            example=0.013,
        )
    )

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Measure them."""
        return cls(shift_ppm=evidence.preprocessed.shift_ppm)
