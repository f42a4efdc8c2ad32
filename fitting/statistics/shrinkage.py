"""A mean drawn towards a prior mean, the more the less certain it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShrunkenMean:
    """Precision-weighted mean of a sample mean and a prior mean."""

    mean: float
    variance: float
    prior_weight: float
    """0 to 1."""


def precision_weighted(mean: float, variance: float, prior_mean: float, prior_variance: float) -> ShrunkenMean:
    """Posterior of a normal mean: (m/v + m₀/v₀) / (1/v + 1/v₀), with variance 1 / (1/v + 1/v₀).

    Normal prior and normal likelihood (Lindley & Smith 1972, doi:10.1111/j.2517-6161.1972.tb00885.x).
    """
    weight = variance / (variance + prior_variance)
    return ShrunkenMean(weight * prior_mean + (1.0 - weight) * mean, variance * (1.0 - weight), weight)
