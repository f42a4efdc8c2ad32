"""What the service needs of a place where fits run, whichever it is."""

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
    is_alive: Callable[[], bool]
    """Can it take tasks?"""
    shares_fate: bool
    """When a worker dies, are the others' tasks lost with its own?"""
    memory: int | None
    """Bytes of address space that each worker may take; None without a limit set here."""


def is_crash(error: BaseException) -> bool:
    """Did the worker die, rather than the task raise?"""
    return isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"
