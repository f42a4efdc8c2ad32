"""Lone samples that a disturbance put into the averaged signal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from fitting.preprocessing.damage import spikes
from fitting.quality.instrument import Evidence, Instrument
from fitting.quality.numbers import number


@dataclass(frozen=True)
class LoneSamples(Instrument):
    """Count of spikes."""

    spikes: int | None = field(
        metadata=number(
            "Lone samples that stand far out of the averaged signal; null in analyses made before they were counted.",
            unit="samples",
            definition=(
                "Lone samples of the averaged FID beyond 8 times the median of their neighbours, see `damage.py`."
            ),
            good="0",
            source="Kreis 2004, doi:10.1002/nbm.891, on artefacts; the measure is ours",
            example=0,
        )
    )

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Measure them."""
        return cls(spikes=len(spikes(evidence.preprocessed.mean.samples)))
