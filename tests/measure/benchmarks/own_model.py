"""Spectra of the fitted model itself: precision against the Cramér-Rao bound, and coverage of the errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fitting.basis.cache import cached_basis
from fitting.basis.macromolecules import with_macromolecules
from fitting.fid import Fid, Spectrum, time_axis
from fitting.model.baseline import BUMP_FWHM_PPM, BUMP_SPACING_PPM, BUMPS
from fitting.model.domain import WINDOW_PPM
from fitting.model.fit import Components, fit
from fitting.model.parameters import GLOBAL, layout_for
from fitting.model.result import Fit
from fitting.quantification.totals import combine
from fitting.units import WATER_PPM, ComplexArray, FloatArray
from tests.measure.benchmarks.scoring import SIX
from tests.measure.benchmarks.simulated import CONTENT, GRID, MACROMOLECULES, PROTOCOL
from tests.measure.benchmarks.text import number, signed, table

SEED = 20250818
DRAWS = 200
SIGNAL_TO_NOISE = 30.0
"""Highest point of the spectrum over twice the noise of the real spectrum."""
LORENTZIAN, GAUSSIAN = 9.0, 11.0
"""Damping of all lines, 1/s: a Voigt line of about 6 Hz."""
SHIFT_HZ, PHASE = 1.0, 0.2


@dataclass(frozen=True, slots=True)
class Sums:
    """The six reported sums of a fit: values, standard deviations and classical bounds, each of shape (6,)."""

    values: FloatArray
    sds: FloatArray
    bounds: FloatArray


def sums(result: Fit) -> Sums:
    """The metabolites of ``SIX`` from the fitted components."""
    combinations = combine(result.names)
    rows = [combinations.names.index(name) for name in SIX]
    values, covariance = combinations.apply(result.amplitudes, result.covariance)
    _, bound = combinations.apply(result.amplitudes, result.crlb_covariance)
    return Sums(values[rows], np.sqrt(np.diagonal(covariance)[rows]), np.sqrt(np.diagonal(bound)[rows]))


def own_model(draws: int = DRAWS) -> list[str]:
    """RMSE against stated standard deviation and classical bound over draws of the model, and coverage."""
    truth, found = drawn_fits(draws)
    errors = np.array([each.values for each in found]) - truth
    sds, bounds = np.array([each.sds for each in found]), np.array([each.bounds for each in found])
    rmse, z = np.sqrt(np.mean(errors**2, axis=0)), errors / sds
    rows = [
        (
            name,
            signed(100 * errors[:, index].mean() / truth[index]),
            number(100 * rmse[index] / truth[index], 1),
            number(rmse[index] / bounds[:, index].mean(), 2),
            number(rmse[index] / sds[:, index].mean(), 2),
            number(100 * float(np.mean(np.abs(z[:, index]) <= 1)), 0),
            number(100 * float(np.mean(np.abs(z[:, index]) <= 1.96)), 0),
            number(float(np.sqrt(np.mean(z[:, index] ** 2))), 2),
        )
        for index, name in enumerate(SIX)
    ]
    head = ("metabolite", "bias %", "RMSE %", "RMSE / bound", "RMSE / stated sd", "68 %", "95 %", "z")
    return table(head, rows)


def drawn_fits(draws: int) -> tuple[FloatArray, list[Sums]]:
    """True sums (6,) and the fits of ``draws`` spectra, all that the model calls random drawn from its priors.

    Noise, each component's own shift and width, and the bumps of the baseline; the contents stay.
    """
    basis = with_macromolecules(cached_basis(PROTOCOL, GRID))
    components = Components(basis.names, basis.signals)
    contents = np.array([CONTENT.get(name, MACROMOLECULES) for name in basis.names])
    t = time_axis(GRID.points, GRID.dwell_time)
    shape = np.exp(-LORENTZIAN * t - 0.5 * (GAUSSIAN * t) ** 2 + 1j * PHASE - 2j * np.pi * SHIFT_HZ * t)
    sd = float(np.abs(np.fft.fft(contents @ basis.signals * shape)).max())
    sd /= 2 * SIGNAL_TO_NOISE * np.sqrt(GRID.points)
    combinations = combine(basis.names)
    truth = (combinations.weights @ contents)[[combinations.names.index(name) for name in SIX]]
    layout = layout_for(basis.names, PROTOCOL.spectrometer_frequency)
    own_priors = slice(len(GLOBAL), layout.size)
    deviations = (layout.prior_sd * layout.scales)[own_priors].reshape(2, contents.size)
    rng = np.random.default_rng(SEED)
    found = []
    for _ in range(draws):
        shifts, widths = deviations * rng.standard_normal(deviations.shape)
        own = np.exp(-(widths + 2j * np.pi * shifts)[:, None] * t)
        noise = sd * (rng.standard_normal(GRID.points) + 1j * rng.standard_normal(GRID.points))
        fid = contents @ (basis.signals * own) * shape + np.exp(1j * PHASE) * _bumps(rng, sd) + noise
        spectrum = Spectrum(Fid(fid, GRID.dwell_time, PROTOCOL.spectrometer_frequency))
        found.append(sums(fit(spectrum, components, sd)))
    return truth, found


def _bumps(rng: np.random.Generator, sd: float) -> ComplexArray:
    """FID of a baseline drawn from the prior of the bumps, whose heights are in units of the spectral noise."""
    t = time_axis(GRID.points, GRID.dwell_time)
    hz_per_ppm = PROTOCOL.spectrometer_frequency * 1e-6
    centres = np.arange(WINDOW_PPM[0], WINDOW_PPM[1], BUMP_SPACING_PPM)
    decay = np.exp(-((np.pi * BUMP_FWHM_PPM * hz_per_ppm * t) ** 2) / (4 * np.log(2)))
    heights = sd * np.sqrt(GRID.points / BUMPS[0]) * rng.standard_normal(centres.size) / decay.sum()
    return np.asarray(heights @ np.exp(-2j * np.pi * (centres[:, None] - WATER_PPM) * hz_per_ppm * t) * decay)
