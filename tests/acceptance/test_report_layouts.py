"""Every kind of report in a real Chromium: nothing sticks out sideways on workstation, tablet or phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from service.reports import render
from tests.data.report_cases import CASES, traces_with_planes

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("name", CASES)
def test_no_report_is_wider_than_the_screen(name: str, browser: Any, tmp_path: Path) -> None:
    """At three widths the page fits, its pictures of the volume are shown, and the policy blocks none of them."""
    file = tmp_path / "report.html"
    file.write_bytes(render("html", CASES[name](), traces_with_planes()).content)
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    try:
        page.goto(file.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach((item) => { item.open = true; })")
        for width in (1280, 820, 390):
            page.set_viewport_size({"width": width, "height": 900})
            wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wider <= 0, f"{wider} px wider than {width}"
        shown = page.evaluate("document.querySelectorAll('svg.voxel image').length")
        assert shown == (3 if name in ("images", "everything") else 0)
    finally:
        page.close()
    assert complaints == []
