"""Agreement of the transients and coils that were averaged and combined."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from fitting.quality.instrument import Evidence, Instrument
from fitting.quality.numbers import number


@dataclass(frozen=True)
class Combination(Instrument):
    """Agreement of transients and of coils."""

    amplitude_spread: float | None = field(
        metadata=number(
            "Standard deviation of the transients' amplitude over its mean, beyond what noise makes.",
            unit="1",
            definition=(
                "Standard deviation of the amplitude of the averaged transients over its mean, less what noise makes."
            ),
            good="below 0.05",
            source=(
                "Near et al. 2021, doi:10.1002/nbm.4257, on motion between transients; the measure is ours, see "
                "`averaging.py`"
            ),
            example=0.02,
        )
    )
    opposed_coils: int | None = field(
        metadata=number(
            "Coils whose signal has the other sign in the spectrum than in its water reference.",
            unit="coils",
            definition=(
                "Coils that correlate with the combined signal of the first 50 ms by more than 0.25 against the "
                "sign that they have in the water reference, from which the weights come."
            ),
            good="0",
            source="Rodgers & Robson 2010, doi:10.1002/mrm.22230, on one sensitivity for both; the measure is ours",
            example=0,
        )
    )

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Measure them."""
        found = evidence.preprocessed
        return cls(amplitude_spread=found.amplitude_spread, opposed_coils=found.opposed_coils)
