"""A site's own controls as they arrive: individual values, or analyses that are flagged as controls."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from fitting.norms import Control, Controls, Measured, Method, site_controls
from fitting.norms.controls import SoftwareOffset
from fitting.norms.software_offset import check_offset
from service.schemas.analysis_request import MethodName, Pseudonym, Region
from service.schemas.bounded import Input, Measure, MetaboliteName, Sex, Software, Spread, Unit
from service.schemas.supplied_controls import OffsetIn

NormName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


def as_uuid(value: object) -> object:
    """The id in a text; anything else is left to the validation."""
    return UUID(value) if isinstance(value, str) else value  # strict models take no text for an id


class MeasuredIn(Input):
    """A value with its error."""

    value: Measure = Field(examples=[1.42])
    """In the unit of the norm."""
    sd: Spread | None = Field(default=None, examples=[0.04])
    """Standard deviation of the measurement."""
    sd_scan: Spread | None = Field(default=None, examples=[0.03])
    """Part of it that differs from scan to scan on one scanner."""


class ControlIn(Input):
    """One healthy person."""

    id: Pseudonym = Field(examples=["ctl-07"])
    """Pseudonym; the same in all norms of this site, so that regions can be looked at together."""
    values: dict[MetaboliteName, Measure | MeasuredIn] = Field(
        min_length=1, max_length=60, examples=[{"tNAA": 1.42, "tCho": {"value": 0.24, "sd": 0.01}}]
    )
    """Values by metabolite, plain or with their error."""
    age_years: float | None = Field(default=None, examples=[38])
    """Age, years."""
    sex: Sex | None = Field(default=None, examples=["female"])
    """Sex."""
    gm: float | None = Field(default=None, examples=[0.62])
    """Volume fraction of grey matter, 0 to 1."""


class SoftwareOffsetIn(Input):
    """Measured offset of another program from that of the controls."""

    software: Software = Field(examples=["Osprey 2.4"])
    """The other program, with version."""
    ratios: dict[MetaboliteName, OffsetIn] = Field(min_length=1, max_length=60)
    """Its values over those of the controls' program, by metabolite."""

    def offset(self) -> SoftwareOffset:
        """The same as the library takes it.

        Raises
        ------
        ImplausibleParameter
            When a ratio cannot be.
        """
        found = {name: item.measured() for name, item in self.ratios.items()}
        for ratio in found.values():
            check_offset(ratio)
        return SoftwareOffset(self.software, found)


class NormRequest(Input):
    """A new norm, or a new version of the one with this name.

    Either ``controls`` with all that says how they were measured, or ``analyses``, which say it themselves.
    """

    name: NormName = Field(examples=["acc-press30"])
    """Short name; posting again under it makes the next version, and only the newest is used."""
    analyses: list[Annotated[UUID, BeforeValidator(as_uuid)]] | None = Field(default=None, max_length=2000)
    """Ids of analyses of healthy people, one for each person."""
    controls: list[ControlIn] | None = Field(default=None, max_length=2000)
    """Values of healthy people."""
    region: Region | None = Field(default=None, examples=["ACC"])
    """Region of the brain; ``GET /v1/regions`` lists the names."""
    hemisphere: Literal["left", "right", "midline"] | None = Field(default=None, examples=["midline"])
    """Side of the brain."""
    unit: Unit | None = Field(default=None, examples=["tCr"])
    """``tCr``: ratios of concentrations to total creatine. Analyses are compared by ratio only."""
    field_t: float | None = Field(default=None, examples=[3.0])
    """Static field, tesla."""
    echo_time: float | None = Field(default=None, examples=[0.030])
    """Echo time, s."""
    sequence: MethodName | None = Field(default=None, examples=["PRESS"])
    """Localisation family."""
    software: Software | None = Field(default=None, examples=["LCModel 6.3"])
    """Program that measured the values, with version."""
    offsets: list[SoftwareOffsetIn] | None = Field(default=None, max_length=20)
    """Measured offsets of other programs: their values may then be compared with these controls."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        facts = ("region", "unit", "field_t", "echo_time", "sequence", "software")
        given = [name for name in facts if getattr(self, name) is not None]
        if (self.controls is None) == (self.analyses is None):
            raise ValueError("give controls or analyses")
        if self.controls is not None and len(given) < len(facts):
            raise ValueError(f"controls need {', '.join(name for name in facts if name not in given)}")
        if self.analyses is not None and (given or self.hemisphere is not None or self.offsets is not None):
            raise ValueError("analyses say themselves how they were measured; leave out everything but name")
        return self

    def norm_of_controls(self) -> Controls:
        """The norm of ``controls``; its id is given when it is stored.

        Raises
        ------
        UnusableControls, ImplausibleParameter
        """
        people = tuple(
            Control(
                id=item.id,
                values={name: _measured(value) for name, value in item.values.items()},
                age_years=item.age_years,
                sex=item.sex,
                gm=item.gm,
            )
            for item in self.controls or ()
        )
        method = Method(self.field_t, self.sequence, self.echo_time, self.unit, self.software)
        made = site_controls("", self.region or "", self.hemisphere, method, people)
        return replace(made, offsets=tuple(item.offset() for item in self.offsets or ()))


def _measured(value: float | MeasuredIn) -> Measured:
    return Measured(value.value, value.sd, value.sd_scan) if isinstance(value, MeasuredIn) else Measured(value)
