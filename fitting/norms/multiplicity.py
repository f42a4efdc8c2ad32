"""Many comparisons of one person: adjusted p values, and the distance of the whole profile."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy import special

from fitting.norms.assessment import Absence, ProfileDistance, ZScore
from fitting.norms.measured_error import COHORT_NOISE_SHARE
from fitting.norms.site import Measured, SiteNorm
from fitting.quantification.concentrations import Ratio
from fitting.quantification.totals import totals
from fitting.units import FloatArray

FALSE_DISCOVERY_RATE = 0.05
CONTROLS_PER_VALUE = 3
"""A covariance of p values needs this many controls for each, or the distance says little."""
PROFILE_ORDER = ("tNAA", "tCho", "mI", "Glx", "Glu", "Gln", "NAA", "GABA", "GSH")
"""Best determined first: where controls are few, the last ones are left out."""


def adjusted(p_values: Sequence[float]) -> tuple[float, ...]:
    """Benjamini–Hochberg q values, in the order given.

    q_(i) = min over j ≥ i of p_(j) m / j (Benjamini & Hochberg 1995,
    doi:10.1111/j.2517-6161.1995.tb02031.x): the smallest false discovery rate at which each is still found.
    """
    order = np.argsort(p_values)
    ranked = np.array(p_values)[order] * len(p_values) / np.arange(1, len(p_values) + 1)
    q_values = np.empty(len(p_values))
    q_values[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return tuple(float(q) for q in q_values)


def with_q(scores: Mapping[str, ZScore | Absence]) -> dict[str, ZScore | Absence]:
    """The same scores with ``q`` among all that have a p value."""
    tested = {name: score.p for name, score in scores.items() if isinstance(score, ZScore) and score.p is not None}
    q_values = dict(zip(tested, adjusted(tuple(tested.values())), strict=True))
    return {
        name: replace(score, q=q_values[name]) if isinstance(score, ZScore) and name in q_values else score
        for name, score in scores.items()
    }


def profile_distance(parts: Sequence[tuple[SiteNorm, Mapping[str, Ratio]]]) -> ProfileDistance | Absence:
    """How far a person's values together lie from controls who have all of them.

    D² = (x − m)ᵀ S⁻¹ (x − m) with the covariance S of n controls. For a new person
    F = D² n (n − p) / (p (n² − 1)) has an F distribution with p and n − p degrees of freedom (Hotelling's T² of
    one observation against a sample; Anderson 2003, An Introduction to Multivariate Statistical Analysis,
    section 5.2). Measurement noise beyond that of the controls is added to the diagonal of S.

    Parameters
    ----------
    parts : sequence of (SiteNorm, values)
        One norm for each region with the person's values by metabolite; controls of several regions are the same
        person where their ids agree. Members of a sum that is there are left out, for their covariance with it
        is no information; with few controls the least well determined values are left out.
    """
    columns = _columns(parts)
    people = _complete(parts, columns)
    while columns and len(people) < max(CONTROLS_PER_VALUE * len(columns), len(columns) + 2):
        columns = columns[:-1]
        people = _complete(parts, columns)
    if len(columns) < 2:
        return Absence(
            "profile-not-available",
            "A profile needs two or more values and, for each of them, "
            f"{CONTROLS_PER_VALUE} own controls who have all of them.",
        )
    controls = np.array([[row[column].value for column in columns] for row in people])
    noise = np.array([_noise([row[column] for row in people]) for column in columns])
    measured = [parts[part][1][name] for part, name in columns]
    deviation = np.array([ratio.value for ratio in measured]) - controls.mean(axis=0)
    covariance = np.cov(controls, rowvar=False)
    excess = np.maximum(0.0, np.array([ratio.sd**2 for ratio in measured]) - noise)
    return _distance(deviation, covariance + np.diag(excess), parts, columns, len(people))


Column = tuple[int, str]
"""Index of the part, metabolite."""


def _distance(
    deviation: FloatArray,
    covariance: FloatArray,
    parts: Sequence[tuple[SiteNorm, Mapping[str, Ratio]]],
    columns: Sequence[Column],
    n: int,
) -> ProfileDistance | Absence:
    scale = np.sqrt(np.diag(covariance))
    if not np.all(scale > 0.0) or np.linalg.cond(covariance / np.outer(scale, scale)) > 1e8:
        return Absence("profile-not-available", "Some values of the controls are the same or follow from others.")
    squared = float(deviation @ np.linalg.solve(covariance, deviation))
    p = len(columns)
    f = squared * n * (n - p) / (p * (n**2 - 1))
    several = len(parts) > 1
    return ProfileDistance(
        metabolites=tuple(f"{parts[part][0].region} {name}" if several else name for part, name in columns),
        norm_ids=tuple(dict.fromkeys(parts[part][0].id for part, _ in columns)),
        n=n,
        distance=math.sqrt(squared),
        f=f,
        df_numerator=p,
        df_denominator=n - p,
        p=float(special.fdtrc(p, n - p, f)),
    )


def _columns(parts: Sequence[tuple[SiteNorm, Mapping[str, Ratio]]]) -> list[Column]:
    """Values both sides have, best determined first, without members of sums that are there."""
    columns: list[Column] = []
    for part, (norm, values) in enumerate(parts):
        known = [name for name in PROFILE_ORDER if name in values and name in norm.metabolites]
        members = {member for name in known for member in totals().get(name, ())}
        columns += [(part, name) for name in known if name not in members]
    return sorted(columns, key=lambda column: PROFILE_ORDER.index(column[1]))


def _complete(
    parts: Sequence[tuple[SiteNorm, Mapping[str, Ratio]]], columns: Sequence[Column]
) -> list[dict[Column, Measured]]:
    """Values of the controls who have every column."""
    people: dict[str, dict[Column, Measured]] = {}
    for part, (norm, _) in enumerate(parts):
        for control in norm.controls:
            row = people.setdefault(control.id, {})
            row.update({(part, name): measured for name, measured in control.values.items()})
    return [
        {column: row[column] for column in columns}
        for row in people.values()
        if all(column in row for column in columns)
    ]


def _noise(values: Sequence[Measured]) -> float:
    """Variance of the measurement of these controls, as stated or the usual share of their variance."""
    stated = [measured.sd for measured in values if measured.sd is not None]
    if len(stated) == len(values):
        return float(np.mean(np.square(stated)))
    return COHORT_NOISE_SHARE * float(np.var([measured.value for measured in values], ddof=1))
