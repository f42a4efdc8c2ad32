"""Deviations of macromolecules from the component ``MM``, as baseline columns with their own priors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from fitting.model.baseline import Block
from fitting.model.forward import LinearCombinationModel, State, columns_like
from fitting.units import ComplexArray

COMPONENT = "MM"
"""The component whose signal the deviations are added to."""

SMALLEST_SHARE = 0.05
"""The component counts as at least this part of the strongest one, so that a start without it leaves room for it."""

TEMPLATES, LINES = "templates", "lines"
"""Names of the baseline blocks that hold the deviations of ``MM``."""

SHAPE = 20.0
"""Gamma shape of the blocks' precision: publications and lines differ as they do, and one spectrum changes that little.
If it may change freely, the lines absorb the residual of damaged data, and the damage goes undetected."""


PERSONAL = 0.16
"""Part of the variance of a deviation that is one person's own; the rest all people of a scanner share. People of one
scanner differ by 0.4 of the spread between publications and between grey and white matter: learned from simulated
scanners whose lines differ by 15 % between people it is 0.1 to 0.25 (docs/accuracy.md)."""


def with_deviations(
    model: LinearCombinationModel, deviations: Mapping[str, ComplexArray], first: State
) -> LinearCombinationModel:
    """The model with the deviations (n, M) of its component ``MM`` as penalised blocks of the baseline, by their name.

    Their prior standard deviation is the amplitude of ``MM`` in a ``first`` solution; they are as broad as the
    components are there, and keep that width.
    """
    component = model.layout.components.index(COMPONENT)
    strongest = float(first.amplitudes.max(initial=0.0))
    spread = max(float(first.amplitudes[component]), SMALLEST_SHARE * strongest, np.finfo(float).tiny)
    baseline = model.baseline
    for name, signals in deviations.items():
        count, start = signals.shape[0], baseline.columns.shape[1]
        columns = columns_like(model, signals, first.values)
        parts, common = {component: columns}, (1.0 - PERSONAL) * np.eye(count)
        block = Block(start, start + count, np.eye(count), 1.0 / spread**2, SHAPE, name, parts, common)
        baseline = baseline.with_columns(columns, block)
    return replace(model, baseline=baseline)
