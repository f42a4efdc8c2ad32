"""Random-effects pooling of published group means, and the spread of a new person in a new laboratory."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from fitting.statistics.distributions import Predictive, t_limit
from fitting.units import FloatArray

FEWEST_POOLED = 2
"""Below this there is nothing to pool."""
ENOUGH_STUDIES = 5
"""From these on τ is known well enough that a p value is given and its degrees of freedom are k − 1."""


@dataclass(frozen=True, slots=True)
class RandomEffects:
    """Pooled mean of k ≥ 2 studies with its standard error and the standard deviation between studies."""

    mean: float
    se: float
    tau: float
    i2: float
    """Share of the variance of the study means that is not sampling error (Higgins & Thompson 2002,
    doi:10.1002/sim.1186)."""


def random_effects(means: FloatArray, standard_errors: FloatArray) -> RandomEffects:
    """Paule–Mandel estimate with Hartung–Knapp standard error, never below the classical one.

    tau² solves Σ (m_i − μ)² / (SE_i² + τ²) = k − 1 with μ the weighted mean (Paule & Mandel 1982,
    doi:10.6028/jres.087.022); the standard error is that of Hartung & Knapp 2001 (doi:10.1002/sim.791).

    Parameters
    ----------
    means, standard_errors : float array, shape (k,)
        Of k ≥ 2 independent studies.
    """
    variances = standard_errors**2
    freedom = means.size - 1

    def weighted(tau2: float) -> tuple[float, float, float]:
        weights = 1.0 / (variances + tau2)
        mean = float(weights @ means / weights.sum())
        return mean, float(weights @ (means - mean) ** 2), float(weights.sum())

    heterogeneity = weighted(0.0)[1]
    tau2 = 0.0
    if heterogeneity > freedom:
        # at τ² = Σ (m − m̄)² the sum is below k − 1 whatever the weights
        upper = float(np.sum((means - means.mean()) ** 2)) + float(variances.max())
        tau2 = float(optimize.brentq(lambda value: weighted(value)[1] - freedom, 0.0, upper, xtol=1e-14))
    mean, spread, total = weighted(tau2)
    return RandomEffects(
        mean=mean,
        se=math.sqrt(max(spread / freedom, 1.0) / total),
        tau=math.sqrt(tau2),
        i2=max(0.0, 1.0 - freedom / heterogeneity) if heterogeneity > 0.0 else 0.0,
    )


def pooled_sd(sds: FloatArray, counts: FloatArray) -> tuple[float, float]:
    """Standard deviation within studies, s_w² = Σ (n_i − 1) s_i² / Σ (n_i − 1), and its degrees of freedom."""
    freedom = counts - 1.0
    return math.sqrt(float(freedom @ sds**2 / freedom.sum())), float(freedom.sum())


def predictive(
    effects: RandomEffects, studies: int, sd_within: float, df_within: float, excess: float = 0.0
) -> Predictive:
    """Spread of a new person measured in a new laboratory.

    sd² = τ² + SE² + s_w² + excess, with degrees of freedom by Satterthwaite (1946, doi:10.2307/3002019):
    sd⁴ / ((τ² + SE²)² / df_b + s_w⁴ / df_w), df_b of :func:`between_df`. Dividing by s_w alone would take the bias
    between laboratories for zero and inflate |z|.

    Parameters
    ----------
    effects : RandomEffects
    studies : int
        k ≥ 2.
    sd_within, df_within : float
    excess : float
        Variance of the measurement beyond what s_w already holds; known, so without degrees of freedom.
    """
    between = effects.tau**2 + effects.se**2
    total = between + sd_within**2 + excess
    return Predictive(sd=math.sqrt(total), df=total**2 / (between**2 / between_df(studies) + sd_within**4 / df_within))


def between_df(studies: int) -> float:
    """Degrees of freedom of τ² + SE² for a new person: k − 1, and of three or four studies k − 2.

    k − 2 is what Higgins, Thompson & Spiegelhalter 2009 (doi:10.1111/j.1467-985X.2008.00552.x) take for a new study.
    Of three or four studies τ is often far too small by chance, and Satterthwaite's formula then treats the whole
    spread as well known: with k − 1, 8 % of healthy people are flagged where three laboratories are far apart.
    """
    return studies - 1.0 if studies >= ENOUGH_STUDIES else max(1.0, studies - 2.0)


def study_mean_interval(effects: RandomEffects, studies: int) -> tuple[float, float]:
    """95 % prediction interval for the mean of a new study, μ ± t_{k−2} √(τ² + SE²), k ≥ 3.

    Higgins, Thompson & Spiegelhalter 2009 (doi:10.1111/j.1467-985X.2008.00552.x).
    """
    half = t_limit(studies - 2) * math.hypot(effects.tau, effects.se)
    return effects.mean - half, effects.mean + half
