"""The fields of the upload form: those of a request that people are asked for, in the unit they write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fitting.request import FIELDS as REQUEST_FIELDS
from fitting.request import RequestField, Said, put, words_of
from fitting.run.check import method_names
from fitting.run.completion import SEQUENCES
from service.storage.tables import Role


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form."""

    name: str
    """In the form; no part of the upload has it too."""
    declared: RequestField

    @property
    def said(self) -> Said:
        """Its declaration."""
        return self.declared.said

    @property
    def is_method(self) -> bool:
        """Whether it is a method option, which is used only on request."""
        return self.declared.section.name == "options"

    @property
    def choices(self) -> Sequence[str]:
        """All that it may be; empty where it is written freely."""
        known = {"sequence": SEQUENCES, **method_names()}
        return self.said.choices or tuple(known.get(self.declared.name, ()))


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """Fields under one legend."""

    name: str
    fields: tuple[Field, ...]
    open: bool = False
    """Whether it is shown at once; otherwise it is collapsed under its legend."""
    files: tuple[Role, ...] = ()
    """Parts of the submission that are chosen here, beside the spectrum, its water reference and the images."""


def _of(section: str, *, within: str | None = None) -> tuple[Field, ...]:
    """The labelled fields of a section, or of an object ``within`` it."""
    found = []
    for item in REQUEST_FIELDS:
        inner = item.path if item.section.key is None else item.path[1:]
        if item.section.name == section and item.said.label and inner[:-1] == (() if within is None else (within,)):
            found.append(Field("_".join(inner), item))
    return tuple(found)


GROUPS = (
    FieldGroup("examination", _of("visit") + _of("person"), open=True),
    FieldGroup("tissue", _of("person", within="tissue")),
    FieldGroup("clinical", _of("clinical")),
    FieldGroup("overrides", _of("overrides")),
    FieldGroup("advanced", _of("options"), files=("macromolecules",)),
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
        value: str | float | list[str] = words_of(given) if field.said.most > 1 else given
        if field.said.kind == "number":
            try:
                # a comma is how half of the world writes decimals; thousands are not grouped here
                value = float(given.replace(",", ".")) / field.said.per_si
            except ValueError:
                broken[field.name] = given
                continue
        put(document, field.declared.path, value)
    return document, broken


def field_at(steps: tuple[str, ...]) -> str | None:
    """The field whose value stands at this place of the request; a group's first field for the group itself."""
    paths = {field.declared.path: field.name for field in FIELDS}
    return paths.get(steps) or next(
        (name for path, name in paths.items() if steps and path[: len(steps)] == steps), None
    )


def field_named(parameter: str) -> str | None:
    """The field of a parameter that an error names."""
    last = parameter.rpartition(".")[2]
    within = {field.declared.path[0]: field.name for field in reversed(FIELDS) if len(field.declared.path) > 1}
    names = {field.declared.name: field.name for field in FIELDS}
    return names.get(last) or names.get(f"{last}_years") or within.get(last)
