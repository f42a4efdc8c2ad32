"""One value of each person: what an analysis works on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fitting.cohort.tables.table import Fact, Person, Place
from fitting.units import BoolArray, FloatArray


@dataclass(frozen=True)
class Sample:
    """Values of one metabolite in one place, one of each person, sorted by pseudonym."""

    place: Place
    metabolite: str
    unit: str
    people: tuple[Person, ...]
    value: FloatArray
    """Shape (n,); an upper bound where ``detected`` is false."""
    sd: FloatArray
    """Standard deviation of what differs from scan to scan, shape (n,); NaN where it is unknown."""
    detected: BoolArray
    facts: tuple[Mapping[str, Fact], ...]
    """Of the spectrum of each person."""
    sd_is_bound: bool = False
    """Whether any of ``sd`` is a Cramér–Rao bound."""
    made: str | None = None
    """How values were made where they were not read: ``sum`` or ``ratio``."""

    @property
    def n(self) -> int:
        """People."""
        return len(self.people)

    @property
    def ids(self) -> tuple[str, ...]:
        """Pseudonyms."""
        return tuple(person.id for person in self.people)

    def in_group(self, group: str) -> BoolArray:
        """Membership of each person, shape (n,)."""
        return np.array([person.group == group for person in self.people], dtype=bool)

    def only(self, kept: BoolArray) -> Sample:
        """The sample without some of its people."""
        chosen = np.flatnonzero(kept)
        return Sample(
            self.place,
            self.metabolite,
            self.unit,
            tuple(self.people[i] for i in chosen),
            self.value[chosen],
            self.sd[chosen],
            self.detected[chosen],
            tuple(self.facts[i] for i in chosen),
            self.sd_is_bound,
            self.made,
        )

    @property
    def has_errors(self) -> bool:
        """Whether every value has a standard deviation."""
        return self.n > 0 and bool(np.all(np.isfinite(self.sd)))

    @property
    def noise(self) -> float:
        """Mean squared standard deviation; NaN where one is unknown."""
        return float(np.mean(self.sd**2)) if self.has_errors else math.nan

    def item(self) -> dict[str, Fact | None]:
        """Its fields in an answer."""
        return {**self.place.item(), "metabolite": self.metabolite, "unit": self.unit}

    @property
    def words(self) -> str:
        """Name for a sentence: ``tNAA in the right dlPFC``."""
        return f"{self.metabolite} in the {self.place.words}"


def fact_of(name: str, person: Person, spectrum: Mapping[str, Fact]) -> Fact | None:
    """A fact about the spectrum, else about the person."""
    return spectrum.get(name, person.facts.get(name))


def aligned(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """The samples reduced to the people that all of them have, in one order."""
    shared = set(samples[0].ids).intersection(*(sample.ids for sample in samples[1:]))
    return tuple(sample.only(np.array([id in shared for id in sample.ids], dtype=bool)) for sample in samples)


def mean_facts(samples: Sequence[Sample]) -> tuple[Mapping[str, Fact], ...]:
    """Facts of several spectra of each person as one: the mean of numbers, a word where all agree.

    Parameters
    ----------
    samples : sequence of Sample
        Of the same people in one order.
    """
    merged = []
    for facts in zip(*(sample.facts for sample in samples), strict=True):
        shared = set(facts[0]).intersection(*facts[1:])
        found: dict[str, Fact] = {}
        for name in shared:
            values = [item[name] for item in facts]
            numbers = [value for value in values if isinstance(value, float)]
            if len(numbers) == len(values):
                found[name] = sum(numbers) / len(numbers)
            elif len(set(values)) == 1:
                found[name] = values[0]
        merged.append(found)
    return tuple(merged)
