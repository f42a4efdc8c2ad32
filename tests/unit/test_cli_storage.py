"""The commands that use what is kept: each refusal is one line and exit code 1, and changes nothing."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from service.cli import app
from service.documents import PackedAnalysis, dump_analysis, dump_traces
from service.storage.sweep import FIRST_SECONDS
from tests.fake_pipeline import example_analysis, example_traces, spectrum
from tests.servers.office import Office

COUNT = 3


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The data folder of an installation with analyses that have succeeded, and nothing running."""
    folder = tmp_path / "data"
    monkeypatch.setenv("MRSQUANT_DATA_DIR", str(folder))
    monkeypatch.setenv("MRSQUANT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("MRSQUANT_EXECUTOR", "inline:")
    folder.mkdir(mode=0o700)
    with ExitStack() as stack:
        office = Office(folder, stack, f"sqlite:///{folder}/mrsquant.sqlite3")
        for number in range(COUNT):
            office.submit(spectrum(number=number))
            (row,) = office.queue.claim("me", 1)
            traces = dump_traces(example_traces()) + bytes(number)
            assert office.queue.succeed(row.id, "me", PackedAnalysis(dump_analysis(example_analysis()), traces, 0.1))
    return folder


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stands for the server: says that it was started."""
    calls: list[str] = []
    monkeypatch.setattr("uvicorn.Server.run", lambda *_: calls.append("started"))
    return calls


def contents(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def execute(data: Path, statement: str) -> None:
    with closing(sqlite3.connect(data / "mrsquant.sqlite3")) as connection:
        connection.execute(statement)
        connection.commit()


def a_blob(data: Path) -> Path:
    return next(path for path in sorted((data / "blobs").rglob("*")) if path.is_file())


def zero_page(data: Path) -> None:
    """A page in the middle of a stored result."""
    with (data / "mrsquant.sqlite3").open("r+b") as file:
        content = file.read()
        page = content.index(b'"metabolites":') // 4096
        file.seek(page * 4096)
        file.write(bytes(4096))


def break_later_schema(data: Path) -> None:
    execute(data, "UPDATE alembic_version SET version_num = '0999'")


def break_other_id(data: Path) -> None:
    (data / "storage-id").write_text("another\n")


def break_emptied(data: Path) -> None:
    (data / "mrsquant.sqlite3").write_bytes(b"")


def break_zeroed(data: Path) -> None:
    (data / "mrsquant.sqlite3").write_bytes(bytes(8192))


BROKEN = [break_later_schema, break_other_id, break_emptied, break_zeroed]


@pytest.mark.parametrize("fault", BROKEN)
def test_serve_and_doctor_end_in_one_line(
    data: Path, fault: object, started: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each names the fault, neither changes a byte, and no server is started."""
    fault(data)  # type: ignore[operator]
    before = contents(data)
    codes = [app.run(["serve"]), app.run(["doctor"])]
    told = capsys.readouterr()
    lines = [line for line in told.err.splitlines() if line.startswith("mrsquant: not-started")]

    assert codes == [1, 1]
    assert len(lines) == 1
    assert "Traceback" not in told.err
    assert "will become" not in told.out
    assert [line for line in told.out.splitlines() if line.startswith("failure")]
    assert contents(data) == before
    assert started == []


def test_serve_adopts_storage_on_request(data: Path, started: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Once; afterwards it starts without."""
    break_other_id(data)
    assert app.run(["serve"]) == 1
    assert "--adopt" in capsys.readouterr().err
    assert [app.run(["serve", "--adopt"]), app.run(["serve"]), app.run(["doctor"])] == [0, 0, 0]
    assert started == ["started"] * 2


def test_a_database_that_does_not_answer(
    data: Path, monkeypatch: pytest.MonkeyPatch, started: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """One line without the password."""
    monkeypatch.setenv("MRSQUANT_DATABASE_URL", "postgresql+psycopg://someone:secret@127.0.0.1:1/none")

    assert app.run(["serve"]) == 1
    told = capsys.readouterr().err
    assert "does not answer" in told
    assert "secret" not in told


def test_doctor_on_a_sound_installation(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also when it reads everything."""
    before = contents(data)

    assert app.run(["doctor", "--deep"]) == 0
    assert f"content of files: {COUNT} files are intact" in capsys.readouterr().out
    assert contents(data) == before


def test_doctor_finds_a_zeroed_page(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a result, which is most of the database."""
    zero_page(data)

    assert app.run(["doctor"]) == 1
    assert "is damaged" in capsys.readouterr().out


def test_doctor_finds_a_missing_file(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without reading the folder's content."""
    gone = a_blob(data)
    gone.unlink()

    assert app.run(["doctor"]) == 1
    assert f"1 stored files are missing: {gone.name}" in capsys.readouterr().out


def test_doctor_finds_a_changed_file_when_it_reads_all(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And names it."""
    changed = a_blob(data)
    changed.write_bytes(b"changed")

    assert [app.run(["doctor"]), app.run(["doctor", "--deep"])] == [0, 1]
    assert f"1 stored files are damaged: {changed.name}" in capsys.readouterr().out


def test_doctor_finds_a_result_that_cannot_be_read(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One that is JSON and no result."""
    execute(data, "UPDATE analyses SET result = '{\"provenance\": {}}' WHERE id = (SELECT min(id) FROM analyses)")

    assert app.run(["doctor", "--deep"]) == 1
    assert "1 results cannot be read" in capsys.readouterr().out


def test_many_orphans_are_reported_and_swept_only_with_all(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The doctor warns, the sweep leaves them, and takes them with --all."""
    execute(data, "DELETE FROM files")
    for path in (data / "blobs").rglob("*"):
        os.utime(path, (time.time() - FIRST_SECONDS - 60,) * 2)
    before = {name for name in contents(data) if name.startswith("blobs")}

    assert [app.run(["doctor"]), app.run(["sweep"])] == [0, 0]
    told = capsys.readouterr()
    assert f"{COUNT} of {COUNT} files belong to no analysis" in told.out
    assert f"{COUNT} left" in told.err
    assert {name for name in contents(data) if name.startswith("blobs")} == before
    assert app.run(["sweep", "--all"]) == 0
    assert {name for name in contents(data) if name.startswith("blobs")} == set()


@pytest.mark.parametrize("state", ["missing", "changed"])
def test_backup_names_damaged_files(data: Path, tmp_path: Path, state: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1 with counts; every row is in the copy."""
    damaged = a_blob(data)
    damaged.unlink() if state == "missing" else damaged.write_bytes(b"changed")
    code = app.run(["backup", str(tmp_path / "copy")])
    told = capsys.readouterr().err
    with closing(sqlite3.connect(tmp_path / "copy" / "mrsquant.sqlite3")) as copy:
        (kept,) = copy.execute("SELECT count(*) FROM analyses").fetchone()

    assert (code, kept) == (1, COUNT)
    assert f"{COUNT} analyses, {COUNT} files, 0 steps of sign-offs" in told
    assert f"traces.npz is {state} ({damaged.name})" in told
    assert told.count("mrsquant: damaged-storage") == 1


def test_backup_is_an_installation(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[str]
) -> None:
    """The copy starts as it is, and its id is that of the original."""
    assert app.run(["backup", str(tmp_path / "copy")]) == 0
    monkeypatch.setenv("MRSQUANT_DATA_DIR", str(tmp_path / "copy"))

    assert (tmp_path / "copy" / "storage-id").read_text() == (data / "storage-id").read_text()
    assert [app.run(["doctor", "--deep"]), app.run(["serve"])] == [0, 0]
    assert started


def test_backup_of_a_mixed_installation_is_refused(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is copied from a folder that is another database's."""
    break_other_id(data)

    assert app.run(["backup", str(tmp_path / "copy")]) == 1
    assert "two installations" in capsys.readouterr().err
    assert not (tmp_path / "copy").exists()
