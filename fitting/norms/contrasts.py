"""Contrasts within one session of one person: side against side, region against region, metabolite against metabolite.

The laboratory's common offset cancels in the difference of two logs, so a contrast is judged by laboratory × region and
people alone, and is sharper than either value where nothing is known of the laboratory.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from scipy import special

from fitting.norms.assessment import Flag
from fitting.norms.case import Case
from fitting.norms.composition import SUMS
from fitting.norms.control_model import Cell, control_model, habits
from fitting.norms.laboratory_model import cell_of, measurement
from fitting.norms.literature import Norm
from fitting.norms.matching import find_norm
from fitting.norms.z_score import flag_of
from fitting.statistics.laboratory import UNSTATED_NOISE_SHARE, Prior, update
from fitting.statistics.mixture import Mixture

Kind = Literal["sides", "regions", "metabolites"]


@dataclass(frozen=True, slots=True)
class Contrast:
    """Difference of two values of one person and session, on the log scale."""

    kind: Kind
    """What differs between both: the side, the region or part, or the metabolite."""
    a: str
    """First value: side, region and metabolite."""
    b: str
    """Second value."""
    log_ratio: float
    """Logarithm of the first over the second value."""
    expected: float
    """The same expected in healthy people."""
    sd: float
    """Standard deviation of a new healthy person's log ratio about it."""
    z: float
    """Position among healthy people as a standard normal deviate."""
    percentile: float
    """Percentile among healthy people, 0 to 100."""
    p: float
    """Two-sided."""
    flag: Flag
    """Against the central 95 % of healthy people."""


def contrasts(cases: Sequence[Case]) -> tuple[Contrast, ...]:
    """Contrasts of values of one person, session and laboratory that the control model covers, from published people.

    Two values are compared when they differ in one of side, region and metabolite. A sum and its own part are not.
    Values that are not usable, not detected or without norm are left out.
    """
    known = [(case, cell_of(case)) for case in cases if _comparable(case)]
    found = []
    for (one, here), (other, there) in combinations(known, 2):
        kind = _kind(here, there)
        if kind is not None:
            found.append(_contrast(kind, one, here, other, there))
    return tuple(found)


def _comparable(case: Case) -> bool:
    usable = case.usable in (None, "yes") and not case.censored and case.measured.value > 0.0
    return usable and isinstance(find_norm(case.metabolite, case.context), Norm)


def _kind(one: Cell, other: Cell) -> Kind | None:
    place = (one.region, one.part) != (other.region, other.part)
    sides = {one.side, other.side} == {"left", "right"}
    if one.metabolite != other.metabolite:
        related = {one.metabolite, other.metabolite}
        part = any(total in related and related & set(parts) for total, parts in SUMS.items())
        return None if place or sides or one.side != other.side or part else "metabolites"
    return "regions" if place else "sides" if sides else None


def _contrast(kind: Kind, one: Case, here: Cell, other: Case, there: Cell) -> Contrast:
    seen = _predictive(kind, one, here, other, there)
    log_ratio = math.log(one.measured.value / other.measured.value)
    z = seen.deviate(log_ratio)
    return Contrast(
        kind=kind,
        a=_name(here),
        b=_name(there),
        log_ratio=log_ratio,
        expected=seen.mean,
        sd=seen.sd,
        z=z,
        percentile=100.0 * float(special.ndtr(z)),
        p=2.0 * float(special.ndtr(-abs(z))),
        flag=flag_of(z),
    )


def _predictive(kind: Kind, one: Case, here: Cell, other: Case, there: Cell) -> Mixture:
    """Distribution of a new healthy person's log ratio: laboratory × region, people and measurement."""
    model = control_model()
    means, joint = model.joint((here, there))
    variance = joint[:, 0, 0] + joint[:, 1, 1] - 2.0 * joint[:, 0, 1]
    first, second = model.prior(here), model.prior(there)
    correlation = _correlation(kind, here, there)
    spreads = [math.exp(prior.log_spread) for prior in (first, second)]
    people = spreads[0] ** 2 + spreads[1] ** 2 - 2.0 * correlation * spreads[0] * spreads[1]
    prior = Prior(
        mean=means[:, 0] - means[:, 1],
        region=np.zeros(variance.size),
        laboratory=np.maximum(variance, 1e-8),
        log_spread=0.5 * math.log(people),
        log_spread_sd=0.5 * math.hypot(first.log_spread_sd, second.log_spread_sd) * math.sqrt(2.0),
    )
    excess = sum(
        max(0.0, (measurement(case, typical, among_own=True) or 0.0) - UNSTATED_NOISE_SHARE * spread**2)
        for case, spread, typical in zip((one, other), spreads, np.exp(means.mean(axis=0)), strict=True)
    )
    laboratory = update(prior)
    return Mixture(laboratory.weights, laboratory.mean, np.sqrt(laboratory.variance + laboratory.spread**2 + excess))


def _correlation(kind: Kind, here: Cell, there: Cell) -> float:
    known = habits()
    if kind == "metabolites":
        return known.metabolites_correlation.get(frozenset((here.metabolite, there.metabolite)), 0.0)
    return known.regions_correlation[here.metabolite]


def _name(cell: Cell) -> str:
    return " ".join(part for part in (cell.side, cell.part or cell.region, cell.metabolite) if part)
