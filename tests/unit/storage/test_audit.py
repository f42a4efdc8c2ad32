"""The audit log: rows of all writers form one chain, and changes are detected."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from service.storage.audit import AuditEntry, AuditLog, BrokenChain
from service.storage.database import Database
from tests.servers.postgresql import PostgreSql


def entry(number: int, analysis_id: str | None = None) -> AuditEntry:
    return AuditEntry(
        f"key:{number:012x}", "default", "GET /v1/analyses/{analysis_id}", 200, "r" * 32, analysis_id, "::1"
    )


def test_entries_come_back_in_order(database: Database) -> None:
    """Who, what, when and to which analysis; the newest row's digest is the head."""
    log = AuditLog(database)
    log.append([entry(1, "a"), entry(2, "b")])
    log.append([entry(3, "a")])
    rows = list(log.rows())

    assert [row.position for row in rows] == [1, 2, 3]
    assert [row.actor for row in log.rows("a")] == [entry(1).actor, entry(3).actor]
    assert log.verify() == log.head() == (3, rows[-1].sha256)
    assert log.verify(contains=rows[0].sha256) == log.head()


def test_many_writers_make_one_chain(database: Database) -> None:
    """Several processes add at once: no gap, no fork."""
    other = Database(database._url.render_as_string(hide_password=False))
    logs = [AuditLog(database), AuditLog(other)]
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda number: logs[number % 2].append([entry(number)] * 3), range(40)))
    other.close()

    assert logs[0].verify().position == 120


@pytest.mark.parametrize(
    "change", ["UPDATE audit_log SET actor = 'x' WHERE position = 2", "DELETE FROM audit_log WHERE position = 2"]
)
def test_the_database_refuses_changes(database: Database, change: str) -> None:
    """Triggers stop the service's own account."""
    log = AuditLog(database)
    log.append([entry(number) for number in range(3)])
    with pytest.raises(SQLAlchemyError, match="append-only"), database.writing() as session:
        session.execute(text(change))

    assert log.verify().position == 3


def test_postgresql_refuses_to_empty_the_log(server: PostgreSql) -> None:
    """TRUNCATE is a deletion that row triggers do not see."""
    database = Database(server.new_database())
    database.migrate()
    AuditLog(database).append([entry(1)])
    with pytest.raises(SQLAlchemyError, match="append-only"), database.writing() as session:
        session.execute(text("TRUNCATE audit_log"))
    database.close()


TAMPERING = {
    "changed": "UPDATE audit_log SET actor = 'somebody' WHERE position = 2",
    "changed time": "UPDATE audit_log SET at = '2020-01-01 00:00:00.000000' WHERE position = 3",
    "removed": "DELETE FROM audit_log WHERE position = 2",
    "first removed": "DELETE FROM audit_log WHERE position = 1",
    "renumbered": "UPDATE audit_log SET position = 9 WHERE position = 4",
    "added": "INSERT INTO audit_log SELECT 5, at, actor, project, action, analysis_id, status, address, request_id, "
    "sha256 FROM audit_log WHERE position = 4",
    "new digest": "UPDATE audit_log SET actor = 'x', sha256 = '0' WHERE position = 4",
}


@pytest.mark.parametrize("change", TAMPERING.values(), ids=TAMPERING)
def test_tampering_is_seen(tmp_path: Path, change: str) -> None:
    """Who takes the triggers away still breaks the chain."""
    database = Database(f"sqlite:///{tmp_path}/x.sqlite3")
    database.migrate()
    log = AuditLog(database)
    log.append([entry(number) for number in range(4)])
    with database.writing() as session:
        for event in ("update", "delete"):
            session.execute(text(f"DROP TRIGGER audit_log_no_{event}"))
        session.execute(text(change))
    with pytest.raises(BrokenChain, match="Row"):
        log.verify()
    database.close()


def test_cutting_off_the_end_is_seen_by_a_digest_kept_elsewhere(tmp_path: Path) -> None:
    """The chain alone cannot know how long it was."""
    database = Database(f"sqlite:///{tmp_path}/x.sqlite3")
    database.migrate()
    log = AuditLog(database)
    log.append([entry(number) for number in range(4)])
    kept = log.head().sha256
    with database.writing() as session:
        session.execute(text("DROP TRIGGER audit_log_no_delete"))
        session.execute(text("DELETE FROM audit_log WHERE position > 2"))

    assert log.verify().position == 2
    with pytest.raises(BrokenChain, match="cut off"):
        log.verify(contains=kept)
    database.close()
