"""Nouns of a cohort's tables: people, measurements and spectra as they were read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from fitting.units import FloatArray

Fact = float | str
"""A number or a word about a person or spectrum."""
QUALITY_FACTS = ("snr", "linewidth_hz")
TISSUE_FACTS = ("gm", "wm", "csf")
ACQUISITION_FACTS = ("field_t", "sequence", "echo_time", "repetition_time", "manufacturer", "scanner", "software")
SPECTRUM_FACTS = (*QUALITY_FACTS, *TISSUE_FACTS, *ACQUISITION_FACTS)
"""Facts of one spectrum that a table of measurements may hold."""
SPARED = ("tNAA", "tCr", "tCho")
"""Metabolites of a spectrum of limited quality that are used."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a spectrum was measured."""

    region: str
    hemisphere: str | None = None
    subregion: str | None = None

    @property
    def order(self) -> tuple[str, str, int]:
        """Sorting key: region, subregion, then left, midline, right."""
        sides = ("left", "midline", "right")
        side = sides.index(self.hemisphere) if self.hemisphere in sides else len(sides)
        return self.region.casefold(), self.subregion or "", side

    @property
    def words(self) -> str:
        """Name for a sentence: ``left dlPFC``."""
        name = self.subregion or self.region
        return f"{self.hemisphere} {name}" if self.hemisphere in ("left", "right") else name

    def item(self) -> dict[str, Fact | None]:
        """Its fields in an answer."""
        part = {"subregion": self.subregion} if self.subregion else {}
        return {"region": self.region, "hemisphere": self.hemisphere, **part}


@dataclass(frozen=True, slots=True)
class Person:
    """One participant under a pseudonym; facts that are not known are absent."""

    id: str
    group: str | None
    facts: Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class SpectrumKey:
    """Which spectrum a value is of."""

    person: str
    session: str | None
    place: Place


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value of one spectrum."""

    spectrum: SpectrumKey
    metabolite: str
    unit: str
    value: float
    """Upper bound where ``detected`` is false."""
    sd: float | None = None
    """Standard deviation of what differs from scan to scan."""
    sd_is_bound: bool = False
    """Whether ``sd`` is a Cramér–Rao bound, which real errors exceed."""
    detected: bool = True
    usable: str | None = None
    """The metabolite's own verdict, where the table has one."""
    made: str | None = None
    """How the value was made where it was not read: ``sum`` or ``ratio``."""


@dataclass(frozen=True, slots=True)
class SpectrumFacts:
    """Verdict and facts of one spectrum."""

    usable: str
    """yes, limited or no."""
    facts: Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class SpectraTable:
    """Spectra as features: one row for each person."""

    people: tuple[str, ...]
    places: tuple[Place, ...]
    facts: tuple[Mapping[str, Fact], ...]
    ppm: FloatArray
    values: FloatArray
    """Real part, shape (rows, points)."""


@dataclass(frozen=True, slots=True)
class CohortTable:
    """Everything that was read of a cohort."""

    people: tuple[Person, ...] = ()
    """Sorted by pseudonym."""
    measurements: tuple[Measurement, ...] = ()
    spectra: Mapping[SpectrumKey, SpectrumFacts] = field(default_factory=dict)
    person_columns: tuple[str, ...] = ()
    spectrum_columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What was read otherwise than it stands, one sentence each."""
    sha256: str = ""
    """Of the content of the tables."""

    def values_of(self, column: str) -> list[Fact]:
        """Known facts of people in one column."""
        return [person.facts[column] for person in self.people if column in person.facts]


@dataclass(frozen=True, slots=True)
class StudyEffect:
    """An effect size of a study, positive when the other group is higher."""

    name: str
    g: float
    variance: float


NO_FEATURES = SpectraTable((), (), (), np.empty(0), np.empty((0, 0)))
