"""The walk of docs/walk.md in a new clone with a real browser."""

from __future__ import annotations

import re

import pytest

from tests.acceptance.conftest import CHROMIUM
from tests.fresh.checkout import ROOT, Checkout
from tests.fresh.walk import Step, in_browser, walk

MINUTES = 10.0


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_the_walk_is_possible(checkout: Checkout) -> None:
    """From the address to a signed report, a calibrated scanner and a cohort's report, by the steps of the page."""
    checkout.stop()
    checkout.data = "build/walk"  # whose list is empty
    steps: list[Step] = in_browser(lambda page: walk(checkout, page))
    page = (ROOT / "docs" / "walk.md").read_text()
    written = [name for name in re.findall(r"^\| (.+?) \| \d+ \| \d+ \|$", page, re.M) if "together" not in name]

    assert [step.name for step in steps] == written
    assert sum(step.waited + step.acting for step in steps) < MINUTES * 60
