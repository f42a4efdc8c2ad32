"""How macromolecules may differ from the component ``MM``: columns of the baseline with a prior of their own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fitting.model.baseline import Baseline, Block
from fitting.model.forward import LinearCombinationModel, State, broadened
from fitting.model.parameters import Values
from fitting.model.problem import Problem
from fitting.units import ComplexArray, FloatArray

COMPONENT = "MM"
"""The component whose signal the deviations are added to."""

SHAPE = 20.0
"""Gamma shape of the block's precision: publications differ as they do, one spectrum changes that little."""

SMALLEST_SHARE = 0.05
"""The component counts as at least this part of the strongest one, so that a start without it leaves room for it."""


DEVIATIONS = "deviations"
"""Name of the block of the baseline that holds them."""


def with_deviations(
    model: LinearCombinationModel, deviations: ComplexArray, vector: FloatArray
) -> LinearCombinationModel:
    """The model with the deviations (n, M) of its component ``MM`` as a penalised block of the baseline.

    Their prior standard deviation is the amplitude of ``MM`` at a first solution ``vector``; they are as broad as the
    components are there, and keep that width.
    """
    state = Problem(model, np.array([block.precision for block in model.baseline.blocks])).state(vector)
    strongest = float(state.amplitudes.max(initial=0.0))
    amplitude = float(state.amplitudes[model.layout.components.index(COMPONENT)])
    spread = max(amplitude, SMALLEST_SHARE * strongest, np.finfo(float).tiny)
    count = deviations.shape[0]
    none = np.zeros(count)
    shape = Values(0.0, 0.0, 0.0, state.values.lorentz, state.values.gauss, none, none)
    columns = model.domain.spectra(broadened(replace(model, basis=deviations), shape)).real.T
    start = model.baseline.columns.shape[1]
    block = Block(start, start + count, np.eye(count), 1.0 / spread**2, SHAPE, DEVIATIONS)
    joined = Baseline(np.hstack([model.baseline.columns, columns]), (*model.baseline.blocks, block))
    return replace(model, baseline=joined)


def own_part(model: LinearCombinationModel, state: State) -> tuple[FloatArray, FloatArray]:
    """What of the baseline belongs to ``MM``: its spectrum (W,), and the same as a column among zeros (W, K)."""
    parts = np.zeros_like(state.design)
    for block in model.baseline.blocks:
        if block.name == DEVIATIONS:
            inside = slice(block.start, block.stop)
            own = model.baseline.columns[:, inside] @ state.coefficients[inside]
            parts[:, model.layout.components.index(COMPONENT)] = own
            return np.asarray(own), parts
    return np.zeros(state.residual.size), parts
