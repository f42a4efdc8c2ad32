"""What the list's form asks for: fields that cannot be understood are named and do not narrow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, cast

from pydantic import TypeAdapter, ValidationError

from service.pages.frame import room
from service.schemas.analysis_request import Pseudonym, Region
from service.storage.lists import Filters
from service.storage.tables import State

STATES: tuple[State, ...] = ("queued", "running", "succeeded", "failed", "cancelled")
VERDICTS = ("yes", "limited", "no")
NAMES = ("subject", "region", "group", "tag", "state", "verdict", "from", "to")


@dataclass(frozen=True, slots=True)
class Asked:
    """Filters of the list, and what is wrong by field."""

    filters: Filters
    errors: Mapping[str, str]


def asked_filters(given: Mapping[str, str]) -> Asked:
    """What the form asks for; a field that cannot be understood is named and does not narrow."""
    errors: dict[str, str] = {}

    def valid(name: str, kind: Any) -> str | None:
        try:
            return cast("str", TypeAdapter(kind).validate_python(given[name])) if given[name] else None
        except ValidationError:
            errors[name] = room(f"list.wrong_{name}")
            return None

    def day(name: str) -> datetime | None:
        try:
            return datetime.combine(date.fromisoformat(given[name]), time(), UTC) if given[name] else None
        except ValueError:
            errors[name] = room("list.wrong_date")
            return None

    until = day("to")
    if until is not None:  # to the end of that day, which the last day of the calendar has not
        until = None if until.date() == date.max else until + timedelta(days=1)
    filters = Filters(
        subject=valid("subject", Pseudonym),
        region=valid("region", Region),
        group=valid("group", Pseudonym),
        tag=valid("tag", Pseudonym),
        state=cast("State | None", valid("state", Literal[STATES])),
        verdict=valid("verdict", Literal[VERDICTS]),
        created_from=day("from"),
        created_before=until,
    )
    return Asked(filters, errors)
