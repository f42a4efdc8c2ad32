"""Spread of the transients before alignment, found by registration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from fitting.quality.instrument import Evidence, Instrument
from fitting.quality.numbers import number


@dataclass(frozen=True)
class TransientSpread(Instrument):
    """Drift and phases of the transients."""

    frequency_drift_hz: float | None = field(
        metadata=number(
            "Span of the transients' frequency over the scan, Hz.",
            unit="Hz",
            definition=(
                "Largest less smallest frequency of the averaged transients, by spectral registration; includes "
                "the errors of single transients (`transients.shift_sd_hz`)."
            ),
            good="below a linewidth",
            source="Near et al. 2015, doi:10.1002/mrm.25094; Near et al. 2021, doi:10.1002/nbm.4257",
            example=1.2,
        )
    )
    phase_spread_deg: float | None = field(
        metadata=number(
            "Standard deviation of the transients' phase, degrees.",
            unit="deg",
            definition="Standard deviation of the averaged transients' phase, by spectral registration.",
            good="below 20",
            source="Near et al. 2015, doi:10.1002/mrm.25094",
            example=4.5,
        )
    )

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Measure them."""
        found = evidence.preprocessed
        return cls(frequency_drift_hz=found.frequency_drift_hz, phase_spread_deg=found.phase_spread_deg)
