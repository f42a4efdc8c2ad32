"""A value of another program as it arrives, and its position among controls as it leaves."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from fitting.analysis import NOTICE
from fitting.norms import Case, Context, Control, Controls, FurtherLaboratory, Measured, Method, Scored, Summary
from fitting.norms.assessment import NormNotUsed, NormUsed, ZScore
from fitting.norms.case import check_measured, ratio_of, scan
from fitting.norms.controls import SUPPLIED_ID
from fitting.norms.software_offset import scaled
from fitting.quantification.concentrations import Ratio
from fitting.reason import Absence
from fitting.request import Options, Overrides, Subject, TissueFractions
from fitting.run.check import check_request
from fitting.run.completion import check_overrides
from fitting.units import PROTON_GAMMA_BAR
from service.schemas.analysis_request import MethodName, Region

MetaboliteName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/_-]{1,16}$")]
Software = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._+/(),:-]{0,159}$")]
Sex = Literal["female", "male", "other"]
Unit = Literal["tCr", "mmol/kg", "iu", "mM"]

SMALLEST, LARGEST = 1e-9, 1e9
"""Sizes a value or a standard deviation may have in any unit; their squares and quotients are far from overflow."""
MOST_PEOPLE = 1_000_000
"""Of one group of controls."""


def _large_enough(value: float) -> float:
    if 0.0 < abs(value) < SMALLEST:
        raise ValueError(f"must be zero or of a size of {SMALLEST:g} or more")
    return value


Measure = Annotated[float, Field(ge=-LARGEST, le=LARGEST), AfterValidator(_large_enough)]
"""A measured value, of either sign."""
Spread = Annotated[float, Field(ge=0, le=LARGEST), AfterValidator(_large_enough)]
"""A standard deviation."""
People = Annotated[int, Field(le=MOST_PEOPLE)]


class Input(BaseModel):
    """A part of a request; unknown fields are refused, for a misspelt one would be lost silently."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False, strict=True
    )


class Output(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True, from_attributes=True)


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


class CreatineIn(Input):
    """Total creatine in the unit of the value, to make a ratio of it."""

    value: Measure = Field(examples=[8.506])
    """Concentration of tCr, in ``unit``."""
    sd: Spread = Field(default=0.0, examples=[0.728])
    """Its standard deviation."""
    correlation: float = Field(default=0.0, ge=-1, le=1, examples=[0.5])
    """Correlation between the errors of the metabolite and of tCr."""


class ScoreRequest(Input):
    """A value measured by any program, with the facts that determine which controls it may be compared with."""

    metabolite: MetaboliteName = Field(examples=["tNAA"])
    """Metabolite or sum."""
    value: Measure = Field(examples=[1.05])
    """The value, in ``unit``."""
    sd: Spread | None = Field(default=None, examples=[0.04])
    """Standard deviation of the measurement, in the unit of the value; the interval lacks it when it is not given."""
    unit: Unit = Field(default="tCr", examples=["tCr"])
    """``tCr``: ratio of concentrations to total creatine. Only ratios are compared with other laboratories."""
    tcr: CreatineIn | None = None
    """With a value in an absolute unit: total creatine in the same unit; the ratio is scored."""
    region: Region | None = Field(default=None, examples=["ACC"])
    """Region of the brain; ``GET /v1/regions`` lists those with norms."""
    hemisphere: Literal["left", "right", "midline"] | None = Field(default=None, examples=["midline"])
    """Side of the brain."""
    field_t: float | None = Field(default=None, examples=[3.0])
    """Static field, tesla."""
    echo_time: float | None = Field(default=None, examples=[0.030])
    """Echo time, s."""
    sequence: MethodName | None = Field(default=None, examples=["PRESS"])
    """Localisation family."""
    software: Software | None = Field(default=None, examples=["LCModel 6.3"])
    """Program that measured the value, with version."""
    verdict: Literal["yes", "limited", "no"] | None = Field(default=None, examples=["yes"])
    """Whether the spectrum may be interpreted. Values of others than ``yes`` are not compared."""
    age_years: float | None = Field(default=None, examples=[44])
    """Age, years."""
    sex: Sex | None = Field(default=None, examples=["female"])
    """Sex."""
    gm: float | None = Field(default=None, ge=0, le=1, examples=[0.62])
    """Volume fraction of grey matter, 0 to 1."""
    controls: ControlsIn | None = None
    """Controls of the laboratory that measured the value; without them its norms and then published ones are used."""

    def case(self, laboratories: tuple[FurtherLaboratory, ...] = ()) -> Case:
        """The same as the library takes it; ``laboratories`` are others that shared their norms.

        Raises
        ------
        ImplausibleParameter
            When a quantity cannot be.
        """
        subject = Subject(
            region=self.region,
            hemisphere=self.hemisphere,
            age_years=self.age_years,
            sex=self.sex,
            tissue=None if self.gm is None else TissueFractions(self.gm, 1.0 - self.gm, 0.0),
        )
        frequency = None if self.field_t is None else self.field_t * PROTON_GAMMA_BAR
        overrides = Overrides(echo_time=self.echo_time, sequence=self.sequence, spectrometer_frequency=frequency)
        check_overrides(overrides)
        check_request(subject, Options(overrides=overrides))
        measured, unit = Ratio(self.value, self.sd or 0.0), self.unit
        if self.tcr is not None and unit != "tCr":
            check_measured(measured, "value")
            measured = ratio_of(measured, Ratio(self.tcr.value, self.tcr.sd), self.tcr.correlation)
            unit = "tCr"
        acquisition = scan(self.field_t, self.echo_time, self.sequence)
        return Case(
            metabolite=self.metabolite,
            measured=measured,
            context=Context(subject, acquisition, self.software, unit, laboratories),
            usable=self.verdict,
            sd_known=self.sd is not None,
        )

    def supplied(self) -> tuple[Controls, ...]:
        """The controls given with the value; empty when there are none."""
        return () if self.controls is None else (self.controls.supplied(self.metabolite),)


class ValueOut(Output):
    """The value that was compared."""

    value: float
    """In ``unit``."""
    sd: float | None
    """Standard deviation of the measurement, in ``unit``; null when none was given."""
    unit: Unit
    """``tCr`` is the ratio to total creatine."""


class ScoreOut(Output):
    """The position of one value among controls, or why there is none. Exactly one of ``z`` and ``z_absent`` is null."""

    region: str | None
    """Region, as the request named it."""
    metabolite: str
    """Metabolite or sum."""
    value: ValueOut
    """The compared value."""
    z: ZScore | None
    """Position among the controls, the same as in a result."""
    z_absent: Absence | None
    """Reason for the absence of a z-score."""
    norm: NormUsed | None
    """The controls behind it; null without a z-score."""
    norms_not_used: tuple[NormNotUsed, ...]
    """Norms of the site for this region that were not applied, with the reason."""
    warnings: tuple[str, ...]
    """Limits of the answer."""
    notice: str = Field(examples=[NOTICE])
    """What this answer must not be used for."""


def score_out(request: ScoreRequest, case: Case, scored: Scored) -> ScoreOut:
    """The representation of an answer."""
    position = scored.position
    no_sd = request.sd is None
    warning = "No standard deviation was given: the interval does not carry the error of the measurement."
    return ScoreOut(
        region=request.region,
        metabolite=request.metabolite,
        value=ValueOut(value=case.measured.value, sd=None if no_sd else case.measured.sd, unit=_unit(case)),
        z=position if isinstance(position, ZScore) else None,
        z_absent=position if isinstance(position, Absence) else None,
        norm=scored.norm,
        norms_not_used=scored.not_used,
        warnings=(warning,) if no_sd else (),
        notice=NOTICE,
    )


def _unit(case: Case) -> Any:
    return case.context.unit
