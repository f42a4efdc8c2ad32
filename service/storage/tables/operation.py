"""Tables of the operation: audit log, ended sessions, the id of the storage."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Integer,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.tables.base import Base, UtcDateTime


class AuditRow(Base):
    """Audit log: actor, action and analysis; triggers refuse to change or remove a row, and digests chain them."""

    __tablename__ = "audit_log"

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Counts from 1 without gaps."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(160))
    """The key or account that was used; ``unknown`` when it was refused."""
    project: Mapped[str | None] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(128))
    analysis_id: Mapped[str | None] = mapped_column(String(36), index=True)
    """Stays when the analysis is removed, so it refers to no table."""
    status: Mapped[int] = mapped_column(Integer)
    """HTTP status of the answer."""
    address: Mapped[str | None] = mapped_column(String(64))
    """Network address it came from."""
    request_id: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    """Digest of the row before and of what is in this one."""


class EndedSessionRow(Base):
    """A browser session that was signed out before it expired; kept until then."""

    __tablename__ = "ended_sessions"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires: Mapped[datetime] = mapped_column(UtcDateTime)


class StorageIdRow(Base):
    """The one id that the data folder of this database holds too, so that neither is used with another's."""

    __tablename__ = "storage_id"
    __table_args__ = (CheckConstraint("number = 1", name="ck_storage_id_single"),)

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, default=1)
    id: Mapped[str] = mapped_column(String(36))
