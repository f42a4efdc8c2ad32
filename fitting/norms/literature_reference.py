"""Reference distribution of a person scanned at a laboratory outside the published studies."""

from __future__ import annotations

from fitting.norms.expectation import Expectation, excess_variance
from fitting.norms.norm import Norm
from fitting.quantification.concentrations import Ratio
from fitting.statistics.pooling import predictive
from fitting.statistics.single_case import ReferenceDistribution

LEAST_BETWEEN_LAB = 0.3
"""Least spread between laboratories, in spreads between people: a little below the smallest of the shipped ratios to
tCr with four or more studies (0.33; their median is 0.78)."""


def literature_reference(norm: Norm, measured: Ratio) -> ReferenceDistribution:
    """Predictive distribution for a person scanned at a laboratory outside the pooled studies.

    sd_pred² = τ² + SE² + s_w² + excess divides the deviation and gives t, with Satterthwaite's degrees of freedom
    (see :func:`fitting.statistics.pooling.predictive`). The interval of z carries the measurement, the standard error
    of μ and the difference between laboratories τ, since the position of the own laboratory is unknown. Both have
    k − 1 degrees of freedom, but as few studies often give τ = 0 by chance, at least ``LEAST_BETWEEN_LAB`` s_w is
    assumed.

    Parameters
    ----------
    norm : Norm
        With ``supports_z``.
    measured : Ratio

    Raises
    ------
    ValueError
        When the norm does not support a z-score.
    """
    if not norm.supports_z or norm.effects is None or norm.sd_within is None:
        raise ValueError(f"norm {norm.id} does not support a z-score")
    excess = excess_variance(measured.sd, norm.sd_within, None)
    spread = predictive(norm.effects, norm.studies, norm.sd_within, norm.df_within, excess)
    return ReferenceDistribution(
        mean=norm.mean,
        sd=spread.sd,
        df=spread.df,
        sd_predictive=spread.sd,
        df_predictive=spread.df,
        measurement=measured.sd**2,
        sampling=norm.effects.se**2,
        between_lab=norm.effects.tau**2,
        df_between=norm.studies - 1.0,
        least_between_lab=(LEAST_BETWEEN_LAB * norm.sd_within) ** 2,
        supports_p=norm.supports_p,
        least_value=0.0,
    )


def as_own_controls(norm: Norm, n: int) -> Expectation:
    """Reference distribution from ``n`` hypothetical controls of the own laboratory that match the published ones.

    Raises
    ------
    ValueError
        When the spread between people is not known.
    """
    if norm.sd_within is None:
        raise ValueError(f"norm {norm.id} has no spread between people")
    return Expectation(norm.id, n, norm.mean, norm.sd_within, n - 1.0, 1.0 / n, None)
