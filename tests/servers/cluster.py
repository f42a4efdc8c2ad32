"""A real dask cluster: a scheduler and workers, each a process that can be killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Cluster:
    """Processes by name; each with its nanny in a session of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.port = free_port()
        self.address = f"dask+tcp://127.0.0.1:{self.port}"

    def start_scheduler(self) -> None:
        """Start the scheduler, at the same address each time."""
        options = ["--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard", "--no-show"]
        self._start("scheduler", "scheduler", *options)
        wait_for_port(self.port)

    def start_worker(self, name: str) -> None:
        """Start a worker of one thread that comes back when it is killed but not when its nanny is."""
        options = ["--nworkers", "1", "--nthreads", "1", "--no-dashboard", "--name", name, "--death-timeout", "60"]
        self._start(name, "worker", f"tcp://127.0.0.1:{self.port}", *options)

    def kill(self, name: str) -> None:
        """As a power cut does."""
        process = self._processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """Kill everything."""
        for name in list(self._processes):
            self.kill(name)

    def _start(self, name: str, kind: str, *arguments: str) -> None:
        command = [sys.executable, "-m", "distributed.cli.dask_" + kind, *arguments]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "DASK_TEMPORARY_DIRECTORY": str(self._folder)}
        with (self._folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                command, env=environment, cwd=self._folder, stdout=log, stderr=log, start_new_session=True
            )


@contextmanager
def cluster(folder: Path, *workers: str) -> Iterator[Cluster]:
    """A scheduler with these workers."""
    started = Cluster(folder)
    try:
        started.start_scheduler()
        for name in workers:
            started.start_worker(name)
        yield started
    finally:
        started.stop()


def free_port() -> int:
    """A free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, seconds: float = 60) -> None:
    """Wait until the port accepts connections."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
