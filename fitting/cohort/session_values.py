"""The values of one session: sums and ratios are made where they were not read; unusable spectra are left out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from fitting.cohort.planning.exclusion import Exclusion
from fitting.cohort.tables.table import SPARED, CohortTable, Measurement, Place, SpectrumFacts, SpectrumKey
from fitting.quantification.totals import totals

MEAN = "mean"
"""Session name that asks for the mean of all sessions, weighted by 1/sd²."""
REFERENCE = "tCr"
ABSOLUTE = ("mmol/kg", "mM", "iu")
ByPerson = dict[str, Measurement]


class PersonValues:
    """Values of each person in one session, by place, metabolite and unit."""

    def __init__(self, table: CohortTable, session: str | None, exclusions: tuple[Exclusion, ...]) -> None:
        self.facts: dict[tuple[Place, str], SpectrumFacts] = {}
        """By place and person, of the spectra that are used."""
        self._read: dict[tuple[Place, str, str], ByPerson] = {}
        kept = {
            key: facts
            for key, facts in table.spectra.items()
            if facts.usable != "no" and _is_session(key, session) and not _excluded(key, facts, exclusions)
        }
        for key, facts in kept.items():
            self.facts.setdefault((key.place, key.person), facts)
        repeated: dict[tuple[Place, str, str, str], list[Measurement]] = {}
        for item in table.measurements:
            if item.spectrum in kept and _is_usable(item, kept[item.spectrum]):
                where = (item.spectrum.place, item.metabolite, item.unit, item.spectrum.person)
                repeated.setdefault(where, []).append(item)
        for (place, metabolite, unit, person), items in repeated.items():
            self._read.setdefault((place, metabolite, unit), {})[person] = _mean(items)

    @property
    def places(self) -> tuple[Place, ...]:
        """Places with any value, in their order."""
        return tuple(sorted({place for place, _, _ in self._read}, key=lambda place: place.order))

    def metabolites(self, place: Place) -> frozenset[str]:
        """Metabolites and sums that the place has, read or made."""
        read = {metabolite for where, metabolite, _ in self._read if where == place}
        made = {total for total, members in totals().items() if set(members) <= read}
        return frozenset(read | made)

    def unit(self, place: Place, metabolite: str, wanted: str | None) -> str | None:
        """The wanted unit, else the one that the values have, absolute before ratio; None without values."""
        if wanted is not None:
            return wanted
        units = {
            unit for where, name, unit in self._read if where == place and name in (metabolite, *_members(metabolite))
        }
        return next((unit for unit in (*ABSOLUTE, REFERENCE) if unit in units), None)

    def of(self, place: Place, metabolite: str, unit: str) -> Mapping[str, Measurement]:
        """The value of each person who has one."""
        found = dict(self._sums(place, metabolite, unit))
        if unit == REFERENCE:
            for absolute in ABSOLUTE:
                made = self._ratios(place, metabolite, absolute)
                found = {**made, **found}
        return found

    def _sums(self, place: Place, metabolite: str, unit: str) -> Iterable[tuple[str, Measurement]]:
        read = self._read.get((place, metabolite, unit), {})
        members = [self._read.get((place, name, unit), {}) for name in _members(metabolite)]
        if members:
            for person in set.intersection(*(set(member) for member in members)) - set(read):
                yield person, _sum(metabolite, [member[person] for member in members])
        yield from read.items()

    def _ratios(self, place: Place, metabolite: str, unit: str) -> ByPerson:
        if metabolite == REFERENCE:
            return {}
        numerators, references = dict(self._sums(place, metabolite, unit)), dict(self._sums(place, REFERENCE, unit))
        return {
            person: _ratio(item, references[person])
            for person, item in numerators.items()
            if person in references and references[person].detected and references[person].value > 0.0
        }


def _members(metabolite: str) -> tuple[str, ...]:
    return totals().get(metabolite, ())


def _is_session(key: SpectrumKey, session: str | None) -> bool:
    return session in (None, MEAN) or key.session == session


def _excluded(key: SpectrumKey, facts: SpectrumFacts, exclusions: tuple[Exclusion, ...]) -> bool:
    return any(rule.excludes(key.person, facts.facts) for rule in exclusions)


def _is_usable(item: Measurement, spectrum: SpectrumFacts) -> bool:
    if item.usable is not None:
        return item.usable != "no" and (item.usable == "yes" or spectrum.usable == "yes")
    return spectrum.usable == "yes" or item.metabolite in SPARED


def _mean(items: list[Measurement]) -> Measurement:
    """Mean of repeated sessions with weights 1/sd², plain where an error is unknown."""
    if len(items) == 1:
        return items[0]
    known = all(item.sd is not None for item in items)
    weights = [1.0 / item.sd**2 if known and item.sd else 1.0 for item in items]
    value = sum(weight * item.value for weight, item in zip(weights, items, strict=True)) / sum(weights)
    sd = math.sqrt(1.0 / sum(weights)) if known else None
    return replace(items[0], value=value, sd=sd, detected=all(item.detected for item in items))


def _sum(metabolite: str, members: list[Measurement]) -> Measurement:
    """Sum of members whose errors count as uncorrelated; a member below its bound makes the sum a bound."""
    known = [item.sd for item in members if item.sd is not None]
    return replace(
        members[0],
        metabolite=metabolite,
        value=sum(item.value for item in members),
        sd=math.sqrt(sum(sd**2 for sd in known)) if len(known) == len(members) else None,
        sd_is_bound=any(item.sd_is_bound for item in members),
        detected=all(item.detected for item in members),
        made="sum",
    )


def _ratio(item: Measurement, reference: Measurement) -> Measurement:
    """Ratio of two values of one spectrum whose errors count as uncorrelated."""
    value = item.value / reference.value
    sd = None
    if item.sd is not None and reference.sd is not None:
        sd = math.hypot(item.sd / reference.value, value * reference.sd / reference.value)
    is_bound = item.sd_is_bound or reference.sd_is_bound
    return replace(item, unit=REFERENCE, value=value, sd=sd, sd_is_bound=is_bound, made="ratio")
