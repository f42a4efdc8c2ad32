"""Detect a line in the residual: a signal that is not in the basis set."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from fitting.model.result import Traces
from fitting.quality.instrument import Evidence, Instrument
from fitting.quality.numbers import number

LINE_REACH = 4
"""Widths to either side over which the residual is compared with a line."""


def unexplained_line(traces: Traces, noise: float, linewidth_ppm: float) -> float | None:
    """The clearest line, upright or not, that the fit left: its height over the noise's standard deviation of it.

    A matched filter: the residual is compared with a Lorentzian line of the singlets' width at every place. Drugs,
    alcohols, sidebands and other metabolites than those of the basis leave lines, where broad structure does not count.
    """
    width = linewidth_ppm / float(np.abs(np.diff(traces.ppm)).mean())
    reach = np.arange(-round(LINE_REACH * width), round(LINE_REACH * width) + 1)
    if not noise > 0 or not reach.size < traces.ppm.size:
        return None
    line = 1.0 / (1.0 + (2.0 * reach / max(width, 1.0)) ** 2)
    return float(np.abs(np.convolve(traces.residual, line, "valid")).max() / (noise * np.sqrt(np.sum(line**2))))


@dataclass(frozen=True)
class UnexplainedLine(Instrument):
    """The clearest line of the residual."""

    unexplained_line: float | None = field(
        metadata=number(
            "Height of the clearest line that the fit left over the noise's standard deviation of it.",
            unit="1",
            definition=(
                "Height of the clearest line of the singlets' width in the fit residual, upright or not, over the"
                " noise's standard deviation of it: a matched filter at every place from 0.2 to 4.2 ppm."
            ),
            good="below 3",
            source=(
                "Matched filter: North 1963, doi:10.1109/PROC.1963.2383; the measure is ours, see `unexplained_line.py`"
            ),
            example=2.1,
        )
    )

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Measure them."""
        linewidth_ppm = evidence.fit.linewidth_hz / evidence.hz_per_ppm
        return cls(unexplained_line=unexplained_line(evidence.fit.traces, evidence.noise, linewidth_ppm))
