"""The fields of the upload form: where each stands in a request, in which unit people write it, and its errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from service.storage.tables import Role

Kind = Literal["text", "number", "region", "hemisphere", "sex", "sequence", "concentration_prior"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form."""

    name: str
    """In the form and in the catalogue of texts."""
    path: tuple[str, ...]
    """Where its value stands in the request."""
    kind: Kind = "number"
    per_si: float = 1.0
    """How many of the form's unit are one of the request's (1000 for ms and s)."""


@dataclass(frozen=True, slots=True)
class Group:
    """Fields under one legend."""

    name: str
    fields: tuple[Field, ...]
    open: bool = False
    """Shown at once? Else behind its legend until needed."""
    files: tuple[Role, ...] = ()
    """Parts of the submission that are chosen here, beside the spectrum, its water reference and the images."""


GROUPS = (
    Group(
        "examination",
        (
            Field("subject", ("subject",), "text"),
            Field("session", ("session",), "text"),
            Field("session_day", ("session_day",)),
            Field("region", ("region",), "region"),
            Field("hemisphere", ("hemisphere",), "hemisphere"),
            Field("age_years", ("age_years",)),
            Field("sex", ("sex",), "sex"),
        ),
        open=True,
    ),
    Group(
        "tissue",
        (
            Field("tissue_gm", ("tissue", "gm")),
            Field("tissue_wm", ("tissue", "wm")),
            Field("tissue_csf", ("tissue", "csf")),
        ),
    ),
    Group(
        "clinical",
        tuple(
            Field(name, ("clinical", name))
            for name in ("pain_vas", "pain_nrs", "odi", "duration_months", "anxiety", "depression")
        ),
    ),
    Group(
        "overrides",
        (
            Field("echo_time", ("overrides", "echo_time"), per_si=1e3),
            Field("repetition_time", ("overrides", "repetition_time"), per_si=1e3),
            Field("sequence", ("overrides", "sequence"), "sequence"),
            Field("spectrometer_frequency", ("overrides", "spectrometer_frequency"), per_si=1e-6),
            Field("dwell_time", ("overrides", "dwell_time"), per_si=1e6),
            Field("mixing_time", ("overrides", "mixing_time"), per_si=1e3),
        ),
    ),
    Group(
        "advanced",
        (Field("concentration_prior", ("options", "concentration_prior"), "concentration_prior"),),
        files=("macromolecules",),
    ),
)
FIELDS = tuple(field for group in GROUPS for field in group.fields)


def request_of(form: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The request document of a form, and the fields that hold no number where one is due."""
    document: dict[str, Any] = {}
    broken: dict[str, str] = {}
    for field in FIELDS:
        given = form.get(field.name, "").strip()
        if not given:
            continue
        value: str | float = given
        if field.kind == "number":
            try:
                # a comma is how half of the world writes decimals; thousands are not grouped here
                value = float(given.replace(",", ".")) / field.per_si
            except ValueError:
                broken[field.name] = given
                continue
        place = document
        for step in field.path[:-1]:
            place = place.setdefault(step, {})
        place[field.path[-1]] = value
    return document, broken


def field_at(steps: tuple[str, ...]) -> str | None:
    """The field whose value stands at this place of the request; a group's first field for the group itself."""
    for field in FIELDS:
        if field.path == steps:
            return field.name
    return next((field.name for field in FIELDS if field.path[: len(steps)] == steps and steps), None)


def field_named(parameter: str) -> str | None:
    """The field of a parameter that an error names."""
    last = parameter.rpartition(".")[2]
    named = {"tissue": "tissue_gm", "age": "age_years"}.get(last, last)
    return named if any(field.name == named for field in FIELDS) else None
