"""The reading room in a real Chromium: from dropping a scanner's file to a signed report, and what leads there."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from tests.acceptance.conftest import EXAMPLE, REPORT, ROOT, analyse, drop, quickest

pytestmark = pytest.mark.browser


def test_what_was_read_is_shown_before_anything_is_submitted(page: Any) -> None:
    """The preview names format, sequence, times and norms, and the list stays empty."""
    page.goto("/upload")
    drop(page, "[data-drop=metabolite]", EXAMPLE)
    preview = page.locator("#preview")
    page.get_by_text("Everything that is needed was read.").wait_for()
    before = preview.inner_text()
    page.get_by_label("Region").fill("ACC")
    page.get_by_label("Age (years)").fill("44")
    page.get_by_label("Age (years)").blur()
    preview.get_by_text(re.compile(r"\d+ apply")).wait_for()

    assert all(fact in before for fact in ("NIfTI-MRS", "PRESS", "30 ms", "2000 ms", "none: ratios only"))


def test_form_opens_fields_that_the_file_lacks(page: Any, tmp_path: Path) -> None:
    """A file without an echo time opens the field for it, and with it everything is there."""
    bare = tmp_path / "bare.json"
    values = "0.0, " * 511 + "0.1"
    bare.write_text(
        f'{{"fid_real": [1.0, {values}], "fid_imag": [0.5, {values}], "dwell_time": 5e-4, '
        '"spectrometer_frequency": 123.25e6, "sequence": "PRESS"}'
    )
    page.goto("/upload")
    drop(page, "[data-drop=metabolite]", bare)
    page.locator("[data-field=echo_time].wanted").wait_for()
    page.get_by_label("Echo time (ms)").fill("30")
    page.get_by_label("Echo time (ms)").blur()
    page.get_by_text("Everything that is needed was read.").wait_for()


def test_errors_stand_beside_their_fields_and_the_files_stay(page: Any) -> None:
    """Nothing is submitted, each field says what to do, the first one has the focus, and the file is still chosen."""
    page.goto("/upload")
    drop(page, "[data-drop=metabolite]", EXAMPLE)
    page.get_by_text("Everything that is needed was read.").wait_for()
    page.get_by_label("Subject (pseudonym)").fill("Anna Müller")
    page.get_by_label("Age (years)").fill("forty")
    page.get_by_role("button", name="Analyse").click()
    subject = page.get_by_label("Subject (pseudonym)")
    page.locator("#subject-error").get_by_text("Never a name").wait_for()

    assert subject.get_attribute("aria-invalid") == "true"
    assert page.evaluate("document.activeElement.name") == "subject"
    assert "Write a number" in page.locator("#age_years-error").inner_text()
    assert page.evaluate("document.getElementById('u-metabolite').files.length") == 1
    assert page.url.endswith("/upload")


def test_a_dropped_folder_is_its_files(page: Any) -> None:
    """Files of a folder and of those inside it are chosen by name; hidden ones are not."""
    page.goto("/upload")
    chosen = page.evaluate(
        """async () => {
          const file = (name) => ({ name, isFile: true, file: (take) => take(new File(["x"], name)) });
          const folder = (name, ...inside) => ({
            name, isDirectory: true,
            createReader: () => { let left = [inside, []]; return { readEntries: (take) => take(left.shift()) }; },
          });
          const dropped = folder("scan", file("b.dcm"), file(".DS_Store"), folder("more", file("a.dcm")));
          const event = new Event("drop", { bubbles: true, cancelable: true });
          event.dataTransfer = { files: [1], items: [{ webkitGetAsEntry: () => dropped }] };
          const input = document.getElementById("u-metabolite");
          const changed = new Promise((resolve) => input.addEventListener("change", resolve, { once: true }));
          document.querySelector("[data-drop=metabolite]").dispatchEvent(event);
          await changed;
          return [...input.files].map((item) => item.name);
        }"""
    )

    assert chosen == ["a.dcm", "b.dcm"]


def test_unreadable_file_is_refused_beside_its_field(page: Any) -> None:
    """The refusal names the formats beside the file's field."""
    page.goto("/upload")
    drop(page, "[data-drop=metabolite]", ROOT / "README.md")
    page.locator("#metabolite-error").get_by_text("no format this program reads").wait_for()


def test_from_a_dropped_file_to_a_signed_report(page: Any) -> None:
    """Drop, progress, report, zoom, one metabolite, PDF, review, signature: what a first user does."""
    analyse(page, session="ses-first", subject="sub-100")
    figure = page.locator("#spectrum")
    tick = page.locator('#spectrum g.tick[data-ppm="2.01"]')
    whole = tick.get_attribute("transform")
    page.get_by_role("button", name="Zoom in").click()
    assert tick.get_attribute("transform") != whole
    page.get_by_text("Show curves and parts of the fit").click()
    part = figure.get_by_label("mI", exact=True)
    part.check()
    assert page.locator(f'[data-component="{part.get_attribute("value")}"]').get_attribute("visibility") == "visible"
    figure.get_by_role("checkbox", name="Baseline").uncheck()
    assert page.locator("path.baseline").get_attribute("visibility") == "hidden"
    page.locator("svg.spectrum").hover(position={"x": 400, "y": 200})
    assert re.match(r"\d\.\d{3} ppm", page.locator(".reading").inner_text())
    with page.expect_download() as download:
        page.get_by_role("link", name="PDF").click()
    assert "Brain 1H-MRS report" in PdfReader(download.value.path()).pages[0].extract_text()

    page.get_by_label("Name of the reviewer").fill("Dr A. Example")
    page.get_by_role("button", name="Mark as reviewed").click()
    page.get_by_label("Name of the reviewer").fill("Dr A. Example")
    page.get_by_role("button", name="Sign this version").click()
    page.locator(".status.signed").wait_for()
    assert "Version 1 signed by Dr A. Example" in page.locator(".signature").inner_text()


def test_an_amendment_keeps_the_signed_version(page: Any) -> None:
    """A signed report takes an amendment, shows it first, and its earlier version stays as it was."""
    address = analyse(page, session="ses-amend", subject="sub-101")
    for action in ("Mark as reviewed", "Sign this version"):
        page.get_by_label("Name of the reviewer").fill("Dr A. Example")
        page.get_by_role("button", name=action).click()
    signed = page.locator("article.report").inner_html()
    page.get_by_label("Name of the reviewer").fill("Dr B. Other")
    page.get_by_role("button", name="Amend").click()
    assert "Say what is amended" in page.locator("#amendment-error").inner_text()
    page.get_by_label("Amendment").fill("The voxel lay in the dorsal part.")
    page.get_by_role("button", name="Amend").click()
    page.locator(".amendment").get_by_text("The voxel lay in the dorsal part.").wait_for()
    page.goto(f"{address}?version=1")

    assert (
        page.locator("article.report").inner_html().split('<div class="tools"')[0]
        == signed.split('<div class="tools"')[0]
    )
    assert "kept as it was" in page.locator(".alert").inner_text()


def test_the_list_filters_compares_and_leads_to_the_timeline(page: Any, reports: list[str]) -> None:
    """Filters narrow the list, two boxes make a comparison, and a subject opens its timeline."""
    page.goto("/")
    page.get_by_label("Subject").first.fill("sub-017")
    page.get_by_role("button", name="Filter").click()
    rows = page.locator("table.analyses tbody tr")
    assert rows.count() == 2
    compare = page.get_by_role("button", name="Compare two")
    assert compare.is_disabled()
    for box in page.get_by_role("checkbox").all():
        box.check()
    compare.click()
    page.get_by_text("Acquired and processed alike.").wait_for()
    assert page.locator("svg.overlay path.later").count() == 1
    page.goto("/subjects/sub-017")
    assert page.locator("svg.panel").count() >= 5
    assert "Pain (VAS" in page.locator(".panels").inner_text()


def test_what_was_measured_differently_is_not_compared(page: Any, reports: list[str]) -> None:
    """Another person and another method are refused with the reason, and the values stand there all the same."""
    ids = [address.rpartition("/")[2] for address in reports]
    page.goto(f"/compare?with={ids[0]}&with={ids[2]}")
    refusal = page.locator(".refusal").inner_text()

    assert "different subjects" in refusal
    assert "water reference" in refusal
    assert "±" in page.locator("table.both").inner_text()


def test_progress_is_shown_live(page: Any, room: str) -> None:
    """The page of an analysis that is computed opens its report by itself."""
    page.goto("/upload")
    drop(page, "[data-drop=metabolite]", EXAMPLE)
    page.get_by_label("Subject (pseudonym)").fill("sub-live")
    page.get_by_role("button", name="Analyse").click()
    page.wait_for_url(REPORT)
    page.locator("#progress, article.report").first.wait_for()
    page.locator("article.report").wait_for(timeout=60_000)


def test_pages_work_without_a_script(browser: Any, room: str, reports: list[str]) -> None:
    """Upload, errors, report and sign-off are plain forms and pages."""
    context = browser.new_context(base_url=room, java_script_enabled=False)
    page = context.new_page()
    page.goto("/upload")
    page.get_by_role("button", name="Analyse").click()
    assert "Choose the file of the spectrum" in page.locator("#metabolite-error").inner_text()
    page.set_input_files("#u-metabolite", EXAMPLE)
    page.get_by_label("Subject (pseudonym)").fill("sub-plain")
    page.get_by_role("button", name="Analyse").click()
    deadline = time.monotonic() + 60
    while page.locator("article.report").count() == 0 and time.monotonic() < deadline:
        page.reload()
    assert page.locator("svg.spectrum path.fit").is_visible()
    page.get_by_label("Name of the reviewer").fill("Dr A. Example")
    page.get_by_role("button", name="Mark as reviewed").click()
    assert "Version 1 reviewed by Dr A. Example" in page.locator(".signature").inner_text()
    context.close()


def test_the_way_by_keyboard(page: Any, reports: list[str]) -> None:
    """The first key leads past the navigation, and the figure answers to keys."""
    page.goto(reports[0])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#content"
    page.keyboard.press("Enter")
    page.locator("svg.spectrum").focus()
    page.keyboard.press("ArrowLeft")
    assert "ppm" in page.locator(".reading").inner_text()
    before = page.locator("g.zoom").last.get_attribute("transform")
    page.keyboard.press("+")
    page.keyboard.press("ArrowUp")
    assert page.locator("g.zoom").last.get_attribute("transform") != before


def test_the_first_view_is_quick_and_the_report_small(browser: Any, room: str, reports: list[str]) -> None:
    """The list is there within a second, a report is below 1 MB, and static files are asked for once."""
    context = browser.new_context(base_url=room)
    page = context.new_page()
    elapsed = quickest(page, "/")
    answer = page.goto(reports[0])
    style = page.locator("link[rel=stylesheet]").first.get_attribute("href")
    kept = context.request.get(f"{room}{style}")
    again = context.request.get(f"{room}{style}", headers={"If-None-Match": kept.headers["etag"]})

    assert elapsed < 1000
    assert len(answer.body()) < 1_000_000
    assert "immutable" in kept.headers["cache-control"]
    assert again.status == 304
    context.close()


def test_real_scanner_file_is_read_analysed_and_reported(page: Any, shared: Path) -> None:
    """The RDA of a real scanner is dropped, read, analysed and reported."""
    page.goto("/upload")
    drop(page, "[data-drop=metabolite]", shared / "data" / "siemens" / "rda" / "SVS_30.rda")
    page.locator("#preview").get_by_text("Siemens RDA").wait_for()
    page.get_by_label("Subject (pseudonym)").fill("sub-rda")
    page.get_by_role("button", name="Analyse").click()
    page.wait_for_url(REPORT)
    page.locator("article.report").wait_for(timeout=90_000)
    assert page.locator("svg.spectrum path.fit").is_visible()
    page.get_by_role("heading", name="Provenance").click()
    assert "siemens_rda" in page.locator(".provenance").inner_text()
