"""Modulation of the water reference: vibration and unstable gain put sidebands beside every line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from fitting.fid import Fid
from fitting.quality.instrument import Evidence, Instrument
from fitting.quality.numbers import number

FIRST, LAST = 0.004, 0.2
"""s; before, filters upset the samples, and after, most water has decayed."""

SHORTEST = 0.03
"""s; a water FID that reaches the noise earlier is not usable."""

CLEAR = 30.0
"""Times the noise that the water must exceed."""

ORDER = 6
"""Of the polynomial that the logarithm of a smooth decay follows, beats of shimming among them."""

SLOWEST_HZ, FASTEST_HZ = 15.0, 500.0
"""Slower waves are shimming's beats."""

INTERPOLATION = 8


def water_ripple(water: Fid) -> float | None:
    """Amplitude of the strongest wave on the water's decay, relative to the water; None where it cannot be measured.

    The logarithm of the magnitude of an unsuppressed water FID (points,) less a smooth course; phases, and with them
    eddy currents, do not matter.
    """
    magnitude, dwell_time = np.abs(water.samples), water.dwell_time
    lost = np.flatnonzero(magnitude <= CLEAR * water.noise)
    first = round(FIRST / dwell_time)
    last = min(round(LAST / dwell_time), int(lost[lost > first].min(initial=water.points)))
    if (last - first) * dwell_time < SHORTEST:
        return None
    weight = magnitude[first:last] / magnitude.max()
    course = np.polynomial.chebyshev.chebvander(np.linspace(-1.0, 1.0, weight.size), ORDER)
    logarithm = np.log(magnitude[first:last])
    smooth, *_ = np.linalg.lstsq(course * weight[:, None], logarithm * weight, rcond=None)
    size = INTERPOLATION * weight.size
    waves = np.abs(np.fft.rfft((logarithm - course @ smooth) * weight**2, size)) * 2 / np.sum(weight**2)
    frequency = np.fft.rfftfreq(size, dwell_time)
    return float(waves[(frequency >= SLOWEST_HZ) & (frequency <= FASTEST_HZ)].max(initial=0.0))


@dataclass(frozen=True)
class WaterRipple(Instrument):
    """Pulsation of the reference."""

    water_ripple: float | None = field(
        metadata=number(
            "Amplitude of the strongest wave on the decay of the water reference, relative to the water.",
            unit="1",
            definition=(
                "Amplitude of the strongest wave of 15 to 500 Hz on the logarithm of the water reference's "
                "magnitude, 4 to 200 ms, less a smooth course."
            ),
            good="below 0.005",
            source=(
                "Kreis 2004, doi:10.1002/nbm.891, on instabilities of the scanner; the measure is ours, see "
                "`water_ripple.py`"
            ),
            example=0.0004,
        )
    )

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Measure them."""
        water = evidence.preprocessed.water
        return cls(water_ripple=None if water is None else water_ripple(water))
