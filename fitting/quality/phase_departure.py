"""Phase of the data against the fitted metabolites along time; decaying lines do not change it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from fitting.basis.macromolecules import is_background
from fitting.model.result import Traces
from fitting.quality.instrument import Evidence, Instrument
from fitting.quality.numbers import number
from fitting.units import ComplexArray, FloatArray

WINDOW = (0.02, 0.06)
"""s; before, baseline and macromolecules rule, and after, noise."""

EDGE_PPM = 0.1
"""Width of the cosine edges given to the fitted range before it goes back into the time domain."""

CHANCE = 2.0
"""Standard deviations of the noise that are taken off."""


def phase_departure_deg(traces: Traces, noise: float, spectrometer_frequency: float) -> float | None:
    """Phase (deg) of the data against the fitted metabolites 20 to 60 ms after the start, beyond what noise makes.

    Lost or doubled samples, jumps of phase and frequency, uncorrected eddy currents and volumes that were added out
    of step turn all lines alike, and a flexible baseline takes up what the lines cannot: the fit leaves noise, and
    its values are wrong. So the baseline counts as data here.

    Parameters
    ----------
    traces : Traces
    noise : float
        Standard deviation of one of their points.
    spectrometer_frequency : float
        Hz.
    """
    spacing = float(np.abs(np.diff(traces.ppm)).mean())
    time = np.arange(traces.ppm.size // 2) / (traces.ppm.size * spacing * spectrometer_frequency * 1e-6)
    used = (time >= WINDOW[0]) & (time < WINDOW[1])
    background = np.array([is_background(name) for name in traces.names], dtype=bool)
    window = _edges(traces.ppm.size, max(1, round(EDGE_PPM / spacing)))
    fitted = _signal(traces.components[~background].sum(axis=0), window)[used]
    data = _signal(traces.data - traces.components[background].sum(axis=0), window)[used]
    energy = float(np.sum(np.abs(fitted) ** 2))
    if not energy > 0:
        return None
    common = complex(np.vdot(fitted, data)) / energy
    sd = noise * float(np.sqrt(np.mean(window**2) / (2 * traces.ppm.size * energy)))
    if not abs(common) > 0:
        return None
    return float(np.rad2deg(max(0.0, abs(np.angle(common)) - CHANCE * sd / abs(common))))


def _edges(points: int, width: int) -> FloatArray:
    """A window (points,) that rises and falls over ``width`` points."""
    window = np.ones(points)
    edge = 0.5 - 0.5 * np.cos(np.pi * (np.arange(width) + 0.5) / width)
    window[:width] *= edge
    window[-width:] *= edge[::-1]
    return window


def _signal(spectrum: FloatArray, window: FloatArray) -> ComplexArray:
    """The positive half of the signal of a real spectrum, which determines a signal that begins at zero."""
    return np.asarray(np.fft.ifft(spectrum * window)[: spectrum.size // 2])


@dataclass(frozen=True)
class PhaseDeparture(Instrument):
    """Phase of the data against the fitted lines."""

    phase_departure_deg: float | None = field(
        metadata=number(
            "Phase of the data against the fitted metabolites from 20 to 60 ms, beyond what noise makes, degrees.",
            unit="deg",
            definition=(
                "Phase of the data less fitted macromolecules against the fitted metabolites, 20 to 60 ms after "
                "the start, less two standard deviations of its noise; the baseline counts as data."
            ),
            good="below 7",
            source="Decaying lines keep their phase; the measure is ours, see `phase_departure.py`",
            example=1.4,
        )
    )

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Measure them."""
        return cls(phase_departure_deg=phase_departure_deg(evidence.fit.traces, evidence.noise, evidence.frequency))
