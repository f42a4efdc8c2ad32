"""Schemas of what is answered about cohorts: what was read, and the state of a run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from fitting.analysis import NOTICE
from fitting.cohort import preset_names
from fitting.cohort.analyses.registry import SECTIONS
from service.problem_documents import ProblemDocument
from service.schemas.bounded import Output
from service.storage.tables import CohortRow, State


class PlaceOut(Output):
    """Where spectra are from."""

    region: str
    """Region of the brain."""
    subregion: str | None
    """Part of the region."""
    hemisphere: str | None
    """Side."""
    words: str
    """Name of the place in sentences."""
    metabolites: tuple[str, ...]
    """Metabolites and sums that were read."""


class GroupOut(Output):
    """People of one group, on their way to the analysis."""

    group: str
    """Group, or ``all``."""
    enrolled: int
    """People in the table."""
    measured: int
    """People with a spectrum."""
    analysed: int
    """People in the reach of the primary model."""


class SpectraCount(Output):
    """Spectra by their verdict."""

    all: int
    """Spectra."""
    yes: int
    """Usable ones."""
    limited: int
    """Usable for tNAA, tCr and tCho only."""
    no: int
    """Not interpretable, left out."""


class CautionOut(Output):
    """What to keep in mind."""

    code: str
    """Kind."""
    sentence: str
    """What it is."""
    where: str | None
    """Place or analysis it is about."""


class AskedOut(Output):
    """A section of the plan."""

    section: str = Field(examples=[section.key for section in SECTIONS][:1])
    """Its key."""
    count: int
    """How many there are of it."""


class PresetReadiness(Output):
    """Whether a shipped plan can be asked."""

    name: str = Field(examples=list(preset_names())[:1])
    """Name."""
    title: str
    """What it asks."""
    lacks: tuple[str, ...]
    """What the cohort lacks for it; empty when it can be asked in full."""


class Overview(Output):
    """What was read, and what can be asked."""

    people: int
    """People in the table."""
    columns: tuple[str, ...]
    """What is known about them."""
    spectra: SpectraCount
    """Spectra."""
    places: tuple[PlaceOut, ...]
    """Regions and sides."""
    values: int
    """Values."""
    without_sd: int
    """Values without a standard deviation."""
    not_detected: int
    """Values that are upper bounds."""
    notes: tuple[str, ...]
    """What was read otherwise than it stands."""
    groups: tuple[GroupOut, ...]
    """Flow of people by group."""
    cautions: tuple[CautionOut, ...]
    """About missing people."""
    asked: tuple[AskedOut, ...]
    """Sections of the plan."""
    presets: tuple[PresetReadiness, ...]
    """Each shipped plan."""


class CohortRunSummary(Output):
    """One cohort in the list."""

    id: str = Field(examples=["01994f0e-7c4a-7000-8000-2f1d6a3b9c55"])
    """Id."""
    name: str
    """Name."""
    people: int
    """People in the groups of the plan."""
    state: State
    """State."""
    step: str | None
    """Section of the plan that is being computed."""
    created: datetime
    """When it was submitted, UTC."""
    finished: datetime | None
    """When it ended, UTC."""
    problem: ProblemDocument | None
    """Why there is no answer."""


class CohortRun(CohortRunSummary):
    """A cohort with its answer."""

    seconds: float | None
    """Wall time of the computation."""
    steps: tuple[str, ...]
    """Sections of the plan in the order of their computation."""
    result: dict[str, Any] | None
    """The answer; docs/cohorts.md describes its fields. Null before the cohort succeeded."""
    notice: str = Field(examples=[NOTICE])
    """What this answer must not be used for."""


class CohortRunList(Output):
    """A page of the list."""

    items: tuple[CohortRunSummary, ...]
    """Newest first."""
    next_cursor: str | None
    """Cursor of the next page; null on the last."""


def summary_of(row: CohortRow) -> dict[str, Any]:
    """Fields of ``CohortRunSummary``."""
    return {
        **{name: getattr(row, name) for name in ("id", "name", "people", "state", "step", "created", "finished")},
        "problem": row.problem,
    }


def cohort_run(row: CohortRow, steps: tuple[str, ...], result: Mapping[str, Any] | None) -> CohortRun:
    """A cohort with its answer."""
    return CohortRun.model_validate(
        {**summary_of(row), "seconds": row.seconds, "steps": steps, "result": result, "notice": NOTICE}
    )
