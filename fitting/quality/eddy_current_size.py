"""Size of the eddy currents found by their correction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from fitting.quality.instrument import Evidence, Instrument
from fitting.quality.numbers import number


@dataclass(frozen=True)
class EddyCurrentSize(Instrument):
    """Phase that eddy currents gave to the water."""

    eddy_current_deg: float | None = field(
        metadata=number(
            "Largest phase of the water reference beyond a shift and a constant in its first 50 ms, degrees.",
            unit="deg",
            definition=(
                "Largest phase of the water reference beyond a straight line (a shift and a constant phase) in "
                "its first 50 ms."
            ),
            good="any, when corrected",
            source="Klose 1990, doi:10.1002/mrm.1910140104",
            example=4.3,
        )
    )

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Measure them."""
        return cls(eddy_current_deg=evidence.preprocessed.eddy_current_deg)
