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

from sqlalchemy import Connection, insert, select, text

from service.storage.database import Database
from service.storage.tables import AUDIT_LOG, AuditRow

START = "0" * 64
"""Stands for the row before the first."""

_NEWEST = select(AUDIT_LOG.c.position, AUDIT_LOG.c.sha256).order_by(AUDIT_LOG.c.position.desc()).limit(1)
_ADD = insert(AUDIT_LOG)
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


def append(connection: Connection, entries: Sequence[Entry]) -> None:
    """Add entries in a writing transaction, which keeps all others from adding until it ends."""
    if connection.dialect.name != "sqlite":  # there, a writing transaction is alone already
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    head = _head(connection)
    now = datetime.now(UTC)
    rows = []
    for entry in entries:
        sha256 = _digest(head, now, entry)
        head = Head(head.position + 1, sha256)
        rows.append({**entry._asdict(), "position": head.position, "at": now, "sha256": sha256})
    connection.execute(_ADD, rows)


class AuditLog:
    """The audit log of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, entries: Sequence[Entry]) -> None:
        """Add entries in a transaction of their own."""
        with self._database.changing() as connection:
            append(connection, entries)

    def head(self) -> Head:
        """The newest row."""
        with self._database.asking() as connection:
            return _head(connection)

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
            if row.sha256 != _digest(head, row.at, _entry(row)):
                raise BrokenChain(f"Row {row.position} is not what was written, or the row before it is not.")
            head = Head(row.position, row.sha256)
            found = found or row.sha256 == contains
        if not found:
            raise BrokenChain(f"No row has the digest {contains}: the log was cut off or written anew.")
        return head


def _head(connection: Connection) -> Head:
    found = connection.execute(_NEWEST).first()
    return Head(0, START) if found is None else Head(*found)


def _entry(row: AuditRow) -> Entry:
    return Entry(**{name: getattr(row, name) for name in Entry._fields})


def _digest(before: Head, at: datetime, entry: Entry) -> str:
    content = [
        *(before.sha256, before.position + 1, at.astimezone(UTC).isoformat(timespec="microseconds")),
        *(entry.actor, entry.project, entry.action, entry.analysis_id, entry.status, entry.address, entry.request_id),
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()
