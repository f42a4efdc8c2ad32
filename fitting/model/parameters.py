"""The non-linear parameters of the model: names, scales and soft priors, as one vector and back.

Every parameter is divided by its scale, so that a step of 1 is a typical change. A soft prior with
standard deviation s (in units of the scale) adds the residual value / s. Regularising shifts and widths
always lowered the error of metabolites (Wilson 2025, PMC11971491).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fitting.units import FloatArray

GLOBAL = ("phase0", "phase1", "shift", "lorentz", "gauss")
"""rad; s (delay); Hz toward higher ppm; 1/s extra Lorentzian damping; 1/s Gaussian damping."""

SHIFT_PRIOR_PPM = 0.004
"""Standard deviation of one component's own shift (pH, temperature)."""

WIDTH_PRIOR = 1.0
"""Standard deviation of one component's own extra damping, 1/s."""

PHASE1_PRIOR_DEG_PER_PPM = 5.0
"""Standard deviation of the first-order phase."""

GAUSS_PRIOR = 40.0
"""Standard deviation of the Gaussian damping, 1/s: weak, only to keep the problem regular."""


@dataclass(frozen=True, slots=True)
class ParameterLayout:
    """Order of the parameter vector: the globals, then each component's shift, then each one's width.

    ``scales`` (n,) turn a vector into physical values; ``prior_sd`` (n,) are soft-prior standard deviations in units
    of the scale, infinite where there is no prior.
    """

    components: tuple[str, ...]
    scales: FloatArray
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


def layout_for(components: tuple[str, ...], spectrometer_frequency: float) -> ParameterLayout:
    """The parameter vector's layout for named components at a spectrometer frequency (Hz)."""
    count = len(components)
    hz_per_ppm = spectrometer_frequency * 1e-6
    phase1 = np.deg2rad(PHASE1_PRIOR_DEG_PER_PPM) / hz_per_ppm / (2 * np.pi)
    scales = [0.1, phase1, 1.0, 5.0, 5.0]
    prior = [np.inf, 1.0, np.inf, np.inf, GAUSS_PRIOR / 5.0]
    return ParameterLayout(
        components=components,
        scales=np.array(scales + [SHIFT_PRIOR_PPM * hz_per_ppm] * count + [WIDTH_PRIOR] * count),
        prior_sd=np.array(prior + [1.0] * (2 * count)),
    )


def unpack(vector: FloatArray, layout: ParameterLayout) -> Values:
    """Physical values of a parameter vector of shape (n,)."""
    physical = vector * layout.scales
    first = len(GLOBAL)
    middle = first + len(layout.components)
    phase0, phase1, shift, lorentz, gauss = (float(value) for value in physical[:first])
    return Values(phase0, phase1, shift, lorentz, gauss, physical[first:middle], physical[middle:])
