"""Where fits run: one address, one ``concurrent.futures.Executor``, whatever stands behind it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

_TASKS_MODULE = "service.jobs.tasks"


class Pool(NamedTuple):
    """An executor, how many tasks it runs at once, and how to end it without waiting for its tasks."""

    executor: Executor
    workers: int
    close: Callable[[], None]


class UnusableExecutor(ValueError):
    """The executor's address is not one of the known kinds."""


def open_executor(address: str) -> Pool:
    """Open the executor at ``address``, such as ``processes:4``, ``inline:`` or ``dask+tcp://host:8786``.

    Raises
    ------
    UnusableExecutor
        When the address is none of these.
    """
    scheme, colon, rest = address.partition(":")
    if not colon or scheme not in SCHEMES:
        raise UnusableExecutor(f"MRSQUANT_EXECUTOR = '{address}': use processes:N, inline: or dask+tcp://host:8786.")
    return SCHEMES[scheme](rest)


def is_crash(error: BaseException) -> bool:
    """Did the worker die, rather than the task raise?"""
    return isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"


def _inline(rest: str) -> Pool:
    if rest:
        raise UnusableExecutor(f"MRSQUANT_EXECUTOR = 'inline:{rest}': 'inline:' takes no number.")
    executor = ThreadPoolExecutor(1, thread_name_prefix="analysis")
    return Pool(executor, 1, partial(executor.shutdown, wait=False, cancel_futures=True))


def _processes(rest: str) -> Pool:
    if rest and not (rest.isascii() and rest.isdigit() and int(rest) > 0):
        raise UnusableExecutor(f"MRSQUANT_EXECUTOR = 'processes:{rest}': N must be a whole number above 0.")
    workers = int(rest or os.cpu_count() or 1)
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        # inherited by the workers: one thread each, for the cores are shared out among processes already
        os.environ.setdefault(variable, "1")
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    context.set_forkserver_preload([_TASKS_MODULE])
    lifeline, hold = context.Pipe(duplex=False)
    executor = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker, initargs=(lifeline,))

    def close() -> None:
        executor.shutdown(wait=False, cancel_futures=True)
        hold.close()

    return Pool(executor, workers, close)


def _begin_worker(lifeline: Connection) -> None:
    """A worker leaves Ctrl-C to its parent, and ends when the parent lets go of the lifeline or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, args=(lifeline,), daemon=True, name="lifeline").start()


def _end_with_parent(lifeline: Connection) -> None:
    lifeline.poll(None)  # nothing is ever sent, so it answers when the other end is gone
    os._exit(1)


def _dask(rest: str) -> Pool:
    try:
        from distributed import Client  # noqa: PLC0415 (the extra `cluster` is optional)
    except ImportError as error:
        raise UnusableExecutor(
            "MRSQUANT_EXECUTOR = 'dask+tcp://...' needs: pip install 'mrsquant[cluster]'."
        ) from error
    connect: Callable[..., Any] = Client  # it has no type hints
    client = connect(f"tcp:{rest}", set_as_default=False)
    executor = client.get_executor(pure=False, retries=0)
    return Pool(executor, max(1, sum(client.ncores().values())), client.close)


SCHEMES: dict[str, Callable[[str], Pool]] = {"processes": _processes, "inline": _inline, "dask+tcp": _dask}
"""The known kinds of executors."""
