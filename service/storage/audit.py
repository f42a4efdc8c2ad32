"""The audit log: rows that are only ever added, each with a digest of itself and of the row before.

Changing, removing or reordering rows breaks the chain of digests. Cutting off its end does not, nor does writing the
whole chain anew: that is seen by what is kept elsewhere, in the data folder (``service.storage.audit_folder``) and
wherever the operator keeps a digest (`mrsquant audit verify --contains`; the service logs the newest one when it
starts and stops).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, String, insert, select, text

from service.storage import audit_triggers, clock
from service.storage.database import Database
from service.storage.tables import AUDIT_LOG, AuditRow

START = "0" * 64
"""Digest in place of the row before the first."""

_NEWEST = select(AUDIT_LOG.c.position, AUDIT_LOG.c.sha256).order_by(AUDIT_LOG.c.position.desc()).limit(1)
_NOW = select(clock.now())
_ADD = insert(AUDIT_LOG)
_WIDTHS = {column.name: column.type.length for column in AUDIT_LOG.c if isinstance(column.type, String)}
_LOCK = 0x6D727361  # "mrsa": any number no other program on the same database uses


class AuditEntry(NamedTuple):
    """One action or attempted action."""

    actor: str
    project: str | None
    action: str
    status: int
    request_id: str
    analysis_id: str | None = None
    address: str | None = None


class Actor(NamedTuple):
    """Actor and request of a change."""

    name: str
    request_id: str
    address: str | None = None

    def entry(self, action: str, status: int, project: str, analysis_id: str) -> AuditEntry:
        """The audit entry of an action by this actor."""
        return AuditEntry(self.name, project, action, status, self.request_id, analysis_id, self.address)


class Head(NamedTuple):
    """The newest row."""

    position: int
    sha256: str


class BrokenChain(Exception):
    """The audit log was tampered with; the message names the first inconsistent row."""


def append(connection: Connection, entries: Sequence[AuditEntry]) -> None:
    """Add entries in a writing transaction, which keeps all others from adding until it ends.

    Texts are cut to their columns: what a client wrote in a header may not keep the log from being written.
    """
    if connection.dialect.name != "sqlite":  # there, a writing transaction is alone already
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    head = _head(connection)
    now: datetime = connection.execute(_NOW).scalar_one()
    rows = []
    for entry in map(_bounded, entries):
        sha256 = _digest(head, now, entry)
        head = Head(head.position + 1, sha256)
        rows.append({**entry._asdict(), "position": head.position, "at": now, "sha256": sha256})
    connection.execute(_ADD, rows)


class AuditLog:
    """The audit log of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, entries: Sequence[AuditEntry]) -> None:
        """Add entries in a transaction of their own."""
        with self._database.changing() as connection:
            append(connection, entries)

    def head(self) -> Head:
        """The newest row."""
        with self._database.asking() as connection:
            return _head(connection)

    def try_out(self) -> None:
        """Add an entry and roll it back.

        Raises
        ------
        sqlalchemy.exc.SQLAlchemyError
            When the log accepts no entry at all.
        """
        with self._database.asking() as connection:
            append(connection, [AuditEntry("audit", None, "try out", 200, "")])
            connection.rollback()

    def examine(self, known: Head | None) -> tuple[Head, tuple[str, ...]]:
        """The newest row, and the evidence of tampering since ``known`` was the newest row."""
        with self._database.asking() as connection:
            head = _head(connection)
            faults = [] if known is None else [*_lost(connection, known, head)]
            missing = audit_triggers.missing(connection)
        if missing:
            faults.append(f"The triggers {', '.join(missing)} are missing or changed: rows could be altered since.")
        return head, tuple(faults)

    def accept(self, known: Head | None) -> Head:
        """Restore the triggers and add an entry with the newest row known before; return the newest row."""
        before = "none" if known is None else f"{known.position} {known.sha256}"
        with self._database.changing() as connection:
            audit_triggers.restore(connection)
            append(connection, [AuditEntry("operator", None, f"audit accept, known was {before}", 200, "")])
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


def _lost(connection: Connection, known: Head, head: Head) -> Iterator[str]:
    """Evidence that the row that was the newest is no longer in the log."""
    found = connection.scalar(select(AUDIT_LOG.c.sha256).where(AUDIT_LOG.c.position == known.position))
    if found == known.sha256:
        return
    if not head.position:
        yield f"The log is empty, and had {known.position} rows."
    elif found is None:
        yield f"The log ends at row {head.position}, and had {known.position}: its end was cut off."
    else:
        yield f"Row {known.position} is another than the one that was written: the log was cut off or written anew."


def _bounded(entry: AuditEntry) -> AuditEntry:
    fields: dict[str, Any] = entry._asdict()
    cut = {name: _cut(value, _WIDTHS[name]) for name, value in fields.items() if isinstance(value, str)}
    return AuditEntry(**{**fields, **cut})


def _cut(value: str, width: int | None) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in value[:width])


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(**{name: getattr(row, name) for name in AuditEntry._fields})


def _digest(before: Head, at: datetime, entry: AuditEntry) -> str:
    content = [
        *(before.sha256, before.position + 1, at.astimezone(UTC).isoformat(timespec="microseconds")),
        *(entry.actor, entry.project, entry.action, entry.analysis_id, entry.status, entry.address, entry.request_id),
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()
