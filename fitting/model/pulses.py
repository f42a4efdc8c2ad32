"""Common deviations of all metabolites due to pulses and timings that differ from those of the simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fitting.model.baseline import Block
from fitting.model.forward import LinearCombinationModel, State, columns_like
from fitting.units import ComplexArray, FloatArray

PULSES = "pulses"
"""Name of the block of the baseline that holds them."""

SHAPE = 20.0
"""Gamma shape of its precision: one spectrum hardly changes the uncertainty about a scanner."""


def with_differences(model: LinearCombinationModel, differences: ComplexArray, first: State) -> LinearCombinationModel:
    """The model with differences (ways, K, M) of its components as a penalised block of the baseline.

    Each way is one column, in which every component counts with its amplitude in a ``first`` solution: pulses and
    timings change all of them at once. They are as broad as the components are there, and keep that width.
    """
    chosen = np.flatnonzero((first.amplitudes > 0) & differences[..., 0].any(axis=0))
    ways, start = differences.shape[0], model.baseline.columns.shape[1]
    if chosen.size == 0:
        return model
    weighed = differences[:, chosen] * first.amplitudes[chosen, None]
    columns = columns_like(model, weighed.reshape(-1, weighed.shape[-1]), first.values).reshape(-1, ways, chosen.size)
    parts: dict[int, FloatArray] = {int(component): columns[..., place] for place, component in enumerate(chosen)}
    block = Block(start, start + ways, np.eye(ways), 1.0, SHAPE, PULSES, parts, np.eye(ways))
    return replace(model, baseline=model.baseline.with_columns(np.sum(list(parts.values()), axis=0), block))
