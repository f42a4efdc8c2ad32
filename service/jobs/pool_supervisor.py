"""The worker pool of one dispatcher: opens and replaces it, submits tasks, and kills workers that hang."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import structlog

from fitting.request import Options
from fitting.run import Inspection, Job
from service.documents import PackedAnalysis
from service.errors import NotReady
from service.jobs.task_monitor import TaskMonitor, TaskRun
from service.jobs.tasks import Inspect, run_inspection, warm
from service.workers.executors import Pool, UnusableExecutor, open_executor
from service.workers.messages import WorkerMessage

Answer = TypeVar("Answer")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a worker may take, seconds, and how much memory."""

    deadline: float = 300.0
    grace: float = 30.0
    memory: int | None = None
    """Bytes of address space of a worker; None leaves it to the executor."""

    def of(self, options: Options) -> float:
        """The deadline of the request, or else the operator's, and some grace for coming back."""
        return (options.deadline_seconds or self.deadline) + self.grace


class PoolSupervisor:
    """Supervises one pool at a time, and knows which worker runs which task."""

    def __init__(self, executor: str, limits: Limits, inspect: Inspect, wake: Callable[[], None]) -> None:
        self._open: Callable[[], Pool] = partial(open_executor, executor, limits.memory)
        self._limits = limits
        self._inspect = inspect
        self._wake = wake
        self._tasks = TaskMonitor()
        self._pool: Pool | None = None
        self._warming: list[Future[None]] = []
        self._is_broken = False
        self._pools = 0
        self._ended: set[int] = set()
        """Pools of which we ended a worker: there we know whose fault it is that tasks were lost."""

    def open(self) -> None:
        """Open the pool and warm its workers; when the executor does not answer, it is opened again later.

        Raises
        ------
        UnusableExecutor
            When the address cannot be used whatever happens.
        """
        try:
            self._pool = self._open()
        except OSError as error:
            log.error("executor does not answer", error=type(error).__name__)
            self._is_broken = True
            return
        self._is_broken = False
        self._pools += 1
        self._warming = [self._pool.executor.submit(warm) for _ in range(self._pool.workers())]

    def close(self) -> None:
        """End the workers."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def replace(self) -> None:
        """Close the pool and open another."""
        log.warning("executor replaced")
        self.close()
        self.open()

    @property
    def ready(self) -> bool:
        """Whether all workers have answered."""
        answered = all(future.done() for future in self._warming)
        return self._pool is not None and answered and not self.is_broken

    @property
    def is_broken(self) -> bool:
        """Whether the pool must be replaced."""
        if self._pool is None or not self._pool.is_alive():
            return True
        return self._is_broken or any(_has_failed(future) for future in self._warming)

    @property
    def shares_fate(self) -> bool:
        """Whether the death of a worker loses the tasks of the others too."""
        return self._pool is not None and self._pool.shares_fate

    @property
    def memory(self) -> int | None:
        """Bytes of address space that each worker may take, if it is limited."""
        return None if self._pool is None else self._pool.memory

    @property
    def workers(self) -> int:
        """How many tasks run at once; none while there is no pool."""
        return 0 if self._pool is None else self._pool.workers()

    def submit(
        self, task_id: str, limit: float, task: Callable[..., PackedAnalysis], job: Job
    ) -> Future[PackedAnalysis] | None:
        """Give a task to the pool; None when the pool is broken."""
        if self._pool is None:
            return None
        self._tasks.expect(task_id, limit, self._pools)
        try:
            return self._pool.executor.submit(task, job, task_id=task_id, send=self._pool.send)
        except RuntimeError:  # broken or closed
            self._tasks.forget(task_id)
            self._is_broken = True
            return None

    def inspect(self, job: Job) -> Future[Inspection]:
        """Have a worker say what would be analysed.

        Raises
        ------
        NotReady
            When there is no worker at the moment.
        """
        return self.compute(
            f"inspection-{uuid.uuid4()}", self._limits.of(job.options), run_inspection, job, self._inspect
        )

    def compute(self, task_id: str, limit: float, task: Callable[..., Answer], *given: Any) -> Future[Answer]:
        """Give a worker a task outside of the queue of analyses, which may take ``limit`` seconds.

        Raises
        ------
        NotReady
            When there is no worker at the moment.
        """
        pool = self._pool
        try:
            if pool is None:
                raise UnusableExecutor
            self._tasks.expect(task_id, limit, self._pools)
            future = pool.executor.submit(task, *given, task_id=task_id, send=pool.send)
        except (RuntimeError, UnusableExecutor) as error:  # the executor is broken or being replaced
            self._tasks.forget(task_id)
            self._is_broken = True
            self._wake()
            raise NotReady("The workers are being restarted; try again.", headers={"Retry-After": "5"}) from error
        future.add_done_callback(partial(self._computed, task_id))
        return future

    def _computed(self, task_id: str, future: Future[Any]) -> None:
        self._tasks.forget(task_id)
        if not future.cancelled() and isinstance(future.exception(), BrokenExecutor):
            self._is_broken = True
            self._wake()

    def receive(self) -> list[WorkerMessage]:
        """Messages of the workers since the last call."""
        return [] if self._pool is None else self._tasks.receive(self._pool.messages())

    def run_of(self, task_id: str) -> TaskRun | None:
        """What is known of a task that was not forgotten."""
        return self._tasks.run_of(task_id)

    def forget(self, task_id: str) -> None:
        """The task is over."""
        self._tasks.forget(task_id)

    def overdue(self) -> list[str]:
        """Tasks that take longer than they may."""
        return self._tasks.overdue()

    def kill(self, task_id: str) -> None:
        """Kill the worker that runs the task."""
        run = self._tasks.forget(task_id)
        if self._pool is None or run is None or run.worker is None:
            return
        log.warning("worker ended, it did not come back in time", task_id=task_id, seconds=round(run.limit))
        self._ended.add(run.pool)
        self._pool.kill(run.worker)

    def interrupt(self, task_id: str) -> None:
        """Have the worker leave a task that nobody waits for, if it can be told."""
        run = self._tasks.run_of(task_id)
        if self._pool is not None and run is not None and run.worker is not None and run.pool == self._pools:
            self._pool.interrupt(run.worker)

    def note_crash(self, task_id: str) -> bool:
        """Whether a lost task may be the one that killed its worker."""
        run = self._tasks.run_of(task_id)
        if not self.shares_fate or run is None:
            return True
        if run.pool == self._pools:  # it may be the pool before, which was replaced already
            self._is_broken = True
        return run.worker is not None and run.pool not in self._ended


def _has_failed(future: Future[Any]) -> bool:
    return future.done() and (future.cancelled() or future.exception() is not None)
