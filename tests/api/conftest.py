"""The service in this process, with stand-ins for the numerics."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.app import create_app
from service.settings import Settings
from tests import fake_pipeline
from tests.clients import on_this_machine

StartClient = Callable[..., TestClient]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartClient]:
    """Starts services, by default on the same data folder, and stops them at the end."""
    with ExitStack() as stack:

        def start_client(**settings: Any) -> TestClient:
            chosen = {"data_dir": tmp_path / "data", "cache_dir": tmp_path / "cache", "executor": "inline:", **settings}
            app = create_app(Settings(**chosen), analyse=fake_pipeline.analyse, inspect=fake_pipeline.inspect)
            return stack.enter_context(on_this_machine(app))

        yield start_client


@pytest.fixture
def client(start: StartClient) -> TestClient:
    """A service with small limits."""
    return start(max_upload_bytes=200_000, queue_limit=5)
