"""What is kept outside the audit log's table shows when its end, all of it or its triggers were taken away."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from service.access.audit_writer import AuditWriter
from service.metrics import Metrics
from service.storage.audit import AuditEntry, AuditLog, Head
from service.storage.audit_folder import AuditFolder, UnreadableHead
from service.storage.database import Database


def entry(number: int) -> AuditEntry:
    return AuditEntry(f"key:{number:012x}", "default", "GET /", 200, "r" * 32)


def without_triggers(database: Database, *statements: str) -> None:
    """Do what a database's owner can: the triggers are away meanwhile and come back."""
    with database.changing() as connection:
        if database._is_sqlite:
            kept = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
            before = [f"DROP TRIGGER {name}" for name, _ in kept]
            after = [sql for _, sql in kept]
        else:
            before, after = ([f"ALTER TABLE audit_log {verb} TRIGGER USER"] for verb in ("DISABLE", "ENABLE"))
        for statement in (*before, *statements, *after):
            connection.execute(text(statement))


@pytest.fixture
def written(database: Database, tmp_path: Path) -> tuple[AuditLog, AuditFolder]:
    """A log of five rows, and what is kept of it."""
    log, folder = AuditLog(database), AuditFolder(tmp_path)
    log.append([entry(number) for number in range(5)])
    run(log, folder)
    return log, folder


def run(log: AuditLog, folder: AuditFolder) -> float | None:
    """A service that starts and stops: what its metric said."""
    metrics = Metrics()
    writer = AuditWriter(log, folder, metrics)
    writer.start()
    writer.stop()
    return metrics.registry.get_sample_value("mrsquant_audit_intact")


CUTS = {
    "cut off": ("DELETE FROM audit_log WHERE position > 3",),
    "last row": ("DELETE FROM audit_log WHERE position = 5",),
    "emptied": ("DELETE FROM audit_log",),
}


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_a_log_that_was_cut_off_is_seen(
    database: Database, written: tuple[AuditLog, AuditFolder], cut: tuple[str, ...]
) -> None:
    """Although its chain is whole: the start reports it and keeps the evidence."""
    log, folder = written
    without_triggers(database, *cut)
    rows = log.verify().position

    _, faults = log.examine(folder.head())
    assert len(faults) == 1
    assert run(log, folder) == 0
    log.append([entry(number) for number in range(9)])  # a chain that grows again hides nothing
    assert run(log, folder) == 0
    assert folder.head() == Head(5, folder.head().sha256)  # type: ignore[union-attr]
    assert log.verify().position == rows + 9


def test_crash_before_the_head_is_stored_raises_no_alarm(written: tuple[AuditLog, AuditFolder]) -> None:
    """Rows are there that the folder does not know yet: the next service takes note of them."""
    log, folder = written
    log.append([entry(number) for number in range(3)])

    assert log.examine(folder.head())[1] == ()
    assert run(log, folder) == 1
    assert folder.head() == log.head()


_NOTHING = "CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log BEGIN SELECT 1; END"
TRIGGERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "sqlite": (
        ("DROP TRIGGER audit_log_no_update",),
        ("DROP TRIGGER audit_log_no_delete",),
        ("DROP TRIGGER audit_log_no_delete", _NOTHING),
    ),
    "postgresql": (
        ("DROP TRIGGER audit_log_no_update ON audit_log",),
        ("DROP TRIGGER audit_log_no_truncate ON audit_log",),
        ("ALTER TABLE audit_log DISABLE TRIGGER USER",),
        (
            "CREATE OR REPLACE FUNCTION refuse_audit_log_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RETURN NULL; END $$",
        ),
    ),
}


def test_triggers_that_are_gone_are_seen_and_can_be_restored(
    database: Database, written: tuple[AuditLog, AuditFolder]
) -> None:
    """Absent, switched off, or replaced by one that does nothing."""
    log, folder = written
    assert log.examine(folder.head())[1] == ()
    for change in TRIGGERS["sqlite" if database._is_sqlite else "postgresql"]:
        with database.changing() as connection:
            for statement in change:
                connection.execute(text(statement))
        _, faults = log.examine(folder.head())
        assert len(faults) == 1, change
        assert "trigger" in faults[0]
        assert run(log, folder) == 0
        folder.keep(log.accept(folder.head()), backwards=True)
        assert log.examine(folder.head())[1] == (), change


def test_an_older_copy_is_accepted_on_the_record(database: Database, written: tuple[AuditLog, AuditFolder]) -> None:
    """Who restored one goes on from there, and the log says which row was known before."""
    log, folder = written
    known = folder.head()
    assert known is not None
    without_triggers(database, "DELETE FROM audit_log WHERE position > 2")
    folder.keep(log.accept(known), backwards=True)

    assert run(log, folder) == 1
    assert [row.action for row in log.rows()][-1] == f"audit accept, known was 5 {known.sha256}"


def test_the_head_only_moves_forward(tmp_path: Path) -> None:
    """However many services keep it at once."""
    folders = [AuditFolder(tmp_path) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: folders[n % 4].keep(Head(n * 37 % 101, f"{n * 37 % 101}")), range(1, 101)))

    assert folders[0].head() == Head(100, "100")


def test_a_damaged_head_is_an_alarm(written: tuple[AuditLog, AuditFolder], tmp_path: Path) -> None:
    """It is not taken for one that was never kept."""
    log, folder = written
    (tmp_path / "audit" / "head.json").write_text("{")

    with pytest.raises(UnreadableHead):
        folder.head()
    assert run(log, folder) == 0
