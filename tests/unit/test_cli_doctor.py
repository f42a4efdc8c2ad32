"""``mrsquant doctor`` says what is well and what is not, and changes nothing; ``backup`` refuses what it cannot do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from service.cli import app


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
    ):
        assert f" {name}: " in out
    assert list(tmp_path.iterdir()) == []


def test_what_is_wrong_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A file in the way of a folder, a database and a cluster that do not answer: exit code 1 and one line each."""
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("MRSQUANT_CACHE_DIR", str(tmp_path / "file" / "cache"))
    monkeypatch.setenv("MRSQUANT_DATABASE_URL", "postgresql+psycopg://someone:secret@127.0.0.1:1/none")
    monkeypatch.setenv("MRSQUANT_EXECUTOR", "dask+tcp://127.0.0.1:1")
    monkeypatch.setenv("MRSQUANT_NORMS_PATH", str(tmp_path))
    monkeypatch.setattr("service.jobs.cluster.CONNECT_SECONDS", 0.5)

    assert app.run(["doctor"]) == 1
    out = capsys.readouterr().out
    wrong = {line.split(":")[0].split(maxsplit=1)[1] for line in out.splitlines() if line.startswith("failure")}
    assert {"cache folder", "database", "workers", "own norms"} <= wrong
    assert "secret" not in out


def test_backup_of_what(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Nothing to copy yet, or a folder that holds something, is refused in words."""
    assert app.run(["backup", str(tmp_path / "copy")]) == 1
    assert "nothing to copy" in capsys.readouterr().err
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mrsquant.sqlite3").touch()
    assert app.run(["backup", str(tmp_path)]) == 1
    assert "not empty" in capsys.readouterr().err
    assert os.listdir(tmp_path / "data") == ["mrsquant.sqlite3"]
