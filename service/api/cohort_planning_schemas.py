"""Schemas of planning a study: shipped plans, and the power of a comparison."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fitting.cohort.power import LEAST_CV_PERCENT
from service.schemas.bounded import Input, Output


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
