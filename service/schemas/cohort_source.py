"""What a stored cohort is analysed from: its texts, and which of them come from which stored analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from fitting.cohort.inputs import CohortInputs, CohortTexts, Text

UPLOADED = ""
"""Key of measurements that come from no stored analysis."""


@dataclass(frozen=True, slots=True)
class CohortSource:
    """Tables and plan of one cohort, as they are stored."""

    name: str
    participants: str | None
    """``participants.tsv``; None where the measurements hold the groups."""
    head: str = ""
    """Header line of the measurements that come from analyses."""
    measurements: Mapping[str, str] = field(default_factory=dict)
    """A whole table under ``UPLOADED``, or rows without header by analysis."""
    people: Mapping[str, str] = field(default_factory=dict)
    """Pseudonym by analysis."""
    plan: str | None = None
    preset: str | None = None
    wide_unit: str | None = None
    spectra_head: str = ""
    """Header line of the spectra that come from analyses."""
    spectra: Mapping[str, str] = field(default_factory=dict)
    """Rows of ``spectra.csv`` without header by analysis."""
    tables: Mapping[str, str] = field(default_factory=dict)
    """Further tables that the plan names, by name."""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> CohortSource:
        """The source of a stored document."""
        return cls(**document)

    def document(self) -> dict[str, Any]:
        """As it is stored."""
        return asdict(self)

    @property
    def measured(self) -> str | None:
        """``measurements.csv``."""
        if UPLOADED in self.measurements or not self.measurements:
            return self.measurements.get(UPLOADED)
        return self.head + "".join(rows for _, rows in sorted(self.measurements.items()))

    @property
    def named_tables(self) -> dict[str, str]:
        """Further tables by name, with the spectra of analyses."""
        own = self.spectra_head + "".join(rows for _, rows in sorted(self.spectra.items()))
        return {**({"spectra.csv": own} if self.spectra else {}), **self.tables}

    def inputs(self) -> CohortInputs:
        """Tables and plan, read.

        Raises
        ------
        FittingError
            When a table or the plan cannot be used.
        """
        tables = self.named_tables

        def table_of(name: str) -> Text | None:
            return (tables[name], name) if name in tables else None

        texts = CohortTexts(
            None if self.measured is None else (self.measured, "measurements"),
            None if self.participants is None else (self.participants, "participants"),
            self.plan,
            self.preset,
            wide_unit=self.wide_unit,
        )
        return texts.read(table_of)

    def without(self, analysis_id: str) -> CohortSource:
        """The same without the values of an analysis, and without its person when no other analysis is theirs."""
        person = self.people.get(analysis_id)
        people = {key: value for key, value in self.people.items() if key != analysis_id}
        participants = self.participants
        if participants is not None and person is not None and person not in people.values():
            lines = participants.splitlines(keepends=True)
            participants = "".join(line for line in lines if line.split("\t", 1)[0].strip() != person)
        return replace(
            self,
            participants=participants,
            people=people,
            measurements={key: rows for key, rows in self.measurements.items() if key != analysis_id},
            spectra={key: rows for key, rows in self.spectra.items() if key != analysis_id},
        )
