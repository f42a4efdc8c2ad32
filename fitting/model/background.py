"""Deviations of macromolecules from the component ``MM``, as baseline columns with their own priors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from fitting.model.baseline import BROAD, BUMPS_BESIDE_FREE_LINES, Block
from fitting.model.forward import LinearCombinationModel, State, columns_like
from fitting.units import ComplexArray, FloatArray

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
"""Part of the variance of a deviation that is one person's own; the rest all people of a scanner share. No published
measurement of it is known. With 0.16, people differ by 0.4 of the spread between publications and between grey and
white matter, and among people of a simulated scanner whose lines differ by 15 % the intervals of ``sd_scan`` hold 93 to
100 % of each ratio; where it is learned from a scanner's people, it is smaller (docs/site-background.md)."""


@dataclass(frozen=True, slots=True)
class DeviationFamily:
    """Deviations of one kind: decimated signals (n, M), and the part (n,) of each variance that a scanner shares."""

    signals: ComplexArray
    common: FloatArray | None = None


def with_deviations(
    model: LinearCombinationModel, families: Mapping[str, DeviationFamily], first: State, *, fills_gaps: bool = False
) -> LinearCombinationModel:
    """The model with the deviations of its component ``MM`` as penalised blocks of the baseline, by their name.

    Their prior standard deviation is the amplitude of ``MM`` in a ``first`` solution; they are as broad as the
    components are there, and keep that width. With ``fills_gaps`` the baseline's bumps are stiffer.
    """
    component = model.layout.components.index(COMPONENT)
    strongest = float(first.amplitudes.max(initial=0.0))
    spread = max(float(first.amplitudes[component]), SMALLEST_SHARE * strongest, np.finfo(float).tiny)
    baseline = model.baseline
    if fills_gaps:
        baseline = baseline.with_precision(BROAD, BUMPS_BESIDE_FREE_LINES)
    columns = columns_like(model, np.concatenate([family.signals for family in families.values()]), first.values)
    blocks, made, start = [], 0, baseline.columns.shape[1]
    for name, family in families.items():
        count = family.signals.shape[0]
        if count == 0:
            continue
        shared = np.full(count, 1.0 - PERSONAL) if family.common is None else family.common
        parts, place = {component: columns[:, made : made + count]}, start + made
        blocks.append(Block(place, place + count, np.eye(count), 1.0 / spread**2, SHAPE, name, parts, np.diag(shared)))
        made += count
    return replace(model, baseline=baseline.with_columns(columns, *blocks))
