"""``mrsquant doctor`` says what is well and what is not, and changes nothing; ``backup`` refuses what it cannot do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import text

from service.cli import app
from service.storage.audit import AuditEntry, AuditLog
from service.storage.audit_folder import AuditFolder
from service.storage.database import Database


@pytest.fixture(autouse=True)
def own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MRSQUANT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MRSQUANT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("MRSQUANT_EXECUTOR", "inline:")


def test_a_sound_machine(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Everything is looked at, nothing is made."""
    code = app.run(["doctor"])
    out = capsys.readouterr().out

    assert code == 0
    assert "failure" not in out
    for name in (
        "data folder",
        "database",
        "workers",
        "cache folder",
        "clock",
        "disk",
        "PDF",
        "basis and norms",
        "own norms",
        "audit log",
    ):
        assert f" {name}: " in out
    assert list(tmp_path.iterdir()) == []


def test_doctor_names_each_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A file in the way of a folder, a database and a cluster that do not answer: exit code 1 and one line each."""
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("MRSQUANT_CACHE_DIR", str(tmp_path / "file" / "cache"))
    monkeypatch.setenv("MRSQUANT_DATABASE_URL", "postgresql+psycopg://someone:secret@127.0.0.1:1/none")
    monkeypatch.setenv("MRSQUANT_EXECUTOR", "dask+tcp://127.0.0.1:1")
    monkeypatch.setenv("MRSQUANT_NORMS_PATH", str(tmp_path))
    monkeypatch.setattr("service.workers.cluster.CONNECT_SECONDS", 0.5)

    assert app.run(["doctor"]) == 1
    out = capsys.readouterr().out
    wrong = {line.split(":")[0].split(maxsplit=1)[1] for line in out.splitlines() if line.startswith("failure")}
    assert {"cache folder", "database", "workers", "own norms"} <= wrong
    assert "secret" not in out


def test_doctor_detects_a_tampered_audit_log(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A cut end, absent triggers and entries that were set aside: exit code 1, of `audit verify` too."""
    database, folder = Database(f"sqlite:///{tmp_path}/data/mrsquant.sqlite3"), AuditFolder(tmp_path / "data")
    database.migrate()
    log, entry = AuditLog(database), AuditEntry("key:1", "default", "GET /", 200, "r")
    log.append([entry] * 3)
    folder.keep(log.head())

    def lines() -> tuple[int, str, int]:
        code = app.run(["doctor"])
        found = next(line for line in capsys.readouterr().out.splitlines() if " audit log: " in line)
        verified = app.run(["audit", "verify"])
        capsys.readouterr()
        return code, found, verified

    assert lines() == (0, "ok       audit log: holds what is known of it, 3 rows; its triggers are there", 0)
    with database.changing() as connection:
        connection.execute(text("DROP TRIGGER audit_log_no_delete"))
    code, found, verified = lines()
    assert (code, verified) == (1, 1)
    assert "audit_log_no_delete" in found
    with database.changing() as connection:
        connection.execute(text("DELETE FROM audit_log WHERE position > 1"))
    assert "ends at row 1" in lines()[1]
    assert app.run(["audit", "accept"]) == 0
    assert lines()[::2] == (0, 0)
    folder.refuse(entry, "DataError")
    code, found, _ = lines()
    assert (code, "1 entries were refused" in found) == (1, True)
    database.close()


def test_backup_refuses_a_missing_source_and_a_full_target(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Nothing to copy yet, or a folder that holds something, is refused in words."""
    assert app.run(["backup", str(tmp_path / "copy")]) == 1
    assert "nothing to copy" in capsys.readouterr().err
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mrsquant.sqlite3").touch()
    assert app.run(["backup", str(tmp_path)]) == 1
    assert "not empty" in capsys.readouterr().err
    assert os.listdir(tmp_path / "data") == ["mrsquant.sqlite3"]
