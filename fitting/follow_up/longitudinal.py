"""Assemble a course from the sessions of one person: order, exclusions, comparable series, changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fitting.analysis import Analysis
from fitting.follow_up.comparable import comparable_groups, differences
from fitting.follow_up.course import Axis, ClinicalCourse, Course, LeftOut, Refusal, ValueAt, Visit
from fitting.follow_up.series import Placed, Repeats, follow
from fitting.norms.regions import find_region

DAYS_PER_UNIT = 30.0
"""Slopes are per 30 days."""


@dataclass(frozen=True, slots=True)
class FollowedSession:
    """One analysis of a visit, as input."""

    id: str
    analysis: Analysis
    name: str | None = None
    """Pseudonym of the visit."""
    day: float | None = None
    """Days since the person's first visit; a difference of days, because a date may identify a person."""
    clinical: Mapping[str, float] = field(default_factory=dict)


def course(sessions: Sequence[FollowedSession], repeats: Mapping[str, Sequence[Analysis]] | None = None) -> Course:
    """Compute changes over the sessions of one person, and the comparisons that are refused.

    * Sessions stand in the order of their days when all say one, else in the order given, visits of one name
      together.
    * Only plainly usable spectra are compared, each once, and one analysis of a place for each visit: the last.
    * Sessions are compared within a series: all acquired and processed alike.

    Parameters
    ----------
    sessions : sequence of FollowedSession
        Of one person, oldest first.
    repeats : mapping of str to sequence of Analysis
        Analyses of people who did not change, by person: own repeatability, which has priority over published one.
    """
    axis: Axis = "days" if sessions and all(item.day is not None for item in sessions) else "order"
    placed = _in_time(sessions, axis)
    left_out = _left_out(placed)
    kept = [item for item in placed if item.id not in left_out]
    groups = [tuple(kept[i] for i in group) for group in comparable_groups([item.analysis for item in kept])]
    alone = {item.id: _no_place(item) for group in groups for item in group if item.analysis.acquisition.region is None}
    groups = [group for group in groups if group[0].id not in alone]
    number_of = {item.id: number for number, group in enumerate(groups, 1) for item in group}
    unchanged: Repeats = {} if repeats is None else {who: tuple(found) for who, found in repeats.items()}
    per_unit = DAYS_PER_UNIT if axis == "days" else 1.0
    return Course(
        axis=axis,
        time_unit="30 days" if axis == "days" else "session",
        visits=tuple(_visit(item, number_of.get(item.id)) for item in placed),
        series=tuple(follow(number, group, unchanged, per_unit) for number, group in enumerate(groups, 1)),
        refusals=_refusals(groups),
        left_out=(*left_out.values(), *alone.values()),
        clinical=_clinical(placed),
    )


def _in_time(sessions: Sequence[FollowedSession], axis: Axis) -> list[Placed]:
    if axis == "days":
        times = {item.id: float(item.day or 0.0) for item in sessions}
    else:
        visits: dict[str, int] = {}
        times = {item.id: float(visits.setdefault(item.name or item.id, len(visits) + 1)) for item in sessions}
    placed = [Placed(item.id, item.analysis, item.name, times[item.id], dict(item.clinical)) for item in sessions]
    return sorted(placed, key=lambda item: item.time)


def _left_out(placed: Sequence[Placed]) -> dict[str, LeftOut]:
    """Analyses that are not compared, by id."""
    found: dict[str, LeftOut] = {}
    spectra: set[str] = set()
    places: set[tuple[object, ...]] = set()
    for item in reversed(placed):  # the last of several counts
        verdict, facts = item.analysis.verdict, item.analysis.acquisition
        if verdict.usable != "yes":
            why = " ".join(reason.sentence for reason in verdict.reasons)
            sentence = "not interpretable" if verdict.usable == "no" else "of limited use"
            found[item.id] = LeftOut(item.id, f"verdict-{verdict.usable}", f"The spectrum is {sentence}. {why}".strip())
            continue
        spectrum = item.analysis.provenance.input_sha256
        place = (item.name, _place_key(facts.region), facts.hemisphere)
        if spectrum in spectra:
            found[item.id] = LeftOut(item.id, "same-spectrum", "The same spectrum was analysed again later.")
        elif item.name is not None and place in places:
            sentence = "A later analysis of the same place stands for this visit."
            found[item.id] = LeftOut(item.id, "same-visit", sentence)
        else:
            spectra.add(spectrum)
            places.add(place)
    return dict(reversed(found.items()))


def _place_key(region: str | None) -> object:
    return None if region is None else find_region(region) or region.casefold()


def _no_place(item: Placed) -> LeftOut:
    return LeftOut(item.id, "region-not-given", "No region was given, so it may be of another place.")


def _visit(item: Placed, series: int | None) -> Visit:
    facts = item.analysis.acquisition
    usable = item.analysis.verdict.usable
    return Visit(item.id, item.name, item.time, facts.region, facts.hemisphere, usable, series, item.clinical)


def _refusals(groups: Sequence[tuple[Placed, ...]]) -> tuple[Refusal, ...]:
    """Differences between each series and the earlier ones of the same place."""
    found = []
    for index, group in enumerate(groups):
        for before in groups[:index]:
            if _place_of(before[0]) == _place_of(group[0]):
                found.append(_refusal(before, group))
    return tuple(found)


def _refusal(before: Sequence[Placed], group: Sequence[Placed]) -> Refusal:
    pairs = ((one, other, differences(one.analysis, other.analysis)) for one in before for other in group)
    one, other, unlike = next(found for found in pairs if found[2])
    names = ", ".join(item.name for item in unlike)
    sentence = f"They were acquired or processed differently in: {names}. A difference between them is not a change."
    return Refusal(one.id, other.id, unlike, sentence)


def _place_of(item: Placed) -> tuple[object, ...]:
    facts = item.analysis.acquisition
    return _place_key(facts.region), facts.hemisphere


def _clinical(placed: Sequence[Placed]) -> tuple[ClinicalCourse, ...]:
    """Each measure once for each visit, also of visits whose spectra cannot be compared."""
    measures = dict.fromkeys(name for item in placed for name in item.clinical)
    return tuple(ClinicalCourse(name, _measured(name, placed)) for name in measures)


def _measured(name: str, placed: Sequence[Placed]) -> tuple[ValueAt, ...]:
    by_visit = {
        (item.time, item.name): ValueAt(item.id, item.time, item.clinical[name], None)
        for item in placed
        if name in item.clinical
    }
    return tuple(by_visit.values())
