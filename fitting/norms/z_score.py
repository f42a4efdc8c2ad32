"""The reference a pooled norm gives for one person in a laboratory that is not among its studies."""

from __future__ import annotations

from fitting.norms.assessment import ZScore
from fitting.norms.controls import OwnReference
from fitting.norms.literature import Norm
from fitting.norms.measured_error import excess_variance
from fitting.norms.pooling import predictive
from fitting.norms.position import Reference, position
from fitting.quantification.concentrations import Ratio

LEAST_BETWEEN_LAB = 0.3
"""Least spread between laboratories, in spreads between people: a little below the smallest of the shipped ratios to
tCr with four or more studies (0.33; their median is 0.78)."""


def literature_reference(norm: Norm, measured: Ratio) -> Reference:
    """What published controls say of a person of a new laboratory.

    sd_pred² = τ² + SE² + s_w² + excess divides the deviation and gives t, with Satterthwaite's degrees of freedom
    (see :func:`fitting.norms.pooling.predictive`). The interval of z carries the measurement, the standard error
    of μ and the difference between laboratories τ: nobody knows where in it the own laboratory stands. Both have k − 1
    degrees of freedom, but as few studies often give τ = 0 by chance, no less than ``LEAST_BETWEEN_LAB`` s_w is
    thought possible.

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
    return Reference(
        norm_id=norm.id,
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


def z_score(norm: Norm, measured: Ratio) -> ZScore:
    """Position of one person's ratio in a norm that supports it; see :func:`fitting.norms.position.position`.

    Raises
    ------
    ValueError
        When the norm does not support a z-score.
    """
    return position(measured.value, literature_reference(norm, measured))


def as_own_controls(norm: Norm, n: int) -> OwnReference:
    """What ``n`` controls of one's own would say if they were like the published ones.

    Raises
    ------
    ValueError
        When nobody knows the spread between people.
    """
    if norm.sd_within is None:
        raise ValueError(f"norm {norm.id} has no spread between people")
    return OwnReference(norm.id, n, norm.mean, norm.sd_within, n - 1.0, 1.0 / n, None)
