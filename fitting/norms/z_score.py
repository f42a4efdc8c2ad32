"""The z-score of one value in a reference distribution, with interval, percentile, test and flag."""

from __future__ import annotations

from dataclasses import replace

from scipy import special

from fitting.norms.assessment import ErrorShares, Flag, Shrunken, ZScore
from fitting.norms.literature import Norm
from fitting.statistics.distributions import NORMAL_LIMIT
from fitting.statistics.shrinkage import precision_weighted
from fitting.statistics.single_case import (
    ReferenceDistribution,
    confidence_below,
    smallest_detectable_difference,
    t_test,
    true_position_interval,
)


def z_score(value: float, reference: ReferenceDistribution, norm_id: str) -> ZScore:
    """Position of one value in its reference distribution.

    * z = (x − mean) / sd; t = (x − mean) / sd_predictive with Student's distribution on ``df_predictive`` gives
      p (two-sided) and percentile: the share of the controls' population below x (Crawford & Howell 1998,
      doi:10.1076/clin.12.4.482.7241).
    * The 95 % interval is for ζ, the position of the person's own, noise-free value among the controls of the
      laboratory that measured it; ``p_outside`` is the confidence that |ζ| > 1.96; see
      :func:`fitting.statistics.single_case.confidence_below`.

    Parameters
    ----------
    value : float
        In the unit of the reference.
    reference : ReferenceDistribution
    norm_id : str
        Id of the norm behind the reference.
    """
    z = reference.z(value)
    t, p = t_test(value, reference)
    low, high = true_position_interval(z, reference)
    percentile = 100.0 * float(special.stdtr(reference.df_predictive, t))
    reference_low, reference_high = reference.reference_interval()
    flag: Flag = "below" if value < reference_low else "above" if value > reference_high else "within"
    return ZScore(
        value=z,
        low=low,
        high=high,
        percentile=percentile,
        # far out, the expected share over all possible populations is more than that of nearly all of them
        percentile_low=min(100.0 * float(special.ndtr(low)), percentile),
        percentile_high=max(100.0 * float(special.ndtr(high)), percentile),
        t=t,
        df=reference.df_predictive,
        p=p if reference.supports_p else None,
        q=None,
        p_outside=confidence_below(z, reference, -NORMAL_LIMIT) + 1.0 - confidence_below(z, reference, NORMAL_LIMIT),
        sd_predictive=reference.sd_predictive,
        norm_id=norm_id,
        flag=flag,
        reference_low=reference_low,
        reference_high=reference_high,
        smallest_detectable_difference=smallest_detectable_difference(reference),
        error_shares=ErrorShares(
            measurement=reference.measurement / reference.interval_variance,
            norm_sampling=reference.sampling / reference.interval_variance,
            between_lab=reference.laboratories / reference.interval_variance,
        ),
        shrunken=None,
        improvements=(),
    )


def shrunken(value: float, own: ReferenceDistribution, literature: Norm) -> Shrunken | None:
    """Position when the mean of own controls is shrunken towards the published mean; None without a spread of that.

    The published mean predicts that of a new laboratory with variance τ² + SE²; the own mean has the variance
    of its sampling. The spread between people stays that of the own controls. It is shown beside the position by own
    controls, which has priority: a site that differs for a reason should not be drawn towards the others.
    """
    if literature.effects is None or not literature.supports_z:
        return None
    between = literature.effects.tau**2 + literature.effects.se**2
    drawn = precision_weighted(own.mean, own.sampling, literature.mean, between)
    variance = own.sd_predictive**2 - own.sampling + drawn.variance
    reference = replace(own, mean=drawn.mean, sampling=drawn.variance, sd_predictive=variance**0.5)
    score = z_score(value, reference, literature.id)
    return Shrunken(
        mean=drawn.mean,
        literature_weight=drawn.prior_weight,
        literature_id=literature.id,
        z=score.value,
        low=score.low,
        high=score.high,
        p=score.p if score.p is not None else 1.0,
    )
