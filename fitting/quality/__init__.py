"""Quality: measurements of a spectrum and its fit, one module for each instrument, and the verdict from the numbers.

``INSTRUMENTS`` is the registry. A number is a field of its instrument, declared with ``number`` beside the function
that measures it; the fields of ``Quality``, the schema of the API and docs/quality.md come from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from fitting.quality.axis_scale import AxisScale
from fitting.quality.baseline_use import BaselineUse
from fitting.quality.clipping import Clipping
from fitting.quality.combination import Combination
from fitting.quality.digitisation import Digitisation
from fitting.quality.displacement import Displacement
from fitting.quality.eddy_current_size import EddyCurrentSize
from fitting.quality.fit_residual import FitResidual
from fitting.quality.instrument import Evidence, Instrument
from fitting.quality.linewidths import Linewidths
from fitting.quality.lone_samples import LoneSamples
from fitting.quality.numbers import QualityNumber, numbers_of
from fitting.quality.phase_departure import PhaseDeparture
from fitting.quality.quadrature import Quadrature
from fitting.quality.signal_to_noise import SignalToNoise
from fitting.quality.spurious_echo import SpuriousEcho
from fitting.quality.transient_spread import TransientSpread
from fitting.quality.unexplained_line import UnexplainedLine
from fitting.quality.water_and_lipid import WaterAndLipid
from fitting.quality.water_offset import WaterOffset
from fitting.quality.water_ripple import WaterRipple
from fitting.quality.whiteness import Whiteness

__all__ = ["INSTRUMENTS", "Evidence", "Instrument", "Quality", "QualityNumber", "quality_numbers"]


@dataclass(frozen=True)
class Quality(  # the last instrument first, so that fields come in the order of INSTRUMENTS
    PhaseDeparture,
    UnexplainedLine,
    Combination,
    WaterOffset,
    WaterRipple,
    Quadrature,
    Digitisation,
    Displacement,
    BaselineUse,
    FitResidual,
    AxisScale,
    LoneSamples,
    Whiteness,
    Clipping,
    SpuriousEcho,
    WaterAndLipid,
    EddyCurrentSize,
    TransientSpread,
    Linewidths,
    SignalToNoise,
):
    """Numbers behind the verdict, with their definitions."""

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Measure every number."""
        measured = (instrument.of(evidence) for instrument in INSTRUMENTS)
        return cls(**{name: value for part in measured for name, value in vars(part).items()})


INSTRUMENTS: tuple[type[Instrument], ...] = Quality.__bases__[::-1]
"""Every instrument, in the order of the answer."""


def quality_numbers() -> tuple[QualityNumber, ...]:
    """Definition of each number, in the order of the answer."""
    return numbers_of(Quality)
