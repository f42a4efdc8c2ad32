"""What a client says along with a spectrum; unknown fields are refused, for a misspelt one would be lost silently."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

_PSEUDONYM = r"^[A-Za-z0-9._-]{1,64}$"
_IDENTITY = {
    r"^(sub-|ses-)?[._-]*([0-9][._-]*){7,}$": "a hospital number or a date",
    r"(^|[^0-9])(19|20)[0-9]{2}[._-]?(0[1-9]|1[0-2])[._-]?(0[1-9]|[12][0-9]|3[01])([^0-9]|$)": "a date",
    r"^(?!(sub|ses)-[A-Za-z]+$)[A-Za-z]{2,}([._-]+[A-Za-z]{2,})+$": "a name",
}
"""What looks like these is no pseudonym. A surname alone cannot be told from a code word, so this is a net for
mistakes, not a proof."""


def _refuse_identity(value: str) -> str:
    for pattern, kind in _IDENTITY.items():
        if re.search(pattern, value):
            raise ValueError(f"looks like {kind}; send a pseudonym such as sub-017 or ses-02")
    return value


Pseudonym = Annotated[
    str,
    StringConstraints(pattern=_PSEUDONYM),
    AfterValidator(_refuse_identity),
    WithJsonSchema({"type": "string", "pattern": _PSEUDONYM, "not": {"anyOf": [{"pattern": p} for p in _IDENTITY]}}),
]
Region = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9 _-]{0,63}$")]
MethodName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 ._+-]{1,64}$")]


class _Input(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False, strict=True
    )


class Tissue(_Input):
    """Volume fractions of the measured volume, 0 to 1; they sum to 1 within 0.02, else ``implausible-parameter``."""

    gm: float = Field(examples=[0.6])
    """Grey matter, 0 to 1."""
    wm: float = Field(examples=[0.3])
    """White matter, 0 to 1."""
    csf: float = Field(examples=[0.1])
    """Cerebrospinal fluid, 0 to 1."""


class ClinicalMeasures(_Input):
    """Measures of the visit; shown beside the result, never used to compute it."""

    pain_vas: float | None = Field(default=None, ge=0, le=10, examples=[6.5])
    """Pain on the visual analogue scale, 0 to 10."""
    pain_nrs: float | None = Field(default=None, ge=0, le=10, examples=[7])
    """Pain on the numeric rating scale, 0 to 10."""
    odi: float | None = Field(default=None, ge=0, le=100, examples=[34])
    """Oswestry Disability Index, per cent."""
    duration_months: float | None = Field(default=None, ge=0, le=1500, examples=[18])
    """Time since the pain began, months."""
    anxiety: float | None = Field(default=None, ge=0, le=21, examples=[7])
    """Anxiety subscale of the Hospital Anxiety and Depression Scale, 0 to 21."""
    depression: float | None = Field(default=None, ge=0, le=21, examples=[5])
    """Depression subscale of the Hospital Anxiety and Depression Scale, 0 to 21."""


class AcquisitionOverrides(_Input):
    """Acquisition quantities that fill in or replace what the file header says; SI units.

    A value outside what a brain 1H-MRS scan can have is refused as ``implausible-parameter``.
    """

    echo_time: float | None = Field(default=None, examples=[0.030])
    """Echo time, s."""
    repetition_time: float | None = Field(default=None, examples=[2.0])
    """Repetition time, s."""
    spectrometer_frequency: float | None = Field(default=None, examples=[123.25e6])
    """Transmitter frequency of 1H, Hz."""
    dwell_time: float | None = Field(default=None, examples=[0.0005])
    """Time between complex points, s."""
    sequence: MethodName | None = Field(default=None, examples=["PRESS"])
    """Localisation family; ``GET /v1/basis-sets`` lists them."""
    mixing_time: float | None = Field(default=None, examples=[0.010])
    """Mixing time of STEAM, s."""


class MethodOptions(_Input):
    """Choices of method; every one is recorded in the result."""

    optimiser: MethodName | None = Field(default=None, examples=["lmfit-leastsq"])
    """Optimiser of the fit; the refusal of an unknown one lists them, as for every option."""
    baseline: MethodName | None = Field(default=None, examples=["two-scale"])
    """Baseline model."""
    macromolecules: MethodName | None = Field(default=None, examples=["default"])
    """Macromolecule model."""
    concentration_prior: MethodName | None = Field(default=None, examples=["adult-brain"])
    """Table of expected concentrations that draws the values toward them; none by default, and every value says how far
    it was moved. It needs a water reference."""
    deadline_seconds: float | None = Field(default=None, gt=0, le=3600, examples=[60])
    """Stop the fit after this many seconds and answer ``stopped_early``."""


class AnalysisRequest(_Input):
    """What is known of the person, the region and the scan; every field is optional.

    No identity: neither name, birth date nor hospital number has a field here, and none belongs in a pseudonym.
    """

    region: Region | None = Field(default=None, examples=["ACC"])
    """Region of the brain that was measured; ``GET /v1/regions`` lists those with norms."""
    hemisphere: Literal["left", "right", "midline"] | None = Field(default=None, examples=["midline"])
    """Side of the brain."""
    age_years: float | None = Field(default=None, ge=0, le=120, examples=[44])
    """Age at the scan, years."""
    sex: Literal["female", "male", "other"] | None = Field(default=None, examples=["female"])
    """Sex of the person."""
    tissue: Tissue | None = None
    """Tissue composition of the measured volume, from a segmented image."""
    subject: Pseudonym | None = Field(default=None, examples=["sub-017"])
    """Pseudonym of the person: 1 to 64 letters, digits, dots, hyphens and underscores. Never a name or hospital
    number: two words of letters, a date, and seven or more digits without a letter are refused."""
    session: Pseudonym | None = Field(default=None, examples=["ses-02"])
    """Pseudonym of the visit, of the same form."""
    session_day: float | None = Field(default=None, ge=0, le=36500, examples=[42])
    """Days from the person's first visit (day 0) to this one. A number of days, because a date may identify a person;
    the date of the scan is never taken from a file. Without it sessions stand in the order of submission."""
    clinical: ClinicalMeasures | None = None
    """Clinical measures of the visit."""
    overrides: AcquisitionOverrides | None = None
    """Acquisition quantities the header lacks or has wrong."""
    options: MethodOptions | None = None
    """Choices of method."""
    callback_url: str | None = Field(
        default=None, min_length=8, max_length=2000, examples=["https://pacs.hospital.example/mrs"]
    )
    """Address that is told, by a signed POST, when the analysis has ended. The operator lists the hosts that may be
    called."""


_NUMBERS: dict[str, Any] = {"type": "array", "items": {"type": "number"}, "minItems": 1}
_ROWS: dict[str, Any] = {"type": "array", "items": _NUMBERS, "minItems": 1}


def _finite_block(value: list[Any]) -> list[Any]:
    try:
        samples = np.asarray(value)
    except (ValueError, OverflowError) as error:
        raise ValueError("the rows must have equal lengths") from error
    if samples.size == 0 or samples.ndim > 3 or samples.dtype.kind not in "iuf" or not np.isfinite(samples).all():
        raise ValueError("must be finite numbers: a list of points, of transients of points, or of transients of coils")
    return value


Samples = Annotated[
    list[Any],
    AfterValidator(_finite_block),
    WithJsonSchema({"anyOf": [_NUMBERS, _ROWS, {"type": "array", "items": _ROWS, "minItems": 1}]}),
]


class ArraySubmission(AnalysisRequest):
    """A spectrum as arrays, for programs that already hold the FID, with the same fields as a request.

    Samples follow NIfTI-MRS: higher ppm is a lower frequency of the Fourier transform. Lists are of points, of
    transients of points, or of transients of coils of points.
    """

    fid_real: Samples = Field(examples=[[1.0, 0.83, 0.41]])
    """Real part of the FID."""
    fid_imag: Samples = Field(examples=[[0.0, -0.12, -0.33]])
    """Imaginary part of the FID, of the same shape."""
    water_real: Samples | None = Field(default=None, examples=[[5200.0, 5104.2, 5001.7]])
    """Real part of the water reference."""
    water_imag: Samples | None = Field(default=None, examples=[[0.0, -310.5, -602.0]])
    """Imaginary part of the water reference, of the same shape."""
    dwell_time: float = Field(examples=[0.0005])
    """Time between complex points, s."""
    spectrometer_frequency: float = Field(examples=[123.25e6])
    """Transmitter frequency of 1H, Hz."""
    echo_time: float = Field(examples=[0.030])
    """Echo time, s."""
    repetition_time: float | None = Field(default=None, examples=[2.0])
    """Repetition time, s."""
    mixing_time: float | None = Field(default=None, examples=[0.010])
    """Mixing time of STEAM, s."""
    sequence: MethodName | None = Field(default=None, examples=["PRESS"])
    """Localisation family; ``GET /v1/basis-sets`` lists them."""

    @model_validator(mode="after")
    def _complex(self) -> Self:
        for real, imaginary, name in (
            (self.fid_real, self.fid_imag, "fid"),
            (self.water_real, self.water_imag, "water"),
        ):
            if np.shape(real or ()) != np.shape(imaginary or ()):
                raise ValueError(f"{name}_real and {name}_imag must have the same shape")
        return self


SPECTRUM_FIELDS = tuple(name for name in ArraySubmission.model_fields if name not in AnalysisRequest.model_fields)
"""The fields of an ArraySubmission that are the spectrum; the others are the request."""
