"""A small spectroscopy world for the fit's tests: singlets and doublets with known amplitudes, noise and baseline."""

from __future__ import annotations

import numpy as np

from fitting.fid import Axes, Fid, Spectrum
from fitting.model.baseline import BUMP_FWHM_PPM, BUMP_SPACING_PPM
from fitting.model.fit import Components
from fitting.model.least_squares import Problem
from fitting.units import ComplexArray, FloatArray

FREQUENCY = 123.25e6
DWELL = 5e-4
POINTS = 1024
AXES = Axes(POINTS, DWELL, FREQUENCY)

LINES: dict[str, tuple[tuple[float, float], ...]] = {
    "NAA": ((2.008, 3.0), (2.49, 0.5), (2.67, 0.5)),
    "Cr": ((3.027, 3.0), (3.913, 2.0)),
    "PCr": ((3.029, 3.0), (3.930, 2.0)),
    "GPC": ((3.212, 9.0),),
    "mI": ((3.52, 1.8), (3.61, 2.0), (3.27, 0.6), (4.05, 0.6)),
    "Glu": ((2.34, 1.9), (2.05, 1.5), (3.74, 0.9)),
    "Gln": ((2.44, 1.9), (2.12, 1.6), (3.76, 0.9)),
}
"""ppm and area of each line: caricatures with the overlaps that matter."""

AMPLITUDES = {"NAA": 10.0, "Cr": 4.5, "PCr": 4.0, "GPC": 1.5, "mI": 6.0, "Glu": 9.0, "Gln": 3.0}


def components() -> Components:
    """Undamped basis signals of ``LINES``."""
    time = np.arange(POINTS) * DWELL
    signals = [
        sum(area * np.exp(-2j * np.pi * (ppm - 4.65) * FREQUENCY * 1e-6 * time) for ppm, area in lines)
        for lines in LINES.values()
    ]
    return Components(tuple(LINES), np.array(signals))


def clean_fid(
    *,
    amplitudes: dict[str, float] = AMPLITUDES,
    lorentz: float = 9.0,
    gauss: float = 9.0,
    shift_hz: float = 0.0,
    phase: float = 0.0,
) -> ComplexArray:
    """FID of the linear combination with common width, shift and phase."""
    time = np.arange(POINTS) * DWELL
    basis = components()
    total = np.array([amplitudes[name] for name in basis.names]) @ basis.signals
    shape = np.exp(-lorentz * time - 0.5 * (gauss * time) ** 2 - 2j * np.pi * shift_hz * time + 1j * phase)
    return np.asarray(total * shape)


def fid(samples: ComplexArray) -> Fid:
    """Samples with the axes of this world."""
    return Fid(samples, DWELL, FREQUENCY)


def spectrum(samples: ComplexArray) -> Spectrum:
    """The fit's input for an FID of this world."""
    return Spectrum(fid(samples))


def noise(generator: np.random.Generator, sd: float) -> ComplexArray:
    """White complex noise with standard deviation ``sd`` of the real part."""
    return np.asarray(sd * (generator.standard_normal(POINTS) + 1j * generator.standard_normal(POINTS)))


def random_bumps(generator: np.random.Generator, noise_sd: float, precision: float) -> ComplexArray:
    """FID of a baseline drawn from the fit's own prior: bumps of random height in units of the spectral noise."""
    time = np.arange(POINTS) * DWELL
    centres = np.arange(0.2, 4.2, BUMP_SPACING_PPM)
    width_hz = BUMP_FWHM_PPM * FREQUENCY * 1e-6
    decay = np.exp(-((np.pi * width_hz * time) ** 2) / (4 * np.log(2)))
    height = noise_sd * np.sqrt(POINTS) / decay.sum() * generator.standard_normal(centres.size) / np.sqrt(precision)
    phases = np.exp(-2j * np.pi * (centres[:, None] - 4.65) * FREQUENCY * 1e-6 * time)
    return np.asarray((height[:, None] * phases).sum(axis=0) * decay)


def penalty_rows(problem: Problem) -> FloatArray:
    """Rows R (ranks, n) for which the penalty of baseline coefficients c is |R c|²."""
    baseline, rows = problem.model.baseline, []
    for block, precision in zip(baseline.blocks, problem.projection.precisions, strict=True):
        rows.append(np.zeros((block.rank, baseline.columns.shape[1])))
        rows[-1][:, block.start : block.stop] = np.sqrt(precision) * block.root
    return np.concatenate(rows)
