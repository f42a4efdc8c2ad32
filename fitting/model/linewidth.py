"""Width of a singlet in the fitted model."""

from __future__ import annotations

import numpy as np

from fitting.model.forward import LinearCombinationModel, State
from fitting.preprocessing.quality import line_width_hz

SINGLETS = ("NAA", "Cr", "PCr", "GPC", "PCh")
"""Metabolites whose highest peak is an uncoupled methyl line."""


def singlet_linewidth(model: LinearCombinationModel, state: State) -> float:
    """FWHM (Hz) of the strongest fitted singlet; of the common line shape alone when no singlet is present."""
    candidates = [k for k, name in enumerate(model.layout.components) if name in SINGLETS and state.amplitudes[k] > 0]
    positive = model.domain.time.size - model.domain.negative
    time = model.domain.time[:positive]
    if candidates:
        strongest = max(candidates, key=lambda k: state.amplitudes[k])
        fid = state.signals[strongest][:positive]
    else:
        values = state.values
        fid = np.exp(-values.lorentz * time - 0.5 * (values.gauss * time) ** 2).astype(np.complex128)
    return line_width_hz(fid, float(time[1] - time[0]))
