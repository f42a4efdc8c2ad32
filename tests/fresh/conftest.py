"""One new clone for all tests of this folder; its installation takes minutes, so that ``make fresh`` runs them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fresh.checkout import Checkout


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.fresh)


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """Cloned, installed by the first ``make serve``, with its service running."""
    made = Checkout(tmp_path_factory.mktemp("fresh") / "mrsquant")
    made.serve()
    yield made
    made.stop()
