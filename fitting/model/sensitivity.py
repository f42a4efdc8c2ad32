"""Amplitudes under other reasonable models: other stiffness of the baseline, single macromolecule templates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from fitting.model.background import COMPONENT, TEMPLATES
from fitting.model.forward import State
from fitting.model.least_squares import Problem
from fitting.model.linear import solve_alike
from fitting.model.result import Alternative
from fitting.units import FloatArray

STIFFNESS = {"a ten times stiffer baseline": 10.0, "a ten times freer baseline": 0.1}
"""Factor on the precision of every block of the baseline: other published settings differ by as much, and restricted
maximum likelihood knows a precision to about a factor of 3."""

DECADES = 1.0
"""Standard deviation of the decimal logarithm of the baseline's precision, by which intervals are widened. At 9 to 10
Hz and S/N 45 to 60 errors of Glu and Gln are 1.28 and 1.46 of the stated ones without it, and 1.08 and 1.22 with it; at
4 to 5 Hz next to nothing depends on the stiffness, and intervals stay as they are."""

NO_DEVIATION = 1e8
"""Factor on the precision of the deviations that leaves a template as it is."""

_Named = tuple[str, FloatArray]
"""A model in words, and the products (K + 1, K + 1) of components and data with its baseline eliminated."""


def alternatives(problem: Problem, state: State, multiples: Mapping[str, float]) -> tuple[Alternative, ...]:
    """Amplitudes under other models at the same phases, shifts and widths, in the units of the problem.

    ``multiples`` names the published backgrounds whose deviations the model holds, in order, with the multiple of each
    deviation that leads to the template.
    """
    models, grams = zip(*_stiffness(problem, state), *_single_templates(problem, state, multiples), strict=True)
    stacked = np.array(grams)
    amplitudes = solve_alike(stacked[:, :-1, :-1], stacked[:, :-1, -1], problem.model.nonnegative, state.free)
    return tuple(map(Alternative, models, amplitudes))


def stiffness_step(others: tuple[Alternative, ...]) -> FloatArray:
    """Change (K,) of the amplitudes for one standard deviation of the logarithm of the baseline's precision."""
    by_model = {other.model: other.amplitudes for other in others}
    stiffer, freer = (by_model[model] for model in STIFFNESS)
    decades = float(np.log10(max(STIFFNESS.values()) / min(STIFFNESS.values())))
    return np.asarray((stiffer - freer) * (DECADES / decades))


def _factors(problem: Problem, templates: float, others: float) -> FloatArray:
    blocks = problem.model.baseline.blocks
    return np.array([templates if block.name == TEMPLATES else others for block in blocks])


def _stiffness(problem: Problem, state: State) -> Iterator[_Named]:
    for model, factor in STIFFNESS.items():
        projection = problem.projection.with_precisions(problem.projection.precisions * _factors(problem, 1.0, factor))
        inner = projection.inner(state.cross)
        yield model, state.products - inner.T @ inner


def _single_templates(problem: Problem, state: State, multiples: Mapping[str, float]) -> Iterator[_Named]:
    """Each template alone: the mean and its own deviation are one component; its lines may differ as before."""
    block = next((block for block in problem.model.baseline.blocks if block.name == TEMPLATES), None)
    if block is None:
        return
    precisions = problem.projection.precisions * _factors(problem, NO_DEVIATION, 1.0)
    projection = problem.projection.with_precisions(precisions)
    inside, factors = slice(block.start, block.stop), np.array(list(multiples.values()))
    products, crossed = problem.model.baseline.gram[:, inside] * factors, state.cross[inside].T * factors
    whole = np.block([[state.products, crossed], [crossed.T, products[inside] * factors[:, None]]])
    inner = projection.inner(np.hstack([state.cross, products]))
    gram = whole - inner.T @ inner
    size = state.target.shape[1]
    for index, name in enumerate(multiples):
        changed = np.eye(size + len(multiples), size)
        changed[size + index, problem.model.layout.components.index(COMPONENT)] = 1.0
        yield f"macromolecules {name}", changed.T @ gram @ changed
