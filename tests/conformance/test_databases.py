"""SQLite and PostgreSQL keep the same promises: schema, queue, events, calls, deletion and copies."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, func, select, text, update

from service.storage import database as database_module
from service.storage.blobs import BlobStore
from service.storage.tables import AnalysisRow, Base, EventRow, FileRow, IdempotencyKeyRow, WebhookDeliveryRow
from service.storage.upkeep import Upkeep
from service.storage.webhooks import WebhookRepository
from tests.fake_pipeline import spectrum
from tests.servers.office import Office
from tests.servers.postgresql import PostgreSql


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/test.sqlite3"
    return str(request.getfixturevalue("server").new_database())


@pytest.fixture
def office(tmp_path: Path, url: str) -> Iterator[Office]:
    with ExitStack() as stack:
        yield Office(tmp_path, stack, url)


def test_one_line_of_revisions() -> None:
    """There is one first and one newest revision, and each of the others has one before and one after."""
    script = ScriptDirectory.from_config(database_module._config())

    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1


def test_revisions_make_the_tables_of_the_code(office: Office) -> None:
    """On either database, also when several processes start at once."""
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda _: office.database.migrate(), range(3)))
    with office.database.reading() as session:
        context = MigrationContext.configure(session.connection())
        differences = compare_metadata(context, Base.metadata)

    assert differences == []
    assert office.database.revisions()[0] == office.database.revisions()[1]


def test_upgrade_from_the_first_version(url: str, tmp_path: Path) -> None:
    """What the first released schema held is there, readable and usable after the upgrade."""
    engine = create_engine(url)
    config = database_module._config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        columns = "id, state, created, finished, attempts, request_id, fingerprint, request, verdict, result"
        values = ":id, :state, :now, :finished, :attempts, 'r', :print, :request, :verdict, :result"
        rows = [
            {"id": "00000000-0000-7000-8000-000000000001", "state": "succeeded", "print": "a", "attempts": 1},
            {"id": "00000000-0000-7000-8000-000000000002", "state": "queued", "print": "b", "attempts": 0},
        ]
        now = "2026-01-01 00:00:00+00:00"
        for row in rows:
            ended = row["state"] == "succeeded"
            row |= {"now": now, "finished": now if ended else None, "request": json.dumps({"subject": "sub-1"})}
            row |= {"verdict": "yes" if ended else None, "result": json.dumps({"kept": True}) if ended else None}
            connection.execute(text(f"INSERT INTO analyses ({columns}) VALUES ({values})"), row)
            file = {"id": row["id"], "sha": _kept(tmp_path, spectrum(number=row["attempts"]))}
            insert = "INSERT INTO files VALUES (:id, 'metabolite', 0, 'metabolite.json', :sha)"
            connection.execute(text(insert), file)
    engine.dispose()
    with ExitStack() as stack:
        office = Office(tmp_path, stack, url)
        done, queued = rows[0]["id"], rows[1]["id"]

        assert office.repository.get(done, with_result=True).result == {"kept": True}
        assert [event.state for event in office.events.after(done, 0)] == ["succeeded"]
        office.dispatch("inline:")
        office.wait_for_all()
        assert office.state(queued) == "succeeded"
        assert office.stories([queued]) == [["running", "succeeded"]]


def _kept(folder: Path, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    BlobStore(folder / "blobs").ensure(digest, content)
    return digest


def test_each_is_claimed_once(office: Office) -> None:
    """However many ask at once, oldest first."""
    ids = [office.submit(spectrum(number=number)) for number in range(20)]
    with ThreadPoolExecutor(4) as threads:
        claims = list(threads.map(lambda name: office.queue.claim(str(name), 5), range(4)))

    assert sorted(row.id for claim in claims for row in claim) == ids


def test_two_instances_claim_different_analyses(server: PostgreSql, tmp_path: Path) -> None:
    """On PostgreSQL an open claim blocks no other: the others take the next rows."""
    with ExitStack() as stack:
        office = Office(tmp_path, stack, server.new_database())
        ids = [office.submit(spectrum(number=number)) for number in range(4)]
        with office.database.writing() as session:
            session.scalars(select(AnalysisRow).where(AnalysisRow.id.in_(ids[:2])).with_for_update()).all()
            with ThreadPoolExecutor(1) as thread:
                claimed = thread.submit(office.queue.claim, "other", 4).result(timeout=10)

    assert [row.id for row in claimed] == ids[2:]


def test_several_services_share_the_work(office: Office) -> None:
    """Each analysis is computed once and answered once."""
    ids = [office.submit(spectrum("sleep", seconds=0.02, number=number)) for number in range(30)]
    for _ in range(3):
        office.dispatch("inline:")
    office.wait_for_all()

    assert office.stories(ids) == [["queued", "running", "succeeded"]] * 30


def test_events_are_numbered_without_gaps(office: Office) -> None:
    """Also when a step is noted during a cancellation."""
    ids = [office.submit(spectrum(number=number)) for number in range(8)]
    office.queue.claim("me", 8)
    steps = threading.Thread(
        target=lambda: [office.events.note_steps("me", [(one, "fitting") for one in ids]) for _ in range(5)]
    )
    steps.start()
    for analysis_id in ids:
        office.repository.delete(analysis_id)
    steps.join()

    for analysis_id in ids:
        numbers = [event.number for event in office.events.after(analysis_id, 0)]
        assert numbers == list(range(1, len(numbers) + 1))


def test_each_call_is_made_by_one(office: Office) -> None:
    """Two senders do not make the same call; one that fell silent is replaced."""
    ids = [office.submit(spectrum(number=number), callback_url="https://pacs.example/") for number in range(6)]
    calls = WebhookRepository(office.database)
    assert calls.take(10, timedelta(seconds=60)) == []
    for analysis_id in ids:
        office.repository.delete(analysis_id)
    with ThreadPoolExecutor(3) as threads:
        taken = list(threads.map(lambda _: calls.take(2, timedelta(seconds=0.2)), range(3)))

    assert len({call.id for batch in taken for call in batch}) == 6
    assert {call.state for batch in taken for call in batch} == {"cancelled"}
    time.sleep(0.3)
    assert {call.attempt for call in calls.take(10, timedelta(seconds=60))} == {2}


def test_expired_analyses_are_removed_with_all_data(office: Office) -> None:
    """Rows, files, keys, events and calls; younger and unfinished ones stay, and so does a file that is shared."""
    old, young, waiting = (office.submit(spectrum(number=number), "https://pacs.example/") for number in range(3))
    office.queue.claim("me", 2)
    for analysis_id in (old, young):
        office.repository.delete(analysis_id)
    with office.database.writing() as session:
        session.add(IdempotencyKeyRow(key_sha256="0" * 64, fingerprint="0" * 64, analysis_id=old))
        long_ago = datetime.now(UTC) - timedelta(days=40)
        session.execute(update(AnalysisRow).where(AnalysisRow.id == old).values(finished=long_ago))
    upkeep = Upkeep(office.database, office.blobs)

    assert upkeep.expire(datetime.now(UTC) - timedelta(days=30)) == 1
    with office.database.reading() as session:
        for table in (EventRow, FileRow, WebhookDeliveryRow):
            assert session.scalar(select(func.count()).where(table.analysis_id == old)) == 0
        assert session.scalar(select(func.count()).select_from(IdempotencyKeyRow)) == 0
        assert set(session.scalars(select(AnalysisRow.id))) == {young, waiting}
    assert office.repository.content(waiting, "metabolite")[0].content == spectrum(number=2)


def test_deleted_content_is_nowhere(tmp_path: Path) -> None:
    """Not in a file, not in the database and not in its log: deletion overwrites."""
    with ExitStack() as stack:
        office = Office(tmp_path, stack)
        analysis_id = office.submit(spectrum(marker="PLANTED-IN-THE-FILE"))
        with office.database.writing() as session:
            planted = {"subject": "PLANTED-IN-THE-ROW" * 300}
            session.execute(update(AnalysisRow).values(request=planted, state="cancelled"))
        holding = [path for path in tmp_path.rglob("*") if path.is_file() and b"PLANTED" in path.read_bytes()]
        office.repository.delete(analysis_id)
        Upkeep(office.database, office.blobs).erase()
        left = [path for path in tmp_path.rglob("*") if path.is_file() and b"PLANTED" in path.read_bytes()]

    assert len(holding) >= 2
    assert left == []
