"""Servers that several of these tests use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.postgresql import PostgreSql, postgresql


@pytest.fixture(scope="session")
def server() -> Iterator[PostgreSql]:
    """PostgreSQL, with a new database for each caller."""
    with postgresql() as started:
        yield started
