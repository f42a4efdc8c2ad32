"""Tables of norms and calibrations of scanners."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ForeignKeyConstraint,
    Integer,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.tables.base import Base, UtcDateTime


class SiteNormRow(Base):
    """One immutable version of a site's own controls; a withdrawn one keeps its number and loses its content."""

    __tablename__ = "site_norms"

    project: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    created: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn: Mapped[datetime | None] = mapped_column(UtcDateTime)
    region: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    """Digest of the document: equal content is the same version."""
    document: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """The controls as posted, in the form ``fitting.norms.controls.site_document`` writes; None once withdrawn."""


class SiteRow(Base):
    """One immutable calibration of a scanner; a withdrawn one keeps its id and loses its content."""

    __tablename__ = "sites"

    project: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the content."""
    name: Mapped[str] = mapped_column(String(40))
    created: Mapped[datetime] = mapped_column(UtcDateTime)
    """The newest of a name is used."""
    withdrawn: Mapped[datetime | None] = mapped_column(UtcDateTime)
    content: Mapped[str | None] = mapped_column(Text)
    """``SITE.json``; None once withdrawn."""


class SharedNormRow(Base):
    """What one other laboratory shared; a withdrawn one keeps its id and loses its content."""

    __tablename__ = "shared_norms"

    project: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the content."""
    name: Mapped[str] = mapped_column(String(40))
    created: Mapped[datetime] = mapped_column(UtcDateTime)
    """The newest of a name is used."""
    withdrawn: Mapped[datetime | None] = mapped_column(UtcDateTime)
    content: Mapped[str | None] = mapped_column(Text)
    """``SHARE.json``; None once withdrawn."""


class SiteSourceRow(Base):
    """An analysis whose values stand in a calibration: its removal takes the person out of it."""

    __tablename__ = "site_sources"
    __table_args__ = (ForeignKeyConstraint(["project", "site_id"], ["sites.project", "sites.id"], ondelete="CASCADE"),)

    project: Mapped[str] = mapped_column(String(64), primary_key=True)
    site_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    analysis_id: Mapped[str] = mapped_column(String(36), primary_key=True, index=True)
    """Refers to no table: when retention removed the analysis, only this link goes."""
    input_sha256: Mapped[str] = mapped_column(String(64))
    """Of the spectrum; finds the control in the content."""
