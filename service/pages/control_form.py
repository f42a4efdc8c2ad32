"""The form for a site's own controls: a CSV of values, or analyses of healthy people, turned into a request."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field, ValidationError

from service.pages.frame import room
from service.schemas.site_norms import NormRequest

FACTS = ("id", "age_years", "sex", "gm")
"""Columns of the CSV that are no metabolites; a metabolite's error stands in the column NAME_sd."""


class ControlForm(BaseModel):
    """The form as it is sent: all text, and nothing of it required."""

    name: str = Field(default="", max_length=100)
    region: str = Field(default="", max_length=100)
    hemisphere: str = Field(default="", max_length=100)
    unit: str = Field(default="", max_length=100)
    field_t: str = Field(default="", max_length=100)
    echo_time: str = Field(default="", max_length=100)
    sequence: str = Field(default="", max_length=100)
    software: str = Field(default="", max_length=100)
    analyses: str = Field(default="", max_length=100_000)
    csv: str = Field(default="", max_length=2_000_000)
    chosen: list[str] = Field(default=[], max_length=2000, alias="with")
    """Ticked analyses, beside those that are written."""


FIELDS = tuple(name for name in ControlForm.model_fields if name != "chosen")
_NUMBERS = {"field_t": 1.0, "echo_time": 1e3}
"""Factor from the request's unit to the form's."""


def request_of(given: Mapping[str, str]) -> tuple[NormRequest | None, dict[str, str]]:
    """The request of a form, or what is wrong with it by field."""
    errors: dict[str, str] = {}
    document: dict[str, Any] = {"name": given["name"]}
    ids = given["analyses"].split()
    if ids:
        document["analyses"] = _ids(ids, errors)
    else:
        document |= _facts(given, errors)
        document["controls"] = _controls(given["csv"], errors)
    if errors:
        return None, errors
    try:
        return NormRequest.model_validate(document), {}
    except ValidationError as error:
        for item in error.errors(include_input=False, include_url=False, include_context=False):
            errors.setdefault(_place(item["loc"]), _sentence(item["loc"], item["msg"]))
        return None, errors


def _ids(words: list[str], errors: dict[str, str]) -> list[UUID]:
    try:
        return [UUID(word) for word in words]
    except ValueError:
        errors["analyses"] = room("norms.wrong_analyses")
        return []


def _facts(given: Mapping[str, str], errors: dict[str, str]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for name in ("region", "hemisphere", "unit", "field_t", "echo_time", "sequence", "software"):
        text = given[name]
        if not text:
            if name != "hemisphere":
                errors[name] = room("norms.needed")
        elif name in _NUMBERS:
            try:
                facts[name] = float(text.replace(",", ".")) / _NUMBERS[name]
            except ValueError:
                errors[name] = room("upload.no_number")
        else:
            facts[name] = text
    return facts


def _controls(text: str, errors: dict[str, str]) -> list[dict[str, Any]]:
    """One control for each line of the CSV, whose separator is a comma, a semicolon or a tab."""
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.DictReader(io.StringIO(text.strip()), delimiter=separator)
    if not text.strip() or "id" not in [name.strip() for name in reader.fieldnames or ()]:
        errors["csv"] = room("norms.wrong_csv")
        return []
    controls = []
    for number, line in enumerate(reader, 2):
        try:
            controls.append(_control({str(k or "").strip(): str(v or "").strip() for k, v in line.items()}, separator))
        except ValueError:
            errors["csv"] = room("norms.wrong_line", line=number)
            return []
    return controls


def _control(line: Mapping[str, str], separator: str) -> dict[str, Any]:
    def number(text: str) -> float:
        return float(text.replace(",", ".") if separator != "," else text)

    values: dict[str, Any] = {}
    for name, text in line.items():
        if text and name and name not in FACTS and not name.endswith("_sd"):
            sd = line.get(f"{name}_sd", "")
            values[name] = {"value": number(text), "sd": number(sd)} if sd else number(text)
    control: dict[str, Any] = {"id": line["id"], "values": values}
    for name in ("age_years", "gm"):
        if line.get(name):
            control[name] = number(line[name])
    if line.get("sex"):
        control["sex"] = line["sex"]
    return control


def _place(loc: tuple[int | str, ...]) -> str:
    name = str(loc[0]) if loc else "form"
    return {"controls": "csv"}.get(name, name if name in FIELDS else "form")


def _sentence(loc: tuple[int | str, ...], message: str) -> str:
    match loc:
        case ("name", *_):
            return room("norms.wrong_name")
        case ("controls", int(index), *rest):
            return room("norms.wrong_control", line=index + 2, what=".".join(str(step) for step in rest), why=message)
        case _:
            return message
