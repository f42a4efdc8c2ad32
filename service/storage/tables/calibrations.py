"""The table of calibrations that are made of stored spectra by the workers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Float, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.tables.base import Base, State, UtcDateTime


class CalibrationRow(Base):
    """One calibration in the making: which analyses, its place in the queue and, in the end, the site it became."""

    __tablename__ = "calibrations"
    __table_args__ = (
        CheckConstraint(
            "state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')", name="ck_calibrations_state"
        ),
        Index("ix_calibrations_list", "project", "created", "id"),
        Index("ix_calibrations_state_id", "state", "id"),
        Index("ix_calibrations_finished_id", "finished", "id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    """UUID version 7, as of analyses."""
    project: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(40))
    """Of the site."""
    analyses: Mapped[list[Any]] = mapped_column(JSON)
    """Ids of the analyses whose spectra it is made of, in their order."""
    state: Mapped[State] = mapped_column(String(16))
    step: Mapped[str | None] = mapped_column(String(32))
    """What the workers do with each spectrum now."""
    done: Mapped[int | None] = mapped_column(Integer)
    """Spectra with which this step is done."""
    total: Mapped[int | None] = mapped_column(Integer)
    """Spectra of this step."""
    created: Mapped[datetime] = mapped_column(UtcDateTime)
    started: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seconds: Mapped[float | None] = mapped_column(Float)
    """Wall time."""
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    claimed_by: Mapped[str | None] = mapped_column(String(128))
    heartbeat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    request_id: Mapped[str] = mapped_column(String(64))
    fingerprint: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Digest of project, name and analyses while it is unfinished; None afterwards."""
    site_id: Mapped[str | None] = mapped_column(String(64))
    """The site it became."""
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
