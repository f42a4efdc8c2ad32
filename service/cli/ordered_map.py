"""Worker processes with results in manifest order: bounded memory, and a crash loses only the task that crashed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import BrokenExecutor, Future, wait
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from service.workers.executors import Pool, is_crash, open_executor

Item = TypeVar("Item")
Result = TypeVar("Result")

IN_FLIGHT_PER_WORKER = 4
"""Tasks submitted and not yet yielded, per worker: enough to keep all busy, few enough to bound memory."""


@dataclass(frozen=True, slots=True)
class Crashed:
    """The worker process died on this task, also when it ran alone."""


def map_in_order(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int, worker_memory: int | None = None
) -> Generator[tuple[Item, Result | Crashed]]:
    """Run ``function`` on every item in ``workers`` processes and yield the results in the items' order.

    When a worker dies, the tasks that went down with it are repeated one at a time, so that only the
    one that kills its worker is lost, and the pool is replaced. Closing the iterator ends the workers.
    Each worker may take ``worker_memory`` bytes, by default its share of the machine's memory.
    """
    ordered = _OrderedTasks(function, partial(_open, worker_memory), workers)
    try:
        for item in items:
            ordered.submit(item)
            if len(ordered.tasks) == IN_FLIGHT_PER_WORKER * workers:
                yield ordered.take_first()
        while ordered.tasks:
            yield ordered.take_first()
    finally:
        ordered.pool.close()


@dataclass(slots=True)
class _Task(Generic[Item, Result]):
    item: Item
    future: Future[Result]
    ran_alone: bool = False

    @property
    def crashed(self) -> bool:
        """Whether a worker died before the result was there; waits until that is known."""
        error = self.future.exception()
        return error is not None and is_crash(error)

    @property
    def lost(self) -> bool:
        """Whether it may have been lost with another task's worker and must be run again."""
        return not self.ran_alone and self.crashed


class _OrderedTasks(Generic[Item, Result]):
    def __init__(self, function: Callable[[Item], Result], open_pool: Callable[[int], Pool], workers: int) -> None:
        self.function = function
        self.open_pool = open_pool
        self.workers = workers
        self.pool = open_pool(workers)
        self.tasks: deque[_Task[Item, Result]] = deque()

    def submit(self, item: Item) -> None:
        self.tasks.append(_Task(item, _submit(self.pool, self.function, item)))

    def take_first(self) -> tuple[Item, Result | Crashed]:
        if self.tasks[0].lost:
            self.pool.close()
            for task in self.tasks:
                if task.lost:
                    self._run_alone(task)
            self.pool = self.open_pool(self.workers)
        first = self.tasks.popleft()
        return first.item, Crashed() if first.crashed else first.future.result()

    def _run_alone(self, task: _Task[Item, Result]) -> None:
        pool = self.open_pool(1)
        try:
            task.future = _submit(pool, self.function, task.item)
            task.ran_alone = True
            wait([task.future])
        finally:
            pool.close()


def _open(worker_memory: int | None, workers: int) -> Pool:
    return open_executor(f"processes:{workers}", worker_memory)


def _submit(pool: Pool, function: Callable[[Item], Result], item: Item) -> Future[Result]:
    try:
        return pool.executor.submit(function, item)
    except BrokenExecutor as error:
        lost: Future[Result] = Future()
        lost.set_exception(error)
        return lost
