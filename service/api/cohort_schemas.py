"""Schemas of what is asked of cohorts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints, field_validator, model_validator

from fitting.cohort.planning.table_names import check_table_names
from fitting.errors import UnusablePlan
from service.reports.cohort.archive import MEMBERS
from service.schemas.analysis_request import Region
from service.schemas.bounded import Input
from service.schemas.site_norms import NormName, as_uuid

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
