"""The audit log: rows that are only ever added, each with a digest of itself and of the row before.

Changing, removing or reordering rows breaks the chain of digests. Cutting off its end does not, nor does writing the
whole chain anew: who wants to see that keeps a digest elsewhere (`mrsquant audit verify --contains`; the service
logs the newest one when it starts and stops).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from service.storage.database import Database
from service.storage.tables import AuditRow

START = "0" * 64
"""Stands for the row before the first."""

_LOCK = 0x6D727361  # "mrsa": any number no other program on the same database uses


class Entry(NamedTuple):
    """One thing somebody did, or tried to do."""

    actor: str
    project: str | None
    action: str
    status: int
    request_id: str
    analysis_id: str | None = None
    address: str | None = None


class Actor(NamedTuple):
    """Who changes an analysis, and by which request."""

    name: str
    request_id: str
    address: str | None = None

    def entry(self, action: str, status: int, project: str, analysis_id: str) -> Entry:
        """That they did it."""
        return Entry(self.name, project, action, status, self.request_id, analysis_id, self.address)


class Head(NamedTuple):
    """The newest row."""

    position: int
    sha256: str


class BrokenChain(Exception):
    """The audit log is not what was written; the message names the first row that shows it."""


def append(session: Session, entries: Sequence[Entry]) -> None:
    """Add entries in a writing transaction, which keeps all others from adding until it ends."""
    if session.get_bind().dialect.name != "sqlite":  # there, a writing transaction is alone already
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    head = _head(session)
    now = datetime.now(UTC)
    for entry in entries:
        row = AuditRow(position=head.position + 1, at=now, **entry._asdict())
        row.sha256 = _digest(head.sha256, row)
        session.add(row)
        head = Head(row.position, row.sha256)


class AuditLog:
    """The audit log of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, entries: Sequence[Entry]) -> None:
        """Add entries in a transaction of their own."""
        with self._database.writing() as session:
            append(session, entries)

    def head(self) -> Head:
        """The newest row."""
        with self._database.reading() as session:
            return _head(session)

    def rows(self, analysis_id: str | None = None) -> Iterator[AuditRow]:
        """All rows, or those about one analysis, oldest first."""
        query = select(AuditRow).order_by(AuditRow.position).execution_options(yield_per=1000)
        if analysis_id is not None:
            query = query.where(AuditRow.analysis_id == analysis_id)
        with self._database.reading() as session:
            yield from session.scalars(query)

    def verify(self, contains: str | None = None) -> Head:
        """Read the whole log and return its newest row.

        Raises
        ------
        BrokenChain
            When a row was changed, removed, added or moved, or when no row has the digest ``contains``.
        """
        head, found = Head(0, START), contains is None
        for row in self.rows():
            if row.position != head.position + 1:
                raise BrokenChain(f"Row {head.position + 1} is missing.")
            if row.sha256 != _digest(head.sha256, row):
                raise BrokenChain(f"Row {row.position} is not what was written, or the row before it is not.")
            head = Head(row.position, row.sha256)
            found = found or row.sha256 == contains
        if not found:
            raise BrokenChain(f"No row has the digest {contains}: the log was cut off or written anew.")
        return head


def _head(session: Session) -> Head:
    newest = select(AuditRow.position, AuditRow.sha256).order_by(AuditRow.position.desc()).limit(1)
    found = session.execute(newest).first()
    return Head(0, START) if found is None else Head(found.position, found.sha256)


def _digest(previous: str, row: AuditRow) -> str:
    content = [
        *(previous, row.position, row.at.astimezone(UTC).isoformat(timespec="microseconds")),
        *(row.actor, row.project, row.action, row.analysis_id, row.status, row.address, row.request_id),
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()
