"""A scanner is calibrated in a real Chromium: files are dropped, people ticked, the calibration seen and downloaded."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import fitting
from tests.acceptance.conftest import EXAMPLE, WATER, drop
from tests.acceptance.test_room_for_everybody import sticks_out, violations

pytestmark = pytest.mark.browser


def test_from_a_dropped_file_to_a_downloaded_profile(page: Any, tmp_path: Path) -> None:
    """Drop, wait, tick, name, calibrate, look, download; the file is what the commands take."""
    page.goto("/sites?region=PCC")
    group = page.locator("#spectra")
    if not group.is_visible():
        page.get_by_text("Drop files of healthy people").click()
    drop(page, "[data-drop=spectra]", EXAMPLE)
    page.get_by_role("button", name="Analyse these").click()
    page.wait_for_url(re.compile("with="))
    page.wait_for_function(
        "() => document.querySelector('#choose input:checked')?.closest('tr').querySelector('.state')"
        " || (location.reload(), false)",
        polling=1000,
        timeout=60_000,
    )
    assert "1 spectra of 1 people" in page.locator("#chosen").inner_text()
    page.get_by_role("button", name="Calibrate", exact=True).click()
    page.locator("#name-error").get_by_text("lower-case").wait_for()
    assert violations(page, "#choose") == []
    page.get_by_label("Name of the scanner and protocol").fill("prisma-pcc")
    page.get_by_role("button", name="Calibrate", exact=True).click()
    made = page.locator("article#prisma-pcc")
    made.get_by_text("1 healthy person").wait_for()
    with page.expect_download() as download:
        made.get_by_role("link", name="Download SITE.json").click()
    download.value.save_as(tmp_path / "SITE.json")
    site = fitting.read_site((tmp_path / "SITE.json").read_bytes())
    assert (site.name, site.people, site.regions[0].region) == ("prisma-pcc", 1, "PCC")
    assert made.locator(".hash").inner_text() == site.id
    for width in (1280, 820, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert sticks_out(page) <= 0
    assert violations(page) == []

    made.locator("summary", has_text="Withdraw").click()
    made.get_by_role("button", name="Withdraw prisma-pcc for good").click()
    page.get_by_text("No scanner is calibrated yet.").wait_for()
    page.get_by_text("Or use a file that mrsquant calibrate made").click()
    page.get_by_label("SITE.json").set_input_files(tmp_path / "SITE.json")
    page.get_by_role("button", name="Store this calibration").click()
    page.locator("article#prisma-pcc").wait_for()


def test_unreadable_file_is_refused_beside_its_field(page: Any) -> None:
    """Beside the files, and the page stays usable."""
    page.goto("/sites?region=PCC")
    page.get_by_text("Drop files of healthy people").click()
    drop(page, "[data-drop=spectra]", Path(__file__))
    page.get_by_role("button", name="Analyse these").click()
    page.locator("#spectra-error:visible").wait_for()


def test_the_list_leads_to_the_page_with_the_ticked_people(page: Any, reports: list[str]) -> None:
    """Boxes of the list are ticked on the page of calibrations."""
    assert WATER.exists()
    page.goto("/")
    button = page.get_by_role("button", name="Calibrate scanner")
    assert button.is_disabled()
    page.get_by_role("checkbox").first.check()
    button.click()
    page.wait_for_url(re.compile("/sites"))
    assert page.locator("#choose input:checked").count() == 1
