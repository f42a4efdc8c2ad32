"""A cohort is made in a real Chromium: tables are chosen, checked, run and read; its controls become a norm."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_room_for_everybody import sticks_out, violations
from tests.data.cohorts import cohort, write

pytestmark = pytest.mark.browser
WIDTHS = (1280, 820, 390)


def files(folder: Path, tables: Any) -> tuple[Path, Path]:
    """Both tables as files."""
    measurements, participants = folder / "measurements.csv", folder / "participants.tsv"
    measurements.write_text(write(tables.measurements, ","))
    participants.write_text(write(tables.participants, "\t"))
    return measurements, participants


def check_layout(page: Any) -> None:
    """Nothing sticks out at any width, and axe finds nothing."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert sticks_out(page) <= 0, width
    assert violations(page) == []
    page.set_viewport_size({"width": 1280, "height": 900})


def test_from_two_tables_to_a_report_and_its_archive(page: Any, tmp_path: Path) -> None:
    """Check keeps the tables, so that running needs no second upload."""
    tables = cohort(places=(("ACC", "midline"), ("insula", "left")), effects={"tNAA": -0.2})
    measurements, participants = files(tmp_path, tables)
    page.goto("/cohorts")
    page.get_by_text("There is no cohort yet.").wait_for()
    page.get_by_role("button", name="Check").click()
    page.locator("#measurements-error").get_by_text("Choose the table").wait_for()
    check_layout(page)
    page.get_by_label("Name of the cohort").fill("ACC pilot")
    page.locator("#c-measurements").set_input_files(measurements)
    page.locator("#c-participants").set_input_files(participants)
    page.get_by_label("Start from a study").select_option(label="My own plan, below")
    page.get_by_label("Plan", exact=True).fill(tables.plan)
    page.get_by_role("button", name="Check").click()
    page.get_by_text("24 people; known of them: age_years").wait_for()
    page.get_by_text("no spectrum of").first.wait_for()
    check_layout(page)
    page.get_by_role("button", name="Run").click()
    page.wait_for_url(re.compile(r"/cohorts/[0-9a-f-]{36}#content$"))
    page.get_by_role("heading", name="Tests and what chance would find").wait_for(timeout=60_000)
    check_layout(page)
    assert "sub-0" not in page.content()
    with page.expect_download() as download:
        page.get_by_role("link", name="ZIP").click()
    download.value.save_as(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert "measurements.csv" in archive.namelist()
    page.get_by_label("Name of the norm").fill("Not A Name")
    page.get_by_role("button", name="Make a norm").click()
    page.locator("#norm-error").get_by_text("Lower-case").wait_for()
    page.goto("/cohorts")
    page.get_by_role("link", name="ACC pilot").click()
    page.locator("summary", has_text="Remove").click()
    page.get_by_role("button", name="Remove this cohort for good").click()
    page.get_by_text("There is no cohort yet.").wait_for()


def test_bad_cell_is_shown_beside_its_table(page: Any, tmp_path: Path) -> None:
    """Row and column stand beside the field, and what was typed is still there."""
    measurements, participants = files(tmp_path, cohort())
    measurements.write_text(measurements.read_text().replace(",mmol/kg,", ",mmol/kg,x", 1))
    page.goto("/cohorts")
    page.get_by_label("Name of the cohort").fill("ACC pilot")
    page.locator("#c-measurements").set_input_files(measurements)
    page.locator("#c-participants").set_input_files(participants)
    page.get_by_role("button", name="Check").click()
    page.locator("#measurements-error").get_by_text("row 2, column value").wait_for()
    assert page.get_by_label("Name of the cohort").input_value() == "ACC pilot"
    check_layout(page)


def test_plan_of_a_study_is_loaded_and_edited(page: Any) -> None:
    """A misspelt key is named beside the plan."""
    page.goto("/cohorts")
    page.get_by_label("Start from a study").select_option(value="gussew-2011")
    page.get_by_role("button", name="Show this plan").click()
    plan = page.get_by_label("Plan", exact=True)
    assert "gussew" in plan.input_value().lower()
    plan.fill("schema = 1\nrefrence = 'control'\n")
    page.get_by_role("button", name="Check").click()
    page.locator("#measurements-error").get_by_text("Choose the table").wait_for()
