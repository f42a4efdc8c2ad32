"""Tables of analyses: the queue, files, tags, events, sign-offs, webhook calls."""

from __future__ import annotations

from collections.abc import Mapping
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
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.tables.base import DEFAULT_PROJECT, Base, Role, SignOffAction, SignOffState, State, UtcDateTime

LISTS: Mapping[str, tuple[str, ...]] = {
    "ix_analyses_list": ("project", "created", "id"),
    "ix_analyses_list_region": ("project", "region", "created", "id"),
    "ix_analyses_list_state": ("project", "state", "created", "id"),
    "ix_analyses_list_verdict": ("project", "verdict", "created", "id"),
    "ix_analyses_list_region_state": ("project", "region", "state", "created", "id"),
    "ix_analyses_list_region_verdict": ("project", "region", "verdict", "created", "id"),
    "ix_analyses_list_subject": ("project", "subject", "created", "id", "region", "state", "verdict"),
    "ix_analyses_list_group": ("project", "study_group", "created", "id", "region", "state", "verdict"),
}
"""Indexes of the lists: each combination of filters has one that finds its rows in the order of the list.

A verdict implies a state, so there is none for both. A subject has few analyses and a group
is walked in the order of the list: their other filters are compared with what the entry of the index holds. Tags have
a table and an index of their own.
"""


class AnalysisRow(Base):
    """One analysis: its place in the queue and, in the end, its answer. This row is the truth about the job."""

    __tablename__ = "analyses"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')", name="ck_analyses_state"),
        Index("ix_analyses_state_id", "state", "id"),
        Index("ix_analyses_state_attempts_id", "state", "attempts", "id"),
        Index("ix_analyses_finished_id", "finished", "id"),
        *(Index(name, *columns) for name, columns in LISTS.items()),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    """UUID version 7: sorts by time of creation, so it is the queue's order."""
    project: Mapped[str] = mapped_column(String(64), default=DEFAULT_PROJECT, server_default=DEFAULT_PROJECT)
    """Project that may see it: one project never sees another's analyses."""
    state: Mapped[State] = mapped_column(String(16))
    created: Mapped[datetime] = mapped_column(UtcDateTime)
    """The order of lists, with the id where two are equal."""
    started: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seconds: Mapped[float | None] = mapped_column(Float)
    """Wall time in the worker."""
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    claimed_by: Mapped[str | None] = mapped_column(String(128))
    heartbeat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    request_id: Mapped[str] = mapped_column(String(64))
    """Of the submission; joins the answer to the log."""
    fingerprint: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Digest of content, request and versions while this row answers for them; None once it cannot."""
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    subject: Mapped[str | None] = mapped_column(String(64))
    region: Mapped[str | None] = mapped_column(String(64))
    verdict: Mapped[str | None] = mapped_column(String(16))
    study_group: Mapped[str | None] = mapped_column(String(64))
    """Group of a study that the person belongs to, from the request."""
    compared: Mapped[int | None] = mapped_column(Integer)
    """Informative comparisons of the result; None without one."""
    flagged: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    """Those of them outside their reference interval."""
    summary: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """``worklist.summary_of`` the result; None without one."""
    result: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True), deferred=True, deferred_raiseload=True
    )
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class AnalysisTagRow(Base):
    """A tag of an analysis, with what lists are ordered by."""

    __tablename__ = "analysis_tags"
    __table_args__ = (Index("ix_analysis_tags_list", "project", "tag", "created", "analysis_id"),)

    analysis_id: Mapped[str] = mapped_column(ForeignKey("analyses.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(64), primary_key=True)
    project: Mapped[str] = mapped_column(String(64))
    created: Mapped[datetime] = mapped_column(UtcDateTime)
    """Of the analysis."""


class FileRow(Base):
    """One file of an analysis under a neutral name; the content is in the blob store."""

    __tablename__ = "files"

    analysis_id: Mapped[str] = mapped_column(ForeignKey("analyses.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[Role] = mapped_column(String(16), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64), index=True)


class IdempotencyKeyRow(Base):
    """A used Idempotency-Key, as a digest (clients may put identities in it), and the request it was used for.

    Keys of two projects do not meet: the project is part of what is digested.
    """

    __tablename__ = "idempotency_keys"

    key_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    analysis_id: Mapped[str] = mapped_column(ForeignKey("analyses.id", ondelete="CASCADE"), index=True)


class SignOffRow(Base):
    """One step of a report's sign-off; rows are added and never changed, so this is its whole history."""

    __tablename__ = "sign_offs"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'reviewed', 'signed')", name="ck_sign_offs_state"),
        CheckConstraint("action IN ('review', 'return', 'sign', 'amend')", name="ck_sign_offs_action"),
    )

    analysis_id: Mapped[str] = mapped_column(ForeignKey("analyses.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    """Counts the steps of one analysis from 0; being part of the key, it lets only one of two at once through."""
    version: Mapped[int] = mapped_column(Integer)
    """Version of the report that the step leaves; an amendment begins the next one."""
    action: Mapped[SignOffAction] = mapped_column(String(16))
    state: Mapped[SignOffState] = mapped_column(String(16))
    """State of that version after the step."""
    reviewer: Mapped[str] = mapped_column(String(128))
    """Person responsible for the step, as shown in the report."""
    account: Mapped[str] = mapped_column(String(128))
    """The key or account that was used."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    comment: Mapped[str | None] = mapped_column(Text)
    impression: Mapped[str | None] = mapped_column(Text)
    """What the reviewer concludes from the report, in the reviewer's words."""
    amendment: Mapped[str | None] = mapped_column(Text)
    """Text that the version adds to the one before."""
    content_sha256: Mapped[str | None] = mapped_column(String(64))
    """Digest of what was signed: the stored result and its spectra."""
    report_sha256: Mapped[str | None] = mapped_column(String(64))
    """Digest of the report as it was rendered at the signature; the file of role ``signed_report``."""


class EventRow(Base):
    """One thing that happened to an analysis; numbered from 1, so that a reader can resume where it stopped."""

    __tablename__ = "analysis_events"

    analysis_id: Mapped[str] = mapped_column(ForeignKey("analyses.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[State] = mapped_column(String(16))
    step: Mapped[str | None] = mapped_column(String(32))
    """Step that a running analysis began; None when its state changed."""
    attempt: Mapped[int] = mapped_column(Integer)


class WebhookDeliveryRow(Base):
    """One webhook call about the end of an analysis; due from the end of the analysis until it was answered."""

    __tablename__ = "webhook_deliveries"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    analysis_id: Mapped[str] = mapped_column(ForeignKey("analyses.id", ondelete="CASCADE"), index=True)
    url: Mapped[str] = mapped_column(String(2048))
    due: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    """When to call next; None while the analysis is unfinished, and after the last call."""
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    delivered: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failure: Mapped[str | None] = mapped_column(String(64))
    """Why the last call failed; None before the first and after one that was answered."""
