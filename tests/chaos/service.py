"""The service as a process of its own that can be killed; only the numerics are stand-ins."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import psutil
import uvicorn

from service.app import create_app
from service.server import server_config
from service.settings import Settings
from tests import fake_pipeline

ROOT = Path(__file__).parents[2]


class Service:
    """One service at one port, started again and again."""

    def __init__(
        self, port: int, environment: Mapping[str, str], log: Path, module: str = "tests.chaos.service", *more: str
    ) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._command = [sys.executable, "-m", module, str(port), *more]
        self._environment = os.environ | environment | {"PYTHONPATH": str(ROOT)}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the process that answers requests."""
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self, more: Mapping[str, str] | None = None) -> None:
        """Start it, with ``more`` in its environment for this once; does not wait until it answers."""
        environment = {**self._environment, **(more or {})}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )

    def ended(self, seconds: float = 60) -> int:
        """The exit code, once it has ended by itself.

        Raises
        ------
        subprocess.TimeoutExpired
            When it goes on.
        """
        assert self._process is not None
        return self._process.wait(seconds)

    def wait(self, address: str = "/healthz", seconds: float = 180) -> None:
        """Until it answers there."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                urllib.request.urlopen(self.url + address, timeout=5).close()
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def kill(self) -> None:
        """As a power cut does: only the service, so that what it leaves behind has to end by itself."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def workers(self) -> list[psutil.Process]:
        """The processes that compute: children of the fork server."""
        descendants = psutil.Process(self.pid).children(recursive=True)
        return [process for process in descendants if process.ppid() != self.pid]

    def stop(self) -> bool:
        """End it in order; whether it ended within its grace period."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(60) in (0, -signal.SIGTERM)  # the server passes the signal on when all is done


if __name__ == "__main__":
    settings = Settings()
    application = create_app(settings, analyse=fake_pipeline.analyse, inspect=fake_pipeline.inspect)
    uvicorn.Server(server_config(application, settings, port=int(sys.argv[1]))).run()
