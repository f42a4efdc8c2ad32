"""What all tables share: states, roles, times in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import (
    DateTime,
    Dialect,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]
ImageRole = Literal["anatomy", "gray_matter", "white_matter", "csf"]
Role = Literal["metabolite", "water_reference", "macromolecules", ImageRole, "traces", "signed_report"]
SignOffState = Literal["draft", "reviewed", "signed"]
SignOffAction = Literal["review", "return", "sign", "amend"]

UNFINISHED: tuple[State, ...] = ("queued", "running")

DEFAULT_PROJECT = "default"
"""Project of keys and tokens without one: all users, on a machine of one group."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time in UTC on every database; SQLite would forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (interface)
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (interface)
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables."""
