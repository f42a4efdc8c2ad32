"""Fits on a dask cluster: the only module that knows dask."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

import structlog
from distributed import Client, WorkerPlugin, get_worker

from service.workers.interruption import cannot_interrupt
from service.workers.memory import limit_memory
from service.workers.messages import WorkerMessage
from service.workers.pool import Pool

CONNECT_SECONDS = 10.0
RESTART_SECONDS = 30.0
_TOPIC = "mrsquant-messages"

log = structlog.get_logger()


def open_cluster(address: str, worker_memory: int | None) -> Pool:
    """The cluster whose scheduler listens at ``address``, such as ``tcp://host:8786``.

    Raises
    ------
    OSError
        When no scheduler answers there.
    """
    connect: Callable[..., Any] = Client  # it has no type hints
    client = connect(address, timeout=CONNECT_SECONDS, set_as_default=False)
    if worker_memory is not None:
        client.register_plugin(_MemoryLimit(worker_memory))
    received: SimpleQueue[WorkerMessage] = SimpleQueue()
    client.subscribe_topic(_TOPIC, lambda event: received.put(WorkerMessage(*event[1])))
    return Pool(
        # the dispatcher retries a task whose worker died and counts it; dask would retry uncounted
        executor=client.get_executor(pure=False, retries=0),
        workers=lambda: max(1, sum(client.ncores().values())),
        close=client.close,
        send=send,
        messages=partial(_drained, received),
        kill=partial(_restart, client),
        interrupt=cannot_interrupt,
        is_alive=lambda: client.status in ("running", "connecting"),
        shares_fate=False,
        memory=worker_memory,
    )


class _MemoryLimit(WorkerPlugin):
    """Each worker limits itself when it joins; dask's own ``--memory-limit`` only samples periodically."""

    name = "mrsquant-memory-limit"

    def __init__(self, memory: int) -> None:
        self.memory = memory

    def setup(self, worker: Any) -> None:  # noqa: ARG002 -- dask's signature
        limit_memory(self.memory)


def send(task_id: str, stage: str) -> None:
    """Send from a worker to the scheduler, which passes it on to its subscribers."""
    worker = get_worker()
    worker.log_event(_TOPIC, list(WorkerMessage(task_id, stage, worker.address, time.time())))


def _drained(received: SimpleQueue[WorkerMessage]) -> list[WorkerMessage]:
    messages = []
    while True:
        try:
            messages.append(received.get_nowait())
        except Empty:
            return messages


def _restart(client: Any, worker: str) -> None:
    """Have the worker's nanny kill and replace it; its other tasks go to other workers. Does not wait for it."""
    restart = partial(client.restart_workers, [worker], timeout=RESTART_SECONDS, raise_for_error=False)
    threading.Thread(target=_logged, args=(restart, worker), daemon=True, name="restart").start()


def _logged(restart: Callable[[], Any], worker: str) -> None:
    try:
        restart()
    except Exception as error:  # dask raises many kinds; the worker stays as it is, and others continue
        log.error("cluster worker cannot be restarted", worker=worker, error=type(error).__name__)
