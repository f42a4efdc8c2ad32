"""Fields of one group difference: estimate, interval, effect size, evidence, weights, influence."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from fitting.cohort.findings import Item
from fitting.cohort.sample import Sample
from fitting.reason import Reason
from fitting.statistics.censored import brunner_munzel, tobit
from fitting.statistics.distributions import two_sided_p
from fitting.statistics.effect_size import bayes_factor, percent_difference, standardised
from fitting.statistics.least_squares import Design, Fitted, fit, influence
from fitting.statistics.random_effects_people import weighted
from fitting.statistics.study_power import detectable
from fitting.units import FloatArray

MOST_CENSORED = 0.75
"""Share of values below their bound in a group from which no difference is given."""
LEAST_RELIABILITY = 0.3
"""Reliability below which nothing is corrected for measurement error."""
CONSTANT_ERROR_CV = 0.01
"""Coefficient of variation of sd/value below which errors follow the value."""


@dataclass(frozen=True, slots=True)
class DifferenceOptions:
    """What the plan says about every difference."""

    alpha: float
    equivalence_percent: float | None


def mostly_censored(sample: Sample, reference: str, other: str) -> Reason | None:
    """``mostly-not-detected`` where more than three quarters of a group's values are bounds."""
    for group in (reference, other):
        members = sample.in_group(group)
        share = 1.0 - float(np.mean(sample.detected[members])) if np.any(members) else 0.0
        if share > MOST_CENSORED:
            return Reason(
                "mostly-not-detected",
                f"{sample.words} is not detected in {100 * share:.0f} % of {group}; a difference is not given from "
                f"{100 * MOST_CENSORED:.0f} % on.",
            )
    return None


def censored_fields(sample: Sample, design: Design, reference: str, other: str) -> Item:
    """Fields where some values are bounds: a censored model and ranks; least squares would take bounds for values."""
    first, second = sample.in_group(reference), sample.in_group(other)
    fields: Item = {
        "n_censored_reference": int(np.sum(~sample.detected[first])),
        "n_censored_other": int(np.sum(~sample.detected[second])),
        "p_rank": brunner_munzel(
            sample.value[first], sample.value[second], sample.detected[first], sample.detected[second]
        ),
    }
    found = tobit(design, sample.value, sample.detected)
    if found is None:
        return {**fields, "censored": None}
    return {
        **fields,
        "difference_kind": "censored",
        "p": found.p,
        "censored": {
            "difference": found.difference,
            "se": found.se,
            "low": found.low,
            "high": found.high,
            "p": found.p,
        },
    }


def short_fields(design: Design, values: FloatArray) -> Item:
    """Difference with its interval and p."""
    fitted = fit(design, values)
    low, high = fitted.interval()
    return {
        "difference": fitted.difference,
        "se": fitted.se,
        "df": design.df,
        "low": low,
        "high": high,
        "p": fitted.p,
    }


def difference_fields(
    sample: Sample,
    design: Design,
    reduced: list[Design | None],
    other: str,
    options: DifferenceOptions,
    *,
    is_adjusted: bool,
) -> Item:
    """Every field of a difference of detected values.

    Parameters
    ----------
    sample : Sample
    design : Design
    reduced : list of Design
        The design without each person.
    other : str
        The group compared with the reference.
    options : DifferenceOptions
    is_adjusted : bool
    """
    fitted = fit(design, sample.value)
    group = sample.in_group(other)
    first, second = sample.value[~group], sample.value[group]
    size = standardised(fitted)
    fields: Item = {
        "mean_reference": float(first.mean()),
        "mean_other": float(second.mean()),
        "sd_reference": float(first.std(ddof=1)),
        "sd_other": float(second.std(ddof=1)),
        "adjusted_mean_reference": float(fitted.coefficients[0]),
        **short_fields(design, sample.value),
        "t": fitted.t,
        "g": size.g,
        "g_low": size.low,
        "g_high": size.high,
        "overlap": size.overlap,
        "detectable": detectable(fitted.se, design.df),
        **_percent(fitted),
        **_equivalence(fitted, options.equivalence_percent, options.alpha),
        "influence": _influence(sample, fitted, reduced, options.alpha),
    }
    if not is_adjusted:
        every = np.ones(len(sample.value), dtype=bool)
        fields["p_rank"] = brunner_munzel(first, second, every[~group], every[group])
        fields["bf10"] = bayes_factor(fitted.classical_t, len(first), len(second))
    return {**fields, **_with_errors(sample, fitted, size.g)}


def _percent(fitted: Fitted) -> Item:
    found = percent_difference(fitted)
    if found is None:
        return {"percent_absent": {"code": "mean-not-positive", "sentence": "A group's mean is not positive."}}
    return {"percent": found[0], "percent_low": found[1], "percent_high": found[2]}


def _equivalence(fitted: Fitted, percent: float | None, alpha: float) -> Item:
    """Two one-sided tests (Schuirmann 1987, doi:10.1007/BF01068419) and the largest difference not excluded."""
    df = fitted.design.df
    reach = float(special.stdtrit(df, 0.95)) * fitted.se
    fields: Item = {"excluded_beyond": max(abs(fitted.difference - reach), abs(fitted.difference + reach))}
    if percent is not None:
        margin = percent / 100.0 * abs(float(fitted.coefficients[0]))
        p = float(special.stdtr(df, (abs(fitted.difference) - margin) / fitted.se))
        fields["equivalence"] = {"margin": margin, "p": p, "equivalent": p < alpha}
    return fields


def _influence(sample: Sample, fitted: Fitted, reduced: list[Design | None], alpha: float) -> Item:
    differences, p = influence(fitted, reduced, sample.value)
    strongest = int(np.nanargmax(np.abs(differences - fitted.difference)))
    crossed = (p < alpha) != (fitted.p < alpha)
    return {
        "id": sample.ids[strongest],
        "difference_low": float(np.nanmin(differences)),
        "difference_high": float(np.nanmax(differences)),
        "decisive": bool(np.any(crossed & np.isfinite(p))),
    }


def _with_errors(sample: Sample, fitted: Fitted, g: float) -> Item:
    """Reliability and the weighted difference, where every value has an error."""
    if not sample.has_errors:
        return {}
    variance = fitted.residual_sd**2
    reliability = min(max(1.0 - sample.noise / variance, 0.0), 1.0)
    fields: Item = {"reliability": reliability, "reliability_is_bound": sample.sd_is_bound}
    if reliability >= LEAST_RELIABILITY:
        fields["g_true"] = g / math.sqrt(reliability)
    relative = sample.sd / np.where(sample.value == 0.0, np.nan, sample.value)
    spread = float(np.std(relative) / abs(np.mean(relative))) if np.all(np.isfinite(relative)) else 1.0
    if spread < CONSTANT_ERROR_CV:
        reason = Reason(
            "sd-follows-value",
            "Every standard deviation is the same percentage of its value, so weights would favour low values.",
        )
        return {**fields, "weighted": {"refused": {"code": reason.code, "sentence": reason.sentence}}}
    found = weighted(fitted.design, sample.value, sample.sd)
    fields["weighted"] = {
        "difference": found.difference,
        "se": found.se,
        "low": found.low,
        "high": found.high,
        "p": found.p,
        "between_sd": found.between_sd,
    }
    return fields


def welch(first: FloatArray, second: FloatArray) -> tuple[float, float, float, float]:
    """Difference second − first, its standard error, Welch's degrees of freedom and p."""
    a, b = float(np.var(first, ddof=1)) / first.size, float(np.var(second, ddof=1)) / second.size
    difference, se = float(second.mean() - first.mean()), math.sqrt(a + b)
    if se == 0.0:
        return difference, 0.0, float(first.size + second.size - 2), float(difference == 0.0)
    df = (a + b) ** 2 / (a**2 / (first.size - 1) + b**2 / (second.size - 1))
    return difference, se, df, two_sided_p(difference / se, df)
