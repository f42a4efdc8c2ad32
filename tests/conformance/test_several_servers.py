"""Several servers on one PostgreSQL share one queue: each analysis is computed once, whichever server accepted it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.chaos.clients import ask, events_of, submit
from tests.chaos.service import Service
from tests.fake_pipeline import spectrum
from tests.servers.cluster import free_port
from tests.servers.postgresql import PostgreSql

COUNT = 24


@pytest.fixture
def database(server: PostgreSql) -> str:
    return server.new_database()


@pytest.fixture
def servers(database: str, tmp_path: Path) -> Iterator[tuple[Service, Service]]:
    """Two processes of the whole service, with one worker each."""
    settings = {
        "MRSQUANT_DATABASE_URL": database,
        "MRSQUANT_DATA_DIR": str(tmp_path / "data"),
        "MRSQUANT_CACHE_DIR": str(tmp_path / "cache"),
        "MRSQUANT_EXECUTOR": "processes:1",
    }
    with ExitStack() as stack:
        started = tuple(Service(free_port(), settings, tmp_path / f"{number}.log") for number in range(2))
        for one in started:
            one.start()
            stack.callback(one.stop)
        for one in started:
            one.wait("/readyz")
        yield started[0], started[1]


def test_two_servers_compute_each_analysis_once(
    servers: tuple[Service, Service], database: str, tmp_path: Path
) -> None:
    """Both take in and both compute; what one took in, or both at once, is computed by one of them, once."""
    files = [spectrum("sleep", flag=str(tmp_path / f"{number}.marks"), seconds=0.1) for number in range(COUNT)]
    with ThreadPoolExecutor(4) as clients:
        asked = [(servers[number % 2].url, number) for number in range(COUNT)]
        asked += [(one.url, 0) for one in servers]
        answers = list(clients.map(lambda ask: submit(ask[0], "x.json", files[ask[1]], {}), asked))
    ids = [answer["id"] for answer in answers]
    deadline = time.monotonic() + 60
    while any(ask(servers[0].url, f"/v1/analyses?limit=1&state={state}")["items"] for state in ("queued", "running")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    engine = create_engine(database)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT id, state, attempts, claimed_by FROM analyses")).all()
    engine.dispose()

    assert {row.id for row in rows} == set(ids)
    assert len(rows) == COUNT  # that of both was one
    assert {(row.state, row.attempts) for row in rows} == {("succeeded", 1)}
    assert {row.claimed_by.split(":")[1] for row in rows} == {str(one.pid) for one in servers}
    assert {(tmp_path / f"{number}.marks").read_bytes() for number in range(COUNT)} == {b"."}
    for analysis_id in ids[:4]:  # either tells the other's
        states = [[event["state"] for event in events_of(one.url, analysis_id) if not event["step"]] for one in servers]
        assert states == [["queued", "running", "succeeded"]] * 2
