"""Own controls with a mean drawn towards the published one."""

from __future__ import annotations

from dataclasses import replace

from fitting.norms.assessment import Shrunken
from fitting.norms.literature import Norm
from fitting.norms.position import Reference, position


def shrunken(value: float, own: Reference, literature: Norm) -> Shrunken | None:
    """The position when the mean of the own controls borrows from the published mean; None without a spread.

    The published mean predicts that of a new laboratory with variance τ² + SE²; the own mean has the variance
    of its sampling. Weighted by precision,

        m = (μ / (τ² + SE²) + m_own / v_own) / (1 / (τ² + SE²) + 1 / v_own)

    with variance 1 / (1 / (τ² + SE²) + 1 / v_own). The spread between people stays that of the own controls. It is
    shown beside the position by own controls, which has priority: a site that differs for a reason should not be
    drawn towards the others.
    """
    if literature.effects is None or not literature.supports_z:
        return None
    prior = literature.effects.tau**2 + literature.effects.se**2
    weight = own.sampling / (own.sampling + prior)
    mean = weight * literature.mean + (1.0 - weight) * own.mean
    sampling = own.sampling * (1.0 - weight)
    variance = own.sd_predictive**2 - own.sampling + sampling
    reference = replace(own, mean=mean, sampling=sampling, sd_predictive=variance**0.5)
    score = position(value, reference)
    p = score.p if score.p is not None else 1.0
    return Shrunken(mean, weight, literature.id, score.value, score.low, score.high, p)
