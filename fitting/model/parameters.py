"""The non-linear parameters of the model: names, scales and soft priors, as one vector and back.

Every parameter is divided by its scale, so that a step of 1 is a typical change. A soft prior with
standard deviation s (in units of the scale) adds the residual value / s. Regularising shifts and widths
always lowered the error of metabolites (Wilson 2025, PMC11971491).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fitting.units import FloatArray

GLOBAL = ("phase0", "phase1", "shift", "lorentz", "gauss")
"""rad; s (delay); Hz toward higher ppm; 1/s extra Lorentzian damping; 1/s Gaussian damping."""

SHIFT_PRIOR_PPM = 0.004
"""Standard deviation of one component's own shift (pH, temperature)."""

WIDTH_PRIOR = 0.7
"""Standard deviation of one component's own extra damping, 1/s. LCModel's spread of 1/T2 is 0.4 (Provencher 1993,
doi:10.1002/mrm.1910300604; DESDT2); what is published at 3 T differs from the mean of NAA, tCr and tCho by 0.6 (Glu)
and -0.3 (mI) in grey and by 1.4 and 0.9 in white matter (relaxation.csv). Where widths differ so much and S/N is high,
0.4 is too sure of glutamate."""

SINGLET_WIDTH_PRIORS = {"NAA": 1.2, "Cr": 1.2, "PCr": 1.2, "GPC": 0.4, "PCh": 0.4}
"""The same for metabolites whose highest peak is an uncoupled methyl line, strong and narrow, so that its width can be
seen, 1/s. From the mean of NAA, tCr and tCho the published 1/T2 of NAA is 0.6, 1.1 and 1.3 lower, of tCr 1.2, 1.5 and
1.7 higher (root mean square of both 1.3), of tCho 0.6, 0.4 and 0.3 lower (0.5) at 1.5, 3 and 7 T (relaxation.csv). With
much less, a line narrower than the common one takes area from the signal under it, and the error does not show it."""

PHASE1_PRIOR_DEG_PER_PPM = 5.0
"""Standard deviation of the first-order phase."""

GAUSS_PRIOR = 40.0
"""Standard deviation of the Gaussian damping, 1/s: weak, only to keep the problem regular."""

LORENTZ_BESIDE_WATER = ((63.9e6, -6.5), (127.7e6, -4.3), (298.0e6, -9.4))
"""Spectrometer frequency (Hz) and mean of the common damping (1/s) when the components carry the water's line shape:
1/T2 of metabolites (mean of NAA, tCr and tCho in grey and white matter) less the water's. The water's is the mean over
the water of a voxel of 47 % grey matter, 40 % white matter and 13 % fluid by volume, each with its content and T2. All
times and contents are those of relaxation.csv and water_content.csv, with their sources."""

LORENTZ_BESIDE_WATER_SD = 4.0
"""Standard deviation of it, 1/s: fluid of 5 to 25 % moves it by 2, other published T2 of water (99 instead of 110 ms in
grey matter, 69 instead of 79 ms in white matter at 3 T: Stanisz 2005, doi:10.1002/mrm.20605) by 1.5, of metabolites by
2, and a basis that brings a width of its own (1 to 2 Hz is usual) by 3 to 6."""

GAUSS_BESIDE_WATER = 4.0
"""Standard deviation of the Gaussian damping in that case, 1/s."""


@dataclass(frozen=True, slots=True)
class ParameterLayout:
    """Order of the parameter vector: the globals, then each component's shift, then each one's width.

    ``scales`` (n,) turn a vector into physical values; ``prior_mean`` (n,) and ``prior_sd`` (n,) are the soft priors in
    units of the scale, with an infinite standard deviation where there is none.
    """

    components: tuple[str, ...]
    scales: FloatArray
    prior_mean: FloatArray
    prior_sd: FloatArray

    @property
    def names(self) -> tuple[str, ...]:
        """Names in vector order, valid as identifiers."""
        parts = [*GLOBAL]
        parts += [f"shift_{index}" for index in range(len(self.components))]
        parts += [f"width_{index}" for index in range(len(self.components))]
        return tuple(parts)

    @property
    def size(self) -> int:
        """Length of the vector."""
        return len(GLOBAL) + 2 * len(self.components)


@dataclass(frozen=True, slots=True)
class Values:
    """Physical values of one parameter vector; ``shifts`` (K,) in Hz and ``widths`` (K,) in 1/s."""

    phase0: float
    phase1: float
    shift: float
    lorentz: float
    gauss: float
    shifts: FloatArray
    widths: FloatArray


def layout_for(
    components: tuple[str, ...], spectrometer_frequency: float, *, shape_known: bool = False
) -> ParameterLayout:
    """The parameter vector's layout for named components at a spectrometer frequency (Hz).

    With ``shape_known`` the components already carry the line shape of the water, and the common damping is only what
    metabolites decay slower than water.
    """
    count = len(components)
    hz_per_ppm = spectrometer_frequency * 1e-6
    phase1 = np.deg2rad(PHASE1_PRIOR_DEG_PER_PPM) / hz_per_ppm / (2 * np.pi)
    beside_water = (_damping_beside_water(spectrometer_frequency), LORENTZ_BESIDE_WATER_SD, GAUSS_BESIDE_WATER)
    damping, spread, gauss = beside_water if shape_known else (0.0, np.inf, GAUSS_PRIOR)
    scales = np.array([0.1, phase1, 1.0, 5.0, 5.0] + [SHIFT_PRIOR_PPM * hz_per_ppm] * count + [WIDTH_PRIOR] * count)
    mean = np.array([0.0, 0.0, 0.0, damping, 0.0] + [0.0] * (2 * count))
    deviation = np.array([np.inf, phase1, np.inf, spread, gauss])
    widths = [SINGLET_WIDTH_PRIORS.get(name, WIDTH_PRIOR) for name in components]
    own = np.concatenate([np.ones(count), np.array(widths) / WIDTH_PRIOR])
    return ParameterLayout(
        components=components,
        scales=scales,
        prior_mean=mean / scales,
        prior_sd=np.concatenate([deviation / scales[: len(GLOBAL)], own]),
    )


def _damping_beside_water(spectrometer_frequency: float) -> float:
    """Expected common damping (1/s) beside the water's line shape, straight between the fields of the table."""
    frequencies, dampings = zip(*LORENTZ_BESIDE_WATER, strict=True)
    return float(np.interp(spectrometer_frequency, frequencies, dampings))


def common_vector(layout: ParameterLayout, values: Sequence[float]) -> FloatArray:
    """The parameter vector (n,) with these physical ``values`` of ``GLOBAL`` and no shift or width of a component."""
    vector = np.zeros(layout.size)
    vector[: len(GLOBAL)] = np.asarray(values) / layout.scales[: len(GLOBAL)]
    return vector


def unpack(vector: FloatArray, layout: ParameterLayout) -> Values:
    """Physical values of a parameter vector of shape (n,)."""
    physical = vector * layout.scales
    first = len(GLOBAL)
    middle = first + len(layout.components)
    phase0, phase1, shift, lorentz, gauss = (float(value) for value in physical[:first])
    return Values(phase0, phase1, shift, lorentz, gauss, physical[first:middle], physical[middle:])
