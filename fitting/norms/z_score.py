"""The z-score of one value: its position among the people of the control model, or by the t test of a sample alone."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy import special

from fitting.norms.assessment import ErrorShares, Flag, Shares, ZScore
from fitting.norms.control_model import habits
from fitting.norms.laboratory_model import Laboratory
from fitting.statistics.distributions import NORMAL_LIMIT
from fitting.statistics.laboratory import Noise, alone
from fitting.statistics.mixture import Mixture
from fitting.statistics.single_case import (
    POWER,
    ReferenceDistribution,
    confidence_below,
    smallest_detectable_difference,
    t_test,
    true_position_interval,
)

POWER_DEVIATE = float(special.ndtri(POWER))
_ENDS = np.array([-NORMAL_LIMIT, NORMAL_LIMIT])
_DETECTABLE = np.array([-NORMAL_LIMIT, POWER_DEVIATE])
_REFERENCE = np.array([-NORMAL_LIMIT, NORMAL_LIMIT, 0.0, POWER_DEVIATE])


def model_z_score(value: float, laboratory: Laboratory, noise: Noise, norm_id: str) -> ZScore:
    """Position of one value, above zero, among the people of the control model.

    * ``percentile`` is the probability of a smaller value in the predictive distribution of a new healthy person of
      this laboratory, measured as this value is; z = Φ⁻¹(percentile / 100).
    * ``low``, ``high`` and ``p_outside`` are of ζ, the person's own, noise-free position
      (:meth:`fitting.statistics.laboratory.People.position`). As the people are its prior, an extreme value is drawn
      towards them; the interval is widened to hold z.

    Parameters
    ----------
    value : float
        Ratio to tCr.
    laboratory : Laboratory
    noise : Noise
        Of the comparison, on the log scale.
    norm_id : str
    """
    log_value = math.log(value)
    predictive = laboratory.people.predictive(noise)
    position = laboratory.people.position(log_value, noise)
    z = predictive.deviate(log_value)
    ends = position.quantiles(_ENDS)
    low, high = min(float(ends[0]), z), max(float(ends[1]), z)
    lowest, highest, middle, powered = (float(item) for item in predictive.quantiles(_REFERENCE))
    median, decrease = math.exp(middle), 1.0 - math.exp(lowest - powered)
    return ZScore(
        value=z,
        low=low,
        high=high,
        percentile=_percent(z),
        percentile_low=_percent(low),
        percentile_high=_percent(high),
        z_cc=None,
        t=None,
        df=None,
        p=2.0 * float(special.ndtr(-abs(z))),
        q=None,
        p_outside=position.below(-NORMAL_LIMIT) + position.above(NORMAL_LIMIT),
        sd_predictive=median * predictive.sd,
        norm_id=norm_id,
        flag=flag_of(z),
        reference_low=math.exp(lowest),
        reference_high=math.exp(highest),
        smallest_detectable_difference=median * decrease,
        detectable_percent=100.0 * decrease,
        informative=100.0 * decrease <= habits().largest_detectable_percent,
        shares=_shares(laboratory, noise, predictive),
        error_shares=None,
        shrunken=None,
        improvements=(),
    )


def detectable_decrease(predictive: Mixture) -> float:
    """Relative decrease that four of five healthy people with it are flagged for.

    Shifted down by δ on the log scale, a value is below the reference interval, which begins at ``lowest``, with
    probability F(lowest + δ).
    """
    lowest, powered = predictive.quantiles(_DETECTABLE)
    return 1.0 - math.exp(lowest - powered)


def tested(position: ZScore, value: float, reference: ReferenceDistribution) -> ZScore:
    """The position with the t test by the own controls alone beside it.

    ``z_cc`` is the effect size (Crawford, Garthwaite & Porter 2010, doi:10.1080/02643294.2010.513967); ``t``, ``df``
    and ``p_t`` are the test (Crawford & Howell 1998, doi:10.1076/clin.12.4.482.7241).
    """
    t, p = t_test(value, reference)
    return replace(
        position,
        z_cc=reference.z(value),
        t=t,
        df=reference.df_predictive,
        p_t=p,
    )


def z_score(value: float, reference: ReferenceDistribution, norm_id: str, noise: Noise | None = None) -> ZScore:
    """Position of one value by a sample alone, where the control model has no prior for it.

    * t = (x − mean) / sd_predictive with Student's distribution on ``df_predictive`` gives p (two-sided) and the
      percentile: the share of the controls' population below x (Crawford & Howell 1998,
      doi:10.1076/clin.12.4.482.7241); z = Φ⁻¹(percentile / 100).
    * The 95 % interval is for ζ, the position of the person's own, noise-free value among the controls of the
      laboratory that measured it; see :func:`fitting.statistics.single_case.confidence_below`.
    * For the controls of one laboratory ``p_outside`` takes the person for one more of them, so that it averages 5 %.

    Parameters
    ----------
    value : float
        In the unit of the reference.
    reference : ReferenceDistribution
    norm_id : str
        Id of the norm behind the reference.
    noise : Noise, optional
        Measurement variances, in the unit of the value; by default those of the reference.
    """
    effect = reference.z(value)
    t, p = t_test(value, reference)
    low, high = true_position_interval(effect, reference)
    z = _deviate(t, reference.df_predictive)
    percentile = _percent(z)
    reference_low, reference_high = reference.reference_interval()
    difference = smallest_detectable_difference(reference)
    percent = 100.0 * difference / reference.mean if reference.mean > 0.0 else None
    one_laboratory = reference.df_between is None
    return ZScore(
        value=z,
        low=min(low, z),
        high=max(high, z),
        percentile=percentile,
        percentile_low=min(_percent(low), percentile),
        percentile_high=max(_percent(high), percentile),
        z_cc=effect if one_laboratory else None,
        t=t,
        df=reference.df_predictive,
        p=p if reference.supports_p else None,
        p_t=p if reference.supports_p else None,
        q=None,
        p_outside=_outside(value, reference, noise or Noise(None, reference.measurement)),
        sd_predictive=reference.sd_predictive,
        norm_id=norm_id,
        flag=flag_of(z),
        reference_low=reference_low,
        reference_high=reference_high,
        smallest_detectable_difference=difference,
        detectable_percent=None if percent is None else min(percent, 100.0),
        informative=None if percent is None else percent <= habits().largest_detectable_percent,
        shares=_sample_shares(reference),
        error_shares=ErrorShares(
            measurement=reference.measurement / reference.interval_variance,
            norm_sampling=reference.sampling / reference.interval_variance,
            between_lab=reference.laboratories / reference.interval_variance,
        ),
        shrunken=None,
        improvements=(),
    )


def flag_of(z: float) -> Flag:
    """Against the central 95 % of healthy people."""
    return "below" if z < -NORMAL_LIMIT else "above" if z > NORMAL_LIMIT else "within"


def _percent(z: float) -> float:
    return 100.0 * float(special.ndtr(z))


def _deviate(t: float, df: float) -> float:
    """Standard normal deviate of a t statistic, precise in both tails."""
    tail = float(special.ndtri(max(float(special.stdtr(df, -abs(t))), 1e-300)))
    return tail if t < 0.0 else -tail


def _outside(value: float, reference: ReferenceDistribution, noise: Noise) -> float:
    if reference.df_between is not None:
        z = reference.z(value)
        below, above = (confidence_below(z, reference, limit) for limit in (-NORMAL_LIMIT, NORMAL_LIMIT))
        return below + 1.0 - above
    people = alone(reference.mean, reference.sd, reference.df, reference.sampling / reference.sd**2)
    return people.outside(value, noise)


def _sample_shares(reference: ReferenceDistribution) -> Shares:
    measurement = min(reference.measurement, reference.sd_predictive**2)
    between = reference.sampling + reference.between_lab
    people = max(reference.sd_predictive**2 - measurement - between, 0.0)
    total = measurement + between + people
    return Shares(measurement / total, people / total, between / total, 0.0)


def _shares(laboratory: Laboratory, noise: Noise, predictive: Mixture) -> Shares:
    people = laboratory.people
    true, own = noise.split(people.spread**2)
    between_people, measurement = float(people.weights @ true), float(people.weights @ own)
    rest = max(predictive.sd**2 - between_people - measurement, 0.0)
    prior = laboratory.prior
    region = float(np.mean(prior.region) + np.var(prior.mean))
    of_region = region / (region + float(np.mean(prior.laboratory)))
    total = rest + between_people + measurement
    return Shares(
        measurement=measurement / total,
        people=between_people / total,
        laboratory=rest * (1.0 - of_region) / total,
        region=rest * of_region / total,
    )
