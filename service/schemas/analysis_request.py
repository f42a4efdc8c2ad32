"""Request fields that accompany a spectrum; unknown fields are refused, because a misspelt one would be lost silently.

The fields and their texts are those of ``fitting.request``; only what is the service's own is declared here.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    create_model,
    model_validator,
)

from fitting.request import (
    IDENTITY,
    NAME,
    PSEUDONYM,
    REGION,
    SECTIONS,
    Declared,
    Options,
    Overrides,
    TissueFractions,
    declared,
    refuse_identity,
)

Pseudonym = Annotated[
    str,
    StringConstraints(pattern=PSEUDONYM),
    AfterValidator(refuse_identity),
    WithJsonSchema({"type": "string", "pattern": PSEUDONYM, "not": {"anyOf": [{"pattern": p} for p in IDENTITY]}}),
]
Region = Annotated[str, StringConstraints(pattern=REGION)]
MethodName = Annotated[str, StringConstraints(pattern=NAME)]

_KINDS: Mapping[str, Any] = {"number": float, "pseudonym": Pseudonym, "region": Region, "name": MethodName}
_SCHEMA_NAMES = {TissueFractions: "Tissue", Overrides: "AcquisitionOverrides", Options: "MethodOptions"}
"""Names of the nouns in the API's description, where they are not the nouns' own."""


class _Input(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False, strict=True
    )


def _different(words: list[str]) -> list[str]:
    if len(set(words)) < len(words):
        raise ValueError("must not repeat a word")
    return words


def _model(noun: type[object]) -> type[BaseModel]:
    """The schema of an object that holds the fields of a noun."""
    return create_model(
        _SCHEMA_NAMES.get(noun, noun.__name__),
        __base__=_Input,
        __doc__=inspect.getdoc(noun),
        **{item.name: _field(item, is_required=item.is_required) for item in declared(noun)},
    )


def _field(item: Declared, *, is_required: bool = False) -> Any:
    """Type and description of one field, as pydantic takes them."""
    said = item.said
    kind = _model(item.noun) if item.noun is not None else Literal[said.choices] if said.choices else _KINDS[said.kind]
    facts: dict[str, Any] = {"ge": said.low, "gt": said.above, "le": said.high}
    if said.most > 1:
        kind = Annotated[
            list[kind],  # type: ignore[valid-type]  # a type made at run time
            AfterValidator(_different),
            Field(json_schema_extra={"uniqueItems": True}),
        ]
        facts["max_length"] = said.most
    info = Field(
        default=... if is_required else None,
        description=said.text,
        examples=None if said.example is None else [said.example],
        **{name: value for name, value in facts.items() if value is not None},
    )
    return (kind if is_required else kind | None, info)


def _said() -> dict[str, Any]:
    """The fields of a request: those of the document itself, and one object for each section that has one."""
    found: dict[str, Any] = {}
    for section in SECTIONS:
        if section.key is None:
            found |= {item.name: _field(item) for item in declared(section.noun)}
        else:
            found[section.key] = (_model(section.noun) | None, Field(default=None, description=section.text))
    return found


class AnalysisRequest(create_model("_Said", __base__=_Input, **_said())):  # type: ignore[misc]
    """What is known of the person, the region and the scan; every field is optional.

    No identity: neither name, birth date nor hospital number has a field here, and none belongs in a pseudonym.
    """

    callback_url: str | None = Field(
        default=None, min_length=8, max_length=2000, examples=["https://pacs.hospital.example/mrs"]
    )
    """Address that receives a signed POST when the analysis has ended. The operator lists the allowed hosts."""
    keep_files: bool | None = None
    """Keep the files until the analysis is removed, so that a calibration can learn the scanner's macromolecules from
    them. Otherwise they are removed when the analysis has ended, unless MRSQUANT_KEEP_INPUTS keeps all."""


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


_NEEDED = ("dwell_time", "spectrometer_frequency", "echo_time")
"""Acquisition quantities without which arrays are no spectrum."""
_SCAN = {item.name: _field(item, is_required=item.name in _NEEDED) for item in declared(Overrides)}


class ArraySubmission(create_model("_Scan", __base__=AnalysisRequest, **_SCAN)):  # type: ignore[misc]
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
