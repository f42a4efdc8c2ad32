"""Messages of workers while they work: which task reached which stage, on which worker, when."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import NamedTuple

STARTED = "started"
"""The first stage of every task: a worker took it from the executor's queue."""

Send = Callable[[str, str], None]
"""Takes a task's id and a stage; picklable, so that it can travel with the task."""


class WorkerMessage(NamedTuple):
    """One message of a worker."""

    task_id: str
    stage: str
    worker: str
    """Name of the worker for ``Pool.kill``."""
    at: float
    """Seconds since the epoch, by the worker's clock."""


def discard(task_id: str, stage: str) -> None:
    """Send nothing."""


class ParentPipe:
    """The pipe from worker processes to their parent.

    Every message is one write shorter than PIPE_BUF, which POSIX makes atomic, so the workers share the pipe without
    a lock that a killed one could take with it.
    """

    _sending: Connection | None = None

    @classmethod
    def join(cls, sending: Connection) -> None:
        """Let this process send to its parent from now on."""
        os.set_blocking(sending.fileno(), False)
        cls._sending = sending

    @classmethod
    def send(cls, task_id: str, stage: str) -> None:
        """Send to the parent; work continues when the parent does not read."""
        if cls._sending is not None:
            with suppress(OSError):
                cls._sending.send_bytes(
                    json.dumps(WorkerMessage(task_id, stage, str(os.getpid()), time.time())).encode()
                )

    @staticmethod
    def received(receiving: Connection) -> list[WorkerMessage]:
        """Everything that was sent since the last call."""
        messages = []
        with suppress(OSError, EOFError):
            while receiving.poll():
                messages.append(WorkerMessage(*json.loads(receiving.recv_bytes())))
        return messages
