"""Verdict on single metabolites of a usable spectrum: poorly separated or too uncertain ones are limited."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fitting.model.result import Fit
from fitting.quality.verdict.usable import Usable
from fitting.quantification.concentrations import Quantity
from fitting.quantification.totals import combine, totals
from fitting.reason import Reason
from fitting.units import FloatArray

SHARED_VARIANCE = 0.5
"""Share of a metabolite's variance due to confusion with one other, above which the two cannot be separated."""

UNCERTAIN = 0.2
"""Relative standard deviation above which a value is called uncertain; it is kept, for a threshold would delete low
values and keep high ones (Kreis 2016, doi:10.1002/mrm.25568)."""

TOO_UNCERTAIN = 0.5
"""The same above which a value is not compared with norms (50 %: Kreis 2004, doi:10.1002/nbm.891)."""


def cautions(fit: Fit, quantities: tuple[Quantity, ...]) -> Mapping[str, tuple[Usable, tuple[Reason, ...]]]:
    """Usability of each quantity by itself, with reasons.

    Parameters
    ----------
    fit : Fit
        With the full covariance of the amplitudes.
    quantities : tuple of Quantity
        Single metabolites and sums.
    """
    partners = _partners(fit)
    return {quantity.name: _caution(quantity, partners.get(quantity.name)) for quantity in quantities}


def _caution(quantity: Quantity, partner: tuple[str, float] | None) -> tuple[Usable, tuple[Reason, ...]]:
    if not quantity.detected:
        return "yes", ()
    found: list[tuple[Usable, Reason]] = []
    if partner is not None and partner[1] < -np.sqrt(SHARED_VARIANCE):
        total = next((total for total, members in totals().items() if quantity.name in members), None)
        instead = f"; read {total} instead" if total else ""
        sentence = f"{quantity.name} cannot be told from {partner[0]} here (correlation {partner[1]:.2f}){instead}."
        found.append(("limited", Reason("not-separable", sentence)))
    relative = quantity.amplitude_sd / quantity.amplitude if quantity.amplitude > 0 else np.inf
    if relative > UNCERTAIN:
        sentence = f"The standard deviation of {quantity.name} is {100 * relative:.0f} % of its value."
        found.append(("limited" if relative > TOO_UNCERTAIN else "yes", Reason("uncertain", sentence)))
    move = quantity.model_move
    if move is not None and abs(move.sds) > 1.0:
        direction = "higher" if move.sds > 0.0 else "lower"
        sentence = f"{quantity.name} would be {abs(move.sds):.1f} standard deviations {direction} with {move.model}."
        found.append(("yes", Reason("model-sensitive", sentence)))
    usable: Usable = "limited" if any(level == "limited" for level, _ in found) else "yes"
    return usable, tuple(reason for _, reason in found)


def _partners(fit: Fit) -> dict[str, tuple[str, float]]:
    """For each metabolite and sum the component outside it with the most negative correlation."""
    if not fit.names:
        return {}
    combinations = combine(fit.names)
    weights = combinations.weights
    covariance: FloatArray = weights @ fit.covariance @ weights.T
    cross = weights @ fit.covariance
    sd = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    single = np.sqrt(np.maximum(np.diag(fit.covariance), 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = np.nan_to_num(cross / np.outer(sd, single))
    correlation[weights != 0] = 0.0
    worst = np.argmin(correlation, axis=1)
    return {
        name: (fit.names[column], float(correlation[row, column]))
        for row, (name, column) in enumerate(zip(combinations.names, worst, strict=True))
    }
