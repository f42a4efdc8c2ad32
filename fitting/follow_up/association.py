"""Do a clinical measure and a metabolite go together over the sessions of one person? Mostly that cannot be said."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special, stats

from fitting.follow_up.change import LEVEL
from fitting.norms.assessment import Absence
from fitting.units import FloatArray

FEWEST_PAIRS = 10
"""With nine pairs the 95 % interval of a correlation of 0.5 reaches from -0.3 to 0.9."""
STEEPEST = 0.999
"""Fisher's z of a perfect rank correlation is infinite, and no finite number of sessions shows that."""
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
    """What this cannot say, for people."""


def associate(measures: FloatArray, values: FloatArray) -> Association | Absence:
    """Spearman's correlation with an interval, from ten sessions on; no p value, for sessions are not independent.

    The interval is Fisher's z with the variance (1 + ρ²/2) / (n − 3) of Bonett & Wright 2000
    (doi:10.1007/BF02294183).

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
    rho = float(stats.spearmanr(measures, values).statistic)
    reach = float(special.ndtri(0.5 + LEVEL / 2.0)) * math.sqrt((1.0 + rho**2 / 2.0) / (count - 3))
    centre = math.atanh(min(max(rho, -STEEPEST), STEEPEST))
    return Association(rho, math.tanh(centre - reach), math.tanh(centre + reach), count, CAVEAT)
