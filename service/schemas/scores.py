"""A value of another program as it arrives, and its position among controls as it leaves."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from fitting.analysis import NOTICE
from fitting.norms import Case, Context, Controls, FurtherLaboratory, Scored
from fitting.norms.assessment import NormNotUsed, NormUsed, ZScore
from fitting.norms.case import check_measured, ratio_of, scan
from fitting.quantification.concentrations import Ratio
from fitting.reason import Absence
from fitting.request import Options, Overrides, Subject, TissueFractions
from fitting.run.check import check_request
from fitting.run.completion import check_overrides
from fitting.units import PROTON_GAMMA_BAR
from service.schemas.analysis_request import MethodName, Region
from service.schemas.bounded import Input, Measure, MetaboliteName, Output, Sex, Software, Spread, Unit
from service.schemas.supplied_controls import ControlsIn


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
