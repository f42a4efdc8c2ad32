"""Controls that arrive with a value."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from fitting.norms import Control, Controls, Measured, Method, Summary
from fitting.norms.controls import SUPPLIED_ID
from fitting.norms.software_offset import scaled
from service.schemas.analysis_request import MethodName
from service.schemas.bounded import Input, Measure, People, Sex, Software, Spread, Unit


class ControlValueIn(Input):
    """One control's value."""

    value: Measure = Field(examples=[1.42])
    """In the unit of the person's value."""
    sd: Spread | None = Field(default=None, examples=[0.04])
    """Standard deviation of the measurement."""
    age_years: float | None = Field(default=None, ge=0, le=120, examples=[38])
    """Age, years."""
    sex: Sex | None = Field(default=None, examples=["female"])
    """Sex."""
    gm: float | None = Field(default=None, ge=0, le=1, examples=[0.62])
    """Volume fraction of grey matter, 0 to 1."""


class SummaryIn(Input):
    """Mean and standard deviation of a group."""

    mean: Measure = Field(examples=[1.106])
    """Mean, in the unit of the value."""
    sd: Spread = Field(examples=[0.0925])
    """Standard deviation between the people of the group."""
    n: People = Field(examples=[48])
    """Number of people."""


class OffsetIn(Input):
    """Measured difference between two programs: the same spectra, analysed by both."""

    ratio: Measure = Field(examples=[1.06])
    """Mean ratio of the value's program to that of the controls."""
    sd: Spread = Field(examples=[0.02])
    """Standard deviation of this mean."""

    def measured(self) -> Measured:
        """The same as the library takes it."""
        return Measured(self.ratio, self.sd)


class ControlsIn(Input):
    """Controls given with the value: ``values``, or ``mean``, ``sd`` and ``n``, or ``studies``.

    Facts stated about their measurement must match the value's; facts not stated are taken to equal the value's.
    """

    values: list[Measure | ControlValueIn] | None = Field(default=None, max_length=5000, examples=[[1.02, 1.1, 1.21]])
    """Values of individual controls, plain or with age, sex and grey matter fraction."""
    mean: Measure | None = Field(default=None, examples=[1.106])
    """Mean of the controls."""
    sd: Spread | None = Field(default=None, examples=[0.0925])
    """Standard deviation of the controls."""
    n: People | None = Field(default=None, examples=[48])
    """Number of controls."""
    studies: list[SummaryIn] | None = Field(default=None, max_length=500)
    """Groups of several laboratories, to be pooled as published norms are."""
    field_t: float | None = Field(default=None, examples=[3.0])
    """Static field, tesla."""
    echo_time: float | None = Field(default=None, examples=[0.030])
    """Echo time, s."""
    sequence: MethodName | None = Field(default=None, examples=["PRESS"])
    """Localisation family."""
    software: Software | None = Field(default=None, examples=["LCModel 6.3"])
    """Program that fitted the controls, with version."""
    unit: Unit | None = Field(default=None, examples=["tCr"])
    """Unit of the controls' values."""
    offset: OffsetIn | None = None
    """Measured offset between the value's program and that of the controls: their values are multiplied by it. Not with
    ``studies``, whose programs are part of what they differ by."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        summary = (self.mean, self.sd, self.n)
        kinds = (self.values is not None) + (self.studies is not None) + any(item is not None for item in summary)
        if kinds != 1 or (any(item is not None for item in summary) and None in summary):
            raise ValueError("give values, or mean with sd and n, or studies")
        if self.offset is not None and self.studies is not None:
            raise ValueError("studies take no offset; give the controls of one laboratory")
        return self

    def supplied(self, metabolite: str) -> Controls:
        """The same as the library takes it."""
        summary = None
        if self.mean is not None and self.sd is not None and self.n is not None:
            summary = Summary(self.mean, self.sd, self.n)
        studies = None
        if self.studies is not None:
            studies = tuple(Summary(item.mean, item.sd, item.n) for item in self.studies)
        software = None if self.offset is not None else self.software
        controls = Controls(
            id=SUPPLIED_ID,
            origin="supplied",
            method=Method(self.field_t, self.sequence, self.echo_time, self.unit, software),
            people=tuple(_control(metabolite, number, item) for number, item in enumerate(self.values or ())),
            summary=summary,
            studies=studies,
        )
        return controls if self.offset is None else scaled(controls, metabolite, self.offset.measured())


def _control(metabolite: str, number: int, item: float | ControlValueIn) -> Control:
    if isinstance(item, ControlValueIn):
        values = {metabolite: Measured(item.value, item.sd)}
        return Control(str(number), values, item.age_years, item.sex, item.gm)
    return Control(str(number), {metabolite: Measured(item)})
