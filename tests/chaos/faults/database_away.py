"""The database does not answer for a minute while clients poll."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager

from sqlalchemy import make_url

from tests.chaos.fault import Fault
from tests.chaos.polling import Polling, status
from tests.chaos.scene import Scene

AWAY_SECONDS = 60
QUICKLY = 20.0
"""Seconds within which each poll must be answered."""


def _stopped(scene: Scene) -> AbstractContextManager[None]:
    return _locked(scene) if scene.server is None else scene.server.stopped()


def _frozen(scene: Scene) -> AbstractContextManager[None]:
    assert scene.server is not None
    return scene.server.frozen()


@contextmanager
def _locked(scene: Scene) -> Iterator[None]:
    """Another program writes to the SQLite file and does not come to an end."""
    path = make_url(scene.settings["MRSQUANT_DATABASE_URL"]).database
    with closing(sqlite3.connect(str(path), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.rollback()


def _fault(away: Callable[[Scene], AbstractContextManager[None]]) -> Callable[[Scene], None]:
    def run(scene: Scene) -> None:
        scene.start()
        ids = [scene.submit(number) for number in range(5)]
        scene.settle(ids)
        ids.append(scene.submit(5, seconds=20))  # ends while there is no database for its answer
        polling = Polling(f"{scene.service.url}/v1/analyses/{ids[0]}")
        with away(scene):
            polling.go_on(AWAY_SECONDS)
            assert status(f"{scene.service.url}/healthz") == 200, "/healthz failed"
            expected = 200 if scene.server is None else 503  # SQLite is read while another writes
            assert status(f"{scene.service.url}/readyz") == expected, "/readyz did not tell the truth"
        polling.end()
        assert polling.statuses <= {200, 503}, f"polls were answered {polling.statuses}"
        assert polling.slowest < QUICKLY, f"a poll took {polling.slowest:.0f} s"
        deadline = time.monotonic() + 30
        while status(f"{scene.service.url}/readyz") != 200:
            assert time.monotonic() < deadline, "the service did not recover"
            time.sleep(0.2)
        ids += [scene.submit(number) for number in range(6, 9)]
        scene.settle(ids)
        assert scene.states(ids) == {"succeeded"}, f"accepted analyses ended as {scene.states(ids)}"

    return run


FAULT = Fault(
    name="database away",
    done="PostgreSQL is stopped, or the SQLite file locked by another writer, for 60 s under 50 polls a second.",
    holds="Polls are answered 200 or 503 in time; the answer computed meanwhile is kept; no restart is needed.",
    run=_fault(_stopped),
)
FROZEN = Fault(
    name="database frozen",
    done="All processes of PostgreSQL are suspended for 60 s under 50 polls a second.",
    holds="The same: a server that does not answer delays no request beyond its limit.",
    run=_fault(_frozen),
    databases=("PostgreSQL",),
)
