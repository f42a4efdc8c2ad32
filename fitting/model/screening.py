"""Approximate goodness of fit, to choose among many sets of components before one is fitted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fitting.fid import Spectrum
from fitting.model.fit import LEAST_NOISE, Components, build_model
from fitting.model.lineshape import water_envelope
from fitting.model.problem import Problem
from fitting.model.solution import first_solution, prior_precisions


def rough_fits(spectrum: Spectrum, noise_sd: float, *, baseline: str) -> Callable[[Components], float]:
    """Return a function that fits components approximately: root mean square of the residual over the noise.

    With common phases, shift and width only: the first solution of a fit, at the prior stiffness of the baseline, in a
    quarter of the time of the whole. Arguments are those of ``fitting.model.fit.fit``. The function raises
    ``numpy.linalg.LinAlgError`` when the spectrum is so unlike the components that the equations cannot be solved.
    """
    gain = float(np.abs(spectrum.fid.samples).max())
    relative_noise = max(noise_sd / gain, LEAST_NOISE)
    envelope = water_envelope(spectrum.water)

    def residual(components: Components) -> float:
        model = build_model(spectrum.fid, components, relative_noise, gain, baseline, envelope=envelope)
        first = first_solution(model, spectrum.fid.frequency, None)
        state = Problem(model, prior_precisions(model)).state(first.vector)
        return float(np.sqrt(np.mean(state.residual**2)))

    return residual
