"""From queued cohorts to stored answers: the worker pool gets one cohort at a time.

The worker leaves a cohort that is cancelled while it computes; a thread (``inline:``) or a worker of a cluster finishes
it, and its answer is dropped.
"""

from __future__ import annotations

import time
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as StillRunning
from contextlib import suppress

import structlog

from fitting.errors import FittingError
from service.documents import PackedCohort
from service.errors import OverDeadline
from service.jobs.dispatcher import Dispatcher
from service.jobs.side_runner import HEARTBEAT_SECONDS, MAX_ATTEMPTS, STOP_SECONDS, SideRunner
from service.jobs.tasks import Defect, MemoryExhausted, run_cohort
from service.metrics import Metrics
from service.storage.cohort_queue import ClaimedCohort, CohortQueue
from service.workers.executors import is_crash

log = structlog.get_logger()


class CohortRunner(SideRunner[ClaimedCohort]):
    """A thread that works on the cohorts of one queue."""

    noun = "cohort"

    def __init__(self, queue: CohortQueue, dispatcher: Dispatcher, metrics: Metrics) -> None:
        super().__init__(queue, dispatcher, metrics.cohorts)
        self._queue = queue

    def _claim(self) -> ClaimedCohort | None:
        return self._queue.claim(self._name)

    def _work(self, row: ClaimedCohort) -> None:
        task = f"cohort-{row.id}-{row.attempts}"
        future = self._dispatcher.compute(task, run_cohort, row.source)
        if self._awaited(row, task, future):
            self._store(row, future)

    def _awaited(self, row: ClaimedCohort, task: str, future: Future[PackedCohort]) -> bool:
        """Whether the answer is there, and still wanted."""
        until: float | None = None
        while not future.done():
            with suppress(StillRunning, CancelledError):
                future.exception(timeout=0.2 if self._stopping.is_set() else HEARTBEAT_SECONDS)
            if self._stopping.is_set():
                until = until or time.monotonic() + STOP_SECONDS
                if future.cancel() or time.monotonic() > until:
                    self._release(row, count_attempt=False)
                    return False
            step = {"step": self._dispatcher.step_of(task)}
            if not future.done() and not self._queue.heartbeat(self._name, row.id, step):
                self._dispatcher.abandon(task, future)
                log.info("cohort cancelled", id=row.id, request_id=row.request_id)
                return False
        return True

    def _store(self, row: ClaimedCohort, future: Future[PackedCohort]) -> None:
        try:
            answer = future.result()
        except CancelledError:  # the executor was closed
            self._release(row, count_attempt=False)
        except FittingError as error:
            self._fail(row, error)
        except MemoryExhausted:
            self._fail(row, self._dispatcher.out_of_memory())
        except Defect as error:
            log.error("cohort defect", id=row.id, error=error.kind, frames=error.frames)
            self._fail(row, self._defect())
        except Exception as error:
            if not is_crash(error):
                log.error("executor defect", id=row.id, error=type(error).__name__)
                self._fail(row, self._defect())
            elif row.attempts < MAX_ATTEMPTS:
                log.warning("worker lost", id=row.id, request_id=row.request_id, attempt=row.attempts)
                self._release(row, count_attempt=True)
            else:
                self._fail(row, OverDeadline("The cohort was not analysed in time, or its worker died, three times."))
        else:
            if self._queue.succeed(row.id, self._name, answer):
                self._succeeded(row, answer.seconds)
