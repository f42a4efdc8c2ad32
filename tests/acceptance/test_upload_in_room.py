"""The upload form in a real Chromium: many files, their pairing, and what is asked before anything is submitted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import EXAMPLE, REPORT, WATER
from tests.acceptance.test_room_for_everybody import sticks_out, violations

pytestmark = pytest.mark.browser


def copies(folder: Path, *people: str) -> list[Path]:
    """A spectrum and its water reference for each person."""
    made = []
    for person in people:
        for kind, source in (("svs", EXAMPLE), ("ref", WATER)):
            file = folder / f"{person}_{kind}.nii.gz"
            file.write_bytes(source.read_bytes())
            made.append(file)
    return made


def analyse_button(page: Any) -> Any:
    """The button that submits."""
    return page.locator("#submit")


def test_a_spectrum_with_its_reference_is_paired_and_can_be_changed(page: Any, tmp_path: Path) -> None:
    """Both chosen at once become spectrum and water; choosing none takes the water away again."""
    page.goto("/upload")
    page.locator("#u-metabolite").set_input_files(copies(tmp_path, "p1"))
    page.locator("#preview").get_by_text("separate file").wait_for()
    water = page.locator("#pairing select")

    assert page.locator("#pairing tbody tr").count() == 1
    assert page.evaluate("document.getElementById('u-water_reference').files[0].name") == "p1_ref.nii.gz"
    water.select_option("")
    page.locator("#preview").get_by_text("none: ratios only").wait_for()
    assert page.evaluate("document.getElementById('u-water_reference').files.length") == 0


def test_several_spectra_are_submitted_each_for_itself(page: Any, tmp_path: Path) -> None:
    """Every row has its subject and reference; a refused one says why in its row and the others go through."""
    page.goto("/upload")
    page.locator("#u-metabolite").set_input_files(copies(tmp_path, "p1", "p2"))
    page.get_by_text("Everything that is needed was read.").wait_for()
    subjects = page.locator("#pairing input[type=text]")
    assert subjects.count() == 2
    for width, scheme in ((1280, "light"), (390, "light"), (1280, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        assert violations(page, "#pairing", "#preview") == []
        assert sticks_out(page) <= 0
    subjects.nth(0).fill("sub-many-1")
    subjects.nth(1).fill("Anna Müller")
    page.get_by_label("Region").fill("ACC")
    analyse_button(page).click()
    page.locator("#pairing .error:visible").wait_for(timeout=60_000)
    assert "Not submitted: Use 1 to 64 letters" in page.locator("#pairing .error:visible").inner_text()
    subjects.nth(1).fill("sub-many-2")
    analyse_button(page).click()
    page.locator("table.analyses").wait_for(timeout=60_000)

    for subject in ("sub-many-1", "sub-many-2"):
        assert page.locator("table.analyses").get_by_role("link", name=subject).count() == 1


def test_pseudonyms_come_from_bids_names_only(page: Any, tmp_path: Path) -> None:
    """``sub-…`` before the first underscore fills in the subject, which can be changed; other names fill in nothing."""
    page.goto("/upload")
    page.locator("#u-metabolite").set_input_files(copies(tmp_path, "sub-07_ses-1", "Anna"))
    page.get_by_text("Everything that is needed was read.").wait_for()
    subjects = page.locator("#pairing input[type=text]")

    assert sorted(subjects.nth(row).input_value() for row in range(2)) == ["", "sub-07"]


def test_no_file_is_left_out_silently(page: Any, tmp_path: Path) -> None:
    """What looks like water beside no spectrum of its own is offered, a stranger is named, and one must be ticked."""
    lonely, notes = tmp_path / "lonely.nii.gz", tmp_path / "notes.txt"
    lonely.write_bytes(WATER.read_bytes())
    notes.write_text("no spectrum")
    page.goto("/upload")
    page.locator("#u-metabolite").set_input_files([*copies(tmp_path, "p1"), lonely, notes])
    page.get_by_text("Everything that is needed was read.").wait_for()
    boxes = page.locator("#pairing tbody input[type=checkbox]")
    rows = page.locator("#pairing tbody tr")

    assert [boxes.nth(place).is_checked() for place in range(boxes.count())] == [True, False]
    assert "lonely.nii.gz looks like a scan without water suppression" in " ".join(rows.nth(1).inner_text().split())
    assert page.locator("#pairing-left").inner_text() == "Not recognised as part of a scan, so not sent: notes.txt"
    boxes.nth(0).uncheck()
    analyse_button(page).click()
    page.get_by_text("Tick at least one spectrum.").wait_for()
    assert page.url.endswith("/upload")
    assert violations(page, "#pairing") == []


def test_nothing_is_sent_while_something_needed_is_missing(page: Any, tmp_path: Path) -> None:
    """No file, and a field the file lacks: the form says so without asking the service to submit."""
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method) if request.url.endswith("/upload") else None)
    page.goto("/upload")
    analyse_button(page).click()
    page.locator("#metabolite-error:visible").wait_for()
    bare = tmp_path / "bare.json"
    values = "0.0, " * 511 + "0.1"
    bare.write_text(
        f'{{"fid_real": [1.0, {values}], "fid_imag": [0.5, {values}], "dwell_time": 5e-4, '
        '"spectrometer_frequency": 123.25e6, "sequence": "PRESS"}'
    )
    page.locator("#u-metabolite").set_input_files(bare)
    page.locator("[data-field=echo_time].wanted").wait_for()
    analyse_button(page).click()

    assert page.locator("#echo_time-error").inner_text() == "The file does not say this: fill it in."
    assert page.evaluate("document.activeElement.name") == "echo_time"
    assert "POST" not in sent


def test_a_misspelt_region_and_an_identity_are_asked_about(page: Any) -> None:
    """The region that is probably meant is named and may be kept; a refused pseudonym says what it looks like."""
    page.goto("/upload")
    page.locator("#u-metabolite").set_input_files(EXAMPLE)
    page.get_by_text("Everything that is needed was read.").wait_for()
    page.get_by_label("Region").fill("AAC")
    page.locator("#u-subject").fill("19820414")
    analyse_button(page).click()
    page.locator("#region-error").get_by_text("Is ACC meant?").wait_for()
    assert "looks like a hospital number or a date" in page.locator("#subject-error").inner_text()
    page.locator("#u-subject").fill("sub-aac")
    page.get_by_label("Keep the name as I wrote it").check()
    analyse_button(page).click()
    page.wait_for_url(REPORT, timeout=60_000)


def test_from_upload_to_signature_with_the_keyboard_alone(page: Any) -> None:
    """Every step is reached by tabulator and taken by enter; the file dialogue is the browser's own."""
    page.goto("/upload")
    page.locator("#u-metabolite").set_input_files(EXAMPLE)
    page.get_by_text("Everything that is needed was read.").wait_for()

    def reach(selector: str) -> None:
        for _ in range(200):
            if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"{selector} is not reached")

    reach("#u-subject")
    page.keyboard.type("sub-keys")
    reach("#u-region")
    page.keyboard.type("ACC")
    reach("#submit")
    page.keyboard.press("Enter")
    page.wait_for_url(REPORT, timeout=60_000)
    page.locator("article.report").wait_for(timeout=60_000)
    for action, done in (("review", "reviewed"), ("sign", "signed")):
        reach("#s-reviewer")
        page.keyboard.type("Dr A. Example")
        if action == "review":
            reach("#s-impression")
            page.keyboard.type("Ordinary spectrum.")
        reach(f"button[value={action}]")
        page.keyboard.press("Enter")
        page.locator(f".history li:has-text('Version 1 {done}')").wait_for()

    assert page.locator(".status").inner_text() == "Signed"
    assert "Ordinary spectrum." in page.locator("article.report").inner_text()
