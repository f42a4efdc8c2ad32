"""Rank correlation of a clinical measure with a metabolite over the sessions of one person."""

from __future__ import annotations

from dataclasses import dataclass

from fitting.reason import Absence
from fitting.statistics.rank_correlation import spearman
from fitting.units import FloatArray

FEWEST_PAIRS = 10
"""With nine pairs the 95 % interval of a correlation of 0.5 reaches from -0.3 to 0.9."""
CAVEAT = (
    "Rank correlation over the sessions of one person: both may follow time or treatment, successive sessions are "
    "not independent, and neither causes the other by it."
)


@dataclass(frozen=True, slots=True)
class Association:
    """Rank correlation of a clinical measure with a metabolite."""

    rho: float
    """Spearman's rank correlation, -1 to 1."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end of its 95 % interval."""
    sessions: int
    """Sessions with both."""
    sentence: str
    """Limits of this correlation, for display."""


def associate(measures: FloatArray, values: FloatArray) -> Association | Absence:
    """Spearman's correlation with an interval, from ten sessions on.

    No p value is given, because successive sessions are not independent.

    Parameters
    ----------
    measures, values : float array, shape (N,)
        Of the same sessions.
    """
    count = len(measures)
    if count < FEWEST_PAIRS:
        return Absence(
            "sessions-too-few",
            f"{count} {'session has' if count == 1 else 'sessions have'} both; a correlation is not given below "
            f"{FEWEST_PAIRS}, because it would say next to nothing.",
        )
    if len(set(measures.tolist())) == 1 or len(set(values.tolist())) == 1:
        return Absence("no-variation", "One of them is the same in all sessions, so nothing can go together.")
    rho, low, high = spearman(measures, values)
    return Association(rho=rho, low=low, high=high, sessions=count, sentence=CAVEAT)
