"""Open the ``Pool`` at an executor's address."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from queue import Empty, SimpleQueue

from service.settings import executor_parts
from service.workers.interruption import Interruption, cannot_interrupt, interrupt
from service.workers.memory import limit_memory, share_of_machine
from service.workers.messages import ParentPipe, WorkerMessage
from service.workers.pool import Pool, is_crash

__all__ = ["Pool", "UnusableExecutor", "is_crash", "open_executor"]

_TASKS_MODULE = "service.jobs.tasks"


class UnusableExecutor(ValueError):
    """The executor at this address cannot be used."""


def open_executor(address: str, worker_memory: int | None = None) -> Pool:
    """Open the executor at ``address``, such as ``processes:4``, ``inline:`` or ``dask+tcp://host:8786``.

    Parameters
    ----------
    address : str
    worker_memory : int or None
        Bytes of address space that each worker may take. By default those of ``processes:`` get their share of the
        machine's memory, and those of a cluster what its operator gave them; ``inline:`` has no worker to limit.

    Raises
    ------
    UnusableExecutor
        When the address is none of these, or the cluster extra is not installed.
    OSError
        When the cluster does not answer.
    """
    try:
        scheme, rest = executor_parts(address)
    except ValueError as error:
        raise UnusableExecutor(f"MRSQUANT_EXECUTOR = '{address}': {error}") from error
    return SCHEMES[scheme](rest, worker_memory)


def _inline(_rest: str, _worker_memory: int | None) -> Pool:
    """One thread of this process. A task that hangs cannot be ended, only abandoned."""
    executor = ThreadPoolExecutor(1, thread_name_prefix="analysis")
    sent: SimpleQueue[WorkerMessage] = SimpleQueue()
    closed = threading.Event()

    def messages() -> list[WorkerMessage]:
        received = []
        with suppress(Empty):
            while True:
                received.append(sent.get_nowait())
        return received

    def close() -> None:
        closed.set()
        executor.shutdown(wait=False, cancel_futures=True)

    return Pool(
        executor=executor,
        workers=lambda: 1,
        close=close,
        send=lambda task_id, stage: sent.put(WorkerMessage(task_id, stage, "inline", time.time())),
        messages=messages,
        kill=lambda _: close(),
        interrupt=cannot_interrupt,
        is_alive=lambda: not closed.is_set(),
        shares_fate=False,
        memory=None,
    )


def _processes(rest: str, worker_memory: int | None) -> Pool:
    workers = int(rest or os.cpu_count() or 1)
    memory = worker_memory or share_of_machine(workers)
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        # inherited by the workers: one thread each, for the cores are shared out among processes already
        os.environ.setdefault(variable, "1")
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    context.set_forkserver_preload([_TASKS_MODULE])
    lifeline, hold = context.Pipe(duplex=False)
    receiving, sending = context.Pipe(duplex=False)
    executor = ProcessPoolExecutor(
        workers, mp_context=context, initializer=_begin_worker, initargs=(lifeline, sending, memory)
    )

    def close() -> None:
        executor.shutdown(wait=False, cancel_futures=True)
        for end in (hold, lifeline, receiving, sending):
            end.close()

    return Pool(
        executor=executor,
        workers=lambda: workers,
        close=close,
        send=ParentPipe.send,
        messages=partial(ParentPipe.received, receiving),
        kill=_kill,
        interrupt=interrupt,
        is_alive=lambda: True,  # a broken pool shows in the tasks that are lost
        shares_fate=True,
        memory=memory,
    )


def _kill(worker: str) -> None:
    with suppress(ProcessLookupError):
        os.kill(int(worker), signal.SIGKILL)


def _begin_worker(lifeline: Connection, to_parent: Connection, memory: int) -> None:
    """A worker leaves Ctrl-C to its parent, ends when the parent lets go of the lifeline or dies, and has a limit."""
    limit_memory(memory)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Interruption.listen()
    threading.Thread(target=_end_with_parent, args=(lifeline,), daemon=True, name="lifeline").start()
    ParentPipe.join(to_parent)


def _end_with_parent(lifeline: Connection) -> None:
    lifeline.poll(None)  # nothing is ever sent, so it becomes readable only when the other end is closed
    os._exit(1)


def _dask(rest: str, worker_memory: int | None) -> Pool:
    try:
        from service.workers.cluster import open_cluster  # noqa: PLC0415 (the extra `cluster` is optional)
    except ImportError as error:
        raise UnusableExecutor(
            "MRSQUANT_EXECUTOR = 'dask+tcp://...' needs: pip install 'mrsquant[cluster]'."
        ) from error
    return open_cluster(f"tcp:{rest}", worker_memory)


SCHEMES: dict[str, Callable[[str, int | None], Pool]] = {"processes": _processes, "inline": _inline, "dask+tcp": _dask}
"""The known kinds of executors."""
