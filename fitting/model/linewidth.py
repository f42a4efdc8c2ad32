"""Width of a singlet in the fitted model."""

from __future__ import annotations

from fitting.model.forward import LinearCombinationModel, State
from fitting.model.parameters import SINGLET_WIDTH_PRIORS
from fitting.preprocessing.peaks import line_width_hz


def singlet_linewidth(model: LinearCombinationModel, state: State) -> float:
    """FWHM (Hz) of the strongest fitted singlet, with the line shape of the water where the components carry it.

    A singlet with zero fitted amplitude still has the common width; a basis without any singlet is measured
    at the highest peak of its strongest component.
    """
    components = range(len(model.layout.components))
    singlets = [k for k in components if model.layout.components[k] in SINGLET_WIDTH_PRIORS]
    strongest = max(singlets or components, key=lambda k: state.amplitudes[k])
    positive = model.domain.time.size - model.domain.negative
    spacing = float(model.domain.time[1] - model.domain.time[0])
    return line_width_hz(state.signals[strongest][:positive], spacing)
