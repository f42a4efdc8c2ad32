"""Interrupt a task inside its worker process, which lives on and takes the next task."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Interrupted(Exception):
    """The task was interrupted, for nobody waits for its answer."""


class Interruption:
    """Whether the task of this process may be interrupted at the moment; a worker runs one at a time."""

    _is_allowed = False

    @classmethod
    @contextmanager
    def allowed(cls) -> Iterator[None]:
        """Let the enclosed work be interrupted.

        Raises
        ------
        Interrupted
            When it is.
        """
        cls._is_allowed = True
        try:
            yield
        finally:
            cls._is_allowed = False

    @classmethod
    def listen(cls) -> None:
        """Have this process, a worker, interrupt its task when its parent says so."""

        def interrupted(_number: int, _frame: object) -> None:
            if cls._is_allowed:
                cls._is_allowed = False
                raise Interrupted

        signal.signal(signal.SIGUSR1, interrupted)


def interrupt(worker: str) -> None:
    """Interrupt the task of a worker process, by its name in the messages; others go on undisturbed."""
    with suppress(ProcessLookupError):
        os.kill(int(worker), signal.SIGUSR1)


def cannot_interrupt(_worker: str) -> None:
    """Let a worker finish: a thread, or a worker of a cluster, cannot be told to stop."""
