"""An empty database of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.storage.database import Database
from tests.servers.postgresql import PostgreSql, postgresql


@pytest.fixture(scope="session")
def server() -> Iterator[PostgreSql]:
    with postgresql() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of each kind."""
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/x.sqlite3" if is_sqlite else request.getfixturevalue("server").new_database()
    opened = Database(url)
    opened.migrate()
    yield opened
    opened.close()
