"""From queued cohorts to stored answers: a thread that gives the worker pool one cohort at a time.

The worker leaves a cohort that is cancelled while it computes; a thread (``inline:``) or a worker of a cluster finishes
it, and its answer is dropped.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as StillRunning
from contextlib import suppress
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from fitting.errors import FittingError
from service.documents import PackedCohort
from service.errors import InternalError, NotReady, OverDeadline, ServiceProblem, WorkerCrashed
from service.jobs.dispatcher import Dispatcher
from service.jobs.tasks import Defect, MemoryExhausted, run_cohort
from service.logs import frames_of
from service.metrics import Metrics
from service.problem_documents import ProblemDocument, problem_of
from service.storage.cohort_queue import ClaimedCohort, CohortQueue
from service.workers.executors import is_crash

MAX_ATTEMPTS = 3
"""Attempts that may end with a lost worker; an analysis beside it may have been the cause of one."""
POLL_SECONDS = 1.0
"""How soon a cohort that another process queued is seen."""
HEARTBEAT_SECONDS = 2.0
STALE_AFTER = timedelta(seconds=20)
"""Without a heartbeat for this long a runner is considered dead."""
STOP_SECONDS = 10.0
"""How long a stopping service waits for the cohort that is running."""

log = structlog.get_logger()


class CohortRunner:
    """A thread that works on the cohorts of one queue."""

    def __init__(self, queue: CohortQueue, dispatcher: Dispatcher, metrics: Metrics) -> None:
        self._queue = queue
        self._dispatcher = dispatcher
        self._metrics = metrics
        self._name = f"{socket.gethostname()[:80]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._next_look = 0.0
        self._thread = threading.Thread(target=self._run, name="cohorts", daemon=True)

    def start(self) -> None:
        """Begin, in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Let the running cohort end for a while, else put it back into the queue."""
        self._stopping.set()
        self._wake.set()
        self._thread.join()

    def wake(self) -> None:
        """Say that a cohort was queued."""
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not self._guarded_step():
                self._wake.wait(POLL_SECONDS)
                self._wake.clear()

    def _guarded_step(self) -> bool:
        """Work on one cohort; whether there was one."""
        try:
            return self._step()
        except NotReady:
            pass
        except (SQLAlchemyError, OSError) as error:
            log.error("database or cluster does not answer", error=type(error).__name__)
        except Exception as error:
            log.error("cohort runner defect", error=type(error).__name__, frames=frames_of(error))
        return False

    def _step(self) -> bool:
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + STALE_AFTER.total_seconds() / 2
            self._queue.release_stale(STALE_AFTER)
        row = self._queue.claim(self._name)
        if row is None:
            return False
        if row.attempts > MAX_ATTEMPTS:
            self._fail(row, WorkerCrashed(f"The process analysing this cohort died {row.attempts - 1} times."))
            return True
        task = f"cohort-{row.id}-{row.attempts}"
        try:
            future = self._dispatcher.compute(task, run_cohort, row.source)
        except NotReady:
            self._queue.release(self._name, row.id)
            raise
        if self._awaited(row, task, future):
            self._store(row, future)
        return True

    def _awaited(self, row: ClaimedCohort, task: str, future: Future[PackedCohort]) -> bool:
        """Whether the answer is there, and still wanted."""
        until: float | None = None
        while not future.done():
            with suppress(StillRunning, CancelledError):
                future.exception(timeout=0.2 if self._stopping.is_set() else HEARTBEAT_SECONDS)
            if self._stopping.is_set():
                until = until or time.monotonic() + STOP_SECONDS
                if future.cancel() or time.monotonic() > until:
                    self._queue.release(self._name, row.id)
                    return False
            if not future.done() and not self._queue.heartbeat(self._name, row.id, self._dispatcher.step_of(task)):
                self._dispatcher.abandon(task, future)
                log.info("cohort cancelled", cohort_id=row.id, request_id=row.request_id)
                return False
        return True

    def _store(self, row: ClaimedCohort, future: Future[PackedCohort]) -> None:
        try:
            answer = future.result()
        except CancelledError:  # the executor was closed
            self._queue.release(self._name, row.id)
        except FittingError as error:
            self._fail(row, error)
        except MemoryExhausted:
            self._fail(row, self._dispatcher.out_of_memory())
        except Defect as error:
            log.error("cohort defect", cohort_id=row.id, error=error.kind, frames=error.frames)
            self._fail(row, _defect())
        except Exception as error:
            if not is_crash(error):
                log.error("executor defect", cohort_id=row.id, error=type(error).__name__)
                self._fail(row, _defect())
            elif row.attempts < MAX_ATTEMPTS:
                log.warning("worker lost", cohort_id=row.id, request_id=row.request_id, attempt=row.attempts)
                self._queue.release(self._name, row.id)
            else:
                self._fail(row, OverDeadline("The cohort was not analysed in time, or its worker died, three times."))
        else:
            if self._queue.succeed(row.id, self._name, answer):
                self._metrics.cohorts.labels("succeeded").inc()
                log.info("cohort succeeded", cohort_id=row.id, seconds=round(answer.seconds, 3))

    def _fail(self, row: ClaimedCohort, error: FittingError | ServiceProblem) -> None:
        problem: ProblemDocument = problem_of(error, row.request_id)
        if self._queue.fail(row.id, self._name, problem):
            self._metrics.cohorts.labels(problem.code).inc()
            log.info("cohort failed", cohort_id=row.id, request_id=row.request_id, code=problem.code)


def _defect() -> InternalError:
    return InternalError(
        "The cohort ended with an unexpected error; the operator finds it in the log by the request_id."
    )
