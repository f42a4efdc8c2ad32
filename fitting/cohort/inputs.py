"""Everything that one cohort is analysed from, read from texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fitting.cohort.analysis import analyse_cohort, plan_without_questions
from fitting.cohort.findings import Item
from fitting.cohort.planning.plan import Plan
from fitting.cohort.planning.table_names import check_table_names
from fitting.cohort.presets import plan_of, preset_plan
from fitting.cohort.tables.reading import read_cohort, read_spectra, read_studies
from fitting.cohort.tables.table import CohortTable, SpectraTable, StudyEffect
from fitting.errors import UnusablePlan

SPECTRA = "spectra.csv"
"""Name of the spectra of a classification whose plan names none."""

Text = tuple[str, str]
"""Text of a table and its name in messages."""


@dataclass(frozen=True, slots=True)
class CohortInputs:
    """Tables and plan of one cohort."""

    table: CohortTable
    plan: Plan
    spectra: dict[str, SpectraTable]
    studies: dict[str, tuple[StudyEffect, ...]]

    def answer(self, progress: Callable[[str], None] | None = None) -> Item:
        """The answer, as ``analyse_cohort`` gives it.

        Raises
        ------
        FittingError
            When tables and plan do not belong together.
        """
        return analyse_cohort(self.table, self.plan, spectra=self.spectra, studies=self.studies, progress=progress)


@dataclass(frozen=True, slots=True)
class CohortTexts:
    """Tables and plan as they arrive."""

    measurements: Text | None = None
    participants: Text | None = None
    plan: str | None = None
    preset: str | None = None
    """Name of a shipped plan in place of ``plan``; with neither, levels of every region are compared."""
    manifest: str | None = None
    wide_unit: str | None = None

    def read(self, table_of: Callable[[str], Text | None]) -> CohortInputs:
        """Read everything that the plan needs.

        Parameters
        ----------
        table_of : callable
            Gives the text of a table that the plan names, and of ``spectra.csv`` where it names none; None where there
            is no such table.

        Raises
        ------
        FittingError
            When a table or the plan cannot be used.
        """
        table = read_cohort(self.measurements, self.participants, manifest=self.manifest, wide_unit=self.wide_unit)
        if self.plan is not None:
            plan = plan_of(self.plan)
        else:
            plan = preset_plan(self.preset) if self.preset is not None else plan_without_questions(table)
        check_table_names(_named(plan, "classification", "spectra") + _named(plan, "context", "studies"))
        return CohortInputs(table, plan, _spectra(plan, table_of), _studies(plan, table_of))


def _named(plan: Plan, key: str, attribute: str) -> list[str]:
    found: list[Any] = [getattr(settings, attribute) for settings in plan.sections.get(key, ())]
    return [name for name in dict.fromkeys(found) if name]


def _spectra(plan: Plan, table_of: Callable[[str], Text | None]) -> dict[str, SpectraTable]:
    tables = {name: read_spectra(*_needed(name, table_of)) for name in _named(plan, "classification", "spectra")}
    is_unnamed = any(settings.spectra is None for settings in plan.sections.get("classification", ()))
    beside = table_of(SPECTRA) if is_unnamed else None
    if beside is not None:
        tables[""] = read_spectra(*beside)
    return tables


def _studies(plan: Plan, table_of: Callable[[str], Text | None]) -> dict[str, tuple[StudyEffect, ...]]:
    return {name: read_studies(*_needed(name, table_of)) for name in _named(plan, "context", "studies")}


def _needed(name: str, table_of: Callable[[str], Text | None]) -> Text:
    found = table_of(name)
    if found is None:
        raise UnusablePlan(f"The plan names the table {name}, which is not there; give it beside the plan.")
    return found
