"""Audit entries reach the log in order whatever happens to its database; none of them can stop the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from service.access import audit_writer as audit_writer_module
from service.access.audit_writer import AuditWriter
from service.errors import Unavailable
from service.metrics import Metrics
from service.storage import audit_folder
from service.storage.audit import AuditEntry, AuditLog
from service.storage.audit_folder import AuditFolder
from service.storage.database import Database

POISON = "key:poison"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_writer_module, "_RETRY_SECONDS", 0.05)
    monkeypatch.setattr(audit_writer_module, "STOP_SECONDS", 1.0)


class Away(AuditLog):
    """A log whose database a test can take away."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.is_away = threading.Event()

    def append(self, entries: Sequence[AuditEntry]) -> None:
        if self.is_away.is_set():
            raise OperationalError("", None, OSError())
        super().append(entries)


def entry(number: int) -> AuditEntry:
    return AuditEntry(f"key:{number:012x}", "default", "GET /v1/analyses/{analysis_id}", 200, "r" * 32, "a", "::1")


def wait(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def refuse_poison(database: Database) -> None:
    """Have the database refuse entries of one actor, as it would refuse what does not fit a column."""
    condition = f"NEW.actor = '{POISON}'"
    statements = [
        f"CREATE TRIGGER refuse BEFORE INSERT ON audit_log WHEN {condition} BEGIN SELECT RAISE(ABORT, 'x'); END"
    ]
    if not database._is_sqlite:
        statements = [
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'x'; END $$",
            f"CREATE TRIGGER refuse BEFORE INSERT ON audit_log FOR EACH ROW WHEN ({condition}) "
            "EXECUTE FUNCTION refuse()",
        ]
    with database.changing() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_a_refused_entry_is_set_aside_and_the_rest_is_written(database: Database, tmp_path: Path) -> None:
    """In order, and at once; metrics and the file tell how many were refused and why."""
    refuse_poison(database)
    metrics, folder, log = Metrics(), AuditFolder(tmp_path), AuditLog(database)
    writer = AuditWriter(log, folder, metrics)
    numbers = set(range(0, 200, 67))
    for number in range(200):
        writer.note(entry(number)._replace(actor=POISON) if number in numbers else entry(number))
    writer.start()
    wait(lambda: not writer.waiting and log.head().position == 200 - len(numbers))
    writer.stop()

    assert [row.actor for row in log.rows()] == [entry(number).actor for number in range(200) if number not in numbers]
    assert log.verify().position == 197
    assert metrics.registry.get_sample_value("mrsquant_audit_refused_total") == len(numbers)
    assert folder.refusals() == len(numbers)
    assert folder.refused.read_text().count(POISON) == len(numbers)
    assert '"reason"' in folder.refused.read_text()


def test_audit_texts_are_cut_to_their_columns(database: Database, tmp_path: Path) -> None:
    """Long texts, NUL, line breaks and halves of characters in any field."""
    log = AuditLog(database)
    for odd in ("x" * 1000, "\0", "\ud800", "a\r\nb", "ü" * 300):
        log.append([AuditEntry(odd, odd, odd, 200, odd, odd, odd)])

    assert log.verify().position == 5
    assert all(len(row.address or "") <= 64 and (row.actor or "").isprintable() for row in log.rows())


def test_the_file_of_refused_entries_is_bounded(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond its size they are counted, and the rest goes on being written."""
    monkeypatch.setattr(audit_folder, "MAX_REFUSED_BYTES", 1000)
    refuse_poison(database)
    metrics, folder, log = Metrics(), AuditFolder(tmp_path), AuditLog(database)
    writer = AuditWriter(log, folder, metrics)
    for _ in range(50):
        writer.note(entry(0)._replace(actor=POISON))
    writer.note(entry(1))
    writer.start()
    wait(lambda: log.head().position == 1)
    writer.stop()

    assert metrics.registry.get_sample_value("mrsquant_audit_refused_total") == 50
    assert folder.refused.stat().st_size < 2000


def test_a_log_that_takes_nothing_loses_nothing(database: Database, tmp_path: Path) -> None:
    """When every entry is refused the fault is the log's: entries wait, and are written once it is mended."""
    statements = ("ALTER TABLE audit_log RENAME TO gone", "ALTER TABLE gone RENAME TO audit_log")
    log, folder = AuditLog(database), AuditFolder(tmp_path)
    writer = AuditWriter(log, folder, Metrics())
    writer.start()
    with database.changing() as connection:
        connection.execute(text(statements[0]))
    for number in range(20):
        writer.note(entry(number))
    time.sleep(0.5)
    with database.changing() as connection:
        connection.execute(text(statements[1]))
    wait(lambda: log.head().position == 20)
    writer.stop()

    assert folder.refusals() == 0
    assert [row.actor for row in log.rows()] == [entry(number).actor for number in range(20)]


def test_requests_are_refused_while_entries_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Noting never waits; once too many wait nothing more is admitted, and as soon as some are written it is again."""
    monkeypatch.setattr(audit_writer_module, "MAX_WAITING", 100)
    database = Database(f"sqlite:///{tmp_path}/x.sqlite3")
    database.migrate()
    log = Away(database)
    writer = AuditWriter(log, AuditFolder(tmp_path), Metrics())
    writer.start()
    log.is_away.set()
    begin = time.monotonic()
    for number in range(300):
        writer.note(entry(number))
    with pytest.raises(Unavailable) as refusal:
        writer.admit()
    assert time.monotonic() - begin < 1
    assert refusal.value.headers["Retry-After"]
    log.is_away.clear()
    wait(lambda: not writer.is_full)
    writer.admit()
    wait(lambda: log.head().position == 300)
    writer.stop()

    assert [row.actor for row in log.rows()] == [entry(number).actor for number in range(300)]
    database.close()


def test_stopping_is_bounded_and_the_next_start_writes_the_rest(tmp_path: Path) -> None:
    """A database that is away keeps no service from ending; what it had not taken then, it is given at the start."""
    database = Database(f"sqlite:///{tmp_path}/x.sqlite3")
    database.migrate()
    log, folder = Away(database), AuditFolder(tmp_path)
    writer = AuditWriter(log, folder, Metrics())
    writer.start()
    log.is_away.set()
    for number in range(2500):
        writer.note(entry(number))
    begin = time.monotonic()
    writer.stop()

    assert time.monotonic() - begin < 4
    assert log.head().position == 0
    log.is_away.clear()
    for _ in range(2):
        successor = AuditWriter(log, folder, Metrics())
        successor.start()
        successor.stop()
    assert [row.actor for row in log.rows()] == [entry(number).actor for number in range(2500)]
    database.close()


def test_a_defect_does_not_end_the_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unforeseen error is retried like one of the database."""
    database = Database(f"sqlite:///{tmp_path}/x.sqlite3")
    database.migrate()
    log = AuditLog(database)
    writer = AuditWriter(log, AuditFolder(tmp_path), Metrics())
    writer.start()
    with monkeypatch.context() as broken:
        for name in ("append", "try_out", "examine"):
            broken.setattr(log, name, lambda *_: [].pop())
        writer.note(entry(1))
        time.sleep(0.5)
    wait(lambda: log.head().position == 1)
    writer.stop()
    database.close()
