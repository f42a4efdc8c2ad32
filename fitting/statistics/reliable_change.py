"""One change of one value against the scatter of repeated measurements of an unchanged person."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from fitting.errors import ImplausibleParameter
from fitting.statistics.distributions import LEVEL
from fitting.units import FloatArray


@dataclass(frozen=True, slots=True)
class ReliableChange:
    """A change compared with its own error."""

    sd: float
    """Standard deviation of the difference of two sessions when nothing changes, in the unit of the value."""
    index: float
    """Reliable-change index: change over ``sd``."""
    p: float
    """Two-sided chance of a change this large when nothing changes; accounts for the uncertainty of ``sd``."""
    low: float
    """Lower end of the 95 % interval of the change."""
    high: float
    """Upper end of the 95 % interval of the change."""
    minimal_detectable_change: float
    """Smallest change that 5 % of unchanged people show, in the unit of the value; accounts for the same."""
    beyond: bool
    """Whether the change is at least that large."""


def reliable_change(change: float, sd: float, variances: FloatArray | None = None) -> ReliableChange:
    """Reliable-change index, its p value, the interval of the change and the minimal detectable change.

    index = change / sd with sd = √2 · SEM for two equally good measurements (Jacobson & Truax 1991,
    doi:10.1037/0022-006X.59.1.12), √(SEM₁² + SEM₂²) else (Maassen 2004, doi:10.1017/S1355617704106097). When sd is
    known, MDC = 1.96 sd = 1.96 √2 SEM. When it was estimated from a few people, p = E 2 Φ(−|change| / √V) over the
    variances V those people leave possible, and MDC is where p is 5 %; where noise is not separated, this is
    Student's t.

    Parameters
    ----------
    change : float
        Later value less earlier value.
    sd : float
        Standard deviation of the difference when nothing changes, in the same unit.
    variances : float array, shape (P,), or None
        Equally probable values of its square; None when it is known.

    Raises
    ------
    ImplausibleParameter
        When the standard deviation or a variance is not positive, or the change is not finite.
    """
    possible = np.array([sd**2]) if variances is None else variances
    if not (0.0 < sd < math.inf and bool(np.all(possible > 0.0)) and math.isfinite(change)):
        raise ImplausibleParameter(
            f"A change of {change:g} with standard deviation {sd:g} cannot be judged; it must be positive.",
            parameter="sd",
        )
    roots = np.sqrt(possible)

    def chance(size: float) -> float:
        return 2.0 * float(np.mean(special.ndtr(-size / roots)))

    def excess(size: float) -> float:
        return chance(size) - (1.0 - LEVEL)

    reach = float(optimize.brentq(excess, 0.0, 4.0 * float(roots.max()), rtol=1e-9))
    return ReliableChange(
        sd=sd,
        index=change / sd,
        p=chance(abs(change)),
        low=change - reach,
        high=change + reach,
        minimal_detectable_change=reach,
        beyond=abs(change) >= reach,
    )
