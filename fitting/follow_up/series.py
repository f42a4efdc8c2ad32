"""Metabolites of comparable sessions: values, changes, trends, and the number of changes expected by chance."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fitting.analysis import Analysis, MetaboliteResult
from fitting.basis.macromolecules import is_background
from fitting.follow_up.association import FEWEST_PAIRS, associate
from fitting.follow_up.comparable import differences
from fitting.follow_up.course import (
    Change,
    Followed,
    FollowedQuantity,
    Judged,
    LeftOut,
    Series,
    Together,
    ValueAt,
)
from fitting.follow_up.published import published_repeatability
from fitting.follow_up.repeatability import Repeatability, own_repeatability
from fitting.norms.regions import find_region
from fitting.quantification.concentrations import Ratio
from fitting.reason import Absence
from fitting.statistics.multiplicity import FALSE_DISCOVERY_RATE, ONE_IN, q_values
from fitting.statistics.reliable_change import reliable_change
from fitting.statistics.trend import FEWEST_SESSIONS, Trend, fit_trend
from fitting.units import nominal_tesla

QUANTITIES: tuple[FollowedQuantity, ...] = ("ratio_tcr", "concentration")
REFERENCE = "tCr"

Repeats = Mapping[str, Sequence[Analysis]]


@dataclass(frozen=True, slots=True)
class Placed:
    """A session with its place in time."""

    id: str
    analysis: Analysis
    name: str | None
    time: float
    clinical: dict[str, float]


@dataclass(frozen=True, slots=True)
class _Point:
    placed: Placed
    measured: Ratio
    unit: str


def follow(number: int, group: Sequence[Placed], repeats: Repeats, per_unit: float) -> Series:
    """Every value of a series with its changes and trend, and the number of changes expected by chance.

    Parameters
    ----------
    number : int
        Of the series.
    group : sequence of Placed
        Sessions that may all be compared, in the order of time.
    repeats : mapping of str to sequence of Analysis
        Analyses of unchanged people.
    per_unit : float
        Units of the axis in one unit of slopes.
    """
    like = _comparable_repeats(group[0].analysis, repeats)
    names = dict.fromkeys(result.name for item in group for result in item.analysis.metabolites)
    by_quantity = {
        quantity: _with_q([found for name in names if (found := _followed(name, quantity, group, like, per_unit))])
        for quantity in QUANTITIES
    }
    together, absent = _together(group, by_quantity["ratio_tcr"])
    facts = group[0].analysis.acquisition
    return Series(
        number=number,
        region=facts.region or "",
        hemisphere=facts.hemisphere,
        sessions=tuple(item.id for item in group),
        followed=tuple(item for followed in by_quantity.values() for item in followed),
        judged=tuple(_judged(quantity, followed) for quantity, followed in by_quantity.items()),
        together=together,
        together_absent=absent,
    )


def _judged(quantity: FollowedQuantity, followed: Sequence[Followed]) -> Judged:
    changes = [(item.reliable, item.q) for one in followed for item in one.changes]
    reliable = [(found, q) for found, q in changes if found is not None]
    return Judged(
        quantity=quantity,
        tests=len(reliable),
        expected_by_chance=len(reliable) / ONE_IN,
        beyond=sum(found.beyond for found, _ in reliable),
        beyond_q=sum(q is not None and q < FALSE_DISCOVERY_RATE for _, q in reliable),
    )


def _comparable_repeats(reference: Analysis, repeats: Repeats) -> Repeats:
    """Usable analyses of unchanged people that were acquired and processed as the series was, each spectrum once."""
    found = {}
    for person, analyses in repeats.items():
        usable = {item.provenance.input_sha256: item for item in analyses if item.verdict.usable == "yes"}
        found[person] = tuple(item for item in usable.values() if not differences(reference, item))
    return found


def _followed(
    name: str, quantity: FollowedQuantity, group: Sequence[Placed], repeats: Repeats, per_unit: float
) -> Followed | None:
    if is_background(name) or (name, quantity) == (REFERENCE, "ratio_tcr"):
        return None
    taken = [(item, _measured(_result(item.analysis, name), quantity)) for item in group]
    points = [_Point(item, *value) for item, value in taken if isinstance(value, tuple)]
    # a series has one way of scaling, so one unit; should a stored result not, nothing is compared
    if len(points) < 2 or len({point.unit for point in points}) > 1:
        return None
    scatter = _repeatability(name, quantity, group[0].analysis, repeats)
    known = scatter if isinstance(scatter, Repeatability) else None
    trend = _trend(points, known, per_unit)
    return Followed(
        metabolite=name,
        quantity=quantity,
        unit=points[0].unit,
        values=tuple(ValueAt(p.placed.id, p.placed.time, p.measured.value, p.measured.sd) for p in points),
        left_out=tuple(LeftOut(item.id, why.code, why.sentence) for item, why in taken if isinstance(why, Absence)),
        changes=tuple(_change(one, other, known) for one, other in _pairs(points)),
        trend=trend if isinstance(trend, Trend) else None,
        trend_absent=trend if isinstance(trend, Absence) else None,
        repeatability=known,
        repeatability_absent=scatter if isinstance(scatter, Absence) else None,
    )


def _result(analysis: Analysis, name: str) -> MetaboliteResult | None:
    return next((result for result in analysis.metabolites if result.name == name), None)


def _measured(result: MetaboliteResult | None, quantity: FollowedQuantity) -> tuple[Ratio, str] | Absence:
    if result is None:
        return Absence("not-fitted", "The fit of this session does not have it.")
    if not result.detected:
        return Absence("not-detected", f"{result.name} is not distinguishable from zero in this session.")
    if quantity == "ratio_tcr":
        if result.ratio_tcr is None or result.ratio_tcr.value <= 0.0:
            return Absence("tcr-not-available", "tCr was not detected in this session, so there is no ratio.")
        return result.ratio_tcr.on_one_scanner, REFERENCE
    given = result.concentration
    if given is None or given.value <= 0.0:
        return Absence("no-concentration", "This session has no water-scaled concentration of it.")
    return Ratio(given.value, given.sd, given.sd_scan).on_one_scanner, given.unit


def _repeatability(
    name: str, quantity: FollowedQuantity, reference: Analysis, repeats: Repeats
) -> Repeatability | Absence:
    values = {
        person: [value[0] for item in analyses if isinstance(value := _measured(_result(item, name), quantity), tuple)]
        for person, analyses in repeats.items()
    }
    own = own_repeatability(values) if repeats else None
    if isinstance(own, Repeatability):
        return own
    facts = reference.acquisition
    place = None if facts.region is None else find_region(facts.region)
    published = published_repeatability(name, place, facts.hemisphere, nominal_tesla(facts.field_t), facts.echo_time)
    return own if own is not None and isinstance(published, Absence) else published


def _pairs(points: Sequence[_Point]) -> Iterator[tuple[_Point, _Point]]:
    """Each session with the first, and with the one before it."""
    for index in range(1, len(points)):
        yield points[0], points[index]
        if index > 1:
            yield points[index - 1], points[index]


def _change(before: _Point, after: _Point, scatter: Repeatability | None) -> Change:
    one, other = before.measured, after.measured
    change = other.value - one.value
    return Change(
        earlier=before.placed.id,
        later=after.placed.id,
        change=change,
        percent=100.0 * change / one.value,
        measurement_sd=math.hypot(one.sd, other.sd),
        reliable=None if scatter is None else reliable_change(change, *scatter.difference(one, other)),
        q=None,
    )


def _trend(points: Sequence[_Point], scatter: Repeatability | None, per_unit: float) -> Trend | Absence:
    times = np.array([point.placed.time for point in points]) / per_unit
    values = np.array([point.measured.value for point in points])
    level = float(values.mean())
    variances = (
        None if scatter is None else np.array([scatter.session_variance(point.measured, level) for point in points])
    )
    trend = fit_trend(times, values, variances)
    if trend is None:
        sentence = (
            f"A trend needs {FEWEST_SESSIONS} sessions with this value at different times; there are {len(points)}."
        )
        return Absence("trend-too-few", sentence)
    return trend


def _with_q(followed: Sequence[Followed]) -> tuple[Followed, ...]:
    tested = [change.reliable.p for item in followed for change in item.changes if change.reliable is not None]
    q = iter(q_values(tested))
    return tuple(
        replace(
            item,
            changes=tuple(change if change.reliable is None else replace(change, q=next(q)) for change in item.changes),
        )
        for item in followed
    )


def _together(group: Sequence[Placed], followed: Sequence[Followed]) -> tuple[tuple[Together, ...], Absence | None]:
    if len(group) < FEWEST_PAIRS:
        sentence = (
            f"{len(group)} sessions: whether clinical measures and metabolites go together is not said below "
            f"{FEWEST_PAIRS}, because it would say next to nothing."
        )
        return (), Absence("sessions-too-few", sentence)
    clinical = {item.id: item.clinical for item in group}
    found = []
    for measure in dict.fromkeys(name for item in group for name in item.clinical):
        for item in followed:
            both = [(clinical[at.id][measure], at.value) for at in item.values if measure in clinical[at.id]]
            answer = associate(np.array([one for one, _ in both]), np.array([other for _, other in both]))
            if not isinstance(answer, Absence):
                found.append(Together(measure, item.metabolite, answer))
    return tuple(found), None
