"""A backup holds everything that was there at one moment, whatever goes on while it is made."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import subprocess
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url, select, update

from service.documents import PackedAnalysis, dump_analysis
from service.storage import backup as backup_module
from service.storage.backup import copy_all
from service.storage.blobs import BlobStore
from service.storage.database import Database
from service.storage.sweep import Sweep
from service.storage.tables import AnalysisRow, FileRow
from tests.fake_pipeline import example_analysis, spectrum
from tests.servers.office import Office
from tests.servers.postgresql import PostgreSql

_ANALYSIS = dump_analysis(example_analysis())


def test_a_copy_is_a_data_folder(tmp_path: Path) -> None:
    """Taken while analyses end and give up their inputs, it holds them all, and a service on it does the rest."""
    with ExitStack() as stack:
        office = Office(tmp_path, stack)
        ids = [office.submit(spectrum("sleep", seconds=0.02, number=number)) for number in range(20)]
        office.dispatch("inline:")
        office.wait(lambda: office.state(ids[3]) == "succeeded")
        target = tmp_path / "copy"
        target.mkdir()
        copied = copy_all(tmp_path / "test.sqlite3", office.blobs, target)
        office.wait_for_all()
    (target / "mrsquant.sqlite3").rename(target / "test.sqlite3")
    with ExitStack() as stack:
        restored = Office(target, stack)
        assert (copied.analyses, copied.removed) == (20, 0)
        assert restored.state(ids[0]) == "succeeded"
        assert restored.repository.content(ids[0], "traces")
        assert Sweep(restored.storage).orphans().digests == []
        with restored.database.writing() as session:  # the claimant of the original is not known here
            session.execute(update(AnalysisRow).values(heartbeat_at=datetime.now(UTC) - timedelta(hours=1)))
        restored.dispatch("inline:")
        restored.wait_for_all()

        assert {restored.state(analysis_id) for analysis_id in ids} == {"succeeded"}


def test_backup_keeps_analyses_that_end_during_the_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each file that is copied one analysis is submitted and another ends; what the copy names is there."""
    with ExitStack() as stack:
        office = Office(tmp_path, stack)
        for number in range(30):
            office.submit(spectrum(number=number))
        copy_one = BlobStore.get
        went_on: list[bool] = []

        def get(blobs: BlobStore, sha256: str) -> bytes:
            content = copy_one(blobs, sha256)
            went_on.append(_one_comes_and_one_ends(office, number=1000 + len(went_on)))
            return content

        target = tmp_path / "copy"
        target.mkdir()
        with monkeypatch.context() as patched:
            patched.setattr(BlobStore, "get", get)
            copied = copy_all(tmp_path / "test.sqlite3", office.blobs, target)
    with ExitStack() as stack:
        (target / "mrsquant.sqlite3").rename(target / "test.sqlite3")
        restored = Office(target, stack)
        with restored.database.reading() as session:
            named = dict(session.execute(select(FileRow.sha256, AnalysisRow.state).join(AnalysisRow)).all())

    assert went_on.count(True) > 20  # while nothing kept others from writing
    assert copied.removed == 0
    assert set(named.values()) == {"queued", "succeeded"}
    assert [sha256 for sha256 in named if not restored.blobs.has(sha256)] == []
    assert Sweep(restored.storage).orphans().digests == []


def _one_comes_and_one_ends(office: Office, number: int) -> bool:
    """False when the copy keeps all others from writing."""
    with closing(sqlite3.connect(office.folder / "test.sqlite3", timeout=0)) as asking:
        try:
            asking.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
    office.submit(spectrum(number=number))
    (row,) = office.queue.claim("me", 1)
    return office.queue.succeed(row.id, "me", PackedAnalysis(_ANALYSIS, f"traces {number}".encode(), 0.1))


def test_a_copy_leaves_out_analyses_deleted_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An analysis that is deleted after the database was copied, before its file was, is not in the copy."""
    with ExitStack() as stack:
        office = Office(tmp_path, stack)
        gone, _ = office.submit(spectrum()), office.submit(spectrum(number=2))
        (row,) = office.queue.claim("me", 1)
        target = tmp_path / "copy"
        target.mkdir()
        references = backup_module._references
        deleted: list[str] = []

        def look(database: sqlite3.Connection, query: str) -> object:
            if not deleted:  # the database was copied; its new file was not
                deleted.append(gone)
                for shard in BlobStore(target / "blobs").shards():
                    for sha256 in BlobStore(target / "blobs").digests(shard) & traces:
                        BlobStore(target / "blobs").remove(sha256)
                office.repository.delete(gone)
            return references(database, query)

        assert office.queue.succeed(row.id, "me", PackedAnalysis(_ANALYSIS, b"traces", 0.1))
        traces = {hashlib.sha256(b"traces").hexdigest()}
        monkeypatch.setattr(backup_module, "_references", look)

        assert copy_all(tmp_path / "test.sqlite3", office.blobs, target)[:4] == (1, 1, 0, 1)
        assert Database(f"sqlite:///{target}/mrsquant.sqlite3").revisions()[0]


@pytest.mark.parametrize("state", ["missing", "changed"])
def test_a_copy_names_damaged_files(tmp_path: Path, state: str) -> None:
    """An analysis with a missing or changed file is not taken for a deleted one: it is named, and its row is kept."""
    with ExitStack() as stack:
        office = Office(tmp_path, stack)
        damaged, _ = office.submit(spectrum()), office.submit(spectrum(number=2))
        sha256 = hashlib.sha256(spectrum()).hexdigest()
        path = tmp_path / "blobs" / sha256[:2] / sha256
        path.unlink() if state == "missing" else path.write_bytes(b"changed")
        target = tmp_path / "copy"
        target.mkdir()
        copied = copy_all(tmp_path / "test.sqlite3", office.blobs, target)
    with closing(sqlite3.connect(target / "mrsquant.sqlite3")) as copy:
        kept = {row[0] for row in copy.execute("SELECT id FROM analyses")}

    assert copied.damage == ((damaged, "metabolite.json", sha256, state),)
    assert copied[:4] == (2, 2, 0, 0)
    assert damaged in kept


def test_pg_dump_and_back(server: PostgreSql, tmp_path: Path) -> None:
    """The recipe of docs/how-to/backup.md, with the programs that come with PostgreSQL."""
    first, second = server.new_database(), server.new_database()
    dump = tmp_path / "mrsquant.dump"
    with ExitStack() as stack:
        office = Office(tmp_path / "first", stack, first)
        done = office.submit(spectrum())
        office.dispatch("inline:")
        office.wait_for_all()
    with ExitStack() as stack:
        waiting = Office(tmp_path / "first", stack, first).submit(spectrum(number=2))
    subprocess.run([server.binaries / "pg_dump", "--format=custom", f"--file={dump}", _plain(first)], check=True)
    shutil.copytree(tmp_path / "first" / "blobs", tmp_path / "second" / "blobs")
    shutil.copy2(tmp_path / "first" / "storage-id", tmp_path / "second")
    subprocess.run([server.binaries / "pg_restore", f"--dbname={_plain(second)}", dump], check=True)
    with ExitStack() as stack:
        restored = Office(tmp_path / "second", stack, second)

        assert restored.state(done) == "succeeded"
        assert restored.repository.content(done, "traces")
        assert restored.state(waiting) == "queued"
        restored.dispatch("inline:")
        restored.wait_for_all()
        assert restored.state(waiting) == "succeeded"


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
