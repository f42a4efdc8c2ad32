"""Every tutorial runs as written in a new clone with its own installation."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import tutorials
from tests.fresh.checkout import Checkout


@pytest.mark.parametrize("page", tutorials.PAGES, ids=lambda page: page.stem)
def test_tutorial_runs_as_written_in_a_new_clone(page: Path, checkout: Checkout) -> None:
    """After ``make serve`` has installed everything once, as the pages say; each command must succeed."""
    tutorials.check(page, checkout.run(tutorials.script(page, checkout.folder)))
