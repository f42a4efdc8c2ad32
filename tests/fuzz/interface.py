"""Starts an empty service, lets schemathesis try its whole description, without keys and with them, and stops it.

``python -m tests.fuzz.interface --max-examples 10``; what is expected of each call stands in ``schemathesis.toml``.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from service.access.key_file import KeyFile
from service.access.keys import new_key
from service.access.principal import SCOPES

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def run(arguments: list[str], *, guarded: bool) -> int:
    """Exit code of schemathesis against one service."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        variables = {"MRSQUANT_DATA_DIR": folder, "MRSQUANT_EXECUTOR": "inline:", "MRSQUANT_LOG_LEVEL": "error"}
        headers: list[str] = []
        if guarded:
            key, shown = new_key("schemathesis", "default", SCOPES, timedelta(hours=1))
            KeyFile(Path(folder) / "keys.toml").write([key])
            variables |= {
                "MRSQUANT_API_KEYS_FILE": f"{folder}/keys.toml",
                "MRSQUANT_REQUESTS_PER_MINUTE": "1000000",
                "MRSQUANT_REFUSALS_PER_MINUTE": "1000000",
            }
            headers = ["--header", f"Authorization: Bearer {shown}"]
        serve = [str(BIN / "mrsquant"), "serve", "--port", str(port)]
        with subprocess.Popen(serve, cwd=ROOT, env={**os.environ, **variables}) as service:
            try:
                address = f"http://localhost:{port}/openapi.json"
                chosen = ["--workers", "1", "--phases", "examples,coverage,fuzzing", "--wait-for-schema", "60"]
                command = [str(BIN / "schemathesis"), "run", address, *chosen, *headers, *arguments]
                done = subprocess.run(
                    command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
                )
                sys.stdout.write(done.stdout)
                return done.returncode
            finally:
                service.terminate()


if __name__ == "__main__":
    with ThreadPoolExecutor(2) as both:
        codes = list(both.map(lambda guarded: run(sys.argv[1:], guarded=guarded), (False, True)))
    sys.exit(max(codes))
