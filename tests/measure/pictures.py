"""The pictures of the reading room in docs/images: ``make pictures`` takes them in a real Chromium.

Simulated people of ``mrsquant demo`` and four sessions of one of them, on a service with data of its own.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

from service.cli.simulated_people import simulated_people
from service.cli.simulated_scan import CONTENT, make
from tests.acceptance.conftest import CHROMIUM, EXAMPLE, WATER, Room

IMAGES = Path(__file__).parents[2] / "docs" / "images"
PEOPLE = 9
FOLLOWED = "sub-017"
SESSIONS = ((0, 1.0), (28, 0.96), (91, 0.9), (182, 0.86))
"""Day of each session and the factor of its NAA."""
WIDTH = 1280


def fill(client: httpx2.Client, cache: Path) -> str:
    """Analyse everybody, waiting for each; the id of the last session."""
    people = list(simulated_people(PEOPLE, cache))
    sessions = [_session(people[0], number, cache) for number in range(len(SESSIONS))]
    wait = {"Prefer": "wait=60"}
    answers = [client.post("/v1/analyses", json=body, headers=wait).json() for body in people + sessions]
    unfinished = [answer for answer in answers if answer.get("state") != "succeeded"]
    if unfinished:
        raise SystemExit(f"not analysed: {unfinished[0]}")
    return str(answers[-1]["id"])


def _session(person: dict[str, Any], number: int, cache: Path) -> dict[str, Any]:
    day, naa = SESSIONS[number]
    content = {name: value * (naa if name == "NAA" else 1.0) for name, value in CONTENT.items()}
    fid, water = make(content, 20 + number, cache)
    samples = {
        name: np.asarray(part).tolist()
        for name, part in (
            ("fid_real", fid.real), ("fid_imag", fid.imag), ("water_real", water.real), ("water_imag", water.imag),
        )
    }  # fmt: skip
    said = {
        "subject": FOLLOWED,
        "session": f"ses-{number + 1:02}",
        "session_day": day,
        "group": None,
        "clinical": {"pain_vas": 6.5 - number},
    }
    return {name: value for name, value in {**person, **samples, **said}.items() if value is not None}


def take(page: Any, analysis: str) -> None:
    """List, upload with what was read, report and timeline."""
    page.goto("/")
    page.locator("table.analyses").wait_for()
    _save(page, "list")
    page.goto("/upload")
    page.locator("#u-metabolite").set_input_files([EXAMPLE, WATER])
    page.locator("#preview").get_by_text("separate file").wait_for()
    _save(page, "upload")
    page.goto(f"/analyses/{analysis}")
    page.locator("article.report").wait_for()
    _save(page, "report")
    page.goto(f"/subjects/{FOLLOWED}")
    page.locator("main svg").first.wait_for()
    _save(page, "timeline")


def _save(page: Any, name: str) -> None:
    picture = Image.open(io.BytesIO(page.screenshot()))
    picture.quantize(colors=128).save(IMAGES / f"{name}.png", optimize=True)


def main() -> None:
    """Serve, fill and take."""
    with tempfile.TemporaryDirectory() as folder:
        room = Room(Path(folder))
        room.start()
        try:
            with httpx2.Client(base_url=room.address, timeout=90, trust_env=False) as client:
                analysis = fill(client, Path(folder) / "cache")
            with sync_playwright() as driver:
                browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                take(browser.new_page(base_url=room.address, viewport={"width": WIDTH, "height": 900}), analysis)
                browser.close()
        finally:
            room.stop()


if __name__ == "__main__":
    main()
