"""Tables of cohorts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.tables.base import Base, State, UtcDateTime


class CohortRow(Base):
    """One cohort under one plan: its tables, its place in the queue and, in the end, its answer."""

    __tablename__ = "cohorts"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')", name="ck_cohorts_state"),
        Index("ix_cohorts_list", "project", "created", "id"),
        Index("ix_cohorts_state_id", "state", "id"),
        Index("ix_cohorts_finished_id", "finished", "id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    """UUID version 7, as of analyses."""
    project: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(80))
    people: Mapped[int] = mapped_column(Integer)
    state: Mapped[State] = mapped_column(String(16))
    step: Mapped[str | None] = mapped_column(String(32))
    """Section of the plan that a worker is at."""
    created: Mapped[datetime] = mapped_column(UtcDateTime)
    started: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seconds: Mapped[float | None] = mapped_column(Float)
    """Wall time in the worker."""
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    claimed_by: Mapped[str | None] = mapped_column(String(128))
    heartbeat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    request_id: Mapped[str] = mapped_column(String(64))
    fingerprint: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Digest of tables, plan and versions while this row answers for them; None once it cannot."""
    source: Mapped[dict[str, Any]] = mapped_column(JSON, deferred=True, deferred_raiseload=True)
    """``CohortSource`` as JSON."""
    result: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True), deferred=True, deferred_raiseload=True
    )
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class CohortSourceRow(Base):
    """An analysis whose values stand in a cohort: its removal takes them out."""

    __tablename__ = "cohort_sources"

    cohort_id: Mapped[str] = mapped_column(ForeignKey("cohorts.id", ondelete="CASCADE"), primary_key=True)
    analysis_id: Mapped[str] = mapped_column(String(36), primary_key=True, index=True)
    """Refers to no table: when retention removed the analysis, only this link goes."""
