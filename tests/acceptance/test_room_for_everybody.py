"""Accessibility of every page of the reading room: axe finds nothing, and nothing breaks on narrow screens."""

from __future__ import annotations

import uuid
from typing import Any

import httpx2
import pytest
from sqlalchemy.orm import undefer

from service.storage.database import Database
from service.storage.tables import AnalysisRow
from tests.acceptance.conftest import EXAMPLE, ROOT, Room, analyse, drop, quickest

pytestmark = pytest.mark.browser

WIDTHS = (1280, 820, 390)
ANEW_ON_A_PHONE = {
    "list": "#analyses",
    "calibrate": "#choose",
    "upload": "#upload",
    "interface": ".calls",
    "report": ".evidence",
}
"""Pages and the part of each that is another one there: cards instead of a table, one column instead of two."""
REPEATED = ("tbody tr:nth-child(n + 6):not(.below, .above, .incomplete, .group)",)
"""Rows whose colours are those of rows before them."""
UNLIKE_ANOTHER = {
    "ordered list": ("thead",),
    "report": ("header.room", ".toolbar", "#sign-off"),
    "refused comparison": (".refusal",),
    "doubtful controls": ("#controls",),
}
"""Pages whose other parts are those of another page: the report by itself, and two sessions that may be compared."""
LONGEST = "x" * 64
NO_PEOPLE = "018f3c1e-7b2a-7c11-9d20-5c8e3b1f0a77"


@pytest.fixture(scope="module")
def addresses(room: str, reports: list[str]) -> dict[str, str]:
    """Every page that an address leads to."""
    silent = {"fid_real": [0.0] * 512, "fid_imag": [0.0] * 512, "dwell_time": 5e-4, "spectrometer_frequency": 123.25e6}
    asked = {**silent, "echo_time": 0.03, "repetition_time": 2.0, "sequence": "PRESS"}
    failed = httpx2.post(f"{room}/v1/analyses", json=asked, headers={"Prefer": "wait=60"}, timeout=90).json()
    assert failed["state"] == "failed"
    ids = [address.rpartition("/")[2] for address in reports]
    return {
        "list": "/",
        "ordered list": "/?sort=-verdict",
        "wrong filters": "/?subject=a b&from=yesterday",
        "no match": "/?subject=nobody",
        "upload": "/upload",
        "report": f"/analyses/{ids[0]}",
        "failed": f"/analyses/{failed['id']}",
        "report alone": f"/v1/analyses/{ids[0]}/report?format=html",
        "comparison": f"/compare?with={ids[0]}&with={ids[1]}",
        "refused comparison": f"/compare?with={ids[0]}&with={ids[2]}",
        "no comparison": "/compare",
        "timeline": "/subjects/sub-017",
        "unknown subject": "/subjects/nobody",
        "norms": "/norms",
        "doubtful controls": f"/norms?with={ids[0]}&with={ids[1]}&with={ids[2]}",
        "calibrate": f"/sites?with={ids[0]}",
        "cohorts": f"/cohorts?with={ids[0]}",
        "interface": "/docs",
        "problems": "/problems",
        "problem": "/problems/unusable-signal",
        "sign-in": "/sign-in",
        "unknown analysis": f"/analyses/{NO_PEOPLE}",
        "no address of an analysis": "/analyses/nonsense",
    }


def violations(page: Any, *parts: str, rules: tuple[str, ...] = ()) -> list[str]:
    """What axe finds on a page, or in parts of it, by rule (all, or only ``rules``), with the first element of each.

    Contrast takes as long as all other rules together; of rows that only repeat others the first ones are enough.
    """
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    include = [[part] for part in parts or ("html",)]
    others = axe.run(
        page,
        {"include": include},
        {"runOnly": {"type": "rule", "values": list(rules)}}
        if rules
        else {"rules": {"color-contrast": {"enabled": False}}},
    )
    repeated = [[row] for row in REPEATED if page.locator(row).count()]
    contrast = page.evaluate(
        "([context, options]) => axe.run(context, options)",
        [{"include": include, "exclude": repeated}, {"runOnly": {"type": "rule", "values": ["color-contrast"]}}],
    )
    found = [*others.response["violations"], *contrast["violations"]]
    return [f"{rule['id']}: {rule['nodes'][0]['html'][:200]}" for rule in found]


def sticks_out(page: Any) -> int:
    """Pixels by which a page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def test_axe_finds_nothing_and_nothing_sticks_out(page: Any, addresses: dict[str, str]) -> None:
    """Every page, at the width of a workstation, a tablet and a phone; axe also what is laid out anew on a phone."""
    found: dict[tuple[str, int], list[str]] = {}
    for name, address in addresses.items():
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach((item) => { item.open = true; })")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            complaints = []
            if width == WIDTHS[0]:
                complaints = violations(page, *UNLIKE_ANOTHER.get(name, ()))
            elif width == WIDTHS[-1] and name in ANEW_ON_A_PHONE:
                complaints = violations(page, ANEW_ON_A_PHONE[name])
            if sticks_out(page) > 0:
                complaints.append(f"{sticks_out(page)} pixels too wide")
            if complaints:
                found[name, width] = complaints

    assert found == {}


def test_the_dark_theme_has_contrast(page: Any, addresses: dict[str, str]) -> None:
    """Words stand out from their ground on every page, in the dark as in the light."""
    page.emulate_media(color_scheme="dark")
    found = {}
    for name, address in addresses.items():
        page.goto(address)
        if complaints := violations(page, rules=("color-contrast",)):
            found[name] = complaints

    assert found == {}


def test_axe_finds_nothing_in_dynamic_content_and_errors(page: Any, reports: list[str]) -> None:
    """The preview, the errors of every form, a signed report and an amended one."""
    page.goto("/upload")
    drop(page, "[data-drop=metabolite]", EXAMPLE)
    page.get_by_text("Everything that is needed was read.").wait_for()
    assert violations(page) == []
    page.get_by_label("Subject (pseudonym)").fill("Anna Müller")
    page.get_by_role("button", name="Analyse").click()
    page.locator("#subject-error").get_by_text("Never a name").wait_for()
    drop(page, "[data-drop=water_reference]", ROOT / "README.md")
    page.locator("#water_reference-error:visible").wait_for()
    assert violations(page) == []

    page.goto("/norms")
    page.locator("summary", has_text="Add controls").click()
    page.get_by_role("button", name="Add controls").click()
    page.locator("#csv-error").get_by_text("first line").wait_for()
    assert violations(page, "#controls") == []

    page.goto(reports[1])
    page.get_by_role("button", name="Mark as reviewed").click()
    page.locator("#reviewer-error").get_by_text("Give the name").wait_for()
    assert violations(page, "#sign-off") == []
    for action in ("Mark as reviewed", "Sign this version", "Amend"):
        page.get_by_label("Name of the reviewer").fill("Dr A. Example")
        if action == "Amend":
            page.get_by_label("Amendment").fill("More was found.")
        page.get_by_role("button", name=action).click()
        assert violations(page, "#sign-off", ".report header", ".examination") == []
    assert violations(page, ".amendment") == []


def test_pages_keep_their_budget(page: Any, reports: list[str], room: str) -> None:
    """The list and a report are there within a second on this machine, a report is below 1 MB, nothing comes from
    elsewhere.
    """
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    sizes = []
    page.on("response", lambda answer: sizes.append(len(answer.body())) if answer.url == reports[0] else None)
    elapsed = {address: quickest(page, address) for address in ("/", "/?sort=flagged", "/upload", reports[0])}

    assert {address: time for address, time in elapsed.items() if time > 1000} == {}
    assert 0 < max(sizes) < 1_000_000
    assert [url for url in asked if not url.startswith((room, "data:"))] == []


def test_very_long_names_break_nothing(page: Any) -> None:
    """The longest pseudonyms, reviewer and comment stay inside every page at every width."""
    report = analyse(page, session="y" * 64, subject=LONGEST)
    page.get_by_label("Name of the reviewer").fill("Z" * 128)
    page.get_by_label("Comment").fill("W" * 1000)
    page.get_by_role("button", name="Mark as reviewed").click()
    for address in (report, "/", f"/subjects/{LONGEST}"):
        page.goto(address)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert sticks_out(page) <= 0, (address, width)


def test_two_hundred_analyses_come_in_pages(page: Any, served: Room, reports: list[str]) -> None:
    """The list stays quick and leads through all of them by its links."""
    _copy(served, reports[2].rpartition("/")[2], 200)
    elapsed = quickest(page, "/?subject=sub-022")
    counts = [page.locator("table.analyses tbody tr").count()]
    while page.get_by_role("link", name="Older").count():
        page.get_by_role("link", name="Older").click()
        page.wait_for_load_state()
        counts.append(page.locator("table.analyses tbody tr").count())

    assert counts == [50, 50, 50, 50, 1]
    assert elapsed < 1000


def test_empty_list_links_to_the_upload_form(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Before the first analysis the list leads to the form, and axe finds nothing there either."""
    empty = Room(tmp_path_factory.mktemp("empty"))
    empty.start()
    page = browser.new_page(base_url=empty.address)
    page.goto("/")
    assert violations(page) == []
    page.get_by_role("link", name="Analyse a first spectrum").click()
    assert page.url.endswith("/upload")
    page.close()
    empty.stop()


def _copy(served: Room, analysis_id: str, times: int) -> None:
    """Rows like one that is there, which no worker has to compute."""
    database = Database(served.database_url)
    with database.writing() as session:
        row = session.get_one(AnalysisRow, analysis_id, options=[undefer(AnalysisRow.result)])
        kept = {column.key: getattr(row, column.key) for column in AnalysisRow.__table__.columns}
        for _ in range(times):
            session.add(AnalysisRow(**{**kept, "id": str(uuid.uuid4()), "fingerprint": None}))
    database.close()
