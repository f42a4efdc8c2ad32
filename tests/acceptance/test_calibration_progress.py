"""Macromolecules are learned in a real Chromium: the page shows the progress, and in the end the scanner."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx2
import pytest

from service.jobs import calibration_runner
from service.jobs.tasks import run_evidence
from tests.acceptance.test_room_for_everybody import sticks_out, violations
from tests.measure.families import GOOD, scanner

pytestmark = pytest.mark.browser
PEOPLE = 3


def slow_evidence(*given: Any, **said: Any) -> Any:
    """Long enough to be looked at."""
    time.sleep(2.0)
    return run_evidence(*given, **said)


def test_progress_is_seen_and_the_scanner_in_the_end(page: Any, room: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tick, calibrate, watch the steps without loading the page again, see the macromolecules named."""
    monkeypatch.setattr(calibration_runner, "run_evidence", slow_evidence)
    chosen = []
    for number, job in enumerate(scanner(1, GOOD, PEOPLE).jobs["simulated basis"].values()):
        request = {"region": "insula", "subject": f"ctl-{number}", "keep_files": True}
        answer = httpx2.post(
            f"{room}/v1/analyses",
            files={"metabolite": (job.metabolite[0].name, job.metabolite[0].content)},
            data={"request": json.dumps(request)},
            headers={"Prefer": "wait=60"},
            timeout=90,
        )
        assert answer.json()["state"] == "succeeded"
        chosen.append(f"with={answer.json()['id']}")
    page.goto(f"/sites?region=insula&{'&'.join(chosen)}#choose")
    page.get_by_label("Name of the scanner and protocol").fill("learned")
    page.get_by_role("button", name="Calibrate", exact=True).click()
    making = page.locator("[data-calibration]")
    making.locator("li.now", has_text="Learn the scanner's macromolecules").wait_for()
    assert f"of {PEOPLE} spectra" in making.locator("[data-step]").inner_text()
    assert violations(page) == []
    assert sticks_out(page) <= 0
    made = page.locator("article#learned")
    made.get_by_text("macromolecular background").wait_for(timeout=90_000)
    assert page.locator("[data-calibration]").count() == 0
    made.locator("summary", has_text="Withdraw").click()
    made.get_by_role("button", name="Withdraw learned for good").click()
