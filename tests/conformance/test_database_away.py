"""PostgreSQL goes away and comes back: requests are refused quickly meanwhile, and afterwards all is as before."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.chaos.clients import ask, submit
from tests.chaos.polling import Polling, status
from tests.chaos.service import Service
from tests.fake_pipeline import spectrum
from tests.servers.cluster import free_port
from tests.servers.postgresql import PostgreSql, postgresql

AWAY_SECONDS = {"stopped": 5, "frozen": 14}
"""A frozen one is believed to be away after ``KEEPALIVE_SECONDS``."""
QUICKLY = 15.0
"""Seconds within which every request is answered, also when the server does not even refuse."""


@pytest.fixture
def server() -> Iterator[PostgreSql]:
    with postgresql() as running:
        yield running


@pytest.mark.parametrize("way", AWAY_SECONDS)
def test_service_recovers_without_a_restart(server: PostgreSql, tmp_path: Path, way: str) -> None:
    """Answers come in time, ``/healthz`` and ``/readyz`` are right, and accepted analyses are kept and go on."""
    settings = {
        "MRSQUANT_DATABASE_URL": server.new_database(),
        "MRSQUANT_DATA_DIR": str(tmp_path / "data"),
        "MRSQUANT_CACHE_DIR": str(tmp_path / "cache"),
        "MRSQUANT_EXECUTOR": "processes:1",
    }
    service = Service(free_port(), settings, tmp_path / "log")
    service.start()
    try:
        service.wait("/readyz")
        before = submit(service.url, "x.json", spectrum(), {})["id"]
        polling = Polling(f"{service.url}/v1/analyses/{before}")
        away: Callable[[], AbstractContextManager[None]] = getattr(server, way)
        with away():
            polling.go_on(AWAY_SECONDS[way])
            begin = time.monotonic()
            assert status(f"{service.url}/healthz") == 200
            assert time.monotonic() - begin < 5
            assert status(f"{service.url}/readyz") == 503
            assert time.monotonic() - begin < 10
        polling.end()
        deadline = time.monotonic() + 30
        while status(f"{service.url}/readyz") != 200:
            assert time.monotonic() < deadline, "it is not ready again"
            time.sleep(0.2)
        after = submit(service.url, "x.json", spectrum(number=2), {})["id"]
        while any(ask(service.url, f"/v1/analyses/{one}")["state"] != "succeeded" for one in (before, after)):
            assert time.monotonic() < deadline + 30, "analyses do not go on"
            time.sleep(0.2)
    finally:
        begin = time.monotonic()
        ended = service.stop()
    assert ended
    assert time.monotonic() - begin < 30
    assert polling.statuses <= {200, 503}
    assert polling.slowest < QUICKLY


def test_service_stops_while_the_database_is_away(server: PostgreSql, tmp_path: Path) -> None:
    """SIGTERM is obeyed in bounded time, also by a service that waits for a frozen database."""
    settings = {
        "MRSQUANT_DATABASE_URL": server.new_database(),
        "MRSQUANT_DATA_DIR": str(tmp_path / "data"),
        "MRSQUANT_CACHE_DIR": str(tmp_path / "cache"),
        "MRSQUANT_EXECUTOR": "inline:",
    }
    service = Service(free_port(), settings, tmp_path / "log")
    service.start()
    service.wait("/readyz")
    with server.frozen():
        polling = Polling(f"{service.url}/v1/analyses")
        polling.go_on(2)
        begin = time.monotonic()
        ended = service.stop()
        seconds = time.monotonic() - begin
    polling.end()

    assert ended
    assert seconds < 45
