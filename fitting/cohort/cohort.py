"""A cohort under one plan: its groups, the values of each session, and the samples that analyses ask for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from fitting.cohort.comparability import ACQUISITION, comparable
from fitting.cohort.covariates import complete
from fitting.cohort.planning.exclusion import Exclusion
from fitting.cohort.planning.plan import Plan, Split
from fitting.cohort.sample import Sample
from fitting.cohort.session_values import MEAN, PersonValues
from fitting.cohort.tables.foreign_names import metabolite_of, same_region
from fitting.cohort.tables.reading import with_facts
from fitting.cohort.tables.table import SPECTRUM_FACTS, CohortTable, Person, Place, SpectraTable, StudyEffect
from fitting.errors import MissingColumn, SeveralSessions, SingleGroup, UnknownGroup, UnusablePlan
from fitting.reason import Reason
from fitting.units import FloatArray, IndexArray

FAMILY = ("tNAA", "tCr", "tCho", "mI", "Glu", "Gln", "Glx")
"""Metabolites that are compared when the plan names none; Glx where Glu or Gln is missing."""
REFERENCE_NAMES = ("control", "controls", "healthy", "hc", "reference")
"""Groups that are the reference when the plan names none."""


def _without_excluded(table: SpectraTable, exclusions: tuple[Exclusion, ...]) -> SpectraTable:
    kept = [
        index
        for index, (person, facts) in enumerate(zip(table.people, table.facts, strict=True))
        if not any(rule.excludes(person, facts) for rule in exclusions)
    ]
    return replace(
        table,
        people=tuple(table.people[index] for index in kept),
        places=tuple(table.places[index] for index in kept),
        facts=tuple(table.facts[index] for index in kept),
        values=table.values[kept],
    )


class Cohort:
    """Tables and plan joined; everything that several analyses need, computed once.

    Parameters
    ----------
    table : CohortTable
    plan : Plan
    spectra : mapping of name to SpectraTable
        Spectra that the plan names.
    studies : mapping of name to studies

    Raises
    ------
    FittingError
        When groups, sessions or covariates of the plan are not those of the tables.
    """

    def __init__(
        self,
        table: CohortTable,
        plan: Plan,
        spectra: Mapping[str, SpectraTable] | None = None,
        studies: Mapping[str, tuple[StudyEffect, ...]] | None = None,
    ) -> None:
        self.plan = plan
        self.spectra = {name: _without_excluded(table, plan.exclusions) for name, table in (spectra or {}).items()}
        """Spectra as features, without those that the plan excludes."""
        self.people_with_features = frozenset(person for table in (spectra or {}).values() for person in table.people)
        """Including those whose spectra the plan excludes."""
        self.studies = dict(studies or {})
        self.table = table
        self.reference, self.others = self._groups()
        self.session = self._session()
        self.covariates = self._covariates()
        self.table = with_facts(table, {**self._splits()})
        self._values: dict[str | None, PersonValues] = {}

    @property
    def groups(self) -> tuple[str, ...]:
        """Reference first, then the others."""
        return (self.reference, *self.others) if self.reference else ()

    @cached_property
    def people(self) -> Mapping[str, Person]:
        """People in the groups of the plan by pseudonym, in their order."""
        return {person.id: person for person in self.table.people if person.group in self.groups}

    def values(self, session: str | None) -> PersonValues:
        """Values of a session."""
        if session not in self._values:
            self._values[session] = PersonValues(self.table, session, self.plan.exclusions)
        return self._values[session]

    def places(
        self, regions: Sequence[str] | None = None, hemispheres: Sequence[str] | None = None
    ) -> tuple[Place, ...]:
        """Places with values, of some regions in their order and of some sides."""
        every = self.values(self.session).places
        if regions is not None:
            every = tuple(place for region in regions for place in every if same_region(region, place))
        return tuple(place for place in dict.fromkeys(every) if hemispheres is None or place.hemisphere in hemispheres)

    def missing_regions(self, regions: Sequence[str] | None) -> tuple[str, ...]:
        """Regions asked for that no spectrum is of."""
        every = self.values(self.session).places
        return tuple(name for name in regions or () if not any(same_region(name, place) for place in every))

    def metabolites(self, place: Place, asked: Sequence[str] | None) -> tuple[str, ...]:
        """Metabolites to be looked at in a place: those asked for, else the usual family."""
        if asked is not None:
            return tuple(metabolite_of(name) for name in asked)
        there = self.values(self.session).metabolites(place)
        usual = [name for name in FAMILY if name in there and not (name == "tCr" and self.plan.common.unit == "tCr")]
        if {"Glu", "Gln"} <= there and "Glx" in usual:
            usual.remove("Glx")
        return tuple(usual or sorted(there))

    def sample(
        self, place: Place, metabolite: str, *, session: str | None = None, unit: str | None = None
    ) -> Sample | Reason:
        """Values of the people in the plan's groups, or why there are none."""
        values = self.values(session or self.session)
        chosen = values.unit(place, metabolite, unit or self.plan.common.unit)
        found = values.of(place, metabolite, chosen) if chosen is not None else {}
        kept = [person for person in self.people.values() if person.id in found]
        if chosen is None or not kept:
            return self._no_values(place, metabolite, chosen)
        items = [found[person.id] for person in kept]
        return Sample(
            place,
            metabolite,
            chosen,
            tuple(kept),
            np.array([item.value for item in items]),
            np.array([math.nan if item.sd is None else item.sd for item in items]),
            np.array([item.detected for item in items], dtype=bool),
            tuple(values.facts[place, person.id].facts for person in kept),
            any(item.sd_is_bound for item in items),
            next((item.made for item in items if item.made), None),
        )

    def _no_values(self, place: Place, metabolite: str, unit: str | None) -> Reason:
        wanted = f" in {unit}" if unit else ""
        return Reason("missing-column", f"No value of {metabolite} in the {place.words}{wanted} is in the table.")

    def compared(self, sample: Sample, other: str) -> tuple[Sample, tuple[str, ...]] | Reason:
        """People of the reference and one other group with comparable spectra, and the covariates of the plan.

        Where acquisitions are mixed alike in both groups, each combination is marked and becomes a covariate.
        """
        both = sample.only(sample.in_group(self.reference or "") | sample.in_group(other))
        marks = comparable(both, self.reference or "", other)
        if isinstance(marks, Reason):
            return marks
        if marks is None:
            return both, self.covariates
        facts = tuple({**facts, ACQUISITION: mark} for facts, mark in zip(both.facts, marks, strict=True))
        return replace(both, facts=facts), (*self.covariates, ACQUISITION)

    def with_covariates(self, sample: Sample, names: Sequence[str]) -> Sample:
        """The people who have every covariate."""
        return sample.only(complete(sample, names))

    def orders(self, people: Sequence[str], permutations: int | None = None) -> IndexArray:
        """Random permutations of some people, shape (B, n); the same ranking of all people for every analysis."""
        count = permutations or self.plan.common.permutations
        every = self._ranking(count)
        columns = [self._index[person] for person in people]
        return np.argsort(every[:, columns], axis=1)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {person: index for index, person in enumerate(self.people)}

    def _ranking(self, count: int) -> FloatArray:
        if self._keys is None or len(self._keys) < count:
            generator = np.random.default_rng(self.plan.common.seed)
            self._keys = generator.random((count, len(self.people)))
        return self._keys[:count]

    _keys: FloatArray | None = None

    def generator(self, name: str) -> np.random.Generator:
        """Random numbers of one analysis, from the plan's seed and the analysis' name."""
        return np.random.default_rng([self.plan.common.seed, *name.encode()])

    def _groups(self) -> tuple[str | None, tuple[str, ...]]:
        present = sorted({person.group for person in self.table.people if person.group is not None})
        if not present:
            return None, ()
        common = self.plan.common
        reference = common.reference or next((name for name in present if name.casefold() in REFERENCE_NAMES), None)
        if reference is None:
            raise UnusablePlan(f"The plan names no reference group; write reference = one of {', '.join(present)}.")
        others = common.compared or tuple(name for name in present if name != reference)
        known = (reference, *others)
        for person in self.table.people:
            if person.group is not None and person.group not in known:
                raise UnknownGroup(
                    f"Column group: {person.id} is in the group '{person.group}', which the plan does not name "
                    f"({', '.join(known)}); a typing error is not a third group."
                )
        if reference not in present or not set(others) & set(present):
            raise SingleGroup(
                f"Column group: there are people in {', '.join(present)} only; a comparison needs {reference} and "
                f"{' or '.join(others) or 'another group'}."
            )
        return reference, tuple(name for name in others if name in present)

    def _session(self) -> str | None:
        wanted = self.plan.session
        by_spectrum: dict[tuple[str, Place], set[str | None]] = {}
        for key in self.table.spectra:
            by_spectrum.setdefault((key.person, key.place), set()).add(key.session)
        named = {session for sessions in by_spectrum.values() for session in sessions}
        if wanted is not None:
            if wanted != MEAN and wanted not in named and named:
                raise UnusablePlan(f"The plan asks for session '{wanted}', which the table does not have.")
            return wanted
        repeated = next((key for key, sessions in by_spectrum.items() if len(sessions) > 1), None)
        if repeated is not None:
            raise SeveralSessions(
                f"Column session: {repeated[0]} was measured {len(by_spectrum[repeated])} times in the "
                f'{repeated[1].words}; name one in [levels] session, or write "{MEAN}" for the weighted mean.'
            )
        return None

    def _covariates(self) -> tuple[str, ...]:
        common = self.plan.common
        optional = (
            set(common.covariates) if common.covariates_if_present is True else set(common.covariates_if_present or ())
        )
        kept = []
        for name in dict.fromkeys([*common.covariates, *sorted(optional - set(common.covariates))]):
            if self._is_known(name):
                kept.append(name)
            elif name not in optional and self.table.people:
                raise MissingColumn(
                    f"The plan's covariate {name} is a column of neither table; add it, or take it out of covariates."
                )
        return tuple(kept)

    def _is_known(self, name: str) -> bool:
        in_spectra = any(name in facts for table in self.spectra.values() for facts in table.facts)
        return (
            name in self.table.person_columns
            or (name in SPECTRUM_FACTS and name in self.table.spectrum_columns)
            or in_spectra
        )

    def _splits(self) -> dict[str, dict[str, str]]:
        facts: dict[str, dict[str, str]] = {}
        for name, split in self.plan.common.split.items():
            for person, level in self._split(split).items():
                facts.setdefault(person, {})[name] = level
        return facts

    def _split(self, split: Split) -> dict[str, str]:
        """``high`` at or above the dividing value, else ``low``; people without the measure are in neither."""
        scores = {
            person.id: (person.group if split.within == "group" else "", float(value))
            for person in self.table.people
            if isinstance(value := person.facts.get(split.measure), float)
        }
        by_group: dict[str | None, list[float]] = {}
        for group, score in scores.values():
            by_group.setdefault(group, []).append(score)
        at = {
            group: float(np.median(items)) if split.at == "median" else float(split.at)
            for group, items in by_group.items()
        }
        return {person: "high" if score >= at[group] else "low" for person, (group, score) in scores.items()}
