"""PostgreSQL goes away and comes back: requests are refused quickly meanwhile, and afterwards all is as before."""

from __future__ import annotations

import http.client
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.chaos.clients import ask, submit
from tests.chaos.service import Service
from tests.fake_pipeline import spectrum
from tests.servers.cluster import free_port
from tests.servers.postgresql import PostgreSql, postgresql

POLLS_PER_SECOND = 50
AWAY_SECONDS = {"stopped": 5, "frozen": 14}
"""A frozen one is believed to be away after ``SILENCE_SECONDS``."""
QUICKLY = 15.0
"""Seconds within which every request is answered, also when the server does not even refuse."""


class Answer(NamedTuple):
    """What a poll got, and after how long."""

    status: int
    seconds: float


def status(url: str, seconds: float = 60) -> int:
    """Of the answer: 0 when there was none, -1 when a refusal does not say when to come again."""
    try:
        with urllib.request.urlopen(url, timeout=seconds) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code if error.code != 503 or "Retry-After" in error.headers else -1
    except (OSError, http.client.HTTPException):
        return 0


class Polling:
    """Clients that ask, so many times a second, each without waiting for the others."""

    def __init__(self, url: str) -> None:
        self.answers: list[Answer] = []
        self._url = url
        self._threads: list[threading.Thread] = []

    def go_on(self, seconds: float) -> None:
        begin = time.monotonic()
        for number in range(int(seconds * POLLS_PER_SECOND)):
            time.sleep(max(0.0, begin + number / POLLS_PER_SECOND - time.monotonic()))
            thread = threading.Thread(target=self._ask)
            thread.start()
            self._threads.append(thread)

    def _ask(self) -> None:
        begin = time.monotonic()
        answered = status(self._url)
        self.answers.append(Answer(answered, time.monotonic() - begin))

    def end(self) -> None:
        for thread in self._threads:
            thread.join()


@pytest.fixture
def server() -> Iterator[PostgreSql]:
    with postgresql() as running:
        yield running


@pytest.mark.parametrize("way", AWAY_SECONDS)
def test_it_comes_back_without_a_restart(server: PostgreSql, tmp_path: Path, way: str) -> None:
    """Nobody waits long, ``/healthz`` and ``/readyz`` tell the truth, and what was accepted is there and goes on."""
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
    assert {answer.status for answer in polling.answers} <= {200, 503}
    assert max(answer.seconds for answer in polling.answers) < QUICKLY


def test_it_ends_while_the_database_is_away(server: PostgreSql, tmp_path: Path) -> None:
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
