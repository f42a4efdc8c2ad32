"""Bayesian Cramér-Rao bounds of simulated spectra, with the nuisances of the simulation."""

from __future__ import annotations

import math

import numpy as np

from fitting.fid import Axes
from fitting.model.domain import WINDOW_PPM
from fitting.quantification.totals import combine
from fitting.units import WATER_PPM, ComplexArray, FloatArray
from tests.measure.benchmarks.scoring import SIX
from tests.measure.benchmarks.simulated import CONTENT, SPREAD, Drawn, Quality
from tests.measure.families import PERSON_SPREAD

COMMON_SPREAD = 0.115
"""Of the area of all macromolecules together: the simulation draws it from 0.8 to 1.2."""
UNKNOWN_AREA, UNKNOWN_PPM, UNKNOWN_WIDTH = 0.43, 0.015, 0.16
"""How well lines are known where the scanner's table is not: publications, drawn tables and people together."""
FREE = math.inf


def floor(made: Drawn, quality: Quality, *, table_known: bool, contents_known: bool = False) -> dict[str, float]:
    """Standard deviation of each ratio to tCr that no unbiased estimate can beat (van Trees 1968, section 2.4).

    Amplitudes, phase, shift, both widths, macromolecules, baseline and residual water are unknown.

    Parameters
    ----------
    made : Drawn
    quality : Quality
    table_known : bool
        Whether the scanner's macromolecules are known but for what people differ by; else only publications are.
    contents_known : bool
        Whether the spread of contents from person to person is known and used.
    """
    grid = quality.scan.grid
    axes = Axes(grid.points, grid.dwell_time, quality.scan.played.spectrometer_frequency)
    t = axes.time
    contents = np.array([made.content[name] for name in made.names])
    whole = contents @ made.signals + made.lines.sum(axis=0)
    typical = np.array([CONTENT[name] for name in made.names])
    blocks: list[tuple[ComplexArray, FloatArray | float]] = [
        (made.signals, SPREAD * typical if contents_known else FREE),
        (np.stack([1j * whole, 2j * np.pi * t * whole, -np.pi * t * whole, -(t**2) * whole]), FREE),
        *_macromolecules(made, axes, table_known=table_known),
        (_baseline(made, quality, axes), 0.6),
        (_water(made, axes), FREE),
    ]
    columns = np.vstack([signals for signals, _ in blocks])
    precision = np.concatenate([np.broadcast_to(np.asarray(sd) ** -2.0, len(signals)) for signals, sd in blocks])
    inside = (axes.ppm >= WINDOW_PPM[0]) & (axes.ppm <= WINDOW_PPM[1])
    spectra = np.fft.fftshift(np.fft.fft(columns, axis=1), axes=1)[:, inside] / (math.sqrt(grid.points) * made.noise_sd)
    real = np.hstack([spectra.real, spectra.imag])
    information = real @ real.T + np.diag(precision)
    scale = np.sqrt(np.diagonal(information))
    inverse = np.linalg.pinv(information / np.outer(scale, scale), rcond=1e-13, hermitian=True) / np.outer(scale, scale)
    covariance = inverse[: contents.size, : contents.size]
    combinations = combine(made.names)
    values = combinations.weights @ contents
    creatine = combinations.names.index("tCr")
    found = {}
    for name in SIX[:-1]:
        row = combinations.names.index(name)
        ratio = values[row] / values[creatine]
        slope = (combinations.weights[row] - ratio * combinations.weights[creatine]) / values[creatine]
        found[name] = math.sqrt(float(slope @ covariance @ slope))
    return found


def _macromolecules(made: Drawn, axes: Axes, *, table_known: bool) -> list[tuple[ComplexArray, FloatArray | float]]:
    t, hz = axes.time, axes.frequency * 1e-6
    together = (made.lines.sum(axis=0)[None], COMMON_SPREAD)
    if table_known:
        return [together, (made.lines, PERSON_SPREAD)]
    width = 0.09 * hz  # Gaussian lines are about so wide
    wider = -2 * (np.pi * width * t) ** 2 / (4 * np.log(2)) * made.lines
    return [
        together,
        (made.lines, UNKNOWN_AREA),
        (-2j * np.pi * hz * t * made.lines, UNKNOWN_PPM),
        (wider, UNKNOWN_WIDTH),
    ]


def _baseline(made: Drawn, quality: Quality, axes: Axes) -> ComplexArray:
    """Broad lines of the simulation's places and several of its widths, each as high as the highest baseline."""
    rows = [
        _line(axes, centre, width * axes.frequency * 1e-6) for centre in (0.8, 2.3, 3.7) for width in (0.8, 1.15, 1.5)
    ]
    heights = np.abs(np.fft.fft(np.array(rows), axis=1)).max(axis=1, keepdims=True)
    return np.asarray(quality.baseline[1] * made.height * np.array(rows) / heights)


def _water(made: Drawn, axes: Axes) -> ComplexArray:
    t = axes.time
    rows = [
        phase * np.exp((2j * np.pi * offset - np.pi * width) * t)
        for offset in (-9, -6, -3, 0, 3, 6, 9)
        for width in (5, 9, 14)
        for phase in (1, 1j)
    ]
    return np.asarray(made.height * np.array(rows))


def _line(axes: Axes, ppm: float, width_hz: float) -> ComplexArray:
    offset = (WATER_PPM - ppm) * axes.frequency * 1e-6
    decay = (np.pi * width_hz * axes.time) ** 2 / (4 * math.log(2))
    return np.asarray(np.exp(2j * np.pi * offset * axes.time - decay))
