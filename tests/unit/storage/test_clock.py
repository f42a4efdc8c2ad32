"""A service whose clock is wrong takes nothing from the others: what is due is a matter of the database's clock."""

from __future__ import annotations

import datetime as datetime_module
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from service.jobs.dispatcher import STALE_AFTER
from service.storage import clock
from service.storage.database import Database
from service.storage.tables import AnalysisRow
from service.storage.webhooks import WebhookRepository
from tests.fake_pipeline import spectrum
from tests.servers.office import Office

AHEAD = timedelta(seconds=60)


class Ahead(datetime_module.datetime):
    """The time of a clock that goes ahead."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return datetime.now(tz) + AHEAD


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[Office]:
    with ExitStack() as stack:
        yield Office(tmp_path, stack, database._url.render_as_string(hide_password=False))


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """From here on the clock of this process is a minute ahead."""

    def shift() -> None:
        for name in ("queue", "webhooks", "events"):
            monkeypatch.setattr(f"service.storage.{name}.datetime", Ahead, raising=False)

    monkeypatch.shift = shift  # type: ignore[attr-defined]
    return monkeypatch


def test_database_clock_is_precise_and_in_utc(database: Database) -> None:
    """In UTC, as precisely as times are kept, and as comparable as they are."""
    with database.asking() as connection:
        now, before, after = connection.execute(
            select(clock.now(), clock.now(-AHEAD), clock.now(timedelta(days=400)))
        ).one()

    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)
    assert abs((now - before) - AHEAD) < timedelta(seconds=0.1)
    assert abs((after - now) - timedelta(days=400)) < timedelta(seconds=0.1)


def test_a_clock_ahead_takes_nothing_over(office: Office, ahead: Any) -> None:
    """Neither analyses with a living worker, nor gives its own a heartbeat of the future."""
    ids = [office.submit(spectrum(number=number)) for number in range(2)]
    office.queue.claim("punctual", 1)
    ahead.shift()
    office.queue.claim("ahead", 1)
    office.queue.heartbeat("ahead", ids)

    assert office.queue.stale(STALE_AFTER) == []
    assert [row.id for row in office.queue.stale(-timedelta(seconds=1))] == ids
    latest = datetime.now(UTC) + timedelta(seconds=5)
    assert all((office.get(id).heartbeat_at or latest) < latest for id in ids)
    assert all((office.get(id).started or latest) < latest for id in ids)


def test_stale_owners_are_still_taken_over(office: Office, ahead: Any) -> None:
    """Once their heartbeat is old by the database's clock."""
    analysis_id = office.submit(spectrum())
    office.queue.claim("silent", 1)
    with office.database.writing() as session:
        session.execute(update(AnalysisRow).values(heartbeat_at=clock.now(-STALE_AFTER - timedelta(seconds=1))))

    assert [row.id for row in office.queue.stale(STALE_AFTER)] == [analysis_id]


def test_a_clock_ahead_makes_no_call_twice(office: Office, ahead: Any) -> None:
    """A call that another sender is making stays with it for as long as it was lent."""
    office.repository.delete(office.submit(spectrum(), callback_url="https://pacs.example/"))
    calls = WebhookRepository(office.database)
    taken = calls.take(10, timedelta(seconds=30))
    ahead.shift()

    assert len(taken) == 1
    assert calls.take(10, timedelta(seconds=30)) == []
    calls.failed(taken[0], "timeout", timedelta(seconds=30))
    assert calls.take(10, timedelta(seconds=30)) == []
    calls.failed(taken[0], "timeout", timedelta(0))
    assert len(calls.take(10, timedelta(seconds=30))) == 1
