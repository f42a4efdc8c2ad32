"""Interface of every worker pool."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor
from dataclasses import dataclass

from service.workers.messages import Send, WorkerMessage


@dataclass(frozen=True, slots=True)
class Pool:
    """A ``concurrent.futures.Executor`` with what it lacks: messages of its workers and a way to kill one."""

    executor: Executor
    workers: Callable[[], int]
    """How many tasks run at once."""
    close: Callable[[], None]
    """End it without waiting for its tasks."""
    send: Send
    """Travels with a task; sends its messages."""
    messages: Callable[[], list[WorkerMessage]]
    """Messages received since the last call."""
    kill: Callable[[str], None]
    """Kill one worker, by its name in the messages, with whatever it does."""
    interrupt: Callable[[str], None]
    """Have one worker leave the task it is at, if that task allows it; does nothing where workers cannot be told."""
    is_alive: Callable[[], bool]
    """Whether it can take tasks."""
    shares_fate: bool
    """Whether the death of a worker loses the tasks of the others too."""
    memory: int | None
    """Bytes of address space that each worker may take; None without a limit set here."""


def is_crash(error: BaseException) -> bool:
    """Whether the worker died, rather than the task raised."""
    return isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"
