"""A new clone of this repository, installed by ``make serve`` as the README says, and its service."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

from tests.servers.cluster import free_port

ROOT = Path(__file__).parents[2]
INSTALL_SECONDS = 600.0


class Checkout:
    """A folder that ``git clone`` made; ``serve`` installs into it and starts its service."""

    def __init__(self, folder: Path) -> None:
        subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
        self.folder = folder
        self.log = folder.with_name("serve.log")
        self.address = ""
        self.data = "build/data"
        self._process: subprocess.Popen[bytes] | None = None

    def serve(self) -> float:
        """Start the service with a data folder of its own; seconds until it answers.

        Raises
        ------
        AssertionError
            When it ends, or does not answer in time; the message is its output.
        """
        port = free_port()
        command = ["make", "serve", f"PORT={port}", f"DATA_DIR={self.data}"]
        started = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self.folder, env=self.environment(), stdout=log, stderr=log, start_new_session=True
            )
        self.address = f"http://127.0.0.1:{port}"
        while not self._answers():
            seconds = time.monotonic() - started
            assert self._process.poll() is None, self.log.read_text()
            assert seconds < INSTALL_SECONDS, self.log.read_text()
            time.sleep(0.2)
        return time.monotonic() - started

    def stop(self) -> None:
        """End the service as Ctrl-C does."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGINT)
            self._process.wait(timeout=60)

    def environment(self) -> dict[str, str]:
        """That of this process without settings, installed environment or other targets of make."""
        ours = ("MRSQUANT_", "PYTHON", "VIRTUAL_ENV", "MAKE", "MFLAGS", "PYTEST_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return {**kept, "MRSQUANT_CACHE_DIR": str(self.folder / "build" / "cache")}

    def run(self, script: str, folder: Path | None = None) -> str:
        """Output and errors of a shell script in the checkout, which must end with success."""
        done = subprocess.run(
            ["bash", "-c", f"set -e\n{script}"],
            cwd=folder or self.folder, env=self.environment(), capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.address}/readyz", timeout=5).close()
        except OSError:
            return False
        return True
