"""Residual of the fit, as a whole and in parts of the spectrum."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from fitting.model.result import Traces
from fitting.quality.instrument import Evidence, Instrument
from fitting.quality.numbers import number

REGIONS_PPM = ((0.2, 1.8), (1.8, 2.2), (2.2, 2.8), (2.8, 3.4), (3.4, 4.2))
"""Parts of the spectrum in which the residual is measured separately: lipids and macromolecules; tNAA; Glu, Gln and
NAA's aspartyl; tCr and tCho; mI and Glx."""


@dataclass(frozen=True, slots=True)
class RegionResidual:
    """Residual of the fit in one part of the spectrum."""

    low_ppm: float
    """Lower end, ppm."""
    high_ppm: float
    """Upper end, ppm."""
    rms_over_noise: float
    """Root mean square of the residual over the noise's standard deviation; 1 is a perfect fit."""


def residual_by_region(traces: Traces, noise: float) -> tuple[RegionResidual, ...]:
    """The residual of each of ``REGIONS_PPM`` that the traces cover; ``noise`` is the sd of one of their points."""
    found = []
    for low, high in REGIONS_PPM:
        inside = (traces.ppm >= low) & (traces.ppm < high)
        if noise > 0 and np.any(inside):
            rms = float(np.sqrt(np.mean(traces.residual[inside] ** 2)))
            found.append(RegionResidual(low, high, rms / noise))
    return tuple(found)


@dataclass(frozen=True)
class FitResidual(Instrument):
    """The residual over the noise."""

    residual_rms_over_noise: float = field(
        metadata=number(
            "Root mean square of the fit residual over that of the noise; 1 is a perfect fit.",
            unit="1",
            definition="Root mean square of the fit residual over the standard deviation of the noise, 0.2 to 4.2 ppm.",
            good="0.9 to 1.2",
            source=(
                "Near et al. 2021, doi:10.1002/nbm.4257; its square is the fit quality number of Slotboom et al. "
                "2009, doi:10.1088/0957-0233/20/10/104033"
            ),
            example=1.12,
        )
    )
    residual_by_region: tuple[RegionResidual, ...] = field(
        metadata=number(
            "The same in parts of the spectrum: a fit can be good on the whole and wrong in one place.",
            unit="1",
            definition="`residual_rms_over_noise` in five parts: 0.2, 1.8, 2.2, 2.8, 3.4 and 4.2 ppm bound them.",
            good="0.8 to 1.3 each",
            source="As `residual_rms_over_noise`",
            example=[
                {"low_ppm": 0.2, "high_ppm": 1.8, "rms_over_noise": 1.05},
                {"low_ppm": 1.8, "high_ppm": 2.2, "rms_over_noise": 1.31},
            ],
        )
    )

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Measure them."""
        fit = evidence.fit
        return cls(
            residual_rms_over_noise=fit.residual_rms_over_noise,
            residual_by_region=residual_by_region(fit.traces, evidence.noise),
        )
