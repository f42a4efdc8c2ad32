"""Contrasts within one session of one person: side against side, region against region, metabolite against metabolite.

The laboratory's common offset cancels in the difference of two logs, so a contrast is judged by laboratory × region and
people alone, and is sharper than either value where nothing is known of the laboratory. Own controls who have both
values say what the difference is in this laboratory, and how far its people differ in it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

import numpy as np
from scipy import special

from fitting.norms.assessment import Flag
from fitting.norms.case import Case
from fitting.norms.composition import SUMS
from fitting.norms.control_model import Cell, control_model, habits
from fitting.norms.controls import Controls, Measured
from fitting.norms.laboratory_model import cell_of, measurement
from fitting.norms.matching import controls_conflict, find_norm
from fitting.norms.norm import Norm
from fitting.norms.own_values import relative_noise
from fitting.norms.z_score import flag_of
from fitting.statistics.laboratory import NO_PEOPLE, Noise, Prior, given, update
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
    controls: int
    """Own controls behind it, who have both values or, where these are of different people, one of them; 0 when
    published people alone are."""


def contrasts(cases: Sequence[Case], own: Sequence[Controls] = ()) -> tuple[Contrast, ...]:
    """Contrasts of values of one person, session and laboratory that the control model covers.

    Two values are compared when they differ in one of side, region and metabolite. A sum and its own part are not.
    Values that are not usable, not detected or without norm are left out.

    Parameters
    ----------
    cases : sequence of Case
    own : sequence of Controls
        Of the same laboratory, of any regions; those that do not match a value are passed over. Without any,
        published people say what is expected.
    """
    known = [(case, cell_of(case), _people(case, own)) for case in cases if _comparable(case)]
    found = []
    for (one, here, people), (other, there, others) in combinations(known, 2):
        kind = _kind(here, there)
        if kind is not None:
            found.append(_contrast(_Pair(kind, (one, other), (here, there), (people, others))))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two values with their cells and the own controls of each."""

    kind: Kind
    cases: tuple[Case, Case]
    cells: tuple[Cell, Cell]
    people: tuple[Mapping[str, Measured], Mapping[str, Measured]]
    """Value of each control by id."""


def _comparable(case: Case) -> bool:
    usable = case.usable in (None, "yes") and not case.censored and case.measured.value > 0.0
    return usable and isinstance(find_norm(case.metabolite, case.context), Norm)


def _people(case: Case, own: Sequence[Controls]) -> dict[str, Measured]:
    """Values above zero of the first own controls that match a value, by id."""
    for controls in own:
        if controls.origin == "site" and controls_conflict(controls, case.context) is None:
            values = {person.id: person.values[case.metabolite] for person in controls.having(case.metabolite)}
            if values:
                return {name: measured for name, measured in values.items() if measured.value > 0.0}
    return {}


def _kind(one: Cell, other: Cell) -> Kind | None:
    place = (one.region, one.part) != (other.region, other.part)
    sides = {one.side, other.side} == {"left", "right"}
    if one.metabolite != other.metabolite:
        related = {one.metabolite, other.metabolite}
        part = any(total in related and related & set(parts) for total, parts in SUMS.items())
        return None if place or sides or one.side != other.side or part else "metabolites"
    return "regions" if place else "sides" if sides else None


def _contrast(pair: _Pair) -> Contrast:
    seen, controls = _predictive(pair)
    one, other = pair.cases
    log_ratio = math.log(one.measured.value / other.measured.value)
    z = seen.deviate(log_ratio)
    return Contrast(
        kind=pair.kind,
        a=_name(pair.cells[0]),
        b=_name(pair.cells[1]),
        log_ratio=log_ratio,
        expected=seen.mean,
        sd=seen.sd,
        z=z,
        percentile=100.0 * float(special.ndtr(z)),
        p=2.0 * float(special.ndtr(-abs(z))),
        flag=flag_of(z),
        controls=controls,
    )


def _predictive(pair: _Pair) -> tuple[Mixture, int]:
    """Distribution of a new healthy person's log ratio, and the number of own controls behind it."""
    prior, typical = _prior(pair)
    person = _sum([measurement(case, at, among_own=True) for case, at in zip(pair.cases, typical, strict=True)])
    here, there = pair.people
    both = [name for name in here if name in there]
    if both:
        logs = np.array([math.log(here[name].value / there[name].value) for name in both])
        noise = _sum([relative_noise([values[name] for name in both]) for values in pair.people])
        sample = replace(NO_PEOPLE, values=logs, design=np.zeros((logs.size, 0)))
        return update(prior, sample).predictive(Noise(noise, person)), logs.size
    fewer = min(len(here), len(there))
    return update(_informed(prior, pair) if fewer else prior).predictive(Noise(None, person)), fewer


def _sum(variances: Sequence[float | None]) -> float | None:
    """Sum of variances; None where one of them is not known."""
    known = [item for item in variances if item is not None]
    return sum(known) if len(known) == len(variances) else None


def _prior(pair: _Pair) -> tuple[Prior, tuple[float, float]]:
    """What published people say of the difference, and the values that they have."""
    model = control_model()
    means, joint = model.joint(pair.cells)
    variance = joint[:, 0, 0] + joint[:, 1, 1] - 2.0 * joint[:, 0, 1]
    first, second = (model.prior(cell) for cell in pair.cells)
    one, other = math.exp(first.log_spread), math.exp(second.log_spread)
    people = one**2 + other**2 - 2.0 * _correlation(pair) * one * other
    prior = Prior(
        mean=means[:, 0] - means[:, 1],
        region=np.zeros(variance.size),
        laboratory=np.maximum(variance, 1e-8),
        log_spread=0.5 * math.log(people),
        log_spread_sd=0.5 * math.hypot(first.log_spread_sd, second.log_spread_sd) * math.sqrt(2.0),
    )
    typical = np.exp(means.mean(axis=0))
    return prior, (float(typical[0]), float(typical[1]))


def _informed(prior: Prior, pair: _Pair) -> Prior:
    """The prior after the difference of the means of two groups of own controls, who are different people."""
    means, error = [], 0.0
    for cell, values in zip(pair.cells, pair.people, strict=True):
        logs = np.log([item.value for item in values.values()])
        means.append(float(logs.mean()))
        error += math.exp(2.0 * control_model().prior(cell).log_spread) / logs.size
    covariance = np.broadcast_to(prior.laboratory[:, None, None], (prior.laboratory.size, 2, 2))
    return given(prior, prior.mean[:, None], covariance, np.array([means[0] - means[1]]), np.array([error]))


def _correlation(pair: _Pair) -> float:
    known, (here, there) = habits(), pair.cells
    if pair.kind == "metabolites":
        return known.metabolites_correlation.get(frozenset((here.metabolite, there.metabolite)), 0.0)
    return known.regions_correlation[here.metabolite]


def _name(cell: Cell) -> str:
    return " ".join(part for part in (cell.side, cell.part or cell.region, cell.metabolite) if part)
