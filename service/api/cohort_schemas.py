"""Schemas of cohorts: what is asked, what was read, and the state of a run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints, field_validator, model_validator

from fitting.analysis import NOTICE
from fitting.cohort import preset_names
from fitting.cohort.analyses.registry import SECTIONS
from fitting.cohort.planning.table_names import check_table_names
from fitting.cohort.power import LEAST_CV_PERCENT
from fitting.errors import UnusablePlan
from service.problem_documents import ProblemDocument
from service.reports.cohort.archive import MEMBERS
from service.schemas.analysis_request import Region
from service.schemas.bounded import Input, Output
from service.schemas.site_norms import NormName, as_uuid
from service.storage.tables import CohortRow, State

MOST_ANALYSES = 2000
MOST_PEOPLE = 5000
MOST_VALUES = 20_000
MOST_PLAN = 200_000
"""Characters of a plan."""

CohortName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._()-]{0,79}$")]
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
"""Of a file; databases take no NUL."""
PlanText = Annotated[Text, StringConstraints(min_length=1, max_length=MOST_PLAN)]
PresetName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
WideUnit = Literal["tCr", "mmol/kg", "mM", "iu"]
Column = Annotated[str, StringConstraints(pattern=r'^[^\x00\t\r\n"]{1,80}$')]
Cell = Annotated[str, StringConstraints(pattern=r'^[^\x00\t\r\n"]{0,200}$')] | int | float | None
Row = Annotated[dict[Column, Cell], Field(min_length=1, max_length=200)]


class AnalysisFilter(Input):
    """Stored analyses by what they are of, instead of their ids."""

    region: Region | None = Field(default=None, examples=["ACC"])
    """Region, as the requests named it."""
    created_from: str | None = Field(default=None, examples=["2026-01-01T00:00:00Z"])
    """Submitted at this time or later (RFC 3339)."""
    created_before: str | None = Field(default=None, examples=["2026-07-01T00:00:00Z"])
    """Submitted before this time (RFC 3339)."""

    @model_validator(mode="after")
    def _times(self) -> Self:
        for name in ("created_from", "created_before"):
            text = getattr(self, name)
            if text is not None and time_of(text) is None:
                raise ValueError(f"{name} must be a date with time and zone (RFC 3339)")
        return self


def time_of(text: str | None) -> datetime | None:
    """The time that a text of RFC 3339 states, with its zone; None for anything else."""
    try:
        time = datetime.fromisoformat(text) if text is not None and "T" in text.upper() else None
    except ValueError:
        return None
    return time if time is not None and time.tzinfo is not None and 1 < time.year < 9999 else None


class CohortRequest(Input):
    """A cohort: stored analyses, or tables; and what is asked of it.

    ``analyses`` or ``filter`` take values, people and groups from stored analyses; ``participants`` then add scales.
    Otherwise ``measurements`` are needed.
    """

    name: CohortName = Field(examples=["ACC pilot"])
    """Name in lists; no identity belongs in it."""
    plan: PlanText | None = Field(
        default=None, examples=['schema = 1\nreference = "control"\nother = "patient"\n[levels]\n']
    )
    """The plan as TOML. Without plan and preset, levels of every region are compared."""
    preset: PresetName | None = Field(default=None, examples=["gussew-2011"])
    """A shipped plan in its place."""
    analyses: list[Annotated[UUID, BeforeValidator(as_uuid)]] | None = Field(default=None, max_length=MOST_ANALYSES)
    """Ids of stored analyses. Each names its subject and region."""
    filter: AnalysisFilter | None = None
    """Stored analyses that succeeded, by region and time."""
    participants: list[Row] | None = Field(
        default=None,
        max_length=MOST_PEOPLE,
        examples=[[{"participant_id": "sub-01", "group": "control", "age_years": 41, "sex": "female"}]],
    )
    """One object for each person, with the columns of ``participants.tsv``."""
    measurements: list[Row] | None = Field(
        default=None,
        max_length=MOST_VALUES,
        examples=[[{"participant_id": "sub-01", "region": "ACC", "metabolite": "tNAA", "unit": "tCr", "value": 1.4}]],
    )
    """One object for each value, with the columns of the long table."""
    wide_unit: WideUnit | None = None
    """``measurements`` have one object for each person, with all values in this unit."""
    tables: dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,79}$")], Text] | None = (
        Field(default=None, max_length=20, examples=[{"studies.csv": "study,g,variance\nA 2011,-0.8,0.12\n"}])
    )
    """Further tables that the plan names, as the text of a CSV file; ``spectra.csv`` for a classification."""

    @field_validator("tables")
    @classmethod
    def _names_of_files(cls, tables: dict[str, str] | None) -> dict[str, str] | None:
        try:
            check_table_names(tables or {}, MEMBERS)
        except UnusablePlan as refusal:
            raise ValueError(refusal.detail) from None
        return tables

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        sources = [self.analyses is not None, self.filter is not None, self.measurements is not None]
        if sum(sources) > 1 or not (any(sources) or self.tables):
            raise ValueError("give one of analyses, filter and measurements, or tables that the plan names")
        if self.plan is not None and self.preset is not None:
            raise ValueError("give plan or preset, not both")
        if self.wide_unit is not None and self.measurements is None:
            raise ValueError("wide_unit belongs to measurements")
        return self


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


class CohortNormRequest(Input):
    """The healthy group of a cohort as a norm of the site."""

    name: NormName = Field(examples=["acc-press30"])
    """Name of the norm."""
    group: Annotated[str, StringConstraints(min_length=1, max_length=80)] | None = Field(
        default=None, examples=["control"]
    )
    """Group of the healthy people; by default the plan's reference."""
    region: Region | None = Field(default=None, examples=["ACC"])
    """Region, where the cohort has several."""
    hemisphere: Literal["left", "right", "midline"] | None = None
    """Side, where the cohort has several."""
    unit: WideUnit = "tCr"
    """Unit of the norm."""


class CohortSiteRequest(Input):
    """The healthy group of a cohort of stored analyses as the controls of a scanner."""

    name: NormName = Field(examples=["prisma-acc"])
    """Name of the calibration."""
    group: Annotated[str, StringConstraints(min_length=1, max_length=80)] | None = None
    """Group of the healthy people; by default the plan's reference."""


class PresetSummary(Output):
    """A shipped plan in the list."""

    name: str
    """Name."""
    title: str
    """What it asks."""
    sections: tuple[str, ...]
    """Sections of the plan."""


class PresetOut(PresetSummary):
    """A shipped plan."""

    plan: str
    """The plan as TOML, to be edited; comments say which findings of the study are confirmed."""


class PresetList(Output):
    """Shipped plans."""

    items: tuple[PresetSummary, ...]
    """By name."""


class PowerRequest(Input):
    """A planned comparison of two groups; per cent is per cent, 10 for 10 %."""

    difference_percent: float = Field(ge=-1000, le=1000, examples=[10])
    """True difference, per cent of the reference's mean."""
    cv_percent: float = Field(ge=LEAST_CV_PERCENT, le=1000, examples=[8])
    """Coefficient of variation between people, per cent."""
    measurement_cv_percent: float = Field(default=0.0, ge=0, le=1000, examples=[3])
    """Coefficient of variation of one measurement, per cent."""
    n: Annotated[list[Annotated[int, Field(ge=2, le=1_000_000)]], Field(min_length=2, max_length=2)] | None = Field(
        default=None, examples=[[20, 20]]
    )
    """People in each group; by default those that reach 80 % power."""


class PowerOut(Output):
    """What the comparison can find."""

    difference_percent: float
    """True difference, per cent."""
    cv_percent: float
    """Coefficient of variation between people, per cent."""
    measurement_cv_percent: float
    """Coefficient of variation of one measurement, per cent."""
    n: Annotated[list[int], Field(min_length=2, max_length=2)] | None
    """People in each group; null when more than a million would be needed."""
    power: float | None
    """Probability that the difference is found, 0 to 1."""
    n_per_group_80: int | None
    """People in each of two equal groups for 80 % power; null when more than a million."""
    detectable_percent_80: float | None
    """Difference found with 80 % power, per cent."""
    exaggeration: float | None
    """How many times too large the difference looks, on average, when it is found."""
    wrong_sign: float | None
    """Share of found differences that have the wrong sign."""


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
