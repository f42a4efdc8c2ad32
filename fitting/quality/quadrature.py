"""Agreement of the two channels of the receiver: an imbalance gives every line an image at the mirrored frequency."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from fitting.fid import Fid
from fitting.quality.instrument import Evidence, Instrument
from fitting.quality.numbers import number
from fitting.units import WATER_PPM

LINES_PPM = (1.8, 4.2)
"""Range of the lines whose images are searched: they stand apart from zero frequency."""

DURATION = 0.15
"""s; the part of the FID that is used, under a window whose feet keep strong water away from the images."""

ON_WATER_PPM = 0.6
"""With the carrier farther from water, other lines stand where the images would be."""

CHANCE = 3.0
"""Standard deviations of the noise that are taken off."""


def quadrature_image(fid: Fid, noise: float) -> float | None:
    """Height of the images over that of their lines, beyond what noise makes; None without any lines.

    A gain or phase that differs between the two channels turns a signal s into s + e conj(s), and its spectrum S(f)
    into S(f) + e conj(S(-f)). The estimate of e is the sum of S(f) S(-f) over that of |S(f)|² along the lines.

    Parameters
    ----------
    fid : Fid, shape (points,)
        As the receiver delivered it: not moved in frequency, nor its phase corrected along time.
    noise : float
        Standard deviation of the real part of one sample.
    """
    length = min(fid.points, max(16, round(DURATION / fid.dwell_time)))
    window = np.hanning(length + 2)[1:-1]
    spectrum = np.fft.fft(fid.samples[:length] * window, 2 * length)
    ppm = fid.axes.with_points(2 * length).fft_ppm
    lines = np.flatnonzero((ppm > LINES_PPM[0]) & (ppm < LINES_PPM[1]))
    energy = float(np.sum(np.abs(spectrum[lines]) ** 2))
    if not energy > 0:
        return None
    image = abs(np.sum(spectrum[lines] * spectrum[-lines])) / energy
    sd = noise * np.sqrt(2 * np.sum(window**2) / energy)
    return float(max(0.0, image - CHANCE * sd))


@dataclass(frozen=True)
class Quadrature(Instrument):
    """Images at mirrored frequencies."""

    quadrature_image: float | None = field(
        metadata=number(
            "Height of the lines' images at the mirrored frequency over the lines, beyond what noise makes.",
            unit="1",
            definition=(
                "Height of the images of the lines from 1.8 to 4.2 ppm at the mirrored frequencies over that of "
                "the lines, in the first 150 ms of the averaged FID, less three standard deviations of its noise; "
                "null where the receiver was set more than 0.6 ppm off water, so that other lines stand there."
            ),
            good="below 0.04",
            source=(
                "Hoult & Richards 1975, doi:10.1098/rspa.1975.0104, on quadrature detection; the measure is ours,"
                " see `quadrature.py`"
            ),
            example=0.0,
        )
    )

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Measure them."""
        found = evidence.preprocessed
        if abs(found.shift_ppm) > ON_WATER_PPM or (
            found.water_mean and abs(_peak_ppm(found.water_mean)) > ON_WATER_PPM
        ):
            return cls(quadrature_image=None)
        return cls(quadrature_image=quadrature_image(found.mean, found.corrected.noise))


def _peak_ppm(water: Fid) -> float:
    """Distance of the highest peak of a FID (points,) from the carrier, ppm."""
    return float(water.axes.fft_ppm[np.argmax(np.abs(np.fft.fft(water.samples)))]) - WATER_PPM
