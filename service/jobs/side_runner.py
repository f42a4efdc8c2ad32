"""A thread that works on one queue beside that of analyses, one row at a time, with the same worker pool."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from abc import ABC, abstractmethod
from datetime import timedelta
from typing import Generic, Protocol, TypeVar

import structlog
from prometheus_client import Counter
from sqlalchemy.exc import SQLAlchemyError

from fitting.errors import FittingError
from service.errors import InternalError, NotReady, ServiceProblem, WorkerCrashed
from service.jobs.dispatcher import Dispatcher
from service.logs import frames_of
from service.problem_documents import problem_of
from service.storage.side_queue import SideQueue

MAX_ATTEMPTS = 3
"""Attempts that may end with a lost worker or a lost service; an analysis beside it may have been the cause of one."""
POLL_SECONDS = 1.0
"""How soon a row that another process queued is seen."""
HEARTBEAT_SECONDS = 2.0
STALE_AFTER = timedelta(seconds=20)
"""Without a heartbeat for this long a runner is considered dead."""
STOP_SECONDS = 10.0
"""How long a stopping service waits for the row that is running."""

log = structlog.get_logger()


class ClaimedRow(Protocol):
    """A row that a runner has claimed."""

    @property
    def id(self) -> str:
        """Of the row."""

    @property
    def attempts(self) -> int:
        """With this one."""

    @property
    def request_id(self) -> str:
        """Of the submission."""


Claimed = TypeVar("Claimed", bound=ClaimedRow)


class SideRunner(ABC, Generic[Claimed]):
    """A thread that works on the rows of one queue."""

    noun: str
    """What a row is, in logs and problems."""

    def __init__(self, queue: SideQueue, dispatcher: Dispatcher, finished: Counter) -> None:
        self._side_queue = queue
        self._dispatcher = dispatcher
        self._finished = finished
        self._name = f"{socket.gethostname()[:80]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._next_look = 0.0
        self._thread = threading.Thread(target=self._run, name=f"{self.noun}s", daemon=True)

    def start(self) -> None:
        """Begin, in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Let the running row end for a while, else put it back into the queue."""
        self._stopping.set()
        self._wake.set()
        self._thread.join()

    def wake(self) -> None:
        """Say that a row was queued."""
        self._wake.set()

    @abstractmethod
    def _claim(self) -> Claimed | None:
        """Take the oldest queued row."""

    @abstractmethod
    def _work(self, row: Claimed) -> None:
        """Work on a row until it has ended or was released.

        Raises
        ------
        NotReady
            When there is no worker at the moment; the row is put back into the queue.
        """

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not self._guarded_step():
                self._wake.wait(POLL_SECONDS)
                self._wake.clear()

    def _guarded_step(self) -> bool:
        """Work on one row; whether there was one."""
        try:
            return self._step()
        except NotReady:
            pass
        except (SQLAlchemyError, OSError) as error:
            log.error("database or cluster does not answer", error=type(error).__name__)
        except Exception as error:
            log.error(f"{self.noun} runner defect", error=type(error).__name__, frames=frames_of(error))
        return False

    def _step(self) -> bool:
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + STALE_AFTER.total_seconds() / 2
            self._side_queue.release_stale(STALE_AFTER)
        row = self._claim()
        if row is None:
            return False
        if row.attempts > MAX_ATTEMPTS:
            detail = f"The process working on this {self.noun} died {row.attempts - 1} times."
            self._fail(row, WorkerCrashed(detail))
            return True
        try:
            self._work(row)
        except NotReady:
            self._release(row, count_attempt=False)
            raise
        return True

    def _release(self, row: Claimed, *, count_attempt: bool) -> None:
        self._side_queue.release(self._name, row.id, count_attempt=count_attempt)

    def _succeeded(self, row: Claimed, seconds: float) -> None:
        self._finished.labels("succeeded").inc()
        log.info(f"{self.noun} succeeded", id=row.id, seconds=round(seconds, 3))

    def _fail(self, row: Claimed, error: FittingError | ServiceProblem) -> None:
        problem = problem_of(error, row.request_id)
        if self._side_queue.fail(row.id, self._name, problem):
            self._finished.labels(problem.code).inc()
            log.info(f"{self.noun} failed", id=row.id, request_id=row.request_id, code=problem.code)

    def _defect(self) -> InternalError:
        return InternalError(
            f"The {self.noun} ended with an unexpected error; the operator finds it in the log by the request_id."
        )
