"""Approximate goodness of fit, to choose among many sets of components before one is fitted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fitting.fid import Spectrum
from fitting.model.domain import fit_domain
from fitting.model.fit import LEAST_NOISE, Components, model_without_data, with_data
from fitting.model.forward import LinearCombinationModel, evaluate
from fitting.model.linear import expected_projection
from fitting.model.lineshape import water_envelope
from fitting.model.parameters import common_vector
from fitting.model.result import Fit
from fitting.model.solution import first_solution
from fitting.units import FloatArray


class RoughFits:
    """Approximate fits of one spectrum: at the prior stiffness of the baseline, with common parameters only.

    Arguments are those of ``fitting.model.fit.fit``. The methods return the root mean square of the residual over the
    noise, and raise ``numpy.linalg.LinAlgError`` when the spectrum is so unlike the components that the equations
    cannot be solved.
    """

    def __init__(self, spectrum: Spectrum, noise_sd: float, *, baseline: str) -> None:
        self._fid = spectrum.fid
        self._gain = float(np.abs(spectrum.fid.samples).max())
        self._relative_noise = max(noise_sd / self._gain, LEAST_NOISE)
        self._envelope = water_envelope(spectrum.water, fit_domain(spectrum.fid.axes).time)
        self._baseline = baseline
        self._first: LinearCombinationModel | None = None

    def fitted(self, components: Components) -> float:
        """With phases, shift and width found anew, in a quarter of the time of a whole fit."""
        model = self._model(components)
        return self._residual(model, first_solution(model, self._fid.frequency, None).vector)

    def evaluated(self, components: Components, found: Fit) -> float:
        """With phases, shift and width of a ``found`` fit of other components: one evaluation."""
        model = self._model(components)
        common = (found.phase0, found.phase1, found.shift_hz, found.lorentz, found.gauss)
        return self._residual(model, common_vector(model.layout, common))

    def _model(self, components: Components) -> LinearCombinationModel:
        model = model_without_data(self._fid.axes, components, self._relative_noise, self._baseline, self._envelope)
        if self._first is None:  # the data are the same for all components
            self._first = with_data(model, self._fid, self._relative_noise, self._gain)
        return replace(model, data=self._first.data, data_time=self._first.data_time)

    def _residual(self, model: LinearCombinationModel, vector: FloatArray) -> float:
        return float(np.sqrt(np.mean(evaluate(model, expected_projection(model.baseline), vector).residual ** 2)))
