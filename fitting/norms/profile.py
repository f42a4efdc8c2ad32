"""Distance of a person's whole profile of values from the controls who have all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fitting.norms.assessment import ProfileDistance
from fitting.norms.controls import Controls, Measured
from fitting.norms.expectation import COHORT_NOISE_SHARE, stated_noise_variance
from fitting.quantification.concentrations import Ratio
from fitting.quantification.totals import totals
from fitting.reason import Absence
from fitting.statistics.multivariate import hotelling

CONTROLS_PER_VALUE = 3
"""A covariance of p values needs this many controls for each, or the distance says little."""
PROFILE_ORDER = ("tNAA", "tCho", "mI", "Glx", "Glu", "Gln", "NAA", "GABA", "GSH")
"""Best determined first: where controls are few, the last ones are left out."""

Part = tuple[Controls, Mapping[str, Ratio]]
"""Controls of one region with the person's values by metabolite."""
Column = tuple[int, str]
"""Index of the part, metabolite."""


def profile_distance(parts: Sequence[Part]) -> ProfileDistance | Absence:
    """Distance of a person's values together from controls who have all of them.

    Hotelling's T² of one person (:func:`fitting.statistics.multivariate.hotelling`). Measurement noise beyond that
    of the controls is added to the diagonal of their covariance.

    Parameters
    ----------
    parts : sequence of (Controls, values)
        Controls of several regions are the same person where their ids agree. Members of a sum that is there are
        left out, for their covariance with it is no information; with few controls the least well determined values
        are left out.
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
    excess = np.maximum(0.0, np.array([ratio.sd**2 for ratio in measured]) - noise)
    found = hotelling(deviation, np.cov(controls, rowvar=False) + np.diag(excess), len(people))
    if found is None:
        return Absence("profile-not-available", "Some values of the controls are the same or follow from others.")
    several = len(parts) > 1
    return ProfileDistance(
        metabolites=tuple(f"{parts[part][0].region} {name}" if several else name for part, name in columns),
        norm_ids=tuple(dict.fromkeys(parts[part][0].id for part, _ in columns)),
        n=len(people),
        distance=found.distance,
        f=found.f,
        df_numerator=found.df_numerator,
        df_denominator=found.df_denominator,
        p=found.p,
    )


def _columns(parts: Sequence[Part]) -> list[Column]:
    """Values both sides have, best determined first, without members of sums that are there."""
    columns: list[Column] = []
    for part, (controls, values) in enumerate(parts):
        known = [name for name in PROFILE_ORDER if name in values and name in controls.metabolites]
        members = {member for name in known for member in totals().get(name, ())}
        columns += [(part, name) for name in known if name not in members]
    return sorted(columns, key=lambda column: PROFILE_ORDER.index(column[1]))


def _complete(parts: Sequence[Part], columns: Sequence[Column]) -> list[dict[Column, Measured]]:
    """Values of the controls who have every column."""
    people: dict[str, dict[Column, Measured]] = {}
    for part, (controls, _) in enumerate(parts):
        for person in controls.people:
            row = people.setdefault(person.id, {})
            row.update({(part, name): measured for name, measured in person.values.items()})
    return [
        {column: row[column] for column in columns}
        for row in people.values()
        if all(column in row for column in columns)
    ]


def _noise(values: Sequence[Measured]) -> float:
    """Variance of the measurement of these controls, as stated or the usual share of their variance."""
    stated = stated_noise_variance(values)
    if stated is not None:
        return stated
    return COHORT_NOISE_SHARE * float(np.var([measured.value for measured in values], ddof=1))
