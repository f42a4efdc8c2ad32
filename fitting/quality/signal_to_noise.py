"""Signal-to-noise ratio by two definitions, each stated beside its value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from fitting.model.result import Traces
from fitting.quality.instrument import Evidence, Instrument
from fitting.quality.numbers import number

SNR_DEFINITION = "highest point of the fit above its baseline, over twice the RMS of the residual, 0.2 to 4.2 ppm"
"""LCModel's and TARQUIN's definition; the consensus definition (peak over noise sd) gives about twice this."""

SNR_CONSENSUS_DEFINITION = "highest point of the data above the fitted baseline, over the noise's standard deviation"
"""The consensus' definition in the frequency domain (Kreis et al. 2021, doi:10.1002/nbm.4347; Lin et al. 2021,
doi:10.1002/nbm.4484); noise from where the spectrum holds no signal."""


def signal_to_noise(traces: Traces) -> float:
    """Signal-to-noise ratio by ``SNR_DEFINITION``."""
    rms = float(np.sqrt(np.mean(traces.residual**2)))
    return float(np.max(traces.fit - traces.baseline)) / (2 * rms)


def peak_over_noise(traces: Traces, noise: float) -> float | None:
    """Highest point of data above baseline over the sd of the noise of one point; None without noise."""
    return float(np.max(traces.data - traces.baseline)) / noise if noise > 0 else None


@dataclass(frozen=True)
class SignalToNoise(Instrument):
    """Signal-to-noise ratios."""

    snr: float = field(
        metadata=number(
            "Signal-to-noise ratio, as ``snr_definition`` says.",
            unit="1",
            definition=(
                "Highest point of the fit above its baseline, over twice the root mean square of the fit "
                "residual, 0.2 to 4.2 ppm."
            ),
            good="above 10",
            source="LCModel's definition (Provencher, LCModel manual, section on SNR); TARQUIN uses the same",
            example=31.5,
        )
    )
    snr_definition: str = field(
        metadata=number(
            "How the signal-to-noise ratio is defined.",
            unit="words",
            definition="Words that state the definition of `snr` beside its value.",
            good="",
            source="Kreis et al. 2021, doi:10.1002/nbm.4347: state how it was measured",
            example="height of tNAA over twice the standard deviation of the noise",
        )
    )
    snr_consensus: float | None = field(
        metadata=number(
            "Signal-to-noise ratio, as ``snr_consensus_definition`` says; null without noise.",
            unit="1",
            definition=(
                "Highest point of the data above the fitted baseline, over the standard deviation of the noise of"
                " a point of the spectrum (from where it holds no signal, by differences between neighbouring "
                "bins)."
            ),
            good="above 20",
            source=(
                "Kreis et al. 2021, doi:10.1002/nbm.4347; Lin et al. 2021 (MRSinMRS), doi:10.1002/nbm.4484; about"
                " twice `snr`"
            ),
            example=60.7,
        )
    )
    snr_consensus_definition: str = field(
        metadata=number(
            "How the signal-to-noise ratio of the consensus is defined.",
            unit="words",
            definition="Words that state the definition of `snr_consensus` beside its value.",
            good="",
            source="Kreis et al. 2021, doi:10.1002/nbm.4347: state how it was measured",
            example="highest point of the data above the fitted baseline, over the noise's standard deviation",
        )
    )

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Measure them."""
        traces = evidence.fit.traces
        return cls(
            snr=signal_to_noise(traces),
            snr_definition=SNR_DEFINITION,
            snr_consensus=peak_over_noise(traces, evidence.noise),
            snr_consensus_definition=SNR_CONSENSUS_DEFINITION,
        )
