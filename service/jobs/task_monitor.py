"""Which tasks run where and since when, from the messages of their workers, and which of them take too long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from service.workers.messages import WorkerMessage


@dataclass(slots=True)
class TaskRun:
    """One task in the executor, from its submission to its answer."""

    limit: float
    """Seconds its worker may take."""
    pool: int
    """Which pool it was given to, counted from 1."""
    worker: str | None = None
    """The worker that runs it; None while it waits in the executor's queue."""
    since: float = 0.0
    """When the message of its start arrived, on our clock."""
    stages: list[tuple[str, float]] = field(default_factory=list)
    """What began when, on the worker's clock."""


class TaskMonitor:
    """The runs of one dispatcher."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._runs: dict[str, TaskRun] = {}

    def expect(self, task_id: str, limit: float, pool: int = 1) -> None:
        """A task goes to the pool of this number; its worker may take ``limit`` seconds."""
        self._runs[task_id] = TaskRun(limit, pool)

    def receive(self, messages: Iterable[WorkerMessage]) -> list[WorkerMessage]:
        """Record messages; returns those about expected tasks."""
        known = []
        for item in messages:
            run = self._runs.get(item.task_id)
            if run is None:
                continue
            if run.worker != item.worker:  # a cluster may start a task anew elsewhere
                run.worker, run.since, run.stages = item.worker, self._clock(), []
            run.stages.append((item.stage, item.at))
            known.append(item)
        return known

    def run_of(self, task_id: str) -> TaskRun | None:
        """What is known of a task's run."""
        return self._runs.get(task_id)

    def overdue(self) -> list[str]:
        """Tasks that take longer than they may."""
        now = self._clock()
        runs = list(self._runs.items())
        return [task_id for task_id, run in runs if run.worker is not None and now - run.since > run.limit]

    def forget(self, task_id: str) -> TaskRun | None:
        """The task is over; what is known of its run."""
        return self._runs.pop(task_id, None)
