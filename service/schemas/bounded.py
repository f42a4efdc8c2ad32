"""Values with bounds, and the bases of requests and answers: what schemas of values have in common."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

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
