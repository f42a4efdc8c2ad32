"""Metabolites of the control model: the parts that are modelled and the sums that follow from them."""

from __future__ import annotations

import numpy as np

from fitting.units import FloatArray

PARTS = ("NAA", "NAAG", "Glu", "Gln", "mI", "tCho")
"""Modelled on the log scale, as ratios to tCr."""
SUMS = {"tNAA": ("NAA", "NAAG"), "Glx": ("Glu", "Gln")}
"""Sums of two parts."""
METABOLITES = ("tNAA", "NAA", "Glu", "Gln", "Glx", "mI", "tCho")
"""Those that studies report and people are compared by; NAAG alone is not."""


def linear(metabolite: str, log_parts: FloatArray) -> tuple[FloatArray, float]:
    """Weights w and constant c with log value ≈ w · log parts + c about a composition.

    Of a part the weights select it. The log of a sum is linear to first order with the shares of its parts as weights:
    log(a + b) ≈ w log a + (1 − w) log b + c, w = a / (a + b), exact at the composition.

    Parameters
    ----------
    metabolite : str
        One of :data:`METABOLITES` or :data:`PARTS`.
    log_parts : float array, shape (6,)
        Composition, in the order of :data:`PARTS`.
    """
    weights = np.zeros(len(PARTS))
    if metabolite not in SUMS:
        weights[PARTS.index(metabolite)] = 1.0
        return weights, 0.0
    members = [PARTS.index(name) for name in SUMS[metabolite]]
    amounts = np.exp(log_parts[members])
    weights[members] = amounts / amounts.sum()
    return weights, float(np.log(amounts.sum()) - weights[members] @ log_parts[members])
