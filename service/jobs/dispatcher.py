"""From queued rows to running tasks and back: claims, submits, collects, and survives workers that die or hang.

The row is the truth; a future is only how the answer travels. At most two tasks for each worker are handed
out, so that the queue stays in the database, where it can be cancelled and seen.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from fitting import run
from fitting.norms import Controls, FurtherLaboratory
from fitting.run import Inspection, Job
from fitting.sites import Site
from service.documents import PackedAnalysis
from service.errors import DamagedStorage, OutOfMemory, OverDeadline
from service.jobs.instance import Instance
from service.jobs.outcomes import Outcomes, out_of_memory
from service.jobs.pool_supervisor import Limits, PoolSupervisor
from service.jobs.tasks import Analyse, Inspect, run_analysis
from service.logs import frames_of
from service.metrics import Metrics
from service.storage.events import EventRepository
from service.storage.files import INPUTS, by_role
from service.storage.queue import Claimed, JobQueue
from service.telemetry import Tracing

POLL_SECONDS = 0.5
"""How soon work that another process queued is seen."""
HEARTBEAT_SECONDS = 3.0
STALE_AFTER = timedelta(seconds=20)
"""Without a heartbeat for this long an instance is considered dead."""
STOP_SECONDS = 10.0
"""How long a stopping service waits for the fits that are running."""

Answer = TypeVar("Answer")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Held:
    """An analysis that is ours, and where its answer will be."""

    row: Claimed
    future: Future[PackedAnalysis]


class Dispatcher:
    """A thread that keeps one executor busy with the analyses of one queue."""

    def __init__(
        self,
        queue: JobQueue,
        events: EventRepository,
        *,
        site_norms: Callable[[str, datetime], tuple[Controls, ...]] = lambda *_: (),
        sites: Callable[[str, datetime], tuple[Site, ...]] = lambda *_: (),
        laboratories: Callable[[str, datetime], tuple[FurtherLaboratory, ...]] = lambda *_: (),
        executor: str,
        limits: Limits,
        cache_dir: Path,
        instances_dir: Path,
        metrics: Metrics,
        has_storage: Callable[[], bool] = lambda: True,
        tracing: Tracing | None = None,
        analyse: Analyse = run.analyse,
        inspect: Inspect = run.inspect,
    ) -> None:
        self._queue = queue
        self._events = events
        self._site_norms = site_norms
        self._sites = sites
        self._laboratories = laboratories
        self._supervisor = PoolSupervisor(executor, limits, inspect, self.wake)
        self._limits = limits
        self._task = partial(run_analysis, cache_dir=cache_dir, analyse=analyse)
        self._instances_dir = instances_dir
        self._metrics = metrics
        self._has_storage = has_storage
        self._tracing = tracing
        self._in_flight: dict[str, _Held] = {}
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._next_heartbeat = 0.0
        self._runs_alone = False
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)

    def start(self) -> None:
        """Open the executor, warm its workers and begin."""
        self._instance = Instance(self._instances_dir)
        self._outcomes = Outcomes(
            self._queue, self._events, self._supervisor, self._metrics, self._tracing, self._instance.name
        )
        self._supervisor.open()
        self._thread.start()

    def stop(self) -> None:
        """Let running fits end for a while, put the others back into the queue and close the executor."""
        self._stopping.set()
        self._wake.set()
        self._thread.join()
        self._instance.close()

    def wake(self) -> None:
        """Say that something was queued."""
        self._wake.set()

    def cancel(self, analysis_id: str) -> None:
        """Spare the workers an analysis that was cancelled, if it is not computing yet."""
        held = self._in_flight.get(analysis_id)
        if held is not None:
            held.future.cancel()

    def inspect(self, job: Job) -> Future[Inspection]:
        """Have a worker say what would be analysed.

        Raises
        ------
        NotReady
            When there is no worker at the moment.
        """
        return self._supervisor.inspect(job)

    def compute(self, task_id: str, task: Callable[..., Answer], *given: Any) -> Future[Answer]:
        """Have a worker do a task outside of the queue of analyses.

        Raises
        ------
        NotReady
            When there is no worker at the moment.
        """
        return self._supervisor.compute(task_id, self._limits.deadline + self._limits.grace, task, *given)

    def abandon(self, task_id: str, future: Future[Answer]) -> None:
        """Spare the workers such a task: it is not begun, or its worker leaves it where workers can be told."""
        if not future.cancel():
            self._supervisor.interrupt(task_id)

    @property
    def workers(self) -> int:
        """How many tasks run at once; at least one, also while the workers are being replaced."""
        return max(1, self._supervisor.workers)

    def step_of(self, task_id: str) -> str | None:
        """What a worker last said about such a task."""
        run = self._supervisor.run_of(task_id)
        return run.stages[-1][0] if run is not None and run.stages else None

    def out_of_memory(self) -> OutOfMemory:
        """The problem of a task that took more memory than its worker may."""
        return out_of_memory(self._supervisor.memory)

    @property
    def ready(self) -> bool:
        """Whether the workers have answered and the dispatcher runs."""
        return self._thread.is_alive() and self._supervisor.ready

    def _run(self) -> None:
        while not self._stopping.is_set():
            for part in (self._heartbeat, self._collect, self._end_overdue, self._fill):
                self._guarded(part)
            self._wake.wait(POLL_SECONDS)
            self._wake.clear()
        self._wind_down()

    def _guarded(self, part: Callable[[], None]) -> bool:
        """Run one part of the work; an exception is logged and may not stop the others."""
        try:
            part()
        except (SQLAlchemyError, OSError) as error:
            log.error("database, disk or cluster does not answer", error=type(error).__name__)
        except Exception as error:
            log.error("dispatcher defect", error=type(error).__name__, frames=frames_of(error))
        else:
            return True
        return False

    def _heartbeat(self) -> None:
        if time.monotonic() < self._next_heartbeat:
            return
        if self._in_flight:
            self._queue.heartbeat(self._instance.name, self._in_flight.keys())
        dead = {name for name in self._queue.owners() if self._instance.is_dead(name)}
        for row in self._queue.stale(STALE_AFTER, dead):
            if row.claimed_by == self._instance.name:  # claimed, but then the database failed before it was submitted
                self._outcomes.release(row)
            else:
                self._outcomes.take_over(row, row.claimed_by)
        for name in dead:
            self._instance.forget(name)
        self._next_heartbeat = time.monotonic() + HEARTBEAT_SECONDS

    def _collect(self) -> None:
        done = [held for held in list(self._in_flight.values()) if held.future.done()]
        # after the look at the futures: whatever they said before they were done is there now
        steps = [(item.task_id, item.stage) for item in self._supervisor.receive() if item.task_id in self._in_flight]
        if steps:
            self._guarded(partial(self._events.note_steps, self._instance.name, steps))
        for held in done:
            # what cannot be stored now is kept until it can
            if self._guarded(partial(self._outcomes.store, held.row, held.future)):
                self._forget(held.row.id)
        if not self._in_flight:
            self._runs_alone = False
        self._metrics.in_flight.set(len(self._in_flight))

    def _forget(self, analysis_id: str) -> None:
        del self._in_flight[analysis_id]
        self._supervisor.forget(analysis_id)

    def _end_overdue(self) -> None:
        for task_id in self._supervisor.overdue():
            held = self._in_flight.get(task_id)
            if held is not None and held.future.done():
                continue  # it came back just now
            if held is not None:
                held.future.cancel()  # before, so that a cluster does not start it anew elsewhere
            self._supervisor.kill(task_id)
            if held is not None:
                del self._in_flight[task_id]
                what = f"did not come back in time {held.row.attempts} times and was ended"
                self._outcomes.retry_or_fail(held.row, OverDeadline, what)

    def _fill(self) -> None:
        if self._supervisor.is_broken:
            if not self._supervisor.shares_fate:
                for held in self._in_flight.values():
                    held.future.cancel()
            self._supervisor.replace()
        free = 2 * self._supervisor.workers - len(self._in_flight)
        if self._runs_alone or free <= 0:
            return
        waiting = self._queue.waiting()
        if not any(waiting) or not self._has_storage():
            return
        if self._supervisor.shares_fate and waiting.retries:
            # one that may kill its worker runs alone, or its neighbours would be blamed with it
            if not self._in_flight:
                claimed = self._queue.claim(self._instance.name, 1, retried=True)
                self._runs_alone = bool(claimed)
                self._submit_all(claimed)
        else:
            retried = False if self._supervisor.shares_fate else None
            self._submit_all(self._queue.claim(self._instance.name, free, retried=retried))

    def _submit_all(self, rows: list[Claimed]) -> None:
        for row in rows:
            try:
                job = self._job(row)
            except DamagedStorage as error:
                if self._has_storage():
                    self._outcomes.end_by_damage(row, error)
                else:  # it only seems damaged, because the folder is gone
                    self._outcomes.release(row)
                continue
            except (OSError, ValueError) as error:
                # the disk fails, or a stored request is no longer understood
                log.error("analysis cannot start", analysis_id=row.id, error=type(error).__name__)
                self._outcomes.end_by_defect(row)
                continue
            future = self._supervisor.submit(row.id, self._limits.of(job.options), self._task, job)
            if future is None:
                self._outcomes.release(row)
                continue
            self._in_flight[row.id] = _Held(row, future)
            future.add_done_callback(lambda _: self._wake.set())
        self._metrics.in_flight.set(len(self._in_flight))

    def _job(self, row: Claimed) -> Job:
        files = by_role(self._queue.files.content(row.id, *INPUTS))
        own = (row.project, row.created)
        return Job.of(row.request, files, self._site_norms(*own), self._sites(*own), self._laboratories(*own))

    def _wind_down(self) -> None:
        running = [held.future for held in self._in_flight.values() if not held.future.cancel()]
        wait(running, timeout=STOP_SECONDS)
        for part in (self._collect, self._release_all):
            self._guarded(part)
        self._supervisor.close()

    def _release_all(self) -> None:
        # cancelled futures are gone from the table of those in flight, but their rows are still ours
        self._queue.release(self._instance.name, count_attempt=False)
