"""The page of a study in Chromium: axe finds nothing, nothing sticks out, nothing is asked of a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from service.reports.study import html
from tests.acceptance.test_room_for_everybody import WIDTHS, sticks_out, violations
from tests.data.study_factory import make_study

pytestmark = pytest.mark.browser


def test_axe_finds_nothing_on_the_page_of_a_study(browser: Any, tmp_path: Path) -> None:
    """At the width of a workstation, a tablet and a phone."""
    file = tmp_path / "study.html"
    file.write_bytes(html.render("Example", make_study(10)))
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())

    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert violations(page) == []
        assert sticks_out(page) <= 0
    assert asked == [file.as_uri()]
